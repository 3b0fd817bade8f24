"""Calibrated weights and their residual standard errors, as R's survey package prints them.

Source: survey 4.1-1 under R 4.2.2 on apistrat and apiclus1 (California schools; Lumley 2004, Journal of Statistical
Software 9(8)): rake(), calibrate() and postStratify() with svymean, svytotal, svyby, and svyglm for a gap of domains.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from peil.estimates.sample import sample
from peil.methods.calibrate import bounded, rake
from peil.methods.cells import Amount, cells, known

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not (SHARED / "r_survey_api").is_dir(), reason="the California schools samples are not beside the project"
    ),
]
# R stops calibrating when margins are right to about 1e-7, and prints ten digits and more.
CLOSE = 1e-9
LOOSE = 2e-8
STYPE = {"E": 4421, "H": 755, "M": 1018}
SCH_WIDE = {"No": 1072, "Yes": 5122}
API99 = 3_914_069


def rows(name):
    return pl.read_csv(SHARED / "r_survey_api" / f"{name}.csv.gz", null_values="NA")


@pytest.fixture(scope="module")
def clus1():
    return sample(rows("apiclus1"), weight="pw", cluster="dnum", population="fpc")


@pytest.fixture(scope="module")
def strat():
    return sample(rows("apistrat"), weight="pw", stratum="stype", population="fpc")


@pytest.fixture(scope="module")
def alone():
    """Apistrat's rows and its unequal weights, as if schools were drawn one by one from one stratum."""
    return sample(rows("apistrat"), weight="pw")


@pytest.fixture(scope="module")
def raked(clus1):
    return clus1.rake({"stype": STYPE, "sch.wide": SCH_WIDE})


@pytest.fixture(scope="module")
def improved():
    yes = int((rows("apipop")["comp.imp"] == "Yes").sum())
    return {"comp.imp": {"No": 6194 - yes, "Yes": yes}, "sch.wide": SCH_WIDE}


def same(found, value, se, *, rel=CLOSE):
    assert found.value == pytest.approx(value, rel=rel)
    assert found.se == pytest.approx(se, rel=rel)


def test_raked_weights_and_their_standard_errors(raked):
    """rake() to stype and sch.wide, run on until nothing changes."""
    same(raked.mean("api00").only(), 641.2303209268, 23.7036168879)
    same(raked.total("enroll").only(), 3647280.148065, 400603.256862)
    assert raked.diagnosis.least == pytest.approx(29.8706754927, rel=CLOSE)
    assert raked.diagnosis.most == pytest.approx(67.1255292412, rel=CLOSE)


def test_where_r_stops_by_default_the_weights_are_its_own():
    """rake() with epsilon = 1 stops after four rounds: mean 641.2302469, weights 29.87046387 to 67.12578263."""
    schools = rows("apiclus1")
    base = schools["pw"].to_numpy()
    margins = [
        known("stype", schools["stype"].to_list(), STYPE),
        known("sch.wide", schools["sch.wide"].to_list(), SCH_WIDE),
    ]
    made = rake(cells(base), margins, tolerance=1e-5)
    weight = made.g * base
    assert made.diagnosis.rounds == 4
    assert float(weight @ schools["api00"].to_numpy() / weight.sum()) == pytest.approx(641.2302469, abs=5e-8)
    assert float(weight @ schools["enroll"].to_numpy()) == pytest.approx(3647300.03, abs=5e-3)
    assert (weight.min(), weight.max()) == pytest.approx((29.8704638727, 67.1257826263), rel=CLOSE)


def test_domains_of_raked_weights(raked):
    """svyby on the raked design."""
    found = {each.group[0][1]: each for each in raked.mean("api00", by="stype")}
    same(found["E"], 647.446579228, 22.8084121941)
    same(found["H"], 621.291861055, 36.7431448778)
    same(found["M"], 629.021538267, 29.9628809591)
    found = {each.group[0][1]: each for each in raked.mean("api00", by="comp.imp")}
    same(found["No"], 630.342010864, 27.965061399)
    same(found["Yes"], 646.350522717, 23.345215141)


def test_the_gap_of_two_domains_of_raked_weights(raked):
    """svyglm(api00 ~ comp.imp) on the raked design: 16.0085118532, SE 16.9073436421."""
    same(raked.difference("api00", "comp.imp", "No", "Yes").only(), 16.0085118532, 16.9073436421)


def test_calibration_of_unequal_weights_in_strata(strat, improved):
    """calibrate(calfun = "raking") on apistrat: the regression is weighted as before calibration."""
    made = strat.rake(improved)
    same(made.mean("api00").only(), 662.75219156562, 9.34100683452, rel=LOOSE)
    same(made.total("enroll").only(), 3653897.37157, 131129.968828, rel=LOOSE)
    found = {each.group[0][1]: each for each in made.mean("api00", by="stype")}
    same(found["E"], 673.714539088, 12.2550665107, rel=LOOSE)
    same(found["M"], 637.552827934, 16.5415195633, rel=LOOSE)
    same(made.difference("api00", "awards", "No", "Yes").only(), 51.9117839565, 18.6092841668, rel=LOOSE)


def test_calibration_where_every_row_is_its_own_cluster(alone, improved):
    """The same without strata and without a finite population: respondents alike are reckoned with together."""
    made = alone.rake(improved)
    same(made.mean("api00").only(), 662.75219156562, 9.44748686983, rel=LOOSE)
    same(made.total("enroll").only(), 3653897.37157, 160771.98913, rel=LOOSE)
    found = {each.group[0][1]: each for each in made.mean("api00", by="stype")}
    same(found["H"], 628.45628912, 16.6185329026, rel=LOOSE)
    same(made.difference("api00", "awards", "No", "Yes").only(), 51.9117839565, 18.8604227509, rel=LOOSE)


@pytest.mark.parametrize(
    ("method", "bounds", "value", "se"),
    [
        ("linear", None, 665.3090711658, 3.4417531164),
        ("rake", None, 665.39379599478, 3.43775353949),
        ("bounded", (0.7, 1.7), 665.46096942749, 3.41998372157),
    ],
)
def test_levels_and_a_number_together(clus1, method, bounds, value, se):
    """calibrate(~stype + api99) with calfun linear (the regression estimator), raking, and logit within bounds."""
    made = clus1.calibrate({"stype": STYPE}, totals={"api99": API99}, method=method, bounds=bounds)
    same(made.mean("api00").only(), value, se, rel=LOOSE)


def test_the_linear_distance_cut_off_at_bounds():
    """calibrate(calfun = "linear", bounds = c(.7, 1.7)): mean 665.48779620654, factors .7 to 1.7."""
    schools = rows("apiclus1")
    base = schools["pw"].to_numpy()
    made = bounded(
        cells(base),
        [known("stype", schools["stype"].to_list(), STYPE)],
        amounts=[Amount(name="api99", of=schools["api99"].to_numpy().astype(float), target=API99)],
        bounds=(0.7, 1.7),
        distance="truncated",
    )
    weight = made.g * base
    assert float(weight @ schools["api00"].to_numpy() / weight.sum()) == pytest.approx(665.48779620654, rel=LOOSE)
    assert (made.g.min(), made.g.max()) == pytest.approx((0.7, 1.7), rel=1e-7)


def test_cell_weights(clus1):
    """postStratify(~stype): total, mean, and domains that are the cells themselves."""
    made = clus1.poststratify("stype", STYPE)
    same(made.total("enroll").only(), 3680892.945119, 406292.636295)
    same(made.mean("api00").only(), 642.3107882116, 23.9204864451)
    found = {each.group[0][1]: each for each in made.mean("api00", by="stype")}
    same(found["H"], 618.571428571, 38.0202493594)


def test_kish_effective_n_is_that_of_the_weights(raked):
    """Kish 1965, 11.7, against its formula on the weights R prints: n sum(w^2) / (sum w)^2."""
    weights = raked.engine.rows(f"select calibrated_weight as w from {raked.table.name}").column("w").to_numpy()
    assert raked.diagnosis.deff == pytest.approx(183 * np.sum(weights**2) / np.sum(weights) ** 2, rel=1e-12)
    assert raked.diagnosis.n_eff == pytest.approx(183 / raked.diagnosis.deff, rel=1e-12)

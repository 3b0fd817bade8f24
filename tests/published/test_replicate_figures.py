"""Figures of replicate designs as R's survey package prints them.

Source: survey 4.1-1 under R 4.2.2 on its data sets apistrat and apiclus1: as.svrepdesign(svydesign(id, strata,
weights = ~pw, fpc = ~fpc), type), and rake(..., control = list(epsilon = 1e-10, maxit = 200)) of such designs.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from peil.errors import DefinitionError, EvidenceError
from peil.estimates.sample import sample
from peil.methods.moments import Strata
from peil.methods.replicate import bootstrap, jackknife
from peil.methods.replicated import Sums, covariance, ratios, totals, variances
from peil.methods.reweigh import calibrating, raking
from peil.surveys.design import Margin

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "r_survey_api"
DIGITS = 2e-10
# Both sides stop raking a little short of the margins.
RAKED = 5e-8
STYPE = {"E": 4421.0, "H": 755.0, "M": 1018.0}
SCHOOL_WIDE = {"No": 1072.0, "Yes": 5122.0}
IMPROVED = {"No": 1717.0, "Yes": 4477.0}

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the California schools samples are not beside the project"),
]


class Sample:
    """One sample, its columns as arrays, and its clusters in order."""

    def __init__(self, name, *, stratum=None, cluster=None):
        with gzip.open(SHARED / f"{name}.csv.gz", "rt", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        self.columns = {key: np.array([row[key] for row in rows]) for key in rows[0]}
        of_row = self.codes(stratum) if stratum else np.zeros(len(rows), dtype=np.int64)
        named = self.columns[cluster] if cluster else np.arange(len(rows))
        first, self.cluster = np.unique(named, return_index=True, return_inverse=True)[1:]
        self.stratum = of_row[first]
        self.strata = Strata(
            clusters=np.bincount(self.stratum).astype(float),
            population=np.array([self.numbers("fpc")[of_row == h][0] for h in range(of_row.max() + 1)]),
        )
        self.endless = Strata(clusters=self.strata.clusters)

    def numbers(self, name):
        return self.columns[name].astype(float)

    def codes(self, name):
        return np.unique(self.columns[name], return_inverse=True)[1]

    def sums(self, *columns, group=None, cell=None):
        weight = self.numbers("pw")
        one = np.zeros(weight.size, dtype=np.int64)
        values = np.stack([weight * each for each in columns], axis=1)
        return Sums.of(self.cluster, one if group is None else group, values, cell)

    def raked(self, **margins):
        """Return the sums' cells and what rakes them."""
        levels = tuple(self.codes(name.replace("_", ".")) for name in margins)
        cell = np.arange(levels[0].size)
        targets = tuple(np.array([targets[each] for each in sorted(targets)]) for targets in margins.values())
        return cell, raking(self.cluster, cell, self.numbers("pw"), levels, targets)


@pytest.fixture(scope="module")
def apistrat():
    return Sample("apistrat", stratum="stype")


@pytest.fixture(scope="module")
def apiclus1():
    return Sample("apiclus1", cluster="dnum")


def mean_of(sample, name):
    return sample.sums(np.ones(sample.cluster.size), sample.numbers(name))


def se(replicates, sums, n_groups=1, statistic=ratios, **more):
    return np.sqrt(variances(replicates, sums, n_groups, statistic, **more).variance)


def exactly(figure):
    return pytest.approx(figure, rel=DIGITS)


def to(places, figure):
    return pytest.approx(figure, abs=0.5000001 * 10**-places)


def test_a_jackknife_of_clusters_gives_the_printed_error(apiclus1):
    """svymean(~api00) with JK1: 26.3294 with its finite population (the package's page), 26.594161 without."""
    assert se(jackknife(apiclus1.stratum, apiclus1.strata, kind="jk1"), mean_of(apiclus1, "api00")) == to(7, 26.3293606)
    assert se(jackknife(apiclus1.stratum, apiclus1.endless, kind="jk1"), mean_of(apiclus1, "api00")) == to(6, 26.594161)
    ratio = apiclus1.sums(apiclus1.numbers("enroll"), apiclus1.numbers("api.stu"))
    assert se(jackknife(apiclus1.stratum, apiclus1.strata), ratio) == to(13, 0.0095170851756)


def test_a_jackknife_of_net_promoter_scores_gives_the_printed_error(apiclus1):
    """api00 recoded as 700 and up against below 600: -1.6393443, JK1 20.81797."""
    score = apiclus1.numbers("api00")
    recoded = np.where(score >= 700, 100.0, np.where(score < 600, -100.0, 0.0))
    found = variances(
        jackknife(apiclus1.stratum, apiclus1.strata, kind="jk1"), apiclus1.sums(np.ones(183), recoded), 1, ratios
    )
    assert found.value == to(7, -1.6393443)
    assert np.sqrt(found.variance) == to(5, 20.81797)


def test_a_jackknife_of_domains_counts_the_clusters_outside_them(apiclus1, apistrat):
    """svyby(~api00, ~stype, svymean) with JK1 and JKn."""
    for schools, figures in (
        (apiclus1, (25.3743035524, 46.3441217452, 33.6876199986)),
        (apistrat, (12.3824797939, 14.9371291854, 16.2147073082)),
    ):
        ones = np.ones(schools.cluster.size)
        sums = schools.sums(ones, schools.numbers("api00"), group=schools.codes("stype"))
        found = se(jackknife(schools.stratum, schools.strata), sums, 3)
        assert found[:, 0] == pytest.approx(np.array(figures), abs=1e-9)


def test_a_stratified_jackknife_is_the_linearised_error_where_weights_are_even(apistrat):
    """svymean(~api00) with JKn: 9.40894080278 with its finite population, 9.53613229693 without; svytotal(~enroll)."""
    made = jackknife(apistrat.stratum, apistrat.strata)
    assert se(made, mean_of(apistrat, "api00")) == exactly(9.40894080278)
    assert se(jackknife(apistrat.stratum, apistrat.endless), mean_of(apistrat, "api00")) == exactly(9.53613229693)
    pupils = apistrat.sums(apistrat.numbers("enroll"))
    assert se(made, pupils, statistic=lambda sums: sums) == to(6, 114641.716101)
    ratio = apistrat.sums(apistrat.numbers("enroll"), apistrat.numbers("api.stu"))
    assert se(made, ratio) == to(13, 0.00777250903999)


def test_the_short_way_of_the_jackknife_is_the_long_way(apiclus1):
    made = jackknife(apiclus1.stratum, apiclus1.strata)
    sums = apiclus1.sums(np.ones(183), apiclus1.numbers("api00"), group=apiclus1.codes("stype"))
    theta = ratios(totals(made, sums, 3))[:, :, 0]
    assert se(made, sums, 3)[:, 0] == exactly(np.sqrt(np.diag(covariance(theta, made.scale))))


def test_every_replicate_is_raked_again(apiclus1, apistrat):
    """rake(JK1, ~stype + ~sch.wide): 26.8739804274; rake(JKn, ~sch.wide + ~comp.imp): 9.42973477627; svytotal."""
    for schools, margins, mean, total in (
        (apiclus1, {"stype": STYPE, "sch_wide": SCHOOL_WIDE}, 26.8739804274, 463582.184944),
        (apistrat, {"sch_wide": SCHOOL_WIDE, "comp_imp": IMPROVED}, 9.42973477627, 131575.667706),
    ):
        cell, reweigh = schools.raked(**margins)
        made = jackknife(schools.stratum, schools.strata)
        ones = np.ones(schools.cluster.size)
        score = schools.sums(ones, schools.numbers("api00"), cell=cell)
        pupils = schools.sums(schools.numbers("enroll"), cell=cell)
        assert se(made, score, reweigh=reweigh) == pytest.approx(mean, rel=RAKED)
        assert se(made, pupils, statistic=lambda sums: sums, reweigh=reweigh) == pytest.approx(total, rel=RAKED)


def test_every_replicate_is_calibrated_linearly_again(apiclus1):
    """calibrate(JK1, ~stype + api99, c(6194, 755, 1018, 3914069)) on apiclus1."""
    stype = apiclus1.codes("stype")
    known = np.column_stack([stype == 0, stype == 1, stype == 2, apiclus1.numbers("api99")]).astype(float)
    targets = np.array([*STYPE.values(), 3914069.0])
    cell, weight = np.arange(183), apiclus1.numbers("pw")
    reweigh = calibrating(apiclus1.cluster, cell, weight, known, targets)
    step = np.linalg.solve(known.T @ (known * weight[:, None]), targets - known.T @ weight)
    g = 1 + known @ step
    sums = apiclus1.sums(g, g * apiclus1.numbers("api00"), cell=cell)
    found = variances(jackknife(apiclus1.stratum, apiclus1.strata), sums, 1, ratios, reweigh=reweigh)
    assert found.value == to(9, 665.309071166)
    assert np.sqrt(found.variance) == exactly(3.9428544837677)


def test_a_raked_bootstrap_is_near_the_printed_one(apistrat):
    """as.svrepdesign(type = "subbootstrap", replicates = 2000), raked: 9.408 for the mean; 9.512 before raking.

    Each is uncertain by 1.6 %, ours of 4,000 replicates by 1.1 %.
    """
    cell, reweigh = apistrat.raked(sch_wide=SCHOOL_WIDE, comp_imp=IMPROVED)
    sums = apistrat.sums(np.ones(200), apistrat.numbers("api00"), cell=cell)
    for half in (False, True):
        made = bootstrap(apistrat.stratum, apistrat.strata, n=4000, seed=3, half=half)
        assert se(made, sums, reweigh=reweigh) == pytest.approx(9.408, rel=0.05)
        assert se(made, sums) == pytest.approx(9.512, rel=0.05)


def test_a_jackknife_without_strata_is_refused_for_a_stratified_sample(apistrat):
    with pytest.raises(EvidenceError, match="knows no strata"):
        jackknife(apistrat.stratum, apistrat.strata, kind="jk1")


def test_a_replicate_without_anybody_in_a_level_is_refused():
    """With four clusters, of which one holds a level, a bootstrap that draws three again often leaves it out."""
    cluster, level = np.arange(4), np.array([0, 1, 1, 1])
    reweigh = raking(cluster, cluster, np.ones(4), (level,), (np.array([1.0, 3.0]),))
    design = np.zeros(4, dtype=np.int64), Strata(clusters=np.array([4.0]))
    with pytest.raises(EvidenceError, match="nobody in a level"):
        [reweigh(block) for _, block in bootstrap(*design, n=50).blocks()]
    [(_, block)] = bootstrap(*design, n=50, half=True).blocks()
    assert (block * reweigh(block))[0] == pytest.approx(np.ones(50))


def test_margins_that_cannot_be_met_are_refused():
    cluster = np.arange(2)
    levels, targets = (cluster, cluster), (np.array([1.0, 1.0]), np.array([1.5, 0.5]))
    with pytest.raises(EvidenceError, match="do not meet the margins within 200 rounds"):
        raking(cluster, cluster, np.ones(2), levels, targets)(np.ones((2, 1)))


def test_a_domain_of_one_cluster_has_no_jackknife_error():
    made = jackknife(np.zeros(3, dtype=np.int64), Strata(clusters=np.array([3.0])))
    sums = Sums.of(np.array([0, 1, 2]), np.array([0, 0, 1]), np.array([[1.0, 1], [1, 0], [1, 1]]))
    found = variances(made, sums, 2, ratios)
    assert np.isfinite(found.variance[0])
    assert np.isnan(found.variance[1])


def test_a_stratum_of_one_cluster_is_refused_unless_it_was_certain():
    stratum, strata = np.array([0, 1, 1]), Strata(clusters=np.array([1.0, 2.0]))
    for make in (jackknife, bootstrap):
        with pytest.raises(EvidenceError, match="single cluster"):
            make(stratum, strata)
        with pytest.raises(EvidenceError, match="no rule 'average'"):
            make(stratum, strata, singleton="average")
        blocks = make(stratum, strata, singleton="certainty").blocks()
        assert all(np.all(block[0] == 1) for _, block in blocks)


# --- through the engine


@pytest.fixture(scope="module")
def drawn():
    """Return both samples as an analyst would make them."""
    numbers = ("api00", "api99", "enroll", "api.stu", "dnum", "pw", "fpc")

    def rows(sample):
        told = {name: sample.numbers(name).tolist() for name in numbers}
        return told | {name: sample.columns[name].tolist() for name in ("stype", "sch.wide", "comp.imp")}

    return {
        "strat": sample(rows(Sample("apistrat", stratum="stype")), weight="pw", stratum="stype", population="fpc"),
        "clus1": sample(rows(Sample("apiclus1", cluster="dnum")), weight="pw", cluster="dnum", population="fpc"),
    }


def test_a_sample_gives_the_printed_figures_of_replicates(drawn):
    clus1, strat = drawn["clus1"].replicated(kind="jk1"), drawn["strat"].replicated()
    mean = clus1.mean("api00").only()
    assert (mean.se, mean.df, mean.n) == (to(7, 26.3293606), 14, 183)
    assert [each.se for each in clus1.mean("api00", by="stype")] == pytest.approx(
        [25.3743035524, 46.3441217452, 33.6876199986], abs=1e-9
    )
    assert [each.df for each in clus1.mean("api00", by="stype")] == [14, 7, 11]
    assert strat.ratio("api.stu", "enroll").only().se == to(13, 0.00777250903999)
    assert strat.total("enroll").only().se == to(6, 114641.716101)


def test_a_raked_sample_rakes_every_replicate_again(drawn):
    """As above; the total is 3647280.15."""
    raked = drawn["clus1"].rake({"stype": STYPE, "sch.wide": SCHOOL_WIDE})
    again = raked.replicated()
    assert again.mean("api00").only().se == pytest.approx(26.8739804274, rel=RAKED)
    assert again.total("enroll").only().value == pytest.approx(3647280.148, rel=RAKED)
    assert again.total("enroll").only().se == pytest.approx(463582.184944, rel=RAKED)
    assert "each weighted again" in again.mean("api00").method
    given = raked.replicated(reweigh=False)
    assert given.mean("api00").only().value == pytest.approx(again.mean("api00").only().value)
    assert given.total("enroll").only().se > 1.5 * again.total("enroll").only().se


def test_a_sample_calibrated_linearly_is_calibrated_again(drawn):
    """calibrate(JK1, ~stype + api99, c(6194, 755, 1018, 3914069)): 3.9428544837677 about 665.309071166."""
    calibrated = drawn["clus1"].calibrate({"stype": STYPE}, totals={"api99": 3914069.0}, method="linear")
    mean = calibrated.replicated().mean("api00").only()
    assert mean.value == pytest.approx(665.309071166, abs=1e-8)
    assert mean.se == pytest.approx(3.9428544837677, rel=RAKED)


def test_a_bootstrap_weighted_again_is_that_of_its_own_multipliers(drawn):
    """svrepdesign(repweights = the 400 multipliers, scale = 1/399), raked: 24.2656311452; 379525.365049."""
    raked = drawn["clus1"].rake({"stype": STYPE, "sch.wide": SCHOOL_WIDE}).replicated(kind="bootstrap", n=400, seed=1)
    assert raked.mean("api00").only().se == pytest.approx(24.2656311452, rel=RAKED)
    assert raked.total("enroll").only().se == pytest.approx(379525.365049, rel=RAKED)
    assert [each.se for each in raked.mean("api00", by="stype")] == pytest.approx(
        [23.3573592902, 33.5414218913, 31.8470179550], rel=RAKED
    )


def test_a_difference_is_made_replicate_by_replicate(drawn):
    """svycontrast of svyby(~api00, ~comp.imp, svymean, covmat = TRUE) with JKn, Yes less No: 40.98993; 19.85904."""
    gap = drawn["strat"].replicated().difference("api00", "comp.imp", "No", "Yes").only()
    assert (gap.value, gap.se) == (pytest.approx(40.98993, abs=5e-6), pytest.approx(19.85904, abs=5e-6))


def test_a_difference_names_the_interval_that_it_has(drawn):
    """Shares get the interval from the two groups' own, which is none of either group."""
    again = drawn["strat"].replicated()
    share = again.difference("\"sch.wide\" = 'Yes'", "comp.imp", "No", "Yes", statistic="share").only()
    assert share.method.endswith("replicates; interval from the groups' own (Zou and Donner 2008)")
    assert again.difference("api00", "comp.imp", "No", "Yes").only().method.endswith("replicates; Student's interval")


@pytest.mark.parametrize("kind", ["linearised", "replicated"])
def test_a_group_is_not_compared_with_itself(drawn, kind):
    """The terms of such a difference are one term: it was the group's own mean, with a sign."""
    asked = drawn["strat"] if kind == "linearised" else drawn["strat"].replicated()
    with pytest.raises(DefinitionError, match="'No' is compared with itself"):
        asked.difference("api00", "comp.imp", "No", "No")


def test_a_difference_of_means_is_never_called_one_of_medians(drawn):
    strat = drawn["strat"]
    with pytest.raises(DefinitionError, match="made of a 'median'"):
        strat.difference("api00", "comp.imp", "No", "Yes", statistic="median")
    with pytest.raises(DefinitionError, match="made of a 'ratio'"):
        strat.contrast({("api00", "No"): 1}, by="comp.imp", statistic="ratio")
    with pytest.raises(DefinitionError, match="made of a 'median'"):
        strat.replicated().difference("api00", "comp.imp", "No", "Yes", statistic="median")


def test_margins_of_two_surveys_leave_one_another_alone():
    """Each survey's replicates are those it has by itself when the other is beside it."""
    rng = np.random.default_rng(2)
    n = 60
    rows = {"survey": ["a"] * n + ["b"] * n, "sex": rng.choice(["f", "m"], 2 * n).tolist()}
    rows |= {"score": rng.normal(7, 2, 2 * n).tolist(), "weight": [1.0] * 2 * n, "stratum": rows["survey"]}
    margins = {"a": {("a", "f"): 30.0, ("a", "m"): 30.0}, "b": {("b", "f"): 40.0, ("b", "m"): 20.0}}
    both = sample(rows, weight="weight", stratum="stratum").poststratify(
        ("survey", "sex"), {**margins["a"], **margins["b"]}
    )
    parts = tuple(Margin(by=("survey", "sex"), targets=margins[each]) for each in "ab")
    known = replace(both.design.calibration, margins=parts, method="rake")
    apart = replace(both, design=replace(both.design, calibration=known))
    one, other = (each.replicated().mean("score", by="survey") for each in (both, apart))
    assert one.se == pytest.approx(other.se, rel=1e-9)


def test_what_replicates_cannot_do_is_refused(drawn):
    clus1 = drawn["clus1"]
    with pytest.raises(DefinitionError, match="not trimmed again"):
        clus1.rake({"stype": STYPE}, trim=3.0).replicated().mean("api00")
    with pytest.raises(DefinitionError, match="no group 'X' of 'stype'"):
        clus1.replicated().difference("api00", "stype", "E", "X")
    with pytest.raises(DefinitionError, match="a total needs weights"):
        sample({"score": [1, 2, 3, 5], "schools": [30] * 4}, population="schools").replicated().total("score")
    with pytest.raises(DefinitionError, match="no replicates of kind 'jk2'"):
        clus1.replicated(kind="jk2")
    units = replace(clus1, design=replace(clus1.design, unit="api00"))
    with pytest.raises(DefinitionError, match="this design samples from them"):
        units.replicated().mean("api00")

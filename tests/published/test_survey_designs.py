"""Two stages, certainty units and strata of one cluster, against R survey and svy on samples of the California schools.

The samples are drawn here, by rules and not at random, from the population file ``apipop`` (schools whose enrolment is
known). The figures are those of survey 4.1-1 under R 4.2.2, with the call beside each; svy 0.35 gives the same, and is
the source of the one that R reckons otherwise.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from peil.errors import EvidenceError
from peil.estimates.contrast import Linearised
from peil.estimates.sample import sample

POPULATION = Path(__file__).parents[2].parent / "shared" / "data" / "r_survey_api" / "apipop.csv.gz"
NPS = "case when api00 >= 700 then 100 when api00 < 600 then -100 else 0 end"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not POPULATION.is_file(), reason="the California schools are not beside the project"),
]


def schools():
    """Return the schools, each district's in an order that has nothing to do with them."""
    found = pd.read_csv(POPULATION)
    found = found[found["enroll"].notna()].copy()
    found["shuffled"] = found["snum"] * 7919 % 1009
    found = found.sort_values(["dnum", "shuffled", "snum"])
    found["M"] = found.groupby("dnum")["snum"].transform("size")
    found["place"] = found.groupby("dnum").cumcount()
    return found


@pytest.fixture(scope="module")
def two():
    """58 of 742 districts, at most 4 schools of each: svydesign(id = ~dnum + snum, fpc = ~N + M, weights = ~w)."""
    rows = schools()
    districts = rows["dnum"].nunique()
    rows = rows[(rows["dnum"] % 13 == 5) & (rows["place"] < 4)].copy()
    rows["N"] = districts
    rows["w"] = districts / rows["dnum"].nunique() * rows["M"] / rows["M"].clip(upper=4)
    assert len(rows) == 170
    return rows


@pytest.fixture(scope="module")
def three():
    """Districts by size, the three largest all taken, at most 5 schools of each; strata = ~h as well."""
    rows = schools()
    rows["h"] = pd.cut(rows["M"], [0, 9, 99, 9999], labels=["a", "b", "c"]).astype(str)
    rows["N"] = rows.groupby("h")["dnum"].transform("nunique")
    step = rows["h"].map({"a": 17, "b": 7, "c": 1})
    rows = rows[((rows["dnum"] % step == 2) | (rows["h"] == "c")) & (rows["place"] < 5)].copy()
    drawn = rows.groupby("h")["dnum"].transform("nunique")
    rows["w"] = rows["N"] / drawn * rows["M"] / rows["M"].clip(upper=5)
    assert len(rows) == 222
    return rows


@pytest.fixture(scope="module")
def lone():
    """Counties in nine strata, four districts of each but one of two strata; all their schools: id = ~dnum, strata = ~h, fpc = ~N."""
    rows = schools()
    rows["h"] = rows["cnum"] % 9
    rows["N"] = rows.groupby("h")["dnum"].transform("nunique")
    rows["at"] = rows["dnum"] * 7919 % 1009
    order = rows[["h", "dnum", "at"]].drop_duplicates().sort_values(["h", "at", "dnum"])
    order["rank"] = order.groupby("h").cumcount()
    taken = order[order["rank"] < order["h"].map(lambda h: 1 if h in (2, 5) else 4)]
    rows = rows.merge(taken[["h", "dnum"]], on=["h", "dnum"])
    rows["w"] = rows["N"] / rows["h"].map(lambda h: 1 if h in (2, 5) else 4)
    assert len(rows) == 197
    return rows


def staged(rows, **more):
    return sample(rows, weight="w", cluster="dnum", population="N", unit="snum", unit_population="M", **more)


def told(readings):
    return [(each.value, each.se) for each in readings]


def near(*figures):
    return [(pytest.approx(value, rel=1e-12), pytest.approx(se, rel=1e-11)) for value, se in figures]


def test_two_stages_give_the_printed_errors(two):
    """svymean(~api00), svytotal(~enroll), svyratio(~api.stu, ~enroll), svymean(~nps), svyby(~api00, ~stype)."""
    design = staged(two)
    assert told(design.mean("api00")) == near((679.950526315789, 15.5316610962516))
    assert told(design.total("enroll")) == near((3914737.62931034, 1303536.41840127))
    assert told(design.ratio("api.stu", "enroll")) == near((0.850987937239331, 0.0198302945349152))
    assert told(design.mean(NPS)) == near((19.3157894736842, 10.9899044614519))
    assert [each.se for each in design.mean("api00", by="stype")] == pytest.approx(
        [14.959119324201, 24.118179037409, 33.285962393419], rel=1e-12
    )
    assert design.mean("api00").only().df == 57


def test_a_contrast_over_two_stages_has_the_printed_error(two):
    """svycontrast(svyby(~api00, ~comp.imp, covmat = TRUE), c(-1, 1)): 11.1936507936507, 45.0903956104968."""
    gap = staged(two).difference("api00", "comp.imp", "No", "Yes").only()
    assert (gap.value, gap.se) == near((11.1936507936507, 45.0903956104968))[0]


def test_strata_taken_whole_add_only_what_their_units_vary(three):
    """The three largest districts were sure to be drawn: population = clusters."""
    design = staged(three, stratum="h")
    mean = design.mean("api00").only()
    assert told([mean]) == near((650.472366838067, 16.293651539478))
    assert mean.deff == pytest.approx(3.417035587203, rel=1e-12)
    assert mean.df == 55
    assert told(design.total("enroll")) == near((3848323.10285714, 356957.053811525))
    assert told(design.ratio("api.stu", "enroll")) == near((0.85174085241607, 0.0145161438980447))
    assert told(design.mean("api00", by="stype")) == near(
        (651.30750611990, 18.894294467039), (687.78539276143, 32.091263018423), (633.44759531380, 20.082151698538)
    )
    first = sample(three, weight="w", stratum="h", cluster="dnum", population="N")
    assert told(first.mean("api00")) == near((650.472366838067, 14.2230301192081))


def test_a_stratum_of_one_cluster_is_refused_by_name(lone):
    """options(survey.lonely.psu = "fail"): Stratum (2) has only one PSU at stage 1."""
    design = sample(lone, weight="w", stratum="h", cluster="dnum", population="N")
    with pytest.raises(EvidenceError, match=r"stratum '2' has a single cluster.* 1 others"):
        design.mean("api00")


@pytest.mark.parametrize(
    ("rule", "mean", "total", "domains"),
    [
        ("certainty", 19.3685701694294, 384206.85577569, (22.261259525446, 20.770512219010, 14.977734150082)),
        ("average", 21.9618942510918, 435649.625309372, (25.241895675170, 20.770512219010, 16.983154184724)),
        ("grand_mean", 29.8185794806643, None, (31.657914438159, 20.770512219010, 32.699643548626)),
    ],
)
def test_a_rule_for_strata_of_one_cluster_gives_the_printed_errors(lone, rule, mean, total, domains):
    """options(survey.lonely.psu = "certainty", "average", "adjust")."""
    design = sample(lone, weight="w", stratum="h", cluster="dnum", population="N", singleton=rule)
    assert told(design.mean("api00")) == near((702.494729064039, mean))
    assert [each.se for each in design.mean("api00", by="stype")] == pytest.approx(domains, rel=1e-11)
    totals = design.total("enroll").only()
    assert totals.value == 2491140
    if total:
        assert totals.se == pytest.approx(total, rel=1e-11)


def test_the_grand_mean_of_a_total_is_that_of_the_clusters_totals(lone):
    """svy 0.35, singleton "center": 497245.3719237735, as Stata has it; R's "adjust" takes the distance from nought."""
    design = sample(lone, weight="w", stratum="h", cluster="dnum", population="N", singleton="grand_mean")
    assert design.total("enroll").only().se == pytest.approx(497245.3719237735, rel=1e-12)


def test_a_contrast_follows_the_rule_too(lone):
    """One term alone is the estimate itself."""
    for rule in ("certainty", "average", "grand_mean"):
        design = sample(lone, weight="w", stratum="h", cluster="dnum", population="N", singleton=rule)
        both = Linearised(design.totals(["api00"]), "mean", rule).variance([(0, 0, 1.0)])
        assert both**0.5 == pytest.approx(design.mean("api00").only().se, rel=1e-12)


def test_a_cluster_of_one_unit_of_several_is_refused(two):
    """Without unit_population the 13 districts with one school say nothing of how their schools vary."""
    with pytest.raises(EvidenceError, match="13 clusters have a single unit of several"):
        sample(two, weight="w", cluster="dnum", population="N", unit="snum").mean("api00")

"""Figures of the California schools samples as R's survey package prints them.

Source: survey 4.1-1 under R 4.2.2 on the data sets apistrat, apiclus1 and apisrs, which Lumley (2004), Analysis of
Complex Survey Samples, Journal of Statistical Software 9(8), and the package's own pages print to fewer digits.
Every design has its finite population correction: svydesign(id, strata, weights = ~pw, fpc = ~fpc).
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from scipy import special

from peil.methods.moments import Moments, Strata, cross, gather
from peil.methods.quantile import weighted, woodruff
from peil.methods.ratio import difference, ratio, total

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
# The figures are printed to ten digits and more; both sides carry rounding of about 1e-15 a term.
DIGITS = 2e-10

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not (SHARED / "r_survey_api").is_dir(), reason="the California schools samples are not beside the project"
    ),
]


class Sample:
    """One sample, its columns as arrays and its design."""

    def __init__(self, name, *, stratum=None, cluster=None):
        with gzip.open(SHARED / "r_survey_api" / f"{name}.csv.gz", "rt", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        self.columns = {key: np.array([row[key] for row in rows]) for key in rows[0]}
        one = np.zeros(len(rows), dtype=int)
        self.stratum = np.unique(self.columns[stratum], return_inverse=True)[1] if stratum else one
        self.cluster = self.numbers(cluster).astype(int) if cluster else None
        self.population = [float(self.numbers("fpc")[self.stratum == h][0]) for h in np.unique(self.stratum)]

    def numbers(self, name):
        return self.columns[name].astype(float)

    def codes(self, name):
        return np.unique(self.columns[name], return_inverse=True)[1]

    def design(self):
        return {
            "weight": self.numbers("pw"),
            "stratum": self.stratum,
            "cluster": self.cluster,
            "population": self.population,
        }

    def moments(self, of, **more):
        return gather(of=of, **more, **self.design())


@pytest.fixture(scope="module")
def apistrat():
    return Sample("apistrat", stratum="stype")


@pytest.fixture(scope="module")
def apiclus1():
    return Sample("apiclus1", cluster="dnum")


@pytest.fixture(scope="module")
def apisrs():
    return Sample("apisrs")


def promoters_less_detractors(score):
    return np.where(score >= 700, 100.0, np.where(score < 600, -100.0, 0.0))


def exactly(figure):
    return pytest.approx(figure, rel=DIGITS)


def to(places, figure):
    return pytest.approx(figure, abs=0.5000001 * 10**-places)


def test_a_simple_random_sample_gives_the_printed_mean_and_total(apisrs):
    """svymean(~api00) and svytotal(~enroll) on apisrs."""
    mean = ratio(apisrs.moments(apisrs.numbers("api00")), 1)
    pupils = total(apisrs.moments(apisrs.numbers("enroll")), 1)
    assert mean.value[0] == exactly(656.585)
    assert mean.se[0] == to(9, 9.249722039)
    assert pupils.value[0] == to(2, 3621074.34)
    assert pupils.se[0] == to(6, 169519.654344)


def test_a_stratified_sample_gives_the_printed_mean_and_design_effect(apistrat):
    """svymean(~api00, deff = TRUE) on apistrat; degf."""
    mean = ratio(apistrat.moments(apistrat.numbers("api00")), 1, weights="expansion")
    assert mean.value[0] == to(10, 662.2873631593)
    assert mean.se[0] == to(10, 9.4089408028)
    assert mean.deff[0] == to(10, 1.2044572685)
    assert mean.df[0] == mean.df_here[0] == 197


def test_a_stratified_sample_gives_the_printed_total_and_ratio(apistrat):
    """svytotal(~enroll, deff = TRUE) and svyratio(~api.stu, ~enroll) on apistrat."""
    pupils = total(apistrat.moments(apistrat.numbers("enroll")), 1)
    assert pupils.value[0] == to(6, 3687177.532438)
    assert pupils.se[0] == to(4, 114641.7161)
    assert pupils.deff[0] == to(5, 0.36202)
    tested = ratio(apistrat.moments(apistrat.numbers("api.stu"), per=apistrat.numbers("enroll")), 1)
    assert tested.value[0] == to(10, 0.8369568869)
    assert tested.se[0] == to(7, 0.0077571)


def test_domains_of_a_stratified_sample_give_the_printed_figures(apistrat):
    """svyby(~api00, ~stype, svymean) on apistrat: elementary, high, middle."""
    schools = ratio(apistrat.moments(apistrat.numbers("api00"), group=apistrat.codes("stype")), 3)
    assert schools.value == to(6, np.array([674.43, 625.82, 636.60]))
    assert schools.se == to(6, np.array([12.382480, 14.937129, 16.214707]))


def test_a_cluster_sample_gives_the_printed_mean_and_design_effect(apiclus1):
    """svymean(~api00, deff = TRUE) on apiclus1; Lumley (2004) prints 644.17 and 23.542."""
    mean = ratio(apiclus1.moments(apiclus1.numbers("api00")), 1, weights="expansion")
    assert mean.value[0] == to(10, 644.1693989071)
    assert mean.se[0] == to(10, 23.5422406938)
    assert mean.deff[0] == to(10, 9.3458694506)
    assert mean.df[0] == 14


def test_a_cluster_sample_gives_the_printed_total_and_ratio(apiclus1):
    """svytotal(~enroll) and svyratio(~api.stu, ~enroll) on apiclus1."""
    pupils = total(apiclus1.moments(apiclus1.numbers("enroll")), 1)
    assert pupils.value[0] == to(4, 3404940.1345)
    assert pupils.se[0] == to(4, 932235.0270)
    tested = ratio(apiclus1.moments(apiclus1.numbers("api.stu"), per=apiclus1.numbers("enroll")), 1)
    assert tested.value[0] == to(11, 0.84970874172)
    assert tested.se[0] == to(11, 0.00838629717)


def test_domains_of_a_cluster_sample_give_the_printed_figures(apiclus1):
    """svyby(~api00, ~stype, svymean) on apiclus1: elementary, high, middle."""
    schools = ratio(apiclus1.moments(apiclus1.numbers("api00"), group=apiclus1.codes("stype")), 3)
    assert schools.value == to(7, np.array([648.8680556, 618.5714286, 631.44]))
    assert schools.se == to(7, np.array([22.3624089, 38.0202494, 31.6094652]))


def test_without_the_finite_population_the_standard_error_is_larger(apiclus1):
    """The printed 23.5422 has the correction for 15 of 757 districts: without it the factor √(757/742) is missing."""
    design = {**apiclus1.design(), "population": None}
    mean = ratio(gather(of=apiclus1.numbers("api00"), **design), 1)
    assert mean.se[0] == exactly(23.542240693782 * np.sqrt(757 / 742))


def test_net_promoter_scores_of_schools_have_the_printed_error(apiclus1, apistrat):
    """svymean of 100 for api00 >= 700 and -100 below 600, on apiclus1 and apistrat."""
    clustered = ratio(apiclus1.moments(promoters_less_detractors(apiclus1.numbers("api00"))), 1, weights="expansion")
    assert clustered.value[0] == to(7, -1.6393443)
    assert clustered.se[0] == to(7, 18.5297146)
    assert clustered.deff[0] == to(5, 9.13819)
    stratified = ratio(apistrat.moments(promoters_less_detractors(apistrat.numbers("api00"))), 1)
    assert stratified.value[0] == to(7, 7.7589600)
    assert stratified.se[0] == to(7, 6.5247651)


def test_the_gap_between_two_domains_counts_what_they_share(apistrat):
    """svyby by comp.imp with covmat = TRUE, then svycontrast, on apistrat."""
    score, group = promoters_less_detractors(apistrat.numbers("api00")), apistrat.codes("comp.imp")
    each = ratio(apistrat.moments(score, group=group), 2)
    assert each.value == to(7, np.array([-8.0364390, 16.0548030]))
    assert each.se == to(7, np.array([10.6543092, 8.2353642]))
    gap = difference(cross(of=score, group=group, **apistrat.design()), 1)
    assert gap.value[0] == to(6, 24.091242)
    assert gap.se[0] == to(5, 13.46728)
    assert gap.correlation[0] < 0


def test_the_t_statistic_of_two_domains_is_the_printed_one(apistrat):
    """svyttest(api00 ~ comp.imp) on apistrat; its 196 degrees of freedom are one fewer than ours."""
    gap = difference(cross(of=apistrat.numbers("api00"), group=apistrat.codes("comp.imp"), **apistrat.design()), 1)
    assert gap.value[0] == to(7, 40.9899300)
    assert gap.value[0] / gap.se[0] == to(7, 2.0842433)
    assert gap.df[0] == 197


def test_effective_answers_give_the_printed_exact_interval_of_a_share(apiclus1):
    """svyciprop(~I(ell == 0), method = "beta") on apiclus1: Korn and Graubard's (1998) interval."""
    share = ratio(apiclus1.moments(1.0 * (apiclus1.numbers("ell") == 0)), 1)
    # R takes p(1-p)/v, we n/deff, which is n/(n-1) times as much so that a simple sample keeps its n.
    n = share.n_eff[0] * 182 / 183
    hits = share.value[0] * n
    assert share.value[0] == to(10, 0.0218579235)
    assert special.betaincinv(hits, n - hits + 1, 0.025) == to(8, 0.00021615)
    assert special.betaincinv(hits + 1, n - hits, 0.975) == to(8, 0.13750776)


def quartiles(sample, q):
    """Return the quantile, its Woodruff bounds and the standard error that their width stands for."""
    score, weight = sample.numbers("api00"), sample.numbers("pw")
    values, at = np.unique(score, return_inverse=True)
    counted = (np.zeros(values.size, dtype=int), values, np.bincount(at, weight))
    found = weighted(*counted, q, 1)
    below = ratio(sample.moments(1.0 * (score <= found[0])), 1)
    low, high = (weighted(*counted, each, 1)[0] for each in woodruff(below.value, below.se, below.df))
    return found[0], low, high, (high - low) / (2 * special.stdtrit(below.df[0], 0.975))


@pytest.mark.parametrize(
    ("q", "printed"),
    [(0.25, (565, 535, 597, 15.71945)), (0.5, (668, 642, 694, 13.18406)), (0.75, (756, 726, 778, 13.18406))],
)
def test_quartiles_of_a_stratified_sample_have_the_printed_bounds(apistrat, q, printed):
    """svyquantile(~api00, c(.25, .5, .75)) on apistrat."""
    found = quartiles(apistrat, q)
    assert found[:3] == printed[:3]
    assert found[3] == to(5, printed[3])


@pytest.mark.parametrize(("q", "printed"), [(0.25, (552, 492, 627)), (0.5, (652, 561, 714)), (0.75, (719, 696, 777))])
def test_quartiles_of_a_cluster_sample_have_the_printed_bounds(apiclus1, q, printed):
    """svyquantile(~api00, c(.25, .5, .75)) on apiclus1."""
    assert quartiles(apiclus1, q)[:3] == printed


def test_a_quantile_that_is_hit_exactly_is_the_lower_value(apisrs):
    """svyquantile(~api00, .5) on apisrs: 100 of the 200 schools have 658 or less."""
    assert np.sum(apisrs.numbers("api00") <= 658) == 100
    assert quartiles(apisrs, 0.5)[0] == 658


def test_moments_reckoned_by_hand_are_the_gathered_ones(apiclus1):
    """The sums that an engine makes in SQL, written out district by district."""
    score, weight, district = (apiclus1.numbers(each) for each in ("api00", "pw", "dnum"))
    pairs = [(weight[district == d].sum(), (weight * score)[district == d].sum()) for d in np.unique(district)]
    x, y = np.array(pairs).T
    one = np.zeros(1, dtype=int)
    by_hand = Moments(
        strata=Strata(clusters=np.array([15.0]), population=np.array([757.0])),
        group=one,
        stratum=one,
        rows=np.array([183.0]),
        clusters=np.array([15.0]),
        w=weight.sum(keepdims=True),
        x=x.sum(keepdims=True),
        y=y.sum(keepdims=True),
        xx=(x * x).sum(keepdims=True),
        xy=(x * y).sum(keepdims=True),
        yy=(y * y).sum(keepdims=True),
        wxx=weight.sum(keepdims=True),
        wxy=(weight * score).sum(keepdims=True),
        wyy=(weight * score**2).sum(keepdims=True),
    )
    ours, gathered = ratio(by_hand, 1), ratio(apiclus1.moments(score), 1)
    assert ours.se[0] == to(10, 23.5422406938)
    assert ours.deff[0] == exactly(gathered.deff[0])

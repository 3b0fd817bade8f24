"""Figures of tables, regressions and shares of a designed sample as R's survey package prints them.

Source: survey 4.1-1 under R 4.2.2 on its data sets apisrs, apistrat and apiclus1 with svydesign(id, strata,
weights = ~pw, fpc = ~fpc): svychisq, svyglm and svyciprop.
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from peil.errors import DefinitionError, EvidenceError
from peil.estimates import association as tables
from peil.estimates import regression as fits
from peil.estimates.sample import sample
from peil.methods import interval
from peil.methods.association import association, scatter, shares
from peil.methods.moments import Strata
from peil.methods.regression import linear, logistic

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "r_survey_api"
SAMPLES = {"apisrs": (None, None), "apistrat": ("stype", None), "apiclus1": (None, "dnum")}

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the California schools samples are not beside the project"),
]


class Sample:
    """One sample, its columns as arrays, and its clusters in order."""

    def __init__(self, name):
        stratum, cluster = SAMPLES[name]
        with gzip.open(SHARED / f"{name}.csv.gz", "rt", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        self.columns = {key: np.array([row[key] for row in rows]) for key in rows[0]}
        self.n = len(rows)
        of_row = self.codes(stratum) if stratum else np.zeros(self.n, dtype=np.int64)
        named = self.columns[cluster] if cluster else np.arange(self.n)
        first, self.cluster = np.unique(named, return_index=True, return_inverse=True)[1:]
        self.stratum = of_row[first]
        self.strata = Strata(
            clusters=np.bincount(self.stratum).astype(float),
            population=np.array([self.numbers("fpc")[of_row == h][0] for h in range(of_row.max() + 1)]),
        )
        self.df = float(np.sum(self.strata.clusters - 1))
        self.weight = self.numbers("pw")

    def numbers(self, name):
        return self.columns[name].astype(float)

    def codes(self, name):
        return np.unique(self.columns[name], return_inverse=True)[1]

    def predictors(self, *names):
        return np.stack([np.ones(self.n), *(self.numbers(name) for name in names)], axis=1)

    def per_cluster(self, rows):
        made = np.zeros((self.stratum.size, *rows.shape[1:]))
        np.add.at(made, self.cluster, rows)
        return made

    def share(self, yes):
        """Return the share of ``yes`` and its standard error."""
        sums = self.per_cluster(self.weight[:, None] * np.stack([yes, ~yes], axis=1))
        p, covariance = shares(sums, self.stratum, self.strata)
        return p[0], np.sqrt(covariance[0, 0])


def digits(figure, n):
    return pytest.approx(np.asarray(figure), rel=10.0 ** (1 - n))


@pytest.mark.parametrize(
    ("name", "f", "df1", "df2", "p"),
    [
        ("apisrs", 13.4821961514640, 2, 398, 2.16060542679512e-6),
        ("apistrat", 17.2474439638889, 1.82867150416358, 360.248286323220, 2.03504635946512e-7),
        ("apiclus1", 5.1933695414748771, 1.4946397777074554, 20.9249568879043757, 0.0217474623707969),
    ],
)
def test_two_questions_give_the_printed_test_of_rao_and_scott(name, f, df1, df2, p):
    """svychisq(~sch.wide + stype)."""
    sample = Sample(name)
    cell = sample.codes("sch.wide") * 3 + sample.codes("stype")
    sums = sample.per_cluster(sample.weight[:, None] * (cell[:, None] == np.arange(6)))
    share, covariance = shares(sums, sample.stratum, sample.strata)
    found = association(share.reshape(2, 3), covariance, n=sample.n, df=sample.df)
    assert (found.f, found.df1, found.df2) == digits((f, df1, df2), 11)
    assert found.p == digits(p, 9)


def test_pearsons_statistic_is_that_of_the_weighted_table():
    """svychisq(~sch.wide + stype, statistic = "Chisq") on apiclus1: X-squared 11.94089208."""
    sample = Sample("apiclus1")
    cell = sample.codes("sch.wide") * 3 + sample.codes("stype")
    sums = sample.per_cluster(sample.weight[:, None] * (cell[:, None] == np.arange(6)))
    share, covariance = shares(sums, sample.stratum, sample.strata)
    assert association(share.reshape(2, 3), covariance, n=183, df=14).chi2 == digits(11.94089208, 10)


@pytest.mark.parametrize(
    ("name", "coefficients", "errors", "df"),
    [
        (
            "apistrat",
            (820.887315905623, -0.480586612172, -3.141535309985, 0.225713210230),
            (10.077735949885, 0.391973403223, 0.283946506417, 0.393218362023),
            194,
        ),
        (
            "apiclus1",
            (819.279051139125, -0.516721779683, -3.123204264899, -0.168919682187),
            (21.389971265152, 0.324003944965, 0.278083043761, 0.444918419151),
            11,
        ),
    ],
)
def test_a_linear_regression_gives_the_printed_coefficients(name, coefficients, errors, df):
    """svyglm(api00 ~ ell + meals + mobility)."""
    sample = Sample(name)
    x, y = sample.predictors("ell", "meals", "mobility"), sample.numbers("api00")
    weighted = x * sample.weight[:, None]
    xx = sample.per_cluster(weighted[:, :, None] * x[:, None, :])
    fit = linear(xx, sample.per_cluster(weighted * y[:, None]), sample.stratum, sample.strata)
    assert fit.coefficient == digits(coefficients, 9)
    assert fit.se == digits(errors, 9)
    assert fit.df == df


@pytest.mark.parametrize(
    ("name", "names", "coefficients", "errors", "df"),
    [
        (
            "apistrat",
            ("ell", "meals", "mobility"),
            (0.83583652484549, -0.00248963574926, -0.00315236511229, 0.06089677872753),
            (0.45562087836016, 0.01325251021939, 0.00919945360884, 0.03193457693654),
            194,
        ),
        (
            "apiclus1",
            ("ell", "meals"),
            (1.8995569111364, 0.0399254107978, -0.0191146824662),
            (0.50991480450717, 0.01244267277794, 0.00882544484087),
            12,
        ),
    ],
)
def test_a_logistic_regression_gives_the_printed_coefficients(name, names, coefficients, errors, df):
    """svyglm(I(sch.wide == "Yes") ~ ..., family = quasibinomial), glm.control(epsilon = 1e-14)."""
    sample = Sample(name)
    yes = sample.weight * (sample.columns["sch.wide"] == "Yes")
    x = sample.predictors(*names)
    fit = logistic(x, sample.weight, yes, sample.cluster, sample.stratum, sample.strata)
    assert fit.coefficient == digits(coefficients, 9)
    assert fit.se == digits(errors, 9)
    assert fit.df == df


def test_a_rare_share_of_a_cluster_sample_gives_the_printed_intervals():
    """svyciprop(~I(ell == 0)) on apiclus1: .0218579235, by method.

    R finds the ends of the likelihood interval on a spline through a few points of the profile, which is near to two
    or three digits; uniroot on the same likelihood gives .000665443212 and .108116879890.
    """
    sample = Sample("apiclus1")
    p, se = sample.share(sample.numbers("ell") == 0)
    assert p == digits(0.0218579235, 9)
    assert np.array(interval.share_logit(p, se, 14)) == digits((0.00230469128414, 0.177747766823), 8)
    n_eff = interval.effective(p, se, 183, 14)
    assert np.array(interval.share_beta(p, n_eff)) == digits((0.000216146832743, 0.137507763915), 9)
    likelihood = np.array(interval.share_likelihood(p, se, 183, 14))
    assert likelihood == digits((0.000665443212353, 0.108116879889649), 8)
    assert likelihood == pytest.approx(np.array((0.00066392, 0.10777841)), rel=4e-3)


def test_a_share_of_a_stratified_sample_gives_the_printed_intervals():
    """svyciprop(~I(sch.wide == "Yes")) on apistrat."""
    sample = Sample("apistrat")
    p, se = sample.share(sample.columns["sch.wide"] == "Yes")
    assert np.array(interval.share_logit(p, se, 197)) == digits((0.774539654352, 0.870814854545), 8)
    n_eff = interval.effective(p, se, 200, 197)
    assert np.array(interval.share_beta(p, n_eff)) == digits((0.774171328597, 0.873431592621), 9)
    likelihood = np.array(interval.share_likelihood(p, se, 200, 197))
    assert likelihood == digits((0.776411019094, 0.872412658990), 9)
    assert likelihood == pytest.approx(np.array((0.776411853428, 0.872415866052)), abs=4e-6)


def test_shares_of_nought_and_one_have_intervals_with_a_width():
    low, high = interval.share_beta([0.0, 1.0], [20, 20])
    assert low[0] == 0
    assert high[1] == 1
    assert high[0] == pytest.approx(1 - 0.025 ** (1 / 20))
    assert low[1] == pytest.approx(0.025 ** (1 / 20))
    low, high = interval.share_likelihood([0.0, 1.0], 0.0, 20, 19, n_eff=20)
    assert (low[0], high[1]) == (0, 1)
    assert high[0] == pytest.approx(1 - low[1])
    assert np.isnan(interval.share_logit([0.0, 1.0], 0.0, 19)).all()


def test_a_predictor_that_the_others_explain_is_refused():
    x = np.array([[1.0, 0, 0], [1, 1, 2], [1, 2, 4], [1, 3, 6], [1, 4, 8]])
    design = np.zeros(5, dtype=np.int64), Strata(clusters=np.array([5.0]))
    with pytest.raises(EvidenceError, match="explained by the others"):
        linear(x[:, :, None] * x[:, None, :], x, *design)
    with pytest.raises(EvidenceError, match="explained by the others"):
        logistic(x, np.ones(5), np.array([0.0, 1, 0, 1, 1]), np.arange(5), *design)


def test_a_predictor_that_tells_yes_from_no_is_refused():
    x = np.stack([np.ones(8), np.arange(8.0)], axis=1)
    yes = (np.arange(8) > 3) * 1.0
    with pytest.raises(EvidenceError, match="tells yes from no without fail"):
        logistic(x, np.ones(8), yes, np.arange(8), np.zeros(8, dtype=np.int64), Strata(clusters=np.array([8.0])))


def test_more_coefficients_than_clusters_are_refused():
    x = np.array([[1.0, 0, 1], [1, 1, 0], [1, 2, 5]])
    with pytest.raises(EvidenceError, match="no degrees of freedom"):
        linear(x[:, :, None] * x[:, None, :], x, np.zeros(3, dtype=np.int64), Strata(clusters=np.array([3.0])))


def test_an_empty_row_of_a_table_is_refused():
    with pytest.raises(EvidenceError, match="has nobody in it"):
        association(np.array([[0.5, 0.5], [0.0, 0.0]]), np.eye(4), n=10, df=9)


def test_a_covariance_is_that_of_the_clusters_within_strata():
    z, stratum = np.array([[1.0, 2], [3, 1], [0, 4], [5, 5]]), np.array([0, 0, 1, 1])
    strata = Strata(clusters=np.array([2.0, 2.0]), population=np.array([np.nan, 4.0]))
    one, other = (2 * np.cov(z[each].T) for each in (slice(0, 2), slice(2, 4)))
    assert scatter(z, stratum, strata) == pytest.approx(one + 0.5 * other)


# --- through the engine


@pytest.fixture(scope="module")
def drawn():
    """Return the samples as an analyst would make them."""

    def rows(name):
        found = Sample(name)
        numbers = ("api00", "ell", "meals", "mobility", "dnum", "pw", "fpc")
        told = {each: found.numbers(each).tolist() for each in numbers}
        return told | {each: found.columns[each].tolist() for each in ("stype", "sch.wide")}

    return {
        "apistrat": sample(rows("apistrat"), weight="pw", stratum="stype", population="fpc"),
        "apiclus1": sample(rows("apiclus1"), weight="pw", cluster="dnum", population="fpc"),
    }


def test_a_table_of_a_sample_gives_the_printed_test(drawn):
    """svychisq(~sch.wide + stype)."""
    for name, figures in (
        ("apistrat", (17.2474439638889, 1.82867150416358, 360.248286323220)),
        ("apiclus1", (5.1933695414748771, 1.4946397777074554, 20.9249568879043757)),
    ):
        found = tables.association(drawn[name], "sch.wide", "stype")
        assert (found.f, found.df1, found.df2) == digits(figures, 10)
        turned = tables.association(drawn[name], "stype", "sch.wide")
        assert (turned.f, turned.p) == digits((found.f, found.p), 9)


def test_a_regression_of_a_sample_gives_the_printed_coefficients(drawn):
    """svyglm(api00 ~ ell + meals + mobility), and api00 ~ stype + meals, of which stype is a factor."""
    fit = fits.regression(drawn["apistrat"], "api00", ["ell", "meals", "mobility"])
    assert fit.coefficients.value == digits((820.887315905623, -0.480586612172, -3.141535309985, 0.225713210230), 9)
    assert fit.coefficients.se == digits((10.077735949885, 0.391973403223, 0.283946506417, 0.393218362023), 9)
    assert fit.p[1:] == digits((2.21658715155e-01, 2.25413465185e-22, 5.66622613163e-01), 7)
    fit = fits.regression(drawn["apiclus1"], "api00", ["stype", "meals"])
    assert fit.coefficients.variables == ("constant", "stype = H", "stype = M", "meals")
    assert fit.coefficients.value == digits((837.39593483955, -85.40531829758, -52.97536326390, -3.55108104865), 10)
    assert fit.coefficients.se == digits((14.073245973825, 25.332533392532, 16.705838061768, 0.199751887695), 10)


def test_a_logistic_regression_of_a_sample_gives_the_printed_coefficients(drawn):
    """svyglm(I(api00 > 650) ~ stype + meals, family = quasibinomial)."""
    fit = fits.regression(drawn["apiclus1"], "api00 > 650", ["stype", "meals"], family="logistic")
    assert fit.coefficients.value == digits((8.421684820360, -3.195906409473, -2.398460402288, -0.155757799364), 9)
    # R's errors have the weights of the step before the last
    assert fit.coefficients.se == digits((1.5373621231151, 0.9542235224966, 0.8976207589072, 0.0254228201811), 7)
    assert fit.coefficients.df[0] == 11
    odds = fit.odds().at("stype = H")
    assert odds.value == digits(np.exp(-3.195906409473), 9)
    assert odds.low < odds.value < odds.high < 1


def test_rows_without_an_answer_leave_the_fit_and_stay_in_the_design():
    x, y = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 2.5, 2.5, 4.0, 5.5, 5.5]
    whole = sample({"x": [*x, None], "y": [*y, 9.0], "who": list(range(7))}, cluster="who")
    fit = fits.regression(whole, "y", ["x"])
    assert fit.coefficients.n[0] == 6
    assert fit.coefficients.value == pytest.approx(np.polyfit(x, y, 1)[::-1])


def test_questions_that_no_regression_or_table_answers_are_refused(drawn):
    schools = drawn["apiclus1"]
    with pytest.raises(DefinitionError, match="no column 'mealz'"):
        fits.regression(schools, "api00", ["mealz"])
    with pytest.raises(EvidenceError, match="explained by the others"):
        fits.regression(schools, "api00", ["meals", "meals * 2"])
    with pytest.raises(DefinitionError, match="has several answers"):
        fits.regression(schools, "stype", ["meals"], family="logistic")
    with pytest.raises(DefinitionError, match="has no odds"):
        fits.regression(schools, "api00", ["meals"]).odds()
    with pytest.raises(EvidenceError, match="single answer"):
        tables.association(schools, "stype", "sch.wide", where="\"sch.wide\" = 'Yes'")
    with pytest.raises(EvidenceError, match="too large to test"):
        tables.association(schools, "api00", "meals")
    average = sample(
        {"h": [1, 2, 2, 3, 3], "a": [1, 0, 1, 0, 1], "b": [0, 0, 1, 1, 1]}, stratum="h", singleton="average"
    )
    with pytest.raises(DefinitionError, match="have no rule 'average'"):
        tables.association(average, "a", "b")
    with pytest.raises(DefinitionError, match="have no rule 'average'"):
        fits.regression(average, "a", ["b"])

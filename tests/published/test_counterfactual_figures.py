"""Counterfactuals that others printed: seat belts, Proposition 99, and the series on which CausalImpact's ports disagree.

Sources: Harvey and Durbin (1986), JRSS A 149, whose series R's datasets carry, as statsmodels 0.15 fits them; Arkhangelsky,
Athey, Hirshberg, Imbens and Wager (2021), American Economic Review 111(12), and the R package synthdid; Abadie, Diamond and
Hainmueller (2010), JASA 105, table 2, and the README of tidysynth; Abadie's data as tidysynth carries them (MIT);
``causal_impact_comparison.csv``, the series ``comparison_data.csv`` that WillianFuks/tfcausalimpact (Apache 2.0) carries with R's
summary of it; ``causal_impact_simulation.csv``, drawn by R 4.2.2 with seed 1 as the R-help example of CausalImpact draws it.
"""

from __future__ import annotations

import csv
import gzip
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from peil.errors import DefinitionError, EvidenceError
from peil.methods.controls import difference_in_differences, synthetic_control, synthetic_difference
from peil.methods.discoveries import discoveries
from peil.methods.state_space import foretold, interrupted, specifications

HERE = Path(__file__).parent
REAL = Path(__file__).parents[2].parent / "shared" / "data"
# printed to three decimals
THREE = 5e-4
FROM_1989 = 19


def rows(path):
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(text.decode("utf-8").splitlines()))


# --- seat belts


@pytest.fixture(scope="module")
def belts():
    path = REAL / "strucchange_series" / "seatbelts.csv"
    if not path.exists():
        pytest.skip("the road casualties of Great Britain 1969-1984 are not beside the project")
    read = rows(path)
    table = {name: np.array([float(each[name]) for each in read]) for name in ("drivers", "PetrolPrice", "law")}
    at = int(np.flatnonzero(table["law"])[0])
    return np.log(table["drivers"]), at, np.log(table["PetrolPrice"])


def test_the_seat_belt_law_under_a_level_that_wanders(belts):
    y, at, petrol = belts
    found = interrupted(y, at, season=12, season_moves=True, x=petrol, errors="outer_product")
    assert at == 169
    assert found.of("level") == pytest.approx((-0.2359, 0.0451), abs=1e-4)
    assert found.of("x1")[0] == pytest.approx(-0.2816, abs=1e-4)
    assert found.log_likelihood == pytest.approx(203.172, abs=1e-3)
    assert 100 * math.expm1(found.of("level")[0]) == pytest.approx(-21.0, abs=0.05)
    assert found.settled


def test_a_level_held_still_halves_the_standard_error_of_the_law(belts):
    y, at, petrol = belts
    still = interrupted(y, at, model="static", season=12, season_moves=True, x=petrol, errors="outer_product")
    assert still.of("level") == pytest.approx((-0.1971, 0.025), abs=1e-4)
    assert 100 * math.expm1(still.of("level")[0]) == pytest.approx(-17.9, abs=0.05)
    wandering = interrupted(y, at, season=12, x=petrol, errors="least_squares")
    assert interrupted(y, at, model="static", season=12, x=petrol).of("level")[1] < 0.5 * wandering.of("level")[1]
    # statsmodels' observed information, which has the variances' uncertainty in it as well, gives 0.0449
    assert wandering.of("level")[1] == pytest.approx(0.0449, abs=1e-3)
    averaged = interrupted(y, at, season=12, x=petrol)
    assert averaged.of("level")[1] > wandering.of("level")[1]
    assert averaged.high[-1] < 0


# --- Proposition 99


@pytest.fixture(scope="module")
def smoking():
    path = REAL / "prop99_smoking" / "smoking.csv.gz"
    if not path.exists():
        pytest.skip("cigarette sales by state 1970-2000 are not beside the project")
    return rows(path)


@pytest.fixture(scope="module")
def sales(smoking):
    states = ["California", *sorted({each["state"] for each in smoking} - {"California"})]
    place = {state: i for i, state in enumerate(states)}
    table = np.full((39, 31), np.nan)
    for each in smoking:
        table[place[each["state"]], int(each["year"]) - 1970] = float(each["cigsale"])
    assert len(smoking) == 39 * 31
    return states, table


def test_the_three_estimators_of_proposition_99(sales):
    _, table = sales
    exposed, others = table[0], table[1:]
    parallel = difference_in_differences(exposed, others, FROM_1989)
    mixed = synthetic_control(exposed, others, FROM_1989)
    both = synthetic_difference(exposed, others, FROM_1989)
    assert parallel.value == pytest.approx(-27.349, abs=THREE)
    # the optimum itself; R's solver stops when a step gains less than a billionth of the noise
    assert both.value == pytest.approx(-15.604, abs=2e-3)
    # R prints -19.620 and Stata's tutorial -19.48: neither is the optimum, which lies between
    assert -19.620 < mixed.value < -19.48
    assert mixed.value == pytest.approx(-19.514, abs=THREE)
    # 200 random draws gave 8.9 and 10.9, Stata's tutorial 9.88; every state in its turn gives one answer
    assert 8.9 < both.se < 10.9
    assert both.p_ratio == both.smallest_p == 1 / 39


def frank_wolfe(columns, aim, ridge, start, *, least, most):
    """Minimise over the simplex as Frank and Wolfe (1956) do, until a step gains less than ``least``."""
    weights, before = start, math.inf
    for _ in range(most):
        fitted = columns @ weights
        slope = (fitted - aim) @ columns + len(aim) * ridge**2 * weights
        way = -weights.copy()
        way[slope.argmin()] += 1
        ahead = columns @ way
        step = -(slope @ way) / (ahead @ ahead + len(aim) * ridge**2 * way @ way)
        weights = weights + min(1.0, max(0.0, step)) * way
        loss = float(np.mean((columns @ weights - aim) ** 2) + ridge**2 * weights @ weights)
        if before - loss <= least:
            break
        before = loss
    return weights


def test_the_printed_synthetic_control_is_where_its_solver_stops(sales):
    _, table = sales
    exposed, others = table[0], table[1:]
    columns, aim = others[:, :FROM_1989].T, exposed[:FROM_1989]
    noise = np.diff(others[:, :FROM_1989], axis=1).std(ddof=1)
    options = {"columns": columns, "aim": aim, "ridge": 1e-6 * noise, "least": (1e-5 * noise) ** 2}
    first = frank_wolfe(**options, start=np.full(38, 1 / 38), most=100)
    kept = np.where(first <= first.max() / 4, 0, first)
    stopped = frank_wolfe(**options, start=kept / kept.sum(), most=10_000)
    assert (exposed - stopped @ others)[FROM_1989:].mean() == pytest.approx(-19.620, abs=THREE)
    exact = synthetic_control(exposed, others, FROM_1989)
    assert exact.misfit < np.sqrt(np.mean((columns @ stopped - aim) ** 2)) - 0.005


@pytest.fixture(scope="module")
def by_predictors(smoking, sales):
    states, table = sales

    def mean(column, first, last):
        found = {state: [] for state in states}
        for each in smoking:
            if first <= int(each["year"]) <= last and each[column] != "NA":
                found[each["state"]].append(float(each[column]))
        return [np.mean(found[state]) for state in states]

    asked = [
        *((name, 1980, 1988) for name in ("lnincome", "retprice", "age15to24")),
        ("beer", 1984, 1988),
        *(("cigsale", year, year) for year in (1975, 1980, 1988)),
    ]
    predictors = np.array([mean(*each) for each in asked])
    return synthetic_control(table[0], table[1:], FROM_1989, predictors=predictors)


def test_the_mix_of_states_that_abadie_diamond_and_hainmueller_print(sales, by_predictors):
    states, _ = sales
    printed = {"Colorado": 0.164, "Connecticut": 0.069, "Montana": 0.199, "Nevada": 0.234, "Utah": 0.334}
    for state, weight in zip(states[1:], by_predictors.weight, strict=True):
        # the search for the weights of predictors has many near-optima
        assert weight == pytest.approx(printed.get(state, 0.0), abs=0.005)
    assert by_predictors.gap[-1] == pytest.approx(-25.73, abs=0.05)
    assert by_predictors.value == pytest.approx(-18.97, abs=0.05)
    assert by_predictors.predictor_weight.sum() == pytest.approx(1)


def test_california_comes_first_of_39_by_the_ratio_of_misfits(by_predictors):
    after = np.mean(by_predictors.gap[FROM_1989:] ** 2)
    # tidysynth prints 3.17, 392 and 124; this fit before 1989 is a little nearer
    assert by_predictors.misfit**2 == pytest.approx(3.17, abs=0.1)
    assert by_predictors.misfit**2 < 3.17
    assert after == pytest.approx(392, abs=6)
    assert after / by_predictors.misfit**2 == pytest.approx(124, abs=6)
    assert by_predictors.p_ratio == pytest.approx(0.0256, abs=1e-4)


@pytest.mark.parametrize("estimator", [difference_in_differences, synthetic_control, synthetic_difference])
def test_no_estimator_finds_an_effect_where_all_series_move_alike(estimator):
    rng = np.random.default_rng(3)
    common = np.cumsum(rng.normal(size=40))
    others = common + rng.normal(size=(20, 1)) + 0.01 * rng.normal(size=(20, 40))
    exposed = others[:5].mean(axis=0)
    assert abs(estimator(exposed, others, 30).value) < 0.02
    moved = estimator(exposed + 5.0 * (np.arange(40) >= 30), others, 30)
    assert moved.value == pytest.approx(5, abs=0.02)
    assert moved.low < 5 < moved.high
    assert moved.p == moved.smallest_p == 1 / 21


def test_several_exposed_series_count_as_their_mean():
    rng = np.random.default_rng(4)
    others, exposed = rng.normal(size=(6, 20)), rng.normal(size=(3, 20))
    one, mean = (synthetic_difference(each, others, 12) for each in (exposed, exposed.mean(axis=0)))
    assert one.value == mean.value


OTHERS = np.random.default_rng(0).normal(size=(4, 20))


@pytest.mark.parametrize(
    ("exposed", "others", "at", "error", "says"),
    [
        (OTHERS[0], OTHERS[1:2], 10, EvidenceError, "1 series that the event did not reach"),
        (OTHERS[0], OTHERS[1:], 20, EvidenceError, "lies outside the 20 rows"),
        (OTHERS[0], OTHERS[1:], 1, EvidenceError, "1 rows before the event"),
        (OTHERS[0], OTHERS[1:, :15], 10, DefinitionError, "where one row of 20 a series is needed"),
        (np.ones(20), OTHERS[1:], 10, EvidenceError, "the same value throughout"),
        (OTHERS[0], np.where(np.arange(20) == 4, np.nan, OTHERS[1:]), 10, EvidenceError, "1 gaps"),
    ],
    ids=["one control", "after the end", "one row before", "other periods", "constant", "a gap"],
)
def test_what_cannot_be_compared_is_refused(exposed, others, at, error, says):
    for estimator in (difference_in_differences, synthetic_control, synthetic_difference):
        with pytest.raises(error, match=says):
            estimator(exposed, others, at)


def test_predictors_must_fit_the_series():
    with pytest.raises(DefinitionError, match="do not fit one exposed series and 3 others"):
        synthetic_control(OTHERS[0], OTHERS[1:], 10, predictors=np.ones((2, 3)))
    with pytest.raises(DefinitionError, match="the same for every series"):
        synthetic_control(OTHERS[0], OTHERS[1:], 10, predictors=np.ones((2, 4)))


# --- CausalImpact


def series(name):
    read = rows(HERE / name)
    return np.array([[float(value) for value in each.values()] for each in read])


@pytest.fixture(scope="module")
def comparison():
    table = series("causal_impact_comparison.csv")
    return table[:, 0], table[:, 1:]


def test_what_causal_impact_finds_hangs_on_how_the_level_may_move(comparison):
    """R's summary: actual 78,574, predicted 79,232 (736), effect -657 [-2,076, 832], p .20; ports of it say -926, p .046."""
    y, x = comparison
    found = specifications(y, 90, x=x)
    assert y[90:].mean() == pytest.approx(78_574, abs=0.5)
    static, stochastic, walk = (each.value for each in found.models)
    assert static == pytest.approx(-545, abs=0.5)
    assert walk == pytest.approx(-2851, abs=0.5)
    assert stochastic == pytest.approx(-1182.5, abs=0.5)
    assert (found.low, found.high) == (walk, static)
    assert found.low < -926 < -657 < found.high
    assert found.one_sign
    assert not found.all_clear
    assert all(each.settled for each in found.models)


def test_a_likelihood_on_the_scale_of_the_series_stops_short(comparison):
    """The -1,515 that statsmodels gives for the local level lies at a lower likelihood than what is found here."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    y, x = comparison
    raw = UnobservedComponents(y[:90], "llevel", exog=x[:90]).fit(disp=False, maxiter=500)
    stopped = float(np.mean(y[90:] - raw.get_forecast(18, exog=x[90:]).predicted_mean))
    assert stopped == pytest.approx(-1515, abs=1)
    found = foretold(y, 90, x=x)
    assert found.log_likelihood > raw.llf + 5
    assert found.value > stopped + 300


def test_the_simulated_example_of_causal_impact():
    """R: mean actual 117.05; CausalImpact's port: effect 10.51 [9.80, 11.26]; statsmodels, local level: 10.56."""
    table = series("causal_impact_simulation.csv")
    y, x = table[:, 0], table[:, 1]
    assert y[70:].mean() == pytest.approx(117.05, abs=5e-3)
    found = foretold(y, 70, x=x)
    assert found.value == pytest.approx(10.56, abs=5e-3)
    # wider than where the level's steps are taken to be as small as they look
    assert found.low < 9.80
    assert found.high > 11.26
    assert found.expected.mean() == pytest.approx(106.54, abs=0.1)


@pytest.mark.parametrize("model", ["static", "random_walk", "trend"])
def test_the_interval_of_a_forecast_is_that_of_the_filter(model):
    """The covariance built here against the one that statsmodels' filter carries, with regressors in the state."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    rng = np.random.default_rng(7)
    x = rng.normal(size=90)
    y = 50 + 2 * x + np.cumsum(0.3 * rng.normal(size=90)) + rng.normal(size=90)
    found = foretold(y, 70, model=model, x=x)
    names = {"static": "dconstant", "random_walk": "rwalk", "trend": "lltrend"}
    centre, size = y[:70].mean(), y[:70].std()
    made = UnobservedComponents((y[:70] - centre) / size, names[model], exog=x[:70])
    variances = made.fit(disp=False, maxiter=500).params[:-1]
    in_state = UnobservedComponents((y[:70] - centre) / size, names[model], exog=x[:70], mle_regression=False)
    forecast = in_state.smooth(variances).get_forecast(20, exog=x[70:])
    reach = stats.norm.ppf(0.975) * np.asarray(forecast.se_mean) * size
    assert (found.expected_high - found.expected) == pytest.approx(reach, rel=2e-3)


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        ({"y": np.ones(60)}, EvidenceError, "the same value throughout"),
        ({"at": 60}, EvidenceError, "lies outside the 60 rows"),
        ({"at": 30.0}, DefinitionError, "a number of rows, not at 30.0"),
        ({"at": 3}, EvidenceError, "3 rows before the event"),
        ({"season": 12, "at": 40}, EvidenceError, "41 and 1 are needed"),
        ({"season": 1}, DefinitionError, "a season of 1 rows"),
        ({"model": "wild"}, DefinitionError, "does not move as 'wild'"),
        ({"x": np.arange(60) >= 40}, EvidenceError, "a regressor is explained by the others"),
    ],
    ids=["constant", "outside", "no number of rows", "too short", "season", "no season", "model", "only after"],
)
def test_what_no_structural_series_can_learn_is_refused(asked, error, says):
    y = np.random.default_rng(1).normal(size=60)
    with pytest.raises(error, match=says):
        foretold(**{"y": y, "at": 40} | asked)


def test_an_event_needs_a_shape_that_exists():
    with pytest.raises(DefinitionError, match="no shape 'wave'"):
        interrupted(np.random.default_rng(1).normal(size=60), 40, shape="wave")
    with pytest.raises(DefinitionError, match="no model is named"):
        specifications(np.random.default_rng(1).normal(size=60), 40, models=())


def test_a_change_of_level_and_slope_are_told_apart():
    rng = np.random.default_rng(8)
    since = np.maximum(np.arange(120) - 79.0, 0)
    y = rng.normal(size=120) + 5 * (since > 0) + 0.2 * since
    found = interrupted(y, 80, model="static", shape="both")
    assert found.names == ("level", "slope")
    assert all(low < truth < high for low, truth, high in zip(found.low, (5, 0.2), found.high, strict=True))


# --- many tests at once


def test_the_fifteen_tests_of_benjamini_and_hochberg():
    """Benjamini and Hochberg (1995), section 4: of fifteen comparisons four are found at .05, three by Bonferroni."""
    p = [
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
        *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
    ]
    found = discoveries(p)
    assert found.found.sum() == 4
    assert np.sum(np.array(p) <= 0.05 / 15) == 3
    assert discoveries(p, dependence="any").found.sum() == 3
    assert found.tests == 15


def test_no_more_false_ones_than_the_rate_and_more_found_than_by_bonferroni():
    rng = np.random.default_rng(2)
    share, found, bonferroni = [], 0, 0
    for _ in range(300):
        real = np.arange(50) < 10
        p = 2 * stats.norm.sf(np.abs(rng.normal(size=50) + 3 * real))
        made = discoveries(p).found
        share.append((made & ~real).sum() / max(made.sum(), 1))
        found += int((made & real).sum())
        bonferroni += int((p[real] <= 0.05 / 50).sum())
    assert np.mean(share) <= 0.05
    assert found > 1.3 * bonferroni


@pytest.mark.parametrize(
    ("p", "rate", "error", "says"),
    [
        ([1.2, 0.1], 0.05, DefinitionError, "outside 0 and 1"),
        ([0.1], 1.0, DefinitionError, "lies between 0 and 1"),
        ([math.nan], 0.05, EvidenceError, "no measure has a p-value"),
        ([], 0.05, EvidenceError, "no measure has a p-value"),
    ],
)
def test_what_is_no_set_of_tests_is_refused(p, rate, error, says):
    with pytest.raises(error, match=says):
        discoveries(p, rate=rate)

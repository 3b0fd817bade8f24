"""Series whose truth is known: shapes, placebos in time, a return to the old path, and survey waves say what they mean."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import signal, stats

from peil.errors import DefinitionError, EvidenceError
from peil.methods.controls import synthetic_difference
from peil.methods.first_order import GRID, ahead, fitted, null_columns, season
from peil.methods.placebo import in_time, without_each
from peil.methods.return_to_path import old_path, return_to_path
from peil.methods.shapes import SHAPES, fades, shapes, steps_back
from peil.methods.state_space import foretold, interrupted
from peil.methods.waves import Borrowed, History, borrow, wave_change

WEEKS, AT = 208, 104


def noise(n, rho, rng):
    """Draw autocorrelated noise with a standard deviation of 1."""
    return signal.lfilter([1.0], [1.0, -rho], rng.standard_normal(n + 300))[300:] * math.sqrt(1 - rho * rho)


def change(name, rng):
    """Return a change of 1 on average, halfway through; what passes ends after half a year, or halves every quarter."""
    step = 1.0 * (np.arange(WEEKS) >= AT)
    ramp = 2 * np.maximum(np.arange(WEEKS) - AT + 1.0, 0) / (WEEKS - AT)
    passing = steps_back(WEEKS, AT, 26) if rng.random() < 0.5 else fades(WEEKS, AT, 13)
    made = {"none": 0 * step, "level": step, "slope": ramp, "both": step + ramp, "temporary": passing}
    return made.get(name, step + passing)


# --- shapes


@pytest.mark.parametrize("truth", SHAPES)
def test_a_change_of_three_standard_deviations_gets_its_right_name(truth):
    rng = np.random.default_rng(SHAPES.index(truth))
    right = [
        shapes(noise(WEEKS, 0.3, rng) + 0.01 * np.arange(WEEKS) + 3 * change(truth, rng), AT).likeliest.name == truth
        for _ in range(60)
    ]
    # with nine of ten right in truth, fewer than 49 of 60 come up twice in a hundred
    assert np.sum(right) >= 49


def test_the_likeliest_shape_is_right_no_less_often_than_its_probability_says():
    rng = np.random.default_rng(11)
    said, right = [], []
    for _ in range(150):
        truth = SHAPES[rng.integers(len(SHAPES))]
        found = shapes(noise(WEEKS, 0.6, rng) + 2 * change(truth, rng), AT, trend=False).likeliest
        said.append(found.probability)
        right.append(found.name == truth)
    # Schwarz's criterion leaves more doubt than there need be: it is said with less certainty than it could be
    assert np.mean(said) - 0.05 <= np.mean(right) <= np.mean(said) + 0.2


def test_sizes_and_durations_are_those_that_were_put_in():
    rng = np.random.default_rng(12)
    y = noise(WEEKS, 0.3, rng)
    level = shapes(y + 6.0 * (np.arange(WEEKS) >= AT), AT)["level"]
    assert level.level == pytest.approx(6, abs=1)
    slope = shapes(y + 0.2 * np.maximum(np.arange(WEEKS) - AT + 1, 0), AT)["slope"]
    assert slope.slope == pytest.approx(0.2, abs=0.03)
    dip = shapes(y - 6 * steps_back(WEEKS, AT, 20), AT)["temporary"]
    assert (dip.passing, dip.lasts, dip.steps_back) == (pytest.approx(-6, abs=1), pytest.approx(20, abs=3), True)
    fading = shapes(y + 9 * fades(WEEKS, AT, 10) + 5.0 * (np.arange(WEEKS) >= AT), AT)["temporary_and_level"]
    assert fading.level == pytest.approx(5, abs=1.5)
    assert fading.passing == pytest.approx(9, abs=2)
    assert not fading.steps_back


def test_the_unit_of_the_series_changes_sizes_and_nothing_else():
    y = noise(WEEKS, 0.5, np.random.default_rng(13)) + 3.0 * (np.arange(WEEKS) >= AT)
    one, other = shapes(y, AT), shapes(1e6 + 1e-3 * y, AT)
    for first, second in zip(one.shapes, other.shapes, strict=True):
        assert second.probability == pytest.approx(first.probability, abs=1e-6)
        assert second.level == pytest.approx(1e-3 * first.level, rel=1e-5)
    assert sum(each.probability for each in one.shapes) == pytest.approx(1)
    assert one.any > one.lasting > 0.9


def test_a_season_that_is_named_is_no_shape():
    rng = np.random.default_rng(14)
    waves = season(WEEKS, 52.18, 1)
    y = noise(WEEKS, 0.3, rng) + 4 * waves[:, 0]
    assert shapes(y, AT, x=waves)["none"].probability > 0.5


def test_a_noiseless_step_is_a_level():
    found = shapes(1.0 * (np.arange(60) >= 30), 30)
    assert found.likeliest.name in {"level", "both"}
    assert found["none"].probability < 1e-6


# --- the regression underneath


def test_the_averaged_autocorrelation_is_not_biased_towards_nought():
    rng = np.random.default_rng(15)
    columns = null_columns(104, None, trend=True)
    found = [fitted(noise(104, 0.6, rng), columns).rho for _ in range(200)]
    assert np.mean(found) == pytest.approx(0.6, abs=0.04)


def test_rows_left_out_count_by_the_time_that_passes():
    """Against generalised least squares with the whole covariance matrix."""
    rng = np.random.default_rng(16)
    when = np.sort(rng.choice(90, 60, replace=False))
    x, y = np.column_stack([np.ones(60), when / 90]), noise(90, 0.7, rng)[when]
    fits = fitted(y, x, when)
    for place in (5, 20, 30):
        rho = GRID[place]
        precision = np.linalg.inv(rho ** np.abs(when[:, None] - when).astype(float))
        b = np.linalg.solve(x.T @ precision @ x, x.T @ precision @ y)
        assert fits.coefficient[place] == pytest.approx(b)
        left = y - x @ b
        assert fits.variance[place] == pytest.approx(left @ precision @ left / 58 * (1 - rho * rho))


def test_a_forecast_has_the_variance_of_the_whole_covariance_matrix():
    rng = np.random.default_rng(17)
    x, y = null_columns(70, None, trend=True), noise(70, 0.5, rng)
    fits, weights = fitted(y[:50], x[:50]), np.linspace(0, 0.1, 20)
    found = ahead(fits, x[49], x[50:], weights)
    place = 22
    rho = GRID[place]
    shared = rho ** np.abs(np.arange(70)[:, None] - np.arange(70)).astype(float) / (1 - rho * rho)
    gain = shared[50:, :50] @ np.linalg.inv(shared[:50, :50])
    left = x[50:] - gain @ x[:50]
    information = x[:50].T @ np.linalg.solve(shared[:50, :50], x[:50])
    whole = shared[50:, 50:] - gain @ shared[:50, 50:] + left @ np.linalg.inv(information) @ left.T
    expected = x[50:] @ fits.coefficient[place] + gain @ (y[:50] - x[:50] @ fits.coefficient[place])
    assert found.centre[place] == pytest.approx(weights @ expected)
    assert found.spread[place] == pytest.approx(math.sqrt(fits.variance[place] * (weights @ whole @ weights)))


# --- placebo in time


@pytest.mark.parametrize("at", [78, 104, 130], ids=["middle", "late", "last date"])
def test_ranks_are_uniform_where_nothing_happened(at):
    rng = np.random.default_rng(at)
    waves = season(156, 52.18)
    p = np.array([in_time(noise(156, 0.6, rng), at, x=waves).p for _ in range(500)])
    for chance in (0.05, 0.1, 0.2, 0.5, 0.8):
        three = 3 * math.sqrt(chance * (1 - chance) / p.size)
        assert np.mean(p <= chance) == pytest.approx(chance, abs=three)


def test_ranks_among_earlier_dates_alone_would_claim_too_much():
    rng = np.random.default_rng(18)
    claimed = []
    for _ in range(500):
        found = in_time(noise(156, 0.6, rng), 104, window=13, trend=False)
        earlier = np.abs(found.strength[found.clear])
        claimed.append((1 + np.sum(earlier >= abs(found.own))) / (1 + earlier.size) <= 0.05)
    assert np.mean(claimed) > 0.065


def test_a_break_stands_out_from_other_dates_and_one_elsewhere_does_not():
    rng = np.random.default_rng(19)
    here, there = [], []
    for _ in range(60):
        y = noise(156, 0.3, rng) + 3.0 * (np.arange(156) >= 104)
        here.append(in_time(y, 104).p)
        there.append(in_time(y, 50).p)
    assert np.mean(np.array(here) <= 0.05) > 0.9
    assert np.mean(np.array(there) <= 0.05) < 0.1


def test_the_change_at_the_event_is_that_which_was_put_in():
    rng = np.random.default_rng(29)
    step = 3.0 * (np.arange(156) >= 104)
    found = [in_time(noise(156, 0.3, rng) + step, 104, x=season(156, 52.18)).value for _ in range(200)]
    assert np.mean(found) == pytest.approx(3, abs=3 * np.std(found) / math.sqrt(200))


def test_the_side_that_was_foreseen_is_the_only_one_that_counts():
    y = noise(156, 0.3, np.random.default_rng(20)) + 3.0 * (np.arange(156) >= 104)
    up, down = (in_time(y, 104, side=side).p for side in ("up", "down"))
    assert up < 0.03
    assert down > 0.95


def test_an_effect_that_one_year_carries_leans_on_it():
    rng = np.random.default_rng(21)
    y, years = noise(260, 0.3, rng), [2017 + row // 52 for row in range(260)]
    whole = y + 3.0 * (np.arange(260) >= 156)
    steady = without_each(whole, 156, years, trend=False)
    assert steady.years == (2017, 2018, 2019, 2020, 2021)
    assert steady.one_sign
    assert steady.low < 3 < steady.high
    one = y + 4.0 * ((np.arange(260) >= 156) & (np.arange(260) < 208))
    leaning = without_each(one, 156, years, trend=False)
    assert leaning.leans_on in {2020, 2021}
    assert leaning.change > 1
    assert leaning.effect_low[3] < 0 < leaning.effect_high[3]


# --- return to the old path


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_a_stretch_that_lies_delta_away_is_called_back_once_in_twenty_times_at_most(rho):
    rng = np.random.default_rng(int(10 * rho))
    wrong, held = [], []
    for _ in range(300):
        y = noise(156, rho, rng)
        delta = 1.5 * return_to_path(y, 104, delta=1, last=26).least_delta
        found = return_to_path(y + delta * (np.arange(156) >= 104), 104, delta=delta, last=26)
        wrong.append(found.back)
        held.append(found.low <= delta <= found.high)
    three = 3 * math.sqrt(0.05 * 0.95 / 300)
    assert np.mean(wrong) <= 0.05 + three
    assert np.mean(held) >= 0.95 - three


def test_a_series_that_is_back_is_shown_to_be_and_one_that_is_not_is_not():
    rng = np.random.default_rng(22)
    dip = -5.0 * ((np.arange(208) >= 104) & (np.arange(208) < 140))
    back, away = [], []
    for _ in range(60):
        y = noise(208, 0.3, rng)
        back.append(return_to_path(y + dip, 104, delta=2.5, last=52).back)
        away.append(return_to_path(y - 5.0 * (np.arange(208) >= 104), 104, delta=2, last=52).away)
    assert np.mean(back) > 0.9
    assert np.mean(away) > 0.7


def test_the_margin_that_can_be_shown_widens_as_the_event_recedes():
    y = noise(364, 0.6, np.random.default_rng(23))
    least = [return_to_path(y[: 104 + after], 104, delta=1, last=26).least_delta for after in (26, 104, 260)]
    assert least[0] < least[1] / 1.5 < least[2] / 2.5
    widths = np.diff(np.stack([(path := old_path(y, 104)).low, path.high]), axis=0)[0]
    assert np.all(np.diff(widths) > 0)


def test_the_claim_and_its_p_value_and_interval_agree():
    rng = np.random.default_rng(24)
    for _ in range(40):
        found = return_to_path(noise(130, 0.4, rng), 104, delta=0.8, last=26)
        assert found.back == (found.p <= 0.05) == (found.near[0] > -0.8 and found.near[1] < 0.8)
        assert found.low < found.near[0] < found.value < found.near[1] < found.high


# --- a level that wanders


def test_intervals_around_a_level_that_wanders_hold_the_truth():
    rng = np.random.default_rng(27)
    foreseen, added, still = [], [], []
    for _ in range(80):
        y = np.cumsum(0.2 * rng.standard_normal(100)) + rng.standard_normal(100) + 2 * (np.arange(100) >= 70)
        found, whole = foretold(y, 70), interrupted(y, 70)
        foreseen.append(found.low <= 2 <= found.high)
        added.append(whole.low[0] <= 2 <= whole.high[0])
        static = foretold(y, 70, model="static")
        still.append(static.low <= 2 <= static.high)
    three = 3 * math.sqrt(0.05 * 0.95 / 80)
    assert np.mean(foreseen) >= 0.95 - three
    assert np.mean(added) >= 0.95 - three
    assert np.mean(still) < np.mean(foreseen) - 0.1


# --- series that the event did not reach


def test_an_interval_against_controls_holds_the_truth_and_its_rank_is_uniform():
    rng = np.random.default_rng(26)
    held, p = [], []
    for _ in range(150):
        common = np.cumsum(rng.standard_normal((2, 40)), axis=1)
        y = rng.standard_normal((11, 2)) @ common + 0.5 * rng.standard_normal((11, 40))
        found = synthetic_difference(y[0] + 2 * (np.arange(40) >= 30), y[1:], 30)
        held.append(found.low <= 2 <= found.high)
        p.append(synthetic_difference(y[0], y[1:], 30).p)
    assert np.mean(held) >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / 150)
    for rank in (2, 5, 9):
        chance = rank / 11
        assert np.mean(np.array(p) <= chance + 1e-9) == pytest.approx(
            chance, abs=3 * math.sqrt(chance * (1 - chance) / 150)
        )


# --- waves


def course(waves, spread, rng):
    se = rng.uniform(0.8, 1.25, waves)
    true = 50 + np.cumsum(spread * rng.standard_normal(waves))
    return History(value=true + se * rng.standard_normal(waves), se=se, when=np.arange(waves))


@pytest.mark.parametrize("before", [2, 3, 4])
def test_a_wave_without_an_event_lies_where_it_was_foretold(before):
    rng = np.random.default_rng(before)
    inside, told = [], []
    for _ in range(500):
        spreads = np.exp(0.5 * rng.standard_normal(13))
        learnt = borrow([course(before + 1, each, rng) for each in spreads[1:]])
        own = course(before + 1, spreads[0], rng)
        first = History(value=own.value[:-1], se=own.se[:-1], when=own.when[:-1])
        found = wave_change(first, own.value[-1], own.se[-1], before, borrowed=learnt)
        inside.append(not found.outside)
        told.append(wave_change(first, own.value[-1] + 12, own.se[-1], before, borrowed=learnt).outside)
        assert found.outside == (found.p < 0.05)
        assert found.value == pytest.approx(own.value[-1] - found.expected)
    assert 0.92 <= np.mean(inside) <= 0.985
    assert np.mean(told) > 0.85


def test_more_time_between_waves_and_livelier_measures_make_the_prediction_wider():
    learnt = Borrowed(spread=np.array([1.0]), weight=np.array([1.0]), histories=5, changes=10)
    lively = Borrowed(spread=np.array([4.0]), weight=np.array([1.0]), histories=5, changes=10)
    before = History(value=[60, 61], se=[1, 1], when=[0, 1])
    near, far, wide = (
        wave_change(before, 62, 1, when, borrowed=each) for when, each in ((2, learnt), (9, learnt), (2, lively))
    )
    assert near.least < far.least
    assert near.least < wide.least
    # one spread makes it the plain filter: variances 2/3 + 1 after the second wave, one more step, one more error
    assert near.least == pytest.approx(stats.norm.ppf(0.975) * math.sqrt(2 / 3 + 1 + 1), rel=1e-9)


def test_a_measure_of_its_own_waves_moves_as_its_own_waves_say():
    learnt = Borrowed(spread=np.geomspace(0.1, 10, 41), weight=np.full(41, 1 / 41), histories=5, changes=10)
    calm, lively = (
        wave_change(History(value=each, se=[0.5] * 5, when=range(5)), 50, 0.5, 5, borrowed=learnt).spread
        for each in ([50, 50.2, 49.9, 50.1, 50], [50, 58, 44, 53, 46])
    )
    assert calm < 1 < lively


# --- what no method can use

Y = noise(156, 0.3, np.random.default_rng(25))
GAPS = np.where(np.arange(156) == 7, np.nan, Y)
EVERYTHING = {
    "shapes": shapes,
    "placebo": in_time,
    "each year": lambda y, at: without_each(y, at, [row // 52 for row in range(len(y))]),
    "return": lambda y, at: return_to_path(y, at, delta=1, last=5),
    "structural": interrupted,
    "forecast": foretold,
}


@pytest.mark.parametrize("method", EVERYTHING.values(), ids=EVERYTHING)
@pytest.mark.parametrize(
    ("y", "at", "says"),
    [
        (np.zeros(156), 104, "the same value throughout"),
        (GAPS, 104, "1 gaps, the first in row 7"),
        (Y, 156, "lies outside the 156 rows"),
        (Y, -3, "lies outside the 156 rows"),
        (Y[:6], 3, "are too few|fake dates|can be left out"),
        (Y[None, :].repeat(2, axis=0), 1, "one dimension"),
    ],
    ids=["all nought", "a gap", "after the end", "before the start", "six rows", "two series"],
)
def test_what_no_series_can_carry_is_refused_with_a_word_of_what_is_missing(method, y, at, says):
    with pytest.raises(EvidenceError, match=says):
        method(y, at)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: shapes(Y, 104, x=np.ones(156)), EvidenceError, "explained by the others, a constant and the trend"),
        (lambda: shapes(Y, 104, x=np.ones((10, 1))), EvidenceError, "10 rows of regressors do not fit 156"),
        (lambda: shapes(Y, at=True), DefinitionError, "a number of rows, not at True"),
        (lambda: steps_back(20, 10, 10), DefinitionError, "does not end within the 10"),
        (lambda: fades(20, 10, 0), DefinitionError, "half-life is above nought"),
        (lambda: season(20, 4, 3), DefinitionError, "has no 3 waves"),
        (lambda: in_time(Y, 104, window=1), DefinitionError, "do not tell a change from noise"),
        (lambda: in_time(Y, 104, side="left"), DefinitionError, "no side 'left'"),
        (lambda: in_time(Y[:60], 30, window=20), EvidenceError, "give 20 fake dates"),
        (lambda: in_time(Y, 150), EvidenceError, "6 from it on are too few"),
        (lambda: without_each(Y, 104, [1] * 3), DefinitionError, "3 labels do not fit 156 rows"),
        (lambda: without_each(Y, 104, [1] * 156), EvidenceError, "0 years can be left out"),
        (lambda: return_to_path(Y, 104, delta=0, last=5), DefinitionError, "nothing is within 0 of a path"),
        (lambda: return_to_path(Y, 104, delta=1, last=60), EvidenceError, "60 rows does not fit into the 52"),
        (lambda: old_path(Y, 104, x=1.0 * (np.arange(156) > 110)), EvidenceError, "does not vary by itself before"),
        (lambda: old_path(np.arange(156.0), 104), EvidenceError, "explain the series without fail"),
    ],
)
def test_what_makes_no_sense_is_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()


LEARNT = Borrowed(spread=np.array([1.0]), weight=np.array([1.0]), histories=5, changes=10)
TWO = History(value=[1, 2], se=[1, 1], when=[0, 1])


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: borrow([TWO, TWO]), EvidenceError, "2 histories cannot show"),
        (lambda: borrow([History(value=[1], se=[1], when=[1])] * 3), EvidenceError, "1 wave shows no course"),
        (lambda: borrow([History(value=[1, 2], se=[1], when=[0, 1])] * 3), DefinitionError, "2 waves have 1 standard"),
        (lambda: borrow([History(value=[1, 2], se=[1, 0], when=[0, 1])] * 3), DefinitionError, "not above nought"),
        (lambda: borrow([History(value=[1, 2], se=[1, 1], when=[1, 0])] * 3), DefinitionError, "not in the order"),
        (lambda: wave_change(TWO, 5, 1, 1, borrowed=LEARNT), DefinitionError, "was not held last"),
        (lambda: wave_change(TWO, 5, 0, 2, borrowed=LEARNT), DefinitionError, "has no standard error"),
    ],
)
def test_waves_that_make_no_sense_are_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()

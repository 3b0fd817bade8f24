"""Steps in autocorrelated series: none is found where there is none, and one where there is."""

from __future__ import annotations

import numpy as np
import pytest

import break_tables
import breaks as proof
from peil.errors import EvidenceError
from peil.methods.autocorrelation import known_date, known_dates, unknown_date, unknown_dates
from peil.methods.breakpoints import many_partitions
from peil.methods.step_tables import SEASONS, tables

DRAWS = 2_500
# the bar is 4 to 6 %; this many draws can miss it by 1.3
LEAST, MOST = 0.027, 0.073


# --- no step


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    ("kind", "n", "rho"),
    [
        ("AR(1)", 60, 0.0), ("AR(1)", 60, 0.9), ("AR(1)", 156, 0.6), ("AR(1)", 156, 0.9), ("AR(1)", 300, 0.8),
        ("AR(2), second +0.25", 156, 0.6), ("AR(2), second −0.25", 156, 0.8), ("shares", 156, 0.3), ("volumes", 300, 0.6),
    ],
)  # fmt: skip
def test_a_step_is_found_in_one_of_twenty_series_without_any(kind, n, rho, known):
    assert LEAST < proof.found(kind, n, rho, known=known, draws=DRAWS) < MOST


@pytest.mark.parametrize(("n", "year", "waves"), [(120, 12, 2), (208, 52, 2), (90, 12, 2), (450, 52, 2)])
def test_lengths_and_seasons_between_those_of_the_tables_keep_the_size(n, year, waves):
    t = np.arange(n)
    season = [wave(2 * np.pi * j * t / year) for j in range(1, waves + 1) for wave in (np.cos, np.sin)]
    x = np.column_stack([np.ones(n), t, *season])
    y = proof.autoregression(np.random.default_rng(n), DRAWS, n, 0.6, 0.0)
    assert LEAST < float((unknown_dates(y, x).p < 0.05).mean()) < MOST


def test_a_criterion_finds_breaks_where_the_test_finds_none():
    y = proof.autoregression(np.random.default_rng(5), 400, 156, 0.6, 0.0)
    assert float((many_partitions(y).chosen > 0).mean()) > 0.6
    assert float((unknown_dates(y).p < 0.05).mean()) < 0.09


# --- a step


@pytest.mark.parametrize(("rho", "step"), [(0.3, 2.0), (0.6, 3.0), (0.8, 3.0)])
def test_a_step_of_two_or_three_deviations_is_found_in_four_of_five_series(rho, step):
    assert proof.found("AR(1)", 156, rho, step=step, known=False, draws=1_000) > 0.8


def test_the_interval_of_a_known_date_holds_the_step():
    rng, x = np.random.default_rng(11), proof.regressors(156, 52)
    y = proof.world("AR(1)", rng, 400, 156, 0.6, step=1.0)
    held = [found.step.low <= 0.2 <= found.step.high for found in (known_date(each, 78, x) for each in y)]
    # 95 % of 400, give or take three standard errors
    assert 0.917 < np.mean(held) < 0.983


def test_step_and_slope_are_told_apart():
    rng, n = np.random.default_rng(12), 156
    t = np.arange(n)
    x = np.column_stack([np.ones(n), t])
    truth = 0.01 * t + 2.0 * (t >= 70) + 0.03 * np.maximum(t - 70, 0)
    y = truth + proof.autoregression(rng, 300, n, 0.5, 0.0)
    found = [known_date(each, 70, x, slope=True) for each in y]
    steps = [each.step.low <= 2.0 <= each.step.high for each in found]
    slopes = [each.slope.low <= 0.03 <= each.slope.high for each in found if each.slope]
    assert len(slopes) == 300
    assert 0.91 < np.mean(steps) < 0.985
    assert 0.91 < np.mean(slopes) < 0.985


def test_the_smallest_step_that_can_be_found_is_found_in_four_of_five_series():
    rng, n = np.random.default_rng(13), 156
    x = np.column_stack([np.ones(n), np.arange(n)])
    noise = proof.autoregression(rng, 400, n, 0.3, 0.0)
    for search in (known_date, None):
        least = np.median(
            [(search(each, 78, x) if search else unknown_date(each, x)).minimum_effect for each in noise[:100]]
        )
        y = noise + least * (np.arange(n) >= 78)
        p = known_dates(y, 78, x).p if search else unknown_dates(y, x).p
        assert 0.70 < float((p < 0.05).mean()) < 0.90


def test_the_interval_of_the_date_holds_the_date_of_a_clear_step():
    rng, n = np.random.default_rng(14), 156
    y = proof.autoregression(rng, 300, n, 0.3, 0.0) + 2.0 * (np.arange(n) >= 60)
    found = [unknown_date(each) for each in y]
    held = [each.low <= 60 <= each.high for each in found if each.p < 0.05]
    assert len(held) > 200
    assert np.mean(held) > 0.9


# --- what must not matter


def test_units_trend_and_season_change_nothing():
    rng, x = np.random.default_rng(15), proof.regressors(156, 52)
    y = proof.autoregression(rng, 50, 156, 0.6, 0.0)
    plain = unknown_dates(y, x)
    moved = unknown_dates(1e4 * (y + x @ np.array([5, 0.3, 2, -1, 1, 0.5])), x)
    assert moved.at.tolist() == plain.at.tolist()
    assert moved.p == pytest.approx(plain.p, rel=1e-6)
    assert moved.effect == pytest.approx(1e4 * plain.effect, rel=1e-6)


def test_the_effect_and_its_error_are_those_of_generalised_least_squares():
    """Held against the textbook formula with the whole covariance matrix of the autoregression."""
    rng, x, n, at = np.random.default_rng(16), proof.regressors(60, 12), 60, 25
    y = proof.autoregression(rng, 1, n, 0.5, 0.2)[0]
    found = known_date(y, at, x)
    first, second = found.partial
    r = [1.0, first]
    for _ in range(2, n):
        r.append(first * (1 - second) * r[-1] + second * r[-2])
    inverse = np.linalg.inv(np.array([[r[abs(i - j)] for j in range(n)] for i in range(n)]))
    z = np.column_stack([x, np.arange(n) >= at])
    covariance = np.linalg.inv(z.T @ inverse @ z)
    b = covariance @ z.T @ inverse @ y
    left = y - z @ b
    se = np.sqrt(covariance[-1, -1] * (left @ inverse @ left) / (n - z.shape[1]))
    assert found.step.value == pytest.approx(b[-1], rel=1e-8)
    assert found.step.se == pytest.approx(se, rel=1e-8)


def test_p_values_fall_as_steps_grow_and_agree_with_the_interval():
    rng, n = np.random.default_rng(17), 100
    noise = proof.autoregression(rng, 1, n, 0.4, 0.0)[0]
    p = [unknown_date(noise + step * (np.arange(n) >= 40)).p for step in (0, 2, 4, 8, 16)]
    assert p == sorted(p, reverse=True)
    for step in (0.0, 0.4, 0.8, 1.2, 2.0):
        effect = known_date(noise + step * (np.arange(n) >= 40), 40).step
        assert (effect.p < 0.05) == (not effect.low <= 0 <= effect.high)


# --- the tables


def test_the_tables_are_what_their_program_makes():
    medians, critical, _ = break_tables.one(30, 0, SEASONS[0], 0, break_tables.SEED)
    assert tables()["medians"][0, 0, 0, 0] == pytest.approx(medians, abs=1e-5)
    assert tables()["critical"][0, 0, 0, 0] == pytest.approx(critical, abs=1e-3)


# --- what cannot be answered

SLOW_SEASON = np.column_stack(
    [np.ones(60), *(wave(j * np.arange(60) / 6) for j in (1, 2) for wave in (np.cos, np.sin))]
)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda y: unknown_date(y[:29]), "29 periods are too few"),
        (lambda y: unknown_date(0 * y), "same value throughout"),
        (lambda y: unknown_date(np.where(np.arange(60) == 7, np.nan, y)), "1 gaps, the first in row 7"),
        (lambda y: unknown_date(y, np.arange(60.0)), "no regressor is constant"),
        (lambda y: unknown_date(y, SLOW_SEASON), "could be .* of a step"),
        (lambda y: known_date(y, 59), "no level on one side"),
        (lambda y: known_date(y, -1), "no level on one side"),
        (lambda y: known_date(y, 30, level=0.99999), "choose a level between"),
        (unknown_dates, "two dimensions"),
        (
            lambda y: unknown_date(y, np.random.default_rng(0).normal(size=(60, 30)) + 1),
            "constant|more than the tables",
        ),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_reason(call, says):
    with pytest.raises(EvidenceError, match=says):
        call(np.random.default_rng(1).normal(size=60))

"""What holds of any dose: units scale out, a switch is a date, spread over few units is what the textbook says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from peil.errors import DefinitionError, EvidenceError
from peil.methods.autocorrelation import known_date
from peil.methods.dose import as_a_date, bin_of
from peil.methods.dose_in_time import dose_in_time
from peil.methods.dose_units import dose_units
from peil.methods.first_order import null_columns, season

N = 120
# estimates are reckoned by two roads, each of some hundred additions
NEAR = 1e-8


def waves(n: int = N, at: int = 60) -> np.ndarray:
    since = np.arange(n) - at
    return np.where(since >= 0, 0.2 + 0.8 * np.exp(-(((since - 10) / 9) ** 2)), 0.0)


def lingering(seed: int, shape: tuple[int, ...] = (N,), rho: float = 0.5) -> np.ndarray:
    made = np.random.default_rng(seed).normal(size=shape)
    for row in range(1, shape[-1]):
        made[..., row] = rho * made[..., row - 1] + np.sqrt(1 - rho**2) * made[..., row]
    return made


def panel(seed: int = 3, units: int = 6, periods: int = 14) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    dose = np.outer(rng.uniform(0.1, 1, units), np.clip(np.arange(periods) - 6, 0, 4))
    y = 2 * dose + rng.normal(size=(units, 1)) + rng.normal(size=periods) + rng.normal(0, 0.5, size=dose.shape)
    return y, dose


def test_the_units_of_the_dose_and_of_the_series_scale_out() -> None:
    x = null_columns(N, season(N, 52.18, 1), trend=True)
    y, dose = lingering(1) + 2 * waves(), waves()
    one, other = dose_in_time(y, dose, x), dose_in_time(5 * y - 3, dose * 100, x)
    assert other.effect.value == pytest.approx(one.effect.value / 20, rel=NEAR)
    assert other.effect.low == pytest.approx(one.effect.low / 20, rel=NEAR)
    assert (other.placebo_p, other.effect.p) == pytest.approx((one.placebo_p, one.effect.p))


def test_a_dose_that_is_on_or_off_gives_what_the_test_of_a_known_date_gives() -> None:
    y, at = lingering(2) + 1.5 * (np.arange(N) >= 70), 70
    dose = 1.0 * (np.arange(N) >= at)
    x = null_columns(N, None, trend=True)
    found, step = dose_in_time(y, dose, x), known_date(y, at, x).step
    assert found.as_a_date == pytest.approx(1.0)
    # the autocorrelation is set right by simulations of this dose here and by a table there
    assert found.effect.value == pytest.approx(step.value, abs=0.1 * step.se)
    assert found.effect.high - found.effect.low == pytest.approx(step.high - step.low, rel=0.15)
    assert found.curvature is None


def test_a_dose_of_waves_tells_more_than_a_date() -> None:
    q = np.linalg.qr(null_columns(N, None, trend=True))[0].T
    assert as_a_date(waves(), q) < 0.8
    assert as_a_date(1.0 * (np.arange(N) >= 50), q) == pytest.approx(1.0)


def test_several_lags_widen_the_interval_and_find_the_right_one() -> None:
    dose = np.random.default_rng(5).uniform(size=N)
    y = lingering(4, rho=0.2) + 2 * np.concatenate([np.zeros(2), dose[:-2]])
    tried, alone = dose_in_time(y, dose, lags=3), dose_in_time(y, dose)
    assert tried.lag == 2
    assert tried.effect.clear
    assert not alone.effect.clear
    reach = [(each.effect.high - each.effect.value) for each in (tried.lags[0], alone.lags[0])]
    assert reach[0] > reach[1]


def test_what_moves_before_the_dose_is_seen_in_its_lead() -> None:
    dose = waves()
    early = dose_in_time(lingering(6, rho=0.2) + 4 * np.roll(dose, -5), dose, lead=5)
    proper = dose_in_time(lingering(6, rho=0.2) + 4 * dose, dose, lead=5)
    assert early.lead is not None
    assert proper.lead is not None
    assert early.lead.p < 0.01 < proper.lead.p


def test_an_effect_that_turns_at_higher_doses_is_no_slope() -> None:
    dose = waves()
    assert dose_in_time(lingering(7, rho=0.2) + 12 * dose * (1 - dose), dose).turns
    assert not dose_in_time(lingering(7, rho=0.2) + 4 * dose, dose).turns


def test_bins_are_few_and_start_at_the_lowest_dose() -> None:
    made = bin_of(waves())
    assert made.min() == 0
    assert set(made[:60]) == {0}
    assert 2 < made.max() + 1 <= 5
    bins = dose_in_time(lingering(8) + 3 * waves(), waves()).bins
    assert bins[0].effect.value == 0
    assert [each.dose for each in bins] == sorted(each.dose for each in bins)
    assert sum(each.n for each in bins) == N


def test_the_spread_over_units_is_that_of_all_dummies_written_out() -> None:
    """CR2 and its degrees of freedom (Bell and McCaffrey 2002), reckoned here with a dummy for every unit and period."""
    y, dose = panel()
    y[2, 3] = y[4, 10] = np.nan
    found = dose_units(y, dose, lead=2)
    unit, period = np.nonzero(np.isfinite(y))
    seen, x = y[unit, period], dose[unit, period]
    table = np.column_stack([x, np.eye(6)[unit], np.eye(14)[period][:, 1:]])
    bread = np.linalg.inv(table.T @ table)
    slope = bread @ table.T @ seen
    maker = np.eye(seen.size) - table @ bread @ table.T
    variance, carried = 0.0, []
    for each in range(6):
        own = np.flatnonzero(unit == each)
        size, turn = np.linalg.eigh(maker[np.ix_(own, own)])
        root = turn @ np.diag(np.where(size > NEAR, 1 / np.sqrt(np.maximum(size, NEAR)), 0.0)) @ turn.T
        weight = root @ table[own] @ bread[:, 0]
        variance += float(weight @ (seen - table @ slope)[own]) ** 2
        carried.append(maker[:, own] @ weight)
    shared = np.array(carried) @ np.array(carried).T
    assert found.effect.value == pytest.approx(slope[0], rel=NEAR)
    assert found.se == pytest.approx(variance**0.5, rel=1e-6)
    df = np.trace(shared) ** 2 / np.sum(shared**2)
    assert found.detectable / found.se == pytest.approx(float(stats.t.ppf([0.975, 0.8], df).sum()), rel=1e-6)


def test_effects_of_units_and_periods_do_not_count() -> None:
    y, dose = panel()
    rng = np.random.default_rng(9)
    moved = y + 9 * rng.normal(size=(6, 1)) + 9 * rng.normal(size=14)
    assert dose_units(moved, dose).effect.value == pytest.approx(dose_units(y, dose).effect.value, rel=1e-6)


def test_deals_of_few_units_are_all_tried() -> None:
    y, dose = panel(units=4)
    found = dose_units(y, dose)
    assert found.placebos == 23

    def free(table: np.ndarray) -> np.ndarray:
        return table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()

    def strength(x: np.ndarray) -> float:
        slope = (x * free(y)).sum() / (x * x).sum()
        scores = (x * (free(y) - slope * x)).sum(axis=1)
        return float(abs(slope) * (x * x).sum() / np.sqrt((scores**2).sum()))

    strengths = [strength(free(dose[list(deal)])) for deal in itertools.permutations(range(4))]
    assert found.placebo_p == pytest.approx(np.mean(np.array(strengths) >= strengths[0] * (1 - NEAR)))
    nearly = np.array(y)
    nearly[0, 0] = np.nan  # a row less, and every deal is fitted anew
    assert dose_units(nearly, dose).placebo_p == pytest.approx(found.placebo_p, abs=2.5 / 24)
    assert dose_units(*panel(units=9)).placebos == 999


@pytest.mark.parametrize(
    ("dose", "error", "says"),
    [
        (np.full(N, 0.4), EvidenceError, "same throughout"),
        (np.where(np.arange(N) < 9, np.nan, 1.0), EvidenceError, "no value in 9 places"),
        (waves() - 0.1, DefinitionError, "60 doses lie below nought"),
        (0.5 + 0.001 * np.arange(N), EvidenceError, "trend and season explain the whole dose"),
        (waves(90), DefinitionError, "90 doses do not fit 120 periods"),
    ],
)
def test_a_dose_that_cannot_be_used_is_refused(dose: np.ndarray, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        dose_in_time(lingering(1), dose, null_columns(N, None, trend=True))


def test_units_that_cannot_be_compared_are_refused() -> None:
    y, dose = panel()
    with pytest.raises(EvidenceError, match="every unit had the same dose"):
        dose_units(y, np.tile(dose[0], (6, 1)))
    with pytest.raises(EvidenceError, match="1 unit over 14 periods"):
        dose_units(y[:1], dose[:1])
    with pytest.raises(DefinitionError, match=r"doses of shape \(5, 14\)"):
        dose_units(y, dose[:5])
    with pytest.raises(EvidenceError, match="too few"):
        dose_in_time(lingering(1)[:20], waves()[50:70])

"""Whether a series is back on its old path: a claim of equivalence, for which too little evidence is no evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import DefinitionError, EvidenceError
from peil.methods.first_order import GRID, Fits, ahead, checked_event, fitted, null_columns
from peil.methods.moments import Floats

_BEFORE = 24


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OldPath:
    """What the rows before an event foretell of those that follow.

    Parameters:
        expected: (rows from the event on,) the path; the last errors before the event fade out of it.
        low, high: (…) interval of each row, which widens with the horizon.
        level: of the intervals.
        autocorrelation: of the errors before the event.
    """

    expected: Floats
    low: Floats
    high: Floats
    level: float
    autocorrelation: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Return:
    """How far the last stretch of a series lies from its old path, and whether that is near enough.

    Parameters:
        value: mean of the last stretch less that of the old path, in the unit of the series.
        se: of it.
        low, high: interval of ``value`` at ``level``.
        delta: how far off still counts as back.
        p: chance of as near a stretch if the truth were ``delta`` away, on the side where that is likelier: the larger of the
            two one-sided tests (Schuirmann 1987).
        back: whether the stretch is shown to lie within ``delta`` of the path.
        away: whether it is shown to lie further off. Neither is to be had where the interval is wide.
        near: what the claim rests on: the interval whose ends are each one-sided.
        least_delta: the smallest ``delta`` that could have been shown here, had the stretch lain on the path.
        last: rows of the stretch.
        level: 1 less the chance of a wrong claim.
        path: the old path over all rows from the event on.
    """

    value: float
    se: float
    low: float
    high: float
    delta: float
    p: float
    back: bool
    away: bool
    near: tuple[float, float]
    least_delta: float
    last: int
    level: float
    path: OldPath


def old_path(y: ArrayLike, at: int, *, x: ArrayLike | None = None, trend: bool = True, level: float = 0.95) -> OldPath:
    """Return what a line (or a level) with autocorrelated errors, fitted before an event, foretells of the rows after it.

    Parameters:
        y: the series, one row a period.
        at: how many rows lie before the event.
        x: (n, k) what else moves the series, over all rows: the season, working days, series that the event did not reach.
        trend: whether the path goes on in a straight line; else it stays level.
        level: of the intervals of single rows.

    Raises:
        EvidenceError: gaps, no variation, fewer than 24 rows before the event, an event outside the rows, or regressors that
            explain one another.

    Example:
        >>> noise = np.random.default_rng(3).normal(size=80)
        >>> path = old_path(noise + 0.5 * np.arange(80), 60)
        >>> bool(np.all(np.abs(path.expected - 0.5 * np.arange(60, 80)) < 2)), path.high.shape
        (True, (20,))
    """
    series = checked_event(y, at, before=_BEFORE, after=1)
    columns, fits = _before(series, at, x, trend=trend)
    return _path(fits, columns, at, level)


def return_to_path(
    y: ArrayLike,
    at: int,
    *,
    delta: float,
    last: int,
    x: ArrayLike | None = None,
    trend: bool = True,
    level: float = 0.95,
) -> Return:
    """Return whether the last rows of a series lie within ``delta`` of the path that it was on before an event.

    The interval holds the noise of the stretch and everything that is not known of the path: its slope, above all, so that it
    widens as the event recedes, and the autocorrelation, over which everything is averaged.

    Parameters:
        y: the series, one row a period.
        at: how many rows lie before the event.
        delta: how far off still counts as back, in the unit of the series; to be chosen before looking.
        last: how many rows the last stretch has: half a year to a year, so that no season is left over.
        x: as in ``old_path``.
        trend: as in ``old_path``.
        level: 1 less the chance of calling a series back that is not.

    Raises:
        EvidenceError: as in ``old_path``, or the stretch is longer than the rows from the event on.
        DefinitionError: ``delta`` is not above nought.

    Example:
        >>> noise = np.random.default_rng(3).normal(size=160)
        >>> dip = -5.0 * ((np.arange(160) >= 80) & (np.arange(160) < 110))
        >>> found = return_to_path(noise + dip, 80, delta=1.5, last=30)
        >>> found.back, found.away, found.least_delta < 1.5
        (True, False, True)
    """
    series = checked_event(y, at, before=_BEFORE, after=2)
    n = series.size
    if not (np.isfinite(delta) and delta > 0):
        raise DefinitionError(
            f"nothing is within {delta} of a path", remedy="say how far off still counts as back, in the series' unit"
        )
    if not 1 <= last <= n - at:
        raise EvidenceError(
            f"a last stretch of {last} rows does not fit into the {n - at} from the event on",
            remedy="take a shorter stretch, or wait",
        )
    columns, fits = _before(series, at, x, trend=trend)
    weights = np.zeros(n - at)
    weights[-last:] = 1 / last
    mean = float(series[-last:].mean())
    drawn = ahead(fits, columns[at - 1], columns[at:], weights)
    value = mean - drawn.mean
    # the difference is the mean of the stretch less a draw of the path
    above, below = drawn.below(mean - delta), 1 - drawn.below(mean + delta)
    low, high = (mean - drawn.quantile(chance) for chance in ((1 + level) / 2, (1 - level) / 2))
    near = (mean - drawn.quantile(level), mean - drawn.quantile(1 - level))
    return Return(
        value=value,
        se=drawn.se,
        low=low,
        high=high,
        delta=float(delta),
        p=max(above, below),
        back=max(above, below) <= 1 - level,
        away=low > delta or high < -delta,
        near=near,
        least_delta=(near[1] - near[0]) / 2,
        last=last,
        level=level,
        path=_path(fits, columns, at, level),
    )


def _before(series: Floats, at: int, x: ArrayLike | None, *, trend: bool) -> tuple[Floats, Fits]:
    columns = null_columns(series.size, x, trend=trend)
    if np.linalg.matrix_rank(columns[:at]) < columns.shape[1]:
        raise EvidenceError(
            "a regressor does not vary by itself before the event, so what it does cannot be learnt there",
            remedy="leave it out, or take a longer series",
        )
    return columns, fitted(series[:at], columns[:at])


def _path(fits: Fits, columns: Floats, at: int, level: float) -> OldPath:
    """Return every row's interval: a Student interval with the variance of the mixture over autocorrelations."""
    future = columns[at:]
    steps = np.arange(1, len(future) + 1)
    pull = GRID[:, None] ** steps
    combination = future[None] - pull[:, :, None] * columns[at - 1]
    known = np.einsum("ghi,gij,ghj->gh", combination, fits.inverse, combination)
    noise = (1 - pull * pull) / (1 - GRID * GRID)[:, None]
    centre = fits.coefficient @ future.T + pull * fits.last[:, None]
    expected = fits.weight @ centre
    variance = fits.weight @ (fits.variance[:, None] * (noise + known) + (centre - expected) ** 2)
    reach = float(special.stdtrit(fits.df, (1 + level) / 2)) * np.sqrt(variance)
    return OldPath(
        expected=expected,
        low=expected - reach,
        high=expected + reach,
        level=level,
        autocorrelation=fits.rho,
    )

"""A step in an autocorrelated series, at a known or an unknown date, with a test whose size is right.

Autocorrelation makes long stretches above and below the mean, which look like steps. Two partial autocorrelations are
estimated from what the regressors and the best step leave (Burg 1975), set right for their bias by tables of medians
(Andrews 1993, for one), and the series is whitened with them. The F of the step is then compared with what the same
procedure gives for series without any step (``step_tables``). A second-order autoregression is always allowed for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import EvidenceError
from peil.methods.break_dates import bai_quantile
from peil.methods.breakpoints import checked_many, checked_regressors, checked_series
from peil.methods.moments import Floats, Integers
from peil.methods.step_tables import FIRST, ROUNDS, SECOND, TRIMMING, Null, null

_POWER = 0.8
_MOST_DF = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A change with its uncertainty, in the unit of the series.

    Parameters:
        value: how much higher the series is after the date.
        se: standard error.
        df: the degrees of freedom with which Student's t reaches as far as the simulated tables say.
        low, high: bounds.
        p: chance of an F as large without a change.
    """

    value: float
    se: float
    df: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDate:
    """What a known date changed.

    Parameters:
        at: rows before the date.
        step: the change of level in the first row after.
        slope: the change of the trend in units a row, when asked for.
        minimum_effect: the step that would be found with a chance of 80 %.
        partial: partial autocorrelations, set right for bias.
        level: of the intervals.
    """

    at: int
    step: Effect
    slope: Effect | None
    minimum_effect: float
    partial: tuple[float, float]
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownDate:
    """The most likely step of a series, and whether there is one.

    Parameters:
        f: the largest F over all dates.
        p: chance of one as large without a step.
        at: rows before the step.
        low, high: bounds of that number, for a step that is there (Bai 1997).
        effect: its size, and ``se`` its standard error as if the date had been known.
        se: see ``effect``.
        minimum_effect: the step half way that would be found at ``level`` with a chance of 80 %.
        partial: partial autocorrelations, set right for bias.
        level: of the date's interval.
    """

    f: float
    p: float
    at: int
    low: int
    high: int
    effect: float
    se: float
    minimum_effect: float
    partial: tuple[float, float]
    level: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """Steps in many series, arrays with a place for each series.

    Parameters:
        f: F of the step, the largest over all dates where the date is unknown.
        p: chance of one as large without a step.
        at: rows before the step.
        effect: its size, in the unit of the series.
        se: its standard error; for an unknown date, as if that had been known.
        partial: (series, 2) partial autocorrelations, set right for bias.
    """

    f: Floats
    p: Floats
    at: Integers
    effect: Floats
    se: Floats
    partial: Floats


def unknown_dates(y: ArrayLike, x: ArrayLike | None = None) -> Steps:
    """Return the most likely step of each of many series, with the p-value of there being none.

    Dates within the first and last 15 % are not looked at. The regressors stay the same throughout: a trend or season
    among them is no step.

    Parameters:
        y: (series, n), one row a period, without gaps; shares as log odds, volumes as logs.
        x: (n, k) regressors, the constant among them; left out, the constant alone.

    Raises:
        EvidenceError: a series has gaps or does not vary, is too short, or there are too many regressors.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> y = rng.normal(size=(2, 100)) + np.outer([0, 3], np.arange(100) >= 40)
        >>> found = unknown_dates(y)
        >>> (found.p < 0.05).tolist(), int(found.at[1])
        ([False, True], 40)
    """
    series = checked_many(y)
    model = null(_columns(x, series.shape[1]), known=False)
    return _unknown(series, model)


def unknown_date(y: ArrayLike, x: ArrayLike | None = None, *, level: float = 0.95) -> UnknownDate:
    """Return the most likely step of a series, whether it is one, and the interval of its date.

    Parameters:
        y: the series, one row a period, without gaps; shares as log odds, volumes as logs.
        x: (n, k) regressors, the constant among them; left out, the constant alone.
        level: how often the date's interval is to hold the date of a step that is there.

    Raises:
        EvidenceError: the series has gaps or does not vary, is too short, or there are too many regressors.

    Example:
        >>> y = np.random.default_rng(0).normal(size=100) + 3 * (np.arange(100) >= 40)
        >>> found = unknown_date(y, np.column_stack([np.ones(100), np.arange(100)]))
        >>> found.at, found.low, found.high, found.p < 0.001
        (41, 39, 43, True)
    """
    series = checked_series(y)[None, :]
    n = series.shape[1]
    model = null(_columns(x, n), known=False)
    found = _unknown(series, model)
    first, second = (float(each) for each in found.partial[0])
    at, effect = int(found.at[0]), float(found.effect[0])
    from peil.methods.step_kernels import whitened_column, whitened_steps

    reach = float(model.reach(found.partial, level)[0])
    middle = whitened_steps(series, model.columns, found.partial, n // 2, n // 2)[0][0, 2]
    low, high = at, at
    if effect:
        # The innovations' variance is the squared standard error of a spike in a column of its own.
        spike = np.zeros(n)
        spike[n - 1] = 1.0
        step = (np.arange(n) >= at).astype(np.float64)
        sigma = float(whitened_column(series, np.vstack([model.columns, step]), spike, found.partial)[0, 2])
        far = bai_quantile((1 + level) / 2) * (sigma / ((1 - first) * (1 - second)) / effect) ** 2
        low, high = int(np.floor(at - far)), int(np.ceil(at + far))
    return UnknownDate(
        f=float(found.f[0]),
        p=float(found.p[0]),
        at=at,
        low=low,
        high=high,
        effect=effect,
        se=float(found.se[0]),
        minimum_effect=float(middle) * (reach + float(special.ndtri(_POWER))),
        partial=(first, second),
        level=level,
    )


def known_dates(y: ArrayLike, at: int, x: ArrayLike | None = None) -> Steps:
    """Return the step at one known date in each of many series.

    Parameters:
        y: (series, n), one row a period, without gaps; shares as log odds, volumes as logs.
        at: rows before the date.
        x: (n, k) regressors, the constant among them; left out, the constant alone.

    Raises:
        EvidenceError: as ``unknown_dates``, or the date is outside the series.

    Example:
        >>> y = np.random.default_rng(0).normal(size=(2, 100)) + np.outer([0, 3], np.arange(100) >= 40)
        >>> (known_dates(y, 40).p < 0.05).tolist()
        [False, True]
    """
    series = checked_many(y)
    _within(at, series.shape[1])
    return _known(series, at, null(_columns(x, series.shape[1]), known=True))


def known_date(
    y: ArrayLike, at: int, x: ArrayLike | None = None, *, slope: bool = False, level: float = 0.95
) -> KnownDate:
    """Return how much a series changed at a known date.

    Parameters:
        y: the series, one row a period, without gaps; shares as log odds, volumes as logs.
        at: rows before the date.
        x: (n, k) regressors, the constant among them; left out, the constant alone.
        slope: whether the trend may change as well; ``x`` has to hold the trend before.
        level: how often the intervals are to hold the truth.

    Raises:
        EvidenceError: the series has gaps or does not vary, is too short, or the date is outside it.

    Example:
        >>> y = np.random.default_rng(0).normal(size=100) + 3 * (np.arange(100) >= 40)
        >>> found = known_date(y, 40)
        >>> found.step.low < 3 < found.step.high, found.step.p < 0.001
        (True, True)
    """
    series = checked_series(y)[None, :]
    n = series.shape[1]
    _within(at, n)
    columns = _columns(x, n)
    later = np.maximum(np.arange(n) - at, 0).astype(np.float64)
    step = (np.arange(n) >= at).astype(np.float64)
    if slope:
        columns = _columns(np.column_stack([columns, later]), n)
    model = null(columns, known=True)
    found = _known(series, at, model)
    changed = _effect(model, found.f, found.effect, found.se, found.partial, level)
    bent = None
    if slope:
        from peil.methods.step_kernels import whitened_column

        others = np.linalg.qr(np.column_stack([columns[:, :-1], step]))[0].T
        f, value, se = (
            np.array([each]) for each in whitened_column(series, np.ascontiguousarray(others), later, found.partial)[0]
        )
        bent = _effect(model, f, value, se, found.partial, level)
    reach = (changed.high - changed.value) / changed.se if changed.se else 0.0
    return KnownDate(
        at=at,
        step=changed,
        slope=bent,
        minimum_effect=changed.se * (reach + float(special.ndtri(_POWER))),
        partial=(float(found.partial[0, 0]), float(found.partial[0, 1])),
        level=level,
    )


def _effect(model: Null, f: Floats, value: Floats, se: Floats, partial: Floats, level: float) -> Effect:
    reach = float(model.reach(partial, level)[0])
    centre, spread = float(value[0]), float(se[0])
    return Effect(
        value=centre,
        se=spread,
        df=_freedom(reach, level),
        low=centre - reach * spread,
        high=centre + reach * spread,
        p=float(model.p(f, partial)[0]),
    )


def _freedom(reach: float, level: float) -> float:
    """Return the degrees of freedom at which Student's t reaches so far."""
    low, high = 0.1, _MOST_DF
    if reach <= special.stdtrit(high, (1 + level) / 2):
        return float("inf")
    for _ in range(80):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if special.stdtrit(middle, (1 + level) / 2) > reach else (low, middle)
    return float(np.sqrt(low * high))


def _unknown(series: Floats, model: Null) -> Steps:
    from peil.methods import step_kernels

    n = series.shape[1]
    first = int(TRIMMING * n)
    seen = step_kernels.left_beside_a_step(series, model.columns, first, n - first)
    partial = step_kernels.unbiased(seen, model.medians, FIRST, SECOND, ROUNDS)
    found, at = step_kernels.whitened_steps(series, model.columns, partial, first, n - first)
    f, effect, se = found.T
    return Steps(f=f, p=model.p(f, partial), at=at, effect=effect, se=se, partial=partial)


def _known(series: Floats, at: int, model: Null) -> Steps:
    from peil.methods import step_kernels

    seen = step_kernels.left_beside_a_step(series, model.columns, at, at)
    partial = step_kernels.unbiased(seen, model.medians, FIRST, SECOND, ROUNDS)
    step = (np.arange(series.shape[1]) >= at).astype(np.float64)
    f, effect, se = step_kernels.whitened_column(series, model.columns, step, partial).T
    dates = np.full(f.size, at, dtype=np.int64)
    return Steps(f=f, p=model.p(f, partial), at=dates, effect=effect, se=se, partial=partial)


def _columns(x: ArrayLike | None, n: int) -> Floats:
    columns = checked_regressors(x, n)
    return np.ones((n, 1)) if columns is None else columns


def _within(at: int, n: int) -> None:
    if not 2 <= at <= n - 2:  # noqa: PLR2004  # two rows on either side make a level
        raise EvidenceError(
            f"a date after {at} of {n} rows leaves no level on one side", remedy="take a date inside the series"
        )

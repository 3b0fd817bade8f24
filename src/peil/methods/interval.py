"""Confidence intervals that hold for few rows and a complex design; each returns (low, high)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.methods.moments import Floats
from peil.methods.student import student

Interval = tuple[Floats, Floats]
POINTS = 100.0
HALVINGS = 48  # leaves 2 / 2**48 of the range of a score: beyond what is ever shown


def mean(
    value: ArrayLike,
    se: ArrayLike,
    df: ArrayLike,
    *,
    level: float = 0.95,
    least: float = -np.inf,
    most: float = np.inf,
) -> Interval:
    """Return Student's interval, kept within the scale.

    Parameters:
        value: the estimates.
        se: their standard errors.
        df: their degrees of freedom; without any there is no interval, and it is nan.
        level: how often the interval is to hold the truth.
        least: lowest value there can be.
        most: highest value there can be.

    Example:
        >>> low, high = mean([7.0], [0.5], [4])
        >>> low.round(3).tolist(), high.round(3).tolist()
        ([5.612], [8.388])
    """
    centre, spread, freedom = _floats(value, se, df)
    reach = student(freedom, level) * spread
    return np.maximum(centre - reach, least), np.minimum(centre + reach, most)


def total(value: ArrayLike, se: ArrayLike, df: ArrayLike, *, level: float = 0.95, least: float = 0.0) -> Interval:
    """Return Student's interval of a total, which is not below ``least``.

    Parameters:
        value: the estimates.
        se: their standard errors.
        df: their degrees of freedom.
        level: how often the interval is to hold the truth.
        least: what is known to be there: nought for counts, -inf for amounts of either sign.

    Example:
        >>> low, high = total([100.0], [60.0], [10])
        >>> low.tolist(), high.round(2).tolist()
        ([0.0], [233.69])
    """
    return mean(value, se, df, level=level, least=least)


def share(value: ArrayLike, n_eff: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return the score interval of Wilson (1927) on the effective number of rows.

    Parameters:
        value: shares, 0 to 1; where all or none did it the interval still has a width.
        n_eff: effective rows of each, as ``methods.ratio`` gives them (Korn and Graubard 1998).
        level: how often the interval is to hold the truth.

    Example:
        >>> low, high = share([1.0, 0.5], [10, 10])
        >>> low.round(4).tolist(), high.round(4).tolist()
        ([0.7225, 0.2366], [1.0, 0.7634])
    """
    p, n = _floats(value, n_eff)
    z2 = _z(level) ** 2
    n = np.where(n > 0, n, np.nan)
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    reach = np.sqrt(z2 * (np.clip(p * (1 - p), 0, None) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    # At the ends the formula gives 0 or 1 but for rounding.
    low = np.where(p <= 0, 0.0, np.maximum(centre - reach, 0.0))
    high = np.where(p >= 1, 1.0, np.minimum(centre + reach, 1.0))
    return np.where(np.isnan(centre), np.nan, low), np.where(np.isnan(centre), np.nan, high)


def points(promoters: ArrayLike, detractors: ArrayLike, n_eff: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return the adjusted Wald interval of a net promoter score (Rocks 2016, after Agresti and Coull 1998).

    Three answers are added before the spread is reckoned: three quarters of a promoter, as
    much of a detractor, and one and a half in between. Rocks shows it, and the score
    interval, to hold from five answers up where the plain interval does not.

    Parameters:
        promoters: share of promoters, 0 to 1.
        detractors: share of detractors, 0 to 1.
        n_eff: effective rows of each.
        level: how often the interval is to hold the truth.

    Returns:
        Bounds in points, -100 to 100.

    Example:
        >>> low, high = points([0.5], [0.25], [20])
        >>> low.round(1).tolist(), high.round(1).tolist()
        ([-11.7], [55.2])
    """
    p, d, n = _floats(promoters, detractors, n_eff)
    n = np.where(n > 0, n, np.nan)
    p, d = ((each * n + 0.75) / (n + 3) for each in (p, d))
    reach = _z(level) * np.sqrt((p + d - (p - d) ** 2) / (n + 3))
    return POINTS * np.maximum(p - d - reach, -1.0), POINTS * np.minimum(p - d + reach, 1.0)


def points_score(promoters: ArrayLike, detractors: ArrayLike, n_eff: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return the score interval of a net promoter score: the values a score test does not refuse (Rocks 2016).

    Under a supposed score Δ the likeliest share of detractors solves 2d² - Bd - C = 0, with
    B = p(1-Δ) + d(1-3Δ) - 2(1-p-d)Δ and C = dΔ(1-Δ); the bounds are found by halving.

    Parameters:
        promoters: share of promoters, 0 to 1.
        detractors: share of detractors, 0 to 1.
        n_eff: effective rows of each.
        level: how often the interval is to hold the truth.

    Returns:
        Bounds in points, -100 to 100.

    Example:
        >>> low, high = points_score([0.5], [0.25], [20])
        >>> low.round(1).tolist(), high.round(1).tolist()
        ([-12.9], [56.0])
    """
    p, d, n = _floats(promoters, detractors, n_eff)
    n = np.where(n > 0, n, np.nan)
    z2, seen = _z(level) ** 2, p - d

    def refused(delta: Floats) -> Floats:
        b = p * (1 - delta) + d * (1 - 3 * delta) - 2 * (1 - p - d) * delta
        likeliest = (b + np.sqrt(np.maximum(b * b + 8 * d * delta * (1 - delta), 0.0))) / 4
        likeliest = np.clip(likeliest, np.maximum(0.0, -delta), (1 - delta) / 2)
        return n * (seen - delta) ** 2 - z2 * np.maximum(2 * likeliest + delta - delta * delta, 0.0)

    def bound(outer: float) -> Floats:
        inside, outside = seen, np.full(seen.shape, outer)
        for _ in range(HALVINGS):
            middle = (inside + outside) / 2
            out = refused(middle) > 0
            inside, outside = np.where(out, inside, middle), np.where(out, middle, outside)
        return np.where(np.isnan(n + seen), np.nan, POINTS * (inside + outside) / 2)

    return bound(-1.0), bound(1.0)


def gap(
    first: tuple[ArrayLike, ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike, ArrayLike],
    *,
    correlation: ArrayLike = 0.0,
) -> Interval:
    """Return the interval of the second less the first from the intervals of both (Zou and Donner 2008).

    It inherits what the two intervals do right with few rows, and reduces to Newcombe's (1998)
    interval for shares.

    Parameters:
        first: value, low, high of the first.
        second: value, low, high of the second, at the same level.
        correlation: of the two estimates.

    Example:
        >>> low, high = gap(([0.6], [0.5], [0.7]), ([0.8], [0.7], [0.85]))
        >>> low.round(4).tolist(), high.round(4).tolist()
        ([0.0586], [0.3118])
    """
    v1, l1, h1, v2, l2, h2, r = _floats(*first, *second, correlation)
    down, up = (v2 - l2, h1 - v1), (h2 - v2, v1 - l1)
    reach_down, reach_up = (np.sqrt(np.maximum(a * a + b * b - 2 * r * a * b, 0.0)) for a, b in (down, up))
    return v2 - v1 - reach_down, v2 - v1 + reach_up


def _floats(*arrays: ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in arrays)))


def _z(level: float) -> float:
    return float(special.ndtri((1 + level) / 2))

"""Confidence intervals that hold for few rows and a complex design; each returns (low, high)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.methods.moments import Floats
from peil.methods.student import student

Interval = tuple[Floats, Floats]
POINTS = 100.0
EVEN = 2.0  # answers added to those of a scale
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


def effective(value: ArrayLike, se: ArrayLike, n: ArrayLike, df: ArrayLike, *, level: float = 0.95) -> Floats:
    """Return the effective rows of a share as Korn and Graubard (1998) have it: p(1-p)/se², less for few clusters.

    Parameters:
        value: shares, 0 to 1.
        se: their standard errors under the design.
        n: rows; where nothing varies there are as many effective ones.
        df: degrees of freedom of the design.
        level: of the interval it is for.

    Example:
        >>> effective([0.5], [0.1], [40], [9]).round(2).tolist()
        [19.99]
    """
    p, spread, rows, freedom = _floats(value, se, n, df)
    varies = (spread > 0) & (p > 0) & (p < 1)
    plain = np.divide(p * (1 - p), spread**2, out=rows.copy(), where=varies)
    few = student(np.maximum(rows - 1, 0), level) / student(freedom, level)
    return np.asarray(np.where(varies, plain * np.where(np.isfinite(few), few, np.nan) ** 2, rows), dtype=np.float64)


def share_logit(value: ArrayLike, se: ArrayLike, df: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return Student's interval of the log odds, taken back to a share.

    Parameters:
        value: shares; at 0 and 1 there are no log odds, and the bounds are nan.
        se: their standard errors under the design.
        df: their degrees of freedom.
        level: how often the interval is to hold the truth.

    Example:
        >>> low, high = share_logit([0.5], [0.1], [9])
        >>> low.round(4).tolist(), high.round(4).tolist()
        ([0.2881], [0.7119])
    """
    p, spread, freedom = _floats(value, se, df)
    inside = (p > 0) & (p < 1)
    safe = np.where(inside, p, 0.5)
    reach = student(freedom, level) * spread / (safe * (1 - safe))
    odds = special.logit(safe)
    low, high = (np.where(inside, special.expit(odds + side * reach), np.nan) for side in (-1, 1))
    return low, high


def share_beta(value: ArrayLike, n_eff: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return the exact interval of Clopper and Pearson (1934) on effective rows (Korn and Graubard 1998).

    It holds the truth at least as often as it says, so it is wide for few rows.

    Parameters:
        value: shares, 0 to 1.
        n_eff: effective rows of each (see ``effective``); they need not be whole.
        level: how often the interval is to hold the truth.

    Example:
        >>> low, high = share_beta([1.0, 0.5], [10, 10])
        >>> low.round(4).tolist(), high.round(4).tolist()
        ([0.6915, 0.1871], [1.0, 0.8129])
    """
    p, n = _floats(value, n_eff)
    n = np.where(n > 0, n, np.nan)
    tail = (1 - level) / 2
    yes, no = n * p, n * (1 - p)
    low = special.betaincinv(np.where(yes > 0, yes, 1.0), no + 1, tail)
    high = special.betaincinv(yes + 1, np.where(no > 0, no, 1.0), 1 - tail)
    missing = np.isnan(yes)
    return (
        np.where(missing, np.nan, np.where(yes > 0, low, 0.0)),
        np.where(missing, np.nan, np.where(no > 0, high, 1.0)),
    )


def share_likelihood(
    value: ArrayLike,
    se: ArrayLike,
    n: ArrayLike,
    df: ArrayLike,
    *,
    n_eff: ArrayLike = np.nan,
    level: float = 0.95,
) -> Interval:
    """Return the shares whose scaled likelihood ratio is not refused (Rao and Scott 1984), with F for the design.

    They are the π with 2 n_e [p log(p/π) + (1-p) log((1-p)/(1-π))] below the square of Student's t. Here
    n_e = p(1-p)/se² · (n-1)/n, the last being what the answers' own dispersion takes off.

    Parameters:
        value: shares, 0 to 1.
        se: their standard errors under the design.
        n: rows.
        df: their degrees of freedom.
        n_eff: effective rows to use where a share is 0 or 1, or does not vary.
        level: how often the interval is to hold the truth.

    Example:
        >>> low, high = share_likelihood([0.5], [0.1], [40], [9])
        >>> low.round(4).tolist(), high.round(4).tolist()
        ([0.2824], [0.7176])
    """
    p, spread, rows, freedom, otherwise = _floats(value, se, n, df, n_eff)
    varies = spread > 0
    n_e = np.divide(p * (1 - p) * (rows - 1) / np.maximum(rows, 1), spread**2, out=otherwise.copy(), where=varies)
    furthest = student(freedom, level) ** 2

    def refused(share: Floats) -> Floats:
        apart = special.rel_entr(p, share) + special.rel_entr(1 - p, 1 - share)
        return np.asarray(2 * n_e * apart - furthest, dtype=np.float64)

    return _bound(refused, p, 0.0), _bound(refused, p, 1.0)


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

    low, high = (POINTS * _bound(refused, np.where(np.isnan(n), np.nan, seen), end) for end in (-1.0, 1.0))
    return low, high


def scale(
    value: ArrayLike, spread: ArrayLike, n_eff: ArrayLike, *, least: float, most: float, level: float = 0.95
) -> Interval:
    """Return the interval of a mean on a scale with two ends, for few answers too.

    What Agresti and Coull (1998) do for a share and Rocks (2016) for a net promoter score: before the spread is
    reckoned two answers are added, here spread evenly over the scale (a third of half its length, squared).
    Student's interval has no width where five people answer alike; this one has.

    Parameters:
        value: means.
        spread: variances of one answer.
        n_eff: effective answers of each.
        least: lower end of the scale.
        most: upper end.
        level: how often the interval is to hold the truth.

    Example:
        >>> low, high = scale([5.0, 4.0], [0.0, 1.5], [5, 40], least=1, most=5)
        >>> low.round(2).tolist(), high.round(2).tolist()
        ([3.62, 3.58], [5.0, 4.33])
    """
    middle, half = (least + most) / 2, (most - least) / 2
    u, s, n = _floats(np.subtract(value, middle) / half, np.divide(spread, half * half), n_eff)
    n = np.where(n > 0, n, np.nan)
    centre = n * u / (n + EVEN)
    reach = _z(level) * np.sqrt(((n * (s + u * u) + EVEN / 3) / (n + EVEN) - centre**2) / (n + EVEN))
    return middle + half * np.maximum(centre - reach, -1.0), middle + half * np.minimum(centre + reach, 1.0)


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


def _bound(refused: Callable[[Floats], Floats], inside: Floats, end: float) -> Floats:
    """Return where, on the way to ``end``, values begin to be refused."""
    unknown = np.isnan(inside) | np.isnan(refused(inside))
    inside, outside = inside.copy(), np.full(inside.shape, end)
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        out = refused(middle) > 0
        inside, outside = np.where(out, inside, middle), np.where(out, middle, outside)
    return np.where(unknown, np.nan, (inside + outside) / 2)


def _floats(*arrays: ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in arrays)))


def _z(level: float) -> float:
    return float(special.ndtri((1 + level) / 2))

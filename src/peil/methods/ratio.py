"""Ratios, totals and differences from a designed sample, with Taylor linearised standard errors.

The variance is that of the with-replacement approximation for the first stage with the
finite population correction (Binder 1983; Särndal, Swensson and Wretman 1992, ch. 5):
with z_hi = (y_hi - R x_hi) / X, a cluster outside the group counting as nought,
Var R = Σ_h (1 - n_h/N_h) n_h/(n_h - 1) [Σ_i z_hi² - (Σ_i z_hi)² / n_h], and where units were
sampled from the clusters, what ``methods.two_stage`` adds. Where weights were calibrated,
the clusters' residuals take the place of their totals (``Moments.residuals``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from peil.methods.moments import ROUNDING, Crossed, Floats, Integers, Moments, Strata
from peil.methods.student import student

# What a stratum of one cluster adds: nothing may be said; nothing, as it was sure to be drawn; as much as the mean of
# the other strata; or the square of its distance from the mean of all clusters.
Singleton = Literal["refuse", "certainty", "average", "grand_mean"]
Weights = Literal["relative", "expansion"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ratios:
    """One ratio a group; nan where the group's denominator is nought.

    Parameters:
        value: R = Y / X.
        se: its standard error.
        n: rows counted.
        clusters: clusters that have rows in the group.
        df: clusters less strata of the whole design.
        df_here: clusters less strata that have rows in the group; what is known of its variance.
        deff: variance over that of a simple random sample of as many rows.
        n_eff: rows of a simple random sample that would say as much.
    """

    value: Floats
    se: Floats
    n: Floats
    clusters: Floats
    df: Floats
    df_here: Floats
    deff: Floats
    n_eff: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Totals:
    """One estimated total a group; the fields mean what they mean in ``Ratios``."""

    value: Floats
    se: Floats
    n: Floats
    clusters: Floats
    df: Floats
    df_here: Floats
    deff: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Differences:
    """One difference a pair: the second less the first.

    Parameters:
        value: R2 - R1.
        se: its standard error.
        df: its degrees of freedom.
        correlation: of the two estimates; nought for independent samples.
    """

    value: Floats
    se: Floats
    df: Floats
    correlation: Floats


class Uncertain(Protocol):
    """Something with a value, a standard error and degrees of freedom."""

    @property
    def value(self) -> Floats:
        """The estimates."""

    @property
    def se(self) -> Floats:
        """Their standard errors."""

    @property
    def df_here(self) -> Floats:
        """Their degrees of freedom."""


def ratio(
    moments: Moments,
    n_groups: int,
    *,
    singleton: Singleton = "refuse",
    weights: Weights = "relative",
    level: float = 0.95,
) -> Ratios:
    """Return the ratio Y/X of each group as a domain of the whole design.

    Parameters:
        moments: sums per group and stratum.
        n_groups: groups to answer for; a group without moments gets nan.
        singleton: what to do with a stratum of one cluster.
        weights: ``"expansion"`` weights add up to the population, so that ``deff`` compares with
            sampling without replacement; ``"relative"`` ones only compare rows.
        level: confidence level for which ``n_eff`` is adjusted.

    Returns:
        Arrays of length ``n_groups``; ``n_eff`` as ``effective`` has it.

    Raises:
        EvidenceError: a stratum has a single cluster.

    Example:
        >>> from peil.methods.moments import gather
        >>> nps = ratio(gather(of=[100, 100, 0, -100]), 1)
        >>> nps.value.tolist(), nps.se.round(4).tolist()
        ([25.0], [47.8714])
    """
    m = moments
    n, clusters, w, x, y = (_sum(m.group, each, n_groups) for each in (m.rows, m.clusters, m.w, m.x, m.y))
    value = _over(y, x)
    variance = _over(spread(m, value, singleton=singleton), x * x)

    r = value[m.group]
    residual = m.wyy - 2 * r * m.wxy + r * r * m.wxx
    residual_scale = m.wyy + 2 * np.abs(r * m.wxy) + r * r * m.wxx
    simple = _simple(residual, residual_scale, m.group, n, w) * _over(w, x) ** 2
    df_here = _df_here(m.strata, m.stratum, m.group, m.clusters, n_groups)
    alike = _over(x * x, _sum(m.group, m.xx, n_groups))
    return Ratios(
        value=value,
        se=np.sqrt(variance),
        n=n,
        clusters=clusters,
        df=np.full(n_groups, _df(m.strata)),
        df_here=df_here,
        deff=_over(variance, _finite(simple, n, w, weights)),
        n_eff=effective(n, simple, variance, alike, df_here, level=level),
    )


def total(
    moments: Moments,
    n_groups: int,
    *,
    singleton: Singleton = "refuse",
    weights: Weights = "expansion",
) -> Totals:
    """Return the Horvitz-Thompson total Y of each group (Särndal et al. 1992, 2.8 and 4.6).

    Parameters:
        moments: sums per group and stratum.
        n_groups: groups to answer for; a group without moments has total 0.
        singleton: what to do with a stratum of one cluster.
        weights: as in ``ratio``; only expansion weights make a total of the population.

    Returns:
        Arrays of length ``n_groups``.

    Raises:
        EvidenceError: a stratum has a single cluster.

    Example:
        >>> from peil.methods.moments import gather
        >>> calls = total(gather(of=[3, 5], weight=10.0), 1)
        >>> calls.value.tolist(), calls.se.round(4).tolist()
        ([80.0], [20.0])
    """
    m = moments
    n, clusters, w, y = (_sum(m.group, each, n_groups) for each in (m.rows, m.clusters, m.w, m.y))
    variance = spread(m, np.zeros(n_groups), singleton=singleton)
    mean = _over(y, w)[m.group]
    simple = _simple(m.wyy - 2 * mean * m.y + mean * mean * m.w, m.wyy, m.group, n, w) * w * w
    return Totals(
        value=y,
        se=np.sqrt(variance),
        n=n,
        clusters=clusters,
        df=np.full(n_groups, _df(m.strata)),
        df_here=_df_here(m.strata, m.stratum, m.group, m.clusters, n_groups),
        deff=_over(variance, _finite(simple, n, w, weights)),
    )


def difference(crossed: Crossed, n_pairs: int, *, singleton: Singleton = "refuse") -> Differences:
    """Return the second ratio less the first for pairs of groups of one design.

    Both are linearised with one another's clusters, so that what they share counts.

    Parameters:
        crossed: crossed sums per pair and stratum.
        n_pairs: pairs to answer for.
        singleton: what to do with a stratum of one cluster.

    Returns:
        Arrays of length ``n_pairs``; nan where a denominator is nought. The degrees of freedom
        are those of the clusters and strata that have rows in either group.

    Raises:
        EvidenceError: a stratum has a single cluster.

    Example:
        >>> from peil.methods.moments import cross
        >>> gap = difference(cross(of=[100, -100, 0, 100, 100, 0], group=[0, 0, 0, 1, 1, 1]), 1)
        >>> gap.value.round(4).tolist(), gap.se.round(4).tolist()
        ([66.6667], [59.6285])
    """
    c = crossed
    whole = np.stack([_sum(c.pair, c.totals[:, k], n_pairs) for k in range(4)], axis=1)
    first, second = _over(whole[:, 1], whole[:, 0]), _over(whole[:, 3], whole[:, 2])
    per_first, per_second = _over(np.ones(n_pairs), whole[:, 0]), _over(np.ones(n_pairs), whole[:, 2])
    nought = np.zeros(n_pairs)
    # Row 0 makes a cluster's z for the first ratio, row 1 for the second, row 2 for the difference.
    make = np.stack(
        [
            np.stack([-first * per_first, per_first, nought, nought], axis=1),
            np.stack([nought, nought, -second * per_second, per_second], axis=1),
        ],
        axis=1,
    )
    make = np.concatenate([make, make[:, 1:] - make[:, :1]], axis=1)[c.pair]
    squares = np.sum((make @ c.products) * make, axis=2)
    scale = np.sum((np.abs(make) @ np.abs(c.products)) * np.abs(make), axis=2)
    sums = np.einsum("mki,mi->mk", make, c.totals)
    factor, n_h = c.strata.factors(singleton=singleton)[c.stratum], c.strata.clusters[c.stratum]
    spread = np.stack(
        [_settled(squares[:, k], sums[:, k], scale[:, k], factor, n_h, c.pair, n_pairs) for k in range(3)], axis=1
    )
    covariance = (spread[:, 0] + spread[:, 1] - spread[:, 2]) / 2
    correlation = covariance / np.where(spread[:, 0] * spread[:, 1] > 0, np.sqrt(spread[:, 0] * spread[:, 1]), np.inf)
    return Differences(
        value=second - first,
        se=np.sqrt(spread[:, 2]),
        df=_df_here(c.strata, c.stratum, c.pair, c.clusters, n_pairs),
        correlation=np.clip(correlation, -1, 1),
    )


def independent(first: Uncertain, second: Uncertain) -> Differences:
    """Return the second less the first for estimates from two samples drawn apart.

    Parameters:
        first: estimates, one a pair.
        second: as many estimates from the other sample.

    Returns:
        The standard error is the root of the summed variances; the degrees of freedom are
        those of Satterthwaite (1946) and Welch (1947).

    Example:
        >>> from peil.methods.moments import gather
        >>> one, two = (ratio(gather(of=each), 1) for each in ([1, 2, 3], [2, 4, 6, 8]))
        >>> gap = independent(one, two)
        >>> gap.value.tolist(), gap.se.round(4).tolist(), gap.df.round(3).tolist()
        ([3.0], [1.4142], [4.075])
    """
    v1, v2 = first.se**2, second.se**2
    pieces = _over(v1 * v1, first.df_here) + _over(v2 * v2, second.df_here)
    df = np.where(pieces > 0, (v1 + v2) ** 2 / np.where(pieces > 0, pieces, 1.0), first.df_here + second.df_here)
    return Differences(
        value=second.value - first.value,
        se=np.sqrt(v1 + v2),
        df=np.where(np.isnan(pieces), np.nan, df),
        correlation=np.zeros_like(v1),
    )


def _sum(group: Integers, values: Floats, n_groups: int) -> Floats:
    return np.bincount(group, values, minlength=n_groups).astype(np.float64)


def _over(a: Floats, b: Floats) -> Floats:
    quotient: Floats = np.divide(a, b, out=np.full(np.shape(a), np.nan), where=b != 0)
    return quotient


def spread(moments: Moments, ratios: Floats, *, singleton: Singleton = "refuse") -> Floats:
    """Return the variance of the total of y - R x in each group, over clusters and over the units within them.

    Parameters:
        moments: sums per group and stratum.
        ratios: R of each group; noughts for the variance of y itself.
        singleton: what to do with a stratum of one cluster. ``"average"`` looks at the strata that have rows in the
            group, or residuals of calibrated weights for it, as R ``survey`` does; ``"grand_mean"`` at all clusters,
            those without rows as nought.

    Raises:
        EvidenceError: a stratum has a single cluster.

    Example:
        >>> from peil.methods.moments import gather
        >>> spread(gather(of=[3, 5], weight=10.0), np.zeros(1)).tolist()
        [400.0]
    """
    m, n_groups = moments, ratios.size
    e, r = m.residuals or m, ratios[m.group]
    squares = e.yy - 2 * r * e.xy + r * r * e.xx
    sums = e.y - r * e.x
    scale = e.yy + 2 * np.abs(r * e.xy) + r * r * e.xx
    factor, n_h = m.strata.factors(singleton=singleton)[m.stratum], m.strata.clusters[m.stratum]
    variance = _settled(squares, sums, scale, factor, n_h, m.group, n_groups)
    if singleton in {"average", "grand_mean"} and np.any(m.strata.lone):
        lone = m.strata.lone[m.stratum]
        if singleton == "average":
            # what the margins explain of a group is told by strata that have no row in it
            here = (m.rows > 0) | (scale > ROUNDING * _sum(m.group, scale, n_groups)[m.group])
            alone, others = (_sum(m.group, np.where(each & here, 1.0, 0.0), n_groups) for each in (lone, ~lone))
            variance = np.where(alone > 0, variance * _over(alone + others, others), variance)
        else:
            part = 1 - m.strata.share
            mean = _sum(m.group, sums, n_groups) / m.strata.clusters.sum()
            alone = np.where(lone, part[m.stratum] * (squares - 2 * mean[m.group] * sums), 0.0)
            beside = _sum(m.group, alone, n_groups) + mean * mean * part[m.strata.lone].sum()
            variance = variance + np.where(beside <= ROUNDING * _sum(m.group, scale, n_groups), 0.0, beside)
    if m.within is not None:
        yy, xy, xx = m.within.yy, 2 * r * m.within.xy, r * r * m.within.xx
        inner = _sum(m.group, yy - xy + xx, n_groups)
        rounding = ROUNDING * _sum(m.group, np.abs(yy) + np.abs(xy) + np.abs(xx), n_groups)
        variance = variance + np.where(inner <= rounding, 0.0, inner)
    return variance


def _settled(
    squares: Floats, sums: Floats, scale: Floats, factor: Floats, n_h: Floats, group: Integers, n_groups: int
) -> Floats:
    """Return the summed strata variances, with what is only rounding made nought."""
    variance = _sum(group, factor * (squares - sums * sums / n_h), n_groups)
    rounding = ROUNDING * _sum(group, factor * scale, n_groups)
    return np.where(variance <= rounding, 0.0, variance)


def _simple(residual: Floats, scale: Floats, group: Integers, n: Floats, w: Floats) -> Floats:
    """Return the variance of the mean residual under simple random sampling with replacement."""
    whole = _sum(group, residual, n.size)
    whole = np.where(whole <= ROUNDING * _sum(group, scale, n.size), 0.0, whole)
    return _over(_over(whole, w), n - 1)


def _finite(simple: Floats, n: Floats, w: Floats, weights: Weights) -> Floats:
    return simple * np.maximum(1 - _over(n, w), 0.0) if weights == "expansion" else simple


def _df(strata: Strata) -> float:
    return float(np.sum(np.maximum(strata.clusters - 1, 0)))


def _df_here(strata: Strata, stratum: Integers, group: Integers, clusters: Floats, n_groups: int) -> Floats:
    # A certainty stratum is fully known: it gives no degree of freedom and takes none.
    counted = strata.clusters[stratum] > 1
    return np.maximum(_sum(group, np.where(counted & (clusters > 0), clusters - 1, 0.0), n_groups), 0.0)


def effective(n: Floats, simple: Floats, variance: Floats, alike: Floats, df: Floats, *, level: float = 0.95) -> Floats:
    """Return the rows of a simple random sample that would say as much: n/deff, less for few clusters, at most n.

    The adjustment is that of Korn and Graubard (1998): the square of Student's quantile for n - 1 over the one for df.
    With two or three clusters it leaves less than one row, though even clusters that each say one thing are as many as
    there are: it does not go below X²/Σx², the clusters that count (Kish 1965), unless n/deff itself is less.
    Where nothing varies that number is all there is.

    Parameters:
        n: rows.
        simple: variance under simple random sampling of n rows.
        variance: variance under the design.
        alike: X²/Σx² over clusters.
        df: degrees of freedom.
        level: of the interval it is for.

    Example:
        >>> rows = [np.array([each]) for each in (40.0, 0.01, 0.02, 4.0, 3.0)]
        >>> effective(*rows).round(2).tolist()
        [8.08]
    """
    known = (variance > 0) & (simple > 0)
    plain = n * _over(simple, variance)
    adjusted = np.maximum(plain * _korn_graubard(n, df, level), np.minimum(plain, alike))
    return np.minimum(n, np.where(known, adjusted, alike))


def _korn_graubard(n: Floats, df: Floats, level: float) -> Floats:
    usable = (n > 1) & (df > 0)
    rows, design = student(np.where(usable, n - 1, 1.0), level), student(np.where(usable, df, 1.0), level)
    return np.where(usable, (rows / design) ** 2, 1.0)

"""Moments: the few sums per group and stratum that carry everything an estimate needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from peil.errors import EvidenceError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
# A variance this small beside the sums it is the difference of is rounding: sums of squares
# carry about 1e-16 a term, so a group that never varies would show a standard error of 1e-8.
ROUNDING = 1e-13


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strata:
    """The whole design, domains or not: how many clusters were drawn in each stratum.

    Parameters:
        clusters: clusters drawn in each stratum (n_h), those outside every group included.
        population: clusters there are in each stratum (N_h); nan where there is no end to them.
        names: what to call each stratum in an error.
    """

    clusters: Floats
    population: Floats | None = None
    names: tuple[str, ...] = ()

    @property
    def share(self) -> Floats:
        """The part of each stratum's population that was drawn, n_h / N_h; nought where there is no end to it.

        Raises:
            EvidenceError: a stratum has more clusters than its population.
        """
        if self.population is None:
            return np.zeros_like(self.clusters)
        share = np.nan_to_num(self.clusters / self.population, nan=0.0)
        if np.any(share > 1):
            first = int(np.flatnonzero(share > 1)[0])
            raise EvidenceError(
                f"{self._name(share > 1)} has more clusters than its population: {self.clusters[first]:g} out of {self.population[first]:g}",
                remedy="give the number of clusters in the population, not in the sample",
            )
        return share

    @property
    def lone(self) -> NDArray[np.bool_]:
        """Which strata have a single cluster that was not sure to be drawn."""
        found: NDArray[np.bool_] = (self.clusters == 1) & (self.share < 1)
        return found

    def factors(self, *, singleton: str = "refuse") -> Floats:
        """Return ``(1 - n_h / N_h) n_h / (n_h - 1)`` for each stratum (Särndal et al. 1992, 4.6).

        Parameters:
            singleton: ``"refuse"`` a stratum of one cluster; under any other rule its factor is nought, and what the
                rule adds is the caller's.

        Returns:
            One factor a stratum; nought where the whole population was drawn.

        Raises:
            EvidenceError: a stratum has a single cluster, or more clusters than its population.

        Example:
            >>> Strata(clusters=np.array([4.0]), population=np.array([8.0])).factors().tolist()
            [0.6666666666666666]
        """
        n, share, lone = self.clusters, self.share, self.lone
        if singleton == "refuse" and np.any(lone):
            raise EvidenceError(
                f"{self._name(lone)} has a single cluster, which cannot show how much clusters vary"
                + (f"; so have {int(lone.sum()) - 1} others" if lone.sum() > 1 else ""),
                remedy="name what was drawn within it, or leave the cluster out where rows were drawn one by one"
                if self._whole
                else 'join it to a neighbouring stratum, or name a rule: singleton="certainty", "average" or "grand_mean" '
                "('singleton: average' beside the survey in peil.yaml)",
            )
        if singleton == "average" and np.any(lone) and not np.any(n > 1):
            raise EvidenceError(
                "every stratum has a single cluster: there is no other whose variance they could take",
                remedy="join strata, or name another rule than 'average'",
            )
        return np.where(n > 1, (1 - share) * n / np.maximum(n - 1, 1), 0.0)

    def _name(self, where: NDArray[np.bool_]) -> str:
        first = int(np.flatnonzero(where)[0])
        if self._whole:
            return "the sample"
        return f"stratum '{self.names[first]}'" if first < len(self.names) else f"stratum {first}"

    @property
    def _whole(self) -> bool:
        return self.names == ("",)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Residuals:
    """What the clusters' totals leave unexplained where weights were calibrated; one number an entry of ``Moments``.

    Parameters:
        x: sum over clusters of the residual of x.
        y: sum over clusters of the residual of y.
        xx: sum over clusters of the squared residual of x.
        xy: sum over clusters of the product of both.
        yy: sum over clusters of the squared residual of y.
    """

    x: Floats
    y: Floats
    xx: Floats
    xy: Floats
    yy: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Within:
    """What a second stage adds to the variance, one number an entry of ``Moments``; see ``methods.two_stage``.

    Parameters:
        xx: Σ f_h (1 - f_hi) m_hi / (m_hi - 1) times the squares of x between the units of one cluster.
        xy: the same of x times y.
        yy: the same of y.
    """

    xx: Floats
    xy: Floats
    yy: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """Sums per group and stratum, in long form: one entry for each pair that has rows.

    A row has a weight w and two quantities, ``per`` and ``of``. A cluster's totals are
    x = Σ w·per and y = Σ w·of over its rows in the group.

    Parameters:
        strata: the whole design.
        group: the group of each entry, counted from 0.
        stratum: the stratum of each entry, an index into ``strata``.
        rows: rows counted.
        clusters: clusters that have rows in the group.
        w: sum of the weights.
        x: sum of the clusters' x.
        y: sum of the clusters' y.
        xx: sum over clusters of x².
        xy: sum over clusters of x·y.
        yy: sum over clusters of y².
        wxx: sum over rows of w·per².
        wxy: sum over rows of w·per·of.
        wyy: sum over rows of w·of².
        residuals: what the variance is made of instead of x, y, xx, xy and yy, where weights were calibrated. A
            cluster without rows in the group may have residuals, so there may be entries of no rows.
        within: what units sampled from the clusters add to the variance; None where clusters were taken whole.
    """

    strata: Strata
    group: Integers
    stratum: Integers
    rows: Floats
    clusters: Floats
    w: Floats
    x: Floats
    y: Floats
    xx: Floats
    xy: Floats
    yy: Floats
    wxx: Floats
    wxy: Floats
    wyy: Floats
    residuals: Residuals | None = None
    within: Within | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crossed:
    """Sums per stratum for pairs of groups of one design, with what clusters have in common.

    Parameters:
        strata: the whole design.
        pair: the pair of each entry, counted from 0.
        stratum: the stratum of each entry.
        clusters: clusters that have rows in either group.
        totals: (M, 4), sums of the clusters' x and y in the first group, then in the second.
        products: (M, 4, 4), sums over clusters of the products of those four.
    """

    strata: Strata
    pair: Integers
    stratum: Integers
    clusters: Floats
    totals: Floats
    products: Floats


def gather(
    *,
    of: ArrayLike,
    per: ArrayLike = 1.0,
    weight: ArrayLike = 1.0,
    group: ArrayLike = 0,
    stratum: ArrayLike = 0,
    cluster: ArrayLike | None = None,
    population: ArrayLike | None = None,
) -> Moments:
    """Return the moments of rows that are already in memory; an engine makes the same sums in SQL.

    Parameters:
        of: each row's numerator.
        per: each row's denominator.
        weight: each row's weight.
        group: each row's group, from 0; a negative group stays in the design and in no group.
        stratum: each row's stratum, from 0.
        cluster: each row's cluster, as whole numbers; each row is its own where there is none.
        population: clusters in the population of each stratum.

    Returns:
        One entry for each group and stratum that have rows.

    Example:
        >>> gather(of=[1, 0, 1], group=[0, 0, 1]).y.tolist()
        [1.0, 1.0]
    """
    o = np.asarray(of, dtype=np.float64)
    p, w = (np.broadcast_to(np.asarray(each, dtype=np.float64), o.shape) for each in (per, weight))
    g, h = (np.broadcast_to(np.asarray(each, dtype=np.int64), o.shape) for each in (group, stratum))
    c = _clusters(h, cluster, o.size)
    strata = _strata(h, c, population)
    inside = g >= 0
    g, h, c = (each[inside] for each in (g, h, c))
    w, p, o = (each[inside] for each in (w, p, o))

    _, first, of_cluster = np.unique(g * (c.max(initial=0) + 1) + c, return_index=True, return_inverse=True)
    x, y = (np.bincount(of_cluster, w * each).astype(np.float64) for each in (p, o))
    n_strata = strata.clusters.size
    entries, at_cluster = np.unique(g[first] * n_strata + h[first], return_inverse=True)
    at_row = at_cluster[of_cluster]

    def over(at: Integers, values: Floats | None = None) -> Floats:
        return np.bincount(at, values, minlength=entries.size).astype(np.float64)

    return Moments(
        strata=strata,
        group=entries // n_strata,
        stratum=entries % n_strata,
        rows=over(at_row),
        clusters=over(at_cluster),
        w=over(at_row, w),
        x=over(at_cluster, x),
        y=over(at_cluster, y),
        xx=over(at_cluster, x * x),
        xy=over(at_cluster, x * y),
        yy=over(at_cluster, y * y),
        wxx=over(at_row, w * p * p),
        wxy=over(at_row, w * p * o),
        wyy=over(at_row, w * o * o),
    )


def cross(
    *,
    of: ArrayLike,
    group: ArrayLike,
    per: ArrayLike = 1.0,
    weight: ArrayLike = 1.0,
    stratum: ArrayLike = 0,
    cluster: ArrayLike | None = None,
    population: ArrayLike | None = None,
) -> Crossed:
    """Return the crossed moments of one pair, groups 0 and 1, of rows that are already in memory.

    Parameters:
        of: each row's numerator.
        group: 0 or 1, or something else for a row in neither.
        per: each row's denominator.
        weight: each row's weight.
        stratum: each row's stratum, from 0.
        cluster: each row's cluster, as whole numbers; each row is its own where there is none.
        population: clusters in the population of each stratum.

    Returns:
        One entry a stratum, all of pair 0.

    Example:
        >>> cross(of=[1, 0, 1, 1], group=[0, 0, 1, 1]).totals.tolist()
        [[2.0, 1.0, 2.0, 2.0]]
    """
    o = np.asarray(of, dtype=np.float64)
    p, w = (np.broadcast_to(np.asarray(each, dtype=np.float64), o.shape) for each in (per, weight))
    g, h = (np.broadcast_to(np.asarray(each, dtype=np.int64), o.shape) for each in (group, stratum))
    c = _clusters(h, cluster, o.size)
    strata = _strata(h, c, population)
    four = np.stack([np.bincount(c, w * each * (g == side)) for side in (0, 1) for each in (p, o)], axis=1)
    here = np.bincount(c, (g == 0) | (g == 1)) > 0
    stratum_of = np.zeros(four.shape[0], dtype=np.int64)
    stratum_of[c] = h
    n_strata = strata.clusters.size
    totals, products = np.zeros((n_strata, 4)), np.zeros((n_strata, 4, 4))
    np.add.at(totals, stratum_of, four)
    np.add.at(products, stratum_of, four[:, :, None] * four[:, None, :])
    return Crossed(
        strata=strata,
        pair=np.zeros(n_strata, dtype=np.int64),
        stratum=np.arange(n_strata),
        clusters=np.bincount(stratum_of, here, minlength=n_strata).astype(np.float64),
        totals=totals,
        products=products,
    )


def _clusters(stratum: Integers, cluster: ArrayLike | None, n: int) -> Integers:
    if cluster is None:
        return np.arange(n)
    named = np.unique(np.asarray(cluster, dtype=np.int64), return_inverse=True)[1]
    # The same number in two strata means two clusters.
    return np.unique(stratum * (named.max(initial=0) + 1) + named, return_inverse=True)[1].astype(np.int64)


def _strata(stratum: Integers, cluster: Integers, population: ArrayLike | None) -> Strata:
    first = np.unique(cluster, return_index=True)[1]
    clusters = np.bincount(stratum[first]).astype(np.float64)
    if population is None:
        return Strata(clusters=clusters)
    return Strata(clusters=clusters, population=np.broadcast_to(np.asarray(population, np.float64), clusters.shape))

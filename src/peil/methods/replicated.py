"""Statistics of totals over the replicates of a design, and how much they vary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from peil.errors import EvidenceError
from peil.methods.moments import Floats, Integers
from peil.methods.replicate import BLOCK, Replicates

Centre = Literal["replicates", "estimate"]
Statistic = Callable[[Floats], Floats]
Reweigh = Callable[[Floats], Floats]
MOST = 4_000_000_000  # multipliers in all: a minute or so
HELD = 20_000_000  # totals of replicates held at a time: 160 MB
SPARSE = 4  # of as many clusters one has to be there for a product of all to be worth while
LOST = 0.1  # of bootstrap replicates may be without an answer before there is none


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """Weighted sums per cluster and group in long form; make them with ``Sums.of``.

    Parameters:
        cluster: the cluster of each entry, an index into the replicates' clusters; rising within a run.
        group: the group of each entry, from 0, never falling.
        cell: the weighting cell of each entry, never falling within a group; all nought where there are none.
        values: (entries, quantities).
        runs: where each run of one group and cell begins, and where the last ends.
    """

    cluster: Integers
    group: Integers
    cell: Integers
    values: Floats
    runs: Integers

    @classmethod
    def of(cls, cluster: Integers, group: Integers, values: Floats, cell: Integers | None = None) -> Sums:
        """Return the sums in order, those of one cluster, group and cell added up.

        Parameters:
            cluster: the cluster of each entry.
            group: its group.
            values: (entries, quantities).
            cell: its weighting cell, where weights are made again for each replicate.
        """
        cells = np.zeros_like(group) if cell is None else cell
        size, many = int(cluster.max(initial=0)) + 1, int(cells.max(initial=0)) + 1
        key = (group * many + cells) * size + cluster
        if np.any(key[1:] <= key[:-1]):
            order = np.argsort(key, kind="stable")
            key, values = key[order], values[order]
            first = np.flatnonzero(np.diff(key, prepend=-1))
            if first.size < key.size:
                key, values = key[first], np.add.reduceat(values, first, axis=0)
        run = key // size
        edges = np.append(np.flatnonzero(np.diff(run, prepend=-1)), run.size)
        return cls(cluster=key % size, group=run // many, cell=run % many, values=values, runs=edges)

    def among(self, groups: slice) -> Sums:
        """Return the sums of some groups, counted from 0."""
        edges = np.searchsorted(self.group, [groups.start, groups.stop])
        if edges[0] == 0 and edges[1] == self.group.size:
            return self
        here = slice(int(edges[0]), int(edges[1]))
        return Sums(
            cluster=self.cluster[here],
            group=self.group[here] - groups.start,
            cell=self.cell[here],
            values=self.values[here],
            runs=self.runs[(self.runs >= here.start) & (self.runs <= here.stop)] - here.start,
        )

    def whole(self, n_groups: int) -> Floats:
        """Return the totals of the whole sample, (groups, quantities); nought where a group has no entries."""
        found = np.zeros((n_groups, self.values.shape[1]))
        np.add.at(found, self.group, self.values)
        return found

    def groups(self, n_groups: int) -> Iterator[tuple[int, slice]]:
        """Yield each group that has entries, and where they stand."""
        edges = np.searchsorted(self.group, np.arange(n_groups + 1))
        for each in range(n_groups):
            if edges[each] < edges[each + 1]:
                yield each, slice(int(edges[each]), int(edges[each + 1]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replicated:
    """Estimates with their variance over replicates.

    Parameters:
        value: (groups, statistics), from the whole sample.
        variance: of each; nan where replicates have no answer.
        usable: replicates that have one.
    """

    value: Floats
    variance: Floats
    usable: Floats


def totals(replicates: Replicates, sums: Sums, n_groups: int, reweigh: Reweigh | None = None) -> Floats:
    """Return the totals of every replicate (replicates x groups x quantities), a few matrix products.

    Parameters:
        replicates: how often clusters count.
        sums: per cluster and group (and weighting cell).
        n_groups: groups to answer for.
        reweigh: gives, from the multipliers of a block (clusters x replicates), the factor of each weighting cell
            (cells x replicates).

    Raises:
        EvidenceError: a jackknife of so many clusters that it would not end soon.

    Example:
        >>> from peil.methods.moments import Strata
        >>> from peil.methods.replicate import jackknife
        >>> made = jackknife(np.zeros(3, dtype=int), Strata(clusters=np.array([3.0])))
        >>> sums = Sums.of(np.arange(3), np.zeros(3, dtype=int), np.array([[1.0], [2.0], [3.0]]))
        >>> totals(made, sums, 1)[:, 0, 0].tolist()
        [7.5, 6.0, 4.5]
    """
    if replicates.n * replicates.stratum.size > MOST:
        raise EvidenceError(
            f"{replicates.n:,} replicates of {replicates.stratum.size:,} clusters take too long",
            remedy='use kind="bootstrap", which needs some hundreds of replicates however many clusters there are',
        )
    n_clusters, n_values, n_runs = replicates.stratum.size, sums.values.shape[1], sums.runs.size - 1
    made = np.zeros((replicates.n, n_groups, n_values))
    many = max(1, BLOCK // max(n_clusters * n_values, 1))
    of_run = sums.runs[:-1]
    for here, block in replicates.blocks():
        factor = None if reweigh is None else reweigh(block)
        for first in range(0, n_runs, many):
            last = min(first + many, n_runs)
            some = _products(block, sums, first, last)
            if factor is not None:
                some *= factor[sums.cell[of_run[first:last]]].T[:, :, None]
            group = sums.group[of_run[first:last]]
            starts = np.flatnonzero(np.diff(group, prepend=-1))
            made[here, group[starts]] += np.add.reduceat(some, starts, axis=1)
    return made


def variances(
    replicates: Replicates,
    sums: Sums,
    n_groups: int,
    statistic: Statistic,
    *,
    centre: Centre = "replicates",
    reweigh: Reweigh | None = None,
) -> Replicated:
    """Return a statistic of each group's totals with its variance over replicates.

    Parameters:
        replicates: how often clusters count.
        sums: per cluster and group; with ``reweigh``, weights as they are after it in the whole sample.
        n_groups: groups to answer for.
        statistic: from totals (..., quantities) to values (..., statistics).
        centre: departures are from the mean of the replicates, or from the estimate itself, which is more cautious.
        reweigh: as in ``totals``.

    Returns:
        A jackknife that leaves nobody in a group has no answer there, and the variance is nan; a bootstrap may lose
        one replicate in ten.

    Example:
        >>> from peil.methods.moments import Strata
        >>> from peil.methods.replicate import jackknife
        >>> made = jackknife(np.zeros(4, dtype=int), Strata(clusters=np.array([4.0])))
        >>> sums = Sums.of(np.arange(4), np.zeros(4, dtype=int), np.array([[1, 1.0], [1, 1], [1, 0], [1, -1]]))
        >>> found = variances(made, sums, 1, ratios)
        >>> found.value.tolist(), np.sqrt(found.variance).round(6).tolist()
        ([[0.25]], [[0.478714]])
    """
    value = statistic(sums.whole(n_groups))
    variance, usable = np.full(value.shape, np.nan), np.zeros(value.shape)
    if replicates.left_out is not None and reweigh is None:
        for group, entries in sums.groups(n_groups):
            theta, counts, scale = _left_out(replicates, sums, entries, statistic)
            variance[group], usable[group] = _spread(theta, counts, scale, value[group], centre, lost=0.0)
        return Replicated(value=value, variance=variance, usable=usable)
    lost = LOST if replicates.left_out is None else 0.0
    many = max(1, HELD // max(replicates.n * sums.values.shape[1], 1))
    for first in range(0, n_groups, many):
        some = slice(first, min(first + many, n_groups))
        theta = statistic(totals(replicates, sums.among(some), some.stop - first, reweigh))
        counts = np.ones(replicates.n)
        variance[some], usable[some] = _spread(theta, counts, replicates.scale, value[some], centre, lost=lost)
    return Replicated(value=value, variance=variance, usable=usable)


def covariance(theta: Floats, scale: Floats) -> Floats:
    """Return the covariance of statistics (replicates x statistics) around their mean.

    Example:
        >>> covariance(np.array([[1.0, 2.0], [3.0, 2.0]]), np.array([1.0, 1.0])).tolist()
        [[2.0, 0.0], [0.0, 0.0]]
    """
    departure = theta - theta.mean(axis=0)
    return np.asarray(departure.T @ (departure * scale[:, None]), dtype=np.float64)


def ratios(sums: Floats) -> Floats:
    """Return the second, third ... quantity over the first; nan where that is nought.

    Example:
        >>> ratios(np.array([4.0, 1.0, 2.0])).tolist()
        [0.25, 0.5]
    """
    under = sums[..., :1]
    return np.asarray(np.divide(sums[..., 1:], np.where(under != 0, under, np.nan)), dtype=np.float64)


def _products(block: Floats, sums: Sums, first: int, last: int) -> Floats:
    """Return the totals of some runs in every replicate of a block (replicates x runs x quantities)."""
    n_clusters, n_values = block.shape[0], sums.values.shape[1]
    entries = slice(int(sums.runs[first]), int(sums.runs[last]))
    if (entries.stop - entries.start) * SPARSE >= n_clusters * (last - first):
        # most clusters have most groups: one product with noughts in it is quicker than many small ones
        dense = np.zeros((n_clusters, last - first, n_values))
        run = np.repeat(np.arange(last - first), np.diff(sums.runs[first : last + 1]))
        dense[sums.cluster[entries], run] = sums.values[entries]
        return np.asarray(block.T @ dense.reshape(n_clusters, -1)).reshape(-1, last - first, n_values)
    made = np.empty((last - first, block.shape[1], n_values))
    for place in range(first, last):
        some = slice(int(sums.runs[place]), int(sums.runs[place + 1]))
        np.matmul(block[sums.cluster[some]].T, sums.values[some], out=made[place - first])
    return made.transpose(1, 0, 2)


def _left_out(
    replicates: Replicates, sums: Sums, entries: slice, statistic: Statistic
) -> tuple[Floats, Floats, Floats]:
    """Return a group's statistic without each cluster that has rows in it, and once a stratum without one that has none.

    The totals without cluster i of stratum h are T + S_h/(n_h - 1) - s_i n_h/(n_h - 1).
    """
    values, cluster = sums.values[entries], sums.cluster[entries]
    if sums.cell[entries].any():
        cluster, at = np.unique(cluster, return_inverse=True)
        values = np.asarray(scipy.sparse.csr_array((np.ones(at.size), (at, np.arange(at.size)))) @ values)
    first, of_each = np.unique(replicates.stratum, return_index=True, return_inverse=True)[1:]
    stratum, n_strata, n_h = of_each[cluster], first.size, replicates.clusters[first]
    whole = values.sum(axis=0)
    of_stratum = np.zeros((n_strata, values.shape[1]))
    np.add.at(of_stratum, stratum, values)
    more = of_stratum / np.maximum(n_h - 1, 1)[:, None]
    without = whole + more[stratum] - values * (n_h / np.maximum(n_h - 1, 1))[stratum][:, None]
    scale = np.zeros(replicates.stratum.size)
    if replicates.left_out is not None:
        scale[replicates.left_out] = replicates.scale
    others = n_h - np.bincount(stratum, minlength=n_strata)
    theta = statistic(np.concatenate([without, whole + more]))
    counts = np.concatenate([(scale[cluster] > 0) * 1.0, others * (scale[first] > 0)])
    return theta, counts, np.concatenate([scale[cluster], scale[first]])


def _spread(
    theta: Floats, counts: Floats, scale: Floats, value: Floats, centre: Centre, *, lost: float
) -> tuple[Floats, Floats]:
    """Return Σ scale (θ_r - centre)² over the replicates that have an answer, and how many those are."""
    shape = (-1, *([1] * (theta.ndim - 1)))
    known: NDArray[np.bool_] = np.isfinite(theta) & (counts.reshape(shape) > 0)
    held, filled = counts.reshape(shape) * known, np.where(known, theta, 0.0)
    usable, n = held.sum(axis=0), counts.sum()
    mean = np.divide((held * filled).sum(axis=0), usable, out=np.zeros_like(usable), where=usable > 0)
    middle = mean if centre == "replicates" else value
    variance = (held * scale.reshape(shape) * (filled - middle) ** 2).sum(axis=0)
    variance = variance * np.divide(n, usable, out=np.ones_like(usable), where=usable > 0)
    return np.where(usable >= (1 - lost) * n, variance, np.nan) if n else np.zeros_like(usable), usable

"""Straight lines within cells, one for each side, and how far apart they are: from sums per cluster and cell.

What a cluster pulls is set against the line without it, for a line bends towards those far from the middle and leaves their
residuals too small (HC2, MacKinnon and White 1985, where a cluster is one row); and where a few pull most, an interval rests
on few (Bell and McCaffrey 2002).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from peil.errors import EvidenceError
from peil.methods.association import scatter
from peil.methods.moments import Floats, Integers, Strata

_APART = 1e-12
# A cluster that decides a line by itself is not counted for more than this.
_MOST = 20.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """Weighted sums of x and y over the rows of each cluster and cell.

    Parameters:
        w, x, y, xx, xy: (M,) one an entry.
        cluster: of each entry.
        cell: of each entry; within a cell everything but x is held to be alike.
        side: (cells,) the side of each cell; every side has a slope.
        stratum: (clusters,) of each cluster, an index into ``strata``.
        strata: the whole design.
    """

    w: Floats
    x: Floats
    y: Floats
    xx: Floats
    xy: Floats
    cluster: Integers
    cell: Integers
    side: Integers
    stratum: Integers
    strata: Strata


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slopes:
    """The slope of y on x within cells, one a side.

    Parameters:
        slope: what y gains for each x more; nan where x does not vary.
        covariance: of the slopes: clusters that are on several sides tie them together.
        clusters: with a row on each side.
        df: clusters with a row less strata with one.
        freedom: degrees of freedom of each slope: how many clusters it rests on, those that pull more counting for less.
        within: weighted sum of squares of x within cells, one a side.
    """

    slope: Floats
    covariance: Floats
    clusters: Integers
    df: float
    freedom: Floats
    within: Floats

    @property
    def se(self) -> Floats:
        """Standard errors of the slopes."""
        return np.sqrt(np.diag(self.covariance))

    def freedom_between(self, one: int, other: int) -> float:
        """Return the degrees of freedom of the difference of two slopes (Satterthwaite 1946)."""
        parts = np.diag(self.covariance)[[one, other]]
        return float(parts.sum() ** 2 / (parts**2 / self.freedom[[one, other]]).sum()) if parts.sum() > 0 else self.df

    def alike(self) -> tuple[float, int, float]:
        """Return the F of whether all sides have one slope, how many sides it compares less one, and its p.

        Raises:
            EvidenceError: fewer than two sides have a slope.
        """
        known = np.flatnonzero(np.isfinite(self.slope))
        q = known.size - 1
        if q < 1 or self.df <= q:
            raise EvidenceError(
                "fewer than two periods have enough answers to compare", remedy="take longer periods, or load more"
            )
        gaps = self.slope[known[1:]] - self.slope[known[0]]
        turn = np.hstack([-np.ones((q, 1)), np.eye(q)])
        middle = turn @ self.covariance[np.ix_(known, known)] @ turn.T
        # as of Hotelling's T²: q of the degrees of freedom go into the covariance
        f = float(gaps @ np.linalg.solve(middle, gaps)) / q * (self.df - q + 1) / self.df
        return f, q, float(special.fdtrc(q, self.df - q + 1, f))


def slopes(sums: Sums) -> Slopes:
    """Return the slopes within cells with their covariance over clusters (Binder 1983; Liang and Zeger 1986).

    Each cell has a level of its own, so that what tells cells apart (the channel, the period) is no part of a slope.

    Example:
        >>> x, y = np.array([0.0, 1, 2, 0, 1, 2]), np.array([5.0, 4, 3, 9, 9, 8])
        >>> side = np.array([0, 0, 0, 1, 1, 1])
        >>> found = slopes(Sums(w=np.ones(6), x=x, y=y, xx=x * x, xy=x * y, cluster=np.arange(6), cell=side,
        ...                     side=np.array([0, 1]), stratum=np.zeros(6, dtype=int), strata=Strata(clusters=np.array([6.0]))))
        >>> found.slope.round(3).tolist(), found.clusters.tolist(), found.df
        ([-1.0, -0.5], [3, 3], 5.0)
    """
    cells, sides, clusters = sums.side.size, int(sums.side.max()) + 1, sums.stratum.size
    weight = np.bincount(sums.cell, sums.w, minlength=cells)
    over = np.where(weight > 0, weight, 1.0)
    x, y = (np.bincount(sums.cell, each, minlength=cells) / over for each in (sums.x, sums.y))
    at, own = sums.side[sums.cell], sums.cell
    centred_xx = sums.xx - 2 * x[own] * sums.x + x[own] ** 2 * sums.w
    centred_xy = sums.xy - x[own] * sums.y - y[own] * sums.x + x[own] * y[own] * sums.w
    within = np.bincount(at, centred_xx, minlength=sides).astype(np.float64)
    whole = np.bincount(at, sums.xx, minlength=sides)
    varies = within > _APART * np.maximum(whole, 1.0)
    slope = np.divide(np.bincount(at, centred_xy, minlength=sides), within, out=np.full(sides, np.nan), where=varies)
    known = np.nan_to_num(slope)
    scores, own_xx = np.zeros((clusters, sides)), np.zeros((clusters, sides))
    np.add.at(scores, (sums.cluster, at), centred_xy - known[at] * centred_xx)
    np.add.at(own_xx, (sums.cluster, at), centred_xx)
    scores *= _grown(sums, scores, known, within)
    here = np.zeros((clusters, sides), dtype=bool)
    here[sums.cluster, at] = True
    drawn = here.any(axis=1)
    inverse = np.divide(1.0, within, out=np.full(sides, np.nan), where=varies)
    middle = scatter(scores, sums.stratum, sums.strata, singleton="certainty")
    df = float(drawn.sum() - np.unique(sums.stratum[drawn]).size)
    squares = (own_xx**2).sum(axis=0)
    return Slopes(
        slope=slope,
        covariance=middle * inverse[:, None] * inverse[None, :],
        clusters=here.sum(axis=0).astype(np.int64),
        df=df,
        freedom=np.minimum(np.divide(within**2, squares, out=np.full(sides, np.nan), where=squares > 0), df),
        within=within,
    )


def _grown(sums: Sums, scores: Floats, slope: Floats, within: Floats) -> Floats:
    """Return by how much the pull of each cluster on each slope is to grow: the root of how far the line without it moves."""
    cells = sums.side.size
    entry, at = np.unique(sums.cluster * cells + sums.cell, return_inverse=True)
    cluster, cell = entry // cells, entry % cells
    mine = np.stack([np.bincount(at, each) for each in (sums.w, sums.x, sums.y, sums.xx, sums.xy)])
    whole = np.stack([np.bincount(cell, each, minlength=cells) for each in mine])[:, cell]
    rest = whole - mine
    left = rest[0] > _APART * whole[0]
    gone = []
    for place, (one, other) in ((3, (1, 1)), (4, (1, 2))):
        # a cell that is weighted to nothing pulls at nothing
        middle = np.divide(whole[one] * whole[other], whole[0], out=np.zeros_like(whole[0]), where=whole[0] > 0)
        before = whole[place] - middle
        product = np.divide(rest[one] * rest[other], rest[0], out=np.zeros_like(before), where=left)
        gone.append(before - np.where(left, rest[place] - product, 0.0))
    moved_xx, moved_xy = np.zeros_like(scores), np.zeros_like(scores)
    np.add.at(moved_xx, (cluster, sums.side[cell]), gone[0])
    np.add.at(moved_xy, (cluster, sums.side[cell]), gone[1])
    # what the slope loses with the cluster, and what its score says that it loses
    without = within - moved_xx
    lost = np.divide(moved_xy - slope * moved_xx, without, out=np.zeros_like(scores), where=without > _APART * within)
    told = scores / np.where(within > 0, within, 1.0)
    times = np.divide(lost, told, out=np.ones_like(scores), where=np.abs(told) > 0)
    return np.asarray(np.sqrt(np.clip(times, 1.0, _MOST)), dtype=np.float64)


def means(
    w: Floats, y: Floats, place: Integers, places: int, cluster: Integers, stratum: Integers, strata: Strata
) -> tuple[Floats, Floats]:
    """Return the mean of y at each place, and its standard error over clusters.

    Parameters:
        w, y: weighted sums of each entry.
        place: of each entry.
        places: how many there are; nan where one has no row.
        cluster: of each entry.
        stratum: of each cluster.
        strata: the whole design.

    Example:
        >>> found, se = means(np.ones(4), np.array([1.0, 3, 5, 5]), np.array([0, 0, 1, 1]), 2, np.arange(4),
        ...                   np.zeros(4, dtype=int), Strata(clusters=np.array([4.0])))
        >>> found.tolist(), se.round(3).tolist()
        ([2.0, 5.0], [0.816, 0.0])
    """
    weight = np.bincount(place, w, minlength=places)
    over = np.where(weight > 0, weight, np.nan)
    mean = np.bincount(place, y, minlength=places) / over
    scores = np.zeros((stratum.size, places))
    np.add.at(scores, (cluster, place), y - np.nan_to_num(mean)[place] * w)
    middle = scatter(scores, stratum, strata, singleton="certainty")
    return mean, np.sqrt(np.maximum(np.diag(middle), 0.0)) / over

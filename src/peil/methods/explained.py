"""What auxiliaries explain of clusters' totals, and what they leave: the residuals that calibrated weights vary by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy

from peil.methods.cells import gram
from peil.methods.moments import Floats, Integers, Moments, Residuals

# Sums of squares that are so small beside what they are the difference of are rounding.
ROUNDING = 1e-13
BLOCK = 2_000_000  # numbers made at a time
# Auxiliaries that say the same (every margin adds up to the population) are told by singular values below this.
ALIKE = 1e-11
Entries = tuple[Integers, Integers, Floats, Floats]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explained:
    """The auxiliaries of clusters, and regressions on them; make one with ``of``.

    Parameters:
        x: (K, P) auxiliaries of each kind of respondent.
        weight: (C, K) calibrated weight of each cluster's respondents of each kind.
        units: (U, K) that of each second-stage unit's; None where clusters were taken whole.
        slopes: for each quantity (G, P) twice: what x and y of a group's rows gain with each auxiliary.
        inverse: (P, P) of the auxiliaries' products, weighted as before calibration.
    """

    x: scipy.sparse.csr_matrix
    weight: scipy.sparse.csr_matrix
    slopes: tuple[tuple[Floats, Floats], ...]
    inverse: Floats
    units: scipy.sparse.csr_matrix | None = None

    @classmethod
    def of(
        cls,
        *,
        x: scipy.sparse.csr_matrix,
        drawn: Floats,
        weight: scipy.sparse.csr_matrix,
        crossed: tuple[tuple[Floats, Floats], ...],
        units: scipy.sparse.csr_matrix | None = None,
    ) -> Self:
        """Make the regressions.

        Parameters:
            x: (K, P) auxiliaries of each kind of respondent.
            drawn: (K,) their weights before calibration.
            weight: (C, K) calibrated weight of each cluster's respondents of each kind.
            crossed: for each quantity (G, P) twice: Σ d x·per and Σ d x·of over the rows of each group.
            units: (U, K) calibrated weight of each second-stage unit's respondents of each kind.
        """
        inverse = inverse_of(x, drawn)
        slopes = tuple((per @ inverse, of @ inverse) for per, of in crossed)
        return cls(
            x=x, weight=weight.tocsr(), slopes=slopes, inverse=inverse, units=None if units is None else units.tocsr()
        )

    def fitted(self, slope: Floats) -> Floats:
        """Return (C,) what the auxiliaries explain of clusters' totals, given slopes (P,)."""
        return np.asarray(self.weight @ (self.x @ slope))

    def unit_residuals(self, totals: Floats, slopes: Floats) -> Floats:
        """Return (U, G) what the auxiliaries leave of units' totals; nought where that is only rounding.

        Parameters:
            totals: (U, G) of each unit in each group.
            slopes: (G, P) of each group.
        """
        fit = np.asarray(self.units @ np.asarray(self.x @ slopes.T))
        left = totals - fit
        return np.where(np.abs(left) <= ROUNDING * (np.abs(totals) + np.abs(fit)), 0.0, left)


def inverse_of(x: scipy.sparse.csr_matrix, drawn: Floats) -> Floats:
    """Return the inverse of Σ d x x', a generalised one as every margin adds up to the same.

    Parameters:
        x: (K, P) auxiliaries of each kind of respondent.
        drawn: (K,) their weights before calibration.
    """
    return np.linalg.pinv(gram(x, drawn), rcond=ALIKE, hermitian=True).astype(np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kinds:
    """Rows that are their own clusters, added up by kind: nothing is as long as there are rows.

    Parameters:
        x: (K, P) auxiliaries of each kind of respondent in each stratum.
        inverse: (P, P), as ``inverse_of`` makes it.
        stratum: (K,) the stratum.
        weight: (K,) sum of the calibrated weights.
        squares: (K,) sum of their squares.
        of_rows: (M, P) auxiliaries of each kind of row in each group and stratum.
        group: (M,) the group.
        row_stratum: (M,) the stratum.
    """

    x: scipy.sparse.csr_matrix
    inverse: Floats
    stratum: Integers
    weight: Floats
    squares: Floats
    of_rows: scipy.sparse.csr_matrix
    group: Integers
    row_stratum: Integers

    def residuals(self, moments: Moments, per: tuple[Floats, Floats], of: tuple[Floats, Floats]) -> Residuals:
        """Return the sums of rows' residuals and of their squares.

        Parameters:
            moments: sums of one quantity, with an entry for every group and stratum in that order.
            per: (M,) sums of d·per and of w²·per over rows of each kind, group and stratum.
            of: the same of the numerator.
        """
        n_strata = moments.strata.clusters.size
        n_groups = moments.group.size // n_strata
        places = np.arange(self.group.size)
        of_group = scipy.sparse.csr_matrix((np.ones(places.size), (self.group, places)), shape=(n_groups, places.size))
        slopes = [
            np.asarray((of_group @ self.of_rows.multiply(each[0][:, None]).tocsr()).toarray()) @ self.inverse
            for each in (per, of)
        ]
        kinds = np.arange(self.stratum.size)
        shape = (n_strata, kinds.size)
        whole = scipy.sparse.csr_matrix((self.weight, (self.stratum, kinds)), shape=shape)
        squares = scipy.sparse.csr_matrix((self.squares, (self.stratum, kinds)), shape=shape)
        together = np.zeros((7, n_groups, n_strata))
        step = max(1, BLOCK // max(kinds.size, 1))
        for first in range(0, n_groups, step):
            here = slice(first, first + step)
            together[:, here] = _together(whole, squares, [np.asarray(self.x @ each[here].T) for each in slopes])
        x, y, xx, xy, yy, all_xx, all_yy = (each.ravel() for each in together)
        a, b = (_rowwise(self.of_rows, each, self.group) for each in slopes)
        at = self.group * n_strata + self.row_stratum

        def over(values: Floats) -> Floats:
            return np.bincount(at, values, minlength=x.size).astype(np.float64)

        m = moments
        return _settled(
            x + m.x,
            y + m.y,
            xx + m.xx - 2 * over(a * per[1]),
            xy + m.xy - over(a * of[1] + b * per[1]),
            yy + m.yy - 2 * over(b * of[1]),
            (all_xx + m.xx, all_yy + m.yy),
        )


def _rowwise(x: scipy.sparse.csr_matrix, slopes: Floats, group: Integers) -> Floats:
    """Return (M,) what the slopes of its own group foretell of each row."""
    row = np.repeat(np.arange(x.shape[0]), np.diff(x.indptr))
    return np.bincount(row, x.data * slopes[group[row], x.indices], minlength=x.shape[0]).astype(np.float64)


def _settled(x: Floats, y: Floats, xx: Floats, xy: Floats, yy: Floats, scale: tuple[Floats, Floats]) -> Residuals:
    """Return residuals with what is only rounding made nought."""
    xx, yy = (np.where(each <= ROUNDING * whole, 0.0, each) for each, whole in zip((xx, yy), scale, strict=True))
    both = (xx > 0) & (yy > 0)
    return Residuals(x=np.where(xx > 0, x, 0.0), y=np.where(yy > 0, y, 0.0), xx=xx, xy=np.where(both, xy, 0.0), yy=yy)


def residuals(
    explained: Explained, quantity: int, *, stratum: Integers, n_strata: int, entries: Entries, n_groups: int
) -> Residuals:
    """Return the sums of clusters' residuals and of their squares, for every group and stratum, in that order.

    Clusters of one kind of respondent are reckoned with together; only those of several kinds are looked at one by one.

    Parameters:
        explained: auxiliaries and regressions.
        quantity: which of them.
        stratum: (C,) stratum of each cluster.
        n_strata: how many there are.
        entries: cluster, group, x and y of each pair of cluster and group that has rows.
        n_groups: how many there are.
    """
    weight = explained.weight
    kinds = np.diff(weight.indptr)
    alone = kinds <= 1
    kind, w = np.zeros(alone.size, dtype=np.int64), np.zeros(alone.size)
    one = np.flatnonzero(kinds == 1)
    kind[one], w[one] = weight.indices[weight.indptr[one]], weight.data[weight.indptr[one]]
    shape = (n_strata, weight.shape[1])
    whole = scipy.sparse.csr_matrix((w[one], (stratum[one], kind[one])), shape=shape)
    squares = scipy.sparse.csr_matrix((w[one] ** 2, (stratum[one], kind[one])), shape=shape)
    several = np.flatnonzero(~alone)
    made = np.zeros((7, n_groups, n_strata))
    group = entries[1]
    step = max(1, BLOCK // max(weight.shape[1], 1))
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(0, n_groups + step, step).clip(max=n_groups))
    for place, first in enumerate(range(0, n_groups, step)):
        last = min(first + step, n_groups)
        fit = [np.asarray(explained.x @ slope[first:last].T) for slope in explained.slopes[quantity]]
        here = order[bounds[place] : bounds[place + 1]]
        inside = [each[here] for each in entries]
        inside[1] = inside[1] - first
        lonely = alone[inside[0]]
        made[:, first:last] = _together(whole, squares, fit) + _alone(
            [each[lonely] for each in inside], fit, (kind, w, stratum), n_strata
        )
        if several.size:
            made[:, first:last] += _one_by_one(
                weight[several], fit, [each[~lonely] for each in inside], several, stratum, n_strata
            )
    x, y, xx, xy, yy, all_xx, all_yy = (each.ravel() for each in made)
    return _settled(x, y, xx, xy, yy, (all_xx, all_yy))


def _together(whole: scipy.sparse.csr_matrix, squares: scipy.sparse.csr_matrix, fit: list[Floats]) -> Floats:
    """Return the sums over clusters of one kind as if none had rows: all that is left is minus what is explained."""
    x, y = fit
    xx, yy = squares @ (x * x), squares @ (y * y)
    return np.stack([-(whole @ x), -(whole @ y), xx, squares @ (x * y), yy, xx, yy]).transpose(0, 2, 1)


def _alone(entries: list[Floats], fit: list[Floats], of: tuple[Integers, Floats, Integers], n_strata: int) -> Floats:
    """Return what the rows of clusters of one kind change in those sums."""
    cluster, group, x, y = entries
    kind, w, stratum = of
    n_groups = fit[0].shape[1]
    at = group * n_strata + stratum[cluster]
    a, b = (w[cluster] * each[kind[cluster], group] for each in fit)
    changes = (x, y, x * x - 2 * x * a, x * y - x * b - y * a, y * y - 2 * y * b, x * x, y * y)
    summed = np.stack([np.bincount(at, each, minlength=n_groups * n_strata) for each in changes])
    return summed.astype(np.float64).reshape(7, n_groups, n_strata)


def _one_by_one(
    weight: scipy.sparse.csr_matrix,
    fit: list[Floats],
    entries: list[Floats],
    several: Integers,
    stratum: Integers,
    n_strata: int,
) -> Floats:
    """Return the sums over clusters of several kinds of respondents."""
    cluster, group, x, y = entries
    n_groups = fit[0].shape[1]
    place = np.searchsorted(several, cluster)
    made = np.zeros((7, n_groups, n_strata))
    step = max(1, BLOCK // n_groups)
    order = np.argsort(place, kind="stable")
    for first in range(0, several.size, step):
        last = min(first + step, several.size)
        left, right = np.searchsorted(place[order], [first, last])
        here = order[left:right]
        total = [np.zeros((last - first, n_groups)) for _ in range(2)]
        for each, values in zip(total, (x, y), strict=True):
            each[place[here] - first, group[here]] = values[here]
        e, f = (each - np.asarray(weight[first:last] @ b) for each, b in zip(total, fit, strict=True))
        inside = scipy.sparse.csr_matrix(
            (np.ones(last - first), (stratum[several[first:last]], np.arange(last - first))),
            shape=(n_strata, last - first),
        )
        sums = (e, f, e * e, e * f, f * f, total[0] ** 2, total[1] ** 2)
        made += np.stack([np.asarray(inside @ each).T for each in sums])
    return made

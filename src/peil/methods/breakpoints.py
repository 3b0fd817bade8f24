"""How many times a regression changes and when: the least sum of squares over all partitions (Bai and Perron 2003)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from peil.errors import EvidenceError
from peil.methods.moments import Floats, Integers

_FLAT = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Partitions:
    """The best partition of a series for every number of breaks.

    Parameters:
        n: rows.
        regressors: columns of the regression, all of which may change.
        trimming: fewest rows of a segment.
        rss: least sum of squared residuals with 0, 1, 2 … breaks; nan where the segments do not fit.
        bic: Schwarz's criterion of each; a break counts as a parameter, and so does the variance.
        breaks: (number of breaks, place); how many rows lie before each break, and -1 where there is none.
    """

    n: int
    regressors: int
    trimming: int
    rss: Floats
    bic: Floats
    breaks: Integers

    @property
    def chosen(self) -> int:
        """The number of breaks with the least criterion.

        It is a description, no test: under autocorrelation it finds breaks where there are none.
        """
        return int(np.nanargmin(self.bic))

    def at(self, number: int) -> tuple[int, ...]:
        """Return how many rows lie before each of ``number`` breaks.

        Raises:
            EvidenceError: so many segments do not fit into the series.
        """
        if not 0 <= number < self.rss.size or math.isnan(self.rss[number]):
            raise EvidenceError(
                f"{number} breaks with {self.trimming} rows between them do not fit into {self.n} rows",
                remedy="ask for fewer breaks, or a smaller trimming",
            )
        return tuple(int(each) for each in self.breaks[number, :number])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ManyPartitions:
    """The best partitions of many series of one length.

    Parameters:
        trimming: fewest rows of a segment.
        rss: (series, number of breaks), as in ``Partitions``.
        bic: of the same shape.
        breaks: (series, number of breaks, place).
        chosen: the number of breaks with the least criterion of each series.
    """

    trimming: int
    rss: Floats
    bic: Floats
    breaks: Integers
    chosen: Integers


def partitions(y: ArrayLike, x: ArrayLike | None = None, *, most: int = 5, trimming: float = 0.15) -> Partitions:
    """Return the exact best partitions of one series into 1, 2 … ``most`` + 1 segments.

    All numbers of breaks come from one dynamic programme (Bai and Perron 2003, section 3). Every coefficient may differ
    between segments.

    Parameters:
        y: the series, one row a period, without gaps.
        x: (n, k) regressors with the constant among them, such as a trend, the season, or y one period before; left out,
            only the mean changes.
        most: the highest number of breaks to look at.
        trimming: fewest rows of a segment: a share of n below 1, or a number of rows.

    Raises:
        EvidenceError: there are gaps, y is the same throughout, or the segments do not fit.

    Example:
        >>> found = partitions([1.0, 1.2, 0.9, 1.1, 5.0, 5.1, 4.8, 5.2], most=2, trimming=2)
        >>> found.chosen, found.at(1), found.rss.round(2).tolist()
        (1, (4,), [31.74, 0.14, 0.13])
    """
    series = checked_series(y)
    n = series.size
    regressors = checked_regressors(x, n)
    k = 1 if regressors is None else regressors.shape[1]
    h = rows_of(trimming, n, k)
    from peil.methods import break_kernels

    _some(most)
    if regressors is None:
        rss, breaks = break_kernels.cheapest_levels(series[None, :], h, most)
        rss, breaks = rss[0], breaks[0]
    else:
        table = break_kernels.segments(series - series.mean(), scaled(regressors), h)
        rss, breaks = break_kernels.cheapest(table, n, h, most)
    return Partitions(n=n, regressors=k, trimming=h, rss=rss, bic=bic(rss, n, k), breaks=breaks)


def many_partitions(
    y: ArrayLike, x: ArrayLike | None = None, *, most: int = 5, trimming: float = 0.15
) -> ManyPartitions:
    """Return what ``partitions`` returns for each of many series of one length.

    Parameters:
        y: (series, n).
        x: (n, k) regressors that all series share, with the constant among them; left out, only means change.
        most: the highest number of breaks to look at.
        trimming: fewest rows of a segment: a share of n below 1, or a number of rows.

    Raises:
        EvidenceError: as in ``partitions``; the place of the series is named.

    Example:
        >>> found = many_partitions([[1.0, 1.2, 0.9, 1.1, 5.0, 5.1, 4.8, 5.2], [2, 1, 2, 1, 2, 1, 2, 1]], most=2, trimming=2)
        >>> found.chosen.tolist(), found.breaks[0, 1].tolist()
        ([1, 0], [4, -1])
    """
    series = checked_many(y)
    n = series.shape[1]
    regressors = checked_regressors(x, n)
    k = 1 if regressors is None else regressors.shape[1]
    h = rows_of(trimming, n, k)
    from peil.methods import break_kernels

    _some(most)
    if regressors is None:
        rss, breaks = break_kernels.cheapest_levels(series, h, most)
    else:
        even = scaled(regressors)
        each = [break_kernels.cheapest(break_kernels.segments(row - row.mean(), even, h), n, h, most) for row in series]
        rss, breaks = (np.stack(part) for part in zip(*each, strict=True))
    criterion = bic(rss, n, k)
    return ManyPartitions(trimming=h, rss=rss, bic=criterion, breaks=breaks, chosen=np.nanargmin(criterion, axis=1))


def bic(rss: Floats, n: int, k: int) -> Floats:
    """Return Schwarz's criterion of a normal regression of k columns cut into 1, 2 … segments (Yao 1988).

    Parameters:
        rss: (…, number of breaks) sums of squares.
        n: rows.
        k: columns.

    Example:
        >>> bic(np.array([2835156.75, 1597457.19]), 100, 1).round(2).tolist()
        [1318.24, 1270.08]
    """
    parameters = (k + 1) * (np.arange(rss.shape[-1]) + 1)
    with np.errstate(divide="ignore"):
        likelihood = -0.5 * n * (np.log(rss) + 1 - math.log(n) + math.log(2 * math.pi))
    return np.asarray(-2 * likelihood + parameters * math.log(n), dtype=np.float64)


def rows_of(trimming: float, n: int, k: int) -> int:
    """Return the fewest rows of a segment.

    Parameters:
        trimming: a share of n below 1, or a number of rows.
        n: rows of the series.
        k: columns of the regression, of which a segment needs one row more.

    Raises:
        EvidenceError: a segment could not carry the regression, or two do not fit.

    Example:
        >>> rows_of(0.15, 103, 1), rows_of(20, 103, 1)
        (15, 20)
    """
    h = math.floor(n * trimming + 1e-9) if trimming < 1 else int(trimming)
    if h <= k:
        raise EvidenceError(
            f"a segment of {h} of {n} rows cannot carry {k} coefficients and a variance",
            remedy="take a wider trimming, fewer regressors, or a longer series",
        )
    if 2 * h > n:
        raise EvidenceError(f"two segments of {h} rows do not fit into {n}", remedy="take a smaller trimming")
    return h


def checked_series(y: ArrayLike) -> Floats:
    """Return the series as numbers.

    Raises:
        EvidenceError: it is not one row of numbers, has gaps, or does not vary.

    Example:
        >>> checked_series([1, 2]).tolist()
        [1.0, 2.0]
    """
    series = np.asarray(y, dtype=np.float64)
    if series.ndim != 1:
        raise EvidenceError(f"a series has one dimension, not {series.ndim}", remedy="use the function for many series")
    return checked_many(series[None, :]).ravel()


def checked_many(y: ArrayLike) -> Floats:
    """Return the series as (series, n) numbers.

    Raises:
        EvidenceError: one of them has gaps, or does not vary.

    Example:
        >>> checked_many([[1, 2], [3, 5]]).shape
        (2, 2)
    """
    series = np.ascontiguousarray(y, dtype=np.float64)
    if series.ndim != 2:  # noqa: PLR2004  # series and rows
        raise EvidenceError(f"many series have two dimensions, not {series.ndim}")
    gaps = ~np.isfinite(series)
    if gaps.any():
        where, row = (int(each[0]) for each in np.nonzero(gaps))
        raise EvidenceError(
            f"series {where} has {int(gaps[where].sum())} gaps, the first in row {row}",
            remedy="fill them by a rule that is stated, or take the longest stretch without gaps",
        )
    flat = np.ptp(series, axis=1) <= _FLAT * np.maximum(np.abs(series).max(axis=1), np.finfo(np.float64).tiny)
    if flat.any():
        raise EvidenceError(
            f"series {int(np.argmax(flat))} has the same value throughout, so nothing can be said of a change",
            remedy="look whether it was measured at all",
        )
    return series


def checked_regressors(x: ArrayLike | None, n: int) -> Floats | None:
    """Return the regressors as (n, k) numbers.

    Raises:
        EvidenceError: they do not fit the series, have gaps, or explain one another.

    Example:
        >>> checked_regressors([[1, 0], [1, 1], [1, 2]], 3).shape
        (3, 2)
    """
    if x is None:
        return None
    columns = np.ascontiguousarray(x, dtype=np.float64)
    if columns.ndim == 1:
        columns = columns[:, None]
    if columns.shape[0] != n:
        raise EvidenceError(f"{columns.shape[0]} rows of regressors do not fit {n} of the series")
    if not np.isfinite(columns).all():
        raise EvidenceError("the regressors have gaps", remedy="fill them, or leave the column out")
    if (
        np.linalg.matrix_rank(columns / np.maximum(np.abs(columns).max(axis=0), np.finfo(np.float64).tiny))
        < columns.shape[1]
    ):
        raise EvidenceError("a regressor is explained by the others", remedy="leave one out")
    return columns


def scaled(x: Floats) -> Floats:
    """Return orthonormal columns that span the same, so that rounding is the same for all units.

    Example:
        >>> np.abs(scaled(np.array([[1.0, 0], [1, 1], [1, 2]])).round(3)).tolist()
        [[1.0, 1.225], [1.0, 0.0], [1.0, 1.225]]
    """
    return np.ascontiguousarray(np.linalg.qr(x)[0] * math.sqrt(x.shape[0]))


def _some(most: int) -> None:
    if most < 1:
        raise EvidenceError(f"at most {most} breaks leave nothing to look for", remedy="ask for one at least")

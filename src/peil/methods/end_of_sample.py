"""Whether the last few rows of a series lie off its path, when they are too few to say how (Andrews 2003)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from peil.errors import EvidenceError
from peil.methods.moments import Floats

_PER_COLUMN = 3  # rows before the last, for each column and each of the last rows


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOfSample:
    """How the last rows of a series compare with every stretch of the same length before them.

    Parameters:
        statistic: how far they lie off the path, neighbours weighed as they swing together.
        p: rank of that among the stretches before and itself: chance of so odd a stretch if nothing changed.
        stretches: how many lie before; the least p to be had is 1 over one more.
        last: rows of the stretch.
    """

    statistic: float
    p: float
    stretches: int
    last: int


def end_of_sample(y: ArrayLike, at: int, columns: ArrayLike) -> EndOfSample:
    """Return whether the rows from ``at`` on lie off the path of those before.

    No shape of the noise is taken for granted: the errors of each stretch of the same length say what is usual, whatever
    their autocorrelation. Each stretch is held against a path fitted without half of it, since the last rows are in the
    fit by half as well (Andrews 2003, Econometrica 71, 1661-1694, his S test). It tells that the end is odd; not whether
    a level or a slope changed, nor by how much.

    Parameters:
        y: (n,) the series.
        at: how many rows lie before the stretch.
        columns: (n, k) what was under way: constant, trend, season.

    Raises:
        EvidenceError: nothing lies after ``at``, or too few rows before it.

    Example:
        >>> rng = np.random.default_rng(5)
        >>> path = np.column_stack([np.ones(110), np.arange(110.0)])
        >>> still = rng.normal(size=110)
        >>> round(end_of_sample(still, 104, path).p, 2), round(end_of_sample(still + 3 * (path[:, 1] >= 104), 104, path).p, 2)
        (0.32, 0.01)
    """
    values, x = np.asarray(y, dtype=np.float64), np.asarray(columns, dtype=np.float64)
    last = values.size - at
    if last < 1 or at < _PER_COLUMN * (last + x.shape[1]):
        raise EvidenceError(
            f"{at} rows before and {last} after are too few to compare the end of a series with what went before",
            remedy="begin the series earlier",
        )
    # what stretches share: how the errors of one swing together
    errors = values - x @ np.linalg.lstsq(x, values, rcond=None)[0]
    stretches = np.lib.stride_tricks.sliding_window_view(errors, last)[: at + 1]
    inverse = np.asarray(np.linalg.pinv(stretches.T @ stretches / len(stretches), hermitian=True), dtype=np.float64)
    half = -(-last // 2)
    before = np.array([_off(values[:at], x[:at], j, last, half, inverse) for j in range(at - last + 1)])
    here = _distance(errors[at:], x[at:], inverse)
    return EndOfSample(
        statistic=here, p=float((1 + np.sum(before >= here)) / (1 + before.size)), stretches=before.size, last=last
    )


def _off(values: Floats, x: Floats, first: int, last: int, half: int, inverse: Floats) -> float:
    """Return how far one stretch lies off a path that is fitted without its first half."""
    kept = np.ones(values.size, dtype=np.bool_)
    kept[first : first + half] = False
    fit = np.linalg.lstsq(x[kept], values[kept], rcond=None)[0]
    there = slice(first, first + last)
    return _distance(values[there] - x[there] @ fit, x[there], inverse)


def _distance(errors: Floats, x: Floats, inverse: Floats) -> float:
    """Return how much of the errors a change of the columns' coefficients would explain; all of them if they are few."""
    if errors.size <= x.shape[1]:
        return float(errors @ inverse @ errors)
    towards = x.T @ inverse @ errors
    return float(towards @ np.linalg.pinv(x.T @ inverse @ x, hermitian=True) @ towards)

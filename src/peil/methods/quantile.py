"""Quantiles from counts or weights of distinct values, exact and for all groups at once.

The entries stand in the order of group, then value: what ``group by group, value order by
group, value`` gives.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from peil.errors import EvidenceError
from peil.methods.moments import Floats, Integers
from peil.methods.student import student

# A cumulated weight this near to the probability has reached it: sums of weights end a few
# roundings beside the fraction that they stand for, and would step over the tie.
TIE = 1e-10


def quantile(group: ArrayLike, value: ArrayLike, count: ArrayLike, q: ArrayLike, n_groups: int) -> Floats:
    """Return quantiles by linear interpolation, as ``numpy.quantile`` does (Hyndman and Fan 1996, type 7).

    Parameters:
        group: the group of each entry, from 0.
        value: the distinct values, rising within a group.
        count: how often each occurs, in whole numbers.
        q: the probability, one for all groups or one for each.
        n_groups: groups to answer for.

    Returns:
        One quantile a group; nan for a group without rows.

    Raises:
        EvidenceError: the entries are out of order.

    Example:
        >>> quantile([0, 0, 0, 1], [10, 20, 40, 7], [1, 2, 1, 5], 0.75, 2).tolist()
        [25.0, 7.0]
    """
    at, values = _ordered(group, value)
    counts = np.asarray(count, dtype=np.int64)
    n = np.bincount(at, counts, minlength=n_groups).astype(np.int64)
    cumulated = np.cumsum(counts)
    before = np.cumsum(n) - n
    rank = (n - 1) * np.broadcast_to(np.asarray(q, dtype=np.float64), (n_groups,))
    rank = np.maximum(rank, 0.0)
    below = np.floor(rank).astype(np.int64)
    part = rank - below
    above = np.minimum(below + 1, np.maximum(n - 1, 0))
    last = max(values.size - 1, 0)
    low, high = (
        values[np.minimum(np.searchsorted(cumulated, before + each, side="right"), last)] for each in (below, above)
    )
    # numpy takes the nearer end as the start, so that both ends are hit exactly.
    found = np.where(part < 0.5, low + (high - low) * part, high - (high - low) * (1 - part))  # noqa: PLR2004  # half way
    return np.where(n > 0, found, np.nan)


def weighted(group: ArrayLike, value: ArrayLike, weight: ArrayLike, q: ArrayLike, n_groups: int) -> Floats:
    """Return the smallest value whose cumulated weight reaches q (Hyndman and Fan 1996, type 1).

    This is the default of R ``survey`` since 4.1 for a value that is reached exactly too,
    with a tolerance for the tie.

    Parameters:
        group: the group of each entry, from 0.
        value: the distinct values, rising within a group.
        weight: the summed weight of each; whole numbers are added up exactly.
        q: the probability, one for all groups or one for each.
        n_groups: groups to answer for.

    Returns:
        One quantile a group; nan for a group without weight, or where q is nan.

    Raises:
        EvidenceError: the entries are out of order.

    Example:
        >>> weighted([0, 0, 0], [1, 2, 3], [0.2, 0.3, 0.5], 0.5, 1).tolist()
        [2.0]
    """
    at, values = _ordered(group, value)
    weights = np.asarray(weight)
    if not np.issubdtype(weights.dtype, np.integer):
        weights = weights.astype(np.float64)
    kept = weights > 0
    at, values, weights = at[kept], values[kept], weights[kept]
    probability = np.broadcast_to(np.asarray(q, dtype=np.float64), (n_groups,))
    if not values.size:
        return np.full(n_groups, np.nan)
    cumulated = np.cumsum(weights)
    entries = np.bincount(at, minlength=n_groups)
    first = np.cumsum(entries) - entries
    last = first + entries - 1
    base = np.concatenate([np.zeros(1, cumulated.dtype), cumulated])[first]
    whole = cumulated[np.maximum(last, 0)] - base
    slack = np.maximum(TIE * whole, 8 * np.finfo(np.float64).eps * cumulated[-1])
    reach = base + np.nan_to_num(probability) * whole - slack
    found = np.clip(np.searchsorted(cumulated, reach, side="left"), first, np.maximum(last, first))
    return np.where((entries > 0) & ~np.isnan(probability), values[np.minimum(found, values.size - 1)], np.nan)


def woodruff(q: ArrayLike, se: ArrayLike, df: ArrayLike, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the probabilities whose quantiles bound a quantile (Woodruff 1952).

    Parameters:
        q: the share of the population at or below the quantile that was found, F.
        se: the standard error of that share: ``ratio`` of the indicator "at or below".
        df: its degrees of freedom.
        level: how often the interval is to hold the truth.

    Returns:
        Two probabilities, kept within 0 and 1; their quantiles are the interval.

    Example:
        >>> low, high = woodruff([0.5], [0.04], [60])
        >>> low.round(3).tolist(), high.round(3).tolist()
        ([0.42], [0.58])
    """
    centre, spread, freedom = (np.asarray(each, dtype=np.float64) for each in (q, se, df))
    reach = student(freedom, level) * spread
    return np.maximum(centre - reach, 0.0), np.minimum(centre + reach, 1.0)


def _ordered(group: ArrayLike, value: ArrayLike) -> tuple[Integers, Floats]:
    at, values = np.asarray(group, dtype=np.int64), np.asarray(value, dtype=np.float64)
    step = np.diff(at)
    if np.any((step < 0) | ((step == 0) & (np.diff(values) < 0))):
        raise EvidenceError("the counted values are out of order", remedy="order them by group, then by value")
    return at, values

"""Numbers for names: distinct values and pairs in order, and the place of each row among them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from peil.methods.moments import Floats, Integers

# as many possible pairs a row are marked in a table; more are sorted
SPARSE = 16


def codes(column: pa.ChunkedArray) -> tuple[pa.Array, Integers]:
    """Return the distinct values of a column in order, and each row's place among them."""
    encoded = pc.dictionary_encode(column.combine_chunks(), null_encoding="encode")
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    return encoded.dictionary.take(pa.array(order)), rank[encoded.indices.to_numpy(zero_copy_only=False)]


def largest(rows: pa.Table, name: str, at: Integers, size: int) -> Floats | None:
    """Return the largest of a column in each of ``size`` places; None where it is not there, or all null."""
    if name not in rows.column_names:
        return None
    values = rows.column(name).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    found = np.full(size, np.nan)
    known = ~np.isnan(values)
    np.fmax.at(found, at[known], values[known])
    return None if np.isnan(found).all() else found


def distinct(high: Integers, low: Integers) -> tuple[Integers, Integers, Integers]:
    """Return the distinct pairs, in order, and each row's place among them.

    Example:
        >>> high, low, at = distinct(np.array([1, 0, 1]), np.array([0, 5, 0]))
        >>> high.tolist(), low.tolist(), at.tolist()
        ([0, 1], [5, 0], [1, 0, 1])
    """
    size = int(low.max(initial=0)) + 1
    pair = high * size + low
    most = int(pair.max(initial=0)) + 1
    if most <= SPARSE * pair.size + 1_000:
        # few more pairs than rows: marking those that occur is quicker than sorting
        seen = np.zeros(most, dtype=bool)
        seen[pair] = True
        pairs = np.flatnonzero(seen)
        rank = np.zeros(most, dtype=np.int64)
        rank[pairs] = np.arange(pairs.size)
        at = rank[pair]
    else:
        pairs, at = np.unique(pair, return_inverse=True)
    return pairs // size, pairs % size, at.astype(np.int64)


def inverse(at: Integers) -> Integers:
    """Return the order that puts each row in its place.

    Example:
        >>> inverse(np.array([2, 0, 1])).tolist()
        [1, 2, 0]
    """
    order = np.empty_like(at)
    order[at] = np.arange(at.size)
    return order

"""From pairs to persons: records that belong together, without taking a household for one person."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import scipy

Integers = npt.NDArray[np.int64]


def clusters(
    n: int,
    left: Integers,
    right: Integers,
    weight: npt.NDArray[np.float64],
    *,
    apart: Collection[tuple[int, int]] = (),
) -> Integers:
    """Return for each record the lowest record of its person.

    Parameters:
        n: how many records.
        left, right, weight: pairs that are likely enough, and how likely.
        apart: pairs that may not end in one person; the strongest pairs go first, and a weaker one that would bring
            such a pair together is left.

    Example:
        >>> import numpy as np
        >>> pairs = np.array([0, 1]), np.array([1, 2]), np.array([9.0, 5.0])
        >>> clusters(4, *pairs).tolist(), clusters(4, *pairs, apart={(0, 2)}).tolist()
        ([0, 0, 0, 3], [0, 0, 2, 3])
    """
    found = _connected(n, left, right)
    torn = {int(found[one]) for one, two in apart if found[one] == found[two]}
    if torn:
        inside = np.isin(found, np.fromiter(torn, np.int64, len(torn)))
        found = np.where(inside, np.arange(n), found)
        chosen = np.flatnonzero(inside[left] & inside[right])
        order = chosen[np.lexsort((right[chosen], left[chosen], -weight[chosen]))]
        forbidden = [pair for pair in apart if inside[pair[0]] and inside[pair[1]]]
        for record, lowest in _one_by_one(left[order].tolist(), right[order].tolist(), forbidden).items():
            found[record] = lowest
    return found


def _connected(n: int, left: Integers, right: Integers) -> Integers:
    edges = scipy.sparse.coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(n, n))
    _, labels = scipy.sparse.csgraph.connected_components(edges, directed=False)
    lowest = np.full(labels.max(initial=-1) + 1, n, np.int64)
    np.minimum.at(lowest, labels, np.arange(n))
    return np.asarray(lowest[labels], np.int64)


def _one_by_one(left: Sequence[int], right: Sequence[int], forbidden: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Join from the strongest pair on, unless that brings together what must stay apart."""
    lowest = {each: each for each in [*left, *right]}
    members = {each: [each] for each in lowest}
    against: dict[int, set[int]] = {each: set() for each in lowest}
    for one, two in forbidden:
        if one in lowest and two in lowest:
            against[one].add(two)
            against[two].add(one)
    for one, two in zip(left, right, strict=True):
        here, there = sorted((lowest[one], lowest[two]))
        if here == there or any(lowest[each] == there for each in against[here]):
            continue
        for each in members[there]:
            lowest[each] = here
        members[here] += members.pop(there)
        against[here] |= against.pop(there)
    return lowest

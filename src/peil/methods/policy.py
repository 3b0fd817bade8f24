"""What a rule would have brought in that gives each person a treatment, from people who were given one by lot.

Inverse propensity scores (Horvitz & Thompson 1952) and the doubly robust estimator (Robins, Rotnitzky & Zhao 1994), from sums a
cell: what a person is like, what was given, and how much came of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import DefinitionError, EvidenceError
from peil.methods.moments import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """The mean that a rule would have brought in.

    Parameters:
        value: the mean a person.
        se: its standard error.
        low, high: its interval.
        n: persons.
    """

    value: float
    se: float
    low: float
    high: float
    n: int


def ips(
    n: ArrayLike, total: ArrayLike, squares: ArrayLike, chance: ArrayLike, rule: ArrayLike, *, level: float = 0.95
) -> Worth:
    """Return a rule's worth from those who happened to be given what it would give.

    Parameters:
        n: persons of each segment (rows) and arm (columns).
        total: sum of what they brought in.
        squares: sum of its squares.
        chance: of each arm, or of each arm in each segment.
        rule: the arm that each segment would be given.
        level: of the interval.

    Raises:
        DefinitionError: shapes differ, or a chance is nought.
        EvidenceError: nobody was given what the rule would give.

    Example:
        >>> found = ips([[50, 50]], [[100.0, 200.0]], [[300.0, 900.0]], [0.5, 0.5], [1])
        >>> found.value
        4.0
    """
    count, amount, square, likely, given = _cells(n, total, squares, chance, rule)
    everybody = count.sum()
    rows = np.arange(given.size)
    weight = 1 / likely[rows, given]
    if not count[rows, given].sum():
        raise EvidenceError(
            "nobody was given what the rule would give", remedy="a rule over the lengths that were tried"
        )
    value = float(np.sum(weight * amount[rows, given]) / everybody)
    second = float(np.sum(weight**2 * square[rows, given]) / everybody)
    return _worth(value, max(second - value**2, 0.0), everybody, level)


def doubly_robust(
    n: ArrayLike, total: ArrayLike, squares: ArrayLike, chance: ArrayLike, rule: ArrayLike, *, level: float = 0.95
) -> Worth:
    """Return a rule's worth with the mean of each cell taken off first, which leaves less to chance.

    Parameters:
        n, total, squares, chance, rule, level: as for ``ips``.

    Raises:
        EvidenceError: a segment was never given what the rule would give it.

    Example:
        >>> found = doubly_robust([[40, 60]], [[80.0, 240.0]], [[300.0, 1100.0]], [0.5, 0.5], [1])
        >>> found.value
        4.0
    """
    count, amount, square, likely, given = _cells(n, total, squares, chance, rule)
    rows = np.arange(given.size)
    if np.any((count[rows, given] == 0) & (count.sum(axis=1) > 0)):
        raise EvidenceError(
            "a segment was never given what the rule would give it",
            remedy="coarser segments, or lengths that were tried",
        )
    everybody = count.sum()
    size = count.sum(axis=1)
    held = np.maximum(count[rows, given], 1)
    mean = amount[rows, given] / held
    value = float(np.sum(size * mean) / everybody)
    inside = np.maximum(square[rows, given] - held * mean**2, 0.0) * (held / np.maximum(held - 1, 1))
    spread = float(np.sum(inside / likely[rows, given] ** 2) / everybody)
    between = float(np.sum(size * (mean - value) ** 2) / everybody)
    return _worth(value, spread + between, everybody, level)


def _cells(
    n: ArrayLike, total: ArrayLike, squares: ArrayLike, chance: ArrayLike, rule: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats, np.ndarray]:
    count, amount, square = (np.atleast_2d(np.asarray(each, dtype=np.float64)) for each in (n, total, squares))
    given = np.asarray(rule, dtype=np.int64)
    likely = np.broadcast_to(np.asarray(chance, dtype=np.float64), count.shape)
    if count.shape != amount.shape or count.shape != square.shape or given.shape != count.shape[:1]:
        raise DefinitionError("cells, sums and rule do not fit", remedy="one row a segment, one column an arm")
    if not np.all(likely > 0) or not count.sum() > 0:
        raise DefinitionError("an arm had no chance, or there is nobody", remedy="leave out arms that were never given")
    return count, amount, square, likely, given


def _worth(value: float, variance: float, n: float, level: float) -> Worth:
    se = float(np.sqrt(variance / n))
    reach = float(special.ndtri((1 + level) / 2)) * se
    return Worth(value=value, se=se, low=value - reach, high=value + reach, n=round(n))

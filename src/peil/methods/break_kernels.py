"""Inner loops of the break methods: sums of squares of every segment, the cheapest partition, and whitened steps."""

from __future__ import annotations

import numpy as np

from peil.methods.compiled import compiled
from peil.methods.moments import Floats, Integers

_TINY = 1e-9


@compiled
def cheapest_levels(y: Floats, h: int, most: int) -> tuple[Floats, Integers]:
    """Return for 0..most breaks the least sum of squares around segment means, and the last position before each break.

    Bai and Perron's (2003) dynamic programme over all partitions whose segments have at least ``h`` rows; y is (series,
    n). The sum of squares of a segment comes from running sums, so nothing of size n² is kept.
    """
    many, n = y.shape
    rss = np.full((many, most + 1), np.nan)
    breaks = np.full((many, most + 1, most), -1, dtype=np.int64)
    inverse = np.zeros(n + 1)
    inverse[1:] = 1.0 / np.arange(1, n + 1)
    total, square = np.zeros(n + 1), np.zeros(n + 1)
    ahead, behind = np.empty(n + 1), np.empty(n + 1)
    came = np.zeros((most + 1, n + 1), dtype=np.int64)
    for s in range(many):
        value = y[s] - y[s].mean()
        total[1:] = np.cumsum(value)
        square[1:] = np.cumsum(value * value)
        behind[:] = np.inf
        behind[h:] = square[h:] - total[h:] * total[h:] * inverse[h:]
        rss[s, 0] = behind[n]
        for m in range(1, most + 1):
            if (m + 1) * h > n:
                break
            # What a break at i costs, less the part of the next segment that does not hang on where it ends.
            ahead[:] = behind - square
            first = (m + 1) * h
            behind[:] = np.inf
            # A further break needs all ends; the last one only the end of the series.
            start = n if m == most or (m + 2) * h > n else first
            for j in range(start, n + 1):
                best, where = np.inf, 0
                end = total[j]
                for i in range(m * h, j - h + 1):
                    part = end - total[i]
                    cost = ahead[i] - part * part * inverse[j - i]
                    if cost < best:
                        best, where = cost, i
                behind[j] = best + square[j]
                came[m, j] = where
            rss[s, m] = behind[n]
            end_at = n
            for back in range(m, 0, -1):
                end_at = came[back, end_at]
                breaks[s, m, back - 1] = end_at
    return rss, breaks


@compiled
def segments(y: Floats, x: Floats, h: int) -> Floats:
    """Return the sum of squares of the regression of y on x over each segment, [first row, length].

    Rows are put into a triangular factor one at a time by Givens rotations; what is left of y after each rotation is
    the recursive residual (Brown, Durbin and Evans 1975), whose square the sum grows by.
    """
    n, k = x.shape
    table = np.full((n - h + 1, n + 1), np.inf)
    factor, right, row = np.zeros((k, k)), np.zeros(k), np.zeros(k)
    for first in range(n - h + 1):
        factor[:, :] = 0.0
        right[:] = 0.0
        rss = 0.0
        for last in range(first, n):
            for j in range(k):
                row[j] = x[last, j]
            left = y[last]
            for j in range(k):
                entering = row[j]
                if abs(entering) <= _TINY:
                    continue
                pivot = factor[j, j]
                size = np.sqrt(pivot * pivot + entering * entering)
                c, s = pivot / size, entering / size
                factor[j, j] = size
                for other in range(j + 1, k):
                    old = factor[j, other]
                    factor[j, other] = c * old + s * row[other]
                    row[other] = c * row[other] - s * old
                old = right[j]
                right[j] = c * old + s * left
                left = c * left - s * old
                if pivot == 0.0:
                    left = 0.0
                    break
            rss += left * left
            if last - first + 1 >= h:
                table[first, last - first + 1] = rss
    return table


@compiled
def cheapest(table: Floats, n: int, h: int, most: int) -> tuple[Floats, Integers]:
    """Return the cheapest partitions as ``cheapest_levels`` does, from the table of ``segments``."""
    rss = np.full(most + 1, np.nan)
    breaks = np.full((most + 1, most), -1, dtype=np.int64)
    came = np.zeros((most + 1, n + 1), dtype=np.int64)
    behind, ahead = np.full(n + 1, np.inf), np.full(n + 1, np.inf)
    for j in range(h, n + 1):
        behind[j] = table[0, j]
    rss[0] = behind[n]
    for m in range(1, most + 1):
        if (m + 1) * h > n:
            break
        ahead[:] = behind
        behind[:] = np.inf
        for j in range((m + 1) * h, n + 1):
            best, where = np.inf, 0
            for i in range(m * h, j - h + 1):
                cost = ahead[i] + table[i, j - i]
                if cost < best:
                    best, where = cost, i
            behind[j], came[m, j] = best, where
        rss[m] = behind[n]
        end_at = n
        for back in range(m, 0, -1):
            end_at = came[back, end_at]
            breaks[m, back - 1] = end_at
    return rss, breaks

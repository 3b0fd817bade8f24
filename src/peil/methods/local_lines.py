"""What local lines are fitted with: powers, weights, and how widely values spread."""

from __future__ import annotations

import numpy as np

from peil.methods.moments import Floats


def powers_of(u: Floats, order: int) -> Floats:
    """Return the powers of a distance from 0 up to ``order``, one column each."""
    return np.power(u[:, None], np.arange(order + 1))


def triangle(u: Floats) -> Floats:
    """Return the triangular weights of distances in bandwidths."""
    return np.asarray(np.maximum(1 - np.abs(u), 0.0), dtype=np.float64)


def inverse_of(powers: Floats, weights: Floats) -> Floats:
    """Return the inverse of the weighted cross-products of columns; the least of all where they hang together."""
    return np.asarray(np.linalg.pinv((powers * weights[:, None]).T @ powers, hermitian=True), dtype=np.float64)


def sd(u: Floats, n: Floats) -> float:
    """Return the standard deviation of values that stand for several rows each."""
    total = n.sum()
    middle = (n @ u) / total
    return float(np.sqrt(n @ (u - middle) ** 2 / (total - 1)))


def iqr(u: Floats, n: Floats) -> float:
    """Return the distance between the quartiles of values that stand for several rows each."""
    order = np.argsort(u)
    ranks = np.cumsum(n[order]) - n[order]
    low, high = np.interp(np.array([0.25, 0.75]) * (n.sum() - 1), ranks, u[order])
    return float(high - low)

"""Distances of calibration: the factor of a weight and its slope, from what auxiliaries add up to.

Cases 1, 2, 6 and 7 of Deville and Särndal (1992).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from peil.methods.diagnosis import Floats

Distance = Callable[[Floats], tuple[Floats, Floats]]


def straight(u: Floats) -> tuple[Floats, Floats]:
    """Return factors of the linear distance, 1 + u.

    Example:
        >>> straight(np.array([0.5]))[0].tolist()
        [1.5]
    """
    return 1 + u, np.ones_like(u)


def exponential(u: Floats) -> tuple[Floats, Floats]:
    """Return factors of raking, the exponential of u."""
    g = np.exp(u)
    return g, g


def logit(low: float, high: float) -> Distance:
    """Return the distance whose factors draw near to two bounds.

    Example:
        >>> logit(0.5, 2.0)(np.array([-9.0, 0.0, 9.0]))[0].round(3).tolist()
        [0.5, 1.0, 2.0]
    """
    rate = (high - low) / ((1 - low) * (high - 1))

    def made(u: Floats) -> tuple[Floats, Floats]:
        grown = np.exp(np.clip(rate * u, -700, 700))
        g = (low * (high - 1) + high * (1 - low) * grown) / ((high - 1) + (1 - low) * grown)
        return g, rate * (g - low) * (high - g) / (high - low)

    return made


def truncated(low: float, high: float) -> Distance:
    """Return the linear distance cut off at two bounds."""

    def made(u: Floats) -> tuple[Floats, Floats]:
        return np.clip(1 + u, low, high), ((1 + u > low) & (1 + u < high)).astype(np.float64)

    return made

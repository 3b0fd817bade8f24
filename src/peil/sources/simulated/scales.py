"""Answers on a scale with exactly known shares, correlated within persons through a hidden normal score."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PASSIVE = 0.30
"""Share that answers 7 or 8, unless the score leaves no room."""

_DETRACTORS = np.array([0.10, 0.04, 0.06, 0.10, 0.12, 0.26, 0.32])
_PASSIVES = np.array([0.42, 0.58])
_PROMOTERS = np.array([0.56, 0.44])
_BELOW = {5: np.array([0.2, 0.3, 0.5]), 7: np.array([0.15, 0.20, 0.25, 0.40])}
_TOP = {5: np.array([0.55, 0.45]), 7: np.array([0.35, 0.40, 0.25])}
_GRID = np.linspace(-7, 7, 2801)
_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


def nps_shares(nps: float) -> Floats:
    """Return the shares that answer 0 to 10, such that promoters less detractors is ``nps`` points.

    Example:
        >>> shares = nps_shares(-38.0)
        >>> round(100 * float(shares[9:].sum() - shares[:7].sum()), 9), round(float(shares.sum()), 9)
        (-38.0, 1.0)
    """
    passive = min(PASSIVE, 1 - abs(nps) / 100)
    promoters = (1 - passive + nps / 100) / 2
    return np.concatenate([_DETRACTORS * (1 - passive - promoters), _PASSIVES * passive, _PROMOTERS * promoters])


def top_shares(top: float, points: int) -> Floats:
    """Return the shares on a scale of 5 or 7 points of which ``top`` is in the top two (of 5) or three (of 7)."""
    return np.concatenate([_BELOW[points] * (1 - top), _TOP[points] * top])


def cuts(shares: Floats, effects: Floats) -> Floats:
    """Return where to cut a hidden score so that the answers have exactly these shares.

    Parameters:
        shares: of each answer, lowest first.
        effects: shifts of the hidden standard normal score, each as common as the others.

    Returns:
        One cut fewer than there are answers.
    """
    return np.asarray(np.interp(np.cumsum(shares)[:-1], _below(tuple(effects.tolist())), _GRID), np.float64)


@lru_cache(maxsize=64)
def _below(effects: tuple[float, ...]) -> Floats:
    """Return how much of the hidden score lies below each point of the grid."""
    normal = NormalDist()
    rows = [[normal.cdf(each - effect) for each in _GRID.tolist()] for effect in effects]
    return np.asarray(np.mean(rows, axis=0), np.float64)


def normal_of(numbers: NDArray[np.int64], seed: int) -> Floats:
    """Return a standard normal number that belongs to each identifier, the same in every batch.

    Splitmix64 (Steele, Lea and Flood 2014) makes two uniform numbers of each; Box and Muller (1958) make them normal.
    """
    first, second = uniform_of(2 * numbers, seed), uniform_of(2 * numbers + 1, seed)
    return np.asarray(np.sqrt(-2 * np.log1p(-first)) * np.cos(2 * np.pi * second), np.float64)


def uniform_of(numbers: NDArray[np.int64], seed: int) -> Floats:
    """Return a number from 0 up to 1 that belongs to each identifier."""
    step, left, right = (np.uint64(each) for each in _MULTIPLIERS)
    mixed = numbers.astype(np.uint64) + np.uint64(1) + np.uint64(seed % 2**32) * np.uint64(2**31 - 1)
    mixed *= step
    mixed = (mixed ^ (mixed >> np.uint64(30))) * left
    mixed = (mixed ^ (mixed >> np.uint64(27))) * right
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) / 2**53

"""How much those who answered resemble those who were asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special


@dataclass(frozen=True, slots=True, kw_only=True)
class Representative:
    """Indicators of representative response (Schouten, Cobben and Bethlehem 2009).

    Parameters:
        rate: share of those asked who answered.
        spread: standard deviation of the chance to answer over kinds of contacts.
        r: R-indicator, 1 - 2 spread: 1 where all kinds answer alike.
        r_low, r_high: its interval.
        variation: spread over rate: what a mean can be off, in standard deviations, whatever was asked.
    """

    rate: float
    spread: float
    r: float
    r_low: float
    r_high: float
    variation: float


def representative(asked: ArrayLike, answered: ArrayLike, *, level: float = 0.95) -> Representative:
    """Return how evenly kinds of contacts answer.

    The spread between kinds is what is left after what chance alone would show is taken off (Shlomo, Skinner and
    Schouten 2012), else many small kinds would always look uneven. Those asked are taken as independent of one another.

    Parameters:
        asked: how many of each kind were asked.
        answered: how many of them answered.
        level: how often the interval is to hold the truth.

    Example:
        >>> found = representative([1000, 1000], [300, 100])
        >>> round(found.rate, 3), round(found.r, 3), round(found.variation, 3)
        (0.2, 0.801, 0.498)
        >>> representative([1000, 1000], [200, 200]).r
        1.0
    """
    there = np.asarray(asked, dtype=np.float64) > 0
    n, k = (np.asarray(each, dtype=np.float64)[there] for each in (asked, answered))
    share, rate = n / n.sum(), float(k.sum() / n.sum())
    chance = k / n
    noise = chance * (1 - chance) / np.maximum(n - 1, 1)
    off = chance - rate
    found = float(share @ off**2 - share @ noise + rate * (1 - rate) / n.sum())
    variance = max(found, 0.0)
    # of a sum of squares of independent shares, with what their own noise adds to it
    se = float(np.sqrt(np.sum((2 * share * off) ** 2 * noise) + 2 * np.sum((share * noise) ** 2)))
    reach = float(special.ndtri((1 + level) / 2)) * se
    spread = float(np.sqrt(variance))
    return Representative(
        rate=rate,
        spread=spread,
        r=1 - 2 * spread,
        r_low=1 - 2 * float(np.sqrt(max(found + reach, 0.0))),
        r_high=1 - 2 * float(np.sqrt(max(found - reach, 0.0))),
        variation=spread / rate if rate > 0 else np.nan,
    )

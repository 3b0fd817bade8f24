"""Numbers that somebody stated as a range, drawn at random so that what follows from them has a range too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from peil.errors import DefinitionError
from peil.methods.agreement import Ranged
from peil.methods.moments import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A number as somebody states it.

    Parameters:
        low, likely, high: it is as often above ``likely`` as below.
        held: how often it is to lie between ``low`` and ``high``, half of the misses on each side.

    Raises:
        DefinitionError: the three are not in order, or ``held`` is no share.

    Example:
        >>> Stated(low=80, likely=100, high=150).drawn(np.array([-1.2816, 0, 1.2816])).round(1).tolist()
        [80.0, 100.0, 150.0]
    """

    low: float
    likely: float
    high: float
    held: float = 0.8

    def __post_init__(self) -> None:
        """Check it where it is made."""
        if not (np.isfinite([self.low, self.likely, self.high]).all() and self.low <= self.likely <= self.high):
            raise DefinitionError(
                f"{self.low:g}, {self.likely:g}, {self.high:g} is no range",
                remedy="give the low, the likely and the high number, in that order",
            )
        if not 0 < self.held < 1:
            raise DefinitionError(
                f"a range cannot hold {self.held:g} of the outcomes", remedy="give a share between 0 and 1, such as 0.8"
            )

    def drawn(self, z: Floats) -> Floats:
        """Return a value for each standard normal draw: two half normals, of logarithms where all three are above nought."""
        logs = self.low > 0
        low, likely, high = np.log([self.low, self.likely, self.high]) if logs else (self.low, self.likely, self.high)
        reach = float(special.ndtri((1 + self.held) / 2))
        found = likely + z / reach * np.where(z > 0, high - likely, likely - low)
        return np.asarray(np.exp(found) if logs else found, dtype=np.float64)


def present_value(cost: Floats, yearly: Floats, years: int, discount: float) -> Floats:
    """Return what an investment is worth today: what comes in at the end of each year, less what it costs now.

    Example:
        >>> present_value(np.array([100.0]), np.array([50.0]), 3, 0.0).tolist()
        [50.0]
    """
    factor = float(np.sum((1 + discount) ** -np.arange(1.0, years + 1)))
    return np.asarray(yearly * factor - cost, dtype=np.float64)


def middle(draws: Floats, level: float) -> Ranged:
    """Return the median of draws, and where ``level`` of them lie.

    Example:
        >>> middle(np.arange(5.0), 0.5)
        Ranged(value=2.0, low=1.0, high=3.0)
    """
    low, value, high = np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return Ranged(value=float(value), low=float(low), high=float(high))

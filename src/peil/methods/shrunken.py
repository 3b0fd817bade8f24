"""Many estimates drawn toward their mean, each as far as its own noise and their spread say (Morris 1983)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import EvidenceError
from peil.methods.meta import together
from peil.methods.moments import Floats

FEWEST = 4
"""With three the variance that is left for not knowing their spread has no end."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shrunken:
    """What is to be believed of each of many estimates, given the others.

    Parameters:
        value: of each, drawn toward the mean of all.
        low, high: its interval.
        real: chance that the true value lies beyond ``beyond`` on the side of ``value``; by Student's t with one less degrees of
            freedom than there are estimates, since few tell their spread badly.
        mean: of the true values.
        spread: standard deviation of the true values.
        level: of the intervals.
    """

    value: Floats
    low: Floats
    high: Floats
    real: Floats
    mean: float
    spread: float
    level: float


def shrunken(y: ArrayLike, v: ArrayLike, *, beyond: float = 0.0, level: float = 0.95) -> Shrunken:
    """Return each estimate drawn toward their mean, with an interval that reckons with their spread being estimated.

    B_i = (k - 3)/(k - 1) · v_i/(v_i + τ²) of the distance to the mean is taken off; the variance is
    v_i (1 - B_i (k - 1)/k) + 2 B_i²/(k - 3) · (y_i - mean)².

    Parameters:
        y: the estimates, in one unit.
        v: their sampling variances.
        beyond: how far from nought a value has to lie to count.
        level: of the intervals.

    Raises:
        EvidenceError: there are fewer than four, or one has no variance.

    Example:
        >>> found = shrunken([0.1, -0.2, 0.3, 0.0, 4.0], np.full(5, 0.25))
        >>> found.value.round(2).tolist(), found.real.round(2).tolist()
        ([0.13, -0.16, 0.32, 0.03, 3.87], [0.6, 0.62, 0.73, 0.53, 1.0])
    """
    estimates, variances = (np.asarray(each, dtype=np.float64) for each in (y, v))
    k = estimates.size
    if k < FEWEST:
        raise EvidenceError(
            f"{k} estimates do not tell how much true values differ", remedy=f"{FEWEST} are needed at least"
        )
    whole = together(estimates, variances, level=level)
    taken = (k - 3) / (k - 1) * variances / (variances + whole.tau2)
    off = estimates - whole.value
    value = estimates - taken * off
    variance = variances * (1 - taken * (k - 1) / k) + 2 / (k - 3) * taken**2 * off**2
    reach = float(special.ndtri((1 + level) / 2)) * np.sqrt(variance)
    return Shrunken(
        value=value, low=value - reach, high=value + reach,
        real=special.stdtr(k - 1.0, (np.abs(value) - beyond) / np.sqrt(variance)), mean=whole.value,
        spread=float(np.sqrt(whole.tau2)), level=level,
    )  # fmt: skip

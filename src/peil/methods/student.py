"""Quantiles of Student's t, each distinct number of degrees of freedom reckoned once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from peil.errors import DefinitionError

BEYOND = 1e9  # from here on Student's t is the normal distribution in every digit that is kept


def student(df: ArrayLike, level: float) -> NDArray[np.float64]:
    """Return how many standard errors an interval reaches to either side.

    Parameters:
        df: degrees of freedom; infinity gives the normal distribution, nought and nan give nan.
        level: how often the interval is to hold the truth.

    Returns:
        An array of the shape of ``df``.

    Raises:
        DefinitionError: the level is no probability.

    Example:
        >>> student([1, 14, float("inf"), 0], 0.95).round(4).tolist()
        [12.7062, 2.1448, 1.96, nan]
    """
    if not 0 < level < 1:
        raise DefinitionError(f"the level is {level:g}", remedy="give a probability, such as 0.95")
    freedom = np.asarray(df, dtype=np.float64)
    distinct, at = np.unique(np.where(freedom > 0, np.minimum(freedom, BEYOND), np.nan), return_inverse=True)
    reach = np.asarray(special.stdtrit(distinct, (1 + level) / 2), dtype=np.float64)
    return reach[at].reshape(freedom.shape)

"""A share less the share of others who are alike: cells of treated and control rows, and what one cluster adds.

The control's share in each kind is weighted by the treated rows of that kind (direct standardisation; Rothman, Greenland
and Lash 2008, ch. 15): the difference is that of the treated. Its spread is linearised, so that a cluster with rows on both
sides, or of several kinds, counts once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from peil.errors import EvidenceError
from peil.methods.moments import Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standardised:
    """The share of the treated less that of the control, kind by kind.

    Parameters:
        value: the difference.
        treated: share of the treated rows that have a control of their kind.
        control: what it would be if each of them did as the control of its kind.
        n: treated rows with a control of their kind.
        alone: treated rows without one.
        of_treated, of_control: per kind, what one row and one success of a cluster add to the difference: pairs of columns.
    """

    value: float
    treated: float
    control: float
    n: float
    alone: float
    of_treated: Floats
    of_control: Floats


def standardised(n1: ArrayLike, y1: ArrayLike, n0: ArrayLike, y0: ArrayLike) -> Standardised:
    """Return the standardised difference of two shares.

    Parameters:
        n1, y1: treated rows and successes of each kind.
        n0, y0: control rows and successes of each kind.

    Raises:
        EvidenceError: no kind has both.

    Example:
        >>> found = standardised([10, 30], [4, 6], [50, 100], [10, 5])
        >>> round(found.treated, 3), round(found.control, 4), round(found.value, 4)
        (0.25, 0.0875, 0.1625)
    """
    n1, y1, n0, y0 = (np.asarray(each, dtype=np.float64) for each in (n1, y1, n0, y0))
    both = (n1 > 0) & (n0 > 0)
    if not both.any():
        raise EvidenceError("no kind of row has both sides", remedy="hold fewer things constant")
    total = float(n1[both].sum())
    weight = np.where(both, n1, 0.0) / total
    p0 = np.divide(y0, n0, out=np.zeros_like(n0), where=n0 > 0)
    treated, control = float(y1[both].sum()) / total, float(weight @ p0)
    value = treated - control
    here = both / total
    per = np.divide(weight, n0, out=np.zeros_like(n0), where=n0 > 0)
    return Standardised(
        value=value,
        treated=treated,
        control=control,
        n=total,
        alone=float(n1[~both].sum()),
        of_treated=np.stack([-(p0 + value) * here, here], axis=1),
        of_control=np.stack([per * p0, -per], axis=1),
    )

"""Shares that are taken together on the scale of their log odds, and estimates that are not independent of one another.

Several figures of one publisher, panel or origin are one voice. They are averaged first, as if they fully agreed by
chance (Borenstein and others 2009, ch. 24), or all kept with a variance that takes the groups as they spread (Hedges,
Tipton & Johnson 2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from peil.errors import DefinitionError, EvidenceError
from peil.methods.moments import Floats

_HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grouped:
    """One estimate a group.

    Parameters:
        names: of the groups, sorted.
        y: their estimates.
        v: their sampling variances.
        size: estimates in each.
    """

    names: tuple[str, ...]
    y: Floats
    v: Floats
    size: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Robust:
    """A weighted mean of estimates whose groups may agree by chance.

    Parameters:
        value: the mean.
        se: its standard error, from how the groups spread.
        low, high: its interval.
        groups: how many.
        level: of the interval.
    """

    value: float
    se: float
    low: float
    high: float
    groups: int
    level: float


def log_odds(share: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    """Return log odds and their sampling variances; where all or none did it, half an answer is added to both sides.

    Parameters:
        share: 0 to 1.
        n: answers, or effective ones.

    Raises:
        DefinitionError: a share lies outside 0 and 1, or rests on nothing.

    Example:
        >>> y, v = log_odds([0.5, 1.0], [100, 10])
        >>> y.round(3).tolist(), v.round(3).tolist()
        ([0.0, 3.045], [0.04, 2.095])
    """
    p, size = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (share, n)))
    if not (np.all((p >= 0) & (p <= 1)) and np.all(size > 0)):
        raise DefinitionError(
            "a share lies outside 0 and 1, or rests on nobody", remedy="write 70 % of 40 as 0.7 and 40"
        )
    did = p * size
    more = np.where((did <= 0) | (did >= size), _HALF, 0.0)
    yes, no = did + more, size - did + more
    return np.log(yes / no), 1 / yes + 1 / no


def grouped(y: ArrayLike, v: ArrayLike, group: ArrayLike, *, correlation: float = 1.0) -> Grouped:
    """Return one estimate a group: the mean of its own.

    Parameters:
        y: the estimates.
        v: their sampling variances.
        group: what each belongs to.
        correlation: of the sampling errors within a group; 1, the most careful, lets a group count as one of its own.

    Example:
        >>> grouped([0.0, 2.0, 5.0], [0.1, 0.1, 0.4], ["a", "a", "b"]).v.round(2).tolist()
        [0.1, 0.4]
    """
    values, variances = (np.asarray(each, dtype=np.float64) for each in (y, v))
    names, place = np.unique(np.asarray(group, dtype=str), return_inverse=True)
    size = np.bincount(place).astype(np.float64)
    spread = np.bincount(place, np.sqrt(variances)) ** 2
    own = np.bincount(place, variances)
    return Grouped(
        names=tuple(str(each) for each in names),
        y=np.bincount(place, values) / size,
        v=(own + correlation * (spread - own)) / size**2,
        size=size,
    )


def robust(y: ArrayLike, v: ArrayLike, group: ArrayLike, *, tau2: float, level: float = 0.95) -> Robust:
    """Return the weighted mean of every estimate, with the spread of the groups around it.

    Parameters:
        y: the estimates.
        v: their sampling variances.
        group: what each belongs to.
        tau2: variance of the true values, for the weights.
        level: of the interval: Student's t with as many degrees of freedom as groups less one.

    Raises:
        EvidenceError: all estimates belong to one group.

    Example:
        >>> found = robust([0.0, 0.2, 1.0, 1.2], [0.1] * 4, ["a", "a", "b", "b"], tau2=0.1)
        >>> round(found.value, 2), found.groups, found.high - found.low > 10
        (0.6, 2, True)
    """
    values, variances = (np.asarray(each, dtype=np.float64) for each in (y, v))
    names, place = np.unique(np.asarray(group, dtype=str), return_inverse=True)
    groups = int(names.size)
    if groups < 2:  # noqa: PLR2004  # one group shows no spread
        raise EvidenceError("all figures are of one origin: one voice shows no spread", remedy="add another source")
    weight = 1 / (variances + tau2) / np.bincount(place)[place]
    mean = float(np.sum(weight * values) / weight.sum())
    parts = np.bincount(place, weight * (values - mean))
    se = float(np.sqrt(np.sum(parts**2) * groups / (groups - 1)) / weight.sum())
    reach = float(scipy.stats.t.ppf((1 + level) / 2, groups - 1)) * se
    return Robust(value=mean, se=se, low=mean - reach, high=mean + reach, groups=groups, level=level)

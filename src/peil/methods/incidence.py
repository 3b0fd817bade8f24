"""Which of several ends comes first, and when: cumulative incidence of ends that rule one another out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from peil.errors import EvidenceError
from peil.methods.moments import Floats
from peil.methods.survival import Curve, kaplan_meier, stepped


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Incidence:
    """The share that has met each end by each time (Aalen and Johansen 1978).

    Parameters:
        time: the distinct lengths, rising.
        share: (times, ends); with those still there they add up to one.
        variance: (times, ends) of the shares.
        still: who met no end yet.
    """

    time: Floats
    share: Floats
    variance: Floats
    still: Curve

    @property
    def se(self) -> Floats:
        """Standard errors of ``share``."""
        return np.sqrt(self.variance)

    def at(self, times: ArrayLike) -> tuple[Floats, Floats]:
        """Return (times, ends) shares and standard errors; nan beyond the longest time, unless nobody was left."""
        asked = np.asarray(times, dtype=np.float64)
        places = self.still.places(asked)
        beyond = (asked > self.time[-1]) & (self.still.survival[-1] > 0)
        share, se = (
            np.column_stack([np.where(beyond, np.nan, stepped(column, places)) for column in each.T])
            for each in (self.share, self.se)
        )
        return share, se


def incidence(value: ArrayLike, ends: ArrayLike, censored: ArrayLike) -> Incidence:
    """Return the share that has met each end by each time; those who met another end can not meet it any more.

    The variance is that of hazards that are spread over the ends of those at risk at each time, as if drawn (Gaynor and
    others 1993); R ``survfit`` of several states gives the same.

    Parameters:
        value: lengths of time.
        ends: (lengths, k) how many met each end at that length.
        censored: how many were last seen then.

    Raises:
        EvidenceError: there is nothing to count, or a length or count is negative.

    Example:
        >>> found = incidence([1, 2, 3, 4], [[1, 0], [0, 1], [1, 0], [0, 0]], [0, 0, 0, 1])
        >>> found.share.tolist()
        [[0.25, 0.0], [0.25, 0.25], [0.5, 0.25], [0.5, 0.25]]
    """
    met = np.asarray(ends, dtype=np.float64)
    lengths = np.asarray(value, dtype=np.float64).ravel()
    if met.ndim != 2 or met.shape[0] != lengths.size or not met.shape[1]:  # noqa: PLR2004  # a table
        raise EvidenceError(
            "the ends are no table of lengths by ends", remedy="give one row a length, one column an end"
        )
    if met.min(initial=0.0) < 0:
        raise EvidenceError("a count is negative", remedy="correct what was counted")
    still = kaplan_meier(lengths, met.sum(axis=1), censored)
    places = still.places(lengths)
    counts = np.column_stack(
        [np.bincount(places[places >= 0], each[places >= 0], minlength=still.time.size) for each in met.T]
    )
    before = np.r_[1.0, still.survival[:-1]]
    hazard = counts / still.at_risk[:, None]
    share = np.cumsum(before[:, None] * hazard, axis=0)
    return Incidence(time=still.time, share=share, variance=_variance(still, before, hazard, share), still=still)


def _variance(still: Curve, before: Floats, hazard: Floats, share: Floats) -> Floats:
    """Return Σ_r Var[dh(r)' a(r, t)] with a_j(r, t) = S(r-) [j is the end] - (F(t) - F(r)) / (1 - h(r)).

    Written out in powers of F(t), so that running sums give every time at once.
    """
    whole = hazard.sum(axis=1)
    lasting = np.divide(1.0, 1 - whole, out=np.zeros_like(whole), where=whole < 1)
    found = np.empty_like(share)
    for end in range(share.shape[1]):
        h, f = hazard[:, end], share[:, end]
        # a_j = s_j - g F(t) with s_j = S(r-) [j is the end] + g F(r), g = 1 / (1 - h)
        g = lasting
        own, other = before + g * f, g * f
        mean, square = h * own + (whole - h) * other, h * own**2 + (whole - h) * other**2
        terms = (square - mean**2, g * mean * (1 - whole), g**2 * whole * (1 - whole))
        first, cross, last = (np.cumsum(each / still.at_risk) for each in terms)
        found[:, end] = first - 2 * f * cross + f**2 * last
    return np.maximum(found, 0.0)

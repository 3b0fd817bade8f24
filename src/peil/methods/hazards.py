"""How often it happens per unit of time, of those still there, in stretches of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import EvidenceError
from peil.methods.moments import Floats
from peil.methods.survival import Curve


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hazards:
    """How often it happens, of those still there, per unit of time.

    Parameters:
        begins, ends: the stretches of time; what happens at the end of one belongs to it.
        events: in each.
        exposure: time that all together were there in it.
        rate: events over exposure; nan where nobody was there.
        low, high: its exact interval (Garwood 1936).
    """

    begins: Floats
    ends: Floats
    events: Floats
    exposure: Floats
    rate: Floats
    low: Floats
    high: Floats


def hazards(curve: Curve, edges: ArrayLike, *, level: float = 0.95) -> Hazards:
    """Return the hazard in stretches of time.

    Parameters:
        curve: of the lengths.
        edges: where the stretches begin and end, rising.
        level: of the intervals.

    Raises:
        EvidenceError: the edges do not rise.

    Example:
        >>> from peil.methods.survival import kaplan_meier
        >>> found = hazards(kaplan_meier([10, 20], [2, 0], [0, 2]), [0, 10, 20])
        >>> found.exposure.tolist(), found.rate.tolist()
        ([40.0, 20.0], [0.05, 0.0])
    """
    bounds = np.asarray(edges, dtype=np.float64)
    if bounds.size < 2 or np.any(np.diff(bounds) <= 0):  # noqa: PLR2004  # a stretch has two ends
        raise EvidenceError("the edges of stretches of time have to rise", remedy="give at least two, in order")
    begins, ends = bounds[:-1], bounds[1:]
    gone = curve.events + curve.censored
    within = np.clip(curve.time[:, None] - begins, 0.0, ends - begins)
    exposure = gone @ within
    if curve.entry is not None:
        exposure = exposure - curve.entry[1] @ np.clip(curve.entry[0][:, None] - begins, 0.0, ends - begins)
    events = ((curve.time[:, None] > begins) & (curve.time[:, None] <= ends)).T @ curve.events
    events = events.astype(np.float64) + (curve.events[0] if curve.time[0] == bounds[0] else 0.0) * (
        begins == bounds[0]
    )
    tail = (1 - level) / 2
    least = np.where(events > 0, special.gammaincinv(np.maximum(events, 1), tail), 0.0)
    most = special.gammaincinv(events + 1, 1 - tail)
    over = np.where(exposure > 0, exposure, np.nan)
    return Hazards(
        begins=begins,
        ends=ends,
        events=events,
        exposure=exposure,
        rate=events / over,
        low=least / over,
        high=most / over,
    )

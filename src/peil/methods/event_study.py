"""Before and after a move, step by step, and how large a departure from parallel paths the answer can bear.

Each cohort of movers is compared with those who had not moved yet (Callaway and Sant'Anna 2021), every step with the
last one before the move. The bounds let the paths diverge after the move by some times the largest change between two
steps before it (Rambachan and Roth 2023, relative magnitudes). Both are diff-diff's.
"""

from __future__ import annotations

import dataclasses
import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
STEP_WEEKS = 4
_WINDOW = 4
_MOST, _PRECISE = 4.0, 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStudy:
    """The difference between movers and others around the move, the last step before it being nought.

    Parameters:
        step: weeks in one step.
        times: steps since the move; -1 is the last one before it.
        values, low, high: of each step, with point-wise intervals.
        agents: movers behind each step.
        bears: how many times the largest departure before the move the sign of the answer survives; nan where there is
            only one step before it.
        even: interval of the effect over the first steps if paths depart afterwards as much as they did before.
    """

    step: int
    times: Integers
    values: Floats
    low: Floats
    high: Floats
    agents: Integers
    bears: float
    even: tuple[float, float]


def event_study(
    y: Floats, agent: Integers, week: Integers, first: Integers, *, level: float = 0.95, step: int = STEP_WEEKS
) -> EventStudy | None:
    """Return the steps around the move; None where no step before it can be compared with others.

    Parameters:
        y: the outcome of each row.
        agent, week: numbers from 0.
        first: the week in which the agent of the row moved; negative where never.
        level: of the intervals.
        step: weeks in one step.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> agent, week = np.repeat(np.arange(60), 24), np.tile(np.arange(24), 60)
        >>> first = np.where(agent < 30, 12, -1)
        >>> y = -0.5 * ((first >= 0) & (week >= first)) + rng.normal(0, 0.1, len(agent))
        >>> found = event_study(y, agent, week, first)
        >>> found.times.tolist(), found.values.round(1).tolist(), found.bears > 1
        ([-3, -2, -1, 0, 1, 2], [0.0, 0.0, 0.0, -0.5, -0.5, -0.5], True)
    """
    import pandas as pd
    from diff_diff import CallawaySantAnna  # type: ignore[import-untyped]  # it has no types

    movers = first >= 0
    if not movers.any():
        return None
    starts, counts = np.unique(first[movers], return_counts=True)
    offset = int(starts[counts.argmax()]) % step
    place, cohort = (week - offset) // step, np.where(movers, (first - offset) // step, 0)
    low = int(place.min())
    # within the step of the move only what came after it counts
    kept = ~(movers & (place == cohort) & (week < first)) & ~(movers & (cohort <= low))
    table = pd.DataFrame(
        {"agent": agent, "time": place - low + 1, "cohort": np.where(movers, cohort - low + 1, 0), "y": y}
    )[kept]
    table = table.groupby(["agent", "time", "cohort"], as_index=False)["y"].mean()
    if not (table["cohort"] > 0).any():
        return None
    # the last cohort has nobody left to be compared with where everybody moves in the end
    model = CallawaySantAnna(
        control_group="not_yet_treated", base_period="universal", alpha=1 - level, allow_unbalanced_panel=False
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cells that nobody is left to compare in, and weeks that somebody missed
        try:
            whole = model.fit(table, outcome="y", unit="agent", time="time", first_treat="cohort")
            around = whole.aggregate("event_study")
        except ValueError:
            return None
        times = np.asarray(around.event_time, np.int64)
        known = np.isfinite(around.se) & (around.se > 0)
        if not (known & (times >= 0)).any() or not (known & (times < -1)).any():
            bears, even = math.nan, (math.nan, math.nan)
        else:
            near = dataclasses.replace(around, se=np.where((times >= -_WINDOW) & (times < _WINDOW), around.se, np.nan))
            bears, even = _bounds(near, 1 - level)
    shown = known | np.asarray(around.is_reference, bool)
    per = table.loc[table["cohort"] > 0].assign(since=lambda rows: rows["time"] - rows["cohort"])
    agents = per.groupby("since")["agent"].nunique()
    return EventStudy(
        step=step,
        times=times[shown],
        values=np.asarray(around.att, np.float64)[shown],
        low=np.nan_to_num(np.asarray(around.conf_int_lower, np.float64)[shown]),
        high=np.nan_to_num(np.asarray(around.conf_int_upper, np.float64)[shown]),
        agents=np.array([int(agents.get(each, 0)) for each in times[shown]], np.int64),
        bears=bears,
        even=even,
    )


def _bounds(around: object, alpha: float) -> tuple[float, tuple[float, float]]:
    """Return the largest departure at which the interval leaves zero out, and the interval for one as large as before."""
    from diff_diff import compute_honest_did

    def interval(times: float) -> tuple[float, float]:
        found = compute_honest_did(around, M=times, alpha=alpha)
        return float(found.ci_lb), float(found.ci_ub)

    def holds_zero(times: float) -> bool:
        low, high = interval(times)
        return low <= 0 <= high

    try:
        even = interval(1.0)
        if holds_zero(0.0):
            return 0.0, even
        low, high = 0.0, _MOST
        if not holds_zero(high):
            return high, even
        while high - low > _PRECISE:
            middle = (low + high) / 2
            low, high = (low, middle) if holds_zero(middle) else (middle, high)
    except (ValueError, TypeError):
        return math.nan, (math.nan, math.nan)
    return low, even

"""Teams by months of a made organisation, added up at once: the answers behind them are counted, not made."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from peil.sources.simulated.frames import NOTHING, Integers
from peil.sources.simulated.scales import Floats
from peil.sources.simulated.staff_drawn import CUSTOMER, SCALES, TOPS, drawn, month_begins
from peil.sources.simulated.staff_first import SimulatedStaffFirst

_TEN = 10_000


def staff_months(world: SimulatedStaffFirst) -> tuple[pa.Table, pa.Table, pa.Table, dict[str, Floats], pa.Table]:
    """Return what would be counted from the rows of the same world.

    Returns:
        Sums by team and month; members of staff who answered, by team; of each scale how far answers of one person go
        together; of each scale the answers from 0 to 1 with the
        number of who gave them first; and everybody's stay.

    Example:
        >>> sums, people, again, items, stays = staff_months(SimulatedStaffFirst(teams=6, months=8))
        >>> sorted(set(sums.column("what").to_pylist())), people.num_rows, items["mandate"].shape[1]
        (['alone', 'customer', 'development', 'job_impact', 'mandate', 'staff_satisfaction'], 6, 4)
    """
    made = drawn(world)
    told, taken, stayed = made.answered, made.taken, made.stayed
    tops = dict(zip(SCALES, TOPS, strict=True)) | {CUSTOMER: 5}
    parts: list[tuple[str, Integers, Integers, Integers]] = []
    items: dict[str, Floats] = {}
    again: dict[str, list[object]] = {"what": [], "pairs": [], "together": []}
    for name, values in told.items.items():
        each = (values - 1) * _TEN // (tops[name] - 1)
        parts.append(
            (name if name != CUSTOMER else "customer", told.team, told.month, each.sum(axis=1) // each.shape[1])
        )
        for column, found in zip(again, _again(parts[-1], told.agent, world.months), strict=True):
            again[column].append(found)
        if name != CUSTOMER:
            items[name] = np.column_stack([told.agent, (values - 1) / (tops[name] - 1)])
    said = taken.said != NOTHING
    parts.append(("customer", taken.team[said], taken.month[said], (taken.said[said] - 1) * _TEN // 4))
    alone = _TEN * (1 - taken.transferred) * (1 - taken.approval)
    parts.append(("alone", taken.team, taken.month, alone))
    names = np.array([f"team {each + 1}" for each in range(world.teams)], object)
    starts = np.array(month_begins(world.begins, world.months), object)
    columns: dict[str, list[object]] = {each: [] for each in ("team", "month_on", "what", "n", "total", "squares")}
    for name, team, month, value in parts:
        cell = team * world.months + month
        size = world.teams * world.months
        n = np.bincount(cell, minlength=size)
        kept = np.flatnonzero(n)
        columns["team"] += names[kept // world.months].tolist()
        columns["month_on"] += starts[kept % world.months].tolist()
        columns["what"] += [name] * kept.size
        columns["n"] += n[kept].tolist()
        for column, summed in (("total", value), ("squares", value * value)):
            columns[column] += np.bincount(cell, summed, size)[kept].astype(np.int64).tolist()
    counted = np.bincount(told.team[np.unique(told.agent, return_index=True)[1]], minlength=world.teams)
    people = {
        "organisation": [world.organisation] * world.teams,
        "team": names.tolist(),
        "n": counted.tolist(),
    }
    first = np.datetime64(world.begins)
    stays = {
        "organisation": [world.organisation] * stayed.agent.size,
        "agent_id": [f"s{each + 1:05d}" for each in stayed.agent],
        "team": names[stayed.team].tolist(),
        "from_on": (first + stayed.begun).astype(object).tolist(),
        "until_on": [
            None if left == NOTHING else day
            for left, day in zip(stayed.left, (first + stayed.left).astype(object).tolist(), strict=True)
        ],
        "hired_on": (first + stayed.hired).astype(object).tolist(),
    }
    whose = [world.organisation] * len(columns["n"])
    return pa.table({"organisation": whose, **columns}), pa.table(people), pa.table(again), items, pa.table(stays)


def _again(part: tuple[str, Integers, Integers, Integers], agent: Integers, months: int) -> tuple[str, int, int]:
    """Return of one scale the pairs of answers of one person, and their products beside the mean of team and month."""
    name, team, month, value = part
    cell = team * months + month
    n = np.bincount(cell)
    apart = value - np.bincount(cell, value).astype(np.int64)[cell] // n[cell]
    kept = n[cell] > 1
    count, total, squares = (
        np.bincount(agent[kept], each).astype(np.int64) for each in (None, apart[kept], apart[kept] ** 2)
    )
    return name, int((count * (count - 1)).sum()), int((total**2 - squares).sum())

"""Trials counted: one grouped query, from which every curve, bound and rule is reckoned, however many orders there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from peil.dataset import Dataset
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.groups import grouping, rows_from
from peil.measures.measure import POPULATIONS
from peil.methods.efron import Proportional, proportional
from peil.methods.moments import Floats
from peil.methods.policy import Worth, doubly_robust

_HALVES = 2
_COUNTS = """
select g0 as days, g1 as decided, g2 as segment, half, taken, back, count(*) as n, sum(value) as total,
  sum(cast(value as double) * value) as squares, min(value) as least, max(value) as most, sum(cost) as cost
from (
  select {days} as g0, {decided} as g1, {segment} as g2, t.ordered_minute - whole_div(t.ordered_minute, 2) * 2 as half,
    case when t.revenue_cents is not null then 1 else 0 end as taken, case when t.returned then 1 else 0 end as back,
    case when t.revenue_cents is null then 0 when t.returned then 0 - coalesce(t.cost_cents, 0)
      else t.revenue_cents - coalesce(t.cost_cents, 0) end as value,
    coalesce(t.cost_cents, 0) as cost
  {source}
) as visitors
group by g0, g1, g2, half, taken, back
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """Counts and sums of trials.

    Parameters:
        segments: names, sorted.
        visitors, total, squares: by segment, arm and half: how many, the cents they brought in, and their squares.
        lengths: of the arms, in days.
        offered, taken: by arm.
        days, arm, kept: day of deciding, place of the arm, and how many kept it; one entry a cell.
        segment_kept: the same by segment: rows are the cells of ``days``.
        segment_taken: by segment and arm.
        least, most: cents of one visitor.
        margin_kept, cost_returned: mean cents of what was kept, and of what came back.
        days_kept, days_returned: mean length of those trials.
    """

    segments: tuple[str, ...]
    visitors: Floats
    total: Floats
    squares: Floats
    lengths: Floats
    offered: Floats
    taken: Floats
    days: Floats
    arm: NDArray[np.int64]
    kept: Floats
    segment_kept: Floats
    segment_taken: Floats
    least: float
    most: float
    margin_kept: float
    cost_returned: float
    days_kept: float
    days_returned: float


def sums_of(data: Dataset, *, where: str, decided: str, segment: str) -> Sums:
    """Return the counts of trials.

    Parameters:
        data: the tables.
        where: row-level SQL that chooses visitors.
        decided: the field with the day on which it was kept for good.
        segment: what tells visitors apart before the trial; empty for none.

    Raises:
        DefinitionError: a field does not exist, or holds no whole days.
    """
    schema = POPULATIONS["orders"]
    groups = grouping(["trial_days", decided, *([segment] if segment else [])], schema)
    source = rows_from(data.tables["orders"].name, schema, groups, f"({where}) and trial_days is not null")
    columns = [*groups.columns, "''"]
    rows = data.engine.rows(
        _COUNTS.format(days=columns[0], decided=columns[1], segment=columns[2], source=source), steady=True
    ).to_pylist()
    days = sorted({int(each["days"]) for each in rows})
    names = sorted({str(each["segment"] or "") for each in rows})
    shape = (len(names), len(days), _HALVES)
    visitors, total, squares = (np.zeros(shape) for _ in range(3))
    offered, taken = np.zeros(len(days)), np.zeros(len(days))
    went: dict[tuple[int, int], Floats] = {}
    of_segment = np.zeros((len(names), len(days)))
    kept_sum, back_sum = np.zeros(3), np.zeros(3)
    for each in rows:
        place, arm, half = names.index(str(each["segment"] or "")), days.index(int(each["days"])), int(each["half"])
        n = float(each["n"])
        for cells, name in ((visitors, "n"), (total, "total"), (squares, "squares")):
            cells[place, arm, half] += float(each[name])
        offered[arm] += n
        if not each["taken"]:
            continue
        taken[arm] += n
        of_segment[place, arm] += n
        if each["back"]:
            back_sum += [n, float(each["cost"]), n * days[arm]]
            continue
        kept_sum += [n, float(each["total"]), n * days[arm]]
        if each["decided"] is not None:
            cell = went.setdefault((arm, _day(each["decided"], decided)), np.zeros(len(names)))
            cell[place] += n
    placed = sorted(went)
    return Sums(
        segments=tuple(names), visitors=visitors, total=total, squares=squares, lengths=np.array(days, dtype=np.float64), offered=offered, taken=taken,
        days=np.array([day for _, day in placed], dtype=np.float64), arm=np.array([arm for arm, _ in placed], dtype=np.int64),
        kept=np.array([went[each].sum() for each in placed]),
        segment_kept=np.array([went[each] for each in placed]).reshape(len(placed), len(names)), segment_taken=of_segment,
        least=float(min((each["least"] for each in rows), default=0)),
        most=float(max((each["most"] for each in rows), default=0)),
        margin_kept=float(kept_sum[1] / max(kept_sum[0], 1)), cost_returned=float(back_sum[1] / max(back_sum[0], 1)),
        days_kept=float(kept_sum[2] / max(kept_sum[0], 1)), days_returned=float(back_sum[2] / max(back_sum[0], 1)),
    )  # fmt: skip


def _day(told: object, field: str) -> int:
    try:
        return int(str(told))
    except ValueError:
        raise DefinitionError(
            f"{field}: a day of the trial is a whole number from 1",
            remedy="map a column with the day on which it was kept",
        ) from None


def ratios(sums: Sums) -> tuple[Sequence[str], Proportional] | None:
    """Return how much faster each segment decides than the first, as log hazard ratios; None where that cannot be told.

    Who did not decide is followed to the end of the trial.
    """
    if len(sums.segments) < 2 or not sums.days.size:  # noqa: PLR2004  # one segment has nobody to be compared with
        return None
    lengths = sorted({int(each) for each in sums.days})
    events, at_risk = [], []
    for day in lengths:
        events.append(sums.segment_kept[sums.days == day].sum(axis=0))
        gone = sums.segment_kept[sums.days < day].sum(axis=0)
        # of arms that ended before this day, nobody is followed any more
        over = np.flatnonzero(sums.lengths < day)
        ended = sum(
            (
                sums.segment_taken[:, place] - sums.segment_kept[(sums.arm == place) & (sums.days < day)].sum(axis=0)
                for place in over
            ),
            np.zeros(len(sums.segments)),
        )
        at_risk.append(sums.segment_taken.sum(axis=1) - gone - ended)
    apart = np.eye(len(sums.segments))[:, 1:]
    try:
        return sums.segments[1:], proportional(events, at_risk, apart)
    except EvidenceError:
        return None


def personal(sums: Sums, days: Sequence[int], level: float) -> tuple[Mapping[str, int], Worth, Worth, Worth] | None:
    """Return the rule that gives each segment its own length, what it and the best single length bring in, and the gain.

    Each half of the visitors is judged by what was learned on the other, so that luck in learning is not counted as gain.

    Parameters:
        sums: counts.
        days: of the arms.
        level: of the intervals.

    Returns:
        None where a segment was never offered a length.
    """
    if np.any(sums.visitors == 0):
        return None
    chance = sums.visitors.sum(axis=(0, 2)) / sums.visitors.sum()
    worths: list[tuple[Worth, Worth, float, float, float]] = []
    for learn in range(_HALVES):
        judge = 1 - learn
        means = sums.total[:, :, learn] / sums.visitors[:, :, learn]
        rule = means.argmax(axis=1)
        alone = int((sums.total[:, :, learn].sum(axis=0) / sums.visitors[:, :, learn].sum(axis=0)).argmax())
        cells = [each[:, :, judge] for each in (sums.visitors, sums.total, sums.squares)]
        n, total, squares = cells[0], cells[1] / 100, cells[2] / 10_000
        one = doubly_robust(n, total, squares, chance, rule, level=level)
        two = doubly_robust(n, total, squares, chance, np.full(rule.size, alone), level=level)
        gain, variance = _gain(n, total, squares, rule, alone)
        worths.append((one, two, gain, variance, float(n.sum())))
    everybody = sum(each[4] for each in worths)
    gain = sum(each[2] * each[4] for each in worths) / everybody
    se = float(np.sqrt(sum(each[3] * each[4] ** 2 for each in worths))) / everybody
    whole = (sums.total.sum(axis=2) / sums.visitors.sum(axis=2)).argmax(axis=1)
    return (
        {name: days[int(each)] for name, each in zip(sums.segments, whole, strict=True)},
        _mean([(each[0], each[4]) for each in worths], level),
        _mean([(each[1], each[4]) for each in worths], level),
        _worth(gain, se, round(everybody), level),
    )


def _gain(n: Floats, total: Floats, squares: Floats, rule: NDArray[np.int64], alone: int) -> tuple[float, float]:
    rows = np.arange(rule.size)
    part = n.sum(axis=1) / n.sum()
    mean = total / n
    spread = np.maximum(squares / n - mean**2, 0.0) / np.maximum(n - 1, 1)
    differs = rule != alone
    gap = np.where(differs, mean[rows, rule] - mean[rows, alone], 0.0)
    variance = float(np.sum(part**2 * np.where(differs, spread[rows, rule] + spread[rows, alone], 0.0)))
    return float(part @ gap), variance


def _mean(parts: Sequence[tuple[Worth, float]], level: float) -> Worth:
    everybody = sum(n for _, n in parts)
    value = sum(each.value * n for each, n in parts) / everybody
    se = float(np.sqrt(sum((each.se * n) ** 2 for each, n in parts))) / everybody
    return _worth(value, se, round(everybody), level)


def _worth(value: float, se: float, n: int, level: float) -> Worth:
    reach = float(special.ndtri((1 + level) / 2)) * se
    return Worth(value=value, se=se, low=value - reach, high=value + reach, n=n)

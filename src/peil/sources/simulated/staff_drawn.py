"""What happens month by month in made teams: what staff think and how long they stay, what contacts take, what customers say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from peil.sources.simulated.frames import NOTHING, Integers
from peil.sources.simulated.scales import Floats, uniform_of

SCALES = ("staff_satisfaction", "job_impact", "development", "mandate")
ITEMS = (4, 3, 3, 3)
TOPS = (10, 5, 5, 5)
"""Of each scale: its name, how many questions it has, and the highest answer; the lowest is 1."""

CUSTOMER = "csat"
MIDDLE, CUSTOMER_MIDDLE, WIDTH = 3.2, 3.2, 4.0
PERSON, ITEM, MOOD = 0.8, 0.6, 1.0
"""Half the width by which persons, and answers of one person, lie apart; and of what customers say."""

_ALONE, _ALONE_SLOPE, _APPROVAL = 0.75, 0.12, 0.5
_SPELL_DAYS, _LONGEST = 30, 1_800
_LINKED = {"job_impact": 0.6, "development": 0.4, "mandate": 0.0}
_FLOOR, _CAP_SLOPE, _UNDER = 1.2, 1.0, 2.2
_YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is known of made teams; ``SimulatedStaffFirst`` says what each is."""

    seed: int = 0
    teams: int = 20
    per_team: int = 20
    months: int = 18
    begins: date = date(2023, 1, 1)
    contacts: int = 60
    answering: float = 0.4
    rotation: int = 2
    responding: float = 0.8
    staff_to_customer: float = 0.5
    customer_to_staff: float = 0.0
    mandate_to_customer: float = 0.0
    persistence: float = 0.3
    team_spread: float = 0.3
    month_spread: float = 0.35
    ceiling: bool = False
    common_method: bool = False
    leaving: float = 0.03
    leaving_effect: float = -0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Staff who answered: who, of which team, in which month, and their answers to each scale's questions, one row each."""

    agent: Integers
    team: Integers
    month: Integers
    items: Mapping[str, Integers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Contacts: who took it, of which team, in which month; 1 where it went on or took approval; what the customer said, or -1."""

    agent: Integers
    colleague: Integers
    team: Integers
    month: Integers
    transferred: Integers
    approval: Integers
    said: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Stayed:
    """Members of staff: when they were hired, when they are first seen, and when they left, in days since the beginning.

    ``left`` is -1 for those who are still there.
    """

    agent: Integers
    team: Integers
    hired: Integers
    begun: Integers
    left: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Everything about a world, and the true level of each scale and of customers by team and month, from 1 to 5."""

    levels: Mapping[str, Floats]
    answered: Answered
    taken: Taken
    stayed: Stayed


def month_begins(begins: date, months: int) -> tuple[date, ...]:
    """Return the first day of each month, and of the one after.

    Example:
        >>> [each.isoformat() for each in month_begins(date(2023, 12, 1), 1)]
        ['2023-12-01', '2024-01-01']
    """
    start = begins.year * _YEAR + begins.month - 1
    return tuple(date(place // _YEAR, place % _YEAR + 1, 1) for place in range(start, start + months + 1))


def drawn(of: World) -> Drawn:
    """Return a world; the same seed and parameters always give the same."""
    rng = np.random.default_rng([of.seed, 7])
    levels = _levels(of, rng)
    places, stayed = _staff(of, levels["staff_satisfaction"], rng)
    return Drawn(
        levels=levels,
        answered=_answered(of, levels, places, rng),
        taken=_taken(of, levels, places, rng),
        stayed=stayed,
    )


def _levels(of: World, rng: np.random.Generator) -> dict[str, Floats]:
    """Return the true levels: each follows its own past, and what leads it."""
    shape, keep = (of.teams, of.months), of.persistence
    team = {name: rng.normal(0, of.team_spread, of.teams) for name in (*SCALES, CUSTOMER)}
    jolt = {name: rng.normal(0, of.month_spread, shape) for name in (*SCALES, CUSTOMER)}
    apart = {name: np.zeros(shape) for name in (*SCALES, CUSTOMER)}
    before = dict.fromkeys(apart, np.zeros(of.teams))
    for month in range(of.months):
        now = {name: keep * before[name] + jolt[name][:, month] for name in before}
        now["staff_satisfaction"] = now["staff_satisfaction"] + of.customer_to_staff * before[CUSTOMER]
        now[CUSTOMER] = (
            now[CUSTOMER]
            + of.staff_to_customer * before["staff_satisfaction"]
            + of.mandate_to_customer * before["mandate"]
        )
        for name, values in now.items():
            apart[name][:, month] = values
        before = now
    made = {name: MIDDLE + team[name][:, None] + apart[name] for name in SCALES}
    for name, linked in _LINKED.items():
        made[name] = made[name] + linked * (made["staff_satisfaction"] - MIDDLE)
    made[CUSTOMER] = CUSTOMER_MIDDLE + team[CUSTOMER][:, None] + apart[CUSTOMER]
    if of.ceiling:
        led = np.column_stack([made["staff_satisfaction"][:, :1], made["staff_satisfaction"][:, :-1]])
        cap = _FLOOR + _CAP_SLOPE * (led - 1)
        made[CUSTOMER] = _FLOOR + (cap - _FLOOR) * rng.beta(_UNDER, 1, shape)
    return {name: np.clip(values, 1, 5) for name, values in made.items()}


def _staff(of: World, satisfied: Floats, rng: np.random.Generator) -> tuple[Integers, Stayed]:
    """Return who sits where in each month, and how long everybody stayed; who leaves is followed by somebody new."""
    seats = of.teams * of.per_team
    team = np.repeat(np.arange(of.teams), of.per_team)
    starts = month_begins(of.begins, of.months)
    days = np.array([(each - of.begins).days for each in starts])
    sits = np.zeros((seats, of.months), np.int64)
    now, next_one = np.arange(seats), seats
    rows = {name: [] for name in ("team", "hired", "begun")}  # type: dict[str, list[Integers]]
    rows["team"].append(team)
    rows["hired"].append(-np.rint(_LONGEST * rng.random(seats) ** 2).astype(np.int64))
    rows["begun"].append(np.zeros(seats, np.int64))
    gone: dict[int, int] = {}
    for month in range(of.months):
        sits[:, month] = now
        mood = satisfied[:, max(month - 1, 0)] - MIDDLE
        chance = -np.expm1(-of.leaving * np.exp(of.leaving_effect * mood))[team]
        leaves = np.flatnonzero(rng.random(seats) < chance)
        last = days[month] + rng.integers(0, _SPELL_DAYS - 3, leaves.size)
        gone.update(zip(now[leaves].tolist(), last.tolist(), strict=True))
        if month + 1 < of.months:
            now = now.copy()
            now[leaves] = next_one + np.arange(leaves.size)
            next_one += leaves.size
            rows["team"].append(team[leaves])
            rows["hired"].append(np.full(leaves.size, days[month + 1]))
            rows["begun"].append(np.full(leaves.size, days[month + 1]))
    whole = {name: np.concatenate(values) for name, values in rows.items()}
    left = np.full(next_one, NOTHING)
    left[list(gone)] = list(gone.values())
    return sits, Stayed(agent=np.arange(next_one), left=left, **whole)


def _answered(of: World, levels: Mapping[str, Floats], sits: Integers, rng: np.random.Generator) -> Answered:
    """Return the staff survey: each month a part of everybody is asked in turn, and some of these answer."""
    seats = np.arange(len(sits))
    asked = (seats[:, None] + np.arange(of.months)) % of.rotation == 0
    seat, month = np.nonzero(asked & (rng.random(asked.shape) < of.responding))
    agent, team = sits[seat, month], seat // of.per_team
    items = {}
    for place, (name, count, top) in enumerate(zip(SCALES, ITEMS, TOPS, strict=True)):
        whose = PERSON * (2 * uniform_of(agent, of.seed + place) - 1)
        value = levels[name][team, month] + whose
        each = value[:, None] + rng.uniform(-ITEM, ITEM, (agent.size, count))
        items[name] = _chosen(1 + (each - 1) * (top - 1) / WIDTH, top, rng)
    if of.common_method:
        mood = uniform_of(agent, of.seed) - 0.5
        items[CUSTOMER] = _chosen((levels[CUSTOMER][team, month] + mood)[:, None], 5, rng)
    return Answered(agent=agent, team=team, month=month, items=items)


def _taken(of: World, levels: Mapping[str, Floats], sits: Integers, rng: np.random.Generator) -> Taken:
    """Return the contacts: the wider the mandate, the fewer go on to a colleague or take approval."""
    team, month = (each.ravel() for each in np.indices((of.teams, of.months)).repeat(of.contacts, axis=2))
    chance = np.clip(_ALONE + _ALONE_SLOPE * (levels["mandate"][team, month] - MIDDLE), 0.05, 0.98)
    alone = rng.random(team.size) < chance
    approval = ~alone & (rng.random(team.size) < _APPROVAL)
    seat = rng.integers(0, of.per_team, team.size)
    other = (seat + rng.integers(1, max(of.per_team, 2), team.size)) % of.per_team
    value = levels[CUSTOMER][team, month] + rng.uniform(-MOOD, MOOD, team.size)
    says = (rng.random(team.size) < of.answering) & (not of.common_method)
    return Taken(
        agent=sits[team * of.per_team + seat, month],
        colleague=sits[team * of.per_team + other, month],
        team=team,
        month=month,
        transferred=(~alone & ~approval).astype(np.int64),
        approval=approval.astype(np.int64),
        said=np.where(says, _chosen(value, 5, rng), NOTHING),
    )


def _chosen(values: Floats, top: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return whole answers that are right on average: a 3.2 is a 4 one time in five."""
    return np.clip(np.floor(values + rng.random(values.shape)), 1, top).astype(np.int64)

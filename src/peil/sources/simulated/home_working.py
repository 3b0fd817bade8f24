"""A made centre of which part of the agents goes to work at home, with a known effect and a known selection."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from peil.engines.schema import Schema
from peil.errors import SourceError
from peil.sources.simulated.centre import fingerprint, nothing_to_open
from peil.sources.simulated.frames import Integers, frame, ids, instants, numbered, same, whole, words
from peil.sources.simulated.planted import Planted, planted
from peil.sources.simulated.scales import Floats
from peil.sources.simulated.surveys import WEIGHT, moment
from peil.sources.source import Draft, Export, Fault
from peil.sources.tables import AGENT_STATES, ANSWERS, LEGS, ROSTER
from peil.terms import Unit

MAKING = 1
"""Version of how rows are drawn: raised whenever the same parameters give other rows."""

PROVIDES = (LEGS, AGENT_STATES, ROSTER, ANSWERS)
REASONS = ("invoice", "delivery", "contract", "complaint")
HANDLE_S = np.array([240.0, 300.0, 420.0, 600.0])
SHARES = np.array([0.40, 0.30, 0.20, 0.10])
_HARDER = np.array([-0.5, -0.5, 0.2, 0.8])
_TALK_PART, _SPREAD = 0.85, 0.5
_DAYS, _OPENS = 5, 8
HOURS, MORE_CALLS = 6.0, 0.35
"""Hours worked in a day; calls that who hangs up takes on top, as a share of the others."""

_SHORT_S = (4, 15)
_MONDAY, _WEEK = 0, timedelta(days=7)
_TOLD = np.array([-1, 0, 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedHomeWorking:
    """Agents, their contacts and hours week by week, a roster, and what staff and managers say about it.

    Effects are differences in the logarithm of work done per hour: -0.04 is 4 % less. They add up.

    Parameters:
        seed: the same seed and parameters always give the same rows.
        agents, teams: how many; agents are spread over teams in turn.
        weeks, begins: the period; ``begins`` is a Monday.
        per_week: contacts of a middling agent in a week of 30 hours.
        moves: who goes home when: ``one_day`` in the middle; ``staggered`` over the second and third quarter, which of
            them by lot; ``everyone`` on one day; ``nobody``.
        movers: share of agents who go, where not all or none do.
        home_effect: what working at home does to those who go, on average.
        selection: how far those who go lay from those who stay before anybody went.
        drift: what each week adds to the difference between those who go and those who stay, moved or not.
        agent_spread, team_spread, effect_spread: standard deviations of agents, of teams, and of the effect.
        harder: how much harder the contacts of agents at home are: the share by which hard reasons weigh more there.
        hanging_up: how many agents who go hang up on customers once they are at home.
        tools_lacking: share of agents at home who lack a tool.
        tools_effect: what lacking a tool does at home; it is part of ``home_effect``.
        professionals: how many managers say whether work at home is done slower, alike or faster; they see the whole
            difference between home and office, not the effect.

    Raises:
        SourceError: a parameter is out of bounds.

    Example:
        >>> centre = SimulatedHomeWorking(agents=12, teams=3, weeks=8)
        >>> centre.truth()["raw_gap"].says.en
        'An hour at home has −12.0% more work done than one in the office; part of that would have been so there too.'
    """

    kind: Literal["simulated_home_working"] = "simulated_home_working"
    name: str = "simulated_home_working"
    organisation: str = "Centre at home (simulated)"
    zone: str = "Europe/Amsterdam"
    files: tuple[str, ...] = ()
    seed: int = 0
    agents: int = 60
    teams: int = 6
    weeks: int = 30
    begins: date = date(2020, 1, 6)
    per_week: float = 30.0
    moves: Literal["one_day", "staggered", "everyone", "nobody"] = "staggered"
    movers: float = 0.5
    home_effect: float = -0.04
    selection: float = -0.08
    drift: float = 0.0
    agent_spread: float = 0.08
    team_spread: float = 0.04
    effect_spread: float = 0.03
    harder: float = 0.2
    hanging_up: int = 0
    tools_lacking: float = 0.5
    tools_effect: float = -0.04
    professionals: int = 40

    def __post_init__(self) -> None:
        if not (
            1 <= self.teams <= self.agents
            and self.weeks >= 4  # noqa: PLR2004  # a quarter of them is one week
            and self.begins.weekday() == _MONDAY
            and self.per_week > 0
            and 0 <= self.movers <= 1
            and 0 <= self.tools_lacking <= 1
            and 0 <= self.harder <= 1
            and min(self.agent_spread, self.team_spread, self.effect_spread) >= 0
            and 0 <= self.hanging_up <= self.agents * self.movers
        ):
            raise SourceError(
                f"the simulated source '{self.name}' cannot be made",
                remedy="shares lie from 0 to 1, spreads are not negative, begin on a Monday, and take at least 4 weeks",
            )

    @property
    def provides(self) -> tuple[Schema, ...]:
        """The canonical tables it delivers."""
        return PROVIDES

    @property
    def fingerprint(self) -> str:
        """Hash of everything that decides the rows; stands where a file's hash would."""
        return fingerprint(f"{self.kind}/{MAKING}", asdict(self))

    @property
    def export(self) -> Export:
        """What to read: there is no file, so the parameters' hash stands for it."""
        return nothing_to_open(self.fingerprint)

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the rows in batches; ``export`` names no file and is not opened."""
        del export
        yield from numbered(_rows(self))

    def truth(self) -> Mapping[str, Planted]:
        """Return every planted value by name, each with a sentence."""
        return {
            "home_effect": planted(
                self.home_effect,
                Unit.SHARE,
                "Working at home changes the work done in an hour by {value}.",
                "Thuiswerken verandert het werk dat in een uur wordt gedaan met {value}.",
            ),
            "selection": planted(
                self.selection,
                Unit.SHARE,
                "Those who go home differed by {value} before they went.",
                "Wie naar huis gaat verschilde vooraf al {value}.",
            ),
            "raw_gap": planted(
                self.home_effect + self.selection,
                Unit.SHARE,
                "An hour at home has {value} more work done than one in the office; part of that would have been so there too.",
                "Thuis wordt per uur {value} meer werk gedaan dan op kantoor; deels zou dat daar ook zo zijn geweest.",
            ),
            "tools_effect": planted(
                self.tools_effect,
                Unit.SHARE,
                "Lacking a tool at home changes the work done in an hour by {value}.",
                "Een hulpmiddel missen verandert het werk dat thuis in een uur wordt gedaan met {value}.",
            ),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Agents: when they go (the number of weeks where never), what they do, and what they have."""

    first: Integers
    level: Floats
    effect: Floats
    lacking: Integers
    hangs_up: Integers


def drawn(of: SimulatedHomeWorking, rng: np.random.Generator) -> Staff:
    """Return the agents of a world."""
    count = of.agents
    goes = np.zeros(count, bool)
    goes[rng.permutation(count)[: round(count * of.movers)]] = True
    if of.moves in {"everyone", "nobody"}:
        goes[:] = of.moves == "everyone"
    half = of.weeks // 2
    first = np.where(goes, half, of.weeks)
    if of.moves == "staggered":
        first[goes] = rng.integers(of.weeks // 4, 3 * of.weeks // 4, int(goes.sum()))
    team = rng.normal(0, of.team_spread, of.teams)
    own = rng.normal(0, of.agent_spread, count)
    lacks = goes & (rng.random(count) < of.tools_lacking)
    bend = rng.normal(0, of.effect_spread, count) + of.tools_effect * lacks
    bend += of.home_effect - of.tools_effect * of.tools_lacking
    hangs = np.zeros(count, np.int64)
    hangs[np.flatnonzero(goes)[: of.hanging_up]] = 1
    return Staff(
        first=first,
        level=own + team[np.arange(count) % of.teams] + of.selection * goes,
        effect=bend,
        lacking=lacks.astype(np.int64),
        hangs_up=hangs,
    )


def _rows(of: SimulatedHomeWorking) -> Iterator[tuple[Schema, pa.RecordBatch]]:
    rng = np.random.default_rng([of.seed, MAKING])
    staff = drawn(of, rng)
    yield ROSTER, _roster(of, staff)
    yield AGENT_STATES, _states(of, rng)
    for week in range(of.weeks):
        yield LEGS, _legs(of, staff, week, rng)
    yield ANSWERS, _answers(of, staff, rng)


def _days(values: list[date | None]) -> pa.Date32Array:
    return pa.array(values, pa.date32())


def _roster(of: SimulatedHomeWorking, staff: Staff) -> pa.RecordBatch:
    """One row an agent, and a second one for those who went home."""
    agents = np.arange(of.agents)
    gone = agents[staff.first < of.weeks]
    both = np.concatenate([agents, gone])
    late = np.arange(len(both)) >= of.agents
    went: list[date | None] = [of.begins + int(week) * _WEEK if week < of.weeks else None for week in staff.first[both]]
    return frame(
        ROSTER,
        {
            "agent_id": ids("a", both + 1, 4),
            "from_on": _days([on if second else of.begins for on, second in zip(went, late, strict=True)]),
            "until_on": _days(
                [
                    None if second or on is None else on - timedelta(days=1)
                    for on, second in zip(went, late, strict=True)
                ]
            ),
            "team": words(both % of.teams, _teams(of)),
            "site": same("north", len(both)),
            "workplace": words(late.astype(np.int64), ("office", "home")),
        },
    )


def _teams(of: SimulatedHomeWorking) -> tuple[str, ...]:
    return tuple(f"team {each + 1}" for each in range(of.teams))


def _states(of: SimulatedHomeWorking, rng: np.random.Generator) -> pa.RecordBatch:
    """Two states a working day, about six hours together."""
    days = np.array([moment(of.begins + week * _WEEK + timedelta(days=day), _OPENS)
                     for week in range(of.weeks) for day in range(_DAYS)])  # fmt: skip
    began = np.repeat(days, of.agents)
    agents = np.tile(np.arange(of.agents), len(days))
    lasted = np.rint(3_600 * HOURS * rng.uniform(0.9, 1.1, len(began))).astype(np.int64)
    busy = np.rint(lasted * rng.uniform(0.75, 0.85, len(began))).astype(np.int64)
    both = np.concatenate([agents, agents])
    started, length = np.concatenate([began, began + busy]), np.concatenate([busy, lasted - busy])
    return frame(
        AGENT_STATES,
        {
            "agent_id": ids("a", both + 1, 4),
            "team": words(both % of.teams, _teams(of)),
            "state": words(np.repeat([0, 1], len(began)), ("on_contact", "ready")),
            "started_at": instants(started),
            "ended_at": instants(started + length),
            "duration_ms": whole(length, 1_000),
            "concurrency": same(1, len(both)),
        },
    )


def paces(of: SimulatedHomeWorking, staff: Staff, week: int, rng: np.random.Generator) -> Floats:
    """Return the logarithm of the work that each agent does in an hour of a week, over that of a middling one."""
    apart = of.drift * (week - of.weeks / 2) * (staff.first < of.weeks)
    season = 0.05 * math.sin(week / 4)
    return staff.level + staff.effect * (week >= staff.first) + apart + season + rng.normal(0, 0.03, of.agents)


def mixes(of: SimulatedHomeWorking, *, home: NDArray[np.bool_]) -> Floats:
    """Return the share of each reason among each agent's contacts."""
    mix = SHARES * (1 + of.harder * _HARDER * home[:, None])
    return np.asarray(mix / mix.sum(axis=1, keepdims=True), np.float64)


def _legs(of: SimulatedHomeWorking, staff: Staff, week: int, rng: np.random.Generator) -> pa.RecordBatch:
    agents = np.arange(of.agents)
    home = week >= staff.first
    pace, mix = paces(of, staff, week, rng), mixes(of, home=home)
    harder = (mix @ HANDLE_S) / (SHARES @ HANDLE_S)
    counts = rng.poisson(of.per_week * np.exp(pace) / harder)
    extra = rng.poisson(MORE_CALLS * of.per_week * staff.hangs_up * home)
    who = np.concatenate([np.repeat(agents, counts), np.repeat(agents, extra)])
    short = np.arange(len(who)) >= counts.sum()
    reason = (rng.random(len(who))[:, None] > np.cumsum(mix[who], axis=1)[:, :-1]).sum(axis=1)
    noise = np.exp(_SPREAD * rng.standard_normal(len(who)) - _SPREAD**2 / 2)
    handle = HANDLE_S[reason] * noise * np.exp(-pace[who])
    talk = np.where(short, rng.integers(*_SHORT_S, len(who)), np.maximum(25, np.rint(_TALK_PART * handle)))
    talk = talk.astype(np.int64)
    wrap = np.where(short, 0, np.rint((1 - _TALK_PART) * handle)).astype(np.int64)
    monday = moment(of.begins + week * _WEEK, _OPENS)
    started = monday + 86_400 * rng.integers(0, _DAYS, len(who)) + rng.integers(0, 9 * 3_600, len(who))
    answered = started + rng.integers(1, 60, len(who))
    rows = len(who)
    return frame(
        LEGS,
        {
            "contact_id": ids("k", week * 10**6 + np.arange(rows), 10),
            "leg_id": same("1", rows),
            "channel": same("call", rows),
            "direction": same("inbound", rows),
            "queue": same("service", rows),
            "handler": same("agent", rows),
            "agent_id": ids("a", who + 1, 4),
            "team": words(who % of.teams, _teams(of)),
            "site": same("north", rows),
            "ended_how": same("completed", rows),
            "reason": words(reason, REASONS),
            "customer_id": ids("c", rng.integers(1, 10**6, rows), 7),
            "started_at": instants(started),
            "queued_at": instants(started),
            "answered_at": instants(answered),
            "ended_at": instants(answered + talk),
            "updated_at": instants(answered + talk + wrap),
            "wait_ms": whole(answered - started, 1_000),
            "talk_ms": whole(talk, 1_000),
            "hold_ms": same(0, rows),
            "wrap_ms": whole(wrap, 1_000),
            "concurrency": same(1, rows),
        },
    )


def _answers(of: SimulatedHomeWorking, staff: Staff, rng: np.random.Generator) -> pa.RecordBatch:
    """What agents at home say of their tools, and what managers say of work at home."""
    gone = np.flatnonzero(staff.first < of.weeks)
    gap = of.home_effect + of.selection
    seen = rng.normal(gap, 0.08, of.professionals)
    told = _TOLD[1 + (seen > 0.05).astype(int) - (seen < -0.05).astype(int)]  # noqa: PLR2004  # less is not noticed
    rows, asked = len(gone) + of.professionals, len(gone)
    staff_side = np.arange(rows) < asked
    when = instants(np.full(rows, moment(of.begins + of.weeks * _WEEK - timedelta(days=3))))
    values = np.concatenate([staff.lacking[gone], told]) * 1_000
    agents = np.concatenate([gone, np.full(of.professionals, -2)])
    return frame(
        ANSWERS,
        {
            "survey": words((~staff_side).astype(np.int64), ("staff", "organisation")),
            "audience": words((~staff_side).astype(np.int64), ("staff", "organisation")),
            "response_id": ids("h", np.arange(rows), 5),
            "question": words((~staff_side).astype(np.int64), ("q_tools", "q_home")),
            "construct": words((~staff_side).astype(np.int64), ("tools_lacking", "home_productivity")),
            "scale_low": pa.array(np.where(staff_side, 0, -1), pa.int64()),
            "scale_high": pa.array(np.ones(rows, np.int64)),
            "value_milli": pa.array(values, pa.int64()),
            "answered_at": when,
            "updated_at": when,
            "agent_id": ids("a", agents + 1, 4),
            "team": words(np.where(agents < 0, -1, agents % of.teams), _teams(of)),
            "mode": same("web", rows),
            "language": same("nl", rows),
            "weight_ppb": same(WEIGHT, rows),
        },
    )

"""The staff of a made organisation: who they are, what they do all day, and what they think of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from peil.engines.schema import Schema
from peil.sources.simulated.frames import Integers, frame, instants, same, whole, words
from peil.sources.simulated.scales import nps_shares, uniform_of
from peil.sources.simulated.surveys import moment, recommendation
from peil.sources.simulated.world import SITES, World
from peil.sources.tables import AGENT_STATES, ANSWERS, INVITATIONS, ROSTER

TEAM_ENPS = 100.0
"""Points of staff recommendation that go with one standard deviation of the customers' hidden satisfaction."""

_ORIGINS, _ORIGIN_SHARES = ("local", "expat", "nearshore"), np.array([0.75, 0.15, 0.10])
_CONTRACTS = ("permanent", "temporary")
_COUNTRIES = ("NL", "NL")
_DAY_TYPE = ("ready", "on_contact", "wrap")
_WORKED_S = 3_600
_BREAK_S, _MEETING_S = 900, 1_800
_CYCLES = 6
_WRAP_PART = 0.15


def team_enps(world: World) -> tuple[float, ...]:
    """Return the true staff recommendation of each team, in points."""
    return tuple(float(np.clip(world.enps + TEAM_ENPS * each, -90, 90)) for each in world.team_effects())


def staff(world: World) -> Iterator[tuple[Schema, pa.RecordBatch]]:
    """Yield the roster, the agents' states and the yearly staff survey."""
    yield ROSTER, roster(world)
    yield AGENT_STATES, agent_states(world)
    for number in range(max(1, world.months // 12)):
        asked_on = world.begins + timedelta(days=20 + number * 365)
        rng = world.generator(2, number)
        agents = world.first_agent + np.arange(world.agents)
        shares = np.array([nps_shares(each) for each in team_enps(world)])
        below = np.cumsum(shares, axis=1)[world.team_of(agents), :-1]
        values = (rng.random(world.agents)[:, None] >= below).sum(axis=1)
        batches = recommendation(
            world,
            audience="staff",
            construct="enps",
            wave=str(world.begins.year + number),
            asked_on=asked_on,
            values=values,
            agents=agents,
        )
        yield from zip((INVITATIONS, ANSWERS), batches, strict=True)


def roster(world: World) -> pa.RecordBatch:
    """Return one row an agent, and a second one from the shift for those who went to work at home."""
    agents = world.first_agent + np.arange(world.agents)
    shifts = world.begins < world.shift_on < world.ends
    home = (uniform_of(agents, world.seed + 2) < world.home_share) & shifts
    rows = np.concatenate([agents, agents[home]])
    late = np.arange(len(rows)) >= len(agents)
    moved = np.concatenate([home, np.zeros(int(home.sum()), bool)])
    eve = world.shift_on - timedelta(days=1)
    team = world.team_of(rows)
    origin = np.searchsorted(np.cumsum(_ORIGIN_SHARES)[:-1], uniform_of(rows, world.seed + 3), side="right")
    tenure = (uniform_of(rows, world.seed + 4) * 3_000).astype(np.int64)
    return frame(
        ROSTER,
        {
            **world.origin(len(rows)),
            "agent_id": world.agent_ids(rows),
            "from_on": _days([world.shift_on if each else world.begins for each in late]),
            "until_on": _days([eve if each else None for each in moved]),
            "team": words(team, world.team_names()),
            "site": words(team % len(SITES), SITES),
            "country": words(team % len(SITES), _COUNTRIES),
            "workplace": words(late.astype(np.int64), ("office", "home")),
            "contract": words((uniform_of(rows, world.seed + 5) < 0.3).astype(np.int64), _CONTRACTS),  # noqa: PLR2004  # three in ten are temporary
            "languages": same("nl en", len(rows)),
            "origin": words(origin, _ORIGINS),
            "hired_on": _days([world.begins - timedelta(days=int(each)) for each in tenure]),
        },
    )


def agent_states(world: World) -> pa.RecordBatch:
    """Return the first working days of every agent in blocks that follow one another."""
    each_day = _CYCLES * len(_DAY_TYPE) + 3
    days = [day for day in _days_of(world) if day.weekday() < 5][: world.state_days]  # noqa: PLR2004  # Saturday is 5
    rng = world.generator(1)
    states, lengths = _day_of_work(world, len(days) * world.agents, rng)
    starts = np.repeat([moment(day, 8) for day in days], world.agents)
    ended = starts[:, None] + np.cumsum(lengths, axis=1)
    agents = np.repeat(np.tile(world.first_agent + np.arange(world.agents), len(days)), each_day)
    keep = lengths.ravel() > 0
    return frame(
        AGENT_STATES,
        {
            **world.origin(int(keep.sum())),
            "agent_id": world.agent_ids(agents[keep]),
            "team": words(world.team_of(agents[keep]), world.team_names()),
            "state": words(states.ravel()[keep], _ALL),
            "state_code": words(states.ravel()[keep], _ALL),
            "started_at": instants((ended - lengths).ravel()[keep]),
            "ended_at": instants(ended.ravel()[keep]),
            "duration_ms": whole(lengths.ravel()[keep], 1_000),
            "concurrency": same(1, int(keep.sum())),
        },
    )


_ALL = (*_DAY_TYPE, "break", "meeting", "training")


def _day_of_work(world: World, size: int, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Return the state and the seconds of each block of each agent's day."""
    spread = 0.8 * min(world.occupancy, 1 - world.occupancy)
    busy = np.rint(_WORKED_S * (world.occupancy + rng.uniform(-spread, spread, (size, _CYCLES)))).astype(np.int64)
    wrap = np.rint(busy * _WRAP_PART).astype(np.int64)
    cycles = np.stack([_WORKED_S - busy, busy - wrap, wrap], axis=2).reshape(size, -1)
    kinds = np.tile(np.arange(len(_DAY_TYPE)), _CYCLES)
    third = len(kinds) // 3
    pause = np.full((size, 1), _BREAK_S)
    gathering = rng.random((size, 1)) < 0.3  # noqa: PLR2004  # three days in ten hold a meeting or a training
    training = gathering & (rng.random((size, 1)) < 0.4)  # noqa: PLR2004  # two gatherings in five are trainings
    lengths = np.hstack(
        [cycles[:, :third], pause, cycles[:, third : 2 * third], gathering * _MEETING_S, pause, cycles[:, 2 * third :]]
    )
    row = np.concatenate([kinds[:third], [3], kinds[third : 2 * third], [4, 3], kinds[2 * third :]])
    states = np.tile(row, (size, 1))
    states[:, [2 * third + 1]] += training
    return states, lengths


def _days_of(world: World) -> list[date]:
    return [world.begins + timedelta(days=each) for each in range((world.ends - world.begins).days)]


def _days(values: list[date] | list[date | None]) -> pa.Date32Array:
    return pa.array(values, pa.date32())

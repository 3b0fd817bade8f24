"""Teams, and agents where that is switched on: drawn towards the middle, and never a raw ranking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from peil.errors import EvidenceError
from peil.estimates.agent_panel import Floats, Panel
from peil.methods.cut_short import cut_short
from peil.methods.standing import Standing, Standings, standing
from peil.methods.two_way import summed


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """A team, or an agent where that is switched on, beside colleagues who work at home as often.

    Parameters:
        name: whose.
        agents: how many.
        value, low, high: work an hour beside the others', drawn towards the middle, with an interval.
        chance: that it is truly low, by more than what matters.
        flagged: truly low; at most one family in twenty has anybody flagged wrongly.
    """

    name: str
    agents: int
    value: float
    low: float
    high: float
    chance: float
    flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Where teams and agents stand.

    Parameters:
        teams: those with enough agents to be shown.
        hidden: teams too small to be shown.
        agents: empty unless switched on.
        between_teams, between_agents, between_effects: standard deviations between teams, between agents of a team, and
            of what home does to each agent; nan where they cannot be told.
        alike: correlation of successive weeks of one agent.
    """

    teams: tuple[Stands, ...]
    hidden: int
    agents: tuple[Stands, ...]
    between_teams: float
    between_agents: float
    between_effects: float
    alike: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HangingUp:
    """Agents with far more calls cut short than colleagues.

    Parameters:
        n: how many.
        of: of how many agents.
        usual: share of calls cut short among colleagues.
        share: the same among those flagged; nan without any.
        calls, work: what home changed for them in contacts an hour, and in work an hour without calls cut short; nan
            where they did not move.
        agents: who; empty unless switched on.
        places: numbers of the agents; for leaving them out.
    """

    n: int
    of: int
    usual: float
    share: float
    calls: float
    work: float
    agents: tuple[str, ...]
    places: tuple[int, ...]


def people(panel: Panel, *, level: float, matters: float, agents: bool, fewest: int) -> People | None:
    """Return where teams and agents stand; None where there are too few agents or weeks to tell.

    Parameters:
        panel: the agent-weeks.
        level: of intervals and of the family of tests.
        matters: how far below the others counts as low.
        agents: whether agents may be named.
        fewest: agents that a team needs to be shown.
    """
    team_of = panel.team_of
    try:
        found = standing(panel.pace, panel.agent, panel.week, panel.home, team_of, level=level, matters=matters)
    except (EvidenceError, np.linalg.LinAlgError):
        return None
    names, sizes = np.unique(team_of, return_counts=True)
    shown = [] if found.teams is None else [place for place, size in enumerate(sizes) if size >= fewest]
    return People(
        teams=tuple(
            _stands(found.teams, place, panel.teams[names[place]], int(sizes[place]))
            for place in shown
            if found.teams is not None
        ),
        hidden=int((sizes < fewest).sum()),
        agents=tuple(_stands(found.agents, place, name, 1) for place, name in enumerate(panel.agents))
        if agents
        else (),
        **_spreads(found),
        alike=found.alike,
    )


def _spreads(found: Standing) -> dict[str, float]:
    spread = np.sqrt(np.maximum(np.diag(found.model.agents), 0))
    return {
        "between_teams": float(np.sqrt(found.model.team)) if found.teams is not None else float("nan"),
        "between_agents": float(spread[0]),
        "between_effects": float(spread[1]) if found.slopes else float("nan"),
    }


def _stands(of: Standings, place: int, name: str, agents: int) -> Stands:
    return Stands(
        name=name,
        agents=agents,
        value=float(of.value[place]),
        low=float(of.low[place]),
        high=float(of.high[place]),
        chance=float(of.chance[place]),
        flagged=bool(of.flagged[place]),
    )


def hanging_up(panel: Panel, *, level: float, agents: bool) -> HangingUp:
    """Return who has far more calls cut short than colleagues, and what they seem to gain by it.

    Parameters:
        panel: the agent-weeks.
        level: of the family of tests.
        agents: whether agents may be named.
    """
    size = len(panel.agents)
    short, taken = (summed(panel.agent, each, size) for each in (panel.short, panel.contacts))
    found = cut_short(short, taken, level=level)
    places = np.flatnonzero(found.flagged)
    here = found.flagged[panel.agent]
    return HangingUp(
        n=len(places),
        of=size,
        usual=float(short[~found.flagged].sum() / max(taken[~found.flagged].sum(), 1)),
        share=float(short[places].sum() / taken[places].sum()) if len(places) else float("nan"),
        calls=_change(panel, panel.calls, here),
        work=_change(panel, panel.pace, here),
        agents=tuple(panel.agents[each] for each in places) if agents else (),
        places=tuple(int(each) for each in places),
    )


def _change(panel: Panel, y: Floats, here: np.ndarray) -> float:
    """Return what home changed for some agents, less what the same weeks changed for the others."""
    week = summed(panel.week[~here], y[~here], len(panel.weeks))
    week = week / np.maximum(np.bincount(panel.week[~here], minlength=len(panel.weeks)), 1)
    left = y - week[panel.week]
    home, office = here & panel.home, here & ~panel.home
    return float(left[home].mean() - left[office].mean()) if home.any() and office.any() else float("nan")

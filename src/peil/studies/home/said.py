"""What staff say of their tools at home, and what managers say of work there, beside what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from peil.dataset import Dataset
from peil.errors import EvidenceError
from peil.estimates.agent_panel import Panel
from peil.methods.imputation import imputed
from peil.methods.interval import share as score_interval
from peil.studies.finding import Effect
from peil.terms import Label, Unit

_TOOLS = """
select organisation, agent_id, max(score) as lacking
from {responses}
where construct = 'tools_lacking' and audience = 'staff' and agent_id is not null and score is not null
group by organisation, agent_id
"""
_REPORTED = """
select count(*) as n, sum(case when score < 0 then 1 else 0 end) as slower, sum(case when score > 0 then 1 else 0 end) as faster
from {responses}
where construct = 'home_productivity' and audience = 'organisation' and score is not null
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The effect of home for those with and without all tools there.

    Parameters:
        lacking: share of the agents at home, of those who answered, who lack a tool; with its interval.
        without, complete: effect of home for those who lack a tool, and for those who have all.
        apart: the first less the second: tools as a moderator.
        through: part of the whole effect that would not be there if everybody had all tools: tools as a mediator.
    """

    lacking: Effect
    without: Effect
    complete: Effect
    apart: Effect
    through: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What managers say happened to work at home.

    Parameters:
        slower, faster: share that says it went down, or up.
        n: who answered.
    """

    slower: Effect
    faster: Effect
    n: int


def lacking_tools(data: Dataset) -> Mapping[tuple[str, str], bool]:
    """Return of each agent who answered whether they lack a tool at home."""
    rows = data.engine.rows(_TOOLS.format(responses=data.tables["responses"].name)).to_pylist()
    return {(row["organisation"], row["agent_id"]): row["lacking"] > 0 for row in rows}


def reported(data: Dataset, *, level: float) -> Reported | None:
    """Return what managers say of work at home; None where nobody was asked."""
    row = data.engine.rows(_REPORTED.format(responses=data.tables["responses"].name)).to_pylist()[0]
    n, slower_n, faster_n = (int(row[each] or 0) for each in ("n", "slower", "faster"))
    if not n:
        return None
    slower = _share(slower_n, n, level, Label("say less is done at home", "zeggen dat er thuis minder gebeurt"))
    faster = _share(faster_n, n, level, Label("say more is done at home", "zeggen dat er thuis meer gebeurt"))
    return Reported(slower=slower, faster=faster, n=n)


def _share(count: int, n: int, level: float, label: Label) -> Effect:
    low, high = (float(each[0]) for each in score_interval([count / n], [n], level=level))
    return Effect(label=label, unit=Unit.SHARE, value=count / n, low=low, high=high, level=level, n=n)


def of_tools(panel: Panel, lacks: Mapping[tuple[str, str], bool], *, level: float, fewest: int) -> Tools | None:
    """Return the effect of home by tools; None where too few agents on either side answered.

    Parameters:
        panel: the agent-weeks.
        lacks: of each agent who answered whether they lack a tool at home.
        level: of the intervals.
        fewest: agents that each side needs.
    """
    told = np.array([lacks.get(each) for each in zip(panel.organisations, panel.agents, strict=True)], object)
    answered = np.array([each is not None for each in told])
    without = np.array([each is True for each in told])
    movers = (panel.first > 0) & answered
    if min((movers & without).sum(), (movers & ~without).sum()) < fewest:
        return None
    moved = panel.home
    rows = (panel.pace, panel.agent, panel.week, moved)
    try:
        some, rest, whole = (
            imputed(*rows, of=those[panel.agent]).treatment for those in (movers & without, movers & ~without, movers)
        )
    except EvidenceError:
        return None
    labels = (
        Label("effect of home, a tool lacking", "effect van thuis, een hulpmiddel ontbreekt"),
        Label("effect of home, all tools there", "effect van thuis, alle hulpmiddelen aanwezig"),
        Label("difference between the two", "verschil tussen beide"),
        Label("part of the effect that goes through tools", "deel van het effect dat via hulpmiddelen loopt"),
    )
    made = []
    for label, part in zip(labels, (some, rest, some - rest, whole - rest), strict=True):
        low, high = part.interval(level)
        n = int(np.count_nonzero(part.influence))
        made.append(
            Effect(label=label, unit=Unit.SHARE, value=part.value, low=low, high=high, level=level, n=n, relative=True)
        )
    count, n = int((movers & without).sum()), int(movers.sum())
    lacking = _share(count, n, level, Label("lack a tool at home", "missen thuis een hulpmiddel"))
    return Tools(lacking=lacking, without=made[0], complete=made[1], apart=made[2], through=made[3])

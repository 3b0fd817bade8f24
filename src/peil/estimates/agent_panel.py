"""Agent-weeks as a panel: who worked where, and how much work an hour held, for methods that follow agents over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from peil.contacts.agent_weeks import AGENT_WEEKS, SHORT_MS, agent_weeks
from peil.dataset import Dataset
from peil.errors import EvidenceError
from peil.estimates.variables import expression
from peil.terms import Label

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
FEWEST_HOURS = 8.0
_HOUR_MS = 3_600_000
_WEEK_DAYS = 7
_MOSTLY = 0.5

LEFT_OUT: Mapping[str, Label] = {
    "clash": Label("in two places at once in the roster", "volgens het rooster op twee plekken tegelijk"),
    "unknown": Label("workplace not known, or mixed", "werkplek onbekend of gemengd"),
    "partly": Label("less than half of the days at home", "minder dan de helft van de dagen thuis"),
    "few_hours": Label(f"less than {FEWEST_HOURS:.0f} hours worked", f"minder dan {FEWEST_HOURS:.0f} uur gewerkt"),
    "no_work": Label("no contact of the usual length", "geen enkel contact van gewone duur"),
    "returned": Label("back in the office after working at home", "terug op kantoor na thuiswerken"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Agent-weeks that can be compared, one a place in each array.

    Parameters:
        organisations, agents: whose the agents are, and their names.
        teams, weeks: names and Mondays that the numbers stand for.
        agent, team, week: numbers from 0; weeks count on from the first.
        home: worked at home, from the first such week on.
        first: of each agent, the week of the move; -1 where never.
        hours: worked.
        contacts, short: taken; and those cut short.
        work: hours that the contacts usually take, without those cut short.
        left_out: agent-weeks that are not here, by reason.
    """

    organisations: tuple[str, ...]
    agents: tuple[str, ...]
    teams: tuple[str, ...]
    weeks: tuple[date, ...]
    agent: Integers
    team: Integers
    week: Integers
    home: Flags
    first: Integers
    hours: Floats
    contacts: Floats
    short: Floats
    work: Floats
    left_out: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.agent)

    @property
    def pace(self) -> Floats:
        """Logarithm of the usual work done in an hour worked: 0 is exactly as long as such contacts usually take."""
        return np.asarray(np.log(self.work / self.hours), np.float64)

    @property
    def calls(self) -> Floats:
        """Logarithm of the contacts in an hour worked, hard or easy, cut short or not."""
        return np.asarray(np.log(self.contacts / self.hours), np.float64)

    @property
    def team_of(self) -> Integers:
        """Each agent's team: that of most of their weeks."""
        counts = np.zeros((len(self.agents), len(self.teams)), np.int64)
        np.add.at(counts, (self.agent, self.team), 1)
        return np.asarray(counts.argmax(axis=1), np.int64)


def agent_panel(data: Dataset, *, short_ms: int = SHORT_MS, where: str = "true") -> Panel:
    """Return the agent-weeks of a dataset.

    Parameters:
        data: with contacts, agent states and a roster.
        short_ms: calls with less talk are not counted as work done.
        where: row-level SQL over agent-weeks that chooses them, such as ``team <> 'training'``.

    Raises:
        DefinitionError: ``where`` names an unknown column.
        EvidenceError: there are no agent-weeks, or the roster says of nobody where they worked.

    Example:
        >>> from peil.made import made
        >>> panel = agent_panel(made())
        >>> len(panel.agents), len(panel.teams), int(panel.home.sum())
        (24, 4, 0)
    """
    chosen = expression(where, AGENT_WEEKS, "where")
    tables = [data.tables[each] for each in ("contacts", "agent_states", "roster")]
    weeks = agent_weeks(data.engine, *tables, short_ms=short_ms)
    # in order, so that sums come out the same on every engine
    rows = data.engine.rows(f"select * from {weeks.name} where {chosen} order by organisation, agent_id, week_on")
    return panel_of(rows)


def panel_of(rows: pa.Table) -> Panel:
    """Return agent-weeks as a panel; what cannot be compared is left out and counted.

    Parameters:
        rows: columns of ``AGENT_WEEKS``.

    Raises:
        EvidenceError: nothing is left.
    """
    if not rows.num_rows:
        raise EvidenceError(
            "there are no weeks of agents: nobody's hours are known",
            remedy="load what agents were doing (agent_states)",
        )
    number = {
        name: rows.column(name).to_numpy().astype(np.float64)
        for name in AGENT_WEEKS.names
        if name not in {"organisation", "agent_id", "week_on", "team"}
    }
    if not (number["n_home"] + number["n_office"]).any():
        raise EvidenceError("the roster says of nobody where they worked", remedy="load a roster with workplaces")
    agents, agent = _numbered(rows, "organisation", "agent_id")
    teams, team = _numbered(rows, "team")
    days = rows.column("week_on").to_numpy().astype("datetime64[D]").astype(np.int64)
    week = (days - days.min()) // _WEEK_DAYS

    told = number["n_home"] + number["n_office"]
    share = number["n_home"] / np.maximum(told, 1)
    home = share >= _MOSTLY
    reasons = {
        "clash": number["n_clashes"] > 0,
        "unknown": told < _MOSTLY * number["n_days"],
        "partly": (share > 0) & ~home,
        "few_hours": number["worked_ms"] < FEWEST_HOURS * _HOUR_MS,
        "no_work": number["standard_ms"] <= 0,
    }
    sound = ~(reasons["clash"] | reasons["unknown"])
    late = np.iinfo(np.int64).max
    first = np.full(len(agents), late)
    np.minimum.at(first, agent[home & sound], week[home & sound])
    reasons["returned"] = ~home & (week > first[agent])
    kept = np.ones(len(agent), bool)
    left_out: dict[str, int] = {}
    for reason, those in reasons.items():
        left_out[reason] = int((those & kept).sum())
        kept &= ~those
    if not kept.any():
        raise EvidenceError(
            "no week of an agent can be compared with another", remedy="look at what was left out, and why"
        )
    here = np.unique(agent[kept])
    renumbered = np.full(len(agents), -1)
    renumbered[here] = np.arange(len(here))
    begins = week[kept].min()
    moved = np.where(first == late, -1, first - begins)[here]
    return Panel(
        organisations=tuple(agents[each][0] for each in here),
        agents=tuple(agents[each][-1] for each in here),
        teams=tuple(each[-1] for each in teams),
        weeks=tuple(
            date.fromordinal(date(1970, 1, 1).toordinal() + int(days.min()) + _WEEK_DAYS * int(begins + each))
            for each in range(int(week[kept].max() - begins) + 1)
        ),
        agent=renumbered[agent[kept]],
        team=team[kept],
        week=week[kept] - begins,
        home=home[kept],
        first=np.where(moved >= 0, moved, np.where(first[here] == late, -1, 0)),
        hours=number["worked_ms"][kept] / _HOUR_MS,
        contacts=number["n_contacts"][kept],
        short=number["n_short"][kept],
        work=number["standard_ms"][kept] / _HOUR_MS,
        left_out=left_out,
    )


def _numbered(rows: pa.Table, *names: str) -> tuple[tuple[tuple[str, ...], ...], Integers]:
    """Return the values of columns in order, and each row's place among them."""
    columns = [["" if each is None else str(each) for each in rows.column(name).to_pylist()] for name in names]
    keys = list(zip(*columns, strict=True))
    found = sorted(set(keys))
    place = {each: number for number, each in enumerate(found)}
    return tuple(found), np.array([place[each] for each in keys], np.int64)

"""What home does in each team, drawn towards the whole, and how far teams and agents lie apart in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

from peil.errors import EvidenceError
from peil.estimates.agent_panel import Floats, Panel
from peil.methods.departures import Departures, departures
from peil.methods.imputation import Imputed
from peil.methods.student import student
from peil.methods.two_way import summed
from peil.studies.home.words import percent
from peil.terms import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamEffect:
    """What home does in one team.

    Parameters:
        name: of the team.
        agents: those who moved.
        value, low, high: the effect of home in the team, drawn towards the whole, with an interval.
        apart, apart_low, apart_high: the same less the effect in all teams together.
        chance: that it truly lies on that side of the whole, by more than what matters.
        flagged: truly apart; at most one time in twenty is any team flagged wrongly.
    """

    name: str
    agents: int
    value: float
    low: float
    high: float
    apart: float
    apart_low: float
    apart_high: float
    chance: float
    flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far effects of home lie apart.

    Parameters:
        value, low, high: standard deviation of the true effects, with its interval.
        next_low, next_high: where the true effect of another one lies.
        n: how many it rests on.
    """

    value: float
    low: float
    high: float
    next_low: float
    next_high: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamEffects:
    """What home does in each team.

    Parameters:
        teams: those in which enough agents moved to be shown.
        hidden: teams in which too few did.
        between: how far teams lie apart.
        agents: how far agents of one team lie apart; None where their weeks do not tell.
    """

    teams: tuple[TeamEffect, ...]
    hidden: int
    between: Spread
    agents: Spread | None


def team_effects(panel: Panel, found: Imputed, *, level: float, matters: float, fewest: int) -> TeamEffects | None:
    """Return what home does in each team; None where fewer than three teams have agents who moved.

    Parameters:
        panel: the agent-weeks.
        found: what the move did, of ``imputed``.
        level: of intervals and of the family of tests.
        matters: how far from the whole counts as apart.
        fewest: agents who moved that a team needs to be shown.
    """
    told = np.isfinite(found.effects)
    rows = np.bincount(panel.agent[told], minlength=len(panel.agents))
    movers = np.flatnonzero(rows)
    own = summed(panel.agent[told], found.effects[told], len(panel.agents))[movers] / rows[movers]
    names, team = np.unique(panel.team_of[movers], return_inverse=True)
    try:
        apart = departures(own, team.reshape(-1), level=level, matters=matters)
    except EvidenceError:
        return None
    whole, free = found.treatment, found.treatment.free
    sd = np.hypot(apart.sd, whole.se)
    reach = float(student(free, level)) * sd
    value = whole.value + apart.value
    ahead = np.hypot(apart.next_high, float(student(free, level)) * whole.se)
    return TeamEffects(
        teams=tuple(
            TeamEffect(
                name=panel.teams[name],
                agents=int(apart.n[place]),
                value=float(value[place]),
                low=float(value[place] - reach[place]),
                high=float(value[place] + reach[place]),
                apart=float(apart.value[place]),
                apart_low=float(apart.low[place]),
                apart_high=float(apart.high[place]),
                chance=_chance(apart, place),
                flagged=bool(apart.flagged[place]),
            )
            for place, name in enumerate(names)
            if apart.n[place] >= fewest
        ),
        hidden=int((apart.n < fewest).sum()),
        between=Spread(
            value=apart.spread,
            low=apart.spread_low,
            high=apart.spread_high,
            next_low=float(whole.value - ahead),
            next_high=float(whole.value + ahead),
            n=len(names),
        ),
        agents=_agents(panel, found, own, apart, level, float(ahead)),
    )


def _chance(apart: Departures, place: int) -> float:
    return float((apart.below if apart.value[place] < 0 else apart.above)[place])


def _agents(panel: Panel, found: Imputed, own: Floats, apart: Departures, level: float, ahead: float) -> Spread | None:
    """Return how far agents of one team lie apart in what home does to them, beyond what their weeks differ by chance."""
    told, size = np.isfinite(found.effects), len(panel.agents)
    after = np.bincount(panel.agent[told], minlength=size)
    before = np.bincount(panel.agent[~panel.home], minlength=size)
    moved = after > 0
    mean = np.zeros(size)
    mean[moved] = own
    freedom = int(after.sum() - moved.sum())
    if freedom < 1:
        return None
    squares = float(((found.effects[told] - mean[panel.agent[told]]) ** 2).sum())
    noise = squares / freedom * float((1 / after[moved] + 1 / before[moved]).mean())
    df = moved.sum() - len(apart.n)
    seen = df * apart.rest**2
    variances = seen / df, seen / chdtri(df, (1 - level) / 2), seen / chdtri(df, (1 + level) / 2)
    value, low, high = (float(np.sqrt(max(each - noise, 0.0))) for each in variances)
    reach = float(np.hypot(ahead, student(df, level) * value))
    return Spread(
        value=value,
        low=low,
        high=high,
        next_low=found.treatment.value - reach,
        next_high=found.treatment.value + reach,
        n=int(moved.sum()),
    )


def told_of(found: TeamEffects, *, matters: float) -> Sequence[Label]:
    """Return how far teams and agents lie apart, and which team does so truly, as sentences.

    Parameters:
        found: what home does in each team.
        matters: how far from the whole counts as apart.
    """
    made = [_spread(found.between, Label("teams", "teams"), Label("another team", "een ander team"))]
    if found.agents is not None:
        made.append(
            _spread(
                found.agents,
                Label("agents of one team", "medewerkers van één team"),
                Label("another agent", "een andere medewerker"),
            )
        )
    flagged = [each.name for each in found.teams if each.flagged]
    limit = percent(matters, signed=False)
    more = Label(f" by more than {limit.en}", f" met meer dan {limit.nl}") if matters else Label("", "")
    made.append(
        Label(
            f"Home truly does something else{more.en} in: {', '.join(flagged) or 'no team that can be named'}; at most one time in twenty is any named wrongly.",
            f"Thuiswerken doet werkelijk iets anders{more.nl} in: {', '.join(flagged) or 'geen team dat te noemen is'}; hooguit één op de twintig keer wordt er een ten onrechte genoemd.",
        )
    )
    if found.hidden:
        made.append(
            Label(
                f"Teams in which too few agents moved to be shown: {found.hidden}.",
                f"Teams waarin te weinig medewerkers verhuisden om te tonen: {found.hidden}.",
            )
        )
    return made


def _spread(of: Spread, whose: Label, another: Label) -> Label:
    value, low, high = (percent(each, signed=False) for each in (of.value, of.low, of.high))
    least, most = (percent(each) for each in (of.next_low, of.next_high))
    return Label(
        f"What home does differs between {whose.en} with a standard deviation of {value.en} ({low.en} to {high.en}); for {another.en} it would lie between {least.en} and {most.en}.",
        f"Wat thuis doet verschilt tussen {whose.nl} met een standaardafwijking van {value.nl} ({low.nl} tot {high.nl}); voor {another.nl} zou het liggen tussen {least.nl} en {most.nl}.",
    )

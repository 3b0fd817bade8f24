"""Does working from home change how much work is done, and how much of what is seen was so before anybody went?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from peil.contacts.agent_weeks import SHORT_MS
from peil.dataset import Dataset, Run
from peil.errors import DisclosureError, EvidenceError
from peil.estimates.agent_panel import Panel, agent_panel
from peil.methods.event_study import EventStudy, event_study
from peil.methods.imputation import Part, imputed
from peil.studies.finding import Check, Effect, Finding, Verdict
from peil.studies.home.checks import checks, not_rewarded, placebo
from peil.studies.home.people import HangingUp, People, hanging_up, people
from peil.studies.home.said import Reported, Tools, lacking_tools, of_tools, reported
from peil.studies.home.teams import TeamEffects, team_effects
from peil.studies.home.words import ASSUMPTIONS, OF_AGENTS, OF_TOOLS, PARTS, QUESTION, says
from peil.terms import Label, Unit

FEWEST_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeWorking:
    """What the study finds.

    Parameters:
        finding: verdict, the effect of working at home, checks.
        parts: the difference taken apart, by name: ``calls`` is ``case_mix`` and ``raw``, and ``raw`` is ``selection`` and
            ``treatment``, to the last digit; empty where nobody is left to compare with.
        events: before and after the move, step by step; None where that cannot be told.
        placebo: what the same method finds in weeks in which nobody had moved yet; None where these are too few.
        people: where teams stand, and agents where switched on; None where there are too few.
        teams: what home does in each team; None where too few teams have agents who moved.
        hanging_up: agents with far more calls cut short than others.
        tools: the effect for those with and without all tools; None where nobody said.
        reported: what managers say; None where nobody was asked.
        movers, others: agents at home with earlier weeks; agents to compare with.
        weeks: agent-weeks that were compared.
        left_out: agent-weeks that were not, by reason.
        period: first and last Monday.
        level, matters: as asked for.
    """

    finding: Finding[Effect]
    parts: Mapping[str, Effect]
    events: EventStudy | None
    placebo: Effect | None
    people: People | None
    teams: TeamEffects | None
    hanging_up: HangingUp
    tools: Tools | None
    reported: Reported | None
    movers: int
    others: int
    weeks: int
    left_out: Mapping[str, int]
    period: tuple[date, date]
    level: float
    matters: float


def home_working(
    data: Dataset,
    *,
    where: str = "true",
    level: float = 0.95,
    matters: float = 0.0,
    agents: bool = False,
    short_ms: int = SHORT_MS,
) -> HomeWorking:
    """Say whether working from home changes how much work agents do in an hour.

    Work is counted in usual time: each contact for as long as contacts of its reason, channel and hour take on average,
    calls cut short for nothing. What nobody asks for is not looked at: neither mood nor voice of staff.

    Parameters:
        data: contacts, what agents were doing, and a roster that says from when they worked where.
        where: row-level SQL over agent-weeks that chooses some, such as ``organisation = 'North'``.
        level: of the intervals.
        matters: the smallest relative change that matters, such as 0.05; ``no`` means that the whole interval is nearer to
            zero than that.
        agents: whether single agents may be shown. Off, teams of five and more are the smallest that are.
        short_ms: calls with less talk count as cut short.

    Returns:
        ``no`` where the interval lies within ``matters``, ``yes`` where it leaves zero out and every check passes, else
        ``unclear``.

    Raises:
        EvidenceError: nobody's hours or workplace are known, or nobody worked at home.
        DisclosureError: the answer would speak of fewer than five agents.

    Example:
        >>> from peil.made import made
        >>> from peil.sources.simulated import SimulatedHomeWorking
        >>> world = SimulatedHomeWorking(agents=48, teams=6, weeks=16, home_effect=-0.25, moves="one_day")
        >>> found = home_working(made(world))
        >>> found.finding.verdict, sorted(found.parts)
        ('yes', ['calls', 'case_mix', 'raw', 'selection', 'treatment'])
    """
    panel = agent_panel(data, short_ms=short_ms, where=where)
    return of_panel(
        panel,
        run=data.run,
        lacks=lacking_tools(data),
        told=reported(data, level=level),
        level=level,
        matters=matters,
        agents=agents,
    )


def of_panel(
    panel: Panel,
    *,
    run: Run,
    lacks: Mapping[tuple[str, str], bool] | None = None,
    told: Reported | None = None,
    level: float = 0.95,
    matters: float = 0.0,
    agents: bool = False,
    beside: bool = True,
) -> HomeWorking:
    """Say the same of agent-weeks that are at hand.

    Parameters:
        panel: the agent-weeks.
        run: where they come from.
        lacks: of each agent who answered, by organisation and name, whether they lack a tool at home.
        told: what managers say.
        level, matters, agents: as for ``home_working``.
        beside: whether what stands beside the answer is wanted: steps around the move, teams and agents.
    """
    if not panel.home.any():
        raise EvidenceError("nobody works at home in these weeks", remedy="check the workplaces in the roster")
    _enough_to_show(panel)
    suspects = hanging_up(panel, level=level, agents=agents)
    rows = (panel.agent, panel.week, panel.home)
    try:
        found = imputed(panel.pace, *rows)
    except EvidenceError:
        return _nobody_stayed(panel, run, suspects, told, level, matters, agents=agents)
    calls = imputed(panel.calls, *rows)
    parts = {
        "calls": calls.raw,
        "case_mix": calls.raw - found.raw,
        "raw": found.raw,
        "selection": found.selection,
        "treatment": found.treatment,
    }
    shown = {name: _effect(part, PARTS[name], level) for name, part in parts.items()}
    effect = shown["treatment"]
    earlier = placebo(panel)
    before = None if earlier is None else _effect(earlier, Label("before the move", "vóór de verhuizing"), level)
    tools = None if lacks is None else of_tools(panel, lacks, level=level, fewest=FEWEST_SHOWN)
    held = (*checks(panel, found, before), not_rewarded(panel, suspects, effect))
    verdict = _verdict(effect, matters, held)
    return HomeWorking(
        finding=Finding(
            study="home_working",
            question=QUESTION,
            verdict=verdict,
            says=says(effect, verdict),
            effect=effect,
            checks=held,
            assumptions=(
                *ASSUMPTIONS,
                *(OF_TOOLS if tools is not None else ()),
                *((OF_AGENTS,) if agents else ()),
            ),
            settles=_settles(effect, matters, held) if verdict == "unclear" else None,
            run=run,
        ),
        parts=shown,
        events=_events(panel, level) if beside else None,
        placebo=before,
        people=people(panel, level=level, matters=matters, agents=agents, fewest=FEWEST_SHOWN) if beside else None,
        teams=team_effects(panel, found, level=level, matters=matters, fewest=FEWEST_SHOWN) if beside else None,
        hanging_up=suspects,
        tools=tools,
        reported=told,
        movers=found.movers,
        others=found.others,
        weeks=len(panel),
        left_out=panel.left_out,
        period=(panel.weeks[0], panel.weeks[-1]),
        level=level,
        matters=matters,
    )


def _enough_to_show(panel: Panel) -> None:
    """Refuse an answer from which single agents could be read."""
    home = len(np.unique(panel.agent[panel.home]))
    if home < FEWEST_SHOWN:
        raise DisclosureError(
            f"{home} agents work at home: an answer would speak of them by name",
            remedy=f"ask again when at least {FEWEST_SHOWN} do, or over more teams",
        )


def _effect(part: Part, label: Label, level: float) -> Effect:
    low, high = part.interval(level)
    n = int(np.count_nonzero(part.influence))
    return Effect(label=label, unit=Unit.SHARE, value=part.value, low=low, high=high, level=level, n=n, relative=True)


def _verdict(effect: Effect, matters: float, held: tuple[Check, ...]) -> Verdict:
    sound = all(each.passed for each in held)
    if sound and -matters < effect.low and effect.high < matters:
        return "no"
    return "yes" if effect.clear and sound else "unclear"


def _events(panel: Panel, level: float) -> EventStudy | None:
    found = event_study(panel.pace, panel.agent, panel.week, panel.first[panel.agent], level=level)
    if found is None:
        return None
    shown = (found.agents >= FEWEST_SHOWN) | (found.times == -1)
    return EventStudy(
        step=found.step,
        times=found.times[shown],
        values=found.values[shown],
        low=found.low[shown],
        high=found.high[shown],
        agents=found.agents[shown],
        bears=found.bears,
        even=found.even,
    )


def _nobody_stayed(
    panel: Panel,
    run: Run,
    suspects: HangingUp,
    told: Reported | None,
    level: float,
    matters: float,
    *,
    agents: bool,
) -> HomeWorking:
    """Say that the effect cannot be told from the weeks: nobody stayed, or nobody was seen before."""
    nothing = math.nan
    effect = Effect(
        label=PARTS["treatment"],
        unit=Unit.SHARE,
        value=nothing,
        low=nothing,
        high=nothing,
        level=level,
        n=0,
        relative=True,
    )
    movers = len(np.unique(panel.agent[panel.home]))
    return HomeWorking(
        finding=Finding(
            study="home_working",
            question=QUESTION,
            verdict="unclear",
            says=Label(
                "Whether an hour at home differs cannot be told: no week has agents at home and in the office to compare",
                "Of een uur thuis verschilt, is niet te zeggen: geen week heeft medewerkers thuis én op kantoor om te vergelijken",
            ),
            effect=effect,
            checks=(
                Check(
                    name="somebody_stayed",
                    passed=False,
                    says=Label(
                        "Everybody moved at once, or nobody was seen in the office before: the move cannot be told from the weeks.",
                        "Iedereen verhuisde tegelijk, of niemand was eerder op kantoor te zien: de verhuizing is niet van de weken te scheiden.",
                    ),
                ),
            ),
            assumptions=ASSUMPTIONS,
            settles=Label(
                "Agents who stay in the office for some weeks longer, by lot or team by team; or weeks from before the move.",
                "Medewerkers die nog enkele weken op kantoor blijven, door loting of team voor team; of weken van vóór de verhuizing.",
            ),
            run=run,
        ),
        parts={},
        events=None,
        placebo=None,
        people=people(panel, level=level, matters=matters, agents=agents, fewest=FEWEST_SHOWN),
        teams=None,
        hanging_up=suspects,
        tools=None,
        reported=told,
        movers=movers,
        others=0,
        weeks=len(panel),
        left_out=panel.left_out,
        period=(panel.weeks[0], panel.weeks[-1]),
        level=level,
        matters=matters,
    )


def _settles(effect: Effect, matters: float, held: tuple[Check, ...]) -> Label:
    failed = {each.name for each in held if not each.passed}
    if "parallel_paths" in failed:
        return Label(
            "A longer stretch before the move, or a move by lot: paths that part beforehand cannot be repaired afterwards.",
            "Een langere periode vóór de verhuizing, of loting: paden die vooraf al uiteenlopen zijn achteraf niet te herstellen.",
        )
    if failed:
        return Label("What the failed checks ask for.", "Wat de niet gehaalde controles vragen.")
    reach, target = (effect.high - effect.low) / 2, max(abs(effect.value), matters)
    times = (reach / target) ** 2 if target > 0 else math.inf
    if not 1.5 <= times <= 100:  # noqa: PLR2004  # less is hardly more, and more is as good as never
        return Label("More agents on both sides, or more weeks.", "Meer medewerkers aan beide kanten, of meer weken.")
    return Label(
        f"About {times:.0f} times as many agents, if the effect is as large as it seems.",
        f"Ongeveer {times:.0f} keer zoveel medewerkers, als het effect zo groot is als het lijkt.",
    )

"""Does satisfied staff go ahead of satisfied customers, and what do mandate, the pulse and who leaves say beside it?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from peil.dataset import Dataset, Run
from peil.errors import DisclosureError, EvidenceError
from peil.estimates.staff_months import staff_rows
from peil.estimates.team_months import CUSTOMER, STAFF, Scale, StaffRows, TeamMonths
from peil.methods.reliability import Reliability, reliability
from peil.studies.finding import Check, Effect, Finding, Verdict
from peil.studies.staff.checks import checks
from peil.studies.staff.links import Link, links
from peil.studies.staff.mandate import Mandate, mandate
from peil.studies.staff.needed import Needed, needed
from peil.studies.staff.pulse import Pulse, pulse
from peil.studies.staff.staying import Staying, staying
from peil.studies.staff.words import ASSUMPTIONS, OF_LEAVING, QUESTION, says
from peil.terms import Label

FEWEST_SHOWN = 5
_FEWEST_TEAMS, _FEWEST_MONTHS, _ITEMS = 2, 2, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team over the whole period: its name, staff who answered, and the means of staff and customers from 0 to 10."""

    name: str
    people: int
    staff: float
    customers: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StaffFirst:
    """What the study finds.

    Parameters:
        finding: verdict; its effect is what a point more of staff satisfaction does to customers a month later.
        links: satisfaction first, then every other scale that was asked, each with customers, both ways.
        reliability: of each scale; None for one of a single question, or that everybody answers alike.
        scales: the questions of each scale.
        needed: whether satisfied customers need satisfied staff: a claim of its own; None where too few months can tell.
        mandate: felt beside measured; None where one of them is not known.
        pulse: staff satisfaction month by month; None where there are too few months.
        staying: how long staff stays; None where the roster does not tell, or nobody left.
        teams: those large enough to be shown.
        hidden: teams that are not.
        panel: teams by months.
        period: first days of the first and the last month.
        level, matters: as asked for.
    """

    finding: Finding[Effect]
    links: tuple[Link, ...]
    reliability: Mapping[str, Reliability | None]
    scales: Mapping[str, Scale]
    needed: Needed | None
    mandate: Mandate | None
    pulse: Pulse | None
    staying: Staying | None
    teams: tuple[Team, ...]
    hidden: int
    panel: TeamMonths
    period: tuple[date, date]
    level: float
    matters: float


def staff_first(
    data: Dataset,
    *,
    customer: str = "csat",
    level: float = 0.95,
    matters: float = 0.1,
    permutations: int = 1_000,
    draws: int = 500,
    seed: int = 0,
) -> StaffFirst:
    """Say whether staff satisfaction goes ahead of customer satisfaction, team by team and month by month.

    Staff answers are of the constructs ``staff_satisfaction``, ``job_impact``, ``development`` and ``mandate``, each of as
    many questions as were put. Everything is counted from 0 to 10 between the ends of its scale. Single members of staff
    are never shown.

    Parameters:
        data: answers of staff and of customers, contacts, and a roster.
        customer: the construct that customers answer.
        level: of the intervals.
        matters: the smallest effect that matters, in points of 0 to 10 for one such point; ``no`` means that the whole
            interval is nearer to zero than that.
        permutations: draws of the tests of what customers need.
        draws: resamples for the intervals of reliability.
        seed: of all draws.

    Returns:
        ``no`` where the interval lies within ``matters``, ``yes`` where it leaves zero out, with whatever sign, and every
        check passes, else ``unclear``. Never ``yes`` where staff answered for customers.

    Raises:
        EvidenceError: answers are missing, the same everywhere, or of one team or one month.
        DisclosureError: no team is large enough to be spoken of.

    Example:
        >>> from peil.made import made
        >>> from peil.sources.simulated import SimulatedStaffFirst
        >>> found = staff_first(made(SimulatedStaffFirst(teams=6, months=8, contacts=20)), permutations=100, draws=100)
        >>> found.finding.verdict, [each.name for each in found.links]
        ('unclear', ['staff_satisfaction', 'job_impact', 'development', 'mandate'])
    """
    rows = staff_rows(data, customer=customer)
    return of_rows(rows, run=data.run, level=level, matters=matters, permutations=permutations, draws=draws, seed=seed)


def of_rows(
    rows: StaffRows,
    *,
    run: Run,
    level: float = 0.95,
    matters: float = 0.1,
    permutations: int = 1_000,
    draws: int = 500,
    seed: int = 0,
    beside: bool = True,
) -> StaffFirst:
    """Say the same of sums that are at hand.

    Parameters:
        rows: teams by months, scales and stays.
        run: where they come from.
        level, matters, permutations, draws, seed: as for ``staff_first``.
        beside: whether what stands beside the answer is wanted: other scales, what is needed, mandate, pulse and who leaves.
    """
    panel = rows.panel
    _enough(panel)
    found = links(panel, level=level, others=beside)
    first = found[0]
    wanted = {name: each for name, each in rows.scales.items() if beside or name == STAFF}
    reliable = {name: _reliability(each, level, draws, seed) for name, each in wanted.items()}
    held = checks(panel, first, reliable)
    verdict = _verdict(first.ahead, matters, held)
    shown = _shown(panel)
    stay = staying(rows, level=level, fewest=FEWEST_SHOWN) if beside else None
    return StaffFirst(
        finding=Finding(
            study="staff_first",
            question=QUESTION,
            verdict=verdict,
            says=says(first.ahead, verdict),
            effect=first.ahead,
            checks=held,
            assumptions=(*ASSUMPTIONS, *((OF_LEAVING,) if stay is not None else ())),
            settles=_settles(first.ahead, matters, held) if verdict == "unclear" else None,
            run=run,
        ),
        links=found,
        reliability=reliable,
        scales=rows.scales,
        needed=needed(panel, level=level, permutations=permutations, seed=seed, fewest=FEWEST_SHOWN)
        if beside
        else None,
        mandate=mandate(panel, level=level) if beside else None,
        pulse=pulse(panel, level=level, fewest=FEWEST_SHOWN) if beside else None,
        staying=stay,
        teams=shown,
        hidden=len(panel.teams) - len(shown),
        panel=panel,
        period=(panel.months[0], panel.months[-1]),
        level=level,
        matters=matters,
    )


def _enough(panel: TeamMonths) -> None:
    if len(panel.teams) < _FEWEST_TEAMS:
        raise EvidenceError(
            "there is one team: nothing tells what it does from what happens to everybody",
            remedy="load answers of more teams",
        )
    waves = int((panel.n[STAFF].sum(axis=0) > 0).sum())
    if waves < _FEWEST_MONTHS:
        raise EvidenceError(
            "staff was asked in one month: what goes first cannot be told",
            remedy="ask again; six months and more can tell",
        )
    if panel.people.max() < FEWEST_SHOWN:
        raise DisclosureError(
            f"no team has {FEWEST_SHOWN} members of staff who answered: an answer would speak of them by name",
            remedy="join teams, or ask again when more have answered",
        )


def _reliability(scale: Scale, level: float, draws: int, seed: int) -> Reliability | None:
    if len(scale.questions) < _ITEMS or not scale.varies:
        return None
    try:
        return reliability(scale.sums, scale.persons, level=level, draws=draws, seed=seed)
    except EvidenceError:
        return None


def _shown(panel: TeamMonths) -> tuple[Team, ...]:
    """Return teams of five and more who answered; where one alone is smaller, the next is left out beside it.

    Else the one that is missing could be reckoned from the whole.
    """
    order = np.argsort(panel.people, kind="stable")
    small = int((panel.people < FEWEST_SHOWN).sum())
    hidden = order[: 2 if small == 1 else small]
    staff, customers = panel.of_teams(STAFF), panel.of_teams(CUSTOMER)
    several = len({each for each, _ in panel.teams}) > 1
    made = [
        Team(
            name=f"{organisation}, {team}" if several else team,
            people=int(panel.people[place]),
            staff=float(staff[place]),
            customers=float(customers[place]),
        )
        for place, (organisation, team) in enumerate(panel.teams)
        if place not in hidden and math.isfinite(customers[place])
    ]
    # by name, team 2 before team 10: means of teams are no ranking
    return tuple(sorted(made, key=lambda each: (len(each.name), each.name)))


def _verdict(effect: Effect, matters: float, held: tuple[Check, ...]) -> Verdict:
    sound = all(each.passed for each in held)
    if sound and -matters < effect.low and effect.high < matters:
        return "no"
    return "yes" if effect.clear and sound else "unclear"


def _settles(effect: Effect, matters: float, held: tuple[Check, ...]) -> Label:
    failed = {each.name for each in held if not each.passed}
    if "two_sources" in failed:
        return Label(
            "Answers of customers themselves, about contacts of known teams.",
            "Antwoorden van de klanten zelf, over contacten van bekende teams.",
        )
    if "time_order" in failed:
        return Label(
            "A change that reaches some teams first, by lot: then what follows it is not what led to it.",
            "Een verandering die door loting eerst bij enkele teams komt: wat erop volgt, is dan niet wat eraan voorafging.",
        )
    if failed:
        return Label("What the failed checks ask for.", "Wat de niet gehaalde controles vragen.")
    reach, target = (effect.high - effect.low) / 2, max(abs(effect.value), matters)
    times = (reach / target) ** 2 if target > 0 else math.inf
    if not 1.2 <= times <= 100:  # noqa: PLR2004  # less is hardly more, and more is as good as never
        return Label("More teams, or more months.", "Meer teams, of meer maanden.")
    return Label(
        f"About {times:.1f} times as many teams or months, if the effect is as large as it seems.",
        f"Ongeveer {times:.1f} keer zoveel teams of maanden, als het effect zo groot is als het lijkt.".replace(
            ".", ",", 1
        ),
    )

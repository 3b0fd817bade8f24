"""What has to hold for the answer about staff and customers to stand."""

from __future__ import annotations

import math
from collections.abc import Mapping

from peil.estimates.team_months import STAFF, TeamMonths
from peil.methods.reliability import Reliability
from peil.studies.finding import Check
from peil.studies.staff.links import Link
from peil.studies.staff.words import decimal, percent
from peil.terms import Label

FEWEST_TEAMS, FEWEST_MONTHS = 8, 6
RELIABLE, SEEN = 0.7, 0.3


def checks(panel: TeamMonths, first: Link, reliability: Mapping[str, Reliability | None]) -> tuple[Check, ...]:
    """Return whether there are enough teams and months, of a scale that measures, from two sides, in the right order."""
    return (
        Check(
            name="enough_teams",
            passed=first.found.units >= FEWEST_TEAMS,
            says=Label(
                f"{first.found.units} teams can be followed from month to month; {FEWEST_TEAMS} are asked for.",
                f"{first.found.units} teams zijn van maand tot maand te volgen; er zijn er {FEWEST_TEAMS} nodig.",
            ),
        ),
        Check(
            name="enough_months",
            passed=first.found.periods >= FEWEST_MONTHS,
            says=Label(
                f"{first.found.periods} months have a month before them; {FEWEST_MONTHS} are asked for.",
                f"{first.found.periods} maanden hebben een maand ervoor; er zijn er {FEWEST_MONTHS} nodig.",
            ),
        ),
        _reliable(reliability.get(STAFF)),
        _seen(first),
        _two_sources(panel),
        _order(first),
    )


def _reliable(found: Reliability | None) -> Check:
    if found is None:
        says = Label(
            "Staff satisfaction is one question, or its questions cannot be put side by side: how reliably they measure is not known.",
            "Medewerkerstevredenheid is één vraag, of de vragen zijn niet naast elkaar te leggen: hoe betrouwbaar ze meten is niet bekend.",
        )
        return Check(name="reliable_scale", passed=False, says=says)
    value, low, high, least = (decimal(each) for each in (found.value, found.low, found.high, RELIABLE))
    return Check(
        name="reliable_scale",
        passed=found.value >= RELIABLE,
        says=Label(
            f"The reliability of the staff satisfaction scale is {value.en} ({low.en} to {high.en}); {least.en} is asked for.",
            f"De betrouwbaarheid van de schaal medewerkerstevredenheid is {value.nl} ({low.nl} tot {high.nl}); {least.nl} is nodig.",
        ),
    )


def _seen(first: Link) -> Check:
    """Whether months of a team differ by more than who happened to answer."""
    least = min(first.found.x_reliability, first.found.y_reliability)
    told, asked = percent(least), percent(SEEN)
    return Check(
        name="more_than_chance",
        passed=not math.isfinite(least) or least >= SEEN,
        says=Label(
            f"Of what a team's months differ in, {told.en} is more than who happened to answer (the lesser of staff and customers); {asked.en} is asked for.",
            f"Van wat maanden van een team verschillen is {told.nl} meer dan wie toevallig antwoordde (de minste van medewerkers en klanten); {asked.nl} is nodig.",
        ),
    )


def _two_sources(panel: TeamMonths) -> Check:
    says = Label(
        "Staff and customers each spoke for themselves.", "Medewerkers en klanten spraken ieder voor zichzelf."
    )
    if panel.same_source:
        says = Label(
            "Staff answered for customers too: a good mood lifts both answers, so what they share proves nothing.",
            "Medewerkers antwoordden ook voor de klanten: een goed humeur tilt beide antwoorden op, dus wat ze delen bewijst niets.",
        )
    return Check(name="two_sources", passed=not panel.same_source, says=says)


def _order(first: Link) -> Check:
    """Whether customers do not go ahead of staff by as much."""
    behind = first.behind
    ahead_size, behind_size = abs(first.found.x_to_y.standardised), abs(first.found.y_to_x.standardised)
    value, low, high = (decimal(each, signed=True) for each in (behind.value, behind.low, behind.high))
    return Check(
        name="time_order",
        passed=not (behind.clear and behind_size >= ahead_size),
        says=Label(
            f"The other way round, a point more of customers goes before {value.en} of staff ({low.en} to {high.en}).",
            f"Andersom gaat een punt meer bij klanten vooraf aan {value.nl} bij medewerkers ({low.nl} tot {high.nl}).",
        ),
    )

"""Sentences of the study of staff and customers, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from babel.numbers import format_decimal

from peil.studies.finding import Effect, Verdict
from peil.terms import Label

QUESTION = Label(
    "Does staff satisfaction go before customer satisfaction in the same team?",
    "Gaat medewerkerstevredenheid vooraf aan klanttevredenheid in hetzelfde team?",
)
NAMES: Mapping[str, Label] = {
    "staff_satisfaction": Label("staff satisfaction", "medewerkerstevredenheid"),
    "job_impact": Label("impact of the job", "impact van de job"),
    "development": Label("development", "ontwikkeling"),
    "mandate": Label("mandate", "mandaat"),
}
SCALES: Mapping[str, Label] = {
    name: Label(each.en[0].upper() + each.en[1:], each.nl[0].upper() + each.nl[1:]) for name, each in NAMES.items()
}
RULES: Mapping[str, Label] = {
    "beyond": Label("beyond a limit", "buiten een grens"),
    "run": Label("a run on one side of the middle", "een reeks aan één kant van het midden"),
    "trend": Label("months in a row up or down", "maanden achtereen omhoog of omlaag"),
    "two_of_three": Label("two of three months near a limit", "twee van drie maanden dicht bij een grens"),
}
ASSUMPTIONS = (
    Label(
        "Nothing else that differs by team and month moved staff first and customers a month later.",
        "Niets anders dat per team en maand verschilt bewoog eerst de medewerkers en een maand later de klanten.",
    ),
    Label(
        "A month is the time that the one takes to reach the other: what works within a month, or after several, is not seen.",
        "Een maand is de tijd die het een nodig heeft om het ander te bereiken: wat binnen een maand of pas na maanden werkt, blijft onzichtbaar.",
    ),
    Label(
        "Staff and customers who answer stand for those who do not.",
        "Medewerkers en klanten die antwoorden staan model voor wie niet antwoordt.",
    ),
    Label(
        "Both scales run from 0 to 10, and a point is as much everywhere on them.",
        "Beide schalen lopen van 0 tot 10, en een punt is er overal evenveel.",
    ),
)
OF_LEAVING = Label(
    "A team's satisfaction over the whole period stands for that of the days before somebody left.",
    "De tevredenheid van een team over de hele periode staat voor die van de dagen voordat iemand vertrok.",
)


def decimal(value: float, *, signed: bool = False, places: int = 2) -> Label:
    """Return a number as both languages write it.

    Example:
        >>> decimal(-0.42).nl, decimal(0.3, signed=True).en
        ('−0,42', '+0.30')
    """  # a true minus sign
    shown = round(value, places) + 0.0
    sign = "\N{MINUS SIGN}" if shown < 0 else "+" if signed and shown > 0 else ""
    marks = "#,##0." + "0" * places if places else "#,##0"
    en, nl = (format_decimal(abs(shown), format=marks, locale=each) for each in ("en_GB", "nl_NL"))
    return Label(f"{sign}{en}", f"{sign}{nl}")


def percent(value: float) -> Label:
    """Return a share as both languages write it.

    Example:
        >>> percent(0.123).nl
        '12,3%'
    """
    told = decimal(100 * value, places=1)
    return Label(f"{told.en}%", f"{told.nl}%")


def says(effect: Effect, verdict: Verdict) -> Label:
    """Return the finding in one sentence, without its number."""
    if verdict == "no":
        return Label(
            "Staff satisfaction of a month tells nothing that matters about customers of the month after",
            "Medewerkerstevredenheid van een maand zegt niets wezenlijks over de klanten van de maand erna",
        )
    if verdict == "unclear" and effect.clear:
        return Label(
            "Staff and customers move together, in a way that does not show that staff goes first",
            "Medewerkers en klanten bewegen samen, op een manier die niet toont dat de medewerker voorgaat",
        )
    if verdict == "unclear":
        return Label(
            "Not shown whether staff satisfaction goes before customer satisfaction",
            "Niet aan te tonen of medewerkerstevredenheid vooraf gaat aan klanttevredenheid",
        )
    if effect.value < 0:
        return Label(
            "Where staff is more satisfied, customers of the month after are less satisfied",
            "Waar medewerkers tevredener zijn, zijn de klanten van de maand erna minder tevreden",
        )
    return Label(
        "Where staff is more satisfied, customers of the month after are more satisfied",
        "Waar medewerkers tevredener zijn, zijn de klanten van de maand erna tevredener",
    )

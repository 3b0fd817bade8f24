"""Sentences of the study of working from home, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from babel.numbers import format_decimal

from peil.studies.finding import Effect, Verdict
from peil.terms import Label

QUESTION = Label(
    "Does working from home change how much work is done in an hour?",
    "Verandert thuiswerken hoeveel werk er in een uur wordt gedaan?",
)
PARTS: Mapping[str, Label] = {
    "calls": Label("Contacts an hour, home less office", "Contacten per uur, thuis min kantoor"),
    "case_mix": Label("of which other contacts", "waarvan andere contacten"),
    "raw": Label("Work an hour, home less office", "Werk per uur, thuis min kantoor"),
    "selection": Label("of which who went home", "waarvan wie er naar huis ging"),
    "treatment": Label("of which working at home", "waarvan het thuiswerken"),
}
ASSUMPTIONS = (
    Label(
        "Without the move, those who went and those who stayed would have followed parallel paths.",
        "Zonder de verhuizing hadden wie ging en wie bleef evenwijdige paden gevolgd.",
    ),
    Label(
        "Nobody worked otherwise in the weeks before the move because it was coming.",
        "Niemand werkte in de weken vóór de verhuizing anders omdat die eraan kwam.",
    ),
    Label(
        "Who stayed in the office is not affected by others being at home.",
        "Wie op kantoor bleef, merkt er niets van dat anderen thuis zijn.",
    ),
    Label(
        "Contacts of one reason, channel and hour take the same work, wherever they are taken.",
        "Contacten met dezelfde reden, hetzelfde kanaal en uur vragen evenveel werk, waar ze ook worden aangenomen.",
    ),
    Label(
        "Differences are in logarithms, so that they add up: −4% is a factor of e to the power −0.04.",
        "Verschillen zijn in logaritmen, zodat ze optellen: −4% is een factor e tot de macht −0,04.",
    ),
)
OF_TOOLS = (
    Label(
        "Who lacks a tool at home does not depend on how well they would do there.",
        "Wie thuis een hulpmiddel mist, hangt er niet van af hoe goed het daar zou gaan.",
    ),
    Label(
        "Lacking a tool stands for nothing else that goes with it, such as less room or a slower line.",
        "Een hulpmiddel missen staat niet voor iets anders dat ermee samengaat, zoals minder ruimte of een tragere lijn.",
    ),
)
OF_AGENTS = Label(
    "Agents are named because that was switched on; it takes a purpose, the works council's consent and a word with the agent.",
    "Medewerkers worden genoemd omdat dat is aangezet; dat vraagt een doel, instemming van de ondernemingsraad en een gesprek.",
)


def percent(value: float, *, signed: bool = True) -> Label:
    """Return a relative difference as both languages write it.

    Example:
        >>> percent(-0.042).nl, percent(0.3, signed=False).en
        ('−4,2%', '30.0%')
    """  # a true minus sign
    shown = round(100 * value, 1) + 0.0
    sign = "\N{MINUS SIGN}" if shown < 0 else "+" if signed and shown > 0 else ""
    en, nl = (format_decimal(abs(shown), format="#,##0.0", locale=each) for each in ("en_GB", "nl_NL"))
    return Label(f"{sign}{en}%", f"{sign}{nl}%")


def says(effect: Effect, verdict: Verdict) -> Label:
    """Return the finding in one sentence, without its number."""
    if verdict == "no":
        return Label(
            "No difference that matters between an hour at home and the same hour in the office",
            "Geen verschil van betekenis tussen een uur thuis en hetzelfde uur op kantoor",
        )
    if verdict == "unclear" and effect.clear:
        return Label(
            "A difference is seen that cannot be put down to working at home",
            "Er is een verschil te zien dat niet aan het thuiswerken is toe te schrijven",
        )
    if verdict == "unclear":
        return Label(
            "No difference shown between an hour at home and the same hour in the office",
            "Geen aantoonbaar verschil tussen een uur thuis en hetzelfde uur op kantoor",
        )
    if effect.value < 0:
        return Label(
            "Less work is done in an hour at home than the same agents would do in the office",
            "In een uur thuis wordt minder werk gedaan dan dezelfde medewerkers op kantoor zouden doen",
        )
    return Label(
        "More work is done in an hour at home than the same agents would do in the office",
        "In een uur thuis wordt meer werk gedaan dan dezelfde medewerkers op kantoor zouden doen",
    )

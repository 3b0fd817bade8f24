"""A planted value: a number that is true of a made world because it was put there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from peil.terms import Label, Unit

MONTHS_NL = (
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
)
_SHOWN = {
    Unit.SHARE: (100.0, "%", "%"),
    Unit.POINTS: (1.0, " points", " punten"),
    Unit.SECONDS: (1.0, " seconds", " seconden"),
    Unit.COUNT: (1.0, "", ""),
    Unit.SCORE: (1.0, "", ""),
}
_TO_DUTCH = str.maketrans(",.", ".,")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A true value of a made world.

    Parameters:
        value: the number (a share lies between 0 and 1), or the name or day that is true.
        unit: what a number counts in; none for a name or a day.
        says: the truth in a sentence.
    """

    value: float | str | date
    unit: Unit | None
    says: Label


def planted(value: float, unit: Unit, en: str, nl: str) -> Planted:
    """Return a planted number whose sentences show it where they say ``{value}``.

    Example:
        >>> planted(8.5, Unit.POINTS, "The bot scores {value}.", "De bot scoort {value}.").says.nl
        'De bot scoort 8,5 punten.'
    """
    times, mark_en, mark_nl = _SHOWN[unit]
    places = 0 if unit is Unit.COUNT else 2 if unit is Unit.SCORE else 1
    shown = f"{value * times:,.{places}f}".replace("-", "\N{MINUS SIGN}")
    says = Label(
        en.replace("{value}", shown + mark_en),
        nl.replace("{value}", shown.translate(_TO_DUTCH) + mark_nl),
    )
    return Planted(value=value, unit=unit, says=says)


def planted_day(value: date, en: str, nl: str) -> Planted:
    """Return a planted day whose sentences show it where they say ``{value}``.

    Example:
        >>> planted_day(date(2020, 3, 16), "It broke on {value}.", "Het brak op {value}.").says.nl
        'Het brak op 16 maart 2020.'
    """
    says = Label(
        en.replace("{value}", f"{value.day} {value:%B %Y}"),
        nl.replace("{value}", f"{value.day} {MONTHS_NL[value.month - 1]} {value.year}"),
    )
    return Planted(value=value, unit=None, says=says)

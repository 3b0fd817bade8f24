"""Dated facts about Dutch days that no library keeps: which public holidays are worked, and when insurers are busy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

GOOD_FRIDAY = frozenset({"Good Friday", "Goede vrijdag"})
LIBERATION_DAY = frozenset({"Liberation Day", "Bevrijdingsdag"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A part of every year in which customers of one sector call more.

    Parameters:
        name: how the season is called in the calendar table.
        first_year, last_year: the years for which the dates are known; no last year means until they change.
        begins, ends: month and day of the first and the last day.
        source: where the dates come from.
    """

    name: str
    first_year: int
    last_year: int | None
    begins: tuple[int, int]
    ends: tuple[int, int]
    source: str


# Before 2017 the premiums had to be known by another day (19 November in 2015), and the table says nothing.
SEASONS: tuple[Season, ...] = (
    Season(
        name="insurer switching season",
        first_year=2017,
        last_year=None,
        begins=(11, 12),
        ends=(12, 31),
        source=(
            "Health insurers publish their premiums by 12 November and a policy is given up by 31 December: "
            "nieuws.nl 2017-09-18 (for 2018), De Telegraaf 2020 (for 2021), Hart van Nederland 2024-11 (for 2025)"
        ),
    ),
)


def season_of(day: date) -> str | None:
    """Return the season that a Dutch day falls in.

    Example:
        >>> season_of(date(2024, 11, 12))
        'insurer switching season'
        >>> season_of(date(2024, 11, 11)) is None
        True
    """
    for each in SEASONS:
        known = each.first_year <= day.year and (each.last_year is None or day.year <= each.last_year)
        if known and each.begins <= (day.month, day.day) <= each.ends:
            return each.name
    return None


def worked(holiday: str, year: int) -> bool:
    """Return whether most Dutch employers work on a public holiday.

    Good Friday is a working day for most; Liberation Day is a day off once in five years.

    Parameters:
        holiday: its English or Dutch name.
        year: the year it is kept in.

    Example:
        >>> worked("Good Friday", 2024), worked("Liberation Day", 2024), worked("Liberation Day", 2025)
        (True, True, False)
    """
    return holiday in GOOD_FRIDAY or (holiday in LIBERATION_DAY and year % 5 != 0)

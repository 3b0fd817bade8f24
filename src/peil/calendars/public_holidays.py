"""The public holidays of a country, as most employers there keep them, and Dutch school holidays by region."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from types import MappingProxyType

from peil.calendars import dutch_days
from peil.errors import DefinitionError, neighbours
from peil.terms import Language


def check_country(country: str) -> None:
    """Refuse a country whose holidays are not known.

    Raises:
        DefinitionError: the code is not a known two-letter country code.

    Example:
        >>> check_country("NL")
    """
    import holidays

    known = [code for code in holidays.list_supported_countries() if len(code) == len("NL")]
    if country not in known:
        raise DefinitionError(
            f"the public holidays of country '{country}' are not known",
            remedy=neighbours(country.upper(), known),
        )


@cache
def public_holidays(country: str, year: int, language: Language = "en") -> Mapping[date, str]:
    """Return a year's public holidays and their names.

    For the Netherlands, Good Friday is left out, and so is Liberation Day outside years that end in 0 or 5.
    Two holidays on one day are both named, in order of the alphabet.

    Parameters:
        country: two-letter code.
        year: the year.
        language: of the names. A country without Dutch names gives an empty table in Dutch; one without English
            names gives its own.

    Raises:
        DefinitionError: the country is not known.

    Example:
        >>> public_holidays("NL", 2025, "nl")[date(2025, 5, 5)]
        'Bevrijdingsdag'
        >>> date(2024, 5, 5) in public_holidays("NL", 2024)
        False
    """
    import holidays

    check_country(country)
    plain = holidays.country_holidays(country)
    spoken = (*plain.supported_languages, plain.default_language or "en")
    tongue = next((each for each in spoken if each.startswith(language)), None)
    if tongue is None and language == "nl":
        return MappingProxyType({})
    # Left to itself the library would choose a language by the machine's locale.
    tongue = tongue or plain.default_language
    kept: dict[date, str] = {}
    days = holidays.country_holidays(country, years=year, language=tongue)
    for day in sorted(days):
        names = [name for name in days.get_list(day) if not (country == "NL" and dutch_days.worked(name, day.year))]
        if names:
            kept[day] = "; ".join(names)
    return MappingProxyType(kept)


REGIONS = ("Noord", "Midden", "Zuid")
FIRST_SCHOOL_YEAR = 2014


@cache
def school_holidays(country: str, year: int) -> Mapping[date, tuple[str, int]]:
    """Return the days of a year on which schools are closed: the break's name, and in how many of the three regions.

    Dates are kept for the Netherlands from 2014 on; other countries and years give an empty table.

    Parameters:
        country: two-letter code.
        year: the year.

    Example:
        >>> school_holidays("NL", 2023)[date(2023, 7, 10)]
        ('Summer Break', 1)
        >>> school_holidays("NL", 2023)[date(2023, 8, 10)]
        ('Summer Break', 3)
    """
    import holidays

    if country != "NL" or year < FIRST_SCHOOL_YEAR:
        return MappingProxyType({})
    found: dict[date, tuple[str, int]] = {}
    for region in REGIONS:
        kept = holidays.country_holidays("NL", subdiv=region, years=year, categories=("school",), language="en_US")
        for day in kept:
            name = kept.get_list(day)[0]
            found[day] = (name, found.get(day, (name, 0))[1] + 1)
    return MappingProxyType(found)

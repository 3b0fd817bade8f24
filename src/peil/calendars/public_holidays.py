"""The public holidays of a country, as most employers there keep them."""

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

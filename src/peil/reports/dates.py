"""Days and periods as a reader of the report's language writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from babel.dates import format_date, get_day_names

from peil.terms import Label, Language

LOCALES: Mapping[Language, str] = {"en": "en_GB", "nl": "nl_NL"}
_WEEK = Label("week", "week")


def day(value: date, language: Language) -> str:
    """Return a day in full.

    Example:
        >>> day(date(2020, 3, 16), "nl"), day(date(2020, 3, 16), "en")
        ('16 maart 2020', '16 March 2020')
    """
    return str(format_date(value, "d MMMM y", locale=LOCALES[language]))


def period(value: date, by: str, language: Language) -> str:
    """Return a period by its first day.

    Example:
        >>> period(date(2020, 4, 1), "quarter", "nl"), period(date(2020, 3, 16), "week", "en")
        ('K2 2020', 'week 12, 2020')
    """
    if by == "week":
        year, week, _ = value.isocalendar()
        return f"{_WEEK.read(language)} {week}, {year}"
    forms = {"month": "MMM y", "quarter": "QQQ y", "year": "y"}
    return str(format_date(value, forms.get(by, "d MMM y"), locale=LOCALES[language]))


def weekday(value: int, language: Language) -> str:
    """Return the name of a weekday, 1 for Monday.

    Example:
        >>> weekday(1, "nl")
        'maandag'
    """
    return str(get_day_names("wide", locale=LOCALES[language])[(value - 1) % 7])

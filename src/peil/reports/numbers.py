"""Numbers, days and spans of time as a reader of the report's language writes them."""

from __future__ import annotations

import math
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from babel.dates import format_date, get_day_names
from babel.numbers import format_decimal

from peil.terms import Label, Language, Unit

MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"
NOTHING = "\N{EN DASH}"
_LOCALES: dict[Language, str] = {"en": "en_GB", "nl": "nl_NL"}
_TO = Label("to", "tot")
_POINTS = Label("points", "punten")
_PERCENTAGE_POINTS = Label("percentage points", "procentpunt")
_HOURS = Label("h", "uur")
_WEEK = Label("week", "week")
# From two minutes on, seconds are read as minutes and seconds.
_CLOCK_FROM_S = 120
_SMALL = 10


def rounded(value: float, places: int) -> Decimal:
    """Return ``value`` rounded half away from zero, as it is written and not as it is stored.

    Example:
        >>> rounded(-2.5, 0), rounded(0.285, 2)
        (Decimal('-3'), Decimal('0.29'))
    """
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def number(value: float | Decimal, language: Language, *, places: int = 0, signed: bool = False) -> str:
    """Return a number with the language's marks, a true minus sign, and no sign on zero.

    Parameters:
        value: what to write; a dash stands for nan.
        language: whose marks.
        places: decimals.
        signed: whether a number above zero gets a plus.

    Example:
        >>> number(1234.5, "nl", places=1), number(-0.04, "en", places=1, signed=True), number(3, "en", signed=True)
        ('1.234,5', '0.0', '+3')
    """
    if not math.isfinite(value):
        return NOTHING
    shown = rounded(float(value), places)
    marks = "#,##0" + ("." + "0" * places if places else "")
    text = str(format_decimal(abs(shown), format=marks, locale=_LOCALES[language], decimal_quantization=False))
    if shown == 0:
        return text
    return (MINUS if shown < 0 else "+" if signed else "") + text


def count(value: float, language: Language) -> str:
    """Return a whole number.

    Example:
        >>> count(9258, "nl")
        '9.258'
    """
    return number(value, language)


def places_of(unit: Unit, size: float) -> int:
    """Return how many decimals a number of about ``size`` is shown with."""
    if unit is Unit.POINTS:
        return 0
    if unit is Unit.SHARE:
        return 1
    if unit is Unit.COUNT:
        return 0 if size >= _SMALL else 2
    if unit is Unit.SECONDS:
        return 1 if size < 100 else 0  # noqa: PLR2004  # three figures
    if unit in {Unit.SCORE, Unit.EUROS}:
        return 2 if size < _SMALL or unit is Unit.EUROS else 1
    return 1


def quantity(value: float, unit: Unit, language: Language, *, size: float | None = None) -> str:
    """Return a value of a measure in its unit.

    Parameters:
        value: in the measure's unit; a share lies between 0 and 1.
        unit: what it counts in.
        language: whose marks.
        size: the largest number beside it, so that a column has one notation.

    Example:
        >>> quantity(0.4613, Unit.SHARE, "nl"), quantity(-31.2, Unit.POINTS, "nl"), quantity(351.7, Unit.SECONDS, "en")
        ('46,1%', '−31', '5:52\\xa0min')
    """
    if not math.isfinite(value):
        return NOTHING
    return _with_unit(_bare(value, unit, language, size), unit, language, abs(value) if size is None else size)


def gap(value: float, unit: Unit, language: Language) -> str:
    """Return a difference, always signed; a difference of shares is in percentage points.

    Example:
        >>> gap(-50.2, Unit.POINTS, "nl"), gap(0.012, Unit.SHARE, "en")
        ('−50\\xa0punten', '+1.2\\xa0percentage points')
    """
    if not math.isfinite(value):
        return NOTHING
    told = _gap_bare(value, unit, language)
    if unit is Unit.POINTS:
        return f"{told}{SPACE}{_POINTS.read(language)}"
    if unit is Unit.SHARE:
        return f"{told}{SPACE}{_PERCENTAGE_POINTS.read(language)}"
    if unit is Unit.SECONDS:
        return f"{told}{SPACE}s"
    return _with_unit(told, unit, language, 0)


def short_gap(value: float, unit: Unit, language: Language) -> str:
    """Return a difference for a narrow column, without its unit.

    Example:
        >>> short_gap(33.0, Unit.POINTS, "nl")
        '+33'
    """
    return _gap_bare(value, unit, language) if math.isfinite(value) else NOTHING


def interval(low: float, high: float, unit: Unit, language: Language, *, size: float | None = None) -> str:
    """Return an interval of a value in brackets.

    Example:
        >>> interval(-36.4, -26.1, Unit.POINTS, "nl"), interval(0.455, 0.467, Unit.SHARE, "en")
        ('(−36 tot −26)', '(45.5% to 46.7%)')
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"({NOTHING})"
    largest = max(abs(low), abs(high)) if size is None else size
    ends = [_bare(each, unit, language, largest) for each in (low, high)]
    if unit is Unit.SHARE:
        ends = [f"{each}%" for each in ends]
    return f"({ends[0]} {_TO.read(language)} {ends[1]})"


def gap_interval(low: float, high: float, unit: Unit, language: Language) -> str:
    """Return an interval of a difference in brackets, both ends signed.

    Example:
        >>> gap_interval(25.8, 39.2, Unit.POINTS, "en")
        '(+26 to +39)'
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"({NOTHING})"
    return f"({_gap_bare(low, unit, language)} {_TO.read(language)} {_gap_bare(high, unit, language)})"


def _gap_bare(value: float, unit: Unit, language: Language) -> str:
    times = 100 if unit is Unit.SHARE else 1
    # a clock does not show a difference of seconds well
    places = 0 if unit is Unit.SECONDS and abs(value) >= 100 else places_of(unit, abs(value))  # noqa: PLR2004
    return number(_times(value, times), language, places=places, signed=True)


def _times(value: float, times: int) -> Decimal:
    return Decimal(repr(float(value))) * times


def _bare(value: float, unit: Unit, language: Language, size: float | None) -> str:
    largest = abs(value) if size is None else size
    if unit is Unit.SECONDS and largest >= _CLOCK_FROM_S:
        whole = int(rounded(abs(value), 0))
        return (MINUS if value < 0 and whole else "") + f"{whole // 60}:{whole % 60:02d}"
    if unit is Unit.SHARE:
        return number(_times(value, 100), language, places=1)
    return number(value, language, places=places_of(unit, largest), signed=unit is Unit.POINTS)


def _with_unit(told: str, unit: Unit, language: Language, size: float) -> str:
    if unit is Unit.SHARE:
        return f"{told}%"
    if unit is Unit.SECONDS:
        return f"{told}{SPACE}{'min' if size >= _CLOCK_FROM_S else 's'}"
    if unit is Unit.MINUTES:
        return f"{told}{SPACE}min"
    if unit is Unit.HOURS:
        return f"{told}{SPACE}{_HOURS.read(language)}"
    if unit is Unit.EUROS:
        return f"€{SPACE if language == 'nl' else ''}{told}"
    return told


def tick(value: float, unit: Unit, language: Language, *, step: float, size: float) -> str:
    """Return the label of an axis tick; ticks ``step`` apart need no more decimals than the step has.

    Example:
        >>> tick(0.4, Unit.SHARE, "nl", step=0.1, size=0.5), tick(-20, Unit.POINTS, "en", step=20, size=40)
        ('40%', '−20')
    """
    if unit is Unit.SECONDS and size >= _CLOCK_FROM_S:
        return _bare(value, unit, language, size)
    times = 100 if unit is Unit.SHARE else 1
    places = max(0, -Decimal(repr(round(step * times, 9))).normalize().as_tuple().exponent)  # type: ignore[operator]  # a step is finite
    told = number(_times(value, times), language, places=places, signed=unit is Unit.POINTS)
    return f"{told}%" if unit is Unit.SHARE else told


def day(value: date, language: Language) -> str:
    """Return a day in full.

    Example:
        >>> day(date(2020, 3, 16), "nl"), day(date(2020, 3, 16), "en")
        ('16 maart 2020', '16 March 2020')
    """
    return str(format_date(value, "d MMMM y", locale=_LOCALES[language]))


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
    return str(format_date(value, forms.get(by, "d MMM y"), locale=_LOCALES[language]))


def weekday(value: int, language: Language) -> str:
    """Return the name of a weekday, 1 for Monday.

    Example:
        >>> weekday(1, "nl")
        'maandag'
    """
    return str(get_day_names("wide", locale=_LOCALES[language])[(value - 1) % 7])

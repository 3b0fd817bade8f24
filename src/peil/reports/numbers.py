"""Numbers as a reader of the report's language writes them: marks, signs, units and intervals."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import format_decimal

from peil.reports import labels
from peil.reports.dates import LOCALES
from peil.terms import Label, Language, Unit

MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"
NOTHING = "\N{EN DASH}"
_TO = Label("to", "tot")
_POINTS = Label("points", "punten")
_PERCENTAGE_POINTS = Label("percentage points", "procentpunt")
_HOURS = Label("h", "uur")
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
    text = str(format_decimal(abs(shown), format=marks, locale=LOCALES[language], decimal_quantization=False))
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


def value_text(  # a value has this many ways to be written
    value: float,
    unit: Unit,
    language: Language,
    *,
    size: float | None = None,
    digits: int | None = None,
    difference: bool = False,
) -> str:
    r"""Return a value of a measure in its unit.

    Parameters:
        value: in the measure's unit; a share lies between 0 and 1.
        unit: what it counts in.
        language: whose marks.
        size: the largest number beside it, so that a column has one notation.
        digits: decimals, where the unit's own will not do.
        difference: always signed; a difference of shares is in percentage points.

    Example:
        >>> value_text(0.4613, Unit.SHARE, "nl"), value_text(-31.2, Unit.POINTS, "nl"), value_text(351.7, Unit.SECONDS, "en")
        ('46,1%', '−31', '5:52\xa0min')
        >>> value_text(-50.2, Unit.POINTS, "nl", difference=True), value_text(0.012, Unit.SHARE, "en", difference=True)
        ('−50\xa0punten', '+1.2\xa0percentage points')
    """  # a true minus sign
    if not math.isfinite(value):
        return NOTHING
    if difference:
        told = _gap_bare(value, unit, language, digits)
        marks = {Unit.POINTS: _POINTS.read(language), Unit.SHARE: _PERCENTAGE_POINTS.read(language), Unit.SECONDS: "s"}
        return f"{told}{SPACE}{marks[unit]}" if unit in marks else _with_unit(told, unit, language, 0)
    told = _bare(value, unit, language, size, digits)
    return _with_unit(told, unit, language, 0 if digits else abs(value) if size is None else size)


def short_gap(value: float, unit: Unit, language: Language) -> str:
    """Return a difference for a narrow column, without its unit.

    Example:
        >>> short_gap(33.0, Unit.POINTS, "nl")
        '+33'
    """
    return _gap_bare(value, unit, language, None) if math.isfinite(value) else NOTHING


def interval_text(  # an interval has as many ways to be written as its ends
    low: float,
    high: float,
    unit: Unit,
    language: Language,
    *,
    size: float | None = None,
    digits: int | None = None,
    difference: bool = False,
) -> str:
    """Return an interval in brackets.

    Parameters:
        low, high: its ends, in the measure's unit.
        unit: what they count in.
        language: whose marks.
        size: the largest number beside it, so that a column has one notation.
        digits: decimals, where the unit's own will not do.
        difference: whether it is the interval of a difference: both ends signed, no unit.

    Example:
        >>> interval_text(-36.4, -26.1, Unit.POINTS, "nl"), interval_text(0.455, 0.467, Unit.SHARE, "en")
        ('(−36 tot −26)', '(45.5% to 46.7%)')
    """  # a true minus sign
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"({NOTHING})"
    if difference:
        ends = [_gap_bare(each, unit, language, digits) for each in (low, high)]
    else:
        largest = max(abs(low), abs(high)) if size is None else size
        mark = "%" if unit is Unit.SHARE else ""
        ends = [_bare(each, unit, language, largest, digits) + mark for each in (low, high)]
    return f"({ends[0]} {_TO.read(language)} {ends[1]})"


def group_text(by: str, value: object, language: Language) -> str:
    """Return what one group is called.

    Example:
        >>> group_text("channel", "call", "nl")
        'Telefoon'
    """
    return labels.group(by, value, language)


def _gap_bare(value: float, unit: Unit, language: Language, digits: int | None) -> str:
    times = 100 if unit is Unit.SHARE else 1
    places = places_of(unit, abs(value)) if digits is None else digits
    return number(_times(value, times), language, places=places, signed=True)


def _times(value: float, times: int) -> Decimal:
    return Decimal(repr(float(value))) * times


def _bare(value: float, unit: Unit, language: Language, size: float | None, digits: int | None) -> str:
    largest = abs(value) if size is None else size
    if unit is Unit.SECONDS and largest >= _CLOCK_FROM_S and not digits:
        whole = int(rounded(abs(value), 0))
        return (MINUS if value < 0 and whole else "") + f"{whole // 60}:{whole % 60:02d}"
    if unit is Unit.SHARE:
        return number(_times(value, 100), language, places=1 if digits is None else digits)
    places = places_of(unit, largest) if digits is None else digits
    return number(value, language, places=places, signed=unit is Unit.POINTS)


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
    """  # a true minus sign
    if unit is Unit.SECONDS and size >= _CLOCK_FROM_S:
        return _bare(value, unit, language, size, None)
    times = 100 if unit is Unit.SHARE else 1
    places = max(0, -Decimal(repr(round(step * times, 9))).normalize().as_tuple().exponent)  # type: ignore[operator]  # a step is finite
    told = number(_times(value, times), language, places=places, signed=unit is Unit.POINTS)
    return f"{told}%" if unit is Unit.SHARE else told

"""Lines with bands: a measure over periods, for everything or for a few groups."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from peil.reports import numbers
from peil.reports import vega as alt
from peil.reports.axes import Scale, finished, label_expression, scale, upward, zero_line
from peil.reports.dates import period
from peil.reports.rows import Row, Spec, finite, largest
from peil.reports.theme import LIGHT, NARROW, SMALL, WIDE, config, ink_width
from peil.terms import Language, Unit

MOST_LINES = 4
# Told apart by dash as well as by colour.
_STYLES = (("customers", [1, 0]), ("organisations", [6, 3]), ("ink", [2, 3]), ("muted", [9, 3, 2, 3]))
# Ticks of an upright axis stand above one another.
_ALL_TICKS = 1e6
_HEIGHT_WIDE, _HEIGHT_NARROW, _LABEL_STEP = 270, 230, 17
_BEGIN = date(1970, 1, 1)
# Shorter series are labelled by month.
_YEARS_FROM_DAYS = 700


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line: its name and its periods, oldest first."""

    name: str
    rows: tuple[Row, ...]


def over_time(
    series: Sequence[Series],
    unit: Unit,
    language: Language,
    *,
    narrow: bool,
    breaks: Mapping[date, str] = MappingProxyType({}),
) -> Spec:
    """Return lines with their intervals as bands, each line labelled where it ends.

    Days are numbers here: a date that meets a string draws nothing and says nothing.

    Parameters:
        series: at most four lines; the first day of each row's period is the last part of ``at``.
        unit: of the values.
        language: of the labels.
        narrow: for a telephone.
        breaks: first day of a period to what was not as in the period before: lines stop there.
    """
    values = [each for place, line in enumerate(series) for each in _values(line, place, breaks)]
    made = scale(
        finite([end for each in values for end in (_number(each["low"]), _number(each["high"]))]),
        unit,
        language,
        room=_ALL_TICKS,
    )
    ends = _ends(series, made, unit, language, height=_HEIGHT_NARROW if narrow else _HEIGHT_WIDE)
    left = max(ink_width(each, SMALL) for each in made.labels) + 12
    right = max(ink_width(each["told"], bold=True) for each in ends) + 14
    width = (NARROW if narrow else WIDE) - left - right
    height = _HEIGHT_NARROW if narrow else _HEIGHT_WIDE
    days = [each["day"] for each in values]
    x = time_axis(min(days), max(days), language, narrow=narrow)
    layers = [*zero_line(made, upward("zero", made)), *_rules(breaks, x, days)]
    for place, _ in enumerate(series):
        colour, dash = LIGHT[_STYLES[place][0]], _STYLES[place][1]
        data = alt.Chart(alt.Data(values=[each for each in values if each["line"] == place]))
        layers += [
            data.mark_area(color=colour, opacity=0.2 if len(series) == 1 else 0.12).encode(
                x=x, y=upward("low", made), y2=alt.Y2("high:Q"), detail=alt.Detail("part:N")
            ),
            data.mark_line(color=colour, strokeWidth=2.2, strokeDash=dash).encode(
                x=x, y=upward("value", made), detail=alt.Detail("part:N")
            ),
            data.mark_point(color=colour, filled=True, opacity=1, size=26 if len(days) < 60 else 10).encode(  # noqa: PLR2004  # more would touch
                x=x, y=upward("value", made)
            ),
        ]
    for each in ends:
        text = alt.Chart(alt.Data(values=[each])).mark_text(
            align="left", fontWeight="bold", color=LIGHT[_STYLES[each["line"]][0]], dx=9
        )
        layers.append(text.encode(x=alt.XValue(width), y=alt.YValue(each["y"]), text=alt.Text("told:N")))
    padding = {"left": left, "right": right, "top": 10, "bottom": 28}
    return finished(layers, width=width, height=height, padding=padding, look=config())


def _rules(breaks: Mapping[date, str], x: Any, days: Sequence[int]) -> list[Any]:  # noqa: ANN401  # Altair is untyped
    """Draw a rule half-way between the last period asked in one way and the first asked otherwise."""
    found = []
    for begins in sorted(breaks):
        after = (begins - _BEGIN).days
        before = max((each for each in days if each < after), default=after)
        found.append({"day": (before + after) / 2})
    if not found:
        return []
    data = alt.Chart(alt.Data(values=found))
    return [data.mark_rule(color=LIGHT["muted"], strokeDash=[3, 3], strokeWidth=1.2).encode(x=x)]


def _values(line: Series, place: int, breaks: Mapping[date, str]) -> list[dict[str, Any]]:
    return [
        {
            "line": place,
            "part": sum((begins - _BEGIN).days <= _day(each) for begins in breaks),
            "day": _day(each),
            "value": _or_none(each.value),
            "low": _or_none(each.low),
            "high": _or_none(each.high),
        }
        for each in line.rows
    ]


def _day(row: Row) -> int:
    at = row.at[-1]
    if not isinstance(at, date):
        raise TypeError(f"a period begins on a day, not on {type(at).__name__}")
    return (at - _BEGIN).days


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def time_axis(first: int, last: int, language: Language, *, narrow: bool) -> Any:  # noqa: ANN401  # Altair is untyped
    """Return a horizontal axis of days, as numbers since 1970, labelled by month or by year.

    Parameters:
        first, last: its ends.
        language: of the labels.
        narrow: for a telephone.
    """
    begin, end = _BEGIN + timedelta(days=first), _BEGIN + timedelta(days=last)
    if last - first >= _YEARS_FROM_DAYS:
        ticks = [date(year, 1, 1) for year in range(begin.year, end.year + 1)]
        ticks = ticks[:: max(1, math.ceil(len(ticks) / (4 if narrow else 9)))]
        texts = [str(each.year) for each in ticks]
    else:
        months = [
            date(begin.year + place // 12, place % 12 + 1, 1) for place in range(begin.month - 1, begin.month + 24)
        ]
        ticks = [each for each in months if begin <= each <= end] or [begin]
        ticks = ticks[:: max(1, math.ceil(len(ticks) / (3 if narrow else 7)))]
        texts = [period(each, "month", language) for each in ticks]
    numbers_of = [(each - _BEGIN).days for each in ticks]
    kept = [(number, text) for number, text in zip(numbers_of, texts, strict=True) if first <= number <= last]
    axis = alt.Axis(
        values=[number for number, _ in kept],
        labelExpr=label_expression([number for number, _ in kept], [text for _, text in kept]),
        grid=False,
        ticks=True,
        tickColor=LIGHT["line"],
        labelAlign="left",
        labelPadding=4,
    )
    slack = max(1, (last - first) * 0.01)
    return alt.X(
        "day:Q", title=None, axis=axis, scale=alt.Scale(domain=[first - slack, last + slack], nice=False, zero=False)
    )


def _ends(
    series: Sequence[Series], made: Scale, unit: Unit, language: Language, *, height: float
) -> list[dict[str, Any]]:
    """Where each line's label stands: at its last value, moved apart where they would touch."""
    size = max(largest(each.rows) for each in series)
    found: list[dict[str, Any]] = []
    for place, line in enumerate(series):
        shown = [each for each in line.rows if each.shown]
        if not shown:
            continue
        told = numbers.value_text(shown[-1].value, unit, language, size=size)
        y = height * (made.high - shown[-1].value) / (made.high - made.low)
        found.append({"line": place, "told": f"{line.name} {told}".strip(), "y": y})
    found.sort(key=lambda each: float(each["y"]))
    for before, after in pairwise(found):
        after["y"] = max(after["y"], before["y"] + _LABEL_STEP)
    over = max(0.0, found[-1]["y"] - height) if found else 0.0
    for each in reversed(found):
        each["y"] -= over
        over = max(0.0, over - _LABEL_STEP) if over else 0.0
    return found

"""An interrupted series: what was measured, what the periods before the date foretold, and how far they lie apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from peil.errors import EvidenceError
from peil.estimates.series import Series
from peil.reports import numbers, sentences
from peil.reports import vega as alt
from peil.reports.axes import Scale, finished, scale, upward, zero_line
from peil.reports.dates import day, period
from peil.reports.figures import Figure
from peil.reports.lines import time_axis
from peil.reports.rows import Spec, finite
from peil.reports.tables import Cell, Table, figures, words
from peil.reports.theme import LIGHT, NARROW, SMALL, WIDE, config, ink_width
from peil.reports.wording import UNITS
from peil.studies.trend.evidence import Evidence
from peil.studies.trend.exposure import control_told
from peil.studies.trend.words import KINDS, PERIODS, SHAPES, chance, percent
from peil.studies.trend_break import TrendBreak
from peil.terms import Label, Language, Unit

_ALL_TICKS = 1e6
_HEIGHT_WIDE, _HEIGHT_NARROW, _LABEL_STEP = 270, 230, 17
_BEGIN = date(1970, 1, 1)
_FEW_POINTS, _MANY_POINTS = 60, 120
_ABOVE = 20
_MEASURED, _FORETOLD = Label("measured", "gemeten"), Label("foretold", "voorspeld")
_HEADS = (
    Label("value", "waarde"),
    Label("foretold", "voorspeld"),
    Label("low", "laag"),
    Label("high", "hoog"),
    Label("n", "n"),
)
_STORED = ("value", "foretold", "low", "high", "n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One period of an interrupted series.

    Parameters:
        on: its first day.
        value: what was measured; nan where nothing was.
        expected, low, high: what was foretold, with its interval; nan before the date.
        n: rows under the value.
    """

    on: date
    value: float
    expected: float
    low: float
    high: float
    n: int


def interrupted_figure(found: TrendBreak, language: Language, key: str, *, file: str = "") -> Figure:
    """Return the figure of a trend break: the series, the path that it was on, and the day.

    Parameters:
        found: what the study found.
        language: of the texts.
        key: tells it from the other figures on a page.
        file: name of the CSV; after the measure, if left out.

    Raises:
        EvidenceError: there is no series, as with a survey held in rounds.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> from peil.studies.trend_break import trend_break
        >>> figure = interrupted_figure(trend_break(made(), measure_named("digital_share"), period="month"), "nl", "t1")
        >>> figure.title
        'Via digitale kanalen: hoger sinds 16 maart 2020 dan voorspeld'
    """
    series = found.series
    if series is None:
        raise EvidenceError(
            f"'{found.measure.name}' was asked in rounds, which make no series", remedy="show the rounds themselves"
        )
    points = points_of(series, found.evidence)
    title, unit = found.finding.says.read(language), series.unit
    many = PERIODS[series.period].read(language)
    first, last = day(series.starts[0], language), day(series.ends, language)
    until = Label("to", "tot").read(language)
    drawn = [interrupted(points, found.broke_on, unit, language, narrow=narrow) for narrow in (False, True)]
    return Figure(
        key=key,
        title=title,
        finding=_finding(found, language),
        subtitle=f"{found.measure.label.read(language)} ({UNITS[unit].read(language)}), {many}, {first} {until} {last}.",
        note=tuple(_notes(found, language)),
        measures=(found.measure,),
        spec_wide=drawn[0],
        spec_narrow=drawn[1],
        table=_table(points, series, language, caption=title, file=file or f"{found.measure.name}-{series.period}.csv"),
    )


def points_of(series: Series, evidence: Evidence | None) -> tuple[Point, ...]:
    """Return the periods of a series with what was foretold of those after the date.

    Parameters:
        series: what was measured.
        evidence: of the study; without it nothing was foretold.
    """
    at = len(series) if evidence is None else evidence.model.at
    path = None if evidence is None else evidence.foretold
    made = []
    for place, on in enumerate(series.starts):
        ends = (math.nan, math.nan, math.nan)
        if path is not None and place >= at:
            ends = (float(each[place - at]) for each in (path.expected, path.low, path.high))  # type: ignore[assignment]  # three of them
        expected, low, high = ends
        made.append(
            Point(
                on=on, value=float(series.value[place]), expected=expected, low=low, high=high, n=int(series.n[place])
            )
        )
    return tuple(made)


def interrupted(points: Sequence[Point], broke_on: date, unit: Unit, language: Language, *, narrow: bool) -> Spec:
    """Return a line of what was measured, a broken line with a band of what was foretold, and a rule on the day.

    Parameters:
        points: the periods, oldest first.
        broke_on: the day.
        unit: of the values.
        language: of the labels.
        narrow: for a telephone.
    """
    values = [_value(each) for each in points]
    held = finite([_number(each[name]) for each in values for name in ("value", "expected")])
    # a band that widens without end would leave no room for the series
    room = 1.5 * (max(held) - min(held)) if held else 1.0
    least, most = min(held) - room, max(held) + room
    for each in values:
        for name in ("low", "high"):
            each[name] = None if each[name] is None else min(max(each[name], least), most)
    shown = finite([_number(each[name]) for each in values for name in ("value", "expected", "low", "high")])
    made = scale(shown, unit, language, room=_ALL_TICKS)
    height = _HEIGHT_NARROW if narrow else _HEIGHT_WIDE
    ends = _ends(values, made, unit, language, height=height, bare=narrow)
    left = max(ink_width(each, SMALL) for each in made.labels) + 12
    right = max(ink_width(each["told"], bold=True) for each in ends) + 14
    width = (NARROW if narrow else WIDE) - left - right
    days = [each["day"] for each in values]
    x = time_axis(min(days), max(days), language, narrow=narrow)
    data = alt.Chart(alt.Data(values=values))
    foretold = alt.Chart(alt.Data(values=[each for each in values if each["expected"] is not None]))
    measured, path = LIGHT["customers"], LIGHT["organisations"]
    layers = [
        *zero_line(made, upward("zero", made)),
        foretold.mark_area(color=path, opacity=0.16).encode(x=x, y=upward("low", made), y2=alt.Y2("high:Q")),
        foretold.mark_line(color=path, strokeWidth=2, strokeDash=[6, 3]).encode(x=x, y=upward("expected", made)),
        data.mark_line(color=measured, strokeWidth=2 if len(days) <= _MANY_POINTS else 1.2).encode(
            x=x, y=upward("value", made)
        ),
        *_the_day(broke_on, x, language, first=min(days), last=max(days), width=width),
    ]
    if len(days) <= _FEW_POINTS:
        layers.append(
            data.mark_point(color=measured, filled=True, opacity=1, size=22).encode(x=x, y=upward("value", made))
        )
    for each in ends:
        text = alt.Chart(alt.Data(values=[each])).mark_text(align="left", fontWeight="bold", color=each["colour"], dx=9)
        layers.append(text.encode(x=alt.XValue(width), y=alt.YValue(each["y"]), text=alt.Text("told:N")))
    padding = {"left": left, "right": right, "top": _ABOVE + 8, "bottom": 28}
    return finished(layers, width=width, height=height, padding=padding, look=config())


def _the_day(broke_on: date, x: Any, language: Language, *, first: int, last: int, width: float) -> list[Any]:  # noqa: ANN401  # Altair is untyped
    at = (broke_on - _BEGIN).days
    mark = alt.Chart(alt.Data(values=[{"day": at}])).mark_rule(color=LIGHT["ink"], strokeWidth=1.2, strokeDash=[2, 3])
    told = day(broke_on, language)
    place = width * (at - first) / max(1, last - first)
    half = ink_width(told, SMALL) / 2
    place = min(max(place, half), width - half)
    text = alt.Chart(alt.Data(values=[{"told": told}])).mark_text(
        align="center", fontSize=SMALL, color=LIGHT["muted"], dy=-_ABOVE / 2
    )
    return [mark.encode(x=x), text.encode(x=alt.XValue(place), y=alt.YValue(0), text=alt.Text("told:N"))]


def _value(each: Point) -> dict[str, Any]:
    return {
        "day": (each.on - _BEGIN).days,
        **{name: _or_none(getattr(each, name)) for name in ("value", "expected", "low", "high")},
    }


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _ends(
    values: Sequence[dict[str, Any]], made: Scale, unit: Unit, language: Language, *, height: float, bare: bool
) -> list[dict[str, Any]]:
    """Where the two lines are named, with their last value unless ``bare``; moved apart where the names would touch."""
    found: list[dict[str, Any]] = []
    size = max(abs(made.low), abs(made.high))
    for name, label, colour in (("value", _MEASURED, "customers"), ("expected", _FORETOLD, "organisations")):
        last = next((each[name] for each in reversed(values) if each[name] is not None), None)
        if last is not None:
            value = "" if bare else f" {numbers.value_text(last, unit, language, size=size)}"
            told = label.read(language) + value
            y = height * (made.high - last) / (made.high - made.low)
            found.append({"told": told, "y": y, "colour": LIGHT[colour]})
    found.sort(key=lambda each: float(each["y"]))
    for upper, lower in pairwise(found):
        over = _LABEL_STEP - (lower["y"] - upper["y"])
        if over > 0:
            upper["y"], lower["y"] = upper["y"] - over / 2, lower["y"] + over / 2
    return found


def _finding(found: TrendBreak, language: Language) -> str:
    if not math.isfinite(found.finding.effect.value):
        return f"{found.finding.says.read(language)}."
    return sentences.sentence(found.finding, language)


def _notes(found: TrendBreak, language: Language) -> list[str]:
    """Return what the figure rests on, a sentence each."""
    evidence, unit = found.evidence, found.measure.unit
    kind = KINDS[found.kind]
    told = [Label(f"Answer: {kind.en}.", f"Antwoord: {kind.nl}.")]
    if evidence is not None:
        path, made = evidence.foretold, []
        made.append(
            Label(
                f"Broken line and band: what the periods before the day foretold, with its {percent(path.level).en} interval.",
                f"Onderbroken lijn en band: wat de perioden vóór de dag voorspelden, met het {percent(path.level).nl}-interval.",
            )
        )
        least = numbers.value_text(evidence.detectable, unit, language, difference=True).lstrip("+")
        made.append(
            Label(
                f"A change of {least} would have been found four times in five.",
                f"Een verandering van {least} was vier van de vijf keer gevonden.",
            )
        )
        if evidence.placebo is not None:
            p = chance(evidence.placebo.p)
            made.append(
                Label(
                    f"Rank among {evidence.placebo.dates.size} other dates: p = {p.en}.",
                    f"Rang tussen {evidence.placebo.dates.size} andere data: p = {p.nl}.",
                )
            )
        if evidence.shapes is not None:
            best = evidence.shapes.likeliest
            shape, sure = SHAPES[best.name], percent(best.probability)
            made.append(
                Label(f"Likeliest shape: {shape.en} ({sure.en}).", f"Waarschijnlijkste vorm: {shape.nl} ({sure.nl}).")
            )
        made += [control_told(each, unit) for each in evidence.exposed]
        told += made
    told += [each.says for each in found.finding.checks if not each.passed]
    return [each.read(language) for each in told]


def _table(points: Sequence[Point], series: Series, language: Language, *, caption: str, file: str) -> Table:
    size = max((abs(each.value) for each in points if math.isfinite(each.value)), default=0.0)
    rows: list[tuple[Cell, ...]] = []
    for each in points:
        values = [
            figures(numbers.value_text(one, series.unit, language, size=size), one)
            for one in (each.value, each.expected, each.low, each.high)
        ]
        rows.append(
            (words(period(each.on, series.period, language)), *values, figures(numbers.count(each.n, language), each.n))
        )
    head = Label("period", "periode").read(language)
    return Table(
        caption=caption, head=(head, *(each.read(language) for each in _HEADS)), names=("period", *_STORED),
        rows=tuple(rows), file=file,
    )  # fmt: skip

"""Dots with intervals: groups in rank order, and one word in every definition."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

from peil.reports import numbers
from peil.reports import vega as alt
from peil.reports.axes import Scale, across, finished, label_expression, scale, short_grid, zero_line
from peil.reports.rows import Row, Spec, finite, largest
from peil.reports.theme import LABEL, LIGHT, NARROW, SIZES, SMALL, WIDE, config, ink_width
from peil.terms import Label, Language, Unit

_INTERVAL = Label("{level}% interval", "{level}%-interval")
_STEP, _LINE, _BAR = 34, 16, 22
_NAME_CHARACTERS = 26
_GAP, _EDGE = 14, 9
# From this width on there is room for values beside the bars.
_ROOMY = 500


def beside(rows: Sequence[Row], unit: Unit, language: Language, *, level: float, colour: str, shape: str) -> Spec:
    """Return dots with names to the left and values to the right, for a wide page.

    Parameters:
        rows: the groups, first on top.
        unit: of the values.
        language: of the numbers.
        level: of the intervals.
        colour: token of the marks.
        shape: ``circle`` or ``diamond``.
    """
    names = ["\n".join(textwrap.wrap(each.name, _NAME_CHARACTERS)[:2]) for each in rows]
    values = _values(rows, unit, language)
    left = min(max(ink_width(line) for name in names for line in name.split("\n")), 230) + _GAP
    interval_width = max(ink_width(each["interval"], SMALL) for each in values)
    value_width = max(ink_width(each["told"], bold=True) for each in values)
    right = interval_width + value_width + 2 * _GAP + 4
    width = WIDE - left - right
    keys = [each["key"] for each in values]
    y = alt.Y(
        "key:N",
        title=None,
        scale=alt.Scale(domain=keys, paddingInner=0, paddingOuter=0),
        axis=alt.Axis(
            labelExpr=label_expression(keys, names), labelLimit=0, labelFontSize=LABEL, labelColor=LIGHT["ink"]
        ),
    )
    made = scale(_ends(rows), unit, language, room=width)
    data = alt.Chart(alt.Data(values=values))
    edge = width + right
    layers = [
        *zero_line(made, across("zero", made)),
        *_marks(data, y, made, colour=colour, shape=shape, offset=0, narrow=False),
        data.mark_text(align="right", fontWeight="bold").encode(
            y=y, x=alt.XValue(edge - interval_width - _GAP), text=alt.Text("told:N")
        ),
        data.mark_text(align="right", fontSize=SMALL, color=LIGHT["muted"]).encode(
            y=y, x=alt.XValue(edge), text=alt.Text("interval:N")
        ),
        _head(_INTERVAL.read(language).format(level=numbers.number(level * 100, language)), edge),
    ]
    padding = {"left": left, "right": right, "top": 26, "bottom": 28}
    return finished(layers, width=width, height=_STEP * len(rows), padding=padding, look=config())


def above(
    rows: Sequence[Row], unit: Unit, language: Language, *, colour: str, shape: str, width: float = NARROW
) -> Spec:
    """Return dots with each name above its bar, for a telephone and for long names.

    Parameters:
        rows: the groups, first on top.
        unit: of the values.
        language: of the numbers.
        colour: token of the marks.
        shape: ``circle`` or ``diamond``.
        width: of the whole drawing; where it is wide the values stand beside the bars.
    """
    values = _values(rows, unit, language)
    roomy = width > _ROOMY
    interval_width = max(ink_width(each["interval"], SMALL) for each in values)
    value_width = max(ink_width(each["told"], bold=True) for each in values)
    names = [ink_width(each["name"]) for each in values]
    one_line = roomy or max(names) + value_width + interval_width + 2 * _GAP < width
    characters = math.floor(width / ink_width("n"))
    wrapped = [textwrap.wrap(each["name"], characters) for each in values]
    most = max(len(each) for each in wrapped)
    lines = most if one_line else most + 1
    for each, told in zip(values, wrapped, strict=True):
        each["name"] = "\n".join([" "] * (most - len(told)) + told)
    step = _LINE * lines + _BAR + 8
    right = interval_width + value_width + 2 * _GAP + 4 if roomy else _EDGE
    inner = width - _EDGE - right
    top, low = -step / 2 + 12, step / 2 - _BAR / 2 - 4
    at = low if roomy else top + _LINE * (lines - 1)
    keys = [each["key"] for each in values]
    y = alt.Y("key:N", title=None, axis=None, scale=alt.Scale(domain=keys, paddingInner=0, paddingOuter=0))
    made = scale(_ends(rows), unit, language, room=inner)
    data, edge = alt.Chart(alt.Data(values=values)), inner + right
    layers = [
        *short_grid(keys, y, made, size=_BAR, offset=low),
        *_marks(data, y, made, colour=colour, shape=shape, offset=low, narrow=True),
        data.mark_text(align="left", dy=top, lineBreak="\n", lineHeight=_LINE).encode(
            y=y, x=alt.XValue(2 - _EDGE), text=alt.Text("name:N")
        ),
        data.mark_text(align="right", dy=at, fontWeight="bold").encode(
            y=y, x=alt.XValue(edge - interval_width - _GAP), text=alt.Text("told:N")
        ),
        data.mark_text(align="right", dy=at, fontSize=SMALL, color=LIGHT["muted"]).encode(
            y=y, x=alt.XValue(edge), text=alt.Text("interval:N")
        ),
    ]
    padding = {"left": _EDGE, "right": right, "top": 2, "bottom": 28}
    return finished(layers, width=inner, height=step * len(rows), padding=padding, look=config())


def _values(rows: Sequence[Row], unit: Unit, language: Language) -> list[dict[str, Any]]:
    size = largest(rows)
    return [
        {
            "key": str(place),
            "name": each.name,
            "value": each.value,
            "low": each.low if math.isfinite(each.low) else each.value,
            "high": each.high if math.isfinite(each.high) else each.value,
            "told": numbers.value_text(each.value, unit, language, size=size),
            "interval": numbers.interval_text(each.low, each.high, unit, language, size=size),
        }
        for place, each in enumerate(rows)
    ]


def _ends(rows: Sequence[Row]) -> list[float]:
    return finite([end for each in rows for end in (each.low, each.high, each.value)])


def _marks(data: Any, y: Any, made: Scale, *, colour: str, shape: str, offset: float, narrow: bool) -> list[Any]:  # noqa: ANN401  # Altair is untyped
    bar = data.mark_rule(strokeWidth=9, strokeCap="round", opacity=0.28, color=LIGHT[colour], yOffset=offset)
    dot = data.mark_point(
        filled=True,
        size=SIZES[shape],
        opacity=1,
        shape=shape,
        color=LIGHT[colour],
        stroke=LIGHT["paper"],
        strokeWidth=1.5,
        yOffset=offset,
    )
    placed = {"grid": not narrow, "flush": narrow}
    return [
        bar.encode(y=y, x=across("low", made, **placed), x2=alt.X2("high:Q")),
        dot.encode(y=y, x=across("value", made, **placed)),
    ]


def _head(text: str, x: float) -> Any:  # noqa: ANN401  # Altair is untyped
    data = alt.Chart(alt.Data(values=[{"text": text}]))
    return data.mark_text(align="right", fontSize=SMALL, color=LIGHT["muted"]).encode(
        x=alt.XValue(x), y=alt.YValue(-14), text=alt.Text("text:N")
    )

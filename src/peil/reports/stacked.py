"""Bars made of parts: what a whole consists of, one bar a group, each part named in a legend above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from peil.reports import vega as alt
from peil.reports.axes import across, finished, scale
from peil.reports.rows import Spec
from peil.reports.theme import LIGHT, NARROW, SMALL, WIDE, config, ink_width
from peil.terms import Language, Unit

# From the darkest to the lightest, so that neighbours differ without their colour too.
_COLOURS = ("customers", "organisations", "ink", "line")
_BAR, _STEP, _SQUARE, _LINE, _GAP = 18, 34, 10, 20, 14
MOST_PARTS = len(_COLOURS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar.

    Parameters:
        name: the group.
        parts: amounts in the unit shown, in the order of the legend.
        told: the whole with its interval, written out.
    """

    name: str
    parts: tuple[float, ...]
    told: str


def stacked(bars: Sequence[Bar], names: Sequence[str], unit: Unit, language: Language, *, narrow: bool) -> Spec:
    """Return bars made of parts.

    Parameters:
        bars: the groups, first on top.
        names: of the parts, at most four.
        unit: of the amounts.
        language: of the numbers.
        narrow: for a telephone, where each name stands above its bar.
    """
    whole = NARROW if narrow else WIDE
    left = 9.0 if narrow else min(max(ink_width(each.name) for each in bars), 230.0) + _GAP
    right = 9.0 if narrow else max(ink_width(each.told, SMALL) for each in bars) + _GAP
    width = whole - left - right
    legend, lines = _legend(names, whole - 9.0)
    step = _STEP + (16 if narrow else 0)
    made = scale([0.0, max(sum(each.parts) for each in bars)], unit, language, room=width)
    keys = [str(place) for place in range(len(bars))]
    y = alt.Y("key:N", title=None, axis=None, scale=alt.Scale(domain=keys, paddingInner=0, paddingOuter=0))
    offset = 8.0 if narrow else 0.0
    layers: list[Any] = []
    for place, colour in enumerate(_COLOURS[: len(names)]):
        values = [_stretch(key, bar, place) for key, bar in zip(keys, bars, strict=True)]
        mark = alt.Chart(alt.Data(values=values)).mark_bar(
            color=LIGHT[colour], size=_BAR, stroke=LIGHT["paper"], strokeWidth=1, yOffset=offset
        )
        layers.append(mark.encode(y=y, x=across("from", made, grid=not narrow, flush=narrow), x2=alt.X2("until:Q")))
    texts = [{"key": key, "name": bar.name, "told": bar.told} for key, bar in zip(keys, bars, strict=True)]
    data = alt.Chart(alt.Data(values=texts))
    above = -step / 2 + 10
    if narrow:
        layers.append(data.mark_text(align="left", dy=above).encode(y=y, x=alt.XValue(0), text=alt.Text("name:N")))
    else:
        layers.append(data.mark_text(align="right", dx=-_GAP / 2).encode(y=y, x=alt.XValue(0), text=alt.Text("name:N")))
    told = data.mark_text(align="right", fontSize=SMALL, color=LIGHT["muted"], dy=above if narrow else 0)
    layers.append(told.encode(y=y, x=alt.XValue(width + (0 if narrow else right)), text=alt.Text("told:N")))
    top = _LINE * lines + 6
    for each in legend:
        x, at = each["x"] - left + 9, each["line"] * _LINE - top + _LINE / 2
        square = alt.Chart(alt.Data(values=[{}])).mark_square(
            size=_SQUARE**2, filled=True, opacity=1, color=LIGHT[each["colour"]]
        )
        layers.append(square.encode(x=alt.XValue(x), y=alt.YValue(at)))
        text = alt.Chart(alt.Data(values=[{"name": each["name"]}])).mark_text(align="left", fontSize=SMALL)
        layers.append(text.encode(x=alt.XValue(x + _SQUARE), y=alt.YValue(at), text=alt.Text("name:N")))
    padding = {"left": left, "right": right, "top": top, "bottom": 28}
    return finished(layers, width=width, height=step * len(bars), padding=padding, look=config())


def _stretch(key: str, bar: Bar, place: int) -> Mapping[str, object]:
    ends = [0.0]
    for each in bar.parts:
        ends.append(ends[-1] + each)
    begin, end = list(pairwise(ends))[place]
    return {"key": key, "from": begin, "until": end}


def _legend(names: Sequence[str], room: float) -> tuple[list[dict[str, Any]], int]:
    """Where each part is named: side by side, on a new line where there is no room left."""
    found: list[dict[str, Any]] = []
    x, line = 5.0, 0
    for place, name in enumerate(names):
        wide = _SQUARE * 2 + ink_width(name, SMALL) + _GAP
        if found and x + wide > room:
            x, line = 5.0, line + 1
        found.append({"name": name, "x": x, "line": line, "colour": _COLOURS[place]})
        x += wide
    return found, line + 1

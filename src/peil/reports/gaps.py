"""Gaps: two sides of every group with their intervals, and how far they are apart with an interval of its own."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peil.estimates.difference import Difference
from peil.reports import numbers
from peil.reports import vega as alt
from peil.reports.axes import Scale, across, finished, label_expression, scale, short_grid, zero_line
from peil.reports.rows import Spec, finite
from peil.reports.theme import LABEL, LIGHT, NARROW, SIZES, SMALL, WIDE, config, ink_width
from peil.terms import Label, Language, Unit

_GAP = Label("gap", "kloof")
_STEP, _STEP_NARROW, _BAR, _EDGE = 34, 46, 24, 9
_NAME_CHARACTERS = 26
_SIDES = (("first", "customers", "circle"), ("second", "organisations", "diamond"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two sides of one group.

    Parameters:
        name: the group.
        found: both sides and their difference.
    """

    name: str
    found: Difference


def dumbbells(pairs: Sequence[Pair], unit: Unit, language: Language, *, sides: tuple[str, str], narrow: bool) -> Spec:
    """Return a dumbbell a group, with the gap and its interval in a column of their own.

    Parameters:
        pairs: the groups, first on top.
        unit: of the values.
        language: of the numbers.
        sides: what the two sides are called.
        narrow: for a telephone.
    """
    values = [_value(place, each, unit, language) for place, each in enumerate(pairs)]
    keys = [each["key"] for each in values]
    names = ["\n".join(textwrap.wrap(each.name, _NAME_CHARACTERS)[:2]) for each in pairs]
    told_width = max(ink_width(each["interval"], SMALL) for each in values)
    gap_width = max(*(ink_width(each["told"], bold=True) for each in values), ink_width(_GAP.read(language), SMALL))
    ends = finite(
        [end for each in values for side, _, _ in _SIDES for end in (each[f"{side}_low"], each[f"{side}_high"])]
    )
    if narrow:
        left, right, step = float(_EDGE), float(_EDGE), _STEP_NARROW
        axis, offset = None, 9
    else:
        left = min(max(ink_width(line) for name in names for line in name.split("\n")), 230) + 14
        right, step, offset = told_width + gap_width + 30, _STEP, 0
        axis = alt.Axis(
            labelExpr=label_expression(keys, names), labelLimit=0, labelFontSize=LABEL, labelColor=LIGHT["ink"]
        )
    width = (NARROW if narrow else WIDE) - left - right
    made = scale(ends, unit, language, room=width)
    y = alt.Y("key:N", title=None, axis=axis, scale=alt.Scale(domain=keys, paddingInner=0, paddingOuter=0))
    data = alt.Chart(alt.Data(values=values))
    edge, dy = width + right, -13 if narrow else 0
    layers = [
        *(short_grid(keys, y, made, size=_BAR, offset=offset) if narrow else zero_line(made, across("zero", made))),
        data.mark_rule(color=LIGHT["line"], strokeWidth=1.2, yOffset=offset).encode(
            y=y, x=across("first", made, grid=not narrow, flush=narrow), x2=alt.X2("second:Q")
        ),
        *(mark for side in _SIDES for mark in _marks(data, y, made, side, offset, narrow=narrow)),
        data.mark_text(align="right", fontWeight="bold", dy=dy).encode(
            y=y, x=alt.XValue(edge - told_width - 8), text=alt.Text("told:N")
        ),
        data.mark_text(align="right", fontSize=SMALL, color=LIGHT["muted"], dy=dy).encode(
            y=y, x=alt.XValue(edge), text=alt.Text("interval:N")
        ),
    ]
    if narrow:
        layers.append(data.mark_text(align="left", dy=dy).encode(y=y, x=alt.XValue(2 - _EDGE), text=alt.Text("name:N")))
    layers += _heads(values, made, sides, language, width=width, edge=edge, narrow=narrow, left=left)
    padding = {"left": left, "right": right, "top": 48 if narrow else 28, "bottom": 28}
    return finished(layers, width=width, height=step * len(pairs), padding=padding, look=config())


def _value(place: int, pair: Pair, unit: Unit, language: Language) -> dict[str, Any]:
    found = pair.found
    return {
        "key": str(place),
        "name": textwrap.shorten(pair.name, 24, placeholder="…"),
        **{side: getattr(found, side).value for side, _, _ in _SIDES},
        **{f"{side}_{end}": getattr(getattr(found, side), end) for side, _, _ in _SIDES for end in ("low", "high")},
        "told": numbers.short_gap(found.value, unit, language),
        "interval": numbers.interval_text(found.low, found.high, unit, language, difference=True),
    }


def _marks(data: Any, y: Any, made: Scale, side: tuple[str, str, str], offset: float, *, narrow: bool) -> list[Any]:  # noqa: ANN401  # Altair is untyped
    name, colour, shape = side
    apart = offset + (-3 if name == "first" else 3)  # bars that cross stay apart, so their colours do not mix
    bar = data.mark_rule(strokeWidth=7, strokeCap="round", opacity=0.28, color=LIGHT[colour], yOffset=apart)
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
        bar.encode(y=y, x=across(f"{name}_low", made, **placed), x2=alt.X2(f"{name}_high:Q")),
        dot.encode(y=y, x=across(name, made, **placed)),
    ]


def _heads(
    values: Sequence[dict[str, Any]],
    made: Scale,
    sides: tuple[str, str],
    language: Language,
    *,
    width: float,
    edge: float,
    narrow: bool,
    left: float,
) -> list[Any]:
    """Column heads: each side's name over its dots, the lower one to the left; they never meet."""
    colours = [LIGHT[colour] for _, colour, _ in _SIDES]
    means = [sum(each[side] for each in values) / len(values) for side, _, _ in _SIDES]
    order = (0, 1) if means[0] <= means[1] else (1, 0)
    places = [width * (means[each] - made.low) / (made.high - made.low) for each in order]
    widths = [ink_width(sides[each], bold=True) for each in order]
    if narrow:
        starts, y = [2 - _EDGE, edge - widths[1]], -37
    else:
        y = -14
        starts = [places[0] - widths[0] / 2, places[1] - widths[1] / 2]
        overlap = starts[0] + widths[0] + 18 - starts[1]
        if overlap > 0:
            starts = [starts[0] - overlap / 2, starts[1] + overlap / 2]
        starts[1] = min(starts[1], width + 10 - widths[1])
        starts[0] = max(-left, min(starts[0], starts[1] - widths[0] - 18))
    found = []
    for place, (side, start) in enumerate(zip(order, starts, strict=True)):
        ends = narrow and place == 1
        mark = alt.Chart(alt.Data(values=[{"text": sides[side]}])).mark_text(
            align="right" if ends else "left", fontWeight="bold", color=colours[side]
        )
        found.append(mark.encode(x=alt.XValue(edge if ends else start), y=alt.YValue(y), text=alt.Text("text:N")))
    head = alt.Chart(alt.Data(values=[{"text": _GAP.read(language)}]))
    gap = head.mark_text(align="right", fontSize=SMALL, color=LIGHT["muted"])
    return [*found, gap.encode(x=alt.XValue(edge - 2), y=alt.YValue(-14), text=alt.Text("text:N"))]


def is_drawable(found: Difference) -> bool:
    """Return whether both sides and their gap have numbers to draw."""
    ends = (found.value, found.low, found.high, found.first.low, found.first.high, found.second.low, found.second.high)
    return all(math.isfinite(each) for each in ends)

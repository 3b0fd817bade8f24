"""Rows under headings: a dot with its interval, what it was before, and what it was to be, kind by kind."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peil.reports import vega as alt
from peil.reports.axes import Scale, across, finished, scale
from peil.reports.rows import Spec
from peil.reports.theme import LABEL, LIGHT, NARROW, SMALL, WIDE, config, ink_width
from peil.terms import Language, Unit

_STEP, _HEADING, _ABOVE, _LINE = 28, 30, 18, 15
_GAP, _EDGE, _MOST_LEFT = 14, 9, 190
_CHARACTERS = 27
_DOT, _HOLLOW = 95, 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row.

    Parameters:
        heading: what it stands under, together with its neighbours; empty for none.
        name: what it is called.
        value: the dot.
        told: the value, written out.
        rest: what else stands beside it, such as an interval.
        low, high: ends of a bar; nan for none.
        least, most: ends of a thin line; nan for none.
        before: an open dot; nan for none.
        target: a short upright line; nan for none.
    """

    heading: str
    name: str
    value: float
    told: str
    rest: str = ""
    low: float = math.nan
    high: float = math.nan
    least: float = math.nan
    most: float = math.nan
    before: float = math.nan
    target: float = math.nan

    @property
    def numbers(self) -> tuple[float, ...]:
        """Everything that has to lie on the scale."""
        drawn = (self.value, self.low, self.high, self.least, self.most, self.before, self.target)
        return tuple(each for each in drawn if math.isfinite(each))


def under_headings(
    lines: Sequence[Line], unit: Unit, language: Language, *, narrow: bool, nought: bool = False
) -> Spec:
    """Return rows, each run of one heading under it.

    Parameters:
        lines: the rows, in their order.
        unit: of the values.
        language: of the numbers.
        narrow: for a telephone, where each name stands above its dot.
        nought: whether the scale begins at nought.
    """
    texts = max(ink_width(each.told, bold=True) for each in lines)
    rests = max(ink_width(each.rest, SMALL) for each in lines)
    beside = NARROW - texts - rests - (2 if rests else 1) * _GAP
    names = [_fitted(each.name, beside) if narrow else _wrapped(each.name) for each in lines]
    values, headings, height = _placed(lines, names, narrow=narrow)
    if narrow:
        left, right, top = float(_EDGE), float(_EDGE), 2
    else:
        left = min(max(ink_width(part) for each in names for part in each), _MOST_LEFT) + _GAP
        right, top = texts + rests + (2 if rests else 1) * _GAP + 4, 4
    width = (NARROW if narrow else WIDE) - left - right
    ends = [end for each in lines for end in each.numbers] + ([0.0] if nought else [])
    made = scale(ends, unit, language, room=width)
    downward = alt.Scale(domain=[height, 0], nice=False, zero=False)
    y = alt.Y("y:Q", title=None, axis=None, scale=downward)
    data = alt.Chart(alt.Data(values=values))
    layers: list[Any] = [*_grid(values, y, made, narrow=narrow), *_marks(values, y, made, narrow=narrow)]
    up = _ABOVE if narrow else 0
    if narrow:
        top_line = alt.Y("top_line:Q", title=None, axis=None, scale=downward)
        name = data.mark_text(align="left", lineBreak="\n", lineHeight=_LINE, dy=-up).encode(
            y=top_line, x=alt.XValue(2 - _EDGE), text=alt.Text("wrapped:N")
        )
    else:
        top_line = y
        name = data.mark_text(align="right", fontSize=LABEL, lineBreak="\n", lineHeight=_LINE, dx=-_GAP).encode(
            y=y, x=alt.XValue(0), text=alt.Text("wrapped:N")
        )
    edge = width + right
    layers += [
        name,
        data.mark_text(align="right", fontWeight="bold", dy=-up).encode(
            y=top_line, x=alt.XValue(edge - (rests + _GAP if rests else 0)), text=alt.Text("told:N")
        ),
    ]
    if rests:
        layers.append(
            data.mark_text(align="right", fontSize=SMALL, color=LIGHT["muted"], dy=-up).encode(
                y=top_line, x=alt.XValue(edge), text=alt.Text("rest:N")
            )
        )
    if headings:
        heads = alt.Chart(alt.Data(values=headings)).mark_text(align="left", fontWeight="bold", fontSize=LABEL)
        layers.append(heads.encode(y=y, x=alt.XValue(2 - left), text=alt.Text("heading:N")))
    padding = {"left": left, "right": right, "top": top, "bottom": 28}
    return finished(layers, width=width, height=height, padding=padding, look=config())


def _placed(
    lines: Sequence[Line], names: Sequence[Sequence[str]], *, narrow: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], float]:
    values: list[dict[str, Any]] = []
    headings: list[dict[str, Any]] = []
    y, under = 0.0, ""
    for each, name in zip(lines, names, strict=True):
        if each.heading and each.heading != under:
            headings.append({"y": y + _HEADING / 2 + 4, "heading": each.heading})
            y += _HEADING
        under = each.heading
        more = _LINE * (len(name) - 1)
        step = _STEP + (_ABOVE + more if narrow else more * 0.4)
        middle = y + (step - _STEP / 2 if narrow else step / 2)
        row = {"y": middle, "top_line": middle - more, "wrapped": "\n".join(name)}
        row |= {"told": each.told, "rest": each.rest}
        told = {key: getattr(each, key) for key in ("value", "low", "high", "least", "most", "before", "target")}
        values.append(row | {key: value for key, value in told.items() if math.isfinite(value)})
        y += step
    return values, headings, y


def _wrapped(name: str) -> list[str]:
    return textwrap.wrap(name, _CHARACTERS) or [""]


def _fitted(name: str, room: float) -> list[str]:
    """Return a name in lines that are no wider than ``room``, as far as its words allow."""
    lines: list[str] = []
    for word in name.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and ink_width(longer) > room:
            lines.append(word)
        else:
            lines[-1:] = [longer]
    return lines or [""]


def _grid(values: Sequence[dict[str, Any]], y: Any, made: Scale, *, narrow: bool) -> list[Any]:  # noqa: ANN401  # Altair is untyped
    """Draw grid lines beside the marks only, so that none runs through a name or a heading."""
    size = _STEP * (0.7 if narrow else 1.0)
    ticks = [{"y": each["y"], "tick": tick} for each in values for tick in made.ticks]
    mark = alt.Chart(alt.Data(values=ticks)).mark_tick(
        size=size, thickness=1, orient="vertical", color=LIGHT["grid"], opacity=1
    )
    return [mark.encode(y=y, x=across("tick", made, grid=False, flush=narrow))]


def _marks(values: Sequence[dict[str, Any]], y: Any, made: Scale, *, narrow: bool) -> list[Any]:  # noqa: ANN401  # Altair is untyped
    colour, layers = LIGHT["customers"], []

    def of(name: str) -> list[dict[str, Any]]:
        return [each for each in values if name in each]

    def x(name: str) -> Any:  # noqa: ANN401  # Altair is untyped
        return across(name, made, grid=False, flush=narrow)

    for one, other, look in (
        ("least", "most", {"strokeWidth": 1.6, "color": LIGHT["line"]}),
        ("low", "high", {"strokeWidth": 9, "strokeCap": "round", "opacity": 0.28, "color": colour}),
        ("before", "value", {"strokeWidth": 1.6, "color": LIGHT["line"]}),
    ):
        if of(one):
            rule = alt.Chart(alt.Data(values=of(one))).mark_rule(**look)
            layers.append(rule.encode(y=y, x=x(one), x2=alt.X2(f"{other}:Q")))
    if of("target"):
        tick = alt.Chart(alt.Data(values=of("target"))).mark_tick(
            size=18, thickness=2.5, orient="vertical", color=LIGHT["organisations"], opacity=1
        )
        layers.append(tick.encode(y=y, x=x("target")))
    if of("before"):
        open_dot = alt.Chart(alt.Data(values=of("before"))).mark_point(
            filled=True, size=_HOLLOW, opacity=1, color=LIGHT["paper"], stroke=LIGHT["customers"], strokeWidth=1.8
        )
        layers.append(open_dot.encode(y=y, x=x("before")))
    dot = alt.Chart(alt.Data(values=list(values))).mark_point(
        filled=True, size=_DOT, opacity=1, color=colour, stroke=LIGHT["paper"], strokeWidth=1.5
    )
    layers.append(dot.encode(y=y, x=x("value")))
    return layers

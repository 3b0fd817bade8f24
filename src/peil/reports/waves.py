"""Survey rounds: a point with its interval a round, joined only where the question was put in the same way."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peil.reports import numbers
from peil.reports import vega as alt
from peil.reports.axes import Scale, finished, label_expression, scale, upward, zero_line
from peil.reports.rows import Row, Spec, finite, largest
from peil.reports.theme import LIGHT, NARROW, SIZES, SMALL, WIDE, config, ink_width
from peil.terms import Language, Unit

# Ticks of an upright axis stand above one another.
_ALL_TICKS = 1e6
_HEIGHT_WIDE, _HEIGHT_NARROW = 250, 220
_LINE, _APART, _ROUND_CHARACTERS = 15, 8, 14


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """A text over a break, kept clear of its neighbours."""

    at: float
    text: str
    level: int


def in_rounds(
    rows: Sequence[Row],
    breaks: Mapping[int, str],
    unit: Unit,
    language: Language,
    *,
    colour: str,
    shape: str,
    narrow: bool,
) -> Spec:
    """Return rounds from left to right.

    Parameters:
        rows: the rounds, in the order in which they were held; those with too few answers leave a gap.
        breaks: place of a round to what was not the same as in the round before, in a word or two.
        unit: of the values.
        language: of the numbers.
        colour: token of the marks.
        shape: ``circle`` or ``diamond``.
        narrow: for a telephone.
    """
    height = _HEIGHT_NARROW if narrow else _HEIGHT_WIDE
    shown = [place for place, each in enumerate(rows) if each.shown]
    ends = finite([end for each in rows if each.shown for end in (each.low, each.high, each.value)])
    made = scale(ends, unit, language, room=_ALL_TICKS)
    left = max(ink_width(each, SMALL) for each in made.labels) + 14
    right = 6.0
    width = (NARROW if narrow else WIDE) - left - right
    step = width / len(rows)
    placed = alt.Scale(domain=[-0.5, len(rows) - 0.5], nice=False, zero=False)
    axis = _axis(rows, step, language)
    x = alt.X("place:Q", title=None, scale=placed, axis=axis)
    told = _labels(breaks, step, width)
    layers: list[Any] = zero_line(made, upward("zero", made))
    if breaks:
        data = alt.Chart(alt.Data(values=[{"place": place - 0.5} for place in breaks]))
        layers.append(data.mark_rule(color=LIGHT["muted"], strokeDash=[3, 3], strokeWidth=1.2).encode(x=x))
    data = alt.Chart(alt.Data(values=_values(rows, breaks, unit, language)))
    low, value = upward("low", made), upward("value", made)
    layers += [
        data.mark_line(color=LIGHT[colour], strokeWidth=2).encode(x=x, y=value, detail=alt.Detail("part:N")),
        data.mark_rule(color=LIGHT[colour], strokeWidth=9, strokeCap="round", opacity=0.28).encode(
            x=x, y=low, y2=alt.Y2("high:Q")
        ),
        data.mark_point(
            filled=True, size=SIZES[shape], opacity=1, shape=shape,
            color=LIGHT[colour], stroke=LIGHT["paper"], strokeWidth=1.5,
        ).encode(x=x, y=value),
    ]  # fmt: skip
    layers += _told_values(rows, shown, made, unit, language, step=step, height=height)
    for each in told:
        text = alt.Chart(alt.Data(values=[{"text": each.text}])).mark_text(
            align="center", fontSize=SMALL, color=LIGHT["muted"]
        )
        layers.append(
            text.encode(x=alt.XValue(each.at), y=alt.YValue(-22 - _LINE * each.level), text=alt.Text("text:N"))
        )
    top = 20 + (_LINE * (1 + max(each.level for each in told)) + 4 if told else 0)
    bottom = 26 + _LINE * _lines_below(rows, step, language)
    padding = {"left": left, "right": right, "top": top, "bottom": bottom}
    return finished(layers, width=width, height=height, padding=padding, look=config())


def parts(rows: Sequence[Row], breaks: Mapping[int, str]) -> list[int]:
    """Return for each round which stretch it is in: a stretch ends where the question changed or a round is missing.

    Example:
        >>> rows = [Row(name=n, value=1, low=0, high=2, n=9, clusters=9, shown=n != "b", at=(n,)) for n in "abcd"]
        >>> parts(rows, {3: "wording"})
        [0, 1, 2, 3]
    """
    found: list[int] = []
    for place, each in enumerate(rows):
        apart = place > 0 and (place in breaks or not each.shown or not rows[place - 1].shown)
        found.append(0 if place == 0 else found[-1] + apart)
    return found


def _values(rows: Sequence[Row], breaks: Mapping[int, str], unit: Unit, language: Language) -> list[dict[str, Any]]:
    size = largest(rows)
    return [
        {
            "place": place,
            "part": part,
            "value": each.value,
            "low": each.low,
            "high": each.high,
            "told": numbers.value_text(each.value, unit, language, size=size),
        }
        for place, (each, part) in enumerate(zip(rows, parts(rows, breaks), strict=True))
        if each.shown
    ]


def _told_values(
    rows: Sequence[Row],
    shown: Sequence[int],
    made: Scale,
    unit: Unit,
    language: Language,
    *,
    step: float,
    height: float,
) -> list[Any]:
    """Write each value above its bar; where they would touch, those of the first and the last round."""
    size = largest(rows)
    texts = {place: numbers.value_text(rows[place].value, unit, language, size=size) for place in shown}
    widest = max(ink_width(each, bold=True) for each in texts.values())
    chosen = shown if widest + _APART <= step else sorted({shown[0], shown[-1]})
    found = []
    for place in chosen:
        y = height * (made.high - rows[place].high) / (made.high - made.low) - 13
        half = ink_width(texts[place], bold=True) / 2
        x = min(max((place + 0.5) * step, half - _APART), step * len(rows) - half)
        data = alt.Chart(alt.Data(values=[{"told": texts[place]}]))
        found.append(
            data.mark_text(align="center", fontWeight="bold").encode(
                x=alt.XValue(x), y=alt.YValue(y), text=alt.Text("told:N")
            )
        )
    return found


def _labels(breaks: Mapping[int, str], step: float, width: float) -> list[_Told]:
    """Place what changed over each break, a line higher where it would touch the one before."""
    found: list[_Told] = []
    ends: list[float] = []
    for place in sorted(breaks):
        half = ink_width(breaks[place], SMALL) / 2
        at = min(max(place * step, half), width - half)
        level = next((line for line, end in enumerate(ends) if end + _APART <= at - half), len(ends))
        if level == len(ends):
            ends.append(0.0)
        ends[level] = at + half
        found.append(_Told(at=at, text=breaks[place], level=level))
    return found


def _names(rows: Sequence[Row], step: float, language: Language) -> list[str]:
    """What stands under each round: its name, and its n where there is room; every so many where there is none."""
    wrapped = ["\n".join(textwrap.wrap(each.name, _ROUND_CHARACTERS)[:2]) for each in rows]
    widest = max(ink_width(line, SMALL) for each in wrapped for line in each.split("\n"))
    every = next((each for each in range(1, len(rows) + 1) if widest + _APART <= step * each), len(rows))
    counts = [f"n = {numbers.count(each.n, language)}" for each in rows]
    roomy = every == 1 and max(ink_width(each, SMALL) for each in counts) + _APART <= step
    last = len(rows) - 1
    return [
        (f"{name}\n{count}" if roomy else name) if (last - place) % every == 0 else ""
        for place, (name, count) in enumerate(zip(wrapped, counts, strict=True))
    ]


def _lines_below(rows: Sequence[Row], step: float, language: Language) -> int:
    return max(each.count("\n") for each in _names(rows, step, language))


def _axis(rows: Sequence[Row], step: float, language: Language) -> Any:  # noqa: ANN401  # Altair is untyped
    told = {place: name for place, name in enumerate(_names(rows, step, language)) if name}
    return alt.Axis(
        values=list(told),
        labelExpr=label_expression(list(told), list(told.values())),
        grid=False,
        labelPadding=8,
        labelLineHeight=_LINE,
    )

"""Falling steps: the share still there after each second, with its band, and moments marked on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from peil.estimates.lasting import Lasting
from peil.reports import vega as alt
from peil.reports.axes import Scale, across, finished, scale, upward
from peil.reports.rows import Spec, finite
from peil.reports.theme import LIGHT, NARROW, SMALL, WIDE, config, ink_width
from peil.terms import Language, Unit

MOST_LINES = 4
# Told apart by dash as well as by colour.
STYLES = (("customers", [1, 0]), ("organisations", [6, 3]), ("ink", [2, 3]), ("muted", [9, 3, 2, 3]))
_HEIGHT_WIDE, _HEIGHT_NARROW, _STEP = 270, 230, 17
# More steps than this cannot be told apart on a page.
_MOST_STEPS = 300
_ALL_TICKS = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """One curve and its name; a curve alone needs none."""

    name: str
    lasting: Lasting


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A moment that is marked: seconds, and what stands above it."""

    seconds: float
    told: str


def falling(lines: Sequence[Steps], marks: Sequence[Mark], until: float, language: Language, *, narrow: bool) -> Spec:
    """Return the curves up to a second.

    Parameters:
        lines: at most four.
        marks: moments to mark; those beyond ``until`` are left to the notes.
        until: the last second that is drawn.
        language: of the labels.
        narrow: for a telephone.
    """
    drawn = [_values(each.lasting, until) for each in lines]
    lows = finite([float(value["low"]) for values in drawn for value in values])
    made = scale([*lows, 1.0], Unit.SHARE, language, room=_ALL_TICKS)
    height = _HEIGHT_NARROW if narrow else _HEIGHT_WIDE
    left = max(ink_width(each, SMALL) for each in made.labels) + 12
    named = any(each.name for each in lines)
    right = max(ink_width(each.name, bold=True) for each in lines) + 14 if named else 14.0
    width = (NARROW if narrow else WIDE) - left - right
    seconds = scale([0.0, until], Unit.SECONDS, language, room=width)
    layers: list[Any] = []
    for place, values in enumerate(drawn):
        colour, dash = LIGHT[STYLES[place][0]], STYLES[place][1]
        data = alt.Chart(alt.Data(values=values))
        x = across("second", seconds, grid=False, flush=True)
        layers += [
            data.mark_area(color=colour, opacity=0.2 if len(lines) == 1 else 0.12, interpolate="step-after").encode(
                x=x, y=upward("low", made), y2=alt.Y2("high:Q")
            ),
            data.mark_line(color=colour, strokeWidth=2.2, strokeDash=dash, interpolate="step-after").encode(
                x=x, y=upward("share", made)
            ),
        ]
    if named:
        layers += _names(lines, drawn, made, width=width, height=height)
    kept = sorted((each for each in marks if 0 < each.seconds <= seconds.high), key=lambda each: each.seconds)
    for place, each in enumerate(kept):
        layers += _marked(each, seconds, width=width, height=height, above=_STEP * (len(kept) - place) - 3)
    padding = {"left": left, "right": right, "top": 14 + _STEP * len(kept), "bottom": 28}
    return finished(layers, width=width, height=height, padding=padding, look=config())


def _values(lasting: Lasting, until: float) -> list[dict[str, Any]]:
    curve = lasting.curve
    low, high = lasting.band
    inside = np.flatnonzero(curve.time <= until)
    grain = max(until / _MOST_STEPS, 1.0)
    kept = inside[np.unique(np.floor(curve.time[inside] / grain), return_index=True)[1]]
    points = [{"second": 0.0, "share": 1.0, "low": 1.0, "high": 1.0}]
    points += [
        {
            "second": float(curve.time[place]),
            "share": float(curve.survival[place]),
            "low": float(low[place]) if math.isfinite(low[place]) else float(curve.survival[place]),
            "high": float(high[place]) if math.isfinite(high[place]) else float(curve.survival[place]),
        }
        for place in kept
    ]
    last = min(until, float(curve.time[-1]))
    return [*points, {**points[-1], "second": last}]


def _names(
    lines: Sequence[Steps], drawn: Sequence[Sequence[dict[str, Any]]], made: Scale, *, width: float, height: float
) -> list[Any]:
    ends: list[dict[str, Any]] = []
    for place, (each, values) in enumerate(zip(lines, drawn, strict=True)):
        y = height * (made.high - values[-1]["share"]) / (made.high - made.low)
        ends.append({"told": each.name, "y": y, "colour": LIGHT[STYLES[place][0]]})
    ends.sort(key=lambda each: float(each["y"]))
    for upper, lower in pairwise(ends):
        lower["y"] = max(lower["y"], upper["y"] + _STEP)
    return [
        alt.Chart(alt.Data(values=[each]))
        .mark_text(align="left", fontWeight="bold", color=each["colour"], dx=9)
        .encode(x=alt.XValue(width), y=alt.YValue(each["y"]), text=alt.Text("told:N"))
        for each in ends
    ]


def _marked(mark: Mark, seconds: Scale, *, width: float, height: float, above: float) -> list[Any]:
    x = width * (mark.seconds - seconds.low) / (seconds.high - seconds.low)
    chart = alt.Chart(alt.Data(values=[{"told": mark.told}]))
    rule = chart.mark_rule(color=LIGHT["line"], strokeWidth=1.2, strokeDash=[2, 3])
    # no rule runs through a text: rules end where the texts begin, and each text tells its moment
    text = chart.mark_text(align="left", fontSize=SMALL, color=LIGHT["muted"])
    start = max(min(x - 2, width - ink_width(mark.told, SMALL)), 0.0)
    return [
        rule.encode(x=alt.XValue(x), y=alt.YValue(-4), y2=alt.Y2Value(height)),
        text.encode(x=alt.XValue(start), y=alt.YValue(-above), text=alt.Text("told:N")),
    ]

"""Answers by wait: what customers say after waits of about the same length, before and since a day."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from peil.estimates.waiting_slopes import Waited
from peil.reports import vega as alt
from peil.reports.axes import across, finished, scale, upward
from peil.reports.rows import Spec, finite
from peil.reports.theme import LIGHT, NARROW, SIZES, SMALL, WIDE, config, ink_width
from peil.terms import Language, Unit

_HEIGHT_WIDE, _HEIGHT_NARROW, _STEP = 270, 230, 17
_ALL_TICKS = 1e6
# Before stands in another shape as well as in another colour.
_SIDES = (("organisations", "diamond", [6, 3]), ("customers", "circle", [1, 0]))


def by_wait(waited: Sequence[Waited], unit: Unit, names: tuple[str, str], language: Language, *, narrow: bool) -> Spec:
    """Return both sides of a day as points with their intervals, at the mean wait of each.

    Parameters:
        waited: answers by wait.
        unit: of the answers.
        names: of the side before and the side since.
        language: of the labels.
        narrow: for a telephone.
    """
    sides = [[_value(each) for each in waited if each.since is since] for since in (False, True)]
    ends = finite([end for side in sides for each in side for end in (each["low"], each["high"])])
    made = scale(ends, unit, language, room=_ALL_TICKS)
    left = max(ink_width(each, SMALL) for each in made.labels) + 12
    right = max(ink_width(each, bold=True) for each in names) + 14
    width = (NARROW if narrow else WIDE) - left - right
    height = _HEIGHT_NARROW if narrow else _HEIGHT_WIDE
    longest = max(each["seconds"] for side in sides for each in side)
    seconds = scale([0.0, longest], Unit.SECONDS, language, room=width)
    x = across("seconds", seconds, grid=False, flush=True)
    layers: list[Any] = []
    told: list[dict[str, Any]] = []
    for side, (colour, shape, dash), name in zip(sides, _SIDES, names, strict=True):
        if not side:
            continue
        data, ink = alt.Chart(alt.Data(values=side)), LIGHT[colour]
        layers += [
            data.mark_rule(strokeWidth=5, strokeCap="round", opacity=0.28, color=ink).encode(
                x=x, y=upward("low", made), y2=alt.Y2("high:Q")
            ),
            data.mark_line(color=ink, strokeWidth=1.6, strokeDash=dash).encode(x=x, y=upward("mean", made)),
            data.mark_point(filled=True, opacity=1, size=SIZES[shape] * 0.6, shape=shape, color=ink).encode(
                x=x, y=upward("mean", made)
            ),
        ]
        y = height * (made.high - side[-1]["mean"]) / (made.high - made.low)
        told.append({"told": name, "y": y, "colour": ink})
    told.sort(key=lambda each: float(each["y"]))
    for upper, lower in pairwise(told):
        lower["y"] = max(lower["y"], upper["y"] + _STEP)
    for each in told:
        text = alt.Chart(alt.Data(values=[each])).mark_text(align="left", fontWeight="bold", color=each["colour"], dx=9)
        layers.append(text.encode(x=alt.XValue(width), y=alt.YValue(each["y"]), text=alt.Text("told:N")))
    padding = {"left": left, "right": right, "top": 12, "bottom": 28}
    return finished(layers, width=width, height=height, padding=padding, look=config())


def _value(each: Waited) -> dict[str, Any]:
    return {"seconds": each.seconds, "mean": each.mean.value, "low": each.mean.low, "high": each.mean.high}

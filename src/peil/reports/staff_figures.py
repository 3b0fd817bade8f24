"""Drawings of staff and customers: a pulse between its limits, a cloud under its ceiling, and how many stay."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

from peil.reports import vega as alt
from peil.reports.axes import across, finished, scale, upward
from peil.reports.lines import time_axis
from peil.reports.rows import Spec, finite
from peil.reports.theme import LIGHT, NARROW, SMALL, WIDE, config, ink_width
from peil.studies.staff.needed import Needed
from peil.studies.staff.pulse import Pulse
from peil.studies.staff.staying import Staying
from peil.terms import Label, Language, Unit

_HEIGHT_WIDE, _HEIGHT_NARROW, _LINE = 270, 230, 15
_ALL_TICKS = 1e6
_BEGIN = date(1970, 1, 1)
_STAFF, _CUSTOMERS = (
    Label("staff satisfaction, a month earlier", "medewerkerstevredenheid, een maand eerder"),
    Label("customer satisfaction", "klanttevredenheid"),
)
_MONTHS = Label("months since being hired", "maanden sinds indiensttreding")
_LIMIT = Label("limit", "grens")


def _size(*, narrow: bool) -> tuple[float, float]:
    return (NARROW, _HEIGHT_NARROW) if narrow else (WIDE, _HEIGHT_WIDE)


def _told(text: str, *, align: str, x: float, y: float, bold: bool = False) -> Any:  # noqa: ANN401  # Altair is untyped
    look = {"fontWeight": "bold"} if bold else {"fontSize": SMALL}
    mark = alt.Chart(alt.Data(values=[{"text": text}])).mark_text(align=align, color=LIGHT["muted"], **look)
    return mark.encode(x=alt.XValue(x), y=alt.YValue(y), text=alt.Text("text:N"))


def between_limits(found: Pulse, language: Language, *, narrow: bool) -> Spec:
    """Return the pulse month by month between its limits; months with a signal stand out in shape as well as in colour.

    Parameters:
        found: the pulse.
        language: of the labels.
        narrow: for a telephone.
    """
    chart = found.chart
    flagged = {each.at for each in chart.signals}
    values = [
        {"day": (month - _BEGIN).days, "value": float(value), "low": float(low), "high": float(high), "centre": float(centre),
         "flagged": place in flagged}
        for place, (month, value, low, high, centre) in enumerate(
            zip(found.months, chart.value, chart.low, chart.high, chart.centre, strict=True)
        )
        if math.isfinite(value)
    ]  # fmt: skip
    ends = finite([float(each[name]) for each in values for name in ("value", "low", "high")])
    made = scale(ends, Unit.SCORE, language, room=_ALL_TICKS)
    whole, height = _size(narrow=narrow)
    left = max(ink_width(each, SMALL) for each in made.labels) + 12
    right = ink_width(_LIMIT.read(language), SMALL) + 12
    width = whole - left - right
    days = [int(each["day"]) for each in values]
    x = time_axis(min(days), max(days), language, narrow=narrow)
    data = alt.Chart(alt.Data(values=values))
    layers = [
        data.mark_line(color=LIGHT["line"], strokeWidth=1.2, strokeDash=[5, 3], interpolate="step").encode(
            x=x, y=upward(name, made)
        )
        for name in ("low", "high")
    ]
    layers += [
        data.mark_line(color=LIGHT["line"], strokeWidth=1.2).encode(x=x, y=upward("centre", made)),
        data.mark_line(color=LIGHT["customers"], strokeWidth=2).encode(x=x, y=upward("value", made)),
    ]
    for chosen, shape, colour, size in ((False, "circle", "customers", 46), (True, "diamond", "organisations", 130)):
        those = [each for each in values if each["flagged"] is chosen]
        if those:
            layers.append(
                alt.Chart(alt.Data(values=those))
                .mark_point(filled=True, opacity=1, size=size, shape=shape, color=LIGHT[colour])
                .encode(x=x, y=upward("value", made))
            )
    for name in ("low", "high"):
        y = height * (made.high - float(values[-1][name])) / (made.high - made.low)
        layers.append(_told(_LIMIT.read(language), align="left", x=width + 6, y=y))
    padding = {"left": left, "right": right, "top": 12, "bottom": 28}
    return finished(layers, width=width, height=height, padding=padding, look=config())


def under_ceiling(found: Needed, language: Language, *, narrow: bool) -> Spec:
    """Return months of teams as dots without names, and the ceiling above them.

    Parameters:
        found: the dots and their ceiling.
        language: of the labels.
        narrow: for a telephone.
    """
    xs, ys = found.staff.tolist(), found.customers.tolist()
    whole, height = _size(narrow=narrow)
    upright = scale(ys, Unit.SCORE, language, room=_ALL_TICKS)
    left = max(ink_width(each, SMALL) for each in upright.labels) + 14
    width = whole - left - 14
    flat = scale(xs, Unit.SCORE, language, room=width)
    ceiling = found.found.ce_fdh
    steps = [
        {"x": float(one), "y": float(other), "place": place}
        for place, (one, other) in enumerate(zip(ceiling.x, ceiling.y, strict=True))
    ]
    layers = [
        alt.Chart(alt.Data(values=[{"x": one, "y": other} for one, other in zip(xs, ys, strict=True)]))
        .mark_point(filled=True, opacity=0.6, size=30, color=LIGHT["customers"])
        .encode(x=across("x", flat, grid=False), y=upward("y", upright)),
        alt.Chart(alt.Data(values=steps))
        .mark_line(color=LIGHT["organisations"], strokeWidth=2)
        .encode(x=across("x", flat, grid=False), y=upward("y", upright), order=alt.Order("place:Q")),
        _told(_CUSTOMERS.read(language), align="left", x=-left + 2, y=-14),
        _told(_STAFF.read(language), align="right", x=width, y=height + 32),
    ]
    padding = {"left": left, "right": 14, "top": 26, "bottom": 28 + _LINE}
    return finished(layers, width=width, height=height, padding=padding, look=config())


def staying_on(found: Staying, language: Language, *, narrow: bool) -> Spec:
    """Return the share of staff still there after each month since being hired, with its band.

    Parameters:
        found: how long staff stays.
        language: of the labels.
        narrow: for a telephone.
    """
    values = _steps(found)
    made = scale([*finite([each["low"] for each in values]), 1.0], Unit.SHARE, language, room=_ALL_TICKS)
    whole, height = _size(narrow=narrow)
    left = max(ink_width(each, SMALL) for each in made.labels) + 12
    width = whole - left - 14
    months = scale([0.0, max(each["month"] for each in values)], Unit.COUNT, language, room=width)
    data, x = alt.Chart(alt.Data(values=values)), across("month", months, grid=False, flush=True)
    layers = [
        data.mark_area(color=LIGHT["customers"], opacity=0.2, interpolate="step-after").encode(
            x=x, y=upward("low", made), y2=alt.Y2("high:Q")
        ),
        data.mark_line(color=LIGHT["customers"], strokeWidth=2.2, interpolate="step-after").encode(
            x=x, y=upward("share", made)
        ),
        _told(_MONTHS.read(language), align="right", x=width, y=height + 32),
    ]
    padding = {"left": left, "right": 14, "top": 12, "bottom": 28 + _LINE}
    return finished(layers, width=width, height=height, padding=padding, look=config())


def _steps(found: Staying) -> Sequence[dict[str, float]]:
    points = [{"month": found.since, "share": 1.0, "low": 1.0, "high": 1.0}]
    points += [
        {"month": float(month), "share": float(share), "low": float(low), "high": float(high)}
        for month, share, low, high in zip(found.months, found.share, found.low, found.high, strict=True)
    ]
    return points

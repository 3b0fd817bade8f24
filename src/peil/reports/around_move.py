"""Steps around a move: dots with their intervals, nought before it by definition, and a rule where it happened."""

from __future__ import annotations

from typing import Any

from peil.methods.event_study import EventStudy
from peil.reports import vega as alt
from peil.reports.axes import finished, label_expression, scale, upward, zero_line
from peil.reports.rows import Spec
from peil.reports.theme import LIGHT, NARROW, SMALL, WIDE, config, ink_width
from peil.terms import Label, Language, Unit

_HEIGHT_WIDE, _HEIGHT_NARROW, _EDGE = 270, 230, 14
_ALL_TICKS = 1e6
_MOST_WIDE, _MOST_NARROW = 12, 6
_MOVED, _WEEKS = Label("moved home", "naar huis"), Label("weeks since the move", "weken sinds de verhuizing")


def around_move(found: EventStudy, language: Language, *, narrow: bool) -> Spec:
    """Return the steps before and after a move.

    Parameters:
        found: the steps.
        language: of the labels.
        narrow: for a telephone.
    """
    values = [
        {"step": int(step), "value": float(value), "low": float(low), "high": float(high)}
        for step, value, low, high in zip(found.times, found.values, found.low, found.high, strict=True)
    ]
    made = scale([each[name] for each in values for name in ("low", "high")], Unit.SHARE, language, room=_ALL_TICKS)
    height = _HEIGHT_NARROW if narrow else _HEIGHT_WIDE
    left = max(ink_width(each, SMALL) for each in made.labels) + 12
    width = (NARROW if narrow else WIDE) - left - _EDGE
    first, last = int(found.times.min()), int(found.times.max())
    every = max(1, -(-(last - first + 1) // (_MOST_NARROW if narrow else _MOST_WIDE)))
    ticks = [each for each in range(first, last + 1) if each % every == 0]
    axis = alt.Axis(
        values=ticks,
        labelExpr=label_expression(ticks, [f"{each * found.step}".replace("-", "\N{MINUS SIGN}") for each in ticks]),
        grid=False,
        ticks=True,
        tickColor=LIGHT["line"],
        labelPadding=4,
    )
    reach = [first - 0.5, last + 0.5]
    x = alt.X("step:Q", title=None, axis=axis, scale=alt.Scale(domain=reach, nice=False, zero=False))
    data, mark = alt.Chart(alt.Data(values=values)), LIGHT["customers"]
    layers: list[Any] = [
        *zero_line(made, upward("zero", made)),
        data.mark_rule(color=mark, strokeWidth=7, strokeCap="round", opacity=0.28).encode(
            x=x, y=upward("low", made), y2=alt.Y2("high:Q")
        ),
        data.mark_point(color=mark, filled=True, opacity=1, size=46).encode(x=x, y=upward("value", made)),
        alt.Chart(alt.Data(values=[{"step": -0.5}]))
        .mark_rule(color=LIGHT["ink"], strokeWidth=1.2, strokeDash=[2, 3])
        .encode(x=x),
    ]
    at = width * (-0.5 - reach[0]) / (reach[1] - reach[0])
    half = ink_width(_MOVED.read(language), SMALL) / 2
    for text, across, down, align in (
        (_MOVED.read(language), min(max(at, half), width - half), -10, "center"),
        (_WEEKS.read(language), width, height + 34, "right"),
    ):
        layers.append(
            alt.Chart(alt.Data(values=[{"told": text}]))
            .mark_text(align=align, fontSize=SMALL, color=LIGHT["muted"])
            .encode(x=alt.XValue(across), y=alt.YValue(down), text=alt.Text("told:N"))
        )
    padding = {"left": left, "right": _EDGE, "top": 24, "bottom": 46}
    return finished(layers, width=width, height=height, padding=padding, look=config())

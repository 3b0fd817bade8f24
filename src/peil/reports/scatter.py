"""Cases as dots, one thing against another, with the line that goes through them and how sure it is."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from peil.reports import vega as alt
from peil.reports.axes import across, finished, scale, upward, zero_line
from peil.reports.rows import Spec
from peil.reports.theme import LIGHT, NARROW, SMALL, WIDE, config, ink_width
from peil.terms import Language, Unit

_ALL_TICKS = 1e6
_HEIGHT_WIDE, _HEIGHT_NARROW, _STEPS, _LINE = 300, 260, 40, 15
_DOT = 42


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A straight line through a point, with the interval of its slope.

    Parameters:
        x, y: a point on it: the mean of the cases.
        slope, low, high: its slope, and how steep or flat it may be.
    """

    x: float
    y: float
    slope: float
    low: float
    high: float


def scatter(
    cases: Sequence[tuple[float, float]],
    line: Line,
    units: tuple[Unit, Unit],
    names: tuple[str, str],
    language: Language,
    *,
    narrow: bool,
) -> Spec:
    """Return dots without names (as large as there are cases in one place), the line through them, and between which slopes it may lie.

    Parameters:
        cases: across and upward.
        line: through their mean.
        units: of both axes.
        names: of both axes.
        language: of the numbers.
        narrow: for a telephone.
    """
    xs, ys = [each[0] for each in cases], [each[1] for each in cases]
    places = [min(xs) + (max(xs) - min(xs)) * step / _STEPS for step in range(_STEPS + 1)]
    band = [
        {
            "x": x,
            "line": line.y + line.slope * (x - line.x),
            "low": line.y + min(line.low * (x - line.x), line.high * (x - line.x)),
            "high": line.y + max(line.low * (x - line.x), line.high * (x - line.x)),
        }
        for x in places
    ]
    reach = 1.2 * (max(ys) - min(ys))
    least, most = min(ys) - reach, max(ys) + reach
    for each in band:
        each["low"], each["high"] = max(each["low"], least), min(each["high"], most)
    upright = scale(
        [*ys, *(each[end] for each in band for end in ("low", "high"))], units[1], language, room=_ALL_TICKS
    )
    left = max(ink_width(each, SMALL) for each in upright.labels) + 14
    width = (NARROW if narrow else WIDE) - left - 14
    flat = scale(xs, units[0], language, room=width)
    upward_name = textwrap.shorten(names[1], 60 if narrow else 90, placeholder="…")
    across_name = textwrap.shorten(names[0], 60 if narrow else 90, placeholder="…")
    y, drawn = upward("y", upright), alt.Chart(alt.Data(values=band))
    together = Counter(cases)
    dots = alt.Chart(
        alt.Data(values=[{"x": one, "y": other, "size": _DOT * n} for (one, other), n in together.items()])
    )
    height = _HEIGHT_NARROW if narrow else _HEIGHT_WIDE

    def told(text: str, *, align: str, x: float, y_at: float) -> alt.Chart:
        mark = alt.Chart(alt.Data(values=[{"text": text}])).mark_text(align=align, fontSize=SMALL, color=LIGHT["muted"])
        return mark.encode(x=alt.XValue(x), y=alt.YValue(y_at), text=alt.Text("text:N"))

    layers = [
        *zero_line(upright, upward("zero", upright)),
        drawn.mark_area(color=LIGHT["organisations"], opacity=0.16).encode(
            x=across("x", flat, grid=False), y=upward("low", upright), y2=alt.Y2("high:Q")
        ),
        drawn.mark_line(color=LIGHT["organisations"], strokeWidth=2).encode(
            x=across("x", flat, grid=False), y=upward("line", upright)
        ),
        dots.mark_point(filled=True, opacity=0.75, color=LIGHT["customers"]).encode(
            x=across("x", flat, grid=False), y=y, size=alt.Size("size:Q", scale=None, legend=None)
        ),
        told(upward_name, align="left", x=-left + 2, y_at=-14),
        told(across_name, align="right", x=width, y_at=height + 32),
    ]
    padding = {"left": left, "right": 14, "top": 26, "bottom": 28 + _LINE}
    return finished(layers, width=width, height=height, padding=padding, look=config())

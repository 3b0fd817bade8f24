"""A crossing of groups as a map of coloured cells, with its numbers in it where there is room for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peil.reports import vega as alt
from peil.reports.axes import finished, label_expression
from peil.reports.rows import Spec
from peil.reports.theme import LABEL, LIGHT, NARROW, SMALL, WIDE, config, ink_width

# Deeper colour would take the text in it below the contrast that it needs, on paper and on a dark screen.
DEEPEST = 0.5
# So much of the width at most is for names.
_NAMES_WIDE, _NAMES_NARROW, _NAMES_HIGH = 190, 110, 150
_HIGH, _LOW, _EDGE = 24, 17, 4
_INSIDE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One cell of a map.

    Parameters:
        row, column: its place, from nought.
        told: the number in it.
        deep: how far it lies from the middle, from -1 to 1.
        kind: ``own`` where it has answers enough of its own, ``few`` where it has fewer, ``none`` where it has none.
    """

    row: int
    column: int
    told: str
    deep: float
    kind: str


def heat_map(rows: Sequence[str], columns: Sequence[str], tiles: Sequence[Tile], *, narrow: bool) -> Spec:
    """Return a map of cells: blue above the middle, orange below it, and dashed where a cell has no answers.

    Parameters:
        rows: names at the left, first on top.
        columns: names above, first at the left.
        tiles: the cells.
        narrow: for a telephone.

    Example:
        >>> tiles = [Tile(row=0, column=each, told=str(each), deep=0.5, kind="own") for each in (0, 1)]
        >>> heat_map(["NL"], ["retail", "banks"], tiles, narrow=False)["height"]
        24
    """
    most = _NAMES_NARROW if narrow else _NAMES_WIDE
    beside = [shortened(each, most) for each in rows]
    above = [shortened(each, _NAMES_HIGH) for each in columns]
    left = max(map(ink_width, beside)) + 10
    step = ((NARROW if narrow else WIDE) - left - _EDGE) / len(columns)
    roomy = step >= max(ink_width(each.told, SMALL, bold=True) for each in tiles) + _INSIDE
    flat = all(ink_width(each) + _INSIDE <= step for each in above)
    high = _HIGH if roomy else _LOW
    keys, heads = ([str(place) for place in range(len(each))] for each in (rows, columns))
    y = alt.Y("row:N", title=None, scale=_band(keys), axis=_axis(keys, beside))
    x = alt.X("column:N", title=None, scale=_band(heads), axis=_axis(heads, above, orient="top", upright=not flat))
    layers = []
    for colour, sign in (("customers", 1), ("organisations", -1)):
        here = [_value(each) for each in tiles if each.deep * sign > 0 and each.kind != "none"]
        if here:
            data = alt.Chart(alt.Data(values=here))
            layers.append(
                data.mark_rect(color=LIGHT[colour], stroke=LIGHT["paper"], strokeWidth=1).encode(
                    x=x, y=y, opacity=alt.Opacity("deep:Q", scale=None, legend=None)
                )
            )
    empty = [_value(each) for each in tiles if each.kind == "none"]
    if empty:
        data = alt.Chart(alt.Data(values=empty))
        layers.append(
            data.mark_rect(filled=False, stroke=LIGHT["line"], strokeWidth=1, strokeDash=[2, 2]).encode(x=x, y=y)
        )
    if roomy:
        for kind, weight, colour in (("own", "bold", "ink"), ("few", "normal", "ink"), ("none", "normal", "muted")):
            here = [_value(each) for each in tiles if each.kind == kind]
            if here:
                text = alt.Chart(alt.Data(values=here)).mark_text(
                    fontSize=SMALL, fontWeight=weight, color=LIGHT[colour]
                )
                layers.append(text.encode(x=x, y=y, text=alt.Text("told:N")))
    top = LABEL + 14 if flat else max(map(ink_width, above)) + 14
    padding = {"left": left, "right": _EDGE, "top": top, "bottom": _EDGE}
    return finished(layers, width=step * len(columns), height=high * len(rows), padding=padding, look=config())


def _value(each: Tile) -> dict[str, Any]:
    return {
        "row": str(each.row),
        "column": str(each.column),
        "told": each.told,
        "deep": round(DEEPEST * min(abs(each.deep), 1.0), 3),
    }


def _band(keys: Sequence[str]) -> Any:  # noqa: ANN401  # Altair is untyped
    return alt.Scale(domain=list(keys), paddingInner=0, paddingOuter=0)


def _axis(keys: Sequence[str], names: Sequence[str], *, orient: str = "left", upright: bool = False) -> Any:  # noqa: ANN401  # Altair is untyped
    told: dict[str, Any] = {"labelAngle": -90, "labelAlign": "left", "labelBaseline": "middle"} if upright else {}
    if orient == "top" and not upright:
        told = {"labelAngle": 0}
    return alt.Axis(
        orient=orient,
        labelExpr=label_expression(keys, names),
        labelLimit=0,
        labelFontSize=LABEL,
        labelColor=LIGHT["ink"],
        labelPadding=6,
        **told,
    )


def shortened(name: str, room: float) -> str:
    """Return a name that fits in ``room`` pixels, with a sign where it was cut.

    Example:
        >>> shortened("Financial services", 60)
        'Financi…'
    """
    if ink_width(name) <= room:
        return name
    kept = name
    while kept and ink_width(f"{kept}…") > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"

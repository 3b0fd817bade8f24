"""Scales with round ends and ticks that a reader can say aloud."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peil.reports import numbers
from peil.reports import vega as alt
from peil.reports.theme import LIGHT, SMALL, ink_width
from peil.terms import Language, Unit

_STEPS = (1, 2, 2.5, 5, 10)
_MOST_TICKS, _APART = 6, 14
# Nothing is shown with so many decimals that a narrower scale could be read.
_NARROWEST = 1e-5
_CLOCK_STEPS = (15, 30, 60, 120, 300, 600, 1200, 1800, 3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A numeric scale.

    Parameters:
        low, high: its ends.
        ticks: where it is labelled.
        labels: what stands there.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]

    @property
    def domain(self) -> list[float]:
        """Both ends."""
        return [self.low, self.high]

    @property
    def expression(self) -> str:
        """A Vega expression that gives each tick its label."""
        return label_expression(self.ticks, self.labels)

    @property
    def crosses_zero(self) -> bool:
        """Whether zero lies on it."""
        return self.low <= 0 <= self.high


def label_expression(values: Sequence[object], texts: Sequence[str]) -> str:
    """Return a Vega expression that turns each value into its text; a text of two lines stays so."""
    told = [text.split("\n") if "\n" in text else text for text in texts]
    return f"{json.dumps(told, ensure_ascii=False)}[indexof({json.dumps(list(values))}, datum.value)]"


def scale(values: Sequence[float], unit: Unit, language: Language, *, room: float) -> Scale:
    """Return a scale that holds ``values`` between round ends, with as many ticks as there is room for.

    Parameters:
        values: ends of the intervals.
        unit: of the values.
        language: of the labels.
        room: pixels for the labels, which stand beside one another.

    Example:
        >>> scale([-39.8, 28.9], Unit.POINTS, "en", room=400).labels
        ('−40', '−20', '0', '+20', '+40')
    """  # a true minus sign
    low, high = min(values), max(values)
    if high - low < _NARROWEST:
        low, high = low - abs(low) * 0.1 - 0.01, high + abs(high) * 0.1 + 0.01
    made = _scale(low, high, unit, language, most=_MOST_TICKS)
    for most in range(_MOST_TICKS - 1, 1, -1):
        if sum(ink_width(each, SMALL) + _APART for each in made.labels) <= room:
            break
        made = _scale(low, high, unit, language, most=most)
    return made


def _scale(low: float, high: float, unit: Unit, language: Language, *, most: int) -> Scale:
    step = _step((high - low) / (most - 1), clock=unit is Unit.SECONDS and high >= 120)  # noqa: PLR2004  # two minutes
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(place * step, 10) for place in range(first, last + 1))
    size = max(abs(each) for each in ticks)
    told = tuple(numbers.tick(each, unit, language, step=step, size=size) for each in ticks)
    return Scale(low=ticks[0], high=ticks[-1], ticks=ticks, labels=told)


def _step(wanted: float, *, clock: bool) -> float:
    if clock and wanted <= _CLOCK_STEPS[-1]:
        return float(next(each for each in _CLOCK_STEPS if each >= wanted))
    if clock:
        return _CLOCK_STEPS[-1] * _step(wanted / _CLOCK_STEPS[-1], clock=False)
    size = 10.0 ** math.floor(math.log10(wanted))
    return next(each * size for each in _STEPS if each * size >= wanted * 0.999)


def across(field: str, made: Scale, *, grid: bool = True, flush: bool = False) -> Any:  # noqa: ANN401  # Altair is untyped
    """Return a horizontal axis at the foot of a figure; ``flush`` keeps the outer labels within its ends."""
    axis = alt.Axis(values=list(made.ticks), labelExpr=made.expression, grid=grid, labelPadding=8, labelFlush=flush)
    return alt.X(f"{field}:Q", title=None, axis=axis, scale=alt.Scale(domain=made.domain, nice=False, zero=False))


def upward(field: str, made: Scale) -> Any:  # noqa: ANN401  # Altair is untyped
    """Return a vertical axis at the left of a figure."""
    axis = alt.Axis(values=list(made.ticks), labelExpr=made.expression, grid=True)
    return alt.Y(f"{field}:Q", title=None, axis=axis, scale=alt.Scale(domain=made.domain, nice=False, zero=False))


def zero_line(made: Scale, axis: Any) -> list[Any]:  # noqa: ANN401  # Altair is untyped
    """Return the line at zero, stronger than the grid, where zero lies within the scale.

    Parameters:
        made: the scale.
        axis: the encoding of the field ``zero`` on it.
    """
    if not made.crosses_zero:
        return []
    rule = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=LIGHT["line"], strokeWidth=1.2)
    return [rule.encode(axis)]


def short_grid(keys: Sequence[str], y: Any, made: Scale, *, size: float, offset: float) -> list[Any]:  # noqa: ANN401  # Altair is untyped
    """Return grid lines beside the bars only, so that none runs through a name.

    Parameters:
        keys: of the rows.
        y: their encoding.
        made: the scale.
        size: how high each line is.
        offset: how far below a row's middle its bar is.
    """
    values = [{"key": key, "tick": tick} for key in keys for tick in made.ticks]
    layers = []
    for colour, chosen in (("grid", values), ("line", [each for each in values if each["tick"] == 0])):
        if chosen:
            mark = alt.Chart(alt.Data(values=chosen)).mark_tick(
                size=size, thickness=1, orient="vertical", yOffset=offset
            )
            layers.append(
                mark.encode(y=y, x=across("tick", made, grid=False, flush=True), color=alt.ColorValue(LIGHT[colour]))
            )
    return layers


def finished(
    layers: Sequence[Any], *, width: float, height: float, padding: Mapping[str, float], look: dict[str, Any]
) -> dict[str, Any]:
    """Return layers as one specification of a fixed size.

    Nothing is left to Vega-Lite's own measuring of text, which knows other fonts than the reader has.
    """
    # the renderer refuses what is no specification; checking each against the schema first takes longer than drawing,
    # and so does Altair's copying of every layer into one chart
    made: dict[str, Any] = {
        "$schema": alt.SCHEMA_URL,
        "layer": [_layer(each) for each in layers],
        "width": width,
        "height": height,
        "padding": dict(padding),
        "autosize": {"type": "none", "contains": "content"},
    }
    made["config"] = look
    return made


def _layer(chart: Any) -> dict[str, Any]:  # noqa: ANN401  # Altair is untyped
    told: dict[str, Any] = chart.to_dict(validate=False)
    datasets = told.pop("datasets", {})
    if "name" in told.get("data", {}):
        told["data"] = {"values": datasets[told["data"]["name"]]}
    return {key: value for key, value in told.items() if key not in {"$schema", "config"}}

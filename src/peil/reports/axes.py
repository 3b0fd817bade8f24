"""Scales with round ends and ticks that a reader can say aloud."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from peil.reports import numbers
from peil.reports.theme import LIGHT
from peil.terms import Language, Unit

_STEPS = (1, 2, 2.5, 5, 10)
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


def scale(values: Sequence[float], unit: Unit, language: Language, *, most: int = 6) -> Scale:
    """Return a scale that holds ``values`` between round ends.

    Parameters:
        values: ends of the intervals.
        unit: of the values.
        language: of the labels.
        most: at most about so many ticks.

    Example:
        >>> scale([-39.8, 28.9], Unit.POINTS, "en").labels
        ('−40', '−20', '0', '+20', '+40')
    """
    low, high = min(values), max(values)
    if high <= low:
        low, high = low - abs(low) * 0.1 - 0.01, high + abs(high) * 0.1 + 0.01
    step = _step((high - low) / max(most - 1, 1), clock=unit is Unit.SECONDS and high >= 120)  # noqa: PLR2004
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(place * step, 10) for place in range(first, last + 1))
    size = max(abs(each) for each in ticks)
    told = tuple(numbers.tick(each, unit, language, step=step, size=size) for each in ticks)
    return Scale(low=ticks[0], high=ticks[-1], ticks=ticks, labels=told)


def _step(wanted: float, *, clock: bool) -> float:
    if clock:
        return float(next((each for each in _CLOCK_STEPS if each >= wanted), _CLOCK_STEPS[-1]))
    size = 10.0 ** math.floor(math.log10(wanted))
    return next(each * size for each in _STEPS if each * size >= wanted * 0.999)


def across(field: str, made: Scale) -> Any:  # noqa: ANN401  # Altair is untyped
    """Return a horizontal axis at the foot of a figure."""
    axis = alt.Axis(values=list(made.ticks), labelExpr=made.expression, grid=True, labelPadding=8)
    return alt.X(f"{field}:Q", title=None, axis=axis, scale=alt.Scale(domain=made.domain, nice=False, zero=False))


def upward(field: str, made: Scale) -> Any:  # noqa: ANN401  # Altair is untyped
    """Return a vertical axis at the left of a figure."""
    axis = alt.Axis(values=list(made.ticks), labelExpr=made.expression, grid=True)
    return alt.Y(f"{field}:Q", title=None, axis=axis, scale=alt.Scale(domain=made.domain, nice=False, zero=False))


def zero_line(made: Scale) -> list[Any]:
    """Return the line at zero, stronger than the grid, where zero lies within the scale."""
    if not made.crosses_zero:
        return []
    rule = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=LIGHT["line"], strokeWidth=1.2)
    return [rule.encode(x=across("zero", made))]


def finished(layers: Sequence[Any], *, width: float, height: float, padding: dict[str, float], look: dict[str, Any]) -> dict[str, Any]:
    """Return layers as one specification of a fixed size.

    Nothing is left to Vega-Lite's own measuring of text, which knows other fonts than the reader has.
    """
    chart = alt.layer(*layers).properties(
        width=width, height=height, padding=padding, autosize=alt.AutoSizeParams(type="none", contains="content")
    )
    made: dict[str, Any] = chart.to_dict()
    made["config"] = look
    return made

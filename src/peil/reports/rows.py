"""The rows of a figure: groups with their numbers, blanked where they rest on too little."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from peil.estimates.estimate import Estimates
from peil.reports import labels, numbers
from peil.reports.tables import Cell, Table, figures, words
from peil.terms import Label, Language, Unit

_NOT_SHOWN = Label("too few", "te weinig")
_HEAD = {
    "value": Label("value", "waarde"),
    "low": Label("low", "laag"),
    "high": Label("high", "hoog"),
    "n": Label("n", "n"),
    "clusters": Label("independent", "onafhankelijk"),
}
Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One group of a figure.

    Parameters:
        name: what it is called.
        value: the number; nan where there are too few rows to show one.
        low, high: its interval.
        n, clusters: what it rests on.
        shown: whether it may be shown.
        at: its place on a time axis or among groups: the raw group value.
    """

    name: str
    value: float
    low: float
    high: float
    n: int
    clusters: int
    shown: bool = True
    at: tuple[object, ...] = ()


class Between(Protocol):
    """A number with its interval."""

    @property
    def value(self) -> float:
        """The number."""

    @property
    def low(self) -> float:
        """The interval's lower end."""

    @property
    def high(self) -> float:
        """The interval's upper end."""


def row(name: str, found: Between, *, n: int, clusters: int | None = None) -> Row:
    """Return a number with its interval as a group of a figure.

    Parameters:
        name: what it is called.
        found: the number and its interval.
        n, clusters: what it rests on; every one of the n is independent if clusters are left out.
    """
    return Row(
        name=name, value=found.value, low=found.low, high=found.high, n=n, clusters=n if clusters is None else clusters
    )


def rows_of(found: Estimates, language: Language, *, minimum_n: int) -> list[Row]:
    """Return the groups of an answer that have any rows, named, those with too few blanked.

    Parameters:
        found: the estimates.
        language: of the names.
        minimum_n: groups with fewer rows are not shown.
    """
    made: list[Row] = []
    for each in found:
        if not each.n:
            continue
        enough = each.n >= minimum_n and math.isfinite(each.value)
        name = " · ".join(labels.group(by, value, language) for by, value in each.group)
        made.append(
            Row(
                name=name or labels.EVERYTHING.read(language),
                value=each.value if enough else math.nan,
                low=each.low if enough else math.nan,
                high=each.high if enough else math.nan,
                n=each.n,
                clusters=each.clusters,
                shown=enough,
                at=tuple(value for _, value in each.group),
            )
        )
    return made


def table_of(rows: Sequence[Row], unit: Unit, language: Language, *, caption: str, head: str, file: str) -> Table:
    """Return a figure's numbers as a table.

    Parameters:
        rows: the groups, in the order to show them.
        unit: of the values.
        language: of the heads and numbers.
        caption: what the table holds.
        head: what the first column is.
        file: name of the CSV.
    """
    size = largest(rows)
    made: list[tuple[Cell, ...]] = []
    for each in rows:
        if not each.shown:
            few = _NOT_SHOWN.read(language)
            made.append((words(each.name), *(Cell(shown=few, stored=few, numeric=True) for _ in range(5))))
            continue
        values = [
            figures(numbers.value_text(value, unit, language, size=size), value)
            for value in (each.value, each.low, each.high)
        ]
        counts = [figures(numbers.count(value, language), value) for value in (each.n, each.clusters)]
        made.append((words(each.name), *values, *counts))
    return Table(
        caption=caption,
        head=(head, *(label.read(language) for label in _HEAD.values())),
        names=(head, *_HEAD),
        rows=tuple(made),
        file=file,
    )


def largest(rows: Sequence[Row]) -> float:
    """Return the largest value, which decides the notation of all."""
    return max((abs(each.value) for each in rows if math.isfinite(each.value)), default=0.0)


def finite(values: Sequence[float]) -> list[float]:
    """Return the numbers among ``values``."""
    return [each for each in values if math.isfinite(each)]

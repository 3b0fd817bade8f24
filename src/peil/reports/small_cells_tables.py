"""The tables of small cells: every cell, every margin, how far off each way is expected to be, and what makes cells differ."""

from __future__ import annotations

import math
from collections.abc import Sequence

from peil.estimates.small_cells import SmallCell, SmallCells
from peil.reports import labels, numbers
from peil.reports.asked import Asked
from peil.reports.tables import Cell, Table, figures, words
from peil.terms import Label, Unit


def named(asked: Asked, by: Sequence[str]) -> str:
    """Return what cells are crossed by, in words."""
    return asked.say(" by ", " naar ").join(labels.column(each, asked.language) for each in by)


def name_of(asked: Asked, each: SmallCell) -> str:
    """Return what a cell, or a value of a margin, is called."""
    return " · ".join(labels.group(by, value, asked.language) for by, value in each.group)


def cells_table(asked: Asked, found: SmallCells) -> Table:
    """Return every cell: its own mean where it has enough answers, and what the model says.

    Parameters:
        asked: what every figure shares.
        found: the model.
    """
    rows = tuple(
        (
            *(words(labels.group(by, value, asked.language)) for by, value in each.group),
            *_told(asked, found, each),
        )
        for each in found
    )
    by = [labels.column(each, asked.language) for each in found.by]
    return _table(asked, f"{found.measure.label.read(asked.language)}, {named(asked, found.by)}", by, rows, "cells.csv")


def margin_table(asked: Asked, found: SmallCells, by: str) -> Table:
    """Return every value of one group column over all that it is crossed with, and its place.

    Parameters:
        asked: what every figure shares.
        found: the model.
        by: the group column.
    """
    ranked = sorted(found.margins[by], key=lambda each: (each.rank or 0, -each.value))
    rows = tuple(
        (
            words(name_of(asked, each)),
            *_told(asked, found, each),
            words(_places(asked, each)),
        )
        for each in ranked
    )
    column = labels.column(by, asked.language)
    caption = f"{found.measure.label.read(asked.language)} per {column}"
    made = _table(asked, caption, [column], rows, f"{column.replace(' ', '-')}.csv")
    return Table(
        caption=made.caption,
        head=(*made.head, asked.say("place", "plaats")),
        names=(*made.names, "place"),
        rows=made.rows,
        file=made.file,
    )


def _places(asked: Asked, each: SmallCell) -> str:
    if each.rank_low == each.rank_high:
        return str(each.rank_low)
    return asked.say(f"{each.rank_low} to {each.rank_high}", f"{each.rank_low} tot {each.rank_high}")


def _table(asked: Asked, caption: str, by: Sequence[str], rows: tuple[tuple[Cell, ...], ...], file: str) -> Table:
    heads = (
        Label("n", "n"),
        Label("own mean", "eigen gemiddelde"),
        Label("model", "model"),
        Label("low", "laag"),
        Label("high", "hoog"),
    )
    return Table(
        caption=caption,
        head=(*by, *(each.read(asked.language) for each in heads)),
        names=(*by, "n", "own_mean", "model", "low", "high"),
        rows=rows,
        file=file,
    )


def _told(asked: Asked, found: SmallCells, each: SmallCell) -> tuple[Cell, ...]:
    unit = found.measure.unit
    own = (
        figures(numbers.value_text(each.direct, unit, asked.language), each.direct)
        if each.shown
        else Cell(
            shown=asked.say("too few", "te weinig") if each.n else asked.say("none", "geen"), stored="", numeric=True
        )
    )
    values = (
        figures(numbers.value_text(value, unit, asked.language), value) for value in (each.value, each.low, each.high)
    )
    return (figures(asked.count(each.n), each.n), own, *values)


def errors_table(asked: Asked, found: SmallCells) -> Table:
    """Return how far off each way to give cells a value is expected to be.

    Parameters:
        asked: what every figure shares.
        found: the model.
    """
    errors = found.errors
    ways = (
        (Label("model, cells with answers", "model, cellen met antwoorden"), errors.model),
        (Label("model, cells without answers", "model, cellen zonder antwoorden"), errors.empty),
        (Label("own mean, cells with answers", "eigen gemiddelde, cellen met antwoorden"), errors.direct),
        (Label("one mean for every cell", "één gemiddelde voor alle cellen"), errors.one_mean),
    )
    rows = tuple(
        (words(label.read(asked.language)), figures(_size(asked, value, found.measure.unit), value))
        for label, value in ways
        if math.isfinite(value)
    )
    name = found.measure.label.read(asked.language)
    return Table(
        caption=asked.say(
            f"{name}: how far off each way is expected to be (root mean square error, as the model reckons it)",
            f"{name}: hoe ver elke manier er naar verwachting naast zit (wortel van de gemiddelde kwadratische fout, volgens het model)",
        ),
        head=(asked.say("value of a cell", "waarde van een cel"), asked.say("error", "fout")),
        names=("way", "error"),
        rows=rows,
        file="errors.csv",
    )


def spread_table(asked: Asked, found: SmallCells) -> Table:
    """Return how much each group column, and cells by themselves, make cells differ.

    Parameters:
        asked: what every figure shares.
        found: the model.
    """
    unit = found.measure.unit
    rows = tuple(
        (
            words(
                asked.say("each cell by itself", "elke cel op zichzelf")
                if each.of == "cell"
                else labels.column(each.of, asked.language)
            ),
            *(figures(_size(asked, value, unit), value) for value in (each.value, each.low, each.high)),
        )
        for each in found.spread
    )
    name = found.measure.label.read(asked.language)
    return Table(
        caption=asked.say(
            f"{name}: what makes cells differ (standard deviation)",
            f"{name}: waardoor cellen verschillen (standaardafwijking)",
        ),
        head=(
            asked.say("by", "door"),
            asked.say("differ by", "verschil"),
            asked.say("low", "laag"),
            asked.say("high", "hoog"),
        ),
        names=("by", "spread", "low", "high"),
        rows=rows,
        file="spread.csv",
    )


def _size(asked: Asked, value: float, unit: Unit) -> str:
    """Return how large an error or a spread is: no sign, and points to a tenth."""
    if unit is Unit.SHARE:
        return asked.say(
            f"{numbers.number(100 * value, 'en', places=1)} percentage points",
            f"{numbers.number(100 * value, 'nl', places=1)} procentpunt",
        )
    if unit is Unit.POINTS:
        return numbers.number(value, asked.language, places=1)
    return numbers.value_text(value, unit, asked.language)

"""Margins as a person writes them, and the calibration that they make of a sample."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, SupportsFloat

import pyarrow as pa

from peil.engines.engine import Engine
from peil.engines.schema import Kind, Schema, Table
from peil.errors import DefinitionError
from peil.estimates.variables import expression
from peil.surveys.calibrated import Weighed, weighted
from peil.surveys.design import Calibration, Design, Margin
from peil.surveys.levels import written

Method = Literal["cell", "rake", "linear", "bounded"]
By = str | tuple[str, ...]
Targets = Mapping[By, Mapping[object, float]]
NUMERIC = {Kind.INTEGER, Kind.NUMBER}


def margins_of(targets: Targets, totals: Mapping[str, float], schema: Schema) -> tuple[Margin, ...]:
    """Return margins in SQL.

    Parameters:
        targets: for each column or row-level SQL, or several that are crossed, counts or shares by level.
        totals: for each number its total over the population.
        schema: the table.

    Raises:
        DefinitionError: there is nothing to weight to; a column is unknown; or a level has too many or too few parts.

    Example:
        >>> from peil.surveys.responses import RESPONSES
        >>> margins_of({"answered": {True: 0.9, False: 0.1}}, {}, RESPONSES)[0].targets
        {('true',): 0.9, ('false',): 0.1}
    """
    if not targets and not totals:
        raise DefinitionError("there is nothing to weight to", remedy="give targets by level, or totals of numbers")
    found = []
    for by, levels in targets.items():
        names = tuple(each if each in schema.names else each.strip() for each in ((by,) if isinstance(by, str) else by))
        called = ", ".join(names)
        if not isinstance(levels, Mapping):
            raise DefinitionError(
                f"the targets of '{called}' are a {type(levels).__name__}",
                remedy="write them by level, as {'f': 0.5, 'm': 0.5}",
            )
        told: dict[tuple[str, ...], float] = {}
        for level, n in levels.items():
            parts = _level(level)
            if parts in told:
                raise DefinitionError(
                    f"'{called}' = '{', '.join(parts)}' is given twice", remedy="give each level once"
                )
            if len(parts) != len(names):
                raise DefinitionError(
                    f"'{', '.join(parts)}' has {len(parts)} parts where {called} has {len(names)}",
                    remedy="write each level as one value, or as many as there are columns",
                )
            told[parts] = _number(n, f"the target of '{called}' = '{', '.join(parts)}'")
        found.append(Margin(by=tuple(expression(each, schema, "margin") for each in names), targets=told))
    for number, total in totals.items():
        sql = expression(number, schema, "total")
        if number in schema.names and schema.column(number).kind not in NUMERIC:
            raise DefinitionError(f"'{number}' holds no numbers", remedy="give a total of numbers, or targets by level")
        found.append(Margin(by=(sql,), targets={(): _number(total, f"the total of '{number}'")}))
    return tuple(found)


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, SupportsFloat):
        raise DefinitionError(f"{what} is no number", remedy="give a count, or a share")
    return float(value)


def _level(level: object) -> tuple[str, ...]:
    parts: Sequence[object] = level if isinstance(level, tuple) else (level,)
    return tuple(written(each) for each in parts)


def weighted_to(
    engine: Engine,
    table: Table,
    design: Design,
    known: Calibration,
    *,
    one: float,
    rows: pa.Table | Path | None = None,
) -> Weighed:
    """Return a sample's rows with calibrated weights.

    Parameters:
        engine: where the rows are.
        table: the rows, one a respondent.
        design: how they were drawn.
        known: what is known of the population, and how to meet it.
        one: what a weight of 1 is stored as.
        rows: what the table was made of, where the weight of each row is to be known here.

    Raises:
        DefinitionError: a level has respondents and no target, or a target and no respondents.
        EvidenceError: the targets cannot be met together.
    """
    return weighted(engine, table, design, known, name=f"calibrated_{uuid.uuid4().hex[:8]}", one=one, rows=rows)

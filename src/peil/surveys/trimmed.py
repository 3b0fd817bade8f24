"""Cut off the largest weights of rows as they were drawn, and spread what is cut off over the others."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from peil.engines.engine import Engine
from peil.engines.quoting import name as identifier
from peil.engines.schema import Column, Kind, Table
from peil.errors import DefinitionError
from peil.methods.calibrate import levelled
from peil.methods.diagnosis import diagnosis
from peil.surveys.calibrated import Weighed
from peil.surveys.design import Design

WEIGHT = "trimmed_weight"


def trimmed(
    engine: Engine, table: Table, design: Design, most: float, *, one: float, rows: pa.Table | Path | None = None
) -> tuple[Weighed, pa.Table | None]:
    """Return a table with trimmed weights beside its own, in a column ``trimmed_weight``.

    Parameters:
        engine: where the rows are.
        table: the rows, one a respondent.
        design: how they were drawn; its weight is what is trimmed.
        most: most that a weight may be, in times the mean.
        one: what a weight of 1 is stored as.
        rows: what the table was made of, where the weight of each row is to be known here.

    Returns:
        The table and its design, and the rows with their weight where they are in memory.

    Raises:
        DefinitionError: there are no weights, they are calibrated or trimmed already, or the limit is not above 1.
    """
    if design.weight is None:
        raise DefinitionError("the sample has no weights to trim", remedy="name the column of the weight: weight=")
    if design.calibration is not None:
        raise DefinitionError(
            "calibrated weights that are trimmed afterwards no longer meet their margins",
            remedy="say trim= where they are calibrated, or trim before",
        )
    if WEIGHT in table.schema.names:
        raise DefinitionError("the weights are trimmed already", remedy="trim once, to the lowest limit")
    if not most > 1:
        raise DefinitionError(f"weights cannot all be below {most:g} times their mean", remedy="trim at 3 or 5, say")
    weight = f"cast(t.{design.weight} as double)"
    found = engine.rows(f"select {weight} as w, count(*) as n from {table.name} as t group by {weight} order by 1")
    w, n = (np.asarray(found.column(each).to_numpy(), dtype=np.float64) for each in ("w", "n"))
    cap = most * float(n @ w) / float(n.sum())
    added = levelled(w, n, cap) if w[-1] > cap else 0.0
    made = f"case when {weight} + ({added!r}) > ({cap!r}) then ({cap!r}) else {weight} + ({added!r}) end"
    column = Column(name=WEIGHT, kind=Kind.NUMBER, says="the weight, trimmed")
    schema = table.schema.extended(f"trimmed_{uuid.uuid4().hex[:8]}", table.schema.one_row_is, column)
    beside, each = None, None
    if rows is not None:
        each = engine.rows(f"select {made} as w from {table.name} as t", ordered=True).column("w")
    if isinstance(rows, pa.Table) and each is not None:
        beside = rows.append_column(WEIGHT, each)
        step = engine.lent(schema, beside)
    else:
        listed = ", ".join(f"t.{identifier(name)}" for name in table.schema.names)
        step = engine.step(schema.name, f"select {listed}, {made} as {WEIGHT} from {table.name} as t", schema)
    told = diagnosis("trim", (), weight=np.minimum(w + added, cap) / one, rows=n, cap=cap / one)
    return Weighed(
        table=step,
        design=replace(design, weight=WEIGHT),
        diagnosis=told,
        weights=None if each is None else np.asarray(each.to_numpy(), dtype=np.float64),
    ), beside

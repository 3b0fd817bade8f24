"""Calibrate the rows of a table: counted by cell in the engine, calibrated in numpy, weighted in the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from peil.engines.engine import Engine
from peil.engines.quoting import name as identifier
from peil.engines.schema import Column, Kind, Table
from peil.errors import DefinitionError, neighbours
from peil.methods import calibrate
from peil.methods.calibrate import Calibrated, Method
from peil.methods.cells import Cells, Known
from peil.methods.diagnosis import Diagnosis, Floats, spread
from peil.surveys.counted import BILLION, Counted, counted, counted_here
from peil.surveys.design import Calibration, Design
from peil.surveys.factors import factors_table

WEIGHT = "calibrated_weight"
METHODS = ("cell", "rake", "linear", "bounded")
TWO = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighed:
    """A table whose rows have calibrated weights.

    Parameters:
        table: the rows, with one more column or another weight.
        design: the design, which now knows how its weights were calibrated.
        diagnosis: what calibration did.
        weights: the weight of each row in the order of the rows, where these were at hand.
    """

    table: Table
    design: Design
    diagnosis: Diagnosis
    weights: Floats | None = None


def calibrated(sample: Counted, calibration: Calibration) -> Calibrated:
    """Return factors for the cells of a sample.

    Parameters:
        sample: the cells.
        calibration: the method, bounds and trimming.

    Raises:
        DefinitionError: settings contradict one another, or a level is on one side only.
        EvidenceError: the targets cannot be met together.
    """
    method = _method(calibration, sample)
    if calibration.trim is not None:
        if sample.amounts:
            raise DefinitionError("weights that meet a total are not trimmed", remedy="use 'bounded'")
        margins = [replace(each, of=each.of[sample.kind]) for each in sample.margins]
        return calibrate.trim(sample.cells, margins, method, calibration.trim)
    n_kinds = int(sample.kind.max()) + 1
    if np.array_equal(sample.kind, np.arange(n_kinds)):
        return method(sample.cells, sample.margins)
    # one factor for each kind of respondent, whatever weights they came with
    rows, total = (
        np.bincount(sample.kind, each, minlength=n_kinds).astype(np.float64)
        for each in (sample.cells.rows, sample.cells.total)
    )
    made = method(Cells(rows=rows, weight=total / rows), sample.margins)
    g = made.g[sample.kind]
    return Calibrated(g=g, diagnosis=spread(made.diagnosis, weight=g * sample.cells.weight, rows=sample.cells.rows))


def _method(calibration: Calibration, sample: Counted) -> Method:
    kind, bounds = calibration.method, calibration.bounds
    if kind not in METHODS:
        raise DefinitionError(f"weights have no method '{kind}'", remedy=neighbours(kind, METHODS))
    if bounds is not None and kind != "bounded":
        raise DefinitionError(
            f"bounds are not kept by method '{kind}'", remedy="say method='bounded', or leave them out"
        )
    names = [*(each.name for each in sample.margins), *(each.name for each in sample.amounts)]
    for name in names:
        if names.count(name) > 1:
            raise DefinitionError(
                f"'{name}' is given twice", remedy="give each margin once, crossed with what it is crossed with"
            )
    if kind == "rake":
        return partial(calibrate.rake, amounts=sample.amounts)
    if kind == "linear":
        return partial(calibrate.linear, amounts=sample.amounts)
    if kind == "bounded":
        if not (isinstance(bounds, Sequence) and len(bounds) == TWO) or calibration.trim is not None:
            raise DefinitionError(
                "bounded weights need bounds, and are not trimmed as well", remedy="write bounds such as [0.3, 3]"
            )
        return partial(calibrate.bounded, amounts=sample.amounts, bounds=(float(bounds[0]), float(bounds[1])))
    if len(sample.margins) != 1 or sample.amounts:
        raise DefinitionError("cell weights have one margin", remedy="cross its columns, or rake")
    return _one_margin


def _one_margin(sample: Cells, margins: Sequence[Known]) -> Calibrated:
    return calibrate.cell(sample, margins[0])


def weighted(
    engine: Engine,
    table: Table,
    design: Design,
    calibration: Calibration,
    *,
    name: str,
    one: float = BILLION,
    rows: pa.Table | Path | None = None,
) -> Weighed:
    """Return any table with calibrated weights beside its own, in a column ``calibrated_weight``.

    Parameters:
        engine: where the rows are.
        table: the rows, one a respondent.
        design: how they were drawn; its weight is what calibration begins with.
        calibration: what is known of the population, and how to meet it.
        name: what to call the new table.
        one: what a weight of 1 is stored as.
        rows: what the table was made of, an Arrow table or a Parquet file, where the weight of each row is to be known here.

    Raises:
        DefinitionError: a level has respondents and no target, or a target and no respondents; or the weights are
            calibrated already.
        EvidenceError: the targets cannot be met together.

    Example:
        >>> from peil.engines.duck import DuckEngine
        >>> from peil.engines.schema import Schema
        >>> from peil.surveys.design import Margin
        >>> schema = Schema(name="people", one_row_is="a person", key=("sex",), columns=(Column(name="sex", kind=Kind.TEXT, says="m or f"),))
        >>> engine = DuckEngine()
        >>> people = engine.small(schema, pa.table({"sex": ["f", "f", "f", "m"]}))
        >>> known = Calibration(margins=(Margin(by=("sex",), targets={("f",): 0.5, ("m",): 0.5}),))
        >>> made = weighted(engine, people, Design(cluster=""), known, name="weighted", one=1.0)
        >>> engine.rows("select sex, max(calibrated_weight) as weight from weighted group by sex order by sex").to_pylist()
        [{'sex': 'f', 'weight': 0.6666666666666666}, {'sex': 'm', 'weight': 2.0}]
    """
    if design.calibration is not None or WEIGHT in table.schema.names:
        raise DefinitionError("the weights are calibrated already", remedy="give all margins at once")
    known = replace(calibration, weight=design.weight)
    here = None if rows is None else counted_here(engine, table, known, rows=rows)
    sample = here or counted(engine, table, known, one=one)
    made = calibrated(sample, known)
    weights = None
    if sample.of_rows is not None:
        weights = (made.g * sample.stored)[sample.of_rows] if known.weight is None else made.g * sample.stored
    column = Column(name=WEIGHT, kind=Kind.NUMBER, says="the weight, calibrated")
    schema = table.schema.extended(name, table.schema.one_row_is, column)
    if weights is not None and isinstance(rows, pa.Table):
        step = engine.lent(schema, rows.append_column(WEIGHT, pa.array(weights)))
    else:
        factors = factors_table(engine, f"{name}_factors", sample, made, known)
        base = f"cast(t.{design.weight} as double)" if design.weight else f"cast({one!r} as double)"
        listed = ", ".join(f"t.{identifier(each)}" for each in table.schema.names)
        sql = (
            f"select {listed}, {base} * coalesce(f.factor, cast(1 as double)) as {WEIGHT} from {table.name} as t "
            f"left join {factors.table.name} as f on ({known.base}) and {factors.matched.format(alias='f')}"
        )
        step = engine.step(name, sql, schema)
    return Weighed(
        table=step,
        design=replace(design, weight=WEIGHT, calibration=known),
        diagnosis=made.diagnosis,
        weights=weights,
    )

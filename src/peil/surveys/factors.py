"""Factors of calibrated weights as a small table in the engine, and the queries that multiply weights by them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from peil.engines.engine import Engine
from peil.engines.schema import Column, Kind, Schema, Table
from peil.errors import EvidenceError
from peil.methods.calibrate import Calibrated
from peil.surveys.counted import Counted
from peil.surveys.design import Calibration
from peil.surveys.levels import written

# A weight in billionths is to fit 64 bits.
HEAVIEST = 9e9
# Values that are joined as they are; others are joined as texts.
AS_THEY_ARE = (
    (pa.types.is_boolean, Kind.FLAG),
    (pa.types.is_integer, Kind.INTEGER),
    (pa.types.is_floating, Kind.NUMBER),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """Factors as a small table in the engine.

    Parameters:
        table: one row for each kind of respondent, with its ``factor``.
        matched: SQL that joins it, as ``{alias}``, to the rows.
    """

    table: Table
    matched: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """The query that multiplies weights in whole billionths by factors; a row without a factor keeps its own.

    Casting to whole numbers rounds on one engine and cuts off on another: what is cast is put right afterwards.

    Parameters:
        table: the rows.
        base: the column of the weight before.
        into: the column of the weight after.
        joins: factors, and the rows that they are of.
    """

    table: Table
    base: str
    into: str
    joins: tuple[tuple[Factors, str], ...]

    def rows(self) -> str:
        """Return FROM with every factor joined."""
        joined = "".join(
            f" left join {factors.table.name} as f{place} on ({where}) and {factors.matched.format(alias=f'f{place}')}"
            for place, (factors, where) in enumerate(self.joins)
        )
        return f"from {self.table.name} as t{joined}"

    def sql(self) -> str:
        """Return the query, the columns in their order."""
        factors = [f"f{place}.factor" for place in range(len(self.joins))]
        factor = factors[0] if len(factors) == 1 else f"coalesce({', '.join(factors)})"
        inner = f"select t.*, cast(t.{self.base} as double) * {factor} + 0.5 as exact_weight {self.rows()}"
        near = f"select joined.*, cast(exact_weight as bigint) as near_weight from ({inner}) as joined"
        made = (
            f"case when exact_weight is null then {self.base} "
            f"when cast(near_weight as double) > exact_weight then near_weight - 1 else near_weight end as {self.into}"
        )
        listed = ", ".join(made if each == self.into else each for each in self.table.schema.names)
        return f"select {listed} from ({near}) as weighed"


def factors_table(engine: Engine, name: str, sample: Counted, made: Calibrated, calibration: Calibration) -> Factors:
    """Put the factors into the engine, one row for each kind of respondent.

    Parameters:
        engine: where they go.
        name: what to call them.
        sample: the cells.
        made: their factors.
        calibration: how they were made; where weights were trimmed, respondents of one kind and different base weights
            have different factors.

    Raises:
        EvidenceError: a weight is too large to be kept in billionths.
    """
    heaviest = float((made.g * sample.cells.weight).max())
    if heaviest > HEAVIEST:
        raise EvidenceError(f"a weight of {heaviest:g} is above nine billion", remedy="give targets as shares")
    by_weight = calibration.trim is not None and calibration.weight is not None
    of = sample.kind
    if by_weight:
        at = np.unique(sample.stored, return_inverse=True)[1]
        of = np.unique(sample.kind * (int(at.max()) + 1) + at, return_inverse=True)[1].astype(np.int64)
    first = np.unique(of, return_index=True)[1]
    columns, kinds, matched = {}, {}, []
    for place, (sql, values) in enumerate(zip(sample.expressions, sample.values, strict=True)):
        level, taken = f"level_{place}", values.take(pa.array(sample.kind[first]))
        kinds[level] = next((kind for is_one, kind in AS_THEY_ARE if is_one(values.type)), Kind.TEXT)
        if kinds[level] is Kind.TEXT:
            is_text = pa.types.is_string(taken.type)
            texts = (
                taken.fill_null("") if is_text else pa.array([written(each) for each in taken.to_pylist()], pa.string())
            )
            columns[level] = texts
            matched.append(f"coalesce(cast({sql} as varchar), '') = {{alias}}.{level}")
        else:
            columns[level] = taken
            matched.append(f"({sql}) is not distinct from {{alias}}.{level}")
    if by_weight:
        columns["drawn_weight"] = pa.array(sample.stored[first])
        matched.append(f"cast(t.{calibration.weight} as double) = {{alias}}.drawn_weight")
    columns["factor"] = pa.array(made.g[first])
    schema = Schema(
        name=name,
        one_row_is="a kind of respondent",
        key=tuple(columns)[:-1],
        columns=tuple(Column(name=each, kind=kinds.get(each, Kind.NUMBER), says="") for each in columns),
    )
    return Factors(table=engine.small(schema, pa.table(columns)), matched=" and ".join(matched))

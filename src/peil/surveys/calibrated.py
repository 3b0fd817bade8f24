"""Calibrate the rows of a table: counted by cell in the engine, calibrated in numpy, weighted in the engine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from peil.engines.engine import Engine
from peil.engines.quoting import name as identifier
from peil.engines.schema import Column, Kind, Schema, Table
from peil.engines.subset import columns_read
from peil.errors import DefinitionError, EvidenceError, neighbours
from peil.methods import calibrate
from peil.methods.calibrate import Calibrated, Method
from peil.methods.cells import Amount, Cells, Integers, Known, cells
from peil.methods.diagnosis import Diagnosis, Floats
from peil.surveys.design import Calibration, Design

BILLION = 1_000_000_000
WEIGHT = "calibrated_weight"
# A column's name as SQL has it, which is nothing to show.
QUOTED = re.compile(r'^"([^"]*)"$')
# A weight in billionths is to fit 64 bits.
HEAVIEST = 9e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A table whose rows have calibrated weights.

    Parameters:
        table: the rows, with one more column or another weight.
        design: the design, which now knows how its weights were calibrated.
        diagnosis: what calibration did.
    """

    table: Table
    design: Design
    diagnosis: Diagnosis


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """The cells of a sample, as counted by the engine.

    Parameters:
        cells: respondents and base weight of each.
        margins: what is known, by cell.
        amounts: numbers of which the total is known, by cell.
        expressions: the SQL that tells cells apart.
        codes: for each expression, the level of each cell.
        texts: for each expression, its levels as text.
        stored: the base weight of each cell as the table has it.
    """

    cells: Cells
    margins: tuple[Known, ...]
    amounts: tuple[Amount, ...]
    expressions: tuple[str, ...]
    codes: tuple[Integers, ...]
    texts: tuple[tuple[str, ...], ...]
    stored: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """Factors as a small table in the engine.

    Parameters:
        table: one row for each kind of respondent, with its ``factor``.
        matched: SQL that joins it, as ``{alias}``, to the rows.
    """

    table: Table
    matched: str


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
    if calibration.trim is None:
        return method(sample.cells, sample.margins)
    if sample.amounts:
        raise DefinitionError("weights that meet a total are not trimmed", remedy="use 'bounded'")
    return calibrate.trim(sample.cells, sample.margins, method, calibration.trim)


def _method(calibration: Calibration, sample: Counted) -> Method:
    if calibration.method == "rake":
        return partial(calibrate.rake, amounts=sample.amounts)
    if calibration.method == "linear":
        return partial(calibrate.linear, amounts=sample.amounts)
    if calibration.method == "bounded":
        if calibration.bounds is None or calibration.trim is not None:
            raise DefinitionError(
                "bounded weights need bounds, and are not trimmed as well", remedy="write bounds such as [0.3, 3]"
            )
        return partial(calibrate.bounded, amounts=sample.amounts, bounds=calibration.bounds)
    if len(sample.margins) != 1 or sample.amounts:
        raise DefinitionError("cell weights have one margin", remedy="cross its columns, or rake")
    return _one_margin


def _one_margin(sample: Cells, margins: Sequence[Known]) -> Calibrated:
    return calibrate.cell(sample, margins[0])


def counted(engine: Engine, table: Table, calibration: Calibration, *, one: float = BILLION) -> Counted:
    """Count the respondents of each cell: one grouped query.

    Parameters:
        engine: where the rows are.
        table: the rows.
        calibration: what is known of the population, and which rows are respondents.
        one: what a weight of 1 is stored as.

    Raises:
        DefinitionError: an expression names an unknown column, or more than row-level SQL.
        EvidenceError: there is no respondent, or a number of which the total is known is missing.
    """
    expressions = tuple(dict.fromkeys(sql for margin in calibration.margins for sql in margin.by))
    for sql in (*expressions, calibration.base):
        readable(sql, table.schema)
    weight = f"t.{calibration.weight}" if calibration.weight else "1"
    listed = ", ".join(f"{sql} as k{place}" for place, sql in enumerate(expressions))
    keys = ", ".join([*expressions, weight] if calibration.weight else expressions)
    rows = engine.rows(
        f"select {listed}, {weight} as w, count(*) as n from {table.name} as t where ({calibration.base}) group by {keys}"
    )
    stored = numbers_of(rows.column("w"))
    levels = [levels_of(rows.column(f"k{place}")) for place in range(len(expressions))]
    # by level, then by weight: the same rows give the same digits, in whatever order the engine counted them
    order = np.lexsort((stored, *(codes for codes, _ in reversed(levels))))
    read = [(codes[order], texts) for codes, texts in levels]
    stored, n = stored[order], rows.column("n").to_numpy().astype(np.float64)[order]
    sample = cells(stored / (one if calibration.weight else 1.0), n)
    at = {sql: place for place, sql in enumerate(expressions)}
    margins, amounts = [], []
    for margin in calibration.margins:
        name = ", ".join(QUOTED.sub(r"\1", sql) for sql in margin.by)
        if () in margin.targets:
            values = numbers_of(rows.column(f"k{at[margin.by[0]]}"))[order]
            if np.isnan(values).any():
                raise EvidenceError(
                    f"'{name}' is missing for {n[np.isnan(values)].sum():.0f} respondents",
                    remedy="say in SQL what stands in for it, with coalesce",
                )
            amounts.append(Amount(name=name, of=values, target=margin.targets[()]))
        else:
            margins.append(_known(name, [read[at[sql]] for sql in margin.by], margin.targets))
    return Counted(
        cells=sample,
        margins=tuple(margins),
        amounts=tuple(amounts),
        expressions=expressions,
        codes=tuple(codes for codes, _ in read),
        texts=tuple(texts for _, texts in read),
        stored=stored,
    )


def weighted(
    engine: Engine, table: Table, design: Design, calibration: Calibration, *, name: str, one: float = BILLION
) -> Weighed:
    """Return any table with calibrated weights beside its own, in a column ``calibrated_weight``.

    Parameters:
        engine: where the rows are.
        table: the rows, one a respondent.
        design: how they were drawn; its weight is what calibration begins with.
        calibration: what is known of the population, and how to meet it.
        name: what to call the new table.
        one: what a weight of 1 is stored as.

    Raises:
        DefinitionError: a level has respondents and no target, or a target and no respondents; or the weights are
            calibrated already.
        EvidenceError: the targets cannot be met together.

    Example:
        >>> from peil.engines.duck import DuckEngine
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
    sample = counted(engine, table, known, one=one)
    made = calibrated(sample, known)
    factors = factors_table(engine, f"{name}_factors", sample, made, known)
    base = f"cast(t.{design.weight} as double)" if design.weight else f"cast({one!r} as double)"
    listed = ", ".join(f"t.{identifier(each)}" for each in table.schema.names)
    sql = (
        f"select {listed}, {base} * coalesce(f.factor, cast(1 as double)) as {WEIGHT} from {table.name} as t "
        f"left join {factors.table.name} as f on ({known.base}) and {factors.matched.format(alias='f')}"
    )
    column = Column(name=WEIGHT, kind=Kind.NUMBER, says="the weight, calibrated")
    step = engine.step(name, sql, table.schema.extended(name, table.schema.one_row_is, column))
    return Weighed(table=step, design=replace(design, weight=WEIGHT, calibration=known), diagnosis=made.diagnosis)


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
        calibration: how they were made; where weights were trimmed, respondents of one cell and different base weights
            have different factors.

    Raises:
        EvidenceError: a weight is too large to be kept in billionths.
    """
    heaviest = float((made.g * sample.cells.weight).max())
    if heaviest > HEAVIEST:
        raise EvidenceError(f"a weight of {heaviest:g} is above nine billion", remedy="give targets as shares")
    by_weight = calibration.trim is not None and calibration.weight is not None
    told = [*sample.codes, *([np.unique(sample.stored, return_inverse=True)[1].astype(np.int64)] if by_weight else [])]
    code = np.zeros(made.g.size, dtype=np.int64)
    for each in told:
        code = np.unique(code * (int(each.max(initial=0)) + 1) + each, return_inverse=True)[1].astype(np.int64)
    first = np.unique(code, return_index=True)[1]
    columns = {
        f"level_{place}": pa.array(np.asarray(texts, dtype=object)[codes[first]], pa.string())
        for place, (codes, texts) in enumerate(zip(sample.codes, sample.texts, strict=True))
    }
    kinds = dict.fromkeys(columns, Kind.TEXT)
    matched = [
        f"coalesce(cast({sql} as varchar), '') = {{alias}}.level_{place}"
        for place, sql in enumerate(sample.expressions)
    ]
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


def readable(sql: str, schema: Schema) -> None:
    """Refuse SQL that reads a column that is not there, or is more than row-level."""
    for column in columns_read(sql, "weights"):
        if column not in schema.names:
            raise DefinitionError(
                f"'{sql}': '{column}' is no column of '{schema.name}'", remedy=neighbours(column, schema.names)
            )


def levels_of(column: pa.ChunkedArray) -> tuple[Integers, tuple[str, ...]]:
    """Return the level of each row and the levels as texts, written as SQL writes them; nothing and '' are one level."""
    encoded = pc.dictionary_encode(column.combine_chunks(), null_encoding="encode")
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    written = ["" if each is None else _written(each) for each in encoded.dictionary.to_pylist()]
    texts = tuple(sorted(set(written)))
    place = {text: at for at, text in enumerate(texts)}
    rank = np.array([place[each] for each in written], dtype=np.int64)
    return rank[encoded.indices.to_numpy(zero_copy_only=False)], texts


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _known(
    name: str, read: Sequence[tuple[Integers, tuple[str, ...]]], targets: Mapping[tuple[str, ...], float]
) -> Known:
    code = np.zeros(read[0][0].size, dtype=np.int64)
    for codes, texts in read:
        code = code * len(texts) + codes
    here, of = np.unique(code, return_inverse=True)
    levels: list[tuple[str, ...]] = []
    for each in here.tolist():
        parts: list[str] = []
        left = each
        for _, texts in reversed(read):
            left, place = divmod(left, len(texts))
            parts.append(texts[place])
        levels.append(tuple(reversed(parts)))
    absent = sorted(set(targets) - set(levels))
    told = np.array([targets.get(each, np.nan) for each in [*levels, *absent]])
    return Known(name=name, levels=(*levels, *absent), of=of.astype(np.int64), targets=told)


def numbers_of(column: pa.ChunkedArray) -> Floats:
    """Return a column of any number type as doubles; nan where there is none."""
    found: Floats = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype(np.float64)
    return found

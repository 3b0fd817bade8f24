"""Cells of a sample: respondents who are alike in all that they are weighted by, counted where the rows are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from peil.engines.engine import Engine
from peil.engines.quoting import name as identifier
from peil.engines.schema import Table
from peil.errors import EvidenceError
from peil.methods.cells import Amount, Cells, Integers, Known, cells
from peil.methods.diagnosis import Floats
from peil.surveys.design import Calibration
from peil.surveys.levels import levels_of, numbers_of, ranked, readable

BILLION = 1_000_000_000
# A column's name as SQL has it, which is nothing to show.
QUOTED = re.compile(r'^"([^"]*)"$')
# As many rows are looked at one by one; more are left to the engine.
MANY = 20_000_000
# Whole numbers this near to one another are their own places; kinds as many as this are told apart in a table.
SPAN = 4_096
KINDS = 4_000_000
PLAIN = (pa.types.is_string, pa.types.is_large_string, pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """The cells of a sample, and the kinds of respondent that they are of: cells of one kind differ in base weight only.

    Parameters:
        cells: respondents and base weight of each cell.
        kind: the kind of each cell.
        stored: the base weight of each cell as the table has it.
        margins: what is known, by kind.
        amounts: numbers of which the total is known, by kind.
        expressions: the SQL that tells kinds apart.
        values: for each expression, the value of each kind as the table has it.
        of_rows: the cell of each row, where the rows are here.
    """

    cells: Cells
    kind: Integers
    stored: Floats
    margins: tuple[Known, ...]
    amounts: tuple[Amount, ...]
    expressions: tuple[str, ...]
    values: tuple[pa.ChunkedArray, ...]
    of_rows: Integers | None = None


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
    expressions = calibration.expressions
    for sql in (*expressions, calibration.base):
        readable(sql, table.schema)
    weight = f"t.{calibration.weight}" if calibration.weight else "1"
    listed = ", ".join(f"{sql} as k{place}" for place, sql in enumerate(expressions))
    keys = ", ".join([*expressions, weight] if calibration.weight else expressions)
    rows = engine.rows(
        f"select {listed}, {weight} as w, count(*) as n from {table.name} as t where ({calibration.base}) group by {keys}"
    )
    stored = numbers_of(rows.column("w"))
    read = [levels_of(rows.column(f"k{place}")) for place in range(len(expressions))]
    # by level, then by weight: the same rows give the same digits, in whatever order the engine counted them
    order = np.lexsort((stored, *(codes for codes, _ in reversed(read))))
    new = _new([codes[order] for codes, _ in read])
    first = order[new]
    sample = cells(stored[order] / (one if calibration.weight else 1.0), rows.column("n").to_numpy()[order])
    kind = (np.cumsum(new) - 1).astype(np.int64)
    values = tuple(rows.column(f"k{place}").take(pa.array(first)) for place in range(len(expressions)))
    margins, amounts = _of_kinds(
        calibration,
        [(codes[first], texts) for codes, texts in read],
        values,
        np.bincount(kind, sample.rows, minlength=first.size),
    )
    return Counted(
        cells=sample,
        kind=kind,
        stored=stored[order],
        margins=margins,
        amounts=amounts,
        expressions=expressions,
        values=values,
    )


def counted_here(engine: Engine, table: Table, calibration: Calibration, rows: pa.Table | Path) -> Counted | None:
    """Count the respondents of each cell here, and know the cell of each row.

    Parameters:
        engine: where the rows are; one that can give them in their order.
        table: the rows, each a respondent; a weight of 1 is stored as 1.
        calibration: what is known of the population.
        rows: what the table was made of: an Arrow table, or a Parquet file.

    Returns:
        None where there are too many rows.

    Raises:
        DefinitionError: an expression names an unknown column, or more than row-level SQL.
        EvidenceError: there is no respondent, or a number of which the total is known is missing.
    """
    for sql in calibration.expressions:
        readable(sql, table.schema)
    found = _columns(engine, table, calibration, rows)
    if found is None:
        return None
    code, size = np.zeros(found.num_rows, dtype=np.int64), 1
    read: list[tuple[pa.Array, Integers | None]] = []
    for place in range(len(calibration.expressions)):
        places, values = places_of(found.column(place))
        code *= len(values)
        code += places
        size *= len(values)
        present = None
        if size > KINDS:
            present, code = np.unique(code, return_inverse=True)
            size = present.size
        read.append((values, present))
    n = np.bincount(code, minlength=size)
    here = np.flatnonzero(n)
    left = here
    levels: list[tuple[Integers, tuple[str, ...]]] = []
    columns: list[pa.Array] = []
    for values, present in reversed(read):
        left, at = np.divmod(left if present is None else present[left], len(values))
        rank, texts = ranked(values.to_pylist())
        levels.insert(0, (rank[at], texts))
        columns.insert(0, values.take(pa.array(at)))
    order = np.lexsort(tuple(codes for codes, _ in reversed(levels)))
    new = _new([codes[order] for codes, _ in levels])
    first, at = order[new], np.cumsum(new) - 1
    kinds = np.zeros(size, dtype=np.int64)
    kinds[here[order]] = at
    n = np.bincount(at, n[here[order]], minlength=first.size)
    levels = [(codes[first], texts) for codes, texts in levels]
    of_rows = kinds[code]
    if calibration.weight is None:
        stored = np.ones(first.size)
        sample, kind = cells(stored, n), np.arange(first.size)
    else:
        stored = numbers_of(found.column(found.num_columns - 1))
        sample, kind, of_rows = cells(stored), of_rows, np.arange(stored.size)
    told = tuple(pa.chunked_array([each.take(pa.array(first))]) for each in columns)
    margins, amounts = _of_kinds(calibration, levels, told, n)
    return Counted(
        cells=sample,
        kind=kind,
        stored=stored,
        margins=margins,
        amounts=amounts,
        expressions=calibration.expressions,
        values=told,
        of_rows=of_rows,
    )


def _new(codes: Sequence[Integers]) -> NDArray[np.bool_]:
    """Return which cells, in order, are of another kind than the one before."""
    found = np.zeros(codes[0].size, dtype=bool)
    for each in codes:
        found |= np.diff(each, prepend=-1) != 0
    return found


def _columns(engine: Engine, table: Table, calibration: Calibration, rows: pa.Table | Path) -> pa.Table | None:
    """Return the columns that are weighted by, and the weight before, of every row in order."""
    if isinstance(rows, Path):
        schema, many = pq.read_schema(rows), pq.read_metadata(rows).num_rows
    else:
        schema, many = rows.schema, rows.num_rows
    if many > MANY:
        return None
    wanted = [*calibration.expressions, *([calibration.weight] if calibration.weight else [])]
    names = {identifier(each): each for each in schema.names}
    chosen = [names[each] for each in wanted if each in names]
    types = [schema.field(each).type for each in chosen]
    if len(chosen) < len(wanted) or not all(any(is_one(kind) for is_one in PLAIN) for kind in types):
        listed = ", ".join(f"{sql} as k{place}" for place, sql in enumerate(wanted))
        return engine.rows(f"select {listed} from {table.name} as t", ordered=True)
    if not isinstance(rows, Path):
        return rows.select(chosen)
    texts = [each for each, kind in zip(chosen, types, strict=True) if pa.types.is_string(kind)]
    return pq.read_table(rows, columns=list(dict.fromkeys(chosen)), read_dictionary=texts).select(chosen)


def places_of(column: pa.ChunkedArray) -> tuple[Integers, pa.Array]:
    """Return the place of each row among the distinct values of a column, and those values.

    Parameters:
        column: texts, truths or numbers; missing values have a place too.

    Example:
        >>> places, values = places_of(pa.chunked_array([[7, 5], [7]]))
        >>> places.tolist(), values.to_pylist()
        ([2, 0, 2], [5, 6, 7])
    """
    if pa.types.is_integer(column.type) and not column.null_count and len(column):
        numbers = column.to_numpy()
        low, high = int(numbers.min()), int(numbers.max())
        if high - low < SPAN:
            return numbers.astype(np.int64, copy=False) - low, pa.array(np.arange(low, high + 1), column.type)
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column, null_encoding="encode")
    column = column.unify_dictionaries()
    values = column.chunk(0).dictionary if column.num_chunks else pa.array([], column.type.value_type)
    places = np.empty(len(column), dtype=np.int64)
    first = 0
    for chunk in column.chunks:
        indices = chunk.indices.fill_null(len(values)) if chunk.indices.null_count else chunk.indices
        places[first : first + len(chunk)] = indices.to_numpy(zero_copy_only=False)
        first += len(chunk)
    if places.max(initial=-1) == len(values):
        values = pa.concat_arrays([values, pa.nulls(1, values.type)])
    return places, values


def _of_kinds(
    calibration: Calibration,
    read: Sequence[tuple[Integers, tuple[str, ...]]],
    values: Sequence[pa.ChunkedArray],
    n: Integers | Floats,
) -> tuple[tuple[Known, ...], tuple[Amount, ...]]:
    """Return margins and amounts, by kind."""
    at = {sql: place for place, sql in enumerate(calibration.expressions)}
    margins, amounts = [], []
    for margin in calibration.margins:
        name = ", ".join(QUOTED.sub(r"\1", sql) for sql in margin.by)
        if () in margin.targets:
            numbers = numbers_of(values[at[margin.by[0]]])
            if np.isnan(numbers).any():
                raise EvidenceError(
                    f"'{name}' is missing for {n[np.isnan(numbers)].sum():.0f} respondents",
                    remedy="say in SQL what stands in for it, with coalesce",
                )
            amounts.append(Amount(name=name, of=numbers, target=margin.targets[()]))
        else:
            margins.append(_known(name, [read[at[sql]] for sql in margin.by], margin.targets))
    return tuple(margins), tuple(amounts)


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

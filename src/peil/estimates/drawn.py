"""How a sample was drawn: the rows from wherever they are, and whether the design can be."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from peil.engines.engine import Engine
from peil.engines.quoting import name as identifier
from peil.engines.schema import Column, Kind, Schema, Table
from peil.errors import DefinitionError, EvidenceError, neighbours
from peil.estimates.variables import LARGEST
from peil.surveys.design import Design, Singleton

KINDS = (
    (pa.types.is_boolean, Kind.FLAG),
    (pa.types.is_integer, Kind.INTEGER),
    (pa.types.is_floating, Kind.NUMBER),
    (pa.types.is_decimal, Kind.NUMBER),
    (pa.types.is_date, Kind.DAY),
    (pa.types.is_timestamp, Kind.INSTANT),
)


def rows_of(data: Any) -> pa.Table | Path:  # noqa: ANN401  # whatever holds columns
    """Return rows as an Arrow table or as a Parquet file, without copying them.

    Parameters:
        data: an Arrow, polars or pandas table; anything that gives an Arrow stream; names with lists; or the path of a
            Parquet file.

    Raises:
        DefinitionError: it is none of these.
    """
    if not isinstance(data, str | Path):
        return _arrow(data)
    path = Path(data)
    if path.suffix != ".parquet" or not path.is_file():
        raise DefinitionError(f"'{path.name}' is no Parquet file", remedy="read other files with pandas or polars")
    return path


def table_of(engine: Engine, data: Any) -> Table:  # noqa: ANN401  # whatever holds columns
    """Return rows as a table of an engine, without copying them.

    Parameters:
        engine: what is to count them.
        data: as for ``rows_of``.

    Raises:
        DefinitionError: it is none of these.
    """
    rows = rows_of(data)
    fields = pq.read_schema(rows) if isinstance(rows, Path) else rows.schema
    columns = tuple(
        Column(name=field.name, kind=next((kind for is_one, kind in KINDS if is_one(field.type)), Kind.TEXT), says="")
        for field in fields
    )
    name = f"sample_{uuid.uuid4().hex[:8]}"
    return engine.lent(Schema(name=name, one_row_is="a respondent", key=(), columns=columns), rows)


def _arrow(data: Any) -> pa.Table:  # noqa: ANN401  # whatever holds columns
    if isinstance(data, pa.Table):
        made = data
    elif hasattr(data, "to_arrow"):
        # polars hands over its own memory so; as a stream it copies what stands in several pieces
        made = data.to_arrow()
    elif type(data).__module__.startswith("pandas"):
        made = pa.Table.from_pandas(data, preserve_index=False)
    elif isinstance(data, dict) or hasattr(data, "__arrow_c_stream__"):
        made = pa.table(data)
    else:
        raise DefinitionError(
            f"a sample cannot be read from a {type(data).__name__}",
            remedy="give a pandas, polars or Arrow table, names with lists, or the path of a Parquet file",
        )
    for place, field in enumerate(made.schema):
        if pa.types.is_dictionary(field.type):
            made = made.set_column(place, field.name, made.column(place).cast(field.type.value_type))
    return made


def checked(engine: Engine, table: Table, design: Design) -> None:
    """Refuse a design that names unknown columns, or that the rows cannot have been drawn by.

    Raises:
        DefinitionError: a column is unknown, or a weight or population holds no numbers.
        EvidenceError: values are missing or impossible; told are how many and what to do.
    """
    _known(table, design)
    listed = ", ".join(f"{sql} as {name}" for name, sql in _counts(design).items())
    stratum, grouped = (f"{design.stratum} as h, ", f" group by {design.stratum}") if design.stratum else ("", "")
    found = engine.rows(f"select {stratum}{listed} from {table.name} as t{grouped}").to_pylist()
    if not any(each["rows_n"] for each in found):
        raise EvidenceError("the sample has no rows", remedy="check what was read")
    for name, (what, remedy) in FAULTS.items():
        counts_of = [(each.get(name, 0), each["rows_n"]) for each in found]
        if name == "no_population":
            # a stratum of which no row tells its population is one without end
            counts_of = [(times, rows) for times, rows in counts_of if times < rows]
        times = sum(times for times, _ in counts_of)
        if times:
            raise EvidenceError(f"{times} of {sum(each['rows_n'] for each in found)} rows {what}", remedy=remedy)
    if design.population:
        _one_population(found, by_row=not design.cluster)


def _counts(design: Design) -> dict[str, str]:
    """Return what to count of each stratum: rows, what is missing, and what cannot be."""
    needed = {
        "no_stratum": design.stratum,
        "no_cluster": design.clusters,
        "no_unit": design.unit,
        "no_weight": f"t.{design.weight}" if design.weight else None,
        "no_population": design.population,
        "no_units": design.unit_population,
    }
    counts = {"rows_n": "count(*)"}
    counts |= {name: f"count(case when {sql} is null then 1 end)" for name, sql in needed.items() if sql}
    if design.weight:
        counts["not_positive"] = f"count(case when t.{design.weight} <= 0 then 1 end)"
        counts["endless"] = f"count(case when t.{design.weight} > {LARGEST} then 1 end)"
    if design.population:
        counts["least"] = f"cast(min({design.population}) as double)"
        counts["most"] = f"cast(max({design.population}) as double)"
    return counts


FAULTS = {
    "no_weight": ("have no weight", "leave these rows out, or give them the weight they should have"),
    "not_positive": ("have a weight of zero or less", "leave these rows out, or use where= to leave them outside"),
    "endless": ("have an infinite weight, or one that is no number", "correct how the weights were made"),
    "no_stratum": ("have no stratum", "name the stratum of each row, or join these to one"),
    "no_cluster": ("have no cluster", "name the cluster of each row; a row of its own needs a name of its own"),
    "no_unit": ("have no unit", "name the second-stage unit of each row"),
    "no_population": ("have no population", "give the size of each stratum, or no population at all"),
    "no_units": ("have no population of units", "give the units of each cluster, or no such population at all"),
}


def _known(table: Table, design: Design) -> None:
    """Refuse columns that are not there; parts of a design made here are quoted names."""
    schema = table.schema
    quotes = {identifier(each): each for each in schema.names}
    for what in ("weight", "stratum", "cluster", "population", "unit", "unit_population"):
        sql = getattr(design, what)
        if sql and sql.startswith('"') and sql not in quotes:
            raise DefinitionError(
                f"{what}: there is no column '{sql[1:-1]}'", remedy=neighbours(sql[1:-1], schema.names)
            )
        numeric = what in {"weight", "population", "unit_population"}
        if numeric and sql in quotes and schema.column(quotes[sql]).kind not in {Kind.INTEGER, Kind.NUMBER}:
            raise DefinitionError(f"{what}: '{quotes[sql]}' holds no numbers", remedy="cast it before it is given")
    if design.singleton not in get_args(Singleton):
        raise DefinitionError(
            f"singleton: there is no rule '{design.singleton}'",
            remedy=neighbours(design.singleton, get_args(Singleton)),
        )
    if design.unit and not design.cluster:
        raise DefinitionError(
            "a second stage needs a first: 'unit' is given without 'cluster'", remedy="name the cluster"
        )
    if design.unit_population and not design.unit:
        raise DefinitionError("'unit_population' is given without 'unit'", remedy="name the column of the units")


def _one_population(strata: Sequence[Mapping[str, Any]], *, by_row: bool) -> None:
    for each in strata:
        if each["most"] is None:
            continue
        called = f"stratum '{each['h']}'" if "h" in each else "the sample"
        if each["least"] != each["most"]:
            raise EvidenceError(
                f"{called} has populations from {each['least']:g} to {each['most']:g}",
                remedy="give one number a stratum: clusters in the population, or rows where there are no clusters",
            )
        if 0 < each["most"] < 1:
            raise EvidenceError(
                f"{called} has a population of {each['most']:g}",
                remedy="give how many clusters or rows there are, not which part of them was drawn",
            )
        if each["most"] < (each["rows_n"] if by_row else 1):
            raise EvidenceError(
                f"{called} has {each['rows_n']} rows out of a population of {each['most']:g}",
                remedy="give the size of the population, not of the sample",
            )

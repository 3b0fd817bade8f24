"""SQL that makes typed rows out of draft rows, and says of each whether it breaks a rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from peil.engines import checks
from peil.engines.checks import raw
from peil.engines.quoting import name, quoted
from peil.engines.schema import STORED, Column, Schema

# Known of every row of an export; a draft may leave them out.
FILLED = ("source", "organisation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the rows come from, and the time zone of instants that carry none."""

    source: str
    organisation: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A query for the draft rows of one table.

    Parameters:
        schema: the table.
        sql: each column under ``checks.raw``, as trimmed text or, if ``plain``, in its stored type.
        columns: those the draft has.
        plain: those that need no parsing.
        numbered: it has ``line`` as well.
    """

    schema: Schema
    sql: str
    columns: tuple[str, ...]
    plain: frozenset[str] = frozenset()
    numbered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A rule, the column to show, and SQL over the typed row that is true where it is broken."""

    rule: str
    column: Column
    sql: str


def failures(drafted: Drafted, origin: Origin) -> tuple[Failure, ...]:
    """Return what can be wrong with a row."""
    return tuple(_failures(drafted, origin.zone))


def _failures(drafted: Drafted, zone: str) -> Iterator[Failure]:
    schema = drafted.schema
    derived = checks.local_columns(schema, zone)
    for column in schema.columns:
        given = column.name in drafted.columns
        needed = column.required and column.name not in FILLED
        if column.name in derived or not (given or needed):
            continue
        rules = checks.failures(column, zone=zone, given=given, plain=column.name in drafted.plain)
        for rule, sql in rules.items():
            yield Failure(rule=f"{column.name}.{rule}", column=column, sql=sql)
    for each in schema.rules:
        yield Failure(rule=each.name, column=schema.column(each.column), sql=f"not ({each.holds})")


def query(drafted: Drafted, origin: Origin) -> str:
    """Return SQL for the typed rows: every column, ``is_bad``, and of bad rows also what stood in the draft."""
    schema = drafted.schema
    derived = checks.local_columns(schema, origin.zone)
    filled = dict(zip(FILLED, (quoted(origin.source), quoted(origin.organisation)), strict=True))
    values: dict[str, str] = {}
    for column in schema.columns:
        if column.name in derived:
            continue
        if column.name in drafted.columns:
            value = checks.typed(column, zone=origin.zone, plain=column.name in drafted.plain)
            values[column.name] = f"coalesce({value}, {filled[column.name]})" if column.name in filled else value
        else:
            nothing = f"cast(null as {STORED[column.kind]})"
            values[column.name] = filled.get(column.name) or column.default or nothing
    line = ["line"] if drafted.numbered else []
    bad = " or ".join(f"coalesce({each.sql}, false)" for each in failures(drafted, origin)) or "false"
    inner = [f"{sql} as {name(column)}" for column, sql in values.items()] + [raw(each) for each in drafted.columns]
    outer = [name(each) for each in values]
    outer += [f"case when is_bad then {raw(each)} end as {raw(each)}" for each in drafted.columns]
    return (
        f"select {', '.join([*outer, *line])}, is_bad from (select *, ({bad}) as is_bad from "
        f"(select {', '.join([*inner, *line])} from ({drafted.sql})))"
    )

"""What may be asked of a sample's columns: names or row-level SQL, turned into what is summed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from peil.engines.engine import Engine
from peil.engines.quoting import name as identifier
from peil.engines.quoting import quoted
from peil.engines.schema import Kind, Schema, Table
from peil.engines.subset import columns_read
from peil.errors import DefinitionError, EvidenceError, neighbours
from peil.estimates.groups import Grouping
from peil.estimates.moments import Quantity

Names = str | Sequence[str]
Statistic = Literal["mean", "share", "nps", "total"]
LARGEST = "1.7976931348623157e308"
LEVELS = 200
NPS_MOST = 10
NPS = "case when {v} >= 9 then 100 when {v} <= 6 then -100 else 0 end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A quantity of one row.

    Parameters:
        name: how it was asked for.
        where: SQL: rows that have it; ``true`` where none lacks it.
        of: SQL of its value.
    """

    name: str
    where: str
    of: str


def listed(names: Names) -> list[str]:
    """Return one name, or several, as a list."""
    return [names] if isinstance(names, str) else list(names)


def quantity(variable: Variable, per: Variable | None = None) -> Quantity:
    """Return what is summed of a variable, or of a variable over another where both are known."""
    if per is None:
        return Quantity(where=variable.where, of=variable.of)
    both = [each.where for each in (variable, per) if each.where != "true"]
    return Quantity(where=" and ".join(both) or "true", of=variable.of, per=per.of)


def expression(text: str, schema: Schema, what: str) -> str:
    """Return the SQL of a column's name, or of row-level SQL over declared columns.

    Parameters:
        text: a column, whatever its name holds, or SQL in which such names stand in double quotes.
        schema: the table's columns.
        what: how to call it in an error.

    Raises:
        DefinitionError: a column is unknown, or a construct is not on the allow-list.

    Example:
        >>> from peil.engines.schema import Column
        >>> schools = Schema(name="s", one_row_is="a school", key=(), columns=(Column(name="comp.imp", kind=Kind.TEXT, says=""),))
        >>> expression("comp.imp", schools, "by"), expression('"comp.imp" = 3', schools, "where")
        ('"comp.imp"', '"comp.imp" = 3')
    """
    if text in schema.names:
        return identifier(text)
    known = {each.lower() for each in schema.names}
    for column in columns_read(text, what):
        if column.lower() not in known:
            raise DefinitionError(f"{what}: there is no column '{column}'", remedy=neighbours(column, schema.names))
    return text


def grouped(by: Sequence[str], schema: Schema) -> Grouping:
    """Return how to group the rows of a sample, by columns or by row-level SQL; what is no number is missing."""
    columns = []
    for each in by:
        sql = expression(each, schema, "by")
        number = each in schema.names and schema.column(each).kind is Kind.NUMBER
        columns.append(f"nullif({sql}, cast('nan' as double))" if number else sql)
    return Grouping(names=tuple(by), columns=tuple(columns), span_ms=None, calendar=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of one table, and what is known of their values.

    Parameters:
        engine: where the rows are.
        table: the table.
    """

    engine: Engine
    table: Table

    def kind(self, text: str) -> Kind | None:
        """Return what a column holds; None for SQL."""
        return self.table.schema.column(text).kind if text in self.table.schema.names else None

    def numbers(self, variables: Sequence[str]) -> list[Variable]:
        """Return numbers and truths (1 and 0); a missing value, nan included, leaves the row outside every group.

        Raises:
            DefinitionError: a variable is no column, or holds no numbers.
            EvidenceError: a value is infinite.
        """
        made = [self._number(each) for each in variables]
        found = self._told([each for each, _ in made], ends=[plain for _, plain in made])
        kept = []
        for (variable, plain), (rows, known, least, most) in zip(made, found, strict=True):
            where = [] if known == rows else [f"{variable.of} is not null"]
            if plain and known and not (np.isfinite(least) and np.isfinite(most)):
                self._refuse_infinite(variable)
                where = [f"{variable.of} <= {LARGEST}"]
            kept.append(Variable(name=variable.name, where=" and ".join(where) or "true", of=variable.of))
        return kept

    def scores(self, variables: Sequence[str]) -> list[Variable]:
        """Return answers of 0 to 10 as 100, 0 or -100.

        Raises:
            EvidenceError: an answer lies outside 0 to 10.
        """
        checked = self.numbers(variables)
        found = self._told(checked, ends=[True] * len(checked))
        for variable, (_, known, least, most) in zip(checked, found, strict=True):
            if known and (least < 0 or most > NPS_MOST):
                outside = f"case when {variable.where} and ({variable.of} < 0 or {variable.of} > {NPS_MOST}) then 1 end"
                times = self._count(outside)
                raise EvidenceError(
                    f"'{variable.name}' has {times} answers outside 0 to {NPS_MOST}",
                    remedy="make codes for no answer empty, and bring other scales to 0 to 10 first",
                )
        return [Variable(name=each.name, where=each.where, of=NPS.format(v=each.of)) for each in checked]

    def shares(self, variables: Sequence[str]) -> list[Variable]:
        """Return conditions as 1 and 0; a column of texts gives one for each of its values.

        Raises:
            EvidenceError: a column of numbers holds more than 0 and 1, or one of texts too many values.
        """
        made: list[Variable] = []
        for each in variables:
            sql, kind = expression(each, self.table.schema, "variable"), self.kind(each)
            if kind in {Kind.TEXT, Kind.CODE}:
                made += self._levels(each, sql)
                continue
            truth = f"{sql} = 1" if kind in {Kind.INTEGER, Kind.NUMBER} else sql
            if kind in {Kind.INTEGER, Kind.NUMBER}:
                others = self._count(f"case when {sql} <> 0 and {sql} <> 1 then 1 end")
                if others:
                    raise EvidenceError(
                        f"'{each}' has {others} values other than 0 and 1",
                        remedy=f"name the condition, such as '{each} >= 8', or ask for its mean",
                    )
            of = f"case when {truth} then 1 else 0 end"
            missing = self._count(f"case when {truth} is null then 1 end")
            made.append(Variable(name=each, where=f"({truth}) is not null" if missing else "true", of=of))
        return made

    def _number(self, text: str) -> tuple[Variable, bool]:
        sql, kind = expression(text, self.table.schema, "variable"), self.kind(text)
        if kind is Kind.FLAG:
            return Variable(name=text, where="true", of=f"case when {sql} then 1 when not {sql} then 0 end"), False
        if kind not in {Kind.INTEGER, Kind.NUMBER, None}:
            raise DefinitionError(
                f"'{text}' holds no numbers ({kind})", remedy="ask for its share, or name a condition"
            )
        return Variable(name=text, where="true", of=sql if kind else f"({sql})"), kind is Kind.NUMBER

    def _levels(self, text: str, sql: str) -> list[Variable]:
        levels = self.engine.rows(f"select {sql} as v, count(*) as n from {self.table.name} as t group by {sql}")
        values = levels.column("v").to_pylist()
        if len(values) > LEVELS:
            raise EvidenceError(f"'{text}' has {len(values)} different values", remedy="name the conditions you mean")
        where = f"{sql} is not null" if None in values else "true"
        return [
            Variable(name=f"{text} = {value}", where=where, of=f"case when {sql} = {quoted(value)} then 1 else 0 end")
            for value in sorted(each for each in values if each is not None)
        ]

    def _told(self, variables: Sequence[Variable], *, ends: Sequence[bool]) -> list[tuple[int, int, float, float]]:
        """Return rows, rows with a value, and the least and most of each variable where they are asked for."""
        listed = "count(*) as n"
        for place, (each, both) in enumerate(zip(variables, ends, strict=True)):
            listed += f", count({each.of}) as n{place}"
            if both:
                listed += f", cast(min({each.of}) as double) as a{place}, cast(max({each.of}) as double) as b{place}"
        (row,) = self.engine.rows(f"select {listed} from {self.table.name} as t").to_pylist()
        return [
            (row["n"], row[f"n{place}"], row.get(f"a{place}", 0.0), row.get(f"b{place}", 0.0))
            for place in range(len(variables))
        ]

    def _count(self, sql: str) -> int:
        (row,) = self.engine.rows(f"select count({sql}) as n from {self.table.name} as t").to_pylist()
        return int(row["n"])

    def _refuse_infinite(self, variable: Variable) -> None:
        ends = f"{variable.of} = cast('infinity' as double) or {variable.of} = cast('-infinity' as double)"
        times = self._count(f"case when {ends} then 1 end")
        if times:
            raise EvidenceError(
                f"'{variable.name}' has {times} infinite values", remedy="make them empty, or correct them"
            )

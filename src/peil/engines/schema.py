"""What a table means: its columns, key and rules, declared once as data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from peil.errors import SchemaError, neighbours


class Kind(StrEnum):
    """What a column holds, and how it is stored."""

    TEXT = "text"
    CODE = "code"
    INTEGER = "integer"
    NUMBER = "number"
    INSTANT = "instant"
    DAY = "day"
    FLAG = "flag"
    JSON = "json"


STORED: dict[Kind, str] = {
    Kind.TEXT: "varchar",
    Kind.CODE: "varchar",
    Kind.INTEGER: "bigint",
    Kind.NUMBER: "double",  # only of tables that somebody else keeps: what Peil keeps is summed exactly
    Kind.INSTANT: "timestamp",
    Kind.DAY: "date",
    Kind.FLAG: "boolean",
    Kind.JSON: "varchar",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a canonical table.

    Parameters:
        name: carries its unit: ``_at`` an instant in UTC, ``_on`` a local day, ``_ms`` and
            ``_cents`` whole numbers, ``_id`` an identifier.
        kind: what it holds.
        says: what it means, in one sentence.
        required: a row without it is kept aside.
        least, most: bounds of a whole number, in the column's unit.
        codes: the closed list of a code column.
        personal: masked wherever a row is shown.
        handle: an identifier of a customer; replaced at the door by a keyed hash.
        default: SQL literal used where an export says nothing.
        field: which of ``handles.FIELDS`` the door fills in here, from what the row says of a person.
    """

    name: str
    kind: Kind
    says: str
    required: bool = False
    least: int | None = None
    most: int | None = None
    codes: tuple[str, ...] = ()
    personal: bool = False
    handle: bool = False
    default: str | None = None
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Something that must hold of one row.

    Parameters:
        name: how the rule is counted and shown.
        holds: SQL over the typed row; a row for which it is false is kept aside (null passes).
        column: the column to show.
        says: the sentence a person reads.
    """

    name: str
    holds: str
    column: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A table's meaning, declared once.

    Parameters:
        name: the table's name.
        one_row_is: what one row stands for.
        key: the columns that tell rows apart.
        columns: every column, in order.
        rules: what must hold of each row.
        version: the column that says which of two deliveries of one row is newer.
        local: pairs (instant, day) of columns the door derives in the row's time zone.

    Example:
        >>> from peil.sources.tables import LEGS
        >>> LEGS.column("wait_ms").kind.value
        'integer'
    """

    name: str
    one_row_is: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    version: str | None = None
    local: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(each.name for each in self.columns)

    def column(self, name: str) -> Column:
        """Return the column called ``name``.

        Raises:
            SchemaError: no column has that name.
        """
        for each in self.columns:
            if each.name == name:
                return each
        raise SchemaError(f"table '{self.name}' has no column '{name}'", remedy=neighbours(name, self.names))

    def extended(self, name: str, one_row_is: str, *columns: Column) -> Schema:
        """Return this schema under another name, with more columns."""
        return replace(self, name=name, one_row_is=one_row_is, columns=(*self.columns, *columns), rules=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A handle on rows that stay in an engine.

    Parameters:
        schema: what the rows mean.
        name: how the engine knows them.
    """

    schema: Schema
    name: str

"""Any delimited or Parquet table, with a column mapping from the configuration."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from pydantic import ConfigDict
from sqlglot import exp

from peil.engines.quoting import quoted
from peil.engines.schema import Schema
from peil.errors import DefinitionError, SchemaError, SourceError, neighbours
from peil.sources.source import Draft, Export, Fault, Scan
from peil.sources.tables import CANONICAL

DELIMITERS = (",", ";", "\t", "|")
HEAD = 131_071
MOST_DIGITS = 5
# Columns that nobody asked for and that tell who somebody is stay out of the store.
PERSONAL = re.compile(
    r"naam|(?:^|[^a-z])name|(?:customer|caller|agent|user|full|first|last|sur)_?name|mail|phone|telefoon|tel(?:$|[^a-z])|mobi|msisdn"
    r"|^ani$|birth|geboorte|adres|address|postcode|zip|iban|bsn",
    re.IGNORECASE,
)
MS_PER = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "day": 86_400_000}
TableName = Literal[
    "legs",
    "messages",
    "answers",
    "invitations",
    "questions",
    "roster",
    "agent_states",
    "intervals",
    "customers",
    "orders",
    "costs",
]
# What a mapping may call: nothing that reads files, settings or other tables.
ALLOWED = (
    exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Case, exp.If, exp.Coalesce, exp.Nullif,
    exp.Concat, exp.DPipe, exp.Upper, exp.Lower, exp.Trim, exp.Replace, exp.Substring, exp.SplitPart, exp.Length,
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between, exp.Is, exp.Like,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Round, exp.Greatest, exp.Least, exp.Cast, exp.TryCast, exp.DataType,
    exp.Tuple, exp.MD5, exp.Pad,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """How one canonical column comes from the file.

    Parameters:
        of: a column of the file, or SQL over its columns.
        parse: date formats as ``strptime`` knows them, tried in order.
        unit: the unit of a duration (``clock`` is ``h:mm:ss``); stored as ms.
        values: translation of codes; what is not listed goes through as it is.
        decimal: decimal comma or point of numbers.
        plus: of an instant: a duration to add, as ``h:mm:ss``; without one that can be read there is no instant.
        times: whole number to multiply by, after ``decimal`` (1000 for thousandths).
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    of: str
    parse: tuple[str, ...] | str = ()
    unit: Literal["ms", "s", "min", "h", "day", "clock"] | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    decimal: Literal[".", ","] = "."
    plus: str | None = None
    times: int = 1


def _expressions(mapped: str | Mapped) -> tuple[str, ...]:
    if isinstance(mapped, str):
        return (mapped,)
    return (mapped.of, mapped.plus) if mapped.plus else (mapped.of,)


def _sql(column: str, mapped: str | Mapped) -> str:
    if isinstance(mapped, str):
        return _safe(mapped)
    text = f"nullif(trim(cast(({_safe(mapped.of)}) as varchar)), '')"
    if mapped.decimal == ",":
        text = f"replace(replace({text}, '.', ''), ',', '.')"
    if mapped.values:
        cases = " ".join(f"when {quoted(old)} then {quoted(new)}" for old, new in mapped.values.items())
        text = f"case {text} {cases} else {text} end"
    if mapped.parse:
        formats = (mapped.parse,) if isinstance(mapped.parse, str) else mapped.parse
        listed = ", ".join(quoted(each) for each in formats)
        kind = "%Y-%m-%d" if column.endswith("_on") else "%Y-%m-%d %H:%M:%S.%f"
        text = f"coalesce(strftime(try_strptime({text}, [{listed}]), {quoted(kind)}), {text})"
    if mapped.plus:
        text = _later(text, _safe(mapped.plus))
    if mapped.unit == "clock":
        text = f"coalesce(cast({_clock_ms(text)} as varchar), {text})"
    elif mapped.unit or mapped.times != 1:
        factor = MS_PER.get(mapped.unit or "ms", 1) * mapped.times
        text = f"coalesce(cast(cast(round(try_cast({text} as double) * {factor}) as bigint) as varchar), {text})"
    return text


def _clock_ms(text: str) -> str:
    """SQL for the ms in ``h:mm:ss``; null where it is written otherwise, or below zero."""
    parts = [f"try_cast(split_part({text}, ':', {place}) as double)" for place in (1, 2, 3)]
    seconds = f"({parts[0]} * 3600 + {parts[1]} * 60 + coalesce({parts[2]}, 0))"
    return f"case when {text} not like '-%' then cast(round({seconds} * 1000) as bigint) end"


def _later(text: str, plus: str) -> str:
    """SQL for an instant moved on by a duration, its offset kept as it is written."""
    moved = (
        f"try_cast(left({text}, 19) as timestamp) + to_milliseconds({_clock_ms(f'trim(cast(({plus}) as varchar))')})"
    )
    return f"strftime({moved}, '%Y-%m-%dT%H:%M:%S.%g') || regexp_extract({text}, '(Z|[+-][0-9][0-9]:?[0-9][0-9])$')"


def _safe(sql: str) -> str:
    """Return an expression that reads any column, and that no value can stop.

    Columns are quoted, as a file may call one 'at' or 'order'. A value that a cast cannot take comes through as it
    is: the door then keeps its row aside, and the load goes on.
    """
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    for column in tree.find_all(exp.Column):
        column.this.set("quoted", value=True)
    doubts = []
    for cast in [each for each in tree.find_all(exp.Cast) if not isinstance(each, exp.TryCast)]:
        given = cast.this.sql(dialect="duckdb")
        taken = f"try_cast({given} as {cast.to.sql(dialect='duckdb')})"
        doubts.append(f"when {given} is not null and {taken} is null then cast({given} as varchar)")
    if not doubts:
        return tree.sql(dialect="duckdb")
    tame = tree.transform(lambda node: exp.TryCast(**node.args) if type(node) is exp.Cast else node)
    return f"case {' '.join(doubts)} else cast({tame.sql(dialect='duckdb')} as varchar) end"


def _columns_read(sql: str, where: str) -> set[str]:
    """Return the file columns an expression reads, or refuse it."""
    try:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
    except sqlglot.errors.ParseError:
        raise DefinitionError(
            f"{where}: '{sql}' is not an expression", remedy="quote column names with odd characters: '\"vru+line\"'"
        ) from None
    for node in tree.walk():
        if not isinstance(node, ALLOWED):
            raise DefinitionError(
                f"{where}: '{node.sql(dialect='duckdb')}' is not allowed in a mapping",
                remedy="use columns, literals, case, coalesce, comparison, arithmetic and text functions",
            )
    return {each.name for each in tree.find_all(exp.Column)}


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimitedTable:
    """A CSV or Parquet file of which each row is a row of one canonical table.

    Parameters:
        name: how the source is called.
        organisation: whose customer contact it is.
        files: glob patterns, relative to the configuration.
        table: the canonical table.
        columns: canonical column to a file column, an SQL expression, or a ``Mapped``.
        zone: time zone of instants without offset, and of local days.
        delimiter: left out, it is found.
        quote: the quoting character.

    Example:
        >>> source = DelimitedTable(
        ...     name="acd", organisation="Acme", files=("calls.csv",), table="legs",
        ...     columns={"contact_id": "id", "wait_ms": Mapped(of="wait", unit="s")},
        ... )
        >>> source.provides[0].name
        'legs'
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: Literal["table"] = "table"
    name: str
    organisation: str = ""
    files: tuple[str, ...]
    table: TableName
    columns: Mapping[str, str | Mapped]
    zone: str = ""
    delimiter: str | None = None
    quote: str = '"'

    def __post_init__(self) -> None:
        """Refuse what cannot be, before any file is read."""
        for setting, value in (("delimiter", self.delimiter or ","), ("quote", self.quote)):
            if len(value) != 1 or value in "\r\n":
                raise DefinitionError(
                    f"source '{self.name}': the {setting} is '{value}'",
                    remedy='it is one character; a tab is "\\t" in double quotes',
                )
        for column, mapped in self.columns.items():
            self._schema.column(column)
            for sql in _expressions(mapped):
                _columns_read(sql, f"source '{self.name}', column '{column}'")

    @property
    def _schema(self) -> Schema:
        return CANONICAL[self.table]

    @property
    def provides(self) -> tuple[Schema, ...]:
        """The one canonical table it delivers."""
        return (self._schema,)

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the file as one scan.

        Raises:
            SchemaError: the mapping reads a column that the file does not have.
        """
        if export.encoding == "parquet":
            names, delimiter = _parquet_names(export), ","
        else:
            delimiter = self.delimiter or _sniffed(export, self.quote)
            names = _header(export, delimiter, self.quote)
        used = self._check(export, names, delimiter)
        columns = {column: _sql(column, mapped) for column, mapped in self.columns.items()}
        yield Draft(
            schema=self._schema,
            rows=Scan(
                path=export.path,
                format="parquet" if export.encoding == "parquet" else "csv",
                columns=columns,
                names=names,
                keep=tuple(each for each in names if each not in used and not PERSONAL.search(each)),
                delimiter=delimiter,
                quote=self.quote,
                newlines=export.newlines,
            ),
        )

    def _check(self, export: Export, names: tuple[str, ...], delimiter: str) -> set[str]:
        hidden = unlike_a_header(names)
        lower = [each.lower() for each in names]
        twice = sorted({each for each, small in zip(names, lower, strict=True) if lower.count(small) > 1})
        if twice and not hidden:
            raise SchemaError(
                f"{export.name}: the header has '{twice[-1]}' twice", remedy="give each column its own name"
            )
        used: set[str] = set()
        exact = {each.lower(): each for each in names}
        for column, mapped in self.columns.items():
            read = [
                each for sql in _expressions(mapped) for each in sorted(_columns_read(sql, f"source '{self.name}'"))
            ]
            for each in read:
                if each.lower() not in exact and hidden:
                    raise SchemaError(
                        f"{export.name}: '{column}' is mapped to a column '{each}', and the first line holds values, not names",
                        remedy="the file needs a line with column names",
                    )
                if each.lower() not in exact:
                    seen = f"its {len(names)} columns, split at {delimiter!r}, are: {', '.join(names)[:200]}"
                    raise SchemaError(
                        f"{export.name}: '{column}' is mapped to a column '{each}' that the file does not have ({seen})",
                        remedy=neighbours(each, names) if len(names) > 1 else "is the delimiter right?",
                    )
                used.add(exact[each.lower()])
        return used


def _parquet_names(export: Export) -> tuple[str, ...]:
    try:
        return tuple(pq.read_schema(export.path).names)
    except (pa.ArrowException, OSError):
        raise SourceError(
            f"{export.name}: the Parquet file is damaged or cut off",
            remedy="fetch the export again; nothing of it was loaded",
        ) from None


def _lines(export: Export) -> list[str]:
    """Return the first lines; of a line without end only its beginning."""
    with export.path.open(encoding="utf-8-sig", newline="") as file:
        head = file.read(HEAD)
        whole = not file.read(1)
    lines = list(io.StringIO(head, newline=""))[:50]
    return lines if whole or len(lines) == 1 or len(lines) == 50 else lines[:-1]  # noqa: PLR2004  # the lines that were asked for


def _sniffed(export: Export, quote: str) -> str:
    """Return the delimiter that splits the first lines into the most fields, equally many in each."""
    lines = _lines(export)
    best, most = ",", 1
    for delimiter in DELIMITERS:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter, quotechar=quote)]
        if counts and counts[0] > most and sum(each == counts[0] for each in counts) * 2 > len(counts):
            best, most = delimiter, counts[0]
    return best


def _header(export: Export, delimiter: str, quote: str) -> tuple[str, ...]:
    """Return the columns' names; one without a name is called by its place."""
    rows = csv.reader(_lines(export), delimiter=delimiter, quotechar=quote, skipinitialspace=True)
    first = next(rows, [])
    if not any(each.strip() for each in first):
        raise SourceError(
            f"{export.name}: the first line is not a header", remedy="the file needs a line with column names"
        )
    return tuple(each.strip() or f"column_{place}" for place, each in enumerate(first, 1))


def unlike_a_header(names: tuple[str, ...]) -> bool:
    """Tell whether these are values, which no message may repeat."""
    return any("@" in each or len(re.findall(r"\d", each)) > MOST_DIGITS for each in names)

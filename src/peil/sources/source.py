"""What a source is: something that turns one export file into draft rows of canonical tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

import pyarrow as pa

from peil.engines.draft import Draft, Fault, Scan
from peil.engines.schema import Schema

__all__ = ["Draft", "Export", "Fault", "ReadsAlong", "ReadsBinary", "Record", "Scan", "Source", "drafts", "instant"]

BATCH_ROWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One file as it was delivered, made readable.

    Parameters:
        name: the file's name as the configuration finds it; shown in messages.
        path: plain UTF-8 (or Parquet) bytes to read; equals the delivered file when it was already so.
        sha256: hash of the delivered bytes.
        encoding: what the delivered bytes were in.
        newlines: physical lines in ``path``; 0 for binary formats.
        beside: files that the source asked to be read along, by the name that it gave them.
    """

    name: str
    path: Path
    sha256: str
    encoding: str = "utf-8"
    newlines: int = 0
    beside: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One draft row, everything as it stood in the export.

    Parameters:
        schema: the canonical table it is meant for.
        line: physical line of the export on which it begins (1-based).
        values: canonical column to value (text, number, bool, aware datetime or None).
        extra: fields of the export that have no column; kept.
    """

    schema: Schema
    line: int
    values: Mapping[str, object]
    extra: Mapping[str, object] = field(default_factory=dict)


@runtime_checkable
class ReadsAlong(Protocol):
    """A source that needs other files with each export: a structure, a code book, a bridge.

    They are part of what was loaded: when one of them changes, the export is loaded anew.
    """

    def along(self, export: Path) -> Mapping[str, Path]:
        """Return the files to read with ``export``, by a name of the source's own; relative ones to the configuration."""


@runtime_checkable
class ReadsBinary(Protocol):
    """A source whose exports are no text: they are handed on as they were delivered."""

    @property
    def magic(self) -> tuple[bytes, ...]:
        """What the first bytes of its exports may be."""


class Source(Protocol):
    """Turns exports of one system into draft rows."""

    @property
    def name(self) -> str:
        """How the source is called in the configuration; part of every key."""

    @property
    def organisation(self) -> str:
        """Whose customer contact it delivers."""

    @property
    def zone(self) -> str:
        """IANA time zone of instants that carry none, and of local days."""

    @property
    def files(self) -> tuple[str, ...]:
        """Glob patterns of the exports, relative to the configuration."""

    @property
    def provides(self) -> tuple[Schema, ...]:
        """The canonical tables it delivers."""

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the drafts and faults of one export."""


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def drafts(records: Iterable[Record | Fault]) -> Iterator[Draft | Fault]:
    """Gather records into draft batches, one table a batch; faults pass through.

    Parameters:
        records: what a parser yields, tables mixed as they come.

    Returns:
        Batches of at most 20,000 rows: each column text, plus ``line``.
    """
    waiting: dict[str, list[Record]] = {}
    for each in records:
        if isinstance(each, Fault):
            yield each
            continue
        rows = waiting.setdefault(each.schema.name, [])
        rows.append(each)
        if len(rows) >= BATCH_ROWS:
            yield _batch(rows)
            rows.clear()
    for rows in waiting.values():
        if rows:
            yield _batch(rows)


def _json(extra: Mapping[str, object]) -> str | None:
    return json.dumps(extra, ensure_ascii=False, sort_keys=True, default=str) if extra else None


_ABSENT = {type(None)}
_PLAIN = {str, type(None)}


def _column(values: list[Mapping[str, object]], name: str) -> pa.Array:
    found = [each.get(name) for each in values]
    kinds = set(map(type, found))
    if kinds == _ABSENT:
        return pa.nulls(len(found), pa.string())
    return pa.array(found if kinds <= _PLAIN else [_text(each) for each in found], pa.string())


def _extras(rows: list[Record]) -> pa.Array:
    """Records of one respondent share what else is known of them, which is written once."""
    told: list[str | None] = []
    last: Mapping[str, object] = {}
    text: str | None = None
    for row in rows:
        if row.extra is not last:
            last, text = row.extra, _json(row.extra)
        told.append(text)
    return pa.array(told, pa.string())


def _batch(rows: list[Record]) -> Draft:
    schema = rows[0].schema
    names = [each for each in schema.names if each not in {"source", "organisation", "extra"}]
    lines = pa.array([row.line for row in rows], pa.int64())
    values = [row.values for row in rows]
    arrays = [*(_column(values, name) for name in names), _extras(rows), lines]
    batch = pa.RecordBatch.from_arrays(arrays, names=[*names, "extra", "line"])
    return Draft(schema=schema, rows=batch)


def instant(seconds: float) -> str:
    """Return epoch seconds as ISO 8601 in UTC, to the millisecond.

    Example:
        >>> instant(1709542930)
        '2024-03-04T09:02:10.000+00:00'
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")

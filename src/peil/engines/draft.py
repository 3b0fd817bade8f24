"""What comes to the door: draft rows as an export gave them, and the faults found on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from peil.engines.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something in an export that could not even become a draft row.

    Parameters:
        line: physical line (1-based).
        rule: a short name, counted by.
        value: what stood there; shortened and masked before it is shown.
        column: the field at fault, where known.
        table: the table it would have gone to, where known.
    """

    line: int
    rule: str
    value: str = ""
    column: str = ""
    table: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A delimited or Parquet file that the loading engine reads itself, never row by row in Python.

    Parameters:
        path: file to read.
        format: ``csv`` or ``parquet``.
        columns: canonical column to SQL expression over the file's columns (all text for csv).
        names: the file's columns, in order.
        keep: the file's columns that go to ``extra``.
        delimiter: between fields of a csv file.
        quote: around fields of a csv file that hold the delimiter.
        newlines: physical lines in a csv file, to find lines again.
    """

    path: Path
    format: str
    columns: Mapping[str, str]
    names: tuple[str, ...]
    keep: tuple[str, ...] = ()
    delimiter: str = ","
    quote: str = '"'
    newlines: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Draft rows of one table: a batch in memory (text or typed), or a file to scan."""

    schema: Schema
    rows: pa.RecordBatch | Scan

"""What an engine is: the one door through which rows are read, made and counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from peil.engines.schema import Schema, Table
from peil.engines.store import Load


class Engine(Protocol):
    """Reads immutable parts, runs portable SQL, and returns small results.

    Every query handed to it is in the portable subset (``engines/subset.py``).
    """

    @property
    def name(self) -> str:
        """``duckdb`` or ``spark``."""

    def parts(self, schema: Schema, loads: Sequence[Load]) -> Table:
        """Return the rows of one canonical table over all loads, each with ``_line``, ``_row`` and ``_sequence``."""

    def small(self, schema: Schema, rows: pa.Table) -> Table:
        """Return a small table made in Python, such as a calendar."""

    def lent(self, schema: Schema, rows: pa.Table | Path) -> Table:
        """Return a table over rows that somebody else keeps: an Arrow table, or a Parquet file; nothing is copied."""

    def step(self, name: str, sql: str, schema: Schema) -> Table:
        """Return the named result of a query; nothing is computed yet."""

    def keep(self, table: Table, folder: Path) -> Table:
        """Compute a table once and keep it in ``folder``, whole or not at all."""

    def kept(self, schema: Schema, name: str, folder: Path) -> Table:
        """Return a table that was kept earlier."""

    def rows(self, sql: str, *, steady: bool = False, ordered: bool = False) -> pa.Table:
        """Run a query and return its rows, which must be few.

        Parameters:
            sql: a query in the portable subset.
            steady: sums of doubles come out the same to the last digit each time, where the engine can promise it.
            ordered: rows of a table that are only chosen, and neither joined nor grouped, come in the table's order,
                where the engine can promise it.
        """

    def close(self) -> None:
        """Let go of memory and processes."""

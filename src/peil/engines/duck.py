"""DuckDB: the embedded engine, and the default."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from peil.engines.door import Limits, connect
from peil.engines.quoting import file_path, quoted
from peil.engines.quoting import name as identifier
from peil.engines.schema import STORED, Schema, Table
from peil.engines.store import Load, publish_file, working_folder
from peil.engines.subset import rendered
from peil.errors import DefinitionError, EvidenceError, SourceError

# Rows are gathered by the group before they are written: small groups keep wide rows within the memory cap.
ROW_GROUP = 20_480

Made = TypeVar("Made")


class DuckEngine:
    """Counts with DuckDB in this process.

    Parameters:
        limits: memory, cores and spill folder.

    Example:
        >>> engine = DuckEngine()
        >>> engine.rows("select 1 + 1 as two").to_pylist()
        [{'two': 2}]
    """

    name = "duckdb"

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._spill: Path | None = None
        if self._limits.folder:
            # a folder of its own: processes that share one would delete each other's spill files
            self._spill = working_folder(self._limits.folder, "engine")
        self._con = connect(Limits(memory=self._limits.memory, threads=self._limits.threads, folder=self._spill))
        self._con.execute("set preserve_insertion_order = false")

    def parts(self, schema: Schema, loads: Sequence[Load]) -> Table:
        """Return the rows of one canonical table over all loads, each with ``_line``, ``_row`` and ``_sequence``."""
        paths = {load.folder / f"{schema.name}.parquet": load.sequence for load in loads}
        paths = {path: sequence for path, sequence in paths.items() if path.is_file()}
        if not paths:
            nothing = ", ".join(
                f"cast(null as {STORED[each.kind]}) as {identifier(each.name)}" for each in schema.columns
            )
            whole = (
                f"select {nothing}, cast(0 as bigint) as _line, cast(0 as bigint) as _row, 0 as _sequence where false"
            )
        else:
            have = {column for path in paths for column in pq.read_schema(path).names}
            columns = ", ".join(
                f"p.{identifier(each.name)}"
                if each.name in have
                else f"cast(null as {STORED[each.kind]}) as {identifier(each.name)}"
                for each in schema.columns
            )
            listed = ", ".join(file_path(path) for path in paths)
            self._con.execute(f"create or replace table sequences_{schema.name} (filename varchar, _sequence bigint)")
            self._con.executemany(
                f"insert into sequences_{schema.name} values (?, ?)",
                [(str(path), sequence) for path, sequence in paths.items()],
            )
            whole = (
                f"select {columns}, p._line, p._row, s._sequence from read_parquet([{listed}], filename=true, union_by_name=true) as p "
                f"join sequences_{schema.name} as s on p.filename = s.filename"
            )
        self._con.execute(f"create or replace view parts_{schema.name} as {whole}")
        return Table(schema=schema, name=f"parts_{schema.name}")

    def small(self, schema: Schema, rows: pa.Table) -> Table:
        """Return a small table made in Python."""
        self._con.register("small_rows", rows)
        columns = ", ".join(
            f"cast({identifier(each.name)} as {STORED[each.kind]}) as {identifier(each.name)}"
            for each in schema.columns
        )
        self._con.execute(f"create or replace table {schema.name} as select {columns} from small_rows")
        self._con.unregister("small_rows")
        return Table(schema=schema, name=schema.name)

    def lent(self, schema: Schema, rows: pa.Table | Path) -> Table:
        """Return a table over rows that somebody else keeps: an Arrow table, or a Parquet file; nothing is copied."""
        if isinstance(rows, Path):
            self._con.execute(f"create or replace view {schema.name} as select * from read_parquet({file_path(rows)})")
        else:
            self._con.register(schema.name, rows)
        return Table(schema=schema, name=schema.name)

    def step(self, name: str, sql: str, schema: Schema) -> Table:
        """Return the named result of a query; nothing is computed yet."""
        self._con.execute(f"create or replace view {name} as {rendered(sql, 'duckdb', name)}")
        return Table(schema=schema, name=name)

    def keep(self, table: Table, folder: Path) -> Table:
        """Compute a table once and keep it in ``folder``, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{table.name}.parquet"
        made = folder / f".{table.name}-{uuid.uuid4().hex[:8]}"
        columns = ", ".join(identifier(each) for each in table.schema.names)
        copied = f"copy (select {columns} from {table.name}) to {quoted(str(made))} (format parquet, compression zstd, row_group_size {ROW_GROUP})"
        try:
            self._frugal(lambda: self._con.execute(copied))
        except duckdb.OutOfMemoryException:
            made.unlink(missing_ok=True)
            raise EvidenceError(
                f"building '{table.name}' needs more than {self._limits.memory} of memory",
                remedy="raise engine.memory in peil.yaml",
            ) from None
        publish_file(made, target)
        return self.kept(table.schema, table.name, folder)

    def kept(self, schema: Schema, name: str, folder: Path) -> Table:
        """Return a table that was kept earlier."""
        path = folder / f"{name}.parquet"
        if not path.exists():
            raise SourceError(f"the built table '{name}' is gone", remedy="run 'peil load' again")
        self._con.execute(f"create or replace view {name} as select * from read_parquet({file_path(path)})")
        return Table(schema=schema, name=name)

    def rows(self, sql: str, *, steady: bool = False, ordered: bool = False) -> pa.Table:
        """Run a query and return its rows, which must be few; on one core where the order of adding matters."""
        try:
            if steady:
                self._con.execute("set threads = 1")
            if ordered:
                self._con.execute("set preserve_insertion_order = true")
            return self._frugal(lambda: self._con.sql(rendered(sql, "duckdb")).to_arrow_table())
        except duckdb.OutOfMemoryException:
            raise EvidenceError(
                f"the question needs more than {self._limits.memory} of memory",
                remedy="raise engine.memory, or ask for fewer groups",
            ) from None
        except duckdb.BinderException as fault:
            told = str(fault).splitlines()[0].removeprefix("Binder Error: ")
            raise DefinitionError(
                f"the question cannot be computed: {told[:200]}",
                remedy="compare texts with texts in single quotes, and count with columns of numbers",
            ) from None
        except duckdb.ConversionException:
            # its own words hold the value
            raise DefinitionError(
                "the question compares or counts with a text that is no number or date",
                remedy="compare texts with texts in single quotes, and count with columns of numbers",
            ) from None
        finally:
            if steady:
                self._con.execute(f"set threads = {self._limits.threads}")
            if ordered:
                self._con.execute("set preserve_insertion_order = false")

    def _frugal(self, make: Callable[[], Made]) -> Made:
        """Make something; where memory runs out, once more on one core, whose working memory is not shared."""
        try:
            return make()
        except duckdb.OutOfMemoryException:
            if self._limits.threads == 1:
                raise
        self._con.execute("set threads = 1")
        try:
            return make()
        finally:
            self._con.execute(f"set threads = {self._limits.threads}")

    def close(self) -> None:
        """Let go of memory and spill files."""
        self._con.close()
        if self._spill:
            shutil.rmtree(self._spill, ignore_errors=True)

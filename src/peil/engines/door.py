"""The door: draft rows in, typed rows out, and every row that breaks a rule kept aside with its line."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from peil.engines import checks, scans, written
from peil.engines.draft import Draft, Fault, Scan
from peil.engines.quoting import name, quoted
from peil.engines.schema import STORED, Kind, Schema
from peil.engines.typed import Drafted, Origin, failures, query
from peil.errors import DefinitionError, PeilError, SchemaError, SourceError

REJECTED_COLUMNS = ("table", "line", "rule", "column", "value")
SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the engine may use.

    Parameters:
        memory: cap on memory, such as ``4GB``.
        threads: cores.
        folder: where it spills when the cap is reached.
    """

    memory: str = "4GB"
    threads: int = 2
    folder: Path | None = None


@dataclass(slots=True, kw_only=True)
class Admitted:
    """What became of the rows of one table in one load; ``rows_in`` is the sum of the rest."""

    rows_in: int = 0
    good: int = 0
    rejected: int = 0
    delivered_again: int = 0
    superseded: int = 0
    rules: dict[str, int] = field(default_factory=dict)


def connect(limits: Limits) -> duckdb.DuckDBPyConnection:
    """Return an in-memory database within ``limits``, in UTC, that downloads nothing."""
    con = duckdb.connect(":memory:")
    con.execute(f"set memory_limit = {quoted(limits.memory)}")
    con.execute(f"set threads = {limits.threads}")
    if limits.folder:
        con.execute(f"set temp_directory = {quoted(str(limits.folder))}")
    con.execute("set TimeZone = 'UTC'")
    con.execute("set enable_progress_bar = false")
    con.execute("set autoinstall_known_extensions = false")
    con.execute("set autoload_known_extensions = false")
    return con


class Door:
    """Types, checks and writes the rows of one export.

    Parameters:
        limits: memory, cores and spill folder.
        key: the organisation's secret; customer handles leave only as HMAC-SHA-256 under it.
        region: country of phone numbers without a country code.
        clear: the fields by which customer records are compared may leave in clear text.
    """

    def __init__(self, limits: Limits, key: bytes, *, region: str = "NL", clear: bool = False) -> None:
        self._clear = clear
        self._con = connect(limits)
        # a long list would become a join, and a join loses the order of the file, by which lines are found again
        self._con.execute("set disabled_optimizers = 'in_clause'")
        written.prepare(self._con, key, region)
        self._con.execute("set errors_as_json = false")
        self._drafts: dict[str, Drafted | tuple[Schema, Scan]] = {}
        self._copies = tempfile.TemporaryDirectory(dir=limits.folder, prefix="peil-")

    def close(self) -> None:
        """Let go of the memory."""
        self._con.close()
        self._copies.cleanup()

    def admit(
        self, drafts: Iterable[Draft | Fault], *, source: str, organisation: str, zone: str, folder: Path
    ) -> Mapping[str, Admitted]:
        """Write the good rows of every table to ``folder/<table>.parquet`` and the rest to ``rejected.parquet``.

        Parameters:
            drafts: what a source read from one export.
            source: fills the column of that name.
            organisation: fills the column of that name where the draft leaves it open.
            zone: time zone of instants without offset and of local days.
            folder: an empty folder.

        Returns:
            What became of the rows, per table; faults without a table under ``""``.

        Raises:
            SourceError: the file cannot be read at all.
            SchemaError: a scan names columns that the file does not have.
        """
        self._con.execute(
            'create or replace table rejected ("table" varchar, line bigint, rule varchar, "column" varchar, value varchar)'
        )
        faults: list[Fault] = []
        try:
            for each in drafts:
                if isinstance(each, Fault):
                    faults.append(each)
                else:
                    self._take(each)
        except duckdb.Error as fault:
            raise _plain(fault) from None
        origin = Origin(source=source, organisation=organisation, zone=zone)
        found: dict[str, Admitted] = {}
        try:
            for table, draft in self._drafts.items():
                found[table] = self._judge(draft, origin, folder)
        except duckdb.Error as fault:
            raise _plain(fault) from None
        self._faults(faults, found)
        kept_aside = quoted(str(folder / "rejected.parquet"))
        self._con.execute(
            f'copy (select * from rejected order by "table", line, rule) to {kept_aside} (format parquet)'
        )
        self._drafts.clear()
        return found

    def _keep_aside(self, rows: Sequence[tuple[str, int, str, str | None, str | None]]) -> None:
        if not rows:
            return
        kinds = [pa.string(), pa.int64(), pa.string(), pa.string(), pa.string()]
        arrays = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)]
        self._con.register("aside", pa.Table.from_arrays(arrays, names=list(REJECTED_COLUMNS)))
        self._con.execute("insert into rejected select * from aside")
        self._con.unregister("aside")

    def _faults(self, faults: list[Fault], found: dict[str, Admitted]) -> None:
        self._keep_aside([(each.table, each.line, each.rule, each.column, _masked(len(each.value))) for each in faults])
        for each in faults:
            told = found.setdefault(each.table, Admitted())
            told.rows_in += 1
            told.rejected += 1
            told.rules[each.rule] = told.rules.get(each.rule, 0) + 1

    def _take(self, draft: Draft) -> None:
        schema = draft.schema
        if isinstance(draft.rows, Scan):
            self._drafts[schema.name] = (schema, draft.rows)
            return
        table = name(f"draft_{schema.name}")
        rows = pa.Table.from_batches([draft.rows])
        self._con.register("batch", rows)
        if schema.name in self._drafts:
            self._con.execute(f"insert into {table} by name select * from batch")
        else:
            self._con.execute(f"create or replace temp table {table} as select * from batch")
            self._drafts[schema.name] = _held(schema, rows.schema, table)
        self._con.unregister("batch")

    def _judge(self, draft: Drafted | tuple[Schema, Scan], origin: Origin, folder: Path) -> Admitted:
        """Type and check the rows of one table, write the good ones, keep the rest aside."""
        if isinstance(draft, Drafted):
            schema, line, lost = draft.schema, "{t}.line", 0
            self._type(draft, origin)
            self._con.execute(f"drop table {name(f'draft_{schema.name}')}")
        else:
            schema, scan = draft
            draft, line, lost = self._read(scan, schema, origin)
        told = Admitted(rows_in=self._count("typed") + lost, rejected=self._count("typed where is_bad") + lost)
        if told.rejected > lost:
            self._name_faults(draft, origin, line)
        derived = checks.local_columns(schema, origin.zone)
        self._same_key(schema, told, line)
        self._write(schema, derived, folder / f"{schema.name}.parquet", line)
        told.good = told.rows_in - told.rejected - told.delivered_again - told.superseded
        counted = self._con.execute(
            'select rule, count(*) from rejected where "table" = ? group by rule order by count(*) desc, rule',
            [schema.name],
        )
        told.rules = {rule: int(times) for rule, times in counted.fetchall()}
        for each in ("typed", "losers", "places", "linked"):
            self._con.execute(f"drop table if exists {each}")
        if told.rows_in and not told.good:
            worst = ", ".join(f"{rule} ({times})" for rule, times in list(told.rules.items())[:3])
            raise SchemaError(
                f"every row for table '{schema.name}' breaks a rule: {worst}",
                remedy="check the column mapping, the time zone and the delimiter; nothing of this file was loaded",
            )
        return told

    def _type(self, drafted: Drafted, origin: Origin) -> int:
        self._con.execute(f"create or replace temp table typed as {query(drafted, origin)}")
        return self._count("typed")

    def _read(self, scan: Scan, schema: Schema, origin: Origin) -> tuple[Drafted, str, int]:
        """Read and type a file; return also SQL for the line of a row, and how many lines are lost."""
        if scan.format != "csv":
            drafted = scans.drafted(scan, schema)
            self._type(drafted, origin)
            return drafted, "{t}.rowid + 1", 0
        copies = Path(self._copies.name)
        found = scans.take_csv(self._con, scan, schema, copies, lambda each: self._type(each, origin))
        self._keep_aside([(schema.name, each.line, each.rule, None, _masked(each.length)) for each in found.lost])
        if found.rows is None:
            return found.drafted, "{t}.rowid + 2", 0
        self._con.register("found", pa.table({"line": found.rows}))
        self._con.execute("create or replace temp table places as select line from found")
        self._con.unregister("found")
        return found.drafted, "(select p.line from places as p where p.rowid = {t}.rowid)", len(found.lost)

    def _count(self, table: str) -> int:
        (rows,) = self._con.execute(f"select count(*) from {table}").fetchall()[0]
        return int(rows)

    def _name_faults(self, drafted: Drafted, origin: Origin, line: str) -> None:
        # a row that breaks three rules is told three times, but counted once as rejected
        told = []
        for each in failures(drafted, origin):
            shown = checks.shown(each.column) if each.column.name in drafted.columns else "cast(null as varchar)"
            fault = f'{{rule: {quoted(each.rule)}, "column": {quoted(each.column.name)}, value: {shown}}}'
            told.append(f"case when {each.sql} then {fault} end")
        bad = f"select t.*, {line.format(t='t')} as told_line from typed as t where is_bad"
        faults = f"select told_line, unnest([{', '.join(told)}]) as f from ({bad})"
        self._con.execute(
            f"insert into rejected select {quoted(drafted.schema.name)}, told_line, f.rule, f.column, left(f.value, {SHOWN}) "
            f"from ({faults}) where f is not null"
        )

    def _same_key(self, schema: Schema, told: Admitted, line: str) -> None:
        """Of rows with one key keep the newest; the same row again is counted, another one of the same age is kept aside."""
        keys = ", ".join(name(each) for each in schema.key)
        version = name(schema.version) if schema.version else "null"
        derived = {day for _, day in schema.local}
        content = ", ".join(name(each) for each in schema.names if each not in derived and not each.endswith("_minute"))
        same = " and ".join(f"t.{name(each)} is not distinct from s.{name(each)}" for each in schema.key)
        twice = f"select {keys} from typed where not is_bad group by {keys} having count(*) > 1"
        placed = (
            f"select t.rowid as nr, {line.format(t='t')} as line, {version} as version, hash({content}) as content, first_value(hash({content})) over w as top_content, "
            f"first_value({version}) over w as top_version, row_number() over w as place "
            f"from typed t semi join ({twice}) s on {same} where not is_bad "
            f"window w as (partition by {keys} order by {version} desc nulls last, hash({content}), t.rowid)"
        )
        self._con.execute(
            "create or replace temp table losers as select nr, line, case when content = top_content then 'again' "
            f"when version is distinct from top_version then 'older' else 'conflict' end as fate from ({placed}) where place > 1"
        )
        fates = dict(self._con.execute("select fate, count(*) from losers group by fate").fetchall())
        told.delivered_again = fates.get("again", 0)
        told.superseded = fates.get("older", 0)
        told.rejected += fates.get("conflict", 0)
        self._con.execute(
            f"insert into rejected select {quoted(schema.name)}, line, 'same_key_other_content', {quoted(schema.key[-1])}, null "
            "from losers where fate = 'conflict'"
        )

    def _write(self, schema: Schema, derived: Mapping[str, str], target: Path, line: str) -> None:
        chosen = []
        compared = written.link_rows(schema)
        if compared:
            self._con.execute(compared)
        for column in schema.columns:
            value = name(column.name)
            if column.name in derived:
                value = derived[column.name]
            elif column.field:
                value = written.link_field(column, clear=self._clear)
            elif column.handle:
                value = written.pseudonym(column, value)
            chosen.append(f"cast({value} as {STORED[column.kind]}) as {name(column.name)}")
        lost = " and t.rowid not in (select nr from losers)" if self._count("losers") else ""
        self._con.execute(
            f"copy (select {', '.join(chosen)}, {line.format(t='t')} as _line, t.rowid as _row from typed as t {'join linked as k on k.nr = t.rowid ' if compared else ''}where not is_bad{lost}) "
            f"to {quoted(str(target))} (format parquet, compression zstd)"
        )


def _held(schema: Schema, rows: pa.Schema, table: str) -> Drafted:
    columns = tuple(each for each in rows.names if each != "line")
    plain = frozenset(
        each
        for each in columns
        if not pa.types.is_string(rows.field(each).type) and schema.column(each).kind is not Kind.CODE
    )
    listed = [
        f"{name(each) if each in plain else checks.trimmed(name(each))} as {checks.raw(each)}" for each in columns
    ]
    sql = f"select {', '.join(listed)}, line from {table}"
    return Drafted(schema=schema, sql=sql, columns=columns, plain=plain, numbered=True)


def _masked(length: int) -> str:
    """Faults come before the columns are known, so nothing of them is shown but their length."""
    return f"•••({length})" if length else ""


def _plain(fault: duckdb.Error) -> PeilError:
    """Say what happened; the engine's own words may hold values, so only those about the mapping are repeated."""
    if isinstance(fault, duckdb.OutOfMemoryException):
        return SourceError("the load needs more memory than it may use", remedy="raise engine.memory in peil.yaml")
    if isinstance(fault, duckdb.BinderException | duckdb.ParserException | duckdb.CatalogException):
        told = str(fault).splitlines()[0].partition(": ")[2]
        return DefinitionError(
            f"the column mapping cannot be computed: {told[:200]}",
            remedy="columns of a delimited file are text: use cast(... as integer) before counting with them",
        )
    if isinstance(fault, duckdb.ConversionException):
        return DefinitionError(
            "the column mapping compares or counts with a text that is no number or date",
            remedy="columns of a delimited file are text: use cast(... as integer)",
        )
    if isinstance(fault, duckdb.IOException) and "space" in str(fault).lower():
        return SourceError("there is no room left on the disk", remedy="make room; nothing of this file was loaded")
    return SourceError(
        f"the file cannot be read ({type(fault).__name__})", remedy="check the delimiter, the quotes and the encoding"
    )


__all__ = ["Admitted", "Door", "Limits", "connect"]

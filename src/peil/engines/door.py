"""The door: draft rows in, typed rows out, and every row that breaks a rule kept aside with its line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from peil.engines import checks
from peil.engines.checks import name, quoted
from peil.engines.draft import Draft, Fault, Scan
from peil.engines.schema import STORED, Column, Schema
from peil.errors import PeilError, SchemaError, SourceError

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


def _pads(key: bytes) -> tuple[bytes, bytes]:
    """Inner and outer pad of HMAC (RFC 2104), so that SQL can compute it column-wise."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")  # noqa: PLR2004
    return bytes(each ^ 0x36 for each in block), bytes(each ^ 0x5C for each in block)


def _pseudonym(column: Column, value: str) -> str:
    text = f"lower({value})"
    if column.name == "phone":
        text = f"regexp_replace(regexp_replace({text}, '[^0-9+]', '', 'g'), '^00', '+')"
    inner = f"unhex(sha256(getvariable('inner_pad') || encode({text})))"
    return f"case when {value} is not null then left(sha256(getvariable('outer_pad') || {inner}), 32) end"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    source: str
    organisation: str
    zone: str


class Door:
    """Types, checks and writes the rows of one export.

    Parameters:
        limits: memory, cores and spill folder.
        key: the organisation's secret; customer handles leave only as HMAC-SHA-256 under it.
    """

    def __init__(self, limits: Limits, key: bytes) -> None:
        self._con = connect(limits)
        inner, outer = _pads(key)
        self._con.execute("set variable inner_pad = ?::blob", [inner])
        self._con.execute("set variable outer_pad = ?::blob", [outer])
        self._con.execute("set errors_as_json = false")
        self._schemas: list[Schema] = []
        self._drafts: dict[str, tuple[frozenset[str], Scan | None]] = {}

    def close(self) -> None:
        """Let go of the memory."""
        self._con.close()

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
        origin = _Origin(source=source, organisation=organisation, zone=zone)
        found: dict[str, Admitted] = {}
        try:
            for schema in self._schemas:
                found[schema.name] = self._judge(schema, origin, folder)
        except duckdb.Error as fault:
            raise _plain(fault) from None
        self._faults(faults, found)
        kept_aside = quoted(str(folder / "rejected.parquet"))
        self._con.execute(
            f'copy (select * from rejected order by "table", line, rule) to {kept_aside} (format parquet)'
        )
        self._drafts.clear()
        self._schemas.clear()
        return found

    def _faults(self, faults: list[Fault], found: dict[str, Admitted]) -> None:
        rows = [(each.table, each.line, each.rule, each.column, _masked(each.value)) for each in faults]
        if rows:
            arrays = [pa.array(list(column)) for column in zip(*rows, strict=True)]
            batch = pa.RecordBatch.from_arrays(arrays, names=list(REJECTED_COLUMNS))
            self._con.register("faults", pa.Table.from_batches([batch]))
            self._con.execute("insert into rejected select * from faults")
            self._con.unregister("faults")
        for each in faults:
            told = found.setdefault(each.table, Admitted())
            told.rows_in += 1
            told.rejected += 1
            told.rules[each.rule] = told.rules.get(each.rule, 0) + 1

    def _take(self, draft: Draft) -> None:
        table = name(f"draft_{draft.schema.name}")
        if isinstance(draft.rows, Scan):
            self._con.execute(f"create or replace temp table {table} as {self._scan(draft.rows, draft.schema)}")
            self._schemas.append(draft.schema)
            self._drafts[draft.schema.name] = (frozenset(), draft.rows)
            return
        rows = pa.Table.from_batches([draft.rows])
        self._con.register("batch", rows)
        if draft.schema.name in self._drafts:
            self._con.execute(f"insert into {table} by name select * from batch")
        else:
            self._con.execute(f"create or replace temp table {table} as select * from batch")
            plain = frozenset(each.name for each in rows.schema if not pa.types.is_string(each.type))
            self._schemas.append(draft.schema)
            self._drafts[draft.schema.name] = (plain, None)
        self._con.unregister("batch")

    def _scan(self, scan: Scan, schema: Schema) -> str:
        chosen = [f"({sql}) as {name(column)}" for column, sql in scan.columns.items()]
        if scan.keep and "extra" in schema.names:
            pairs = ", ".join(f"{quoted(each)}, nullif(trim(cast({name(each)} as varchar)), '')" for each in scan.keep)
            chosen.append(f"cast(json_merge_patch('{{}}', json_object({pairs})) as varchar) as extra")
        if scan.format == "parquet":
            reader = f"read_parquet({quoted(str(scan.path))})"
        else:
            fields = ", ".join(f"{quoted(each)}: 'VARCHAR'" for each in scan.names)
            reader = (
                f"read_csv({quoted(str(scan.path))}, delim={quoted(scan.delimiter)}, quote={quoted(scan.quote)}, "
                f"escape={quoted(scan.quote)}, header=true, auto_detect=false, columns={{{fields}}}, store_rejects=true, "
                f"rejects_scan='bad_scans', rejects_table='bad_lines', rejects_limit=0, max_line_size=33554432, strict_mode=true)"
            )
        return f"select {', '.join(chosen)}, row_number() over () as line from {reader}"

    def _judge(self, schema: Schema, origin: _Origin, folder: Path) -> Admitted:
        """Type and check the rows of one table, write the good ones, keep the rest aside."""
        plain, scan = self._drafts[schema.name]
        draft = name(f"draft_{schema.name}")
        derived = checks.local_columns(schema, origin.zone)
        rules = self._type(schema, origin, plain, derived)
        told = Admitted(rows_in=self._count(draft), rejected=self._count("typed where is_bad"))
        if told.rejected:
            self._name_faults(schema, draft, rules)
        broken = self._bad_lines(schema, scan)
        told.rows_in += broken
        told.rejected += broken
        self._same_key(schema, told)
        self._write(schema, derived, folder / f"{schema.name}.parquet")
        told.good = told.rows_in - told.rejected - told.delivered_again - told.superseded
        counted = self._con.execute(
            'select rule, count(*) from rejected where "table" = ? group by rule order by count(*) desc, rule',
            [schema.name],
        )
        told.rules = {rule: int(times) for rule, times in counted.fetchall()}
        for each in (draft, "typed", "losers"):
            self._con.execute(f"drop table if exists {each}")
        if told.rows_in and not told.good:
            worst = ", ".join(f"{rule} ({times})" for rule, times in list(told.rules.items())[:3])
            raise SchemaError(
                f"every row for table '{schema.name}' breaks a rule: {worst}",
                remedy="check the column mapping, the time zone and the delimiter; nothing of this file was loaded",
            )
        return told

    def _type(
        self, schema: Schema, origin: _Origin, plain: frozenset[str], derived: Mapping[str, str]
    ) -> list[tuple[str, Column, str]]:
        """Make ``typed``: every column in its stored type, and whether the row breaks a rule."""
        draft = name(f"draft_{schema.name}")
        have = {row[0] for row in self._con.execute(f"select column_name from (describe {draft})").fetchall()}
        filled = {"source": quoted(origin.source), "organisation": quoted(origin.organisation)}
        select: dict[str, str] = {}
        flagged: dict[str, str] = {}
        rules: list[tuple[str, Column, str]] = []
        for column in schema.columns:
            if column.name in derived:
                continue
            known = column.name in plain
            if column.name in have:
                value = checks.typed(column, zone=origin.zone, plain=known)
                select[column.name] = f"coalesce({value}, {filled[column.name]})" if column.name in filled else value
                flagged |= checks.flags(column, zone=origin.zone, plain=known)
            else:
                select[column.name] = (
                    filled.get(column.name) or column.default or f"cast(null as {STORED[column.kind]})"
                )
            if column.name in have or (column.required and column.name not in filled):
                rules += [
                    (f"{column.name}.{rule}", column, sql) for rule, sql in checks.failures(column, flagged).items()
                ]
        rules += [(rule.name, schema.column(rule.column), f"not ({rule.holds})") for rule in schema.rules]
        chosen = ", ".join(f"{sql} as {name(column)}" for column, sql in {**select, **flagged}.items())
        bad = " or ".join(f"coalesce({sql}, false)" for _, _, sql in rules) or "false"
        self._con.execute(
            f"create or replace temp table typed as select *, ({bad}) as is_bad from (select {chosen}, line, rowid as nr from {draft})"
        )
        return rules

    def _count(self, table: str) -> int:
        (rows,) = self._con.execute(f"select count(*) from {table}").fetchall()[0]
        return int(rows)

    def _name_faults(self, schema: Schema, draft: str, rules: list[tuple[str, Column, str]]) -> None:
        # one line a fault: a row that breaks three rules is told three times, but counted once as rejected
        have = {row[0] for row in self._con.execute(f"select column_name from (describe {draft})").fetchall()}
        self._con.execute("create or replace temp table bad as select * from typed where is_bad")
        for rule, column, sql in rules:
            shown = f"cast(d.{name(column.name)} as varchar)" if column.name in have else "cast(null as varchar)"
            if column.personal:
                shown = f"case when {shown} is not null then '•••(' || length({shown}) || ')' end"
            self._con.execute(
                f"insert into rejected select {quoted(schema.name)}, b.line, {quoted(rule)}, {quoted(column.name)}, "
                f"left({shown}, {SHOWN}) from (select line, nr from bad where {sql}) b join {draft} d on d.rowid = b.nr"
            )
        self._con.execute("drop table bad")

    def _bad_lines(self, schema: Schema, scan: Scan | None) -> int:
        """Count lines of a csv that do not have the right number of fields, and set every line number right."""
        if scan is None or scan.format != "csv":
            return 0
        self._con.execute(
            "create or replace temp table broken as select line as record, lower(replace(first(error_type)::varchar, ' ', '_')) as rule, "
            "first(csv_line) as text from bad_lines group by line"
        )
        broken = self._count("broken")
        self._con.execute("drop table if exists bad_lines")
        self._con.execute("drop table if exists bad_scans")
        # rows are numbered without the header and the broken records: put both back
        if broken:
            self._con.execute(
                "create or replace temp table shift as select record - row_number() over (order by record) - 1 as after_row, "
                "row_number() over (order by record) as by_rows from broken"
            )
            moved = "coalesce((select max(by_rows) from shift where after_row < {line}), 0)"
        else:
            moved = "0"
        for table in ("typed", "rejected"):
            where = f' where "table" = {quoted(schema.name)}' if table == "rejected" else ""
            line = f"{table}.line"
            self._con.execute(f"update {table} set line = line + 1 + {moved.format(line=line)}{where}")
        self._con.execute(
            f"insert into rejected select {quoted(schema.name)}, record, 'line.' || rule, null, '•••(' || length(text) || ')' from broken"
        )
        return broken

    def _same_key(self, schema: Schema, told: Admitted) -> None:
        """Of rows with one key keep the newest; the same row again is counted, another one of the same age is kept aside."""
        keys = ", ".join(name(each) for each in schema.key)
        version = name(schema.version) if schema.version else "null"
        derived = {day for _, day in schema.local}
        content = ", ".join(name(each) for each in schema.names if each not in derived and not each.endswith("_minute"))
        same = " and ".join(f"t.{name(each)} is not distinct from s.{name(each)}" for each in schema.key)
        twice = f"select {keys} from typed where not is_bad group by {keys} having count(*) > 1"
        placed = (
            f"select nr, line, {version} as version, hash({content}) as content, first_value(hash({content})) over w as top_content, "
            f"first_value({version}) over w as top_version, row_number() over w as place "
            f"from typed t semi join ({twice}) s on {same} where not is_bad "
            f"window w as (partition by {keys} order by {version} desc nulls last, hash({content}), line)"
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

    def _write(self, schema: Schema, derived: Mapping[str, str], target: Path) -> None:
        chosen = []
        for column in schema.columns:
            value = name(column.name)
            if column.name in derived:
                value = derived[column.name]
            elif column.handle:
                value = _pseudonym(column, value)
            chosen.append(f"cast({value} as {STORED[column.kind]}) as {name(column.name)}")
        lost = " and nr not in (select nr from losers)" if self._count("losers") else ""
        self._con.execute(
            f"copy (select {', '.join(chosen)}, line as _line from typed where not is_bad{lost}) "
            f"to {quoted(str(target))} (format parquet, compression zstd)"
        )


def _masked(value: str) -> str:
    """Faults come before the columns are known, so nothing of them is shown but their length."""
    return f"•••({len(value)})" if value else ""


def _plain(fault: duckdb.Error) -> PeilError:
    text = str(fault).splitlines()[0]
    if "memory" in text.lower():
        return SourceError("the load needs more memory than it may use", remedy="raise engine.memory in peil.yaml")
    return SourceError(
        f"the file cannot be read: {text[:200]}", remedy="check the delimiter, the encoding and the column mapping"
    )


__all__ = ["Admitted", "Door", "Limits", "connect"]

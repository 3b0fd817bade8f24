"""SQL that reads a delimited or Parquet file, and what became of the records that could not be read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from peil.engines.checks import raw, trimmed
from peil.engines.draft import Scan
from peil.engines.lines import LONGEST_LINE, TOLD, Broken, Places, emptied, evened, longest, one_line_each, places
from peil.engines.quoting import file_path, name, quoted
from peil.engines.schema import Schema
from peil.engines.typed import Drafted
from peil.errors import SourceError

# Every thread holds a few of these, whatever the cap on memory.
BUFFER = 2 * LONGEST_LINE
ROUNDS = 10
UNPAIRED, TOO_LONG = "line.quotes_do_not_pair", "line.too_long"
# what the engine calls it, and what a person does
RULES = {
    "MISSING COLUMNS": "line.too_few_fields",
    "TOO MANY COLUMNS": "line.too_many_fields",
    "UNQUOTED VALUE": UNPAIRED,
    "LINE SIZE OVER MAXIMUM": TOO_LONG,
}
_BROKEN = """
select min(line), line_byte_position - 1, list(error_type::varchar order by error_type::varchar desc)[1], first(csv_line)
from bad_lines
group by line_byte_position
order by line_byte_position
"""


def drafted(scan: Scan, schema: Schema) -> Drafted:
    """Return the draft rows of a file that the engine reads itself."""
    chosen = {column: trimmed(f"({sql})") for column, sql in scan.columns.items()}
    if scan.keep and "extra" in schema.names:
        pairs = ", ".join(f"{quoted(each)}, {trimmed(name(each))}" for each in scan.keep)
        chosen["extra"] = f"nullif(cast(json_merge_patch('{{}}', json_object({pairs})) as varchar), '{{}}')"
    if scan.format == "parquet":
        reader = f"read_parquet({file_path(scan.path)})"
    else:
        fields = ", ".join(f"{quoted(each)}: 'VARCHAR'" for each in scan.names)
        reader = (
            f"read_csv({file_path(scan.path)}, delim={quoted(scan.delimiter)}, quote={quoted(scan.quote)}, "
            f"escape={quoted(scan.quote)}, header=true, auto_detect=false, compression='none', columns={{{fields}}}, "
            f"store_rejects=true, rejects_scan='bad_scans', rejects_table='bad_lines', rejects_limit=0, "
            f"max_line_size={LONGEST_LINE}, buffer_size={BUFFER}, strict_mode=true)"
        )
    listed = ", ".join(f"{sql} as {raw(column)}" for column, sql in chosen.items())
    return Drafted(schema=schema, sql=f"select {listed} from {reader}", columns=tuple(chosen))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A line that no row was made of: where, why, and how long it is."""

    line: int
    rule: str
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was read of a csv file.

    Parameters:
        drafted: the query that read it.
        rows: physical line of each row; None where row n stands on line n + 1.
        lost: the other lines.
    """

    drafted: Drafted
    rows: NDArray[np.int64] | None
    lost: tuple[Lost, ...]


def take_csv(
    con: duckdb.DuckDBPyConnection, scan: Scan, schema: Schema, copies: Path, run: Callable[[Drafted], int]
) -> Taken:
    """Read a csv file so that every line is a row, part of one, or known to be lost.

    A file that mixes line ends is evened out first. One with a quote that is opened and not closed is read again
    without the line on which it opens: else everything up to the next quote would be lost with it.

    Parameters:
        con: tells, after each ``run``, what could not be read.
        scan: the file.
        schema: the table.
        copies: folder for mended copies.
        run: runs a query and returns how many rows it made.

    Raises:
        SourceError: quotes do not pair in too many places, or so that they can be read in two ways.
    """
    known: dict[int, Lost] = {}
    if scan.path.stat().st_size > LONGEST_LINE and longest(scan.path) > LONGEST_LINE:
        scan = _emptied(scan, (), (), known, copies)
    for turn in range(ROUNDS):
        _forget(con)
        query = drafted(scan, schema)
        try:
            rows = run(query)
        except duckdb.InvalidInputException as fault:
            if turn or "invalid state" not in str(fault):
                raise
            scan = replace(scan, path=evened(scan.path, copies / f"{schema.name}-evened.csv"))
            continue
        broken = _broken(con)
        if not broken and scan.newlines == 1 + rows:
            return Taken(drafted=query, rows=None, lost=())
        swallowing = [each.start for each in broken if each.swallows]
        found = _places(scan, rows, broken)
        if not swallowing and (len(found.rows), len(found.broken)) == (rows, len(broken)):
            lost = (
                known.get(line, Lost(line=line, rule=each.rule, length=len(each.text)))
                for line, each in zip(found.broken, broken, strict=True)
            )
            return Taken(drafted=query, rows=found.rows, lost=tuple(lost))
        if not swallowing and not found.giants:
            break
        scan = _emptied(scan, swallowing, found.giants, known, copies)
    raise SourceError(
        "the quotes of the file do not pair, or can be read in two ways",
        remedy="set 'quote' to the character that the export quotes with, or export it again",
    )


def _places(scan: Scan, rows: int, broken: Sequence[Broken]) -> Places:
    if scan.newlines == 1 + rows + len(broken):
        return one_line_each(scan.newlines, broken)
    return places(scan.path, delimiter=scan.delimiter, quote=scan.quote, broken=broken)


def _emptied(
    scan: Scan, offsets: Collection[int], numbers: Collection[int], known: dict[int, Lost], copies: Path
) -> Scan:
    into = copies / f"{len(known)}-{scan.path.name}"
    for line, length in emptied(scan.path, into, offsets, numbers).items():
        known[line] = Lost(line=line, rule=TOO_LONG if length > LONGEST_LINE else UNPAIRED, length=length)
    return replace(scan, path=into)


def _forget(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what the last scan told of broken records."""
    con.execute("drop table if exists bad_lines")
    con.execute("drop table if exists bad_scans")


def _broken(con: duckdb.DuckDBPyConnection) -> tuple[Broken, ...]:
    """Return the records that the last csv scan passed over, in order."""
    found = []
    for line, start, error, told in con.execute(_BROKEN).fetchall():
        bare = told.lstrip("\r\n")
        text = bare.rstrip("\r\n")
        begin = start + len(told) - len(bare)
        rule = RULES.get(error, "line." + error.lower().replace(" ", "_"))
        goes_on = len(told) >= TOLD or "\n" in text or "\r" in text
        swallows = goes_on and rule in {UNPAIRED, TOO_LONG}
        found.append(Broken(line=line, start=begin, rule=rule, text=text, swallows=swallows))
    return tuple(found)

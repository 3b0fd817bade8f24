"""SQL that reads a delimited or Parquet file, and what became of the records that could not be read."""

from __future__ import annotations

import duckdb

from peil.engines.checks import raw, trimmed
from peil.engines.draft import Scan
from peil.engines.lines import TOLD, Broken, Places, one_line_each, places
from peil.engines.quoting import file_path, name, quoted
from peil.engines.schema import Schema
from peil.engines.typed import Drafted

LONGEST_LINE = 1 << 22
# Every thread holds a few of these, whatever the cap on memory.
BUFFER = 2 * LONGEST_LINE
# what the engine calls it, and what a person does
RULES = {
    "MISSING COLUMNS": "line.too_few_fields",
    "TOO MANY COLUMNS": "line.too_many_fields",
    "UNQUOTED VALUE": "line.quotes_do_not_pair",
    "LINE SIZE OVER MAXIMUM": "line.too_long",
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


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what the last scan told of broken records."""
    con.execute("drop table if exists bad_lines")
    con.execute("drop table if exists bad_scans")


def broken(con: duckdb.DuckDBPyConnection) -> tuple[Broken, ...]:
    """Return the records that the last csv scan passed over, in order."""
    found = []
    for line, start, error, told in con.execute(_BROKEN).fetchall():
        bare = told.lstrip("\r\n")
        text = bare.rstrip("\r\n")
        begin = start + len(told) - len(bare)
        rule = RULES.get(error, "line." + error.lower().replace(" ", "_"))
        # only quotes that do not pair take later lines along
        n_lines = 1 + _line_ends(text) if rule == RULES["UNQUOTED VALUE"] else 1
        cut = told if len(told) >= TOLD else text
        found.append(Broken(line=line, start=begin, rule=rule, text=cut, n_lines=n_lines))
    return tuple(found)


def _line_ends(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def whereabouts(scan: Scan, rows: int, lost: tuple[Broken, ...]) -> Places | None:
    """Return where the records stand, or None where row n simply stands on line n + 1.

    Parameters:
        scan: the csv file.
        rows: how many records were read.
        lost: and which were not.
    """
    if scan.newlines == 1 + rows + len(lost):
        return one_line_each(scan.newlines, lost) if lost else None
    found = places(scan.path, delimiter=scan.delimiter, quote=scan.quote, broken=lost)
    if len(found.rows) == rows and len(found.broken) == len(lost):
        return found
    # the engine and Python do not agree on where quotes end: then records are counted, not lines
    return one_line_each(1 + rows + len(lost), lost)

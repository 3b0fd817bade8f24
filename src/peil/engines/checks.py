"""SQL that types a draft row and says which of its columns and rules fail, written from a schema."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from peil.engines.schema import STORED, Column, Kind, Schema

LONGEST_TEXT = 32_768
LONGEST_EXTRA = 1_000_000
EARLIEST, LATEST = "1990-01-01", "2100-01-01"


def quoted(text: str) -> str:
    """Return ``text`` as an SQL string literal.

    Example:
        >>> quoted("d'Hondt")
        "'d''Hondt'"
    """
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """Return ``text`` as a quoted SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


def _raw(column: Column) -> str:
    return f"nullif(trim(cast({name(column.name)} as varchar)), '')"


def _instant(raw: str, zone: str) -> str:
    """A text with an offset is that instant; one without is local time in ``zone``."""
    tail = f"substr({raw}, 17)"
    aware = f"({tail} like '%Z' or contains({tail}, '+') or contains({tail}, '-') or contains({tail}, '/') or {tail} like '% %')"
    naive = f"try_cast({raw} as timestamp)"
    local = naive if zone == "UTC" else f"timezone('UTC', timezone({quoted(zone)}, {naive}))"
    exact = f"case when {aware} then timezone('UTC', try_cast({raw} as timestamptz)) else {local} end"
    return f"date_trunc('milliseconds', {exact})"


def _whole(raw: str) -> str:
    number = f"try_cast({raw} as double)"
    rounded = f"case when {number} = round({number}) and abs({number}) < 9e15 then cast({number} as bigint) end"
    return f"coalesce(try_cast({raw} as bigint), {rounded})"


def _bad_local(raw: str, zone: str) -> str:
    """A wall time that the clocks skipped comes back as another one."""
    naive = f"try_cast({raw} as timestamp)"
    back = f"timezone({quoted(zone)}, timezone({quoted(zone)}, {naive}))"
    return f"(length({raw}) <= 19 and {back} <> {naive})"


def typed(column: Column, *, zone: str, plain: bool) -> str:
    """Return SQL for the column's typed value.

    Parameters:
        column: the column.
        zone: time zone of instants that carry none.
        plain: the draft already holds the stored type; no parsing is needed.
    """
    raw = _raw(column)
    if plain and column.kind is not Kind.CODE:
        value = f"cast({name(column.name)} as {STORED[column.kind]})"
    else:
        match column.kind:
            case Kind.INSTANT:
                value = _instant(raw, zone)
            case Kind.INTEGER:
                value = _whole(raw)
            case Kind.CODE:
                value = f"lower({raw})"
            case Kind.DAY:
                value = f"case when length({raw}) <= 10 then try_cast({raw} as date) end"
            case Kind.FLAG:
                value = f"try_cast(lower({raw}) as boolean)"
            case Kind.TEXT | Kind.JSON:
                value = raw
    return f"coalesce({value}, {column.default})" if column.default else value


def flags(column: Column, *, zone: str, plain: bool) -> dict[str, str]:
    """Return SQL over the raw draft that is true where a value was there but could not be understood."""
    if plain or column.kind in {Kind.TEXT, Kind.JSON, Kind.CODE}:
        return {}
    raw = _raw(column)
    found = {f"{column.name}?": f"({raw} is not null and {typed(column, zone=zone, plain=plain)} is null)"}
    if column.kind is Kind.INSTANT and zone != "UTC":
        found[f"{column.name}!"] = _bad_local(raw, zone)
    return found


def failures(column: Column, flagged: Collection[str]) -> dict[str, str]:  # noqa: C901  # a plain list of rules
    """Return the rules of one column and, for each, SQL over the typed row that is true where it is broken.

    Parameters:
        column: the column.
        flagged: which flags (see ``flags``) the typed row carries.
    """
    value = name(column.name)
    unread, skipped = f"{column.name}?", f"{column.name}!"
    rules: dict[str, str] = {}
    if column.kind is Kind.TEXT:
        rules["unreadable_bytes"] = f"(contains({value}, chr(0)) or contains({value}, chr(65533)))"
        rules["too_long"] = f"length({value}) > {LONGEST_TEXT}"
    if column.kind is Kind.JSON:
        rules["too_long"] = f"length({value}) > {LONGEST_EXTRA}"
    if column.kind is Kind.CODE:
        rules["not_on_the_list"] = f"{value} not in ({', '.join(quoted(each) for each in column.codes)})"
    if unread in flagged:
        rules[f"not_a_{'whole_number' if column.kind is Kind.INTEGER else column.kind.value}"] = name(unread)
    if column.kind is Kind.INSTANT:
        rules["out_of_range"] = f"({value} < timestamp '{EARLIEST}' or {value} >= timestamp '{LATEST}')"
    if skipped in flagged:
        rules["time_skipped_by_the_clock"] = name(skipped)
    if column.kind is Kind.DAY:
        rules["out_of_range"] = f"({value} < date '1900-01-01' or {value} >= date '{LATEST}')"
    if column.least is not None:
        rules["negative" if column.least == 0 else "too_small"] = f"{value} < {column.least}"
    if column.most is not None:
        rules["too_large"] = f"{value} > {column.most}"
    if column.required:
        rules["missing"] = f"{value} is null" + (
            f" and not coalesce({name(unread)}, false)" if unread in flagged else ""
        )
    return rules


def local_columns(schema: Schema, zone: str) -> Mapping[str, str]:
    """Return SQL over the typed row for the columns the door derives: local day and minute."""
    found: dict[str, str] = {}
    for instant, day in schema.local:
        at = name(instant)
        wall = at if zone == "UTC" else f"timezone({quoted(zone)}, timezone('UTC', {at}))"
        found[day] = f"cast({wall} as date)"
        minute = instant.removesuffix("_at") + "_minute"
        if minute in schema.names:
            found[minute] = f"cast(extract(hour from {wall}) * 60 + extract(minute from {wall}) as bigint)"
    return found

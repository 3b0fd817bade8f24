"""SQL that types a draft row and says which of its columns and rules fail, written from a schema."""

from __future__ import annotations

from collections.abc import Mapping

from peil.engines.instants import EARLIEST, LATEST, instant, is_number, is_skipped, wall_time
from peil.engines.quoting import name, quoted
from peil.engines.schema import STORED, Column, Kind, Schema

__all__ = ["failures", "local_columns", "name", "quoted", "raw", "shown", "trimmed", "typed"]

LONGEST_TEXT = 32_768
LONGEST_EXTRA = 1_000_000
UNREAD = {
    Kind.INTEGER: "not_a_whole_number",
    Kind.NUMBER: "not_a_number",
    Kind.DAY: "not_a_day",
    Kind.FLAG: "not_yes_or_no",
}


def trimmed(value: str) -> str:
    """Return SQL for a draft value as text, null where nothing stands."""
    return f"nullif(trim(cast({value} as varchar)), '')"


def _whole(raw: str) -> str:
    number = f"try_cast({raw} as double)"
    return f"case when {number} = round({number}) and abs({number}) < 9e15 then cast({number} as bigint) end"


def raw(column: str) -> str:
    """Return the name under which a draft value stands beside the typed one."""
    return name(column + "=")


def typed(column: Column, *, zone: str, plain: bool) -> str:
    """Return SQL for the column's typed value, null where the draft's cannot be understood.

    Parameters:
        column: the column.
        zone: time zone of instants that carry none.
        plain: the draft already holds the stored type; no parsing is needed. Else it holds ``trimmed`` text.
    """
    given = raw(column.name)
    if plain:
        value = f"cast({given} as {STORED[column.kind]})"
    else:
        match column.kind:
            case Kind.INSTANT:
                value = instant(given, zone)
            case Kind.INTEGER:
                value = _whole(given)
            case Kind.NUMBER:
                value = f"try_cast({given} as double)"
            case Kind.CODE:
                value = f"lower({given})"
            case Kind.DAY:
                value = f"case when length({given}) <= 10 then try_cast({given} as date) end"
            case Kind.FLAG:
                value = f"try_cast(lower({given}) as boolean)"
            case Kind.TEXT | Kind.JSON:
                value = given
    return f"case when {given} is null then {column.default} else {value} end" if column.default else value


def _reading(column: Column, zone: str) -> dict[str, str]:
    """The rules that a text breaks which is no value of the column's kind."""
    given, value = raw(column.name), name(column.name)
    unread = f"{given} is not null and {value} is null"
    match column.kind:
        case Kind.INSTANT:
            rules = {
                "not_an_instant": f"{unread} and not {is_number(given)}",
                "a_number_and_no_instant": f"{unread} and {is_number(given)}",
            }
            return rules if zone == "UTC" else {**rules, "time_skipped_by_the_clock": is_skipped(given, zone)}
        case Kind.INTEGER | Kind.NUMBER | Kind.DAY | Kind.FLAG:
            return {UNREAD[column.kind]: unread}
    return {}


def failures(column: Column, *, zone: str, given: bool, plain: bool) -> dict[str, str]:
    """Return the rules of one column and, for each, SQL over the typed row that is true where it is broken.

    Parameters:
        column: the column.
        zone: time zone of instants that carry none.
        given: the draft has the column; its value stands under ``raw``.
        plain: the draft already holds the stored type.
    """
    value = name(column.name)
    rules = _reading(column, zone) if given and not plain else {}
    if column.kind is Kind.TEXT:
        rules["unreadable_bytes"] = f"(contains({value}, chr(0)) or contains({value}, chr(65533)))"
        rules["too_long"] = f"length({value}) > {LONGEST_TEXT}"
    if column.kind is Kind.JSON:
        rules["too_long"] = f"length({value}) > {LONGEST_EXTRA}"
    if column.kind is Kind.CODE:
        rules["not_on_the_list"] = f"{value} not in ({', '.join(quoted(each) for each in column.codes)})"
    if column.kind is Kind.INSTANT:
        rules["out_of_range"] = f"({value} < timestamp '{EARLIEST}' or {value} >= timestamp '{LATEST}')"
    if column.kind is Kind.DAY:
        rules["out_of_range"] = f"({value} < date '1900-01-01' or {value} >= date '{LATEST}')"
    if column.least is not None:
        rules["negative" if column.least == 0 else "too_small"] = f"{value} < {column.least}"
    if column.most is not None:
        rules["too_large"] = f"{value} > {column.most}"
    if column.required:
        rules["missing"] = f"{value} is null" + (f" and {raw(column.name)} is null" if given else "")
    return rules


def local_columns(schema: Schema, zone: str) -> Mapping[str, str]:
    """Return SQL over the typed row for the columns the door derives: local day and minute."""
    found: dict[str, str] = {}
    for moment, day in schema.local:
        wall = wall_time(name(moment), zone)
        found[day] = f"cast({wall} as date)"
        minute = moment.removesuffix("_at") + "_minute"
        if minute in schema.names:
            found[minute] = f"cast(extract(hour from {wall}) * 60 + extract(minute from {wall}) as bigint)"
    return found


def shown(column: Column) -> str:
    """Return SQL for what may be seen of a value that broke a rule: enough to know what to mend, nothing of a person.

    Free text and whatever may be a number of, or an address at, somebody leave their length only.
    """
    given = f"cast({raw(column.name)} as varchar)"
    masked = f"'•••(' || length({given}) || ')'"
    if column.personal or column.kind in {Kind.TEXT, Kind.JSON}:
        return f"case when {given} is not null then {masked} end"
    digits = f"length(regexp_replace({given}, '[^0-9]', '', 'g'))"
    if column.kind is Kind.CODE or column.kind is Kind.FLAG:
        # a spreadsheet must not take it for a formula
        safe = f"case when regexp_matches({given}, '^[=+@-]') then chr(39) else '' end || {given}"
        doubtful = f"{digits} > 6 or length({given}) > 40"
    else:
        letters = "[A-SU-Ya-z]|[^ -~]"  # the T and Z of an instant stay
        safe = f"regexp_replace({given}, '{letters}', 'x', 'g')"
        dated = f"regexp_matches({given}, '^[0-9]{{1,4}}[-/.][0-9]{{1,2}}[-/.][0-9]{{1,4}}')"
        doubtful = f"length({given}) > 40 or ({digits} > 6 and not {dated})"
    return (
        f"case when {given} is null then null when {doubtful} or contains({given}, '@') then {masked} else {safe} end"
    )

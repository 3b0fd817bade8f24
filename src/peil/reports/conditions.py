"""Which rows belong to a group, as row-level SQL."""

from __future__ import annotations

from datetime import date

from peil.engines.schema import Kind, Schema
from peil.engines.subset import field
from peil.estimates.groups import OF_THE_CALENDAR, PERIODS, grouping


def condition(by: str, value: object, schema: Schema) -> str:
    """Return SQL that holds for the rows of one group.

    Parameters:
        by: the group column, as asked.
        value: the group; a text from the configuration is read as the column's own kind. An empty text is everything.
        schema: the population.

    Raises:
        DefinitionError: there is nothing of that name to group by.

    Example:
        >>> from peil.surveys.responses import RESPONSES
        >>> condition("channel", "call", RESPONSES), condition("quarter", date(2020, 4, 1), RESPONSES)
        ("channel = 'call'", "quarter_on = date '2020-04-01'")
        >>> condition("team", None, RESPONSES), condition("team", "it's us", RESPONSES)
        ('team is null', "team = 'it''s us'")
    """
    if value == "":
        return "true"
    grouping([by], schema)
    if by in PERIODS:
        return _is(PERIODS[by][0].removeprefix("calendar."), value if value is None else date.fromisoformat(str(value)))
    if by in OF_THE_CALENDAR:
        return _is(by, _typed(value))
    if by == "hour" and "hour" not in schema.names:
        return _is("whole_div(started_minute, 60)", value if value is None else int(str(value)))
    if by.startswith("extra."):
        return _is(field(by.removeprefix("extra.")), value if value is None else str(value))
    kind = schema.column(by).kind
    return _is(by, _typed(value) if kind in {Kind.INTEGER, Kind.FLAG} else value)


def both(one: str, other: str) -> str:
    """Return the condition that both hold.

    Example:
        >>> both("true", "answered"), both("answered", "wait_ms > 0")
        ('answered', '(answered) and (wait_ms > 0)')
    """
    told = [each for each in (one, other) if each != "true"]
    return " and ".join(f"({each})" for each in told) if len(told) > 1 else (told[0] if told else "true")


def _typed(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value in {"true", "false"}:
        return value == "true"
    return int(value) if value.lstrip("-").isdigit() else value


def _is(sql: str, value: object) -> str:
    if value is None:
        return f"{sql} is null"
    if isinstance(value, bool):
        return sql if value else f"not {sql}"
    if isinstance(value, int):
        return f"{sql} = {value}"
    if isinstance(value, date):
        return f"{sql} = date '{value.isoformat()}'"
    escaped = str(value).replace("'", "''")
    return f"{sql} = '{escaped}'"

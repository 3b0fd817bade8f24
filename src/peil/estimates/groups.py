"""How rows are grouped: columns of the population, periods of the calendar, and fields an export kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from peil.calendars.days import CALENDAR
from peil.dataset import DAY_COLUMN
from peil.engines.quoting import quoted
from peil.engines.schema import Schema
from peil.engines.subset import columns_read
from peil.errors import DefinitionError, neighbours

DAY_MS = 86_400_000
# A week holds an hour more when the clocks go back; two for margin.
_CLOCK_CHANGE_MS = 7_200_000
PERIODS: Mapping[str, tuple[str, int]] = {
    "day": ("calendar.day_on", 1),
    "week": ("calendar.week_on", 7),
    "month": ("calendar.month_on", 31),
    "quarter": ("calendar.quarter_on", 92),
    "year": ("calendar.year_on", 366),
}
OF_THE_CALENDAR: Mapping[str, str] = {
    "weekday": "calendar.weekday",
    "holiday": "calendar.holiday",
    "school_holiday": "calendar.school_holiday",
    "season": "calendar.season",
    "working": "calendar.working",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """The groups of one question.

    Parameters:
        names: as they were asked for.
        columns: SQL for each, over the population's row and the calendar's.
        span_ms: two rows of one group are at most so far apart; None where there is no period.
        calendar: whether the calendar is joined.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    span_ms: int | None
    calendar: bool

    @property
    def keys(self) -> tuple[str, ...]:
        """Aliases of the group columns in queries."""
        return tuple(f"g{place}" for place in range(len(self.columns)))

    @property
    def named(self) -> str:
        """The group columns under their aliases, as a select begins; a comma after each."""
        return "".join(f"{sql} as {key}, " for key, sql in zip(self.keys, self.columns, strict=True))


def grouping(by: Sequence[str], schema: Schema) -> Grouping:
    """Return how to group the rows of a population.

    Parameters:
        by: columns of the population; ``day``, ``week``, ``month``, ``quarter`` or ``year``; ``weekday``, ``hour``,
            ``holiday``, ``school_holiday``, ``season``, ``working``; or ``extra.NAME`` for a field that an export kept.
        schema: the population.

    Raises:
        DefinitionError: a name is unknown.

    Example:
        >>> from peil.journeys.string import STRUNG
        >>> grouping(["channel", "month"], STRUNG).columns
        ('t.channel', 'calendar.month_on')
    """
    columns: list[str] = []
    span: int | None = None
    for each in by:
        if each in PERIODS:
            column, days = PERIODS[each]
            here = days * DAY_MS + _CLOCK_CHANGE_MS
            span = here if span is None else min(span, here)
        elif each in OF_THE_CALENDAR:
            column = OF_THE_CALENDAR[each]
        elif each == "hour" and "started_minute" in schema.names:
            column = "whole_div(t.started_minute, 60)"
        elif each in schema.names:
            column = f"t.{each}"
            if schema.column(each).handle:
                raise DefinitionError(
                    f"'{each}' tells customers apart: no figures are given by it", remedy="group by something else"
                )
        elif each.startswith("extra.") and each != "extra." and "extra" in schema.names:
            column = f"extra_field(t.extra, {quoted(each.removeprefix('extra.'))})"
        else:
            known = [*PERIODS, *OF_THE_CALENDAR, "hour", *schema.names]
            kept = (
                f"; a field that an export kept is 'extra.{each}'"
                if "extra" in schema.names and "." not in each
                else ""
            )
            raise DefinitionError(
                f"'{each}' is nothing to group '{schema.name}' by", remedy=neighbours(each, known) + kept
            )
        columns.append(column)
    calendar = any(column.startswith("calendar.") for column in columns)
    return Grouping(names=tuple(by), columns=tuple(columns), span_ms=span, calendar=calendar)


def rows_from(table: str, schema: Schema, groups: Grouping, where: str) -> str:
    """Return the FROM and WHERE of a question, the population's row as ``t``.

    Raises:
        DefinitionError: ``where`` holds more than row-level constructs, or an unknown column.
    """
    for column in columns_read(where, "where"):
        if column not in schema.names and column not in CALENDAR.names:
            raise DefinitionError(
                f"where: '{column}' is no column of '{schema.name}'", remedy=neighbours(column, schema.names)
            )
    day = DAY_COLUMN[schema.name]
    calendar = groups.calendar or bool(columns_read(where, "where") - set(schema.names))
    joined = f" join {CALENDAR.name} on {CALENDAR.name}.day_on = t.{day}" if calendar else ""
    return f"from {table} as t{joined} where ({where})"

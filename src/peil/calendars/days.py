"""The calendar table: one row a day, so that no query needs a date function."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from peil.calendars.dutch_days import season_of
from peil.calendars.public_holidays import check_country, public_holidays, school_holidays
from peil.engines.schema import Column, Kind, Schema
from peil.errors import DefinitionError

_SATURDAY = 6
_STORED: dict[Kind, Any] = {
    Kind.DAY: pa.date32(),
    Kind.INTEGER: pa.int64(),
    Kind.FLAG: pa.bool_(),
    Kind.TEXT: pa.string(),
}

CALENDAR = Schema(
    name="calendar",
    one_row_is="a day",
    key=("day_on",),
    columns=(
        Column(name="day_on", kind=Kind.DAY, says="the day", required=True),
        Column(name="week_on", kind=Kind.DAY, says="the Monday of its ISO week", required=True),
        Column(name="month_on", kind=Kind.DAY, says="the first day of its month", required=True),
        Column(name="quarter_on", kind=Kind.DAY, says="the first day of its quarter", required=True),
        Column(name="year_on", kind=Kind.DAY, says="the first day of its calendar year", required=True),
        Column(name="iso_year", kind=Kind.INTEGER, says="the year that its ISO week belongs to", required=True),
        Column(name="iso_week", kind=Kind.INTEGER, says="its ISO week", required=True, least=1, most=53),
        Column(name="weekday", kind=Kind.INTEGER, says="1 Monday to 7 Sunday", required=True, least=1, most=7),
        Column(name="working", kind=Kind.FLAG, says="Monday to Friday and no public holiday", required=True),
        Column(name="holiday", kind=Kind.TEXT, says="the public holiday, in English; null on other days"),
        Column(name="holiday_nl", kind=Kind.TEXT, says="the public holiday, in Dutch; null where it has no Dutch name"),
        Column(
            name="school_holiday",
            kind=Kind.TEXT,
            says="the school holiday of any Dutch region; null on other days and where no dates are kept (before 2014)",
        ),
        Column(
            name="school_regions",
            kind=Kind.INTEGER,
            says="Dutch school regions with a holiday, 0 to 3; null where no dates are kept",
            least=0,
            most=3,
        ),
        Column(name="season", kind=Kind.TEXT, says="a sector's busy season, such as that of Dutch health insurers"),
    ),
)


def days(from_on: date, until_on: date, country: str = "NL") -> pa.Table:
    """Return the calendar table from one day until another.

    Parameters:
        from_on: the first day.
        until_on: the day after the last.
        country: whose public holidays count, as a two-letter code.

    Returns:
        Rows of ``CALENDAR``, in order of day.

    Raises:
        DefinitionError: the country is not known, or the period ends before it begins.

    Example:
        >>> row = days(date(2021, 1, 3), date(2021, 1, 4)).to_pylist()[0]
        >>> row["iso_year"], row["iso_week"], row["weekday"], row["week_on"].isoformat()
        (2020, 53, 7, '2020-12-28')
    """
    if until_on < from_on:
        raise DefinitionError(
            f"the period from {from_on} until {until_on} ends before it begins", remedy="swap the two days"
        )
    check_country(country)
    rows = [_row(from_on + timedelta(days=ahead), country) for ahead in range((until_on - from_on).days)]
    fields = [pa.field(each.name, _STORED[each.kind], nullable=not each.required) for each in CALENDAR.columns]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def _row(day: date, country: str) -> dict[str, date | int | str | bool | None]:
    iso = day.isocalendar()
    holiday = public_holidays(country, day.year).get(day)
    kept = school_holidays(country, day.year)
    school = kept.get(day)
    return {
        "day_on": day,
        "week_on": day - timedelta(days=day.weekday()),
        "month_on": day.replace(day=1),
        "quarter_on": day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
        "year_on": day.replace(month=1, day=1),
        "iso_year": iso.year,
        "iso_week": iso.week,
        "weekday": iso.weekday,
        "working": iso.weekday < _SATURDAY and holiday is None,
        "holiday": holiday,
        "holiday_nl": public_holidays(country, day.year, "nl").get(day),
        "school_holiday": school[0] if school else None,
        "school_regions": (school[1] if school else 0) if kept else None,
        "season": season_of(day) if country == "NL" else None,
    }

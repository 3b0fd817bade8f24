"""Working days of each business calendar: the days on which it is open at all, counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from peil.calendars.hours import BusinessCalendar, business_ms
from peil.engines.schema import Column, Kind, Schema

WORKING_DAYS = Schema(
    name="working_days",
    one_row_is="a local day under one business calendar",
    key=("calendar", "day_on"),
    columns=(
        Column(name="calendar", kind=Kind.TEXT, says="the business calendar's name", required=True),
        Column(name="day_on", kind=Kind.DAY, says="the day", required=True),
        Column(
            name="n_days", kind=Kind.INTEGER, says="working days from the beginning through this day", required=True
        ),
    ),
)


def working_days(calendars: Sequence[BusinessCalendar], first: date, last: date) -> pa.Table:
    """Return how many working days each calendar has had by each day.

    Parameters:
        calendars: the hours; a day with no opening at all is no working day.
        first: the first day.
        last: the last day.

    Example:
        >>> desk = BusinessCalendar(name="desk", zone="Europe/Amsterdam", hours={"mon-fri": "08:00-17:30"})
        >>> friday = date(2024, 3, 1)
        >>> working_days([desk], friday, date(2024, 3, 4)).column("n_days").to_pylist()
        [1, 1, 1, 2]
    """
    rows: dict[str, list[object]] = {"calendar": [], "day_on": [], "n_days": []}
    for each in calendars:
        zone, counted = ZoneInfo(each.zone), 0
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            start, end = (datetime(on.year, on.month, on.day, tzinfo=zone) for on in (day, day + timedelta(days=1)))
            counted += business_ms(each, start, end) > 0
            for name, value in zip(rows, (each.name, day, counted), strict=True):
                rows[name].append(value)
    kinds = (pa.string(), pa.date32(), pa.int64())
    return pa.table([pa.array(held, kind) for held, kind in zip(rows.values(), kinds, strict=True)], names=list(rows))

"""Business time: when an organisation is open, and how much of a wait fell inside."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import pyarrow as pa

from peil.calendars.public_holidays import check_country, public_holidays
from peil.calendars.shifts import DAY_MINUTES, Shifts, clash, parse_shifts, parse_week
from peil.engines.schema import Column, Kind, Schema
from peil.errors import DefinitionError, neighbours

DAY_MS = 86_400_000
PIECES = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ON = _EPOCH.date()

OPENINGS = Schema(
    name="openings",
    one_row_is="a day in UTC under one business calendar",
    key=("calendar", "utc_on"),
    columns=(
        Column(name="calendar", kind=Kind.TEXT, says="the business calendar's name", required=True),
        Column(name="utc_on", kind=Kind.DAY, says="the day in UTC", required=True),
        Column(name="opened_ms", kind=Kind.INTEGER, says="business time before this day began", required=True, least=0),
        *(
            Column(
                name=f"{edge}_{piece}_ms",
                kind=Kind.INTEGER,
                says=f"when opening {piece} of the day {edge}s, in ms since 1970; midnight where there is none",
                required=True,
            )
            for piece in range(1, PIECES + 1)
            for edge in ("open", "close")
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessCalendar:
    """The hours in which an organisation is open, by its own wall clock.

    A shift belongs to the day on which it begins: a closed day has no shift that begins on it, and keeps the end of
    the night shift that began the evening before. Where the clock is set back, an hour that occurs twice means its
    first occurrence; where it is set forward, an hour that is skipped means the moment of the switch.

    Parameters:
        name: how the calendar is called.
        zone: IANA time zone.
        hours: shifts by weekday, such as ``{"mon-fri": "08:00-17:30"}``; the word is a weekday, a range, a list or
            ``daily``. A shift that ends at or before its start ends on the next day.
        closed: days without hours.
        holidays: two-letter code of the country whose public holidays are closed.
        except_on: days with hours of their own; they go before holidays.

    Raises:
        DefinitionError: the zone, the country, a weekday or an hour is not known, or shifts overlap.

    Example:
        >>> desk = BusinessCalendar(name="desk", zone="Europe/Amsterdam", hours={"mon-fri": "08:00-17:30"})
        >>> friday, monday = datetime(2024, 3, 1, 16, tzinfo=UTC), datetime(2024, 3, 4, 8, tzinfo=UTC)
        >>> business_ms(desk, friday, monday) / 60_000
        90.0
    """

    name: str
    zone: str
    hours: Mapping[str, str | tuple[str, ...]]
    closed: tuple[date, ...] = ()
    holidays: str | None = None
    except_on: Mapping[date, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _zone(self)
        if self.holidays is not None:
            check_country(self.holidays)
        week = parse_week(self.hours, self.name)
        for day in self.except_on:
            if day in self.closed:
                raise DefinitionError(
                    f"calendar '{self.name}': {day} is closed and has hours of its own",
                    remedy="take it out of closed or out of except_on",
                )
            near = [
                (start + ahead * DAY_MINUTES, end + ahead * DAY_MINUTES)
                for ahead in (-1, 0, 1)
                for start, end in _shifts(self, week, day + timedelta(days=ahead))
            ]
            if clash(near) is not None:
                raise DefinitionError(
                    f"calendar '{self.name}': the hours of {day} overlap one another or those of a day beside it",
                    remedy="let each shift end before the next begins",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time during which one calendar is in force.

    Parameters:
        calendar: the calendar.
        from_at: the first instant.
        until_at: the instant at which it is no longer in force; null while it is.
    """

    calendar: BusinessCalendar
    from_at: datetime
    until_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.until_at is not None and _ms(self.until_at) < _ms(self.from_at):
            raise DefinitionError(
                f"calendar '{self.calendar.name}' is in force until {self.until_at}, before it begins",
                remedy="swap the two instants",
            )


def openings(calendar: BusinessCalendar, from_on: date, until_on: date) -> pa.Table:
    """Return the table that turns business time into two equality joins.

    Business time from one instant to another is F(end) - F(start), where F(t) is ``opened_ms`` on the UTC day of t
    plus, for each opening of that day, t - open held between 0 and close - open.

    Parameters:
        calendar: the hours.
        from_on: the first day in UTC; business time is counted from its midnight.
        until_on: the day after the last.

    Returns:
        Rows of ``OPENINGS``, in order of day.

    Raises:
        DefinitionError: a day has more than three openings, or the period ends before it begins.

    Example:
        >>> desk = BusinessCalendar(name="desk", zone="Europe/Amsterdam", hours={"mon-fri": "08:00-17:30"})
        >>> monday, tuesday = openings(desk, date(2024, 3, 4), date(2024, 3, 6)).to_pylist()
        >>> (monday["close_1_ms"] - monday["open_1_ms"]) / 3_600_000, tuesday["opened_ms"] / 3_600_000
        (9.5, 9.5)
    """
    if until_on < from_on:
        raise DefinitionError(
            f"the period from {from_on} until {until_on} ends before it begins", remedy="swap the two days"
        )
    first, last = (from_on - _EPOCH_ON).days, (until_on - _EPOCH_ON).days
    pieces: dict[int, list[int]] = {number: [] for number in range(first, last)}
    for opens, closes in _open(calendar, first * DAY_MS, last * DAY_MS):
        for number in range(opens // DAY_MS, (closes - 1) // DAY_MS + 1):
            midnight = number * DAY_MS
            pieces[number] += [max(opens, midnight), min(closes, midnight + DAY_MS)]
    opened, edges, table = 0, OPENINGS.names[3:], []
    for number, found in pieces.items():
        day = _EPOCH_ON + timedelta(days=number)
        if len(found) > len(edges):
            raise DefinitionError(
                f"calendar '{calendar.name}' opens {len(found) // 2} times on {day} in UTC, and {PIECES} is the most",
                remedy="join shifts that are minutes apart",
            )
        padded = found + [number * DAY_MS] * (len(edges) - len(found))
        row = {"calendar": calendar.name, "utc_on": day, "opened_ms": opened}
        table.append(row | dict(zip(edges, padded, strict=True)))
        opened += sum(found[1::2]) - sum(found[::2])
    stored = {Kind.TEXT: pa.string(), Kind.DAY: pa.date32(), Kind.INTEGER: pa.int64()}
    fields = [pa.field(each.name, stored[each.kind], nullable=False) for each in OPENINGS.columns]
    return pa.Table.from_pylist(table, schema=pa.schema(fields))


def business_ms(calendar: BusinessCalendar, start: datetime, end: datetime) -> int:
    """Return the business time from one instant to another, in milliseconds.

    Parameters:
        calendar: the hours.
        start: an instant with a time zone.
        end: an instant with a time zone; one before the start gives a negative time.

    Raises:
        DefinitionError: an instant has no time zone.

    Example:
        >>> night = BusinessCalendar(name="night", zone="Europe/Amsterdam", hours={"daily": "22:00-06:00"})
        >>> noon = datetime(2024, 3, 30, 12, tzinfo=ZoneInfo(night.zone))  # the clock is set forward in this night
        >>> business_ms(night, noon, noon + timedelta(days=1)) / 3_600_000
        7.0
    """
    return _business_ms(calendar, _ms(start), _ms(end))


def business_ms_over(stretches: Iterable[Stretch], start: datetime, end: datetime) -> int:
    """Return the business time from one instant to another while calendars take turns.

    Parameters:
        stretches: which calendar was in force when; they may reach beyond the two instants.
        start: an instant with a time zone.
        end: an instant with a time zone, not before the start.

    Raises:
        DefinitionError: two calendars are in force at once, or none is.

    Example:
        >>> early = BusinessCalendar(name="early", zone="UTC", hours={"daily": "08:00-12:00"})
        >>> late = BusinessCalendar(name="late", zone="UTC", hours={"daily": "12:00-20:00"})
        >>> moved = datetime(2024, 3, 4, 10, tzinfo=UTC)
        >>> turns = [
        ...     Stretch(calendar=early, from_at=moved - timedelta(days=1), until_at=moved),
        ...     Stretch(calendar=late, from_at=moved),
        ... ]
        >>> business_ms_over(turns, moved - timedelta(hours=1), moved + timedelta(hours=4)) / 3_600_000
        3.0
    """
    first, last = _ms(start), _ms(end)
    if last < first:
        raise DefinitionError(f"the wait ends at {end}, before it begins at {start}", remedy="swap the two instants")
    turns = sorted(
        (
            (_ms(each.from_at), last if each.until_at is None else _ms(each.until_at), each.calendar)
            for each in stretches
        ),
        key=lambda turn: turn[:2],
    )
    reached, total = first, 0
    for begins, ends, calendar in turns:
        opens, closes = max(begins, first), min(ends, last)
        if closes <= opens:
            continue
        if opens != reached:
            state = "no calendar is" if reached < opens else "two calendars are"
            turn = _EPOCH + timedelta(milliseconds=opens)
            raise DefinitionError(
                f"{state} in force where '{calendar.name}' takes its turn at {turn}",
                remedy="let each stretch begin where the one before it ends",
            )
        total += _business_ms(calendar, opens, closes)
        reached = closes
    if reached < last:
        raise DefinitionError(
            f"no calendar is in force from {_EPOCH + timedelta(milliseconds=reached)} until {end}",
            remedy="let the last stretch reach the end, or leave its until_at out",
        )
    return total


def _business_ms(calendar: BusinessCalendar, first: int, last: int) -> int:
    if last < first:
        return -_business_ms(calendar, last, first)
    return sum(closes - opens for opens, closes in _open(calendar, first, last))


def _open(calendar: BusinessCalendar, first: int, last: int) -> Sequence[tuple[int, int]]:
    """Return the openings between two instants (ms since 1970), in order and joined where they touch."""
    zone, week = _zone(calendar), parse_week(calendar.hours, calendar.name)
    # A shift reaches up to two days past the midnight it is counted from, and a zone is at most a day from UTC.
    days = range(first // DAY_MS - 3, last // DAY_MS + 2)
    joined: list[tuple[int, int]] = []
    for day in (_EPOCH_ON + timedelta(days=number) for number in days):
        for start, end in _shifts(calendar, week, day):
            opens = max(_instant_ms(day, start, zone), first)
            closes = min(_instant_ms(day, end, zone), last)
            if closes <= opens:
                continue
            if joined and joined[-1][1] == opens:
                joined[-1] = (joined[-1][0], closes)
            else:
                joined.append((opens, closes))
    return joined


def _shifts(calendar: BusinessCalendar, week: Sequence[Shifts], day: date) -> Shifts:
    """Return the shifts that begin on a day, in minutes from its midnight by the wall clock."""
    special = calendar.except_on.get(day)
    if special is not None:
        return parse_shifts(special, calendar.name)
    if day in calendar.closed:
        return ()
    if calendar.holidays is not None and day in public_holidays(calendar.holidays, day.year):
        return ()
    return week[day.weekday()]


def _instant_ms(day: date, minute: int, zone: ZoneInfo) -> int:
    """Return when the wall clock first shows, or skips, a minute counted from a day's midnight."""
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
    moment, folded = _ms(wall), _ms(wall.replace(fold=1))
    if moment <= folded:
        return moment
    # The clock skips this minute: the switch lies between the two readings of it.
    seconds = range(folded // 1000, moment // 1000 + 1)
    before = datetime.fromtimestamp(seconds[0], zone).utcoffset()
    late = bisect_left(seconds, 1, key=lambda second: datetime.fromtimestamp(second, zone).utcoffset() != before)
    return seconds[late] * 1000


def _ms(moment: datetime) -> int:
    if moment.utcoffset() is None:
        raise DefinitionError("an instant has no time zone", remedy="give it one, such as tzinfo=UTC")
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _zone(calendar: BusinessCalendar) -> ZoneInfo:
    try:
        return ZoneInfo(calendar.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise DefinitionError(
            f"calendar '{calendar.name}': there is no time zone '{calendar.zone}'",
            remedy=neighbours(calendar.zone, available_timezones()),
        ) from error

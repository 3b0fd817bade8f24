"""SQL that turns a text into an instant: offsets, local times, and the hours that clocks skip or repeat."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from peil.engines.quoting import quoted

EARLIEST, LATEST = "1990-01-01", "2100-01-01"


@lru_cache(maxsize=64)
def _restless_hours(zone: str) -> str:
    """Wall hours, as month * 100 + hour, in which the clocks of a zone ever skipped or repeated a time."""
    clock = ZoneInfo(zone)
    days = (date.fromisoformat(LATEST) - date.fromisoformat(EARLIEST)).days
    noons = [
        datetime.fromisoformat(EARLIEST).replace(hour=12, tzinfo=UTC) + timedelta(days=day) for day in range(-1, days)
    ]
    offsets = [noon.astimezone(clock).utcoffset() or timedelta(0) for noon in noons]
    found: set[int] = set()
    for noon, before, after in zip(noons, offsets, offsets[1:], strict=False):
        if before != after:
            change = noon
            while (change.astimezone(clock).utcoffset() or timedelta(0)) == before:
                change += timedelta(minutes=15)
            wall = change.replace(tzinfo=None) + min(before, after) - timedelta(minutes=15)
            while wall <= change.replace(tzinfo=None) + max(before, after):
                found.add(wall.month * 100 + wall.hour)
                wall += timedelta(minutes=15)
    return ", ".join(str(each) for each in sorted(found))


def _is_restless(wall: str, zone: str) -> str:
    hours = _restless_hours(zone)
    return f"(extract(month from {wall}) * 100 + extract(hour from {wall}) in ({hours}))" if hours else "false"


def _has_zone(text: str) -> str:
    """After the hour of a plain wall time come only digits, colons and a point; anything else is an offset or a zone."""
    usual = f"strlen({text}) = 19 and {text}[14] = ':' and {text}[17] = ':'"  # spares nearly every row the next line
    colon = f"strpos({text}, ':')"
    return f"case when {usual} then false else {colon} > 0 and translate(substr({text}, {colon}), '0123456789:.', '') <> '' end"


def _utc(wall: str, zone: str) -> str:
    # by way of microseconds: casting to a plain timestamp would look up the time zone again
    return f"make_timestamp(epoch_us(timezone({quoted(zone)}, {wall})))"


def wall_time(utc: str, zone: str) -> str:
    """Return SQL for the local time at an instant in UTC."""
    return utc if zone == "UTC" else f"timezone({quoted(zone)}, make_timestamptz(epoch_us({utc})))"


def instant(text: str, zone: str) -> str:
    """Return SQL for the instant in UTC, to the millisecond; null where the text is none.

    Parameters:
        text: SQL for the text. With an offset it is that instant; without, it is local time, and of a time
            that the clocks repeat the first.
        zone: IANA zone of local times.
    """
    wall = f"try_cast({text} as timestamp)"
    local = wall
    if zone != "UTC":
        # three hours earlier the clocks stood as they did before any change
        first = f"({_utc(f'{wall} - interval 3 hour', zone)} + interval 3 hour)"
        repeated = f"{_is_restless(wall, zone)} and {wall_time(first, zone)} = {wall}"
        local = f"case when {repeated} then {first} else {_utc(wall, zone)} end"
    impossible = f"regexp_matches(substr({text}, strpos({text}, ':')), '[+-](1[5-9]|[2-9][0-9])')"
    exact = f"case when not {impossible} then timezone('UTC', try_cast({text} as timestamptz)) end"
    return f"date_trunc('milliseconds', case when {_has_zone(text)} then {exact} else {local} end)"


def is_skipped(text: str, zone: str) -> str:
    """Return SQL that is true of a local time that never was: the clocks went past it."""
    wall = f"try_cast({text} as timestamp)"
    never = f"{wall_time(_utc(wall, zone), zone)} <> {wall}"
    return f"(case when {_is_restless(wall, zone)} and not ({_has_zone(text)}) then {never} else false end)"


def is_number(text: str) -> str:
    """Return SQL that is true of seconds or milliseconds since 1970, and of the day numbers of spreadsheets."""
    return f"regexp_full_match({text}, '-?[0-9]{{5,}}([.,][0-9]+)?')"

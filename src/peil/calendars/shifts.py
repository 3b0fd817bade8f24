"""Opening hours as people write them, read into minutes of the week."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from peil.errors import DefinitionError, neighbours

DAY_MINUTES = 1440
Shifts = tuple[tuple[int, int], ...]

_HOUR_MINUTES = 60
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBERS = {word: number for words in (_WEEKDAYS, _NAMES) for number, word in enumerate(words)}
_SHIFT = re.compile(r"(\d{1,2}):([0-5]\d)\s*-\s*(\d{1,2}):([0-5]\d)")


def parse_week(hours: Mapping[str, str | tuple[str, ...]], calendar: str) -> tuple[Shifts, ...]:
    """Return the shifts that begin on each weekday, Monday first, in minutes from its midnight.

    Parameters:
        hours: shifts by weekday; what several entries say of one weekday is taken together.
        calendar: the calendar's name, for the error.

    Raises:
        DefinitionError: a weekday or an hour cannot be read, shifts overlap, or there are none.

    Example:
        >>> parse_week({"sat-sun": "22:00-06:00"}, "night")[5:]
        (((1320, 1800),), ((1320, 1800),))
    """
    week: list[list[tuple[int, int]]] = [[] for _ in _WEEKDAYS]
    for words, shifts in hours.items():
        parsed = [
            shift
            for text in ((shifts,) if isinstance(shifts, str) else shifts)
            for shift in parse_shifts(text, calendar)
        ]
        for number in _weekdays(words, calendar):
            week[number] += parsed
    flat = [
        (start + number * DAY_MINUTES, end + number * DAY_MINUTES)
        for number, shifts in enumerate(week)
        for start, end in shifts
    ]
    if not flat:
        raise DefinitionError(
            f"calendar '{calendar}' is never open", remedy='give it hours, such as mon-fri: "08:00-17:30"'
        )
    around = len(_WEEKDAYS) * DAY_MINUTES
    met = clash([*flat, *((start + around, end + around) for start, end in flat)])
    if met is not None:
        raise DefinitionError(
            f"calendar '{calendar}': hours overlap on {_NAMES[met // DAY_MINUTES % len(_NAMES)]}",
            remedy="let each shift end before the next begins",
        )
    return tuple(tuple(sorted(shifts)) for shifts in week)


def parse_shifts(text: str, calendar: str) -> Shifts:
    """Return shifts such as ``08:00-12:00, 13:00-17:00`` in minutes from midnight.

    Parameters:
        text: the shifts; one that ends at or before its start ends on the next day.
        calendar: the calendar's name, for the error.

    Raises:
        DefinitionError: a shift cannot be read.

    Example:
        >>> parse_shifts("08:00-12:00, 22:00-06:00", "desk")
        ((480, 720), (1320, 1800))
    """
    shifts = []
    for part in text.split(","):
        found = _SHIFT.fullmatch(part.strip())
        if found is None:
            raise _unreadable(part, calendar)
        from_hour, from_minute, to_hour, to_minute = (int(each) for each in found.groups())
        start, end = from_hour * _HOUR_MINUTES + from_minute, to_hour * _HOUR_MINUTES + to_minute
        if start >= DAY_MINUTES or end > DAY_MINUTES:
            raise _unreadable(part, calendar)
        shifts.append((start, end if end > start else end + DAY_MINUTES))
    return tuple(sorted(shifts))


def clash(shifts: Iterable[tuple[int, int]]) -> int | None:
    """Return the minute at which a shift begins before another has ended.

    Example:
        >>> clash([(0, 10), (10, 20)]) is None, clash([(0, 10), (9, 20)])
        (True, 9)
    """
    return next((begins for (_, ends), (begins, _) in pairwise(sorted(shifts)) if begins < ends), None)


def _unreadable(shift: str, calendar: str) -> DefinitionError:
    return DefinitionError(
        f"calendar '{calendar}': '{shift.strip()}' is no opening time", remedy='write it as "08:00-17:30"'
    )


def _weekdays(words: str, calendar: str) -> Sequence[int]:
    """Return the numbers of the weekdays in words such as ``mon-thu, sat``."""
    numbers: list[int] = []
    for part in words.lower().split(","):
        word = part.strip()
        if word == "daily":
            numbers += range(len(_WEEKDAYS))
            continue
        first, _, last = (each.strip() for each in word.partition("-"))
        begins, ends = (_weekday(each, calendar) for each in (first, last or first))
        numbers += [(begins + ahead) % len(_WEEKDAYS) for ahead in range((ends - begins) % len(_WEEKDAYS) + 1)]
    return numbers


def _weekday(word: str, calendar: str) -> int:
    if word not in _NUMBERS:
        raise DefinitionError(
            f"calendar '{calendar}': '{word}' is no weekday", remedy=neighbours(word, (*_WEEKDAYS, "daily"))
        )
    return _NUMBERS[word]

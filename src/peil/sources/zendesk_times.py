"""What is known of a Zendesk ticket beside the ticket: metrics, the first reply, the schedules it went through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peil.sources.source import Fault

DEEPEST = 20
LONGEST = 1 << 40
# What people wrote, and who they are.
PERSONAL = re.compile(
    r"^(?!.*_(?:at|id|ids|count)$).*(?:name|mail|phone|address|subject|description|comment|recipient|body|signature|notes|details|photo)"
    r"|^(?:requester|submitter|assignee|collaborators|followers)$",
    re.IGNORECASE,
)


def plain(value: object) -> str | None:
    """Return text or a number as text; anything else, and nothing, is None.

    Example:
        >>> plain(941606), plain(""), plain({"id": 1})
        ('941606', None, None)
    """
    return str(value) if value != "" and isinstance(value, str | int | float) and not isinstance(value, bool) else None


def moment(value: object, zone: ZoneInfo) -> datetime | None:
    """Return an ISO 8601 text as an instant; without an offset it is in ``zone``.

    Example:
        >>> moment("2020-09-29T17:01:38Z", ZoneInfo("Europe/Amsterdam")).isoformat()
        '2020-09-29T17:01:38+00:00'
    """
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=zone)


def milliseconds(value: object, *, unit: int) -> str | None:
    """Return a whole number of units in milliseconds; what is none stays as it stood, for the door.

    Example:
        >>> milliseconds(2, unit=60_000), milliseconds("soon", unit=60_000)
        ('120000', 'soon')
    """
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < LONGEST
    return str(value * unit) if whole and isinstance(value, int) else plain(value)


def unnamed(found: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """Return fields without those that hold a person's name, handle or words.

    Example:
        >>> unnamed({"priority": "high", "subject": "My bill", "organization": {"id": 7, "name": "Jansen"}})
        {'priority': 'high', 'organization': {'id': 7}}
    """
    kept = {key: _unnamed(value, depth) for key, value in found.items() if not PERSONAL.search(key)}
    return {key: value for key, value in kept.items() if value is not None}


def _unnamed(value: object, depth: int) -> object:
    if depth >= DEEPEST:
        return None
    if isinstance(value, dict):
        return unnamed(value, depth + 1)
    if isinstance(value, list):
        return [_unnamed(each, depth + 1) for each in value]
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Part of a ticket's life under one schedule.

    Parameters:
        begins, ends: as delivered; ``ends`` is None for the last.
        since, until: the same, as instants.
        schedule: the schedule in force, where known.
        group: the group in charge, where the change names it.
        last_group: the group in charge when the ticket was exported.
    """

    begins: str | None
    since: datetime | None = None
    ends: str | None = None
    until: datetime | None = None
    schedule: str | None = None
    group: str | None = None
    last_group: str | None = None

    def holds(self, at: datetime | None, *, first: bool, last: bool) -> bool:
        """Whether an instant falls in this stretch; the outer ones reach beyond the ticket."""
        if at is None or (first and last):
            return at is not None
        after = first or (self.since is not None and at >= self.since)
        return after and (last or (self.until is not None and at < self.until))


@dataclass(slots=True, kw_only=True)
class Pieces:
    """What one export holds about tickets outside the tickets, by ticket id."""

    zone: ZoneInfo
    metrics: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    replies: dict[str, tuple[int, datetime, str]] = field(default_factory=dict)
    changes: dict[str, tuple[int, object]] = field(default_factory=dict)
    rated: set[str] = field(default_factory=set)
    unoffered: dict[str, int] = field(default_factory=dict)
    placed: set[str] = field(default_factory=set)

    def gather(self, line: int, what: str, found: dict[str, Any]) -> None:
        """Remember an object that belongs to a ticket."""
        ticket = plain(found.get("ticket_id"))
        if ticket is None:
            return
        if what == "metrics":
            known = self.metrics.get(ticket)
            if known is None or self._newer(found, known[1]):
                self.metrics[ticket] = (line, found)
        elif what == "changes":
            self.changes[ticket] = (line, found.get("schedule_changes"))
        elif what == "event" and _first_reply(found):
            at = moment(found.get("time"), self.zone)
            if at is not None and (ticket not in self.replies or at < self.replies[ticket][1]):
                self.replies[ticket] = (line, at, found["time"])
        elif what == "rating":
            self.rated.add(ticket)
            if found.get("score") == "unoffered":
                self.unoffered[ticket] = line

    def orphans(self) -> Iterator[Fault]:
        """Yield a fault for everything whose ticket is not in the export."""
        lines = {
            "zendesk.metrics_without_ticket": {ticket: found[0] for ticket, found in self.metrics.items()},
            "zendesk.changes_without_ticket": {ticket: found[0] for ticket, found in self.changes.items()},
            "zendesk.reply_without_ticket": {ticket: found[0] for ticket, found in self.replies.items()},
            "zendesk.unoffered_without_ticket": self.unoffered,
        }
        for rule, found in lines.items():
            for ticket, line in found.items():
                if ticket not in self.placed:
                    yield Fault(line=line, rule=rule, value=ticket, column="contact_id", table="legs")

    def _newer(self, found: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
        new, old = moment(found.get("updated_at"), self.zone), moment(known.get("updated_at"), self.zone)
        return old is None or (new is not None and new >= old)


def _first_reply(event: Mapping[str, Any]) -> bool:
    first = event.get("metric") == "reply_time" and event.get("instance_id", 1) == 1
    return first and event.get("type") == "fulfill" and not event.get("deleted")


def reply(
    ticket: Mapping[str, Any], metrics: Mapping[str, Any], told: tuple[int, datetime, str] | None, zone: ZoneInfo
) -> tuple[str | None, str]:
    """Return when the first public reply of an agent came, and what tells so.

    The event of the reply has the very instant; seconds are next best, minutes last.

    Parameters:
        ticket: the ticket.
        metrics: its metrics, if any.
        told: line, instant and text of the reply's event, if any.
        zone: of instants without an offset.

    Example:
        >>> reply({"created_at": "2024-03-04T09:00:00Z"}, {"reply_time_in_minutes": {"calendar": 2}}, None, ZoneInfo("UTC"))
        ('2024-03-04T09:02:00+00:00', 'minutes')
    """
    if told is not None:
        return told[2], "event"
    created = moment(ticket.get("created_at"), zone)
    for unit, seconds in (("seconds", 1), ("minutes", 60)):
        times = metrics.get(f"reply_time_in_{unit}")
        value = times.get("calendar") if isinstance(times, dict) else times
        if value is None:
            continue
        if created is None or isinstance(value, bool) or not isinstance(value, int) or abs(value) >= LONGEST:
            return plain(value), unit
        try:
            return (created + timedelta(seconds=value * seconds)).isoformat(), unit
        except OverflowError:
            return plain(value), unit
    return None, ""


def stretches(
    ticket: Mapping[str, Any], metrics: Mapping[str, Any], told: tuple[int, object] | None, zone: ZoneInfo
) -> tuple[list[Stretch], list[Fault]]:
    """Return the parts of a ticket's life under one schedule and group, and changes that cannot be read.

    Parameters:
        ticket: the ticket.
        metrics: its metrics, if any; a change after the ticket was solved makes no stretch.
        told: line and list of schedule changes, if any.
        zone: of instants without an offset.

    Example:
        >>> changes = [{"schedule": "Day", "at": "2024-03-04T09:00:00Z"}, {"schedule": "Night", "at": "2024-03-04T18:00:00Z"}]
        >>> spans, _ = stretches({"created_at": "2024-03-04T09:00:00Z"}, {}, (1, changes), ZoneInfo("UTC"))
        >>> [(each.schedule, each.ends) for each in spans]
        [('Day', '2024-03-04T18:00:00Z'), ('Night', None)]
    """
    begins = plain(ticket.get("created_at"))
    since = moment(begins, zone)
    group = plain(ticket.get("group_id"))
    spans = [Stretch(begins=begins, since=since, last_group=group)]
    changes, faults = _changes(told, zone)
    solved = moment(metrics.get("solved_at"), zone) if plain(ticket.get("status")) in {"solved", "closed"} else None
    for at, text, schedule, change_group in changes if since is not None else ():
        now = spans[-1]
        if (now.schedule, now.group) == (schedule, change_group) or (solved is not None and at >= solved):
            continue
        if now.since is not None and at <= now.since:
            spans[-1] = replace(now, schedule=schedule, group=change_group)
            continue
        spans[-1] = replace(now, ends=text, until=at)
        spans.append(Stretch(begins=text, since=at, schedule=schedule, group=change_group, last_group=group))
    return spans, faults


def _changes(
    told: tuple[int, object] | None, zone: ZoneInfo
) -> tuple[list[tuple[datetime, str, str | None, str | None]], list[Fault]]:
    line, found = told if told is not None else (0, [])
    good: list[tuple[datetime, str, str | None, str | None]] = []
    faults: list[Fault] = []
    for each in found if isinstance(found, list) else [found]:
        change: dict[str, Any] = each if isinstance(each, dict) else {}
        at = moment(change.get("at"), zone)
        if at is None:
            faults.append(Fault(line=line, rule="zendesk.schedule_change", column="calendar", table="legs"))
        else:
            good.append((at, change["at"], plain(change.get("schedule")), plain(change.get("group"))))
    return sorted(good, key=lambda each: each[0]), faults

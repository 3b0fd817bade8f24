"""Asterisk: ``/var/log/asterisk/queue_log``, and the csv files of call detail records (CDR) and channel events (CEL)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.sources.asterisk_queue import PROVIDES, Event, QueueLog, milliseconds, number, whole
from peil.sources.source import Draft, Export, Fault, Record, drafts
from peil.sources.tables import LEGS

State = Literal["ready", "on_contact", "wrap", "meeting", "training", "break", "other_work", "offline"]

QUEUE_LINE = re.compile(r"(\d{1,10}(?:\.\d{1,6})?)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]+)(?:\|(.*))?")
QUEUE_START = re.compile(rb"\d{1,10}(?:\.\d{1,6})?\|")
QUEUE_APPS = frozenset({"queue", "appqueue"})
CDR = (
    *("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata"),
    *("start", "answer", "end", "duration", "billsec", "disposition", "amaflags", "uniqueid"),
)
# Asterisk writes its csv without a header; the optional columns that follow depend on cdr.conf.
CDR_TAILS: Mapping[int, tuple[str, ...]] = {
    17: (),
    18: ("userfield",),
    20: ("peeraccount", "linkedid", "sequence"),
    21: ("userfield", "peeraccount", "linkedid", "sequence"),
}
DISPOSITIONS = frozenset({"NO ANSWER", "CONGESTION", "FAILED", "BUSY", "ANSWERED"})
USED = frozenset({"start", "calldate", "answer", "end", "billsec", "disposition"})
# Names, numbers and dial strings: persons, or whom they called.
PERSONAL = frozenset(
    {
        *("src", "dst", "clid", "channel", "dstchannel", "lastdata", "recordingfile"),
        *("cnum", "cnam", "outbound_cnum", "outbound_cnam", "dst_cnam"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asterisk:
    """Queue logs and call detail records of one Asterisk.

    queue_log writes epoch seconds, so ``zone`` does not touch it; CDR and CEL write local time, in ``zone``.
    There is no after-call work in any of them, so ``wrap_ms`` stays empty.

    Parameters:
        name: how the source is called; part of every key.
        organisation: whose calls they are.
        files: glob patterns of the exports.
        zone: IANA time zone of the telephone exchange.
        outbound_contexts: dialplan contexts (``dcontext``) of calls made by agents.
        internal_contexts: dialplan contexts of calls between colleagues.
        pauses: reason of a pause, as logged, to the state it stands for; others count as ``break``.
        key_exit: what leaving a queue by pressing a key means.
        has_queue_log: queue_log is loaded too, so CDR rows of queue calls are told twice and marked ``ignored``.

    Example:
        >>> pbx = Asterisk(name="pbx", organisation="demo", files=("queue_log*",))
        >>> [schema.name for schema in pbx.provides]
        ['legs', 'agent_states']
    """

    kind: Literal["asterisk"] = "asterisk"
    name: str
    organisation: str
    files: tuple[str, ...]
    zone: str = "UTC"
    outbound_contexts: tuple[str, ...] = ("from-internal",)
    internal_contexts: tuple[str, ...] = ()
    pauses: Mapping[str, State] = field(default_factory=dict)
    key_exit: Literal["overflowed", "callback", "voicemail", "abandoned"] = "overflowed"
    has_queue_log: bool = True

    provides: ClassVar[tuple[Schema, ...]] = PROVIDES
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the legs and agent states of one file."""
        return drafts(self._records(export))

    def _records(self, export: Export) -> Iterator[Record | Fault]:
        log = QueueLog(links=_links(export), pauses=self.pauses, key_exit=self.key_exit)
        cel_line, told = 0, False
        for line, entry in _entries(export):
            if isinstance(entry, Event):
                told = True
                yield from log.follow(entry)
            elif isinstance(entry, str):
                yield Fault(line=line, rule=entry)
            elif "disposition" in entry:
                told = True
                yield self._detail(line, entry)
            else:
                cel_line = cel_line or line
        yield from log.finish()
        if cel_line and not told:
            yield Fault(line=cel_line, rule="asterisk.events_alone", table="legs")

    def _detail(self, line: int, row: Mapping[str, str]) -> Record | Fault:
        uniqueid = row.get("uniqueid", "")
        if not uniqueid:
            return Fault(line=line, rule="asterisk.no_uniqueid", column="contact_id", table="legs")
        direction, outward = self._direction(row.get("dcontext", ""))
        answered = row["disposition"].upper() == "ANSWERED"
        again = self.has_queue_log and row.get("lastapp", "").lower() in QUEUE_APPS
        contact = row.get("linkedid") or uniqueid
        peer = _peer(row.get("channel" if outward else "dstchannel", ""))
        started = row.get("start") or row.get("calldate")
        rang = (whole(row.get("duration")) or 0) - (whole(row.get("billsec")) or 0)
        values: dict[str, object] = {
            # A call that queue_log tells stays a contact of its own here, or its talking time would count twice.
            "contact_id": f"cdr-{contact}" if again else contact,
            "leg_id": _detail_id(row, uniqueid),
            "channel": "call",
            "direction": direction,
            "handler": "none" if not answered else "agent" if peer else "ivr",
            "agent_id": peer if answered else None,
            "started_at": started,
            "answered_at": (row.get("answer") or self._later(started, rang)) if answered else None,
            "ended_at": row.get("end") or self._later(started, whole(row.get("duration"))),
            "talk_ms": milliseconds(row.get("billsec")) if answered else None,
            "ended_how": "ignored" if again else _how(row, direction, answered=answered),
            "ended_code": row["disposition"],
            "phone": None if direction == "internal" else number(row.get("dst" if outward else "src")),
        }
        kept = {name: value for name, value in row.items() if value and name not in USED and name not in PERSONAL}
        if direction == "inbound" and row.get("dst"):
            kept["dst"] = row["dst"]
        return Record(schema=LEGS, line=line, values=values, extra=kept)

    def _direction(self, context: str) -> tuple[str, bool]:
        if context in self.internal_contexts:
            return "internal", True
        outward = context in self.outbound_contexts
        return ("outbound" if outward else "inbound"), outward

    def _later(self, local: str | None, seconds: int | None) -> str | None:
        if not local or seconds is None:
            return None
        try:
            begun = datetime.fromisoformat(local)
            aware = begun if begun.tzinfo else begun.replace(tzinfo=ZoneInfo(self.zone))
            return (aware.astimezone(UTC) + timedelta(seconds=seconds)).isoformat()
        except (ValueError, OverflowError):
            return None


def _how(row: Mapping[str, str], direction: str, *, answered: bool) -> str:
    if row.get("lastapp", "").lower() == "voicemail":
        return "voicemail"
    if answered:
        return "completed"
    if row["disposition"].upper() == "NO ANSWER":
        return "abandoned" if direction == "inbound" else "timeout"
    return "error"


def _peer(channel: str) -> str | None:
    """Return the device of a channel's name, which ends in a serial number.

    Example:
        >>> _peer("PJSIP/21-0000004f")
        'PJSIP/21'
    """
    return channel.rpartition("-")[0] or channel or None


def _detail_id(row: Mapping[str, str], uniqueid: str) -> str:
    if row.get("sequence"):
        return f"cdr-{uniqueid}-{row['sequence']}"
    told = "|".join((row.get("start") or row.get("calldate", ""), row.get("dstchannel", ""), row.get("dst", "")))
    return f"cdr-{uniqueid}-{sha256(told.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _links(export: Export) -> dict[str, str]:
    """Return which call (linkedid) each channel (uniqueid) of the file belongs to."""
    with export.path.open("rb") as lines:
        if all(QUEUE_START.match(each) for each in lines):
            return {}
    rows = (entry for _, entry in _entries(export) if isinstance(entry, dict))
    return {each["uniqueid"]: each["linkedid"] for each in rows if each.get("uniqueid") and each.get("linkedid")}


def _entries(export: Export) -> Iterator[tuple[int, Event | dict[str, str] | str]]:
    """Yield each line as an event of queue_log, a csv row by its header, or the name of what is wrong with it."""
    header: tuple[str, ...] = ()
    with export.path.open("rb") as lines:
        for line, raw in enumerate(lines, start=1):
            text = raw.decode("utf-8", "replace").rstrip("\r\n").removeprefix("\ufeff")
            if not text.strip():
                continue
            if found := QUEUE_LINE.fullmatch(text):
                at, callid, queue, agent, name, params = found.groups()
                split = tuple((params or "").split("|"))
                event = Event(line=line, at=float(at), callid=callid, queue=queue, agent=agent, name=name, params=split)
                yield line, event
                continue
            cells = _cells(text)
            if (names := _header(cells)) is not None:
                header = names
            else:
                yield line, _row(cells, header)


def _cells(text: str) -> list[str]:
    try:
        return next(csv.reader([text]), [])
    except csv.Error:
        return []


def _header(cells: list[str]) -> tuple[str, ...] | None:
    names = tuple(each.strip().lower() for each in cells)
    if "uniqueid" in names and ("disposition" in names or ("linkedid" in names and "eventtype" in names)):
        return names
    return None


def _row(cells: list[str], header: tuple[str, ...]) -> dict[str, str] | str:
    if header and len(cells) == len(header):
        return dict(zip(header, cells, strict=True))
    tail = CDR_TAILS.get(len(cells))
    if tail is not None and cells[CDR.index("disposition")].upper() in DISPOSITIONS:
        return dict(zip((*CDR, *tail), cells, strict=True))
    return "asterisk.unreadable_line"

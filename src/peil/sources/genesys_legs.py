"""The legs of a Genesys conversation, put together from its participants' sessions and segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ROLES = {
    "acd": "queue",
    "agent": "agent",
    "user": "agent",
    "botflow": "bot",
    "ivr": "ivr",
    "workflow": "ivr",
    "voicesurveyflow": "ivr",
    "voicemail": "voicemail",
}
BESIDE = {"cobrowse", "screenshare", "screenmonitoring"}
LISTENING = {"monitoring", "coaching", "barging", "screenmonitoring"}
CALLING = {"dialing", "contacting"}
GAP = timedelta(seconds=10)

_MS = timedelta(milliseconds=1)
_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One segment, timed."""

    start: datetime
    end: datetime | None
    kind: str
    segment: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Sessions of one participant that overlap in time.

    Parameters:
        role: ``queue``, ``agent``, ``bot``, ``ivr`` or ``voicemail``.
        participant: as it stood.
        sessions: as they stood, in order of time.
        spans: their segments, in order of time; at least one.
    """

    role: str
    participant: Mapping[str, Any]
    sessions: tuple[Mapping[str, Any], ...]
    spans: tuple[Span, ...]

    @property
    def start(self) -> datetime:
        """When it began."""
        return self.spans[0].start

    @property
    def took(self) -> datetime | None:
        """When talk with the customer began; None where it never did."""
        return next((each.start for each in self.spans if each.kind == "interact"), None)

    @property
    def end(self) -> datetime | None:
        """When the customer's part of it ended, wrap-up left out; None while it goes on."""
        spans = [each for each in self.spans if each.kind != "wrapup"] or self.spans
        return None if self.open else max(each.end for each in spans if each.end)

    @property
    def open(self) -> bool:
        """Whether a segment other than wrap-up has no end yet."""
        spans = [each for each in self.spans if each.kind != "wrapup"] or self.spans
        return any(each.end is None for each in spans)

    def length(self, *kinds: str) -> int:
        """Return how many milliseconds segments of these kinds cover; open ones count for nothing yet."""
        total, until = timedelta(), _FIRST
        for each in self.spans:
            if each.kind in kinds and each.end and each.end > until:
                total += each.end - max(each.start, until)
                until = each.end
        return total // _MS

    def last(self, name: str) -> Any:  # noqa: ANN401  # JSON is untyped
        """Return what the last segment that fills this field says."""
        return next((each.segment[name] for each in reversed(self.spans) if each.segment.get(name)), None)


@dataclass(slots=True, kw_only=True)
class Leg:
    """A stay in a queue, whoever took the contact from it, and those who let it ring."""

    queue: Stretch | None = None
    taker: Stretch | None = None
    rang: list[Stretch] = field(default_factory=list)
    voicemail: bool = False

    @property
    def parts(self) -> tuple[Stretch, ...]:
        """Every stretch it is made of."""
        return tuple(each for each in (self.queue, self.taker, *self.rang) if each)

    @property
    def main(self) -> Stretch:
        """The stretch that says how it went on."""
        return self.taker or self.queue or self.rang[0]

    @property
    def served(self) -> bool:
        """Whether a queue or an agent had it, and not only a menu or bot."""
        return bool(self.queue) or self.main.role == "agent"


def moment(stood: object, zone: ZoneInfo) -> datetime:
    """Return an instant in UTC; one that carries no zone is taken to be in ``zone``.

    Raises:
        ValueError: it is not an instant.

    Example:
        >>> moment("2024-03-04T10:00:00.000+01:00", ZoneInfo("UTC")).isoformat()
        '2024-03-04T09:00:00+00:00'
    """
    read = datetime.fromisoformat(stood if isinstance(stood, str) else "")
    try:
        return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError as wrong:
        raise ValueError(stood) from wrong


def stretches(conversation: Mapping[str, Any], zone: ZoneInfo) -> list[Stretch]:
    """Return the stretches of a conversation in order of time.

    Parameters:
        conversation: as it stood; its layout is right.
        zone: zone of instants that carry none.

    Raises:
        ValueError: a segment's start or end is not an instant.
    """
    found = []
    for participant in filter(None, conversation.get("participants") or ()):
        role = ROLES.get(str(participant.get("purpose")))
        if role is None:
            continue
        sessions = [each for each in participant.get("sessions") or () if each and any(each.get("segments") or ())]
        main = [each for each in sessions if each.get("mediaType") not in BESIDE] or sessions
        timed = sorted(((_spans(each, zone), each) for each in main), key=lambda pair: pair[0][0].start)
        found += [_stretch(role, participant, group) for group in _groups(timed)]
    heard = [each for each in found if each.role != "agent" or {one.kind for one in each.spans} - LISTENING]
    return sorted(heard, key=lambda each: (each.start, each.role != "queue"))


_Timed = tuple[tuple[Span, ...], Mapping[str, Any]]


def _spans(session: Mapping[str, Any], zone: ZoneInfo) -> tuple[Span, ...]:
    spans = [
        Span(
            start=moment(each.get("segmentStart"), zone),
            end=None if each.get("segmentEnd") is None else moment(each["segmentEnd"], zone),
            kind=str(each.get("segmentType")),
            segment=each,
        )
        for each in filter(None, session["segments"])
    ]
    return tuple(sorted(spans, key=lambda each: each.start))


def _groups(timed: Iterable[_Timed]) -> Iterator[list[_Timed]]:
    group: list[_Timed] = []
    for each in timed:
        ends = [span.end for spans, _ in group for span in spans]
        if group and all(end and end < each[0][0].start for end in ends):
            yield group
            group = []
        group.append(each)
    if group:
        yield group


def _stretch(role: str, participant: Mapping[str, Any], group: Sequence[_Timed]) -> Stretch:
    sessions = tuple(session for _, session in group)
    flows = {str((each.get("flow") or {}).get("flowType")) for each in sessions}
    return Stretch(
        role="bot" if role == "ivr" and any("BOT" in each for each in flows) else role,
        participant=participant,
        sessions=sessions,
        spans=tuple(sorted((span for spans, _ in group for span in spans), key=lambda each: each.start)),
    )


def gather(found: Iterable[Stretch]) -> list[Leg]:
    """Return the legs that stretches make: an agent joins the queue they took the contact from.

    Parameters:
        found: in order of time.
    """
    legs: list[Leg] = []
    for each in found:
        kinds = {span.kind for span in each.spans}
        waiting = _waiting(legs, each)
        if each.role == "queue":
            legs.append(Leg(queue=each))
        elif each.role == "agent" and not each.took and not kinds & CALLING:
            (waiting or _added(legs)).rang.append(each)
        elif each.role == "agent" and waiting and each.took:
            waiting.taker = each
        elif each.role == "voicemail" and waiting:
            waiting.voicemail = True
        else:
            legs.append(Leg(taker=each, voicemail=each.role == "voicemail"))
    return legs


def _added(legs: list[Leg]) -> Leg:
    legs.append(Leg())
    return legs[-1]


def _waiting(legs: Sequence[Leg], stretch: Stretch) -> Leg | None:
    """Return the latest queue from which nobody has taken the contact, if this stretch can belong to it."""
    leg = next((each for each in reversed(legs) if each.queue), None)
    if leg is None or leg.queue is None or leg.taker:
        return None
    queues = {leg.queue.last("queueId"), stretch.last("queueId")} - {None}
    late = leg.queue.end is not None and stretch.start > leg.queue.end + GAP
    return None if late or len(queues) > 1 else leg

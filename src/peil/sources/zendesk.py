"""Zendesk Support: tickets, their metrics, schedules and satisfaction ratings, as JSON lines or pages of its API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.sources.json_files import read_objects
from peil.sources.source import Draft, Export, Fault, Record, drafts, instant
from peil.sources.tables import ANSWERS, INVITATIONS, LEGS
from peil.sources.zendesk_times import Pieces, Stretch, milliseconds, moment, plain, reply, stretches, unnamed

PAGES: Mapping[str, str] = {
    "tickets": "ticket",
    "ticket": "ticket",
    "ticket_metrics": "metrics",
    "ticket_metric": "metrics",
    "metric_sets": "metrics",
    "ticket_metric_events": "event",
    "satisfaction_ratings": "rating",
    "satisfaction_rating": "rating",
}
CHANNELS: Mapping[str, str] = {
    **dict.fromkeys(("email", "mail", "4"), "mail"),
    **dict.fromkeys(
        ("web", "web_form", "web_widget", "helpcenter", "help_center", "mobile", "mobile_sdk", "0"), "form"
    ),
    **dict.fromkeys(("chat", "chat_transcript", "chat_offline_message"), "chat"),
    **dict.fromkeys(("voice", "voicemail", "phone_call", "phone_call_inbound", "phone_call_outbound"), "call"),
    **dict.fromkeys(("twitter", "twitter_dm", "twitter_favorite", "facebook", "instagram_dm", "any_channel"), "social"),
    **dict.fromkeys(("whatsapp", "native_messaging", "sms", "line", "wechat", "telegram", "viber"), "message"),
    **dict.fromkeys(("kakaotalk", "google_rcs", "apple_business_chat", "twilio_sms", "messagebird_sms"), "message"),
    **dict.fromkeys(("google_business_messages", "sunshine_conversations_api", "messaging"), "message"),
    **dict.fromkeys(("sunshine_conversations_facebook_messenger", "sunshine_conversations_twitter_dm"), "message"),
}
ENDED: Mapping[str, str] = {"solved": "completed", "closed": "completed", "deleted": "ignored"}
SCORES: Mapping[str, int | None] = {"bad": 0, "good": 1000, "received": None, "offered": None}
LATEST = 1 << 33
SHOWN = frozenset(
    {
        "id",
        "created_at",
        "updated_at",
        "status",
        "requester_id",
        "assignee_id",
        "group_id",
        "via",
        "fields",
        "metric_set",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Zendesk:
    """Tickets and satisfaction ratings of one Zendesk account.

    A ticket is a contact; each stretch of it under one schedule (or group) is a leg. Metrics,
    reply events and schedule changes are joined to their ticket when they stand in the same file.

    Parameters:
        name: how the source is called; part of every key.
        organisation: whose tickets they are.
        files: glob patterns of the exports.
        zone: IANA time zone of local days; Zendesk's instants carry their own.
        reason_field: id of the custom field that holds the contact reason.

    Example:
        >>> desk = Zendesk(name="desk", organisation="demo", files=("zendesk*.jsonl",))
        >>> [schema.name for schema in desk.provides]
        ['legs', 'answers', 'invitations']
    """

    kind: Literal["zendesk"] = "zendesk"
    name: str
    organisation: str
    files: tuple[str, ...]
    zone: str = "UTC"
    reason_field: int | None = None

    provides: ClassVar[tuple[Schema, ...]] = (LEGS, ANSWERS, INVITATIONS)
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the legs, answers and invitations of one file."""
        return drafts(self._records(export))

    def _records(self, export: Export) -> Iterator[Record | Fault]:
        pieces = Pieces(zone=ZoneInfo(self.zone))
        for line, what, found in _objects(export):
            pieces.gather(line, what, found)
        for line, what, found in _objects(export):
            if what == "ticket":
                yield from self._ticket(line, found, pieces)
            elif what == "rating":
                yield from _rating(line, found)
            elif what == "fault":
                yield found["fault"]
        yield from pieces.orphans()

    def _ticket(self, line: int, ticket: Mapping[str, Any], pieces: Pieces) -> Iterator[Record | Fault]:
        number = plain(ticket.get("id"))
        if number is None:
            yield Fault(line=line, rule="zendesk.no_id", column="contact_id", table="legs")
            return
        pieces.placed.add(number)
        side = ticket.get("metric_set")
        metrics = pieces.metrics[number][1] if number in pieces.metrics else side if isinstance(side, dict) else {}
        responded, told_by = reply(ticket, metrics, pieces.replies.get(number), pieces.zone)
        spans, faults = stretches(ticket, metrics, pieces.changes.get(number), pieces.zone)
        yield from faults
        common = self._common(number, ticket, metrics, pieces)
        kept = self._extra(number, ticket, metrics, pieces)
        deleted = plain(ticket.get("status")) == "deleted"
        for place, span in enumerate(spans):
            last = place == len(spans) - 1
            values = {**common, **_span(number, place, span, metrics)}
            moved = {"ended_how": "ignored" if deleted else "transferred", "ended_code": "schedule"}
            values |= _last(ticket, metrics) if last else moved
            extra = kept
            at = moment(responded, pieces.zone)
            if (responded and last and at is None) or span.holds(at, first=place == 0, last=last):
                values |= {"handler": "agent", "responded_at": responded, "answered_at": responded}
                extra = {**kept, "responded_from": told_by}
            yield Record(schema=LEGS, line=line, values=values, extra=extra)
        embedded = ticket.get("satisfaction_rating")
        if isinstance(embedded, dict) and embedded.get("created_at") and number not in pieces.rated:
            yield from _rating(line, {**ticket, "updated_at": None, **embedded, "ticket_id": number})

    def _common(
        self, number: str, ticket: Mapping[str, Any], metrics: Mapping[str, Any], pieces: Pieces
    ) -> dict[str, object]:
        channel, rel, sender = _via(ticket)
        generated = ticket.get("generated_timestamp")
        marks = [ticket.get("updated_at"), metrics.get("updated_at")]
        if isinstance(generated, int) and not isinstance(generated, bool) and 0 < generated < LATEST:
            marks.append(instant(generated))
        dated = [(at, mark) for mark in marks if (at := moment(mark, pieces.zone)) is not None]
        return {
            "contact_id": number,
            "channel": CHANNELS.get(channel, "other"),
            "direction": "outbound" if rel == "outbound" or channel == "phone_call_outbound" else "inbound",
            "updated_at": max(dated)[1] if dated else plain(ticket.get("updated_at")),
            "reason": self._reason(ticket),
            "customer_id": plain(ticket.get("requester_id")),
            "mail": plain(sender.get("address")) if CHANNELS.get(channel) == "mail" else None,
            "phone": plain(sender.get("phone")),
        }

    def _reason(self, ticket: Mapping[str, Any]) -> str | None:
        fields = ticket.get("custom_fields")
        for each in fields if self.reason_field is not None and isinstance(fields, list) else ():
            if isinstance(each, dict) and each.get("id") == self.reason_field:
                return plain(each.get("value"))
        return None

    def _extra(
        self, number: str, ticket: Mapping[str, Any], metrics: Mapping[str, Any], pieces: Pieces
    ) -> dict[str, object]:
        channel, rel, _ = _via(ticket)
        left = {key: value for key, value in ticket.items() if key not in SHOWN}
        extra: dict[str, object] = {**unnamed(left), "via": {"channel": channel, "rel": rel}}
        if metrics:
            told = {key: value for key, value in metrics.items() if key not in {"id", "url", "ticket_id"}}
            extra["metrics"] = unnamed(told)
        if number in pieces.changes:
            extra |= unnamed({"schedule_changes": pieces.changes[number][1]})
        if number in pieces.unoffered:
            extra["satisfaction_rating"] = "unoffered"
        return extra


def _objects(export: Export) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield what a file holds, each with the kind of object it is; pages are unpacked."""
    for item in read_objects(export.path):
        if isinstance(item, Fault):
            yield item.line, "fault", {"fault": item}
            continue
        line, found = item.line, item.value
        kind = _kind(found)
        if kind:
            yield line, kind, found
            continue
        held = [(PAGES[key], value) for key, value in found.items() if key in PAGES]
        for what, value in held:
            for each in value if isinstance(value, list) else [value]:
                good = isinstance(each, dict)
                yield line, what if good else "fault", each if good else {"fault": _unknown(line, what)}
        if not held:
            yield line, "fault", {"fault": _unknown(line, "")}


def _kind(found: Mapping[str, Any]) -> str:
    if "ticket_id" not in found:
        return "ticket" if "id" in found and ("requester_id" in found or "status" in found) else ""
    if "schedule_changes" in found:
        return "changes"
    if "score" in found:
        return "rating"
    if "metric" in found:
        return "event"
    return "metrics" if "reopens" in found or any(key.endswith("_in_minutes") for key in found) else ""


def _unknown(line: int, what: str) -> Fault:
    return Fault(line=line, rule="zendesk.unknown_object", value=what)


def _via(ticket: Mapping[str, Any]) -> tuple[str, str | None, Mapping[str, Any]]:
    via = ticket.get("via")
    via = via if isinstance(via, dict) else {}
    source = via.get("source")
    source = source if isinstance(source, dict) else {}
    sender = source.get("from")
    return plain(via.get("channel")) or "", plain(source.get("rel")), sender if isinstance(sender, dict) else {}


def _span(number: str, place: int, span: Stretch, metrics: Mapping[str, Any]) -> dict[str, object]:
    alone = metrics.get("group_stations") == 1
    return {
        "leg_id": f"{number}-{place + 1}",
        "queue": span.group or (span.last_group if alone else None),
        "handler": "none",
        "calendar": span.schedule,
        "started_at": span.begins,
        "ended_at": span.ends,
    }


def _last(ticket: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, object]:
    """Return what is known of a ticket as it stands, and so belongs to its last leg."""
    status, agent = plain(ticket.get("status")) or "", plain(ticket.get("assignee_id"))
    solved, how = plain(metrics.get("solved_at")), ENDED.get(status, "open")
    hold = metrics.get("on_hold_time_in_minutes")
    return {
        "queue": plain(ticket.get("group_id")),
        "handler": "agent" if agent else "none",
        "agent_id": agent,
        "resolved_at": solved,
        "ended_at": None if how == "open" else solved,
        "park_ms": milliseconds(hold.get("calendar"), unit=60_000) if isinstance(hold, dict) else None,
        "n_reopens": plain(metrics.get("reopens")),
        "ended_how": how,
        "ended_code": status or None,
    }


def _rating(line: int, rating: Mapping[str, Any]) -> Iterator[Record | Fault]:
    """Yield the invitation, and the answers if there are any: one survey a ticket, the newest state counts."""
    ticket = plain(rating.get("ticket_id"))
    score = (plain(rating.get("score")) or "").removesuffix("_with_comment").removesuffix("_without_comment")
    if score == "unoffered":
        return
    if ticket is None or score not in SCORES:
        yield Fault(
            line=line, rule="zendesk.score" if ticket else "zendesk.no_id", value=score[:40], table="invitations"
        )
        return
    made = plain(rating.get("created_at"))
    changed = plain(rating.get("updated_at")) or made
    shared: dict[str, object] = {
        "survey": "zendesk",
        "audience": "customer",
        "contact_id": ticket,
        "customer_id": plain(rating.get("requester_id")),
        "updated_at": changed,
    }
    value = SCORES[score]
    response = ticket if value is not None else None
    known = {key: rating[key] for key in ("id", "reason_id", "reason", "reason_code") if rating.get(key) is not None}
    asked = {
        **shared,
        "invitation_id": ticket,
        "response_id": response,
        "invited_at": made,
        "disposition": "offered" if score == "offered" else "complete",
    }
    yield Record(schema=INVITATIONS, line=line, values=asked, extra=known)
    if value is None:
        return
    answered = {
        **shared,
        "response_id": response,
        "answered_at": made,
        "agent_id": plain(rating.get("assignee_id")),
        "team": plain(rating.get("group_id")),
        "mode": "web",
    }
    said = {"question": "satisfaction", "construct": "csat", "scale_low": 0, "scale_high": 1, "value_milli": value}
    yield Record(schema=ANSWERS, line=line, values={**answered, **said, "value_text": score}, extra=known)
    if comment := plain(rating.get("comment")):
        words = {**answered, "question": "comment", "value_text": comment}
        yield Record(schema=ANSWERS, line=line, values=words)

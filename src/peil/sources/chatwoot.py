"""Chatwoot: conversations with their messages, reporting events and satisfaction answers, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.sources.bot_talk import Turn, messages, object_in, since_1970, word
from peil.sources.json_files import read_objects, thousandths
from peil.sources.source import Draft, Export, Fault, Record, drafts
from peil.sources.tables import ANSWERS, LEGS, MESSAGES

CHANNELS: Mapping[str, str] = {
    "Channel::WebWidget": "chat",
    "Channel::Api": "message",
    "Channel::Email": "mail",
    "Channel::Whatsapp": "message",
    "Channel::Sms": "message",
    "Channel::TwilioSms": "message",
    "Channel::Telegram": "message",
    "Channel::Line": "message",
    "Channel::FacebookPage": "social",
    "Channel::Instagram": "social",
    "Channel::TwitterProfile": "social",
    "Channel::Tiktok": "social",
    "Channel::Voice": "call",
}
_BOTS = {"agent_bot", "AgentBot", "captain_assistant", "Captain::Assistant"}
_PEOPLE = {"user", "User"}
_KINDS: Mapping[str, str] = {"0": "incoming", "1": "outgoing", "2": "activity", "3": "template"}
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chatwoot:
    """Conversations of one Chatwoot account.

    What the bot had and what people had of a conversation are two legs. Reporting events and satisfaction answers are
    joined to their conversation when they stand in the same file; each kind of object may also come in a ``payload``.

    Parameters:
        name: how the source is called; part of every key.
        organisation: whose conversations they are.
        files: glob patterns of the exports.
        zone: time zone of local days; the instants are in UTC.
        channel: channel of conversations that tell none.
        keep_text: keep what was said, not only how long it was.

    Example:
        >>> Chatwoot(name="desk", organisation="demo", files=("*.jsonl",)).channel
        'chat'
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    provides: ClassVar[tuple[Schema, ...]] = (LEGS, MESSAGES, ANSWERS)

    kind: Literal["chatwoot"] = "chatwoot"
    name: str
    organisation: str
    files: tuple[str, ...]
    zone: str = "UTC"
    channel: Literal["chat", "message", "mail", "social"] = "chat"
    keep_text: bool = False

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the drafts and faults of one export.

        Parameters:
            export: conversations, and what belongs to them.
        """
        return drafts(self._records(export))

    def _records(self, export: Export) -> Iterator[Record | Fault]:
        events: dict[str, list[tuple[datetime, str]]] = {}
        said: dict[str, list[Mapping[str, Any]]] = {}
        known: set[str] = set()
        for _, kind, found in _objects(export):
            if kind == "event" and (at := since_1970(found.get("event_end_time") or found.get("created_at"))):
                events.setdefault(word(found.get("conversation_id")) or "", []).append((at, str(found.get("name"))))
            elif kind == "message":
                said.setdefault(word(found.get("conversation_id")) or "", []).append(found)
        for line, kind, found in _objects(export):
            if kind == "fault":
                yield found["fault"]
            elif kind == "rating":
                yield from _rating(found, line)
            elif kind == "conversation":
                number = word(found.get("id")) or ""
                known.add(number)
                yield from self._conversation(found, events.get(number, []), said.get(number, []), line)
        for number in {*events, *said} - known:
            yield Fault(line=1, rule="chatwoot.no_conversation", value=number[:20], column="contact_id", table="legs")

    def _conversation(
        self,
        found: Mapping[str, Any],
        events: Sequence[tuple[datetime, str]],
        said: Sequence[Mapping[str, Any]],
        line: int,
    ) -> Iterator[Record | Fault]:
        begins = since_1970(found.get("created_at"))
        if begins is None:
            yield Fault(line=line, rule="chatwoot.not_an_instant", column="created_at", table="legs")
            return
        within = found.get("messages")
        turns = _turns([*(within if isinstance(within, list) else []), *said])
        story = _Story(found=found, events=sorted(set(events)), turns=turns, begins=begins)
        shared = {**self._shared(found), "contact_id": word(found.get("id")), "updated_at": story.changed}
        extra = {
            "inbox_id": found.get("inbox_id"),
            "status": found.get("status"),
            "labels": found.get("labels") or None,
            "events": [name for _, name in story.events] or None,
        }
        kept = {key: each for key, each in extra.items() if each is not None}
        if story.with_bot:
            yield Record(schema=LEGS, line=line, values={**shared, **story.bot_leg()}, extra=kept)
        if story.with_people or not story.with_bot:
            values = {**shared, **story.people_leg()}
            yield Record(schema=LEGS, line=line, values=values, extra={} if story.with_bot else kept)
        yield from messages(turns, shared["contact_id"], line, keep_text=self.keep_text)

    def _shared(self, found: Mapping[str, Any]) -> dict[str, object]:
        meta = object_in(found, "meta")
        sender, labels = object_in(meta, "sender"), found.get("labels")
        stood = word(meta.get("channel")) or word(found.get("channel"))
        return {
            "channel": CHANNELS.get(str(stood), self.channel if stood is None else "other"),
            "direction": "inbound",
            "reason": word(labels[0]) if isinstance(labels, list) and labels else None,
            "customer_id": word(sender.get("id") or found.get("contact_id")),
            "phone": word(sender.get("phone_number")),
            "mail": word(sender.get("email")),
        }


@dataclass(slots=True, kw_only=True)
class _Story:
    """One conversation, with what happened in it in order of time."""

    found: Mapping[str, Any]
    events: list[tuple[datetime, str]]
    turns: list[Turn]
    begins: datetime
    handed: datetime | None = field(init=False)
    resolved: datetime | None = field(init=False)
    replied: datetime | None = field(init=False)

    def __post_init__(self) -> None:
        """Find the moments on which the legs are cut."""
        people = [each.at for each in self.turns if each.author == "agent"]
        # the value of first_response counts from the hand-over; the moment itself is right
        told = self.at("first_response")
        self.replied = people[0] if people else told[0] if told else None
        handed = self.at("conversation_bot_handoff")
        self.handed = handed[0] if handed else self.replied if self.with_bot else None
        resolved = self.at("conversation_resolved") + self.at("conversation_bot_resolved")
        self.resolved = max(resolved) if resolved and self.found.get("status") == "resolved" else None

    def at(self, name: str) -> list[datetime]:
        """Return when an event happened, in order of time."""
        return [at for at, each in self.events if each == name]

    @property
    def with_bot(self) -> bool:
        """Whether a bot said anything, or handed over or resolved it."""
        names = {name for _, name in self.events}
        return any(each.author == "bot" for each in self.turns) or any("bot" in each for each in names)

    @property
    def with_people(self) -> bool:
        """Whether it was passed on to people, or one of them answered."""
        return self.handed is not None or self.replied is not None

    @property
    def changed(self) -> datetime:
        """The last thing known to have happened."""
        stamps = [since_1970(self.found.get(each)) for each in ("updated_at", "last_activity_at", "timestamp")]
        moments = [*(each.at for each in self.turns), *(at for at, _ in self.events), self.begins]
        return max(moments + [each for each in stamps if each])

    @property
    def _ends(self) -> datetime | None:
        if self.found.get("status") != "resolved":
            return None
        return self.resolved or max([self.begins, *(each.at for each in self.turns)])

    def bot_leg(self) -> dict[str, object]:
        """Return what the bot had of it."""
        ends = self.handed or self._ends
        outcome = "handed_over" if self.handed else "resolved_assumed" if ends else None
        ended = {"handed_over": "transferred", "resolved_assumed": "completed"}.get(outcome or "", "open")
        spoke = [
            each.at for each in self.turns if each.author in {"customer", "bot"} and (ends is None or each.at <= ends)
        ]
        return {
            "leg_id": "bot",
            "handler": "bot",
            "started_at": self.begins,
            "answered_at": self.begins,
            "ended_at": ends,
            "talk_ms": (max(spoke) - min(spoke)) // _MS if spoke else None,
            "ended_how": ended,
            "bot_outcome": outcome,
            "self_served": outcome == "resolved_assumed" if outcome else None,
            "vendor_resolved": bool(self.at("conversation_bot_resolved")) if outcome else None,
            "answered_by": "bot" if outcome == "resolved_assumed" else None,
            "logged_by": "bot",
        }

    def people_leg(self) -> dict[str, object]:
        """Return what people had of it, or what waits for them."""
        meta = object_in(self.found, "meta")
        starts, ends = self.handed or self.begins, self._ends
        answered = self.replied if self.replied and self.replied >= starts else None
        closings = len(self.at("conversation_resolved"))
        return {
            "leg_id": "people",
            "queue": word(object_in(meta, "team").get("name") or self.found.get("inbox_id")),
            "handler": "agent" if answered else "none",
            "agent_id": word(object_in(meta, "assignee").get("id") or self.found.get("assignee_id"))
            if answered
            else None,
            "started_at": starts,
            "queued_at": starts,
            "answered_at": answered,
            "responded_at": answered,
            "resolved_at": self.resolved,
            "ended_at": ends,
            "wait_ms": (answered - starts) // _MS if answered else (ends - starts) // _MS if ends else None,
            "n_reopens": max(closings - 1, 0) if self.events else None,
            "ended_how": "open" if ends is None else "completed" if answered else "abandoned",
            "answered_by": "agent" if answered else None,
        }


def _turns(found: Sequence[object]) -> list[Turn]:
    """Return what customers, bots and people wrote to one another: no notes, no activity."""
    turns: dict[object, Turn] = {}
    for each in found:
        if not isinstance(each, dict) or each.get("private") is True:
            continue
        sender, at = object_in(each, "sender"), since_1970(each.get("created_at"))
        kind = _KINDS.get(word(each.get("message_type")) or "", word(each.get("message_type")))
        who = word(sender.get("type")) or word(each.get("sender_type"))
        if at is None or kind not in {"incoming", "outgoing", "template"}:
            continue
        author = (
            "customer" if kind == "incoming" else "agent" if who in _PEOPLE else "bot" if who in _BOTS else "system"
        )
        turns[word(each.get("id")) or at] = Turn(at=at, author=author, text=str(each.get("content") or ""))
    return sorted(turns.values(), key=lambda turn: turn.at)


def _objects(export: Export) -> Iterator[tuple[int, str, Any]]:
    for item in read_objects(export.path, within="payload"):
        if isinstance(item, Fault):
            yield item.line, "fault", {"fault": item}
        elif kind := _kind(item.value):
            yield item.line, kind, item.value
        else:
            fault = Fault(line=item.line, rule="chatwoot.unknown_object", table="legs")
            yield item.line, "fault", {"fault": fault}


def _kind(found: Mapping[str, Any]) -> str:
    if "rating" in found and "conversation_id" in found:
        return "rating"
    if "event_end_time" in found or ("name" in found and "value" in found):
        return "event"
    if "message_type" in found and "conversation_id" in found:
        return "message"
    return "conversation" if word(found.get("id")) and "status" in found and "created_at" in found else ""


def _rating(found: Mapping[str, Any], line: int) -> Iterator[Record]:
    values = {
        "survey": "chatwoot",
        # one survey a message; a conversation that was opened again is asked again
        "response_id": word(found.get("message_id") or found.get("id")),
        "question": "satisfaction",
        "construct": "csat",
        "scale_low": 1,
        "scale_high": 5,
        "value_milli": thousandths(found.get("rating")),
        "answered_at": since_1970(found.get("created_at")),
        "updated_at": since_1970(found.get("updated_at") or found.get("created_at")),
        "contact_id": word(found.get("conversation_id")),
        "customer_id": word(found.get("contact_id")),
        "agent_id": word(found.get("assigned_agent_id")),
        "mode": "web",
    }
    yield Record(schema=ANSWERS, line=line, values=values)

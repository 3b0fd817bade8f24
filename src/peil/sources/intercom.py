"""Intercom: conversations with their parts, as its interface gives them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.sources.bot_talk import Turn, list_in, messages, object_in, since_1970, word
from peil.sources.json_files import read_objects, thousandths
from peil.sources.source import Draft, Export, Fault, Record, drafts
from peil.sources.tables import ANSWERS, LEGS, MESSAGES

CHANNELS: Mapping[str, str] = {
    "conversation": "chat",
    "push": "chat",
    "email": "mail",
    "sms": "message",
    "whatsapp": "message",
    "facebook": "social",
    "instagram": "social",
    "twitter": "social",
    "phone_call": "call",
    "phone_switch": "call",
}
RESOLVED: Mapping[str, str] = {"assumed_resolution": "resolved_assumed", "confirmed_resolution": "resolved_confirmed"}
CAUSES: Mapping[str, str] = {"negative_feedback": "no_content", "procedure_handoff": "policy"}
_TAG = re.compile(r"<[^>]*>")
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intercom:
    """Conversations of one Intercom workspace: objects, or pages with a ``conversations`` array.

    What the AI agent had and what teammates had of a conversation are two legs. Waiting and answering are counted from
    the parts' own instants: Intercom's statistics leave hours out of office away.

    Parameters:
        name: how the source is called; part of every key.
        organisation: whose conversations they are.
        files: glob patterns of the exports.
        zone: time zone of local days; the instants are seconds since 1970.
        escalated_means: why the AI agent escalated: the customer ``asked_human``, or a rule of ``policy``; Intercom calls
            both escalated.
        reason_attribute: custom attribute with the contact reason; else the first tag.
        keep_text: keep what was said, not only how long it was.

    Example:
        >>> Intercom(name="fin", organisation="demo", files=("*.jsonl",)).escalated_means
        'asked_human'
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    provides: ClassVar[tuple[Schema, ...]] = (LEGS, MESSAGES, ANSWERS)

    kind: Literal["intercom"] = "intercom"
    name: str
    organisation: str
    files: tuple[str, ...]
    zone: str = "UTC"
    escalated_means: Literal["asked_human", "policy"] = "asked_human"
    reason_attribute: str = ""
    keep_text: bool = False

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the drafts and faults of one export.

        Parameters:
            export: conversations.
        """
        return drafts(self._records(export))

    def _records(self, export: Export) -> Iterator[Record | Fault]:
        for each in read_objects(export.path, within="conversations"):
            if isinstance(each, Fault):
                yield each
            elif word(each.value.get("id")) is None:
                yield Fault(line=each.line, rule="intercom.no_id", column="contact_id", table="legs")
            elif (begins := since_1970(each.value.get("created_at"))) is None:
                yield Fault(line=each.line, rule="intercom.not_an_instant", column="created_at", table="legs")
            else:
                yield from self._conversation(each.value, begins, each.line)

    def _conversation(self, found: Mapping[str, Any], begins: datetime, line: int) -> Iterator[Record]:
        parts = _parts(found, begins)
        turns = [each for each in parts if each.text or each.author == "customer"]
        ai, state = object_in(found, "ai_agent"), str(object_in(found, "ai_agent").get("resolution_state") or "")
        with_ai = found.get("ai_agent_participated") is True or bool(ai) or any(each.author == "bot" for each in parts)
        replied = min((each.at for each in turns if each.author == "agent"), default=None)
        replied = replied or since_1970(object_in(found, "statistics").get("first_admin_reply_at"))
        passed = with_ai and (replied is not None or _routed(found) or state in {"escalated", "procedure_handoff"})
        contact = str(found["id"])
        shared = {**self._shared(found), "contact_id": contact, "updated_at": since_1970(found.get("updated_at"))}
        handed = _handed(found, parts, replied) if passed else None
        closed = _closed(found)
        if with_ai:
            values = {**shared, **self._ai_leg(found, turns, begins, handed, closed)}
            extra = {"ai_agent": {key: ai[key] for key in ("source_type", "last_answer_type") if ai.get(key)}}
            yield Record(schema=LEGS, line=line, values=values, extra=extra)
        if handed or not with_ai:
            values = {**shared, **_people_leg(found, handed or begins, replied, closed)}
            yield Record(schema=LEGS, line=line, values=values, extra=_kept(found))
        yield from messages(turns, contact, line, keep_text=self.keep_text)
        yield from _answers(found, contact, shared["customer_id"], line)

    def _shared(self, found: Mapping[str, Any]) -> dict[str, object]:
        source = object_in(found, "source")
        author = object_in(source, "author")
        contacts = list_in(object_in(found, "contacts"), "contacts")
        tags = list_in(object_in(found, "tags"), "tags")
        named = object_in(found, "custom_attributes").get(self.reason_attribute)
        customer = author if word(author.get("type")) in {"user", "lead", "contact"} else {}
        delivered = word(source.get("delivered_as"))
        kind = str(source.get("type") or "")
        return {
            "channel": CHANNELS.get(kind, "other" if kind else "chat"),
            "direction": "outbound" if delivered in {"admin_initiated", "campaigns_initiated"} else "inbound",
            "reason": word(named) or next((word(each.get("name")) for each in tags if isinstance(each, dict) and each.get("name")), None),
            "customer_id": next((str(each["id"]) for each in contacts if isinstance(each, dict) and each.get("id")), word(customer.get("id"))),
            "mail": word(customer.get("email")),
        }  # fmt: skip

    def _ai_leg(
        self,
        found: Mapping[str, Any],
        turns: Sequence[Turn],
        begins: datetime,
        handed: datetime | None,
        closed: datetime | None,
    ) -> dict[str, object]:
        ai = object_in(found, "ai_agent")
        state = str(ai.get("resolution_state") or "")
        spoke = [each for each in turns if each.author in {"customer", "bot"} and (handed is None or each.at <= handed)]
        lasts = max([begins, *(each.at for each in spoke)])
        outcome = "handed_over" if handed else RESOLVED.get(state)
        if outcome is None and (closed or state == "negative_feedback"):
            outcome = "gave_up"
        cause = self.escalated_means if state == "escalated" else CAUSES.get(state)
        # without a state no answer was delivered at all
        cause = cause or ("no_content" if not state and ai else None)
        resolved = outcome in {"resolved_assumed", "resolved_confirmed"}
        asked = state == "escalated" and self.escalated_means == "asked_human"
        asks = [each.at for each in spoke if each.author == "customer"]
        return {
            "leg_id": "ai",
            "handler": "bot",
            "started_at": begins,
            "answered_at": begins,
            "ended_at": handed or (closed if outcome == "gave_up" else lasts if outcome else None),
            "talk_ms": (lasts - begins) // _MS,
            "ended_how": {"handed_over": "transferred", "gave_up": "timeout"}.get(
                outcome or "", "completed" if outcome else "open"
            ),
            "bot_outcome": outcome,
            "bot_failure": cause if outcome and not resolved else None,
            "asked_human_at": (max(asks) if asks else handed) if asked else None,
            "self_served": resolved if outcome else None,
            "vendor_resolved": state in RESOLVED if outcome else None,
            "answered_by": "bot" if resolved else None if handed else "none" if outcome else None,
            "logged_by": "bot",
        }


def _people_leg(
    found: Mapping[str, Any], starts: datetime, replied: datetime | None, closed: datetime | None
) -> dict[str, object]:
    numbers = object_in(found, "statistics")
    admin, team = found.get("admin_assignee_id"), found.get("team_assignee_id")
    answered = replied if replied and replied >= starts else None
    ends = closed if closed and closed >= starts else None
    return {
        "leg_id": "people",
        "queue": str(team) if team else None,
        "handler": "agent" if answered else "none",
        "agent_id": str(admin) if admin and answered else None,
        "started_at": starts,
        "queued_at": starts,
        "answered_at": answered,
        "responded_at": answered,
        "resolved_at": ends,
        "ended_at": ends,
        "wait_ms": (answered - starts) // _MS if answered else (ends - starts) // _MS if ends else None,
        "n_reopens": word(numbers.get("count_reopens")),
        "ended_how": "open" if ends is None else "completed" if answered else "abandoned",
        "answered_by": "agent" if answered else None,
    }


def _parts(found: Mapping[str, Any], begins: datetime) -> list[Turn]:
    """Return who wrote what: the opening message and the parts; notes and assignments have no text for the customer."""
    source = object_in(found, "source")
    turns = [Turn(at=begins, author=_author(object_in(source, "author")), text=_plain(source.get("body")))]
    for each in list_in(object_in(found, "conversation_parts"), "conversation_parts") or list_in(
        found, "conversation_parts"
    ):
        at = since_1970(each.get("created_at")) if isinstance(each, dict) else None
        if at is None or word(each.get("part_type")) in {"note", "note_and_reopen"}:
            continue
        author = _author(object_in(each, "author"))
        text = _plain(each.get("body"))
        # what somebody does without a word is no turn
        turns.append(Turn(at=at, author=author if text else "system", text=text))
    return sorted(turns, key=lambda turn: turn.at)


def _author(author: Mapping[str, Any]) -> str:
    """Tell who wrote it: bots and campaigns may write in the name of an admin."""
    if author.get("from_ai_agent") is True or author.get("is_ai_answer") is True or author.get("type") == "bot":
        return "bot"
    return {"user": "customer", "lead": "customer", "contact": "customer", "admin": "agent"}.get(
        str(author.get("type")), "system"
    )


def _plain(body: object) -> str:
    return html.unescape(_TAG.sub(" ", body)).strip() if isinstance(body, str) else ""


def _routed(found: Mapping[str, Any]) -> bool:
    """Whether it was put in the hands of people: an assignee of 0 is nobody."""
    return bool(found.get("admin_assignee_id") or found.get("team_assignee_id"))


def _handed(found: Mapping[str, Any], parts: Sequence[Turn], replied: datetime | None) -> datetime:
    """Return when it went to people: the first assignment after the AI agent, else its last word, else the first reply."""
    every = list_in(object_in(found, "conversation_parts"), "conversation_parts") or list_in(
        found, "conversation_parts"
    )
    given = [
        at
        for each in every
        if isinstance(each, dict) and "assign" in str(each.get("part_type")) and _people(each.get("assigned_to"))
        if (at := since_1970(each.get("created_at")))
    ]
    before = [each for each in given if replied is None or each <= replied]
    if before:
        return min(before)
    bots = [each.at for each in parts if each.author == "bot" and (replied is None or each.at <= replied)]
    opened = min(each.at for each in parts)
    return max(bots) if bots else replied or opened


def _people(assigned: object) -> bool:
    return isinstance(assigned, dict) and word(assigned.get("type")) in {"admin", "team"} and bool(assigned.get("id"))


def _closed(found: Mapping[str, Any]) -> datetime | None:
    if found.get("state") != "closed":
        return None
    numbers = object_in(found, "statistics")
    return since_1970(numbers.get("last_close_at")) or since_1970(found.get("updated_at"))


def _kept(found: Mapping[str, Any]) -> dict[str, object]:
    numbers = {key: each for key, each in object_in(found, "statistics").items() if isinstance(each, int | float)}
    sla = {key: each for key, each in object_in(found, "sla_applied").items() if isinstance(each, str)}
    kept = {"state": found.get("state"), "priority": found.get("priority"), "statistics": numbers, "sla_applied": sla}
    return {key: each for key, each in kept.items() if each}


def _answers(found: Mapping[str, Any], contact: str, customer: object, line: int) -> Iterator[Record]:
    """Yield what customers gave the teammate and the AI agent: two questions, which are never pooled."""
    rating, ai = object_in(found, "conversation_rating"), object_in(found, "ai_agent")
    updated = since_1970(found.get("updated_at")) or since_1970(found.get("created_at"))
    given = (
        (
            "satisfaction",
            rating.get("rating"),
            since_1970(rating.get("created_at")),
            object_in(rating, "teammate").get("id"),
        ),
        ("ai_agent", ai.get("rating"), updated, None),
    )
    for question, value, at, agent in given:
        if value is None:
            continue
        values = {
            "survey": "intercom" if question == "satisfaction" else "intercom_ai_agent",
            "response_id": f"{contact}/{question}",
            "question": question,
            "construct": "csat",
            "scale_low": 1,
            "scale_high": 5,
            "value_milli": thousandths(value),
            "answered_at": at or updated,
            "updated_at": updated,
            "contact_id": contact,
            "customer_id": customer,
            "agent_id": str(agent) if agent else None,
            "mode": "chat",
        }
        yield Record(schema=ANSWERS, line=line, values=values)

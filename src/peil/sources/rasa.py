"""Rasa: trackers from the HTTP interface or the tracker store, or single events as an event broker sends them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.sources.bot_talk import Talk, Turn, messages, session_id, since_1970, span, word
from peil.sources.json_files import read_objects
from peil.sources.source import Draft, Export, Fault, Record, drafts
from peil.sources.tables import LEGS, MESSAGES

FALLBACK_INTENTS = {"nlu_fallback", "out_of_scope"}
_SIGNALS = {
    "action_default_fallback": "misunderstanding",
    "action_two_stage_fallback": "misunderstanding",
    "pattern_cannot_handle": "no_content",
    "pattern_internal_error": "technical",
    "pattern_human_handoff": "asked_human",
}
_COLUMNS = {"account": "customer_id", "phone": "phone", "mail": "mail"}

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rasa:
    """Conversations of one Rasa assistant.

    A tracker holds every session of a sender; each session is a contact with one leg of the bot. A session that nobody
    said anything in is ignored. A tracker exported again with more sessions replaces what was loaded and adds the rest.

    Parameters:
        name: how the source is called; part of every key.
        organisation: whose bot it is.
        files: glob patterns of the exports.
        zone: time zone of local days; the events themselves carry seconds since 1970.
        sender: what a sender id is: the customer's ``account``, ``phone`` or ``mail``, or of ``nobody`` (a browser).
        human_intents: intents with which a customer asks for a person.
        handover_actions: actions that hand over; so do ``pause`` and a human hand-off of Rasa itself.
        resolved_intents, resolved_actions, resolved_flows: what shows that a session was resolved: the customer says so, an
            action succeeded, a flow was completed.
        acting_actions: actions that do something for the customer, such as a booking.
        no_content_actions: actions that say that there is no answer.
        policy_actions: actions that refuse by policy.
        identified_slots: slots that are filled once the bot knows who the customer is.
        small_talk_intents: intents that are no reason to get in touch; the first other one is.
        keep_text: keep what was said, not only how long it was.

    Example:
        >>> Rasa(name="rasa", organisation="demo", files=("*.jsonl",)).sender
        'nobody'
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    provides: ClassVar[tuple[Schema, ...]] = (LEGS, MESSAGES)

    kind: Literal["rasa"] = "rasa"
    name: str
    organisation: str
    files: tuple[str, ...]
    zone: str = "UTC"
    sender: Literal["account", "phone", "mail", "nobody"] = "nobody"
    human_intents: tuple[str, ...] = ("human_handoff", "request_human", "talk_to_human", "ask_human")
    handover_actions: tuple[str, ...] = ("action_human_handoff", "action_handoff", "action_handover")
    resolved_intents: tuple[str, ...] = ()
    resolved_actions: tuple[str, ...] = ()
    resolved_flows: tuple[str, ...] = ()
    acting_actions: tuple[str, ...] = ()
    no_content_actions: tuple[str, ...] = ()
    policy_actions: tuple[str, ...] = ()
    identified_slots: tuple[str, ...] = ()
    small_talk_intents: tuple[str, ...] = ("greet", "goodbye", "thanks", "affirm", "deny", "bot_challenge")
    keep_text: bool = False

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the drafts and faults of one export.

        Parameters:
            export: trackers, or events one a line.
        """
        return drafts(self._records(export))

    def _records(self, export: Export) -> Iterator[Record | Fault]:
        loose: dict[str, tuple[int, list[Event]]] = {}
        for each in read_objects(export.path):
            if isinstance(each, Fault):
                yield each
                continue
            sender, events = word(each.value.get("sender_id")), each.value.get("events")
            if sender is None:
                yield Fault(line=each.line, rule="rasa.no_sender", column="contact_id", table="legs")
            elif isinstance(events, list):
                yield from self._tracker(sender, events, each.line)
            elif isinstance(each.value.get("event"), str):
                loose.setdefault(sender, (each.line, []))[1].append(each.value)
            else:
                yield Fault(line=each.line, rule="rasa.no_events", column="events", table="legs")
        for sender_id, (line, gathered) in loose.items():
            yield from self._tracker(sender_id, gathered, line)

    def _tracker(self, sender: str, events: Sequence[object], line: int) -> Iterator[Record | Fault]:
        timed: list[tuple[datetime, Event]] = []
        for each in events:
            at = since_1970(each.get("timestamp")) if isinstance(each, dict) else None
            if at is None or not isinstance(each, dict):
                yield Fault(line=line, rule="rasa.event_without_time", column="timestamp", table="messages")
            else:
                timed.append((at, each))
        # a broker delivers at least once and in no order
        once = {(at, _what(each)): (at, each) for at, each in timed}
        for session in _sessions(sorted(once.values(), key=lambda pair: pair[0])):
            yield from self._session(sender, session, line)

    def _session(self, sender: str, events: Sequence[tuple[datetime, Event]], line: int) -> Iterator[Record]:
        talk, kinds = Talk(), Counter(str(each.get("event")) for _, each in events)
        acted = identified = False
        channel = None
        for at, event in events:
            self._note(talk, at, event)
            name = word(event.get("name"))
            acted |= event.get("event") == "action" and name in self.acting_actions
            identified |= (
                event.get("event") == "slot" and name in self.identified_slots and event.get("value") is not None
            )
            channel = channel or word(event.get("input_channel"))
        if not talk.turns:
            return
        begins = min(talk.turns[0].at, events[0][0])
        # slots and reminders may come long after the last word
        ends = max(talk.turns[-1].at, talk.handed or begins)
        contact = session_id(sender, begins)
        values = {
            **talk.columns(),
            "contact_id": contact,
            "leg_id": "bot",
            "channel": "bot",
            "direction": "inbound",
            "handler": "bot",
            "started_at": begins,
            "answered_at": begins,
            "ended_at": ends,
            "updated_at": ends,
            "talk_ms": span(talk.turns),
            "reason": next((each.intent for each in talk.turns if self._is_reason(each)), None),
            # Rasa counts every session without a person as a success
            "vendor_resolved": talk.handed is None if talk.engaged else None,
            "acted_by": "bot" if acted else None,
            "identified_by": "bot" if identified else None,
            **({} if self.sender == "nobody" else {_COLUMNS[self.sender]: sender}),
        }
        extra = {"input_channel": channel, "events": dict(sorted(kinds.items()))}
        yield Record(schema=LEGS, line=line, values=values, extra=extra)
        yield from messages(talk.turns, contact, line, keep_text=self.keep_text)

    def _is_reason(self, turn: Turn) -> bool:
        beside = {*FALLBACK_INTENTS, *self.human_intents, *self.small_talk_intents}
        return turn.author == "customer" and turn.intent is not None and turn.intent not in beside

    def _note(self, talk: Talk, at: datetime, event: Event) -> None:
        kind, name = word(event.get("event")), word(event.get("name")) or word(event.get("flow_id")) or ""
        if kind == "user":
            self._heard(talk, at, event)
        elif kind == "bot":
            talk.said(Turn(at=at, author="bot", text=str(event.get("text") or "")))
            talk.dead_end |= bool(talk.causes) and talk.causes[-1][1] != "asked_human" and _unrepaired(talk)
        elif kind == "pause" or (kind == "action" and name in self.handover_actions):
            talk.handed = talk.handed or at
        elif kind in {"action", "flow_started"}:
            self._did(talk, at, name)
        elif kind == "flow_completed":
            talk.confirmed |= name in self.resolved_flows
        elif kind == "action_execution_rejected":
            talk.failed(at, "technical")

    def _heard(self, talk: Talk, at: datetime, event: Event) -> None:
        parsed = event.get("parse_data")
        found = parsed.get("intent") if isinstance(parsed, dict) else None
        intent = found if isinstance(found, dict) else {}
        name = word(intent.get("name"))
        talk.said(
            Turn(
                at=at,
                author="customer",
                text=str(event.get("text") or ""),
                intent=name,
                confidence=intent.get("confidence"),
            )
        )
        if name in FALLBACK_INTENTS:
            talk.failed(at, "misunderstanding")
        elif name in self.human_intents:
            talk.asks(at)
        talk.confirmed |= name in self.resolved_intents

    def _did(self, talk: Talk, at: datetime, name: str) -> None:
        cause = _SIGNALS.get(name)
        if cause == "asked_human":
            talk.asks(at)
            talk.handed = talk.handed or at
        elif cause or name in self.no_content_actions or name in self.policy_actions:
            talk.failed(at, cause or ("no_content" if name in self.no_content_actions else "policy"))
        talk.confirmed |= name in self.resolved_actions


def _unrepaired(talk: Talk) -> bool:
    """Whether nothing but an apology followed the customer's last word."""
    last = max(each.at for each in talk.turns if each.author == "customer") if talk.engaged else None
    return last is not None and talk.causes[-1][0] >= last


def _what(event: Event) -> str:
    return f"{event.get('event')}/{event.get('name')}/{event.get('text')}/{event.get('message_id')}"


def _sessions(events: Sequence[tuple[datetime, Event]]) -> Iterator[list[tuple[datetime, Event]]]:
    """Yield the events of each session; a restart or a new session ends the one before."""
    session: list[tuple[datetime, Event]] = []
    for pair in events:
        begins = (
            word(pair[1].get("event")) in {"session_started", "restart"}
            or pair[1].get("name") == "action_session_start"
        )
        if begins and any(word(each.get("event")) in {"user", "bot"} for _, each in session):
            yield session
            session = []
        session.append(pair)
    if session:
        yield session

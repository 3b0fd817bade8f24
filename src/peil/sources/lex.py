"""Amazon Lex V2: conversation logs, as CloudWatch delivers or exports them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.sources.bot_talk import Talk, Turn, list_in, messages, object_in, plain_id, since_1970, span, word
from peil.sources.json_files import read_objects
from peil.sources.source import Draft, Export, Fault, Record, drafts
from peil.sources.tables import LEGS, MESSAGES

FALLBACK = {"FallbackIntent", "AMAZON.FallbackIntent"}
_DONE = {"Fulfilled", "ReadyForFulfillment"}
_ASKING = {"ElicitSlot", "ElicitIntent", "ConfirmIntent"}
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LexV2:
    """Conversation logs of Lex V2 bots: one entry a customer's turn, as JSON lines.

    Entries of one session without a long pause between them are a contact with one leg of the bot. Entries are taken
    as they are, or out of the ``message`` of a CloudWatch event.

    Parameters:
        name: how the source is called; part of every key.
        organisation: whose bot it is.
        files: glob patterns of the exports.
        zone: time zone of local days; the logs are in UTC.
        channel: ``bot`` for text, ``call`` where it answers the telephone.
        idle_minutes: a session silent for longer is over, as the bot's session timeout says.
        human_intents: intents with which a customer asks for a person; fulfilled, the bot hands over.
        identified_slots: slots that are filled once the bot knows who the customer is.
        keep_text: keep what was said, not only how long it was.

    Example:
        >>> LexV2(name="lex", organisation="demo", files=("*.jsonl",)).idle_minutes
        5
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    provides: ClassVar[tuple[Schema, ...]] = (LEGS, MESSAGES)

    kind: Literal["lex_v2"] = "lex_v2"
    name: str
    organisation: str
    files: tuple[str, ...]
    zone: str = "UTC"
    channel: Literal["bot", "call", "chat", "message"] = "bot"
    idle_minutes: int = 5
    human_intents: tuple[str, ...] = ("AgentIntent", "HumanIntent", "SpeakToAgent", "TalkToAgent")
    identified_slots: tuple[str, ...] = ()
    keep_text: bool = False

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the drafts and faults of one export.

        Parameters:
            export: log entries.
        """
        return drafts(self._records(export))

    def _records(self, export: Export) -> Iterator[Record | Fault]:
        sessions: dict[str, _Session] = {}
        for each in read_objects(export.path):
            if isinstance(each, Fault):
                yield each
                continue
            entry = _entry(each.value)
            session, at = word(entry.get("sessionId")), since_1970(entry.get("timestamp", each.value.get("timestamp")))
            if session is None:
                yield Fault(line=each.line, rule="lex.no_session", column="sessionId", table="legs")
            elif at is None:
                yield Fault(line=each.line, rule="lex.not_an_instant", column="timestamp", table="messages")
            else:
                kept = sessions.setdefault(session, _Session(line=each.line))
                # an utterance has one entry in each of several log streams
                kept.turns.setdefault(str(entry.get("requestId") or at), (at, self._turn(entry)))
        for name, found in sessions.items():
            turns = sorted(found.turns.values(), key=lambda pair: pair[0])
            for part in _parts(turns, timedelta(minutes=self.idle_minutes)):
                yield from self._contact(name, part, found.line)

    def _turn(self, entry: Entry) -> dict[str, Any]:
        state = object_in(entry, "sessionState")
        intent = object_in(state, "intent")
        guesses = [each for each in list_in(entry, "interpretations") if isinstance(each, dict)]
        first = next((each for each in guesses if object_in(each, "intent").get("name") == intent.get("name")), {})
        slots = object_in(intent, "slots")
        return {
            "heard": str(entry.get("inputTranscript") or ""),
            "missed": str(entry.get("missedUtterance")).lower() == "true" or word(intent.get("name")) in FALLBACK,
            "intent": word(intent.get("name")),
            "state": word(intent.get("state")),
            "confidence": first.get("nluConfidence"),
            "asking": word(object_in(state, "dialogAction").get("type")) in _ASKING,
            "said": [
                str(each["content"])
                for each in list_in(entry, "messages")
                if isinstance(each, dict) and each.get("content")
            ],
            "identified": any(slots.get(each) for each in self.identified_slots),
            "bot": {key: value for key, value in object_in(entry, "bot").items() if isinstance(value, str)},
        }

    def _contact(self, name: str, turns: Sequence[tuple[datetime, dict[str, Any]]], line: int) -> Iterator[Record]:
        talk = Talk()
        for at, turn in turns:
            self._note(talk, at, turn)
        begins, (ends, last) = turns[0][0], turns[-1]
        states = [turn["state"] for _, turn in turns if turn["intent"] not in {*FALLBACK, *self.human_intents}]
        contact = f"{plain_id(name, begins)}/{int(begins.timestamp())}"
        values = {
            **talk.columns(),
            "contact_id": contact,
            "leg_id": "bot",
            "channel": self.channel,
            "direction": "inbound",
            "handler": "bot",
            "started_at": begins,
            "answered_at": begins,
            "ended_at": ends,
            "updated_at": ends,
            "talk_ms": span(talk.turns),
            "reason": next((turn["intent"] for _, turn in turns if self._is_reason(turn)), None),
            "language": last["bot"].get("localeId"),
            # what Lex counts as a success: the last intent is fulfilled, or ready to be
            "vendor_resolved": last["state"] in _DONE and not last["missed"] if talk.engaged else None,
            "acted_by": "bot" if "Fulfilled" in states else None,
            "identified_by": "bot" if any(turn["identified"] for _, turn in turns) else None,
        }
        yield Record(schema=LEGS, line=line, values=values, extra={"bot": last["bot"], "last_state": last["state"]})
        yield from messages(talk.turns, contact, line, keep_text=self.keep_text)

    def _is_reason(self, turn: Mapping[str, Any]) -> bool:
        return bool(turn["heard"] and turn["intent"]) and turn["intent"] not in {*FALLBACK, *self.human_intents}

    def _note(self, talk: Talk, at: datetime, turn: Mapping[str, Any]) -> None:
        if turn["heard"]:
            intent = None if turn["missed"] else turn["intent"]
            talk.said(Turn(at=at, author="customer", text=turn["heard"], intent=intent, confidence=turn["confidence"]))
        if turn["missed"]:
            talk.failed(at, "misunderstanding")
        elif turn["intent"] in self.human_intents:
            talk.asks(at)
            if turn["state"] in _DONE:
                talk.handed = talk.handed or at
        if turn["said"]:
            talk.said(Turn(at=at, author="bot", text="\n".join(turn["said"])))
        failed = turn["state"] == "Failed"
        if failed and not turn["missed"]:
            talk.failed(at, "technical")
        talk.confirmed = turn["state"] == "Fulfilled" and not turn["missed"]
        # a customer who leaves while the bot is asking something has dropped out
        talk.dead_end = turn["missed"] or failed or (turn["asking"] and turn["state"] not in _DONE)


@dataclass(slots=True, kw_only=True)
class _Session:
    line: int
    turns: dict[str, tuple[datetime, dict[str, Any]]] = field(default_factory=dict)


def _entry(value: Entry) -> Entry:
    """Return the log entry itself: a CloudWatch event carries it as text."""
    wrapped = value.get("message")
    if not isinstance(wrapped, str) or "sessionId" in value:
        return value
    try:
        found = json.loads(wrapped)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _parts(
    turns: Sequence[tuple[datetime, dict[str, Any]]], idle: timedelta
) -> Iterator[list[tuple[datetime, dict[str, Any]]]]:
    part: list[tuple[datetime, dict[str, Any]]] = []
    for pair in turns:
        if part and pair[0] - part[-1][0] > idle:
            yield part
            part = []
        part.append(pair)
    yield part

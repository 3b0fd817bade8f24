"""Dialogflow CX: the turns that its conversation history exports to BigQuery, one a row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.sources.bot_talk import Talk, Turn, messages, plain_id, since_1970, span, word
from peil.sources.json_files import read_objects
from peil.sources.source import Draft, Export, Fault, Record, drafts
from peil.sources.tables import LEGS, MESSAGES

MOST_TURNS = 500
"""Further turns of a conversation are not exported, so that how it ended is not known."""

_WORKED = ("ok", "success")


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogflowCx:
    """Conversation history of one Dialogflow CX agent: rows of its BigQuery table, as JSON lines.

    A session is a contact with one leg of the bot. Columns of type JSON may come as objects or as text. A row that is
    delivered twice counts once.

    Parameters:
        name: how the source is called; part of every key.
        organisation: whose bot it is.
        files: glob patterns of the exports.
        zone: time zone of local days; ``request_time`` is in UTC.
        channel: ``bot`` for text, ``call`` where it answers the telephone.
        customer_parameter: session parameter with the customer's number.
        no_content_pages, policy_pages: display names of pages that say there is no answer, or that refuse.
        acting_intents: intents with which the bot does something for the customer.
        keep_text: keep what was said, not only how long it was.

    Example:
        >>> DialogflowCx(name="cx", organisation="demo", files=("*.jsonl",)).kind
        'dialogflow_cx'
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    provides: ClassVar[tuple[Schema, ...]] = (LEGS, MESSAGES)

    kind: Literal["dialogflow_cx"] = "dialogflow_cx"
    name: str
    organisation: str
    files: tuple[str, ...]
    zone: str = "UTC"
    channel: Literal["bot", "call", "chat", "message"] = "bot"
    customer_parameter: str = ""
    no_content_pages: tuple[str, ...] = ()
    policy_pages: tuple[str, ...] = ()
    acting_intents: tuple[str, ...] = ()
    keep_text: bool = False

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the drafts and faults of one export.

        Parameters:
            export: rows of the table.
        """
        return drafts(self._records(export))

    def _records(self, export: Export) -> Iterator[Record | Fault]:
        talks: dict[str, _Session] = {}
        for each in read_objects(export.path):
            if isinstance(each, Fault):
                yield each
                continue
            row = each.value
            name, at, place = (
                row.get("conversation_name"),
                since_1970(row.get("request_time")),
                row.get("turn_position"),
            )
            if not isinstance(name, str) or not name:
                yield Fault(line=each.line, rule="dialogflow.no_conversation", column="conversation_name", table="legs")
            elif at is None:
                yield Fault(line=each.line, rule="dialogflow.not_an_instant", column="request_time", table="messages")
            else:
                session = talks.setdefault(name, _Session(line=each.line))
                session.rows[str(place if place is not None else row.get("request_time"))] = (at, self._turn(row))
        for name, session in talks.items():
            yield from self._session(name, session)

    def _turn(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is needed of a row, so that a day of them fits in memory."""
        result = _part(_part(row, "response"), "queryResult")
        signals = _part(_part(row, "conversation_signals"), "turnSignals")
        match = _part(result, "match")
        said = [each for each in _list(result, "responseMessages") if isinstance(each, dict)]
        kept = {key for each in said for key in each}
        answers = [str(part) for each in said for part in _list(_part(each, "text"), "text")]
        return {
            "heard": _heard(row, result),
            "answers": answers,
            "intent": word(_get(_part(match, "intent"), "displayName"))
            or word(_get(_part(result, "intent"), "displayName")),
            "confidence": match.get("confidence", _get(result, "intentDetectionConfidence")),
            "match": word(_get(match, "matchType")),
            "page": word(_get(_part(result, "currentPage"), "displayName")),
            "handed": bool({"liveAgentHandoff", "live_agent_handoff"} & kept) or bool(_get(signals, "agentEscalated")),
            "asked": bool(_get(signals, "userEscalated")),
            "success": bool({"conversationSuccess", "conversation_success"} & kept)
            or bool(_get(signals, "reachedEndPage")),
            "missed": bool(_get(signals, "noMatch")) or "FAILED_INTENT" in _list(signals, "failureReasons"),
            "broke": "FAILED_WEBHOOK" in _list(signals, "failureReasons")
            or any(not str(each).lower().startswith(_WORKED) for each in _list(signals, "webhookStatuses")),
            "liked": word(_get(_part(row, "bot_answer_feedback"), "rating")),
            "language": word(row.get("language_code")),
            "customer": word(_part(result, "parameters").get(self.customer_parameter))
            if self.customer_parameter
            else None,
        }

    def _session(self, name: str, session: _Session) -> Iterator[Record]:
        talk, rows = Talk(), sorted(session.rows.values(), key=lambda pair: pair[0])
        success = acted = False
        for at, row in rows:
            self._note(talk, at, row)
            success |= row["success"]
            acted |= row["intent"] in self.acting_intents and not row["broke"]
        begins, ends = rows[0][0], rows[-1][0]
        contact = plain_id(name.rsplit("/", 1)[-1], begins)
        cut_off = len(rows) >= MOST_TURNS
        told = talk.columns()
        if cut_off:
            told |= {"bot_outcome": None, "bot_failure": None, "self_served": None, "answered_by": None}
            told |= {"ended_how": "open"}
        values = {
            **told,
            "contact_id": contact,
            "leg_id": "bot",
            "channel": self.channel,
            "direction": "inbound",
            "handler": "bot",
            "started_at": begins,
            "answered_at": begins,
            "ended_at": None if cut_off else ends,
            "updated_at": ends,
            "talk_ms": span(talk.turns),
            "language": next((row["language"] for _, row in rows if row["language"]), None),
            "reason": next((row["intent"] for _, row in rows if _is_reason(row)), None),
            "vendor_resolved": success and talk.handed is None if talk.engaged and not cut_off else None,
            "acted_by": "bot" if acted else None,
            "customer_id": next((row["customer"] for _, row in rows if row["customer"]), None),
        }
        extra = {"turns": len(rows), **({"cut_off": True} if cut_off else {})}
        yield Record(schema=LEGS, line=session.line, values=values, extra=extra)
        yield from messages(talk.turns, contact, session.line, keep_text=self.keep_text)

    def _note(self, talk: Talk, at: datetime, row: Mapping[str, Any]) -> None:
        missed = row["missed"] or (bool(row["heard"]) and row["match"] == "NO_MATCH")
        if row["heard"]:
            intent = None if missed else row["intent"]
            talk.said(Turn(at=at, author="customer", text=row["heard"], intent=intent, confidence=row["confidence"]))
        causes = self._causes(row, missed=missed)
        for cause in causes:
            talk.failed(at, cause)
        if row["asked"]:
            talk.asks(at)
        if row["answers"]:
            talk.said(Turn(at=at, author="bot", text="\n".join(row["answers"])))
        talk.dead_end = (talk.dead_end or bool(causes)) and not row["success"]
        if row["handed"]:
            talk.handed = talk.handed or at
        if row["liked"]:
            talk.confirmed = row["liked"] == "THUMBS_UP"

    def _causes(self, row: Mapping[str, Any], *, missed: bool) -> list[str]:
        found = {
            "misunderstanding": missed,
            "technical": row["broke"],
            "no_content": row["page"] in self.no_content_pages,
            "policy": row["page"] in self.policy_pages,
        }
        return [cause for cause, holds in found.items() if holds]


@dataclass(slots=True, kw_only=True)
class _Session:
    line: int
    rows: dict[str, tuple[datetime, dict[str, Any]]] = field(default_factory=dict)


def _is_reason(row: Mapping[str, Any]) -> bool:
    return (
        bool(row["heard"] and row["intent"]) and not row["asked"] and not row["missed"] and row["match"] != "NO_MATCH"
    )


def _get(held: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401  # JSON is untyped
    """Return a field by its name in the interface, or by the one with underscores."""
    if name in held:
        return held[name]
    return held.get("".join(f"_{each.lower()}" if each.isupper() else each for each in name))


def _part(held: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object within an object; a column of type JSON may be text."""
    found = _get(held, name)
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError:
            found = None
    return found if isinstance(found, dict) else {}


def _list(held: Mapping[str, Any], name: str) -> list[Any]:
    found = _get(held, name)
    return found if isinstance(found, list) else []


def _heard(row: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """Return what the customer said in a turn; an event that the page sends is nobody's word."""
    given = _part(_part(row, "request"), "queryInput")
    typed = _part(given, "text").get("text")
    keys = _part(given, "dtmf").get("digits")
    for each in (result.get("transcript"), typed, result.get("text"), keys):
        if isinstance(each, str) and each:
            return each
    return ""

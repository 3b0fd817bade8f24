"""What a bot's log tells of one conversation: its turns, its signals, and the outcome that they add up to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from peil.sources.source import Record
from peil.sources.tables import MESSAGES

_US = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_S = 1 << 33
_PERSONAL = re.compile(r"@|^(?:\w+:)?\+?\d{8,15}$")
_SECONDS_END = 1e11  # 5138 in seconds, 1973 in milliseconds
CERTAIN = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One thing that was said.

    Parameters:
        at: when.
        author: ``customer``, ``agent``, ``bot`` or ``system``.
        text: what; only its length is kept unless the source is told to keep it.
        intent: what the bot took it for.
        confidence: how sure the bot was, 0 to 1.
    """

    at: datetime
    author: str
    text: str = ""
    intent: str | None = None
    confidence: object = None


@dataclass(slots=True, kw_only=True)
class Talk:
    """A conversation with a bot, as its log goes by.

    Parameters:
        turns: in order of time.
        causes: what went wrong, each with its instant.
        asked: when the customer asked for a person.
        handed: when the bot handed over.
        confirmed: the customer, or an action that succeeded, says that it is resolved.
        dead_end: the last thing that the customer said got no answer, or was not understood.
    """

    turns: list[Turn] = field(default_factory=list)
    causes: list[tuple[datetime, str]] = field(default_factory=list)
    asked: datetime | None = None
    handed: datetime | None = None
    confirmed: bool = False
    dead_end: bool = False

    def said(self, turn: Turn) -> None:
        """Add a turn; a customer's word stands unanswered until the bot says something."""
        self.turns.append(turn)
        if turn.author == "customer":
            self.dead_end = True
        elif turn.author == "bot":
            self.dead_end = False

    def failed(self, at: datetime, cause: str) -> None:
        """Note that something went wrong, for this cause."""
        self.causes.append((at, cause))

    def asks(self, at: datetime) -> None:
        """Note that the customer asked for a person."""
        self.asked = at if self.asked is None else min(self.asked, at)
        self.failed(at, "asked_human")

    @property
    def engaged(self) -> bool:
        """Whether the customer said anything at all."""
        return any(each.author == "customer" for each in self.turns)

    @property
    def outcome(self) -> str:
        """How the bot's part ended; what simply stops after an answer is assumed to be resolved, and no more."""
        if self.handed is not None:
            return "handed_over"
        if self.confirmed:
            return "resolved_confirmed"
        return "gave_up" if self.dead_end or self.asked is not None else "resolved_assumed"

    def columns(self) -> dict[str, object]:
        """Return what it says of the bot, as columns of a leg."""
        outcome = self.outcome
        resolved = outcome in {"resolved_confirmed", "resolved_assumed"}
        return {
            "bot_outcome": outcome if self.engaged else None,
            "bot_failure": None if resolved or not self.causes else min(self.causes)[1],
            "asked_human_at": self.asked,
            "self_served": resolved if self.engaged else None,
            "answered_by": ("bot" if resolved else "none") if self.engaged and self.handed is None else None,
            "logged_by": "bot",
            "ended_how": ending(outcome) if self.engaged else "ignored",
        }


def ending(outcome: str) -> str:
    """Return how a bot's leg ended, from its outcome."""
    return {"handed_over": "transferred", "gave_up": "timeout"}.get(outcome, "completed")


def messages(
    turns: Iterable[Turn], contact_id: object, line: int, *, keep_text: bool, extra: Mapping[str, object] | None = None
) -> Iterator[Record]:
    """Yield the turns of one conversation as rows, numbered in order of time.

    Parameters:
        turns: what was said.
        contact_id: of the conversation.
        line: where it stands in the export.
        keep_text: keep the words too, not only their number of characters.
        extra: fields to keep with each row.
    """
    for number, turn in enumerate(sorted(turns, key=lambda each: each.at), 1):
        values = {
            "contact_id": contact_id,
            "turn": number,
            "author": turn.author,
            "sent_at": turn.at,
            "text": turn.text if keep_text and turn.text else None,
            "n_chars": len(turn.text),
            "intent": turn.intent,
            "confidence_ppm": ppm(turn.confidence),
        }
        yield Record(schema=MESSAGES, line=line, values=values, extra=extra or {})


def ppm(confidence: object) -> object:
    """Return a confidence from 0 to 1 in millionths; anything else as it stood, for the door to judge.

    Example:
        >>> ppm(0.41), ppm("0.9"), ppm({"score": 1.0}), ppm(None), ppm("high")
        (410000, 900000, 1000000, None, 'high')
    """
    if isinstance(confidence, Mapping):
        confidence = confidence.get("score")
    if confidence is None or isinstance(confidence, bool):
        return None
    try:
        share = float(str(confidence))
    except ValueError:
        return confidence
    # floats of a softmax can exceed 1 by a rounding error
    return round(min(share, 1.0) * CERTAIN) if 0 <= share < 1.000_01 else confidence  # noqa: PLR2004  # a share with the rounding of its system


def since_1970(stood: object) -> datetime | None:
    """Return an instant from seconds or milliseconds since 1970, or from ISO 8601; None where it is none.

    Parameters:
        stood: what the export says; a text without a zone is taken to be in UTC.

    Example:
        >>> since_1970(1709542931.2).isoformat(), since_1970(1709542931200) == since_1970("2024-03-04T09:02:11.2Z")
        ('2024-03-04T09:02:11.200000+00:00', True)
        >>> since_1970("soon"), since_1970(None), since_1970(-5)
        (None, None, None)
    """
    if isinstance(stood, bool) or stood is None:
        return None
    try:
        number = float(stood) if isinstance(stood, int | float) else float(str(stood))
    except ValueError:
        return _written(str(stood))
    seconds = number / 1000 if number >= _SECONDS_END else number
    return _EPOCH + timedelta(microseconds=round(seconds * 1e6)) if 0 < seconds < _LATEST_S else None


def _written(stood: str) -> datetime | None:
    # BigQuery writes "2024-03-04 09:02:11.200000 UTC"
    text = stood.removesuffix(" UTC") + "+00:00" if stood.endswith(" UTC") else stood
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def session_id(sender: str, begins: datetime) -> str:
    """Return what to call a session: when it began, and too little of the sender to tell who it was.

    Some channels know a sender by telephone number, and a contact's identifier is not pseudonymised.

    Example:
        >>> session_id("+31612345678", datetime(2024, 3, 4, tzinfo=UTC))
        '1709510400000000-fab'
    """
    return f"{(begins - _EPOCH) // _US}-{hashlib.sha256(sender.encode()).hexdigest()[:3]}"


def plain_id(stood: str, begins: datetime) -> str:
    """Return an identifier as it stood, unless it looks like somebody's telephone number or mail address.

    Example:
        >>> began = datetime(2024, 3, 4, tzinfo=UTC)
        >>> plain_id("f3a9", began), plain_id("whatsapp:+31612345678", began)
        ('f3a9', '1709510400000000-488')
    """
    return session_id(stood, begins) if _PERSONAL.search(stood) else stood


def span(turns: Sequence[Turn]) -> int:
    """Return the milliseconds from the first turn to the last."""
    moments = [each.at for each in turns]
    return (max(moments) - min(moments)) // timedelta(milliseconds=1) if moments else 0


def object_in(held: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object within an object; an empty one where there is none.

    Example:
        >>> object_in({"intent": {"name": "hello"}}, "intent"), object_in({"intent": "hello"}, "intent")
        ({'name': 'hello'}, {})
    """
    found = held.get(name)
    return found if isinstance(found, dict) else {}


def word(stood: object) -> str | None:
    """Return a plain value as text; none of an object, a list, a flag or nothing.

    Example:
        >>> word("nlu_fallback"), word(7), word({"name": "hello"}), word("")
        ('nlu_fallback', '7', None, None)
    """
    return str(stood) if isinstance(stood, str | int | float) and not isinstance(stood, bool) and stood != "" else None


def list_in(held: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list within an object; an empty one where there is none."""
    found = held.get(name)
    return found if isinstance(found, list) else []

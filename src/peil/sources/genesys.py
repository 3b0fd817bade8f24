"""Genesys Cloud: conversation details from the analytics interface or its export."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.sources.genesys_bots import bot_columns
from peil.sources.genesys_legs import Leg, Stretch, gather, moment, stretches
from peil.sources.json_files import KEPT, TAKEN, Shape, leftover, misfit, read_objects, thousandths
from peil.sources.source import Draft, Export, Fault, Record, drafts
from peil.sources.tables import ANSWERS, LEGS

_SEGMENT: Shape = dict.fromkeys(
    (
        *("segmentStart", "segmentEnd", "segmentType", "queueId", "disconnectType", "wrapUpCode"),
        *("wrapUpNote", "subject"),  # written by people about people
    ),
    TAKEN,
)
_SESSION: dict[str, Shape] = {
    **dict.fromkeys(("sessionId", "direction", "ani", "dnis", "sessionDnis", "remote", "journeyCustomerId"), TAKEN),
    **dict.fromkeys(("addressFrom", "addressTo", "addressSelf", "addressOther"), TAKEN),
    "mediaType": KEPT,
    "flow": {"flowType": KEPT, "issuedCallback": KEPT},
    "metrics": ({"name": TAKEN, "value": TAKEN, "emitDate": TAKEN},),
    "segments": (_SEGMENT,),
}
_PARTICIPANT: dict[str, Shape] = {
    **dict.fromkeys(("participantName", "userId", "teamId", "externalContactId"), TAKEN),
    "participantId": KEPT,
    "purpose": KEPT,
    "sessions": (_SESSION,),
}
_SURVEY: Shape = dict.fromkeys(
    (
        *("surveyId", "surveyFormId", "surveyType", "surveyCompletedDate", "surveyPromoterScore"),
        *("oSurveyTotalScore", "userId"),
    ),
    TAKEN,
)
LAYOUT: dict[str, Shape] = {
    **dict.fromkeys(("conversationId", "conversationStart", "conversationEnd", "originatingDirection"), TAKEN),
    "selfServed": TAKEN,
    "participants": (_PARTICIPANT,),
    "surveys": (_SURVEY,),
}

_CHANNELS = {
    "voice": "call",
    "chat": "chat",
    "email": "mail",
    "callback": "callback",
    "video": "video",
    **dict.fromkeys(("message", "internalmessage"), "message"),
    **dict.fromkeys(("cobrowse", "screenshare", "screenmonitoring", "unknown"), "other"),
}
_MODES = {"Web": "web", "Voice": "ivr"}
_SCORES = (
    ("surveyPromoterScore", "promoter_score", "nps", 10),
    ("oSurveyTotalScore", "total_score", "csat", 100),
)
_FAILED = {"timeout": "timeout", "error": "error"}
_NUMBER = re.compile(r"\+?[\d ()-]{5,}")
_MS = timedelta(milliseconds=1)
_LARGEST = 10**15


@dataclass(frozen=True, slots=True, kw_only=True)
class Genesys:
    """Conversation details: JSON lines of conversations, or pages with a ``conversations`` array.

    The stay in a queue and the agent who took the contact from it are one leg; a further queue or agent
    is a further leg, and so is a menu or bot. Times are added up from segments: what a mail lay parked is
    not talk. An agent who was offered the contact and did not take it leaves only ringing time.

    Parameters:
        name: how the source is called; part of every key.
        organisation: whose contact centre it is.
        files: glob patterns of the exports.
        zone: time zone of local days, and of instants that carry none.

    Example:
        >>> Genesys(name="genesys", organisation="demo", files=("*.jsonl",)).kind
        'genesys'
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    provides: ClassVar[tuple[Schema, ...]] = (LEGS, ANSWERS)

    kind: Literal["genesys"] = "genesys"
    name: str
    organisation: str
    files: tuple[str, ...]
    zone: str = "UTC"

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the drafts and faults of one export.

        Parameters:
            export: conversation details.
        """
        return drafts(self._records(export))

    def _records(self, export: Export) -> Iterator[Record | Fault]:
        zone = ZoneInfo(self.zone)
        for each in read_objects(export.path, within="conversations"):
            if isinstance(each, Fault):
                yield each
            elif fault := misfit(each.value, LAYOUT, each.line):
                yield fault
            else:
                yield from _conversation(each.value, each.line, zone)


def _conversation(conversation: Mapping[str, Any], line: int, zone: ZoneInfo) -> Iterator[Record | Fault]:
    surveys = [each for each in conversation.get("surveys") or () if each]
    stamps = [conversation.get("conversationStart"), conversation.get("conversationEnd")]
    stamps += [each.get("surveyCompletedDate") for each in surveys]
    try:
        found = stretches(conversation, zone)
        seen = [moment(each, zone) for each in stamps if each is not None]
    except ValueError:
        yield Fault(line=line, rule="genesys.not_an_instant", table="legs")
        return
    spans = [span for stretch in found for span in stretch.spans]
    if any(span.end and span.end < span.start for span in spans):
        yield Fault(line=line, rule="genesys.segment_ends_before_it_starts", column="segmentEnd", table="legs")
        return
    if not found and not conversation.get("conversationEnd"):
        yield Fault(line=line, rule="genesys.no_session_yet", column="participants", table="legs")
        return
    seen += [each for span in spans for each in (span.start, span.end) if each]
    shared = {
        "contact_id": conversation.get("conversationId"),
        "updated_at": max(seen, default=None),
        **_customer(conversation),
    }
    legs = gather(found)
    about = _about(conversation, legs)
    for place, leg in enumerate(legs):
        values = {**shared, **_values(conversation, leg, legs[place + 1 :])}
        yield Record(schema=LEGS, line=line, values=values, extra={**_kept(leg), **(about if place == 0 else {})})
    if not legs:
        yield Record(schema=LEGS, line=line, values={**shared, **_unserved(conversation)}, extra=about)
    yield from _answers(surveys, shared, line)


def _values(conversation: Mapping[str, Any], leg: Leg, later: Sequence[Leg]) -> dict[str, object]:
    main = leg.main
    agent = leg.taker if leg.taker and leg.taker.role == "agent" else None
    automatic = leg.taker if leg.taker and leg.taker.role in {"bot", "ivr"} else None
    answered = agent.took if agent else automatic.start if automatic else None
    queued = leg.queue.start if leg.queue else None
    left = answered or (leg.queue.end if leg.queue else None)
    taker = agent or automatic
    return {
        "leg_id": _leg_id(leg),
        "channel": _channel(main),
        "direction": _direction(conversation, main),
        "queue": next((each.last("queueId") for each in leg.parts if each.last("queueId")), None),
        "handler": taker.role if taker else "none",
        "agent_id": agent.participant.get("userId") if agent else None,
        "team": agent.participant.get("teamId") if agent else None,
        "started_at": min(each.start for each in leg.parts),
        "queued_at": queued,
        "answered_at": answered,
        "ended_at": main.end,
        "wait_ms": (left - queued) // _MS if left and queued else None,
        "ring_ms": sum(each.length("alert") for each in leg.rang) if leg.rang else None,
        "talk_ms": _talk(taker) if taker else None,
        "hold_ms": agent.length("hold") if agent else None,
        "wrap_ms": agent.length("wrapup") if agent else None,
        "park_ms": agent.length("parked") if agent else None,
        "n_holds": sum(span.kind == "hold" for span in agent.spans) if agent else None,
        "ended_how": _ended_how(conversation, leg, later),
        "ended_code": main.last("disconnectType"),
        "self_served": conversation.get("selfServed") if automatic else None,
        "reason": agent.last("wrapUpCode") if agent else None,
        "logged_by": "agent" if agent and agent.last("wrapUpCode") else None,
        "answered_by": "agent" if agent and answered else None,
        **(bot_columns(conversation, automatic, passed_on=any(each.served for each in later)) if automatic else {}),
    }


def _talk(stretch: Stretch) -> int:
    still = ("hold", "parked")
    return stretch.length("interact", "ivr", *still) - stretch.length(*still)


def _leg_id(leg: Leg) -> object:
    """Name a leg after where it began, so that it keeps its name when somebody takes it from the queue."""
    first = leg.queue or leg.main
    return first.sessions[0].get("sessionId") or first.participant.get("participantId")


def _channel(stretch: Stretch) -> object:
    stood = stretch.sessions[0].get("mediaType")
    return _CHANNELS.get(str(stood), stood)


def _direction(conversation: Mapping[str, Any], stretch: Stretch | None) -> object:
    session = stretch.sessions[0] if stretch else {}
    if session.get("mediaType") == "internalmessage":
        return "internal"
    return conversation.get("originatingDirection") or session.get("direction")


def _ended_how(conversation: Mapping[str, Any], leg: Leg, later: Sequence[Leg]) -> str:
    code = str(leg.main.last("disconnectType")).lower()
    further = any(each.served for each in later)
    failed = _FAILED.get(code)
    if leg.main.open or not (later or conversation.get("conversationEnd")):
        return "open"
    if leg.voicemail:
        return "voicemail"
    if leg.taker and leg.taker.role == "agent":
        answered = "completed" if leg.taker.took else failed or "completed"
        return "transferred" if further or "transfer" in code else answered
    if leg.taker:
        return "transferred" if later else failed or "completed"
    if _called_back(leg, later):
        return "callback"
    return "transferred" if further or "transfer" in code else failed or "abandoned"


def _called_back(leg: Leg, later: Sequence[Leg]) -> bool:
    issued = any((each.get("flow") or {}).get("issuedCallback") is True for each in leg.main.sessions)
    return issued or (_channel(leg.main) != "callback" and any(_channel(each.main) == "callback" for each in later))


def _unserved(conversation: Mapping[str, Any]) -> dict[str, object]:
    """A conversation that no queue, agent, menu or bot ever had."""
    sessions = (each for participant in _participants(conversation) for each in _sessions(participant))
    stood = next((each["mediaType"] for each in sessions if each.get("mediaType")), None)
    return {
        "leg_id": conversation.get("conversationId"),
        "channel": _CHANNELS.get(str(stood), stood),
        "direction": conversation.get("originatingDirection"),
        "handler": "none",
        "started_at": conversation.get("conversationStart"),
        "ended_at": conversation.get("conversationEnd"),
        "ended_how": "completed",
    }


def _participants(conversation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in conversation.get("participants") or () if each]


def _sessions(participant: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in participant.get("sessions") or () if each]


def _customer(conversation: Mapping[str, Any]) -> dict[str, object]:
    """Find the customer's handles: who called in, or who was called."""
    outbound = conversation.get("originatingDirection") == "outbound"
    fields = ("dnis", "sessionDnis", "addressTo") if outbound else ("ani", "addressFrom")
    participants = sorted(_participants(conversation), key=lambda each: each.get("purpose") != "customer")
    found: dict[str, object] = {}
    for participant in participants:
        sessions = _sessions(participant)
        known = [participant.get("externalContactId"), *(each.get("journeyCustomerId") for each in sessions)]
        for each in filter(None, known):
            found.setdefault("customer_id", each)
        for stood in (str(each.get(name) or "") for name in fields for each in sessions):
            address = stood.removeprefix("tel:").removeprefix("mailto:")
            if _NUMBER.fullmatch(address):
                found.setdefault("phone", address)
            elif "@" in address and not address.startswith("sip"):
                found.setdefault("mail", address)
    return found


def _kept(leg: Leg) -> dict[str, object]:
    parts = [{**each.participant, "sessions": list(each.sessions)} for each in leg.parts]
    totals: Counter[str] = Counter()
    for part in parts:
        for metric in (one for session in part["sessions"] for one in session.get("metrics") or () if one):
            value = metric.get("value")
            totals[str(metric.get("name"))] += value if isinstance(value, int) and abs(value) < _LARGEST else 0
    kept = {"participants": leftover(parts, (_PARTICIPANT,)), "metrics": dict(totals)}
    return {key: each for key, each in kept.items() if each}


def _about(conversation: Mapping[str, Any], legs: Sequence[Leg]) -> dict[str, object]:
    """What is left of the conversation as a whole, and of the participants who are no part of a leg."""
    told = {id(part.participant) for leg in legs for part in leg.parts}
    others = [each for each in _participants(conversation) if id(each) not in told]
    whole = {key: each for key, each in conversation.items() if key not in {"participants", "surveys"}}
    kept = {"conversation": leftover(whole, LAYOUT), "others": leftover(others, (_PARTICIPANT,))}
    return {key: each for key, each in kept.items() if each}


def _answers(surveys: Sequence[Mapping[str, Any]], shared: Mapping[str, object], line: int) -> Iterator[Record]:
    for survey in surveys:
        for stood, question, construct, highest in _SCORES:
            if survey.get(stood) is None:
                continue
            values = {
                "survey": survey.get("surveyFormId"),
                "response_id": survey.get("surveyId"),
                "question": question,
                "construct": construct,
                "scale_low": 0,
                "scale_high": highest,
                "value_milli": thousandths(survey[stood]),
                "answered_at": survey.get("surveyCompletedDate"),
                "updated_at": shared["updated_at"],
                "contact_id": shared["contact_id"],
                "customer_id": shared.get("customer_id"),
                "agent_id": survey.get("userId"),
                "mode": _MODES.get(str(survey.get("surveyType"))),
            }
            yield Record(schema=ANSWERS, line=line, values=values, extra=leftover(survey, _SURVEY) or {})

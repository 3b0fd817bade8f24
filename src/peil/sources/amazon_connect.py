"""Amazon Connect: contact trace records as Kinesis or S3 delivers them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.errors import SourceError
from peil.sources.json_files import KEPT, TAKEN, Shape, leftover, misfit, read_objects, thousandths
from peil.sources.source import Draft, Export, Fault, Record, drafts
from peil.sources.tables import ANSWERS, LEGS

_GROUP: Shape = {"GroupName": TAKEN}
LAYOUT: dict[str, Shape] = {
    "ContactId": TAKEN,
    "InitialContactId": TAKEN,
    "ContactAssociationId": TAKEN,
    "PreviousContactId": KEPT,
    "NextContactId": KEPT,
    "Channel": KEPT,
    "InitiationMethod": KEPT,
    "InitiationTimestamp": TAKEN,
    "ConnectedToSystemTimestamp": KEPT,
    "DisconnectTimestamp": TAKEN,
    "TransferCompletedTimestamp": KEPT,
    "LastUpdateTimestamp": TAKEN,
    "DisconnectReason": TAKEN,
    "CustomerId": TAKEN,
    "CustomerEndpoint": {"Address": TAKEN, "Type": KEPT},
    "TransferredToEndpoint": {"Address": TAKEN, "Type": KEPT},
    "Queue": {"Name": TAKEN, "EnqueueTimestamp": TAKEN, "DequeueTimestamp": KEPT, "Duration": TAKEN},
    "Agent": {
        "Username": TAKEN,
        "ConnectedToAgentTimestamp": TAKEN,
        "AgentInteractionDuration": TAKEN,
        "CustomerHoldDuration": TAKEN,
        "NumberOfHolds": TAKEN,
        "AfterContactWorkDuration": TAKEN,
        "AgentPauseDuration": TAKEN,
        "AgentPauseDurationInSeconds": TAKEN,
        "HierarchyGroups": {f"Level{level}": _GROUP for level in range(1, 6)},
    },
    "ChatMetrics": {
        "ChatContactMetrics": {
            "AgentFirstResponseTimestamp": KEPT,
            "AgentFirstResponseTimeInMillis": KEPT,
            "TotalBotMessages": KEPT,
        }
    },
    "Attributes": {},
}

_CHANNELS = {"VOICE": "call", "CHAT": "chat", "TASK": "task", "EMAIL": "mail"}
_MODES = {"VOICE": "ivr", "CHAT": "chat", "EMAIL": "mail"}
_OUTBOUND = {"OUTBOUND", "EXTERNAL_OUTBOUND", "AGENT_REPLY"}
_FAILED = {"TELECOM_PROBLEM": "error", "EXPIRED": "timeout"}
_QUESTION = re.compile(r"(\w+) (-?\d{1,6})-(-?\d{1,6})")
_WHOLE = re.compile(r"\d{1,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AmazonConnect:
    """Contact trace records, one a leg: JSON lines, objects one after another, or an array.

    A transfer makes a further record under the same first contact, so a chain of records is one contact.
    Durations come in whole seconds. A record is delivered at least once and again when it changes;
    ``updated_at`` says which delivery is newest.

    Parameters:
        name: how the source is called; part of every key.
        organisation: whose contact centre it is.
        files: glob patterns of the exports.
        zone: time zone of local days; the instants themselves are in UTC.
        survey_attributes: contact attributes that hold survey answers, each with what it measures and its
            scale: ``{"csat": "csat 1-5"}``. An answer belongs to the whole chain, which shares its attributes.
        customer_attribute: contact attribute with the customer's number, where ``CustomerId`` is not filled.
        reason_attribute: contact attribute with the contact reason.
        bot_outcome_attribute, bot_failure_attribute: contact attributes in which a flow writes how the bot's part ended and
            why it failed, in Peil's own codes.

    Raises:
        SourceError: a survey attribute does not name a construct and a scale.

    Example:
        >>> AmazonConnect(name="connect", organisation="demo", files=("*.jsonl",)).zone
        'UTC'
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    provides: ClassVar[tuple[Schema, ...]] = (LEGS, ANSWERS)

    kind: Literal["amazon_connect"] = "amazon_connect"
    name: str
    organisation: str
    files: tuple[str, ...]
    zone: str = "UTC"
    survey_attributes: Mapping[str, str] = field(default_factory=dict)
    customer_attribute: str = ""
    reason_attribute: str = ""
    bot_outcome_attribute: str = ""
    bot_failure_attribute: str = ""

    def __post_init__(self) -> None:
        for attribute, says in self.survey_attributes.items():
            if not _QUESTION.fullmatch(says):
                raise SourceError(
                    f"source '{self.name}': survey attribute '{attribute}' is described as '{says}'",
                    remedy="write what it measures and its scale, such as 'csat 1-5' or 'nps 0-10'",
                )

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the drafts and faults of one export.

        Parameters:
            export: contact trace records.
        """
        return drafts(self._records(export))

    def _records(self, export: Export) -> Iterator[Record | Fault]:
        called_back = _called_back(export)
        taken = {*self.survey_attributes, self.customer_attribute, self.reason_attribute}
        taken = {*taken, self.bot_outcome_attribute, self.bot_failure_attribute} - {""}
        layout = {**LAYOUT, "Attributes": dict.fromkeys(taken, TAKEN)}
        for each in read_objects(export.path):
            if isinstance(each, Fault):
                yield each
            elif fault := misfit(each.value, layout, each.line):
                yield fault
            else:
                values = self._leg(each.value, called_back)
                extra = leftover(each.value, layout) or {}
                yield Record(schema=LEGS, line=each.line, values=values, extra=extra)
                yield from self._answers(each.value, values, each.line)

    def _leg(self, record: Mapping[str, Any], called_back: frozenset[object]) -> dict[str, object]:
        agent = record.get("Agent") or {}
        queue = record.get("Queue") or {}
        attributes = record.get("Attributes") or {}
        handler = _handler(record)
        system = record.get("ConnectedToSystemTimestamp") if handler in {"bot", "ivr"} else None
        pause = agent.get("AgentPauseDuration")
        return {
            "contact_id": _contact(record),
            "leg_id": record.get("ContactId"),
            "channel": _channel(record),
            "direction": _direction(record),
            "queue": queue.get("Name"),
            "handler": handler,
            "agent_id": agent.get("Username"),
            "team": _team(agent),
            "started_at": record.get("InitiationTimestamp"),
            "queued_at": queue.get("EnqueueTimestamp"),
            "answered_at": agent.get("ConnectedToAgentTimestamp") or system,
            "responded_at": _responded(record),
            "ended_at": record.get("DisconnectTimestamp"),
            "updated_at": record.get("LastUpdateTimestamp"),
            "wait_ms": milliseconds(queue.get("Duration")),
            "talk_ms": milliseconds(agent.get("AgentInteractionDuration")),
            "hold_ms": milliseconds(agent.get("CustomerHoldDuration")),
            "wrap_ms": milliseconds(agent.get("AfterContactWorkDuration")),
            "park_ms": milliseconds(agent.get("AgentPauseDurationInSeconds") if pause is None else pause),
            "n_holds": agent.get("NumberOfHolds"),
            "ended_how": _ended_how(record, handler, called_back),
            "ended_code": record.get("DisconnectReason"),
            "reason": attributes.get(self.reason_attribute),
            **self._bot(record, handler, called_back, attributes),
            "customer_id": record.get("CustomerId") or attributes.get(self.customer_attribute),
            **_endpoint(record),
        }

    def _bot(
        self, record: Mapping[str, Any], handler: str, called_back: frozenset[object], attributes: Mapping[str, Any]
    ) -> dict[str, object]:
        """A record does not say whether the bot helped: only that it passed the customer on, or broke down."""
        if handler not in {"bot", "ivr"}:
            return {"answered_by": "agent"} if handler == "agent" else {}
        ended = _ended_how(record, handler, called_back)
        known = {"transferred": "handed_over", "callback": "handed_over", "error": "gave_up"}.get(ended)
        outcome = attributes.get(self.bot_outcome_attribute) or known
        failure = attributes.get(self.bot_failure_attribute) or ("technical" if ended == "error" else None)
        asked = failure == "asked_human"
        return {
            "bot_outcome": outcome,
            "bot_failure": failure,
            "asked_human_at": record.get("DisconnectTimestamp") if asked else None,
        }

    def _answers(self, record: Mapping[str, Any], leg: Mapping[str, object], line: int) -> Iterator[Record]:
        attributes = record.get("Attributes") or {}
        for attribute, says in self.survey_attributes.items():
            value = attributes.get(attribute)
            scale = _QUESTION.fullmatch(says)
            if value is None or value == "" or scale is None:
                continue
            values = {
                "survey": self.name,
                "response_id": leg["contact_id"],
                "question": attribute,
                "construct": scale[1],
                "scale_low": scale[2],
                "scale_high": scale[3],
                "value_milli": thousandths(value),
                "answered_at": leg["ended_at"] or leg["updated_at"] or leg["started_at"],
                "updated_at": leg["updated_at"],
                "contact_id": leg["contact_id"],
                "customer_id": leg["customer_id"],
                "agent_id": leg["agent_id"],
                "team": leg["team"],
                "channel": leg["channel"],
                "mode": _MODES.get(str(record.get("Channel"))),
            }
            yield Record(schema=ANSWERS, line=line, values=values)


def milliseconds(seconds: object) -> object:
    """Return whole seconds as milliseconds; anything else as it stood, for the door to judge.

    Example:
        >>> milliseconds(260), milliseconds("39"), milliseconds(None), milliseconds("4 min")
        (260000, 39000, None, '4 min')
    """
    if isinstance(seconds, float) and seconds.is_integer():
        seconds = int(seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, int | str):
        return seconds
    written = str(seconds)
    return int(written) * 1000 if _WHOLE.fullmatch(written) else seconds


def _called_back(export: Export) -> frozenset[object]:
    """Which contacts led to a callback in the same export: their own records do not tell it from a transfer."""
    records = (each.value for each in read_objects(export.path, containing='"CALLBACK"') if not isinstance(each, Fault))
    return frozenset(
        each["PreviousContactId"]
        for each in records
        if each.get("InitiationMethod") == "CALLBACK" and isinstance(each.get("PreviousContactId"), str)
    )


def _contact(record: Mapping[str, Any]) -> object:
    if record.get("InitiationMethod") == "MONITOR":
        return record.get("ContactId")
    return record.get("ContactAssociationId") or record.get("InitialContactId") or record.get("ContactId")


def _channel(record: Mapping[str, Any]) -> object:
    if record.get("InitiationMethod") == "CALLBACK":
        return "callback"
    stood = record.get("Channel")
    return _CHANNELS.get(str(stood), stood)


def _direction(record: Mapping[str, Any]) -> str:
    method = record.get("InitiationMethod")
    if method == "MONITOR":
        return "internal"
    called_out = method == "API" and record.get("Channel") == "VOICE"
    return "outbound" if called_out or method in _OUTBOUND else "inbound"


def _handler(record: Mapping[str, Any]) -> str:
    if (record.get("Agent") or {}).get("ConnectedToAgentTimestamp"):
        return "agent"
    if (record.get("Queue") or {}).get("EnqueueTimestamp") or record.get("Channel") not in {"VOICE", "CHAT"}:
        return "none"
    return "ivr" if record.get("Channel") == "VOICE" else "bot"


def _team(agent: Mapping[str, Any]) -> object:
    groups = agent.get("HierarchyGroups") or {}
    names = [(groups.get(f"Level{level}") or {}).get("GroupName") for level in range(5, 0, -1)]
    return next((each for each in names if each), None)


def _responded(record: Mapping[str, Any]) -> object:
    """When the agent first wrote back in a chat; the elapsed time counts from when the agent had it."""
    metrics = (record.get("ChatMetrics") or {}).get("ChatContactMetrics") or {}
    stamped, elapsed = metrics.get("AgentFirstResponseTimestamp"), metrics.get("AgentFirstResponseTimeInMillis")
    connected = (record.get("Agent") or {}).get("ConnectedToAgentTimestamp")
    if stamped or not isinstance(elapsed, int | float) or not isinstance(connected, str):
        return stamped
    try:
        return (datetime.fromisoformat(connected) + timedelta(milliseconds=elapsed)).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError):
        return None


def _ended_how(record: Mapping[str, Any], handler: str, called_back: frozenset[object]) -> str:
    if record.get("InitiationMethod") == "MONITOR":
        return "ignored"
    if not record.get("DisconnectTimestamp"):
        return "open"
    if handler != "agent" and record.get("ContactId") in called_back:
        return "callback"
    if any(record.get(each) for each in ("NextContactId", "TransferredToEndpoint", "TransferCompletedTimestamp")):
        return "transferred"
    if handler == "none" and (record.get("Queue") or {}).get("EnqueueTimestamp"):
        return "abandoned"
    failed = _FAILED.get(str(record.get("DisconnectReason")), "completed")
    return "completed" if handler == "agent" else failed


def _endpoint(record: Mapping[str, Any]) -> dict[str, object]:
    endpoint = record.get("CustomerEndpoint") or {}
    column = {"TELEPHONE_NUMBER": "phone", "EMAIL_ADDRESS": "mail"}.get(str(endpoint.get("Type")))
    return {column: endpoint.get("Address")} if column else {}

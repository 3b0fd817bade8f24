"""What Genesys Cloud and Amazon Connect deliver about bots and menus, beside the contacts themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from peil.sources.amazon_connect import AmazonConnect
from peil.sources.genesys import Genesys
from peil.sources.source import Draft, Export, Source

GENESYS = Genesys(name="genesys", organisation="demo", files=("*",))
CONNECT = AmazonConnect(
    name="connect", organisation="demo", files=("*",), bot_outcome_attribute="outcome", bot_failure_attribute="why"
)
RECORD: dict[str, Any] = {
    "ContactId": "c1",
    "Channel": "CHAT",
    "InitiationMethod": "API",
    "InitiationTimestamp": "2024-03-04T09:00:00Z",
    "ConnectedToSystemTimestamp": "2024-03-04T09:00:00Z",
    "DisconnectTimestamp": "2024-03-04T09:03:00Z",
    "LastUpdateTimestamp": "2024-03-04T09:04:00Z",
}


def legs(folder: Path, source: Source, *objects: object) -> list[dict[str, Any]]:
    path = folder / "export.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in objects), encoding="utf-8")
    rows: list[dict[str, Any]] = []
    for each in source.read(Export(name=path.name, path=path, sha256="0" * 64)):
        assert isinstance(each, Draft)
        rows += each.rows.to_pylist() if each.schema.name == "legs" else []
    return rows


def part(purpose: str, begins: str, ends: str, kind: str, **session: object) -> dict[str, Any]:
    stretch = {"segmentStart": f"2024-03-04T{begins}Z", "segmentEnd": f"2024-03-04T{ends}Z", "segmentType": kind}
    held = {"sessionId": f"{purpose}-{begins}", "mediaType": "message", "segments": [stretch], **session}
    return {"purpose": purpose, "sessions": [held]}


def bot(flow: dict[str, Any]) -> dict[str, Any]:
    return part("botflow", "09:00:00", "09:01:00", "ivr", flow={"flowType": "DIGITALBOT", **flow})


def conversation(*participants: dict[str, Any], **more: object) -> dict[str, Any]:
    bounds = {"conversationStart": "2024-03-04T09:00:00Z", "conversationEnd": "2024-03-04T10:00:00Z"}
    return {
        "conversationId": "g",
        **bounds,
        "originatingDirection": "inbound",
        "participants": list(participants),
        **more,
    }


def columns(found: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(found[each] for each in ("bot_outcome", "bot_failure", "asked_human_at", "vendor_resolved"))


ENDED = "2024-03-04T09:01:00+00:00"


@pytest.mark.parametrize(
    ("flow", "more", "expected"),
    [
        ({}, {"selfServed": True}, ("resolved_assumed", None, None, "true")),
        (
            {"outcomes": [{"flowOutcomeValue": "SUCCESS"}]},
            {"selfServed": True},
            ("resolved_confirmed", None, None, "true"),
        ),
        ({"outcomes": [{"flowOutcomeValue": "FAILURE"}]}, {}, ("gave_up", None, None, None)),
        ({"recognitionFailureReason": "NoMatchCollection"}, {}, ("gave_up", "misunderstanding", None, None)),
        ({"recognitionFailureReason": "NO_MATCH_CONFIRMATION"}, {}, ("gave_up", "misunderstanding", None, None)),
        ({"recognitionFailureReason": "NoInputCollection"}, {}, ("gave_up", None, None, None)),
        ({"exitReason": "FLOW_ERROR_DISCONNECT"}, {"selfServed": False}, ("gave_up", "technical", None, "false")),
        ({"exitReason": "AgentRequestedByUser"}, {}, ("gave_up", "asked_human", ENDED, None)),
        ({}, {}, (None, None, None, None)),
    ],
)
def test_how_a_flow_of_genesys_ended_is_told_by_its_outcomes_and_reasons(
    tmp_path: Path, flow: dict[str, Any], more: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    (found,) = legs(tmp_path, GENESYS, conversation(bot(flow), **more))
    assert columns(found) == expected


def test_a_bot_of_genesys_that_passed_it_on_has_handed_over_whatever_it_served(tmp_path: Path) -> None:
    agent = part("agent", "09:02:00", "09:09:00", "interact")
    flow = {"exitReason": "AGENT_REQUESTED_BY_USER", "recognitionFailureReason": "NoMatchCollection"}
    first, second = legs(tmp_path, GENESYS, conversation(bot(flow), agent, selfServed=True))
    assert columns(first) == ("handed_over", "misunderstanding", ENDED, "true")
    assert (second["handler"], second["answered_by"], second["bot_outcome"]) == ("agent", "agent", None)


@pytest.mark.parametrize("flow", [{"outcomes": "none"}, {"outcomes": [5, None]}, {"exitReason": 7}])
def test_a_flow_of_another_build_tells_nothing_and_loses_nothing(tmp_path: Path, flow: dict[str, Any]) -> None:
    (found,) = legs(tmp_path, GENESYS, conversation(bot(flow)))
    assert columns(found) == (None, None, None, None)


def test_a_contact_record_does_not_say_whether_the_bot_helped(tmp_path: Path) -> None:
    (found,) = legs(tmp_path, CONNECT, RECORD)
    assert (found["handler"], *columns(found)) == ("bot", None, None, None, None)


def test_a_contact_record_that_goes_on_was_handed_over_and_one_that_broke_was_given_up(tmp_path: Path) -> None:
    broken = {**RECORD, "Channel": "VOICE", "InitiationMethod": "INBOUND", "DisconnectReason": "TELECOM_PROBLEM"}
    handed, broke = legs(tmp_path, CONNECT, {**RECORD, "NextContactId": "c2"}, {**broken, "ContactId": "c3"})
    assert columns(handed)[:2] == ("handed_over", None)
    assert columns(broke)[:2] == ("gave_up", "technical")


def test_a_flow_may_write_outcome_and_cause_in_contact_attributes(tmp_path: Path) -> None:
    told = {**RECORD, "Attributes": {"outcome": "gave_up", "why": "asked_human"}}
    (found,) = legs(tmp_path, CONNECT, told)
    assert columns(found) == ("gave_up", "asked_human", "2024-03-04T09:03:00Z", None)


def test_an_agents_contact_record_is_answered_by_the_agent(tmp_path: Path) -> None:
    agent = {"Username": "a1", "ConnectedToAgentTimestamp": "2024-03-04T09:01:00Z"}
    (found,) = legs(tmp_path, CONNECT, {**RECORD, "Agent": agent, "Attributes": {"outcome": "gave_up"}})
    assert (found["answered_by"], found["bot_outcome"]) == ("agent", None)

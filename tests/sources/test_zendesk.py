"""Zendesk's tickets, metrics and ratings become legs, answers and invitations; every known trap is a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from delivered import Rows, delivered
from peil.sources.source import Fault, Source
from peil.sources.zendesk import Zendesk

GOLDEN = Path(__file__).parent / "golden" / "zendesk.jsonl"
DESK = Zendesk(name="desk", organisation="demo", files=("*",), zone="Europe/Amsterdam", reason_field=360001)
TICKET: dict[str, Any] = {
    "id": 1,
    "created_at": "2024-03-04T09:00:00Z",
    "updated_at": "2024-03-04T11:00:00Z",
    "status": "solved",
    "requester_id": 5,
    "group_id": 6,
    "via": {"channel": "email"},
}


def told(path: Path, source: Source = DESK) -> tuple[Rows, list[Fault]]:
    return delivered(path, source)


def legs(path: Path, ticket: str) -> list[dict[str, Any]]:
    return [row for row in told(path)[0]["legs"] if row["contact_id"] == ticket]


def written(folder: Path, *objects: object) -> Path:
    path = folder / "export.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in objects), encoding="utf-8")
    return path


def test_ticket_941606_has_a_leg_for_each_schedule_and_its_first_reply_to_the_second():
    """Ticket and times: fivetran/dbt_zendesk, DECISIONLOG.md, "Business Time Metrics"."""
    first, second = legs(GOLDEN, "941606")
    assert [first["calendar"], second["calendar"]] == ["Level 1 Chicago", "Level 2 San Francisco"]
    assert [first["leg_id"], second["leg_id"]] == ["941606-1", "941606-2"]
    assert (first["started_at"], first["ended_at"]) == ("2020-09-29T17:01:38Z", "2020-09-30T19:01:25Z")
    assert (second["started_at"], second["ended_at"]) == ("2020-09-30T19:01:25Z", "2020-10-01T15:03:44Z")
    assert (first["responded_at"], second["responded_at"]) == (None, "2020-09-30T19:01:46Z")
    assert (first["resolved_at"], second["resolved_at"]) == (None, "2020-10-01T15:03:44Z")
    assert (first["ended_how"], second["ended_how"]) == ("transferred", "completed")
    assert (first["channel"], first["direction"], first["customer_id"]) == ("mail", "inbound", "7001")


def test_what_is_known_of_the_ticket_as_it_stands_belongs_to_its_last_leg_only():
    first, second = legs(GOLDEN, "941606")
    assert (first["agent_id"], second["agent_id"]) == (None, "31")
    assert (first["handler"], second["handler"]) == ("none", "agent")
    assert (first["queue"], second["queue"]) == (None, "5")
    assert (first["n_reopens"], second["n_reopens"]) == (None, "1")


def test_a_ticket_and_its_metrics_are_one_record():
    [leg] = legs(GOLDEN, "13")
    assert (leg["responded_at"], leg["resolved_at"]) == ("2024-03-04T09:05:00+00:00", "2024-03-04T09:30:00Z")
    assert (leg["ended_how"], leg["ended_code"], leg["handler"]) == ("completed", "closed", "agent")


def test_metrics_before_their_ticket_are_joined_too(tmp_path: Path):
    metrics = {"ticket_id": 1, "reopens": 0, "reply_time_in_minutes": {"calendar": 3}}
    [leg] = legs(written(tmp_path, metrics, TICKET), "1")
    assert leg["responded_at"] == "2024-03-04T09:03:00+00:00"


def test_metrics_delivered_beside_the_ticket_are_joined(tmp_path: Path):
    ticket = {**TICKET, "metric_set": {"ticket_id": 1, "reopens": 2, "solved_at": "2024-03-04T10:00:00Z"}}
    [leg] = legs(written(tmp_path, {"tickets": [ticket]}), "1")
    assert (leg["n_reopens"], leg["resolved_at"]) == ("2", "2024-03-04T10:00:00Z")


def test_a_reply_in_seconds_goes_before_a_reply_in_minutes():
    [leg] = legs(GOLDEN, "12")
    assert leg["responded_at"] == "2024-03-04T09:00:42+00:00"
    assert json.loads(leg["extra"])["responded_from"] == "seconds"


def test_minutes_on_hold_are_stored_in_milliseconds():
    assert legs(GOLDEN, "941606")[1]["park_ms"] == "120000"


def test_a_time_that_is_no_number_reaches_the_door_as_it_stood(tmp_path: Path):
    metrics = {"ticket_id": 1, "reopens": 0, "on_hold_time_in_minutes": {"calendar": "long"}}
    [leg] = legs(written(tmp_path, TICKET, {**metrics, "reply_time_in_minutes": {"calendar": "soon"}}), "1")
    assert (leg["park_ms"], leg["responded_at"]) == ("long", "soon")


def test_a_ticket_never_queues_and_has_no_wait():
    rows, _ = told(GOLDEN)
    assert {leg["queued_at"] for leg in rows["legs"]} == {None}
    assert {leg["wait_ms"] for leg in rows["legs"]} == {None}


def test_an_open_ticket_has_no_end():
    [leg] = legs(GOLDEN, "12")
    assert (leg["ended_how"], leg["ended_at"], leg["ended_code"]) == ("open", None, "open")


def test_a_reopened_ticket_is_open_though_it_was_once_solved(tmp_path: Path):
    metrics = {"ticket_id": 1, "reopens": 1, "solved_at": "2024-03-04T10:00:00Z"}
    [leg] = legs(written(tmp_path, {**TICKET, "status": "open"}, metrics), "1")
    assert (leg["ended_how"], leg["ended_at"], leg["resolved_at"]) == ("open", None, "2024-03-04T10:00:00Z")


def test_a_change_that_leaves_the_ticket_itself_unaltered_still_makes_it_newer():
    [leg] = legs(GOLDEN, "12")
    assert leg["updated_at"] == "2024-03-04T10:05:00.000+00:00"


def test_a_ticket_delivered_twice_keeps_its_key_and_each_its_version(tmp_path: Path):
    later = {**TICKET, "updated_at": "2024-03-05T00:00:00Z", "status": "closed"}
    found = legs(written(tmp_path, TICKET, {"ticket_id": 1, "reopens": 3}, later), "1")
    assert [(leg["leg_id"], leg["n_reopens"]) for leg in found] == [("1-1", "3"), ("1-1", "3")]
    assert [leg["updated_at"] for leg in found] == ["2024-03-04T11:00:00Z", "2024-03-05T00:00:00Z"]


def test_a_schedule_that_begins_after_the_ticket_was_solved_makes_no_leg(tmp_path: Path):
    metrics = {"ticket_id": 1, "reopens": 0, "solved_at": "2024-03-04T10:00:00Z"}
    changes = {"ticket_id": 1, "schedule_changes": [{"schedule": "Night", "at": "2024-03-04T18:00:00Z"}]}
    [leg] = legs(written(tmp_path, TICKET, metrics, changes), "1")
    assert leg["calendar"] is None
    assert json.loads(leg["extra"])["schedule_changes"][0]["schedule"] == "Night"


def test_the_time_before_the_first_known_schedule_is_a_leg_without_calendar(tmp_path: Path):
    changes = {"ticket_id": 1, "schedule_changes": [{"schedule": "Night", "at": "2024-03-04T10:00:00Z"}]}
    metrics = {"ticket_id": 1, "reopens": 0, "group_stations": 1, "reply_time_in_minutes": {"calendar": 5}}
    first, second = legs(written(tmp_path, TICKET, metrics, changes), "1")
    assert (first["calendar"], second["calendar"]) == (None, "Night")
    assert (first["responded_at"], second["responded_at"]) == ("2024-03-04T09:05:00+00:00", None)
    assert (first["queue"], second["queue"]) == ("6", "6")


def test_a_deleted_ticket_is_no_contact_in_any_of_its_legs(tmp_path: Path):
    changes = {"ticket_id": 1, "schedule_changes": [{"schedule": "Night", "at": "2024-03-04T10:00:00Z"}]}
    found = legs(written(tmp_path, {**TICKET, "status": "deleted"}, changes), "1")
    assert [leg["ended_how"] for leg in found] == ["ignored", "ignored"]


def test_a_schedule_change_without_an_instant_is_kept_aside_and_the_ticket_stays(tmp_path: Path):
    path = written(tmp_path, TICKET, {"ticket_id": 1, "schedule_changes": [{"schedule": "Night"}, 7]})
    rows, faults = told(path)
    assert len(rows["legs"]) == 1
    assert [(each.line, each.rule) for each in faults] == [(2, "zendesk.schedule_change")] * 2


def test_what_has_no_ticket_or_cannot_be_read_is_kept_aside():
    _, faults = told(GOLDEN)
    kept = {(each.line, each.rule) for each in faults if each.rule.startswith("zendesk.")}
    assert kept == {
        (7, "zendesk.metrics_without_ticket"),
        (8, "zendesk.score"),
        (9, "zendesk.unknown_object"),
    }
    assert [each.line for each in faults if each.rule.startswith("json.")] == [10]


def test_a_good_rating_is_an_answer_on_a_scale_of_nought_to_one():
    rows, _ = told(GOLDEN)
    score, comment = [row for row in rows["answers"] if row["contact_id"] == "14"]
    assert (score["construct"], score["scale_low"], score["scale_high"], score["value_milli"]) == (
        "csat",
        "0",
        "1",
        "1000",
    )
    assert (score["answered_at"], score["agent_id"], score["customer_id"]) == ("2024-03-05T09:00:00Z", "32", "7004")
    assert (comment["question"], comment["value_text"], comment["construct"]) == ("comment", "top", None)


def test_a_bad_rating_inside_its_ticket_counts_as_well():
    rows, _ = told(GOLDEN)
    score = next(row for row in rows["answers"] if row["contact_id"] == "13")
    assert (score["value_milli"], score["answered_at"]) == ("0", "2024-03-05T08:00:00Z")


def test_offered_and_received_make_the_response_rate_and_unoffered_stays_out_of_it():
    rows, _ = told(GOLDEN)
    found = {row["contact_id"]: row["disposition"] for row in rows["invitations"]}
    assert found == {"12": "offered", "13": "complete", "14": "complete", "15": "complete"}
    assert {row["contact_id"] for row in rows["answers"]} == {"13", "14"}
    assert json.loads(legs(GOLDEN, "941606")[1]["extra"])["satisfaction_rating"] == "unoffered"


def test_a_rating_that_was_first_offered_is_the_same_invitation(tmp_path: Path):
    rating = {
        "ticket_id": 1,
        "score": "offered",
        "created_at": "2024-03-05T08:00:00Z",
        "updated_at": "2024-03-05T08:00:00Z",
    }
    later = {**rating, "score": "good", "updated_at": "2024-03-06T08:00:00Z"}
    rows, _ = told(written(tmp_path, {"id": 1, **rating}, {"id": 2, **later}))
    assert [(row["invitation_id"], row["disposition"]) for row in rows["invitations"]] == [
        ("1", "offered"),
        ("1", "complete"),
    ]
    assert rows["invitations"][0]["updated_at"] < rows["invitations"][1]["updated_at"]


def test_unoffered_without_its_ticket_is_reported(tmp_path: Path):
    rows, faults = told(written(tmp_path, {"id": 3, "ticket_id": 1, "score": "unoffered"}))
    assert rows["invitations"] == []
    assert [each.rule for each in faults] == ["zendesk.unoffered_without_ticket"]


@pytest.mark.parametrize(
    ("via", "channel"),
    [
        ("email", "mail"),
        ("web", "form"),
        ("chat", "chat"),
        ("voice", "call"),
        ("twitter", "social"),
        ("facebook", "social"),
        ("whatsapp", "message"),
        ("native_messaging", "message"),
        ("api", "other"),
        ("something_new", "other"),
        (4, "mail"),
        (None, "other"),
    ],
)
def test_the_channel_follows_from_via(via: object, channel: str, tmp_path: Path):
    [leg] = legs(written(tmp_path, {**TICKET, "via": {"channel": via}}), "1")
    assert leg["channel"] == channel


def test_an_outbound_call_is_told_apart(tmp_path: Path):
    [leg] = legs(written(tmp_path, {**TICKET, "via": {"channel": "voice", "source": {"rel": "outbound"}}}), "1")
    assert leg["direction"] == "outbound"


def test_unknown_fields_are_kept_and_words_and_names_are_not():
    rows, _ = told(GOLDEN)
    last = legs(GOLDEN, "941606")[1]
    extra = json.loads(last["extra"])
    assert extra["new_field"] == {"depth": 2}
    assert extra["metrics"]["latest_comment_added_at"] == "2020-09-30T19:01:46Z"
    assert last["reason"] == "facturen"
    assert last["mail"] == "j.jansen@mail.example"
    shown = json.dumps([row["extra"] for row in rows["legs"]])
    for word in ("Jansen", "Vraag", "Beste", "help@demo", "duurde"):
        assert word not in shown
    assert "Jansen" not in json.dumps(rows)


def test_the_configuration_builds_it_and_refuses_what_it_does_not_know():
    block = {"kind": "zendesk", "name": "desk", "organisation": "demo", "files": ["*.jsonl"], "reason_field": 3}
    built: Source = TypeAdapter(Zendesk).validate_python(block)
    assert built.files == ("*.jsonl",)
    with pytest.raises(ValidationError, match="reason_feild"):
        TypeAdapter(Zendesk).validate_python({**block, "reason_feild": 3})


LINES = GOLDEN.read_bytes().split(b"\n")
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "good", "2024-03-04T09:00:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["id", "at", "calendar", "channel"]), inner, max_size=2)
    ),
    max_leaves=4,
)
FIELDS = (
    *(
        "id",
        "ticket_id",
        "status",
        "score",
        "metric",
        "type",
        "time",
        "created_at",
        "updated_at",
        "via",
        "requester_id",
    ),
    *("schedule_changes", "reopens", "reply_time_in_minutes", "satisfaction_rating", "generated_timestamp", "tickets"),
    *("solved_at", "custom_fields", "metric_set", "on_hold_time_in_minutes", "instance_id", "deleted"),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    text = bytearray(b"\n".join(draw(st.lists(st.sampled_from(LINES), max_size=6))))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(text)))
        text[place : place + draw(st.integers(0, 3))] = draw(
            st.binary(max_size=4) | st.sampled_from([b'"', b"{", b"9" * 20, b"\\ud800"])
        )
    return bytes(text)


@st.composite
def misshapen(draw: st.DrawFn) -> bytes:
    objects = draw(st.lists(st.dictionaries(st.sampled_from(FIELDS), JUNK, max_size=7), max_size=4))
    return "\n".join(json.dumps(each) for each in [{**TICKET, **each} for each in objects[:2]] + objects).encode()


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300) | mutated() | misshapen())
def test_no_bytes_whatever_make_it_raise(content: bytes, tmp_path: Path):
    path = tmp_path / "fuzz"
    path.write_bytes(content)
    rows, faults = told(path)
    lines = content.count(b"\n") + 1
    assert all(1 <= row["line"] <= lines for table in rows.values() for row in table)
    assert all(1 <= each.line <= lines for each in faults)

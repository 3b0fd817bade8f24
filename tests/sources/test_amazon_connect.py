from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from peil.errors import SourceError
from peil.sources.amazon_connect import AmazonConnect
from peil.sources.source import Export, Fault

GOLDEN = Path(__file__).parent / "golden" / "amazon_connect.jsonl"
RECORDS = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
CONNECT = AmazonConnect(name="connect", organisation="demo", files=("*.jsonl",), survey_attributes={"csat": "csat 1-5"})


def read(path: Path, source: AmazonConnect = CONNECT) -> tuple[dict[str, list[dict]], list[Fault]]:
    tables: dict[str, list[dict]] = {"legs": [], "answers": []}
    faults = []
    for each in source.read(Export(name=path.name, path=path, sha256="0")):
        if isinstance(each, Fault):
            faults.append(each)
        else:
            tables[each.schema.name] += each.rows.to_pylist()
    return tables, faults


def leg(tmp_path: Path, source: AmazonConnect = CONNECT, **changed: object) -> dict:
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps({**RECORDS[0], "NextContactId": None, "TransferCompletedTimestamp": None, **changed}))
    return read(path, source)[0]["legs"][0]


@pytest.fixture(scope="module")
def legs() -> dict[str, dict]:
    tables, faults = read(GOLDEN)
    assert faults == []
    return {each["leg_id"]: each for each in tables["legs"]}


def test_a_transfer_chain_is_one_contact_with_three_legs_that_sum_to_the_second(legs):
    chain = [each for each in legs.values() if each["contact_id"] == "c-1"]
    assert [each["leg_id"] for each in chain] == ["c-1", "c-2", "c-3"]
    assert [each["ended_how"] for each in chain] == ["transferred", "transferred", "completed"]
    sums = {name: sum(int(each[name]) for each in chain) for name in ("wait_ms", "talk_ms", "hold_ms", "wrap_ms")}
    assert sums == {"wait_ms": 63_000, "talk_ms": 475_000, "hold_ms": 39_000, "wrap_ms": 87_000}


def test_whole_seconds_become_milliseconds_and_chat_metrics_are_milliseconds_already(legs):
    assert (legs["c-2"]["wait_ms"], legs["c-2"]["talk_ms"]) == ("30000", "260000")
    assert legs["c-30"]["responded_at"] == "2024-03-04T12:00:33.500+00:00"


def test_the_agents_first_answer_is_taken_from_its_own_stamp_where_there_is_one(tmp_path):
    metrics = {"ChatContactMetrics": {"AgentFirstResponseTimestamp": "2024-03-04T12:00:30.000Z"}}
    assert leg(tmp_path, ChatMetrics=metrics)["responded_at"] == "2024-03-04T12:00:30.000Z"


def test_queued_and_never_connected_to_an_agent_is_abandoned(legs):
    gone = legs["c-10"]
    assert (gone["handler"], gone["ended_how"], gone["wait_ms"]) == ("none", "abandoned", "60000")
    assert (gone["agent_id"], gone["answered_at"], gone["talk_ms"]) == (None, None, None)


def test_a_callback_request_is_neither_abandoned_nor_transferred(legs):
    assert (legs["c-20"]["ended_how"], legs["c-20"]["contact_id"]) == ("callback", "c-20")
    assert (legs["c-21"]["channel"], legs["c-21"]["direction"], legs["c-21"]["contact_id"]) == (
        "callback",
        "inbound",
        "c-20",
    )


def test_a_queue_that_sends_the_customer_on_is_transferred(tmp_path):
    assert leg(tmp_path, Agent=None, NextContactId="c-99")["ended_how"] == "transferred"


def test_a_null_queue_name_still_has_a_wait(legs):
    assert (legs["c-3"]["queue"], legs["c-3"]["wait_ms"]) == (None, "8000")


def test_a_null_disconnect_reason_is_fine(legs):
    assert (legs["c-30"]["ended_code"], legs["c-30"]["ended_how"]) == (None, "completed")


def test_a_chat_made_by_the_interface_is_inbound_and_a_call_made_by_it_is_outbound(legs, tmp_path):
    assert (legs["c-30"]["channel"], legs["c-30"]["direction"]) == ("chat", "inbound")
    assert leg(tmp_path, InitiationMethod="API")["direction"] == "outbound"


def test_a_call_that_stays_in_the_menu_was_handled_by_it(legs):
    assert (legs["c-31"]["handler"], legs["c-31"]["ended_how"]) == ("ivr", "completed")
    assert legs["c-31"]["answered_at"] == "2024-03-04T12:30:00Z"


def test_an_unfinished_record_is_open_and_offsets_stand_as_they_stood(legs):
    assert (legs["c-40"]["ended_how"], legs["c-40"]["ended_at"]) == ("open", None)
    assert legs["c-40"]["started_at"] == "2024-03-04T13:00:00+01:00"


def test_a_record_sent_again_carries_its_newer_version(tmp_path):
    again = {**RECORDS[0], "LastUpdateTimestamp": "2024-05-01T00:00:00Z", "Attributes": {"csat": "2"}}
    path = tmp_path / "again.jsonl"
    path.write_text(json.dumps(RECORDS[0]) + "\n" + json.dumps(again))
    first, second = read(path)[0]["legs"]
    assert (first["contact_id"], first["leg_id"]) == (second["contact_id"], second["leg_id"])
    assert (first["updated_at"], second["updated_at"]) == ("2024-03-04T09:03:00Z", "2024-05-01T00:00:00Z")


def test_a_supervisor_listening_in_is_no_contact_of_a_customer(tmp_path):
    heard = leg(tmp_path, ContactId="c-50", InitialContactId="c-1", InitiationMethod="MONITOR")
    assert (heard["contact_id"], heard["ended_how"], heard["direction"]) == ("c-50", "ignored", "internal")


def test_the_root_of_the_chain_goes_before_the_initial_contact(tmp_path):
    assert leg(tmp_path, ContactAssociationId="root", InitialContactId="c-0")["contact_id"] == "root"


def test_unknown_fields_are_kept_nested(legs):
    assert json.loads(legs["c-40"]["extra"])["NewInTwentySix"] == {"Deep": [1, {"Deeper": True}]}
    assert json.loads(legs["c-1"]["extra"])["Attributes"] == {"menukeuze": "facturen"}


def test_handles_go_to_their_columns_and_names_nowhere(legs):
    assert (legs["c-1"]["phone"], legs["c-40"]["mail"]) == ("+31201234567", "klant@example.org")
    extras = " ".join(each["extra"] for each in legs.values())
    assert "Jansen" not in extras
    assert "+3120" not in extras
    assert "klant@" not in extras


def test_an_answer_that_the_chain_shares_is_one_response_with_versions():
    answers = read(GOLDEN)[0]["answers"]
    assert {(each["response_id"], each["question"]) for each in answers} == {("c-1", "csat")}
    newest = max(answers, key=lambda each: each["updated_at"])
    assert (newest["value_milli"], newest["scale_low"], newest["scale_high"]) == ("5000", "1", "5")
    assert (newest["construct"], newest["mode"], newest["agent_id"]) == ("csat", "ivr", "a09")


def test_attributes_may_hold_the_customer_and_the_reason(tmp_path):
    source = AmazonConnect(
        name="connect", organisation="demo", files=(), customer_attribute="klantnr", reason_attribute="menukeuze"
    )
    found = leg(tmp_path, source, Attributes={"klantnr": "K-12", "menukeuze": "facturen"})
    assert (found["customer_id"], found["reason"]) == ("K-12", "facturen")
    assert "K-12" not in (found["extra"] or "")


@pytest.mark.parametrize("missing", sorted({key for each in RECORDS for key in each} - {"ContactId"}))
def test_any_field_may_be_missing(tmp_path, missing):
    path = tmp_path / "less.jsonl"
    path.write_text(json.dumps({key: value for key, value in RECORDS[0].items() if key != missing}))
    tables, faults = read(path)
    assert faults == []
    assert tables["legs"][0]["leg_id"] == "c-1"


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("Queue", 5, "json.not_an_object"),
        ("Agent", "a17", "json.not_an_object"),
        ("Attributes", ["csat"], "json.not_an_object"),
        ("ContactId", {"id": 1}, "json.not_a_plain_value"),
        ("Channel", ["VOICE"], "json.not_a_plain_value"),
    ],
)
def test_a_wrong_kind_of_value_keeps_the_record_aside_and_the_rest_goes_on(tmp_path, field, value, rule):
    path = tmp_path / "wrong.jsonl"
    path.write_text(json.dumps({**RECORDS[0], field: value}) + "\n" + json.dumps(RECORDS[1]))
    tables, faults = read(path)
    assert [(each.line, each.rule, each.column) for each in faults] == [(1, rule, field)]
    assert [each["leg_id"] for each in tables["legs"]] == ["c-2"]


@pytest.mark.parametrize("duration", ["4 min", True, 12.5, -1])
def test_a_duration_that_is_no_whole_number_of_seconds_is_left_for_the_door(tmp_path, duration):
    stood = {"True": "true"}.get(str(duration), str(duration))
    assert leg(tmp_path, Queue={"EnqueueTimestamp": "2024-03-04T09:00:20Z", "Duration": duration})["wait_ms"] == stood


def test_a_survey_attribute_needs_a_construct_and_a_scale():
    with pytest.raises(SourceError, match="survey attribute 'csat' is described as 'good'"):
        AmazonConnect(name="connect", organisation="demo", files=(), survey_attributes={"csat": "good"})


def test_the_configuration_builds_it_and_refuses_an_unknown_option():
    build = TypeAdapter(AmazonConnect).validate_python
    written = {"kind": "amazon_connect", "name": "connect", "organisation": "demo", "files": ["exports/*.jsonl"]}
    assert build({**written, "survey_attributes": {"csat": "csat 1-5"}}).files == ("exports/*.jsonl",)
    with pytest.raises(ValidationError, match="survey_atributes"):
        build({**written, "survey_atributes": {}})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
@settings(max_examples=200)
def test_mutated_records_never_raise_and_are_never_lost(tmp_path_factory, data):
    record = copy.deepcopy(data.draw(st.sampled_from(RECORDS)))
    inside = data.draw(
        st.sampled_from([record, *(each for each in record.values() if isinstance(each, dict) and each)])
    )
    inside[data.draw(st.sampled_from(sorted(inside)))] = data.draw(ANYTHING)
    path = tmp_path_factory.getbasetemp() / "mutated_connect.jsonl"
    path.write_text(json.dumps(record), encoding="utf-8")
    tables, faults = read(path)
    assert len(tables["legs"]) + len(faults) == 1


@given(st.binary(max_size=40), st.integers(min_value=0, max_value=GOLDEN.stat().st_size))
@settings(max_examples=100)
def test_bytes_in_the_middle_of_an_export_never_raise(tmp_path_factory, junk, place):
    whole = GOLDEN.read_bytes()
    path = tmp_path_factory.getbasetemp() / "junk_connect.jsonl"
    path.write_bytes(whole[:place] + junk + whole[place + len(junk) :])
    tables, faults = read(path)
    assert len(tables["legs"]) + len(faults) >= len(RECORDS) - 2

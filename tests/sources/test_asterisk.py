"""Asterisk's queue_log, CDR and CEL become legs and agent states; every known trap is a test."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from delivered import Rows, delivered
from peil.sources.asterisk import Asterisk
from peil.sources.source import Fault, Source

GOLDEN = Path(__file__).parent / "golden"
PBX = Asterisk(name="pbx", organisation="demo", files=("*",), zone="Europe/Amsterdam")


def told(path: Path, source: Source = PBX) -> tuple[Rows, list[Fault]]:
    return delivered(path, source)


def legs(path: Path, contact: str, source: Source = PBX) -> list[dict[str, Any]]:
    found = [row for row in told(path, source)[0]["legs"] if row["contact_id"] == contact]
    return sorted(found, key=lambda row: (row["started_at"], row["line"]))


def written(folder: Path, *lines: str) -> Path:
    path = folder / "queue_log"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_an_answered_call_is_one_leg_with_seconds_as_milliseconds_and_ringing_already_in_milliseconds():
    [leg] = legs(GOLDEN / "queue_log", "1709542930.12")
    assert leg["queued_at"] == leg["started_at"] == "2024-03-04T09:02:10.000+00:00"
    assert leg["answered_at"] == "2024-03-04T09:02:40.000+00:00"
    assert leg["ended_at"] == "2024-03-04T09:07:00.000+00:00"
    assert (leg["wait_ms"], leg["talk_ms"], leg["ring_ms"]) == ("30000", "260000", "15000")
    assert (leg["channel"], leg["direction"], leg["queue"]) == ("call", "inbound", "facturen")
    assert (leg["handler"], leg["agent_id"], leg["ended_how"]) == ("agent", "Agent/21", "completed")
    assert (leg["phone"], leg["ended_code"], leg["line"]) == ("+31201234567", "COMPLETECALLER", 8)


def test_after_call_work_is_unknown_and_not_nought():
    rows, _ = told(GOLDEN / "queue_log")
    assert {leg["wrap_ms"] for leg in rows["legs"]} == {None}
    assert {leg["hold_ms"] for leg in rows["legs"]} == {None}


def test_an_abandoned_call_keeps_its_wait_and_has_no_answer():
    [leg] = legs(GOLDEN / "queue_log", "1709543000.20")
    assert (leg["ended_how"], leg["wait_ms"], leg["answered_at"], leg["talk_ms"]) == ("abandoned", "45000", None, None)
    assert leg["handler"] == "none"


def test_a_transfer_chain_is_one_contact_with_three_legs():
    chain = legs(GOLDEN / "queue_log", "1709543100.30")
    assert [leg["queue"] for leg in chain] == ["storing", "facturen", "technisch"]
    assert [leg["ended_how"] for leg in chain] == ["timeout", "transferred", "completed"]
    assert [leg["talk_ms"] for leg in chain] == [None, "30000", "100000"]
    assert len({leg["leg_id"] for leg in chain}) == 3


def test_leaving_the_queue_is_told_apart_from_abandoning_it():
    [empty] = legs(GOLDEN / "queue_log", "1709543400.40")
    [key] = legs(GOLDEN / "queue_log", "1709543500.50")
    assert (empty["ended_how"], empty["wait_ms"]) == ("overflowed", "10000")
    assert (key["ended_how"], key["wait_ms"], json.loads(key["extra"])["key"]) == ("overflowed", "20000", "2")


def test_callers_who_hide_their_number_are_not_one_person():
    [leg] = legs(GOLDEN / "queue_log", "1709543400.40")
    assert leg["phone"] is None


def test_a_key_can_mean_a_callback():
    source = Asterisk(name="pbx", organisation="demo", files=("*",), key_exit="callback")
    [key] = legs(GOLDEN / "queue_log", "1709543500.50", source)
    assert key["ended_how"] == "callback"


def test_a_call_that_is_still_going_on_is_open_and_has_no_end():
    [leg] = legs(GOLDEN / "queue_log", "1709543600.60")
    assert (leg["ended_how"], leg["ended_at"], leg["wait_ms"]) == ("open", None, None)


def test_a_call_cut_in_two_by_log_rotation_keeps_its_key_and_the_later_half_is_newer(tmp_path: Path):
    lines = (
        "1709542930|1.1|facturen|NONE|ENTERQUEUE||+31201234567|2",
        "1709542960|1.1|facturen|PJSIP/21|CONNECT|30|1.2|3",
        "1709543220|1.1|facturen|PJSIP/21|COMPLETECALLER|30|260|2",
    )
    for cut in (1, 2):
        [first] = legs(written(tmp_path, *lines[:cut]), "1.1")
        [second] = legs(written(tmp_path, *lines[cut:]), "1.1")
        assert first["leg_id"] == second["leg_id"]
        assert (first["ended_how"], second["ended_how"]) == ("open", "completed")
        assert first["updated_at"] < second["updated_at"]
        assert (second["wait_ms"], second["talk_ms"]) == ("30000", "260000")
        assert second["queued_at"] == "2024-03-04T09:02:10.000+00:00"
        assert second["answered_at"] == "2024-03-04T09:02:40.000+00:00"


def test_a_log_delivered_twice_in_one_file_gives_the_same_legs(tmp_path: Path):
    golden = (GOLDEN / "queue_log").read_text(encoding="utf-8")
    once, _ = told(GOLDEN / "queue_log")
    twice, _ = told(written(tmp_path, golden + golden))
    keys = {(leg["contact_id"], leg["leg_id"]) for leg in once["legs"]}
    assert {(leg["contact_id"], leg["leg_id"]) for leg in twice["legs"]} == keys


def test_lines_without_a_call_are_no_contacts_and_unreadable_ones_are_kept_aside():
    rows, faults = told(GOLDEN / "queue_log")
    assert not {"NONE", "REALTIME", ""} & {leg["contact_id"] for leg in rows["legs"]}
    assert [(each.line, each.rule) for each in faults] == [
        (28, "asterisk.no_callid"),
        (29, "asterisk.unreadable_line"),
    ]


def test_a_missed_transfer_ends_the_leg_when_the_caller_queues_again(tmp_path: Path):
    path = written(
        tmp_path,
        "1709542930|1.1|facturen|NONE|ENTERQUEUE||x|1",
        "1709542940|1.1|facturen|PJSIP/21|CONNECT|10|1.2|3",
        "1709543000|1.1|technisch|NONE|ENTERQUEUE||x|1",
        "1709543010|1.1|technisch|NONE|ABANDON|1|1|10",
    )
    first, second = legs(path, "1.1")
    assert (first["ended_how"], first["talk_ms"], second["ended_how"]) == ("transferred", None, "abandoned")


def test_calls_lost_in_a_restart_are_errors_and_not_open(tmp_path: Path):
    path = written(tmp_path, "1709542930|1.1|q|NONE|ENTERQUEUE||x|1", "1709543000|NONE|NONE|NONE|QUEUESTART|")
    [leg] = legs(path, "1.1")
    assert (leg["ended_how"], leg["ended_code"]) == ("error", "QUEUESTART")


def test_an_event_of_the_dialplan_is_kept_with_its_leg_and_never_invents_one(tmp_path: Path):
    path = written(
        tmp_path,
        "1709542930|1.1|q|NONE|ENTERQUEUE||x|1",
        "1709542931|1.1|q|NONE|MENUCHOICE|3|invoice",
        "1709542932|9.9|q|NONE|MENUCHOICE|3|invoice",
        "1709542935|1.1|q|NONE|ABANDON|1|1|5",
    )
    rows, faults = told(path)
    assert [json.loads(leg["extra"])["menuchoice"] for leg in rows["legs"]] == ["3|invoice"]
    assert [(each.line, each.rule) for each in faults] == [(3, "asterisk.unknown_event")]


def test_a_hold_time_that_is_no_number_reaches_the_door_as_it_stood(tmp_path: Path):
    [leg] = legs(written(tmp_path, "1709543220|1.1|q|PJSIP/21|COMPLETECALLER|thirty|260|2"), "1.1")
    assert (leg["wait_ms"], leg["talk_ms"]) == ("thirty", "260000")


def test_agents_are_in_one_state_at_a_time_from_log_in_to_log_off():
    rows, _ = told(GOLDEN / "queue_log")
    spent: Counter[tuple[str, str]] = Counter()
    for row in rows["agent_states"]:
        spent[row["agent_id"], row["state"]] += int(row["duration_ms"]) // 1000
    assert spent["Agent/17", "ready"] + spent["Agent/17", "on_contact"] == 4400
    assert spent["Agent/17", "on_contact"] == 30
    assert spent["Agent/21", "break"] == 300
    assert spent["Agent/21", "on_contact"] == 360
    for agent in ("Agent/17", "Agent/21"):
        mine = sorted((row["started_at"], row["ended_at"]) for row in rows["agent_states"] if row["agent_id"] == agent)
        assert all(ends <= begins for (_, ends), (begins, _) in pairwise(mine))


def test_the_reason_of_a_pause_can_stand_for_a_state():
    source = Asterisk(name="pbx", organisation="demo", files=("*",), pauses={"lunch": "meeting"})
    rows, _ = told(GOLDEN / "queue_log", source)
    paused = [row for row in rows["agent_states"] if row["state_code"] == "lunch"]
    assert [(row["state"], row["duration_ms"]) for row in paused] == [("meeting", "300000")]


def test_a_detail_record_of_a_queue_call_is_marked_as_told_already():
    [queued] = legs(GOLDEN / "cdr.csv", "cdr-1709542930.12")
    assert queued["ended_how"] == "ignored"
    assert legs(GOLDEN / "cdr.csv", "1709542930.12") == []
    alone = Asterisk(name="pbx", organisation="demo", files=("*",), has_queue_log=False)
    [queued] = legs(GOLDEN / "cdr.csv", "1709542930.12", alone)
    assert queued["ended_how"] == "completed"


def test_a_direct_call_keeps_local_times_for_the_door_and_seconds_become_milliseconds():
    [leg] = legs(GOLDEN / "cdr.csv", "1719820800.21")
    assert (leg["started_at"], leg["answered_at"]) == ("2024-07-01 10:00:00", "2024-07-01 10:00:08")
    assert (leg["talk_ms"], leg["wait_ms"], leg["queued_at"], leg["wrap_ms"]) == ("180000", None, None, None)
    assert (leg["direction"], leg["phone"], leg["agent_id"]) == ("inbound", "+31644444444", "PJSIP/17")
    assert json.loads(leg["extra"])["costcentre"] == "nl-12"


def test_the_dialplan_context_tells_the_direction():
    [out] = legs(GOLDEN / "cdr.csv", "1719824400.30")
    assert (out["direction"], out["phone"], out["ended_how"]) == ("outbound", "0655555555", "timeout")
    [missed] = legs(GOLDEN / "cdr.csv", "1719828000.40")
    assert (missed["direction"], missed["ended_how"], missed["talk_ms"]) == ("inbound", "abandoned", None)
    source = Asterisk(name="pbx", organisation="demo", files=("*",), internal_contexts=("from-internal",))
    [internal] = legs(GOLDEN / "cdr.csv", "1719824400.30", source)
    assert (internal["direction"], internal["phone"]) == ("internal", None)


def test_a_detail_record_without_uniqueid_is_kept_aside():
    _, faults = told(GOLDEN / "cdr.csv")
    assert [(each.line, each.rule) for each in faults] == [(6, "asterisk.no_uniqueid")]


def test_detail_records_without_a_header_are_read_by_position(tmp_path: Path):
    row = (
        '"","0201234567","201","from-trunk","""A"" <0201234567>","PJSIP/t-01","PJSIP/17-02","Dial","PJSIP/17",'
        '"2024-07-01 10:00:00","2024-07-01 10:00:08","2024-07-01 10:03:08",188,180,"ANSWERED","DOCUMENTATION","17.2",""'
    )
    [leg] = legs(written(tmp_path, row), "17.2")
    assert (leg["ended_at"], leg["talk_ms"]) == ("2024-07-01 10:03:08", "180000")


def test_a_database_export_with_only_a_call_date_gets_its_end_across_the_change_to_summer_time(tmp_path: Path):
    path = written(
        tmp_path,
        "calldate,src,dst,dcontext,dstchannel,lastapp,duration,billsec,disposition,uniqueid",
        "2024-03-31 01:59:30,0201234567,201,from-trunk,PJSIP/17-01,Dial,70,60,ANSWERED,5.1",
    )
    [leg] = legs(path, "5.1")
    assert leg["answered_at"] == "2024-03-31T00:59:40+00:00"
    assert leg["ended_at"] == "2024-03-31T01:00:40+00:00"


def test_channel_events_in_the_same_file_join_the_legs_of_an_attended_transfer():
    chain = legs(GOLDEN / "cel_and_queue_log.txt", "1709542800.80")
    assert [(leg["queue"], leg["ended_how"]) for leg in chain] == [
        ("facturen", "transferred"),
        ("technisch", "completed"),
    ]
    assert chain[0]["talk_ms"] == "170000"


def test_channel_events_by_themselves_are_reported_and_not_passed_over(tmp_path: Path):
    path = written(tmp_path, "eventtype,eventtime,uniqueid,linkedid", "CHAN_START,2024-03-04 10:00:00,1.1,1.1")
    rows, faults = told(path)
    assert rows["legs"] == []
    assert [(each.line, each.rule) for each in faults] == [(2, "asterisk.events_alone")]


@pytest.mark.parametrize("file", ["queue_log", "cdr.csv"])
def test_names_of_callers_are_not_carried(file: str):
    rows, _ = told(GOLDEN / file)
    shown = json.dumps(rows)
    assert "1709542930" in shown
    assert "Jansen" not in shown
    assert "Pietersen" not in shown


def test_the_configuration_builds_it_and_refuses_what_it_does_not_know():
    block = {"kind": "asterisk", "name": "pbx", "organisation": "demo", "files": ["queue_log*"]}
    built: Source = TypeAdapter(Asterisk).validate_python(block)
    assert built.files == ("queue_log*",)
    with pytest.raises(ValidationError, match="fils"):
        TypeAdapter(Asterisk).validate_python({**block, "fils": []})


LINES = [
    line
    for name in ("queue_log", "cdr.csv", "cel_and_queue_log.txt")
    for line in (GOLDEN / name).read_bytes().split(b"\n")
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    lines = draw(st.lists(st.sampled_from(LINES), max_size=8))
    text = bytearray(b"\n".join(lines))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(text)))
        text[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=4) | st.sampled_from([b"|", b"9" * 20]))
    return bytes(text)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300) | mutated())
def test_no_bytes_whatever_make_it_raise(content: bytes, tmp_path: Path):
    path = tmp_path / "fuzz"
    path.write_bytes(content)
    rows, faults = told(path)
    lines = content.count(b"\n") + 1
    assert all(1 <= row["line"] <= lines for table in rows.values() for row in table)
    assert all(1 <= each.line <= lines for each in faults)

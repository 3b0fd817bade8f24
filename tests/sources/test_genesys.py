from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from peil.sources.genesys import Genesys
from peil.sources.source import Export, Fault

GOLDEN = Path(__file__).parent / "golden" / "genesys.jsonl"
CONVERSATIONS = {
    each["conversationId"]: each for each in map(json.loads, GOLDEN.read_text(encoding="utf-8").splitlines())
}
GENESYS = Genesys(name="genesys", organisation="demo", files=("*.jsonl",))


def read(path: Path, source: Genesys = GENESYS) -> tuple[dict[str, list[dict]], list[Fault]]:
    tables: dict[str, list[dict]] = {"legs": [], "answers": []}
    faults = []
    for each in source.read(Export(name=path.name, path=path, sha256="0")):
        if isinstance(each, Fault):
            faults.append(each)
        else:
            tables[each.schema.name] += each.rows.to_pylist()
    return tables, faults


def legs_of(tmp_path: Path, *conversations: dict, source: Genesys = GENESYS) -> list[dict]:
    path = tmp_path / "some.jsonl"
    path.write_text("\n".join(json.dumps(each) for each in conversations))
    tables, faults = read(path, source)
    assert faults == []
    return tables["legs"]


def conversation(*participants: dict, **more: object) -> dict:
    bounds = {"conversationStart": "2024-03-04T09:00:00.000Z", "conversationEnd": "2024-03-04T10:00:00.000Z"}
    return {"conversationId": "g", **bounds, "participants": list(participants), **more}


def participant(purpose: str, *segments: tuple[str, str | None, str], media: str = "voice", **more: object) -> dict:
    timed = [
        {"segmentStart": f"2024-03-04T{start}Z", "segmentEnd": end and f"2024-03-04T{end}Z", "segmentType": kind}
        for start, end, kind in segments
    ]
    session = {"sessionId": f"{purpose}-{segments[0][0]}", "mediaType": media, "segments": timed}
    return {"purpose": purpose, "sessions": [{**session, **more}]}


@pytest.fixture(scope="module")
def legs() -> dict[str, list[dict]]:
    tables, faults = read(GOLDEN)
    assert faults == []
    return {key: [each for each in tables["legs"] if each["contact_id"] == key] for key in CONVERSATIONS}


def test_a_simple_call_is_its_menu_and_one_leg_with_wait_and_agent_together(legs):
    menu, call = legs["g-1"]
    assert (menu["handler"], menu["ended_how"], menu["queued_at"]) == ("ivr", "transferred", None)
    assert (call["handler"], call["agent_id"], call["team"], call["queue"]) == ("agent", "u-1", "t-noord", "q-fact")
    assert (call["queued_at"], call["answered_at"]) == (
        "2024-03-04T09:00:30+00:00",
        "2024-03-04T09:01:15.500000+00:00",
    )
    assert (call["wait_ms"], call["talk_ms"], call["hold_ms"], call["wrap_ms"]) == ("45500", "240000", "44750", "30000")
    assert (call["n_holds"], call["reason"], call["ended_how"]) == ("1", "w-factuur", "completed")


def test_segments_agree_with_the_milliseconds_of_the_metrics(legs):
    call = legs["g-1"][1]
    assert json.loads(call["extra"])["metrics"] == {"tAcd": int(call["wait_ms"]), "tTalk": int(call["talk_ms"])}


def test_an_agent_who_lets_it_ring_leaves_only_ringing_time(legs):
    assert [each["agent_id"] for each in legs["g-1"]] == [None, "u-1"]
    assert legs["g-1"][1]["ring_ms"] == "15000"


def test_the_customers_part_ends_before_the_wrap_up(legs):
    assert legs["g-1"][1]["ended_at"] == "2024-03-04T09:06:00.250000+00:00"


def test_a_transfer_over_two_queues_is_one_contact_with_two_legs(legs):
    first, second = legs["g-2"]
    assert [each["ended_how"] for each in (first, second)] == ["transferred", "completed"]
    assert [each["agent_id"] for each in (first, second)] == ["u-1", "u-2"]
    assert [each["wait_ms"] for each in (first, second)] == ["20000", "60000"]


def test_a_customer_who_leaves_the_queue_abandons_it(legs):
    (gone,) = legs["g-3"]
    assert (gone["handler"], gone["ended_how"], gone["wait_ms"], gone["answered_at"]) == (
        "none",
        "abandoned",
        "55000",
        None,
    )


def test_a_mail_parked_over_a_weekend_is_minutes_of_work(legs):
    (mail,) = legs["g-4"]
    assert (mail["channel"], mail["mail"]) == ("mail", "klant@example.org")
    assert int(mail["talk_ms"]) == (12 + 10) * 60_000
    assert int(mail["park_ms"]) == (2 * 24 * 60 + 16 * 60 + 18) * 60_000


def test_a_bot_that_helped_by_itself_says_so(legs):
    (bot,) = legs["g-5"]
    assert (bot["handler"], bot["channel"], bot["self_served"], bot["ended_how"]) == (
        "bot",
        "message",
        "true",
        "completed",
    )


def test_a_conversation_still_waiting_is_open(legs):
    (waiting,) = legs["g-6"]
    assert (waiting["ended_how"], waiting["ended_at"], waiting["wait_ms"]) == ("open", None, None)


def test_a_leg_keeps_its_name_when_somebody_takes_it_later(tmp_path):
    queue = ("09:00:00", None, "interact")
    open_leg = legs_of(tmp_path, conversation(participant("acd", queue), conversationEnd=None))[0]
    queue = ("09:00:00", "09:01:00", "interact")
    agent = participant("agent", ("09:01:00", "09:02:00", "interact"))
    taken = legs_of(tmp_path, conversation(participant("acd", queue), agent))
    assert [each["leg_id"] for each in taken] == [open_leg["leg_id"]]
    assert (open_leg["ended_how"], taken[0]["ended_how"]) == ("open", "completed")
    assert open_leg["updated_at"] < taken[0]["updated_at"]


def test_a_queue_that_sends_the_customer_to_another_queue_is_a_leg_of_its_own(tmp_path):
    first = participant("acd", ("09:00:00", "09:01:00", "interact"))
    second = participant("acd", ("09:01:00", "09:02:00", "interact"))
    agent = participant("agent", ("09:02:00", "09:05:00", "interact"))
    found = legs_of(tmp_path, conversation(first, second, agent))
    assert [(each["handler"], each["ended_how"], each["wait_ms"]) for each in found] == [
        ("none", "transferred", "60000"),
        ("agent", "completed", "60000"),
    ]


def test_a_handover_to_an_agent_without_a_queue_is_a_leg_without_a_wait(tmp_path):
    first = participant("agent", ("09:00:00", "09:01:00", "interact"))
    second = participant("agent", ("09:01:00", "09:02:00", "interact"))
    found = legs_of(tmp_path, conversation(first, second))
    assert [(each["ended_how"], each["wait_ms"]) for each in found] == [("transferred", None), ("completed", None)]


def test_an_agent_long_after_the_queue_did_not_take_the_contact_from_it(tmp_path):
    queue = participant("acd", ("09:00:00", "09:01:00", "interact"))
    agent = participant("agent", ("09:30:00", "09:35:00", "interact"))
    found = legs_of(tmp_path, conversation(queue, agent))
    assert [each["wait_ms"] for each in found] == ["60000", None]


def test_a_callback_asked_for_in_the_queue_is_not_abandoned(tmp_path):
    queue = participant("acd", ("09:00:00", "09:01:00", "interact"))
    later = participant("acd", ("09:01:00", "09:20:00", "interact"), media="callback")
    agent = participant("agent", ("09:20:00", "09:25:00", "interact"), media="callback")
    found = legs_of(tmp_path, conversation(queue, later, agent))
    assert [(each["channel"], each["ended_how"]) for each in found] == [
        ("call", "callback"),
        ("callback", "completed"),
    ]


def test_a_message_left_in_the_queue_ends_in_voicemail(tmp_path):
    queue = participant("acd", ("09:00:00", "09:01:00", "interact"))
    voicemail = participant("voicemail", ("09:01:00", "09:02:00", "voicemail"))
    assert [each["ended_how"] for each in legs_of(tmp_path, conversation(queue, voicemail))] == ["voicemail"]


def test_two_screens_of_one_agent_are_one_leg_and_count_once(tmp_path):
    agent = participant("agent", ("09:00:00", "09:10:00", "interact"))
    shared = participant("agent", ("09:02:00", "09:08:00", "interact"), media="cobrowse")
    both = {**agent, "sessions": agent["sessions"] + shared["sessions"]}
    (found,) = legs_of(tmp_path, conversation(both))
    assert (found["channel"], found["talk_ms"]) == ("call", "600000")


def test_an_agent_who_comes_back_the_next_day_is_a_further_leg(tmp_path):
    first = participant("agent", ("09:00:00", "09:10:00", "interact"), media="message")
    again = participant("agent", ("12:00:00", "12:05:00", "interact"), media="message")
    both = {**first, "sessions": first["sessions"] + again["sessions"]}
    assert [each["talk_ms"] for each in legs_of(tmp_path, conversation(both))] == ["600000", "300000"]


def test_a_supervisor_listening_in_is_no_leg(tmp_path):
    agent = participant("agent", ("09:00:00", "09:10:00", "interact"))
    supervisor = participant("user", ("09:02:00", "09:08:00", "monitoring"))
    assert len(legs_of(tmp_path, conversation(agent, supervisor))) == 1


def test_an_outbound_call_has_the_number_that_was_called(tmp_path):
    customer = participant(
        "customer", ("09:00:00", "09:10:00", "interact"), ani="tel:+31880000000", dnis="tel:+31612345678"
    )
    agent = participant("agent", ("09:00:00", "09:00:20", "dialing"))
    (found,) = legs_of(tmp_path, conversation(customer, agent, originatingDirection="outbound"))
    assert (found["direction"], found["phone"], found["answered_at"]) == ("outbound", "+31612345678", None)


def test_a_conversation_without_a_queue_agent_or_menu_is_still_a_leg(tmp_path):
    (found,) = legs_of(tmp_path, conversation(participant("customer", ("09:00:00", "09:00:10", "interact"))))
    assert (found["handler"], found["leg_id"], found["queued_at"]) == ("none", "g", None)


def test_promoter_score_and_total_score_are_answers_on_their_own_scales():
    nps, total = read(GOLDEN)[0]["answers"]
    assert (nps["construct"], nps["scale_low"], nps["scale_high"], nps["value_milli"]) == ("nps", "0", "10", "9000")
    assert (total["construct"], total["scale_high"], total["value_milli"]) == ("csat", "100", "87500")
    assert (nps["response_id"], nps["contact_id"], nps["agent_id"], nps["mode"]) == ("sv-1", "g-1", "u-1", "web")


def test_names_and_free_text_go_nowhere_and_handles_to_their_columns(legs):
    rows = [each for found in legs.values() for each in found]
    text = json.dumps(rows)
    assert not [each for each in ("Jansen", "Bakker", "Vries") if each in text]
    assert "+3120" not in " ".join(each["extra"] for each in rows)
    assert (legs["g-1"][1]["phone"], legs["g-1"][1]["customer_id"]) == ("+31201234567", "ext-7")


def test_unknown_fields_are_kept_nested(legs, tmp_path):
    menu = json.loads(legs["g-1"][0]["extra"])
    assert menu["conversation"]["resolutions"][0]["nNextContactAvoided"] == 1
    assert menu["participants"][0]["sessions"][0]["flow"]["flowName"] == "Hoofdmenu"
    assert menu["others"][0]["attributes"] == {"menukeuze": "2"}
    new = participant("acd", ("09:00:00", "09:01:00", "interact"), sentiment={"score": [1]})
    assert '"sentiment": {"score": [1]}' in legs_of(tmp_path, conversation(new, brandNew=True))[0]["extra"]


def test_offsets_are_read_and_instants_without_one_are_in_the_sources_zone(tmp_path):
    session = {"sessionId": "s", "mediaType": "voice", "segments": []}
    for start, end in (("2024-03-04T10:00:00+01:00", "2024-03-04T09:01:00Z"), ("2024-03-04T10:00:00", None)):
        session["segments"].append({"segmentStart": start, "segmentEnd": end, "segmentType": "interact"})
    dutch = Genesys(name="genesys", organisation="demo", files=(), zone="Europe/Amsterdam")
    (found,) = legs_of(tmp_path, conversation({"purpose": "acd", "sessions": [session]}), source=dutch)
    assert found["started_at"] == "2024-03-04T09:00:00+00:00"
    session["segments"].pop(0)
    (found,) = legs_of(tmp_path, conversation({"purpose": "acd", "sessions": [session]}), source=dutch)
    assert found["started_at"] == "2024-03-04T09:00:00+00:00"


def test_a_page_of_conversations_reads_as_the_lines_do(tmp_path):
    path = tmp_path / "page.json"
    path.write_text(json.dumps({"conversations": list(CONVERSATIONS.values()), "totalHits": 6}, indent=2))
    bare = [{key: value for key, value in each.items() if key != "line"} for each in read(path)[0]["legs"]]
    assert bare == [{k: v for k, v in each.items() if k != "line"} for each in read(GOLDEN)[0]["legs"]]


@pytest.mark.parametrize("missing", ["originatingDirection", "conversationEnd", "conversationStart", "surveys"])
def test_optional_fields_of_a_conversation_may_be_missing(tmp_path, missing):
    less = {key: value for key, value in CONVERSATIONS["g-1"].items() if key != missing}
    assert [each["handler"] for each in legs_of(tmp_path, less)] == ["ivr", "agent"]


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        ({"participants": 5}, "json.not_an_array"),
        ({"participants": [5]}, "json.not_an_object"),
        ({"participants": [{"purpose": ["acd"]}]}, "json.not_a_plain_value"),
        ({"participants": [participant("acd", ("gisteren", None, "interact"))]}, "genesys.not_an_instant"),
        (
            {"participants": [participant("acd", ("09:01:00", "09:00:00", "interact"))]},
            "genesys.segment_ends_before_it_starts",
        ),
        ({"participants": [], "conversationEnd": None}, "genesys.no_session_yet"),
    ],
)
def test_what_cannot_be_timed_is_kept_aside_and_the_rest_goes_on(tmp_path, broken, rule):
    path = tmp_path / "broken.jsonl"
    path.write_text(json.dumps({**conversation(), **broken}) + "\n" + json.dumps(CONVERSATIONS["g-3"]))
    tables, faults = read(path)
    assert [(each.line, each.rule) for each in faults] == [(1, rule)]
    assert [each["contact_id"] for each in tables["legs"]] == ["g-3"]


def test_the_configuration_builds_it_and_refuses_an_unknown_option():
    build = TypeAdapter(Genesys).validate_python
    written = {"kind": "genesys", "name": "genesys", "organisation": "demo", "files": ["exports/*.jsonl"]}
    assert build(written).files == ("exports/*.jsonl",)
    with pytest.raises(ValidationError, match="fils"):
        build({**written, "fils": []})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def inner_objects(value: object) -> list[dict]:
    found = [value] if isinstance(value, dict) and value else []
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found + [each for part in parts for each in inner_objects(part)]


@given(st.data())
@settings(max_examples=200)
def test_mutated_conversations_never_raise_and_are_never_lost(tmp_path_factory, data):
    changed = copy.deepcopy(data.draw(st.sampled_from(list(CONVERSATIONS.values()))))
    for _ in range(data.draw(st.integers(1, 3))):
        inside = data.draw(st.sampled_from(inner_objects(changed)))
        inside[data.draw(st.sampled_from(sorted(inside)))] = data.draw(ANYTHING)
    path = tmp_path_factory.getbasetemp() / "mutated_genesys.jsonl"
    path.write_text(json.dumps(changed), encoding="utf-8")
    tables, faults = read(path)
    assert bool(tables["legs"]) != bool(faults)


@given(st.binary(max_size=40), st.integers(min_value=0, max_value=GOLDEN.stat().st_size))
@settings(max_examples=100)
def test_bytes_in_the_middle_of_an_export_never_raise(tmp_path_factory, junk, place):
    whole = GOLDEN.read_bytes()
    path = tmp_path_factory.getbasetemp() / "junk_genesys.jsonl"
    path.write_bytes(whole[:place] + junk + whole[place + len(junk) :])
    tables, faults = read(path)
    assert len({each["contact_id"] for each in tables["legs"]}) + len(faults) >= len(CONVERSATIONS) - 2

"""Logs of Rasa, Dialogflow CX and Lex V2 become a leg and its turns; every known trap is a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from delivered import Rows, delivered
from peil.sources.dialogflow import MOST_TURNS, DialogflowCx
from peil.sources.lex import LexV2
from peil.sources.rasa import Rasa

GOLDEN = Path(__file__).parent / "golden"
RASA = Rasa(
    name="rasa",
    organisation="demo",
    files=("*",),
    resolved_intents=("thanks",),
    acting_actions=("action_find_parcel",),
    identified_slots=("parcel",),
)
FLOW = DialogflowCx(name="cx", organisation="demo", files=("*",), customer_parameter="customer_no")
LEX = LexV2(name="lex", organisation="demo", files=("*",), identified_slots=("Postcode",))


def written(folder: Path, *objects: object) -> Path:
    path = folder / "export.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in objects), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def rasa() -> Rows:
    rows, faults = delivered(GOLDEN / "rasa.jsonl", RASA)
    assert not faults
    return rows


@pytest.fixture(scope="module")
def flow() -> Rows:
    rows, faults = delivered(GOLDEN / "dialogflow_cx.jsonl", FLOW)
    assert not faults
    return rows


@pytest.fixture(scope="module")
def lex() -> Rows:
    rows, faults = delivered(GOLDEN / "lex_v2.jsonl", LEX)
    assert not faults
    return rows


def user(at: float, intent: str, text: str = "…") -> dict[str, Any]:
    found = {"name": intent, "confidence": 0.9}
    return {"event": "user", "timestamp": at, "text": text, "parse_data": {"intent": found}, "message_id": f"m{at}"}


def bot(at: float) -> dict[str, Any]:
    return {"event": "bot", "timestamp": at, "text": "answer"}


def leg(folder: Path, *events: dict[str, Any], source: Rasa = RASA) -> dict[str, Any]:
    rows, faults = delivered(written(folder, {"sender_id": "x", "events": list(events)}), source)
    assert not faults
    (found,) = rows["legs"]
    return found


# --- Rasa ----------------------------------------------------------------------------------------------------------


def test_each_session_of_a_tracker_is_a_contact_of_its_own(rasa: Rows) -> None:
    begins = [each["started_at"] for each in rasa["legs"]]
    assert begins[:2] == ["2024-03-04T09:00:00+00:00", "2024-03-05T09:00:00+00:00"]
    assert len({each["contact_id"] for each in rasa["legs"]}) == 5
    # the action that opens the next session does not stretch the one before
    assert rasa["legs"][0]["ended_at"] == "2024-03-04T09:00:30.500000+00:00"


def test_what_the_customer_confirms_is_kept_apart_from_what_nobody_contradicts(rasa: Rows) -> None:
    assert rasa["legs"][0]["bot_outcome"] == "resolved_confirmed"
    rows, _ = delivered(GOLDEN / "rasa.jsonl", Rasa(name="rasa", organisation="demo", files=("*",)))
    assert rows["legs"][0]["bot_outcome"] == "resolved_assumed"


def test_a_session_that_ends_in_an_apology_is_given_up_for_misunderstanding(rasa: Rows) -> None:
    found = rasa["legs"][1]
    assert (found["bot_outcome"], found["bot_failure"], found["ended_how"]) == (
        "gave_up",
        "misunderstanding",
        "timeout",
    )
    # Rasa itself counts it as a success: no person had it
    assert (found["vendor_resolved"], found["self_served"]) == ("true", "false")


def test_a_handover_keeps_its_first_cause_and_when_a_person_was_asked_for(rasa: Rows) -> None:
    found = rasa["legs"][2]
    assert (found["bot_outcome"], found["bot_failure"]) == ("handed_over", "misunderstanding")
    assert (found["asked_human_at"], found["vendor_resolved"]) == ("2024-03-04T09:02:00+00:00", "false")
    assert found["ended_how"] == "transferred"


def test_a_session_in_which_only_the_bot_speaks_is_no_contact(rasa: Rows) -> None:
    assert (rasa["legs"][3]["ended_how"], rasa["legs"][3]["bot_outcome"]) == ("ignored", None)


def test_a_person_asked_for_and_not_got_is_given_up(rasa: Rows) -> None:
    found = rasa["legs"][4]
    assert (found["bot_outcome"], found["bot_failure"]) == ("gave_up", "asked_human")
    assert found["asked_human_at"] == "2024-03-04T09:05:01+00:00"


def test_turns_carry_intent_and_confidence_in_millionths_and_no_words(rasa: Rows) -> None:
    first = [each for each in rasa["messages"] if each["contact_id"] == rasa["legs"][0]["contact_id"]]
    assert [each["author"] for each in first] == ["customer", "bot", "customer", "bot", "customer", "bot"]
    assert [each["turn"] for each in first] == ["1", "2", "3", "4", "5", "6"]
    assert (first[0]["intent"], first[0]["confidence_ppm"], first[0]["n_chars"]) == ("track_parcel", "970000", "19")
    assert {each["text"] for each in rasa["messages"]} == {None}


def test_words_are_kept_when_they_are_asked_for() -> None:
    source = Rasa(name="rasa", organisation="demo", files=("*",), keep_text=True)
    assert delivered(GOLDEN / "rasa.jsonl", source)[0]["messages"][0]["text"] == "waar is mijn pakket"


def test_a_greeting_or_a_call_for_a_person_is_no_reason(rasa: Rows) -> None:
    assert [each["reason"] for each in rasa["legs"]] == ["track_parcel", None, None, None, None]


def test_each_step_says_who_took_it(rasa: Rows) -> None:
    found = rasa["legs"][0]
    steps = [found[each] for each in ("identified_by", "logged_by", "answered_by", "acted_by")]
    assert steps == ["bot", "bot", "bot", "bot"]
    assert rasa["legs"][1]["answered_by"] == "none"


def test_events_of_a_broker_twice_and_out_of_order_make_the_same_session(rasa: Rows, tmp_path: Path) -> None:
    trackers = [json.loads(each) for each in (GOLDEN / "rasa.jsonl").read_text("utf-8").splitlines()]
    events = [{"sender_id": one["sender_id"], **each} for one in trackers for each in one["events"]]
    rows, faults = delivered(written(tmp_path, *reversed(events), *events), RASA)
    assert not faults

    def plain(found: Rows) -> list[tuple[Any, ...]]:
        return sorted((each["contact_id"], each["bot_outcome"], each["ended_at"]) for each in found["legs"])

    assert plain(rows) == plain(rasa)
    assert len(rows["messages"]) == len(rasa["messages"])


def test_a_sender_who_is_a_telephone_number_is_a_handle_and_no_part_of_the_identifier(tmp_path: Path) -> None:
    tracker = {"sender_id": "31612345678", "events": [user(1709542800.5, "greet"), bot(1709542801)]}
    source = Rasa(name="rasa", organisation="demo", files=("*",), sender="phone")
    (found,) = delivered(written(tmp_path, tracker), source)[0]["legs"]
    assert found["phone"] == "31612345678"
    assert "612345678" not in found["contact_id"]
    assert "612345678" not in str(found["extra"])


def test_milliseconds_read_as_the_seconds_that_they_are(tmp_path: Path) -> None:
    found = leg(tmp_path, user(1709542800500, "a"), bot(1709542801000))
    assert (found["started_at"], found["talk_ms"]) == ("2024-03-04T09:00:00.500000+00:00", "500")


def test_a_misunderstanding_that_was_put_right_is_no_failure(tmp_path: Path) -> None:
    found = leg(tmp_path, user(1e9, "nlu_fallback"), bot(1e9 + 1), user(1e9 + 9, "track"), bot(1e9 + 10))
    assert (found["bot_outcome"], found["bot_failure"]) == ("resolved_assumed", None)


def test_a_word_without_an_answer_is_given_up(tmp_path: Path) -> None:
    assert leg(tmp_path, user(1e9, "track"), bot(1e9 + 1), user(1e9 + 9, "more"))["bot_outcome"] == "gave_up"


@pytest.mark.parametrize(
    ("event", "cause"),
    [
        ({"event": "flow_started", "flow_id": "pattern_cannot_handle"}, "no_content"),
        ({"event": "flow_started", "flow_id": "pattern_internal_error"}, "technical"),
        ({"event": "action_execution_rejected", "name": "form"}, "technical"),
        ({"event": "action", "name": "utter_not_allowed"}, "policy"),
    ],
)
def test_every_cause_has_its_event(tmp_path: Path, event: dict[str, Any], cause: str) -> None:
    source = Rasa(name="rasa", organisation="demo", files=("*",), policy_actions=("utter_not_allowed",))
    found = leg(tmp_path, user(1e9, "x"), {**event, "timestamp": 1e9 + 1}, bot(1e9 + 2), source=source)
    assert (found["bot_outcome"], found["bot_failure"]) == ("gave_up", cause)


def test_a_tracker_without_a_sender_and_an_event_without_a_time_are_kept_aside(tmp_path: Path) -> None:
    path = written(tmp_path, {"events": []}, {"sender_id": "x", "events": [{"event": "user"}, 5]}, {"sender_id": "y"})
    _, faults = delivered(path, RASA)
    assert [each.rule for each in faults] == [
        "rasa.no_sender",
        "rasa.event_without_time",
        "rasa.event_without_time",
        "rasa.no_events",
    ]


# --- Dialogflow CX ---------------------------------------------------------------------------------------------------


def test_a_page_event_is_nobodys_word(flow: Rows) -> None:
    first = [each for each in flow["messages"] if each["contact_id"] == "s1"]
    assert [each["author"] for each in first] == ["bot", "customer", "bot", "customer", "bot"]


def test_a_thumb_up_confirms_and_the_end_page_is_what_the_vendor_counts(flow: Rows) -> None:
    outcomes = {each["contact_id"]: (each["bot_outcome"], each["vendor_resolved"]) for each in flow["legs"]}
    assert outcomes == {
        "s1": ("resolved_confirmed", "true"),
        "s2": ("handed_over", "false"),
        "s3": ("gave_up", "false"),
        "s4": ("resolved_assumed", "false"),
    }


def test_columns_that_come_as_text_and_rows_that_come_twice_are_read_once(flow: Rows) -> None:
    second = [each for each in flow["messages"] if each["contact_id"] == "s2"]
    assert [each["author"] for each in second] == ["customer", "bot", "customer", "bot"]
    assert [each["intent"] for each in second] == [None, None, "ask_person", None]
    leg = flow["legs"][1]
    assert (leg["bot_failure"], leg["asked_human_at"]) == ("misunderstanding", "2024-03-04T09:05:10+00:00")


def test_a_webhook_that_fails_is_a_technical_failure(flow: Rows) -> None:
    assert (flow["legs"][2]["bot_failure"], flow["legs"][2]["answered_by"]) == ("technical", "none")


def test_a_parameter_of_the_session_is_the_customer(flow: Rows) -> None:
    assert {each["customer_id"] for each in flow["legs"]} == {"K-88"}


def test_a_conversation_at_the_limit_of_the_export_has_no_known_outcome(tmp_path: Path) -> None:
    row = json.loads((GOLDEN / "dialogflow_cx.jsonl").read_text("utf-8").splitlines()[1])
    rows = [{**row, "turn_position": each} for each in range(1, MOST_TURNS + 1)]
    (found,) = delivered(written(tmp_path, *rows), FLOW)[0]["legs"]
    assert (found["bot_outcome"], found["vendor_resolved"], found["ended_how"]) == (None, None, "open")
    assert json.loads(found["extra"])["cut_off"] is True


def test_a_page_can_mean_that_there_is_no_answer(tmp_path: Path) -> None:
    row = json.loads((GOLDEN / "dialogflow_cx.jsonl").read_text("utf-8").splitlines()[1])
    row["response"]["queryResult"]["currentPage"]["displayName"] = "No answer"
    source = DialogflowCx(name="cx", organisation="demo", files=("*",), no_content_pages=("No answer",))
    (found,) = delivered(written(tmp_path, row), source)[0]["legs"]
    assert (found["bot_outcome"], found["bot_failure"]) == ("gave_up", "no_content")


def test_a_session_named_after_a_telephone_number_is_renamed(tmp_path: Path) -> None:
    row = json.loads((GOLDEN / "dialogflow_cx.jsonl").read_text("utf-8").splitlines()[1])
    (found,) = delivered(written(tmp_path, {**row, "conversation_name": "projects/x/sessions/+31612345678"}), FLOW)[0][
        "legs"
    ]
    assert "612345678" not in found["contact_id"]


def test_a_row_without_a_conversation_or_a_time_is_kept_aside(tmp_path: Path) -> None:
    path = written(tmp_path, {"turn_position": 1}, {"conversation_name": "a/b", "request_time": "soon"})
    assert [each.rule for each in delivered(path, FLOW)[1]] == [
        "dialogflow.no_conversation",
        "dialogflow.not_an_instant",
    ]


# --- Lex V2 ----------------------------------------------------------------------------------------------------------


def test_a_fulfilled_intent_is_an_action_that_succeeded(lex: Rows) -> None:
    found = lex["legs"][0]
    assert (found["bot_outcome"], found["acted_by"], found["identified_by"]) == ("resolved_confirmed", "bot", "bot")
    assert found["reason"] == "ReturnParcel"


def test_the_same_session_after_a_silence_is_another_contact(lex: Rows) -> None:
    names = [each["contact_id"] for each in lex["legs"] if each["contact_id"].startswith("lex-1")]
    assert names == ["lex-1/1709546400", "lex-1/1709551800"]


def test_lex_counts_a_handover_as_a_success_and_peil_does_not(lex: Rows) -> None:
    found = next(each for each in lex["legs"] if each["contact_id"].startswith("lex-2"))
    assert (found["vendor_resolved"], found["bot_outcome"], found["self_served"]) == ("true", "handed_over", "false")
    assert (found["bot_failure"], found["reason"]) == ("misunderstanding", None)


def test_a_customer_who_leaves_while_the_bot_asks_has_given_up(lex: Rows) -> None:
    found = next(each for each in lex["legs"] if each["contact_id"].startswith("lex-3"))
    assert (found["bot_outcome"], found["bot_failure"]) == ("gave_up", None)


def test_an_intent_that_failed_is_a_technical_failure(lex: Rows) -> None:
    found = next(each for each in lex["legs"] if each["contact_id"].startswith("lex-4"))
    assert (found["bot_outcome"], found["bot_failure"]) == ("gave_up", "technical")


def test_an_entry_within_a_cloudwatch_event_is_read(lex: Rows) -> None:
    found = next(each for each in lex["legs"] if each["contact_id"].startswith("lex-5"))
    assert (found["bot_outcome"], found["reason"]) == ("resolved_assumed", "OpeningHours")


def test_an_utterance_logged_in_two_streams_counts_once(tmp_path: Path) -> None:
    line = (GOLDEN / "lex_v2.jsonl").read_text("utf-8").splitlines()[0]
    rows, _ = delivered(written(tmp_path, json.loads(line), json.loads(line)), LEX)
    assert len(rows["messages"]) == 2


def test_an_entry_without_a_session_or_a_time_is_kept_aside(tmp_path: Path) -> None:
    path = written(tmp_path, {"timestamp": "2024-03-04T10:00:00Z"}, {"sessionId": "a", "timestamp": "soon"})
    assert [each.rule for each in delivered(path, LEX)[1]] == ["lex.no_session", "lex.not_an_instant"]

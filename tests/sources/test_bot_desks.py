"""Conversations of Chatwoot and Intercom: what the bot had and what people had; and what no bot log may break."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from delivered import Rows, delivered
from peil.sources.chatwoot import Chatwoot
from peil.sources.dialogflow import DialogflowCx
from peil.sources.intercom import Intercom
from peil.sources.kinds import KINDS
from peil.sources.lex import LexV2
from peil.sources.rasa import Rasa
from peil.sources.source import Source

GOLDEN = Path(__file__).parent / "golden"
WOOT = Chatwoot(name="woot", organisation="demo", files=("*",))
FIN = Intercom(name="fin", organisation="demo", files=("*",))
EVERY: dict[str, Source] = {
    "chatwoot.jsonl": WOOT,
    "intercom.json": FIN,
    "rasa.jsonl": Rasa(name="rasa", organisation="demo", files=("*",), sender="account"),
    "dialogflow_cx.jsonl": DialogflowCx(name="cx", organisation="demo", files=("*",)),
    "lex_v2.jsonl": LexV2(name="lex", organisation="demo", files=("*",)),
}


def written(folder: Path, *objects: object) -> Path:
    path = folder / "export.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in objects), encoding="utf-8")
    return path


def by_leg(rows: Rows) -> dict[tuple[str, str], dict[str, Any]]:
    return {(each["contact_id"], each["leg_id"]): each for each in rows["legs"]}


@pytest.fixture(scope="module")
def woot() -> Rows:
    rows, faults = delivered(GOLDEN / "chatwoot.jsonl", WOOT)
    assert not faults
    return rows


@pytest.fixture(scope="module")
def fin() -> Rows:
    rows, faults = delivered(GOLDEN / "intercom.json", FIN)
    assert not faults
    return rows


# --- Chatwoot ------------------------------------------------------------------------------------------------------


def test_a_conversation_that_the_bot_resolved_is_one_leg_assumed_to_be_resolved(woot: Rows) -> None:
    found = by_leg(woot)
    assert ("1", "people") not in found
    leg = found["1", "bot"]
    assert (leg["bot_outcome"], leg["vendor_resolved"], leg["reason"]) == ("resolved_assumed", "true", "retour")


def test_a_handover_cuts_the_conversation_in_two(woot: Rows) -> None:
    found = by_leg(woot)
    assert found["2", "bot"]["ended_at"] == found["2", "people"]["started_at"] == "2024-03-04T09:02:10+00:00"
    assert (found["2", "bot"]["bot_outcome"], found["2", "people"]["handler"]) == ("handed_over", "agent")


def test_the_customers_wait_is_from_the_handover_and_the_answer_is_an_instant(woot: Rows) -> None:
    leg = by_leg(woot)["2", "people"]
    assert (leg["wait_ms"], leg["responded_at"]) == ("270000", "2024-03-04T09:06:40+00:00")


def test_a_first_response_without_messages_is_told_by_its_moment_not_by_its_value(tmp_path: Path) -> None:
    lines = [json.loads(each) for each in (GOLDEN / "chatwoot.jsonl").read_text("utf-8").splitlines()]
    kept = [{**each, "messages": []} if each.get("id") == 2 and "status" in each else each for each in lines]
    leg = by_leg(delivered(written(tmp_path, *kept), WOOT)[0])["2", "people"]
    assert (leg["responded_at"], leg["handler"]) == ("2024-03-04T09:06:40+00:00", "agent")


def test_a_conversation_resolved_twice_was_opened_again_once(woot: Rows) -> None:
    leg = by_leg(woot)["2", "people"]
    assert (leg["n_reopens"], leg["resolved_at"]) == ("1", "2024-03-04T09:15:00+00:00")


def test_private_notes_and_activity_are_no_turns(woot: Rows) -> None:
    turns = [each["author"] for each in woot["messages"] if each["contact_id"] == "2"]
    assert turns == ["customer", "bot", "customer", "agent"]


def test_what_is_open_or_pending_has_no_outcome_yet(woot: Rows) -> None:
    found = by_leg(woot)
    assert (found["4", "bot"]["ended_how"], found["4", "bot"]["bot_outcome"]) == ("open", None)
    assert (found["3", "people"]["handler"], found["3", "people"]["ended_how"]) == ("none", "open")


def test_a_satisfaction_answer_belongs_to_its_conversation(woot: Rows) -> None:
    (answer,) = woot["answers"]
    assert (answer["contact_id"], answer["value_milli"], answer["agent_id"]) == ("2", "4000", "7")


def test_names_stay_behind_and_handles_go_to_their_columns(woot: Rows) -> None:
    assert "Jansen" not in json.dumps(woot)
    assert by_leg(woot)["1", "bot"]["mail"] == "klant1@voorbeeld.nl"


def test_events_of_a_conversation_that_is_not_there_are_kept_aside(tmp_path: Path) -> None:
    event = {"name": "conversation_resolved", "value": 1.0, "conversation_id": 9, "event_end_time": 1709542800}
    _, faults = delivered(written(tmp_path, event, {"what": 1}), WOOT)
    assert sorted(each.rule for each in faults) == ["chatwoot.no_conversation", "chatwoot.unknown_object"]


# --- Intercom ------------------------------------------------------------------------------------------------------


def test_assumed_and_confirmed_resolutions_are_kept_apart_and_both_are_billed(fin: Rows) -> None:
    found = by_leg(fin)
    told_of = [(found[each, "ai"]["bot_outcome"], found[each, "ai"]["vendor_resolved"]) for each in ("1", "2", "3")]
    assert told_of == [("resolved_assumed", "true"), ("resolved_confirmed", "true"), ("handed_over", "false")]


def test_an_escalation_is_cut_where_it_was_assigned(fin: Rows) -> None:
    found = by_leg(fin)
    assert found["3", "ai"]["ended_at"] == found["3", "people"]["queued_at"] == "2024-03-04T09:04:00+00:00"
    assert found["3", "ai"]["asked_human_at"] == "2024-03-04T09:03:50+00:00"


def test_the_wait_is_counted_on_the_clock_and_not_taken_from_the_statistics(fin: Rows) -> None:
    """The statistics leave hours out of office away: they say 60 seconds here."""
    assert by_leg(fin)["3", "people"]["wait_ms"] == "600000"


def test_a_part_in_the_name_of_an_admin_can_be_the_bots(fin: Rows) -> None:
    turns = [each["author"] for each in fin["messages"] if each["contact_id"] == "3"]
    assert turns == ["customer", "bot", "customer", "agent"]


def test_an_escalation_can_be_a_rule_instead_of_a_wish() -> None:
    source = Intercom(name="fin", organisation="demo", files=("*",), escalated_means="policy")
    leg = by_leg(delivered(GOLDEN / "intercom.json", source)[0])["3", "ai"]
    assert (leg["bot_failure"], leg["asked_human_at"]) == ("policy", None)


def test_no_answer_delivered_and_an_answer_that_did_not_help_are_no_content(fin: Rows) -> None:
    found = by_leg(fin)
    for each in ("5", "6"):
        leg = found[each, "ai"]
        assert (leg["bot_outcome"], leg["bot_failure"], leg["vendor_resolved"]) == ("gave_up", "no_content", "false")


def test_without_the_ai_agent_people_have_the_whole_conversation(fin: Rows) -> None:
    found = by_leg(fin)
    assert ("4", "ai") not in found
    assert (found["4", "people"]["wait_ms"], found["4", "people"]["ended_how"]) == ("100000", "open")


def test_a_resolution_that_a_teammate_took_over_is_billed_and_handed_over(tmp_path: Path) -> None:
    page = json.loads((GOLDEN / "intercom.json").read_text("utf-8"))
    found = page["conversations"][2]
    found["ai_agent"]["resolution_state"] = "assumed_resolution"
    leg = by_leg(delivered(written(tmp_path, found), FIN)[0])["3", "ai"]
    assert (leg["bot_outcome"], leg["vendor_resolved"]) == ("handed_over", "true")


def test_ratings_of_people_and_of_the_ai_agent_are_different_questions(fin: Rows) -> None:
    given = sorted((each["contact_id"], each["question"], each["value_milli"]) for each in fin["answers"])
    assert given == [("2", "ai_agent", "5000"), ("3", "satisfaction", "4000"), ("6", "ai_agent", "1000")]


def test_tags_of_the_body_are_not_counted_as_letters(fin: Rows) -> None:
    turn = next(each for each in fin["messages"] if each["contact_id"] == "1" and each["author"] == "bot")
    assert turn["n_chars"] == str(len("Binnen 3 dagen & gratis."))


# --- every bot log -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", EVERY.values(), ids=lambda each: type(each).__name__)
def test_the_configuration_knows_it_and_refuses_an_unknown_option(source: Source) -> None:
    kind = type(source)
    assert kind in KINDS
    found = TypeAdapter(kind).validate_python({"name": "a", "organisation": "b", "files": ["*.json"]})
    assert found.zone == "UTC"
    with pytest.raises(ValidationError, match="nonsense"):
        TypeAdapter(kind).validate_python({"name": "a", "organisation": "b", "files": ["*"], "nonsense": 1})


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*path, key)
        yield from places(each, (*path, key))


JUNK = st.sampled_from([None, True, -1, 1e300, "", "x", "2024-03-04", [], [None], [{}], {}, {"a": {}}, "\U0001f937"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("name", EVERY)
def test_a_field_of_another_kind_never_raises(tmp_path: Path, name: str, data: st.DataObject) -> None:
    lines = (GOLDEN / name).read_text("utf-8")
    objects = [json.loads(lines)] if name.endswith(".json") else [json.loads(each) for each in lines.splitlines()]
    chosen = data.draw(st.sampled_from(range(len(objects))))
    path = data.draw(st.sampled_from(list(places(objects[chosen]))))
    holder = objects[chosen]
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = data.draw(JUNK)
    rows, faults = delivered(written(tmp_path, *objects), EVERY[name])
    assert rows["legs"] or faults

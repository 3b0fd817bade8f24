"""Formbricks' responses become answers in codes that no language changes, and displays without one are invitations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivered import Rows, delivered
from peil.engines.door import Limits
from peil.engines.store import Store
from peil.errors import SchemaError, SourceError
from peil.sources.formbricks import Formbricks
from peil.sources.load import load
from peil.sources.questionnaires import Question, Respondent
from peil.sources.source import Fault

GOLDEN = Path(__file__).parent / "golden"
BESIDE = {
    "definition": GOLDEN / "formbricks.definition.json",
    "displays": GOLDEN / "formbricks.displays.json",
}
CHAT = Formbricks(
    name="chat", organisation="demo", files=("formbricks.jsonl",), definition="formbricks.definition.json",
    displays="formbricks.displays.json", respondent=Respondent(contact_id="chat"),
)  # fmt: skip
SHOWN = Formbricks(name="chat", organisation="demo", files=("*",))


def told(
    path: Path = GOLDEN / "formbricks.jsonl", source: Formbricks = CHAT, **beside: Path
) -> tuple[Rows, list[Fault]]:
    along = {**(BESIDE if source is CHAT else {}), **beside}
    return delivered(path, source, beside=along)


def of(response: str, *, by: str = "value_milli", source: Formbricks = CHAT) -> dict[str, Any]:
    return {row["question"]: row[by] for row in told(source=source)[0]["answers"] if row["response_id"] == response}


def written(folder: Path, *responses: object) -> Path:
    path = folder / "responses.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in responses), encoding="utf-8")
    return path


def response(name: str = "r", **data: Any) -> dict[str, Any]:
    return {
        "id": name,
        "createdAt": "2024-03-04T09:00:00Z",
        "updatedAt": "2024-03-04T09:00:00Z",
        "finished": True,
        "data": data,
    }


def test_scores_keep_their_value_and_their_scale():
    assert (of("r1")["nps"], of("r1")["ease"], of("r2")["nps"]) == ("9000", "6000", "0")
    found = {row["question"]: row for row in told()[0]["questions"]}
    assert (found["nps"]["construct"], found["nps"]["scale_high"], found["ease"]["scale_high"]) == ("nps", "10", "7")


def test_a_choice_is_the_same_code_in_every_language():
    assert of("r1")["how"] == "1000"
    assert {name: value for name, value in of("r1").items() if name.startswith("used[")} == {
        "used[1]": "1000", "used[2]": "1000",
    }  # fmt: skip
    assert {name: value for name, value in of("r2").items() if name.startswith("used[")} == {
        "used[1]": "0", "used[2]": "1000",
    }  # fmt: skip


def test_words_of_ones_own_are_kept_beside_the_choice():
    assert of("r2", by="value_text")["how"] == "other"
    assert of("r2", by="value_text")["how.other"] == "A friend, really"


def test_lines_of_a_table_and_places_in_a_ranking_are_questions():
    found = of("r1")
    assert (found["parts.1"], found["parts.2"]) == ("2000", "1000")
    assert (found["rank.1"], found["rank.2"]) == ("2000", "1000")
    texts = {(row["question"], row["language"]): row["text"] for row in told()[0]["questions"]}
    assert texts["parts.2", "nl"] == "Beoordeel – Antwoord"
    assert texts["parts.2", "en"] == "Rate – Answer"
    assert texts["nps", "en"] == "Recommend us?"


def test_assent_and_words_are_answers():
    assert of("r1")["ok"] == "1000"
    assert of("r1", by="value_text")["why"] == "Snel"


def test_nobody_is_named():
    whole = json.dumps(told()[0])
    for each in ("Jansen", "example.org", "Piet", "gold"):
        assert each not in whole


def test_the_time_of_all_questions_is_the_duration_of_the_response():
    found = {row["response_id"]: row["duration_ms"] for row in told()[0]["answers"]}
    assert found == {"r1": "5000", "r2": "1500"}


def test_hidden_fields_and_variables_tell_of_the_respondent():
    [first, *_] = told()[0]["answers"]
    assert first["contact_id"] == "C-7"
    extra = json.loads(first["extra"])
    assert (extra["variable.score"], extra["device"]) == ("4", "desktop")
    assert "agentName" not in extra


def test_the_default_language_is_the_one_that_the_survey_names():
    assert {row["response_id"]: row["language"] for row in told()[0]["answers"]} == {"r1": "nl", "r2": "en"}


def test_a_display_without_a_response_is_an_invitation():
    found = {row["invitation_id"]: row for row in told()[0]["invitations"]}
    assert {name: row["disposition"] for name, row in found.items()} == {
        "r1": "complete", "r2": "partial", "display d3": "no_contact",
    }  # fmt: skip
    assert found["display d3"]["invited_at"] == "2024-03-04T12:00:00.000Z"
    assert found["display d3"]["customer_id"] == "k3"
    assert {row["survey"] for row in found.values()} == {"After chat"}


def test_without_a_definition_responses_show_what_was_asked():
    found = of("r1", source=SHOWN)
    assert (found["nps"], found["parts.Snelheid"]) == ("9000", None)
    assert {name for name in found if name.startswith("used[")} == {"used[Telefoon vast]", "used[Chat]"}
    sorts = {row["question"]: row["sort"] for row in told(source=SHOWN)[0]["questions"]}
    assert (sorts["nps"], sorts["why"], sorts["used[Chat]"]) == ("number", "text", "multiple")


def test_the_configuration_says_what_an_undescribed_question_measures():
    source = Formbricks(
        name="chat",
        organisation="demo",
        files=("*",),
        questions=(Question(name="nps", construct="nps", scale=(0, 10)),),
    )
    found = [row for row in told(source=source)[0]["answers"] if row["construct"]]
    assert [(row["construct"], row["scale_high"], row["value_milli"]) for row in found] == [
        ("nps", "10", "9000"), ("nps", "10", "0"),
    ]  # fmt: skip


def test_blocks_of_a_newer_definition_are_read_too(tmp_path: Path):
    definition = tmp_path / "d.json"
    asked = {"id": "q", "type": "rating", "range": 5, "headline": {"default": "Good?"}}
    definition.write_text(json.dumps({"id": "s", "name": "n", "blocks": [{"elements": [asked]}]}), encoding="utf-8")
    found, _ = told(written(tmp_path, response(q=4)), SHOWN, definition=definition)
    assert [(row["question"], row["value_milli"], row["scale_high"]) for row in found["answers"]] == [
        ("q", "4000", "5")
    ]


def test_a_value_that_no_choice_has_is_kept_aside(tmp_path: Path):
    definition = tmp_path / "d.json"
    asked = {"id": "q", "type": "multipleChoiceMulti", "headline": "?", "choices": [{"id": "a", "label": "Yes"}]}
    definition.write_text(json.dumps({"id": "s", "questions": [asked]}), encoding="utf-8")
    found, faults = told(
        written(tmp_path, response(q=["Yes"]), response("s", q=["Perhaps"])), SHOWN, definition=definition
    )
    assert [row["response_id"] for row in found["answers"]] == ["r"]
    assert [(each.rule, each.column) for each in faults] == [("answer_not_on_the_code_list", "q")]


def test_a_response_to_another_survey_is_kept_aside(tmp_path: Path):
    definition = tmp_path / "d.json"
    definition.write_text(json.dumps({"id": "s", "questions": [{"id": "q", "type": "nps"}]}), encoding="utf-8")
    other = {**response("x", q=3), "surveyId": "t"}
    found, faults = told(written(tmp_path, response(q=9), other), SHOWN, definition=definition)
    assert [row["value_milli"] for row in found["answers"]] == ["9000"]
    assert [each.rule for each in faults] == ["formbricks.another_survey"]


def test_a_response_delivered_again_with_another_content_is_told(tmp_path: Path):
    found, faults = told(written(tmp_path, response(q=9), response(q=3)), SHOWN)
    assert [row["value_milli"] for row in found["answers"]] == ["9000"]
    assert [each.rule for each in faults] == ["response_delivered_twice"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "no whole JSON"),
        ("[]", "no 'questions' of a survey"),
        ('{"questions": ["x"]}', r"'questions\[\]' of the survey is text"),
    ],
)
def test_a_definition_that_is_none_is_refused_in_words(tmp_path: Path, text: str, says: str):
    definition = tmp_path / "d.json"
    definition.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=says):
        told(source=SHOWN, definition=definition)


def test_a_misspelt_hidden_field_is_refused_with_its_neighbour():
    source = Formbricks(name="c", organisation="d", files=("*",), respondent=Respondent(contact_id="chatt"))
    with pytest.raises(SchemaError, match="did you mean 'chat'"):
        told(source=source, definition=BESIDE["definition"])


def test_the_golden_survey_is_loaded_whole(tmp_path: Path):
    for each in GOLDEN.glob("formbricks.*"):
        (tmp_path / each.name).write_bytes(each.read_bytes())
    made = load((CHAT,), Store(tmp_path / "store"), root=tmp_path, limits=Limits(memory="500MB"), key=b"secret")
    assert not made.refused
    assert {name: (each.good, each.rules) for name, each in made.new[0].tables.items() if name != "questions"} == {
        "answers": (16, {}), "invitations": (3, {}),
    }  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "q", "label", "default", "choices", "rows", "columns"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=JSON,
    sort=st.sampled_from(["nps", "matrix", "ranking", "multipleChoiceMulti", "multipleChoiceSingle", "rating"]),
    more=JSON,
)
def test_whatever_stands_in_a_response_or_a_definition_never_stops_a_load(
    tmp_path: Path, said: object, sort: str, more: object
):
    definition = tmp_path / "d.json"
    asked = {"id": "q", "type": sort, "choices": more, "rows": more, "columns": more, "headline": more}
    definition.write_text(
        json.dumps({"id": "s", "questions": [asked, {"id": "sure", "type": "nps"}]}), encoding="utf-8"
    )
    try:
        found, _ = told(written(tmp_path, response("x", q=said, sure=9)), SHOWN, definition=definition)
    except SourceError as refused:
        assert "of the survey is" in str(refused)  # noqa: PT017  # either is right; a traceback is not
    else:
        assert "sure" in {row["question"] for row in found["answers"]}

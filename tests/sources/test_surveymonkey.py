"""SurveyMonkey's responses become answers with the value that was meant, and nobody's name comes along."""

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
from peil.errors import SourceError
from peil.sources.load import load
from peil.sources.questionnaires import Question, Respondent
from peil.sources.source import Fault
from peil.sources.surveymonkey import SurveyMonkey

GOLDEN = Path(__file__).parent / "golden"
SHOP = SurveyMonkey(
    name="shop", organisation="demo", files=("surveymonkey.json",), details="surveymonkey.details.json",
    respondent=Respondent(contact_id="custom.ticket"),
)  # fmt: skip
CHOICES = [{"id": str(each), "position": each, "text": f"label {each}"} for each in (1, 2, 3)]


def told(
    path: Path = GOLDEN / "surveymonkey.json", source: SurveyMonkey = SHOP, details: Path | None = None
) -> tuple[Rows, list[Fault]]:
    beside = {"details": details or GOLDEN / "surveymonkey.details.json"}
    return delivered(path, source, beside=beside)


def of(response: str, *, by: str = "value_milli") -> dict[str, Any]:
    return {row["question"]: row[by] for row in told()[0]["answers"] if row["response_id"] == response}


def written(folder: Path, *responses: object) -> Path:
    path = folder / "responses.json"
    path.write_text(json.dumps({"data": list(responses)}), encoding="utf-8")
    return path


def asked(folder: Path, **question: Any) -> Path:
    path = folder / "details.json"
    whole = {
        "id": "900",
        "title": "t",
        "pages": [{"questions": [{"id": "1", "headings": [{"heading": "Q"}], **question}]}],
    }
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def answering(*answers: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = {"id": "r", "survey_id": "900", "date_modified": "2024-03-04T09:00:00+00:00"}
    return {**made, "pages": [{"questions": [{"id": "1", "answers": list(answers)}]}], **more}


def test_a_recommendation_is_the_answer_given_and_not_its_weight_in_the_net_score():
    """The weights -100, 0 and 100 of the eleven choices: SurveyMonkey's API reference, an example of the question bank."""
    assert of("1")["10"] == "9000"
    assert of("2")["10"] == "0"
    [row] = [each for each in told()[0]["questions"] if each["question"] == "10"]
    assert (row["construct"], row["scale_low"], row["scale_high"]) == ("nps", "0", "10")
    assert (row["text"], row["language"]) == ("Zou u ons aanbevelen?", "nl")


def test_each_line_of_a_table_is_a_question_and_not_applicable_is_no_answer():
    found = of("1")
    assert found["20.201"] == "3000"
    assert "20.202" not in found
    texts = {row["question"]: row["text"] for row in told()[0]["questions"]}
    assert texts["20.201"] == "Hoe tevreden bent u over – de wachttijd"


def test_several_choices_are_told_one_by_one_and_other_words_beside_them():
    found = of("1")
    assert {name: value for name, value in found.items() if name.startswith("30[")} == {
        "30[1]": "0", "30[2]": "1000", "30[other]": "1000",
    }  # fmt: skip
    assert of("1", by="value_text")["30.other"] == "de winkel, zelf"


def test_a_number_in_the_text_of_each_choice_is_its_value():
    assert of("1")["40"] == "2000"


def test_words_and_numbers_are_kept_as_they_were_given():
    assert of("1", by="value_text")["50"] == "Snel geholpen"
    assert (of("1")["60.601"], of("1")["60.602"]) == ("4000", "6500")


def test_nobody_is_named():
    whole = json.dumps(told()[0])
    for each in ("Jansen", "example.org", "192.0.2.7", '"x"'):
        assert each not in whole


def test_a_custom_variable_tells_the_contact_and_the_response_its_time():
    [first, *_] = told()[0]["answers"]
    assert (first["contact_id"], first["duration_ms"], first["answered_at"]) == (
        "T-9", "95000", "2024-03-04T09:01:35+00:00",
    )  # fmt: skip


def test_how_a_response_ended_is_told_of_each_invitation():
    found = {row["response_id"]: row for row in told()[0]["invitations"]}
    assert {each: row["disposition"] for each, row in found.items()} == {
        "1": "complete", "2": "partial", "3": "not_eligible",
    }  # fmt: skip
    assert found["1"]["invited_at"] == "2024-03-04T09:00:00+00:00"


def test_the_configuration_names_a_question_and_says_what_it_measures():
    source = SurveyMonkey(
        name="shop", organisation="demo", files=("*",), details="d",
        questions=(Question(name="wait", asked_as="20.201", construct="csat", scale=(1, 3)),),
    )  # fmt: skip
    found = {row["question"]: row for row in told(source=source)[0]["answers"]}
    assert (found["wait"]["construct"], found["wait"]["scale_high"], found["wait"]["value_milli"]) == (
        "csat",
        "3",
        "3000",
    )


@pytest.mark.parametrize(
    ("choices", "values"),
    [
        ([{"id": "a", "text": "bad", "weight": 10}, {"id": "b", "text": "good", "weight": 20}], ["10", "20"]),
        ([{"id": "a", "text": "bad", "weight": 1}, {"id": "b", "text": "good", "weight": 1}], ["1", "2"]),
        ([{"id": "a", "text": "18 to 24", "position": 2}, {"id": "b", "text": "under 18", "position": 1}], ["2", "1"]),
        ([{"id": "a", "text": "5 stars"}, {"id": "b", "text": "3 stars"}], ["5", "3"]),
        ([{"id": "a", "text": "5 stars"}, {"id": "b", "text": "5 moons"}], ["1", "2"]),
    ],
)
def test_a_choice_has_the_value_that_tells_it_apart(tmp_path: Path, choices: list[dict[str, Any]], values: list[str]):
    details = asked(tmp_path, family="single_choice", answers={"choices": choices})
    responses = [answering({"choice_id": each}, id=each) for each in ("a", "b")]
    found, faults = told(written(tmp_path, *responses), details=details)
    assert [row["value_milli"] for row in found["answers"]] == [f"{each}000" for each in values]
    assert not faults


def test_a_choice_that_the_details_do_not_have_is_kept_aside(tmp_path: Path):
    details = asked(tmp_path, family="single_choice", answers={"choices": CHOICES})
    found, faults = told(
        written(tmp_path, answering({"choice_id": "2"}, id="a"), answering({"choice_id": "99"}, id="b")),
        details=details,
    )
    assert [row["response_id"] for row in found["answers"]] == ["a"]
    assert [(each.rule, each.value) for each in faults] == [("surveymonkey.not_in_the_details", "99")]


def test_menus_in_a_table_are_questions_of_their_own(tmp_path: Path):
    answers = {
        "rows": [{"id": "r1", "text": "Shop"}, {"id": "r2", "text": "Web"}],
        "cols": [
            {"id": "c1", "text": "Speed", "choices": CHOICES[:2]},
            {"id": "c2", "text": "Price", "choices": CHOICES[2:]},
        ],
    }
    details = asked(tmp_path, family="matrix", subtype="menu", answers=answers)
    found, faults = told(
        written(tmp_path, answering({"row_id": "r2", "col_id": "c1", "choice_id": "2"}, {"row_id": "r1", "col_id": "c2", "choice_id": "3"})),
        details=details,
    )  # fmt: skip
    assert {row["question"]: row["value_milli"] for row in found["answers"]} == {"1.r2.c1": "2000", "1.r1.c2": "3000"}
    assert not faults


def test_a_comment_is_no_choice(tmp_path: Path):
    answers = {"choices": CHOICES, "other": {"id": "o", "text": "Comment", "is_answer_choice": False}}
    details = asked(tmp_path, family="single_choice", answers=answers)
    found, _ = told(
        written(tmp_path, answering({"choice_id": "2"}, {"other_id": "o", "text": "well"})), details=details
    )
    assert {row["question"]: row["value_milli"] or row["value_text"] for row in found["answers"]} == {
        "1": "2000", "1.other": "well",
    }  # fmt: skip


def test_a_response_to_another_survey_is_kept_aside(tmp_path: Path):
    details = asked(tmp_path, family="open_ended", subtype="essay")
    other = answering({"text": "no"}, id="b", survey_id="901")
    found, faults = told(written(tmp_path, answering({"text": "yes"}), other), details=details)
    assert [row["value_text"] for row in found["answers"]] == ["yes"]
    assert [each.rule for each in faults] == ["surveymonkey.another_survey"]


def test_a_response_delivered_twice_the_same_is_one_and_changed_is_told(tmp_path: Path):
    details = asked(tmp_path, family="open_ended", subtype="essay")
    one, two = answering({"text": "yes"}), answering({"text": "no"})
    _, faults = told(written(tmp_path, one, one), details=details)
    assert not faults
    found, faults = told(written(tmp_path, one, two), details=details)
    assert [row["value_text"] for row in found["answers"]] == ["yes"]
    assert [each.rule for each in faults] == ["response_delivered_twice"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no whole JSON"),
        ('{"id": 1, "pages": [', "no whole JSON"),
        ('{"data": []}', "no 'pages' of a survey"),
        ('{"id": 1, "pages": [7]}', r"'pages\[\]' of the survey is a number"),
        ('{"id": 1, "pages": [{"questions": [{"headings": "x"}]}]}', "headings' of the survey is text"),
    ],
)
def test_details_that_are_none_are_refused_in_words(tmp_path: Path, text: str, says: str):
    details = tmp_path / "details.json"
    details.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=says):
        told(details=details)


def test_a_file_that_is_cut_off_keeps_what_it_holds_and_tells_the_rest(tmp_path: Path):
    path = tmp_path / "cut.json"
    path.write_text((GOLDEN / "surveymonkey.json").read_text(encoding="utf-8")[:-400], encoding="utf-8")
    found, faults = told(path)
    assert {row["response_id"] for row in found["answers"]} >= {"1"}
    assert [each.rule for each in faults] == ["json.cut_off"]


def test_without_its_details_the_export_is_refused_by_name(tmp_path: Path):
    (tmp_path / "surveymonkey.json").write_bytes((GOLDEN / "surveymonkey.json").read_bytes())
    made = load((SHOP,), Store(tmp_path / "store"), root=tmp_path, limits=Limits(memory="500MB"), key=b"secret")
    assert ["surveymonkey.details.json" in each.says for each in made.refused] == [True]


def test_the_golden_survey_is_loaded_whole(tmp_path: Path):
    for each in ("surveymonkey.json", "surveymonkey.details.json"):
        (tmp_path / each).write_bytes((GOLDEN / each).read_bytes())
    made = load((SHOP,), Store(tmp_path / "store"), root=tmp_path, limits=Limits(memory="500MB"), key=b"secret")
    assert not made.refused
    assert {name: (each.good, each.rules) for name, each in made.new[0].tables.items() if name != "questions"} == {
        "answers": (11, {}), "invitations": (3, {}),
    }  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "pages", "questions", "answers", "choice_id", "row_id", "text", "custom_variables"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(response=JSON)
def test_whatever_stands_in_a_response_becomes_rows_or_faults(tmp_path: Path, response: object):
    found, faults = told(written(tmp_path, answering({"text": "yes"}, id="sure"), {"id": "r", "pages": [], "x": response}, response),
                         details=asked(tmp_path, family="open_ended", subtype="essay"))  # fmt: skip
    assert {row["response_id"] for row in found["answers"]} >= {"sure"}
    assert all(isinstance(each, Fault) for each in faults)

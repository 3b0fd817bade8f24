"""CSV exports of SurveyMonkey and Formbricks: what people download by hand becomes what the API gives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from peil.engines.door import Limits
from peil.engines.store import Store
from peil.errors import SchemaError, SourceError
from peil.sources.formbricks import Formbricks
from peil.sources.load import load
from peil.sources.questionnaires import Question, Respondent
from peil.sources.source import Draft, Export, Fault
from peil.sources.surveymonkey import SurveyMonkey

GOLDEN = Path(__file__).parent / "golden"
NPS = Question(name="recommend", asked_as="How likely is it, that you recommend us?", construct="nps")
SHOP = SurveyMonkey(name="shop", organisation="Acme", files=("*.csv",), zone="Europe/Amsterdam", questions=(NPS,))
CHAT = Formbricks(
    name="chat", organisation="Acme", files=("*.csv",), definition="formbricks.definition.json",
    respondent=Respondent(contact_id="chat"),
)  # fmt: skip
SECRETS = ("198.51.100", "Willemijn", "Jansen", "@example.nl", "u-1", "?t=1")
Told = tuple[dict[str, list[dict[str, Any]]], list[Fault]]


def told(path: Path, source: SurveyMonkey | Formbricks, beside: dict[str, Path] | None = None) -> Told:
    rows: dict[str, list[dict[str, Any]]] = {"answers": [], "invitations": [], "questions": []}
    faults: list[Fault] = []
    for each in source.read(Export(name=path.name, path=path, sha256="0", beside=beside or {})):
        if isinstance(each, Draft):
            rows[each.schema.name] += each.rows.to_pylist()
        else:
            faults.append(each)
    return rows, faults


def values(rows: dict[str, list[dict[str, Any]]], response: str) -> dict[str, str]:
    return {
        row["question"]: row["value_milli"] or row["value_text"]
        for row in rows["answers"]
        if row["response_id"] == response
    }


def written(folder: Path, lines: Sequence[str], name: str = "all.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def changed(folder: Path, old: str, new: str, name: str) -> Path:
    text = (GOLDEN / name).read_text(encoding="utf-8")
    assert old in text
    path = folder / name
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_two_header_rows_are_questions_choices_lines_and_words_of_ones_own():
    rows, faults = told(GOLDEN / "surveymonkey.csv", SHOP)
    assert faults == []
    assert values(rows, "101") == {
        "recommend": "10000",
        "Q2[1]": "1000",
        "Q2[2]": "0",
        "Q2[3]": "1000",
        "Q2[other]": "0",
        "Q3.1": "Very satisfied",
        "Q3.2": "Neutral",
        "Q4": "Radio",
        "Q5": "Fine,\nthanks",
    }
    assert values(rows, "102") == {
        "recommend": "7000",
        "Q2[1]": "0",
        "Q2[2]": "1000",
        "Q2[3]": "0",
        "Q2[other]": "1000",
        "Q2.other": "by post",
        "Q3.1": "Neutral",
        "Q3.2": "Neutral",
        "Q4.other": "a friend",
    }
    assert values(rows, "103") == {"recommend": "0"}
    texts = {row["question"]: row["text"] for row in rows["questions"]}
    assert (texts["Q2[2]"], texts["Q3.1"]) == (
        "Which channels did you use? – Chat",
        "How satisfied are you with … – The phone",
    )
    assert {row["answered_at"] for row in rows["answers"] if row["response_id"] == "101"} == {"2024-03-15T09:03:10"}


@pytest.mark.parametrize(
    ("path", "source", "beside"),
    [
        (GOLDEN / "surveymonkey.csv", SHOP, {}),
        (GOLDEN / "formbricks.csv", CHAT, {"definition": GOLDEN / "formbricks.definition.json"}),
    ],
)
def test_who_somebody_is_stays_in_the_file(path, source, beside):
    everything = json.dumps(told(path, source, beside)[0], ensure_ascii=False)
    assert "recommend" in everything.lower()
    assert [each for each in SECRETS if each in everything] == []


def test_a_custom_variable_may_name_the_contact():
    source = SurveyMonkey(
        name="s", organisation="Acme", files=("*",), respondent=Respondent(contact_id="custom.Custom Data 1")
    )
    rows, _ = told(GOLDEN / "surveymonkey.csv", source)
    assert {row["contact_id"] for row in rows["answers"] if row["response_id"] == "101"} == {"T-1"}


def test_choices_by_number_are_choices_and_ratings_by_number_are_not(tmp_path):
    path = written(
        tmp_path,
        [
            "Respondent ID,Collector ID,Start Date,End Date,Which?,,,Rate,",
            ",,,,Phone,Chat,Mail,Speed,Tone",
            "1,9,2024-03-15 09:00:00,2024-03-15 09:03:10,1,,3,4,4",
            "2,9,2024-03-15 09:00:00,2024-03-15 09:03:10,,2,3,4,5",
        ],
    )
    rows, _ = told(path, SHOP_WITHOUT)
    assert values(rows, "1") == {"Q1[1]": "1000", "Q1[2]": "0", "Q1[3]": "1000", "Q2.1": "4000", "Q2.2": "4000"}


SHOP_WITHOUT = SurveyMonkey(name="shop", organisation="Acme", files=("*.csv",))


def test_dates_that_can_be_read_in_two_ways_are_asked_about_and_never_guessed(tmp_path):
    path = changed(tmp_path, "03/15/2024", "03/05/2024", "surveymonkey.csv")
    path.write_text(path.read_text(encoding="utf-8").replace("03/16/2024", "03/06/2024"), encoding="utf-8")
    with pytest.raises(SourceError, match="month/day or as day/month"):
        told(path, SHOP)
    said = SurveyMonkey(
        name="s", organisation="Acme", files=("*",), respondent=Respondent(parse=("%d/%m/%Y %H:%M:%S",))
    )
    rows, _ = told(path, said)
    assert rows["answers"][0]["answered_at"] == "2024-05-03T09:03:10"


def test_an_other_that_nobody_chose_is_called_as_one_that_somebody_did(tmp_path):
    rows, _ = told(changed(tmp_path, "by post", "", "surveymonkey.csv"), SHOP)
    used, _ = told(GOLDEN / "surveymonkey.csv", SHOP)
    assert [row["question"] for row in rows["questions"]] == [row["question"] for row in used["questions"]]
    assert values(rows, "102")["Q2[other]"] == "0"


@pytest.mark.parametrize("mark", ["/", "-", "."])
def test_days_before_months_are_found_out_whatever_stands_between(mark, tmp_path):
    path = changed(tmp_path, "03/15/2024", f"15{mark}3{mark}2024", "surveymonkey.csv")
    path.write_text(path.read_text(encoding="utf-8").replace("03/16/2024", f"16{mark}03{mark}2024"), encoding="utf-8")
    rows, _ = told(path, SHOP_WITHOUT)
    assert {row["answered_at"] for row in rows["answers"] if row["response_id"] == "101"} == {"2024-03-15T09:03:10"}


@pytest.mark.parametrize(
    ("lines", "question", "says"),
    [
        (["Respondent ID,Start Date,Recommend?,,", ",,0,1,2", "1,2024-01-01,0,,", "2,2024-01-01,,1,"], "Q1", "takes several answers"),
        (["Respondent ID,Start Date,Rate,,", ",,a - good,a - bad,b - good", "1,2024-01-01,good,,", "2,2024-01-01,,bad,good"], "", "a column for each choice of each line"),
        (["Reactie,Start Date,Rate", ",,", "1,2024-01-01,4"], "", "the first column is not 'Respondent ID'"),
        (["id,answer", "1,4"], "", "the first column is not 'Respondent ID'"),
    ],
)  # fmt: skip
def test_an_export_that_cannot_be_read_without_guessing_is_refused(lines, question, says, tmp_path):
    asked = (Question(name="recommend", asked_as=question, construct="nps"),) if question else ()
    source = SurveyMonkey(name="s", organisation="Acme", files=("*",), questions=asked)
    with pytest.raises(SchemaError, match=says):
        told(written(tmp_path, lines), source)


def test_responses_of_the_api_without_the_details_say_what_to_fetch():
    with pytest.raises(SourceError, match="questions are only numbers") as fault:
        told(GOLDEN / "surveymonkey.json", SHOP_WITHOUT)
    assert "a CSV export needs none" in fault.value.remedy


def test_a_csv_export_and_the_api_of_formbricks_give_the_same_questions_and_codes():
    beside = {"definition": GOLDEN / "formbricks.definition.json"}
    rows, faults = told(GOLDEN / "formbricks.csv", CHAT, beside)
    assert faults == []
    assert values(rows, "r1") == {
        "nps": "9000",
        "ease": "7000",
        "how": "1000",
        "used[1]": "1000",
        "used[2]": "1000",
        "parts.1": "2000",
        "parts.2": "1000",
        "rank.1": "2000",
        "rank.2": "1000",
        "ok": "1000",
        "why": "slow",
    }
    assert values(rows, "r2") == {"nps": "3000", "how": "other", "how.other": "by fax"}
    assert {row["invitation_id"]: row["disposition"] for row in rows["invitations"]} == {
        "r1": "complete",
        "r2": "partial",
    }
    by_api, _ = told(GOLDEN / "formbricks.jsonl", CHAT, beside)
    assert {row["question"]: row["codes"] for row in rows["questions"]} == {
        row["question"]: row["codes"] for row in by_api["questions"]
    }


def test_without_a_definition_a_question_is_called_by_its_heading():
    asked = (
        Question(name="recommend", asked_as="1. Recommend us?", construct="nps"),
        Question(name="easy", asked_as="8. Why?", construct="ces_2"),
    )
    source = Formbricks(
        name="c", organisation="Acme", files=("*",), questions=asked, respondent=Respondent(contact_id="chat")
    )
    rows, faults = told(GOLDEN / "formbricks.csv", source)
    assert values(rows, "r2") == {"recommend": "3000", "3. How did you reach us?": "by fax"}
    assert [(each.line, each.rule) for each in faults] == [(2, "answer_not_a_number")]
    texts = {row["question"]: row["text"] for row in rows["questions"]}
    assert texts["3. How did you reach us?"] == "How did you reach us?"
    assert {row["contact_id"] for row in rows["answers"]} == {"K-1", "K-2"}


def test_another_csv_is_not_taken_for_an_export_of_formbricks(tmp_path):
    with pytest.raises(SchemaError, match="no column 'Response ID'"):
        told(written(tmp_path, ["id,answer", "1,4"]), CHAT, {"definition": GOLDEN / "formbricks.definition.json"})


@pytest.mark.parametrize(
    "lines",
    [
        ["Respondent ID,Start Date,End Date,Rate", ",,,Response"],
        ["Respondent ID,Start Date,End Date,Rate"],
    ],
)
def test_header_rows_alone_are_told_as_such(lines, tmp_path):
    written(tmp_path, lines)
    source = SurveyMonkey(name="shop", organisation="Acme", files=("all.csv",))
    made = load((source,), Store(tmp_path / "store"), root=tmp_path, limits=Limits(memory="400MB"), key=b"key")
    assert [each.says for each in made.refused] == ["all.csv: there is no usable row in it: it holds no row at all"]


def test_a_file_cut_off_keeps_its_last_respondent_aside(tmp_path):
    whole = (GOLDEN / "surveymonkey.csv").read_text(encoding="utf-8")
    path = tmp_path / "cut.csv"
    path.write_text(whole[:-30], encoding="utf-8")
    rows, faults = told(path, SHOP)
    assert {row["response_id"] for row in rows["invitations"]} == {"101", "102"}
    assert [(each.line, each.rule) for each in faults] == [(6, "line.too_few_fields")]


def test_a_misnamed_question_is_told_where_the_columns_are_listed():
    asked = Question(name="recommend", asked_as="How likely is it that you recommend us?", construct="nps")
    source = SurveyMonkey(name="s", organisation="Acme", files=("*",), questions=(asked,))
    with pytest.raises(SchemaError, match="which the file does not have") as fault:
        told(GOLDEN / "surveymonkey.csv", source)
    assert "'peil propose surveymonkey.csv' lists the columns" in fault.value.remedy


def test_both_load_through_the_door(tmp_path):
    for name in ("surveymonkey.csv", "formbricks.csv", "formbricks.definition.json"):
        (tmp_path / name).write_bytes((GOLDEN / name).read_bytes())
    sources = (
        SurveyMonkey(name="shop", organisation="Acme", files=("surveymonkey.csv",), questions=(NPS,)),
        Formbricks(
            name="chat", organisation="Acme", files=("formbricks.csv",), definition="formbricks.definition.json"
        ),
    )
    made = load(sources, Store(tmp_path / "store"), root=tmp_path, limits=Limits(memory="400MB"), key=b"key")
    assert made.refused == ()
    assert [(each.tables["answers"].good, each.tables["answers"].rejected) for each in made.new] == [(19, 0), (14, 0)]

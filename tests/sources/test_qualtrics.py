"""Qualtrics' CSV exports, new and legacy, in whatever language the account is, become the same tables."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from delivered import Rows, delivered
from peil.engines.door import Limits
from peil.engines.store import Store
from peil.errors import SchemaError
from peil.sources.files import readable
from peil.sources.load import load
from peil.sources.qualtrics import Qualtrics
from peil.sources.questionnaires import Question, Respondent
from peil.sources.source import Draft, Export, Fault

GOLDEN = Path(__file__).parent / "golden"
QUESTIONS = (
    Question(name="recommend", asked_as="QID1", construct="nps"),
    Question(name="satisfied", asked_as="Q2", construct="csat"),
)
AFTER = Qualtrics(name="after", organisation="Acme", files=("*.csv",), zone="Europe/Berlin", questions=QUESTIONS)
SECRETS = ("198.51.100", "Jansen", "Willemijn", "example.nl", "52.09", "5.12")


def told(path: Path, source: Qualtrics = AFTER) -> tuple[Rows, list[Fault]]:
    return delivered(path, source)


def values(rows: dict[str, list[dict[str, Any]]], response: str) -> dict[str, str]:
    return {
        row["question"]: row["value_milli"] or row["value_text"]
        for row in rows["answers"]
        if row["response_id"] == response
    }


def changed(folder: Path, old: str, new: str, name: str = "qualtrics.csv") -> Path:
    text = (GOLDEN / name).read_text(encoding="utf-8")
    assert old in text
    path = folder / name
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_a_german_second_row_is_the_question_as_it_was_put_and_no_column_name():
    rows, _ = told(GOLDEN / "qualtrics.csv")
    texts = {row["question"]: row["text"] for row in rows["questions"]}
    assert texts["recommend"] == "Würden Sie uns weiterempfehlen?\n(0 bis 10)"
    assert list(texts) == ["recommend", "satisfied", "QID3[1]", "QID3[2]", "QID4_TEXT"]
    assert values(rows, "R_1aaa") == {
        "recommend": "9000",
        "satisfied": "4000",
        "QID3[1]": "1000",
        "QID3[2]": "0",
        "QID4_TEXT": "Kürzer warten,\nbitte.",
    }


def test_a_question_is_found_by_its_stable_id_though_its_name_was_changed(tmp_path):
    rows, _ = told(changed(tmp_path, ",Recommend,", ",Aanbeveling,"))
    assert {row["asked_as"] for row in rows["questions"] if row["question"] == "recommend"} == {"Aanbeveling"}
    assert values(rows, "R_1aaa")["recommend"] == "9000"


def test_who_broke_off_is_a_partial_response_and_how_long_it_took_is_in_milliseconds():
    rows, _ = told(GOLDEN / "qualtrics.csv")
    assert {row["response_id"]: row["disposition"] for row in rows["invitations"]} == {
        "R_1aaa": "complete",
        "R_2bbb": "complete",
        "R_3ccc": "partial",
    }
    assert {row["response_id"]: row["duration_ms"] for row in rows["answers"]} == {
        "R_1aaa": "39000",
        "R_2bbb": "90000",
        "R_3ccc": "20000",
    }
    assert {row["language"] for row in rows["answers"]} == {"de", "nl", "en"}


def test_previews_and_spam_are_kept_aside_with_their_line_and_not_counted():
    rows, faults = told(GOLDEN / "qualtrics.csv")
    assert [(each.line, each.rule, each.column) for each in faults] == [
        (9, "response_is_a_test", "Status"),
        (10, "response_is_spam", "Status"),
    ]
    assert {row["response_id"] for row in rows["answers"]} == {"R_1aaa", "R_2bbb", "R_3ccc"}


@pytest.mark.parametrize(
    ("label", "rule"),
    [
        ("Survey Preview", "response_is_a_test"),
        ("Umfragevorschau", "response_is_a_test"),
        ("Vista previa de la encuesta", "response_is_a_test"),
        ("17", "response_is_a_test"),
        ("Spam", "response_is_spam"),
        ("40", "response_is_spam"),
    ],
)
def test_a_status_in_words_or_of_another_channel_is_read_as_well(label, rule, tmp_path):
    _, faults = told(changed(tmp_path, "2024-07-18 11:10:02,8,", f"2024-07-18 11:10:02,{label},"))
    assert [each.rule for each in faults] == ["response_is_a_test", rule]


def test_addresses_names_and_places_never_leave_the_export():
    for name in ("qualtrics.csv", "qualtrics_legacy.csv"):
        rows, _ = told(GOLDEN / name, Qualtrics(name="q", organisation="Acme", files=("*.csv",)))
        everything = json.dumps(rows, ensure_ascii=False)
        assert len(rows["answers"]) >= 3
        assert [each for each in SECRETS if each in everything] == []


def test_embedded_data_is_kept_to_give_figures_by():
    rows, _ = told(GOLDEN / "qualtrics.csv")
    extra = {row["response_id"]: json.loads(row["extra"]) for row in rows["answers"]}
    assert (extra["R_1aaa"]["Segment"], extra["R_2bbb"]["DistributionChannel"]) == ("gold", "anonymous")
    assert extra["R_3ccc"]["Finished"] == "0"


def test_a_legacy_export_with_two_header_rows_has_no_first_respondent_lost():
    rows, faults = told(GOLDEN / "qualtrics_legacy.csv", Qualtrics(
        name="old", organisation="Acme", files=("*.csv",), questions=(Question(name="recommend", asked_as="Q1", construct="nps"),)
    ))  # fmt: skip
    assert faults == []
    assert values(rows, "R_old1") == {"recommend": "10000", "Q2": "Quick"}
    assert values(rows, "R_old2") == {"recommend": "6000"}
    assert [row["disposition"] for row in rows["invitations"]] == ["complete", "partial"]
    assert {row["text"] for row in rows["questions"]} == {"How likely are you to recommend us?", "Why?"}
    assert [row["line"] for row in rows["invitations"]] == [3, 4]


def test_a_legacy_question_that_asks_for_a_name_is_a_question(tmp_path):
    path = changed(tmp_path, ",Why?", ",Name", "qualtrics_legacy.csv")
    rows, _ = told(path, Qualtrics(name="old", organisation="Acme", files=("*.csv",)))
    assert values(rows, "R_old1")["Q2"] == "Quick"


def test_a_time_zone_in_the_file_goes_before_the_one_of_the_configuration(tmp_path):
    zoned = changed(
        tmp_path, '{""ImportId"":""endDate""}', '{""ImportId"":""endDate"",""timeZone"":""America/Denver""}'
    )
    rows, _ = told(zoned)
    assert rows["answers"][0]["answered_at"] == "2024-07-18T08:28:48-06:00"
    assert rows["invitations"][0]["invited_at"] == "2024-07-18T08:28:09-06:00"
    unzoned, _ = told(GOLDEN / "qualtrics.csv")
    assert unzoned["answers"][0]["answered_at"] == "2024-07-18 08:28:48"


def test_a_time_zone_that_does_not_exist_is_refused(tmp_path):
    path = changed(tmp_path, '{""ImportId"":""endDate""}', '{""ImportId"":""endDate"",""timeZone"":""Mars/Olympus""}')
    with pytest.raises(SchemaError, match="the dates are in 'Mars/Olympus', which is not a time zone"):
        told(path)


def test_a_question_that_the_export_does_not_have_names_its_neighbours():
    lost = Qualtrics(
        name="q", organisation="Acme", files=("*",), questions=(Question(name="nps", asked_as="Recomend"),)
    )
    with pytest.raises(
        SchemaError, match="question 'nps' is in column 'Recomend', which the file does not have"
    ) as fault:
        told(GOLDEN / "qualtrics.csv", lost)
    assert "did you mean 'Recommend'?" in fault.value.remedy


def test_a_file_of_another_system_is_refused(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("id,score\nident,Score\n1,9\n", encoding="utf-8")
    with pytest.raises(SchemaError, match="no column holds Qualtrics' response id"):
        told(path)


def test_choice_texts_in_the_language_of_the_account_say_who_finished(tmp_path):
    path = changed(tmp_path, ",39,1,", ",39,WAHR,")
    path.write_text(path.read_text(encoding="utf-8").replace(",20,0,", ",20,FALSCH,"), encoding="utf-8")
    rows, _ = told(path)
    assert [row["disposition"] for row in rows["invitations"]] == ["complete", "complete", "partial"]


def test_a_renamed_question_is_bridged_by_its_wave(tmp_path):
    bridge = tmp_path / "bridge.yaml"
    bridge.write_text(
        'questions:\n  - {name: recommend, construct: nps, missing: ["11"], waves: {"2023": QID9, "2024": Recommend}}\n',
        encoding="utf-8",
    )
    source = Qualtrics(name="q", organisation="Acme", files=("*",), bridge="bridge.yaml", wave="2024")
    export = Export(name="q.csv", path=GOLDEN / "qualtrics.csv", sha256="0", beside={"bridge": bridge})
    rows = [row for each in source.read(export) if isinstance(each, Draft) for row in each.rows.to_pylist()]
    asked = [row for row in rows if row.get("question") == "recommend" and "value_milli" in row]
    assert {row["response_id"]: row["value_milli"] for row in asked} == {"R_1aaa": "9000", "R_3ccc": "3000"}
    assert {row["wave"] for row in asked} == {"2024"}


def test_the_export_loads_and_an_undeclared_eleven_stays_outside(tmp_path):
    (tmp_path / "q.csv").write_bytes((GOLDEN / "qualtrics.csv").read_bytes())
    source = Qualtrics(
        name="after", organisation="Acme", files=("q.csv",), zone="Europe/Berlin", questions=QUESTIONS,
        respondent=Respondent(team="Segment"),
    )  # fmt: skip
    made = load((source,), Store(tmp_path / "store"), root=tmp_path, limits=Limits(memory="400MB"), key=b"key")
    assert made.refused == ()
    [only] = made.new
    assert only.tables["answers"].rules == {"off_the_scale": 1, "response_is_a_test": 1, "response_is_spam": 1}
    kept = pq.read_table(only.folder / "answers.parquet").to_pylist()
    first = next(row for row in kept if row["question"] == "recommend")
    assert (first["value_milli"], first["team"], first["answered_at"].hour) == (9000, "gold", 6)


COLUMNS = (
    ("EndDate", "endDate", "2024-03-04 08:05:00"),
    ("ResponseId", "_recordId", "R_1"),
    ("Q1", "QID1", "10 - Extremely likely"),
    ("Q1_NPS_GROUP", "QID1_NPS_GROUP", "Promoter"),
    ("Q2", "QID2", "-99"),
    ("Q3_1", 'QID3"",""choiceId"":""1', "1"),
    ("Q3_2", 'QID3"",""choiceId"":""2', "-99"),
    ("Q4_Name", "QID4_FILE_NAME", "cv_jansen.pdf"),
    ("Q5_First Click", "QID5_FIRST_CLICK", "1.2"),
    ("Q6 - Topics", "QID6_TEXT_eae5a8d0e7fd4bd183e983e5Topics", "queue"),
)


def test_what_the_system_adds_is_no_question_and_a_question_passed_over_is_no_answer(tmp_path):
    path = tmp_path / "added.csv"
    ids = ",".join(f'"{{""ImportId"":""{each}""}}"' for _, each, _ in COLUMNS)
    rows_of = (",".join(each[0] for each in COLUMNS), ",".join(each[0] for each in COLUMNS), ids)
    path.write_text("\n".join((*rows_of, ",".join(each[2] for each in COLUMNS))) + "\n", encoding="utf-8")
    rows, faults = told(path, Qualtrics(name="q", organisation="Acme", files=("*.csv",), questions=QUESTIONS))
    assert faults == []
    assert values(rows, "R_1") == {"recommend": "10000", "QID3[1]": "1000", "QID3[2]": "0"}
    assert [row["question"] for row in rows["questions"]] == ["recommend", "satisfied", "QID3[1]", "QID3[2]"]
    assert json.loads(rows["answers"][0]["extra"]) == {
        "Q1_NPS_GROUP": "Promoter",
        "Q5_First Click": "1.2",
        "Q6 - Topics": "queue",
    }


def test_an_export_in_utf_16_between_tabs_gives_what_the_csv_gives(tmp_path):
    rows = list(csv.reader(io.StringIO((GOLDEN / "qualtrics.csv").read_text(encoding="utf-8"), newline="")))
    made = io.StringIO(newline="")
    csv.writer(made, delimiter="\t").writerows(rows)
    (tmp_path / "wide.tsv").write_bytes(made.getvalue().encode("utf-16"))
    export = readable(tmp_path / "wide.tsv", "wide.tsv", tmp_path)
    again = [each.rows.to_pylist() for each in AFTER.read(export) if isinstance(each, Draft)]
    straight = [
        each.rows.to_pylist()
        for each in AFTER.read(Export(name="a", path=GOLDEN / "qualtrics.csv", sha256="0"))
        if isinstance(each, Draft)
    ]
    assert (export.encoding, again) == ("utf-16", straight)


def test_a_question_that_is_not_there_names_the_import_ids_near_it():
    asked = Qualtrics(name="q", organisation="Acme", files=("*",), questions=(Question(name="r", asked_as="QID11"),))
    with pytest.raises(SchemaError, match="column 'QID11', which the file does not have") as fault:
        told(GOLDEN / "qualtrics.csv", asked)
    assert "'QID1'" in fault.value.remedy


def test_two_questions_of_one_name_are_told_apart_by_their_ids_and_never_taken_for_one_another(tmp_path):
    path = changed(tmp_path, ",Recommend,", ",Q2,")
    by_id = (QUESTIONS[0], Question(name="satisfied", asked_as="QID2", construct="csat"))
    rows, _ = told(path, Qualtrics(name="q", organisation="Acme", files=("*",), questions=by_id))
    assert (values(rows, "R_1aaa")["recommend"], values(rows, "R_1aaa")["satisfied"]) == ("9000", "4000")
    with pytest.raises(SchemaError, match="'satisfied' is in column 'Q2', which the file does not have"):
        told(path)

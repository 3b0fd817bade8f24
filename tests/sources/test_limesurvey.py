"""LimeSurvey's CSV with its structure, and its archive, become the same tables."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from peil.engines.door import Limits
from peil.engines.store import Store
from peil.errors import SchemaError, SourceError
from peil.sources.limesurvey import LimeSurvey
from peil.sources.limesurvey_structure import structure
from peil.sources.load import load
from peil.sources.questionnaires import Question, Respondent
from peil.sources.source import Draft, Export, Fault

GOLDEN = Path(__file__).parent / "golden"
NPS = Question(name="recommend", asked_as="Q01", construct="nps")
AFTER = LimeSurvey(name="after", organisation="Acme", files=("*",), zone="Europe/Amsterdam", questions=(NPS,))
Rows = dict[str, list[dict[str, Any]]]


def told(path: Path, source: LimeSurvey = AFTER, *, encoding: str = "utf-8") -> Rows:
    rows: Rows = {"answers": [], "invitations": [], "questions": []}
    export = Export(name=path.name, path=path, sha256="0", encoding=encoding, beside=source.along(path))
    for each in source.read(export):
        assert not isinstance(each, Fault)
        assert isinstance(each, Draft)
        rows[each.schema.name] += each.rows.to_pylist()
    return rows


def archive(folder: Path, **changed: str) -> Path:
    path = folder / "survey_9.lsa"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for end, name in (("lss", "survey_9.lss"), ("lsr", "survey_9_responses.lsr"), ("lst", "survey_9_tokens.lst")):
            text = (GOLDEN / f"limesurvey.{end}").read_text(encoding="utf-8")
            if changed.get(end) != "":
                made.writestr(name, changed.get(end, text))
    return path


def values(rows: Rows, response: str) -> dict[str, str]:
    return {
        row["question"]: row["value_milli"] or row["value_text"]
        for row in rows["answers"]
        if row["response_id"] == response
    }


def test_the_structure_beside_the_export_tells_boxes_scales_and_texts_apart():
    rows = told(GOLDEN / "limesurvey.csv")
    assert values(rows, "1") == {
        "recommend": "9000",
        "Q02": "A1",
        "Q03[SQ001]": "1000",
        "Q03[SQ002]": "0",
        "Q04[SQ001]": "4000",
        "Q05": "2000",
        "Q06": "Prima",
    }
    questions = {(row["question"], row["language"]): row for row in rows["questions"]}
    assert questions["recommend", "nl"]["text"] == "Hoe waarschijnlijk is het dat u ons aanbeveelt?"
    assert questions["recommend", "en"]["text"] == "How likely are you to recommend us?"
    assert questions["Q03[SQ002]", "nl"]["text"] == "Wat ging goed? – Het antwoord"
    assert json.loads(questions["Q02", "nl"]["codes"]) == {"A1": "Telefoon", "A2": "Chat", "-oth-": "Other"}
    assert (questions["Q04[SQ001]", "nl"]["scale_low"], questions["Q04[SQ001]", "nl"]["scale_high"]) == ("1", "5")
    assert questions["recommend", "nl"]["place"] == "1"


def test_another_answer_of_ones_own_is_a_text_and_makes_the_boxes_beside_it_a_no():
    rows = told(GOLDEN / "limesurvey.csv")
    second = values(rows, "2")
    assert (second["Q02"], second["Q02[other]"]) == ("-oth-", "By fax")
    assert (second["Q03[SQ001]"], second["Q03[SQ002]"], second["Q03[other]"]) == ("0", "0", "By post")


def test_a_response_that_was_not_submitted_is_partial_and_keeps_its_answers():
    rows = told(GOLDEN / "limesurvey.csv")
    assert {row["response_id"]: row["disposition"] for row in rows["invitations"]} == {
        "1": "complete",
        "2": "complete",
        "3": "partial",
    }
    assert values(rows, "3") == {"recommend": "3000"}
    [answer] = [row for row in rows["answers"] if row["response_id"] == "3"]
    assert (answer["answered_at"], json.loads(answer["extra"])["disposition"]) == ("2024-03-04 12:01:00", "partial")


def test_where_a_respondent_came_from_is_never_kept():
    everything = json.dumps(told(GOLDEN / "limesurvey.csv"))
    assert "recommend" in everything
    assert [each for each in ("198.51.100", "https://example.nl") if each in everything] == []


def test_a_survey_that_may_not_keep_dates_was_not_answered_in_1980(tmp_path):
    text = (GOLDEN / "limesurvey.csv").read_text(encoding="utf-8")
    path = tmp_path / "limesurvey.csv"
    path.write_text(text.replace("2024-03-04 10:05:00", "1980-01-01 00:00:00"), encoding="utf-8")
    first = told(path)
    assert {row["answered_at"] for row in first["answers"] if row["response_id"] == "1"} == {"2024-03-04 10:00:00"}
    assert first["invitations"][0]["disposition"] == "complete"


def test_without_a_structure_every_column_that_is_not_the_systems_own_is_a_question(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text(
        "id;submitdate;startlanguage;interviewtime;G01Q01;G01Q02[other]\n7;2024-03-04 10:00:00;nl;61.5;8;Fax\n",
        encoding="utf-8",
    )
    rows = told(path, LimeSurvey(name="x", organisation="Acme", files=("*",)))
    assert values(rows, "7") == {"G01Q01": "8000", "G01Q02[other]": "Fax"}
    assert {row["duration_ms"] for row in rows["answers"]} == {"61500"}


def test_headings_that_are_texts_are_refused_with_what_to_export(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text('"Response ID","Date submitted","How likely?"\n1,2024-03-04,9\n', encoding="utf-8")
    with pytest.raises(SchemaError, match="there is no column 'id'") as fault:
        told(path)
    assert "question codes" in fault.value.remedy


def test_the_structure_of_another_survey_is_told_and_no_answer_becomes_a_side_note(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("id,submitdate,G01Q01\n1,2024-03-04 10:00:00,9\n", encoding="utf-8")
    path.with_suffix(".lss").write_bytes((GOLDEN / "limesurvey.lss").read_bytes())
    with pytest.raises(SchemaError, match="not one of its columns is a question of the structure"):
        told(path, LimeSurvey(name="x", organisation="Acme", files=("*",)))


def test_an_archive_gives_what_the_csv_gives_and_those_who_kept_silent(tmp_path):
    rows = told(archive(tmp_path), encoding="binary")
    assert values(rows, "1") == {
        "recommend": "9000",
        "Q02": "A1",
        "Q03[SQ001]": "1000",
        "Q04[SQ001]": "4000",
    }
    ended = {row["invitation_id"]: (row["disposition"], row["invited_at"]) for row in rows["invitations"]}
    assert ended == {
        "1": ("complete", "2024-03-01 09:00"),
        "3": ("partial", "2024-03-01 09:00"),
        "participant 2": ("refused", "2024-03-01 09:00"),
        "participant 3": ("no_contact", "2024-03-01 09:00"),
    }
    everything = json.dumps(rows)
    assert [each for each in ("Willemijn", "Jansen", "example.nl", "198.51.100") if each in everything] == []


def test_the_archive_loads_with_participants_as_hashes(tmp_path):
    archive(tmp_path)
    source = LimeSurvey(name="a", organisation="Acme", files=("*.lsa",), zone="Europe/Amsterdam", questions=(NPS,))
    made = load((source,), Store(tmp_path / "store"), root=tmp_path, limits=Limits(memory="400MB"), key=b"key")
    assert made.refused == ()
    [only] = made.new
    invited = pq.read_table(only.folder / "invitations.parquet").to_pylist()
    assert len(invited) == 4
    assert {len(row["customer_id"]) for row in invited} == {32}
    assert only.tables["answers"].rejected == 0


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ('<!DOCTYPE document [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><document><q>&b;</q></document>', "not a document of LimeSurvey"),
        ('<!DOCTYPE document [<!ENTITY a SYSTEM "file:///etc/hostname">]><document>&a;</document>', "not a document of LimeSurvey"),
        ("<html><row/></html>", "not a document of LimeSurvey"),
        ("<document><questions>", "is not XML"),
        ("no markup", "is not XML"),
        ("<document><questions><rows/></questions></document>", "no question is in it"),
    ],
)  # fmt: skip
def test_a_structure_that_is_none_or_that_sets_a_trap_is_refused(document, says):
    with pytest.raises(SourceError, match=says):
        structure(io.BytesIO(document.encode()), "survey.lss")


def test_an_older_structure_has_its_texts_in_the_questions_themselves():
    """DBVersion 178 (LimeSurvey 2): one row a question and language, answers with their labels."""
    document = """<document><questions><rows>
      <row><qid>5</qid><parent_qid>0</parent_qid><type>L</type><title>NPS</title><question>Hoe?</question><language>nl</language></row>
      <row><qid>5</qid><parent_qid>0</parent_qid><type>L</type><title>NPS</title><question>How?</question><language>en</language></row>
      </rows></questions>
      <answers><rows><row><qid>5</qid><code>0</code><answer>Nooit</answer><language>nl</language></row>
      <row><qid>5</qid><code>10</code><answer>Zeker</answer><language>nl</language></row></rows></answers>
      <surveys><rows><row><language>nl</language></row></rows></surveys></document>"""
    found = structure(io.BytesIO(document.encode()), "old.lss").question("NPS")
    assert found is not None
    assert (dict(found.text), dict(found.codes)) == ({"nl": "Hoe?", "en": "How?"}, {"0": "Nooit", "10": "Zeker"})


def test_an_archive_without_responses_or_damaged_is_refused(tmp_path):
    with pytest.raises(SourceError, match="without a survey and its responses"):
        told(archive(tmp_path, lsr=""), encoding="binary")
    whole = archive(tmp_path).read_bytes()
    broken = tmp_path / "broken.lsa"
    broken.write_bytes(whole[:200])
    with pytest.raises(SourceError, match="the archive is damaged or locked"):
        told(broken, encoding="binary")


def test_an_archive_without_dates_takes_the_day_of_the_configuration(tmp_path):
    lsr = (GOLDEN / "limesurvey.lsr").read_text(encoding="utf-8")
    for tag in ("startdate", "datestamp"):
        lsr = lsr.replace(f"<{tag}>2024-03-04", f"<{tag}>1980-01-01")
    lsr = lsr.replace("2024-03-04 10:05:00", "1980-01-01 00:00:00")
    day = Respondent(answered_on=date(2024, 3, 15))
    source = LimeSurvey(name="a", organisation="Acme", files=("*",), questions=(NPS,), respondent=day)
    rows = told(archive(tmp_path, lsr=lsr), source, encoding="binary")
    assert {row["answered_at"] for row in rows["answers"]} == {"2024-03-15T12:00:00"}
    assert rows["invitations"][0]["disposition"] == "complete"


KINDS = {
    "L1": "L", "DD": "!", "F1": "F", "DU": "1", "K1": "K", "R1": "R", "T1": "Q", "M1": "M", "P1": "P", "O1": "O",
    "AN": ":", "AT": ";", "H1": "H", "A5": "A", "B10": "B", "C1": "C", "E1": "E", "U1": "|", "EQ": "*", "N1": "N",
    "D1": "D", "G1": "G", "Y1": "Y", "I1": "I", "S1": "S", "V5": "5",
}  # fmt: skip
SAID = {
    "L1": "-oth-", "L1[other]": "by foot", "DD": "A1", "F1[SQ001]": "A2", "DU[SQ001][1]": "A1", "DU[SQ001][2]": "A2",
    "K1[SQ001]": "5.5", "R1[1]": "A2", "T1[SQ001]": "free", "M1[SQ001]": "Y", "M1[SQ002]": "", "M1[other]": "paper",
    "P1[SQ001]": "Y", "P1[SQ001comment]": "why", "P1[othercomment]": "because", "O1": "A2", "O1[comment]": "so",
    "AN[SQ001_X1]": "3", "AT[SQ001_X1]": "cell", "H1[SQ001]": "A1", "A5[SQ001]": "4", "B10[SQ001]": "9",
    "C1[SQ001]": "U", "E1[SQ001]": "D", "EQ": "12.5", "N1": "7.0000000000", "D1": "2024-01-01", "G1": "F", "Y1": "N",
    "I1": "nl", "S1": "short", "V5": "5",
}  # fmt: skip
COUNTED = {
    "K1[SQ001]": "5500", "M1[SQ001]": "1000", "M1[SQ002]": "0", "P1[SQ001]": "1000", "AN[SQ001_X1]": "3000",
    "A5[SQ001]": "4000", "B10[SQ001]": "9000", "EQ": "12500", "N1": "7000", "V5": "5000",
}  # fmt: skip
FILE = {"U1": '[{"name":"cv_jansen.pdf"}]', "U1[filecount]": "1", "L1Time": "3.3"}


def every_kind() -> str:
    """A structure of LimeSurvey 2 (DBVersion 178) with a question of each kind."""
    row = "<row><qid>{0}</qid><parent_qid>{1}</parent_qid><type>{2}</type><title>{3}</title><question>{3}</question><other>Y</other><language>nl</language><scale_id>{4}</scale_id></row>"
    asked = "".join(row.format(place, 0, kind, title, 0) for place, (title, kind) in enumerate(KINDS.items(), 1))
    parts = ""
    for place, kind in enumerate(KINDS.values(), 1):
        parts += "".join(row.format(f"{place}{each}9", place, "T", f"SQ00{each}", 0) for each in (1, 2))
        parts += row.format(f"{place}39", place, "T", "X1", 1) if kind in ":;" else ""
    codes = "".join(
        f"<row><qid>{place}</qid><code>{code}</code><answer>{code}</answer><language>nl</language><scale_id>{scale}</scale_id></row>"
        for place, kind in enumerate(KINDS.values(), 1)
        if kind in "L!F1ROH"
        for code in ("A1", "A2")
        for scale in (0, 1)
    )
    tables = {
        "questions": asked,
        "subquestions": parts,
        "answers": codes,
        "surveys": "<row><language>nl</language></row>",
    }
    return f"<document>{''.join(f'<{name}><rows>{rows}</rows></{name}>' for name, rows in tables.items())}</document>"


def expressed(heading: str) -> str:
    """What an export with codes for expressions calls a column."""
    if heading.startswith("DU"):
        return f"DU_SQ001_{int(heading[-2]) - 1}"
    return heading.replace("[", "_").replace("]", "")


@pytest.mark.parametrize("called", [str, expressed])
def test_every_kind_of_question_is_read_whatever_its_columns_are_called(called, tmp_path):
    told_too = {"id": "1", "submitdate": "2024-03-04 10:00:00", **SAID, **FILE}
    path = tmp_path / "all.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[called(each) for each in told_too], list(told_too.values())])
    path.with_suffix(".lss").write_text(every_kind(), encoding="utf-8")
    rows = told(path, LimeSurvey(name="x", organisation="Acme", files=("*",)))
    assert values(rows, "1") == {**{name: said for name, said in SAID.items() if said}, **COUNTED}
    assert "jansen" not in json.dumps(rows)
    assert set(json.loads(rows["answers"][0]["extra"])) == {"disposition", called("U1[filecount]"), "L1Time"}


def test_without_a_structure_times_and_files_are_no_questions(tmp_path):
    path = tmp_path / "all.csv"
    path.write_text("id,submitdate,Q1,Q1Time,Q2,Q2[filecount]\n1,2024-03-04,9,3.3,cv_jansen.pdf,1\n", encoding="utf-8")
    rows = told(path, LimeSurvey(name="x", organisation="Acme", files=("*",)))
    assert [row["question"] for row in rows["questions"]] == ["Q1"]
    assert "jansen" not in json.dumps(rows)

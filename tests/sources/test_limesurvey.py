"""LimeSurvey's CSV with its structure, and its archive, become the same tables."""

from __future__ import annotations

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

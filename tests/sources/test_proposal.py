"""From a raw export to a configuration: what it holds is listed, what it may measure is guessed, and both can be loaded."""

from __future__ import annotations

import json
import os
import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
from click.testing import CliRunner

from peil.cli import commands
from peil.config import ConfigurationError, read_text
from peil.engines.door import Limits
from peil.engines.store import Store
from peil.errors import DefinitionError, SourceError
from peil.sources.guesses import guessed
from peil.sources.load import load
from peil.sources.proposal import proposed
from peil.sources.proposal_text import configuration

GOLDEN = Path(__file__).parent / "golden"
SECRETS = ("198.51.100", "Willemijn", "Jansen", "example.nl", "Kürzer", "by post", "a friend", "slow")
PLAIN = """\
response id;Ingevuld op;NPS;Tevredenheid;Hoe gemakkelijk was het?;Segment;E-mail;Opmerking;weging
1;04-03-2024 10:00;9;4;6;goud;a@example.nl;by post;1,2
2;05-03-2024 10:00;0;Blank;7;zilver;c@example.nl;;0,8
3;15-03-2024 10:00;10 - zeker;2;1;zilver;d@example.nl;a friend;1
"""


def loaded(folder: Path, text: str) -> tuple[list[str], int, int]:
    """Load what a configuration says, and return the files refused, the answers kept and those kept aside."""
    sources = read_text(text).sources
    made = load(sources, Store(folder / "store"), root=folder, limits=Limits(memory="400MB"), key=b"key")
    counts = [each.tables["answers"] for each in made.new]
    return (
        [each.says for each in made.refused],
        sum(each.good for each in counts),
        sum(each.rejected for each in counts),
    )


@pytest.mark.parametrize(
    ("file", "beside", "kind", "guesses"),
    [
        ("qualtrics.csv", "", "qualtrics", {"QID2": "csat"}),
        ("qualtrics_legacy.csv", "", "qualtrics", {"Q1": "nps"}),
        ("limesurvey.csv", "limesurvey.lss", "limesurvey", {"Q01": "nps", "Q05": "csat"}),
        ("surveymonkey.csv", "", "surveymonkey", {"Q1": "nps"}),
        ("surveymonkey.json", "surveymonkey.details.json", "surveymonkey", {"10": "nps"}),
        ("formbricks.csv", "", "formbricks", {"1. Recommend us?": "nps", "2. It was easy": "ces_2"}),
        ("formbricks.jsonl", "formbricks.definition.json", "formbricks", {"nps": "nps", "ease": "ces_2"}),
        ("triple_s_csv.sss", "triple_s_csv.csv", "triple_s", {"nps": "nps", "solved": "fcr"}),
    ],
)
def test_each_export_gives_a_configuration_that_reads_it(file, beside, kind, guesses, tmp_path):
    for each in filter(None, (file, beside)):
        shutil.copy(GOLDEN / each, tmp_path)
    told = tmp_path / beside if beside else None
    found = proposed(tmp_path / file, beside=told)
    assert found.kind == kind
    assert {
        each.asked_as: each.guess.construct for each in found.questions if each.guess and each.guess.construct
    } == guesses
    text = configuration(found, Path(file), Path(beside) if beside else None)
    assert [each for each in SECRETS if each in text] == []
    refused, good, _ = loaded(tmp_path, text)
    assert refused == []
    assert good >= found.responses


def test_a_plain_file_tells_who_when_and_what_and_its_own_blanks(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text(PLAIN, encoding="utf-8")
    found = proposed(path)
    assert found.respondent == {
        "response_id": "response id",
        "answered_at": "Ingevuld op",
        "parse": ("%d-%m-%Y %H:%M",),
        "weight": "weging",
        "decimal": ",",
    }
    assert found.left_out == ("E-mail",)
    assert {each.asked_as: each.guess.construct for each in found.questions if each.guess} == {
        "NPS": "nps",
        "Tevredenheid": "csat",
        "Hoe gemakkelijk was het?": "ces_2",
    }
    text = configuration(found, Path("answers.csv"))
    assert 'missing: ["Blank"]  # guess' in text
    assert [each for each in SECRETS if each in text] == []
    assert loaded(tmp_path, text) == ([], 8, 0)


def test_a_panel_of_spss_is_numbered_by_its_own_variable_and_not_answered_at_a_birth(tmp_path):
    frame = {"resp_id": [7.0, 8.0], "nps": [9.0, 3.0], "born": [date(1950, 2, 3)] * 2, "seen": [date(2024, 3, 4)] * 2}
    labels = {"nps": "Would you recommend us?", "born": "Date of birth"}
    pyreadstat.write_sav(pd.DataFrame(frame), tmp_path / "a.sav", column_labels=labels)
    found = proposed(tmp_path / "a.sav")
    assert (found.kind, found.respondent) == ("spss", {"answered_at": "seen", "response_id": "resp_id"})
    assert loaded(tmp_path, configuration(found, Path("a.sav"))) == ([], 2, 0)


def test_days_that_may_be_months_are_told_as_a_doubt(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("id,date,nps\n1,04/03/2024,9\n2,05/03/2024,3\n", encoding="utf-8")
    assert proposed(path).doubts["parse"] == "day or month first? its dates do not tell"
    path.write_text("id,date,nps\n1,04/03/2024,9\n2,05/13/2024,3\n", encoding="utf-8")
    sure = proposed(path)
    assert (sure.respondent["parse"], "parse" in sure.doubts) == (("%m/%d/%Y",), False)


def test_a_clock_of_twelve_hours_is_a_clock(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("id,intdate,nps\n1,05/09/2016 12:00:00 AM,9\n2,05/13/2016 01:30:00 PM,3\n", encoding="utf-8")
    found = proposed(path)
    assert found.respondent["answered_at"] == "intdate"
    assert found.respondent["parse"] == ("%m/%d/%Y %I:%M:%S %p",)
    assert loaded(tmp_path, configuration(found, Path("answers.csv"))) == ([], 2, 0)


@pytest.mark.parametrize("clock", ["12/31/1899 09:30:00 AM", "1904-01-01 09:30:00"])
def test_a_time_of_day_with_a_spreadsheets_first_day_is_no_day_of_an_answer(tmp_path, clock):
    path = tmp_path / "answers.csv"
    path.write_text(f"id,departure_time,nps\n1,{clock},9\n2,{clock},3\n", encoding="utf-8")
    assert proposed(path).respondent == {"answered_on": "YYYY-MM-DD", "response_id": "id"}


def test_a_survey_of_which_no_question_says_what_it_measures_tells_that_and_what_to_do(tmp_path, peil_command):
    lines = [f"{number},2024-05-31,{number % 5}" for number in range(40)]
    (tmp_path / "answers.csv").write_text("\n".join(["id,date,q7", *lines]) + "\n", encoding="utf-8")
    text = configuration(proposed(tmp_path / "answers.csv"), Path("answers.csv"))
    assert "# None says what it measures: add 'construct: nps'" in text
    (tmp_path / "peil.yaml").write_text(text, encoding="utf-8")
    env = {**os.environ, "NO_COLOR": "1", "PEIL_KEY": "test"}
    assert peil_command(["load"], cwd=tmp_path, env=env).returncode == 0
    told = peil_command(["survey"], cwd=tmp_path, env=env).stdout
    assert "40 respondents gave 40 answers, 31 May 2024." in told
    assert "None of its questions says what it measures, so nothing of them is counted" in told
    assert "The questions as they were put" not in told


def test_a_day_that_nobody_filled_in_is_refused_and_never_some_day(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("id,nps\n1,9\n2,3\n", encoding="utf-8")
    text = configuration(proposed(path), Path("answers.csv"))
    assert "answered_on: YYYY-MM-DD  # no column holds dates: fill in the day" in text
    with pytest.raises(ConfigurationError, match="answered_on"):
        read_text(text)
    assert loaded(tmp_path, text.replace("YYYY-MM-DD", "2024-05-15")) == ([], 2, 0)


@pytest.mark.parametrize(
    ("words", "low", "high", "declared", "construct"),
    [
        ("Zou u ons aanbevelen?", 0, 10, False, "nps"),
        ("Würden Sie uns weiterempfehlen?", 3, 9, False, "nps"),
        ("Would you recommend us?", 1, 5, True, None),
        ("Would you recommend us?", 0, 11, False, None),
        ("How satisfied are you?", 1, 5, True, "csat"),
        ("How satisfied are you?", 1, 7, True, None),
        ("How much effort did it take?", 1, 5, False, "ces_1"),
        ("They made it easy to handle my issue", 1, 7, False, "ces_2"),
        ("Was your question resolved?", 0, 1, True, "fcr"),
    ],
)
def test_words_and_numbers_have_to_agree_before_a_construct_is_guessed(words, low, high, declared, construct):
    guess = guessed(words, low, high, declared=declared)
    assert guess is not None
    assert guess.construct == construct
    assert guessed("How old are you?", low, high, declared=declared) is None


def test_odd_letters_in_a_heading_leave_the_configuration_readable(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text('id,date,"Q: \x7fwell? #1","on",\x00x\n1,2024-03-04,3,1,a\n2,2024-03-05,4,2,b\n', encoding="utf-8")
    text = configuration(proposed(path), Path("answers.csv"))
    assert [each.column for each in read_text(text).sources[0].questions] == ["Q: \x7fwell? #1", "on"]
    assert loaded(tmp_path, text) == ([], 4, 0)


def test_the_command_prints_a_configuration_or_one_object(tmp_path):
    shutil.copy(GOLDEN / "surveymonkey.csv", tmp_path)
    said = CliRunner().invoke(commands, ["propose", str(tmp_path / "surveymonkey.csv")])
    assert (said.exit_code, len(read_text(said.output).sources)) == (0, 1)
    told = json.loads(CliRunner().invoke(commands, ["propose", str(tmp_path / "surveymonkey.csv"), "--json"]).output)
    assert (told["ok"], told["kind"], told["responses"], told["configuration"]) == (
        True,
        "surveymonkey",
        3,
        said.output,
    )
    assert told["questions"][0]["guess"]["construct"] == "nps"


@pytest.mark.parametrize(
    ("name", "text", "error", "says"),
    [
        ("absent.csv", None, SourceError, "there is no file"),
        (
            "values.csv",
            "1,a@example.nl,2024-03-04 10:00:00\n2,b,3\n",
            SourceError,
            "the first line holds values, not names",
        ),
        ("book.xlsx", "PK\x03\x04", SourceError, "an Excel workbook"),
        ("empty.csv", "", SourceError, "the file is empty"),
        ("api.json", '{"data": [{"id": "1", "pages": []}]}', SourceError, "questions are only numbers"),
    ],
)
def test_what_cannot_be_proposed_says_why(name, text, error, says, tmp_path):
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(error, match=says):
        proposed(tmp_path / name)


def test_an_unknown_kind_names_its_neighbours(tmp_path):
    with pytest.raises(DefinitionError, match="no kind of survey is called 'qualtric'") as fault:
        proposed(tmp_path, kind="qualtric")
    assert "qualtrics" in fault.value.remedy

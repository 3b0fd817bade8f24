"""The made survey of three rounds: what was planted is found, what is a change of who answers or of words is not claimed."""

from __future__ import annotations

import re
from datetime import date

import pytest

from peil.config import FigureConfig
from peil.examples import survey_project
from peil.project import open_project
from peil.reports.comparability import between_periods
from peil.reports.compose import asked_figure
from peil.reports.figures import specification
from peil.reports.rows import rows_of
from peil.reports.survey_chapter import chapters
from peil.studies.wave_change import wave_changes

AGES = {"18-34": 0.35, "35-54": 0.40, "55+": 0.25}
MEASURES = ("nps", "csat_top2", "ces_2_easy")


@pytest.fixture(scope="module")
def voice(tmp_path_factory):
    folder = tmp_path_factory.mktemp("voice")
    survey_project(folder, name="voice")
    project = open_project(folder)
    project.load()
    yield project
    project.close()


def test_the_planted_change_is_found_and_nothing_else_is_claimed(voice):
    found = wave_changes(voice.data, [voice.measure(each) for each in MEASURES], least=10)
    verdicts = {(each.measure.name, each.after): each.finding.verdict for each in found}
    assert verdicts == {
        ("nps", "2023"): "yes", ("nps", "2024"): "unclear",
        ("csat_top2", "2023"): "yes", ("csat_top2", "2024"): "unclear",
        ("ces_2_easy", "2023"): "yes", ("ces_2_easy", "2024"): "unclear",
    }  # fmt: skip
    moved = {(each.measure.name, each.after): [one.aspect for one in each.changes] for each in found if each.changes}
    assert moved == {("ces_2_easy", "2024"): ["wording"]}


def test_people_who_were_asked_again_are_the_same_people(voice):
    assert voice.compare("nps", "wave", "2022", "2023").effect.correlation > 0.03


def test_each_round_is_weighted_to_the_population_by_itself(voice):
    (fit,) = voice.data.weighting["customers"].fits
    for wave in ("2022", "2023", "2024"):
        here = [place for place, level in enumerate(fit.levels) if level[0] == wave]
        whole = sum(fit.after[place] for place in here)
        shares = {fit.levels[place][1]: fit.after[place] / whole for place in here}
        assert shares == pytest.approx(AGES)
        assert whole == pytest.approx(sum(fit.rows[place] for place in here))


def test_rounds_of_one_wording_are_joined_and_a_changed_wording_leaves_a_gap(voice):
    asked = voice.asked("nl")
    figure = asked_figure(asked, FigureConfig(measure="ces_2_easy", by=("wave",)), "f1")
    assert figure.title == "Vond het makkelijk: geen trend te geven, formulering veranderd"
    (line,) = [each for each in figure.spec_wide["layer"] if each["mark"]["type"] == "line"]
    assert [each["part"] for each in line["data"]["values"]] == [0, 0, 1]
    assert line["encoding"]["detail"]["field"] == "part"
    assert any("2023 → 2024 (formulering)" in each for each in figure.note)
    # two points of the first stretch, and a second that is a point only
    drawn = re.findall(r'<path [^>]*d="M[^"]*L[^"]*"[^>]*stroke="#0b6e8a"', str(figure.svg))
    assert len(drawn) == 2  # wide and narrow
    nps = asked_figure(asked, FigureConfig(measure="nps", by=("wave",)), "f2")
    assert nps.title == "NPS is hoger in 2024 dan in 2022"


def test_a_series_over_years_stops_where_the_words_changed_and_claims_nothing(voice):
    asked, years = voice.asked("en"), [date(year, 1, 1) for year in (2022, 2023, 2024)]
    easy = voice.measure("ces_2_easy")
    breaks = between_periods(asked, easy, "year", "true")
    assert breaks == {years[2]: "wording"}
    assert between_periods(asked, voice.measure("csat_top2"), "year", "true") == {}
    found = asked.estimates(easy, ("year",))
    drawn = specification(rows_of(found, "en", minimum_n=10), found, "en", narrow=False, breaks=breaks)
    (line,) = [each for each in drawn["layer"] if each["mark"]["type"] == "line"]
    assert [each["part"] for each in line["data"]["values"]] == [0, 0, 1]
    assert line["encoding"]["detail"]["field"] == "part"
    (rule,) = [each for each in drawn["layer"] if each["mark"].get("strokeDash") == [3, 3]]
    assert len(rule["data"]["values"]) == 1


def test_the_chapter_tells_who_answered_how_it_is_weighted_and_each_question_once(voice):
    (chapter,) = chapters(voice.asked("nl"), drawn=())
    tables = {each.file: each for each in chapter.tables}
    questions = [[cell.shown for cell in row] for row in tables["questions.csv"].rows]
    assert [row[3] for row in questions] == ["2022, 2023, 2024", "2022, 2023, 2024", "2022, 2023", "2024"]
    assert questions[3][1] == "Zij maakten het makkelijk om hulp te krijgen."
    files = [each.table.file for each in chapter.figures]
    assert {"response_rate_2-wave.csv", "weights.csv", "weights-spread.csv", "nps-wave.csv"} <= set(files)
    assert {"outcomes.csv", "rounds-nps.csv", "rounds-ces_2_easy.csv"} <= set(tables)
    for figure in chapter.figures:
        if any(each.population == "responses" for each in figure.measures):
            assert figure.note[0].startswith("Vraag: “")
            assert any("n = " in each for each in figure.note)

"""The made survey of three rounds: what was planted is found, what is a change of who answers or of words is not claimed."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
from click.testing import CliRunner

from peil.cli import commands
from peil.config import FigureConfig
from peil.errors import EvidenceError, PeilError
from peil.examples import survey_project
from peil.project import open_project
from peil.reports.comparability import between_periods
from peil.reports.compose import asked_figure
from peil.reports.figures import specification
from peil.reports.rows import rows_of, table_of
from peil.reports.survey_chapter import chapters
from peil.sources.bridge import check_bridges
from peil.studies.wave_change import wave_changes
from peil.surveys.instrument import Put, changes

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


@pytest.fixture(scope="module")
def chapter(voice):
    (told,) = chapters(voice.asked("nl"), drawn=())
    return told


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


def test_the_chapter_tells_who_answered_how_it_is_weighted_and_each_question_once(chapter):
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


def test_a_question_of_some_rounds_carries_the_days_of_those_rounds_only(voice):
    asked = voice.asked("en")
    before = asked_figure(
        asked, FigureConfig(measure="nps", by=("extra.segment",), where="wave in ('2022', '2023')"), "f1"
    )
    every = asked_figure(asked, FigureConfig(measure="nps", by=("extra.segment",)), "f2")
    assert "6 May 2022 to 26 May 2023." in before.subtitle
    assert "6 May 2022 to 26 May 2024." in every.subtitle


def test_a_downloaded_comparison_says_of_what_level_its_interval_is(chapter):
    (table,) = [each for each in chapter.tables if each.file == "rounds-nps.csv"]
    heads = table.csv.splitlines()[0]
    assert heads == "rounds,before,after,difference,low,high,level,n_before,n_after,verdict,put_otherwise"
    assert "97%-intervallen" in table.caption
    for each in table.records:
        assert each["level"] == pytest.approx(0.97, abs=0.005)
        assert each["low"] < each["difference"] < each["high"]


def test_percentage_points_are_explained_only_where_they_are_written(chapter):
    rounds = [each for each in chapter.tables if each.file.startswith("rounds-")]
    assert len(rounds) == 3
    for each in rounds:
        written = any("pp" in row[3].shown for row in each.rows)
        assert ("(pp: procentpunt)" in each.caption) == written
    assert [each.file for each in rounds if "(pp" not in each.caption] == ["rounds-nps.csv"]


def test_a_group_with_too_few_answers_keeps_to_the_columns_of_numbers(voice):
    found = voice.asked("en").estimates(voice.measure("nps"), ("wave",))
    table = table_of(
        rows_of(found, "en", minimum_n=360), voice.measure("nps").unit, "en", caption="NPS", head="round", file="n.csv"
    )
    assert [row[1].shown for row in table.rows].count("too few") == 1
    assert all(cell.numeric for row in table.rows for cell in row[1:])


def test_a_group_that_is_not_there_is_named_as_it_was_written(voice):
    with pytest.raises(EvidenceError, match=r"'nps' has no rows where extra\.age is '18-35'") as refused:
        voice.compare("nps", "extra.age", "18-35", "55+")
    assert refused.value.remedy == "see which groups there are: peil estimate nps --by extra.age"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("construct: nps", "constuct: nps", r"bridge\.yaml:4:5: .*did you mean 'construct'"),
        ('"2024"', '"2025"', "'round_2024': bridge.yaml knows no wave '2024'"),
        ("", "", "'round_2022' names the bridge 'bridge.yaml', and there is no such file"),
    ],
    ids=["key", "wave", "file"],
)
def test_checking_reads_the_bridges_before_anything_is_loaded(tmp_path, old, new, says):
    survey_project(tmp_path, name="voice")
    bridge = tmp_path / "bridge.yaml"
    told = bridge.read_text(encoding="utf-8")
    sources = open_project(tmp_path).settings.sources
    check_bridges(sources, tmp_path)
    if old:
        bridge.write_text(told.replace(old, new), encoding="utf-8")
    else:
        bridge.unlink()
    with pytest.raises(PeilError, match=says):
        check_bridges(sources, tmp_path)
    done = CliRunner().invoke(commands, ["--config", str(tmp_path), "check"])
    assert isinstance(done.exception, PeilError)


def test_the_tables_of_a_survey_go_by_plain_keys_in_json(voice):
    project = str(voice.root)
    told = json.loads(CliRunner().invoke(commands, ["--config", project, "survey", "--json"]).stdout)
    tables = told["surveys"][0]["tables"]
    assert {"rounds_nps", "outcomes", "questions"} <= set(tables)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in tables)


def test_a_mix_of_channels_speaks_of_email_and_a_mix_of_modes_of_post():
    many = {"call": 90, "mail": 10}, {"call": 10, "mail": 90}
    channels = changes(Put(wave="1", channels=many[0]), Put(wave="2", channels=many[1]))
    assert [each.told.nl for each in channels] == [
        "De basis is veranderd: van “Telefoon 90%; E-mail 10%” naar “E-mail 90%; Telefoon 10%”."
    ]
    modes = changes(Put(wave="1", modes={"phone": 100}), Put(wave="2", modes={"mail": 100}))
    assert [(each.aspect, each.after.nl) for each in modes] == [("mode", "per post of e-mail 100%")]

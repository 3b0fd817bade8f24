"""The chapter on journeys says the same in both languages, in the report and on the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import peil
from peil.cli import commands
from peil.journeys.rule import JourneyRule
from peil.made import made
from peil.measures.catalogue import CATALOGUE
from peil.reports.asked import Asked
from peil.reports.journeys import journey_chapter


def asked(language="en", **told):
    return Asked(data=made(), catalogue=CATALOGUE, language=language, minimum_n=10, level=0.95, **told)


@pytest.fixture(scope="module")
def chapters():
    return {language: journey_chapter(asked(language), JourneyRule()) for language in ("en", "nl")}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = peil.demo_project(tmp_path_factory.mktemp("demo"), contacts=2_500)
    yield project
    project.close()


def test_the_heads_of_the_ledger_add_up_to_the_journey(chapters):
    ledger = next(each for each in chapters["en"].tables if each.file == "customer-time.csv")
    minutes = sum(float(row[1].stored) for row in ledger.rows)
    whole = (
        made()
        .engine.rows("select sum(lasted_ms) as ms, count(*) as n from journeys where whole and n_open = 0")
        .to_pylist()[0]
    )
    assert minutes == pytest.approx(float(whole["ms"]) / whole["n"] / 60_000)
    assert sum(float(row[4].stored) for row in ledger.rows) == pytest.approx(1)


def test_both_languages_hold_the_same_numbers(chapters):
    stored = {
        language: [[cell.stored for cell in row if cell.numeric] for one in chapter.tables for row in one.rows]
        for language, chapter in chapters.items()
    }
    assert stored["en"] == stored["nl"]
    assert chapters["nl"].facts[0].startswith("Een klantreis: één persoon, dezelfde reden")
    assert chapters["nl"].tables[0].rows[0][0].shown == "Telefoon"


def test_shares_of_paths_are_counts_of_whole_journeys(chapters):
    paths = chapters["en"].tables[0]
    whole = made().engine.rows("select count(*) as n from journeys where whole").to_pylist()[0]["n"]
    for row in paths.rows:
        assert float(row[3].stored) == pytest.approx(float(row[1].stored) / whole)
        assert float(row[4].stored) < float(row[3].stored) < float(row[5].stored)


def test_the_bars_of_the_figure_are_the_customer_s_time(chapters):
    table = chapters["en"].figures[0].table
    for row in table.rows:
        parts = [float(cell.stored) for cell in row[1:5]]
        assert sum(parts) == pytest.approx(float(row[5].stored), rel=1e-6)
    for figure in (chapters["en"].figures[0], chapters["nl"].figures[0]):
        assert figure.svg.count("<svg") == 2


def test_too_few_journeys_make_no_chapter():
    short = JourneyRule()
    assert (
        journey_chapter(Asked(data=made(), catalogue=CATALOGUE, language="en", minimum_n=10**9, level=0.95), short)
        is None
    )


def test_the_report_has_the_chapter_and_numbers_its_figure_once(project):
    text = project.report("nl").path.read_text(encoding="utf-8")
    assert '<section id="journeys"' in text
    assert "Klantreizen en de tijd van de klant" in text
    keys = [part.split('"')[0] for part in text.split('<figure id="')[1:]]
    assert len(keys) == len(set(keys)) > 2


def test_the_command_tells_paths_drop_off_and_ledger_as_json_too(project):
    run = CliRunner().invoke(commands, ["--config", str(project.root), "journeys", "--top", "3", "--json"])
    assert run.exit_code == 0, run.output
    told = json.loads(run.output)
    assert told["rule"] == {"window_days": 7, "reason": "same_or_unknown", "retell_seconds": 60}
    assert len(told["journey_paths"]) == 3
    assert {"journey_drop_off", "customer_time", "customer_time_by_channel", "facts"} <= set(told)
    shown = CliRunner().invoke(commands, ["--config", str(project.root), "journeys", "--lang", "nl"])
    assert shown.exit_code == 0, shown.output
    assert "Telefoon (opgegeven)" in shown.output

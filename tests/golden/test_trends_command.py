"""The register on the command line, as a person and a machine meet it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from peil.cli import commands
from peil.config import FigureConfig, ReportConfig
from peil.errors import DefinitionError, EvidenceError, SourceError
from peil.project import Project, open_project
from peil.reports.report import write_report

TRENDS = """
sources:
  - {id: us, title: Our own forecasts, vendor: us}
trends:
  - id: more_digital
    claim: {en: More contacts come through digital channels, nl: Meer contacten komen digitaal binnen}
    kind: forecast
    source: us
    made_on: 2019-12-01
    due_on: 2021-01-01
    probability: 0.9
    rule: {measure: digital_share, holds: above, than: 0.01, during: [2019-02-01, 2019-12-31]}
  - id: read_elsewhere
    claim: {en: Something else, nl: Iets anders}
    kind: forecast
    source: us
    made_on: 2019-12-01
    due_on: 2021-01-01
    probability: 0.0
    rule: {figure: {en: a figure, nl: een cijfer}, publisher: somebody, holds: above, than: 5}
  - id: beyond_the_data
    claim: {en: Later, nl: Later}
    kind: wave
    source: us
    made_on: 2019-12-01
    due_on: 2031-01-01
    rule: {measure: digital_share, holds: above, than: 0.01, during: [2030-01-01, 2030-12-31]}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trends") / "shop"
    runner = CliRunner()
    assert runner.invoke(commands, ["init", str(folder), "--name", "shop"]).exit_code == 0
    path = folder / "peil.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("contacts: 20000", "contacts: 3000"), encoding="utf-8")
    (folder / "trends.yaml").write_text(TRENDS, encoding="utf-8")
    assert runner.invoke(commands, ["--config", str(folder), "load"]).exit_code == 0
    return folder


def told(project: Path, *args: str):
    done = CliRunner().invoke(commands, ["--config", str(project), "trends", *args, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_register_is_listed_settled_and_scored_from_the_command_line(project):
    today = ("--today", "2022-01-01")
    listed = told(project, *today)
    assert [(each["id"], each["state"]) for each in listed["trends"]] == [
        ("more_digital", "due"), ("read_elsewhere", "due"), ("beyond_the_data", "open"),
    ]  # fmt: skip
    assert [each["id"] for each in told(project, "due", *today)["trends"]] == ["more_digital", "read_elsewhere"]
    settled = told(project, "resolve", *today)["resolutions"]
    assert [(each["trend"], each["outcome"], each["by"]) for each in settled] == [("more_digital", "yes", "measure")]
    assert settled[0]["run"]
    by_hand = told(project, "resolve", "read_elsewhere", "--value", "7", "--source", "a report", *today)
    assert by_hand["resolutions"][0]["outcome"] == "yes"
    assert told(project, "resolve", *today)["resolutions"] == []
    score = told(project, "score", *today)
    assert (score["verdict"], score["n"], score["log"]["value"]) == ("unclear", 2, "infinite")
    assert score["brier"]["value"] == pytest.approx(0.505)
    assert len((project / "trends.jsonl").read_text(encoding="utf-8").splitlines()) == 2
    assert told(project, "evidence") == {"ok": True, "evidence": [], "together": []}
    page = CliRunner().invoke(commands, ["--config", str(project), "trends", "score", "--lang", "nl", *today])
    assert "Sloot uit wat gebeurde" in page.output
    due = CliRunner().invoke(commands, ["--config", str(project), "trends", "due", "--lang", "nl", *today])
    assert due.output.strip() == "0 of 3 claims in trends.yaml"


def test_the_shipped_register_tells_its_evidence_without_a_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(commands, ["trends", "evidence", "--lang", "nl"], catch_exceptions=False)
    assert "NTT" in done.output
    assert "Te weinig onafhankelijke bronnen om samen te nemen." in done.output
    assert "hoog" in done.output


def test_the_report_has_the_scoreboard_once_the_project_keeps_a_register(project, tmp_path):
    opened = open_project(project)
    try:
        chapter = opened._register("nl")
        shown = FigureConfig(measure="abandonment", by=("channel",))
        config = ReportConfig(headlines=("abandonment",), figures=(shown,), variants=(), trend_breaks=(), chapters=())
        made = write_report(
            opened.data, config, catalogue=opened.measures, language="nl", path=tmp_path / "report.html", title_name="shop",
            simulated=True, truths=None, register=chapter,
        )  # fmt: skip
    finally:
        opened.close()
    page = made.path.read_text(encoding="utf-8")
    assert '<section id="trends"' in page
    assert "Beweringen in het register" in page
    assert "Meer contacten komen digitaal binnen" in page
    assert Project(tmp_path, opened.settings)._register("nl") is None


@pytest.mark.parametrize(
    ("args", "error", "says"),
    [
        (("resolve", "more"), DefinitionError, "no trend is named 'more'"),
        (("resolve", "--value", "3"), DefinitionError, "a figure settles one trend"),
        (("resolve", "beyond_the_data", "--today", "2022-01-01"), DefinitionError, "comes due on 2031-01-01"),
        (("resolve", "beyond_the_data", "--today", "2032-01-01"), EvidenceError, "data reach from"),
        (("--today", "tomorrow"), DefinitionError, "'tomorrow' is no day"),
        (("--file", "none.yaml"), SourceError, "there is no file none.yaml"),
    ],
)
def test_what_cannot_be_done_is_told_with_what_to_do(project, args, error, says):
    done = CliRunner().invoke(commands, ["--config", str(project), "trends", *args])
    assert isinstance(done.exception, error)
    assert says in done.exception.what
    assert done.exception.remedy


def test_a_wrong_day_is_a_word_and_no_trace(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "peil", "trends", "--today", "tomorrow"], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "NO_COLOR": "1"}, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["error: 'tomorrow' is no day", "  remedy: write it as 2024-01-01"]

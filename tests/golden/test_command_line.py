"""The command line as a person and a machine meet it: output, messages, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]

STARTED = """
import sys
sys.argv = ["peil", "--help"]
import click
from peil.cli import commands
try:
    commands.main(standalone_mode=False)
except click.exceptions.Exit:
    pass
heavy = {"duckdb", "pyarrow", "numpy", "pandas", "altair", "rich", "pydantic", "sqlglot", "jinja2", "babel", "scipy", "ruamel"}
print("HEAVY", sorted(heavy & {name.split(".")[0] for name in sys.modules}))
"""

PUBLISHED = """
samples:
  - {id: consumers_2021, audience: customer, n: 1402, editions: [2021]}
figures:
  - id: promoters
    claim: promoters
    about: {en: customers who are promoters, nl: klanten die promotor zijn}
    audience: customer
    kind: wave
    sort: share
    called: NPS
    value: 33
    base: consumers asked
    edition: 2021
    sample: consumers_2021
    source: a report
"""


@pytest.fixture(scope="session")
def run(peil_command: Callable[..., Done]) -> Run:
    kept = {name: value for name, value in os.environ.items() if name != "PEIL_CONFIG"}
    return lambda *args, cwd: peil_command(args, cwd=cwd, env={**kept, "NO_COLOR": "1", "COLUMNS": "200"})


def told(done: Done) -> dict[str, Any]:
    lines = done.stdout.strip().splitlines()
    assert len(lines) == 1, done.stdout + done.stderr
    found = json.loads(lines[0])
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def project(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "shop"
    made = run("init", str(folder), "--name", "shop", cwd=folder.parent)
    assert made.returncode == 0, made.stderr
    path = folder / "peil.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("contacts: 20000", "contacts: 3000"), encoding="utf-8")
    (folder / "published.yaml").write_text(PUBLISHED, encoding="utf-8")
    loaded = run("load", cwd=folder)
    assert loaded.returncode == 0, loaded.stderr
    assert "1 new, 0 unchanged, 0 refused" in loaded.stdout
    return folder


def test_help_starts_without_any_heavy_library(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", STARTED], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "HEAVY []" in done.stdout
    assert "estimate" in done.stdout


def test_a_project_opens_without_what_only_some_questions_need(tmp_path: Path) -> None:
    late = "{'altair', 'scipy.stats', 'scipy.optimize', 'scipy.sparse', 'splink', 'pandas'}"
    script = f"import sys, peil.project; print(sorted({late} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_loading_again_changes_nothing(run: Run, project: Path) -> None:
    done = run("load", "--json", cwd=project)
    assert done.returncode == 0
    assert told(done)["unchanged"] == ["<centre>"]
    assert told(done)["new"] == []


@pytest.mark.parametrize(
    "args",
    [
        ("check",),
        ("measures",),
        ("explain", "nps"),
        ("estimate", "nps", "--by", "channel"),
        ("variants", "service_level"),
        ("compare", "nps", "call", "bot", "--by", "channel"),
        ("rejected",),
        ("doctor",),
        ("report",),
        ("survey",),
        ("export", "customer", "--out", "out"),
        ("trend", "digital_share", "--period", "week", "--lang", "nl"),
        ("evidence", "published.yaml"),
    ],
)
def test_each_command_prints_text_for_people_and_one_object_for_machines(
    run: Run, project: Path, args: tuple[str, ...]
) -> None:
    people = run(*args, cwd=project)
    assert people.returncode == 0, people.stderr
    assert people.stdout.strip()
    assert not people.stdout.startswith("{")
    machine = run(*args, "--json", cwd=project)
    assert machine.returncode == 0, machine.stderr
    assert told(machine)["ok"] is True
    assert machine.stderr == ""


def test_the_spread_of_definitions_is_of_those_in_one_unit(run: Run, project: Path) -> None:
    """Points less a share are neither."""
    found = told(run("variants", "nps", "--json", cwd=project))
    points = [each["value"] for each in found["variants"] if each["unit"] == "points" and each["n"]]
    assert {each["unit"] for each in found["variants"] if each["n"]} == {"points", "share"}
    assert found["spread"] == max(points) - min(points)


def test_an_estimate_carries_its_base_its_interval_and_what_it_rests_on(run: Run, project: Path) -> None:
    found = told(run("estimate", "abandonment", "--by", "channel", "--by", "year", "--json", cwd=project))
    first = found["estimates"][0]
    assert {"measure", "channel", "year", "value", "low", "high", "n", "clusters", "level", "unit", "method"} <= set(
        first
    )
    assert first["low"] <= first["value"] <= first["high"]
    assert set(found["run"]) >= {"inputs", "version", "engine", "seed", "digest"}


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("estimate", "waitingtime"), 2, "no measure is named 'waitingtime'"),
        (("estimate", "nps", "--by", "chanel"), 2, "did you mean 'channel'"),
        (("estimate", "nps", "--where", "avg(score) > 3"), 2, "does not mean the same on every engine"),
        (("estimate", "nps", "--by", "customer_id"), 2, "is nothing to group"),
        (("estimate", "handle_time", "--by", "customer_id"), 2, "no figures are given by it"),
        (("estimat",), 2, "there is no command 'estimat'; did you mean 'estimate'?"),
        (("report", "--lang", "de"), 2, "'de' is not one of 'en', 'nl'"),
        (("explain", "npss"), 2, "did you mean 'nps'"),
        (("estimate", "service_level"), 2, "peil variants service_level"),
        (("survey", "--name", "custmer"), 2, "did you mean 'customer'"),
        (("variants", "servicelevel"), 2, "did you mean 'service_level'"),
        (("trend", "nps", "--on", "yesterday"), 2, "'yesterday' is no day"),
        (("trend", "npss"), 2, "did you mean 'nps'"),
    ],
)
def test_a_wrong_question_gets_a_clear_word_and_exit_code(
    run: Run, project: Path, args: tuple[str, ...], code: int, says: str
) -> None:
    done = run(*args, cwd=project)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    machine = run(*args, "--json", cwd=project)
    assert machine.returncode == code
    assert says in told(machine)["error"]["what"] + told(machine)["error"]["remedy"]


def test_without_a_project_the_way_to_make_one_is_named(run: Run, tmp_path: Path) -> None:
    done = run("load", cwd=tmp_path)
    assert done.returncode == 2
    assert "there is no peil.yaml in this folder or above it" in done.stderr
    assert "peil init" in done.stderr


def test_asking_before_loading_says_so(run: Run, tmp_path: Path) -> None:
    assert run("init", ".", "--name", "shop", cwd=tmp_path).returncode == 0
    done = run("estimate", "nps", cwd=tmp_path)
    assert done.returncode == 1
    assert "run 'peil load' first" in done.stderr
    again = run("init", ".", cwd=tmp_path)
    assert again.returncode == 2
    assert "already" in again.stderr


def test_a_refused_file_ends_in_exit_code_3_and_leaves_the_others(run: Run, tmp_path: Path) -> None:
    assert run("init", ".", "--name", "shop", "--table", cwd=tmp_path).returncode == 0
    exports = tmp_path / "exports"
    exports.mkdir()
    head = "call_id,queue,started,wait_seconds,talk_seconds,agent,outcome\n"
    (exports / "good.csv").write_text(head + "1,sales,04-03-2024 09:00:00,12,200,a1,answered\n", encoding="utf-8")
    (exports / "bad.csv").write_text(head + "2,sales,someday,12,200,a1,answered\n", encoding="utf-8")
    done = run("load", cwd=tmp_path)
    assert done.returncode == 3
    assert "refused bad.csv" in done.stderr
    assert "started_at.not_a_instant" in done.stderr or "started_at" in done.stderr
    assert told(run("estimate", "volume", "--json", cwd=tmp_path))["estimates"][0]["value"] == 1


def test_each_run_leaves_a_record(run: Run, project: Path) -> None:
    run("load", cwd=project)
    record = json.loads((project / "peil-run.json").read_text(encoding="utf-8"))
    assert record["command"] == "load"
    assert record["run"]["version"]
    assert not list(project.glob(".peil-run*"))

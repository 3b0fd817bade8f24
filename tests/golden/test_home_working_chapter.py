"""Working from home as a person meets it: the chapter in two languages, and the command."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from peil.cli import commands
from peil.dataset import Run
from peil.errors import DisclosureError
from peil.estimates.agent_panel import panel_of
from peil.reports.home_working import chapter
from peil.sources.simulated import SimulatedHomeWorking
from peil.sources.simulated.home_weeks import home_weeks
from peil.studies.home_working import of_panel

RUN = Run(inputs={}, version="test", engine="none")
WORLD = {"agents": 72, "teams": 8, "weeks": 32, "per_week": 150.0}
PROJECT = """\
name: home
organisation: Centre at home (simulated)
simulated: true
sources:
  - {kind: simulated_home_working, name: centre, agents: 40, teams: 4, weeks: 8, per_week: 10, moves: MOVES}
"""


def studied(named=False, **world):  # noqa: FBT002  # as the study's own
    panel = panel_of(home_weeks(SimulatedHomeWorking(**{**WORLD, **world})))
    return of_panel(panel, run=RUN, agents=named)


@pytest.fixture(scope="module")
def found():
    return studied(moves="staggered", hanging_up=3)


@pytest.mark.parametrize(("language", "title"), [("en", "Working from home"), ("nl", "Thuiswerken")])
def test_the_chapter_takes_the_gap_apart_and_shows_before_and_after(found, language, title):
    topic = chapter(found, language)
    assert topic.title == title
    assert [each.key for each in topic.figures] == [
        "home-parts", "home-events", "home-team-effects", "home-teams",
    ]  # fmt: skip
    for figure in topic.figures:
        assert figure.svg.count("<svg") == 2
        assert figure.spec_wide != figure.spec_narrow
    effects = topic.figures[2]
    assert effects.table.names[:2] == ("team", "effect")
    assert len(effects.table.rows) == len(found.teams.teams)
    assert ("standard deviation" if language == "en" else "standaardafwijking") in effects.finding
    assert effects.finding in topic.facts
    parts = topic.figures[0].table
    assert [row[0].shown for row in parts.rows] == [each.label.read(language) for each in found.parts.values()]
    stored = [float(row[1].stored) for row in parts.rows]
    assert stored[2] == pytest.approx(stored[3] + stored[4], abs=1e-8)
    ((finding, beside),) = topic.findings
    assert finding is found.finding
    assert any(
        "3" in each and ("hang" in each or "afgebroken" in each or "breken" in each or "at once" in each)
        for each in beside
    )


def test_a_relative_effect_is_shown_in_per_cent_and_not_in_percentage_points(found):
    told = chapter(found, "en").figures[0].finding
    assert "%" in told
    assert "percentage points" not in told


def test_agents_stand_in_the_chapter_only_where_that_is_switched_on(found):
    texts = repr(chapter(found, "nl"))
    assert "a0001" not in texts
    assert found.hanging_up.n == 3
    named = chapter(studied(named=True, moves="staggered", hanging_up=3), "nl")
    assert [each.key for each in named.figures][-1] == "home-agents"
    assert "a0001" in repr(named)
    assert any("ondernemingsraad" in each.nl for each in named.findings[0][0].assumptions)


def test_a_world_that_cannot_be_compared_still_has_a_chapter():
    topic = chapter(studied(moves="everyone"), "en")
    assert [each.key for each in topic.figures] == ["home-teams"]
    finding = topic.findings[0][0]
    assert finding.verdict == "unclear"
    assert np.isnan(finding.effect.value)


def asked(folder, *arguments):
    return CliRunner().invoke(commands, ["--config", str(folder), *arguments])


def test_the_command_tells_people_and_machines_the_same(tmp_path):
    (tmp_path / "peil.yaml").write_text(PROJECT.replace("MOVES", "one_day"), encoding="utf-8")
    assert asked(tmp_path, "load").exit_code == 0
    told = asked(tmp_path, "home-working", "--lang", "nl")
    assert told.exit_code == 0, told.output
    assert "waarvan het thuiswerken" in told.output
    plain = json.loads(asked(tmp_path, "home-working", "--json", "--matters", "0.5").output)
    assert plain["ok"]
    assert plain["verdict"] == "no"
    assert plain["parts"]["raw"]["value"] == pytest.approx(
        plain["parts"]["selection"]["value"] + plain["parts"]["treatment"]["value"]
    )
    assert (plain["agents"], len(plain["teams"]), plain["teams_not_shown"]) == ([], 4, 0)
    assert {each["name"] for each in plain["team_effects"]["teams"]} <= {each["name"] for each in plain["teams"]}
    assert plain["team_effects"]["hidden"] + len(plain["team_effects"]["teams"]) == 4
    assert all(each["agents"] >= 5 for each in plain["team_effects"]["teams"])
    assert (plain["movers"], plain["others"], plain["agent_weeks"]) == (20, 20, 320)
    named = json.loads(asked(tmp_path, "home-working", "--json", "--agents").output)
    assert len(named["agents"]) == 40
    few = asked(tmp_path, "home-working", "--where", "agent_id in ('a0001', 'a0002', 'a0003', 'a0004')")
    assert isinstance(few.exception, DisclosureError)
    assert "a0001" not in str(few.exception)

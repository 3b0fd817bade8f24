"""Staff first as a person meets it: the chapter in two languages, and the command."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from peil.cli import commands
from peil.dataset import Run
from peil.estimates.team_months import StaffRows
from peil.reports.staff_first import beside, chapter
from peil.sources.simulated import SimulatedStaffFirst
from peil.sources.simulated.staff_months import staff_months
from peil.studies.staff.pulse import pulse
from peil.studies.staff_first import of_rows

RUN = Run(inputs={}, version="test", engine="none")
PROJECT = """\
name: staff
organisation: Staff first (simulated)
simulated: true
sources:
  - {kind: simulated_staff_first, name: teams, teams: 7, per_team: 8, months: 7, contacts: 8, seed: 2}
"""


def studied(**world):
    chosen = SimulatedStaffFirst(**world)
    rows = StaffRows.of(*staff_months(chosen), same_source=chosen.common_method)
    return of_rows(rows, run=RUN, permutations=100, draws=50)


@pytest.fixture(scope="module")
def found():
    return studied(seed=1, teams=12, months=12, staff_to_customer=-0.6, mandate_to_customer=-0.6)


@pytest.mark.parametrize(("language", "title"), [("en", "Staff first"), ("nl", "De medewerker eerst")])
def test_the_chapter_shows_what_goes_first_the_ceiling_the_pulse_and_who_stays(found, language, title):
    topic = chapter(found, language)
    assert topic.title == title
    assert [each.key for each in topic.figures] == ["staff-links", "staff-needed", "staff-pulse", "staff-staying"]
    for figure in topic.figures:
        assert language == "en" or figure.svg.count("<svg") == 2  # drawn once: it takes a second
        assert figure.spec_wide != figure.spec_narrow
        assert figure.table.rows
    links = topic.figures[0].table
    assert len(links.rows) == 8
    assert float(links.rows[0][1].stored) == pytest.approx(found.finding.effect.value, abs=1e-8)
    assert [each.file for each in topic.tables] == ["staff-scales.csv", "staff-mandate.csv", "staff-teams.csv"]
    assert len(topic.tables[2].rows) == len(found.teams) == 12


def test_a_sign_that_nobody_hopes_for_stands_in_the_chapter_in_both_languages(found):
    ((finding, told),) = chapter(found, "nl").findings
    assert finding.effect.high < 0
    assert any("niet wat men hoopt" in each and "medewerkerstevredenheid" in each for each in told)
    assert any("not what is hoped for" in each.en for each in beside(found))


def test_no_member_of_staff_stands_in_the_chapter(found):
    assert "s0000" not in repr(chapter(found, "en"))
    assert min(each.people for each in found.teams) >= 5


def test_months_that_stand_out_are_named(found):
    assert (
        next(each for each in chapter(found, "en").figures if each.key == "staff-pulse").note[0].startswith("No month")
    )
    panel = found.panel
    lower = {**panel.mean, "staff_satisfaction": panel.mean["staff_satisfaction"].copy()}
    lower["staff_satisfaction"][:, -1] -= 4
    told = replace(found, pulse=pulse(replace(panel, mean=lower), level=0.95, fewest=5))
    note = next(each for each in chapter(told, "nl").figures if each.key == "staff-pulse").note[0]
    assert "dec 2023: buiten een grens" in note


def asked(folder, *arguments):
    return CliRunner().invoke(commands, ["--config", str(folder), *arguments])


def test_the_command_tells_people_and_machines_the_same(tmp_path):
    (tmp_path / "peil.yaml").write_text(PROJECT, encoding="utf-8")
    assert asked(tmp_path, "load").exit_code == 0
    told = asked(tmp_path, "staff", "--lang", "nl")
    assert told.exit_code == 0, told.output
    assert "Medewerkerstevredenheid, dan klanten" in told.output
    assert "zonder doorverbinden of akkoord" in told.output
    plain = json.loads(asked(tmp_path, "staff", "--json", "--matters", "9").output)
    assert plain["ok"]
    assert plain["verdict"] == "unclear"
    assert [each["scale"] for each in plain["links"]][::3] == ["staff_satisfaction", "mandate"]
    assert {each["name"]: each["passed"] for each in plain["checks"]}["enough_teams"] is False
    assert plain["mandate"]["measured"]["low"] < plain["mandate"]["measured"]["value"] < 1
    assert len(plain["pulse"]) == 7
    assert (len(plain["teams"]), plain["teams_not_shown"], plain["same_source"]) == (7, 0, False)

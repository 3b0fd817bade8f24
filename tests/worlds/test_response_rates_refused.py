"""No route gives a response rate where there is none: volunteers, and exports that hold respondents only."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from peil.errors import DefinitionError, EvidenceError
from peil.estimates.difference import Side, difference
from peil.estimates.estimate import estimate
from peil.estimates.series import series
from peil.made import made
from peil.measures.catalogue import CATALOGUE, measure_named
from peil.project import open_project
from peil.surveys.outcomes import is_response_rate

RATES = [each for each in CATALOGUE if is_response_rate(each)]
INVITED = """
name: panel
organisation: Kust
sources:
  - kind: table
    name: fieldwork
    table: invitations
    files: [invitations.csv]
    columns:
      invitation_id: id
      response_id: answer
      survey: survey
      wave: wave
      invited_at: {of: "'2024-03-04 09:00'", parse: "%Y-%m-%d %H:%M"}
      disposition: ended
  - kind: table
    name: answers
    table: answers
    files: [answers.csv]
    columns:
      response_id: id
      survey: survey
      question: "'q1'"
      construct: "'nps'"
      scale_low: "'0'"
      scale_high: "'10'"
      value_milli: {of: score, times: 1000}
      answered_at: {of: "'2024-03-05 09:00'", parse: "%Y-%m-%d %H:%M"}
surveys:
  - {name: club, panel: opt_in}
"""


def opened(folder, rows, settings=INVITED):
    """A project with invitations (survey, wave, how they ended); who answered gave a score."""
    (folder / "peil.yaml").write_text(settings, encoding="utf-8")
    lines, answers = ["id,answer,survey,wave,ended"], ["id,survey,score"]
    for number, (survey, wave, ended, *told) in enumerate(rows):
        answered = ended in {"complete", "partial"} or told
        lines.append(f"{number},{f'r{number}' if answered else ''},{survey},{wave},{ended}")
        if ended == "complete":
            answers.append(f"r{number},{survey},{number % 11}")
    (folder / "invitations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "answers.csv").write_text("\n".join(answers) + "\n", encoding="utf-8")
    project = open_project(folder)
    assert not project.load().refused
    return project


CLUB = [("club", "1", "complete")] * 30 + [("club", "1", "no_contact")] * 60
SAMPLE = [("sample", "1", "complete")] * 30 + [("sample", "1", "no_contact")] * 30


def test_a_survey_of_volunteers_has_a_participation_rate_and_none_of_the_twelve_response_rates(tmp_path):
    project = opened(tmp_path, CLUB + SAMPLE)
    assert len(RATES) == 12
    for name in RATES:
        with pytest.raises(DefinitionError, match="volunteers has no response rate"):
            project.estimate(name)
        with pytest.raises(DefinitionError, match=f"no '{name}' of 'club'"):
            project.estimate(name, by=["survey"], where="wave = '1'")
        assert project.estimate(name, where="survey = 'sample'").only().n
    assert project.estimate("participation_rate", where="survey = 'club'").only().value == pytest.approx(1 / 3)
    with pytest.raises(DefinitionError, match="volunteers"):
        project.variants("response_rate")
    with pytest.raises(DefinitionError, match="volunteers"):
        project.compare("response_rate_1", "survey", "sample", "club")
    with pytest.raises(DefinitionError, match="volunteers"):
        series(project.data, measure_named("response_rate_1"), period="month")
    sides = [Side(measure=measure_named("response_rate_2"), where=f"survey = '{each}'") for each in ("sample", "club")]
    with pytest.raises(DefinitionError, match="volunteers"):
        difference(project.data, *sides)


def test_the_chapter_and_the_report_of_volunteers_tell_no_response_rate(tmp_path):
    project = opened(tmp_path, CLUB + SAMPLE)
    told = {each.survey: json.dumps([one.rows for one in each.tables], default=str) for each in project.surveys()}
    assert "Participation rate" in told["club"]
    assert "Response rate" not in told["club"]
    assert "Response rate (RR1" in told["sample"]
    page = project.report(path=tmp_path / "report.html").path.read_text(encoding="utf-8")
    begin = page.index("survey “club”")
    assert "Participation rate" in page[begin : page.index("survey “sample”", begin)]
    assert "Response rate" not in page[begin : page.index("survey “sample”", begin)]


def test_a_report_that_asks_for_the_response_rate_of_volunteers_is_refused_with_what_to_ask(tmp_path):
    figure = "report:\n  figures:\n    - {measure: response_rate_1, by: [survey]}\n"
    project = opened(tmp_path, CLUB, INVITED + figure)
    with pytest.raises(DefinitionError, match="participation_rate"):
        project.report(path=tmp_path / "report.html")


def test_the_command_line_refuses_and_says_what_to_ask_instead(tmp_path, peil_command):
    opened(tmp_path, CLUB).close()
    for command in (["estimate", "response_rate_1"], ["variants", "contact_rate"]):
        done = peil_command([*command, "--json"], cwd=tmp_path, env={**os.environ, "NO_COLOR": "1"})
        assert done.returncode == 2
        told = json.loads(done.stdout)["error"]
        assert "volunteers has no response rate" in told["what"]
        assert "participation_rate" in told["remedy"]


def test_an_export_of_respondents_only_has_no_response_rate_whatever_became_of_them(tmp_path):
    """They finished, stopped half-way, broke off at once, or were screened out: all of them came."""
    came = [("web", "1", "complete")] * 20 + [("web", "1", "partial")] * 4
    came += [("web", "1", "refused", "came"), ("web", "1", "not_eligible")]
    project = opened(tmp_path, came)
    with pytest.raises(EvidenceError, match=r"respondents only.*no 'response_rate_1'"):
        project.estimate("response_rate_1")
    assert project.estimate("completion_rate").only().value == pytest.approx(20 / 24)
    (chapter,) = project.surveys()
    told = json.dumps([one.rows for one in chapter.tables], default=str)
    assert "Response rate" not in told
    assert "Completion rate" in told
    assert any("how many were asked is not known" in each for each in chapter.facts)


def test_respondents_only_beside_a_survey_with_silent_invitations_do_not_count_as_everybody(tmp_path):
    came = [("web", "1", "complete")] * 20
    project = opened(tmp_path, came + SAMPLE)
    for ask in ({}, {"by": ["survey"]}):
        with pytest.raises(EvidenceError, match="of 'web' there are respondents only") as refused:
            project.estimate("response_rate_1", **ask)
        assert "survey not in ('web')" in str(refused.value)
    assert project.estimate("response_rate_1", where="survey not in ('web')").only().value == pytest.approx(0.5)
    project.close()


def test_where_everybody_was_asked_and_answered_that_can_be_said(tmp_path):
    project = opened(
        tmp_path, [("all", "1", "complete")] * 12, INVITED.replace("{name: club, panel: opt_in}", "{name: all, panel: census}")
    )  # fmt: skip
    assert project.estimate("response_rate_1").only().value == 1.0
    (chapter,) = project.surveys()
    assert "Response rate (RR1" in json.dumps([one.rows for one in chapter.tables], default=str)
    assert any("everybody was asked" in each for each in chapter.facts)


def test_a_simulated_survey_may_give_its_rates_until_it_is_said_to_be_of_volunteers():
    data = made()
    with pytest.raises(EvidenceError, match="of 'staff' there are respondents only"):
        estimate(measure_named("response_rate_1"), data)
    told = replace(data, panels={"staff": "census"})
    assert all(each.n for each in estimate(measure_named("response_rate_1"), told, by=["survey"])[0])
    with pytest.raises(DefinitionError, match="of 'customer'"):
        estimate(measure_named("response_rate_1"), replace(data, panels={"customer": "opt_in", "staff": "census"}))


def test_customers_and_staff_have_no_response_rate_together():
    data, rate = replace(made(), panels={"staff": "census"}), measure_named("response_rate_2")
    for by in ((), ("wave",), ("month",)):
        with pytest.raises(DefinitionError, match="would be of customer and staff together") as refused:
            estimate(rate, data, by=by)
        assert "where: audience = 'customer'" in str(refused.value)
    apart = {each.group[0][1]: each.value for each in estimate(rate, data, by=["audience"])[0]}
    (customers,) = estimate(rate, data, where="audience = 'customer'")[0]
    assert apart == {"customer": customers.value, "staff": 1.0}


def test_who_opened_a_survey_and_answered_nothing_broke_off_and_is_no_part_of_an_interview(tmp_path):
    """Standard Definitions: a partial interview has answers enough to use; whoever leaves before is a break-off (R)."""
    (tmp_path / "answers.csv").write_text(
        "id,finished,when,q1,q2\n1,1,2024-03-04,9,2\n2,0,2024-03-04,8,\n3,0,2024-03-04,,\n4,0,2024-03-04,,3\n",
        encoding="utf-8",
    )
    (tmp_path / "peil.yaml").write_text(
        """
name: web
organisation: Kust
sources:
  - kind: survey
    name: web
    survey: web
    files: [answers.csv]
    respondent: {response_id: id, finished: finished, answered_at: when, parse: ["%Y-%m-%d"]}
    questions:
      - {name: q1, construct: nps, scale: [0, 10]}
      - {name: q2, scale: [1, 5]}
""",
        encoding="utf-8",
    )
    project = open_project(tmp_path)
    assert not project.load().refused
    rows = project.data.engine.rows("select invitation_id as id, disposition from invitations").to_pylist()
    project.close()
    assert {row["id"]: row["disposition"] for row in rows} == {
        "1": "complete",
        "2": "partial",
        "3": "refused",
        "4": "partial",
    }

"""Fields that an export kept are found again whatever their headings hold."""

from __future__ import annotations

import csv
import random

import pytest

from peil.engines.subset import field, rendered
from peil.errors import DefinitionError
from peil.project import open_project
from peil.reports.asked import Asked
from peil.reports.conditions import condition
from peil.reports.surveyed import facts_of, surveyed
from peil.surveys.responses import RESPONSES

HEADINGS = (
    "Q7 (score)",
    "a.b",
    "a[0]",
    "it's",
    'q"x',
    "Niveau d'étude",
    "naïve.é",
    "Klant/soort",
    "back\\s",
    "*",
    "select",
)
SETTINGS = """
name: headings
organisation: Kust
sources:
  - kind: survey
    name: shop
    files: [answers.csv]
    respondent: {response_id: id, answered_on: 2024-05-15}
    questions: [{name: recommend, asked_as: NPS, construct: nps}]
"""
# of each field its own pattern of values, so that one field read for another shows
DRAW = random.Random(5)  # noqa: S311  # no secrets
VALUES = [[DRAW.choice(["x", "O'Neil"]) for _ in HEADINGS] for _ in range(40)]
SCORES = [DRAW.randint(0, 10) for _ in VALUES]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("headings")
    (folder / "peil.yaml").write_text(SETTINGS, encoding="utf-8")
    with (folder / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [(number, score, *values) for number, (score, values) in enumerate(zip(SCORES, VALUES, strict=True))]
        csv.writer(file).writerows([("id", "NPS", *HEADINGS), *rows])
    opened = open_project(folder)
    opened.load()
    yield opened
    opened.close()


def nps(place, value):
    points = [
        100 * (score > 8) - 100 * (score < 7)
        for score, values in zip(SCORES, VALUES, strict=True)
        if values[place] == value
    ]
    return pytest.approx(sum(points) / len(points)), len(points)


@pytest.mark.parametrize(("place", "heading"), list(enumerate(HEADINGS)))
def test_figures_are_given_by_a_field_whatever_its_heading_holds(project, place, heading):
    found = {dict(each.group)[f"extra.{heading}"]: each for each in project.estimate("nps", by=[f"extra.{heading}"])}
    assert {value: (each.value, each.n) for value, each in found.items()} == {
        value: nps(place, value) for value in ("x", "O'Neil")
    }


@pytest.mark.parametrize(("place", "heading"), list(enumerate(HEADINGS)))
def test_answers_are_chosen_by_a_field_whatever_its_heading_holds(project, place, heading):
    found = project.estimate("nps", where=condition(f"extra.{heading}", "O'Neil", RESPONSES)).only()
    assert (found.value, found.n) == nps(place, "O'Neil")


@pytest.mark.parametrize(("place", "heading"), list(enumerate(HEADINGS)))
def test_groups_are_compared_by_a_field_whatever_its_heading_holds(project, place, heading):
    effect = project.compare("nps", f"extra.{heading}", "x", "O'Neil").effect
    assert [(each.value, each.n) for each in (effect.first, effect.second)] == [
        nps(place, value) for value in ("x", "O'Neil")
    ]


def test_a_field_in_quotes_is_compared_as_well(project):
    assert project.compare("nps", 'extra."Q7 (score)"', "x", "O'Neil").effect.second.n == nps(0, "O'Neil")[1]


def test_a_name_with_points_needs_no_quotes(project):
    found = project.estimate("nps", where="extra.a.b = 'x' and t.extra.naïve.é = 'x'").only()
    assert found.n == sum(each[1] == each[6] == "x" for each in VALUES)


def test_the_report_gives_figures_by_every_field_of_few_values(project):
    asked: Asked = project.asked("en")
    (survey,) = surveyed(asked)
    facts = facts_of(asked, survey)
    assert set(facts) == {f"extra.{each}" for each in HEADINGS}
    assert all(len(project.estimate("nps", by=[each])) == len(("x", "O'Neil")) for each in facts)


@pytest.mark.parametrize("where", ["extra_field(extra, question) = 'x'", "extra_field(extra) = 'x'"])
def test_a_field_without_a_name_is_refused(project, where):
    with pytest.raises(DefinitionError, match="names no field"):
        project.estimate("nps", where=where)


def test_spark_refuses_a_heading_that_it_cannot_write():
    with pytest.raises(DefinitionError, match="Spark cannot read a field"):
        rendered("select " + field("d'un a.b") + " as v from answers", "spark")

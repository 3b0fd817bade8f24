"""The command about scales, and what it says where it cannot tell."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

from peil.errors import DefinitionError, EvidenceError
from peil.methods.one_factor import omega
from peil.methods.reliability import alpha
from peil.project import open_project

SETTINGS = """
name: scale
organisation: Kust
sources:
  - kind: table
    name: survey
    table: answers
    files: [answers.csv]
    columns:
      survey: "'effort'"
      response_id: id
      customer_id: id
      question: question
      construct: measures
      scale_low: "'1'"
      scale_high: high
      reversed: turned
      value_milli: {of: ticked, times: 1000}
      answered_at: {of: "'2024-03-04 09:00'", parse: "%Y-%m-%d %H:%M"}
"""
LOADINGS = np.array([0.8, 0.7, 0.6])
PEOPLE = 400


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Effort on 1 to 7, speed items on 1 to 5 of which one is put the other way round, satisfaction on 1 to 5."""
    dice = np.random.default_rng(2)
    ease, apart = dice.normal(size=(2, PEOPLE))
    speed = 0.6 * ease + 0.8 * apart

    def ticked(hidden, high):
        return np.clip(np.rint((high + 1) / 2 + high / 5 * hidden), 1, high).astype(int)

    asked = {
        f"speed{place + 1}": ("ces_speed", 5, ticked(one * speed + np.sqrt(1 - one**2) * dice.normal(size=PEOPLE), 5))
        for place, one in enumerate(LOADINGS)
    }
    asked["effort"] = ("ces_2", 7, ticked(0.8 * ease + 0.6 * dice.normal(size=PEOPLE), 7))
    asked["happy"] = ("csat", 5, ticked(0.5 * ease + 0.5 * apart + 0.7 * dice.normal(size=PEOPLE), 5))
    lines = ["id,question,measures,high,turned,ticked"]
    for question, (measures, high, values) in asked.items():
        turned = question == "speed2"
        for number, value in enumerate(values):
            # a tenth skips the last speed item
            if question == "speed3" and number % 10 == 0:
                continue
            lines.append(
                f"{number},{question},{measures},{high},{'true' if turned else ''},{high + 1 - value if turned else value}"
            )
    made = tmp_path_factory.mktemp("scale")
    (made / "answers.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (made / "peil.yaml").write_text(SETTINGS, encoding="utf-8")
    project = open_project(made)
    assert not project.load().refused
    project.close()
    return made


@pytest.fixture(scope="module")
def project(folder):
    """That project, opened."""
    opened = open_project(folder)
    yield opened
    opened.close()


ITEMS = ("speed1", "speed2", "speed3")


def test_items_on_another_scale_than_effort_and_put_the_other_way_round_make_one_scale(project):
    found = project.scale_quality(ITEMS, speed=ITEMS)
    assert found.n == PEOPLE * 9 // 10
    assert found.incomplete == PEOPLE // 10
    covariance = np.outer(LOADINGS, LOADINGS) + np.diag(1 - LOADINGS**2)
    # ticks are coarser than what they stand for, and so a little less alike
    assert float(alpha(covariance)) - 0.08 < found.reliability.alpha < float(alpha(covariance)) + 0.04
    assert float(omega(LOADINGS, 1 - LOADINGS**2)) - 0.08 < found.reliability.value
    assert min(each.item_rest for each in found.items) > 0.4
    assert found.finding.verdict == "yes"
    assert found.speed_gain.low > 0.01


def test_the_command_tells_what_the_study_finds(folder, project, peil_command):
    done = peil_command(["scale", *ITEMS, "--json"], cwd=folder, env={**os.environ, "NO_COLOR": "1"})
    assert done.returncode == 0
    told, found = json.loads(done.stdout), project.scale_quality(ITEMS)
    assert told["verdict"] == found.finding.verdict
    assert told["coefficient"] == "omega"
    assert told["reliability"]["value"] == pytest.approx(found.reliability.value)
    assert told["reliability"]["low"] < told["reliability"]["value"] < told["reliability"]["high"]
    assert told["gain"]["value"] == pytest.approx(found.finding.effect.value)
    assert [each["question"] for each in told["items"]] == list(ITEMS)


def test_the_command_reads_as_sentences_and_says_of_two_items_what_is_reported(folder, peil_command):
    done = peil_command(["scale", "speed1", "speed2", "--lang", "nl"], cwd=folder, env={**os.environ, "NO_COLOR": "1"})
    assert done.returncode == 0
    for each in ("ja: ", "Betrouwbaarheid: Spearman-Brown 0,", "alfa 0,", "De vragen van de schaal", "speed2"):
        assert each in done.stdout


@pytest.mark.parametrize(
    ("items", "given", "kind", "says"),
    [
        (("speed1",), {}, EvidenceError, "a scale of 1 item"),
        (("speed1", "spede2"), {}, DefinitionError, "did you mean 'speed"),
        (("speed1", "speed1"), {}, DefinitionError, "named twice"),
        (ITEMS, {"speed": ["effort"]}, DefinitionError, "is no item of the scale"),
        (ITEMS, {"outcome": "nps"}, DefinitionError, "no answer in these rows is to construct 'nps'"),
        (ITEMS, {"beside": "ces_1"}, DefinitionError, "name another construct as 'beside'; did you mean 'ces_2'"),
        (ITEMS, {"survey": "efort"}, DefinitionError, "did you mean 'effort'"),
        (ITEMS, {"where": "chanel = 'call'"}, DefinitionError, "did you mean 'channel'"),
        ((), {}, EvidenceError, "name the construct"),
    ],
)
def test_what_is_no_scale_is_refused_with_what_to_do(project, items, given, kind, says):
    with pytest.raises(kind, match=says):
        project.scale_quality(items, **given)


def test_a_survey_with_peils_own_scale_has_its_quality_in_the_chapter(tmp_path):
    dice = np.random.default_rng(3)
    ease, quick = dice.normal(size=(2, 150))
    hidden = {
        "ces_speed_1_effort": ease,
        "ces_speed_1_pace": 0.6 * ease + 0.8 * quick,
        "ces_2": ease,
        "csat": ease + quick,
    }
    lines = ["id,question,measures,high,turned,ticked"]
    for measures, values in hidden.items():
        ticked = np.clip(np.rint(4 + 1.3 * (values + 0.5 * dice.normal(size=150))), 1, 7 if measures != "csat" else 5)
        high = 5 if measures == "csat" else 7
        lines += [f"{number},q_{measures},{measures},{high},,{int(value)}" for number, value in enumerate(ticked)]
    (tmp_path / "answers.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "peil.yaml").write_text(SETTINGS, encoding="utf-8")
    project = open_project(tmp_path)
    project.load()
    (chapter,) = project.surveys()
    found = project.scale_quality()
    project.close()
    (table,) = [each for each in chapter.tables if each.file == "scale.csv"]
    assert [row[0].stored for row in table.rows] == ["q_ces_speed_1_effort", "q_ces_speed_1_pace"]
    kept = f"Spearman-Brown {found.reliability.value:.2f} ({found.reliability.low:.2f} to {found.reliability.high:.2f})"
    assert any(kept in each for each in chapter.facts)
    assert f"{found.finding.says.en}." in chapter.facts

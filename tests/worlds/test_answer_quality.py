"""Doubtful responses are found and flagged, and nothing else happens to them."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from peil.dataset import build
from peil.engines.choose import open_engine
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.schema import Schema
from peil.engines.store import Store
from peil.errors import DefinitionError, PeilError
from peil.estimates.doubted import doubted
from peil.estimates.estimate import estimate
from peil.measures.catalogue import CATALOGUE, measure_named
from peil.project import open_project
from peil.reports.asked import Asked
from peil.reports.survey_chapter import chapters
from peil.sources.load import load
from peil.sources.source import Draft, Export, Fault, Record, drafts
from peil.sources.tables import ANSWERS, LEGS
from peil.surveys.quality import FLAGS, Rules, flagged, without
from peil.surveys.responses import respond

LIMITS = Limits(memory="1GB", threads=2)
MONDAY = datetime(2024, 3, 4, 9, tzinfo=UTC)
TABLES = {each.name: each for each in (ANSWERS, LEGS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An export of canonical rows as JSON: what a test wrote down."""

    name: str = "written"
    organisation: str = "Kust"
    zone: str = "Europe/Amsterdam"
    files: tuple[str, ...] = ("*.json",)
    provides: ClassVar[tuple[Schema, ...]] = (ANSWERS, LEGS)

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the drafts of both tables."""
        rows = json.loads(export.path.read_text(encoding="utf-8"))
        yield from drafts(
            Record(schema=TABLES[table], line=line, values=values) for line, (table, values) in enumerate(rows, start=1)
        )


def response(number, ticked, *, minutes=0, **more):
    """The rows of one response: question to (value, low, high), or to the value alone on 1 to 7."""
    return list(_rows(number, ticked, minutes, more))


def _rows(number, ticked, minutes, more):
    for question, each in ticked.items():
        value, low, high = each if isinstance(each, tuple) else (each, 1, 7)
        yield (
            "answers",
            {
                "survey": "effort",
                "response_id": f"r{number}",
                "question": question,
                "scale_low": low,
                "scale_high": high,
                "value_milli": value * 1000,
                "answered_at": (MONDAY + timedelta(minutes=minutes)).isoformat(),
                **{key: each[question] if isinstance(each, dict) else each for key, each in more.items()},
            },
        )


def items(*values):
    return {f"q{place:02}": each for place, each in enumerate(values, start=1)}


def written(folder, rows, engine=None):
    (folder / "export.json").write_text(json.dumps([row for each in rows for row in each]), encoding="utf-8")
    store = Store(folder / "store")
    done = load((Written(),), store, root=folder, limits=LIMITS, key=b"key")
    assert not done.refused
    return build(store, engine or DuckEngine(LIMITS))


def flags_of(data):
    rows = data.engine.rows("select response_id, flags, count(*) as n from responses group by response_id, flags")
    assert len({row["response_id"] for row in rows.to_pylist()}) == rows.num_rows
    return {row["response_id"]: row["flags"] for row in rows.to_pylist() if row["flags"]}


def timed(durations, *, start=0, wave="1"):
    """Responses to one question that took so many milliseconds."""
    return [
        response(start + number, items(number % 7 + 1), minutes=number, duration_ms=each, wave=wave)
        for number, each in enumerate(durations)
    ]


def test_a_response_below_a_third_of_the_median_of_its_survey_and_wave_is_a_speeder(tmp_path):
    slow = [90_000] * 12 + [300_000] * 11
    rows = timed([29_999, 30_000, *slow]) + timed([50_000, *(3 * each for each in slow)], start=100, wave="2")
    assert flags_of(written(tmp_path, rows)) == {"r0": "speeder", "r100": "speeder"}


def test_the_median_is_the_lower_of_two_and_needs_twenty_known_durations(tmp_path):
    even = [29_999, *[80_000] * 9, *[100_000] * 10]
    assert len(even) == 20
    rows = timed([26_666, *even[1:]]) + timed([1, *[90_000] * 18, None], start=100, wave="2")
    assert flags_of(written(tmp_path, rows)) == {"r0": "speeder"}
    (tmp_path / "other").mkdir()
    assert flags_of(written(tmp_path / "other", timed([26_667, *even[1:]]))) == {}


def test_the_same_tick_on_five_items_of_one_scale_is_a_straight_line(tmp_path):
    rows = [
        response(1, items(4, 4, 4, 4, 4)),
        response(2, items(4, 4, 4, 4), minutes=1),
        response(3, items(4, 4, 4, 4, 5), minutes=2),
        response(4, items(4, 4, 4, (4, 1, 5), (4, 1, 5)), minutes=3),
        response(5, {**items(2, 2, 2, 2, 2), "q06": (9, 0, 10)}, minutes=4),
        response(6, items(*[(0, 0, 1)] * 6), minutes=5),
    ]
    assert flags_of(written(tmp_path, rows)) == {"r1": "straight_liner", "r5": "straight_liner"}


def test_consistent_answers_to_items_put_both_ways_are_no_straight_line_and_equal_ticks_are(tmp_path):
    turned = dict(zip(items(*range(5)), (False, True, False, True, False), strict=True))
    rows = [
        response(1, items(7, 1, 7, 1, 7), reversed=turned),
        response(2, items(7, 7, 7, 7, 7), minutes=1, reversed=turned),
    ]
    data = written(tmp_path, rows)
    assert flags_of(data) == {"r2": "straight_liner"}
    scores = data.engine.rows("select distinct score from responses where response_id = 'r1'").to_pylist()
    assert scores == [{"score": 7}]


def test_a_second_response_of_one_person_is_a_duplicate_both_are_kept_and_the_person_is_one_cluster(tmp_path):
    nps = {"q": (9, 0, 10)}
    rows = [
        response(1, nps, minutes=5, customer_id="anna", construct="nps"),
        response(2, nps, minutes=1, customer_id="anna", construct="nps"),
        response(3, nps, minutes=9, customer_id="anna", construct="nps", wave="2"),
        response(4, {"q": (3, 0, 10)}, minutes=2, customer_id="bert", construct="nps"),
        response(5, {"q": (3, 0, 10)}, minutes=3, construct="nps"),
        response(6, {"q": (3, 0, 10)}, minutes=3, construct="nps"),
    ]
    data = written(tmp_path, rows)
    assert flags_of(data) == {"r1": "duplicate"}
    found = estimate(measure_named("nps"), data)[0].only()
    assert (found.n, found.clusters, found.value) == (6, 4, 0.0)
    kept = estimate(measure_named("nps"), data, where=without("duplicate"))[0].only()
    assert (kept.n, kept.clusters) == (5, 4)


def test_answers_about_different_contacts_are_different_unless_the_rule_says_otherwise(tmp_path):
    leg = {"channel": "call", "leg_id": "1", "customer_id": "anna", "handler": "agent"}
    calls = [
        ("legs", {**leg, "contact_id": f"c{number}", "started_at": (MONDAY - timedelta(days=number)).isoformat()})
        for number in (1, 2)
    ]
    rows = [
        calls,
        response(1, items(3), contact_id="c1"),
        response(2, items(4), contact_id="c2", minutes=1),
        response(3, items(5), contact_id="c2", minutes=2),
    ]
    data = written(tmp_path, rows)
    assert flags_of(data) == {"r3": "duplicate"}
    answers = data.engine.parts(ANSWERS, data.loads)
    respond(data.engine, answers, data.tables["contacts"], Rules(duplicate_per_contact=False))
    assert flags_of(data) == {"r2": "duplicate", "r3": "duplicate"}


def test_a_member_of_staff_who_answers_twice_is_a_duplicate_and_an_agent_who_is_spoken_of_twice_is_not(tmp_path):
    rows = [
        response(1, items(3), audience="staff", agent_id="a1"),
        response(2, items(3), audience="staff", agent_id="a1", minutes=1),
        response(3, items(3), survey="service", agent_id="a1", minutes=2),
        response(4, items(3), survey="service", agent_id="a1", minutes=3),
    ]
    assert flags_of(written(tmp_path, rows)) == {"r2": "duplicate"}


def test_eight_equal_answers_of_two_responses_within_ten_minutes_are_the_same_answers(tmp_path):
    eight = (1, 5, 2, 6, 3, 7, 4, 4)
    rows = [
        response(1, items(*eight)),
        response(2, items(*eight), minutes=10),
        response(3, items(*eight), minutes=21),
        response(4, items(*eight[:7]), minutes=1),
        response(5, items(*eight[:7]), minutes=2),
        response(6, items(*eight), minutes=3, wave="2"),
        response(7, items(*eight[:7], 5), minutes=4),
    ]
    assert flags_of(written(tmp_path, rows)) == {"r1": "same_answers", "r2": "same_answers"}


def test_answers_that_only_add_up_alike_are_not_the_same(tmp_path):
    """Differences 1, -3, 3, -1 leave the sum, and the sums weighted by place and its square, as they were."""
    one, other = np.array([4, 4, 4, 4, 2, 6, 1, 7]), np.array([5, 1, 7, 3, 2, 6, 1, 7])
    place = np.arange(1, 9)
    for power in range(3):
        assert (one * place**power).sum() == (other * place**power).sum()
    rows = [response(1, items(*one.tolist())), response(2, items(*other.tolist()), minutes=1)]
    assert flags_of(written(tmp_path, rows)) == {}
    (tmp_path / "again").mkdir()
    rows = [response(1, items(*one.tolist())), response(2, items(*one.tolist()), minutes=1)]
    assert set(flags_of(written(tmp_path / "again", rows))) == {"r1", "r2"}


def careless(seed=5, people=400):
    """Respondents to ten items, of whom some rush, some tick one column, some come twice and some are copied."""
    dice = np.random.default_rng(seed)
    truth = {f"r{number}": set() for number in range(people)}
    rows, copied = [], []
    for number in range(people):
        mood = dice.normal()
        values = np.clip(np.rint(4 + mood + dice.normal(0, 1.3, 10)), 1, 7).astype(int).tolist()
        took = int(120_000 * np.exp(dice.normal(0, 0.3)))
        who = f"person {number}"
        if number % 20 == 3:
            took //= 6
            truth[f"r{number}"].add("speeder")
        if number % 40 == 3:
            values = [values[0]] * 10
            truth[f"r{number}"].add("straight_liner")
        if number % 50 == 7:
            who = f"person {number - 1}"
            truth[f"r{number}"].add("duplicate")
        if number % 50 == 11:
            values = copied
            truth[f"r{number}"].add("same_answers")
            truth[f"r{number - 1}"].add("same_answers")
        copied = values
        rows.append(
            response(number, items(*values), minutes=number, duration_ms=took, customer_id=who, construct="effort")
        )
    return rows, {number: " ".join(sorted(found)) for number, found in truth.items() if found}


def test_in_a_world_of_careless_respondents_the_planted_ones_are_found_and_hardly_any_other(tmp_path):
    rows, truth = careless()
    data = written(tmp_path, rows)
    found = flags_of(data)
    assert {number: found.get(number) for number in truth} == truth
    assert len(found) - len(truth) <= 4
    assert data.engine.rows("select count(*) as n from responses").to_pylist() == [{"n": 4_000}]
    told = {each.flag: each for each in flagged(data.engine, data.tables["responses"])}
    assert list(told) == list(FLAGS)
    for flag, each in told.items():
        assert (each.survey, each.wave, each.of) == ("effort", "", 400)
        assert each.n == sum(flag in flags.split() for flags in found.values())
    clean = data.engine.rows(f"select count(*) as n from responses where first_answer and {without()}").to_pylist()
    assert clean == [{"n": 400 - len(found)}]
    calm = f"select count(*) as n from responses where first_answer and {without('speeder', 'same_answers')}"
    left = sum(not {"speeder", "same_answers"} & set(found.get(f"r{number}", "").split()) for number in range(400))
    assert data.engine.rows(calm).to_pylist() == [{"n": left}]


@pytest.mark.spark
@pytest.mark.slow
def test_both_engines_flag_the_same_responses(tmp_path):
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else shutil.which("java")
    if importlib.util.find_spec("pyspark") is None or java is None:
        pytest.skip("Spark is not here: it needs the extra 'spark' and Java 17")
    rows, truth = careless()
    found, counted = [], []
    for name in ("duckdb", "spark"):
        (tmp_path / name).mkdir()
        engine = open_engine(name, LIMITS)
        data = written(tmp_path / name, rows, engine)
        found.append(flags_of(data))
        counted.append(flagged(engine, data.tables["responses"]))
        engine.close()
    assert found[0] == found[1]
    assert counted[0] == counted[1]
    assert set(truth) <= set(found[0])


def test_each_flag_has_its_rule_in_both_languages_with_its_thresholds():
    told = Rules(speeder_share=Fraction(2, 5), straight_least_items=6, same_within_ms=90_000).told()
    assert set(told) == set(FLAGS)
    assert "2/5 of the median" in told["speeder"].en
    assert "2/5 van de mediaan" in told["speeder"].nl
    assert "6 or more" in told["straight_liner"].en
    assert "within 1.5 minutes" in told["same_answers"].en
    assert "same contact" in told["duplicate"].en
    assert "same contact" not in Rules(duplicate_per_contact=False).told()["duplicate"].en


@pytest.mark.parametrize(
    ("rules", "match"),
    [
        ({"speeder_share": Fraction(1)}, "too fast at 1 of the median"),
        ({"speeder_share": Fraction(0)}, "too fast at 0 of the median"),
        ({"straight_least_items": 1}, "straight_least_items is 1"),
        ({"same_within_ms": -1}, "same_within_ms is -1"),
    ],
)
def test_a_threshold_that_cannot_be_is_refused(rules, match):
    with pytest.raises(DefinitionError, match=match):
        Rules(**rules)


def test_a_misspelt_flag_names_its_neighbours():
    with pytest.raises(DefinitionError, match="did you mean 'speeder'"):
        without("speeders")


# --- what leaving them out does


def hurried(people, seed=8, *, tell=True):
    """Respondents of whom a tenth rush and say anything; the others recommend."""
    dice = np.random.default_rng(seed)
    rows, calm, rushed = [], [], []
    for number in range(people):
        quick = number % 10 == 3
        value = int(dice.integers(0, 11)) if quick else int(np.clip(np.rint(8.5 + 1.2 * dice.normal()), 0, 10))
        (rushed if quick else calm).append(value)
        took = 10_000 if quick and tell else 100_000
        rows.append(response(number, {"q1": (value, 0, 10)}, minutes=number, duration_ms=took, construct="nps"))
    return rows, np.array(calm), np.array(rushed)


def net(values):
    return np.where(values >= 9, 100.0, np.where(values <= 6, -100.0, 0.0))


def test_a_figure_is_given_with_and_without_what_is_flagged_and_the_difference_has_its_interval(tmp_path):
    rows, calm, rushed = hurried(600)
    (found,) = doubted(written(tmp_path, rows), measure_named("nps"))
    assert (found.flag, found.left_out) == ("speeder", 60)
    both = net(np.concatenate([calm, rushed]))
    assert found.shift.first.value == pytest.approx(both.mean())
    assert found.shift.second.value == pytest.approx(net(calm).mean())
    # both share most answers: the difference is the share left out times how far those stand from the rest
    share, apart = 0.1, net(calm).mean() - net(rushed).mean()
    known = share**2 * (net(rushed).var(ddof=1) / 60 + net(calm).var(ddof=1) / 540)
    se = np.sqrt(known + apart**2 * share * (1 - share) / 600)
    assert found.shift.se == pytest.approx(se, rel=0.02)
    assert found.shift.high - found.shift.low == pytest.approx(2 * 1.96 * se, rel=0.15)
    assert found.shift.clear
    assert found.shift.value > 5


def test_where_nothing_is_flagged_there_is_nothing_to_leave_out(tmp_path):
    rows, _, _ = hurried(100, tell=False)
    assert doubted(written(tmp_path, rows), measure_named("nps")) == ()


def test_where_every_answer_is_flagged_there_is_no_figure_without_them(tmp_path):
    rows = [
        response(number, {**items(*[4] * 5), "nps": (9, 0, 10)}, minutes=number, construct={"nps": "nps"} | dict.fromkeys(items(*[4] * 5), "effort"))
        for number in range(3)
    ]  # fmt: skip
    (found,) = doubted(written(tmp_path, rows), measure_named("nps"))
    assert (found.flag, found.left_out, found.shift) == ("straight_liner", 3, None)


def test_several_flags_are_told_one_by_one_and_all_together(tmp_path):
    rows, truth = careless()
    data = written(tmp_path, [[(table, {**row, "construct": "ces_2"}) for table, row in each] for each in rows])
    found = doubted(data, measure_named("ces_2_mean"))
    assert [each.flag for each in found] == [*FLAGS, None]
    assert found[-1].left_out >= 10 * len(truth)
    assert found[-1].left_out <= sum(each.left_out for each in found[:-1])


def test_thresholds_of_the_configuration_are_those_that_flag_and_those_that_are_told(tmp_path):
    (tmp_path / "answers.csv").write_text(
        "id,q,ticked\n" + "".join(f"{one},q{each},{4}\n" for one in "ab" for each in range(4)), encoding="utf-8"
    )
    settings = """
name: kust
organisation: Kust
sources:
  - kind: table
    name: survey
    table: answers
    files: [answers.csv]
    columns:
      survey: "'effort'"
      response_id: id
      question: q
      scale_low: "'1'"
      scale_high: "'7'"
      value_milli: {of: ticked, times: 1000}
      answered_at: {of: "'2024-03-04 09:00'", parse: "%Y-%m-%d %H:%M"}
"""
    found = {}
    for name, more in (("as they are", ""), ("stricter", "doubtful: {straight_least_items: 4, speeder_share: 0.3}\n")):
        (tmp_path / "peil.yaml").write_text(settings + more, encoding="utf-8")
        project = open_project(tmp_path)
        project.load()
        found[name] = {
            each.flag: each
            for each in flagged(project.data.engine, project.data.tables["responses"], project.data.doubtful)
        }
        project.close()
    assert found["as they are"]["straight_liner"].n == 0
    assert found["stricter"]["straight_liner"].n == 2
    assert "4 or more" in found["stricter"]["straight_liner"].rule.en
    assert "3/10" in found["stricter"]["speeder"].rule.en
    assert "1/3" in found["as they are"]["speeder"].rule.en


def test_a_threshold_that_cannot_be_is_told_with_its_line(tmp_path):
    (tmp_path / "peil.yaml").write_text("name: kust\ndoubtful:\n  speeder_share: 3\n", encoding="utf-8")
    with pytest.raises(PeilError, match=r"peil\.yaml:3"):
        open_project(tmp_path)


def test_the_chapter_sets_figures_with_and_without_doubtful_responses_side_by_side(tmp_path):
    rows, _, _ = hurried(200)
    asked = Asked(data=written(tmp_path, rows), catalogue=CATALOGUE, language="en", minimum_n=10, level=0.95)
    (chapter,) = chapters(asked)
    (table,) = [each for each in chapter.tables if each.file == "doubted.csv"]
    (row,) = table.records
    assert row["measure_and_flag"] == "Net promoter score: too fast"
    assert row["left_out"] == 20
    assert row["without"] - row["with"] == pytest.approx(row["difference"], abs=1e-6)
    assert row["low"] < row["difference"] < row["high"]
    assert any(each.startswith("Leaving out doubtful responses moves: Net promoter score.") for each in chapter.facts)

"""Worlds in which a scale tells more than one question on effort, tells nothing more, or was put to too few."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import numpy as np
import pytest

from peil.dataset import build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.schema import Schema
from peil.engines.store import Store
from peil.errors import DefinitionError, EvidenceError
from peil.methods.reliability import alpha, covariances, products
from peil.sources.load import load
from peil.sources.source import Draft, Export, Fault, Record, drafts
from peil.sources.tables import ANSWERS, LEGS
from peil.studies.scale_quality import scale_quality
from peil.surveys.scales import question, side_by_side

LIMITS = Limits(memory="1GB", threads=2)
MONDAY = datetime(2024, 3, 4, 9, tzinfo=UTC)
TABLES = {each.name: each for each in (ANSWERS, LEGS)}
EFFORT, SPEED = ("e1", "e2", "e3"), ("s1", "s2", "s3")
SCALES = {**dict.fromkeys((*EFFORT, *SPEED, "ces"), (1, 7)), "happy": (1, 5), "tell": (0, 10)}
CONSTRUCTS = {"ces": "ces_2", "happy": "csat", "tell": "nps"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Respondents:
    """An export of canonical rows as JSON."""

    name: str = "respondents"
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


def ticked(hidden, question):
    """A hidden judgement of mean 0 and spread 1 as a tick on the question's scale."""
    low, high = SCALES[question]
    return np.clip(np.rint((low + high) / 2 + hidden * (high - low) / 5), low, high).astype(int)


def asked(respondents, *, of_speed, seed=1, times=1):
    """Answers of respondents whose satisfaction rests on ease, and by ``of_speed`` on how quick it felt."""
    dice = np.random.default_rng(seed)
    people = dice.normal(size=(respondents // times, 2))
    ease, quick = np.repeat(people, times, axis=0).T
    quick = 0.6 * ease + 0.8 * quick

    def noise():
        return dice.normal(size=len(ease))

    made = {each: ticked(0.8 * ease + 0.6 * noise(), each) for each in (*EFFORT, "ces")}
    made |= {each: ticked(0.8 * quick + 0.6 * noise(), each) for each in SPEED}
    judged = 0.6 * made["ces"] - 2.4 + of_speed * quick + noise()
    return made | {"happy": ticked(judged / 1.4, "happy"), "tell": ticked(judged / 1.4, "tell")}


def rows_of(answers, *, times=1, skip=(), **more):
    for number in range(len(answers["ces"])):
        for name, values in answers.items():
            if (number, name) not in skip:
                low, high = SCALES[name]
                yield (
                    "answers",
                    {
                        "survey": "effort",
                        "response_id": f"r{number}",
                        "customer_id": f"p{number // times}",
                        "question": name,
                        "construct": CONSTRUCTS.get(name),
                        "scale_low": low,
                        "scale_high": high,
                        "value_milli": int(values[number]) * 1000,
                        "answered_at": (MONDAY + timedelta(minutes=number)).isoformat(),
                        **more,
                    },
                )


def built(folder, rows):
    (folder / "export.json").write_text(json.dumps(list(rows)), encoding="utf-8")
    store = Store(folder / "store")
    done = load((Respondents(),), store, root=folder, limits=LIMITS, key=b"key")
    assert not done.refused
    return build(store, DuckEngine(LIMITS))


@pytest.fixture(scope="module")
def answers():
    return asked(900, of_speed=0.7)


@pytest.fixture(scope="module")
def adding(answers, tmp_path_factory):
    """A world in which how quick it felt counts."""
    return built(tmp_path_factory.mktemp("adding"), rows_of(answers))


@pytest.fixture(scope="module")
def idle(tmp_path_factory):
    """A world in which the one question says it all."""
    return built(tmp_path_factory.mktemp("idle"), rows_of(asked(3_000, of_speed=0.0, seed=2)))


def test_where_speed_counts_the_scale_tells_more(adding, answers):
    found = scale_quality(adding, (*EFFORT, *SPEED), speed=SPEED)
    assert found.finding.verdict == "yes"
    assert found.finding.settles is None
    effect = found.finding.effect
    assert (effect.value, effect.low, effect.high) == (
        found.speed_gain.value,
        found.speed_gain.low,
        found.speed_gain.high,
    )
    assert 0.01 < effect.low < effect.value < effect.high
    assert found.speed_gain.value > found.scale_gain.value
    assert found.speed_gain.semipartial > 0
    y, x, z = answers["happy"], answers["ces"], np.mean([answers[each] for each in SPEED], axis=0)
    one = np.corrcoef(x, y)[0, 1] ** 2
    fitted = (
        np.column_stack([np.ones(len(y)), x, z])
        @ np.linalg.lstsq(np.column_stack([np.ones(len(y)), x, z]), y, rcond=None)[0]
    )
    assert found.speed_gain.before == pytest.approx(one)
    assert found.speed_gain.after == pytest.approx(np.corrcoef(fitted, y)[0, 1] ** 2)
    assert found.finding.says.en == "Adding the speed items to ces_2 tells more about csat"
    assert (found.n, found.persons, found.incomplete) == (900, 900, 0)


def test_where_speed_does_not_count_the_scale_tells_nothing_that_matters(idle):
    found = scale_quality(idle, SPEED)
    assert found.finding.verdict == "no"
    assert found.finding.effect.low == 0.0
    assert found.finding.effect.high < 0.01
    assert "nothing that matters" in found.finding.says.en
    assert "niets wezenlijks" in found.finding.says.nl


def test_of_too_few_it_cannot_be_told_and_it_says_what_would_settle_it(tmp_path):
    data = built(tmp_path, rows_of(asked(80, of_speed=0.12, seed=3)))
    found = scale_quality(data, SPEED)
    assert found.finding.verdict == "unclear"
    assert found.finding.effect.low < 0.01 < found.finding.effect.high
    assert "times as many persons" in found.finding.settles.en
    assert "keer zoveel personen" in found.finding.settles.nl
    assert "not shown" in found.finding.says.en
    assert all(each.passed for each in found.finding.checks)


def test_a_failed_check_makes_any_verdict_unclear(tmp_path):
    data = built(tmp_path, rows_of(asked(40, of_speed=2.0, seed=3)))
    found = scale_quality(data, SPEED)
    assert found.finding.effect.low > 0.01
    assert found.finding.verdict == "unclear"
    assert [each.name for each in found.finding.checks if not each.passed] == ["enough_persons"]
    assert "failed checks" in found.finding.settles.en


def test_two_scales_in_one_fail_the_check_on_one_factor(tmp_path):
    dice = np.random.default_rng(4)
    made = asked(500, of_speed=0.5)
    another = dice.normal(size=500)
    for each in SPEED:
        made[each] = ticked(0.6 * dice.normal(size=500) + 0.8 * another, each)
    data = built(tmp_path, rows_of(made))
    found = scale_quality(data, (*EFFORT, *SPEED))
    assert [each.name for each in found.finding.checks if not each.passed] == ["one_scale"]
    assert found.finding.verdict == "unclear"
    assert scale_quality(data, (*EFFORT, *SPEED), speed=SPEED).finding.checks[-1].passed


def test_reliability_through_the_engine_is_that_of_the_answers_themselves(adding, answers):
    found = scale_quality(adding, SPEED, outcome="nps")
    rows = np.column_stack([answers[each] for each in SPEED])
    assert found.reliability.alpha == pytest.approx(float(alpha(covariances(products(rows)))))
    assert found.reliability.method == "omega"
    assert found.reliability.low < found.reliability.value < found.reliability.high
    assert found.reliability.feldt[0] < found.reliability.alpha < found.reliability.feldt[1]
    for place, each in enumerate(found.items):
        rest = np.delete(rows, place, axis=1).sum(axis=1)
        assert each.question == SPEED[place]
        assert each.item_rest == pytest.approx(np.corrcoef(rows[:, place], rest)[0, 1])
        assert each.mean == pytest.approx((rows[:, place].mean() - 1) / 6)
        assert 0.6 < each.loading < 0.95
    # the hidden reliability of one item is .64: of three, 3 * .64 / (1 + 2 * .64), a little less for ticking
    assert found.reliability.value == pytest.approx(0.842, abs=0.03)


def test_items_on_other_scales_and_put_the_other_way_round_count_as_much(tmp_path, answers):
    turned = {**answers, "s2": 8 - answers["s2"]}
    rows = [(table, {**row, "reversed": True} if row["question"] == "s2" else row) for table, row in rows_of(turned)]
    found = scale_quality(built(tmp_path, rows), SPEED, draws=200)
    plain = np.column_stack([answers[each] for each in SPEED])
    assert found.reliability.alpha == pytest.approx(float(alpha(covariances(products(plain)))))


def test_who_left_something_open_is_left_out_and_counted(tmp_path, answers):
    skip = {(number, "s1") for number in range(100)}
    found = scale_quality(built(tmp_path, rows_of(answers, skip=skip)), SPEED, draws=200)
    assert (found.n, found.incomplete) == (800, 100)
    assert "100 responses left something open" in found.finding.checks[1].says.en


def test_a_person_who_answered_five_times_is_one_person(tmp_path):
    made = asked(500, of_speed=0.5, seed=6, times=5)
    together = scale_quality(built(tmp_path, rows_of(made, times=5)), SPEED, draws=400)
    (tmp_path / "alone").mkdir()
    alone = scale_quality(built(tmp_path / "alone", rows_of(made)), SPEED, draws=400)
    assert (together.n, together.persons, alone.persons) == (500, 100, 500)
    assert together.scale_gain.value == pytest.approx(alone.scale_gain.value)
    assert together.reliability.high - together.reliability.low > 1.3 * (alone.reliability.high - alone.reliability.low)


def test_weights_count(tmp_path, answers):
    few = {each: values[:200] for each, values in answers.items()}
    rows = [
        (table, {**row, "weight_ppb": 3_000_000_000 if int(row["response_id"][1:]) < 50 else 1_000_000_000})
        for table, row in rows_of(few)
    ]
    found = scale_quality(built(tmp_path, rows), SPEED, draws=200)
    weight = np.where(np.arange(200) < 50, 3.0, 1.0)
    plain = np.column_stack([few[each] for each in SPEED])
    assert found.reliability.alpha == pytest.approx(float(alpha(covariances(products(plain, weight=weight)))))


def test_more_persons_than_groups_are_gathered_and_give_the_same_figures(idle):
    table = idle.tables["responses"]
    columns = [question(idle.engine, table, each) for each in SPEED]
    found = side_by_side(idle.engine, table, columns)
    assert (len(found.sums), found.persons) == (1_000, 3_000)
    assert found.sums[:, 0, 0].tolist() == [3.0] * 1_000
    made = asked(3_000, of_speed=0.0, seed=2)
    plain = covariances(products((np.column_stack([made[each] for each in SPEED]) - 1) / 6))
    assert covariances(found.sums) == pytest.approx(plain)


def test_coming_back_can_be_foretold(tmp_path):
    """Those who found it slow come back within a week; those asked in the last week are not followed, and left out."""
    made = asked(600, of_speed=0.0, seed=8)
    slow = np.mean([made[each] for each in SPEED], axis=0) + np.random.default_rng(1).normal(size=600) < 4
    calls = []
    for number in range(600):
        days = [0, 3] if slow[number] else [0]
        for day in days:
            at = MONDAY + timedelta(days=day, minutes=number)
            leg = {"channel": "call", "leg_id": "1", "customer_id": f"p{number}", "handler": "agent"}
            calls.append(("legs", {**leg, "contact_id": f"c{number}-{day}", "started_at": at.isoformat()}))
    last = {"channel": "call", "leg_id": "1", "handler": "agent", "contact_id": "last"}
    calls.append(("legs", {**last, "started_at": (MONDAY + timedelta(days=20)).isoformat()}))
    rows = [(table, {**row, "contact_id": f"c{row['response_id'][1:]}-0"}) for table, row in rows_of(made)]
    found = scale_quality(built(tmp_path, [*calls, *rows]), SPEED, outcome="repeat_7d")
    assert found.n == 600
    assert found.finding.verdict == "yes"
    assert found.scale_gain.semipartial < 0


def test_questions_that_cannot_be_a_scale_are_refused(adding, tmp_path):
    with pytest.raises(DefinitionError, match="no answer in these rows is to question 'speed'"):
        scale_quality(adding, ("s1", "speed"))
    with pytest.raises(DefinitionError, match="'e1' is no item of the scale"):
        scale_quality(adding, SPEED, speed=("e1",))
    with pytest.raises(DefinitionError, match="named twice"):
        scale_quality(adding, ("s1", "s1"))
    with pytest.raises(DefinitionError, match="construct 'ces_1'"):
        scale_quality(adding, SPEED, beside="ces_1")
    with pytest.raises(DefinitionError, match="no column of 'responses'"):
        scale_quality(adding, SPEED, where="surveys = 'x'")
    with pytest.raises(EvidenceError, match="a scale of 1 item"):
        scale_quality(adding, ("s1",))
    two = asked(60, of_speed=0.5)
    rows = [
        *rows_of(two),
        *((table, {**row, "response_id": "x" + row["response_id"], "scale_high": 9}) for table, row in rows_of(two)),
    ]
    with pytest.raises(DefinitionError, match="put as 2 questions or on as many scales"):
        scale_quality(built(tmp_path, rows), SPEED)


def test_answers_of_different_people_are_no_scale(tmp_path):
    made = asked(20, of_speed=0.5)
    apart = {(number, name) for number in range(20) for name in made if (name == "s1") == (number % 2 == 0)}
    with pytest.raises(EvidenceError, match="no response answered all of s1, s2, s3"):
        scale_quality(built(tmp_path, rows_of(made, skip=apart)), SPEED)


def test_the_same_seed_gives_the_same_interval(adding):
    one, other = (scale_quality(adding, SPEED, draws=150, seed=9) for _ in range(2))
    assert one.finding.effect == other.finding.effect
    assert one.finding.run.seed == 9
    assert scale_quality(adding, SPEED, draws=150, seed=10).finding.effect != one.finding.effect

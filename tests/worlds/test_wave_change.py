"""Rounds of a survey: a real change is found, none is claimed where there is none, and never where the question changed."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from peil.dataset import Dataset, build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.errors import EvidenceError
from peil.estimates.sample import sample
from peil.measures.catalogue import measure_named
from peil.methods import interval
from peil.sources.delimited import DelimitedTable, Mapped
from peil.sources.load import load
from peil.studies.wave_change import wave_change, wave_changes, waves
from peil.surveys.instrument import put

NPS = measure_named("nps")
SCORES = np.arange(11)
HIGH = np.array([1, 1, 1, 1, 1, 2, 3, 8, 22, 30, 30]) / 100
LOW = np.array([4, 2, 3, 3, 4, 9, 10, 20, 20, 15, 10]) / 100
TEXT = "How likely are you to recommend us?"


def world(folder: Path, rounds: dict[str, dict], *, persons: bool = False) -> Dataset:
    """Write answers and questions of some rounds, load and build them."""
    rng = np.random.default_rng(3)
    answers, questions = [], []
    for wave, told in rounds.items():
        scores = told["scores"] if "scores" in told else rng.choice(SCORES, told["n"], p=told["shares"])
        modes = rng.choice(["web", "phone"], told["n"], p=[told.get("web", 1.0), 1 - told.get("web", 1.0)])
        for place, (score, mode) in enumerate(zip(scores, modes, strict=True)):
            day = told.get("stray") if "stray" in told and not place else told.get("on", f"{wave}-05-01")
            who = f"p{place}" if persons else f"{wave}-{place}"
            answers.append([f"{wave}-{place}", wave, score, mode, f"{day}T10:00:00Z", who])
        if told.get("text", TEXT):
            questions.append([wave, told.get("text", TEXT), "en"])
    tables = {"answers": (["response", "wave", "score", "mode", "at", "who"], answers),
              "questions": (["wave", "text", "lang"], questions)}  # fmt: skip
    for name, (head, rows) in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([head, *rows])
    scale = {"scale_low": "'0'", "scale_high": "'10'", "construct": "'nps'", "question": "'q'", "survey": "'s'"}
    asked = DelimitedTable(
        name="a", organisation="Shop", files=("answers.csv",), table="answers", zone="UTC",
        columns={"response_id": "response", "wave": "wave", "value_milli": Mapped(of="score", times=1000),
                 "mode": "mode", "answered_at": "at", "cluster": "who", **scale},
    )  # fmt: skip
    put_so = DelimitedTable(
        name="a_q", organisation="Shop", files=("questions.csv",), table="questions", zone="UTC",
        columns={"wave": "wave", "text": "text", "language": "lang", **scale},
    )  # fmt: skip
    store = Store(folder / "store")
    sources = (asked, put_so) if questions else (asked,)
    made = load(sources, store, root=folder, limits=Limits(memory="1GB"), key=b"test")
    assert not made.refused
    return build(store, DuckEngine(Limits(memory="1GB")))


def test_a_real_change_is_claimed_when_nothing_else_changed(tmp_path):
    data = world(tmp_path, {"2023": {"n": 900, "shares": LOW}, "2024": {"n": 900, "shares": HIGH}})
    found = wave_change(data, NPS, "2023", "2024")
    assert found.verdict == "yes"
    truth = 100 * (HIGH[9:].sum() - HIGH[:7].sum() - LOW[9:].sum() + LOW[:7].sum())
    assert found.effect.low < truth < found.effect.high
    assert "higher in 2024" in found.says.en
    assert waves(data, NPS) == ("2023", "2024")


def test_no_change_is_claimed_where_opinion_stood_still(tmp_path):
    data = world(tmp_path, {"2023": {"n": 900, "shares": HIGH}, "2024": {"n": 900, "shares": HIGH}})
    assert wave_change(data, NPS, "2023", "2024").verdict == "unclear"
    assert wave_change(data, NPS, "2023", "2024", matters=25).verdict == "no"
    assert "higher" not in wave_change(data, NPS, "2023", "2024").says.en


def test_few_answers_cannot_tell(tmp_path):
    data = world(tmp_path, {"2023": {"n": 12, "shares": LOW}, "2024": {"n": 12, "shares": HIGH}})
    found = wave_change(data, NPS, "2023", "2024")
    assert found.verdict == "unclear"
    assert found.settles is not None


@pytest.mark.parametrize(
    ("aspect", "after"),
    [
        ("wording", {"text": "Would you recommend us?"}),
        ("mode", {"web": 0.5}),
    ],
)
def test_a_difference_is_no_trend_where_the_question_was_put_otherwise(tmp_path, aspect, after):
    data = world(tmp_path, {"2023": {"n": 900, "shares": LOW}, "2024": {"n": 900, "shares": HIGH, **after}})
    found = wave_change(data, NPS, "2023", "2024")
    assert found.effect.clear
    assert found.verdict == "unclear"
    assert [each.name for each in found.checks if not each.passed] == [f"same_{aspect}"]
    assert found.says.en.startswith("No trend is claimed")


def test_persons_who_answered_twice_count_with_what_they_share(tmp_path):
    rounds = {"2023": {"n": 400, "shares": LOW}, "2024": {"n": 400, "shares": HIGH}}
    data = world(tmp_path, rounds, persons=True)
    assert abs(wave_change(data, NPS, "2023", "2024").effect.correlation) < 0.2
    assert data.tables["responses"].schema.name == "responses"
    held = put(data.engine, data.tables["responses"], data.tables["questions"], NPS.where)
    assert {wave: one.n for wave, one in held.items()} == {"2023": 400, "2024": 400}


def test_a_wording_that_nobody_delivered_is_an_assumption(tmp_path):
    data = world(
        tmp_path, {"2023": {"n": 60, "shares": LOW, "text": ""}, "2024": {"n": 60, "shares": HIGH, "text": ""}}
    )
    told = [each.en for each in wave_change(data, NPS, "2023", "2024").assumptions]
    assert any("could not be checked" in each for each in told)


def test_a_round_without_answers_is_named(tmp_path):
    data = world(tmp_path, {"2023": {"n": 60, "shares": LOW}, "2024": {"n": 60, "shares": HIGH}})
    with pytest.raises(EvidenceError, match="round '2022'"):
        wave_change(data, NPS, "2022", "2024")


def test_rounds_follow_one_another_as_they_were_held_and_not_as_they_are_called(tmp_path):
    rounds = {
        "Q4 2023": {"n": 60, "shares": LOW, "on": "2023-11-02"},
        "Q1 2024": {"n": 60, "shares": HIGH, "on": "2024-02-02"},
        "Q10": {"n": 60, "shares": HIGH, "on": "2024-09-02"},
    }
    data = world(tmp_path, rounds)
    assert waves(data, NPS) == ("Q4 2023", "Q1 2024", "Q10")
    found = wave_changes(data, [NPS])
    assert [(each.before, each.after) for each in found] == [("Q4 2023", "Q1 2024"), ("Q1 2024", "Q10")]


def test_a_stray_date_does_not_move_a_round(tmp_path):
    data = world(tmp_path, {"2023": {"n": 9, "shares": LOW}, "2024": {"n": 9, "shares": HIGH, "stray": "2001-01-01"}})
    assert waves(data, NPS) == ("2023", "2024")


def test_what_a_panel_shares_is_taken_off_the_error_of_the_change(tmp_path):
    """With everybody in both rounds it is the standard error of a mean of differences (R: svycontrast of svyby, id=~who)."""
    rng = np.random.default_rng(5)
    before = rng.choice(SCORES, 300, p=LOW)
    after = np.where(rng.random(300) < 0.8, before, rng.choice(SCORES, 300, p=HIGH))
    rounds = {"2023": {"n": 300, "scores": before}, "2024": {"n": 300, "scores": after}}
    found = wave_change(world(tmp_path, rounds, persons=True), NPS, "2023", "2024").effect
    points = [100.0 * (each >= 9) - 100.0 * (each <= 6) for each in (before, after)]
    assert found.se == pytest.approx(np.std(points[1] - points[0], ddof=1) / np.sqrt(300), rel=1e-9)
    assert found.correlation > 0.5
    assert found.high - found.low < np.hypot(*(each.high - each.low for each in (found.first, found.second))) * 0.75


def test_of_many_comparisons_only_the_real_change_is_claimed_and_intervals_agree_with_verdicts(tmp_path):
    rounds = {str(year): {"n": 250, "shares": LOW if year < 2020 else HIGH} for year in range(2014, 2026)}
    found = wave_changes(world(tmp_path, rounds), [NPS])
    assert [each.after for each in found if each.finding.verdict == "yes"] == ["2020"]
    assert {round(each.finding.effect.level, 9) for each in found} == {round(1 - 0.05 / len(found), 9)}
    assert all(each.finding.effect.clear == (each.finding.verdict == "yes") for each in found)


def test_rounds_that_may_not_be_compared_do_not_make_the_others_stricter(tmp_path):
    rounds = {
        "2022": {"n": 300, "shares": LOW},
        "2023": {"n": 300, "shares": HIGH, "text": "Would you recommend us?"},
        "2024": {"n": 300, "shares": HIGH, "text": "Would you recommend us?"},
    }
    found = wave_changes(world(tmp_path, rounds), [NPS])
    assert [[each.aspect for each in one.changes] for one in found] == [["wording"], []]
    assert [each.finding.verdict for each in found] == ["unclear", "unclear"]
    assert found[0].finding.effect.clear
    assert found[0].finding.effect.level == pytest.approx(0.95)


@pytest.mark.parametrize("n", [8, 15, 40])
@pytest.mark.parametrize(("before", "after"), [(HIGH, HIGH), (LOW, HIGH)], ids=["no change", "a change"])
def test_intervals_of_a_change_hold_it_with_few_respondents(n, before, after):
    """Size under no change, and coverage of a change: 4,000 pairs of rounds, so 95% is known to within 0.7 points."""
    many, rng = 4_000, np.random.default_rng(0)
    drawn = np.concatenate([rng.choice(SCORES, many * n, p=each) for each in (before, after)])
    pair = np.tile(np.repeat(np.arange(many), n), 2).astype(str)
    wave = np.repeat(["0", "1"], many * n)
    found = sample({"pair": pair, "wave": wave, "score": drawn}).nps("score", by=["pair", "wave"])
    ends = {tuple(value for _, value in each.group): (each.value, each.low, each.high) for each in found}
    pairs = sorted({name for name, _ in ends})
    one, two = (tuple(np.array([ends[name, wave] for name in pairs]).T) for wave in "01")
    low, high = interval.gap(one, two, correlation=0.0)
    truth = 100 * (after[9:].sum() - after[:7].sum() - before[9:].sum() + before[:7].sum())
    assert 0.93 <= float(np.mean((low <= truth) & (truth <= high))) <= 0.98


def test_a_change_too_small_to_matter_is_called_that(tmp_path):
    data = world(tmp_path, {"2023": {"n": 900, "shares": HIGH}, "2024": {"n": 900, "shares": HIGH}})
    found = wave_change(data, NPS, "2023", "2024", matters=25)
    assert found.says.en == "No change that matters in net promoter score from 2023 to 2024"


def test_nothing_is_said_to_be_the_same_of_which_nothing_is_known(tmp_path):
    data = world(
        tmp_path, {"2023": {"n": 60, "shares": LOW, "text": ""}, "2024": {"n": 60, "shares": HIGH, "text": ""}}
    )
    names = [each.name for each in wave_change(data, NPS, "2023", "2024").checks]
    assert "same_wording" not in names
    assert "same_mode" in names


def test_a_changed_frame_has_its_dutch_article(tmp_path):
    data = world(tmp_path, {"2023": {"n": 400, "shares": LOW}, "2024": {"n": 400, "shares": HIGH, "web": 0.5}})
    told = [each.says.nl for each in wave_change(data, NPS, "2023", "2024").checks if not each.passed]
    assert told[0].startswith("De manier van vragen is veranderd: van “online 100%” naar “online ")
    assert "telefonisch" in told[0]

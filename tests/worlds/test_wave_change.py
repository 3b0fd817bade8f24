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
from peil.measures.catalogue import measure_named
from peil.sources.delimited import DelimitedTable, Mapped
from peil.sources.load import load
from peil.studies.wave_change import wave_change, waves
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
        scores = rng.choice(SCORES, told["n"], p=told["shares"])
        modes = rng.choice(["web", "phone"], told["n"], p=[told.get("web", 1.0), 1 - told.get("web", 1.0)])
        for place, (score, mode) in enumerate(zip(scores, modes, strict=True)):
            who = f"p{place}" if persons else f"{wave}-{place}"
            answers.append([f"{wave}-{place}", wave, score, mode, f"{wave}-05-01T10:00:00Z", who])
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

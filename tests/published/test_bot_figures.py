"""Figures about bots that others printed: F-scores of intent engines, and dialogues that need a person."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from peil.dataset import build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.errors import EvidenceError
from peil.estimates.estimate import estimate
from peil.measures.catalogue import measure_named
from peil.methods.intent_scores import IntentScores, f_score, intent_scores
from peil.sources.delimited import DelimitedTable
from peil.sources.load import load

DATA = Path(__file__).parents[2].parent / "shared" / "data"
UTTERANCES = DATA / "dutch_bus_intents" / "results"
TURNS = DATA / "mhch_bot_handoff" / "mhch_turns.csv.gz"
# Printed to five decimals.
FIVE = 5e-6
# Deschacht 2020, a Bachelor's thesis at HOGENT: five folds of thirty Dutch utterances about bus travel.
PRINTED = {
    "IBMWatson": (0.70000, 0.76667, 0.67797, 0.81356, 0.56140),
    "LUIS": (0.61017, 0.76667, 0.64407, 0.76667, 0.57143),
}
# correct, answered of thirty asked; what an engine fell back on counts as not answered
COUNTED = {
    "IBMWatson": ((21, 30), (23, 30), (20, 29), (24, 29), (16, 27)),
    "LUIS": ((18, 29), (23, 30), (19, 29), (23, 30), (16, 26)),
}

utterances = pytest.mark.skipif(not UTTERANCES.is_dir(), reason="the Dutch bus utterances are not on this machine")
turns = pytest.mark.skipif(not TURNS.is_file(), reason="the hand-off dialogues are not on this machine")


def scored(engine: str, *folds: int) -> IntentScores:
    rows: list[dict[str, str]] = []
    for fold in folds:
        with (UTTERANCES / f"noEntityFold{fold}_{engine}.csv").open(encoding="utf-8", newline="") as lines:
            rows += csv.DictReader(lines)
    return intent_scores([each["Expected"] for each in rows], [each["Predicted"] for each in rows])


@pytest.mark.parametrize("engine", PRINTED)
def test_the_published_f_scores_follow_from_their_counts(engine: str) -> None:
    """Deschacht 2020, resultaten.tex: the F-score of each fold and engine."""
    found = [f_score(correct, answered, 30) for correct, answered in COUNTED[engine]]
    assert found == pytest.approx(PRINTED[engine], abs=FIVE)


@utterances
@pytest.mark.parametrize("engine", PRINTED)
def test_the_published_f_scores_follow_from_the_predictions(engine: str) -> None:
    """Deschacht 2020, resultaten.tex, from the predictions that the thesis keeps beside it."""
    found = [scored(engine, fold) for fold in range(1, 6)]
    assert [each.f.value for each in found] == pytest.approx(PRINTED[engine], abs=FIVE)
    assert [(each.correct, each.answered) for each in found] == list(COUNTED[engine])


@utterances
def test_thirty_utterances_a_fold_do_not_tell_two_engines_apart() -> None:
    """The thesis ranks the engines by their mean F: 0.70 and 0.67 here, of intervals that are 16 points wide."""
    watson, luis = scored("IBMWatson", *range(1, 6)), scored("LUIS", *range(1, 6))
    assert watson.asked == luis.asked == 150
    assert (watson.correct, luis.correct) == (104, 99)
    assert watson.f.value == pytest.approx(2 * 104 / (145 + 150))
    assert watson.f.low < luis.f.value < watson.f.high
    assert luis.f.low < watson.f.value < luis.f.high
    assert watson.f.high - watson.f.low > 0.12


def test_the_interval_of_an_f_score_holds_the_truth_as_often_as_it_promises() -> None:
    """1,000 draws of 150 utterances: four standard errors of a coverage of 0.95 are 0.028; ratios run a little short."""
    rng = np.random.default_rng(7)
    truth, held = 2 * 0.7 / (0.9 + 1), 0
    for _ in range(1_000):
        kind = rng.choice(3, size=150, p=[0.7, 0.2, 0.1])
        given = [("a", "b", "")[each] for each in kind]
        found = intent_scores(["a"] * 150, given).f
        held += found.low <= truth <= found.high
    assert 0.922 <= held / 1_000 <= 0.978


def test_a_rare_intent_counts_like_a_frequent_one_in_macro_f() -> None:
    found = intent_scores(["a"] * 9 + ["b"], ["a"] * 10)
    assert found.macro_f == pytest.approx((18 / 19 + 0) / 2)
    assert found.f.value == pytest.approx(0.9)
    assert [(each.intent, each.asked, each.answered, each.correct) for each in found.per_intent] == [
        ("a", 9, 10, 9),
        ("b", 1, 0, 0),
    ]


def test_predictions_that_do_not_fit_the_labels_are_refused() -> None:
    with pytest.raises(EvidenceError, match="2 utterances are labelled and 1 were predicted"):
        intent_scores(["a", "b"], ["a"])
    with pytest.raises(EvidenceError, match="fewer than two utterances"):
        intent_scores(["a"], ["a"])


@turns
def test_nine_dialogues_in_ten_with_a_bot_need_a_person(tmp_path: Path) -> None:
    """MHCH (Liu et al. 2021), development and test dialogues about clothing: 700, of which .9143 have such a turn."""
    with gzip.open(TURNS, "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert sum(each["domain"] == "clothing" for each in rows) == 6853
    with (tmp_path / "turns.csv").open("w", encoding="utf-8", newline="") as export:
        writer = csv.writer(export)
        writer.writerow(["dialogue", "turn", "domain", "at", "asked"])
        for each in rows:
            at = f"2020-01-01T{int(each['turn']) // 60:02}:{int(each['turn']) % 60:02}:00Z"
            asked = at if each["transferable"] == "1" else ""
            writer.writerow([each["dialogue"], each["turn"], each["domain"], at, asked])
    columns = {"contact_id": "dialogue", "leg_id": "turn", "queue": "domain", "started_at": "at"}
    columns |= {"asked_human_at": "asked", "channel": "'bot'", "handler": "'bot'"}
    source = DelimitedTable(
        name="mhch", organisation="mhch", files=("*.csv",), table="legs", zone="UTC", columns=columns
    )
    store, limits = Store(tmp_path / "store"), Limits(memory="500MB")
    assert not load((source,), store, root=tmp_path, limits=limits, key=b"key").refused
    engine = DuckEngine(limits)
    (found,) = estimate([measure_named("bot_asked_for_person")], build(store, engine), by=["queue"])
    engine.close()
    shares = {dict(each.group)["queue"]: (each.n, each.value) for each in found}
    assert shares["clothing"] == (700, pytest.approx(0.9143, abs=5e-5))

"""What organisations believe and customers say: planted gaps are found, and noise is called noise."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy import special

from peil.dataset import Dataset, build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.difference import Difference
from peil.measures.catalogue import measure_named
from peil.methods.agreement import agreement
from peil.sources.delimited import DelimitedTable, Mapped
from peil.sources.load import load
from peil.studies.finding import Effect
from peil.studies.perception_gap import perception_gap

NPS, BELIEVED = measure_named("nps"), measure_named("nps_believed")
# 95 % of the draws, give or take three standard errors of so few
LEAST, MOST = 0.90, 0.99


def answers(rng: np.random.Generator, score: float, n: int) -> np.ndarray:
    """Draw 0 to 10 answers whose expected net promoter score is ``score``."""
    promoters = np.clip(0.35 + score / 200, 0.02, 0.95)
    detractors = np.clip(promoters - score / 100, 0.02, 0.95)
    promoters = detractors + score / 100
    kind = rng.choice(3, n, p=[detractors, 1 - promoters - detractors, promoters])
    return np.where(
        kind == 0, rng.integers(0, 7, n), np.where(kind == 1, rng.integers(7, 9, n), rng.integers(9, 11, n))
    )


def world(
    folder: Path, scores: np.ndarray, gaps: np.ndarray, *, customers: int, staff: int, other: str = "o", seed: int = 1,
    weights: tuple[float, float] = (1, 1),
) -> Dataset:  # fmt: skip
    rng = np.random.default_rng(seed)
    rows = []
    for place, (score, gap) in enumerate(zip(scores, gaps, strict=True)):
        for audience, construct, n, truth, name in (
            ("customer", "nps", customers, score, f"o{place}"),
            ("organisation", "nps_believed", staff, score + gap, f"{other}{place}"),
        ):
            for which, value in enumerate(answers(rng, truth, n)):
                weight = rng.uniform(*weights) if weights != (1, 1) else 1
                rows.append([name, f"{name}-{audience}-{which}", audience, construct, value, f"{weight:.6f}"])
    for name in {row[0] for row in rows}:
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([["org", "id", "who", "what", "score", "w"], *(r for r in rows if r[0] == name)])
    sources = tuple(
        DelimitedTable(
            name=f"s_{name}", organisation=name, files=(f"{name}.csv",), table="answers", zone="UTC",
            columns={"response_id": "id", "audience": "who", "construct": "what", "value_milli": Mapped(of="score", times=1000),
                     "weight_ppb": Mapped(of="w", times=1_000_000_000), "survey": "'s'", "question": "'q'",
                     "scale_low": "'0'", "scale_high": "'10'", "answered_at": "'2021-05-01T10:00:00Z'"},
        ) for name in sorted({row[0] for row in rows})
    )  # fmt: skip
    store = Store(folder / "store")
    made = load(sources, store, root=folder, limits=Limits(memory="1GB"), key=b"test")
    assert not made.refused
    return build(store, DuckEngine(Limits(memory="1GB")))


SCORES = np.array([5.0, 12, -8, 20, 30, 0, 15, -15, 25, 10])


def test_a_planted_overestimate_is_found_and_measured(tmp_path):
    gaps = np.array([18.0, 25, 30, 12, 22, 28, 10, 35, 15, 25])
    found = perception_gap(world(tmp_path, SCORES, gaps, customers=150, staff=40), NPS, BELIEVED)
    assert found.finding.verdict == "yes"
    assert isinstance(found.finding.effect, Effect)
    assert found.finding.effect.low < gaps.mean() < found.finding.effect.high
    assert found.finding.effect.n == 10
    assert found.agreement.above.value > 0.9
    assert found.finding.says.en == "Organisations put the score of their customers too high"
    assert [each.gap for each in found.pairs] == sorted((each.gap for each in found.pairs), reverse=True)


def test_beliefs_that_are_right_on_average_claim_nothing(tmp_path):
    gaps = np.array([20.0, -20, 15, -15, 25, -25, 10, -10, 5, -5])
    found = perception_gap(world(tmp_path, SCORES, gaps, customers=150, staff=40), NPS, BELIEVED)
    assert found.finding.verdict == "unclear"
    assert found.agreement.spread.low > 0  # the gaps are real, and go both ways
    near = perception_gap(world_again(tmp_path), NPS, BELIEVED, matters=25)
    assert near.finding.verdict == "no"


def world_again(folder: Path) -> Dataset:
    again = folder / "again"
    again.mkdir()
    return world(again, SCORES, np.zeros(10), customers=150, staff=60)


def test_three_organisations_cannot_tell(tmp_path):
    found = perception_gap(world(tmp_path, SCORES[:3], np.full(3, 20.0), customers=20, staff=4), NPS, BELIEVED)
    assert found.finding.verdict == "unclear"
    assert found.finding.settles is not None


def test_samples_of_other_organisations_are_compared_and_said_to_be_apart(tmp_path):
    """320 professionals against 1,359 customers with weights of 0.5 to 3: a standard error of about 5 points."""
    data = world(tmp_path, np.full(1, 10.0), np.full(1, 5.0), customers=1359, staff=320, other="p", weights=(0.5, 3.0))
    found = perception_gap(data, NPS, BELIEVED)
    assert found.pairs == ()
    assert found.alone == 2
    effect = found.finding.effect
    assert isinstance(effect, Difference)
    assert 4.6 < effect.se < 6.0
    assert "share too few organisations" in found.finding.assumptions[0].en
    assert not (effect.clear and abs(effect.value) < 8)


def test_a_share_is_never_set_against_points(tmp_path):
    data = world(tmp_path, SCORES[:3], np.zeros(3), customers=20, staff=5)
    with pytest.raises(DefinitionError, match="their difference means nothing"):
        perception_gap(data, measure_named("promoter_share"), BELIEVED)


def test_a_side_without_answers_is_named(tmp_path):
    data = world(tmp_path, SCORES[:3], np.zeros(3), customers=20, staff=0)
    with pytest.raises(EvidenceError, match="has no rows"):
        perception_gap(data, NPS, BELIEVED)


@pytest.mark.parametrize(("n", "tau"), [(8, 15.0), (25, 12.0)])
def test_intervals_of_mean_spread_and_share_hold_their_truth(n, tau):
    rng = np.random.default_rng(n)
    draws, mu = 120, 8.0
    held = np.zeros(3)
    for _ in range(draws):
        v = rng.uniform(20, 80, n)
        truth, gap = rng.normal(15, 20, n), rng.normal(mu, tau, n)
        first = truth + rng.normal(0, np.sqrt(v * 0.6))
        found = agreement(first, truth + gap + rng.normal(0, np.sqrt(v * 0.4)), v)
        share = float(special.ndtr(mu / tau))
        held += [
            one.low <= aim <= one.high for one, aim in ((found.mean, mu), (found.spread, tau), (found.above, share))
        ]
    assert np.all((held / draws >= LEAST) & (held / draws <= MOST))

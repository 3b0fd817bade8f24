"""Length of trial in worlds of which the best is known: one best, none that matters, too few to tell, and none given by lot."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from peil.dataset import Dataset, build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.errors import DefinitionError, EvidenceError
from peil.reports.trial_length import trial_figure
from peil.sources.delimited import DelimitedTable
from peil.sources.load import load
from peil.studies.trial_length import TrialLength, trial_length

ARMS = (7, 14, 30)
MARGIN, RETURN_COST = 200.0, 15.0


def visitors(
    n: int, *, seed: int = 1, daily: float = 0.9, share: float = 0.45, hazard: float = 0.12, segments: bool = False,
    uptake: tuple[float, ...] = (0.6, 0.6, 0.6), drawn_to: bool = False,
) -> list[list[object]]:  # fmt: skip
    """Draw visitors: a length by lot, who takes it, who finds out in time, and what it costs."""
    rng = np.random.default_rng(seed)
    place = rng.integers(0, len(ARMS), n)
    fast = rng.random(n) < 0.5
    if drawn_to:  # those who will keep it ask for a long trial
        place = np.where(fast, 2, rng.integers(0, 2, n))
    rows: list[list[object]] = []
    for each in range(n):
        days = ARMS[place[each]]
        took = rng.random() < uptake[place[each]]
        pace = (0.6 if fast[each] else 0.02) if segments else hazard
        found_out = int(np.ceil(rng.exponential(1 / pace))) if rng.random() < share else 10_000
        kept = took and found_out <= days
        revenue = (MARGIN if kept else 0.0) if took else None
        cost = (daily * days + (0.0 if kept else RETURN_COST)) if took else 0.0
        minute = int(rng.integers(0, 1440))
        rows.append([
            each, f"c{each}", f"2021-05-01T{minute // 60:02d}:{minute % 60:02d}:00Z", days,
            "" if not took else str(not kept).lower(), "" if revenue is None else f"{revenue * 100:.0f}",
            f"{cost * 100:.0f}" if took else "", found_out if kept else "", "fast" if fast[each] else "slow",
        ])  # fmt: skip
    return rows


WORLDS = {
    "clear": visitors(12_000),
    "paces": visitors(12_000, segments=True, daily=2.0),
    "same": visitors(9_000, daily=0.0, hazard=3.0, seed=4),
    "best": visitors(4_000, daily=6.0, hazard=2.0, seed=5),
    "few": visitors(150, seed=2),
    "chosen": visitors(3_000, segments=True, drawn_to=True),
    "empty": visitors(600, uptake=(0.6, 0.0, 0.6)),
    "alone": [each for each in visitors(300) if each[3] == ARMS[0]],
    "silent": [[*each[:4], "", *each[5:]] for each in visitors(300)],
    "odd": [[*each[:7], "soon" if each[7] else "", each[8]] for each in visitors(300)],
    "undated": [[*each[:7], "", each[8]] for each in visitors(300)],
}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Dataset:
    """Every world in one shop: each a product of its own."""
    folder = tmp_path_factory.mktemp("shop")
    with (folder / "orders.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(
            ["product", "id", "customer", "ordered", "trial", "returned", "revenue", "cost", "decided_days", "kind"]
        )
        for name, rows in WORLDS.items():
            out.writerows([name, f"{name}-{each[0]}", f"{name}-{each[1]}", *each[2:]] for each in rows)
    source = DelimitedTable(
        name="shop", organisation="shop", files=("orders.csv",), table="orders", zone="UTC",
        columns={"order_id": "id", "customer_id": "customer", "ordered_at": "ordered", "trial_days": "trial",
                 "product": "product", "returned": "returned", "revenue_cents": "revenue", "cost_cents": "cost"},
    )  # fmt: skip
    store = Store(folder / "store")
    made = load((source,), store, root=folder, limits=Limits(memory="1GB"), key=b"test")
    assert not made.refused
    return build(store, DuckEngine(Limits(memory="1GB")))


def told(data: Dataset, world: str, **settings) -> TrialLength:
    return trial_length(data, where=f"product = '{world}'", **settings)


@pytest.fixture(scope="module")
def clear(data) -> TrialLength:
    return told(data, "clear", daily_cost=0.9, segment="extra.kind")


def test_two_lengths_that_bring_in_about_the_same_stay_undecided_and_every_arm_holds_its_truth(clear):
    """Fourteen days bring in 30.7 and thirty 31.3 euros a visitor."""
    assert clear.finding.verdict == "unclear"
    assert clear.finding.effect.low < 0 < clear.finding.effect.high
    assert clear.best in {14, 30}
    assert [each.days for each in clear.arms] == list(ARMS)
    for each in clear.arms:
        kept = 0.45 * (1 - np.exp(-0.12 * each.days))
        truth = 0.6 * (kept * MARGIN - (1 - kept) * RETURN_COST - 0.9 * each.days)
        assert each.margin.low < truth < each.margin.high
        assert each.returns.low < 1 - kept < each.returns.high
        assert each.revenue.value > each.margin.value
    assert all(each.passed for each in clear.finding.checks)


def test_the_best_length_between_those_tried_is_held_by_its_interval(clear):
    """(m + c_r) p lambda exp(-lambda L) = c: L is ln(0.45 x 0.12 x 215 / 0.9) / 0.12 = 21.3 days."""
    curve = clear.curve
    truth = np.log(0.45 * 0.12 * (MARGIN + RETURN_COST) / 0.9) / 0.12
    assert curve.low < truth < curve.high
    assert curve.flat[0] < curve.best < curve.flat[1]
    assert curve.model.share == pytest.approx(0.45, abs=0.03)
    assert curve.model.hazard == pytest.approx(0.12, abs=0.02)
    assert curve.terms.margin == pytest.approx(MARGIN, abs=0.01)
    assert curve.terms.return_cost == pytest.approx(RETURN_COST, abs=0.01)


def test_kinds_of_visitors_who_are_alike_gain_nothing_by_a_length_of_their_own(clear):
    assert set(clear.personal.rule) == {"fast", "slow"}
    assert clear.personal.gain.low < 1 < clear.personal.gain.high + 2
    assert clear.personal.gain.low <= 0
    (value, se) = clear.ratios["slow"]
    assert abs(value) < 4 * se


def test_a_length_of_their_own_gains_where_paces_differ(data):
    found = told(data, "paces", segment="extra.kind", daily_cost=2.0)
    assert found.personal.rule["fast"] == 7
    value, se = found.ratios["slow"]
    assert value + 3 * se < 0


def test_lengths_that_bring_in_the_same_differ_too_little_to_matter(data):
    found = told(data, "same", matters=15.0)
    assert found.finding.verdict == "no"
    assert "te weinig" in found.finding.says.nl


def test_a_clear_best_is_said(data):
    found = told(data, "best")
    assert (found.finding.verdict, found.best) == ("yes", 7)
    assert found.finding.effect.low > 0


def test_too_few_visitors_stay_undecided(data):
    found = told(data, "few")
    assert found.finding.verdict == "unclear"
    assert found.finding.says.en == "Undecided which length brings in most"
    assert found.finding.settles is not None


def test_lengths_that_people_chose_give_bounds_and_no_verdict(data):
    found = told(data, "chosen", by_lot=False, segment="extra.kind")
    assert found.finding.verdict == "unclear"
    assert not {each.name: each.passed for each in found.finding.checks}["arms_alike"]
    assert all(each.low < each.margin.value < each.high for each in found.arms)
    assert found.finding.settles.nl == "Verloot de lengtes."


def test_an_arm_that_nobody_took_is_named(data):
    found = told(data, "empty")
    checks = {each.name: each for each in found.finding.checks}
    assert not checks["every_arm_taken"].passed
    assert "14 days" in checks["every_arm_taken"].says.en
    assert found.arms[1].returns is None


@pytest.mark.parametrize(
    ("world", "error", "says"),
    [
        ("alone", EvidenceError, "1 length of trial was offered"),
        ("silent", EvidenceError, "no trial tells whether it came back"),
        ("odd", DefinitionError, "extra.decided_days: a day of the trial is a whole number"),
    ],
)
def test_bad_trials_are_a_clear_word(data, world, error, says):
    with pytest.raises(error, match=says):
        told(data, world)


def test_without_days_of_deciding_there_is_no_curve_and_the_arms_stand(data):
    found = told(data, "undated")
    assert found.curve is None
    assert "does not show how fast" in found.why_no_curve
    assert len(found.arms) == 3


def test_the_figure_tells_best_flat_region_and_arms_in_both_languages(clear, data):
    one, two = (trial_figure(clear, language, "t") for language in ("en", "nl"))
    assert len(one.note) == len(two.note) == 2
    assert all(a != b for a, b in zip(one.note, two.note, strict=True))
    assert [row[0].shown for row in one.table.rows] == ["7", "14", "30"]
    assert two.svg.count("<svg") == 2
    bare = trial_figure(told(data, "undated"), "nl", "u")
    assert any("Geen curve" in each for each in bare.note)
    assert bare.svg

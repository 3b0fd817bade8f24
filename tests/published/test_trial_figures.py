"""Length of trial: the closed form, the hazards of lifelines, and the worth of a rule by hand.

Sources: with conversion p (1 - exp(-lambda L)), margin m and daily cost c the best length is ln(p lambda m / c) / lambda, 20.707 days
for .45, .12, 200 and .9; lifelines 0.30.3 (Cox 1972 with Efron's ties) for the hazards.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from peil.errors import DefinitionError, EvidenceError
from peil.methods.efron import _ties, proportional
from peil.methods.policy import doubly_robust, ips
from peil.methods.trial import Terms, best_length, bounds, flat_region, learned, profit

TERMS = Terms(margin=200, daily_cost=0.9)
CELLS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def worth(days):
    return profit(days, 0.45, 0.12, TERMS)


def test_the_best_length_is_the_closed_form():
    best = best_length(worth, least=1, most=90)
    assert best == pytest.approx(np.log(0.45 * 0.12 * 200 / 0.9) / 0.12, abs=1e-5)
    assert best == pytest.approx(20.707, abs=1e-3)
    low, high = flat_region(worth, best, least=1, most=90)
    assert worth(np.array([low, high])) == pytest.approx(0.99 * worth(np.array([best]))[0])


def test_the_model_of_who_keeps_comes_back_from_its_own_counts():
    days, lengths = np.concatenate([np.arange(1, each + 1) for each in (7, 14, 30)]), np.array([7, 14, 30])
    arm = np.repeat([0, 1, 2], lengths)
    chance = 0.45 * (np.exp(-0.12 * (days - 1)) - np.exp(-0.12 * days))
    found = learned(lengths, [1e5] * 3, days, arm, 1e5 * chance)
    assert (found.share, found.hazard) == pytest.approx((0.45, 0.12), abs=1e-6)
    few = learned(lengths, [1e3] * 3, days, arm, 1e3 * chance)
    assert few.covariance == pytest.approx(100 * found.covariance, rel=1e-3)


def test_hazards_from_counts_are_those_of_lifelines_from_rows():
    rng = np.random.default_rng(1)
    n = 2_500
    cell, length = rng.integers(0, 4, n), rng.choice([7, 14, 30], n)
    day = np.ceil(rng.exponential(1 / (0.05 * np.exp(CELLS @ [0.4, -0.3])[cell])))
    went, last = day <= length, np.minimum(day, length)
    of_day = last[:, None] == np.arange(1, 31)
    events = np.stack([(of_day & (went & (cell == each))[:, None]).sum(axis=0) for each in range(4)], axis=1)
    left = np.stack(
        [((last[:, None] >= np.arange(1, 31)) & (cell == each)[:, None]).sum(axis=0) for each in range(4)], axis=1
    )
    ours = proportional(events, left, CELLS)
    rows = pd.DataFrame({"day": last, "went": went, "a": CELLS[cell, 0], "b": CELLS[cell, 1]})
    theirs = CoxPHFitter().fit(rows, "day", "went")
    assert ours.value == pytest.approx(theirs.params_.to_numpy(), abs=1e-6)
    assert ours.se == pytest.approx(theirs.standard_errors_.to_numpy(), abs=1e-6)


def test_ten_million_orders_are_counted_as_quickly_as_ten_thousand_and_their_ties_are_exact():
    f = np.arange(5_000) / 5_000
    down = 9_000_000.0 - f * 6_000.0
    told = [(1 / down).sum(), (f / down).sum(), (1 / down**2).sum(), (f / down**2).sum(), ((f / down) ** 2).sum()]
    assert _ties(9_000_000.0, 6_000.0, 5_000.0) == pytest.approx(told, rel=1e-10)
    days = np.arange(30)[:, None]
    left = np.tile([2_000_000.0, 3_000_000.0, 2_500_000.0, 2_500_000.0], (30, 1)) * 0.95**days
    pace = 0.02 * np.exp(CELLS @ [0.4, -0.3])
    found = proportional(np.floor(left * pace), left, CELLS)
    assert found.events > 3_000_000
    assert found.value == pytest.approx([0.4, -0.3], abs=0.02)


def test_a_rule_is_worth_what_those_who_got_it_brought_in():
    rng = np.random.default_rng(5)
    n = 40_000
    segment, arm = rng.integers(0, 2, n), rng.integers(0, 2, n)
    brought = 1.0 + 2.0 * (segment == arm) + rng.normal(size=n)
    cells = np.zeros((3, 2, 2))
    for place, values in enumerate((np.ones(n), brought, brought**2)):
        np.add.at(cells[place], (segment, arm), values)
    for estimator in (ips, doubly_robust):
        own = estimator(*cells, [0.5, 0.5], [0, 1])
        one = estimator(*cells, [0.5, 0.5], [0, 0])
        assert own.low < 3 < own.high
        assert one.low < 2 < one.high
    assert doubly_robust(*cells, [0.5, 0.5], [0, 1]).se < ips(*cells, [0.5, 0.5], [0, 1]).se


def test_what_was_not_given_by_lot_is_bounded():
    low, high = bounds([30.0, 10.0], [0.8, 0.2], least=[-20, -20], most=[180, 180])
    assert (low.tolist(), high.tolist()) == (pytest.approx([20, -14]), pytest.approx([60, 146]))


@pytest.mark.parametrize(
    ("make", "error", "told"),
    [
        (lambda: learned([7], [10], [3], [0], [20]), DefinitionError, "more trials were kept than taken"),
        (lambda: learned([7], [100], [9], [0], [20]), DefinitionError, "outside its days"),
        (lambda: learned([7], [100], [3], [0], [20]), EvidenceError, "does not show how fast"),
        (lambda: learned([7], [100], [3, 4], [0, 0], [2, 2]), EvidenceError, "4 of 100 trials were kept"),
        (lambda: proportional([[3]], [[2]], [[1]]), DefinitionError, "more went than were left"),
        (lambda: proportional([[3, 1]], [[9, 9]], [[1]]), DefinitionError, "do not fit"),
        (lambda: proportional([[0, 0]], [[9, 9]], [[0], [1]]), EvidenceError, "nobody went"),
        (lambda: proportional([[3, 1]], [[9, 9]], [[1], [1]]), EvidenceError, "all who went are alike"),
        (lambda: ips([[5, 0]], [[1, 0]], [[1, 0]], [1.0, 0.5], [1]), EvidenceError, "nobody was given"),
        (lambda: ips([[5, 5]], [[1, 0]], [[1, 0]], [1.0, 0.0], [1]), DefinitionError, "had no chance"),
        (lambda: ips([[5, 5]], [[1, 0]], [[1, 0]], [1.0, 0.5], [1, 1]), DefinitionError, "do not fit"),
        (lambda: doubly_robust([[5, 0]], [[1, 0]], [[1, 0]], [0.5, 0.5], [1]), EvidenceError, "never given"),
    ],
)
def test_bad_counts_are_a_clear_word(make, error, told):
    with pytest.raises(error, match=told):
        make()

"""Estimates drawn together: nearer to the truth than each alone, and intervals that hold it."""

from __future__ import annotations

import numpy as np
import pytest

from peil.errors import EvidenceError
from peil.methods.shrunken import shrunken

DRAWS = 60


def test_estimates_drawn_together_lie_nearer_to_the_truth_and_their_intervals_hold_it() -> None:
    rng = np.random.default_rng(1)
    held = many = 0
    alone = drawn = 0.0
    for _ in range(DRAWS):
        truth, v = rng.normal(0.3, 0.6, 12), rng.uniform(0.3, 2, 12)
        y = truth + np.sqrt(v) * rng.normal(size=12)
        found = shrunken(y, v)
        held += int(np.sum((found.low <= truth) & (truth <= found.high)))
        many += truth.size
        alone, drawn = alone + float(np.sum((y - truth) ** 2)), drawn + float(np.sum((found.value - truth) ** 2))
    assert 0.93 <= held / many <= 0.99
    assert drawn < 0.7 * alone


def test_estimates_that_differ_widely_stay_where_they_are_and_a_larger_bar_is_passed_less_often() -> None:
    y = np.array([-8.0, -3, 0, 5, 9])
    found = shrunken(y, np.full(5, 0.01))
    assert found.value == pytest.approx(y, abs=0.01)
    assert np.all(shrunken(y, np.full(5, 0.01), beyond=4).real <= found.real)
    assert found.spread == pytest.approx(float(np.std(y, ddof=1)), rel=0.01)


def test_three_estimates_are_too_few_to_tell_how_much_true_values_differ() -> None:
    with pytest.raises(EvidenceError, match="3 estimates do not tell"):
        shrunken([1.0, 2, 3], np.ones(3))

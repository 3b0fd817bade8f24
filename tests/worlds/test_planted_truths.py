"""What was planted in simulated centres is recovered, and the intervals hold it as often as they promise."""

from __future__ import annotations

import numpy as np
import pytest

import planted as proof

DRAWS, CONTACTS = 40, 800
# 12 questions of 40 draws: 480 intervals, of which 95 % hold within 4 binomial standard errors (questions share draws).
FEWEST, MOST = 0.90, 0.99


@pytest.mark.slow
def test_intervals_hold_what_was_planted_as_often_as_they_promise() -> None:
    found = proof.covered(*proof.worlds(DRAWS, CONTACTS, seed=5_000))
    assert len(found) == len(proof.ASKED)
    held = np.mean([each.held for each in found])
    assert FEWEST <= held <= MOST
    # no single question is far off: 0.80 is six standard errors below 0.95
    assert min(each.held for each in found) >= 0.80
    for each in found:
        # the mean error is small beside the mean interval: four standard errors of a mean of 40
        assert abs(each.bias) < each.width

"""Raking takes a known bias away, and the intervals of raked samples hold the truth as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

import calibrated_coverage as world
from peil.estimates.sample import sample

DRAWS = 600
# 95 % of 600 draws, give or take 0.9 points; residuals of few answers are a little too small.
HOLDS = (0.93, 0.975)


@pytest.mark.parametrize("n", [300, 1_000])
def test_raked_intervals_hold_the_truth_that_plain_ones_miss(n):
    found = world.held(n, DRAWS, seed=11)
    assert abs(found.plain_bias) > 20
    assert found.plain < 0.05
    assert abs(found.raked_bias) < 1.0
    assert HOLDS[0] <= found.raked <= HOLDS[1]
    assert 0.93 <= found.ratio <= 1.07


def test_a_sample_in_an_engine_gives_the_numbers_of_the_simulation():
    channel, wait, score = world.drawn(500, np.random.default_rng(5))
    rows = {"channel": channel.astype(str).tolist(), "wait": wait.tolist(), "score": score.tolist()}
    margins = {
        "channel": dict(zip("0123", world.SHARES.sum(1).tolist(), strict=True)),
        "wait": dict(zip((0, 1, 2), world.SHARES.sum(0).tolist(), strict=True)),
    }
    found = sample(rows).rake(margins).mean("score").only()
    _, moments = world.once(500, np.random.default_rng(5))
    expected = world.ratio(moments, 1)
    assert found.value == pytest.approx(expected.value[0], rel=1e-9)
    assert found.se == pytest.approx(expected.se[0], rel=1e-9)
    assert found.se < sample(rows).mean("score").only().se * 1.5


def test_trimming_buys_precision_with_bias():
    """A cap brings the design effect down, and margins still hold."""
    channel, wait, _ = world.drawn(2_000, np.random.default_rng(6))
    rows = {"channel": channel.astype(str).tolist(), "wait": wait.astype(str).tolist()}
    margins = {
        "channel": dict(zip("0123", world.SHARES.sum(1).tolist(), strict=True)),
        "wait": dict(zip("012", world.SHARES.sum(0).tolist(), strict=True)),
    }
    plain, trimmed = (sample(rows).rake(margins, trim=each).diagnosis for each in (None, 4.0))
    assert plain.most > 4 * plain.population / plain.respondents
    assert trimmed.most <= 4 * trimmed.population / trimmed.respondents * (1 + 1e-6)
    assert trimmed.deff < plain.deff
    for fit in trimmed.fits:
        assert fit.after == pytest.approx(fit.targets, rel=1e-6)

"""Samples of two stages from a made population: the errors are as large as the draws are apart, and intervals hold."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from peil.estimates.sample import sample

DRAWS, CLUSTERS, DRAWN, UNITS = 1_500, 40, 16, 6
# 1,500 draws place the share of intervals that hold within 1.1 points, and a variance within 7 percent, two times of three
COVERED = (0.93, 0.97)
VARIANCE = 0.12


@pytest.fixture(scope="module")
def population():
    """Return the size of each branch and its customers' answers; branches differ, and so do their customers."""
    rng = np.random.default_rng(8)
    size = rng.integers(20, 60, CLUSTERS)
    level = rng.normal(7, 0.6, CLUSTERS)
    return [np.clip(np.rint(rng.normal(level[each], 1.8, size[each])), 0, 10) for each in range(CLUSTERS)]


@pytest.fixture(scope="module")
def draws(population):
    """Return many samples in one table, each a stratum of its own: 16 of 40 branches, 6 customers of each."""
    rng = np.random.default_rng(9)
    rows = {"draw": [], "branch": [], "customer": [], "answer": [], "customers": []}
    for draw in range(DRAWS):
        for branch in rng.choice(CLUSTERS, DRAWN, replace=False):
            answers = population[branch]
            chosen = rng.choice(answers.size, UNITS, replace=False)
            rows["draw"] += [draw] * UNITS
            rows["branch"] += [int(branch)] * UNITS
            rows["customer"] += chosen.tolist()
            rows["answer"] += answers[chosen].tolist()
            rows["customers"] += [answers.size] * UNITS
    weight = CLUSTERS / DRAWN * pl.col("customers") / UNITS
    return pl.DataFrame(rows).with_columns(weight=weight, branches=pl.lit(CLUSTERS))


FIRST = {"weight": "weight", "stratum": "draw", "cluster": "branch", "population": "branches"}
BOTH = {**FIRST, "unit": "customer", "unit_population": "customers"}


def whole(population):
    return np.concatenate(population)


def held(readings, truth):
    return float(np.mean((readings.low <= truth) & (truth <= readings.high)))


def test_intervals_of_means_and_totals_hold_the_truth(population, draws):
    design, answers = sample(draws, **BOTH), whole(population)
    assert COVERED[0] <= held(design.mean("answer", by="draw"), answers.mean()) <= COVERED[1]
    assert COVERED[0] <= held(design.total("answer", by="draw"), answers.sum()) <= COVERED[1]


def test_the_variance_is_how_far_the_draws_lie_apart(population, draws):
    found = sample(draws, **BOTH).mean("answer", by="draw")
    assert np.mean(found.se**2) == pytest.approx(np.var(found.value), rel=VARIANCE)
    assert found.value.mean() == pytest.approx(whole(population).mean(), abs=4 * found.value.std() / np.sqrt(DRAWS))


def test_without_the_second_stage_the_variance_is_too_small(draws):
    """The first stage's correction alone takes 16 of 40 branches for as well known as if all their customers had answered."""
    first, both = (sample(draws, **each).mean("answer", by="draw") for each in (FIRST, BOTH))
    assert np.mean(first.se**2) < (1 - VARIANCE) * np.var(first.value)
    assert np.all(first.se < both.se)


def test_net_promoter_intervals_hold_the_truth(population, draws):
    answers = whole(population)
    truth = 100 * (np.mean(answers >= 9) - np.mean(answers <= 6))
    # Korn and Graubard's effective rows are a little fewer than there are, on purpose
    assert COVERED[0] <= held(sample(draws, **BOTH).nps("answer", by="draw"), truth) <= 0.985

"""Replicates know how much an estimate varies: their intervals hold a known truth about as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from peil.methods import interval
from peil.methods.moments import Strata
from peil.methods.replicate import bootstrap, jackknife
from peil.methods.replicated import Sums, ratios, totals, variances
from peil.methods.reweigh import raking

DRAWS = 1_500
# Two standard errors of a share of 95 % in as many draws are 1.1 points.
HOLDS = (0.93, 0.97)
IN_POPULATION, IN_SAMPLE = np.array([60, 140]), np.array([18, 30])


@pytest.fixture(scope="module")
def population():
    """Clusters of two strata, of 2 to 12 customers whose waits and handling times are alike within a cluster."""
    rng = np.random.default_rng(20_200_316)
    stratum = np.repeat([0, 1], IN_POPULATION)
    customers = rng.integers(2, 13, size=stratum.size)
    cluster = np.repeat(np.arange(stratum.size), customers)
    level = rng.normal(5 + 2 * stratum, 1)[cluster]
    wait = np.maximum(level + rng.normal(0, 2, size=cluster.size), 0.1)
    talk = wait * 0.6 + rng.gamma(2, 1, size=cluster.size)
    sums = np.stack([np.bincount(cluster, each) for each in (np.ones(cluster.size), wait, talk)], axis=1)
    return stratum, sums


def samples(population, draws, seed):
    """Yield the stratum and the weighted sums of the clusters of each sample."""
    stratum, sums = population
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(stratum == h) for h in (0, 1)]
    for _ in range(draws):
        drawn = np.concatenate([rng.choice(each, n, replace=False) for each, n in zip(members, IN_SAMPLE, strict=True)])
        weight = (IN_POPULATION / IN_SAMPLE)[stratum[drawn]]
        yield stratum[drawn], sums[drawn] * weight[:, None]


STRATA = Strata(clusters=IN_SAMPLE.astype(float), population=IN_POPULATION.astype(float))


def statistics(sums):
    """Return the mean wait, and handling time over wait."""
    return np.stack([sums[..., 1] / sums[..., 0], sums[..., 2] / sums[..., 1]], axis=-1)


@pytest.mark.parametrize("kind", ["jackknife", "bootstrap"])
def test_replicate_intervals_of_a_mean_and_a_ratio_hold_the_truth(population, kind):
    truth = statistics(population[1].sum(axis=0))
    held = np.zeros(2)
    for place, (stratum, values) in enumerate(samples(population, DRAWS, seed=5)):
        made = jackknife(stratum, STRATA) if kind == "jackknife" else bootstrap(stratum, STRATA, n=200, seed=place)
        sums = Sums.of(np.arange(stratum.size), np.zeros(stratum.size, dtype=np.int64), values)
        found = variances(made, sums, 1, statistics)
        low, high = interval.mean(found.value[0], np.sqrt(found.variance[0]), made.df)
        held += (low <= truth) & (truth <= high)
    assert np.all((HOLDS[0] <= held / DRAWS) & (held / DRAWS <= HOLDS[1]))


def test_replicates_that_forget_the_finite_population_are_too_wide(population):
    endless = Strata(clusters=STRATA.clusters)
    truth = statistics(population[1].sum(axis=0))[0]
    spread, errors = [], []
    for stratum, values in samples(population, 300, seed=6):
        sums = Sums.of(np.arange(stratum.size), np.zeros(stratum.size, dtype=np.int64), values)
        spread.append(
            [variances(jackknife(stratum, each), sums, 1, ratios).variance[0, 0] for each in (STRATA, endless)]
        )
        errors.append(statistics(values.sum(axis=0))[0] - truth)
    real = np.mean(np.square(errors))
    with_end, without = np.mean(spread, axis=0)
    assert with_end == pytest.approx(real, rel=0.2)
    assert without > 1.15 * real


def test_replicates_that_are_not_raked_again_miss_what_raking_gains():
    """Where the margin explains most of the answer, the raked mean varies much less than raw replicates say."""
    rng = np.random.default_rng(9)
    n, draws = 80, 800
    strata, stratum = Strata(clusters=np.array([float(n)])), np.zeros(n, dtype=np.int64)
    targets = np.array([0.5 * n, 0.5 * n])
    means, raw, again = [], [], []
    for place in range(draws):
        level = (rng.random(n) < 0.5).astype(np.int64)
        score = 8.0 * level + rng.normal(0, 1, size=n)
        weight = (targets / np.bincount(level, minlength=2))[level]
        values = weight[:, None] * np.stack([np.ones(n), score], axis=1)
        sums = Sums.of(np.arange(n), stratum, values, level)
        reweigh = raking(np.arange(n), level, weight, (np.arange(2),), (targets,))
        made = bootstrap(stratum, strata, n=100, seed=place)
        means.append(values[:, 1].sum() / n)
        raw.append(variances(made, sums, 1, ratios).variance[0, 0])
        again.append(variances(made, sums, 1, ratios, reweigh=reweigh).variance[0, 0])
    real = np.var(means)
    assert np.mean(again) == pytest.approx(real, rel=0.15)
    assert np.mean(raw) > 5 * real


def test_replicates_of_many_clusters_are_made_in_pieces_and_the_same_seed_makes_the_same():
    n = 60_000
    stratum, strata = np.zeros(n, dtype=np.int64), Strata(clusters=np.array([float(n)]))
    made = bootstrap(stratum, strata, n=100, seed=4)
    sizes = [block.shape[1] for _, block in made.blocks()]
    assert len(sizes) > 1
    assert sum(sizes) == 100
    values = np.stack([np.ones(n), np.random.default_rng(1).normal(size=n)], axis=1)
    sums = Sums.of(np.arange(n), np.zeros(n, dtype=np.int64), values)
    first, again = (totals(bootstrap(stratum, strata, n=100, seed=4), sums, 1) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, totals(bootstrap(stratum, strata, n=100, seed=5), sums, 1))
    assert np.std(ratios(first), ddof=1) == pytest.approx(1 / np.sqrt(n), rel=0.2)


def test_many_groups_are_reckoned_in_pieces_as_in_one():
    n, many = 40, 3_000
    rng = np.random.default_rng(8)
    stratum, strata = np.zeros(n, dtype=np.int64), Strata(clusters=np.array([float(n)]))
    cluster, group = (each.ravel() for each in np.meshgrid(np.arange(n), np.arange(many)))
    here = rng.random(cluster.size) < np.where(group % 2, 0.1, 0.9)
    values = np.stack([np.ones(here.sum()), rng.normal(size=here.sum())], axis=1)
    sums = Sums.of(cluster[here], group[here], values)
    made = bootstrap(stratum, strata, n=4_000, seed=3)
    found = variances(made, sums, many, ratios)
    for each in (0, 1, many - 1):
        alone = variances(made, sums.among(slice(each, each + 1)), 1, ratios)
        assert alone.variance[0] == pytest.approx(found.variance[each], rel=1e-9, nan_ok=True)
    assert np.isfinite(found.variance[::2]).all()
    assert np.isnan(found.variance[1::2]).any()

"""What holds of every model of small cells, whatever the answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peil.methods.moments import gather
from peil.methods.pooled import pooled
from peil.methods.small_cells import _ranks, share_out
from peil.methods.variance_grid import Cells, CrossedEffects, mixture_quantile

# Solving a few dozen equations in another order agrees to about 1e-10 of the spread of answers; quantiles to 1e-7.
CLOSE = 1e-6
FEW = settings(max_examples=12)


@st.composite
def tables(draw):
    """Cells of a table with two factors, at least half of them filled, and a population."""
    rows, columns = draw(st.integers(2, 5)), draw(st.integers(2, 5))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    count = rows * columns
    n = rng.integers(0, 9, count).astype(float)
    n[: count // 2 + 1] += 1
    codes = np.stack([each.ravel() for each in np.indices((rows, columns))])
    cells = Cells(
        value=rng.normal(0, 30, count),
        n=n,
        squares=float(6_400 * rng.chisquare(max(np.maximum(n - 1, 0).sum(), 1))),
        freedom=float(np.maximum(n - 1, 0).sum()),
        codes=codes,
        sizes=(rows, columns),
        predictors=np.zeros((count, 0)),
    )
    return cells, rng.uniform(0.1, 5, count)


def margins(cells):
    return list(cells.codes)


def same(one, other):
    for name in ("value", "sd", "low", "high"):
        size = np.abs(one.sd).max()
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=CLOSE * size, err_msg=name)


@FEW
@given(tables())
def test_cells_add_up_to_margins_and_margins_to_the_whole(table):
    cells, population = table
    found = share_out(cells, margins=margins(cells), population=population)
    for codes, margin in zip(cells.codes, found.margins, strict=True):
        counts = np.bincount(codes, population)
        expected = np.bincount(codes, population * found.cells.value) / counts
        np.testing.assert_allclose(margin.value, expected, atol=CLOSE)
        assert np.average(margin.value, weights=counts) == pytest.approx(found.whole.value[0], abs=CLOSE)


@FEW
@given(tables(), st.sampled_from([1e-3, 7.0, 1e6]))
def test_the_size_of_the_population_is_nothing(table, times):
    cells, population = table
    one, other = (
        share_out(cells, margins=margins(cells), population=each) for each in (population, times * population)
    )
    for a, b in zip((*one.margins, one.whole), (*other.margins, other.whole), strict=True):
        same(a, b)


@FEW
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_cells_is_nothing(table, random):
    cells, population = table
    order = list(range(cells.n.size))
    random.shuffle(order)
    shuffled = replace(
        cells,
        value=cells.value[order],
        n=cells.n[order],
        codes=cells.codes[:, order],
        predictors=cells.predictors[order],
    )
    one = share_out(cells, margins=margins(cells), population=population)
    other = share_out(shuffled, margins=margins(shuffled), population=population[order])
    np.testing.assert_allclose(other.cells.value, one.cells.value[order], atol=CLOSE)
    np.testing.assert_allclose(other.cells.high, one.cells.high[order], atol=1e-4)
    for a, b in zip(one.margins, other.margins, strict=True):
        same(a, b)


@FEW
@given(tables())
def test_rows_and_columns_may_be_changed_about(table):
    cells, population = table
    turned = replace(cells, codes=cells.codes[::-1], sizes=cells.sizes[::-1])
    one = share_out(cells, margins=margins(cells), population=population)
    other = share_out(turned, margins=margins(turned), population=population)
    same(one.cells, other.cells)
    same(one.margins[0], other.margins[1])
    np.testing.assert_allclose(one.spread.value, other.spread.value[[1, 0, 2]], rtol=CLOSE)


@FEW
@given(tables(), st.sampled_from([0.001, 60.0]), st.sampled_from([0.0, 10_000.0]))
def test_the_unit_and_the_zero_of_the_scale_are_nothing(table, times, plus):
    cells, _ = table
    other = share_out(replace(cells, value=times * cells.value + plus, squares=times**2 * cells.squares))
    one = share_out(cells)
    size = one.cells.sd.max()
    np.testing.assert_allclose(
        (other.cells.value - plus) / times, one.cells.value, atol=1e-5 * size + 1e-9 * plus / times
    )
    np.testing.assert_allclose(other.cells.sd / times, one.cells.sd, rtol=1e-5)
    np.testing.assert_allclose(other.direct_error / times, one.direct_error, rtol=1e-5)


@FEW
@given(tables())
def test_intervals_hold_their_value_and_widen_with_the_level(table):
    cells, _ = table
    narrow, wide = (share_out(cells, level=each).cells for each in (0.8, 0.99))
    assert np.all((wide.low < narrow.low) & (narrow.low < narrow.value))
    assert np.all((narrow.value < narrow.high) & (narrow.high < wide.high))


@FEW
@given(tables())
def test_places_are_each_taken_once_and_lie_in_their_interval(table):
    cells, _ = table
    found = share_out(cells, margins=margins(cells))
    for size, ranks in zip(cells.sizes, found.ranks, strict=True):
        assert np.all((ranks.low >= 1) & (ranks.low <= ranks.likely))
        assert np.all((ranks.likely <= ranks.high) & (ranks.high <= size))


@FEW
@given(st.integers(0, 10_000), st.integers(1, 8), st.sampled_from([0.8, 0.95]))
def test_the_interval_of_a_place_holds_it_often_enough_and_no_shorter_one_does(seed, count, level):
    rng = np.random.default_rng(seed)
    drawn = rng.normal(0, 1, (400, count)) + rng.normal(0, 1.5, count)
    found = _ranks(drawn, level)
    places = 1 + (drawn[:, None, :] > drawn[:, :, None]).sum(axis=2)
    for each in range(count):
        own, low, high = places[:, each], found.low[each], found.high[each]
        assert np.mean((low <= own) & (own <= high)) >= level - 1e-9
        shorter = [np.mean((first <= own) & (own < first + high - low)) for first in range(1, count + 1)]
        assert max(shorter) < level
        assert np.mean(own <= found.likely[each]) >= 0.5 > np.mean(own < found.likely[each])


@FEW
@given(tables())
def test_the_model_is_that_of_the_whole_covariance_matrix(table):
    cells, _ = table
    here = cells.filled
    model = CrossedEffects(cells)
    point = max(model.points(), key=lambda each: each.weight)
    z = [np.eye(size)[codes] for size, codes in zip(cells.sizes, cells.codes, strict=True)]
    z = [z[each] for each in model.order]
    prior = sum(ratio**2 * each @ each.T for ratio, each in zip(point.ratios, z, strict=False))
    prior = prior + point.ratios[-1] ** 2 * np.eye(here.size)
    v = prior[np.ix_(here, here)] + np.diag(1 / cells.n[here])
    weights = np.linalg.solve(v, np.ones(here.sum()))
    mean = weights @ cells.value[here] / weights.sum()
    expected = mean + prior[:, here] @ np.linalg.solve(v, cells.value[here] - mean)
    left = point.ratios[-1] ** 2 / (1 + cells.n * point.ratios[-1] ** 2)
    fitted = np.concatenate([model.big, model.rest], axis=1) @ point.effects
    kept = cells.n * left
    np.testing.assert_allclose(fitted * (1 - kept) + kept * np.where(here, cells.value, 0), expected, atol=CLOSE)


@FEW
@given(st.integers(0, 10_000), st.sampled_from([0.001, 3.0]))
def test_the_scale_of_weights_is_nothing_and_rows_are_never_worth_more_than_they_are(seed, times):
    rng = np.random.default_rng(seed)
    group, cluster = rng.integers(0, 8, 60), rng.integers(0, 30, 60)
    value, weight = rng.normal(0, 1, 60), rng.uniform(0.2, 4, 60)

    def made(by):
        moments = gather(of=value, weight=by, group=group, cluster=cluster)
        return pooled(moments, 9, squared_weights=np.bincount(group, by**2, minlength=9)[moments.group])

    one, other = made(weight), made(times * weight)
    np.testing.assert_allclose(one.n_eff, other.n_eff, rtol=CLOSE)
    np.testing.assert_allclose(one.squares, other.squares, rtol=CLOSE)
    assert np.all(one.n_eff <= one.n + CLOSE)
    assert one.n_eff[8] == 0
    assert np.isnan(one.value[8])


@FEW
@given(st.integers(0, 10_000), st.sampled_from([0.025, 0.5, 0.9]), st.sampled_from([3.0, 40.0, 1_000.0]))
def test_a_quantile_of_a_mixture_leaves_that_much_below_it(seed, chance, df):
    rng = np.random.default_rng(seed)
    mean, scale = rng.normal(0, 3, (6, 4)), rng.uniform(0.1, 2, (6, 4))
    weight = rng.dirichlet(np.ones(6))
    found = mixture_quantile(chance, mean, scale, weight, df)
    drawn = (mean + scale * rng.standard_t(df, (40_000, 6, 4))) <= found
    # 40,000 draws: four standard errors are 0.01
    np.testing.assert_allclose(np.einsum("k,dkt->t", weight, drawn) / 40_000, chance, atol=0.01)

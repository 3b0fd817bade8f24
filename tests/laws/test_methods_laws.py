"""What holds of every ratio, total, difference, interval and quantile, whatever the rows."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from peil.errors import EvidenceError
from peil.methods import interval
from peil.methods.moments import Moments, Strata, cross, gather
from peil.methods.quantile import quantile, weighted, woodruff
from peil.methods.ratio import difference, independent, ratio, total

# Sums of at most some dozens of terms in another order agree to about 1e-13.
CLOSE = 1e-9


@st.composite
def samples(draw, groups=3):
    """Rows of a design with two strata, every one with at least two clusters."""
    n = draw(st.integers(4, 40))
    numbers = st.integers(-50, 50)
    rows = {
        "of": draw(st.lists(numbers, min_size=n, max_size=n)),
        "per": draw(st.lists(st.integers(1, 9), min_size=n, max_size=n)),
        "weight": draw(st.lists(st.integers(1, 5), min_size=n, max_size=n)),
        "group": draw(st.lists(st.integers(-1, groups - 1), min_size=n, max_size=n)),
        "cluster": [0, 1, 2, 3, *draw(st.lists(st.integers(0, 7), min_size=n - 4, max_size=n - 4))],
    }
    sample = {
        key: np.array(values, dtype=float if key in {"of", "per", "weight"} else int) for key, values in rows.items()
    }
    return sample | {"stratum": sample["cluster"] % 2}


def same(one, other, *, but=()):
    for field in fields(one):
        if field.name not in but:
            np.testing.assert_allclose(
                getattr(one, field.name), getattr(other, field.name), rtol=CLOSE, atol=CLOSE, err_msg=field.name
            )


@given(samples(), st.sampled_from([0.001, 0.5, 3.0, 1e6]))
def test_weights_scale_out_of_a_ratio(sample, scale):
    scaled = sample | {"weight": sample["weight"] * scale}
    same(ratio(gather(**sample), 3), ratio(gather(**scaled), 3))


@given(samples(), st.sampled_from([0.5, 7.0]))
def test_a_total_grows_with_the_weights(sample, scale):
    one = total(gather(**sample), 3)
    other = total(gather(**(sample | {"weight": sample["weight"] * scale})), 3)
    np.testing.assert_allclose(other.value, scale * one.value, rtol=CLOSE)
    np.testing.assert_allclose(other.se, scale * one.se, rtol=CLOSE)


@given(samples(), st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing(sample, random):
    order = list(range(sample["of"].size))
    random.shuffle(order)
    shuffled = {key: values[order] for key, values in sample.items()}
    same(ratio(gather(**sample), 3), ratio(gather(**shuffled), 3))
    same(difference(cross(**sample), 1), difference(cross(**shuffled), 1))


@given(samples())
def test_groups_add_up_to_the_whole(sample):
    moments = gather(**sample)
    parts = total(moments, 3)
    whole = total(gather(**(sample | {"group": np.where(sample["group"] < 0, -1, 0)})), 1)
    np.testing.assert_allclose(parts.value.sum(), whole.value[0], rtol=CLOSE, atol=CLOSE)
    assert parts.n.sum() == whole.n[0]


@given(samples())
def test_a_group_is_answered_alike_alone_and_among_others(sample):
    together = ratio(gather(**sample), 3)
    for g in range(3):
        alone = ratio(gather(**(sample | {"group": np.where(sample["group"] == g, 0, -1)})), 1)
        for field in fields(alone):
            np.testing.assert_allclose(
                getattr(together, field.name)[g], getattr(alone, field.name)[0], rtol=CLOSE, err_msg=field.name
            )


@given(samples(), st.floats(-1e9, 1e9))
def test_a_constant_has_no_standard_error(sample, constant):
    found = ratio(gather(**(sample | {"of": constant * sample["per"]})), 3)
    there = found.n > 0
    np.testing.assert_allclose(found.value[there], constant, rtol=CLOSE)
    assert np.all(found.se[there] == 0)
    assert np.all((found.n_eff[there] > 0) & (found.n_eff[there] <= found.clusters[there] * (1 + CLOSE)))


@given(samples())
def test_the_effective_rows_never_exceed_the_rows(sample):
    found = ratio(gather(**sample), 3)
    there = found.n > 0
    assert np.all((found.n_eff[there] > 0) & (found.n_eff[there] <= found.n[there]))
    assert np.all(np.isnan(found.value[~there]) & np.isnan(found.n_eff[~there]))


@given(samples())
def test_the_variance_is_that_of_the_written_out_formula(sample):
    found = ratio(gather(**sample), 3)
    for g in np.flatnonzero(found.n > 0):
        here = sample["weight"] * (sample["group"] == g)
        z = here * (sample["of"] - found.value[g] * sample["per"]) / np.sum(here * sample["per"])
        variance = 0.0
        for h in (0, 1):
            clusters = np.unique(sample["cluster"][sample["stratum"] == h])
            totals = np.array([z[sample["cluster"] == c].sum() for c in clusters])
            variance += len(clusters) * totals.var(ddof=1)
        assert found.se[g] == pytest.approx(np.sqrt(variance), rel=1e-6, abs=1e-6)


@given(samples(groups=2))
def test_the_variance_of_a_gap_is_that_of_the_written_out_formula(sample):
    assume({0, 1} <= set(sample["group"]))
    found = difference(cross(**sample), 1)
    each = ratio(gather(**sample), 2)
    z = np.zeros(sample["of"].size)
    for g, sign in ((0, -1), (1, 1)):
        here = sample["weight"] * (sample["group"] == g)
        z += sign * here * (sample["of"] - each.value[g] * sample["per"]) / np.sum(here * sample["per"])
    variance = 0.0
    for h in (0, 1):
        clusters = np.unique(sample["cluster"][sample["stratum"] == h])
        totals = np.array([z[sample["cluster"] == c].sum() for c in clusters])
        variance += len(clusters) * totals.var(ddof=1)
    assert found.se[0] == pytest.approx(np.sqrt(variance), rel=1e-6, abs=1e-6)
    by_parts = each.se[0] ** 2 + each.se[1] ** 2 - 2 * found.correlation[0] * each.se[0] * each.se[1]
    assert found.se[0] ** 2 == pytest.approx(by_parts, rel=1e-6, abs=1e-6)
    assert found.value[0] == pytest.approx(each.value[1] - each.value[0], rel=CLOSE, abs=CLOSE)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-99, 99)), min_size=1, max_size=60), st.floats(0, 1))
def test_quantiles_of_counts_are_numpys(rows, q):
    pairs, counts = np.unique(np.array(rows), axis=0, return_counts=True)
    found = quantile(pairs[:, 0], pairs[:, 1], counts, q, 4)
    for g in range(4):
        values = [value for group, value in rows if group == g]
        expected = np.quantile(np.array(values, dtype=float), q) if values else np.nan
        np.testing.assert_array_equal(found[g], expected)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-99, 99)), min_size=1, max_size=60), st.floats(0.01, 1))
def test_weighted_quantiles_are_numpys_inverted_distribution(rows, q):
    pairs, counts = np.unique(np.array(rows), axis=0, return_counts=True)
    assume(all(abs(q * k - round(q * k)) > 1e-6 for k in range(1, 61)))
    for weights in (counts, counts * 0.7, counts * 1_000_000_000):
        found = weighted(pairs[:, 0], pairs[:, 1], weights, q, 4)
        for g in range(4):
            values = [value for group, value in rows if group == g]
            expected = np.quantile(values, q, method="inverted_cdf") if values else np.nan
            np.testing.assert_array_equal(found[g], expected)


def test_a_tie_takes_the_lower_value_however_the_weights_round():
    weights = np.full(10, 0.1)
    assert np.cumsum(weights)[2] > 0.3
    assert [weighted(np.zeros(10, int), np.arange(10), weights, k / 10, 1)[0] for k in range(1, 10)] == list(range(9))


@given(st.floats(0, 1), st.floats(0.05, 1e6), st.sampled_from([0.8, 0.95, 0.99]))
def test_a_share_interval_holds_the_share_and_stays_within_bounds(p, n, level):
    low, high = interval.share(p, n, level=level)
    assert 0 <= low <= p + CLOSE
    assert p - CLOSE <= high <= 1
    assert high > low


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_a_points_interval_turns_with_the_scale(promoters, passives, detractors):
    n = promoters + passives + detractors
    assume(n > 0)
    for bounds in (interval.points, interval.points_score):
        low, high = bounds(promoters / n, detractors / n, n)
        turned = bounds(detractors / n, promoters / n, n)
        np.testing.assert_allclose([low, high], [-turned[1], -turned[0]], atol=1e-6)
        assert -100 <= low < high <= 100
        wider = bounds(promoters / n, detractors / n, n, level=0.99)
        assert wider[0] <= low + CLOSE
        assert wider[1] >= high - CLOSE


def test_wilsons_bounds_are_the_roots_of_the_score_equation():
    """Wilson (1927) for 4 of 20; the roots of (p - t)² = z² t (1 - t) / n."""
    low, high = interval.share(0.2, 20)
    for root in (low, high):
        assert (0.2 - root) ** 2 == pytest.approx(1.959963984540054**2 * root * (1 - root) / 20)


def test_newcombes_interval_of_two_shares_is_his_printed_one():
    """Newcombe (1998), Statistics in Medicine 17, table II, contrast 56/70 - 48/80, method 10: 0.0524 to 0.3339."""
    one, two = ((x / n, *interval.share(x / n, n)) for x, n in ((48, 80), (56, 70)))
    low, high = interval.gap(one, two)
    assert low == pytest.approx(0.0524, abs=0.00005)
    assert high == pytest.approx(0.3339, abs=0.00005)


def test_two_samples_drawn_apart_have_the_variance_of_both():
    one, two = (ratio(gather(of=values), 1) for values in ([1.0, 2, 3, 4], [2.0, 2, 9]))
    gap = independent(one, two)
    assert gap.se[0] ** 2 == pytest.approx(one.se[0] ** 2 + two.se[0] ** 2)
    assert min(one.df_here[0], two.df_here[0]) < gap.df[0] < 5
    still = independent(*(ratio(gather(of=[5.0, 5.0]), 1) for _ in range(2)))
    assert (still.se[0], still.df[0]) == (0, 2)


def test_a_group_without_a_denominator_has_no_value():
    found = ratio(gather(of=[1.0, 2.0, 3.0], per=[0.0, 0.0, 1.0], group=[0, 0, 1]), 3)
    assert np.isnan(found.value).tolist() == [True, False, True]
    assert np.isnan(found.se).tolist() == [True, False, True]


def test_one_row_shows_no_spread_and_so_gets_no_mean_interval():
    found = ratio(gather(of=[4.0, 9.0, 7.0], group=[0, 1, 1]), 2)
    low, high = interval.mean(found.value, found.se, found.df_here)
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, False]


def test_a_share_of_everybody_counts_clusters_and_not_rows():
    everybody = {"of": np.ones(20), "cluster": np.repeat([0, 1, 2, 3], 5)}
    assert ratio(gather(**everybody), 1).n_eff[0] == 4
    assert ratio(gather(of=np.ones(20)), 1).n_eff[0] == 20


def test_a_stratum_of_one_cluster_is_refused_by_name():
    moments = gather(of=[1.0, 2.0, 4.0], stratum=[0, 0, 1])
    named = Moments(
        **{field.name: getattr(moments, field.name) for field in fields(moments) if field.name != "strata"},
        strata=Strata(clusters=moments.strata.clusters, names=("north", "south")),
    )
    with pytest.raises(EvidenceError, match="stratum 'south' has a single cluster"):
        ratio(named, 1)
    sure = ratio(named, 1, singleton="certainty")
    assert sure.se[0] > 0
    assert (sure.df[0], sure.df_here[0]) == (1, 1)


def test_a_stratum_that_was_drawn_whole_adds_no_variance():
    found = ratio(gather(of=[1.0, 2.0, 4.0], stratum=[0, 0, 1], population=[2, 1]), 1)
    assert found.se[0] == 0


def test_more_clusters_than_there_are_is_refused():
    with pytest.raises(EvidenceError, match="stratum 0 has more clusters than its population"):
        ratio(gather(of=[1.0, 2.0, 4.0], population=[2]), 1)


def test_counts_out_of_order_are_refused():
    with pytest.raises(EvidenceError, match="out of order"):
        quantile([0, 0], [5, 3], [1, 1], 0.5, 1)


def test_woodruffs_probabilities_stay_probabilities():
    low, high = woodruff([0.02, 0.99, 0.5], [0.1, 0.1, 0.1], [10, 10, 0])
    assert (low[0], high[1]) == (0, 1)
    assert np.isnan(low[2])

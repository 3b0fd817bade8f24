"""Reliability as R prints it, and intervals that hold the truth as often as they say.

The data set ``attitude`` (30 departments, seven items) is from Chatterjee and Price (1977), Regression Analysis by Example,
and comes with R. Figures to two decimals are those that psych 2.2.9 prints for it (``alpha(attitude)``); longer ones are R
4.2.2's: ``cov``, ``factanal(attitude, 1)`` run until nothing moves, ``qf`` and ``lm``.
"""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.multivariate.factor import Factor

from peil.errors import EvidenceError
from peil.methods.one_factor import omega, one_factor, standardised
from peil.methods.reliability import (
    alpha,
    covariances,
    feldt,
    products,
    reliability,
    resampled,
    spearman_brown,
)
from peil.methods.validity import gain

# rating, complaints, privileges, learning, raises, critical, advance
ATTITUDE = np.array(
    [
        [43, 51, 30, 39, 61, 92, 45], [63, 64, 51, 54, 63, 73, 47], [71, 70, 68, 69, 76, 86, 48], [61, 63, 45, 47, 54, 84, 35],
        [81, 78, 56, 66, 71, 83, 47], [43, 55, 49, 44, 54, 49, 34], [58, 67, 42, 56, 66, 68, 35], [71, 75, 50, 55, 70, 66, 41],
        [72, 82, 72, 67, 71, 83, 31], [67, 61, 45, 47, 62, 80, 41], [64, 53, 53, 58, 58, 67, 34], [67, 60, 47, 39, 59, 74, 41],
        [69, 62, 57, 42, 55, 63, 25], [68, 83, 83, 45, 59, 77, 35], [77, 77, 54, 72, 79, 77, 46], [81, 90, 50, 72, 60, 54, 36],
        [74, 85, 64, 69, 79, 79, 63], [65, 60, 65, 75, 55, 80, 60], [65, 70, 46, 57, 75, 85, 46], [50, 58, 68, 54, 64, 78, 52],
        [50, 40, 33, 34, 43, 64, 33], [64, 61, 52, 62, 66, 80, 41], [53, 66, 52, 50, 63, 80, 37], [40, 37, 42, 58, 50, 57, 49],
        [63, 54, 42, 48, 66, 75, 33], [66, 77, 66, 63, 88, 76, 72], [78, 75, 58, 74, 80, 78, 49], [48, 57, 44, 45, 51, 83, 38],
        [85, 85, 71, 71, 77, 74, 55], [82, 82, 39, 59, 64, 78, 39],
    ],
    dtype=float,
)  # fmt: skip
SUMS = products(ATTITUDE)


@pytest.fixture(scope="module")
def found():
    return reliability(SUMS, len(ATTITUDE), draws=500)


def test_alpha_and_omega_of_attitude_are_the_printed_ones(found):
    """alpha .84314277 and, of one factor by maximum likelihood on correlations, omega .8405445 (.8405448 where a fit stops early)."""
    assert found.method == "omega"
    assert found.alpha == pytest.approx(0.8431427696, abs=5e-11)
    assert found.alpha_standardised == pytest.approx(0.839083803, abs=5e-10)
    assert found.value == pytest.approx(0.8405448, abs=5e-7)
    assert found.value == pytest.approx(0.8405444896, abs=2e-8)
    assert found.raw == pytest.approx(0.8563267929, abs=2e-8)


def test_each_item_of_attitude_has_the_printed_correlation_with_the_rest_and_alpha_without_it(found):
    """r.drop and "Reliability if an item is dropped" of psych, and R's longer figures."""
    assert found.item_rest.round(2).tolist() == [0.67, 0.74, 0.56, 0.71, 0.79, 0.27, 0.46]
    printed = [0.671262057, 0.742109710, 0.560711111, 0.714445498, 0.786275594, 0.265034339, 0.460810549]
    assert found.item_rest == pytest.approx(printed, abs=5e-10)
    assert found.alpha_without.round(2).tolist() == [0.81, 0.80, 0.83, 0.80, 0.80, 0.86, 0.84]
    assert found.alpha_without[5] == pytest.approx(0.863872311, abs=5e-10)


def test_the_interval_of_alpha_is_the_printed_one(found):
    """Feldt 0.74 0.84 0.92 in psych; 0.739375686 to 0.915773072 with R's qf."""
    assert found.feldt == pytest.approx((0.739375686, 0.915773072), abs=5e-10)


def test_loadings_of_attitude_are_those_of_r(found):
    """``factanal(attitude, 1)``; both stop where the likelihood is flat."""
    printed = [0.852477362, 0.902241081, 0.592705559, 0.730696668, 0.764994330, 0.246092770, 0.377845303]
    assert found.factor.loadings == pytest.approx(printed, abs=2e-6)
    assert found.factor.improper == ()


def test_the_gain_of_a_second_predictor_is_the_printed_one():
    """R²: rating on complaints .6813141641, on complaints and learning .7080151959."""
    made = gain(products(ATTITUDE[:, [0, 1, 3]]), draws=200)
    assert made.before == pytest.approx(0.6813141641, abs=5e-11)
    assert made.after == pytest.approx(0.7080151959, abs=5e-11)
    assert made.low <= made.value <= made.high


@pytest.mark.parametrize("seed", range(6))
def test_one_factor_is_the_one_that_statsmodels_finds(seed):
    dice = np.random.default_rng(seed)
    strength = dice.uniform(0.4, 1.2, size=3 + seed)
    rows = dice.normal(size=(250, 1)) * strength + dice.normal(size=(250, strength.size))
    ours = one_factor(covariances(products(rows)))
    theirs = Factor(corr=np.corrcoef(rows.T), n_factor=1, method="ml", nobs=250).fit(maxiter=2_000)
    loadings = theirs.loadings[:, 0] * np.sign(theirs.loadings[:, 0].sum())
    assert ours.loadings == pytest.approx(loadings, abs=2e-4)
    assert float(omega(ours.loadings, ours.uniquenesses)) == pytest.approx(
        float(omega(loadings, theirs.uniqueness)), abs=1e-4
    )


def test_resamples_fitted_all_at_once_are_fitted_as_one_by_one():
    """The bounds of omega are quantiles of the very fits that ``one_factor`` makes of each resample."""
    many = covariances(SUMS, resampled(len(SUMS), 60, seed=5))
    each = [one_factor(one) for one in many]
    expected = np.quantile([float(omega(one.loadings, one.uniquenesses)) for one in each], [0.025, 0.975])
    made = reliability(SUMS, 30, draws=60, seed=5)
    assert (made.low, made.high) == pytest.approx(expected, abs=2e-4)


def test_sums_by_cluster_and_by_pattern_carry_all_that_is_needed():
    """Respondents gathered in clusters, or equal answers counted as a weight, give the same coefficients."""
    together = products(ATTITUDE, cluster=np.arange(30) // 3)
    assert together.shape == (10, 8, 8)
    assert alpha(covariances(together)) == pytest.approx(alpha(covariances(SUMS)))
    weighed = products(np.vstack([ATTITUDE, ATTITUDE[:5]])), products(ATTITUDE, weight=[2.0] * 5 + [1.0] * 25)
    assert covariances(weighed[0]) == pytest.approx(covariances(weighed[1]))


def test_two_items_have_spearman_and_browns_coefficient_and_say_so():
    made = reliability(products(ATTITUDE[:, :2]), 30, draws=300)
    assert made.method == "spearman_brown"
    assert made.factor is None
    r = np.corrcoef(ATTITUDE[:, 0], ATTITUDE[:, 1])[0, 1]
    assert made.value == pytest.approx(2 * r / (1 + r))
    assert made.value == pytest.approx(made.alpha_standardised)
    assert made.low < made.value < made.high
    assert np.isnan(made.alpha_without).all()
    with pytest.raises(EvidenceError, match="cannot be known from two items"):
        one_factor(covariances(products(ATTITUDE[:, :2])))


@pytest.mark.parametrize(
    ("covariance", "match"),
    [
        (np.array([[1.0]]), "a scale of 1 item"),
        (np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]]), "item 2 does not vary, or has a negative variance"),
        (np.array([[1.0, 0.2, 0.2], [0.2, 0.0, 0.0], [0.2, 0.0, 1.0]]), "item 2 does not vary"),
        (np.array([[1.0, -0.9, -0.9], [-0.9, 1.0, 0.0], [-0.9, 0.0, 1.0]]), "cancel one another out"),
        (np.full((3, 3), np.nan), "are no numbers"),
    ],
)  # fmt: skip
def test_items_that_are_no_scale_are_refused(covariance, match):
    with pytest.raises(EvidenceError, match=match):
        one_factor(covariance)


def test_a_heywood_case_is_reported_with_its_item():
    """Correlations .8, .8 and .5 ask for a squared loading of .8 · .8 / .5 = 1.28; R's factanal gives .998, .802 and .802."""
    found = one_factor(np.array([[1.0, 0.8, 0.8], [0.8, 1.0, 0.5], [0.8, 0.5, 1.0]]))
    assert found.improper == (0,)
    assert found.misfit > 0.05
    assert one_factor(np.array([[1.0, 0.5, 0.5], [0.5, 1.0, 0.5], [0.5, 0.5, 1.0]])).improper == ()


def test_intervals_of_alpha_and_omega_hold_the_truth():
    """Four items with loadings 1, .8, .6, .9 and unit noise; 160 samples of 150."""
    dice = np.random.default_rng(11)
    strength = np.array([1.0, 0.8, 0.6, 0.9])
    covariance = np.outer(strength, strength) + np.eye(4)
    scale = np.sqrt(np.diagonal(covariance))
    truth = {
        "alpha": float(alpha(covariance)),
        "omega": float(omega(strength / scale, 1 / scale**2)),
    }
    held = dict.fromkeys(("alpha", "omega", "feldt"), 0)
    samples = 160
    for seed in range(samples):
        rows = dice.normal(size=(150, 1)) * strength + dice.normal(size=(150, 4))
        made = reliability(products(rows), 150, draws=250, seed=seed)
        held["alpha"] += made.alpha_low <= truth["alpha"] <= made.alpha_high
        held["omega"] += made.low <= truth["omega"] <= made.high
        held["feldt"] += made.feldt[0] <= truth["alpha"] <= made.feldt[1]
    for name, times in held.items():
        assert 0.91 <= times / samples <= 0.98, name


def test_clusters_of_respondents_widen_the_interval():
    dice = np.random.default_rng(2)
    person = np.repeat(np.arange(60), 5)
    rows = np.repeat(dice.normal(size=(60, 4)) + dice.normal(size=(60, 1)), 5, axis=0) + 0.1 * dice.normal(
        size=(300, 4)
    )
    alone, together = (
        reliability(products(rows), 300, draws=400),
        reliability(products(rows, cluster=person), 300, draws=400),
    )
    assert together.value == pytest.approx(alone.value)
    assert together.high - together.low > 1.6 * (alone.high - alone.low)


@pytest.mark.parametrize("strength", [0.0, 0.25])
def test_the_interval_of_a_gain_holds_the_truth_also_where_there_is_none(strength):
    """Outcome = x + strength · z + noise with x and z correlated .5; 400 samples of 120."""
    dice = np.random.default_rng(7)
    own = np.sqrt(0.75)
    truth = (strength * own) ** 2 / (1 + strength**2 + strength + 1)
    held, samples = 0, 400
    for seed in range(samples):
        x = dice.normal(size=120)
        z = 0.5 * x + own * dice.normal(size=120)
        rows = np.column_stack([x + strength * z + dice.normal(size=120), x, z])
        made = gain(products(rows), draws=300, seed=seed)
        held += made.low <= truth <= made.high
    assert 0.91 <= held / samples <= 0.98


def test_a_gain_beside_a_copy_of_the_predictor_is_refused():
    dice = np.random.default_rng(1)
    x = dice.normal(size=50)
    with pytest.raises(EvidenceError, match="one and the same"):
        gain(products(np.column_stack([x + dice.normal(size=50), x, 2 * x])))
    with pytest.raises(EvidenceError, match="does not vary"):
        gain(products(np.column_stack([np.ones(50), x, dice.normal(size=50)])))


def test_spearman_and_brown_lengthen_a_test():
    assert float(spearman_brown(0.4, 3)) == pytest.approx(1.2 / 1.8)
    assert feldt(0.9, 1, 3) == pytest.approx((np.nan, np.nan), nan_ok=True)
    assert standardised(covariances(SUMS)) == pytest.approx(np.corrcoef(ATTITUDE.T))

"""Jumps at a threshold beside the figures of rdrobust."""

from __future__ import annotations

import numpy as np
import pytest

from peil.errors import EvidenceError
from peil.methods.discontinuity import discontinuity
from peil.methods.heaping import density

# printed to eight digits; bandwidths come from a search-free formula and agree as far
EXACT = {"abs": 6e-8}


def points() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return made points that any language can make again: a running variable, an outcome, a treatment and clusters."""
    i = np.arange(1, 801)
    x = np.round((i * 0.6180339887498949 % 1) * 2 - 1, 9)
    u, v = np.sin(i * 12.9898) * 43758.5453, np.sin(i * 78.233) * 12543.123
    u, v = u - np.floor(u), v - np.floor(v)
    treated = (v < np.where(x >= 0, 0.8, 0.1)).astype(float)
    y = np.round(0.4 + 0.3 * x - 0.5 * x**2 + 0.25 * np.sin(3 * x) + 0.2 * (x >= 0) + 0.6 * (u - 0.5), 9)
    return x, y, treated, i // 4


def test_a_sharp_jump_is_that_of_rdrobust():
    """rdrobust 2.1.1 for Python: rdrobust(y, x, vce="hc1", masspoints="off")."""
    x, y, _, _ = points()
    found = discontinuity(x, y)
    assert (found.bandwidth, found.bias_bandwidth) == pytest.approx((0.29274205, 0.48839000), **EXACT)
    assert (found.plain, found.value, found.se) == pytest.approx((0.25804578, 0.24501419, 0.05052768), **EXACT)
    assert (found.low, found.high) == pytest.approx((0.14598175, 0.34404662), **EXACT)
    assert (found.n_below, found.n_above) == (117, 118)
    assert (found.first_stage, found.first_low, found.first_high) == (1.0, 1.0, 1.0)


def test_clusters_change_the_bandwidth_and_the_spread_as_in_rdrobust():
    """rdrobust 2.1.1 for Python: rdrobust(y, x, cluster=c, vce="cr1", masspoints="off")."""
    x, y, _, cluster = points()
    found = discontinuity(x, y, cluster=cluster)
    assert (found.bandwidth, found.bias_bandwidth) == pytest.approx((0.29288852, 0.48744282), **EXACT)
    assert (found.value, found.se, found.low) == pytest.approx((0.24500899, 0.05054274, 0.14594704), **EXACT)


def test_a_jump_of_the_chance_divides_as_in_rdrobust():
    """rdrobust 2.1.1 for Python: rdrobust(y, x, fuzzy=t, vce="hc1", h=0.5, b=0.8, masspoints="off")."""
    x, y, treated, _ = points()
    found = discontinuity(x, y, treated=treated, bandwidths=(0.5, 0.8))
    assert (found.plain, found.value, found.se) == pytest.approx((0.37574554, 0.30892327, 0.06717229), **EXACT)
    assert (found.low, found.high) == pytest.approx((0.17726800, 0.44057855), **EXACT)
    assert found.first_low < 0.7 < found.first_high


def test_sums_of_rows_say_what_the_rows_say():
    x, y, treated, cluster = points()
    x = np.round(x, 1)
    apart = discontinuity(x + 0.05, y, treated=treated, cluster=cluster, bandwidths=(0.5, 0.8))
    keys, at = np.unique(np.column_stack([x, cluster]), axis=0, return_inverse=True)
    at = at.ravel()
    n, sums, took = (np.bincount(at, each) for each in (np.ones_like(y), y, treated))
    together = discontinuity(keys[:, 0] + 0.05, sums, n=n, treated=took, cluster=keys[:, 1], bandwidths=(0.5, 0.8))
    for name in ("value", "plain", "se", "low", "first_stage", "n_below", "n_above"):
        assert getattr(together, name) == pytest.approx(getattr(apart, name), abs=1e-12)


def test_turning_the_running_variable_round_turns_the_jump_round():
    x, y, _, _ = points()
    assert discontinuity(-x, y).value == pytest.approx(-discontinuity(x, y).value, abs=1e-9)


def test_too_few_different_values_are_refused():
    x, y, _, _ = points()
    with pytest.raises(EvidenceError, match="there are 1 different values below the threshold, of 10 needed"):
        discontinuity(np.where(x < 0, -1.0, x), y)
    with pytest.raises(
        EvidenceError, match=r"there are 0 different values above.*\n  remedy: choose a running variable"
    ):
        discontinuity(x, y, cutoff=5.0)


def test_a_threshold_that_changes_nobody_s_treatment_is_refused():
    x, y, _, _ = points()
    with pytest.raises(EvidenceError, match="does not visibly change who is treated"):
        discontinuity(x, y, treated=np.arange(x.size) % 2)


def test_rows_that_heap_up_are_seen_and_even_ones_are_not():
    rng = np.random.default_rng(4)
    even = heaped = 0
    for _ in range(200):
        x = rng.normal(size=2_000)
        even += density(x).p < 0.05
        heaped += density(np.where((x < 0) & (x > -0.2) & (rng.random(x.size) < 0.6), -x, x)).p < 0.05
    # three binomial standard errors around one in twenty
    assert 0.005 <= even / 200 <= 0.096
    assert heaped / 200 > 0.95


def test_a_density_of_one_side_only_is_refused():
    with pytest.raises(EvidenceError, match="too few rows lie on one side"):
        density(np.linspace(0.1, 1, 500))

"""Net promoter scores against growth, and the strength of an unseen cause: figures that others printed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special

from peil.errors import EvidenceError
from peil.methods.adjusted import e_value, e_value_of, robustness, slope
from peil.methods.correlation import correlated, partial, pooled

# Correlations of the net promoter score with the growth of revenue in five Norwegian industries: banking, petrol, home
# furnishings, security systems, transport.
INDUSTRIES = (0.40, -0.45, -0.12, 0.86, 0.08)


@pytest.mark.parametrize("firms", [3, 4, 5])
@pytest.mark.parametrize("r", INDUSTRIES)
def test_no_industry_of_three_to_five_firms_tells_growth_from_nought(r, firms):
    """Keiningham, Cooil, Andreassen & Aksoy 2007, Journal of Marketing 71(3), 39-51; three to five firms an industry."""
    found = correlated(r, firms)
    assert found.low < 0 < found.high


@pytest.mark.parametrize(("r", "n", "p"), [(0.40, 12, 0.20), (-0.45, 4, 0.55)])
def test_the_p_values_of_the_pooled_industries_tell_what_they_are_worth(r, n, p):
    """Keiningham, Aksoy, Cooil, Andreassen & Williams 2008, Database Marketing & Customer Strategy Management 15(2), table 1.

    The printed p of .20 and .55 belong to 10 and 2 degrees of freedom: 12 and 4 independent firm-years.
    """
    df = n - 2
    t = abs(r) * np.sqrt(df / (1 - r * r))
    assert 2 * special.stdtr(df, -t) == pytest.approx(p, abs=0.005)
    # the level at which the interval just touches nought is 1 - p
    at_p = correlated(r, n, level=1 - 2 * special.stdtr(df, -t))
    assert min(abs(at_p.low), abs(at_p.high)) < 1e-6
    found = correlated(r, n)
    assert found.low < 0 < found.high


@pytest.mark.parametrize("firms", [(4, 4, 4, 4, 4), (5, 5, 5, 5, 5), (12, 4, 5, 5, 5), (12, 4, 3, 3, 5)])
def test_nor_do_the_five_industries_together(firms):
    """The same five, as random effects on Fisher's z; three firms have no variance there, and are counted as left out."""
    found = pooled(INDUSTRIES, firms)
    assert found.correlation.low < 0 < found.correlation.high
    assert found.predicted.low <= found.correlation.low
    assert found.used + found.left_out == 5
    assert found.left_out == firms.count(3)


def test_the_robustness_value_of_darfur_is_as_printed():
    """Cinelli & Hazlett 2020, JRSS B 82(1): estimate .097, standard error .023, 783 degrees of freedom.

    Printed: partial R² 2.2 %, robustness value 13.9 %, and 7.6 % for the interval.
    """
    found = robustness(4.184, 783)
    assert found.partial_r2 == pytest.approx(0.022, abs=0.0005)
    assert found.value == pytest.approx(0.139, abs=0.0005)
    assert found.clear == pytest.approx(0.076, abs=0.0005)


def test_the_e_value_of_the_published_example_is_as_printed():
    """VanderWeele and Ding (Annals of Internal Medicine 167, 2017, 268-274): a risk ratio of 3.9 (1.8 to 8.7).

    Printed: E-value 7.26, and 3.0 for the limit of the interval.
    """
    found = e_value(3.9, 1.8, 8.7)
    assert found.value == pytest.approx(7.26, abs=0.005)
    assert found.clear == pytest.approx(3.0, abs=0.05)
    protects = e_value(1 / 3.9, 1 / 8.7, 1 / 1.8)
    assert (protects.value, protects.clear) == pytest.approx((found.value, found.clear))
    assert e_value(1.2, 0.9, 1.6).clear == 1
    with pytest.raises(EvidenceError, match="no risk ratio"):
        e_value(-0.2, 0.1, 0.4)


def test_the_e_value_of_a_slope_is_that_of_its_standardised_mean_difference():
    """VanderWeele and Ding 2017: a standardised difference d counts as a risk ratio of exp(0.91 d), its limits alike."""
    x, y = [1.0, 2, 3, 4, 5, 6, 7, 8], [0.1, 0.9, 0.4, 1.6, 0.7, 1.9, 2.2, 1.0]
    found = slope(x, y)
    spread = np.std(x, ddof=1) / np.std(y, ddof=1)
    made = e_value_of(found, x, y)
    assert made.ratio == pytest.approx(np.exp(0.91 * found.value * spread))
    near = np.exp(0.91 * max(found.low, 0) * spread)
    assert made.clear == pytest.approx(near + np.sqrt(near * (near - 1)))
    assert e_value_of(slope(np.multiply(x, 7), y), np.multiply(x, 7), y).value == pytest.approx(made.value)
    few = slope([1.0, 2, 3, 40], [1.0, 3, 2, 2.5])
    assert e_value_of(few, [1.0, 2, 3, 40], [1.0, 3, 2, 2.5]).clear == 1


def test_an_unseen_cause_as_strong_as_the_robustness_value_brings_the_slope_to_nought():
    """Cinelli & Hazlett 2020: the bias with both partial R² at the robustness value is the slope itself."""
    rng = np.random.default_rng(4)
    x, z = rng.normal(size=(2, 30))
    found = slope(x, x + z + rng.normal(size=30), z.reshape(-1, 1))
    strong = robustness(found.t, found.residual_df).value
    plain_se = found.value / found.t
    bias = plain_se * np.sqrt(found.residual_df) * np.sqrt(strong * strong / (1 - strong))
    assert bias == pytest.approx(abs(found.value), rel=1e-9)


@pytest.mark.parametrize(("r", "n"), [(0.86, 5), (-0.45, 4), (0.5, 10)])
def test_the_interval_of_a_correlation_agrees_with_its_density(r, n):
    """Hotelling 1953, JRSS B 15: the density of r under a bivariate normal."""

    def density(at: float, rho: float) -> float:
        scale = (n - 2) * special.gamma(n - 1) / (np.sqrt(2 * np.pi) * special.gamma(n - 0.5))
        powers = (1 - rho**2) ** ((n - 1) / 2) * (1 - at**2) ** ((n - 4) / 2) / (1 - rho * at) ** (n - 1.5)
        return float(scale * powers * special.hyp2f1(0.5, 0.5, n - 0.5, (rho * at + 1) / 2))

    found = correlated(r, n)
    below = [integrate.quad(density, -1, r, args=(rho,), limit=200)[0] for rho in (found.low, found.high)]
    assert below == pytest.approx([0.975, 0.025], abs=1e-6)


def test_small_sample_errors_of_a_slope_agree_with_their_definition():
    """MacKinnon & White 1985 (HC2) and Bell & McCaffrey 2002 as in Imbens & Kolesár 2016, written out in full."""
    rng = np.random.default_rng(8)
    x, z = rng.normal(size=(2, 12))
    y = 0.5 * x - z + rng.normal(size=12) * (1 + np.abs(x))
    found = slope(x, y, z.reshape(-1, 1))
    design = np.column_stack([np.ones(12), x, z])
    inverse = np.linalg.inv(design.T @ design)
    hat = design @ inverse @ design.T
    residual = y - hat @ y
    meat = design.T @ np.diag(residual**2 / (1 - np.diag(hat))) @ design
    assert found.se == pytest.approx(np.sqrt((inverse @ meat @ inverse)[1, 1]), rel=1e-10)
    weights = (design @ inverse)[:, 1] / np.sqrt(1 - np.diag(hat))
    g = (np.eye(12) - hat) * weights[None, :]
    roots = np.linalg.eigvalsh(g.T @ g)
    assert found.df == pytest.approx(roots.sum() ** 2 / (roots**2).sum(), rel=1e-10)
    r, worth = partial(x, y, z.reshape(-1, 1))
    assert r == pytest.approx(found.t / np.sqrt(found.t**2 + found.residual_df), rel=1e-10)
    assert worth == 11

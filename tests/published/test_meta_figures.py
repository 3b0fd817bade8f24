"""Random effects as R's metafor prints them for the BCG vaccine trials.

Source: Colditz et al. (1994), JAMA 271(9), the 13 trials as Viechtbauer (2010), Journal of Statistical Software 36(3)
tabulates them, and the figures of metafor 3.8-1 under R 4.2.2 (log risk ratios).
"""

from __future__ import annotations

import numpy as np
import pytest

from peil.errors import DefinitionError, EvidenceError
from peil.methods.meta import together

# ill and well among the vaccinated, ill and well among the others
TRIALS = np.array([
    (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761),
    (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232), (17, 1699, 65, 1600),
    (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825),
])  # fmt: skip
A, B, C, D = TRIALS.T.astype(float)
Y = np.log(A / (A + B)) - np.log(C / (C + D))
V = 1 / A - 1 / (A + B) + 1 / C - 1 / (C + D)
# printed to seven digits
SEVEN = 5e-8
# metafor's searches for these two stop a little short (3e-5); here the root itself is found
STOPPED = {"pm": 3e-5, "ml": 1e-7}


@pytest.mark.parametrize(
    ("estimator", "value", "se", "tau2"),
    [
        ("reml", -0.7145323, 0.1797815, 0.3132433),
        ("dl", -0.7141172, 0.1787421, 0.3087603),
        ("pm", -0.7149704, None, 0.3180937),
        ("ml", -0.7111991, None, 0.2800282),
        ("fixed", -0.4302852, 0.0404988, 0.0),
    ],
)
def test_every_estimator_gives_metafors_figures(estimator, value, se, tau2):
    found = together(Y, V, estimator=estimator, spread="normal")
    assert found.value == pytest.approx(value, abs=STOPPED.get(estimator, SEVEN))
    assert found.tau2 == pytest.approx(tau2, abs=STOPPED.get(estimator, SEVEN))
    if se:
        assert found.se == pytest.approx(se, abs=SEVEN)


def test_the_prediction_interval_and_the_spread_are_metafors():
    found = together(Y, V, spread="normal")
    assert (found.predicted_low, found.predicted_high) == pytest.approx((-1.866692, 0.437628), abs=5e-7)
    assert found.q == pytest.approx(152.2330, abs=5e-5)
    assert 100 * found.i2 == pytest.approx(92.22, abs=5e-3)
    assert (found.tau2_low, found.tau2_high) == pytest.approx((0.1197, 1.1115), abs=5e-5)


def test_knapp_and_hartung_take_the_spread_from_the_estimates():
    found = together(Y, V)
    assert found.se == pytest.approx(0.1808, abs=5e-5)
    assert (found.low, found.high) == pytest.approx((-1.1084, -0.3206), abs=5e-5)
    assert (found.predicted_low, found.predicted_high) == pytest.approx((-1.9960, 0.5670), abs=5e-5)


def test_estimates_that_agree_have_no_spread_of_their_own():
    found = together([1.0, 1.01, 0.99, 1.0], [0.1, 0.1, 0.1, 0.1])
    assert found.tau2 == 0
    assert found.tau2_low == 0


def test_one_estimate_is_too_few():
    with pytest.raises(EvidenceError, match="does not show how estimates differ"):
        together([1.0], [0.1])


def test_a_variance_of_nought_is_refused():
    with pytest.raises(DefinitionError, match="not above nought"):
        together([1.0, 2.0], [0.1, 0.0])

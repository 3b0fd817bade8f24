"""Weights as they were drawn, trimmed as R's survey trims them.

Source: survey 4.1-1 under R 4.2.2 on i = 0:89; d = svydesign(ids = ~1, weights = ~w, data = x), and
t = trimWeights(d, upper = k * mean(w), strict = TRUE).
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peil.errors import DefinitionError
from peil.estimates.sample import sample
from peil.methods.calibrate import levelled


@pytest.fixture(scope="module")
def drawn():
    i = np.arange(90)
    rows = {"w": np.exp((i * 37 % 23) / 6), "y": i * 29 % 11, "a": np.array(list("xy"))[i % 2].tolist()}
    return sample(rows, weight="w")


@pytest.mark.parametrize(
    ("most", "mean", "weights", "calibrated"),
    [
        # by svymean(~y, t), range(weights(t)), and svymean of calibrate(t, ~a, c(400, 120))
        (6, (4.87798159929, 0.470840818253), (1, 39.1212839982), (5.01630993289, 0.509546823329)),
        (3, (4.89030058955, 0.461264320014), (1.36048134023, 32.4234342411), (5.00212276311, 0.50309011154)),
        (2, (4.9310446715, 0.410777333393), (3.0499472285, 21.6156228274), (4.98606720799, 0.44584604378)),
    ],
)
def test_trimmed_weights_and_what_they_give(drawn, most, mean, weights, calibrated):
    made = drawn.trim(most)
    found = made.mean("y").only()
    assert (found.value, found.se) == pytest.approx(mean, rel=1e-11)
    assert (made.weights().min(), made.weights().max()) == pytest.approx(weights, rel=1e-11)
    assert made.weights().sum() == pytest.approx(drawn.weights().sum(), rel=1e-12)
    again = made.calibrate({"a": {"x": 280, "y": 120}}).mean("y").only()
    assert (again.value, again.se) == pytest.approx(calibrated, rel=1e-11)


def test_what_was_trimmed_is_told(drawn):
    told = drawn.trim(2).diagnosis
    assert told.trimmed == 19
    assert told.most == pytest.approx(2 * told.population / told.respondents)
    assert str(told).endswith("19 weights are at the cap of 2.00 times the mean")


@given(
    st.lists(st.floats(0.01, 1e4), min_size=2, max_size=40, unique=True),
    st.floats(1.01, 8),
    st.integers(0, 1_000),
)
def test_none_is_above_the_cap_and_all_add_up_as_before(weights, most, seed):
    w = np.sort(weights)
    n = np.random.default_rng(seed).integers(1, 9, w.size).astype(float)
    cap = most * float(n @ w) / n.sum()
    added = levelled(w, n, cap)
    assert added >= 0
    assert n @ np.minimum(w + added, cap) == pytest.approx(n @ w, rel=1e-9)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _: sample({"y": [1, 2]}).trim(3), "no weights to trim"),
        (lambda of: of.trim(1), "cannot all be below 1 times"),
        (lambda of: of.trim(3).trim(2), "trimmed already"),
        (lambda of: of.rake({"a": {"x": 0.5, "y": 0.5}}).trim(3), "no longer meet their margins"),
    ],
)
def test_what_cannot_be_trimmed_is_refused(drawn, make, says):
    with pytest.raises(DefinitionError, match=says):
        make(drawn)

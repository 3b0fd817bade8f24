"""What holds of samples of two stages, and of strata of one cluster, whatever their answers are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from peil.estimates.contrast import Linearised
from peil.estimates.sample import sample

TWO = {"weight": "w", "stratum": "h", "cluster": "c", "unit": "u", "population": "N", "unit_population": "M"}


def drawn(seed=3):
    rng = np.random.default_rng(seed)
    rows = [
        {"h": h, "c": c, "u": u, "N": 30, "M": 9, "w": float(rng.uniform(0.5, 4)), "score": float(rng.normal(7, 2))}
        for h in range(3)
        for c in range(4)
        for u in range(int(rng.integers(2, 5)))
        for _ in range(int(rng.integers(1, 4)))
    ]
    made = pd.DataFrame(rows)
    made["same"] = 0.1
    made["alone"] = np.where(np.arange(len(made)) == 5, "one", "others")
    return made


@pytest.mark.parametrize("rule", ["refuse", "certainty", "average", "grand_mean"])
def test_what_never_varies_has_no_error_under_any_rule(rule):
    """A difference of sums leaves 1e-16 of them, of which the root is 1e-8: no error, though it would look like one."""
    rows = drawn()
    if rule != "refuse":
        rows = rows[(rows["h"] != 1) | (rows["c"] == 0)]
        rows = rows[(rows["h"] != 2) | (rows["c"] != 1) | (rows["u"] == 0)]
    design = sample(rows, **TWO, singleton=rule)
    assert design.mean("same").only().se == 0
    assert design.ratio("same", "same").only().se == 0
    one = design.mean("score", by="alone").at("score", "one")
    assert (one.n, one.se) == (1, 0)


def test_a_lone_unit_without_an_answer_is_none_of_the_clusters_that_stand_for_others():
    """The mean of the other clusters stands for those of one unit that have an answer, not for all that were asked."""
    rows = drawn()
    lone = (rows["h"] == 0) & (rows["c"] == 0)
    rows = rows[~lone | (rows["u"] == 0)].copy()
    rows.loc[(rows["h"] == 0) & (rows["c"] == 0), "score"] = np.nan
    rows["asked"] = True
    design = sample(rows, **TWO, singleton="average")
    missing = design.mean("score", by="asked").only()
    left_out = design.mean("score", where="score is not null").only()
    assert missing.se == pytest.approx(left_out.se, rel=1e-12)
    parts = Linearised(design.totals("score", by="asked"), "mean", "average")
    assert parts.variance([(0, 0, 1.0)]) == pytest.approx(missing.se**2, rel=1e-10)

"""Late entry: the curve and the hazard ratio beside R's survival and lifelines."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter

from peil.errors import DefinitionError, EvidenceError
from peil.methods.hazards import hazards
from peil.methods.leaving import leaving
from peil.methods.survival import kaplan_meier, limits, log_survival_scores

PLACE = np.arange(48)
ENTRY, LEFT, TEAM = (7 * PLACE) % 5, PLACE % 3 != 0, PLACE % 8
UNTIL = ENTRY + 1 + (11 * PLACE) % 9
X = np.array([3.1, 4.0, 3.6, 2.8, 4.4, 3.3, 3.9, 2.5])[TEAM]


def curve():
    lengths = np.arange(UNTIL.max() + 1)
    counts = (np.bincount(each, minlength=lengths.size) for each in (UNTIL[LEFT], UNTIL[~LEFT], ENTRY))
    events, censored, entered = counts
    return kaplan_meier(lengths, events, censored, entered=entered)


def test_the_hazard_ratio_is_rs():
    """R 4, survival: coxph(Surv(entry, until, left) ~ x + cluster(team)), ties as Efron."""
    found = leaving(ENTRY, UNTIL, LEFT, X, TEAM)
    assert found.log_ratio == pytest.approx(-0.17346878221, abs=1e-10)
    assert found.se == pytest.approx(0.170878999459, abs=1e-10)
    assert (found.n, found.left, found.clusters, found.df) == (48, 32, 8, 6)
    assert found.low < found.ratio < found.high


def test_the_hazard_ratio_is_lifelines():
    table = pd.DataFrame({"entry": ENTRY, "until": UNTIL, "left": LEFT, "x": X})
    fitter = CoxPHFitter().fit(table, "until", "left", entry_col="entry")
    assert leaving(ENTRY, UNTIL, LEFT, X, TEAM).log_ratio == pytest.approx(fitter.params_["x"], abs=1e-5)


def test_the_curve_with_late_entry_is_rs():
    """R 4, survival: survfit(Surv(entry, until, left) ~ 1), whose standard error is that of the cumulative hazard."""
    found = curve()
    assert found.at_risk.tolist() == [10, 17, 25, 31, 37, 31, 26, 21, 16, 10, 6, 3, 1]
    assert found.survival[[1, 4, 11, 12]] == pytest.approx(
        [0.9411764705882, 0.7224493563773, 0.0510241062181, 0], abs=1e-12
    )
    assert np.sqrt(found.log_variance[[1, 4, 11]]) == pytest.approx(
        [0.0606339062591, 0.1124963503335, 0.9228509443404], abs=1e-12
    )
    assert (found.n, found.waited) == (48, float((UNTIL - ENTRY).sum()))


def test_the_curve_with_late_entry_is_lifelines():
    found = curve()
    fitter = KaplanMeierFitter().fit(UNTIL, LEFT, entry=ENTRY + 0.5)
    at = found.time[:-1]
    assert found.survival[:-1] == pytest.approx(fitter.predict(at).to_numpy(), abs=1e-12)
    low, _ = limits(found.survival, found.log_variance, kind="log-log")
    theirs = fitter.confidence_interval_.iloc[:, 0].reindex(at).to_numpy()
    assert low[1:-1] == pytest.approx(theirs[1:], abs=1e-9)


def test_time_that_was_not_observed_is_no_exposure():
    found = hazards(curve(), [0, 4, 20])
    within = np.clip(UNTIL, 0, 4) - np.clip(ENTRY, 0, 4)
    assert found.exposure.tolist() == [within.sum(), (UNTIL - ENTRY).sum() - within.sum()]


def test_what_cannot_be_told_is_refused():
    with pytest.raises(EvidenceError, match="more went than had come"):
        kaplan_meier([1, 2], [1, 1], [0, 0], entered=[1, 1])
    with pytest.raises(EvidenceError, match="came under observation"):
        log_survival_scores(curve(), [3])
    with pytest.raises(EvidenceError, match="nobody left"):
        leaving(ENTRY, UNTIL, np.zeros(48), X, TEAM)
    with pytest.raises(EvidenceError, match="3 teams"):
        leaving(ENTRY, UNTIL, LEFT, X, PLACE % 3)
    with pytest.raises(EvidenceError, match="same for everybody"):
        leaving(ENTRY, UNTIL, LEFT, np.ones(48), TEAM)
    with pytest.raises(DefinitionError, match="before observation began"):
        leaving(UNTIL, ENTRY, LEFT, X, TEAM)
    with pytest.raises(EvidenceError, match="runs off"):
        leaving(np.zeros(8), np.arange(1, 9), np.arange(8) == 0, np.arange(8) == 0, np.arange(8))

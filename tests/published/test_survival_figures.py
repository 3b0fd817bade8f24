"""Figures of survival curves, tests and competing ends that others printed."""

from __future__ import annotations

import numpy as np
import pytest

from peil.errors import EvidenceError
from peil.methods.hazards import hazards
from peil.methods.incidence import incidence
from peil.methods.log_rank import log_rank, rank_scores
from peil.methods.survival import (
    kaplan_meier,
    limits,
    log_survival_scores,
    quantile,
    restricted_mean,
    restricted_mean_scores,
)

# Figures are printed with ten digits.
CLOSE = 1e-9
# Weeks of remission of 42 children with leukaemia (Freireich and others 1963), first those given mercaptopurine.
TREATED = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
TIME = np.array(TREATED + PLACEBO)
EVENT = np.array(RELAPSED + [1] * 21)
GROUP = np.repeat([0, 1], 21)
PERSON = np.tile(np.arange(14), 3)


def treated():
    return kaplan_meier(TREATED, RELAPSED, 1 - np.array(RELAPSED))


def everybody():
    return kaplan_meier(TIME, EVENT, 1 - EVENT)


def per_person(scores, event=EVENT):
    """Scores of every row, added up per person."""
    at = everybody().places(TIME) if len(scores.event) != len(TIME) else np.arange(len(TIME))
    rows = np.where(event[:, None] == 1, scores.event[at], scores.censored[at])
    found = np.zeros((14, rows.shape[1]))
    np.add.at(found, PERSON, rows)
    return found


def test_the_curve_of_the_remissions_is_the_textbook_one():
    """Cox and Oakes 1984, table 1.1 and section 4.3; R survival 3.5-3, ``survfit``."""
    curve = treated()
    places = curve.places([6, 7, 10, 13, 16, 22, 23])
    assert curve.survival[places] == pytest.approx(
        [0.857143, 0.806723, 0.752941, 0.690196, 0.627451, 0.537815, 0.448179], abs=5e-7
    )
    assert curve.se[places] == pytest.approx(
        [0.0763604, 0.0869353, 0.0963497, 0.1068147, 0.1140539, 0.1282338, 0.1345915], abs=5e-8
    )
    low, high = limits(curve.survival, curve.log_variance)
    assert low[places] == pytest.approx(
        [0.719817, 0.653124, 0.585919, 0.509613, 0.439394, 0.337037, 0.248788], abs=5e-7
    )
    assert high[places] == pytest.approx([1, 0.996444, 0.967575, 0.934769, 0.895995, 0.858201, 0.807372], abs=5e-7)


def test_the_cumulative_hazard_and_the_restricted_mean_are_those_of_r():
    """R survival 3.5-3: ``survfit(...)$cumhaz``, ``$std.chaz`` and ``print(rmean=23)``."""
    curve = treated()
    place = curve.places([25])[0]
    assert curve.cumulative_hazard[place] == pytest.approx(0.7521135727, abs=CLOSE)
    assert curve.cumulative_hazard_se[place] == pytest.approx(0.27946774670, abs=CLOSE)
    assert restricted_mean(curve, 23) == pytest.approx((17.909243697, 1.553189978), abs=CLOSE)


@pytest.mark.parametrize(
    ("kind", "group", "quarter", "median"),
    [
        ("log", 0, (13, 6, np.nan), (23, 16, np.nan)),
        ("log", 1, (4, 2, 8), (8, 4, 12)),
        ("log-log", 0, (13, 6, 22), (23, 13, np.nan)),
        ("log-log", 1, (4, 1, 5), (8, 4, 11)),
        ("plain", 0, (13, 6, 23), (23, 13, np.nan)),
        ("plain", 1, (4, 2, 8), (8, 4, 11)),
    ],
)
def test_quantiles_have_the_intervals_of_r_on_every_scale(kind, group, quarter, median):
    """R survival 3.5-3: ``quantile(survfit(..., conf.type=...), c(.25, .5))``."""
    here = group == GROUP
    curve = kaplan_meier(TIME[here], EVENT[here], 1 - EVENT[here])
    assert quantile(curve, 0.25, kind=kind) == pytest.approx(quarter, nan_ok=True)
    assert quantile(curve, 0.5, kind=kind) == pytest.approx(median, nan_ok=True)


def test_the_log_rank_test_of_the_remissions_is_the_textbook_one():
    """16.79 as in Kleinbaum and Klein 2012, ch. 2; R ``survdiff`` for the strata and the three groups."""
    found = log_rank(TIME, EVENT, 1 - EVENT, GROUP)
    assert found.chi2 == pytest.approx(16.79294099, abs=5e-9)
    assert found.observed.tolist() == [9, 21]
    within = log_rank(TIME, EVENT, 1 - EVENT, GROUP, np.tile([0, 1, 1, 0, 1, 0, 1], 6))
    assert within.chi2 == pytest.approx(15.9223138, abs=5e-8)
    assert within.expected == pytest.approx([19.0478, 10.9522], abs=5e-5)
    three = log_rank(TIME, EVENT, 1 - EVENT, np.tile([0, 1, 2], 14))
    assert (three.chi2, three.df) == pytest.approx((0.7163805892, 2), abs=CLOSE)


def test_persons_who_come_back_have_the_variance_of_r():
    """R survival 3.5-3: ``survfit(..., cluster=id, robust=TRUE)`` and the robust score test of ``coxph``."""
    curve = everybody()
    sums = per_person(log_survival_scores(curve, [5, 10, 20]))
    se = curve.at([5, 10, 20]) * np.sqrt((sums**2).sum(axis=0))
    assert se == pytest.approx([0.04268673605, 0.04027538590, 0.06221080248], abs=CLOSE)
    for group, expected in ((np.tile([0, 1, 2], 14), 0.6292750642), (GROUP, 13.14283572)):
        scores = per_person(rank_scores(TIME, EVENT, 1 - EVENT, group))
        robust = log_rank(TIME, EVENT, 1 - EVENT, group).with_covariance(scores.T @ scores)
        assert robust.chi2 == pytest.approx(expected, abs=5e-9)


def test_rows_that_are_all_of_other_persons_have_greenwoods_variance():
    curve = everybody()
    at = curve.places(TIME)
    for scores, expected in (
        (log_survival_scores(curve, [8]), curve.log_variance[curve.places([8])[0]]),
        (restricted_mean_scores(curve, 20), restricted_mean(curve, 20)[1] ** 2),
    ):
        rows = np.where(EVENT[:, None] == 1, scores.event[at], scores.censored[at])
        assert (rows**2).sum() == pytest.approx(expected, rel=1e-12)
        assert rows.sum() == pytest.approx(0, abs=1e-12)


def test_ends_that_rule_one_another_out_have_the_shares_and_errors_of_r():
    """R survival 3.5-3: ``survfit(Surv(time, cause) ~ 1)`` with a cause of two kinds."""
    cause = np.where(EVENT == 0, 0, 1 + np.arange(1, 43) % 2)
    share, se = incidence(TIME, np.column_stack([cause == 1, cause == 2]), EVENT == 0).at([3, 8, 12, 23])
    assert share == pytest.approx(
        np.array([[0.07142857143, 0.04761904762], [0.19211822660, 0.21674876847], [0.24746470302, 0.29779667989],
                  [0.38009679967, 0.43042877654]]), abs=CLOSE)  # fmt: skip
    assert se == pytest.approx(
        np.array([[0.03973918859, 0.03286026473], [0.06109912376, 0.06400393255], [0.06828057643, 0.07248908730],
                  [0.08218608712, 0.08367436301]]), abs=CLOSE)  # fmt: skip


def test_ends_and_those_still_there_add_up_to_everybody():
    cause = np.where(EVENT == 0, 0, 1 + np.arange(1, 43) % 2)
    found = incidence(TIME, np.column_stack([cause == 1, cause == 2]), EVENT == 0)
    assert found.share.sum(axis=1) + found.still.survival == pytest.approx(np.ones(found.time.size))


def test_counts_of_seconds_say_what_the_rows_say():
    seconds, at = np.unique(TIME, return_inverse=True)
    counted = kaplan_meier(seconds, np.bincount(at, EVENT), np.bincount(at, 1 - EVENT))
    assert counted.survival.tolist() == everybody().survival.tolist()
    assert counted.log_variance.tolist() == everybody().log_variance.tolist()


def test_the_hazard_counts_each_second_that_somebody_was_there():
    """Events over person-time; the exact interval of 9 events is 4.115 to 17.085 (Garwood 1936)."""
    found = hazards(treated(), [0, 35])
    assert found.exposure.tolist() == [359]
    assert found.rate.tolist() == [9 / 359]
    assert [found.low[0] * 359, found.high[0] * 359] == pytest.approx([4.115, 17.085], abs=5e-4)
    parts = hazards(treated(), [0, 6, 10, 22, 35])
    assert parts.events.tolist() == [3, 2, 3, 1]
    assert parts.exposure.sum() == 359


def test_nobody_censored_gives_the_plain_share_with_the_binomial_error():
    curve = kaplan_meier([1, 2, 3, 4], [4, 3, 2, 1], [0, 0, 0, 0])
    assert curve.survival == pytest.approx([0.6, 0.3, 0.1, 0.0])
    assert curve.se[:3] == pytest.approx(np.sqrt(np.array([0.24, 0.21, 0.09]) / 10))
    assert np.isnan(curve.se[3])
    assert curve.at([9]).tolist() == [0.0]
    assert restricted_mean(curve, 100)[0] == pytest.approx(2)


def test_nobody_gone_leaves_the_curve_at_one_and_the_median_unknown():
    curve = kaplan_meier([5, 9], [0, 0], [3, 4])
    assert curve.survival.tolist() == [1, 1]
    assert np.isnan(quantile(curve, 0.5)).all()
    assert restricted_mean(curve, 9) == (9, 0)
    assert incidence([5, 9], [[0], [0]], [3, 4]).variance.tolist() == [[0], [0]]


@pytest.mark.parametrize("value", [[-1, 2], [np.nan, 2], [np.inf, 2]])
def test_a_negative_or_endless_wait_is_refused(value):
    with pytest.raises(EvidenceError, match="negative or no number"):
        kaplan_meier(value, [1, 1], [0, 0])


def test_nothing_to_count_is_said():
    with pytest.raises(EvidenceError, match="nobody waited"):
        kaplan_meier([], [], [])
    with pytest.raises(EvidenceError, match="negative"):
        incidence([1, 2], [[-1], [1]], [3, 1])


def test_a_mean_beyond_the_longest_wait_is_refused():
    with pytest.raises(EvidenceError, match="nobody was followed for 40"):
        restricted_mean(treated(), 40)


def test_groups_that_were_never_there_together_cannot_be_compared():
    with pytest.raises(EvidenceError, match="never there at the same time"):
        log_rank([1, 2, 3, 4], [1, 1, 1, 1], [0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1])
    with pytest.raises(EvidenceError, match="one group"):
        log_rank([1, 2], [1, 1], [0, 0], [0, 0])
    with pytest.raises(EvidenceError, match="happened to nobody"):
        log_rank([1, 2], [0, 0], [1, 1], [0, 1])

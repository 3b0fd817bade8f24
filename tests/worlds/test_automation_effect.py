"""What automation does: planted effects are found at a threshold and in stages, and without either nothing is claimed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

import automation as proof
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.staged import staged
from peil.made import made
from peil.measures.catalogue import measure_named
from peil.methods.rollout import panel, placebo, roll_out
from peil.studies.automation_effect import Stages, Threshold, automation_effect

DRAWS = 60
# four binomial standard errors around 0.95 of so many draws; benchmarks/automation.py has hundreds
LEAST = 0.95 - 4 * (0.95 * 0.05 / DRAWS) ** 0.5


@pytest.fixture(scope="module")
def thresholds(tmp_path_factory):
    """Amounts from 100 on go to the bot, which puts 40 points more on hold."""
    return proof.threshold_world(tmp_path_factory.mktemp("threshold"), 0.40, 8_000, 1)


def test_without_a_threshold_or_stages_a_difference_is_no_effect():
    found = automation_effect(made(), measure_named("repeat_7d"))
    assert found.finding.verdict == "unclear"
    assert not np.isfinite(found.finding.effect.value)
    assert found.satisfaction.value < 0  # automated handling is liked less, and that is no effect
    assert "threshold or a lot decide" in found.finding.settles.en
    assert [each.name for each in found.finding.checks] == ["something_decided"]


def test_a_planted_jump_is_found_where_a_rule_raises_the_chance_of_a_bot(thresholds):
    found = automation_effect(thresholds, proof.HELD, rule=Threshold(running="extra.amount", cutoff=100))
    assert found.finding.verdict == "yes"
    assert found.finding.effect.low < 0.40 < found.finding.effect.high
    assert found.jump.first_low < 0.65 < found.jump.first_high
    assert found.heaping.p > 0.01
    assert found.finding.says.en == "Put on hold: automation makes it higher"
    assert found.finding.says.nl == "In de wacht gezet: door automatisering hoger"


def test_automation_below_the_threshold_is_the_same_jump_the_other_way(thresholds):
    people = "case when with_bot then 0 else 1 end = 1"
    above = automation_effect(thresholds, proof.HELD, rule=Threshold(running="extra.amount", cutoff=100))
    below = automation_effect(
        thresholds, proof.HELD, rule=Threshold(running="extra.amount", cutoff=100, automated="below", treated=people)
    )
    assert below.finding.effect.value == pytest.approx(-above.finding.effect.value, abs=1e-3)


def test_readiness_splits_a_threshold(thresholds):
    rule = Threshold(running="extra.amount", cutoff=100, ready="reason in ('invoice', 'delivery')")
    found = automation_effect(thresholds, proof.HELD, rule=rule)
    assert found.moderator.low < 0 < found.moderator.high  # planted alike
    assert found.moderator.n > 1_000
    nobody = Threshold(running="extra.amount", cutoff=100, ready="reason = 'nothing'")
    assert automation_effect(thresholds, proof.HELD, rule=nobody).moderator is None


def test_amounts_that_somebody_moved_across_make_it_unclear(tmp_path):
    data = proof.threshold_world(tmp_path, 0.40, 6_000, 1, sorted_share=0.9)
    found = automation_effect(data, proof.HELD, rule=Threshold(running="extra.amount", cutoff=100))
    assert found.finding.verdict == "unclear"
    assert "no_heaping" in [each.name for each in found.finding.checks if not each.passed]
    assert "cannot steer" in found.finding.settles.en


def test_no_effect_is_no_where_it_was_said_what_matters(tmp_path):
    data = proof.threshold_world(tmp_path, 0.0, 8_000, 1, seed=1)
    rule = Threshold(running="extra.amount", cutoff=100)
    assert automation_effect(data, proof.HELD, rule=rule, matters=0.30).finding.verdict == "no"
    assert automation_effect(data, proof.HELD, rule=rule).finding.verdict == "unclear"


@pytest.mark.parametrize("repeated", [False, True])
def test_intervals_of_a_jump_hold_it(repeated):
    held, heaped = proof.threshold_coverage(0.1, 1_000, DRAWS, fuzzy=False, repeated=repeated)
    assert held >= LEAST
    assert heaped <= 0.2


@pytest.fixture(scope="module")
def stages(tmp_path_factory):
    """Twelve queues, six of which get automation in stages; it puts 20 points more on hold, and more where queues are ready."""
    return proof.stages_world(tmp_path_factory.mktemp("stages"), 0.20, 12, 30, 1, tilt=0.4)


def test_a_planted_roll_out_is_found(stages):
    data, begins, readiness = stages
    found = automation_effect(data, proof.HELD, rule=Stages(begins=begins[0], readiness=readiness[0]))
    assert found.finding.verdict == "yes"
    ready = np.mean([readiness[0][each] for each in begins[0]])
    assert found.finding.effect.low < 0.20 + 0.4 * (ready - 0.6) < found.finding.effect.high
    assert (found.stages.units, found.stages.treated_units) == (12, 6)
    # a tenth of readiness adds four points
    assert found.moderator.low < 0.04 < found.moderator.high
    assert found.moderator.n == 6


def test_readiness_is_made_of_contacts_before_anybody_began(stages):
    data, begins, _ = stages
    found = staged(data, proof.HELD, begins[0])
    # nobody was transferred or opened again, and everybody is known
    assert found.readiness == pytest.approx([1.0] * 12)
    assert automation_effect(data, proof.HELD, rule=Stages(begins=begins[0])).moderator is None


def test_queues_that_were_already_moving_apart_are_no_proof(tmp_path):
    data, begins, _ = proof.stages_world(tmp_path, 0.0, 12, 30, 1, drift=0.012)
    found = automation_effect(data, proof.HELD, rule=Stages(begins=begins[0]))
    assert found.finding.effect.clear
    assert found.finding.verdict == "unclear"
    assert [each.name for each in found.finding.checks if not each.passed] == ["alike_before", "outlives_drift"]


def test_a_drift_that_nobody_sees_is_taken_off_before_an_effect_is_claimed():
    rng = np.random.default_rng(11)
    seen, claimed, kept = [], [], []
    for _ in range(12):
        cells = proof._cells(rng, 12, 6, 30)
        step = np.isfinite(cells.begins)[cells.unit] * cells.period
        calm = replace(cells, value=cells.value - proof.EFFECT * (cells.treated == 1))
        adrift = replace(calm, value=calm.value + 0.006 * step)
        found = roll_out(adrift)
        seen.append(found.low > 0)
        steady = roll_out(adrift, drifting=True, first=6)
        claimed.append(steady.low > 0)
        kept.append(steady.low <= 0 <= steady.high)
        # a drift along a line changes nothing once it is taken off
        assert steady.value == pytest.approx(roll_out(calm, drifting=True, first=6).value, abs=1e-9)
    assert sum(seen) >= 10
    assert sum(claimed) <= 2
    assert sum(kept) >= 9


def test_where_everybody_began_the_earlier_drift_from_the_later():
    unit, period = (each.ravel() for each in np.indices((8, 12)))
    begins = np.array([5.0, 5, 6, 6, 8, 8, 11, 11])
    line = 0.01 * (11 - begins)[unit] * period
    value = 0.1 * unit + 0.02 * period + line + 0.3 * (period >= begins[unit])
    found = roll_out(panel(unit, period, value, np.ones(96), begins), drifting=True)
    assert found.value == pytest.approx(0.3)
    alike = np.full(8, 6.0)
    with pytest.raises(EvidenceError, match="nothing tells what would have been"):
        roll_out(panel(unit, period, value, np.ones(96), alike), drifting=True)


def test_four_queues_cannot_tell(tmp_path):
    data, begins, _ = proof.stages_world(tmp_path, 0.10, 4, 30, 1)
    found = automation_effect(data, proof.HELD, rule=Stages(begins=begins[0]))
    assert found.finding.verdict == "unclear"
    assert "enough_queues" in [each.name for each in found.finding.checks if not each.passed]


def test_intervals_of_a_roll_out_hold_it():
    held, apart = proof.stages_coverage(8, 4, DRAWS)
    assert held >= LEAST
    assert apart <= 0.2


def test_the_roll_out_is_the_imputation_estimate_of_diff_diff():
    """diff-diff 3.13 ImputationDiD().fit(...).overall_att on the same cells: 0.45103944902560056."""
    unit, period = (each.ravel() for each in np.indices((10, 12)))
    begins = np.array([4, 4, 6, 6, 8, *[np.inf] * 5])
    since = np.clip(period - np.where(np.isfinite(begins), begins, 99)[unit], 0, None)
    value = 0.1 * unit + 0.01 * period**2 + np.sin(unit * 7 + period * 3) / 5
    value = value + (0.3 + 0.05 * since) * (period >= begins[unit])
    found = roll_out(panel(unit, period, value, np.ones(120), begins))
    assert found.value == pytest.approx(0.45103944902560056, abs=1e-9)
    assert found.cells == 32
    assert found.by_unit[:5].mean() == pytest.approx(np.nanmean(found.by_unit))


def test_everybody_at_once_leaves_nobody_to_compare_with():
    unit, period = (each.ravel() for each in np.indices((6, 8)))
    value = unit + period * 1.0
    with pytest.raises(EvidenceError, match="nothing tells what would have been without"):
        roll_out(panel(unit, period, value, np.ones(48), np.full(6, 4.0)))
    with pytest.raises(EvidenceError, match=r"1 of 6 units began.*\n  remedy: at least 4 units, 2 of which began"):
        roll_out(panel(unit, period, value, np.ones(48), np.array([4.0, *[np.inf] * 5])))
    with pytest.raises(EvidenceError, match="nothing tells what would have been without"):
        placebo(panel(unit, period, value, np.ones(48), np.full(6, 1.0)))


def test_columns_queues_and_outcomes_that_do_not_exist_are_refused(thresholds, stages):
    held = proof.HELD
    with pytest.raises(EvidenceError, match=r"'extra\.size' holds nothing in these rows"):
        automation_effect(thresholds, held, rule=Threshold(running="extra.size", cutoff=1))
    with pytest.raises(EvidenceError, match=r"'reason' holds something else than numbers"):
        automation_effect(thresholds, held, rule=Threshold(running="reason", cutoff=1))
    with pytest.raises(DefinitionError, match="tells customers apart"):
        automation_effect(thresholds, held, rule=Threshold(running="customer_id", cutoff=1))
    with pytest.raises(DefinitionError, match="'amount' is nothing to group"):
        automation_effect(thresholds, held, rule=Threshold(running="amount", cutoff=1))
    with pytest.raises(EvidenceError, match="different values above the threshold"):
        automation_effect(thresholds, held, rule=Threshold(running="extra.amount", cutoff=9_999))
    with pytest.raises(DefinitionError, match="'volume' is no mean of rows"):
        automation_effect(thresholds, measure_named("volume"), rule=Threshold(running="extra.amount", cutoff=100))
    with pytest.raises(DefinitionError, match=r"1 of 1 units of the roll-out have no contacts: nowhere"):
        automation_effect(stages[0], held, rule=Stages(begins={"nowhere": date(2021, 3, 1)}))

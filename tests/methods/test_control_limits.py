"""Rules of control charts, one series each, and how often they are wrong."""

from __future__ import annotations

import numpy as np
import pytest

from peil.errors import DefinitionError, EvidenceError
from peil.methods.control_limits import control_limits

CALM = [0.1, -0.1, 0.2, -0.2, 0.0, 0.1, -0.1, -0.2, 0.0, 0.2]


def signals(value, **asked):
    return [(each.at, each.rule, each.side) for each in control_limits(value, **asked).signals]


def test_nelsons_rules_are_met_where_they_should_be():
    asked = {"baseline": 10, "textbook": True}
    assert signals(CALM, **asked) == []
    assert signals([*CALM, 0.9, -0.9], **asked, rules=["beyond"]) == [(10, "beyond", 1), (11, "beyond", -1)]
    assert signals([*CALM, *[-0.05] * 12], **asked, rules=["run"]) == [(18, "run", -1)]
    assert signals([*CALM, -0.25, -0.2, -0.1, 0.1, 0.2, 0.3], **asked, rules=["trend"]) == [(15, "trend", 1)]
    assert signals([*CALM, 0.36, 0.0, 0.36, 0.36], **asked, rules=["two_of_three"]) == [(12, "two_of_three", 1)]


def test_a_wave_of_few_answers_has_wide_limits_and_a_missing_one_none():
    found = control_limits([*CALM, 0.6, np.nan, 0.6], se=[*[0.1] * 10, 0.4, np.nan, 0.1], baseline=10)
    assert found.high[10] > 0.6 > found.high[12]
    assert np.isnan(found.high[11])
    assert {each.at for each in found.signals if each.rule == "beyond"} == {12}
    assert found.baseline.tolist() == list(range(10))


def test_what_is_ordinary_between_waves_is_in_the_limits():
    """Laney (2002): with very many answers a wave, limits of sampling error alone signal everywhere."""
    dice = np.random.default_rng(1)
    value, se = 7 + 0.2 * dice.normal(size=20), np.full(20, 0.01)
    found = control_limits(value, se=se)
    assert found.signals == ()
    assert 0.1 < found.sigma_between < 0.3
    assert found.sigma_within == pytest.approx(0.01)
    assert np.mean(np.abs(value - found.centre) > 3 * se) > 0.5


@pytest.mark.parametrize("textbook", [False, True])
def test_false_alarms_are_as_frequent_as_they_are_told_to_be(textbook):
    dice = np.random.default_rng(2)
    charts = [control_limits(dice.normal(size=20), textbook=textbook) for _ in range(150)]
    seen, told = np.mean([bool(each.signals) for each in charts]), charts[0].false_alarm
    assert abs(seen - told) < 3.5 * np.sqrt(told * (1 - told) / 150)
    assert (told > 0.1) == textbook
    assert charts[0].expected_false >= told


def test_waves_that_hang_together_are_told():
    dice = np.random.default_rng(3)
    value = np.zeros(24)
    for at in range(1, 24):
        value[at] = 0.9 * value[at - 1] + dice.normal()
    found = control_limits(value)
    assert found.autocorrelated
    assert found.false_alarm_autocorrelated > 2 * found.false_alarm
    assert not control_limits(dice.normal(size=24)).autocorrelated


def test_what_cannot_be_told_is_refused():
    with pytest.raises(EvidenceError, match="do not show what is ordinary"):
        control_limits(CALM[:5])
    with pytest.raises(EvidenceError, match="all alike"):
        control_limits(np.ones(10))
    with pytest.raises(DefinitionError, match="no such rule"):
        control_limits(CALM, rules=["fifteen"])
    with pytest.raises(DefinitionError, match="without a standard error"):
        control_limits(CALM, se=[*[0.1] * 9, np.nan])
    with pytest.raises(DefinitionError, match="waves that are not there"):
        control_limits(CALM, baseline=11)

"""Panels of which it is known what comes first."""

from __future__ import annotations

import numpy as np
import pytest

from peil.errors import DefinitionError, EvidenceError
from peil.methods.lead_lag import lead_lag


def panel(units, periods, keep, *, error=0.0, missing=0.0, seed=1):
    dice = np.random.default_rng(seed)
    keep, now, made = np.array(keep), np.zeros((units, 2)), np.zeros((units, periods, 2))
    for at in range(-20, periods):
        shock = dice.normal(size=(units, 2))
        shock[:, 1] += 0.4 * shock[:, 0]
        now = now @ keep.T + shock
        if at >= 0:
            made[:, at] = now
    made += 2 * dice.normal(size=(units, 1, 2)) + dice.normal(size=(1, periods, 2))
    made += error * dice.normal(size=made.shape)
    made[dice.random((units, periods)) < missing] = np.nan
    return np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units), *made.reshape(-1, 2).T


def test_a_short_panel_with_gaps_and_errors_is_set_right():
    """Nickell (1981): with six periods effects of teams push what remains of y down by some 1/6 and more."""
    unit, period, x, y = panel(2_000, 6, [[0.5, 0.0], [0.3, 0.4]], error=0.6, missing=0.1)
    se = np.full(x.size, 0.6)
    found = lead_lag(unit, period, x, y, x_se=se, y_se=se)
    assert found.corrected
    assert abs(found.x_to_y.value - 0.3) < 3 * found.x_to_y.se < 0.15
    assert abs(found.y_to_x.value) < 3 * found.y_to_x.se < 0.15
    assert abs(found.x_to_y.own - 0.4) < 0.12
    assert found.x_to_y.uncorrected < 0.26
    assert found.direction == "x_leads"
    assert 0.6 < found.x_reliability < 0.85
    assert found.together_low < 0.4 / np.sqrt(1.16) < found.together_high + 0.1


def test_the_mirror_image_leads_the_other_way():
    unit, period, x, y = panel(40, 16, [[0.3, 0.0], [0.4, 0.3]])
    forth, back = lead_lag(unit, period, x, y), lead_lag(unit, period, y, x)
    assert (forth.direction, back.direction) == ("x_leads", "y_leads")
    assert forth.x_to_y.value == pytest.approx(back.y_to_x.value, rel=1e-6)
    assert forth.difference == pytest.approx(-back.difference, rel=1e-6)


def test_both_and_neither_are_told_apart_from_not_knowing():
    assert lead_lag(*panel(60, 20, [[0.3, 0.3], [0.3, 0.3]])).direction == "both"
    assert lead_lag(*panel(150, 30, [[0.3, 0.0], [0.0, 0.3]])).direction == "neither"
    assert lead_lag(*panel(10, 8, [[0.3, 0.0], [0.0, 0.3]])).direction == "unclear"


def test_units_and_order_change_nothing():
    unit, period, x, y = panel(20, 12, [[0.3, 0.0], [0.3, 0.3]], missing=0.1)
    mixed = np.random.default_rng(0).permutation(x.size)
    one = lead_lag(unit, period, x, y)
    other = lead_lag(unit[mixed], period[mixed] + 7, 10 * x[mixed], 2 * y[mixed] + 3)
    assert other.x_to_y.value == pytest.approx(one.x_to_y.value / 5, rel=1e-6)
    assert other.x_to_y.standardised == pytest.approx(one.x_to_y.standardised, rel=1e-6)
    assert other.x_to_y.p == pytest.approx(one.x_to_y.p, rel=1e-5)


def test_a_missing_period_is_not_bridged():
    unit, period, x, y = panel(10, 9, [[0.3, 0.0], [0.0, 0.3]])
    assert lead_lag(unit, period, x, y).rows == 80
    there = period != 4
    assert lead_lag(unit[there], period[there], x[there], y[there]).rows == 60
    assert lead_lag(unit, period, x, y, lags=2).rows == 70


def test_two_lags_are_added_up():
    dice = np.random.default_rng(4)
    x, y = dice.normal(size=(2, 300, 14))
    for at in range(2, 14):
        y[:, at] += 0.2 * x[:, at - 1] + 0.3 * x[:, at - 2]
    unit, period = np.repeat(np.arange(300), 14), np.tile(np.arange(14), 300)
    found = lead_lag(unit, period, x.ravel(), y.ravel(), lags=2)
    assert found.x_to_y.low < 0.5 < found.x_to_y.high
    assert found.x_to_y.se < 0.06


def test_what_cannot_be_told_is_refused():
    unit, period, x, y = panel(8, 8, [[0.3, 0.0], [0.0, 0.3]])
    with pytest.raises(EvidenceError, match="5 teams have 3 periods"):
        lead_lag(*(each[unit < 5] for each in (unit, period, x, y)))
    with pytest.raises(EvidenceError, match="does not vary"):
        lead_lag(unit, period, unit.astype(float), y)
    with pytest.raises(DefinitionError, match="same period twice"):
        lead_lag(np.append(unit, 0), np.append(period, 0), np.append(x, 1.0), np.append(y, 1.0))
    with pytest.raises(DefinitionError, match="whole number"):
        lead_lag(unit, period + 0.5, x, y)

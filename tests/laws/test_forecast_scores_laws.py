"""Laws of scores: telling what one believes loses least, parts add up, order is nothing, and a sure miss is infinite."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peil.errors import DefinitionError, EvidenceError
from peil.methods.forecast_calibration import binned, calibrated, expected_band, isotonic, murphy, table
from peil.methods.meta_groups import grouped, log_odds, robust
from peil.methods.score import brier, compared, crps_ensemble, crps_gaussian, crps_quantiles, log_loss, scored, skill

CHANCE = st.floats(0.001, 0.999)
PAIRS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.7, 1.0]), st.sampled_from([0.0, 0.5, 1.0])),
    min_size=2,
    max_size=60,
)
# sums of sixty terms below one
CLOSE = 1e-12


@given(truth=CHANCE, said=CHANCE)
def test_telling_what_one_believes_loses_least(truth, said):
    for loss in (brier, log_loss):
        of_truth, of_said = (
            truth * float(loss([each], [1])[0]) + (1 - truth) * float(loss([each], [0])[0]) for each in (truth, said)
        )
        assert of_truth <= of_said + CLOSE


@settings(max_examples=30)
@given(mean=st.floats(-2, 2), sd=st.floats(0.2, 3))
def test_the_true_spread_loses_least_on_average(mean, sd):
    came = np.random.default_rng(1).normal(size=4_000)
    assert crps_gaussian(0, 1, came).mean() <= crps_gaussian(mean, sd, came).mean() + 0.02


@given(PAIRS)
def test_the_parts_of_the_score_add_up(pairs):
    said, came = (np.array(each) for each in zip(*pairs, strict=True))
    whole = brier(said, came).mean()
    for found in (murphy(said, came), murphy(said, came, bins=np.rint(said * 2), corrected=True)):
        assert found.reliability - found.resolution + found.uncertainty + found.within == pytest.approx(
            whole, abs=CLOSE
        )
    parts = isotonic(said, came)
    assert parts.miscalibration - parts.discrimination + parts.uncertainty == pytest.approx(whole, abs=CLOSE)
    assert parts.miscalibration >= -CLOSE
    assert parts.discrimination >= -CLOSE


@given(PAIRS, st.randoms())
def test_order_is_nothing_and_blocks_of_one_are_no_blocks(pairs, dice):
    said, came = (np.array(each) for each in zip(*pairs, strict=True))
    order = list(range(len(pairs)))
    dice.shuffle(order)
    one = scored(brier(said, came), ends=(0.0, 1.0))
    two = scored(brier(said[order], came[order]), ends=(0.0, 1.0), blocks=[f"b{each}" for each in order])
    assert (one.value, one.low, one.high) == pytest.approx((two.value, two.low, two.high), abs=CLOSE)
    assert one.low <= one.value <= one.high
    assert sum(each.n for each in table(said, came)) == len(pairs)


@given(PAIRS)
def test_a_perfect_forecast_has_full_skill_and_the_reference_has_none(pairs):
    _, came = (np.array(each) for each in zip(*pairs, strict=True))
    base = brier(np.full(came.size, came.mean()), came)
    if base.mean() > CLOSE:
        assert skill(brier(came, came), base).value == 1
        assert skill(base, base).value == pytest.approx(0)
    else:
        with pytest.raises(EvidenceError, match="makes no error"):
            skill(brier(came, came), np.zeros(came.size))


def test_copies_in_a_block_make_an_interval_no_narrower():
    loss = brier([0.2, 0.8, 0.6, 0.7], [0, 1, 1, 0])
    once, often = scored(loss), scored(np.repeat(loss, 9), blocks=np.repeat(range(4), 9))
    assert (often.low, often.high) == pytest.approx((once.low, once.high))
    assert scored(np.repeat(loss, 9)).high < once.high
    assert (often.n, often.blocks) == (36, 4)


@pytest.mark.parametrize(("said", "came"), [(0.0, 1.0), (1.0, 0.0)])
def test_a_forecast_that_ruled_out_what_came_is_infinite_and_no_crash(said, came):
    loss = log_loss([said, 0.5], [came, 1])
    assert np.isposinf(loss[0])
    found = scored(loss)
    assert (found.value, found.infinite) == (np.inf, 1)
    assert np.isnan(found.low)
    assert skill(loss, log_loss([0.5, 0.5], [came, 1])).value == -np.inf
    assert brier([said], [came]).tolist() == [1.0]
    assert calibrated([said], [came]).z == np.inf
    with pytest.raises(EvidenceError, match="infinite"):
        skill(log_loss([0.5, 0.5], [came, 1]), loss)
    with pytest.raises(DefinitionError, match="finite losses"):
        compared(loss, loss)


def test_a_sure_forecast_that_came_loses_nothing():
    assert log_loss([0, 1], [0, 1]).tolist() == [0, 0]
    assert calibrated([0.0, 1.0], [0, 1]).z == 0
    assert calibrated([0.5, 0.5], [0, 1]).z == 0


def test_more_quantiles_near_the_score_of_the_whole_spread():
    values = np.sort(np.random.default_rng(3).normal(size=999))
    levels = np.arange(1, 1000) / 1000
    assert crps_quantiles(levels, values[None, :], [0.4]) == pytest.approx(crps_ensemble([values], [0.4]), abs=2e-3)


def test_forecasters_that_are_alike_do_not_differ():
    found = compared([0.1, 0.2, 0.3], [0.1, 0.2, 0.3])
    assert (found.value, found.p) == (0, 1)
    ahead = compared(np.tile([0.1, 0.4], 20), np.tile([0.3, 0.2], 20), horizon=3)
    assert 0 < ahead.p <= 1


def test_a_group_whose_errors_agree_counts_once_and_one_whose_errors_differ_counts_more():
    v = [0.04, 0.04, 0.04, 0.04]
    assert grouped([0, 0, 0, 0], v, ["a"] * 4).v.tolist() == pytest.approx([0.04])
    assert grouped([0, 0, 0, 0], v, ["a"] * 4, correlation=0.0).v.tolist() == pytest.approx([0.01])
    with pytest.raises(EvidenceError, match="one voice shows no spread"):
        robust([0, 1], [0.1, 0.1], ["a", "a"], tau2=0.1)


def test_what_is_said_is_read_as_the_nearest_step_and_its_band_holds_it():
    assert binned([0.0, 0.024, 0.026, 0.975, 1.0]).tolist() == [0, 0, 0.05, 1.0, 1.0]
    low, high = expected_band(0.7, 40)
    assert low < 0.7 < high
    assert expected_band(0.0, 40) == (0, 0)


@pytest.mark.parametrize(
    ("make", "error", "told"),
    [
        (lambda: brier([70], [1]), DefinitionError, "a probability lies outside 0 and 1"),
        (lambda: brier([np.nan], [1]), DefinitionError, "a probability lies outside 0 and 1"),
        (lambda: brier([0.7], [2]), DefinitionError, "an outcome lies outside 0 and 1"),
        (lambda: brier([0.7, 0.2], [1]), DefinitionError, "2 forecasts and 1 outcomes do not pair"),
        (lambda: scored([]), EvidenceError, "no forecast has come due"),
        (lambda: murphy([], []), EvidenceError, "no forecast has come due"),
        (lambda: crps_gaussian(0, -1, 0), DefinitionError, "below nought"),
        (lambda: crps_ensemble([[1.0]], [1], fair=True), EvidenceError, "make no spread"),
        (lambda: crps_ensemble([[1.0, np.inf]], [1]), DefinitionError, "is missing"),
        (lambda: crps_quantiles([0.9, 0.1], [[1, 2]], [1]), DefinitionError, "do not rise"),
        (lambda: crps_quantiles([0.1, 0.9], [[2, 1]], [1]), DefinitionError, "do not rise"),
        (lambda: compared([0.1], [0.2]), EvidenceError, "1 pairs do not show"),
        (lambda: log_odds([1.2], [10]), DefinitionError, "outside 0 and 1"),
        (lambda: log_odds([0.5], [0]), DefinitionError, "rests on nobody"),
    ],
)
def test_bad_input_is_a_clear_word(make, error, told):
    with pytest.raises(error, match=told):
        make()

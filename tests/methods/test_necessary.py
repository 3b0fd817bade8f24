"""Ceilings reckoned by hand, and worlds with and without one."""

from __future__ import annotations

import numpy as np
import pytest

from peil.errors import DefinitionError, EvidenceError
from peil.methods.necessary import necessary

X = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10]
Y = [2, 1, 4, 3, 4, 7, 5, 10, 8, 9]


def test_ceilings_are_those_reckoned_by_hand():
    """The scope is 10 by 9. The steps go 2, 4, 7, 10; above them lie 40 of 90. The line has slope 32.5 / 29."""
    found = necessary(X, Y, permutations=99)
    assert found.ce_fdh.zone == pytest.approx(40)
    assert found.ce_fdh.effect == pytest.approx(40 / 90)
    assert found.ce_fdh.above == 0
    assert found.ce_fdh.x.tolist() == [0, 2, 2, 5, 5, 7, 7, 10]
    assert found.ce_fdh.y.tolist() == [2, 2, 4, 4, 7, 7, 10, 10]
    slope = 32.5 / 29
    begin = 5.75 - 3.5 * slope
    reaches = (10 - begin) / slope
    beneath = (begin - 1 + 9) / 2 * reaches + 9 * (10 - reaches)
    assert found.cr_fdh.effect == pytest.approx(1 - beneath / 90)
    assert found.cr_fdh.above == 2
    assert found.cr_fdh.x == pytest.approx([0, reaches, 10])


def test_bottlenecks_say_what_is_needed_and_who_falls_short():
    found = necessary(X, Y, permutations=99, scope=(0, 10, 0, 10)).bottleneck
    assert found.y.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert found.ce_fdh[3:].tolist() == [2, 2, 5, 5, 5, 7, 7, 7]
    assert np.isnan(found.ce_fdh[:3]).all()
    assert found.short.tolist() == [0, 0, 0, 2, 2, 5, 5, 5, 7, 7, 7]
    assert found.cr_fdh[-1] == pytest.approx(7.29230769)


def test_steps_ties_and_order_do_not_matter():
    forth = necessary([1, 1, 2, 2, 3, 3, 4, 4, 5, 5], [1, 2, 3, 1, 2, 3, 4, 1, 5, 2], permutations=99)
    back = necessary([1, 1, 2, 2, 3, 3, 4, 4, 5, 5][::-1], [1, 2, 3, 1, 2, 3, 4, 1, 5, 2][::-1], permutations=99)
    # beneath: 1 + 2 + 2 + 3 of 16
    assert forth.ce_fdh.effect == back.ce_fdh.effect == pytest.approx(0.5)


def test_a_planted_ceiling_is_found_and_an_association_alone_is_not():
    claimed = {"ceiling": 0, "line": 0, "dul": 0}
    for seed in range(20):
        dice = np.random.default_rng(seed)
        x = dice.random(120)
        claimed["ceiling"] += necessary(x, dice.random(120) * np.minimum(1, 0.5 + 0.625 * x), permutations=199).claimed
        found = necessary(x, x + 0.35 * dice.normal(size=120), permutations=199)
        claimed["line"] += found.claimed
        claimed["dul"] += found.p_independent < 0.05
    assert claimed["ceiling"] >= 17
    assert claimed["line"] <= 3
    assert claimed["dul"] == 20


def test_points_of_one_team_are_not_so_many_witnesses():
    dice = np.random.default_rng(3)
    team = np.repeat(np.arange(8), 15)
    alone = together = 0
    for seed in range(20):
        x, y = (dice.normal(size=8)[team] + 0.3 * dice.normal(size=120) for _ in range(2))
        alone += necessary(x, y, permutations=99, seed=seed).p_independent < 0.05
        together += necessary(x, y, permutations=99, seed=seed, cluster=team).p_independent < 0.05
    assert alone >= 5
    assert together <= 3


def test_what_cannot_be_told_is_refused():
    with pytest.raises(EvidenceError, match="show no ceiling"):
        necessary(X[:9], Y[:9])
    with pytest.raises(EvidenceError, match="same everywhere"):
        necessary(np.ones(10), Y)
    with pytest.raises(DefinitionError, match="outside the scope"):
        necessary(X, Y, scope=(0, 9, 0, 10))
    with pytest.raises(DefinitionError, match="a value is missing"):
        necessary([*X[:-1], np.nan], Y)


def test_one_telling_point_is_shown():
    found = necessary([*X, 0.5], [*Y, 10], permutations=19)
    assert found.ce_fdh.effect == pytest.approx((0.5 * 8) / 90)
    assert found.ce_fdh.without_one == pytest.approx(40 / 90)

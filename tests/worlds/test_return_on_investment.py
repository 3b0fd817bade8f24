"""Business cases against results: what was planted comes out, and looking back carries no claim."""

from __future__ import annotations

import numpy as np
import pytest

from peil.errors import DefinitionError, EvidenceError
from peil.methods.stated import Stated, present_value
from peil.studies.return_on_investment import Case, Investment, return_on_investment
from peil.terms import Unit


def around(likely: float, share: float = 0.1) -> Stated:
    return Stated(low=likely * (1 - share), likely=likely, high=likely * (1 + share))


def case(yearly: float, cost: float = 100.0, share: float = 0.1) -> Case:
    return Case(cost=around(cost, share), yearly=around(yearly, share), years=3, discount=0.0)


def world(n: int, gain: float, *, known: str = "measured", spread: float = 3.0, seed: int = 1) -> list[Investment]:
    """Make investments that promise 40 a year on 100, and bring ``gain`` more or less each year."""
    rng = np.random.default_rng(seed)
    return [
        Investment(name=f"i{each}", edition="2021", before=case(40), after=case(40 + gain + spread * rng.normal()), known=known)  # type: ignore[arg-type]  # one of two words
        for each in range(n)
    ]  # fmt: skip


def test_results_above_the_business_case_are_a_yes_with_their_size():
    found = return_on_investment(world(12, 10.0))
    assert found.finding.verdict == "yes"
    assert found.finding.says.nl == "Investeringen pakten beter uit dan hun businesscase"
    assert found.finding.effect.low < 0.30 < found.finding.effect.high
    assert found.finding.effect.unit is Unit.SHARE
    assert found.finding.effect.n == 12
    worse = return_on_investment(world(12, -10.0))
    assert worse.finding.says.en == "Investments turned out worse than their business case"


def test_results_that_are_as_promised_are_a_no_where_it_was_said_what_matters():
    assert return_on_investment(world(12, 0.0)).finding.verdict == "unclear"
    assert return_on_investment(world(12, 0.0), matters=0.15).finding.verdict == "no"


def test_three_investments_cannot_tell():
    found = return_on_investment(world(3, 10.0))
    assert found.finding.verdict == "unclear"
    assert found.finding.settles is not None


def test_looking_back_and_leaving_out_carry_no_yes():
    asked = return_on_investment(world(12, 10.0, known="retrospective"))
    assert asked.finding.effect.clear
    assert asked.finding.verdict == "unclear"
    assert [each.name for each in asked.finding.checks if not each.passed] == ["measured_afterwards"]
    untold = [*world(12, 10.0), Investment(name="untold", edition="2021", before=case(40))]
    some = return_on_investment(untold)
    assert [each.name for each in some.finding.checks if not each.passed] == ["none_left_out"]
    assert some.judged[-1].gap is None
    assert some.finding.verdict == "unclear"


def test_the_chance_to_break_even_is_that_of_the_stated_ranges():
    """Cost 90 to 110 and gain 30 to 36.67 hold 80 % each; on the scale of logarithms the two chances meet at one half."""
    even = return_on_investment([Investment(name="a", edition="e", before=case(100 / 3), after=case(100 / 3))])
    assert even.judged[0].before.breaks_even == pytest.approx(0.5, abs=0.02)
    assert even.judged[0].before.value.value == pytest.approx(0, abs=0.5)
    sure = return_on_investment([Investment(name="a", edition="e", before=case(60), after=case(20))])
    assert sure.judged[0].before.breaks_even > 0.999
    assert sure.judged[0].after.breaks_even < 0.001
    assert sure.finding.effect.value == pytest.approx(-1.2, abs=0.02)


def test_a_stated_range_holds_what_it_says_it_holds():
    z = np.random.default_rng(2).normal(size=40_000)
    for stated in (Stated(low=10, likely=20, high=80), Stated(low=-5, likely=0, high=20, held=0.5)):
        drawn = stated.drawn(z)
        assert np.mean((drawn >= stated.low) & (drawn <= stated.high)) == pytest.approx(stated.held, abs=0.01)
        assert np.mean(drawn < stated.low) == pytest.approx((1 - stated.held) / 2, abs=0.01)
        assert np.median(drawn) == pytest.approx(stated.likely, abs=0.3)


def test_later_money_counts_less():
    """The annuity factor of three years at 8 % is 2.5771."""
    assert present_value(np.zeros(1), np.ones(1), 3, 0.08)[0] == pytest.approx(2.577097, abs=1e-6)


def test_the_share_of_sound_business_cases_is_compared_between_editions():
    poor = [Investment(name=f"p{each}", edition="2020", before=case(20), after=case(20)) for each in range(20)]
    good = [Investment(name=f"g{each}", edition="2021", before=case(60), after=case(60)) for each in range(20)]
    found = return_on_investment([*poor, *good])
    assert [(each.name, each.n, each.sound.value) for each in found.editions] == [("2020", 20, 0.0), ("2021", 20, 1.0)]
    assert found.change.low > 0.5
    assert return_on_investment(good).change is None


def test_the_same_seed_gives_the_same_numbers_and_the_run_tells_it():
    one, again, other = (return_on_investment(world(3, 5.0), seed=seed) for seed in (7, 7, 8))
    assert one == again
    assert one.judged != other.judged
    assert one.finding.run.seed == 7


def test_what_is_no_business_case_is_refused():
    with pytest.raises(DefinitionError, match="is no range"):
        Stated(low=3, likely=2, high=4)
    with pytest.raises(DefinitionError, match="may cost nothing"):
        Case(cost=Stated(low=0, likely=1, high=2), yearly=around(1), years=1)
    with pytest.raises(DefinitionError, match="is no business case"):
        Case(cost=around(1), yearly=around(1), years=0)
    with pytest.raises(EvidenceError, match="no investment has a result"):
        return_on_investment([Investment(name="a", edition="e", before=case(40))])

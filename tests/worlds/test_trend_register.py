"""The trend register in worlds of which the truth is known: a forecaster who knows, one who is too sure, one who guesses, too few."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np
import pytest
from scipy import special

from peil.dataset import Run
from peil.methods.score import brier
from peil.methods.score import scored as mean_of
from peil.studies.trend_register.entry import Evidence, Expected, Register, Rule, Source, Trend
from peil.studies.trend_register.ledger import Resolution
from peil.studies.trend_register.scoreboard import Scoreboard, scoreboard
from peil.studies.trend_register.synthesis import synthesis
from peil.terms import Label

RUN = Run(inputs={}, version="0", engine="none")
RULE = Rule(holds="above", than=50, figure=Label("a figure", "een cijfer"), publisher="somebody")
TODAY = date(2022, 1, 1)
DRAWS = 12


def scored(said, came, *, matters: float = 0.0, **settings) -> Scoreboard:
    trends = tuple(
        Trend(
            id=f"t{place}", claim=Label(f"claim {place}", f"bewering {place}"), kind="forecast", source="us",
            made_on=date(2020, 1, 1), due_on=date(2021, 1, 1), rule=RULE, probability=float(each), **settings,
        )
        for place, each in enumerate(said)
    )  # fmt: skip
    register = Register(trends=trends, sources={"us": Source(id="us", title="us", vendor="us")})
    held = {
        each.id: Resolution(
            trend=each.id, outcome="yes" if y else "no", resolved_on=date(2021, 2, 1), by="hand", source="read",
            value=60.0 if y else 40.0, probability=each.probability, claim=each.digest,
        )
        for each, y in zip(trends, came, strict=True)
    }  # fmt: skip
    return scoreboard(register, held, RUN, today=TODAY, matters=matters)


def world(rng, n: int, *, sharp: float, sure: float = 1.0):
    """Return what is said and what comes: chances spread by ``sharp`` on the logit scale, told ``sure`` times as far."""
    logit = sharp * rng.normal(size=n)
    return special.expit(sure * logit), rng.random(n) < special.expit(logit)


def test_a_forecaster_who_knows_is_told_so():
    rng = np.random.default_rng(1)
    boards = [scored(*world(rng, 120, sharp=2.0)) for _ in range(DRAWS)]
    assert Counter(each.finding.verdict for each in boards)["yes"] >= DRAWS - 1
    assert sum(abs(each.fit.z) < 1.96 for each in boards) >= DRAWS - 3
    assert boards[0].finding.says.nl == "De voorspellingen zeggen meer dan het basispercentage"


def test_a_forecaster_who_guesses_adds_nothing_that_matters():
    rng = np.random.default_rng(2)
    boards = [scored(np.full(400, 0.5), rng.random(400) < 0.5, matters=0.1) for _ in range(DRAWS)]
    assert Counter(each.finding.verdict for each in boards)["no"] == DRAWS


def test_a_forecaster_who_is_too_sure_is_worse_than_the_base_rate_and_is_seen_to_be_too_sure():
    rng = np.random.default_rng(3)
    boards = [scored(*world(rng, 300, sharp=0.3, sure=12)) for _ in range(DRAWS)]
    assert Counter(each.finding.verdict for each in boards)["no"] >= DRAWS - 1
    assert all(each.fit.excess > 0 and each.fit.z > 1.96 for each in boards)
    assert boards[0].finding.says.en == "The forecasts say less than the base rate"


def test_too_few_forecasts_are_never_judged():
    rng = np.random.default_rng(4)
    for n in (1, 2, 5, 19):
        found = scored(*world(rng, n, sharp=3.0))
        assert found.finding.verdict == "unclear"
        assert found.finding.settles is not None
        assert not found.enough
        assert not found.finding.checks[0].passed
    perfect = scored(np.full(19, 0.99), np.ones(19))
    assert perfect.finding.verdict == "unclear"
    assert perfect.brier.low < perfect.brier.value < perfect.brier.high
    assert perfect.against_base is None  # all came: no base rate is wrong, so none can be beaten


def test_thirty_forecasts_of_one_luck_are_not_thirty():
    rng = np.random.default_rng(5)
    said, came = world(rng, 30, sharp=2.0)
    assert scored(said, came, luck="one event").against_base.blocks == 1
    assert np.isnan(scored(said, came, luck="one event").finding.effect.low)
    assert scored(said, came, luck="one event").finding.verdict == "unclear"


def test_the_interval_of_the_score_holds_the_expected_score():
    rng = np.random.default_rng(6)
    expected = 0.25 - 0.8**2 / 12  # the mean of p (1 - p) over chances even between 0.1 and 0.9
    held = 0
    for _ in range(400):
        p = rng.uniform(0.1, 0.9, size=30)
        found = mean_of(brier(p, rng.random(30) < p), ends=(0.0, 1.0))
        held += found.low <= expected <= found.high
    assert 372 <= held <= 398


def test_the_interval_holds_the_expected_score_of_forecasts_that_share_their_luck():
    rng = np.random.default_rng(8)
    expected = 1 / 6  # the mean of p (1 - p) over all chances alike
    given = plain = 0
    luck = np.repeat(np.arange(15), 4)
    for _ in range(150):
        p = rng.random(15)[luck]
        loss = brier(p, rng.random(15)[luck] < p)
        found, alone = mean_of(loss, ends=(0.0, 1.0), blocks=luck), mean_of(loss, ends=(0.0, 1.0))
        given += found.low <= expected <= found.high
        plain += alone.low <= expected <= alone.high
    assert 135 <= given <= 149
    assert plain < 120


def test_forecasts_of_which_none_was_wrong_yet_are_no_surer_than_their_number_allows():
    said = np.linspace(0.8, 0.95, 40)
    found = scored(said, np.ones(40))
    assert found.brier.high > 2 * found.brier.value
    once = scored(said, np.arange(40) > 0)
    assert once.brier.low < once.brier.value < once.brier.high
    assert once.brier.high - once.brier.value > once.brier.value - once.brier.low


def test_numbers_are_scored_against_no_change():
    rng = np.random.default_rng(7)
    said, came = world(rng, 40, sharp=1.0)
    found = scored(said, came, expects=Expected(now=0, quantiles={0.1: 30, 0.5: 50, 0.9: 70}))
    assert found.crps.value == pytest.approx(2 * (0.3 * 10 * 0.1 + 0.4 * 10 * 0.5 + 0.3 * 10 * 0.1 + 0), abs=4)
    assert found.crps_skill.value > 0.8


def test_a_vendor_that_repeats_itself_makes_nothing_surer():
    sources = {
        each: Source(id=each, title=each, vendor=each.split("_")[0])
        for each in ("a_1", "b_1", "c_1", *(f"a_{i}" for i in range(2, 12)))
    }
    figure = {"kind": "wave", "sort": "share", "n": 500, "base": "b", "question": "q"}
    three = [
        Evidence(source=f"{each}_1", value=value, **figure) for each, value in zip("abc", (70, 60, 55), strict=True)
    ]
    more = [*three, *(Evidence(source=f"a_{each}", value=70, **figure) for each in range(2, 12))]
    once, often = synthesis(three, sources), synthesis(more, sources)
    assert often.taken.voices == once.taken.voices == 3
    assert often.taken.share == pytest.approx(once.taken.share)
    assert (often.taken.low, often.taken.high) == pytest.approx((once.taken.low, once.taken.high))
    alone = often.as_if_independent
    assert alone.high - alone.low < 0.6 * (often.taken.high - often.taken.low)
    assert alone.share > often.taken.share
    assert often.clustered.voices == 3
    assert often.clustered.high - often.clustered.low > alone.high - alone.low


def test_recall_and_hearsay_can_be_left_out():
    sources = {
        "a": Source(id="a", title="a", vendor="a"), "b": Source(id="b", title="b", vendor="b"),
        "c": Source(id="c", title="c", vendor="c"),
    }  # fmt: skip
    kinds = (("a", "measured", 40), ("b", "wave", 44), ("c", "perceived", 80))
    told = [Evidence(source=a, kind=b, sort="share", value=c, n=600, base="b", question="q") for a, b, c in kinds]
    found = synthesis(told, sources)
    assert [each.grade.risk for each in found.voices] == ["low", "low", "high"]
    assert found.low_risk.share < found.taken.share

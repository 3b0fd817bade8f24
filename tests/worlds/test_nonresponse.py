"""Who does not answer: weights from the contact frame bring the truth back where they can, and bounds say where not."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

import nonresponse as proof
from peil.config import MarginConfig, SurveyConfig, WeightsConfig
from peil.dataset import build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.estimate import estimate
from peil.estimates.frame import Fact
from peil.made import KEY, made
from peil.measures.catalogue import measure_named
from peil.methods import bounds
from peil.methods.representative import representative
from peil.sources.load import load
from peil.sources.simulated import SimulatedCentre
from peil.sources.tables import INVITATIONS
from peil.studies.nonresponse import FACTS, NonResponse, nonresponse
from peil.terms import Label

CONTACTS = 8_000
PLANTED_ODDS = 2.5
NPS = measure_named("nps")
WORLDS = {
    "at random": SimulatedCentre(contacts=CONTACTS, months=12, seed=1, hardship=1.2),
    "by wait and outcome": SimulatedCentre(contacts=CONTACTS, months=12, seed=1, answering="wait_and_outcome"),
    "by score": SimulatedCentre(contacts=CONTACTS, months=12, seed=1, answering="score", promoter_odds=PLANTED_ODDS),
}


@lru_cache
def found(world: str) -> NonResponse:
    return nonresponse(made(WORLDS[world]), measure=NPS, gammas=(1.0, 1.5, PLANTED_ODDS))


@lru_cache
def truth(world: str, name: str = "nps") -> float:
    value = WORLDS[world].truth()[name].value
    assert isinstance(value, float)
    return value


# --- the worlds


def test_the_worlds_differ_in_who_answers_and_not_in_what_is_thought():
    assert truth("at random") == truth("by wait and outcome") == truth("by score")
    assert truth("at random", "nps_answers") == pytest.approx(truth("at random"))
    for world in ("by wait and outcome", "by score"):
        assert truth(world, "nps_answers") - truth(world) > 10


def test_what_answering_depends_on_is_nothing_to_a_world_where_it_is_random():
    plain, other = SimulatedCentre(contacts=300), SimulatedCentre(contacts=300, reluctance=9.0, promoter_odds=9.0)
    for one, two in zip(plain.read(plain.export), other.read(other.export), strict=True):
        assert one.rows.equals(two.rows)
    assert plain.fingerprint != other.fingerprint


# --- answering depends on what is known


def test_where_answering_depends_on_wait_and_outcome_the_answers_alone_are_ten_points_off_and_weights_bring_them_back():
    study = found("by wait and outcome")
    naive, adjusted, planted = study.naive, study.adjusted, truth("by wait and outcome")
    assert naive.value - planted > 10
    assert naive.low > planted
    assert adjusted.low < planted < adjusted.high
    assert study.finding.verdict == "yes"
    assert all(each.passed for each in study.finding.checks)
    assert "lower" in study.finding.says.en
    assert "lager" in study.finding.says.nl


def test_who_answers_is_told_kind_by_kind_with_intervals():
    study = found("by wait and outcome")
    by = {(each.fact.name, each.kind): each for each in study.rates}
    assert by["outcome", "abandoned"].high < by["outcome", "completed"].low
    assert by["repeat", "again within a week"].high < by["repeat", "first"].low
    assert by["wait", "over 120 s"].high < by["wait", "0 to 10 s"].low
    for name in ("channel", "wait", "outcome", "repeat"):
        assert sum(each.contacts for (fact, _), each in by.items() if fact == name) == CONTACTS
    for each in study.rates:
        assert each.answered <= each.asked <= each.contacts
        assert each.value == pytest.approx(each.answered / each.asked)


def test_uneven_answering_shows_in_the_representativity_indicators():
    uneven, even = found("by wait and outcome"), found("at random")
    assert uneven.representative.r_high < 0.8 < even.representative.r_low
    assert uneven.representative.variation > 3 * even.representative.variation
    # the shift cannot be more than the most that the plain figure can be off
    assert abs(uneven.finding.effect.value) < uneven.most_off


def test_a_share_and_a_mean_are_weighted_back_as_well():
    data = made(WORLDS["by wait and outcome"])
    for name, low, high in (("csat_top2", 0, 1), ("csat_mean", 1, 5)):
        study = nonresponse(data, measure=measure_named(name))
        assert study.finding.effect.high < 0
        ends = [each.lowest for each in study.bounds] + [each.highest for each in study.bounds]
        assert low - 0.02 < min(ends) < max(ends) < high + 0.02


# --- answering is random


def test_where_answering_is_random_nothing_is_claimed():
    study = found("at random")
    assert study.finding.verdict == "unclear"
    assert "no shift" in study.finding.says.en
    assert study.finding.effect.low < 0 < study.finding.effect.high
    assert study.adjusted.low < truth("at random") < study.adjusted.high
    assert study.finding.settles is not None


def test_where_answering_is_random_a_shift_that_would_matter_is_ruled_out():
    study = nonresponse(made(WORLDS["at random"]), measure=NPS, matters=5.0)
    assert study.finding.verdict == "no"
    assert study.bounds[0].high - study.bounds[0].low > 100


# --- answering depends on the score itself


def test_where_answering_depends_on_the_score_the_bounds_hold_the_truth_and_no_weight_does():
    study, planted = found("by score"), truth("by score")
    assert study.naive.value - planted > 10
    assert study.adjusted.low > planted
    at_planted = next(each for each in study.bounds if each.gamma == PLANTED_ODDS)
    assert at_planted.lowest < planted < at_planted.highest
    assert at_planted.low < study.adjusted.value < at_planted.high


@pytest.mark.parametrize("world", list(WORLDS))
def test_bounds_are_there_whatever_the_verdict_and_say_that_they_are_bounds(world):
    study = found(world)
    assert study.bounds[0].gamma is None
    assert study.bounds[0].low < truth(world) < study.bounds[0].high
    for each in study.bounds:
        assert "bounds, not an interval" in each.says.en
        assert "grenzen, geen interval" in each.says.nl
    assert study.says.en.startswith(study.finding.says.en)
    assert "bounds, not an interval" in study.says.en
    assert "The data cannot show it" in study.finding.assumptions[0].en


@pytest.mark.parametrize("world", list(WORLDS))
def test_the_more_that_is_supposed_the_narrower_the_bounds_down_to_the_weighted_figure(world):
    study = found(world)
    worst, even, *wider = study.bounds
    assert even.low == pytest.approx(study.adjusted.value, abs=0.5)
    assert even.high == pytest.approx(study.adjusted.value, abs=0.5)
    for narrow, wide in itertools.pairwise([even, *wider, worst]):
        assert wide.low <= narrow.low <= narrow.high <= wide.high
    for each in study.bounds:
        assert each.lowest < each.low
        assert each.high < each.highest


# --- what cannot be weighted


def test_contacts_nobody_was_asked_about_fail_a_check_and_widen_the_bounds():
    data = made(SimulatedCentre(contacts=4_000, answered=0.7))
    everybody = nonresponse(data, measure=NPS)
    check = next(each for each in everybody.finding.checks if each.name == "every_kind_asked")
    assert not check.passed
    assert everybody.finding.verdict == "unclear"
    served = nonresponse(data, measure=NPS, frame="not abandoned")
    assert all(each.passed for each in served.finding.checks)
    even, all_even = (next(each for each in study.bounds if each.gamma == 1) for study in (served, everybody))
    assert all_even.high - all_even.low > 20
    assert even.high - even.low < 1


def test_kinds_with_few_answers_are_weighted_with_another_and_named():
    rare = Fact(
        name="rare",
        label=Label("Rare", "Zeldzaam"),
        by=("case when wait_ms > 240000 then 'very long' else 'shorter' end",),
    )
    study = nonresponse(made(WORLDS["by wait and outcome"]), measure=NPS, facts=(*FACTS, rare))
    told = [each.en for each in study.finding.assumptions if "few answers" in each.en]
    assert len(told) == 1
    assert "'very long'" in told[0]


def test_without_invitations_everybody_counts_as_asked():
    data = made(WORLDS["by wait and outcome"])
    columns = ", ".join(INVITATIONS.names)
    none = data.engine.step("no_invitations", f"select {columns} from invitations where false", INVITATIONS)
    study = nonresponse(replace(data, tables={**data.tables, "invitations": none}), measure=NPS)
    invited = found("by wait and outcome")
    assert study.adjusted.value == pytest.approx(invited.adjusted.value, abs=0.5)
    assert study.representative.rate == pytest.approx(study.naive.n / CONTACTS, abs=1e-9)
    assert study.bounds[0].low < invited.bounds[0].low
    assert "No invitation" in study.finding.assumptions[1].en


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"measure": measure_named("waiting_all")}, "is not what each answer says"),
        ({"frame": "chanel = 'call'"}, "'chanel' is no column of 'contacts'"),
        ({"facts": (Fact(name="who", label=Label("Who", "Wie"), by=("customer_id",)),)}, "tells customers apart"),
    ],
    ids=["a measure of contacts", "a misspelt frame", "a fact that tells customers apart"],
)
def test_a_question_that_cannot_be_asked_is_refused(given, match):
    with pytest.raises(DefinitionError, match=match):
        nonresponse(made(), **{"measure": NPS, **given})


def test_a_frame_without_answers_is_no_evidence():
    with pytest.raises(EvidenceError, match="names a contact of the frame"):
        nonresponse(made(), measure=NPS, frame="channel = 'desk'")


# --- the same by configuration


def test_weights_by_configuration_are_the_weights_of_the_study(tmp_path):
    facts = {
        "channel": ("channel",),
        "wait": ("case when wait_ms is null then 'none' when wait_ms <= 30000 then 'short' else 'long' end",),
        "handler": ("handler", "self_served"),
    }
    world = SimulatedCentre(name="centre", contacts=6_000, answering="wait_and_outcome", months=12)
    store = Store(tmp_path)
    load((world,), store, root=tmp_path, limits=Limits(memory="1GB"), key=KEY)
    margins = tuple(MarginConfig(by=by, targets="contacts") for by in facts.values())
    survey = SurveyConfig(name="customer", weights=WeightsConfig(margins=margins))
    built = build(store, DuckEngine(Limits(memory="1GB")), surveys=(survey,))
    study = nonresponse(
        built,
        measure=NPS,
        frame="not ignored",
        facts=[Fact(name=name, label=Label("x", "x"), by=by) for name, by in facts.items()],
        readiness=False,
    )
    assert not [each for each in study.finding.assumptions if "few answers" in each.en]
    weighted = estimate(NPS, built)[0].only()
    assert weighted.value == pytest.approx(study.adjusted.value, abs=1e-6)
    # the study's residuals allow for kinds with few answers, which makes them a little larger
    assert 1 <= study.adjusted.se / weighted.se < 1.05
    assert study.naive.value - weighted.value > 5


# --- coverage


@pytest.mark.slow
def test_over_many_worlds_weighted_intervals_and_bounds_hold_the_truth():
    draws = 20
    known, score = (
        proof.told(name, proof.centres(proof.WORLDS[name], draws, 2_500, 7_000))
        for name in ("by wait and outcome", "by the score itself")
    )
    assert known.naive_off > 10
    assert known.naive_held <= 0.1
    # 17 of 20: two and a half standard errors below 95 %
    assert known.adjusted_held >= 0.85
    assert abs(known.adjusted_off) < 2.5
    assert score.adjusted_held <= 0.1
    assert score.bounds_held >= 0.85


# --- the arithmetic


def brute(values, missing, gamma):
    means = []
    for times in itertools.product((1.0, gamma), repeat=len(values)):
        weight = missing * np.array(times)
        means.append(weight @ values / weight.sum())
    return min(means), max(means)


@pytest.mark.parametrize("gamma", [1.0, 1.5, 4.0])
def test_the_furthest_mean_is_the_furthest_of_all_ways_to_count(gamma):
    rng = np.random.default_rng(5)
    for _ in range(20):
        values, missing = rng.integers(0, 11, 6).astype(float), rng.random(6)
        low, high = brute(values, missing, gamma)
        assert bounds.tilted(values, missing, gamma, up=False)[1] == pytest.approx(low)
        assert bounds.tilted(values, missing, gamma, up=True)[1] == pytest.approx(high)


def test_the_worst_case_is_that_all_who_are_silent_sit_at_one_end():
    answers = bounds.Answers(
        group=np.zeros(3, np.int64),
        value=np.array([-100.0, 0.0, 100.0]),
        given=np.array([10.0, 20.0, 10.0]),
        whole=np.array([20.0, 40.0, 20.0]),
        unheard=20.0,
        least=-100.0,
        most=100.0,
    )
    low, high = (each.value for each in bounds.ends(answers, None))
    assert (low, high) == (-60.0, 60.0)
    # of 100 contacts 20 were never asked: they may be anything, whatever is supposed of the others
    assert [each.value for each in bounds.ends(answers, 1.0)] == [-20.0, 20.0]


def test_bounds_moved_out_for_chance_go_from_two_sided_to_one_sided():
    """Imbens and Manski 2004: 1.96 standard errors where the ends meet, 1.645 where they are far apart."""
    low, high = bounds.outside([0.0, 0.0], [0.0, 100.0], 1.0, 1.0)
    assert low == pytest.approx([-1.959964, -1.644854], abs=1e-5)
    assert high == pytest.approx([1.959964, 101.644854], abs=1e-5)


def test_thin_cells_are_grouped_and_none_is_lost():
    answered = np.array([100.0, 3.0, 0.0, 29.0, 1.0, 31.0])
    group = bounds.groups(np.arange(6), answered, np.array([2.0, 9.0, 1.0, 3.0, 8.0, 4.0]))
    assert group[2] == -1
    sums = np.bincount(group[answered > 0], answered[answered > 0])
    assert sums.min() >= bounds.FEWEST_IN_GROUP
    assert sums.sum() == answered.sum()


def test_representativity_of_even_answering_is_one_however_many_kinds_there_are():
    rng = np.random.default_rng(2)
    asked = np.full(400, 25)
    found = [representative(asked, rng.binomial(25, 0.3, 400)) for _ in range(200)]
    # without what chance adds taken off, the mean would be 1 - 2 √(0.21 / 25) = 0.82
    assert np.mean([each.r for each in found]) > 0.95
    assert np.mean([each.r_low <= 1.0 <= each.r_high for each in found]) > 0.9


def test_the_interval_of_the_representativity_indicator_holds_it():
    rng = np.random.default_rng(3)
    asked, chance = np.array([400, 300, 200, 100]), np.array([0.5, 0.4, 0.3, 0.1])
    share = asked / asked.sum()
    true = 1 - 2 * np.sqrt(share @ (chance - share @ chance) ** 2)
    found = [representative(asked, rng.binomial(asked, chance)) for _ in range(1_000)]
    assert 0.92 < np.mean([each.r_low <= true <= each.r_high for each in found]) < 0.98


def test_the_same_rows_give_the_same_figures_to_the_last_digit():
    again = nonresponse(made(WORLDS["by score"]), measure=NPS, gammas=(1.0, 1.5, PLANTED_ODDS))
    assert again == found("by score")

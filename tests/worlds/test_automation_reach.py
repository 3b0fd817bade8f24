"""Reaching a person: the planted curve comes back, giving up is told from waiting, and silence of a source is seen."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import automation as proof
from peil.errors import DefinitionError, EvidenceError
from peil.studies.human_reachability import human_reachability

CONTACTS = 40_000
# a point; four standard errors of the smallest channel's share are 1.9
POINT, FAR = 0.01, 0.019


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """One large centre with two clocks: the queue's and the customer's patience."""
    return proof.reach_world(tmp_path_factory.mktemp("reach"), CONTACTS)


@pytest.fixture(scope="module")
def found(planted):
    """What the study finds in it."""
    return human_reachability(planted, promised=0.6)


def test_the_planted_curve_of_each_channel_comes_back(found):
    assert {way.channel for way in found.ways} == {"call", "chat", "bot"}
    for way in found.ways:
        apart = np.abs(way.ends.share[:, 0] - proof.planted_reach(way.channel, way.ends.time))
        assert apart.max() < FAR
        assert apart.mean() < POINT


def test_the_share_of_all_is_within_a_point_of_the_planted_one(found):
    assert found.whole.reached.value == pytest.approx(proof.truly_reached(), abs=POINT)
    assert found.whole.reached.low < proof.truly_reached() < found.whole.reached.high
    assert found.finding.verdict == "yes"


def test_hours_differ_as_they_were_made_to(found):
    assert len(found.hours) == 24
    held = [
        each.reached.low <= float(proof.planted_reach(each.channel, np.array(1e9), hour=each.hour)) <= each.reached.high
        for each in found.hours
    ]
    # of 24 intervals at 95 %, more than four that miss happen once in 170 times
    assert sum(held) >= 20
    calls = {each.hour: each.reached.value for each in found.hours if each.channel == "call"}
    assert calls[9] > calls[16] + 0.1


def test_reaching_giving_up_and_being_sent_away_add_up_to_all_who_are_over(found):
    for way in found.ways:
        total = way.ends.share[-1].sum() + way.ends.still.survival[-1]
        assert total == pytest.approx(1.0)
        assert way.ends.share[-1, 0] == pytest.approx(way.reached.value)


def test_the_median_is_what_half_would_need_if_nobody_gave_up(found):
    """Of exponential queues with these means, mixed over the hours, half are answered by the time that solves for a half."""
    for way in found.ways:
        means = np.array([proof._mean_wait(way.channel, hour) for hour in range(*proof.HOURS)])
        # giving up makes slow hours leave the sample; the truth lies between the fastest and the slowest hour's median
        assert means.min() * np.log(2) < way.median.value < means.max() * np.log(2)
        share, _ = way.ends.at([way.median.value])
        assert share[0, 0] < 0.5


def test_within_a_time_fewer_reach_a_person(planted):
    quick = human_reachability(planted, promised=0.6, within_s=60)
    truth = sum(
        share * float(proof.planted_reach(channel, np.array(60.0)))
        for channel, share in zip(proof.SLOW_S, (0.5, 0.25, 0.25), strict=True)
    )
    assert quick.finding.effect.value + 0.6 == pytest.approx(truth, abs=POINT)
    assert quick.finding.verdict == "no"
    assert "within 60 seconds" in quick.finding.says.en


@pytest.mark.parametrize(
    ("name", "verdict", "failed"),
    [
        ("yes: 6 points more than promised", "yes", None),
        ("no: 6 points less than promised", "no", None),
        ("cannot tell: as promised, to the point", "unclear", None),
        ("cannot tell: no source tells who asked a bot", "unclear", "asking_is_told"),
    ],
)
def test_verdicts_fit_worlds_of_which_the_truth_is_known(tmp_path, name, verdict, failed):
    promised, size, told = proof.REACH_WORLDS[name]
    found = human_reachability(proof.reach_world(tmp_path, size, told=told, seed=2), promised=promised)
    assert found.finding.verdict == verdict
    assert [each.name for each in found.finding.checks if not each.passed] == ([failed] if failed else [])


def test_who_still_waits_at_the_export_is_no_failure_and_no_success(tmp_path):
    rows = 300
    waits = np.arange(rows) % 3 == 0
    at = np.arange(rows) * 600.0
    data = proof.dataset(
        tmp_path,
        {
            "contact_id": proof.named("k", np.arange(rows)),
            "leg_id": pa.array(["1"] * rows),
            "channel": pa.array(["message"] * rows),
            "handler": np.where(waits, "none", "agent"),
            "queue": pa.array(["q"] * rows),
            "started_at": proof.instants(at),
            "answered_at": proof.instants(np.where(waits, np.nan, at + 30)),
            "ended_at": proof.instants(np.where(waits, np.nan, at + 90)),
            "wait_ms": pa.array(np.full(rows, 30_000), mask=waits),
            "ended_how": np.where(waits, "open", "completed"),
            "customer_id": proof.named("p", np.arange(rows)),
        },
    )
    found = human_reachability(data)
    assert found.whole.reached.value == 1.0
    assert found.whole.reached.n == 200
    assert found.finding.verdict == "unclear"
    assert [each.name for each in found.finding.checks if not each.passed] == ["few_open"]
    assert found.finding.settles.en == "A later export, when these contacts are over."


def test_a_clock_that_runs_backwards_is_no_negative_wait(tmp_path):
    rows = 100
    at = np.arange(rows) * 600.0
    data = proof.dataset(
        tmp_path,
        {
            "contact_id": proof.named("k", np.repeat(np.arange(rows), 2)),
            "leg_id": pa.array(["1", "2"] * rows),
            "channel": pa.array(["bot"] * rows * 2),
            "handler": pa.array(["bot", "agent"] * rows),
            "started_at": proof.instants(np.repeat(at, 2)),
            "answered_at": proof.instants(np.repeat(at, 2)),
            "ended_at": proof.instants(np.repeat(at + 60, 2)),
            "asked_human_at": proof.instants(np.where(np.arange(rows * 2) % 2 == 0, np.repeat(at + 30, 2), np.nan)),
            "ended_how": pa.array(["transferred", "completed"] * rows),
            "customer_id": proof.named("p", np.repeat(np.arange(rows), 2)),
        },
    )
    found = human_reachability(data)
    assert found.whole.reached.value == 1.0
    assert found.whole.ends.time.tolist() == [0.0]


def test_a_promise_that_is_no_share_and_a_time_that_is_none_are_refused(planted):
    with pytest.raises(DefinitionError, match="90 is no share that can be promised"):
        human_reachability(planted, promised=90)
    with pytest.raises(DefinitionError, match="needs a time above nought"):
        human_reachability(planted, within_s=0)


def test_contacts_in_which_nobody_asked_for_a_person_are_refused(tmp_path):
    rows = 50
    data = proof.dataset(
        tmp_path,
        {
            "contact_id": proof.named("k", np.arange(rows)),
            "leg_id": pa.array(["1"] * rows),
            "channel": pa.array(["bot"] * rows),
            "handler": pa.array(["bot"] * rows),
            "started_at": proof.instants(np.arange(rows) * 60.0),
            "ended_at": proof.instants(np.arange(rows) * 60.0 + 30),
        },
    )
    with pytest.raises(EvidenceError, match=r"nobody asked for a person.*\n  remedy: widen"):
        human_reachability(data)

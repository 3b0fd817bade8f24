"""The bot audit: planted failures are found, interval and all, and what cannot be followed is never guessed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import automation as proof
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.difference import Side
from peil.estimates.matched import matched
from peil.measures.catalogue import measure_named
from peil.measures.claims import CLAIM_RETURNED, PEOPLE_RETURNED
from peil.studies.automation_failure import automation_failure

DRAWS = 40
# four binomial standard errors around 0.95 of so many draws; benchmarks/automation.py has hundreds
LEAST = 0.95 - 4 * (0.95 * 0.05 / DRAWS) ** 0.5


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Draws of one world in which 22 % of the claims come back, 10 points more than after people."""
    return proof.claims_world(tmp_path_factory.mktemp("claims"), proof.Claims(), DRAWS)


def test_planted_shares_of_every_window_are_recovered_and_held_by_their_intervals(planted):
    for days, truth in proof.BOT_WITHIN.items():
        held, mean = proof.coverage(planted, CLAIM_RETURNED[days, True], truth)
        assert held >= LEAST
        assert mean == pytest.approx(truth, abs=0.008)


def test_persons_are_what_the_interval_is_over(planted):
    from peil.estimates.estimate import estimate

    measure = CLAIM_RETURNED[7, True]
    found = estimate(measure, planted)[0].only()
    assert found.clusters < found.n
    alone = (found.value * (1 - found.value) / found.n) ** 0.5
    assert found.se > alone * 1.05  # claims of one person fail together


def test_the_planted_excess_is_recovered_reason_by_reason(planted):
    bots, people = Side(measure=CLAIM_RETURNED[7, True]), Side(measure=PEOPLE_RETURNED[7, True])
    like = matched(planted, bots, people, like=["reason", "quarter"])
    crude = matched(planted, bots, people, like=[])
    assert like.low < 0.10 < like.high
    assert like.value == pytest.approx(0.10, abs=0.01)
    # people deal with more of the easy reasons: held against all of them the bot looks worse than it is
    assert crude.value > like.value + 0.02
    assert like.treated == pytest.approx(crude.treated, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "verdict", "failed"),
    [
        ("yes: 15 points more come back", "yes", None),
        ("no: as many come back as after people", "no", None),
        ("cannot tell: 40 claims", "unclear", None),
        ("cannot tell: one claim in three of a known person", "unclear", "persons_known"),
        ("cannot tell: people deal with one reason only", "unclear", "like_with_like"),
    ],
)
def test_verdicts_fit_worlds_of_which_the_truth_is_known(tmp_path, name, verdict, failed):
    found = automation_failure(proof.claims_world(tmp_path, proof.AUDIT_WORLDS[name], 1, seed=3), matters=0.05)
    assert found.finding.verdict == verdict
    assert (found.finding.settles is None) == (verdict != "unclear")
    wrong = [each.name for each in found.finding.checks if not each.passed]
    assert failed is None or failed in wrong


def test_euros_follow_the_claims_and_their_bounds(planted):
    found = automation_failure(planted, price_cents=99, where="queue = 'd1'")
    bill, window = found.overbilled, found.window
    assert bill.billed == 99 * found.claims
    assert bill.value == pytest.approx(bill.billed * window.failed.value)
    assert bill.seen == 99 * round(window.failed.value * window.failed.n)
    assert bill.least < bill.low < bill.value < bill.high < bill.most
    assert bill.most <= bill.billed
    assert bill.excess == pytest.approx(bill.billed * found.excess.value)
    assert sum(each.claims for each in found.intents) == found.claims
    assert sum(each.overbilled.billed for each in found.intents) == bill.billed
    free = automation_failure(planted, where="queue = 'd1'")
    assert free.overbilled is None
    assert all(each.overbilled is None for each in free.intents)


def test_claims_without_a_person_are_counted_apart_and_bounded(planted):
    found = automation_failure(planted, where="queue = 'd2'")
    unknown = 1 - found.known / found.claims
    window = found.window
    assert 0.1 < unknown < 0.3
    assert window.high - window.low > unknown
    assert window.low < window.failed.low
    assert window.high > window.failed.high
    assert "cannot be followed" in found.finding.assumptions[-1].en


def test_windows_that_run_past_the_end_are_left_out_and_never_counted_as_held(planted):
    found = automation_failure(planted, where="queue = 'd3'")
    followed = {each.days: each.failed.n for each in found.windows if each.same_reason}
    assert followed[1] > followed[7]
    assert found.known > followed[7]


def test_containment_stands_side_by_side_under_every_definition(planted):
    found = automation_failure(planted, where="queue = 'd4'")
    named = {each.measure.name: each.value for each in found.containment}
    assert "bot_handover" not in named
    assert named["containment"] == 1.0
    assert named["containment_vendor"] == 1.0
    assert named["containment_no_contact_7d_same_reason"] == pytest.approx(0.78, abs=0.08)
    assert len(named) >= 10


def test_a_centre_of_which_nobody_is_known_gets_bounds_and_no_verdict(tmp_path):
    found = automation_failure(proof.claims_world(tmp_path, proof.Claims(known=0.0), 1), price_cents=50)
    assert found.known == 0
    assert found.window.failed is None
    assert (found.window.low, found.window.high) == (0.0, 1.0)
    assert found.finding.verdict == "unclear"
    assert not np.isfinite(found.finding.effect.value)
    assert found.overbilled is None
    assert "who they are" in found.finding.settles.en


def test_contacts_without_a_reason_can_be_followed_for_any_reason_only(tmp_path):
    rows = 400
    at = np.arange(rows) * 3_600.0
    data = proof.dataset(
        tmp_path,
        {
            "contact_id": proof.named("k", np.arange(rows)),
            "leg_id": pa.array(["1"] * rows),
            "channel": np.where(np.arange(rows) % 2, "bot", "call"),
            "handler": np.where(np.arange(rows) % 2, "bot", "agent"),
            "started_at": proof.instants(at),
            "answered_at": proof.instants(at + 5),
            "ended_at": proof.instants(at + 60),
            "self_served": pa.array(np.arange(rows) % 2 == 1),
            "customer_id": proof.named("p", np.arange(rows) % 150),
        },
    )
    any_reason = automation_failure(data, same_reason=False, like=())
    assert any_reason.known == 200
    assert any_reason.window.failed is not None
    same = automation_failure(data, like=())
    assert same.known == 0
    assert same.window.failed is None
    assert [each.name for each in same.intents] == [None]


def test_a_bot_that_claims_nothing_cannot_be_audited(tmp_path):
    data = proof.reach_world(tmp_path, 200)
    with pytest.raises(EvidenceError, match=r"no contact is called resolved by a bot.*\n  remedy: load a source"):
        automation_failure(data)


def test_windows_prices_and_columns_that_do_not_exist_are_refused(planted):
    with pytest.raises(DefinitionError, match="no window of 5 days"):
        automation_failure(planted, days=5)
    with pytest.raises(DefinitionError, match="cannot cost less than nothing"):
        automation_failure(planted, price_cents=-1)
    with pytest.raises(DefinitionError, match="'reasn' is nothing to group"):
        automation_failure(planted, by="reasn")
    with pytest.raises(DefinitionError, match="tells customers apart"):
        automation_failure(planted, by="customer_id")


def test_only_shares_of_one_population_can_be_matched(planted):
    claims = Side(measure=CLAIM_RETURNED[7, True])
    with pytest.raises(DefinitionError, match="'handle_time' cannot be matched"):
        matched(planted, claims, Side(measure=measure_named("handle_time")), like=["reason"])
    with pytest.raises(EvidenceError, match="no row is left to match"):
        matched(planted, claims, Side(measure=PEOPLE_RETURNED[7, True]), like=["reason"], where="queue = 'nowhere'")

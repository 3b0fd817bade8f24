"""First contact resolution by every definition, on contacts of which it is known what followed."""

from __future__ import annotations

import pytest

from peil.estimates.estimate import estimate
from peil.measures.catalogue import family_named, measure_named
from peil.measures.resolution import WINDOWS
from peil.sources.tables import ANSWERS

DAY = 24 * 60


@pytest.fixture(scope="module")
def world(centre, telling):
    leg, row = telling.leg, telling.row
    # the first contact of five customers, and what followed it
    followed = {
        "never": [],
        "next_day": [leg("2", DAY / 2)],
        "other_reason": [leg("2", 5 * DAY, reason="move")],
        "other_channel": [leg("2", 10 * DAY, channel="chat")],
        "late": [leg("2", 29 * DAY, channel="chat", reason="move")],
    }
    asked = {"survey": "s", "question": "resolved", "construct": "fcr", "scale_low": 0, "scale_high": 1}
    answers = [
        row(ANSWERS, response_id=f"r{number}", contact_id="never 1", value_milli=value, answered_at=days * DAY, **asked)
        for number, (days, value) in enumerate(
            [(0, 1000), (2, 1000), (3, 1000), (4, 0), (20, 0), (21, 0), (30, 1000), (45, 0), (46, 1000)]
        )
    ]
    scenes = {name: [leg("1", 0), *held] for name, held in followed.items()}
    tickets = [
        leg(f"t{number}", 0, channel="mail", resolved_at=60, n_reopens=number, customer_id=f"t{number}")
        for number in range(3)
    ]
    return centre([*telling.scenes({**scenes, "ticket": tickets}), *answers])


FIRSTS = "contact_id in ('never 1', 'next_day 1', 'other_reason 1', 'other_channel 1', 'late 1')"


@pytest.mark.parametrize(
    ("suffix", "resolved"),
    [
        ("", (4, 4, 3, 2, 1)),
        ("_same_reason", (4, 4, 4, 3, 3)),
        ("_same_channel", (4, 4, 3, 3, 3)),
        ("_same_reason_channel", (4, 4, 4, 4, 4)),
    ],
)
def test_no_repeat_within_each_window_by_reason_and_channel(world, suffix, resolved):
    measures = [measure_named(f"fcr_no_repeat_{days}d{suffix}") for days in WINDOWS]
    found = [each.only() for each in estimate(measures, world, where=FIRSTS)]
    assert [(each.n, round(each.value * 5)) for each in found] == [(5, each) for each in resolved]
    repeats = [measure_named(f"repeat_{days}d{suffix}") for days in WINDOWS]
    mirrored = [each.only() for each in estimate(repeats, world, where=FIRSTS)]
    assert [one.value + other.value for one, other in zip(found, mirrored, strict=True)] == pytest.approx([1] * 5)


def test_customers_asked_at_once_and_after_a_month_are_two_measures(world):
    at_once, later = (estimate(measure_named(f"fcr_survey_{each}"), world)[0].only() for each in ("t0", "t30"))
    assert (at_once.n, at_once.value) == (3, 1.0)
    assert (later.n, later.value) == (3, pytest.approx(1 / 3))


def test_a_ticket_that_was_opened_again_was_not_resolved_the_first_time(world):
    found = estimate(measure_named("fcr_not_reopened"), world)[0].only()
    assert (found.n, found.value) == (3, pytest.approx(1 / 3))


def test_per_matter_five_repeats_are_one_failure(centre, telling):
    scenes = {"once": [telling.leg("1", 0)], "often": [telling.leg(f"{place}", place * 60) for place in range(6)]}
    data = centre(telling.scenes(scenes))
    per_matter = estimate(measure_named("journey_resolved_first"), data)[0].only()
    per_contact = estimate(measure_named("fcr_no_repeat_7d"), data, where="customer_ms > 0")[0].only()
    assert (per_matter.n, per_matter.value) == (2, 0.5)
    assert per_contact.value > 0.25


def test_every_definition_of_first_contact_resolution_has_its_own_name():
    names = [each.name for each in family_named("fcr")]
    assert len(names) == len(set(names)) == 5 * len(WINDOWS) + 4


def test_what_the_organisation_begins_is_no_repeat_unless_it_is_asked_for(centre, telling):
    leg = telling.leg
    scenes = {
        "promised": [leg("1", 0, ended_how="callback"), leg("2", 60, direction="outbound")],
        "offered": [leg("1", 0), leg("2", 60, channel="callback")],
        "twice": [leg("1", 0), leg("2", 60, direction="outbound"), leg("3", 2 * DAY)],
        "quiet": [leg("1", 0)],
    }
    data = centre(telling.scenes(scenes))
    firsts = "contact_id in ('promised 1', 'offered 1', 'twice 1', 'quiet 1')"

    def told(name, where=firsts):
        one = estimate(measure_named(name), data, where=where)[0].only()
        return one.n, round(one.value * one.n)

    assert told("repeat_1d") == (4, 0)
    assert told("repeat_1d_whoever_began") == (4, 3)
    # the customer of the third comes back two days later, over the head of what was sent in between
    assert told("repeat_3d") == told("repeat_3d_same_reason_channel") == (4, 1)
    assert told("fcr_no_repeat_3d") == (4, 3)
    assert told("fcr_no_repeat_3d_whoever_began") == (4, 1)
    # and what was sent is followed by the customer too
    assert told("repeat_3d", "contact_id = 'twice 2'") == (1, 1)

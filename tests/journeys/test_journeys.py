"""Contacts of one person about one thing are one journey; which window and which reason is a rule with a name."""

from __future__ import annotations

import pytest

from peil.errors import DefinitionError
from peil.estimates.estimate import estimate
from peil.journeys.identification import identification
from peil.journeys.paths import MOST_STEPS, drop_off, variants
from peil.journeys.rule import JourneyRule
from peil.measures.catalogue import measure_named
from peil.sources.tables import ORDERS

DAY = 24 * 60
LEFT = {"handler": "none", "ended_how": "abandoned", "wait_ms": 60_000}


@pytest.fixture(scope="module")
def told(telling):
    leg, row = telling.leg, telling.row
    return {
        "window": [leg("a", 0), leg("b", 7 * DAY), leg("c", 14 * DAY + 1)],
        "slides": [leg(name, place * 6 * DAY) for place, name in enumerate("abcd")],
        "reasons": [
            leg("a", 0, reason="bill"),
            leg("b", DAY, reason="move"),
            leg("c", 2 * DAY, reason="bill"),
            leg("d", 3 * DAY, reason=None),
        ],
        "next": [
            leg("a", 0, reason="move"),
            leg("b", DAY, 1, **{**LEFT, "reason": None}),
            leg("c", DAY + 5, reason="bill"),
        ],
        "path": [
            leg(f"{who}{place}", place * 60, customer_id=who, channel=channel, handler="agent" if place else "bot")
            for who in ("p1", "p2")
            for place, channel in enumerate(("bot", "call", "mail"))
        ],
        "long": [leg(f"{place:02}", place * 60) for place in range(MOST_STEPS + 3)],
        "drop": [
            leg("a", 0, customer_id="p1"),
            leg("b", 0, 1, customer_id="p2", **LEFT),
            leg("c", 0, 1, customer_id="p3", **LEFT),
            leg("d", 60, customer_id="p3"),
            leg("e", 0, customer_id="p4"),
            leg("f", 60, 1, customer_id="p4", **LEFT),
        ],
        "callback": [leg("a", 0, 1, handler="none", ended_how="callback", wait_ms=60_000)],
        "none": [leg("a", 0), leg("b", 60, direction="internal"), leg("c", 90, ended_how="ignored")],
        "order": [
            leg("a", 0),
            leg("b", 60),
            row(ORDERS, order_id="o1", customer_id="p1", ordered_at=-600, delivered_at=-120),
            row(ORDERS, order_id="o2", customer_id="p1", ordered_at=30 * DAY),
        ],
    }


@pytest.fixture(scope="module")
def world(centre, telling, told):
    return centre(telling.scenes(told))


def steps(data, where):
    found = variants(data.engine, data.tables["journeys"], where=where)
    return [[(each.channel, each.gave_up) for each in one.steps] for one in found]


def test_contacts_within_the_window_are_one_journey_and_the_minute_after_it_begins_another(world, telling):
    assert telling.read(world, "window", "contact_id, n_contacts") == [
        {"contact_id": "window a", "n_contacts": 2},
        {"contact_id": "window c", "n_contacts": 1},
    ]


def test_the_window_slides_with_each_contact(world, telling):
    assert telling.read(world, "slides", "n_contacts") == [{"n_contacts": 4}]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("any", {"a": 4}), ("same", {"a": 2, "b": 1, "d": 1}), ("same_or_unknown", {"a": 3, "b": 1})],
)
def test_the_rule_on_reasons_says_which_contacts_belong_together(centre, telling, told, reason, expected):
    data = centre(telling.scenes({"reasons": told["reasons"]}), journeys=JourneyRule(reason=reason))
    found = telling.read(data, "reasons", "contact_id, n_contacts")
    assert {each["contact_id"].removeprefix("reasons "): each["n_contacts"] for each in found} == expected


def test_a_call_that_was_given_up_goes_with_the_reason_of_the_next_call(world, telling):
    assert telling.read(world, "next", "contact_id, reason, n_contacts, n_gave_up, gave_up") == [
        {"contact_id": "next a", "reason": "move", "n_contacts": 1, "n_gave_up": 0, "gave_up": False},
        {"contact_id": "next b", "reason": "bill", "n_contacts": 2, "n_gave_up": 1, "gave_up": False},
    ]
    assert [("call", True), ("call", False)] in steps(world, telling.of("next"))


def test_a_path_names_channels_in_order_and_counts_the_persons_who_took_it(world, telling):
    (found,) = variants(world.engine, world.tables["journeys"], where=telling.of("path"))
    assert [each.channel for each in found.steps] == ["bot", "call", "mail"]
    assert (found.n, found.persons, found.more) == (2, 2, False)
    assert telling.read(world, "path", "n_switches") == [{"n_switches": 2}, {"n_switches": 2}]


def test_a_path_longer_than_it_holds_is_told_as_longer(world, telling):
    (found,) = variants(world.engine, world.tables["journeys"], where=telling.of("long"))
    assert (len(found.steps), found.more) == (MOST_STEPS, True)
    assert telling.read(world, "long", "n_contacts") == [{"n_contacts": MOST_STEPS + 3}]


def test_drop_off_counts_who_reached_a_step_went_on_and_gave_up_there(world, telling):
    found = drop_off(world.engine, world.tables["journeys"], where=telling.of("drop"))
    assert [(each.place, each.reached, each.went_on, each.gave_up) for each in found] == [(1, 4, 2, 1), (2, 2, 0, 1)]
    dropped = estimate(measure_named("dropped_off"), world, where=telling.of("drop"))[0].only()
    assert (dropped.n, dropped.value) == (4, 0.5)


def test_a_promised_call_back_is_not_giving_up(world, telling):
    assert telling.read(world, "callback", "gave_up, n_gave_up") == [{"gave_up": False, "n_gave_up": 0}]


def test_internal_and_ignored_contacts_are_on_no_journey(world, telling):
    assert telling.read(world, "none", "n_contacts") == [{"n_contacts": 1}]
    numbers = telling.read(world, "none", "journey_number", table="contacts")
    assert [each["journey_number"] for each in numbers] == [1, None, None]


def test_an_order_stands_before_the_journey_of_the_contact_that_follows_it(world, telling):
    (found,) = telling.read(world, "order", "n_orders, n_steps, lasted_ms, delivering_ms, between_ms")
    assert (found["n_orders"], found["n_steps"]) == (1, 3)
    assert (found["delivering_ms"], found["lasted_ms"]) == (480 * 60_000, 665 * 60_000)
    assert found["between_ms"] == (120 + 55) * 60_000
    assert steps(world, telling.of("order")) == [[("order", False), ("call", False), ("call", False)]]


def test_journeys_at_the_edges_of_the_data_are_not_whole(world, centre, telling):
    assert {each["whole"] for each in telling.read(world, "drop", "whole")} == {True}
    alone = centre([telling.leg("a", 0), telling.leg("b", 12 * DAY, customer_id="p2")])
    assert alone.engine.rows("select whole, count(*) as n from journeys group by whole").to_pylist() == [
        {"whole": False, "n": 2}
    ]


def test_contacts_without_a_handle_are_counted_apart_and_the_bias_is_told(centre, telling):
    queued = [telling.leg(f"q{place}", place, customer_id=f"p{place}", wait_ms=30_000) for place in range(40)]
    straight = [telling.leg(f"s{place}", place, customer_id=None, wait_ms=0) for place in range(40)]
    data = centre([*queued, *straight])
    assert data.engine.rows("select sum(n_contacts) as n from journeys").to_pylist() == [{"n": 40}]
    found = identification(data.engine, data.tables["contacts"])
    assert (found.n, found.known, found.unknown, found.biased) == (80, 40, 40, True)
    assert (found.sides[0].share, found.sides[0].share_others) == (1.0, 0.0)
    assert "Of contacts that waited in the queue 100.0% are of a known customer, of all others 0.0%" in found.says.en
    share = estimate(measure_named("identified_share"), data)[0].only()
    assert (share.n, share.value) == (80, 0.5)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"window_days": 0}, "a window of 0 days"),
        ({"window_days": 400}, "a window of 400 days"),
        ({"reason": "alike"}, "'alike' is no rule for reasons"),
        ({"retell_seconds": -1}, "cannot take less than no time"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(settings, told):
    with pytest.raises(DefinitionError, match=told):
        JourneyRule(**settings)

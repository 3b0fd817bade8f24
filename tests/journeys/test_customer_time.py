"""What the clock of known contacts holds, head by head."""

from __future__ import annotations

import pytest

from peil.estimates.estimate import estimate
from peil.journeys.journey import BETWEEN
from peil.journeys.ledger import ATTENDED, PARTS
from peil.measures.catalogue import measure_named
from peil.sources.tables import MESSAGES

MINUTE = 60_000


def minutes(row):
    """The heads of a row that hold time, in minutes."""
    return {name.removesuffix("_ms"): row[name] / MINUTE for name in (*PARTS, *BETWEEN) if row.get(name)}


def said(row, contact, *turns):
    for turn, (author, at) in enumerate(turns, start=1):
        yield row(MESSAGES, contact_id=contact, turn=turn, author=author, sent_at=at)


@pytest.fixture(scope="module")
def world(centre, telling):
    leg, row = telling.leg, telling.row
    queue = {"wait_ms": 2 * MINUTE, "talk_ms": 5 * MINUTE, "hold_ms": MINUTE}
    slow = {"channel": "mail", "wait_ms": None}
    return centre(
        telling.scenes(
            {
                "call": [leg("a", 0, 9, **queue)],
                "transfer": [
                    leg("a", 0, 7, wait_ms=2 * MINUTE, talk_ms=5 * MINUTE, ended_how="transferred"),
                    leg("a", 8, 6, leg_id="2", wait_ms=3 * MINUTE, talk_ms=3 * MINUTE),
                ],
                "bot": [
                    leg("a", 0, 3, channel="bot", handler="bot", talk_ms=2 * MINUTE, ended_how="transferred"),
                    leg("a", 3, 5, leg_id="2", channel="chat", wait_ms=MINUTE, talk_ms=4 * MINUTE),
                ],
                "overlap": [
                    leg("a", 0, 10, talk_ms=10 * MINUTE),
                    leg("a", 5, 10, leg_id="2", agent_id="conference", talk_ms=10 * MINUTE),
                ],
                "within": [
                    leg("a", 0, 10, talk_ms=10 * MINUTE),
                    leg("a", 2, 3, leg_id="2", agent_id="asked along", talk_ms=3 * MINUTE),
                ],
                "callback": [
                    leg("a", 0, 4, handler="none", wait_ms=4 * MINUTE, ended_how="callback"),
                    leg("a", 34, 5, leg_id="2", direction="outbound", talk_ms=5 * MINUTE),
                ],
                "toolong": [leg("a", 0, 5, wait_ms=4 * MINUTE, talk_ms=9 * MINUTE)],
                "gone": [leg("a", 0, 3, handler="none", ended_how="abandoned", wait_ms=3 * MINUTE)],
                "noend": [leg("a", 0, None, wait_ms=MINUTE, talk_ms=2 * MINUTE)],
                "open": [leg("a", 0, None, ended_how="open", talk_ms=2 * MINUTE)],
                "mail": [leg("a", 0, 600, **slow, talk_ms=20 * MINUTE, responded_at=240)],
                "unanswered": [leg("a", 0, 600, **slow)],
                "turns": [
                    leg("a", 0, 100, **slow),
                    *said(row, "a", ("customer", 0), ("agent", 30), ("customer", 50), ("agent", 90)),
                ],
                "backwards": [
                    leg("a", 0, 100, **slow),
                    *said(row, "a", ("customer", 10), ("agent", 40), ("customer", 20), ("agent", 60)),
                ],
                "chat": [
                    leg("a", 0, 20, channel="chat", wait_ms=2 * MINUTE, talk_ms=18 * MINUTE),
                    *said(row, "a", ("customer", 2), ("agent", 5), ("customer", 9), ("agent", 14), ("customer", 20)),
                ],
                "again": [leg("a", 0, 5, talk_ms=5 * MINUTE), leg("b", 60, 5, talk_ms=5 * MINUTE)],
                "first": [
                    leg("a", 0, 2, handler="none", ended_how="abandoned", wait_ms=2 * MINUTE),
                    leg("b", 60, 5, talk_ms=5 * MINUTE),
                ],
                "atonce": [
                    leg("a", 0, 60, **slow),
                    leg("b", 10, 20, talk_ms=20 * MINUTE),
                    leg("c", 25, 10, channel="chat", talk_ms=10 * MINUTE),
                ],
            }
        )
    )


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        ("call", {"in_queue": 2, "talking": 5, "on_hold": 1, "untold": 1}),
        ("transfer", {"in_queue": 2, "talking": 7, "repeating": 1, "transferring": 4}),
        ("bot", {"in_menu": 3, "in_queue": 1, "typing": 3, "repeating": 1}),
        ("overlap", {"talking": 14, "repeating": 1}),
        ("within", {"talking": 10}),
        ("callback", {"in_queue": 4, "awaiting": 30, "talking": 5}),
        ("toolong", {"in_queue": 4, "talking": 1}),
        ("gone", {"in_queue": 3}),
        ("noend", {"in_queue": 1, "talking": 2}),
        ("mail", {"awaiting": 240, "untold": 360}),
        ("unanswered", {"awaiting": 600}),
        ("turns", {"awaiting": 70, "own_turn": 20, "untold": 10}),
        ("backwards", {"awaiting": 50, "untold": 50}),
        ("chat", {"in_queue": 2, "typing": 10, "awaiting": 8}),
    ],
)
def test_the_time_of_a_contact_stands_under_the_right_heads(world, telling, scene, expected):
    (found,) = telling.read(world, scene, ", ".join(["customer_ms", *PARTS]), table="contacts")
    assert minutes(found) == expected
    assert found["customer_ms"] == sum(expected.values()) * MINUTE


def test_an_open_contact_has_no_time_yet_and_its_journey_is_not_timed(world, telling):
    (contact,) = telling.read(world, "open", ", ".join(["customer_ms", *PARTS]), table="contacts")
    assert set(contact.values()) == {None}
    assert telling.read(world, "open", "n_open, whole") == [{"n_open": 1, "whole": True}]
    with_it, without = (
        estimate(measure_named(name), world, where=telling.of("open"))[0].only().n
        for name in ("contacts_per_journey", "customer_time")
    )
    assert (with_it, without) == (1, 0)


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        ("again", {"talking": 9, "repeating": 1, "between": 55}),
        ("first", {"in_queue": 2, "talking": 5, "between": 58}),
        ("atonce", {"talking": 19, "repeating": 1, "typing": 5, "awaiting": 35}),
        ("callback", {"in_queue": 4, "awaiting": 30, "talking": 5}),
    ],
)
def test_the_time_of_a_journey_counts_each_minute_once(world, telling, scene, expected):
    (found,) = telling.read(world, scene, ", ".join(["lasted_ms", "attended_ms", *PARTS, *BETWEEN]))
    assert minutes(found) == expected
    assert found["lasted_ms"] == sum(expected.values()) * MINUTE
    attended = sum(each for name, each in expected.items() if f"{name}_ms" in ATTENDED)
    assert found["attended_ms"] == attended * MINUTE

"""The heads of the customer's time add up to the clock, whatever the legs: to the millisecond, and nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peil.calendars.hours import OPENINGS, BusinessCalendar, openings
from peil.contacts.fold import fold
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.schema import Kind
from peil.journeys.journey import BETWEEN, JOURNEYS, gather
from peil.journeys.ledger import ATTENDED, LIVE, PARTS, lay, take_turns
from peil.journeys.orders import ORDERED, begun
from peil.journeys.rule import JourneyRule
from peil.journeys.string import string
from peil.persons.resolve import identify, resolve
from peil.sources.tables import ENDINGS, LEGS, MESSAGES

BEGIN = datetime(2024, 3, 29, tzinfo=UTC).replace(tzinfo=None)
RULE = JourneyRule(window_days=1, retell_seconds=60)
TYPES = {
    Kind.TEXT: pa.string(), Kind.CODE: pa.string(), Kind.JSON: pa.string(), Kind.INTEGER: pa.int64(), Kind.FLAG: pa.bool_(),
    Kind.INSTANT: pa.timestamp("us"), Kind.DAY: pa.date32(),
}  # fmt: skip

SECOND = 1_000
# Odd milliseconds, instants that coincide, durations that are nought and far too long for their leg.
MOMENTS = st.one_of(st.sampled_from([0, 60_000, 3_600_000, 86_400_000, 86_400_001]), st.integers(0, 3 * 86_400_000))
LENGTHS = st.one_of(st.none(), st.sampled_from([0, 1, 59_999, 60_000]), st.integers(0, 7_200_000))
LEG = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(["call", "chat", "mail", "bot", "message"]),
        "handler": st.sampled_from(["agent", "agent", "bot", "ivr", "none"]),
        "ended_how": st.sampled_from(ENDINGS),
        "at": st.one_of(st.just(0), st.integers(0, 10_000_000)),
        "lasts": LENGTHS,
        "answers": LENGTHS,
        **{f"{each}_ms": LENGTHS for each in ("wait", "talk", "hold", "park")},
    }
)
CONTACT = st.fixed_dictionaries(
    {
        "at": MOMENTS,
        "who": st.sampled_from(["p", "q", None]),
        "reason": st.sampled_from(["bill", "move", None]),
        "direction": st.sampled_from(["inbound", "inbound", "outbound", "internal"]),
        "legs": st.lists(LEG, min_size=1, max_size=4),
        "turns": st.lists(
            st.tuples(st.sampled_from(["customer", "agent", "bot", "system"]), st.integers(0, 8_000_000)), max_size=5
        ),
    }
)


def instant(ms):
    return BEGIN + timedelta(milliseconds=ms)


def rows_of(contacts):
    """The legs and turns of made contacts, as the canonical tables have them."""
    legs, turns = [], []
    for number, contact in enumerate(contacts):
        shared = {
            "source": "s", "organisation": "o", "contact_id": f"k{number}", "customer_id": contact["who"], "reason": contact["reason"],
            "direction": contact["direction"],
        }  # fmt: skip
        for place, leg in enumerate(contact["legs"]):
            at = contact["at"] + (leg["at"] if place else 0)
            ends = None if leg["lasts"] is None else at + leg["lasts"]
            told = {
                name: leg[name]
                for name in ("channel", "handler", "ended_how", "wait_ms", "talk_ms", "hold_ms", "park_ms")
            }
            responded = None if leg["answers"] is None else instant(at + leg["answers"])
            legs.append(
                {
                    **shared,
                    **told,
                    "leg_id": str(place),
                    "started_at": instant(at),
                    "responded_at": responded,
                    "ended_at": None if ends is None else instant(ends),
                    "started_on": instant(at).date(),
                    "started_minute": 0,
                }
            )
        for turn, (author, after) in enumerate(contact["turns"]):
            sent = instant(contact["at"] + after)
            turns.append({**shared, "turn": turn, "author": author, "sent_at": sent, "sent_on": sent.date()})
    return legs, turns


def table(schema, rows):
    fields = [pa.field(each.name, TYPES[each.kind]) for each in schema.columns]
    return pa.Table.from_pylist(
        [{each.name: row.get(each.name) for each in schema.columns} for row in rows], pa.schema(fields)
    )


@pytest.fixture(scope="module")
def stages(tmp_path_factory):
    """The stages from legs to journeys, as views over tables that each example fills anew."""
    engine, folder = DuckEngine(Limits(memory="500MB", threads=1)), tmp_path_factory.mktemp("kept")
    always = BusinessCalendar(name="none", zone="UTC", hours={"daily": "00:00-24:00"})
    hours = engine.small(OPENINGS, openings(always, BEGIN.date(), BEGIN.date() + timedelta(days=1)))
    nothing = engine.small(ORDERED, table(ORDERED, []))

    def built(contacts):
        legs, turns = rows_of(contacts)
        told, said = engine.small(LEGS, table(LEGS, legs)), engine.small(MESSAGES, table(MESSAGES, turns))
        folded = engine.keep(fold(engine, told, said, hours, None), folder)
        known = engine.keep(identify(engine, folded), folder)
        ledger = lay(engine, told, folded, RULE.retell_seconds * SECOND)
        strung = engine.keep(
            string(engine, known, resolve(engine, known), ledger, take_turns(engine, said), RULE, folder), folder
        )
        journeys = gather(engine, strung, begun(engine, nothing), RULE)
        names = (
            "contact_id",
            "channel",
            "person_key",
            "thread_key",
            "journey_number",
            "started_at",
            "lasted_ms",
            "customer_ms",
            *PARTS,
        )
        live = f"case when {LIVE} then true else false end as live"
        return SimpleNamespace(
            legs=legs,
            contacts=engine.rows(f"select {', '.join(names)}, {live} from {strung.name}").to_pylist(),
            journeys=engine.rows(f"select {', '.join(JOURNEYS.names)} from {journeys.name}").to_pylist(),
        )

    yield built
    engine.close()


def union(spans):
    """How much clock several stretches take together."""
    taken, reached = 0, None
    for begin, end in sorted(spans):
        start = begin if reached is None else max(begin, reached)
        taken += max(0, end - start)
        reached = end if reached is None else max(reached, end)
    return taken


def ms(moment):
    return round((moment.replace(tzinfo=None) - BEGIN).total_seconds() * 1_000)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(contacts=st.lists(CONTACT, min_size=1, max_size=40))
def test_every_millisecond_of_a_contact_and_of_a_journey_stands_under_one_head(stages, contacts):
    made = stages(contacts)
    legs = {}
    for leg in made.legs:
        legs.setdefault(leg["contact_id"], []).append(leg)
    assert {each["contact_id"] for each in made.contacts} == set(legs)
    for contact in made.contacts:
        mine = legs[contact["contact_id"]]
        if contact["customer_ms"] is None:
            assert any(leg["ended_at"] is None and leg["ended_how"] == "open" for leg in mine)
            assert all(contact[each] is None for each in PARTS)
            continue
        assert sum(contact[each] for each in PARTS) == contact["customer_ms"]
        assert min(contact[each] for each in PARTS) >= 0
        if all(leg["ended_at"] for leg in mine):
            whole = max(ms(leg["ended_at"]) for leg in mine) - min(ms(leg["started_at"]) for leg in mine)
            assert contact["customer_ms"] == contact["lasted_ms"] == whole
            served = [(ms(leg["started_at"]), ms(leg["ended_at"])) for leg in mine if leg["handler"] == "agent"]
            held = sum(contact[each] for each in ("talking_ms", "typing_ms", "repeating_ms", "on_hold_ms"))
            assert held <= union(served)
    on_journeys = {}
    for contact in made.contacts:
        if contact["journey_number"] is not None:
            key = tuple(contact[each] for each in ("person_key", "thread_key", "journey_number"))
            begin = ms(contact["started_at"])
            on_journeys.setdefault(key, []).append((begin, begin + (contact["customer_ms"] or 0), contact["live"]))
    assert len(made.journeys) == len(on_journeys)
    for journey in made.journeys:
        spans = on_journeys[tuple(journey[each] for each in ("person_key", "thread_key", "journey_number"))]
        assert journey["n_contacts"] == len(spans)
        assert journey["lasted_ms"] == max(end for _, end, _ in spans) - min(begin for begin, _, _ in spans)
        assert sum(journey[each] for each in (*PARTS, *BETWEEN)) == journey["lasted_ms"]
        assert min(journey[each] for each in (*PARTS, *BETWEEN)) >= 0
        assert journey["lasted_ms"] - journey["between_ms"] == union([(begin, end) for begin, end, _ in spans])
        assert sum(journey[each] for each in ATTENDED) == journey["attended_ms"]


@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(contacts=st.lists(CONTACT, min_size=2, max_size=12))
def test_a_leg_that_the_clock_already_holds_adds_no_time(stages, contacts):
    """The same leg told twice, as by a conference, leaves the contact's clock as it was."""
    ended = [
        {**each, "legs": [{**leg, "lasts": leg["lasts"] or 0, "ended_how": "completed"} for leg in each["legs"]]}
        for each in contacts
    ]
    twice = [{**each, "legs": [*each["legs"], each["legs"][-1]]} for each in ended]
    one, other = ({row["contact_id"]: row["customer_ms"] for row in stages(told).contacts} for told in (ended, twice))
    moved = {each for each in one if one[each] != other[each]}
    # the first leg begins with the contact, a copy of it after the first leg's own offset
    alone = {f"k{number}" for number, each in enumerate(ended) if len(each["legs"]) == 1}
    assert moved <= alone

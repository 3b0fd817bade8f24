"""Gather contacts into journeys: one row a journey, with its path and what it took of the customer's time."""

from __future__ import annotations

from peil.contacts.fold import CONTACTS
from peil.engines.engine import Engine
from peil.engines.schema import Column, Kind, Schema, Table
from peil.journeys.ledger import ATTENDED, LIVE, PARTS, PARTS_OF_CONTACTS, capped
from peil.journeys.paths import BITS, GAVE_UP, MOST_STEPS, ORDER, path_sum
from peil.journeys.rule import JourneyRule
from peil.terms import Label

BETWEEN: dict[str, Label] = {
    "delivering_ms": Label(
        "from the order to its delivery or the first contact", "van bestelling tot levering of eerste contact"
    ),
    "between_ms": Label("between contacts", "tussen contacten"),
}
"""Parts of a journey that lie in none of its contacts."""


def _whole(name: str, says: str) -> Column:
    return Column(name=name, kind=Kind.INTEGER, says=says)


def _flag(name: str, says: str) -> Column:
    return Column(name=name, kind=Kind.FLAG, says=says)


_FIRST = (
    "source",
    "contact_id",
    "channel",
    "queue",
    "handler",
    "team",
    "site",
    "language",
    "started_on",
    "started_minute",
)
_COUNTED = ("n_answered", "n_gave_up", "n_transfers", "n_switches", "n_open")
JOURNEYS = Schema(
    name="journeys",
    one_row_is="the contacts of one person about one thing, each near in time to the one before, and the order they follow",
    key=("person_key", "thread_key", "journey_number"),
    columns=(
        CONTACTS.column("organisation"),
        _whole("person_key", "the person"),
        _whole("thread_key", "what it is about, as a number of this build; 0 where no reason is known"),
        _whole("journey_number", "tells journeys of one person about one thing apart"),
        CONTACTS.column("source"),
        Column(name="contact_id", kind=Kind.TEXT, says="its first contact"),
        Column(name="reason", kind=Kind.TEXT, says="what it is about; null where no contact tells"),
        *(CONTACTS.column(each) for each in ("channel", "queue", "handler", "team", "site", "language")),
        Column(name="last_channel", kind=Kind.CODE, says="channel of its last contact"),
        Column(name="started_at", kind=Kind.INSTANT, says="its first contact, or the order before that, began"),
        CONTACTS.column("started_on"),
        CONTACTS.column("started_minute"),
        _whole("n_contacts", "contacts"),
        _whole("n_orders", "orders that its first contact followed"),
        _whole("n_steps", "contacts and orders"),
        _whole("n_answered", "contacts that an agent took"),
        _whole("n_gave_up", "contacts in which the customer left with nothing"),
        _whole("n_transfers", "times the customer went on to another agent"),
        _whole("n_switches", "times the customer went on in another channel"),
        _whole("n_open", "contacts that are still open or of which no time is told"),
        _flag("with_bot", "a bot or menu had a part in it"),
        _flag("gave_up", "in its last contact the customer left with nothing"),
        _whole("path", f"the order and its first {MOST_STEPS} contacts, {BITS} bits each, the first step lowest"),
        _flag("whole", "the data reach a window's length before its beginning and after its last contact"),
        _whole("followed_ms", "how long after its last contact began the data still follow the person"),
        _whole("lasted_ms", "from its beginning to the end of its last contact; the sum of its parts"),
        _whole("attended_ms", "of which the customer had to be there"),
        *PARTS_OF_CONTACTS,
        *(_whole(name, f"of its time: {label.en}") for name, label in BETWEEN.items()),
    ),
)

_STEPS = """
select c.*, millis(c.started_at) as began, millis(c.started_at) + coalesce(c.customer_ms, 0) as until_ms,
  case when {live} then 1 else 0 end as live, case when {gave_up} then 1 else 0 end as left_with_nothing,
  case when c.customer_ms is null then 1 else 0 end as is_open,
  case when whole_div(c.step_code - 1, 2) <> whole_div(c.channel_before_code - 1, 2) then 1 else 0 end as switched,
  ms_between(e.begins_at, c.started_at) as since_begin
from {contacts} as c
join (select organisation, min(started_at) as begins_at from {contacts} group by organisation) as e on c.organisation = e.organisation
where c.journey_number is not null
"""
_ALONE = """
select organisation, person_key, thread_key, journey_number, {first}, reason, channel as last_channel, began,
  cast(1 as bigint) as n_contacts, cast(n_agent_legs as bigint) as agent_legs, case when answered then 1 else 0 end as n_answered,
  left_with_nothing as n_gave_up, n_transfers, 0 as n_switches, is_open as n_open, with_bot, left_with_nothing = 1 as gave_up,
  step_code as path, followed_ms, since_begin, coalesce(customer_ms, 0) as in_contacts, until_ms - began as in_journey, {parts}
from {steps} where journey_place = 1 and not journey_goes_on
"""
# Contacts at one time count once: a live one has what live ones before it left over, the others what no live one took.
_LAID = """
select s.*,
  case when live = 1 then greatest(until_ms - greatest(began, coalesce(reached_live_ms, began)), 0) else 0 end as live_clock,
  greatest(until_ms - greatest(began, coalesce(reached_ms, began)), 0) as whole_clock
from {steps} as s where journey_place > 1 or journey_goes_on
"""
_SEVERAL = """
select min(organisation) as organisation, person_key, thread_key, journey_number, {first}, max(reason) as reason,
  max(case when not journey_goes_on then channel end) as last_channel, min(began) as began,
  count(*) as n_contacts, cast(sum(n_agent_legs) as bigint) as agent_legs,
  sum(case when answered then 1 else 0 end) as n_answered, sum(left_with_nothing) as n_gave_up, sum(n_transfers) as n_transfers,
  sum(switched) as n_switches, sum(is_open) as n_open, max(case when with_bot then 1 else 0 end) = 1 as with_bot,
  max(case when not journey_goes_on then left_with_nothing end) = 1 as gave_up,
  {path} as path, min(followed_ms) as followed_ms, min(since_begin) as since_begin,
  sum(whole_clock) as in_contacts, max(until_ms) - min(began) as in_journey, sum(whole_clock) - sum(live_clock) as slow_clock,
  {live_parts}, {slow_parts}
from {laid}
group by person_key, thread_key, journey_number
"""
_BOTH = """
select {names}, {parts} from {alone}
union all
select {names}, {capped} from {several}
"""
_JOURNEYS = """
select j.organisation, j.person_key, j.thread_key, j.journey_number, j.source, j.contact_id, j.reason, j.channel, j.queue, j.handler,
  j.team, j.site, j.language, j.last_channel, coalesce(o.ordered_at, j.first_at) as started_at,
  coalesce(o.ordered_on, j.started_on) as started_on, j.started_minute,
  cast(j.n_contacts as bigint) as n_contacts, coalesce(o.n_orders, 0) as n_orders,
  cast(j.n_contacts + coalesce(o.n_orders, 0) as bigint) as n_steps,
  {counted}, j.with_bot, j.gave_up,
  cast(case when o.n_orders is not null then j.path * {base} + {order} else j.path end as bigint) as path,
  j.followed_ms >= {window} and j.since_begin >= {window} as whole, j.followed_ms,
  cast(j.in_journey + coalesce(j.began - millis(o.ordered_at), 0) as bigint) as lasted_ms,
  cast({attended} as bigint) as attended_ms, {parts},
  cast(coalesce(least(coalesce(millis(o.delivered_at), j.began), j.began) - millis(o.ordered_at), 0) as bigint) as delivering_ms,
  cast(j.in_journey - j.in_contacts + coalesce(j.began - least(coalesce(millis(o.delivered_at), j.began), j.began), 0) as bigint)
    as between_ms
from {both} as j
left join {orders} as o on j.person_key = o.person_key and j.thread_key = o.thread_key and j.journey_number = o.journey_number
"""


def gather(engine: Engine, contacts: Table, orders: Table, rule: JourneyRule) -> Table:
    """Return one row a journey.

    Parameters:
        engine: where the rows are.
        contacts: contacts on their journeys, kept: they are read more than once.
        orders: the order that each journey follows, where there is one.
        rule: what made the journeys.

    Returns:
        A table of schema ``JOURNEYS``. The parts add up to ``lasted_ms`` to the millisecond, however contacts overlap.
        Contacts without a known person are on no journey.
    """
    names = list(PARTS)
    steps = engine.step(
        "journey_contacts", _STEPS.format(contacts=contacts.name, live=f"c.{LIVE}", gave_up=GAVE_UP), JOURNEYS
    )
    known = [f"coalesce({each}, 0)" for each in names]
    alone = engine.step(
        "journeys_alone",
        _ALONE.format(
            steps=steps.name,
            first=", ".join((*_FIRST, "started_at as first_at")),
            parts=", ".join(f"{sql} as {name}" for name, sql in zip(names, known, strict=True)),
        ),
        JOURNEYS,
    )
    laid = engine.step("journeys_laid", _LAID.format(steps=steps.name), JOURNEYS)
    live = [f"case when live = 1 then {each} else 0 end" for each in capped(known, "live_clock")]
    several = engine.step(
        "journeys_several",
        _SEVERAL.format(
            laid=laid.name,
            first=", ".join(
                f"max(case when journey_place = 1 then {each} end) as {name}"
                for each, name in (*((each, each) for each in _FIRST), ("started_at", "first_at"))
            ),
            path=path_sum("step_code", "journey_place"),
            live_parts=", ".join(f"sum({sql}) as live_{name}" for name, sql in zip(names, live, strict=True)),
            slow_parts=", ".join(
                f"sum(case when live = 1 then 0 else {sql} end) as slow_{name}"
                for name, sql in zip(names, known, strict=True)
            ),
        ),
        JOURNEYS,
    )
    listed = (
        "organisation", "person_key", "thread_key", "journey_number", *_FIRST, "first_at", "reason", "last_channel", "began",
        "n_contacts", *_COUNTED, "with_bot", "gave_up", "path", "followed_ms", "since_begin", "in_contacts", "in_journey",
    )  # fmt: skip
    slow = capped([f"slow_{each}" for each in names], "slow_clock")
    both = engine.step(
        "journeys_gathered",
        _BOTH.format(
            names=", ".join(listed),
            parts=", ".join(names),
            capped=", ".join(f"live_{name} + {sql} as {name}" for name, sql in zip(names, slow, strict=True)),
            alone=alone.name,
            several=several.name,
        ),
        JOURNEYS,
    )
    sql = _JOURNEYS.format(
        both=both.name,
        orders=orders.name,
        counted=", ".join(f"cast(j.{each} as bigint) as {each}" for each in _COUNTED),
        base=1 << BITS,
        order=ORDER,
        window=rule.window_ms,
        attended=" + ".join(f"j.{each}" for each in ATTENDED),
        parts=", ".join(f"cast(j.{each} as bigint) as {each}" for each in names),
    )
    return engine.step("journeys", sql, JOURNEYS)

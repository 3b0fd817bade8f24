"""Orders: what was promised, when it came, and whether the customer had to ask."""

from __future__ import annotations

from peil.calendars.days import CALENDAR
from peil.calendars.hours import OPENINGS
from peil.calendars.working_days import WORKING_DAYS
from peil.contacts.business import OPENED
from peil.engines.engine import Engine
from peil.engines.schema import Column, Kind, Schema, Table
from peil.journeys.rule import JourneyRule
from peil.sources.tables import ORDERS


def _whole(name: str, says: str) -> Column:
    return Column(name=name, kind=Kind.INTEGER, says=says)


_TAKEN = (
    "source", "organisation", "order_id", "customer_id", "product", "calendar", "ordered_at", "ordered_on", "ordered_minute",
    "promised_at", "promised_days", "promised_ms", "delivered_at", "delivered_on", "delivered_minute", "trial_days", "returned",
    "revenue_cents", "cost_cents", "extra",
)  # fmt: skip
ORDERED = Schema(
    name="orders",
    one_row_is="an order, with its promise, its lead time and the contact that followed",
    key=("source", "order_id"),
    columns=(
        *(ORDERS.column(each) for each in _TAKEN),
        _whole("person_key", "the person, where they were in touch; null for one who never was"),
        _whole("lead_ms", "from the order to its delivery, on the clock; null while it is not there"),
        _whole("lead_open_ms", "the same, counting only the hours of its calendar"),
        _whole("lead_days", "the same in working days of its calendar; the day of the order is none"),
        _whole("promise_lead_ms", "from the order to the moment promised"),
        _whole("late_ms", "from the moment promised to the delivery; below nought where it came before"),
        Column(name="delivered", kind=Kind.FLAG, says="it was delivered"),
        Column(
            name="kept",
            kind=Kind.FLAG,
            says="it was delivered as promised; false too where the promise has passed and it is not there; null where nothing "
            "was promised or the promise still runs",
        ),
        _whole("delivered_weekday", "local day of the week on which it came, 1 Monday to 7 Sunday"),
        _whole("next_contact_ms", "until the person's next contact begins"),
        _whole("followed_ms", "how long after the order the data still follow contacts"),
        _whole("thread_key", "what the next contact's journey is about; null where none followed in time"),
        _whole("journey_number", "the journey that contact is on"),
        _whole("journey_place", "its place there; where it is 1 the order stands before the journey"),
    ),
)
_NOBODY = """
select organisation, customer_id, min(person_key) as person_key from {contacts}
where person_key is not null and customer_id is not null group by organisation, customer_id
"""
_NAMED = """
select o.*, p.person_key, millis(o.ordered_at) as began, coalesce(o.calendar, '{calendar}') as hours,
  coalesce(o.delivered_at, greatest(e.ends_at, o.ordered_at)) as until_at,
  coalesce(o.delivered_on, greatest(e.ends_on, o.ordered_on)) as until_on, c.contacts_end
from {orders} as o
left join {known} as p on o.organisation = p.organisation and o.customer_id = p.customer_id
join (select organisation, max(greatest(ordered_at, coalesce(delivered_at, ordered_at), coalesce(updated_at, ordered_at))) as ends_at,
    max(greatest(ordered_on, coalesce(delivered_on, ordered_on))) as ends_on
  from {orders} group by organisation) as e on o.organisation = e.organisation
left join (select organisation, max(started_at) as contacts_end from {contacts} group by organisation) as c
  on o.organisation = c.organisation
"""
_MOMENTS = """
select o.source, o.order_id, o.person_key, o.began, cast(null as bigint) as thread_key, cast(null as bigint) as journey_number,
  cast(null as bigint) as journey_place, cast(null as bigint) as contact_began, cast(null as varchar) as contact_source, cast(null as varchar) as contact_id
from {orders} as o where o.person_key is not null
union all
select cast(null as varchar) as source, cast(null as varchar) as order_id, c.person_key, millis(c.started_at) as began, c.thread_key,
  c.journey_number, c.journey_place, millis(c.started_at) as contact_began, c.source as contact_source, c.contact_id
from {contacts} as c
where c.journey_number is not null
  and exists (select 1 from {orders} as o where o.person_key = c.person_key)
"""
# At one moment the order stands before the contact.
_NEXT = """
select source, order_id, person_key, min(contact_began) over (partition by person_key
    order by began, coalesce(contact_source, ''), coalesce(contact_id, ''), coalesce(source, ''), coalesce(order_id, '')
    rows between current row and unbounded following) as contact_began
from {moments}
"""
_FOLLOWED = """
select source, order_id, contact_began, thread_key, journey_number, journey_place from (
  select n.source, n.order_id, n.contact_began, m.thread_key, m.journey_number, m.journey_place,
    row_number() over (partition by n.source, n.order_id order by m.contact_source, m.contact_id) as place
  from {nexts} as n
  join {moments} as m on m.person_key = n.person_key and m.contact_began = n.contact_began
  where n.order_id is not null
) as found where place = 1
"""
_ORDERS = """
select {taken}, n.person_key,
  case when n.delivered_at is not null then ms_between(n.ordered_at, n.delivered_at) end as lead_ms,
  case when n.delivered_at is not null then n.open_ms end as lead_open_ms,
  case when n.delivered_at is not null then n.days end as lead_days,
  ms_between(n.ordered_at, n.promised_at) as promise_lead_ms, ms_between(n.promised_at, n.delivered_at) as late_ms,
  n.delivered_at is not null as delivered,
  case when n.kept_so_far = 0 then false when n.delivered_at is not null and n.kept_so_far = 1 then true end as kept,
  w.weekday as delivered_weekday, f.contact_began - n.began as next_contact_ms, ms_between(n.ordered_at, n.contacts_end) as followed_ms,
  case when f.contact_began - n.began <= {window} then f.thread_key end as thread_key,
  case when f.contact_began - n.began <= {window} then f.journey_number end as journey_number,
  case when f.contact_began - n.began <= {window} then f.journey_place end as journey_place
from (
  select m.*, case when m.promised_at is not null then case when m.until_at <= m.promised_at then 1 else 0 end
    when m.promised_ms is not null then case when m.open_ms <= m.promised_ms then 1 when m.open_ms > m.promised_ms then 0 end
    when m.promised_days is not null then case when m.days <= m.promised_days then 1 when m.days > m.promised_days then 0 end
    end as kept_so_far
  from (
    select n.*, {opened_until} - {opened_began} as open_ms, v.n_days - u.n_days as days
    from {named} as n
    left join {openings} as a on a.calendar = n.hours and a.utc_on = utc_day(n.ordered_at)
    left join {openings} as b on b.calendar = n.hours and b.utc_on = utc_day(n.until_at)
    left join {days} as u on u.calendar = n.hours and u.day_on = n.ordered_on
    left join {days} as v on v.calendar = n.hours and v.day_on = n.until_on
  ) as m
) as n
left join {days_of_year} as w on w.day_on = n.delivered_on
left join {followed} as f on n.source = f.source and n.order_id = f.order_id
"""
_BEGUN = """
select person_key, thread_key, journey_number, count(*) as n_orders, min(ordered_at) as ordered_at, min(ordered_on) as ordered_on,
  max(delivered_at) as delivered_at
from {orders} where journey_place = 1
group by person_key, thread_key, journey_number
"""


def follow(engine: Engine, orders: Table, contacts: Table, calendar: str | None, rule: JourneyRule) -> Table:
    """Return every order with its promise, its lead time, and the contact that followed.

    Parameters:
        engine: where the rows are, and where ``openings`` and ``working_days`` are.
        orders: the current orders.
        contacts: contacts on their journeys, kept.
        calendar: business calendar of orders that name none.
        rule: how soon a contact must follow to be about the order.

    Returns:
        A table of schema ``ORDERED``. A promise is a moment, else opening hours of the order's calendar, else its
        working days: the first that the source tells.
    """
    known = engine.step("orders_persons", _NOBODY.format(contacts=contacts.name), ORDERED)
    default = (calendar or "").replace("'", "")
    named = engine.step(
        "orders_named",
        _NAMED.format(orders=orders.name, known=known.name, contacts=contacts.name, calendar=default),
        ORDERED,
    )
    moments = engine.step("orders_moments", _MOMENTS.format(orders=named.name, contacts=contacts.name), ORDERED)
    nexts = engine.step("orders_next", _NEXT.format(moments=moments.name), ORDERED)
    followed = engine.step("orders_followed", _FOLLOWED.format(nexts=nexts.name, moments=moments.name), ORDERED)
    sql = _ORDERS.format(
        taken=", ".join(f"n.{each}" for each in _TAKEN),
        named=named.name,
        followed=followed.name,
        openings=OPENINGS.name,
        days=WORKING_DAYS.name,
        days_of_year=CALENDAR.name,
        window=rule.window_ms,
        opened_began=OPENED.format(o="a", t="n.ordered_at"),
        opened_until=OPENED.format(o="b", t="n.until_at"),
    )
    return engine.step("orders", sql, ORDERED)


def begun(engine: Engine, orders: Table) -> Table:
    """Return for each journey that followed an order when the first was made and the last delivered."""
    return engine.step("journeys_begun", _BEGUN.format(orders=orders.name), ORDERED)

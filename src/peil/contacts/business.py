"""Business time of a contact: opening hours between its beginning and its answer, under every calendar it was under."""

from __future__ import annotations

from peil.engines.engine import Engine
from peil.engines.schema import Table

# F(t): opening time from the calendar's beginning to t. Business time between two instants is F(end) - F(start).
OPENED = """({o}.opened_ms
  + greatest(least(millis({t}), {o}.close_1_ms) - {o}.open_1_ms, 0)
  + greatest(least(millis({t}), {o}.close_2_ms) - {o}.open_2_ms, 0)
  + greatest(least(millis({t}), {o}.close_3_ms) - {o}.open_3_ms, 0))"""

_STRETCHES = """
select l.source, l.contact_id, l.place_from_end, coalesce(l.calendar, '{calendar}') as calendar, f.started_at as contact_began_at,
  l.started_at as began_at,
  case when l.next_began_at < {until} then l.next_began_at else {until} end as until_at, {until} as whole_until_at
from {ordered} as l
join {folded} as f on l.source = f.source and l.contact_id = f.contact_id
left join {talked} as t on l.source = t.source and l.contact_id = t.contact_id
where {until} is not null and coalesce(l.calendar, '{calendar}') <> ''
"""

_BETWEEN = """
select s.source, s.contact_id,
  sum(case when s.until_at > s.began_at then {opened_until} - {opened_began} else 0 end) as all_ms,
  max(case when s.place_from_end = 1 then {opened_whole} - {opened_contact} end) as last_ms
from {stretches} as s
join {openings} as a on a.calendar = s.calendar and a.utc_on = utc_day(s.began_at)
join {openings} as b on b.calendar = s.calendar and b.utc_on = utc_day(s.until_at)
join {openings} as c on c.calendar = s.calendar and c.utc_on = utc_day(s.contact_began_at)
join {openings} as d on d.calendar = s.calendar and d.utc_on = utc_day(s.whole_until_at)
group by s.source, s.contact_id
"""

_BOTH = """
select coalesce(r.source, e.source) as source, coalesce(r.contact_id, e.contact_id) as contact_id,
  cast(r.all_ms as bigint) as response_business_ms, cast(r.last_ms as bigint) as response_business_last_ms,
  cast(e.all_ms as bigint) as resolution_business_ms
from {response} as r full join {resolution} as e on r.source = e.source and r.contact_id = e.contact_id
"""


def business_time(  # it joins what four steps made
    engine: Engine, ordered: Table, folded: Table, talked: Table, openings: Table, calendar: str | None
) -> Table:
    """Return response and resolution time in opening hours, per contact.

    Parameters:
        engine: where the rows are.
        ordered: legs with their place; a leg's calendar is in force until the next leg begins.
        folded: contacts with the instants of response and resolution.
        talked: first word of an agent, per contact.
        openings: business time per calendar and UTC day.
        calendar: calendar of legs that name none.
    """
    made = {}
    for what, until in (
        ("response", "coalesce(f.responded_at, case when t.said_at >= f.started_at then t.said_at end)"),
        ("resolution", "f.resolved_at"),
    ):
        stretches = engine.step(
            f"{what}_stretches",
            _STRETCHES.format(
                ordered=ordered.name,
                folded=folded.name,
                talked=talked.name,
                until=until,
                calendar=(calendar or "").replace("'", ""),
            ),
            folded.schema,
        )
        made[what] = engine.step(
            f"{what}_business",
            _BETWEEN.format(
                stretches=stretches.name,
                openings=openings.name,
                opened_began=OPENED.format(o="a", t="s.began_at"),
                opened_until=OPENED.format(o="b", t="s.until_at"),
                opened_contact=OPENED.format(o="c", t="s.contact_began_at"),
                opened_whole=OPENED.format(o="d", t="s.whole_until_at"),
            ),
            folded.schema,
        )
    return engine.step(
        "contacts_business",
        _BOTH.format(response=made["response"].name, resolution=made["resolution"].name),
        folded.schema,
    )

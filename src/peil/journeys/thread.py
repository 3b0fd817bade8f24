"""Find the journey that each contact is on, and its place there: a person's contacts about one thing, near in time."""

from __future__ import annotations

from peil.contacts.fold import CONTACTS
from peil.engines.engine import Engine
from peil.engines.schema import Column, Kind, Schema, Table
from peil.journeys.ledger import LIVE
from peil.journeys.paths import GAVE_UP, step_code
from peil.journeys.rule import JourneyRule


def _whole(name: str, says: str) -> Column:
    return Column(name=name, kind=Kind.INTEGER, says=says)


THREADED: tuple[Column, ...] = (
    _whole("thread_key", "what the journey is about, as a number of this build; 0 where no reason is known"),
    _whole("journey_number", "tells journeys of one person about one thing apart; null on no journey"),
    _whole("journey_place", "its place in the journey, from 1"),
    Column(name="journey_goes_on", kind=Kind.FLAG, says="another contact of the journey follows"),
    _whole("step_code", "the step of the path: channel, and whether the customer gave up"),
    _whole("channel_before_code", "the step before it in the journey; null where it is the first"),
    _whole("reached_ms", "end of everything before it in the journey, in ms since 1970"),
    _whole("reached_live_ms", "end of every live contact before it in the journey, in ms since 1970"),
)
THREADS = Schema(
    name="threads",
    one_row_is="a contact of a known person",
    key=("source", "contact_id"),
    columns=(
        CONTACTS.column("source"),
        CONTACTS.column("contact_id"),
        _whole("person_key", "the person"),
        *THREADED,
        _whole("told_before", "1 where an agent or bot was told about it in an earlier contact of the journey"),
    ),
)

# A reason and an instant share 63 bits: more reasons than this are no reasons but free text, and count as none.
_REASONS = 1 << 20
_KEYS = """
select reason, row_number() over (order by reason) as reason_key
from (select distinct reason from {contacts} where person_key is not null and reason is not null) as r
"""
_STEPS = """
select c.source, c.contact_id, c.person_key, millis(c.started_at) as began,
  {reason} as reason_key,
  {code} as step_code,
  case when {live} then 1 else 0 end as live,
  case when c.handler in ('agent', 'bot') then 1 else 0 end as told,
  millis(c.started_at) + coalesce(c.customer_ms, 0) as until_ms
from {contacts} as c {joined}
where c.person_key is not null and c.direction <> 'internal'
"""
# Only persons with a contact of unknown reason are sorted for it.
_NEAREST = """
with lacking as (select distinct person_key from {steps} where reason_key = 0)
select s.source, s.contact_id, s.person_key, s.began, s.step_code, s.live, s.told, s.until_ms,
  case when s.reason_key > 0 then s.reason_key
    when whole_div(s.next_named, {reasons}) - s.began <= {window} then s.next_named - whole_div(s.next_named, {reasons}) * {reasons}
    when s.began - whole_div(s.last_named, {reasons}) <= {window} then s.last_named - whole_div(s.last_named, {reasons}) * {reasons}
    else 0 end as thread_key
from (
  select p.*,
    min(case when reason_key > 0 then began * {reasons} + reason_key end) over (partition by person_key
      order by began, source, contact_id rows between current row and unbounded following) as next_named,
    max(case when reason_key > 0 then began * {reasons} + reason_key end) over (partition by person_key
      order by began, source, contact_id rows between unbounded preceding and current row) as last_named
  from {steps} as p where exists (select 1 from lacking as l where l.person_key = p.person_key)
) as s
union all
select source, contact_id, person_key, began, step_code, live, told, until_ms, reason_key as thread_key
from {steps} as p where not exists (select 1 from lacking as l where l.person_key = p.person_key)
"""
# Most journeys are one contact: only the others are put in order again.
_THREADS = """
with near as (
  select s.*,
    began - lag(began) over (partition by person_key, thread_key order by began, source, contact_id) as since_ms,
    lead(began) over (partition by person_key, thread_key order by began, source, contact_id) - began as until_next,
    row_number() over (partition by person_key, thread_key order by began, source, contact_id) as place
  from {steps} as s
), several as (
  select near.*, max(case when since_ms is null or since_ms > {window} then place end) over (partition by person_key, thread_key
    order by place rows between unbounded preceding and current row) as journey_number
  from near where since_ms <= {window} or until_next <= {window}
)
select source, contact_id, person_key, thread_key, journey_number, place - journey_number + 1 as journey_place,
  coalesce(until_next <= {window}, false) as journey_goes_on, step_code,
  lag(step_code) over (partition by person_key, thread_key, journey_number order by place) as channel_before_code,
  max(until_ms) over (partition by person_key, thread_key, journey_number order by place
    rows between unbounded preceding and 1 preceding) as reached_ms,
  max(case when live = 1 then until_ms end) over (partition by person_key, thread_key, journey_number order by place
    rows between unbounded preceding and 1 preceding) as reached_live_ms,
  coalesce(max(told) over (partition by person_key, thread_key, journey_number order by place
    rows between unbounded preceding and 1 preceding), 0) as told_before
from several
union all
select source, contact_id, person_key, thread_key, place as journey_number, cast(1 as bigint) as journey_place, false as journey_goes_on,
  step_code, cast(null as bigint) as channel_before_code, cast(null as bigint) as reached_ms,
  cast(null as bigint) as reached_live_ms, 0 as told_before
from near where coalesce(since_ms > {window}, true) and coalesce(until_next > {window}, true)
"""


def thread(engine: Engine, contacts: Table, rule: JourneyRule) -> Table:
    """Return the journey that each contact of a known person is on, and its place there.

    Parameters:
        engine: where the rows are.
        contacts: contacts with persons and what they took on the clock.
        rule: what makes a journey.

    Returns:
        A table of schema ``THREADS``. A journey is told by person, thread and number together.
    """
    keyed = "case when r.reason_key < {0} then r.reason_key else 0 end"
    if rule.reason == "any":
        reason, joined = "0", ""
    else:
        keys = engine.step("reason_keys", _KEYS.format(contacts=contacts.name), THREADS)
        reason = f"coalesce({keyed.format(_REASONS)}, 0)"
        joined = f"left join {keys.name} as r on c.reason = r.reason"
    code = step_code("c.channel", GAVE_UP)
    sql = _STEPS.format(contacts=contacts.name, reason=reason, joined=joined, code=code, live=f"c.{LIVE}")
    steps = engine.step("journey_steps", sql, THREADS)
    if rule.reason == "same_or_unknown":
        sql = _NEAREST.format(steps=steps.name, reasons=_REASONS, window=rule.window_ms)
    else:
        sql = f"select s.*, reason_key as thread_key from {steps.name} as s"
    threaded = engine.step("journey_threads", sql, THREADS)
    return engine.step("threads", _THREADS.format(steps=threaded.name, window=rule.window_ms), THREADS)

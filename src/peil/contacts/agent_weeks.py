"""Weeks of agents: hours worked, where, and the work done in them, weighed by how long such contacts usually take."""

from __future__ import annotations

from peil.calendars.days import CALENDAR
from peil.engines.engine import Engine
from peil.engines.schema import Column, Kind, Schema, Table

SHORT_MS = 20_000
"""A call that lasts less is not counted as work done: somebody hung up."""

FEWEST_ALIKE = 20
"""Contacts of one reason, channel and hour that are enough to say how long such contacts take."""

WORKING_STATES = ("ready", "on_contact", "wrap")


def _n(name: str, says: str) -> Column:
    return Column(name=name, kind=Kind.INTEGER, says=says)


AGENT_WEEKS = Schema(
    name="agent_weeks",
    one_row_is="an agent during an ISO week in which they worked",
    key=("organisation", "agent_id", "week_on"),
    columns=(
        Column(name="organisation", kind=Kind.TEXT, says="whose agent it is", required=True),
        Column(name="agent_id", kind=Kind.TEXT, says="the agent", required=True, personal=True),
        Column(name="week_on", kind=Kind.DAY, says="the Monday of the week", required=True),
        Column(name="team", kind=Kind.TEXT, says="team, by the roster, else by the states"),
        _n("n_days", "days worked"),
        _n("n_home", "days worked at home"),
        _n("n_office", "days worked in the office"),
        _n("n_clashes", "days on which the roster has the agent in two places at once"),
        _n("n_unknown", "days of which the roster does not tell where, or says mixed"),
        _n("worked_ms", "time ready, on contacts and in after-contact work"),
        _n("n_contacts", "contacts taken as the last agent, short calls too"),
        _n("n_short", "calls of less than the short limit"),
        _n("handle_ms", "time with the contacts that are not short"),
        _n(
            "standard_ms",
            "time that contacts of the same reason, channel and hour usually take, added up; none for short calls",
        ),
    ),
)

_DAYS = """
select organisation, agent_id, started_on, min(team) as team, sum(duration_ms) as worked_ms
from {states}
where state in ({working}) and duration_ms > 0
group by organisation, agent_id, started_on
"""
_PLACED = """
select d.organisation, d.agent_id, d.started_on,
  min(coalesce(r.team, d.team)) as team,
  min(d.worked_ms) as worked_ms,
  max(case when r.workplace = 'home' then 1 else 0 end) as home,
  max(case when r.workplace = 'office' then 1 else 0 end) as office,
  case when min(r.workplace) <> max(r.workplace) or min(r.site) <> max(r.site) then 1 else 0 end as clash
from {days} as d
left join {roster} as r on r.organisation = d.organisation and r.agent_id = d.agent_id
  and r.from_on <= d.started_on and (r.until_on is null or r.until_on >= d.started_on)
group by d.organisation, d.agent_id, d.started_on
"""
_WEEKS = """
select p.organisation, p.agent_id, c.week_on, min(p.team) as team, count(*) as n_days,
  sum(case when p.clash = 0 and p.home = 1 and p.office = 0 then 1 else 0 end) as n_home,
  sum(case when p.clash = 0 and p.office = 1 and p.home = 0 then 1 else 0 end) as n_office,
  sum(p.clash) as n_clashes,
  sum(case when p.clash = 0 and p.home = p.office then 1 else 0 end) as n_unknown,
  sum(p.worked_ms) as worked_ms
from {placed} as p
join {calendar} as c on c.day_on = p.started_on
group by p.organisation, p.agent_id, c.week_on
"""
_TAKEN = """
select organisation, agent_id, started_on, channel, coalesce(reason, '') as reason,
  coalesce(whole_div(started_minute, 60), -1) as hour,
  handle_ms, case when channel = 'call' and talk_ms < {short} then 1 else 0 end as short
from {contacts}
where agent_id is not null and handle_ms is not null and not ignored
"""
_CELLS = """
select organisation, channel, reason, hour, count(*) as n, whole_div(sum(handle_ms), count(*)) as usual_ms
from {taken} as t where short = 0 group by organisation, channel, reason, hour
"""
_CHANNELS = """
select organisation, channel, whole_div(sum(handle_ms), count(*)) as usual_ms
from {taken} as t where short = 0 group by organisation, channel
"""
_DONE = """
select t.organisation, t.agent_id, c.week_on, count(*) as n_contacts, sum(t.short) as n_short,
  sum(case when t.short = 1 then 0 else t.handle_ms end) as handle_ms,
  sum(case when t.short = 1 then 0 when e.n >= {enough} then e.usual_ms else h.usual_ms end) as standard_ms
from {taken} as t
join {calendar} as c on c.day_on = t.started_on
left join {cells} as e on e.organisation = t.organisation and e.channel = t.channel and e.reason = t.reason
  and e.hour = t.hour
left join {channels} as h on h.organisation = t.organisation and h.channel = t.channel
group by t.organisation, t.agent_id, c.week_on
"""
_BOTH = """
select w.organisation, w.agent_id, w.week_on, w.team, cast(w.n_days as bigint) as n_days,
  cast(w.n_home as bigint) as n_home, cast(w.n_office as bigint) as n_office,
  cast(w.n_clashes as bigint) as n_clashes, cast(w.n_unknown as bigint) as n_unknown,
  cast(w.worked_ms as bigint) as worked_ms,
  cast(coalesce(d.n_contacts, 0) as bigint) as n_contacts, cast(coalesce(d.n_short, 0) as bigint) as n_short,
  cast(coalesce(d.handle_ms, 0) as bigint) as handle_ms, cast(coalesce(d.standard_ms, 0) as bigint) as standard_ms
from {weeks} as w
left join {done} as d on d.organisation = w.organisation and d.agent_id = w.agent_id and d.week_on = w.week_on
"""


def agent_weeks(engine: Engine, contacts: Table, states: Table, roster: Table, *, short_ms: int = SHORT_MS) -> Table:
    """Return one row an agent and week in which they worked.

    Parameters:
        engine: where the rows are.
        contacts: one row a contact.
        states: what agents were doing.
        roster: where they worked.
        short_ms: calls with less talk are counted apart, and not as work done.

    Returns:
        A table of schema ``AGENT_WEEKS``. The usual time of a contact is the mean over all agents of its reason, channel
        and hour, or of its channel where these are few: so an agent who gets the hard contacts is not the slow one.

    Example:
        >>> from peil.made import made
        >>> data = made()
        >>> weeks = agent_weeks(data.engine, *(data.tables[each] for each in ("contacts", "agent_states", "roster")))
        >>> data.engine.rows(f"select max(n_days) as most, max(n_clashes) as clashes from {weeks.name}").to_pylist()
        [{'most': 5, 'clashes': 0}]
    """
    working = ", ".join(f"'{each}'" for each in WORKING_STATES)
    calendar = CALENDAR.name
    days = engine.step("agent_days", _DAYS.format(states=states.name, working=working), states.schema)
    placed = engine.step("agent_days_placed", _PLACED.format(days=days.name, roster=roster.name), roster.schema)
    weeks = engine.step("agent_weeks_worked", _WEEKS.format(placed=placed.name, calendar=calendar), AGENT_WEEKS)
    taken = engine.step("agent_contacts", _TAKEN.format(contacts=contacts.name, short=short_ms), contacts.schema)
    cells = engine.step("usual_times", _CELLS.format(taken=taken.name), contacts.schema)
    channels = engine.step("usual_times_of_channels", _CHANNELS.format(taken=taken.name), contacts.schema)
    done = engine.step(
        "agent_weeks_done",
        _DONE.format(
            taken=taken.name, calendar=calendar, cells=cells.name, channels=channels.name, enough=FEWEST_ALIKE
        ),
        AGENT_WEEKS,
    )
    return engine.step("agent_weeks", _BOTH.format(weeks=weeks.name, done=done.name), AGENT_WEEKS)

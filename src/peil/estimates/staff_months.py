"""What staff and customers of each team say in each month, and what teams settle by themselves: sums that an engine counts."""

from __future__ import annotations

from peil.calendars.days import CALENDAR
from peil.dataset import Dataset
from peil.engines.quoting import quoted
from peil.engines.schema import Column, Kind, Schema
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.team_months import People, Scale, StaffRows, panel_of
from peil.methods.reliability import covariances
from peil.surveys.scales import question, side_by_side

SCALES = ("staff_satisfaction", "job_impact", "development", "mandate")
CUSTOMER, ALONE = "customer", "alone"

TEAM_MONTHS = Schema(
    name="team_months",
    one_row_is="what one scale comes to in one team and month",
    key=("organisation", "team", "month_on", "what"),
    columns=(
        Column(name="organisation", kind=Kind.TEXT, says="whose team it is", required=True),
        Column(name="team", kind=Kind.TEXT, says="the team; null where nobody knows"),
        Column(name="month_on", kind=Kind.DAY, says="the first day of the month", required=True),
        Column(name="what", kind=Kind.TEXT, says="the scale", required=True),
        Column(name="n", kind=Kind.INTEGER, says="members of staff, answers of customers, or contacts"),
        Column(name="total", kind=Kind.INTEGER, says="their values added up, in thousandths from 0 to 10"),
        Column(name="squares", kind=Kind.INTEGER, says="the squares of their values added up"),
    ),
)

_PLACED = """
select r.organisation, r.source, r.response_id, min(coalesce(r.team, s.team)) as team
from {responses} as r
left join {roster} as s on s.organisation = r.organisation and s.agent_id = r.agent_id
  and s.from_on <= r.answered_on and (s.until_on is null or s.until_on >= r.answered_on)
where r.audience = 'staff'
group by r.organisation, r.source, r.response_id
"""
_VALUES = """
select r.organisation, p.team, c.month_on, r.construct as what, coalesce(r.agent_id, r.response_id) as who,
  whole_div(sum(whole_div((r.score - r.scale_low) * 10000, r.scale_high - r.scale_low)), count(*)) as value
from {responses} as r
join {placed} as p on p.organisation = r.organisation and p.source = r.source and p.response_id = r.response_id
join {calendar} as c on c.day_on = r.answered_on
where r.audience = 'staff' and r.construct in ({scales}) and r.score is not null and r.scale_high > r.scale_low
group by r.organisation, p.team, c.month_on, r.construct, coalesce(r.agent_id, r.response_id)
"""
_STAFF = """
select organisation, team, month_on, what, count(*) as n, sum(value) as total, sum(value * value) as squares
from {values} group by organisation, team, month_on, what
"""
_CUSTOMERS = """
select organisation, team, month_on, 'customer' as what, count(*) as n, sum(value) as total, sum(value * value) as squares
from (
  select r.organisation, r.team, c.month_on, whole_div((r.score - r.scale_low) * 10000, r.scale_high - r.scale_low) as value
  from {responses} as r
  join {calendar} as c on c.day_on = r.answered_on
  where r.audience = 'customer' and r.construct = {customer} and r.score is not null and r.scale_high > r.scale_low
) as said
group by organisation, team, month_on
"""
_ALONE = """
select organisation, team, month_on, 'alone' as what, count(*) as n, sum(value) as total, sum(value * value) as squares
from (
  select k.organisation, k.team, c.month_on,
    case when k.n_transfers = 0 and not coalesce(k.needed_approval, false) then 10000 else 0 end as value
  from {contacts} as k
  join {calendar} as c on c.day_on = k.started_on
  where k.answered and not k.ignored and k.team is not null
) as settled
group by organisation, team, month_on
"""
_ROWS = """
select organisation, team, month_on, what, cast(n as bigint) as n, cast(total as bigint) as total, cast(squares as bigint) as squares
from (select * from {staff} union all select * from {customers} union all select * from {alone}) as every
order by organisation, team, month_on, what
"""
_PEOPLE = """
select organisation, team, cast(count(*) as bigint) as n
from (select distinct organisation, team, who from {values} where team is not null) as persons
group by organisation, team order by organisation, team
"""
# Answers of the same person in different months, each beside the mean of its team and month: how far they go together.
_AGAIN = """
select what, cast(sum(k * (k - 1)) as bigint) as pairs, cast(sum(s * s - q) as bigint) as together
from (
  select v.what, v.organisation, v.team, v.who, count(*) as k, sum(v.value - whole_div(m.total, m.n)) as s,
    sum((v.value - whole_div(m.total, m.n)) * (v.value - whole_div(m.total, m.n))) as q
  from {values} as v
  join {staff} as m on m.organisation = v.organisation and m.team = v.team and m.month_on = v.month_on and m.what = v.what
  where m.n > 1
  group by v.what, v.organisation, v.team, v.who
) as persons
group by what order by what
"""
_STAYS = """
select organisation, agent_id, team, from_on, until_on, hired_on from {roster} order by organisation, agent_id, from_on
"""


def staff_rows(data: Dataset, *, customer: str) -> StaffRows:
    """Return what the study of staff and customers rests on.

    Parameters:
        data: answers of staff and of customers, contacts and a roster.
        customer: the construct that customers answer; where only staff answers it, staff is taken and that is told.

    Raises:
        EvidenceError: nobody of staff or no customer answered, or answers cannot be put to a team.

    Example:
        >>> from peil.made import made
        >>> from peil.sources.simulated import SimulatedStaffFirst
        >>> rows = staff_rows(made(SimulatedStaffFirst(teams=6, months=8, contacts=20)), customer="csat")
        >>> len(rows.panel.teams), len(rows.panel.months), sorted(rows.scales)
        (6, 8, ['development', 'job_impact', 'mandate', 'staff_satisfaction'])
    """
    engine = data.engine
    names = {each: data.tables[each].name for each in ("responses", "roster", "contacts")} | {"calendar": CALENDAR.name}
    asked = engine.rows(
        f"select count(*) as n from {names['responses']} where construct = {quoted(customer)} and audience = 'customer'"
    ).to_pylist()
    same_source = not asked[0]["n"]
    wanted = (*SCALES, customer) if same_source else SCALES
    placed = engine.step("staff_placed", _PLACED.format(**names), TEAM_MONTHS)
    scales = ", ".join(quoted(each) for each in wanted)
    values = engine.step("staff_values", _VALUES.format(**names, placed=placed.name, scales=scales), TEAM_MONTHS)
    parts = {
        "staff": engine.step("staff_months", _STAFF.format(values=values.name), TEAM_MONTHS),
        "customers": engine.step("customer_months", _CUSTOMERS.format(**names, customer=quoted(customer)), TEAM_MONTHS),
        "alone": engine.step("settled_months", _ALONE.format(**names), TEAM_MONTHS),
    }
    rows = engine.rows(_ROWS.format(**{name: each.name for name, each in parts.items()}))
    people = engine.rows(_PEOPLE.format(values=values.name))
    again = engine.rows(_AGAIN.format(values=values.name, staff=parts["staff"].name))
    stays = _stays(data)
    renamed = {customer: CUSTOMER} if same_source else {}
    return StaffRows(
        panel=panel_of(rows, people, again, stays, renamed=renamed, same_source=same_source),
        scales=_scales(data),
        people=stays,
        ends_on=data.period[1],
    )


def _scales(data: Dataset) -> dict[str, Scale]:
    """Return the sums of products of each scale's questions; of scales whose questions can be put side by side."""
    responses = data.tables["responses"]
    named = ", ".join(quoted(each) for each in SCALES)
    rows = data.engine.rows(
        f"select distinct construct, question from {responses.name} where audience = 'staff' and construct in ({named}) "
        "order by construct, question"
    ).to_pylist()
    made: dict[str, Scale] = {}
    for name in SCALES:
        questions = [row["question"] for row in rows if row["construct"] == name]
        if not questions:
            continue
        where = f"audience = 'staff' and construct = {quoted(name)}"
        try:
            asked = [question(data.engine, responses, each, where) for each in questions]
            found = side_by_side(data.engine, responses, asked, where=where, design=data.designs["responses"])
        except (DefinitionError, EvidenceError):  # put on several scales, or no two of them to the same people
            continue
        varies = bool((covariances(found.sums).diagonal() > 0).all())
        made[name] = Scale(questions=tuple(questions), sums=found.sums, n=found.n, persons=found.persons, varies=varies)
    return made


def _stays(data: Dataset) -> People:
    """Return everybody's stay, from the rows of the roster that follow one another."""
    rows = data.engine.rows(_STAYS.format(roster=data.tables["roster"].name)).to_pylist()
    return People.of(rows)

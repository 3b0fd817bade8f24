"""Fold legs into contacts: one row a contact, however many queues, bots and agents it met."""

from __future__ import annotations

from peil.contacts.business import business_time
from peil.engines.engine import Engine
from peil.engines.schema import Column, Kind, Schema, Table
from peil.sources.tables import BOT_OUTCOMES, ENDINGS, HANDLERS, LEGS, STEPS


def _of_leg(name: str) -> Column:
    return LEGS.column(name)


def _flag(name: str, says: str) -> Column:
    return Column(name=name, kind=Kind.FLAG, says=says)


def _whole(name: str, says: str) -> Column:
    return Column(name=name, kind=Kind.INTEGER, says=says)


CONTACTS = Schema(
    name="contacts",
    one_row_is="one contact of a customer with an organisation, however many legs it had",
    key=("source", "contact_id"),
    columns=(
        *(_of_leg(each) for each in ("source", "organisation", "contact_id", "channel", "direction")),
        _of_leg("queue"),
        Column(
            name="handler",
            kind=Kind.CODE,
            codes=HANDLERS,
            says="agent where any agent took it, else bot, else menu, else none",
        ),
        *(_of_leg(each) for each in ("agent_id", "team", "site", "reason", "language", "calendar")),
        *(_of_leg(each) for each in ("customer_id", "phone", "mail", "extra")),
        *(_of_leg(each) for each in ("started_at", "started_on", "started_minute")),
        Column(name="answered_at", kind=Kind.INSTANT, says="an agent first took it"),
        Column(name="responded_at", kind=Kind.INSTANT, says="the customer first got an answer from a person"),
        Column(name="resolved_at", kind=Kind.INSTANT, says="the matter was last marked as resolved"),
        Column(name="ended_at", kind=Kind.INSTANT, says="its last leg ended"),
        Column(name="ended_how", kind=Kind.CODE, codes=ENDINGS, says="how its last leg ended"),
        _whole("n_legs", "legs"),
        _whole("n_agent_legs", "legs that an agent took"),
        _whole("n_transfers", "times it went on to another agent"),
        _whole("n_holds", "times the customer was put on hold"),
        _whole("n_reopens", "times it was opened again after being resolved"),
        _flag("ignored", "a test, phantom or duplicate: no contact at all"),
        _flag("offered", "an inbound contact that asked for a person: not ignored, not ended in a bot or menu"),
        _flag("answered", "an agent took it"),
        _flag("abandoned", "offered, and the customer left before anybody took it"),
        _flag("called_back", "the customer chose to be called back"),
        _flag("with_bot", "a bot or menu had a part in it"),
        _flag("handed_over", "a bot or menu passed it on to an agent or a queue"),
        _flag("self_served", "a bot or menu did what the customer came for, as the source says"),
        Column(
            name="bot_outcome",
            kind=Kind.CODE,
            codes=BOT_OUTCOMES,
            says="handed over where a bot or menu passed it on, else what the last bot that tells it says; null where no bot "
            "had a part in it or nobody knows",
        ),
        *(_of_leg(each) for each in ("bot_failure", "asked_human_at", "vendor_resolved")),
        *(_of_leg(each) for each in STEPS),
        _flag("needed_approval", "an agent had to ask somebody's approval; null where the source does not tell"),
        _whole("wait_ms", "queued until the first agent took it, or the customer left"),
        _whole("transfer_wait_ms", "queued after that, between agents"),
        _whole("talk_ms", "talked or typed with agents, holds left out"),
        _whole("hold_ms", "on hold"),
        _whole("wrap_ms", "after-contact work; null where the source does not tell it"),
        _whole("handle_ms", "talk, hold and after-contact work"),
        _whole("park_ms", "parked by agents: the customer waits, nobody works"),
        _whole("bot_ms", "with bots and menus"),
        _whole("lasted_ms", "from its beginning to its end on the clock"),
        _whole("response_ms", "from its beginning to the first answer from a person, on the clock"),
        _whole("resolution_ms", "from its beginning to its resolution, on the clock"),
        _whole("response_business_ms", "the same, counting only opening hours of every calendar it was under"),
        _whole("response_business_last_ms", "the same, under the last calendar alone"),
        _whole("resolution_business_ms", "to its resolution, counting only opening hours"),
        _whole("n_messages", "turns of text or speech, where the source tells them"),
    ),
)

# Nine contacts in ten have one leg: only the others are put in order and grouped.
_SEVERAL = "select source, contact_id from {legs} group by source, contact_id having count(*) > 1"
_ACTING = """
select l.*, case when ended_how = 'ignored' then 'ignored' else handler end as acts
from {legs} as l
where {those} (select 1 from {several} as s where s.source = l.source and s.contact_id = l.contact_id)
"""
_ORDERED = """
select acting.*,
  row_number() over (partition by source, contact_id order by started_at, leg_id) as place,
  row_number() over (partition by source, contact_id order by started_at desc, leg_id desc) as place_from_end,
  min(case when acts = 'agent' then started_at end) over (partition by source, contact_id) as agent_began_at,
  lead(started_at) over (partition by source, contact_id order by started_at, leg_id) as next_began_at,
  max(case when acts = 'agent' then started_at end) over (partition by source, contact_id) as last_agent_began_at,
  min(case when queue is not null then started_at end) over (partition by source, contact_id) as queue_began_at,
  max(case when reason is not null then started_at end) over (partition by source, contact_id) as reason_began_at
from {acting} as acting
"""
# What business time needs of every leg, those alone in their contact too.
_PLACED = """
select source, contact_id, calendar, started_at, place_from_end, next_began_at from {ordered}
union all
select source, contact_id, calendar, started_at, 1 as place_from_end, cast(null as timestamp) as next_began_at from {alone}
"""

_TALKED = """
select source, contact_id, count(*) as n_messages, min(case when author = 'agent' then sent_at end) as said_at
from {messages}
group by source, contact_id
"""

_FOLDED = """
select
  source, contact_id,
  min(organisation) as organisation,
  max(case when place = 1 then channel end) as channel,
  max(case when place = 1 then direction end) as direction,
  min(case when started_at = queue_began_at then queue end) as queue,
  case when max(case when acts = 'agent' then 1 else 0 end) = 1 then 'agent'
       when max(case when acts = 'bot' then 1 else 0 end) = 1 then 'bot'
       when max(case when acts = 'ivr' then 1 else 0 end) = 1 then 'ivr' else 'none' end as handler,
  min(case when acts = 'agent' and started_at = last_agent_began_at then agent_id end) as agent_id,
  min(case when acts = 'agent' and started_at = last_agent_began_at then team end) as team,
  min(case when acts = 'agent' and started_at = last_agent_began_at then site end) as site,
  min(case when started_at = reason_began_at then reason end) as reason,
  max(case when place = 1 then language end) as language,
  max(case when place_from_end = 1 then calendar end) as calendar,
  min(customer_id) as customer_id, min(phone) as phone, min(mail) as mail,
  max(case when place = 1 then extra end) as extra,
  min(started_at) as started_at,
  max(case when place = 1 then started_on end) as started_on,
  max(case when place = 1 then started_minute end) as started_minute,
  min(case when acts = 'agent' then answered_at end) as answered_at,
  min(responded_at) as responded_at,
  max(resolved_at) as resolved_at,
  max(ended_at) as ended_at,
  max(case when place_from_end = 1 then ended_how end) as ended_how,
  count(*) as n_legs,
  sum(case when acts = 'agent' then 1 else 0 end) as n_agent_legs,
  sum(n_holds) as n_holds,
  max(n_reopens) as n_reopens,
  min(case when ended_how = 'ignored' then 1 else 0 end) as all_ignored,
  max(case when acts in ('agent', 'none') then 1 else 0 end) as asked_person,
  max(case when ended_how = 'abandoned' then 1 else 0 end) as any_abandoned,
  max(case when ended_how = 'callback' then 1 else 0 end) as any_callback,
  max(case when acts in ('bot', 'ivr') then 1 else 0 end) as any_bot,
  max(case when self_served then 1 else 0 end) as any_served,
  sum(case when agent_began_at is null or started_at <= agent_began_at then wait_ms end) as wait_ms,
  sum(case when started_at > agent_began_at then wait_ms end) as transfer_wait_ms,
  sum(case when acts = 'agent' then talk_ms end) as talk_ms,
  sum(case when acts = 'agent' then hold_ms end) as hold_ms,
  sum(case when acts = 'agent' then wrap_ms end) as wrap_ms,
  sum(case when acts = 'agent' and coalesce(talk_ms, hold_ms, wrap_ms) is not null
    then coalesce(talk_ms, 0) + coalesce(hold_ms, 0) + coalesce(wrap_ms, 0) end) as handle_ms,
  sum(case when acts = 'agent' then park_ms end) as park_ms,
  sum(case when acts in ('bot', 'ivr') then talk_ms end) as bot_ms
from {ordered}
group by source, contact_id
"""

# Few legs tell anything of a bot or of who did what: only those are looked through.
_TOLD = """
select *,
  max(case when bot_outcome is not null then started_at end) over (partition by source, contact_id) as outcome_began_at,
  max(case when bot_failure is not null then started_at end) over (partition by source, contact_id) as failure_began_at
from (
  select source, contact_id, started_at, bot_outcome, bot_failure, asked_human_at, vendor_resolved, identified_by, logged_by,
    answered_by, acted_by, needed_approval
  from {acting}
  where coalesce(bot_outcome, bot_failure, identified_by, logged_by, answered_by, acted_by) is not null
    or asked_human_at is not null or vendor_resolved is not null or needed_approval is not null
) as telling
"""
# Of who did a step the first letter counts: an agent before a bot, a bot before the customer, anybody before none.
_BOTS = """
select source, contact_id,
  min(case when started_at = outcome_began_at then bot_outcome end) as bot_outcome,
  min(case when started_at = failure_began_at then bot_failure end) as bot_failure,
  min(asked_human_at) as asked_human_at,
  max(case when vendor_resolved then 1 when not vendor_resolved then 0 end) as any_billed,
  min(identified_by) as identified_by, min(logged_by) as logged_by,
  min(answered_by) as answered_by, min(acted_by) as acted_by,
  max(case when needed_approval then 1 when not needed_approval then 0 end) as any_approval
from {told}
group by source, contact_id
"""
_WITH_BOTS = """
select g.*, b.bot_outcome, b.bot_failure, b.asked_human_at, b.any_billed, b.identified_by, b.logged_by, b.answered_by, b.acted_by,
  b.any_approval
from {grouped} as g
left join {bots} as b on g.source = b.source and g.contact_id = b.contact_id
"""

_OF_ONE = """
select
  source, contact_id, organisation, channel, direction, queue,
  case when acts in ('agent', 'bot', 'ivr') then acts else 'none' end as handler,
  case when acts = 'agent' then agent_id end as agent_id,
  case when acts = 'agent' then team end as team,
  case when acts = 'agent' then site end as site,
  reason, language, calendar, customer_id, phone, mail, extra, started_at, started_on, started_minute,
  case when acts = 'agent' then answered_at end as answered_at,
  responded_at, resolved_at, ended_at, ended_how,
  cast(1 as bigint) as n_legs,
  case when acts = 'agent' then 1 else 0 end as n_agent_legs,
  n_holds, n_reopens,
  case when ended_how = 'ignored' then 1 else 0 end as all_ignored,
  case when acts in ('agent', 'none') then 1 else 0 end as asked_person,
  case when ended_how = 'abandoned' then 1 else 0 end as any_abandoned,
  case when ended_how = 'callback' then 1 else 0 end as any_callback,
  case when acts in ('bot', 'ivr') then 1 else 0 end as any_bot,
  case when self_served then 1 else 0 end as any_served,
  wait_ms, cast(null as bigint) as transfer_wait_ms,
  case when acts = 'agent' then talk_ms end as talk_ms,
  case when acts = 'agent' then hold_ms end as hold_ms,
  case when acts = 'agent' then wrap_ms end as wrap_ms,
  case when acts = 'agent' and coalesce(talk_ms, hold_ms, wrap_ms) is not null
    then coalesce(talk_ms, 0) + coalesce(hold_ms, 0) + coalesce(wrap_ms, 0) end as handle_ms,
  case when acts = 'agent' then park_ms end as park_ms,
  case when acts in ('bot', 'ivr') then talk_ms end as bot_ms,
  bot_outcome, bot_failure, asked_human_at,
  case when vendor_resolved then 1 when not vendor_resolved then 0 end as any_billed,
  identified_by, logged_by, answered_by, acted_by,
  case when needed_approval then 1 when not needed_approval then 0 end as any_approval
from {alone}
"""

_CONTACTS = """
select
  f.source, f.organisation, f.contact_id, f.channel, f.direction, f.queue, f.handler, f.agent_id, f.team, f.site, f.reason,
  f.language, f.calendar, f.customer_id, f.phone, f.mail, f.extra, f.started_at, f.started_on, f.started_minute, f.answered_at,
  coalesce(f.responded_at, case when t.said_at >= f.started_at then t.said_at end) as responded_at, f.resolved_at, f.ended_at, f.ended_how,
  f.n_legs, cast(f.n_agent_legs as bigint) as n_agent_legs,
  cast(greatest(f.n_agent_legs - 1, 0) as bigint) as n_transfers,
  cast(f.n_holds as bigint) as n_holds, cast(f.n_reopens as bigint) as n_reopens,
  f.all_ignored = 1 as ignored,
  f.direction = 'inbound' and f.all_ignored = 0 and f.asked_person = 1 as offered,
  f.n_agent_legs > 0 as answered,
  f.direction = 'inbound' and f.all_ignored = 0 and f.asked_person = 1 and f.n_agent_legs = 0 and f.any_abandoned = 1 as abandoned,
  f.any_callback = 1 as called_back,
  f.any_bot = 1 as with_bot,
  f.any_bot = 1 and f.asked_person = 1 as handed_over,
  f.any_served = 1 as self_served,
  case when f.any_bot = 1 and f.all_ignored = 0 and f.asked_person = 1 then 'handed_over'
       when f.bot_outcome is not null then f.bot_outcome
       when f.any_bot = 1 and f.any_served = 1 then 'resolved_assumed' end as bot_outcome,
  f.bot_failure, f.asked_human_at, f.any_billed = 1 as vendor_resolved,
  f.identified_by, f.logged_by, f.answered_by, f.acted_by, f.any_approval = 1 as needed_approval,
  cast(f.wait_ms as bigint) as wait_ms, cast(f.transfer_wait_ms as bigint) as transfer_wait_ms,
  cast(f.talk_ms as bigint) as talk_ms, cast(f.hold_ms as bigint) as hold_ms, cast(f.wrap_ms as bigint) as wrap_ms,
  cast(f.handle_ms as bigint) as handle_ms, cast(f.park_ms as bigint) as park_ms, cast(f.bot_ms as bigint) as bot_ms,
  ms_between(f.started_at, f.ended_at) as lasted_ms,
  ms_between(f.started_at, coalesce(f.responded_at, case when t.said_at >= f.started_at then t.said_at end)) as response_ms,
  ms_between(f.started_at, f.resolved_at) as resolution_ms,
  b.response_business_ms, b.response_business_last_ms, b.resolution_business_ms,
  t.n_messages
from {folded} as f
left join {talked} as t on f.source = t.source and f.contact_id = t.contact_id
left join {business} as b on f.source = b.source and f.contact_id = b.contact_id
"""


def fold(engine: Engine, legs: Table, messages: Table, openings: Table, calendar: str | None) -> Table:
    """Return one row a contact.

    Parameters:
        engine: where the rows are.
        legs: the current legs.
        messages: the current turns; the first by an agent is a response where no leg tells one.
        openings: business time per calendar and UTC day.
        calendar: business calendar of legs that name none.

    Returns:
        A table of schema ``CONTACTS``. Waiting before the first agent and between agents are kept apart; a contact
        parked over a weekend has the weekend in ``park_ms`` and ``lasted_ms``, not in ``handle_ms``.
    """
    several = engine.step("contacts_of_several_legs", _SEVERAL.format(legs=legs.name), legs.schema)
    alone = engine.step(
        "legs_alone", _ACTING.format(legs=legs.name, those="not exists", several=several.name), legs.schema
    )
    acting = engine.step(
        "legs_of_several", _ACTING.format(legs=legs.name, those="exists", several=several.name), legs.schema
    )
    ordered = engine.step("legs_in_order", _ORDERED.format(acting=acting.name), legs.schema)
    talked = engine.step("contacts_talked", _TALKED.format(messages=messages.name), messages.schema)
    told = engine.step("legs_telling_of_bots", _TOLD.format(acting=acting.name), legs.schema)
    bots = engine.step("contacts_bots", _BOTS.format(told=told.name), CONTACTS)
    grouped = engine.step("contacts_grouped", _FOLDED.format(ordered=ordered.name), CONTACTS)
    folded = engine.step(
        "contacts_folded",
        f"{_OF_ONE.format(alone=alone.name)} union all {_WITH_BOTS.format(grouped=grouped.name, bots=bots.name)}",
        CONTACTS,
    )
    placed = engine.step("legs_placed", _PLACED.format(ordered=ordered.name, alone=alone.name), legs.schema)
    business = business_time(engine, placed, folded, talked, openings, calendar)
    return engine.step(
        "contacts_only",
        _CONTACTS.format(folded=folded.name, talked=talked.name, business=business.name),
        CONTACTS,
    )

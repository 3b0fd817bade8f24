"""Answers joined with the contact they are about: one row an answered question."""

from __future__ import annotations

from peil.engines.engine import Engine
from peil.engines.schema import Column, Kind, Schema, Table
from peil.sources.tables import ANSWERS
from peil.surveys.quality import Rules, doubtful

RESPONSES = Schema(
    name="responses",
    one_row_is="one answered question, with the contact it is about",
    key=("source", "response_id", "question"),
    columns=(
        *(
            ANSWERS.column(each)
            for each in ("source", "organisation", "survey", "response_id", "audience", "wave", "question")
        ),
        *(
            ANSWERS.column(each)
            for each in ("construct", "scale_low", "scale_high", "value_milli", "answered_at", "answered_on")
        ),
        Column(
            name="score",
            kind=Kind.INTEGER,
            says="the value as a whole number, turned round where the scale was; null for parts",
        ),
        *(ANSWERS.column(each) for each in ("contact_id", "agent_id", "team", "channel")),
        Column(name="queue", kind=Kind.TEXT, says="queue of the contact"),
        Column(name="reason", kind=Kind.TEXT, says="reason of the contact"),
        Column(name="handler", kind=Kind.TEXT, says="who dealt with the contact"),
        Column(name="site", kind=Kind.TEXT, says="site of the contact"),
        Column(name="person_key", kind=Kind.INTEGER, says="the person, where the contact tells"),
        *(ANSWERS.column(each) for each in ("mode", "language", "weight_ppb", "stratum", "cluster", "population_n")),
        *(ANSWERS.column(each) for each in ("unit", "unit_population_n", "duration_ms", "extra")),
        Column(
            name="first_answer",
            kind=Kind.FLAG,
            says="true on one row of each response: there the respondent is counted",
        ),
        Column(
            name="flags",
            kind=Kind.TEXT,
            says="what is doubtful about the response, separated by spaces; null where nothing is",
        ),
        Column(name="design_weight_ppb", kind=Kind.INTEGER, says="the weight before it was calibrated, in billionths"),
        Column(name="wait_ms", kind=Kind.INTEGER, says="how long the customer queued in the contact"),
        Column(name="talk_ms", kind=Kind.INTEGER, says="how long agents talked or typed in the contact"),
        Column(name="ended_how", kind=Kind.TEXT, says="how the contact ended"),
        Column(name="answered", kind=Kind.FLAG, says="an agent took the contact"),
        Column(name="self_served", kind=Kind.FLAG, says="a bot or menu did what the customer came for"),
        Column(name="n_transfers", kind=Kind.INTEGER, says="times the contact went on to another agent"),
        Column(name="previous_ms", kind=Kind.INTEGER, says="since the person's contact before this one"),
        Column(name="next_ms", kind=Kind.INTEGER, says="until the next contact that the person begins"),
        Column(name="since_contact_ms", kind=Kind.INTEGER, says="from the contact's beginning to the answer"),
    ),
)

_KNOWN = """
select organisation, contact_id, min(source) as source
from {contacts}
where contact_id in (select contact_id from {answers} where contact_id is not null)
group by organisation, contact_id
"""

_RESPONSES = """
select a.source, a.organisation, a.survey, a.response_id, a.audience, a.wave, a.question, a.construct, a.scale_low, a.scale_high,
  a.value_milli, a.answered_at, a.answered_on,
  case when a.value_milli = whole_div(a.value_milli, 1000) * 1000 then
    case when a.reversed then a.scale_low + a.scale_high - whole_div(a.value_milli, 1000)
         else whole_div(a.value_milli, 1000) end end as score,
  a.contact_id, coalesce(a.agent_id, c.agent_id) as agent_id, coalesce(a.team, c.team) as team,
  coalesce(a.channel, c.channel) as channel, c.queue, c.reason, c.handler, c.site, c.person_key,
  a.mode, a.language,
  coalesce(a.weight_ppb, 1000000000) as weight_ppb,
  coalesce(a.stratum, '') as stratum,
  coalesce(a.cluster, 'person ' || cast(c.person_key as varchar), 'customer ' || a.customer_id,
    case when a.audience = 'staff' then 'agent ' || a.agent_id end, a.source || ' ' || a.response_id) as cluster,
  a.population_n, a.unit, a.unit_population_n, a.duration_ms, a.extra,
  row_number() over (partition by a.source, a.response_id order by a.question) = 1 as first_answer,
  coalesce(a.weight_ppb, 1000000000) as design_weight_ppb,
  d.flags, c.wait_ms, c.talk_ms, c.ended_how, c.answered, c.self_served, c.n_transfers, c.previous_ms, c.next_ms,
  ms_between(c.started_at, a.answered_at) as since_contact_ms
from {answers} as a
left join {known} as k on a.organisation = k.organisation and a.contact_id = k.contact_id
left join {contacts} as c on c.organisation = k.organisation and c.source = k.source and c.contact_id = k.contact_id
left join {doubtful} as d on a.source = d.source and a.response_id = d.response_id
"""


def respond(engine: Engine, answers: Table, contacts: Table, rules: Rules | None = None) -> Table:
    """Return every answer with the contact it is about.

    Parameters:
        engine: where the rows are.
        answers: the current answers.
        contacts: contacts with persons; an answer that names no contact stays without one.
        rules: when a response is flagged as doubtful; nothing is left out for it.

    Returns:
        A table of schema ``RESPONSES``. A weight that is not told is 1; the cluster is the sampling unit where the
        survey names one, else the person (by the contact, the customer or, of staff, the agent), else the response.
    """
    known = engine.step("contacts_answered", _KNOWN.format(contacts=contacts.name, answers=answers.name), RESPONSES)
    flags = doubtful(engine, answers, known, contacts, rules or Rules())
    sql = _RESPONSES.format(answers=answers.name, contacts=contacts.name, known=known.name, doubtful=flags.name)
    return engine.step("responses", sql, RESPONSES)

"""String contacts into journeys: what the same person did before and after, about the same thing or not."""

from __future__ import annotations

from peil.contacts.fold import CONTACTS
from peil.engines.engine import Engine
from peil.engines.schema import Column, Kind, Schema, Table
from peil.persons.resolve import PERSON_ID


def _ms(name: str, says: str) -> Column:
    return Column(name=name, kind=Kind.INTEGER, says=says)


JOURNEYS: Schema = CONTACTS.extended(
    "contacts",
    "one contact, with what the same person did before and after it",
    Column(name="person_key", kind=Kind.INTEGER, says="the person; null where nobody knows who it was"),
    _ms("previous_ms", "since the person's previous contact began"),
    _ms("next_ms", "until the person's next contact begins"),
    _ms("next_same_reason_ms", "until the person's next contact about the same reason begins"),
    _ms("next_same_channel_ms", "until the person's next contact in the same channel begins"),
    _ms(
        "next_same_reason_channel_ms",
        "until the person's next contact about the same reason in the same channel begins",
    ),
    _ms("followed_ms", "how long after its beginning the data still follow the person"),
)

_NAMED = """
select c.*, p.person_key, ms_between(c.started_at, e.ends_at) as followed_ms
from {contacts} as c
left join {persons} as p on c.organisation = p.organisation and {person_id} = p.person_id and not c.ignored
join (select organisation, max(started_at) as ends_at from {contacts} group by organisation) as e on c.organisation = e.organisation
"""

# Sorted four times, so it carries no more than it must.
_NEIGHBOURS = """
select source, contact_id,
  ms_between(lag(started_at) over (partition by person_key order by started_at, source, contact_id), started_at) as previous_ms,
  ms_between(started_at, lead(started_at) over (partition by person_key order by started_at, source, contact_id)) as next_ms,
  case when reason is not null then ms_between(started_at,
    lead(started_at) over (partition by person_key, reason order by started_at, source, contact_id)) end as next_same_reason_ms,
  ms_between(started_at,
    lead(started_at) over (partition by person_key, channel order by started_at, source, contact_id)) as next_same_channel_ms,
  case when reason is not null then ms_between(started_at,
    lead(started_at) over (partition by person_key, reason, channel order by started_at, source, contact_id)) end
    as next_same_reason_channel_ms
from {named}
where person_key is not null
"""

_JOURNEYS = """
select {columns}, c.person_key, n.previous_ms, n.next_ms, n.next_same_reason_ms, n.next_same_channel_ms,
  n.next_same_reason_channel_ms, c.followed_ms
from {named} as c
left join {neighbours} as n on c.source = n.source and c.contact_id = n.contact_id
"""


def string(engine: Engine, contacts: Table, persons: Table) -> Table:
    """Return every contact with its neighbours in the person's journey.

    Parameters:
        engine: where the rows are.
        contacts: folded contacts.
        persons: who is who.

    Returns:
        A table of schema ``JOURNEYS``. Gaps run from beginning to beginning. A contact without a known person
        has no neighbours; ``followed_ms`` says for how long a repeat could have been seen.
    """
    named = engine.step(
        "contacts_named",
        _NAMED.format(
            contacts=contacts.name,
            persons=persons.name,
            person_id=PERSON_ID.replace("customer_id", "c.customer_id")
            .replace("mail", "c.mail")
            .replace("phone", "c.phone"),
        ),
        JOURNEYS,
    )
    neighbours = engine.step("contacts_neighbours", _NEIGHBOURS.format(named=named.name), JOURNEYS)
    columns = ", ".join(f"c.{each}" for each in CONTACTS.names)
    return engine.step(
        "contacts", _JOURNEYS.format(columns=columns, named=named.name, neighbours=neighbours.name), JOURNEYS
    )

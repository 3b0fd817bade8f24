"""String contacts together: what the same person did before and after, about the same thing or not."""

from __future__ import annotations

from pathlib import Path

from peil.contacts.fold import CONTACTS
from peil.engines.engine import Engine
from peil.engines.schema import STORED, Column, Kind, Schema, Table
from peil.journeys.ledger import CLOCK, PARTS_OF_CONTACTS, clock, parts
from peil.journeys.rule import JourneyRule
from peil.journeys.thread import THREADED, thread
from peil.persons.resolve import PERSON_ID

# A repeat is the customer's: a promised callback, or a mail that the organisation sends, is none.
BY_CUSTOMER = "direction = 'inbound' and channel <> 'callback'"


def _ms(name: str, says: str) -> Column:
    return Column(name=name, kind=Kind.INTEGER, says=says)


STRUNG: Schema = CONTACTS.extended(
    "contacts",
    "one contact, with what the same person did before and after it, and what it took of the customer's time",
    Column(name="person_key", kind=Kind.INTEGER, says="the person; null where nobody knows who it was"),
    _ms("previous_ms", "since the person's previous contact began"),
    _ms("next_any_ms", "until the person's next contact begins, whoever began it"),
    _ms("next_ms", "until the next contact that the person begins"),
    _ms("next_same_reason_ms", "until the next contact that the person begins about the same reason"),
    _ms("next_same_channel_ms", "until the next contact that the person begins in the same channel"),
    _ms(
        "next_same_reason_channel_ms",
        "until the next contact that the person begins about the same reason in the same channel",
    ),
    _ms("followed_ms", "how long after its beginning the data still follow the person"),
    *THREADED,
    CLOCK,
    *PARTS_OF_CONTACTS,
)
NEIGHBOURS = Schema(
    name="contacts_neighbours",
    one_row_is="a contact of a known person",
    key=("source", "contact_id"),
    columns=tuple(
        STRUNG.column(each)
        for each in (
            "source", "contact_id", "previous_ms", "next_any_ms", "next_ms", "next_same_reason_ms", "next_same_channel_ms",
            "next_same_reason_channel_ms",
        )
    ),
)  # fmt: skip

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
  ms_between(started_at, lead(started_at) over (partition by person_key order by started_at, source, contact_id)) as next_any_ms,
  {next} as next_ms,
  case when reason is not null then {next_reason} end as next_same_reason_ms,
  {next_channel} as next_same_channel_ms,
  case when reason is not null then {next_reason_channel} end as next_same_reason_channel_ms
from {named}
where person_key is not null
"""

_STRUNG = """
select {columns}, c.person_key, n.previous_ms, n.next_any_ms, n.next_ms, n.next_same_reason_ms, n.next_same_channel_ms,
  n.next_same_reason_channel_ms, c.followed_ms, {threaded}, c.customer_ms, {parts}
from {clocked} as c
left join {neighbours} as n on c.source = n.source and c.contact_id = n.contact_id
left join {threads} as t on c.source = t.source and c.contact_id = t.contact_id
"""


def began_next(person: str, *alike: str, row: str = "") -> str:
    """Return SQL of the time until the next contact that the same person begins.

    Parameters:
        person: SQL of the person.
        alike: columns in which the two contacts are alike.
        row: the alias of the contact with its dot, if it needs one.

    Example:
        >>> began_next("person_key", "reason").split(" over ")[0]
        "ms_between(started_at, min(case when direction = 'inbound' and channel <> 'callback' then started_at end)"
    """
    mine = BY_CUSTOMER.replace("direction", f"{row}direction").replace("channel", f"{row}channel")
    within = ", ".join([person, *(f"{row}{each}" for each in alike)])
    return (
        f"ms_between({row}started_at, min(case when {mine} then {row}started_at end) over (partition by {within} "
        f"order by {row}started_at, {row}source, {row}contact_id rows between 1 following and unbounded following))"
    )


def string(  # it joins what four stages made
    engine: Engine, contacts: Table, persons: Table, ledger: Table, turns: Table, rule: JourneyRule, folder: Path
) -> Table:
    """Return every contact with its neighbours, its place in a journey, and the customer's time it took.

    Parameters:
        engine: where the rows are.
        contacts: folded contacts.
        persons: who is who.
        ledger: contacts of several legs on one clock.
        turns: how long answers took, where turns are told.
        rule: what makes a journey.
        folder: where neighbours and threads are kept: sorted and joined at once they would need more memory than there is.

    Returns:
        A table of schema ``STRUNG``. Gaps run from beginning to beginning, and to contacts that the customer began
        unless their name says otherwise. A contact without a known person has no neighbours and is on no journey; ``followed_ms`` says for how long a repeat could have been seen.
    """
    named = engine.step(
        "contacts_named",
        _NAMED.format(
            contacts=contacts.name,
            persons=persons.name,
            person_id=f"c.{PERSON_ID}",
        ),
        CONTACTS,
    )
    near = _NEIGHBOURS.format(
        named=named.name,
        next=began_next("person_key"),
        next_reason=began_next("person_key", "reason"),
        next_channel=began_next("person_key", "channel"),
        next_reason_channel=began_next("person_key", "reason", "channel"),
    )
    neighbours = engine.keep(engine.step(NEIGHBOURS.name, near, NEIGHBOURS), folder)
    clocked = clock(engine, named, ledger, turns, rule.retell_seconds * 1_000)
    threads = engine.keep(thread(engine, clocked, rule), folder)
    sql = _STRUNG.format(
        columns=", ".join(f"c.{each}" for each in CONTACTS.names),
        clocked=clocked.name,
        neighbours=neighbours.name,
        threads=threads.name,
        threaded=", ".join(f"cast(t.{each.name} as {STORED[each.kind]}) as {each.name}" for each in THREADED),
        parts=", ".join(f"cast({sql} as bigint) as {name}" for name, sql in parts("t.told_before").items()),
    )
    return engine.step("contacts", sql, STRUNG)

"""Who the customer is: contacts of one person, by the records they appear in, or by the pseudonym they carry."""

from __future__ import annotations

import pyarrow as pa

from peil.contacts.fold import CONTACTS
from peil.engines.engine import Engine
from peil.engines.quoting import quoted
from peil.engines.schema import Column, Kind, Schema, Table
from peil.persons.register import PersonRules


def _text(name: str, says: str, *, personal: bool = False) -> Column:
    return Column(name=name, kind=Kind.TEXT, says=says, personal=personal, handle=personal)


PERSONS = Schema(
    name="persons",
    one_row_is="one person known to one organisation",
    key=("organisation", "person_id"),
    columns=(
        _text("organisation", "whose customer"),
        Column(name="person_id", kind=Kind.TEXT, says="the pseudonym that stands for the person", personal=True),
        Column(name="person_key", kind=Kind.INTEGER, says="a number for the person, dense from 1, for this build only"),
    ),
)
LINKED = Schema(
    name="linked",
    one_row_is="one customer record, and whose it is",
    key=("organisation", "source", "customer_id"),
    columns=(
        _text("organisation", "whose customer"),
        _text("source", "which system has the record"),
        _text("customer_id", "the record", personal=True),
        _text("phone", "its number", personal=True),
        _text("mail", "its mailbox", personal=True),
        _text("person_id", "the person", personal=True),
    ),
)
LINKED_RECORDS = LINKED.extended(
    "linked_records",
    "one customer record, whose it is, and which others are surely of the same person",
    _text("record", "stands for the records that are surely of one person", personal=True),
)
RECORDED = Schema(
    name="contacts_recorded",
    one_row_is="one contact, and the record by which it is known whose it is",
    key=("source", "contact_id"),
    columns=(
        _text("source", "which system delivered it"),
        _text("contact_id", "the contact"),
        _text("record", "as in ``linked_records``; null where no customer record told who it was", personal=True),
    ),
)
IDENTIFIED = CONTACTS.extended(
    "contacts_identified",
    "one contact, and who the customer is",
    Column(
        name="known_as", kind=Kind.TEXT, says="the pseudonym that stands for the person", personal=True, handle=True
    ),
)
_LINES = Schema(
    name="lines",
    one_row_is="a mailbox or number that is nobody's own",
    key=("organisation", "line"),
    columns=(_text("organisation", "whose customers"), _text("line", "its pseudonym", personal=True)),
)

# The pseudonym that stands for the person; of a contact without a record, an account says more than an address, and
# an address more than a phone that a family shares.
PERSON_ID = "known_as"

# A line with so many contacts that they are of more persons than live in a house, or of nobody at all. Lines with few
# contacts, which most are, are left before customers are told apart.
_BUSY = """
select organisation, line from (
  select c.organisation, c.{line} as line, count(*) as n_contacts, count(distinct c.customer_id) as n_customers
  from {contacts} as c
  join (
    select organisation, {line} as line from {contacts}
    where {line} is not null and not ignored
    group by organisation, {line}
    having count(*) > {fewest}
  ) as often on c.organisation = often.organisation and c.{line} = often.line
  where not c.ignored
  group by c.organisation, c.{line}
) as counted
where n_contacts > {most} or n_customers > {shared_by}
"""
_OF_ONE = """
select organisation, {columns}, min(person_id) as person_id{more} from {linked}
where {known}
group by organisation, {columns}
having count(distinct person_id) = 1
"""
_UNKNOWN = """
select c.*,
  coalesce(c.customer_id, case when m.line is null then c.mail end, case when p.line is null then c.phone end) as known_as
from {contacts} as c
left join {lines} as m on c.organisation = m.organisation and c.mail = m.line
left join {lines} as p on c.organisation = p.organisation and c.phone = p.line
"""
# Of a number or mailbox on the records of several persons only both together, or a customer number, tell who it is.
_KNOWN = """
select {chosen}
from {contacts} as c
left join {by_record} as s on c.organisation = s.organisation and c.source = s.source and c.customer_id = s.customer_id
left join {by_id} as i on c.organisation = i.organisation and c.customer_id = i.customer_id
left join {by_both} as b on c.organisation = b.organisation and c.mail = b.mail and c.phone = b.phone
left join {lines} as lm on c.organisation = lm.organisation and c.mail = lm.line
left join {lines} as lp on c.organisation = lp.organisation and c.phone = lp.line
left join {by_mail} as m on c.organisation = m.organisation and c.mail = m.mail and lm.line is null
left join {by_phone} as p on c.organisation = p.organisation and c.phone = p.phone and lp.line is null
left join {of_several} as am on c.organisation = am.organisation and c.mail = am.line
left join {of_several} as ap on c.organisation = ap.organisation and c.phone = ap.line
"""
_KNOWN_AS = """c.*,
  coalesce(s.person_id, i.person_id, b.person_id, m.person_id, p.person_id, c.customer_id,
    case when am.line is null and lm.line is null then c.mail end,
    case when ap.line is null and lp.line is null then c.phone end) as known_as"""
_RECORD = "c.source, c.contact_id, coalesce(s.record, i.record, b.record, m.record, p.record) as record"
_OF_SEVERAL = """
select organisation, mail as line from {linked} where mail is not null group by organisation, mail having count(distinct person_id) > 1
union all
select organisation, phone as line from {linked} where phone is not null group by organisation, phone having count(distinct person_id) > 1
"""
_PERSONS = """
select organisation, person_id, row_number() over (order by organisation, person_id) as person_key
from (select distinct organisation, {person_id} as person_id from {contacts} where not ignored) as known
where person_id is not null
"""


def identify(engine: Engine, contacts: Table, rules: PersonRules | None = None, linked: Table | None = None) -> Table:
    """Return the contacts with the pseudonym of the person each is of.

    Parameters:
        engine: where the rows are.
        contacts: folded contacts.
        rules: which numbers and mailboxes are nobody's own.
        linked: which customer record is of which person, a table of schema ``LINKED``.

    Returns:
        A table of schema ``IDENTIFIED``; ``known_as`` is null where nobody knows who it was.
    """
    lines = _lines(engine, contacts, rules or PersonRules())
    if linked is None:
        sql = _UNKNOWN.format(contacts=contacts.name, lines=lines.name)
        return engine.step("contacts_identified", sql, IDENTIFIED)
    sql = _by_records(engine, contacts, lines, linked, _KNOWN_AS)
    return engine.step("contacts_identified", sql, IDENTIFIED)


def records_of(engine: Engine, contacts: Table, rules: PersonRules, linked: Table) -> Table:
    """Return by which record each contact is known to be of a person.

    Parameters:
        engine: where the rows are.
        contacts: contacts with the handles they carry.
        rules: which numbers and mailboxes are nobody's own.
        linked: a table of schema ``LINKED_RECORDS``; of records of one person that share a handle the first counts.

    Returns:
        A table of schema ``RECORDED``; ``record`` is null where no customer record told who it was.
    """
    sql = _by_records(
        engine, contacts, _lines(engine, contacts, rules), linked, _RECORD, more=", min(record) as record"
    )
    return engine.step("contacts_recorded", sql, RECORDED)


def _by_records(engine: Engine, contacts: Table, lines: Table, linked: Table, chosen: str, more: str = "") -> str:
    """Return SQL over contacts ``c`` and the records that tell whose they are."""
    maps = {
        "by_record": (f"organisation, source, customer_id, person_id{', record' if more else ''}", None),
        "by_id": ("customer_id", "customer_id is not null"),
        "by_both": ("mail, phone", "mail is not null and phone is not null"),
        "by_mail": ("mail", "mail is not null"),
        "by_phone": ("phone", "phone is not null"),
    }
    made = {}
    for name, (columns, known) in maps.items():
        sql = (
            _OF_ONE.format(columns=columns, linked=linked.name, known=known, more=more)
            if known
            else f"select {columns} from {linked.name}"
        )
        made[name] = engine.step(f"{'record' if more else 'person'}_{name}", sql, linked.schema).name
    several = engine.step("lines_of_several", _OF_SEVERAL.format(linked=linked.name), _LINES)
    return _KNOWN.format(chosen=chosen, contacts=contacts.name, lines=lines.name, of_several=several.name, **made)


def _lines(engine: Engine, contacts: Table, rules: PersonRules) -> Table:
    """Return the lines that are nobody's own; few, so they are counted once and not with every question."""
    busy = [
        _BUSY.format(
            contacts=contacts.name,
            line=each,
            fewest=min(rules.most_contacts, rules.shared_by),
            most=rules.most_contacts,
            shared_by=rules.shared_by,
        )
        for each in ("mail", "phone")
    ]
    found = [row for sql in busy for row in engine.rows(sql).to_pylist()]
    if rules.own_handles:
        own = ", ".join(quoted(each) for each in rules.own_handles)
        asked = f"select distinct organisation, {{0}} as line from {contacts.name} where {{0}} in ({own})"
        found += [row for each in ("mail", "phone") for row in engine.rows(asked.format(each)).to_pylist()]
    unique = sorted({(row["organisation"], row["line"]) for row in found})
    rows = pa.table(
        {
            "organisation": pa.array([each for each, _ in unique], pa.string()),
            "line": pa.array([each for _, each in unique], pa.string()),
        }
    )
    return engine.small(_LINES, rows)


def resolve(engine: Engine, identified: Table) -> Table:
    """Return one row a person.

    Parameters:
        engine: where the rows are.
        identified: contacts with the person each is of.

    Returns:
        A table of schema ``PERSONS``; ``person_key`` is a dense number that only this build knows.
    """
    return engine.step("persons", _PERSONS.format(contacts=identified.name, person_id=PERSON_ID), PERSONS)

"""Who the customer is: contacts that carry the same pseudonym are of one person."""

from __future__ import annotations

from peil.engines.engine import Engine
from peil.engines.schema import Column, Kind, Schema, Table

PERSONS = Schema(
    name="persons",
    one_row_is="one person known to one organisation",
    key=("organisation", "person_id"),
    columns=(
        Column(name="organisation", kind=Kind.TEXT, says="whose customer"),
        Column(name="person_id", kind=Kind.TEXT, says="the pseudonym that stands for the person", personal=True),
        Column(name="person_key", kind=Kind.INTEGER, says="a number for the person, dense from 1, for this build only"),
    ),
)

# An account says more than an address, and an address more than a phone that a family shares.
PERSON_ID = "coalesce(customer_id, mail, phone)"

_PERSONS = """
select organisation, person_id, row_number() over (order by organisation, person_id) as person_key
from (select distinct organisation, {person_id} as person_id from {contacts} where not ignored) as known
where person_id is not null
"""


def resolve(engine: Engine, contacts: Table) -> Table:
    """Return one row a person.

    Parameters:
        engine: where the rows are.
        contacts: folded contacts.

    Returns:
        A table of schema ``PERSONS``; ``person_key`` is a dense number that only this build knows.
    """
    return engine.step("persons", _PERSONS.format(contacts=contacts.name, person_id=PERSON_ID), PERSONS)

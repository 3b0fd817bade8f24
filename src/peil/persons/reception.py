"""Who is calling an organisation: its register of persons, asked about one contact as it comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from peil.engines.handles import SAID, normalised
from peil.engines.keyed_handles import FIELD_SIGNS, keyed_fields
from peil.errors import DefinitionError, EvidenceError, SourceError, neighbours
from peil.persons.comparisons import STANDARD
from peil.persons.lookup import SURE, Answer, Lookup, build
from peil.persons.model import Record
from peil.persons.people import FOLDER
from peil.persons.register import Register

INDEX = "lookup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """Answers who is calling; make one with ``Reception.open`` and keep it: asking takes a millisecond.

    Parameters:
        lookup: the persons.
        key: the organisation's secret, where its records are kept as keyed hashes; None where they are clear text.
        region: country of phone numbers without a country code.
    """

    lookup: Lookup
    key: bytes | None = None
    region: str = "NL"

    @classmethod
    def open(
        cls, store: Path, organisation: str, key: bytes, *, region: str = "NL", known: float | None = None
    ) -> Self:
        """Return the reception of an organisation; its index is built when there is none or the register has changed.

        Parameters:
            store: the store's folder.
            organisation: whose customers are looked among.
            key: the organisation's secret (``sources.load.organisation_key``).
            region: country of phone numbers without a country code.
            known: the share of contacts that are of somebody in the register; as the index has it, if left out.

        Raises:
            EvidenceError: no customer records were linked yet.
        """
        register = Register(store / FOLDER, organisation)
        records = register.state
        if not records:
            raise EvidenceError("no customer records were linked yet", remedy="load a 'customers' table first")
        folder = register.folder / INDEX
        try:
            lookup = Lookup.open(folder)
            fresh = lookup.index.told.get("stamp") == _stamp(register)
        except SourceError:
            fresh = False
        if not fresh:
            rows = register.records()
            if rows is None or not rows.num_rows:
                raise EvidenceError("no customer records were linked yet", remedy="load a 'customers' table first")
            persons = rows["person_id"].combine_chunks()
            lookup = build(
                rows, persons, register.model or STANDARD, folder, stamp=_stamp(register), keyed=_are_keyed(rows)
            )
        if known is not None:
            lookup = replace(lookup, known=known)
        return cls(lookup=lookup, key=key if lookup.index.told["keyed"] else None, region=region)

    def ask(self, said: Mapping[str, str | None], *, sure: float = SURE) -> Answer:
        """Return who it is.

        Parameters:
            said: what a system or a caller tells, as it is written there: ``phone``, ``mail``, ``name``,
                ``birth_date``, ``postcode`` … (``engines.handles.SAID``).
            sure: from which probability somebody, or nobody, is the answer.

        Raises:
            DefinitionError: it is told something that no record knows, or nothing at all.

        Example:
            >>> import tempfile
            >>> import pyarrow as pa
            >>> people = pa.Table.from_pylist([normalised(name="Anna Bakker", phone="06-87654321", mail="anna@kpn.nl")])
            >>> reception = Reception(lookup=build(people, ["p7"], STANDARD, Path(tempfile.mkdtemp()) / INDEX))
            >>> reception.ask({"mail": "Anna@kpn.nl", "phone": "0687654321"}).says
            'known'
        """
        for each, value in said.items():
            if each not in SAID:
                raise DefinitionError(f"nobody is looked up by '{each}'", remedy=neighbours(each, SAID))
            if value is not None and not isinstance(value, str):
                raise DefinitionError(f"'{each}' is no text", remedy='write it in quotes, such as "0612345679"')
        record = normalised(region=self.region, **said)
        if not any(record.values()):
            raise DefinitionError(
                "nothing is told by which anybody could be known", remedy=f"tell one or more of: {', '.join(SAID)}"
            )
        return self.lookup.who(self._hidden(record), sure=sure)

    def _hidden(self, record: Record) -> Record:
        """Return the fields as the store has them."""
        if self.key is None:
            return record
        return keyed_fields(record, self.key)


def _are_keyed(rows: Any) -> bool:  # noqa: ANN401  # an Arrow table
    """Whether the fields are hashes: an initial in clear is one letter."""
    for each in ("initial", "year", "phone"):
        for told in rows[each].drop_null()[:1].to_pylist():
            return len(told) == FIELD_SIGNS and set(told) <= set("0123456789abcdef")
    return False


def _stamp(register: Register) -> str:
    return f"{register.state['round']} {register.state['digest']}"

"""Where a person asks about persons: how many there are, why two records are one, and what was decided by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from peil.config import Configuration
from peil.engines.door import Limits
from peil.engines.handles import pseudonym
from peil.errors import DefinitionError, EvidenceError, neighbours
from peil.persons.model import Judgement
from peil.persons.people import FOLDER, registers
from peil.persons.register import Key, Override, PersonRules, Register, Tally
from peil.sources.load import organisation_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why two records are taken to be of one person, or of two.

    Parameters:
        judgement: what each field says.
        together: they are in one person.
        threshold: the probability from which records are joined.
        override: what was decided by hand about one of them; empty if nothing was.
    """

    judgement: Judgement
    together: bool
    threshold: float
    override: str = ""


def person_rules(settings: Configuration, key: Callable[[], bytes], limits: Limits) -> PersonRules:
    """Return the rules that a project sets, with its own numbers and mailboxes as the store has them.

    Parameters:
        settings: the project's.
        key: gives its secret; asked only where there is something to hash.
        limits: memory and cores.
    """
    told = settings.persons
    organisations = sorted({each.organisation for each in settings.sources})
    own = [
        pseudonym("mail" if "@" in handle else "phone", handle, organisation_key(key(), each), settings.country)
        for handle in told.own_handles
        for each in organisations
    ]
    return PersonRules(
        wrong_merge=told.wrong_merge,
        missed_merge=told.missed_merge,
        shared_by=told.shared_by,
        most_contacts=told.most_contacts,
        own_handles=tuple(each for each in own if each),
        learn=told.learn,
        limits=limits,
    )


class Desk:
    """The registers of a project.

    Parameters:
        store: the store's folder.
        organisations: source to the organisation it is of.
        rules: costs and limits.
        key: the project's secret, under which records are found by the identifiers that people know.
    """

    def __init__(self, store: Path, organisations: Mapping[str, str], rules: PersonRules, key: bytes) -> None:
        self._store = store
        self._organisations = organisations
        self._rules = rules
        self._key = key

    def tallies(self) -> dict[str, Tally]:
        """Return what each organisation's register holds; empty where no customer records were loaded."""
        return {name: each.tally for name, each in self._registers().items()}

    def explain(self, one: str, two: str) -> Explanation:
        """Return why two records are of one person, or not.

        Parameters:
            one, two: ``source:customer_id``, as the systems know them.

        Raises:
            DefinitionError: there is no such record, or they are of two organisations.
        """
        register, left, right = self._pair(one, two)
        judgement, together = register.explain(left, right, self._rules)
        decided = [each for each in register.overrides() if {left, right} & set(each.records)]
        said = "; ".join(f"{each.kind}: {each.why}" if each.why else each.kind for each in decided)
        return Explanation(judgement=judgement, together=together, threshold=self._rules.threshold, override=said)

    def never_link(self, one: str, two: str, why: str = "") -> None:
        """Keep two records apart from now on."""
        register, left, right = self._pair(one, two)
        register.decide(*register.overrides(), Override(kind="never_link", records=(left, right), why=why))

    def split(self, one: str, why: str = "") -> None:
        """Keep a record apart from every other from now on."""
        register, key = self._found(one)
        register.decide(*register.overrides(), Override(kind="split", records=(key,), why=why))

    def undo(self, *records: str) -> int:
        """Take back everything that was decided about exactly these records; return how much that was."""
        register, _ = self._found(records[0])
        asked = {self._found(each)[1] for each in records}
        before = register.overrides()
        kept = [each for each in before if set(each.records) != asked]
        register.decide(*kept)
        return len(before) - len(kept)

    def forget(self) -> None:
        """Learn and compare everything anew when tables are built next; identifiers stay where they can."""
        for each in self._registers().values():
            each.forget()
        (self._store / FOLDER / "linked.json").unlink(missing_ok=True)

    def _registers(self) -> dict[str, Register]:
        return registers(self._store, sorted(set(self._organisations.values())))

    def _found(self, told: str) -> tuple[Register, Key]:
        source, colon, customer = told.partition(":")
        if not colon or source not in self._organisations:
            raise DefinitionError(
                "a record is named 'source:customer_id'",
                remedy=neighbours(source, self._organisations) if source else "such as 'crm:1001'",
            )
        organisation = self._organisations[source]
        register = self._registers().get(organisation)
        if register is None:
            raise EvidenceError("no customer records were linked yet", remedy="load a 'customers' table first")
        known = pseudonym("customer_id", customer, organisation_key(self._key, organisation))
        return register, (source, known or "")

    def _pair(self, one: str, two: str) -> tuple[Register, Key, Key]:
        (register, left), (other, right) = self._found(one), self._found(two)
        if register.organisation != other.organisation:
            raise DefinitionError(
                "the two records are of two organisations", remedy="persons are linked within one organisation"
            )
        return register, left, right


def organisations_of(settings: Configuration) -> dict[str, str]:
    """Return the organisation of each source of a project."""
    return {each.name: each.organisation for each in settings.sources}

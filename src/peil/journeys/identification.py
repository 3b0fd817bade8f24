"""Whose contacts can be followed: how many carry a known customer, and of what kind the others are."""

from __future__ import annotations

from dataclasses import dataclass

from peil.engines.engine import Engine
from peil.engines.schema import Table
from peil.terms import CHANNEL_LABELS, Label

MATTERS = 0.1
"""Contacts of one kind are followed less than others where their shares differ by more than this."""
_FEWEST = 30
_FACTS = {
    "queued": Label("contacts that waited in the queue", "contacten met wachttijd in de rij"),
    "answered": Label("contacts that an agent took", "contacten die een medewerker aannam"),
    "abandoned": Label("contacts that were given up", "afgebroken contacten"),
    "with_bot": Label("contacts with a bot or menu", "contacten met een bot of keuzemenu"),
}
_COUNTS = """
select channel, coalesce(wait_ms, 0) > 0 as queued, answered, abandoned, with_bot,
  count(*) as n, count(person_key) as known
from {contacts} where not ignored
group by channel, coalesce(wait_ms, 0) > 0, answered, abandoned, with_bot
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Contacts of one kind beside all others.

    Parameters:
        kind: what kind.
        n, known: contacts of the kind, and those of a known customer.
        n_others, known_others: the same of all others.
    """

    kind: Label
    n: int
    known: int
    n_others: int
    known_others: int

    @property
    def share(self) -> float:
        """Share with a known customer."""
        return self.known / self.n if self.n else 0.0

    @property
    def share_others(self) -> float:
        """The same of all others."""
        return self.known_others / self.n_others if self.n_others else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """Whose contacts can be followed.

    Parameters:
        n: contacts.
        known: contacts of a known customer.
        sides: kinds of contacts beside all others, the starkest difference first; kinds of fewer than 30 are left out.
    """

    n: int
    known: int
    sides: tuple[Side, ...]

    @property
    def unknown(self) -> int:
        """Contacts that are on no journey, as nobody knows whose they are."""
        return self.n - self.known

    @property
    def biased(self) -> bool:
        """Whether one kind of contact is followed more than others."""
        return bool(self.sides) and abs(self.sides[0].share - self.sides[0].share_others) > MATTERS

    @property
    def says(self) -> Label:
        """Whom journeys speak of, in one sentence."""
        if not self.unknown:
            return Label("Every contact is of a known customer.", "Elk contact is van een bekende klant.")
        share = _percent(self.known, self.n)
        told = Label(
            f"{share.en} of {self.n:,} contacts are of a known customer; the other {self.unknown:,} are on no journey.",
            f"{share.nl} van {_nl(self.n)} contacten is van een bekende klant; de andere {_nl(self.unknown)} horen bij geen klantreis.",
        )
        if not self.biased:
            return told
        side = self.sides[0]
        one, other = _percent(side.known, side.n), _percent(side.known_others, side.n_others)
        return Label(
            f"{told.en} Of {side.kind.en} {one.en} are of a known customer, of all others {other.en}: "
            "what is said of journeys holds for one kind more than for the other.",
            f"{told.nl} Van {side.kind.nl} is {one.nl} van een bekende klant, van alle andere {other.nl}: "
            "wat over klantreizen is gezegd, geldt voor de ene soort meer dan voor de andere.",
        )


def _nl(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _percent(part: int, whole: int) -> Label:
    told = f"{100 * part / whole:.1f}" if whole else "0.0"
    return Label(f"{told}%", f"{told.replace('.', ',')}%")


def identification(engine: Engine, contacts: Table) -> Identification:
    """Return how many contacts carry a known customer, and of what kind the others are.

    Parameters:
        engine: where the rows are.
        contacts: contacts with persons.

    Example:
        >>> from peil.made import made
        >>> data = made()
        >>> found = identification(data.engine, data.tables["contacts"])
        >>> found.n - found.known == found.unknown, found.biased
        (True, False)
    """
    rows = engine.rows(_COUNTS.format(contacts=contacts.name)).to_pylist()
    n, known = sum(row["n"] for row in rows), sum(row["known"] for row in rows)
    kinds = [(label, [row for row in rows if row[name]]) for name, label in _FACTS.items()]
    kinds += [
        (Label(f"contacts by {label.en.lower()}", f"contacten via {label.nl.lower()}"), held)
        for channel, label in CHANNEL_LABELS.items()
        if (held := [row for row in rows if row["channel"] == channel])
    ]
    sides = []
    for label, held in kinds:
        here, there = sum(row["n"] for row in held), sum(row["known"] for row in held)
        if min(here, n - here) >= _FEWEST:
            sides.append(Side(kind=label, n=here, known=there, n_others=n - here, known_others=known - there))
    sides.sort(key=lambda each: -abs(each.share - each.share_others))
    return Identification(n=n, known=known, sides=tuple(sides))

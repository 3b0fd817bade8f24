"""Who is this? One incoming contact looked up among all persons, with how sure that is; *not sure* is an answer.

Records that agree on a number, mailbox, or a few of name, birth date and address are found by index, and weighed by the
model that links records (Fellegi and Sunter 1969), with the chance agreement that these very records show, and rare names
counting for more than common ones (Winkler 1989). Each person is as likely as the best of their records; that nobody known is calling
is one of the possibilities. Lastly the odds are calibrated: records are taken out of the file one by one, parts of them
are looked up among the others, and it is seen how often such an answer was right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from peil.engines.handles import SAID, normalised
from peil.errors import DefinitionError, neighbours
from peil.methods.odds_calibration import calibrate
from peil.persons.lookup_index import Index, keep, write
from peil.persons.model import LinkModel, Record
from peil.persons.weighing import Weigher, found

SURE = 0.9
_NAMES = ("given", "initial", "given_sound", "given_near", "surname", "sound", "surname_near", "names")
# What may be told of a caller; the parts of a record that the calibration looks up.
ASKED = (
    ("phone",),
    ("mail",),
    ("surname", "surname_near", "sound", "postcode", "area", "house"),
    (*_NAMES, "postcode", "area", "house"),
    (*_NAMES, "born", "year", "month", "day", "days"),
    ("phone", *_NAMES),
    ("phone", "mail", "born", "year", "month", "day", "days", "postcode", "area", "house"),
)
CHECKED = 1_000
LEAST_CHECKED = 60
DOUBT = (1.0, 0.3)
# Things that tell people of one household apart.
OWN = frozenset(["given", "born", "account"])
LINES = frozenset(["phone", "mail"])
# Where records are too few to tell: what a simulated file of 20,000 persons tells, rounded to the careful side.
CAREFUL: Mapping[str, tuple[float, float]] = {"own": (0.0, 0.7), "line": (0.0, 0.8), "home": (-1.2, 0.25)}
LEAST = 1e-9
LEAST_SLOPE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Who it probably is.

    Parameters:
        says: ``known``, ``nobody`` we know, or ``not_sure``.
        person: who, where it is sure enough.
        probability: that it is the likeliest person; of nobody known, that it is nobody.
        agreed: what agreed with their record.
        best: the two likeliest persons and how likely each is.
        nobody: how likely it is that nobody we know is calling.
    """

    says: Literal["known", "nobody", "not_sure"]
    person: str | None
    probability: float
    agreed: tuple[str, ...]
    best: tuple[tuple[str, float], ...]
    nobody: float

    def plain(self) -> dict[str, Any]:
        """Return it as plain data: for JSON, over whatever wire."""
        return {
            "says": self.says,
            "person": self.person,
            "probability": round(self.probability, 4),
            "agreed": list(self.agreed),
            "best": [{"person": person, "probability": round(chance, 4)} for person, chance in self.best],
            "nobody": round(self.nobody, 4),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Answers who it is; make one with ``build``, and open it again with ``Lookup.open``.

    Parameters:
        index: the records.
        known: the share of contacts that are of somebody in the records.
        bend: for answers in which a first name, birth date or account agreed (``own``), only a number or mailbox
            (``line``), or only surname and address (``home``): intercept and slope of the log odds that hold on those that
            were reckoned.
        seen: the share of somebody in the records when that was found out.
        reached: by which rules other records of the same person were found then, a bit each.
    """

    index: Index
    known: float = 0.7
    bend: Mapping[str, tuple[float, float]] = field(default_factory=lambda: CAREFUL)
    seen: float = 0.5
    reached: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Return what ``build`` made; the files are mapped, not read.

        Raises:
            SourceError: there is none, or another Peil made it.
        """
        index = Index.open(folder)
        bend = {**CAREFUL, **{name: (one, two) for name, (one, two) in index.told["bend"].items()}}
        reached = np.array(index.told["reached"], np.int64)
        return cls(index=index, known=index.told["known"], bend=bend, seen=index.told["seen"], reached=reached)

    def ask(self, *, sure: float = SURE, region: str = "NL", **said: str | None) -> Answer:
        """Return who it is, from what a system or a caller says, as it is written there.

        Parameters:
            sure: from which probability somebody, or nobody, is the answer.
            region: country of phone numbers without a country code.
            **said: ``phone``, ``mail``, ``name``, ``birth_date``, ``postcode`` … (``engines.handles.SAID``).

        Raises:
            DefinitionError: it is told something that no record knows.
        """
        for each in said:
            if each not in SAID:
                raise DefinitionError(f"nobody is looked up by '{each}'", remedy=neighbours(each, SAID))
        return self.who(normalised(region=region, **said), sure=sure)

    def who(self, record: Record, *, sure: float = SURE) -> Answer:
        """Return who it is, from normalised fields; where the records are keyed hashes, hashed under the same key.

        Parameters:
            record: field to value, None where nothing is known.
            sure: from which probability somebody, or nobody, is the answer.
        """
        return _answer(self.likely(record), sure)

    def likely(self, record: Record, *, without: int = -1) -> Likely:
        """Return how likely every person found is, and that it is nobody.

        Parameters:
            record: normalised fields.
            without: a record to look past.
        """
        persons: dict[str, tuple[float, tuple[str, ...]]] = {}
        weigh = Weigher(self.index, record)
        for place in found(self.index, record, without):
            person = self.index.person[place].as_py()
            bits, agreed = weigh.weight(self.index.record(place))
            if agreed and bits > persons.get(person, (-math.inf, ()))[0]:
                persons[person] = bits, agreed
        # somebody known may have another number by now, and be found by nothing that is told
        missed = weigh.missed(self.reached)
        hidden = self.known * missed
        stranger = 1 - self.known
        if not persons:
            return Likely(names=(), chances=(), nobody=stranger / (stranger + hidden), agreed=())
        names = sorted(persons, key=lambda each: (-persons[each][0], each))
        odds = [math.log(2) * persons[each][0] for each in names]
        top = odds[0]
        parts = [math.exp(each - top) for each in odds]
        # how the odds are divided over persons stays; that it is any of them is bent
        agreed = persons[names[0]][1]
        intercept, slope = self.bend[_kind(agreed)]
        before = math.log(self.seen / (1 - self.seen + self.seen * missed))
        now = math.log(self.known / (stranger + hidden))
        together = top + math.log(sum(parts)) - math.log(self.index.n_persons)
        chance = 1 / (1 + math.exp(-max(intercept + slope * (together + before) + now - before, -700.0)))
        return Likely(
            names=tuple(names),
            chances=tuple(chance * each / sum(parts) for each in parts),
            nobody=(1 - chance) * stranger / (stranger + hidden),
            agreed=agreed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Likely:
    """Persons from the likeliest down.

    Parameters:
        names: who.
        chances: how likely each is.
        nobody: how likely it is none we know.
        agreed: what agreed with the first.
    """

    names: tuple[str, ...]
    chances: tuple[float, ...]
    nobody: float
    agreed: tuple[str, ...]


def _answer(likely: Likely, sure: float) -> Answer:
    first = likely.chances[0] if likely.names else 0.0
    says: Literal["known", "nobody", "not_sure"]
    says = "known" if first >= sure else "nobody" if likely.nobody >= sure else "not_sure"
    return Answer(
        says=says,
        person=likely.names[0] if says == "known" else None,
        probability=likely.nobody if says == "nobody" else first,
        agreed=likely.agreed if says != "nobody" else (),
        best=tuple(zip(likely.names[:2], likely.chances[:2], strict=True)),
        nobody=likely.nobody,
    )


def _kind(agreed: Sequence[str]) -> str:
    things = {each.split(":")[0] for each in agreed}
    return "own" if things & OWN else "line" if things & LINES else "home"


def build(
    records: pa.Table,
    persons: Sequence[str] | pa.Array,
    model: LinkModel,
    folder: Path,
    *,
    known: float = 0.7,
    keyed: bool = False,
    stamp: str = "",
    seed: int = 1,
) -> Lookup:
    """Build a look-up from records whose persons are known, and keep it in a folder.

    Parameters:
        records: ``engines.handles.FIELDS`` as text columns, in clear or as keyed hashes.
        persons: whose record each is.
        model: what records are compared on.
        folder: where it is kept; what stands there is replaced.
        known: the share of contacts that are of somebody in the records.
        keyed: whether the fields are hashes; kept beside the index.
        stamp: what the records were, to see later whether they have changed.
        seed: of the records that are taken out to calibrate.

    Returns:
        The look-up, calibrated where there are records enough.

    Raises:
        EvidenceError: there are no records, or no field is filled in.

    Example:
        >>> import tempfile
        >>> from peil.persons.comparisons import STANDARD
        >>> people = [normalised(name="Jan de Vries", phone="06-12345679", birth_date="12-3-1980"),
        ...           normalised(name="Anna Bakker", phone="06-87654321", birth_date="1-2-1990")]
        >>> records = pa.Table.from_pylist(people)
        >>> lookup = build(records, ["p1", "p2"], STANDARD, Path(tempfile.mkdtemp()) / "persons", known=0.9)
        >>> found = lookup.ask(name="J. de Vries", phone="+31 6 12345679", birth_date="1980-03-12")
        >>> found.says, found.person, found.agreed
        ('known', 'p1', ('given: initial', 'surname', 'born', 'phone'))
        >>> lookup.ask(phone="06-11112222").says
        'not_sure'
    """
    if not 0 < known < 1:
        raise DefinitionError(f"a share of {known:g} known callers", remedy="give a share between 0 and 1, such as 0.7")
    told = persons if isinstance(persons, pa.Array) else pa.array(list(map(str, persons)), pa.string())
    index = write(records, told, model, folder)
    keep(index, folder, {"known": known, "keyed": keyed, "stamp": stamp, **_checked(index, seed)})
    return Lookup.open(folder)


def _checked(index: Index, seed: int) -> dict[str, Any]:
    """Look up parts of records among the others, and see how often the answer is right: see ``Lookup``."""
    rng = np.random.default_rng(seed)
    places = rng.choice(index.n_records, min(CHECKED, index.n_records), replace=False).tolist()
    others = _others(index, places)
    seen = float(np.mean([bool(each) for each in others]))
    if not 0 < seen < 1 or len(places) < LEAST_CHECKED:
        return {"seen": 0.5, "bend": {}, "reached": []}
    reached = [_reached(index, place, mates) for place, mates in zip(places, others, strict=True) if mates]
    plain = Lookup(
        index=index, known=seen, seen=seen, bend=dict.fromkeys(CAREFUL, (0.0, 1.0)), reached=np.array(reached, np.int64)
    )
    said: dict[str, tuple[list[float], list[bool]]] = {each: ([], []) for each in ("own", "line", "home")}
    for place in places:
        whole = index.record(place)
        for fields in ASKED:
            likely = plain.likely({each: whole.get(each) for each in fields}, without=place)
            if likely.names:
                # whether it is anybody is bent; who of them it is stays as it was weighed
                chances, right = said[_kind(likely.agreed)]
                chances.append(min(max(sum(likely.chances), LEAST), 1 - LEAST))
                right.append(index.person[place].as_py() in likely.names)
    made = {
        name: calibrate(chances, right, doubt=DOUBT)
        for name, (chances, right) in said.items()
        if len(right) >= LEAST_CHECKED
    }
    bend = {name: (each.intercept, max(each.slope, LEAST_SLOPE)) for name, each in made.items()}
    return {"seen": seen, "bend": bend, "reached": reached}


def _others(index: Index, places: Sequence[int]) -> list[list[int]]:
    """Return for some records where the others of the same person stand."""
    wanted = index.person.take(pa.array(places, pa.int64()))
    here = np.flatnonzero(pc.is_in(index.person, wanted).to_numpy(zero_copy_only=False))
    mates: dict[str, list[int]] = {}
    for place, person in zip(here.tolist(), index.person.take(pa.array(here)).to_pylist(), strict=True):
        mates.setdefault(person, []).append(place)
    return [
        [each for each in mates[one] if each != place] for one, place in zip(wanted.to_pylist(), places, strict=True)
    ]


def _reached(index: Index, place: int, mates: Sequence[int]) -> int:
    """Return the rules by which a record finds another of its person, a bit each."""
    whole, others = index.record(place), [index.record(each) for each in mates]
    return sum(
        1 << nth
        for nth, rule in enumerate(index.rules)
        if any(all(whole[each] is not None and whole[each] == other[each] for each in rule.columns) for other in others)
    )

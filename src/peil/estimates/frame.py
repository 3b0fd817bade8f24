"""Every contact of the frame, asked or not, answered or not, counted by what is known of it; and the answers with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peil.dataset import Dataset
from peil.engines.subset import columns_read
from peil.errors import DefinitionError, EvidenceError, neighbours
from peil.estimates.groups import Grouping
from peil.estimates.moments import BILLION, Quantity, counted, labels_of, numbers
from peil.measures.measure import POPULATIONS, Measure
from peil.methods import interval
from peil.methods.moments import Floats, Integers
from peil.methods.ratio import ratio
from peil.surveys.design import Design
from peil.surveys.dispositions import SILENT
from peil.terms import Label

INBOUND = "direction = 'inbound' and not ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is known of every contact, asked or not.

    Parameters:
        name: what to call it.
        label: what a reader calls it.
        by: row-level SQL over a contact; several are crossed.
    """

    name: str
    label: Label
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many answered about one kind of contact.

    Parameters:
        fact: what it is a kind of.
        kind: which one.
        contacts: contacts of that kind.
        asked: those about which the customer was asked; all of them where no invitation names a contact.
        answered: those that were answered about.
        value, low, high: answered over asked, with its interval, customers as clusters.
    """

    fact: Fact
    kind: str
    contacts: int
    asked: int
    answered: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """Counts of contacts and of answers by kind; a cell is what all that is known says together.

    Parameters:
        facts: what is known.
        levels: for each fact, its kinds.
        names: of each cell, what its facts say, as texts.
        kind: (cells, facts), place of each cell's kind in ``levels``.
        contacts, asked, answered: contacts of each cell.
        invited: whether invitations tell who was asked.
        cell: of each entry of answers.
        value: answered, in the measure's stored unit.
        rows: answers in the entry.
        weight: what they weigh before anything is adjusted.
        loose: answers that name no contact of the frame; they are in nothing else here.
        scale: lowest and highest value that can be answered.
    """

    facts: tuple[Fact, ...]
    levels: tuple[tuple[str, ...], ...]
    names: tuple[tuple[str, ...], ...]
    kind: Integers
    contacts: Floats
    asked: Floats
    answered: Floats
    invited: bool
    cell: Integers
    value: Floats
    rows: Floats
    weight: Floats
    loose: int
    scale: tuple[float, float]


_FRAME = """
select t.source, t.organisation, t.contact_id as id, {person} as person, {kinds}
from {contacts} as t
where ({where})
"""
_ASKED = """
select f.source, f.person, f.organisation, f.id, {kinds},
  case when {asked} then 1 else 0 end as asked, case when v.id is not null then 1 else 0 end as answered
from {frame} as f
left join (select distinct organisation, contact_id as id from {invitations} where contact_id is not null and ({survey})) as a
  on f.organisation = a.organisation and f.id = a.id
left join (select distinct organisation, id, source from {answers}) as v
  on f.organisation = v.organisation and f.id = v.id and f.source = v.source
"""
_SAID = """
select t.organisation, t.contact_id as id, {of} as v, {weight} as w, {stratum} as h, {cluster} as c, {population} as pop,
  t.scale_low, t.scale_high
from {responses} as t
where ({where}) and ({survey})
"""
# of a contact that two sources know, the one that answers are joined to when they are read in
_ANSWERS = """
select s.organisation, s.id, k.source, s.v, s.w, s.h, s.c, s.pop, s.scale_low, s.scale_high
from {said} as s
left join (select f.organisation, f.id, min(f.source) as source from {frame} as f
  where f.id in (select id from {said} where id is not null) group by f.organisation, f.id) as k
  on s.organisation = k.organisation and s.id = k.id
"""
_VOICES = """
select {kinds}, a.v, a.w, a.h, a.c, a.pop, a.scale_low, a.scale_high
from {answers} as a
join {frame} as f on f.organisation = a.organisation and f.id = a.id and f.source = a.source
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameTables:
    """The frame as the engine has it, so that several things can be asked of it.

    Parameters:
        data: the tables.
        measure: what was asked.
        facts: what is known of every contact.
        design: how the answers came to be there.
        frame: row-level SQL over contacts: those that count.
        survey: row-level SQL over answers and invitations both, where only one survey is meant.
    """

    data: Dataset
    measure: Measure
    facts: tuple[Fact, ...]
    design: Design
    frame: str = INBOUND
    survey: str = "true"

    def __post_init__(self) -> None:
        if self.measure.population != "responses" or self.measure.per != "1" or self.measure.estimator != "ratio":
            raise DefinitionError(
                f"'{self.measure.name}' is not what each answer says",
                remedy="ask for a score, points or a share of the answers of a survey",
            )
        contacts, answers, invitations = (POPULATIONS[each] for each in ("contacts", "responses", "invitations"))
        given = [(sql, f"what is known ({each.name})", contacts) for each in self.facts for sql in each.by]
        given += [
            (self.frame, "frame", contacts),
            (self.survey, "survey", answers),
            (self.survey, "survey", invitations),
        ]
        for sql, what, schema in given:
            for column in columns_read(sql, what):
                if column not in schema.names:
                    raise DefinitionError(
                        f"{what}: '{column}' is no column of '{schema.name}'", remedy=neighbours(column, schema.names)
                    )
                if schema.column(column).handle:
                    raise DefinitionError(f"{what}: '{column}' tells customers apart", remedy="use something else")
        self._make()

    @property
    def _parts(self) -> list[str]:
        return [f"coalesce(cast({sql} as varchar), '')" for each in self.facts for sql in each.by]

    @property
    def keys(self) -> list[str]:
        """Columns of the engine's tables that hold what is known."""
        return [f"k{place}" for place in range(len(self._parts))]

    def _make(self) -> None:
        tables, engine, design = self.data.tables, self.data.engine, self.design
        contacts, responses = (POPULATIONS[each] for each in ("contacts", "responses"))
        kinds = ", ".join(f"{sql} as {key}" for sql, key in zip(self._parts, self.keys, strict=True))
        listed = ", ".join(f"f.{key}" for key in self.keys)
        person = self.data.designs["contacts"].clusters
        frame = engine.step(
            "frame_contacts",
            _FRAME.format(contacts=tables["contacts"].name, person=person, kinds=kinds, where=self.frame),
            contacts,
        )
        said = engine.step(
            "frame_said",
            _SAID.format(
                of=self.measure.of,
                weight=design.weight or str(BILLION),
                stratum=design.stratum or "''",
                cluster=design.clusters,
                population=design.population or "cast(null as bigint)",
                responses=tables["responses"].name,
                where=self.measure.where,
                survey=self.survey,
            ),
            responses,
        )
        answers = engine.step("frame_answers", _ANSWERS.format(said=said.name, frame=frame.name), responses)
        asked = "a.id is not null or v.id is not null" if self.invited else "true"
        engine.step(
            "frame_asked",
            _ASKED.format(
                kinds=listed,
                asked=asked,
                frame=frame.name,
                invitations=tables["invitations"].name,
                answers=answers.name,
                survey=self.survey,
            ),
            contacts,
        )
        engine.step("frame_voices", _VOICES.format(kinds=listed, answers=answers.name, frame=frame.name), responses)

    @property
    def invited(self) -> bool:
        """Whether invitations tell who was asked: an export of respondents alone does not, for all of it answered."""
        sql = (
            f"select count(*) as n from {self.data.tables['invitations'].name} "
            f"where contact_id is not null and {SILENT} and ({self.survey})"
        )
        return bool(self.data.engine.rows(sql).to_pylist()[0]["n"])

    def counts(self) -> Frame:
        """Count contacts and answers by cell.

        Raises:
            EvidenceError: no answer names a contact of the frame.
        """
        engine, keys = self.data.engine, ", ".join(self.keys)
        cells = engine.rows(
            f"select {keys}, count(*) as n, sum(asked) as asked, sum(answered) as answered from frame_asked group by {keys}"
        )
        voices = engine.rows(
            f"select {keys}, v, count(*) as n, sum(cast(w as decimal(38, 0))) as w from frame_voices group by {keys}, v"
        )
        rest = engine.rows(
            "select sum(case when source is null then 1 else 0 end) as loose, min(scale_low) as least, max(scale_high) as most "
            "from frame_answers"
        ).to_pylist()[0]
        if not voices.num_rows:
            raise EvidenceError(
                f"no answer to '{self.measure.name}' names a contact of the frame",
                remedy="map contact_id where the survey is loaded, or widen the frame",
            )
        labels, cell = labels_of([cells.column(key) for key in self.keys], cells.num_rows)
        names = [tuple(str(each) for each in label) for label in labels]
        at = {name: place for place, name in enumerate(names)}
        kind, levels = self._levels(names)
        columns = [voices.column(key).to_pylist() for key in self.keys]
        of = np.array([at[each] for each in zip(*columns, strict=True)], np.int64)
        # in one order, whatever the engine's: sums of doubles are then the same each time
        order = np.lexsort((numbers(voices.column("v")), of))
        value, number, weight = (numbers(voices.column(each))[order] for each in ("v", "n", "w"))
        n = len(names)
        return Frame(
            facts=self.facts,
            levels=levels,
            names=tuple(names),
            kind=kind,
            contacts=np.bincount(cell, numbers(cells.column("n")), n).astype(np.float64),
            asked=np.bincount(cell, numbers(cells.column("asked")), n).astype(np.float64),
            answered=np.bincount(cell, numbers(cells.column("answered")), n).astype(np.float64),
            invited=self.invited,
            cell=of[order],
            value=value,
            rows=number,
            weight=weight / BILLION,
            loose=int(rest["loose"] or 0),
            scale=self._scale(rest, value),
        )

    def _levels(self, names: Sequence[tuple[str, ...]]) -> tuple[NDArray[np.int64], tuple[tuple[str, ...], ...]]:
        kind = np.empty((len(names), len(self.facts)), np.int64)
        levels: list[tuple[str, ...]] = []
        begin = 0
        for place, each in enumerate(self.facts):
            of = [" · ".join(name[begin : begin + len(each.by)]) for name in names]
            found = tuple(sorted(set(of)))
            kind[:, place] = [found.index(one) for one in of]
            levels.append(found)
            begin += len(each.by)
        return kind, tuple(levels)

    def _scale(self, rest: Mapping[str, object], value: Floats) -> tuple[float, float]:
        """Return the ends of what can be answered: those of the measure's own outcomes, or those of the question."""
        if self.measure.unit.value == "points":
            return -100.0, 100.0
        if self.measure.is_share:
            return 0.0, 1.0
        if self.measure.of == "score" and rest["least"] is not None and rest["most"] is not None:
            return float(str(rest["least"])), float(str(rest["most"]))
        return float(value.min()), float(value.max())

    def rates(self, frame: Frame, *, level: float = 0.95) -> tuple[Rate, ...]:
        """Return who answers: the response rate of each kind, customers as clusters."""
        found: list[Rate] = []
        begin = 0
        quantity = Quantity(where="asked = 1", of="case when answered = 1 then 1 else 0 end")
        for place, each in enumerate(self.facts):
            keys = tuple(f"t.{key}" for key in self.keys[begin : begin + len(each.by)])
            begin += len(each.by)
            groups = Grouping(names=keys, columns=keys, span_ms=None, calendar=False)
            source = "from frame_asked as t where (true)"
            (sums,) = counted(self.data.engine, [quantity], Design(cluster="person"), groups, source)
            made = ratio(sums.moments, len(sums.groups))
            low, high = interval.share(made.value, made.n_eff, level=level)
            at = {" · ".join(str(one) for one in group): number for number, group in enumerate(sums.groups)}
            for number, name in enumerate(frame.levels[place]):
                here = frame.kind[:, place] == number
                contacts, asked, answered = (
                    int(one[here].sum()) for one in (frame.contacts, frame.asked, frame.answered)
                )
                of = at.get(name)
                value, least, most = (
                    (float("nan"),) * 3 if of is None else (float(one[of]) for one in (made.value, low, high))
                )
                found.append(
                    Rate(
                        fact=each,
                        kind=name,
                        contacts=contacts,
                        asked=asked,
                        answered=answered,
                        value=value,
                        low=least,
                        high=most,
                    )
                )
        return tuple(found)

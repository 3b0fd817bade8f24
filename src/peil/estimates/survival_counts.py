"""Counts per whole second and group: everything a curve is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from peil.errors import EvidenceError
from peil.estimates.groups import Grouping
from peil.estimates.lasting import TimeTo, second_of
from peil.estimates.moments import labels_of, numbers
from peil.methods.incidence import Incidence, incidence
from peil.methods.log_rank import LogRank, log_rank
from peil.methods.moments import Floats, Integers
from peil.methods.survival import Curve, kaplan_meier
from peil.surveys.design import Design


def together(design: Design) -> str:
    """Return SQL of whether other rows may be of the same person as a row; false where it is surely alone.

    Example:
        >>> from peil.surveys.design import PERSONS_IN_CONTACTS
        >>> together(PERSONS_IN_CONTACTS)
        '(person_key is not null and (previous_ms is not null or next_any_ms is not null))'
    """
    parts = [f"{design.cluster} is not null"] if design.own else []
    if design.alone:
        parts.append(f"({' or '.join(f'{each} is not null' for each in design.alone)})")
    return f"({' and '.join(parts)})" if parts else "true"


def counts(what: TimeTo, groups: Grouping, source: str, several: str = "true") -> str:
    """Return the one query: how many rows of each group were last seen at each second, by how they ended.

    Parameters:
        what: until what.
        groups: how to group the rows.
        source: FROM and WHERE of the rows.
        several: SQL of whether other rows may be of the same person.
    """
    # grouped by what they are: to add up a case for each end takes longer than to read the rows
    asked = {**dict(zip(groups.keys, groups.columns, strict=True)), "v": second_of(what), "e": what.event}
    asked |= {f"o{place}": sql for place, (_, sql) in enumerate(what.others)}
    if several != "true":
        asked["s"] = several
    listed = ", ".join(f"({sql}) as {name}" for name, sql in asked.items())
    return f"select {listed}, count(*) as n {source} group by {', '.join(f'({sql})' for sql in asked.values())}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SecondCounts:
    """Counts per second, each entry with its group and its stratum of the test.

    Parameters:
        labels: the values of the group columns, one tuple a group.
        group: of each entry.
        stratum: of each entry; only those of one stratum are compared.
        second: of each entry.
        events: to how many rows it happened.
        rows: how many were last seen then, those included.
        others: (entries, ends) how many met another end.
        alone: (entries, 2) those to which it happened and those last seen that are surely the only row of their person.
        entries: the groups of each entry and its second ``v``, as the engine told them.
    """

    labels: tuple[tuple[object, ...], ...]
    group: Integers
    stratum: Integers
    second: Floats
    events: Floats
    rows: Floats
    others: Floats
    alone: Floats
    entries: pa.Table

    @classmethod
    def of(cls, rows: pa.Table, n_by: int, n_within: int, n_others: int) -> SecondCounts:
        """Return the answer to ``counts``, whose first groups tell curves apart and whose next are strata."""
        keys = [f"g{place}" for place in range(n_by + n_within)]
        labels, group = labels_of([rows.column(key) for key in keys[:n_by]], rows.num_rows)
        strata, stratum = labels_of([rows.column(key) for key in keys[n_by:]], rows.num_rows)
        second, n = numbers(rows.column("v")), numbers(rows.column("n"))
        moments, moment = np.unique(second, return_inverse=True)
        code = (group * len(strata) + stratum) * moments.size + moment
        _, first, at = np.unique(code, return_index=True, return_inverse=True)
        event = _true(rows, "e")
        # null is no: who was not said to be answered was not
        kinds = [event, *(_true(rows, f"o{place}") & ~event for place in range(n_others))]
        single = ~_true(rows, "s") if "s" in rows.column_names else np.zeros(n.size, dtype=bool)
        events, *others = (_summed(at, n * kind, first.size) for kind in kinds)
        return cls(
            labels=labels,
            group=group[first],
            stratum=stratum[first],
            second=second[first],
            events=events,
            rows=_summed(at, n, first.size),
            others=np.column_stack(others) if others else np.empty((first.size, 0)),
            alone=np.column_stack([_summed(at, n * (single & kind), first.size) for kind in (event, ~event)]),
            entries=rows.select([*keys, "v"]).take(pa.array(first)),
        )

    def of_single(self, event: Floats, censored: Floats) -> dict[tuple[object, ...], tuple[int, Floats]]:
        """Return for each group how many persons have one row only, and the sum of squares of their scores.

        Parameters:
            event, censored: (entries, k) scores of a row to which it happened, and of one that was last seen.
        """
        squares = self.alone[:, :1] * event**2 + self.alone[:, 1:] * censored**2
        found = {}
        for place, label in enumerate(self.labels):
            here = self.group == place
            found[label] = (round(float(self.alone[here].sum())), squares[here].sum(axis=0))
        return found

    def of_pairs(self, event: Floats, censored: Floats) -> Floats:
        """Return the sums over persons of one row of products of their scores."""
        weighted = np.vstack([self.alone[:, :1] * event, self.alone[:, 1:] * censored])
        return np.asarray(weighted.T @ np.vstack([event, censored]), dtype=np.float64)

    @property
    def all_alone(self) -> bool:
        """Whether nobody is there twice."""
        return bool(self.alone.sum() == self.rows.sum())

    @property
    def ranked(self) -> tuple[Floats, Floats, Floats, Integers, Integers]:
        """What the test is told."""
        return self.second, self.events, self.rows - self.events, self.group, self.stratum

    def curves(self) -> list[Curve]:
        """Return each group's curve."""
        found = []
        for place in range(len(self.labels)):
            here = self.group == place
            found.append(kaplan_meier(self.second[here], self.events[here], (self.rows - self.events)[here]))
        return found

    def incidence(self, place: int) -> Incidence:
        """Return the share of one group that met each end."""
        here = self.group == place
        ends = np.column_stack([self.events, self.others])[here]
        return incidence(self.second[here], ends, self.rows[here] - ends.sum(axis=1))

    def tested(self) -> LogRank | None:
        """Return the test; None where there is nothing to compare."""
        if len(self.labels) < 2 or not self.events.sum():  # noqa: PLR2004  # a comparison
            return None
        try:
            return log_rank(*self.ranked)
        except EvidenceError:
            return None

    def spread(self, columns: Sequence[tuple[Curve, Floats, Floats]]) -> tuple[Floats, Floats]:
        """Return the columns of each group's curve for every row of the counts."""
        event, censored = (np.empty((self.second.size, columns[0][1].shape[1])) for _ in range(2))
        for place, (curve, of_event, of_censored) in enumerate(columns):
            here = np.flatnonzero(self.group == place)
            at = curve.places(self.second[here])
            event[here], censored[here] = of_event[at], of_censored[at]
        return event, censored


def _true(rows: pa.Table, name: str) -> NDArray[np.bool_]:
    return np.asarray(pc.fill_null(rows.column(name), fill_value=False).to_numpy(), dtype=bool)


def _summed(at: Integers, values: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(at, values, minlength=size), dtype=np.float64)

"""Counts per whole second and group: everything a curve is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from peil.errors import EvidenceError
from peil.estimates.groups import Grouping
from peil.estimates.lasting import TimeTo, second_of
from peil.estimates.moments import labels_of, numbers
from peil.methods.incidence import Incidence, incidence
from peil.methods.log_rank import LogRank, log_rank
from peil.methods.moments import Floats, Integers
from peil.methods.survival import Curve, kaplan_meier


def counts(what: TimeTo, groups: Grouping, source: str) -> str:
    """Return the one query: how many rows of each group were last seen at each second, and to how many it happened.

    Parameters:
        what: until what.
        groups: how to group the rows.
        source: FROM and WHERE of the rows.
    """
    keys = "".join(f"{column} as {key}, " for key, column in zip(groups.keys, groups.columns, strict=True))
    others = "".join(
        f", sum(case when ({sql}) and not coalesce({what.event}, false) then 1 else 0 end) as o{place}"
        for place, (_, sql) in enumerate(what.others)
    )
    listed = ", ".join([*groups.columns, second_of(what)])
    return (
        f"select {keys}{second_of(what)} as v, sum(case when {what.event} then 1 else 0 end) as d, count(*) as n{others} "
        f"{source} group by {listed}"
    )


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
    """

    labels: tuple[tuple[object, ...], ...]
    group: Integers
    stratum: Integers
    second: Floats
    events: Floats
    rows: Floats
    others: Floats

    @classmethod
    def of(cls, rows: pa.Table, n_by: int, n_within: int, n_others: int) -> SecondCounts:
        """Return the answer to ``counts``, whose first groups tell curves apart and whose next are strata."""
        labels, group = labels_of([rows.column(f"g{place}") for place in range(n_by)], rows.num_rows)
        _, stratum = labels_of([rows.column(f"g{place}") for place in range(n_by, n_by + n_within)], rows.num_rows)
        others = [numbers(rows.column(f"o{place}")) for place in range(n_others)]
        return cls(
            labels=labels,
            group=group,
            stratum=stratum,
            second=numbers(rows.column("v")),
            events=numbers(rows.column("d")),
            rows=numbers(rows.column("n")),
            others=np.column_stack(others) if others else np.empty((rows.num_rows, 0)),
        )

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

"""Whether other things than the measure changed: the mix of contacts or answers, and how a question was put."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from peil.dataset import DAY_COLUMN, Dataset
from peil.estimates.groups import grouping, rows_from
from peil.estimates.series import Series
from peil.measures.measure import POPULATIONS, Measure
from peil.surveys.instrument import Change, Put, changes, put

MOVED = 0.1
"""A mix of which more than this share moved is another mix."""
FEWEST_ROWS = 100
_YEAR = timedelta(days=364)  # whole weeks
_ALWAYS = ("organisation", "source")
_OF: Mapping[str, tuple[str, ...]] = {
    "contacts": ("organisation", "source", "channel"),
    "responses": ("organisation", "source", "channel", "mode", "language", "audience"),
    "agent_states": ("organisation", "source"),
    "intervals": ("organisation", "queue", "source"),
    "invitations": ("organisation", "source"),
    "journeys": ("organisation", "source", "channel"),
    "orders": ("organisation", "source", "product"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A mix that is another one after the date.

    Parameters:
        column: of what.
        share: how much of it moved: half the summed difference of shares.
        name: the group whose share moved most.
        before, after: its share.
    """

    column: str
    share: float
    name: str
    before: float
    after: float


def moved(data: Dataset, measure: Measure, series: Series, broke_on: date, *, where: str = "true") -> tuple[Moved, ...]:
    """Return the mixes that changed from the same weeks a year before to those after the date.

    What the measure itself is about (channels, for a share of channels) is no mix, nor is what makes up a count: more
    calls and fewer mails are what a number of contacts counts, while another organisation or system is not.

    Parameters:
        data: the tables.
        measure: the measure.
        series: of the measure, whose ends bound what is compared.
        broke_on: first day that counts as after.
        where: row-level SQL that chooses rows.
    """
    until = min(series.ends, broke_on + _YEAR)
    first = max(series.starts[0], broke_on - _YEAR)
    last = min(broke_on, first + (until - broke_on))
    schema, day = POPULATIONS[measure.population], DAY_COLUMN[measure.population]
    found = []
    for column in _OF[measure.population]:
        chosen = column in measure.reads or (measure.estimator == "total" and column not in _ALWAYS)
        if chosen or column not in schema.names:
            continue
        groups = grouping([column], schema)
        source = rows_from(data.tables[measure.population].name, schema, groups, f"({measure.where}) and ({where})")
        old = f"t.{day} >= {_day(first)} and t.{day} < {_day(last)}"
        new = f"t.{day} >= {_day(broke_on)} and t.{day} < {_day(until)}"
        rows = data.engine.rows(
            f"select {groups.columns[0]} as g, sum(case when {old} then 1 else 0 end) as old, "
            f"sum(case when {new} then 1 else 0 end) as new {source} group by {groups.columns[0]}"
        ).to_pylist()
        one = _shifted(column, {str(row["g"]): (int(row["old"]), int(row["new"])) for row in rows})
        if one:
            found.append(one)
    return tuple(found)


def _shifted(column: str, counts: Mapping[str, tuple[int, int]]) -> Moved | None:
    old, new = (sum(each[side] for each in counts.values()) for side in (0, 1))
    if min(old, new) < FEWEST_ROWS:
        return None
    shares = {name: (each[0] / old, each[1] / new) for name, each in counts.items()}
    share = sum(abs(after - before) for before, after in shares.values()) / 2
    if share <= MOVED:
        return None
    name = max(shares, key=lambda each: abs(shares[each][1] - shares[each][0]))
    return Moved(column=column, share=share, name=name, before=shares[name][0], after=shares[name][1])


def _day(day: date) -> str:
    return f"date '{day.isoformat()}'"


def asked_otherwise(
    data: Dataset, measure: Measure, begins: date, until: date, *, where: str = "true"
) -> tuple[Change, ...]:
    """Return how the question behind a measure of answers was changed from any round to the next; nothing for other measures.

    Parameters:
        data: the tables.
        measure: the measure.
        begins, until: the first day that is looked at, and the day after the last.
        where: row-level SQL that chooses answers.
    """
    if measure.population != "responses":
        return ()
    day = DAY_COLUMN["responses"]
    chosen = f"({measure.where}) and ({where}) and {day} >= {_day(begins)} and {day} < {_day(until)}"
    known = put(data.engine, data.tables["responses"], data.tables["questions"], chosen)
    rows = data.engine.rows(
        f"select coalesce(wave, '') as wave, min({day}) as first_on from {data.tables['responses'].name} "
        f"where {chosen} group by coalesce(wave, '')"
    ).to_pylist()
    order = [row["wave"] for row in sorted(rows, key=lambda row: (row["first_on"], row["wave"]))]
    rounds: list[Put] = [known[each] for each in order if each in known]
    found: dict[str, Change] = {}
    for before, after in pairwise(rounds):
        for each in changes(before, after):
            found.setdefault(each.aspect, each)
    return tuple(found.values())

"""What persons who come back add to a curve or a test: looked up per second and added up, while the rows stay in the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from peil.engines.engine import Engine
from peil.engines.schema import Column, Kind, Schema
from peil.estimates.drawn import KINDS
from peil.estimates.groups import Grouping
from peil.estimates.moments import labels_of, numbers
from peil.methods.moments import Floats
from peil.surveys.design import Design


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scored:
    """Rows whose scores are looked up.

    Parameters:
        event: SQL of whether it happened to a row.
        groups: how they were counted, those of the test's strata last.
        source: FROM and WHERE of the rows.
        design: which rows are one person's.
        second_of: SQL of the second by which a row was last seen.
        several: SQL of whether other rows may be of the same person; only those are added up per person.
        entries: the groups and the second ``v`` of each entry of the counts.
    """

    event: str
    groups: Grouping
    source: str
    design: Design
    second_of: str
    several: str
    entries: pa.Table


_ROWS = """
with scored as (select {keys}{clusters} as c, {second} as v, case when {event} then 1 else 0 end as e {source}),
totals as (
  select {grouped}scored.c as c, {sums}
  from scored join survival_scores as u on {same}
  group by {grouping}scored.c)
select {shown}count(*) as persons, {products} from totals{by}
"""


def squares(
    engine: Engine, rows: Scored, columns: tuple[Floats, Floats], n_by: int
) -> dict[tuple[object, ...], tuple[int, Floats]]:
    """Return for each group how many persons it has, and the sum of squares of their scores, one a column.

    Parameters:
        engine: where the rows are.
        rows: whose scores.
        columns: (entries, k) scores of rows to which it happened, and of those that were last seen.
        n_by: how many of the groups tell curves apart.
    """
    k = columns[0].shape[1]
    products = [f"sum(u{place} * u{place}) as p{place}" for place in range(k)]
    found = _asked(engine, rows, columns, list(rows.groups.keys[:n_by]), products)
    labels, at = labels_of([found.column(f"g{place}") for place in range(n_by)], found.num_rows)
    sums = np.column_stack([numbers(found.column(f"p{place}")) for place in range(k)])
    persons = numbers(found.column("persons"))
    return {labels[group]: (int(persons[place]), sums[place]) for place, group in enumerate(at)}


def totals(engine: Engine, rows: Scored, columns: tuple[Floats, Floats]) -> Floats:
    """Return the sums over persons of products of their scores.

    Parameters:
        engine: where the rows are.
        rows: whose scores.
        columns: as of ``squares``.
    """
    k = columns[0].shape[1]
    pairs = [(one, other) for one in range(k) for other in range(one, k)]
    products = [f"sum(u{one} * u{other}) as p{one}_{other}" for one, other in pairs]
    found = _asked(engine, rows, columns, [], products)
    whole = np.zeros((k, k))
    for one, other in pairs:
        whole[one, other] = whole[other, one] = numbers(found.column(f"p{one}_{other}"))[0]
    return whole


def _asked(
    engine: Engine, rows: Scored, columns: tuple[Floats, Floats], by: Sequence[str], products: Sequence[str]
) -> pa.Table:
    event, censored = columns
    keys = list(rows.groups.keys)
    twice = pa.concat_tables([rows.entries] * 2)
    listed = {key: twice.column(key) for key in keys}
    listed["v"] = twice.column("v").cast(pa.int64())
    listed["e"] = pa.array(np.repeat([1, 0], rows.entries.num_rows), pa.int64())
    names = [f"u{place}" for place in range(event.shape[1])]
    both = np.vstack([event, censored])
    listed |= {name: pa.array(both[:, place]) for place, name in enumerate(names)}
    made = pa.table(listed)
    kinds = {field.name: next((kind for holds, kind in KINDS if holds(field.type)), Kind.TEXT) for field in made.schema}
    schema = Schema(
        name="survival_scores",
        one_row_is="what a row of a group adds that lasts so long and ends so",
        key=(*keys, "v", "e"),
        columns=tuple(Column(name=name, kind=kind, says="") for name, kind in kinds.items()),
    )
    engine.small(schema, made)
    grouped = "".join(f"scored.{key} as {key}, " for key in by)
    plain = "".join(f"{key}, " for key in by)
    sql = _ROWS.format(
        keys=rows.groups.named,
        clusters=rows.design.cluster if rows.several != "true" else rows.design.clusters,
        second=rows.second_of,
        event=rows.event,
        source=rows.source if rows.several == "true" else f"{rows.source} and {rows.several}",
        grouped=grouped,
        grouping="".join(f"scored.{key}, " for key in by),
        sums=", ".join(f"sum(u.{name}) as {name}" for name in names),
        same=" and ".join(
            [*(f"scored.{key} is not distinct from u.{key}" for key in keys), "scored.v = u.v", "scored.e = u.e"]
        ),
        shown=plain,
        products=", ".join(products),
        by=f" group by {', '.join(by)}" if by else "",
    )
    return engine.rows(sql, steady=True)

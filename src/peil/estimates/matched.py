"""One share beside that of rows that are alike, persons counted once: what is left when kinds are held constant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from peil.dataset import Dataset
from peil.engines.schema import Column, Kind, Schema
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.difference import Side
from peil.estimates.groups import grouping, rows_from
from peil.estimates.moments import numbers
from peil.measures.measure import POPULATIONS
from peil.methods.standardised import standardised
from peil.methods.student import student

PARTS = Schema(
    name="matched_parts",
    one_row_is="what a row and a success of one kind and side add to a standardised difference",
    key=("kind", "arm"),
    columns=(
        Column(name="kind", kind=Kind.TEXT, says="the kind"),
        Column(name="arm", kind=Kind.INTEGER, says="1 treated, 0 control"),
        Column(name="per_row", kind=Kind.NUMBER, says="added by a row"),
        Column(name="per_success", kind=Kind.NUMBER, says="added by a success"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What a share is above that of rows that are alike.

    Parameters:
        value: the excess.
        se: its standard error, over clusters.
        low, high: its interval.
        level: how often such intervals hold the truth.
        treated: the share itself, of rows that have a like.
        control: what it would be if they did as those that are alike.
        n: rows with a like.
        n_control: rows that they are compared with.
        alone: rows without a like, which are left out.
        clusters: independent units on both sides together.
    """

    value: float
    se: float
    low: float
    high: float
    level: float
    treated: float
    control: float
    n: int
    n_control: int
    alone: int
    clusters: int


_CELLS = """
select c, kind, arm, count(*) as n, sum(y) as y
from (
  select {cluster} as c, {kind} as kind,
    case when {treated} then 1 else 0 end as arm,
    case when {treated} then {of_treated} else {of_control} end as y
  {source}
) as told
group by c, kind, arm
"""
_COUNTS = "with cells as ({cells}) select kind, arm, sum(n) as n, sum(y) as y from cells group by kind, arm order by kind, arm"
_SPREAD = """
with cells as ({cells})
select count(*) as clusters, sum(z * z) as zz
from (
  select cells.c as c, sum(p.per_row * cast(cells.n as double) + p.per_success * cast(cells.y as double)) as z
  from cells
  join {parts} as p on p.kind = cells.kind and p.arm = cells.arm
  group by cells.c
) as parts
"""


def matched(
    data: Dataset, treated: Side, control: Side, *, like: Sequence[str], where: str = "true", level: float = 0.95
) -> Matched:
    """Return what the share of one side is above that of like rows on the other.

    Parameters:
        data: the tables.
        treated: a share of one population, and the rows it is of.
        control: a share of the same population; a row that is on both sides counts as treated.
        like: what rows must agree in to be alike (see ``estimates.groups``).
        where: row-level SQL that chooses rows of both.
        level: of the interval.

    Raises:
        DefinitionError: a side is no share of rows, or the sides are of two populations.
        EvidenceError: no treated row has a like.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> again = measure_named("repeat_7d_same_reason")
        >>> bots, people = (Side(measure=again, where=f"handler = '{each}'") for each in ("bot", "agent"))
        >>> found = matched(made(), bots, people, like=["reason"])
        >>> found.low < 0.14 < found.high
        True
    """
    for side in (treated, control):
        if not side.measure.is_share or side.measure.population != treated.measure.population:
            raise DefinitionError(
                f"'{side.measure.name}' cannot be matched", remedy="compare two shares of rows of one population"
            )
    population = treated.measure.population
    schema, design = POPULATIONS[population], data.designs[population]
    if design.weight or design.stratum or design.unit:
        raise DefinitionError(f"rows of '{population}' are weighted or stratified", remedy="match rows of contacts")
    groups = grouping(like, schema)
    told = [f"({side.measure.where}) and ({side.where})" for side in (treated, control)]
    kind = " || '|' || ".join(f"coalesce(cast({each} as varchar), '')" for each in groups.columns) or "''"
    cells = _CELLS.format(
        cluster=design.clusters,
        kind=kind,
        treated=told[0],
        of_treated=treated.measure.of,
        of_control=control.measure.of,
        source=rows_from(data.tables[population].name, schema, groups, f"({where}) and (({told[0]}) or ({told[1]}))"),
    )
    rows = data.engine.rows(_COUNTS.format(cells=cells))
    kinds = sorted(set(rows.column("kind").to_pylist()))
    if not kinds:
        raise EvidenceError("no row is left to match", remedy="widen the period or the filter")
    n, y = np.zeros((2, len(kinds))), np.zeros((2, len(kinds)))
    place = {name: at for at, name in enumerate(kinds)}
    at = [place[each] for each in rows.column("kind").to_pylist()]
    arm = rows.column("arm").to_pylist()
    n[arm, at], y[arm, at] = numbers(rows.column("n")), numbers(rows.column("y"))
    found = standardised(n[1], y[1], n[0], y[0])
    used = np.flatnonzero((n[0] > 0) & (n[1] > 0))
    names = [kinds[each] for each in used]
    coefficients = np.concatenate([found.of_treated[used], found.of_control[used]])
    parts = data.engine.small(
        PARTS,
        pa.table(
            {
                "kind": pa.array(names * 2, pa.string()),
                "arm": pa.array([1] * used.size + [0] * used.size, pa.int64()),
                "per_row": coefficients[:, 0],
                "per_success": coefficients[:, 1],
            }
        ),
    )
    spread = data.engine.rows(_SPREAD.format(cells=cells, parts=parts.name), steady=True).to_pylist()[0]
    clusters = int(spread["clusters"])
    se = float(np.sqrt(spread["zz"] * clusters / (clusters - 1))) if clusters > 1 else float("nan")
    reach = float(student(clusters - 1, level)) * se
    return Matched(
        value=found.value,
        se=se,
        low=max(found.value - reach, -1.0),
        high=min(found.value + reach, 1.0),
        level=level,
        treated=found.treated,
        control=found.control,
        n=int(found.n),
        n_control=int(n[0][used].sum()),
        alone=int(found.alone),
        clusters=clusters,
    )

"""What changes at a threshold of a running variable, from sums per value and cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from peil.dataset import Dataset
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.groups import grouping, rows_from
from peil.estimates.moments import numbers
from peil.measures.measure import POPULATIONS, Measure
from peil.methods.moments import Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Running:
    """Rows by the value of a running variable and by cluster.

    Parameters:
        at: the value.
        cluster: number of the cluster.
        n: rows.
        outcome: sum of the outcome over them, in the measure's unit.
        treated: how many were treated.
        before: sum of each quantity that was settled beforehand.
        left_out: rows without a value of the running variable.
    """

    at: Floats
    cluster: Integers
    n: Floats
    outcome: Floats
    treated: Floats
    before: tuple[Floats, ...]
    left_out: int


def running(
    data: Dataset, outcome: Measure, by: str, *, treated: str, before: Sequence[str] = (), where: str = "true"
) -> Running:
    """Return the rows of a measure by a running variable.

    Parameters:
        data: the tables.
        outcome: a mean or share of rows.
        by: the running variable: a column of numbers, or ``extra.NAME``.
        treated: row-level SQL: the row was treated.
        before: row-level SQL of quantities that were settled before treatment, each a whole number.
        where: row-level SQL that chooses rows.

    Raises:
        DefinitionError: the measure is no mean of rows, or a column is unknown.
        EvidenceError: the running variable holds something else than numbers, or nothing.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> rows = running(made(), measure_named("abandonment"), "started_minute", treated="with_bot")
        >>> bool(rows.outcome.sum() < rows.n.sum())
        True
    """
    if outcome.per != "1" or outcome.estimator != "ratio":
        raise DefinitionError(f"'{outcome.name}' is no mean of rows", remedy="choose a share or a mean as outcome")
    schema, design = POPULATIONS[outcome.population], data.designs[outcome.population]
    if by in schema.names and schema.column(by).handle:
        raise DefinitionError(f"'{by}' tells customers apart", remedy="choose another running variable")
    column = grouping([by], schema).columns[0]
    asked = {"treated": treated, **{f"b{place}": sql for place, sql in enumerate(before)}}
    for sql in asked.values():
        rows_from(data.tables[outcome.population].name, schema, grouping((), schema), f"({sql}) is not null")
    sums = ", ".join(f"sum({sql}) as b{place}" for place, sql in enumerate(before))
    source = rows_from(
        data.tables[outcome.population].name, schema, grouping((), schema), f"({where}) and ({outcome.where})"
    )
    told = data.engine.rows(
        f"select cast({column} as varchar) as v, {design.clusters} as c, count(*) as n, sum({outcome.of}) as y, "
        f"sum(case when {treated} then 1 else 0 end) as t{', ' + sums if sums else ''} "
        f"{source} group by {column}, {design.clusters}"
    )
    known = told.filter(pc.is_valid(told.column("v")))
    left_out = int(pc.sum(told.column("n")).as_py() or 0) - int(pc.sum(known.column("n")).as_py() or 0)
    if not known.num_rows:
        raise EvidenceError(f"'{by}' holds nothing in these rows", remedy="choose another running variable")
    try:
        at = known.column("v").cast(pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        raise EvidenceError(
            f"'{by}' holds something else than numbers", remedy="choose a column of numbers, such as an amount"
        ) from None
    units = np.unique(known.column("c").to_numpy(zero_copy_only=False).astype(str), return_inverse=True)[1]
    return Running(
        at=at,
        cluster=units.astype(np.int64),
        n=numbers(known.column("n")),
        outcome=numbers(known.column("y")) * outcome.scale,
        treated=numbers(known.column("t")),
        before=tuple(numbers(known.column(f"b{place}")) for place in range(len(before))),
        left_out=left_out,
    )

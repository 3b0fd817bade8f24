"""Quantiles from exact value counts, with Woodruff's interval over the design's clusters."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from peil.engines.engine import Engine
from peil.engines.schema import Column, Kind, Schema
from peil.estimates.groups import Grouping
from peil.estimates.moments import BILLION, NothingCountedError, Quantity, counted, labels_of, numbers
from peil.estimates.residuals import calibrated_counted
from peil.estimates.row_sums import staged
from peil.measures.measure import Measure
from peil.methods import quantile as q
from peil.methods.ratio import Ratios, ratio
from peil.methods.student import student
from peil.surveys.design import Design

Floats = NDArray[np.float64]


def quantiles(
    engine: Engine, measure: Measure, design: Design, groups: Grouping, source: str, *, level: float
) -> dict[str, Any]:
    """Return a quantile of ``measure.of`` in each group.

    The engine counts how often each value occurs, or sums its weights; a second pass asks how sure the share at or below
    the quantile is, rows of one cluster together, and the interval is read from the same counts (Woodruff 1952). The
    standard error is the interval's width over twice Student's quantile. Without weights the quantile is interpolated
    (type 7 of Hyndman and Fan 1996); with them it is the smallest value whose cumulated weight reaches the probability
    (type 1), as R ``survey`` has it.

    Raises:
        NothingCountedError: no row is left.
    """
    listed = ", ".join([*groups.columns, measure.of])
    weight = f"sum(cast(t.{design.weight} as decimal(38, 0)))" if design.weight else "count(*)"
    rows = engine.rows(
        f"select {groups.named}{measure.of} as v, {weight} as n {source} and ({measure.where}) and {measure.of} is not null group by {listed}"
    )
    if not rows.num_rows:
        raise NothingCountedError
    labels, group = labels_of([rows.column(key) for key in groups.keys], rows.num_rows)
    value, summed = numbers(rows.column("v")), numbers(rows.column("n"))
    count = summed / BILLION if design.weight else summed.astype(np.int64)
    order = np.lexsort((value, group))
    group, value, count = group[order], value[order], count[order]
    n_groups = len(labels)
    of_counts = q.weighted if design.weight else q.quantile
    found = of_counts(group, value, count, measure.quantile, n_groups)
    share = _share_below(engine, measure, design, groups, source, labels, found)
    low_at, high_at = q.woodruff(share.value, share.se, share.df_here, level=level)
    low = np.fmin(q.weighted(group, value, count, low_at, n_groups), found)
    high = np.fmax(q.weighted(group, value, count, high_at, n_groups), found)
    sure = ~np.isnan(low_at)
    scale = measure.scale
    return {
        "groups": labels,
        "value": found * scale,
        "se": np.where(sure, (high - low) / (2 * student(share.df_here, level)), np.nan) * scale,
        "low": np.where(sure, low, np.nan) * scale,
        "high": np.where(sure, high, np.nan) * scale,
        "n": share.n,
        "clusters": share.clusters,
        "n_eff": share.n_eff,
        "df": share.df_here,
        "method": "quantile",
    }


def _share_below(  # the question and its answer so far
    engine: Engine,
    measure: Measure,
    design: Design,
    groups: Grouping,
    source: str,
    labels: tuple[tuple[object, ...], ...],
    found: Floats,
) -> Ratios:
    """Return the share of rows at or below each group's quantile, as a clustered ratio."""
    columns = {f"k{place}": [label[place] for label in labels] for place in range(len(groups.keys))}
    table = pa.table(
        {
            **{name: pa.array(values) for name, values in columns.items()},
            "at_most": pa.array(np.floor(found).astype(np.int64)),
        }
    )
    kinds = {pa.types.is_date: Kind.DAY, pa.types.is_integer: Kind.INTEGER, pa.types.is_boolean: Kind.FLAG}
    schema = Schema(
        name="quantile_at",
        one_row_is="a group and its quantile",
        key=tuple(columns),
        columns=tuple(
            Column(
                name=name,
                kind=next((kind for test, kind in kinds.items() if test(table.schema.field(name).type)), Kind.TEXT),
                says="",
            )
            for name in table.column_names
        ),
    )
    engine.small(schema, table)
    matches = " and ".join(
        f"quantile_at.{name} is not distinct from {column}"
        for name, column in zip(columns, groups.columns, strict=True)
    )
    head, tail = source.split(" where ", 1)
    # where the design is read from the same source, the join may not leave rows out
    staying = bool(design.calibration or design.unit)
    joined = f"{head}{' left' if staying else ''} join quantile_at on {matches or 'true'} where {tail}"
    below = Quantity(
        where=f"({measure.where}) and {measure.of} is not null",
        of=f"case when {measure.of} <= quantile_at.at_most then 1 else 0 end",
    )
    if staying:
        count = calibrated_counted if design.calibration else staged
        (sums,) = count(engine, [below], design, groups, joined)
    else:
        (sums,) = counted(engine, [below], design, groups, joined, drawn=head)
    lone = sums.moments.strata.clusters.size == 1
    made = ratio(sums.moments, len(sums.groups), singleton="certainty" if lone else design.singleton)
    place = {label: at for at, label in enumerate(sums.groups)}
    at = np.array([place[label] for label in labels], dtype=np.int64)
    return Ratios(**{each.name: getattr(made, each.name)[at] for each in fields(made)})

"""Quantiles from exact value counts, with Woodruff's interval over the design's clusters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from peil.engines.engine import Engine
from peil.engines.schema import Column, Kind, Schema
from peil.errors import DefinitionError
from peil.estimates.groups import Grouping
from peil.estimates.moments import NothingCountedError, Quantity, counted, labels_of, numbers
from peil.measures.measure import Measure
from peil.methods import quantile as q
from peil.methods.ratio import Ratios, ratio
from peil.surveys.design import Design

Floats = NDArray[np.float64]


def quantiles(
    engine: Engine, measure: Measure, design: Design, groups: Grouping, source: str, *, level: float
) -> dict[str, Any]:
    """Return a quantile of ``measure.of`` in each group.

    The engine counts how often each value occurs; a second pass asks how sure the share at or below the quantile is,
    rows of one cluster together, and the interval is read from the same counts (Woodruff 1952).

    Raises:
        DefinitionError: the design has weights, for which value counts are not kept.
        NothingCountedError: no row is left.
    """
    if design.weight:
        raise DefinitionError(
            f"'{measure.name}': quantiles of weighted rows are not supported", remedy="ask for a mean or a share"
        )
    keys = [*groups.keys]
    named = "".join(f"{column} as {key}, " for key, column in zip(keys, groups.columns, strict=True))
    listed = ", ".join([*groups.columns, measure.of])
    rows = engine.rows(
        f"select {named}{measure.of} as v, count(*) as n {source} and ({measure.where}) and {measure.of} is not null group by {listed}"
    )
    if not rows.num_rows:
        raise NothingCountedError
    labels, group = labels_of([rows.column(key) for key in keys], rows.num_rows)
    value, count = numbers(rows.column("v")), numbers(rows.column("n")).astype(np.int64)
    order = np.lexsort((value, group))
    group, value, count = group[order], value[order], count[order]
    n_groups = len(labels)
    found = q.quantile(group, value, count, measure.quantile, n_groups)
    share = _share_below(engine, measure, design, groups, source, labels, found)
    low_at, high_at = q.woodruff(share.value, share.se, share.df_here, level=level)
    low = np.fmin(q.weighted(group, value, count, low_at, n_groups), found)
    high = np.fmax(q.weighted(group, value, count, high_at, n_groups), found)
    sure = ~np.isnan(low_at)
    scale = measure.scale
    return {
        "groups": labels,
        "value": found * scale,
        "se": np.full(n_groups, np.nan),
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
    joined = f"{head} join quantile_at on {matches or 'true'} where {tail}"
    below = Quantity(
        where=f"({measure.where}) and {measure.of} is not null",
        of=f"case when {measure.of} <= quantile_at.at_most then 1 else 0 end",
    )
    (sums,) = counted(engine, [below], design, groups, joined, drawn=head)
    lone = sums.moments.strata.clusters.size == 1
    return ratio(sums.moments, len(labels), singleton="certainty" if lone else "refuse")

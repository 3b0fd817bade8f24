"""Quantiles of a sample's variables in groups, with Woodruff's interval over its design."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from peil.engines.engine import Engine
from peil.engines.schema import Column, Kind, Schema
from peil.errors import DefinitionError
from peil.estimates.groups import Grouping
from peil.estimates.moments import Counted, NothingCountedError, Quantity, labels_of, numbers
from peil.estimates.reading import Readings
from peil.estimates.variables import Variable
from peil.methods import quantile as q
from peil.methods.moments import Floats, Integers
from peil.methods.ratio import ratio
from peil.methods.student import student
from peil.surveys.design import Design

Counting = Callable[[Sequence[Quantity], Grouping, str], list[Counted]]
Entries = tuple[Integers, Floats, Floats]
METHOD = "smallest value whose cumulated weight reaches the probability; Woodruff interval"


def quantiles_of(  # the question, and who answers
    engine: Engine,
    design: Design,
    count: Counting,
    variables: Sequence[Variable],
    probability: float,
    groups: Grouping,
    source: str,
    *,
    level: float,
) -> Readings:
    """Return the quantile of every variable in each group; see ``Sample.quantile``.

    Two looks at the rows: summed weights of each value, then the share at or below what was found, over the design.

    Raises:
        DefinitionError: the probability is not between 0 and 1.
        NothingCountedError: no row is left.
    """
    if not 0 < probability < 1:
        raise DefinitionError(f"q is {probability:g}", remedy="give a probability between 0 and 1: 0.5 for the median")
    labels = _labels(engine, groups, source)
    entries = [_entries(engine, design, each, groups, source, labels) for each in variables]
    n_groups = len(labels)
    found = [q.weighted(*each, probability, n_groups) for each in entries]
    below = _below(engine, count, variables, groups, source, labels, found)
    columns: list[dict[str, Floats]] = []
    for each, value, sums in zip(entries, found, below, strict=True):
        share = ratio(sums.moments, n_groups, singleton=design.singleton, level=level)
        ends = q.woodruff(share.value, share.se, share.df_here, level=level)
        low, high = (q.weighted(*each, end, n_groups) for end in ends)
        columns.append(
            {
                "value": value,
                "se": (high - low) / (2 * student(share.df_here, level)),
                "low": low,
                "high": high,
                "n": share.n,
                "n_eff": share.n_eff,
                "deff": share.deff,
                "df": share.df_here,
            }
        )
    return Readings(
        statistic=f"quantile {probability:g}",
        by=groups.names,
        variables=tuple(each.name for each in variables for _ in labels),
        groups=labels * len(variables),
        level=level,
        method=METHOD,
        **{name: np.concatenate([each[name] for each in columns]) for name in columns[0]},
    )


def _labels(engine: Engine, groups: Grouping, source: str) -> tuple[tuple[object, ...], ...]:
    grouped = f" group by {', '.join(groups.columns)}" if groups.columns else ""
    rows = engine.rows(f"select {groups.named}count(*) as n {source}{grouped}")
    if not rows.num_rows or not sum(rows.column("n").to_pylist()):
        raise NothingCountedError
    return labels_of([rows.column(key) for key in groups.keys], rows.num_rows)[0]


def _entries(
    engine: Engine,
    design: Design,
    variable: Variable,
    groups: Grouping,
    source: str,
    labels: tuple[tuple[object, ...], ...],
) -> Entries:
    """Return group, value and summed weight of every distinct value, in order."""
    weight = f"sum(cast(t.{design.weight} as double))" if design.weight else "count(*)"
    listed = ", ".join([*groups.columns, variable.of])
    rows = engine.rows(
        f"select {groups.named}cast({variable.of} as double) as v, {weight} as w {source} and ({variable.where}) group by {listed}",
        steady=True,
    )
    here, group = labels_of([rows.column(key) for key in groups.keys], rows.num_rows)
    known = {label: place for place, label in enumerate(labels)}
    group = np.array([known[each] for each in here], dtype=np.int64)[group]
    value, summed = numbers(rows.column("v")), numbers(rows.column("w"))
    order = np.lexsort((value, group))
    return group[order], value[order], summed[order]


def _below(  # the question and its answer so far
    engine: Engine,
    count: Counting,
    variables: Sequence[Variable],
    groups: Grouping,
    source: str,
    labels: tuple[tuple[object, ...], ...],
    found: Sequence[Floats],
) -> list[Counted]:
    """Return the sums of "at or below the group's quantile" of every variable."""
    if not groups.columns:
        quantities = [
            Quantity(
                where=each.where, of=f"case when {each.of} <= cast('{float(value[0])!r}' as double) then 1 else 0 end"
            )
            for each, value in zip(variables, found, strict=True)
        ]
        return count(quantities, groups, source)
    table = pa.table(
        {
            **{key: pa.array([label[place] for label in labels]) for place, key in enumerate(groups.keys)},
            **{f"q{place}": pa.array(each) for place, each in enumerate(found)},
        }
    )
    columns = tuple(Column(name=name, kind=Kind.NUMBER, says="") for name in table.column_names)
    engine.lent(
        Schema(name="quantile_at", one_row_is="a group and its quantiles", key=groups.keys, columns=columns), table
    )
    head, tail = source.split(" where ", 1)
    matches = " and ".join(
        f"quantile_at.{key} is not distinct from {sql}" for key, sql in zip(groups.keys, groups.columns, strict=True)
    )
    quantities = [
        Quantity(where=each.where, of=f"case when {each.of} <= quantile_at.q{place} then 1 else 0 end")
        for place, each in enumerate(variables)
    ]
    return count(quantities, groups, f"{head} left join quantile_at on {matches} where {tail}")

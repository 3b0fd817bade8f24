"""What calibrates the weights of every replicate again: the design's margins, on sums per cluster and cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from peil.engines.engine import Engine
from peil.engines.schema import Table
from peil.errors import DefinitionError
from peil.estimates.cluster_totals import ClusterTotals, cluster_totals
from peil.estimates.groups import Grouping
from peil.estimates.moments import Quantity
from peil.estimates.variables import expression
from peil.methods.moments import Floats, Integers
from peil.methods.replicated import Reweigh
from peil.methods.reweigh import linear, raking
from peil.surveys.calibrated import levels_of
from peil.surveys.design import Calibration, Design, Margin

SHARES = 1e-6  # targets that add up to 1 within this are shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """How replicates are calibrated.

    Parameters:
        places: the place of each cell, by the values that tell cells apart; rows of no cell come after the last.
        reweigh: from multipliers to the factor of each cell, and 1 for rows of no cell.
        clusters: clusters of the design.
    """

    places: Mapping[tuple[object, ...], int]
    reweigh: Reweigh
    clusters: int


def calibrated_again(
    engine: Engine, table: Table, design: Design, known: Calibration, cells: Grouping, *, one: float
) -> Again:
    """Return how replicates of a calibrated sample are calibrated: one grouped query for weights per cluster and cell.

    Cell weights and raking go on from the weights as they are; linear calibration begins with those it began with.

    Parameters:
        engine: where the rows are.
        table: the rows.
        design: how they were drawn.
        known: how their weights were calibrated.
        cells: the margins' expressions, each once.
        one: what a weight of 1 is stored as.

    Raises:
        DefinitionError: numbers were raked to.
    """
    is_linear = known.method == "linear"
    base = expression(known.base, table.schema, "base") if known.base != "true" else "true"
    source = f"from {table.name} as t where ({base})"
    before = replace(design, weight=known.weight) if is_linear else design
    held = cluster_totals(engine, [Quantity(where="true", of="1")], before, cells, source, one=one)
    weights = held.of("w", 0)
    levels, targets, numbers, amounts = [], [], [], []
    for margin in known.margins:
        if () in margin.targets:
            place = cells.columns.index(_column(margin.by[0], table, cells))
            numbers.append(np.array([float(str(each[place])) for each in held.groups])[:, None])
            amounts.append(margin.targets[()])
            continue
        level, target = _margin(margin, held, cells, table)
        whole = float(target.sum())
        if not is_linear or abs(whole - 1) < SHARES:
            # weights of those that the margin speaks of already add up to its population
            target = target * (weights[(level < target.size)[held.group]].sum() / whole)
        levels.append(level)
        targets.append(target)
    if amounts and not is_linear:
        raise DefinitionError(
            "replicates are not raked to totals of numbers",
            remedy="calibrate with method 'linear', or say reweigh=False",
        )
    if is_linear:
        columns = [np.eye(t.size + 1)[at][:, : t.size] for at, t in zip(levels, targets, strict=True)]
        auxiliary = np.hstack([*columns, *numbers])
        made = linear(held.cluster, held.group, weights, auxiliary, np.concatenate([*targets, np.array(amounts)]))
    else:
        made = raking(held.cluster, held.group, weights, tuple(levels), tuple(targets))

    def reweigh(block: Floats) -> Floats:
        factor = made(block)
        return np.vstack([factor, np.ones((1, factor.shape[1]))])

    places = {label: place for place, label in enumerate(held.groups)}
    return Again(places=places, reweigh=reweigh, clusters=held.stratum.size)


def _column(sql: str, table: Table, cells: Grouping) -> str:
    """Return a margin's expression as the grouping writes it."""
    return dict(zip(cells.names, cells.columns, strict=True)).get(sql) or expression(sql, table.schema, "margin")


def _margin(margin: Margin, held: ClusterTotals, cells: Grouping, table: Table) -> tuple[Integers, Floats]:
    """Return the level of each cell and the target of each level; a cell without a target has a level beyond the last."""
    parts = []
    for sql in margin.by:
        place = cells.columns.index(_column(sql, table, cells))
        codes, texts = levels_of(pa.chunked_array([[each[place] for each in held.groups]]))
        parts.append([texts[code] for code in codes.tolist()])
    order = {level: place for place, level in enumerate(margin.targets)}
    named = zip(*parts, strict=True)
    return np.array([order.get(each, len(order)) for each in named], dtype=np.int64), np.array(
        list(margin.targets.values()), dtype=np.float64
    )

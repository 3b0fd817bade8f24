"""What calibrates the weights of every replicate again: the design's margins, on sums per cluster and cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from peil.engines.engine import Engine
from peil.engines.schema import Table
from peil.estimates.cluster_totals import ClusterTotals, cluster_totals
from peil.estimates.groups import Grouping
from peil.estimates.moments import Quantity
from peil.estimates.variables import expression
from peil.methods.distances import Distance, exponential, logit, straight
from peil.methods.moments import Floats, Integers
from peil.methods.replicated import Reweigh
from peil.methods.reweigh import calibrating, raking
from peil.surveys.design import Calibration, Design, Margin
from peil.surveys.levels import levels_of

DISTANCES: Mapping[str, Callable[[tuple[float, float]], Distance]] = {
    "linear": lambda _: straight,
    "rake": lambda _: exponential,
    "bounded": lambda bounds: logit(*bounds),
}
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

    Cell weights and raking to margins go on from the weights as they are; all else begins with those it began with.

    Parameters:
        engine: where the rows are.
        table: the rows.
        design: how they were drawn.
        known: how their weights were calibrated.
        cells: the margins' expressions, each once.
        one: what a weight of 1 is stored as.
    """
    by_newton = known.method in DISTANCES and (
        known.method != "rake" or any(() in each.targets for each in known.margins)
    )
    base = expression(known.base, table.schema, "base") if known.base != "true" else "true"
    source = f"from {table.name} as t where ({base})"
    before = replace(design, weight=known.weight) if by_newton else design
    held = cluster_totals(engine, [Quantity(where="true", of="1")], before, cells, source, one=one)
    weights, size = held.of("w", 0), np.ones(len(held.groups))
    levels, targets, numbers, amounts = [], [], [], []
    for margin in known.margins:
        if () in margin.targets:
            place = cells.columns.index(_column(margin.by[0], table, cells))
            numbers.append(np.array([float(str(each[place])) for each in held.groups])[:, None])
            amounts.append(margin.targets[()])
            continue
        level, target = _margin(margin, held, cells, table)
        whole, told = float(target.sum()), level < target.size
        drawn = weights[told[held.group]].sum()
        if not by_newton or abs(whole - 1) < SHARES:
            # weights of those that the margin speaks of already add up to its population
            target = target * (drawn / whole)
        # bounds are on weights that are scaled to the population
        size[told] = target.sum() / drawn
        levels.append(level)
        targets.append(target)
    if by_newton:
        columns = [np.eye(t.size + 1)[at][:, : t.size] for at, t in zip(levels, targets, strict=True)]
        made = calibrating(
            held.cluster,
            held.group,
            weights * size[held.group],
            np.hstack([*columns, *numbers]),
            np.concatenate([*targets, np.array(amounts)]),
            distance=DISTANCES[known.method](known.bounds or (0.0, np.inf)),
        )
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

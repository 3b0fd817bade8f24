"""Residuals of calibrated weights: what the margins do not explain is all that is uncertain.

With weights w = g d that meet totals of x, an estimated total of y is as uncertain as that of y - x'B, where B is the
regression of y on x with the weights d from before (Deville and Särndal 1992; Särndal, Swensson and Wretman 1992, 6.6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import scipy

from peil.engines.engine import Engine
from peil.errors import DefinitionError
from peil.estimates.auxiliaries import Auxiliaries
from peil.estimates.cluster_totals import ClusterTotals, UnitTotals, cluster_totals
from peil.estimates.groups import Grouping
from peil.estimates.moments import BILLION, Counted, Quantity, labels_of, numbers
from peil.estimates.places import codes, distinct
from peil.estimates.row_sums import moments_of, row_moments, row_squares
from peil.methods.explained import BLOCK, Explained, Kinds, inverse_of, residuals
from peil.methods.moments import Floats, Integers, Moments, Within
from peil.methods.two_stage import Second
from peil.surveys.design import Calibration, Design, Singleton


def calibrated_totals(
    engine: Engine,
    quantities: Sequence[Quantity],
    design: Design,
    groups: Grouping,
    source: str,
    *,
    one: float = BILLION,
) -> ClusterTotals:
    """Return the sums of every quantity per cluster and group with what the margins explain of them; see ``cluster_totals``.

    Raises:
        DefinitionError: the design is not calibrated.
        NothingCountedError: there are no rows at all.
    """
    known = design.calibration
    if known is None:
        raise DefinitionError("the design is not calibrated", remedy="ask for plain cluster totals")
    totals = cluster_totals(engine, quantities, design, groups, source, one=one)
    size = one if design.weight else 1.0
    base = totals.beside if totals.beside is not None else _of_clusters(engine, design, known, source)
    cluster, unit = (np.arange(base.num_rows), None) if totals.beside is not None else _places(base)
    counted = numbers(base.column("based")) > 0
    columns = Auxiliaries(known)
    x, cell = columns.cells(base)
    before = numbers(base.column("drawn")) / (one if known.weight else 1.0)
    weight = numbers(base.column("weight")) / size

    def of(place: Integers, size: int) -> scipy.sparse.csr_matrix:
        shape = (size, x.shape[0])
        return scipy.sparse.csr_matrix((weight[counted], (place[counted], cell[counted])), shape=shape)

    drawn = np.bincount(cell[counted], before[counted], minlength=x.shape[0]).astype(np.float64)
    asked = _numerators(engine, quantities, known, columns, groups, source, totals.groups, one=one)
    of_cluster = of(cluster, totals.stratum.size)
    of_unit = None if unit is None or totals.units is None else of(unit, totals.units.cluster.size)
    return replace(totals, explained=Explained.of(x=x, drawn=drawn, weight=of_cluster, crossed=asked, units=of_unit))


def calibrated_counted(
    engine: Engine,
    quantities: Sequence[Quantity],
    design: Design,
    groups: Grouping,
    source: str,
    *,
    one: float = BILLION,
) -> list[Counted]:
    """Return the moments of each quantity with those of its residuals; the parameters are those of ``cluster_totals``.

    Raises:
        EvidenceError: a stratum, or a cluster that was sampled from, has a single cluster or unit.
        NothingCountedError: there are no rows at all.
    """
    if not design.cluster:
        return _of_rows(engine, quantities, design, groups, source)
    totals = calibrated_totals(engine, quantities, design, groups, source, one=one)
    squares = row_squares(engine, quantities, design, groups, source, totals, one=one)
    plain = moments_of(totals, squares, singleton=design.singleton)
    return [
        Counted(moments=with_residuals(totals, place, each, singleton=design.singleton), groups=totals.groups)
        for place, each in enumerate(plain)
    ]


def with_residuals(
    totals: ClusterTotals, quantity: int, moments: Moments, *, singleton: Singleton = "refuse"
) -> Moments:
    """Return moments with an entry for every group and stratum, and with the residuals of one quantity.

    Parameters:
        totals: the sums per cluster, and what explains them.
        quantity: which of them.
        moments: its moments.
        singleton: what to do with a cluster of one unit.

    Raises:
        EvidenceError: a cluster has a single unit of several, and it is refused.
    """
    if totals.explained is None:
        raise DefinitionError("the design is not calibrated", remedy="use the moments as they are")
    n_groups, n_strata = len(totals.groups), totals.strata.clusters.size
    found = residuals(
        totals.explained,
        quantity,
        stratum=totals.stratum,
        n_strata=n_strata,
        entries=(totals.cluster, totals.group, totals.of("x", quantity), totals.of("y", quantity)),
        n_groups=n_groups,
    )
    within = _within(totals, totals.units, quantity, singleton) if totals.units is not None else None
    return replace(_every(moments, n_groups), residuals=found, within=within)


def _within(totals: ClusterTotals, units: UnitTotals, quantity: int, singleton: Singleton) -> Within:
    """Return what units sampled from the clusters add, by the residuals of each of them, in a group or not."""
    assert totals.explained is not None  # noqa: S101  # the caller has looked
    explained, size, n_groups = totals.explained, units.cluster.size, len(totals.groups)
    places, slopes = totals.places[quantity], explained.slopes[quantity]
    made = np.zeros((3, n_groups, totals.strata.clusters.size))
    step = max(1, BLOCK // max(size, 1))
    for first in range(0, n_groups, step):
        last = min(first + step, n_groups)
        here = (units.group >= first) & (units.group < last)
        left = []
        for place, slope in zip((places["x"], places["y"]), slopes, strict=True):
            whole = np.zeros((size, last - first))
            whole[units.unit[here], units.group[here] - first] = units.sums[place][here]
            left.append(explained.unit_residuals(whole, slope[first:last]).T.ravel())
        second = Second(
            inside=units.inside,
            strata=totals.strata,
            stratum=totals.stratum,
            cluster=np.tile(units.cluster, last - first),
            group=np.repeat(np.arange(last - first), size),
            n_groups=last - first,
        )
        known = (left[0] != 0) | (left[1] != 0)
        for place, (a, b) in enumerate(((0, 0), (0, 1), (1, 1))):
            made[place, first:last] = second.products(left[a], left[b], singleton=singleton, known=known)
    xx, xy, yy = (each.ravel() for each in made)
    return Within(xx=xx, xy=xy, yy=yy)


def _every(moments: Moments, n_groups: int) -> Moments:
    """Return moments with an entry for every group and stratum: where nothing was counted there are residuals too."""
    m, n_strata = moments, moments.strata.clusters.size
    place, every = m.group * n_strata + m.stratum, np.arange(n_groups * n_strata)

    def whole(values: Floats) -> Floats:
        return np.bincount(place, values, minlength=every.size).astype(np.float64)

    return Moments(
        strata=m.strata,
        group=every // n_strata,
        stratum=every % n_strata,
        rows=whole(m.rows),
        clusters=whole(m.clusters),
        w=whole(m.w),
        x=whole(m.x),
        y=whole(m.y),
        xx=whole(m.xx),
        xy=whole(m.xy),
        yy=whole(m.yy),
        wxx=whole(m.wxx),
        wxy=whole(m.wxy),
        wyy=whole(m.wyy),
    )


def _of_rows(
    engine: Engine, quantities: Sequence[Quantity], design: Design, groups: Grouping, source: str
) -> list[Counted]:
    """Return the moments of rows that are their own clusters: rows of one kind are added up in the engine."""
    known = design.calibration
    assert known is not None  # noqa: S101  # the caller has looked
    plain = row_moments(engine, quantities, design, groups, source)
    names = {name: place for place, name in enumerate(plain[0].moments.strata.names)}
    columns, stratum = Auxiliaries(known), design.stratum or "''"
    keys = {f"k{place}": sql for place, sql in enumerate(known.expressions)}
    listed = "".join(f"{sql} as {name}, " for name, sql in keys.items())
    drawn, w = (f"cast({f't.{each}' if each else '1'} as double)" for each in (known.weight, design.weight))
    head = source.split(" where ", maxsplit=1)[0]
    base = engine.rows(
        f"select {listed}{stratum} as h, sum({drawn}) as drawn, sum({w}) as weight, sum({w} * {w}) as squares {head} "
        f"where ({known.base}) group by {', '.join([*keys.values(), stratum])}",
        steady=True,
    )
    asked: dict[str, str] = {}

    def column(each: Quantity, sql: str) -> tuple[str, str]:
        before, after = (
            f"sum(case when {each.where} and ({known.base}) then {size} * cast(({sql}) as double) else 0 end)"
            for size in (drawn, f"{w} * {w}")
        )
        return asked.setdefault(before, f"s{len(asked)}"), asked.setdefault(after, f"s{len(asked)}")

    wanted = [(column(each, each.per), column(each, each.of)) for each in quantities]
    by = {**dict(zip(groups.keys, groups.columns, strict=True)), **keys}
    crossed = ", ".join(f"{sql} as {name}" for name, sql in [*by.items(), *((b, a) for a, b in asked.items())])
    rows = engine.rows(
        f"select {crossed}, {stratum} as h {source} group by {', '.join([*by.values(), stratum])}", steady=True
    )
    x = columns.matrix(base)
    _, group = labels_of([rows.column(key) for key in groups.keys], rows.num_rows)
    at = np.array([names[str(each)] for each in rows.column("h").to_pylist()], dtype=np.int64)
    kinds = Kinds(
        x=x,
        inverse=inverse_of(x, numbers(base.column("drawn"))),
        stratum=np.array([names[str(each)] for each in base.column("h").to_pylist()], dtype=np.int64),
        weight=numbers(base.column("weight")),
        squares=numbers(base.column("squares")),
        of_rows=columns.matrix(rows),
        group=group,
        row_stratum=at,
    )
    values = {name: numbers(rows.column(name)) for name in asked.values()}
    found = []
    for each, (per, of) in zip(plain, wanted, strict=True):
        whole = _every(each.moments, len(each.groups))
        sums = tuple(tuple(values[name] for name in pair) for pair in (per, of))
        left = kinds.residuals(whole, (sums[0][0], sums[0][1]), (sums[1][0], sums[1][1]))
        found.append(Counted(moments=replace(whole, residuals=left), groups=each.groups))
    return found


def _of_clusters(engine: Engine, design: Design, known: Calibration, source: str) -> pa.Table:
    """Ask for every cluster's respondents of each kind, unit by unit: their weights before and after."""
    keys = {"h": design.stratum or "''", "c": design.clusters} | ({"u": design.unit} if design.unit else {})
    keys |= {f"k{place}": sql for place, sql in enumerate(known.expressions)}
    head = source.split(" where ", maxsplit=1)[0]
    base = f"case when {known.base} then {{}} else 0 end"
    drawn = f"cast(t.{known.weight} as double)" if known.weight else "cast(1 as double)"
    weight = f"cast(t.{design.weight} as double)" if design.weight else "cast(1 as double)"
    listed = ", ".join(f"{sql} as {name}" for name, sql in keys.items())
    return engine.rows(
        f"select {listed}, sum({base.format('1')}) as based, sum({base.format(drawn)}) as drawn, "
        f"sum({base.format(weight)}) as weight {head} group by {', '.join(keys.values())}",
        steady=True,
    )


def _places(base: pa.Table) -> tuple[Integers, Integers | None]:
    """Return the place of each row's cluster and unit in ``ClusterTotals``: by stratum, then by name."""
    h, c = codes(base.column("h"))[1], codes(base.column("c"))[1]
    cluster = distinct(h, c)[2]
    return cluster, distinct(cluster, codes(base.column("u"))[1])[2] if "u" in base.column_names else None


def _numerators(
    engine: Engine,
    quantities: Sequence[Quantity],
    known: Calibration,
    columns: Auxiliaries,
    groups: Grouping,
    source: str,
    labels: tuple[tuple[object, ...], ...],
    *,
    one: float,
) -> tuple[tuple[Floats, Floats], ...]:
    """Return Σ d x·per and Σ d x·of over the rows of each group, for every quantity."""
    drawn = f"cast(t.{known.weight} as double) * " if known.weight else ""
    asked: dict[str, str] = {}

    def column(where: str, sql: str) -> str:
        value = f"{drawn}cast(({sql}) as double)"
        chosen = value if where == "true" else f"case when {where} then {value} else 0 end"
        return asked.setdefault(f"sum({chosen})", f"s{len(asked)}")

    wanted = [(column(each.where, each.per), column(each.where, each.of)) for each in quantities]
    keys = dict(zip(groups.keys, groups.columns, strict=True))
    keys |= {f"k{place}": sql for place, sql in enumerate(known.expressions)}
    listed = ", ".join(f"{sql} as {name}" for name, sql in [*keys.items(), *((b, a) for a, b in asked.items())])
    rows = engine.rows(f"select {listed} {source} group by {', '.join(keys.values())}", steady=True)
    found, group = labels_of([rows.column(key) for key in groups.keys], rows.num_rows)
    place = {label: at for at, label in enumerate(labels)}
    at = np.array([place[label] for label in found], dtype=np.int64)[group]
    x = columns.matrix(rows)
    size = one if known.weight else 1.0
    made: dict[str, Floats] = {}
    for name in asked.values():
        value = numbers(rows.column(name)) / size
        of_group = scipy.sparse.csr_matrix((value, (at, np.arange(at.size))), shape=(len(labels), at.size))
        made[name] = np.asarray((of_group @ x).toarray())
    return tuple((made[per], made[of]) for per, of in wanted)

"""Sums per stratum, primary cluster and group: what contrasts, replicates and tests of tables are made from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from peil.engines.engine import Engine
from peil.estimates.groups import Grouping
from peil.estimates.moments import BILLION, NothingCountedError, Quantity, labels_of
from peil.estimates.places import codes, distinct, inverse, largest
from peil.methods.explained import Explained
from peil.methods.moments import Floats, Integers, Strata
from peil.methods.two_stage import Inside
from peil.surveys.design import Design

Sum = Literal["n", "w", "x", "y"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitTotals:
    """Sums per second-stage unit and group, of a design that sampled from its clusters too.

    Parameters:
        cluster: (U,) cluster of each unit drawn, an index into ``ClusterTotals.stratum``; units without a row in any
            group are there too.
        unit: (M,) unit of each entry, an index into ``cluster``.
        group: (M,) group of each entry.
        sums: (S, M), as in ``ClusterTotals``.
        inside: how many units were drawn from each cluster, and how many there are.
    """

    cluster: Integers
    unit: Integers
    group: Integers
    sums: Floats
    inside: Inside


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClusterTotals:
    """Sums per primary cluster and group, in long form: one entry for each pair that has rows.

    Entries stand in the order of cluster, then group, and clusters in the order of stratum, then name: the same
    data give the same order, so that what is drawn by number can be drawn again.

    Parameters:
        strata: the whole design: clusters drawn in each stratum, and how many there are.
        stratum: (C,) stratum of each cluster of the whole design, an index into ``strata``; clusters without a row in
            any group are there too.
        groups: the values of the group columns, one tuple a group.
        cluster: (M,) cluster of each entry, an index into ``stratum``.
        group: (M,) group of each entry, an index into ``groups``.
        sums: (S, M) the distinct sums; quantities share what is the same (n and w where nothing is missing).
        places: for each quantity, where its n, w, x and y stand in ``sums``.
        units: the same per second-stage unit; None where clusters were taken whole.
        beside: where rows are clusters and weights were calibrated, each row's levels (``k0`` …), whether it is a
            respondent (``based``), and its weight before (``drawn``) and after (``weight``).
        explained: what the margins explain of the sums, where weights were calibrated and residuals were asked for.

    Example:
        >>> from peil.estimates.moments import Quantity
        >>> from peil.estimates.groups import grouping, rows_from
        >>> from peil.made import made
        >>> from peil.surveys.responses import RESPONSES
        >>> data = made()
        >>> by = grouping(["channel"], RESPONSES)
        >>> source = rows_from("responses", RESPONSES, by, "construct = 'nps'")
        >>> found = cluster_totals(data.engine, [Quantity(where="score >= 0", of="score")], data.designs["responses"], by, source)
        >>> found.dense("y", 0).shape == (found.stratum.size, len(found.groups))
        True
    """

    strata: Strata
    stratum: Integers
    groups: tuple[tuple[object, ...], ...]
    cluster: Integers
    group: Integers
    sums: Floats
    places: tuple[dict[Sum, int], ...]
    units: UnitTotals | None = None
    beside: pa.Table | None = None
    explained: Explained | None = None

    def of(self, which: Sum, quantity: int) -> Floats:
        """Return (M,) one sum of one quantity: rows ``n``, weights ``w``, w·per ``x`` or w·of ``y``."""
        found: Floats = self.sums[self.places[quantity][which]]
        return found

    def matrix(self, which: Sum, quantities: Sequence[int] | None = None) -> Floats:
        """Return (M, Q) one sum of several quantities, all of them if left out."""
        chosen = range(len(self.places)) if quantities is None else quantities
        return self.sums[[self.places[each][which] for each in chosen]].T

    def dense(self, which: Sum, quantity: int) -> Floats:
        """Return (C, G) one sum of one quantity, nought where a cluster has no row in a group."""
        whole = np.zeros((self.stratum.size, len(self.groups)))
        whole[self.cluster, self.group] = self.of(which, quantity)
        return whole

    def over_groups(self, which: Sum, quantity: int) -> Floats:
        """Return (G,) one sum of one quantity over all clusters."""
        return np.bincount(self.group, self.of(which, quantity), minlength=len(self.groups)).astype(np.float64)


def cluster_totals(
    engine: Engine,
    quantities: Sequence[Quantity],
    design: Design,
    groups: Grouping,
    source: str,
    *,
    one: float = BILLION,
) -> ClusterTotals:
    """Return the sums of every quantity per primary cluster and group, in one pass over the rows.

    Weights in whole billionths are summed exactly, in 38 digits; weights that are doubles are summed in the order of
    the rows, on one core, so that the same rows give the same digits.

    Parameters:
        engine: where the rows are.
        quantities: what to sum, over rows of one population.
        design: how the rows came to be there; with ``cluster=""`` every row is a cluster.
        groups: how to group them.
        source: FROM and WHERE of the rows, as ``groups.rows_from`` writes them; clusters whose rows it leaves out stay
            in the design.
        one: what a weight of 1 is stored as: a billion, or 1.0 where weights are doubles.

    Raises:
        NothingCountedError: there are no rows at all.
    """
    columns = _Columns()
    places = tuple(_places(each, design, columns, exact=one == BILLION) for each in quantities)
    head, tail = source.split(" where ", maxsplit=1)
    names, ends = _drawn(design), _ends(design)
    keys = {**dict(zip(groups.keys, groups.columns, strict=True)), **names}
    by_row = not design.cluster
    ends = {**ends, **_beside(design)} if by_row else {name: f"max({sql})" for name, sql in ends.items()}
    grouped = "" if by_row else f" group by {', '.join(keys.values())}"
    rows = engine.rows(
        f"select {_named({**keys, **ends})}, {columns.listed(by_row=by_row)} {source}{grouped}", steady=True
    )
    if not rows.num_rows:
        raise NothingCountedError
    labels, group = labels_of([rows.column(key) for key in groups.keys], rows.num_rows)
    values = _Values(columns=columns, rows=rows, one=one if design.weight else 1.0)
    apart = f"select {_named({**names, **ends})} {head}"
    if by_row:
        left_out = engine.rows(f"{apart} where not coalesce({tail}, false)") if tail != "(true)" else None
        return _of_rows(rows, left_out, (labels, group), values, places, tuple(_beside(design)))
    whole = rows if tail == "(true)" else engine.rows(f"{apart} group by {', '.join(names.values())}")
    return _of_clusters(design, rows, whole, (labels, group), values, places)


class _Columns:
    """SQL to place: quantities share bases and numerators, and what is the same is summed once."""

    def __init__(self) -> None:
        self._made: dict[str, int] = {}
        self._weighted: set[int] = set()

    def of(self, sql: str, *, weighted: bool = False) -> int:
        place = self._made.setdefault(sql, len(self._made))
        if weighted:
            self._weighted.add(place)
        return place

    def listed(self, *, by_row: bool) -> str:
        if by_row:
            return ", ".join(f"cast({sql} as double) as r{place}" for sql, place in self._made.items())
        return ", ".join(f"cast({_added(sql)} as double) as r{place}" for sql, place in self._made.items())

    def __len__(self) -> int:
        return len(self._made)

    def weighted(self, place: int) -> bool:
        return place in self._weighted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Values:
    """What was summed, as it came from the engine."""

    columns: _Columns
    rows: pa.Table
    one: float

    def ordered(self, order: Integers | None) -> Floats:
        """Return (S, M) sums, entries in another order."""
        found = np.empty((len(self.columns), self.rows.num_rows))
        for place in range(len(self.columns)):
            values = self.rows.column(f"r{place}").to_numpy()
            found[place] = values if order is None else values[order]
            if self.one != 1 and self.columns.weighted(place):
                found[place] /= self.one
        return found


def _added(sql: str) -> str:
    if sql == "1":
        return "count(*)"
    counts = re.fullmatch(r"case when (.*) then 1 else 0 end", sql)
    return f"count(case when {counts[1]} then 1 end)" if counts and " when " not in counts[1] else f"sum({sql})"


def _named(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} as {name}" for name, sql in columns.items())


def _places(quantity: Quantity, design: Design, columns: _Columns, *, exact: bool) -> dict[Sum, int]:
    where = quantity.where

    def row(sql: str) -> str:
        return sql if where == "true" else f"case when {where} then {sql} else 0 end"

    n = columns.of(row("1"))
    if not design.weight:
        x = n if quantity.per == "1" else columns.of(row(quantity.per))
        return {"n": n, "w": n, "x": x, "y": n if quantity.of == "1" else columns.of(row(quantity.of))}
    weight = f"cast(t.{design.weight} as {'decimal(38, 0)' if exact else 'double'})"
    w = columns.of(row(weight), weighted=True)
    x, y = (
        w if sql == "1" else columns.of(row(f"{weight} * ({sql})"), weighted=True)
        for sql in (quantity.per, quantity.of)
    )
    return {"n": n, "w": w, "x": x, "y": y}


def _drawn(design: Design) -> dict[str, str]:
    """Columns that tell what was drawn: the stratum, the cluster, the unit."""
    found = {"h": design.stratum or "''"}
    if design.cluster:
        found["c"] = design.clusters
    if design.unit:
        found["u"] = design.unit
    return found


def _ends(design: Design) -> dict[str, str]:
    """Columns that tell from how many."""
    found = {"pop": design.population, "unit_pop": design.unit_population if design.unit else None}
    return {name: sql for name, sql in found.items() if sql}


def _beside(design: Design) -> dict[str, str]:
    """Columns that tell of single rows what calibration went by."""
    known = design.calibration
    if known is None or design.cluster:
        return {}
    weights = {"drawn": known.weight, "weight": design.weight}
    return {
        **{f"k{place}": sql for place, sql in enumerate(known.expressions)},
        "based": f"case when {known.base} then 1 else 0 end",
        **{name: f"cast({f't.{weight}' if weight else '1'} as double)" for name, weight in weights.items()},
    }


Labelled = tuple[tuple[tuple[object, ...], ...], Integers]


def _of_rows(
    rows: pa.Table,
    left_out: pa.Table | None,
    labelled: Labelled,
    values: _Values,
    places: tuple[dict[Sum, int], ...],
    beside: tuple[str, ...],
) -> ClusterTotals:
    """Every row is a cluster; those that were left out of the question follow those that are in it."""
    whole = rows
    if left_out is not None:
        kept = left_out.column_names
        whole = pa.concat_tables([rows.select(kept), left_out.cast(rows.select(kept).schema)])
    names, stratum = codes(whole.column("h"))
    return ClusterTotals(
        strata=_strata(stratum, largest(whole, "pop", stratum, len(names)), names),
        stratum=stratum,
        groups=labelled[0],
        cluster=np.arange(rows.num_rows),
        group=labelled[1],
        sums=values.ordered(None),
        places=places,
        beside=whole.select(beside) if beside else None,
    )


def _of_clusters(
    design: Design,
    rows: pa.Table,
    whole: pa.Table,
    labelled: Labelled,
    values: _Values,
    places: tuple[dict[Sum, int], ...],
) -> ClusterTotals:
    labels, group = labelled
    both, drawn, start = rows, rows.num_rows, 0
    if whole is not rows:
        both = pa.concat_tables([whole, rows.select(whole.column_names).cast(whole.schema)])
        drawn = start = whole.num_rows
    names, h = codes(both.column("h"))
    stratum, _, c = distinct(h, codes(both.column("c"))[1])
    strata = _strata(stratum, largest(whole, "pop", h[:drawn], len(names)), names)
    units = None
    if design.unit:
        of_unit, _, u = distinct(c, codes(both.column("u"))[1])
        unit, of_group, at = distinct(u[start:], group)
        sums = values.ordered(inverse(at))
        inside = _inside(whole, np.bincount(of_unit, minlength=stratum.size).astype(np.float64), c[:drawn])
        units = UnitTotals(cluster=of_unit, unit=unit, group=of_group, sums=sums, inside=inside)
        cluster, of_group, at = distinct(of_unit[unit], of_group)
        sums = np.stack([np.bincount(at, each, minlength=cluster.size) for each in sums])
    else:
        cluster, of_group, at = distinct(c[start:], group)
        sums = values.ordered(inverse(at))
    return ClusterTotals(
        strata=strata,
        stratum=stratum,
        groups=labels,
        cluster=cluster,
        group=of_group,
        sums=sums,
        places=places,
        units=units,
    )


def _inside(whole: pa.Table, units: Floats, cluster: Integers) -> Inside:
    """Return how many units there are; of a cluster whose rows name no unit all were taken."""
    population = largest(whole, "unit_pop", cluster, units.size)
    unnamed = cluster[whole.column("u").is_null().to_numpy()]
    if unnamed.size:
        population = np.full(units.size, np.nan) if population is None else population
        population[unnamed] = units[unnamed]
    return Inside(units=units, population=population)


def _strata(stratum: Integers, population: Floats | None, names: pa.Array) -> Strata:
    return Strata(
        clusters=np.bincount(stratum, minlength=len(names)).astype(np.float64),
        population=population,
        names=tuple("" if each is None else str(each) for each in names.to_pylist()),
    )

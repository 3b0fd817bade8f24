"""Sums over rows that no cluster total holds: squares for the design effect, and samples of single rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from peil.engines.engine import Engine
from peil.engines.subset import is_indicator, outcomes
from peil.estimates.cluster_totals import ClusterTotals, cluster_totals
from peil.estimates.groups import Grouping
from peil.estimates.moments import BILLION, Counted, NothingCountedError, Quantity, labels_of, numbers
from peil.estimates.places import codes, distinct
from peil.methods.moments import Floats, Integers, Moments, Strata, Within
from peil.methods.two_stage import Second
from peil.surveys.design import Design, Singleton

# as many cells of cluster and group for each that has rows are still added up in slices
DENSE = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Squares:
    """Sums over the rows of each group: w·per², w·per·of and w·of²."""

    xx: Floats
    xy: Floats
    yy: Floats


def _summed(where: str, sql: str) -> str:
    return f"cast(sum({sql if where == 'true' else f'case when {where} then {sql} else 0 end'}) as double)"


def _double(sql: str) -> str:
    return f"cast({sql} as double)"


def row_squares(
    engine: Engine,
    quantities: Sequence[Quantity],
    design: Design,
    groups: Grouping,
    source: str,
    totals: ClusterTotals,
    *,
    one: float = 1.0,
) -> list[Squares]:
    """Return the squares that the design effect compares with, one a quantity; what totals tell is not asked for.

    Parameters:
        engine: where the rows are.
        quantities: those of the totals, in their order.
        design: theirs.
        groups: theirs.
        source: theirs.
        totals: what was summed already.
        one: what a weight of 1 is stored as.
    """
    weight = _double(f"t.{design.weight}") if design.weight else "1"
    asked: dict[str, tuple[str, float]] = {}

    def column(where: str, a: str, b: str) -> str:
        sizes = {abs(each) for each in outcomes(a) or ()} - {0} if a == b else set()
        size = float(sizes.pop()) if len(sizes) == 1 else 0.0
        # a score of 100, 0 or -100 squared is a hundred times its size
        sql = f"{weight} * abs({a})" if size else f"{weight} * {_double(a)} * {_double(b)}"
        return asked.setdefault(_summed(where, sql), (f"q{len(asked)}", size or 1.0))[0]

    wanted: list[dict[str, str | Floats]] = []
    for place, each in enumerate(quantities):
        w, y = (totals.over_groups(which, place) for which in ("w", "y"))
        plain = each.per == "1"
        wanted.append(
            {
                "xx": w if plain else column(each.where, each.per, each.per),
                "xy": y if plain else column(each.where, each.per, each.of),
                "yy": y if is_indicator(each.of) else column(each.where, each.of, each.of),
            }
        )
    found: dict[str, Floats] = {}
    if asked:
        grouped = f" group by {', '.join(groups.columns)}" if groups.columns else ""
        listed = ", ".join(f"{sql} as {name}" for sql, (name, _) in asked.items())
        rows = engine.rows(f"select {groups.named}{listed} {source}{grouped}", steady=True)
        _, group = labels_of([rows.column(key) for key in groups.keys], rows.num_rows)
        scale = one if design.weight else 1.0
        for name, size in asked.values():
            found[name] = np.zeros(len(totals.groups))
            found[name][group] = numbers(rows.column(name)) * (size / scale)
    return [
        Squares(**{name: found[each] if isinstance(each, str) else each for name, each in one.items()})
        for one in wanted
    ]


def moments_of(
    totals: ClusterTotals, squares: Sequence[Squares] | None, *, singleton: Singleton = "refuse"
) -> list[Moments]:
    """Return each quantity's moments from cluster totals.

    Parameters:
        totals: sums per cluster and group, and per unit where the design has two stages.
        squares: sums of squares over rows; None leaves the design effect and the effective rows unknown (nan).
        singleton: what to do with a cluster of one unit.
    """
    group, stratum, at = distinct(totals.group, totals.stratum[totals.cluster])
    first = np.zeros(group.size, dtype=bool)
    first[np.unique(group, return_index=True)[1]] = True
    over = _Sums(totals, group, stratum, at)

    def once(values: Floats) -> Floats:
        # a sum over the whole group stands at its first entry: it is only ever added up over the group
        return np.where(first, values[group], 0.0)

    unknown = np.full(len(totals.groups), np.nan)
    found = []
    for quantity, place in enumerate(totals.places):
        n, w, x, y = place["n"], place["w"], place["x"], place["y"]
        here = squares[quantity] if squares else Squares(xx=unknown, xy=unknown, yy=unknown)
        found.append(
            Moments(
                strata=totals.strata,
                group=group,
                stratum=stratum,
                rows=over(n),
                clusters=over.present(n),
                w=over(w),
                x=over(x),
                y=over(y),
                xx=over(x, x),
                xy=over(x, y),
                yy=over(y, y),
                wxx=once(here.xx),
                wxy=once(here.xy),
                wyy=once(here.yy),
                within=_within(totals, (n, x, y), (group, stratum), singleton),
            )
        )
    return found


class _Sums:
    """Sums over clusters of their totals, and of products of these, per group and stratum; each is made once."""

    def __init__(self, totals: ClusterTotals, group: Integers, stratum: Integers, at: Integers) -> None:
        self._totals, self._at, self._size = totals, at, group.size
        self._made: dict[tuple[int, ...], Floats] = {}
        # clusters stand in the order of their strata: where most have rows in most groups, slices are added up
        self._whole = totals.stratum.size * len(totals.groups) <= DENSE * totals.cluster.size
        self._whole &= bool(np.all(np.diff(totals.stratum) >= 0))
        self._starts = np.unique(totals.stratum, return_index=True)[1]
        self._cells = (stratum, group)
        self._square: dict[int, Floats] = {}

    def __call__(self, *places: int) -> Floats:
        if places not in self._made:
            self._made[places] = self._added([self._of(place) for place in places])
        return self._made[places]

    def present(self, place: int) -> Floats:
        """Return how many clusters have rows."""
        if (-1, place) not in self._made:
            self._made[-1, place] = self._added([(self._of(place) > 0).astype(np.float64)])
        return self._made[-1, place]

    def _of(self, place: int) -> Floats:
        values: Floats = self._totals.sums[place]
        if not self._whole:
            return values
        if place not in self._square:
            made = np.zeros((self._totals.stratum.size, len(self._totals.groups)))
            made[self._totals.cluster, self._totals.group] = values
            self._square[place] = made
        return self._square[place]

    def _added(self, factors: list[Floats]) -> Floats:
        values = factors[0] if len(factors) == 1 else factors[0] * factors[1]
        if not self._whole:
            return np.bincount(self._at, values, minlength=self._size).astype(np.float64)
        found: Floats = np.add.reduceat(values, self._starts, axis=0)[self._cells]
        return found


def _within(
    totals: ClusterTotals, places: tuple[int, int, int], cells: tuple[np.ndarray, np.ndarray], singleton: Singleton
) -> Within | None:
    if totals.units is None:
        return None
    units = totals.units
    second = Second(
        inside=units.inside,
        strata=totals.strata,
        stratum=totals.stratum,
        cluster=units.cluster[units.unit],
        group=units.group,
        n_groups=len(totals.groups),
    )
    n, x, y = places
    known = units.sums[n] > 0
    xx, xy, yy = (
        second.products(units.sums[a], units.sums[b], singleton=singleton, known=known)[cells]
        for a, b in ((x, x), (x, y), (y, y))
    )
    return Within(xx=xx, xy=xy, yy=yy)


def staged(
    engine: Engine,
    quantities: Sequence[Quantity],
    design: Design,
    groups: Grouping,
    source: str,
    *,
    one: float = BILLION,
    deff: bool = True,
) -> list[Counted]:
    """Return each quantity's moments by way of cluster totals: what a design of two stages needs.

    The parameters are those of ``cluster_totals``; without ``deff`` the squares over rows are left unknown (nan).

    Raises:
        NothingCountedError: there are no rows.
    """
    totals = cluster_totals(engine, quantities, design, groups, source, one=one)
    squares = row_squares(engine, quantities, design, groups, source, totals, one=one) if deff else None
    moments = moments_of(totals, squares, singleton=design.singleton)
    return [Counted(moments=each, groups=totals.groups) for each in moments]


def row_moments(
    engine: Engine,
    quantities: Sequence[Quantity],
    design: Design,
    groups: Grouping,
    source: str,
) -> list[Counted]:
    """Return each quantity's sums where every row was drawn by itself: rows are their own clusters and are not grouped.

    Parameters:
        engine: where the rows are.
        quantities: what to sum.
        design: has no cluster.
        groups: how to group the rows.
        source: FROM and WHERE of the rows.

    Raises:
        NothingCountedError: there are no rows.
    """
    weight = _double(f"t.{design.weight}") if design.weight else "1"
    asked: dict[str, str] = {}

    def column(where: str, sql: str) -> str:
        return asked.setdefault(_summed(where, sql), f"s{len(asked)}")

    wanted = []
    for each in quantities:
        where, p, o = each.where, _double(each.per), _double(each.of)
        names = {"rows": column(where, "1"), "w": column(where, weight)}
        names |= {"x": column(where, f"{weight} * {p}"), "y": column(where, f"{weight} * {o}")}
        for square, (a, b) in {"xx": (p, p), "xy": (p, o), "yy": (o, o)}.items():
            names[f"w{square}"] = column(where, f"{weight} * {a} * {b}")
            names[square] = column(where, f"{weight} * {weight} * {a} * {b}")
        wanted.append(names)
    stratum = design.stratum or "''"
    listed = ", ".join(f"{sql} as {name}" for sql, name in asked.items())
    rows = engine.rows(
        f"select {groups.named}{stratum} as h, {listed} {source} group by {', '.join([*groups.columns, stratum])}",
        steady=True,
    )
    if not rows.num_rows:
        raise NothingCountedError
    head = source.split(" where ", maxsplit=1)[0]
    population = f"max({design.population})" if design.population else "cast(null as double)"
    drawn = engine.rows(f"select {stratum} as h, count(*) as n_h, {population} as pop {head} group by {stratum}")
    names_h, place = codes(pa.chunked_array([*drawn.column("h").chunks, *rows.column("h").chunks]))
    n_h, known = np.zeros(len(names_h)), np.full(len(names_h), np.nan)
    n_h[place[: drawn.num_rows]] = numbers(drawn.column("n_h"))
    known[place[: drawn.num_rows]] = numbers(drawn.column("pop"), missing=np.nan)
    strata = Strata(
        clusters=n_h,
        population=None if np.isnan(known).all() else known,
        names=tuple(str(each) for each in names_h.to_pylist()),
    )
    labels, group = labels_of([rows.column(key) for key in groups.keys], rows.num_rows)
    at_stratum = place[drawn.num_rows :]
    values: dict[str, Any] = {name: numbers(rows.column(name)) for name in asked.values()}
    return [
        Counted(
            moments=Moments(
                strata=strata,
                group=group,
                stratum=at_stratum,
                clusters=values[names["rows"]],
                **{name: values[column] for name, column in names.items()},
            ),
            groups=labels,
        )
        for names in wanted
    ]

"""One query for many measures and groups: it returns sums per group and stratum, and Python does the inference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from peil.engines.engine import Engine
from peil.engines.subset import is_indicator
from peil.errors import EvidenceError
from peil.estimates.groups import Grouping
from peil.methods.moments import Moments, Strata
from peil.surveys.design import Design

BILLION = 1_000_000_000
Floats = NDArray[np.float64]
# sums over clusters of the products of their totals
SQUARES = {"xx": ("x", "x"), "xy": ("x", "y"), "yy": ("y", "y")}


class NothingCountedError(EvidenceError):
    """No row is left after the filters; of several measures asked at once, the others still have theirs."""

    def __init__(self) -> None:
        super().__init__("no row is left to count", remedy="widen the period or the filter")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """What is summed over rows: ``of`` and ``per`` of the rows for which ``where`` holds."""

    where: str
    of: str
    per: str = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Sums of one measure, and the groups they belong to.

    Parameters:
        moments: per group and stratum.
        groups: the values of the group columns, one tuple a group.
    """

    moments: Moments
    groups: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The SQL of one measure's sums over rows (``of`` as y, ``per`` as x)."""

    where: str
    x: str
    y: str
    plain: bool  # x is 1 and y is 0 or 1: every square is the number itself

    def _row(self, sql: str) -> str:
        return f"sum(case when {self.where} then {sql} else 0 end)"

    def per_row(self, weight: str | None) -> dict[str, str]:
        """Sums over rows; the squares are exact, in 38 digits, unless rows are weighted.

        Rows are counted with ``case``: on DuckDB a ``filter`` of its own for every count takes four times as long.
        """
        n = f"count(case when {self.where} then 1 end)"
        if weight:
            x, y = f"cast({weight} as double) * ({self.x})", f"cast({weight} as double) * ({self.y})"
            found = {"n": n, "w": self._row(f"cast({weight} as decimal(38, 0))")}
            found |= {
                "x": self._row(f"cast({weight} as decimal(38, 0)) * ({self.x})"),
                "y": self._row(f"cast({weight} as decimal(38, 0)) * ({self.y})"),
            }
            return found | {
                "wxx": self._row(f"{x} * ({self.x})"),
                "wxy": self._row(f"{x} * ({self.y})"),
                "wyy": self._row(f"{y} * ({self.y})"),
            }
        if self.plain:
            y = n if self.y == "1" else f"count(case when {self.where} and ({self.y}) = 1 then 1 end)"
            return {"n": n, "w": n, "x": n, "y": y, "wxx": n, "wxy": y, "wyy": y}
        x, y = f"cast({self.x} as decimal(19, 0))", f"cast({self.y} as decimal(19, 0))"
        found = {"n": n, "w": n, "x": n, "y": self._row(self.y), "wxx": n, "wxy": self._row(self.y)}
        found["wyy"] = self._row(f"{y} * {y}")
        if self.x != "1":
            found |= {"x": self._row(self.x), "wxx": self._row(f"{x} * {x}"), "wxy": self._row(f"{x} * {y}")}
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query and where its answers stand.

    Parameters:
        sql: the query.
        columns: for each quantity, moment to column.
    """

    sql: str
    columns: tuple[Mapping[str, str], ...]


def _parts(quantities: Sequence[Quantity]) -> list[_Part]:
    return [
        _Part(where=f"({each.where})", x=each.per, y=each.of, plain=each.per == "1" and is_indicator(each.of))
        for each in quantities
    ]


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} as {name}" for name, sql in columns.items())


class _Columns:
    """SQL to column: measures share bases and numerators, and what is the same is summed once."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._made: dict[str, str] = {}

    def of(self, sql: str) -> str:
        """Return the column of ``sql``."""
        return self._made.setdefault(sql, f"{self._prefix}{len(self._made)}")

    @property
    def listed(self) -> str:
        """Return every column as it stands in a select."""
        return ", ".join(f"{sql} as {name}" for sql, name in self._made.items())

    @property
    def names(self) -> list[str]:
        """The columns, in order."""
        return list(self._made.values())


def _grouped(columns: str, source: str, keys: Sequence[str]) -> str:
    return f"select {columns} {source}" + (f" group by {', '.join(keys)}" if keys else "")


def _same(keys: Sequence[str], one: str, other: Sequence[str]) -> str:
    return " and ".join(f"{one}.{key} is not distinct from {each}" for key, each in zip(keys, other, strict=True))


def query(quantities: Sequence[Quantity], design: Design, groups: Grouping, source: str, drawn: str = "") -> Asked:
    """Return the one query that answers for every measure and group.

    Rows of one cluster are added up before they are squared. Where a cluster's rows are neighbours in time and the
    groups are periods, most rows are alone in their cluster there: those are squared as they are.
    """
    parts = _parts(quantities)
    if design.alone and not design.weight:
        return _alone(parts, design, groups, source)
    keys = dict(zip(groups.keys, groups.columns, strict=True))
    named = list(keys)
    stratum, cluster = design.stratum or "''", design.clusters
    weight = f"t.{design.weight}" if design.weight else None
    inner, outer = _Columns("r"), _Columns("s")
    columns: list[Mapping[str, str]] = []
    number = "double" if weight else "decimal(19, 0)"
    for part in parts:
        row = {name: inner.of(sql) for name, sql in part.per_row(weight).items()}
        found = {name: outer.of(f"sum({column})") for name, column in row.items()}
        found["k"] = outer.of(f"count(case when {row['n']} > 0 then 1 end)")
        for square, (a, b) in SQUARES.items():
            found[square] = outer.of(f"sum(cast({row[a]} as {number}) * cast({row[b]} as {number}))")
        columns.append(found)
    clusters = (
        f"select {_listed({**keys, 'h': stratum, 'c': cluster})}, {inner.listed} {source} "
        f"group by {', '.join([*keys.values(), stratum, cluster])}"
    )
    whole = drawn or source.split(" where ", maxsplit=1)[0]
    population = f"max({design.population})" if design.population else "cast(null as bigint)"
    sql = (
        f"with clusters as ({clusters}), sums as ({_grouped(', '.join([*named, 'h', outer.listed]), 'from clusters', [*named, 'h'])}), "
        f"strata as (select h, count(*) as n_h, max(pop) as pop_h from (select {stratum} as h, {cluster} as c, {population} as pop {whole} "
        f"group by {stratum}, {cluster}) as drawn group by h) "
        f"select strata.h as h, strata.n_h, strata.pop_h, {', '.join(f'sums.{each}' for each in [*named, *outer.names])} "
        "from strata left join sums on strata.h = sums.h"
    )
    return Asked(sql=sql, columns=tuple(columns))


def _alone(parts: Sequence[_Part], design: Design, groups: Grouping, source: str) -> Asked:
    """Sum over rows as if each were a cluster, and put right what clusters of several rows change.

    A cluster of several rows adds (sum of x) squared instead of the sum of x squared: few clusters have several rows
    in a period, so what is summed per cluster is small.
    """
    keys = dict(zip(groups.keys, groups.columns, strict=True))
    named = list(keys)
    previous, following = design.alone or ("", "")
    if groups.span_ms is None:
        crowded = f"(t.{previous} is not null or t.{following} is not null)"
    else:
        crowded = (
            f"(coalesce(t.{previous} < {groups.span_ms}, false) or coalesce(t.{following} < {groups.span_ms}, false))"
        )
    # sums are whole and exact until the last step; what leaves the engine are doubles, half the bytes
    rows, more, outer = _Columns("r"), _Columns("m"), _Columns("s")
    columns: list[Mapping[str, str]] = []
    for part in parts:
        row = {name: rows.of(sql) for name, sql in part.per_row(None).items()}
        found = {name: outer.of(f"cast(singles.{column} as double)") for name, column in row.items()}
        several = more.of(f"sum(case when {row['n']} > 0 then 1 - {row['n']} else 0 end)")
        found["k"] = outer.of(f"cast(singles.{row['n']} + coalesce(several.{several}, 0) as double)")
        for square, (a, b) in SQUARES.items():
            product = f"cast({row[a]} as decimal(19, 0)) * cast({row[b]} as decimal(19, 0))"
            change = more.of(f"sum({product} - cast({row[f'w{square}']} as decimal(38, 0)))")
            found[square] = outer.of(f"cast(singles.{row[f'w{square}']} + coalesce(several.{change}, 0) as double)")
        columns.append(found)
    by = ", ".join([*keys.values(), design.cluster])
    inner = f"select {_listed({**keys, 'c': design.cluster})}"
    together = f"{inner}, {rows.listed} {source} and {crowded} group by {by} having count(*) > 1"
    if groups.span_ms is not None:
        # most neighbours in time are in different groups: find those that are not before much is summed over them
        head, tail = source.split(" where ", maxsplit=1)
        again = _same(["c", *named], "twice", [f"t.{design.cluster}", *keys.values()])
        twice = f"{inner} {source} and {crowded} group by {by} having count(*) > 1"
        together = (
            f"{inner}, {rows.listed} {head} join ({twice}) as twice on {again} where {tail} and {crowded} group by {by}"
        )
    alone = _grouped(
        f"{''.join(f'{sql} as {name}, ' for name, sql in keys.items())}{rows.listed}", source, list(keys.values())
    )
    drawn = f"(select count(*) from {source.split()[1]} as t where {design.first})"
    sql = (
        f"with together as ({together}), "
        f"several as ({_grouped(', '.join([*named, more.listed]), 'from together', named)}), singles as ({alone}) "
        f"select '' as h, {drawn} as n_h, cast(null as bigint) as pop_h, {', '.join([*(f'singles.{each}' for each in named), outer.listed])} "
        f"from singles left join several on {_same(named, 'several', [f'singles.{each}' for each in named]) or 'true'}"
    )
    return Asked(sql=sql, columns=tuple(columns))


def counted(
    engine: Engine,
    quantities: Sequence[Quantity],
    design: Design,
    groups: Grouping,
    source: str,
    *,
    drawn: str = "",
) -> Iterator[Counted]:
    """Run the query and yield each quantity's sums, one at a time: with many groups they are large.

    Parameters:
        engine: where the rows are.
        quantities: what to sum, over rows of one population.
        design: how the rows came to be there.
        groups: how to group them.
        source: FROM and WHERE of the rows, as ``groups.rows_from`` writes them.
        drawn: FROM of the whole design, where ``source`` joins more to it.

    Raises:
        NothingCountedError: there are no rows at all.
    """
    asked = query(quantities, design, groups, source, drawn)
    rows = engine.rows(asked.sql, steady=design.weight is not None)
    column = {name: rows.column(name) for name in rows.column_names}
    if not rows.num_rows:
        raise NothingCountedError
    h_names, stratum = np.unique(np.asarray(column["h"].to_pylist(), dtype=str), return_inverse=True)
    n_h, population = np.zeros(len(h_names)), np.full(len(h_names), np.nan)
    n_h[stratum] = numbers(column["n_h"])
    known = numbers(column["pop_h"], missing=np.nan)
    population[stratum] = known
    strata = Strata(clusters=n_h, population=None if np.isnan(population).all() else population, names=tuple(h_names))
    labels, group = labels_of([column[key] for key in groups.keys], rows.num_rows)
    divisor = float(BILLION) if design.weight else 1.0
    for columns in asked.columns:
        yield Counted(moments=_moments(columns, column, strata, group, stratum, divisor), groups=labels)


def _moments(
    columns: Mapping[str, str],
    column: Mapping[str, pa.ChunkedArray],
    strata: Strata,
    group: NDArray[np.int64],
    stratum: NDArray[np.int64],
    divisor: float,
) -> Moments:
    n = numbers(column[columns["n"]])
    here = n > 0

    def of(name: str, unit: float) -> Floats:
        found = n if columns[name] == columns["n"] else numbers(column[columns[name]])
        return np.asarray(found[here] / unit)

    square = divisor * divisor
    sums: dict[str, Any] = {each: of(each, divisor) for each in ("w", "x", "y", "wxx", "wxy", "wyy")}
    sums |= {each: of(each, square) for each in SQUARES}
    return Moments(
        strata=strata,
        group=group[here],
        stratum=stratum[here],
        rows=n[here],
        clusters=of("k", 1.0),
        **sums,
    )


def numbers(column: pa.ChunkedArray, missing: float = 0.0) -> Floats:
    """Return a column of any number type as doubles."""
    values: Floats = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype(np.float64)
    return np.nan_to_num(values, nan=missing)


def labels_of(keys: Sequence[pa.ChunkedArray], rows: int) -> tuple[tuple[tuple[object, ...], ...], NDArray[np.int64]]:
    """Return the groups in the order of their values, empty ones last, and each row's place among them."""
    if not keys:
        return ((),), np.zeros(rows, dtype=np.int64)
    code = np.zeros(rows, dtype=np.int64)
    levels: list[list[object]] = []
    for key in keys:
        encoded = key.combine_chunks().dictionary_encode(null_encoding="encode")
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        values = encoded.dictionary.to_pylist()
        order = sorted(
            range(len(values)),
            key=lambda place: (values[place] is None, values[place] if values[place] is not None else 0),
        )
        rank = np.empty(len(values), dtype=np.int64)
        rank[order] = np.arange(len(values))
        levels.append([values[place] for place in order])
        code = code * len(values) + rank[encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)]
    found, group = np.unique(code, return_inverse=True)
    labels: list[tuple[object, ...]] = []
    sizes = [len(level) for level in levels]
    for each in found.tolist():
        places = []
        left = each
        for size in reversed(sizes):
            left, place = divmod(left, size)
            places.append(place)
        labels.append(tuple(level[place] for level, place in zip(levels, reversed(places), strict=True)))
    return tuple(labels), group.astype(np.int64)

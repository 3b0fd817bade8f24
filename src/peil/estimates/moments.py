"""One query for many measures and groups: it returns sums per group and stratum, and Python does the inference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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

    tag: str
    where: str
    x: str
    y: str
    plain: bool  # x is 1 and y is 0 or 1: every square is the number itself

    def _row(self, sql: str) -> str:
        return f"sum(case when {self.where} then {sql} else 0 end)"

    def per_row(self, weight: str | None) -> dict[str, str]:
        """Sums over rows; the squares are exact, in 38 digits, unless rows are weighted."""
        n = f"count(*) filter (where {self.where})"
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
            both = self.y if self.y == "1" else f"count(*) filter (where ({self.where}) and ({self.y}) = 1)"
            return {"n": n, "y": n if self.y == "1" else both}
        x, y = f"cast({self.x} as decimal(19, 0))", f"cast({self.y} as decimal(19, 0))"
        found = {"n": n, "y": self._row(self.y), "wyy": self._row(f"{y} * {y}")}
        if self.x != "1":
            found |= {"x": self._row(self.x), "wxx": self._row(f"{x} * {x}"), "wxy": self._row(f"{x} * {y}")}
        return found


def _parts(quantities: Sequence[Quantity]) -> list[_Part]:
    return [
        _Part(
            tag=f"m{place}",
            where=f"({each.where})",
            x=each.per,
            y=each.of,
            plain=each.per == "1" and is_indicator(each.of),
        )
        for place, each in enumerate(quantities)
    ]


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} as {name}" for name, sql in columns.items())


def _of_clusters(parts: Sequence[_Part], *, weighted: bool) -> dict[str, str]:
    """Sums over clusters of what the inner query summed over each cluster's rows."""
    found: dict[str, str] = {}
    number = "double" if weighted else "decimal(19, 0)"
    for part in parts:
        tag = part.tag
        x = f"{tag}_x" if weighted or (not part.plain and part.x != "1") else f"{tag}_n"
        found[f"{tag}_k"] = f"count(*) filter (where {tag}_n > 0)"
        for name in part.per_row("w" if weighted else None):
            found[f"{tag}_{name}"] = f"sum({tag}_{name})"
        a, b = f"cast({x} as {number})", f"cast({tag}_y as {number})"
        found |= {f"{tag}_xx": f"sum({a} * {a})", f"{tag}_xy": f"sum({a} * {b})", f"{tag}_yy": f"sum({b} * {b})"}
    return found


def _of_rows(parts: Sequence[_Part]) -> dict[str, str]:
    """The same sums where every row is its own cluster."""
    found: dict[str, str] = {}
    for part in parts:
        rows, tag = part.per_row(None), part.tag
        found[f"{tag}_k"] = rows["n"]
        found |= {f"{tag}_{name}": sql for name, sql in rows.items()}
        if part.plain:
            found |= {f"{tag}_xx": rows["n"], f"{tag}_xy": rows["y"], f"{tag}_yy": rows["y"]}
        else:
            found |= {
                f"{tag}_xx": rows.get("wxx", rows["n"]),
                f"{tag}_xy": rows.get("wxy", rows["y"]),
                f"{tag}_yy": rows["wyy"],
            }
    return found


def _grouped(columns: str, source: str, keys: Sequence[str]) -> str:
    return f"select {columns} {source}" + (f" group by {', '.join(keys)}" if keys else "")


def query(parts: Sequence[_Part], design: Design, groups: Grouping, source: str) -> str:
    """Return the one query that answers for every measure and group.

    Rows of one cluster are added up before they are squared. Where a cluster's rows are neighbours in time and the
    groups are periods, most rows are alone in their cluster there: those are summed as they are.
    """
    keys = dict(zip(groups.keys, groups.columns, strict=True))
    named = list(keys)
    if design.alone and not design.weight:
        return _alone(parts, design, groups, source, keys)
    stratum, cluster = design.stratum or "''", design.clusters
    weight = f"t.{design.weight}" if design.weight else None
    inner = {**keys, "h": stratum, "c": cluster}
    for part in parts:
        inner |= {f"{part.tag}_{name}": sql for name, sql in part.per_row(weight).items()}
    outer = _of_clusters(parts, weighted=bool(weight))
    clusters = f"select {_listed(inner)} {source} group by {', '.join([*keys.values(), stratum, cluster])}"
    whole = source.split(" where ", maxsplit=1)[0]
    population = f"max({design.population})" if design.population else "cast(null as bigint)"
    return (
        f"with clusters as ({clusters}), sums as ({_grouped(', '.join([*named, 'h', _listed(outer)]), 'from clusters', [*named, 'h'])}), "
        f"strata as (select h, count(*) as n_h, max(pop) as pop_h from (select {stratum} as h, {cluster} as c, {population} as pop {whole} "
        f"group by {stratum}, {cluster}) as drawn group by h) "
        f"select strata.h as h, strata.n_h, strata.pop_h, {', '.join(f'sums.{each}' for each in [*named, *outer])} "
        "from strata left join sums on strata.h = sums.h"
    )


def _alone(parts: Sequence[_Part], design: Design, groups: Grouping, source: str, keys: Mapping[str, str]) -> str:
    named = list(keys)
    previous, following = design.alone or ("", "")
    if groups.span_ms is None:
        crowded = f"(t.{previous} is not null or t.{following} is not null)"
    else:
        crowded = (
            f"(coalesce(t.{previous} < {groups.span_ms}, false) or coalesce(t.{following} < {groups.span_ms}, false))"
        )
    rows = _of_rows(parts)
    inner = {**keys, "c": design.cluster}
    for part in parts:
        inner |= {f"{part.tag}_{name}": sql for name, sql in part.per_row(None).items()}
    outer = _of_clusters(parts, weighted=False)
    order = list(rows)
    alone = _grouped(_listed({**keys, **rows}), f"{source} and not {crowded}", list(keys.values()))
    together = f"select {_listed(inner)} {source} and {crowded} group by {', '.join([*keys.values(), design.cluster])}"
    summed = _grouped(", ".join([*named, _listed({name: outer[name] for name in order})]), "from together", named)
    both = _grouped(", ".join([*named, *(f"sum({name}) as {name}" for name in order)]), "from both_kinds", named)
    drawn = f"(select count(*) from {source.split()[1]} as t where {design.first})"
    return (
        f"with together as ({together}), both_kinds as ({alone} union all {summed}), sums as ({both}) "
        f"select '' as h, {drawn} as n_h, cast(null as bigint) as pop_h, {', '.join([*named, *order])} from sums"
    )


def counted(
    engine: Engine, quantities: Sequence[Quantity], design: Design, groups: Grouping, source: str
) -> list[Counted]:
    """Run the query and return each quantity's sums.

    Parameters:
        engine: where the rows are.
        quantities: what to sum, over rows of one population.
        design: how the rows came to be there.
        groups: how to group them.
        source: FROM and WHERE of the rows, as ``groups.rows_from`` writes them.

    Raises:
        EvidenceError: there are no rows at all.
    """
    parts = _parts(quantities)
    rows = engine.rows(query(parts, design, groups, source))
    column = {name: rows.column(name) for name in rows.column_names}
    if not rows.num_rows:
        raise EvidenceError("no row is left to count", remedy="widen the period or the filter")
    h_names, stratum = np.unique(np.asarray(column["h"].to_pylist(), dtype=str), return_inverse=True)
    n_h, population = np.zeros(len(h_names)), np.full(len(h_names), np.nan)
    n_h[stratum] = numbers(column["n_h"])
    known = numbers(column["pop_h"], missing=np.nan)
    population[stratum] = known
    strata = Strata(clusters=n_h, population=None if np.isnan(population).all() else population, names=tuple(h_names))
    labels, group = labels_of([column[key] for key in groups.keys], rows.num_rows)
    divisor = float(BILLION) if design.weight else 1.0
    return [Counted(moments=_moments(part, column, strata, group, stratum, divisor), groups=labels) for part in parts]


def _moments(
    part: _Part,
    column: Mapping[str, pa.ChunkedArray],
    strata: Strata,
    group: NDArray[np.int64],
    stratum: NDArray[np.int64],
    divisor: float,
) -> Moments:
    def of(name: str, fallback: str) -> Floats:
        return numbers(column.get(f"{part.tag}_{name}", column[f"{part.tag}_{fallback}"]))

    n = of("n", "n")
    here = n > 0
    square = divisor * divisor
    return Moments(
        strata=strata,
        group=group[here],
        stratum=stratum[here],
        rows=n[here],
        clusters=of("k", "k")[here],
        w=of("w", "n")[here] / divisor,
        x=of("x", "n")[here] / divisor,
        y=of("y", "y")[here] / divisor,
        xx=of("xx", "xx")[here] / square,
        xy=of("xy", "xy")[here] / square,
        yy=of("yy", "yy")[here] / square,
        wxx=of("wxx", "n")[here] / divisor,
        wxy=of("wxy", "y")[here] / divisor,
        wyy=of("wyy", "y")[here] / divisor,
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

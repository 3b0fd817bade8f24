"""How much figures vary that are sums over answers: their influences are joined to the answers and squared by cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from peil.engines.schema import Column, Kind, Schema
from peil.estimates.frame import Frame, FrameTables
from peil.estimates.moments import BILLION, numbers
from peil.methods.moments import Floats, Strata

FINE = 1e15
"""What the largest influence of an answer is written as: whole numbers go to every engine alike."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """How much statistics vary over clusters.

    Parameters:
        strata: the clusters of each stratum.
        sums, squares: for each statistic, over the clusters of each stratum.
    """

    strata: Strata
    sums: Mapping[str, Floats]
    squares: Mapping[str, Floats]

    @property
    def clusters(self) -> int:
        """Clusters with an answer."""
        return int(self.strata.clusters.sum())

    @property
    def df(self) -> float:
        """Clusters less strata."""
        return float(np.maximum(self.strata.clusters - 1, 0).sum())

    def se(self, name: str, *, fixed: bool = True) -> float:
        """Return the standard error of a statistic.

        Parameters:
            name: which one.
            fixed: whether the number of answers is taken as given; else how many answer is chance as well.
        """
        factor, n = self.strata.factors(), self.strata.clusters
        within = self.sums[name] ** 2 / n if fixed else 0.0
        return float(np.sqrt(max(float(factor @ (self.squares[name] - within)), 0.0)))


def spread(tables: FrameTables, frame: Frame, pulls: Mapping[str, Floats]) -> Spread:
    """Return how much statistics vary, from what one answer of each entry adds to each of them.

    Parameters:
        tables: the frame as the engine has it.
        frame: the counts.
        pulls: for each statistic, what one answer of each entry adds to it.
    """
    names = list(pulls)
    largest = {name: float(np.abs(pulls[name]).max(initial=0.0)) or 1.0 for name in names}
    table = pa.table(
        {
            **{
                key: pa.array([frame.names[each][place] for each in frame.cell])
                for place, key in enumerate(tables.keys)
            },
            "v": pa.array(frame.value.astype(np.int64)),
            **{
                f"z{place}": pa.array(np.rint(pulls[name] / largest[name] * FINE).astype(np.int64))
                for place, name in enumerate(names)
            },
        }
    )
    schema = Schema(
        name="frame_pulls",
        one_row_is="a kind of contact and a value, with what an answer adds to each statistic",
        key=(*tables.keys, "v"),
        columns=tuple(
            Column(name=each, kind=Kind.TEXT if each in tables.keys else Kind.INTEGER, says="")
            for each in table.column_names
        ),
    )
    tables.data.engine.small(schema, table)
    same = " and ".join(f"t.{key} = p.{key}" for key in (*tables.keys, "v"))
    inner = ", ".join(
        f"sum(cast(t.w as double) * cast(p.z{place} as double)) as z{place}" for place in range(len(names))
    )
    outer = ", ".join(f"sum(z{place}) as s{place}, sum(z{place} * z{place}) as q{place}" for place in range(len(names)))
    rows = tables.data.engine.rows(
        f"with clusters as (select t.h as h, t.c as c, max(t.pop) as pop, {inner} from frame_voices as t "
        f"join frame_pulls as p on {same} group by t.h, t.c) "
        f"select h, count(*) as n_h, max(pop) as pop_h, {outer} from clusters group by h order by h",
        steady=True,
    )
    population = numbers(rows.column("pop_h"), missing=np.nan)
    strata = Strata(
        clusters=numbers(rows.column("n_h")),
        population=None if np.isnan(population).all() else population,
        names=tuple(str(each) for each in rows.column("h").to_pylist()),
    )

    one = {name: largest[name] / FINE / BILLION for name in names}
    sums = {name: numbers(rows.column(f"s{place}")) * one[name] for place, name in enumerate(names)}
    squares = {name: numbers(rows.column(f"q{place}")) * one[name] ** 2 for place, name in enumerate(names)}
    return Spread(strata=strata, sums=sums, squares=squares)

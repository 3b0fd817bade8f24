"""The difference of two groups, with what they share, and whether it is clear of zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from peil.dataset import Dataset
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.cluster_totals import cluster_totals
from peil.estimates.contrast import Linearised
from peil.estimates.estimate import Estimate, estimate
from peil.estimates.groups import grouping, rows_from
from peil.estimates.moments import BILLION, Quantity, numbers
from peil.estimates.residuals import calibrated_totals
from peil.measures.measure import POPULATIONS, Measure, comparable
from peil.methods import interval
from peil.methods.moments import Crossed, Strata
from peil.methods.ratio import difference as crossed_difference
from peil.surveys.design import Design
from peil.terms import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a comparison.

    Parameters:
        measure: what is measured.
        where: row-level SQL that tells the group.
    """

    measure: Measure
    where: str = "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The second side less the first.

    Parameters:
        first, second: the estimates.
        value: the difference, in their unit.
        se: its standard error, with what the sides share.
        low, high: its interval.
        level: how often such intervals hold the truth.
        correlation: of the two estimates.
    """

    first: Estimate
    second: Estimate
    value: float
    se: float
    low: float
    high: float
    level: float
    correlation: float

    @property
    def unit(self) -> Unit:
        """What it is shown in."""
        return self.first.measure.unit

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out: only then may a claim word be used."""
        return bool(self.low > 0 or self.high < 0)


def difference(
    data: Dataset,
    first: Side,
    second: Side,
    *,
    design: Design | None = None,
    level: float = 0.95,
    known: tuple[Estimate, Estimate] | None = None,
) -> Difference:
    """Estimate the second side less the first.

    Both sides are domains of one design, so persons who are in both, and the waves of a panel, are counted once: the
    covariance is estimated, not assumed. The interval is made from the two sides' own intervals (Zou and Donner 2008),
    and so is right for few rows too.

    Parameters:
        data: the tables.
        first: what is subtracted.
        second: what it is subtracted from.
        design: another sample design than the population's own.
        level: how often the interval is to hold the truth.
        known: both sides' estimates at that level, where they were made before.

    Raises:
        DefinitionError: a share is compared with a score, or measures of two populations, or quantiles.
        EvidenceError: a side has no rows.
    """
    comparable(first.measure, second.measure)
    if first.measure.population != second.measure.population:
        raise DefinitionError(
            f"'{first.measure.name}' and '{second.measure.name}' speak of different rows",
            remedy="compare measures of one population",
        )
    if "quantile" in {first.measure.estimator, second.measure.estimator}:
        raise DefinitionError("differences of quantiles are not supported", remedy="compare means or shares")
    one, two = known or (
        estimate(first.measure, data, where=first.where, design=design, level=level)[0].only(),
        estimate(second.measure, data, where=second.where, design=design, level=level)[0].only(),
    )
    for each in (one, two):
        if not each.n:
            raise EvidenceError(
                f"one side of '{each.measure.name}' has no rows", remedy="widen the period or the filter of that side"
            )
    drawn = design or data.designs[first.measure.population]
    if drawn.calibration or drawn.unit or drawn.singleton != "refuse":
        gap, correlation = _of_clusters(data, first, second, drawn)
    else:
        made = crossed_difference(_crossed(data, first, second, drawn), 1)
        gap, correlation = float(made.se[0]), float(np.nan_to_num(made.correlation[0]))
    return _between(one, two, gap * first.measure.scale, correlation)


def at_level(found: Difference, first: Estimate, second: Estimate) -> Difference:
    """Return a difference with the interval of another level.

    Parameters:
        found: the difference.
        first, second: its sides, estimated at that level.
    """
    return _between(first, second, found.se, found.correlation)


def _between(first: Estimate, second: Estimate, se: float, correlation: float) -> Difference:
    low, high = interval.gap(
        (first.value, first.low, first.high), (second.value, second.low, second.high), correlation=correlation
    )
    return Difference(
        first=first,
        second=second,
        value=second.value - first.value,
        se=se,
        low=float(low),
        high=float(high),
        level=first.level,
        correlation=correlation,
    )


def _of_clusters(data: Dataset, first: Side, second: Side, drawn: Design) -> tuple[float, float]:
    """Return the standard error of the difference and the sides' correlation from each cluster's part in them.

    Calibrated weights, two stages and rules for strata of one cluster need the clusters one by one.
    """
    schema, table = POPULATIONS[first.measure.population], data.tables[first.measure.population]
    everything = grouping((), schema)
    source = rows_from(table.name, schema, everything, f"({first.where}) or ({second.where})")
    quantities = [
        Quantity(where=f"({side.measure.where}) and ({side.where})", of=side.measure.of, per=side.measure.per)
        for side in (first, second)
    ]
    of_clusters = calibrated_totals if drawn.calibration else cluster_totals
    parts = Linearised(of_clusters(data.engine, quantities, drawn, everything, source), "ratio", drawn.singleton)
    covariance = parts.covariance([(0, 0), (1, 0)])
    product = float(np.sqrt(covariance[0, 0] * covariance[1, 1]))
    correlation = float(np.clip(covariance[0, 1] / product, -1, 1)) if product > 0 else 0.0
    return float(np.sqrt(parts.variance([(1, 0, 1.0), (0, 0, -1.0)]))), correlation


def _crossed(data: Dataset, first: Side, second: Side, drawn: Design) -> Crossed:
    """Ask the engine for each cluster's totals on both sides, squared and crossed, per stratum."""
    population = first.measure.population
    schema, table = POPULATIONS[population], data.tables[population]
    everything = grouping((), schema)
    sides = [f"({side.measure.where}) and ({side.where})" for side in (first, second)]
    for side in (first, second):
        rows_from(table.name, schema, everything, side.where)
    weight = f"cast({drawn.weight} as double)" if drawn.weight else "1"
    stratum = drawn.stratum or "''"
    inner: dict[str, str] = {"h": stratum, "c": drawn.clusters}
    for place, (side, where) in enumerate(zip((first, second), sides, strict=True)):
        inner[f"t{2 * place}"] = f"sum(case when {where} then {weight} * ({side.measure.per}) else 0 end)"
        inner[f"t{2 * place + 1}"] = f"sum(case when {where} then {weight} * ({side.measure.of}) else 0 end)"
    inner["here"] = f"max(case when ({sides[0]}) or ({sides[1]}) then 1 else 0 end)"
    inner["pop"] = f"max({drawn.population})" if drawn.population else "cast(null as bigint)"
    outer = {f"s{a}": f"sum(cast(t{a} as double))" for a in range(4)}
    outer |= {f"p{a}{b}": f"sum(cast(t{a} as double) * cast(t{b} as double))" for a in range(4) for b in range(a, 4)}
    calendar = rows_from(table.name, schema, everything, f"({first.where}) or ({second.where})").split(" where ")[0]
    rows = data.engine.rows(
        f"with clusters as (select {_listed(inner)} {calendar} group by {stratum}, {drawn.clusters}) "
        f"select h, count(*) as n_h, max(pop) as pop_h, sum(here) as here, {_listed(outer)} from clusters group by h order by h",
        steady=True,
    )
    size, n_strata = (float(BILLION) if drawn.weight else 1.0), rows.num_rows
    totals = np.stack([numbers(rows.column(f"s{a}")) for a in range(4)], axis=1) / size
    products = np.empty((n_strata, 4, 4))
    for a in range(4):
        for b in range(4):
            products[:, a, b] = numbers(rows.column(f"p{min(a, b)}{max(a, b)}")) / size**2
    population_n = numbers(rows.column("pop_h"), missing=np.nan)
    return Crossed(
        strata=Strata(
            clusters=numbers(rows.column("n_h")),
            population=None if np.isnan(population_n).all() else population_n,
            names=tuple(str(each) for each in rows.column("h").to_pylist()),
        ),
        pair=np.zeros(n_strata, dtype=np.int64),
        stratum=np.arange(n_strata),
        clusters=numbers(rows.column("here")),
        totals=totals,
        products=products,
    )


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} as {name}" for name, sql in columns.items())

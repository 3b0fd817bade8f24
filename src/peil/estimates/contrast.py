"""Sums and differences of estimates of one design with all that they share, and of samples drawn apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from peil.errors import DefinitionError, EvidenceError
from peil.estimates.cluster_totals import ClusterTotals
from peil.estimates.groups import Grouping
from peil.estimates.reading import Reading, Readings
from peil.estimates.variables import Variable
from peil.methods import interval
from peil.methods.explained import Explained
from peil.methods.moments import Floats, Integers, Moments, Within
from peil.methods.ratio import Differences, Singleton, spread
from peil.methods.ratio import independent as apart
from peil.methods.two_stage import Second

Cell = str | tuple[object, ...]
Terms = Mapping[Cell, float]
STUDENT = "Student's interval"
SIDES = "interval from the groups' own (Zou and Donner 2008)"
METHOD = "{statistic}, Taylor-linearised with what the terms share; {interval}"


class Linearised:
    """Estimates of one statistic as totals of clusters' parts z: what covariances, contrasts and replicates are made of.

    Parameters:
        totals: sums per cluster and group.
        statistic: ``total``, or any other for Y / X.
        singleton: what to do with a stratum of one cluster.

    Example:
        >>> from peil.estimates.sample import sample
        >>> panel = sample({"wave": [1, 1, 2, 2], "score": [7, 9, 8, 8], "who": ["a", "b", "a", "b"]}, cluster="who")
        >>> parts = Linearised(panel.totals("score", by="wave"), "mean")
        >>> parts.value(0, 1), parts.covariance([(0, 0), (0, 1)]).tolist()
        (8.0, [[1.0, 0.0], [0.0, 0.0]])
    """

    def __init__(self, totals: ClusterTotals, statistic: str, singleton: Singleton = "refuse") -> None:
        self._totals = totals
        self._total = statistic == "total"
        self._singleton = singleton

    def value(self, quantity: int, group: int) -> float:
        """Return the estimate of a quantity in a group; nan where there is nothing to estimate from."""
        x, y = (float(self._totals.over_groups(which, quantity)[group]) for which in ("x", "y"))
        return y if self._total else y / x if x else float("nan")

    def parts(self, terms: Sequence[tuple[int, int, float]]) -> tuple[Floats, Floats | None]:
        """Return each cluster's part z in Σ coefficient x estimate, and each unit's where the design has two stages.

        Parameters:
            terms: quantity, group and coefficient of each.
        """
        t = self._totals
        clusters = self._over(t.sums, t.cluster, t.group, t.stratum.size, terms)
        if t.explained is not None:
            clusters -= t.explained.fitted(self._slope(t.explained, terms))
        if t.units is None:
            return clusters, None
        units = t.units
        of_units = self._over(units.sums, units.unit, units.group, units.cluster.size, terms)
        if t.explained is not None:
            of_units = t.explained.unit_residuals(of_units[:, None], self._slope(t.explained, terms)[None])[:, 0]
        return clusters, of_units

    def _slope(self, explained: Explained, terms: Sequence[tuple[int, int, float]]) -> Floats:
        found = np.zeros(explained.x.shape[1])
        for quantity, cell, coefficient in terms:
            per, of = (each[cell] for each in explained.slopes[quantity])
            if self._total:
                found += coefficient * of
            else:
                whole = float(self._totals.over_groups("x", quantity)[cell])
                found += coefficient * (of - self.value(quantity, cell) * per) / whole
        return found

    def _over(
        self, sums: Floats, at: Integers, group: Integers, size: int, terms: Sequence[tuple[int, int, float]]
    ) -> Floats:
        z = np.zeros(size)
        for quantity, cell, coefficient in terms:
            place, here = self._totals.places[quantity], group == cell
            part = sums[place["y"]][here]
            if not self._total:
                whole = float(self._totals.over_groups("x", quantity)[cell])
                part = (part - self.value(quantity, cell) * sums[place["x"]][here]) / whole
            z += np.bincount(at[here], coefficient * part, minlength=size)
        return z

    def variance(self, terms: Sequence[tuple[int, int, float]]) -> float:
        """Return the variance of Σ coefficient x estimate.

        Raises:
            EvidenceError: a stratum has a single cluster.
        """
        t = self._totals
        z, of_units = self.parts(terms)
        strata, n_strata = t.strata, t.strata.clusters.size
        nought = np.zeros(n_strata)
        unused: dict[str, Any] = dict.fromkeys(("clusters", "w", "x", "xx", "xy", "wxx", "wxy", "wyy"), nought)
        within = None
        if t.units is not None and of_units is not None:
            second = Second(
                inside=t.units.inside,
                strata=strata,
                stratum=t.stratum,
                cluster=t.units.cluster,
                group=np.zeros(of_units.size, dtype=np.int64),
                n_groups=1,
            )
            known = of_units != 0 if t.explained is not None else np.zeros(of_units.size, dtype=bool)
            for quantity, cell, _ in terms:
                known[t.units.unit[(t.units.group == cell) & (t.units.sums[t.places[quantity]["n"]] > 0)]] = True
            yy = second.products(of_units, of_units, singleton=self._singleton, known=known)[0]
            within = Within(xx=nought, xy=nought, yy=yy)
        m = Moments(
            strata=strata,
            group=np.zeros(n_strata, dtype=np.int64),
            stratum=np.arange(n_strata),
            rows=self._clusters(terms),
            y=np.bincount(t.stratum, z, minlength=n_strata).astype(np.float64),
            yy=np.bincount(t.stratum, z * z, minlength=n_strata).astype(np.float64),
            within=within,
            **unused,
        )
        return float(spread(m, np.zeros(1), singleton=self._singleton)[0])

    def covariance(self, cells: Sequence[tuple[int, int]]) -> Floats:
        """Return the covariance matrix of the estimates of several (quantity, group)."""
        alone = [self.variance([(*each, 1.0)]) for each in cells]
        found = np.diag(alone)
        for one in range(len(cells)):
            for other in range(one):
                both = self.variance([(*cells[one], 1.0), (*cells[other], 1.0)])
                found[one, other] = found[other, one] = (both - alone[one] - alone[other]) / 2
        return found

    def df(self, terms: Sequence[tuple[int, int, float]]) -> float:
        """Return clusters less strata that have rows in any of the terms' groups."""
        clusters = self._clusters(terms)
        drawn = self._totals.strata.clusters
        return float(np.sum(np.where((drawn > 1) & (clusters > 0), clusters - 1, 0.0)))

    def _clusters(self, terms: Sequence[tuple[int, int, float]]) -> Floats:
        t = self._totals
        here = np.zeros(t.stratum.size, dtype=bool)
        for quantity, cell, _ in terms:
            here[t.cluster[(t.group == cell) & (t.of("n", quantity) > 0)]] = True
        return np.bincount(t.stratum, here, minlength=t.strata.clusters.size).astype(np.float64)


def contrasted(
    totals: ClusterTotals,
    variables: Sequence[Variable],
    terms: Terms,
    statistic: str,
    groups: Grouping,
    singleton: Singleton,
    *,
    level: float,
) -> Reading:
    """Return Σ coefficient x estimate; see ``Sample.contrast``."""
    places = {each.name: place for place, each in enumerate(variables)}
    cells: list[tuple[int, int, float]] = []
    for cell, coefficient in terms.items():
        name, *labels = (cell,) if isinstance(cell, str) else cell
        if name not in places or tuple(labels) not in totals.groups:
            shown = ", ".join(str(each) for each in totals.groups[:8])
            raise DefinitionError(
                f"there is no {name!r} for {tuple(labels)}",
                remedy=f"by {', '.join(groups.names) or 'nothing'} there are {shown}",
            )
        cells.append((places[str(name)], totals.groups.index(tuple(labels)), float(coefficient)))
    made = Linearised(totals, statistic, singleton)
    value = sum(coefficient * made.value(quantity, group) for quantity, group, coefficient in cells)
    se, df = np.sqrt(made.variance(cells)), made.df(cells)
    low, high = interval.mean(value, se, df, level=level)
    rows = {(totals.places[quantity]["n"], group) for quantity, group, _ in cells}
    return Reading(
        statistic=f"contrast of {statistic}",
        variable=" ".join(f"{c:+g} {' '.join(map(str, (k,) if isinstance(k, str) else k))}" for k, c in terms.items()),
        group=(),
        value=float(value),
        se=float(se),
        low=float(low),
        high=float(high),
        level=level,
        n=int(sum(totals.sums[place][totals.group == group].sum() for place, group in rows)),
        n_eff=float("nan"),
        deff=float("nan"),
        df=df,
        method=METHOD.format(statistic=statistic, interval=STUDENT),
    )


def differing(
    totals: ClusterTotals,
    variables: Sequence[Variable],
    pair: tuple[object, object],
    statistic: str,
    groups: Grouping,
    singleton: Singleton,
    *,
    level: float,
    sides: Readings | None,
) -> Readings:
    """Return the second group less the first for every variable; see ``Sample.difference``."""
    told_apart(*pair)
    found = []
    for place, each in enumerate(variables):
        one = contrasted(
            totals,
            variables,
            {(each.name, pair[1]): 1, (each.name, pair[0]): -1},
            statistic,
            groups,
            singleton,
            level=level,
        )
        low, high, shown = one.low, one.high, STUDENT
        if sides is not None:
            first, second = (totals.groups.index((each_side,)) for each_side in pair)
            shown = SIDES
            covariance = Linearised(totals, statistic, singleton).covariance([(place, first), (place, second)])
            product = np.sqrt(covariance[0, 0] * covariance[1, 1])
            correlation = float(np.clip(covariance[0, 1] / product, -1, 1)) if product > 0 else 0.0
            a, b = (sides.at(each.name, each_side) for each_side in pair)
            ends = interval.gap((a.value, a.low, a.high), (b.value, b.low, b.high), correlation=correlation)
            low, high = (float(end) for end in ends)
        found.append((each.name, one, low, high, shown))
    nan = np.full(len(found), np.nan)
    return Readings(
        statistic=f"difference of {statistic}",
        by=groups.names,
        variables=tuple(name for name, *_ in found),
        groups=tuple((f"{pair[1]} less {pair[0]}",) for _ in found),
        value=np.array([one.value for _, one, *_ in found]),
        se=np.array([one.se for _, one, *_ in found]),
        low=np.array([low for _, _, low, _, _ in found]),
        high=np.array([high for *_, high, _ in found]),
        n=np.array([one.n for _, one, *_ in found], dtype=np.float64),
        n_eff=nan,
        deff=nan,
        df=np.array([one.df for _, one, *_ in found]),
        level=level,
        method=METHOD.format(statistic=statistic, interval=found[0][-1]),
    )


def told_apart(first: object, second: object) -> None:
    """Refuse to compare a group with itself.

    Raises:
        DefinitionError: both are one group.

    Example:
        >>> told_apart("north", "south")
    """
    if first == second:
        raise DefinitionError(f"{first!r} is compared with itself", remedy="name two groups")


class _Side:
    """One sample's numbers, as ``methods.ratio.independent`` reads them."""

    def __init__(self, readings: Readings) -> None:
        self.value, self.se, self.df_here = readings.value, readings.se, readings.df


def independent(first: Readings | Reading, second: Readings | Reading) -> Readings:
    """Return the second less the first, of samples drawn apart, such as an organisation's answers and its customers'.

    The variances add up, and the degrees of freedom of both designs combine as Welch and Satterthwaite have it.

    Parameters:
        first: what is subtracted.
        second: as many numbers from the other sample, in the same order.

    Raises:
        DefinitionError: they are different statistics, or not as many.

    Example:
        >>> from peil.estimates.sample import sample
        >>> one, two = (sample({"score": each}).mean("score") for each in ([1, 2, 3], [2, 4, 6, 8]))
        >>> gap = independent(one, two).only()
        >>> round(gap.value, 4), round(gap.se, 4), round(gap.df, 3)
        (3.0, 1.4142, 4.075)
    """
    one, two = (_many(each) for each in (first, second))
    if one.statistic != two.statistic:
        raise DefinitionError(
            f"one is a {one.statistic} and the other a {two.statistic}: their difference means nothing",
            remedy="compare the same statistic",
        )
    if len(one) != len(two) or one.groups != two.groups:
        raise DefinitionError(
            f"there are {len(one)} numbers on one side and {len(two)} on the other, or of other groups",
            remedy="ask both by the same groups, or take single numbers with .at()",
        )
    if one.level != two.level:
        raise DefinitionError("the intervals are of two levels", remedy="ask both at the same level")
    made: Differences = apart(_Side(one), _Side(two))
    if one.statistic in {"share", "nps"}:
        low, high = interval.gap((one.value, one.low, one.high), (two.value, two.low, two.high))
        shown = "interval from the samples' own (Zou and Donner 2008)"
    else:
        low, high = interval.mean(made.value, made.se, made.df, level=one.level)
        shown = STUDENT
    nan = np.full(len(one), np.nan)
    return Readings(
        statistic=f"difference of {one.statistic}",
        by=one.by,
        variables=one.variables,
        groups=one.groups,
        value=made.value,
        se=made.se,
        low=low,
        high=high,
        n=one.n + two.n,
        n_eff=nan,
        deff=nan,
        df=made.df,
        level=one.level,
        method=f"{one.statistic} of samples drawn apart, Welch and Satterthwaite; {shown}",
    )


def _many(reading: Readings | Reading) -> Readings:
    if isinstance(reading, Readings):
        return reading
    if np.isnan(reading.se):
        raise EvidenceError(f"'{reading.variable}' has no standard error to compare with", remedy="widen the filter")
    names = ("value", "se", "low", "high", "n", "n_eff", "deff", "df")
    return Readings(
        statistic=reading.statistic,
        by=(),
        variables=(reading.variable,),
        groups=((),),
        level=reading.level,
        method=reading.method,
        **{name: np.array([float(getattr(reading, name))]) for name in names},
    )

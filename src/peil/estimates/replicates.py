"""A sample whose standard errors come from replicates, each weighted again as the whole sample was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from peil.engines.engine import Engine
from peil.engines.schema import Table
from peil.errors import DefinitionError, EvidenceError, neighbours
from peil.estimates.cluster_totals import ClusterTotals, cluster_totals
from peil.estimates.contrast import SIDES, STUDENT, told_apart
from peil.estimates.enquiry import Enquiry
from peil.estimates.groups import Grouping
from peil.estimates.reading import Readings
from peil.estimates.recalibrated import calibrated_again
from peil.estimates.variables import Names, Statistic, Variable, grouped, listed, quantity
from peil.methods import interval
from peil.methods.moments import Floats, Integers
from peil.methods.ratio import effective
from peil.methods.replicate import Kind, Replicates, bootstrap, jackknife
from peil.methods.replicated import Reweigh, Sums, covariance, totals, variances
from peil.surveys.design import Calibration, Design

NAMES = {"jk1": "JK1 jackknife", "jkn": "stratified jackknife", "bootstrap": "Rao-Wu bootstrap"}
SHOWN = 8  # groups that a message names
INTERVALS = {
    "share": "Wilson score interval on the effective n",
    "nps": "adjusted Wald interval (Rocks 2016) on the effective n",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Asked:
    """What one question needs: sums of the quantities, and which of them make each statistic."""

    variables: tuple[Variable, ...]
    totals: ClusterTotals
    sums: Sums
    groups: tuple[tuple[object, ...], ...]
    group: Integers
    reweigh: Reweigh | None
    over: tuple[int, ...]
    under: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicatedSample:
    """A sample that is drawn again in replicates; make one with ``Sample.replicated``.

    Every question is one grouped query for sums per cluster, which are multiplied for each replicate: there are no
    replicate weights of rows. Where the design's weights were calibrated, those of each replicate are calibrated again.

    Parameters:
        engine: where the rows are.
        table: the rows, one a respondent.
        design: how they were drawn.
        one: what a weight of 1 is stored as.
        kind: ``jkn`` or ``jk1`` leave clusters out one by one; ``bootstrap`` draws them again.
        n: replicates of a bootstrap.
        seed: what its draws begin with; the same seed gives the same figures.
        reweigh: whether each replicate is calibrated again.

    Example:
        >>> from peil.estimates.sample import sample
        >>> visits = sample({"who": [1, 1, 2, 3], "score": [9, 7, 10, 3]}, cluster="who").replicated(kind="jkn")
        >>> round(visits.mean("score").only().se, 4)
        1.5031
    """

    engine: Engine
    table: Table
    design: Design
    one: float = 1.0
    kind: Kind = "jkn"
    n: int = 500
    seed: int = 1
    reweigh: bool = True

    def __post_init__(self) -> None:
        """Refuse a kind of replicates that there is not."""
        if self.kind not in NAMES:
            raise DefinitionError(
                f"there are no replicates of kind '{self.kind}'", remedy=neighbours(self.kind, list(NAMES))
            )

    def mean(self, variables: Names, *, by: Names = (), where: str = "true", level: float = 0.95) -> Readings:
        """Return means; the parameters are those of ``Sample.mean``."""
        return self._read("mean", self._enquiry.variables("mean", variables), by, where, level)

    def share(self, variables: Names, *, by: Names = (), where: str = "true", level: float = 0.95) -> Readings:
        """Return shares with Wilson's interval; the parameters are those of ``Sample.share``."""
        return self._read("share", self._enquiry.variables("share", variables), by, where, level)

    def nps(self, variables: Names, *, by: Names = (), where: str = "true", level: float = 0.95) -> Readings:
        """Return net promoter scores; the parameters are those of ``Sample.nps``."""
        return self._read("nps", self._enquiry.variables("nps", variables), by, where, level)

    def total(self, variables: Names, *, by: Names = (), where: str = "true", level: float = 0.95) -> Readings:
        """Return totals of the population; the parameters are those of ``Sample.total``."""
        return self._read("total", self._enquiry.variables("total", variables), by, where, level)

    def ratio(self, of: Names, per: str, *, by: Names = (), where: str = "true", level: float = 0.95) -> Readings:
        """Return ratios of two totals; the parameters are those of ``Sample.ratio``."""
        *tops, under = self._enquiry.variables("ratio", [*listed(of), per])
        return self._read("ratio", tops, by, where, level, per=under)

    def difference(
        self,
        variables: Names,
        by: str,
        first: object,
        second: object,
        *,
        statistic: Statistic = "mean",
        where: str = "true",
        level: float = 0.95,
    ) -> Readings:
        """Return the second group less the first, replicate by replicate; the parameters are those of ``Sample.difference``.

        Raises:
            DefinitionError: a group is not there, or both are one.
        """
        told_apart(first, second)
        found = self._enquiry.compared(statistic, variables)
        asked = self._asked(statistic, found, by, where, None)
        places = []
        for each in (first, second):
            if (each,) not in asked.groups:
                raise DefinitionError(
                    f"there is no group {each!r} of '{by}'",
                    remedy=f"there are {', '.join(str(group[0]) for group in asked.groups[:SHOWN])}",
                )
            places.append(asked.groups.index((each,)))
        picked = np.isin(asked.sums.group, places)
        sums = Sums.of(
            asked.sums.cluster[picked],
            (asked.sums.group[picked] == places[1]).astype(np.int64),
            asked.sums.values[picked],
            asked.sums.cell[picked],
        )
        drawn, made = self._replicates(asked.totals), _statistic(statistic, asked)
        theta = made(totals(drawn, sums, 2, asked.reweigh))
        k = len(found)
        both = covariance(theta.reshape(drawn.n, 2 * k), drawn.scale)
        spread, shared = np.diag(both).reshape(2, k), np.diag(both[:k, k:])
        value = made(sums.whole(2))
        n, df, _ = _known(asked)
        df = np.minimum(df[:, places[0]] + df[:, places[1]], drawn.df)
        gap, variance = value[1] - value[0], np.maximum(spread.sum(axis=0) - 2 * shared, 0.0)
        low, high = interval.mean(gap, np.sqrt(variance), df, level=level)
        shown = STUDENT
        if statistic in {"share", "nps"}:
            sides = self._read(statistic, found, by, where, level)
            one, other = (
                tuple(getattr(sides, each).reshape(k, -1)[:, place] for each in ("value", "low", "high"))
                for place in places
            )
            size = np.sqrt(spread[0] * spread[1])
            low, high = interval.gap(one, other, correlation=np.divide(shared, size, out=np.zeros(k), where=size > 0))
            shown = SIDES
        unknown = np.full(k, np.nan)
        return Readings(
            statistic=f"difference of {statistic}",
            by=(),
            variables=tuple(each.name for each in found),
            groups=((),) * k,
            value=gap,
            se=np.sqrt(variance),
            low=low,
            high=high,
            n=n[:, places[0]] + n[:, places[1]],
            n_eff=unknown,
            deff=unknown,
            df=df,
            level=level,
            method=self._method(statistic, drawn, shown),
        )

    @property
    def _enquiry(self) -> Enquiry:
        return Enquiry(engine=self.engine, table=self.table, design=self.design, one=self.one)

    def _replicates(self, found: ClusterTotals) -> Replicates:
        if self.design.unit and self.design.population:
            raise DefinitionError(
                "replicates draw whole clusters, and this design samples from them",
                remedy="use linearised standard errors, or leave the population out of the design",
            )
        singleton = self.design.singleton
        if self.kind == "bootstrap":
            half = self._again is not None
            return bootstrap(found.stratum, found.strata, n=self.n, seed=self.seed, half=half, singleton=singleton)
        return jackknife(found.stratum, found.strata, kind=self.kind, singleton=singleton)

    @property
    def _again(self) -> Calibration | None:
        """How each replicate is to be calibrated."""
        known = self.design.calibration if self.reweigh else None
        if known and known.trim is not None:
            raise DefinitionError(
                "replicates are not trimmed again",
                remedy="use linearised standard errors, or say reweigh=False, which takes the weights as given",
            )
        return known

    def _asked(
        self, statistic: str, variables: Sequence[Variable], by: Names, where: str, per: Variable | None
    ) -> _Asked:
        (groups, source), known = self._enquiry.asked(by, where), self._again
        cells = grouped(known.expressions if known else (), self.table.schema)
        both = Grouping(
            names=(*groups.names, *cells.names), columns=(*groups.columns, *cells.columns), span_ms=None, calendar=False
        )
        quantities = [quantity(each, per) for each in variables]
        if statistic == "nps":
            quantities += [replace(each, of=f"case when ({each.of}) <> 0 then 1 else 0 end") for each in quantities]
        found = cluster_totals(self.engine, quantities, self.design, both, source, one=self.one)
        size = len(groups.names)
        labels = list(dict.fromkeys(each[:size] for each in found.groups))
        at = {label: place for place, label in enumerate(labels)}
        group = np.array([at[each[:size]] for each in found.groups], dtype=np.int64)[found.group]
        reweigh, cell = None, None
        if known:
            again = calibrated_again(self.engine, self.table, self.design, known, cells, one=self.one)
            if again.clusters != found.stratum.size:
                raise EvidenceError(
                    f"{found.stratum.size:,} clusters were drawn, and the weights were calibrated over {again.clusters:,}",
                    remedy="calibrate the whole sample, or say reweigh=False, which takes the weights as given",
                )
            reweigh, outside = again.reweigh, len(again.places)
            cell = np.array([again.places.get(each[size:], outside) for each in found.groups], dtype=np.int64)[
                found.group
            ]
        k = len(variables)
        over, under = ([each[which] for each in found.places] for which in ("y", "x"))
        columns = sorted({*over, *under})
        place = {column: here for here, column in enumerate(columns)}
        return _Asked(
            variables=tuple(variables),
            totals=found,
            sums=Sums.of(found.cluster, group, np.ascontiguousarray(found.sums[columns].T), cell),
            groups=tuple(labels),
            group=group,
            reweigh=reweigh,
            over=tuple(place[each] for each in over[: 2 * k if statistic == "nps" else k]),
            under=tuple(place[each] for each in under[:k]),
        )

    def _read(
        self,
        statistic: str,
        variables: Sequence[Variable],
        by: Names,
        where: str,
        level: float,
        per: Variable | None = None,
    ) -> Readings:
        asked = self._asked(statistic, variables, by, where, per)
        drawn, n_groups, k = self._replicates(asked.totals), len(asked.groups), len(variables)
        found = variances(drawn, asked.sums, n_groups, _statistic(statistic, asked), reweigh=asked.reweigh)
        value, variance = found.value.T, found.variance.T
        n, df, alike = _known(asked)
        unknown = np.full((k, n_groups), np.nan)
        n_eff, deff = unknown, unknown
        if statistic in {"share", "nps"}:
            extreme = value
            if statistic == "nps":
                sums = asked.sums.whole(n_groups)
                extreme = (sums[:, asked.over[k:]] / np.where(sums[:, asked.under] > 0, sums[:, asked.under], np.nan)).T
            points = 1.0 if statistic == "share" else interval.POINTS
            simple = points**2 * (extreme - (value / points) ** 2) / np.where(n > 1, n - 1, np.nan)
            n_eff = effective(n, simple, variance, alike, df, level=level)
            deff = np.divide(variance, simple, out=unknown.copy(), where=simple > 0)
            if statistic == "share":
                low, high = interval.share(value, n_eff, level=level)
            else:
                promoters, detractors = (extreme + value / 100) / 2, (extreme - value / 100) / 2
                low, high = interval.points(promoters, detractors, n_eff, level=level)
        else:
            low, high = interval.mean(value, np.sqrt(variance), df, level=level)
        names = [f"{each.name} / {per.name}" if per else each.name for each in variables]
        columns = {"value": value, "se": np.sqrt(variance), "low": low, "high": high, "n": n, "n_eff": n_eff}
        return Readings(
            statistic=statistic,
            by=tuple(listed(by)),
            variables=tuple(name for name in names for _ in asked.groups),
            groups=asked.groups * k,
            level=level,
            method=self._method(statistic, drawn, INTERVALS.get(statistic, STUDENT)),
            **{name: each.ravel() for name, each in {**columns, "deff": deff, "df": df}.items()},
        )

    def _method(self, statistic: str, drawn: Replicates, shown: str) -> str:
        again = ", each weighted again" if self._again else ""
        made = "total" if statistic == "total" else "ratio of totals"
        return f"{made}; {NAMES[self.kind]} of {drawn.n} replicates{again}; {shown}"


def _statistic(statistic: str, asked: _Asked) -> Callable[[Floats], Floats]:
    over, under = list(asked.over[: len(asked.variables)]), list(asked.under)
    if statistic == "total":
        return lambda sums: sums[..., over]

    def made(sums: Floats) -> Floats:
        below = sums[..., under]
        return np.asarray(sums[..., over] / np.where(below != 0, below, np.nan), dtype=np.float64)

    return made


def _known(asked: _Asked) -> tuple[Floats, Floats, Floats]:
    """Return rows, degrees of freedom and clusters that count (Kish), each (variables, groups)."""
    found, n_groups = asked.totals, len(asked.groups)
    n_strata = found.strata.clusters.size
    pairs, at = np.unique(asked.group * found.stratum.size + found.cluster, return_inverse=True)
    group, stratum = pairs // found.stratum.size, found.stratum[pairs % found.stratum.size]
    lone = found.strata.clusters[stratum] <= 1
    n, df, alike = (np.zeros((len(asked.variables), n_groups)) for _ in range(3))
    made: dict[tuple[int, int], Floats] = {}
    for place in range(len(asked.variables)):
        key = found.places[place]["n"], found.places[place]["x"]
        if key not in made:
            rows, x = (np.bincount(at, found.of(which, place)) for which in ("n", "x"))
            here = (rows > 0) & ~lone
            strata = np.unique((group * n_strata + stratum)[here]) // n_strata
            free = np.bincount(group[here], minlength=n_groups) - np.bincount(strata, minlength=n_groups)
            whole, squares = (np.bincount(group, each, minlength=n_groups) for each in (x, x * x))
            count = np.divide(whole * whole, squares, out=np.full(n_groups, np.nan), where=squares > 0)
            made[key] = np.stack([np.bincount(group, rows, minlength=n_groups), free, count])
        n[place], df[place], alike[place] = made[key]
    return n, df, alike

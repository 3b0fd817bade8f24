"""Estimates: a number, how sure it is, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peil.dataset import Dataset, Run
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.extras import refuse_unknown_extras
from peil.estimates.groups import grouping, rows_from
from peil.estimates.invited import refuse_unknown_rates
from peil.estimates.moments import Counted, NothingCountedError, Quantity, counted
from peil.estimates.quantiles import quantiles
from peil.estimates.residuals import calibrated_counted
from peil.estimates.row_sums import staged
from peil.measures.measure import POPULATIONS, Measure
from peil.methods import interval
from peil.methods.ratio import ratio, total
from peil.surveys.design import Design, Singleton
from peil.terms import Unit

Floats = NDArray[np.float64]
METHODS = {
    "share": "ratio of totals, Taylor-linearised over {cluster}; Wilson score interval on the effective n",
    "points": "ratio of totals, Taylor-linearised over {cluster}; adjusted Wald interval (Rocks 2016) on the effective n",
    "mean": "ratio of totals, Taylor-linearised over {cluster}; Student's interval",
    "scale": "ratio of totals, Taylor-linearised over {cluster}; interval with two answers added (after Agresti and Coull 1998) on the effective n",
    "total": "total, spread over {cluster}; Student's interval",
    "quantile": "quantile of value counts; Woodruff interval over {cluster}",
}
CLUSTERS = {
    "contacts": "persons",
    "responses": "the survey's clusters",
    "agent_states": "agents",
    "intervals": "queues and days",
    "invitations": "persons",
    "journeys": "persons",
    "orders": "customers",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One number with its uncertainty.

    Parameters:
        measure: what was measured.
        group: the group, as pairs of name and value.
        value: in the measure's unit; nan where there is nothing to estimate from.
        se: its standard error.
        low: lower end of the interval.
        high: upper end.
        level: how often such intervals hold the truth.
        n: rows in the base.
        clusters: independent clusters among them.
        n_eff: rows of a simple random sample that would say as much.
        df: degrees of freedom.
        method: how value and interval were made.
    """

    measure: Measure
    group: tuple[tuple[str, object], ...]
    value: float
    se: float
    low: float
    high: float
    level: float
    n: int
    clusters: int
    n_eff: float
    df: float
    method: str

    def plain(self) -> dict[str, Any]:
        """Return it as plain data, for JSON and data frames."""
        numbers = {each: getattr(self, each) for each in ("value", "se", "low", "high", "n_eff", "df")}
        shown = {name: None if np.isnan(number) else number for name, number in numbers.items()}
        return {
            "measure": self.measure.name,
            **dict(self.group),
            **shown,
            "n": self.n,
            "clusters": self.clusters,
            "level": self.level,
            "unit": self.measure.unit.value,
            "method": self.method,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimates:
    """Estimates of one measure in many groups, as columns.

    Parameters:
        measure: what was measured.
        by: the group columns' names.
        groups: their values, one tuple a group.
        value, se, low, high, n, clusters, n_eff, df: one number a group.
        level: how often such intervals hold the truth.
        method: how they were made.
        run: what they rest on.
    """

    measure: Measure
    by: tuple[str, ...]
    groups: tuple[tuple[object, ...], ...]
    value: Floats
    se: Floats
    low: Floats
    high: Floats
    n: Floats
    clusters: Floats
    n_eff: Floats
    df: Floats
    level: float
    method: str
    run: Run

    def __len__(self) -> int:
        return len(self.groups)

    def __iter__(self) -> Iterator[Estimate]:
        return (self._at(place) for place in range(len(self)))

    def _at(self, place: int) -> Estimate:
        return Estimate(
            measure=self.measure,
            group=tuple(zip(self.by, self.groups[place], strict=True)),
            value=float(self.value[place]),
            se=float(self.se[place]),
            low=float(self.low[place]),
            high=float(self.high[place]),
            level=self.level,
            n=int(np.nan_to_num(self.n[place])),
            clusters=int(np.nan_to_num(self.clusters[place])),
            n_eff=float(self.n_eff[place]),
            df=float(self.df[place]),
            method=self.method,
        )

    def only(self) -> Estimate:
        """Return the one estimate of a question without groups.

        Raises:
            EvidenceError: there is none, for want of rows.
            DefinitionError: there are several.
        """
        if not len(self):
            raise EvidenceError(
                f"no row of '{self.measure.name}' is left to count", remedy="widen the period or the filter"
            )
        if len(self) != 1:
            raise DefinitionError(
                f"'{self.measure.name}' was asked by {', '.join(self.by)}: there are {len(self)} estimates",
                remedy="take them one by one, or ask without groups",
            )
        return self._at(0)

    def to_frame(self) -> Any:  # noqa: ANN401  # a pandas data frame, imported late
        """Return a pandas data frame, one row a group."""
        import pandas as pd

        return pd.DataFrame([each.plain() for each in self])


def estimate(  # a question has this many sides
    measures: Measure | Sequence[Measure],
    data: Dataset,
    *,
    by: Sequence[str] = (),
    where: str = "true",
    design: Design | None = None,
    level: float = 0.95,
) -> list[Estimates]:
    """Estimate measures in groups.

    Measures of one population share one pass over the rows, however many there are and however many groups.

    Parameters:
        measures: what to measure.
        data: the tables.
        by: what to group by (see ``estimates.groups``).
        where: row-level SQL; rows for which it is false are outside every group, and stay in the design.
        design: another sample design than the population's own.
        level: how often the intervals are to hold the truth.

    Returns:
        One ``Estimates`` a measure, in the order asked.

    Raises:
        DefinitionError: a group or a filter names an unknown column.
        EvidenceError: one measure was asked and no row is left; of several, one without rows has no groups.

    Example:
        >>> from peil.made import made
        >>> data = made()
        >>> from peil.measures.catalogue import measure_named
        >>> found = estimate(measure_named("abandonment"), data)[0].only()
        >>> found.low < found.value < found.high
        True
    """
    asked = [measures] if isinstance(measures, Measure) else list(measures)
    made: dict[str, Estimates] = {}
    grouped: dict[str, list[tuple[Any, ...]]] = {}
    for population in dict.fromkeys(each.population for each in asked):
        here = [each for each in asked if each.population == population]
        schema, table = POPULATIONS[population], data.tables[population]
        groups = grouping(by, schema)
        source = rows_from(table.name, schema, groups, where)
        refuse_unknown_rates(data, here, source, by)
        drawn = design or data.designs[population]
        plain = [each for each in here if each.estimator != "quantile"]
        found: list[tuple[Measure, Mapping[str, Any]]] = []
        try:
            quantities = [Quantity(where=each.where, of=each.of, per=each.per) for each in plain]
            answers: Iterable[Counted] = ()
            if plain:
                count = calibrated_counted if drawn.calibration else staged if drawn.unit else counted
                answers = count(data.engine, quantities, drawn, groups, source)
            rule = drawn.singleton
            found += [(each, _inferred(each, sums, level, rule)) for each, sums in zip(plain, answers, strict=True)]
            found += [
                (each, quantiles(data.engine, each, drawn, groups, source, level=level))
                for each in here
                if each.estimator == "quantile"
            ]
        except NothingCountedError:
            if len(asked) == 1:
                refuse_unknown_extras(data.engine, {table.name: ()}, by, where)
                raise
            answered = {each.name for each, _ in found}
            found += [(each, _NOTHING) for each in here if each.name not in answered]
        grouped[table.name] = [
            group for _, columns in found for group, n in zip(columns["groups"], columns["n"], strict=True) if n
        ]
        cluster = CLUSTERS[population] if design is None else "the design's clusters"
        if drawn.calibration:
            cluster += ", on residuals of calibrated weights"
        for measure, columns in found:
            method = METHODS[str(columns["method"])].format(cluster=cluster)
            rest = {name: value for name, value in columns.items() if name != "method"}
            made[measure.name] = Estimates(
                measure=measure, by=tuple(by), level=level, method=method, run=data.run, **rest
            )
    refuse_unknown_extras(data.engine, grouped, by, where)
    return [made[each.name] for each in asked]


_NONE = np.zeros(0)
_NOTHING: Mapping[str, Any] = {
    "groups": (),
    "method": "mean",
    **dict.fromkeys(("value", "se", "low", "high", "n", "clusters", "n_eff", "df"), _NONE),
}


def _inferred(measure: Measure, sums: Counted, level: float, rule: Singleton) -> dict[str, Any]:
    m, n_groups = sums.moments, len(sums.groups)
    rows = np.bincount(m.group, m.rows, minlength=n_groups).astype(np.float64)
    # one contact in all: there is a value, and no degrees of freedom for an interval; in a stratified sample it is refused
    lone: Singleton = "certainty" if m.strata.clusters.size == 1 else rule
    if measure.estimator == "total":
        found = total(m, n_groups, singleton=lone)
        low, high = interval.total(found.value, found.se, found.df_here, level=level)
        n_eff, method = rows, "total"
        # a count of every row there is has no sampling error in the past; its spread says how much it could vary
        value, se, df = found.value, found.se, found.df_here
        clusters = found.clusters
    else:
        made = ratio(m, n_groups, level=level, singleton=lone)
        value, se, df, n_eff, clusters = made.value, made.se, made.df_here, made.n_eff, made.clusters
        if measure.is_share or (
            measure.unit is Unit.SHARE and bool(np.all((value >= 0) & (value <= 1) | np.isnan(value)))
        ):
            low, high = interval.share(value, n_eff, level=level)
            method = "share"
        elif measure.is_net:
            w = np.bincount(m.group, m.w, minlength=n_groups)
            extreme = np.bincount(m.group, m.wyy, minlength=n_groups) / np.where(w > 0, w, np.nan) / 10_000
            promoters, detractors = (extreme + value / 100) / 2, (extreme - value / 100) / 2
            low, high = interval.points(promoters, detractors, n_eff, level=level)
            method = "points"
        elif measure.ends:
            w, x, yy, xy, xx = (
                np.bincount(m.group, each, minlength=n_groups) for each in (m.w, m.x, m.wyy, m.wxy, m.wxx)
            )
            squares = w * (yy - 2 * value * xy + value * value * xx) / np.where(x > 0, x * x, np.nan)
            spread = np.maximum(squares, 0.0)
            low, high = interval.scale(value, spread, n_eff, least=measure.ends[0], most=measure.ends[1], level=level)
            method = "scale"
        else:
            least = 0.0 if measure.unit.stored_per_shown > 1 or measure.unit is Unit.COUNT else -np.inf
            low, high = interval.mean(value, se, df, level=level, least=least)
            method = "mean"
    scale = measure.scale
    columns = {
        "value": value * scale,
        "se": se * scale,
        "low": low * scale,
        "high": high * scale,
        "n": rows,
        "clusters": clusters,
        "n_eff": n_eff,
        "df": df,
    }
    groups = sums.groups
    if groups != ((),) and not rows.all():
        # measures that share a pass share its groups; one without a row of this measure is none of its groups
        here = np.flatnonzero(rows)
        groups = tuple(map(groups.__getitem__, here.tolist()))
        columns = {name: each[here] for name, each in columns.items()}
    return {"groups": groups, "method": method, **columns}

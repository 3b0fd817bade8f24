"""A sample of any rows: means, totals, ratios, shares, scores and quantiles with the standard errors of its design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from peil.engines.duck import DuckEngine
from peil.engines.engine import Engine
from peil.engines.quoting import name as identifier
from peil.engines.schema import Table
from peil.errors import DefinitionError
from peil.estimates.cluster_totals import ClusterTotals, cluster_totals
from peil.estimates.contrast import Terms, contrasted, differing
from peil.estimates.drawn import checked, table_of
from peil.estimates.groups import Grouping
from peil.estimates.inferred import METHODS, inferred
from peil.estimates.margins import By, Method, Targets, margins_of, weighted_to
from peil.estimates.moments import Counted, Quantity
from peil.estimates.reading import Reading, Readings
from peil.estimates.replicates import ReplicatedSample
from peil.estimates.residuals import calibrated_counted, calibrated_totals
from peil.estimates.row_sums import row_moments, staged
from peil.estimates.sample_quantiles import quantiles_of
from peil.estimates.variables import Columns, Variable, expression, grouped
from peil.methods.diagnosis import Diagnosis
from peil.methods.replicate import Kind
from peil.surveys.design import Calibration, Design, Singleton

Names = str | Sequence[str]
Statistic = Literal["mean", "share", "nps", "total"]


def listed(names: Names) -> list[str]:
    """Return one name, or several, as a list."""
    return [names] if isinstance(names, str) else list(names)


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows in an engine, one a respondent, and how they were drawn.

    Nothing is copied: each question is one grouped query, and what comes back are sums per cluster. Weights are doubles
    here, as files have them: sums are made in the order of the rows on one core, so that the same rows give the same
    digits each time, and rows in another order give the same but for the last ones (``cluster_totals``).

    Parameters:
        engine: where the rows are.
        table: the rows.
        design: SQL of the weight, stratum, cluster, population; ``cluster=""`` where rows were drawn one by one.
        one: what a weight of 1 is stored as: a billion for the designs of a dataset.
        diagnosis: what calibration did to the weights; None where they were not calibrated.

    Raises:
        DefinitionError: the design names an unknown column.
        EvidenceError: a weight, stratum, cluster or population is missing or cannot be; told are how many and what to do.

    Example:
        >>> from peil.estimates.sample import sample
        >>> schools = sample({"score": [9, 7, 10, 3], "region": ["n", "n", "s", "s"]}, stratum="region")
        >>> round(schools.mean("score").only().se, 4)
        1.82
    """

    engine: Engine
    table: Table
    design: Design
    one: float = 1.0
    diagnosis: Diagnosis | None = None

    def __post_init__(self) -> None:
        """Check the design where it is made."""
        checked(self.engine, self.table, self.design)

    @property
    def columns(self) -> Columns:
        """The columns, and what may be asked of them."""
        return Columns(engine=self.engine, table=self.table)

    def mean(
        self, variables: Names, *, by: Names = (), where: str = "true", level: float = 0.95, deff: bool = True
    ) -> Readings:
        """Return means; a missing value leaves the row out of that variable, and in the design.

        Parameters:
            variables: columns of numbers, or row-level SQL; one or many at once.
            by: what to group by: each group is a domain of the whole design.
            where: row-level SQL; rows for which it is false are outside every group, and stay in the design.
            level: how often the intervals are to hold the truth.
            deff: whether to reckon design effects and effective rows too, which takes a second look at the rows.

        Raises:
            DefinitionError: a variable is no column, or holds no numbers.
            EvidenceError: a stratum has a single cluster and no rule is named; or no row is left.
        """
        return self._read("mean", self.columns.numbers(listed(variables)), by, where, level=level, deff=deff)

    def share(
        self,
        variables: Names,
        *,
        by: Names = (),
        where: str = "true",
        level: float = 0.95,
        method: Literal["share", "logit"] = "share",
    ) -> Readings:
        """Return shares, 0 to 1, of rows for which a condition holds, or of each value of a column of texts.

        Parameters:
            variables: conditions in row-level SQL; columns of truths or of 0 and 1; or columns of texts.
            by: what to group by.
            where: row-level SQL; rows for which it is false are outside every group.
            level: how often the intervals are to hold the truth.
            method: Wilson's score interval on the effective rows, or Student's of the log odds as R ``survey`` has it.
        """
        return self._read("share", self.columns.shares(listed(variables)), by, where, level=level, method=method)

    def nps(self, variables: Names, *, by: Names = (), where: str = "true", level: float = 0.95) -> Readings:
        """Return net promoter scores of answers from 0 to 10, in points.

        Parameters:
            variables: columns of answers.
            by: what to group by.
            where: row-level SQL; rows for which it is false are outside every group.
            level: how often the intervals are to hold the truth.

        Raises:
            EvidenceError: an answer lies outside 0 to 10.
        """
        return self._read("nps", self.columns.scores(listed(variables)), by, where, level=level)

    def total(
        self, variables: Names, *, by: Names = (), where: str = "true", level: float = 0.95, deff: bool = True
    ) -> Readings:
        """Return totals of the population; the parameters are those of ``mean``.

        Raises:
            DefinitionError: a population is given and no weight, so that nothing tells what a row stands for.
        """
        if self.design.population and not self.design.weight:
            raise DefinitionError(
                "a total needs weights: what each row stands for", remedy="give weight=, the population over the sample"
            )
        return self._read("total", self.columns.numbers(listed(variables)), by, where, level=level, deff=deff)

    def ratio(
        self, of: Names, per: str, *, by: Names = (), where: str = "true", level: float = 0.95, deff: bool = True
    ) -> Readings:
        """Return ratios of two totals, over rows that have both.

        Parameters:
            of: numerators.
            per: the denominator.
            by: what to group by.
            where: row-level SQL; rows for which it is false are outside every group.
            level: how often the intervals are to hold the truth.
            deff: whether to reckon design effects and effective rows too.
        """
        *tops, under = self.columns.numbers([*listed(of), per])
        return self._read("ratio", tops, by, where, level=level, deff=deff, per=under)

    def quantile(
        self, variables: Names, q: float = 0.5, *, by: Names = (), where: str = "true", level: float = 0.95
    ) -> Readings:
        """Return quantiles: the smallest value whose cumulated weight reaches q, with Woodruff's interval.

        The standard error is the interval's width over twice Student's quantile, as R ``survey`` has it.

        Parameters:
            variables: columns of numbers.
            q: the probability.
            by: what to group by.
            where: row-level SQL; rows for which it is false are outside every group.
            level: how often the intervals are to hold the truth.
        """
        found = self.columns.numbers(listed(variables))
        groups, source = self._asked(by, where)
        return quantiles_of(self.engine, self.design, self.counted, found, q, groups, source, level=level)

    def contrast(
        self,
        terms: Terms,
        *,
        statistic: Statistic = "mean",
        by: Names = (),
        where: str = "true",
        level: float = 0.95,
    ) -> Reading:
        """Return a sum of estimates times numbers, with all that they share: waves of a panel, gaps, gaps of gaps.

        Parameters:
            terms: for each variable, or variable with its group, what it is multiplied by; without groups the variable alone will do.
            statistic: of which; a share and a score cannot be mixed.
            by: the columns that tell the groups apart.
            where: row-level SQL; rows for which it is false are outside every group.
            level: how often the interval is to hold the truth.

        Raises:
            DefinitionError: a term names no group that is there.

        Example:
            >>> from peil.estimates.sample import sample
            >>> panel = sample({"wave": [1, 1, 1, 2, 2, 2], "score": [7, 8, 9, 8, 8, 10], "who": ["a", "b", "c"] * 2}, cluster="who")
            >>> gap = panel.contrast({("score", 2): 1, ("score", 1): -1}, by="wave")
            >>> round(gap.value, 4), round(gap.se, 4)
            (0.6667, 0.3333)
        """
        names = list(dict.fromkeys(each if isinstance(each, str) else str(each[0]) for each in terms))
        variables, groups, totals = self._totals_of(statistic, names, by, where)
        return contrasted(totals, variables, terms, statistic, groups, self.design.singleton, level=level)

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
        """Return the second group less the first, with what they share.

        Shares and scores get the interval that follows from the two groups' own (Zou and Donner 2008), which holds for
        few rows too; means and totals get Student's.

        Parameters:
            variables: of what.
            by: the column that tells the groups apart.
            first: the group that is subtracted.
            second: the group it is subtracted from.
            statistic: of which.
            where: row-level SQL; rows for which it is false are outside every group.
            level: how often the interval is to hold the truth.
        """
        found, groups, totals = self._totals_of(statistic, listed(variables), by, where)
        sides = None
        if statistic in {"share", "nps"}:
            sides = self._read(statistic, found, by, where, level=level)
        return differing(
            totals, found, (first, second), statistic, groups, self.design.singleton, level=level, sides=sides
        )

    def totals(self, variables: Names, *, by: Names = (), where: str = "true") -> ClusterTotals:
        """Return sums of numbers per cluster and group, for methods of your own."""
        return self._totals_of("mean", listed(variables), by, where)[2]

    def replicated(self, *, kind: Kind = "jkn", n: int = 500, seed: int = 1, reweigh: bool = True) -> ReplicatedSample:
        """Return the sample with standard errors from replicates, each calibrated again as the design's weights were.

        Parameters:
            kind: ``jkn`` or ``jk1`` leave clusters out one by one; ``bootstrap`` draws them again (Rao, Wu and Yue 1992).
            n: replicates of a bootstrap.
            seed: what its draws begin with; the same seed gives the same figures.
            reweigh: whether each replicate is calibrated again; without it calibrated weights are taken as given.

        Example:
            >>> from peil.estimates.sample import sample
            >>> visits = sample({"who": [1, 1, 2, 3], "score": [9, 7, 10, 3]}, cluster="who")
            >>> round(visits.replicated().mean("score").only().se, 4)
            1.5031
        """
        return ReplicatedSample(
            engine=self.engine,
            table=self.table,
            design=self.design,
            one=self.one,
            kind=kind,
            n=n,
            seed=seed,
            reweigh=reweigh,
        )

    def rake(self, margins: Targets, *, trim: float | None = None) -> Sample:
        """Return the sample with weights raked to margins; standard errors are then those of residuals.

        Parameters:
            margins: for each column, or row-level SQL, or several that are crossed (a tuple), its counts in the
                population or its shares, by level.
            trim: most that a weight may be, in times the mean weight.

        Raises:
            DefinitionError: a level has respondents and no target, or a target and no respondents.
            EvidenceError: the targets cannot be met together.

        Example:
            >>> people = sample({"sex": ["f", "f", "f", "m"], "score": [9, 7, 8, 3]})
            >>> even = people.rake({"sex": {"f": 0.5, "m": 0.5}})
            >>> people.mean("score").only().value, round(even.mean("score").only().value, 3), round(even.diagnosis.n_eff, 1)
            (6.75, 5.5, 3.0)
        """
        return self.calibrate(margins, trim=trim, method="rake")

    def poststratify(self, by: By, targets: Mapping[object, float]) -> Sample:
        """Return the sample with cell weights: every level of one margin is brought to its count in the population.

        Parameters:
            by: a column, row-level SQL, or several that are crossed.
            targets: counts or shares by level.

        Raises:
            DefinitionError: a level has respondents and no target, or a target and no respondents.
        """
        return self.calibrate({by: targets}, method="cell")

    def calibrate(
        self,
        margins: Targets | None = None,
        *,
        totals: Mapping[str, float] | None = None,
        method: Method = "linear",
        bounds: tuple[float, float] | None = None,
        trim: float | None = None,
    ) -> Sample:
        """Return the sample with calibrated weights; ``diagnosis`` tells what that did to them.

        Parameters:
            margins: as for ``rake``.
            totals: for each number, its total over the population.
            method: ``linear`` (the generalised regression estimator), ``rake``, ``bounded`` or ``cell``.
            bounds: least and most by which a weight may be multiplied, for ``bounded``.
            trim: most that a weight may be, in times the mean weight.

        Raises:
            DefinitionError: a level has respondents and no target, or a target and no respondents; the design has two
                stages, or is calibrated already.
            EvidenceError: the targets cannot be met together.
        """
        known = Calibration(
            margins=margins_of(margins or {}, totals or {}, self.table.schema), method=method, bounds=bounds, trim=trim
        )
        made = weighted_to(self.engine, self.table, self.design, known, one=self.one)
        return replace(self, table=made.table, design=made.design, diagnosis=made.diagnosis)

    def _totals_of(
        self, statistic: str, names: list[str], by: Names, where: str
    ) -> tuple[list[Variable], Grouping, ClusterTotals]:
        made = {"share": self.columns.shares, "nps": self.columns.scores}.get(statistic, self.columns.numbers)(names)
        groups, source = self._asked(by, where)
        quantities = [Quantity(where=each.where, of=each.of) for each in made]
        of_clusters = calibrated_totals if self.design.calibration else cluster_totals
        return made, groups, of_clusters(self.engine, quantities, self.design, groups, source, one=self.one)

    def _asked(self, by: Names, where: str) -> tuple[Grouping, str]:
        condition = "true" if where == "true" else expression(where, self.table.schema, "where")
        return grouped(listed(by), self.table.schema), f"from {self.table.name} as t where ({condition})"

    def _read(
        self,
        statistic: str,
        variables: Sequence[Variable],
        by: Names,
        where: str,
        *,
        level: float,
        deff: bool = True,
        method: str = "",
        per: Variable | None = None,
    ) -> Readings:
        groups, source = self._asked(by, where)
        quantities = [_quantity(each, per) for each in variables]
        counted = self.counted(quantities, groups, source, deff=deff)
        names = [f"{each.name} / {per.name}" if per else each.name for each in variables]
        columns = [inferred(statistic, each, self.design, level, method or statistic, deff=deff) for each in counted]
        labels = counted[0].groups
        return Readings(
            statistic=statistic,
            by=groups.names,
            variables=tuple(name for name in names for _ in labels),
            groups=labels * len(names),
            level=level,
            method=METHODS[method or statistic],
            **{name: np.concatenate([each[name] for each in columns]) for name in columns[0]},
        )

    def counted(
        self, quantities: Sequence[Quantity], groups: Grouping, source: str, *, deff: bool = True
    ) -> list[Counted]:
        """Return the moments of each quantity, whatever the design: of rows, of clusters, of units in clusters."""
        if self.design.calibration:
            return calibrated_counted(self.engine, quantities, self.design, groups, source, one=self.one)
        if not self.design.cluster:
            return row_moments(self.engine, quantities, self.design, groups, source)
        return staged(self.engine, quantities, self.design, groups, source, one=self.one, deff=deff)


def _quantity(variable: Variable, per: Variable | None) -> Quantity:
    if per is None:
        return Quantity(where=variable.where, of=variable.of)
    both = [each.where for each in (variable, per) if each.where != "true"]
    return Quantity(where=" and ".join(both) or "true", of=variable.of, per=per.of)


def sample(  # noqa: PLR0913  # a design has this many sides
    data: Any,  # noqa: ANN401  # whatever holds columns
    *,
    weight: str | None = None,
    stratum: str | None = None,
    cluster: str | None = None,
    population: str | None = None,
    unit: str | None = None,
    unit_population: str | None = None,
    singleton: Singleton = "refuse",
    engine: Engine | None = None,
) -> Sample:
    """Return a sample of rows, one a respondent, with how it was drawn.

    Parameters:
        data: a pandas, polars or Arrow table, names with lists, or the path of a Parquet file; nothing is copied.
        weight: column of the weights; every row counts as 1 if left out. For totals a weight says how many of the
            population a row stands for.
        stratum: column that tells strata apart.
        cluster: column of what was drawn first; the rows themselves if left out. The same name in two strata means two
            clusters.
        population: column with how many clusters (rows, where there are none) there are in the stratum, for the finite
            population correction; a stratum of which all were drawn adds no variance.
        unit: column of what was drawn from each cluster, in a sample of two stages.
        unit_population: column with how many such units there are in the cluster.
        singleton: what a stratum of one cluster, or a cluster of one unit, adds to the variance: ``refuse`` to say;
            ``certainty``, nothing; ``average``, the mean of the other strata; ``grand_mean``, the square of its
            distance from the mean of all clusters.
        engine: what counts; DuckDB in this process if left out.

    Raises:
        DefinitionError: a column is unknown, or the data are not a table.
        EvidenceError: a weight, stratum, cluster or population is missing or cannot be.

    Example:
        >>> answers = sample({"recommend": [9, 10, 3, 8, 10, 6], "branch": ["a", "a", "b", "b", "c", "c"]}, cluster="branch")
        >>> score = answers.nps("recommend").only()
        >>> round(score.value, 1), score.low < score.value < score.high
        (16.7, True)
    """
    counting = engine or DuckEngine()
    named = {"weight": weight, "stratum": stratum, "population": population, "unit": unit}
    named["unit_population"] = unit_population
    columns: dict[str, Any] = {each: identifier(column) if column else None for each, column in named.items()}
    design = Design(cluster=identifier(cluster) if cluster else "", singleton=singleton, **columns)
    return Sample(counting, table_of(counting, data), design)

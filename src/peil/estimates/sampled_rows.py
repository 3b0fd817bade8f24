"""Rows that were sampled: what they say, with the standard errors of how they were drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa

from peil.engines.engine import Engine
from peil.engines.schema import Table
from peil.errors import DefinitionError
from peil.estimates.cluster_totals import ClusterTotals
from peil.estimates.contrast import Terms, contrasted, differing
from peil.estimates.drawn import checked
from peil.estimates.enquiry import Enquiry
from peil.estimates.margins import By, Method, Targets, margins_of, weighted_to
from peil.estimates.reading import Reading, Readings
from peil.estimates.replicates import ReplicatedSample
from peil.estimates.sample_quantiles import quantiles_of
from peil.estimates.variables import Columns, Names, Statistic, listed
from peil.methods.diagnosis import Diagnosis, Floats
from peil.methods.replicate import Kind
from peil.surveys.design import Calibration, Design
from peil.surveys.trimmed import trimmed


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
        rows: what the table was made of, where it is counted in this process.
        row_weights: the calibrated weight of each row, where it is known here; ask for ``weights()``.

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
    rows: pa.Table | Path | None = field(default=None, repr=False, compare=False)
    row_weights: Floats | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the design where it is made."""
        if self.row_weights is None:  # weights that were made here were checked while they were
            checked(self.engine, self.table, self.design)

    @property
    def columns(self) -> Columns:
        """The columns, and what may be asked of them."""
        return self._enquiry.columns

    @property
    def _enquiry(self) -> Enquiry:
        return Enquiry(engine=self.engine, table=self.table, design=self.design, one=self.one)

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
        found = self._enquiry.variables("mean", variables)
        return self._enquiry.read("mean", found, by, where, level=level, deff=deff)

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
            by, where, level: as for ``mean``.
            method: Wilson's score interval on the effective rows, or Student's of the log odds as R ``survey`` has it.
        """
        found = self._enquiry.variables("share", variables)
        return self._enquiry.read("share", found, by, where, level=level, method=method)

    def nps(self, variables: Names, *, by: Names = (), where: str = "true", level: float = 0.95) -> Readings:
        """Return net promoter scores of answers from 0 to 10, in points.

        Parameters:
            variables: columns of answers.
            by, where, level: as for ``mean``.

        Raises:
            EvidenceError: an answer lies outside 0 to 10.
        """
        found = self._enquiry.variables("nps", variables)
        return self._enquiry.read("nps", found, by, where, level=level)

    def total(
        self, variables: Names, *, by: Names = (), where: str = "true", level: float = 0.95, deff: bool = True
    ) -> Readings:
        """Return totals of the population; the parameters are those of ``mean``.

        Raises:
            DefinitionError: a population is given and no weight, so that nothing tells what a row stands for.
        """
        found = self._enquiry.variables("total", variables)
        return self._enquiry.read("total", found, by, where, level=level, deff=deff)

    def ratio(
        self, of: Names, per: str, *, by: Names = (), where: str = "true", level: float = 0.95, deff: bool = True
    ) -> Readings:
        """Return ratios of two totals, over rows that have both.

        Parameters:
            of: numerators.
            per: the denominator.
            by, where, level, deff: as for ``mean``.
        """
        *tops, under = self._enquiry.variables("ratio", [*listed(of), per])
        return self._enquiry.read("ratio", tops, by, where, level=level, deff=deff, per=under)

    def quantile(
        self, variables: Names, q: float = 0.5, *, by: Names = (), where: str = "true", level: float = 0.95
    ) -> Readings:
        """Return quantiles: the smallest value whose cumulated weight reaches q, with Woodruff's interval.

        The standard error is the interval's width over twice Student's quantile, as R ``survey`` has it.

        Parameters:
            variables: columns of numbers.
            q: the probability.
            by, where, level: as for ``mean``.
        """
        found = self._enquiry.variables("quantile", variables)
        groups, source = self._enquiry.asked(by, where)
        return quantiles_of(self.engine, self.design, self._enquiry.counted, found, q, groups, source, level=level)

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
            where, level: as for ``mean``.

        Raises:
            DefinitionError: a term names no group that is there, or it is another statistic.

        Example:
            >>> from peil.estimates.sample import sample
            >>> panel = sample({"wave": [1, 1, 1, 2, 2, 2], "score": [7, 8, 9, 8, 8, 10], "who": ["a", "b", "c"] * 2}, cluster="who")
            >>> gap = panel.contrast({("score", 2): 1, ("score", 1): -1}, by="wave")
            >>> round(gap.value, 4), round(gap.se, 4)
            (0.6667, 0.3333)
        """
        names = list(dict.fromkeys(each if isinstance(each, str) else str(each[0]) for each in terms))
        variables = self._enquiry.compared(statistic, names)
        groups, totals = self._enquiry.totals(variables, by, where)
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
            where, level: as for ``mean``.

        Raises:
            DefinitionError: a group is not there, or both are one; or it is another statistic.
        """
        found = self._enquiry.compared(statistic, variables)
        groups, totals = self._enquiry.totals(found, by, where)
        sides = None
        if statistic in {"share", "nps"}:
            sides = self._enquiry.read(statistic, found, by, where, level=level)
        return differing(
            totals, found, (first, second), statistic, groups, self.design.singleton, level=level, sides=sides
        )

    def totals(self, variables: Names, *, by: Names = (), where: str = "true") -> ClusterTotals:
        """Return sums of numbers per cluster and group, for methods of your own."""
        return self._enquiry.totals(self._enquiry.variables("mean", variables), by, where)[1]

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
            >>> from peil.estimates.sample import sample
            >>> people = sample({"sex": ["f", "f", "f", "m"], "score": [9, 7, 8, 3]})
            >>> even = people.rake({"sex": {"f": 0.5, "m": 0.5}})
            >>> people.mean("score").only().value, round(even.mean("score").only().value, 3), round(even.diagnosis.n_eff, 1)
            (6.75, 5.5, 3.0)
        """
        return self.calibrate(margins, trim=trim, method="rake")

    def weights(self) -> Floats:
        """Return the weight of each row, in the order of the rows: 1 where the sample has none.

        Raises:
            DefinitionError: the rows are in another process, or too many to be weighted here.

        Example:
            >>> from peil.estimates.sample import sample
            >>> people = sample({"sex": ["f", "m", "f", "f"], "score": [9, 3, 7, 8]})
            >>> people.rake({"sex": {"f": 0.5, "m": 0.5}}).weights().round(3).tolist()
            [0.667, 2.0, 0.667, 0.667]
        """
        if self.row_weights is not None:
            return self.row_weights
        if self.rows is None or self.design.calibration:
            raise DefinitionError(
                "the rows of this sample stay where they are, and come in any order",
                remedy="select a key and the weight from its table with engine.rows",
            )
        weight = f"cast(t.{self.design.weight} as double)" if self.design.weight else "cast(1 as double)"
        found = self.engine.rows(f"select {weight} as w from {self.table.name} as t", ordered=True)
        return np.asarray(found.column("w").to_numpy(), dtype=np.float64)

    def trim(self, most: float) -> Sample:
        """Return the sample with no weight above ``most`` times the mean; what is cut off is spread over the others.

        Each of those gets as much more, as in ``trimWeights`` of R ``survey`` with ``strict``, so that weights add up as
        before. Trim before calibrating; to trim calibrated weights, say ``trim`` where they are calibrated. Standard
        errors take the weights as given.

        Parameters:
            most: most that a weight may be, in times the mean weight.

        Raises:
            DefinitionError: there are no weights, they are calibrated or trimmed already, or the limit is not above 1.

        Example:
            >>> from peil.estimates.sample import sample
            >>> people = sample({"score": [9, 7, 8, 3], "w": [1, 1, 2, 8]}, weight="w").trim(2)
            >>> people.weights().round(3).tolist(), people.diagnosis.trimmed
            ([1.667, 1.667, 2.667, 6.0], 1.0)
        """
        made, rows = trimmed(self.engine, self.table, self.design, most, one=self.one, rows=self.rows)
        return replace(
            self,
            table=made.table,
            design=made.design,
            diagnosis=made.diagnosis,
            rows=rows,
            row_weights=made.weights,
        )

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
            DefinitionError: a level has respondents and no target, or a target and no respondents; or the weights are
                calibrated already.
            EvidenceError: the targets cannot be met together.
        """
        known = Calibration(
            margins=margins_of(margins or {}, totals or {}, self.table.schema), method=method, bounds=bounds, trim=trim
        )
        made = weighted_to(self.engine, self.table, self.design, known, one=self.one, rows=self.rows)
        return replace(self, table=made.table, design=made.design, diagnosis=made.diagnosis, row_weights=made.weights)

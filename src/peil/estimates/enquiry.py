"""One question about a sample: what is asked, the sums it takes, and the numbers they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from peil.engines.engine import Engine
from peil.engines.schema import Table
from peil.errors import DefinitionError
from peil.estimates.cluster_totals import ClusterTotals, cluster_totals
from peil.estimates.groups import Grouping
from peil.estimates.inferred import METHODS, inferred
from peil.estimates.moments import Counted, Quantity
from peil.estimates.reading import Readings
from peil.estimates.residuals import calibrated_counted, calibrated_totals
from peil.estimates.row_sums import row_moments, staged
from peil.estimates.variables import Columns, Names, Statistic, Variable, expression, grouped, listed, quantity
from peil.surveys.design import Design


@dataclass(frozen=True, slots=True, kw_only=True)
class Enquiry:
    """What is asked of rows in an engine, whatever their design: rows, clusters, units in clusters, calibrated weights.

    Parameters:
        engine: where the rows are.
        table: the rows.
        design: how they were drawn.
        one: what a weight of 1 is stored as.
    """

    engine: Engine
    table: Table
    design: Design
    one: float

    @property
    def columns(self) -> Columns:
        """The columns, and what may be asked of them."""
        return Columns(engine=self.engine, table=self.table)

    def asked(self, by: Names, where: str) -> tuple[Grouping, str]:
        """Return the groups, and FROM and WHERE of the rows.

        Raises:
            DefinitionError: a group or the filter names an unknown column.
        """
        condition = "true" if where == "true" else expression(where, self.table.schema, "where")
        return grouped(listed(by), self.table.schema), f"from {self.table.name} as t where ({condition})"

    def counted(
        self, quantities: Sequence[Quantity], groups: Grouping, source: str, *, deff: bool = True
    ) -> list[Counted]:
        """Return the moments of each quantity; without ``deff`` what only design effects need may be left unknown."""
        if self.design.calibration:
            return calibrated_counted(self.engine, quantities, self.design, groups, source, one=self.one)
        if not self.design.cluster:
            return row_moments(self.engine, quantities, self.design, groups, source)
        return staged(self.engine, quantities, self.design, groups, source, one=self.one, deff=deff)

    def variables(self, statistic: str, names: Names) -> list[Variable]:
        """Return columns, or row-level SQL, as a statistic needs them.

        Raises:
            DefinitionError: a variable is no column, or holds no numbers; or a total is asked for and nothing tells what
                a row stands for.
            EvidenceError: a value cannot be.
        """
        if statistic == "total" and self.design.population and not self.design.weight:
            raise DefinitionError(
                "a total needs weights: what each row stands for", remedy="give weight=, the population over the sample"
            )
        if not listed(names):
            raise DefinitionError(f"a {statistic} of nothing is asked", remedy="name a column")
        made = {"share": self.columns.shares, "nps": self.columns.scores}.get(statistic, self.columns.numbers)
        return made(listed(names))

    def compared(self, statistic: str, names: Names) -> list[Variable]:
        """Return columns as ``variables`` does, for a statistic of which differences and contrasts are made.

        Raises:
            DefinitionError: it is another statistic; or as for ``variables``.
        """
        if statistic not in get_args(Statistic):
            raise DefinitionError(
                f"no difference or contrast is made of a '{statistic}'",
                remedy=f"choose one of: {', '.join(get_args(Statistic))}",
            )
        return self.variables(statistic, names)

    def totals(self, variables: Sequence[Variable], by: Names, where: str) -> tuple[Grouping, ClusterTotals]:
        """Return the groups, and the sums of each variable per cluster and group."""
        groups, source = self.asked(by, where)
        of_clusters = calibrated_totals if self.design.calibration else cluster_totals
        quantities = [quantity(each) for each in variables]
        return groups, of_clusters(self.engine, quantities, self.design, groups, source, one=self.one)

    def read(  # a question has this many sides
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
        """Return the numbers of each variable in each group.

        Parameters:
            statistic: which.
            variables: of what.
            by: what to group by.
            where: row-level SQL; rows for which it is false are outside every group.
            level: how often the intervals are to hold the truth.
            deff: whether to reckon design effects and effective rows too.
            method: which interval, where it is not the statistic's own.
            per: the denominator of a ratio.

        Raises:
            EvidenceError: a stratum has a single cluster and no rule is named; or no row is left.
        """
        groups, source = self.asked(by, where)
        sums = self.counted([quantity(each, per) for each in variables], groups, source, deff=deff)
        names = [f"{each.name} / {per.name}" if per else each.name for each in variables]
        columns = [inferred(statistic, each, self.design, level, method or statistic, deff=deff) for each in sums]
        labels = sums[0].groups
        return Readings(
            statistic=statistic,
            by=groups.names,
            variables=tuple(name for name in names for _ in labels),
            groups=labels * len(names),
            level=level,
            method=METHODS[method or statistic],
            **{name: np.concatenate([each[name] for each in columns]) for name in columns[0]},
        )

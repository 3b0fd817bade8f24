"""Whether two questions of a sample hang together, tested with its design."""

from __future__ import annotations

import numpy as np

from peil.errors import DefinitionError, EvidenceError
from peil.estimates.cluster_totals import cluster_totals
from peil.estimates.moments import Quantity
from peil.estimates.sampled_rows import Sample
from peil.estimates.variables import expression, grouped
from peil.methods.association import Association, shares
from peil.methods.association import association as rao_scott
from peil.surveys.design import Design

MOST = 400  # cells of a table


def association(sample: Sample, row: str, column: str, *, where: str = "true") -> Association:
    """Test whether two questions are independent (Rao and Scott 1984), from sums per cluster and cell of their table.

    Parameters:
        sample: the rows and their design; rows that lack an answer are left out of the table.
        row: a column, or row-level SQL.
        column: another.
        where: row-level SQL; rows for which it is false are outside the table, and stay in the design.

    Returns:
        F with its degrees of freedom and p; Pearson's X² before the design is reckoned with; and Cramér's V.

    Raises:
        DefinitionError: an expression names an unknown column.
        EvidenceError: there is nothing to compare, or too many answers.

    Example:
        >>> from peil.estimates.sample import sample
        >>> calls = sample({"who": [1, 1, 2, 3, 4, 5, 6, 7], "bot": ["y", "n"] * 4, "solved": [1, 0, 1, 0, 0, 1, 1, 0]}, cluster="who")
        >>> found = association(calls, "bot", "solved")
        >>> round(found.f, 4), round(found.df1, 4), round(found.df2, 4), round(found.p, 4)
        (1.5824, 1.0, 6.0, 0.2552)
    """
    schema = sample.table.schema
    singleton = whole_clusters(sample.design, "tests of tables")
    groups = grouped([row, column], schema)
    condition = "true" if where == "true" else expression(where, schema, "where")
    told = " and ".join([f"({condition})", *(f"({each}) is not null" for each in groups.columns)])
    found = cluster_totals(
        sample.engine,
        [Quantity(where="true", of="1")],
        sample.design,
        groups,
        f"from {sample.table.name} as t where {told}",
        one=sample.one,
    )
    rows, columns = (list(dict.fromkeys(each[side] for each in found.groups)) for side in (0, 1))
    size = len(rows) * len(columns)
    if size > MOST:
        raise EvidenceError(f"a table of {size} cells is too large to test", remedy="join answers that are alike")
    cell = np.array([rows.index(one) * len(columns) + columns.index(other) for one, other in found.groups])
    weights = np.zeros((found.stratum.size, size))
    weights[found.cluster, cell[found.group]] = found.of("w", 0)
    here = np.zeros(found.stratum.size, dtype=bool)
    here[found.cluster] = True
    # of the clusters that answered, as R's survey counts them
    counted = here & (found.strata.clusters[found.stratum] > 1)
    df = float(counted.sum() - np.unique(found.stratum[counted]).size)
    share, covariance = shares(weights, found.stratum, found.strata, singleton=singleton)
    return rao_scott(share.reshape(len(rows), len(columns)), covariance, n=float(found.of("n", 0).sum()), df=df)


def whole_clusters(design: Design, what: str) -> str:
    """Return the rule for a stratum of one cluster, where methods look at clusters as a whole.

    Raises:
        DefinitionError: the design samples from clusters of which there is an end, or has a rule that is not known here.
    """
    if design.unit and design.population:
        raise DefinitionError(
            f"{what} look at whole clusters, and this design samples from them",
            remedy="leave the population out of the design: the second stage is then in the spread of the clusters",
        )
    if design.singleton not in {"refuse", "certainty"}:
        raise DefinitionError(
            f"{what} have no rule '{design.singleton}' for a stratum of one cluster",
            remedy='join it to a neighbouring stratum, or say singleton="certainty"',
        )
    return design.singleton

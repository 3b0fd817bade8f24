"""A sample of any rows: means, totals, ratios, shares, scores and quantiles with the standard errors of its design."""

from __future__ import annotations

from typing import Any

from peil.engines.duck import DuckEngine
from peil.engines.engine import Engine
from peil.engines.quoting import name as identifier
from peil.estimates.drawn import rows_of, table_of
from peil.estimates.sampled_rows import Sample
from peil.surveys.design import Design, Singleton


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
    rows = rows_of(data)
    here = rows if isinstance(counting, DuckEngine) else None
    return Sample(counting, table_of(counting, rows), design, rows=here)

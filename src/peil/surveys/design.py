"""How the rows of a population came to be there: weights, strata, clusters and the finite population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Singleton = Literal["refuse", "certainty", "average", "grand_mean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """What is known of the population that a sample is weighted to.

    Parameters:
        by: row-level SQL; several are crossed.
        targets: units of the population (or shares that add up to 1) for each level; a level is a tuple of
            texts, one for each expression, as the values are written ('' where there is none). The one level ``()``
            stands for no level at all: the total of a number over the population.

    Example:
        >>> Margin(by=("channel",), targets={("call",): 700.0, ("chat",): 300.0}).targets[("call",)]
        700.0
    """

    by: tuple[str, ...]
    targets: Mapping[tuple[str, ...], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How weights were made to agree with what is known of the population.

    Parameters:
        margins: what they agree with.
        method: cell weights (one margin), raking, or linear calibration, bounded or not.
        bounds: least and most by which a weight may be multiplied, for ``bounded``.
        trim: most that a weight may be, in times the mean weight; what is cut off is spread over the others.
        base: row-level SQL: the rows, one a respondent, over which weights were calibrated.
        weight: what the weight was before, as ``Design.weight``; None where every row counted as 1.

    Example:
        >>> Calibration(margins=(Margin(by=("channel",), targets={("call",): 1.0}),)).method
        'rake'
    """

    margins: tuple[Margin, ...]
    method: Literal["cell", "rake", "linear", "bounded"] = "rake"
    bounds: tuple[float, float] | None = None
    trim: float | None = None
    base: str = "true"
    weight: str | None = None

    @property
    def expressions(self) -> tuple[str, ...]:
        """The SQL of every margin, each once."""
        return tuple(dict.fromkeys(sql for margin in self.margins for sql in margin.by))


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A sample design, as SQL over one row.

    Parameters:
        weight: whole number of billionths; None where every row counts as 1.
        stratum: tells strata apart; None for one stratum.
        cluster: the primary sampling unit; rows of one cluster are not independent.
        population: units in the stratum, for the finite population correction; None for a sample from a process.
        alone: where a cluster's rows are neighbours in time, two columns (previous, next) with the gaps in ms. A row
            whose gaps are longer than the period asked for is alone in its cluster there, and needs no grouping.
        own: names a row whose cluster is null: it is a cluster of its own.
        unit: the second-stage unit within a cluster, where clusters were sampled from too.
        unit_population: second-stage units there are in the cluster; None where they are without end.
        singleton: what to do with a stratum of one cluster; ``refuse`` unless a rule is named.
        calibration: how the weights were calibrated, so that standard errors are those of residuals.
        first: with ``alone``, true for one row of each cluster, so that clusters are counted without grouping.

    Example:
        >>> Design(cluster="agent_id").weight is None
        True
    """

    cluster: str
    weight: str | None = None
    stratum: str | None = None
    population: str | None = None
    alone: tuple[str, str] | None = None
    first: str | None = None
    own: str | None = None
    unit: str | None = None
    unit_population: str | None = None
    singleton: Singleton = "refuse"
    calibration: Calibration | None = None

    @property
    def clusters(self) -> str:
        """SQL that names the cluster of every row, those of unknown cluster too."""
        return f"coalesce(cast({self.cluster} as varchar), {self.own})" if self.own else self.cluster


PERSONS_IN_CONTACTS = Design(
    cluster="person_key",
    alone=("previous_ms", "next_any_ms"),
    first="previous_ms is null",
    own="source || ' ' || contact_id",
)
# Surveys were drawn apart: 'north' of one is not 'north' of the other. Where neither stratum nor population is told there
# is one process without an end, and what a person says in two surveys stays together.
STRATA_OF_SURVEYS = "case when stratum = '' and population_n is null then '' else survey || ' ' || stratum end"
SURVEY = Design(cluster="cluster", weight="weight_ppb", stratum=STRATA_OF_SURVEYS, population="population_n")
AGENTS_IN_STATES = Design(cluster="agent_id")
QUEUES_IN_INTERVALS = Design(cluster="queue || ' ' || cast(started_on as varchar)")
PERSONS_IN_INVITATIONS = Design(cluster="customer_id", own="source || ' ' || invitation_id")
PERSONS_IN_JOURNEYS = Design(cluster="person_key")
CUSTOMERS_IN_ORDERS = Design(cluster="customer_id", own="source || ' ' || order_id")

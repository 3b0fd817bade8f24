"""How the rows of a population came to be there: weights, strata, clusters and the finite population."""

from __future__ import annotations

from dataclasses import dataclass


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

    @property
    def clusters(self) -> str:
        """SQL that names the cluster of every row, those of unknown cluster too."""
        return f"coalesce(cast({self.cluster} as varchar), {self.own})" if self.own else self.cluster


PERSONS_IN_CONTACTS = Design(
    cluster="person_key",
    alone=("previous_ms", "next_ms"),
    first="previous_ms is null",
    own="source || ' ' || contact_id",
)
SURVEY = Design(cluster="cluster", weight="weight_ppb", stratum="stratum", population="population_n")
AGENTS_IN_STATES = Design(cluster="agent_id")
QUEUES_IN_INTERVALS = Design(cluster="queue || ' ' || cast(started_on as varchar)")

"""Checks that several studies share."""

from __future__ import annotations

from peil.estimates.difference import Difference
from peil.studies.finding import Check
from peil.terms import Label

FEWEST_CLUSTERS = 30


def enough_clusters(found: Difference) -> Check:
    """Return whether the smaller side rests on enough independent units for its spread to be known."""
    fewest = min(found.first.clusters, found.second.clusters)
    return Check(
        name="enough_clusters",
        passed=fewest >= FEWEST_CLUSTERS,
        says=Label(
            f"The smaller group has {fewest} independent units; {FEWEST_CLUSTERS} are asked for.",
            f"De kleinste groep heeft {fewest} onafhankelijke eenheden; {FEWEST_CLUSTERS} zijn nodig.",
        ),
    )

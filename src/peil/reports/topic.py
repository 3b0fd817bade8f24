"""One subject of a report under a heading of its own: what was found, in sentences, figures and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from peil.estimates.difference import Difference
from peil.reports.figures import Figure
from peil.reports.tables import Table
from peil.studies.finding import Effect, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One subject of a report.

    Parameters:
        key: tells it from the others on the page, as in ``#growth``.
        title: its heading.
        facts: what is to be known of it, a sentence each.
        figures: with their tables.
        tables: beside them.
        findings: of studies, each with sentences of its own.
        first: number of its first figure, counted through the report.
    """

    key: str
    title: str
    facts: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    findings: tuple[tuple[Finding[Difference | Effect], tuple[str, ...]], ...] = ()
    first: int = 1


def numbered(topics: Sequence[Topic], *, first: int) -> tuple[Topic, ...]:
    """Return topics whose figures are counted on from one another, and named apart.

    Parameters:
        topics: in the order of the page.
        first: number of the first figure.
    """
    made = []
    for each in topics:
        figures = tuple(
            replace(figure, key=f"{each.key}-{place}") for place, figure in enumerate(each.figures, start=1)
        )
        made.append(replace(each, figures=figures, first=first))
        first += len(figures)
    return tuple(made)

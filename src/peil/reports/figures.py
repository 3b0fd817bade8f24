"""Figures as data: a finding, what was measured, a specification for wide and narrow pages, and the table under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from markupsafe import Markup

from peil.errors import EvidenceError
from peil.estimates.estimate import Estimates
from peil.estimates.groups import PERIODS
from peil.measures.measure import Measure
from peil.reports import dots, lines
from peil.reports.drawing import rendered
from peil.reports.rows import Row, Spec, rows_of
from peil.reports.tables import Table
from peil.terms import Language

MOST_ROWS = 14
# Groups that have an order of their own.
ORDERED = ("hour", "weekday", "wave")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure.

    Parameters:
        key: tells it from every other on the page.
        title: the heading: what is found, in about ten words.
        subtitle: measure, unit, population and period.
        note: definition, n, clusters, weights, how intervals are made, what is not shown.
        spec_wide: Vega-Lite, for a page.
        spec_narrow: Vega-Lite, for a telephone.
        table: exactly these figures.
        finding: the title as a sentence with its numbers; empty where the title says it all.
        alt: what a screen reader says of the drawing; the title if left out.
        measures: what it shows; their definitions stand in the report.
    """

    key: str
    title: str
    subtitle: str
    note: tuple[str, ...]
    spec_wide: Spec
    spec_narrow: Spec
    table: Table
    finding: str = ""
    alt: str = ""
    measures: tuple[Measure, ...] = ()

    @property
    def svg(self) -> Markup:
        """Both drawings; the page's style shows one of them."""
        wide = rendered(self.spec_wide, key=self.key, title=self.alt or self.title, kind="wide")
        narrow = rendered(self.spec_narrow, key=self.key, title=self.alt or self.title, kind="narrow")
        return Markup(wide + narrow)  # noqa: S704  # drawn from our own specification; texts in it are escaped


def drawn(found: Estimates, language: Language, *, minimum_n: int = 1) -> str:
    """Return estimates as one drawing: a line over periods, dots in rank order otherwise.

    Parameters:
        found: the estimates.
        language: of the labels.
        minimum_n: groups with fewer rows are not shown.

    Example:
        >>> from peil.estimates.estimate import estimate
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> "Telefoon" in drawn(estimate(measure_named("nps"), made(), by=["channel"])[0], "nl")
        True
    """
    rows = rows_of(found, language, minimum_n=minimum_n)
    spec = specification(rows, found, language, narrow=False)
    return rendered(spec, key="figure", title=found.measure.label.read(language), kind="wide")


def specification(
    rows: list[Row],
    found: Estimates,
    language: Language,
    *,
    narrow: bool,
    breaks: Mapping[date, str] = MappingProxyType({}),
) -> Spec:
    """Return how the rows of an answer are drawn.

    Parameters:
        rows: the groups to draw, as ``rows_of`` gives them.
        found: the answer they come from.
        language: of the labels.
        narrow: for a telephone.
        breaks: first day of a period to what was not as in the period before: no line is drawn to it.

    Raises:
        EvidenceError: no group has enough rows.
    """
    unit = found.measure.unit
    if found.by and found.by[-1] in PERIODS:
        return lines.over_time(series_of(rows), unit, language, narrow=narrow, breaks=breaks)
    believed = found.measure.name == "nps_believed"
    colour, shape = ("organisations", "diamond") if believed else ("customers", "circle")
    shown = ranked(rows, found.by)
    shown = shown if is_ordered(found.by) else shown[:MOST_ROWS]
    if not shown:
        raise EvidenceError(
            f"'{found.measure.name}': no group has enough rows to be shown", remedy="group by something coarser"
        )
    if narrow:
        return dots.above(shown, unit, language, colour=colour, shape=shape)
    return dots.beside(shown, unit, language, level=found.level, colour=colour, shape=shape)


def ranked(rows: list[Row], by: tuple[str, ...]) -> list[Row]:
    """Return the rows that may be shown: highest first, or in their own order where they have one."""
    shown = [each for each in rows if each.shown]
    if is_ordered(by):
        return sorted(shown, key=lambda each: (str(each.at[:-1]), each.at[-1] is None, each.at[-1]))
    if len(shown) > MOST_ROWS:
        most = sorted(shown, key=lambda each: -each.n)[:MOST_ROWS]
        return sorted(most, key=lambda each: -each.value)
    return sorted(shown, key=lambda each: -each.value)


def is_ordered(by: Sequence[str]) -> bool:
    """Return whether groups have an order of their own, in which all of them are drawn."""
    return bool(by) and by[-1] in ORDERED


def series_of(rows: list[Row]) -> list[lines.Series]:
    """Return a line a group, the four with the most rows, oldest period first."""
    named: dict[tuple[object, ...], list[Row]] = {}
    for each in rows:
        named.setdefault(each.at[:-1], []).append(each)
    most = sorted(named.items(), key=lambda one: -sum(row.n for row in one[1]))[: lines.MOST_LINES]
    found = []
    for at, held in most:
        placed = sorted(held, key=lambda row: str(row.at[-1]))
        name = " · ".join(placed[0].name.split(" · ")[:-1]) if at else ""
        found.append(lines.Series(name=name, rows=tuple(placed)))
    return found

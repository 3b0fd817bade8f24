"""A measure by unit and period of a staged roll-out, and how ready each unit was before the first one began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from peil.dataset import Dataset
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.estimate import estimate
from peil.estimates.series import SeriesPeriod
from peil.measures.measure import Measure
from peil.methods.rollout import Panel, panel
from peil.terms import Better, Label, Unit

KNOWN = Measure(
    name="ready_data",
    label=Label("Person and reason known", "Klant en reden bekend"),
    unit=Unit.SHARE,
    better=Better.HIGHER,
    where="not ignored and direction = 'inbound'",
    of="case when person_key is not null and reason is not null then 1 else 0 end",
    standard="Ours: quality of the data on which automation rests: who it is and what it is about.",
)
IN_ONE_GO = Measure(
    name="ready_process",
    label=Label("Neither transferred nor opened again", "Niet doorverbonden en niet heropend"),
    unit=Unit.SHARE,
    better=Better.HIGHER,
    where="not ignored and direction = 'inbound' and answered",
    of="case when n_transfers = 0 and coalesce(n_reopens, 0) = 0 then 1 else 0 end",
    standard="Ours: conformance of the process: the contact took the straight path.",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Staged:
    """A measure by unit and period.

    Parameters:
        units: their names, in the order of the panel.
        periods: first day of each.
        cells: the panel.
        readiness: of each unit before the first one began, 0 to 1; nan where nothing is known.
        dropped: cells of the period in which a unit began, which are neither before nor after.
    """

    units: tuple[str, ...]
    periods: tuple[date, ...]
    cells: Panel
    readiness: tuple[float, ...]
    dropped: int


def staged(
    data: Dataset,
    outcome: Measure,
    begins: Mapping[str, date],
    *,
    by: str = "queue",
    period: SeriesPeriod = "week",
    readiness: Mapping[str, float] | None = None,
    where: str = "true",
) -> Staged:
    """Return a measure by unit and period.

    Parameters:
        data: the tables.
        outcome: a mean or share of rows.
        begins: first day with automation of each unit that got it; the others never did.
        by: the column that names the unit.
        period: ``week`` or ``month``.
        readiness: of each unit, 0 to 1; the mean of two shares of its contacts before the first day of all if left out.
        where: row-level SQL that chooses rows.

    Raises:
        DefinitionError: a unit of ``begins`` has no contacts.
        EvidenceError: no row has a unit.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> found = staged(made(), measure_named("abandonment"), {"billing": date(2019, 6, 3)}, period="month")
        >>> len(found.units), found.cells.begins.tolist().count(float("inf"))
        (4, 3)
    """
    found = [each for each in estimate(outcome, data, by=[by, period], where=where)[0] if each.group[0][1] is not None]
    units = tuple(sorted({str(each.group[0][1]) for each in found}))
    if not units:
        raise EvidenceError(f"no row has a '{by}'", remedy="name the column that tells units of the roll-out apart")
    unknown = sorted(set(begins) - set(units))
    if unknown:
        raise DefinitionError(
            f"{len(unknown)} of {len(begins)} units of the roll-out have no contacts: {', '.join(unknown[:5])}",
            remedy=f"write them as in '{by}'",
        )
    periods = tuple(sorted({each.group[1][1] for each in found if isinstance(each.group[1][1], date)}))
    place, at = {each: i for i, each in enumerate(units)}, {each: i for i, each in enumerate(periods)}
    first = np.full(len(units), np.inf)
    partial: set[tuple[int, int]] = set()
    for name, day in begins.items():
        after = [i for each, i in at.items() if each >= day]
        first[place[name]] = min(after) if after else np.inf
        if after and periods[min(after)] != day:
            partial.add((place[name], min(after) - 1))
    rows = [(place[str(each.group[0][1])], at[each.group[1][1]], each.value, each.n) for each in found]  # type: ignore[index]  # a period is a day
    kept = [each for each in rows if each[:2] not in partial]
    u, t, value, n = (np.array(each) for each in zip(*kept, strict=True))
    return Staged(
        units=units,
        periods=periods,
        cells=panel(u, t, value, n, first),
        readiness=_ready(data, units, begins, by, where) if readiness is None
        else tuple(float(readiness.get(each, np.nan)) for each in units),
        dropped=len(rows) - len(kept),
    )  # fmt: skip


def _ready(data: Dataset, units: tuple[str, ...], begins: Mapping[str, date], by: str, where: str) -> tuple[float, ...]:
    """Return the mean of both shares over each unit's contacts before anybody began, so that no effect is in it."""
    nothing = (float("nan"),) * len(units)
    if not begins:
        return nothing
    before = f"({where}) and started_on < date '{min(begins.values()).isoformat()}'"
    try:
        known, straight = (
            {str(each.group[0][1]): each.value for each in found if each.n}
            for found in estimate([KNOWN, IN_ONE_GO], data, by=[by], where=before)
        )
    except DefinitionError:  # rows were chosen by a column of answers
        return nothing
    return tuple(
        (known[each] + straight[each]) / 2 if each in known and each in straight else float("nan") for each in units
    )

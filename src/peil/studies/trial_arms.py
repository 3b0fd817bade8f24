"""Lengths of trial as arms: what a visitor brings in, who takes it, what comes back, and bounds where no lot was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from peil.estimates.estimate import Estimate
from peil.measures.measure import Measure
from peil.methods.trial import bounds
from peil.studies.trial_counts import Sums
from peil.terms import Better, Label, Unit

_TAKEN = "revenue_cents is not null"
_OFFERED = "trial_days is not null"
MARGIN = Measure(
    name="trial_margin",
    label=Label("Margin per visitor", "Marge per bezoeker"),
    unit=Unit.EUROS,
    better=Better.HIGHER,
    population="orders",
    where=_OFFERED,
    of="case when revenue_cents is null then 0 when returned then 0 - coalesce(cost_cents, 0) "
    "else revenue_cents - coalesce(cost_cents, 0) end",
    standard="Ours: revenue of what is kept less all costs, over everybody who was offered the trial.",
)
REVENUE = Measure(
    name="trial_revenue",
    label=Label("Revenue per visitor", "Omzet per bezoeker"),
    unit=Unit.EUROS,
    better=Better.HIGHER,
    population="orders",
    where=_OFFERED,
    of="case when revenue_cents is null then 0 when returned then 0 else revenue_cents end",
    standard="Ours: revenue of what is kept, over everybody who was offered the trial.",
)
UPTAKE = Measure(
    name="trial_uptake",
    label=Label("Took the trial", "Nam de proef"),
    unit=Unit.SHARE,
    better=Better.HIGHER,
    population="orders",
    where=_OFFERED,
    of=f"case when {_TAKEN} then 1 else 0 end",
    standard="Ours: of everybody who was offered the trial.",
)
RETURNS = Measure(
    name="trial_returns",
    label=Label("Sent back", "Teruggestuurd"),
    unit=Unit.SHARE,
    better=Better.LOWER,
    population="orders",
    where=f"{_OFFERED} and {_TAKEN} and returned is not null",
    of="case when returned then 1 else 0 end",
    standard="Ours: of trials that were taken and have ended.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One length of trial.

    Parameters:
        days: how long.
        margin: a visitor, over everybody who was offered it.
        revenue: a visitor.
        uptake: share that took it.
        returns: share of those that sent it back; None where nobody took it.
        later: what a visitor brought in afterwards; None where it was not asked.
        low, high: bounds of the margin for everybody, where lengths were not given by lot; nan otherwise.
    """

    days: int
    margin: Estimate
    revenue: Estimate
    uptake: Estimate
    returns: Estimate | None
    later: Estimate | None = None
    low: float = np.nan
    high: float = np.nan


def bounded(arms: Sequence[Arm], sums: Sums) -> list[Arm]:
    """Return arms with bounds for everybody, from the least and the most that one visitor brought in at any length.

    Parameters:
        arms: as they were measured.
        sums: counts, with the ends.
    """
    everybody = sum(each.margin.n for each in arms)
    low, high = bounds(
        [each.margin.value for each in arms],
        [each.margin.n / everybody for each in arms],
        least=[sums.least / 100] * len(arms),
        most=[sums.most / 100] * len(arms),
    )
    return [replace(each, low=float(one), high=float(two)) for each, one, two in zip(arms, low, high, strict=True)]

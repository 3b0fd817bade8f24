"""Which goes first: what staff say and what customers say a month later, or the other way round."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from peil.errors import EvidenceError
from peil.estimates.team_months import CUSTOMER, STAFF, TeamMonths
from peil.methods.lead_lag import Lead, LeadLag, lead_lag
from peil.studies.finding import Effect
from peil.studies.staff.words import NAMES, SCALES
from peil.terms import Label, Unit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Link:
    """One scale of the staff survey and customers.

    Parameters:
        name: of the scale.
        ahead: what a point more of the scale does to customers a month later, both from 0 to 10.
        behind: what a point more of customer satisfaction does to the scale a month later.
        unwelcome: whether more of the scale goes clearly before less satisfied customers.
        found: everything the method says.
    """

    name: str
    ahead: Effect
    behind: Effect
    unwelcome: bool
    found: LeadLag


def link(panel: TeamMonths, name: str, *, level: float) -> Link:
    """Return which of a scale and customers goes first, within teams and months.

    Parameters:
        panel: teams by months.
        name: of the scale.
        level: of the intervals.

    Raises:
        EvidenceError: there are too few teams or months, or nothing varies.
    """
    x, y = panel.mean[name], panel.mean[CUSTOMER]
    known = np.isfinite(x) & np.isfinite(y)
    team, month = np.nonzero(known)
    if team.size and (np.ptp(x[known]) == 0 or np.ptp(y[known]) == 0):
        raise EvidenceError(
            f"answers on {NAMES.get(name, Label(name, name)).en} or of customers are the same everywhere",
            remedy="look at what was loaded: a default may have been filled in",
        )
    found = lead_lag(
        team, month, x[known], y[known], x_se=panel.se[name][known], y_se=panel.se[CUSTOMER][known], level=level
    )
    ahead = _effect(found.x_to_y, found, Label(f"{SCALES[name].en}, then customers", f"{SCALES[name].nl}, dan klanten"))
    behind = _effect(found.y_to_x, found, Label(f"customers, then {NAMES[name].en}", f"klanten, dan {NAMES[name].nl}"))
    return Link(name=name, ahead=ahead, behind=behind, unwelcome=ahead.high < 0, found=found)


def links(panel: TeamMonths, *, level: float, others: bool = True) -> tuple[Link, ...]:
    """Return the link of every scale with customers: of satisfaction at ``level``, the others at ``level`` all together.

    Parameters:
        panel: teams by months.
        level: of the intervals.
        others: whether the other scales are wanted.
    """
    names = [each for each in SCALES if each != STAFF and each in panel.mean] if others else []
    made = [link(panel, STAFF, level=level)]
    for name in names:
        try:
            made.append(link(panel, name, level=1 - (1 - level) / len(names)))
        except EvidenceError:
            continue
    return tuple(made)


def _effect(lead: Lead, found: LeadLag, label: Label) -> Effect:
    return Effect(
        label=label,
        unit=Unit.SCORE,
        value=lead.value,
        low=lead.low,
        high=lead.high,
        level=found.level,
        n=found.rows,
    )

"""The pulse of staff: month by month, with what is ordinary from month to month and what is a signal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from peil.errors import EvidenceError
from peil.estimates.team_months import STAFF, TeamMonths
from peil.methods.control_limits import ControlChart, control_limits
from peil.methods.moments import Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pulse:
    """Staff satisfaction over all teams.

    Parameters:
        months: first days; those with enough answers to be shown.
        n: answers of each.
        chart: values, centre, limits and signals.
    """

    months: tuple[date, ...]
    n: Floats
    chart: ControlChart


def pulse(panel: TeamMonths, *, level: float, fewest: int) -> Pulse | None:
    """Return the pulse; None where there are too few months.

    Parameters:
        panel: teams by months.
        level: chance that a series without a change has no signal.
        fewest: members of staff that a month needs.
    """
    n = panel.n[STAFF].sum(axis=0)
    shown = n >= fewest
    value, se = panel.of_months(STAFF)
    try:
        chart = control_limits(value[shown], se=se[shown], level=level)
    except EvidenceError:
        return None
    return Pulse(months=tuple(np.array(panel.months, object)[shown].tolist()), n=n[shown], chart=chart)

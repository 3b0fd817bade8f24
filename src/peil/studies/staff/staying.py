"""How long staff stays, and whether they leave sooner where the team is less satisfied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from peil.errors import EvidenceError
from peil.estimates.team_months import STAFF, StaffRows
from peil.methods.leaving import leaving
from peil.methods.moments import Floats, Integers
from peil.methods.survival import Curve, kaplan_meier, limits
from peil.studies.finding import Effect
from peil.terms import Label, Unit

MONTH_DAYS, YEAR_MONTHS = 365.25 / 12, 12.0
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Staying:
    """How long staff stays: counts only, never a person.

    Parameters:
        since: months that the curve begins at: of those who stayed so long. Nought unless too few are seen in their first days.
        months: since being hired, at which somebody left; up to where enough are left to see.
        share, low, high: of staff still there after each, with its interval.
        at_risk: how many were there until then.
        people: members of staff of known teams.
        left: those who left.
        year: share still there a year after being hired; None where that lies beyond what was seen.
        median: months after which half has left; nan where the curve does not come down so far.
        ratio: of the hazards of leaving for a point more of team satisfaction, teams as clusters; None where too few teams or
            leavers tell.
    """

    since: float
    months: Floats
    share: Floats
    low: Floats
    high: Floats
    at_risk: Floats
    people: int
    left: int
    year: Effect | None
    median: float
    ratio: Effect | None


def staying(rows: StaffRows, *, level: float, fewest: int) -> Staying | None:
    """Return how long staff stays; None where the roster does not tell, or fewer than ``fewest`` left.

    Parameters:
        rows: stays, and teams by months.
        level: of the intervals.
        fewest: members of staff that a number rests on.
    """
    people, panel = rows.people, rows.panel
    ends = rows.ends_on.toordinal() - _EPOCH
    at = {each: place for place, each in enumerate(panel.teams)}
    team = np.array([at.get((organisation, name or ""), -1) for organisation, name in people.team], np.int64)
    opens = np.nanmin(people.begun, initial=np.inf)
    left = people.until < ends
    until = np.where(left, people.until, ends) + 1
    entry, stop = np.maximum(people.begun, opens) - people.hired, until - people.hired
    known = (team >= 0) & np.isfinite(entry) & (stop > entry)
    if int((left & known).sum()) < fewest:
        return None
    entry, stop, left, team = entry[known], stop[known], left[known], team[known]
    curve, since = _curve(entry, stop, left, fewest)
    low, high = limits(curve.survival, curve.log_variance, level=level, kind="log-log")
    seen = (curve.events > 0) & (curve.at_risk >= fewest)
    months = (curve.time[seen] + since) / MONTH_DAYS
    count = int(known.sum())
    below = np.flatnonzero(seen & (curve.survival <= 0.5))  # noqa: PLR2004  # half
    return Staying(
        since=since / MONTH_DAYS,
        months=months,
        share=curve.survival[seen],
        low=low[seen],
        high=high[seen],
        at_risk=curve.at_risk[seen],
        people=count,
        left=int(left.sum()),
        year=None if since else _year(months, curve.survival[seen], low[seen], high[seen], level, count),
        median=float(curve.time[below[0]] + since) / MONTH_DAYS if below.size else float("nan"),
        ratio=_ratio(entry, stop, left, panel.of_teams(STAFF)[team], team, level),
    )


def _curve(entry: Floats, stop: Floats, left: NDArray[np.bool_], fewest: int) -> tuple[Curve, float]:
    """Return the curve of people who are seen from some day on, and the length of stay that it begins at.

    Where hardly anybody is seen in their first days, one who leaves then would take the whole curve along: it begins later.
    """
    since = 0.0
    while True:
        here = stop > since
        come = np.maximum(entry[here], since) - since
        nobody = np.zeros(come.size)
        curve = kaplan_meier(
            np.concatenate([stop[here] - since, come]),
            np.concatenate([left[here], nobody]),
            np.concatenate([~left[here], nobody]),
            entered=np.concatenate([nobody, nobody + 1]),
        )
        few = np.flatnonzero((curve.events > 0) & (curve.at_risk < fewest))
        enough = np.flatnonzero((curve.events > 0) & (curve.at_risk >= fewest))
        if not few.size or not enough.size or few[0] > enough[-1]:
            return curve, since
        since += float(curve.time[few[few < enough[-1]][-1]])


def _year(months: Floats, share: Floats, low: Floats, high: Floats, level: float, n: int) -> Effect | None:
    before = np.flatnonzero(months <= YEAR_MONTHS)
    if not before.size or months[-1] < YEAR_MONTHS:
        return None
    at = before[-1]
    return Effect(
        label=Label("still there after a year", "na een jaar nog in dienst"), unit=Unit.SHARE, value=float(share[at]),
        low=float(low[at]), high=float(high[at]), level=level, n=n,
    )  # fmt: skip


def _ratio(
    entry: Floats, stop: Floats, left: NDArray[np.bool_], x: Floats, team: Integers, level: float
) -> Effect | None:
    try:
        found = leaving(entry, stop, left, x, team, level=level)
    except EvidenceError:
        return None
    return Effect(
        label=Label("hazard ratio of a point more of team satisfaction", "hazardratio van een punt meer teamtevredenheid"),
        unit=Unit.SCORE, value=found.ratio, low=found.low, high=found.high, level=level, n=found.n,
    )  # fmt: skip

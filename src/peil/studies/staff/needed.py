"""Whether satisfied customers need satisfied staff: an empty corner, larger than going together makes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from peil.errors import EvidenceError
from peil.estimates.team_months import CUSTOMER, STAFF, TeamMonths
from peil.methods.moments import Floats
from peil.methods.necessary import Necessity, necessary
from peil.studies.finding import Verdict

SMALL = 0.1
"""Dul (2016): an empty corner of less than a tenth of the scope is small."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Needed:
    """Whether customers are nowhere satisfied where staff is not.

    Parameters:
        verdict: ``yes`` where the corner is empty beyond chance and beyond what a straight line leaves; ``no`` where it is
            small; else ``unclear``.
        staff, customers: months of teams, staff a month earlier; both rest on enough answers to be shown.
        found: ceilings, sizes and p-values.
    """

    verdict: Verdict
    staff: Floats
    customers: Floats
    found: Necessity


def needed(panel: TeamMonths, *, level: float, permutations: int, seed: int, fewest: int) -> Needed | None:
    """Return whether satisfied customers need satisfied staff a month earlier; None where too few months of teams can tell.

    Parameters:
        panel: teams by months.
        level: of the claim.
        permutations: draws of each test.
        seed: of the draws.
        fewest: answers that a team and month needs on either side.
    """
    before, after = panel.mean[STAFF][:, :-1], panel.mean[CUSTOMER][:, 1:]
    enough = (panel.n[STAFF][:, :-1] >= fewest) & (panel.n[CUSTOMER][:, 1:] >= fewest)
    team, _ = np.nonzero(enough)
    x, y = before[enough], after[enough]
    try:
        found = necessary(x, y, permutations=permutations, seed=seed, level=level, cluster=team)
    except EvidenceError:
        return None
    small = found.ce_fdh.effect < SMALL
    verdict: Verdict = "no" if small else "yes" if found.claimed and not panel.same_source else "unclear"
    return Needed(verdict=verdict, staff=x, customers=y, found=found)

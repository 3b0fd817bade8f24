"""Mandate as it is felt beside mandate as it is measured: contacts that an agent settles without transfer or approval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peil.estimates.team_months import TeamMonths
from peil.methods.correlation import FEWEST, correlated
from peil.methods.student import student
from peil.studies.finding import Effect
from peil.terms import Label, Unit

ALONE, FELT = "alone", "mandate"
_TEN = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """Felt and measured mandate.

    Parameters:
        measured: share of handled contacts without transfer or approval; teams are the clusters.
        felt: what staff say of their mandate, from 0 to 10; teams are the clusters.
        together: correlation of the two over teams.
        teams: that have both.
    """

    measured: Effect
    felt: Effect
    together: Effect
    teams: int


def mandate(panel: TeamMonths, *, level: float) -> Mandate | None:
    """Return felt mandate beside measured mandate; None where one of them is not known of enough teams.

    Parameters:
        panel: teams by months.
        level: of the intervals.
    """
    if ALONE not in panel.mean or FELT not in panel.mean:
        return None
    done, said = panel.of_teams(ALONE), panel.of_teams(FELT)
    both = np.isfinite(done) & np.isfinite(said)
    teams = int(both.sum())
    if teams <= FEWEST or np.ptp(done[both]) == 0 or np.ptp(said[both]) == 0:
        return None
    r = correlated(float(np.corrcoef(done[both], said[both])[0, 1]), teams, level=level)
    return Mandate(
        measured=_mean(panel, ALONE, both, level, Label("settled without transfer or approval", "zelf afgerond, zonder doorverbinden of akkoord"), Unit.SHARE),
        felt=_mean(panel, FELT, both, level, Label("felt mandate, 0 to 10", "ervaren mandaat, 0 tot 10"), Unit.SCORE),
        together=Effect(
            label=Label("correlation over teams", "samenhang over teams"), unit=Unit.SCORE, value=r.value, low=r.low, high=r.high, level=level,
            n=teams,
        ),
        teams=teams,
    )  # fmt: skip


def _mean(panel: TeamMonths, name: str, teams: NDArray[np.bool_], level: float, label: Label, unit: Unit) -> Effect:
    """Return the mean over everything, its interval from the teams (Cochran 1977, 9A.1)."""
    n = panel.n[name][teams].sum(axis=1)
    total = np.nansum(panel.mean[name][teams] * panel.n[name][teams], axis=1)
    value, k = float(total.sum() / n.sum()), int(n.size)
    se = float(np.sqrt(k / (k - 1) * np.sum((total - value * n) ** 2)) / n.sum())
    reach = float(student(k - 1, level)) * se
    size = _TEN if unit is Unit.SHARE else 1.0
    ends = ((value - reach) / size, (value + reach) / size)
    if unit is Unit.SHARE:
        ends = max(ends[0], 0.0), min(ends[1], 1.0)
    return Effect(label=label, unit=unit, value=value / size, low=ends[0], high=ends[1], level=level, n=int(n.sum()))

"""What has to hold for the answer about working from home to stand."""

from __future__ import annotations

import numpy as np

from peil.errors import EvidenceError
from peil.estimates.agent_panel import Panel
from peil.methods.imputation import Imputed, Part, imputed
from peil.studies.finding import Check, Effect
from peil.studies.home.people import HangingUp
from peil.studies.home.words import percent
from peil.terms import Label

FEWEST_AGENTS = 20
_PLACEBO_WEEKS = 8
_MOST_LEFT_OUT, _MOST_CLASHES = 0.25, 0.05


def placebo(panel: Panel) -> Part | None:
    """Return what the method finds in the last weeks before each move, as if the move had been earlier."""
    moved = panel.first >= 0
    if not moved.any():
        return None
    earliest = int(panel.first[moved].min())
    ahead = min(_PLACEBO_WEEKS, max(earliest // 2, 1))
    free = ~panel.home
    soon = (moved & (panel.first > ahead))[panel.agent] & (panel.week >= (panel.first - ahead)[panel.agent])
    try:
        return imputed(panel.pace[free], panel.agent[free], panel.week[free], soon[free]).treatment
    except EvidenceError:
        return None


def checks(panel: Panel, found: Imputed, before: Effect | None) -> tuple[Check, ...]:
    """Return whether there are enough agents, on parallel paths, that can be compared, each in one place."""
    home = int(panel.home.sum())
    lost = found.left_out / home
    clashes = panel.left_out.get("clash", 0) / max(len(panel) + sum(panel.left_out.values()), 1)
    lost_told, clashes_told = percent(lost, signed=False), percent(clashes, signed=False)
    if before is None:
        parallel = Check(
            name="parallel_paths",
            passed=False,
            says=Label(
                "There are too few weeks before the move to see whether paths were parallel.",
                "Er zijn te weinig weken vóór de verhuizing om te zien of de paden evenwijdig liepen.",
            ),
        )
    else:
        told, low, high = (percent(each) for each in (before.value, before.low, before.high))
        parallel = Check(
            name="parallel_paths",
            passed=not before.clear,
            says=Label(
                f"In the last weeks before the move the same method finds {told.en} ({low.en} to {high.en}).",
                f"In de laatste weken vóór de verhuizing vindt dezelfde methode {told.nl} ({low.nl} tot {high.nl}).",
            ),
        )
    return (
        Check(
            name="enough_agents",
            passed=min(found.movers, found.others) >= FEWEST_AGENTS,
            says=Label(
                f"{found.movers} agents moved, and {found.others} are there to compare with; {FEWEST_AGENTS} of each are asked for.",
                f"{found.movers} medewerkers verhuisden en {found.others} zijn er om mee te vergelijken; van elk zijn er {FEWEST_AGENTS} nodig.",
            ),
        ),
        parallel,
        Check(
            name="compared",
            passed=lost <= _MOST_LEFT_OUT,
            says=Label(
                f"{lost_told.en} of the weeks at home have nothing to compare with: no week in the office before, or nobody left there.",
                f"Van de weken thuis heeft {lost_told.nl} niets om mee te vergelijken: geen eerdere week op kantoor, of niemand die er bleef.",
            ),
        ),
        Check(
            name="one_place",
            passed=clashes <= _MOST_CLASHES,
            says=Label(
                f"In {clashes_told.en} of the weeks the roster has an agent in two places at once; these are left out.",
                f"In {clashes_told.nl} van de weken staat een medewerker op twee plekken tegelijk in het rooster; die tellen niet mee.",
            ),
        ),
    )


def not_rewarded(panel: Panel, suspects: HangingUp, effect: Effect) -> Check:
    """Whether the answer stays what it is without those who hang up on customers."""
    passed = True
    if suspects.n:
        kept = ~np.isin(panel.agent, suspects.places)
        try:
            again = imputed(panel.pace[kept], panel.agent[kept], panel.week[kept], panel.home[kept])
            passed = effect.low <= again.treatment.value <= effect.high
        except EvidenceError:
            passed = False
    usual = percent(suspects.usual, signed=False)
    return Check(
        name="short_calls",
        passed=passed,
        says=Label(
            f"{suspects.n} of {suspects.of} agents have far more calls cut short than is usual ({usual.en}); such calls are no work done.",
            f"{suspects.n} van de {suspects.of} medewerkers hebben veel meer afgebroken gesprekken dan gebruikelijk ({usual.nl}); zulke gesprekken tellen niet als werk.",
        ),
    )

"""What has to hold before a threshold or a roll-out may be said to show what automation does."""

from __future__ import annotations

from peil.methods.discontinuity import FEWEST_VALUES, Discontinuity
from peil.methods.heaping import Density
from peil.methods.rollout import RollOut
from peil.studies.finding import Check
from peil.terms import Label

FEWEST_CLUSTERS, FEWEST_UNITS = 100, 6
SUSPECT = 0.01
OUTLIVES_DRIFT = "outlives_drift"
# A line drawn on from the time before is trusted for so many periods.
SOON = 6


def threshold_checks(found: Discontinuity, heaping: Density | None, balance: Discontinuity | None) -> tuple[Check, ...]:
    """Return whether a threshold can carry a claim.

    Parameters:
        found: the jump.
        heaping: whether contacts heap up beside it; None where that cannot be told.
        balance: the jump in what was settled beforehand; None where nothing was.
    """
    fewest = min(found.values_below, found.values_above)
    told = [
        Check(
            name="enough_near",
            passed=found.clusters >= FEWEST_CLUSTERS and fewest >= FEWEST_VALUES,
            says=Label(
                f"Near the threshold are {found.clusters:,} persons and at least {fewest} different values on either side; "
                f"{FEWEST_CLUSTERS} and {FEWEST_VALUES} are asked for.",
                f"Rond de drempel zijn {_nl(found.clusters)} klanten en minstens {fewest} verschillende waarden aan elke kant; "
                f"{FEWEST_CLUSTERS} en {FEWEST_VALUES} zijn nodig.",
            ),
        ),
        Check(
            name="no_heaping",
            passed=heaping is not None and heaping.p >= SUSPECT,
            says=Label(
                "Whether contacts heap up beside the threshold cannot be told."
                if heaping is None
                else f"Contacts do not heap up on one side of the threshold (p = {heaping.p:.2f})."
                if heaping.p >= SUSPECT
                else f"Contacts heap up on one side of the threshold (p = {heaping.p:.3f}): somebody steers.",
                "Of contacten zich naast de drempel ophopen is niet te zeggen."
                if heaping is None
                else f"Contacten hopen zich niet op aan één kant van de drempel (p = {_comma(heaping.p, 2)})."
                if heaping.p >= SUSPECT
                else f"Contacten hopen zich op aan één kant van de drempel (p = {_comma(heaping.p, 3)}): iemand stuurt.",
            ),
        ),
    ]
    if balance is not None:
        even = balance.low <= 0 <= balance.high
        told.append(
            Check(
                name="alike_before",
                passed=even,
                says=Label(
                    "Customers on both sides had been in touch as often the week before."
                    if even
                    else "Customers on one side had been in touch more often the week before: they are not alike.",
                    "Klanten aan beide kanten hadden de week ervoor even vaak contact."
                    if even
                    else "Klanten aan één kant hadden de week ervoor vaker contact: ze zijn niet vergelijkbaar.",
                ),
            )
        )
    return tuple(told)


def stage_checks(found: RollOut, before: RollOut | None, steady: RollOut | None) -> tuple[Check, ...]:
    """Return whether a roll-out in stages can carry a claim.

    Parameters:
        found: the roll-out.
        before: what is found if it is supposed to have begun earlier; None where that cannot be told.
        steady: its first periods with the drift taken off that the time before allows; None where that cannot be told.
    """
    outlives = steady is not None and (steady.low > 0 if found.value > 0 else steady.high < 0)
    even = before is not None and before.low <= 0 <= before.high
    return (
        Check(
            name="enough_queues",
            passed=found.units >= FEWEST_UNITS,
            says=Label(
                f"There are {found.units} queues, {found.treated_units} with automation; {FEWEST_UNITS} are asked for.",
                f"Er zijn {found.units} wachtrijen, {found.treated_units} met automatisering; {FEWEST_UNITS} zijn nodig.",
            ),
        ),
        Check(
            name="alike_before",
            passed=even,
            says=Label(
                "Before automation the queues moved alike."
                if even
                else "Whether queues moved alike before automation cannot be told."
                if before is None
                else "Before automation the queues were already moving apart.",
                "Voor de automatisering gingen de wachtrijen gelijk op."
                if even
                else "Of de wachtrijen voor de automatisering gelijk opgingen is niet te zeggen."
                if before is None
                else "Voor de automatisering liepen de wachtrijen al uiteen.",
            ),
        ),
        Check(
            name=OUTLIVES_DRIFT,
            passed=outlives,
            says=Label(
                "The effect stands when the drift that the time before allows is taken off."
                if outlives
                else "Whether queues with automation drift apart from the others cannot be told."
                if steady is None
                else "Take off the drift that the time before allows, and no effect is left that is clear of zero.",
                "Het effect blijft staan als de drift eraf gaat die de tijd vooraf toelaat."
                if outlives
                else "Of wachtrijen met automatisering van de andere wegdrijven is niet te zeggen."
                if steady is None
                else "Gaat de drift eraf die de tijd vooraf toelaat, dan blijft er geen effect over dat los van nul ligt.",
            ),
        ),
    )


def _nl(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _comma(number: float, places: int) -> str:
    return f"{number:.{places}f}".replace(".", ",")

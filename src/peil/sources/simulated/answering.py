"""Who answers a survey in a made world: by lot, or by what the contact was like, or by the very score they would give."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from peil.sources.simulated.arrivals import Contacts
from peil.sources.simulated.frames import Integers
from peil.sources.simulated.legs import Handled
from peil.sources.simulated.scales import Floats
from peil.sources.simulated.world import World

Answering = Literal["at_random", "wait_and_outcome", "score"]
BURDENS = {
    "completed": 0.0,
    "abandoned": 1.2,
    "transferred": 0.9,
    "handed_over": 0.6,
    "bot_helped": 0.3,
    "bot_gave_up": 1.0,
}
"""How heavy each outcome weighs, where a wait of half a minute weighs log 2."""

REPEAT_BURDEN = 0.7
WAIT_S = 30.0
MIDDLING = 0.75
"""The burden of a middling contact: half a minute of waiting, and a little more."""

PROMOTER, DETRACTOR = 9, 6
_WEEK = 7 * 86_400


def burden(contacts: Contacts, handled: Handled) -> Floats:
    """Return how much each customer went through: the wait, how it ended, and whether it was not the first time.

    All of it can be read from the contacts afterwards, so weights can be made of it.
    """
    weights = np.array(list(BURDENS.values()))
    again = REPEAT_BURDEN * within_a_week(contacts.person, contacts.started)
    return np.asarray(np.log1p(handled.wait / WAIT_S) + weights[handled.outcome] + again, np.float64)


def within_a_week(person: Integers, started: Integers) -> NDArray[np.bool_]:
    """Return whether the same person was in touch during the week before.

    Example:
        >>> within_a_week(np.array([1, 2, 1]), np.array([0, 50, 3_600])).tolist()
        [False, False, True]
    """
    order = np.lexsort((started, person))
    soon = (np.diff(person[order]) == 0) & (np.diff(started[order]) <= _WEEK)
    found = np.zeros(len(order), bool)
    found[order[1:]] = soon
    return found


def chances(world: World, weight: Floats, scores: Integers) -> Floats:
    """Return the chance that each customer answers if asked.

    Parameters:
        world: how answering goes there.
        weight: the burden of each contact.
        scores: what each would answer to the question of recommendation, 0 to 10.

    Example:
        >>> from peil.sources.simulated.centre import SimulatedCentre
        >>> world = SimulatedCentre(answering="score", response_rate=0.5, promoter_odds=4.0).world()
        >>> chances(world, np.zeros(3), np.array([3, 8, 10])).round(3).tolist()
        [0.333, 0.5, 0.667]
    """
    odds = np.full(len(scores), world.response_rate / (1 - world.response_rate) if world.response_rate < 1 else np.inf)
    if world.answering == "wait_and_outcome":
        odds = odds * np.exp(-world.reluctance * (weight - MIDDLING))
    elif world.answering == "score":
        side = np.where(scores >= PROMOTER, 0.5, np.where(scores <= DETRACTOR, -0.5, 0.0))
        odds = odds * world.promoter_odds**side
    return np.where(np.isinf(odds), 1.0, odds / (1 + np.where(np.isinf(odds), 0.0, odds)))

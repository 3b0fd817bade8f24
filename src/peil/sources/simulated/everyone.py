"""What every customer of a made world would have said, asked or not, and what those who answer say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from peil.sources.simulated.answering import DETRACTOR, PROMOTER
from peil.sources.simulated.arrivals import arrivals
from peil.sources.simulated.frames import Integers
from peil.sources.simulated.legs import legs
from peil.sources.simulated.planted import Planted, planted
from peil.sources.simulated.scales import Floats
from peil.sources.simulated.surveys import CustomerSurvey
from peil.sources.simulated.world import CHANNELS, World
from peil.terms import CHANNEL_LABELS, Unit

_SATISFIED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Everyone:
    """The answers of all contacts, one a place in each array.

    Parameters:
        channel: place in ``CHANNELS``.
        scores: one column a question.
        chance: of an answer, if asked.
    """

    channel: Integers
    scores: Integers
    chance: Floats

    def nps(self, weight: Floats | None = None) -> float:
        """Return the net promoter score, each contact counting once or ``weight`` times."""
        given = self.scores[:, 0]
        return float(np.average(100.0 * (given >= PROMOTER) - 100.0 * (given <= DETRACTOR), weights=weight))


def everyone(world: World) -> Everyone:
    """Draw the contacts of ``world`` over again and return what each of them would be answered about.

    Example:
        >>> from peil.sources.simulated.centre import SimulatedCentre
        >>> world = SimulatedCentre(contacts=2_000, answering="wait_and_outcome").world()
        >>> found = everyone(world)
        >>> len(found.chance), found.nps(found.chance) > found.nps() + 10
        (2000, True)
    """
    survey = CustomerSurvey(world)
    parts = []
    for period, contacts, rng in arrivals(world):
        _, handled = legs(world, contacts, rng)
        parts.append((contacts.channel, *survey.scores(contacts, handled, rng, after=period.after)))
    channel, scores, chance = (np.concatenate([each[place] for each in parts]) for place in range(3))
    return Everyone(channel=channel, scores=scores, chance=chance)


def voices(world: World) -> dict[str, Planted]:
    """Return the planted values of a survey whose truth is what every customer would have said.

    They are counts over the contacts that were drawn, no expectations: with another seed they are others.
    """
    found = everyone(world)
    return {
        "nps": planted(
            found.nps(),
            Unit.POINTS,
            "Had every customer answered about every contact, the net promoter score would have been {value}.",
            "Had elke klant over elk contact geantwoord, dan was de NPS {value} geweest.",
        ),
        "nps_answers": planted(
            found.nps(found.chance),
            Unit.POINTS,
            "Those who answer when they are asked give a net promoter score of {value}.",
            "Wie antwoordt als het wordt gevraagd, geeft een NPS van {value}.",
        ),
        "response_rate": planted(
            float(found.chance.mean()),
            Unit.SHARE,
            f"Of the customers invited, {{value}} answer; {_EN[world.answering]}.",
            f"Van de uitgenodigde klanten antwoordt {{value}}; {_NL[world.answering]}.",
        ),
        **dict(_by_channel(found)),
    }


_EN = {
    "at_random": "who answers has nothing to do with what they think",
    "wait_and_outcome": "who answers depends on the wait and on how the contact ended",
    "score": "who answers depends on the very score they would give",
}
_NL = {
    "at_random": "wie antwoordt hangt niet samen met het oordeel",
    "wait_and_outcome": "wie antwoordt hangt af van de wachttijd en van hoe het contact afliep",
    "score": "wie antwoordt hangt af van het cijfer dat hij of zij zou geven",
}


def _by_channel(found: Everyone) -> Iterator[tuple[str, Planted]]:
    for place, channel in enumerate(CHANNELS):
        here = found.channel == place
        if not here.any():
            continue
        label = CHANNEL_LABELS[channel]
        name_en, name_nl = label.en.lower() if channel != "mail" else "e-mail", label.nl.lower()
        of = Everyone(channel=found.channel[here], scores=found.scores[here], chance=found.chance[here])
        yield (
            f"nps_{channel}",
            planted(
                of.nps(),
                Unit.POINTS,
                f"Had every customer answered, the net promoter score of {name_en} would have been {{value}}.",
                f"Had elke klant geantwoord, dan was de NPS van {name_nl} {{value}} geweest.",
            ),
        )
        yield (
            f"csat_{channel}",
            planted(
                float((of.scores[:, 1] >= _SATISFIED).mean()),
                Unit.SHARE,
                f"Had every customer answered, {{value}} would have given {name_en} a 4 or 5 out of 5.",
                f"Had elke klant geantwoord, dan had {{value}} {name_nl} een 4 of 5 van de 5 gegeven.",
            ),
        )
        yield (
            f"ces_2_{channel}",
            planted(
                float(of.scores[:, 2].mean()),
                Unit.SCORE,
                f"Had every customer answered, the mean ease of {name_en} would have been {{value}} out of 7.",
                f"Had elke klant geantwoord, dan was het gemiddelde gemak van {name_nl} {{value}} van de 7 geweest.",
            ),
        )

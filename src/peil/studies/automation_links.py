"""Would wrong or missed links between customer records change what the bot audit finds?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from peil.dataset import Dataset
from peil.estimates.estimate import Estimate, Estimates, estimate
from peil.estimates.linked import linked_whole
from peil.measures.claims import CLAIM_RETURNED, PEOPLE_RETURNED
from peil.studies.finding import Check, Effect
from peil.terms import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What came back, as counted and with the doubt about who is who.

    Parameters:
        plain: of the claims that can be followed, the share that came back.
        failed: the same, counted over every way in which customer records may belong together.
        shift: how far that moves the excess over people.
        se: the standard error of that, the doubt about claims and about people's contacts taken to be independent.
    """

    plain: Estimate
    failed: Estimate
    shift: float
    se: float

    def moved(self, effect: Effect) -> tuple[float, float]:
        """Return the interval of the excess, moved and widened by as many standard errors as its level asks."""
        reach = self.se * NormalDist().inv_cdf((1 + effect.level) / 2)
        middle = effect.value + self.shift
        return middle - math.hypot(effect.value - effect.low, reach), middle + math.hypot(
            effect.high - effect.value, reach
        )


def links(data: Dataset, window: tuple[int, bool], where: str, level: float) -> Links | None:
    """Return what the doubt about who is who does to the audit; None where no customer records were linked.

    Parameters:
        data: the tables.
        window: days, and whether only the same reason counts.
        where: row-level SQL that chooses contacts.
        level: of the intervals.
    """
    if data.people is None:
        return None
    asked = [CLAIM_RETURNED[window], PEOPLE_RETURNED[window]]
    before = [_one(each) for each in estimate(asked, data, where=where, level=level)]
    weighed = linked_whole(asked, data, where=where, level=level)
    (bot, people), (bot_linked, people_linked) = before, [_one(each) for each, _ in weighed]
    if bot is None or bot_linked is None:
        return None
    shift = bot_linked.value - bot.value
    if people is not None and people_linked is not None:
        shift -= people_linked.value - people.value
    return Links(plain=bot, failed=bot_linked, shift=shift, se=math.hypot(*(se for _, se in weighed)))


def who_is_who(found: Links, effect: Effect, matters: float) -> Check:
    """Return whether the answer stays what it is when records may be linked wrongly, or not at all.

    Parameters:
        found: what the doubt does.
        effect: the excess as counted.
        matters: the smallest excess that matters.
    """
    low, high = found.moved(effect)
    stays = _answer(low, high, matters) == _answer(effect.low, effect.high, matters)
    told = [(f"{each.value:.1%}", f"{each.low:.1%}", f"{each.high:.1%}") for each in (found.plain, found.failed)]
    (value, least, most), (value_too, least_too, most_too) = told
    dutch = [[part.replace(".", ",") for part in each] for each in told]
    return Check(
        name="who_is_who",
        passed=stays,
        says=Label(
            f"Came back: {value} ({least} to {most}); with the doubt about which customer records are of one person "
            f"{value_too} ({least_too} to {most_too}). The answer {'stays the same' if stays else 'would change'}.",
            f"Kwam terug: {dutch[0][0]} ({dutch[0][1]} tot {dutch[0][2]}); met de twijfel over welke klantrecords van één persoon "
            f"zijn {dutch[1][0]} ({dutch[1][1]} tot {dutch[1][2]}). Het antwoord {'blijft hetzelfde' if stays else 'zou veranderen'}.",
        ),
    )


def _answer(low: float, high: float, matters: float) -> str:
    return "no" if high < matters else "yes" if low > 0 else "unclear"


def _one(found: Estimates) -> Estimate | None:
    return next((each for each in found if each.n), None)

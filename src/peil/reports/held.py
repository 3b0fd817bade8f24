"""Planted values beside what was estimated without knowing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from peil.errors import EvidenceError
from peil.estimates.difference import Side, difference
from peil.reports import numbers
from peil.reports.asked import Asked
from peil.sources.simulated.planted import Planted
from peil.sources.tables import BOT_FAILURES
from peil.terms import CHANNELS, Language, Unit

_SAME_REASON = "repeat_7d_same_reason"
# Planted value to the question that estimates the same thing: measure, and which rows.
_ASKED: Mapping[str, tuple[str, str]] = {
    "repeat_7d_bot": (_SAME_REASON, "channel = 'bot'"),
    "repeat_7d_other": (_SAME_REASON, "channel <> 'bot'"),
    "service_level_20": ("service_level_20_answered_offered", "channel = 'call'"),
    "mean_wait": ("waiting_all", "true"),
    "transfers": ("transfer_share", "channel = 'call'"),
    "handover": ("bot_handover", "true"),
    "bot_confirmed": ("containment_confirmed", "true"),
    "bot_gave_up": ("bot_gave_up", "true"),
    "vendor_resolved": ("containment_vendor", "true"),
    **{f"bot_failed_{each}": (f"bot_failed_{each}", "true") for each in BOT_FAILURES},
    "occupancy": ("occupancy_copc", "true"),
    **{f"csat_{each}": ("csat_top2", f"channel = '{each}'") for each in CHANNELS},
    **{f"ces_2_{each}": ("ces_2_mean", f"channel = '{each}'") for each in CHANNELS},
}
_GAPS: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "perception_gap": (("nps", "true"), ("nps_believed", "true")),
    "bot_gap": (("nps", "channel = 'call'"), ("nps", "channel = 'bot'")),
}
# Of one organisation of a benchmark; its name begins with this.
_OF_ONE: Mapping[str, tuple[str, str]] = {
    "nps": ("nps", "true"),
    "nps_believed": ("nps_believed", "true"),
    "service_level_20": ("service_level_20_answered_offered", "channel = 'call'"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A planted value and its estimate.

    Parameters:
        name: of the planted value.
        says: the truth in a sentence.
        truth: the value planted, as shown.
        estimate, interval: what was estimated.
        holds: whether the interval holds the truth.
    """

    name: str
    says: str
    truth: str
    estimate: str
    interval: str
    holds: bool


def held(truths: Mapping[str, Planted], asked: Asked) -> tuple[Held, ...]:
    """Return each planted value that the catalogue can estimate, beside its estimate.

    Parameters:
        truths: planted values by name.
        asked: the data, the measures, the language and the level.
    """
    language = asked.language
    found: list[Held] = []
    for name, planted in truths.items():
        if not isinstance(planted.value, int | float) or planted.unit is None:
            continue
        try:
            ends = _estimated(name, planted, asked)
        except EvidenceError:
            continue  # the other table lists it as not estimated
        if ends is None:
            continue
        value, low, high = ends
        difference_shown, unit = name in _GAPS, planted.unit
        # a truth just outside an interval must not look as if it were inside
        digits = 1 if unit is Unit.POINTS else None
        found.append(
            Held(
                name=name,
                says=planted.says.read(language),
                truth=numbers.value_text(planted.value, unit, language, digits=digits, difference=difference_shown),
                estimate=numbers.value_text(value, unit, language, digits=digits, difference=difference_shown),
                interval=numbers.interval_text(low, high, unit, language, digits=digits, difference=difference_shown),
                holds=low <= planted.value <= high,
            )
        )
    return tuple(found)


def _estimated(name: str, planted: Planted, asked: Asked) -> tuple[float, float, float] | None:
    if name in _GAPS:
        one, other = (Side(measure=asked.catalogue[measure], where=where) for measure, where in _GAPS[name])
        gap = difference(asked.data, one, other, level=asked.level)
        return gap.value, gap.low, gap.high
    letter, _, key = name.partition("_")
    if name in _ASKED:
        question, by, group = _ASKED[name], "", ""
    elif len(letter) == 1 and letter.isupper() and key in _OF_ONE:
        question, by, group = _OF_ONE[key], "organisation", planted.says.en.split(":", 1)[0]
    elif name.startswith("enps_team_"):
        question, by, group = ("enps", "true"), "team", f"team {name.removeprefix('enps_team_')}"
    else:
        return None
    measure = asked.catalogue[question[0]]
    if measure.unit is not planted.unit:
        return None
    for each in asked.estimates(measure, [by] if by else [], question[1]):
        if each.n and (not by or each.group[0][1] == group):
            return each.value, each.low, each.high
    return None


def same_question(name: str, sides: tuple[Side, Side]) -> bool:
    """Return whether a comparison asks for a planted difference.

    Parameters:
        name: of the planted value.
        sides: what was compared.
    """
    if name not in _GAPS:
        return False
    measures = tuple(each.measure.name for each in sides)
    if measures != tuple(measure for measure, _ in _GAPS[name]):
        return False
    # two measures of two audiences: a filter on the audience changes nothing
    return measures[0] != measures[1] or tuple(each.where for each in sides) == tuple(where for _, where in _GAPS[name])


def not_estimated(truths: Mapping[str, Planted], found: tuple[Held, ...], language: Language) -> tuple[str, ...]:
    """Return the sentences of planted values that no question of this report estimates."""
    named = {each.name for each in found}
    return tuple(each.says.read(language) for name, each in truths.items() if name not in named)

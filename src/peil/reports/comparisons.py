"""Two groups, or customers and organisations, side by side in a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peil.config import CompareConfig
from peil.errors import EvidenceError
from peil.estimates.difference import Difference, Side
from peil.measures.catalogue import measure_named
from peil.measures.measure import POPULATIONS, Measure
from peil.reports import labels, numbers, sentences
from peil.reports.asked import Asked
from peil.reports.compared import perception_told
from peil.reports.conditions import both, condition
from peil.reports.findings import finding_told
from peil.reports.held import Held, same_question
from peil.studies.finding import Effect, Finding
from peil.studies.group_gap import group_gap
from peil.studies.perception_gap import Perception, perception_gap
from peil.studies.wave_change import wave_change
from peil.terms import Label, Language

ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A comparison, and what it compares.

    Parameters:
        finding: what it says.
        sides: measures and filters.
        by: what tells the groups apart.
        perception: what customers say beside what organisations think; None for groups.
    """

    finding: Finding[Difference | Effect]
    sides: tuple[Side, Side]
    by: str
    perception: Perception | None = None


def compared_as(asked: Asked, wanted: CompareConfig) -> Compared | None:
    """Return a comparison that was asked for; None where it cannot be told, or rests on too few.

    Parameters:
        asked: what every figure shares.
        wanted: what to compare.
    """
    measure = measure_named(wanted.measure, asked.catalogue)
    other = measure_named(wanted.against, asked.catalogue) if wanted.against else measure
    schema = POPULATIONS[measure.population]
    sides = tuple(
        Side(measure=each, where=both(wanted.where, condition(wanted.by, value, schema)))
        for each, value in ((measure, wanted.first), (other, wanted.second))
    )
    one, two = (
        (measure.label, other.label)
        if wanted.against
        else (
            Label(*(_inside(wanted.by, numbers.group_text(wanted.by, value, language)) for language in ("en", "nl")))
            for value in (wanted.first, wanted.second)
        )
    )
    if sentences.perception(measure.name, other.name):
        return _perceived(asked, measure, other, wanted)
    in_rounds = wanted.by == "wave" and measure is other and measure.population == "responses"
    try:
        finding = (
            wave_change(asked.data, measure, wanted.first, wanted.second, where=wanted.where, level=asked.level)
            if in_rounds
            else group_gap(asked.data, sides[0], sides[1], named=(one, two), level=asked.level)
        )
    except EvidenceError:
        return None
    if min(finding.effect.first.n, finding.effect.second.n) < asked.minimum_n:
        return None
    return Compared(finding=finding, sides=(sides[0], sides[1]), by=wanted.by)


def _perceived(asked: Asked, voice: Measure, belief: Measure, wanted: CompareConfig) -> Compared | None:
    try:
        found = perception_gap(asked.data, voice, belief, where=wanted.where, level=asked.level)
        fewest = min(asked.estimates(each, where=wanted.where).only().n for each in (voice, belief))
    except EvidenceError:
        return None
    if fewest < asked.minimum_n:
        return None
    sides = tuple(Side(measure=each, where=wanted.where) for each in (voice, belief))
    return Compared(finding=found.finding, sides=(sides[0], sides[1]), by=ORGANISATION, perception=found)


def _inside(by: str, name: str) -> str:
    return labels.lowered(name) if by in {"channel", "handler"} else name


def comparison_told(compared: Compared, planted: Sequence[Held], language: Language) -> dict[str, Any]:
    """Return a comparison as the page shows it, with the planted values that answer the same question."""
    facts = perception_told(compared.perception, language) if compared.perception else ()
    answers = [each for each in planted if same_question(each.name, compared.sides)]
    return finding_told(compared.finding, language, facts=facts, planted=answers)

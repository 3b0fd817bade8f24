"""What stands at the head of a report: a few numbers, or the gaps that were shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from peil.config import ReportConfig
from peil.errors import EvidenceError
from peil.estimates.difference import Difference
from peil.measures.catalogue import measure_named
from peil.measures.measure import Measure
from peil.reports import defaults, numbers, sentences
from peil.reports.asked import Asked
from peil.reports.comparisons import Compared
from peil.reports.questions import rounds
from peil.studies.finding import Effect, Finding

_CARDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A headline figure.

    Parameters:
        value: the number in its unit.
        label: what it is.
        interval: how sure it is.
        says: the three in one sentence.
        clear: whether it is a number to believe or a difference that was not shown.
    """

    value: str
    label: str
    interval: str
    says: str
    clear: bool = True


def headlines_of(asked: Asked, config: ReportConfig, compared: Sequence[Compared]) -> tuple[Headline, ...]:
    """Return the headline figures that were asked for, or else gaps that were shown and what the data can answer.

    Parameters:
        asked: what every figure shares.
        config: of the report.
        compared: its comparisons.
    """
    made: list[Headline] = []
    if not config.headlines:
        made += [_gap_card(asked, each.finding) for each in compared if each.finding.verdict == "yes"][:_CARDS]
    for name in config.headlines or defaults.headlines(asked):
        measure = measure_named(name, asked.catalogue)
        try:
            found = asked.estimates(measure).only()
        except EvidenceError:
            continue
        if found.n < asked.minimum_n:
            continue
        label = measure.label.read(asked.language) + _together(asked, measure)
        value = numbers.value_text(found.value, measure.unit, asked.language)
        between = numbers.interval_text(found.low, found.high, measure.unit, asked.language, size=abs(found.value))
        made.append(Headline(value=value, label=label, interval=between, says=f"{label}: {value} {between}"))
    return tuple(made if config.headlines else made[:_CARDS])


def _together(asked: Asked, measure: Measure) -> str:
    """Return how many rounds of a survey a number is of, where there are several."""
    n = len(rounds(asked, measure))
    return asked.say(f", {n} rounds together", f", {n} rondes samen") if n > 1 else ""


def _gap_card(asked: Asked, finding: Finding[Difference | Effect]) -> Headline:
    found, language = finding.effect, asked.language
    unit = found.unit
    return Headline(
        value=numbers.value_text(found.value, unit, language, difference=True),
        label=sentences.title(finding, language),
        interval=numbers.interval_text(found.low, found.high, unit, language, difference=True),
        says=sentences.sentence(finding, language).removesuffix("."),
    )

"""A finding as a page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peil.estimates.difference import Difference
from peil.reports import numbers, sentences
from peil.reports.held import Held
from peil.studies.finding import Effect, Finding
from peil.terms import Language


def finding_told(
    finding: Finding[Difference | Effect],
    language: Language,
    *,
    facts: Sequence[str] = (),
    planted: Sequence[Held] = (),
) -> dict[str, Any]:
    """Return a finding as the page shows it.

    Parameters:
        finding: of a study.
        language: of the texts.
        facts: sentences that belong to it.
        planted: planted values that answer the same question.
    """
    effect = finding.effect
    return {
        "planted": planted,
        "says": sentences.sentence(finding, language),
        "question": finding.question.read(language),
        "verdict": finding.verdict,
        "verdict_told": sentences.VERDICTS[finding.verdict].read(language),
        "sides": [
            (
                each.measure,
                sentences.told(each, language),
                numbers.count(each.n, language),
                numbers.count(each.clusters, language),
            )
            for each in ((effect.first, effect.second) if isinstance(effect, Difference) else ())
        ],
        "facts": facts,
        "checks": [(each.passed, each.says.read(language)) for each in finding.checks],
        "assumptions": [each.read(language) for each in finding.assumptions],
        "settles": finding.settles.read(language) if finding.settles else "",
    }

"""What every figure of a report shares: the data, the language, and the answers so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from peil.config import SurveyConfig
from peil.dataset import Dataset
from peil.estimates.estimate import Estimates, estimate
from peil.measures.measure import Measure
from peil.reports import numbers
from peil.surveys.instrument import Put
from peil.terms import Label, Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What every figure of a report shares.

    Parameters:
        data: the tables.
        catalogue: measures by name.
        language: of the texts.
        minimum_n: groups with fewer rows are not shown.
        level: of the intervals.
        answers: to questions asked before.
        surveys: settings of the surveys, by name.
        puts: how survey questions were put, by measure and filter.
    """

    data: Dataset
    catalogue: Mapping[str, Measure]
    language: Language
    minimum_n: int
    level: float
    answers: dict[tuple[str, tuple[str, ...], str], Estimates] = field(default_factory=dict)
    surveys: Mapping[str, SurveyConfig] = field(default_factory=dict)
    puts: dict[tuple[str, str], Mapping[str, Put]] = field(default_factory=dict)

    def estimates(self, measure: Measure, by: Sequence[str] = (), where: str = "true") -> Estimates:
        """Return a measure in groups; a question that was asked before is not asked again.

        Raises:
            DefinitionError: a group or a filter names an unknown column.
            EvidenceError: no row is left.
        """
        key = (measure.name, tuple(by), where)
        if key not in self.answers:
            self.answers[key] = estimate(measure, self.data, by=by, where=where, level=self.level)[0]
        return self.answers[key]

    def say(self, en: str, nl: str) -> str:
        """Return the one of two texts that the reader reads."""
        return Label(en, nl).read(self.language)

    def count(self, value: float) -> str:
        """Return a whole number as the reader writes it."""
        return numbers.count(value, self.language)

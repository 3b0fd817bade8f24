"""The surveys that there are answers to: who was asked, when, how, and by what groups their answers can be told apart."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from babel import Locale

from peil.engines.quoting import quoted
from peil.reports.asked import Asked
from peil.reports.dates import LOCALES
from peil.terms import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """One survey of one audience.

    Parameters:
        survey: the questionnaire.
        audience: who was asked.
        responses: respondents.
        answers: answered questions.
        measured: those of questions that say what they measure.
        first, last: days of the first and the last answer.
        modes, languages: how it was asked, most used first.
    """

    survey: str
    audience: str
    responses: int
    answers: int
    measured: int
    first: str
    last: str
    modes: tuple[str, ...]
    languages: tuple[str, ...]

    @property
    def where(self) -> str:
        """Row-level SQL that chooses its answers."""
        return f"survey = {quoted(self.survey)} and audience = {quoted(self.audience)}"


_SURVEYS = """
select survey, audience, mode, language, sum(case when first_answer then 1 else 0 end) as responses, count(*) as answers,
  count(construct) as measured, min(answered_on) as first_on, max(answered_on) as last_on
from {responses}
group by survey, audience, mode, language
"""


def surveyed(asked: Asked) -> tuple[Surveyed, ...]:
    """Return the surveys in the data, by audience and name."""
    rows = asked.data.engine.rows(_SURVEYS.format(responses=asked.data.tables["responses"].name)).to_pylist()
    held: dict[tuple[str, str], list[dict[str, object]]] = {}
    for row in rows:
        held.setdefault((str(row["audience"]), str(row["survey"])), []).append(row)
    found = []
    for (audience, survey), these in sorted(held.items()):
        responses = sum(int(str(each["responses"])) for each in these)
        found.append(
            Surveyed(
                survey=survey,
                audience=audience,
                responses=responses,
                answers=sum(int(str(each["answers"])) for each in these),
                measured=sum(int(str(each["measured"])) for each in these),
                first=str(min(str(each["first_on"]) for each in these)),
                last=str(max(str(each["last_on"]) for each in these)),
                modes=_most(these, "mode"),
                languages=_most(these, "language"),
            )
        )
    return tuple(found)


def _most(rows: Sequence[Mapping[str, object]], column: str) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for row in rows:
        if row[column] is not None:
            counts[str(row[column])] = counts.get(str(row[column]), 0) + int(str(row["responses"]))
    return tuple(sorted(counts, key=lambda each: (-counts[each], each)))


def language_named(code: str, language: Language) -> str:
    """Return what a language is called, in another.

    Example:
        >>> language_named("en", "nl"), language_named("x-own", "nl")
        ('Engels', 'x-own')
    """
    return str(Locale.parse(LOCALES[language]).languages.get(code, code))


_EXTRAS = """
select extra
from {responses}
where first_answer and extra is not null and ({where})
order by response_id
limit {most}
"""
# Enough to see which facts are groups; a fact with more values is a text or a number.
_LOOKED_AT, _MOST_VALUES, _FEWEST_VALUES = 2_000, 8, 2


def facts_of(asked: Asked, of: Surveyed) -> tuple[str, ...]:
    """Return the facts of respondents that tell a few groups apart, as ``extra.NAME``.

    Parameters:
        asked: what every figure shares.
        of: the survey.
    """
    responses = asked.data.tables["responses"].name
    rows = asked.data.engine.rows(_EXTRAS.format(responses=responses, where=of.where, most=_LOOKED_AT), ordered=True)
    values: dict[str, set[str]] = {}
    for text in rows.column("extra").to_pylist():
        for name, value in json.loads(text).items():
            values.setdefault(name, set()).add(str(value))
    groups = [name for name, held in values.items() if _FEWEST_VALUES <= len(held) <= _MOST_VALUES]
    return tuple(f"extra.{name}" for name in groups)

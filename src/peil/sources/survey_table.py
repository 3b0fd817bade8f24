"""Any delimited survey file with one row a respondent, with its questions from the configuration or from a bridge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.errors import DefinitionError
from peil.sources.codebook import bridged
from peil.sources.questionnaires import Audience, Question, Questionnaire, Respondent, delivered, present
from peil.sources.questions import Word
from peil.sources.source import Draft, Export, Fault, drafts
from peil.sources.tables import ANSWERS, INVITATIONS, QUESTIONS
from peil.sources.wide_rows import answered, lines, names

__all__ = ["SurveyTable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyTable:
    """A wide file: a column for each question, a row for each respondent.

    Parameters:
        name: how the source is called.
        organisation: whose survey it is.
        files: glob patterns, relative to the configuration.
        survey: the questionnaire's name; the source's if left out.
        audience: who was asked.
        wave: the round.
        respondent: which columns tell about the respondent.
        questions: what was asked.
        bridge: a file that says what each wave's export calls its questions, relative to the configuration.
        zone: time zone of instants without offset, and of local days.
        delimiter: left out, it is found.
        quote: the quoting character.

    Example:
        >>> source = SurveyTable(
        ...     name="shop", organisation="Acme", files=("answers.csv",),
        ...     respondent=Respondent(answered_at="date"), questions=(Question(name="nps", construct="nps"),),
        ... )
        >>> [each.name for each in source.provides]
        ['answers', 'invitations', 'questions']
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: Literal["survey"] = "survey"
    name: str
    organisation: str = ""
    files: tuple[str, ...]
    survey: str = ""
    audience: Audience = "customer"
    wave: Word | None = None
    respondent: Respondent
    questions: tuple[Question, ...] = ()
    bridge: str | None = None
    zone: str = ""
    delimiter: str | None = None
    quote: str = '"'

    def __post_init__(self) -> None:
        """Refuse what cannot be, before any file is read."""
        if not self.questions and not self.bridge:
            raise DefinitionError(
                f"source '{self.name}': nothing says which columns are questions",
                remedy="add 'questions:', or a 'bridge:' where several waves call them differently",
            )
        if not self.respondent.moments and not self.respondent.answered_on:
            raise DefinitionError(
                f"source '{self.name}': nothing says when it was answered",
                remedy="add 'answered_at: COLUMN' to respondent, or 'answered_on: 2024-05-15' where there is no full date",
            )

    @property
    def provides(self) -> tuple[Schema, ...]:
        """Answers, who was asked, and what was asked."""
        return (ANSWERS, INVITATIONS, QUESTIONS)

    def along(self, export: Path) -> Mapping[str, Path]:  # noqa: ARG002  # one bridge for every export
        """Return the bridge, where there is one."""
        return {"bridge": Path(self.bridge)} if self.bridge else {}

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the drafts of one export.

        Raises:
            SchemaError: a question or a respondent's column is not there.
        """
        questions, respondent = bridged(
            export.beside, self.wave, source=self.name, questions=self.questions, respondent=self.respondent
        )
        asked = Questionnaire(
            survey=self.survey or self.name, audience=self.audience, wave=self.wave, questions=questions
        )
        found = lines(export, self.delimiter, self.quote)
        columns = names(next(found, None), export)
        present(columns, asked, respondent, file=export.name)
        yield from drafts(delivered(asked, respondent, answered(columns, found)))

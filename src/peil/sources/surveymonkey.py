"""SurveyMonkey: responses as its API gives them in bulk, with the details of the survey beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.sources.codebook import bridged, questionnaire, read_definition
from peil.sources.json_files import TAKEN, Shape, misfit, read_objects
from peil.sources.questionnaires import Answered, Audience, Question, Respondent, delivered
from peil.sources.source import Draft, Export, Fault, drafts
from peil.sources.surveymonkey_book import SHAPE as DETAILS
from peil.sources.surveymonkey_book import Book, read_book
from peil.sources.tables import ANSWERS, INVITATIONS, QUESTIONS

CUSTOM = "custom."
TOLD = (
    "id",
    "date_created",
    "date_modified",
    "total_time",
    "response_status",
    "collection_mode",
    "collector_id",
    "language",
)
ANSWER: Shape = dict.fromkeys(("choice_id", "row_id", "col_id", "other_id", "text"), TAKEN)
SHAPE: Shape = {
    **dict.fromkeys((*TOLD, "survey_id", "custom_value"), TAKEN),
    "custom_variables": {},
    "pages": ({"questions": ({"id": TAKEN, "answers": (ANSWER,)},)},),
}
NATURAL = Respondent(
    response_id="id",
    answered_at=("date_modified", "date_created"),
    started_at="date_created",
    duration="total_time",
    language="language",
    disposition="response_status",
    values={
        "disposition": {
            "completed": "complete",
            "partial": "partial",
            "overquota": "not_eligible",
            "disqualified": "not_eligible",
        }
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyMonkey:
    """Responses to one SurveyMonkey survey.

    Names, addresses and everything that a contact-details question asked for are never kept.

    Parameters:
        name: how the source is called; part of every key.
        organisation: whose customers, organisation or staff were asked.
        files: glob patterns of the responses: pages of the API, or one response a line.
        details: the survey's details, relative to the configuration.
        survey: the questionnaire's name; its title if left out.
        audience: who was asked.
        wave: the round.
        zone: IANA time zone of local days; SurveyMonkey's instants carry their own.
        bridge: a file that tells what each wave calls a question, relative to the configuration.
        respondent: what else tells of the respondent; custom variables are called ``custom.NAME``.
        questions: what is to be known of questions besides; a line of a table is called ``QUESTION.LINE``.

    Example:
        >>> asked = SurveyMonkey(name="shop", organisation="demo", files=("shop*.json",), details="shop.details.json")
        >>> sorted(asked.along(Path("shop1.json")))
        ['details']
    """

    kind: Literal["surveymonkey"] = "surveymonkey"
    name: str
    organisation: str = ""
    files: tuple[str, ...]
    details: str
    survey: str = ""
    audience: Audience = "customer"
    wave: str | None = None
    zone: str = "UTC"
    bridge: str = ""
    respondent: Respondent = field(default_factory=Respondent)
    questions: tuple[Question, ...] = ()

    provides: ClassVar[tuple[Schema, ...]] = (ANSWERS, INVITATIONS, QUESTIONS)
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    def along(self, export: Path) -> Mapping[str, Path]:  # noqa: ARG002  # every export is of the one survey
        """Return the survey's details, and the bridge."""
        return {"details": Path(self.details), **({"bridge": Path(self.bridge)} if self.bridge else {})}

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the questions, invitations and answers of one file.

        Raises:
            SourceError: the details are not those of a survey.
        """
        book = read_book(read_definition(export.beside["details"], ("pages",), DETAILS))
        told, respondent = bridged(
            export.beside, self.wave, source=self.name, questions=self.questions, respondent=self.respondent
        )
        respondent = respondent.over(NATURAL)
        custom = [each for each in respondent.columns.values() if each.startswith(CUSTOM)]
        asked = questionnaire(
            book.questions,
            told,
            respondent,
            survey=self.survey or book.title or self.name,
            audience=self.audience,
            wave=self.wave,
            file=export.name,
            besides=(*TOLD, *custom),
        )
        return drafts(delivered(asked, respondent, _answered(book, export, custom)))


def _answered(book: Book, export: Export, wanted: Sequence[str]) -> Iterator[Answered | Fault]:
    for item in read_objects(export.path, within="data"):
        if isinstance(item, Fault):
            yield item
            continue
        fault = misfit(item.value, SHAPE, item.line) or _unlike(item.value, book, item.line)
        if fault:
            yield fault
            continue
        values, lost = book.values(item.value)
        for each in dict.fromkeys(lost):
            yield Fault(line=item.line, rule="surveymonkey.not_in_the_details", value=each[:40], table=ANSWERS.name)
        yield Answered(line=item.line, values={**_told(item.value, wanted), **values})


def _unlike(response: Mapping[str, Any], book: Book, line: int) -> Fault | None:
    if response.get("id") is None or not isinstance(response.get("pages"), list):
        return Fault(line=line, rule="surveymonkey.no_response", table=ANSWERS.name)
    survey = response.get("survey_id")
    if survey is not None and book.id and str(survey) != book.id:
        return Fault(line=line, rule="surveymonkey.another_survey", value=str(survey)[:40], column="survey_id")
    return None


def _told(response: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, str | None]:
    """Return what a response tells of its respondent, without who it is unless the configuration asks for it."""
    told = {each: None if response.get(each) is None else str(response[each]) for each in TOLD}
    for name, value in (response.get("custom_variables") or {}).items():
        text = "" if value is None or isinstance(value, dict | list) else str(value)
        if f"{CUSTOM}{name}" in wanted or "@" not in text:
            told[f"{CUSTOM}{name}"] = text or None
    return told

"""SurveyMonkey: its CSV export of all responses, or responses as its API gives them with the survey's details."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.errors import SourceError
from peil.sources.codebook import bridged, questionnaire, read_definition
from peil.sources.json_files import TAKEN, Shape, misfit, read_objects
from peil.sources.questionnaires import Answered, Audience, Question, Questionnaire, Respondent, delivered
from peil.sources.source import Draft, Export, Fault, Record, drafts
from peil.sources.surveymonkey_book import SHAPE as DETAILS
from peil.sources.surveymonkey_book import Book, read_book
from peil.sources.surveymonkey_csv import read_sheet
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
# A CSV file does not say how a response ended.
WRITTEN = Respondent(response_id="id", answered_at=("date_modified", "date_created"), started_at="date_created")


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyMonkey:
    """Responses to one SurveyMonkey survey.

    Names, addresses and everything that a contact-details question asked for are never kept.

    Parameters:
        name: how the source is called; part of every key.
        organisation: whose customers, organisation or staff were asked.
        files: glob patterns of the responses: CSV, pages of the API, or one response a line.
        details: the survey's details, relative to the configuration; responses of the API need them.
        survey: the questionnaire's name; its title if left out.
        audience: who was asked.
        wave: the round.
        zone: IANA time zone of local days, and of the dates in a CSV file; the API's instants carry their own.
        bridge: a file that tells what each wave calls a question, relative to the configuration.
        respondent: what else tells of the respondent; custom variables are called ``custom.NAME``.
        questions: what is to be known of questions besides; a line of a table is called ``QUESTION.LINE``. In a CSV
            file questions are called ``Q1``, ``Q2`` … in their order, or by the heading as it stands.

    Example:
        >>> asked = SurveyMonkey(name="shop", organisation="demo", files=("shop*.json",), details="shop.details.json")
        >>> sorted(asked.along(Path("shop1.json")))
        ['details']
    """

    kind: Literal["surveymonkey"] = "surveymonkey"
    name: str
    organisation: str = ""
    files: tuple[str, ...]
    details: str = ""
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
        """Return the survey's details, and the bridge, as far as there are any."""
        told = {"details": self.details, "bridge": self.bridge}
        return {name: Path(each) for name, each in told.items() if each}

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the questions, invitations and answers of one file.

        Raises:
            SourceError: the details are not those of a survey, or are needed and not given.
            SchemaError: a CSV file is no export of all responses.
        """
        told, respondent = bridged(
            export.beside, self.wave, source=self.name, questions=self.questions, respondent=self.respondent
        )
        if not _json(export):
            return drafts(self._sheet(export, told, respondent))
        if "details" not in export.beside:
            raise SourceError(
                f"{export.name}: these are responses of the API, in which questions are only numbers",
                remedy="fetch the survey's details too, and name them as 'details:'; a CSV export needs none",
            )
        book = read_book(read_definition(export.beside["details"], ("pages",), DETAILS))
        respondent = respondent.over(NATURAL)
        custom = [each for each in respondent.columns.values() if each.startswith(CUSTOM)]
        asked = self._asked(book.questions, told, respondent, export, book.title, (*TOLD, *custom))
        return drafts(delivered(asked, respondent, _answered(book, export, custom)))

    def _sheet(self, export: Export, told: Sequence[Question], respondent: Respondent) -> Iterator[Record | Fault]:
        sheet = read_sheet(export, dates=not respondent.parse)
        told = [replace(each, asked_as=sheet.named(each.column)) for each in told]
        respondent = respondent.over(replace(WRITTEN, parse=sheet.parse))
        wanted = [*(each.column for each in told), *respondent.columns.values()]
        natural = [each for each in sheet.questions if each.column in wanted or each.column not in sheet.personal]
        asked = self._asked(natural, told, respondent, export, "", sheet.keys)
        yield from delivered(asked, respondent, sheet.rows(export, wanted))

    def _asked(
        self,
        natural: Sequence[Question],
        told: Sequence[Question],
        respondent: Respondent,
        export: Export,
        title: str,
        besides: Sequence[str],
    ) -> Questionnaire:
        return questionnaire(
            natural,
            told,
            respondent,
            survey=self.survey or title or self.name,
            audience=self.audience,
            wave=self.wave,
            file=export.name,
            besides=besides,
        )


def _json(export: Export) -> bool:
    with export.path.open(encoding="utf-8-sig") as file:
        return file.read(1_000).lstrip()[:1] in {"{", "["}


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

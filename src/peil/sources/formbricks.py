"""Formbricks: responses as CSV or JSON, with the survey's definition and its displays beside them where given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.sources.codebook import bridged, questionnaire, read_definition
from peil.sources.formbricks_book import SHAPE as DEFINITION
from peil.sources.formbricks_book import Book, held, read_book, shown_book
from peil.sources.formbricks_csv import headed, is_csv, read_csv, unnumbered
from peil.sources.json_files import KEPT, TAKEN, Item, Shape, misfit, read_objects
from peil.sources.questionnaires import Answered, Audience, Question, Questionnaire, Respondent, delivered
from peil.sources.source import Draft, Export, Fault, Record, drafts
from peil.sources.tables import ANSWERS, INVITATIONS, QUESTIONS

VARIABLE, ATTRIBUTE = "variable.", "attribute."
TOLD = ("id", "createdAt", "updatedAt", "finished", "contactId", "endingId", "language", "displayId")
ABOUT = ("ttc", "source", "country", "device")
WHOLE = "_total"
WHO = re.compile(r"user_?id|suid|verified", re.IGNORECASE)
SHAPE: Shape = {
    **dict.fromkeys((*TOLD, "surveyId"), TAKEN),
    "data": {},
    "variables": {},
    "ttc": {},
    "contactAttributes": {},
    "meta": {"source": KEPT, "country": KEPT, "userAgent": {"device": KEPT}},
}
DISPLAY: Shape = dict.fromkeys(("id", "createdAt", "updatedAt", "surveyId", "contactId", "responseId"), TAKEN)
NATURAL = Respondent(
    response_id="id",
    answered_at=("updatedAt", "createdAt"),
    started_at="createdAt",
    duration="ttc",
    duration_unit="ms",
    customer_id="contactId",
    language="language",
    finished="finished",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Formbricks:
    """Responses to one Formbricks survey.

    Whom the survey was shown without an answer was asked all the same: with a list of displays they count as
    invitations. Names, addresses, mail addresses and files are never kept; a contact's id becomes a pseudonym.

    Parameters:
        name: how the source is called; part of every key.
        organisation: whose customers, organisation or staff were asked.
        files: glob patterns of the responses: CSV, pages of the API, or one response a line.
        definition: the survey's definition, relative to the configuration; without it questions have no texts.
        displays: its displays, relative to the configuration; all responses then stand in one file.
        survey: the questionnaire's name; its own if left out.
        audience: who was asked.
        wave: the round.
        zone: IANA time zone of local days; instants carry their own.
        bridge: a file that tells what each wave calls a question, relative to the configuration.
        respondent: what else tells of the respondent: hidden fields by their name, ``variable.NAME``,
            ``attribute.NAME``.
        questions: what is to be known of questions besides; a line of a table is called ``QUESTION.PLACE``.

    Example:
        >>> asked = Formbricks(name="shop", organisation="demo", files=("shop*.jsonl",), definition="survey.json")
        >>> asked.along(Path("shop1.jsonl"))["definition"].name
        'survey.json'
    """

    kind: Literal["formbricks"] = "formbricks"
    name: str
    organisation: str = ""
    files: tuple[str, ...]
    definition: str = ""
    displays: str = ""
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
        """Return the definition, the displays and the bridge, as far as there are any."""
        told = {"definition": self.definition, "displays": self.displays, "bridge": self.bridge}
        return {name: Path(each) for name, each in told.items() if each}

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the questions, invitations and answers of one file.

        Raises:
            SourceError: the definition is not that of a survey.
        """
        told, respondent = bridged(
            export.beside, self.wave, source=self.name, questions=self.questions, respondent=self.respondent
        )
        respondent = respondent.over(NATURAL)
        own = tuple(respondent.columns.values())
        book = _book(export, own)
        asked = questionnaire(
            book.questions,
            told,
            respondent,
            survey=self.survey or book.title or self.name,
            audience=self.audience,
            wave=self.wave,
            file=export.name,
            besides=(*TOLD, *ABOUT, *book.hidden, *(each for each in own if each.startswith((VARIABLE, ATTRIBUTE)))),
        )
        seen: set[str] = set()
        records = delivered(asked, respondent, _answered(book, export, own, seen))
        return drafts(chain(records, _unanswered(asked, export, seen)))


def _book(export: Export, own: tuple[str, ...]) -> Book:
    if "definition" in export.beside:
        return read_book(read_definition(export.beside["definition"], ("questions", "blocks"), DEFINITION))
    responses = (
        item.value
        for item in _items(export, None)
        if not isinstance(item, Fault) and misfit(item.value, SHAPE, item.line) is None
    )
    return headed(shown_book(responses, (*own, *unnumbered(export)))) if is_csv(export) else shown_book(responses, own)


def _items(export: Export, book: Book | None) -> Iterator[Item | Fault]:
    return read_csv(export, book) if is_csv(export) else read_objects(export.path, within="data")


def _answered(book: Book, export: Export, own: tuple[str, ...], seen: set[str]) -> Iterator[Answered | Fault]:
    for item in _items(export, book if "definition" in export.beside else None):
        if isinstance(item, Fault):
            yield item
            continue
        response = item.value
        fault = misfit(response, SHAPE, item.line) or _unlike(response, book, item.line)
        if fault:
            yield fault
            continue
        if response.get("displayId"):
            seen.add(str(response["displayId"]))
        yield Answered(line=item.line, values=_values(response, book, own))


def _unlike(response: Mapping[str, Any], book: Book, line: int) -> Fault | None:
    if response.get("id") is None or not isinstance(response.get("data"), dict):
        return Fault(line=line, rule="formbricks.no_response", table=ANSWERS.name)
    survey = response.get("surveyId")
    if survey is not None and book.id and str(survey) != book.id:
        return Fault(line=line, rule="formbricks.another_survey", value=str(survey)[:40], column="surveyId")
    return None


def _values(response: Mapping[str, Any], book: Book, own: tuple[str, ...]) -> dict[str, str | None]:
    told: dict[str, str | None] = {each: _plain(response.get(each)) for each in TOLD}
    if told["language"] in {None, "default"}:
        told["language"] = book.language or None
    meta = response.get("meta") or {}
    told |= {
        "ttc": _lasted(response.get("ttc") or {}),
        "source": _plain(meta.get("source")),
        "country": _plain(meta.get("country")),
        "device": _plain((meta.get("userAgent") or {}).get("device")),
    }
    for name, value in (response.get("variables") or {}).items():
        told[f"{VARIABLE}{book.variables.get(name, name)}"] = _plain(value)
    for name, value in (response.get("contactAttributes") or {}).items():
        if f"{ATTRIBUTE}{name}" in own:
            told[f"{ATTRIBUTE}{name}"] = _plain(value)
    asked = {each.column for each in book.questions}
    for name, value in held(book, response["data"]):
        if name not in TOLD and (name in asked or name in own or not (WHO.search(name) or "@" in value)):
            told[name] = value
    return told


def _lasted(ttc: Mapping[str, Any]) -> str | None:
    """Return how long a response took, in ms: its total where there is one, else the sum of its questions."""
    spent = {name: each for name, each in ttc.items() if isinstance(each, int | float) and not isinstance(each, bool)}
    return str(round(spent.get(WHOLE, sum(spent.values())))) if spent else None


def _plain(value: object) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _unanswered(asked: Questionnaire, export: Export, seen: set[str]) -> Iterator[Record | Fault]:
    """Yield an invitation for each display that led to no response."""
    if "displays" not in export.beside:
        return
    for item in read_objects(export.beside["displays"], within="data"):
        fault = item if isinstance(item, Fault) else misfit(item.value, DISPLAY, item.line)
        if fault or isinstance(item, Fault):
            if fault:
                yield fault
            continue
        display = item.value
        if display.get("id") is None:
            yield Fault(line=item.line, rule="formbricks.no_display", table=INVITATIONS.name)
        elif str(display["id"]) not in seen and not display.get("responseId"):
            values = {
                "invitation_id": f"display {display['id']}",
                "survey": asked.survey,
                "audience": asked.audience,
                "wave": asked.wave,
                "customer_id": _plain(display.get("contactId")),
                "invited_at": _plain(display.get("createdAt")),
                "updated_at": _plain(display.get("updatedAt")) or _plain(display.get("createdAt")),
                "disposition": "no_contact",
            }
            yield Record(schema=INVITATIONS, line=item.line, values=values)

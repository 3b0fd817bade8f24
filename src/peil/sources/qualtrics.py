"""Qualtrics' CSV export of responses: three header rows, or the two of the legacy format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import ClassVar, Literal
from zoneinfo import available_timezones

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.errors import SchemaError, neighbours
from peil.sources.codebook import bridged
from peil.sources.questionnaires import Audience, Question, Questionnaire, Respondent, delivered, present
from peil.sources.questions import Word, overlaid
from peil.sources.respondents import Answered
from peil.sources.source import Draft, Export, Fault, drafts
from peil.sources.tables import ANSWERS, INVITATIONS, QUESTIONS
from peil.sources.wide_rows import Line, answered, lines, names

__all__ = ["Qualtrics"]

# What a column is, by its import id and by the names that older exports give it.
NAMED: Mapping[str, str] = {
    "startdate": "startDate",
    "enddate": "endDate",
    "recordeddate": "recordedDate",
    "status": "status",
    "responsetype": "status",
    "ipaddress": "ipAddress",
    "progress": "progress",
    "durationinseconds": "duration",
    "finished": "finished",
    "responseid": "_recordId",
    "responseset": "responseSet",
    "name": "recipientFullName",
    "recipientlastname": "recipientLastName",
    "recipientfirstname": "recipientFirstName",
    "recipientemail": "recipientEmail",
    "emailaddress": "recipientEmail",
    "externalreference": "externalDataReference",
    "externaldatareference": "externalDataReference",
    "locationlatitude": "locationLatitude",
    "locationlongitude": "locationLongitude",
    "locationaccuracy": "locationAccuracy",
    "distributionchannel": "distributionChannel",
    "userlanguage": "userLanguage",
}
STANDARD = frozenset(NAMED.values())
NEVER = re.compile(r"ipAddress|recipient|location", re.IGNORECASE)
QUESTION = re.compile(r"(\d+_)?QID\d+")
LEGACY_QUESTION = re.compile(r"Q(ID)?\d+", re.IGNORECASE)
NUMBERED = re.compile(r"V\d+")
# What the system itself adds to a question: the order shown, groups of a score, times, the browser, what a text is about.
ADDED = re.compile(
    r"_DO(_|$)|_NPS_GROUP$|_(FIRST_CLICK|LAST_CLICK|PAGE_SUBMIT|CLICK_COUNT)$|_(BROWSER|VERSION|OS|RESOLUTION)$"
    r"|_TEXT_[0-9a-f]{16,}"
)
FILE = re.compile(r"_FILE_(ID|NAME|SIZE|TYPE)$")
SKIPPED = "-99"
"""What an export may write where somebody saw a question and gave no answer."""
# Bits of the response's status: previews and tests, and what Qualtrics takes for spam.
TEST, SPAM = 0b11, 0b1000
TESTED = re.compile(r"preview|test|vorschau|voorbeeld|aper[cç]u|vista previa|anteprima|pr[eé]-?visuali", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column of the export: its heading, its stable id, the choice it stands for, its text, and the zone of its dates."""

    heading: str
    id: str
    choice: str = ""
    text: str = ""
    zone: str | None = None


def _import_id(cell: str) -> dict[str, str] | None:
    """Return what the third header row says of a column."""
    if not cell.startswith("{") or "ImportId" not in cell:
        return None
    try:
        told = json.loads(cell)
    except ValueError:
        return None
    return {str(name): str(value) for name, value in told.items()} if isinstance(told, dict) else None


def _plain(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualtrics:
    """Responses as Qualtrics exports them, values or choice texts.

    Parameters:
        name: how the source is called.
        organisation: whose survey it is.
        files: glob patterns, relative to the configuration.
        survey: the questionnaire's name; the source's if left out.
        audience: who was asked.
        wave: the round.
        respondent: embedded data that tell about the respondent; the rest is known.
        questions: what is to be known of a question besides its text: its construct, its scale.
        bridge: a file that says what each wave's export calls its questions, relative to the configuration.
        zone: time zone of the user who exported, where the file does not name it.
        delimiter: left out, it is found.

    Example:
        >>> source = Qualtrics(
        ...     name="after_contact", organisation="Acme", files=("*.csv",),
        ...     questions=(Question(name="recommend", asked_as="QID1", construct="nps"),),
        ... )
        >>> [each.name for each in source.provides]
        ['answers', 'invitations', 'questions']
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: Literal["qualtrics"] = "qualtrics"
    name: str
    organisation: str = ""
    files: tuple[str, ...]
    survey: str = ""
    audience: Audience = "customer"
    wave: Word | None = None
    respondent: Respondent = field(default_factory=Respondent)
    questions: tuple[Question, ...] = ()
    bridge: str | None = None
    zone: str = ""
    delimiter: str | None = None

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
            SchemaError: the header is not one of Qualtrics', or lacks what the configuration names.
        """
        found = lines(export, self.delimiter)
        columns, rest = _header(export, found)
        by_id = {each.id: each for each in columns if not each.choice}
        told, respondent = bridged(
            export.beside, self.wave, source=self.name, questions=self.questions, respondent=self.respondent
        )
        aliases = {_named(each): each.heading for each in columns}
        questions = overlaid([_question(each) for each in columns if _asks(each)], told, aliases)
        questions = tuple(_skippable(each) for each in questions)
        respondent = respondent.over(_natural(by_id, export.name))
        asked = Questionnaire(
            survey=self.survey or self.name, audience=self.audience, wave=self.wave, questions=questions
        )
        headings = [each.heading for each in columns]
        present(headings, asked, respondent, file=export.name, called=aliases)
        never = frozenset(each.heading for each in columns if _personal(each))
        boxes = tuple(each.heading for each in columns if each.choice)
        rows = _genuine(_unboxed(answered(headings, rest, never=never), boxes), by_id)
        yield from drafts(delivered(asked, respondent, rows))


def _header(export: Export, found: Iterator[Line | Fault]) -> tuple[Sequence[_Column], Iterator[Line | Fault]]:
    """Return the columns, and the rows that follow the two or three header rows."""
    first = next(found, None)
    headings = first.fields if isinstance(first, Line) else ()
    second = next(found, None)
    texts = second.fields if isinstance(second, Line) else ()
    third = next(found, None)
    ids = [_import_id(each) for each in third.fields] if isinstance(third, Line) else []
    rest = found
    if not any(ids):
        ids = [None] * len(headings)
        rest = found if third is None else chain([third], found)
    columns = []
    for place, heading in enumerate(headings):
        text = texts[place] if place < len(texts) else ""
        told = (ids[place] if place < len(ids) else None) or {}
        standard = NAMED.get(_plain(text if NUMBERED.fullmatch(heading) else heading), "")
        columns.append(
            _Column(
                heading=heading,
                id=told.get("ImportId") or standard or heading,
                choice=told.get("choiceId", ""),
                text=text,
                zone=told.get("timeZone"),
            )
        )
    # two questions may have been given one name; their ids are their own
    columns = [replace(each, heading=_named(each)) if headings.count(each.heading) > 1 else each for each in columns]
    unique = names(
        replace(first, fields=[each.heading for each in columns]) if isinstance(first, Line) else first, export
    )
    columns = [replace(each, heading=heading) for each, heading in zip(columns, unique, strict=True)]
    if not any(each.id == "_recordId" for each in columns):
        raise SchemaError(
            f"{export.name}: no column holds Qualtrics' response id",
            remedy="export the responses as CSV with all fields; for another wide file use 'kind: survey'",
        )
    return columns, rest


def _asks(column: _Column) -> bool:
    """Tell whether a column holds answers, and no embedded data, score or order of display."""
    if column.id in STANDARD or ADDED.search(column.id) or _personal(column):
        return False
    return bool(QUESTION.match(column.id)) or (column.id == column.heading and bool(LEGACY_QUESTION.match(column.id)))


def _personal(column: _Column) -> bool:
    """Tell whether a column says who somebody is or where, or what they called a file."""
    return bool(FILE.search(column.id)) or (column.id in STANDARD and bool(NEVER.match(column.id)))


def _skippable(question: Question) -> Question:
    """Take the code of a question that was passed over for no answer, where it is no code of the question's own."""
    own = {*question.codes, *question.values, *question.missing}
    return question if SKIPPED in own else replace(question, missing=(*question.missing, SKIPPED))


def _named(column: _Column) -> str:
    return f"{column.id}[{column.choice}]" if column.choice else column.id


def _question(column: _Column) -> Question:
    return Question(
        name=_named(column),
        asked_as=column.heading,
        text={"": column.text} if column.text else {},
        sort="multiple" if column.choice else "text" if column.id.endswith("_TEXT") else "single",
        mode="web",
    )


def _natural(by_id: Mapping[str, _Column], file: str) -> Respondent:
    heading = {each: column.heading for each, column in by_id.items()}
    dated = [each for each in ("endDate", "recordedDate") if each in by_id]
    zones = ["UTC" if zone == "Z" else zone for each in dated if (zone := by_id[each].zone)]
    if zones and zones[0] not in available_timezones():
        raise SchemaError(
            f"{file}: the dates are in '{zones[0]}', which is not a time zone",
            remedy=neighbours(zones[0], available_timezones()),
        )
    return Respondent(
        response_id=heading.get("_recordId"),
        answered_at=tuple(heading[each] for each in dated),
        started_at=heading.get("startDate"),
        duration=heading.get("duration"),
        customer_id=heading.get("externalDataReference"),
        language=heading.get("userLanguage"),
        finished=heading.get("finished"),
        zone=zones[0] if zones else None,
    )


def _unboxed(rows: Iterator[Answered | Fault], boxes: Sequence[str]) -> Iterator[Answered | Fault]:
    """A box that was passed over is blank: it says no where another box of the question is ticked."""
    for row in rows:
        skipped = [] if isinstance(row, Fault) else [each for each in boxes if row.values.get(each) == SKIPPED]
        if skipped and isinstance(row, Answered):
            yield replace(row, values={**row.values, **dict.fromkeys(skipped)})
        else:
            yield row


def _genuine(rows: Iterator[Answered | Fault], by_id: Mapping[str, _Column]) -> Iterator[Answered | Fault]:
    """Keep aside what somebody who made the survey tried out, and what Qualtrics takes for spam."""
    status = by_id["status"].heading if "status" in by_id else ""
    channel = by_id["distributionChannel"].heading if "distributionChannel" in by_id else ""
    for row in rows:
        if isinstance(row, Fault):
            yield row
            continue
        told = row.values.get(status) or ""
        bits = int(told) if told.isascii() and told.isdigit() else 0
        if bits & TEST or TESTED.search(told) or (row.values.get(channel) or "") == "preview":
            yield Fault(line=row.line, rule="response_is_a_test", value=told, column=status, table=ANSWERS.name)
        elif bits & SPAM or "spam" in told.lower():
            yield Fault(line=row.line, rule="response_is_spam", value=told, column=status, table=ANSWERS.name)
        else:
            yield row

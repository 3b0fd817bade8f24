"""Formbricks' CSV export of responses, given back as the responses it was made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from peil.errors import SchemaError
from peil.sources.formbricks_book import OTHER, Asked, Book
from peil.sources.json_files import Item
from peil.sources.questions import number
from peil.sources.source import Export, Fault
from peil.sources.wide_rows import answered, lines, names

__all__ = ["headed", "is_csv", "read_csv", "unnumbered"]

PLACES: Mapping[str, str] = {
    "Response ID": "id",
    "Timestamp": "createdAt",
    "Finished": "finished",
    "Survey ID": "surveyId",
    "Formbricks ID (internal)": "contactId",
}
META: Mapping[str, str] = {"source": "source", "country": "country", "userAgent - device": "device"}
NEVER = frozenset({"User ID", "Verified Email", "url", "ipAddress", "No.", "Quotas", "Tags", "Notes"})
NUMBERED = re.compile(r"(\d+)\. (.*)", re.DOTALL)
IDS, BETWEEN = " - Option ID", "; "


def is_csv(export: Export) -> bool:
    """Tell whether an export is a table and no JSON."""
    with export.path.open(encoding="utf-8-sig") as file:
        return file.read(1_000).lstrip()[:1] not in {"{", "["}


def headed(book: Book) -> Book:
    """Return a book whose questions are called by their headings, with these as their texts.

    Example:
        >>> from peil.sources.questions import Question
        >>> headed(Book(questions=(Question(name="2. How was it?"),))).questions[0].text
        {'': 'How was it?'}
    """
    told = [(each, NUMBERED.fullmatch(each.name)) for each in book.questions]
    texts = [replace(each, text={"": found[2]}) if found else each for each, found in told]
    return replace(book, questions=tuple(texts))


def unnumbered(export: Export) -> tuple[str, ...]:
    """Return the columns of an export that are neither questions nor Formbricks' own: hidden fields, variables."""
    return tuple(each for each in _columns(export) if _own(each))


def read_csv(export: Export, book: Book | None = None) -> Iterator[Item | Fault]:
    """Yield the responses of a CSV export as the API would give them.

    Parameters:
        export: the file.
        book: what the survey asked; without it a question is called by its heading, and an answer is one text.

    Raises:
        SchemaError: the file is no export of responses.
    """
    columns = _columns(export)
    found = lines(export)
    next(found, None)
    for row in answered(columns, found, never=NEVER):
        yield row if isinstance(row, Fault) else Item(line=row.line, value=_response(row.values, book or Book()))


def _columns(export: Export) -> tuple[str, ...]:
    columns = names(next(lines(export), None), export)
    if not {"Response ID", "Survey ID"} <= set(columns):
        raise SchemaError(
            f"{export.name}: there is no column 'Response ID' beside a 'Survey ID'",
            remedy="download the responses as CSV, or fetch them from the API; for another wide file use 'kind: survey'",
        )
    return columns


def _own(column: str) -> bool:
    known = column in PLACES or column in META or column in NEVER or column.startswith("userAgent - ")
    return not (known or column in {"action", "country"} or NUMBERED.fullmatch(column))


def _response(values: Mapping[str, str | None], book: Book) -> dict[str, Any]:
    asked, variables = tuple(book.asked.values()), set(book.variables.values())
    made: dict[str, Any] = {key: values.get(column) for column, key in PLACES.items()}
    made["meta"] = {key: values.get(column) for column, key in META.items() if key != "device"}
    made["meta"]["userAgent"] = {"device": values.get("userAgent - device")}
    made["variables"] = {column: value for column, value in values.items() if column in variables}
    data: dict[str, Any] = {
        column: value for column, value in values.items() if _own(column) and column not in variables
    }
    for column, value in values.items():
        numbered = NUMBERED.fullmatch(column)
        if not (value and numbered) or column.endswith(IDS):
            continue
        place = int(numbered[1])
        if not asked:
            data[column] = value if number(value) is None else int(value) if value.isdigit() else float(value)
        elif place <= len(asked):
            _put(data, asked[place - 1], column, value, values.get(f"{column}{IDS}") or "")
    made["data"] = data
    return made


def _put(data: dict[str, Any], asked: Asked, column: str, value: str, ids: str) -> None:
    """Put an answer where the API has it: lines of a table together, several answers as a list."""
    rows = sorted((each for each in asked.rows if column.endswith(f" - {each}")), key=len)
    if rows and not asked.ranked:
        data.setdefault(asked.id, {})[rows[-1]] = value
    elif asked.several or asked.ranked:
        chosen = ids.split(", ") if ids else []
        told = bool(chosen) and OTHER not in chosen and not asked.ranked
        data[asked.id] = chosen if told else value.split(BETWEEN)
    else:
        data[asked.id] = value

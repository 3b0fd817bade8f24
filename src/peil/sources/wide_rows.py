"""Delimited files with one row a respondent: their header, and their rows with the line on which each begins."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from peil.errors import SchemaError, SourceError
from peil.sources.delimited import DELIMITERS
from peil.sources.respondents import Answered
from peil.sources.source import Export, Fault
from peil.sources.tables import ANSWERS

__all__ = ["Line", "answered", "lines", "names"]

LONGEST_FIELD = 1_000_000
# What some systems write above the header, to tell a spreadsheet the delimiter.
TOLD = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One record of a delimited file: where it begins, and its fields, blanks trimmed."""

    line: int
    fields: Sequence[str]


def _delimiter(export: Export, quote: str) -> str:
    """Return the delimiter that the file itself names, else the one that splits the header into the most fields."""
    with export.path.open(encoding="utf-8-sig", newline="") as file:
        head = file.read(LONGEST_FIELD).splitlines()[:1]
    if head and (told := TOLD.fullmatch(head[0])):
        return told[1]
    counts = {each: len(next(csv.reader(head, delimiter=each, quotechar=quote), [])) for each in DELIMITERS}
    return max(counts, key=lambda each: counts[each])


def lines(export: Export, delimiter: str | None = None, quote: str = '"') -> Iterator[Line | Fault]:
    """Yield the records of a file as they stand, header and all; blank lines are passed over.

    Parameters:
        export: the file.
        delimiter: left out, it is found.
        quote: around fields that hold the delimiter.
    """
    chosen = delimiter or _delimiter(export, quote)
    with export.path.open(encoding="utf-8-sig", newline="") as file:
        above = 1 if TOLD.fullmatch(file.readline()) else 0
        if not above:
            file.seek(0)
        csv.field_size_limit(LONGEST_FIELD)
        reader = csv.reader(file, delimiter=chosen, quotechar=quote)
        while True:
            begins = reader.line_num + above + 1
            try:
                row = next(reader, None)
            except csv.Error:
                yield Fault(line=begins, rule="line.quotes_do_not_pair", table=ANSWERS.name)
                continue
            if row is None:
                return
            found = [each.strip() for each in row]
            if any(found):
                yield Line(line=begins, fields=found)


def names(first: Line | Fault | None, export: Export) -> tuple[str, ...]:
    """Return the columns' names; one without a name is called by its place.

    Raises:
        SourceError: the file has no header.
        SchemaError: two columns have one name.
    """
    if not isinstance(first, Line):
        raise SourceError(
            f"{export.name}: the first line is not a header", remedy="the file needs a line with column names"
        )
    found = tuple(each or f"column_{place}" for place, each in enumerate(first.fields, 1))
    twice = sorted({each for each in found if found.count(each) > 1})
    if twice:
        raise SchemaError(f"{export.name}: the header has '{twice[0]}' twice", remedy="give each column its own name")
    return found


def answered(
    columns: Sequence[str], rows: Iterator[Line | Fault], *, never: frozenset[str] = frozenset()
) -> Iterator[Answered | Fault]:
    """Yield one raw row for each record.

    Parameters:
        columns: the header.
        rows: the records after it.
        never: columns that are not handed on.
    """
    wide = len(columns)
    kept = [(place, each) for place, each in enumerate(columns) if each not in never]
    for each in rows:
        if isinstance(each, Fault):
            yield each
        elif len(each.fields) < wide:
            yield Fault(line=each.line, rule="line.too_few_fields", table=ANSWERS.name)
        elif any(each.fields[wide:]):
            yield Fault(line=each.line, rule="line.too_many_fields", table=ANSWERS.name)
        else:
            fields = each.fields
            yield Answered(line=each.line, values={name: fields[place] or None for place, name in kept})

"""What the columns of a wide survey file look like: which tells who answered, when, with what weight, and what was asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from peil.errors import SourceError
from peil.sources.delimited import PERSONAL, unlike_a_header
from peil.sources.questions import number, spoken
from peil.sources.source import Export
from peil.sources.wide_rows import Line, lines, names

__all__ = ["ID", "Column", "Columns", "columns"]

ID = re.compile(r"(?:.*[^a-z])?(?:id|nr|num(?:ber|mer)?|key|token)|[a-z]*id", re.IGNORECASE)
WHEN = re.compile(r"date|time|datum|tijd|answered|finish|submit|complet|end|_at\b|recorded", re.IGNORECASE)
ENDED = re.compile(r"answered|finish|submit|complet|end|recorded|ingevuld", re.IGNORECASE)
WEIGHT = re.compile(r"(?:w|wt|wgt|weight\w*|weging\w*|weegfactor|gewicht\w*)(?:_\w+)?", re.IGNORECASE)
SPOKEN_DAY = re.compile(
    r"(?P<one>\d{1,2})(?P<mark>[-/.])(?P<two>\d{1,2})[-/.](?P<year>\d{4})"
    r"(?:[ T](?P<clock>\d{1,2}:\d\d)(?P<seconds>:\d\d)?(?P<half> [AaPp][Mm])?)?"
)
# A year before is no day of an answer: spreadsheets write a time of day as one of 1899, 1900 or 1904.
FIRST_YEAR = 1970
ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")
COMMA = re.compile(r"\d+(,\d+)?")
BLANK = re.compile(r"[A-Za-z][A-Za-z/ '.]{0,19}|[-.*#]+")
MOST_BLANKS = 2
REFUSALS = frozenset({"77", "88", "97", "98", "99", "998", "999", "-1", "-8", "-9", "-77", "-88", "-99"})
MOST_DISTINCT, MOST_CODES = 2_000, 12
MONTHS = 12


def _valued(text: str) -> float | None:
    return spoken(text) if number(text) is None else number(text)


@dataclass(slots=True, kw_only=True)
class Column:
    """A column of a wide file and what stands in it.

    Parameters:
        name: its heading.
        filled: rows in which something stands.
        distinct: different texts, as far as they are few.
        numeric: nothing but numbers stand there.
    """

    name: str
    filled: int = 0
    distinct: set[str] = field(default_factory=set)
    numeric: bool = True

    def take(self, text: str) -> None:
        """Count one cell."""
        if not text:
            return
        self.filled += 1
        if len(self.distinct) < MOST_DISTINCT or ID.fullmatch(self.name):
            self.distinct.add(text)
        self.numeric = self.numeric and number(text) is not None

    @property
    def blanks(self) -> tuple[str, ...]:
        """What the system seems to write where there is no answer: a word or two, or a number far off the others."""
        words = sorted(each for each in self.distinct if _valued(each) is None)
        if len(words) > MOST_BLANKS or not all(map(BLANK.fullmatch, words)):
            return ()
        codes = sorted(each for each in self.distinct if each in REFUSALS)
        others = [value for each in self.distinct.difference(codes) if (value := _valued(each)) is not None]
        far = others and max(others) <= MOST_CODES and min(others) >= 0
        found = (*(codes if far else ()), *words)
        return found if len(self.distinct) - len(found) > len(found) else ()

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """The lowest and the highest of its numbers, blanks left out."""
        found = [value for each in self.distinct.difference(self.blanks) if (value := _valued(each)) is not None]
        return (min(found), max(found)) if found else (None, None)

    @property
    def whole(self) -> bool:
        """Tell whether nothing but whole numbers stand there, or words that name one, or blanks."""
        left = self.distinct.difference(self.blanks)
        found = [value for each in left if (value := _valued(each)) is not None]
        return bool(found) and len(found) == len(left) and all(each.is_integer() for each in found)

    @property
    def comma(self) -> bool:
        """Tell whether its numbers have a decimal comma."""
        return any("," in each for each in self.distinct) and all(map(COMMA.fullmatch, self.distinct))

    def parse(self) -> tuple[tuple[str, ...], bool] | None:
        """Return how its dates are written (nothing where they are ISO 8601), and whether the month may stand first.

        None where it holds no dates.
        """
        if not self.filled or self.numeric:
            return None
        if all(ISO.fullmatch(each) for each in self.distinct):
            return None if any(int(each[:4]) < FIRST_YEAR for each in self.distinct) else ((), False)
        found = [each for each in map(SPOKEN_DAY.fullmatch, self.distinct) if each]
        if len(found) < len(self.distinct) or any(int(each["year"]) < FIRST_YEAR for each in found):
            return None
        month_first = any(int(each["two"]) > MONTHS for each in found)
        one = found[0]
        doubtful = not month_first and all(int(each["one"]) <= MONTHS for each in found) and one["mark"] != "."
        day = ("%m{0}%d{0}%Y" if month_first else "%d{0}%m{0}%Y").format(one["mark"])
        hour = (" %I:%M" if one["half"] else " %H:%M") if one["clock"] else ""
        return (day + hour + (":%S" if one["seconds"] else "") + (" %p" if one["half"] else ""),), doubtful


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a wide file, by what they seem to be.

    Parameters:
        rows: respondents.
        respondent: what is told of the respondent to the column that seems to tell it.
        parse: how dates are written.
        doubtful: whether the day or the month stands first cannot be told.
        asked: columns that seem to be questions.
        words: columns that hold words or other numbers; they are kept with the answers.
        left_out: columns that look like somebody's personal data.
    """

    rows: int
    respondent: dict[str, str]
    parse: tuple[str, ...]
    doubtful: bool
    asked: tuple[Column, ...]
    words: tuple[Column, ...]
    left_out: tuple[str, ...]


def columns(export: Export) -> Columns:
    """Return what the columns of a wide file seem to be.

    Raises:
        SourceError: the file has no header.
    """
    found = lines(export)
    headings = names(next(found, None), export)
    if unlike_a_header(headings):
        raise SourceError(
            f"{export.name}: the first line holds values, not names", remedy="the file needs a line with column names"
        )
    seen = [Column(name=each) for each in headings]
    rows = 0
    for row in found:
        if isinstance(row, Line):
            rows += 1
            for column, text in zip(seen, row.fields, strict=False):
                column.take(text)
    return _sorted(seen, rows)


def _sorted(seen: Sequence[Column], rows: int) -> Columns:
    left_out = tuple(each.name for each in seen if PERSONAL.search(each.name))
    open_ = [each for each in seen if each.name not in left_out and each.filled]
    respondent: dict[str, str] = {}
    for each in open_:
        if "response_id" not in respondent and ID.fullmatch(each.name) and len(each.distinct) == each.filled == rows:
            respondent["response_id"] = each.name
        elif "weight" not in respondent and WEIGHT.fullmatch(each.name) and (each.comma or each.numeric):
            respondent["weight"] = each.name
            respondent |= {"decimal": ","} if each.comma else {}
    dated = [(each, *parse) for each in open_ if (parse := each.parse()) is not None]
    dated.sort(key=lambda each: (not ENDED.search(each[0].name), not WHEN.search(each[0].name), -each[0].filled))
    if dated:
        respondent["answered_at"] = dated[0][0].name
    taken = {*respondent.values(), *(each[0].name for each in dated)}
    rest = [each for each in open_ if each.name not in taken]
    asked = tuple(each for each in rest if each.whole and len(each.distinct) <= MOST_CODES)
    return Columns(
        rows=rows,
        respondent=respondent,
        parse=dated[0][1] if dated else (),
        doubtful=bool(dated) and dated[0][2],
        asked=asked,
        words=tuple(each for each in rest if each not in asked),
        left_out=left_out,
    )

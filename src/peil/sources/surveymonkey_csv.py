"""SurveyMonkey's CSV export of all responses: two header rows, and a column for an answer, a line or a choice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from peil.errors import SchemaError, SourceError
from peil.sources.codebook import listed, unmarked
from peil.sources.delimited import PERSONAL
from peil.sources.questions import Question, Sort
from peil.sources.respondents import Answered
from peil.sources.source import Export, Fault
from peil.sources.wide_rows import Line, answered, lines

__all__ = ["Sheet", "read_sheet"]

CUSTOM, OTHER = "custom.", "other"
# What stands before the questions, in letters only; nothing that says who somebody is has a name here.
SYSTEM: Mapping[str, str] = {
    "respondentid": "id",
    "collectorid": "collector_id",
    "startdate": "date_created",
    "enddate": "date_modified",
    "ipaddress": "",
    "emailaddress": "",
    "firstname": "",
    "lastname": "",
}
DATES = ("date_created", "date_modified")
ONE, WORDS = "response", "open-ended response"
MOST_SEEN = 4
NAME = re.compile(r"(first |last |full |your |voor|achter)?na(me|am)", re.IGNORECASE)
PHONE = re.compile(r"\+?\d[\d\s()-]{6,}\d")
# A choice with room for words, though nobody used it: it is called alike in every export.
SPECIFY = re.compile(r"specif|specify|namelijk|n[aä]mlich|pr[eé]cis|especif|toelicht|angeben", re.IGNORECASE)
DAY = re.compile(r"(\d{1,2})([-/.])(\d{1,2})[-/.]\d{4}")
CLOCKS = ("%H:%M:%S", "%I:%M:%S %p", "%H:%M", "%I:%M %p")
MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What the two header rows and a first look at the rows say of an export.

    Parameters:
        keys: what each column is called: ``Q3``, a line of it ``Q3.2``, one of its choices ``Q3#2``.
        questions: in order.
        boxes: for a question with several answers, the key of each choice to its code.
        aliases: headings of the export to the question's column.
        personal: columns that say who somebody is.
        parse: how its dates are written; empty where they are ISO 8601.
    """

    keys: tuple[str, ...]
    questions: tuple[Question, ...]
    boxes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    personal: frozenset[str] = frozenset()
    parse: tuple[str, ...] = ()

    def rows(self, export: Export, wanted: Sequence[str]) -> Iterator[Answered | Fault]:
        """Yield the respondents, choices of one question put together.

        Parameters:
            export: the file.
            wanted: columns that the configuration names, though they say who somebody is.
        """
        never = frozenset(each for each in self.personal if each not in wanted)
        boxes = {key for codes in self.boxes.values() for key in codes if "#" in key}
        for row in answered(self.keys, _rows(export), never=never):
            if isinstance(row, Fault):
                yield row
                continue
            values: dict[str, str | None] = {
                key: value for key, value in row.values.items() if key not in boxes and not _address(key, value, wanted)
            }
            for name, codes in self.boxes.items():
                ticked = [code for key, code in codes.items() if row.values.get(key)]
                values[name] = listed(ticked) if ticked else None
            yield Answered(line=row.line, values=values)

    def named(self, column: str) -> str:
        """Return the column that a heading of the export stands for."""
        return self.aliases.get(unmarked(column), column)


def _address(key: str, value: str | None, wanted: Sequence[str]) -> bool:
    """Tell whether a custom variable holds a mail address that nobody asked to keep."""
    return key.startswith(CUSTOM) and key not in wanted and "@" in (value or "")


@dataclass(slots=True, kw_only=True)
class _Block:
    """The columns of one question: where each stands, what the second row calls it, and some of what stands there."""

    name: str
    heading: str
    places: list[int] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    seen: list[set[str]] = field(default_factory=list)

    def ticks(self) -> int:
        """Return how many of the columns, from the first, are choices that are ticked: 0 where they are no choices."""
        count = len(self.labels)
        for most in (count, count - 1):
            said = [(label, seen) for label, seen in zip(self.labels, self.seen, strict=True)][:most]
            found = [(label, next(iter(seen))) for label, seen in said if seen]
            if not found or any(len(seen) > 1 for _, seen in said):
                continue
            placed = all(not seen or seen == {str(order)} for order, (_, seen) in enumerate(said, 1))
            if (placed and len(found) > 1) or all(label.casefold() == value.casefold() for label, value in found):
                return most - 1 if most == count > 1 and not self.seen[-1] and SPECIFY.search(self.labels[-1]) else most
        return 0

    def expanded(self) -> bool:
        """Tell whether these are the lines of a table, each spread over a column for each of its choices."""
        said = [(label, next(iter(seen))) for label, seen in zip(self.labels, self.seen, strict=True) if len(seen) == 1]
        return len(said) > 1 and all(label != value and label.endswith(f" - {value}") for label, value in said)


def read_sheet(export: Export, *, dates: bool = True) -> Sheet:
    """Return what an export holds.

    Parameters:
        export: the file.
        dates: find out how its dates are written.

    Raises:
        SourceError: it has no header, or its dates can be read in two ways.
        SchemaError: it is no export of all responses, or has a column for each choice of a table.
    """
    found = lines(export)
    first, second = next(found, None), next(found, None)
    if not isinstance(first, Line) or _plain(first.fields[0]) != "respondentid":
        raise SchemaError(
            f"{export.name}: the first column is not 'Respondent ID'",
            remedy="export 'All responses data' as CSV, in English; for another wide file use 'kind: survey'",
        )
    labels = second.fields if isinstance(second, Line) and not second.fields[0] else ()
    blocks, keys = _blocks(first.fields, labels)
    place = {key: each for each, key in enumerate(keys)}
    days = [place[each] for each in DATES if each in place and dates]
    written: set[str] = set()
    rest = found if labels or second is None else chain([second], found)
    for row in rest:
        if isinstance(row, Fault):
            continue
        written |= {row.fields[each] for each in days if each < len(row.fields)}
        for block in blocks:
            for at, seen in zip(block.places, block.seen, strict=True):
                if at < len(row.fields) and row.fields[at] and len(seen) < MOST_SEEN:
                    seen.add(row.fields[at])
    return _sheet(blocks, keys, export.name, _written(written, export.name))


def _rows(export: Export) -> Iterator[Line | Fault]:
    found = lines(export)
    next(found, None)
    second = next(found, None)
    return found if second is None or (isinstance(second, Line) and not second.fields[0]) else chain([second], found)


def _plain(heading: str) -> str:
    return re.sub(r"[^a-z]", "", heading.lower())


def _blocks(headings: Sequence[str], labels: Sequence[str]) -> tuple[list[_Block], list[str]]:
    """Return the questions' columns, and what every column is called; who somebody is stays without a name."""
    blocks: list[_Block] = []
    keys: list[str] = []
    for place, heading in enumerate(headings):
        label = labels[place] if place < len(labels) else ""
        name = SYSTEM.get(_plain(heading)) if not blocks else None
        if name is None and not blocks and not label and any(labels[place:]):
            name = f"{CUSTOM}{heading}"
        if name is not None:
            keys.append(name or f"who.{place}")
            continue
        if heading or not blocks:
            blocks.append(_Block(name=f"Q{len(blocks) + 1}", heading=unmarked(heading)))
        block = blocks[-1]
        block.places.append(place)
        block.labels.append(unmarked(label))
        block.seen.append(set())
        keys.append("")
    return blocks, keys


def _sheet(blocks: Sequence[_Block], keys: list[str], file: str, parse: tuple[str, ...]) -> Sheet:
    questions: list[Question] = []
    boxes: dict[str, Mapping[str, str]] = {}
    aliases: dict[str, str] = {}
    personal = {each for each in keys if each.startswith("who.")}
    headings = [each.heading for each in blocks]
    for block in blocks:
        if block.expanded():
            raise SchemaError(
                f"{file}: the question '{block.heading[:60]}' has a column for each choice of each line",
                remedy="export it again with condensed columns",
            )
        made, codes = _asked(block, keys)
        questions += made
        if codes:
            boxes[block.name] = codes
        personal |= _who(block, made) if not codes else set()
        if headings.count(block.heading) == 1:
            aliases[block.heading] = block.name
        aliases |= {text: each.name for each in made for text in each.text.values() if text not in headings}
    return Sheet(
        keys=tuple(keys),
        questions=tuple(questions),
        boxes=boxes,
        aliases=aliases,
        personal=frozenset(personal),
        parse=parse,
    )


def _who(block: _Block, made: Sequence[Question]) -> set[str]:
    """Return the columns that ask who somebody is: all lines of contact details, and words under such a heading.

    A table may well rate the phone and the mail: those words make no contact details of its lines, but a name does,
    or what stands there.
    """
    if len(made) == 1:
        return {made[0].name} if made[0].sort == "text" and PERSONAL.search(block.heading) else set()
    stands = any(
        "@" in value or (PHONE.fullmatch(value) and PERSONAL.search(label))
        for label, seen in zip(block.labels, block.seen, strict=True)
        for value in seen
    )
    return {each.name for each in made} if stands or any(map(NAME.fullmatch, block.labels)) else set()


def _asked(block: _Block, keys: list[str]) -> tuple[list[Question], dict[str, str]]:
    """Return the questions of some columns, and give each column its key; for choices also the code of each."""
    first = block.labels[0].casefold()
    ticks = 0 if first in {ONE, WORDS} else block.ticks()
    if ticks:
        return _chosen(block, keys, ticks)
    made = []
    for order, (place, label) in enumerate(zip(block.places, block.labels, strict=True), 1):
        if order == 1 and (first in {ONE, WORDS, ""} or len(block.labels) == 1):
            keys[place] = block.name
            text = block.heading if first in {ONE, WORDS, ""} else f"{block.heading} – {label}"
            sort: Sort = "text" if first == WORDS else "single"
            made.append(Question(name=block.name, text={"": text}, sort=sort, mode="web"))
        elif first in {ONE, ""}:
            keys[place] = f"{block.name}.{OTHER if order == len(block.labels) else order}"
            made.append(_words(keys[place], block.heading, label))
        else:
            keys[place] = f"{block.name}.{order}"
            made.append(Question(name=keys[place], text={"": f"{block.heading} – {label}"}, mode="web"))
    return made, {}


def _chosen(block: _Block, keys: list[str], ticks: int) -> tuple[list[Question], dict[str, str]]:
    """Return the question of columns that are choices, with words of one's own in a column after them."""
    codes = {str(each): block.labels[each - 1] for each in range(1, ticks + 1)}
    ticked = {f"{block.name}#{code}": code for code in codes}
    for place, key in zip(block.places, ticked, strict=False):
        keys[place] = key
    own = []
    if ticks < len(block.labels):
        keys[block.places[-1]] = f"{block.name}.{OTHER}"
        ticked[f"{block.name}.{OTHER}"] = OTHER
        codes[OTHER] = block.labels[-1]
        own = [_words(f"{block.name}.{OTHER}", block.heading, block.labels[-1])]
    return [Question(name=block.name, text={"": block.heading}, sort="multiple", codes=codes, mode="web"), *own], ticked


def _words(name: str, heading: str, label: str) -> Question:
    return Question(name=name, text={"": f"{heading} – {label}"}, sort="text", mode="web")


def _written(dates: set[str], file: str) -> tuple[str, ...]:
    """Return how the dates of an export are written: the month first or the day, as far as its own dates tell."""
    found = [each for each in map(DAY.match, dates) if each]
    if not found:
        return ()
    mark = found[0][2]
    day_first = mark == "." or any(int(each[1]) > MONTHS for each in found)
    month_first = mark != "." and any(int(each[3]) > MONTHS for each in found)
    if day_first == month_first:
        raise SourceError(
            f"{file}: its dates can be read as month/day or as day/month",
            remedy="say which: respondent: {parse: ['%m/%d/%Y %H:%M:%S']}, or '%d/%m/%Y %H:%M:%S'",
        )
    day = f"%d{mark}%m{mark}%Y" if day_first else f"%m{mark}%d{mark}%Y"
    return tuple(f"{day} {clock}" for clock in CLOCKS)

"""The data file of a Triple-S survey: one line a respondent, in fixed columns or as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from peil.errors import SourceError
from peil.sources.source import Fault
from peil.sources.triple_s_layout import LENGTHS, Layout, Variable

END_OF_FILE = "\x1a"
CHOSEN, LEFT = "1", "0"
Answer: TypeAlias = "str | tuple[str, ...] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one respondent answered.

    Parameters:
        line: physical line of the data file (1-based).
        values: variable to the answer; codes of a multiple answer as a tuple, None where nothing stands.
    """

    line: int
    values: Mapping[str, Answer]


def read_rows(layout: Layout, path: Path, name: str) -> Iterator[Row | Fault]:
    """Yield the respondents of a data file.

    A line that breaks off within an answer, and an answer that its variable cannot hold, are faults; of such
    a line nothing else is kept.

    Parameters:
        layout: what stands where.
        path: the data file, in UTF-8.
        name: how to call it in messages.

    Raises:
        SourceError: no line is long enough for a variable: the file belongs to another description.
    """
    _check_width(layout, path, name)
    for line, cells in _delimited(layout, path) if layout.delimited else _fixed(layout, path):
        answers = {each.name: _answer(each, cells[each.ident], line) for each in layout.variables}
        faults = [each for each in answers.values() if isinstance(each, Fault)]
        values = {name: each for name, each in answers.items() if not isinstance(each, Fault)}
        yield faults[0] if faults else Row(line=line, values=values)


def _lines(layout: Layout, path: Path) -> Iterator[tuple[int, str]]:
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        for number, text in enumerate(file, 1):
            bare = text.rstrip("\r\n").removesuffix(END_OF_FILE)
            if number > layout.skip and bare.strip():
                yield number, bare


def _check_width(layout: Layout, path: Path, name: str) -> None:
    last = max(layout.variables, key=lambda each: each.start)
    if layout.delimited:
        widest = max((len(row) for _, row in _csv_rows(layout, path)), default=0)
        what = "fields"
    else:
        widest = max((len(text) for _, text in _lines(layout, path)), default=0)
        what = "columns"
    if not widest:
        raise SourceError(f"{name}: there is no respondent in it", remedy="fetch the export again")
    if widest < last.start:
        raise SourceError(
            f"{name}: '{last.name}' begins at {last.start}, and no line has more than {widest} {what}",
            remedy="is this the data file that belongs to the .sss file?",
        )


def _counts_bytes(layout: Layout, path: Path) -> bool:
    """Tell whether columns are bytes: every line is as long as the others in bytes, and not in letters."""
    letters: set[int] = set()
    raw: set[int] = set()
    for _, text in _lines(layout, path):
        letters.add(len(text))
        raw.add(len(text.encode()))
    return len(raw) == 1 and len(letters) > 1


def _fixed(layout: Layout, path: Path) -> Iterator[tuple[int, dict[str, tuple[str, ...] | None]]]:
    in_bytes = _counts_bytes(layout, path)
    for number, told in _lines(layout, path):
        # in Latin-1 each byte is a letter, until the cell has been cut out
        text = told.encode().decode("latin-1") if in_bytes else told
        cells: dict[str, tuple[str, ...] | None] = {}
        for each in layout.variables:
            cell = text[each.start - 1 : each.finish]
            if in_bytes:
                cell = cell.encode("latin-1").decode(errors="replace")
            # an answer that began and did not end; what is blank to the end may have been trimmed away
            broken = cell.strip() and len(text) < each.finish and each.sort != "character"
            cells[each.ident] = None if broken and not _left_aligned(each, cell) else _subfields(each, cell)
        yield number, cells


def _left_aligned(variable: Variable, cell: str) -> bool:
    """Tell whether what stands there is whole without the blanks that follow it."""
    if variable.sort in LENGTHS:
        return len(cell.strip()) == LENGTHS[variable.sort]
    if variable.sort == "multiple" and not variable.subfields:
        return len(cell) >= variable.highest
    return variable.sort == "multiple" and len(cell) % max(variable.width, 1) == 0


def _subfields(variable: Variable, cell: str) -> tuple[str, ...]:
    if variable.sort != "multiple" or not variable.subfields:
        return (cell,)
    width = variable.width or (variable.finish - variable.start + 1) // variable.subfields or 1
    return tuple(cell[place * width : (place + 1) * width] for place in range(variable.subfields))


def _csv_rows(layout: Layout, path: Path) -> Iterator[tuple[int, list[str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        before = 0
        try:
            for place, row in enumerate(rows):
                line, before = before + 1, rows.line_num
                if place >= layout.skip and any(each.strip() and each != END_OF_FILE for each in row):
                    yield line, row
        except csv.Error:
            raise SourceError(
                f"{path.name}: line {rows.line_num} cannot be split into fields", remedy="fetch the export again"
            ) from None


def _delimited(layout: Layout, path: Path) -> Iterator[tuple[int, dict[str, tuple[str, ...] | None]]]:
    for number, row in _csv_rows(layout, path):
        cells: dict[str, tuple[str, ...] | None] = {}
        for each in layout.variables:
            found = row[each.start - 1 : each.finish]
            if not found:
                cells[each.ident] = None
            elif each.sort == "multiple" and each.subfields and len(found) == 1:
                cells[each.ident] = _in_one_field(each, found[0])
            else:
                cells[each.ident] = tuple(found)
        yield number, cells


def _in_one_field(variable: Variable, text: str) -> tuple[str, ...]:
    """Return the codes of a spread answer that was written into one field."""
    width = variable.width or len(str(variable.highest))
    return tuple(text[place : place + width] for place in range(0, len(text), width))


def _answer(variable: Variable, cell: tuple[str, ...] | None, line: int) -> Answer | Fault:
    if cell is None:
        return Fault(line=line, rule="triple_s.cut_off", column=variable.name)
    text = "".join(cell)
    if not text.strip():
        return None
    if variable.sort == "multiple":
        return _chosen(variable, cell, line)
    return _plain(variable, text, line)


def _plain(variable: Variable, text: str, line: int) -> str | Fault:
    bare = text.strip()
    match variable.sort:
        case "single":
            bare = _code(bare, literal=variable.literal)
        case "logical":
            known = {"1": CHOSEN, "T": CHOSEN, "0": LEFT, "F": LEFT}.get(bare.upper())
            return known or Fault(line=line, rule="triple_s.not_logical", value=bare[:40], column=variable.name)
        case "quantity" if variable.ranges and not variable.knows(bare):
            return Fault(line=line, rule="triple_s.out_of_range", value=bare[:40], column=variable.name)
        case "quantity":
            bare = _code(bare, literal=False)
        case "date" if len(bare) == LENGTHS["date"] and bare.isdigit():
            bare = f"{bare[:4]}-{bare[4:6]}-{bare[6:]}"
        case "time" if len(bare) == LENGTHS["time"] and bare.isdigit():
            bare = f"{bare[:2]}:{bare[2:4]}:{bare[4:]}"
    return bare


def _code(text: str, *, literal: bool) -> str:
    return str(int(text)) if not literal and text.isascii() and text.isdigit() else text


def _chosen(variable: Variable, cell: tuple[str, ...], line: int) -> tuple[str, ...] | Fault:
    if variable.subfields:
        codes = [_code(each.strip(), literal=variable.literal) for each in cell if each.strip()]
        # a subfield that is not needed holds a zero, unless zero is a code
        kept = [each for each in codes if each != LEFT or variable.knows(LEFT)]
        return tuple(dict.fromkeys(kept))
    bits = "".join(cell)
    if not set(bits) <= {CHOSEN, LEFT, " "}:
        return Fault(line=line, rule="triple_s.not_zero_or_one", value=bits[:40], column=variable.name)
    # the standard has a reader pass over places that no code belongs to
    return tuple(str(place) for place, bit in enumerate(bits, 1) if bit == CHOSEN and variable.knows(str(place)))

"""Tables of a report: cells with what is shown and what is stored, as HTML rows and as CSV that no spreadsheet runs."""

from __future__ import annotations

import base64
import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass

# What makes a spreadsheet take a cell for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Above it a double is no longer every whole number.
_WHOLE = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell.

    Parameters:
        shown: as a reader sees it.
        stored: as a computer reads it; a number stays one.
        numeric: whether it stands to the right.
        parts: where it shows several numbers, such as both ends of an interval: each by its name, stored in columns of
            their own.
    """

    shown: str
    stored: str
    numeric: bool = False
    parts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with its caption.

    Parameters:
        caption: what it holds.
        head: column heads as shown.
        names: column names as stored; a column of which cells have parts goes by the names of those.
        rows: cells; the first of a row names it.
        file: name of the CSV.
    """

    caption: str
    head: tuple[str, ...]
    names: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    file: str

    @property
    def link(self) -> str:
        """The CSV as a data address, so that no request leaves the page."""
        return "data:text/csv;charset=utf-8;base64," + base64.b64encode(self.csv.encode()).decode()

    @property
    def csv(self) -> str:
        """Comma-separated values, as stored."""
        columns = self._columns
        stored = ([_tame(_stored(row[place], part)) for place, _, part in columns] for row in self.rows)
        return to_csv([name for _, name, _ in columns], stored)

    @property
    def records(self) -> list[dict[str, str | float | None]]:
        """Rows by column name, numbers as numbers, nothing where there is none."""
        columns = self._columns
        return [{name: _plain(row[place], part) for place, name, part in columns} for row in self.rows]

    @property
    def _columns(self) -> list[tuple[int, str, str]]:
        """Of each stored column: which one it is of those shown, its name, and the part of the cell."""
        made: list[tuple[int, str, str]] = []
        for place, name in enumerate(self.names):
            parts = dict.fromkeys(part for row in self.rows for part, _ in row[place].parts)
            made += [(place, part, part) for part in parts] if parts else [(place, name, "")]
        return made


def _stored(cell: Cell, part: str) -> str:
    return dict(cell.parts).get(part, "") if part else cell.stored


def _plain(cell: Cell, part: str) -> str | float | None:
    text = _stored(cell, part)
    if not (part or cell.numeric):
        return text or None
    if not text:
        return None
    number = _number(text)
    if number is None:
        return text
    return int(number) if number.is_integer() and abs(number) < _WHOLE else number


def _tame(text: str) -> str:
    return safe(text) if _number(text) is None else text


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def words(text: str) -> Cell:
    """Return a cell of words."""
    return Cell(shown=text, stored=text)


def figures(shown: str, value: float) -> Cell:
    """Return a cell with a number: shown rounded, stored to nine figures.

    Example:
        >>> figures("46,1%", 0.4609776713).stored
        '0.460977671'
    """
    return Cell(shown=shown, stored=f"{value:.9g}" if math.isfinite(value) else "", numeric=True)


def several(shown: str, **parts: float) -> Cell:
    """Return a cell that shows several numbers on one line, and stores each in a column of its own.

    Example:
        >>> several("1% to 3%", low=0.01, high=0.03).parts
        (('low', '0.01'), ('high', '0.03'))
    """
    told = {name: f"{each:.9g}" if math.isfinite(each) else "" for name, each in parts.items()}
    return Cell(shown=shown, stored=" ".join(told.values()), numeric=True, parts=tuple(told.items()))


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    Example:
        >>> safe("=1+1"), safe("phone")
        ("'=1+1", 'phone')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def to_csv(names: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    r"""Return comma-separated values (RFC 4180), cells as given.

    Example:
        >>> to_csv(["channel", "n"], [["phone", "3"]])
        'channel,n\r\nphone,3\r\n'
    """
    held = io.StringIO()
    writer = csv.writer(held)
    writer.writerow(list(names))
    writer.writerows(list(row) for row in rows)
    return held.getvalue()

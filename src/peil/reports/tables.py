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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell.

    Parameters:
        shown: as a reader sees it.
        stored: as a computer reads it; a number stays one.
        numeric: whether it stands to the right.
    """

    shown: str
    stored: str
    numeric: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with its caption.

    Parameters:
        caption: what it holds.
        head: column heads as shown.
        names: column names as stored.
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
        text = to_csv(self.names, ([cell.stored for cell in row] for row in self.rows))
        return "data:text/csv;charset=utf-8;base64," + base64.b64encode(text.encode()).decode()


def words(text: str) -> Cell:
    """Return a cell of words."""
    return Cell(shown=text, stored=safe(text))


def figures(shown: str, value: float) -> Cell:
    """Return a cell with a number: shown rounded, stored to nine figures.

    Example:
        >>> figures("46,1%", 0.4609776713).stored
        '0.460977671'
    """
    return Cell(shown=shown, stored=f"{value:.9g}" if math.isfinite(value) else "", numeric=True)


def intervals(text: str) -> Cell:
    """Return a cell with both ends of an interval, kept on one line."""
    return Cell(shown=text, stored=safe(text), numeric=True)


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

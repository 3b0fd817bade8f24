"""The physical lines of a delimited file: one kind of line end, and the line on which each record begins."""

from __future__ import annotations

import csv
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CHUNK = 1 << 20
LONGEST_LINE = 1 << 22
# The engine tells no more than this of a record that it cannot read.
TOLD = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A record that could not be split into fields as the header promises.

    Parameters:
        line: physical line on which it begins, 1-based; the engine's own count until ``places`` finds it.
        start: offset of its first byte.
        rule: what is wrong with it.
        text: it, or as much as the engine tells.
        swallows: it takes lines along that may be records of their own.
    """

    line: int
    start: int
    rule: str
    text: str
    swallows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The physical lines on which records begin.

    Parameters:
        rows: of those that could be split, in order.
        broken: of those that could not.
        giants: of those longer than ``LONGEST_LINE``: a quote left open makes them, and the engine may lose its way.
    """

    rows: NDArray[np.int64]
    broken: tuple[int, ...]
    giants: tuple[int, ...] = ()


def evened(path: Path, into: Path) -> Path:
    r"""Write a copy of a file that mixes line ends, in which each is ``\n``; its lines keep their numbers.

    Parameters:
        path: UTF-8 text.
        into: where the copy goes.
    """
    with path.open(encoding="utf-8") as old, into.open("w", encoding="utf-8", newline="\n") as new:
        while text := old.read(CHUNK):
            new.write(text)
    return into


def longest(path: Path) -> int:
    """Return how long the longest line may be, in bytes; lines shorter than a chunk may count as none."""
    most = since = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            ends = [at for at in (chunk.find(b"\n"), chunk.find(b"\r")) if at >= 0]
            if ends:
                most = max(most, since + min(ends))
                since = len(chunk) - 1 - max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            else:
                since += len(chunk)
    return max(most, since)


def emptied(path: Path, into: Path, offsets: Collection[int], numbers: Collection[int]) -> dict[int, int]:
    """Write a copy in which some lines hold nothing but a space, so that no quote in them swallows the lines after.

    Parameters:
        path: UTF-8 text.
        into: where the copy goes; its lines keep their numbers.
        offsets: where the lines to empty begin, in bytes.
        numbers: more lines to empty; those of more than ``LONGEST_LINE`` characters are emptied unasked.

    Returns:
        The lines and their length, in order.
    """
    found: dict[int, int] = {}
    offset = number = 0
    with path.open(encoding="utf-8", newline="") as old, into.open("w", encoding="utf-8", newline="") as new:
        while piece := old.readline(LONGEST_LINE):
            number += 1
            start, length, text = offset, 0, piece
            while True:
                length += len(piece)
                offset += _size(piece)
                if piece.endswith(("\n", "\r")) or not (piece := old.readline(LONGEST_LINE)):
                    break
            if start in offsets or number in numbers or length > len(text):
                found[number] = length
                text = " " + piece[len(piece.rstrip("\r\n")) :]
            new.write(text)
    return found


def one_line_each(n_lines: int, broken: Sequence[Broken]) -> Places:
    """Return the places in a file of which each line is one record, the first being its header."""
    lost = tuple(each.line for each in broken)
    rows = np.setdiff1d(np.arange(2, n_lines + 1, dtype=np.int64), np.array(lost, dtype=np.int64), assume_unique=True)
    return Places(rows=rows, broken=lost)


def places(path: Path, *, delimiter: str, quote: str, broken: Sequence[Broken] = ()) -> Places:
    r"""Return the places in a file with empty lines or with line ends inside quotes, in one pass over it.

    Parameters:
        path: UTF-8 text.
        delimiter: between fields.
        quote: around fields.
        broken: what the engine could not read, in order.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder, "a.csv")
        ...     _ = file.write_text('id,text\n1,"two\nlines"\n\n2,one\n')
        ...     places(file, delimiter=",", quote='"').rows.tolist()
        [2, 5]
    """
    at_line: set[int] = set()
    rows: list[int] = []
    lost: list[int] = []
    giants: list[int] = []
    limit = csv.field_size_limit(sys.maxsize)  # the engine takes longer fields than Python by default
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(
                _lines(file, broken, at_line), delimiter=delimiter, quotechar=quote, skipinitialspace=True
            )
            line = 1
            for record in reader:
                if line in at_line:
                    lost.append(line)
                elif record:
                    rows.append(line)
                if reader.line_num > line and sum(map(len, record)) > LONGEST_LINE:
                    giants.append(line)
                line = reader.line_num + 1
    finally:
        csv.field_size_limit(limit)
    return Places(rows=np.array(rows[1:], dtype=np.int64), broken=tuple(lost), giants=tuple(giants))


def _lines(file: TextIOWrapper, broken: Sequence[Broken], at_line: set[int]) -> Iterator[str]:
    """Yield the lines; those of a broken record known in full are empty, so that its quotes disturb nothing."""
    starts = {each.start: each for each in broken}
    offset, until = 0, 0
    for number, text in enumerate(file, 1):
        if offset in starts and offset >= until:
            at_line.add(number)
            until = offset + _size(starts[offset].text)
        yield "\n" if offset < until else text
        offset += _size(text)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())

"""The physical lines of a delimited file: one kind of line end, and the line on which each record begins."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CHUNK = 1 << 20
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
        n_lines: physical lines it covers.
    """

    line: int
    start: int
    rule: str
    text: str
    n_lines: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Physical lines of the records that could be split (``rows``, in order) and of the ``broken`` ones."""

    rows: NDArray[np.int64]
    broken: tuple[tuple[int, int], ...]


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


def one_line_each(n_lines: int, broken: Sequence[Broken]) -> Places:
    """Return the places in a file of which each line is one record, the first being its header."""
    lost = np.array([each.line for each in broken], dtype=np.int64)
    rows = np.setdiff1d(np.arange(2, n_lines + 1, dtype=np.int64), lost, assume_unique=True)
    return Places(rows=rows, broken=tuple((each.line, 1) for each in broken))


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
    at_line: dict[int, Broken] = {}
    rows: list[int] = []
    lost: list[tuple[int, int]] = []
    limit = csv.field_size_limit(sys.maxsize)  # the engine takes longer fields than Python by default
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(
                _lines(file, broken, at_line), delimiter=delimiter, quotechar=quote, skipinitialspace=True
            )
            line = 1
            for record in reader:
                found = at_line.get(line)
                if found:
                    lost.append((line, max(found.n_lines, reader.line_num + 1 - line)))
                elif record:
                    rows.append(line)
                line = reader.line_num + 1
    finally:
        csv.field_size_limit(limit)
    return Places(rows=np.array(rows[1:], dtype=np.int64), broken=tuple(lost))


def _lines(file: TextIOWrapper, broken: Sequence[Broken], at_line: dict[int, Broken]) -> Iterator[str]:
    """Yield the lines; those of a broken record known in full are empty, so that its quotes disturb nothing."""
    starts = {each.start: each for each in broken}
    offset, until = 0, 0
    for number, text in enumerate(file, 1):
        if offset in starts and offset >= until:
            at_line[number] = found = starts[offset]
            if len(found.text) < TOLD:
                until = offset + len(found.text.encode())
        yield "\n" if offset < until else text
        offset += len(text) if text.isascii() else len(text.encode())

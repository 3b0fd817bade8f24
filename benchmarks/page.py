"""What a benchmark found, printed as it comes and put between two marks of a page."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

END = "<!-- end -->"


def printed(lines: Iterable[str]) -> list[str]:
    """Return the lines, each printed as soon as it is known."""
    told = []
    for line in lines:
        print(line, flush=True)
        told.append(line)
    return told


def put(page: Path, begin: str, lines: Iterable[str], end: str = END) -> None:
    """Put lines between two marks of a page, in place of what stands there.

    Raises:
        ValueError: the page has no such marks.
    """
    before, begun, rest = page.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (begun and ended):
        raise ValueError(f"{page.name} has no '{begin}' with '{end}' after it")
    page.write_text("\n".join([f"{before}{begin}", "", *lines, "", f"{end}{after}"]), encoding="utf-8")

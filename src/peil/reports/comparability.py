"""Where a figure over rounds or periods may not be read as a trend: between which of them the question was put otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise, product

from peil.measures.measure import Measure
from peil.reports import questions
from peil.reports.asked import Asked
from peil.reports.rows import Row
from peil.surveys.instrument import Change, changes
from peil.surveys.instrument_words import ASPECT_LABELS


def named(moved: Sequence[Change], asked: Asked) -> str:
    """Return in a word or two what changed."""
    return ", ".join(dict.fromkeys(ASPECT_LABELS[each.aspect].read(asked.language) for each in moved))


def ordered(asked: Asked, measure: Measure, where: str, rows: Sequence[Row]) -> list[Row]:
    """Return the rows of rounds in the order in which they were held."""
    held = list(questions.rounds(asked, measure, where))
    return sorted(rows, key=lambda each: held.index(_wave(each)) if _wave(each) in held else len(held))


def between_rounds(asked: Asked, measure: Measure, where: str, rows: Sequence[Row]) -> dict[int, str]:
    """Return for the place of a round what was not as in the round before.

    Parameters:
        asked: what every figure shares.
        measure: a measure of responses.
        where: row-level SQL that chooses answers.
        rows: the rounds, in the order in which they were held.
    """
    known = questions.rounds(asked, measure, where)
    found = {}
    for place, (before, after) in enumerate(pairwise(_wave(each) for each in rows), 1):
        moved = changes(known[before], known[after]) if before in known and after in known else ()
        if moved:
            found[place] = named(moved, asked)
    return found


def between_periods(asked: Asked, measure: Measure, by: str, where: str) -> dict[date, str]:
    """Return for the first day of a period what was not as in the period before, where rounds of a survey fill them.

    Parameters:
        asked: what every figure shares.
        measure: the measure; of anything but responses nothing is known, and nothing said.
        by: the period.
        where: row-level SQL that chooses answers.
    """
    held = _rounds_of(asked, measure, by, where)
    return {
        after: told
        for before, after in pairwise(sorted(held))
        if (told := _moved(asked, measure, where, held[before], held[after]))
    }


def together(moved: Iterable[str]) -> str:
    """Return everything that changed anywhere, each once.

    Example:
        >>> together(["wording, mode of asking", "wording"])
        'wording, mode of asking'
    """
    return ", ".join(dict.fromkeys(part for each in moved for part in each.split(", ")))


def _rounds_of(asked: Asked, measure: Measure, by: str, where: str) -> dict[date, frozenset[str]]:
    if len(questions.rounds(asked, measure, where)) < 2:  # noqa: PLR2004  # one round is put in one way
        return {}
    found: dict[date, set[str]] = {}
    for each in asked.estimates(measure, ("wave", by), where):
        wave, begins = (value for _, value in each.group)
        if each.n and isinstance(begins, date):
            found.setdefault(begins, set()).add(str(wave or ""))
    return {begins: frozenset(waves) for begins, waves in found.items()}


def _moved(asked: Asked, measure: Measure, where: str, before: frozenset[str], after: frozenset[str]) -> str:
    known = questions.rounds(asked, measure, where)
    moved = [one for pair in product(sorted(before), sorted(after)) for one in changes(known[pair[0]], known[pair[1]])]
    return named(moved, asked)


def told(breaks: Mapping[str, str], asked: Asked) -> list[str]:
    """Return the note under a figure that is not drawn as one line.

    Parameters:
        breaks: what lies on either side of a break, such as ``2010 → 2011``, to what changed there.
        asked: what every figure shares.
    """
    if not breaks:
        return []
    listed = "; ".join(f"{place} ({what})" for place, what in breaks.items())
    return [
        asked.say(
            f"Asked otherwise, so not joined and no trend is claimed: {listed}.",
            f"Anders gevraagd, dus niet verbonden en geen trend te geven: {listed}.",
        )
    ]


def _wave(row: Row) -> str:
    return str(row.at[0]) if row.at[0] is not None else ""

"""What doubtful responses do to a figure: with them, without them, and the difference."""

from __future__ import annotations

from dataclasses import dataclass

from peil.dataset import Dataset
from peil.errors import EvidenceError
from peil.estimates.difference import Difference, Side, difference
from peil.estimates.estimate import estimate
from peil.measures.measure import Measure
from peil.surveys.quality import FLAGS, without


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubted:
    """A figure with and without the responses that have a flag.

    Parameters:
        flag: which; None for any flag at all.
        left_out: answers that have it.
        shift: the figure without them less the figure with them; both share answers, and the interval knows it. None
            where every answer has the flag.
    """

    flag: str | None
    left_out: int
    shift: Difference | None


def doubted(data: Dataset, measure: Measure, *, where: str = "true", level: float = 0.95) -> tuple[Doubted, ...]:
    """Return how a figure moves when responses with a flag are left out, flag by flag and all together.

    Parameters:
        data: the tables.
        measure: of answers.
        where: row-level SQL that chooses answers.
        level: how often intervals are to hold the truth.

    Returns:
        One for each flag that an answer has, and one for any of them where there are several; none where nothing is
        flagged.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> found = doubted(made(), measure_named("nps"))
        >>> [(each.flag, each.shift.value == each.shift.second.value - each.shift.first.value) for each in found]
        []
    """
    held = estimate(measure, data, where=where, level=level)[0].only().n
    found: list[Doubted] = []
    for flag in (*FLAGS, None):
        left = f"({where}) and {without(*([flag] if flag else []))}"
        few = estimate([measure], data, where=left, level=level)[0]
        n = few.only().n if len(few) else 0
        if n == held or (flag is None and len(found) == 1):
            continue
        sides = Side(measure=measure, where=where), Side(measure=measure, where=left)
        try:
            shift = difference(data, *sides, level=level) if n else None
        except EvidenceError:
            shift = None
        found.append(Doubted(flag=flag, left_out=held - n, shift=shift))
    return tuple(found)

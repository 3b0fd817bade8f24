"""Three to five rounds of a survey: no break test exists for so few, only whether the last lies where it was to be expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
from scipy import special

from peil.dataset import Dataset
from peil.errors import EvidenceError
from peil.estimates.estimate import Estimates, estimate
from peil.measures.measure import POPULATIONS, Measure
from peil.methods.waves import Borrowed, History, WaveChange, borrow, wave_change

FEWEST_ROUNDS, MOST_ROUNDS = 3, 5
_FIELD_SHARE = 0.5
_YEAR = 365.25


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Round:
    """One round.

    Parameters:
        wave: its name.
        held_on: the middle of its fieldwork.
        value, se, low, high: of the measure.
        n: answers.
    """

    wave: str
    held_on: date
    value: float
    se: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rounds:
    """The rounds of a measure, and what the first after the date says.

    Parameters:
        rounds: in the order in which they were held.
        before: how many lie before the date.
        change: of the first round after the date; None where fewer than two lie before, or nothing tells how much rounds
            differ when nothing happens.
        borrowed: how much such measures move, and how many histories that was learnt from.
    """

    rounds: tuple[Round, ...]
    before: int
    change: WaveChange | None
    borrowed: Borrowed | None


def in_rounds(data: Dataset, measure: Measure, *, where: str = "true") -> bool:
    """Return whether a measure of answers was asked in a few rounds with nothing between them.

    Answers that come in all the year round, filed under a year each, are a series and no rounds.

    Parameters:
        data: the tables.
        measure: the measure.
        where: row-level SQL that chooses answers.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> in_rounds(made(), measure_named("nps"))
        False
    """
    if measure.population != "responses":
        return False
    held = _held(data, measure, where)
    if not 1 < len(held) <= MOST_ROUNDS or "" in held:
        return False
    spans = sorted((first, last) for first, last, _ in held.values())
    asked = sum((last - first).days + 1 for first, last in spans)
    return asked <= _FIELD_SHARE * ((spans[-1][1] - spans[0][0]).days + 1)


def rounds(
    data: Dataset,
    measure: Measure,
    broke_on: date,
    *,
    others: Sequence[Measure],
    where: str = "true",
    level: float = 0.95,
) -> Rounds:
    """Return the rounds of a measure, and whether the first after a date lies where those before foretell.

    Parameters:
        data: the tables.
        measure: the measure.
        broke_on: first day that counts as after.
        others: measures of the same unit, from whose rounds it is learnt how much rounds differ when nothing happens; only
            those before the date count.
        where: row-level SQL that chooses answers.
        level: of the intervals.

    Raises:
        EvidenceError: all rounds lie on one side of the date.
    """
    found = _rounds(data, measure, where, level)
    before = sum(each.held_on < broke_on for each in found)
    if not 0 < before < len(found):
        raise EvidenceError(
            f"{broke_on} lies outside the rounds, held from {found[0].held_on} until {found[-1].held_on}",
            remedy="choose a day between two rounds",
        )
    histories = [_history(found[:before])] if before > 1 else []
    for each in others:
        if each.unit is measure.unit and each.name != measure.name:
            seen = [one for one in _rounds(data, each, where, level) if one.held_on < broke_on]
            histories += [_history(seen)] if len(seen) > 1 else []
    usable = [each for each in histories if np.all(np.asarray(each.se) > 0)]
    try:
        borrowed = borrow(usable)
    except EvidenceError:
        borrowed = None
    change = None
    if borrowed is not None and before > 1 and found[before].se > 0:
        after = found[before]
        change = wave_change(
            _history(found[:before]), after.value, after.se, _when(after.held_on), borrowed=borrowed, level=level
        )
    return Rounds(rounds=found, before=before, change=change, borrowed=borrowed)


def _rounds(data: Dataset, measure: Measure, where: str, level: float) -> tuple[Round, ...]:
    held = _held(data, measure, where)
    if not held:
        return ()
    found = estimate(measure, data, by=["wave"], where=where, level=level)[0]
    se = _errors(found)
    made = [
        Round(
            wave=str(group[0]), held_on=_middle(*held[str(group[0])][:2]), value=float(found.value[place]),
            se=float(se[place]), low=float(found.low[place]), high=float(found.high[place]), n=int(found.n[place]),
        )
        for place, group in enumerate(found.groups)
        if str(group[0]) in held
    ]  # fmt: skip
    made.sort(key=lambda each: each.held_on)
    apart = [one for one, two in pairwise(made) if one.held_on < two.held_on]
    return tuple([*apart, made[-1]] if made else [])


def _errors(found: Estimates) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return standard errors; where a round shows no spread, what its interval stands for."""
    reach = (found.high - found.low) / 2 / float(special.ndtri((1 + found.level) / 2))
    return np.where(found.se > 0, found.se, reach)


def _held(data: Dataset, measure: Measure, where: str) -> Mapping[str, tuple[date, date, int]]:
    assert POPULATIONS[measure.population].name == "responses"  # noqa: S101  # asked of answers only
    rows = data.engine.rows(
        f"select coalesce(wave, '') as wave, min(answered_on) as first_on, max(answered_on) as last_on, count(*) as n "
        f"from {data.tables['responses'].name} where ({measure.where}) and ({where}) group by coalesce(wave, '')"
    ).to_pylist()
    return {row["wave"]: (row["first_on"], row["last_on"], int(row["n"])) for row in rows if row["first_on"]}


def _middle(first: date, last: date) -> date:
    return first + (last - first) / 2


def _when(day: date) -> float:
    return day.toordinal() / _YEAR


def _history(of: Sequence[Round]) -> History:
    return History(
        value=[each.value for each in of], se=[each.se for each in of], when=[_when(each.held_on) for each in of]
    )

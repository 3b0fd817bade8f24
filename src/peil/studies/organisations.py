"""Organisations as rows: what each says, what its records show, and the facts that tell them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from peil.dataset import Dataset
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.difference import Side
from peil.estimates.estimate import estimate
from peil.measures.measure import Measure
from peil.methods.moments import Floats
from peil.terms import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Growth as the organisation itself answered.

    Parameters:
        measure: of its answers.
        where: row-level SQL that chooses answers.
    """

    measure: Measure
    where: str = "true"

    @property
    def unit(self) -> Unit:
        """What it is shown in."""
        return self.measure.unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Growth as the records show: a measure in one period against another, less one.

    Parameters:
        measure: a total, such as ``volume``, or a mean.
        before, after: row-level SQL that chooses the rows of each period; periods of a total are to be equally long.
    """

    measure: Measure
    before: str
    after: str

    @property
    def unit(self) -> Unit:
        """A share of what it was."""
        return Unit.SHARE


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """Growth as a field of the organisation's answers has it, such as revenue growth from its annual accounts.

    Parameters:
        column: the field, such as ``extra.revenue_growth``.
        measure: the answers that carry it.
        unit: what it is in; a share is 0.05 for 5 %.
        by_respondent: whether whoever told the strategy filled it in.
    """

    column: str
    measure: Measure
    unit: Unit = Unit.SHARE
    by_respondent: bool = False


Growth = Said | Seen | Booked


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts about organisations, as numbers.

    Parameters:
        rows: organisation to its numbers; words have become one column a word.
    """

    rows: Mapping[str, tuple[float, ...]]

    def columns(self, names: Sequence[str]) -> Floats:
        """Return one row for each of ``names``."""
        return np.array([self.rows[each] for each in names], dtype=np.float64).reshape(len(names), -1)


def per_organisation(data: Dataset, side: Side, by: str) -> dict[str, float]:
    """Return a measure for each organisation that has rows of it.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> len(per_organisation(made(), Side(measure=measure_named("nps")), "organisation"))
        1
    """
    found = estimate(side.measure, data, by=[by], where=side.where)[0]
    return {
        str(each.group[0][1]): each.value
        for each in found
        if each.group[0][1] is not None and each.n and np.isfinite(each.value)
    }


def realised(data: Dataset, growth: Growth, by: str) -> dict[str, float]:
    """Return the growth of each organisation of which it is known.

    Raises:
        DefinitionError: something said is no answer of a survey.
        EvidenceError: a field that was to hold a number holds something else.
    """
    if isinstance(growth, Said):
        if growth.measure.population != "responses":
            raise DefinitionError(
                f"'{growth.measure.name}' is no answer, so nobody said it",
                remedy="use Seen, with the rows of both periods",
            )
        return per_organisation(data, Side(measure=growth.measure, where=growth.where), by)
    if isinstance(growth, Seen):
        old, new = (
            per_organisation(data, Side(measure=growth.measure, where=each), by)
            for each in (growth.before, growth.after)
        )
        return {name: new[name] / old[name] - 1 for name in old.keys() & new.keys() if old[name] > 0}
    told = facts_of(data, Side(measure=growth.measure), by, (growth.column,))
    numbers = _numbers([each[0] for each in told.values()])
    if numbers is None:
        raise EvidenceError(
            f"'{growth.column}' holds something else than numbers", remedy="write 0.05 for 5 %, with a decimal point"
        )
    return dict(zip(told, numbers, strict=True))


def facts(data: Dataset, side: Side, by: str, held: Sequence[str]) -> Facts:
    """Return facts about organisations as numbers: numbers as they are, words as one column a word after the first.

    An organisation of which a fact is missing is left out. Where its rows differ, the commonest counts.
    """
    told = facts_of(data, side, by, held)
    names = sorted(told)
    columns: list[Floats] = []
    for place in range(len(held)):
        words = [told[name][place] for name in names]
        numbers = _numbers(words)
        if numbers is not None:
            columns.append(np.array(numbers))
        else:
            columns += [np.array([float(each == word) for each in words]) for word in sorted(set(words))[1:]]
    return Facts(rows={name: tuple(float(column[place]) for column in columns) for place, name in enumerate(names)})


def facts_of(data: Dataset, side: Side, by: str, held: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return facts about organisations as they are written; those of which one is missing are left out."""
    found = estimate(side.measure, data, by=[by, *held], where=side.where)[0]
    counts: dict[str, list[Counter[str]]] = {}
    for each in found:
        (_, name), *rest = each.group
        if name is None:
            continue
        here = counts.setdefault(str(name), [Counter() for _ in held])
        for counter, (_, value) in zip(here, rest, strict=True):
            if value is not None and str(value).strip():
                counter[str(value).strip()] += each.n
    return {
        # of equals the first in the alphabet, so that the order of rows is nothing
        name: tuple(min(counter, key=lambda word, of=counter: (-of[word], word)) for counter in here)  # type: ignore[misc]  # a default binds the loop's value
        for name, here in counts.items()
        if all(here)
    }


def _numbers(words: Sequence[str]) -> list[float] | None:
    """Return words as numbers; None where one of them is none."""
    try:
        found = [float(each) for each in words]
    except ValueError:
        return None
    return found if np.all(np.isfinite(found)) else None

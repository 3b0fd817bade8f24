"""What records say against one that is asked after: which are worth weighing, and what each agreement is worth."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from peil.persons.lookup_index import MOST_FOUND, UNEVEN, Index, most
from peil.persons.model import MISSING, Comparison, Record

MOST_WEIGHED = 12
LEAST = 1e-9
LEAST_REACHED = 60


def found(index: Index, record: Record, without: int) -> list[int]:
    """Return where the records stand that are worth weighing: those that agree on what few others do.

    Parameters:
        index: the records.
        record: who is asked after.
        without: a record to look past.
    """
    rare: dict[int, float] = {}
    for rule in index.rules:
        places = rule.find(record, MOST_FOUND).tolist()
        if places:
            says = 1.0 + math.log2(MOST_FOUND / len(places))
            for place in places:
                rare[place] = rare.get(place, 0.0) + says
    rare.pop(without, None)
    if len(rare) <= MOST_WEIGHED:
        return list(rare)
    return sorted(rare, key=lambda each: (-rare[each], each))[:MOST_WEIGHED]


class Weigher:
    """Weighs records against one that is asked after."""

    def __init__(self, index: Index, record: Record) -> None:
        self._index = index
        self._record = record
        # what is not asked can agree with nobody
        self._asked = [one for one in index.model.comparisons if _told(one, record)]
        self._chance: dict[str, float] = {}

    def weight(self, other: Record) -> tuple[float, tuple[str, ...]]:
        """Return what agreement says, in bits, and on what they agree; nothing agrees where a veto holds."""
        bits, labels, agreed = 0.0, {}, []
        for one in self._asked:
            level = one.level(self._record, other)
            labels[one.name] = level.label
            if level.label == MISSING:
                continue
            if level.tests and level.tests[0].kind == "equal" and level is most(one):
                bits += math.log2(level.m / self._equal(one))
                agreed.append(one.name)
            else:
                bits += level.weight
                if level.weight > 0:
                    agreed.append(f"{one.name}: {level.label}")
        rest = {one.name: MISSING for one in self._index.model.comparisons if one.name not in labels}
        labels |= rest
        for veto in self._index.model.vetoes:
            # where neither first name nor birth date is told, nothing forbids it; the others of the house are weighed too
            if veto.holds(labels) and (labels.get("given") != MISSING or labels.get("born") != MISSING):
                return -math.inf, ()
        return bits, tuple(agreed)

    def missed(self, reached: NDArray[np.int64]) -> float:
        """Return the chance that a record of the person asked after is found by nothing that is told.

        Parameters:
            reached: of records looked up among others of their person, the rules that find one, a bit each.
        """
        if reached.size < LEAST_REACHED:
            return math.prod(1 - self._index.filled[one.name] * (1 - one.levels[-1].m) for one in self._asked)
        usable = sum(
            1 << nth
            for nth, rule in enumerate(self._index.rules)
            if all(self._record.get(each) is not None for each in rule.columns)
        )
        return float(np.mean((reached & usable) == 0))

    def _equal(self, one: Comparison) -> float:
        """Return the chance that somebody else is equal, too."""
        if one.name not in self._chance:
            chance, value = self._index.chance[one.name], self._record.get(one.name)
            if one.name in UNEVEN and one.name in self._index.counts and value is not None:
                chance = self._index.how_common(one.name, value, chance)
            self._chance[one.name] = chance
        return max(self._chance[one.name], LEAST)


def _told(one: Comparison, record: Record) -> bool:
    level = one.levels[0]
    return not all(test.kind == "missing" and record.get(test.columns[0]) is None for test in level.tests)

"""How readily contacts of each kind are answered about, as one more thing that answers are weighted to."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from peil.estimates.frame import Fact, Frame
from peil.methods.moments import Floats, Integers
from peil.terms import Label

READINESS = Fact(
    name="readiness", label=Label("How readily such contacts answer", "Hoe vlot zulke contacten antwoorden"), by=()
)
"""Classes of contacts by their chance of an answer."""

FEWEST_IN_CLASS = 10
# each class has so many times the answers of the one below: the finer, the more an answer has to stand for
_GROWS = 1.5
_ROUNDS_ALONE, _ROUNDS_TOGETHER = 30, 3
# what two facts add to one another counts by its answers against this many as expected (after Gamma priors)
_PRIOR = 10.0
_HALF = 0.5


def with_readiness(counts: Frame, heard: Floats) -> Frame:
    """Return the frame with one more fact: the class of each kind of contact by its chance of an answer.

    One margin a fact cannot see that contacts which waited and were put through as well hardly answer, where either
    alone answers well enough. The chance of an answer is counted over all contacts, facts by themselves and two by
    two; its classes are one margin more (Rosenbaum and Rubin 1984; Little 1986).

    Parameters:
        counts: contacts and answers by cell.
        heard: contacts of each cell that answers can speak for.

    Example:
        >>> from peil.estimates.frame import Frame
        >>> two = tuple(Fact(name=each, label=Label(each, each), by=(each,)) for each in "ab")
        >>> n = np.array([100.0, 100.0, 100.0, 100.0])
        >>> frame = Frame(facts=two, levels=(("0", "1"), ("0", "1")), names=(), kind=np.array([[0, 0], [0, 1], [1, 0], [1, 1]]),
        ...     contacts=n, asked=n, answered=np.array([40.0, 12.0, 15.0, 40.0]), invited=True, cell=np.arange(4),
        ...     value=np.zeros(4), rows=np.array([40.0, 12.0, 15.0, 40.0]), weight=np.ones(4), loose=0, scale=(0.0, 1.0))
        >>> with_readiness(frame, n).kind[:, 2].tolist()
        [2, 0, 1, 3]
    """
    chance = _chances(counts, heard)
    answers = np.bincount(counts.cell, counts.rows, chance.size)
    # ties in one order, whatever the engine's
    order = np.lexsort((*counts.kind.T, np.round(chance, 12)))
    found, left, number, got, need = (
        np.zeros(chance.size, np.int64),
        float(answers.sum()),
        0,
        0.0,
        float(FEWEST_IN_CLASS),
    )
    for each in order:
        found[each] = number
        got, left = got + float(answers[each]), left - float(answers[each])
        if got >= need and left >= need:
            number, got, need = number + 1, 0.0, need * _GROWS
    return replace(
        counts,
        facts=(*counts.facts, READINESS),
        levels=(*counts.levels, tuple(f"{each + 1}" for each in range(number + 1))),
        kind=np.column_stack([counts.kind, found]),
    )


def _chances(counts: Frame, heard: Floats) -> Floats:
    """Return the chance of an answer about a contact of each cell: by each fact, and by what two facts add together."""
    answered = np.where(heard > 0, counts.answered, 0.0)
    chance = np.full(heard.size, answered.sum() / max(heard.sum(), 1.0))
    alone = [(counts.kind[:, place], len(levels)) for place, levels in enumerate(counts.levels)]
    for _ in range(_ROUNDS_ALONE):
        for kind, size in alone:
            chance = chance * _ratio(kind, size, answered, heard * chance, _HALF)
    pairs = [(one * wide + other, long * wide) for (one, long), (other, wide) in itertools.combinations(alone, 2)]
    for _ in range(_ROUNDS_TOGETHER):
        for kind, size in pairs:
            chance = chance * _ratio(kind, size, answered, heard * chance, _PRIOR)
    return chance


def _ratio(kind: Integers, size: int, answered: Floats, expected: Floats, prior: float) -> Floats:
    """Return, for each cell, answers over those expected of its kind, drawn to one where few are expected."""
    there, awaited = (np.bincount(kind, each, size) for each in (answered, expected))
    made: Floats = ((there + prior) / (awaited + prior))[kind]
    return made

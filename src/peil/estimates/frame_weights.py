"""Answers weighted to every contact of the frame: raked over the cells, with the residuals that are left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peil.errors import EvidenceError
from peil.estimates.frame import Frame
from peil.estimates.frame_readiness import READINESS, with_readiness
from peil.methods import bounds
from peil.methods.calibrate import Calibrated, rake
from peil.methods.cells import Cells, Known, cells, gram, known, matrix
from peil.methods.moments import Floats, Integers

FEWEST_IN_KIND = 10
MOST_LEVERAGE = 0.5
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighted:
    """Both figures in stored units, and what an answer of each entry adds to them.

    Parameters:
        plain, value: the figure of the answers as they are, and weighted.
        naive, adjusted: what one answer of each entry adds to it, for its standard error.
        factor: what its weight is multiplied by.
        deviation: standard deviation of the answers, weighted.
        raked: the weights.
        answers: what bounds are made of.
        joined: kinds with few answers, weighted together with another.
        seldom: share of the contacts, and answers, of the class that most seldom answers; both nought without classes.
    """

    plain: float
    value: float
    naive: Floats
    adjusted: Floats
    factor: Floats
    deviation: float
    raked: Calibrated
    answers: bounds.Answers
    joined: tuple[str, ...]
    seldom: tuple[float, float] = (0.0, 0.0)


def weigh(counts: Frame, *, readiness: bool = True) -> Weighted:
    """Return the figure weighted to every contact of the frame.

    Answers are raked to the contacts of each kind, one margin a fact (Deming and Stephan 1940); a weighted answer adds
    its residual to the variance (Deville and Särndal 1992).

    Parameters:
        counts: contacts and answers by cell.
        readiness: whether classes of contacts by their chance of an answer are one margin more.
    """
    n_cells, seldom = counts.contacts.size, (0.0, 0.0)
    if readiness:
        there_are = np.bincount(counts.cell, counts.rows, n_cells).astype(np.float64)
        spoken_for = np.where(heard_of(counts, there_are), counts.contacts, 0.0)
        counts = with_readiness(counts, spoken_for)
        last = counts.kind[:, -1] == 0
        seldom = float(spoken_for[last].sum() / max(spoken_for.sum(), 1.0)), float(there_are[last].sum())
    answers_of, weight_of = (
        np.bincount(counts.cell, each, n_cells).astype(np.float64) for each in (counts.rows, counts.weight)
    )
    heard = heard_of(counts, answers_of)
    there = np.flatnonzero(answers_of > 0)
    sample = cells(weight_of[there] / answers_of[there], answers_of[there])
    raked, margins, joined = _raked(counts, heard, there, answers_of, sample)
    g = np.zeros(n_cells)
    g[there] = raked.g
    factor = g[counts.cell]
    plain = float(counts.weight @ counts.value / counts.weight.sum())
    whole = counts.weight * factor
    value = float(whole @ counts.value / whole.sum())
    off = np.bincount(counts.cell, whole * (counts.value - value), n_cells)[there]
    x = matrix(margins, (), there.size)
    mass = weight_of[there] * raked.g
    inverse = np.linalg.pinv(gram(x, mass), rcond=1e-11, hermitian=True)
    fitted, leverage = np.zeros(n_cells), np.zeros(n_cells)
    fitted[there] = x @ (inverse @ (x.T @ off))
    leverage[there] = np.asarray(x.multiply(x @ inverse).sum(axis=1)).ravel() * mass / answers_of[there]
    deviation = float(np.sqrt(whole @ (counts.value - value) ** 2 / whole.sum()))
    left = counts.value - value - fitted[counts.cell]
    return Weighted(
        plain=plain,
        value=value,
        naive=(counts.value - plain) / counts.weight.sum(),
        # few answers of a kind fit themselves: residuals are made as large as they would be (MacKinnon and White 1985)
        adjusted=factor * left / np.sqrt(1 - np.minimum(leverage[counts.cell], MOST_LEVERAGE)) / whole.sum(),
        factor=factor,
        deviation=deviation,
        raked=raked,
        answers=_answers(counts, whole, g, answers_of, heard),
        joined=joined,
        seldom=seldom,
    )


def heard_of(counts: Frame, answers_of: Floats) -> Flags:
    """Return which cells are of kinds that somebody was asked about, fact by fact.

    Parameters:
        counts: contacts and answers by cell.
        answers_of: answers of each cell.
    """
    heard = np.ones(counts.contacts.size, bool)
    for place, levels in enumerate(counts.levels):
        asked = np.bincount(counts.kind[:, place], counts.asked + answers_of, len(levels)) > 0
        heard &= asked[counts.kind[:, place]]
    return heard


def _raked(
    counts: Frame, heard: Flags, there: Integers, answers_of: Floats, sample: Cells
) -> tuple[Calibrated, list[Known], tuple[str, ...]]:
    """Rake to all contacts; where thin kinds of one fact contradict those of another, more of them are joined."""
    fewest = FEWEST_IN_KIND
    while True:
        margins, joined = _margins(counts, heard, there, answers_of, fewest)
        try:
            return rake(sample, margins), margins, joined
        except EvidenceError:
            if all(len(each.levels) == 1 for each in margins):
                raise
            fewest *= 2


def _margins(
    counts: Frame, heard: Flags, there: Integers, answers_of: Floats, fewest: float
) -> tuple[list[Known], tuple[str, ...]]:
    """Return a margin a fact, kinds with few answers joined to those that answer about as seldom."""
    made: list[Known] = []
    joined: list[str] = []
    for place, (fact, levels) in enumerate(zip(counts.facts, counts.levels, strict=True)):
        kind = counts.kind[:, place]
        contacts, asked, answers = (
            np.bincount(kind, np.where(heard, each, 0.0), len(levels)).astype(np.float64)
            for each in (counts.contacts, counts.asked, answers_of)
        )
        into = _joined(answers, asked, fewest)
        if fact is not READINESS:
            joined += [levels[each] for each in range(len(levels)) if contacts[each] > 0 and into[each] != each]
        targets = {levels[each]: 0.0 for each in into[contacts > 0]}
        for each in np.flatnonzero(contacts > 0):
            targets[levels[into[each]]] += float(contacts[each])
        made.append(known(fact.name, [levels[into[each]] for each in kind[there]], targets))
    return made, tuple(joined)


def _joined(answers: Floats, asked: Floats, fewest: float) -> Integers:
    """Return the kind that each kind is counted with: itself, or the nearest in response rate while answers are few."""
    into = np.arange(answers.size)
    while True:
        kinds = np.unique(into[asked > 0])
        total, whole = (np.bincount(into, each, answers.size)[kinds] for each in (answers, asked))
        if kinds.size <= 1 or total.min() >= fewest:
            return into
        first = int(np.argmin(total))
        apart = np.abs(total / whole - total[first] / whole[first])
        apart[first] = np.inf
        into[into == kinds[first]] = kinds[int(np.argmin(apart))]


def _answers(counts: Frame, whole: Floats, g: Floats, answers_of: Floats, heard: Flags) -> bounds.Answers:
    group_of = bounds.groups(np.arange(g.size), answers_of, g)
    group = group_of[counts.cell]
    inside = group_of >= 0
    size = int(group_of.max()) + 1
    contacts, asked = (np.bincount(group_of[inside], each[inside], size) for each in (counts.contacts, counts.asked))
    # those who were not asked are like those who were
    each_is = (contacts / np.maximum(asked, 1))[group] * counts.rows.sum() / counts.weight.sum()
    least, most = counts.scale
    return bounds.Answers(
        group=group,
        value=counts.value,
        given=counts.weight * each_is,
        whole=whole,
        unheard=float(counts.contacts[~heard].sum()),
        least=least,
        most=most,
    )

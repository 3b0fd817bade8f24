"""Cells of respondents who are alike, and what is known of the population that they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from peil.errors import DefinitionError, EvidenceError
from peil.methods.diagnosis import Floats, Level

Integers = NDArray[np.int64]
# Targets of two margins speak of one population when they differ by less than this share of it.
SAME = 1e-6
HUNDRED, HALF = 100, 0.5
SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Respondents who are alike in everything that weights are calibrated on, and in their base weight.

    Parameters:
        rows: respondents of each cell.
        weight: the base weight of each of them.
    """

    rows: Floats
    weight: Floats

    @property
    def total(self) -> Floats:
        """What the base weights of each cell add up to."""
        return self.rows * self.weight


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """A margin: how many of the population are at each level. Make one with ``known``.

    Parameters:
        name: how it is called in errors.
        levels: its levels.
        of: the level of each cell, as a place in ``levels``.
        targets: units of the population at each level; nan where nobody told.
    """

    name: str
    levels: tuple[Level, ...]
    of: Integers
    targets: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Amount:
    """A number of which the population's total is known.

    Parameters:
        name: how it is called in errors.
        of: its value in each cell.
        target: its total over the population.
    """

    name: str
    of: Floats
    target: float


def known(name: str, of: Sequence[str | Level], targets: Mapping[str, float] | Mapping[Level, float]) -> Known:
    """Return a margin from the level of each cell.

    Parameters:
        name: how it is called in errors.
        of: the level of each cell.
        targets: units of the population, or shares that add up to 1, at each level.

    Example:
        >>> known("channel", ["call", "chat", "call"], {"call": 0.7, "chat": 0.3}).targets.tolist()
        [0.7, 0.3]
    """
    told = {level_of(level): float(target) for level, target in targets.items()}
    of_cells = [level_of(each) for each in of]
    levels = sorted({*told, *of_cells})
    place = {level: at for at, level in enumerate(levels)}
    return Known(
        name=name,
        levels=tuple(levels),
        of=np.array([place[each] for each in of_cells], dtype=np.int64),
        targets=np.array([told.get(each, np.nan) for each in levels]),
    )


def cells(weight: ArrayLike, rows: ArrayLike = 1.0) -> Cells:
    """Return cells from their base weights.

    Parameters:
        weight: the base weight of each respondent of a cell.
        rows: respondents of each cell.

    Raises:
        EvidenceError: a weight is nought, negative, missing or infinite.
    """
    w = np.asarray(weight, dtype=np.float64)
    if not w.size:
        raise EvidenceError("there is no respondent to weight", remedy="check the survey's name and its answers")
    if not np.all((w > 0) & np.isfinite(w)):
        count = int(np.sum(~((w > 0) & np.isfinite(w))))
        raise EvidenceError(
            f"the base weight is nought, negative, missing or infinite in {count} of {w.size} cells",
            remedy="give every respondent a weight, or leave the weight out so that all count alike",
        )
    return Cells(rows=np.broadcast_to(np.asarray(rows, dtype=np.float64), w.shape).copy(), weight=w)


def matrix(margins: Sequence[Known], amounts: Sequence[Amount], n_cells: int) -> scipy.sparse.csr_matrix:
    """Return the auxiliaries of each cell: a column for every level that has a target, and one for every amount.

    Parameters:
        margins: what is known.
        amounts: totals of numbers that are known.
        n_cells: how many cells there are.
    """
    blocks = []
    for each in margins:
        column = np.where(np.isnan(each.targets), -1, np.cumsum(~np.isnan(each.targets)) - 1)[each.of]
        here = np.flatnonzero(column >= 0)
        shape = (n_cells, int(np.sum(~np.isnan(each.targets))))
        blocks.append(scipy.sparse.csr_matrix((np.ones(here.size), (here, column[here])), shape=shape))
    blocks += [scipy.sparse.csr_matrix(each.of[:, None]) for each in amounts]
    return (
        scipy.sparse.csr_matrix(scipy.sparse.hstack(blocks, format="csr"))
        if blocks
        else scipy.sparse.csr_matrix((n_cells, 0))
    )


def gram(x: scipy.sparse.csr_matrix, weight: Floats) -> Floats:
    """Return Σ w x x' over cells."""
    return np.asarray((x.T @ x.multiply(weight[:, None]).tocsr()).toarray())


def checked(sample: Cells, margins: Sequence[Known]) -> tuple[list[Known], float]:
    """Return the margins in units of one population, and its size; refuse what cannot be weighted to."""
    base = sample.total.sum()
    sizes: list[float] = []
    for each in margins:
        _levels(each, np.bincount(each.of, sample.rows, minlength=len(each.levels)) > 0)
        sizes.append(float(np.nansum(each.targets)))
    counted = [size for size in sizes if abs(size - 1) > SAME]
    for each, size in zip(margins, sizes, strict=True):
        _size(each, size, sample, beside_shares=len(counted) < len(sizes))
    population = counted[0] if counted else float(base)
    for each, size in zip(margins, sizes, strict=True):
        if size in counted and abs(size - population) > SAME * population:
            first = margins[sizes.index(population)]
            raise DefinitionError(
                f"the targets of '{first.name}' add up to {population:g} and those of '{each.name}' to {size:g}",
                remedy="give both the same population, or give shares that add up to 1",
            )
    # what differs only by rounding is brought to exactly one population, or nothing could meet it
    fitted = [
        replace(each, targets=np.nan_to_num(each.targets) * (population / size))
        for each, size in zip(margins, sizes, strict=True)
    ]
    return fitted, population


def _levels(margin: Known, here: NDArray[np.bool_]) -> None:
    """Refuse levels that are on one side only, and targets that cannot be."""
    told, targets = ~np.isnan(margin.targets), margin.targets
    without, empty = np.flatnonzero(here & ~told), np.flatnonzero(~here & (targets > 0))
    if without.size:
        place = int(without[0])
        level = margin.levels[place]
        alike = [margin.levels[at] for at in empty if _bare(margin.levels[at]) == _bare(level)]
        if alike:
            remedy = f"the targets have '{', '.join(alike[0])}': write it as the answers do"
        elif not any(level):
            remedy = "say in SQL what stands in for a missing value, with coalesce, or give '' a target"
        else:
            remedy = "give it a target, or name in SQL the level that it belongs to"
        raise DefinitionError(
            f"{called(margin, place)} has respondents and no target{_more(margin, without)}", remedy=remedy
        )
    if empty.size:
        place, known = int(empty[0]), np.flatnonzero(here)
        remedy = "join it in SQL to a level that has some, in the sample and in the targets"
        if known.size and len(margin.levels[place]) == 1:
            other, this = margin.levels[int(known[0])][0], margin.levels[place][0]
            name = margin.name if margin.name.isidentifier() else f'"{margin.name}"'
            remedy += f", as: case when {name} in ('{this}', '{other}') then '{other}' else {name} end"
        raise DefinitionError(
            f"{called(margin, place)} has a target and no respondents{_more(margin, empty)}", remedy=remedy
        )
    for wrong, says, remedy in (
        (
            here & ~(targets > 0),
            "has respondents and a target that is not above nought",
            "leave those respondents out, or correct the target",
        ),
        (told & ~((targets >= 0) & np.isfinite(targets)), "has a target that is negative or infinite", "correct it"),
    ):
        if wrong.any():
            raise DefinitionError(f"{called(margin, int(np.flatnonzero(wrong)[0]))} {says}", remedy=remedy)


def _size(margin: Known, size: float, sample: Cells, *, beside_shares: bool) -> None:
    """Refuse targets that are neither shares nor counts of a population that the sample can be of."""
    n, base = float(sample.rows.sum()), float(sample.total.sum())
    if abs(size - 1) <= SAME:
        return
    told = margin.targets[~np.isnan(margin.targets)]
    # a population may be of a hundred: then counts are whole, and the sample is no larger
    rounded = np.allclose(told, told.round(2), rtol=0, atol=1e-9)
    near = abs(size - HUNDRED) < (HALF if rounded else SAME)
    whole = not np.any(told % 1)
    percentages = near and (not whole or beside_shares or n > HUNDRED or base > 2 * HUNDRED)
    if percentages or size < n * (1 - SAME):
        what = f"the targets of '{margin.name}' add up to {size:.6g}"
        if percentages:
            raise DefinitionError(f"{what}, as percentages do", remedy="write shares that add up to 1, or counts")
        raise DefinitionError(
            f"{what}, which is neither 1, as shares do, nor a population of at least the {n:.0f} respondents",
            remedy="divide shares by their sum, or give counts of the population",
        )


def _bare(level: Level) -> Level:
    return tuple(each.strip().casefold() for each in level)


def _more(margin: Known, places: Integers) -> str:
    """Return which other levels an error is of."""
    others = [f"'{', '.join(margin.levels[place])}'" for place in places[1:].tolist()]
    if not others:
        return ""
    return f", as have {', '.join(others[:SHOWN])}{' …' if len(others) > SHOWN else ''}"


def sums_of(margin: Known, values: Floats) -> Floats:
    """Return the sum of ``values`` over the cells of each level."""
    return np.bincount(margin.of, values, minlength=len(margin.levels)).astype(np.float64)


def level_of(level: str | Level) -> Level:
    """Return a level as a tuple of texts."""
    return (level,) if isinstance(level, str) else level


def called(margin: Known, place: int) -> str:
    """Return how an error names a level."""
    return f"'{margin.name}'{at_level(margin.levels[place])}"


def at_level(level: Level) -> str:
    """Return the part of it that follows the margin's name."""
    return f" = '{', '.join(level)}'" if level else ""

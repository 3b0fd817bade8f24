"""Calibration: weights that agree with what is known of the population, and stray as little as they can from what they were.

Respondents who are alike in every margin and in their base weight form a cell and share one factor g, so that
a million rows cost no more than their cells. Raking is iterative proportional fitting (Deming and Stephan 1940);
the distances and their Newton steps are those of Deville and Särndal (1992) and Deville, Särndal and Sautory (1993).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import scipy

from peil.errors import DefinitionError, EvidenceError
from peil.methods.cells import Amount, Cells, Known, at_level, called, checked, gram, matrix, sums_of
from peil.methods.diagnosis import NEAR, Diagnosis, Fit, Floats, diagnosis
from peil.methods.distances import Distance, exponential, logit, straight, truncated

# Differences that are left, as a share of the population.
TOLERANCE = 1e-10
ROUNDS = 1_000
STEPS = 100
# A step of Newton's method that has to be this short leads nowhere.
SHORTEST = 1e-6
TRIMS = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibrated:
    """Factors, and what they did.

    Parameters:
        g: what the base weights of each cell are multiplied by.
        diagnosis: margins, spread and cost.
    """

    g: Floats
    diagnosis: Diagnosis


Method = Callable[[Cells, Sequence[Known]], Calibrated]


def cell(sample: Cells, margin: Known) -> Calibrated:
    """Return cell weights (post-stratification): each level of one margin is brought to its target.

    Parameters:
        sample: the cells.
        margin: what is known.

    Raises:
        DefinitionError: a level has respondents and no target, or a target and no respondents.

    Example:
        >>> from peil.methods.cells import cells, known
        >>> cell(cells([1, 1, 1, 1]), known("sex", "ffmf", {"f": 30, "m": 10})).g.tolist()
        [10.0, 10.0, 10.0, 10.0]
    """
    (margin,), _ = checked(sample, [margin])
    g = (margin.targets / sums_of(margin, sample.total))[margin.of]
    return _told("cell", sample, [margin], (), g, 1)


def rake(
    sample: Cells, margins: Sequence[Known], *, amounts: Sequence[Amount] = (), tolerance: float = TOLERANCE
) -> Calibrated:
    """Return raked weights: every margin is brought to its targets in turn, until all of them hold.

    Parameters:
        sample: the cells.
        margins: what is known.
        amounts: totals of numbers that are known; with them the same distance is solved by Newton's method.
        tolerance: largest difference that may be left, as a share of the population.

    Raises:
        DefinitionError: a level has respondents and no target, or a target and no respondents, or margins speak of
            populations of different size.
        EvidenceError: the targets cannot be met together.

    Example:
        >>> from peil.methods.cells import cells, known
        >>> made = rake(cells([1, 1, 1], rows=[4, 3, 3]), [known("a", "xxy", {"x": 50, "y": 50}), known("b", "pqp", {"p": 80, "q": 20})])
        >>> (made.g * [4, 3, 3]).round(6).tolist()
        [30.0, 20.0, 50.0]
    """
    if amounts:
        return _newton("rake", sample, margins, amounts, exponential, tolerance)
    margins, population = checked(sample, margins)
    total = sample.total
    w = total * (population / total.sum())
    rounds, left = 0, np.inf
    while left > tolerance * population and rounds < ROUNDS:
        for each in margins:
            sums = sums_of(each, w)
            w = w * np.divide(each.targets, sums, out=np.zeros_like(sums), where=sums > 0)[each.of]
        rounds += 1
        left = max(float(np.abs(sums_of(each, w) - each.targets).max()) for each in margins)
    made = _told("rake", sample, margins, (), w / total, rounds)
    return _held(made, tolerance)


def linear(
    sample: Cells, margins: Sequence[Known], *, amounts: Sequence[Amount] = (), tolerance: float = TOLERANCE
) -> Calibrated:
    """Return the weights of the generalised regression estimator (Särndal, Swensson and Wretman 1992, 6.4).

    Parameters:
        sample: the cells.
        margins: what is known.
        amounts: totals of numbers that are known.
        tolerance: largest difference that may be left, as a share of the population.

    Raises:
        DefinitionError: as for ``rake``.
        EvidenceError: the targets cannot be met together, or only by weights of nought or less.

    Example:
        >>> from peil.methods.cells import cells
        >>> made = linear(cells([10, 10, 10]), [], amounts=[Amount(name="age", of=np.array([1.0, 2.0, 3.0]), target=67.0)])
        >>> made.g.round(3).tolist()
        [1.05, 1.1, 1.15]
    """
    made = _newton("linear", sample, margins, amounts, straight, tolerance)
    if np.any(made.g <= 0):
        count = float(sample.rows[made.g <= 0].sum())
        raise EvidenceError(
            f"linear calibration gives {count:.0f} of {sample.rows.sum():.0f} respondents a weight of nought or less",
            remedy="rake, or use 'bounded', which keep weights above nought",
        )
    return made


def bounded(
    sample: Cells,
    margins: Sequence[Known],
    *,
    bounds: tuple[float, float],
    amounts: Sequence[Amount] = (),
    distance: Literal["logit", "truncated"] = "logit",
    tolerance: float = TOLERANCE,
) -> Calibrated:
    """Return calibrated weights that are multiplied by no less and no more than the bounds.

    Parameters:
        sample: the cells.
        margins: what is known.
        bounds: least and most by which a weight is multiplied, once all are scaled to the population.
        amounts: totals of numbers that are known.
        distance: ``logit``, or the linear one cut off at the bounds (cases 6 and 7 of Deville and Särndal 1992).
        tolerance: largest difference that may be left, as a share of the population.

    Raises:
        DefinitionError: as for ``rake``; or the bounds do not have 1 between them.
        EvidenceError: the targets cannot be met together within the bounds.

    Example:
        >>> from peil.methods.cells import cells, known
        >>> made = bounded(cells([1, 1, 1, 1]), [known("a", "xxxy", {"x": 2, "y": 2})], bounds=(0.5, 3))
        >>> made.g.round(4).tolist()
        [0.6667, 0.6667, 0.6667, 2.0]
    """
    low, high = bounds
    if not 0 <= low < 1 < high:
        raise DefinitionError(
            f"bounds of {low:g} and {high:g} do not have 1 between them", remedy="write them as [0.3, 3]"
        )
    chosen = logit(low, high) if distance == "logit" else truncated(low, high)
    return _newton("bounded", sample, margins, amounts, chosen, tolerance)


def trim(sample: Cells, margins: Sequence[Known], method: Method, limit: float) -> Calibrated:
    """Return calibrated weights of which none is above ``limit`` times the mean.

    What is cut off is spread over the others by calibrating anew, until cap and margins both hold.

    Parameters:
        sample: the cells.
        margins: what is known.
        method: how to calibrate.
        limit: most that a weight may be, in times the mean.

    Raises:
        DefinitionError: the limit is not above 1; or as for the method.
        EvidenceError: cap and margins do not hold together; the level that keeps the highest weights is named.

    Example:
        >>> from peil.methods.cells import cells, known
        >>> margins = [known("a", "xxyy", {"x": 5, "y": 5}), known("b", "pqpq", {"p": 5, "q": 5})]
        >>> sample = cells([1, 1, 1, 1], rows=[6, 1, 1, 2])
        >>> rake(sample, margins).g.round(3).tolist(), trim(sample, margins, rake, 1.8).g.round(3).tolist()
        ([0.647, 1.12, 1.12, 1.94], [0.6, 1.4, 1.4, 1.8])
    """
    if not limit > 1:
        raise DefinitionError(f"weights cannot all be below {limit:g} times their mean", remedy="trim at 3 or 5, say")
    made = method(sample, margins)
    rounds, n = made.diagnosis.rounds, float(sample.rows.sum())
    for _ in range(TRIMS):
        w = made.g * sample.weight
        cap = limit * float(sample.rows @ w) / n
        if w.max() <= cap * (1 + NEAR):
            fits = made.diagnosis.fits
            told = diagnosis(
                made.diagnosis.method,
                fits,
                weight=w,
                rows=sample.rows,
                rounds=rounds,
                largest=made.diagnosis.largest,
                cap=cap,
            )
            return Calibrated(g=w / sample.weight, diagnosis=told)
        made = method(replace(sample, weight=np.minimum(w, cap)), margins)
        made = replace(made, g=made.g * np.minimum(w, cap) / sample.weight)
        rounds += made.diagnosis.rounds
    where = int(np.argmax(made.g * sample.weight))
    tight = max(
        margins,
        key=lambda each: (
            sums_of(each, sample.rows * made.g * sample.weight)[each.of[where]]
            / sums_of(each, sample.rows)[each.of[where]]
        ),
    )
    raise EvidenceError(
        f"no weights below {limit:g} times their mean meet the targets: {called(tight, int(tight.of[where]))} needs more",
        remedy="trim less, or join that level to a neighbour in the sample and in the targets",
    )


def levelled(weight: Floats, rows: Floats, cap: float) -> float:
    """Return what is added to every weight, so that with none above the cap they add up as before.

    Parameters:
        weight: distinct weights, from the least on.
        rows: respondents of each.
        cap: most that a weight may be; above their mean.

    Example:
        >>> levelled(np.array([1.0, 2.0, 9.0]), np.array([2.0, 1.0, 1.0]), 5.0)
        1.3333333333333333
    """
    whole, added, capped = float(rows @ weight), 0.0, -1
    while (above := int(np.sum(weight + added >= cap))) != capped:
        capped, below = above, weight.size - above
        left = whole - cap * float(rows[below:].sum()) - float(rows[:below] @ weight[:below])
        added = left / float(rows[:below].sum())
    return added


def _newton(
    name: str, sample: Cells, margins: Sequence[Known], amounts: Sequence[Amount], distance: Distance, tolerance: float
) -> Calibrated:
    margins, population = checked(sample, margins)
    for each in amounts:
        if not (np.isfinite(each.target) and np.isfinite(each.of).all()):
            raise DefinitionError(
                f"'{each.name}' or its total is missing or infinite", remedy="give every one a number"
            )
    scale = population / sample.total.sum() if margins else 1.0
    total = sample.total * scale
    # numbers of any size beside levels of 0 and 1: all columns are brought to the size of 1
    size = np.array([max(float(np.abs(each.of).max(initial=0)), 1e-300) for each in amounts])
    units = np.concatenate([np.ones(sum(int(np.sum(~np.isnan(each.targets))) for each in margins)), 1 / size])
    x = scipy.sparse.csr_matrix(matrix(margins, amounts, total.size) @ scipy.sparse.diags(units))
    targets = np.concatenate([*(each.targets for each in margins), [each.target for each in amounts]]) * units
    at = np.zeros(targets.size)
    g, slope = distance(x @ at)
    short = targets - x.T @ (total * g)
    steps, whole = 0, max(float(total.sum()), float(np.abs(targets).max(initial=0)))
    while np.abs(short).max(initial=0) > tolerance * whole and steps < STEPS:
        step = np.linalg.lstsq(gram(x, total * slope), short, rcond=1e-11)[0]
        before, stride = float(np.abs(short).max()), 1.0
        while True:
            with np.errstate(over="ignore", invalid="ignore"):
                g, slope = distance(x @ (at + stride * step))
                tried = targets - x.T @ (total * g)
            if (np.isfinite(tried).all() and np.abs(tried).max() < before) or stride < SHORTEST:
                break
            stride /= 2
        if not np.isfinite(tried).all():
            break
        at, short, steps = at + stride * step, tried, steps + 1
        if stride < SHORTEST:
            break
    return _held(_told(name, sample, margins, amounts, g * scale, steps), tolerance)


def _held(made: Calibrated, tolerance: float) -> Calibrated:
    """Refuse weights that do not meet their targets."""
    if made.diagnosis.largest <= max(10 * tolerance, 1e-12):
        return made
    gaps = [
        (abs(after - target) / max(abs(target), made.diagnosis.population * 1e-12), fit, place)
        for fit in made.diagnosis.fits
        for place, (after, target) in enumerate(zip(fit.after, fit.targets, strict=True))
    ]
    _, fit, place = max(gaps, key=lambda each: each[0])
    raise EvidenceError(
        f"the targets cannot be met together: after {made.diagnosis.rounds} rounds '{fit.name}'"
        f"{at_level(fit.levels[place])} has {fit.after[place]:g} where {fit.targets[place]:g} is the target",
        remedy="look for combinations of levels without respondents, join levels, drop a margin or widen the bounds",
    )


def _told(
    name: str, sample: Cells, margins: Sequence[Known], amounts: Sequence[Amount], g: Floats, rounds: int
) -> Calibrated:
    total = sample.total
    after = total * g
    population = float(after.sum())
    scaled = total * (population / total.sum())
    fits = [
        Fit(
            name=each.name,
            levels=each.levels,
            rows=tuple(sums_of(each, sample.rows).tolist()),
            before=tuple(sums_of(each, scaled).tolist()),
            after=tuple(sums_of(each, after).tolist()),
            targets=tuple(each.targets.tolist()),
        )
        for each in margins
    ]
    fits += [
        Fit(
            name=each.name,
            levels=((),),
            rows=(float(sample.rows.sum()),),
            before=(float(scaled @ each.of),),
            after=(float(after @ each.of),),
            targets=(each.target,),
        )
        for each in amounts
    ]
    off = [
        abs(one - other) / (population if fit.levels != ((),) else max(abs(other), 1e-300))
        for fit in fits
        for one, other in zip(fit.after, fit.targets, strict=True)
    ]
    told = diagnosis(
        name, tuple(fits), weight=g * sample.weight, rows=sample.rows, rounds=rounds, largest=max(off, default=0.0)
    )
    return Calibrated(g=g, diagnosis=told)

"""Small cells: every cell of a crossing gets a value, the less of its own the fewer answers it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from peil.errors import EvidenceError
from peil.methods.variance_grid import BEND, Cells, CrossedEffects, Floats, Integers, Point, mixture_quantile

LEAST_FILLED = 3
FINE = 1_000
DRAWS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Modelled:
    """Values of a model with their uncertainty, one each.

    Parameters:
        value: posterior mean.
        sd: posterior standard deviation.
        low, high: ends of the interval that holds the middle of the posterior.
    """

    value: Floats
    sd: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranks:
    """Places in order of value, 1 for the first.

    Parameters:
        likely: the place in the middle of the posterior.
        low, high: the shortest interval of places that holds it often enough.
    """

    likely: Integers
    low: Integers
    high: Integers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shared:
    """What a model of cells says.

    Parameters:
        cells: one a cell, empty ones included.
        margins: one a margin asked for, over its levels.
        whole: over all cells.
        ranks: the levels of each margin in order of value.
        spread: standard deviation of each factor's effects, then of the cells' own.
        answer_sd: standard deviation of answers in a cell.
        direct_error, model_error, empty_error, mean_error: the root mean square error to expect, under the model, of
            the filled cells' own means, of the model in filled and in empty cells, and of one mean for all.
    """

    cells: Modelled
    margins: tuple[Modelled, ...]
    whole: Modelled
    ranks: tuple[Ranks, ...]
    spread: Modelled
    answer_sd: float
    direct_error: float
    model_error: float
    empty_error: float
    mean_error: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Parts:
    """The mixture over the grid: a centre and a scale of everything at each point."""

    weight: Floats
    mean: Floats
    scale: Floats
    df: float

    def modelled(self, level: float, bounds: tuple[float, float]) -> Modelled:
        value = self.weight @ self.mean
        stretch = self.df / (self.df - 2) if self.df > 2 else np.nan  # noqa: PLR2004  # a variance exists from here on
        sd = np.sqrt(self.weight @ (stretch * self.scale**2 + (self.mean - value) ** 2))
        low, high = (
            mixture_quantile(chance, self.mean, self.scale, self.weight, self.df)
            for chance in ((1 - level) / 2, (1 + level) / 2)
        )
        # what is held to the scale has the quantiles held to the scale
        return Modelled(value=np.clip(value, *bounds), sd=sd, low=np.clip(low, *bounds), high=np.clip(high, *bounds))


def share_out(
    cells: Cells,
    *,
    margins: Sequence[Integers] = (),
    population: Floats | None = None,
    level: float = 0.95,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    lowest_first: bool = False,
    seed: int = 0,
) -> Shared:
    """Model the mean of every cell of a crossing, from the means of those that have answers.

    y = Xβ + an effect of each factor's level + an effect of the cell + error with variance σ²/n. Effects are normal;
    β is flat, each effect's standard deviation over that of an answer has a half-Cauchy prior of scale 0.5 (Gelman 2006),
    and the prior of σ² counts for one answer, spread as all answers are. Given the ratios all is in closed form; they
    are integrated over a grid (Rue, Martino and Chopin 2009), so that the intervals know that the variances are
    estimated. What is reported is the value held to the scale: its quantiles are those of the posterior, held to it.

    Parameters:
        cells: what was seen.
        margins: the level of each cell on what is to be added up to.
        population: how much each cell counts in a margin; all alike if left out. Every level needs some.
        level: how often the intervals are to hold the truth.
        bounds: the ends of the scale.
        lowest_first: rank from the lowest value.
        seed: of the joint draws that ranks are made from.

    Raises:
        EvidenceError: fewer than three cells have answers, all answers are alike, or predictors tell nothing apart.

    Example:
        >>> sizes, codes = (2, 2), np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
        >>> cells = Cells(value=np.array([10.0, 30.0, 20.0, 0.0]), n=np.array([9.0, 9.0, 9.0, 0.0]),
        ...     squares=2400.0, freedom=24.0, codes=codes, sizes=sizes, predictors=np.zeros((4, 0)))
        >>> found = share_out(cells, margins=[codes[0]])
        >>> bool(found.cells.low[3] < found.cells.value[3] < found.cells.high[3])
        True
    """
    _check(cells)
    chosen = np.ones(cells.n.size) if population is None else np.asarray(population, dtype=np.float64)
    average = _averages(margins, chosen)
    fit = _fit(cells, average, level=level, seed=seed)
    drawn = -fit.drawn if lowest_first else fit.drawn
    sizes = [int(each.max()) + 1 for each in margins]
    pieces = _split(fit.parts.modelled(level, bounds), [cells.n.size, *sizes, 1])
    here, own = cells.filled, pieces[0]
    grand = np.average(cells.value[here], weights=cells.n[here])
    return Shared(
        cells=own,
        margins=tuple(pieces[1:-1]),
        whole=pieces[-1],
        ranks=tuple(_ranks(each, level) for each in np.split(drawn, np.cumsum(sizes), axis=1)[:-1]),
        spread=fit.spread,
        answer_sd=fit.answer_sd,
        direct_error=float(np.sqrt(np.mean(fit.answer_sd**2 / cells.n[here]))),
        model_error=_root(own.sd[here]),
        empty_error=_root(own.sd[~here]),
        mean_error=_root(np.hypot(own.sd, own.value - grand)),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fit:
    parts: _Parts
    drawn: Floats
    spread: Modelled
    answer_sd: float


def _fit(cells: Cells, average: Floats, *, level: float, seed: int) -> _Fit:
    """Return the mixture for every cell and average, and joint draws of the averages."""
    model = CrossedEffects(_centred(cells))
    points = list(model.points())
    weight = np.array([each.weight for each in points])
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(DRAWS, weight / weight.sum())
    design = np.concatenate([model.big, model.rest], axis=1)
    value = np.where(cells.filled, cells.value, 0.0)
    df, means, scales, drawn, before = model.degrees(), [], [], [np.zeros((0, len(average)))], np.nan
    for point, count in zip(points, counts, strict=True):
        own = float(point.ratios[-1])
        if own != before:
            before = own
            # how much of its own mean a cell keeps, and what stays unknown of it given everything else
            left = own**2 / (1 + cells.n * own**2)
            kept = cells.n * left
            passed = (1 - kept)[:, None] * design
            averaged, average_left = average @ passed, (average * left) @ average.T
        mean = passed @ point.effects + kept * value
        spread = np.einsum("ij,ij->i", passed @ point.covariance, passed) + left
        joint = averaged @ point.covariance @ averaged.T + average_left
        both = np.maximum(np.concatenate([spread, np.diag(joint)]), 0.0)
        means.append(np.concatenate([mean, average @ mean]))
        scales.append(point.scale * np.sqrt(both))
        if count:
            drawn.append(_drawn(rng, average @ mean, point.scale**2 * joint, df, int(count)))
    return _Fit(
        parts=_Parts(weight=weight, mean=np.stack(means), scale=np.stack(scales), df=df),
        drawn=np.concatenate(drawn),
        spread=_spread(points, model.order, level),
        answer_sd=float(weight @ np.array([each.scale for each in points])),
    )


def _centred(cells: Cells) -> Cells:
    """Return the cells with predictors on one footing; with a flat prior that changes no value."""
    centred = cells.predictors - cells.predictors.mean(axis=0)
    return replace(cells, predictors=centred / centred.std(axis=0))


def _drawn(rng: np.random.Generator, mean: Floats, covariance: Floats, df: float, count: int) -> Floats:
    values, vectors = np.linalg.eigh(covariance)
    normal = rng.standard_normal((count, mean.size)) @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    return np.asarray(mean + normal * np.sqrt(df / rng.chisquare(df, size=(count, 1))))


def _averages(margins: Sequence[Integers], population: Floats) -> Floats:
    """Return how much each cell counts in every level of every margin, and in the whole; each row adds up to 1."""
    rows = [population * (codes == each) for codes in margins for each in range(int(codes.max()) + 1)]
    table = np.stack([*rows, population])
    return np.asarray(table / table.sum(axis=1, keepdims=True))


def _split(found: Modelled, lengths: Sequence[int]) -> list[Modelled]:
    ends = np.cumsum(lengths)[:-1]
    parts = [np.split(getattr(found, each), ends) for each in ("value", "sd", "low", "high")]
    return [Modelled(value=a, sd=b, low=c, high=d) for a, b, c, d in zip(*parts, strict=True)]


def _ranks(drawn: Floats, level: float) -> Ranks:
    """Return the shortest run of places that holds each often enough; equal tails hold more than asked, as places are whole."""
    places = np.argsort(np.argsort(-drawn, axis=1, kind="stable"), axis=1, kind="stable")
    draws, count = places.shape
    seen = np.bincount((places + count * np.arange(count)).ravel(), minlength=count * count).reshape(count, count)
    below = np.concatenate([np.zeros((count, 1)), np.cumsum(seen, axis=1)], axis=1)
    low, high = np.zeros(count, dtype=np.int64), np.full(count, count - 1)
    for each in range(count):
        first = np.arange(count)
        last = np.searchsorted(below[each, 1:], below[each, :-1] + level * draws - 0.5)
        first, last = first[last < count], last[last < count]
        held = below[each, last + 1] - below[each, first]
        best = np.lexsort((-held, last - first))[0]
        low[each], high[each] = first[best], last[best]
    likely = np.argmax(below[:, 1:] >= draws / 2, axis=1)
    return Ranks(likely=likely + 1, low=low + 1, high=high + 1)


def _spread(points: Sequence[Point], order: Sequence[int], level: float) -> Modelled:
    """Return how large the effects are, factors in the order in which they were given."""
    weight = np.array([each.weight for each in points])
    ratios = np.stack([each.ratios for each in points])
    size = np.array([each.scale for each in points])[:, None] * ratios
    value = weight @ size
    ends = np.array([_ends(ratios[:, axis], size[:, axis], weight, level) for axis in range(len(value))]).T
    sd = np.sqrt(weight @ (size - value) ** 2)
    back = [*np.argsort(order), len(order)]
    return Modelled(value=value[back], sd=sd[back], low=ends[0][back], high=ends[1][back])


def _ends(ratio: Floats, size: Floats, weight: Floats, level: float) -> tuple[float, float]:
    """Return the interval of a size that is known on the lines of a grid: its log density is smooth in between."""
    lines, line = np.unique(np.arcsinh(ratio / BEND), return_inverse=True)
    mass = np.bincount(line, weight)
    at = np.bincount(line, weight * size) / mass
    mass[0] *= 2 if lines[0] == 0 else 1
    fine = np.linspace(lines[0], lines[-1], FINE)
    passed = np.cumsum(np.exp(scipy.interpolate.CubicSpline(lines, np.log(mass))(fine)))
    found = np.interp([(1 - level) / 2, (1 + level) / 2], passed / passed[-1], fine)
    # an answer's spread hardly changes along the grid: what is interpolated is close to the ratio itself
    low, high = np.interp(np.sinh(found), np.sinh(lines), at)
    return float(low), float(high)


def _root(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2))) if values.size else float("nan")


def _check(cells: Cells) -> None:
    here = cells.filled
    if here.sum() < LEAST_FILLED:
        raise EvidenceError(
            f"{int(here.sum())} of {here.size} cells have answers: too few to learn from how cells differ",
            remedy="cross fewer or coarser groups, or ask for one estimate of all",
        )
    if not np.ptp(cells.value[here]) > 0 and not cells.squares > 0:
        raise EvidenceError(
            "every answer is the same: there is nothing to model", remedy="report the one value there is"
        )
    fixed = np.column_stack([np.ones(int(here.sum())), cells.predictors[here]])
    if np.linalg.matrix_rank(fixed) < fixed.shape[1]:
        raise EvidenceError(
            "the predictors do not tell the filled cells apart: one is constant, or follows from the others",
            remedy="leave a predictor out",
        )

"""What would have happened without the event, told by series that it did not reach.

Three estimators of one family (Arkhangelsky, Athey, Hirshberg, Imbens and Wager 2021): the change of the exposed series less
that of a weighted mean of the others, where the weights of series and of periods are all alike (difference in
differences), or chosen so that the weighted others went along with the exposed one before the event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike

from peil.errors import DefinitionError, EvidenceError
from peil.methods.first_order import checked_event
from peil.methods.moments import Floats
from peil.methods.student import student

Kind = Literal["difference_in_differences", "synthetic_control", "synthetic_difference"]
Weights = Callable[[Floats, Floats, int], tuple[Floats, Floats, bool]]
_RIDGE = 1e-6  # times the noise: just enough to make weights unique
_SEARCH = 600  # steps in the search for the weights of predictors
_SEEN = 1e-9  # a fit that is nearer than this, against the spread of the series, has no ratio


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Against:
    """The effect of an event on a series, against series that it did not reach.

    Parameters:
        kind: the estimator.
        value: mean effect over the rows from the event on, in the unit of the series.
        se: standard deviation of the effects that the same estimator finds for series that nothing happened to
            (Arkhangelsky et al. 2021, algorithm 4, over every one of them).
        low, high: ``value`` give or take what another such effect would be off by, with Student's t of the number of others
            less one. It holds if what moves the exposed series moves the others alike.
        level: of the interval.
        p: rank of the effect's size among those of the others, over their number and one (Abadie et al. 2010).
        p_ratio: the same rank of the effect's size over the misfit before the event, which a series that is hard to
            match does not spoil.
        smallest_p: the least p that so few series can give.
        gap: (n,) the series less its counterfactual.
        misfit: root mean square of the gap before the event.
        weight: of each of the others.
        time_weight: (at,) of each row before the event; where all are nought, the level is not matched by them.
        placebo: the effect found for each of the others.
        predictor_weight: weight of each predictor, if predictors were given.
    """

    kind: Kind
    value: float
    se: float
    low: float
    high: float
    level: float
    p: float
    p_ratio: float
    smallest_p: float
    gap: Floats
    misfit: float
    weight: Floats
    time_weight: Floats
    placebo: Floats
    predictor_weight: Floats | None = None


def difference_in_differences(exposed: ArrayLike, others: ArrayLike, at: int, *, level: float = 0.95) -> Against:
    """Return the change of the exposed series less the mean change of the others.

    It holds if they would have moved in parallel.

    Parameters:
        exposed: (n,) the series that the event reached, or (m, n), of which the mean is taken.
        others: (series, n) those it did not reach.
        at: how many rows lie before the event.
        level: of the interval.

    Raises:
        EvidenceError: gaps, a series that does not vary, fewer than two others, or an event outside the rows.

    Example:
        >>> others = [[1.0, 2, 3, 5], [2, 4, 4, 5], [0, 1, 3, 3]]
        >>> difference_in_differences([1.0, 2, 8, 9], others, 2).value.__round__(3)
        4.833
    """
    return _against("difference_in_differences", exposed, others, at, _alike, level)


def synthetic_control(
    exposed: ArrayLike,
    others: ArrayLike,
    at: int,
    *,
    predictors: ArrayLike | None = None,
    level: float = 0.95,
) -> Against:
    """Return the distance of the exposed series from the mix of others that was nearest to it before the event.

    Weights are at least nought and add up to 1. They are the exact least squares, where iterative solvers stop early.

    Parameters:
        exposed: as in ``difference_in_differences``.
        others: as in ``difference_in_differences``.
        at: how many rows lie before the event.
        predictors: (k, 1 + series) what the mix should match instead of the series themselves, the exposed one in the
            first column. Each is brought to one spread, and weighted so that the mix follows the series best (Abadie,
            Diamond and Hainmueller 2010).
        level: of the interval.

    Raises:
        EvidenceError: as in ``difference_in_differences``.
        DefinitionError: the predictors do not fit the series.

    Example:
        >>> others = [[1.0, 2, 3, 5], [2, 4, 4, 5], [0, 1, 3, 3]]
        >>> found = synthetic_control([1.5, 3, 8, 9], others, 2)
        >>> round(found.value, 3), found.weight.round(2).tolist()
        (4.25, [0.5, 0.5, 0.0])
    """
    if predictors is None:
        return _against("synthetic_control", exposed, others, at, _nearest, level)
    first, rest = _checked(exposed, others, at)
    seen = np.asarray(predictors, dtype=np.float64)
    if seen.ndim != 2 or seen.shape[1] != 1 + len(rest) or not np.isfinite(seen).all():  # noqa: PLR2004  # rows and columns
        raise DefinitionError(
            f"predictors of shape {seen.shape} do not fit one exposed series and {len(rest)} others",
            remedy="give one row a predictor and one column a series, the exposed one first, without gaps",
        )
    spread = seen.std(axis=1, ddof=1)
    if not np.all(spread > 0):
        raise DefinitionError("a predictor is the same for every series", remedy="leave it out")
    even = seen / spread[:, None]
    found: list[Floats] = []

    def matched(y: Floats, pool: Floats, at: int) -> tuple[Floats, Floats, bool]:
        place = 0 if y is first else 1 + next(i for i, each in enumerate(rest) if each is y)
        columns = [each for each in range(1, 1 + len(rest)) if each != place]
        own, importance = _by_predictors(even[:, place], even[:, columns], y[:at], pool[:, :at])
        found.append(importance)
        return own, np.zeros(at), False

    return _judged("synthetic_control", first, rest, at, matched, level, found)


def synthetic_difference(exposed: ArrayLike, others: ArrayLike, at: int, *, level: float = 0.95) -> Against:
    """Return the synthetic difference in differences (Arkhangelsky et al. 2021).

    Series are weighted so that they ran parallel to the exposed one, periods so that they were like those after the event;
    what is left of the levels cancels out.

    Parameters:
        exposed: as in ``difference_in_differences``.
        others: as in ``difference_in_differences``.
        at: how many rows lie before the event.
        level: of the interval.

    Raises:
        EvidenceError: as in ``difference_in_differences``.

    Example:
        >>> others = [[1.0, 2, 3, 5], [2, 4, 4, 5], [0, 1, 3, 3]]
        >>> found = synthetic_difference([1.0, 2, 8, 9], others, 2)
        >>> round(float(found.weight.sum()), 6), found.time_weight.size, found.smallest_p
        (1.0, 2, 0.25)
    """
    return _against("synthetic_difference", exposed, others, at, _parallel, level)


def _against(kind: Kind, exposed: ArrayLike, others: ArrayLike, at: int, weigh: Weights, level: float) -> Against:
    first, rest = _checked(exposed, others, at)
    return _judged(kind, first, rest, at, weigh, level, [])


def _judged(
    kind: Kind, first: Floats, rest: list[Floats], at: int, weigh: Weights, level: float, importance: list[Floats]
) -> Against:
    """Reckon the effect of the exposed series, then of each of the others as if it were the exposed one."""
    pool = np.stack(rest)
    weight, time_weight, levelled = weigh(first, pool, at)
    value, gap, ratio = _effect(first, pool, at, weight, time_weight, levelled=levelled)
    placebo, ratios = np.empty(len(rest)), np.empty(len(rest))
    for i, each in enumerate(rest):
        kept = np.delete(pool, i, axis=0)
        placebo[i], _, ratios[i] = _effect(each, kept, at, *weigh(each, kept, at)[:2], levelled=levelled)
    se = float(placebo.std())
    many = len(rest)
    reach = float(student(many - 1.0, level)) * se * float(np.sqrt((many + 1) / (many - 1)))
    return Against(
        kind=kind,
        value=value,
        se=se,
        low=value - reach,
        high=value + reach,
        level=level,
        p=_rank(abs(value), np.abs(placebo)),
        p_ratio=_rank(ratio, ratios),
        smallest_p=1 / (1 + many),
        gap=gap,
        misfit=float(np.sqrt(np.mean(gap[:at] ** 2))),
        weight=weight,
        time_weight=time_weight,
        placebo=placebo,
        predictor_weight=importance[0] if importance else None,
    )


def _effect(
    y: Floats, pool: Floats, at: int, weight: Floats, time_weight: Floats, *, levelled: bool
) -> tuple[float, Floats, float]:
    """Return the effect, the gap, and the mean square of the gap after the event over that before."""
    gap = y - weight @ pool
    if levelled:
        gap = gap - float(gap[:at] @ time_weight)
    before, after = float(np.mean(gap[:at] ** 2)), float(np.mean(gap[at:] ** 2))
    ratio = after / before if before > (_SEEN * np.ptp(y)) ** 2 else np.inf
    return float(gap[at:].mean()), gap, ratio


def _rank(own: float, others: Floats) -> float:
    return float((1 + np.sum(others >= own)) / (1 + others.size))


def _alike(_: Floats, pool: Floats, at: int) -> tuple[Floats, Floats, bool]:
    return np.full(len(pool), 1 / len(pool)), np.full(at, 1 / at), True


def _nearest(y: Floats, pool: Floats, at: int) -> tuple[Floats, Floats, bool]:
    return _simplex(pool[:, :at].T, y[:at], _RIDGE * _noise(pool, at) * np.sqrt(at)), np.zeros(at), False


def _parallel(y: Floats, pool: Floats, at: int) -> tuple[Floats, Floats, bool]:
    noise, after = _noise(pool, at), pool.shape[1] - at
    before = pool[:, :at]
    weight = _simplex(_centred(before.T), y[:at] - y[:at].mean(), after**0.25 * noise * np.sqrt(at))
    aim = pool[:, at:].mean(axis=1)
    return weight, _simplex(_centred(before), aim - aim.mean(), _RIDGE * noise * np.sqrt(len(pool))), True


def _noise(pool: Floats, at: int) -> float:
    """Return how much a series moves from one row to the next before the event."""
    if at < 3:  # noqa: PLR2004  # two differences have a spread
        return float(np.abs(np.diff(pool[:, :at], axis=1)).mean()) or float(np.ptp(pool))
    return float(np.diff(pool[:, :at], axis=1).std(ddof=1))


def _centred(columns: Floats) -> Floats:
    return np.asarray(columns - columns.mean(axis=0))


def _simplex(columns: Floats, aim: Floats, ridge: float) -> Floats:
    """Return the weights, at least nought and adding up to 1, that bring the columns nearest to the aim.

    Weights that add up to 1 turn |Aw - b| into |(A - b1')w|. Minimising |(A - b1')u|² + (1'u - 1)² over u >= 0 gives a
    multiple of the same weights: for u = sw the best s leaves q/(1 + q) with q = |(A - b1')w|², which grows with q. So
    non-negative least squares (Lawson and Hanson 1974) finds them exactly.
    """
    k = columns.shape[1]
    table = np.concatenate([columns - aim[:, None], ridge * np.eye(k)])
    table /= np.abs(table).max() or 1.0
    whole = np.concatenate([table, np.ones((1, k))])
    found = scipy.optimize.nnls(whole, np.concatenate([np.zeros(len(table)), [1.0]]))[0]
    return np.asarray(found / found.sum(), dtype=np.float64)


def _by_predictors(own: Floats, others: Floats, y: Floats, pool: Floats) -> tuple[Floats, Floats]:
    """Return the weights of series, and the weights of predictors under which those follow ``y`` best."""
    k = own.size

    def importance(logs: Floats) -> Floats:
        sizes = np.exp(logs - logs.max())
        return np.asarray(sizes / sizes.sum())

    def weights(logs: Floats) -> Floats:
        root = np.sqrt(importance(logs))
        return _simplex(others * root[:, None], own * root, 0.0)

    def misfit(logs: Floats) -> float:
        return float(np.mean((y - weights(logs) @ pool) ** 2))

    start = np.zeros(k)
    found = scipy.optimize.minimize(
        misfit,
        start,
        method="Nelder-Mead",
        options={
            "maxfev": _SEARCH,
            "xatol": 1e-3,
            "fatol": 1e-6 * max(misfit(start), np.finfo(np.float64).tiny),
            "initial_simplex": np.vstack([start, 2 * np.eye(k)]),
            "adaptive": True,
        },
    )
    return weights(found.x), importance(found.x)


def _checked(exposed: ArrayLike, others: ArrayLike, at: int) -> tuple[Floats, list[Floats]]:
    first, pool = np.asarray(exposed, dtype=np.float64), np.asarray(others, dtype=np.float64)
    if first.ndim == 2 and len(first):  # noqa: PLR2004  # several exposed series
        first = first.mean(axis=0)
    first = checked_event(first, at, before=2, after=1)
    if pool.ndim != 2 or pool.shape[1] != first.size:  # noqa: PLR2004  # series and rows
        raise DefinitionError(
            f"the others are of shape {pool.shape}, where one row of {first.size} a series is needed",
            remedy="give every series the same periods",
        )
    if len(pool) < 2:  # noqa: PLR2004  # one has nobody to be compared with
        raise EvidenceError(
            f"{len(pool)} series that the event did not reach cannot show how series drift apart by themselves",
            remedy="give two at least, and 19 for a p-value of 5 %; with one, test the difference of the two series",
        )
    return first, [checked_event(each, at, before=2, after=1) for each in pool]

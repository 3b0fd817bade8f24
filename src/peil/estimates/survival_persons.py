"""What persons who come back do to the variance of curves, means and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from peil.engines.engine import Engine
from peil.estimates.survival_counts import SecondCounts
from peil.estimates.survival_scores import Scored, squares, totals
from peil.methods.log_rank import rank_scores
from peil.methods.moments import Floats
from peil.methods.survival import (
    Curve,
    log_survival_scores,
    restricted_mean,
    restricted_mean_scores,
    stepped,
)

# A mean is cut off where so few are left, or one in ten of a small group: beyond it, it rests on a handful.
FEWEST_AT_RISK, _TAIL = 50, 0.1
# Products of every pair of groups are summed over persons.
MOST_COMPARED = 40
PAIR = 2
_GRID = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OfPersons:
    """Variances in which rows of one person are kept together.

    Parameters:
        persons: of each group.
        log_variance: of the logarithm of each group's curve.
        mean_se: of each group's restricted mean.
        gap_se: of the difference of two; None of another number of groups.
        ranked: covariance of the test's observed less expected; None of one group, or of very many.
    """

    persons: tuple[int, ...]
    log_variance: tuple[Floats, ...]
    mean_se: tuple[float, ...]
    gap_se: float | None
    ranked: Floats | None


def by_persons(
    engine: Engine,
    scored: Scored,
    counted: SecondCounts,
    made: Sequence[Curve],
    *,
    times: Sequence[float],
    until: float,
) -> OfPersons:
    """Return the variances, from what each person adds to each curve, mean and test.

    Parameters:
        engine: where the rows are.
        scored: which rows.
        counted: their counts.
        made: the curves of all groups.
        times: seconds at which the variance of the curves is made in full, with a dozen more.
        until: where means are cut off.
    """
    grid = _moments(made, times)
    event, censored = counted.spread([_columns(each, grid, until) for each in made])
    lone = counted.of_single(event, censored)
    found = {} if counted.all_alone else squares(engine, scored, (event, censored), len(counted.labels[0]))
    nobody = 0, np.zeros(event.shape[1])
    sums = [
        (lone[label][0] + found.get(label, nobody)[0], lone[label][1] + found.get(label, nobody)[1])
        for label in counted.labels
    ]
    gap_se, ranked = None, None
    if len(made) == PAIR:
        signed = [np.where(counted.group == 0, -1.0, 1.0) * each[:, -1] for each in (event, censored)]
        gap_se = float(np.sqrt(_products(engine, scored, counted, (signed[0][:, None], signed[1][:, None]))[0, 0]))
    if 1 < len(made) <= MOST_COMPARED and counted.events.sum():
        scores = rank_scores(*counted.ranked)
        # each row's add up to nought, so that the last tells nothing
        columns = scores.event[:, :-1], scores.censored[:, :-1]
        ranked = _covariance(_products(engine, scored, counted, columns), len(made))
    return OfPersons(
        persons=tuple(persons for persons, _ in sums),
        log_variance=tuple(_scaled(curve, grid, each[:-1]) for curve, (_, each) in zip(made, sums, strict=True)),
        mean_se=tuple(float(np.sqrt(each[-1])) for _, each in sums),
        gap_se=gap_se,
        ranked=ranked,
    )


def _products(engine: Engine, scored: Scored, counted: SecondCounts, columns: tuple[Floats, Floats]) -> Floats:
    lone = counted.of_pairs(*columns)
    return lone if counted.all_alone else lone + totals(engine, scored, columns)


def cut_off(made: Sequence[Curve]) -> float:
    """Return where the means of all groups can be cut off."""
    many = [each for each in made if each.n >= FEWEST_AT_RISK] or made
    return min(float(each.time[each.at_risk >= min(FEWEST_AT_RISK, each.n * _TAIL)][-1]) for each in many)


def mean_until(curve: Curve, until: float) -> tuple[float, float]:
    """Return a restricted mean and its standard error; nan where nobody was followed for so long."""
    if not until > 0 or (until > curve.time[-1] and curve.survival[-1] > 0):
        return float("nan"), float("nan")
    return restricted_mean(curve, until)


def _moments(made: Sequence[Curve], times: Sequence[float]) -> Floats:
    """Return seconds at which the variance is made in full: those asked for, and where events are spread evenly."""
    second = np.concatenate([each.time for each in made])
    events = np.concatenate([each.events for each in made])
    order = np.argsort(second)
    gone = np.cumsum(events[order])
    if not gone[-1]:
        return np.unique(np.asarray([*times, second.max()], dtype=np.float64))
    at = np.searchsorted(gone, np.linspace(0.02, 1.0, _GRID) * gone[-1] - 1e-9)
    return np.unique(
        np.concatenate([np.asarray(times, dtype=np.float64), second[order][np.minimum(at, gone.size - 1)]])
    )


def _columns(curve: Curve, grid: Floats, until: float) -> tuple[Curve, Floats, Floats]:
    of = log_survival_scores(curve, grid)
    if np.isfinite(mean_until(curve, until)[0]):
        mean = restricted_mean_scores(curve, until)
        return curve, np.hstack([of.event, mean.event]), np.hstack([of.censored, mean.censored])
    nothing = np.zeros((curve.time.size, 1))
    return curve, np.hstack([of.event, nothing]), np.hstack([of.censored, nothing])


def _scaled(curve: Curve, grid: Floats, persons: Floats) -> Floats:
    """Return Greenwood's variance times what persons make of it at the moments of the grid."""
    greenwood = stepped(curve.log_variance, curve.places(grid))
    known = (greenwood > 0) & np.isfinite(greenwood) & (grid <= curve.time[-1])
    if not known.any():
        return curve.log_variance
    effect = np.interp(curve.time, grid[known], persons[known] / greenwood[known])
    return np.where(np.isfinite(curve.log_variance), curve.log_variance * effect, curve.log_variance)


def _covariance(products: Floats, groups: int) -> Floats:
    """Return the covariance of all groups from that of all but the last: together they add up to nought."""
    whole = np.zeros((groups, groups))
    whole[:-1, :-1] = products
    whole[-1, :-1] = whole[:-1, -1] = -products.sum(axis=0)
    whole[-1, -1] = products.sum()
    return whole

"""How long to let people try: who learns in time, what a visitor brings in as the trial gets longer, and the best length.

A share p of those who take a trial will find that they want to keep it, on a day with hazard lambda; whoever has not found out
by the last day sends it back (a mixture cure model; Boag 1949; in days, Farewell 1982).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import DefinitionError, EvidenceError
from peil.methods.moments import Floats

FEWEST = 10
_GRID = 400
_SLACK = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a trial brings in and costs, in one currency.

    Parameters:
        margin: of what is kept.
        return_cost: of what comes back.
        daily_cost: of a day in which it is out on trial.
        whole: whether the daily cost runs to the end of the trial; until the customer has decided, otherwise.
    """

    margin: float
    return_cost: float = 0.0
    daily_cost: float = 0.0
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learned:
    """Who will want to keep it, and how fast they find out.

    Parameters:
        share: p.
        hazard: lambda, a day.
        covariance: of logit p and log lambda.
        taken: trials under it.
        kept: of which kept.
    """

    share: float
    hazard: float
    covariance: Floats
    taken: int
    kept: int

    @property
    def point(self) -> Floats:
        """Logit p and log lambda."""
        return np.array([special.logit(self.share), np.log(self.hazard)])


def learned(lengths: ArrayLike, taken: ArrayLike, days: ArrayLike, arm: ArrayLike, kept: ArrayLike) -> Learned:
    """Return the model of who keeps, by maximum likelihood from counts a day.

    Parameters:
        lengths: days of each arm.
        taken: trials of each arm.
        days: day on which somebody decided to keep, from 1; one entry a cell.
        arm: place of the cell's arm.
        kept: how many decided so in the cell.

    Raises:
        EvidenceError: fewer than ten kept it, nobody sent it back, or every decision fell on one day.
        DefinitionError: more kept it than took it, or a day lies after the trial.

    Example:
        >>> days = np.arange(1, 31)
        >>> chance = 0.45 * (np.exp(-0.12 * (days - 1)) - np.exp(-0.12 * days))
        >>> found = learned([30], [1e6], days, np.zeros(30, int), 1e6 * chance)
        >>> round(found.share, 3), round(found.hazard, 3)
        (0.45, 0.12)
    """
    length, out = (np.asarray(each, dtype=np.float64) for each in (lengths, taken))
    day, n = (np.asarray(each, dtype=np.float64) for each in (days, kept))
    of = np.asarray(arm, dtype=np.int64)
    decided = np.bincount(of, n, minlength=length.size)
    if np.any(decided > out + _SLACK) or np.any(day > length[of]) or np.any(day < 1):
        raise DefinitionError(
            "more trials were kept than taken, or one was decided outside its days",
            remedy="count the days of a trial from 1 to its length",
        )
    if decided.sum() < FEWEST or decided.sum() >= out.sum() or np.unique(day[n > 0]).size < 2:  # noqa: PLR2004  # one day shows no pace
        raise EvidenceError(
            f"{decided.sum():.0f} of {out.sum():.0f} trials were kept: that does not show how fast people find out",
            remedy="trials of which some were kept, on several days, and some sent back",
        )
    left = out - decided

    def minus_log_likelihood(point: Floats) -> float:
        p, rate = special.expit(point[0]), np.exp(point[1])
        chance = p * np.exp(-rate * (day - 1)) * -np.expm1(-rate)
        stays = 1 + p * np.expm1(-rate * length)
        return -float(n @ np.log(np.maximum(chance, 1e-300)) + left @ np.log(np.maximum(stays, 1e-300)))

    scale = float(out.sum())
    start = np.array(
        [special.logit(min(0.95, decided.sum() / scale + 0.05)), np.log(1.5 / float(np.average(day, weights=n)))]
    )
    found = scipy.optimize.minimize(lambda at: minus_log_likelihood(at) / scale, start, method="Nelder-Mead",
                              options={"xatol": 1e-9, "fatol": 1e-14, "maxiter": 4000})  # fmt: skip
    hessian = _hessian(minus_log_likelihood, found.x)
    if not np.all(np.isfinite(hessian)) or np.any(np.linalg.eigvalsh(hessian) <= 0):
        raise EvidenceError(
            "the trials do not tell a small share that is fast from a large one that is slow",
            remedy="longer trials, in which deciding levels off",
        )
    return Learned(
        share=float(special.expit(found.x[0])), hazard=float(np.exp(found.x[1])), covariance=np.asarray(np.linalg.inv(hessian), dtype=np.float64),
        taken=round(scale), kept=round(float(decided.sum())),
    )  # fmt: skip


def profit(length: ArrayLike, share: ArrayLike, hazard: ArrayLike, terms: Terms) -> Floats:
    """Return what one trial of a length brings in.

    Parameters:
        length: days.
        share: p.
        hazard: lambda.
        terms: margin and costs.

    Example:
        >>> profit(20.707, 0.45, 0.12, Terms(margin=200, daily_cost=0.9)).round(3).tolist()
        63.863
    """
    days, p, rate = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (length, share, hazard)))
    found = p * -np.expm1(-rate * days)
    out = days if terms.whole else found / rate + (1 - p) * days
    return np.asarray(found * terms.margin - (1 - found) * terms.return_cost - terms.daily_cost * out, dtype=np.float64)


def best_length(worth: Callable[[Floats], Floats], *, least: float, most: float) -> float:
    """Return the length between two ends at which a curve is at its height.

    Parameters:
        worth: of lengths.
        least, most: the ends.

    Example:
        >>> terms = Terms(margin=200, daily_cost=0.9)
        >>> round(best_length(lambda days: profit(days, 0.45, 0.12, terms), least=1, most=60), 2)
        20.71
    """
    grid = np.linspace(least, most, _GRID)
    at = int(np.argmax(worth(grid)))
    low, high = grid[max(at - 1, 0)], grid[min(at + 1, _GRID - 1)]
    found = scipy.optimize.minimize_scalar(lambda day: -float(worth(np.array([day]))[0]), bounds=(low, high), method="bounded",
                                     options={"xatol": 1e-7})  # fmt: skip
    ends = [(float(worth(np.array([each]))[0]), float(each)) for each in (low, float(found.x), high)]
    return max(ends)[1]


def flat_region(
    worth: Callable[[Floats], Floats], best: float, *, least: float, most: float, within: float = 0.01
) -> tuple[float, float]:
    """Return the lengths around the best that bring in nearly as much.

    Parameters:
        worth: of lengths.
        best: the best length.
        least, most: the ends.
        within: share of the best that may be lost.

    Example:
        >>> terms = Terms(margin=200, daily_cost=0.9)
        >>> low, high = flat_region(lambda days: profit(days, 0.45, 0.12, terms), 20.707, least=1, most=60)
        >>> round(low, 2), round(high, 2)
        (17.49, 24.4)
    """
    top = float(worth(np.array([best]))[0])
    floor = top - within * abs(top)

    def over(day: float) -> float:
        return float(worth(np.array([day]))[0]) - floor

    low = least if over(least) >= 0 else float(scipy.optimize.brentq(over, least, best))
    high = most if over(most) >= 0 else float(scipy.optimize.brentq(over, best, most))
    return low, high


def best_lengths(
    model: Learned,
    terms: Terms,
    uptake: Callable[[Floats, np.random.Generator], Floats],
    *,
    least: float,
    most: float,
    draws: int = 1_000,
    seed: int = 0,
) -> Floats:
    """Return best lengths under draws of what is not known: the model, and how many take a trial of each length.

    Parameters:
        model: who keeps.
        terms: margin and costs.
        uptake: share that takes a trial, of lengths; drawn anew each time.
        least, most: the ends.
        draws: how many.
        seed: of the draws.

    Example:
        >>> model = Learned(share=0.45, hazard=0.12, covariance=np.diag([1e-6, 1e-6]), taken=1000, kept=400)
        >>> found = best_lengths(model, Terms(margin=200, daily_cost=0.9), lambda days, dice: np.ones(days.size), least=1, most=60)
        >>> bool(abs(found.mean() - 20.707) < 0.1)
        True
    """
    dice = np.random.default_rng(seed)
    grid = np.linspace(least, most, _GRID)
    points = dice.multivariate_normal(model.point, model.covariance, size=draws)
    worth = profit(grid[None, :], special.expit(points[:, :1]), np.exp(points[:, 1:]), terms)
    taken = np.stack([uptake(grid, dice) for _ in range(draws)])
    return np.asarray(grid[np.argmax(taken * worth, axis=1)], dtype=np.float64)


def bounds(
    values: Sequence[float], shares: Sequence[float], *, least: Sequence[float], most: Sequence[float]
) -> tuple[Floats, Floats]:
    """Return between which a length's mean lies for everybody, where lengths were not given by lot (Manski 1990).

    What those with another length would have brought in is between the least and the most that anybody can.

    Parameters:
        values: mean of those who had the length.
        shares: part of everybody who had it.
        least, most: what one visitor can bring in at that length.

    Example:
        >>> low, high = bounds([10.0], [0.25], least=[-5.0], most=[40.0])
        >>> low.tolist(), high.tolist()
        ([-1.25], [32.5])
    """
    mean, part, low, high = (np.asarray(each, dtype=np.float64) for each in (values, shares, least, most))
    return mean * part + low * (1 - part), mean * part + high * (1 - part)


def _hessian(of: Callable[[Floats], float], at: Floats, step: float = 1e-4) -> Floats:
    made = np.zeros((at.size, at.size))
    for i in range(at.size):
        for j in range(at.size):
            one, two = np.eye(at.size)[i] * step, np.eye(at.size)[j] * step
            made[i, j] = (of(at + one + two) - of(at + one - two) - of(at - one + two) + of(at - one - two)) / (
                4 * step * step
            )
    return made

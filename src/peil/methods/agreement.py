"""How far two judgements of the same things lie apart: on average, from thing to thing, and in which order.

A gap d_i = second - first is seen with a sampling error of known variance v_i; the true gaps spread with
variance tau² around their mean (Bland & Altman 1986 for the limits, Viechtbauer 2005 for tau²).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import EvidenceError
from peil.methods.meta import together
from peil.methods.moments import Floats

FEWEST = 3
_GRID, _DRAWS = 400, 201
_TINY = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranged:
    """A number with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What pairs of judgements show.

    Parameters:
        n: pairs.
        mean: the mean gap; things count alike.
        spread: standard deviation of the true gaps, without sampling error.
        above: share of things whose true gap is above nought.
        limits: lower and upper limit of agreement, which hold 95 in 100 of the gaps as they are seen.
        rank: Spearman's correlation of the two judgements.
        level: of the intervals.
    """

    n: int
    mean: Ranged
    spread: Ranged
    above: Ranged
    limits: tuple[Ranged, Ranged]
    rank: Ranged
    level: float


def agreement(first: ArrayLike, second: ArrayLike, variance: ArrayLike, *, level: float = 0.95) -> Agreement:
    """Return how two judgements of the same things agree.

    Parameters:
        first, second: the judgements, one a thing.
        variance: sampling variance of each gap, above nought.
        level: of the intervals.

    Returns:
        The mean gap with Student's interval over things; the spread of true gaps by restricted likelihood with the
        Q-profile interval; the share above nought from the normal model, its interval from the posterior of mean and
        spread under flat priors (which has the frequency it states; see the page on the study); Bland and Altman's
        limits with their intervals (1999); the rank correlation with the interval of Bonett and Wright (2000).

    Raises:
        EvidenceError: there are fewer than three pairs.

    Example:
        >>> found = agreement([10, 20, 30, 40], [15, 22, 41, 44], [4, 4, 4, 4])
        >>> found.mean.value, round(found.rank.value, 2)
        (5.5, 1.0)
    """
    one, two, v = (np.asarray(each, dtype=np.float64) for each in (first, second, variance))
    n = one.size
    if n < FEWEST:
        raise EvidenceError(
            f"{n} pair{'s' if n != 1 else ''} cannot show how judgements differ", remedy=f"at least {FEWEST} are needed"
        )
    gap = two - one
    mean, sd = float(gap.mean()), float(gap.std(ddof=1))
    reach = float(scipy.stats.t.ppf((1 + level) / 2, n - 1))
    heard = together(gap, v, level=level)
    return Agreement(
        n=n,
        mean=Ranged(value=mean, low=mean - reach * sd / np.sqrt(n), high=mean + reach * sd / np.sqrt(n)),
        spread=Ranged(value=heard.tau2**0.5, low=heard.tau2_low**0.5, high=heard.tau2_high**0.5),
        above=_above(gap, v, level),
        limits=_limits(mean, sd, n, level),
        rank=_rank(one, two, level),
        level=level,
    )


def _limits(mean: float, sd: float, n: int, level: float) -> tuple[Ranged, Ranged]:
    z = float(special.ndtri(0.975))
    reach = float(scipy.stats.t.ppf((1 + level) / 2, n - 1)) * sd * np.sqrt(1 / n + z * z / (2 * (n - 1)))
    ends = (mean - z * sd, mean + z * sd)
    low, high = (Ranged(value=each, low=each - float(reach), high=each + float(reach)) for each in ends)
    return low, high


def _rank(one: Floats, two: Floats, level: float) -> Ranged:
    n = one.size
    if np.ptp(one) == 0 or np.ptp(two) == 0:
        return Ranged(value=float("nan"), low=float("nan"), high=float("nan"))
    r = float(np.clip(scipy.stats.spearmanr(one, two).statistic, -1, 1))
    if n <= FEWEST:
        return Ranged(value=r, low=-1.0, high=1.0)
    held = float(np.clip(r, -1 + _TINY, 1 - _TINY))
    reach = float(special.ndtri((1 + level) / 2)) * np.sqrt((1 + held * held / 2) / (n - FEWEST))
    return Ranged(value=r, low=float(np.tanh(np.arctanh(held) - reach)), high=float(np.tanh(np.arctanh(held) + reach)))


def _above(gap: Floats, v: Floats, level: float) -> Ranged:
    """Return the share of true gaps above nought: mean and spread over a grid of the spread, flat in both."""
    widest = 4 * max(float(gap.std(ddof=1)), float(np.sqrt(v.max())), _TINY)
    tau = np.linspace(widest / _GRID / 10, widest, _GRID)
    w = 1 / (v[None, :] + tau[:, None] ** 2)
    whole = w.sum(axis=1)
    centre = (w * gap).sum(axis=1) / whole
    log = 0.5 * (np.log(w).sum(axis=1) - np.log(whole) - (w * (gap - centre[:, None]) ** 2).sum(axis=1))
    chance = np.exp(log - log.max())
    chance /= chance.sum()
    z = special.ndtri((np.arange(_DRAWS) + 0.5) / _DRAWS)
    mu = centre[:, None] + z[None, :] / np.sqrt(whole)[:, None]
    share = special.ndtr(mu / tau[:, None])
    weight = np.broadcast_to(chance[:, None] / _DRAWS, share.shape).ravel()
    order = np.argsort(share.ravel())
    held, cumulated = share.ravel()[order], np.cumsum(weight[order])
    low, middle, high = (
        float(held[min(int(np.searchsorted(cumulated, each)), held.size - 1)])
        for each in ((1 - level) / 2, 0.5, (1 + level) / 2)
    )
    return Ranged(value=middle, low=low, high=high)

"""Do people leave sooner where something is higher: Cox's hazard ratio with late entry, Efron's ties and clusters.

Whoever was hired before the window counts as at risk only from the day on which the window opens: those who were hired as
early and left before it are not in the data. A team's answer is one observation, however many people work in it, so the
standard error adds up what the people of a team do to the ratio (Lin and Wei 1989) before it squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import DefinitionError, EvidenceError
from peil.methods.moments import Floats, Integers
from peil.methods.student import student

FEWEST = 4
_ROUNDS, _SETTLED, _FLAT, _STEP = 60, 1e-10, 1e-12, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """How much more often people leave for one unit more of x.

    Parameters:
        ratio: of hazards.
        low, high: its interval, by cluster.
        log_ratio: its logarithm.
        se: of the logarithm, by cluster; as lifelines and R's survival have it.
        se_small: the same with the correction for few clusters that the interval and ``p`` rest on.
        p: chance of a ratio as far from 1, were it 1.
        n: people.
        left: who left.
        clusters: of people.
        df: degrees of freedom of the interval: clusters less two.
        level: of the interval.
    """

    ratio: float
    low: float
    high: float
    log_ratio: float
    se: float
    se_small: float
    p: float
    n: int
    left: int
    clusters: int
    df: float
    level: float


def leaving(
    entry: ArrayLike, until: ArrayLike, left: ArrayLike, x: ArrayLike, cluster: ArrayLike, *, level: float = 0.95
) -> Leaving:
    """Return how the hazard of leaving hangs on x.

    Parameters:
        entry: how long each had been there when observation began; 0 for who was hired within the window.
        until: how long each had been there when last seen.
        left: whether they left then.
        x: of each; most often of the team.
        cluster: the team of each.
        level: of the interval.

    Raises:
        DefinitionError: columns do not fit, hold no number, or somebody was last seen before observation began.
        EvidenceError: nobody left, x does not vary among those at risk, or there are fewer than four clusters.

    Example:
        >>> dice = np.random.default_rng(1)
        >>> team = np.repeat(np.arange(20), 40)
        >>> mood = dice.normal(size=20)[team]
        >>> lasts = dice.exponential(1 / (0.05 * np.exp(-0.5 * mood)))
        >>> found = leaving(np.zeros(800), np.minimum(lasts, 24), lasts < 24, mood, team)
        >>> found.low < np.exp(-0.5) < found.high < 1
        True
    """
    start, stop, value = (np.asarray(each, dtype=np.float64).ravel() for each in (entry, until, x))
    gone, who = np.asarray(left, dtype=np.bool_).ravel(), np.asarray(cluster).ravel()
    if len({each.size for each in (start, stop, value, gone, who)}) != 1:
        raise DefinitionError("entry, end, leaving, x and cluster do not fit", remedy="give one of each a person")
    if not all(np.isfinite(each).all() for each in (start, stop, value)):
        raise DefinitionError("a length of time or x is missing", remedy="leave those people out, and say how many")
    if np.any(stop <= start) or np.any(start < 0):
        raise DefinitionError(
            "somebody was last seen before observation began", remedy="leave out who left before the window"
        )
    if not gone.any():
        raise EvidenceError("nobody left: there is no hazard to compare", remedy="take a longer window")
    place = np.unique(who, return_inverse=True)[1]
    clusters = int(place.max()) + 1
    if clusters < FEWEST:
        raise EvidenceError(
            f"{clusters} teams do not show how leaving hangs on what teams differ in", remedy=f"{FEWEST} are needed"
        )
    centre, size = float(value.mean()), float(value.std())
    if not size > 0:
        raise EvidenceError("x is the same for everybody: there is no ratio", remedy="give an x that varies")
    scaled = (value - centre) / size
    times = np.unique(stop[gone])
    beta = 0.0
    for _ in range(_ROUNDS):
        slope, curve = _derivatives(beta, start, stop, gone, scaled, times)
        if not curve > _FLAT * gone.sum():
            raise _no_ratio(beta)
        step = float(np.clip(slope / curve, -_STEP, _STEP))
        beta += step
        if abs(step) < _SETTLED:
            break
    else:
        raise _no_ratio(beta)
    scores = np.bincount(place, _scores(beta, start, stop, gone, scaled, times), clusters)
    se = float(np.sqrt(np.sum(scores**2)) / curve) / size
    small = se * float(np.sqrt(clusters / (clusters - 1)))
    df = float(clusters - 2)
    log_ratio = beta / size
    reach = float(student(df, level)) * small
    return Leaving(
        ratio=float(np.exp(log_ratio)),
        low=float(np.exp(log_ratio - reach)),
        high=float(np.exp(log_ratio + reach)),
        log_ratio=log_ratio,
        se=se,
        se_small=small,
        p=float(2 * special.stdtr(df, -abs(log_ratio) / small)),
        n=int(value.size),
        left=int(gone.sum()),
        clusters=clusters,
        df=df,
        level=level,
    )


def _no_ratio(beta: float) -> EvidenceError:
    if abs(beta) > _STEP:
        return EvidenceError("the ratio runs off: only those with the highest or lowest x left", remedy="wait for more")
    return EvidenceError("x does not vary among those at risk, so there is no ratio", remedy="take another x")


def _risk(weights: Floats, start: Floats, stop: Floats, times: Floats) -> Floats:
    """Return the sum of weights over those at risk at each time: entered before it, and not gone before it."""
    ends, enters = np.argsort(stop), np.argsort(start)
    still = np.append(np.cumsum(weights[ends][::-1])[::-1], 0.0)[np.searchsorted(stop[ends], times, side="left")]
    late = np.append(np.cumsum(weights[enters][::-1])[::-1], 0.0)[np.searchsorted(start[enters], times, side="left")]
    return np.asarray(still - late, dtype=np.float64)


def _ties(
    beta: float, start: Floats, stop: Floats, gone: np.ndarray, x: Floats, times: Floats
) -> tuple[Integers, Floats, Floats, Floats, Floats]:
    """Return, for each of Efron's steps through the ties: place of its time, share gone, sum, mean and square of x."""
    weight = np.exp(beta * x)
    at = np.searchsorted(times, stop[gone])
    count = np.bincount(at, minlength=times.size)
    sums = []
    for power in range(3):
        each = weight * x**power
        sums.append((_risk(each, start, stop, times), np.bincount(at, each[gone], times.size)))
    place = np.repeat(np.arange(times.size), count)
    share = np.asarray((np.arange(place.size) - np.repeat(np.cumsum(count) - count, count)) / count[place], np.float64)
    whole, first, second = (all_[place] - share * tied[place] for all_, tied in sums)
    return place, share, whole, first / whole, second / whole


def _derivatives(
    beta: float, start: Floats, stop: Floats, gone: np.ndarray, x: Floats, times: Floats
) -> tuple[float, float]:
    _, _, _, mean, square = _ties(beta, start, stop, gone, x, times)
    return float(x[gone].sum() - mean.sum()), float(np.sum(square - mean**2))


def _scores(beta: float, start: Floats, stop: Floats, gone: np.ndarray, x: Floats, times: Floats) -> Floats:
    """Return what each person adds to the score: where they left, less what was expected of them while at risk."""
    place, share, whole, mean, _ = _ties(beta, start, stop, gone, x, times)
    n = times.size
    hazard, pull = np.bincount(place, 1 / whole, n), np.bincount(place, mean / whole, n)
    own, own_pull = np.bincount(place, share / whole, n), np.bincount(place, share * mean / whole, n)
    average = np.bincount(place, mean, n) / np.bincount(place, minlength=n)
    first, last = np.searchsorted(times, start, side="right"), np.searchsorted(times, stop, side="right")
    total, total_pull = (np.concatenate([[0.0], np.cumsum(each)]) for each in (hazard, pull))
    expected = x * (total[last] - total[first]) - (total_pull[last] - total_pull[first])
    at = np.searchsorted(times, stop[gone])
    expected[gone] -= x[gone] * own[at] - own_pull[at]
    scores = -np.exp(beta * x) * expected
    scores[gone] += x[gone] - average[at]
    return np.asarray(scores, dtype=np.float64)

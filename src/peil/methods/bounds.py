"""Bounds on a mean where some did not answer: what is possible, not what is likely.

With worst-case bounds nothing is assumed of those who did not answer but that they are on the scale (Manski 1989).
Sensitivity bounds suppose that, among contacts of one kind, the odds to answer of any two who think differently are at
most ``gamma`` apart. Then the answers that were not given are those that were, each counted between 1 and ``gamma``
times (Rosenbaum 2002, ch. 4; Zhao, Small and Bhattacharya 2019), and the furthest mean is found by counting all
above a cut ``gamma`` times and all below it once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.methods.moments import Floats, Integers

FEWEST_IN_GROUP = 30
HALVINGS = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """What was answered, one entry for each kind of contact and value.

    Parameters:
        group: the group of kinds that the entry is in, from 0.
        value: the value answered.
        given: contacts that the answers themselves are: those who answered, and their like who were not asked.
        whole: contacts that they are weighted to stand for; what is over ``given`` was asked and not answered.
        unheard: contacts of kinds that nobody was asked about: they may think anything.
        least, most: the ends of the scale.
    """

    group: Integers
    value: Floats
    given: Floats
    whole: Floats
    unheard: float
    least: float
    most: float

    @property
    def contacts(self) -> float:
        """All contacts of the frame."""
        return float(np.maximum(self.whole, self.given).sum() + self.unheard)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class End:
    """One end of the possible.

    Parameters:
        value: lowest or highest mean there can be.
        pull: what one contact's worth of each entry adds to it, for its standard error: the sum of squares over
            independent answers, each times what it stands for, is its variance.
    """

    value: float
    pull: Floats


def ends(answers: Answers, gamma: float | None) -> tuple[End, End]:
    """Return the lowest and the highest mean over all contacts.

    Parameters:
        answers: what was answered.
        gamma: how far apart the odds to answer may be within a kind; None where nothing is supposed.

    Example:
        >>> half = Answers(group=np.zeros(2, int), value=np.array([-100.0, 100.0]), given=np.array([25.0, 25.0]),
        ...     whole=np.array([50.0, 50.0]), unheard=0.0, least=-100.0, most=100.0)
        >>> [each.value for each in ends(half, 1.0)], [each.value for each in ends(half, 3.0)]
        ([0.0, 0.0], [-25.0, 25.0])
        >>> [each.value for each in ends(half, None)]
        [-50.0, 50.0]
    """
    return _end(answers, gamma, up=False), _end(answers, gamma, up=True)


def _end(answers: Answers, gamma: float | None, *, up: bool) -> End:
    edge = answers.most if up else answers.least
    missing = np.maximum(answers.whole - answers.given, 0.0)
    total = answers.contacts
    if gamma is None:
        value = answers.given @ answers.value + (total - answers.given.sum()) * edge
        return End(value=float(value / total), pull=answers.given * (answers.value - edge) / total)
    sums = np.full(answers.group.max(initial=-1) + 1, np.nan)
    tilt = np.ones_like(missing)
    for each in range(sums.size):
        here = np.flatnonzero(answers.group == each)
        tilt[here], sums[each] = tilted(answers.value[here], missing[here], gamma, up=up)
    centre = sums[answers.group]
    # those who did not answer are as many as they are, whatever each answer counts for
    lost = np.bincount(answers.group, missing, minlength=sums.size)
    counted = np.bincount(answers.group, missing * tilt, minlength=sums.size)
    times = np.divide(lost, counted, out=np.zeros_like(lost), where=counted > 0)[answers.group]
    value = answers.given @ answers.value + (missing * tilt * times) @ answers.value + answers.unheard * edge
    pull = (answers.given + missing * tilt * times) * (answers.value - centre) / total
    return End(value=float(value / total), pull=pull)


def tilted(values: Floats, missing: Floats, gamma: float, *, up: bool) -> tuple[Floats, float]:
    """Return how often each value counts, 1 or ``gamma``, so that the mean is furthest, and that mean.

    Example:
        >>> times, mean = tilted(np.array([-100.0, 0.0, 100.0]), np.array([1.0, 1.0, 1.0]), 2.0, up=True)
        >>> times.tolist(), mean
        ([1.0, 1.0, 2.0], 25.0)
    """
    if missing.sum() <= 0:
        return np.ones_like(values), float(values.mean())
    order = np.argsort(values if up else -values, kind="stable")
    mass, moment = missing[order], (missing * values)[order]
    below = np.concatenate([[0.0], np.cumsum(mass)])
    below_moment = np.concatenate([[0.0], np.cumsum(moment)])
    means = (below_moment + gamma * (below_moment[-1] - below_moment)) / (below + gamma * (below[-1] - below))
    cut = int(np.argmax(means if up else -means))
    times = np.ones_like(values)
    times[order[cut:]] = gamma
    return times, float(means[cut])


def groups(cell: Integers, answered: Floats, weight: Floats, *, fewest: int = FEWEST_IN_GROUP) -> Integers:
    """Return the group of each cell: by itself where enough answered, else with cells weighted about alike.

    One answer in a cell would leave nothing to count ``gamma`` times, and the bounds would be too narrow.

    Parameters:
        cell: the cells, numbered from 0.
        answered: how many answered in each.
        weight: what an answer of each stands for.
        fewest: answers a group has at least, if there are as many in all.

    Example:
        >>> groups(np.arange(4), np.array([40.0, 10.0, 8.0, 25.0]), np.array([5.0, 9.0, 2.0, 3.0])).tolist()
        [0, 1, 1, 1]
    """
    found = np.full(cell.size, -1)
    large = answered >= fewest
    found[large] = np.arange(int(large.sum()))
    number, count = int(large.sum()), 0.0
    small = np.flatnonzero(~large & (answered > 0))
    for each in small[np.argsort(weight[small], kind="stable")]:
        found[each] = number
        count += answered[each]
        if count >= fewest:
            number, count = number + 1, 0.0
    if 0 < count < fewest and number > 0:
        found[found == number] = number - 1
    return found


def outside(
    low: ArrayLike, high: ArrayLike, se_low: ArrayLike, se_high: ArrayLike, *, level: float = 0.95, df: float = np.inf
) -> tuple[Floats, Floats]:
    """Return the bounds moved out for chance, so that they hold the true value ``level`` of the time.

    Imbens and Manski (2004): the true value cannot be beyond both ends at once, so each is moved by less than in a
    two-sided interval; where the ends meet it is the two-sided interval.

    Parameters:
        low, high: the ends.
        se_low, se_high: their standard errors.
        level: how often the true value is to be held.
        df: degrees of freedom of the standard errors.

    Example:
        >>> low, high = outside([0.0, 0.0], [0.0, 50.0], [2.0, 2.0], [2.0, 2.0])
        >>> low.round(2).tolist(), high.round(2).tolist()
        ([-3.92, -3.29], [3.92, 53.29])
    """
    a, b, s, t = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (low, high, se_low, se_high)))
    widest = np.maximum(s, t)
    apart = np.divide(b - a, widest, out=np.full(a.shape, np.inf), where=widest > 0)
    below, above = np.zeros(a.shape), np.full(a.shape, 1e3)
    for _ in range(HALVINGS):
        middle = (below + above) / 2
        enough = _student(df, middle + apart) - _student(df, -middle) >= level
        below, above = np.where(enough, below, middle), np.where(enough, middle, above)
    return a - above * s, b + above * t


def _student(df: float, at: Floats) -> Floats:
    return np.asarray(special.ndtr(at) if np.isinf(df) else special.stdtr(df, at), np.float64)

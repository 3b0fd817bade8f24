"""Three to five survey waves: whether the last lies outside what the ones before foretell.

So few waves cannot show a break, nor how much waves differ when nothing happens: a line through three leaves one degree of
freedom. How much they differ is borrowed from other measures, countries or surveys that were asked in waves as well.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import DefinitionError, EvidenceError
from peil.methods.moments import Floats

FEWEST = 3  # histories: two cannot tell how measures differ in how they move
_POINTS = 81  # of the grid of spreads
_WIDEST = 100.0  # times the standard errors: where that grid ends
_TYPICAL, _RANGE = 33, 9
_UNLIKE = (0.05, 1.2)  # how unlike measures may be: standard deviation of the log of their spreads


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """The waves of one measure.

    Parameters:
        value: (waves,) estimates, the earliest first.
        se: (waves,) their standard errors, as the design of each wave gives them.
        when: (waves,) when each was held, in years or any other unit that all histories share.
    """

    value: ArrayLike
    se: ArrayLike
    when: ArrayLike


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Borrowed:
    """How much measures move between waves, as a distribution.

    Parameters:
        spread: (points,) standard deviations of the true change over one unit of time.
        weight: (points,) how likely each is for another measure of this kind.
        histories: how many it was learnt from.
        changes: how many changes between waves these hold.
    """

    spread: Floats
    weight: Floats
    histories: int
    changes: int

    @property
    def typical(self) -> float:
        """The median spread."""
        return float(self.spread[int(np.searchsorted(np.cumsum(self.weight), 0.5))])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaveChange:
    """The last wave against what the waves before it foretell.

    Parameters:
        value: the last wave less what was expected.
        low, high: interval of the true change beyond the measure's usual course.
        expected: what was expected of the last wave.
        predicted_low, predicted_high: where it was to lie if nothing out of the ordinary happened.
        outside: whether it lies outside.
        p: chance, if nothing out of the ordinary happened, of a wave as far from what was expected.
        waves: how many there are, the last included.
        spread: what such measures usually change over one unit of time, given this one's own waves.
        level: of the intervals.
        least: the change that has an even chance of being told from the usual course.
    """

    value: float
    low: float
    high: float
    expected: float
    predicted_low: float
    predicted_high: float
    outside: bool
    p: float
    waves: int
    spread: float
    level: float
    least: float


def borrow(histories: Sequence[History]) -> Borrowed:
    """Return how much measures move from wave to wave, learnt from others of the same kind and unit.

    The true value takes independent normal steps whose variance grows with time, as in the pooling of polls (Jackman 2005);
    estimates add the sampling error of their wave. Every measure has a spread of its own, log-normal among measures; what is
    typical and how unlike they are is learnt from all and averaged over.

    Parameters:
        histories: three or more, each of two waves or more; those of other measures, countries or surveys. A history that
            holds the event itself counts what the event did as usual: leave that wave out.

    Raises:
        EvidenceError: fewer than three histories.
        DefinitionError: a history has gaps, no standard errors, or times that do not rise.

    Example:
        >>> others = [History(value=[70, 72, 71], se=[1, 1, 1], when=[0, 1, 2]), History(value=[60, 55, 58], se=[1, 1, 1], when=[0, 1, 2]),
        ...           History(value=[80, 83, 79], se=[1, 1, 1], when=[0, 1, 2])]
        >>> found = borrow(others)
        >>> found.changes, 1 < found.typical < 5
        (6, True)
    """
    checked = [_checked(each, 2) for each in histories]
    if len(checked) < FEWEST:
        raise EvidenceError(
            f"{len(checked)} histories cannot show how much such measures move by themselves; {FEWEST} are needed",
            remedy="add measures, countries or sectors that were asked in the same waves",
        )
    unit = float(np.median(np.concatenate([se for _, se, _ in checked])))
    years = float(np.median(np.concatenate([np.diff(when) for *_, when in checked])))
    grid = _grid(unit / math.sqrt(years))
    likelihood = np.stack([_likelihood(*each, grid) for each in checked])
    logs = np.log(grid)
    middles = np.linspace(logs[0], logs[-1], _TYPICAL)
    ranges = np.linspace(*_UNLIKE, _RANGE)
    middle, range_ = (each.ravel() for each in np.meshgrid(middles, ranges, indexing="ij"))
    among = np.exp(-0.5 * ((logs - middle[:, None]) / range_[:, None]) ** 2)
    among /= among.sum(axis=1, keepdims=True)
    # a standard deviation is about flat itself, so its logarithm is not: or no spread at all would be the favourite
    heights = np.log(likelihood @ among.T + np.finfo(np.float64).tiny).sum(axis=0) + middle
    chance = np.exp(heights - heights.max())
    weight = chance @ among
    return Borrowed(
        spread=grid,
        weight=weight / weight.sum(),
        histories=len(checked),
        changes=sum(value.size - 1 for value, *_ in checked),
    )


def wave_change(
    before: History, value: float, se: float, when: float, *, borrowed: Borrowed, level: float = 0.95
) -> WaveChange:
    """Return whether a wave lies outside what earlier waves of its measure foretell.

    It is no test of a break: it says whether the wave is out of the ordinary for a measure that moves as such measures do. What
    respondents themselves say of the reason is another measure.

    Parameters:
        before: the waves before the event, two to eight or so.
        value: the estimate of the wave after it.
        se: its standard error.
        when: when it was held.
        borrowed: how much such measures move, from ``borrow``; this measure's own waves are added to it.
        level: of the intervals.

    Raises:
        EvidenceError: fewer than two waves before the event.
        DefinitionError: a number is missing, a standard error is not above nought, or times do not rise.

    Example:
        >>> usual = Borrowed(spread=np.array([1.0, 2.0]), weight=np.array([0.5, 0.5]), histories=9, changes=27)
        >>> before = History(value=[70, 71, 69], se=[1, 1, 1], when=[2016, 2017, 2018])
        >>> found = wave_change(before, 60, 1, 2019, borrowed=usual)
        >>> found.outside, round(found.expected, 1), found.waves
        (True, 69.5, 4)
    """
    y, s, t = _checked(before, 2)
    if not (np.isfinite([value, se, when]).all() and se > 0 and when > t[-1]):
        raise DefinitionError(
            "the wave after the event lacks a number, has no standard error, or was not held last",
            remedy="give its estimate, its standard error and its time",
        )
    weight = borrowed.weight * _likelihood(y, s, t, borrowed.spread)
    weight = weight / weight.sum()
    mean, variance = _last(y, s, t, borrowed.spread)
    centre, spread = mean, np.sqrt(variance + borrowed.spread**2 * (when - t[-1]) + se * se)
    low, high = (_quantile(weight, centre, spread, chance) for chance in ((1 - level) / 2, (1 + level) / 2))
    below = float(weight @ special.ndtr((value - centre) / spread))
    expected = float(weight @ centre)
    return WaveChange(
        value=value - expected,
        low=value - high,
        high=value - low,
        expected=expected,
        predicted_low=low,
        predicted_high=high,
        outside=not low <= value <= high,
        p=min(1.0, 2 * min(below, 1 - below)),
        waves=y.size + 1,
        spread=float(weight @ borrowed.spread),
        level=level,
        least=(high - low) / 2,
    )


def _checked(history: History, fewest: int) -> tuple[Floats, Floats, Floats]:
    value, se, when = (np.asarray(each, dtype=np.float64) for each in (history.value, history.se, history.when))
    if not (value.ndim == 1 and value.shape == se.shape == when.shape):
        raise DefinitionError(
            f"{value.size} waves have {se.size} standard errors and {when.size} times", remedy="give one of each a wave"
        )
    if value.size < fewest:
        raise EvidenceError(
            f"{value.size} wave shows no course from which the next could depart; {fewest} are needed",
            remedy="compare it with another wave as two samples, and claim no trend",
        )
    if not (np.isfinite(value).all() and np.isfinite(se).all() and np.all(se > 0)):
        raise DefinitionError(
            "a wave has no value, or a standard error that is not above nought",
            remedy="leave the wave out; its time may stay a gap",
        )
    if not np.all(np.diff(when) > 0):
        raise DefinitionError("waves are not in the order in which they were held", remedy="sort them by time")
    return value, se, when


def _grid(unit: float) -> Floats:
    return unit * np.geomspace(1 / _WIDEST, _WIDEST, _POINTS)


def _likelihood(y: Floats, s: Floats, t: Floats, grid: Floats) -> Floats:
    """Return the likelihood of the changes between waves at each spread of the grid, up to a factor."""
    change, apart = np.diff(y), np.diff(t)
    noise = np.diag(s[:-1] ** 2 + s[1:] ** 2) - np.diag(s[1:-1] ** 2, 1) - np.diag(s[1:-1] ** 2, -1)
    shared = noise + grid[:, None, None] ** 2 * np.diag(apart)
    solved = np.linalg.solve(shared, np.broadcast_to(change[:, None], (grid.size, change.size, 1)))[:, :, 0]
    logs = -0.5 * (np.linalg.slogdet(shared)[1] + solved @ change)
    return np.asarray(np.exp(logs - logs.max()))


def _last(y: Floats, s: Floats, t: Floats, grid: Floats) -> tuple[Floats, Floats]:
    """Return the true value at the last wave and its variance, at each spread of the grid (Kalman 1960)."""

    def on(known: tuple[Floats, Floats], wave: int) -> tuple[Floats, Floats]:
        mean, variance = known
        ahead = variance + grid**2 * (t[wave] - t[wave - 1])
        gain = ahead / (ahead + s[wave] ** 2)
        return mean + gain * (y[wave] - mean), (1 - gain) * ahead

    start = np.full(grid.size, y[0]), np.full(grid.size, s[0] ** 2)
    return functools.reduce(on, range(1, y.size), start)


def _quantile(weight: Floats, centre: Floats, spread: Floats, p: float) -> float:
    ends = centre + spread * special.ndtri(p)
    here = weight > 0
    low, high = float(ends[here].min()), float(ends[here].max())
    if not high > low:
        return low
    return float(scipy.optimize.brentq(lambda v: float(weight @ special.ndtr((v - centre) / spread)) - p, low, high))

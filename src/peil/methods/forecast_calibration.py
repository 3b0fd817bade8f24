"""Calibration of forecasts: does what is said to be seven in ten come seven times in ten?

The decomposition of Murphy (1973), corrected for its bias as in Ferro & Fricker (2012); the one without bins of
Dimitriadis, Gneiting & Jordan (2021); and the test of Spiegelhalter (1986).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import EvidenceError
from peil.methods import interval
from peil.methods.moments import Floats
from peil.methods.score import brier, checked

# Forecasts are read as the nearest of these: 0, 5, 10 ... 100 %.
STEPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Murphy:
    """The Brier score in its parts: value = reliability - resolution + uncertainty + within.

    Parameters:
        value: the mean Brier score.
        reliability: how far forecasts lie from what came, bin by bin; nought is calibrated.
        resolution: how far bins lie from the base rate; more is better.
        uncertainty: the score of the base rate.
        within: what differs inside the bins, which no bin can tell.
        base_rate: share of outcomes that came.
        bins: distinct forecasts.
    """

    value: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float
    base_rate: float
    bins: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Isotonic:
    """The Brier score without bins: value = miscalibration - discrimination + uncertainty.

    Parameters:
        value: the mean Brier score.
        miscalibration: what would be gained by reading the forecasts as they turned out, in their own order.
        discrimination: what the order of the forecasts is worth against the base rate.
        uncertainty: the score of the base rate.
    """

    value: float
    miscalibration: float
    discrimination: float
    uncertainty: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Forecasts that said about the same.

    Parameters:
        said: their mean.
        came: share that came.
        low, high: its interval.
        n: forecasts.
    """

    said: float
    came: float
    low: float
    high: float
    n: int

    @property
    def holds(self) -> bool:
        """Whether the interval holds what was said."""
        return bool(self.low <= self.said <= self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """Whether outcomes fit the probabilities that were given, all together.

    Parameters:
        lean: mean of what was said less the share that came: above nought more was promised than came.
        excess: Brier score less the score expected if every probability were true: above nought, too sure.
        z: the excess over its standard error under those probabilities.
        p: two-sided.
        n: forecasts.
    """

    lean: float
    excess: float
    z: float
    p: float
    n: int


def murphy(p: ArrayLike, y: ArrayLike, *, bins: ArrayLike | None = None, corrected: bool = False) -> Murphy:
    """Return the parts of the mean Brier score.

    Parameters:
        p: probabilities.
        y: what came.
        bins: which forecasts are read together; those of one probability, if left out.
        corrected: take off what few forecasts a bin add to reliability and resolution by chance.

    Example:
        >>> found = murphy([0.2, 0.2, 0.8, 0.8], [0, 0, 1, 1])
        >>> [round(each, 3) for each in (found.value, found.reliability, found.resolution, found.uncertainty)]
        [0.04, 0.04, 0.25, 0.25]
    """
    said, came = _some(p, y)
    n = said.size
    group = np.unique(said if bins is None else np.asarray(bins), return_inverse=True)[1].reshape(-1)
    count = np.bincount(group).astype(np.float64)
    mean_said, mean_came = (np.bincount(group, each) / count for each in (said, came))
    base = float(came.mean())
    reliability = float(count @ (mean_said - mean_came) ** 2 / n)
    resolution = float(count @ (mean_came - base) ** 2 / n)
    uncertainty = float(np.mean((came - base) ** 2))
    value = float(brier(said, came).mean())
    within = value - (reliability - resolution + uncertainty)
    if corrected and n > 1:
        squares = np.bincount(group, (came - mean_came[group]) ** 2)
        # a bin of one shows no spread, and is left as it is
        chance = float(np.sum(np.divide(squares, count - 1, out=np.zeros_like(squares), where=count > 1))) / n
        whole = float(np.sum((came - base) ** 2)) / (n - 1) / n
        reliability, resolution, uncertainty = (reliability - chance, resolution - chance + whole, uncertainty + whole)
    return Murphy(
        value=value, reliability=reliability, resolution=resolution, uncertainty=uncertainty, within=within,
        base_rate=base, bins=int(count.size),
    )  # fmt: skip


def isotonic(p: ArrayLike, y: ArrayLike) -> Isotonic:
    """Return the parts of the mean Brier score without choosing bins.

    Example:
        >>> found = isotonic([0.1, 0.4, 0.6, 0.9], [0, 0, 1, 1])
        >>> round(found.miscalibration, 3), round(found.discrimination, 3), round(found.uncertainty, 3)
        (0.085, 0.25, 0.25)
    """
    said, came = _some(p, y)
    group = np.unique(said, return_inverse=True)[1].reshape(-1)
    count = np.bincount(group).astype(np.float64)
    fitted = scipy.optimize.isotonic_regression(np.bincount(group, came) / count, weights=count).x[group]
    value, best = float(brier(said, came).mean()), float(np.mean((fitted - came) ** 2))
    uncertainty = float(np.mean((came - came.mean()) ** 2))
    return Isotonic(
        value=value, miscalibration=value - best, discrimination=uncertainty - best, uncertainty=uncertainty
    )  # fmt: skip


def binned(p: ArrayLike, *, steps: int = STEPS) -> Floats:
    """Return the nearest of ``steps`` + 1 evenly spaced probabilities; halves go up.

    Example:
        >>> binned([0.023, 0.725, 0.98]).tolist()
        [0.0, 0.75, 1.0]
    """
    return np.asarray(np.floor(np.asarray(p, dtype=np.float64) * steps + 0.5 + 1e-12) / steps, dtype=np.float64)


def table(
    p: ArrayLike, y: ArrayLike, *, steps: int = STEPS, blocks: ArrayLike | None = None, level: float = 0.95
) -> tuple[Bin, ...]:
    """Return what came of forecasts that said about the same, with the score interval of Wilson (1927).

    Parameters:
        p: probabilities.
        y: what came.
        steps: into how many steps the probabilities are read.
        blocks: what forecasts share their luck with; the interval then rests on as many effective ones.
        level: of the intervals.

    Example:
        >>> [(each.said, each.came, each.n) for each in table([0.5, 0.5, 0.9], [0, 1, 1])]
        [(0.5, 0.5, 2), (0.9, 1.0, 1)]
    """
    said, came = _some(p, y)
    nearest = binned(said, steps=steps)
    group = None if blocks is None else np.unique(np.asarray(blocks), return_inverse=True)[1].reshape(-1)
    made = []
    for each in np.unique(nearest):
        here = nearest == each
        n, share = int(here.sum()), float(came[here].mean())
        effective = float(n) if group is None else _effective(came[here] - share, group[here], share)
        low, high = interval.share([share], [effective], level=level)
        made.append(Bin(said=float(said[here].mean()), came=share, low=float(low[0]), high=float(high[0]), n=n))
    return tuple(made)


def calibrated(p: ArrayLike, y: ArrayLike) -> Calibrated:
    """Return whether outcomes fit the probabilities given, from their own spread and without any bin.

    Parameters:
        p: probabilities; of those of 0 and 1 nothing may come otherwise.
        y: what came, 0 or 1.

    Example:
        >>> found = calibrated([0.9] * 10, [1, 0] * 5)
        >>> round(found.lean, 2), round(found.excess, 2), round(found.z, 2)
        (0.4, 0.32, 4.22)
    """
    said, came = _some(p, y)
    lean = float(np.mean(said - came))
    excess = float(np.mean(brier(said, came) - said * (1 - said)))
    se = float(np.sqrt(np.sum((1 - 2 * said) ** 2 * said * (1 - said)))) / said.size
    # only even chances, or only certainties: nothing to be too sure of, or nothing that chance explains
    z = (
        excess / se
        if se > 0
        else (0.0 if abs(excess) < np.finfo(float).eps * said.size else float(np.copysign(np.inf, excess)))
    )
    return Calibrated(lean=lean, excess=excess, z=z, p=float(2 * special.ndtr(-abs(z))), n=said.size)


def expected_band(said: float, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return between which shares ``n`` outcomes lie if each has the chance that was said (Bröcker & Smith 2007).

    Example:
        >>> expected_band(0.7, 20)
        (0.5, 0.9)
    """
    low, high = scipy.stats.binom.interval(level, n, said)
    return float(low) / n, float(high) / n


def _effective(residual: Floats, group: Floats, share: float) -> float:
    n = residual.size
    groups, place = np.unique(group, return_inverse=True)
    g = groups.size
    if g < 2 or not 0 < share < 1:  # noqa: PLR2004  # one group shows no spread
        return float(g)
    variance = float(np.sum(np.bincount(place.reshape(-1), residual) ** 2)) * g / (g - 1) / n**2
    return float(min(share * (1 - share) / variance, n)) if variance > 0 else float(n)


def _some(p: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    said, came = checked(p, y)
    if not said.size:
        raise EvidenceError("no forecast has come due", remedy="resolve one first")
    return said, came

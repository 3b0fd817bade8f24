"""What one more predictor tells about an outcome beside another: the gain in R², and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from peil.errors import EvidenceError
from peil.methods.moments import Floats
from peil.methods.one_factor import standardised
from peil.methods.reliability import covariances, resampled


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """The share of the outcome's variance that the added predictor explains and the other does not.

    Parameters:
        value: R² with both less R² with one, in these data.
        low, high: its interval.
        semipartial: the root of it, with the sign of the added predictor; its own interval is normal at nought, where
            that of a square is not.
        semipartial_low, semipartial_high: its interval.
        before: R² with the one predictor.
        after: R² with both.
        level: how often intervals hold the truth.
    """

    value: float
    low: float
    high: float
    semipartial: float
    semipartial_low: float
    semipartial_high: float
    before: float
    after: float
    level: float


def semipartial(correlation: Floats) -> Floats:
    """Return the correlation of the outcome with what the added predictor has beyond the other (Cohen and others 2003, 3.3).

    Parameters:
        correlation: of outcome, other predictor and added predictor, in this order.

    Returns:
        Its square is the gain in R²; nan where the two predictors are one.

    Example:
        >>> float(semipartial(np.array([[1.0, 0.5, 0.4], [0.5, 1.0, 0.6], [0.4, 0.6, 1.0]])).round(4))
        0.125
    """
    of_other, of_added, between = correlation[..., 0, 1], correlation[..., 0, 2], correlation[..., 1, 2]
    left = 1 - between * between
    own = np.where(left > np.finfo(np.float64).eps * 16, left, np.nan)
    return np.asarray((of_added - of_other * between) / np.sqrt(own), dtype=np.float64)


def gain(sums: Floats, *, level: float = 0.95, draws: int = 1_000, seed: int = 0) -> Gain:
    """Return the gain in R² when a predictor is added to another.

    A gain in R² is never negative, so the bounds of a resampled gain lie above nought even where there is none. The
    semipartial correlation has no such floor: its bounds are taken, and squared; where they lie on both sides of
    nought, the gain's lower bound is nought.

    Parameters:
        sums: ``reliability.products`` of outcome, other predictor and added predictor.
        level: how often the interval is to hold the truth.
        draws: resamples of the clusters.
        seed: of the resamples.

    Raises:
        EvidenceError: one of the three does not vary, or the two predictors are one.

    Example:
        >>> from peil.methods.reliability import products
        >>> dice = np.random.default_rng(3)
        >>> x, z = dice.normal(size=(2, 500))
        >>> found = gain(products(np.column_stack([x + z + dice.normal(size=500), x, z])), draws=200)
        >>> found.low < 1 / 3 < found.high
        True
    """
    whole = covariances(sums)
    if not np.all(np.diagonal(whole) > 0):
        raise EvidenceError(
            "the outcome or a predictor does not vary", remedy="widen the filter, or choose another outcome"
        )
    correlation = standardised(whole)
    found = float(semipartial(correlation))
    if np.isnan(found):
        raise EvidenceError(
            "the two predictors are one and the same", remedy="leave the other predictor out of the scale"
        )
    many = covariances(sums, resampled(len(sums), draws, seed))
    many = many[np.all(np.diagonal(many, axis1=-2, axis2=-1) > 0, axis=-1)]
    spread = semipartial(standardised(many))
    low, high = (float(each) for each in np.nanquantile(spread, [(1 - level) / 2, (1 + level) / 2]))
    squares = low * low, high * high
    before = float(correlation[0, 1] ** 2)
    return Gain(
        value=found * found,
        low=0.0 if low <= 0 <= high else min(squares),
        high=max(squares),
        semipartial=found,
        semipartial_low=low,
        semipartial_high=high,
        before=before,
        after=before + found * found,
        level=level,
    )

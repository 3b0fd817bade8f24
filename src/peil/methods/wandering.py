"""Regression around a level that wanders, averaged over how much it may wander.

The likelihood of a level's steps is often highest at none although it wanders (Shephard and Harvey 1990), and intervals that
take that for the truth are too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from scipy import special

from peil.errors import EvidenceError
from peil.methods.first_order import Mixture
from peil.methods.moments import Floats

# roots of the share of a surprise that the level takes over in the long run; the share itself is even between 0 and 1
_ROOTS: Floats = np.linspace(0.0, 0.98, 29)
_GAINS: Floats = _ROOTS**2
RATIOS: Floats = _GAINS**2 / (1 - _GAINS)  # variance of the level's steps over that of the noise
_SPARE = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Foreseen:
    """What is foretold of the rows that follow.

    Parameters:
        mean: of the mean of all of them.
        expected: (h,) of each row.
        low, high: interval of each: Student's, with the variance of the mixture.
    """

    mean: Mixture
    expected: Floats
    low: Floats
    high: Floats


def coefficient(y: Floats, columns: Floats, place: int) -> Mixture:
    """Return what is known of one coefficient.

    Parameters:
        y: (n,) the series.
        columns: (n, k) regressors, the constant among them.
        place: which.

    Raises:
        EvidenceError: too few rows for so many coefficients.

    Example:
        >>> noise = np.random.default_rng(4).normal(size=80)
        >>> step = 1.0 * (np.arange(80) >= 40)
        >>> found = coefficient(noise + 3 * step, np.column_stack([np.ones(80), step]), 1)
        >>> bool(found.quantile(0.025) < 3 < found.quantile(0.975))
        True
    """
    parts = [_fitted(y, columns, ratio) for ratio in RATIOS]
    weight = _weights(parts)
    spread = np.array([np.sqrt(each.variance) * np.linalg.norm(each.inverse_top[place]) for each in parts])
    centre = np.array([each.coefficient[place] for each in parts])
    return Mixture(weight=weight, centre=centre, spread=spread, df=parts[0].df)


def foreseen(y: Floats, columns: Floats, *, level: float) -> Foreseen:
    """Return what the series foretells of the rows that follow it.

    Parameters:
        y: (n,) the series.
        columns: (n + h, k) regressors of its rows and of those that follow, the constant among them.
        level: of the intervals of single rows.

    Raises:
        EvidenceError: too few rows for so many coefficients.

    Example:
        >>> y = 5 + np.random.default_rng(4).normal(size=80)
        >>> found = foreseen(y, np.ones((90, 1)), level=0.95)
        >>> bool(abs(found.mean.mean - 5) < 0.5), found.expected.shape
        (True, (10,))
    """
    n, h = y.size, len(columns) - y.size
    parts = [_fitted(y, columns[:n], ratio) for ratio in RATIOS]
    weight = _weights(parts)
    expected, variance = np.empty((RATIOS.size, h)), np.empty((RATIOS.size, h))
    centre, spread = np.empty(RATIOS.size), np.empty(RATIOS.size)
    ahead = _steps(n + h)[n:]
    for i, (part, ratio) in enumerate(zip(parts, RATIOS, strict=True)):
        cross = scipy.linalg.solve_triangular(part.factor, ratio * ahead[:, :n].T, lower=True)
        shared = np.eye(h) + ratio * ahead[:, n:] - cross.T @ cross
        left = (columns[n:] - cross.T @ part.white) @ part.inverse_top
        whole = part.variance * (shared + left @ left.T)
        expected[i] = columns[n:] @ part.coefficient + cross.T @ part.rest
        variance[i] = np.diag(whole)
        centre[i], spread[i] = expected[i].mean(), np.sqrt(whole.mean())
    mean = weight @ expected
    df = parts[0].df
    reach = float(special.stdtrit(df, (1 + level) / 2)) * np.sqrt(weight @ (variance + (expected - mean) ** 2))
    return Foreseen(
        mean=Mixture(weight=weight, centre=centre, spread=spread, df=df),
        expected=mean,
        low=mean - reach,
        high=mean + reach,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """Generalised least squares at one ratio: ``factor`` of the covariance, whitened columns and residuals."""

    factor: Floats
    white: Floats
    rest: Floats
    coefficient: Floats
    inverse_top: Floats
    variance: float
    likely: float
    df: float


def _steps(n: int) -> Floats:
    """Return the covariance of a walk that starts at nought in the first row and takes unit steps."""
    place = np.arange(n, dtype=np.float64)
    return np.asarray(np.minimum(place[:, None], place))


def _fitted(y: Floats, columns: Floats, ratio: float) -> _Part:
    n, k = columns.shape
    if n < k + _SPARE:
        raise EvidenceError(
            f"{n} rows are too few for {k} coefficients and two variances",
            remedy=f"{k + _SPARE} are needed; take a longer series, or fewer regressors",
        )
    factor = np.asarray(np.linalg.cholesky(np.eye(n) + ratio * _steps(n)), dtype=np.float64)
    both = scipy.linalg.solve_triangular(factor, np.column_stack([columns, y]), lower=True)
    top = np.asarray(np.linalg.qr(both, mode="r"), dtype=np.float64)
    inverse_top = np.asarray(np.linalg.inv(top[:k, :k]), dtype=np.float64)
    found = inverse_top @ top[:k, k]
    rss, df = float(top[k, k] ** 2), float(n - k)
    sizes = np.log(np.diag(factor)).sum() + np.log(np.abs(np.diag(top)[:k])).sum()
    return _Part(
        factor=factor,
        white=both[:, :k],
        rest=both[:, k] - both[:, :k] @ found,
        coefficient=found,
        inverse_top=inverse_top,
        variance=rss / df,
        likely=float(-0.5 * df * np.log(max(rss, np.finfo(np.float64).tiny)) - sizes),
        df=df,
    )


def _weights(parts: list[_Part]) -> Floats:
    heights = np.array([each.likely for each in parts])
    weight = np.exp(heights - heights.max()) * np.maximum(_ROOTS, _ROOTS[1] / 4)
    return np.asarray(weight / weight.sum())

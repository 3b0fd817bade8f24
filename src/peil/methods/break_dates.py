"""When a regression changed: intervals of break dates from Bai's (1997) limiting distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import EvidenceError
from peil.methods.breakpoints import checked_regressors, checked_series
from peil.methods.long_run import long_run
from peil.methods.moments import Floats

_HALVINGS = 200

Errors = Literal["iid", "hac"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakDate:
    """One break with its interval.

    Parameters:
        at: how many rows lie before the break.
        low, high: bounds of that number; they may reach beyond the series.
        level: how often the interval is to hold the truth.
    """

    at: int
    low: int
    high: int
    level: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segments:
    """What a partition estimates.

    Parameters:
        coefficients: (segments, k).
        dates: the breaks between them, in order.
    """

    coefficients: Floats
    dates: tuple[BreakDate, ...]


def bai_cdf(v: ArrayLike, *, xi: float = 1.0, phi: float = 1.0) -> Floats:
    """Return the distribution function of Bai's (1997) limit of an estimated break date, in closed form.

    It is where W₁(-v) - |v|/2 (v <= 0) and sqrt(ξφ)·W₂(v) - ξ·v/2 (v > 0) have their joint maximum, W₁ and W₂ being
    independent Brownian motions. The maximum of either side is exponential (means 1 and φ) and its place, given its
    height, a first passage time; integrating the height out leaves normal integrals.

    Parameters:
        v: where to reckon it.
        xi: ξ, the size of the change in the moments after the break over that before.
        phi: φ, variance of the errors after over before.

    Example:
        >>> bai_cdf([-7.686, 0.0, 7.686, 11.033]).round(3).tolist()
        [0.05, 0.5, 0.95, 0.975]
    """
    place = np.asarray(v, dtype=np.float64)
    reach = np.abs(place)
    before = 1 / (1 + phi)  # the chance that the higher maximum lies on the left
    left = _passed(reach, 0.5, 1.0, 0.0) - _passed(reach, 0.5, 1.0, 1 / phi)
    right = _passed(reach, xi / 2, xi * phi, 0.0) - _passed(reach, xi / 2, xi * phi, 1.0)
    return np.clip(np.where(place <= 0, before - left, before + right), 0.0, 1.0)


def bai_quantile(p: float, *, xi: float = 1.0, phi: float = 1.0) -> float:
    """Return the quantile that belongs to ``bai_cdf``, found by halving.

    Parameters:
        p: a probability within 0 and 1.
        xi: as in ``bai_cdf``.
        phi: as in ``bai_cdf``.

    Example:
        >>> round(bai_quantile(0.975), 3)
        11.033
    """
    far = 1.0
    while not float(bai_cdf(-far, xi=xi, phi=phi)) < p < float(bai_cdf(far, xi=xi, phi=phi)):
        far *= 2
    low, high = -far, far
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if float(bai_cdf(middle, xi=xi, phi=phi)) < p else (low, middle)
        if high - low <= 1e-12 * max(abs(low), abs(high)):  # as near as numbers lie
            break
    return (low + high) / 2


def dated(
    y: ArrayLike,
    breaks: Sequence[int],
    x: ArrayLike | None = None,
    *,
    errors: Errors = "iid",
    level: float = 0.95,
) -> Segments:
    """Return the intervals of break dates, the moments and errors being those of the segments on either side.

    Parameters:
        y: the series.
        breaks: how many rows lie before each break, as ``Partitions.at`` gives them.
        x: (n, k) regressors as they were when the breaks were found.
        errors: ``iid``, with a variance of its own in each segment; or ``hac``, with the long-run variance of each segment
            (quadratic spectral kernel, Andrews and Monahan 1992).
        level: how often each interval is to hold the truth.

    Raises:
        EvidenceError: a break lies outside the series, or a segment has too few rows.

    Example:
        >>> y = [1.0, 1.9, 0.4, 1.6, 1.1, 5.0, 5.9, 4.2, 5.2, 4.7]
        >>> found = dated(y, [5])
        >>> found.coefficients.round(2).ravel().tolist(), found.dates[0].low, found.dates[0].high
        ([1.2, 5.0], 4, 6)
    """
    series = checked_series(y)
    n = series.size
    given = checked_regressors(x, n)
    columns = np.ones((n, 1)) if given is None else given
    k = columns.shape[1]
    ends = [0, *breaks, n]
    if any(late - early <= k for early, late in pairwise(ends)):
        raise EvidenceError(
            f"breaks at {', '.join(map(str, breaks))} leave a segment with no more than {k} of the {n} rows",
            remedy="take fewer breaks, or a wider trimming",
        )
    parts = [_part(series[a:b], columns[a:b], errors) for a, b in pairwise(ends)]
    dates = []
    for at, (first, second) in zip(breaks, pairwise(parts), strict=True):
        change = second[0] - first[0]
        q1, q2 = (float(change @ each[1] @ change) for each in (first, second))
        o1, o2 = (float(change @ each[2] @ change) for each in (first, second))
        xi, phi, scale = q2 / q1, (o2 / q2) / (o1 / q1), q1 * q1 / o1
        low, high = (bai_quantile(p, xi=xi, phi=phi) / scale for p in ((1 - level) / 2, (1 + level) / 2))
        dates.append(BreakDate(at=int(at), low=math.floor(at - high), high=math.ceil(at - low), level=level))
    return Segments(coefficients=np.stack([each[0] for each in parts]), dates=tuple(dates))


def _part(y: Floats, x: Floats, errors: Errors) -> tuple[Floats, Floats, Floats]:
    """Return the coefficients of a segment, the moments of its regressors, and the variance of its scores."""
    b = np.asarray(np.linalg.lstsq(x, y, rcond=None)[0], dtype=np.float64)
    left = y - x @ b
    moments = x.T @ x / y.size
    if errors == "iid":
        return b, moments, moments * float(left @ left) / y.size
    return b, moments, long_run(x * left[:, None], fitted=x.shape[1], constant=_constant(x))


def _constant(x: Floats) -> Floats:
    return np.asarray(np.ptp(x, axis=0) == 0)


def _passed(x: Floats, drift: float, variance: float, rate: float) -> Floats:
    """Return (2·drift/variance) times the integral over heights m of exp(-rate·m) P(height m is reached by time x).

    The motion drifts down; P is the inverse Gaussian distribution function, defective (Cox and Miller 1965, 5.7).
    """
    spread = np.sqrt(variance * x)
    own = 2 * drift / variance
    downhill = _laplace(rate, -drift * x, spread)
    uphill = _laplace(rate + own, drift * x, spread)
    return own * (downhill + uphill)


def _laplace(rate: float, centre: Floats, spread: Floats) -> Floats:
    """Return the integral over m > 0 of exp(-rate·m) Φ((centre - m)/spread)."""
    wide = np.maximum(spread, np.finfo(np.float64).tiny)
    z = centre / wide
    if rate == 0:
        reached = centre * special.ndtr(z) + spread * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        return np.asarray(reached, dtype=np.float64)
    tail = np.exp(special.log_ndtr(z - rate * wide) + rate * (rate * wide * wide / 2 - centre))
    return np.asarray((special.ndtr(z) - tail) / rate, dtype=np.float64)

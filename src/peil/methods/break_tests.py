"""Whether coefficients change at an unknown date: F statistics over all dates (Andrews 1993, Andrews and Ploberger 1994).

These hold for independent errors. For an autocorrelated series use ``autocorrelation.unknown_date``, or put enough lags
among the regressors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import EvidenceError
from peil.methods.break_limits import average_p, exponential_p, largest_p
from peil.methods.breakpoints import checked_regressors, checked_series, rows_of, scaled
from peil.methods.moments import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """A test statistic with the chance of one as large without a break."""

    value: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Breaks:
    """F statistics over all dates.

    Parameters:
        first: rows before the first date that is looked at.
        f: F of each date, as Chow's (1960) times the number of coefficients that may change.
        changing: how many coefficients may change.
        at: rows before the date of the largest.
        largest: sup-F.
        average: ave-F.
        exponential: exp-F.
    """

    first: int
    f: Floats
    changing: int
    at: int
    largest: Statistic
    average: Statistic
    exponential: Statistic


def f_statistics(
    y: ArrayLike, x: ArrayLike | None = None, *, changing: Sequence[int] | None = None, trimming: float = 0.15
) -> Breaks:
    """Return F of a change in the regression at every date, and the three tests that come from them.

    Parameters:
        y: the series, one row a period, without gaps.
        x: (n, k) regressors, the constant among them; left out, only the mean changes.
        changing: which columns may change; all, when left out. The others stay the same throughout.
        trimming: what is not looked at on either side: a share of n below 1, or a number of rows.

    Raises:
        EvidenceError: there are gaps, y is the same throughout, or too few rows on a side.

    Example:
        >>> found = f_statistics([1.0, 1.2, 0.9, 1.1, 1.0, 5.0, 5.1, 4.8, 5.2, 5.1], trimming=0.2)
        >>> found.at, round(found.largest.value, 1)
        (5, 2222.2)
    """
    series = checked_series(y)
    n = series.size
    given = checked_regressors(x, n)
    columns = np.ones((n, 1)) if given is None else given
    moving = list(range(columns.shape[1])) if changing is None else list(changing)
    if not moving or not set(moving) <= set(range(columns.shape[1])):
        raise EvidenceError(
            f"columns {moving} are not among the {columns.shape[1]} of the regression", remedy="count them from 0"
        )
    h = rows_of(trimming, n, columns.shape[1])
    q = scaled(columns) / math.sqrt(n)
    z = columns[:, moving]
    # The same span, so the same F; the numbers are of one size.
    z = np.linalg.qr(z)[0]
    left = series - q @ (q.T @ series)
    late = slice(h, n - h + 1)
    own = _after(z[:, :, None] * z[:, None, :])[late]
    shared = _after(q[:, :, None] * z[:, None, :])[late]
    own = own - np.einsum("tij,tik->tjk", shared, shared)
    # What the regressors leave of z, times y, is z times what they leave of y.
    with_y = _after(z * left[:, None])[late]
    explained = np.einsum("ti,ti->t", with_y, np.linalg.solve(own, with_y[:, :, None])[:, :, 0])
    total = float(left @ left)
    df = n - columns.shape[1] - len(moving)
    if df <= 0:
        raise EvidenceError(f"{n} rows leave no degrees of freedom", remedy="take fewer regressors")
    f = explained / (np.maximum(total - explained, np.finfo(np.float64).tiny) / df)
    share = h / n
    top = float(f.max())
    average = float(f.mean())
    exponential = top / 2 + math.log(float(np.mean(np.exp((f - top) / 2))))
    return Breaks(
        first=h,
        f=f,
        changing=len(moving),
        at=h + int(np.argmax(f)),
        largest=Statistic(value=top, p=largest_p(top, len(moving), share)),
        average=Statistic(value=average, p=average_p(average, len(moving), share)),
        exponential=Statistic(value=exponential, p=exponential_p(exponential, len(moving), share)),
    )


def ols_cusum(y: ArrayLike, x: ArrayLike | None = None) -> Statistic:
    """Return the largest cumulated residual over s√n, whose limit is a Brownian bridge (Ploberger and Krämer 1992).

    Parameters:
        y: the series.
        x: (n, k) regressors, the constant among them.

    Example:
        >>> found = ols_cusum([1.0, 1.2, 0.9, 1.1, 5.0, 5.1, 4.8, 5.2])
        >>> round(found.value, 4), round(found.p, 4)
        (1.32, 0.0613)
    """
    left, k = _residuals(y, x)
    n = left.size
    sigma = math.sqrt(float(left @ left) / (n - k))
    value = float(np.abs(np.cumsum(left)).max() / (sigma * math.sqrt(n)))
    return Statistic(value=value, p=float(special.kolmogorov(value)))


def recursive_cusum(y: ArrayLike, x: ArrayLike | None = None) -> Statistic:
    """Return how near the cumulated recursive residuals come to the lines of Brown, Durbin and Evans (1975).

    The statistic is the largest of |W(t)|/(1 + 2t). Its p-value is exact for the limit: the chance that a Brownian motion
    leaves two sloping lines before t = 1, from Doob's (1949) images.

    Parameters:
        y: the series.
        x: (n, k) regressors, the constant among them.

    Example:
        >>> found = recursive_cusum([1.0, 1.2, 0.9, 1.1, 5.0, 5.1, 4.8, 5.2])
        >>> round(found.value, 4), round(found.p, 4)
        (0.91, 0.066)
    """
    series, columns = _checked(y, x)
    n, k = columns.shape
    w = np.empty(n - k)
    inverse = np.linalg.pinv(columns[:k].T @ columns[:k])
    beta = inverse @ columns[:k].T @ series[:k]
    for t in range(k, n):
        row = columns[t]
        gain = inverse @ row
        ahead = 1 + float(row @ gain)
        miss = float(series[t] - row @ beta)
        w[t - k] = miss / math.sqrt(ahead)
        beta = beta + gain * miss / ahead
        inverse = inverse - np.outer(gain, gain) / ahead
    sigma = float(np.std(w, ddof=1))
    path = np.cumsum(w) / (sigma * math.sqrt(n - k))
    t = np.arange(1, n - k + 1) / (n - k)
    a = float(np.max(np.abs(path) / (1 + 2 * t)))
    return Statistic(value=a, p=_leaves_lines(a))


def mosum(y: ArrayLike, x: ArrayLike | None = None, *, width: float = 0.15) -> Statistic:
    """Return the largest sum of OLS residuals in a moving window over s√n (Chu, Hornik and Kuan 1995).

    Parameters:
        y: the series.
        x: (n, k) regressors, the constant among them.
        width: of the window, as a share of n from 0.05 to 0.5.

    Raises:
        EvidenceError: the tables do not hold such a window.

    Example:
        >>> found = mosum([1.0, 1.2, 0.9, 1.1, 5.0, 5.1, 4.8, 5.2], width=0.5)
        >>> round(found.value, 3), found.p < 0.05
        (1.32, False)
    """
    from peil.methods.break_limits import window_p

    left, k = _residuals(y, x)
    n = left.size
    rows = math.floor(n * width + 1e-9)
    if rows < 1:
        raise EvidenceError(f"a window of {width:.0%} of {n} rows is empty", remedy="take a wider one")
    sigma = math.sqrt(float(left @ left) / (n - k))
    total = np.concatenate([[0.0], np.cumsum(left)])
    value = float(np.abs(total[rows:] - total[:-rows]).max() / (sigma * math.sqrt(n)))
    return Statistic(value=value, p=window_p(value, width))


def _leaves_lines(a: float) -> float:
    """Return the chance that a Brownian motion leaves ±a(1 + 2t) before t = 1."""
    stays = 0.0
    for k in range(-20, 21):
        inside = special.ndtr(3 * a - 2 * a * k) - special.ndtr(-3 * a - 2 * a * k)
        stays += (-1) ** k * math.exp(-min(4 * a * a * k * k, 700.0)) * float(inside)
    if stays < 0.999999:  # noqa: PLR2004  # beyond, the difference from 1 would be rounding
        return float(np.clip(1 - stays, 0.0, 1.0))
    return float(2 * (special.ndtr(-3 * a) + math.exp(-4 * a * a) * special.ndtr(a)))


def _after(terms: Floats) -> Floats:
    """Return, for 0..n rows before a date, the sum of what comes after it."""
    late = np.cumsum(terms[::-1], axis=0)[::-1]
    return np.concatenate([late, np.zeros((1, *terms.shape[1:]))])


def _checked(y: ArrayLike, x: ArrayLike | None) -> tuple[Floats, Floats]:
    series = checked_series(y)
    given = checked_regressors(x, series.size)
    columns = np.ones((series.size, 1)) if given is None else given
    if series.size <= columns.shape[1] + 1:
        raise EvidenceError(
            f"{series.size} rows cannot carry {columns.shape[1]} coefficients and a test", remedy="take a longer series"
        )
    return series, columns


def _residuals(y: ArrayLike, x: ArrayLike | None) -> tuple[Floats, int]:
    series, columns = _checked(y, x)
    q = np.linalg.qr(columns)[0]
    return series - q @ (q.T @ series), columns.shape[1]

"""The slope of one thing on another with others held constant, for few cases, and what an unseen one could do to it.

The spread is taken from the residuals (HC2, MacKinnon & White 1985) with the degrees of freedom of Bell and McCaffrey
(2002), as Imbens and Kolesár (2016) advise for few cases. Sensitivity in the notation of Cinelli and Hazlett (2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from peil.errors import EvidenceError
from peil.methods.correlation import spanned

LEAST_FREEDOM = 2
_TINY = 1e-9
_MOST = 300.0
_TO_LOG_RISK = 0.91  # Chinn (2000) and VanderWeele (2017): a standardised difference as the log of a risk ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """How much ``y`` rises for each unit of ``x``.

    Parameters:
        value: the slope.
        se: its standard error, right where cases spread unequally too.
        low, high: its interval.
        df: degrees of freedom of that interval.
        t: the slope over its plain standard error, which takes cases to spread alike.
        residual_df: cases less coefficients.
        n: cases.
        heaviest: the largest share of the slope's weight that one case has.
        steady: whether the slope keeps its sign whichever case is left out.
    """

    value: float
    se: float
    low: float
    high: float
    df: float
    t: float
    residual_df: int
    n: int
    heaviest: float
    steady: bool

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return bool(self.low > 0 or self.high < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """How strong an unseen common cause would have to be.

    Parameters:
        value: share of what is left of *both* sides that it would have to explain to bring the slope to nought.
        clear: the same, to bring the end of its interval to nought; 0 where that holds nought already.
        partial_r2: share of what is left of ``y`` that ``x`` explains.
    """

    value: float
    clear: float
    partial_r2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EValue:
    """How strongly an unseen common cause would have to go with both sides, as risk ratios (VanderWeele and Ding 2017).

    Parameters:
        value: to bring what was found to nought; 1 where nothing was found.
        clear: to bring the nearer end of its interval to nought; 1 where that holds nought already.
        ratio: what was found, as a risk ratio.
    """

    value: float
    clear: float
    ratio: float


def e_value(ratio: float, low: float, high: float) -> EValue:
    """Return the E-value of a risk ratio and of its interval.

    Parameters:
        ratio: of the risks, above nought.
        low, high: its interval.

    Raises:
        EvidenceError: a ratio is not above nought.

    Example:
        >>> found = e_value(3.9, 1.8, 8.7)
        >>> round(found.value, 2), round(found.clear, 1)
        (7.26, 3.0)
    """
    if not (np.all(np.array([ratio, low, high]) > 0) and low <= ratio <= high):
        raise EvidenceError(f"{ratio} ({low} to {high}) is no risk ratio with its interval")
    near = low if ratio >= 1 else high
    holds = low <= 1 <= high
    return EValue(value=_e(ratio), clear=1.0 if holds else _e(near), ratio=ratio)


def e_value_of(found: Slope, x: ArrayLike, y: ArrayLike) -> EValue:
    """Return the E-value of a slope: a rise of ``x`` by its standard deviation, in standard deviations of ``y``.

    A standardised difference d counts as a risk ratio of exp(0.91 d), which is an approximation for what is no risk.

    Parameters:
        found: the slope of ``y`` on ``x``.
        x, y: one number a case.

    Example:
        >>> x, y = [1, 2, 3, 4, 5, 6], [1.0, 2.2, 2.8, 4.1, 5.2, 5.8]
        >>> round(e_value_of(slope(x, y), x, y).ratio, 2)
        2.47
    """
    scale = float(np.std(np.asarray(x, dtype=np.float64), ddof=1) / np.std(np.asarray(y, dtype=np.float64), ddof=1))
    # beyond this no risk ratio means anything, and the numbers end
    logs = (min(max(_TO_LOG_RISK * each * scale, -_MOST), _MOST) for each in (found.value, found.low, found.high))
    ratio, low, high = (float(np.exp(each)) for each in logs)
    return e_value(ratio, low, high)


def _e(ratio: float) -> float:
    above = max(ratio, 1 / ratio)
    return above + float(np.sqrt(above * (above - 1)))


def slope(x: ArrayLike, y: ArrayLike, held: ArrayLike | None = None, *, level: float = 0.95) -> Slope:
    """Return the slope of ``y`` on ``x`` with other columns held constant.

    Parameters:
        x, y: one number a case.
        held: (cases, columns); None where nothing is held constant.
        level: of the interval.

    Raises:
        EvidenceError: there are too few cases, one side does not vary, or ``x`` is explained by what is held constant.

    Example:
        >>> found = slope([1, 2, 3, 4, 5, 6], [1.0, 2.2, 2.8, 4.1, 5.2, 5.8])
        >>> round(found.value, 3), found.clear, found.residual_df
        (0.98, True, 4)
    """
    one, two = (np.asarray(each, dtype=np.float64) for each in (x, y))
    n = one.size
    others = np.zeros((n, 0)) if held is None else np.asarray(held, dtype=np.float64).reshape(n, -1)
    basis = spanned(others)
    left = n - basis.shape[1] - 1
    if left < LEAST_FREEDOM:
        raise EvidenceError(
            f"{n} case{'s leave' if n != 1 else ' leaves'} too little to judge a slope by, with {basis.shape[1] - 1} held constant",
            remedy=f"at least {basis.shape[1] + 1 + LEAST_FREEDOM} are needed; more, or hold less constant",
        )
    for name, side in (("one", one), ("the other", two)):
        if n and np.ptp(side) == 0:
            raise EvidenceError(
                f"{name} of the two is the same for all {n}, so they cannot go together",
                remedy="ask a question on which they differ",
            )
    x_, y_ = (side - basis @ (basis.T @ side) for side in (one, two))
    size = float(x_ @ x_)
    if size <= _TINY * float((one - one.mean()) @ (one - one.mean())):
        raise EvidenceError(
            "what is held constant explains all of the one side, so nothing is left to go with the other",
            remedy="hold less constant",
        )
    b = float(x_ @ y_ / size)
    e = y_ - b * x_
    full = np.column_stack([basis, x_ / np.sqrt(size)])
    maker = np.eye(n) - full @ full.T
    free = np.diag(maker)
    part = x_ / size
    if np.any((free <= _TINY) & (np.abs(x_) > _TINY * np.sqrt(size))):
        raise EvidenceError("one case decides the slope by itself", remedy="hold less constant, or leave that case out")
    g = np.where(free > _TINY, part / np.sqrt(np.maximum(free, _TINY)), 0.0)
    variance = float(np.sum((g * e) ** 2))
    spread = (g * g) @ (maker * maker) @ (g * g)
    df = float(np.sum(g * g * free) ** 2 / spread)
    reach = float(scipy.stats.t.ppf((1 + level) / 2, df))
    plain = float(np.sqrt((e @ e) / left / size))
    without = b - part * np.divide(e, free, out=np.zeros_like(e), where=free > _TINY)
    return Slope(
        value=b,
        se=variance**0.5,
        low=b - reach * variance**0.5,
        high=b + reach * variance**0.5,
        df=df,
        t=b / plain if plain > 0 else float(np.copysign(np.inf, b)),
        residual_df=left,
        n=n,
        heaviest=float(np.max(x_ * x_) / size),
        steady=bool(np.all(without > 0) or np.all(without < 0)),
    )


def robustness(t: float, df: int, *, level: float = 0.95) -> Robustness:
    """Return how strong an unseen common cause has to be to undo a slope (Cinelli & Hazlett 2020).

    Parameters:
        t: the slope over its plain standard error.
        df: cases less coefficients, two or more.
        level: of the interval that is to be undone.

    Example:
        >>> found = robustness(4.18, 783)
        >>> round(found.value, 3), round(found.clear, 3), round(found.partial_r2, 3)
        (0.139, 0.076, 0.022)
    """
    if not np.isfinite(t):
        return Robustness(value=1.0, clear=1.0, partial_r2=1.0)
    f = abs(t) / np.sqrt(df)
    critical = float(scipy.stats.t.ppf((1 + level) / 2, df - 1)) / np.sqrt(df - 1)
    beyond = f - critical
    if beyond <= 0:
        clear = 0.0
    elif f < 1 / critical:
        clear = _value(beyond)
    else:
        # so strong a slope yields sooner to a cause that explains all of the one side
        clear = (f * f - critical * critical) / (1 + f * f)
    return Robustness(value=_value(f), clear=float(clear), partial_r2=float(f * f / (1 + f * f)))


def _value(f: float) -> float:
    return float((np.sqrt(f**4 + 4 * f * f) - f * f) / 2)

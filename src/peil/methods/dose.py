"""What a dose does: how much is there, beside how much of an event each period or unit had.

Where an event reached everybody, nobody is left to compare with, but it may have reached some more than others.
``dose_in_time`` and ``dose_units`` reckon it, for one series and for many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from peil.errors import DefinitionError, EvidenceError
from peil.methods.moments import Floats, Integers
from peil.methods.step_tables import TRIMMING

_SAME = 1e-9
_APART = 1e-6
_MOST_BINS, _FEWEST_IN_BIN, _AT_REST = 5, 5, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One number with its interval.

    Parameters:
        value: the number.
        low, high: its interval.
        p: chance of one as far from nought without an effect.
    """

    value: float
    low: float
    high: float
    p: float

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLag:
    """The effect of the dose of some periods before.

    Parameters:
        lag: how many.
        effect: per unit of dose; interval and p hold for all lags together.
    """

    lag: int
    effect: Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Periods with about the same dose.

    Parameters:
        dose: its mean.
        n: how many there are.
        effect: how much higher the series is than at the lowest dose, which is nought itself.
    """

    dose: float
    n: int
    effect: Term


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Response:
    """What a dose does to a series, or to many.

    Parameters:
        effect: per unit of dose, at ``lag``; where several lags were asked for, interval and p take all of them into account.
        se: its standard error.
        lag: the lag with the strongest effect.
        lags: every lag that was asked for.
        placebo_p: how often the rank of this dose path among others is as high without any effect. For one series the others
            are the same path begun at another period; for several units, the paths dealt out otherwise among the units.
        placebos: how many other paths there are.
        detectable: the least effect per unit that would be found with a chance of 80 %.
        curvature: coefficient of the squared dose; None where the dose has two values, or the square tells nothing more.
        ends: the slope at the lowest and at the highest dose under that square; None with it.
        lead: what the dose of later periods seems to do: anything clear was under way before; None where it cannot be told apart.
        bins: the series at each dose, which a straight line need not follow.
        alone: share of the dose that trend and season, or unit and period, leave over.
        as_a_date: share of that which a single step at the best date explains.
        partial: partial autocorrelations, set right for bias; nan where there are units.
        n: rows; ``units``: independent units.
        units: see ``n``.
        steady: whether the sign holds whichever unit is left out; None for one series.
        level: of the intervals.
    """

    effect: Term
    se: float
    lag: int
    lags: tuple[AtLag, ...]
    placebo_p: float
    placebos: int
    detectable: float
    curvature: Term | None
    ends: tuple[Term, Term] | None
    lead: Term | None
    bins: tuple[Bin, ...]
    alone: float
    as_a_date: float
    partial: tuple[float, float]
    n: int
    units: int
    steady: bool | None
    level: float

    @property
    def turns(self) -> bool:
        """Whether more dose does the opposite from some dose on (Lind and Mehlum 2010: both ends clear, with opposite signs)."""
        if self.ends is None:
            return False
        first, last = self.ends
        return first.clear and last.clear and (first.value > 0) != (last.value > 0)


def checked_dose(dose: ArrayLike) -> Floats:
    """Return the dose as numbers.

    Raises:
        EvidenceError: it has gaps, or is the same throughout.
        DefinitionError: one lies below nought.

    Example:
        >>> checked_dose([0, 1]).tolist()
        [0.0, 1.0]
    """
    given = np.asarray(dose, dtype=np.float64)
    gaps = int(np.sum(~np.isfinite(given)))
    if gaps:
        raise EvidenceError(f"the dose has no value in {gaps} places", remedy="say what it was, nought included")
    if np.any(given < 0):
        raise DefinitionError(
            f"{int(np.sum(given < 0))} doses lie below nought", remedy="count from no exposure at all upward"
        )
    if np.ptp(given) <= _SAME * max(1.0, float(np.abs(given).max())):
        raise EvidenceError(
            "the dose is the same throughout, so nothing can go with it",
            remedy="take in periods or units with another dose",
        )
    return given


def bin_of(dose: Floats) -> Integers:
    """Return the group of about the same dose to which each belongs, the lowest 0: five at most.

    Doses that have few values are groups as they are; else those at rest are one, and the others are parted evenly.

    Example:
        >>> bin_of(np.array([0.0] * 5 + [1.0] * 5 + [2.0] * 5)).tolist()
        [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]
    """
    values, at, many = np.unique(dose, return_inverse=True, return_counts=True)
    if values.size <= _MOST_BINS and many.min() >= _FEWEST_IN_BIN:
        return np.asarray(at.reshape(dose.shape), dtype=np.int64)
    rest = dose == values[0]
    resting = bool(rest.mean() >= _AT_REST)
    inside = dose[~rest] if resting else dose.ravel()
    parts = int(np.clip(inside.size // _FEWEST_IN_BIN, 1, _MOST_BINS - resting))
    edges = np.unique(np.quantile(inside, np.arange(1, parts) / parts))
    made = np.searchsorted(edges, dose, side="right") + int(resting)
    made = np.where(rest & resting, 0, made)
    return np.asarray(np.unique(made, return_inverse=True)[1].reshape(dose.shape), dtype=np.int64)


def as_a_date(dose: Floats, q: Floats) -> float:
    """Return how much of a dose, beyond regressors, one step at the best date explains: near 1 it tells no more than the date.

    Parameters:
        dose: (n,) of each period.
        q: (k, n) orthonormal regressors.

    Example:
        >>> q = np.full((1, 20), 20**-0.5)
        >>> round(as_a_date(5.0 * (np.arange(20) >= 12), q), 3)
        1.0
    """
    n = dose.size
    edge = max(1, int(TRIMMING * n) // 2)
    steps = (np.arange(n)[None, :] >= np.arange(edge, n - edge + 1)[:, None]).astype(np.float64)
    steps -= (steps @ q.T) @ q
    left = dose - (q @ dose) @ q
    size = np.einsum("sn,sn->s", steps, steps)
    shared = np.divide((steps @ left) ** 2, size, out=np.zeros_like(size), where=size > _SAME * n)
    return float(shared.max() / (left @ left))


def told_apart(column: Floats, others: Floats) -> bool:
    """Return whether a column varies by itself beside others, (n, k).

    Example:
        >>> told_apart(np.arange(5.0), np.ones((5, 1))), told_apart(np.full(5, 2.0), np.ones((5, 1)))
        (True, False)
    """
    left = column - others @ np.linalg.lstsq(others, column, rcond=None)[0]
    return bool(left @ left > _APART * max(float(column @ column), _SAME))

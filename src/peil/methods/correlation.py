"""How closely two things go together: correlations of values and of ranks, with intervals that hold for few things.

For n pairs from a bivariate normal, R / √(1 - R²) is distributed as (Z + U rho / √(1 - rho²)) / V with Z standard normal and
U, V of the chi distribution with n - 1 and n - 2 degrees of freedom (Ruben 1966), so the interval can be read off exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import DefinitionError, EvidenceError
from peil.methods.agreement import Ranged
from peil.methods.meta import Meta, together
from peil.methods.moments import Floats

FEWEST = 3
# with fewer, the interval of a rank correlation does not hold what it promises (benchmarks/growth.py)
FEWEST_RANKED = 8
_NODES = 72
_EDGE = 1e-9
_STEEPEST = 1e7  # rho / √(1 - rho²) of a correlation that is one for all purposes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pooled:
    """What correlations of several groups say together.

    Parameters:
        found: the random effects, on Fisher's z.
        correlation: its mean, as a correlation.
        predicted: where the correlation in another group lies.
        used: groups that went in.
        left_out: groups too small to have a z with a variance: three things or fewer.
    """

    found: Meta
    correlation: Ranged
    predicted: Ranged
    used: int
    left_out: int


def correlated(r: float, n: float, *, level: float = 0.95) -> Ranged:
    """Return a correlation with its interval.

    Parameters:
        r: Pearson's correlation, or a partial one.
        n: pairs, less one for every variable that is held constant.
        level: of the interval.

    Returns:
        The interval that is exact for normal pairs, however few.

    Raises:
        DefinitionError: ``r`` is no correlation.
        EvidenceError: there are fewer than three pairs.

    Example:
        >>> found = correlated(0.86, 5)
        >>> round(found.low, 2), round(found.high, 2)
        (-0.06, 0.98)
    """
    if not -1 <= r <= 1:
        raise DefinitionError(f"{r} is no correlation", remedy="correlations lie between −1 and 1")
    if n < FEWEST:
        raise EvidenceError(
            f"{n:g} pairs do not show how two things go together", remedy=f"at least {FEWEST} are needed"
        )
    held = float(np.clip(r, -1 + _EDGE, 1 - _EDGE))
    slope = held / np.sqrt(1 - held * held)
    ends = [_steepness(slope, n, chance) for chance in ((1 + level) / 2, (1 - level) / 2)]
    low, high = (float(each / np.sqrt(1 + each * each)) for each in ends)
    return Ranged(value=float(r), low=low, high=high)


def ranked(r: float, n: float, *, level: float = 0.95) -> Ranged:
    """Return a rank correlation (Spearman's) with the interval of Bonett and Wright (2000).

    Parameters:
        r: the correlation of the ranks.
        n: pairs, less one for every variable that is held constant.
        level: of the interval; with fewer than eight pairs it is everything from −1 to 1.

    Example:
        >>> found = ranked(0.5, 30)
        >>> round(found.low, 2), round(found.high, 2)
        (0.15, 0.74)
    """
    if n < FEWEST_RANKED:
        return Ranged(value=r, low=-1.0, high=1.0)
    held = float(np.clip(r, -1 + _EDGE, 1 - _EDGE))
    reach = float(special.ndtri((1 + level) / 2)) * np.sqrt((1 + held * held / 2) / (n - FEWEST))
    return Ranged(value=r, low=float(np.tanh(np.arctanh(held) - reach)), high=float(np.tanh(np.arctanh(held) + reach)))


def partial(x: ArrayLike, y: ArrayLike, held: ArrayLike | None = None, *, ranks: bool = False) -> tuple[float, int]:
    """Return the correlation of ``x`` and ``y`` with other columns held constant, and the pairs it is worth.

    Parameters:
        x, y: one number a thing.
        held: (things, columns); None for a plain correlation.
        ranks: correlate ranks instead of values.

    Returns:
        The correlation, nan where one of the two does not vary; and the things less the columns held constant.

    Example:
        >>> r, n = partial([1, 2, 3, 4], [1, 3, 2, 4], ranks=True)
        >>> round(r, 3), n
        (0.8, 4)
    """
    sides = [np.asarray(each, dtype=np.float64) for each in (x, y)]
    others = np.zeros((sides[0].size, 0)) if held is None else np.asarray(held, dtype=np.float64)
    if ranks:
        sides = [scipy.stats.rankdata(each) for each in sides]
        others = np.apply_along_axis(scipy.stats.rankdata, 0, others) if others.shape[1] else others
    basis = spanned(others)
    one, two = (each - basis @ (basis.T @ each) for each in sides)
    size = float(np.sqrt((one @ one) * (two @ two)))
    whole = float(np.sqrt(np.prod([float((each - each.mean()) @ (each - each.mean())) for each in sides])))
    left = sides[0].size - (basis.shape[1] - 1)
    if not whole > 0 or size <= _EDGE * whole:
        return float("nan"), left
    return float(np.clip(one @ two / size, -1, 1)), left


def spanned(columns: Floats) -> Floats:
    """Return an orthonormal basis of a constant and some columns; a column that the others explain adds nothing.

    Example:
        >>> spanned(np.array([[1.0, 2.0], [2.0, 4.0], [4.0, 8.0]])).shape
        (3, 2)
    """
    rows = columns.shape[0]
    spread = columns.std(axis=0)
    scaled = (columns - columns.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    u, s, _ = np.linalg.svd(scaled, full_matrices=False)
    kept = u[:, s > _EDGE * np.sqrt(rows)]
    return np.column_stack([np.full(rows, 1 / np.sqrt(rows)), kept])


def pooled(r: Sequence[float], n: Sequence[float], *, level: float = 0.95) -> Pooled:
    """Return what correlations of several groups say together: random effects on Fisher's z (1921).

    Parameters:
        r: one correlation a group.
        n: things in each group; three have a z without a variance, and are left out and counted.
        level: of the intervals.

    Raises:
        EvidenceError: fewer than two groups are large enough.

    Example:
        >>> found = pooled([0.40, -0.45, -0.12, 0.86, 0.08], [5, 5, 5, 5, 5])
        >>> round(found.correlation.value, 2), found.correlation.low < 0 < found.correlation.high
        (0.23, True)
    """
    pairs = [(np.clip(a, -1 + _EDGE, 1 - _EDGE), b) for a, b in zip(r, n, strict=True) if b > FEWEST]
    found = together([np.arctanh(a) for a, _ in pairs], [1 / (b - FEWEST) for _, b in pairs], level=level)
    value, low, high, least, most = np.tanh(
        [found.value, found.low, found.high, found.predicted_low, found.predicted_high]
    )
    return Pooled(
        found=found,
        correlation=Ranged(value=float(value), low=float(low), high=float(high)),
        predicted=Ranged(value=float(value), low=float(least), high=float(most)),
        used=len(pairs),
        left_out=len(r) - len(pairs),
    )


def _steepness(slope: float, n: float, chance: float) -> float:
    """Return rho / √(1 - rho²) under which so small a correlation comes up with probability ``chance``."""
    (u, wu), (v, wv) = _chi(n - 1), _chi(n - 2)
    weight = np.outer(wu, wv)

    def less(steepness: float) -> float:
        return float(np.sum(weight * special.ndtr(slope * v[None, :] - steepness * u[:, None]))) - chance

    # sinh: a search that is even-handed between correlations near nought and near one
    edge = float(np.arcsinh(_STEEPEST))
    if less(_STEEPEST) > 0:
        return _STEEPEST
    if less(-_STEEPEST) < 0:
        return -_STEEPEST
    return float(np.sinh(scipy.optimize.brentq(lambda each: less(float(np.sinh(each))), -edge, edge, xtol=1e-10)))


@lru_cache(maxsize=64)
def _chi(df: float) -> tuple[Floats, Floats]:
    """Return nodes and weights of the chi distribution, by Gauss and Legendre over its range."""
    x, w = np.polynomial.legendre.leggauss(_NODES)
    low, high = scipy.stats.chi.ppf([1e-13, 1 - 1e-13], df)
    low = 0.0 if df < 30 else low  # noqa: PLR2004  # few degrees of freedom have mass near nought
    nodes = (high - low) / 2 * x + (high + low) / 2
    weights = w * (high - low) / 2 * scipy.stats.chi.pdf(nodes, df)
    return nodes, weights / weights.sum()

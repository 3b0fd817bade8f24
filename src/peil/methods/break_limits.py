"""Limiting distributions of the tests for a break at an unknown date, for any number of changing coefficients.

With q of them F at a share π of the rows tends to U(π)² = |B(π)|²/(π(1-π)), B being q independent Brownian bridges
(Andrews 1993). In the time ½ log(π/(1-π)) each part of U is a stationary Ornstein-Uhlenbeck process.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache

import numpy as np
from scipy import special

from peil.errors import EvidenceError
from peil.methods.moments import Floats
from peil.methods.step_tables import tables

_TERMS, _NODES = 40, 120
_SURE = 1e-8  # below it 1 less the chance to stay is rounding
_GRID = 400
_KEPT = 100
_VANISHED = 24.0  # the integrand has fallen to exp(-24)
_SHIFT = 0.5826  # -ζ(½)/√(2π)


def largest_p(value: float, q: int, trimming: float, *, dates: float = math.inf) -> float:
    """Return the chance that sup-F exceeds a value, for dates within ``trimming`` and 1 - ``trimming``.

    The squared length z of U is a diffusion with generator 4z f'' + 2(q - z) f', at rest χ²_q. The chance that it stays
    below ``value`` over the time that the dates span is found by Galerkin's method, polynomials that vanish at the value;
    far out in the tail by the expansion of DeLong (1981). No simulation and no table of critical values is needed.

    Parameters:
        value: the largest F.
        q: coefficients that may change.
        trimming: share of rows on either side that is not looked at, below one half.
        dates: how many dates were looked at. The largest of so many is below that of all between them, which the shift of
            Broadie, Glasserman and Kou (1997) makes up for.

    Example:
        >>> round(largest_p(8.68, 1, 0.15, dates=2520), 3), round(largest_p(14.13, 3, 0.15, dates=2520), 3)
        (0.051, 0.05)
    """
    _possible(q, trimming)
    if value <= 0:
        return 1.0
    span = math.log((1 - trimming) / trimming)
    value = (math.sqrt(value) + _SHIFT * math.sqrt(2 * span / dates)) ** 2
    p = 1 - _stays(value, q, span) if value < 200 else 0.0  # noqa: PLR2004  # far beyond rounding
    if p > _SURE:
        return float(min(p, 1.0))
    log_density = (q / 2) * math.log(value / 2) - value / 2 - special.gammaln(q / 2)
    return float(math.exp(max(log_density, -700.0)) * (2 * span * (1 - q / value) + 2 / value))


def average_p(value: float, q: int, trimming: float) -> float:
    """Return the chance that ave-F exceeds a value.

    It is a sum of χ²_q, weighted with the eigenvalues of the covariance of U over the dates; the distribution of the sum
    is that of Imhof (1961).

    Parameters:
        value: the average F.
        q: coefficients that may change.
        trimming: share of rows on either side that is not looked at.

    Example:
        >>> round(average_p(2.88, 1, 0.15), 2)
        0.05
    """
    _possible(q, trimming)
    if value <= 0:
        return 1.0
    weights = _weights(trimming)
    # Far out the leading eigenvalue alone decides.
    top = float(weights[0])
    log_rest = -0.5 * q * float(np.log1p(-weights[1:] / top).sum())
    tail = math.exp(log_rest) * float(special.gammaincc(q / 2, value / (2 * top)))
    if tail < _SURE:
        return tail
    far = 1.0
    while 0.25 * q * float(np.log1p((weights * far) ** 2).sum()) < _VANISHED:
        far *= 1.3
    # Some nodes for each turn of the sine, which value/2 and the weights together drive.
    panels = math.ceil(far * (value + q) / 4) + 20
    node, w = np.polynomial.legendre.leggauss(8)
    edge = far * (np.arange(panels + 1) / panels)
    u = (edge[:-1, None] + np.diff(edge)[:, None] * (node + 1) / 2).ravel()
    w = (np.diff(edge)[:, None] * w / 2).ravel()
    turned = np.outer(u, weights)
    angle = 0.5 * q * np.arctan(turned).sum(axis=1) - 0.5 * value * u
    size = 0.25 * q * np.log1p(turned * turned).sum(axis=1)
    p = 0.5 + float(np.sum(w * np.sin(angle) * np.exp(-size) / u)) / math.pi
    return float(np.clip(p, 0.0, 1.0))


def exponential_p(value: float, q: int, trimming: float) -> float:
    """Return the chance that exp-F exceeds a value, from simulated quantiles; beyond them the tail falls as exp(-x).

    Parameters:
        value: the log of the mean of exp(F/2).
        q: coefficients that may change, up to 12.
        trimming: share of rows on either side that is not looked at, from 0.05 to 0.25.

    Raises:
        EvidenceError: the table does not reach so far.

    Example:
        >>> round(exponential_p(2.06, 1, 0.15), 2)
        0.05
    """
    _possible(q, trimming)
    kept = tables()
    quantiles, grid = kept["exponential"], kept["exponential_trimming"]
    if q > quantiles.shape[0] or not grid[0] - 1e-9 <= trimming <= grid[-1] + 1e-9:
        return math.nan
    at = np.array([np.interp(trimming, grid, quantiles[q - 1, :, j]) for j in range(quantiles.shape[2])])
    return _from_quantiles(value, at, kept["chances"], 1.0)


def window_p(value: float, width: float) -> float:
    """Return the chance that the largest moving sum of a Brownian bridge exceeds a value, from simulated quantiles.

    Parameters:
        value: the statistic of ``break_tests.mosum``.
        width: of the window, as a share, from 0.05 to 0.5.

    Raises:
        EvidenceError: the table does not reach so far.

    Example:
        >>> 0.02 < window_p(1.2123, 0.15) < 0.06
        True
    """
    kept = tables()
    quantiles, grid = kept["window"], kept["window_width"]
    if not grid[0] - 1e-9 <= width <= grid[-1] + 1e-9:
        raise EvidenceError(
            f"there is no table for a window of {width:.0%} of the rows",
            remedy=f"take one of {grid[0]:.0%} to {grid[-1]:.0%}",
        )
    at = np.array([np.interp(width, grid, quantiles[:, j]) for j in range(quantiles.shape[1])])
    # The scaled statistic is the largest of a stationary normal process, whose tail falls as exp(-x²/2).
    scale = math.sqrt(2 * width * (1 - width))
    return _from_quantiles((value / scale) ** 2, (at / scale) ** 2, kept["chances"], 1.0)


def _from_quantiles(value: float, quantiles: Floats, chances: Floats, fall: float) -> float:
    """Return the chance to exceed a value, log-linear between quantiles and falling with exp(-fall·x) beyond the last."""
    logs = np.log(chances)
    if value >= quantiles[-1]:
        return float(math.exp(max(logs[-1] - fall * (value - quantiles[-1]), -700.0)))
    if value <= quantiles[0]:
        return 1.0
    return float(np.exp(np.interp(value, quantiles, logs)))


def _possible(q: int, trimming: float) -> None:
    if q < 1 or not 0 < trimming < 0.5:  # noqa: PLR2004  # one half leaves no date
        raise EvidenceError(
            f"{q} changing coefficients and a trimming of {trimming:.0%} have no distribution",
            remedy="take one coefficient or more, and a trimming below one half",
        )


@lru_cache(maxsize=256)
def _stays(value: float, q: int, span: float) -> float:
    """Return the chance that z, at rest at first, stays below ``value`` for the time ``span``."""
    s, w = special.roots_jacobi(_NODES, 0.0, q / 2 - 1)
    s = (1 + s) / 2
    # χ²_q density on [0, value], its power of z left to the nodes' weights.
    log_scale = (q / 2) * math.log(value / 2) - special.gammaln(q / 2) - (q / 2) * math.log(2)
    w = w * np.exp(log_scale - value * s / 2)
    p = np.array([special.eval_legendre(j, 2 * s - 1) for j in range(_TERMS)])
    d = np.zeros((_TERMS, s.size))
    for j in range(1, _TERMS):
        # Derivatives of Legendre's polynomials, from the two before.
        d[j] = 2 * (2 * j - 1) * p[j - 1] + (d[j - 2] if j > 1 else 0.0)
    f = (1 - s) * p
    slope = ((1 - s) * d - p) / value
    mass = (f * w) @ f.T
    energy = 4 * value * (slope * (w * s)) @ slope.T
    size, v = np.linalg.eigh(mass)
    kept = size > 1e-13 * size[-1]
    root = v[:, kept] / np.sqrt(size[kept])
    rates, basis = np.linalg.eigh(root.T @ energy @ root)
    first = basis.T @ (root.T @ (f @ w))
    return float(np.sum(first**2 * np.exp(-rates * span)))


@cache
def _weights(trimming: float) -> Floats:
    """Return the eigenvalues of the covariance of U over the dates, which add up to 1."""
    share = trimming + (1 - 2 * trimming) * (np.arange(_GRID) + 0.5) / _GRID
    low, high = np.minimum(share[:, None], share), np.maximum(share[:, None], share)
    covariance = np.sqrt(low * (1 - high) / (high * (1 - low))) / _GRID
    values = np.linalg.eigvalsh(covariance)[::-1]
    return np.asarray(values[:_KEPT] / values[:_KEPT].sum(), dtype=np.float64)

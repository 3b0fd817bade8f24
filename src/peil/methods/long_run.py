"""The long-run variance of autocorrelated scores: quadratic spectral kernel, whitened first (Andrews and Monahan 1992)."""

from __future__ import annotations

import numpy as np

from peil.methods.moments import Floats

_STATIONARY = 0.97  # the whitening is kept within this, as Andrews and Monahan do, but whatever the units are
_RATE = 1.3221  # Andrews (1991), equation 6.2


def long_run(scores: Floats, *, fitted: int = 0, constant: Floats | None = None) -> Floats:
    """Return the long-run variance of one row of ``scores`` times the square root of the number of rows.

    Parameters:
        scores: (n, k), a row a period.
        fitted: coefficients that were estimated; the variance grows by n/(n - fitted).
        constant: which columns belong to a constant; they do not count in the choice of the band width, unless there are
            no others.

    Example:
        >>> u = np.random.default_rng(1).normal(size=(4000, 1))
        >>> float(long_run(u)[0, 0]).__round__(1)
        1.0
    """
    n, k = scores.shape
    now, past = scores[1:], scores[:-1]
    a = np.linalg.lstsq(past, now, rcond=None)[0].T
    radius = float(np.abs(np.linalg.eigvals(a)).max())
    if radius > _STATIONARY:
        a = a * (_STATIONARY / radius)
    white = now - past @ a.T
    weight = np.ones(k)
    if constant is not None and not constant.all():
        weight = np.where(constant, 0.0, 1.0)
    width = _width(white, weight)
    rows = white.shape[0]
    total = white.T @ white
    for lag in range(1, rows):
        kernel = _quadratic(lag / width) if width > 0 else 0.0
        cross = white[lag:].T @ white[:-lag]
        total = total + kernel * (cross + cross.T)
    coloured = np.linalg.inv(np.eye(k) - a)
    return np.asarray(coloured @ (total / n) @ coloured.T * (n / (n - fitted)), dtype=np.float64)


def _width(white: Floats, weight: Floats) -> float:
    """Return the band width that is best for first-order autoregressions (Andrews 1991, equations 6.2 and 6.4)."""
    past, now = white[:-1], white[1:]
    rho = (past * now).sum(axis=0) / (past * past).sum(axis=0)
    variance = ((now - rho * past) ** 2).mean(axis=0)
    above = (weight * 4 * rho**2 * variance**2 / (1 - rho) ** 8).sum()
    below = (weight * variance**2 / (1 - rho) ** 4).sum()
    return float(_RATE * (white.shape[0] * above / below) ** 0.2)


def _quadratic(x: float) -> float:
    z = 6 * np.pi * x / 5
    return float(3 / z**2 * (np.sin(z) / z - np.cos(z)))

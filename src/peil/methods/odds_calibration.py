"""How far log odds that somebody gave can be trusted: recalibrated on pairs that were checked (Cox 1958, *Biometrika* 45)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.methods.moments import Floats

DOUBT = (0.5, 0.2)
ORDER = 5
STEPS = 50
CONVERGED = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """How the log odds that were given relate to those that hold, and how sure that is.

    Parameters:
        intercept: above nought where pairs are one person more often than was said.
        slope: below one where the probabilities are surer of themselves than they should be.
        covariance: (2, 2), of both.
    """

    intercept: float
    slope: float
    covariance: Floats

    def points(self, order: int = ORDER) -> tuple[Floats, Floats, Floats]:
        """Return intercepts, slopes and weights that stand for their distribution (Gauss and Hermite's points)."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(order)
        across, down = np.meshgrid(nodes, nodes)
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        shift = root @ np.stack([across.ravel(), down.ravel()])
        weight = np.outer(weights, weights).ravel()
        return self.intercept + shift[0], self.slope + shift[1], weight / weight.sum()


def calibrate(probability: ArrayLike = (), same: ArrayLike = (), *, doubt: tuple[float, float] = DOUBT) -> Calibration:
    """Return the recalibration that an audit of pairs leaves likely, by Newton's steps to the mode.

    Parameters:
        probability: what was said of each audited pair, strictly between 0 and 1.
        same: whether it is one person, as somebody found out.
        doubt: standard deviations of intercept and slope before the audit, around 0 and 1; without an audit they are
            all there is.

    Returns:
        The mode and the curvature there. With much audit it is logistic regression.

    Example:
        >>> calibrate().covariance.diagonal().round(2).tolist()
        [0.25, 0.04]
        >>> said = calibrate([0.9] * 200, [True] * 120 + [False] * 80, doubt=(3.0, 0.01))
        >>> round(float(special.expit(said.intercept + said.slope * special.logit(0.9))), 2)
        0.6
    """
    odds = special.logit(np.asarray(probability, dtype=np.float64))
    truth = np.asarray(same, dtype=np.float64)
    design = np.stack([np.ones_like(odds), odds], axis=1)
    centre, precision = np.array([0.0, 1.0]), np.diag(1 / np.square(np.asarray(doubt, dtype=np.float64)))
    at = centre
    for _ in range(STEPS):
        held = special.expit(design @ at)
        curvature = (design * (held * (1 - held))[:, None]).T @ design + precision
        step = np.linalg.solve(curvature, design.T @ (truth - held) - precision @ (at - centre))
        # a long step can overshoot where the audit is nearly separated
        at = at + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < CONVERGED:
            break
    held = special.expit(design @ at)
    curvature = (design * (held * (1 - held))[:, None]).T @ design + precision
    return Calibration(intercept=float(at[0]), slope=float(at[1]), covariance=np.linalg.inv(curvature))

"""Proportional hazards from counts: how many of each sort were left each day, and how many went (Cox 1972; ties as Efron 1977).

The partial likelihood asks of each day only how many went and were left in each cell of what they are like, so ten million
orders are as quick as ten thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from peil.errors import DefinitionError, EvidenceError
from peil.methods.moments import Floats

_ROUNDS, _SETTLED, _FLAT = 50, 1e-10, 1e-10
_MANY, _NEARLY_ALL = 200, 0.8
_GAUSS = np.polynomial.legendre.leggauss(40)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proportional:
    """Log hazard ratios.

    Parameters:
        value: one a covariate.
        se: their standard errors.
        covariance: of the values.
        events: how many went.
    """

    value: Floats
    se: Floats
    covariance: Floats
    events: int


def proportional(events: ArrayLike, at_risk: ArrayLike, covariates: ArrayLike) -> Proportional:
    """Return log hazard ratios from counts a day and cell.

    Parameters:
        events: how many went, days in rows and cells in columns.
        at_risk: how many were left at the beginning of the day, likewise.
        covariates: of the cells: cells in rows, covariates in columns.

    Raises:
        DefinitionError: counts do not fit, or more went than were left.
        EvidenceError: the counts do not tell the ratios: nobody went, or all who went are alike.

    Example:
        >>> found = proportional([[10, 5], [9, 6]], [[100, 100], [90, 95]], [[0.0], [1.0]])
        >>> found.value.round(3).tolist()
        [-0.595]
    """
    went, left, x = (np.atleast_2d(np.asarray(each, dtype=np.float64)) for each in (events, at_risk, covariates))
    if went.shape != left.shape or x.shape[0] != went.shape[1]:
        raise DefinitionError("events, numbers at risk and covariates do not fit", remedy="one column a cell")
    if np.any(went > left) or np.any(went < 0):
        raise DefinitionError("more went than were left", remedy="count who is left at the beginning of each day")
    days = went.sum(axis=1) > 0
    went, left = went[days], left[days]
    if not went.size:
        raise EvidenceError("nobody went: there is no hazard to compare", remedy="wait for somebody to decide")
    beta = np.zeros(x.shape[1])
    for _ in range(_ROUNDS):
        slope, curve = _slopes(beta, went, left, x)
        if np.linalg.eigvalsh(curve).min() <= _FLAT * went.sum():
            raise EvidenceError(
                "all who went are alike: there is no ratio", remedy="leave out a covariate that does not vary"
            )
        step = np.linalg.solve(curve, slope)
        beta = beta + np.clip(step, -2, 2)
        if np.max(np.abs(step)) < _SETTLED:
            covariance = np.asarray(np.linalg.inv(curve), dtype=np.float64)
            return Proportional(
                value=beta, se=np.sqrt(np.diag(covariance)), covariance=covariance, events=round(went.sum())
            )
    raise EvidenceError("the ratios run off: a cell lost nobody, or everybody at once", remedy="take cells together")


def _slopes(beta: Floats, went: Floats, left: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Return the first derivatives of the log partial likelihood and minus the second."""
    k = beta.size
    theta = np.exp(x @ beta)
    slope, curve = went.sum(axis=0) @ x, np.zeros((k, k))
    for gone, stay in zip(went, left, strict=True):
        d = gone.sum()
        all_, tied = stay * theta, gone * theta
        a, b = all_.sum(), tied.sum()
        a1, b1 = all_ @ x, tied @ x
        a2, b2 = (x * all_[:, None]).T @ x, (x * tied[:, None]).T @ x
        one, with_l, two, with_2l, with_2ll = _ties(a, b, d)
        # sums over l of (a1 - l/d b1) / (a - l/d b) and of the same in second derivatives
        slope = slope - (a1 * one - b1 * with_l)
        curve = curve + (a2 * one - b2 * with_l)
        cross = np.outer(a1, b1)
        curve = curve - (np.outer(a1, a1) * two - (cross + cross.T) * with_2l + np.outer(b1, b1) * with_2ll)
    return slope, curve


def _ties(a: float, b: float, d: float) -> tuple[float, ...]:
    """Return the sums over l = 0 ... d - 1 of 1/D, f/D, 1/D², f/D² and f²/D², where f is l/d and D is a - f b.

    Many ties are summed as Euler and Maclaurin have it, the integral by Gauss's nodes: what is left out falls with d³.
    """
    powers = ((0, 1), (1, 1), (0, 2), (1, 2), (2, 2))
    if d <= _MANY or b > _NEARLY_ALL * a:
        f = np.arange(d) / d
        return tuple(float(np.sum(f**i / (a - f * b) ** j)) for i, j in powers)
    nodes, weights = (each / 2 for each in _GAUSS)
    ends = np.array([0.0, 1.0])
    found = []
    for i, j in powers:
        whole = float(weights @ ((nodes + 0.5) ** i / (a - (nodes + 0.5) * b) ** j))
        edge = ends**i / (a - ends * b) ** j
        slope = i * ends ** max(i - 1, 0) / (a - ends * b) ** j + j * b * ends**i / (a - ends * b) ** (j + 1)
        found.append(d * whole + float(edge[0] - edge[1]) / 2 + float(slope[1] - slope[0]) / (12 * d))
    return tuple(found)

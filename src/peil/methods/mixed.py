"""A mixed model by restricted maximum likelihood from cross-products per agent: the rows themselves are not needed.

Rows of an agent share effects that vary by agent, and agents of a team share one more. With ``X`` the regressors,
``Z`` those of them that vary by agent, and ``L`` the Cholesky factor of the agents' covariance in units of the residual
variance, an agent's part of the likelihood needs ``[X y]'[X y]`` only (Harville 1977; Bates et al. 2015, section 3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from peil.errors import EvidenceError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_STEP = 1e-30
_CLOSE, _POLISHES = 1e-7, 6
_AT_ZERO = 1e-5
_BESIDE = (0.03, 0.1, 0.3)
_CLOSED_FORM = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Cross-products of each agent's rows.

    Parameters:
        cross: one (k + 1, k + 1) matrix an agent: of the k regressors and, last, the outcome. The first regressor is 1.
        rows: how many rows each agent has.
        team: number of each agent's team, from 0; None where teams share nothing.
    """

    cross: Floats
    rows: Integers
    team: Integers | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """A fitted mixed model.

    Parameters:
        beta, covariance: of the regressors.
        residual: variance of one row around its agent.
        agents: covariance of what varies by agent.
        team: variance of what agents of a team share; 0 without teams.
        criterion: minus twice the (restricted) log likelihood.
        factor: Cholesky factor of the agents' covariance over the residual standard deviation.
        varying: which regressors vary by agent.
        n, groups, teams: rows, agents and teams.
    """

    beta: Floats
    covariance: Floats
    residual: float
    agents: Floats
    team: float
    criterion: float
    factor: Floats
    varying: tuple[int, ...]
    n: int
    groups: int
    teams: int

    @property
    def se(self) -> Floats:
        """Standard errors of the regressors."""
        return np.asarray(np.sqrt(np.diag(self.covariance)), np.float64)


def grouped(y: Floats, x: Floats, agent: Integers, team: Integers | None = None) -> Groups:
    """Return the cross-products of rows that are at hand.

    Parameters:
        y: the outcome.
        x: (n, k) regressors, the first of them 1.
        agent: number of each row's agent, from 0.
        team: number of each agent's team.

    Example:
        >>> made = grouped(np.array([1.0, 2.0, 4.0]), np.ones((3, 1)), np.array([0, 0, 1]))
        >>> made.cross.tolist(), made.rows.tolist()
        ([[[2.0, 3.0], [3.0, 5.0]], [[1.0, 4.0], [4.0, 16.0]]], [2, 1])
    """
    columns = np.column_stack([x, y])
    count = int(agent.max()) + 1
    cross = np.empty((count, columns.shape[1], columns.shape[1]))
    for i in range(columns.shape[1]):
        for j in range(i + 1):
            cross[:, i, j] = cross[:, j, i] = np.bincount(agent, columns[:, i] * columns[:, j], count)
    return Groups(cross=cross, rows=np.bincount(agent, minlength=count), team=team)


class _Likelihood:
    """The criterion as a function of the agents' factor and the teams' standard deviation, both over the residual's."""

    def __init__(self, of: Groups, varying: Sequence[int], *, restricted: bool) -> None:
        order = np.argsort(of.team, kind="stable") if of.team is not None else slice(None)
        self.cross = np.ascontiguousarray(np.moveaxis(of.cross[order], 0, -1))
        self.varying = list(varying)
        self.n, self.restricted = int(of.rows.sum()), restricted
        self.teams: Integers | None = None
        if of.team is not None:
            sorted_team = of.team[order]
            self.teams = np.flatnonzero(np.concatenate([[True], sorted_team[1:] != sorted_team[:-1]]))
        self.size = len(self.cross)
        q = len(self.varying)
        self.places = [(i, j) for i in range(q) for j in range(i + 1)]
        self.bounds = [(0.0 if i == j else None, None) for i, j in self.places]
        self.start = [1.0 if i == j else 0.0 for i, j in self.places]
        if self.teams is not None:
            self.bounds.append((0.0, None))
            self.start.append(0.5)

    def factor(self, theta: NDArray[Any]) -> NDArray[Any]:
        made = np.zeros((len(self.varying),) * 2, theta.dtype)
        for place, (i, j) in enumerate(self.places):
            made[i, j] = theta[place]
        return made

    def whitened(self, theta: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return the summed cross-products after weighing, the log determinant of the weights, and the determinants' parts."""
        factor = self.factor(theta)
        half = np.tensordot(factor.T, self.cross[self.varying], 1)
        inner = np.tensordot(half[:, self.varying], factor, (1, 0)).transpose(0, 2, 1)
        inner = inner + np.eye(len(self.varying))[:, :, None]
        inverse, determinant = _inverted(inner)
        left = np.empty_like(half)
        for r in range(len(left)):
            left[r] = sum(inverse[r, s] * half[s] for s in range(len(left)))
        total = np.empty((self.size, self.size), theta.dtype)
        for i in range(self.size):
            for j in range(i + 1):
                taken = sum((half[r, i] * left[r, j]).sum() for r in range(len(left)))
                total[i, j] = total[j, i] = self.cross[i, j].sum() - taken
        logged = np.log(determinant).sum()
        if self.teams is None:
            return total, logged, np.empty(0)
        own = self.cross[0] - sum(half[r, 0] * left[r] for r in range(len(left)))
        shared = np.add.reduceat(own, self.teams, axis=1)
        ratio = theta[-1] ** 2
        weight = 1 + ratio * shared[0]
        return total - ratio * (shared / weight) @ shared.T, logged + np.log(weight).sum(), shared

    def __call__(self, theta: NDArray[Any]) -> Any:  # noqa: ANN401  # a float, or a complex number for its slope
        total, logged, _ = self.whitened(theta)
        xx, xy = total[:-1, :-1], total[:-1, -1]
        left = total[-1, -1] - xy @ np.linalg.solve(xx, xy)
        free = self.n - (self.size - 1 if self.restricted else 0)
        found = logged + free * (1 + np.log(2 * math.pi * left / free))
        return found + np.log(np.linalg.det(xx)) if self.restricted else found

    def slope(self, theta: Floats) -> Floats:
        """Return the exact gradient, from steps in the complex plane (Squire and Trapp 1998)."""
        made = np.empty(len(theta))
        for place in range(len(theta)):
            moved = theta.astype(complex)
            moved[place] += 1j * _STEP
            made[place] = self(moved).imag / _STEP
        return made


def _inverted(inner: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the inverse and the determinant of each of many small matrices, the last axis telling them apart."""
    size = len(inner)
    if size > _CLOSED_FORM:
        apart = np.moveaxis(inner, -1, 0)
        return np.moveaxis(np.linalg.inv(apart), 0, -1), np.linalg.det(apart)
    if size == 1:
        return 1 / inner, inner[0, 0]
    (a, b), (c, d) = inner
    determinant = a * d - b * c
    return np.stack([np.stack([d, -b]), np.stack([-c, a])]) / determinant, determinant


def fit(of: Groups, varying: Sequence[int] = (0,), *, restricted: bool = True) -> Mixed:
    """Fit a mixed model.

    Parameters:
        of: cross-products of each agent.
        varying: places of the regressors that vary by agent: ``(0,)`` is an intercept, ``(0, 1)`` a slope as well.
        restricted: restricted likelihood, as is usual; without it, plain maximum likelihood.

    Raises:
        EvidenceError: there are fewer than two agents, no rows beyond the agents, or regressors that tell the same.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> agent = np.repeat(np.arange(200), 10)
        >>> y = 3 + rng.normal(0, 2, 200)[agent] + rng.normal(0, 1, 2000)
        >>> found = fit(grouped(y, np.ones((2000, 1)), agent))
        >>> round(found.residual ** 0.5, 1), round(float(found.agents[0, 0]) ** 0.5, 1)
        (1.0, 1.9)
    """
    count, n = len(of.rows), int(of.rows.sum())
    if count < 2 or n <= count:  # noqa: PLR2004  # a spread needs two
        raise EvidenceError(
            f"{count} agents with {n} rows tell nothing of how agents differ", remedy="take more agents or longer"
        )
    xx = of.cross[:, :-1, :-1].sum(axis=0)
    scaled = xx / np.sqrt(np.outer(np.diag(xx), np.diag(xx))) if np.diag(xx).all() else np.zeros_like(xx)
    if np.linalg.matrix_rank(scaled) < len(xx):
        raise EvidenceError("regressors of the mixed model tell the same", remedy="leave one of them out")
    target = _Likelihood(of, varying, restricted=restricted)
    theta = _minimum(target)
    total, _, _ = target.whitened(theta)
    xx, xy = total[:-1, :-1], total[:-1, -1]
    inverse = np.linalg.inv(xx)
    beta = inverse @ xy
    free = n - (len(beta) if restricted else 0)
    residual = float((total[-1, -1] - xy @ beta) / free)
    factor = target.factor(theta)
    return Mixed(
        beta=beta,
        covariance=residual * inverse,
        residual=residual,
        agents=residual * factor @ factor.T,
        team=residual * float(theta[-1]) ** 2 if of.team is not None else 0.0,
        criterion=float(target(theta)),
        factor=factor,
        varying=tuple(varying),
        n=n,
        groups=count,
        teams=0 if target.teams is None else len(target.teams),
    )


def _minimum(target: _Likelihood) -> Floats:
    theta = _descended(target, np.array(target.start))
    # at nought the slope is nought whether it goes up or down from there: a look beside it tells
    for place, (low, _) in enumerate(target.bounds):
        for away in _BESIDE:
            moved = theta.copy()
            moved[place] = away
            if low == 0.0 and theta[place] == 0.0 and target(moved) < target(theta):
                theta = _descended(target, moved)
    return _polished(target, theta)


def _descended(target: _Likelihood, start: Floats) -> Floats:
    found = scipy.optimize.minimize(
        target,
        start,
        jac=target.slope,
        method="L-BFGS-B",
        bounds=target.bounds,
        options={"ftol": 1e-15, "gtol": 1e-7, "maxiter": 200},
    )
    theta = np.asarray(found.x, np.float64)
    for place, (low, _) in enumerate(target.bounds):
        if low == 0.0 and theta[place] < _AT_ZERO:
            theta[place] = 0.0
    return theta


def _polished(target: _Likelihood, theta: Floats) -> Floats:
    """Take Newton steps along what is not held at zero, for the last digits."""
    free = [place for place, (low, _) in enumerate(target.bounds) if low is None or theta[place] > 0]
    if not free:
        return theta
    for _ in range(_POLISHES):
        slope = target.slope(theta)[free]
        curve = np.empty((len(free), len(free)))
        for row, place in enumerate(free):
            size = 1e-6 * max(1.0, abs(theta[place]))
            moved = theta.copy()
            moved[place] += size
            curve[row] = (target.slope(moved)[free] - slope) / size
        try:
            step = np.linalg.solve((curve + curve.T) / 2, slope)
        except np.linalg.LinAlgError:
            return theta
        moved = theta.copy()
        moved[free] -= step
        if any(low == 0.0 and moved[place] < 0 for place, (low, _) in enumerate(target.bounds)):
            return theta
        if target(moved) > target(theta) + _CLOSE:
            return theta
        theta = moved
        if np.abs(step).max() < _CLOSE:
            break
    return theta

"""Linear and logistic regression of a designed sample, from sums per cluster or per pattern of what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from peil.errors import EvidenceError
from peil.methods.association import scatter
from peil.methods.moments import Floats, Integers, Strata

Family = Literal["linear", "logistic"]
ROUNDS = 100
NEAR = 1e-12  # how little a step may still change the fit
SINGULAR = 1e-10  # a column explained this well by the others has no coefficient of its own
APART = 30.0  # log odds beyond which answers are told apart for certain


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regression:
    """Coefficients of a regression with what the design makes of their uncertainty.

    Parameters:
        coefficient: one a column.
        covariance: of the coefficients.
        df: clusters less strata, and one less for each coefficient after the first.
    """

    coefficient: Floats
    covariance: Floats
    df: float

    @property
    def se(self) -> Floats:
        """Standard errors of the coefficients."""
        return np.sqrt(np.diag(self.covariance))


def linear(xx: Floats, xy: Floats, stratum: Integers, strata: Strata, *, singleton: str = "refuse") -> Regression:
    """Return the weighted least squares fit with the sandwich variance of the design (Fuller 1975; Binder 1983).

    B = A⁻¹ Σ_i X'Wy_i with A = Σ_i X'WX_i; the scores of cluster i are X'Wy_i - X'WX_i B, so that sums per cluster carry
    everything and rows are read once.

    Parameters:
        xx: (clusters, k, k), X'WX of each cluster.
        xy: (clusters, k), X'Wy of each cluster.
        stratum: the stratum of each cluster.
        strata: the whole design.
        singleton: what to do with a stratum of one cluster: ``refuse`` or ``certainty``.

    Raises:
        EvidenceError: a column is explained by the others.

    Example:
        >>> x = np.array([[1.0, 0], [1, 1], [1, 2], [1, 3]])
        >>> xx, xy = x[:, :, None] * x[:, None, :], x * np.array([1.0, 3, 5, 6])[:, None]
        >>> fit = linear(xx, xy, np.zeros(4, dtype=int), Strata(clusters=np.array([4.0])))
        >>> fit.coefficient.round(6).tolist(), fit.se.round(6).tolist(), fit.df
        ([1.2, 1.7], [0.187617, 0.133666], 2.0)
    """
    information = xx.sum(axis=0)
    inverse = _inverse(information)
    b = inverse @ xy.sum(axis=0)
    z = xy - np.einsum("ijk,k->ij", xx, b)
    return _made(b, inverse, z, stratum, strata, singleton)


def logistic(
    x: Floats,
    weight: Floats,
    yes: Floats,
    cluster: Integers,
    stratum: Integers,
    strata: Strata,
    *,
    singleton: str = "refuse",
) -> Regression:
    """Return the pseudo maximum likelihood fit of log odds (Binder 1983), by Newton's method.

    Parameters:
        x: (patterns, k); one row for each pattern of predictors that a cluster has.
        weight: weight of the pattern's rows.
        yes: weight of those that answered yes.
        cluster: the cluster of each pattern, from 0.
        stratum: the stratum of each cluster.
        strata: the whole design.
        singleton: as in ``linear``.

    Raises:
        EvidenceError: a column is explained by the others, or tells yes from no without fail.

    Example:
        >>> x = np.array([[1.0, 0], [1, 0], [1, 1], [1, 1]])
        >>> fit = logistic(x, np.array([4.0, 4, 4, 4]), np.array([1.0, 1, 3, 3]), np.arange(4), np.zeros(4, dtype=int),
        ...                Strata(clusters=np.array([4.0])))
        >>> fit.coefficient.round(4).tolist()
        [-1.0986, 2.1972]
    """
    total = weight.sum()
    if not 0 < yes.sum() < total:
        raise EvidenceError(
            "everybody gave the same answer, so nothing can explain it",
            remedy="widen the filter, or ask about another answer",
        )
    # the mean weight is 1, so that what is near does not hang on the scale of the weights
    w, y = weight / total, yes / total
    b = np.zeros(x.shape[1])
    deviance = np.inf
    for _ in range(ROUNDS):
        p = special.expit(x @ b)
        information = (x * (w * p * (1 - p))[:, None]).T @ x
        inverse = _inverse(information)
        score = x.T @ (y - w * p)
        step = inverse @ score
        for _ in range(ROUNDS):
            reached = _deviance(x @ (b + step), w, y)
            if reached <= deviance + NEAR:
                break
            step = step / 2
        b, deviance = b + step, reached
        if np.abs(x @ b).max() > APART:
            raise EvidenceError(
                "a predictor tells yes from no without fail, so its odds have no bound",
                remedy="leave it out, or join its levels",
            )
        if float(score @ step) < NEAR * NEAR and float(np.abs(step).max()) < np.sqrt(NEAR):
            break
    else:
        raise EvidenceError(f"the fit does not settle within {ROUNDS} rounds", remedy="use fewer predictors")
    p = special.expit(x @ b)
    inverse = _inverse((x * (weight * p * (1 - p))[:, None]).T @ x)
    z = np.zeros((stratum.size, x.shape[1]))
    np.add.at(z, cluster, x * (yes - weight * p)[:, None])
    return _made(b, inverse, z, stratum, strata, singleton)


def _made(b: Floats, inverse: Floats, z: Floats, stratum: Integers, strata: Strata, singleton: str) -> Regression:
    middle = scatter(z, stratum, strata, singleton=singleton)
    df = float(np.sum(np.maximum(strata.clusters - 1, 0))) + 1 - b.size
    if not df > 0:
        raise EvidenceError(
            f"{b.size} coefficients leave no degrees of freedom to judge them by",
            remedy="use fewer predictors, or more clusters",
        )
    return Regression(coefficient=b, covariance=inverse @ middle @ inverse, df=df)


def _inverse(information: Floats) -> Floats:
    """Return the inverse, reckoned with columns of one scale."""
    size = np.sqrt(np.diag(information))
    if np.any(size <= 0):
        raise EvidenceError("a predictor is nought everywhere", remedy="leave it out")
    scaled = information / np.outer(size, size)
    if float(np.linalg.eigvalsh(scaled)[0]) < SINGULAR:
        raise EvidenceError(
            "a predictor is explained by the others, so it has no coefficient of its own", remedy="leave one out"
        )
    return np.asarray(np.linalg.inv(scaled) / np.outer(size, size), dtype=np.float64)


def _deviance(eta: Floats, w: Floats, y: Floats) -> float:
    return float(2 * np.sum(w * np.logaddexp(0.0, eta) - y * eta))

"""One factor that several items share, by maximum likelihood, for many correlation matrices at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from peil.errors import EvidenceError
from peil.methods.moments import Floats

FEWEST_ITEMS = 2
# R's factanal keeps uniquenesses from here up; one that ends here wants to be negative (a Heywood case).
LEAST_UNIQUENESS = 0.005
_AT_BOUND = 1.001 * LEAST_UNIQUENESS
# Steps of EM before scoring, steps of scoring at most, the longest of them, and when nothing moves any more.
_NEAR, _STEPS, _LONGEST, _STILL = 30, 200, 0.2, 1e-9
_RIDGE = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OneFactor:
    """A model in which items share one factor, fitted to their correlations by maximum likelihood (Jöreskog 1967).

    Parameters:
        loadings: of the standardised items.
        uniquenesses: what each has of its own.
        improper: items whose uniqueness wants to be negative: Heywood cases, with which the model does not fit.
        misfit: root mean square of the correlations that the model leaves unexplained (SRMR).
    """

    loadings: Floats
    uniquenesses: Floats
    improper: tuple[int, ...]
    misfit: float


def standardised(covariance: Floats) -> Floats:
    """Return the correlations of covariances.

    Example:
        >>> standardised(np.array([[4.0, 1.0], [1.0, 1.0]])).tolist()
        [[1.0, 0.5], [0.5, 1.0]]
    """
    scale = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    made: Floats = covariance / scale[..., :, None] / scale[..., None, :]
    return made


def checked(covariance: Floats) -> int:
    """Return how many items there are, once it is sure that they can be a scale.

    Raises:
        EvidenceError: there are fewer than two items, one does not vary, or they cancel out.

    Example:
        >>> checked(np.eye(3))
        3
    """
    k = covariance.shape[-1]
    if k < FEWEST_ITEMS:
        raise EvidenceError(f"a scale of {k} item has no reliability to reckon", remedy="name two items or more")
    if not np.all(np.isfinite(covariance)):
        raise EvidenceError("the items' covariances are no numbers", remedy="count respondents who answered every item")
    still = np.flatnonzero(np.diagonal(covariance) <= 0)
    if still.size:
        raise EvidenceError(
            f"item {int(still[0]) + 1} does not vary, or has a negative variance", remedy="leave it out of the scale"
        )
    if covariance.sum() <= 0:
        raise EvidenceError(
            "the items cancel one another out: their sum does not vary", remedy="turn round the items put the other way"
        )
    return int(k)


def one_factor(covariance: Floats) -> OneFactor:
    """Fit one factor to items by maximum likelihood.

    Parameters:
        covariance: of three items or more.

    Raises:
        EvidenceError: there are fewer than three items, or one does not vary.

    Example:
        >>> found = one_factor(np.array([[1.0, 0.56, 0.48], [0.56, 1.0, 0.42], [0.48, 0.42, 1.0]]))
        >>> found.loadings.round(3).tolist()
        [0.8, 0.7, 0.6]
    """
    k = checked(covariance)
    if k == FEWEST_ITEMS:
        raise EvidenceError("one factor cannot be known from two items", remedy="use spearman_brown, and say so")
    s = standardised(covariance)
    # the likelihood can have several tops: begin at the first component, and near each item
    starts = np.concatenate([component(s[None]), np.where(np.eye(k) > 0, 0.95, 0.5)])
    loadings, psi = likeliest(s[None], [each[None] for each in starts])
    loadings, psi = loadings[0], psi[0]
    loadings = loadings * (-1.0 if loadings.sum() < 0 else 1.0)
    left = s - np.outer(loadings, loadings)
    pairs = left[np.triu_indices(k, 1)]
    return OneFactor(
        loadings=loadings,
        uniquenesses=psi,
        improper=tuple(np.flatnonzero(psi < _AT_BOUND).tolist()),
        misfit=float(np.sqrt((pairs * pairs).sum() / (k * (k + 1) / 2))),
    )


def omega(loadings: Floats, uniquenesses: Floats) -> Floats:
    """Return McDonald's (1999) omega: the share of the sum's variance that the one factor makes.

    Example:
        >>> float(omega(np.array([0.8, 0.7, 0.6]), np.array([0.36, 0.51, 0.64])).round(4))
        0.7449
    """
    common = loadings.sum(axis=-1) ** 2
    return np.asarray(common / (common + uniquenesses.sum(axis=-1)), dtype=np.float64)


def _fitted(correlations: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Fit one factor to many matrices at once: EM steps (Rubin and Thayer 1982) until near, then Fisher's scoring.

    A uniqueness that wants to be smaller than it may be stays where it is while the others move.
    """
    shape = correlations.shape[:-1]
    loadings = np.broadcast_to(start, shape).copy()
    psi = np.broadcast_to(np.clip(1 - start * start, 2 * LEAST_UNIQUENESS, None), shape).copy()
    for _ in range(_NEAR):
        loadings, psi = _em(correlations, loadings, psi)
    going = np.arange(len(correlations))
    for _ in range(_STEPS):
        step_loadings, step_psi = _scoring(correlations[going], loadings[going], psi[going])
        longest = np.maximum(np.abs(step_loadings), np.abs(step_psi)).max(axis=-1, keepdims=True)
        shorter = np.minimum(1.0, _LONGEST / np.maximum(longest, _STILL))
        loadings[going] += shorter * step_loadings
        before = psi[going]
        psi[going] = np.maximum(before + shorter * step_psi, LEAST_UNIQUENESS)
        moved = np.maximum(np.abs(step_loadings), np.abs(psi[going] - before)).max(axis=-1)
        going = going[moved > _STILL]
        if not going.size:
            break
    return loadings, psi


def component(correlations: Floats) -> Floats:
    """Return loadings somewhat below those of the first principal component, from which to begin.

    Example:
        >>> np.abs(component(np.array([[[1.0, 0.5], [0.5, 1.0]]]))).round(2).tolist()
        [[0.78, 0.78]]
    """
    values, vectors = np.linalg.eigh(correlations)
    made: Floats = 0.9 * vectors[:, :, -1] * np.sqrt(values[:, -1:])
    return made


def likeliest(correlations: Floats, starts: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Fit from several starts and keep, for each matrix, the fit that makes it likeliest.

    Parameters:
        correlations: one matrix a fit.
        starts: loadings to begin with, for all or for each.

    Returns:
        Loadings and uniquenesses, one row a matrix.

    Example:
        >>> one = np.array([[1.0, 0.56, 0.48], [0.56, 1.0, 0.42], [0.48, 0.42, 1.0]])
        >>> likeliest(np.stack([one, one]), [np.full(3, 0.5)])[0].round(2).tolist()
        [[0.8, 0.7, 0.6], [0.8, 0.7, 0.6]]
    """
    best_loadings, best_psi = _fitted(correlations, starts[0])
    best = _lack(correlations, best_loadings, best_psi)
    for start in starts[1:]:
        loadings, psi = _fitted(correlations, start)
        lack = _lack(correlations, loadings, psi)
        better = lack < best
        best = np.where(better, lack, best)
        best_loadings = np.where(better[:, None], loadings, best_loadings)
        best_psi = np.where(better[:, None], psi, best_psi)
    return best_loadings, best_psi


def _lack(correlations: Floats, loadings: Floats, psi: Floats) -> Floats:
    """Return log |Σ| + tr(S Σ⁻¹): less is likelier."""
    inner = loadings / psi
    common = 1 + (loadings * inner).sum(axis=-1)
    joint = np.einsum("bi,bij,bj->b", inner, correlations, inner) / common
    made: Floats = np.log(psi).sum(axis=-1) + np.log(common) + (1 / psi).sum(axis=-1) - joint
    return made


def _em(correlations: Floats, loadings: Floats, psi: Floats) -> tuple[Floats, Floats]:
    inner = loadings / psi
    left = 1 / (1 + (loadings * inner).sum(axis=-1, keepdims=True))
    weights = inner * left
    with_factor = np.einsum("bij,bj->bi", correlations, weights)
    made = with_factor / (left + (weights * with_factor).sum(axis=-1, keepdims=True))
    return made, np.maximum(1 - made * with_factor, LEAST_UNIQUENESS)


def _scoring(correlations: Floats, loadings: Floats, psi: Floats) -> tuple[Floats, Floats]:
    """Return the step of Fisher's scoring for loadings and uniquenesses, those at their bound held fast."""
    k = loadings.shape[-1]
    diagonal = np.arange(k)
    inner = loadings / psi
    common = 1 + (loadings * inner).sum(axis=-1)
    inverse = -inner[:, :, None] * inner[:, None, :] / common[:, None, None]
    inverse[:, diagonal, diagonal] += 1 / psi
    model = loadings[:, :, None] * loadings[:, None, :]
    model[:, diagonal, diagonal] += psi
    pull = inverse @ (correlations - model) @ inverse
    towards = inner / common[:, None]
    information = np.empty((len(loadings), 2 * k, 2 * k))
    information[:, :k, :k] = towards[:, :, None] * towards[:, None, :]
    information[:, :k, :k] += inverse * (loadings * towards).sum(axis=-1)[:, None, None]
    information[:, :k, k:] = inverse * towards[:, None, :]
    information[:, k:, :k] = np.swapaxes(information[:, :k, k:], 1, 2)
    information[:, k:, k:] = inverse * inverse / 2
    slope = np.concatenate([np.einsum("bij,bj->bi", pull, loadings), np.diagonal(pull, axis1=1, axis2=2) / 2], axis=-1)
    fast = np.concatenate([np.zeros_like(psi, dtype=bool), (psi <= _AT_BOUND) & (slope[:, k:] < 0)], axis=-1)
    information = np.where(fast[:, :, None] | fast[:, None, :], 0.0, information)
    information[:, np.arange(2 * k), np.arange(2 * k)] += np.where(fast, 1.0, _RIDGE)
    step = np.linalg.solve(information, np.where(fast, 0.0, slope)[:, :, None])[:, :, 0]
    return step[:, :k], step[:, k:]

"""Weights made again for each replicate, on cells of respondents who are alike in all that they are weighted by."""

from __future__ import annotations

import numpy as np
import scipy

from peil.errors import EvidenceError
from peil.methods.moments import Floats, Integers
from peil.methods.replicated import Reweigh

NEAR_ENOUGH = 1e-8  # how near the totals have to come, as a part of the largest


def raking(
    clusters: Integers,
    cells: Integers,
    weights: Floats,
    levels: tuple[Integers, ...],
    targets: tuple[Floats, ...],
    *,
    most: int = 200,
    near: float = 1e-10,
) -> Reweigh:
    """Return a function that rakes every replicate to the same margins (Deming and Stephan 1940), on cells.

    Where the weights of the whole sample are raked already the factors begin at 1 and stay near it: raking goes on from
    raked weights as it would from the first.

    Parameters:
        clusters: of each entry of the weights.
        cells: of each entry, from 0.
        weights: sum of the weights of the cluster in the cell.
        levels: for each margin, the level of each cell; cells that it says nothing of are at a level beyond its last.
        targets: for each margin, the sum that each level is to have.
        most: rounds before it gives up.
        near: how near every level has to come, as a part of its target.

    Returns:
        From multipliers (clusters x replicates) to factors (cells x replicates). It raises an ``EvidenceError`` where a
        replicate has nobody in a level, or where rounds run out.

    Example:
        >>> rake = raking(np.arange(2), np.arange(2), np.array([1.0, 3.0]), (np.arange(2),), (np.array([2.0, 2.0]),))
        >>> rake(np.ones((2, 1))).ravel().round(4).tolist()
        [2.0, 0.6667]
    """
    n_cells = levels[0].size
    members = [
        scipy.sparse.csr_array((np.ones(n_cells), (level, np.arange(n_cells))), shape=(target.size + 1, n_cells))
        for level, target in zip(levels, targets, strict=True)
    ]

    def reweigh(block: Floats) -> Floats:
        summed = scipy.sparse.csr_array((weights, (cells, clusters)), shape=(n_cells, block.shape[0]))
        made = np.asarray(summed @ block)
        factor = np.ones_like(made)
        for _ in range(most):
            furthest = 0.0
            for level, member, target in zip(levels, members, targets, strict=True):
                now = (member @ made)[: target.size]
                wanted = target[:, None]
                if np.any((now <= 0) & (wanted > 0)):
                    raise EvidenceError(
                        "a replicate has nobody in a level of a margin, so it cannot be weighted to it",
                        remedy="join small levels, or use a bootstrap, which leaves nobody out altogether",
                    )
                change = np.divide(wanted, now, out=np.ones_like(now), where=now > 0)
                furthest = max(furthest, float(np.abs(change - 1).max()))
                step = np.vstack([change, np.ones((1, change.shape[1]))])[level]
                made *= step
                factor *= step
            if furthest < near:
                return factor
        raise EvidenceError(
            f"a replicate's weights do not meet the margins within {most} rounds",
            remedy="join small levels of the margins",
        )

    return reweigh


def linear(clusters: Integers, cells: Integers, weights: Floats, known: Floats, targets: Floats) -> Reweigh:
    """Return a function that calibrates every replicate linearly (Särndal, Swensson and Wretman 1992, 6.4), on cells.

    A replicate's weights are those it began with times 1 + x'λ, with λ = (Σ w x x')⁻¹ (t - Σ w x); the factor is what
    that is over the same in the whole sample.

    Parameters:
        clusters: of each entry of the weights.
        cells: of each entry, from 0.
        weights: sum of the weights before calibration of the cluster in the cell.
        known: (cells, k), what is known of the population: levels as 0 and 1, numbers as they are.
        targets: (k,), its totals.

    Returns:
        From multipliers (clusters x replicates) to factors (cells x replicates).

    Example:
        >>> again = linear(np.arange(2), np.arange(2), np.array([1.0, 3.0]), np.eye(2), np.array([2.0, 2.0]))
        >>> again(np.array([[1.0, 2.0], [1.0, 0.5]])).round(4).tolist()
        [[1.0, 0.5], [1.0, 2.0]]
    """
    n_cells, k = known.shape
    size = np.maximum(np.abs(known).max(axis=0), np.finfo(np.float64).tiny)
    x, t = known / size, targets / size
    rows = scipy.sparse.csr_array(x)
    outer = scipy.sparse.csr_array((x[:, :, None] * x[:, None, :]).reshape(n_cells, k * k))

    def factors(made: Floats) -> Floats:
        gram = np.asarray(outer.T @ made).T.reshape(-1, k, k)
        short = t[None, :] - np.asarray(rows.T @ made).T
        step = np.einsum("rij,rj->ri", np.linalg.pinv(gram, rcond=1e-10, hermitian=True), short)
        g = 1 + rows @ step.T
        left = np.abs(np.asarray(rows.T @ (made * g)).T - t).max(axis=1)
        if np.any(left > NEAR_ENOUGH * np.abs(t).max()):
            raise EvidenceError(
                "a replicate's weights cannot meet what is known of the population",
                remedy="join small levels of the margins",
            )
        return np.asarray(g, dtype=np.float64)

    def reweigh(block: Floats) -> Floats:
        summed = scipy.sparse.csr_array((weights, (cells, clusters)), shape=(n_cells, block.shape[0]))
        whole = factors(np.asarray(summed @ np.ones((block.shape[0], 1))))
        return factors(np.asarray(summed @ block)) / whole

    return reweigh

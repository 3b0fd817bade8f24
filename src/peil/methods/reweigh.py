"""Weights made again for each replicate, on cells of respondents who are alike in all that they are weighted by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy

from peil.errors import EvidenceError
from peil.methods.distances import Distance, straight
from peil.methods.moments import Floats, Integers
from peil.methods.replicated import Reweigh

NEAR_ENOUGH = 1e-8  # how near the totals have to come, as a part of the largest
CLOSE = 1e-12  # and how near they are to come where rounding lets them
STEPS, HALVED, GAIN = 50, 12, 1e-3
MOST_FACTORS = 200_000_000  # factors held at a time: 1.6 GB


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


def calibrating(
    clusters: Integers,
    cells: Integers,
    weights: Floats,
    known: Floats,
    targets: Floats,
    *,
    distance: Distance = straight,
) -> Reweigh:
    """Return a function that calibrates every replicate (Deville and Särndal 1992), on cells.

    A replicate's weights are those it began with times F(x'λ), where λ is found by Newton's method, all replicates of a
    block side by side; the factor is what that is over the same in the whole sample, whose λ every replicate starts from.

    Parameters:
        clusters: of each entry of the weights.
        cells: of each entry, from 0.
        weights: sum of the weights before calibration of the cluster in the cell.
        known: (cells, k), what is known of the population: levels as 0 and 1, numbers as they are.
        targets: (k,), its totals.
        distance: F and its slope; 1 + u is the generalised regression (Särndal, Swensson and Wretman 1992, 6.4).

    Returns:
        From multipliers (clusters x replicates) to factors (cells x replicates). It raises an ``EvidenceError`` where a
        replicate cannot meet what is known.

    Example:
        >>> again = calibrating(np.arange(2), np.arange(2), np.array([1.0, 3.0]), np.eye(2), np.array([2.0, 2.0]))
        >>> again(np.array([[1.0, 2.0], [1.0, 0.5]])).round(4).tolist()
        [[1.0, 0.5], [1.0, 2.0]]
    """
    n_cells = known.shape[0]
    size = np.maximum(np.abs(known).max(axis=0), np.finfo(np.float64).tiny)
    newton = _Newton.of(known / size, targets / size, distance)

    def reweigh(block: Floats) -> Floats:
        if n_cells * block.shape[1] > MOST_FACTORS:
            raise EvidenceError(
                f"{n_cells:,} kinds of respondents are too many to calibrate {block.shape[1]:,} replicates of",
                remedy="round in SQL the number that is calibrated to, or use linearised standard errors",
            )
        summed = scipy.sparse.csr_array((weights, (cells, clusters)), shape=(n_cells, block.shape[0]))
        g, at = newton.solved(np.asarray(summed @ np.ones((block.shape[0], 1))), np.zeros((1, size.size)))
        return newton.solved(np.asarray(summed @ block), np.repeat(at, block.shape[1], axis=0))[0] / g

    return reweigh


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Newton:
    """Newton's method on many replicates side by side: auxiliaries, their products, and what they are to add up to."""

    rows: scipy.sparse.csr_array
    outer: scipy.sparse.csr_array
    targets: Floats
    distance: Distance

    @classmethod
    def of(cls, x: Floats, targets: Floats, distance: Distance) -> Self:
        """Return it for auxiliaries (cells, k) of the size of 1."""
        outer = scipy.sparse.csr_array((x[:, :, None] * x[:, None, :]).reshape(x.shape[0], -1))
        return cls(rows=scipy.sparse.csr_array(x), outer=outer, targets=targets, distance=distance)

    def met(self, made: Floats, at: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return factors and slopes (cells x replicates), what is short, and the largest of it in each replicate."""
        with np.errstate(over="ignore", invalid="ignore"):
            g, slope = self.distance(np.asarray(self.rows @ at.T))
            short = self.targets[None, :] - np.asarray(self.rows.T @ (made * g)).T
        return g, slope, short, np.nan_to_num(np.abs(short).max(axis=1), nan=np.inf)

    def solved(self, made: Floats, at: Floats) -> tuple[Floats, Floats]:
        """Return factors, and λ of each replicate, given weights (cells x replicates) and where to begin."""
        k, whole = self.targets.size, np.abs(self.targets).max()
        now = self.met(made, at)
        for _ in range(STEPS):
            if np.all(now[3] <= CLOSE * whole):
                break
            gram = np.asarray(self.outer.T @ (made * now[1])).T.reshape(-1, k, k)
            step = np.einsum("rij,rj->ri", np.linalg.pinv(gram, rcond=1e-10, hermitian=True), now[2])
            stride = np.ones((at.shape[0], 1))
            tried = self.met(made, at + step)
            for _ in range(HALVED):
                worse = tried[3] > np.maximum(now[3], CLOSE * whole)
                if not worse.any():
                    break
                stride[worse] /= 2
                tried = self.met(made, at + stride * step)
            if np.all(tried[3] >= now[3] * (1 - GAIN)):
                break  # as near as rounding lets it come
            at, now = at + stride * step, tried
        if np.any(now[3] > NEAR_ENOUGH * whole):
            raise EvidenceError(
                "a replicate's weights cannot meet what is known of the population",
                remedy="join small levels of the margins, widen bounds, or use a bootstrap, which leaves nobody out altogether",
            )
        return now[0], at

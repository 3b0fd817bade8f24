"""Whether two questions hang together in a designed sample: the test of Rao and Scott."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from peil.errors import EvidenceError
from peil.methods.moments import Floats, Integers, Strata


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """A test of independence.

    Parameters:
        f: the test statistic, an F under independence.
        df1: its first degrees of freedom.
        df2: its second.
        p: chance of as large an F when the two are independent.
        chi2: Pearson's X² of the weighted shares at the sample's n, before the design is reckoned with.
        deff: mean design effect of what is tested, by which X² is divided.
        v: Cramér's V, from 0 to 1: how strongly they hang together.
    """

    f: float
    df1: float
    df2: float
    p: float
    chi2: float
    deff: float
    v: float


def scatter(z: Floats, stratum: Integers, strata: Strata, *, singleton: str = "refuse") -> Floats:
    """Return Σ_h (1 - n_h/N_h) n_h/(n_h - 1) Σ_i (z_hi - z̄_h)(z_hi - z̄_h)': the covariance of the sum of z.

    Parameters:
        z: (clusters, k), one row for each cluster that has anything; the others count as nought.
        stratum: the stratum of each.
        strata: the design.
        singleton: what to do with a stratum of one cluster: ``refuse`` or ``certainty``.

    Example:
        >>> scatter(np.array([[1.0], [3.0]]), np.array([0, 0]), Strata(clusters=np.array([2.0]))).tolist()
        [[4.0]]
    """
    factor = strata.factors(singleton=singleton)
    sums = np.zeros((strata.clusters.size, z.shape[1]))
    np.add.at(sums, stratum, z)
    within = (z * factor[stratum][:, None]).T @ z
    return np.asarray(within - (sums * (factor / np.maximum(strata.clusters, 1))[:, None]).T @ sums, dtype=np.float64)


def association(shares: Floats, covariance: Floats, *, n: float, df: float) -> Association:
    """Return the second-order corrected test of Rao and Scott (1984) with the F of Thomas and Rao (1987).

    With C a basis of what independence leaves no room for, C' log p is nought under it. The δ are the eigenvalues of
    (C' D⁻¹ C / n)⁻¹ (C' D⁻¹ V D⁻¹ C), with D = diag(p) and V the design's covariance of p. X² / Σδ is taken for an F with
    (Σδ)² / Σδ² and df (Σδ)² / Σδ² degrees of freedom.

    Parameters:
        shares: (rows, columns), weighted shares of the cells, adding up to 1.
        covariance: of those shares, cells in row order.
        n: respondents.
        df: degrees of freedom of the design.

    Raises:
        EvidenceError: there is one row or column, or one that nobody is in.

    Example:
        >>> p = np.array([[0.3, 0.2], [0.2, 0.3]])
        >>> flat = p.ravel()
        >>> found = association(p, (np.diag(flat) - np.outer(flat, flat)) / 100, n=100, df=99)
        >>> round(found.f, 6), round(found.df1, 6), round(found.p, 4)
        (4.0, 1.0, 0.0482)
    """
    rows, columns = shares.shape
    if min(rows, columns) < 2:  # noqa: PLR2004  # nothing to compare
        raise EvidenceError("a single answer cannot hang together with anything", remedy="ask for two groups or more")
    if not df > 0:
        raise EvidenceError("there are no degrees of freedom left for a test", remedy="the sample needs more clusters")
    across, down = shares.sum(axis=1), shares.sum(axis=0)
    if np.any(across <= 0) or np.any(down <= 0):
        raise EvidenceError("a row or column has nobody in it", remedy="leave it out")
    expected = np.outer(across, down)
    chi2 = float(n * np.sum((shares - expected) ** 2 / expected))
    contrast = np.kron(_contrasts(rows), _contrasts(columns))
    flat = shares.ravel()
    # a cell without anybody has no logarithm: it stays out of the δ, and in X²
    over = np.divide(contrast, flat[:, None], out=np.zeros_like(contrast), where=flat[:, None] > 0)
    simple = contrast.T @ over / n
    if np.linalg.matrix_rank(simple) < simple.shape[0]:
        raise EvidenceError("too many cells have nobody in them for a test", remedy="join answers that are rare")
    delta = np.linalg.solve(simple, over.T @ covariance @ over)
    trace, square = float(np.trace(delta)), float(np.trace(delta @ delta))
    if not trace > 0:
        raise EvidenceError(
            "the shares do not vary between clusters, so nothing can be tested", remedy="widen the filter"
        )
    df1 = trace * trace / square
    f = chi2 / trace
    return Association(
        f=f,
        df1=df1,
        df2=df1 * df,
        p=float(special.fdtrc(df1, df1 * df, f)),
        chi2=chi2,
        deff=trace / contrast.shape[1],
        v=float(np.sqrt(chi2 / n / (min(rows, columns) - 1))),
    )


def shares(weights: Floats, stratum: Integers, strata: Strata, *, singleton: str = "refuse") -> tuple[Floats, Floats]:
    """Return the shares of the cells of a table and their covariance, from the weights of each cluster in each cell.

    Parameters:
        weights: (clusters, cells).
        stratum: the stratum of each cluster.
        strata: the design.
        singleton: as in ``scatter``.

    Example:
        >>> p, v = shares(np.array([[1.0, 0.0], [0, 1], [1, 0]]), np.zeros(3, dtype=int), Strata(clusters=np.array([3.0])))
        >>> p.round(4).tolist(), v.round(4).tolist()
        ([0.6667, 0.3333], [[0.1111, -0.1111], [-0.1111, 0.1111]])
    """
    whole = weights.sum()
    if not whole > 0:
        raise EvidenceError("no row is left to count", remedy="widen the period or the filter")
    p = weights.sum(axis=0) / whole
    z = (weights - weights.sum(axis=1, keepdims=True) * p) / whole
    return p, scatter(z, stratum, strata, singleton=singleton)


def _contrasts(n: int) -> Floats:
    """Return n - 1 columns that each add up to nought (Helmert's)."""
    made = np.triu(np.ones((n, n - 1)))
    made[np.arange(1, n), np.arange(n - 1)] = -np.arange(1.0, n)
    return made

"""What answers within cells vary by, learnt from all cells together, and what each cell's answers are worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from peil.errors import EvidenceError
from peil.methods.moments import Floats, Moments

ROUNDS = 20
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pooled:
    """Means of cells, and how sure they are given one spread for all.

    Parameters:
        value: each cell's mean; nan where there are no rows.
        n: rows counted.
        n_eff: independent rows of equal weight that would say as much.
        squares: sum of squares of such rows around the means of their cells, over all cells.
        freedom: degrees of freedom of ``squares``.
        correlation: between two rows of one cluster in one cell.
        design_effect: rows over effective rows, over all cells.
    """

    value: Floats
    n: Floats
    n_eff: Floats
    squares: float
    freedom: float
    correlation: float
    design_effect: float


def pooled(moments: Moments, n_groups: int, *, squared_weights: Floats) -> Pooled:
    """Pool the spread of rows within groups, and the correlation of rows that share a cluster.

    A group of few rows cannot tell its own variance. All have one here: rows vary by σ² and two of one cluster
    correlate by c, so that a group's mean has variance σ² [c Σ(cluster weights)² + (1 - c) Σ(weights)²] / (Σ weights)².
    Both are fitted by moments: to the squares of rows, and to those of the clusters' totals.

    Parameters:
        moments: sums per group and stratum, of a mean (``per`` is 1).
        n_groups: how many groups there are.
        squared_weights: sum of the rows' squared weights, an entry of ``moments`` each.

    Raises:
        EvidenceError: a group has rows and no weight.

    Example:
        >>> from peil.methods.moments import gather
        >>> made = pooled(gather(of=[100, 0, 100, -100], group=[0, 0, 1, 1]), 2, squared_weights=np.array([2.0, 2.0]))
        >>> made.value.tolist(), made.squares, made.freedom
        ([50.0, 0.0], 25000.0, 2.0)
    """
    m = moments

    def over(values: Floats) -> Floats:
        return np.bincount(m.group, values, minlength=n_groups).astype(np.float64)

    n, w, y = over(m.rows), over(m.w), over(m.y)
    here = n > 0
    if np.any(w[here] <= 0):
        raise EvidenceError("a cell has answers and no weight", remedy="leave rows of weight nought out with a filter")
    value = np.divide(y, w, out=np.full(n_groups, np.nan), where=here)
    # weights have mean 1 in each group from here on
    f = np.divide(n, w, out=np.zeros(n_groups), where=here)
    r = np.nan_to_num(value)
    rows = f * (over(m.wyy) - r * y)
    clusters = f**2 * (over(m.yy) - 2 * r * over(m.xy) + r**2 * over(m.xx))
    together, apart = f**2 * over(m.xx), f**2 * over(squared_weights)
    size = np.where(here, n, 1.0)
    # how much of each part is left in squares around the group's own mean; a cluster alone shows nothing. What larger
    # clusters lose more of takes a third moment of their sizes, which is that of a gamma distribution here.
    alone = together / size**2
    left_apart = apart * (1 - alone)
    left_together = together * np.maximum(1 - 3 * alone + 2 / np.maximum(over(m.clusters), 1.0), 0.0)
    excess = float(np.sum(left_together - left_apart))
    correlation = 0.0
    for _ in range(ROUNDS):
        worth = (correlation * together + (1 - correlation) * apart) / size**2
        left = float(np.sum(n * (1 - worth)))
        variance = max(float(rows.sum()), 0.0) / left if left > 0 else 0.0
        if not (excess > ROUNDING * float(apart.sum()) and variance > 0):
            break
        found = (float(clusters.sum()) / variance - float(left_apart.sum())) / excess
        before, correlation = correlation, float(np.clip(found, 0.0, 1.0))
        if abs(correlation - before) <= ROUNDING:
            break
    n_eff = np.where(here, 1 / np.where(here, worth, 1.0), 0.0)
    freedom = float(np.sum(np.maximum(n_eff[here] - 1, 0.0)))
    return Pooled(
        value=value,
        n=n,
        n_eff=n_eff,
        squares=variance * freedom,
        freedom=freedom,
        correlation=correlation,
        design_effect=float(n.sum() / n_eff.sum()),
    )

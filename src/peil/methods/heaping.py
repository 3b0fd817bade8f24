"""Whether rows heap up on one side of a threshold: the density just above over that just below (McCrary 2008)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import EvidenceError
from peil.methods.local_lines import inverse_of, powers_of, sd, triangle

FEWEST_BINS = 10
_LINE, _FOURTH = 1, 4
_TINY = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Density:
    """Whether rows heap up on one side of the threshold.

    Parameters:
        value: logarithm of the density just above over that just below.
        se: its standard error.
        p: chance of so large a jump where there is none.
        bandwidth: how far from the threshold rows count.
    """

    value: float
    se: float
    p: float
    bandwidth: float


def density(x: ArrayLike, *, n: ArrayLike | None = None, cutoff: float = 0.0) -> Density:
    """Return whether the density of the running variable jumps at the threshold, as where rows are sorted across it.

    Parameters:
        x: the running variable.
        n: rows that each entry stands for; 1 if left out.
        cutoff: the threshold.

    Raises:
        EvidenceError: a side has too few rows.

    Example:
        >>> rng = np.random.default_rng(2)
        >>> x = rng.normal(size=3_000)
        >>> density(x).p > 0.05, density(np.where((x < 0) & (x > -0.15), 0.05, x)).p < 0.001
        (True, True)
    """
    u = np.asarray(x, dtype=np.float64) - cutoff
    size = np.ones_like(u) if n is None else np.asarray(n, dtype=np.float64)
    total = float(size.sum())
    width = 2 * sd(u, size) / np.sqrt(total)
    place = np.floor(u / width).astype(np.int64)
    bins = np.arange(place.min(), place.max() + 1)
    if not (bins[0] < 0 <= bins[-1]) or min(-bins[0], bins[-1] + 1) < FEWEST_BINS:
        raise EvidenceError("too few rows lie on one side of the threshold", remedy="widen the period or the filter")
    heights = np.bincount(place - place.min(), size, minlength=bins.size) / (total * width)
    middles = (bins + 0.5) * width
    reaches = []
    for here in (middles < 0, middles > 0):
        at, f = middles[here], heights[here]
        powers = powers_of(at, _FOURTH)
        beta, *_ = np.linalg.lstsq(powers, f, rcond=None)
        bend = 2 * beta[2] + 6 * beta[3] * at + 12 * beta[4] * at**2
        left = f - powers @ beta
        spread = float(left @ left / max(at.size - 5, 1))
        reaches.append(3.348 * (spread * (at.max() - at.min()) / max(float(bend @ bend), _TINY)) ** 0.2)
    h = min(float(np.mean(reaches)), float(np.min(np.abs([middles[0], middles[-1]]))))
    ends = []
    for here in (middles < 0, middles > 0):
        powers, kernel = powers_of(middles[here], _LINE), triangle(middles[here] / h)
        ends.append(float(inverse_of(powers, kernel)[0] @ ((powers * kernel[:, None]).T @ heights[here])))
    if min(ends) <= 0:
        raise EvidenceError(
            "no rows lie just beside the threshold", remedy="look at how the running variable is spread"
        )
    value = float(np.log(ends[1] / ends[0]))
    se = float(np.sqrt(4.8 / (total * h) * (1 / ends[0] + 1 / ends[1])))
    return Density(value=value, se=se, p=float(2 * special.ndtr(-abs(value) / se)), bandwidth=h)

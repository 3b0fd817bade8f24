"""Replicates: how often each cluster of a design counts when it is drawn again, or when one is left out.

Nothing is replicated row by row: every statistic here is a function of totals, a replicate's totals are sums over
clusters, and so the sums per cluster are multiplied and the rows are left alone (``methods.replicated``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from peil.errors import EvidenceError
from peil.methods.moments import Floats, Integers, Strata

Kind = Literal["jk1", "jkn", "bootstrap"]
BLOCK = 4_000_000  # multipliers made at a time: 32 MB


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replicates:
    """How often each cluster counts in each replicate, made when they are asked for.

    Parameters:
        kind: which scheme.
        stratum: the stratum of each cluster.
        clusters: clusters drawn in the stratum of each cluster (n_h).
        left_out: for a jackknife, the cluster that each replicate does without.
        scale: what the square of each replicate's departure counts for.
        shrink: for a bootstrap, λ_h of each cluster: how far it departs from counting once.
        drawn: for a bootstrap, clusters drawn again in each stratum (m_h).
        seed: for a bootstrap, what its draws begin with.
        df: clusters less strata.
    """

    kind: Kind
    stratum: Integers
    clusters: Floats
    left_out: Integers | None
    scale: Floats
    shrink: Floats
    drawn: Integers
    seed: int
    df: float

    @property
    def n(self) -> int:
        """How many replicates there are."""
        return self.scale.size

    def blocks(self) -> Iterator[tuple[slice, Floats]]:
        """Yield the multipliers in blocks (clusters x replicates), small however many clusters there are."""
        size = max(1, min(self.n, BLOCK // max(self.stratum.size, 1)))
        random = np.random.default_rng(self.seed)
        for first in range(0, self.n, size):
            here = slice(first, min(first + size, self.n))
            yield here, self._without(here) if self.left_out is not None else self._again(random, here)

    def _without(self, here: slice) -> Floats:
        assert self.left_out is not None  # noqa: S101  # the caller has looked
        out = self.left_out[here]
        same = self.stratum[:, None] == self.stratum[out][None, :]
        made = np.where(same, (self.clusters / np.maximum(self.clusters - 1, 1))[:, None], 1.0)
        made[out, np.arange(out.size)] = 0.0
        return made

    def _again(self, random: np.random.Generator, here: slice) -> Floats:
        many = here.stop - here.start
        made = np.ones((self.stratum.size, many))
        for h, m in enumerate(self.drawn.tolist()):
            members = np.flatnonzero(self.stratum == h)
            if not m or not members.size:
                continue
            picked = random.integers(members.size, size=(m, many)) * many + np.arange(many)
            times = np.bincount(picked.ravel(), minlength=members.size * many).reshape(members.size, many)
            shrink = self.shrink[members[0]]
            made[members] = 1 - shrink + shrink * (members.size / m) * times
        return made


def jackknife(
    stratum: Integers, strata: Strata, *, kind: Literal["jk1", "jkn"] = "jkn", singleton: str = "refuse"
) -> Replicates:
    """Return the replicates that each do without one cluster (Rust and Rao 1996; Wolter 2007, ch. 4).

    Leaving cluster i of stratum h out, the others of h count n_h/(n_h - 1), and the square of what that changes counts
    (1 - n_h/N_h)(n_h - 1)/n_h.

    Parameters:
        stratum: the stratum of each cluster.
        strata: the design.
        kind: ``jkn``, or ``jk1`` for a design of one stratum.
        singleton: what to do with a stratum of one cluster: ``refuse`` or ``certainty``.

    Raises:
        EvidenceError: there are strata and the kind knows none; a stratum of one cluster.

    Example:
        >>> made = jackknife(np.zeros(4, dtype=int), Strata(clusters=np.array([4.0])))
        >>> next(made.blocks())[1][0].round(3).tolist(), made.scale.tolist()
        ([0.0, 1.333, 1.333, 1.333], [0.75, 0.75, 0.75, 0.75])
    """
    if kind == "jk1" and strata.clusters.size != 1:
        raise EvidenceError("a JK1 jackknife knows no strata", remedy='say kind="jkn"')
    n, finite = _design(stratum, strata, singleton)
    scale = finite * (n - 1) / n
    left_out = np.flatnonzero(scale > 0)
    return Replicates(
        kind=kind,
        stratum=stratum,
        clusters=n,
        left_out=left_out,
        scale=scale[left_out],
        shrink=np.zeros_like(n),
        drawn=np.zeros(strata.clusters.size, dtype=np.int64),
        seed=0,
        df=float(np.sum(np.maximum(strata.clusters - 1, 0))),
    )


def bootstrap(
    stratum: Integers, strata: Strata, *, n: int = 500, seed: int = 1, half: bool = False, singleton: str = "refuse"
) -> Replicates:
    """Return replicates that draw clusters again, rescaled (Rao and Wu 1988; Rao, Wu and Yue 1992).

    With m_h clusters of n_h drawn again, cluster i that came up t times counts 1 - λ + λ (n_h/m_h) t, where
    λ² = (1 - n_h/N_h) m_h/(n_h - 1).

    Parameters:
        stratum: the stratum of each cluster.
        strata: the design.
        n: replicates.
        seed: the same seed gives the same replicates.
        half: draw about half as many clusters rather than all but one: every cluster then counts something, so that no
            level of a weighting margin is ever without anybody.
        singleton: as in ``jackknife``.

    Example:
        >>> made = bootstrap(np.zeros(4, dtype=int), Strata(clusters=np.array([4.0])), n=3)
        >>> next(made.blocks())[1].mean(axis=0).round(9).tolist()
        [1.0, 1.0, 1.0]
    """
    of_each, finite = _design(stratum, strata, singleton)
    of_stratum = strata.clusters.astype(np.int64)
    drawn = np.where(half, np.maximum((of_stratum - 1) // 2, 1), of_stratum - 1) * (of_stratum > 1)
    shrink = np.sqrt(finite * drawn[stratum] / np.maximum(of_each - 1, 1))
    return Replicates(
        kind="bootstrap",
        stratum=stratum,
        clusters=of_each,
        left_out=None,
        scale=np.full(n, 1 / (n - 1)),
        shrink=shrink,
        drawn=drawn,
        seed=seed,
        df=float(np.sum(np.maximum(strata.clusters - 1, 0))),
    )


def _design(stratum: Integers, strata: Strata, singleton: str) -> tuple[Floats, Floats]:
    """Return n_h and 1 - n_h/N_h of each cluster; nought where its stratum was sure to be drawn."""
    if singleton not in {"refuse", "certainty"}:
        raise EvidenceError(
            f"replicates have no rule '{singleton}' for a stratum of one cluster",
            remedy='join it to a neighbouring stratum, say singleton="certainty", or use linearised standard errors',
        )
    factors = strata.factors(singleton=singleton)  # refuses what cannot be
    n = strata.clusters
    finite = np.where(n > 1, factors * (n - 1) / np.maximum(n, 1), 0.0)
    return n[stratum], finite[stratum]

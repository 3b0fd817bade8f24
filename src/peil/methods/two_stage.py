"""What a second stage adds: units sampled from clusters that were sampled themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peil.errors import EvidenceError
from peil.methods.moments import ROUNDING, Floats, Integers, Strata


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inside:
    """How many units were drawn from each cluster of the whole design.

    Parameters:
        units: units drawn (m_hi).
        population: units there are (M_hi); None, or nan, where there is no end to them.
    """

    units: Floats
    population: Floats | None = None

    @property
    def share(self) -> Floats:
        """The part of each cluster that was drawn, m_hi / M_hi.

        Raises:
            EvidenceError: more units were drawn than there are.
        """
        if self.population is None:
            return np.zeros_like(self.units)
        share = np.nan_to_num(self.units / self.population, nan=0.0)
        if np.any(share > 1):
            raise EvidenceError(
                f"{int(np.sum(share > 1))} clusters have more units than their population",
                remedy="give the number of units there are in the cluster, not in the sample",
            )
        return share


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Second:
    """The second stage of a design.

    Parameters:
        inside: units drawn from each cluster.
        strata: the first stage.
        stratum: stratum of each cluster.
        cluster: cluster of each entry; an entry is a unit in a group.
        group: group of each entry.
        n_groups: groups there are.
    """

    inside: Inside
    strata: Strata
    stratum: Integers
    cluster: Integers
    group: Integers
    n_groups: int

    def factors(self) -> Floats:
        """Return f_h (1 - f_hi) m_hi / (m_hi - 1) for each cluster; nought where all its units were drawn, or one."""
        m = self.inside.units
        scale = (1 - self.inside.share) * self.strata.share[self.stratum]
        return np.where(m > 1, scale * m / np.maximum(m - 1, 1), 0.0)

    def products(
        self, a: Floats, b: Floats, *, singleton: str = "refuse", known: NDArray[np.bool_] | None = None
    ) -> Floats:
        """Return what units add to the covariance of two totals, per group and stratum.

        Σ_i f_h (1 - f_hi) m_hi/(m_hi - 1) [Σ_u a_u b_u - a_i b_i / m_hi] (Särndal et al. 1992, 4.3; the sample of
        clusters counts in full at the first stage, so the second adds the part f_h of each cluster's own variance).

        Parameters:
            a: a weighted total of each entry.
            b: another.
            singleton: what to do with a cluster of which one unit was drawn and others were not: the rules of a
                stratum of one cluster, ``"average"`` over the other clusters of its stratum that have rows in the
                group.
            known: which entries have rows that are counted; all of them if left out.

        Returns:
            (n_groups, H) numbers.

        Raises:
            EvidenceError: a cluster has a single unit, and it is refused; or more units than its population.

        Example:
            >>> second = Second(inside=Inside(units=np.array([2.0, 2.0]), population=np.array([4.0, 4.0])),
            ...     strata=Strata(clusters=np.array([2.0]), population=np.array([4.0])), stratum=np.zeros(2, dtype=int),
            ...     cluster=np.array([0, 0, 1, 1]), group=np.zeros(4, dtype=int), n_groups=1)
            >>> y = np.array([1.0, 3.0, 2.0, 2.0])
            >>> second.products(y, y).tolist()
            [[1.0]]
        """
        n_strata = self.strata.clusters.size
        clusters = self.stratum.size
        m, share = self.inside.units, self.strata.share[self.stratum]
        lone = (m == 1) & (self.inside.share < 1) & (share > 0)
        if singleton == "refuse" and np.any(lone):
            raise EvidenceError(
                f"{int(lone.sum())} clusters have a single unit of several, which cannot show how much units vary",
                remedy='name a rule: singleton="certainty", "average" or "grand_mean"',
            )
        cells, at = np.unique(self.group * clusters + self.cluster, return_inverse=True)
        of_group, of_cluster = cells // clusters, cells % clusters
        ab = a * b
        sum_a, sum_b, sum_ab, scale = (np.bincount(at, each, minlength=cells.size) for each in (a, b, ab, np.abs(ab)))
        apart = sum_ab - sum_a * sum_b / m[of_cluster]
        parts = self.factors()[of_cluster] * np.where(np.abs(apart) <= ROUNDING * scale, 0.0, apart)
        here = of_group * n_strata + self.stratum[of_cluster]
        size = self.n_groups * n_strata
        if singleton == "grand_mean":
            mean_a, mean_b = (np.bincount(self.group, each, minlength=self.n_groups) / m.sum() for each in (a, b))
            beside = (sum_a - mean_a[of_group]) * (sum_b - mean_b[of_group])
            scale = ((1 - self.inside.share) * share)[of_cluster]
            parts = np.where(lone[of_cluster], scale * beside, parts)
        found = np.bincount(here, parts, minlength=size)
        if singleton == "average":
            seen = np.bincount(at, known, minlength=cells.size) > 0 if known is not None else np.ones(cells.size, bool)
            lonely = lone[of_cluster]
            alone, others = (np.bincount(here[seen & each], minlength=size) for each in (lonely, ~lonely))
            found = np.where(alone > 0, found * (alone + others) / np.where(others > 0, others, np.nan), found)
        return found.astype(np.float64).reshape(self.n_groups, n_strata)

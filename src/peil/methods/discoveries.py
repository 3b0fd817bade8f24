"""Which of many tests count as found, so that only a stated share of what is claimed is false."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from peil.errors import DefinitionError, EvidenceError
from peil.methods.moments import Floats

Dependence = Literal["independent", "any"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Discoveries:
    """What is found among many tests.

    Parameters:
        adjusted: p-values that take the number of tests into account, in the shape of what was given; nan where there was
            no test.
        found: which are found at ``rate``.
        tests: how many tests there were.
        rate: the share of false ones among what is found that is accepted on average.
    """

    adjusted: Floats
    found: NDArray[np.bool_]
    tests: int
    rate: float


def discoveries(p: ArrayLike, *, rate: float = 0.05, dependence: Dependence = "independent") -> Discoveries:
    """Return which of many tests are found at a false discovery rate.

    Parameters:
        p: p-values, one a measure; nan where a measure could not be tested, which then counts neither way.
        rate: the false discovery rate, above 0 and below 1.
        dependence: ``independent`` holds for tests that are independent or lean the same way (Benjamini and Hochberg 1995);
            ``any`` holds always and finds less (Benjamini and Yekutieli 2001).

    Raises:
        EvidenceError: there is no test at all.
        DefinitionError: a p-value or the rate is no probability.

    Example:
        >>> made = discoveries([0.001, 0.02, float("nan"), 0.03, 0.6])
        >>> made.found.tolist(), made.adjusted.round(3).tolist()
        ([True, True, False, True, False], [0.004, 0.04, nan, 0.04, 0.6])
    """
    given = np.asarray(p, dtype=np.float64)
    here = ~np.isnan(given)
    if np.any((given[here] < 0) | (given[here] > 1)):
        raise DefinitionError("a p-value lies outside 0 and 1", remedy="hand over p-values, not statistics")
    if not 0 < rate < 1:
        raise DefinitionError(f"a false discovery rate lies between 0 and 1, not at {rate}", remedy="0.05 is customary")
    if not here.any():
        raise EvidenceError("no measure has a p-value, so nothing can be found", remedy="test one measure at least")
    adjusted = np.full(given.shape, np.nan)
    method = "bh" if dependence == "independent" else "by"
    adjusted[here] = scipy.stats.false_discovery_control(given[here], method=method)
    found = np.zeros(given.shape, dtype=np.bool_)
    found[here] = adjusted[here] <= rate
    return Discoveries(adjusted=adjusted, found=found, tests=int(here.sum()), rate=rate)

"""Who has far more calls cut short than colleagues: the mark of somebody who hangs up on customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from peil.methods.standing import holm

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_LEAST = 0.002
_TIMES = 2.0
_HALF_OF_ONE = 0.4549
"""Median of chi-square with one degree of freedom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutShort:
    """Shares of calls cut short.

    Parameters:
        usual: share among colleagues, hardly moved by the few who do it.
        share: of each agent.
        p: of a test that the agent is like the others, all of them taken together.
        flagged: at least twice the usual share, and not by chance.
    """

    usual: float
    share: Floats
    p: Floats
    flagged: Flags


def cut_short(short: Floats, taken: Floats, *, level: float = 0.95) -> CutShort:
    """Return who has far more calls cut short than colleagues.

    Parameters:
        short: calls cut short, of each agent.
        taken: all calls, of each agent.
        level: one less the chance that anybody is flagged wrongly.

    Returns:
        A test of each agent against the usual share. Agents differ more than chance alone lets them; how much is read
        from the middle half of them, so that those who stand out do not hide one another.

    Example:
        >>> found = cut_short(np.array([3.0, 2.0, 4.0, 3.0, 60.0]), np.full(5, 300.0))
        >>> found.flagged.tolist(), round(found.usual, 3)
        ([False, False, False, False, True], 0.01)
    """
    share = short / np.maximum(taken, 1)
    usual = max(float(np.median(share)), _LEAST)
    expected = usual * taken
    apart = (short - expected) ** 2 / np.maximum(expected * (1 - usual), 1e-12)
    wide = max(float(np.median(apart)) / _HALF_OF_ONE, 1.0)
    if wide > 1.001:  # noqa: PLR2004  # as good as one
        # negative binomial with the mean expected and the variance that many times as large
        p = scipy.stats.nbinom.sf(short - 1, expected / (wide - 1), 1 / wide)
    else:
        p = scipy.stats.poisson.sf(short - 1, expected)
    p = holm(np.asarray(p, np.float64))
    return CutShort(usual=usual, share=share, p=p, flagged=(p <= 1 - level) & (share >= _TIMES * usual))

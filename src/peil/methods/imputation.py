"""What a move did to those who moved, when they moved at different moments: imputation, with each agent's influence.

Effects of agents and weeks are fitted to rows from before a move only, and each later row is compared with what they
foretell (Borusyak, Jaravel and Spiess 2024). With the same weights the plain difference between moved and not yet moved
in the same week falls apart, exactly, into that effect and what was so already. All three are sums over agents, so the
agents' influences give their joint variance: effects that vary by agent are in it, as agents are taken for a sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from peil.errors import EvidenceError
from peil.methods.two_way import pieces, summed, two_way

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]
FEWEST_FREE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One number and how each agent bears on it.

    Parameters:
        value: the number.
        influence: one value an agent, summing to about zero.
        free: degrees of freedom of its spread.
    """

    value: float
    influence: Floats
    free: float

    @property
    def se(self) -> float:
        """Standard error, agents taken for independent."""
        n = np.count_nonzero(self.influence)
        return float(np.sqrt((self.influence**2).sum() * n / max(n - 1, 1)))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the interval of Student's t."""
        reach = float(stdtrit(self.free, (1 + level) / 2)) * self.se
        return self.value - reach, self.value + reach

    def __sub__(self, other: Part) -> Part:
        return Part(
            value=self.value - other.value,
            influence=self.influence - other.influence,
            free=min(self.free, other.free),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Imputed:
    """A difference taken apart.

    Parameters:
        raw: moved less not yet moved, week by week, weighed by those who had moved.
        treatment: moved less what they would have done.
        selection: the rest: how far those who moved would have lain from the others anyway.
        used: rows that the numbers rest on.
        effects: of each row after a move, what was done less what was foretold; nan elsewhere.
        movers, others: agents with rows after a move; agents with rows without one in the same weeks.
        left_out: rows after a move with nothing to compare with: the agent has no earlier row, or nobody stayed.
    """

    raw: Part
    treatment: Part
    selection: Part
    used: Flags
    effects: Floats
    movers: int
    others: int
    left_out: int


def imputed(y: Floats, agent: Integers, week: Integers, moved: Flags, *, of: Flags | None = None) -> Imputed:
    """Return what a move did, and what was so already.

    Parameters:
        y: the outcome of each row.
        agent, week: numbers from 0.
        moved: rows after the agent's move.
        of: which of the moved rows the answer is about; all of them if left out. The others still do not serve as
            rows before a move.

    Raises:
        EvidenceError: nobody moved, or nobody is left to compare with.

    Example:
        >>> agent, week = np.repeat(np.arange(4), 4), np.tile(np.arange(4), 4)
        >>> moved = (agent < 2) & (week >= 2)
        >>> found = imputed(agent + 10.0 * week - 3.0 * moved, agent, week, moved)
        >>> round(found.raw.value, 6), round(found.treatment.value, 6), round(found.selection.value, 6)
        (-5.0, -3.0, -2.0)
    """
    free = ~moved
    known_agent = np.bincount(agent[free], minlength=int(agent.max()) + 1) > 0
    known_week = np.bincount(week[free], minlength=int(week.max()) + 1) > 0
    asked = moved if of is None else moved & of
    if not asked.any():
        raise EvidenceError("nobody moved", remedy="widen the period, or check the workplaces in the roster")
    linked = pieces(agent[free], week[free], len(known_agent), len(known_week))
    same = linked[0][agent] == linked[1][week]
    told = asked & known_agent[agent] & known_week[week] & same
    if not told.any():
        raise EvidenceError(
            "nobody is left to compare with: everybody had moved", remedy="compare with agents who moved later, or not"
        )
    foretold, weight = _foretold(y, agent, week, free, told)
    effects = np.where(told, y - foretold, np.nan)
    share = told / told.sum()
    effect = float(np.nansum(np.where(told, effects, 0.0) * share))
    # a moved row departs from the mean effect, an unmoved one from what is fitted: both weighed as they enter
    left = np.where(told, np.nan_to_num(effects) - effect, np.where(free, y - foretold, 0.0))
    size = len(known_agent)
    own = summed(agent, (share - weight) * left, size)

    in_week = summed(week, share, len(known_week))
    count = np.bincount(week[free], minlength=len(known_week))
    mean = summed(week[free], y[free], len(known_week)) / np.maximum(count, 1)
    gap = y - mean[week]
    raw = float((share * gap).sum())
    against = np.where(free, in_week[week] / np.maximum(count, 1)[week], 0.0)
    plain = summed(agent, share * (gap - raw) - against * gap, size)

    movers = int((np.bincount(agent[told], minlength=size) > 0).sum())
    others = int((np.bincount(agent[free & (in_week[week] > 0)], minlength=size) > 0).sum())
    freedom = float(max(min(movers, others) - 1, FEWEST_FREE))
    first = Part(value=raw, influence=plain, free=freedom)
    second = Part(value=effect, influence=own, free=freedom)
    return Imputed(
        raw=first,
        treatment=second,
        selection=first - second,
        used=told | free,
        effects=effects,
        movers=movers,
        others=others,
        left_out=int((asked & ~told).sum()),
    )


def _foretold(y: Floats, agent: Integers, week: Integers, free: Flags, told: Flags) -> tuple[Floats, Floats]:
    """Return what agent and week foretell of each row, and how much each row before a move weighs in the answer."""
    agents, weeks = int(agent.max()) + 1, int(week.max()) + 1
    equations = two_way(agent[free], week[free], agents, weeks)
    own, by_week = equations.fitted(y[free], agent[free], week[free])
    share = told / told.sum()
    pull, by_pull = equations.fitted(share, agent, week)
    return own[agent] + by_week[week], np.where(free, pull[agent] + by_pull[week], 0.0)

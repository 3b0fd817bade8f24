"""Effects of agents and weeks fitted side by side, when not every agent has every week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_TOUCH = 1e-9


def summed(place: Integers, values: Floats | NDArray[np.bool_], size: int = 0) -> Floats:
    """Return the sum of values at each place.

    Example:
        >>> summed(np.array([0, 2, 0]), np.array([1.0, 2.0, 3.0])).tolist()
        [4.0, 0.0, 2.0]
    """
    return np.asarray(np.bincount(place, values, size), np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoWay:
    """The normal equations of agents and weeks, the agents taken out, so that one equation a week is left.

    Parameters:
        table: rows of each agent (down) and week (across).
        rows: rows of each agent, at least 1.
        solver: of what is left.
    """

    table: scipy.sparse.csr_matrix
    rows: Floats
    solver: object

    def solved(self, by_week: Floats, by_agent: Floats) -> tuple[Floats, Floats]:
        """Return the effects of agents and of weeks for these sums over rows."""
        weeks: Floats = self.solver.solve(by_week - self.table.T @ (by_agent / self.rows))  # type: ignore[attr-defined]  # SuperLU has no type
        return np.asarray((by_agent - self.table @ weeks) / self.rows, np.float64), weeks

    def fitted(self, y: Floats, agent: Integers, week: Integers) -> tuple[Floats, Floats]:
        """Return the effects of agents and of weeks on ``y``.

        Example:
            >>> agent, week = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
            >>> own, by_week = two_way(agent, week, 2, 2).fitted(np.array([1.0, 3.0, 2.0, 4.0]), agent, week)
            >>> round(float(own[1] - own[0]), 6), round(float(by_week[1] - by_week[0]), 6)
            (1.0, 2.0)
        """
        agents, weeks = self.table.shape
        return self.solved(summed(week, y, weeks), summed(agent, y, agents))


def two_way(agent: Integers, week: Integers, agents: int, weeks: int) -> TwoWay:
    """Return the equations of rows with these agents and weeks.

    Parameters:
        agent, week: of each row, numbered from 0.
        agents, weeks: how many there are, those without rows too.
    """
    rows = np.maximum(np.bincount(agent, minlength=agents), 1).astype(np.float64)
    table = scipy.sparse.coo_matrix((np.ones(len(agent)), (agent, week)), shape=(agents, weeks)).tocsr()
    inside = scipy.sparse.diags(np.asarray(table.sum(axis=0)).ravel()) - table.T @ scipy.sparse.diags(1 / rows) @ table
    # one week of each piece is free to choose, and so are weeks without a row: a touch on the diagonal chooses nought
    return TwoWay(
        table=table,
        rows=rows,
        solver=scipy.sparse.linalg.splu((inside + scipy.sparse.identity(weeks) * _TOUCH).tocsc()),
    )


def pieces(agent: Integers, week: Integers, agents: int, weeks: int) -> tuple[Integers, Integers]:
    """Return which agents and weeks hang together through rows: only within a piece can their effects be told apart.

    Example:
        >>> of_agent, of_week = pieces(np.array([0, 1]), np.array([0, 1]), 2, 2)
        >>> bool(of_agent[0] == of_agent[1])
        False
    """
    graph = scipy.sparse.coo_matrix((np.ones(len(agent)), (agent, agents + week)), shape=(agents + weeks,) * 2)
    _, piece = scipy.sparse.csgraph.connected_components(graph, directed=False)
    return piece[:agents].astype(np.int64), piece[agents:].astype(np.int64)

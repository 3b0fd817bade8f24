"""What the whole search for a step gives when there is none, tabled by length, regressors and autocorrelation.

``benchmarks/break_tables.py`` builds the tables by simulation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from peil.errors import EvidenceError
from peil.methods.moments import Floats

TRIMMING = 0.15
LENGTHS = (30, 60, 100, 156, 300, 600)
# Columns of season beside the constant and the trend, and how often the slowest comes round in the series.
SEASONS = ((0, 0.0), (4, 10.1), (4, 5.1), (4, 3.1), (4, 2.1), (12, 3.1))
FIRST = np.array([-0.4, 0.0, 0.2, 0.4, 0.6, 0.75, 0.85, 0.92, 0.97])
SECOND = np.array([-0.5, -0.25, 0.0, 0.25, 0.5])
LEVELS = np.array([0.5, 0.3, 0.2, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001])
ROUNDS = 60
FEWEST = LENGTHS[0]
_ROUNDING = 1e-9
MOST_OTHERS = 16
MOST_SLOW = 0.45


def basis(partial: Floats) -> Floats:
    """Return the terms in which the log of a critical value is written.

    Parameters:
        partial: (…, 2) partial autocorrelations.

    Example:
        >>> basis(np.array([[0.5, -0.2]])).round(4).tolist()
        [[1.0, 0.5, 0.25, 0.125, 0.0625, -0.2, 0.04, -0.1, -0.05, -0.025, 0.02]]
    """
    a, b = partial[..., 0], partial[..., 1]
    return np.stack([np.ones_like(a), a, a**2, a**3, a**4, b, b**2, a * b, a**2 * b, a**3 * b, a * b**2], axis=-1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Null:
    """What holds without a step: the regressors, and what the tables say of series as long and regressors as many.

    Parameters:
        columns: (k, n) orthonormal regressors.
        medians: (first, second, 2) median estimates by true partial autocorrelations.
        critical: (levels, terms) coefficients of the logs of critical values.
    """

    columns: Floats
    medians: Floats
    critical: Floats

    def values(self, partial: Floats) -> Floats:
        """Return the critical values of F, (series, levels), at estimated partial autocorrelations."""
        return np.asarray(np.exp(np.maximum.accumulate(basis(partial) @ self.critical.T, axis=-1)), dtype=np.float64)

    def p(self, f: Floats, partial: Floats) -> Floats:
        """Return p-values: log-linear in F between the levels of the table, and beyond them."""
        critical = np.concatenate([np.zeros((f.size, 1)), self.values(partial)], axis=1)
        apart = np.maximum(np.diff(critical, axis=1), _ROUNDING)
        logs = np.log(np.concatenate([[1.0], LEVELS]))
        # Beyond the last level the line goes on that joins it with the third from the end.
        slope = (logs[-1] - logs[-3]) / (apart[:, -1] + apart[:, -2])
        found = logs[-1] + slope * (f - critical[:, -1])
        for i in range(logs.size - 2, -1, -1):
            below, above = critical[:, i], critical[:, i + 1]
            part = np.clip((f - below) / apart[:, i], 0.0, 1.0)
            found = np.where(f < above, logs[i] + part * (logs[i + 1] - logs[i]), found)
        return np.asarray(np.exp(np.clip(found, -700.0, 0.0)), dtype=np.float64)

    def reach(self, partial: Floats, level: float) -> Floats:
        """Return how many standard errors an interval of ``level`` reaches to either side."""
        logs = np.log(LEVELS)
        wanted = math.log(1 - level)
        if not logs[-1] <= wanted <= logs[0]:
            raise EvidenceError(
                f"the tables hold intervals of {1 - LEVELS[0]:.0%} to {1 - LEVELS[-1]:.1%}, not {level:.2%}",
                remedy="choose a level between",
            )
        at = int(np.clip(np.searchsorted(-logs, -wanted), 1, logs.size - 1))
        part = (logs[at - 1] - wanted) / (logs[at - 1] - logs[at])
        values = self.values(partial)
        return np.asarray(np.sqrt((1 - part) * values[:, at - 1] + part * values[:, at]), dtype=np.float64)


def null(columns: Floats, *, known: bool) -> Null:
    """Return what the tables say of these regressors.

    Parameters:
        columns: (n, k) regressors, the constant among what they span.
        known: whether the date of the step is known.

    Raises:
        EvidenceError: the series is too short for the tables, has too many regressors, or none that are constant.

    Example:
        >>> x = np.column_stack([np.ones(156), np.arange(156.0)])
        >>> null(x, known=False).critical.shape
        (9, 11)
    """
    n, k = columns.shape
    if n < FEWEST:
        raise EvidenceError(
            f"{n} periods are too few to tell a step from autocorrelation", remedy=f"at least {FEWEST} are needed"
        )
    q = np.linalg.qr(columns)[0].T
    ones = np.full(n, 1 / math.sqrt(n))
    if float(np.sum((q @ ones) ** 2)) < 1 - _ROUNDING:
        raise EvidenceError("no regressor is constant, so a step has no level to start from", remedy="add the constant")
    time = np.arange(n) - (n - 1) / 2
    alike = float(np.sum((q @ time) ** 2) / np.sum(time * time))
    trend = float(np.clip(2 * alike - 1, 0.0, 1.0))
    others = k - 1 - trend
    hidden = slow(columns)
    if others > MOST_OTHERS:
        raise EvidenceError(
            f"{k} regressors are more than the tables hold",
            remedy=f"take at most {MOST_OTHERS + 1} beside the constant",
        )
    if hidden > MOST_SLOW:
        raise EvidenceError(
            f"the regressors could be {hidden:.0%} of a step, so the two cannot be told apart",
            remedy="a season needs two rounds at least; leave slow regressors out",
        )
    medians, critical = (
        _between(each[int(known)], trend, others, hidden, 1 / n) for each in (tables()["medians"], tables()["critical"])
    )
    return Null(columns=np.ascontiguousarray(q), medians=medians, critical=critical)


def season(n: int, others: int, rounds: float) -> Floats:
    """Return columns (n, others) of a season that comes round ``rounds`` times in n rows, and its faster waves.

    Parameters:
        n: rows.
        others: columns, two a wave.
        rounds: of the slowest; few rows hold fewer.

    Example:
        >>> season(60, 4, 5.1).shape
        (60, 4)
    """
    angle = 2 * np.pi * min(rounds, n / 4.7) * np.arange(n) / n
    waves = [wave(pair * angle) for pair in range(1, others // 2 + 1) for wave in (np.cos, np.sin)]
    return np.array(waves, dtype=np.float64).reshape(others, n).T


def slow(columns: Floats) -> float:
    """Return how much of a step, beyond a constant and a trend, the regressors can be: its mean share over all dates.

    Parameters:
        columns: (n, k) regressors.

    Example:
        >>> t = np.arange(156) * 2 * np.pi / 52
        >>> round(slow(np.column_stack([np.ones(156), np.cos(t), np.sin(t)])), 3)
        0.096
    """
    n = columns.shape[0]
    t = np.arange(n)
    edge = int(TRIMMING * n)
    steps = (t[:, None] >= np.arange(edge, n - edge + 1)).astype(np.float64)
    line = np.linalg.qr(np.column_stack([np.ones(n), t]))[0]
    steps -= line @ (line.T @ steps)
    rest = columns - line @ (line.T @ columns)
    u, size, _ = np.linalg.svd(
        rest / np.maximum(np.linalg.norm(columns, axis=0), np.finfo(np.float64).tiny), full_matrices=False
    )
    inside = u[:, size > _ROUNDING]
    return float(np.sum((inside.T @ steps) ** 2) / np.sum(steps**2))


@cache
def tables() -> dict[str, Floats]:
    """Return the tables that lie beside this module.

    Example:
        >>> tables()["critical"].shape[-2:]
        (9, 11)
    """
    with (files("peil.methods") / "break_tables.npz").open("rb") as opened, np.load(opened) as kept:
        return {name: kept[name].astype(np.float64) for name in kept.files}


def _between(table: Floats, trend: float, others: float, hidden: float, inverse: float) -> Floats:
    """Return the table, (trend, season, length, …), between its points: a parabola in 1/n, linear in the others.

    What slow regressors do and what many do is added up: the first is read off the seasons of four columns, by the root
    of ``slow``, which is about the inverse of how often they come round.
    """
    at = table[0] * (1 - trend) + table[1] * trend
    at = np.einsum("sn...,n->s...", at, _parabola(1 / np.array(LENGTHS), inverse))
    roots = _roots()
    four = at[1:-1]
    found = at[0] + _line(four, roots[1:-1], max(math.sqrt(hidden), float(roots[1]))) - four[0]
    found += (four[0] - at[0]) * min(others, 4.0) / 4
    if others > 4:  # noqa: PLR2004  # columns of those seasons
        many = at[-1] - _line(four, roots[1:-1], float(roots[-1]))
        found += many * (others - 4) / (SEASONS[-1][0] - 4)
    return np.ascontiguousarray(found)


@cache
def _roots() -> Floats:
    rows = 300  # it is the same for all lengths
    return np.array([math.sqrt(slow(season(rows, *each))) if each[0] else 0.0 for each in SEASONS])


def _parabola(grid: Floats, x: float) -> Floats:
    """Return the weights of the points of a falling grid in Lagrange's parabola through the three around x."""
    i = int(np.clip(np.searchsorted(-grid, -x) - 1, 0, grid.size - 3))
    weight = np.zeros(grid.size)
    for j in range(i, i + 3):
        others = [grid[each] for each in range(i, i + 3) if each != j]
        weight[j] = math.prod((x - other) / (grid[j] - other) for other in others)
    return weight


def _line(table: Floats, grid: Floats, x: float) -> Floats:
    i = int(np.clip(np.searchsorted(grid, x), 1, grid.size - 1))
    part = (x - grid[i - 1]) / (grid[i] - grid[i - 1])
    return np.asarray(table[i - 1] * (1 - part) + table[i] * part, dtype=np.float64)

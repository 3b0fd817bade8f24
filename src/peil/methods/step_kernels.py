"""Inner loops of the tests for a step in an autocorrelated series: what is left beside a step, and whitened steps."""

from __future__ import annotations

import numpy as np

from peil.methods.compiled import compiled
from peil.methods.moments import Floats, Integers

_SMALL = 1e-10
_SETTLED = 1e-5


@compiled
def whiten(y: Floats, first: float, second: float, out: Floats) -> None:
    """Put into ``out`` the innovations of y under partial autocorrelations ``first`` and ``second``, exact at the start."""
    n = y.size
    phi = first * (1 - second)
    out[0] = y[0] * np.sqrt((1 - first * first) * (1 - second * second))
    out[1] = (y[1] - first * y[0]) * np.sqrt(1 - second * second)
    for t in range(2, n):
        out[t] = y[t] - phi * y[t - 1] - second * y[t - 2]


@compiled
def orthonormal(columns: Floats) -> None:
    """Make the rows of ``columns`` (k, n) orthonormal in place; one explained by the others becomes nought."""
    k, n = columns.shape
    for j in range(k):
        size = 0.0
        for t in range(n):
            size += columns[j, t] * columns[j, t]
        for i in range(j):
            dot = 0.0
            for t in range(n):
                dot += columns[i, t] * columns[j, t]
            for t in range(n):
                columns[j, t] -= dot * columns[i, t]
        left = 0.0
        for t in range(n):
            left += columns[j, t] * columns[j, t]
        inverse = 1 / np.sqrt(left) if left > _SMALL * size else 0.0
        for t in range(n):
            columns[j, t] *= inverse


@compiled
def scan(  # noqa: C901  # a compiled loop; work space is handed in, so that nothing is allocated a series
    y: Floats, basis: Floats, first: float, second: float, low: int, high: int, squares: Floats, tails: Floats
) -> tuple[int, float, float, float]:
    """Return the best step among those that begin in rows low..high, its effect, its own sum of squares, and what is left.

    ``y`` and the orthonormal ``basis`` are whitened; ``y`` is replaced by what the basis leaves of it. ``squares`` gets
    what each step explains.
    """
    k, n = basis.shape
    for j in range(k):
        dot = 0.0
        for t in range(n):
            dot += basis[j, t] * y[t]
        for t in range(n):
            y[t] -= dot * basis[j, t]
    total = 0.0
    for t in range(n):
        total += y[t] * y[t]
    after = 1 - first * (1 - second)
    later = after - second
    # What lies two rows and more after the step, for the rest of y and each column.
    tails[:] = 0.0
    for t in range(n - 1, high + 1, -1):
        tails[k] += y[t]
        for j in range(k):
            tails[j] += basis[j, t]
    best, at, effect, own = -1.0, low, 0.0, 1.0
    for t in range(high, low - 1, -1):
        if t < high:
            tails[k] += y[t + 2]
        size = 1 + after * after + later * later * (n - t - 2)
        whole = size
        for j in range(k):
            if t < high:
                tails[j] += basis[j, t + 2]
            dot = basis[j, t] + after * basis[j, t + 1] + later * tails[j]
            size -= dot * dot
        seen = y[t] + after * y[t + 1] + later * tails[k]
        part = seen * seen / size if size > _SMALL * whole else 0.0
        squares[t - low] = part
        if part > best:
            best, at, effect, own = part, t, seen / size, size
    return at, effect, own, total


@compiled
def left_beside_a_step(y: Floats, basis: Floats, low: int, high: int) -> Floats:
    """Return the partial autocorrelations (series, 2) of what the basis and the best step leave (Burg 1975).

    ``y`` is (series, n), ``basis`` (k, n) orthonormal; where low and high are the same the date of the step is known.
    """
    many, n = y.shape
    k = basis.shape[0]
    out = np.zeros((many, 2))
    rest, step, ahead, behind = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    squares, tails = np.empty(high - low + 1), np.empty(k + 1)
    for s in range(many):
        rest[:] = y[s]
        at, effect, _, _ = scan(rest, basis, 0.0, 0.0, low, high, squares, tails)
        step[:at] = 0.0
        step[at:] = 1.0
        for j in range(k):
            dot = 0.0
            for t in range(at, n):
                dot += basis[j, t]
            for t in range(n):
                step[t] -= dot * basis[j, t]
        for t in range(n):
            rest[t] -= effect * step[t]
        burg(rest, ahead, behind, out[s])
    return out


@compiled
def burg(rest: Floats, ahead: Floats, behind: Floats, out: Floats) -> None:
    """Put Burg's two partial autocorrelations of ``rest`` into ``out``."""
    n = rest.size
    above, below = 0.0, 0.0
    for t in range(1, n):
        above += rest[t] * rest[t - 1]
        below += rest[t] * rest[t] + rest[t - 1] * rest[t - 1]
    out[0] = 2 * above / below if below > 0 else 0.0
    for t in range(1, n):
        ahead[t] = rest[t] - out[0] * rest[t - 1]
        behind[t] = rest[t - 1] - out[0] * rest[t]
    above, below = 0.0, 0.0
    for t in range(2, n):
        above += ahead[t] * behind[t - 1]
        below += ahead[t] * ahead[t] + behind[t - 1] * behind[t - 1]
    out[1] = 2 * above / below if below > 0 else 0.0


@compiled
def whitened_steps(y: Floats, columns: Floats, partial: Floats, low: int, high: int) -> tuple[Floats, Integers]:
    """Return (largest F, effect, standard error) of a step in each whitened series, and the row where it begins.

    Parameters are (series, n) values, (k, n) columns of the null, (series, 2) partial autocorrelations.
    """
    many, n = y.shape
    k = columns.shape[0]
    found, dates = np.empty((many, 3)), np.empty(many, dtype=np.int64)
    rest, basis = np.empty(n), np.empty((k, n))
    squares, tails = np.empty(high - low + 1), np.empty(k + 1)
    for s in range(many):
        first, second = partial[s, 0], partial[s, 1]
        whiten(y[s], first, second, rest)
        for j in range(k):
            whiten(columns[j], first, second, basis[j])
        orthonormal(basis)
        at, effect, own, total = scan(rest, basis, first, second, low, high, squares, tails)
        explained = effect * effect * own
        variance = (total - explained) / (n - k - 1)
        found[s, 0] = explained / variance if variance > 0 else np.inf
        found[s, 1] = effect
        found[s, 2] = np.sqrt(variance / own)
        dates[s] = at
    return found, dates


@compiled
def unbiased(seen: Floats, medians: Floats, grid: Floats, second_grid: Floats, rounds: int) -> Floats:
    """Return the partial autocorrelations whose median estimates are what was ``seen`` (series, 2).

    ``medians`` is (first, second, 2) over the two grids; between its points it is bilinear, and beyond them the nearest
    point of the grid is returned.
    """
    out = seen.copy()
    a_last, b_last = grid.size - 1, second_grid.size - 1
    for s in range(seen.shape[0]):
        a, b = seen[s, 0], seen[s, 1]
        for _ in range(rounds):
            a = min(max(a, grid[0]), grid[a_last])
            b = min(max(b, second_grid[0]), second_grid[b_last])
            i = min(max(np.searchsorted(grid, a) - 1, 0), a_last - 1)
            j = min(max(np.searchsorted(second_grid, b) - 1, 0), b_last - 1)
            u = (a - grid[i]) / (grid[i + 1] - grid[i])
            v = (b - second_grid[j]) / (second_grid[j + 1] - second_grid[j])
            miss = 0.0
            for part in range(2):
                here = (1 - u) * ((1 - v) * medians[i, j, part] + v * medians[i, j + 1, part])
                here += u * ((1 - v) * medians[i + 1, j, part] + v * medians[i + 1, j + 1, part])
                off = seen[s, part] - here
                if part == 0:
                    a += off
                else:
                    b += off
                miss = max(miss, abs(off))
            if miss < _SETTLED:
                break
        out[s, 0] = min(max(a, grid[0]), grid[a_last])
        out[s, 1] = min(max(b, second_grid[0]), second_grid[b_last])
    return out


@compiled
def whitened_column(y: Floats, columns: Floats, column: Floats, partial: Floats) -> Floats:
    """Return (F, effect, standard error) of one further ``column`` (n) in each whitened series, beside ``columns``."""
    many, n = y.shape
    k = columns.shape[0]
    found = np.empty((many, 3))
    rest, tested, basis = np.empty(n), np.empty(n), np.empty((k, n))
    for s in range(many):
        first, second = partial[s, 0], partial[s, 1]
        whiten(y[s], first, second, rest)
        whiten(column, first, second, tested)
        for j in range(k):
            whiten(columns[j], first, second, basis[j])
        orthonormal(basis)
        for j in range(k):
            of_y, of_column = 0.0, 0.0
            for t in range(n):
                of_y += basis[j, t] * rest[t]
                of_column += basis[j, t] * tested[t]
            for t in range(n):
                rest[t] -= of_y * basis[j, t]
                tested[t] -= of_column * basis[j, t]
        own, seen, total = 0.0, 0.0, 0.0
        for t in range(n):
            own += tested[t] * tested[t]
            seen += tested[t] * rest[t]
            total += rest[t] * rest[t]
        effect = seen / own
        variance = max(total - effect * seen, 0.0) / (n - k - 1)
        found[s, 0] = effect * seen / variance if variance > 0 else np.inf
        found[s, 1] = effect
        found[s, 2] = np.sqrt(variance / own)
    return found

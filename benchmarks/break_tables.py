"""Build the tables of the break tests by simulating the whole procedure; the seed is fixed, so they come out the same.

Run it with ``python benchmarks/break_tables.py``; it writes ``src/peil/methods/break_tables.npz`` (twenty minutes of a processor).
"""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import numpy as np

from peil.methods.moments import Floats
from peil.methods.step_kernels import left_beside_a_step, unbiased, whitened_steps
from peil.methods.step_tables import FIRST, LENGTHS, LEVELS, ROUNDS, SEASONS, SECOND, TRIMMING, basis, season

PATH = Path(__file__).parents[1] / "src" / "peil" / "methods" / "break_tables.npz"
SEED = 18_980_401
DRAWS = {160: 5_000, 300: 4_000, 600: 3_000}  # by length
USUAL, TOP = 0.26, 0.95  # partial autocorrelations that count in full
NOISY, NOISE = (0.6, 0.8, 0.9), 0.3
KNOWN = (0.25, 0.5, 0.75)
TURNS = 12  # of Newton's method, halvings of a step among them
RIDGE = 0.02
CHANCES = np.array([0.95, 0.8, 0.6, 0.4, 0.3, 0.2, 0.1, 0.05, 0.025, 0.01, 0.005, 0.0025, 0.001, 0.0005])
MOST_CHANGING = 12
TRIMMINGS = np.array([0.05, 0.1, 0.15, 0.2, 0.25])
WIDTHS = np.array([0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5])
SMOOTH = np.float32(0.08)  # width, in log F, over which the derivative of the size is reckoned


def design(n: int, trend: int, others: int, rounds: float) -> Floats:
    """Return orthonormal columns (k, n): the constant, a trend or none, and ``others`` columns of season."""
    columns = np.column_stack([np.ones(n), *[np.arange(n)] * trend, season(n, others, rounds)])
    return np.ascontiguousarray(np.linalg.qr(columns)[0].T)


def autoregression(rng: np.random.Generator, many: int, n: int, first: float, second: float) -> Floats:
    """Return series of variance 1 with these two partial autocorrelations, stationary from the first row."""
    y = rng.normal(size=(n, many))
    own = (1 - first**2) * (1 - second**2)
    y[0] /= np.sqrt(own)
    y[1] = first * y[0] + y[1] / np.sqrt(1 - second**2)
    for t in range(2, n):
        y[t] += first * (1 - second) * y[t - 1] + second * y[t - 2]
    return np.ascontiguousarray((y * np.sqrt(own)).T)


def seen(y: Floats, columns: Floats, known: int) -> Floats:
    """Return what is estimated beside a step whose date is searched, or known to be one of three."""
    n = y.shape[1]
    if not known:
        low = int(TRIMMING * n)
        return left_beside_a_step(y, columns, low, n - low)
    third = np.array_split(np.arange(len(y)), len(KNOWN))
    return np.concatenate([
        left_beside_a_step(y[rows], columns, int(part * n), int(part * n)) for part, rows in zip(KNOWN, third, strict=True)
    ])  # fmt: skip


def largest(y: Floats, columns: Floats, partial: Floats, known: int) -> Floats:
    """Return F of the best step, or of the known one."""
    n = y.shape[1]
    if not known:
        low = int(TRIMMING * n)
        return whitened_steps(y, columns, partial, low, n - low)[0][:, 0]
    third = np.array_split(np.arange(len(y)), len(KNOWN))
    return np.concatenate([
        whitened_steps(y[rows], columns, partial[rows], int(part * n), int(part * n))[0][:, 0]
        for part, rows in zip(KNOWN, third, strict=True)
    ])  # fmt: skip


def one(n: int, trend: int, form: tuple[int, float], known: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Return median estimates, coefficients of the critical values, and the worst miss of the size by level."""
    rng = np.random.default_rng(seed)
    many = next(draws for most, draws in DRAWS.items() if n <= most)
    columns = design(n, trend, *form)
    pairs = list(itertools.product(FIRST, SECOND))
    worlds = [autoregression(rng, many, n, a, b) for a, b in pairs]
    estimates = [seen(y, columns, known) for y in worlds]
    medians = np.array([np.median(each, axis=0) for each in estimates]).reshape(FIRST.size, SECOND.size, 2)
    weight = [(1.0 if abs(b) <= USUAL else 0.3) * (1.0 if 0 <= a <= TOP else 0.4) for a, b in pairs]
    # Few contacts behind a share add white noise, which a second-order autoregression takes in only in part.
    for a in NOISY:
        worlds.append(autoregression(rng, many, n, a, 0.0) + rng.normal(scale=NOISE, size=(many, n)))
        estimates.append(seen(worlds[-1], columns, known))
        weight.append(0.5)
    partial = [unbiased(each, medians, FIRST, SECOND, ROUNDS) for each in estimates]
    f = np.log(np.array([largest(y, columns, each, known) for y, each in zip(worlds, partial, strict=True)]))
    coefficients, misses = calibrated(f, basis(np.array(partial)), np.array(weight))
    return medians, coefficients, misses


def calibrated(f: Floats, terms: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return coefficients (levels, terms) with which the size is the level in every world, as nearly as they can.

    Parameters:
        f: (worlds, draws) logs of the largest F.
        terms: (worlds, draws, terms) of the autocorrelations estimated in each.
        weight: of each world.
    """
    f, terms = f.astype(np.float32), terms.astype(np.float32)
    coefficients, misses = [], []
    for level in LEVELS:
        root = np.sqrt(weight) / level
        beta = ridge(terms.mean(axis=1) * root[:, None], np.quantile(f, 1 - level, axis=1) * root, 1e-3 / level)
        best, length = np.inf, 1.0
        step, kept = np.zeros(beta.size), beta
        for _ in range(TURNS):
            ahead = (f - terms @ (kept + length * step).astype(np.float32)) / SMOOTH
            size = (ahead > 0).mean(axis=1)
            miss = float((((size - level) * root) ** 2).sum())
            if miss >= best:
                length /= 2
                continue
            kept, best, length = kept + length * step, miss, 1.0
            chance = 1 / (1 + np.exp(-np.clip(ahead, -30, 30)))
            slope = -np.matmul((chance * (1 - chance))[:, None, :], terms)[:, 0] / f.shape[1] / SMOOTH
            step = ridge(slope * root[:, None], (level - size) * root, RIDGE)
        size = (f > terms @ kept.astype(np.float32)).mean(axis=1)
        coefficients.append(kept)
        misses.append(np.abs(size - level)[weight == 1].max() / level)
    return np.array(coefficients), np.array(misses)


def ridge(x: Floats, y: Floats, held: float) -> Floats:
    """Return least squares coefficients that are held towards nought a little."""
    k = x.shape[1]
    return np.asarray(
        np.linalg.lstsq(np.vstack([x, held * np.eye(k)]), np.concatenate([y, np.zeros(k)]), rcond=None)[0]
    )


def bridges(rng: np.random.Generator, many: int, steps: int) -> Floats:
    """Return Brownian bridges (draws, steps)."""
    walk = np.cumsum(rng.normal(size=(many, steps)), axis=1) / np.sqrt(steps)
    walk -= walk[:, -1:] * (np.arange(1, steps + 1) / steps)
    return walk


def exponential(draws: int = 60_000, steps: int = 1_000, batch: int = 3_000) -> Floats:
    """Return quantiles of exp-F, (changing coefficients, trimming, chance)."""
    rng = np.random.default_rng(SEED)
    share = np.arange(1, steps) / steps
    found = np.empty((MOST_CHANGING, TRIMMINGS.size, draws), np.float32)
    for at in range(0, draws, batch):
        squares = np.zeros((batch, steps - 1))
        for q in range(MOST_CHANGING):
            squares += bridges(rng, batch, steps)[:, :-1] ** 2 / (share * (1 - share))
            for i, trimming in enumerate(TRIMMINGS):
                inside = (share >= trimming - 1e-9) & (share <= 1 - trimming + 1e-9)  # rounding
                half = squares[:, inside] / 2
                top = half.max(axis=1)
                found[q, i, at : at + batch] = top + np.log(np.exp(half - top[:, None]).mean(axis=1))
    return np.moveaxis(np.quantile(found, 1 - CHANCES, axis=2), 0, -1)


def window(draws: int = 60_000, steps: int = 2_000, batch: int = 3_000) -> Floats:
    """Return quantiles of the largest moving sum of a Brownian bridge, (width, chance)."""
    rng = np.random.default_rng(SEED)
    found = np.empty((WIDTHS.size, draws))
    for at in range(0, draws, batch):
        walk = np.concatenate([np.zeros((batch, 1)), bridges(rng, batch, steps)], axis=1)
        for i, width in enumerate(WIDTHS):
            rows = round(width * steps)
            found[i, at : at + batch] = np.abs(walk[:, rows:] - walk[:, :-rows]).max(axis=1)
    return np.quantile(found, 1 - CHANCES, axis=1).T


def main() -> None:
    """Build all tables and write them."""
    limits: dict[str, Floats] = {
        "exponential": exponential().astype(np.float32),
        "exponential_trimming": TRIMMINGS,
        "window": window().astype(np.float32),
        "window_width": WIDTHS,
        "chances": CHANCES,
    }
    shape = (2, 2, len(SEASONS), len(LENGTHS))
    medians = np.full((*shape, FIRST.size, SECOND.size, 2), np.nan, np.float32)
    critical = np.full((*shape, LEVELS.size, basis(np.zeros(2)).size), np.nan, np.float32)
    for number, place in enumerate(np.ndindex(shape)):
        known, trend, form, n = place[0], place[1], SEASONS[place[2]], LENGTHS[place[3]]
        began = time.process_time()
        medians[place], critical[place], miss = one(n, trend, form, known, SEED + number)
        print(f"{known=} {trend=} {form=} {n=}: {np.round(miss, 2)} {time.process_time() - began:.1f} s", flush=True)
    np.savez_compressed(PATH, medians=medians, critical=critical, **limits)


if __name__ == "__main__":
    main()

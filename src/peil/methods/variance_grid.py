"""Crossed random effects on cell means: their restricted likelihood, and a grid over how large they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
# Half of the prior lies below this: effects differ by half as much as two answers in one cell do.
PRIOR_SCALE = 0.5
# Points on each axis of the grid, by how many axes there are. One standard deviation apart, a trapezoid over a bell is
# exact to eight digits.
POINTS = {1: 33, 2: 15, 3: 9, 4: 6}
# The grid is even in arsinh(ratio / BEND): even in the ratio near nought, and in its logarithm from there on.
BEND = 0.1
LARGEST = 100.0
COARSE = np.linspace(0.0, float(np.arcsinh(LARGEST / BEND)), 30)
NEGLIGIBLE = 3e-4
KEPT_MASS = 0.999
ROUNDS = 12
# From here on Student's distribution is the normal one, but for its width.
NEARLY_NORMAL = 50.0
FAR = 1e9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Cells of a table, filled or not, each with a mean.

    Parameters:
        value: each cell's mean; not read where ``n`` is nought.
        n: its effective number of answers, nought where it is empty.
        squares: sum of squares of all answers around the means of their cells.
        freedom: degrees of freedom of ``squares``.
        codes: (F, M), the level of each cell on each factor; F is 0 where cells are crossed by nothing.
        sizes: levels of each factor.
        predictors: (M, p), what is known of each cell, the constant not among them.
    """

    value: Floats
    n: Floats
    squares: float
    freedom: float
    codes: Integers
    sizes: tuple[int, ...]
    predictors: Floats

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Which cells have answers."""
        return np.asarray(self.n > 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Point:
    """The posterior given how large the effects are, relative to the spread of answers in a cell.

    Parameters:
        weight: posterior weight of the point.
        ratios: standard deviation of each factor's effects, and of the cells' own, over that of an answer.
        scale: standard deviation of an answer.
        effects: levels of the largest factor, then the constant, predictors and levels of other factors.
        covariance: of ``effects``, in units of ``scale`` squared.
    """

    weight: float
    ratios: Floats
    scale: float
    effects: Floats
    covariance: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Solved:
    """Henderson's equations solved at many ratios; the largest factor's block is diagonal, the others' is inverted."""

    log_m: Floats
    rss: Floats
    diagonal: Floats
    cross: Floats
    inverse: Floats
    right: Floats
    rest: Floats
    big_ratio: Floats
    rest_ratio: Floats


class CrossedEffects:
    """The model y = Xβ + effects of factors + an effect of each cell + error, the error's variance σ²/n.

    Everything is reckoned from sums over cells. The effects of the largest factor are diagonal given the others and
    are eliminated first, so what is solved is as small as the other factors (Henderson's equations, by blocks).

    Parameters:
        cells: what was seen.
    """

    def __init__(self, cells: Cells) -> None:
        here = cells.filled
        order = np.argsort(cells.sizes, kind="stable")[::-1]
        self.order = tuple(int(each) for each in order)
        indicators = [np.eye(cells.sizes[each])[cells.codes[each]] for each in self.order]
        self.big = indicators[0] if indicators else np.zeros((cells.n.size, 0))
        constant = np.ones((cells.n.size, 1))
        self.rest = np.concatenate([constant, cells.predictors, *indicators[1:]], axis=1)
        self.fixed = 1 + cells.predictors.shape[1]
        # which factor a column of the rest belongs to; 0 for what is fixed
        self._axis = np.repeat(
            np.arange(len(indicators[1:]) + 1), [self.fixed, *(each.shape[1] for each in indicators[1:])]
        )
        self._n, self._y = cells.n[here], cells.value[here]
        self._a, self._b = self.big[here], self.rest[here]
        self.axes = len(cells.sizes) + 1
        # one answer's worth of what answers vary in all keeps the spread away from nought
        self._within, self._freedom = cells.squares, cells.freedom
        # digits are lost in sums of squares of values far from nought: the constant takes their mean up, and gives it back
        self._mean = float(np.average(self._y, weights=self._n))
        self._y = self._y - self._mean
        between = float(np.sum(self._n * self._y**2))
        self._variance = (self._within + between) / max(self._freedom + self._n.size - 1, 1.0)

    def _sums(self, own: float) -> tuple[Floats, Floats, Floats, Floats, Floats, float, float]:
        d = self._n / (1 + self._n * own * own)
        weighted = d[:, None] * self._b
        return (
            d @ self._a,
            self._a.T @ weighted,
            self._b.T @ weighted,
            self._a.T @ (d * self._y),
            weighted.T @ self._y,
            float(d @ self._y**2),
            float(np.log(d).sum()),
        )

    def _solve(self, own: float, others: Floats) -> _Solved:
        da, ab, bb, ay, by, yy, log_d = self._sums(own)
        sa = others[:, :1] if self.big.shape[1] else np.zeros((len(others), 1))
        t = np.ones((len(others), self._axis.size))
        for factor in range(1, others.shape[1]):
            t[:, self._axis == factor] = others[:, factor : factor + 1]
        diagonal = 1 + sa**2 * da
        cross = sa[:, :, None] * ab * t[:, None, :]
        schur = t[:, :, None] * bb * t[:, None, :] + np.diag((self._axis > 0).astype(np.float64))
        schur = schur - np.swapaxes(cross, 1, 2) @ (cross / diagonal[:, :, None])
        ra = sa * ay
        rb = t * by - ((ra / diagonal)[:, None, :] @ cross)[:, 0, :]
        inverse: Floats = np.linalg.inv(schur).astype(np.float64)
        b = (inverse @ rb[:, :, None])[:, :, 0]
        rss = np.maximum(yy - (ra**2 / diagonal).sum(axis=1) - (rb * b).sum(axis=1), 0.0)
        log_m = np.log(diagonal).sum(axis=1) + np.linalg.slogdet(schur)[1] - log_d
        return _Solved(
            log_m=log_m,
            rss=rss,
            diagonal=diagonal,
            cross=cross,
            inverse=inverse,
            right=ra,
            rest=b,
            big_ratio=sa,
            rest_ratio=t,
        )

    def degrees(self, *, prior: bool = True) -> float:
        """Return the degrees of freedom of the spread of answers."""
        return float(self._freedom + self._n.size - self.fixed + prior)

    def log_posterior(self, ratios: ArrayLike, *, prior: bool = True) -> Floats:
        """Return the log of the restricted likelihood at each row of ratios, the error's variance integrated out.

        Parameters:
            ratios: (G, axes): standard deviations over that of an answer, the cells' own last.
            prior: with the half-Cauchy prior on each ratio, and one answer's worth of prior on the spread.
        """
        asked = np.asarray(ratios, dtype=np.float64)
        found = np.empty(len(asked))
        for own in np.unique(asked[:, -1]):
            here = asked[:, -1] == own
            made = self._solve(float(own), asked[here, :-1])
            squares = made.rss + self._within + (self._variance if prior else 0.0)
            found[here] = -0.5 * (made.log_m + self.degrees(prior=prior) * np.log(squares))
        return found - np.log1p((asked / PRIOR_SCALE) ** 2).sum(axis=1) if prior else found

    def _height(self, places: Floats) -> tuple[Floats, Floats]:
        """Return the ratios at places of the grid, and the log posterior there per unit of the grid."""
        ratios = BEND * np.sinh(places)
        return ratios, self.log_posterior(ratios) + np.log(np.cosh(places)).sum(axis=1)

    def _box(self) -> tuple[Floats, Floats]:
        """Return where to look first: along each axis as far as it matters, from the best of a coarse grid."""
        best = np.full(self.axes, COARSE[COARSE.size // 3])
        low, high = np.zeros(self.axes), np.zeros(self.axes)
        for last in (False, False, True):
            for axis in range(self.axes):
                along = np.tile(best, (COARSE.size, 1))
                along[:, axis] = COARSE
                height = self._height(along)[1]
                best[axis] = COARSE[int(np.argmax(height))]
                if last:
                    seen = np.flatnonzero(height > height.max() + np.log(NEGLIGIBLE))
                    low[axis] = COARSE[max(seen[0] - 1, 0)]
                    high[axis] = COARSE[min(seen[-1] + 1, COARSE.size - 1)]
        return low, high

    def grid(self) -> tuple[Floats, Floats]:
        """Return the ratios that matter, one row each, and their posterior weights, which add up to 1.

        The box is drawn in or pushed out until what lies on its edges is negligible and little of it is empty.
        """
        low, high = self._box()
        points = POINTS.get(self.axes, 5)
        for _ in range(ROUNDS):
            axes = [np.linspace(one, other, points) for one, other in zip(low, high, strict=True)]
            places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, self.axes)
            ratios, height = self._height(places)
            weight = np.exp(height - height.max()).reshape((points,) * self.axes)
            step = (high - low) / (points - 1)
            before = low, high
            low, high = self._redrawn(weight, low, step)
            if np.all(np.abs(low - before[0]) + np.abs(high - before[1]) <= 1.5 * step):
                break
        for axis in range(self.axes):
            # the end of a trapezoid counts half; but for nought, next to nothing is there
            edge: list[slice] = [slice(None)] * self.axes
            edge[axis] = slice(0, 1)
            weight[tuple(edge)] /= 2
        flat = weight.ravel() / weight.sum()
        order = np.argsort(-flat, kind="stable")
        kept = np.sort(order[: int(np.searchsorted(np.cumsum(flat[order]), KEPT_MASS)) + 1])
        return ratios[kept], flat[kept] / flat[kept].sum()

    def _redrawn(self, weight: Floats, low: Floats, step: Floats) -> tuple[Floats, Floats]:
        """Return the box that holds what is not negligible, one step wider on each side."""
        ends = []
        for axis in range(self.axes):
            along = weight.sum(axis=tuple(each for each in range(self.axes) if each != axis))
            seen = np.flatnonzero(along > NEGLIGIBLE * along.max())
            ends.append((seen[0] - 1, seen[-1] + (2 if seen[-1] == along.size - 1 else 1)))
        first, last = np.array(ends, dtype=np.float64).T
        return np.maximum(low + first * step, 0.0), np.minimum(low + last * step, COARSE[-1])

    def points(self) -> Iterator[Point]:
        """Yield the posterior at every point of the grid."""
        ratios, weights = self.grid()
        for own in np.unique(ratios[:, -1]):
            here = np.flatnonzero(ratios[:, -1] == own)
            made = self._solve(float(own), ratios[here, :-1])
            squares = (made.rss + self._within + self._variance) / self.degrees()
            for place, at in enumerate(here):
                s, t, inverse = made.big_ratio[place], made.rest_ratio[place], made.inverse[place]
                share = made.cross[place] / made.diagonal[place][:, None]
                middle = share @ inverse
                corner = s**2 * (np.diag(1 / made.diagonal[place]) + middle @ share.T)
                side = -s * middle * t
                rest = t * made.rest[place]
                rest[0] += self._mean
                effect = s * (made.right[place] / made.diagonal[place] - share @ made.rest[place])
                yield Point(
                    weight=float(weights[at]),
                    ratios=ratios[at],
                    scale=float(np.sqrt(squares[place])),
                    effects=np.concatenate([effect, rest]),
                    covariance=np.block([[corner, side], [side.T, t[:, None] * inverse * t]]),
                )


def mixture_quantile(chance: float, mean: Floats, scale: Floats, weight: Floats, df: float) -> Floats:
    """Return a quantile of each mixture of Student's distributions.

    Parameters:
        chance: which quantile, 0 to 1.
        mean: (K, T), centres of the K parts of each of T mixtures.
        scale: (K, T), their scales.
        weight: (K,), adding up to 1.
        df: degrees of freedom of every part.

    Example:
        >>> ones = np.array([[1.0], [2.0]])
        >>> mixture_quantile(0.975, 0 * ones, ones, np.array([0.5, 0.5]), 1e9).round(3).tolist()
        [3.299]
    """
    wide = np.where(scale > 0, scale, 1e-12 * (1 + np.abs(mean)))
    reach = float(special.stdtrit(min(df, FAR), chance))
    if df >= NEARLY_NORMAL:
        # as wide at this quantile as Student's distribution is, and much quicker
        normal = float(special.ndtri(chance))
        wide, reach = wide * (reach / normal if normal else 1.0), normal
    ends = mean + reach * wide
    low, high = ends.min(axis=0), ends.max(axis=0)
    middle = weight @ mean
    at = np.clip(middle + reach * np.sqrt(weight @ (wide**2 + (mean - middle) ** 2)), low, high)
    for _ in range(60):
        z = (at - mean) / wide
        if df >= NEARLY_NORMAL:
            above, height = weight @ special.ndtr(z) - chance, np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
        else:
            above = weight @ special.stdtr(df, z) - chance
            height = np.exp(_log_height(df) - 0.5 * (df + 1) * np.log1p(z * z / df))
        low, high = np.where(above < 0, at, low), np.where(above > 0, at, high)
        newton = at - above / np.maximum(weight @ (height / wide), 1e-300)
        moved = np.where((newton >= low) & (newton <= high), newton, (low + high) / 2)
        done = np.all(np.abs(moved - at) <= 1e-7 * wide.min(axis=0) + 1e-15 * np.abs(at))
        at = moved
        if done:
            break
    return np.asarray(at, dtype=np.float64)


def _log_height(df: float) -> float:
    """Return the log of the height of Student's density at nought."""
    return float(special.gammaln((df + 1) / 2) - special.gammaln(df / 2) - 0.5 * np.log(df * np.pi))

"""What shape a change at a known date has: none, a level, a slope, both, or one that passes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from peil.errors import DefinitionError
from peil.methods.first_order import GRID, checked_event, null_columns, whitened
from peil.methods.moments import Floats

SHAPES = ("none", "level", "slope", "both", "temporary", "temporary_and_level")
_BEFORE, _AFTER = 12, 12
_SHORTEST = 3  # rows that something temporary lasts: less is an outlier
_PLACES = 24  # durations and half-lives that are tried
_FLAT = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaped:
    """One shape with the size it would have.

    Parameters:
        name: one of ``SHAPES``.
        probability: how likely it is among all, if each was as likely beforehand.
        level: how much higher the series lies for good; nought where the shape has none.
        slope: how much more it rises a row.
        passing: how much higher it lay at first than it did for good.
        lasts: rows after which the passing part is over (``steps_back``), or has halved; nan where there is none.
        steps_back: whether it ends at once; else it fades.
        autocorrelation: of the noise around it.
    """

    name: str
    probability: float
    level: float = 0.0
    slope: float = 0.0
    passing: float = 0.0
    lasts: float = math.nan
    steps_back: bool = False
    autocorrelation: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shapes:
    """All shapes of a change, and which is likeliest.

    Parameters:
        shapes: each, in the order of ``SHAPES``.
        n: rows.
        at: rows before the event.
    """

    shapes: tuple[Shaped, ...]
    n: int
    at: int

    @property
    def likeliest(self) -> Shaped:
        """The shape with the highest probability."""
        return max(self.shapes, key=lambda each: each.probability)

    @property
    def lasting(self) -> float:
        """The probability that something stays: a level, a slope, or both, whether or not something passed as well."""
        return sum(
            each.probability for each in self.shapes if each.name in {"level", "slope", "both", "temporary_and_level"}
        )

    @property
    def any(self) -> float:
        """The probability that anything changed."""
        return 1 - self["none"].probability

    def __getitem__(self, name: str) -> Shaped:
        """Return the shape of a name."""
        return self.shapes[SHAPES.index(name)]


def shapes(y: ArrayLike, at: int, *, x: ArrayLike | None = None, trend: bool = True) -> Shapes:
    """Return how likely each shape of a change is, by weights of Schwarz's criterion.

    Every shape is fitted by maximum likelihood under errors with a first-order autocorrelation of its own. Something passing
    is tried with many durations, after each of which it ends at once, and with many half-lives; their likelihoods are averaged,
    so that a shape gains nothing by having many forms. Probabilities suppose that one of the shapes is right.

    Parameters:
        y: the series, one row a period; 100 rows or more tell shapes apart, less will mostly say ``none``.
        at: how many rows lie before the event.
        x: (n, k) what else moves the series: the season, working days; no constant.
        trend: whether the series may have been moving in a straight line all along.

    Raises:
        EvidenceError: gaps, no variation, fewer than 12 rows on either side of the event, or regressors that explain one
            another.

    Example:
        >>> noise = np.random.default_rng(1).normal(size=120)
        >>> found = shapes(noise + 4 * (np.arange(120) >= 60), 60)
        >>> found.likeliest.name, round(found.likeliest.level), found.lasting > 0.95
        ('level', 4, True)
    """
    series = checked_event(y, at, before=_BEFORE, after=_AFTER)
    n = series.size
    base = null_columns(n, x, trend=trend)
    since = np.arange(n, dtype=np.float64) - at
    step, ramp = 1.0 * (since >= 0), np.maximum(since + 1.0, 0)
    passing, lasts, back = _passing(since)
    scale = float(series.std())
    grid = _Grid.made(series / scale, base, np.column_stack([step, ramp, passing]))
    bends = slice(2, None)
    fits = {
        "none": grid.fit(),
        "level": grid.fit([0]),
        "slope": grid.fit([1]),
        "both": grid.fit([0], [1]),
        "temporary": grid.fit(bends),
        "temporary_and_level": grid.fit(bends, [0]),
    }
    # each of the two ways of passing has half the prior, shared among its places
    prior = np.where(back, 0.5 / max(back.sum(), 1), 0.5 / max((~back).sum(), 1))
    one = np.ones(1)
    logs = np.array([_averaged(fits[name], prior if name.startswith("temporary") else one, n) for name in SHAPES])
    probability = np.exp(logs - special.logsumexp(logs))
    made = []
    for name, chance in zip(SHAPES, probability, strict=True):
        fit = fits[name]
        best = int(np.argmax(fit.likelihood))
        sizes = scale * fit.coefficient[best]
        told: dict[str, float] = {"autocorrelation": float(fit.rho[best])}
        if name in {"level", "both"}:
            told["level"] = float(sizes[0])
        if name in {"slope", "both"}:
            told["slope"] = float(sizes[-1])
        if name.startswith("temporary"):
            told |= {"passing": float(sizes[0]), "lasts": float(lasts[best])}
        if name == "temporary_and_level":
            told["level"] = float(sizes[1])
        ended = bool(name.startswith("temporary") and back[best])
        made.append(Shaped(name=name, probability=float(chance), steps_back=ended, **told))
    return Shapes(shapes=tuple(made), n=n, at=at)


def steps_back(n: int, at: int, lasts: int) -> Floats:
    """Return the regressor of a change that is over at once after ``lasts`` rows.

    Raises:
        DefinitionError: it does not end within the rows.

    Example:
        >>> steps_back(6, 2, 3).tolist()
        [0.0, 0.0, 1.0, 1.0, 1.0, 0.0]
    """
    if not 0 < lasts < n - at:
        raise DefinitionError(f"a change of {lasts} rows does not end within the {n - at} that follow the event")
    since = np.arange(n) - at
    return np.where((since >= 0) & (since < lasts), 1.0, 0.0)


def fades(n: int, at: int, halves: float) -> Floats:
    """Return the regressor of a change of which half is left after ``halves`` rows.

    Raises:
        DefinitionError: the half-life is not above nought.

    Example:
        >>> fades(5, 1, 1).tolist()
        [0.0, 1.0, 0.5, 0.25, 0.125]
    """
    if not halves > 0:
        raise DefinitionError(f"a half-life is above nought, not {halves}")
    since = np.arange(n) - at
    return np.where(since >= 0, 0.5 ** (np.maximum(since, 0) / halves), 0.0)


def _passing(since: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return the regressors of everything that passes, what each lasts, and which end at once.

    Durations leave a quarter of the rows behind them, and half-lives a thirtieth of the change, or it would look lasting.
    """
    n, at = since.size, int(-since[0])
    after = n - at
    longest = max(after - max(_AFTER // 2, after // 4), _SHORTEST)
    durations = np.unique(np.round(np.geomspace(_SHORTEST, longest, _PLACES)))
    halves = np.geomspace(_SHORTEST / 2, max(after / 5, _SHORTEST), _PLACES)
    columns = [steps_back(n, at, int(each)) for each in durations] + [fades(n, at, each) for each in halves]
    back = np.arange(len(columns)) < durations.size
    return np.column_stack(columns), np.concatenate([durations, halves]), back


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fit:
    """Fits of one shape: (forms,) highest log likelihood, the autocorrelation there, and (forms, k) coefficients."""

    likelihood: Floats
    rho: Floats
    coefficient: Floats
    parameters: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Grid:
    """Whitened at every autocorrelation, and rid of what the base columns explain: the series and all candidates."""

    y: Floats
    columns: Floats
    squares: Floats

    @classmethod
    def made(cls, y: Floats, base: Floats, candidates: Floats) -> _Grid:
        k = base.shape[1]
        white, _ = whitened(np.column_stack([base, y, candidates]))
        basis = np.linalg.qr(white[:, :, :k])[0]
        rest = white[:, :, k:]
        rest = rest - basis @ (np.swapaxes(basis, 1, 2) @ rest)
        left, columns = rest[:, :, 0], rest[:, :, 1:]
        return cls(y=left, columns=columns, squares=np.einsum("gn,gn->g", left, left))

    def fit(self, one: slice | list[int] | None = None, two: list[int] | None = None) -> _Fit:
        """Fit nothing, one candidate of several forms, or one beside a second."""
        n = self.y.shape[1]
        if one is None:
            return self._best(self.squares[:, None], np.zeros((GRID.size, 1, 0)), n)
        x = self.columns[:, :, one]
        xy, xx = np.einsum("gnf,gn->gf", x, self.y), np.einsum("gnf,gnf->gf", x, x)
        if two is None:
            b = _over(xy, xx)
            return self._best(self.squares[:, None] - b * xy, b[..., None], n)
        z = self.columns[:, :, two[0]]
        zy, zz, xz = (
            np.einsum("gn,gn->g", z, self.y)[:, None],
            np.einsum("gn,gn->g", z, z)[:, None],
            np.einsum("gnf,gn->gf", x, z),
        )
        b = _over(xy - _over(xz * zy, zz), xx - _over(xz * xz, zz))
        c = _over(zy - b * xz, zz)
        return self._best(self.squares[:, None] - b * xy - c * zy, np.stack([b, c], axis=-1), n)

    def _best(self, rss: Floats, coefficient: Floats, n: int) -> _Fit:
        """Take the highest likelihood over the grid, between its points by a parabola."""
        floor = _FLAT * self.squares[:, None] + np.finfo(np.float64).tiny
        heights = -0.5 * n * np.log(np.maximum(rss, floor) / n) + 0.5 * np.log(1 - GRID * GRID)[:, None]
        top = np.clip(heights.argmax(axis=0), 1, GRID.size - 2)
        forms = np.arange(rss.shape[1])
        below, here, above = (heights[top + each, forms] for each in (-1, 0, 1))
        bend = below - 2 * here + above
        shift = np.clip(np.where(bend < 0, 0.5 * (below - above) / np.where(bend < 0, bend, -1.0), 0.0), -1.0, 1.0)
        peak = here - 0.25 * (below - above) * shift
        likelihood = np.maximum(peak, heights.max(axis=0))
        step = math.atanh(GRID[1]) - math.atanh(GRID[0])
        rho = np.tanh(np.arctanh(GRID[top]) + step * shift)
        return _Fit(
            likelihood=likelihood, rho=rho, coefficient=coefficient[top, forms], parameters=coefficient.shape[-1]
        )


def _over(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros(np.broadcast_shapes(above.shape, below.shape)), where=below > _FLAT)


def _averaged(fit: _Fit, prior: Floats, n: int) -> float:
    """Return the log of the mean likelihood over a shape's forms, less Schwarz's half log n for each size."""
    return float(special.logsumexp(fit.likelihood, b=prior) - 0.5 * fit.parameters * math.log(n))

"""Regression whose errors follow a first-order autoregression, fitted at every autocorrelation of a grid at once."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import DefinitionError, EvidenceError
from peil.methods.breakpoints import checked_regressors, checked_series
from peil.methods.moments import Floats

GRID: Floats = np.tanh(np.linspace(-1.1, 2.5, 37))  # from -0.80 to 0.987
_FLAT = 1e-12
_SPARE = 4  # rows beyond the coefficients that tell a variance and an autocorrelation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mixture:
    """Student distributions with one number of degrees of freedom, one for each autocorrelation, and their weights.

    Parameters:
        weight: of each; they add up to 1.
        centre: of each.
        spread: scale of each.
        df: degrees of freedom.
    """

    weight: Floats
    centre: Floats
    spread: Floats
    df: float

    @property
    def mean(self) -> float:
        """The mean."""
        return float(self.weight @ self.centre)

    @property
    def se(self) -> float:
        """Half the width that holds 68 %, as a standard error would."""
        one = float(special.ndtr(1.0))
        return (self.quantile(one) - self.quantile(1 - one)) / 2

    def below(self, value: float) -> float:
        """Return the chance of less than ``value``."""
        return float(self.weight @ special.stdtr(self.df, (value - self.centre) / self.spread))

    def quantile(self, p: float) -> float:
        """Return the value with chance ``p`` below it."""
        ends = self.centre + self.spread * special.stdtrit(self.df, p)
        low, high = float(ends.min()), float(ends.max())
        if high - low <= _FLAT * max(abs(low), abs(high), float(self.spread.max())):
            return low
        return float(scipy.optimize.brentq(lambda value: self.below(value) - p, low, high))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fits:
    """The regression at every autocorrelation of ``GRID``.

    Parameters:
        weight: how likely each autocorrelation is, given the series (they add up to 1). The coefficients and the variance
            are integrated out, which undoes most of the bias that an estimated autocorrelation has towards nought; the
            prior is Jeffreys', 1/sqrt(1 - rho²).
        coefficient: (grid, k).
        inverse: (grid, k, k), inverse of the whitened moments; times the variance it is the covariance of the coefficients.
        variance: of the innovations.
        last: (grid,) residual of the last row.
        df: rows less coefficients.
    """

    weight: Floats
    coefficient: Floats
    inverse: Floats
    variance: Floats
    last: Floats
    df: float

    @property
    def rho(self) -> float:
        """The autocorrelation to be expected."""
        return float(self.weight @ GRID)

    def of(self, combination: ArrayLike) -> Mixture:
        """Return what is known of a linear combination of the coefficients.

        Example:
            >>> fits = fitted([1.0, 3, 2, 4, 3, 5, 4, 7], np.column_stack([np.ones(8), np.arange(8)]))
            >>> round(fits.of([0, 1]).mean, 1)
            0.6
        """
        c = np.asarray(combination, dtype=np.float64)
        spread = np.sqrt(np.einsum("i,gij,j->g", c, self.inverse, c) * self.variance)
        return Mixture(weight=self.weight, centre=self.coefficient @ c, spread=spread, df=self.df)


def fitted(y: ArrayLike, columns: Floats, when: ArrayLike | None = None) -> Fits:
    """Return generalised least squares at every autocorrelation of the grid, and how likely each is.

    The first row is kept (Prais and Winsten 1954); the weights are the marginal likelihood of Zellner and Tiao (1964),
    with an exact first row.

    Parameters:
        y: (n,) the series.
        columns: (n, k) regressors, the constant among them.
        when: (n,) the place of each row in time, rising; left out, one row follows another. Where rows were left out the
            errors on either side depend on one another that much less.

    Raises:
        EvidenceError: too few rows for so many coefficients, or the columns explain the series without fail.

    Example:
        >>> from scipy import signal
        >>> noise = np.random.default_rng(2).normal(size=2_000)
        >>> y = signal.lfilter([1], [1, -0.7], noise)
        >>> round(fitted(y, np.ones((2_000, 1))).rho, 1)
        0.7
    """
    series = np.asarray(y, dtype=np.float64)
    n, k = columns.shape
    if n < k + _SPARE:
        raise EvidenceError(
            f"{n} rows are too few for {k} coefficients, a variance and an autocorrelation",
            remedy=f"{k + _SPARE} are needed; take a longer series, or fewer regressors",
        )
    both, sizes = whitened(np.concatenate([columns, series[:, None]], axis=1), when)
    # an orthogonal factor rather than moments, so that a trend of any length loses no digits
    factor = np.asarray(np.linalg.qr(both, mode="r"), dtype=np.float64)
    top, side, corner = factor[:, :k, :k], factor[:, :k, k], factor[:, k, k]
    rss = corner * corner
    if not np.all(rss > _FLAT * np.sum(np.square(series - series.mean()))):
        raise EvidenceError(
            "the regressors explain the series without fail, so nothing is left to judge a change by",
            remedy="look whether the series was measured, or made from the regressors",
        )
    inverse_top = np.asarray(np.linalg.inv(top), dtype=np.float64)
    coefficient = np.einsum("gij,gj->gi", inverse_top, side)
    df = float(n - k)
    sizes = sizes - np.log(np.abs(np.diagonal(top, axis1=1, axis2=2))).sum(axis=1)
    # the grid is even in the inverse hyperbolic tangent, so that each point stands for 1 - rho² of the line
    likely = -0.5 * df * np.log(rss) + sizes + 0.5 * np.log(1 - GRID * GRID)
    weight = np.exp(likely - likely.max())
    return Fits(
        weight=weight / weight.sum(),
        coefficient=coefficient,
        inverse=np.asarray(inverse_top @ np.swapaxes(inverse_top, 1, 2), dtype=np.float64),
        variance=rss / df,
        last=series[-1] - coefficient @ columns[-1],
        df=df,
    )


def whitened(rows: Floats, when: ArrayLike | None = None) -> tuple[Floats, Floats]:
    """Return rows as innovations at every autocorrelation of the grid, and the log of how much that shrinks them.

    Parameters:
        rows: (n, m) columns to whiten.
        when: as in ``fitted``.

    Returns:
        (grid, n, m) innovations, all of one variance, and (grid,) half the log determinant of their precision.

    Example:
        >>> made, sizes = whitened(np.array([[1.0], [1.0], [1.0]]), [0, 1, 4])
        >>> made.shape, bool(np.all(sizes[GRID > 0.5] < 0))
        ((37, 3, 1), True)
    """
    n = len(rows)
    made = np.empty((GRID.size, *rows.shape))
    first = np.sqrt(1 - GRID * GRID)
    made[:, 0] = rows[0] * first[:, None]
    if when is None:
        made[:, 1:] = rows[1:] - GRID[:, None, None] * rows[:-1]
        return made, np.log(first)
    apart = np.diff(np.asarray(when))
    if apart.size != n - 1 or not np.all(apart >= 1):
        raise DefinitionError("the places of rows do not rise, or are not one a row", remedy="sort the rows by time")
    kept = GRID[:, None] ** apart
    size = first[:, None] / np.sqrt(1 - kept * kept)
    made[:, 1:] = (rows[1:] - kept[:, :, None] * rows[:-1]) * size[:, :, None]
    return made, np.log(first) + np.log(size).sum(axis=1)


def ahead(fits: Fits, last: Floats, future: Floats, weights: Floats) -> Mixture:
    """Return what is foretold of weighted means of the rows that follow a fitted series.

    The spread holds the innovations to come, what the last row's residual still tells of them, and the uncertainty of the
    coefficients, which grows with the horizon wherever there is a trend.

    Parameters:
        fits: of the rows before.
        last: (k,) regressors of the last row before.
        future: (h, k) regressors of the rows that follow.
        weights: (h,) of the mean that is foretold.

    Example:
        >>> y, x = np.random.default_rng(1).normal(size=60), np.ones((60, 1))
        >>> near = ahead(fitted(y, x), x[-1], np.ones((8, 1)), np.full(8, 1 / 8))
        >>> bool(near.se < ahead(fitted(y, x), x[-1], np.ones((1, 1)), np.ones(1)).se)
        True
    """
    h = future.shape[0]
    decay = GRID[:, None] ** np.arange(1, h + 1)
    # the weight that an innovation has in the mean is that of its own row and, discounted, of all that follow
    reach = np.empty((GRID.size, h))
    carried = np.zeros(GRID.size)
    for j in range(h - 1, -1, -1):
        carried = weights[j] + GRID * carried
        reach[:, j] = carried
    pull = decay @ weights
    combination = weights @ future - pull[:, None] * last
    noise = np.square(reach).sum(axis=1)
    known = np.einsum("gi,gij,gj->g", combination, fits.inverse, combination)
    centre = fits.coefficient @ (weights @ future) + pull * fits.last
    return Mixture(weight=fits.weight, centre=centre, spread=np.sqrt(fits.variance * (noise + known)), df=fits.df)


def null_columns(n: int, x: ArrayLike | None, *, trend: bool) -> Floats:
    """Return the columns of what was already under way: a constant, a straight trend if asked for, and ``x``.

    Parameters:
        n: rows.
        x: (n, k) further regressors: the season, working days, other series; left out, none.
        trend: whether the series may have been moving in a straight line.

    Raises:
        EvidenceError: they do not fit the series, have gaps, or explain one another.

    Example:
        >>> null_columns(3, None, trend=True).round(2).tolist()
        [[1.0, -1.0], [1.0, 0.0], [1.0, 1.0]]
    """
    own = [np.ones(n)]
    if trend:
        own.append((2 * np.arange(n) - (n - 1)) / max(n - 1, 1))
    base = np.column_stack(own)
    given = checked_regressors(x, n)
    if given is None:
        return base
    return _together(base, given)


def _together(base: Floats, given: Floats) -> Floats:
    try:
        both = checked_regressors(np.concatenate([base, given], axis=1), base.shape[0])
    except EvidenceError as error:
        raise EvidenceError(
            "a regressor is explained by the others, a constant and the trend among them",
            remedy="leave it out; the constant and the trend are added here",
        ) from error
    assert both is not None  # noqa: S101  # only left-out regressors give none
    return both


def checked_event(y: ArrayLike, at: int, *, before: int, after: int) -> Floats:
    """Return the series as numbers, once it is sure that an event lies within it.

    Parameters:
        y: the series, one row a period.
        at: how many rows lie before the event.
        before: the fewest rows that must lie before it.
        after: the fewest from it on.

    Raises:
        EvidenceError: the series has gaps or does not vary, or too few rows lie on either side of the event.
        DefinitionError: ``at`` is no whole number.

    Example:
        >>> checked_event([1, 2, 3, 5], 2, before=2, after=2).tolist()
        [1.0, 2.0, 3.0, 5.0]
    """
    series = checked_series(y)
    n = series.size
    if isinstance(at, bool) or not isinstance(at, int | np.integer):
        raise DefinitionError(
            f"an event stands at a number of rows, not at {at!r}",
            remedy="count the rows that lie before it",
        )
    if not 0 < at < n:
        raise EvidenceError(
            f"the event, {at} rows from the start, lies outside the {n} rows of the series",
            remedy="take a series that begins before it and ends after it",
        )
    if at < before or n - at < after:
        raise EvidenceError(
            f"{at} rows before the event and {n - at} from it on are too few; {before} and {after} are needed",
            remedy="take a longer series, or periods that are shorter",
        )
    return series


@functools.lru_cache(maxsize=64)
def _waves(n: int, period: float, pairs: int) -> Floats:
    angle = 2 * np.pi * np.arange(n)[:, None] / period * np.arange(1, pairs + 1)
    made = np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
    made = np.round(made, 12)  # a sine that is nought at every row is left out
    made = made[:, np.any(made != 0, axis=0)]
    made.setflags(write=False)
    return made


def season(n: int, period: float, pairs: int = 2) -> Floats:
    """Return waves of a season: cosines and sines with 1, 2 … ``pairs`` turns a period.

    Parameters:
        n: rows.
        period: rows a season takes, such as 12 months or 52.18 weeks.
        pairs: how many waves.

    Raises:
        DefinitionError: so short a period has not so many waves.

    Example:
        >>> season(4, 4, 1).round(3).tolist()
        [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [-0.0, -1.0]]
    """
    if not (pairs >= 1 and 2 * pairs <= period):
        raise DefinitionError(
            f"a season of {period:g} rows has no {pairs} waves",
            remedy=f"ask for 1 to {int(period // 2)}" if period >= 2 else "leave the season out",  # noqa: PLR2004  # the fewest periods of which half is one
        )
    return _waves(n, float(period), pairs)

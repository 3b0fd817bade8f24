"""Structural time series: a level that may wander, a season, regressors, and what an event added to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import DefinitionError
from peil.methods import wandering
from peil.methods.breakpoints import checked_regressors
from peil.methods.first_order import checked_event
from peil.methods.moments import Floats
from peil.methods.structural import LEVELS, Level, structural

Shape = Literal["level", "slope", "both"]
Errors = Literal["averaged", "least_squares", "outer_product"]
_SEASONS = 3  # whole seasons that a season is learnt from
_SPARE = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Interrupted:
    """What an event added to a structural series, all rows fitted at once.

    Parameters:
        model: how the level moves.
        names: of the regressors, the event's last: ``x1`` … and ``level``, ``slope``.
        coefficient: of each, in the unit of the series; a slope per row.
        se: of each.
        low, high: of each.
        level: of the intervals.
        log_likelihood: at its maximum, the first rows being used to start the filter.
        variance: of the level's steps, the season's and the noise, by name.
        settled: whether the search for the likelihood's maximum ended at one.
    """

    model: Level
    names: tuple[str, ...]
    coefficient: Floats
    se: Floats
    low: Floats
    high: Floats
    level: float
    log_likelihood: float
    variance: dict[str, float]
    settled: bool

    def of(self, name: str) -> tuple[float, float]:
        """Return the coefficient of a name and its standard error."""
        at = self.names.index(name)
        return float(self.coefficient[at]), float(self.se[at])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Foretold:
    """The rows from an event on, less what a structural series fitted before it foretells.

    Parameters:
        model: how the level moves.
        value: mean difference, in the unit of the series.
        se: of it; it holds the noise, the wandering of the level and the regressors' uncertainty, and for a stochastic level
            what is not known of how much it wanders. Other models take the variances as they were estimated.
        low, high: its interval.
        level: of the intervals.
        expected: (rows from the event on,) what was foretold.
        expected_low, expected_high: interval of each of these rows.
        log_likelihood: of the rows before the event.
        settled: whether the search for the likelihood's maximum ended at one.
    """

    model: Level
    value: float
    se: float
    low: float
    high: float
    level: float
    expected: Floats
    expected_low: Floats
    expected_high: Floats
    log_likelihood: float
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Range:
    """What several models say of one event: no single one of them is the answer.

    Parameters:
        models: one a way in which the level may move.
        low, high: the least and the greatest of their effects.
        interval_low, interval_high: from the lowest bound to the highest.
        one_sign: whether all effects have the same sign.
        all_clear: whether the intervals of all leave out nought, on the same side.
    """

    models: tuple[Foretold, ...]
    low: float
    high: float
    interval_low: float
    interval_high: float
    one_sign: bool
    all_clear: bool


def interrupted(  # noqa: PLR0913  # a model is a list of choices
    y: ArrayLike,
    at: int,
    *,
    model: Level = "stochastic",
    shape: Shape = "level",
    season: int | None = None,
    season_moves: bool = False,
    x: ArrayLike | None = None,
    errors: Errors = "averaged",
    level: float = 0.95,
) -> Interrupted:
    """Return what an event added, with everything fitted over all rows (Harvey and Durbin 1986).

    Where the level is ``static`` although it wanders, the standard error is far too small. Coefficients are those of the
    highest likelihood.

    Parameters:
        y: the series, one row a period; the logarithm of volumes makes effects relative.
        at: how many rows lie before the event.
        model: ``static`` keeps the level where it is, ``stochastic`` lets it wander beside the noise, ``random_walk`` has no
            other noise, ``trend`` lets level and slope wander.
        shape: what the event may have changed.
        season: rows a season takes, of which each has its own effect; for long seasons hand over waves as ``x``.
        season_moves: whether these effects may change over time.
        x: (n, k) regressors; no constant.
        errors: ``averaged`` averages the intervals of a stochastic level over how much it may wander, and is as the next for
            other models; ``least_squares`` takes the variances found for the truth; ``outer_product`` gives the standard
            errors that statsmodels prints.
        level: of the intervals.

    Raises:
        EvidenceError: gaps, no variation, too few rows, an event outside them, or regressors that explain one another.
        DefinitionError: the model or the season is not one of those above.

    Example:
        >>> noise = np.random.default_rng(4).normal(size=60)
        >>> found = interrupted(noise + 3 * (np.arange(60) >= 40), 40)
        >>> found.names, bool(found.low[0] < 3 < found.high[0])
        (('level',), True)
    """
    series, given = _checked(y, at, x, model, season, after=2)
    n = series.size
    after = np.arange(n) >= at
    own = {"level": 1.0 * after, "slope": after * (np.arange(n) - at + 1.0)}
    if shape not in {"level", "slope", "both"}:
        raise DefinitionError(f"an event has no shape {shape!r}", remedy="choose level, slope or both")
    added = [name for name in own if shape in {name, "both"}]
    columns = np.column_stack([given, *(own[name] for name in added)])
    checked_regressors(np.column_stack([np.ones(n), columns]), n)
    fit = structural(series, columns, model, season, season_moves=season_moves)
    coefficient, k = fit.coefficient, columns.shape[1]
    se = fit.outer_product if errors == "outer_product" else fit.least_squares(columns)
    reach = float(special.ndtri((1 + level) / 2))
    low, high = coefficient - reach * se, coefficient + reach * se
    if errors == "averaged" and model == "stochastic" and not season_moves:
        fixed = _fixed(columns, season)
        known = [wandering.coefficient(series, fixed, fixed.shape[1] - k + i) for i in range(k)]
        se = np.array([each.se for each in known])
        low, high = (np.array([each.quantile(p) for each in known]) for p in ((1 - level) / 2, (1 + level) / 2))
    return Interrupted(
        model=model,
        names=(*(f"x{i + 1}" for i in range(given.shape[1])), *added),
        coefficient=coefficient,
        se=se,
        low=low,
        high=high,
        level=level,
        log_likelihood=fit.log_likelihood,
        variance=fit.variance,
        settled=fit.settled,
    )


def foretold(
    y: ArrayLike,
    at: int,
    *,
    model: Level = "stochastic",
    season: int | None = None,
    x: ArrayLike | None = None,
    level: float = 0.95,
) -> Foretold:
    """Return what happened from an event on, less what the rows before it foretell (Brodersen et al. 2015).

    Parameters:
        y: the series, one row a period.
        at: how many rows lie before the event.
        model: as in ``interrupted``.
        season: as in ``interrupted``.
        x: (n, k) regressors of all rows, which the event did not reach.
        level: of the intervals.

    Raises:
        EvidenceError: as in ``interrupted``.
        DefinitionError: as in ``interrupted``.

    Example:
        >>> noise = np.random.default_rng(4).normal(size=60)
        >>> found = foretold(noise + 3 * (np.arange(60) >= 40), 40)
        >>> bool(found.low < 3 < found.high), found.expected.shape
        (True, (20,))
    """
    series, given = _checked(y, at, x, model, season, after=1)
    if given.shape[1]:
        checked_regressors(np.column_stack([np.ones(at), given[:at]]), at)
    fit = structural(series[:at], given[:at], model, season, season_moves=False)
    expected, spread = fit.forecast(given[at:]), fit.spread(given[:at], given[at:])
    value, se = float(np.mean(series[at:] - expected)), float(np.sqrt(spread.mean()))
    reach = float(special.ndtri((1 + level) / 2))
    low, high = value - reach * se, value + reach * se
    each = reach * np.sqrt(np.diag(spread))
    row_low, row_high = expected - each, expected + each
    if model == "stochastic":
        known = wandering.foreseen(series[:at], _fixed(given, season), level=level)
        mean = float(series[at:].mean())
        se, (low, high) = known.mean.se, (mean - known.mean.quantile(p) for p in ((1 + level) / 2, (1 - level) / 2))
        row_low, row_high = known.low, known.high
    return Foretold(
        model=model,
        value=value,
        se=se,
        low=low,
        high=high,
        level=level,
        expected=expected,
        expected_low=row_low,
        expected_high=row_high,
        log_likelihood=fit.log_likelihood,
        settled=fit.settled,
    )


def specifications(
    y: ArrayLike,
    at: int,
    *,
    models: Sequence[Level] = ("static", "stochastic", "random_walk"),
    season: int | None = None,
    x: ArrayLike | None = None,
    level: float = 0.95,
) -> Range:
    """Return what every model says of the event, and how far they lie apart.

    Parameters:
        y: as in ``foretold``.
        at: as in ``foretold``.
        models: which to fit.
        season: as in ``foretold``.
        x: as in ``foretold``.
        level: of the intervals.

    Raises:
        EvidenceError: as in ``foretold``.
        DefinitionError: no model is named, or none of that name exists.

    Example:
        >>> noise = np.random.default_rng(4).normal(size=60)
        >>> found = specifications(noise + 6 * (np.arange(60) >= 40), 40, models=("static", "stochastic"))
        >>> len(found.models), found.one_sign, found.all_clear
        (2, True, True)
    """
    if not models:
        raise DefinitionError("no model is named", remedy=f"choose from {', '.join(LEVELS)}")
    made = tuple(foretold(y, at, model=each, season=season, x=x, level=level) for each in models)
    values = [each.value for each in made]
    low, high = min(each.low for each in made), max(each.high for each in made)
    return Range(
        models=made,
        low=min(values),
        high=max(values),
        interval_low=low,
        interval_high=high,
        one_sign=min(values) > 0 or max(values) < 0,
        all_clear=min(each.low for each in made) > 0 or max(each.high for each in made) < 0,
    )


def _checked(
    y: ArrayLike, at: int, x: ArrayLike | None, model: Level, season: int | None, *, after: int
) -> tuple[Floats, Floats]:
    if model not in LEVELS:
        raise DefinitionError(f"a level does not move as {model!r}", remedy=f"choose from {', '.join(LEVELS)}")
    if season is not None and (season < 2 or season != int(season)):  # noqa: PLR2004  # a season has two rows at least
        raise DefinitionError(
            f"a season of {season} rows cannot be fitted",
            remedy="give a whole number of 2 or more, or hand over waves of the season as regressors",
        )
    n = np.shape(y)[0] if np.ndim(y) else 0
    given = checked_regressors(x, n)
    regressors = np.zeros((n, 0)) if given is None else given
    before = _SPARE + regressors.shape[1] + (0 if season is None else _SEASONS * season)
    return checked_event(y, at, before=before, after=after), regressors


def _fixed(given: Floats, season: int | None) -> Floats:
    """Return a constant, the season's rows but one, and the regressors."""
    n = len(given)
    rows = np.arange(n)[:, None] % season == np.arange(1, season) if season else np.zeros((n, 0))
    return np.column_stack([np.ones(n), 1.0 * rows, given])

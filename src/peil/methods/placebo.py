"""Whether an event stands out from dates on which nothing happened, and whether one year alone carries its effect."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from peil.errors import DefinitionError, EvidenceError
from peil.methods.first_order import checked_event, fitted, null_columns
from peil.methods.moments import Floats, Integers

Side = Literal["both", "up", "down"]
FEWEST = 30  # fake dates: with less, no rank is below 3 %
_SHORTEST = 3  # rows on either side of a date
_SHARE = 6  # of the rows are on either side, if nothing else is asked for
_LONGEST = 26
_DRAWS = 999  # series without a change that the rank is held against
_LEFT = 8  # rows that must remain on either side of the event when a year is left out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placebos:
    """The change at an event among the changes at all other dates.

    Parameters:
        value: mean of the rows from the event on less that of the rows before it, freed of trend and season.
        p: how often a series without any change has as high a rank at this date. It is the rank's share but for dates near an
            end, which come out first a little more often.
        rank: of the event among all dates, the most extreme being 1.
        window: rows on either side of a date.
        dates: rows before each fake date.
        effect: the change at each.
        strength: each change over its standard error, up to one factor that all share; the event's is ``own``.
        own: of the event.
        clear: which fake dates have no row from the event on after them, and so cannot see it.
        side: which changes count as more extreme.
    """

    value: float
    p: float
    rank: int
    window: int
    dates: Integers
    effect: Floats
    strength: Floats
    own: float
    clear: NDArray[np.bool_]
    side: Side


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeftOut:
    """The effect of an event with each year left out in turn.

    Parameters:
        value: the effect with all years: how much higher the series lies from the event on.
        low, high: its interval.
        years: those that could be left out.
        effect: without each.
        effect_low, effect_high: its interval.
        one_sign: whether all have the sign of ``value``.
        leans_on: the year without which the effect changes the most.
        change: by how much.
        level: of the intervals.
    """

    value: float
    low: float
    high: float
    years: tuple[Hashable, ...]
    effect: Floats
    effect_low: Floats
    effect_high: Floats
    one_sign: bool
    leans_on: Hashable
    change: float
    level: float


def in_time(
    y: ArrayLike,
    at: int,
    *,
    window: int | None = None,
    x: ArrayLike | None = None,
    trend: bool = True,
    side: Side = "both",
) -> Placebos:
    """Return the rank of an event's change among the changes at every date that has enough rows on either side.

    Dates near the event, whose windows hold part of it, count as well. It looks wrong and is not: changes at neighbouring
    dates are much alike, and a date's neighbours are what it has to beat. If only dates well before the event count, it has no
    neighbours among them, and without any change it comes out first far more often than its rank says. The rank is held against
    999 series without a change, of the same autocorrelation; the same ones each time.

    Parameters:
        y: the series, one row a period.
        at: how many rows lie before the event.
        window: rows on either side of a date; left out, a sixth of the rows, 26 at most.
        x: (n, k) what else moves the series: the season, working days; no constant.
        trend: whether the series may have been moving in a straight line all along.
        side: ``both``, or the direction that was foreseen.

    Raises:
        EvidenceError: gaps, no variation, fewer than 30 fake dates, or too few rows on either side of the event.
        DefinitionError: the window or the side makes no sense.

    Example:
        >>> noise = np.random.default_rng(5).normal(size=120)
        >>> found = in_time(noise + 3 * (np.arange(120) >= 70), 70, trend=False)
        >>> found.p < 0.02, found.dates.size
        (True, 80)
    """
    n = np.shape(y)[0] if np.ndim(y) else 0
    h = min(_LONGEST, n // _SHARE) if window is None else window
    if window is not None and window < _SHORTEST:
        raise DefinitionError(
            f"{window} rows on either side of a date do not tell a change from noise",
            remedy=f"take {_SHORTEST} at least",
        )
    if side not in {"both", "up", "down"}:
        raise DefinitionError(f"a change has no side {side!r}", remedy="choose both, up or down")
    series = checked_event(y, at, before=max(h, _SHORTEST), after=max(h, _SHORTEST))
    fakes = n - 2 * h
    if fakes < FEWEST:
        raise EvidenceError(
            f"{n} rows give {max(fakes, 0)} fake dates with {h} rows on either side; {FEWEST} are needed",
            remedy="take a longer series, or a shorter window",
        )
    base = null_columns(n, x, trend=trend)
    rho = fitted(series, base).rho
    dates = np.arange(h, n - h + 1)
    place = np.arange(n)
    since = place[None, :] - dates[:, None]
    contrast = np.where((since >= 0) & (since < h), 1.0, 0.0) - np.where((since < 0) & (since >= -h), 1.0, 0.0)
    contrast /= h
    basis = np.linalg.qr(base)[0]
    contrast -= (contrast @ basis) @ basis.T
    size = np.einsum("dn,dn->d", contrast, np.where(since >= 0, 1.0, 0.0))
    shared = rho ** np.abs(place[:, None] - place)
    spread = np.sqrt(np.einsum("dn,dn->d", contrast @ shared, contrast))
    if not np.all(spread > 0) or not np.all(size > 0):
        raise EvidenceError(
            "the regressors follow a change at some date so closely that it cannot be told from them",
            remedy="leave them out, or take a longer window",
        )
    found = contrast @ series
    strength = found / spread
    own = at - h
    others = np.arange(dates.size) != own
    rank = int(_ranked(strength[:, None], own, side)[0])
    drawn = (contrast / spread[:, None]) @ (np.linalg.cholesky(shared) @ _noise(n))
    usual = _ranked(drawn, own, side)
    return Placebos(
        value=float(found[own] / size[own]),
        p=float((1 + np.sum(usual <= rank)) / (1 + _DRAWS)),
        rank=rank,
        window=h,
        dates=dates[others],
        effect=(found / size)[others],
        strength=strength[others],
        own=float(strength[own]),
        clear=dates[others] + h <= at,
        side=side,
    )


@functools.lru_cache(maxsize=4)
def _noise(n: int) -> Floats:
    made = np.random.default_rng(n).standard_normal((n, _DRAWS))
    made.setflags(write=False)
    return made


def _ranked(strength: Floats, own: int, side: Side) -> Integers:
    """Return the rank of one date among all, in each column."""
    extreme = {"both": np.abs, "up": np.positive, "down": np.negative}[side](strength)
    return np.asarray(np.sum(extreme >= extreme[own], axis=0))


def without_each(
    y: ArrayLike,
    at: int,
    years: Sequence[Hashable],
    *,
    x: ArrayLike | None = None,
    trend: bool = True,
    level: float = 0.95,
) -> LeftOut:
    """Return the effect of an event, a lasting change of level, with each year's rows left out in turn.

    Errors have a first-order autocorrelation over which everything is averaged; across the rows left out it counts by the time
    that passes.

    Parameters:
        y: the series, one row a period.
        at: how many rows lie before the event.
        years: (n,) the year of each row, or another label of stretches.
        x: (n, k) what else moves the series; no constant.
        trend: whether the series may have been moving in a straight line all along.
        level: of the intervals.

    Raises:
        EvidenceError: gaps, no variation, too few rows on either side of the event, or fewer than two years of which either can
            be left out.
        DefinitionError: there is not one label a row.

    Example:
        >>> noise = np.random.default_rng(5).normal(size=120)
        >>> found = without_each(noise + 3 * (np.arange(120) >= 60), 60, [row // 24 for row in range(120)], trend=False)
        >>> found.years, found.one_sign
        ((0, 1, 2, 3, 4), True)
    """
    series = checked_event(y, at, before=_LEFT, after=_LEFT)
    n = series.size
    if len(years) != n:
        raise DefinitionError(f"{len(years)} labels do not fit {n} rows", remedy="give the year of each row")
    place = np.arange(n)
    step = 1.0 * (place >= at)
    columns = np.column_stack([step, null_columns(n, x, trend=trend)])
    wanted = np.zeros(columns.shape[1])
    wanted[0] = 1.0
    chances = (0.5 - level / 2, 0.5 + level / 2)
    whole = fitted(series, columns).of(wanted)
    kept: dict[Hashable, tuple[float, float, float]] = {}
    for year in dict.fromkeys(years):
        here = np.array([each != year for each in years])
        enough = here[:at].sum() >= _LEFT and here[at:].sum() >= _LEFT
        rows = columns[here]
        if not enough or np.linalg.matrix_rank(rows) < rows.shape[1]:
            continue
        found = fitted(series[here], rows, place[here]).of(wanted)
        kept[year] = found.mean, found.quantile(chances[0]), found.quantile(chances[1])
    if len(kept) < 2:  # noqa: PLR2004  # one cannot be compared
        raise EvidenceError(
            f"{len(kept)} years can be left out with {_LEFT} rows remaining on either side of the event",
            remedy="take a longer series, or shorter stretches than a year",
        )
    table = np.array(list(kept.values()))
    moved = np.abs(table[:, 0] - whole.mean)
    return LeftOut(
        value=whole.mean,
        low=whole.quantile(chances[0]),
        high=whole.quantile(chances[1]),
        years=tuple(kept),
        effect=table[:, 0],
        effect_low=table[:, 1],
        effect_high=table[:, 2],
        one_sign=bool(np.all(np.sign(table[:, 0]) == np.sign(whole.mean))),
        leans_on=tuple(kept)[int(moved.argmax())],
        change=float(moved.max()),
        level=level,
    )

"""The moments of a panel that foretells itself: sums of products within teams and periods, less what biases them.

With w the values of a period and L those of the periods before, the sum of L'(w - L A') within teams and periods is not nought
at the truth: taking out a team's mean puts each shock into what came after it, and sampling errors multiply with themselves.
Both are reckoned exactly for the rows that are there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from peil.errors import DefinitionError, EvidenceError
from peil.methods.moments import Floats, Integers

FEWEST_UNITS, FEWEST_ROWS = 6, 3
_STEPS, _ROUNDS, _SETTLED, _NUDGE = 10, 30, 1e-9, 1e-6
_EXPLOSIVE = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Rows with every lag, and what is known of their errors; both sides are freed of effects of teams and periods.

    Parameters:
        own, cross, square: sums of products for each unit: of x and y one period before, then two; of these and x and y
            now; and of x and y now.
        noise: for each unit, what sampling errors add to products: of lagged and now, lagged and lagged, now and now; and
            the degrees of freedom that the effects leave.
        reached: for each unit, how much of an error is in what came so many periods later, as the effects leave it.
        both: (values, 2), all values that are there, freed likewise.
        both_noise, both_left, both_unit: of those: sampling variances, share that the effects leave, and team.
    """

    own: Floats
    cross: Floats
    square: Floats
    noise: tuple[Floats, Floats, Floats, Floats]
    reached: Floats
    both: Floats
    both_noise: Floats
    both_left: Floats
    both_unit: Integers
    units: int
    rows: int
    periods: int


def panel_of(
    unit: ArrayLike,
    period: ArrayLike,
    x: ArrayLike,
    y: ArrayLike,
    x_se: ArrayLike | None,
    y_se: ArrayLike | None,
    lags: int,
) -> Panel:
    """Return the rows of a panel that have every lag, freed of effects of teams and periods.

    Parameters:
        unit, period, x, y, x_se, y_se, lags: as of ``lead_lag``.

    Raises:
        DefinitionError: columns do not fit, a team has a period twice, periods are no whole numbers, or an error is missing.
        EvidenceError: fewer than six teams have three such rows, or x or y does not vary.
    """
    names, times = np.asarray(unit).ravel(), np.asarray(period, dtype=np.float64).ravel()
    values = np.stack([np.asarray(each, dtype=np.float64).ravel() for each in (x, y)], axis=1)
    given = [
        np.zeros(len(values)) if each is None else np.asarray(each, dtype=np.float64).ravel() for each in (x_se, y_se)
    ]
    if len({names.size, times.size, len(values), *(each.size for each in given)}) != 1 or lags < 1:
        raise DefinitionError("unit, period, x and y do not fit", remedy="give one of each a row, and one lag at least")
    here = np.isfinite(values).all(axis=1)
    names, times, values, noise = names[here], times[here], values[here], np.stack(given, axis=1)[here] ** 2
    if not np.all(np.isfinite(times)) or np.any(times % 1) or not np.all(np.isfinite(noise)):
        raise DefinitionError(
            "a period is no whole number, or a standard error is missing", remedy="number the periods"
        )
    team, at = np.unique(names, return_inverse=True)[1], times.astype(np.int64)
    order = np.lexsort((at, team))
    team, at, values, noise = team[order], at[order], values[order], noise[order]
    key = team * (int(np.ptp(at)) + lags + 2 if at.size else 1) + (at - at.min() if at.size else at)
    if np.any(np.diff(key) == 0):
        raise DefinitionError("a team has the same period twice", remedy="take its rows together first")
    places = [np.searchsorted(key, key - back) for back in range(1, lags + 1)]
    whole = np.all([key[np.minimum(each, key.size - 1)] == key - back for back, each in enumerate(places, 1)], axis=0)
    rows = np.flatnonzero(whole)
    enough = np.bincount(team[rows], minlength=int(team.max(initial=0)) + 1) >= FEWEST_ROWS
    rows = rows[enough[team[rows]]]
    units = int(np.unique(team[rows]).size)
    if units < FEWEST_UNITS:
        raise EvidenceError(
            f"{units} teams have {FEWEST_ROWS} periods with a period before, too few to tell what comes first",
            remedy=f"{FEWEST_UNITS} are needed, and 20 over 12 periods say something",
        )
    behind = [each[rows] for each in places]
    own = np.unique(team[rows], return_inverse=True)[1]
    blocks, now, lagged = _freed(own, at[rows], values[rows], np.hstack([values[each] for each in behind]))
    size = np.abs(np.linalg.eigvalsh(lagged.T @ lagged))
    if size.min() <= _SETTLED * _SETTLED * len(lagged) * float(np.abs(values).max()) ** 2:
        raise EvidenceError("x or y does not vary within teams", remedy="give values that change")
    kept = np.isin(team, team[rows])
    all_unit = np.unique(team[kept], return_inverse=True)[1]
    all_blocks, both, _ = _freed(all_unit, at[kept], values[kept], values[kept])
    starts = [at[rows][own == each] for each in range(units)]
    since = [each[:, None] - 1 - each[None, :] for each in starts]
    return Panel(
        own=_by_unit(own, units, lagged, lagged),
        cross=_by_unit(own, units, lagged, now),
        square=_by_unit(own, units, now, now),
        noise=_noise(own, blocks, since, noise[rows], np.hstack([noise[each] for each in behind])),
        reached=_reached(blocks, since),
        both=both,
        both_noise=noise[kept],
        both_left=np.concatenate([np.diag(each) for each in all_blocks]),
        both_unit=all_unit,
        units=units,
        rows=rows.size,
        periods=int(np.unique(at[rows]).size),
    )


def _freed(unit: Integers, period: Integers, *sides: Floats) -> tuple[tuple[Floats, ...], Floats, Floats]:
    """Return the blocks of the matrix that takes out effects of units and periods, and both sides freed of them."""
    count = np.bincount(unit).astype(np.float64)

    def within(values: Floats) -> Floats:
        mean = np.stack([np.bincount(unit, each) / count for each in values.T], axis=1)
        return values - mean[unit]

    dummies = within((period[:, None] == np.unique(period)[None, 1:]).astype(np.float64))
    size, ways = np.linalg.eigh(dummies.T @ dummies)
    seen = size > _SETTLED * max(size.max(initial=0.0), 1.0)
    basis = dummies @ ways[:, seen] / np.sqrt(size[seen])
    blocks = []
    for each in range(count.size):
        mine = basis[unit == each]
        n = len(mine)
        blocks.append(np.eye(n) - 1 / n - mine @ mine.T)
    centred = [within(each) for each in sides]
    now, lagged = (each - basis @ (basis.T @ each) for each in centred)
    return tuple(blocks), now, lagged


def _moments(panel: Panel, a: Floats, share: float) -> Floats:
    """Return what each unit adds to the moments: nought in all at the truth; ``share`` of the corrections is made."""
    wide = a.shape[1]
    raw = panel.cross - panel.own @ a.T
    if not share:
        return raw.reshape(panel.units, -1)
    noise_cross, noise_own, free, noise_now = panel.noise
    omega = _left(a, panel.own, panel.cross, panel.square) - share * _left(a, noise_own, noise_cross, noise_now)
    companion = np.zeros((wide, wide))
    companion[:2], companion[2:, :-2] = a, np.eye(wide - 2)
    shock = np.zeros((wide, 2))
    shock[:2] = omega / free.sum()
    ahead = [shock]
    for _ in range(panel.reached.shape[1] - 1):
        ahead.append(companion @ ahead[-1])
    bias = np.tensordot(panel.reached, np.stack(ahead), 1)
    return np.asarray((raw - share * (noise_cross - noise_own @ a.T + bias)).reshape(panel.units, -1), dtype=np.float64)


def _left(a: Floats, own: Floats, cross: Floats, square: Floats) -> Floats:
    """Return the products of what the coefficients leave, summed over units."""
    explained = a @ cross.sum(axis=0)
    return np.asarray(square.sum(axis=0) - explained - explained.T + a @ own.sum(axis=0) @ a.T, dtype=np.float64)


def _by_unit(unit: Integers, units: int, one: Floats, other: Floats) -> Floats:
    """Return the sum of products of two sides over the rows of each unit."""
    made = np.zeros((units, one.shape[1], other.shape[1]))
    np.add.at(made, unit, one[:, :, None] * other[:, None, :])
    return made


def _reached(blocks: tuple[Floats, ...], since: list[Integers]) -> Floats:
    made = np.zeros((len(blocks), max(0, *(int(each.max()) for each in since)) + 1))
    for each, (block, periods) in enumerate(zip(blocks, since, strict=True)):
        later = periods >= 0
        made[each] = np.bincount(periods[later], block[later], made.shape[1])
    return made


def _noise(
    unit: Integers, blocks: tuple[Floats, ...], since: list[Integers], now: Floats, lagged: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    wide, units = lagged.shape[1], len(blocks)
    cross, own = np.zeros((units, wide, 2)), np.zeros((units, wide, wide))
    free, left = np.zeros(units), np.zeros((units, 2, 2))
    for each, (block, periods) in enumerate(zip(blocks, since, strict=True)):
        mine = unit == each
        free[each] = np.trace(block)
        left[each] = np.diag(np.diag(block) @ now[mine])
        for back in range(wide // 2):
            pair = slice(2 * back, 2 * back + 2)
            # one value of x or y is now in one row, and so many periods before in another
            cross[each, pair] = np.diag(np.where(periods == back, block, 0.0).sum(axis=0) @ now[mine])
            for other in range(wide // 2):
                shared = np.where(periods == back - other - 1, block, 0.0).sum(axis=1) @ lagged[mine][:, pair]
                own[each, pair, 2 * other : 2 * other + 2] = np.diag(shared)
    return cross, own, free, left


def solved(panel: Panel, plain: Floats) -> tuple[Floats, float]:
    """Return the coefficients at which the moments are nought, and the share of the corrections they allow for.

    They are followed from those without corrections; in a short panel the way may end before all is corrected.
    """
    reached, done = plain, 0.0
    for share in np.arange(1, _STEPS + 1) / _STEPS:
        a = reached
        for _ in range(_ROUNDS):
            slope = _slope(panel, a, share)
            if not np.all(np.isfinite(slope)) or np.linalg.cond(slope) > 1 / _SETTLED:
                return reached, done
            step = np.linalg.solve(slope, _moments(panel, a, share).sum(axis=0)).reshape(a.shape)
            a = a - step
            if np.abs(step).max() < _SETTLED:
                break
        else:
            return reached, done
        if not _lasting(a):
            return reached, done
        reached, done = a, float(share)
    return reached, done


def _lasting(a: Floats) -> bool:
    """Return whether what happened fades: roots hardly above one."""
    companion = np.zeros((a.shape[1],) * 2)
    companion[:2], companion[2:, :-2] = a, np.eye(a.shape[1] - 2)
    return bool(np.abs(np.linalg.eigvals(companion)).max() < _EXPLOSIVE)


def _slope(panel: Panel, a: Floats, share: float) -> Floats:
    columns = []
    for each in np.eye(a.size):
        nudge = _NUDGE * each.reshape(a.shape)
        up, down = (_moments(panel, a + way * nudge, share).sum(axis=0) for way in (1, -1))
        columns.append((up - down) / (2 * _NUDGE))
    return np.stack(columns, axis=1)


def covariance(panel: Panel, a: Floats, share: float) -> Floats:
    """Return the covariance of the coefficients over units."""
    inverse = np.linalg.pinv(_slope(panel, a, share))
    scores = _moments(panel, a, share)
    # the usual correction for few units, and once more: effects of periods take away one part in so many of each unit's score
    middle = scores.T @ scores * (panel.units / (panel.units - 1)) ** 2
    return np.asarray(inverse @ middle @ inverse.T, dtype=np.float64)

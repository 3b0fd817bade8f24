"""A series of waves with control limits: what is ordinary from wave to wave, and what is a signal.

A wave differs from the next by the luck of who answered (its standard error, which changes with the number of answers) and by
what changes from wave to wave anyway. Limits from the first alone signal all the time (Laney 2002), so both are in them.
Limits from a few waves are guesses themselves, and four rules over twenty waves have eighty chances to be wrong: the widths
and lengths of the rules come from series without a change that are drawn and judged in the same way, until they are
wrong as often as was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from peil.errors import DefinitionError, EvidenceError
from peil.methods.moments import Floats, Integers

Rule = Literal["beyond", "run", "trend", "two_of_three"]
RULES: tuple[Rule, ...] = ("beyond", "run", "trend", "two_of_three")
FEWEST = 6
# Nelson (1984): three sigma, nine on one side, six in a row up or down, two of three beyond two sigma
REACH, NEAR, RUN, TREND = 3.0, 2.0, 9, 6
_DRAWS, _SEED = 2_500, 20_240
_WINDOW = 3
_SAFE = 0.9  # the rules allow for a spread between waves up to where this share of such baselines would show more
_SUCCESSIVE = 2 / 3  # of the degrees of freedom are left to squared differences of successive waves
_STEPS = 20  # ratios of spread between waves to sampling error are rounded, so that charts share what was drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A wave at which a rule was met.

    Parameters:
        at: place of the wave at which the rule was first met, from 0; a run that goes on is no second signal.
        rule: ``beyond`` a limit, a ``run`` on one side of the centre, a ``trend`` up or down, ``two_of_three`` far out.
        side: 1 above or upwards, -1 below or downwards.
    """

    at: int
    rule: Rule
    side: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ControlChart:
    """A series with what is ordinary in it.

    Parameters:
        value: of the waves.
        centre, low, high: of each wave; limits are nan where a wave has no value.
        signals: in order of waves.
        baseline: places of the waves that the centre and the spread rest on.
        sigma_within: typical sampling error of a baseline wave; nan where none was given.
        sigma_between: spread from wave to wave beyond sampling error; the whole spread where none was given.
        reach: standard errors from the centre to a limit.
        near: standard errors beyond which two of three successive waves on one side are a signal.
        run: successive waves on one side of the centre that are a signal.
        trend: successive waves, each above or each below the one before, that are a signal.
        autocorrelation: of successive waves, set right for the shortness of the series.
        autocorrelated: whether it is more than waves that do not hang together would show (one-sided, 5 %); then a drift
            that is ordinary here may have made the signals, or a change made the autocorrelation.
        expected_false: signals expected of a series of this length without a change.
        false_alarm: chance that such a series has one or more.
        false_alarm_autocorrelated: the same, were waves to hang together as they seem to.
        level: what was asked: 1 less the chance of a false alarm in the whole series.
    """

    value: Floats
    centre: Floats
    low: Floats
    high: Floats
    signals: tuple[Signal, ...]
    baseline: Integers
    sigma_within: float
    sigma_between: float
    reach: float
    near: float
    run: int
    trend: int
    autocorrelation: float
    autocorrelated: bool
    expected_false: float
    false_alarm: float
    false_alarm_autocorrelated: float
    level: float


def control_limits(
    value: ArrayLike,
    *,
    se: ArrayLike | None = None,
    baseline: ArrayLike | int | None = None,
    level: float = 0.95,
    rules: Sequence[Rule] = RULES,
    textbook: bool = False,
) -> ControlChart:
    """Return a series with its control limits and signals.

    Parameters:
        value: of each wave; nan where there was none, which neither makes nor breaks a run.
        se: standard error of each; left out, the whole spread is taken as that from wave to wave.
        baseline: how many of the first waves, or which, are known to be ordinary: their spread is taken as it is. Left
            out, all waves make the centre, and their spread is read off successive waves, which a step hardly touches.
        level: how often a series without a change has no signal at all.
        rules: which of them to use.
        textbook: use Nelson's (1984) widths and lengths whatever the length of the series; the false alarms that this makes
            are then only told.

    Raises:
        DefinitionError: standard errors do not fit or are no numbers, a rule is unknown, or a baseline wave is not there.
        EvidenceError: the baseline has fewer than six waves, or does not vary.

    Example:
        >>> found = control_limits([7.1, 7.0, 7.2, 7.1, 6.9, 7.0, 7.2, 7.1, 6.2], baseline=8)
        >>> [(each.at, each.rule, each.side) for each in found.signals]
        [(8, 'beyond', -1)]
        >>> round(float(found.low[8]), 1), round(found.false_alarm, 2)
        (6.8, 0.05)
    """
    values = np.asarray(value, dtype=np.float64).ravel()
    here = np.flatnonzero(np.isfinite(values))
    errors = _errors(se, values)
    inside, trusted = _baseline(baseline, values.size, here)
    unknown = set(rules) - set(RULES)
    if unknown or not rules:
        raise DefinitionError(f"there is no such rule: {', '.join(sorted(unknown))}", remedy=f"use {', '.join(RULES)}")
    rows, variances = values[None, here], errors[here] ** 2
    centre, between = _fitted(rows, variances, inside, trusted=trusted)
    if not between[0] + variances[inside].mean() > 0:
        raise EvidenceError("the waves of the baseline are all alike, so nothing is ordinary", remedy="take more waves")
    typical = float(np.sqrt(variances[inside].mean()))
    shapes = [
        _Shape(
            variances=tuple(np.round(variances / typical**2 if typical else variances, 3).tolist()),
            ratio=each,
            inside=tuple(inside.tolist()),
            trusted=trusted,
        )
        for each in _ratios(float(between[0]), typical, inside.size, trusted=trusted)
    ]
    used = tuple(each for each in RULES if each in rules)
    constants = _Constants() if textbook else _widest([_tuned(each, used, round(level, 6)) for each in shapes])
    spread = _spread(variances, between, inside)[0]
    z = (rows - centre[:, None]) / spread
    found = _met(z, rows, constants, used)
    signals = [
        Signal(at=int(here[at]), rule=rule, side=side) for rule, side, first in found for at in np.flatnonzero(first[0])
    ]
    low, high, middle = np.full(values.size, np.nan), np.full(values.size, np.nan), np.full(values.size, centre[0])
    low[here], high[here] = centre[0] - constants.reach * spread, centre[0] + constants.reach * spread
    chance, expected, ordinary = max(_alarms(each, used, constants, 0.0) for each in shapes)
    seen = float(_hangs_together(rows)[0])
    n = here.size
    corrected = float(np.clip((seen + 1 / n) / (1 - 3 / n), -0.99, 0.99))
    return ControlChart(
        value=values,
        centre=middle,
        low=low,
        high=high,
        signals=tuple(sorted(signals, key=lambda each: (each.at, RULES.index(each.rule)))),
        baseline=here[inside],
        sigma_within=typical if se is not None else float("nan"),
        sigma_between=float(np.sqrt(between[0])),
        reach=constants.reach,
        near=constants.near,
        run=constants.run,
        trend=constants.trend,
        autocorrelation=corrected,
        autocorrelated=seen > ordinary,
        expected_false=expected,
        false_alarm=chance,
        false_alarm_autocorrelated=_alarms(shapes[0], used, constants, round(max(corrected, 0.0), 2))[0],
        level=level,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Constants:
    reach: float = REACH
    near: float = NEAR
    run: int = RUN
    trend: int = TREND


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """All that the chance of a false alarm hangs on."""

    variances: tuple[float, ...]
    ratio: float
    inside: tuple[int, ...]
    trusted: bool


def _ratios(between: float, typical: float, waves: int, *, trusted: bool) -> tuple[float, ...]:
    """Return the spread between waves over sampling error, as it was seen and as much of it as there may well be."""
    if not typical:
        return (1.0,)
    df = (waves - 1) * (1.0 if trusted else _SUCCESSIVE)
    seen = between / typical**2
    most = (seen + 1) * df / float(special.chdtri(df, _SAFE)) - 1
    return tuple(float(round(np.sqrt(max(each, 0.0)) * _STEPS) / _STEPS) for each in (seen, most))


def _widest(found: list[_Constants]) -> _Constants:
    return _Constants(
        reach=max(each.reach for each in found),
        near=max(each.near for each in found),
        run=max(each.run for each in found),
        trend=max(each.trend for each in found),
    )


def _errors(se: ArrayLike | None, values: Floats) -> Floats:
    if se is None:
        return np.zeros(values.size)
    errors = np.asarray(se, dtype=np.float64).ravel()
    if errors.size != values.size or np.any(~(errors[np.isfinite(values)] >= 0)):
        raise DefinitionError(
            "a wave has a value without a standard error", remedy="give one of each, or leave them all out"
        )
    return errors


def _baseline(baseline: ArrayLike | int | None, n: int, here: Integers) -> tuple[Integers, bool]:
    """Return which of the waves with a value are the baseline."""
    chosen = np.ones(n, dtype=np.bool_)
    if baseline is not None:
        given = np.asarray(baseline)
        if given.ndim == 0:
            given = np.arange(int(given))
        elif given.dtype == np.bool_:
            given = np.flatnonzero(given) if given.size == n else np.array([n])
        if given.size and (given.min() < 0 or given.max() >= n):
            raise DefinitionError("the baseline has waves that are not there", remedy=f"there are {n}")
        chosen = np.isin(np.arange(n), given)
    inside = np.flatnonzero(chosen[here])
    if inside.size < FEWEST:
        raise EvidenceError(
            f"{inside.size} waves do not show what is ordinary", remedy=f"{FEWEST} are needed, and 12 say something"
        )
    return inside.astype(np.int64), baseline is not None


def _fitted(rows: Floats, variances: Floats, inside: Integers, *, trusted: bool) -> tuple[Floats, Floats]:
    """Return the centre and the variance between waves of each row."""
    base, own = rows[:, inside], variances[inside]
    if trusted:
        between = np.maximum(base.var(axis=1, ddof=1) - own.mean(), 0.0)
    else:
        jumps = np.diff(base, axis=1) ** 2 - (own[1:] + own[:-1])
        between = np.maximum(jumps.mean(axis=1) / 2, 0.0)
    weight = _weights(own, between)
    return np.sum(weight * base, axis=1) / weight.sum(axis=1), between


def _weights(own: Floats, between: Floats) -> Floats:
    return np.asarray(1 / np.maximum(between[:, None] + own, 1e-300), dtype=np.float64)


def _spread(variances: Floats, between: Floats, inside: Integers) -> Floats:
    """Return the standard error of each wave about the centre: less for those that are in it, more for others."""
    whole = between[:, None] + variances
    centre = 1 / _weights(variances[inside], between).sum(axis=1)
    sign = np.ones(variances.size)
    sign[inside] = -1.0
    return np.asarray(np.sqrt(np.maximum(whole + sign * centre[:, None], whole * 1e-6)), dtype=np.float64)


def _met(
    z: Floats, rows: Floats, constants: _Constants, rules: tuple[Rule, ...]
) -> list[tuple[Rule, int, NDArray[np.bool_]]]:
    """Return, for each rule and side, where each row first meets it."""
    found: list[tuple[Rule, int, NDArray[np.bool_]]] = []
    for side in (1, -1):
        up, rise = side * z, side * np.diff(rows, axis=1, prepend=np.nan)
        if "beyond" in rules:
            found.append(("beyond", side, up > constants.reach))
        if "run" in rules:
            found.append(("run", side, _streak(up > 0) == constants.run))
        if "trend" in rules:
            found.append(("trend", side, _streak(rise > 0) == constants.trend - 1))
        if "two_of_three" in rules:
            met = _third(up) > constants.near
            found.append(("two_of_three", side, met & ~np.hstack([np.zeros((len(met), 1), bool), met[:, :-1]])))
    return found


def _streak(yes: NDArray[np.bool_]) -> Integers:
    """Return how many in a row are true up to each place."""
    long = np.zeros(yes.shape, dtype=np.int64)
    long[:, 0] = yes[:, 0]
    for at in range(1, yes.shape[1]):
        long[:, at] = np.where(yes[:, at], long[:, at - 1] + 1, 0)
    return long


def _third(up: Floats) -> Floats:
    """Return what two of the last three waves lie beyond, the last being one of them."""
    before = np.full(up.shape, -np.inf)
    for back in range(1, _WINDOW):
        before[:, back:] = np.maximum(before[:, back:], up[:, :-back])
    return np.asarray(np.minimum(up, before), dtype=np.float64)


def _hangs_together(rows: Floats) -> Floats:
    off = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(np.sum(off[:, 1:] * off[:, :-1], axis=1) / np.sum(off**2, axis=1), dtype=np.float64)


@lru_cache(maxsize=4)
def _drawn(shape: _Shape, phi: float) -> tuple[Floats, Floats]:
    """Return series without a change, and how far their waves lie from their own centre."""
    dice = np.random.default_rng(_SEED)
    n, variances = len(shape.variances), np.array(shape.variances)
    rows = dice.normal(size=(_DRAWS, n))
    if phi:
        # of the whole series: sampling errors do not hang together, so what is between waves has to, and more so
        for at in range(1, n):
            rows[:, at] = phi * rows[:, at - 1] + np.sqrt(1 - phi**2) * rows[:, at]
    rows *= np.sqrt(shape.ratio**2 + variances)
    inside = np.array(shape.inside)
    centre, between = _fitted(rows, variances, inside, trusted=shape.trusted)
    return rows, (rows - centre[:, None]) / _spread(variances, between, inside)


@lru_cache(maxsize=256)
def _tuned(shape: _Shape, rules: tuple[Rule, ...], level: float) -> _Constants:
    """Return widths and lengths with which the rules together are wrong as often as asked, none below Nelson's lengths."""
    rows, z = _drawn(shape, 0.0)
    share = (1 - level) / len(rules)
    run, trend, n = RUN, TREND, z.shape[1]
    both = [(side * z, side * np.diff(rows, axis=1, prepend=np.nan)) for side in (1, -1)]
    longest = np.max([_streak(up > 0).max(axis=1) for up, _ in both], axis=0)
    while np.mean(longest >= run) > share and run < n:
        run += 1
    rising = np.max([_streak(rise > 0).max(axis=1) for _, rise in both], axis=0)
    while np.mean(rising >= trend - 1) > share and trend < n:
        trend += 1
    pairs = np.max([_third(up).max(axis=1) for up, _ in both], axis=0)
    near = float(np.quantile(pairs, 1 - share))
    # what the others leave of the allowance is for the limits
    alarmed = np.zeros(_DRAWS, dtype=np.bool_)
    for rule, far in (("run", longest >= run), ("trend", rising >= trend - 1), ("two_of_three", pairs > near)):
        if rule in rules:
            alarmed |= far
    furthest = np.where(alarmed, np.inf, np.abs(z).max(axis=1))
    return _Constants(reach=float(np.quantile(furthest, level, method="higher")), near=near, run=run, trend=trend)


@lru_cache(maxsize=256)
def _alarms(shape: _Shape, rules: tuple[Rule, ...], constants: _Constants, phi: float) -> tuple[float, float, float]:
    """Return the chance of a signal, the signals expected, and the autocorrelation that one series in twenty exceeds."""
    rows, z = _drawn(shape, phi)
    signals = np.sum([met.sum(axis=1) for _, _, met in _met(z, rows, constants, rules)], axis=0)
    return float(np.mean(signals > 0)), float(signals.mean()), float(np.quantile(_hangs_together(rows), 0.95))

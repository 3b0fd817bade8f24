"""The specification curve: the effect under every admissible model, so that no single choice makes the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np

from peil.errors import EvidenceError
from peil.estimates.series import Series
from peil.methods.autocorrelation import known_date
from peil.methods.first_order import fitted
from peil.methods.moments import Floats
from peil.methods.state_space import interrupted
from peil.studies.trend.fitting import Fitting, may_be_odds

FEWEST_MODELS = 20
LevelModel = Literal["ar2", "ar1", "wandering"]
_HARMONICS = (1, 2, 3, 4)
_HALF, _QUARTER = 0.5, 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """One admissible model and the effect under it.

    Parameters:
        level_model: second-order errors with tabled limits; first-order errors with the autocorrelation integrated out;
            or a level that wanders.
        harmonics: pairs of yearly waves.
        calendar: whether working days and school holidays count.
        trend: whether a straight trend is allowed for.
        scale: plain, log or logit.
        window: all periods, or those nearer to the date.
        against: whether the mean of the controls was taken off.
        value, low, high: the effect in the measure's unit, and its interval.
    """

    level_model: LevelModel
    harmonics: int
    calendar: bool
    trend: bool
    scale: str
    window: str
    against: bool
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The effect under every admissible model, least first.

    Parameters:
        models: the models.
        same_sign: share of them whose effect has the sign of the main one.
        beyond: share whose effect has that sign and is larger than what matters.
        clear: share whose interval leaves zero out on that side.
    """

    models: tuple[Specification, ...]
    same_sign: float
    beyond: float
    clear: float


def curve(main: Fitting, controls: Sequence[Series], effect: float, *, matters: float, level: float) -> Curve:
    """Return the effect under every admissible model.

    A model without a trend is admissible only if the periods before the date show none; one with log odds only for shares
    that stay away from nought and one; a window only if it leaves two years before the date.

    Parameters:
        main: the study's main model.
        controls: series that the event did not reach, with the same periods.
        effect: the main effect, in the measure's unit.
        matters: the smallest effect that matters.
        level: of the intervals.
    """
    found: list[Specification] = []
    alone = len(_windows(main)) == 1
    for each, window, against in _fittings(main, controls):
        models: tuple[LevelModel, ...] = ("ar2", "ar1")
        usual = each.calendar and each.trend and each.scale == main.scale
        if usual and (alone or each.harmonics == main.harmonics):
            models = ("ar2", "ar1", "wandering")
        for model in models:
            ends = _effect(each, model, level)
            if ends is not None:
                value, low, high = (each.in_unit(one) for one in ends)
                found.append(
                    Specification(
                        level_model=model, harmonics=each.harmonics, calendar=each.calendar, trend=each.trend,
                        scale=each.scale, window=window, against=against, value=value, low=low, high=high,
                    )
                )  # fmt: skip
    sign = 1.0 if effect >= 0 else -1.0
    found.sort(key=lambda one: one.value)
    n = max(1, len(found))
    return Curve(
        models=tuple(found),
        same_sign=sum(one.value * sign > 0 for one in found) / n,
        beyond=sum(one.value * sign > matters for one in found) / n,
        clear=sum((one.low if sign > 0 else -one.high) > 0 for one in found) / n,
    )


def _fittings(main: Fitting, controls: Sequence[Series]) -> Iterator[tuple[Fitting, str, bool]]:
    calendars = (True, False) if main.series.calendar else (True,)
    for (window, first, last), harmonics, calendar in product(_windows(main), _HARMONICS, calendars):
        part = main.series.part(first, last)
        made = replace(
            main, series=part, at=main.at - first, harmonics=harmonics, calendar=calendar,
        )  # fmt: skip
        yield made, window, False
        if harmonics != main.harmonics or not calendar:
            continue
        if not _has_trend(made):
            yield replace(made, trend=False), window, False
        if made.scale == "plain" and may_be_odds(part):
            yield replace(made, scale="logit"), window, False
        elif made.scale == "log":
            yield replace(made, scale="plain"), window, False
        if controls:
            yield _against(made, [each.part(first, last) for each in controls]), window, True


def _windows(main: Fitting) -> tuple[tuple[str, int, int], ...]:
    n, year = len(main.series), main.year
    found = [("all", 0, n)]
    half = round(_HALF * year)
    if main.at >= 2 * year + half:
        found.append(("without the first half year", half, n))
    if n - main.at >= year:
        found.append(("first half year after", 0, main.at + half))
    elif n - main.at >= 1.5 * _QUARTER * year:
        found.append(("first quarter after", 0, main.at + round(_QUARTER * year)))
    return tuple(found)


def _against(made: Fitting, controls: Sequence[Series]) -> Fitting:
    """Return the series less the mean of its controls, on the scale of the models."""
    pool = np.mean([np.log(each.value) if made.scale == "log" else each.value for each in controls], axis=0)
    left = np.exp(made.y - pool) * np.exp(pool.mean()) if made.scale == "log" else made.series.value - pool
    return replace(made, series=replace(made.series, value=left))


def _has_trend(made: Fitting) -> bool:
    before = replace(made, series=made.series.part(0, made.at))
    slope = np.zeros(before.columns.shape[1])
    slope[1] = 1.0
    below = fitted(before.y, before.columns).of(slope).below(0.0)
    return not 0.025 < below < 0.975  # noqa: PLR2004  # 5 % on two sides


def _effect(made: Fitting, model: LevelModel, level: float) -> tuple[float, float, float] | None:
    """Return effect and interval on the models' scale; None where the window cannot carry the model."""
    try:
        if model == "wandering":
            x = made.x
            found = interrupted(made.y, made.at, x=x if x.shape[1] else None, level=level)
            return float(found.coefficient[-1]), float(found.low[-1]), float(found.high[-1])
        columns = made.columns
        if model == "ar2":
            step = known_date(made.y, made.at, columns, level=level).step
            return step.value, step.low, step.high
        return first_order_step(made.y, columns, made.at, level)
    except (EvidenceError, np.linalg.LinAlgError):
        return None


def first_order_step(y: Floats, columns: Floats, at: int, level: float) -> tuple[float, float, float]:
    """Return a step and its interval where errors follow a first-order autoregression.

    Parameters:
        y: the series.
        columns: of what was already under way.
        at: how many rows lie before the step.
        level: of the interval.
    """
    step = (np.arange(y.size) >= at).astype(np.float64)
    chosen = np.zeros(columns.shape[1] + 1)
    chosen[-1] = 1.0
    found = fitted(y, np.column_stack([columns, step])).of(chosen)
    return found.mean, found.quantile((1 - level) / 2), found.quantile((1 + level) / 2)

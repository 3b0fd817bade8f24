"""A series as its models see it: logs of counts, what moves it every year, and effects brought back to the measure's unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from peil.errors import EvidenceError
from peil.estimates.series import PER_YEAR, Series, regressors
from peil.methods.first_order import null_columns
from peil.methods.moments import Floats
from peil.terms import Unit

FEWEST_YEARS = 2
"""Before the date: with fewer a season cannot be told from a change."""
FEWEST_AFTER_YEARS = 0.25
_TURNS_FROM_YEARS = 3
_EDGE = 0.01
_FLAT = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitting:
    """A series with a date, as models take it.

    Parameters:
        series: in the measure's unit.
        at: how many periods lie before the date.
        harmonics: pairs of yearly waves.
        calendar: whether working days and school holidays count.
        trend: whether it may have been moving in a straight line.
        scale: ``log`` for counts above zero, ``logit`` where asked for, or ``plain``.
    """

    series: Series
    at: int
    harmonics: int
    calendar: bool = True
    trend: bool = True
    scale: str = "plain"

    @property
    def y(self) -> Floats:
        """The series on the scale on which effects add up."""
        value = self.series.value
        if self.scale == "log":
            return np.asarray(np.log(value))
        return np.asarray(np.log(value / (1 - value))) if self.scale == "logit" else value

    @property
    def x(self) -> Floats:
        """(n, k) columns beside the constant and the trend."""
        return regressors(self.series, harmonics=self.harmonics, calendar=self.calendar)[1]

    @property
    def columns(self) -> Floats:
        """(n, k) columns of what was already under way: constant, trend, season, calendar.

        Raises:
            EvidenceError: they explain one another.
        """
        x = self.x
        return null_columns(len(self.series), x if x.shape[1] else None, trend=self.trend)

    @property
    def year(self) -> float:
        """Periods in a year."""
        return PER_YEAR[self.series.period]

    def in_unit(self, effect: float) -> float:
        """Return an effect as it is over the periods after the date, in the measure's unit.

        On a log scale an effect multiplies: it is what is there less what would be there without it.
        """
        after = self.series.value[self.at :]
        if self.scale == "log":
            return float(after.mean() * -np.expm1(-effect))
        if self.scale == "logit":
            without = 1 / (1 + np.exp(effect - self.y[self.at :]))
            return float((after - without).mean())
        return float(effect)

    def back(self, worked: Floats) -> Floats:
        """Return values on the models' scale in the measure's unit."""
        if self.scale == "log":
            return np.asarray(np.exp(worked))
        return np.asarray(1 / (1 + np.exp(-worked))) if self.scale == "logit" else worked


def fitting(series: Series, at: int) -> Fitting:
    """Return a series as the study's main model takes it.

    Parameters:
        series: without gaps.
        at: how many periods lie before the date.
    """
    enough = series.period == "week" or at >= _TURNS_FROM_YEARS * PER_YEAR[series.period]
    return Fitting(
        series=series,
        at=at,
        harmonics=2 if enough else 1,
        scale="log" if series.counted and bool(np.all(series.value > 0)) else "plain",
    )


def may_be_odds(series: Series) -> bool:
    """Return whether a series is of shares that stay away from nought and one, so that log odds have a meaning."""
    return series.unit is Unit.SHARE and bool(np.all((series.value > _EDGE) & (series.value < 1 - _EDGE)))


def is_flat(series: Series) -> bool:
    """Return whether a series has the same value throughout, nought included."""
    value = series.value[np.isfinite(series.value)]
    return bool(value.size == 0 or np.ptp(value) <= _FLAT * max(1.0, float(np.abs(value).max())))


def aligned(series: Series, other: Series) -> Series:
    """Return the periods of another series that a series has.

    Raises:
        EvidenceError: it lacks some of them.
    """
    at = {start: place for place, start in enumerate(other.starts)}
    missing = [each for each in series.starts if each not in at or not np.isfinite(other.value[at[each]])]
    if missing:
        raise EvidenceError(
            f"the control '{other.name.en}' has no value for {len(missing)} of the {len(series)} periods, the first {missing[0]}",
            remedy="choose a control that was counted all the while, or a shorter period",
        )
    first = at[series.starts[0]]
    return other.part(first, first + len(series))

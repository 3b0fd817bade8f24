"""How much units move for each unit of a dose that differs between them: effects of units and periods, spread by unit.

The spread is taken from the units (CR2, Bell and McCaffrey 2002) with their degrees of freedom, so that few units are not
taken for many (Pustejovsky and Tipton 2018: the effects of units may be taken out first, those of periods may not).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import DefinitionError, EvidenceError
from peil.methods.dose import AtLag, Bin, Response, Term, bin_of, checked_dose
from peil.methods.moments import Floats, Integers
from peil.methods.student import student
from peil.methods.two_way import TwoWay, summed, two_way

DEALT = 999
_POWER = 0.8
_ALONE = 1e-3
_SAME = 1e-9
_APART = 1e-6
_LEAST_UNITS, _LEAST_PERIODS = 3, 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """The rows of units and periods in which something was measured.

    Parameters:
        unit, period: of each row, numbered from 0 without holes.
        effects: of both, for taking them out.
        units, periods: how many there are.
    """

    unit: Integers
    period: Integers
    effects: TwoWay
    units: int
    periods: int

    @property
    def whole(self) -> bool:
        """Whether every unit has every period."""
        return self.unit.size == self.units * self.periods

    def left(self, column: Floats) -> Floats:
        """Return what units and periods leave of a column."""
        by_unit, by_period = self.effects.fitted(column, self.unit, self.period)
        return np.asarray(column - by_unit[self.unit] - by_period[self.period])


def dose_units(
    y: ArrayLike, dose: ArrayLike, *, lags: int = 0, lead: int = 4, level: float = 0.95, with_checks: bool = True
) -> Response:
    """Return how much units move for each unit of dose more than others in the same period.

    Parameters:
        y: (units, periods), nan where nothing was measured; volumes as logs.
        dose: (units, periods) without gaps; 0 or more.
        lags: as in ``dose_in_time``.
        lead: as in ``dose_in_time``.
        level: of the intervals.
        with_checks: whether bins, curvature, lead and leaving units out are reckoned; without, the slope and its placebo alone.

    Raises:
        EvidenceError: fewer than three units or two periods have rows; the dose has gaps, is the same throughout, or the same
            for every unit.
        DefinitionError: a dose is below nought, or there is not one for each unit and period.

    Example:
        >>> rng = np.random.default_rng(3)
        >>> dose = np.outer(np.linspace(0, 1, 8), np.arange(40) >= 20)
        >>> y = 2 * dose + rng.normal(size=(8, 1)) + rng.normal(size=40) + rng.normal(0, 0.5, size=(8, 40))
        >>> found = dose_units(y, dose)
        >>> found.effect.low < 2 < found.effect.high, found.placebo_p < 0.05, found.units
        (True, True, 8)
    """
    values, given = np.asarray(y, dtype=np.float64), checked_dose(dose)
    if values.ndim != 2 or given.shape != values.shape:  # noqa: PLR2004  # units and periods
        raise DefinitionError(
            f"doses of shape {given.shape} do not fit values of shape {values.shape}",
            remedy="give one row a unit and one column a period",
        )
    if not 0 <= lags < values.shape[1]:
        raise DefinitionError(f"{lags} is no number of lags", remedy="0 tries the dose of the same period only")
    n = values.shape[1]
    paths = np.stack([given[:, lags - lag : n - lag] for lag in range(lags + 1)])
    values = values[:, lags:]
    kept = np.isfinite(values).sum(axis=1) >= _LEAST_PERIODS
    values, paths = values[kept], paths[:, kept]
    panel = _panel(values)
    rows = np.isfinite(values)
    seen = values[rows]
    columns = np.array([each[rows] for each in paths])
    alone = _alone(panel, columns[0])
    share = 1 - (1 - level) / (lags + 1)
    fits = [clustered(panel, seen, each[None, :]) for each in columns]
    strength = [abs(each.value[0]) / each.se[0] if each.se[0] > 0 else math.inf for each in fits]
    at_lags = tuple(AtLag(lag=lag, effect=_term(each, 0, share, times=lags + 1)) for lag, each in enumerate(fits))
    best = int(np.argmax(strength))
    se, df = float(fits[best].se[0]), float(fits[best].df[0])
    p, placebos = _dealt(panel, values, paths)
    curvature, ends = _curved(panel, seen, columns[best], level) if with_checks else (None, None)
    return Response(
        effect=at_lags[best].effect, se=se, lag=best, lags=at_lags, placebo_p=p, placebos=placebos,
        detectable=se * (float(student(df, share)) + float(special.stdtrit(df, _POWER))), curvature=curvature, ends=ends,
        lead=_lead(values, paths, lead if with_checks else 0, level),
        bins=_bins(panel, seen, columns[best], level) if with_checks else (), alone=alone,
        as_a_date=0.0, partial=(math.nan, math.nan), n=seen.size, units=panel.units,
        steady=_steady(panel, seen, columns[best]) if with_checks else None, level=level,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clustered:
    """Coefficients beside effects of units and periods.

    Parameters:
        value: one a column.
        se: standard errors over units.
        df: degrees of freedom of each (Bell and McCaffrey 2002).
        covariance: of the coefficients.
    """

    value: Floats
    se: Floats
    df: Floats
    covariance: Floats

    def of(self, wanted: Floats) -> tuple[float, float]:
        """Return a combination of the coefficients with its standard error."""
        return float(wanted @ self.value), float(np.sqrt(wanted @ self.covariance @ wanted))


def clustered(panel: Panel, y: Floats, columns: Floats) -> Clustered:
    """Return least squares beside effects of units and periods, with the spread over units.

    Parameters:
        panel: which rows there are.
        y: (rows,).
        columns: (k, rows).

    Raises:
        EvidenceError: a column is explained by the others, or by units and periods.

    Example:
        >>> panel = _panel(np.zeros((4, 3)))
        >>> x = np.array([0.0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 1, 1])
        >>> found = clustered(panel, 3 * x + np.repeat([1.0, 2, 3, 4], 3), x[None, :])
        >>> found.value.round(6).tolist(), bool(found.df[0] < 3)
        ([3.0], True)
    """
    k = len(columns)
    left = np.array([panel.left(each) for each in columns])
    size = np.linalg.norm(left, axis=1)
    if np.linalg.matrix_rank(left / np.maximum(size, np.finfo(np.float64).tiny)[:, None], tol=_APART) < k:
        raise EvidenceError(
            "what is looked at follows from units and periods, or from the rest of what is looked at",
            remedy="give units doses that differ from one another over time",
        )
    rest = panel.left(y)
    inverse = np.linalg.inv(left @ left.T)
    value = inverse @ (left @ rest)
    off = rest - value @ left
    # periods and columns with the effects of units taken out: what the leverage of a unit is reckoned from
    periods = (panel.period == np.arange(1, panel.periods)[:, None]).astype(np.float64)
    q, r = np.linalg.qr(_within(np.concatenate([periods, left]), panel).T)
    q = q[:, np.abs(np.diag(r)) > _SAME * np.abs(r).max()]
    order = np.argsort(panel.unit, kind="stable")
    rows = np.split(order, np.cumsum(np.bincount(panel.unit, minlength=panel.units))[:-1])
    weight = inverse @ left
    moved, carried = np.empty((panel.units, k)), np.zeros((panel.units, k, panel.unit.size))
    for unit, own in enumerate(rows):
        even = _root(np.eye(own.size) - q[own] @ q[own].T) @ weight[:, own].T
        moved[unit] = off[own] @ even
        carried[unit] = -(even.T @ q[own]) @ q.T
        carried[unit][:, own] += even.T
    covariance = moved.T @ moved
    df = np.empty(k)
    for place in range(k):
        of = _within(carried[:, place], panel)  # a residual has no mean within its unit
        shared = of @ of.T
        df[place] = np.trace(shared) ** 2 / np.sum(shared**2)
    return Clustered(value=value, se=np.sqrt(np.diag(covariance)), df=df, covariance=covariance)


def _within(columns: Floats, panel: Panel) -> Floats:
    """Return columns, (k, rows), less their mean in each unit."""
    many = np.bincount(panel.unit, minlength=panel.units)
    return np.array([each - (summed(panel.unit, each, panel.units) / many)[panel.unit] for each in columns])


def _root(block: Floats) -> Floats:
    """Return the inverse root of a symmetric block, nought in directions that the fit takes up wholly."""
    size, turn = np.linalg.eigh(block)
    return np.asarray((turn * np.where(size > _APART, 1 / np.sqrt(np.maximum(size, _APART)), 0.0)) @ turn.T)


def _panel(values: Floats) -> Panel:
    unit, period = np.nonzero(np.isfinite(values))
    units = values.shape[0]
    _, period = np.unique(period, return_inverse=True)
    periods = int(period.max()) + 1 if period.size else 0
    if units < _LEAST_UNITS or periods < _LEAST_PERIODS:
        raise EvidenceError(
            f"{units} unit{'s' * (units != 1)} over {periods} periods cannot show how units differ",
            remedy=f"{_LEAST_UNITS} units are needed at least; with one, leave its name out and give one series",
        )
    unit, period = unit.astype(np.int64), period.astype(np.int64)
    return Panel(unit=unit, period=period, effects=two_way(unit, period, units, periods), units=units, periods=periods)


def _alone(panel: Panel, dose: Floats) -> float:
    centred, left = dose - dose.mean(), panel.left(dose)
    share = float(left @ left) / max(float(centred @ centred), np.finfo(np.float64).tiny)
    if share < _ALONE:
        raise EvidenceError(
            "every unit had the same dose, so that no unit can be compared with another",
            remedy="give the dose of each unit, or leave units out and give one series",
        )
    return min(share, 1.0)


def _term(of: Clustered, place: int, level: float, *, times: int = 1) -> Term:
    return _made(float(of.value[place]), float(of.se[place]), float(of.df[place]), level, times)


def _made(value: float, se: float, df: float, level: float, times: int = 1) -> Term:
    reach = float(student(df, level)) * se
    p = 2 * float(special.stdtr(df, -abs(value) / se)) if se > 0 else 0.0
    return Term(value=value, low=value - reach, high=value + reach, p=min(1.0, times * p))


def _dealt(panel: Panel, values: Floats, paths: Floats) -> tuple[float, int]:
    """Return how often paths dealt out otherwise among the units do as much, and how many deals were tried.

    The slope is held against its own spread in each deal, so that units that swing more than others do no harm.
    """
    rows = np.isfinite(values)
    rest = panel.left(values[rows])
    units = panel.units
    if math.factorial(min(units, 7)) <= DEALT:
        deals = np.array(list(itertools.permutations(range(units))))
    else:
        rng = np.random.default_rng(units)
        deals = np.array([np.arange(units), *(rng.permutation(units) for _ in range(DEALT))])
    strongest = np.zeros(len(deals))
    for path in paths:
        strengths = _dealt_whole(panel, rest, path[rows], deals) if panel.whole else np.zeros(len(deals))
        for place, deal in enumerate(() if panel.whole else deals):
            x = panel.left(path[deal][rows])
            size = float(x @ x)
            if size > _SAME * float(np.sum(path * path)):
                slope = float(x @ rest) / size
                spread = float(np.sqrt(np.sum(summed(panel.unit, x * (rest - slope * x), units) ** 2))) / size
                strengths[place] = abs(slope) / spread if spread > 0 else np.inf
        strongest = np.maximum(strongest, strengths)
    return float(np.mean(strongest >= strongest[0] * (1 - _SAME))), len(deals) - 1


def _dealt_whole(panel: Panel, rest: Floats, path: Floats, deals: Integers) -> Floats:
    """Return the strength of each deal where every unit has every period: dealing out and taking means out change places."""
    shape = (panel.units, panel.periods)
    x, y = panel.left(path).reshape(shape), rest.reshape(shape)
    own = np.sum(x * x, axis=1)
    size = float(own.sum())
    shared = (x @ y.T)[deals, np.arange(panel.units)]
    slope = shared.sum(axis=1) / size
    spread = np.sqrt(np.sum((shared - slope[:, None] * own[deals]) ** 2, axis=1)) / size
    strengths: Floats = np.divide(np.abs(slope), spread, out=np.full(len(deals), np.inf), where=spread > 0)
    return strengths


def _curved(panel: Panel, y: Floats, dose: Floats, level: float) -> tuple[Term | None, tuple[Term, Term] | None]:
    square = (dose - float(dose.mean())) ** 2
    try:
        found = clustered(panel, y, np.array([dose, square]))
    except EvidenceError:
        return None, None
    made = []
    for end in (dose.min(), dose.max()):
        value, se = found.of(np.array([1.0, 2 * (float(end) - float(dose.mean()))]))
        made.append(_made(value, se, float(found.df.min()), level))
    return _term(found, 1, level), (made[0], made[1])


def _lead(values: Floats, paths: Floats, lead: int, level: float) -> Term | None:
    """Return what the dose of so many periods later does beside the dose that was there."""
    kept = values.shape[1] - lead
    if lead < 1 or kept < _LEAST_PERIODS:
        return None
    early = values[:, :kept]
    some = np.isfinite(early).sum(axis=1) >= _LEAST_PERIODS
    try:
        panel = _panel(early[some])
        rows = np.isfinite(early[some])
        columns = [each[some][:, :kept][rows] for each in paths]
        later = paths[0][some][:, lead:][rows]
        found = clustered(panel, early[some][rows], np.array([*columns, later]))
    except EvidenceError:
        return None
    return _term(found, -1, level)


def _bins(panel: Panel, y: Floats, dose: Floats, level: float) -> tuple[Bin, ...]:
    groups = bin_of(dose)
    many = int(groups.max()) + 1
    try:
        found = clustered(panel, y, (groups == np.arange(1, many)[:, None]).astype(np.float64))
    except EvidenceError:
        return ()
    nought = Term(value=0.0, low=0.0, high=0.0, p=1.0)
    terms = (nought, *(_term(found, place, level) for place in range(many - 1)))
    return tuple(
        Bin(dose=float(dose[groups == place].mean()), n=int(np.sum(groups == place)), effect=each)
        for place, each in enumerate(terms)
    )


def _steady(panel: Panel, y: Floats, dose: Floats) -> bool:
    """Return whether the slope keeps its sign whichever unit is left out."""
    signs = set()
    for unit in range(panel.units):
        kept = panel.unit != unit
        ids = [np.unique(each[kept], return_inverse=True)[1].astype(np.int64) for each in (panel.unit, panel.period)]
        counts = int(ids[0].max()) + 1, int(ids[1].max()) + 1
        part = Panel(
            unit=ids[0], period=ids[1], effects=two_way(ids[0], ids[1], *counts), units=counts[0], periods=counts[1]
        )
        x = part.left(dose[kept])
        if float(x @ x) > _APART * float(np.sum(dose * dose)):
            signs.add(float(np.sign(x @ part.left(y[kept]))))
    return len(signs) == 1

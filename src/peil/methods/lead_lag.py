"""Which comes first: does x of a team foretell its y in the next period, or y its x?

Both are regressed on both of the period before, with an effect of each team and of each period. Within teams that biases
in short panels (Nickell 1981), and sampling error in x and y biases as well. Both are known functions of the coefficients,
so they are taken off the moments before these are solved (Bun and Carree 2005 and Juodis 2013 for the first, without errors
of measurement): nothing is differenced, no instrument is weak, and a panel may have gaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.methods.lead_lag_moments import Panel, covariance, panel_of, solved
from peil.methods.moments import Floats
from peil.methods.student import student

Direction = Literal["x_leads", "y_leads", "both", "neither", "unclear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """What one more of the leader does to the follower in the next period.

    Parameters:
        value: units of the follower for one unit of the leader, the follower's own past and the period held; over several
            lags, their sum.
        se: its standard error, by team.
        low, high: its interval.
        p: chance of a value as far from nought, were it nought.
        p_holm: the same with both directions taken into account (Holm 1979).
        standardised: in standard deviations within teams and periods, sampling error left out where it was given.
        standardised_low, standardised_high: its interval.
        own: how much of the follower itself remains in the next period.
        uncorrected: the value without any correction, as a regression with effects of teams and periods gives it.
    """

    value: float
    se: float
    low: float
    high: float
    p: float
    p_holm: float
    standardised: float
    standardised_low: float
    standardised_high: float
    own: float
    uncorrected: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeadLag:
    """Which comes first.

    Parameters:
        x_to_y: from x to the y of the next period.
        y_to_x: from y to the x of the next period.
        together: correlation of x and y in one period, within teams and periods.
        together_low, together_high: its interval, by team.
        direction: ``x_leads``: x foretells y, and y foretells x less or within ``matters``; ``y_leads`` likewise; ``both``;
            ``neither``: both intervals lie within ``matters``; else ``unclear``.
        difference: x to y less y to x, both standardised and without their signs.
        difference_low, difference_high: its interval.
        x_reliability, y_reliability: share of the spread within teams that is not sampling error; nan where none was given.
        corrected: whether all corrections could be made; else, as happens in short panels, ``direction`` is ``unclear``.
        units: teams that were used.
        rows: rows with every lag.
        periods: periods with such a row.
        matters: standardised effect below which there is none to speak of.
        level: of the intervals.
    """

    x_to_y: Lead
    y_to_x: Lead
    together: float
    together_low: float
    together_high: float
    direction: Direction
    difference: float
    difference_low: float
    difference_high: float
    x_reliability: float
    y_reliability: float
    corrected: bool
    units: int
    rows: int
    periods: int
    matters: float
    level: float


def lead_lag(  # noqa: PLR0913  # a panel has four columns and two errors
    unit: ArrayLike,
    period: ArrayLike,
    x: ArrayLike,
    y: ArrayLike,
    *,
    x_se: ArrayLike | None = None,
    y_se: ArrayLike | None = None,
    lags: int = 1,
    matters: float = 0.1,
    level: float = 0.95,
) -> LeadLag:
    """Return which of x and y comes first within units.

    Parameters:
        unit: the team of each row.
        period: whole numbers, one more a period; a period that is missing is not bridged.
        x, y: of the team in the period; nan where there was none.
        x_se, y_se: their sampling errors.
        lags: periods to look back.
        matters: standardised effect below which there is none to speak of.
        level: of the intervals, and of the direction over both.

    Raises:
        DefinitionError: columns do not fit, a team has a period twice, periods are no whole numbers, or an error is missing.
        EvidenceError: fewer than six teams have three rows with a period before, or x or y does not vary.

    Example:
        >>> dice = np.random.default_rng(1)
        >>> x, y = dice.normal(size=(2, 40, 12))
        >>> for at in range(1, 12):
        ...     y[:, at] += 0.3 * y[:, at - 1] + 0.4 * x[:, at - 1]
        >>> found = lead_lag(np.repeat(np.arange(40), 12), np.tile(np.arange(12), 40), x.ravel(), y.ravel())
        >>> found.direction, found.x_to_y.low < 0.4 < found.x_to_y.high, found.rows
        ('x_leads', True, 440)
    """
    panel = panel_of(unit, period, x, y, x_se, y_se, lags)
    plain = np.linalg.solve(panel.own.sum(axis=0), panel.cross.sum(axis=0)).T
    found, share = solved(panel, plain)
    corrected = share == 1
    spread_of = covariance(panel, found, share)
    spread, reliability = _spread(panel)
    df = float(panel.units - 1)
    reach = float(student(df, level))
    columns = {"x_to_y": (1, 0), "y_to_x": (0, 1)}
    pick = {each: _picked(into, of, lags) for each, (into, of) in columns.items()}
    flat = found.ravel()
    se = {each: float(np.sqrt(way @ spread_of @ way)) for each, way in pick.items()}
    p = {each: float(2 * special.stdtr(df, -abs(flat @ way) / se[each])) for each, way in pick.items()}
    holm = _holm(p)
    leads = {}
    for each, (into, of) in columns.items():
        value, scale = float(flat @ pick[each]), float(spread[of] / spread[into])
        low, high = value - reach * se[each], value + reach * se[each]
        leads[each] = Lead(
            value=value,
            se=se[each],
            low=low,
            high=high,
            p=p[each],
            p_holm=holm[each],
            standardised=value * scale,
            standardised_low=low * scale,
            standardised_high=high * scale,
            own=float(flat @ _picked(into, into, lags)),
            uncorrected=float(plain.ravel() @ pick[each]),
        )
    forth, back = leads["x_to_y"], leads["y_to_x"]
    way = np.sign(forth.value) * pick["x_to_y"] * (spread[0] / spread[1])
    way = way - np.sign(back.value) * pick["y_to_x"] * (spread[1] / spread[0])
    difference, wide = float(flat @ way), reach * float(np.sqrt(way @ spread_of @ way))
    bounds = difference - wide, difference + wide
    together = _together(panel, level)
    return LeadLag(
        x_to_y=forth,
        y_to_x=back,
        together=together[0],
        together_low=together[1],
        together_high=together[2],
        direction=_direction(forth, back, bounds, matters, 1 - level) if corrected else "unclear",
        difference=difference,
        difference_low=bounds[0],
        difference_high=bounds[1],
        x_reliability=float(reliability[0]) if x_se is not None else float("nan"),
        y_reliability=float(reliability[1]) if y_se is not None else float("nan"),
        corrected=corrected,
        units=panel.units,
        rows=panel.rows,
        periods=panel.periods,
        matters=matters,
        level=level,
    )


def _picked(into: int, of: int, lags: int) -> Floats:
    """Return which of the coefficients lead from one to the other."""
    made = np.zeros((2, 2 * lags))
    made[into, of::2] = 1.0
    return made.ravel()


def _spread(panel: Panel) -> tuple[Floats, Floats]:
    """Return standard deviations of x and y within units and periods, and the share that is not sampling error."""
    whole = np.sum(panel.both**2, axis=0)
    noise = panel.both_left @ panel.both_noise
    share = np.clip((whole - noise) / whole, 0.01, 1.0)
    return np.sqrt(whole * share / panel.both_left.sum()), share


def _holm(p: dict[str, float]) -> dict[str, float]:
    (first, least), (second, most) = sorted(p.items(), key=lambda each: each[1])
    return {first: min(1.0, 2 * least), second: max(min(1.0, 2 * least), most)}


def _together(panel: Panel, level: float) -> tuple[float, float, float]:
    """Return the correlation in one period with its interval, from leaving out one unit at a time."""
    x, y = panel.both.T
    products = np.stack([np.bincount(panel.both_unit, each) for each in (x * x, y * y, x * y)])
    noise = np.zeros_like(products)
    noise[:2] = [np.bincount(panel.both_unit, panel.both_left * each) for each in panel.both_noise.T]
    sums = products - noise

    def on_z(of: Floats) -> Floats:
        below = np.sqrt(np.maximum(of[0] * of[1], 1e-300))
        return np.asarray(np.arctanh(np.clip(of[2] / below, -0.9999, 0.9999)), dtype=np.float64)

    whole = sums.sum(axis=1)
    n = panel.units
    others = on_z(whole[:, None] - sums)
    centre = float(on_z(whole))
    se = float(np.sqrt((n - 1) / n * np.sum((others - others.mean()) ** 2)))
    reach = float(student(n - 1, level)) * se
    return float(np.tanh(centre)), float(np.tanh(centre - reach)), float(np.tanh(centre + reach))


def _direction(forth: Lead, back: Lead, difference: tuple[float, float], matters: float, alpha: float) -> Direction:
    def small(lead: Lead) -> bool:
        return -matters < lead.standardised_low and lead.standardised_high < matters

    found = forth.p_holm <= alpha, back.p_holm <= alpha
    if small(forth) and small(back):
        return "neither"
    if all(found):
        return "both"
    if found[0] and (small(back) or difference[0] > 0):
        return "x_leads"
    if found[1] and (small(forth) or difference[1] < 0):
        return "y_leads"
    return "unclear"

"""What a staged roll-out changed: units that began at different times, each compared with what the others foretell of it.

The imputation estimator of Borusyak, Jaravel and Spiess (2024): units and periods are fitted on what was not yet treated,
and the effect is what the treated periods are above that fit. It does not compare late beginners with early ones, as a
plain two-way fit does where effects differ (Goodman-Bacon 2021). The interval leaves out each unit in turn: with few units
the formula for many is too narrow (MacKinnon, Nielsen and Webb 2023).

Units that drift apart before are not always seen to: a test of it has little power, and what passes it is the more biased
(Roth 2022). So the effect is told once more with the drift taken off that the time before allows: beginners may move apart
from the others along a line, of which the slope is estimated with everything else and is as unsure as it is. It is the
smoothness restriction of Rambachan and Roth (2023) without curvature.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from peil.errors import EvidenceError
from peil.methods.moments import Floats, Integers
from peil.methods.student import student

FEWEST_UNITS = 4
FEWEST_TREATED = 2
_SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """Cells of unit and period.

    Parameters:
        unit: number of the unit of each cell, from 0.
        period: number of the period, from 0.
        value: the mean in the cell.
        weight: rows in the cell.
        begins: per unit, the first treated period; infinite where it never began.
    """

    unit: Integers
    period: Integers
    value: Floats
    weight: Floats
    begins: Floats

    @property
    def treated(self) -> Integers:
        """Whether each cell is treated, as 0 or 1."""
        return (self.period >= self.begins[self.unit]).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RollOut:
    """The mean effect on the treated.

    Parameters:
        value: the effect, treated cells weighted by their rows.
        se: its standard error, leaving out each unit in turn.
        low, high: its interval.
        df: units less one.
        units: units in it.
        treated_units: those that began.
        cells: treated cells that are compared.
        left_out: treated cells for whose period no unit is left to compare with.
        by_unit: effect of each unit; nan where it never began or cannot be compared.
        since: periods since the beginning, of ``path``.
        path: mean effect at each.
    """

    value: float
    se: float
    low: float
    high: float
    df: int
    units: int
    treated_units: int
    cells: int
    left_out: int
    by_unit: Floats
    since: Integers
    path: Floats


def panel(unit: ArrayLike, period: ArrayLike, value: ArrayLike, weight: ArrayLike, begins: ArrayLike) -> Panel:
    """Return cells as a panel, without those of no rows.

    Parameters:
        unit, period: numbers from 0.
        value: means.
        weight: rows.
        begins: first treated period of each unit; infinite for none.
    """
    u, t = (np.asarray(each, dtype=np.int64) for each in (unit, period))
    y, w = (np.asarray(each, dtype=np.float64) for each in (value, weight))
    kept = (w > 0) & np.isfinite(y)
    return Panel(
        unit=u[kept], period=t[kept], value=y[kept], weight=w[kept], begins=np.asarray(begins, dtype=np.float64)
    )


def roll_out(cells: Panel, *, level: float = 0.95, drifting: bool = False, first: int | None = None) -> RollOut:
    """Return what the roll-out changed.

    Parameters:
        cells: the panel.
        level: of the interval.
        drifting: beginners may drift apart from the others in a straight line; where everybody began, the earlier from the
            later.
        first: so many treated periods of each unit count; all if left out.

    Raises:
        EvidenceError: fewer than four units, fewer than two that began, or nothing to compare them with; or nothing that
            tells a drift from the rest.

    Example:
        >>> unit, period = (each.ravel() for each in np.indices((8, 10)))
        >>> begins = np.array([4, 4, 6, 6, np.inf, np.inf, np.inf, np.inf])
        >>> value = 0.1 * unit + 0.01 * period**2 + 0.5 * (period >= begins[unit])
        >>> round(roll_out(panel(unit, period, value, np.ones(80), begins)).value, 6)
        0.5
    """
    if first is not None:
        kept = cells.period < cells.begins[cells.unit] + first
        cells = replace(cells, **{name: getattr(cells, name)[kept] for name in ("unit", "period", "value", "weight")})
    apart = _apart(cells) if drifting else None
    found = _effects(cells, apart)
    if found is None:
        raise EvidenceError(
            "nothing tells what would have been without: no unit was untreated while others were treated",
            remedy="keep a queue without automation for longer, or look at the periods before everybody had it",
        )
    treated = np.unique(cells.unit[cells.treated == 1])
    units = np.unique(cells.unit)
    if units.size < FEWEST_UNITS or treated.size < FEWEST_TREATED:
        raise EvidenceError(
            f"{treated.size} of {units.size} units began, which is too few to tell chance from effect",
            remedy=f"at least {FEWEST_UNITS} units, {FEWEST_TREATED} of which began",
        )
    effect, weight, cell = found
    value = float(effect @ weight / weight.sum())
    without = []
    for each in units:
        again = _effects(_without(cells, each), apart)
        if again is not None:
            without.append(float(again[0] @ again[1] / again[1].sum()))
    g = len(without)
    if g < FEWEST_UNITS:
        raise EvidenceError(
            "the effect rests on a single unit to compare with", remedy="keep more queues without automation for longer"
        )
    gaps = np.array(without) - value
    se = float(np.sqrt((g - 1) / g * (gaps @ gaps)))
    reach = float(student(g - 1, level)) * se
    of_unit, since = cells.unit[cell], (cells.period - cells.begins[cells.unit])[cell].astype(np.int64)
    steps = np.unique(since)
    return RollOut(
        value=value,
        se=se,
        low=value - reach,
        high=value + reach,
        df=g - 1,
        units=int(units.size),
        treated_units=int(treated.size),
        cells=int(cell.size),
        left_out=int(cells.treated.sum()) - int(cell.size),
        by_unit=np.array([_mean(effect, weight, of_unit == each) for each in range(cells.begins.size)]),
        since=steps,
        path=np.array([_mean(effect, weight, since == each) for each in steps]),
    )


def placebo(cells: Panel, *, level: float = 0.95) -> RollOut:
    """Return the effect that is found if every unit is supposed to have begun half-way through the time before it did.

    What was really treated is left out, so that nothing is to be found unless the units were drifting apart before.

    Parameters:
        cells: the panel.
        level: of the interval.

    Raises:
        EvidenceError: there are too few periods before.

    Example:
        >>> unit, period = (each.ravel() for each in np.indices((6, 8)))
        >>> begins = np.array([5, 5, 6, np.inf, np.inf, np.inf])
        >>> value = 1.0 * unit + period + 3.0 * (period >= begins[unit]) + 0.1 * np.sin(7 * unit + 3 * period)
        >>> found = placebo(panel(unit, period, value, np.ones(48), begins))
        >>> found.low < 0 < found.high
        True
    """
    kept = cells.treated == 0
    return roll_out(
        Panel(
            unit=cells.unit[kept],
            period=cells.period[kept],
            value=cells.value[kept],
            weight=cells.weight[kept],
            begins=np.maximum(np.ceil(cells.begins / 2), 1.0),
        ),
        level=level,
    )


def _mean(effect: Floats, weight: Floats, here: Integers) -> float:
    return float(effect[here] @ weight[here] / weight[here].sum()) if np.any(here) else float("nan")


def _without(cells: Panel, unit: int) -> Panel:
    kept = cells.unit != unit
    return Panel(
        unit=cells.unit[kept],
        period=cells.period[kept],
        value=cells.value[kept],
        weight=cells.weight[kept],
        begins=cells.begins,
    )


def _apart(cells: Panel) -> Floats:
    """Return how much of the drift each unit has: beginners all of it; where everybody began, the earlier the more."""
    began = np.isfinite(cells.begins)
    if not began.all():
        return began.astype(np.float64)
    late, soon = cells.begins.max(), cells.begins.min()
    return np.asarray((late - cells.begins) / max(late - soon, 1.0), dtype=np.float64)


def _effects(cells: Panel, apart: Floats | None = None) -> tuple[Floats, Floats, Integers] | None:
    """Return effect, weight and place of each treated cell that untreated ones foretell; None where there is none."""
    before = cells.treated == 0
    n_units, n_periods = cells.begins.size, int(cells.period.max(initial=0)) + 1
    known_unit, known_period = np.zeros(n_units, bool), np.zeros(n_periods, bool)
    known_unit[cells.unit[before]] = True
    known_period[cells.period[before]] = True
    cell = np.flatnonzero(~before & known_unit[cells.unit] & known_period[cells.period])
    if not cell.size:
        return None
    unit, period, weight = cells.unit[before], cells.period[before], cells.weight[before]
    crossed = np.zeros((n_units, n_periods))
    crossed[unit, period] = weight
    gram = np.block([[np.diag(crossed.sum(axis=1)), crossed], [crossed.T, np.diag(crossed.sum(axis=0))]])
    moved = weight * cells.value[before]
    sums = np.concatenate([np.bincount(unit, moved, n_units), np.bincount(period, moved, n_periods)])
    # of all solutions the shortest: what is foretold is the same for every one of them where units hang together
    inverse = np.linalg.pinv(gram, hermitian=True)
    fit = inverse @ sums
    foretold = fit[cells.unit[cell]] + fit[n_units + cells.period[cell]]
    if apart is not None:
        line = apart[cells.unit] * cells.period
        pulled = weight * line[before]
        own = inverse @ np.concatenate([np.bincount(unit, pulled, n_units), np.bincount(period, pulled, n_periods)])
        # what of the line units and periods do not tell already
        rest = line - own[cells.unit] - own[n_units + cells.period]
        spread = float(weight @ rest[before] ** 2)
        if spread <= _SAME * float(weight @ line[before] ** 2):
            return None
        slope = float(weight * rest[before] @ cells.value[before]) / spread
        foretold = foretold + slope * rest[cell]
    return cells.value[cell] - foretold, cells.weight[cell], cell

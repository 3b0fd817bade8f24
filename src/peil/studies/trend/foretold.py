"""What the periods before a date foretell, and how far such forecasts were off where the truth was already known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from peil.errors import EvidenceError
from peil.methods.first_order import fitted, null_columns
from peil.methods.moments import Floats
from peil.methods.return_to_path import OldPath, old_path
from peil.studies.trend.fitting import Fitting

_ORIGINS = 4
_LONGEST_YEARS = 0.5
_LEAST_YEARS = 1.25
_SPARE = 10
_FEWEST = 24  # rows before an origin, as an old path asks for


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How forecasts of the same kind did before the date, each made from earlier periods only.

    Parameters:
        periods: how many periods were foretold and then compared.
        ahead: how far ahead at most.
        error: mean absolute error, in the measure's unit.
        relative: the same over the mean of the measure; nan where that is no size to compare with.
        coverage: share of the periods that their interval held.
        level: how often the intervals were to hold it.
    """

    periods: int
    ahead: int
    error: float
    relative: float
    coverage: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counterfactual:
    """What was to be expected after the date if everything had gone on as before.

    Parameters:
        expected, low, high: one for each period from the date on, in the measure's unit.
        before: what the model says of each period before the date.
        level: of the intervals.
        tried: how such forecasts did before; None where too few periods lie before to try.
    """

    expected: Floats
    low: Floats
    high: Floats
    before: Floats
    level: float
    tried: Tried | None


def counterfactual(of: Fitting, *, level: float) -> Counterfactual:
    """Return what the periods before the date foretell of those after it.

    Parameters:
        of: the series with its model; only its periods before the date are fitted.
        level: of the intervals.

    Raises:
        EvidenceError: too few periods lie before the date.
    """
    y, at, x = of.y, of.at, of.x
    path = _path(of, y, x, at, len(y), level)
    used = _told_apart(x, at)
    columns = null_columns(len(y), x[:, used] if used.size else None, trend=of.trend)[:at]
    fits = fitted(y[:at], columns)
    return Counterfactual(
        expected=of.back(path.expected), low=of.back(path.low), high=of.back(path.high),
        before=of.back(columns @ (fits.weight @ fits.coefficient)), level=level, tried=tried(of, level=level),
    )  # fmt: skip


def tried(of: Fitting, *, level: float) -> Tried | None:
    """Return how far forecasts from earlier periods were off in later ones, all of them before the date.

    Parameters:
        of: the series with its model.
        level: of the intervals.
    """
    y, x, value = of.y, of.x, of.series.value
    least = max(x.shape[1] + _SPARE, round(_LEAST_YEARS * of.year), _FEWEST)
    reach = min(len(y) - of.at, round(_LONGEST_YEARS * of.year), max(of.at // _ORIGINS, 1), max(of.at - least, 1))
    errors: list[float] = []
    held: list[bool] = []
    for origin in (of.at - reach * back for back in range(1, _ORIGINS + 1)):
        if origin < least:
            break
        try:
            path = _path(of, y, x, origin, origin + reach, level)
        except EvidenceError:
            continue
        seen = y[origin : origin + reach]
        errors += np.abs(value[origin : origin + reach] - of.back(path.expected)).tolist()
        held += ((path.low <= seen) & (seen <= path.high)).tolist()
    if not errors:
        return None
    error, past = float(np.mean(errors)), value[: of.at]
    return Tried(
        periods=len(errors), ahead=reach, error=error,
        relative=error / float(past.mean()) if np.all(past > 0) else float("nan"),
        coverage=float(np.mean(held)), level=level,
    )  # fmt: skip


def _path(of: Fitting, y: Floats, x: Floats, at: int, until: int, level: float) -> OldPath:
    used = _told_apart(x, at)
    return old_path(y[:until], at, x=x[:until, used] if used.size else None, trend=of.trend, level=level)


def _told_apart(x: Floats, at: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return which columns vary by themselves in the first rows, beside a constant and a trend."""
    base, kept = [np.ones(at), np.arange(at, dtype=np.float64)], []
    for place in range(x.shape[1]):
        own = x[:at, place]
        known = np.column_stack(base)
        left = own - known @ np.linalg.lstsq(known, own, rcond=None)[0]
        if left @ left > 1e-6 * max(1.0, float(own @ own)):  # more would be rounding
            kept.append(place)
            base.append(own)
    return np.array(kept, dtype=np.int64)

"""Everything that speaks for or against a change at a date, reckoned from a series alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from peil.errors import EvidenceError
from peil.estimates.series import Series
from peil.methods.autocorrelation import KnownDate, UnknownDate, known_date, unknown_date
from peil.methods.controls import Against, synthetic_difference
from peil.methods.first_order import fitted
from peil.methods.moments import Floats
from peil.methods.placebo import LeftOut, Placebos, in_time, without_each
from peil.methods.return_to_path import Return, return_to_path
from peil.methods.shapes import Shapes, shapes
from peil.methods.step_tables import TRIMMING
from peil.studies.trend.curve import Curve, curve
from peil.studies.trend.exposure import Exposure, counting, exposures
from peil.studies.trend.fitting import Fitting, aligned
from peil.studies.trend.foretold import Counterfactual, counterfactual

_LEAD_YEARS = 0.5
_MORE_LIKELY_THAN_NOT = 0.5
_FEWEST_CONTROLS = 2
_NARROWEST_WINDOW, _WIDEST_WINDOW, _WINDOWS = 6, 26, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """An effect with its interval, in the measure's unit.

    Parameters:
        value: the effect.
        low, high: its interval.
        p: chance of one as large without a change; nan where it was not reckoned.
    """

    value: float
    low: float
    high: float
    p: float = float("nan")

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Everything that speaks for or against a change at a date.

    Parameters:
        model: the main model.
        step: the change of level at the date; of one that passed, while it lasted.
        known: the same on the scale of the model, with its autocorrelation.
        detectable: the least change that would be found with a chance of 80 %, in the measure's unit.
        unknown: where the largest step of the whole series lies, whatever the date; None where the series is too short.
        lead: a drift over the half year before the date that ends in another level: what was already under way.
        foretold: what the periods before foretell, and how far such forecasts were off.
        shapes: how likely each shape of the change is; None where too few periods lie on one side.
        against: the effect less that of the controls; None without controls.
        placebo: the date among dates at which nothing happened; None where too few can be tried.
        back: whether the series came back to its old path; None where it was not reckoned.
        left_out: the effect with each year left out; None where too few can be.
        curve: the effect under every admissible model.
        exposed: of each control, whether the event reached it itself.
    """

    model: Fitting
    step: Size
    known: KnownDate
    detectable: float
    unknown: UnknownDate | None
    lead: Size
    foretold: Counterfactual
    shapes: Shapes | None
    against: Size | None
    placebo: Placebos | None
    back: Return | None
    left_out: LeftOut | None
    curve: Curve
    exposed: tuple[Exposure, ...] = ()

    @property
    def looked_at(self) -> bool:
        """Whether the date lies among those that the test of unknown dates looks at."""
        n = len(self.model.series)
        return int(TRIMMING * n) <= self.model.at <= n - int(TRIMMING * n)


def gathered(
    model: Fitting,
    controls: Sequence[Series],
    *,
    matters: float,
    level: float,
    with_curve: bool = True,
    doses: Sequence[float | None] = (),
) -> Evidence:
    """Return the evidence for a change at a date.

    Parameters:
        model: a series without gaps, its date and main model.
        controls: series that the event did not reach.
        matters: the smallest effect that matters, in the measure's unit.
        level: of the intervals.
        with_curve: whether all admissible models are fitted; without, the curve is empty.
        doses: how much of the event is declared to have reached each control.

    Raises:
        EvidenceError: the series is too short for its model, or a control lacks periods.
    """
    pool = [aligned(model.series, each) for each in controls]
    y, columns, at, x = model.y, model.columns, model.at, model.x
    shape = _shapes(y, at, x)
    used = _while_it_lasted(model, shape)
    known, step = _step(used, level)
    against, weights = _against(model, pool, level) if pool else (None, np.empty(0))
    return Evidence(
        model=model,
        step=step,
        known=known,
        detectable=abs(used.in_unit(known.minimum_effect)),
        unknown=_unknown(y, columns, level),
        lead=_lead(model, columns, level),
        foretold=counterfactual(model, level=level),
        shapes=shape,
        against=against,
        placebo=_placebo(used.y, at, used.x),
        back=_back(model, x, matters, level),
        left_out=_left_out(model, x, level),
        curve=curve(used, [each.part(0, len(used.series)) for each in pool], step.value, matters=matters, level=level)
        if with_curve
        else Curve(models=(), same_sign=1.0, beyond=1.0, clear=1.0),
        exposed=exposures(model, pool, weights, doses, counts=counting(matters, step.value), level=level),
    )


def passes(shape: Shapes | None) -> bool:
    """Return whether a change most likely passed, and left nothing behind."""
    return shape is not None and shape["temporary"].probability > _MORE_LIKELY_THAN_NOT


def _while_it_lasted(model: Fitting, shape: Shapes | None) -> Fitting:
    """Return the periods by which a change is judged: all, or up to where one that passed most likely ended."""
    if shape is None or not passes(shape):
        return model
    form = shape["temporary"]
    lasts = form.lasts if form.steps_back else 2 * form.lasts
    until = model.at + max(round(lasts), round(_LEAD_YEARS / 2 * model.year))
    return replace(model, series=model.series.part(0, min(len(model.series), until)))


def _step(used: Fitting, level: float) -> tuple[KnownDate, Size]:
    """Return the change of level on the scale of the model, and in the measure's unit."""
    known = known_date(used.y, used.at, used.columns, level=level)
    low, high = used.in_unit(known.step.low), used.in_unit(known.step.high)
    return known, Size(value=used.in_unit(known.step.value), low=low, high=high, p=known.step.p)


def _unknown(y: Floats, columns: Floats, level: float) -> UnknownDate | None:
    try:
        return unknown_date(y, columns, level=level)
    except EvidenceError:
        return None


def _lead(model: Fitting, columns: Floats, level: float) -> Size:
    """Return the rise over the half year before the date, beside a step at the date and all that was under way."""
    n, at = len(model.series), model.at
    reach = max(2, round(_LEAD_YEARS * model.year))
    rise = np.clip((np.arange(n) - (at - reach)) / reach, 0.0, 1.0)
    step = (np.arange(n) >= at).astype(np.float64)
    chosen = np.zeros(columns.shape[1] + 2)
    chosen[-1] = 1.0
    found = fitted(model.y, np.column_stack([columns, step, rise])).of(chosen)
    below = found.below(0.0)
    return Size(
        value=model.in_unit(found.mean), low=model.in_unit(found.quantile((1 - level) / 2)),
        high=model.in_unit(found.quantile((1 + level) / 2)), p=2 * min(below, 1 - below),
    )  # fmt: skip


def _shapes(y: Floats, at: int, x: Floats) -> Shapes | None:
    try:
        return shapes(y, at, x=x if x.shape[1] else None)
    except EvidenceError:
        return None


def _against(model: Fitting, pool: Sequence[Series], level: float) -> tuple[Size, Floats]:
    """Return the effect against the controls, and their weights: a mix, or with one of them the change of the difference."""
    others = np.array([np.log(each.value) if model.scale == "log" else each.value for each in pool])
    if len(pool) < _FEWEST_CONTROLS:
        found = known_date(model.y - others[0], model.at, model.columns, level=level).step
        alone = Size(
            value=model.in_unit(found.value), low=model.in_unit(found.low), high=model.in_unit(found.high), p=found.p
        )
        return alone, np.ones(1)
    made: Against = synthetic_difference(model.y, others, model.at, level=level)
    low, high = model.in_unit(made.low), model.in_unit(made.high)
    return Size(value=model.in_unit(made.value), low=low, high=high, p=made.p), made.weight


def _placebo(y: Floats, at: int, x: Floats) -> Placebos | None:
    n = y.size
    window = min(_WIDEST_WINDOW, n // _WINDOWS, at, n - at)
    if window < _NARROWEST_WINDOW:
        return None
    try:
        return in_time(y, at, x=x if x.shape[1] else None, window=window)
    except EvidenceError:
        return None


def _back(model: Fitting, x: Floats, matters: float, level: float) -> Return | None:
    """Return whether the last half year to year is back on the old path, nearer than what matters."""
    after = len(model.series) - model.at
    last = min(round(model.year), after - round(_LEAD_YEARS * model.year))
    if not matters > 0 or last < round(_LEAD_YEARS * model.year):
        return None
    delta = matters / float(np.abs(model.series.value[: model.at].mean())) if model.scale == "log" else matters
    try:
        return return_to_path(model.y, model.at, delta=delta, last=last, x=x if x.shape[1] else None, level=level)
    except EvidenceError:
        return None


def _left_out(model: Fitting, x: Floats, level: float) -> LeftOut | None:
    years = [each.year for each in model.series.starts]
    try:
        return without_each(model.y, model.at, years, x=x if x.shape[1] else None, level=level)
    except EvidenceError:
        return None

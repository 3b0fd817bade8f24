"""Whether what is compared with was reached by the event itself, and what that does to the comparison."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from peil.errors import DefinitionError, EvidenceError
from peil.estimates.difference import Side
from peil.estimates.series import Series
from peil.methods.autocorrelation import known_date
from peil.methods.dose import Term
from peil.methods.moments import Floats
from peil.studies.finding import Check
from peil.studies.trend.fitting import Fitting
from peil.studies.trend.words import amount
from peil.terms import Label, Unit

State = Literal["clean", "contaminated", "cannot_tell"]
STATES: Mapping[State, Label] = {
    "clean": Label("clean", "schoon"),
    "contaminated": Label("contaminated", "besmet"),
    "cannot_tell": Label("cannot tell", "niet te zeggen"),
}
_OF_THE_EFFECT = 0.5  # a control that moved less than this part of the effect cannot undo it


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A series to compare with, and how much of the event it had.

    Parameters:
        side: the measure and the rows.
        dose: how much of the event reached it, on any scale from nought; None where that is not known.
    """

    side: Side
    dose: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Whether a control was reached itself.

    Parameters:
        name: of the control.
        change: of the control at the date, in the measure's unit, by the same test as the measure's own; its p is set right for
            the number of controls (Holm 1979).
        weight: of the control in the comparison.
        bias: weight times change: by so much the effect against the controls falls short of the effect.
        dose: declared; None where it was not.
        state: ``contaminated`` where it moved, or had a dose and is not shown to have stayed; ``clean`` where it had none, as far
            as is known, and stayed nearer to its path than what counts; else ``cannot_tell``.
    """

    name: Label
    change: Term
    weight: float
    bias: Term
    dose: float | None
    state: State


def told_apart(control: Side | Control) -> Control:
    """Return a control, of which nothing was declared where nothing was told."""
    return control if isinstance(control, Control) else Control(side=control)


def named(series: Series, side: Side) -> Series:
    """Return a series under a name that tells it from other groups of the same measure."""
    if side.where == "true":
        return series
    return replace(series, name=Label(f"{series.name.en} ({side.where})", f"{series.name.nl} ({side.where})"))


def exposures(
    model: Fitting,
    pool: Sequence[Series],
    weights: Floats,
    doses: Sequence[float | None],
    *,
    counts: float,
    level: float,
) -> tuple[Exposure, ...]:
    """Return of each control whether it was reached itself.

    Parameters:
        model: of the measure; controls are fitted alike.
        pool: the controls, over the same periods.
        weights: of each in the comparison.
        doses: declared for each; empty where nothing was declared.
        counts: a change nearer to nought than this does not count; nought says that every change does.
        level: of the intervals, and one less the size of the tests of all controls together.

    Raises:
        DefinitionError: a dose lies below nought, or there is not one for each control.
    """
    declared = list(doses) or [None] * len(pool)
    if len(declared) != len(pool):
        raise DefinitionError(f"{len(declared)} doses do not fit {len(pool)} controls", remedy="give one a control")
    if any(each is not None and not 0 <= each < math.inf for each in declared):
        raise DefinitionError("the dose of a control lies below nought", remedy="count from no exposure at all upward")
    steps = [_step(model, each, level) for each in pool]
    adjusted = _holm(np.array([each.p for each in steps]))
    found = []
    for one, step, p, weight, dose in zip(pool, steps, adjusted, weights, declared, strict=True):
        low, value, high = (model.in_unit(each) for each in (step.low, step.value, step.high))
        part = [model.in_unit(float(weight) * each) for each in (step.low, step.value, step.high)]
        change = Term(value=value, low=low, high=high, p=float(p))
        found.append(
            Exposure(
                name=one.name,
                change=change,
                weight=float(weight),
                dose=dose,
                bias=Term(value=part[1], low=part[0], high=part[2], p=float(p)),
                state=_state(change, dose, counts, level),
            )
        )
    return tuple(found)


def counting(matters: float, effect: float) -> float:
    """Return how large a change of a control has to be to count: what matters, or else half of the effect."""
    return matters if matters > 0 else _OF_THE_EFFECT * abs(effect)


def bias(found: Sequence[Exposure]) -> Term:
    """Return what contaminated controls take off the effect together.

    Their errors are taken to be independent, so that the interval is as wide as the root of the summed squares.
    """
    hit = [each.bias for each in found if each.state == "contaminated"]
    value = sum(each.value for each in hit)
    low, high = (
        value + side * math.sqrt(sum((getattr(each, end) - each.value) ** 2 for each in hit))
        for side, end in ((-1, "low"), (1, "high"))
    )
    return Term(value=value, low=low, high=high, p=min((each.p for each in hit), default=1.0))


def not_exposed(found: Sequence[Exposure], unit: Unit, effect: float) -> Check:
    """Return whether no control was reached by the event itself: a comparison with one that was proves nothing.

    Parameters:
        found: the controls.
        unit: of the measure.
        effect: of the event on the measure: its sign tells whether the comparison shows too little or too much.
    """
    hit = [each for each in found if each.state == "contaminated"]
    unsure = sum(each.state == "cannot_tell" for each in found)
    if not hit:
        return Check(name="controls_not_exposed", passed=True, says=_none_hit(len(found), unsure))
    worst, whole = max(hit, key=lambda each: abs(each.bias.value)), bias(found)
    change, off, ends = signed(worst.change.value, unit), amount(whole.value, unit), _ends(whole, unit)
    short = (whole.value > 0) == (effect > 0)
    why = (
        Label("had a dose of the event", "kreeg een dosis van de gebeurtenis")
        if worst.dose
        else Label("changed at the date as well", "veranderde op de datum ook")
    )
    return Check(
        name="controls_not_exposed",
        passed=False,
        says=Label(
            f"Of {len(found)} controls {len(hit)} may have been reached by the event: “{worst.name.en}” {why.en} "
            f"({change.en}). The effect against the controls {'understates' if short else 'overstates'} by {off.en} ({ends.en}).",
            f"Van {len(found)} controlereeksen kan de gebeurtenis er {len(hit)} hebben geraakt: “{worst.name.nl}” {why.nl} "
            f"({change.nl}). Afgezet tegen de controles is het effect {'onderschat' if short else 'overschat'} met {off.nl} ({ends.nl}).",
        ),
    )


def control_told(found: Exposure, unit: Unit) -> Label:
    """Return one control in a sentence: whether it was reached, how much it changed, and what that does to the comparison.

    Parameters:
        found: the control.
        unit: of the measure.
    """
    state = STATES[found.state]
    change, ends = signed(found.change.value, unit), _ends(found.change, unit)
    off = signed(found.bias.value, unit)
    return Label(
        f"Control “{found.name.en}”: {state.en}; its own change {change.en} ({ends.en}) weighs {off.en} in the comparison.",
        f"Controlereeks “{found.name.nl}”: {state.nl}; de eigen verandering {change.nl} ({ends.nl}) weegt {off.nl} in de vergelijking.",
    )


def signed(value: float, unit: Unit) -> Label:
    """Return an amount with its sign.

    Example:
        >>> signed(-0.031, Unit.SHARE).nl
        '−3,1 procentpunt'
    """  # a true minus sign
    told, sign = amount(value, unit), "−" if value < 0 else "+"
    return Label(sign + told.en, sign + told.nl)


def _ends(of: Term, unit: Unit) -> Label:
    low, high = sorted((of.low, of.high), key=abs)
    one, other = ((amount(each, unit)) for each in (low, high))
    if low * high < 0:
        one, other = (signed(each, unit) for each in (of.low, of.high))
    return Label(f"{one.en} to {other.en}", f"{one.nl} tot {other.nl}")


def _none_hit(many: int, unsure: int) -> Label:
    if unsure:
        return Label(
            f"No control was shown to have been reached by the event; of {unsure} out of {many} it cannot be told.",
            f"Van geen controlereeks is aangetoond dat de gebeurtenis haar raakte; bij {unsure} van {many} is het niet te zeggen.",
        )
    return Label(
        f"None of {many} controls changed at the date by as much as counts.",
        f"Geen van {many} controlereeksen veranderde op de datum in een mate die telt.",
    )


def _step(model: Fitting, control: Series, level: float) -> Term:
    """Return the change of a control at the date, on the scale of the models; nan where it does not vary."""
    try:
        of = known_date(replace(model, series=control).y, model.at, model.columns, level=level).step
    except EvidenceError:
        return Term(value=math.nan, low=math.nan, high=math.nan, p=1.0)
    return Term(value=of.value, low=of.low, high=of.high, p=of.p)


def _state(change: Term, dose: float | None, counts: float, level: float) -> State:
    stayed = -counts < change.low and change.high < counts
    if change.p <= 1 - level or (dose and not stayed):
        return "contaminated"
    return "clean" if stayed and not dose else "cannot_tell"


def _holm(p: Floats) -> Floats:
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * (p.size - np.arange(p.size)))
    made = np.empty(p.size)
    made[order] = np.minimum(stepped, 1.0)
    return made

"""From a series, or a panel of units, and a dose to a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from peil.dataset import Run
from peil.errors import EvidenceError
from peil.estimates.series import PER_YEAR, Series, SeriesPeriod
from peil.methods.dose import Response
from peil.methods.dose_in_time import dose_in_time
from peil.methods.dose_units import dose_units
from peil.methods.first_order import fitted
from peil.methods.moments import Floats
from peil.studies.finding import Check, Effect, Finding, Verdict
from peil.studies.trend import checks as named
from peil.studies.trend import dose_words as words
from peil.studies.trend.fitting import FEWEST_YEARS, Fitting
from peil.studies.trend.judged import NEAR, Known
from peil.terms import Label, Unit

FEWEST_UNITS = 5
"""With four there are 24 ways to deal the doses out, and the strongest of them is hardly below 5 %."""
FEWEST_PERIODS = 8
_LEAD_YEARS = 0.125
_TURNS_FROM_YEARS = 3
_DATE = 0.9
"""A dose of which one step explains more tells no more than the date of that step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of a dose; chosen before looking.

    Parameters:
        label: what the dose is.
        lags: the dose of up to so many periods before is tried as well.
        matters: the smallest effect per unit of dose that matters; of counts as a share.
        level: of the intervals, and one less the size of the tests.
    """

    label: Label
    lags: int = 0
    matters: float = 0.0
    level: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Units:
    """One measure in several units over the same periods.

    Parameters:
        name: what was measured.
        unit: of the values.
        period: ``week`` or ``month``.
        starts: first day of each period.
        names: of the units.
        value: (units, periods); nan where nothing was counted.
        counted: whether the values are counts, so that effects multiply.
        without_dose: units that were counted and have no dose, and are left out.
    """

    name: Label
    unit: Unit
    period: SeriesPeriod
    starts: tuple[date, ...]
    names: tuple[str, ...]
    value: Floats
    counted: bool = False
    without_dose: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dosed:
    """A verdict with what is under it.

    Parameters:
        finding: verdict, effect per unit of dose, checks.
        response: None where the series is too short, has gaps, or does not vary.
        relative: whether effects are shares: of counts.
        dose: of each period, or (units, periods).
    """

    finding: Finding[Effect]
    response: Response | None
    relative: bool
    dose: Floats


def onset(dose: Floats) -> int:
    """Return the first period in which a dose is no longer what it was at first; of several units, in any.

    Example:
        >>> onset(np.array([0.0, 0, 0.3, 0.1]))
        2
    """
    table = np.atleast_2d(dose)
    return int(np.argmax(np.any(table != table[:, :1], axis=0)))


def dosed_series(series: Series, dose: Floats, known: Known, wanted: Wanted) -> Dosed:
    """Say whether one series moves with a dose.

    Parameters:
        series: the measure.
        dose: of each period.
        known: what is known beside the series.
        wanted: what is asked.

    Raises:
        EvidenceError: the dose has gaps, is the same throughout, or follows from trend and season.
        DefinitionError: a dose lies below nought.
    """
    began = series.starts[onset(dose)]
    structure = _structure(series)
    checks = [*structure, *_artefacts(known, began), named.mixes(known.mixes)]
    if not all(each.passed for each in structure):
        return _told(series.name, series.unit, len(series), None, checks, known.run, wanted, dose, relative=False)
    year = PER_YEAR[series.period]
    enough = series.period == "week" or len(series) >= _TURNS_FROM_YEARS * year
    relative = series.counted and bool(np.all(series.value > 0))
    model = Fitting(series=series, at=0, harmonics=2 if enough else 1, scale="log" if relative else "plain")
    found = dose_in_time(
        model.y, dose, model.columns, lags=wanted.lags, lead=max(1, round(_LEAD_YEARS * year)), level=wanted.level
    )
    one_date = found.as_a_date >= _DATE
    checks += _checks(found, wanted, one_date=one_date)
    if not one_date:
        jump = _jump(model, dose)
        checks.append(words.no_jump(began, passed=not jump < 1 - wanted.level))
    return _told(series.name, series.unit, found.n, found, checks, known.run, wanted, dose, relative=relative)


def dosed_units(units: Units, dose: Floats, known: Known, wanted: Wanted) -> Dosed:
    """Say whether units move with a dose that differs between them.

    Parameters:
        units: the measure in each unit.
        dose: (units, periods).
        known: what is known beside the values.
        wanted: what is asked.

    Raises:
        EvidenceError: the dose has gaps, is the same throughout or for every unit, or fewer than three units have rows.
        DefinitionError: a dose lies below nought.
    """
    began = units.starts[onset(dose)]
    seen = units.value[np.isfinite(units.value)]
    relative = units.counted and bool(np.all(seen > 0))
    y = np.log(units.value) if relative else units.value
    found = dose_units(
        y, dose, lags=wanted.lags, lead=max(1, round(_LEAD_YEARS * PER_YEAR[units.period])), level=wanted.level
    )
    checks = [
        Check(
            name="enough_units",
            passed=found.units >= FEWEST_UNITS and len(units.starts) >= FEWEST_PERIODS,
            says=Label(
                f"{found.units} units over {len(units.starts)} periods were compared; {FEWEST_UNITS} and {FEWEST_PERIODS} are asked for.",
                f"{found.units} eenheden over {len(units.starts)} perioden zijn vergeleken; {FEWEST_UNITS} en {FEWEST_PERIODS} zijn nodig.",
            ),
        ),
        *_artefacts(known, began),
        *_checks(found, wanted, one_date=False),
        words.single(steady=bool(found.steady)),
    ]
    return _told(
        units.name, units.unit, found.n, found, checks, known.run, wanted, dose, relative=relative,
        staggered=_staggered(dose), without_dose=units.without_dose,
    )  # fmt: skip


def _jump(model: Fitting, dose: Floats) -> float:
    """Return the chance of as large a step where the dose begins, beside the dose itself; nan where it cannot be told."""
    step = (np.arange(dose.size) >= onset(dose)).astype(np.float64)
    columns = np.column_stack([model.columns, dose, step])
    chosen = np.zeros(columns.shape[1])
    chosen[-1] = 1.0
    try:
        below = fitted(model.y, columns).of(chosen).below(0.0)
    except EvidenceError:
        return math.nan
    return 2 * min(below, 1 - below)


def shown(found: Dosed, value: float) -> float:
    """Return an effect as it is shown: of counts, a share.

    Parameters:
        found: the finding.
        value: on the scale of the models.
    """
    return float(np.expm1(value)) if found.relative else value


def _structure(series: Series) -> tuple[Check, ...]:
    every = named.structure(series, len(series))
    kept = {each.name: each for each in every}
    asked = round(FEWEST_YEARS * PER_YEAR[series.period])
    enough = len(series) >= asked
    return (
        kept["varies"],
        Check(
            name="enough_periods",
            passed=enough,
            says=Label(
                f"There are {len(series)} periods; {asked} are asked for, to tell a season from a dose.",
                f"Er zijn {len(series)} perioden; {asked} zijn nodig om een seizoen van een dosis te onderscheiden.",
            ),
        ),
        kept["no_gaps"],
    )


def _artefacts(known: Known, began: date) -> list[Check]:
    older = tuple(each for each in known.changes if each.on <= began - NEAR)
    newer = tuple(each for each in known.changes if each.on > began - NEAR)
    made = [named.definitions((*newer, *older), (), kept=known.log_kept)]
    if known.of_answers:
        made.append(named.question(known.asked))
    return made


def _checks(found: Response, wanted: Wanted, *, one_date: bool) -> list[Check]:
    made = [
        words.placebo(found.placebo_p, found.placebos, units=found.steady is not None, level=wanted.level),
        words.beyond_a_date(one_date=one_date),
        words.one_way(turns=found.turns),
    ]
    if found.lead is not None:
        made.append(words.not_before(passed=found.lead.p >= (1 - wanted.level) * named.LEAD_SHARE))
    return made


def _told(  # noqa: PLR0913  # what a finding is made of
    name: Label,
    unit: Unit,
    n: int,
    found: Response | None,
    checks: Sequence[Check],
    run: Run,
    wanted: Wanted,
    dose: Floats,
    *,
    relative: bool,
    staggered: bool = False,
    without_dose: int = 0,
) -> Dosed:
    value, low, high = (math.nan,) * 3 if found is None else (found.effect.value, found.effect.low, found.effect.high)
    if relative:
        value, low, high = (float(np.expm1(each)) for each in (value, low, high))
    effect = Effect(
        label=words.per_unit(wanted.label), unit=Unit.SHARE if relative else unit, value=value, low=low, high=high,
        level=wanted.level, n=n, relative=relative,
    )  # fmt: skip
    verdict = _verdict(effect, checks, wanted.matters)
    settles = None
    if verdict == "unclear":
        failed = [each.name for each in checks if not each.passed]
        least = None if found is None else np.expm1(found.detectable) if relative else found.detectable
        settles = words.settles(failed, least, effect, wanted.label)
    return Dosed(
        finding=Finding(
            study="dose_response", question=words.question(name, wanted.label), verdict=verdict,
            says=words.says(name, wanted.label, verdict, up=value > 0), effect=effect, checks=tuple(checks),
            assumptions=words.assumptions(
                found, wanted.label, wanted.lags, staggered=staggered, without_dose=without_dose
            ),
            settles=settles, run=run,
        ),
        response=found, relative=relative, dose=dose,
    )  # fmt: skip


def _verdict(effect: Effect, checks: Sequence[Check], matters: float) -> Verdict:
    failed = {each.name for each in checks if not each.passed}
    if not math.isfinite(effect.value) or failed & {*named.ARTEFACTS, "enough_units"}:
        return "unclear"
    if -matters < effect.low and effect.high < matters:
        return "no"
    return "yes" if effect.clear and not failed else "unclear"


def _staggered(dose: Floats) -> bool:
    """Return whether units got their first dose at different times."""
    moved = dose != dose[:, :1]
    first = {int(np.argmax(each)) for each in moved if each.any()}
    return len(first) > 1

"""Does a measure move with how much of an event there was, where the event reached everybody?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from peil.dataset import Dataset
from peil.errors import DefinitionError
from peil.estimates.estimate import estimate
from peil.estimates.series import Series, SeriesPeriod, series
from peil.measures.measure import Measure
from peil.methods.dose import Response
from peil.methods.moments import Floats
from peil.studies.change_log import DefinitionChange, touching
from peil.studies.finding import Effect, Finding
from peil.studies.trend.dose_table import DoseTable
from peil.studies.trend.dosed import Units, Wanted, dosed_series, dosed_units, onset
from peil.studies.trend.judged import Known
from peil.studies.trend.mix import asked_otherwise, moved
from peil.terms import Label


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DoseResponse:
    """What the study finds.

    Parameters:
        finding: verdict, the effect per unit of dose, checks.
        measure: what was measured.
        label: what the dose is.
        response: bins, lags, placebo, curvature; None where the series is too short, has gaps, or does not vary.
        relative: whether effects are shares: of counts.
        starts: first day of each period.
        period: ``week`` or ``month``.
        units: names of the units; none where there is one series.
        dose: of each period, or (units, periods).
        matters: the smallest effect that matters.
    """

    finding: Finding[Effect]
    measure: Measure
    label: Label
    response: Response | None
    relative: bool
    starts: tuple[date, ...]
    period: SeriesPeriod
    units: tuple[str, ...]
    dose: Floats
    matters: float


def dose_response(  # noqa: PLR0913  # what is pre-registered of one question
    data: Dataset,
    measure: Measure,
    dose: DoseTable,
    *,
    by: str = "organisation",
    period: SeriesPeriod = "week",
    where: str = "true",
    lags: int = 0,
    matters: float = 0.0,
    level: float = 0.95,
    change_log: Sequence[DefinitionChange] | None = None,
) -> DoseResponse:
    """Say whether a measure moves with a dose.

    An event that reached everybody leaves nobody to compare with; but it may have reached some periods, or some
    organisations, more than others. All choices are made before looking: the dose, the lags, what matters.

    Parameters:
        data: the tables.
        measure: what is measured.
        dose: of each period, or of each period and unit.
        by: what names the units of the dose, such as ``organisation``, ``queue`` or ``extra.NAME``.
        period: ``week`` or ``month``.
        where: row-level SQL that chooses rows.
        lags: the dose of up to so many periods before is tried as well; the interval takes all of them into account.
        matters: the smallest effect per unit of dose that matters, in the measure's unit, of counts as a share; ``no`` means
            that the whole interval is nearer to zero than that, and goes before ``yes``.
        level: confidence level, and one less the size of the tests.
        change_log: when definitions changed; None where none is kept.

    Returns:
        ``yes`` where the interval leaves zero out and every check passes: the path of the dose stands out among others, nothing
        moved before it came, more dose does not do the opposite, and the dose tells more than a date; ``no`` where the
        interval lies within ``matters``; else ``unclear``, with what would settle it.

    Raises:
        DefinitionError: the dose names units that the data do not have.
        EvidenceError: the dose lacks periods, is the same throughout, or nothing tells it from trend and season.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> from peil.studies.trend.dose_table import dose_table
        >>> strict = [{"date": f"2020-{month:02}", "dose": dose} for month, dose in enumerate((0, 0, 4, 8, 7, 5, 4, 4, 5, 6, 6, 7), 1)]
        >>> told = dose_table(strict, label=Label("strictness", "strengheid"), otherwise=0)
        >>> found = dose_response(made(), measure_named("abandonment"), told, period="month")
        >>> found.finding.verdict, found.finding.says.en
        ('unclear', 'Abandonment: no effect of strictness shown')
    """
    counted = series(data, measure, period=period, where=where, level=level)
    wanted = Wanted(label=dose.label, lags=lags, matters=matters, level=level)
    changes = touching(change_log or (), measure.name, counted.starts[0], counted.ends, family=measure.family)
    told = {
        "run": data.run, "changes": changes, "log_kept": change_log is not None, "of_answers": measure.population == "responses",
        "asked": asked_otherwise(data, measure, counted.starts[0], counted.ends, where=where),
    }  # fmt: skip
    if dose.units:
        units, table = _units(data, measure, dose, counted, by=by, period=period, where=where, level=level)
        found = dosed_units(units, table, Known(**told), wanted)  # type: ignore[arg-type]  # each of its own kind
        names = units.names
    else:
        table = dose.over(counted.starts, period)
        mixes = moved(data, measure, counted, counted.starts[max(1, onset(table))], where=where)
        found = dosed_series(counted, table, Known(**told, mixes=mixes), wanted)  # type: ignore[arg-type]  # a mapping of settings, each of its own kind
        names = ()
    return DoseResponse(
        finding=found.finding, measure=measure, label=dose.label, response=found.response, relative=found.relative,
        starts=counted.starts, period=period, units=names, dose=found.dose, matters=matters,
    )  # fmt: skip


def _units(
    data: Dataset, measure: Measure, dose: DoseTable, counted: Series, *, by: str, period: SeriesPeriod, where: str,
    level: float,
) -> tuple[Units, Floats]:  # fmt: skip
    """Return the measure in every unit with a dose, and the doses."""
    found = estimate(measure, data, by=[by, period], where=where, level=level)[0]
    seen = {str(group[0]) for group in found.groups if group[0] is not None}
    unknown = [each for each in dose.units if each not in seen]
    if unknown:
        raise DefinitionError(
            f"{len(unknown)} of {len(dose.units)} units of the dose table are not among the {len(seen)} in the data",
            remedy=f"write their names as '{by}' has them, or say with 'by' what names the units",
        )
    place = {start: at for at, start in enumerate(counted.starts)}
    row = {name: at for at, name in enumerate(dose.units)}
    value = np.full((len(row), len(place)), np.nan)
    for group, one in zip(found.groups, found.value, strict=True):
        name, start = str(group[0]), group[1]
        if name in row and isinstance(start, date) and start in place:
            value[row[name], place[start]] = one
    units = Units(
        name=measure.label, unit=measure.unit, period=period, starts=counted.starts, names=dose.units, value=value,
        counted=measure.estimator == "total", without_dose=len(seen - set(dose.units)),
    )  # fmt: skip
    return units, np.array([dose.over(counted.starts, period, unit) for unit in dose.units])

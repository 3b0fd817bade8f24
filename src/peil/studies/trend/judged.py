"""From a series, a date and what else is known to a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from peil.dataset import Run
from peil.estimates.series import Series
from peil.studies.change_log import DefinitionChange
from peil.studies.finding import Check, Effect, Finding, Verdict
from peil.studies.trend import checks as named
from peil.studies.trend.evidence import Evidence, gathered, passes
from peil.studies.trend.exposure import not_exposed
from peil.studies.trend.fitting import FEWEST_YEARS, fitting
from peil.studies.trend.mix import Moved
from peil.studies.trend.words import COLUMNS, PERIODS, Kind, amount, day, percent, says
from peil.surveys.instrument import Change
from peil.surveys.instrument_words import THE_ASPECTS
from peil.terms import Label

NEAR = timedelta(days=56)
"""A change of definition nearer to the date than this cannot be told from the event."""

_MOSTLY = 0.5
_LASTED = Label("change of level at the date", "verandering van niveau op de datum")
_PASSED = Label("change of level while it lasted", "verandering van niveau zolang die duurde")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known beside the series.

    Parameters:
        run: what the series was counted from.
        changes: entries of the change log that touch the measure.
        log_kept: whether a change log was handed over.
        asked: how the question behind it was put otherwise.
        mixes: mixes that moved.
        of_answers: whether it is measured by asking.
    """

    run: Run
    changes: tuple[DefinitionChange, ...] = ()
    log_kept: bool = False
    asked: tuple[Change, ...] = ()
    mixes: tuple[Moved, ...] = ()
    of_answers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict with the evidence under it.

    Parameters:
        finding: verdict, effect, checks.
        kind: what kind of change, or why none is claimed.
        evidence: of the series; None where it is too short, has gaps, or does not vary.
    """

    finding: Finding[Effect]
    kind: Kind
    evidence: Evidence | None


def judged(
    series: Series,
    broke_on: date,
    known: Known,
    *,
    controls: Sequence[Series] = (),
    doses: Sequence[float | None] = (),
    matters: float = 0.0,
    level: float = 0.95,
    with_curve: bool = True,
) -> Judged:
    """Say whether a series broke at a date.

    Parameters:
        series: the measure.
        broke_on: first day that counts as after.
        known: what is known beside the series.
        controls: series that the event did not reach.
        doses: how much of the event is declared to have reached each all the same.
        matters: the smallest change that matters, in the measure's unit.
        level: of the intervals, and one less the size of the tests.
        with_curve: whether all admissible models are fitted.

    Raises:
        EvidenceError: the date lies outside the series, or a control lacks periods.
    """
    series.at(broke_on)
    older = tuple(each for each in known.changes if each.on <= broke_on - NEAR)
    newer = tuple(each for each in known.changes if each.on > broke_on - NEAR)
    if older:
        series = series.part(series.at(older[-1].on), len(series))
    at = series.at(broke_on)
    structure = named.structure(series, at)
    artefacts = [named.definitions(newer, older, kept=known.log_kept)]
    if known.of_answers:
        artefacts.append(named.question(known.asked))
    artefacts.append(named.mixes(known.mixes))
    missing = [each.name for each in structure if not each.passed]
    if missing:
        ending = named.ending(series, at, level) if missing == ["enough_after"] else ()
        return _thin(series, broke_on, known, (*structure, *ending, *artefacts), level)
    model = fitting(series, at)
    found = gathered(model, controls, matters=matters, level=level, with_curve=with_curve, doses=doses)
    checks = [*structure, *artefacts, named.forecasts(found), named.dates(found, level), named.lead(found, level)]
    if found.placebo is not None:
        checks.append(named.placebo(found.placebo.p, found.placebo.dates.size, level))
    if found.left_out is not None and not passes(found.shapes):
        checks.append(named.years(found.left_out))
    if found.against is not None:
        checks.append(named.controls(found.against, found.step))
        checks.append(not_exposed(found.exposed, series.unit, found.step.value))
    if with_curve:
        checks.append(named.models(found.curve))
    verdict, kind = _verdict(found, checks, matters)
    step = found.step
    effect = Effect(
        label=_PASSED if kind == "temporary" else _LASTED,
        unit=series.unit,
        value=step.value,
        low=step.low,
        high=step.high,
        level=level,
        n=len(series),
    )
    return Judged(
        finding=_finding(series, broke_on, known, verdict, kind, effect, tuple(checks), found),
        kind=kind,
        evidence=found,
    )


def _verdict(found: Evidence, checks: Sequence[Check], matters: float) -> tuple[Verdict, Kind]:
    failed = {each.name for each in checks if not each.passed}
    step = found.step
    if failed & set(named.ARTEFACTS):
        return "unclear", "artefact"
    if -matters < step.low and step.high < matters and "foretold_well" not in failed:
        return "no", "no_change"
    if step.clear and not failed:
        return "yes", "temporary" if passes(found.shapes) else "lasting"
    if "dated_here" in failed:
        return "unclear", "another_date"
    if "not_under_way" in failed:
        return "unclear", "under_way"
    return "unclear", "cannot_tell"


def _thin(series: Series, broke_on: date, known: Known, checks: tuple[Check, ...], level: float) -> Judged:
    nothing = Effect(
        label=_LASTED, unit=series.unit, value=np.nan, low=np.nan, high=np.nan, level=level, n=len(series),
    )  # fmt: skip
    artefact = any(each.name in named.ARTEFACTS and not each.passed for each in checks)
    kind: Kind = "artefact" if artefact else "cannot_tell"
    return Judged(
        finding=_finding(series, broke_on, known, "unclear", kind, nothing, checks, None), kind=kind, evidence=None
    )


def _finding(
    series: Series, broke_on: date, known: Known, verdict: Verdict, kind: Kind, effect: Effect,
    checks: tuple[Check, ...], found: Evidence | None,
) -> Finding[Effect]:  # fmt: skip
    on, name = day(broke_on), series.name
    return Finding(
        study="trend_break",
        question=Label(f"{name.en}: did it really change on {on.en}?", f"{name.nl}: is dit op {on.nl} echt veranderd?"),
        verdict=verdict,
        says=says(name, on, kind, up=effect.value > 0, because=because(known)),
        effect=effect,
        checks=checks,
        assumptions=_assumptions(series, found),
        settles=None if verdict != "unclear" else _settles(series, kind, checks, found),
        run=known.run,
    )


def because(known: Known) -> Label:
    """Return in a few words what else changed."""
    if known.changes:
        return Label("its definition", "de definitie")
    if known.asked:
        told = THE_ASPECTS[known.asked[0].aspect]
        return Label(f"{told.en} of the question", f"{told.nl} van de vraag")
    if known.mixes:
        first = max(known.mixes, key=lambda each: each.share)
        told = COLUMNS.get(first.column, Label(first.column, first.column))
        return Label(f"the mix of {told.en}", f"de mix van {told.nl}")
    return Label("something else", "iets anders")


def _assumptions(series: Series, found: Evidence | None) -> tuple[Label, ...]:
    told = [
        Label(
            "Nothing else happened at the same time: a date is no cause.",
            "Er gebeurde op dat moment niets anders: een datum is geen oorzaak.",
        ),
        Label(
            "Without the change the series would have gone on along its trend and season.",
            "Zonder de verandering was de reeks haar trend en seizoen blijven volgen.",
        ),
    ]
    if found is not None and found.against is None:
        told.append(
            Label(
                "There are no control series: what moved every series at that time is not taken off.",
                "Er zijn geen controlereeksen: wat toen alle reeksen bewoog is er niet af gehaald.",
            )
        )
    if series.left_out:
        many = PERIODS[series.period]
        told.append(
            Label(
                f"{series.left_out} {many.en} at the ends are covered in part and left out.",
                f"{series.left_out} {many.nl} aan de randen zijn maar deels gedekt en weggelaten.",
            )
        )
    return tuple(told)


def _sampled(found: Evidence) -> float:
    """Return how much of the noise before the date is sampling error."""
    series, at = found.model.series, found.model.at
    noise = float(np.var(series.value[:at] - found.foretold.before))
    return float(np.mean(series.variance[:at])) / noise if noise > 0 else 0.0


_MISSING: Mapping[str, Label] = {
    "varies": Label("A look at whether it was measured at all.", "Nagaan of er wel gemeten is."),
    "no_gaps": Label(
        "The missing periods, or longer periods (months instead of weeks).",
        "De ontbrekende perioden, of langere perioden (maanden in plaats van weken).",
    ),
    "enough_before": Label(
        f"{FEWEST_YEARS} years of data before the date.", f"{FEWEST_YEARS} jaar aan gegevens vóór de datum."
    ),
    "enough_after": Label("More periods after the date.", "Meer perioden na de datum."),
    "foretold_well": Label(
        "A longer past: forecasts from this one could not be tried, or did not hold.",
        "Een langer verleden: voorspellingen hieruit waren niet te beproeven, of kwamen niet uit.",
    ),
}
_REACHED = Label(
    "Controls that the event did not reach; where it reached everybody, how much of it reached whom and when.",
    "Controlereeksen die de gebeurtenis niet raakte; raakte die iedereen, dan hoeveel ervan wie wanneer trof.",
)
_SETTLES: Mapping[Kind, Label] = {
    "artefact": Label(
        "Count both ways side by side for a while, or measure within one channel, system or round.",
        "Tel een tijd op beide manieren naast elkaar, of meet binnen één kanaal, systeem of ronde.",
    ),
    "another_date": Label(
        "What happened at the other time, and series that only one of the two events reached.",
        "Wat er op het andere moment gebeurde, en reeksen die maar door een van beide zijn geraakt.",
    ),
    "under_way": Label(
        "What began before the date, and series that only one of the two reached.",
        "Wat er vóór de datum begon, en reeksen die maar door een van beide zijn geraakt.",
    ),
}


def _settles(series: Series, kind: Kind, checks: Sequence[Check], found: Evidence | None) -> Label:
    failed = [each.name for each in checks if not each.passed]
    missing = [_MISSING[each] for each in failed if each in _MISSING]
    if missing and kind != "artefact":
        return missing[0]
    if kind in _SETTLES:
        return _SETTLES[kind]
    if "controls_not_exposed" in failed and set(failed) <= {"controls_not_exposed", "controls_agree", "models_agree"}:
        return _REACHED
    if found is not None and not found.step.clear and _sampled(found) > _MOSTLY:
        return Label(
            f"More answers or contacts in each period: {percent(min(1.0, _sampled(found))).en} of the noise is that of small numbers.",
            f"Meer antwoorden of contacten per periode: {percent(min(1.0, _sampled(found))).nl} van de ruis komt van kleine aantallen.",
        )
    if found is not None and not found.step.clear:
        least = amount(found.detectable, series.unit)
        return Label(
            f"A longer or less noisy series: here a change of {least.en} would have been found four times in five.",
            f"Een langere of rustiger reeks: hier was een verandering van {least.nl} vier van de vijf keer gevonden.",
        )
    return Label(
        "Series that the event did not reach, as controls, and a longer series.",
        "Reeksen die de gebeurtenis niet raakte, als controle, en een langere reeks.",
    )

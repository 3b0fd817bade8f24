"""Did it really change on a day, or was it on its way, noise, or counted otherwise?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from scipy import special

from peil.dataset import Dataset
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.difference import Side
from peil.estimates.series import Series, SeriesPeriod, series
from peil.measures.catalogue import CATALOGUE
from peil.measures.measure import Measure, comparable
from peil.methods.discoveries import Discoveries, discoveries
from peil.methods.shrunken import FEWEST, Shrunken, shrunken
from peil.studies.change_log import DefinitionChange, touching
from peil.studies.finding import Check, Effect, Finding
from peil.studies.trend.evidence import Evidence
from peil.studies.trend.exposure import Control, named, told_apart
from peil.studies.trend.judged import Known, judged
from peil.studies.trend.judged_rounds import judged_rounds
from peil.studies.trend.mix import Moved, asked_otherwise, moved
from peil.studies.trend.rounds import Rounds, in_rounds, rounds
from peil.studies.trend.words import Kind, chance, day, says
from peil.terms import Label

_SURE = 0.95
NETHERLANDS_CLOSED_ON = date(2020, 3, 16)
"""The first working day after the Netherlands sent everybody home who could work there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendBreak:
    """What the study finds.

    Parameters:
        finding: verdict, effect, checks.
        kind: lasting, temporary, already under way, at another date, no change, an artefact, or cannot tell.
        measure: what was measured.
        series: week by week or month by month; None where the measure was asked in rounds.
        broke_on: first day that counts as after.
        evidence: under the verdict; None where the series is too short, has gaps, or does not vary.
        mixes: mixes that moved at the date.
        matters: the smallest change that matters.
        rounds: of a survey that was held a few times.
    """

    finding: Finding[Effect]
    kind: Kind
    measure: Measure
    series: Series | None
    broke_on: date
    evidence: Evidence | None
    mixes: tuple[Moved, ...]
    matters: float
    rounds: Rounds | None = None

    @property
    def p(self) -> float:
        """Chance of so large a change at the date without one; nan where it could not be tested."""
        if self.rounds is not None and self.rounds.change is not None:
            return self.rounds.change.p
        return float("nan") if self.evidence is None else self.evidence.step.p


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendBreaks:
    """What the study finds for many measures.

    Parameters:
        breaks: one a measure, in the order asked.
        discoveries: which p-values stand at the false discovery rate.
        shrunken: effects of the measures with evidence, in their order, as multiples of each one's own swing before the day and
            drawn toward their mean; None where they are fewer than four.
    """

    breaks: tuple[TrendBreak, ...]
    discoveries: Discoveries
    shrunken: Shrunken | None = None

    @property
    def real_share(self) -> float:
        """Share of the measures of which it is 95 % sure that they changed in the direction they seem to; nan if not reckoned."""
        return float("nan") if self.shrunken is None else float(np.mean(self.shrunken.real > _SURE))


def trend_break(  # noqa: PLR0913  # what is pre-registered of one question
    data: Dataset,
    measure: Measure,
    *,
    broke_on: date = NETHERLANDS_CLOSED_ON,
    period: SeriesPeriod = "week",
    where: str = "true",
    controls: Sequence[Side | Control] = (),
    matters: float = 0.0,
    level: float = 0.95,
    change_log: Sequence[DefinitionChange] | None = None,
) -> TrendBreak:
    """Say whether a measure changed on a day.

    All choices are made before looking: the day, what matters, the controls. Then everything that speaks against a break
    is tried: a trend or season that was under way, noise that swings, another date, dates at which nothing happened, what
    moved other series as well, another definition, question or mix, and another model.

    Parameters:
        data: the tables; two years before the day and a quarter after it at least.
        measure: what is measured.
        broke_on: first day that counts as after.
        period: ``week`` or ``month``.
        where: row-level SQL that chooses rows.
        controls: measures, in groups, that the event did not reach; in the same unit. Each is held to the same test: one that
            changed at the day, or of which a ``Control`` tells that it had a dose, keeps the verdict from ``yes``.
        matters: the smallest change that matters, in the measure's unit; ``no`` means that the whole interval is nearer to
            zero than that, and goes before ``yes``.
        level: confidence level, and one less the size of the tests.
        change_log: when definitions changed; None where none is kept.

    Returns:
        ``yes`` where the interval of the change leaves zero out and every check passes; ``no`` where it lies within
        ``matters``; else ``unclear``, with what would settle it.

    Raises:
        DefinitionError: a control is of another unit.
        EvidenceError: no row is left, the day lies outside the series, or a control lacks periods.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> found = trend_break(made(), measure_named("digital_share"), period="month")
        >>> found.finding.verdict, found.finding.says.en
        ('yes', 'Through digital channels: higher since 16 March 2020 than foretold')
    """
    compared = [told_apart(each) for each in controls]
    for each in compared:
        comparable(measure, each.side.measure)
    if not matters >= 0:
        raise DefinitionError(f"the smallest change that matters is no less than zero, not {matters}")
    if in_rounds(data, measure, where=where):
        return _of_rounds(data, measure, broke_on, where=where, matters=matters, level=level, change_log=change_log)
    counted = series(data, measure, period=period, where=where, level=level)
    others = [
        named(series(data, each.side.measure, period=period, where=each.side.where, level=level), each.side)
        for each in compared
    ]
    mixes = moved(data, measure, counted, broke_on, where=where)
    changes = touching(change_log or (), measure.name, counted.starts[0], counted.ends, family=measure.family)
    known = Known(
        run=data.run,
        changes=changes,
        log_kept=change_log is not None,
        asked=asked_otherwise(data, measure, counted.starts[0], counted.ends, where=where),
        mixes=mixes,
        of_answers=measure.population == "responses",
    )
    doses = [each.dose for each in compared]
    found = judged(counted, broke_on, known, controls=others, doses=doses, matters=matters, level=level)
    return TrendBreak(
        finding=found.finding, kind=found.kind, measure=measure, series=counted, broke_on=broke_on,
        evidence=found.evidence, mixes=mixes, matters=matters,
    )  # fmt: skip


def _of_rounds(
    data: Dataset,
    measure: Measure,
    broke_on: date,
    *,
    where: str,
    matters: float,
    level: float,
    change_log: Sequence[DefinitionChange] | None,
) -> TrendBreak:
    """Say whether the first round after a day lies where those before foretell: so few rounds bear no break test."""
    alike = [each for each in CATALOGUE.values() if each.population == "responses" and each.estimator == "ratio"]
    found = rounds(data, measure, broke_on, others=alike, where=where, level=level)
    first, last = found.rounds[0].held_on, found.rounds[-1].held_on + timedelta(days=1)
    known = Known(
        run=data.run,
        changes=touching(change_log or (), measure.name, first, last, family=measure.family),
        log_kept=change_log is not None,
        asked=asked_otherwise(data, measure, first - timedelta(days=366), last + timedelta(days=366), where=where),
        of_answers=True,
    )
    made = judged_rounds(found, measure, broke_on, known, matters=matters, level=level)
    return TrendBreak(
        finding=made.finding, kind=made.kind, measure=measure, series=None, broke_on=broke_on, evidence=None,
        mixes=(), matters=matters, rounds=found,
    )  # fmt: skip


def trend_breaks(  # as trend_break
    data: Dataset,
    measures: Sequence[Measure],
    *,
    broke_on: date = NETHERLANDS_CLOSED_ON,
    period: SeriesPeriod = "week",
    where: str = "true",
    level: float = 0.95,
    change_log: Sequence[DefinitionChange] | None = None,
    rate: float = 0.05,
) -> TrendBreaks:
    """Say which of many measures changed on a day; of those called changed only a stated share is expected to be false.

    Parameters:
        data: the tables.
        measures: what is measured.
        broke_on: first day that counts as after.
        period: ``week`` or ``month``.
        where: row-level SQL that chooses rows.
        level: confidence level of each.
        change_log: when definitions changed; None where none is kept.
        rate: the false discovery rate (Benjamini and Hochberg 1995).

    Raises:
        EvidenceError: none of the measures can be tested.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> asked = [measure_named(each) for each in ("digital_share", "abandonment")]
        >>> [each.finding.verdict for each in trend_breaks(made(), asked, period="month").breaks]
        ['yes', 'unclear']
    """
    made = [
        trend_break(
            data, each, broke_on=broke_on, period=period, where=where, level=level, change_log=change_log
        ) for each in measures
    ]  # fmt: skip
    if not any(np.isfinite(each.p) for each in made):
        raise EvidenceError("none of the measures can be tested at this day", remedy="see the checks of each by itself")
    found = discoveries([each.p for each in made], rate=rate)
    kept = tuple(
        _among(one, bool(stands), float(p), len(made))
        for one, stands, p in zip(made, found.found, found.adjusted, strict=True)
    )
    return TrendBreaks(breaks=kept, discoveries=found, shrunken=_drawn_together(made, level))


def _drawn_together(made: Sequence[TrendBreak], level: float) -> Shrunken | None:
    sizes, variances = [], []
    for each in made:
        if each.evidence is None:
            continue
        of, step = each.evidence, each.evidence.step
        swing = float(np.std(of.model.series.value[: of.model.at] - of.foretold.before))
        se = (step.high - step.low) / 2 / float(special.ndtri((1 + level) / 2))
        sizes.append(step.value / swing)
        variances.append((se / swing) ** 2)
    return shrunken(sizes, variances, level=level) if len(sizes) >= FEWEST else None


def _among(one: TrendBreak, stands: bool, p: float, many: int) -> TrendBreak:  # noqa: FBT001  # one fact of one measure
    """Return a finding with the check that it stands among many."""
    if one.evidence is None:
        return one
    told = chance(p)
    check = Check(
        name="stands_among_many",
        passed=stands,
        says=Label(
            f"Among {many} measures, p = {told.en} after correction for their number.",
            f"Tussen {many} meetwaarden is p = {told.nl} na correctie voor hun aantal.",
        ),
    )
    finding = replace(one.finding, checks=(*one.finding.checks, check))
    if stands or finding.verdict != "yes":
        return replace(one, finding=finding)
    return replace(
        one,
        kind="cannot_tell",
        finding=replace(
            finding,
            verdict="unclear",
            says=says(one.measure.label, day(one.broke_on), "cannot_tell", up=True),
            settles=Label(
                "A longer series, or fewer measures asked at once.", "Een langere reeks, of minder vragen tegelijk."
            ),
        ),
    )

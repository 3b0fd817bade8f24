"""What does automation do to the outcome? By a threshold that decides who gets it, or by queues that got it in stages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np

from peil.dataset import Dataset
from peil.errors import EvidenceError
from peil.estimates.difference import Difference, Side, difference
from peil.estimates.series import SeriesPeriod
from peil.estimates.staged import staged
from peil.estimates.threshold import Running, running
from peil.measures.catalogue import measure_named
from peil.measures.measure import Measure
from peil.methods.adjusted import Slope, slope
from peil.methods.discontinuity import Discontinuity, discontinuity
from peil.methods.heaping import Density, density
from peil.methods.rollout import RollOut, placebo, roll_out
from peil.methods.student import student
from peil.studies.automation_checks import OUTLIVES_DRIFT, SOON, SUSPECT, stage_checks, threshold_checks
from peil.studies.finding import Check, Effect, Finding, Verdict
from peil.terms import Label, Unit

BY_PEOPLE, BY_BOT = "handler = 'agent'", "handler in ('bot', 'ivr')"
_WEEK_MS = 7 * 86_400_000
_RECENT = f"case when previous_ms <= {_WEEK_MS} then 1 else 0 end"
By = Literal["threshold", "stages", "nothing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A rule that sends contacts to automation from a value on.

    Parameters:
        running: the column of numbers that decides, or ``extra.NAME``: an amount, a score.
        cutoff: the value from which it does.
        automated: on which side contacts are automated.
        treated: row-level SQL: the contact was automated; if left out a bot had a part in it. On answers, which do not tell,
            the rule is taken to have been kept.
        ready: row-level SQL that splits contacts into ready and not, to see whether the effect differs.
    """

    running: str
    cutoff: float
    automated: Literal["above", "below"] = "above"
    treated: str | None = None
    ready: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """A roll-out that reached queues at different times.

    Parameters:
        begins: first day with automation of each queue that got it; the others never did.
        by: the column that names the queue.
        period: in which outcomes are compared.
        readiness: of each queue, 0 to 1; made of its contacts before the first day of all if left out.
    """

    begins: Mapping[str, date]
    by: str = "queue"
    period: SeriesPeriod = "week"
    readiness: Mapping[str, float] | None = field(default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderator:
    """Whether automation does more where data and process are in order.

    Parameters:
        value: the effect where they are less that where they are not (threshold), or its change for each tenth of
            readiness (stages).
        low, high: its interval.
        n: contacts near the threshold, or queues.
    """

    value: float
    low: float
    high: float
    n: int

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return bool(self.low > 0 or self.high < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationEffect:
    """What the study finds.

    Parameters:
        finding: verdict, effect, checks.
        by: what tells cause from coincidence: a threshold, stages, or nothing.
        outcome: what was measured.
        satisfaction: with automated less with human handling; None where one has no answers. It is no effect: other
            customers with other questions came to each.
        jump: at the threshold; None without one.
        heaping: whether contacts heap up beside the threshold; None where that cannot be told.
        stages: of the roll-out; None without one.
        steady: the effect of its first periods with a straight drift of the beginners taken off; None where nothing tells one.
        moderator: readiness; None where it is not known or does not differ.
    """

    finding: Finding[Difference | Effect]
    by: By
    outcome: Measure
    satisfaction: Difference | None
    jump: Discontinuity | None = None
    heaping: Density | None = None
    stages: RollOut | None = None
    steady: RollOut | None = None
    moderator: Moderator | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    effect: Effect
    checks: tuple[Check, ...]
    assumptions: tuple[Label, ...]


def automation_effect(
    data: Dataset,
    outcome: Measure,
    *,
    rule: Threshold | Stages | None = None,
    satisfaction: Measure | None = None,
    where: str = "true",
    level: float = 0.95,
    matters: float = 0.0,
) -> AutomationEffect:
    """Say what automation does to an outcome.

    Customers who end with a bot are others than those who end with people, so their difference is no effect. An effect
    needs something that decided for them: a threshold (just above and just below it customers are alike) or a roll-out in
    stages (queues that had it beside queues that did not yet). Without either the answer is ``unclear``, and says what
    would settle it.

    Parameters:
        data: the tables.
        outcome: a share or mean: satisfaction, effort, resolution, repeats.
        rule: what decided who was automated.
        satisfaction: shown for automated and human handling apart; the share very satisfied if left out.
        where: row-level SQL that chooses rows of the outcome.
        level: of the intervals.
        matters: the smallest effect that matters, in the outcome's unit; ``no`` means that the whole interval is nearer to
            zero than that.

    Raises:
        DefinitionError: a column or queue is unknown, or the outcome is no mean of rows.
        EvidenceError: too few contacts on a side of the threshold, or too few queues.

    Example:
        >>> from peil.made import made
        >>> found = automation_effect(made(), measure_named("repeat_7d"))
        >>> found.by, found.finding.verdict, found.satisfaction.value < 0
        ('nothing', 'unclear', True)
    """
    beside = _beside(data, satisfaction or measure_named("csat_top1"), level)
    if isinstance(rule, Threshold):
        return _by_threshold(data, outcome, rule, beside, where, level, matters)
    if isinstance(rule, Stages):
        return _by_stages(data, outcome, rule, beside, where, level, matters)
    nothing = math.nan
    judged = _Judged(
        effect=_effect(outcome, nothing, nothing, nothing, level, 0),
        checks=(
            Check(
                name="something_decided",
                passed=False,
                says=Label(
                    "Nothing decided for the customer who was automated: no threshold and no roll-out in stages was named.",
                    "Niets besliste voor de klant wie de bot kreeg: er is geen drempel en geen gefaseerde invoering genoemd.",
                ),
            ),
        ),
        assumptions=(
            Label(
                "Customers who end with a bot differ from those who end with people: a difference is no effect.",
                "Klanten die bij een bot eindigen zijn anderen dan die bij medewerkers eindigen: een verschil is geen effect.",
            ),
        ),
    )
    return AutomationEffect(
        finding=_finding(data, outcome, judged, matters, _SETTLES_NOTHING),
        by="nothing", outcome=outcome, satisfaction=beside,
    )  # fmt: skip


_SETTLES_NOTHING = Label(
    "Let a threshold or a lot decide who gets the bot, or bring it to queues in stages and keep the dates.",
    "Laat een drempel of het lot bepalen wie de bot krijgt, of voer hem per wachtrij in en bewaar de data.",
)


def _beside(data: Dataset, measure: Measure, level: float) -> Difference | None:
    try:
        return difference(
            data, Side(measure=measure, where=BY_PEOPLE), Side(measure=measure, where=BY_BOT), level=level
        )
    except EvidenceError:
        return None


def _effect(outcome: Measure, value: float, low: float, high: float, level: float, n: int) -> Effect:
    return Effect(
        label=Label(
            f"effect of automation on {outcome.label.en.lower()}",
            f"effect van automatisering op {outcome.label.nl.lower()}",
        ),
        unit=Unit.COUNT if outcome.unit is Unit.EUROS else outcome.unit,
        value=value,
        low=low,
        high=high,
        level=level,
        n=n,
    )


def _by_threshold(
    data: Dataset,
    outcome: Measure,
    rule: Threshold,
    beside: Difference | None,
    where: str,
    level: float,
    matters: float,
) -> AutomationEffect:
    contacts = outcome.population == "contacts"
    treated = rule.treated or ("with_bot" if contacts else None)
    side = 1.0 if rule.automated == "above" else -1.0
    # turned round where it is automated below the threshold: who is at it is not
    cutoff = rule.cutoff if side > 0 else float(np.nextafter(-rule.cutoff, np.inf))
    rows = _rows(data, outcome, rule.running, treated or "false", where)
    found = _jump(rows, side, cutoff, fuzzy=treated is not None, level=level)
    balance = _balance(rows, side, cutoff) if rows.before else None
    try:
        heaping = density(rows.at * side, n=rows.n, cutoff=cutoff)
    except EvidenceError:
        heaping = None
    judged = _Judged(
        effect=_effect(outcome, found.value, found.low, found.high, level, found.n_below + found.n_above),
        checks=threshold_checks(found, heaping, balance),
        assumptions=(
            Label(
                "Nothing else changes at the threshold; the effect is that at the threshold, not that of all contacts.",
                "Bij de drempel verandert verder niets; het effect geldt bij de drempel, niet voor alle contacten.",
            ),
            Label(
                f"{rows.left_out:,} rows without a value of '{rule.running}' are left out.",
                f"{rows.left_out:,} rijen zonder waarde van '{rule.running}' blijven buiten beschouwing.".replace(
                    ",", "."
                ),
            ),
        ),
    )
    settles = Label(
        "More contacts near the threshold, or a threshold that customers and staff cannot steer.",
        "Meer contacten rond de drempel, of een drempel die klanten en medewerkers niet kunnen sturen.",
    )
    moderator = None
    if rule.ready:
        parts = []
        for chosen in (rule.ready, f"not ({rule.ready})"):
            try:
                apart = _rows(data, outcome, rule.running, treated or "false", f"({where}) and ({chosen})")
                parts.append(_jump(apart, side, cutoff, fuzzy=treated is not None, level=level))
            except EvidenceError:
                break
        if len(parts) == 2:  # noqa: PLR2004  # ready and not
            moderator = _apart(parts[0], parts[1], level)
    return AutomationEffect(
        finding=_finding(data, outcome, judged, matters, settles), by="threshold", outcome=outcome, satisfaction=beside,
        jump=found, heaping=heaping, moderator=moderator,
    )  # fmt: skip


def _rows(data: Dataset, outcome: Measure, by: str, treated: str, where: str) -> Running:
    before = (_RECENT,) if outcome.population == "contacts" else ()
    return running(data, outcome, by, treated=treated, before=before, where=where)


def _jump(rows: Running, side: float, cutoff: float, *, fuzzy: bool, level: float) -> Discontinuity:
    return discontinuity(
        rows.at * side, rows.outcome, n=rows.n, treated=rows.treated if fuzzy else None, cluster=rows.cluster,
        cutoff=cutoff, aim="coverage", level=level,
    )  # fmt: skip


def _balance(rows: Running, side: float, cutoff: float) -> Discontinuity | None:
    try:
        return discontinuity(
            rows.at * side, rows.before[0], n=rows.n, cluster=rows.cluster, cutoff=cutoff, level=1 - SUSPECT
        )
    except EvidenceError:
        return None


def _apart(ready: Discontinuity, other: Discontinuity, level: float) -> Moderator:
    value, se = ready.value - other.value, math.hypot(ready.se, other.se)
    reach = float(student(np.inf, level)) * se
    n = ready.n_below + ready.n_above + other.n_below + other.n_above
    return Moderator(value=value, low=value - reach, high=value + reach, n=n)


def _by_stages(
    data: Dataset, outcome: Measure, rule: Stages, beside: Difference | None, where: str, level: float, matters: float
) -> AutomationEffect:
    table = staged(data, outcome, rule.begins, by=rule.by, period=rule.period, readiness=rule.readiness, where=where)
    found = roll_out(table.cells, level=level)
    try:
        before: RollOut | None = placebo(table.cells, level=level)
    except EvidenceError:
        before = None
    try:
        steady: RollOut | None = roll_out(table.cells, level=level, drifting=True, first=SOON)
    except EvidenceError:
        steady = None
    judged = _Judged(
        effect=_effect(outcome, found.value, found.low, found.high, level, found.units),
        checks=stage_checks(found, before, steady),
        assumptions=(
            Label(
                "Without automation the queues would have moved alike; nothing else began in a queue on the same day.",
                "Zonder automatisering waren de wachtrijen gelijk opgegaan; in een wachtrij begon die dag niets anders.",
            ),
            Label(
                "The effect is that on all contacts of a queue, automated or not.",
                "Het effect geldt voor alle contacten van een wachtrij, door de bot gedaan of niet.",
            ),
            Label(
                f"{found.left_out} cells have no untreated queue beside them and are left out.",
                f"{found.left_out} cellen hebben geen wachtrij zonder bot ernaast en blijven buiten beschouwing.",
            ),
        ),
    )
    settles = Label(
        "More queues, more contacts, or more of both before it began: only then is an effect told from a drift.",
        "Meer wachtrijen, meer contacten, of een langere tijd vooraf: pas dan is een effect van een drift te onderscheiden.",
    )
    return AutomationEffect(
        finding=_finding(data, outcome, judged, matters, settles), by="stages", outcome=outcome, satisfaction=beside,
        stages=found, steady=steady, moderator=_by_readiness(found, table.readiness, level),
    )  # fmt: skip


def _by_readiness(found: RollOut, readiness: Sequence[float], level: float) -> Moderator | None:
    ready = np.asarray(readiness)
    known = np.isfinite(ready) & np.isfinite(found.by_unit)
    try:
        tilt: Slope = slope(ready[known] * 10, found.by_unit[known], level=level)
    except EvidenceError:
        return None
    return Moderator(value=tilt.value, low=tilt.low, high=tilt.high, n=tilt.n)


def _finding(
    data: Dataset, outcome: Measure, judged: _Judged, matters: float, settles: Label
) -> Finding[Difference | Effect]:
    effect = judged.effect
    sound = all(each.passed for each in judged.checks)
    # that an effect is no drift has to be shown of what is claimed, not of what is too small to matter
    calm = all(each.passed for each in judged.checks if each.name != OUTLIVES_DRIFT)
    within = -matters < effect.low and effect.high < matters
    verdict: Verdict = "no" if within and calm else "yes" if effect.clear and sound else "unclear"
    en, nl = outcome.label.en, outcome.label.nl
    more = effect.value > 0
    return Finding(
        study="automation_effect",
        question=Label(f"What does automation do to: {en}?", f"Wat doet automatisering met: {nl}?"),
        verdict=verdict,
        says={
            "yes": Label(
                f"{en}: automation makes it {'higher' if more else 'lower'}",
                f"{nl}: door automatisering {'hoger' if more else 'lager'}",
            ),
            "no": Label(
                f"{en}: automation changes it less than matters, if at all",
                f"{nl}: automatisering verandert het minder dan ertoe doet",
            ),
            "unclear": Label(
                f"{en}: not shown what automation does to it", f"{nl}: niet aangetoond wat automatisering ermee doet"
            ),
        }[verdict],
        effect=effect,
        checks=judged.checks,
        assumptions=judged.assumptions,
        settles=settles if verdict == "unclear" else None,
        run=data.run,
    )

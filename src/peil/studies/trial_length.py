"""How long should people be allowed to try? What a visitor brings in at each length, the best one, and where it hardly matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from peil.dataset import Dataset, Run
from peil.errors import EvidenceError
from peil.estimates.difference import Difference, Side, difference
from peil.estimates.estimate import Estimate, estimate
from peil.measures.measure import Measure
from peil.methods.efron import Proportional
from peil.methods.policy import Worth
from peil.studies.finding import Check, Finding, Verdict
from peil.studies.trial_arms import MARGIN, RETURNS, REVENUE, UPTAKE, Arm, bounded
from peil.studies.trial_counts import Sums, personal, ratios, sums_of
from peil.studies.trial_curve import Curve, curve_of
from peil.terms import Label

FEWEST_CUSTOMERS = 30
FEWEST_ARMS = 2
UNALIKE = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """A length for each segment, against the one length that is best for all.

    Parameters:
        rule: segment to days.
        personal, uniform: what both bring in, each learned on one half of the visitors and tried on the other.
        gain: personal less uniform.
    """

    rule: Mapping[str, int]
    personal: Worth
    uniform: Worth
    gain: Worth


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrialLength:
    """What the study finds.

    Parameters:
        finding: whether one length is best; the effect is the best less the runner-up.
        arms: the lengths that were tried, shortest first.
        best: days of the length that brought in most; that says little while the verdict is ``unclear``.
        curve: between the lengths; None where the counts do not tell it.
        why_no_curve: what was lacking.
        personal: a length for each segment; None where no segment was asked.
        ratios: hazard ratios of deciding by segment; None likewise.
        level: of the intervals.
    """

    finding: Finding[Difference]
    arms: tuple[Arm, ...]
    best: int
    curve: Curve | None
    why_no_curve: str
    personal: Personal | None
    ratios: Mapping[str, tuple[float, float]] | None
    level: float


def trial_length(  # noqa: PLR0913  # a question has this many sides
    data: Dataset,
    *,
    where: str = "true",
    by_lot: bool = True,
    decided: str = "extra.decided_days",
    segment: str = "",
    daily_cost: float = 0.0,
    later: Measure | None = None,
    matters: float = 0.0,
    level: float = 0.95,
) -> TrialLength:
    """Say which length of trial brings in most per visitor, or that it cannot be told.

    An order with ``trial_days`` is a visitor who was offered a trial of that length; without ``revenue_cents`` nothing was
    taken. Revenue counts where it was kept; ``cost_cents`` holds every cost, of returning and of being out too.

    Parameters:
        data: the tables.
        where: row-level SQL that chooses visitors, such as one product.
        by_lot: whether chance decided who was offered which length; bounds stand in for a comparison otherwise.
        decided: the field that holds the day of the trial on which it was kept for good, from 1.
        segment: a column or ``extra.NAME`` that tells visitors apart before the trial, for a length of their own.
        daily_cost: euros a day in which something is out, already part of ``cost_cents``; for the curve between lengths.
        later: a measure of orders of what visitors brought in afterwards, such as within a year.
        matters: euros a visitor below which a difference does not matter.
        level: of the intervals.

    Raises:
        EvidenceError: fewer than two lengths were tried, or no trial tells whether it came back.
    """
    margins = estimate([MARGIN, REVENUE, UPTAKE], data, by=["trial_days"], where=where, level=level)
    held = [{int(str(each.group[0][1])): each for each in one if each.group[0][1] is not None} for one in margins]
    if len(held[0]) < FEWEST_ARMS:
        raise EvidenceError(
            f"{len(held[0])} length of trial was offered: there is nothing to compare",
            remedy="offer two lengths at least, by lot, and keep who took nothing",
        )
    returns = _by_days(RETURNS, data, where, level)
    if not returns:
        raise EvidenceError(
            "no trial tells whether it came back", remedy="give 'returned': true or false once a trial has ended"
        )
    afterwards = _by_days(later, data, where, level) if later else {}
    days = sorted(held[0])
    arms = [
        Arm(
            days=each, margin=held[0][each], revenue=held[1][each], uptake=held[2][each], returns=returns.get(each),
            later=afterwards.get(each),
        )
        for each in days
    ]  # fmt: skip
    sums = sums_of(data, where=where, decided=decided, segment=segment)
    if not by_lot:
        arms = bounded(arms, sums)
    best = max(arms, key=lambda each: each.margin.value)
    gaps = _gaps(data, arms, best, where, level)
    checks = _checks(arms, sums, by_lot=by_lot, segment=segment)
    curve, why = curve_of([each.days for each in arms], sums, daily_cost, level=level)
    chosen = personal(sums, days, level) if segment else None
    return TrialLength(
        finding=_finding(best, gaps, checks, matters, data.run),
        arms=tuple(arms),
        best=best.days,
        curve=curve,
        why_no_curve=why,
        personal=None
        if chosen is None
        else Personal(rule=chosen[0], personal=chosen[1], uniform=chosen[2], gain=chosen[3]),
        ratios=_ratios_told(ratios(sums)) if segment else None,
        level=level,
    )


def _by_days(measure: Measure, data: Dataset, where: str, level: float) -> dict[int, Estimate]:
    try:
        found = estimate(measure, data, by=["trial_days"], where=where, level=level)[0]
    except EvidenceError:
        return {}
    return {int(str(each.group[0][1])): each for each in found if each.group[0][1] is not None}


def _gaps(data: Dataset, arms: Sequence[Arm], best: Arm, where: str, level: float) -> list[Difference]:
    """The best less each other, at a level made stricter for having been picked out among so many."""
    pairs = len(arms) * (len(arms) - 1) / 2
    strict = 1 - (1 - level) / pairs
    here = Side(measure=MARGIN, where=f"({where}) and trial_days = {best.days}")
    found = [
        difference(data, Side(measure=MARGIN, where=f"({where}) and trial_days = {each.days}"), here, level=strict)
        for each in arms
        if each.days != best.days
    ]
    return sorted(found, key=lambda each: each.value)


def _checks(arms: Sequence[Arm], sums: Sums, *, by_lot: bool, segment: str) -> tuple[Check, ...]:
    fewest = min(each.margin.clusters for each in arms)
    empty = [each.days for each in arms if not each.uptake.value > 0]
    running = {each.days: left for each in arms if (left := _running(each)) > 0}
    made = [
        Check(
            name="given_by_lot",
            passed=by_lot,
            says=Label(
                "Lengths were given by lot." if by_lot else "Lengths were not given by lot: only bounds can be told.",
                "De lengtes zijn verloot."
                if by_lot
                else "De lengtes zijn niet verloot: er zijn alleen grenzen te geven.",
            ),
        ),
        Check(
            name="enough_customers",
            passed=fewest >= FEWEST_CUSTOMERS,
            says=Label(
                f"The smallest arm has {fewest} independent customers; {FEWEST_CUSTOMERS} are asked for.",
                f"De kleinste arm heeft {fewest} onafhankelijke klanten; {FEWEST_CUSTOMERS} zijn nodig.",
            ),
        ),
        Check(
            name="every_arm_taken",
            passed=not empty,
            says=Label(
                f"Nobody took a trial of {', '.join(map(str, empty))} days." if empty else "Every length was taken.",
                f"Niemand nam een proef van {', '.join(map(str, empty))} dagen."
                if empty
                else "Elke lengte is genomen.",
            ),
        ),
    ]
    lengths, total = ", ".join(map(str, running)), sum(running.values())
    made.append(
        Check(
            name="all_ended",
            passed=not running,
            says=Label(
                f"{total} trials of {lengths} days do not tell whether they came back."
                if running
                else "Every trial tells whether it came back.",
                f"{total} proeven van {lengths} dagen vermelden niet of ze zijn teruggestuurd."
                if running
                else "Elke proef vermeldt of die is teruggestuurd.",
            ),
        )
    )
    if segment:
        p = _alike(sums)
        made.append(
            Check(
                name="arms_alike",
                passed=p > UNALIKE,
                says=Label(
                    f"Visitors of every length are alike before the trial (p = {p:.3f}).",
                    f"Bezoekers van elke lengte lijken vooraf op elkaar (p = {p:.3f})".replace(".", ",") + ".",
                ),
            )
        )
    return tuple(made)


def _running(arm: Arm) -> int:
    """Return how many trials were taken of which nobody tells whether they came back: they count as kept."""
    return round(arm.uptake.value * arm.uptake.n) - (arm.returns.n if arm.returns else 0)


def _alike(sums: Sums) -> float:
    counts = sums.visitors.sum(axis=2)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if min(counts.shape) < 2:  # noqa: PLR2004  # one segment, or one arm, is alike to itself
        return 1.0
    return float(scipy.stats.chi2_contingency(counts).pvalue)


def _ratios_told(found: tuple[Sequence[str], Proportional] | None) -> Mapping[str, tuple[float, float]] | None:
    if found is None:
        return None
    names, made = found
    return {name: (float(value), float(se)) for name, value, se in zip(names, made.value, made.se, strict=True)}


def _finding(
    best: Arm, gaps: Sequence[Difference], checks: tuple[Check, ...], matters: float, run: Run
) -> Finding[Difference]:
    sound = all(each.passed for each in checks)
    runner = gaps[0]
    verdict: Verdict = "unclear"
    if all(-matters < each.low and each.high < matters for each in gaps) and sound:
        verdict = "no"
    elif all(each.low > 0 for each in gaps) and sound:
        verdict = "yes"
    says = {
        "yes": Label(
            f"A trial of {best.days} days brings in most per visitor",
            f"Een proef van {best.days} dagen levert per bezoeker het meeste op",
        ),
        "no": Label(
            "The lengths that were tried differ too little to matter",
            "De geprobeerde lengtes verschillen te weinig om ertoe te doen",
        ),
        "unclear": Label("Undecided which length brings in most", "Onbeslist welke lengte het meeste oplevert"),
    }[verdict]
    return Finding(
        study="trial_length",
        question=Label("Is one length of trial best?", "Is één proefperiode de beste?"),
        verdict=verdict,
        says=says,
        effect=runner,
        checks=checks,
        assumptions=(
            Label(
                "Everybody who was offered a trial is in the data, those who took nothing too, and all trials have ended.",
                "Iedereen die een proef kreeg aangeboden staat in de gegevens, ook wie niets nam, en alle proeven zijn afgelopen.",
            ),
            Label(
                "Between the lengths that were tried, people find out at one pace and uptake runs straight.",
                "Tussen de geprobeerde lengtes ontdekken mensen het in één tempo en verloopt de animo rechtlijnig.",
            ),
        ),
        settles=None if verdict != "unclear" else _settles(runner, checks),
        run=run,
    )


def _settles(runner: Difference, checks: tuple[Check, ...]) -> Label:
    failed = {each.name for each in checks if not each.passed}
    if "given_by_lot" in failed:
        return Label("Give the lengths by lot.", "Verloot de lengtes.")
    if "all_ended" in failed:
        return Label(
            "Whether each trial came back, or visitors of whom all trials have ended.",
            "Of elke proef is teruggestuurd, of bezoekers van wie alle proeven zijn afgelopen.",
        )
    if "every_arm_taken" in failed:
        return Label("Leave out the lengths that nobody took.", "Laat de lengtes weg die niemand nam.")
    reach = (runner.high - runner.low) / 2
    times = (reach / runner.value) ** 2 if runner.value > 0 else np.inf
    if not np.isfinite(times) or times < 2:  # noqa: PLR2004  # less than twice as many is just 'more'
        return Label("More visitors.", "Meer bezoekers.")
    return Label(
        f"About {times:.0f} times as many visitors, if the difference is as large as it seems.",
        f"Ongeveer {times:.0f} keer zoveel bezoekers, als het verschil zo groot is als het lijkt.",
    )

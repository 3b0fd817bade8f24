"""Do organisations see what customers see? What they believe less what customers say, organisation by organisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from peil.dataset import Dataset
from peil.errors import DefinitionError
from peil.estimates.difference import Difference, Side, difference
from peil.estimates.estimate import Estimate, estimate
from peil.measures.measure import Measure, comparable
from peil.methods.agreement import FEWEST, Agreement, agreement
from peil.studies.finding import Check, Effect, Finding, Verdict
from peil.terms import Label, Unit

FEWEST_ORGANISATIONS = 8
FEWEST_ANSWERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One organisation: what its customers say and what it believes they say.

    Parameters:
        organisation: its name.
        voice: of its customers.
        belief: of its professionals.
    """

    organisation: str
    voice: Estimate
    belief: Estimate

    @property
    def gap(self) -> float:
        """The belief less the voice."""
        return self.belief.value - self.voice.value

    @property
    def variance(self) -> float:
        """Sampling variance of the gap; from the intervals, which keep a width where all answers are alike."""
        return _variance(self.voice) + _variance(self.belief)


@dataclass(frozen=True, slots=True, kw_only=True)
class Perception:
    """What the study finds.

    Parameters:
        finding: verdict, mean gap, checks.
        pairs: the organisations with both sides, in order of the gap; empty where the samples share none.
        agreement: mean, spread, share that overestimates, limits and rank correlation; None without pairs.
        alone: organisations with one side only.
    """

    finding: Finding[Difference | Effect]
    pairs: tuple[Pair, ...]
    agreement: Agreement | None
    alone: int


def perception_gap(
    data: Dataset,
    voice: Measure,
    belief: Measure,
    *,
    by: str = "organisation",
    where: str = "true",
    level: float = 0.95,
    matters: float = 0.0,
) -> Perception:
    """Say whether organisations over- or underestimate what their customers say.

    Where both sides are known per organisation, the organisations are the units: their mean gap, how far gaps spread
    beyond sampling error, the share that overestimates, limits of agreement and the rank correlation. Where they are
    not, two independent samples are compared, and that is said: then nothing is known of any single organisation.

    Parameters:
        data: the tables.
        voice: what customers say, such as ``nps`` or ``promoter_share``.
        belief: what professionals believe they say, in the same unit.
        by: the column that names the organisation.
        where: row-level SQL that chooses answers of both.
        level: confidence level.
        matters: the smallest gap that matters, in the measures' unit; ``no`` means that the whole interval is nearer
            to zero than that.

    Raises:
        DefinitionError: a share is set against a score or against points.
        EvidenceError: a side has no answers.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> from peil.sources.simulated import SimulatedBenchmark
        >>> data = made(SimulatedBenchmark(contacts=20_000))
        >>> found = perception_gap(data, measure_named("nps"), measure_named("nps_believed"))
        >>> len(found.pairs), found.finding.verdict
        (8, 'yes')
    """
    comparable(voice, belief)
    if voice.population != belief.population:
        raise DefinitionError(
            f"'{voice.name}' and '{belief.name}' speak of different rows", remedy="compare two measures of answers"
        )
    sides = [{str(each.group[0][1]): each for each in estimate(one, data, by=[by], where=where, level=level)[0]
              if each.group[0][1] is not None and each.n >= FEWEST_ANSWERS} for one in (voice, belief)]  # fmt: skip
    shared = sorted(sides[0].keys() & sides[1].keys())
    alone = len(sides[0].keys() ^ sides[1].keys())
    pairs = sorted(
        (Pair(organisation=each, voice=sides[0][each], belief=sides[1][each]) for each in shared),
        key=lambda each: -each.gap,
    )
    if len(pairs) < FEWEST:
        return Perception(
            finding=_unpaired(data, voice, belief, where, level, matters), pairs=(), agreement=None, alone=alone
        )
    scale = voice.unit is Unit.SHARE
    found = agreement(
        [each.voice.value for each in pairs],
        [each.belief.value for each in pairs],
        [each.variance for each in pairs],
        level=level,
    )
    effect = Effect(
        label=Label("mean gap, organisations counted alike", "gemiddelde kloof, elke organisatie telt even zwaar"),
        unit=voice.unit,
        value=found.mean.value,
        low=max(found.mean.low, -1.0) if scale else found.mean.low,
        high=min(found.mean.high, 1.0) if scale else found.mean.high,
        level=level,
        n=found.n,
    )
    checks = (
        Check(
            name="enough_organisations",
            passed=found.n >= FEWEST_ORGANISATIONS,
            says=Label(
                f"{found.n} organisations have both sides; {FEWEST_ORGANISATIONS} are asked for.",
                f"{found.n} organisaties hebben beide kanten; {FEWEST_ORGANISATIONS} zijn nodig.",
            ),
        ),
    )
    return Perception(
        finding=_finding(data, voice, effect, checks, matters, paired=True), pairs=tuple(pairs), agreement=found,
        alone=alone,
    )  # fmt: skip


def _variance(of: Estimate) -> float:
    reach = (of.high - of.low) / 2 / float(special.ndtri((1 + of.level) / 2))
    return float(np.fmax(reach * reach, 1e-12))


def _unpaired(
    data: Dataset, voice: Measure, belief: Measure, where: str, level: float, matters: float
) -> Finding[Difference | Effect]:
    effect = difference(data, Side(measure=voice, where=where), Side(measure=belief, where=where), level=level)
    return _finding(data, voice, effect, (), matters, paired=False)


def _finding(
    data: Dataset,
    voice: Measure,
    effect: Difference | Effect,
    checks: tuple[Check, ...],
    matters: float,
    *,
    paired: bool,
) -> Finding[Difference | Effect]:
    sound = all(each.passed for each in checks)
    within = -matters < effect.low and effect.high < matters
    verdict: Verdict = "yes" if effect.clear and sound else "no" if within and sound else "unclear"
    return Finding(
        study="perception_gap",
        question=Label(
            f"{voice.label.en}: do organisations see what customers say?",
            f"{voice.label.nl}: zien organisaties wat klanten zeggen?",
        ),
        verdict=verdict,
        says=_says(effect, claim=verdict == "yes"),
        effect=effect,
        checks=checks,
        assumptions=_assumptions(paired=paired),
        settles=None if verdict != "unclear" else _settles(effect, matters, paired=paired),
        run=data.run,
    )


def _says(effect: Difference | Effect, *, claim: bool) -> Label:
    if not claim:
        return Label(
            "No difference shown between what customers say and organisations believe",
            "Geen aantoonbaar verschil tussen wat klanten zeggen en organisaties denken",
        )
    if effect.value > 0:
        return Label(
            "Organisations put the score of their customers too high",
            "Organisaties schatten het oordeel van klanten te hoog in",
        )
    return Label(
        "Organisations put the score of their customers too low",
        "Organisaties schatten het oordeel van klanten te laag in",
    )


def _assumptions(*, paired: bool) -> tuple[Label, ...]:
    if paired:
        return (
            Label(
                "Professionals were asked what their own customers would answer, and customers who answered stand for all.",
                "Professionals is gevraagd wat hun eigen klanten zouden antwoorden, en klanten die antwoordden staan voor alle klanten.",
            ),
        )
    return (
        Label(
            "The two samples share too few organisations to be paired: professionals judge other customers than were asked, "
            "and nothing is known of any single organisation.",
            "De twee steekproeven delen te weinig organisaties om ze te koppelen: professionals oordelen over andere klanten "
            "dan er zijn ondervraagd, en over één organisatie is niets te zeggen.",
        ),
    )


def _settles(effect: Difference | Effect, matters: float, *, paired: bool) -> Label:
    target, reach = max(abs(effect.value), matters), (effect.high - effect.low) / 2
    times = (reach / target) ** 2 if target > 0 else np.inf
    if not paired:
        return Label(
            "Ask professionals and customers of the same organisations.",
            "Vraag professionals en klanten van dezelfde organisaties.",
        )
    if not np.isfinite(times) or times < 2:  # noqa: PLR2004  # less than twice as many is just 'more'
        return Label("More organisations with both sides.", "Meer organisaties met beide kanten.")
    return Label(
        f"About {times:.0f} times as many organisations with both sides, if the gap is as large as it seems.",
        f"Ongeveer {times:.0f} keer zoveel organisaties met beide kanten, als de kloof zo groot is als hij lijkt.",
    )

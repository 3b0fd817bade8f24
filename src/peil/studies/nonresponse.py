"""Do those who answer speak for all? Answers weighted to every contact of the frame, and bounds on what weights cannot know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from peil.dataset import Dataset
from peil.errors import DefinitionError
from peil.estimates.difference import Difference
from peil.estimates.estimate import Estimate
from peil.estimates.frame import INBOUND, Fact, Frame, FrameTables, Rate
from peil.estimates.frame_shift import shift
from peil.estimates.frame_spread import spread as spread_of
from peil.estimates.frame_weights import Weighted, weigh
from peil.measures.measure import Measure
from peil.methods import bounds
from peil.methods.diagnosis import Diagnosis
from peil.methods.representative import Representative, representative
from peil.studies.finding import Finding, Verdict
from peil.studies.frame_checks import checks_of, shown
from peil.surveys.design import Design
from peil.terms import Label

WAIT = (
    "case when wait_ms is null then 'no queue' when wait_ms <= 10000 then '0 to 10 s' when wait_ms <= 20000 then '10 to 20 s' "
    "when wait_ms <= 40000 then '20 to 40 s' when wait_ms <= 60000 then '40 to 60 s' "
    "when wait_ms <= 120000 then '60 to 120 s' else 'over 120 s' end"
)
OUTCOME = (
    "case when not answered and ended_how = 'abandoned' then 'abandoned' "
    "when handler = 'bot' and self_served then 'bot helped' when handler = 'bot' then 'bot did not help' "
    "when handed_over then 'bot, then agent' when n_transfers > 0 then 'transferred' else ended_how end"
)
FACTS = (
    Fact(name="channel", label=Label("Channel", "Kanaal"), by=("channel",)),
    Fact(name="wait", label=Label("Wait", "Wachttijd"), by=(WAIT,)),
    Fact(
        name="outcome",
        label=Label("Bot or agent, and how it ended", "Bot of medewerker, en hoe het afliep"),
        by=(OUTCOME,),
    ),
    Fact(
        name="repeat",
        label=Label("Repeat", "Herhaling"),
        by=("case when previous_ms <= 604800000 then 'again within a week' else 'first' end",),
    ),
)
"""What is known of every contact, unless other facts are named."""

GAMMAS = (1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """What is possible under one supposition. These are bounds: no value between them is likelier than another.

    Parameters:
        gamma: how far apart the odds to answer of any two contacts of one kind may be; None where nothing is supposed.
        low, high: the ends of the possible, as the answers have them.
        lowest, highest: the same moved out for chance, so that the true value lies between them ``level`` of the time,
            if the supposition holds (Imbens and Manski 2004).
        level: how often.
        says: the same in a sentence.
    """

    gamma: float | None
    low: float
    high: float
    lowest: float
    highest: float
    level: float
    says: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class NonResponse:
    """What is known about those who did not answer.

    Parameters:
        finding: whether weighting to all contacts moves the figure; its effect has the plain figure first.
        rates: who answers: the response rate of each kind of contact.
        representative: how evenly kinds of contacts answer.
        most_off: most that the plain figure can be off by what is known, in its unit (Schouten et al. 2009).
        weights: what weighting did.
        bounds: worst case first, then for each supposed difference in odds.
        says: the finding and what it leaves open, in two sentences.
    """

    finding: Finding[Difference]
    rates: tuple[Rate, ...]
    representative: Representative
    most_off: float
    weights: Diagnosis
    bounds: tuple[Bounded, ...]
    says: Label

    @property
    def naive(self) -> Estimate:
        """The figure of the answers alone."""
        return self.finding.effect.first

    @property
    def adjusted(self) -> Estimate:
        """The figure weighted to all contacts."""
        return self.finding.effect.second


def nonresponse(  # noqa: PLR0913  # a question has this many sides
    data: Dataset,
    *,
    measure: Measure,
    facts: Sequence[Fact] = FACTS,
    gammas: Sequence[float] = GAMMAS,
    frame: str = INBOUND,
    survey: str = "true",
    design: Design | None = None,
    level: float = 0.95,
    matters: float = 0.0,
    readiness: bool = True,
) -> NonResponse:
    """Say whether those who answered speak for every contact, asked or not.

    Answers are raked to the counts of all contacts of the frame (Deming and Stephan 1940), one margin a fact and one of
    classes by the chance of an answer, and the standard errors are those of the residuals (Deville and Särndal 1992).
    That corrects what depends on the facts, also where two of them together make people fall silent.
    Whether answering depends on the opinion itself no data can tell: for that there are bounds.

    Parameters:
        data: the tables.
        measure: what each answer says: a score, points or a share.
        facts: what is known of every contact, one margin each.
        gammas: for the bounds, how far apart the odds to answer are supposed to be at most.
        frame: row-level SQL over contacts: those for whom the figure is to speak.
        survey: row-level SQL over answers and invitations, where one survey of several is meant.
        design: how the answers came to be there; clusters as in the data and no weights, if left out.
        level: how often intervals are to hold the truth.
        matters: the smallest shift that matters, in the measure's unit; see ``group_gap``.
        readiness: whether classes of contacts by their chance of an answer are a margin as well.

    Returns:
        ``yes`` where weighting moves the figure: the interval of the shift leaves zero out and every check passes.
        ``no`` where it lies within ``matters``; else ``unclear``. The bounds are there whatever the verdict.

    Raises:
        DefinitionError: a fact reads an unknown column, odds are less than alike, or the measure is not what each answer says.
        EvidenceError: no answer names a contact of the frame.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> from peil.sources.simulated import SimulatedCentre
        >>> data = made(SimulatedCentre(contacts=6_000, answering="wait_and_outcome"))
        >>> found = nonresponse(data, measure=measure_named("nps"))
        >>> found.finding.verdict, found.adjusted.value < found.naive.value - 5
        ('yes', True)
        >>> found.bounds[0].says.en[:59]
        'Nothing supposed of those who did not answer: bounds from −'
    """
    for each in gammas:
        if not 1 <= each < float("inf"):
            raise DefinitionError(
                f"odds to answer cannot be at most {each:g} times apart",
                remedy="give 1 (alike) or more, such as 1.5, 2 and 3",
            )
    chosen = design or replace(data.designs["responses"], weight=None)
    tables = FrameTables(data=data, measure=measure, facts=tuple(facts), design=chosen, frame=frame, survey=survey)
    counts = tables.counts()
    weighted = weigh(counts, readiness=readiness)
    edges = [None, *gammas]
    ends = [bounds.ends(weighted.answers, each) for each in edges]
    per = np.maximum(counts.weight, 1e-300)
    pulls = {"naive": weighted.naive, "adjusted": weighted.adjusted, "moved": weighted.adjusted - weighted.naive}
    pulls |= {
        f"{side}{place}": end.pull / per
        for place, both in enumerate(ends)
        for side, end in zip("lh", both, strict=True)
    }
    spread = spread_of(tables, counts, pulls)
    effect = shift(measure, counts, weighted, spread, level)
    found = tuple(
        _bounded(
            measure,
            gamma,
            both,
            (spread.se(f"l{place}", fixed=False), spread.se(f"h{place}", fixed=False)),
            spread.df,
            level,
        )
        for place, (gamma, both) in enumerate(zip(edges, ends, strict=True))
    )
    even = representative(counts.asked, counts.answered, level=level)
    finding = _finding(data, measure, effect, counts, weighted, matters)
    return NonResponse(
        finding=finding,
        rates=tables.rates(counts, level=level),
        representative=even,
        most_off=even.variation * weighted.deviation * measure.scale,
        weights=weighted.raked.diagnosis,
        bounds=found,
        says=_both(finding.says, found),
    )


def _bounded(
    measure: Measure,
    gamma: float | None,
    ends: tuple[bounds.End, bounds.End],
    ses: tuple[float, float],
    df: float,
    level: float,
) -> Bounded:
    scale = measure.scale
    low, high = (each.value * scale for each in ends)
    lowest, highest = (
        float(each) for each in bounds.outside(low, high, ses[0] * scale, ses[1] * scale, level=level, df=df)
    )
    a, b = (shown(each, measure.unit) for each in (low, high))
    if gamma is None:
        en, nl = "Nothing supposed of those who did not answer", "Niets verondersteld over wie niet antwoordde"
    elif gamma == 1:
        en, nl = "Odds to answer alike within a kind of contact", "Kans op antwoord gelijk binnen een soort contact"
    else:
        times = f"{gamma:g}"
        en = f"Odds to answer at most {times} times apart within a kind of contact"
        nl = f"Kans op antwoord binnen een soort contact hooguit {times.replace('.', ',')} keer zo groot (als odds)"
    says = Label(
        f"{en}: bounds from {a.en} to {b.en}. They are bounds, not an interval.",
        f"{nl}: grenzen van {a.nl} tot {b.nl}. Het zijn grenzen, geen interval.",
    )
    return Bounded(gamma=gamma, low=low, high=high, lowest=lowest, highest=highest, level=level, says=says)


def _finding(
    data: Dataset, measure: Measure, effect: Difference, counts: Frame, weighted: Weighted, matters: float
) -> Finding[Difference]:
    checks = checks_of(effect, counts, weighted)
    sound = all(each.passed for each in checks)
    within = -matters < effect.low and effect.high < matters
    verdict: Verdict = "yes" if effect.clear and sound and not within else "no" if within and sound else "unclear"
    return Finding(
        study="nonresponse",
        question=Label(
            f"{measure.label.en}: do those who answer speak for all contacts?",
            f"{measure.label.nl}: spreken wie antwoorden voor alle contacten?",
        ),
        verdict=verdict,
        says=_says(measure, effect, claim=verdict == "yes"),
        effect=effect,
        checks=checks,
        assumptions=(
            Label(
                "Among contacts of one kind, who answers has nothing to do with what they think. The data cannot show it; "
                "the bounds say what follows where it is not so.",
                "Binnen een soort contact hangt wie antwoordt niet samen met het oordeel. De gegevens kunnen dat niet laten zien; "
                "de grenzen zeggen wat eruit volgt als het niet zo is.",
            ),
            _ASKED if counts.invited else _ALL_ASKED,
            *_of_joined(weighted.joined),
        ),
        settles=None
        if verdict != "unclear"
        else Label(
            "More answers, above all of kinds of contacts that seldom answer.",
            "Meer antwoorden, vooral van soorten contacten die zelden antwoorden.",
        ),
        run=data.run,
    )


_ASKED = Label(
    "Among contacts of one kind, who was asked has nothing to do with what they think.",
    "Binnen een soort contact hangt wie is gevraagd niet samen met het oordeel.",
)
_ALL_ASKED = Label(
    "No invitation without an answer names a contact: everybody counts as asked.",
    "Geen uitnodiging zonder antwoord noemt een contact: iedereen telt als gevraagd.",
)


def _of_joined(joined: tuple[str, ...]) -> tuple[Label, ...]:
    if not joined:
        return ()
    names = ", ".join(f"'{each}'" for each in joined)
    return (
        Label(
            f"Kinds with few answers are weighted together with the kind that answers about as often: {names}.",
            f"Soorten met weinig antwoorden zijn samen gewogen met de soort die ongeveer even vaak antwoordt: {names}.",
        ),
    )


def _says(measure: Measure, effect: Difference, *, claim: bool) -> Label:
    """The sentence without numbers; reports add them in the reader's notation."""
    en, nl = measure.label.en, measure.label.nl
    if not claim:
        return Label(
            f"{en}: weighting by what is known of every contact shows no shift",
            f"{nl}: wegen naar wat van elk contact bekend is, laat geen verschuiving zien",
        )
    way_en, way_nl = ("higher", "hoger") if effect.value > 0 else ("lower", "lager")
    return Label(
        f"{en} is {way_en} when weighted by what is known of every contact than the answers alone say",
        f"{nl} is {way_nl} gewogen naar wat van elk contact bekend is dan de antwoorden alleen zeggen",
    )


def _both(says: Label, found: tuple[Bounded, ...]) -> Label:
    """The finding, and the bounds under the mildest supposition that is any: they belong together."""
    one = next((each for each in found if each.gamma is not None and each.gamma > 1), found[0])
    return Label(f"{says.en}. {one.says.en}", f"{says.nl}. {one.says.nl}")

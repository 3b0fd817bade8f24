"""Is a scale of several questions worth asking? How reliable it is, and what it tells beyond customer effort 2.0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from peil.dataset import Dataset
from peil.errors import DefinitionError
from peil.methods.moments import Floats
from peil.methods.one_factor import FEWEST_ITEMS, OneFactor, one_factor
from peil.methods.reliability import Reliability, covariances, reliability
from peil.methods.validity import Gain, gain
from peil.studies.finding import Check, Effect, Finding, Verdict
from peil.surveys.scales import SideBySide, question, repeated, side_by_side
from peil.terms import Label, Unit

FEWEST_PERSONS = 50
FEWEST_COMPLETE = 0.5
# Hu and Bentler 1999: more of the correlations left unexplained, and the items are more than one scale.
MOST_MISFIT = 0.08
_RETURNS = "repeat_7d"
_RETURN_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemQuality:
    """How one question does in the scale.

    Parameters:
        question: its identifier.
        mean: from 0 to 1 between the ends of its scale.
        item_rest: its correlation with the sum of the others.
        loading: on the one factor; nan with two items.
        alpha_without: alpha of the scale without it; nan with two items.
    """

    question: str
    mean: float
    item_rest: float
    loading: float
    alpha_without: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleQuality:
    """What is known of a scale.

    Parameters:
        finding: whether it tells something beyond the one question; its effect is the gain in R².
        reliability: alpha and omega of all items with their intervals; its factor tells how far they are one scale.
        items: each question.
        scale_gain: when the mean of all items is added to the one question.
        speed_gain: when the mean of the speed items is added instead; None where none were named.
        n: responses that answered everything.
        persons: independent persons among them.
        incomplete: responses left out for what they did not answer.
        method: how the gain and its interval were made.
    """

    finding: Finding[Effect]
    reliability: Reliability
    items: tuple[ItemQuality, ...]
    scale_gain: Gain
    speed_gain: Gain | None
    n: int
    persons: int
    incomplete: int
    method: str = "squared semipartial correlation; percentiles over resampled persons"


def scale_quality(  # noqa: PLR0913  # a question has this many sides
    data: Dataset,
    items: Sequence[str],
    *,
    speed: Sequence[str] = (),
    beside: str = "ces_2",
    outcome: str = "csat",
    where: str = "true",
    matters: float = 0.01,
    level: float = 0.95,
    draws: int = 1_000,
    seed: int = 0,
) -> ScaleQuality:
    """Say whether a scale, or its speed items, foretells an outcome better than one question on effort does.

    Every answer is counted from 0 to 1 between the ends of its scale, turned round where the scale was; the scale is the
    mean of its items. Only responses that answered everything count, by their weights. Intervals come from resampled
    persons.

    Parameters:
        data: the tables.
        items: the questions of the scale, by identifier.
        speed: those of them that are about time; named, they are what is added.
        beside: the construct of the one question that the scale is measured against.
        outcome: the construct to foretell, or ``repeat_7d``: whether the person came back within 7 days.
        where: row-level SQL that chooses rows: one survey, say.
        matters: the smallest gain in R² that matters.
        level: how often intervals are to hold the truth.
        draws: resamples.
        seed: of the resamples.

    Returns:
        ``yes`` where the interval of the gain lies above ``matters`` and every check passes; ``no`` where it lies below;
        else ``unclear``.

    Raises:
        DefinitionError: a question is not there, or is there on several scales, or a speed item is no item.
        EvidenceError: no response answered everything, or an answer does not vary.

    Example:
        >>> from peil.made import made
        >>> found = scale_quality(made(), ["q_ces", "q_csat"], outcome="nps", draws=200)
        >>> found.reliability.method, found.finding.effect.low <= found.scale_gain.value <= found.finding.effect.high
        ('spearman_brown', True)
    """
    for each in speed:
        if each not in items:
            raise DefinitionError(
                f"speed item '{each}' is no item of the scale", remedy=f"choose from: {', '.join(items)}"
            )
    if len(set(items)) != len(items):
        raise DefinitionError("an item is named twice", remedy="name each question of the scale once")
    engine, table = data.engine, data.tables["responses"]
    asked = [question(engine, table, each, where) for each in items]
    if outcome == _RETURNS:
        foretold = repeated(_RETURN_DAYS, data.period[1] - timedelta(days=_RETURN_DAYS))
    else:
        foretold = question(engine, table, outcome, where, by="construct", setting="outcome")
    asked += [question(engine, table, beside, where, by="construct", setting="beside"), foretold]
    found = side_by_side(engine, table, asked, where=where, design=data.designs["responses"])
    k = len(items)
    scale = reliability(found.sums[:, : k + 1, : k + 1], found.n, level=level, draws=draws, seed=seed)
    whole = gain(_combined(found.sums, range(k), k), level=level, draws=draws, seed=seed)
    places = [list(items).index(each) for each in speed]
    quick = gain(_combined(found.sums, places, k), level=level, draws=draws, seed=seed) if places else None
    factor = scale.factor
    if places:
        columns = [0, *(place + 1 for place in places)]
        factor = one_factor(covariances(found.sums[:, columns][:, :, columns])) if len(places) > FEWEST_ITEMS else None
    checks = _checks(found, factor)
    finding = _finding(data, found.n, checks, quick or whole, (beside, outcome, bool(places)), matters)
    means = found.sums.sum(axis=0)
    return ScaleQuality(
        finding=replace(finding, run=replace(data.run, seed=seed)),
        reliability=scale,
        items=tuple(
            ItemQuality(
                question=each,
                mean=float(means[0, place + 1] / means[0, 0]),
                item_rest=float(scale.item_rest[place]),
                loading=float(scale.factor.loadings[place]) if scale.factor else float("nan"),
                alpha_without=float(scale.alpha_without[place]),
            )
            for place, each in enumerate(items)
        ),
        scale_gain=whole,
        speed_gain=quick,
        n=found.n,
        persons=found.persons,
        incomplete=found.incomplete,
    )


def _combined(sums: Floats, places: Sequence[int], k: int) -> Floats:
    """Return the sums of products of outcome, the one question, and the mean of the items at ``places``."""
    turn = np.zeros((4, k + 3))
    turn[0, 0] = turn[1, k + 2] = turn[2, k + 1] = 1
    turn[3, [place + 1 for place in places]] = 1 / len(places)
    made: Floats = turn @ sums @ turn.T
    return made


def _finding(
    data: Dataset, n: int, checks: tuple[Check, ...], made: Gain, named: tuple[str, str, bool], matters: float
) -> Finding[Effect]:
    beside, outcome, of_speed = named
    sound = all(each.passed for each in checks)
    verdict: Verdict = "yes" if made.low > matters and sound else "no" if made.high < matters and sound else "unclear"
    added = Label("the speed items", "de snelheidsvragen") if of_speed else Label("the scale", "de schaal")
    return Finding(
        study="scale_quality",
        question=Label(
            f"Do answers to {added.en} tell more about {outcome} than {beside} alone?",
            f"Zeggen antwoorden op {added.nl} meer over {outcome} dan {beside} alleen?",
        ),
        verdict=verdict,
        says=_says(verdict, added, beside, outcome),
        effect=Effect(
            label=Label(f"Gain in R² of {outcome} beside {beside}", f"Winst in R² van {outcome} naast {beside}"),
            unit=Unit.SHARE,
            value=made.value,
            low=made.low,
            high=made.high,
            level=made.level,
            n=n,
        ),
        checks=checks,
        assumptions=(
            Label(
                "What foretells an outcome in one response need not bring it about: both were answered in the same mood.",
                "Wat een uitkomst in één reactie voorspelt hoeft die niet te veroorzaken: beide zijn in dezelfde stemming ingevuld.",
            ),
            Label(
                "Those who answered everything are taken to stand for all who were asked.",
                "Wie alles beantwoordde staat model voor iedereen die bevraagd is.",
            ),
        ),
        settles=None if verdict != "unclear" else _settles(made, matters, sound=sound),
        run=data.run,
    )


def _checks(found: SideBySide, factor: OneFactor | None) -> tuple[Check, ...]:
    share = found.n / (found.n + found.incomplete)
    made = [
        Check(
            name="enough_persons",
            passed=found.persons >= FEWEST_PERSONS,
            says=Label(
                f"{found.persons} persons answered everything; {FEWEST_PERSONS} are asked for.",
                f"{found.persons} personen beantwoordden alles; {FEWEST_PERSONS} zijn nodig.",
            ),
        ),
        Check(
            name="enough_complete",
            passed=share >= FEWEST_COMPLETE,
            says=Label(
                f"{found.incomplete} responses left something open and are left out.",
                f"{found.incomplete} reacties lieten iets open en tellen niet mee.",
            ),
        ),
    ]
    if factor is not None:
        improper = len(factor.improper)
        made.append(
            Check(
                name="one_scale",
                passed=factor.misfit <= MOST_MISFIT and not improper,
                says=Label(
                    f"One factor in what is added leaves {factor.misfit:.3f} of the correlations unexplained; {MOST_MISFIT} is the most. "
                    f"Items with an impossible variance (Heywood): {improper}.",
                    f"Eén factor in wat erbij komt laat {factor.misfit:.3f} van de correlaties onverklaard; {MOST_MISFIT} is het meeste. "
                    f"Vragen met een onmogelijke variantie (Heywood): {improper}.",
                ),
            )
        )
    return tuple(made)


def _says(verdict: Verdict, added: Label, beside: str, outcome: str) -> Label:
    """The sentence without numbers; reports add them in the reader's notation."""
    en, nl = added.en[0].upper() + added.en[1:], added.nl[0].upper() + added.nl[1:]
    if verdict == "yes":
        return Label(
            f"Adding {added.en} to {beside} tells more about {outcome}",
            f"{nl} toevoegen aan {beside} zegt meer over {outcome}",
        )
    if verdict == "no":
        return Label(
            f"Adding {added.en} to {beside} tells nothing that matters about {outcome}",
            f"{nl} toevoegen aan {beside} zegt niets wezenlijks over {outcome}",
        )
    return Label(
        f"{en}: not shown whether anything about {outcome} is told beyond {beside}",
        f"{nl}: niet aan te tonen of iets over {outcome} gezegd wordt naast {beside}",
    )


def _settles(made: Gain, matters: float, *, sound: bool) -> Label:
    """How many more answers: the interval of the correlation shrinks with the root of the persons."""
    if not sound:
        return Label("First what the failed checks name.", "Eerst wat de mislukte controles noemen.")
    reach = (made.semipartial_high - made.semipartial_low) / 2
    room = abs(abs(made.semipartial) - matters**0.5)
    times = (reach / room) ** 2 if room > 0 else float("inf")
    if times > 1_000:  # noqa: PLR2004  # nobody asks a thousand times as many people
        return Label(
            "Hardly any number of answers, if the gain is what it seems: it lies where it begins to matter.",
            "Nauwelijks enig aantal antwoorden, als de winst is wat hij lijkt: hij ligt waar hij begint te tellen.",
        )
    return Label(
        f"About {max(times, 1.1):.1f} times as many persons, if the gain is what it seems.",
        f"Ongeveer {max(times, 1.1):.1f} keer zoveel personen, als de winst is wat hij lijkt.".replace(".", ",", 1),
    )

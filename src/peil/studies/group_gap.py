"""Do two groups differ? The plainest study: two domains of one design, and the interval of their difference."""

from __future__ import annotations

from peil.dataset import Dataset
from peil.estimates.difference import Difference, Side, difference
from peil.studies.checks import enough_clusters
from peil.studies.finding import Finding, Verdict
from peil.surveys.design import Design
from peil.terms import Label

TIMES_WORTH_TELLING = 1.5


def group_gap(
    data: Dataset,
    first: Side,
    second: Side,
    *,
    named: tuple[Label, Label],
    design: Design | None = None,
    level: float = 0.95,
    matters: float = 0.0,
) -> Finding[Difference]:
    """Say whether the second group differs from the first.

    Parameters:
        data: the tables.
        first: what is compared with.
        second: what is compared.
        named: what to call the two, in the sentence.
        design: another sample design than the population's own.
        level: confidence level.
        matters: the smallest difference that matters, in the measure's unit; ``no`` means that the whole interval is
            nearer to zero than that. With 0 there is no ``no``: absence is not shown by a wide interval.

    Returns:
        ``yes`` where the interval leaves zero out and every check passes; ``no`` where it lies within ``matters``;
        else ``unclear``.

    Example:
        >>> from peil.measures.catalogue import measure_named
        >>> from peil.made import made
        >>> nps = measure_named("nps")
        >>> sides = Side(measure=nps, where="channel = 'call'"), Side(measure=nps, where="channel = 'bot'")
        >>> group_gap(made(), *sides, named=(Label("phone", "telefoon"), Label("chatbot", "chatbot"))).verdict
        'yes'
    """
    found = difference(data, first, second, design=design, level=level)
    checks = (enough_clusters(found),)
    sound = all(each.passed for each in checks)
    within = -matters < found.low and found.high < matters
    verdict: Verdict = "yes" if found.clear and sound else "no" if within and sound else "unclear"
    return Finding(
        study="group_gap",
        question=Label(
            f"{first.measure.label.en}: does {named[1].en} differ from {named[0].en}?",
            f"{first.measure.label.nl}: verschilt {named[1].nl} van {named[0].nl}?",
        ),
        verdict=verdict,
        says=_says(found, named, claim=verdict == "yes"),
        effect=found,
        checks=checks,
        assumptions=(
            Label(
                "The groups were not drawn by lot: a difference is no cause.",
                "De groepen zijn niet door loting ontstaan: een verschil is geen oorzaak.",
            ),
        ),
        settles=None if verdict != "unclear" else _settles(found, matters),
        run=data.run,
    )


def _says(found: Difference, named: tuple[Label, Label], *, claim: bool) -> Label:
    """The sentence without numbers; reports add them in the reader's notation."""
    measure = found.first.measure.label
    if not claim:
        return Label(
            f"No difference shown in {measure.en.lower()} between {named[1].en} and {named[0].en}",
            f"Geen aantoonbaar verschil in {_lower(measure.nl)} tussen {named[1].nl} en {named[0].nl}",
        )
    en, nl = ("higher", "hoger") if found.value > 0 else ("lower", "lager")
    return Label(
        f"{measure.en} is {en} for {named[1].en} than for {named[0].en}",
        f"{measure.nl} is {nl} bij {named[1].nl} dan bij {named[0].nl}",
    )


def _lower(text: str) -> str:
    return text if text[:2].isupper() or text[1:2].isupper() else text[:1].lower() + text[1:]


def _settles(found: Difference, matters: float) -> Label:
    """How much more would be needed: the interval shrinks with the root of the rows."""
    target = max(abs(found.value), matters)
    reach = (found.high - found.low) / 2
    if target <= 0 or reach <= target:
        return Label(
            "More independent persons in the smaller group.", "Meer onafhankelijke personen in de kleinste groep."
        )
    times = (reach / target) ** 2
    if times < TIMES_WORTH_TELLING:
        return Label(
            "Somewhat more observations, if the difference is as large as it seems.",
            "Iets meer waarnemingen, als het verschil zo groot is als het lijkt.",
        )
    return Label(
        f"About {times:.0f} times as many observations, if the difference is as large as it seems.",
        f"Ongeveer {times:.0f} keer zoveel waarnemingen, als het verschil zo groot is als het lijkt.",
    )

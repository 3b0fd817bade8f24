"""The tables of a survey chapter: rounds, questions, outcomes, weights, doubtful responses, and who does not answer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from peil.estimates.difference import Difference
from peil.measures.measure import Measure
from peil.methods.diagnosis import Diagnosis
from peil.reports import labels, numbers, questions, sentences
from peil.reports.asked import Asked
from peil.reports.tables import Cell, Table, figures, words
from peil.studies.finding import Finding
from peil.studies.nonresponse import NonResponse
from peil.studies.wave_change import ASPECT_LABELS
from peil.surveys.outcomes import OutcomeRates, Rate
from peil.surveys.quality import Flagged
from peil.terms import Label, Unit

METHODS = {
    "cell": Label("cell weights", "celweging"),
    "rake": Label("raking", "raking"),
    "linear": Label("linear calibration", "lineaire kalibratie"),
    "bounded": Label("bounded calibration", "begrensde kalibratie"),
}
RATES = {
    "RR": Label("Response rate", "Respons"),
    "COOP": Label("Cooperation rate", "Medewerking"),
    "REF": Label("Refusal rate", "Weigering"),
    "CON": Label("Contact rate", "Bereik"),
}
_PANEL = {
    "participation_rate": Label("Participation rate", "Deelname"),
    "completion_rate": Label("Completion rate", "Afronding"),
}


def rounds_table(asked: Asked, found: Sequence[tuple[str, Finding[Difference]]]) -> Table:
    """Return every round beside the one before, and what else changed."""
    rows: list[tuple[Cell, ...]] = []
    for rounds, each in found:
        effect, unit = each.effect, each.effect.first.measure.unit
        failed = {check.name for check in each.checks if not check.passed}
        names = ", ".join(
            label.read(asked.language) for name, label in ASPECT_LABELS.items() if f"same_{name}" in failed
        )
        gap = numbers.value_text(effect.value, unit, asked.language, difference=True)
        between = numbers.interval_text(effect.low, effect.high, unit, asked.language, difference=True)
        rows.append(
            (
                words(f"{effect.first.measure.label.read(asked.language)}: {rounds}"),
                figures(numbers.value_text(effect.first.value, unit, asked.language), effect.first.value),
                figures(numbers.value_text(effect.second.value, unit, asked.language), effect.second.value),
                figures(f"{gap} {between}", effect.value),
                words(sentences.VERDICTS[each.verdict].read(asked.language)),
                words(names or asked.say("nothing", "niets")),
            )
        )
    heads = (
        asked.say("measure and rounds", "maat en rondes"),
        asked.say("before", "ervoor"),
        asked.say("after", "erna"),
        asked.say("difference", "verschil"),
        asked.say("changed?", "veranderd?"),
        asked.say("put otherwise", "anders gevraagd"),
    )
    return Table(
        caption=asked.say("From round to round", "Van ronde tot ronde"),
        head=heads,
        names=("measure_and_rounds", "before", "after", "difference", "verdict", "put_otherwise"),
        rows=tuple(rows),
        file="rounds.csv",
    )


def questions_table(asked: Asked, where: str, read: Sequence[Measure]) -> Table:
    """Return the questions as they were put, round by round."""
    rows: list[tuple[Cell, ...]] = []
    for measure in read:
        for wave, one in questions.rounds(asked, measure, where).items():
            told = " / ".join(questions.texts({wave: one}, asked.language))
            scale = ", ".join(sorted(f"{low}–{high}" for low, high, _ in one.scales if low is not None))
            rows.append(
                (
                    words(measure.label.read(asked.language)),
                    words(wave or "–"),
                    words(told or asked.say("text not delivered", "tekst niet aangeleverd")),
                    words(scale),
                    figures(asked.count(one.n), one.n),
                )
            )
    return Table(
        caption=asked.say("The questions as they were put", "De vragen zoals ze gesteld zijn"),
        head=(
            asked.say("measure", "maat"),
            labels.column("wave", asked.language),
            asked.say("question", "vraag"),
            asked.say("scale", "schaal"),
            "n",
        ),
        names=("measure", "round", "question", "scale", "n"),
        rows=tuple(rows),
        file="questions.csv",
    )


def outcomes_table(asked: Asked, found: OutcomeRates) -> Table:
    """Return the outcome rates of a survey; variants of one rate that come to the same stand in one row."""
    alike: dict[tuple[str, float, float], list[Rate]] = {}
    for each in found.rates.values():
        if math.isfinite(each.value):
            alike.setdefault((each.name.rstrip("0123456789"), each.value, each.n), []).append(each)
    rows: list[tuple[Cell, ...]] = []
    for (family, value, n), these in alike.items():
        codes = ", ".join(each.name for each in these) if family in RATES else ""
        label = RATES.get(family) or _PANEL[family]
        rows.append(
            (
                words(f"{label.read(asked.language)} ({codes})" if codes else label.read(asked.language)),
                figures(numbers.value_text(value, Unit.SHARE, asked.language), value),
                words(numbers.interval_text(these[0].low, these[0].high, Unit.SHARE, asked.language)),
                figures(asked.count(n), n),
                words(these[0].formula),
            )
        )
    return Table(
        caption=asked.say("Who answered (AAPOR)", "Wie antwoordde (AAPOR)"),
        head=(
            asked.say("rate", "maat"),
            asked.say("value", "waarde"),
            "interval",
            "n",
            asked.say("formula", "formule"),
        ),
        names=("rate", "value", "interval", "n", "formula"),
        rows=tuple(rows),
        file="outcomes.csv",
    )


def weights_table(asked: Asked, found: Diagnosis) -> Table:
    """Return every margin: respondents, what weights came to before and after, and the target."""
    rows: list[tuple[Cell, ...]] = []
    for fit in found.fits:
        for place, level in enumerate(fit.levels):
            name = " · ".join((each or "–") for each in level) or fit.name
            before, after, target = (each[place] for each in (fit.before, fit.after, fit.targets))
            rows.append(
                (
                    words(f"{fit.name}: {name}" if len(fit.name) < _LONGEST else name),
                    figures(asked.count(fit.rows[place]), fit.rows[place]),
                    *(
                        figures(numbers.value_text(value / found.population, Unit.SHARE, asked.language), value)
                        for value in (before, after, target)
                    ),
                )
            )
    return Table(
        caption=asked.say("Weighting: margins before and after", "Weging: randtotalen voor en na"),
        head=(
            asked.say("level", "niveau"),
            asked.say("respondents", "respondenten"),
            asked.say("before", "voor"),
            asked.say("after", "na"),
            asked.say("target", "doel"),
        ),
        names=("level", "respondents", "before", "after", "target"),
        rows=tuple(rows),
        file="weights.csv",
    )


_LONGEST = 24


def weights_told(asked: Asked, found: Diagnosis) -> Iterator[str]:
    """Yield how the weights were made, how they spread, and what that costs."""
    method = METHODS[found.method]
    least, most = (numbers.number(each, asked.language, places=2) for each in (
        found.least / (found.population / found.respondents), found.most / (found.population / found.respondents)
    ))  # fmt: skip
    deff, n_eff = numbers.number(found.deff, asked.language, places=2), asked.count(found.n_eff)
    yield asked.say(
        f"Weighted by {method.en}: {least} to {most} times the mean weight, design effect {deff}, "
        f"as much as {n_eff} equal weights would say.",
        f"Gewogen met {method.nl}: {least} tot {most} keer het gemiddelde gewicht, designeffect {deff}, "
        f"evenveel waard als {n_eff} gelijke gewichten.",
    )
    if found.trimmed:
        n = asked.count(found.trimmed)
        yield asked.say(f"{n} weights were cut at the cap.", f"{n} gewichten zijn afgetopt.")


def flags_table(asked: Asked, found: Sequence[Flagged]) -> Table:
    """Return how many responses each rule flagged; none of them is left out."""
    rows: list[tuple[Cell, ...]] = []
    for flag in dict.fromkeys(each.flag for each in found):
        these = [each for each in found if each.flag == flag]
        n, of = sum(each.n for each in these), sum(each.of for each in these)
        rows.append(
            (
                words(FLAGS[flag].read(asked.language)),
                figures(asked.count(n), n),
                figures(
                    numbers.value_text(n / of if of else math.nan, Unit.SHARE, asked.language), n / of if of else 0
                ),
                words(these[0].rule.read(asked.language)),
            )
        )
    return Table(
        caption=asked.say(
            "Doubtful responses: flagged, none removed", "Twijfelachtige reacties: gemarkeerd, niets verwijderd"
        ),
        head=(asked.say("flag", "markering"), "n", asked.say("share", "aandeel"), asked.say("rule", "regel")),
        names=("flag", "n", "share", "rule"),
        rows=tuple(rows),
        file="flags.csv",
    )


FLAGS = {
    "duplicate": Label("duplicate", "dubbel"),
    "same_answers": Label("same answers", "gelijke antwoorden"),
    "speeder": Label("too fast", "te snel"),
    "straight_liner": Label("straight line", "rechte lijn"),
}


def answering_table(asked: Asked, found: NonResponse) -> Table:
    """Return who answers: the response rate of each kind of contact."""
    rows: list[tuple[Cell, ...]] = [
        (
            words(f"{each.fact.label.read(asked.language)}: {each.kind}"),
            figures(asked.count(each.contacts), each.contacts),
            figures(asked.count(each.asked), each.asked),
            figures(asked.count(each.answered), each.answered),
            figures(numbers.value_text(each.value, Unit.SHARE, asked.language), each.value),
            words(numbers.interval_text(each.low, each.high, Unit.SHARE, asked.language)),
        )
        for each in found.rates
        if each.asked >= asked.minimum_n
    ]
    return Table(
        caption=asked.say("Who answers, of every contact", "Wie antwoordt, van elk contact"),
        head=(
            asked.say("kind of contact", "soort contact"),
            asked.say("contacts", "contacten"),
            asked.say("asked", "gevraagd"),
            asked.say("answered", "antwoordde"),
            asked.say("share", "aandeel"),
            "interval",
        ),
        names=("kind", "contacts", "asked", "answered", "share", "interval"),
        rows=tuple(rows),
        file="answering.csv",
    )


def bounds_table(asked: Asked, found: NonResponse) -> Table:
    """Return the figure of the answers, weighted to every contact, and the bounds on what no weight can know."""
    unit = found.naive.measure.unit
    rows: list[tuple[Cell, ...]] = []
    for name, each in (
        (asked.say("Answers as they came", "Antwoorden zoals ze kwamen"), found.naive),
        (asked.say("Weighted to every contact", "Gewogen naar alle contacten"), found.adjusted),
    ):
        between = numbers.interval_text(each.low, each.high, unit, asked.language, size=abs(each.value))
        value = figures(numbers.value_text(each.value, unit, asked.language), each.value)
        rows.append((words(name), value, words(between), words("interval")))
    for bound in found.bounds:
        told = (
            asked.say("Nothing supposed", "Niets verondersteld")
            if bound.gamma is None
            else asked.say(
                f"Odds to answer at most {numbers.number(bound.gamma, 'en', places=1)} times apart",
                f"Kans om te antwoorden hooguit {numbers.number(bound.gamma, 'nl', places=1)} keer uiteen (odds)",
            )
        )
        ends = numbers.interval_text(bound.low, bound.high, unit, asked.language)
        rows.append(
            (words(told), words("–"), words(ends), words(asked.say("bounds, no interval", "grenzen, geen interval")))
        )
    name = found.naive.measure.label.read(asked.language)
    return Table(
        caption=asked.say(
            f"{name}: answers, weighted answers, and bounds", f"{name}: antwoorden, gewogen antwoorden en grenzen"
        ),
        head=(
            asked.say("supposition", "veronderstelling"),
            asked.say("value", "waarde"),
            asked.say("from – to", "van – tot"),
            asked.say("kind", "soort"),
        ),
        names=("supposition", "value", "from_to", "kind"),
        rows=tuple(rows),
        file="bounds.csv",
    )

"""The tables of a survey chapter: rounds, questions, outcomes, and doubtful responses."""

from __future__ import annotations

import math
from collections.abc import Sequence

from peil.measures.measure import Measure
from peil.reports import comparability, numbers, questions, sentences
from peil.reports.asked import Asked
from peil.reports.tables import Cell, Table, figures, several, words
from peil.studies.wave_change import RoundChange
from peil.surveys.instrument import Put
from peil.surveys.outcomes import OutcomeRates, Rate
from peil.surveys.quality import Flagged
from peil.terms import Label, Unit

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


def rounds_tables(asked: Asked, found: Sequence[RoundChange]) -> tuple[Table, ...]:
    """Return for each measure every round beside the one before, and what else changed."""
    named = {each.measure.name: each.measure for each in found}
    pairs = {(each.before, each.after) for each in found}
    level = numbers.number(found[0].finding.effect.level * 100, asked.language, places=1)
    level = level.removesuffix(".0").removesuffix(",0")
    bars = asked.say(f"{level}% intervals", f"{level}%-intervallen")
    short = asked.say(" (pp: percentage points)", " (pp: procentpunt)")
    if len(pairs) == 1:
        before, after = next(iter(pairs))
        caption = asked.say(f"{after} beside {before}, {bars}", f"{after} naast {before}, {bars}")
        if any(each.measure.unit is Unit.SHARE for each in found):
            caption += short
        firsts = [each.measure.label.read(asked.language) for each in found]
        head = (asked.say("measure", "maat"), "measure")
        return (_rounds_table(asked, list(zip(firsts, found, strict=True)), caption, head, "rounds.csv"),)
    head = (asked.say("rounds", "rondes"), "rounds")
    return tuple(
        _rounds_table(
            asked,
            [(_pair(each), each) for each in found if each.measure.name == name],
            asked.say(
                f"{measure.label.en}: each round beside the one before, {bars}",
                f"{measure.label.nl}: elke ronde naast de vorige, {bars}",
            )
            + (short if measure.unit is Unit.SHARE else ""),
            head,
            f"rounds-{name}.csv",
        )
        for name, measure in named.items()
    )


def _pair(found: RoundChange) -> str:
    return f"{found.before}{numbers.SPACE}→{numbers.SPACE}{found.after}"


def _rounds_table(
    asked: Asked, found: Sequence[tuple[str, RoundChange]], caption: str, head: tuple[str, str], file: str
) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for first, each in found:
        effect, unit = each.finding.effect, each.measure.unit
        gap = numbers.value_text(effect.value, unit, asked.language, difference=True)
        for long in ("percentage points", "procentpunt"):
            gap = gap.replace(long, "pp")
        between = numbers.interval_text(effect.low, effect.high, unit, asked.language, difference=True)
        verdict = "–" if each.changes else sentences.VERDICTS[each.finding.verdict].read(asked.language)
        rows.append(
            (
                Cell(shown=first, stored=first.replace(numbers.SPACE, " ")),
                figures(numbers.value_text(effect.first.value, unit, asked.language), effect.first.value),
                figures(numbers.value_text(effect.second.value, unit, asked.language), effect.second.value),
                figures(gap, effect.value),
                several(between, low=effect.low, high=effect.high, level=effect.level),
                several(
                    f"{asked.count(effect.first.n)} / {asked.count(effect.second.n)}",
                    n_before=effect.first.n,
                    n_after=effect.second.n,
                ),
                Cell(shown=verdict, stored="" if each.changes else each.finding.verdict),
                Cell(
                    shown=comparability.named(each.changes, asked) or asked.say("nothing", "niets"),
                    stored=", ".join(dict.fromkeys(one.aspect for one in each.changes)),
                ),
            )
        )
    return Table(
        caption=caption,
        head=(
            head[0],
            asked.say("before", "ervoor"),
            asked.say("after", "erna"),
            asked.say("difference", "verschil"),
            "interval",
            "n",
            asked.say("changed?", "veranderd?"),
            asked.say("put otherwise", "anders gevraagd"),
        ),
        names=(head[1], "before", "after", "difference", "interval", "n", "verdict", "put_otherwise"),
        rows=tuple(rows),
        file=file,
    )


def rounds_told(asked: Asked, found: Sequence[RoundChange]) -> str:
    """Return how many comparisons were made, and what their intervals allow for."""
    judged = sum(not each.changes for each in found)
    flagged = len(found) - judged
    if not judged:
        return asked.say(
            "Between all rounds something else changed than opinion: no trend is claimed.",
            "Tussen alle rondes veranderde er iets anders dan de mening: er is geen trend te geven.",
        )
    level = numbers.number((1 - asked.level) * 100, asked.language)
    many = asked.say(
        f"Rounds are compared {'once' if judged == 1 else f'{judged} times'}; of what is called changed, {level}% at most is false on average (Benjamini and Hochberg 1995).",
        f"Rondes zijn {'één' if judged == 1 else judged} keer vergeleken; van wat veranderd heet, is gemiddeld hooguit {level}% onjuist (Benjamini en Hochberg 1995).",
    )
    if not flagged:
        return many
    return f"{many} " + asked.say(
        f"{'Once' if flagged == 1 else f'{flagged} times'} something else changed than opinion, and no trend is claimed.",
        f"{'Eén' if flagged == 1 else flagged} keer veranderde er iets anders dan de mening: daar is geen trend te geven.",
    )


def questions_table(asked: Asked, where: str, read: Sequence[Measure]) -> Table:
    """Return the questions as they were put, rounds that put one alike together."""
    rows: list[tuple[Cell, ...]] = []
    for measure in read:
        alike: dict[tuple[str, str], list[Put]] = {}
        for wave, one in questions.rounds(asked, measure, where).items():
            told = " / ".join(questions.texts({wave: one}, asked.language))
            scale = ", ".join(sorted(f"{low}–{high}" for low, high, _ in one.scales if low is not None))
            alike.setdefault((told, scale), []).append(one)
        for (told, scale), these in alike.items():
            n = sum(each.n for each in these)
            rows.append(
                (
                    words(measure.label.read(asked.language)),
                    words(told or asked.say("text not delivered", "tekst niet aangeleverd")),
                    Cell(shown=scale, stored=scale, numeric=True),
                    words(", ".join(each.wave for each in these if each.wave) or "–"),
                    figures(asked.count(n), n),
                )
            )
    return Table(
        caption=asked.say("The questions as they were put", "De vragen zoals ze gesteld zijn"),
        head=(
            asked.say("measure", "maat"),
            asked.say("question", "vraag"),
            asked.say("scale", "schaal"),
            asked.say("rounds", "rondes"),
            "n",
        ),
        names=("measure", "question", "scale", "rounds", "n"),
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
                several(
                    numbers.interval_text(these[0].low, these[0].high, Unit.SHARE, asked.language),
                    low=these[0].low,
                    high=these[0].high,
                ),
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


def flags_table(asked: Asked, found: Sequence[Flagged]) -> Table:
    """Return how many responses each rule flagged; none of them is left out."""
    rows: list[tuple[Cell, ...]] = []
    for flag in dict.fromkeys(each.flag for each in found):
        these = [each for each in found if each.flag == flag]
        n, of = sum(each.n for each in these), sum(each.of for each in these)
        if not n:
            continue
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

"""Two measures beside each other in every group they share, each gap with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from peil.estimates.difference import Difference, Side, difference
from peil.measures.measure import POPULATIONS
from peil.methods.agreement import Ranged
from peil.reports import labels, notes, numbers, sentences
from peil.reports.asked import Asked
from peil.reports.conditions import both, condition
from peil.reports.figures import Figure
from peil.reports.gaps import Pair, dumbbells, is_drawable
from peil.reports.tables import Cell, Table, figures, words
from peil.reports.wording import UNITS
from peil.studies.finding import Effect, Finding
from peil.studies.perception_gap import Perception
from peil.terms import Label, Language, Unit

_FEWEST_GROUPS = 2
_SIDES = (Label("Customers say", "Klanten zeggen"), Label("Organisations think", "Organisaties denken"))


def gap_figure(
    asked: Asked, finding: Finding[Difference | Effect], sides: tuple[Side, Side], by: str, key: str
) -> Figure | None:
    """Return two measures beside each other in every group they share, each gap with its interval.

    Parameters:
        asked: what every figure shares.
        finding: the overall comparison.
        sides: the measures and filters compared.
        by: the group column; None is returned where fewer than two groups have enough rows on both sides.
        key: tells it from the others.
    """
    first, second = sides
    schema = POPULATIONS[first.measure.population]
    counts = [{each.group[0][1]: each.n for each in asked.estimates(side.measure, [by], side.where)} for side in sides]
    shared = [value for value in counts[0] if value is not None and counts[0][value] and counts[1].get(value)]
    enough = [value for value in shared if min(counts[0][value], counts[1][value]) >= asked.minimum_n]
    if len(enough) < _FEWEST_GROUPS:
        return None
    pairs: list[Pair] = []
    for value in enough:
        here = condition(by, value, schema)
        one, other = (Side(measure=side.measure, where=both(side.where, here)) for side in sides)
        found = difference(asked.data, one, other, level=asked.level)
        if is_drawable(found):
            pairs.append(Pair(name=labels.group(by, value, asked.language), found=found))
    pairs.sort(key=lambda each: -each.found.value)
    unit = first.measure.unit
    perceived = sentences.perception(first.measure.name, second.measure.name)
    names = _SIDES if perceived else (first.measure.label, second.measure.label)
    called = (names[0].read(asked.language), names[1].read(asked.language))
    title = sentences.title(finding, asked.language)
    effect = finding.effect
    counted = tuple(asked.count(sum(each.values())) for each in counts)
    whole = asked.say("All together: ", "Alles bij elkaar: ")
    if isinstance(effect, Effect):
        whole = f"{effect.label.read(asked.language)[:1].upper()}{effect.label.read(asked.language)[1:]}: "
    few = len(shared) - len(enough)
    told = [
        asked.say(
            f"n = {counted[0]} and {counted[1]}; a gap is the second side less the first, "
            "with the interval of the difference.",
            f"n = {counted[0]} en {counted[1]}; een kloof is de tweede kant min de eerste, "
            "met het interval van het verschil.",
        ),
        *notes.design(asked, first.measure),
        *notes.too_few(asked, few),
    ]
    where = labels.columns(by, asked.language)
    return Figure(
        key=key,
        title=title,
        finding=whole + sentences.gap_told(effect, asked.language) + ".",
        subtitle=asked.say(
            f"{first.measure.label.en} ({UNITS[unit].en}), per {labels.column(by, 'en')}, {notes.days(asked)}. {notes.bar(asked)}",
            f"{first.measure.label.nl} ({UNITS[unit].nl}), per {labels.column(by, 'nl')}, {notes.days(asked)}. {notes.bar(asked)}",
        ),
        note=tuple(told),
        measures=(first.measure, second.measure),
        alt=f"{title} ({where})",
        spec_wide=dumbbells(pairs, unit, asked.language, sides=called, narrow=False),
        spec_narrow=dumbbells(pairs, unit, asked.language, sides=called, narrow=True),
        table=_gap_table(
            asked,
            pairs,
            called,
            caption=title,
            head=labels.column(by, asked.language),
            file=f"{second.measure.name}-{by}.csv",
        ),
    )


def perception_told(found: Perception, language: Language) -> tuple[str, ...]:
    """Return what a perception gap looks like from organisation to organisation, as sentences.

    Parameters:
        found: the study's result.
        language: of the sentences.
    """
    if found.agreement is None:
        return ()
    unit, agreed = found.finding.effect.unit, found.agreement

    def between(of: Ranged, shown: Unit, *, gap: bool = False) -> str:
        value = numbers.value_text(of.value, shown, language, difference=gap)
        return f"{value} {numbers.interval_text(of.low, of.high, shown, language, difference=gap)}"

    n, over = numbers.count(agreed.n, language), between(agreed.above, Unit.SHARE)
    ends = [numbers.value_text(each.value, unit, language, difference=True) for each in agreed.limits]
    said = [
        Label(
            f"{n} organisations, each counted alike; {over} of such organisations overestimate.",
            f"{n} organisaties, die elk even zwaar tellen; {over} van zulke organisaties overschat.",
        ),
        Label(
            f"Gaps truly differ between organisations by {between(agreed.spread, unit)} (standard deviation, without chance).",
            f"Kloven verschillen echt tussen organisaties: {between(agreed.spread, unit)} (standaardafwijking, zonder toeval).",
        ),
        Label(
            f"Limits of agreement (Bland and Altman): 95 in 100 gaps as seen lie from {ends[0]} to {ends[1]}.",
            f"Grenzen van overeenstemming (Bland en Altman): 95 op de 100 geziene kloven liggen van {ends[0]} tot {ends[1]}.",
        ),
    ]
    if agreed.rank.value == agreed.rank.value:  # nan where one side never varies
        rank = tuple(
            numbers.number(each, language, places=2) for each in (agreed.rank.value, agreed.rank.low, agreed.rank.high)
        )
        said.append(
            Label(
                f"Rank correlation of belief and voice: {rank[0]} ({rank[1]} to {rank[2]}).",
                f"Rangcorrelatie van oordeel en inschatting: {rank[0]} ({rank[1]} tot {rank[2]}).",
            )
        )
    return tuple(each.read(language) for each in said)


def _gap_table(
    asked: Asked, pairs: Sequence[Pair], sides: tuple[str, str], *, caption: str, head: str, file: str
) -> Table:
    low, high = asked.say("low", "laag"), asked.say("high", "hoog")
    gap = asked.say("gap", "kloof")
    rows: list[tuple[Cell, ...]] = []
    for each in pairs:
        unit = each.found.first.measure.unit
        cells = [words(each.name)]
        for side in (each.found.first, each.found.second):
            cells += [
                figures(numbers.value_text(one, unit, asked.language), one) for one in (side.value, side.low, side.high)
            ]
            cells.append(figures(asked.count(side.n), side.n))
        cells += [
            figures(numbers.short_gap(one, unit, asked.language), one)
            for one in (each.found.value, each.found.low, each.found.high)
        ]
        rows.append(tuple(cells))
    heads = (head, sides[0], low, high, "n", sides[1], low, high, "n", gap, low, high)
    stored = ("group", "first", "first_low", "first_high", "first_n", "second", "second_low", "second_high", "second_n",
              "gap", "gap_low", "gap_high")  # fmt: skip
    return Table(caption=caption, head=heads, names=stored, rows=tuple(rows), file=file)

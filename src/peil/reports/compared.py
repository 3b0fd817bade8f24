"""Two measures beside each other in every group they share, each gap with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from peil.estimates.difference import Difference, Side, difference
from peil.measures.measure import POPULATIONS
from peil.reports import labels, notes, numbers, sentences
from peil.reports.asked import Asked
from peil.reports.conditions import both, condition
from peil.reports.figures import Figure
from peil.reports.gaps import Pair, dumbbells, is_drawable
from peil.reports.tables import Cell, Table, figures, words
from peil.reports.wording import UNITS
from peil.studies.finding import Finding
from peil.terms import Label

_FEWEST_GROUPS = 2
_SIDES = (Label("Customers say", "Klanten zeggen"), Label("Organisations think", "Organisaties denken"))


def gap_figure(
    asked: Asked, finding: Finding[Difference], sides: tuple[Side, Side], by: str, key: str
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
    few = len(shared) - len(enough)
    told = [
        asked.say(
            f"n = {asked.count(effect.first.n)} and {asked.count(effect.second.n)}; a gap is the second side less the first, "
            "with the interval of the difference.",
            f"n = {asked.count(effect.first.n)} en {asked.count(effect.second.n)}; een kloof is de tweede kant min de eerste, "
            "met het interval van het verschil.",
        ),
        *notes.design(asked, first.measure),
        *notes.too_few(asked, few),
    ]
    where = labels.columns(by, asked.language)
    return Figure(
        key=key,
        title=title,
        finding=asked.say("All together: ", "Alles bij elkaar: ") + sentences.gap_told(effect, asked.language) + ".",
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

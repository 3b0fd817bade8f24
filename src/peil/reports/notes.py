"""The line above a figure and the notes under it: unit, period, base, design, and what is not shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from peil.estimates.estimate import Estimate
from peil.estimates.groups import PERIODS
from peil.measures.measure import Measure
from peil.reports import labels, numbers, questions
from peil.reports.asked import Asked
from peil.reports.dates import day
from peil.reports.figures import MOST_ROWS, is_ordered
from peil.reports.lines import MOST_LINES
from peil.reports.rows import Row
from peil.reports.wording import UNITS


def subtitle(asked: Asked, measure: Measure, by: Sequence[str], where: str = "true") -> str:
    """Return measure, unit, population, groups and period in one line."""
    name, unit = measure.label.read(asked.language), UNITS[measure.unit].read(asked.language)
    population = labels.POPULATIONS[measure.population].read(asked.language)
    put = questions.rounds(asked, measure, where)
    answered = [each for one in put.values() for each in one.days]
    # A question that was put in some rounds only speaks of those.
    period = (min(answered), max(answered)) if any(put) and answered else asked.data.period
    groups = "".join(f", per {labels.column(each, asked.language)}" for each in by)
    return f"{name} ({unit}), {population}{groups}, {_between(asked, period)}. {bar(asked)}"


def bar(asked: Asked) -> str:
    """Return what a bar is."""
    level = numbers.number(asked.level * 100, asked.language)
    return asked.say(f"Bar or band: {level}% interval.", f"Balk of band: {level}%-interval.")


def days(asked: Asked) -> str:
    """Return the period of the data."""
    return _between(asked, asked.data.period)


def _between(asked: Asked, period: tuple[date, date]) -> str:
    first, last = (day(each, asked.language) for each in period)
    if first == last:
        return first
    return asked.say(f"{first} to {last}", f"{first} t/m {last}")


def basis(asked: Asked, whole: Estimate, where: str = "true") -> list[str]:
    """Return the literal question, n, design, method and the measure's own note."""
    measure = whole.measure
    population, units = labels.POPULATIONS[measure.population], labels.units(asked.data, measure.population)
    n, clusters = asked.count(whole.n), asked.count(whole.clusters)
    made = [
        *questions.literal(asked, measure, where),
        asked.say(
            f"n = {n} {population.en}, {clusters} independent {units.en}.",
            f"n = {n} {population.nl}, {clusters} onafhankelijke {units.nl}.",
        ),
        *design(asked, measure, where),
        as_sentence(labels.method(whole.method, asked.language)),
    ]
    return [*made, measure.note.read(asked.language)] if measure.note else made


def design(asked: Asked, measure: Measure, where: str = "true") -> list[str]:
    """Return how rows are weighted and kept together."""
    together = labels.together(asked.data, measure.population).read(asked.language)
    known = asked.data.designs[measure.population]
    put = questions.rounds(asked, measure, where).values()
    weighted = any(each.weighted for each in put) if put else bool(known.weight)
    strata = any(each.strata for each in put)
    if known.calibration and weighted:
        says = asked.say("Weighted to what is known of the population", "Gewogen naar wat van de populatie bekend is")
    elif weighted:
        says = asked.say("Weights as delivered", "Gewichten zoals aangeleverd")
    else:
        says = asked.say("Unweighted", "Ongewogen")
    if strata:
        says += asked.say(", strata as delivered", ", strata zoals aangeleverd")
    return [f"{says}; {together}."]


def as_sentence(text: str) -> str:
    """Return a phrase as a sentence of its own."""
    return f"{text[:1].upper()}{text[1:]}."


def too_few(asked: Asked, few: int) -> list[str]:
    """Return that groups were left out for having too few rows."""
    if not few:
        return []
    least = asked.count(asked.minimum_n)
    return [
        asked.say(
            f"Not shown: {few} group{'s' if few > 1 else ''} with fewer than {least} rows.",
            f"Niet getoond: {few} groep{'en' if few > 1 else ''} met minder dan {least} rijen.",
        )
    ]


def left_out(asked: Asked, rows: Sequence[Row], by: Sequence[str], partial: int) -> list[str]:
    """Return everything that the figure does not show."""
    notes = too_few(asked, sum(not each.shown for each in rows))
    shown = sum(each.shown for each in rows)
    groups = len({each.at[:-1] for each in rows if each.shown})
    over = groups - MOST_LINES if by and by[-1] in PERIODS else shown - MOST_ROWS
    if over > 0 and not is_ordered(by):
        notes.append(asked.say(f"Drawn are the groups with most rows; {over} more stand in the table.",
                               f"Getekend zijn de groepen met de meeste rijen; nog {over} staan in de tabel."))  # fmt: skip
    if partial:
        notes.append(asked.say("Periods that the data cover only in part are not shown.",
                               "Perioden die de gegevens maar deels bestrijken zijn niet getoond."))  # fmt: skip
    return notes


def only_where(asked: Asked, where: str) -> list[str]:
    """Return which rows were chosen, if not all."""
    return [] if where == "true" else [asked.say(f"Only rows where {where}.", f"Alleen rijen waar {where}.")]

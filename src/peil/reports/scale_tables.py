"""The quality of a scale in words and a table: how reliable it is, what it adds, and how each question does."""

from __future__ import annotations

from collections.abc import Iterator

from peil.reports import numbers
from peil.reports.asked import Asked
from peil.reports.tables import Cell, Table, figures, words
from peil.studies.scale_quality import ScaleQuality

COEFFICIENTS = {"omega": "omega", "spearman_brown": "Spearman-Brown"}


def told(asked: Asked, found: ScaleQuality) -> Iterator[str]:
    """Yield how many answered, how reliable the scale is, and what it adds to the one question.

    Parameters:
        asked: the language.
        found: the scale.
    """
    n, persons, incomplete = (asked.count(each) for each in (found.n, found.persons, found.incomplete))
    yield asked.say(
        f"{n} responses of {persons} persons answered everything; {incomplete} left something open and are left out.",
        f"{n} reacties van {persons} personen beantwoordden alles; {incomplete} lieten iets open en tellen niet mee.",
    )
    kept, gain = found.reliability, found.finding.effect
    name = COEFFICIENTS[kept.method]
    one = _between(asked, kept.value, kept.low, kept.high)
    alpha = _between(asked, kept.alpha, kept.alpha_low, kept.alpha_high)
    yield asked.say(f"Reliability: {name} {one}, alpha {alpha}.", f"Betrouwbaarheid: {name} {one}, alfa {alpha}.")
    before = numbers.number(found.scale_gain.before, asked.language, places=2)
    more = _between(asked, gain.value, gain.low, gain.high)
    yield asked.say(
        f"R² with the one question {before}; with what is added {more} more.",
        f"R² met de ene vraag {before}; met wat erbij komt {more} meer.",
    )


def _between(asked: Asked, value: float, low: float, high: float) -> str:
    a, b, c = (numbers.number(each, asked.language, places=2) for each in (value, low, high))
    return asked.say(f"{a} ({b} to {c})", f"{a} ({b} tot {c})")


def items_table(asked: Asked, found: ScaleQuality) -> Table:
    """Return how each question does: its mean, what it shares with the others, and alpha without it.

    Parameters:
        asked: the language.
        found: the scale.
    """
    rows: list[tuple[Cell, ...]] = [
        (
            words(each.question),
            *(
                figures(numbers.number(value, asked.language, places=2), value)
                for value in (each.mean, each.item_rest, each.loading, each.alpha_without)
            ),
        )
        for each in found.items
    ]
    return Table(
        caption=asked.say("The questions of the scale", "De vragen van de schaal"),
        head=(
            asked.say("question", "vraag"),
            asked.say("mean (0–1)", "gemiddelde (0–1)"),
            asked.say("with the others", "met de andere"),
            asked.say("loading", "lading"),
            asked.say("alpha without", "alfa zonder"),
        ),
        names=("question", "mean", "item_rest", "loading", "alpha_without"),
        rows=tuple(rows),
        file="scale.csv",
    )

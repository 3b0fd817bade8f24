"""The literal question behind a survey measure, for the notes under a figure."""

from __future__ import annotations

from collections.abc import Mapping

from peil.measures.measure import Measure
from peil.reports.asked import Asked
from peil.surveys.instrument import Put, put

_MOST_SHOWN = 2


def rounds(asked: Asked, measure: Measure, where: str = "true") -> Mapping[str, Put]:
    """Return how a measure's question was put, round by round; nothing for a measure that is no survey's.

    Parameters:
        asked: what every figure shares.
        measure: the measure.
        where: row-level SQL that chooses answers.
    """
    if measure.population != "responses":
        return {}
    key = (measure.name, where)
    if key not in asked.puts:
        tables = asked.data.tables
        asked.puts[key] = put(
            asked.data.engine, tables["responses"], tables["questions"], f"({measure.where}) and ({where})"
        )
    return asked.puts[key]


def texts(found: Mapping[str, Put], language: str) -> list[str]:
    """Return the different texts of a question, in the reader's language where it was put in it.

    Example:
        >>> texts({"1": Put(wave="1", texts={"nl": frozenset({"Hoe tevreden bent u?"})})}, "en")
        ['Hoe tevreden bent u?']
    """
    own = {text for each in found.values() for text in each.texts.get(language, ())}
    every = {text for each in found.values() for told in each.texts.values() for text in told}
    return sorted(own or every)


def literal(asked: Asked, measure: Measure, where: str = "true") -> list[str]:
    """Return the question as it was put, with its scale; that it is not known, where no questionnaire was delivered."""
    found = rounds(asked, measure, where)
    if not found:
        return []
    scales = sorted({(low, high) for each in found.values() for low, high, _ in each.scales if low is not None})
    scale = ", ".join(f"{low}–{high}" for low, high in scales)
    told = texts(found, asked.language)
    if not told:
        return [
            asked.say(
                f"The question's text was not delivered; scale {scale}.",
                f"De tekst van de vraag is niet aangeleverd; schaal {scale}.",
            )
        ]
    shown = " / ".join(f"“{each}”" for each in told[:_MOST_SHOWN])
    rest = len(told) - _MOST_SHOWN
    more = asked.say(f" and {rest} more wordings", f" en nog {rest} formuleringen") if rest > 0 else ""
    return [asked.say(f"Question: {shown}{more} ({scale}).", f"Vraag: {shown}{more} ({scale}).")]

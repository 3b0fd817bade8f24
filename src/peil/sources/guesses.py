"""What a question probably measures, guessed from its words and its numbers; for a person to confirm."""

from __future__ import annotations

import re
from dataclasses import dataclass

from peil.sources.questions import SCALES

__all__ = ["Guess", "guessed"]

# Words, what they ask, and each construct they may be with how far below its top the highest answer may stay.
FAMILIES: tuple[tuple[re.Pattern[str], str, tuple[tuple[str, int], ...]], ...] = (
    (
        re.compile(
            r"recommend|\bnps\b|net_?pro|aanbevel|aanbeveel|aanrad|aanraad|weiterempf|empfehl|recommand|recomend|consigli",
            re.IGNORECASE,
        ),
        "asks for a recommendation",
        (("nps", 4),),
    ),
    (
        re.compile(r"\beffort\b|inspanning|moeite\b|aufwand|difficile|difficult", re.IGNORECASE),
        "asks for the effort",
        (("ces_1", 1), ("ces_2", 1)),
    ),
    (
        re.compile(
            r"\beas[ey]|easily|effortless|gemak|makkelijk|moeiteloos|einfach|leicht|facile|\bces\b", re.IGNORECASE
        ),
        "asks how easy it was",
        (("ces_2", 1),),
    ),
    (re.compile(r"satisf|tevreden|zufrieden|\bcsat\b|soddisf", re.IGNORECASE), "asks for satisfaction", (("csat", 1),)),
    (
        re.compile(r"resolved|solved|opgelost|gelöst|résolu|\bfcr\b", re.IGNORECASE),
        "asks whether it was solved",
        (("fcr", 0),),
    ),
)
SOLVED_OR_NOT = (0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What a question may measure.

    Parameters:
        construct: a name of the catalogue's; None where words and numbers do not agree.
        scale: lowest and highest value.
        because: why, or why not, in a few words.
    """

    construct: str | None
    scale: tuple[int, int] | None
    because: str


def guessed(words: str, low: float | None, high: float | None, *, declared: bool = False) -> Guess | None:
    """Return what a question probably measures, or None where its words say nothing.

    Parameters:
        words: the question and its name.
        low, high: the lowest and highest value of its scale, or that was answered; None where there is no number.
        declared: these are the scale's, and not just what was answered.

    Example:
        >>> guessed("How likely are you to recommend us?", 0, 10)
        Guess(construct='nps', scale=(0, 10), because='asks for a recommendation, 0 to 10')
        >>> guessed("How likely are you to recommend us?", 1, 5, declared=True).because
        "asks for a recommendation, but on 1 to 5: not the scale of 'nps'"
        >>> guessed("Your region", 1, 12) is None
        True
    """
    if low is None or high is None:
        return None
    family = next((each for each in FAMILIES if each[0].search(words)), None)
    if family is None:
        return None
    _, asks, measures = family
    seen = f"{low:g} to {high:g}" if low != high else f"{low:g}"
    for construct, short in measures:
        lowest, highest = scale = SCALES.get(construct, SOLVED_OR_NOT)
        answered = lowest <= low and highest - short <= high <= highest
        if (low, high) == scale or (answered and not declared):
            return Guess(construct=construct, scale=scale, because=f"{asks}, {seen}")
    first = measures[0][0]
    if first == "nps" and high == SCALES["nps"][1] + 1:
        says = f"{asks}, but on {seen}: say with 'values' which code is which answer, or with 'missing' that it is none"
    else:
        says = f"{asks}, but on {seen}: not the scale of '{first}'"
    return Guess(construct=None, scale=None, because=says)

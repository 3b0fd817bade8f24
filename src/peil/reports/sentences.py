"""Sentences made from numbers: a claim word stands only where the interval of the difference leaves zero out."""

from __future__ import annotations

import math

from peil.estimates.difference import Difference
from peil.estimates.estimate import Estimate
from peil.reports import numbers
from peil.reports.labels import lowered
from peil.studies.finding import Effect, Finding, Verdict
from peil.terms import Label, Language

# Words that claim; each is written in this module only, and only behind a clear difference.
CLAIM_WORDS = {
    "en": ("higher", "lower", "up from", "down from", "too high", "too low", "ahead of"),
    "nl": ("hoger", "lager", "gestegen", "gedaald", "te hoog", "te laag", "boven"),
}
_BELIEVED = ("nps", "nps_believed")
_TITLE_WORDS = 10
_ROWS = Label("records", "gegevens")
VERDICTS = {
    "yes": Label("yes", "ja"),
    "no": Label("no", "nee"),
    "unclear": Label("unclear", "niet aan te tonen"),
}


def perception(first: str, second: str) -> bool:
    """Return whether two measures are what customers say and what organisations believe they say."""
    return (first, second) == _BELIEVED


def told(estimate: Estimate, language: Language) -> str:
    """Return an estimate with its interval.

    Example:
        >>> from peil.estimates.estimate import estimate
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> told(estimate(measure_named("share_call"), made())[0].only(), "nl").endswith("%)")
        True
    """
    unit = estimate.measure.unit
    value = numbers.value_text(estimate.value, unit, language)
    return f"{value} {numbers.interval_text(estimate.low, estimate.high, unit, language, size=abs(estimate.value))}"


def gap_told(found: Difference | Effect, language: Language) -> str:
    """Return a difference, or another effect, with its interval."""
    unit = found.unit
    if isinstance(found, Effect) and found.relative:
        value = numbers.value_text(found.value, unit, language)
        return f"{'+' if found.value > 0 else ''}{value} {numbers.interval_text(found.low, found.high, unit, language)}"
    value = numbers.value_text(found.value, unit, language, difference=True)
    return f"{value} {numbers.interval_text(found.low, found.high, unit, language, difference=True)}"


def claims(found: Difference | Effect, verdict: Verdict) -> bool:
    """Return whether a claim word may be used of a difference."""
    return found.clear and verdict == "yes"


def title(finding: Finding[Difference | Effect], language: Language) -> str:
    """Return what a comparison finds, in about ten words, without numbers.

    Parameters:
        finding: of a study; its own sentence is used where one measure was compared.
        language: of the sentence.
    """
    found, sure = finding.effect, claims(finding.effect, finding.verdict)
    if isinstance(found, Effect):
        return finding.says.read(language)
    one, other = found.first.measure, found.second.measure
    if perception(one.name, other.name):
        return _perceived(found, language, sure=sure)
    if one.name == other.name:
        return finding.says.read(language)
    first, second = one.label.read(language), other.label.read(language)
    if not sure:
        return Label(
            f"No difference shown between {lowered(first)} and {lowered(second)}",
            f"Geen aantoonbaar verschil tussen {lowered(first)} en {lowered(second)}",
        ).read(language)
    en, nl = ("higher", "hoger") if found.value > 0 else ("lower", "lager")
    return Label(f"{second} is {en} than {lowered(first)}", f"{second} is {nl} dan {lowered(first)}").read(language)


def _perceived(found: Difference, language: Language, *, sure: bool) -> str:
    if not sure:
        return Label(
            "No difference shown between what customers say and organisations believe",
            "Geen aantoonbaar verschil tussen wat klanten zeggen en organisaties denken",
        ).read(language)
    if found.value > 0:
        return Label(
            "Organisations put the score of their customers too high",
            "Organisaties schatten het oordeel van klanten te hoog in",
        ).read(language)
    return Label(
        "Organisations put the score of their customers too low",
        "Organisaties schatten het oordeel van klanten te laag in",
    ).read(language)


def sentence(finding: Finding[Difference | Effect], language: Language) -> str:
    """Return what a comparison finds, with its numbers.

    Parameters:
        finding: of a study.
        language: of the sentence.
    """
    if not math.isfinite(finding.effect.value):
        return f"{title(finding, language)}."
    return f"{title(finding, language)}: {gap_told(finding.effect, language)}."


def short(label: str, rest: str = "") -> str:
    """Return a measure's name as a title can hold it: without what stands in brackets, and up to ten words with the rest.

    Example:
        >>> short("Contacted again within 7 days (any reason, any channel)")
        'Contacted again within 7 days'
    """
    name = label.split(" (", 1)[0]
    return name if len(f"{name} {rest}".split()) <= _TITLE_WORDS else name.split(", ", 1)[0]


def spread_title(
    measure: Label, groups: str, extremes: Difference | None, ends: tuple[str, str], language: Language, *, by: str = ""
) -> str:
    """Return what a ranking shows.

    Parameters:
        measure: its label.
        groups: what the groups are called together.
        extremes: the group on top less the one at the foot, its level made stricter for having been picked out; None
            where no difference can be estimated.
        ends: names of the group at the foot and the one on top.
        language: of the sentence.
        by: what the groups are, each.
    """
    if extremes is None:
        rest = Label(f" by {by or groups}", f" per {by or groups}")
    elif not extremes.clear:
        rest = Label(f": no difference shown between {groups}", f": geen aantoonbaar verschil tussen {groups}")
    else:
        rest = Label(f": {ends[1]} higher than {ends[0]}", f": {ends[1]} hoger dan {ends[0]}")
    return short(measure.read(language), rest.read(language)) + rest.read(language)


def change_title(measure: Label, change: Difference | None, language: Language) -> str:
    """Return what a series shows from its first period to its last.

    Parameters:
        measure: its label.
        change: the last period less the first; None where it cannot be estimated.
        language: of the sentence.
    """
    name = short(measure.read(language), "up from one to the other")
    if change is None:
        return Label(f"{name} over time", f"{name} door de tijd").read(language)
    unit = change.first.measure.unit
    if not change.clear:
        return Label(
            f"{name}: no change shown over the period", f"{name}: geen aantoonbare verandering in de periode"
        ).read(language)
    size = max(abs(change.first.value), abs(change.second.value))
    was, now = (numbers.value_text(each.value, unit, language, size=size) for each in (change.first, change.second))
    en, nl = ("up from", "gestegen van") if change.value > 0 else ("down from", "gedaald van")
    return Label(f"{name}: {en} {was} to {now}", f"{name}: {nl} {was} naar {now}").read(language)


def no_trend_title(measure: Label, moved: str, language: Language) -> str:
    """Return that a series is no trend, for what was not alike at both ends of it.

    Parameters:
        measure: its label.
        moved: what changed, in a word or two.
        language: of the sentence.
    """
    name = short(measure.read(language), "no trend is claimed")
    return Label(
        f"{name}: no trend is claimed, {moved} changed", f"{name}: geen trend te geven, {moved} veranderd"
    ).read(language)


def definitions_title(low: str, high: str, language: Language, *, rows: Label = _ROWS) -> str:
    """Return what a family of definitions shows: facts about arithmetic, no claim about the world."""
    if low == high:
        return Label(
            f"Same {rows.en}, every definition gives {low}", f"Zelfde {rows.nl}, elke definitie geeft {low}"
        ).read(language)
    return Label(
        f"Same {rows.en}, {low} or {high}: it depends on the definition",
        f"Zelfde {rows.nl}, {low} of {high}: dat hangt van de definitie af",
    ).read(language)

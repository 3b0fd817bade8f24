"""Did it change from one survey round to another, or was the question put otherwise?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from peil.dataset import Dataset
from peil.errors import EvidenceError
from peil.estimates.difference import Difference, Side, at_level, difference
from peil.estimates.estimate import Estimate, estimate
from peil.measures.measure import Measure
from peil.studies.checks import enough_clusters
from peil.studies.finding import Check, Finding, Verdict
from peil.surveys.instrument import ASPECTS, Change, Put, changes, mode_known, put, rounds, wording_known
from peil.surveys.instrument_words import THE_ASPECTS, Aspect
from peil.terms import Label

_SAME: dict[Aspect, Label] = {
    "wording": Label("The question was put in the same words.", "De vraag is in dezelfde woorden gesteld."),
    "scale": Label("The answer scale is the same.", "De antwoordschaal is dezelfde."),
    "mode": Label("It was asked in the same mix of ways.", "De vraag is op dezelfde mix van manieren gesteld."),
    "base": Label("The same kind of people were asked.", "Dezelfde soort mensen is gevraagd."),
    "frame": Label(
        "They were drawn from the same list, with the same kind of weights.",
        "Ze komen uit hetzelfde kader, met dezelfde soort weging.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundChange:
    """One round beside the one before.

    Parameters:
        measure: what was measured.
        before, after: the rounds.
        changes: what else changed: where there is anything, no trend is claimed.
        finding: the change.
    """

    measure: Measure
    before: str
    after: str
    changes: tuple[Change, ...]
    finding: Finding[Difference]


def wave_change(
    data: Dataset,
    measure: Measure,
    before: str,
    after: str,
    *,
    where: str = "true",
    level: float = 0.95,
    matters: float = 0.0,
) -> Finding[Difference]:
    """Say whether a survey measure changed between two rounds.

    Persons who answered in both rounds are counted once, with what they share. Where wording, scale, mode, base or
    frame changed too, no trend is claimed, however large the difference.

    Parameters:
        data: the tables.
        measure: a measure of responses.
        before: the earlier round.
        after: the later round.
        where: row-level SQL that chooses answers in both.
        level: confidence level.
        matters: the smallest change that matters, in the measure's unit; ``no`` means that the whole interval is
            nearer to zero than that.

    Returns:
        ``yes`` where the interval of the change leaves zero out and nothing but opinion can have moved it; ``no`` where
        it lies within ``matters``; else ``unclear``.

    Raises:
        EvidenceError: a round has no answers.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> data = made()
        >>> first, *_, last = waves(data, measure_named("nps"))
        >>> wave_change(data, measure_named("nps"), first, last).study
        'wave_change'
    """
    known = _put(data, measure, where)
    for each in (before, after):
        if each not in known:
            raise EvidenceError(
                f"'{measure.name}' has no answers in round '{each}'", remedy=f"rounds with answers: {', '.join(known)}"
            )
    sides = [Side(measure=measure, where=f"({where}) and {_is(each)}") for each in (before, after)]
    found = difference(data, sides[0], sides[1], level=level)
    return _found(data, known[before], known[after], found, matters)


def wave_changes(
    data: Dataset,
    measures: Sequence[Measure],
    *,
    where: str = "true",
    level: float = 0.95,
    matters: float = 0.0,
    least: int = 1,
) -> tuple[RoundChange, ...]:
    """Compare each round of several measures with the one before, claiming no more than so many comparisons allow.

    Of what is called changed, one less ``level`` is false on average at most (Benjamini and Hochberg 1995): of m
    comparisons, R of them clear, each interval is made at 1 - (1 - level) R / m (Benjamini and Yekutieli 2005), so that
    an interval leaves zero out exactly where a change is claimed. Rounds between which the question changed, or with too
    few answers, are shown and not counted: nothing is claimed of them.

    Parameters:
        data: the tables.
        measures: measures of responses.
        where: row-level SQL that chooses answers.
        level: one less the share of false claims.
        matters: the smallest change that matters, in the measures' unit.
        least: rounds with fewer answers are left out.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> found = wave_changes(made(), [measure_named("nps"), measure_named("csat_top2")], least=10)
        >>> len({each.finding.effect.level for each in found})
        1
    """
    pairs: list[tuple[Measure, Put, Put, Difference]] = []
    for measure in measures:
        rounds_put = _put(data, measure, where)
        held = [one for wave, one in rounds_put.items() if wave and one.n >= least]
        known = _by_round(data, measure, where, level) if len(held) > 1 else {}
        for before, after in pairwise(held):
            sides = [Side(measure=measure, where=f"({where}) and {_is(each.wave)}") for each in (before, after)]
            estimates = known[before.wave], known[after.wave]
            pairs.append((measure, before, after, difference(data, *sides, level=level, known=estimates)))
    at, clear = level, len(pairs)
    while True:
        found = tuple(_found(data, before, after, one, matters) for _, before, after, one in pairs)
        judged = [each for each in found if all(check.passed for check in each.checks)]
        still = sum(each.effect.clear for each in judged)
        stricter = 1 - (1 - level) * max(still, 1) / max(len(judged), 1)
        if still >= clear or stricter <= at:
            break
        at, clear = stricter, still
        again = {each.name: _by_round(data, each, where, at) for each in measures}
        pairs = [
            (measure, before, after, at_level(one, again[measure.name][before.wave], again[measure.name][after.wave]))
            for measure, before, after, one in pairs
        ]
    return tuple(
        RoundChange(
            measure=measure, before=before.wave, after=after.wave, changes=changes(before, after), finding=finding
        )
        for (measure, before, after, _), finding in zip(pairs, found, strict=True)
    )


def _by_round(data: Dataset, measure: Measure, where: str, level: float) -> dict[str, Estimate]:
    found = estimate(measure, data, by=["wave"], where=where, level=level)[0]
    return {str(each.group[0][1] or ""): each for each in found}


def _put(data: Dataset, measure: Measure, where: str) -> Mapping[str, Put]:
    return put(data.engine, data.tables["responses"], data.tables["questions"], f"({measure.where}) and ({where})")


def _found(data: Dataset, before: Put, after: Put, found: Difference, matters: float) -> Finding[Difference]:
    measure, moved = found.first.measure, changes(before, after)
    checks = (*instrument_checks(moved, _unknown(before, after)), enough_clusters(found))
    sound = all(each.passed for each in checks)
    within = -matters < found.low and found.high < matters
    verdict: Verdict = "yes" if found.clear and sound else "no" if within and sound else "unclear"
    return Finding(
        study="wave_change",
        question=Label(
            f"{measure.label.en}: did it change from {before.wave} to {after.wave}?",
            f"{measure.label.nl}: is dit veranderd van {before.wave} naar {after.wave}?",
        ),
        verdict=verdict,
        says=_says(found, before.wave, after.wave, moved, verdict),
        effect=found,
        checks=checks,
        assumptions=_assumptions(before, after),
        settles=_settles(moved, verdict),
        run=data.run,
    )


def waves(data: Dataset, measure: Measure) -> tuple[str, ...]:
    """Return the rounds in which a measure has answers, in the order in which they were held.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> len(waves(made(), measure_named("nps"))) > 1
        True
    """
    found = rounds(data.engine, data.tables["responses"], measure.where)
    return tuple(each for each in found if each)


def instrument_checks(moved: tuple[Change, ...], unknown: frozenset[Aspect] = frozenset()) -> tuple[Check, ...]:
    """Return one check for each side of how a question is put, but for those of which nothing is known."""
    changed = {each.aspect: each for each in moved}
    return tuple(
        Check(
            name=f"same_{aspect}",
            passed=aspect not in changed,
            says=changed[aspect].told if aspect in changed else _SAME[aspect],
        )
        for aspect in ASPECTS
        if aspect in changed or aspect not in unknown
    )


def _unknown(before: Put, after: Put) -> frozenset[Aspect]:
    found: set[Aspect] = set()
    if not wording_known(before, after):
        found.add("wording")
    if not mode_known(before, after):
        found.add("mode")
    return frozenset(found)


def _is(wave: str) -> str:
    escaped = wave.replace("'", "''")
    return f"wave = '{escaped}'" if wave else "wave is null"


def _says(found: Difference, before: str, after: str, moved: tuple[Change, ...], verdict: Verdict) -> Label:
    measure = found.first.measure.label
    name = Label(measure.en.split(" (", 1)[0], measure.nl.split(" (", 1)[0])
    if moved:
        changed = [THE_ASPECTS[each.aspect] for each in moved]
        en, nl = " and ".join(each.en for each in changed), " en ".join(each.nl for each in changed)
        are = "zijn" if len(changed) > 1 else "is"
        return Label(
            f"No trend is claimed for {_inside(name.en)}, as {en} changed",
            f"Geen trend te geven voor {_inside(name.nl)}, want {nl} {are} veranderd",
        )
    if verdict == "no":
        return Label(
            f"No change that matters in {_inside(name.en)} from {before} to {after}",
            f"Geen verandering van betekenis in {_inside(name.nl)} van {before} naar {after}",
        )
    if verdict != "yes":
        return Label(
            f"No change shown in {_inside(name.en)} from {before} to {after}",
            f"Geen aantoonbare verandering in {_inside(name.nl)} van {before} naar {after}",
        )
    en, nl = ("higher", "hoger") if found.value > 0 else ("lower", "lager")
    return Label(f"{name.en} is {en} in {after} than in {before}", f"{name.nl} is {nl} in {after} dan in {before}")


def _inside(text: str) -> str:
    """Return a name as it stands inside a sentence; abbreviations keep their capitals."""
    word = text.split(" ", 1)[0]
    return text if any(letter.isupper() for letter in word[1:]) else text[:1].lower() + text[1:]


def _assumptions(before: Put, after: Put) -> tuple[Label, ...]:
    told = [
        Label(
            "Those who did not answer are as they were: a change of who answers would look like a change of opinion.",
            "Wie niet antwoordde is niet veranderd: een verandering in wie antwoordt lijkt op een verandering van mening.",
        )
    ]
    if not wording_known(before, after):
        told.append(
            Label(
                "The question was put in the same words: its texts were not delivered, so this could not be checked.",
                "De vraag is in dezelfde woorden gesteld: de teksten zijn niet aangeleverd, dus dit is niet nagegaan.",
            )
        )
    if not mode_known(before, after):
        told.append(
            Label(
                "It was asked in the same ways: how was not delivered for both rounds, so this could not be checked.",
                "Er is op dezelfde manieren gevraagd: hoe is niet voor beide rondes aangeleverd, dus dit is niet nagegaan.",
            )
        )
    return tuple(told)


def _settles(moved: tuple[Change, ...], verdict: Verdict) -> Label | None:
    if verdict != "unclear":
        return None
    if {each.aspect for each in moved} <= {"base", "frame"} and moved:
        return Label(
            "Compare only people who could be asked in both rounds, drawn and weighted alike.",
            "Vergelijk alleen mensen die in beide rondes gevraagd konden worden, gelijk getrokken en gewogen.",
        )
    if moved:
        return Label(
            "Ask both versions side by side in one round, and carry the difference over.",
            "Stel beide versies naast elkaar in één ronde en reken met het verschil.",
        )
    return Label("More answers in the smaller round.", "Meer antwoorden in de kleinste ronde.")

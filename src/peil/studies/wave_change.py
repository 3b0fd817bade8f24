"""Did it change from one survey round to another, or was the question put otherwise?"""

from __future__ import annotations

from peil.dataset import Dataset
from peil.errors import EvidenceError
from peil.estimates.difference import Difference, Side, difference
from peil.measures.measure import Measure
from peil.studies.checks import enough_clusters
from peil.studies.finding import Check, Finding, Verdict
from peil.surveys.instrument import ASPECTS, Aspect, Change, Put, changes, put, wording_known
from peil.terms import Label

ASPECT_LABELS: dict[Aspect, Label] = {
    "wording": Label("wording", "formulering"),
    "scale": Label("scale", "schaal"),
    "mode": Label("mode of asking", "manier van vragen"),
    "base": Label("base", "basis"),
    "frame": Label("sampling frame", "steekproefkader"),
}
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
    known = put(data.engine, data.tables["responses"], data.tables["questions"], f"({measure.where}) and ({where})")
    for each in (before, after):
        if each not in known:
            raise EvidenceError(
                f"'{measure.name}' has no answers in round '{each}'", remedy=f"rounds with answers: {', '.join(known)}"
            )
    sides = [Side(measure=measure, where=f"({where}) and {_is(each)}") for each in (before, after)]
    found = difference(data, sides[0], sides[1], level=level)
    moved = changes(known[before], known[after])
    checks = (*instrument_checks(moved), enough_clusters(found))
    sound = all(each.passed for each in checks)
    within = -matters < found.low and found.high < matters
    verdict: Verdict = "yes" if found.clear and sound else "no" if within and sound else "unclear"
    return Finding(
        study="wave_change",
        question=Label(
            f"{measure.label.en}: did it change from {before} to {after}?",
            f"{measure.label.nl}: is dit veranderd van {before} naar {after}?",
        ),
        verdict=verdict,
        says=_says(found, before, after, moved, claim=verdict == "yes"),
        effect=found,
        checks=checks,
        assumptions=_assumptions(known[before], known[after]),
        settles=_settles(moved, verdict),
        run=data.run,
    )


def waves(data: Dataset, measure: Measure) -> tuple[str, ...]:
    """Return the rounds in which a measure has answers, in the order of their names.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> len(waves(made(), measure_named("nps"))) > 1
        True
    """
    rows = data.engine.rows(
        f"select distinct wave from {data.tables['responses'].name} where ({measure.where}) and wave is not null"
    )
    return tuple(sorted(rows.column("wave").to_pylist()))


def instrument_checks(moved: tuple[Change, ...]) -> tuple[Check, ...]:
    """Return one check for each side of how a question is put."""
    changed = {each.aspect: each for each in moved}
    made = []
    for aspect in ASPECTS:
        if aspect not in changed:
            made.append(Check(name=f"same_{aspect}", passed=True, says=_SAME[aspect]))
            continue
        name, one = ASPECT_LABELS[aspect], changed[aspect]
        made.append(
            Check(
                name=f"same_{aspect}",
                passed=False,
                says=Label(
                    f"The {name.en} changed: from “{one.before}” to “{one.after}”.",
                    f"De {name.nl} is veranderd: van “{one.before}” naar “{one.after}”.",
                ),
            )
        )
    return tuple(made)


def _is(wave: str) -> str:
    escaped = wave.replace("'", "''")
    return f"wave = '{escaped}'" if wave else "wave is null"


def _says(found: Difference, before: str, after: str, moved: tuple[Change, ...], *, claim: bool) -> Label:
    measure = found.first.measure.label
    name = Label(measure.en.split(" (", 1)[0], measure.nl.split(" (", 1)[0])
    if moved:
        changed = [ASPECT_LABELS[each.aspect] for each in moved]
        return Label(
            f"No trend is claimed for {name.en}: {', '.join(each.en for each in changed)} changed",
            f"Geen trend te geven voor {name.nl}: {', '.join(each.nl for each in changed)} veranderd",
        )
    if not claim:
        return Label(
            f"No change shown in {name.en} from {before} to {after}",
            f"Geen aantoonbare verandering in {name.nl} van {before} naar {after}",
        )
    en, nl = ("higher", "hoger") if found.value > 0 else ("lower", "lager")
    return Label(f"{name.en} is {en} in {after} than in {before}", f"{name.nl} is {nl} in {after} dan in {before}")


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
    return tuple(told)


def _settles(moved: tuple[Change, ...], verdict: Verdict) -> Label | None:
    if verdict != "unclear":
        return None
    if moved:
        return Label(
            "Ask both versions side by side in one round, and carry the difference over.",
            "Stel beide versies naast elkaar in één ronde en reken met het verschil.",
        )
    return Label("More answers in the smaller round.", "Meer antwoorden in de kleinste ronde.")

"""From a few rounds of a survey to a verdict: whether a round is out of the ordinary, never whether a trend broke."""

from __future__ import annotations

from datetime import date

import numpy as np

from peil.measures.measure import Measure
from peil.studies.finding import Check, Effect, Finding, Verdict
from peil.studies.trend import checks as named
from peil.studies.trend.judged import Judged, Known, because
from peil.studies.trend.rounds import FEWEST_ROUNDS, Rounds
from peil.studies.trend.words import Kind, day, percent, says
from peil.terms import Label

_FEWEST_ANSWERS = 30


def judged_rounds(
    found: Rounds, measure: Measure, broke_on: date, known: Known, *, matters: float, level: float
) -> Judged:
    """Say whether the first round after a date lies where those before foretell.

    Parameters:
        found: the rounds.
        measure: what was asked.
        broke_on: first day that counts as after.
        known: how the question was put, and the change log.
        matters: the smallest change that matters, in the measure's unit.
        level: of the intervals.
    """
    change = found.change
    checks = (
        _enough(found),
        _told(found),
        named.definitions(known.changes, (), kept=known.log_kept),
        named.question(known.asked),
    )
    failed = {each.name for each in checks if not each.passed}
    verdict, kind = _verdict(found, failed, matters)
    effect = Effect(
        label=Label(
            "first round after the date, less what was foretold", "eerste ronde na de datum, min wat voorspeld was"
        ),
        unit=measure.unit,
        value=np.nan if change is None else change.value,
        low=np.nan if change is None else change.low,
        high=np.nan if change is None else change.high,
        level=level,
        n=len(found.rounds),
    )
    on = day(broke_on)
    finding = Finding(
        study="trend_break",
        question=Label(
            f"{measure.label.en}: did it really change on {on.en}?",
            f"{measure.label.nl}: is dit op {on.nl} echt veranderd?",
        ),
        verdict=verdict,
        says=says(measure.label, on, kind, up=effect.value > 0, because=because(known)),
        effect=effect,
        checks=checks,
        assumptions=_assumptions(found),
        settles=None if verdict != "unclear" else _settles(kind),
        run=known.run,
    )
    return Judged(finding=finding, kind=kind, evidence=None)


def _verdict(found: Rounds, failed: set[str], matters: float) -> tuple[Verdict, Kind]:
    change = found.change
    if failed & set(named.ARTEFACTS):
        return "unclear", "artefact"
    if change is None or failed:
        return "unclear", "cannot_tell"
    if -matters < change.low and change.high < matters:
        return "no", "no_change"
    return ("yes", "out_of_the_ordinary") if change.outside else ("unclear", "cannot_tell")


def _enough(found: Rounds) -> Check:
    n, fewest = len(found.rounds), min(each.n for each in found.rounds)
    return Check(
        name="enough_rounds",
        passed=n >= FEWEST_ROUNDS and found.before > 1 and fewest >= _FEWEST_ANSWERS,
        says=Label(
            f"{found.before} of {n} rounds lie before the date, the smallest of {fewest} answers; two before and {_FEWEST_ANSWERS} answers are asked for.",
            f"{found.before} van {n} rondes liggen vóór de datum, de kleinste met {fewest} antwoorden; twee ervoor en {_FEWEST_ANSWERS} antwoorden zijn nodig.",
        ),
    )


def _told(found: Rounds) -> Check:
    if found.borrowed is None:
        return Check(
            name="usual_course_known",
            passed=False,
            says=Label(
                "No other measures tell how much rounds differ when nothing happens.",
                "Geen andere meetwaarden vertellen hoeveel rondes verschillen als er niets gebeurt.",
            ),
        )
    n = found.borrowed.histories
    return Check(
        name="usual_course_known",
        passed=True,
        says=Label(
            f"How much rounds differ when nothing happens is learnt from {n} measures.",
            f"Hoeveel rondes verschillen als er niets gebeurt is geleerd van {n} meetwaarden.",
        ),
    )


def _assumptions(found: Rounds) -> tuple[Label, ...]:
    level = percent(found.change.level if found.change else 0.95)
    return (
        Label(
            f"{len(found.rounds)} rounds cannot show a break in a trend: only whether a round lies within the {level.en} range of what is usual.",
            f"{len(found.rounds)} rondes kunnen geen trendbreuk tonen: alleen of een ronde binnen de {level.nl}-marge van het gewone ligt.",
        ),
        Label(
            "This measure moves from round to round as the others do.",
            "Deze meetwaarde beweegt van ronde tot ronde zoals de andere.",
        ),
    )


def _settles(kind: Kind) -> Label:
    if kind == "artefact":
        return Label(
            "Ask both versions side by side in one round, and carry the difference over.",
            "Stel beide versies naast elkaar in één ronde en reken met het verschil.",
        )
    return Label(
        "More rounds before the date, or records that were kept all the while.",
        "Meer rondes vóór de datum, of gegevens die doorlopend zijn vastgelegd.",
    )

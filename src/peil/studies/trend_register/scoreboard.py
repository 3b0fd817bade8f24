"""Do the register's forecasts know more than the base rate? What was said beside what came, scored, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from peil.dataset import Run
from peil.errors import DefinitionError, EvidenceError
from peil.methods.forecast_calibration import Bin, Calibrated, Isotonic, Murphy, calibrated, isotonic, murphy, table
from peil.methods.moments import Floats
from peil.methods.score import FEWEST, Compared, Scored, brier, compared, crps_quantiles, log_loss, scored, skill
from peil.studies.finding import Check, Effect, Finding, Verdict
from peil.studies.trend_register.entry import Register
from peil.studies.trend_register.ledger import Resolution
from peil.studies.trend_register.settling import Standing, standings
from peil.terms import Label, Unit

_TENTHS = 10
_TWICE = 2
QUESTION = Label(
    "Do the forecasts say more than the base rate?", "Zeggen de voorspellingen meer dan het basispercentage?"
)
_BASE_RATE = Label("skill against the base rate (Brier)", "winst ten opzichte van het basispercentage (Brier)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One forecast that was settled.

    Parameters:
        standing: the claim and how it turned out.
        said: the probability.
        came: 1 or 0.
        brier: its loss.
        log: its logarithmic loss; inf where it ruled out what came.
        crps: of its number; None where it foretold none, or the number is not known.
    """

    standing: Standing
    said: float
    came: float
    brier: float
    log: float
    crps: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoreboard:
    """What the register's forecasts were worth.

    Parameters:
        finding: whether they say more than the base rate.
        standings: every claim, in the order of the register.
        scores: forecasts that were settled.
        brier, log, crps: mean losses; None where nothing was settled.
        against_base: skill against the share that came.
        against_nothing: skill against whoever expects no change.
        rival: the forecasts' Brier losses less those of *no change*, in order of the day.
        crps_skill: skill of forecast numbers against the number when they were made.
        parts: of the Brier score, corrected for few forecasts.
        ordered: the same without bins.
        bins: what came of forecasts that said about the same.
        fit: whether outcomes fit the probabilities all together.
        level: of the intervals.
    """

    finding: Finding[Effect]
    standings: tuple[Standing, ...]
    scores: tuple[Score, ...]
    brier: Scored | None
    log: Scored | None
    crps: Scored | None
    against_base: Scored | None
    against_nothing: Scored | None
    rival: Compared | None
    crps_skill: Scored | None
    parts: Murphy | None
    ordered: Isotonic | None
    bins: tuple[Bin, ...]
    fit: Calibrated | None
    level: float

    @property
    def enough(self) -> bool:
        """Whether enough forecasts were settled to conclude anything."""
        return len(self.scores) >= FEWEST


def scoreboard(
    register: Register,
    held: Mapping[str, Resolution],
    run: Run,
    *,
    today: date,
    level: float = 0.95,
    matters: float = 0.0,
) -> Scoreboard:
    """Score the forecasts of a register that were settled.

    Parameters:
        register: the claims.
        held: the last word on each, by identifier.
        run: what is printed under the numbers.
        today: the day, which tells what is due.
        level: how often intervals are to hold the truth.
        matters: the smallest skill that matters: ``no`` means that the whole interval lies below it.

    Raises:
        DefinitionError: ``matters`` is below nought or above one.

    Example:
        >>> from peil.made import made
        >>> from peil.studies.trend_register.reading import shipped
        >>> found = scoreboard(shipped(), {}, made().run, today=date(2024, 1, 1))
        >>> found.finding.verdict, len(found.scores)
        ('unclear', 0)
    """
    if not 0 <= matters <= 1:
        raise DefinitionError(f"a skill of {matters:g} lies outside 0 and 1", remedy="write 5 % as 0.05")
    standing = standings(register, held, today)
    scores = tuple(each for one in standing if (each := _scored(one)) is not None)
    said = np.array([each.said for each in scores])
    came = np.array([each.came for each in scores])
    losses, luck = np.array([each.brier for each in scores]), [_luck(each) for each in scores]
    base = nothing = numbers = None
    if scores:
        base = _skill(losses, brier(np.full(came.size, came.mean()), came), luck, level)
        unmoved = np.array([each.standing.trend.if_nothing_changes for each in scores])
        nothing = _skill(losses, brier(unmoved, came), luck, level)
        numbers = _crps_skill(scores, level)
    crps = [each.crps for each in scores if each.crps is not None]
    checks = _checks(standing, scores)
    return Scoreboard(
        finding=_finding(base, checks, run, level, matters, len(scores)),
        standings=standing,
        scores=scores,
        brier=scored(losses, blocks=luck, ends=(0.0, 1.0), level=level) if scores else None,
        log=scored([each.log for each in scores], blocks=luck, ends=(0.0, np.inf), level=level) if scores else None,
        crps=scored(crps, ends=(0.0, np.inf), level=level) if crps else None,
        against_base=base,
        against_nothing=nothing,
        rival=_rival(scores, level),
        crps_skill=numbers,
        parts=murphy(said, came, bins=np.rint(said * _TENTHS), corrected=True) if scores else None,
        ordered=isotonic(said, came) if scores else None,
        bins=table(said, came, steps=_TENTHS, blocks=luck, level=level) if scores else (),
        fit=calibrated(said, came) if scores else None,
        level=level,
    )


def _scored(each: Standing) -> Score | None:
    trend, word = each.trend, each.resolution
    if not trend.is_forecast or word is None or word.came is None:
        return None
    # the probability as it stood when the claim was settled: what is written afterwards does not count
    said = word.probability if word.probability is not None else trend.probability
    if said is None:
        return None
    crps = None
    if trend.expects is not None and word.value is not None:
        levels = sorted(trend.expects.quantiles)
        values = [[trend.expects.quantiles[one] for one in levels]]
        crps = float(crps_quantiles(levels, values, [word.value])[0])
    return Score(
        standing=each,
        said=said,
        came=word.came,
        brier=float(brier([said], [word.came])[0]),
        log=float(log_loss([said], [word.came])[0]),
        crps=crps,
    )


def _luck(each: Score) -> str:
    return each.standing.trend.luck or f" {each.standing.trend.id}"


def _skill(losses: Floats, reference: Floats, luck: Sequence[str], level: float) -> Scored | None:
    try:
        return skill(losses, reference, blocks=luck, level=level)
    except EvidenceError:  # the reference makes no error: all came, or none
        return None


def _crps_skill(scores: Sequence[Score], level: float) -> Scored | None:
    pairs = []
    for each in scores:
        expects, word = each.standing.trend.expects, each.standing.resolution
        if (
            each.crps is not None
            and expects is not None
            and expects.now is not None
            and word
            and word.value is not None
        ):
            pairs.append((each.crps, abs(word.value - expects.now)))
    if not pairs:
        return None
    return _skill(
        np.array([one for one, _ in pairs]),
        np.array([two for _, two in pairs]),
        [str(i) for i in range(len(pairs))],
        level,
    )


def _rival(scores: Sequence[Score], level: float) -> Compared | None:
    if len(scores) < _TWICE:
        return None
    order = sorted(scores, key=lambda each: each.standing.trend.due_on)
    unmoved = brier([each.standing.trend.if_nothing_changes for each in order], [each.came for each in order])
    return compared([each.brier for each in order], unmoved, level=level)


def _checks(standing: Sequence[Standing], scores: Sequence[Score]) -> tuple[Check, ...]:
    n = len(scores)
    never = [each.standing.trend.id for each in scores if np.isinf(each.log)]
    left = sum(each.trend.is_forecast and each.state == "due" for each in standing)
    undecided = sum(each.trend.is_forecast and each.state == "undecided" for each in standing)
    changed = [each.trend.id for each in standing if each.changed]
    return (
        Check(
            name="enough_forecasts",
            passed=n >= FEWEST,
            says=Label(
                f"Settled forecasts: {n}; {FEWEST} are asked for.", f"Afgeronde voorspellingen: {n}; {FEWEST} zijn nodig."
            ),
        ),
        Check(
            name="nothing_ruled_out",
            passed=not never,
            says=Label(
                "No forecast ruled out what came." if not never
                else f"Ruled out what came, so the logarithmic score is infinite: {', '.join(never)}.",
                "Geen voorspelling sloot uit wat gebeurde." if not never
                else f"Sloot uit wat gebeurde, dus de logaritmische score is oneindig: {', '.join(never)}.",
            ),
        ),
        Check(
            name="none_left_out",
            passed=left == 0,
            says=Label(
                f"Forecasts due and not settled: {left}; undecided: {undecided}.",
                f"Voorspellingen vervallen en niet afgerond: {left}; onbeslist: {undecided}.",
            ),
        ),
        Check(
            name="not_changed_afterwards",
            passed=not changed,
            says=Label(
                "No claim was changed after it was settled." if not changed
                else f"Changed after they were settled: {', '.join(changed)}.",
                "Geen bewering is achteraf veranderd." if not changed
                else f"Veranderd nadat ze waren afgerond: {', '.join(changed)}.",
            ),
        ),
    )  # fmt: skip


def _finding(
    base: Scored | None, checks: tuple[Check, ...], run: Run, level: float, matters: float, n: int
) -> Finding[Effect]:
    value, low, high = (base.value, base.low, base.high) if base else (np.nan, np.nan, np.nan)
    effect = Effect(label=_BASE_RATE, unit=Unit.SHARE, value=value, low=low, high=high, level=level, n=n)
    sound = all(each.passed for each in checks)
    # who ruled out what came is no better for it: that check alone does not spare a 'no'
    chosen = all(each.passed for each in checks if each.name != "nothing_ruled_out")
    verdict: Verdict = "unclear"
    if chosen and high < max(matters, 0.0):
        verdict = "no"
    elif effect.clear and low > 0 and sound:
        verdict = "yes"
    return Finding(
        study="trend_register",
        question=QUESTION,
        verdict=verdict,
        says=_says(verdict, effect),
        effect=effect,
        checks=checks,
        assumptions=(
            Label(
                "Forecasts with another 'luck' are independent; the base rate is the share of these forecasts that came, which "
                "nobody knew beforehand.",
                "Voorspellingen met een ander 'luck' zijn onafhankelijk; het basispercentage is het deel van deze voorspellingen "
                "dat uitkwam, en dat kende vooraf niemand.",
            ),
            Label(
                "Who chose the rules did not know how they would turn out, and undecided forecasts are no other than the rest.",
                "Wie de regels koos, wist niet hoe ze zouden uitvallen, en onbesliste voorspellingen zijn niet anders dan de rest.",
            ),
        ),
        settles=None if verdict != "unclear" else _settles(effect, n),
        run=run,
    )


def _says(verdict: Verdict, effect: Effect) -> Label:
    if verdict == "yes":
        return Label(
            "The forecasts say more than the base rate", "De voorspellingen zeggen meer dan het basispercentage"
        )
    if verdict == "no" and effect.high < 0:
        return Label(
            "The forecasts say less than the base rate", "De voorspellingen zeggen minder dan het basispercentage"
        )
    if verdict == "no":
        return Label(
            "The forecasts add too little to the base rate to matter",
            "De voorspellingen voegen te weinig toe aan het basispercentage om ertoe te doen",
        )
    return Label(
        "Not shown whether the forecasts say more than the base rate",
        "Niet aangetoond of de voorspellingen meer zeggen dan het basispercentage",
    )


def _settles(effect: Effect, n: int) -> Label:
    needed = FEWEST
    if n >= FEWEST and not np.isfinite(effect.low):
        return Label(
            "Forecasts that do not share their luck, of which some come and some do not.",
            "Voorspellingen die hun geluk niet delen, waarvan er uitkomen en niet uitkomen.",
        )
    if n >= FEWEST and np.isfinite(effect.value) and effect.value != 0:
        needed = int(np.ceil(n * ((effect.high - effect.low) / 2 / abs(effect.value)) ** 2))
    more = max(needed - n, 1)
    return Label(f"More settled forecasts: about {more}.", f"Meer afgeronde voorspellingen: ongeveer {more}.")

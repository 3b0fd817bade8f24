"""Did investments bring what their business case said? Before against after, each with its range."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

import numpy as np
import scipy

from peil.dataset import Run
from peil.errors import DefinitionError, EvidenceError
from peil.methods import interval
from peil.methods.agreement import Ranged
from peil.methods.moments import Floats
from peil.methods.stated import Stated, middle, present_value
from peil.studies.finding import Check, Effect, Finding, Verdict
from peil.terms import Label, Unit

FEWEST_INVESTMENTS = 5
DRAWS = 20_000
HALF = 0.5
Known = Literal["retrospective", "measured"]
KNOWN_LABELS: dict[Known, Label] = {
    "retrospective": Label("in retrospect", "achteraf gevraagd"),
    "measured": Label("measured", "gemeten"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What an investment costs and brings.

    Parameters:
        cost: now, above nought.
        yearly: what comes in each year; may be below nought.
        years: for so long.
        discount: interest a year, by which later money counts less.

    Raises:
        DefinitionError: the cost may be nought or less, or no year is counted.
    """

    cost: Stated
    yearly: Stated
    years: int
    discount: float = 0.08

    def __post_init__(self) -> None:
        """Check it where it is made."""
        if self.cost.low <= 0:
            raise DefinitionError(
                "an investment that may cost nothing has no return on it", remedy="give a lowest cost above nought"
            )
        if self.years < 1 or self.discount <= -1:
            raise DefinitionError(
                f"{self.years} years at {self.discount:g} interest is no business case",
                remedy="give at least one year, and interest as a share such as 0.08",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Investment:
    """One investment.

    Parameters:
        name: what it was.
        edition: the survey round or year in which the business case was told.
        before: the business case.
        after: what came of it; None where that is not known.
        known: how the outcome is known: asked ``retrospective``, or ``measured`` in the books.
    """

    name: str
    edition: str
    before: Case
    after: Case | None = None
    known: Known = "retrospective"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What a case comes to.

    Parameters:
        value: today's worth, in the money of the case.
        per_euro: the same for each euro that it costs: nought breaks even.
        breaks_even: the chance that it is worth its cost.
    """

    value: Ranged
    per_euro: Ranged
    breaks_even: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One investment, before and after.

    Parameters:
        investment: which.
        before: its business case.
        after: its result.
        gap: the result less the business case, for each euro; None without a result.
    """

    investment: Investment
    before: Worth
    after: Worth | None
    gap: Ranged | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The business cases of one edition.

    Parameters:
        name: which.
        n: business cases.
        sound: share that is likelier than not to be worth its cost.
    """

    name: str
    n: int
    sound: Ranged


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnOnInvestment:
    """What the study finds.

    Parameters:
        finding: verdict, mean gap, checks.
        judged: the investments, in the order given.
        editions: the business cases by edition, in the order of their names.
        change: the share that is sound in the last edition less that in the first; None where there is one edition.
    """

    finding: Finding[Effect]
    judged: tuple[Judged, ...]
    editions: tuple[Edition, ...]
    change: Ranged | None


def return_on_investment(
    investments: Sequence[Investment], *, seed: int = 0, level: float = 0.95, matters: float = 0.0
) -> ReturnOnInvestment:
    """Say whether investments turned out otherwise than their business case.

    Parameters:
        investments: business cases, with results where they are known.
        seed: of the draws; the same seed, the same numbers.
        level: of the intervals.
        matters: the smallest mean gap that matters, for each euro; ``no`` means that the whole interval is nearer to
            zero than that.

    Returns:
        ``yes`` where the interval of the mean gap leaves zero out and every check passes. Results that were asked in
        retrospect are shown, and carry no ``yes``: who looks back knows how it ended.

    Raises:
        EvidenceError: no investment has a result.

    Example:
        >>> plan = Case(cost=Stated(low=90, likely=100, high=120), yearly=Stated(low=20, likely=40, high=50), years=3)
        >>> came = Case(cost=Stated(low=110, likely=115, high=120), yearly=Stated(low=28, likely=30, high=32), years=3)
        >>> found = return_on_investment([Investment(name="bot", edition="2020", before=plan, after=came)])
        >>> found.finding.verdict, round(found.judged[0].after.breaks_even, 1)
        ('unclear', 0.0)
    """
    if not any(each.after for each in investments):
        raise EvidenceError(
            "no investment has a result, so nothing can be set against a business case",
            remedy="give what it cost and brought, with its range, as 'after'",
        )
    rng = np.random.default_rng(seed)
    judged = tuple(_judged(each, rng, level) for each in investments)
    gaps = [each.gap for each in judged if each.gap is not None]
    mean = _mean(gaps, level)
    effect = Effect(
        label=Label("result less business case, for each euro", "resultaat min businesscase, per euro"),
        unit=Unit.SHARE,
        level=level,
        n=len(gaps),
        value=mean.value,
        low=mean.low,
        high=mean.high,
    )
    editions = tuple(
        _edition(name, [each for each in judged if each.investment.edition == name], level)
        for name in sorted({each.edition for each in investments})
    )
    return ReturnOnInvestment(
        finding=_finding(effect, judged, seed, matters),
        judged=judged,
        editions=editions,
        change=_change(editions[0].sound, editions[-1].sound) if len(editions) > 1 else None,
    )


def _judged(investment: Investment, rng: np.random.Generator, level: float) -> Judged:
    before = _drawn(investment.before, rng)
    after = _drawn(investment.after, rng) if investment.after else None
    return Judged(
        investment=investment,
        before=_worth(*before, level),
        after=_worth(*after, level) if after else None,
        gap=middle(after[0] / after[1] - before[0] / before[1], level) if after else None,
    )


def _drawn(case: Case, rng: np.random.Generator) -> tuple[Floats, Floats]:
    z = rng.normal(size=(2, DRAWS))
    cost = case.cost.drawn(z[0])
    return present_value(cost, case.yearly.drawn(z[1]), case.years, case.discount), cost


def _worth(value: Floats, cost: Floats, level: float) -> Worth:
    return Worth(
        value=middle(value, level), per_euro=middle(value / cost, level), breaks_even=float(np.mean(value >= 0))
    )


def _mean(gaps: Sequence[Ranged], level: float) -> Ranged:
    """Return the mean gap with Student's interval over investments; of a single one, its own range."""
    if len(gaps) == 1:
        return gaps[0]
    values = np.array([each.value for each in gaps])
    mean = float(values.mean())
    reach = float(scipy.stats.t.ppf((1 + level) / 2, values.size - 1) * values.std(ddof=1) / np.sqrt(values.size))
    return Ranged(value=mean, low=mean - reach, high=mean + reach)


def _edition(name: str, judged: Sequence[Judged], level: float) -> Edition:
    share = float(np.mean([each.before.breaks_even >= HALF for each in judged]))
    low, high = interval.share(share, len(judged), level=level)
    return Edition(name=name, n=len(judged), sound=Ranged(value=share, low=float(low), high=float(high)))


def _change(first: Ranged, last: Ranged) -> Ranged:
    low, high = interval.gap((first.value, first.low, first.high), (last.value, last.low, last.high))
    return Ranged(value=last.value - first.value, low=float(low), high=float(high))


def _finding(effect: Effect, judged: Sequence[Judged], seed: int, matters: float) -> Finding[Effect]:
    with_result = [each.investment for each in judged if each.after]
    asked = sum(each.known == "retrospective" for each in with_result)
    without = len(judged) - len(with_result)
    checks = (
        Check(
            name="enough_investments",
            passed=len(with_result) >= FEWEST_INVESTMENTS,
            says=Label(
                f"{len(with_result)} investments have a result; {FEWEST_INVESTMENTS} are asked for.",
                f"{len(with_result)} investeringen hebben een resultaat; {FEWEST_INVESTMENTS} zijn nodig.",
            ),
        ),
        Check(
            name="measured_afterwards",
            passed=asked == 0,
            says=Label(
                f"Of {asked} the result was asked in retrospect." if asked else "Every result was measured.",
                f"Van {asked} is het resultaat achteraf gevraagd." if asked else "Elk resultaat is gemeten.",
            ),
        ),
        Check(
            name="none_left_out",
            passed=without == 0,
            says=Label(
                f"Of {without} no result is known; those that failed are the likelier to go untold."
                if without
                else "Every business case has a result.",
                f"Van {without} is geen resultaat bekend; mislukte investeringen blijven eerder onvermeld."
                if without
                else "Elke businesscase heeft een resultaat.",
            ),
        ),
    )
    sound = all(each.passed for each in checks)
    within = -matters < effect.low and effect.high < matters
    verdict: Verdict = "unclear" if not sound else "no" if within else "yes" if effect.clear else "unclear"
    return Finding(
        study="return_on_investment",
        question=Label(
            "Did investments turn out otherwise than their business case?",
            "Pakten investeringen anders uit dan hun businesscase?",
        ),
        verdict=verdict,
        says=_says(effect, verdict),
        effect=effect,
        checks=checks,
        assumptions=(
            Label(
                "Ranges are as wide as those who stated them believed; people mostly state them too narrow.",
                "De marges zijn zo breed als wie ze opgaf dacht; mensen geven ze meestal te smal op.",
            ),
            Label(
                "What came in is put down to the investment; what would have come in without it is not known.",
                "Wat binnenkwam is aan de investering toegeschreven; wat er zonder was binnengekomen, is niet bekend.",
            ),
        ),
        settles=None
        if verdict != "unclear"
        else Label(
            "Results from the books, of every investment that had a business case.",
            "Resultaten uit de boeken, van elke investering die een businesscase had.",
        ),
        run=_run([each.investment for each in judged], seed),
    )


def _says(effect: Effect, verdict: Verdict) -> Label:
    if verdict != "yes":
        return Label(
            "Not shown that investments turned out otherwise than their business case"
            if verdict == "unclear"
            else "Investments turned out as their business case said, near enough",
            "Niet aangetoond dat investeringen anders uitpakten dan hun businesscase"
            if verdict == "unclear"
            else "Investeringen pakten nagenoeg uit zoals hun businesscase zei",
        )
    en, nl = ("better", "beter") if effect.value > 0 else ("worse", "slechter")
    return Label(
        f"Investments turned out {en} than their business case", f"Investeringen pakten {nl} uit dan hun businesscase"
    )


def _run(investments: Sequence[Investment], seed: int) -> Run:
    """Return what the numbers rest on: nothing was loaded, so the stated ranges themselves are the input."""
    told = hashlib.sha256(repr(tuple(investments)).encode()).hexdigest()
    return Run(inputs={"stated ranges": told}, version=version("peil"), engine="none", seed=seed, digest=told[:24])

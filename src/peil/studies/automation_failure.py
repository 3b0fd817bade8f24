"""Does a bot's "resolved" hold? What the same person did next, in any channel, beside the same of people: an audit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from peil.dataset import Dataset
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.difference import Difference, Side
from peil.estimates.estimate import Estimate, Estimates, estimate
from peil.estimates.matched import Matched, matched
from peil.measures.catalogue import family_named
from peil.measures.claims import CLAIM_FOLLOWABLE, CLAIM_RETURNED, PEOPLE_RETURNED, WINDOWS
from peil.studies.automation_links import Links, links, who_is_who
from peil.studies.automation_said import Window, checks_of, settling, taken_for_granted, told
from peil.studies.finding import Effect, Finding, Verdict
from peil.terms import Label, Unit

# the share that was handed over is none of the words for containment
CONTAINED = tuple(each for each in family_named("containment") if each.name != "bot_handover")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overbilled:
    """What was paid for claims that did not hold, in cents.

    Parameters:
        price: of one claim.
        claims: contacts that the bot or its vendor calls resolved.
        seen: claims that were seen to come back.
        value, low, high: over all claims, those that cannot be followed taken to be like those that can.
        least, most: whatever those that cannot be followed did.
        excess, excess_low, excess_high: as far as more came back than after people; nan where that is not known.
    """

    price: int
    claims: int
    seen: int
    value: float
    low: float
    high: float
    least: float
    most: float
    excess: float = math.nan
    excess_low: float = math.nan
    excess_high: float = math.nan

    @property
    def billed(self) -> int:
        """What all claims cost."""
        return self.price * self.claims


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One intent or reason.

    Parameters:
        name: as the data call it; None where nobody logged one.
        claims: contacts called resolved.
        failed: share of those that can be followed that came back; None where none can be.
        people: the same after people; None where they had none.
        overbilled: in cents; None without a price, or where nothing can be followed.
    """

    name: object
    claims: int
    failed: Estimate | None
    people: Estimate | None
    overbilled: Overbilled | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationFailure:
    """What the audit finds.

    Parameters:
        finding: verdict, excess over people, checks.
        claims: contacts that the bot or its vendor calls resolved.
        known: those of a person (and with a reason, where the same reason is asked for) that can be followed.
        days, same_reason: the window of the verdict, the intents and the euros.
        windows: every window, about the same reason and about any.
        intents: per intent or reason, most claims first.
        by: what an intent is.
        excess: over people, reason by reason and quarter by quarter; None where there are no people to compare with.
        overbilled: in cents; None without a price.
        containment: the same contacts under every definition of containment.
        linked: the share that came back, with the doubt about which customer records are of one person in its interval; None
            where no customer records were linked.
    """

    finding: Finding[Difference | Effect]
    claims: int
    known: int
    days: int
    same_reason: bool
    windows: tuple[Window, ...]
    intents: tuple[Intent, ...]
    by: str
    excess: Matched | None
    overbilled: Overbilled | None
    containment: tuple[Estimate, ...]
    linked: Estimate | None = None

    @property
    def window(self) -> Window:
        """The window of the verdict."""
        return next(each for each in self.windows if (each.days, each.same_reason) == (self.days, self.same_reason))


def automation_failure(  # noqa: PLR0913  # an audit is agreed on in this many terms
    data: Dataset,
    *,
    days: int = 7,
    same_reason: bool = True,
    by: str = "reason",
    like: Sequence[str] = ("reason", "quarter"),
    price_cents: int | None = None,
    where: str = "true",
    level: float = 0.95,
    matters: float = 0.0,
) -> AutomationFailure:
    """Say whether contacts that a bot calls resolved come back more than those that people dealt with.

    A customer who returns is no failure by itself: people's contacts come back too. So what counts is the excess over
    people's contacts about the same reason in the same quarter. A contact without a known person cannot be followed; it
    is counted apart, with bounds. A contact whose window runs past the end of the data is left out of that window.

    Parameters:
        data: the tables.
        days: the window of the verdict: 1, 3 or 7.
        same_reason: whether only a contact about the same reason counts as coming back.
        by: what an intent is: a column, or ``extra.NAME``.
        like: what contacts of people must agree in to be compared with.
        price_cents: what one resolution is billed at.
        where: row-level SQL that chooses contacts.
        level: of the intervals.
        matters: the smallest excess that matters; ``no`` means that the whole interval lies below it.

    Returns:
        ``yes`` where more come back than after people and every check passes; ``no`` where the excess lies below
        ``matters``; else ``unclear``.

    Raises:
        DefinitionError: the window is none of the three, the price is below zero, or a column is unknown.
        EvidenceError: no contact is called resolved.

    Example:
        >>> from peil.made import made
        >>> found = automation_failure(made(), price_cents=99)
        >>> found.finding.verdict, found.window.people.value < found.window.failed.value
        ('yes', True)
    """
    if days not in WINDOWS:
        raise DefinitionError(f"the audit has no window of {days} days", remedy="choose 1, 3 or 7")
    if price_cents is not None and price_cents < 0:
        raise DefinitionError("a resolution cannot cost less than nothing", remedy="give its price in whole cents")
    claimed = _one(
        estimate([CLAIM_FOLLOWABLE[same_reason], CLAIM_FOLLOWABLE[not same_reason]], data, where=where, level=level)[:1]
    )
    if claimed is None:
        raise EvidenceError(
            "no contact is called resolved by a bot or its vendor",
            remedy="load a source that tells it (self_served, bot_outcome or vendor_resolved), or widen the filter",
        )
    claims, known = claimed.n, round(claimed.value * claimed.n)
    windows = tuple(_windows(data, where, level))
    chosen = next(each for each in windows if (each.days, each.same_reason) == (days, same_reason))
    excess = _excess(data, (days, same_reason), like, where, level)
    share_known = known / claims
    found = links(data, (days, same_reason), where, level) if excess else None
    overbilled = None
    if price_cents is not None and chosen.failed is not None:
        overbilled = _overbilled(price_cents, claims, share_known, chosen.failed, excess)
    return AutomationFailure(
        finding=_finding(data, claims, known, chosen, excess, found, matters, level),
        claims=claims,
        known=known,
        days=days,
        same_reason=same_reason,
        windows=windows,
        intents=_intents(data, (days, same_reason), by, price_cents, where, level),
        by=by,
        excess=excess,
        overbilled=overbilled,
        containment=tuple(_each(estimate(list(CONTAINED), data, where=where, level=level))),
        linked=found.failed if found else None,
    )


def _one(found: Sequence[Estimates]) -> Estimate | None:
    return next(iter(_each(found)), None)


def _each(found: Iterable[Estimates]) -> Iterable[Estimate]:
    return (each for estimates in found for each in estimates if each.n)


def _windows(data: Dataset, where: str, level: float) -> Iterable[Window]:
    asked = [*CLAIM_RETURNED.values(), *PEOPLE_RETURNED.values(), *CLAIM_FOLLOWABLE.values()]
    found = {each.measure.name: each for each in _each(estimate(asked, data, where=where, level=level))}
    for (days, same), measure in CLAIM_RETURNED.items():
        failed = found.get(measure.name)
        share = found[CLAIM_FOLLOWABLE[same].name].value
        yield Window(
            days=days,
            same_reason=same,
            failed=failed,
            people=found.get(PEOPLE_RETURNED[days, same].name),
            low=share * failed.low if failed else 0.0,
            high=share * failed.high + 1 - share if failed else 1.0,
        )


def _excess(data: Dataset, window: tuple[int, bool], like: Sequence[str], where: str, level: float) -> Matched | None:
    bots, people = Side(measure=CLAIM_RETURNED[window]), Side(measure=PEOPLE_RETURNED[window])
    try:
        return matched(data, bots, people, like=like, where=where, level=level)
    except EvidenceError:
        return None


def _overbilled(price: int, claims: int, known: float, failed: Estimate, excess: Matched | None = None) -> Overbilled:
    whole = price * claims
    more = () if excess is None else (excess.value, excess.low, excess.high)
    return Overbilled(
        price=price,
        claims=claims,
        seen=price * round(failed.value * failed.n),
        value=whole * failed.value,
        low=whole * failed.low,
        high=whole * failed.high,
        least=whole * known * failed.low,
        most=whole * (known * failed.high + 1 - known),
        **{name: whole * each for name, each in zip(("excess", "excess_low", "excess_high"), more, strict=False)},
    )


def _intents(
    data: Dataset, window: tuple[int, bool], by: str, price: int | None, where: str, level: float
) -> tuple[Intent, ...]:
    asked = [CLAIM_FOLLOWABLE[window[1]], CLAIM_RETURNED[window], PEOPLE_RETURNED[window]]
    known, failed, people = (
        {each.group[0][1]: each for each in found if each.n}
        for found in estimate(asked, data, by=[by], where=where, level=level)
    )
    made = []
    for name, claim in known.items():
        seen = failed.get(name)
        bill = _overbilled(price, claim.n, claim.value, seen) if price is not None and seen else None
        made.append(Intent(name=name, claims=claim.n, failed=seen, people=people.get(name), overbilled=bill))
    return tuple(sorted(made, key=lambda each: (-each.claims, str(each.name))))


def _finding(
    data: Dataset,
    claims: int,
    known: int,
    window: Window,
    excess: Matched | None,
    doubt: Links | None,
    matters: float,
    level: float,
) -> Finding[Difference | Effect]:
    nothing = math.nan
    effect = Effect(
        label=Label(
            "came back, over and above like contacts of people", "terug, boven vergelijkbare contacten van medewerkers"
        ),
        unit=Unit.SHARE,
        value=excess.value if excess else nothing,
        low=excess.low if excess else nothing,
        high=excess.high if excess else nothing,
        level=level,
        n=excess.n if excess else 0,
    )
    checks = checks_of(claims, known, window, excess)
    if doubt is not None:
        checks += (who_is_who(doubt, effect, matters),)
    sound = all(each.passed for each in checks)
    verdict: Verdict = "unclear"
    if sound and effect.high < matters:
        verdict = "no"
    elif sound and effect.low > 0:
        verdict = "yes"
    return Finding(
        study="automation_failure",
        question=Label(
            "Does more come back of what the bot calls resolved than of what people dealt with?",
            "Komt er meer terug van wat de bot opgelost noemt dan van wat medewerkers afhandelden?",
        ),
        verdict=verdict,
        says=told(verdict),
        effect=effect,
        checks=checks,
        assumptions=taken_for_granted(claims, known, window),
        settles=settling(checks, effect) if verdict == "unclear" else None,
        run=data.run,
    )

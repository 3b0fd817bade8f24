"""Who asks for a person, gets one? The share that reaches one and how long it takes, by channel and hour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from peil.dataset import Dataset
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.difference import Difference
from peil.estimates.estimate import Estimate, estimate
from peil.estimates.lasting import Bounded, Lasting, TimeTo
from peil.estimates.survival import survival
from peil.measures.measure import Measure
from peil.measures.reach import AFTER, ASKED, LEFT, OVER, REACHED, reached_within
from peil.methods.incidence import Incidence
from peil.studies.finding import Check, Effect, Finding, Verdict
from peil.terms import Better, Label, Unit

FEWEST_PERSONS = 30
MOST_OPEN = 0.05
FEWEST_IN_CELL = 30
TO_HUMAN = TimeTo(
    name="to_human",
    label=Label("Until a person has the customer", "Tot een medewerker de klant heeft"),
    where=ASKED,
    after=AFTER,
    event="answered",
    others=(("gave_up", LEFT), ("sent_away", f"{OVER} and not ({LEFT})")),
)
_TOLD = Measure(
    name="asking_told",
    label=Label("Asked a bot for a person", "Vroeg een bot om een medewerker"),
    unit=Unit.SHARE,
    better=Better.NEITHER,
    where="not ignored and direction = 'inbound' and with_bot",
    of="case when asked_human_at is not null then 1 else 0 end",
    standard="Contacts with a bot or menu whose source tells when a person was asked for.",
)
_OPEN = Measure(
    name="asking_open",
    label=Label("Asked for a person, not over yet", "Vroeg om een medewerker, loopt nog"),
    unit=Unit.SHARE,
    better=Better.NEITHER,
    where=ASKED,
    of=f"case when answered or ({OVER}) then 0 else 1 end",
    standard="Contacts that were still open when they were exported.",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Way:
    """One channel, or all together.

    Parameters:
        channel: as the data call it; None for all.
        reached: the share that reached a person.
        ends: share that reached a person, gave up, or was sent away, by each second since asking.
        median: seconds that half would need if nobody gave up; nan where it is not known.
    """

    channel: str | None
    reached: Estimate
    ends: Incidence
    median: Bounded

    def within(self, seconds: float, *, level: float = 0.95) -> Bounded:
        """Return the share of those who asked that reached a person within so many seconds."""
        share, se = self.ends.at([min(seconds, float(self.ends.time[-1]))])
        reach = _reach(level) * float(se[0, 0])
        value = float(share[0, 0])
        return Bounded(value=value, low=max(value - reach, 0.0), high=min(value + reach, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """One hour of the day in one channel.

    Parameters:
        channel: as the data call it.
        hour: 0 to 23, local.
        reached: the share that reached a person.
        median: seconds that half would need if nobody gave up; nan where it is not known.
    """

    channel: str
    hour: int
    reached: Estimate
    median: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanReachability:
    """What the study finds.

    Parameters:
        finding: verdict, share that reached a person less what was promised, checks.
        whole: all channels together.
        ways: each channel, most asked first.
        hours: each channel and hour with enough contacts.
        promised: the share that ought to reach a person.
        within_s: within how many seconds; None for however long it takes.
    """

    finding: Finding[Difference | Effect]
    whole: Way
    ways: tuple[Way, ...]
    hours: tuple[Hour, ...]
    promised: float
    within_s: float | None


def human_reachability(
    data: Dataset,
    *,
    promised: float = 0.9,
    within_s: float | None = None,
    where: str = "true",
    level: float = 0.95,
) -> HumanReachability:
    """Say whether customers who ask for a person reach one as often as was promised.

    Asking ends in a person, in giving up, or in being sent away (a full queue, an error, an unanswered message); who does
    one can not do the others any more, so the shares are cumulative incidences. The median is of another kind: what half
    would need if nobody gave up, giving up taken for the end of watching.

    Parameters:
        data: the tables.
        promised: the share that ought to reach a person.
        within_s: within how many seconds; however long it takes, if left out.
        where: row-level SQL that chooses contacts.
        level: of the intervals.

    Returns:
        ``yes`` where the whole interval lies above what was promised and every check passes, ``no`` where it lies below,
        else ``unclear``.

    Raises:
        DefinitionError: the promise is no share.
        EvidenceError: nobody asked for a person.

    Example:
        >>> from peil.made import made
        >>> found = human_reachability(made(), promised=0.8)
        >>> found.finding.verdict, found.whole.within(60).value < found.whole.reached.value
        ('yes', True)
    """
    if not 0 < promised < 1:
        raise DefinitionError(f"{promised:g} is no share that can be promised", remedy="choose one between 0 and 1")
    if within_s is not None and not within_s > 0:
        raise DefinitionError("a promise needs a time above nought", remedy="give seconds, or leave within_s out")
    told = {each.measure.name: each for found in estimate([REACHED, _TOLD, _OPEN], data, where=where, level=level)
            for each in found if each.n}  # fmt: skip
    if REACHED.name not in told:
        raise EvidenceError("nobody asked for a person in these contacts", remedy="widen the period or the filter")
    whole = _ways(data, (), where, level)[0]
    ways = _ways(data, ("channel",), where, level)
    reached = whole.reached
    if within_s is not None:
        reached = estimate(reached_within(within_s), data, where=where, level=level)[0].only()
    effect = Effect(
        label=Label("reached a person, less what was promised", "kreeg een medewerker, min wat beloofd is"),
        unit=Unit.SHARE,
        value=reached.value - promised,
        low=reached.low - promised,
        high=reached.high - promised,
        level=level,
        n=whole.reached.n,
    )
    return HumanReachability(
        finding=_finding(data, effect, _checks(told), promised, within_s),
        whole=whole,
        ways=tuple(sorted(ways, key=lambda each: -each.reached.n)),
        hours=_hours(data, where, level),
        promised=promised,
        within_s=within_s,
    )


def _reach(level: float) -> float:
    from scipy import special

    return float(special.ndtri((1 + level) / 2))


def _ways(data: Dataset, by: Sequence[str], where: str, level: float) -> tuple[Way, ...]:
    shares = {
        each.group: each for each in estimate([REACHED, _OPEN], data, by=by, where=where, level=level)[0] if each.n
    }
    curves = survival(data, TO_HUMAN, by=by, where=where, clustered=False, level=level).curves
    return tuple(
        Way(
            channel=str(each.group[0][1]) if by else None,
            reached=shares[each.group],
            ends=each.ends,
            median=each.quantile(),
        )
        for each in curves
        if each.ends is not None and each.group in shares
    )


def _hours(data: Dataset, where: str, level: float) -> tuple[Hour, ...]:
    by = ("channel", "hour")
    shares = estimate([REACHED, _OPEN], data, by=by, where=where, level=level)[0]
    curves: dict[object, Lasting] = {
        each.group: each for each in survival(data, TO_HUMAN, by=by, where=where, clustered=False, level=level).curves
    }
    made = [
        Hour(
            channel=str(each.group[0][1]),
            hour=int(str(each.group[1][1])),
            reached=each,
            median=curves[each.group].quantile().value if each.group in curves else math.nan,
        )
        for each in shares
        if each.n >= FEWEST_IN_CELL and each.group[1][1] is not None
    ]
    return tuple(sorted(made, key=lambda each: (each.channel, each.hour)))


def _checks(told: dict[str, Estimate]) -> tuple[Check, ...]:
    reached, asked, still = told[REACHED.name], told.get(_TOLD.name), told.get(_OPEN.name)
    silent = asked is not None and asked.value == 0
    share_open = still.value if still else 0.0
    bots = asked.n if asked else 0
    return (
        Check(
            name="enough_persons",
            passed=reached.clusters >= FEWEST_PERSONS,
            says=Label(
                f"{reached.clusters:,} persons asked for somebody; {FEWEST_PERSONS} are asked for.",
                f"{_nl(reached.clusters)} klanten vroegen om iemand; {FEWEST_PERSONS} zijn nodig.",
            ),
        ),
        Check(
            name="asking_is_told",
            passed=not silent,
            says=Label(
                f"Of {bots:,} contacts with a bot no source tells who asked for a person: those who asked in vain are not seen."
                if silent
                else "Where bots had a part, the source tells who asked for a person.",
                f"Van {_nl(bots)} contacten met een bot vertelt geen bron wie om een medewerker vroeg: wie dat vergeefs deed, blijft buiten beeld."
                if silent
                else "Waar een bot meedeed, vertelt de bron wie om een medewerker vroeg.",
            ),
        ),
        Check(
            name="few_open",
            passed=share_open <= MOST_OPEN,
            says=Label(
                f"{share_open:.0%} of those who asked were still waiting at the export; at most {MOST_OPEN:.0%} is asked for.",
                f"{share_open:.0%} van wie erom vroeg wachtte nog bij de export; hoogstens {MOST_OPEN:.0%} mag.",
            ),
        ),
    )


def _nl(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _finding(
    data: Dataset, effect: Effect, checks: tuple[Check, ...], promised: float, within_s: float | None
) -> Finding[Difference | Effect]:
    sound = all(each.passed for each in checks)
    verdict: Verdict = "yes" if sound and effect.low > 0 else "no" if sound and effect.high < 0 else "unclear"
    en = f"{promised:.0%}" + ("" if within_s is None else f" within {within_s:g} seconds")
    nl = f"{promised:.0%}" + ("" if within_s is None else f" binnen {within_s:g} seconden")
    return Finding(
        study="human_reachability",
        question=Label(
            f"Do customers who ask for a person reach one as often as promised ({en})?",
            f"Krijgen klanten die om een medewerker vragen er zo vaak een als beloofd ({nl})?",
        ),
        verdict=verdict,
        says={
            "yes": Label(
                f"Customers who ask for a person reach one more often than promised ({en})",
                f"Klanten die om een medewerker vragen krijgen er vaker een dan beloofd ({nl})",
            ),
            "no": Label(
                f"Customers who ask for a person reach one less often than promised ({en})",
                f"Klanten die om een medewerker vragen krijgen er minder vaak een dan beloofd ({nl})",
            ),
            "unclear": Label(
                f"Not shown whether the promise is kept: a person for {en} of those who ask",
                f"Niet aangetoond of de belofte wordt gehaald: een medewerker voor {nl} van wie erom vraagt",
            ),
        }[verdict],
        effect=effect,
        checks=checks,
        assumptions=(
            Label(
                "The median supposes that those who gave up would have waited like the others: who is told of a long wait leaves first, so it is a floor.",
                "De mediaan neemt aan dat wie afhaakte even lang had gewacht als de anderen: wie een lange wacht hoort gaat eerst, dus het is een ondergrens.",
            ),
            Label(
                "Who wanted a person and never asked, or found no way to ask, is not seen.",
                "Wie een medewerker wilde en er niet om vroeg, of nergens kon vragen, blijft buiten beeld.",
            ),
        ),
        settles=_settles(checks, effect) if verdict == "unclear" else None,
        run=data.run,
    )


def _settles(checks: Sequence[Check], effect: Effect) -> Label:
    failed = {each.name for each in checks if not each.passed}
    if "asking_is_told" in failed:
        return Label(
            "Let the bot record when a customer asks for a person, granted or not.",
            "Laat de bot vastleggen wanneer een klant om een medewerker vraagt, ook als dat niet lukt.",
        )
    if "few_open" in failed:
        return Label(
            "A later export, when these contacts are over.", "Een latere export, als deze contacten klaar zijn."
        )
    times = ((effect.high - effect.low) / 2 / effect.value) ** 2 if effect.value else np.inf
    if not np.isfinite(times) or times < 2:  # noqa: PLR2004  # less than twice as many is just 'more'
        return Label("More contacts that asked for a person.", "Meer contacten waarin om een medewerker is gevraagd.")
    return Label(
        f"About {times:.0f} times as many contacts, if the share is what it seems.",
        f"Ongeveer {times:.0f} keer zoveel contacten, als het aandeel is wat het lijkt.",
    )

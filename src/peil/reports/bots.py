"""The chapter on bots: what "resolved" is worth, under every definition and per intent, and whether a person can be reached."""

from __future__ import annotations

from collections.abc import Sequence

from peil.errors import EvidenceError
from peil.estimates.difference import Side, difference
from peil.estimates.estimate import Estimate
from peil.measures.claims import CLAIM_RETURNED, PEOPLE_RETURNED
from peil.measures.measure import POPULATIONS
from peil.reports import dots, labels, notes, numbers
from peil.reports.asked import Asked
from peil.reports.conditions import condition
from peil.reports.figures import Figure
from peil.reports.gaps import Pair, dumbbells
from peil.reports.reaching import reach_figure
from peil.reports.rows import Row, row, table_of
from peil.reports.tables import Cell, Table, figures, words
from peil.reports.theme import WIDE
from peil.reports.topic import Topic
from peil.studies.automation_failure import AutomationFailure, Intent, automation_failure
from peil.studies.human_reachability import HumanReachability, human_reachability
from peil.terms import Unit

MOST_INTENTS = 8


def bots_topic(asked: Asked, *, price_cents: int | None = None, promised: float = 0.9) -> Topic | None:
    """Return the chapter on bots; None where no bot had a part in anything.

    Parameters:
        asked: what every figure shares.
        price_cents: what one resolution is billed at.
        promised: the share of those who ask for a person that ought to reach one.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import CATALOGUE
        >>> asked = Asked(data=made(), catalogue=CATALOGUE, language="nl", minimum_n=10, level=0.95)
        >>> topic = bots_topic(asked, price_cents=99)
        >>> topic.title, [each.key for each in topic.figures]
        ('Bots en bereikbaarheid', ['containment', 'intents', 'reach'])
    """
    try:
        audit = automation_failure(asked.data, price_cents=price_cents, level=asked.level)
    except EvidenceError:
        return None
    try:
        reached: HumanReachability | None = human_reachability(asked.data, promised=promised, level=asked.level)
    except EvidenceError:
        reached = None
    drawn = [containment_figure(asked, audit, "containment"), intents_figure(asked, audit, "intents")]
    if reached is not None and reached.whole.reached.n >= asked.minimum_n:
        drawn.append(reach_figure(asked, reached, "reach"))
    return Topic(
        key="bots",
        title=asked.say("Bots and reaching a person", "Bots en bereikbaarheid"),
        facts=tuple(facts(asked, audit)),
        figures=tuple(each for each in drawn if each),
        tables=(windows_table(asked, audit), intents_table(asked, audit)),
        findings=((audit.finding, ()), *(((reached.finding, ()),) if reached else ())),
    )


def facts(asked: Asked, audit: AutomationFailure) -> list[str]:
    """Return what is to be known of an audit, a sentence each.

    Parameters:
        asked: what every figure shares.
        audit: what the study found.
    """
    claims, unknown = asked.count(audit.claims), asked.count(audit.claims - audit.known)
    told = [
        asked.say(
            f"The bot or its vendor calls {claims} contacts resolved; {unknown} of them cannot be followed and are counted apart.",
            f"De bot of de leverancier noemt {claims} contacten opgelost; {unknown} daarvan zijn niet te volgen en apart geteld.",
        )
    ]
    bill = audit.overbilled
    if bill is not None:
        money = [_euros(asked, each) for each in (bill.billed, bill.value, bill.low, bill.high, bill.seen)]
        told.append(
            asked.say(
                f"Billed {money[0]}, of which about {money[1]} ({money[2]} to {money[3]}) for contacts that came back within "
                f"{audit.days} days; {money[4]} of it was seen.",
                f"In rekening gebracht: {money[0]}, waarvan ongeveer {money[1]} ({money[2]} tot {money[3]}) voor contacten die "
                f"binnen {audit.days} dagen terugkwamen; {money[4]} daarvan is gezien.",
            )
        )
    if bill is not None and audit.excess is not None:
        money = [_euros(asked, each) for each in (bill.excess, bill.excess_low, bill.excess_high)]
        told.append(
            asked.say(
                f"Over and above people's rate that is {money[0]} ({money[1]} to {money[2]}).",
                f"Boven wat na medewerkers terugkomt is dat {money[0]} ({money[1]} tot {money[2]}).",
            )
        )
    return told


def containment_figure(asked: Asked, audit: AutomationFailure, key: str) -> Figure | None:
    """Return the same contacts under every definition of containment; None where fewer than two have enough rows.

    Parameters:
        asked: what every figure shares.
        audit: what the study found.
        key: tells it from the other figures.
    """
    kept = sorted((each for each in audit.containment if each.n >= asked.minimum_n), key=lambda each: each.value)
    if len(kept) < 2:  # noqa: PLR2004  # nothing to set side by side
        return None
    rows = [_estimated(each.measure.label.read(asked.language), each) for each in kept]
    low, high = (numbers.value_text(each.value, Unit.SHARE, asked.language) for each in (kept[0], kept[-1]))
    title = asked.say(
        f"The same bot contained {low} to {high}, by definition",
        f"Dezelfde bot hield {low} tot {high} vast, naar definitie",
    )
    return Figure(
        key=key,
        title=title,
        subtitle=asked.say(
            f"Share of contacts with a bot, {len(rows)} definitions.",
            f"Aandeel van contacten met een bot, {len(rows)} definities.",
        ),
        note=(
            asked.say(
                "No norm exists; each definition stands under Definitions.",
                "Er is geen norm; elke definitie staat onder Definities.",
            ),
            notes.as_sentence(labels.method(kept[0].method, asked.language)),
        ),
        measures=tuple(each.measure for each in kept),
        spec_wide=dots.above(rows, Unit.SHARE, asked.language, colour="customers", shape="circle", width=WIDE),
        spec_narrow=dots.above(rows, Unit.SHARE, asked.language, colour="customers", shape="circle"),
        table=table_of(
            rows,
            Unit.SHARE,
            asked.language,
            caption=title,
            head=asked.say("definition", "definitie"),
            file="containment.csv",
        ),
    )


def _estimated(name: str, each: Estimate) -> Row:
    return row(name, each, n=each.n, clusters=each.clusters)


def intents_figure(asked: Asked, audit: AutomationFailure, key: str) -> Figure | None:
    """Return per intent how much came back after the bot and after people; None where no intent has enough of both.

    Parameters:
        asked: what every figure shares.
        audit: what the study found.
        key: tells it from the other figures.
    """
    window, schema = (audit.days, audit.same_reason), POPULATIONS["contacts"]
    pairs: list[Pair] = []
    for each in audit.intents:
        enough = min(one.n if one else 0 for one in (each.failed, each.people)) >= asked.minimum_n
        if each.name is None or not enough or len(pairs) == MOST_INTENTS:
            continue
        here = condition(audit.by, str(each.name), schema)
        sides = Side(measure=PEOPLE_RETURNED[window], where=here), Side(measure=CLAIM_RETURNED[window], where=here)
        pairs.append(Pair(name=_intent(asked, audit, each), found=difference(asked.data, *sides, level=asked.level)))
    if not pairs:
        return None
    pairs.sort(key=lambda each: -each.found.value)
    title = asked.say(
        f"What came back within {audit.days} days, after the bot and after people",
        f"Wat binnen {audit.days} dagen terugkwam, na de bot en na medewerkers",
    )
    sides_told = (asked.say("after people", "na medewerkers"), asked.say("bot said resolved", "bot: opgelost"))
    specs = [dumbbells(pairs, Unit.SHARE, asked.language, sides=sides_told, narrow=narrow) for narrow in (False, True)]
    rows = [
        row
        for pair in pairs
        for row in (
            _estimated(f"{pair.name}, {sides_told[1]}", pair.found.second),
            _estimated(f"{pair.name}, {sides_told[0]}", pair.found.first),
        )
    ]
    return Figure(
        key=key,
        title=title,
        subtitle=asked.say(
            "Share of contacts, the intents with most claims.",
            "Aandeel van de contacten, de intenties met de meeste claims.",
        ),
        note=(
            asked.say(
                "Only contacts of a known person whose whole window is in the data.",
                "Alleen contacten van een bekende klant met het hele venster in de gegevens.",
            ),
        ),
        measures=(CLAIM_RETURNED[window], PEOPLE_RETURNED[window]),
        spec_wide=specs[0],
        spec_narrow=specs[1],
        table=table_of(
            rows, Unit.SHARE, asked.language, caption=title, head=asked.say("intent", "intentie"), file="intents.csv"
        ),
    )


def _intent(asked: Asked, audit: AutomationFailure, each: Intent) -> str:
    if each.name is None:
        return asked.say("none logged", "niet vastgelegd")
    return labels.group(audit.by, each.name, asked.language)


def windows_table(asked: Asked, audit: AutomationFailure) -> Table:
    """Return what came back within each window, after the bot and after people, and the bounds over all claims.

    Parameters:
        asked: what every figure shares.
        audit: what the study found.
    """
    head = (
        asked.say("came back within", "terug binnen"),
        *_share_heads(asked),
        asked.say("people", "medewerkers"),
        asked.say("all claims, at least", "alle claims, minstens"),
        asked.say("at most", "hoogstens"),
        "n",
    )
    rows: list[tuple[Cell, ...]] = []
    for each in audit.windows:
        days = asked.say(f"{each.days} d", f"{each.days} d")
        name = f"{days}, " + (
            asked.say("same reason", "zelfde reden") if each.same_reason else asked.say("any reason", "elke reden")
        )
        rows.append(
            (
                words(name),
                *_shares(asked, each.failed),
                _share(asked, each.people.value if each.people else None),
                _share(asked, each.low),
                _share(asked, each.high),
                figures(asked.count(each.failed.n), each.failed.n) if each.failed else words(""),
            )
        )
    return Table(
        caption=asked.say(
            "What the bot called resolved, and came back", "Door de bot opgelost genoemd, en teruggekomen"
        ),
        head=head,
        names=("window", "share", "low", "high", "people", "least", "most", "n"),
        rows=tuple(rows),
        file="bot-audit-windows.csv",
    )


def intents_table(asked: Asked, audit: AutomationFailure) -> Table:
    """Return per intent what came back and, where a price is known, what was billed for it.

    Parameters:
        asked: what every figure shares.
        audit: what the study found.
    """
    priced = audit.overbilled is not None
    money = (
        asked.say("billed", "in rekening"),
        asked.say("came back", "teruggekomen"),
        asked.say("low", "laag"),
        asked.say("high", "hoog"),
    )
    head = (
        asked.say("intent", "intentie"),
        asked.say("claims", "claims"),
        *_share_heads(asked),
        asked.say("people", "medewerkers"),
        *(money if priced else ()),
    )
    rows: list[tuple[Cell, ...]] = []
    for each in audit.intents:
        if each.claims < asked.minimum_n:
            continue
        bill = each.overbilled
        cents: Sequence[float | None] = (bill.billed, bill.value, bill.low, bill.high) if bill else (None,) * 4
        rows.append(
            (
                words(_intent(asked, audit, each)),
                figures(asked.count(each.claims), each.claims),
                *_shares(asked, each.failed),
                _share(asked, each.people.value if each.people else None),
                *(
                    (words("") if one is None else figures(_euros(asked, one), one / 100) for one in cents)
                    if priced
                    else ()
                ),
            )
        )
    return Table(
        caption=asked.say(
            f"Claims and what came back within {audit.days} days, per intent",
            f"Claims en wat binnen {audit.days} dagen terugkwam, per intentie",
        ),
        head=head,
        names=(
            "intent",
            "claims",
            "share",
            "low",
            "high",
            "people",
            *(("billed", "back", "back_low", "back_high") if priced else ()),
        ),
        rows=tuple(rows),
        file="bot-audit-intents.csv",
    )


def _share_heads(asked: Asked) -> tuple[str, str, str]:
    return asked.say("share", "aandeel"), asked.say("low", "laag"), asked.say("high", "hoog")


def _shares(asked: Asked, each: Estimate | None) -> tuple[Cell, ...]:
    return tuple(_share(asked, one) for one in ((each.value, each.low, each.high) if each else (None,) * 3))


def _share(asked: Asked, value: float | None) -> Cell:
    return words("") if value is None else figures(numbers.value_text(value, Unit.SHARE, asked.language), value)


def _euros(asked: Asked, cents: float) -> str:
    return numbers.value_text(cents / 100, Unit.EUROS, asked.language, digits=2)

"""The chapter on time: how long customers are willing to wait, and what a minute of waiting does to what they say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from peil.errors import DefinitionError, EvidenceError
from peil.estimates.patience import SHOWN, Patience, Patiences, patience
from peil.estimates.waiting_slopes import Waited
from peil.measures.catalogue import measure_named
from peil.measures.measure import Measure
from peil.reports import numbers
from peil.reports.asked import Asked
from peil.reports.dates import day
from peil.reports.figures import Figure
from peil.reports.steps import MOST_LINES, Mark, Steps, falling
from peil.reports.tables import Cell, Table, figures, words
from peil.reports.topic import Topic
from peil.reports.waits import by_wait
from peil.reports.wording import UNITS
from peil.studies.time_as_currency import FEWEST_PERSONS, NETHERLANDS_CLOSED_ON, TimeAsCurrency, time_as_currency
from peil.studies.trend.words import chance
from peil.terms import Label, Unit

# Curves of fewer who left say little.
_FEWEST_GONE = 10
# What is asked of waiting, the first of them that the answers can carry.
_ASKED = ("csat_mean", "ces_2_mean", "ces_speed_1", "csat_top2", "nps")
_BEFORE, _SINCE = Label("before", "ervoor"), Label("since", "sindsdien")
_HEADS = {
    "second": Label("after", "na"),
    "share": Label("still willing to wait", "nog bereid te wachten"),
    "low": Label("low", "laag"),
    "high": Label("high", "hoog"),
    "n": Label("n", "n"),
    "hazard": Label("leave per minute, of those still there", "haken per minuut af, van wie er nog is"),
}


def time_topic(
    asked: Asked, *, changed_on: date = NETHERLANDS_CLOSED_ON, where: str = "channel = 'call'"
) -> Topic | None:
    """Return the chapter on time; what the data cannot carry is left out, and None is left of nothing.

    Parameters:
        asked: what every figure shares.
        changed_on: first day that counts as since.
        where: row-level SQL that chooses contacts.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import CATALOGUE
        >>> asked = Asked(data=made(), catalogue=CATALOGUE, language="nl", minimum_n=10, level=0.95)
        >>> topic = time_topic(asked)
        >>> topic.title, [each.key for each in topic.figures]
        ('Tijd en geduld', ['patience', 'waiting'])
    """
    made: list[Figure] = []
    facts: tuple[str, ...] = ()
    try:
        whole = patience(asked.data, where=where, level=asked.level)
    except EvidenceError:
        whole = None
    if whole and whole.groups[0].curve.n >= asked.minimum_n and whole.groups[0].abandoned >= _FEWEST_GONE:
        made.append(patience_figure(asked, whole, "patience"))
        facts = _facts(asked, whole.groups[0])
    try:
        found = _priced(asked, changed_on)
    except DefinitionError:
        found = None
        facts = (
            *facts,
            asked.say(
                "What a minute of waiting costs is not told: the sample design of the answers has no place in it.",
                "Wat een minuut wachten kost staat er niet: de steekproefopzet van de antwoorden past er niet in.",
            ),
        )
    if found is not None:
        made.append(waiting_figure(asked, found, "waiting"))
    if not made:
        return None
    return Topic(
        key="time",
        title=asked.say("Time and patience", "Tijd en geduld"),
        facts=facts,
        figures=tuple(made),
        findings=((found.finding, tuple(_priced_facts(asked, found))),) if found else (),
    )


def _priced(asked: Asked, changed_on: date) -> TimeAsCurrency | None:
    for name in _ASKED:
        if name in asked.catalogue:
            try:
                found = time_as_currency(
                    asked.data, measure_named(name, asked.catalogue), changed_on=changed_on, level=asked.level
                )
            except EvidenceError:
                continue
            if min(found.slopes.before.persons, found.slopes.since.persons) >= max(FEWEST_PERSONS, asked.minimum_n):
                return found
    return None


def patience_figure(asked: Asked, found: Patiences, key: str) -> Figure:
    """Return the curve of those still willing to wait, with the two numbers that are taken for patience marked on it.

    Parameters:
        asked: what every figure shares.
        found: the patience of one group, or of up to four.
        key: tells it from the other figures on a page.

    Raises:
        EvidenceError: there are more groups than can be told apart.
    """
    if len(found.groups) > MOST_LINES:
        raise EvidenceError(
            f"{len(found.groups)} curves cannot be told apart in one figure", remedy=f"draw at most {MOST_LINES}"
        )
    language, first = asked.language, found.groups[0]
    alone = len(found.groups) == 1
    lines = [Steps(name="" if alone else _named(asked, each), lasting=each.lasting) for each in found.groups]
    until = max(*(each.lasting.until for each in found.groups), 1.0)
    marks = _marks(asked, first) if alone else []
    title = _title(asked, first)
    return Figure(
        key=key,
        title=title,
        subtitle=asked.say(
            "Share of customers still willing to wait, by how long they have waited; everybody who waited at all.",
            "Deel van de klanten dat nog wil wachten, naar hoe lang er al gewacht is; iedereen die moest wachten.",
        ),
        note=tuple(_notes(asked, found)),
        measures=(asked.catalogue["abandonment_waited"],) if "abandonment_waited" in asked.catalogue else (),
        spec_wide=falling(lines, marks, until, language, narrow=False),
        spec_narrow=falling(lines, marks, until, language, narrow=True),
        table=_table(asked, found.groups, caption=title),
    )


def _named(asked: Asked, each: Patience) -> str:
    told = []
    for by, value in each.group:
        if by == "since":
            told.append((_SINCE if value else _BEFORE).read(asked.language))
        else:
            told.append(numbers.group_text(by, value, asked.language))
    return " · ".join(told)


def _seconds(asked: Asked, value: float) -> str:
    return numbers.value_text(value, Unit.SECONDS, asked.language, size=max(value, 100.0))


def _share(asked: Asked, value: float) -> str:
    return numbers.value_text(value, Unit.SHARE, asked.language)


def _title(asked: Asked, first: Patience) -> str:
    if math.isfinite(first.median.value):
        told = _seconds(asked, first.median.value)
        return asked.say(f"Half would give up after {told}", f"De helft zou na {told} afhaken")
    last = first.lasting.until
    share, told = _share(asked, float(first.curve.at([last])[0])), _seconds(asked, last)
    return asked.say(f"{share} would still wait after {told}", f"{share} zou na {told} nog wachten")


def _marks(asked: Asked, one: Patience) -> list[Mark]:
    naive, plain = _seconds(asked, one.naive), _seconds(asked, one.exponential.value)
    made = [
        Mark(
            seconds=one.naive,
            told=asked.say(f"{naive}: mean wait of those who left", f"{naive}: gemiddelde wachttijd van afhakers"),
        ),
        Mark(
            seconds=one.exponential.value,
            told=asked.say(f"{plain}: all waiting over those who left", f"{plain}: al het wachten per afhaker"),
        ),
    ]
    if math.isfinite(one.median.value):
        half = _seconds(asked, one.median.value)
        made.append(Mark(seconds=one.median.value, told=asked.say(f"{half}: median", f"{half}: mediaan")))
    return made


def _facts(asked: Asked, one: Patience) -> tuple[str, ...]:
    mean, until = one.lasting.mean, one.lasting.until
    told, cut = _seconds(asked, mean.value), _seconds(asked, until)
    ends = numbers.interval_text(mean.low, mean.high, Unit.SECONDS, asked.language, size=max(mean.value, 100.0))
    naive, plain = _seconds(asked, one.naive), _seconds(asked, one.exponential.value)
    return (
        asked.say(
            f"Of the first {cut}, customers are willing to wait {told} on average {ends}.",
            f"Van de eerste {cut} willen klanten gemiddeld {told} wachten {ends}.",
        ),
        asked.say(
            f"The mean wait of those who left, {naive}, is no patience: it is of the impatient only, and ends where somebody "
            "answers.",
            f"De gemiddelde wachttijd van afhakers, {naive}, is geen geduld: die gaat alleen over ongeduldigen, en houdt op waar "
            "iemand opneemt.",
        ),
        asked.say(
            f"All waiting over those who left, {plain}, is patience only if nobody grows more or less patient while waiting.",
            f"Al het wachten per afhaker, {plain}, is alleen geduld als niemand tijdens het wachten meer of minder geduld krijgt.",
        ),
    )


def _notes(asked: Asked, found: Patiences) -> list[str]:
    n, gone = sum(each.curve.n for each in found.groups), sum(each.abandoned for each in found.groups)
    persons = sum(each.lasting.clusters for each in found.groups)
    told = [
        asked.say(
            f"{asked.count(n)} contacts that waited, of {asked.count(persons)} independent persons; {asked.count(gone)} left. Who "
            "was answered or called back is known to be patient for at least as long as that took.",
            f"{asked.count(n)} contacten die wachtten, van {asked.count(persons)} onafhankelijke personen; {asked.count(gone)} haakten "
            "af. Van wie geholpen of teruggebeld is, is bekend dat het geduld minstens zo lang was.",
        ),
        asked.say(
            f"{found.method}; band at {numbers.number(found.level * 100, 'en')} in 100.",
            f"Kaplan-Meier in hele seconden, contacten van één persoon bij elkaar; band van {numbers.number(found.level * 100, 'nl')} op 100.",
        ),
    ]
    if found.test is not None:
        p = chance(found.test.p)
        told.append(
            asked.say(
                f"Whether the curves are one (log-rank test): p = {p.en}.",
                f"Of de krommen één zijn (lograngtoets): p = {p.nl}.",
            )
        )
    return told


def _table(asked: Asked, groups: Sequence[Patience], *, caption: str) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for each in groups:
        for second in SHOWN:
            share = each.lasting.share(second)
            at = int(((each.curve.events + each.curve.censored) * (each.curve.time >= second)).sum())
            if not math.isfinite(share.value) or at < asked.minimum_n:
                continue
            name = " · ".join(part for part in (_named(asked, each), _seconds(asked, second)) if part)
            values = [figures(_share(asked, one), one) for one in (share.value, share.low, share.high)]
            rows.append((words(name), *values, figures(asked.count(at), at)))
    head = tuple(_HEADS[name].read(asked.language) for name in ("second", "share", "low", "high", "n"))
    return Table(
        caption=caption, head=head, names=("after", "share", "low", "high", "n"), rows=tuple(rows), file="patience.csv"
    )


def waiting_figure(asked: Asked, found: TimeAsCurrency, key: str) -> Figure:
    """Return what customers say by how long they waited, before and since the day.

    Parameters:
        asked: what every figure shares.
        found: what the study finds.
        key: tells it from the other figures on a page.
    """
    language, unit = asked.language, found.measure.unit
    shown = [each for each in found.slopes.waited if each.n >= asked.minimum_n]
    names = (_BEFORE.read(language), _SINCE.read(language))
    title = found.finding.says.read(language)
    name, on = found.measure.label.read(language), day(found.split_on, language)
    drawn = [by_wait(shown or found.slopes.waited, unit, names, language, narrow=narrow) for narrow in (False, True)]
    return Figure(
        key=key,
        title=title,
        subtitle=asked.say(
            f"{name} ({UNITS[unit].en}) by waiting, before and since {on}.",
            f"{name} ({UNITS[unit].nl}) naar wachttijd, vóór en sinds {on}.",
        ),
        note=tuple(_priced_notes(asked, found)),
        measures=(found.measure,),
        spec_wide=drawn[0],
        spec_narrow=drawn[1],
        table=_waited_table(asked, shown, found.measure, caption=title),
    )


def _priced_facts(asked: Asked, found: TimeAsCurrency) -> list[str]:
    unit, language, slopes = found.measure.unit, asked.language, found.slopes
    told = []
    for side, en, nl in ((slopes.before, "before", "ervoor"), (slopes.since, "since", "sindsdien")):
        value = numbers.value_text(side.slope.value, unit, language, difference=True)
        ends = numbers.interval_text(side.slope.low, side.slope.high, unit, language, difference=True)
        wait = _seconds(asked, side.wait)
        told.append(
            asked.say(
                f"A minute more of waiting, {en}: {value} {ends}; n = {asked.count(side.n)}, mean wait {wait}.",
                f"Een minuut langer wachten, {nl}: {value} {ends}; n = {asked.count(side.n)}, gemiddeld {wait} gewacht.",
            )
        )
    if slopes.alike is not None:
        p = chance(slopes.alike[2])
        told.append(
            asked.say(
                f"Whether all {len(slopes.periods)} periods have one price: p = {p.en}.",
                f"Of alle {len(slopes.periods)} perioden één prijs hebben: p = {p.nl}.",
            )
        )
    return told


def _priced_notes(asked: Asked, found: TimeAsCurrency) -> list[str]:
    told = _priced_facts(asked, found)
    told.append(
        asked.say(
            "Points stand at the mean wait of their group; slopes are taken within channel and period, persons kept together.",
            "Punten staan op de gemiddelde wachttijd van hun groep; hellingen zijn per kanaal en periode, personen bij elkaar.",
        )
    )
    return told


def _waited_table(asked: Asked, shown: Sequence[Waited], measure: Measure, *, caption: str) -> Table:
    unit, language = measure.unit, asked.language
    rows: list[tuple[Cell, ...]] = []
    for each in shown:
        side = (_SINCE if each.since else _BEFORE).read(language)
        until = f"–{each.until} s" if each.until else " s +"  # from one second to another
        values = [
            figures(numbers.value_text(one, unit, language), one)
            for one in (each.mean.value, each.mean.low, each.mean.high)
        ]
        rows.append((words(f"{side}, {each.above}{until}"), *values, figures(asked.count(each.n), each.n)))
    head = (
        asked.say("waited", "gewacht"),
        asked.say("value", "waarde"),
        *(_HEADS[name].read(language) for name in ("low", "high", "n")),
    )
    return Table(
        caption=caption, head=head, names=("waited", "value", "low", "high", "n"), rows=tuple(rows),
        file=f"{measure.name}-by-wait.csv",
    )  # fmt: skip

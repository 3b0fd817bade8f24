"""The chapter of journeys: which way customers went, where they gave up, and what it took of their time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from peil.errors import EvidenceError
from peil.estimates.estimate import Estimate, Estimates, estimate
from peil.journeys.identification import identification
from peil.journeys.journey import BETWEEN
from peil.journeys.ledger import PARTS
from peil.journeys.paths import MOST_STEPS, Stage, Variant, drop_off, variants
from peil.journeys.rule import JourneyRule
from peil.measures.catalogue import measure_named
from peil.measures.measure import Measure
from peil.reports import numbers
from peil.reports.asked import Asked
from peil.reports.figures import Figure
from peil.reports.stacked import Bar, stacked
from peil.reports.tables import Cell, Table, figures, words
from peil.terms import CHANNEL_LABELS, Better, Label, Unit

_TIME = "customer_time"
# What is drawn together, so that four kinds of time can be told apart.
_DRAWN: tuple[tuple[Label, tuple[str, ...]], ...] = (
    (Label("talking and typing", "praten en typen"), ("talking_ms", "typing_ms")),
    (Label("queue, hold and transfer", "wachtrij, wachtstand en doorverbinden"), ("in_queue_ms", "on_hold_ms", "transferring_ms")),
    (Label("telling it again", "opnieuw vertellen"), ("repeating_ms",)),
    (Label("menus and bots", "keuzemenu's en bots"), ("in_menu_ms",)),
)  # fmt: skip
_MOST_BARS, _MOST_STAGES = 6, 6
_EVERY = Label("All journeys", "Alle klantreizen")


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyChapter:
    """What the report says of journeys.

    Parameters:
        title: its heading.
        facts: the rule, how many journeys there are, and whose contacts can be followed, a sentence each.
        figures: the customer's time.
        tables: paths, drop-off, and the ledger.
    """

    title: str
    facts: tuple[str, ...]
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]


def journey_chapter(asked: Asked, rule: JourneyRule, *, key: str = "journeys", top: int = 10) -> JourneyChapter | None:
    """Return the chapter of journeys; None where too few journeys are in the data from beginning to end.

    Parameters:
        asked: what every figure shares.
        rule: what made the journeys.
        key: tells its figure from the others on a page.
        top: how many paths are listed.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import CATALOGUE
        >>> asked = Asked(data=made(), catalogue=CATALOGUE, language="nl", minimum_n=10, level=0.95)
        >>> chapter = journey_chapter(asked, JourneyRule())
        >>> chapter.tables[0].rows[0][0].shown
        'Telefoon'
    """
    engine, table = asked.data.engine, asked.data.tables["journeys"]
    found = variants(engine, table, top=top)
    stages = drop_off(engine, table)
    if not stages or stages[0].reached < asked.minimum_n:
        return None
    known = identification(engine, asked.data.tables["contacts"])
    n, more = asked.count(stages[0].reached), asked.count(stages[0].went_on)
    facts = (
        asked.say(f"A journey: {rule.says.en}.", f"Een klantreis: {rule.says.nl}."),
        asked.say(
            f"{n} journeys lie in the data from beginning to end; {more} have more than one contact.",
            f"{n} klantreizen liggen van begin tot eind in de gegevens; {more} hebben meer dan één contact.",
        ),
        known.says.read(asked.language),
    )
    drawn = _figure(asked, rule, key)
    shown = [each for each in found if each.n >= asked.minimum_n]
    tables = (_paths(asked, shown), _stages(asked, stages), _ledger(asked))
    return JourneyChapter(
        title=asked.say("Journeys and the customer's time", "Klantreizen en de tijd van de klant"),
        facts=facts,
        figures=(drawn,) if drawn else (),
        tables=tuple(each for each in tables if each is not None and each.rows),
    )


def _share(name: str, where: str, of: str) -> Measure:
    return Measure(
        name=name, label=Label("share", "aandeel"), unit=Unit.SHARE, better=Better.NEITHER, population="journeys", where=where,
        of=f"case when {of} then 1 else 0 end", standard="counted for a table",
    )  # fmt: skip


def _only(asked: Asked, measures: Sequence[Measure]) -> list[Estimate]:
    if not measures:
        return []
    return [each.only() for each in estimate(measures, asked.data, level=asked.level)]


def _interval(asked: Asked, each: Estimate) -> tuple[Cell, Cell, Cell]:
    """The value with both ends, as three cells."""
    unit, language = each.measure.unit, asked.language
    return (
        figures(numbers.value_text(each.value, unit, language), each.value),
        figures(numbers.value_text(each.low, unit, language), each.low),
        figures(numbers.value_text(each.high, unit, language), each.high),
    )


def _paths(asked: Asked, found: Sequence[Variant]) -> Table:
    shares = _only(
        asked,
        [
            _share(
                f"path_{place}",
                "whole",
                f"path = {_code(each)} and n_contacts {'>' if each.more else '<='} {MOST_STEPS}",
            )
            for place, each in enumerate(found)
        ],
    )
    rows = []
    for each, share in zip(found, shares, strict=True):
        path = " → ".join(step.label.read(asked.language) for step in each.steps) + (" → …" if each.more else "")
        attended = each.attended_ms / each.timed / 60_000 if each.timed else math.nan
        rows.append(
            (
                words(path),
                figures(asked.count(each.n), each.n),
                figures(asked.count(each.persons), each.persons),
                *_interval(asked, share),
                figures(numbers.number(attended, asked.language, places=1), attended),
            )
        )
    return Table(
        caption=asked.say("The ways that most journeys took", "De wegen die de meeste klantreizen namen"),
        head=(
            asked.say("path", "weg"), asked.say("journeys", "klantreizen"), asked.say("persons", "personen"),
            asked.say("share", "aandeel"), asked.say("low", "laag"), asked.say("high", "hoog"),
            asked.say("customer's minutes", "minuten van de klant"),
        ),
        names=("path", "journeys", "persons", "share", "low", "high", "customer_minutes"),
        rows=tuple(rows), file="journey-paths.csv",
    )  # fmt: skip


def _code(variant: Variant) -> int:
    """The path as the journeys have it."""
    code = 0
    for place, step in enumerate(variant.steps):
        code += step.code << (5 * place)
    return code


def _stages(asked: Asked, stages: Sequence[Stage]) -> Table:
    shown = [each for each in stages[:_MOST_STAGES] if each.reached >= asked.minimum_n]
    shares = _only(
        asked,
        [
            _share(
                f"stage_{each.place}", f"whole and n_contacts >= {each.place}", f"gave_up and n_contacts = {each.place}"
            )
            for each in shown
        ],
    )
    rows = tuple(
        (
            words(asked.say(f"contact {each.place}", f"contact {each.place}")),
            figures(asked.count(each.reached), each.reached),
            figures(asked.count(each.went_on), each.went_on),
            figures(asked.count(each.gave_up), each.gave_up),
            *_interval(asked, share),
        )
        for each, share in zip(shown, shares, strict=True)
    )
    return Table(
        caption=asked.say("Where journeys end with the customer giving up", "Waar klanten de klantreis opgeven"),
        head=(
            asked.say("step", "stap"), asked.say("journeys that reach it", "klantreizen tot hier"),
            asked.say("go on", "gaan verder"), asked.say("gave up here", "hier opgegeven"),
            asked.say("share", "aandeel"), asked.say("low", "laag"), asked.say("high", "hoog"),
        ),
        names=("step", "reached", "went_on", "gave_up", "share", "low", "high"), rows=rows, file="journey-drop-off.csv",
    )  # fmt: skip


def _ledger(asked: Asked) -> Table | None:
    names = (*PARTS, *BETWEEN)
    try:
        found = _only(asked, [measure_named(f"journey_{each}".removesuffix("_ms"), asked.catalogue) for each in names])
    except EvidenceError:
        return None
    labels = {**PARTS, **BETWEEN}
    whole = sum(each.value for each in found)
    rows = []
    for name, each in zip(names, found, strict=True):
        if each.value == 0:  # a source that does not tell turns has none, and nobody looks for them
            continue
        share = each.value / whole if whole else math.nan
        rows.append(
            (
                words(labels[name].read(asked.language)),
                *_minutes(asked, each),
                figures(numbers.value_text(share, Unit.SHARE, asked.language), share),
                figures(asked.count(each.n), each.n),
            )
        )
    return Table(
        caption=asked.say(
            "Minutes of a journey, from its beginning to its end, each under one head",
            "Minuten van een klantreis, van begin tot eind, elk onder één kop",
        ),
        head=(
            asked.say("head", "kop"), asked.say("minutes", "minuten"), asked.say("low", "laag"), asked.say("high", "hoog"),
            asked.say("share of the journey", "deel van de klantreis"), asked.say("n", "n"),
        ),
        names=("head", "minutes", "low", "high", "share", "n"), rows=tuple(rows), file="customer-time.csv",
    )  # fmt: skip


def _minutes(asked: Asked, each: Estimate) -> tuple[Cell, Cell, Cell]:
    told = [figures(numbers.number(one, asked.language, places=1), one) for one in (each.value, each.low, each.high)]
    return (told[0], told[1], told[2])


def _figure(asked: Asked, rule: JourneyRule, key: str) -> Figure | None:
    time = measure_named(_TIME, asked.catalogue)
    heads = {
        name: measure_named(f"journey_{name}".removesuffix("_ms"), asked.catalogue)
        for _, held in _DRAWN
        for name in held
    }
    measures = [time, *heads.values()]
    try:
        whole = estimate(measures, asked.data, level=asked.level)
        parted = estimate(measures, asked.data, by=["channel"], level=asked.level)
    except EvidenceError:
        return None
    rows = [(_EVERY.read(asked.language), _of(whole, None))]
    groups = [dict(each.group) for each in parted[0]]
    for each in groups:
        channel = str(each["channel"])
        label = CHANNEL_LABELS[channel].read(asked.language)
        rows.append((asked.say(f"begun by {label.lower()}", f"begonnen via {label.lower()}"), _of(parted, channel)))
    rows = [(name, held) for name, held in rows if held[_TIME].n >= asked.minimum_n and held[_TIME].value > 0]
    if not rows:
        return None
    rows = [rows[0], *sorted(rows[1:], key=lambda one: -one[1][_TIME].value)[: _MOST_BARS - 1]]
    bars = [_bar(asked, name, held) for name, held in rows]
    first = rows[0][1][_TIME]
    minutes = numbers.value_text(first.value, Unit.MINUTES, asked.language)
    title = asked.say(f"A journey takes {minutes} of the customer's time", f"Een klantreis kost de klant {minutes}")
    names = [label.read(asked.language) for label, _ in _DRAWN]
    specs = [stacked(bars, names, Unit.MINUTES, asked.language, narrow=narrow) for narrow in (False, True)]
    return Figure(
        key=key,
        title=title,
        subtitle=asked.say(
            "Minutes in which the customer had to be there, mean per journey, by the channel it began in.",
            "Minuten waarin de klant erbij moest zijn, gemiddeld per klantreis, naar het kanaal waarin die begon.",
        ),
        note=(
            asked.say(f"A journey: {rule.says.en}.", f"Een klantreis: {rule.says.nl}."),
            asked.say(
                f"Telling it again counts {rule.retell_seconds} seconds of each conversation with somebody new: an assumption.",
                f"Opnieuw vertellen telt {rule.retell_seconds} seconden van elk gesprek met iemand anders: een aanname.",
            ),
            asked.say(
                "What customers take to write a mail or a message no source tells.",
                "Hoe lang klanten over een mail of bericht schrijven, vertelt geen bron.",
            ),
            asked.say(
                f"n = {asked.count(first.n)} journeys; journeys of one person are kept together.",
                f"n = {asked.count(first.n)} klantreizen; klantreizen van dezelfde persoon horen bij elkaar.",
            ),
        ),
        measures=(time,),
        spec_wide=specs[0],
        spec_narrow=specs[1],
        table=_drawn_table(asked, bars, rows, names),
    )


def _of(found: Sequence[Estimates], channel: str | None) -> Mapping[str, Estimate]:
    held = {}
    for each in found:
        one = each.only() if channel is None else next(row for row in each if dict(row.group)["channel"] == channel)
        held[each.measure.name] = one
    return held


def _bar(asked: Asked, name: str, held: Mapping[str, Estimate]) -> Bar:
    time = held[_TIME]
    parts = tuple(
        math.fsum(held[f"journey_{each}".removesuffix("_ms")].value for each in together) for _, together in _DRAWN
    )
    value = numbers.value_text(time.value, Unit.MINUTES, asked.language)
    return Bar(
        name=name,
        parts=parts,
        told=f"{value} {numbers.interval_text(time.low, time.high, Unit.MINUTES, asked.language, size=time.value)}",
    )


def _drawn_table(
    asked: Asked, bars: Sequence[Bar], rows: Sequence[tuple[str, Mapping[str, Estimate]]], names: Sequence[str]
) -> Table:
    lines: list[tuple[Cell, ...]] = []
    for bar, (_, held) in zip(bars, rows, strict=True):
        parts = [figures(numbers.number(each, asked.language, places=2), each) for each in bar.parts]
        lines.append(
            (words(bar.name), *parts, *_minutes(asked, held[_TIME]), figures(asked.count(held[_TIME].n), held[_TIME].n))
        )
    return Table(
        caption=asked.say("Customer's minutes per journey", "Minuten van de klant per klantreis"),
        head=(
            asked.say("journeys", "klantreizen"), *names, asked.say("together", "samen"), asked.say("low", "laag"),
            asked.say("high", "hoog"), "n",
        ),
        names=("journeys", "conversation", "waiting", "repeating", "menus", "minutes", "low", "high", "n"),
        rows=tuple(lines), file="customer-time-by-channel.csv",
    )  # fmt: skip

"""Who answers, of every contact, and what that may hide: shares by kind of contact, and bounds."""

from __future__ import annotations

from peil.estimates.frame import Rate
from peil.reports import labels, numbers
from peil.reports.asked import Asked
from peil.reports.figures import Figure
from peil.reports.headed import Line, under_headings
from peil.reports.tables import Cell, Table, figures, several, words
from peil.studies.nonresponse import NonResponse
from peil.terms import Label, Unit

KINDS = {
    "abandoned": Label("hung up", "opgehangen"),
    "bot helped": Label("bot helped", "bot hielp"),
    "bot did not help": Label("bot did not help", "bot hielp niet"),
    "bot, then agent": Label("bot, then agent", "bot, daarna medewerker"),
    "transferred": Label("put through", "doorverbonden"),
    "completed": Label("completed", "afgehandeld"),
    "timeout": Label("timed out", "verlopen"),
    "again within a week": Label("again within a week", "opnieuw binnen een week"),
    "first": Label("first", "eerste"),
    "no queue": Label("no queue", "geen wachtrij"),
}


def answering_figure(asked: Asked, found: NonResponse) -> Figure | None:
    """Return who answers: the response share of each kind of contact; None where too few were asked."""
    shown = [each for each in found.rates if each.asked >= asked.minimum_n]
    if not shown:
        return None
    lines = [
        Line(
            heading=each.fact.label.read(asked.language), name=_kind(each, asked),
            value=each.value, low=each.low, high=each.high,
            told=numbers.value_text(each.value, Unit.SHARE, asked.language),
            rest=numbers.interval_text(each.low, each.high, Unit.SHARE, asked.language),
        )
        for each in shown
    ]  # fmt: skip
    title = asked.say("Who answers, of every contact", "Wie antwoordt, van elk contact")
    contacts = sum(each.contacts for each in found.rates if each.fact.name == found.rates[0].fact.name)
    level = numbers.number(found.naive.level * 100, asked.language)
    return Figure(
        key="answering",
        title=title,
        finding=found.says.read(asked.language),
        subtitle=asked.say(
            f"Share of those asked who answered, by kind of contact. Bar: {level}% interval.",
            f"Aandeel van de gevraagden dat antwoordde, per soort contact. Balk: {level}%-interval.",
        ),
        note=(asked.say(f"n = {asked.count(contacts)} contacts. Kinds of which fewer than {asked.count(asked.minimum_n)} were asked are not shown.",
                        f"n = {asked.count(contacts)} contacten. Soorten waarvan er minder dan {asked.count(asked.minimum_n)} gevraagd zijn, zijn niet getoond."),),
        spec_wide=under_headings(lines, Unit.SHARE, asked.language, narrow=False, nought=True),
        spec_narrow=under_headings(lines, Unit.SHARE, asked.language, narrow=True, nought=True),
        table=_answering_table(asked, shown),
    )  # fmt: skip


def _kind(rate: Rate, asked: Asked) -> str:
    if rate.fact.name == "channel":
        return labels.group("channel", rate.kind, asked.language)
    known = KINDS.get(rate.kind)
    if known:
        return known.read(asked.language)
    dutch = rate.kind.replace(" to ", " tot ").replace("over ", "meer dan ")
    return dutch if asked.language == "nl" else rate.kind


def _answering_table(asked: Asked, shown: list[Rate]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            words(f"{each.fact.label.read(asked.language)}: {_kind(each, asked)}"),
            figures(asked.count(each.contacts), each.contacts),
            figures(asked.count(each.asked), each.asked),
            figures(asked.count(each.answered), each.answered),
            figures(numbers.value_text(each.value, Unit.SHARE, asked.language), each.value),
            several(
                numbers.interval_text(each.low, each.high, Unit.SHARE, asked.language), low=each.low, high=each.high
            ),
        )
        for each in shown
    ]
    return Table(
        caption=asked.say("Who answers, of every contact", "Wie antwoordt, van elk contact"),
        head=(
            asked.say("kind of contact", "soort contact"),
            asked.say("contacts", "contacten"),
            asked.say("asked", "gevraagd"),
            asked.say("answered", "antwoordde"),
            asked.say("share", "aandeel"),
            "interval",
        ),
        names=("kind", "contacts", "asked", "answered", "share", "interval"),
        rows=tuple(rows),
        file="answering.csv",
    )


def bounds_table(asked: Asked, found: NonResponse) -> Table:
    """Return the figure of the answers, weighted to every contact, and the bounds on what no weight can know."""
    unit = found.naive.measure.unit
    rows: list[tuple[Cell, ...]] = []
    for name, each in (
        (asked.say("Answers as they came", "Antwoorden zoals ze kwamen"), found.naive),
        (asked.say("Weighted to every contact", "Gewogen naar alle contacten"), found.adjusted),
    ):
        between = numbers.interval_text(each.low, each.high, unit, asked.language, size=abs(each.value))
        value = figures(numbers.value_text(each.value, unit, asked.language), each.value)
        rows.append((words(name), value, several(between, low=each.low, high=each.high), words("interval")))
    for bound in found.bounds:
        # odds that are alike are what weighting supposes: that row stands above
        if bound.gamma == 1:
            continue
        told = (
            asked.say("Nothing supposed", "Niets verondersteld")
            if bound.gamma is None
            else asked.say(
                f"Odds to answer at most {numbers.number(bound.gamma, 'en', places=1)} times apart",
                f"Kans om te antwoorden hooguit {numbers.number(bound.gamma, 'nl', places=1)} keer uiteen (odds)",
            )
        )
        ends = numbers.interval_text(bound.low, bound.high, unit, asked.language)
        kind = words(asked.say("bounds, no interval", "grenzen, geen interval"))
        rows.append(
            (words(told), Cell(shown="–", stored="", numeric=True), several(ends, low=bound.low, high=bound.high), kind)
        )
    name = found.naive.measure.label.read(asked.language)
    return Table(
        caption=asked.say(
            f"{name}: answers, weighted answers, and bounds", f"{name}: antwoorden, gewogen antwoorden en grenzen"
        ),
        head=(
            asked.say("supposition", "veronderstelling"),
            asked.say("value", "waarde"),
            asked.say("from – to", "van – tot"),
            asked.say("kind", "soort"),
        ),
        names=("supposition", "value", "from_to", "kind"),
        rows=tuple(rows),
        file="bounds.csv",
    )

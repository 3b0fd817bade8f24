"""The chapter on working from home: the gap taken apart, before and after the move, teams, tools and what managers say."""

from __future__ import annotations

import math
from collections.abc import Sequence

from peil.errors import DisclosureError, EvidenceError
from peil.estimates.agent_panel import LEFT_OUT
from peil.reports import dots, numbers, sentences
from peil.reports.around_move import around_move
from peil.reports.asked import Asked
from peil.reports.dates import day
from peil.reports.figures import Figure
from peil.reports.home_teams import home_teams_figure
from peil.reports.rows import Row, row, table_of
from peil.reports.tables import Table, figures, words
from peil.reports.topic import Topic
from peil.studies.finding import Effect
from peil.studies.home.people import Stands
from peil.studies.home.teams import told_of
from peil.studies.home.words import percent
from peil.studies.home_working import HomeWorking, home_working
from peil.terms import Label, Language, Unit

TITLE = Label("Working from home", "Thuiswerken")
_PARTS_TITLE = Label(
    "What is seen at home, and what home does to it", "Wat er thuis te zien is, en wat het thuiswerken daaraan doet"
)


def home_topic(asked: Asked, found: HomeWorking | None = None) -> Topic | None:
    """Return the chapter; None where nobody's hours or workplace are known, or too few work at home to tell of.

    Parameters:
        asked: what every figure shares.
        found: what the study finds; asked of the data, if left out.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import CATALOGUE
        >>> home_topic(Asked(data=made(), catalogue=CATALOGUE, language="nl", minimum_n=10, level=0.95)) is None
        True
    """
    if found is None:
        try:
            found = home_working(asked.data, level=asked.level)
        except (EvidenceError, DisclosureError):
            return None
    return chapter(found, asked.language)


def chapter(found: HomeWorking, language: Language) -> Topic:
    """Return the chapter of a study that was done.

    Parameters:
        found: what it finds.
        language: of the texts.
    """
    drawn = [_parts_figure(found, language)] if found.parts else []
    if found.events is not None:
        drawn.append(events_figure(found, language))
    in_teams = home_teams_figure(found, language)
    if in_teams is not None:
        drawn.append(in_teams)
    if found.people is not None and found.people.teams:
        drawn.append(_standing_figure(found, found.people.teams, language, of="teams"))
    if found.people is not None and found.people.agents:
        drawn.append(_standing_figure(found, found.people.agents, language, of="agents"))
    return Topic(
        key="home",
        title=TITLE.read(language),
        facts=tuple(each.read(language) for each in _facts(found)),
        figures=tuple(drawn),
        tables=_tables(found, language),
        findings=((found.finding, tuple(each.read(language) for each in _beside(found))),),
    )


def _parts_figure(found: HomeWorking, language: Language) -> Figure:
    rows = [row(each.label.read(language), each, n=each.n) for each in found.parts.values()]
    title = _PARTS_TITLE.read(language)
    told = Label(
        f"Relative differences, {found.movers} agents who moved beside {found.others} in the same weeks.",
        f"Relatieve verschillen, {found.movers} medewerkers die verhuisden naast {found.others} in dezelfde weken.",
    )
    note = Label(
        "The first line is the second and third together, and the third the last two. Intervals take agents for a sample, and "
        "hold effects that differ by agent. Contacts count for as long as contacts of their reason, channel and hour take.",
        "De eerste regel is de tweede en derde samen, en de derde de laatste twee. Intervallen zien medewerkers als steekproef, "
        "met effecten die per medewerker verschillen. Een contact telt voor zolang als contacten met die reden, dat kanaal en dat uur duren.",
    )
    return Figure(
        key="home-parts",
        title=title,
        finding=sentences.sentence(found.finding, language),
        subtitle=told.read(language),
        note=(note.read(language),),
        spec_wide=dots.beside(rows, Unit.SHARE, language, level=found.level, colour="customers", shape="circle"),
        spec_narrow=dots.above(rows, Unit.SHARE, language, colour="customers", shape="circle"),
        table=table_of(
            rows, Unit.SHARE, language, caption=title, head=Label("part", "deel").read(language), file="home-parts.csv"
        ),
    )


def events_figure(found: HomeWorking, language: Language) -> Figure:
    """Return the figure of what happened before and after the move.

    Parameters:
        found: what the study finds.
        language: of the texts.

    Raises:
        EvidenceError: nothing can be compared before and after.
    """
    events = found.events
    if events is None:
        raise EvidenceError("no step before the move can be compared with others", remedy="take more weeks")
    title = Label("Before and after the move home", "Voor en na de verhuizing naar huis").read(language)
    low, high = (percent(each) for each in events.even)
    notes = [
        Label(
            f"Steps of {events.step} weeks; the last before the move is nought by definition. Each group that moved is compared with those who had not yet.",
            f"Stappen van {events.step} weken; de laatste vóór de verhuizing is per definitie nul. Elke groep die verhuisde is vergeleken met wie nog niet was gegaan.",
        )
    ]
    if math.isfinite(events.bears):
        bears = numbers.number(events.bears, language, places=1)
        borne = Label(f"; its sign bears {bears} times that", f"; het teken verdraagt {bears} keer zoveel")
        borne = borne if events.bears > 0 else Label("", "")
        notes.append(
            Label(
                f"If paths part after the move by as much as between two steps before it, the effect lies from {low.en} to {high.en}{borne.en}.",
                f"Lopen paden na de verhuizing zo ver uiteen als tussen twee stappen ervoor, dan ligt het effect van {low.nl} tot {high.nl}{borne.nl}.",
            )
        )
    rows = []
    for step, value, below, above, agents in zip(
        events.times, events.values, events.low, events.high, events.agents, strict=True
    ):
        name = Label(f"week {step * events.step}", f"week {step * events.step}").read(language)
        shown = name.replace("-", numbers.MINUS)
        rows.append(
            Row(
                name=shown, value=float(value), low=float(below), high=float(above), n=int(agents), clusters=int(agents)
            )
        )
    return Figure(
        key="home-events",
        title=title,
        subtitle=Label(
            "Work an hour of those who moved beside the others, less the same in the step before the move.",
            "Werk per uur van wie verhuisde naast de anderen, min hetzelfde in de stap vóór de verhuizing.",
        ).read(language),
        note=tuple(each.read(language) for each in notes),
        spec_wide=around_move(events, language, narrow=False),
        spec_narrow=around_move(events, language, narrow=True),
        table=table_of(
            rows,
            Unit.SHARE,
            language,
            caption=title,
            head=Label("from", "vanaf").read(language),
            file="home-events.csv",
        ),
    )


def _standing_figure(found: HomeWorking, stands: Sequence[Stands], language: Language, *, of: str) -> Figure:
    ranked = sorted(stands, key=lambda each: each.value)
    most = 14
    drawn = ranked if len(ranked) <= most else ranked[:most]
    rows = [row(each.name, each, n=each.agents) for each in ranked]
    title = (
        Label(
            "Teams, drawn towards the middle as far as chance asks",
            "Teams, naar het midden getrokken zover toeval vraagt",
        )
        if of == "teams"
        else Label(
            "Agents, drawn towards the middle as far as chance asks",
            "Medewerkers, naar het midden getrokken zover toeval vraagt",
        )
    ).read(language)
    flagged = [each.name for each in stands if each.flagged]
    limit = percent(found.matters, signed=False)
    below = (
        Label(f"more than {limit.en} below", f"meer dan {limit.nl} onder") if found.matters else Label("below", "onder")
    )
    told = Label(
        f"Truly {below.en} the others: {', '.join(flagged) or 'nobody who can be named'}; at most one time in twenty is anybody named wrongly.",
        f"Werkelijk {below.nl} de anderen: {', '.join(flagged) or 'niemand die te noemen is'}; hooguit één op de twintig keer wordt iemand ten onrechte genoemd.",
    )
    notes = [told]
    if of == "teams" and found.people is not None and found.people.hidden:
        notes.append(
            Label(
                f"{found.people.hidden} teams are too small to be shown.",
                f"{found.people.hidden} teams zijn te klein om te tonen.",
            )
        )
    return Figure(
        key=f"home-{of}",
        title=title,
        subtitle=Label(
            "Work an hour beside colleagues who work at home as often, case mix taken out.",
            "Werk per uur naast collega's die even vaak thuiswerken, na correctie voor het soort contacten.",
        ).read(language),
        note=tuple(each.read(language) for each in notes),
        spec_wide=dots.beside(
            rows[: len(drawn)], Unit.SHARE, language, level=found.level, colour="customers", shape="circle"
        ),
        spec_narrow=dots.above(rows[: len(drawn)], Unit.SHARE, language, colour="customers", shape="circle"),
        table=table_of(
            rows, Unit.SHARE, language, caption=title, head=Label("name", "naam").read(language), file=f"home-{of}.csv"
        ),
    )


def _facts(found: HomeWorking) -> list[Label]:
    first, last = found.period
    made = [
        Label(
            f"{found.weeks} weeks of agents, from {day(first, 'en')} to {day(last, 'en')}; {found.movers} agents went to work at home.",
            f"{found.weeks} weken van medewerkers, van {day(first, 'nl')} tot {day(last, 'nl')}; {found.movers} medewerkers gingen thuiswerken.",
        )
    ]
    aside = {name: count for name, count in found.left_out.items() if count}
    if aside:
        en = ", ".join(f"{count} {LEFT_OUT[name].en}" for name, count in aside.items())
        nl = ", ".join(f"{count} {LEFT_OUT[name].nl}" for name, count in aside.items())
        made.append(Label(f"Weeks left out: {en}.", f"Weken die niet meetellen: {nl}."))
    if found.people is not None:
        spreads = {
            "teams": (found.people.between_teams, "teams", "teams"),
            "agents": (found.people.between_agents, "agents of one team", "medewerkers van een team"),
            "effects": (found.people.between_effects, "what home does to each", "wat thuis met elk doet"),
        }
        known = [(percent(value, signed=False), en, nl) for value, en, nl in spreads.values() if math.isfinite(value)]
        made.append(
            Label(
                "Standard deviations: " + ", ".join(f"{en} {value.en}" for value, en, _ in known) + ".",
                "Standaardafwijkingen: " + ", ".join(f"{nl} {value.nl}" for value, _, nl in known) + ".",
            )
        )
    if found.teams is not None:
        made += told_of(found.teams, matters=found.matters)
    return made


def _beside(found: HomeWorking) -> list[Label]:
    """What staff and managers say, and who hangs up."""
    made = []
    told = found.reported
    if told is not None:
        share = percent(told.slower.value, signed=False)
        raw = found.parts.get("raw")
        en, nl = (
            f"{share.en} of {told.n} managers say less is done at home",
            f"{share.nl} van {told.n} managers zegt dat er thuis minder gebeurt",
        )
        if raw is not None:
            effect = found.finding.effect
            gap, home, low, high = (percent(each) for each in (raw.value, effect.value, effect.low, effect.high))
            en += f"; measured is {gap.en} for who works at home, of which {home.en} ({low.en} to {high.en}) from home itself"
            nl += f"; gemeten is {gap.nl} bij wie thuiswerkt, waarvan {home.nl} ({low.nl} tot {high.nl}) door het thuiswerken zelf"
        made.append(Label(f"{en}.", f"{nl}."))
    if found.tools is not None:
        lacking, apart = percent(found.tools.lacking.value, signed=False), found.tools.apart
        values = [percent(each) for each in (apart.value, apart.low, apart.high)]
        made.append(
            Label(
                f"{lacking.en} of those at home lack a tool; the effect of home is {values[0].en} ({values[1].en} to {values[2].en}) for them beside the others.",
                f"{lacking.nl} van wie thuis zit mist een hulpmiddel; het effect van thuis is voor hen {values[0].nl} ({values[1].nl} tot {values[2].nl}) naast de anderen.",
            )
        )
    if found.hanging_up.n and math.isfinite(found.hanging_up.calls):
        calls, work = percent(found.hanging_up.calls), percent(found.hanging_up.work)
        made.append(
            Label(
                f"{found.hanging_up.n} agents end far more calls at once: {calls.en} contacts an hour at home, and {work.en} work.",
                f"{found.hanging_up.n} medewerkers breken veel meer gesprekken af: thuis {calls.nl} contacten per uur, en {work.nl} werk.",
            )
        )
    return made


def _tables(found: HomeWorking, language: Language) -> tuple[Table, ...]:
    effects: list[Effect] = []
    if found.tools is not None:
        effects += [
            found.tools.lacking,
            found.tools.without,
            found.tools.complete,
            found.tools.apart,
            found.tools.through,
        ]
    if found.reported is not None:
        effects += [found.reported.slower, found.reported.faster]
    if not effects:
        return ()
    rows = [
        (
            words(each.label.read(language)),
            figures(numbers.value_text(each.value, Unit.SHARE, language), each.value),
            figures(numbers.value_text(each.low, Unit.SHARE, language), each.low),
            figures(numbers.value_text(each.high, Unit.SHARE, language), each.high),
            figures(numbers.count(each.n, language), each.n),
        )
        for each in effects
    ]
    heads = (
        Label("what", "wat"),
        Label("value", "waarde"),
        Label("low", "laag"),
        Label("high", "hoog"),
        Label("n", "n"),
    )
    return (
        Table(
            caption=Label("What staff and managers say", "Wat medewerkers en managers zeggen").read(language),
            head=tuple(each.read(language) for each in heads),
            names=("what", "value", "low", "high", "n"),
            rows=tuple(rows),
            file="home-said.csv",
        ),
    )

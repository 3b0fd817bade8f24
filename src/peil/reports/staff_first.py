"""The chapter on staff and customers: which goes first, the pulse, what customers need, mandate, and who stays."""

from __future__ import annotations

from peil.errors import DisclosureError, EvidenceError
from peil.estimates.team_months import CUSTOMER, LEFT_OUT, STAFF
from peil.reports import dots, numbers, sentences
from peil.reports.asked import Asked
from peil.reports.dates import period
from peil.reports.figures import Figure
from peil.reports.rows import Row, row, table_of
from peil.reports.staff_figures import between_limits, staying_on, under_ceiling
from peil.reports.staff_tables import mandate_table, needed_table, scales_table, teams_table
from peil.reports.topic import Topic
from peil.studies.staff.needed import Needed
from peil.studies.staff.pulse import Pulse
from peil.studies.staff.staying import Staying
from peil.studies.staff.words import NAMES, RULES, decimal, percent
from peil.studies.staff_first import FEWEST_SHOWN, StaffFirst, staff_first
from peil.terms import Label, Language, Unit

TITLE = Label("Staff first", "De medewerker eerst")


def staff_topic(asked: Asked, found: StaffFirst | None = None) -> Topic | None:
    """Return the chapter; None where staff or customers were not asked, or too little to tell which goes first.

    Parameters:
        asked: what every figure shares.
        found: what the study finds; asked of the data, if left out.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import CATALOGUE
        >>> staff_topic(Asked(data=made(), catalogue=CATALOGUE, language="nl", minimum_n=10, level=0.95)) is None
        True
    """
    if found is None:
        if not _asked_staff(asked):
            return None
        try:
            found = staff_first(asked.data, level=asked.level)
        except (EvidenceError, DisclosureError):
            return None
    return chapter(found, asked.language)


def _asked_staff(asked: Asked) -> bool:
    """Whether anybody was asked: one look at the answers, so that most reports pay nothing for this chapter."""
    table = asked.data.tables["responses"].name
    query = f"select count(*) as n from {table} where construct = '{STAFF}' and audience = 'staff'"
    return bool(asked.data.engine.rows(query).to_pylist()[0]["n"])


def chapter(found: StaffFirst, language: Language) -> Topic:
    """Return the chapter of a study that was done.

    Parameters:
        found: what it finds.
        language: of the texts.
    """
    drawn = [links_figure(found, language)]
    if found.needed is not None:
        drawn.append(_needed_figure(found.needed, language))
    if found.pulse is not None:
        drawn.append(_pulse_figure(found.pulse, language))
    if found.staying is not None:
        drawn.append(_staying_figure(found.staying, language))
    return Topic(
        key="staff",
        title=TITLE.read(language),
        facts=tuple(each.read(language) for each in _facts(found)),
        figures=tuple(drawn),
        tables=(scales_table(found, language), *mandate_table(found, language), *teams_table(found, language)),
        findings=((found.finding, tuple(each.read(language) for each in beside(found))),),
    )


def links_figure(found: StaffFirst, language: Language) -> Figure:
    """Return the figure of what goes first, both ways for every scale.

    Parameters:
        found: what the study finds.
        language: of the texts.
    """
    effects = [effect for each in found.links for effect in (each.ahead, each.behind)]
    rows = [row(each.label.read(language), each, n=each.n) for each in effects]
    title = Label("A month, and the month after", "Een maand, en de maand erna").read(language)
    notes = [
        Label(
            "Points of the second for a point more of the first, both from 0 to 10, within teams: each team beside itself and "
            "every month beside the other teams, the own past of the second held. Sampling error of both is allowed for.",
            "Punten van het tweede bij een punt meer van het eerste, beide van 0 tot 10, binnen teams: elk team naast zichzelf en "
            "elke maand naast de andere teams, met het eigen verleden van het tweede constant. Met steekproefruis in beide is rekening gehouden.",
        )
    ]
    if len(found.links) > 1:
        notes.append(
            Label(
                "Intervals of satisfaction stand alone; those of the other scales hold all together.",
                "De intervallen van tevredenheid staan op zich; die van de andere schalen gelden samen.",
            )
        )
    return Figure(
        key="staff-links",
        title=title,
        finding=sentences.sentence(found.finding, language),
        subtitle=Label(
            f"{found.links[0].found.units} teams, {found.links[0].found.rows} months of teams with a month before them.",
            f"{found.links[0].found.units} teams, {found.links[0].found.rows} maanden van teams met een maand ervoor.",
        ).read(language),
        note=tuple(each.read(language) for each in notes),
        spec_wide=dots.beside(rows, Unit.SCORE, language, level=found.level, colour="customers", shape="circle"),
        spec_narrow=dots.above(rows, Unit.SCORE, language, colour="customers", shape="circle"),
        table=table_of(
            rows, Unit.SCORE, language, caption=title, head=Label("which goes first", "wat voorgaat").read(language),
            file="staff-links.csv",
        ),
    )  # fmt: skip


def _needed_figure(each: Needed, language: Language) -> Figure:
    found = each.found
    title = {
        "yes": Label("Satisfied customers need satisfied staff", "Tevreden klanten vragen tevreden medewerkers"),
        "no": Label(
            "Customers are satisfied where staff is not, too",
            "Klanten zijn ook tevreden waar medewerkers dat niet zijn",
        ),
        "unclear": Label(
            "Not shown that customers need satisfied staff",
            "Niet aan te tonen dat klanten tevreden medewerkers nodig hebben",
        ),
    }[each.verdict].read(language)
    size, chance, straight = (
        decimal(found.ce_fdh.effect),
        decimal(found.p_independent, places=3),
        decimal(found.p, places=3),
    )
    note = Label(
        f"The corner without dots is {size.en} of the whole. Chance of as much were there no link: {chance.en}; were there a link "
        f"as strong and no ceiling: {straight.en}. Only the second can show that the one is needed for the other.",
        f"De hoek zonder punten is {size.nl} van het geheel. Kans op zoveel zonder enig verband: {chance.nl}; bij een even sterk "
        f"verband zonder plafond: {straight.nl}. Alleen het tweede kan tonen dat het een nodig is voor het ander.",
    )
    rows = needed_table(each, language)
    return Figure(
        key="staff-needed",
        title=title,
        subtitle=Label(
            f"{found.n} months of {found.clusters} teams, each of at least {FEWEST_SHOWN} answers of staff and of customers; the line is the ceiling.",
            f"{found.n} maanden van {found.clusters} teams, elk met ten minste {FEWEST_SHOWN} antwoorden van medewerkers en van klanten; de lijn is het plafond.",
        ).read(language),
        note=(note.read(language),),
        spec_wide=under_ceiling(each, language, narrow=False),
        spec_narrow=under_ceiling(each, language, narrow=True),
        table=rows,
    )


def _pulse_figure(found: Pulse, language: Language) -> Figure:
    title = Label("The pulse of staff", "De polsslag van medewerkers").read(language)
    chart = found.chart
    told = [
        Label(
            f"{period(found.months[each.at], 'month', 'en')}: {RULES[each.rule].en}",
            f"{period(found.months[each.at], 'month', 'nl')}: {RULES[each.rule].nl}",
        )
        for each in chart.signals
    ]
    none = Label("No month stands out.", "Geen maand springt eruit.")
    said = Label("; ".join(each.en for each in told) + ".", "; ".join(each.nl for each in told) + ".") if told else none
    chance = percent(chart.false_alarm)
    notes = [
        said,
        Label(
            f"Limits hold sampling error and what is ordinary from month to month; a series without a change shows a signal with a chance of {chance.en}.",
            f"De grenzen bevatten steekproefruis en wat van maand tot maand gewoon is; een reeks zonder verandering geeft met kans {chance.nl} een signaal.",
        ),
    ]
    if chart.autocorrelated:
        notes.append(
            Label(
                "Months hang together: a slow drift can make signals too.",
                "Maanden hangen samen: ook een langzame drift kan signalen geven.",
            )
        )
    rows = [
        Row(
            name=period(month, "month", language), value=float(value), low=float(low), high=float(high), n=int(n), clusters=int(n),
        )
        for month, value, low, high, n in zip(found.months, chart.value, chart.low, chart.high, found.n, strict=True)
    ]  # fmt: skip
    return Figure(
        key="staff-pulse",
        title=title,
        subtitle=Label(
            "Staff satisfaction from 0 to 10, all teams together, between what is ordinary.",
            "Medewerkerstevredenheid van 0 tot 10, alle teams samen, tussen wat gewoon is.",
        ).read(language),
        note=tuple(each.read(language) for each in notes),
        spec_wide=between_limits(found, language, narrow=False),
        spec_narrow=between_limits(found, language, narrow=True),
        table=table_of(
            rows,
            Unit.SCORE,
            language,
            caption=title,
            head=Label("month", "maand").read(language),
            file="staff-pulse.csv",
        ),
    )


def _staying_figure(found: Staying, language: Language) -> Figure:
    title = Label("How long staff stays", "Hoe lang medewerkers blijven").read(language)
    rows = [
        Row(name=numbers.number(float(month), language, places=1), value=float(share), low=float(low), high=float(high), n=int(n),
            clusters=int(n))
        for month, share, low, high, n in zip(found.months, found.share, found.low, found.high, found.at_risk, strict=True)
    ]  # fmt: skip
    since = numbers.number(found.since, language, places=1)
    only = Label(f" Only those who stayed {since} months.", f" Alleen wie {since} maanden bleef.").read(language)
    return Figure(
        key="staff-staying",
        title=title,
        subtitle=Label(
            f"Share still there; {found.people} members of staff, of whom {found.left} left.",
            f"Aandeel dat er nog is; {found.people} medewerkers, van wie er {found.left} vertrokken.",
        ).read(language)
        + (only if found.since else ""),
        note=(
            Label(
                f"Who was hired before the roster begins counts from then on (late entry). The curve ends where fewer than {FEWEST_SHOWN} are left to see.",
                f"Wie al in dienst was toen het rooster begon, telt vanaf dat moment mee. De lijn stopt waar er minder dan {FEWEST_SHOWN} over zijn.",
            ).read(language),
        ),
        spec_wide=staying_on(found, language, narrow=False),
        spec_narrow=staying_on(found, language, narrow=True),
        table=table_of(
            rows,
            Unit.SHARE,
            language,
            caption=title,
            head=Label("months", "maanden").read(language),
            file="staff-staying.csv",
        ),
    )


def _facts(found: StaffFirst) -> list[Label]:
    first, last = (Label(period(each, "month", "en"), period(each, "month", "nl")) for each in found.period)
    panel = found.panel
    staff, customers = (
        Label(numbers.count(int(panel.n[each].sum()), "en"), numbers.count(int(panel.n[each].sum()), "nl"))
        for each in (STAFF, CUSTOMER)
    )
    made = [
        Label(
            f"{len(panel.teams)} teams from {first.en} to {last.en}: {staff.en} answers of staff and {customers.en} of customers.",
            f"{len(panel.teams)} teams van {first.nl} tot {last.nl}: {staff.nl} antwoorden van medewerkers en {customers.nl} van klanten.",
        )
    ]
    aside = {name: count for name, count in panel.left_out.items() if count}
    if aside:
        en = ", ".join(f"{count} {LEFT_OUT[name].en}" for name, count in aside.items())
        nl = ", ".join(f"{count} {LEFT_OUT[name].nl}" for name, count in aside.items())
        made.append(Label(f"Left out: {en}.", f"Niet meegeteld: {nl}."))
    return made


def beside(found: StaffFirst) -> list[Label]:
    """Return what stands beside the answer: signs as they were found, mandate, what is needed, and who leaves.

    Parameters:
        found: what the study finds.
    """
    made = []
    for each in found.links:
        if each.unwelcome:
            values = [decimal(value, signed=True) for value in (each.ahead.value, each.ahead.low, each.ahead.high)]
            name = NAMES[each.name]
            made.append(
                Label(
                    f"A point more of {name.en} goes before {values[0].en} of customers ({values[1].en} to {values[2].en}): not what is hoped for, and what is found.",
                    f"Een punt meer {name.nl} gaat vooraf aan {values[0].nl} bij klanten ({values[1].nl} tot {values[2].nl}): niet wat men hoopt, wel wat er staat.",
                )
            )
    told = found.mandate
    if told is not None:
        done, r = (
            percent(told.measured.value),
            [decimal(v) for v in (told.together.value, told.together.low, told.together.high)],
        )
        felt = decimal(told.felt.value, places=1)
        made.append(
            Label(
                f"Staff rates its mandate {felt.en}; measured, {done.en} of contacts is settled without transfer or approval. Over {told.teams} teams the two correlate by {r[0].en} ({r[1].en} to {r[2].en}).",
                f"Medewerkers geven hun mandaat een {felt.nl}; gemeten wordt {done.nl} van de contacten zelf afgerond, zonder doorverbinden of akkoord. Over {told.teams} teams hangen de twee samen met {r[0].nl} ({r[1].nl} tot {r[2].nl}).",
            )
        )
    stay = found.staying
    if stay is not None:
        made += _stays(stay)
    return made


def _stays(stay: Staying) -> list[Label]:
    made = []
    year = stay.year
    if year is not None:
        share, low, high = (percent(each) for each in (year.value, year.low, year.high))
        made.append(
            Label(
                f"A year after being hired {share.en} is still there ({low.en} to {high.en}).",
                f"Een jaar na indiensttreding is {share.nl} er nog ({low.nl} tot {high.nl}).",
            )
        )
    ratio = stay.ratio
    if ratio is not None:
        value, low, high = (decimal(each) for each in (ratio.value, ratio.low, ratio.high))
        made.append(
            Label(
                f"A point more of team satisfaction multiplies the chance to leave by {value.en} ({low.en} to {high.en}).",
                f"Een punt meer teamtevredenheid vermenigvuldigt de kans op vertrek met {value.nl} ({low.nl} tot {high.nl}).",
            )
        )
    return made

"""Tables of the chapter on staff and customers."""

from __future__ import annotations

import math

from peil.reports import numbers
from peil.reports.tables import Table, figures, words
from peil.studies.staff.needed import Needed
from peil.studies.staff.words import SCALES
from peil.studies.staff_first import StaffFirst
from peil.terms import Label, Language, Unit

_VALUE, _LOW, _HIGH, _N = Label("value", "waarde"), Label("low", "laag"), Label("high", "hoog"), Label("n", "n")


def scales_table(found: StaffFirst, language: Language) -> Table:
    """Return how reliably each scale measures.

    Parameters:
        found: what the study finds.
        language: of the texts.
    """
    rows = []
    for name, scale in found.scales.items():
        known = found.reliability.get(name)
        values = (known.value, known.low, known.high) if known is not None else (math.nan,) * 3
        rows.append(
            (
                words(SCALES[name].read(language)),
                figures(numbers.count(len(scale.questions), language), len(scale.questions)),
                *(figures(numbers.number(each, language, places=2), each) for each in values),
                figures(numbers.count(scale.persons, language), scale.persons),
            )
        )
    heads = (
        Label("scale", "schaal"), Label("questions", "vragen"), Label("reliability", "betrouwbaarheid"), _LOW, _HIGH,
        Label("members of staff", "medewerkers"),
    )  # fmt: skip
    return Table(
        caption=Label("How reliably each scale measures", "Hoe betrouwbaar elke schaal meet").read(language),
        head=tuple(each.read(language) for each in heads),
        names=("scale", "questions", "reliability", "low", "high", "persons"),
        rows=tuple(rows),
        file="staff-scales.csv",
    )


def mandate_table(found: StaffFirst, language: Language) -> tuple[Table, ...]:
    """Return felt and measured mandate, where both are known.

    Parameters:
        found: what the study finds.
        language: of the texts.
    """
    told = found.mandate
    if told is None:
        return ()
    rows = [
        (
            words(each.label.read(language)),
            *(
                figures(numbers.value_text(value, each.unit, language), value)
                for value in (each.value, each.low, each.high)
            ),
            figures(numbers.count(each.n, language), each.n),
        )
        for each in (told.measured, told.felt, told.together)
    ]
    return (
        Table(
            caption=Label("Mandate, felt and measured", "Mandaat, ervaren en gemeten").read(language),
            head=tuple(each.read(language) for each in (Label("what", "wat"), _VALUE, _LOW, _HIGH, _N)),
            names=("what", "value", "low", "high", "n"),
            rows=tuple(rows),
            file="staff-mandate.csv",
        ),
    )


def teams_table(found: StaffFirst, language: Language) -> tuple[Table, ...]:
    """Return the teams that may be shown.

    Parameters:
        found: what the study finds.
        language: of the texts.
    """
    if not found.teams:
        return ()
    rows = [
        (
            words(each.name),
            *(
                figures(numbers.value_text(value, Unit.SCORE, language), value)
                for value in (each.staff, each.customers)
            ),
            figures(numbers.count(each.people, language), each.people),
        )
        for each in found.teams
    ]
    hidden = Label(f" ({found.hidden} not shown)", f" ({found.hidden} niet getoond)")
    caption = Label(
        "Satisfaction of teams over the whole period, 0 to 10", "Tevredenheid van teams over de hele periode, 0 tot 10"
    ).read(language)
    heads = (
        Label("team", "team"),
        Label("staff", "medewerkers"),
        Label("customers", "klanten"),
        Label("answered", "antwoordden"),
    )
    return (
        Table(
            caption=caption + (hidden.read(language) if found.hidden else ""),
            head=tuple(each.read(language) for each in heads),
            names=("team", "staff", "customers", "people"),
            rows=tuple(rows),
            file="staff-teams.csv",
        ),
    )


def needed_table(each: Needed, language: Language) -> Table:
    """Return how much of staff is needed for how much of customers.

    Parameters:
        each: what is needed.
        language: of the texts.
    """
    kept = each.found.bottleneck
    rows = []
    for y, need, short in zip(kept.y, kept.ce_fdh, kept.short, strict=True):
        asks = numbers.value_text(float(need), Unit.SCORE, language) if math.isfinite(need) else numbers.NOTHING
        rows.append(
            (
                figures(numbers.value_text(float(y), Unit.SCORE, language), float(y)),
                figures(asks, float(need)),
                figures(numbers.count(int(short), language), int(short)),
            )
        )
    heads = (
        Label("customers", "klanten"),
        Label("staff needed", "medewerkers nodig"),
        Label("months of teams that fall short", "maanden van teams die tekortkomen"),
    )
    return Table(
        caption=Label("What customers need of staff", "Wat klanten van medewerkers vragen").read(language),
        head=tuple(head.read(language) for head in heads),
        names=("customers", "staff_needed", "short"),
        rows=tuple(rows),
        file="staff-needed.csv",
    )

"""What a journey took: contacts, channels, drop-off, and the customer's time, head by head."""

from __future__ import annotations

from peil.journeys.journey import BETWEEN
from peil.journeys.ledger import PARTS
from peil.measures.measure import Measure
from peil.terms import Better, Label, Unit

_WHOLE = "whole"
_TIMED = "whole and n_open = 0"
_RULE = "Journeys by the project's rule (window and reason); only those that the data hold from beginning to end."
_LEDGER = "Each millisecond stands under one head, so the heads add up to the time on the clock."
_EDGE = Label(
    "Journeys within a window of the edges of the data are left out: they may have begun before or go on after.",
    "Klantreizen binnen een venster van de randen van de gegevens blijven weg: ze kunnen eerder begonnen zijn of verdergaan.",
)

JOURNEY = (
    Measure(
        name="contacts_per_journey", label=Label("Contacts per journey", "Contacten per klantreis"), unit=Unit.COUNT, better=Better.LOWER,
        population="journeys", where=_WHOLE, of="n_contacts", standard=_RULE, note=_EDGE,
    ),
    Measure(
        name="journey_volume", label=Label("Journeys", "Klantreizen"), unit=Unit.COUNT, better=Better.NEITHER, population="journeys",
        of="1", estimator="total", standard="Journeys by the project's rule, those at the edges of the data too.",
    ),
    Measure(
        name="journey_lasted", label=Label("Journey, from beginning to end", "Klantreis, van begin tot eind"), unit=Unit.HOURS,
        better=Better.LOWER, family="journey_time", population="journeys", where=_TIMED, of="lasted_ms", standard=f"{_RULE} {_LEDGER}", note=_EDGE,
    ),
    Measure(
        name="journey_lasted_median", label=Label("Journey, from beginning to end, median", "Klantreis, van begin tot eind, mediaan"),
        unit=Unit.HOURS, better=Better.LOWER, family="journey_time", population="journeys", where=_TIMED, of="lasted_ms",
        estimator="quantile", standard="Median of the same.",
    ),
    Measure(
        name="customer_time", label=Label("Customer's time per journey", "Tijd van de klant per klantreis"), unit=Unit.MINUTES,
        better=Better.LOWER, family="journey_time", population="journeys", where=_TIMED, of="attended_ms",
        standard=f"Time in which the customer had to be there: all heads but waiting for an answer and the customer's own turn. {_RULE}",
        note=_EDGE,
    ),
    Measure(
        name="customer_time_per_contact", label=Label("Customer's time per contact", "Tijd van de klant per contact"), unit=Unit.MINUTES,
        better=Better.LOWER, family="journey_time", population="journeys", where="whole and n_open = 0 and n_contacts > 0", of="attended_ms",
        per="n_contacts", standard="The same over contacts: a channel can be quick because it takes two.",
    ),
    Measure(
        name="effort_share", label=Label("Customer's time that is not talking", "Tijd van de klant buiten het gesprek"), unit=Unit.SHARE,
        better=Better.LOWER, population="journeys", where="whole and n_open = 0 and attended_ms > 0",
        of="attended_ms - talking_ms - typing_ms", per="attended_ms",
        standard="Menus, queues, holds, transfers and telling it again, of all time in which the customer had to be there.", note=_EDGE,
    ),
    Measure(
        name="channel_switch_share", label=Label("Went on in another channel", "Verder in een ander kanaal"), unit=Unit.SHARE,
        better=Better.LOWER, population="journeys", where=_WHOLE, of="case when n_switches > 0 then 1 else 0 end", standard=_RULE, note=_EDGE,
    ),
    Measure(
        name="dropped_off", label=Label("Dropped off", "Afgehaakt in de klantreis"), unit=Unit.SHARE, better=Better.LOWER, population="journeys",
        where=_WHOLE, of="case when gave_up then 1 else 0 end",
        standard=f"The customer left the last contact with nothing and did not come back within the window. {_RULE}", note=_EDGE,
    ),
    Measure(
        name="journey_resolved_first", label=Label("Journeys of one contact that was dealt with", "Klantreizen van één afgehandeld contact"),
        unit=Unit.SHARE, better=Better.HIGHER, family="fcr", population="journeys", where=_WHOLE,
        of="case when n_contacts = 1 and n_gave_up = 0 and handler in ('agent', 'bot') then 1 else 0 end",
        standard=f"Counted per matter and not per contact: five repeats are one failure. {_RULE}", note=_EDGE,
    ),
    Measure(
        name="identified_share", label=Label("Customer known", "Klant bekend"), unit=Unit.SHARE, better=Better.HIGHER, where="not ignored",
        of="case when person_key is not null then 1 else 0 end",
        standard="Contacts that carry a handle of the customer: only these can be followed from contact to contact.",
        note=Label(
            "What is said of journeys holds for known customers; they may differ from the others.",
            "Wat over klantreizen is gezegd, geldt voor bekende klanten; die kunnen anders zijn dan de rest.",
        ),
    ),
    *(
        Measure(
            name=f"journey_{name}".removesuffix("_ms"),
            label=Label(f"Customer's time per journey: {label.en}", f"Tijd van de klant per klantreis: {label.nl}"),
            unit=Unit.MINUTES, better=Better.NEITHER if name in {"talking_ms", "typing_ms", "own_turn_ms", "untold_ms"} else Better.LOWER,
            family="customer_time_parts", population="journeys", where=_TIMED, of=name, standard=f"{_LEDGER} {_RULE}",
        )
        for name, label in (*PARTS.items(), *BETWEEN.items())
    ),
)  # fmt: skip

"""Whether once was enough: first contact resolution and repeats under every definition, and reopened matters."""

from __future__ import annotations

from peil.measures.measure import Measure
from peil.terms import Better, Label, Unit

DAY_MS = 86_400_000
WINDOWS = (1, 3, 7, 14, 30)
_KINDS = (
    ("", "next_ms", "any reason, any channel", "welke reden en welk kanaal ook"),
    ("_same_reason", "next_same_reason_ms", "same reason, any channel", "zelfde reden, welk kanaal ook"),
    ("_same_channel", "next_same_channel_ms", "any reason, same channel", "welke reden ook, zelfde kanaal"),
    (
        "_same_reason_channel",
        "next_same_reason_channel_ms",
        "same reason, same channel",
        "zelfde reden en zelfde kanaal",
    ),
)
# as many vendors count: a promised callback is a repeat too
_WHOEVER = (
    "_whoever_began",
    "next_any_ms",
    "whoever began it",
    "wie er ook begon",
)
_HANDLED = "not ignored and handler in ('agent', 'bot')"
# What a customer answered on the day of the contact or soon after, and about a month later.
AT_ONCE_DAYS, MONTH_DAYS = 3, (21, 45)
_ASKED = "construct = 'fcr' and audience = 'customer' and score is not null and scale_high = scale_low + 1"


def _repeat(days: int, suffix: str, column: str, en: str, nl: str) -> Measure:
    reason = " and reason is not null" if "reason" in column else ""
    return Measure(
        name=f"repeat_{days}d{suffix}",
        label=Label(
            f"Contacted again within {days} day{'s' if days > 1 else ''} ({en})",
            f"Herhaalcontact binnen {days} dag{'en' if days > 1 else ''} ({nl})",
        ),
        unit=Unit.SHARE,
        better=Better.LOWER,
        family="repeat",
        where=f"{_HANDLED} and person_key is not null{reason} and followed_ms >= {days * DAY_MS}",
        of=f"case when {column} <= {days * DAY_MS} then 1 else 0 end",
        standard=(
            f"A repeat within {days} days, counted for every handled contact of a known person whose next {days} days are in the data; "
            "from the beginning of one contact to the beginning of the next"
            + (
                ", callbacks and what the organisation sends included."
                if column == "next_any_ms"
                else " that the customer began: a promised callback is none."
            )
        ),
        note=Label(
            "Contacts without a known person cannot be followed and are left out.",
            "Contacten zonder bekende klant zijn niet te volgen en tellen niet mee.",
        ),
    )


def _no_repeat(days: int, suffix: str, column: str, en: str, nl: str) -> Measure:
    mirrored = _repeat(days, suffix, column, en, nl)
    return Measure(
        name=f"fcr_no_repeat_{days}d{suffix}",
        label=Label(
            f"First contact resolution: no repeat within {days} day{'s' if days > 1 else ''} ({en})",
            f"In één keer goed: geen herhaling in {days} dag{'en' if days > 1 else ''} ({nl})",
        ),
        unit=Unit.SHARE,
        better=Better.HIGHER,
        family="fcr",
        where=mirrored.where,
        of=f"case when {column} <= {days * DAY_MS} then 0 else 1 end",
        standard=f"Absence of a repeat within {days} days, {en}; the mirror image of repeat_{days}d{suffix}.",
        note=Label(
            "No repeat is not proof of resolution: some give up.",
            "Geen herhaling bewijst geen oplossing: sommigen geven het op.",
        ),
    )


RESOLUTION = (
    *(_repeat(days, suffix, column, en, nl) for suffix, column, en, nl in _KINDS for days in WINDOWS),
    *(_no_repeat(days, suffix, column, en, nl) for suffix, column, en, nl in _KINDS for days in WINDOWS),
    *(_repeat(days, *_WHOEVER) for days in WINDOWS),
    *(_no_repeat(days, *_WHOEVER) for days in WINDOWS),
    Measure(
        name="fcr_survey_t0",
        label=Label("First contact resolution, customers say at once", "In één keer goed, volgens klanten meteen erna"),
        unit=Unit.SHARE,
        better=Better.HIGHER,
        family="fcr",
        population="responses",
        where=f"{_ASKED} and since_contact_ms <= {AT_ONCE_DAYS * DAY_MS}",
        of="case when score = scale_high then 1 else 0 end",
        standard=(
            f"SQM: customers asked whether their matter was resolved at the first contact; answered within {AT_ONCE_DAYS} days of it. "
            "J.D. Power: asked at once it comes out some ten per cent too high, as customers cannot know yet."
        ),
    ),
    Measure(
        name="fcr_survey_t30",
        label=Label(
            "First contact resolution, customers say after a month", "In één keer goed, volgens klanten na een maand"
        ),
        unit=Unit.SHARE,
        better=Better.HIGHER,
        family="fcr",
        population="responses",
        where=f"{_ASKED} and since_contact_ms between {MONTH_DAYS[0] * DAY_MS} and {MONTH_DAYS[1] * DAY_MS}",
        of="case when score = scale_high then 1 else 0 end",
        standard=f"The same question, answered {MONTH_DAYS[0]} to {MONTH_DAYS[1]} days after the contact.",
    ),
    Measure(
        name="fcr_not_reopened",
        label=Label("First contact resolution (never opened again)", "In één keer goed (nooit heropend)"),
        unit=Unit.SHARE,
        better=Better.HIGHER,
        family="fcr",
        where="not ignored and resolved_at is not null and n_reopens is not null",
        of="case when n_reopens > 0 then 0 else 1 end",
        standard="Resolved matters that were never opened again, of those whose source counts reopens (ticket systems).",
        note=Label(
            "A customer who starts a new ticket opens nothing again.",
            "Een klant die een nieuw ticket begint, heropent niets.",
        ),
    ),
    Measure(
        name="reopened_share",
        label=Label("Opened again", "Heropend"),
        unit=Unit.SHARE,
        better=Better.LOWER,
        where="not ignored and n_reopens is not null",
        of="case when n_reopens > 0 then 1 else 0 end",
        standard="Zendesk reopens: resolved matters opened again, of matters whose source tells it.",
    ),
)

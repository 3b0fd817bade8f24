"""Whether once was enough: repeat contacts within a window, by reason and channel, and reopened matters."""

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
_HANDLED = "not ignored and handler in ('agent', 'bot')"


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
            f"No repeat within {days} days, counted for every handled contact of a known person whose next {days} days are in the data; "
            "from the beginning of one contact to the beginning of the next."
        ),
        note=Label(
            "Contacts without a known person cannot be followed and are left out.",
            "Contacten zonder bekende klant zijn niet te volgen en tellen niet mee.",
        ),
    )


RESOLUTION = (
    *(_repeat(days, suffix, column, en, nl) for suffix, column, en, nl in _KINDS for days in WINDOWS),
    Measure(
        name="fcr_no_repeat_7d",
        label=Label(
            "First contact resolution (no repeat in 7 days)", "In één keer goed (geen herhaling binnen 7 dagen)"
        ),
        unit=Unit.SHARE,
        better=Better.HIGHER,
        family="fcr",
        where=f"{_HANDLED} and person_key is not null and followed_ms >= {7 * DAY_MS}",
        of=f"case when next_ms <= {7 * DAY_MS} then 0 else 1 end",
        standard="Absence of a repeat within 7 days, any reason, any channel; the mirror image of repeat_7d.",
        note=Label(
            "No repeat is not proof of resolution: some give up.",
            "Geen herhaling bewijst geen oplossing: sommigen geven het op.",
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

"""What became of contacts that a bot or its vendor calls resolved; the same of people's, to compare it with."""

from __future__ import annotations

from peil.measures.measure import Measure
from peil.terms import Better, Label, Unit

DAY_MS = 86_400_000
WINDOWS = (1, 3, 7)
_INBOUND = "not ignored and direction = 'inbound'"
# the vendor's word where it tells, since that is what is billed; else the bot's own
CLAIMED = f"{_INBOUND} and coalesce(vendor_resolved, bot_outcome in ('resolved_confirmed', 'resolved_assumed'), false)"
BY_PEOPLE = f"{_INBOUND} and answered and not with_bot and ended_how = 'completed'"
KNOWN, KNOWN_WITH_REASON = "person_key is not null", "person_key is not null and reason is not null"
_SAME = (
    "_same_reason",
    "next_same_reason_ms",
    KNOWN_WITH_REASON,
    "same reason, any channel",
    "zelfde reden, elk kanaal",
)
_ANY = ("", "next_ms", KNOWN, "any reason, any channel", "elke reden, elk kanaal")
_WHOEVER = (
    "_whoever_began",
    "next_any_ms",
    KNOWN,
    "whoever began it",
    "wie er ook begon",
)
_FOLLOWED = Label(
    "Only contacts of a known person whose whole window is in the data; the others are counted apart.",
    "Alleen contacten van een bekende klant met het hele venster in de gegevens; de andere zijn apart geteld.",
)


def _days(days: int) -> tuple[str, str]:
    return (f"{days} day{'s' if days > 1 else ''}", f"{days} dag{'en' if days > 1 else ''}")


def _returned(days: int, kind: tuple[str, str, str, str, str], *, bot: bool) -> Measure:
    suffix, column, known, en, nl = kind
    within_en, within_nl = _days(days)
    whose = (
        ("Bot's 'resolved' that came back", "Door de bot 'opgelost', toch terug")
        if bot
        else ("Came back after a person", "Terug na een medewerker")
    )
    return Measure(
        name=f"{'claim' if bot else 'people'}_returned_{days}d{suffix}",
        label=Label(f"{whose[0]} within {within_en} ({en})", f"{whose[1]} binnen {within_nl} ({nl})"),
        unit=Unit.SHARE,
        better=Better.LOWER,
        family="claim_returned" if bot else "people_returned",
        where=f"{CLAIMED if bot else BY_PEOPLE} and {known} and followed_ms >= {days * DAY_MS}",
        of=f"case when {column} <= {days * DAY_MS} then 1 else 0 end",
        standard=(
            f"Of contacts that {'the bot or its vendor calls resolved' if bot else 'people dealt with and no bot had a part in'}: "
            + (
                f"another contact with the same person begins within {within_en}, callbacks and what the organisation sends included."
                if column == "next_any_ms"
                else f"the same person begins another contact within {within_en}, {en}; from beginning to beginning."
            )
        ),
        note=_FOLLOWED,
    )


CLAIM_RETURNED = {
    (days, same): _returned(days, _SAME if same else _ANY, bot=True) for days in WINDOWS for same in (True, False)
}
PEOPLE_RETURNED = {
    (days, same): _returned(days, _SAME if same else _ANY, bot=False) for days in WINDOWS for same in (True, False)
}
CLAIM_FOLLOWABLE = {
    same: Measure(
        name=f"claim_followable{'_same_reason' if same else ''}",
        label=Label(
            f"Claims of a known person{', with a reason' if same else ''}",
            f"Claims van een bekende klant{', met een reden' if same else ''}",
        ),
        unit=Unit.SHARE,
        better=Better.HIGHER,
        where=CLAIMED,
        of=f"case when {KNOWN_WITH_REASON if same else KNOWN} then 1 else 0 end",
        standard="Of contacts that the bot or its vendor calls resolved: those that can be followed.",
    )
    for same in (True, False)
}
CLAIM_WHOEVER = tuple(_returned(days, _WHOEVER, bot=True) for days in WINDOWS)
CLAIMS = (*CLAIM_FOLLOWABLE.values(), *CLAIM_RETURNED.values(), *CLAIM_WHOEVER, *PEOPLE_RETURNED.values())

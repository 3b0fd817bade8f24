"""Whether who asks for a person gets one, and when."""

from __future__ import annotations

from dataclasses import replace

from peil.measures.measure import Measure
from peil.terms import Better, Label, Unit

# whoever waits in a queue for a person, or told a bot to be put through
ASKED = "not ignored and direction = 'inbound' and (offered or asked_human_at is not null)"
BEGAN = "coalesce(asked_human_at, case when called_back then started_at end)"
ENDED = "coalesce(answered_at, ended_at)"
AFTER = (
    f"greatest(coalesce(case when {BEGAN} is not null then ms_between({BEGAN}, {ENDED}) end, "
    "wait_ms, response_ms, lasted_ms), 0)"
)
OVER = "not answered and (ended_how <> 'open' or abandoned)"
LEFT = f"{OVER} and (abandoned or coalesce(bot_outcome = 'gave_up', false))"
REACHED = Measure(
    name="human_reached",
    label=Label("Reached a person, of those who asked for one", "Kreeg een medewerker, van wie erom vroeg"),
    unit=Unit.SHARE,
    better=Better.HIGHER,
    where=f"{ASKED} and (answered or {OVER})",
    of="case when answered then 1 else 0 end",
    standard=(
        "Ours: inbound contacts that queued for a person or asked a bot for one, and are over; reached is answered by an agent, "
        "called back counts once the agent called."
    ),
    note=Label(
        "Who asked and was never put through counts too, where the source tells that they asked.",
        "Wie erom vroeg en nooit is doorverbonden telt mee, als de bron vertelt dat erom gevraagd is.",
    ),
)


def reached_within(seconds: float) -> Measure:
    """Return the share of those who asked that reached a person within so many seconds.

    Example:
        >>> reached_within(30).name
        'human_reached_within_30s'
    """
    return replace(
        REACHED,
        name=f"human_reached_within_{seconds:g}s",
        of=f"case when answered and {AFTER} <= {round(seconds * 1000)} then 1 else 0 end",
    )


REACH = (REACHED,)

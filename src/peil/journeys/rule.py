"""What makes two contacts parts of one journey: how near in time, and what about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from peil.errors import DefinitionError
from peil.terms import Label

DAY_MS = 86_400_000
Reason = Literal["any", "same", "same_or_unknown"]
REASONS: dict[Reason, Label] = {
    "any": Label("whatever the reason", "welke reden ook"),
    "same": Label("the same reason; contacts without a reason apart", "dezelfde reden; contacten zonder reden apart"),
    "same_or_unknown": Label(
        "the same reason; a contact without a reason goes with the next one that has a reason, else with the last",
        "dezelfde reden; een contact zonder reden hoort bij het volgende met een reden, anders bij het vorige",
    ),
}
_MOST_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyRule:
    """When a contact belongs to the journey that the same person was on.

    Parameters:
        window_days: a contact that begins at most so many days after the one before it began goes on with its journey.
        reason: what the two must be about; ``any``, ``same``, or ``same_or_unknown``, which takes a contact without a
            reason (a call that was given up has none) along with the nearest that has one.
        retell_seconds: how much of a conversation goes to telling again what somebody else was told before.

    Raises:
        DefinitionError: a number is out of range, or the reason rule is unknown.

    Example:
        >>> JourneyRule(window_days=3, reason="any").says.en
        'one person, whatever the reason, each contact within 3 days of the one before'
    """

    window_days: int = 7
    reason: Reason = "same_or_unknown"
    retell_seconds: int = 60

    def __post_init__(self) -> None:
        if not 1 <= self.window_days <= _MOST_DAYS:
            raise DefinitionError(
                f"journeys: a window of {self.window_days} days", remedy=f"give 1 to {_MOST_DAYS} days, such as 7"
            )
        if self.retell_seconds < 0:
            raise DefinitionError("journeys: telling it again cannot take less than no time", remedy="give 0 or more")
        if self.reason not in REASONS:
            raise DefinitionError(
                f"journeys: '{self.reason}' is no rule for reasons", remedy=f"choose one of: {', '.join(REASONS)}"
            )

    @property
    def window_ms(self) -> int:
        """The window in milliseconds."""
        return self.window_days * DAY_MS

    @property
    def says(self) -> Label:
        """The rule in words, for the foot of every figure that rests on it."""
        many, reason = self.window_days, REASONS[self.reason]
        return Label(
            f"one person, {reason.en}, each contact within {many} day{'s' if many > 1 else ''} of the one before",
            f"één persoon, {reason.nl}, elk contact binnen {many} dag{'en' if many > 1 else ''} na het vorige",
        )

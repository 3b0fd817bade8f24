"""The vocabulary: labels in two languages, units, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Language = Literal["en", "nl"]


@dataclass(frozen=True, slots=True)
class Label:
    """A name in every language that Peil publishes in.

    Example:
        >>> Label("Speed of answer", "Wachttijd").read("nl")
        'Wachttijd'
    """

    en: str
    nl: str

    def read(self, language: Language) -> str:
        """Return the name in ``language``."""
        return self.nl if language == "nl" else self.en


class Unit(StrEnum):
    """What a measure counts in.

    A share (0 to 1), a score on a scale, and points (net promoter score, -100 to
    100) are different units and cannot be subtracted from one another.
    """

    SHARE = "share"
    SCORE = "score"
    POINTS = "points"
    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    COUNT = "count"
    EUROS = "euros"

    @property
    def stored_per_shown(self) -> int:
        """How many stored units (ms, cents) make one shown unit.

        Example:
            >>> Unit.MINUTES.stored_per_shown
            60000
        """
        return {"seconds": 1_000, "minutes": 60_000, "hours": 3_600_000, "euros": 100}.get(self.value, 1)


class Better(StrEnum):
    """Which way a measure should go."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


CHANNEL_LABELS: dict[str, Label] = {
    "call": Label("Phone", "Telefoon"),
    "chat": Label("Chat", "Chat"),
    "mail": Label("E-mail", "E-mail"),
    "message": Label("Messaging", "Berichten"),
    "bot": Label("Chatbot", "Chatbot"),
    "form": Label("Form", "Formulier"),
    "desk": Label("Counter", "Balie"),
    "task": Label("Task", "Taak"),
    "social": Label("Social media", "Sociale media"),
    "video": Label("Video", "Video"),
    "callback": Label("Callback", "Terugbelverzoek"),
    "other": Label("Other", "Overig"),
}
CHANNELS: tuple[str, ...] = tuple(CHANNEL_LABELS)

"""What is said of how a question was put: sides of it, ways of asking, and what changed, in two languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from peil.terms import Label

Aspect = Literal["wording", "mode", "scale", "base", "frame"]
ASPECT_LABELS: Mapping[Aspect, Label] = {
    "wording": Label("wording", "formulering"),
    "scale": Label("scale", "schaal"),
    "mode": Label("mode of asking", "manier van vragen"),
    "base": Label("base", "basis"),
    "frame": Label("sampling frame", "steekproefkader"),
}
THE_ASPECTS: Mapping[Aspect, Label] = {
    name: Label(f"the {label.en}", f"{'het' if name == 'frame' else 'de'} {label.nl}")
    for name, label in ASPECT_LABELS.items()
}
WEIGHTED, UNWEIGHTED = Label("weighted", "gewogen"), Label("unweighted", "ongewogen")
NOTHING = Label("–", "–")
AUDIENCES: Mapping[str, Label] = {
    "customer": Label("customers", "klanten"),
    "organisation": Label("organisations", "organisaties"),
    "staff": Label("staff", "medewerkers"),
}
MODES: Mapping[str, Label] = {
    "web": Label("online", "online"),
    "mail": Label("by mail", "per post of e-mail"),
    "phone": Label("by phone", "telefonisch"),
    "ivr": Label("by phone menu", "via het keuzemenu"),
    "chat": Label("by chat", "via chat"),
    "paper": Label("on paper", "op papier"),
}


def named(name: str, known: Mapping[str, Label] = MODES) -> Label:
    """Return what a mode, an audience or a channel is called; its own name where it has no other.

    Parameters:
        name: as the tables have it.
        known: what such names are called: an e-mail is a channel, asking by mail a mode.

    Example:
        >>> named("paper").nl, named("kiosk").nl
        ('op papier', 'kiosk')
        >>> from peil.terms import CHANNEL_LABELS
        >>> named("mail", CHANNEL_LABELS).nl, named("mail").nl
        ('E-mail', 'per post of e-mail')
    """
    return known.get(name, Label(name, name))


def listed(labels: list[Label]) -> Label:
    """Return several names as one."""
    if not labels:
        return NOTHING
    return Label("; ".join(each.en for each in labels), "; ".join(each.nl for each in labels))

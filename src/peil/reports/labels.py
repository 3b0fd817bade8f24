"""What groups, columns and populations are called in a report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from peil.dataset import Dataset
from peil.estimates.groups import PERIODS
from peil.reports.dates import period, weekday
from peil.terms import CHANNEL_LABELS, Label, Language

UNKNOWN = Label("unknown", "onbekend")
EVERYTHING = Label("everything", "alles")
POPULATIONS: Mapping[str, Label] = {
    "contacts": Label("contacts", "contacten"),
    "responses": Label("answers", "antwoorden"),
    "agent_states": Label("periods of agents", "perioden van medewerkers"),
    "intervals": Label("reported intervals", "gerapporteerde intervallen"),
    "invitations": Label("invitations", "uitnodigingen"),
    "journeys": Label("journeys", "klantreizen"),
    "orders": Label("orders", "bestellingen"),
}
CLUSTERS: Mapping[str, Label] = {
    "contacts": Label("persons", "personen"),
    "responses": Label("respondents", "respondenten"),
    "agent_states": Label("agents", "medewerkers"),
    "intervals": Label("queues and days", "wachtrijen en dagen"),
    "invitations": Label("persons asked", "gevraagde personen"),
    "journeys": Label("persons", "personen"),
    "orders": Label("customers", "klanten"),
}
TOGETHER: Mapping[str, Label] = {
    "contacts": Label("contacts of one person are kept together", "contacten van dezelfde persoon horen bij elkaar"),
    "responses": Label(
        "answers of one respondent are kept together", "antwoorden van dezelfde respondent horen bij elkaar"
    ),
    "agent_states": Label(
        "periods of one agent are kept together", "perioden van dezelfde medewerker horen bij elkaar"
    ),
    "invitations": Label(
        "invitations of one person are kept together", "uitnodigingen van dezelfde persoon horen bij elkaar"
    ),
    "journeys": Label("journeys of one person are kept together", "klantreizen van dezelfde persoon horen bij elkaar"),
    "orders": Label("orders of one customer are kept together", "bestellingen van dezelfde klant horen bij elkaar"),
    "intervals": Label(
        "intervals of one queue and day are kept together", "intervallen van dezelfde wachtrij en dag horen bij elkaar"
    ),
}
NAMED_CLUSTERS = Label("clusters", "clusters")
TOGETHER_AS_NAMED = Label(
    "answers of one cluster are kept together", "antwoorden uit hetzelfde cluster horen bij elkaar"
)
METHODS: Mapping[str, Label] = {
    "Wilson": Label("Wilson interval on the effective number", "Wilson-interval op het effectieve aantal"),
    "Rocks": Label(
        "adjusted Wald interval on the effective number (Rocks 2016)",
        "aangepast Wald-interval op het effectieve aantal (Rocks 2016)",
    ),
    "Agresti": Label(
        "interval with two answers added, on the effective number (after Agresti and Coull 1998)",
        "interval met twee toegevoegde antwoorden, op het effectieve aantal (naar Agresti en Coull 1998)",
    ),
    "Woodruff": Label("Woodruff interval", "Woodruff-interval"),
    "Student": Label("linearised, Student's interval", "gelineariseerd, Student-interval"),
}
_COLUMNS: Mapping[str, Label] = {
    "channel": Label("channel", "kanaal"),
    "organisation": Label("organisation", "organisatie"),
    "country": Label("country", "land"),
    "sector": Label("sector", "sector"),
    "team": Label("team", "team"),
    "queue": Label("queue", "wachtrij"),
    "reason": Label("reason", "contactreden"),
    "handler": Label("handler", "afhandelaar"),
    "site": Label("site", "locatie"),
    "source": Label("source", "bron"),
    "language": Label("language", "taal"),
    "wave": Label("round", "ronde"),
    "survey": Label("survey", "enquête"),
    "mode": Label("mode of asking", "manier van vragen"),
    "stratum": Label("stratum", "stratum"),
    "ended_how": Label("how it ended", "hoe het afliep"),
    "direction": Label("direction", "richting"),
    "day": Label("day", "dag"),
    "week": Label("week", "week"),
    "month": Label("month", "maand"),
    "quarter": Label("quarter", "kwartaal"),
    "year": Label("year", "jaar"),
    "weekday": Label("weekday", "weekdag"),
    "hour": Label("hour", "uur"),
    "holiday": Label("holiday", "feestdag"),
    "school_holiday": Label("school holiday", "schoolvakantie"),
    "season": Label("season", "seizoen"),
    "working": Label("working day", "werkdag"),
}
_PLURALS: Mapping[str, Label] = {
    "channel": Label("channels", "kanalen"),
    "organisation": Label("organisations", "organisaties"),
    "team": Label("teams", "teams"),
    "queue": Label("queues", "wachtrijen"),
    "reason": Label("reasons", "contactredenen"),
    "site": Label("sites", "locaties"),
    "wave": Label("rounds", "rondes"),
    "weekday": Label("weekdays", "weekdagen"),
    "hour": Label("hours", "uren"),
}
_HANDLERS: Mapping[str, Label] = {
    "bot": Label("bot", "bot"),
    "ivr": Label("phone menu", "keuzemenu"),
    "agent": Label("agent", "medewerker"),
    "none": Label("nobody", "niemand"),
}
_ENDINGS: Mapping[str, Label] = {
    "completed": Label("completed", "afgehandeld"),
    "abandoned": Label("hung up", "opgehangen"),
    "timeout": Label("timed out", "verlopen"),
}
_GROUPS: Mapping[str, Mapping[str, Label]] = {
    "channel": CHANNEL_LABELS,
    "handler": _HANDLERS,
    "ended_how": _ENDINGS,
}
_YES, _NO = Label("yes", "ja"), Label("no", "nee")


def units(data: Dataset, population: str) -> Label:
    """Return what independent units of a population are called.

    Example:
        >>> from peil.made import made
        >>> units(made(), "responses").en
        'respondents'
    """
    return NAMED_CLUSTERS if population == "responses" and data.named_clusters else CLUSTERS[population]


def together(data: Dataset, population: str) -> Label:
    """Return which rows of a population are kept together."""
    return TOGETHER_AS_NAMED if population == "responses" and data.named_clusters else TOGETHER[population]


def column(name: str, language: Language) -> str:
    """Return what a group column is called.

    Example:
        >>> column("channel", "nl"), column("extra.country", "nl"), column("extra.size_class", "nl")
        ('kanaal', 'land', 'size class')
    """
    own = name.removeprefix("extra.")
    return _COLUMNS[own].read(language) if own in _COLUMNS else own.replace("_", " ")


def columns(name: str, language: Language) -> str:
    """Return what the groups of a column are called together."""
    if name in _PLURALS:
        return _PLURALS[name].read(language)
    return Label("groups", "groepen").read(language) + f" ({column(name, language)})"


def group(by: str, value: object, language: Language) -> str:
    """Return what one group is called.

    Example:
        >>> group("channel", "call", "nl"), group("team", None, "en"), group("working", True, "nl")
        ('Telefoon', 'unknown', 'ja')
    """
    if value is None:
        return UNKNOWN.read(language)
    if isinstance(value, bool):
        return (_YES if value else _NO).read(language)
    if isinstance(value, date):
        return period(value, by if by in PERIODS else "day", language)
    if by == "weekday" and isinstance(value, int):
        return weekday(value, language)
    known = _GROUPS.get(by, {}).get(str(value))
    return known.read(language) if known else str(value)


def method(told: str, language: Language) -> str:
    """Return how an interval was made, in the report's language."""
    for name, label in METHODS.items():
        if name in told:
            return label.read(language)
    return told


def lowered(text: str) -> str:
    """Return a label as it stands inside a sentence; abbreviations and names keep their capitals.

    Example:
        >>> lowered("Afhaakpercentage"), lowered("NPS volgens organisaties"), lowered("eNPS")
        ('afhaakpercentage', 'NPS volgens organisaties', 'eNPS')
    """
    word = text.split(" ", 1)[0]
    return text if any(letter.isupper() for letter in word[1:]) else text[:1].lower() + text[1:]

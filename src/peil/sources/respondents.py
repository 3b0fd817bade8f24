"""Which columns of a survey's export tell about the respondent, and one respondent's raw row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict

from peil.sources.questions import Word

__all__ = ["PLAIN", "Answered", "Fact", "Respondent", "milliseconds", "moment"]

# What of a respondent goes to which column of an answer, just as it stands.
PLAIN: Mapping[str, str] = {
    "contact_id": "contact_id",
    "customer_id": "customer_id",
    "agent_id": "agent_id",
    "team": "team",
    "channel": "channel",
    "cluster": "cluster",
    "population": "population_n",
    "unit": "unit",
    "unit_population": "unit_population_n",
}
SETTINGS = frozenset({"answered_on", "parse", "zone", "duration_unit", "decimal", "values", "facts", "keep"})
PER = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something of a respondent that figures can be given by, as ``extra.NAME``.

    Parameters:
        asked_as: the column or variable of the export.
        values: code of the export to what is kept.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    asked_as: str
    values: Mapping[str, Word] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Respondent:
    """Which columns of an export tell about the respondent; every one may be left out.

    Parameters:
        response_id: tells responses apart; the place in the file where there is none.
        answered_at: when it was answered; of several columns the first that is filled.
        answered_on: the day, for exports that have no full date.
        invited_at: when the invitation was sent; without it, when the respondent began.
        started_at: when the respondent began.
        duration: how long it took, in ``duration_unit``.
        duration_unit: the unit of the duration.
        contact_id, customer_id, agent_id, team, channel: what and whom it is about.
        mode, language: how it was asked; see ``values``.
        weight: survey weight: above zero, for every respondent.
        stratum, cluster, population, unit, unit_population: the sample design.
        wave: the round, where one export holds several.
        finished: whether the respondent reached the end.
        disposition: how it ended, in AAPOR's words; see ``values``.
        parse: date formats as ``strptime`` knows them, tried in order.
        zone: time zone of this export's instants, where the export itself names one.
        decimal: decimal comma or point.
        values: for one of the names above, code of the export to Peil's: ``{mode: {"2": mail}}``.
        facts: what else is kept, under a name of one's own.
        keep: of the columns that nothing else is said of, those to keep with the answers; all that do not look like
            somebody's personal data if left out.

    Example:
        >>> Respondent(response_id="RESPNUM", weight="WEIGHT").answered_at
        ()
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    response_id: str | None = None
    answered_at: tuple[str, ...] | str = ()
    answered_on: date | None = None
    invited_at: str | None = None
    started_at: str | None = None
    duration: str | None = None
    duration_unit: Literal["ms", "s", "min", "h"] = "s"
    contact_id: str | None = None
    customer_id: str | None = None
    agent_id: str | None = None
    team: str | None = None
    channel: str | None = None
    mode: str | None = None
    language: str | None = None
    weight: str | None = None
    stratum: str | None = None
    cluster: str | None = None
    population: str | None = None
    unit: str | None = None
    unit_population: str | None = None
    wave: str | None = None
    finished: str | None = None
    disposition: str | None = None
    parse: tuple[str, ...] = ()
    zone: str | None = None
    decimal: Literal[".", ","] = "."
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    keep: tuple[str, ...] | None = None

    @property
    def moments(self) -> tuple[str, ...]:
        """The columns that may tell when it was answered."""
        return (self.answered_at,) if isinstance(self.answered_at, str) else self.answered_at

    @property
    def columns(self) -> dict[str, str]:
        """What is told by which column of the export."""
        told = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in SETTINGS}
        told |= {f"answered_at.{place}": each for place, each in enumerate(self.moments)}
        told |= {f"facts.{name}": each.asked_as for name, each in self.facts.items()}
        told |= {f"keep.{place}": each for place, each in enumerate(self.keep or ())}
        return {name: each for name, each in told.items() if isinstance(each, str) and name != "answered_at"}

    def over(self, natural: Respondent) -> Respondent:
        """Return this one, with what it leaves open filled from what is natural for the system.

        Example:
            >>> Respondent(team="Q9").over(Respondent(team="Team", language="Lang")).language
            'Lang'
        """
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        open_ = Respondent()
        return replace(natural, **{name: value for name, value in told.items() if value != getattr(open_, name)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One respondent's raw row.

    Parameters:
        line: physical line of the export on which it begins (1-based).
        values: column or variable to what stands there; nothing that may never be kept.
    """

    line: int
    values: Mapping[str, str | None]


def moment(raw: str, who: Respondent) -> str:
    """Return an instant as ISO 8601; what no format fits stays as it stood, for the door to keep aside."""
    found: datetime | None = None
    for each in who.parse:
        try:
            found = datetime.strptime(raw, each)  # noqa: DTZ007  # the door gives it its zone
            break
        except ValueError:
            continue
    if found is None and who.zone:
        try:
            found = datetime.fromisoformat(raw)
        except ValueError:
            return raw
    if found is None:
        return raw
    if who.zone and found.tzinfo is None:
        found = found.replace(tzinfo=ZoneInfo(who.zone))
    return found.isoformat()


def milliseconds(raw: str | None, unit: str, decimal: str) -> object:
    """Return a duration in ms; what is no number stays as it stood, for the door to keep aside."""
    try:
        return round(float((raw or "").replace(decimal, ".")) * PER[unit]) if raw else None
    except (ValueError, OverflowError):
        return raw

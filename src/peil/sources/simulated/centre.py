"""One made contact centre."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa

from peil.engines.schema import Schema
from peil.errors import SourceError
from peil.sources.simulated.answering import Answering
from peil.sources.simulated.arrivals import arrivals
from peil.sources.simulated.frames import numbered
from peil.sources.simulated.legs import legs
from peil.sources.simulated.planted import Planted
from peil.sources.simulated.staff import staff
from peil.sources.simulated.surveys import CustomerSurvey, questionnaire
from peil.sources.simulated.truths import truths
from peil.sources.simulated.world import CHANNELS, DIGITAL, World
from peil.sources.source import Draft, Export, Fault
from peil.sources.tables import AGENT_STATES, ANSWERS, BOT_FAILURES, INVITATIONS, LEGS, QUESTIONS, ROSTER

PROVIDES = (LEGS, INVITATIONS, ANSWERS, QUESTIONS, ROSTER, AGENT_STATES)
MIX = {"mail": 0.36, "chat": 0.26, "message": 0.16, "bot": 0.22}
NPS = {"call": 12.0, "chat": 8.0, "mail": -6.0, "message": 10.0, "bot": -38.0}
CSAT = {"call": 0.74, "chat": 0.70, "mail": 0.60, "message": 0.71, "bot": 0.38}
CES_2 = {"call": 0.72, "chat": 0.71, "mail": 0.58, "message": 0.74, "bot": 0.45}
TALK_S = {"call": 260.0, "chat": 420.0, "mail": 380.0, "message": 300.0, "bot": 75.0}
FAILURES = {"misunderstanding": 0.44, "no_content": 0.22, "technical": 0.06, "policy": 0.08, "asked_human": 0.20}
HARDSHIP = 1.2
MAKING = 4
"""Version of how rows are drawn: raised whenever the same parameters give other rows."""

LATER: Mapping[str, object] = {"answering": "at_random", "hardship": None, "reluctance": 1.5, "promoter_odds": 2.5}
"""Parameters that came later: at these values rows are what they were before, and so is their hash."""

_SHARES = (
    "digital_before",
    "digital_after",
    "callbacks",
    "transfers",
    "self_served",
    "handover",
    "confirmed",
    "billed_anyway",
    "identified",
    "acted",
    "person_share",
    "invited",
    "response_rate",
    "occupancy",
    "home_share",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedCentre:
    """A contact centre of which everything that Peil estimates is known beforehand.

    Parameters:
        seed: the same seed and parameters always give the same rows.
        contacts: how many contacts there are, exactly.
        months: how many months they are spread over, with quiet weekends and a peak in winter.
        begins: first day; the default has 16 March 2020 in its third year.
        people_per_contact: persons for each contact. A fifth of them have half of the matters.
        shift_on: first day of the new channel mix.
        digital_before, digital_after: share of contacts that do not come by phone, before and after the shift.
        drift: what a year adds to the digital share, shift or not.
        mix: shares of mail, chat, message and bot among the digital contacts.
        answered: chance that a queued call or chat is answered or called back; the others abandon.
        mean_wait_s: mean time in the queue, answered or not.
        callbacks: chance that a caller who waits over a minute and does not abandon is called back instead.
        transfers: chance that an answered call is put through to another queue.
        self_served: chance that the bot says it did what the customer came for.
        handover: chance that the bot hands over to an agent. In what remains the customer gives up.
        confirmed: chance that a customer whom the bot helped says so.
        failures: shares of the causes among contacts that the bot does not resolve.
        billed_anyway: chance that the bot's vendor counts a contact as resolved in which the customer gave up.
        identified: chance that the bot finds out who the customer is.
        acted: chance that something had to be done, and that who resolved it did it.
        repeat, repeat_bot: chance that a contact is followed within 7 days by another of the same person about
            the same reason; the second for contacts that begin with the bot.
        talk_s: mean talk time by channel.
        queues: where live contacts and written ones wait.
        nps: true net promoter score by channel, in points; with ``hardship``, of middling contacts.
        nps_step: what the shift adds to every channel's score.
        csat, ces_2: share of 4 and 5 of 5, and of 5 to 7 of 7, by channel.
        person_share: part of the variance of hidden satisfaction that belongs to the person.
        invited: chance that a customer who was served is asked.
        response_rate: chance that one who is asked answers, whatever he or she thinks; where answering is not at
            random, the chance after a middling contact, or of one who gives a 7 or 8.
        answering: who answers: anybody ``at_random``; fewer by ``wait_and_outcome`` of the contact; or by the ``score``
            that they would give. In the last two every customer may be asked, those who abandoned too.
        hardship: by how many standard deviations hidden satisfaction falls with the burden of a contact: a wait of
            about 50 seconds, or having been put through, is about one. Where answering is not at random 1.2 if left out.
        reluctance: by how much the log odds to answer fall with the same burden, for ``wait_and_outcome``.
        promoter_odds: odds to answer of a promoter over those of a detractor, for ``score``.
        agents, teams: how many; agents are spread evenly over teams.
        team_effect: how far the best and the worst team lie from the middle, in standard deviations of hidden
            satisfaction; staff recommendation goes with it.
        enps: staff recommendation in the middle, in points.
        occupancy: share of available time that agents work on contacts.
        home_share: share of agents who work at home after the shift. It changes nothing else.
        state_days: how many working days, from the first, come with what each agent was doing.

    Raises:
        SourceError: a parameter is out of bounds.

    Example:
        >>> centre = SimulatedCentre(contacts=500)
        >>> centre.truth()["nps_call"].says.en
        'Before the shift the net promoter score of contacts that begin by phone is 12.0 points.'
        >>> sum(draft.rows.num_rows for draft in centre.read(centre.export) if draft.schema.name == "legs") >= 500
        True
    """

    kind: Literal["simulated"] = "simulated"
    name: str = "simulated"
    organisation: str = "Centre (simulated)"
    zone: str = "Europe/Amsterdam"
    files: tuple[str, ...] = ()
    seed: int = 0
    contacts: int = 1_000
    months: int = 36
    begins: date = date(2018, 1, 1)
    people_per_contact: float = 0.45
    shift_on: date = date(2020, 3, 16)
    digital_before: float = 0.38
    digital_after: float = 0.55
    drift: float = 0.0
    mix: Mapping[str, float] = field(default_factory=lambda: dict(MIX), hash=False)
    answered: float = 0.93
    mean_wait_s: float = 30.0
    callbacks: float = 0.10
    transfers: float = 0.08
    self_served: float = 0.55
    handover: float = 0.30
    confirmed: float = 0.35
    failures: Mapping[str, float] = field(default_factory=lambda: dict(FAILURES), hash=False)
    billed_anyway: float = 0.50
    identified: float = 0.60
    acted: float = 0.40
    repeat: float = 0.12
    repeat_bot: float = 0.26
    talk_s: Mapping[str, float] = field(default_factory=lambda: dict(TALK_S), hash=False)
    queues: tuple[str, ...] = ("service", "billing", "technical", "sales")
    nps: Mapping[str, float] = field(default_factory=lambda: dict(NPS), hash=False)
    nps_step: float = 0.0
    csat: Mapping[str, float] = field(default_factory=lambda: dict(CSAT), hash=False)
    ces_2: Mapping[str, float] = field(default_factory=lambda: dict(CES_2), hash=False)
    person_share: float = 0.3
    invited: float = 0.6
    response_rate: float = 0.35
    answering: Answering = "at_random"
    hardship: float | None = None
    reluctance: float = 1.5
    promoter_odds: float = 2.5
    agents: int = 24
    teams: int = 4
    team_effect: float = 0.15
    enps: float = 10.0
    occupancy: float = 0.82
    home_share: float = 0.6
    state_days: int = 20

    def __post_init__(self) -> None:
        checks = {
            **{name: 0 <= getattr(self, name) <= 1 for name in _SHARES},
            "self_served + handover": self.self_served + self.handover <= 1,
            "failures": set(self.failures) <= set(BOT_FAILURES)
            and min(self.failures.values(), default=0) >= 0 < sum(self.failures.values()),
            "contacts": self.contacts >= 1,
            "months": self.months >= 1,
            "begins": self.begins.year > 1970 and self.begins.day <= 28,  # noqa: PLR2004  # a day that every month has
            "people_per_contact": self.people_per_contact > 0,
            "mean_wait_s": self.mean_wait_s >= 0,
            "answered": 0 < self.answered <= 1,
            "repeat": 0 <= min(self.repeat, self.repeat_bot) <= max(self.repeat, self.repeat_bot) < 1,
            "mix": set(self.mix) <= set(DIGITAL) and sum(self.mix.values()) > 0 and min(self.mix.values()) >= 0,
            "talk_s": set(self.talk_s) == set(CHANNELS) and min(self.talk_s.values()) > 0,
            "zone": _is_zone(self.zone),
            "queues": bool(self.queues),
            "nps": set(self.nps) == set(CHANNELS)
            and all(-100 <= each + step <= 100 for each in self.nps.values() for step in (0, self.nps_step)),  # noqa: PLR2004  # the bounds of a net promoter score
            "csat": set(self.csat) == set(CHANNELS) and all(0 <= each <= 1 for each in self.csat.values()),
            "ces_2": set(self.ces_2) == set(CHANNELS) and all(0 <= each <= 1 for each in self.ces_2.values()),
            "hardship": self.hardship is None or self.hardship >= 0,
            "reluctance": self.reluctance >= 0,
            "promoter_odds": self.promoter_odds > 0,
            "state_days": self.state_days >= 1,
            "agents": 1 <= self.teams <= self.agents and self.agents % self.teams == 0,
        }
        wrong = [name for name, holds in checks.items() if not holds]
        if wrong:
            raise SourceError(
                f"the simulated source '{self.name}' cannot be made: out of bounds: {', '.join(wrong)}",
                remedy="shares lie from 0 to 1, scores from -100 to 100, every channel is named, teams divide agents",
            )

    @property
    def provides(self) -> tuple[Schema, ...]:
        """The canonical tables it delivers."""
        return PROVIDES

    @property
    def fingerprint(self) -> str:
        """Hash of everything that decides the rows; stands where a file's hash would."""
        return fingerprint(self.kind, asdict(self))

    @property
    def export(self) -> Export:
        """What to read: there is no file, so the parameters' hash stands for it."""
        return nothing_to_open(self.fingerprint)

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the rows in batches; ``export`` names no file and is not opened."""
        del export
        yield from numbered(rows(self.world()))

    def truth(self) -> Mapping[str, Planted]:
        """Return every planted value by name, each with a sentence."""
        return truths(self.world())

    def world(
        self,
        *,
        organisation: str | None = None,
        extra: str | None = None,
        index: int = 0,
        first: tuple[int, int] = (1, 1),
    ) -> World:
        """Return what the rows are drawn from.

        Parameters:
            organisation: named on each row.
            extra: JSON on each row.
            index: keeps the random streams of organisations apart.
            first: number of the first contact and of the first customer.
        """
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        own = {each.name: given[each.name] for each in fields(World) if each.name in given}
        return World(
            **{
                **own,
                "hardship": self.hardship if self.hardship is not None else self._default_hardship(),
                "people": max(2, round(self.contacts * self.people_per_contact)),
                "organisation": organisation,
                "extra": extra,
                "index": index,
                "first_contact": first[0],
                "first_customer": first[1],
                "first_agent": 1 + index * self.agents,
            }
        )

    def _default_hardship(self) -> float:
        return 0.0 if self.answering == "at_random" else HARDSHIP


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError):
        return False
    return True


def nothing_to_open(sha256: str) -> Export:
    """Return the export of a source that has no file."""
    return Export(name="<simulated>", path=Path(), sha256=sha256)


def fingerprint(kind: str, parameters: Mapping[str, object]) -> str:
    """Return the hash of a made source's parameters and of the version of its making."""
    told = {name: value for name, value in parameters.items() if LATER.get(name, ...) != value}
    text = json.dumps([kind, MAKING, told], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def rows(world: World) -> Iterator[tuple[Schema, pa.RecordBatch]]:
    """Yield everything about one organisation, a chunk of contacts at a time."""
    survey = CustomerSurvey(world)
    yield from staff(world)
    for period, contacts, rng in arrivals(world):
        batch, handled = legs(world, contacts, rng)
        yield LEGS, batch
        yield from zip((INVITATIONS, ANSWERS), survey.draw(contacts, handled, rng, after=period.after), strict=True)
    yield QUESTIONS, questionnaire(world)

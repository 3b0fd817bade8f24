"""One made organisation once every number about it is settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa

from peil.sources.simulated.frames import Integers, ids, same
from peil.sources.simulated.scales import Floats

CHANNELS = ("call", "chat", "mail", "message", "bot")
CALL, CHAT, MAIL, MESSAGE, BOT = range(5)
DIGITAL = CHANNELS[1:]
REASONS = ("invoice", "payment", "moving", "outage", "delivery", "contract", "complaint", "other")
SITES = ("north", "south")
CALLBACK_AFTER_S = 60
"""Only who waited longer than this is offered to be called back, so service levels up to it do not change."""

_WEEK = np.array([1.15, 1.06, 1.00, 1.00, 0.94, 0.34, 0.16])
_PEAK_DAY = 354


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the rows of one organisation are drawn from; `SimulatedCentre` explains the parameters.

    Parameters:
        organisation: named on each row; none leaves it to the door.
        extra: JSON that stands on each row.
        index: keeps the random streams of organisations apart.
        first_contact, first_customer, first_agent: where the numbers of this organisation begin.
    """

    seed: int
    zone: str
    contacts: int
    months: int
    begins: date
    people: int
    shift_on: date
    digital_before: float
    digital_after: float
    drift: float
    mix: Mapping[str, float]
    answered: float
    mean_wait_s: float
    callbacks: float
    transfers: float
    self_served: float
    handover: float
    confirmed: float
    failures: Mapping[str, float]
    billed_anyway: float
    identified: float
    acted: float
    repeat: float
    repeat_bot: float
    talk_s: Mapping[str, float]
    queues: tuple[str, ...]
    nps: Mapping[str, float]
    nps_step: float
    csat: Mapping[str, float]
    ces_2: Mapping[str, float]
    person_share: float
    invited: float
    response_rate: float
    answering: str
    hardship: float
    reluctance: float
    promoter_odds: float
    agents: int
    teams: int
    team_effect: float
    enps: float
    occupancy: float
    home_share: float
    state_days: int
    organisation: str | None = None
    extra: str | None = None
    index: int = 0
    first_contact: int = 0
    first_customer: int = 0
    first_agent: int = 0

    @property
    def asks_everyone(self) -> bool:
        """Whether customers who were not served are asked as well, since what they went through counts."""
        return self.answering != "at_random" or self.hardship > 0

    @property
    def ends(self) -> date:
        """The first day after the last."""
        return _month_on(self.begins, self.months)

    def generator(self, *stream: int) -> np.random.Generator:
        """Return the random numbers of one stream; no two streams share any."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(self.index, *stream)))

    def origin(self, rows: int) -> dict[str, pa.Array]:
        """Return the columns that say whose rows these are."""
        found = {} if self.organisation is None else {"organisation": same(self.organisation, rows)}
        return found if self.extra is None else {**found, "extra": same(self.extra, rows)}

    def contact_ids(self, prefix: str, numbers: Integers) -> pa.StringArray:
        """Return the identifiers of contacts, and with another prefix of what belongs to them."""
        return ids(prefix, numbers, max(7, len(str(self.first_contact + self.contacts))))

    def customer_ids(self, numbers: Integers) -> pa.StringArray:
        """Return the identifiers of customers."""
        return ids("c", numbers, max(6, len(str(self.first_customer + self.people))))

    def agent_ids(self, numbers: Integers) -> pa.StringArray:
        """Return the identifiers of agents."""
        return ids("a", numbers, max(3, len(str(self.first_agent + self.agents))))

    def team_effects(self) -> Floats:
        """Return each team's shift of the hidden satisfaction score; they add up to zero."""
        return np.linspace(-1, 1, self.teams) * self.team_effect if self.teams > 1 else np.zeros(1)

    def team_of(self, agents: Integers) -> Integers:
        """Return the team of each agent number; agents are spread evenly over teams."""
        return np.where(agents < 0, -1, (agents - self.first_agent) % self.teams)

    def team_names(self) -> tuple[str, ...]:
        """Return the names of the teams."""
        return tuple(f"team {each + 1}" for each in range(self.teams))


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A month, or a part of one, in which nothing about the world changes.

    Parameters:
        first: its first day.
        days: how many days it has.
        contacts: how many contacts begin in it.
        mix: share of each channel.
        after: it lies after the shift.
    """

    first: date
    days: int
    contacts: int
    mix: Floats
    after: bool

    def weights(self) -> Floats:
        """Return how busy each day is: the working week, and a peak in winter."""
        return day_weights(self.first, self.days)


def day_weights(first: date, days: int) -> Floats:
    """Return how busy each of ``days`` days is, relative to a Wednesday in spring."""
    numbers = np.arange(days)
    of_year = first.timetuple().tm_yday + numbers
    return np.asarray(
        _WEEK[(first.weekday() + numbers) % 7] * (1 + 0.22 * np.cos(2 * np.pi * (of_year - _PEAK_DAY) / 365.25)),
        np.float64,
    )


def periods(world: World) -> tuple[Period, ...]:
    """Divide the contacts over the months, cut where the shift falls; not one contact more or less."""
    edges = {_month_on(world.begins, each) for each in range(world.months + 1)}
    if world.begins < world.shift_on < world.ends:
        edges.add(world.shift_on)
    days = sorted(edges)
    spans = [(first, (until - first).days) for first, until in pairwise(days)]
    busy = np.array([day_weights(first, length).sum() for first, length in spans])
    reached = np.rint(np.cumsum(busy) / busy.sum() * world.contacts).astype(np.int64)
    counts = np.diff(reached, prepend=0)
    return tuple(
        Period(
            first=first,
            days=length,
            contacts=int(count),
            mix=_mix(world, first + timedelta(days=length // 2), after=first >= world.shift_on),
            after=first >= world.shift_on,
        )
        for (first, length), count in zip(spans, counts, strict=True)
        if count
    )


def digital_share(world: World, day: date, *, after: bool) -> float:
    """Return the share of contacts that do not come by phone around ``day``."""
    level = world.digital_after if after else world.digital_before
    return min(0.99, max(0.01, level + world.drift * (day - world.begins).days / 365.25)) if world.drift else level


def _mix(world: World, day: date, *, after: bool) -> Floats:
    digital = digital_share(world, day, after=after)
    parts = np.array([world.mix.get(each, 0.0) for each in DIGITAL])
    return np.concatenate([[1 - digital], digital * parts / parts.sum()])


def _month_on(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, first.day)

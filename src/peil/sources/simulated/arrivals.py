"""Who gets in touch, when, about what and how: contacts before anything has been done with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import gcd
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from peil.sources.simulated.frames import Integers
from peil.sources.simulated.scales import Floats, uniform_of
from peil.sources.simulated.world import BOT, CHAT, REASONS, Period, World, periods

CHUNK = 60_000
"""Contacts drawn at once; bounds the memory, however long the history."""

_DAY_S = 86_400
_GAP_DAYS = np.array([1, 2, 3, 4, 5, 6])
_GAP_SHARES = np.array([0.34, 0.24, 0.16, 0.11, 0.09, 0.06])
_REASON_SHARES = np.array([0.22, 0.16, 0.08, 0.14, 0.14, 0.10, 0.09, 0.07])
_FREQUENT_PEOPLE = 0.2
_FREQUENT_MATTERS = 0.5
_OPEN = np.array([0] * 8 + [8, 11, 12, 11, 9, 10, 10, 9, 8, 6, 4, 2] + [0] * 4, np.float64)
_ROUND_THE_CLOCK = np.array([1, 1, 1, 1, 1, 1, 2, 4, 8, 10, 10, 9, 8, 9, 9, 8, 8, 7, 7, 8, 8, 6, 4, 2], np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """Contacts in order of time, one a place in each array.

    Parameters:
        number: tells contacts apart.
        started: seconds since 1970, UTC.
        channel: place in ``CHANNELS``.
        person: number of the customer.
        reason: place in ``REASONS``.
    """

    number: Integers
    started: Integers
    channel: Integers
    person: Integers
    reason: Integers


def arrivals(world: World) -> Iterator[tuple[Period, Contacts, np.random.Generator]]:
    """Yield the contacts of each period in chunks, with the random numbers that the rest of the chunk may use."""
    frequent = max(1, round(world.people * _FREQUENT_PEOPLE))
    pools = (_Pool(first=0, people=frequent), _Pool(first=frequent, people=max(1, world.people - frequent)))
    matters = [0, 0]
    number = world.first_contact
    stream = 0
    for period in periods(world):
        for begin in range(0, period.contacts, CHUNK):
            size = min(CHUNK, period.contacts - begin)
            rng = world.generator(0, stream)
            yield period, _draw(world, period, size, number, pools, matters, rng), rng
            number += size
            stream += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """People who take turns, so that one person's matters lie far apart and none is a repeat by accident."""

    first: int
    people: int

    def turns(self, begin: int, matters: int) -> tuple[Integers, Integers]:
        """Return the person of each matter, and how many matters that person had before."""
        step = next(
            each for each in range(int(self.people * 0.618) + 1, 2 * self.people + 2) if gcd(each, self.people) == 1
        )
        turn = begin + np.arange(matters)
        return self.first + turn % self.people * step % self.people, turn // self.people


def _draw(
    world: World,
    period: Period,
    size: int,
    number: int,
    pools: tuple[_Pool, _Pool],
    matters: list[int],
    rng: np.random.Generator,
) -> Contacts:
    channel = np.searchsorted(np.cumsum(period.mix)[:-1], rng.random(size), side="right").astype(np.int64)
    followed = rng.random(size) < np.where(channel == BOT, world.repeat_bot, world.repeat)
    channel, followed = _end_unfollowed(channel, followed)
    repeats = np.concatenate([[False], followed[:-1]])
    matter = np.cumsum(~repeats) - 1
    first = np.flatnonzero(~repeats)

    gap = np.where(repeats, rng.choice(_GAP_DAYS, size, p=_GAP_SHARES), 0)
    since = np.cumsum(gap)
    since -= since[first][matter]
    last = np.append(first[1:], size) - 1
    room = np.maximum(period.days - 1 - since[last], 0)
    busy = np.cumsum(period.weights())
    day = np.searchsorted(busy, rng.random(len(first)) * busy[room], side="right")
    day_of = np.minimum(day[matter] + since, period.days - 1)
    started = _midnights(world.zone, period.first, period.days)[day_of] + _second_of_day(channel, rng)

    person, reason = _who_and_why(world, len(first), pools, matters, rng)
    order = np.argsort(started, kind="stable")
    return Contacts(
        number=number + np.arange(size),
        started=started[order],
        channel=channel[order],
        person=world.first_customer + person[matter][order],
        reason=reason[matter][order],
    )


def _end_unfollowed(channel: Integers, followed: NDArray[np.bool_]) -> tuple[Integers, NDArray[np.bool_]]:
    """Turn the ring of contacts so that the last is not followed by another."""
    if followed.all():
        followed = followed.copy()
        followed[-1] = False
    turn = -(int(np.flatnonzero(~followed)[-1]) + 1)
    return np.roll(channel, turn), np.roll(followed, turn)


def _who_and_why(
    world: World, size: int, pools: tuple[_Pool, _Pool], matters: list[int], rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Return the person and the reason of each matter; a person's next matter has another reason."""
    person = np.empty(size, np.int64)
    before = np.empty(size, np.int64)
    often = rng.random(size) < _FREQUENT_MATTERS
    for which, (pool, chosen) in enumerate(zip(pools, (often, ~often), strict=True)):
        count = int(chosen.sum())
        person[chosen], before[chosen] = pool.turns(matters[which], count)
        matters[which] += count
    own = uniform_of(person + world.first_customer, world.seed + 1)
    reason = np.searchsorted(np.cumsum(_REASON_SHARES)[:-1], own, side="right") + before
    return person, reason % len(REASONS)


def _second_of_day(channel: Integers, rng: np.random.Generator) -> Integers:
    """Return a local time of day: live channels in opening hours, the others round the clock."""
    drawn = rng.random(len(channel))
    edges = np.arange(25, dtype=np.float64) * 3_600
    live, rest = (_times(drawn, weights, edges) for weights in (_OPEN, _ROUND_THE_CLOCK))
    return np.where(channel <= CHAT, live, rest).astype(np.int64)


def _times(drawn: Floats, weights: Floats, edges: Floats) -> Floats:
    shares = weights / weights.sum()
    held = shares > 0
    first, last = int(np.argmax(held)), len(held) - int(np.argmax(held[::-1]))
    below = np.concatenate([[0.0], np.cumsum(shares[first:last])])
    return np.asarray(np.interp(drawn, below, edges[first : last + 1]), np.float64)


def _midnights(zone: str, first: date, days: int) -> Integers:
    """Return the start of each local day in seconds since 1970, by the offset in force at noon."""
    place = ZoneInfo(zone)
    found = []
    for each in range(days):
        noon = datetime.combine(first + timedelta(days=each), time(12), place)
        found.append(int(noon.astimezone(UTC).timestamp()) - _DAY_S // 2)
    return np.array(found, np.int64)

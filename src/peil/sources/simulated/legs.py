"""What was done with each contact: queues, abandonment, talk, transfers, call-backs, mails and bots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from peil.sources.simulated import bots
from peil.sources.simulated.arrivals import Contacts
from peil.sources.simulated.frames import NOTHING, Integers, flags, frame, ids, instants, whole, words
from peil.sources.simulated.scales import Floats
from peil.sources.simulated.world import (
    BOT,
    CALL,
    CALLBACK_AFTER_S,
    CHANNELS,
    CHAT,
    MAIL,
    REASONS,
    SITES,
    World,
)
from peil.sources.tables import ENDINGS, HANDLERS, LEGS

HOLD_SHARE = 0.2
HOLD_S = 45.0
WRAP_S = 40.0
SECOND_TALK = 0.6
"""A second agent talks this part of what a first agent does."""

TALK_SPREAD = 0.55
"""Standard deviation of the logarithm of a talk time."""

_AGENT, _BOT, _NONE = HANDLERS.index("agent"), HANDLERS.index("bot"), HANDLERS.index("none")
_DONE, _GONE, _QUIET = (ENDINGS.index(each) for each in ("completed", "abandoned", "timeout"))
_ON, _LATER = ENDINGS.index("transferred"), ENDINGS.index("callback")
_MINUTE, _HOUR = 60, 3_600
_DIRECTIONS = ("inbound", "outbound")
OUTCOMES = ("completed", "abandoned", "transferred", "handed_over", "bot_helped", "bot_gave_up")
"""How a contact can end, as the customer sees it."""

Block = dict[str, Integers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """How each contact ended, for the survey that follows it.

    Parameters:
        ended: seconds since 1970, UTC.
        agent: the first agent; negative where there was none.
        served: somebody or something dealt with it.
        wait: seconds in the queue before the first agent, or before giving up.
        outcome: place in ``OUTCOMES``.
    """

    ended: Integers
    agent: Integers
    served: NDArray[np.bool_]
    wait: Integers
    outcome: Integers


def legs(world: World, contacts: Contacts, rng: np.random.Generator) -> tuple[pa.RecordBatch, Handled]:
    """Draw the legs of ``contacts``.

    Parameters:
        world: how they are dealt with.
        contacts: who came, in order of time.
        rng: the random numbers of this chunk.

    Returns:
        The legs, those of one contact side by side, and how each contact ended.
    """
    first = _first(world, contacts, rng)
    second = _second(world, contacts, first, rng)
    ended = first["ended"].copy()
    ended[second["contact"]] = np.maximum(ended[second["contact"]], second["ended"])
    order = np.argsort(np.concatenate([first["contact"], second["contact"]]), kind="stable")
    both = {name: np.concatenate([first[name], second[name]])[order] for name in first}
    both |= bots.parts(world, contacts, both)
    how, bot = first["ended_how"], contacts.channel == BOT
    wait = np.maximum(first["wait"], 0)
    # a call that is put through waits again, but after somebody answered
    handed = bot[second["contact"]]
    wait[second["contact"][handed]] += np.maximum(second["wait"][handed], 0)
    outcome = np.select(
        [how == _GONE, bot & (how == _ON), how == _ON, bot & (how == _QUIET), bot],
        [OUTCOMES.index(each) for each in ("abandoned", "handed_over", "transferred", "bot_gave_up", "bot_helped")],
        default=OUTCOMES.index("completed"),
    )
    return _batch(world, contacts, both), Handled(
        ended=ended, agent=first["agent"], served=how != _GONE, wait=wait, outcome=outcome
    )


def waits(world: World, size: int, rng: np.random.Generator) -> Integers:
    """Return waits in whole seconds with the planted mean; whether somebody abandons does not depend on them.

    Queue and patience are two exponential clocks: the first to ring ends the wait, and when it rings says nothing
    about which it was. So the wait, the share answered and the mean patience are all known exactly.
    """
    return rng.geometric(1 / (1 + world.mean_wait_s), size) - 1


def _first(world: World, contacts: Contacts, rng: np.random.Generator) -> Block:
    channel, started = contacts.channel, contacts.started
    size = len(channel)
    live, bot = channel <= CHAT, channel == BOT
    slow = ~live & ~bot
    wait = waits(world, size, rng)
    gone = live & (rng.random(size) >= world.answered)
    chance = rng.random(size)
    later = (channel == CALL) & ~gone & (wait > CALLBACK_AFTER_S) & (chance < world.callbacks)
    taken = live & ~gone & ~later
    moved = (channel == CALL) & taken & (rng.random(size) < world.transfers)
    served = bot & (chance < world.self_served)
    handed = bot & ~served & (chance < world.self_served + world.handover)

    answered = np.where(taken, started + wait, np.where(bot, started, NOTHING))
    worked = taken | slow
    means = np.array([world.talk_s[each] for each in CHANNELS])[channel]
    talk = np.where(worked | bot, _lognormal(means, TALK_SPREAD, rng), NOTHING)
    held = taken & (channel == CALL) & (rng.random(size) < HOLD_SHARE)
    hold = np.where(taken, np.where(held, 1 + rng.exponential(HOLD_S, size).astype(np.int64), 0), NOTHING)
    wrap = np.where(taken, _lognormal(np.full(size, WRAP_S), 0.7, rng), NOTHING)
    reply = np.where(channel == MAIL, 6 * _HOUR, 20 * _MINUTE)
    responded = np.where(slow, started + talk + _lognormal(reply.astype(np.float64), 0.9, rng), NOTHING)
    again = slow & (rng.random(size) < 0.25)  # noqa: PLR2004  # a quarter needs a second turn
    resolved = np.where(slow, responded + np.where(again, _lognormal(4.0 * reply, 0.8, rng), 0), NOTHING)
    ended = np.select(
        [taken, bot, slow], [answered + talk + np.maximum(hold, 0), started + talk, resolved], default=started + wait
    )
    queue = contacts.reason % len(world.queues)
    return {
        "contact": np.arange(size),
        "leg": np.ones(size, np.int64),
        "channel": channel,
        "direction": np.zeros(size, np.int64),
        "queue": np.where(bot, NOTHING, queue),
        "handler": np.where(bot, _BOT, np.where(worked, _AGENT, _NONE)),
        "agent": np.where(worked, world.first_agent + rng.integers(world.agents, size=size), NOTHING),
        "started": started,
        "queued": np.where(live, started, NOTHING),
        "answered": answered,
        "responded": responded,
        "resolved": resolved,
        "ended": ended,
        "updated": ended + np.maximum(wrap, 0) + rng.integers(1, 60, size),
        "wait": np.where(live, wait, NOTHING),
        "talk": talk,
        "hold": hold,
        "wrap": wrap,
        "concurrency": np.where(worked, np.where((channel == CALL) | (channel == MAIL), 1, 2), NOTHING),
        "n_holds": np.where(taken, held, NOTHING).astype(np.int64),
        "n_reopens": np.where(slow, again & (channel == MAIL), NOTHING).astype(np.int64),
        "ended_how": np.select(
            [gone, later, moved | handed, bot & ~served], [_GONE, _LATER, _ON, _QUIET], default=_DONE
        ),
        "self_served": np.where(bot, served, NOTHING).astype(np.int64),
    }


def _second(world: World, contacts: Contacts, first: Block, rng: np.random.Generator) -> Block:
    """Draw the second legs: a call put through, a bot that hands over, a promised call-back."""
    which = np.flatnonzero((first["ended_how"] == _ON) | (first["ended_how"] == _LATER))
    size = len(which)
    before = first["channel"][which]
    later = first["ended_how"][which] == _LATER
    channel = np.where(before == BOT, CHAT, before)
    started = first["ended"][which] + np.where(later, rng.integers(10 * _MINUTE, _HOUR, size), 0)
    wait = np.where(later, NOTHING, waits(world, size, rng))
    answered = started + np.maximum(wait, 0)
    whole_talk = later | (before == BOT)
    means = np.array([world.talk_s[each] for each in CHANNELS])[channel] * np.where(whole_talk, 1, SECOND_TALK)
    talk = _lognormal(means, TALK_SPREAD, rng)
    wrap = _lognormal(np.full(size, WRAP_S), 0.7, rng)
    nothing = np.full(size, NOTHING)
    queue = contacts.reason[which] + (~later & (before == CALL))
    return {
        "contact": which,
        "leg": np.full(size, 2),
        "channel": channel,
        "direction": later.astype(np.int64),
        "queue": queue % len(world.queues),
        "handler": np.full(size, _AGENT),
        "agent": world.first_agent + rng.integers(world.agents, size=size),
        "started": started,
        "queued": np.where(later, NOTHING, started),
        "answered": answered,
        "responded": nothing,
        "resolved": nothing,
        "ended": answered + talk,
        "updated": answered + talk + wrap + rng.integers(1, 60, size),
        "wait": wait,
        "talk": talk,
        "hold": np.zeros(size, np.int64),
        "wrap": wrap,
        "concurrency": np.where(channel == CHAT, 2, 1),
        "n_holds": np.zeros(size, np.int64),
        "n_reopens": nothing,
        "ended_how": np.full(size, _DONE),
        "self_served": nothing,
    }


def _lognormal(means: Floats, spread: float, rng: np.random.Generator) -> Integers:
    """Return whole seconds, at least one, with these means."""
    drawn = np.exp(np.log(means) - spread**2 / 2 + spread * rng.standard_normal(len(means)))
    return np.maximum(np.rint(drawn), 1).astype(np.int64)


def _batch(world: World, contacts: Contacts, block: Block) -> pa.RecordBatch:
    contact, team = block["contact"], world.team_of(block["agent"])
    rows = len(contact)
    columns = {
        **world.origin(rows),
        "contact_id": world.contact_ids("k", contacts.number[contact]),
        "leg_id": ids("", block["leg"], 1),
        "channel": words(block["channel"], CHANNELS),
        "direction": words(block["direction"], _DIRECTIONS),
        "queue": words(block["queue"], world.queues),
        "handler": words(block["handler"], HANDLERS),
        "agent_id": world.agent_ids(block["agent"]),
        "team": words(team, world.team_names()),
        "site": words(np.where(team < 0, -1, team % len(SITES)), SITES),
        "ended_how": words(block["ended_how"], ENDINGS),
        "self_served": flags(block["self_served"]),
        **bots.columns(block),
        "reason": words(contacts.reason[contact], REASONS),
        "customer_id": world.customer_ids(contacts.person[contact]),
        **{f"{name}_at": instants(block[name]) for name in _INSTANTS},
        **{f"{name}_ms": whole(block[name], 1_000) for name in ("wait", "talk", "hold", "wrap")},
        **{name: whole(block[name]) for name in ("concurrency", "n_holds", "n_reopens")},
    }
    return frame(LEGS, columns)


_INSTANTS = ("started", "queued", "answered", "responded", "resolved", "ended", "updated")

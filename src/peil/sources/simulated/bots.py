"""What a made bot did with each contact: whether it resolved anything, why not, and who did which step."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from peil.sources.simulated.arrivals import Contacts
from peil.sources.simulated.frames import NOTHING, Integers, flags, instants, words
from peil.sources.simulated.planted import Planted, planted
from peil.sources.simulated.scales import Floats, uniform_of
from peil.sources.simulated.world import BOT, MAIL, World
from peil.sources.tables import BOT_FAILURES, BOT_OUTCOMES, ENDINGS, HANDLERS, STEP_BY
from peil.terms import Unit

_AGENT, _BOT, _CUSTOMER, _NONE = (STEP_BY.index(each) for each in ("agent", "bot", "customer", "none"))
_CONFIRMED, _ASSUMED, _HANDED, _GAVE_UP = range(len(BOT_OUTCOMES))
_ASKED = BOT_FAILURES.index("asked_human")
_ON = ENDINGS.index("transferred")
_LOT = 1_000
_FAILURES_EN = {
    "misunderstanding": "the bot did not understand the customer",
    "no_content": "the bot had no answer",
    "technical": "something broke",
    "policy": "the bot is not meant to deal with it",
    "asked_human": "the customer asked for a person",
}
_FAILURES_NL = {
    "misunderstanding": "de bot de klant niet begreep",
    "no_content": "de bot geen antwoord had",
    "technical": "er iets stuk was",
    "policy": "de bot er niet over gaat",
    "asked_human": "de klant om een medewerker vroeg",
}

Block = dict[str, Integers]


def parts(world: World, contacts: Contacts, legs: Block) -> Block:
    """Return what the legs tell of the bot and of who did which step, as whole numbers.

    It is drawn by lot from the contacts' own numbers, so that no other row changes with it.

    Parameters:
        world: how often each thing happens.
        contacts: who came.
        legs: first and second legs, in any order.
    """
    contact, second = legs["contact"], legs["leg"] > 1
    begins = contacts.channel[contact] == BOT
    bot = begins & ~second
    after = begins & second
    served, handed = legs["self_served"] > 0, legs["ended_how"] == _ON
    confirmed, billed, cause, identified, acted, moment = (
        uniform_of(contacts.number, world.seed + _LOT + place)[contact] for place in range(6)
    )
    failed = bot & ~served
    outcome = np.select(
        [bot & served & (confirmed < world.confirmed), bot & served, bot & handed, bot],
        [_CONFIRMED, _ASSUMED, _HANDED, _GAVE_UP],
        default=NOTHING,
    )
    shares = np.cumsum([world.failures.get(each, 0.0) for each in BOT_FAILURES])
    failure = np.where(failed, np.searchsorted(shares[:-1] / shares[-1], cause, side="right"), NOTHING)
    lingered = legs["started"] + (moment * np.maximum(legs["talk"], 0)).astype(np.int64)
    person = legs["handler"] == HANDLERS.index("agent")
    known = contacts.channel[contact] >= MAIL
    return {
        "bot_outcome": outcome,
        "bot_failure": failure,
        # handed over as soon as it is asked; who gives up does so some time after asking
        "asked": np.where(failure == _ASKED, np.where(handed, legs["ended"], lingered), NOTHING),
        "billed": np.where(bot, served | (~handed & (billed < world.billed_anyway)), NOTHING).astype(np.int64),
        "identified": np.select(
            [bot & (identified < world.identified), bot, after & (identified < world.identified), after, person & ~second],
            [_BOT, _NONE, NOTHING, _AGENT, np.where(known, _CUSTOMER, _AGENT)],
            default=NOTHING,
        ),
        "logged": np.select([bot, person], [_BOT, _AGENT], default=NOTHING),
        "answered_step": np.select([bot & served, bot & ~handed, person], [_BOT, _NONE, _AGENT], default=NOTHING),
        "acted": np.select(
            [bot & served & (acted < world.acted), bot & ~handed, person & (acted < world.acted), person],
            [_BOT, _NONE, _AGENT, _NONE],
            default=NOTHING,
        ),
    }  # fmt: skip


def columns(block: Block) -> dict[str, pa.Array]:
    """Return the same as columns of the table of legs."""
    return {
        "bot_outcome": words(block["bot_outcome"], BOT_OUTCOMES),
        "bot_failure": words(block["bot_failure"], BOT_FAILURES),
        "asked_human_at": instants(block["asked"]),
        "vendor_resolved": flags(block["billed"]),
        "identified_by": words(block["identified"], STEP_BY),
        "logged_by": words(block["logged"], STEP_BY),
        "answered_by": words(block["answered_step"], STEP_BY),
        "acted_by": words(block["acted"], STEP_BY),
    }


def failure_shares(world: World) -> Floats:
    """Return the true share of each cause among contacts in which the bot failed."""
    given = np.array([world.failures.get(each, 0.0) for each in BOT_FAILURES])
    return np.asarray(given / given.sum(), np.float64)


def bot_truths(world: World) -> dict[str, Planted]:
    """Return every planted value about the bot, by name."""
    left = max(0.0, 1 - world.self_served - world.handover)
    found = {
        "bot_confirmed": planted(
            world.self_served * world.confirmed,
            Unit.SHARE,
            "Of the bot's contacts, {value} are resolved and the customer says so.",
            "Van de contacten van de bot is {value} opgelost en bevestigt de klant dat.",
        ),
        "bot_gave_up": planted(
            left,
            Unit.SHARE,
            "Of the bot's contacts, {value} end with the customer giving up.",
            "Van de contacten van de bot eindigt {value} doordat de klant het opgeeft.",
        ),
        "vendor_resolved": planted(
            world.self_served + left * world.billed_anyway,
            Unit.SHARE,
            "The bot's vendor counts {value} of its contacts as resolved, some of those given up among them.",
            "De leverancier van de bot telt {value} van de contacten als opgelost, ook een deel van de opgegeven.",
        ),
        "bot_identified": planted(
            world.identified,
            Unit.SHARE,
            "In {value} of the bot's contacts the bot finds out who the customer is, and nobody asks again.",
            "In {value} van de contacten van de bot stelt de bot vast wie de klant is en vraagt niemand het nog eens.",
        ),
        "bot_acted": planted(
            world.self_served * world.acted,
            Unit.SHARE,
            "In {value} of the bot's contacts the bot itself does what has to be done.",
            "In {value} van de contacten van de bot doet de bot zelf wat er moet gebeuren.",
        ),
    }
    if world.self_served < 1:
        found["reached_after_asking"] = planted(
            world.handover / (1 - world.self_served),
            Unit.SHARE,
            "Of the customers who ask the bot for a person, {value} get one; the others give up.",
            "Van de klanten die de bot om een medewerker vragen, krijgt {value} er een; de rest geeft het op.",
        )
        for name, share in zip(BOT_FAILURES, failure_shares(world), strict=True):
            found[f"bot_failed_{name}"] = planted(
                float(share),
                Unit.SHARE,
                f"Of the contacts that the bot does not resolve, in {{value}} {_FAILURES_EN[name]}.",
                f"Van de contacten die de bot niet oplost, is de reden in {{value}} dat {_FAILURES_NL[name]}.",
            )
    return found

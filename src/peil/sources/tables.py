"""The canonical tables: what a source may deliver."""

from __future__ import annotations

from peil.engines.handles import FIELDS
from peil.engines.schema import Column, Kind, Rule, Schema
from peil.sources.columns import EXTRA, ORIGIN, at, code, flag, ms, n, on, text
from peil.sources.survey_tables import ANSWERS, AUDIENCES, INVITATIONS, QUESTIONS
from peil.terms import CHANNELS

__all__ = [
    "AGENT_STATES",
    "ANSWERS",
    "AUDIENCES",
    "BOT_FAILURES",
    "BOT_OUTCOMES",
    "CANONICAL",
    "COSTS",
    "CUSTOMERS",
    "ENDINGS",
    "HANDLERS",
    "INTERVALS",
    "INVITATIONS",
    "LEGS",
    "MESSAGES",
    "ORDERS",
    "QUESTIONS",
    "ROSTER",
    "STATES",
    "STEPS",
    "STEP_BY",
]

HANDLERS = ("agent", "bot", "ivr", "none")
ENDINGS = (
    "completed",  # somebody or something finished it
    "abandoned",  # the customer left the queue unanswered
    "transferred",  # went on as another leg of the same contact
    "callback",  # the customer chose to be called back
    "voicemail",
    "overflowed",  # the queue sent it elsewhere
    "timeout",
    "error",
    "open",  # still going on when it was exported
    "ignored",  # test, phantom or duplicate call: no contact
)
BOT_OUTCOMES = (
    "resolved_confirmed",  # the customer, or an action that succeeded, says so
    "resolved_assumed",  # the bot or its vendor takes it for resolved
    "handed_over",  # it went on to a person or to a queue for one
    "gave_up",  # the customer or the bot stopped with nothing resolved
)
BOT_FAILURES = (
    "misunderstanding",  # it did not understand the customer
    "no_content",  # it understood, and had no answer or could not do it
    "technical",  # something broke
    "policy",  # it is not meant to deal with this
    "asked_human",  # the customer asked for a person
)
STEP_BY = ("agent", "bot", "customer", "none")
STEPS = ("identified_by", "logged_by", "answered_by", "acted_by")
STATES = ("ready", "on_contact", "wrap", "meeting", "training", "break", "other_work", "offline")


LEGS = Schema(
    name="legs",
    one_row_is="a stretch of a contact with one queue, bot or agent",
    key=("source", "contact_id", "leg_id"),
    version="updated_at",
    local=(("started_at", "started_on"),),
    columns=(
        *ORIGIN,
        text("contact_id", "the contact this leg belongs to", required=True),
        text("leg_id", "tells legs of one contact apart", required=True),
        code("channel", CHANNELS, "how the customer and the organisation were in touch", required=True),
        code("direction", ("inbound", "outbound", "internal"), "who began", required=True, default="'inbound'"),
        text("queue", "the queue or group that the leg waited in"),
        code("handler", HANDLERS, "who or what dealt with it", required=True, default="'none'"),
        text("agent_id", "the agent, as the source names them", personal=True),
        text("team", "the agent's team at the time"),
        text("site", "where the agent sat"),
        text("calendar", "the business calendar in force during the leg"),
        at("started_at", "the leg began", required=True),
        at("queued_at", "it entered the queue; null when it never queued"),
        at("answered_at", "the agent or bot took it"),
        at("responded_at", "the customer first got an answer from a person"),
        at("resolved_at", "the matter was marked as resolved"),
        at("ended_at", "the leg ended; null while it is open"),
        at("updated_at", "the source last changed the record; newer wins"),
        ms("wait_ms", "time in the queue, until answered or gone"),
        ms("ring_ms", "time ringing at agents who did not take it"),
        ms("talk_ms", "time the handler talked or typed with the customer, holds left out"),
        ms("hold_ms", "time on hold"),
        ms("wrap_ms", "after-contact work"),
        ms("park_ms", "time the handler had parked it: the customer waits, the agent does not work"),
        n("concurrency", "contacts the agent had at once", least=1, most=100),
        n("n_holds", "how often the customer was put on hold"),
        n("n_reopens", "how often it was opened again after being resolved"),
        code("ended_how", ENDINGS, "how the leg ended", required=True, default="'completed'"),
        text("ended_code", "the source's own word for how it ended"),
        flag("self_served", "a bot or menu did what the customer came for, as the source says"),
        code("bot_outcome", BOT_OUTCOMES, "how the bot's part ended; null where no bot had it or nobody knows"),
        code("bot_failure", BOT_FAILURES, "why the bot did not resolve it, first cause first"),
        at("asked_human_at", "the customer first asked for a person"),
        flag("vendor_resolved", "the bot's vendor counts or bills it as resolved"),
        code("identified_by", STEP_BY, "who found out who the customer is"),
        code("logged_by", STEP_BY, "who wrote down what it was about"),
        code("answered_by", STEP_BY, "who gave the answer"),
        code("acted_by", STEP_BY, "who did what had to be done: a booking, a change, a refund"),
        flag("needed_approval", "the agent had to ask somebody's approval before it could be settled"),
        text("reason", "contact reason or wrap-up code"),
        text("customer_id", "the customer, as the source knows them", personal=True, handle=True),
        text("phone", "the customer's number", personal=True, handle=True),
        text("mail", "the customer's address", personal=True, handle=True),
        text("language", "language of the contact"),
        EXTRA,
        on("started_on", "local day on which the leg began"),
        n("started_minute", "minute of the local day on which it began, 0 to 1439", most=1439),
    ),
    rules=(
        Rule(
            name="ends_before_it_starts",
            holds="ended_at >= started_at",
            column="ended_at",
            says="a leg ends before it starts",
        ),
        Rule(
            name="answered_before_it_starts",
            holds="answered_at >= started_at",
            column="answered_at",
            says="a leg is answered before it starts",
        ),
        Rule(
            name="responded_before_it_starts",
            holds="responded_at >= started_at",
            column="responded_at",
            says="a leg is responded to before it starts",
        ),
        Rule(
            name="resolved_before_it_starts",
            holds="resolved_at >= started_at",
            column="resolved_at",
            says="a leg is resolved before it starts",
        ),
        Rule(
            name="asked_human_before_it_starts",
            holds="asked_human_at >= started_at",
            column="asked_human_at",
            says="a person is asked for before the leg starts",
        ),
        Rule(
            name="queued_after_it_ends",
            holds="queued_at <= ended_at",
            column="queued_at",
            says="a leg queues after it ended",
        ),
    ),
)

MESSAGES = Schema(
    name="messages",
    one_row_is="one turn of text or speech",
    key=("source", "contact_id", "turn"),
    local=(("sent_at", "sent_on"),),
    columns=(
        *ORIGIN,
        text("contact_id", "the contact it belongs to", required=True),
        n("turn", "place in the conversation, from 1", required=True, least=0),
        code("author", ("customer", "agent", "bot", "system"), "who said it", required=True),
        at("sent_at", "when it was sent", required=True),
        text("text", "what was said", personal=True),
        n("n_chars", "length in characters"),
        text("intent", "what the bot took it for"),
        n("confidence_ppm", "the bot's confidence, in millionths", most=1_000_000),
        EXTRA,
        on("sent_on", "local day on which it was sent"),
    ),
)

ROSTER = Schema(
    name="roster",
    one_row_is="an agent during a period",
    key=("source", "agent_id", "from_on"),
    columns=(
        *ORIGIN,
        text("agent_id", "the agent", required=True, personal=True),
        on("from_on", "first day", required=True),
        on("until_on", "last day; null while it lasts"),
        text("team", "team"),
        text("site", "site"),
        text("country", "country of the site (ISO 3166-1 alpha-2)"),
        code("workplace", ("office", "home", "mixed"), "where they work"),
        text("contract", "kind of contract"),
        text("languages", "languages, separated by spaces"),
        code("origin", ("local", "expat", "nearshore", "offshore"), "where they come from"),
        on("hired_on", "first day with the organisation"),
        EXTRA,
    ),
    rules=(
        Rule(
            name="ends_before_it_starts",
            holds="until_on >= from_on",
            column="until_on",
            says="a period ends before it starts",
        ),
    ),
)

AGENT_STATES = Schema(
    name="agent_states",
    one_row_is="an agent in one state during a period",
    key=("source", "agent_id", "started_at", "state"),
    local=(("started_at", "started_on"),),
    columns=(
        *ORIGIN,
        text("agent_id", "the agent", required=True, personal=True),
        text("team", "team"),
        code("state", STATES, "what they were doing", required=True),
        text("state_code", "the source's own word for it"),
        at("started_at", "the state began", required=True),
        at("ended_at", "the state ended", required=True),
        ms("duration_ms", "how long it lasted"),
        n("concurrency", "contacts handled at once", least=1, most=100),
        EXTRA,
        on("started_on", "local day on which it began"),
    ),
    rules=(
        Rule(
            name="ends_before_it_starts",
            holds="ended_at >= started_at",
            column="ended_at",
            says="a state ends before it starts",
        ),
    ),
)

INTERVALS = Schema(
    name="intervals",
    one_row_is="a queue during a period, already counted by the source",
    key=("source", "queue", "started_at", "threshold_ms"),
    local=(("started_at", "started_on"),),
    columns=(
        *ORIGIN,
        text("queue", "the queue", required=True),
        code("channel", CHANNELS, "the channel", required=True, default="'call'"),
        at("started_at", "the period began", required=True),
        ms("length_ms", "how long the period lasts"),
        n("n_offered", "contacts offered", required=True),
        n("n_answered", "contacts answered"),
        n("threshold_ms", "the wait that within_ppm speaks of", required=True),
        n("within_ppm", "share of the offered answered within the threshold, in millionths", most=1_000_000),
        EXTRA,
        on("started_on", "local day on which the period began"),
    ),
)

CUSTOMERS = Schema(
    name="customers",
    one_row_is="one record of a person in one system",
    key=("source", "customer_id"),
    version="updated_at",
    columns=(
        *ORIGIN,
        text("customer_id", "the person, as the system knows them", required=True, personal=True, handle=True),
        text("name", "full name", personal=True, handle=True),
        text("given_name", "first name or initials", personal=True, handle=True),
        text("surname", "surname, with or without its particles", personal=True, handle=True),
        text("birth_date", "date of birth", personal=True, handle=True),
        text("postcode", "postcode", personal=True, handle=True),
        text("house_number", "house number", personal=True, handle=True),
        text("street", "street", personal=True, handle=True),
        text("place", "town", personal=True, handle=True),
        text("phone", "phone number", personal=True, handle=True),
        text("mail", "mail address", personal=True, handle=True),
        text("account", "a number by which several systems know the person", personal=True, handle=True),
        at("updated_at", "when the record last changed; newer wins"),
        EXTRA,
        *(
            Column(
                name=f"link_{each}",
                kind=Kind.TEXT,
                says=f"{each.replace('_', ' ')}, written one way, to compare records by; filled in at the door",
                personal=True,
                handle=True,
                field=each,
            )
            for each in FIELDS
        ),
    ),
)

ORDERS = Schema(
    name="orders",
    one_row_is="an order or trial",
    key=("source", "order_id"),
    version="updated_at",
    local=(("ordered_at", "ordered_on"), ("delivered_at", "delivered_on")),
    columns=(
        *ORIGIN,
        text("order_id", "the order", required=True),
        text("customer_id", "who ordered", personal=True, handle=True),
        text("product", "what"),
        at("ordered_at", "when", required=True),
        text("calendar", "the business calendar by which delivery was promised"),
        at("promised_at", "delivery promised"),
        n("promised_days", "delivery promised within so many working days of the calendar; 0 is the day of the order"),
        ms("promised_ms", "delivery promised within so much time in which the calendar is open"),
        at("delivered_at", "delivered"),
        at("updated_at", "when the record last changed; newer wins"),
        n("trial_days", "days offered to try it"),
        flag("returned", "it came back"),
        n("revenue_cents", "revenue", least=None),
        n("cost_cents", "cost", least=None),
        EXTRA,
        on("ordered_on", "local day of the order"),
        n("ordered_minute", "minute of the local day on which it was made, 0 to 1439", most=1439),
        on("delivered_on", "local day of the delivery"),
        n("delivered_minute", "minute of the local day on which it came, 0 to 1439", most=1439),
    ),
    rules=(
        Rule(
            name="delivered_before_it_was_ordered",
            holds="delivered_at >= ordered_at",
            column="delivered_at",
            says="an order is delivered before it is made",
        ),
        Rule(
            name="promised_before_it_was_ordered",
            holds="promised_at >= ordered_at",
            column="promised_at",
            says="delivery is promised for before the order",
        ),
    ),
)

COSTS = Schema(
    name="costs",
    one_row_is="an amount in the ledger",
    key=("source", "cost_id"),
    columns=(
        *ORIGIN,
        text("cost_id", "the booking", required=True),
        on("from_on", "first day it covers", required=True),
        on("until_on", "last day it covers", required=True),
        text("site", "site"),
        text("sort", "what for"),
        n("amount_cents", "amount", required=True, least=None),
        EXTRA,
    ),
)

CANONICAL: dict[str, Schema] = {
    each.name: each
    for each in (
        LEGS,
        MESSAGES,
        ANSWERS,
        INVITATIONS,
        QUESTIONS,
        ROSTER,
        AGENT_STATES,
        INTERVALS,
        CUSTOMERS,
        ORDERS,
        COSTS,
    )
}

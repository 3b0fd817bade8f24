"""The canonical tables: what a source may deliver."""

from __future__ import annotations

from peil.engines.handles import FIELDS
from peil.engines.schema import Column, Kind, Rule, Schema
from peil.terms import CHANNELS

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
AUDIENCES = ("customer", "organisation", "staff")


def _text(name: str, says: str, *, required: bool = False, personal: bool = False, handle: bool = False) -> Column:
    return Column(name=name, kind=Kind.TEXT, says=says, required=required, personal=personal, handle=handle)


def _code(
    name: str, codes: tuple[str, ...], says: str, *, required: bool = False, default: str | None = None
) -> Column:
    return Column(name=name, kind=Kind.CODE, says=says, codes=codes, required=required, default=default)


def _at(name: str, says: str, *, required: bool = False) -> Column:
    return Column(name=name, kind=Kind.INSTANT, says=says, required=required)


def _on(name: str, says: str, *, required: bool = False) -> Column:
    return Column(name=name, kind=Kind.DAY, says=says, required=required)


def _ms(name: str, says: str) -> Column:
    return Column(name=name, kind=Kind.INTEGER, says=says, least=0, most=10 * 366 * 86_400_000)


def _n(name: str, says: str, *, required: bool = False, least: int | None = 0, most: int | None = None) -> Column:
    return Column(name=name, kind=Kind.INTEGER, says=says, required=required, least=least, most=most)


def _flag(name: str, says: str) -> Column:
    return Column(name=name, kind=Kind.FLAG, says=says)


_ORIGIN = (
    _text("source", "the source that delivered the row", required=True),
    _text("organisation", "whose customer contact it is", required=True),
)
_EXTRA = Column(name="extra", kind=Kind.JSON, says="fields of the export that have no column here, as a JSON object")

LEGS = Schema(
    name="legs",
    one_row_is="a stretch of a contact with one queue, bot or agent",
    key=("source", "contact_id", "leg_id"),
    version="updated_at",
    local=(("started_at", "started_on"),),
    columns=(
        *_ORIGIN,
        _text("contact_id", "the contact this leg belongs to", required=True),
        _text("leg_id", "tells legs of one contact apart", required=True),
        _code("channel", CHANNELS, "how the customer and the organisation were in touch", required=True),
        _code("direction", ("inbound", "outbound", "internal"), "who began", required=True, default="'inbound'"),
        _text("queue", "the queue or group that the leg waited in"),
        _code("handler", HANDLERS, "who or what dealt with it", required=True, default="'none'"),
        _text("agent_id", "the agent, as the source names them", personal=True),
        _text("team", "the agent's team at the time"),
        _text("site", "where the agent sat"),
        _text("calendar", "the business calendar in force during the leg"),
        _at("started_at", "the leg began", required=True),
        _at("queued_at", "it entered the queue; null when it never queued"),
        _at("answered_at", "the agent or bot took it"),
        _at("responded_at", "the customer first got an answer from a person"),
        _at("resolved_at", "the matter was marked as resolved"),
        _at("ended_at", "the leg ended; null while it is open"),
        _at("updated_at", "the source last changed the record; newer wins"),
        _ms("wait_ms", "time in the queue, until answered or gone"),
        _ms("ring_ms", "time ringing at agents who did not take it"),
        _ms("talk_ms", "time the handler talked or typed with the customer, holds left out"),
        _ms("hold_ms", "time on hold"),
        _ms("wrap_ms", "after-contact work"),
        _ms("park_ms", "time the handler had parked it: the customer waits, the agent does not work"),
        _n("concurrency", "contacts the agent had at once", least=1, most=100),
        _n("n_holds", "how often the customer was put on hold"),
        _n("n_reopens", "how often it was opened again after being resolved"),
        _code("ended_how", ENDINGS, "how the leg ended", required=True, default="'completed'"),
        _text("ended_code", "the source's own word for how it ended"),
        _flag("self_served", "a bot or menu did what the customer came for, as the source says"),
        _code("bot_outcome", BOT_OUTCOMES, "how the bot's part ended; null where no bot had it or nobody knows"),
        _code("bot_failure", BOT_FAILURES, "why the bot did not resolve it, first cause first"),
        _at("asked_human_at", "the customer first asked for a person"),
        _flag("vendor_resolved", "the bot's vendor counts or bills it as resolved"),
        _code("identified_by", STEP_BY, "who found out who the customer is"),
        _code("logged_by", STEP_BY, "who wrote down what it was about"),
        _code("answered_by", STEP_BY, "who gave the answer"),
        _code("acted_by", STEP_BY, "who did what had to be done: a booking, a change, a refund"),
        _flag("needed_approval", "the agent had to ask somebody's approval before it could be settled"),
        _text("reason", "contact reason or wrap-up code"),
        _text("customer_id", "the customer, as the source knows them", personal=True, handle=True),
        _text("phone", "the customer's number", personal=True, handle=True),
        _text("mail", "the customer's address", personal=True, handle=True),
        _text("language", "language of the contact"),
        _EXTRA,
        _on("started_on", "local day on which the leg began"),
        _n("started_minute", "minute of the local day on which it began, 0 to 1439", most=1439),
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
        *_ORIGIN,
        _text("contact_id", "the contact it belongs to", required=True),
        _n("turn", "place in the conversation, from 1", required=True, least=0),
        _code("author", ("customer", "agent", "bot", "system"), "who said it", required=True),
        _at("sent_at", "when it was sent", required=True),
        _text("text", "what was said", personal=True),
        _n("n_chars", "length in characters"),
        _text("intent", "what the bot took it for"),
        _n("confidence_ppm", "the bot's confidence, in millionths", most=1_000_000),
        _EXTRA,
        _on("sent_on", "local day on which it was sent"),
    ),
)

ANSWERS = Schema(
    name="answers",
    one_row_is="one answered question of one response",
    key=("source", "response_id", "question"),
    version="updated_at",
    local=(("answered_at", "answered_on"),),
    columns=(
        *_ORIGIN,
        _text("survey", "the questionnaire", required=True),
        _text("response_id", "the response it belongs to", required=True),
        _code("audience", AUDIENCES, "who was asked", required=True, default="'customer'"),
        _text("wave", "the round in which it was asked"),
        _text("question", "the question's identifier", required=True),
        _text("construct", "what the question measures: nps, csat, ces_1, ces_2 …"),
        _n("scale_low", "lowest value on the scale", least=None),
        _n("scale_high", "highest value on the scale", least=None),
        _flag("reversed", "the scale ran the other way round; value is as answered"),
        _n("value_milli", "the value answered, in thousandths: a 9 is 9000", least=None),
        _text("value_text", "the answer in words", personal=True),
        _at("answered_at", "when it was answered", required=True),
        _at("updated_at", "when the record last changed; newer wins"),
        _text("contact_id", "the contact it is about"),
        _text("customer_id", "the customer who answered", personal=True, handle=True),
        _text("agent_id", "the agent it is about, or who answered", personal=True),
        _text("team", "the team it is about"),
        _text("channel", "the channel it is about, where no contact is named"),
        _code("mode", ("web", "mail", "phone", "ivr", "chat", "paper"), "how it was asked"),
        _text("language", "language of the questionnaire"),
        _n("weight_ppb", "survey weight, in billionths: 1.5 is 1500000000; never nought", least=1),
        _text("stratum", "stratum of the sample design"),
        _text("cluster", "primary sampling unit"),
        _n("population_n", "primary units in the stratum: the finite population", least=1),
        _text("unit", "second-stage sampling unit, within the primary one"),
        _n("unit_population_n", "second-stage units in the primary one", least=1),
        _ms("duration_ms", "how long the whole response took"),
        _EXTRA,
        _on("answered_on", "local day on which it was answered"),
    ),
    rules=(
        Rule(
            name="off_the_scale",
            holds="value_milli between scale_low * 1000 and scale_high * 1000",
            column="value_milli",
            says="an answer lies outside its scale",
        ),
        Rule(
            name="nps_needs_0_to_10",
            holds="construct is null or construct not in ('nps', 'nps_believed', 'enps') or coalesce(scale_low = 0 and scale_high = 10, false)",
            column="construct",
            says="a net promoter score needs the 0 to 10 scale",
        ),
    ),
)

INVITATIONS = Schema(
    name="invitations",
    one_row_is="one person, organisation or member of staff asked",
    key=("source", "invitation_id"),
    version="updated_at",
    local=(("invited_at", "invited_on"),),
    columns=(
        *_ORIGIN,
        _text("invitation_id", "the invitation", required=True),
        _text("survey", "the questionnaire", required=True),
        _code("audience", AUDIENCES, "who was asked", required=True, default="'customer'"),
        _text("wave", "the round"),
        _text("contact_id", "the contact it is about"),
        _text("response_id", "the response it led to"),
        _text("customer_id", "who was asked", personal=True, handle=True),
        _at("invited_at", "when it was sent", required=True),
        _at("updated_at", "when the record last changed; newer wins"),
        _code(
            "disposition",
            (
                "complete",
                "partial",
                "refused",
                "no_contact",
                "other",
                "unknown_household",
                "unknown_other",
                "not_eligible",
                "offered",
            ),
            "how it ended (AAPOR Standard Definitions)",
            required=True,
            default="'no_contact'",
        ),
        _EXTRA,
        _on("invited_on", "local day on which it was sent"),
    ),
)

QUESTIONS = Schema(
    name="questions",
    one_row_is="a question of a questionnaire, as it was put in one round and one language",
    key=("source", "organisation", "survey", "wave", "question", "language"),
    columns=(
        *_ORIGIN,
        _text("survey", "the questionnaire", required=True),
        Column(name="wave", kind=Kind.TEXT, says="the round; empty where it was put alike in all", default="''"),
        _text("question", "the question's identifier, as answers carry it", required=True),
        Column(name="language", kind=Kind.TEXT, says="language of the text; empty where nobody said", default="''"),
        _n("place", "where it stands in the questionnaire, from 1", least=1),
        _text("text", "the question as it was put"),
        _text("construct", "what it measures: nps, csat, ces_1, ces_2 …"),
        _code("sort", ("single", "multiple", "number", "text", "date"), "what kind of answer it takes"),
        _n("scale_low", "lowest value on the scale", least=None),
        _n("scale_high", "highest value on the scale", least=None),
        _flag("reversed", "the scale ran the other way round"),
        Column(name="codes", kind=Kind.JSON, says="code to label of its answers, as a JSON object"),
        _code("mode", ("web", "mail", "phone", "ivr", "chat", "paper"), "how it was asked"),
        _text("asked_as", "what the export calls it"),
        _EXTRA,
    ),
)

ROSTER = Schema(
    name="roster",
    one_row_is="an agent during a period",
    key=("source", "agent_id", "from_on"),
    columns=(
        *_ORIGIN,
        _text("agent_id", "the agent", required=True, personal=True),
        _on("from_on", "first day", required=True),
        _on("until_on", "last day; null while it lasts"),
        _text("team", "team"),
        _text("site", "site"),
        _text("country", "country of the site (ISO 3166-1 alpha-2)"),
        _code("workplace", ("office", "home", "mixed"), "where they work"),
        _text("contract", "kind of contract"),
        _text("languages", "languages, separated by spaces"),
        _code("origin", ("local", "expat", "nearshore", "offshore"), "where they come from"),
        _on("hired_on", "first day with the organisation"),
        _EXTRA,
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
        *_ORIGIN,
        _text("agent_id", "the agent", required=True, personal=True),
        _text("team", "team"),
        _code("state", STATES, "what they were doing", required=True),
        _text("state_code", "the source's own word for it"),
        _at("started_at", "the state began", required=True),
        _at("ended_at", "the state ended", required=True),
        _ms("duration_ms", "how long it lasted"),
        _n("concurrency", "contacts handled at once", least=1, most=100),
        _EXTRA,
        _on("started_on", "local day on which it began"),
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
        *_ORIGIN,
        _text("queue", "the queue", required=True),
        _code("channel", CHANNELS, "the channel", required=True, default="'call'"),
        _at("started_at", "the period began", required=True),
        _ms("length_ms", "how long the period lasts"),
        _n("n_offered", "contacts offered", required=True),
        _n("n_answered", "contacts answered"),
        _n("threshold_ms", "the wait that within_ppm speaks of", required=True),
        _n("within_ppm", "share of the offered answered within the threshold, in millionths", most=1_000_000),
        _EXTRA,
        _on("started_on", "local day on which the period began"),
    ),
)

CUSTOMERS = Schema(
    name="customers",
    one_row_is="one record of a person in one system",
    key=("source", "customer_id"),
    version="updated_at",
    columns=(
        *_ORIGIN,
        _text("customer_id", "the person, as the system knows them", required=True, personal=True, handle=True),
        _text("name", "full name", personal=True, handle=True),
        _text("given_name", "first name or initials", personal=True, handle=True),
        _text("surname", "surname, with or without its particles", personal=True, handle=True),
        _text("birth_date", "date of birth", personal=True, handle=True),
        _text("postcode", "postcode", personal=True, handle=True),
        _text("house_number", "house number", personal=True, handle=True),
        _text("street", "street", personal=True, handle=True),
        _text("place", "town", personal=True, handle=True),
        _text("phone", "phone number", personal=True, handle=True),
        _text("mail", "mail address", personal=True, handle=True),
        _text("account", "a number by which several systems know the person", personal=True, handle=True),
        _at("updated_at", "when the record last changed; newer wins"),
        _EXTRA,
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
        *_ORIGIN,
        _text("order_id", "the order", required=True),
        _text("customer_id", "who ordered", personal=True, handle=True),
        _text("product", "what"),
        _at("ordered_at", "when", required=True),
        _text("calendar", "the business calendar by which delivery was promised"),
        _at("promised_at", "delivery promised"),
        _n("promised_days", "delivery promised within so many working days of the calendar; 0 is the day of the order"),
        _ms("promised_ms", "delivery promised within so much time in which the calendar is open"),
        _at("delivered_at", "delivered"),
        _at("updated_at", "when the record last changed; newer wins"),
        _n("trial_days", "days offered to try it"),
        _flag("returned", "it came back"),
        _n("revenue_cents", "revenue", least=None),
        _n("cost_cents", "cost", least=None),
        _EXTRA,
        _on("ordered_on", "local day of the order"),
        _n("ordered_minute", "minute of the local day on which it was made, 0 to 1439", most=1439),
        _on("delivered_on", "local day of the delivery"),
        _n("delivered_minute", "minute of the local day on which it came, 0 to 1439", most=1439),
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
        *_ORIGIN,
        _text("cost_id", "the booking", required=True),
        _on("from_on", "first day it covers", required=True),
        _on("until_on", "last day it covers", required=True),
        _text("site", "site"),
        _text("sort", "what for"),
        _n("amount_cents", "amount", required=True, least=None),
        _EXTRA,
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

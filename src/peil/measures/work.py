"""What it took: handle time and its parts, transfers, occupancy, volume and channel mix."""

from __future__ import annotations

from peil.measures.measure import Measure
from peil.terms import CHANNEL_LABELS, Better, Label, Unit

_MIX = ("call", "chat", "mail", "message", "bot")
DIGITAL = "channel in ('chat', 'mail', 'message', 'bot', 'form', 'social')"

WORK = (
    Measure(
        name="handle_time", label=Label("Handle time", "Afhandeltijd"), unit=Unit.SECONDS, better=Better.NEITHER, family="handle_time",
        where="answered and not ignored and handle_ms is not null", of="handle_ms",
        standard="Talk, hold and after-contact work over handled contacts (COPC AHT); park time left out.",
        note=Label("Where a source tells no after-contact work, handle time is talk and hold only.",
                   "Waar een bron geen nawerktijd geeft, is de afhandeltijd alleen gespreks- en wachtstandtijd."),
    ),
    Measure(
        name="handle_time_median", label=Label("Handle time, median", "Afhandeltijd, mediaan"), unit=Unit.SECONDS, better=Better.NEITHER,
        family="handle_time", where="answered and not ignored and handle_ms is not null", of="handle_ms", estimator="quantile",
        standard="Median of the same.",
    ),
    Measure(
        name="handle_time_per_leg", label=Label("Handle time per leg", "Afhandeltijd per deel"), unit=Unit.SECONDS, better=Better.NEITHER,
        family="handle_time", where="answered and not ignored and handle_ms is not null", of="handle_ms", per="n_agent_legs",
        standard="Amazon Connect counts each leg as a contact: a transferred contact weighs twice.",
    ),
    Measure(
        name="talk_time", label=Label("Talk time", "Gesprekstijd"), unit=Unit.SECONDS, better=Better.NEITHER,
        where="answered and not ignored and talk_ms is not null", of="talk_ms", standard="Talked or typed, holds left out.",
    ),
    Measure(
        name="hold_time", label=Label("Hold time", "Tijd in de wacht"), unit=Unit.SECONDS, better=Better.LOWER,
        where="answered and not ignored and hold_ms is not null", of="hold_ms", standard="On hold, over handled contacts.",
    ),
    Measure(
        name="wrap_time", label=Label("After-contact work", "Nawerktijd"), unit=Unit.SECONDS, better=Better.LOWER,
        where="answered and not ignored and wrap_ms is not null", of="wrap_ms",
        standard="After-contact work over handled contacts whose source tells it.",
    ),
    Measure(
        name="transfer_share", label=Label("Transferred", "Doorverbonden"), unit=Unit.SHARE, better=Better.LOWER,
        where="answered and not ignored", of="case when n_transfers > 0 then 1 else 0 end",
        standard="Handled contacts that went on to another agent.",
    ),
    Measure(
        name="transfers_per_contact", label=Label("Transfers per contact", "Doorverbindingen per contact"), unit=Unit.COUNT, better=Better.LOWER,
        where="answered and not ignored", of="n_transfers", standard="Transfers over handled contacts.",
    ),
    Measure(
        name="volume", label=Label("Contacts", "Contacten"), unit=Unit.COUNT, better=Better.NEITHER, where="not ignored", of="1",
        estimator="total", standard="Contacts, each counted once however many legs it had.",
    ),
    Measure(
        name="offered_volume", label=Label("Contacts offered", "Aangeboden contacten"), unit=Unit.COUNT, better=Better.NEITHER, where="offered",
        of="1", estimator="total", standard="Inbound contacts that asked for a person.",
    ),
    Measure(
        name="digital_share", label=Label("Through digital channels", "Via digitale kanalen"), unit=Unit.SHARE, better=Better.NEITHER,
        family="channel_mix", where="not ignored", of=f"case when {DIGITAL} then 1 else 0 end",
        standard="Chat, mail, messaging, bot, form and social media, of all contacts.",
    ),
    *(
        Measure(
            name=f"share_{channel}", unit=Unit.SHARE, better=Better.NEITHER, family="channel_mix", where="not ignored",
            label=Label(f"Share of {CHANNEL_LABELS[channel].en.lower()}", f"Aandeel {CHANNEL_LABELS[channel].nl.lower()}"),
            of=f"case when channel = '{channel}' then 1 else 0 end", standard="Of all contacts, each counted once.",
        )
        for channel in _MIX
    ),
    Measure(
        name="human_share", label=Label("Handled by a person", "Door een mens afgehandeld"), unit=Unit.SHARE, better=Better.NEITHER,
        where="not ignored and handler in ('agent', 'bot', 'ivr')", of="case when handler = 'agent' then 1 else 0 end",
        standard="Of contacts that anybody or anything took.",
    ),
    Measure(
        name="bot_handover", label=Label("Bot passed it to a person", "Bot verbond door naar een mens"), unit=Unit.SHARE, better=Better.NEITHER,
        family="containment", where="not ignored and with_bot", of="case when handed_over then 1 else 0 end",
        standard="Contacts with a bot that went on to an agent or a queue.",
    ),
    Measure(
        name="containment", label=Label("Stayed with the bot", "Door de bot afgehandeld"), unit=Unit.SHARE, better=Better.NEITHER,
        family="containment", where="not ignored and with_bot", of="case when handed_over then 0 else 1 end",
        standard="No norm exists. No handover only: says nothing about whether the customer was helped.",
    ),
    Measure(
        name="occupancy_copc", label=Label("Occupancy (COPC)", "Bezettingsgraad (COPC)"), unit=Unit.SHARE, better=Better.NEITHER,
        family="occupancy", population="agent_states", where="state in ('ready', 'on_contact', 'wrap')",
        of="case when state in ('on_contact', 'wrap') then coalesce(concurrency, 1) * duration_ms else 0 end", per="duration_ms",
        standard="COPC (via injixo): talk, hold and after-contact work over logged-in ready time; contacts at once count each.",
    ),
    Measure(
        name="occupancy_amazon_connect", label=Label("Occupancy (Amazon Connect)", "Bezettingsgraad (Amazon Connect)"), unit=Unit.SHARE,
        better=Better.NEITHER, family="occupancy", population="agent_states", where="state in ('ready', 'on_contact', 'wrap')",
        of="case when state in ('on_contact', 'wrap') then duration_ms else 0 end", per="duration_ms",
        standard="Amazon Connect: time on contact over time on contact plus idle; contacts at once count once.",
    ),
    Measure(
        name="occupancy_icmi", label=Label("Occupancy (ICMI)", "Bezettingsgraad (ICMI)"), unit=Unit.SHARE, better=Better.NEITHER,
        family="occupancy", population="agent_states",
        where="state in ('ready', 'on_contact', 'wrap', 'meeting', 'training', 'break', 'other_work')",
        of="case when state = 'ready' then 0 else duration_ms end", per="duration_ms",
        standard="ICMI article: meetings, training and breaks count as occupied.",
    ),
)  # fmt: skip

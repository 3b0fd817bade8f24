"""What the bot did: containment under every definition side by side, why it failed, and which steps it took over."""

from __future__ import annotations

from peil.measures.measure import Measure
from peil.terms import Better, Label, Unit

DAY_MS = 86_400_000
_BOT = "not ignored and with_bot"
_KNOWN = f"{_BOT} and bot_outcome is not null"
_FAILED = f"{_KNOWN} and bot_outcome in ('handed_over', 'gave_up')"
_RESOLVED = "bot_outcome in ('resolved_confirmed', 'resolved_assumed')"
_FOLLOWED = Label(
    "Contacts without a known person cannot be followed and are left out.",
    "Contacten zonder bekende klant zijn niet te volgen en tellen niet mee.",
)
_CAUSES = {
    "misunderstanding": Label("it did not understand", "onbegrip"),
    "no_content": Label("it had no answer", "geen antwoord"),
    "technical": Label("something broke", "techniek"),
    "policy": Label("it is not meant to", "beleid"),
    "asked_human": Label("the customer asked for a person", "de klant vroeg om een medewerker"),
}
_STEPS = {
    "identify": ("identified_by", Label("Identified by the bot", "Door de bot geïdentificeerd")),
    "log": ("logged_by", Label("Logged by the bot alone", "Alleen door de bot vastgelegd")),
    "answer": ("answered_by", Label("Answered by the bot", "Door de bot beantwoord")),
    "act": ("acted_by", Label("Acted on by the bot", "Door de bot uitgevoerd")),
}


def _contained(
    name: str, en: str, nl: str, *, where: str, held: str, standard: str, note: Label | None = None
) -> Measure:
    return Measure(
        name=name, label=Label(en, nl), unit=Unit.SHARE, better=Better.NEITHER, family="containment",
        where=where, of=f"case when {held} then 1 else 0 end", standard=standard, note=note,
    )  # fmt: skip


def _netted(days: int, hours: str, *, reason: bool, standard: str) -> Measure:
    column = "next_same_reason_ms" if reason else "next_ms"
    known = " and reason is not null" if reason else ""
    return _contained(
        f"containment_no_contact_{days}d" + ("_same_reason" if reason else ""),
        f"Stayed with the bot, no further contact in {hours} hours" + (" about the same reason" if reason else ""),
        f"Bij de bot gebleven, geen nieuw contact binnen {hours} uur" + (" over dezelfde reden" if reason else ""),
        where=f"{_BOT} and person_key is not null{known} and followed_ms >= {days * DAY_MS}",
        held=f"not handed_over and ({column} is null or {column} > {days * DAY_MS})",
        standard=standard,
        note=_FOLLOWED,
    )


CONTAINMENT = (
    _contained(
        "containment_outcome", "Not handed over and not given up", "Niet doorverbonden en niet opgegeven",
        where=_KNOWN, held=_RESOLVED,
        standard="Ours: resolved, confirmed or assumed, of contacts with a bot whose outcome is known.",
    ),
    _contained(
        "containment_confirmed", "Resolved by the bot, confirmed", "Door de bot opgelost, bevestigd",
        where=_KNOWN, held="bot_outcome = 'resolved_confirmed'",
        standard="Intercom and Lex keep it apart from what is assumed: the customer, or an action that succeeded, says so.",
    ),
    _contained(
        "containment_assumed", "Resolved by the bot, assumed", "Door de bot opgelost, aangenomen",
        where=_KNOWN, held="bot_outcome = 'resolved_assumed'",
        standard="The customer left and nobody asked: taken for resolved by the bot or its vendor.",
    ),
    _contained(
        "containment_self_served", "Self-served, as the source says", "Zelf geholpen, zoals de bron zegt",
        where=_BOT, held="self_served",
        standard="Genesys selfServed and its like: the flow reached the end that its maker calls a success.",
    ),
    _contained(
        "containment_vendor", "Counted as resolved by the vendor", "Door de leverancier als opgelost geteld",
        where=f"{_BOT} and vendor_resolved is not null", held="vendor_resolved",
        standard="What the bot's vendor counts or bills as resolved, of contacts of which it says either.",
    ),
    _contained(
        "containment_vendor_without_human", "Counted as resolved by the vendor, and no person had it",
        "Door de leverancier als opgelost geteld, en geen medewerker had het",
        where=f"{_BOT} and vendor_resolved is not null", held="vendor_resolved and not handed_over",
        standard="The same, less what was counted as resolved and still went on to a person.",
    ),
    _contained(
        "containment_nobody_asked", "Stayed with the bot and asked for nobody", "Bij de bot gebleven en om niemand gevraagd",
        where=_BOT, held="not handed_over and asked_human_at is null",
        standard="Ours: no handover, and not because one was refused or never came.",
    ),
    _netted(1, "24", reason=False, standard="Dialogflow CX experiments: contained and no call back within 24 hours; here any channel, any reason."),
    _netted(3, "72", reason=False, standard="The window of Zendesk's automated resolutions, without its judgement by a model."),
    _netted(7, "168", reason=False, standard="Contained, and the same person stayed away for 7 days in every channel."),
    _netted(1, "24", reason=True, standard="Contained, and no contact of the same person about the same reason within 24 hours, any channel."),
    _netted(3, "72", reason=True, standard="Contained, and no contact of the same person about the same reason within 72 hours, any channel."),
    _netted(7, "168", reason=True, standard="Contained, and no contact of the same person about the same reason within 7 days, any channel."),
)  # fmt: skip

FAILURES = (
    Measure(
        name="bot_failure", label=Label("The bot did not resolve it", "De bot loste het niet op"), unit=Unit.SHARE, better=Better.LOWER,
        family="bot_failure", where=_KNOWN, of="case when bot_outcome in ('handed_over', 'gave_up') then 1 else 0 end",
        standard="Handed over or given up, of contacts with a bot whose outcome is known.",
    ),
    Measure(
        name="bot_gave_up", label=Label("Gave up at the bot", "Opgegeven bij de bot"), unit=Unit.SHARE, better=Better.LOWER,
        family="bot_failure", where=_KNOWN, of="case when bot_outcome = 'gave_up' then 1 else 0 end",
        standard="Nothing was resolved and nobody took over, of contacts with a bot whose outcome is known.",
    ),
    Measure(
        name="bot_misunderstood", label=Label("The bot failed through misunderstanding", "De bot faalde door onbegrip"), unit=Unit.SHARE,
        better=Better.LOWER, family="bot_failure", where=_KNOWN,
        of="case when bot_outcome in ('handed_over', 'gave_up') and bot_failure = 'misunderstanding' then 1 else 0 end",
        standard="Not resolved and not understood, of all contacts with a bot whose outcome is known: not of the failures.",
    ),
    Measure(
        name="bot_asked_for_person", label=Label("Asked the bot for a person", "Vroeg de bot om een medewerker"), unit=Unit.SHARE,
        better=Better.NEITHER, family="bot_failure", where=_BOT, of="case when asked_human_at is not null then 1 else 0 end",
        standard="A request for a person, granted or not, of contacts with a bot; sources that cannot tell count as none.",
    ),
    *(
        Measure(
            name=f"bot_failed_{cause}", unit=Unit.SHARE, better=Better.NEITHER, family="bot_failure_cause",
            label=Label(f"Of what the bot did not resolve: {says.en}", f"Van wat de bot niet oploste: {says.nl}"),
            where=f"{_FAILED} and bot_failure is not null", of=f"case when bot_failure = '{cause}' then 1 else 0 end",
            standard="First cause that the source tells, of contacts handed over or given up with a known cause; the shares add up to 1.",
        )
        for cause, says in _CAUSES.items()
    ),
    Measure(
        name="bot_failed_unexplained", label=Label("Of what the bot did not resolve: nobody knows why", "Van wat de bot niet oploste: reden onbekend"),
        unit=Unit.SHARE, better=Better.LOWER, family="bot_failure_cause", where=_FAILED,
        of="case when bot_failure is null then 1 else 0 end",
        standard="Contacts handed over or given up of which the source tells no cause: the base that the shares of causes leave out.",
    ),
)  # fmt: skip

STEPS_TAKEN = tuple(
    Measure(
        name=f"automated_{step}", label=label, unit=Unit.SHARE, better=Better.NEITHER, family="automated_step",
        where=f"not ignored and {column} is not null", of=f"case when {column} = 'bot' then 1 else 0 end",
        standard="A step counts as automated where the bot did it and no agent did it again; of contacts whose source tells who did.",
    )
    for step, (column, label) in _STEPS.items()
)  # fmt: skip

AUTOMATION = (*CONTAINMENT, *FAILURES, *STEPS_TAKEN)

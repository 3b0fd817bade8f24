"""What is true of a made organisation, worked out from what it was made with."""

from __future__ import annotations

import numpy as np

from peil.sources.simulated.bots import bot_truths
from peil.sources.simulated.everyone import voices
from peil.sources.simulated.planted import Planted, planted, planted_day
from peil.sources.simulated.scales import Floats, nps_shares
from peil.sources.simulated.staff import team_enps
from peil.sources.simulated.surveys import channel_shares
from peil.sources.simulated.world import BOT, CALL, CHANNELS, CHAT, Period, World, digital_share, periods
from peil.terms import CHANNEL_LABELS, Unit


def truths(world: World) -> dict[str, Planted]:
    """Return every planted value of ``world`` by name."""
    voice = voices(world) if world.asks_everyone else _voice(world)
    return {**_handling(world), **bot_truths(world), **_channels(world), **voice, **_people(world)}


def overall_nps(world: World) -> float:
    """Return the true net promoter score over all customers who were served, in points."""
    rows = [(_surveyed(world, each), _nps(world, after=each.after)) for each in periods(world)]
    return float(sum((weight * nps).sum() for weight, nps in rows) / sum(weight.sum() for weight, _ in rows))


def repeat_share(world: World) -> float:
    """Return the true share of contacts that are followed by another about the same reason within 7 days."""
    again = np.full(len(CHANNELS), world.repeat)
    again[BOT] = world.repeat_bot
    found = periods(world)
    return float(sum(each.contacts * (each.mix @ again) for each in found) / sum(each.contacts for each in found))


def service_level(world: World, seconds: int) -> float:
    """Return the true share of offered calls answered within ``seconds``, for waits up to a minute."""
    stays = world.mean_wait_s / (1 + world.mean_wait_s)
    return float(world.answered * (1 - stays ** (seconds + 1)))


def _surveyed(world: World, period: Period) -> Floats:
    served = np.ones(len(CHANNELS))
    served[[CALL, CHAT]] = world.answered
    return np.asarray(period.contacts * period.mix * served, np.float64)


def _nps(world: World, *, after: bool) -> Floats:
    return np.array([world.nps[each] + (world.nps_step if after else 0.0) for each in CHANNELS])


def _handling(world: World) -> dict[str, Planted]:
    found = {
        "answered": planted(
            world.answered,
            Unit.SHARE,
            "Of the calls and chats that queue, {value} are answered or called back; the others abandon.",
            "Van de gesprekken en chats in de wachtrij wordt {value} beantwoord of teruggebeld; de rest haakt af.",
        ),
        "mean_wait": planted(
            world.mean_wait_s,
            Unit.SECONDS,
            "A call or chat spends {value} in the queue on average, whether it is answered or not.",
            "Een gesprek of chat staat gemiddeld {value} in de wachtrij, beantwoord of niet.",
        ),
        "service_level_20": planted(
            service_level(world, 20),
            Unit.SHARE,
            "Of the calls offered, {value} are answered within 20 seconds, abandoned calls included.",
            "Van de aangeboden gesprekken wordt {value} binnen 20 seconden beantwoord, afhakers meegeteld.",
        ),
        "transfers": planted(
            world.transfers,
            Unit.SHARE,
            "Of the calls that an agent takes from the queue, {value} are put through to another queue.",
            "Van de gesprekken die een medewerker uit de wachtrij opneemt, wordt {value} doorverbonden.",
        ),
        "repeat_7d": planted(
            repeat_share(world),
            Unit.SHARE,
            "Of all contacts, {value} are followed within 7 days by the same customer about the same reason.",
            "Op {value} van alle contacten volgt binnen 7 dagen dezelfde klant met dezelfde contactreden.",
        ),
        "repeat_7d_bot": planted(
            world.repeat_bot,
            Unit.SHARE,
            "Of the contacts that begin with the bot, {value} are followed within 7 days about the same reason.",
            "Op {value} van de contacten die bij de bot beginnen, volgt binnen 7 dagen dezelfde contactreden.",
        ),
        "repeat_7d_other": planted(
            world.repeat,
            Unit.SHARE,
            "Of the contacts that do not begin with the bot, {value} are followed within 7 days about the same reason.",
            "Op {value} van de contacten die niet bij de bot beginnen, volgt binnen 7 dagen dezelfde contactreden.",
        ),
        "self_served": planted(
            world.self_served,
            Unit.SHARE,
            "The bot says of {value} of its contacts that it did what the customer came for.",
            "De bot zegt van {value} van zijn contacten dat de klant geholpen is.",
        ),
        "handover": planted(
            world.handover,
            Unit.SHARE,
            "The bot hands {value} of its contacts over to an agent, who always answers.",
            "De bot verbindt {value} van zijn contacten door naar een medewerker, die altijd opneemt.",
        ),
    }
    if world.answered < 1:
        found["mean_patience"] = planted(
            world.mean_wait_s / (1 - world.answered),
            Unit.SECONDS,
            "Customers who were never answered would wait {value} on average before they left.",
            "Klanten die nooit werden beantwoord, zouden gemiddeld {value} wachten voor zij afhaakten.",
        )
    return found


def _channels(world: World) -> dict[str, Planted]:
    before, after = world.digital_before, world.digital_after
    return {
        "shift_on": planted_day(
            world.shift_on,
            "From {value} more contacts come through digital channels: chat, e-mail, messaging and the bot.",
            "Vanaf {value} verandert het aandeel van de digitale kanalen: chat, e-mail, berichten en de bot.",
        ),
        "digital_before": planted(
            before,
            Unit.SHARE,
            "Before the shift {value} of the contacts are digital: they do not come by phone.",
            "Voor de omslag is {value} van de contacten digitaal: zij komen niet per telefoon.",
        ),
        "digital_after": planted(
            after,
            Unit.SHARE,
            "After the shift {value} of the contacts are digital: they do not come by phone.",
            "Na de omslag is {value} van de contacten digitaal: zij komen niet per telefoon.",
        ),
        "digital_drift": planted(
            digital_share(world, world.ends, after=True) - after,
            Unit.SHARE,
            "Apart from the shift, drift adds {value} of the contacts to the digital share from first day to last.",
            "Los van de omslag voegt de geleidelijke groei van begin tot eind {value} toe aan het digitale aandeel.",
        ),
    }


def _voice(world: World) -> dict[str, Planted]:
    found = {
        "nps": planted(
            overall_nps(world),
            Unit.POINTS,
            "The net promoter score of all customers who were served is {value}.",
            "De NPS van alle klanten die zijn geholpen is {value}.",
        ),
        "nps_step": planted(
            world.nps_step,
            Unit.POINTS,
            "From the shift the net promoter score of every channel changes by {value}.",
            "Vanaf de omslag verandert de NPS van elk kanaal met {value}.",
        ),
        "response_rate": planted(
            world.response_rate,
            Unit.SHARE,
            "Of the customers invited, {value} answer; who answers has nothing to do with what they think.",
            "Van de uitgenodigde klanten antwoordt {value}; wie antwoordt hangt niet samen met het oordeel.",
        ),
        "person_share": planted(
            world.person_share,
            Unit.SHARE,
            "Of the hidden satisfaction within a team, {value} of the variance belongs to the person, not the contact.",
            "Van de verborgen tevredenheid binnen een team hoort {value} van de variantie bij de persoon.",
        ),
    }
    for channel in CHANNELS:
        label = CHANNEL_LABELS[channel]
        name_en, name_nl = label.en.lower() if channel != "mail" else "e-mail", label.nl.lower()
        nps, csat, ces = channel_shares(world, channel, after=False)
        found[f"nps_{channel}"] = planted(
            float(100 * (nps[9:].sum() - nps[:7].sum())),
            Unit.POINTS,
            f"Before the shift the net promoter score of contacts that begin by {name_en} is {{value}}.",
            f"Voor de omslag is de NPS van contacten die beginnen via {name_nl} {{value}}.",
        )
        found[f"csat_{channel}"] = planted(
            float(csat[3:].sum()),
            Unit.SHARE,
            f"Of the customers who answer about {name_en}, {{value}} give a 4 or 5 out of 5.",
            f"Van de klanten die antwoorden over {name_nl} geeft {{value}} een 4 of 5 van de 5.",
        )
        found[f"ces_2_{channel}"] = planted(
            float(ces @ np.arange(1, 8)),
            Unit.SCORE,
            f"The mean ease of contacts that begin by {name_en} is {{value}} on a scale from 1 to 7.",
            f"Het gemiddelde gemak van contacten die beginnen via {name_nl} is {{value}} op een schaal van 1 tot 7.",
        )
    return found


def _people(world: World) -> dict[str, Planted]:
    found = {
        "people": planted(
            float(world.people),
            Unit.COUNT,
            "The contacts come from {value} persons, who each have one customer number.",
            "De contacten komen van {value} personen, die elk een klantnummer hebben.",
        ),
        "occupancy": planted(
            world.occupancy,
            Unit.SHARE,
            "Of the time that agents are ready or at work on a contact, they are at work {value}.",
            "Van de tijd dat medewerkers gereed of met een contact bezig zijn, zijn zij {value} bezig.",
        ),
        "home_talk": planted(
            0.0,
            Unit.SHARE,
            "Working at home lengthens talk time by {value}: there is no effect to be found.",
            "Thuiswerken verlengt de gesprekstijd met {value}: er is geen effect te vinden.",
        ),
    }
    for number, enps in enumerate(team_enps(world), start=1):
        found[f"enps_team_{number}"] = planted(
            enps,
            Unit.POINTS,
            f"The employee net promoter score of team {number} is {{value}}.",
            f"De eNPS van team {number} is {{value}}.",
        )
    for channel in CHANNELS:
        found[f"talk_{channel}"] = planted(
            float(world.talk_s[channel]),
            Unit.SECONDS,
            f"The mean talk or writing time of a first leg by {CHANNEL_LABELS[channel].en.lower()} is {{value}}.",
            f"De gemiddelde gespreks- of schrijftijd van een eerste deel via {CHANNEL_LABELS[channel].nl.lower()} "
            "is {value}.",
        )
    return found


def believed_nps(world: World, over: float) -> float:
    """Return what professionals on average believe the score to be: ``over`` points above the truth."""
    shares = nps_shares(overall_nps(world) + over)
    return float(100 * (shares[9:].sum() - shares[:7].sum()))

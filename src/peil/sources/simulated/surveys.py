"""The surveys of a made organisation: customers after a contact, staff once a year, professionals about customers."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa

from peil.sources.simulated.answering import MIDDLING, burden, chances
from peil.sources.simulated.arrivals import Contacts
from peil.sources.simulated.frames import Integers, frame, ids, instants, same, whole, words
from peil.sources.simulated.legs import Handled
from peil.sources.simulated.scales import Floats, cuts, normal_of, nps_shares, top_shares
from peil.sources.simulated.world import BOT, CHANNELS, World
from peil.sources.tables import ANSWERS, INVITATIONS, QUESTIONS

PUT = ("q_nps", "q_csat", "q_ces")
CONSTRUCTS = ("nps", "csat", "ces_2")
WEIGHT = 1_000_000_000
_LOW, _HIGH = (0, 1, 1), (10, 5, 7)
_DISPOSITIONS = ("complete", "no_contact", "refused")
_OF_CONTACT, _OF_QUESTION = 0.5, 0.5
_HOUR, _DAY = 3_600, 86_400


def channel_shares(world: World, channel: str, *, after: bool) -> tuple[Floats, Floats, Floats]:
    """Return the true shares of each answer about ``channel``: recommendation, satisfaction, ease."""
    nps = world.nps[channel] + (world.nps_step if after else 0.0)
    return nps_shares(nps), top_shares(world.csat[channel], 5), top_shares(world.ces_2[channel], 7)


class CustomerSurvey:
    """Asks a share of the customers who were served, at random, and lets a share of these answer, at random.

    Where the world says so it asks a share of all customers, and who answers depends on the contact or on the score.

    Parameters:
        world: whose customers.
    """

    __slots__ = ("_cuts", "_world")

    def __init__(self, world: World) -> None:
        self._world = world
        self._cuts = {after: self._all_cuts(after=after) for after in (False, True)}

    def _all_cuts(self, *, after: bool) -> tuple[Floats, ...]:
        """Return for each question one row of cuts a channel; a bot has no team."""
        rows = [
            [cuts(each, np.zeros(1) if channel == CHANNELS[BOT] else self._world.team_effects()) for each in shares]
            for channel in CHANNELS
            for shares in (channel_shares(self._world, channel, after=after),)
        ]
        return tuple(np.array([row[which] for row in rows]) for which in range(len(PUT)))

    def draw(
        self, contacts: Contacts, handled: Handled, rng: np.random.Generator, *, after: bool
    ) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        """Return the invitations and the answers about ``contacts``."""
        world = self._world
        scores, odds = self.scores(contacts, handled, rng, after=after) if world.asks_everyone else (None, None)
        may = np.ones(len(contacts.number), bool) if world.asks_everyone else handled.served
        asked = np.flatnonzero(may & (rng.random(len(contacts.number)) < world.invited))
        rate = world.response_rate if odds is None else odds[asked]
        invited = handled.ended[asked] + rng.integers(_HOUR, _DAY, len(asked))
        chance = rng.random(len(asked))
        complete = chance < rate
        refused = ~complete & (chance < rate + 0.05)
        replied = invited + rng.integers(60, 3 * _DAY, len(asked))
        numbers = contacts.number[asked]
        invitations = frame(
            INVITATIONS,
            {
                **world.origin(len(asked)),
                "invitation_id": world.contact_ids("i", numbers),
                "survey": same("customer", len(asked)),
                "audience": same("customer", len(asked)),
                "wave": words(_years(invited) - 1970, _WAVES),
                "contact_id": world.contact_ids("k", numbers),
                "response_id": world.contact_ids("r", np.where(complete, numbers, -1)),
                "customer_id": world.customer_ids(contacts.person[asked]),
                "invited_at": instants(invited),
                "updated_at": instants(np.where(complete, replied, invited)),
                "disposition": words(np.where(complete, 0, np.where(refused, 2, 1)), _DISPOSITIONS),
            },
        )
        who = asked[complete]
        if scores is None:
            given = contacts.person[who], contacts.channel[who], handled.agent[who]
            values = self._values(*given, np.zeros(len(who)), rng, after=after)
        else:
            values = scores[who]
        return invitations, self._answers(contacts, handled, who, replied[complete], values)

    def scores(
        self, contacts: Contacts, handled: Handled, rng: np.random.Generator, *, after: bool
    ) -> tuple[Integers, Floats]:
        """Return what every customer would answer, one column a question, and the chance that they do if asked."""
        world = self._world
        weight = burden(contacts, handled)
        shift = -world.hardship * (weight - MIDDLING)
        values = self._values(contacts.person, contacts.channel, handled.agent, shift, rng, after=after)
        return values, chances(world, weight, values[:, 0])

    def _values(
        self,
        person: Integers,
        channel: Integers,
        agent: Integers,
        shift: Floats,
        rng: np.random.Generator,
        *,
        after: bool,
    ) -> Integers:
        """Return one row a respondent, one column a question."""
        world = self._world
        team = world.team_of(agent)
        effect = np.where((team < 0) | (channel == BOT), 0.0, world.team_effects()[team])
        own = np.sqrt(world.person_share) * normal_of(person, world.seed)
        rest = np.sqrt(1 - world.person_share)
        contact = rng.standard_normal(len(person))
        found = np.empty((len(person), len(PUT)), np.int64)
        for which, table in enumerate(self._cuts[after]):
            noise = np.sqrt(_OF_CONTACT) * contact + np.sqrt(_OF_QUESTION) * rng.standard_normal(len(person))
            hidden = effect + own + rest * noise + shift
            found[:, which] = _LOW[which] + (hidden[:, None] > table[channel]).sum(axis=1)
        return found

    def _answers(
        self, contacts: Contacts, handled: Handled, who: Integers, replied: Integers, values: Integers
    ) -> pa.RecordBatch:
        world, count = self._world, len(PUT)
        rows = len(who) * count
        each = np.repeat(who, count)
        question = np.tile(np.arange(count), len(who))
        when = instants(np.repeat(replied, count))
        return frame(
            ANSWERS,
            {
                **world.origin(rows),
                "survey": same("customer", rows),
                "response_id": world.contact_ids("r", contacts.number[each]),
                "audience": same("customer", rows),
                "wave": words(_years(np.repeat(replied, count)) - 1970, _WAVES),
                "question": words(question, PUT),
                "construct": words(question, CONSTRUCTS),
                "scale_low": whole(np.array(_LOW)[question]),
                "scale_high": whole(np.array(_HIGH)[question]),
                "value_milli": whole(values.ravel(), 1_000),
                "answered_at": when,
                "updated_at": when,
                "contact_id": world.contact_ids("k", contacts.number[each]),
                "customer_id": world.customer_ids(contacts.person[each]),
                "agent_id": world.agent_ids(handled.agent[each]),
                "team": words(world.team_of(handled.agent[each]), world.team_names()),
                "channel": words(contacts.channel[each], CHANNELS),
                "mode": same("web", rows),
                "language": same("nl", rows),
                "weight_ppb": same(WEIGHT, rows),
            },
        )


# survey, question, construct, lowest, highest, and the text in English and in Dutch
ASKED = (
    ("customer", "q_nps", "nps", 0, 10, "How likely are you to recommend us to a friend or colleague?",
     "Hoe waarschijnlijk is het dat u ons aanbeveelt aan een vriend of collega?"),
    ("customer", "q_csat", "csat", 1, 5, "How satisfied are you with this contact?", "Hoe tevreden bent u over dit contact?"),
    ("customer", "q_ces", "ces_2", 1, 7, "The company made it easy for me to handle my issue.",
     "Het bedrijf maakte het mij makkelijk om mijn vraag af te handelen."),
    ("staff", "q_enps", "enps", 0, 10, "How likely are you to recommend working here to a friend?",
     "Hoe waarschijnlijk is het dat je een vriend aanraadt hier te werken?"),
)  # fmt: skip
BELIEVED = (
    ("organisation", "q_nps_believed", "nps_believed", 0, 10, "How likely is your average customer to recommend you?",
     "Hoe waarschijnlijk is het dat uw gemiddelde klant u aanbeveelt?"),
)  # fmt: skip


def questionnaire(world: World, asked: tuple[tuple[str, str, str, int, int, str, str], ...] = ASKED) -> pa.RecordBatch:
    """Return the questions as they are put, in both languages and alike in every round."""
    told = [(*each[:5], language, text) for each in asked for language, text in (("en", each[5]), ("nl", each[6]))]
    survey, question, construct, low, high, language, text = (list(each) for each in zip(*told, strict=True))
    names = {"survey": survey, "question": question, "construct": construct, "language": language, "text": text}
    return frame(
        QUESTIONS,
        {
            **world.origin(len(told)),
            **{name: pa.array(values, pa.string()) for name, values in names.items()},
            "wave": same("", len(told)),
            "sort": same("number", len(told)),
            "scale_low": whole(np.array(low)),
            "scale_high": whole(np.array(high)),
            "mode": same("web", len(told)),
        },
    )


_WAVES = tuple(str(1970 + each) for each in range(200))


def _years(seconds: Integers) -> Integers:
    return seconds.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970


def moment(day: date, hour: int = 9) -> int:
    """Return an hour of a day, UTC, in seconds since 1970."""
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp())


def recommendation(
    world: World,
    *,
    audience: str,
    construct: str,
    wave: str,
    asked_on: date,
    values: Integers,
    agents: Integers,
) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Return the invitations and answers of a round in which everybody asked answered one 0 to 10 question.

    Parameters:
        world: the organisation.
        audience: ``staff`` or ``organisation``.
        construct: what the question measures.
        wave: name of the round.
        asked_on: day on which it was sent.
        values: the answers.
        agents: who answered, where they are staff; negative where they are not.
    """
    rows = len(values)
    prefix = f"{audience[0]}{world.index}-{wave}-"
    numbers = np.arange(1, rows + 1)
    invited = np.full(rows, moment(asked_on))
    replied = invited + _HOUR * (1 + numbers % 96)
    common = {
        **world.origin(rows),
        "survey": same(audience, rows),
        "audience": same(audience, rows),
        "wave": same(wave, rows),
        "response_id": ids(prefix, numbers, max(3, len(str(rows)))),
        "updated_at": instants(replied),
    }
    invitations = frame(
        INVITATIONS,
        {
            **common,
            "invitation_id": ids(prefix, numbers, max(3, len(str(rows)))),
            "invited_at": instants(invited),
            "disposition": same("complete", rows),
        },
    )
    answers = frame(
        ANSWERS,
        {
            **common,
            "question": same(f"q_{construct}", rows),
            "construct": same(construct, rows),
            "scale_low": same(0, rows),
            "scale_high": same(10, rows),
            "value_milli": whole(values, 1_000),
            "answered_at": instants(replied),
            "agent_id": world.agent_ids(agents),
            "team": words(world.team_of(agents), world.team_names()),
            "mode": same("web", rows),
            "language": same("nl", rows),
            "weight_ppb": same(WEIGHT, rows),
        },
    )
    return invitations, answers

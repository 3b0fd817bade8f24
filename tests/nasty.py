"""Rows on which engines are prone to disagree: clock changes, ties, nulls, zeros, odd text, long durations."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from peil.calendars.hours import BusinessCalendar
from peil.dataset import Dataset, build
from peil.engines.door import Limits
from peil.engines.engine import Engine
from peil.engines.schema import Schema
from peil.engines.store import Store
from peil.sources.load import load
from peil.sources.source import Draft, Export, Fault, Record, drafts
from peil.sources.tables import (
    AGENT_STATES,
    ANSWERS,
    BOT_FAILURES,
    BOT_OUTCOMES,
    INTERVALS,
    INVITATIONS,
    LEGS,
    MESSAGES,
    ORDERS,
    STATES,
    STEP_BY,
    STEPS,
)

# clocks go forward, clocks go back, leap day, and the turn of a year whose first days are of the week before
DAYS = (date(2020, 3, 27), date(2020, 10, 23), date(2020, 2, 28), date(2019, 12, 29), date(2021, 1, 1))
QUEUES = ("Größe", "İstanbul", "\N{TELEPHONE RECEIVER} 1", "it's", r"a\b", "${x}", "%d", "a", "A", None)
REASONS = ("Maße", "facture é", "\N{SLEUTH OR SPY}\N{VARIATION SELECTOR-16}", None, "x" * 200)
REGIONS = ("noord", "Zuid-ß", "\N{EARTH GLOBE EUROPE-AFRICA}", "", None, 1.5, True, "it's")
DAY_MS = 86_400_000
CALENDARS = (
    BusinessCalendar(
        name="desk",
        zone="Europe/Amsterdam",
        hours={"mon-fri": ("08:00-12:00", "12:30-17:30"), "sat": "10:00-14:00"},
        holidays="NL",
        closed=(date(2020, 3, 30),),
    ),
    BusinessCalendar(name="night", zone="Europe/Amsterdam", hours={"daily": "22:00-06:00"}),
    BusinessCalendar(name="always", zone="UTC", hours={"daily": "00:00-24:00"}),
)


def _of_bots(dice: random.Random, at: datetime) -> dict[str, object]:
    """What a leg tells of bots and of who took which step: mostly nothing, whoever had it."""
    if dice.random() < 0.4:
        return {}
    steps = {each: dice.choice((*STEP_BY, None)) for each in STEPS}
    return {
        **steps,
        "bot_outcome": dice.choice((*BOT_OUTCOMES, None)),
        "bot_failure": dice.choice((*BOT_FAILURES, None)),
        "asked_human_at": _at(at + timedelta(seconds=dice.choice((0, 1, 90)))) if dice.random() < 0.5 else None,
        "vendor_resolved": dice.choice((True, False, None)),
        "needed_approval": {"agent": True, "bot": False}.get(str(steps["logged_by"])),
    }


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None


def _moment(dice: random.Random) -> datetime:
    day = dice.choice(DAYS) + timedelta(days=dice.randrange(4))
    # few seconds to choose from, so that many contacts begin at once
    hour, minute = dice.choice((0, 0, 1, 1, 2, 8, 11, 16, 22, 23)), dice.choice((0, 0, 30, 59))
    return datetime(day.year, day.month, day.day, hour, minute, 59, 999_000, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nasty:
    """Exports of everything at once; a file holds nothing but its number.

    The second repeats half of the first in other versions, and adds its own.

    Parameters:
        contacts: how many contacts each delivery has.
    """

    contacts: int = 260
    name: str = "nasty"
    organisation: str = "Größe & Co"
    zone: str = "Europe/Amsterdam"
    files: tuple[str, ...] = ("exports/*.txt",)
    provides: ClassVar[tuple[Schema, ...]] = (LEGS, MESSAGES, ANSWERS, INVITATIONS, AGENT_STATES, INTERVALS, ORDERS)

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the drafts of every table."""
        delivery = int(export.path.read_text(encoding="utf-8"))
        first = 0 if delivery == 1 else self.contacts // 2
        names = [f"c{number}" for number in range(first, first + self.contacts)]
        dice = random.Random(delivery)  # noqa: S311  # seeded rows, no secret
        made = [
            *(row for name in names for row in self._contact(name, dice)),
            *(row for name in names[::3] for row in self._messages(name, dice)),
            *(row for number in range(240) for row in self._answers(number + 120 * (delivery - 1), names, dice)),
            *self._invitations(names, dice),
            *self._states(dice),
            *self._intervals(dice),
            *self._orders(dice),
            *(row for number in range(60) for row in self._resolved(number + 60 * (delivery - 1), names, dice)),
        ]
        yield from drafts(
            Record(schema=schema, line=line, values=values, extra=extra)
            for line, (schema, values, extra) in enumerate(made, start=1)
        )

    def _contact(
        self, name: str, dice: random.Random
    ) -> Iterator[tuple[Schema, Mapping[str, object], Mapping[str, object]]]:
        began, who = _moment(dice), f"p{dice.randrange(25)}"
        known = dice.choice(("customer_id", "customer_id", "mail", "phone", None))
        handle = {"mail": f"{who}@ß.example", "phone": f"+3161000{who[1:]:>04}", "customer_id": f"İ {who}"}
        alike = dice.random() < 0.3
        for leg in range(dice.choice((1, 1, 1, 2, 3, 4))):
            at = began if alike else began + timedelta(seconds=leg * dice.choice((0, 1, 3600, 60 * DAY_MS // 1000)))
            handler = dice.choice(("agent", "agent", "agent", "bot", "ivr", "none"))
            ended_how = dice.choice(("completed", "abandoned", "transferred", "callback", "ignored", "open"))
            lasts = timedelta(milliseconds=dice.choice((0, 1, 999, 61_001, DAY_MS, 40 * DAY_MS)))
            taken = at + lasts / 2 if handler == "agent" and dice.random() < 0.9 else None
            values = {
                "contact_id": name,
                "leg_id": dice.choice("abß") + str(leg),
                "channel": dice.choice(("call", "call", "chat", "mail", "bot")),
                "direction": dice.choice(("inbound", "inbound", "inbound", "outbound")),
                "queue": dice.choice(QUEUES),
                "handler": handler,
                "agent_id": f"a{dice.randrange(9)}" if handler == "agent" else None,
                "team": dice.choice(("één", "twee", None)),
                "site": dice.choice(("Ürk", None)),
                "calendar": dice.choice(("desk", "night", "always", None)),
                "started_at": _at(at),
                "answered_at": _at(taken),
                "responded_at": _at(taken) if dice.random() < 0.5 else None,
                "resolved_at": _at(at + lasts) if dice.random() < 0.5 else None,
                "ended_at": None if ended_how == "open" else _at(at + lasts),
                "updated_at": _at(_moment(dice)) if dice.random() < 0.7 else None,
                "wait_ms": dice.choice((0, 0, 4_999, 5_000, 20_000, 20_001, None)),
                "talk_ms": dice.choice((0, 1, 60_000, 3_600_000, None)),
                "hold_ms": dice.choice((0, 10, None)),
                "wrap_ms": dice.choice((0, 30_000, None)),
                "park_ms": dice.choice((0, 40 * DAY_MS, 300 * DAY_MS, None)),
                "n_holds": dice.choice((0, 1, 12, None)),
                "n_reopens": dice.choice((0, 2, None)),
                "ended_how": ended_how,
                "self_served": dice.choice((True, False, None)),
                **_of_bots(random.Random(f"{name} {leg}"), at),  # noqa: S311  # rows that are the same every time
                "reason": dice.choice(REASONS),
                "language": dice.choice(("nl", "tr", None)),
                **({known: handle[known]} if known else {}),
            }
            extra = (
                {"region": dice.choice(REGIONS), "tier +1": dice.choice(("a b", None))} if dice.random() < 0.8 else {}
            )
            yield LEGS, values, extra

    def _messages(
        self, name: str, dice: random.Random
    ) -> Iterator[tuple[Schema, Mapping[str, object], Mapping[str, object]]]:
        began = datetime(2021, 1, 5, dice.randrange(24), tzinfo=UTC)  # no contact begins later
        for turn in range(1, dice.randrange(2, 5)):
            author = dice.choice(("customer", "agent", "bot"))
            sent = began + timedelta(seconds=turn // 2)
            yield MESSAGES, {"contact_id": name, "turn": turn, "author": author, "sent_at": _at(sent), "text": "ß"}, {}

    def _answers(
        self, number: int, names: list[str], dice: random.Random
    ) -> Iterator[tuple[Schema, Mapping[str, object], Mapping[str, object]]]:
        scales = {
            "nps": ("customer", 0, 10), "nps_believed": ("organisation", 0, 10), "enps": ("staff", 0, 10), "csat": ("customer", 1, 5),
            "ces_1": ("customer", 1, 5), "ces_2": ("customer", 1, 7), "mood": ("customer", -5, 5), "rated": ("customer", 0, 1),
        }  # fmt: skip
        stratum = dice.choice(("north", "zuid ß", None))
        drawn = {
            "stratum": stratum,
            "cluster": f"{stratum}-{dice.randrange(12)}" if stratum else None,
            "population_n": 400 if stratum else None,
            "weight_ppb": dice.choice((1_000_000_000, 333_333_333, 2_500_000_001, 0)) if stratum else None,
            "contact_id": dice.choice((*names, None, "nobody")),
            "answered_at": _at(_moment(dice)),
            "duration_ms": (number * 7_919) % 600_000 if number % 3 else None,
        }
        for question, (audience, low, high) in scales.items():
            if dice.random() < 0.2:
                continue
            half = dice.choice((0, 0, 0, 500))
            value = dice.randrange(low * 1000, high * 1000, 1000) + half if dice.random() < 0.9 else high * 1000
            yield ANSWERS, {
                **drawn,
                "survey": "ß-survey",
                "response_id": f"r{number}",
                "audience": audience,
                "question": question,
                "construct": "csat" if question == "rated" else question,
                "scale_low": low,
                "scale_high": high,
                "reversed": dice.choice((True, False, None)),
                "value_milli": value if dice.random() < 0.95 else None,
                "updated_at": _at(_moment(dice)) if dice.random() < 0.5 else None,
                "channel": dice.choice(("call", "chat", None)),
                "wave": dice.choice(("1", None)),
                "mode": dice.choice(("web", "ivr", None)),
                "language": dice.choice(("nl", None)),
            }, {"region": dice.choice(REGIONS)}  # fmt: skip

    def _invitations(
        self, names: list[str], dice: random.Random
    ) -> Iterator[tuple[Schema, Mapping[str, object], Mapping[str, object]]]:
        for number, name in enumerate(names[::5]):
            disposition = dice.choice(("complete", "refused", "no_contact", "not_eligible"))
            asked = {
                "invitation_id": f"i{number}",
                "survey": "ß-survey",
                "contact_id": name,
                "disposition": disposition,
            }
            yield INVITATIONS, {**asked, "invited_at": _at(_moment(dice)), "updated_at": _at(_moment(dice))}, {}

    def _states(self, dice: random.Random) -> Iterator[tuple[Schema, Mapping[str, object], Mapping[str, object]]]:
        for agent in range(9):
            for number, state in enumerate(STATES * 3):
                began = _moment(dice) + timedelta(seconds=number)
                lasts = dice.choice((0, 0, 1, 900_000, 40 * DAY_MS)) if agent else 0
                yield AGENT_STATES, {
                    "agent_id": f"a{agent}",
                    "team": "nul" if agent == 0 else dice.choice(("één", "twee", None)),
                    "state": state,
                    "started_at": _at(began),
                    "ended_at": _at(began + timedelta(milliseconds=lasts)),
                    "duration_ms": lasts,
                    "concurrency": dice.choice((1, 3, None)),
                }, {}  # fmt: skip

    def _intervals(self, dice: random.Random) -> Iterator[tuple[Schema, Mapping[str, object], Mapping[str, object]]]:
        for number in range(150):
            offered = dice.choice((0, 1, 17, 1_000_003))
            yield INTERVALS, {
                "queue": dice.choice(QUEUES) or "none",
                "channel": dice.choice(("call", "chat")),
                "started_at": _at(_moment(dice) + timedelta(seconds=number)),
                "length_ms": 1_800_000,
                "n_offered": offered,
                "n_answered": dice.choice((offered // 2, None)),
                "threshold_ms": dice.choice((0, 20_000)),
                "within_ppm": dice.choice((0, 333_333, 1_000_000, None)),
            }, {}  # fmt: skip

    def _orders(self, dice: random.Random) -> Iterator[tuple[Schema, Mapping[str, object], Mapping[str, object]]]:
        for number in range(80):
            at = _moment(dice)
            after = dice.choice((timedelta(0), timedelta(milliseconds=1), timedelta(hours=2), timedelta(days=3), None))
            promised = dice.choice(("at", "days", "ms", None))
            yield ORDERS, {
                "order_id": f"o{number}",
                "customer_id": dice.choice((f"İ p{dice.randrange(25)}", "nobody", None)),
                "product": dice.choice(("Schüssel", "it's", None)),
                "calendar": dice.choice(("desk", "night", "always", None)),
                "ordered_at": _at(at),
                "promised_at": _at(at + timedelta(hours=2)) if promised == "at" else None,
                "promised_days": dice.randrange(3) if promised == "days" else None,
                "promised_ms": dice.choice((0, 1, 7_200_000)) if promised == "ms" else None,
                "delivered_at": None if after is None else _at(at + after),
                "updated_at": _at(_moment(dice)) if dice.random() < 0.5 else None,
                "returned": dice.choice((True, False, None)),
                "revenue_cents": dice.choice((-1, 0, 999_99, None)),
                "cost_cents": dice.choice((0, 7, None)),
                "trial_days": dice.choice((30, 100, None)),
            }, {"region": dice.choice(REGIONS)}  # fmt: skip

    def _resolved(
        self, number: int, names: list[str], dice: random.Random
    ) -> Iterator[tuple[Schema, Mapping[str, object], Mapping[str, object]]]:
        later = timedelta(days=dice.choice((0, 1, 3, 21, 30, 46)))
        yield (
            ANSWERS,
            {
                "survey": "ß-resolved",
                "response_id": f"q{number}",
                "audience": "customer",
                "question": "resolved",
                "construct": "fcr",
                "scale_low": 0,
                "scale_high": 1,
                "value_milli": dice.choice((0, 1000, 1000, None)),
                "contact_id": dice.choice(names),
                "answered_at": _at(_moment(dice) + later),
            },
            {},
        )


def loaded(folder: Path) -> Store:
    """Return a store with both deliveries."""
    (folder / "exports").mkdir(exist_ok=True)
    for delivery in (1, 2):
        (folder / "exports" / f"{delivery}.txt").write_text(str(delivery), encoding="utf-8")
    store = Store(folder)
    made = load((Nasty(),), store, root=folder, limits=Limits(memory="1GB"), key=b"nasty")
    if made.refused:
        raise AssertionError(made.refused)
    return store


def built(store: Store, engine: Engine) -> Dataset:
    """Return the dataset of a store, contacts under three business calendars."""
    return build(store, engine, calendars=CALENDARS, calendar="desk")

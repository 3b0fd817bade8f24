"""A made organisation of teams in which it is known whether satisfied staff go before satisfied customers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Literal

import numpy as np
import pyarrow as pa

from peil.engines.schema import Schema
from peil.errors import SourceError
from peil.sources.simulated.centre import fingerprint, nothing_to_open
from peil.sources.simulated.frames import NOTHING, Integers, flags, frame, ids, instants, numbered, same, whole, words
from peil.sources.simulated.planted import Planted, planted
from peil.sources.simulated.staff_drawn import (
    CUSTOMER,
    ITEMS,
    SCALES,
    TOPS,
    Answered,
    Drawn,
    Stayed,
    Taken,
    World,
    drawn,
    month_begins,
)
from peil.sources.simulated.surveys import WEIGHT, moment
from peil.sources.source import Draft, Export, Fault
from peil.sources.tables import ANSWERS, LEGS, ROSTER
from peil.terms import Unit

MAKING = 1
"""Version of how rows are drawn: raised whenever the same parameters give other rows."""

PROVIDES = (ROSTER, LEGS, ANSWERS)
REASONS = ("invoice", "delivery", "contract", "complaint")
_DAY_S, _OPENS, _OPEN_S = 86_400, 8, 9 * 3_600
_DAYS = 27
_ASKED_ON = 14
_TURNED = ("staff_satisfaction", 3)
"""One question is put the other way round: a high answer is a bad one."""

_FEWEST_MONTHS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedStaffFirst(World):
    """Teams with a monthly staff survey, contacts, answers of customers about them, and who came and left.

    Effects are in points of one scale for one point of another, both from 0 to 10.

    Parameters:
        seed: the same seed and parameters always give the same rows.
        teams, per_team: how many teams, and seats in each; who leaves is followed by somebody new.
        months, begins: the period; ``begins`` is the first day of a month.
        contacts: of each team in each month.
        answering: share of contacts of which the customer says how satisfied they are.
        rotation: staff is asked once in so many months, in turn.
        responding: share of staff asked who answer.
        staff_to_customer: what a point more of staff satisfaction does to customers a month later.
        customer_to_staff: what a point more of customer satisfaction does to staff a month later.
        mandate_to_customer: what a point more of mandate does to customers a month later.
        persistence: what is left of a good or bad month in the next.
        team_spread, month_spread: standard deviations of teams, and of months of a team, on scales from 1 to 5.
        ceiling: whether customers can be no more satisfied than staff allows; below that nothing links them.
        common_method: whether staff says how satisfied customers are, and customers are not asked.
        leaving: share of staff who leave in a month, in a team of middling satisfaction.
        leaving_effect: what a point (of 1 to 5) more of team satisfaction does to the logarithm of that.

    Raises:
        SourceError: a parameter is out of bounds.

    Example:
        >>> SimulatedStaffFirst(staff_to_customer=0.4).truth()["staff_to_customer"].says.en
        'A point more of staff satisfaction brings customers 0.40 points a month later.'
    """

    kind: Literal["simulated_staff_first"] = "simulated_staff_first"
    name: str = "simulated_staff_first"
    organisation: str = "Staff first (simulated)"
    zone: str = "Europe/Amsterdam"
    files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (
            self.teams >= 1
            and self.per_team >= 1
            and self.months >= _FEWEST_MONTHS
            and self.begins.day == 1
            and self.contacts >= 0
            and self.rotation >= 1
            and 0 <= self.answering <= 1
            and 0 <= self.responding <= 1
            and -1 < self.persistence < 1
            and min(self.team_spread, self.month_spread, self.leaving) >= 0
        ):
            raise SourceError(
                f"the simulated source '{self.name}' cannot be made",
                remedy="shares lie from 0 to 1, spreads are not negative, begin on the first of a month, and take at least 2 months",
            )

    @property
    def provides(self) -> tuple[Schema, ...]:
        """The canonical tables it delivers."""
        return PROVIDES

    @property
    def fingerprint(self) -> str:
        """Hash of everything that decides the rows; stands where a file's hash would."""
        return fingerprint(f"{self.kind}/{MAKING}", asdict(self))

    @property
    def export(self) -> Export:
        """What to read: there is no file, so the parameters' hash stands for it."""
        return nothing_to_open(self.fingerprint)

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the rows in batches; ``export`` names no file and is not opened."""
        del export
        yield from numbered(_rows(self))

    def truth(self) -> Mapping[str, Planted]:
        """Return every planted value by name, each with a sentence."""
        return {
            "staff_to_customer": planted(
                self.staff_to_customer,
                Unit.SCORE,
                "A point more of staff satisfaction brings customers {value} points a month later.",
                "Een punt meer medewerkerstevredenheid geeft klanten een maand later {value} punt meer.",
            ),
            "customer_to_staff": planted(
                self.customer_to_staff,
                Unit.SCORE,
                "A point more of customer satisfaction brings staff {value} points a month later.",
                "Een punt meer klanttevredenheid geeft medewerkers een maand later {value} punt meer.",
            ),
            "mandate_to_customer": planted(
                self.mandate_to_customer,
                Unit.SCORE,
                "A point more of mandate brings customers {value} points a month later.",
                "Een punt meer mandaat geeft klanten een maand later {value} punt meer.",
            ),
            "hazard_ratio": planted(
                float(np.exp(self.leaving_effect * 4 / 10)),
                Unit.SCORE,
                "A point more of team satisfaction multiplies the chance to leave by {value}.",
                "Een punt meer teamtevredenheid vermenigvuldigt de kans op vertrek met {value}.",
            ),
        }


def _rows(of: SimulatedStaffFirst) -> Iterator[tuple[Schema, pa.RecordBatch]]:
    world = drawn(of)
    yield ROSTER, _roster(of, world.stayed)
    for batch in _legs(of, world.taken):
        yield LEGS, batch
    for batch in _said_by_staff(of, world.answered):
        yield ANSWERS, batch
    yield ANSWERS, _said_by_customers(of, world)


def _names(of: SimulatedStaffFirst) -> tuple[str, ...]:
    return tuple(f"team {each + 1}" for each in range(of.teams))


def _days(of: SimulatedStaffFirst, values: Integers, *, none: int | None = None) -> pa.Date32Array:
    return pa.array(
        [None if each == none else of.begins + timedelta(days=int(each)) for each in values.tolist()], pa.date32()
    )


def _roster(of: SimulatedStaffFirst, stayed: Stayed) -> pa.RecordBatch:
    return frame(
        ROSTER,
        {
            "agent_id": ids("s", stayed.agent + 1, 5),
            "from_on": _days(of, stayed.begun),
            "until_on": _days(of, stayed.left, none=NOTHING),
            "team": words(stayed.team, _names(of)),
            "site": same("north", stayed.agent.size),
            "workplace": same("office", stayed.agent.size),
            "hired_on": _days(of, stayed.hired),
        },
    )


def _started(of: SimulatedStaffFirst, month: Integers) -> Integers:
    """Return when each contact began: spread over the days of its month, the same for the same place."""
    starts = np.array([moment(each, _OPENS) for each in month_begins(of.begins, of.months)])
    rng = np.random.default_rng([of.seed, 8])
    return starts[month] + _DAY_S * rng.integers(0, _DAYS, month.size) + rng.integers(0, _OPEN_S, month.size)


def _legs(of: SimulatedStaffFirst, taken: Taken) -> Iterator[pa.RecordBatch]:
    """Yield first legs, and the second ones of contacts that went on to a colleague."""
    rng = np.random.default_rng([of.seed, 9])
    began, talked = _started(of, taken.month), rng.integers(120, 600, taken.team.size)
    reason = rng.integers(0, len(REASONS), taken.team.size)
    customer = rng.integers(1, 20 * max(taken.team.size, 1), taken.team.size)
    every = np.arange(taken.team.size)
    for late in (0, 1):
        rows = np.flatnonzero(taken.transferred) if late else every
        ends = words(taken.transferred[rows] * (1 - late), ("completed", "transferred"))
        start = began[rows] + late * (talked[rows] + 30)
        yield frame(
            LEGS,
            {
                "contact_id": ids("k", rows, 8),
                "leg_id": same(str(late + 1), rows.size),
                "channel": same("call", rows.size),
                "direction": same("inbound", rows.size),
                "queue": same("service", rows.size),
                "handler": same("agent", rows.size),
                "agent_id": ids("s", (taken.colleague if late else taken.agent)[rows] + 1, 5),
                "team": words(taken.team[rows], _names(of)),
                "site": same("north", rows.size),
                "ended_how": ends,
                "needed_approval": flags(taken.approval[rows]),
                "reason": words(reason[rows], REASONS),
                "customer_id": ids("c", customer[rows], 8),
                "started_at": instants(start),
                "queued_at": instants(start),
                "answered_at": instants(start + 15),
                "ended_at": instants(start + 15 + talked[rows]),
                "updated_at": instants(start + 15 + talked[rows]),
                "wait_ms": same(15_000, rows.size),
                "talk_ms": whole(talked[rows], 1_000),
                "hold_ms": same(0, rows.size),
                "wrap_ms": same(30_000, rows.size),
                "concurrency": same(1, rows.size),
            },
        )


def _said_by_staff(of: SimulatedStaffFirst, answered: Answered) -> Iterator[pa.RecordBatch]:
    starts = month_begins(of.begins, of.months)
    when = np.array([moment(each + timedelta(days=_ASKED_ON)) for each in starts])[answered.month]
    tops = dict(zip(SCALES, TOPS, strict=True)) | {CUSTOMER: 5}
    counts = dict(zip(SCALES, ITEMS, strict=True)) | {CUSTOMER: 1}
    n = answered.agent.size
    for name, values in answered.items.items():
        for item in range(counts[name]):
            turned = (name, item) == _TURNED
            chosen = 1 + tops[name] - values[:, item] if turned else values[:, item]
            yield frame(
                ANSWERS,
                {
                    "survey": same("pulse", n),
                    "response_id": ids("p", np.arange(n), 7),
                    "audience": same("staff", n),
                    "wave": words(answered.month, tuple(f"{each:%Y-%m}" for each in starts)),
                    "question": same(f"q_{name}_{item + 1}", n),
                    "construct": same(name, n),
                    "scale_low": same(1, n),
                    "scale_high": same(tops[name], n),
                    "reversed": flags(np.full(n, int(turned))),
                    "value_milli": whole(chosen, 1_000),
                    "answered_at": instants(when),
                    "updated_at": instants(when),
                    "agent_id": ids("s", answered.agent + 1, 5),
                    "team": words(answered.team, _names(of)),
                    "mode": same("web", n),
                    "language": same("nl", n),
                    "weight_ppb": same(WEIGHT, n),
                },
            )


def _said_by_customers(of: SimulatedStaffFirst, world: Drawn) -> pa.RecordBatch:
    rows = np.flatnonzero(world.taken.said != NOTHING)
    when = _started(of, world.taken.month)[rows] + 3_600
    n = rows.size
    return frame(
        ANSWERS,
        {
            "survey": same("customers", n),
            "response_id": ids("r", rows, 8),
            "audience": same("customer", n),
            "question": same("q_csat", n),
            "construct": same(CUSTOMER, n),
            "scale_low": same(1, n),
            "scale_high": same(5, n),
            "value_milli": whole(world.taken.said[rows], 1_000),
            "answered_at": instants(when),
            "updated_at": instants(when),
            "contact_id": ids("k", rows, 8),
            "mode": same("mail", n),
            "language": same("nl", n),
            "weight_ppb": same(WEIGHT, n),
        },
    )

"""Are planted failures, waits and effects of automation found, do intervals hold them, and do verdicts fit the worlds?

Run it with ``OPENBLAS_NUM_THREADS=1 python benchmarks/automation.py``; it writes its tables into
``docs/explanation/automation-failure-study.md``, ``human-reachability-study.md`` and ``automation-effect-study.md``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from page import printed, put
from peil.dataset import Dataset, build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.errors import EvidenceError
from peil.estimates.difference import Side
from peil.estimates.estimate import estimate
from peil.estimates.matched import matched
from peil.made import KEY
from peil.measures.claims import CLAIM_RETURNED, PEOPLE_RETURNED
from peil.measures.measure import Measure
from peil.methods.discontinuity import discontinuity
from peil.methods.heaping import density
from peil.methods.rollout import Panel, panel, placebo, roll_out
from peil.sources.delimited import DelimitedTable
from peil.sources.load import load
from peil.studies.automation_checks import SOON
from peil.studies.automation_effect import Stages, Threshold, automation_effect
from peil.studies.automation_failure import automation_failure
from peil.studies.human_reachability import human_reachability
from peil.terms import Better, Label, Unit

PAGES = Path(__file__).parents[1] / "docs" / "explanation"
BEGIN = "<!-- made by benchmarks/automation.py -->"
Floats = NDArray[np.float64]
BOT, PERSON, BACK = range(3)
HALF = 0.5
BEGINS = datetime(2021, 1, 4, tzinfo=UTC)
DAY = 86_400
REASONS = ("invoice", "delivery", "moving", "outage")
# how often claims and contacts of people come back within 24 hours, 72 hours and 7 days
BOT_WITHIN = {1: 0.10, 3: 0.16, 7: 0.22}
BOT_BY_REASON, PEOPLE_BY_REASON = (0.14, 0.18, 0.24, 0.32), (0.06, 0.08, 0.12, 0.22)
EXCESS = 0.10
CUTOFF, NEAR, UNEVEN = 100.0, 115.0, 0.05
HELD = Measure(
    name="held", label=Label("Put on hold", "In de wacht gezet"), unit=Unit.SHARE, better=Better.LOWER,
    where="not ignored and n_holds is not null", of="case when n_holds > 0 then 1 else 0 end", standard="made for this benchmark",
)  # fmt: skip


def dataset(folder: Path, columns: Mapping[str, object], extra: tuple[str, ...] = ()) -> Dataset:
    """Load legs that were made as columns of one Parquet file; what is named in ``extra`` is kept as such."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(dict(columns)), folder / "legs.parquet")
    source = DelimitedTable(
        name="made", organisation="Made", files=("legs.parquet",), table="legs", zone="UTC",
        columns={each: each for each in columns if each not in extra},
    )  # fmt: skip
    store = Store(folder / "store")
    found = load((source,), store, root=folder, limits=Limits(memory="1GB"), key=KEY)
    if found.refused:
        raise SystemExit(found.refused[0].says)
    return build(store, DuckEngine(Limits(memory="1GB")))


def instants(seconds: Floats) -> pa.Array:
    """Return seconds since the beginning as instants; nan as none."""
    known = np.isfinite(seconds)
    at = (np.where(known, seconds, 0.0) * 1_000).astype(np.int64) + round(BEGINS.timestamp() * 1_000)
    return pa.array(at, pa.int64(), mask=~known).cast(pa.timestamp("ms", tz="UTC"))


def named(prefix: str, numbers: NDArray[np.int64], known: NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(np.char.add(prefix, numbers.astype(str)), mask=None if known is None else ~known)


# --- claims of bots ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """A world of claims: how much more comes back than after people, and of whom that can be seen."""

    excess: float = EXCESS
    claims: int = 400
    people: int = 800
    known: float = 0.8
    alike: bool = True


def claims_world(folder: Path, world: Claims, draws: int, *, days: int = 182, seed: int = 0) -> Dataset:
    """Make claims of a bot and contacts of people; each draw is a queue of its own.

    A person has one to three claims and a rate of failing of their own, so that claims of one person are not independent.
    """
    rng = np.random.default_rng([seed, draws, world.claims])
    blocks = [_claims(rng, world, draw, days) for draw in range(draws)]
    both = {name: np.concatenate([each[name] for each in blocks]) for name in blocks[0]}
    size = both["at"].size
    bot = both["kind"] == BOT
    ended = np.where(both["kind"] == BACK, "transferred", "completed")
    return dataset(
        folder,
        {
            "contact_id": named("k", np.arange(size)),
            "leg_id": pa.array(["1"] * size),
            "channel": np.where(bot, "bot", "call"),
            "handler": np.where(bot, "bot", "agent"),
            "queue": named("d", both["draw"]),
            "started_at": instants(both["at"]),
            "answered_at": instants(both["at"] + 20),
            "ended_at": instants(both["at"] + 300),
            "ended_how": ended,
            "vendor_resolved": pa.array(bot, mask=~bot),
            "reason": np.array(REASONS)[both["reason"]],
            "customer_id": named("p", both["person"], both["known"]),
        },
    )


def _claims(rng: np.random.Generator, world: Claims, draw: int, days: int) -> dict[str, NDArray[np.int64]]:
    shift = world.excess - EXCESS
    n = rng.integers(1, 4, world.claims)
    n = n[: int(np.searchsorted(np.cumsum(n), world.claims)) + 1]
    whose = np.repeat(np.arange(n.size), n)
    turn = np.arange(whose.size) - np.repeat(np.cumsum(n) - n, n)
    reason = rng.integers(0, 4, n.size)[whose]
    rate = np.clip(np.array(BOT_BY_REASON) + shift, 0.001, 0.999)[reason]
    # one person's rate spread about that of the reason (Beta, correlation 0.15)
    own = rng.beta(rate[np.cumsum(n) - n] * 5.7, (1 - rate[np.cumsum(n) - n]) * 5.7)[whose]
    at = rng.uniform(0, days - 1, n.size)[whose] + 40.0 * turn
    people = rng.choice(4, world.people, p=(0.4, 0.3, 0.2, 0.1)) if world.alike else np.zeros(world.people, np.int64)
    people_at = rng.uniform(0, days - 1, world.people)
    kinds, persons = np.r_[np.zeros(whose.size), np.ones(world.people)], np.r_[whose, n.size + np.arange(world.people)]
    begun, reasons = np.r_[at, people_at], np.r_[reason, people]
    fails = rng.random(begun.size) < np.r_[own, np.array(PEOPLE_BY_REASON)[people]]
    seen = rng.random(n.size + world.people) < world.known
    back = begun + _delay(rng, begun.size)
    rows = {
        "at": np.r_[begun, back[fails]] * DAY,
        "kind": np.r_[kinds, np.full(int(fails.sum()), 2)].astype(np.int64),
        "reason": np.r_[reasons, reasons[fails]].astype(np.int64),
        "person": np.r_[persons, persons[fails]].astype(np.int64) + draw * 100_000,
        "known": np.r_[seen[persons], seen[persons[fails]]],
    }
    inside = rows["at"] < days * DAY
    return {"draw": np.full(int(inside.sum()), draw), **{name: each[inside] for name, each in rows.items()}}


def _delay(rng: np.random.Generator, size: int) -> Floats:
    """Return days until somebody comes back, in the planted shares of the three windows."""
    whole = BOT_WITHIN[7]
    which = rng.choice(
        3, size, p=(BOT_WITHIN[1] / whole, (BOT_WITHIN[3] - BOT_WITHIN[1]) / whole, (whole - BOT_WITHIN[3]) / whole)
    )
    low, high = np.array([0.01, 1.0, 3.0])[which], np.array([1.0, 3.0, 7.0])[which]
    return np.asarray(rng.uniform(low, high), np.float64)


def audit(draws: int, worlds: int) -> Iterator[str]:
    """Yield the lines about the audit."""
    with tempfile.TemporaryDirectory() as folder:
        data = claims_world(Path(folder), Claims(), draws)
        yield f"Planted: {BOT_WITHIN[7]:.0%} of the claims come back within 7 days, {EXCESS:.0%} more than after people; one claim in five is"
        yield f"of an unknown person, and some windows run past the end of the data. {draws} draws of 400 claims, intervals of 95 %:"
        yield ""
        yield "| what | planted | mean found | intervals that hold it |"
        yield "|---|---|---|---|"
        for days, truth in BOT_WITHIN.items():
            held, mean = coverage(data, CLAIM_RETURNED[days, True], truth)
            yield f"| came back within {days} d, same reason | {truth:.0%} | {mean:.1%} | {held:.1%} |"
        for place, reason in enumerate(REASONS):
            held, mean = coverage(data, CLAIM_RETURNED[7, True], BOT_BY_REASON[place], where=f"reason = '{reason}'")
            yield f"| the same, {reason} only | {BOT_BY_REASON[place]:.0%} | {mean:.1%} | {held:.1%} |"
        held, mean = excess_coverage(data, draws)
        yield f"| excess over people, 7 d | {EXCESS:.0%} | {mean:.1%} | {held:.1%} |"
    yield ""
    yield f"Verdicts, {worlds} draws of each world, with 5 percentage points as the smallest excess that matters:"
    yield ""
    yield "| world | yes | no | unclear |"
    yield "|---|---|---|---|"
    for name, world in AUDIT_WORLDS.items():
        told: Counter[str] = Counter()
        for seed, part in parts(worlds):
            with tempfile.TemporaryDirectory() as folder:
                told += audit_verdicts(claims_world(Path(folder), world, part, seed=seed), part)
        yield row(name, told, worlds)


AUDIT_WORLDS = {
    "yes: 15 points more come back": Claims(excess=0.15, claims=800, people=1_600),
    "no: as many come back as after people": Claims(excess=0.0, claims=1_500, people=3_000),
    "cannot tell: 40 claims": Claims(claims=40, people=80),
    "cannot tell: one claim in three of a known person": Claims(known=0.33),
    "cannot tell: people deal with one reason only": Claims(alike=False),
}


def coverage(data: Dataset, measure: Measure, truth: float, *, where: str = "true") -> tuple[float, float]:
    found = estimate(measure, data, by=["queue"], where=where)[0]
    return float(np.mean((found.low <= truth) & (truth <= found.high))), float(np.mean(found.value))


def excess_coverage(data: Dataset, draws: int) -> tuple[float, float]:
    bots, people = Side(measure=CLAIM_RETURNED[7, True]), Side(measure=PEOPLE_RETURNED[7, True])
    made = [
        matched(data, bots, people, like=("reason", "quarter"), where=f"queue = 'd{each}'") for each in range(draws)
    ]
    return float(np.mean([each.low <= EXCESS <= each.high for each in made])), float(
        np.mean([each.value for each in made])
    )


def audit_verdicts(data: Dataset, draws: int) -> Counter[str]:
    return Counter(
        automation_failure(data, where=f"queue = 'd{each}'", matters=0.05).finding.verdict for each in range(draws)
    )


def parts(draws: int) -> Iterator[tuple[int, int]]:
    """Yield a seed and how many draws are loaded together: one large table would be read anew for each."""
    for seed, begin in enumerate(range(0, draws, 25)):
        yield seed + 1, min(25, draws - begin)


def row(name: str, told: Counter[str], draws: int) -> str:
    return f"| {name} | " + " | ".join(f"{told[each] / draws:.1%}" for each in ("yes", "no", "unclear")) + " |"


# --- reaching a person ---

SLOW_S = {"call": (40.0, 160.0), "chat": (25.0, 90.0), "bot": (60.0, 240.0)}
PATIENCE_S = {"call": 200.0, "chat": 120.0, "bot": 300.0}
HOURS = (9, 17)


def planted_reach(channel: str, seconds: Floats, *, hour: int | None = None) -> Floats:
    """Return the true share that reaches a person within so many seconds: two clocks, of the queue and of patience."""
    hours = range(*HOURS) if hour is None else (hour,)
    curves = []
    for each in hours:
        answer, leave = 1 / _mean_wait(channel, each), 1 / PATIENCE_S[channel]
        curves.append(answer / (answer + leave) * -np.expm1(-(answer + leave) * seconds))
    return np.mean(curves, axis=0)


def _mean_wait(channel: str, hour: int) -> float:
    quick, slow = SLOW_S[channel]
    return quick + (slow - quick) * (hour - HOURS[0]) / (HOURS[1] - HOURS[0] - 1)


def reach_world(folder: Path, contacts: int, draws: int = 1, *, told: bool = True, seed: int = 0) -> Dataset:
    """Make customers who ask for a person by phone, by chat and through a bot; each draw is a queue of its own."""
    rng = np.random.default_rng([seed, contacts, draws])
    size = contacts * draws
    channel = rng.choice(list(SLOW_S), size, p=(0.5, 0.25, 0.25))
    hour = rng.integers(*HOURS, size)
    begun = rng.integers(0, 120, size) * DAY + hour * 3_600 + rng.integers(0, 3_600, size).astype(np.float64)
    mean = np.array([_mean_wait(one, at) for one, at in zip(channel, hour, strict=True)])
    answer = rng.exponential(mean)
    leave = rng.exponential(np.array([PATIENCE_S[each] for each in channel]))
    reached, wait = answer < leave, np.minimum(answer, leave)
    bot = channel == "bot"
    asked = begun + rng.integers(10, 90, size)
    queued = np.where(bot, asked, begun)
    number, draw = np.arange(size), np.arange(size) // contacts
    # of those who ask a bot, one in two who gives up does so with the bot and never sees a queue
    stays = bot & ~reached & (rng.random(size) < HALF)
    legs = [np.flatnonzero(bot), np.flatnonzero(~stays)]
    which = np.concatenate(legs)
    first = np.r_[np.ones(legs[0].size, bool), np.zeros(legs[1].size, bool)]
    nothing = np.nan
    return dataset(
        folder,
        {
            "contact_id": named("k", number[which]),
            "leg_id": np.where(first, "1", "2"),
            "channel": channel[which],
            "handler": np.where(first, "bot", np.where(reached[which], "agent", "none")),
            "queue": named("d", draw[which], ~first | stays[which]),
            "started_at": instants(np.where(first, begun[which], queued[which])),
            "answered_at": instants(np.where(first, begun[which], np.where(reached[which], (queued + wait)[which], nothing))),
            "ended_at": instants(
                np.where(first, np.where(stays[which], (asked + wait)[which], asked[which]), (queued + wait)[which] + 60 * reached[which])
            ),
            "wait_ms": pa.array(np.where(first, 0, wait[which] * 1_000).astype(np.int64), mask=first),
            "ended_how": np.where(
                first, np.where(stays[which], "timeout", "transferred"), np.where(reached[which], "completed", "abandoned")
            ),
            "asked_human_at": instants(np.where(first & told, asked[which], nothing)),
            "bot_outcome": pa.array(np.where(stays[which], "gave_up", "handed_over"), mask=~first),
            "reason": named("d", draw[which]),
            "customer_id": named("p", rng.integers(0, max(contacts // 2, 1), size)[which] + draw[which] * contacts),
        },
    )  # fmt: skip


def reach(worlds: int, contacts: int) -> Iterator[str]:
    """Yield the lines about reaching a person."""
    seconds = np.array([10.0, 30.0, 60.0, 120.0, 300.0, 600.0])
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        found = human_reachability(reach_world(Path(folder), contacts), promised=0.7)
        spent = time.process_time() - began
        yield f"{contacts:,} made contacts, two clocks (the queue's, slower by the hour, and the customer's patience); {spent:.0f} s of CPU,"
        yield "making and loading them included. The share that reached a person, as planted and as found:"
        yield ""
        yield "| channel | " + " | ".join(f"{each:g} s" for each in seconds) + " | ever | furthest apart |"
        yield "|---|" + "---|" * (seconds.size + 2)
        for way in found.ways:
            truth = planted_reach(str(way.channel), np.append(seconds, 1e9))
            # a second begun is counted as a second waited
            share = np.append(way.ends.at(seconds)[0][:, 0], way.reached.value)
            apart = np.max(np.abs(way.ends.share[:, 0] - planted_reach(str(way.channel), way.ends.time)))
            cells = " | ".join(f"{a:.1%}, {b:.1%}" for a, b in zip(truth, share, strict=True))
            yield f"| {way.channel} | {cells} | {apart:.2%} |"
        hours = [
            abs(each.reached.value - float(planted_reach(each.channel, np.array(1e9), hour=each.hour)))
            for each in found.hours
        ]
        held = np.mean(
            [
                each.reached.low
                <= float(planted_reach(each.channel, np.array(1e9), hour=each.hour))
                <= each.reached.high
                for each in found.hours
            ]
        )
        yield ""
        yield f"Of {len(hours)} channels and hours the share that reached a person is {np.mean(hours):.2%} off on average; {held:.0%} of the intervals hold it."
    yield ""
    yield f"Verdicts, {worlds} draws of each world:"
    yield ""
    yield "| world | yes | no | unclear |"
    yield "|---|---|---|---|"
    for name, (promised, size, told) in REACH_WORLDS.items():
        given: Counter[str] = Counter()
        for seed, part in parts(worlds):
            with tempfile.TemporaryDirectory() as folder:
                given += reach_verdicts(reach_world(Path(folder), size, part, told=told, seed=seed), part, promised)
        yield row(name, given, worlds)


def truly_reached() -> float:
    """Return the share of all that truly reaches a person."""
    return float(
        sum(share * planted_reach(each, np.array(1e9)) for each, share in zip(SLOW_S, (0.5, 0.25, 0.25), strict=True))
    )


REACH_WORLDS = {
    "yes: 6 points more than promised": (truly_reached() - 0.06, 1_500, True),
    "no: 6 points less than promised": (truly_reached() + 0.06, 1_500, True),
    "cannot tell: as promised, to the point": (truly_reached(), 1_500, True),
    "cannot tell: no source tells who asked a bot": (truly_reached() - 0.06, 1_500, False),
}


def reach_verdicts(data: Dataset, draws: int, promised: float) -> Counter[str]:
    return Counter(
        human_reachability(data, promised=promised, where=f"reason = 'd{each}'").finding.verdict
        for each in range(draws)
    )


# --- effect ---


def threshold_world(
    folder: Path, effect: float, contacts: int, draws: int, *, sorted_share: float = 0.0, seed: int = 0
) -> Dataset:
    """Make contacts with an amount: from 100 on a bot takes three in four, below it one in ten; each draw is a queue."""
    rng = np.random.default_rng([seed, contacts, draws])
    size = contacts * draws
    amount = np.clip(rng.gamma(4.0, 28.0, size), 1, 400)
    moved = (amount > CUTOFF) & (amount < NEAR) & (rng.random(size) < sorted_share)
    amount = np.round(np.where(moved, 2 * CUTOFF - amount, amount), 2)
    bot = rng.random(size) < np.where(amount >= CUTOFF, 0.75, 0.10)
    draw, person = np.arange(size) // contacts, rng.integers(0, contacts, size)
    bent = 0.3 + 0.12 * np.sin(amount / 60)
    held = rng.random(size) < np.clip(bent + effect * bot, 0, 1)
    at = rng.uniform(0, 180, size) * DAY
    return dataset(
        folder,
        {
            "contact_id": named("k", np.arange(size)),
            "leg_id": pa.array(["1"] * size),
            "channel": np.where(bot, "bot", "call"),
            "handler": np.where(bot, "bot", "agent"),
            "queue": named("d", draw),
            "started_at": instants(at),
            "answered_at": instants(at + 5),
            "ended_at": instants(at + 200),
            "n_holds": held.astype(np.int64),
            "reason": np.array(REASONS)[np.arange(size) % 4],
            "customer_id": named("p", person + draw * contacts),
            "amount": amount,
        },
        extra=("amount",),
    )


def stages_world(
    folder: Path, effect: float, queues: int, weeks: int, draws: int, *, drift: float = 0.0, tilt: float = 0.0,
    seed: int = 0,
) -> tuple[Dataset, list[dict[str, date]], list[dict[str, float]]]:  # fmt: skip
    """Make queues of which half get automation in stages; each draw has a reason of its own."""
    rng = np.random.default_rng([seed, queues, weeks, draws])
    columns: dict[str, list[object]] = {name: [] for name in ("unit", "draw", "at", "held")}
    begins, readiness = [], []
    for draw in range(draws):
        first = np.where(np.arange(queues) < queues // 2, rng.integers(weeks // 3, 2 * weeks // 3, queues), weeks + 99)
        ready = rng.uniform(0.3, 0.9, queues)
        level = 0.4 + 0.05 * rng.normal(size=(queues, 1)) + 0.02 * np.sin(np.arange(weeks) / 4)
        noise = np.zeros((queues, weeks))
        for week in range(1, weeks):
            noise[:, week] = 0.5 * noise[:, week - 1] + 0.01 * rng.normal(size=queues)
        treated = np.arange(weeks) >= first[:, None]
        moving = drift * np.arange(weeks) * (first[:, None] < weeks)
        share = level + noise + (effect + tilt * (ready[:, None] - 0.6)) * treated + moving
        n = rng.poisson(A_WEEK, (queues, weeks))
        unit, week = (np.repeat(each.ravel(), n.ravel()) for each in np.indices((queues, weeks)))
        columns["unit"].append(unit + draw * 1_000)
        columns["draw"].append(np.full(unit.size, draw))
        columns["at"].append((week * 7 + rng.uniform(0.1, 6.9, unit.size)) * DAY)
        columns["held"].append(rng.random(unit.size) < np.clip(share[unit, week], 0, 1))
        begun = [each for each in range(queues) if first[each] < weeks]
        begins.append(
            {f"q{each + draw * 1_000}": (BEGINS + timedelta(days=7 * int(first[each]))).date() for each in begun}
        )
        readiness.append({f"q{each + draw * 1_000}": float(ready[each]) for each in range(queues)})
    unit, draw, at, held = (np.concatenate(columns[each]) for each in ("unit", "draw", "at", "held"))
    size = unit.size
    data = dataset(
        folder,
        {
            "contact_id": named("k", np.arange(size)),
            "leg_id": pa.array(["1"] * size),
            "channel": pa.array(["call"] * size),
            "handler": pa.array(["agent"] * size),
            "queue": named("q", unit),
            "reason": named("d", draw),
            "started_at": instants(at),
            "answered_at": instants(at + 10),
            "ended_at": instants(at + 300),
            "n_holds": held.astype(np.int64),
            "customer_id": named("p", np.arange(size)),
        },
    )
    return data, begins, readiness


EFFECT = 0.10
A_WEEK = 25
THRESHOLD_WORLDS: dict[str, tuple[float, int, float, float]] = {
    # effect, contacts, share that is sorted across, what matters
    "yes: 40 points more": (0.40, 6_000, 0.0, 0.0),
    "no: none, where 30 points matter": (0.0, 6_000, 0.0, 0.30),
    "cannot tell: 15 points more, 800 contacts": (0.15, 800, 0.0, 0.0),
    "cannot tell: 40 points more, amounts moved below the threshold": (0.40, 6_000, 0.9, 0.0),
}
STAGE_WORLDS: dict[str, tuple[float, int, float, float]] = {
    # effect, queues, how far beginners drift apart in a week, what matters
    "yes: 20 points more, 12 queues": (0.20, 12, 0.0, 0.0),
    "yes: 10 points more, 12 queues": (0.10, 12, 0.0, 0.0),
    "no: none, where 8 points matter, 16 queues": (0.0, 16, 0.0, 0.08),
    "cannot tell: 10 points more, 4 queues": (0.10, 4, 0.0, 0.0),
    "cannot tell: none, queues moving apart by 1.2 points a week": (0.0, 12, 0.012, 0.0),
    "cannot tell: none, queues moving apart by 0.6 points a week": (0.0, 12, 0.006, 0.0),
}


def threshold_coverage(effect: float, contacts: int, draws: int, *, fuzzy: bool, repeated: bool) -> tuple[float, float]:
    """Return how often the interval of the jump holds it, and how often the density is called uneven where it is even."""
    rng = np.random.default_rng([contacts, fuzzy, repeated])
    held = heaped = 0
    for _ in range(draws):
        x = rng.gamma(4.0, 28.0, contacts)
        person = np.arange(contacts)
        if repeated:  # two contacts of one person with amounts and outcomes that go together
            person = person // 2
            x = np.clip(x[person * 2 % contacts] + rng.normal(0, 10, contacts), 1, None)
        own = rng.normal(size=contacts)[person] if repeated else np.zeros(contacts)
        bot = rng.random(contacts) < np.where(x >= CUTOFF, 0.75, 0.10) if fuzzy else x >= CUTOFF
        chance = (
            np.clip(0.35 + 0.12 * np.sin(x / 60) + effect * bot + 0.15 * own, 0, 1)
            if repeated
            else 0.35 + 0.12 * np.sin(x / 60) + effect * bot
        )
        y = (rng.random(contacts) < chance).astype(float)
        try:
            found = discontinuity(x, y, treated=bot if fuzzy else None, cluster=person, cutoff=CUTOFF, aim="coverage")
        except EvidenceError:
            held += 1
            continue
        held += found.low <= effect <= found.high
        heaped += density(x, cutoff=CUTOFF).p < UNEVEN
    return held / draws, heaped / draws


def stages_coverage(queues: int, treated: int, draws: int, *, weeks: int = 30) -> tuple[float, float]:
    """Return how often the interval of the roll-out holds it, and how often queues are called apart before that were not."""
    rng = np.random.default_rng([queues, treated])
    held = apart = 0
    for _ in range(draws):
        cells = _cells(rng, queues, treated, weeks)
        found = roll_out(cells)
        held += found.low <= EFFECT <= found.high
        try:
            before = placebo(cells)
            apart += not before.low <= 0 <= before.high
        except EvidenceError:
            apart += 1
    return held / draws, apart / draws


def drift_claims(drift: float, draws: int) -> tuple[float, float, float, float]:
    """Return how often an effect is claimed where there is a drift and none: without a look at drift and with one.

    Then how often the interval with the drift taken off holds the truth, and how often an effect on top of it is claimed.
    """
    rng = np.random.default_rng([12, 6, round(drift * 10_000)])
    plain = claimed = held = found = 0
    for _ in range(draws):
        cells = _cells(rng, 12, 6, 30)
        moving = cells.value + drift * np.isfinite(cells.begins)[cells.unit] * cells.period
        without = replace(cells, value=moving - EFFECT * cells.treated)
        one, steady = roll_out(without), roll_out(without, drifting=True, first=SOON)
        clear = one.low > 0 or one.high < 0
        plain += clear
        claimed += clear and (steady.low > 0 if one.value > 0 else steady.high < 0)
        held += steady.low <= 0 <= steady.high
        # taking a drift off and an effect away are both sums: the interval with the effect lies so much higher
        found += steady.low + EFFECT > 0
    return plain / draws, claimed / draws, held / draws, found / draws


def _cells(rng: np.random.Generator, queues: int, treated: int, weeks: int) -> Panel:
    unit, week = (each.ravel() for each in np.indices((queues, weeks)))
    begins = np.full(queues, np.inf)
    begins[:treated] = rng.integers(weeks // 3, weeks * 2 // 3 + 1, treated)
    noise = np.zeros((queues, weeks))
    for each in range(1, weeks):
        noise[:, each] = 0.5 * noise[:, each - 1] + 0.02 * rng.normal(size=queues)
    share = 0.5 + 0.05 * rng.normal(size=(queues, 1)) + 0.02 * np.sin(np.arange(weeks) / 3) + noise
    n = rng.poisson(80 * np.exp(0.5 * rng.normal(size=(queues, 1))) * np.ones((queues, weeks)))
    value = (
        share
        + EFFECT * (np.arange(weeks) >= begins[:, None])
        + np.sqrt(0.25 / np.maximum(n, 1)) * rng.normal(size=share.shape)
    )
    return panel(unit, week, value.ravel(), n.ravel(), begins)


def drift_row(drift: float, draws: int) -> str:
    return f"| {100 * drift:.1f} | " + " | ".join(f"{each:.1%}" for each in drift_claims(drift, draws)) + " |"


def effect(worlds: int, kernels: int) -> Iterator[str]:
    """Yield the lines about the effect."""
    yield f"At a threshold, {kernels} draws of each, intervals of 95 %; beside it how often the density is called uneven (p < 0.05) though it is even:"
    yield ""
    yield "| contacts | threshold | contacts of a person | intervals that hold it | density called uneven |"
    yield "|---|---|---|---|---|"
    for contacts in (1_000, 4_000):
        for fuzzy in (False, True):
            for repeated in (False, True):
                held, heaped = threshold_coverage(EFFECT, contacts, kernels, fuzzy=fuzzy, repeated=repeated)
                told = "one" if not repeated else "two, alike"
                yield f"| {contacts:,} | {'raises the chance' if fuzzy else 'decides'} | {told} | {held:.1%} | {heaped:.1%} |"
    yield ""
    yield f"In stages, {kernels} draws of each:"
    yield ""
    yield "| queues | with automation | intervals that hold it | called apart before, though they were not |"
    yield "|---|---|---|---|"
    for queues, treated in ((4, 2), (6, 3), (8, 4), (12, 6), (20, 10)):
        held, apart = stages_coverage(queues, treated, kernels)
        yield f"| {queues} | {treated} | {held:.1%} | {apart:.1%} |"
    yield ""
    yield f"Twelve queues, six with automation, that move apart by so much a week, {kernels} draws of each; an effect is claimed:"
    yield ""
    yield "| points a week | none, drift not looked at | none, drift taken off | interval holds that there is none | 10 points more |"
    yield "|---|---|---|---|---|"
    for drift in (0.0, 0.003, 0.006, 0.012):
        yield drift_row(drift, kernels)
    yield ""
    yield f"Verdicts of the whole study, from loaded contacts, {worlds} draws of each world:"
    yield ""
    yield "| world | yes | no | unclear |"
    yield "|---|---|---|---|"
    for name in THRESHOLD_WORLDS:
        yield row(f"threshold; {name}", threshold_verdicts(name, worlds), worlds)
    for name in STAGE_WORLDS:
        yield row(f"stages; {name}", stage_verdicts(name, worlds), worlds)


def threshold_verdicts(name: str, draws: int) -> Counter[str]:
    true, contacts, moved, matters = THRESHOLD_WORLDS[name]
    rule = Threshold(running="extra.amount", cutoff=CUTOFF)
    told: Counter[str] = Counter()
    for seed, part in parts(draws):
        with tempfile.TemporaryDirectory() as folder:
            data = threshold_world(Path(folder), true, contacts, part, sorted_share=moved, seed=seed)
            told += Counter(_verdict(data, rule, f"queue = 'd{each}'", matters) for each in range(part))
    return told


def stage_verdicts(name: str, draws: int) -> Counter[str]:
    true, queues, drift, matters = STAGE_WORLDS[name]
    told: Counter[str] = Counter()
    for seed, part in parts(draws):
        with tempfile.TemporaryDirectory() as folder:
            data, begins, _ = stages_world(Path(folder), true, queues, 30, part, drift=drift, seed=seed)
            told += Counter(
                _verdict(data, Stages(begins=begins[each]), f"reason = 'd{each}'", matters) for each in range(part)
            )
    return told


def _verdict(data: Dataset, rule: Threshold | Stages, where: str, matters: float) -> str:
    try:
        return automation_effect(data, HELD, rule=rule, where=where, matters=matters).finding.verdict
    except EvidenceError:  # too little to begin with: nothing is claimed
        return "unclear"


def written(page: str, lines: Iterator[str], *, keep: bool) -> None:
    """Print the lines, and put them into their page."""
    told = printed(lines)
    if keep:
        put(PAGES / page, BEGIN, told)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draws", type=int, default=200, help="of the world of the audit, for its intervals")
    asked.add_argument("--worlds", type=int, default=200, help="draws of each world, through the whole study")
    asked.add_argument("--kernels", type=int, default=1_000, help="of each method alone")
    asked.add_argument("--contacts", type=int, default=120_000, help="for the curve of reaching a person")
    asked.add_argument("--only", choices=["audit", "reach", "effect"])
    asked.add_argument("--no-page", action="store_true", help="only print")
    given = asked.parse_args()
    pages: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
        "audit": ("automation-failure-study.md", lambda: audit(given.draws, given.worlds)),
        "reach": ("human-reachability-study.md", lambda: reach(given.worlds, given.contacts)),
        "effect": ("automation-effect-study.md", lambda: effect(given.worlds, given.kernels)),
    }
    for name, (page, lines) in pages.items():
        if given.only in (None, name):
            written(page, lines(), keep=not given.no_page)


if __name__ == "__main__":
    main()

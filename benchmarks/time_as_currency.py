"""Do intervals of the price of a minute hold their truth, and do verdicts fit worlds of which the truth is known?

Run it with ``python benchmarks/time_as_currency.py``; it writes its tables into
``docs/explanation/time-as-currency-study.md``.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from page import put
from peil.calendars.days import CALENDAR, days
from peil.dataset import Dataset, Run
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.errors import EvidenceError
from peil.measures.catalogue import measure_named
from peil.measures.measure import POPULATIONS
from peil.studies.time_as_currency import time_as_currency

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "time-as-currency-study.md"
BEGIN = "<!-- made by benchmarks/time_as_currency.py -->"
FIRST, CHANGED, DAYS = date(2019, 4, 1), date(2020, 3, 16), 700
CSAT = measure_named("csat_mean")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Answers to contacts that waited.

    Parameters:
        n, persons: answers, and who gave them.
        prices: what a minute costs before and since.
        spread: how far one person's price is from another's.
        waits: mean minutes waited before and since.
        bend: whether the first minute costs more than the fifth.
        surveys: by which survey was asked before and since.
        matters: the smallest change that matters.
    """

    n: int
    persons: int
    prices: tuple[float, float] = (0.2, 0.2)
    spread: float = 0.0
    waits: tuple[float, float] = (2.0, 2.0)
    bend: bool = False
    surveys: tuple[str, str] = ("after", "after")
    matters: float = 0.0


COVERED: Mapping[str, World] = {
    "2,000 answers of as many persons": World(n=2_000, persons=200_000),
    "2,000 answers of 500 persons": World(n=2_000, persons=500, prices=(0.25, 0.15)),
    "2,000 answers of 200 persons, some mind waiting more": World(n=2_000, persons=200, spread=0.1),
    "300 answers of 150 persons": World(n=300, persons=150, spread=0.1),
}
WORLDS: Mapping[str, World] = {
    "yes: from 0.25 to 0.15 points a minute": World(n=4_000, persons=2_000, prices=(0.25, 0.15), matters=0.05),
    "no: 0.2 points a minute before and since": World(n=12_000, persons=6_000, matters=0.05),
    "cannot tell: from 0.2 to 0.17, 300 answers": World(n=300, persons=150, prices=(0.2, 0.17), matters=0.02),
    "not to be believed: longer waits on a bent curve": World(n=8_000, persons=4_000, waits=(0.4, 3.0), bend=True),
    "not to be believed: another survey since the day": World(
        n=4_000, persons=2_000, prices=(0.25, 0.15), surveys=("old", "new")
    ),
}


def data_of(engine: DuckEngine, world: World, rng: np.random.Generator) -> Dataset:
    """Draw answers that have the planted mean exactly: whole scores of 1 to 5 from a binomial distribution."""
    n, schema = world.n, POPULATIONS["responses"]
    on = rng.integers(0, DAYS, n)
    since = on >= (CHANGED - FIRST).days
    person, call = rng.integers(0, world.persons, n), rng.random(n) < 0.7  # noqa: PLR2004  # most call
    wait = np.minimum(rng.exponential(np.where(since, world.waits[1], world.waits[0])), 8.0)
    # a price of one's own lies within the spread to either side, and on average is the planted one
    own = rng.uniform(-world.spread, world.spread, world.persons)[person]
    price = np.where(since, world.prices[1], world.prices[0]) + own
    mean = 4.3 - 0.3 * call + rng.uniform(-0.4, 0.4, world.persons)[person]
    mean = 4.5 - 1.2 * np.sqrt(wait) if world.bend else mean - price * wait
    score = 1 + rng.binomial(4, np.clip((mean - 1) / 4, 0.0, 1.0))
    columns = {
        "source": pa.array(["made"] * n), "response_id": pa.array(np.arange(n).astype(str)), "question": pa.array(["q"] * n),
        "channel": pa.array(np.where(call, "call", "chat")), "wait_ms": np.rint(wait * 60_000).astype(np.int64),
        "construct": pa.array(["csat"] * n), "audience": pa.array(["customer"] * n), "scale_low": np.ones(n, dtype=np.int64),
        "scale_high": np.full(n, 5), "score": score, "mode": pa.array(["web"] * n), "language": pa.array(["nl"] * n),
        "survey": pa.array(np.where(since, world.surveys[1], world.surveys[0])), "stratum": pa.array([""] * n),
        "answered_on": pa.array(np.datetime64(FIRST) + on), "weight_ppb": np.full(n, 1_000_000_000),
        "cluster": pa.array(person.astype(str)), "first_answer": np.ones(n, dtype=bool),
    }  # fmt: skip
    responses = engine.small(schema, pa.table({each: columns.get(each, pa.nulls(n)) for each in schema.names}))
    contacts = POPULATIONS["contacts"]
    nobody = engine.small(contacts, pa.table({each: pa.nulls(0) for each in contacts.names}))
    run = Run(inputs={}, version="0", engine=engine.name)
    return Dataset(
        engine=engine,
        tables={"responses": responses, "contacts": nobody},
        run=run,
        period=(FIRST, FIRST + timedelta(days=DAYS)),
    )


def coverage(engine: DuckEngine, draws: int) -> list[str]:
    """Return how often the interval of the change holds the truth."""
    lines = ["| world | change holds | before holds | mean width |", "|---|--:|--:|--:|"]
    for place, (name, world) in enumerate(COVERED.items()):
        held, width = np.zeros(2), 0.0
        for draw in range(draws):
            found = time_as_currency(data_of(engine, world, np.random.default_rng([place, draw])), CSAT).slopes
            change = world.prices[0] - world.prices[1]
            held += [
                one.low <= aim <= one.high
                for one, aim in ((found.change, change), (found.before.slope, -world.prices[0]))
            ]
            width += found.change.high - found.change.low
        told = " | ".join(f"{100 * each / draws:.1f}%" for each in held)
        lines.append(f"| {name} | {told} | {width / draws:.3f} |")
    return lines


def verdicts(engine: DuckEngine, draws: int) -> list[str]:
    """Return what is said in each world."""
    lines = ["| world | yes | no | unclear |", "|---|--:|--:|--:|"]
    for place, (name, world) in enumerate(WORLDS.items()):
        said: Counter[str] = Counter()
        for draw in range(draws):
            data = data_of(engine, world, np.random.default_rng([100 + place, draw]))
            try:
                said[time_as_currency(data, CSAT, matters=world.matters).finding.verdict] += 1
            except EvidenceError:
                said["unclear"] += 1
        told = " | ".join(f"{100 * said[each] / draws:.1f}%" for each in ("yes", "no", "unclear"))
        lines.append(f"| {name} | {told} |")
    return lines


def main() -> None:
    """Draw, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=400)
    draws = parser.parse_args().draws
    engine = DuckEngine(Limits(memory="1GB", threads=1))
    engine.small(CALENDAR, days(FIRST - timedelta(days=40), FIRST + timedelta(days=DAYS + 40), "NL"))
    told = [
        f"{draws:,} draws of each row; 95 in 100 is aimed at.",
        "",
        *coverage(engine, draws),
        "",
        *verdicts(engine, draws),
    ]
    put(PAGE, BEGIN, told)
    print("\n".join(told))


if __name__ == "__main__":
    main()

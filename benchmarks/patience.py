"""Is the curve that lifelines draws drawn in a tenth of the time, and do intervals hold the truth where callers come back?

Run it with ``python benchmarks/patience.py``; it writes its tables into ``docs/explanation/patience.md``. The first needs
lifelines, as an oracle only.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from lifelines import AalenJohansenFitter, KaplanMeierFitter
from lifelines.utils import median_survival_times, restricted_mean_survival_time

from page import put
from peil.calendars.days import CALENDAR, days
from peil.dataset import Dataset, Run
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.estimates.patience import PATIENCE
from peil.estimates.survival import survival
from peil.measures.measure import POPULATIONS
from peil.methods.survival import kaplan_meier

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "patience.md"
BEGIN = "<!-- made by benchmarks/patience.py -->"
ROWS = 1_000_000
MONDAY = date(2024, 3, 4)
# curves are the same to rounding; lifelines integrates for its mean, and Peil adds strips
SAME, ROUGH = 1e-12, 1e-3
NEEDED = (
    "previous_ms",
    "source",
    "contact_id",
    "wait_ms",
    "offered",
    "abandoned",
    "answered",
    "called_back",
    "started_on",
    "person_key",
)
# name: contacts, persons, how far one person's patience is from another's (of the logarithm)
CASES = {
    "everybody once": (2_000, 2_000, 0.0),
    "everybody four times, all alike": (2_000, 500, 0.0),
    "everybody four times, some patient and some not": (2_000, 500, 1.5),
    "everybody ten times, some patient and some not": (2_000, 200, 1.5),
    "few leave, and come back": (400, 100, 1.5),
}


def waited(rng: np.random.Generator, n: int, persons: int, spread: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return whole seconds waited, who left, and the person."""
    person = rng.integers(0, persons, n) if persons < n else np.arange(n)
    patient = rng.exponential(240, n) * np.exp(spread * rng.normal(size=persons))[person]
    needed = rng.exponential(100, n)
    return np.ceil(np.minimum(patient, needed)).astype(np.int64), patient < needed, person


def data_of(engine: DuckEngine, wait: np.ndarray, gone: np.ndarray, person: np.ndarray) -> Dataset:
    """Return contacts that waited, as a dataset."""
    n, schema = wait.size, POPULATIONS["contacts"]
    columns = {
        "source": pa.array(["made"] * n), "contact_id": pa.array(np.arange(n).astype(str)), "wait_ms": wait * 1000,
        "offered": np.ones(n, dtype=bool), "abandoned": gone, "answered": ~gone, "called_back": np.zeros(n, dtype=bool),
        "started_on": pa.array([MONDAY] * n), "person_key": person,
        # who has others: the gap itself is not asked for
        "previous_ms": pa.array(np.ones(n, dtype=np.int64), mask=np.bincount(person)[person] == 1),
    }  # fmt: skip
    made = {name: columns[name] if name in NEEDED else pa.nulls(n) for name in schema.names}
    table = engine.small(schema, pa.table(made))
    run = Run(inputs={}, version="0", engine=engine.name)
    return Dataset(engine=engine, tables={"contacts": table}, run=run, period=(MONDAY, MONDAY + timedelta(days=1)))


def timed(work: Callable[[], object], times: int = 5) -> float:
    """Return the least processor time of several runs, in milliseconds."""
    found = []
    for _ in range(times):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return 1000 * min(found)


def counted(wait: np.ndarray, gone: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the distinct seconds of rows in memory with their counts."""
    events, rows = np.bincount(wait, gone), np.bincount(wait)
    seconds = np.flatnonzero(rows)
    return seconds, events[seconds], (rows - events)[seconds]


def speed() -> list[str]:
    """Return what each way to the same answer costs."""
    rng = np.random.default_rng(1)
    wait, gone, person = waited(rng, ROWS, ROWS // 3, 0.8)
    engine, once = (DuckEngine(Limits(memory="2GB", threads=2)) for _ in range(2))
    for each in (engine, once):
        each.small(CALENDAR, days(MONDAY - timedelta(days=1), MONDAY + timedelta(days=1), "NL"))
    data, single = data_of(engine, wait, gone, person), data_of(once, wait, gone, np.arange(ROWS))
    fitter = KaplanMeierFitter()
    theirs = timed(lambda: fitter.fit(wait, gone))
    known = fitter.survival_function_.iloc[:, 0]
    ours = kaplan_meier(*counted(wait, gone))
    found = survival(data, PATIENCE, clustered=False).curves[0]
    curves = ours, found.curve
    apart = max(float(np.abs(each.at(known.index[1:]) - known.to_numpy()[1:]).max()) for each in curves)
    own = float(np.abs(ours.at(found.curve.time) - found.curve.survival).max())
    drawn = "select whole_div((wait_ms + 999), 1000) as v, abandoned from contacts where offered and wait_ms > 0"
    least = "select whole_div((wait_ms + 999), 1000) as v, count(*) as n from contacts where offered and wait_ms > 0 group by whole_div((wait_ms + 999), 1000)"
    finer = wait * 1000 - np.random.default_rng(2).integers(0, 1000, ROWS)
    ends = np.where(gone, 1, 2)

    def fetched() -> None:
        rows = engine.rows(drawn)
        fitter.fit(rows.column("v").to_numpy(), rows.column("abandoned").to_numpy())

    def all_of_it() -> float:
        fetched()
        median_survival_times(fitter.confidence_interval_)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # waits are tied, and it moves them a little apart; and it integrates steps
            mean = float(restricted_mean_survival_time(fitter, t=found.until))
            for end in (1, 2):
                AalenJohansenFitter(calculate_variance=False, seed=1).fit(wait, ends, event_of_interest=end)
        return mean

    if max(apart, own) > SAME or abs(all_of_it() - found.mean.value) > ROUGH:
        raise SystemExit("the answers differ")
    whole, engines = timed(all_of_it, 1), timed(lambda: survival(data, PATIENCE, clustered=False))
    groups = [
        ("the curve", theirs, {
            "lifelines, whole seconds in memory": theirs,
            "lifelines, whole seconds fetched from the engine": timed(fetched),
            "lifelines, milliseconds in memory, as systems store them": timed(lambda: fitter.fit(finer, gone)),
            "by hand, the least a query can do: rows of each second counted, no curve": timed(lambda: engine.rows(least)),
            "Peil, rows in the engine: one query, curve, restricted mean, and how the queue ended": engines,
            "Peil, whole seconds in memory: counts and curve": timed(lambda: kaplan_meier(*counted(wait, gone))),
            "Peil, the curve alone, from counts": timed(lambda: kaplan_meier(ours.time, ours.events, ours.censored), 20),
        }),
        ("curve, interval, restricted mean, and how the queue ended", whole, {
            "lifelines, whole seconds fetched from the engine": whole,
            "Peil, rows in the engine": engines,
            "Peil, persons kept together, everybody there once": timed(lambda: survival(single, PATIENCE), 3),
            "Peil, persons kept together, everybody there three times": timed(lambda: survival(data, PATIENCE), 3),
        }),
    ]  # fmt: skip
    lines = ["| answer | way | processor time, ms | times faster than lifelines |", "|---|---|--:|--:|"]
    for answer, against, costs in groups:
        lines += [f"| {answer} | {name} | {cost:,.1f} | {against / cost:,.1f} |" for name, cost in costs.items()]
    said = f"{ROWS:,} waits in {ours.time.size:,} distinct seconds, DuckDB {duckdb.__version__} on 2 cores"
    return [
        f"{said}; the curves differ by at most {apart:.0e} from lifelines and by {own:.0e} from one another.",
        "",
        *lines,
    ]


def truth(spread: float) -> tuple[float, float]:
    """Return the share willing to wait 60 seconds, and the mean of the first 120."""
    rng = np.random.default_rng(99)
    patient = rng.exponential(240, 4_000_000) * np.exp(spread * rng.normal(size=4_000_000))
    # seconds that were begun count, so what lasts longer than a whole second is what lasts longer than it
    whole = np.ceil(patient)
    return float((patient > 60).mean()), float(np.minimum(whole, 120).mean())  # noqa: PLR2004  # the two that are told


def coverage(draws: int) -> list[str]:
    """Return how often intervals hold the truth, with persons kept together and without."""
    engine = DuckEngine(Limits(memory="1GB", threads=2))
    engine.small(CALENDAR, days(MONDAY - timedelta(days=1), MONDAY + timedelta(days=1), "NL"))
    lines = ["| world | still there after 60 s, persons | rows | mean of the first 120 s, persons | rows |",
             "|---|--:|--:|--:|--:|"]  # fmt: skip
    for place, (name, (n, persons, spread)) in enumerate(CASES.items()):
        share, mean = truth(spread)
        held = np.zeros(4)
        for draw in range(draws):
            data = data_of(engine, *waited(np.random.default_rng([place, draw]), n, persons, spread))
            for at, clustered in enumerate((True, False)):
                found = survival(data, PATIENCE, times=[60], until=120, clustered=clustered).curves[0]
                one = found.share(60)
                held[at] += one.low <= share <= one.high
                held[2 + at] += found.mean.low <= mean <= found.mean.high
        told = " | ".join(f"{100 * each / draws:.1f}%" for each in held)
        lines.append(f"| {name} | {told} |")
    return [f"{draws:,} draws of each row; 95 in 100 is aimed at.", "", *lines]


def main() -> None:
    """Draw, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=400)
    told = [*speed(), "", *coverage(parser.parse_args().draws)]
    put(PAGE, BEGIN, told)
    print("\n".join(told))


if __name__ == "__main__":
    main()

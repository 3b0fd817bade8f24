"""Do intervals of the best length of trial hold the truth, and what does counting ten million orders take?

Run it with ``python benchmarks/trials.py``; it writes its tables into ``docs/explanation/trial-length-study.md``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from lifelines import CoxPHFitter

from page import printed, put
from peil.dataset import Dataset, Run
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.errors import EvidenceError
from peil.journeys.orders import ORDERED
from peil.methods.moments import Floats
from peil.methods.trial import Terms, best_length, best_lengths, learned, profit
from peil.studies.trial_counts import ratios, sums_of

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "trial-length-study.md"
BEGIN = "<!-- made by benchmarks/trials.py -->"
LENGTHS = np.array([7, 14, 30])
TERMS = Terms(margin=200, daily_cost=0.9)
SHARE, HAZARD, UPTAKE = 0.45, 0.12, 0.6
PRODUCTS, PACES = ("bed", "chair", "lamp", "sofa"), np.array([0.05, 0.07, 0.03, 0.05])
CHUNK, MOST_LIFELINES = 1_000_000, 300_000
RUN = Run(inputs={}, version="benchmark", engine="duckdb")
LEVEL = 0.95


def everybody(days: Floats, _: np.random.Generator) -> Floats:
    return np.ones(days.size)


def held(taken: int, draws: int) -> tuple[float, float, float, int]:
    """Return how often the interval of the best length holds it, how wide it is, what is lost by it, and refusals."""
    rng = np.random.default_rng(taken)
    truth = best_length(lambda days: profit(days, SHARE, HAZARD, TERMS), least=7, most=30)
    top = float(profit(truth, SHARE, HAZARD, TERMS))
    day = np.concatenate([np.arange(1, each + 1) for each in LENGTHS])
    arm = np.repeat(np.arange(3), LENGTHS)
    holds, widths, lost, refused = 0, [], [], 0
    for draw in range(draws):
        kept: list[Floats] = []
        for each in LENGTHS:
            days = np.arange(1, each + 1)
            chance = SHARE * (np.exp(-HAZARD * (days - 1)) - np.exp(-HAZARD * days))
            kept.append(rng.multinomial(taken, [*chance, 1 - chance.sum()])[:-1])
        try:
            model = learned(LENGTHS, [taken] * 3, day, arm, np.concatenate(kept))
        except EvidenceError:
            refused += 1
            continue
        found = best_lengths(model, TERMS, everybody, least=7, most=30, draws=400, seed=draw)
        low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        holds += low <= truth <= high
        widths.append(high - low)
        chosen = best_length(lambda days, m=model: profit(days, m.share, m.hazard, TERMS), least=7, most=30)
        lost.append(1 - float(profit(chosen, SHARE, HAZARD, TERMS)) / top)
    return holds / max(len(lost), 1), float(np.mean(widths)), float(np.mean(lost)), refused


def drawn(path: Path, orders: int) -> None:
    """Write orders of four products, on each of which people decide at a pace of their own."""
    dice = np.random.default_rng(1)
    told = pa.array([None, *(f'{{"decided_days": "{day}"}}' for day in range(1, 31))])
    writer = None
    for begun in range(0, orders, CHUNK):
        n = min(CHUNK, orders - begun)
        product, days = dice.integers(0, 4, n), LENGTHS[dice.integers(0, 3, n)]
        finds = np.ceil(dice.exponential(1 / PACES[product]))
        took = dice.random(n) < UPTAKE
        kept = took & (finds <= days)
        cost = np.where(took, 90 * days + np.where(kept, 0, 1_500), 0)
        rows = pa.table(
            {
                "trial_days": pa.array(days, pa.int64()),
                "product": pa.DictionaryArray.from_arrays(product.astype(np.int8), list(PRODUCTS)).cast(pa.string()),
                "ordered_on": pa.array(np.full(n, np.datetime64("2021-05-01"))),
                "ordered_minute": pa.array(dice.integers(0, 1_440, n)),
                "returned": pa.array(~kept, mask=~took),
                "revenue_cents": pa.array(np.where(kept, 20_000, 0), mask=~took),
                "cost_cents": pa.array(cost, mask=~took),
                "extra": told.take(pa.array(np.where(kept, finds, 0).astype(np.int64))),
            }
        )
        writer = writer or pq.ParquetWriter(path, rows.schema)
        writer.write_table(rows)
    if writer:
        writer.close()


def hazards(path: Path) -> tuple[float, Floats, float]:
    """Return the processor seconds of counting and of the ratios, the ratios, and the share of it that is counting."""
    engine = DuckEngine(Limits(memory="1500MB", threads=2))
    day = date(2021, 5, 1)
    data = Dataset(engine=engine, tables={"orders": engine.lent(ORDERED, path)}, run=RUN, period=(day, day))
    began = time.process_time()
    sums = sums_of(data, where="true", decided="extra.decided_days", segment="product")
    counted = time.process_time() - began
    found = ratios(sums)
    whole = time.process_time() - began
    engine.close()
    if found is None:
        raise EvidenceError("no ratios", remedy="more orders")
    return whole, found[1].value, counted / whole


def beside(path: Path) -> tuple[float, Floats]:
    """Return the processor seconds of lifelines on the same rows, and its ratios."""
    rows = pq.read_table(path).to_pandas()
    rows = rows[rows["revenue_cents"].notna()]
    decided = rows["extra"].str.extract(r"(\d+)", expand=False).astype(float)
    table = pd.DataFrame({each: (rows["product"] == each).astype(float) for each in PRODUCTS[1:]})
    table["went"], table["day"] = decided.notna(), decided.fillna(rows["trial_days"])
    began = time.process_time()
    found = CoxPHFitter().fit(table, "day", "went")
    return time.process_time() - began, found.params_[list(PRODUCTS[1:])].to_numpy()


def tables(draws: int) -> Iterator[str]:
    """Yield the lines of the page."""
    yield f"The best length is 20.7 days; trials of 7, 14 and 30, {draws} draws of each:"
    yield ""
    yield "| trials of each length | intervals that hold it | their width in days | lost by following the best found | refused |"
    yield "|---|---|---|---|---|"
    for taken in (100, 300, 1_000, 10_000):
        share, width, lost, refused = held(taken, draws)
        yield f"| {taken:,} | {share:.1%} | {width:.1f} | {lost:.2%} | {refused / draws:.1%} |"
    yield ""
    yield "How much faster people decide on one product than on another: counted from rows in a file by one query, and hazard"
    yield "ratios from the counts. Processor time; lifelines as far as its memory goes, on the same rows, without reading them:"
    yield ""
    yield "| orders | seconds | of which counting | lifelines, seconds | log ratios | largest difference |"
    yield "|---|---|---|---|---|---|"
    for orders in (10_000, 300_000, 10_000_000):
        with TemporaryDirectory() as folder:
            path = Path(folder) / "orders.parquet"
            drawn(path, orders)
            took, ours, counting = hazards(path)
            theirs = beside(path) if orders <= MOST_LIFELINES else None
        other = f"{theirs[0]:.1f}" if theirs else "–"
        gap = f"{np.abs(ours - theirs[1]).max():.0e}" if theirs else "–"
        told = ", ".join(f"{each:.3f}" for each in ours)
        yield f"| {orders:,} | {took:.1f} | {counting:.0%} | {other} | {told} | {gap} |"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draws", type=int, default=400)
    asked.add_argument("--no-page", action="store_true", help="only print")
    given = asked.parse_args()
    lines = printed(tables(given.draws))
    if not given.no_page:
        put(PAGE, BEGIN, lines)


if __name__ == "__main__":
    main()

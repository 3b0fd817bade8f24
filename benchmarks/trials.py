"""Do intervals of the best length of trial hold the truth, and what does counting ten million orders take?

Run it with ``python benchmarks/trials.py``; it writes its tables into ``docs/explanation/trial-length-study.md``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import special

from peil.errors import EvidenceError
from peil.methods.efron import proportional
from peil.methods.moments import Floats
from peil.methods.trial import Terms, best_length, best_lengths, learned, profit

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "trial-length-study.md"
BEGIN, END = "<!-- made by benchmarks/trials.py -->", "<!-- end -->"
LENGTHS = np.array([7, 14, 30])
TERMS = Terms(margin=200, daily_cost=0.9)
SHARE, HAZARD, STEPS = 0.45, 0.12, 2.45
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


def seconds(orders: float) -> tuple[float, float, float]:
    """Return how long hazard ratios of so many orders take from counts, and the ratios."""
    cells = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    pace = special.expit(-STEPS + cells @ [0.4, -0.3])
    left = np.full(4, orders / 4)
    events, at_risk = [], []
    for _ in range(30):
        went = np.floor(left * pace)
        events.append(went)
        at_risk.append(left)
        left = left - went
    began = time.process_time()
    found = proportional(events, at_risk, cells)
    return time.process_time() - began, float(found.value[0]), float(found.value[1])


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
    yield "Hazard ratios of two facts about customers, from counts a day and kind, processor time:"
    yield ""
    yield "| orders | seconds |"
    yield "|---|---|"
    for orders in (1e4, 1e6, 1e7):
        yield f"| {orders:,.0f} | {seconds(orders)[0]:.2f} |"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draws", type=int, default=400)
    asked.add_argument("--no-page", action="store_true", help="only print")
    given = asked.parse_args()
    lines = []
    for line in tables(given.draws):
        print(line, flush=True)
        lines.append(line)
    if not given.no_page:
        before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
        after = rest.split(END)[1]
        PAGE.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Do intervals of strategy and growth hold their truth, and do verdicts fit worlds of which the truth is known?

Run it with ``python benchmarks/growth.py``; it writes its tables into ``docs/explanation/strategy-and-growth.md``.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from page import printed, put
from peil.dataset import Dataset, build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.errors import EvidenceError
from peil.estimates.difference import Side
from peil.made import KEY
from peil.measures.measure import Measure
from peil.methods.adjusted import slope
from peil.methods.correlation import FEWEST_RANKED, correlated, partial, ranked
from peil.sources.delimited import DelimitedTable, Mapped
from peil.sources.load import load
from peil.studies.organisations import Said
from peil.studies.strategy_and_growth import strategy_and_growth
from peil.terms import Better, Label, Unit

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "strategy-and-growth.md"
BEGIN = "<!-- made by benchmarks/growth.py -->"
TRUTH = 0.3
# name: organisations, slope, what lies behind both, whether one respondent gave both
WORLDS = {
    "yes: a slope of 0.8": (80, 0.8, 0.0, False),
    "no: a slope of nought": (120, 0.0, 0.0, False),
    "no: nought, with size behind both": (120, 0.0, 0.8, False),
    "cannot tell: 12 organisations, a slope of 0.4": (12, 0.4, 0.0, False),
    "cannot tell: a slope of 0.8, one respondent told both": (80, 0.8, 0.0, True),
}
MATTERS = 0.4


def slopes(n: int, k: int, draws: int, *, uneven: bool) -> float:
    """Return how often the interval of the adjusted slope holds the truth."""
    rng = np.random.default_rng([n, k, uneven])
    held = drawn = 0
    while drawn < draws:
        z = rng.normal(size=(n, k))
        x = np.clip(np.rint(3 + rng.normal(size=n) + 0.5 * z.sum(axis=1)), 1, 5)
        spread = 0.5 + 0.4 * np.abs(x - 3) if uneven else 1.0
        try:
            found = slope(x, TRUTH * x + 0.4 * z.sum(axis=1) + spread * rng.normal(size=n), z)
        except EvidenceError:  # too few different answers: nothing is claimed
            continue
        held += found.low <= TRUTH <= found.high
        drawn += 1
    return held / draws


def correlations(n: int, rho: float, draws: int) -> tuple[float, float]:
    """Return how often the intervals of the correlation and of the rank correlation hold the truth."""
    rng = np.random.default_rng([n, int(rho * 10)])
    ranks = 6 / np.pi * np.arcsin(rho / 2)
    held = np.zeros(2)
    for _ in range(draws):
        x = rng.normal(size=n)
        y = rho * x + np.sqrt(1 - rho**2) * rng.normal(size=n)
        one, other = correlated(*partial(x, y)), ranked(*partial(x, y, ranks=True))
        held += [one.low <= rho <= one.high, other.low <= ranks <= other.high]
    return float(held[0] / draws), float(held[1] / draws)


def answer(construct: str) -> Measure:
    return Measure(
        name=construct, label=Label(construct, construct), unit=Unit.SCORE, better=Better.NEITHER, population="responses",
        where=f"construct = '{construct}' and score is not null", of="score", standard="made for this benchmark",
    )  # fmt: skip


def drawn(folder: Path, world: str, draws: int) -> Dataset:
    """Load many draws of one world: each a questionnaire of its own, all in one file."""
    n, effect, behind, one_source = WORLDS[world]
    rng = np.random.default_rng(sum(map(ord, world)))
    with (folder / "answers.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "org", "survey", "what", "score", "staff"])
        for draw in range(draws):
            size = rng.normal(size=n)
            strategy = np.clip(np.rint(3 + behind * size + rng.normal(size=n)), 1, 5).astype(int)
            growth = effect * (strategy - 3) + 1.5 * behind * size + rng.normal(size=n)
            for each in range(n):
                ticked = int(np.clip(np.rint(5 + growth[each]), 1, 9))
                tellers = (f"{draw}-{each}",) * 2 if one_source else (f"{draw}-{each}-a", f"{draw}-{each}-b")
                for teller, what, score in zip(tellers, ("strategy", "growth"), (strategy[each], ticked), strict=True):
                    rows.writerow([teller, f"o{each}", f"d{draw}", what, score, f"{size[each]:.4f}"])
    source = DelimitedTable(
        name="survey", organisation="sector", files=("answers.csv",), table="answers", zone="UTC",
        columns={"response_id": "id", "audience": "'organisation'", "construct": "what", "question": "what", "survey": "survey",
                 "value_milli": Mapped(of="score", times=1000), "scale_low": "'1'", "scale_high": "'9'",
                 "answered_at": "'2021-05-01T10:00:00Z'"},
    )  # fmt: skip
    store = Store(folder / "store")
    load((source,), store, root=folder, limits=Limits(memory="1GB"), key=KEY)
    return build(store, DuckEngine(Limits(memory="1GB")))


def verdicts(world: str, draws: int) -> Counter[str]:
    """Return how often each verdict is given in a world."""
    told: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        data = drawn(Path(folder), world, draws)
        for draw in range(draws):
            here = f"survey = 'd{draw}'"
            sides = Side(measure=answer("strategy"), where=here), Said(measure=answer("growth"), where=here)
            found = strategy_and_growth(data, *sides, by="extra.org", held=("extra.staff",), matters=MATTERS)
            told[found.finding.verdict] += 1
    return told


def tables(draws: int, worlds: int) -> Iterator[str]:
    """Yield the lines of the page."""
    yield f"Intervals of 95 %, {draws:,} draws of each:"
    yield ""
    yield "| organisations | held constant | slope, even spread | slope, uneven spread |"
    yield "|---|---|---|---|"
    for n in (8, 12, 15, 25, 60, 200):
        for k in (0, 2):
            even, uneven = (slopes(n, k, draws, uneven=each) for each in (False, True))
            yield f"| {n} | {k} | {even:.1%} | {uneven:.1%} |"
    yield ""
    yield "| organisations | true correlation | correlation | rank correlation |"
    yield "|---|---|---|---|"
    few = max(draws // 5, 100)
    for n in (4, 5, 8, 15, 60):
        for rho in (0.0, 0.5, 0.8):
            one, other = correlations(n, rho, few)
            told = f"{other:.1%}" if n >= FEWEST_RANKED else "none is given"
            yield f"| {n} | {rho} | {one:.1%} | {told} |"
    yield ""
    yield f"Verdicts, {worlds} draws of each world, with a slope of {MATTERS} as the smallest that matters:"
    yield ""
    yield "| world | yes | no | unclear |"
    yield "|---|---|---|---|"
    for world in WORLDS:
        told = verdicts(world, worlds)
        yield f"| {world} | " + " | ".join(f"{told[each] / worlds:.1%}" for each in ("yes", "no", "unclear")) + " |"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draws", type=int, default=10_000)
    asked.add_argument("--worlds", type=int, default=200)
    asked.add_argument("--no-page", action="store_true", help="only print")
    given = asked.parse_args()
    lines = printed(tables(given.draws, given.worlds))
    if not given.no_page:
        put(PAGE, BEGIN, lines)


if __name__ == "__main__":
    main()

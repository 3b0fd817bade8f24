"""Raking a million rows on four margins, beside weightipy and svy in the same run: a weight for every row, in their order.

Run it with ``python benchmarks/raking.py``. Peil and weightipy weight the same pandas data frame of whole-number codes,
which is what weightipy takes; Peil also weights the Parquet file of texts that the codes are of, reading and decoding
in its time. Every peer's weights are found equal to Peil's before its time is printed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from measured import Clock, measured
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.schema import Column, Kind, Schema
from peil.estimates.sample import sample
from peil.surveys.calibrated import calibrated
from peil.surveys.counted import counted
from peil.surveys.design import Calibration, Margin

LEVELS = (34, 14, 6, 2)
NAMES = ("country", "sector", "size", "kind")
TOLERANCE = 1e-8
# Peers stop where margins are right to about this; weights are then as near.
SAME = 1e-6
AGAIN = 5
PEERS = ("peil", "peil_file", "weightipy", "svy")
NAMED = {"peil": "Peil", "peil_file": "Peil, from a file of texts", "weightipy": "weightipy", "svy": "svy"}
FASTER, MEMORY_MB = 20, 200

Floats = NDArray[np.float64]


def world(n: int) -> tuple[pa.Table, dict[str, dict[str, float]]]:
    """Return rows whose margins hang together, and the population's shares."""
    rng = np.random.default_rng(7)
    columns, targets = {}, {}
    hidden = rng.random(n)
    for name, levels in zip(NAMES, LEVELS, strict=True):
        code = np.minimum((0.35 * hidden + 0.65 * rng.random(n)) * levels, levels - 1).astype(int)
        words = np.array([f"{name} {each:02d}" for each in range(levels)])
        columns[name] = pa.array(words[code])
        share = np.bincount(code, minlength=levels) * rng.uniform(0.6, 1.6, levels)
        targets[name] = dict(zip(words.tolist(), (share / share.sum()).tolist(), strict=True))
    return pa.table({"respondent_id": pa.array(np.arange(n)), **columns}), targets


COLUMNS = (
    Column(name="respondent_id", kind=Kind.INTEGER, says=""),
    *(Column(name=each, kind=Kind.TEXT, says="") for each in NAMES),
)


def kept(rows: pa.Table, path: Path) -> None:
    """Write the rows as Peil keeps its tables; every peer reads them from there."""
    engine = DuckEngine()
    table = engine.lent(Schema(name=path.stem, one_row_is="", key=(), columns=COLUMNS), rows)
    engine.keep(table, path.parent)
    engine.close()


def least(work: Callable[[], Any], clock: Clock, name: str) -> Any:  # noqa: ANN401  # whatever the work returns
    """Run several times and keep the quickest, by processor time."""
    best, kept, found = np.inf, (0.0, 0.0), None
    for _ in range(AGAIN):
        wall, cpu = time.perf_counter(), time.process_time()
        found = work()
        spent = time.process_time() - cpu
        if spent < best:
            best, kept = spent, (time.perf_counter() - wall, spent)
    clock.parts[name] = kept
    return found


def peak_mb() -> float:
    """Return the most memory this process ever held."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def coded(path: Path, targets: dict[str, dict[str, float]]) -> tuple[Any, dict[str, dict[int, float]]]:
    """Return the rows and the targets with levels as whole numbers, as weightipy has them."""
    codes = {name: {level: place + 1 for place, level in enumerate(told)} for name, told in targets.items()}
    frame = pq.read_table(path, columns=list(NAMES)).to_pandas()
    for name in NAMES:
        frame[name] = frame[name].map(codes[name])
    shares = {name: {codes[name][level]: share for level, share in told.items()} for name, told in targets.items()}
    return frame, shares


def peil(path: Path, targets: dict[str, dict[str, float]], clock: Clock) -> Floats:
    """Rake a data frame."""
    frame, shares = coded(path, targets)
    engine = DuckEngine(Limits(memory="1GB", threads=2))
    before = peak_mb()
    made = least(lambda: sample(frame, engine=engine).rake(shares).weights(), clock, "weights of rows")
    clock.parts["memory"] = (peak_mb() - before, 0.0)
    return made


def peil_file(path: Path, targets: dict[str, dict[str, float]], clock: Clock) -> Floats:
    """Rake a Parquet file of texts, read anew each time; and count its cells and find factors alone."""
    engine = DuckEngine(Limits(memory="1GB", threads=2))
    before = peak_mb()
    made = least(lambda: sample(path, engine=engine).rake(targets).weights(), clock, "weights of rows")
    clock.parts["memory"] = (peak_mb() - before, 0.0)
    margins = tuple(
        Margin(by=(name,), targets={(level,): share for level, share in told.items()}) for name, told in targets.items()
    )
    known, people = Calibration(margins=margins), sample(path, engine=engine)
    least(lambda: calibrated(counted(engine, people.table, known, one=1.0), known), clock, "factors")
    return made


def weightipy(path: Path, targets: dict[str, dict[str, float]], clock: Clock) -> Floats:
    """Rake a data frame with weightipy, to the same tolerance."""
    import weightipy as peer

    frame, shares = coded(path, targets)
    scheme = peer.scheme_from_dict(
        {name: {level: 100 * share for level, share in told.items()} for name, told in shares.items()}
    )
    scheme.convcrit = TOLERANCE
    before = peak_mb()
    found = least(lambda: peer.weight_dataframe(frame.copy(), scheme), clock, "weights of rows")
    clock.parts["memory"] = (peak_mb() - before, 0.0)
    return found["weights"].to_numpy(dtype=np.float64)


def svy(path: Path, targets: dict[str, dict[str, float]], clock: Clock) -> Floats:
    """Rake a data frame with svy, to the same tolerance."""
    import polars as pl
    import svy as peer

    frame = pl.read_parquet(path, columns=list(NAMES)).with_columns(w=pl.lit(1.0))
    n = frame.height
    controls = {name: {level: n * share for level, share in told.items()} for name, told in targets.items()}
    before = peak_mb()

    def work() -> Any:  # noqa: ANN401  # a class of the peer
        drawn = peer.Sample(frame, peer.Design(wgt="w"))
        return drawn.weighting.rake(controls=controls, tol=TOLERANCE, max_iter=1000, wgt_name="raked")

    found = least(work, clock, "weights of rows")
    clock.parts["memory"] = (peak_mb() - before, 0.0)
    return found.data["raked"].to_numpy()


def case(peer: str, path: str) -> None:
    """Run one peer in this process."""
    targets = json.loads(Path(path).with_suffix(".json").read_text(encoding="utf-8"))
    clock = Clock()
    run = {"peil": peil, "peil_file": peil_file, "weightipy": weightipy, "svy": svy}[peer]
    weights = run(Path(path), targets, clock)
    np.save(Path(path).with_name(f"{peer}.npy"), weights)
    clock.tell()


def main() -> None:
    """Run every peer and print what it took."""
    given = argparse.ArgumentParser()
    given.add_argument("--rows", type=int, default=1_000_000)
    given.add_argument("--case", nargs=2, metavar=("PEER", "PATH"))
    asked = given.parse_args()
    if asked.case:
        case(*asked.case)
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "people.parquet"
        rows, targets = world(asked.rows)
        kept(rows, path)
        path.with_suffix(".json").write_text(json.dumps(targets), encoding="utf-8")
        costs = {peer: measured(__file__, peer, path) for peer in PEERS}
        weights = {peer: np.load(path.with_name(f"{peer}.npy")) for peer in PEERS}
    ours = weights["peil"]
    print(f"{asked.rows:,} rows, margins of {' x '.join(map(str, LEVELS))} levels, tolerance {TOLERANCE:g}\n")
    print(
        "| a weight for every row | processor s | wall s | more memory, MB | largest relative difference of a weight |"
    )
    print("|---|--:|--:|--:|--:|")
    for peer in PEERS:
        wall, cpu = costs[peer].parts["weights of rows"]
        off, more = float(np.abs(weights[peer] / ours - 1).max()), costs[peer].parts["memory"][0]
        print(f"| {NAMED[peer]} | {cpu:.3f} | {wall:.3f} | {more:.0f} | {off:.1e} |")
        if off > SAME:
            sys.exit(f"{peer} does not give the same weights")
    wall, cpu = costs["peil_file"].parts["factors"]
    print(f"| Peil, factors of the file only (query and cells) | {cpu:.3f} | {wall:.3f} | | |")
    times = {
        peer: costs["weightipy"].parts["weights of rows"][1] / costs[peer].parts["weights of rows"][1]
        for peer in ("peil", "peil_file")
    }
    print(f"\nweightipy takes {times['peil']:.0f} times the processor seconds for the same data frame, ", end="")
    print(f"{times['peil_file']:.0f} times those of a file that has to be read first")
    memory = max(costs[peer].parts["memory"][0] for peer in times)
    print(
        f"bar: {FASTER} times, {MEMORY_MB} MB: {'met' if times['peil'] >= FASTER and memory < MEMORY_MB else 'MISSED'}"
    )


if __name__ == "__main__":
    main()

"""From raw files to a report: legs and answers as delimited text, loaded, built, estimated and written as a page.

Run it with ``python benchmarks/raw_to_report.py``; each stage is timed by itself.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from measured import Clock, Cost, measured

STAGES = ("load", "build", "estimate", "report")
TABLES = ("legs", "answers")


def write_raw(contacts: int, folder: Path) -> None:
    """Write the files that the benchmark reads, as an export would have them: everything is text."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    from world import Broad

    writers: dict[str, csv.CSVWriter] = {}
    source = Broad(contacts=contacts)
    for draft in source.read(None):
        if draft.schema.name not in TABLES:
            continue
        rows = pa.Table.from_batches([draft.rows]).drop_columns(["line"])
        for place, each in enumerate(rows.schema):
            if pa.types.is_timestamp(each.type):
                rows = rows.set_column(place, each.name, pc.strftime(rows.column(place), "%Y-%m-%dT%H:%M:%SZ"))
        if draft.schema.name not in writers:
            writers[draft.schema.name] = csv.CSVWriter(folder / f"{draft.schema.name}.csv", rows.schema)
        writers[draft.schema.name].write_table(rows)
    for each in writers.values():
        each.close()


def run(folder: Path, clock: Clock) -> None:
    from pyarrow import csv

    from peil.config import ReportConfig
    from peil.dataset import build
    from peil.engines.door import Limits
    from peil.engines.duck import DuckEngine
    from peil.engines.store import Store
    from peil.estimates.estimate import estimate
    from peil.measures.catalogue import CATALOGUE
    from peil.reports.report import write_report
    from peil.sources.delimited import DelimitedTable
    from peil.sources.load import load

    store = Store(folder / "store")
    sources = []
    for table in TABLES:
        with csv.open_csv(folder / f"{table}.csv") as opened:
            names = opened.schema.names
        sources.append(
            DelimitedTable(
                name=table,
                organisation="Broad (simulated)",
                zone="Europe/Amsterdam",
                files=(f"{table}.csv",),
                table=table,
                columns={each: each for each in names if each != "extra"},
            )
        )
    limits = Limits(memory="2GB", threads=2, folder=folder)
    with clock.part("load"):
        done = load(sources, store, root=folder, limits=limits, key=b"simulated customers only")
    if done.refused:
        raise RuntimeError(done.refused[0].says)
    with clock.part("build"):
        data = build(store, DuckEngine(limits))
    with clock.part("estimate"):
        for population in ("contacts", "responses"):
            asked = [each for each in CATALOGUE.values() if each.population == population]
            estimate(asked, data, by=["channel", "month"])
    with clock.part("report"):
        write_report(
            data, ReportConfig(), catalogue=CATALOGUE, language="en", path=folder / "report.html",
            title_name="Broad", simulated=True, truths=None,
        )  # fmt: skip


def staged(contacts: int) -> Cost:
    """Return what the way from raw files to a report took, by stage."""
    with tempfile.TemporaryDirectory() as name:
        measured(__file__, "write", contacts, name)
        cost = measured(__file__, "run", contacts, name)
        shutil.rmtree(Path(name) / "store", ignore_errors=True)
    stages = ", ".join(f"{stage} {cost.parts[stage][0]:.1f} ({cost.parts[stage][1]:.1f})" for stage in cost.parts)
    print(f"{contacts:>12,} contacts, raw to report: {cost} (wall s | processor s | peak MB); {stages}", flush=True)
    return cost


if __name__ == "__main__":
    if sys.argv[1:2] == ["--case"]:
        clock = Clock()
        if sys.argv[2] == "write":
            write_raw(int(sys.argv[3]), Path(sys.argv[4]))
        else:
            run(Path(sys.argv[4]), clock)
        clock.tell()
    else:
        for size in [int(each) for each in sys.argv[1:]] or [1_000_000]:
            staged(size)

"""Run every benchmark of speed and memory, and write what was measured to ``benchmarks/results.md``.

``python benchmarks/run.py`` counts 1 and 10 million contacts; ``--small`` counts 100,000 and tells whether all still runs;
``--sizes`` and ``--raw`` choose other sizes for the catalogue and for the way from raw files to a report.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from catalogue import KINDS, PEERS, compared
from measured import Cost
from raw_to_report import STAGES, staged

RESULTS = Path(__file__).parent / "results.md"
LIBRARIES = ("peil", "duckdb", "pyarrow", "numpy", "pandas", "polars", "sqlglot")
NAMES = {
    "peil": "Peil, with standard errors and intervals",
    "sql": "hand-written DuckDB SQL",
    "polars": "Polars, streaming",
    "pandas": "pandas",
}


def machine() -> str:
    """Return what the figures were measured on."""
    told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    processor = next(
        (line.split(":")[1].strip() for line in told.splitlines() if line.startswith("model name")), "unknown processor"
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{each} {version(each)}" for each in LIBRARIES)
    return f"{processor}, {os.cpu_count()} cores, {memory:.0f} GB; Python {platform.python_version()}, {libraries}"


def row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def table(contacts: int, kind: str, costs: dict[tuple[str, str], Cost]) -> list[str]:
    """Return one question of one size: every peer, and how Peil compares with it."""
    peil = costs[kind, "peil"]
    lines = [
        f"### {contacts:,} contacts, {'ratios and totals' if kind == 'sums' else 'quantiles'}\n",
        row("", "wall s", "processor s", "peak MB", "Peil's wall time / this", "Peil's processor time / this"),
        row(*["---"] + ["--:"] * 5),
    ]
    for peer in PEERS:
        if (kind, peer) in costs:
            cost = costs[kind, peer]
            ratios = ("", "") if peer == "peil" else (f"{peil.wall / cost.wall:.2f}", f"{peil.cpu / cost.cpu:.2f}")
            lines.append(row(NAMES[peer], f"{cost.wall:.2f}", f"{cost.cpu:.2f}", f"{cost.rss_mb:,}", *ratios))
    return [*lines, ""]


def report(sizes: Sequence[int], raw: Sequence[int]) -> str:
    """Run everything and return the page."""
    busy = os.getloadavg()[0]
    lines = [
        "# What was measured\n",
        f"{datetime.now(UTC).date()}, {machine()}. Two threads; load average {busy:.1f} at the start and LATER at the end.",
        "Each case ran in a process of its own. Times leave out the start of Python and imports; processor seconds are the ones to trust",
        "where others used the machine. Every peer's answers were found equal to Peil's before its time was written down.\n",
        "## The whole catalogue of contacts by channel, queue and week\n",
        "Every peer gives the same counts and values; only Peil gives standard errors and intervals over persons as well.\n",
    ]
    for contacts in sizes:
        costs = compared(contacts)
        for kind in KINDS:
            lines += table(contacts, kind, costs)
        one = costs["one", "peil"]
        lines.append(f"One measure by channel: {one.wall:.2f} s, {one.cpu:.2f} processor s, {one.rss_mb:,} MB.\n")
    lines += [
        "## Raw files to a report\n",
        "Legs and answers as delimited text; every measure of contacts and answers by channel and month; one page of HTML.\n",
        row("contacts", *(f"{each}, s (processor s)" for each in STAGES), "all, s (processor s)", "peak MB"),
        row(*["--:"] * 7),
    ]
    for contacts in raw:
        cost = staged(contacts)
        stages = (f"{wall:.1f} ({cpu:.1f})" for wall, cpu in (cost.parts[each] for each in STAGES))
        lines.append(row(f"{contacts:,}", *stages, f"{cost.wall:.1f} ({cost.cpu:.1f})", f"{cost.rss_mb:,}"))
    return "\n".join(lines).replace("LATER", f"{os.getloadavg()[0]:.1f}") + "\n"


def main() -> None:
    """Measure, and write the page; a small run only prints it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--raw", type=int, nargs="+", default=[1_000_000, 10_000_000])
    asked = parser.parse_args()
    page = report((100_000,), (100_000,)) if asked.small else report(asked.sizes, asked.raw)
    if asked.small:
        print(page)
    else:
        RESULTS.write_text(page, encoding="utf-8")
        print(f"wrote {RESULTS.parent.name}/{RESULTS.name}")


if __name__ == "__main__":
    main()

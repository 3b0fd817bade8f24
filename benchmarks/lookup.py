"""How quick and how right is "who is this?" over a million persons?

Run it with ``python benchmarks/lookup.py``; it writes its table into ``docs/how-to/who-is-this.md``.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from page import put
from peil.engines.handles import FIELDS, SAID, normalised
from peil.persons.comparisons import STANDARD
from peil.persons.lookup import Lookup, build
from peil.persons.simulated import CustomerFile

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "who-is-this.md"
BEGIN = "<!-- made by benchmarks/lookup.py -->"
CHUNK = 50_000
WAYS = {
    "phone": ("phone",),
    "mail": ("mail",),
    "surname, postcode, house number": ("surname", "sound", "postcode", "area", "house"),
    "name, postcode, house number": (
        "given", "initial", "given_sound", "surname", "sound", "postcode", "area", "house"
    ),
    "name, birth date": (
        "given", "initial", "given_sound", "surname", "sound", "born", "year", "month", "day"
    ),
    "phone, name": ("phone", "given", "initial", "given_sound", "surname", "sound"),
    "everything": FIELDS,
}  # fmt: skip
BANDS = (0.0, 0.05, 0.5, 0.8, 0.9, 0.95, 0.99, 1.0001)


def people(persons: int, asked: int) -> tuple[pa.Table, list[str], list[tuple[dict[str, str | None], str]]]:
    """Return records, whose each is, and contacts to come: of every person one record is kept aside for that.

    A person of one record is not in the file, so some contacts are of nobody known.
    """
    tables, whose, coming = [], [], []
    chunks = -(-persons // CHUNK)
    for chunk in range(chunks):
        size = min(CHUNK, persons - chunk * CHUNK)
        # of the persons drawn some have one record only, which is kept aside
        rows, truth = CustomerFile(persons=round(size / 0.55), seed=chunk).drawn()
        columns = [rows.column(each).to_pylist() for each in SAID]
        taken: set[int] = set()
        kept: dict[str, list[str | None]] = {each: [] for each in FIELDS}
        for values, person in zip(zip(*columns, strict=True), truth, strict=True):
            said = {name: value for name, value in zip(SAID, values, strict=True) if name != "account"}
            if person not in taken:
                taken.add(person)
                if len(coming) < asked * (chunk + 1) / chunks:
                    coming.append((normalised(**said), f"{chunk}-{person}"))
                continue
            record = normalised(**said)
            for each in FIELDS:
                kept[each].append(record.get(each))
            whose.append(f"{chunk}-{person}")
        tables.append(pa.table({each: pa.array(values, pa.string()) for each, values in kept.items()}))
    return pa.concat_tables(tables), whose, coming


def timed(lookup: Lookup, coming: list[tuple[dict[str, str | None], str]], known: set[str]) -> list[str]:
    """Return a table: how quick, and how right, for each thing that may be told of a caller."""
    lines = ["| told | p50, ms | p99 | p99 of one core | longest | said who | right of those | said nobody | right of those | not sure |",
             "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]  # fmt: skip
    said, right = [], []
    for name, fields in WAYS.items():
        took, counts = [], dict.fromkeys(("known", "nobody", "not_sure"), 0)
        hits = dict.fromkeys(counts, 0)
        for whole, person in coming:
            record = {each: whole.get(each) for each in fields}
            if not any(record.values()):
                continue
            began, spent = time.perf_counter(), time.thread_time()
            answer = lookup.who(record)
            spent = time.thread_time() - spent
            took.append((1_000 * (time.perf_counter() - began), 1_000 * spent))
            counts[answer.says] += 1
            hits[answer.says] += answer.person == person if answer.says == "known" else person not in known
            if answer.best:
                said.append(answer.best[0][1])
                right.append(answer.best[0][0] == person)
        n, (wall, core) = sum(counts.values()), np.array(took).T
        shares = [f"{counts[each] / n:.1%} | {hits[each] / max(counts[each], 1):.1%}" for each in ("known", "nobody")]
        lines.append(
            f"| {name} | {np.median(wall):.2f} | {np.quantile(wall, 0.99):.2f} | {np.quantile(core, 0.99):.2f} | {wall.max():.1f} | "
            f"{' | '.join(shares)} | {counts['not_sure'] / n:.1%} |"
        )
    chances, truth = np.array(said), np.array(right)
    lines += ["", "| probability said | answers | mean said | right |", "|---|--:|--:|--:|"]
    for low, high in itertools.pairwise(BANDS):
        here = (chances >= low) & (chances < high)
        if here.any():
            lines.append(
                f"| {low:.0%} to {min(high, 1):.0%} | {here.sum():,} | {chances[here].mean():.1%} | {truth[here].mean():.1%} |"
            )
    return lines


def memory(folder: Path, records: list[dict[str, str | None]]) -> tuple[float, float]:
    """Return by how many MB a process grows that opens the look-up and asks: its own memory, and mapped files."""

    def held() -> np.ndarray:
        told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
        return np.array([float(told[each].split()[0]) / 1e3 for each in ("RssAnon", "RssFile")])

    before = held()
    lookup = Lookup.open(folder)
    for each in records:
        lookup.who(each)
    own, mapped = held() - before
    return own, mapped


def main() -> None:
    """Build, ask, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--asked", type=int, default=3_000)
    given = parser.parse_args()
    records, whose, coming = people(given.persons, given.asked)
    known = set(whose)
    share = float(np.mean([person in known for _, person in coming]))
    print(f"{len(known):,} persons, {len(whose):,} records, {share:.2f} of the contacts of one of them", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        build(records, whose, STANDARD, Path(folder) / "persons", known=share)
        built = time.process_time() - began
        size = sum(each.stat().st_size for each in (Path(folder) / "persons").iterdir()) / 1e6
        began = time.perf_counter()
        lookup = Lookup.open(Path(folder) / "persons")
        opened = 1_000 * (time.perf_counter() - began)
        lookup.who(coming[0][0])
        table = timed(lookup, coming, known)
        with multiprocessing.get_context("spawn").Pool(1) as other:
            own, mapped = other.apply(memory, (Path(folder) / "persons", [each for each, _ in coming]))
        print(lookup.index.told["rules"], lookup.bend, lookup.seen)
    what = (
        f"{len(known):,} persons with {len(whose):,} records and {len(coming):,} contacts to come, {share:.0%} of them of "
        "somebody in the records; a simulated file with typing errors, moves, shared lines and family mailboxes. Building "
        f"took {built:.0f} s of one core and {size:.0f} MB on disk; opening it took {opened:.0f} ms, and a "
        f"process that asked of all contacts grew by {own:.0f} MB of its own and {mapped:.0f} MB of mapped files, which "
        "processes share. "
        f"On average {os.getloadavg()[2]:.0f} programs wanted the {os.cpu_count()} cores at the time."
    )
    told = [what, "", *table]
    print(
        "\n".join(told), f"\n{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB at most in this process"
    )
    put(PAGE, BEGIN, told)


if __name__ == "__main__":
    main()

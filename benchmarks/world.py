"""What the benchmarks count: seven made organisations with eight queues each, over 156 weeks, and where their rows lie."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from peil.dataset import Dataset, build
from peil.engines.door import Limits
from peil.engines.draft import Draft, Fault
from peil.engines.duck import DuckEngine
from peil.engines.schema import Schema
from peil.engines.store import Store
from peil.sources.load import load
from peil.sources.simulated import SimulatedBenchmark
from peil.sources.simulated.centre import PROVIDES, rows
from peil.sources.simulated.frames import numbered
from peil.sources.simulated.world import REASONS, World
from peil.sources.source import Export

CACHE = Path(os.environ.get("PEIL_BENCHMARK_CACHE") or Path(__file__).parent / ".cache")
KEY = b"simulated customers only"
ORGANISATIONS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Broad:
    """Made organisations whose queues have names of their own, so that a question by queue has many groups."""

    contacts: int
    name: str = "broad"
    organisation: str = "Broad (simulated)"
    zone: str = "Europe/Amsterdam"
    files: tuple[str, ...] = ()

    @property
    def provides(self) -> tuple[Schema, ...]:
        return PROVIDES

    def worlds(self) -> Iterator[World]:
        for each in SimulatedBenchmark(contacts=self.contacts, organisations=ORGANISATIONS).worlds():
            letter = (each.organisation or "?").split()[1]
            yield replace(each, queues=tuple(f"{letter} {reason}" for reason in REASONS))

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        del export
        for world in self.worlds():
            yield from numbered(rows(world))


def stored(contacts: int, cache: Path = CACHE) -> Store:
    """Return the store with so many contacts; made once."""
    source = Broad(contacts=contacts)
    store = Store(cache / f"{contacts}-{hashlib.sha256(repr(source).encode()).hexdigest()[:8]}")
    load((source,), store, root=store.folder, limits=Limits(memory="3GB", threads=2), key=KEY)
    return store


def opened(store: Store, memory: str = "1GB") -> Dataset:
    """Return the built tables of a store; built once."""
    return build(store, DuckEngine(Limits(memory=memory, threads=2, folder=store.spill_folder)))

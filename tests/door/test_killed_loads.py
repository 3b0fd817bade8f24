"""A load that dies at any moment leaves nothing half-done in sight and loses nothing."""

from __future__ import annotations

import multiprocessing
import random
import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from peil.engines.door import Limits
from peil.engines.store import ENTRY, Store
from peil.errors import SourceError
from peil.sources.delimited import DelimitedTable
from peil.sources.load import load

KILLS = 20
ROWS = 60_000
SOURCE = DelimitedTable(
    name="acd",
    organisation="Acme",
    files=("*.csv",),
    table="legs",
    zone="Europe/Amsterdam",
    columns={
        "contact_id": "id", "leg_id": "'1'", "channel": "'call'", "started_at": "started", "ended_at": "ended",
        "wait_ms": "wait", "phone": "phone", "mail": "mail", "queue": "queue",
    },
)  # fmt: skip


def exports(folder: Path) -> Path:
    folder.mkdir()
    start = datetime(2024, 3, 4)  # noqa: DTZ001  # an export writes wall times
    for name in "ab":
        with (folder / f"{name}.csv").open("w", encoding="utf-8") as file:
            file.write("id,started,ended,wait,phone,mail,queue\n")
            for each in range(ROWS):
                began = start + timedelta(seconds=7 * each)
                wait = "long" if each % 1_000 == 0 else each
                file.write(
                    f"{name}{each},{began},{began + timedelta(minutes=5)},{wait},+316{each:08},c{each}@x.nl,q{each % 9}\n"
                )
    return folder


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["peil.sources.load", "peil.sources.delimited"])
    return made


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exports(tmp_path_factory.mktemp("killed") / "project")


def begin(processes: ForkServerContext, store: Store, root: Path) -> ForkServerProcess:
    settings = {"root": root, "limits": Limits(memory="400MB"), "key": b"key"}
    child = processes.Process(target=load, args=((SOURCE,), store), kwargs=settings)
    child.start()
    return child


def finish(processes: ForkServerContext, store: Store, root: Path) -> float:
    started = time.monotonic()
    child = begin(processes, store, root)
    child.join()
    assert child.exitcode == 0
    return time.monotonic() - started


def seen(store: Store) -> set[str]:
    """Return the files in sight, each of which must be whole."""
    found = set()
    folders = [each for each in store.loads_folder.glob("*") if not each.name.startswith(".")]
    assert all((each / ENTRY).is_file() for each in folders)
    for each in store.loads():
        told = each.tables["legs"]
        assert (told.rows_in, told.good, told.rejected) == (ROWS, ROWS - ROWS // 1_000, ROWS // 1_000)
        assert pq.read_metadata(each.folder / "legs.parquet").num_rows == told.good
        assert pq.read_metadata(each.folder / "rejected.parquet").num_rows == told.rejected
        found.add(each.file)
    return found


def rows(store: Store) -> Iterator[pa.Table]:
    for each in store.loads():
        yield pq.read_table(each.folder / "legs.parquet")


@pytest.mark.slow
def test_a_load_killed_at_any_moment_leaves_only_whole_loads_in_sight(processes, root, tmp_path):
    draw = random.Random(20)  # noqa: S311  # moments, no secrets
    undisturbed = Store(tmp_path / "undisturbed")
    finish(processes, undisturbed, root)  # the first also starts the server
    shutil.rmtree(undisturbed.folder)
    whole = finish(processes, undisturbed, root)
    assert seen(undisturbed) == {"a.csv", "b.csv"}
    store = Store(tmp_path / "store")
    before: set[str] = set()
    killed, left_behind, states = 0, 0, set()
    for _ in range(KILLS):
        left = whole if not before else whole / 2
        until = time.monotonic() + draw.uniform(0.02, 0.98) * left
        child = begin(processes, store, root)
        while time.monotonic() < until:
            assert before <= seen(store) <= {"a.csv", "b.csv"}  # a reader beside the load
            time.sleep(0.01)
        child.kill()
        child.join()
        killed += child.exitcode == -9
        left_behind += any(store.loads_folder.glob(".tmp-*"))
        assert before <= seen(store)
        before = seen(store)
        states.add(frozenset(before))
        if len(before) == 2:
            shutil.rmtree(store.folder)
            before = set()
    assert killed > KILLS / 2
    assert left_behind > 0
    assert frozenset({"a.csv"}) in states
    finish(processes, store, root)
    assert seen(store) == {"a.csv", "b.csv"}
    assert not list(store.loads_folder.glob(".*"))
    assert not list(store.spill_folder.iterdir())
    for mended, smooth in zip(rows(store), rows(undisturbed), strict=True):
        assert mended.equals(smooth)


def test_a_second_load_at_the_same_time_is_told_to_wait(processes, root, tmp_path):
    store = Store(tmp_path / "store")
    child = begin(processes, store, root)
    while not any(store.loads_folder.glob(".tmp-*")):
        time.sleep(0.005)
    with pytest.raises(SourceError, match="another load is writing to store"):
        load((SOURCE,), store, root=root, limits=Limits(), key=b"key")
    child.join()
    assert child.exitcode == 0
    assert seen(store) == {"a.csv", "b.csv"}

"""What was delivered twice counts once, whatever the order and however it is cut into files."""

from __future__ import annotations

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from peil.dataset import Dataset, build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.sources.delimited import DelimitedTable, Mapped
from peil.sources.load import Loaded, load

LIMITS = Limits(memory="400MB")
HEADER = ("id", "leg", "channel", "started", "ended", "updated", "wait", "talk", "queue", "phone")
COLUMNS: dict[str, str | Mapped] = {
    "contact_id": "id",
    "leg_id": "leg",
    "channel": "channel",
    "handler": "'agent'",
    "started_at": "started",
    "ended_at": "ended",
    "updated_at": "updated",
    "wait_ms": "wait",
    "talk_ms": "talk",
    "queue": "queue",
    "phone": "phone",
}
Rows = list[tuple[object, ...]]


def rows(n_contacts: int = 400) -> Rows:
    draw = random.Random(7)  # noqa: S311  # rows, no secrets
    made: Rows = []
    for contact in range(n_contacts):
        start = datetime(2024, 3, 4) + timedelta(minutes=draw.randrange(60 * 24 * 20))  # noqa: DTZ001  # an export writes wall times
        phone = f"+316{draw.randrange(150):08}"
        for leg in range(1, draw.randrange(1, 4)):
            end = start + timedelta(seconds=draw.randrange(60, 600))
            wait, talk, queue = draw.randrange(60_000), draw.randrange(60_000, 300_000), f"q{draw.randrange(4)}"
            made.append((f"c{contact}", leg, "call", start, end, end + timedelta(hours=1), wait, talk, queue, phone))
            start = end
    return made


def older(row: tuple[object, ...]) -> tuple[object, ...]:
    """The same record before it was changed."""
    updated = row[5]
    assert isinstance(updated, datetime)
    return (*row[:5], updated - timedelta(minutes=30), *row[6:8], "not yet known", row[9])


def test_a_source_without_a_file_is_refused_by_itself_and_the_others_load(tmp_path: Path) -> None:
    written(tmp_path / "a.csv", rows(5))
    here, gone = (
        DelimitedTable(
            name=name, organisation="Shop", files=(f"{name}.csv",), table="legs", zone="UTC", columns=COLUMNS
        )
        for name in ("a", "b")
    )
    done = load((gone, here), Store(tmp_path / "store"), root=tmp_path, limits=LIMITS, key=b"k")
    assert [each.file for each in done.new] == ["a.csv"]
    (told,) = done.refused
    assert (told.source, told.file, told.exit_code) == ("b", "b.csv", 2)
    assert told.says == "source 'b': no file matches 'b.csv'"


def written(path: Path, records: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *records])


def taken(folder: Path, **settings: object) -> tuple[Store, Loaded]:
    store = Store(folder / "store")
    columns = {**COLUMNS, **settings}
    source = DelimitedTable(
        name="acd", organisation="Acme", files=("*.csv",), table="legs", columns=columns, zone="Europe/Amsterdam"
    )  # type: ignore[arg-type]  # the mapping is built as plain data
    return store, load((source,), store, root=folder, limits=LIMITS, key=b"key")


def tables(store: Store) -> dict[str, list[str]]:
    """Every built table as sorted rows."""
    engine = DuckEngine(LIMITS)
    try:
        data: Dataset = build(store, engine)
        return {
            name: sorted(str(sorted(row.items())) for row in engine.rows(f"select * from {table.name}").to_pylist())
            for name, table in data.tables.items()
        }
    finally:
        engine.close()


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    folder = tmp_path_factory.mktemp("once")
    written(folder / "a.csv", rows())
    built = tables(taken(folder)[0])
    assert len(built["contacts"]) == len({row[0] for row in rows()})
    return built


def test_the_same_export_twice_changes_nothing(tmp_path, once):
    written(tmp_path / "a.csv", rows())
    taken(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "store" / "loads").rglob("*")}
    store, again = taken(tmp_path)
    assert (again.new, again.unchanged, again.refused) == ((), ("a.csv",), ())
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "store" / "loads").rglob("*")} == before
    assert tables(store) == once


def test_the_same_export_under_another_name_changes_nothing(tmp_path, once):
    written(tmp_path / "a.csv", rows())
    taken(tmp_path)
    (tmp_path / "a.csv").rename(tmp_path / "b.csv")
    store, again = taken(tmp_path)
    assert again.unchanged == ("b.csv",)
    assert tables(store) == once


def test_an_overlapping_export_in_another_order_with_older_records_changes_nothing(tmp_path, once):
    draw = random.Random(11)  # noqa: S311  # a seeded shuffle, no secret
    first = rows()
    second = first + [older(row) for row in draw.sample(first, len(first) // 10)]
    draw.shuffle(second)
    written(tmp_path / "a.csv", first)
    written(tmp_path / "b.csv", second)
    store, loaded = taken(tmp_path)
    told = loaded.new[1].tables["legs"]
    assert (told.rows_in, told.good, told.superseded) == (len(second), len(first), len(first) // 10)
    assert tables(store) == once


def test_older_records_that_come_later_do_not_replace_newer_ones(tmp_path, once):
    written(tmp_path / "a.csv", rows())
    written(tmp_path / "b.csv", [older(row) for row in rows()[::10]])
    store, loaded = taken(tmp_path)
    assert loaded.new[1].tables["legs"].good == len(rows()[::10])
    assert tables(store) == once


@pytest.mark.parametrize("swapped", [False, True])
def test_one_export_or_the_same_rows_in_two_is_the_same(tmp_path, once, swapped):
    draw = random.Random(13)  # noqa: S311  # a seeded shuffle, no secret
    mixed = rows() + rows()[::7]
    draw.shuffle(mixed)
    halves = (mixed[::2], mixed[1::2])
    for name, half in zip("ab" if not swapped else "ba", halves, strict=True):
        written(tmp_path / f"{name}.csv", half)
    assert tables(taken(tmp_path)[0]) == once


def test_a_corrected_export_replaces_what_it_corrects_and_nothing_else(tmp_path, once):
    written(tmp_path / "a.csv", [older(row) for row in rows()])
    store, _ = taken(tmp_path)
    assert tables(store) != once
    written(tmp_path / "b.csv", rows())
    store, _ = taken(tmp_path)
    assert tables(store) == once


def test_a_changed_mapping_reads_the_same_file_again_in_place_of_the_earlier_reading(tmp_path, once):
    written(tmp_path / "a.csv", rows())
    store, first = taken(tmp_path, wait_ms=Mapped(of="wait", unit="s"))
    assert tables(store) != once
    store, second = taken(tmp_path)
    assert first.new[0].load_id != second.new[0].load_id
    assert [each.load_id for each in store.loads()] == [second.new[0].load_id]
    assert len(list(store.loads_folder.iterdir())) == 2  # nothing is thrown away
    assert tables(store) == once


def test_a_mapping_that_is_changed_back_counts_again(tmp_path, once):
    written(tmp_path / "a.csv", rows())
    taken(tmp_path)
    store, changed = taken(tmp_path, wait_ms=Mapped(of="wait", unit="s"))
    store, back = taken(tmp_path)
    assert (len(back.new), back.unchanged) == (1, ())
    assert back.new[0].load_id != changed.new[0].load_id
    assert [each.load_id for each in store.loads()] == [back.new[0].load_id]
    assert tables(store) == once
    assert taken(tmp_path)[1].new == ()

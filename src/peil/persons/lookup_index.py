"""Records of persons on disk, so that those with a given number, mailbox or name are found in microseconds."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from peil.engines.handles import FIELDS
from peil.errors import EvidenceError, SourceError
from peil.methods.compiled import compiled
from peil.persons.model import Comparison, Level, LinkModel, Record

VERSION = 1
# A rule whose records are, on average, among more others than this finds crowds, not persons.
CROWD = 1_000
MOST_RULES = 12
MOST_FOUND = 100  # records of one rule: a number that more share says nothing
# A caller is asked for these first.
FIRST = (("account",), ("mail",), ("phone",), ("postcode", "house"), ("born", "sound"), ("sound", "given_sound"))
# Fields of which some values are common and others rare: agreeing on a rare one says more.
UNEVEN = ("given", "surname", "born")
OFFSET, PRIME, APART = np.uint64(14695981039346656037), np.uint64(1099511628211), np.uint64(31)

Keys = NDArray[np.uint64]
Places = NDArray[np.uint32]


@compiled
def _hashed(data: NDArray[np.uint8], key: np.uint64) -> np.uint64:
    """Return the FNV-1a hash of bytes, going on from ``key``."""
    for each in data:
        key = (key ^ np.uint64(each)) * PRIME
    return (key ^ APART) * PRIME


@compiled
def _hashed_all(data: NDArray[np.uint8], offsets: NDArray[np.int32], keys: Keys) -> None:
    for row in range(keys.size):
        keys[row] = _hashed(data[offsets[row] : offsets[row + 1]], keys[row])


def key_of(record: Record, columns: Sequence[str]) -> np.uint64 | None:
    """Return the key under which a record is found by a rule; None where it lacks a field."""
    key = OFFSET
    for each in columns:
        value = record.get(each)
        if value is None:
            return None
        key = np.uint64(_hashed(np.frombuffer(value.encode(), np.uint8), key))
    return key


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """A way to find records: the sorted keys of every record, and where each stands.

    Parameters:
        columns: the fields that must all be equal.
        keys, places: sorted by key.
    """

    columns: tuple[str, ...]
    keys: Keys
    places: Places

    def find(self, record: Record, most: int) -> Places:
        """Return where the records stand that agree, none if there are more than ``most``."""
        key = key_of(record, self.columns)
        if key is None:
            return self.places[:0]
        begin, end = np.searchsorted(self.keys, key, "left"), np.searchsorted(self.keys, key, "right")
        return self.places[begin:end] if end - begin <= most else self.places[:0]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Index:
    """Records of persons, mapped from disk: only what is asked for is read.

    Parameters:
        model: what records are compared on.
        rules: ways to find records.
        fields: field to column; text, or a keyed hash of it.
        person: whose record each is.
        n_records, n_persons: how many there are.
        chance: comparison to the chance that records of two persons are equal in it.
        filled: comparison to the share of records that have what it compares.
        counts: for fields with common and rare values, sorted keys and how many records have the value.
        told: what else was kept beside it.
    """

    model: LinkModel
    rules: tuple[Rule, ...]
    fields: Mapping[str, Any]
    person: Any
    n_records: int
    n_persons: int
    chance: Mapping[str, float]
    filled: Mapping[str, float]
    counts: Mapping[str, tuple[Keys, NDArray[np.int64]]]
    told: Mapping[str, Any]

    def record(self, place: int) -> dict[str, str | None]:
        """Return the fields of one record."""
        return {name: column[place].as_py() for name, column in self.fields.items()}

    def how_common(self, field: str, value: str, chance: float) -> float:
        """Return the share of records that have a value; of one that none has, half a record's.

        Parameters:
            field, value: what they have.
            chance: what to go by where there are few records.
        """
        keys, counts = self.counts[field]
        key = key_of({field: value}, (field,)) or OFFSET
        place = int(np.searchsorted(keys, key))
        found = counts[place] if place < keys.size and keys[place] == key else 0.5
        return float(found) / (self.n_records + 1 / chance)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Return an index that ``write`` made.

        Raises:
            SourceError: there is none, or another Peil made it.
        """
        told_at = folder / "index.json"
        if not told_at.is_file():
            raise SourceError("there is no index of persons yet", remedy="build it with peil.persons.lookup.build")
        told = json.loads(told_at.read_text(encoding="utf-8"))
        if told["version"] != VERSION:
            raise SourceError("the index of persons was made by another Peil", remedy="build it again")
        with pa.memory_map(str(folder / "records.arrow")) as file:
            records = pa.ipc.open_file(file).read_all()
        columns = {name: records.column(name).chunk(0) for name in records.column_names}

        def mapped(name: str) -> NDArray[Any]:
            found: NDArray[Any] = np.load(folder / f"{name}.npy", mmap_mode="r")
            return found

        return cls(
            model=LinkModel.read(json.dumps(told["model"])),
            rules=tuple(
                Rule(columns=tuple(each), keys=mapped(f"keys-{nth}"), places=mapped(f"places-{nth}"))
                for nth, each in enumerate(told["rules"])
            ),
            person=columns.pop("person"),
            fields=columns,
            n_records=records.num_rows,
            n_persons=told["persons"],
            chance=told["chance"],
            filled=told["filled"],
            counts={each: (mapped(f"values-{each}"), mapped(f"counts-{each}")) for each in told["uneven"]},
            told=told,
        )


def write(records: pa.Table, persons: pa.Array, model: LinkModel, folder: Path) -> Index:
    """Write an index of records, whole or not at all, and return it.

    Parameters:
        records: ``engines.handles.FIELDS`` as text columns, in clear or as keyed hashes; a column may be left out.
        persons: whose record each is, as text.
        model: what records are compared on, and by what they are found.
        folder: where it is kept; what stands there is replaced.

    Raises:
        EvidenceError: there are no records, or no field is filled in.
    """
    have = [each for each in FIELDS if each in records.column_names and records.column(each).null_count < len(persons)]
    if not len(persons) or not have:
        raise EvidenceError("there are no records of persons to look in", remedy="load a table 'customers' first")
    told_of = persons.cast(pa.string())
    whose = np.unique(told_of.to_numpy(zero_copy_only=False).astype(str), return_inverse=True)[1]
    wanted = set(model.columns)
    table = pa.table(
        {**{each: records.column(each).cast(pa.string()) for each in have if each in wanted}, "person": told_of}
    )
    table = table.combine_chunks()
    made = folder.parent / f".{folder.name}-{uuid.uuid4().hex[:8]}"
    made.mkdir(parents=True)
    try:
        with pa.OSFile(str(made / "records.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as out:
            out.write_batch(table.to_batches()[0])
        kept: list[tuple[str, ...]] = []
        for columns in dict.fromkeys([*FIRST, *model.blocking]):
            if len(kept) == MOST_RULES or not set(columns) <= set(table.column_names):
                continue
            places, keys = _keys(table, columns)
            order = np.argsort(keys, kind="stable")
            keys, places = keys[order], places[order]
            sizes = np.diff(np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1], [True]])))
            if not keys.size or float(sizes @ sizes) / keys.size > CROWD:
                continue
            np.save(made / f"keys-{len(kept)}.npy", keys)
            np.save(made / f"places-{len(kept)}.npy", places)
            kept.append(columns)
        uneven = [each for each in UNEVEN if each in table.column_names]
        for each in uneven:
            values, counts = np.unique(_keys(table, (each,))[1], return_counts=True)
            np.save(made / f"values-{each}.npy", values)
            np.save(made / f"counts-{each}.npy", counts)
        told = {
            "version": VERSION,
            "persons": int(whose.max()) + 1,
            "rules": kept,
            "uneven": uneven,
            "chance": {one.name: _chance(table, whose, most(one)) for one in model.comparisons},
            "filled": {one.name: _filled(table, one) for one in model.comparisons},
            "model": json.loads(model.told()),
        }
        (made / "index.json").write_text(json.dumps(told), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return Index.open(folder)


def keep(index: Index, folder: Path, told: Mapping[str, Any]) -> Index:
    """Keep more beside an index, and return it."""
    made = folder / f".index-{uuid.uuid4().hex[:8]}"
    made.write_text(json.dumps({**index.told, **told}), encoding="utf-8")
    made.replace(folder / "index.json")
    return Index.open(folder)


def most(comparison: Comparison) -> Level:
    """Return a comparison's level of most agreement: the first at which something is only equal."""
    return next(
        (each for each in comparison.levels if each.tests and all(test.kind == "equal" for test in each.tests)),
        comparison.levels[-1],
    )


def _filled(table: pa.Table, comparison: Comparison) -> float:
    """Return the share of records that have any of what a comparison needs."""
    needed = [test.columns[0] for test in comparison.levels[0].tests]
    known = [table.column(each) for each in needed if each in table.column_names]
    if not known:
        return 0.0
    lacking: int = pc.coalesce(*known).null_count
    return float(1 - lacking / table.num_rows)


def _keys(table: pa.Table, columns: Sequence[str]) -> tuple[Places, Keys]:
    """Return where the records stand that have all fields, and their keys."""
    valid = np.ones(table.num_rows, dtype=bool)
    for each in columns:
        valid &= pc.is_valid(table.column(each)).to_numpy(zero_copy_only=False)
    places = np.flatnonzero(valid).astype(np.uint32)
    keys = np.full(places.size, OFFSET, np.uint64)
    for each in columns:
        column = table.column(each).combine_chunks().take(pa.array(places))
        _, offsets, data = column.buffers()
        at = np.frombuffer(offsets, np.int32)[column.offset : column.offset + places.size + 1]
        _hashed_all(np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8), at, keys)
    return places, keys


def _chance(table: pa.Table, whose: NDArray[np.int64], level: Level) -> float:
    """Return the chance that records of two persons are equal; where there are few records, as the model has it."""
    columns = [column for test in level.tests for column in test.columns]
    if not columns or not set(columns) <= set(table.column_names):
        return level.u
    places, keys = _keys(table, columns)
    _, value, of_value = np.unique(keys, return_inverse=True, return_counts=True)
    if level.tests[0].columns[0] not in UNEVEN:
        # the number of an office finds nobody, and says nothing of what others' numbers are worth
        few = of_value[value] <= MOST_FOUND
        places, value = places[few], value[few]
    n = places.size
    sizes = np.bincount(value).astype(np.float64)
    own = np.unique(value * (whose.max() + 1) + whose[places], return_counts=True)[1].astype(np.float64)
    pairs = float((sizes * (sizes - 1)).sum() - (own * (own - 1)).sum())
    return float(min((pairs + 1) / (n * (n - 1.0) + 1 / level.u), 1.0))

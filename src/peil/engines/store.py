"""The store: an append-only folder of immutable Parquet parts, one folder a load, made visible by one rename."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from peil.engines.door import Admitted
from peil.errors import SourceError

ENTRY = "load.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One export that was loaded: the ledger entry that lies in the folder it describes.

    Parameters:
        load_id: hash of the export and of how it was read; the folder's name.
        sequence: order of loading; of two loads of one row of the same age, the later counts.
        source: which source delivered it.
        organisation: whose it is.
        file: the export's name.
        sha256: hash of the delivered bytes.
        reading: hash of the source's configuration.
        version: the Peil that loaded it.
        loaded_at: when, ISO 8601 in UTC.
        encoding: what the bytes were in.
        tables: what became of the rows, per table.
    """

    load_id: str
    sequence: int
    source: str
    organisation: str
    file: str
    sha256: str
    reading: str
    version: str
    loaded_at: str
    encoding: str
    tables: Mapping[str, Admitted] = field(default_factory=dict)
    folder: Path = Path()


class Store:
    """The loads of one project.

    Parameters:
        folder: where they lie; made when it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loads_folder = folder / "loads"
        self.built_folder = folder / "built"
        self.spill_folder = folder / "spill"

    def loads(self) -> tuple[Load, ...]:
        """Return every finished load that counts, oldest first.

        An export that was read again in another way takes the place of its earlier reading.
        """
        latest: dict[tuple[str, str], Load] = {}
        for each in sorted(self._entries(), key=lambda load: load.sequence):
            # a simulated source has no file: only its newest making counts
            latest[each.source, "" if each.file.startswith("<") else each.sha256] = each
        return tuple(sorted(latest.values(), key=lambda load: load.sequence))

    def _entries(self) -> Iterator[Load]:
        if not self.loads_folder.is_dir():
            return
        for folder in self.loads_folder.iterdir():
            entry = folder / ENTRY
            if folder.name.startswith(".") or not entry.is_file():
                continue
            told = json.loads(entry.read_text(encoding="utf-8"))
            tables = {table: Admitted(**counts) for table, counts in told.pop("tables").items()}
            yield Load(**told, tables=tables, folder=folder)

    def has(self, load_id: str) -> bool:
        """Return whether this very load is there already."""
        return (self.loads_folder / load_id / ENTRY).is_file()

    def again(self, load_id: str) -> Load | None:
        """Let a load count that another reading of the same export has taken the place of.

        Returns:
            The load, now the newest; None where it counted already.
        """
        if load_id in {each.load_id for each in self.loads()}:
            return None
        found = next(each for each in self._entries() if each.load_id == load_id)
        entry = self.loads_folder / load_id / ENTRY
        told = json.loads(entry.read_text(encoding="utf-8")) | {"sequence": self.next_sequence()}
        made = entry.with_name(f".{ENTRY}")
        made.write_text(json.dumps(told, indent=1, sort_keys=True), encoding="utf-8")
        _sync(made)
        made.replace(entry)
        _sync(entry.parent)
        return replace(found, sequence=int(told["sequence"]))

    def next_sequence(self) -> int:
        """Return the number of the next load."""
        return max((each.sequence for each in self._entries()), default=0) + 1

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the store for one writer; sweep what a killed one left behind.

        Raises:
            SourceError: another load is running.
        """
        self.loads_folder.mkdir(parents=True, exist_ok=True)
        self.spill_folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise SourceError(
                    f"another load is writing to {self.folder.name}", remedy="wait for it to end"
                ) from None
            for left in self.loads_folder.glob(".tmp-*"):
                shutil.rmtree(left, ignore_errors=True)
            for left in self.spill_folder.iterdir():
                if not _in_use(left.name):
                    shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
            yield

    def start(self) -> Path:
        """Return an empty folder that no reader sees."""
        folder = self.loads_folder / f".tmp-{uuid.uuid4().hex}"
        folder.mkdir()
        return folder

    def publish(self, folder: Path, load: Load) -> Load:
        """Make a finished folder visible, whole or not at all.

        Everything is on disk before the rename; the rename is what readers see.

        Returns:
            The load, with the folder it lies in now.
        """
        told = asdict(load)
        told.pop("folder")
        (folder / ENTRY).write_text(json.dumps(told, indent=1, sort_keys=True), encoding="utf-8")
        for file in folder.iterdir():
            _sync(file)
        _sync(folder)
        published = folder.rename(self.loads_folder / load.load_id)
        _sync(self.loads_folder)
        return replace(load, folder=published)


def working_folder(folder: Path, what: str) -> Path:
    """Return a new folder to work in, named after this process so that nobody sweeps it while it is used."""
    made = folder / f"{what}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    made.mkdir(parents=True)
    return made


def _in_use(name: str) -> bool:
    """Whether a working folder's process is still there."""
    _, _, rest = name.partition("-")
    pid = rest.partition("-")[0]
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def publish_file(made: Path, target: Path) -> None:
    """Give a finished file, or a folder of files, its name, whole or not at all."""
    for each in sorted(made.rglob("*")):
        _sync(each)
    _sync(made)
    made.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

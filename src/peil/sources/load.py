"""Load every export of a project into the store: each file whole or not at all, and never twice."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from zoneinfo import available_timezones

from peil.engines.door import Door, Limits
from peil.engines.store import Load, Store, working_folder
from peil.errors import DefinitionError, PeilError, SchemaError, SourceError, neighbours
from peil.sources.files import fingerprint, readable
from peil.sources.source import Export, ReadsAlong, ReadsBinary, Source

REFUSED = "refused.json"
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A file of which nothing was loaded.

    Parameters:
        source: which source it belongs to.
        file: its name.
        says: what is wrong with it.
        remedy: what to do.
    """

    source: str
    file: str
    says: str
    remedy: str
    exit_code: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a round of loading did.

    Parameters:
        new: exports loaded now, or read as an earlier load did and counted again.
        unchanged: exports that were there already.
        refused: files of which nothing was loaded.
    """

    new: tuple[Load, ...] = ()
    unchanged: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Handles:
    """How the handles of customers are written.

    Parameters:
        region: country of phone numbers without a country code.
        clear_text: the fields by which customer records are compared are kept in clear text, not as keyed hashes.
    """

    region: str = "NL"
    clear_text: bool = False


def organisation_key(key: bytes, organisation: str) -> bytes:
    """Return the secret of one organisation: what is hashed for one cannot be joined with another's."""
    return hmac.new(key, organisation.encode(), "sha256").digest()


def silent(label: str, done: int, total: int) -> None:
    """Tell nobody how far the work is."""


def secret(name: str, key_file: Path | None = None) -> bytes:
    """Return the project's secret; made on first use, outside the project, readable by its owner only.

    Parameters:
        name: the project's name.
        key_file: where it lies, if not in the user's configuration folder. ``PEIL_KEY`` goes before both.
    """
    if "PEIL_KEY" in os.environ:
        return os.environ["PEIL_KEY"].encode()
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    path = key_file or home / "peil" / "keys" / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.key"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = secrets.token_hex(32).encode()
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_bytes()
        with os.fdopen(handle, "wb") as file:
            file.write(made)
        return made


def _exports(source: Source, root: Path) -> Iterator[Path | Refused]:
    """Yield the files of a source; a pattern that matches none is refused by itself."""
    for pattern in source.files:
        base = Path(pattern)
        folder, parts = (Path(base.anchor), base.relative_to(base.anchor)) if base.is_absolute() else (root, base)
        while parts.parts and parts.parts[0] == "..":
            folder, parts = folder.parent, Path(*parts.parts[1:])
        found = sorted(each for each in folder.glob(str(parts)) if each.is_file())
        if not found:
            yield Refused(
                source=source.name,
                file=pattern,
                says=f"source '{source.name}': no file matches '{pattern}'",
                remedy=f"patterns are relative to {root.name}/peil.yaml",
                exit_code=SourceError.exit_code,
            )
        yield from found


def _reading(source: Source, along: Mapping[str, Path], handles: Handles) -> str:
    """Hash of how the source reads: its settings, its files left out, what it reads along, and the code's version."""
    told = repr(source).replace(repr(source.files), "")
    told += "" if handles == Handles() else repr(handles)
    told += "".join(f"|{name}:{fingerprint(each)}" for name, each in sorted(along.items()))
    return hashlib.sha256(f"{told}|{version('peil')}".encode()).hexdigest()[:16]


def load(  # a load is told where, within what, under which key, and whom to tell
    sources: Sequence[Source],
    store: Store,
    *,
    root: Path,
    limits: Limits,
    key: bytes,
    progress: Progress = silent,
    handles: Handles | None = None,
) -> Loaded:
    """Load what is new.

    Parameters:
        sources: where the exports come from.
        store: where the rows go.
        root: what the sources' patterns are relative to.
        limits: memory, cores and spill folder.
        key: the project's secret.
        progress: told (label, done, total) as the work goes on.
        handles: how handles of customers are written.

    Returns:
        What was loaded, what was there already, and which files, or patterns without a file, were refused.

    Raises:
        SourceError: another load is running.
    """
    jobs: list[tuple[Source, Path | None]] = []
    refused: list[Refused] = []
    for source in sources:
        for each in _exports(source, root) if source.files else (None,):
            if isinstance(each, Refused):
                refused.append(each)
            else:
                jobs.append((source, each))
    new: list[Load] = []
    unchanged: list[str] = []
    with store.writing():
        for place, (source, path) in enumerate(jobs):
            name = path.name if path else f"<{source.name}>"
            progress(f"{source.name}: {name}", place, len(jobs))
            try:
                made = _one(source, path, name, store, limits, key, root, handles or Handles())
            except PeilError as fault:
                refused.append(
                    Refused(
                        source=source.name, file=name, says=fault.what, remedy=fault.remedy, exit_code=fault.exit_code
                    )
                )
                continue
            new.append(made) if made else unchanged.append(name)
        _remember(store, refused)
    progress("loaded", len(jobs), len(jobs))
    return Loaded(new=tuple(new), unchanged=tuple(unchanged), refused=tuple(refused))


def _along(source: Source, path: Path | None, root: Path) -> dict[str, Path]:
    if path is None or not isinstance(source, ReadsAlong):
        return {}
    found = {told: root / each for told, each in source.along(path).items()}
    for each in found.values():
        if not each.is_file():
            raise SourceError(
                f"{path.name}: source '{source.name}' reads '{each.name}' with it, and there is no such file",
                remedy="put it beside the export, or name it in the configuration, relative to peil.yaml",
            )
    return found


def _one(  # a load is told where, within what and under which key
    source: Source, path: Path | None, name: str, store: Store, limits: Limits, key: bytes, root: Path, handles: Handles
) -> Load | None:
    if (source.zone or "UTC") not in available_timezones():
        raise DefinitionError(
            f"source '{source.name}': '{source.zone}' is not a time zone",
            remedy=neighbours(source.zone, available_timezones()),
        )
    sha256 = fingerprint(path) if path else hashlib.sha256(repr(source).encode()).hexdigest()
    along = _along(source, path, root)
    reading = _reading(source, along, handles)
    load_id = hashlib.sha256(f"{source.name}|{sha256}|{reading}".encode()).hexdigest()[:24]
    if store.has(load_id):
        # settings that were changed and are changed back: what was read under them counts again
        return store.again(load_id)
    work = working_folder(store.spill_folder, "load")
    folder = store.start()
    own = organisation_key(key, source.organisation)
    within = Limits(memory=limits.memory, threads=limits.threads, folder=work)
    door = Door(within, own, region=handles.region, clear=handles.clear_text)
    try:
        export = Export(name=name, path=Path(), sha256=sha256)
        if path:
            magic = source.magic if isinstance(source, ReadsBinary) else ()
            export = replace(readable(path, name, work, magic=magic), beside=along)
        tables = door.admit(
            source.read(export),
            source=source.name,
            organisation=source.organisation,
            zone=source.zone or "UTC",
            folder=folder,
        )
        if not any(each.good for each in tables.values()):
            rules = ", ".join(sorted({rule for each in tables.values() for rule in each.rules})[:4])
            raise SchemaError(
                f"{name}: there is no usable row in it" + (f" ({rules})" if rules else ": it holds no row at all"),
                remedy=f"is it an export for source '{source.name}'? nothing of this file was loaded",
            )
        made = Load(
            load_id=load_id,
            sequence=store.next_sequence(),
            source=source.name,
            organisation=source.organisation,
            file=name,
            sha256=sha256,
            reading=reading,
            version=version("peil"),
            loaded_at=datetime.now(UTC).isoformat(timespec="seconds"),
            encoding=export.encoding,
            tables=tables,
        )
        return store.publish(folder, made)
    finally:
        door.close()
        shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _remember(store: Store, refused: Iterable[Refused]) -> None:
    told = [{"source": each.source, "file": each.file, "says": each.says, "remedy": each.remedy} for each in refused]
    made = store.folder / f".{REFUSED}"
    made.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    made.replace(store.folder / REFUSED)


def refused_files(store: Store) -> tuple[Refused, ...]:
    """Return the files that the last round of loading refused."""
    path = store.folder / REFUSED
    if not path.is_file():
        return ()
    return tuple(Refused(**each) for each in json.loads(path.read_text(encoding="utf-8")))

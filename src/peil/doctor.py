"""Whether everything is in order: Python, libraries, engines, configuration, store."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

from peil.errors import PeilError, SourceError
from peil.project import open_project

OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One thing that was looked at.

    Parameters:
        name: what.
        state: ``ok``, ``note`` (works without) or ``bad``.
        says: what was found.
        remedy: what to do, if anything.
    """

    name: str
    state: Literal["ok", "note", "bad"]
    says: str
    remedy: str = ""


def examined(path: str | None = None) -> tuple[Examined, ...]:
    """Return what was found, the machine first and then the project.

    Parameters:
        path: the project's folder; the nearest upward if left out.

    Example:
        >>> examined()[0].name
        'python'
    """
    return (_python(), *_libraries(), _spark(), *_project(path))


def _python() -> Examined:
    said = ".".join(str(each) for each in sys.version_info[:3])
    old = sys.version_info < OLDEST_PYTHON
    return Examined(
        name="python", state="bad" if old else "ok", says=said, remedy="use Python 3.11 or newer" if old else ""
    )


def _libraries() -> tuple[Examined, ...]:
    return tuple(
        Examined(name=each, state="ok", says=version(each)) for each in ("duckdb", "pyarrow", "numpy", "altair")
    )


def _spark() -> Examined:
    if importlib.util.find_spec("pyspark") is None:
        return Examined(
            name="spark",
            state="note",
            says="not installed; DuckDB counts",
            remedy="pip install 'peil[spark]' for data that outgrow one machine",
        )
    if shutil.which("java") is None:
        return Examined(
            name="spark", state="note", says=f"{version('pyspark')}, but there is no Java", remedy="install Java 17"
        )
    return Examined(name="spark", state="ok", says=version("pyspark"))


def _project(path: str | None) -> tuple[Examined, ...]:
    try:
        project = open_project(path)
    except SourceError as fault:
        return (Examined(name="project", state="note", says=fault.what, remedy=fault.remedy),)
    except PeilError as fault:
        return (Examined(name="project", state="bad", says=fault.what, remedy=fault.remedy),)
    found = [
        Examined(name="project", state="ok", says=f"{project.settings.name}: {len(project.settings.sources)} sources")
    ]
    loads = project.store.loads()
    if not loads:
        found.append(Examined(name="store", state="note", says="nothing was loaded yet", remedy="run 'peil load'"))
    else:
        good = sum(counts.good for each in loads for counts in each.tables.values())
        aside = sum(counts.rejected for each in loads for counts in each.tables.values())
        found.append(
            Examined(name="store", state="ok", says=f"{len(loads)} loads, {good:,} rows, {aside:,} kept aside")
        )
    refused = project.refused()
    if refused:
        found.append(
            Examined(
                name="refused files",
                state="bad",
                says=", ".join(each.file for each in refused),
                remedy="see 'peil rejected'",
            )
        )
    space = shutil.disk_usage(project.root)
    low = space.free < 1 << 30
    found.append(
        Examined(
            name="disk",
            state="bad" if low else "ok",
            says=f"{space.free / (1 << 30):.0f} GB free",
            remedy="make room" if low else "",
        )
    )
    return tuple(found)

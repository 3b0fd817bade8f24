"""What a source makes of one export, without the door behind it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from peil.sources.source import Draft, Export, Fault, Source

Rows = dict[str, list[dict[str, Any]]]


def delivered(
    path: Path, source: Source, *, beside: Mapping[str, Path] | None = None, encoding: str = "utf-8"
) -> tuple[Rows, list[Fault]]:
    """Return the rows of every table that the source provides, and the faults."""
    rows: Rows = {each.name: [] for each in source.provides}
    faults: list[Fault] = []
    export = Export(name=path.name, path=path, sha256="0" * 64, encoding=encoding, beside=dict(beside or {}))
    for each in source.read(export):
        if isinstance(each, Draft):
            rows[each.schema.name] += each.rows.to_pylist()
        else:
            faults.append(each)
    return rows, faults

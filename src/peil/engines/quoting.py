"""Text as SQL writes it."""

from __future__ import annotations

from pathlib import Path


def quoted(text: str) -> str:
    """Return ``text`` as an SQL string literal.

    Example:
        >>> quoted("d'Hondt")
        "'d''Hondt'"
    """
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """Return ``text`` as a quoted SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


def file_path(path: Path) -> str:
    """Return a path as an SQL string that names this one file, whatever its name holds.

    Example:
        >>> file_path(Path("calls[1].csv"))
        "'calls[[]1].csv'"
    """
    return quoted("".join(f"[{each}]" if each in "[*?" else each for each in str(path)))

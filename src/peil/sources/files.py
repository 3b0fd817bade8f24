"""Make a delivered file readable: hash it, unpack it, and find out what its bytes are encoded in."""

from __future__ import annotations

import codecs
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from peil.errors import SourceError
from peil.sources.source import Export

CHUNK = 1 << 20
GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(slots=True)
class _Seen:
    """What one pass over the bytes found."""

    newlines: int = 0
    size: int = 0
    utf8: bool = True
    last: bytes = b""


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of the delivered bytes, as they are."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _unpacked(path: Path, name: str) -> Iterator[bytes]:
    unpack = zlib.decompressobj(wbits=31)
    lines = 0
    try:
        for chunk in _chunks(path):
            data = chunk
            while data:
                out = unpack.decompress(data)
                lines += out.count(b"\n")
                yield out
                data = unpack.unused_data
                if unpack.eof and data:
                    unpack = zlib.decompressobj(wbits=31)
                    data = data.lstrip(b"\0")
                else:
                    break
    except zlib.error as fault:
        raise SourceError(
            f"{name}: the gzip file is damaged after line {lines}",
            remedy="fetch the export again; nothing of it was loaded",
        ) from fault
    if not unpack.eof:
        raise SourceError(
            f"{name}: the gzip file is cut off after line {lines}",
            remedy="fetch the export again; nothing of it was loaded",
        )


def _look(chunks: Iterator[bytes], into: Path | None) -> _Seen:
    seen = _Seen()
    decoder = codecs.getincrementaldecoder("utf-8")()
    out = into.open("wb") if into else None
    try:
        for chunk in chunks:
            seen.newlines += chunk.count(b"\n")
            seen.size += len(chunk)
            seen.last = chunk[-1:] or seen.last
            if seen.utf8:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    seen.utf8 = False
            if out:
                out.write(chunk)
    finally:
        if out:
            out.close()
    return seen


def _recode(path: Path, into: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    with into.open("w", encoding="utf-8", newline="") as out:
        for chunk in _chunks(path):
            out.write(decoder.decode(chunk))
        out.write(decoder.decode(b"", final=True))


def readable(path: Path, name: str, folder: Path) -> Export:
    """Return ``path`` as an export whose bytes are plain UTF-8 or Parquet.

    Parameters:
        path: the delivered file: plain, gzip, UTF-8, UTF-16, Windows-1252 or Parquet.
        name: how to call it in messages.
        folder: where unpacked or recoded copies may be written.

    Raises:
        SourceError: the file is empty, or a gzip file is cut off or damaged.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     file = Path(place) / "a.csv"
        ...     _ = file.write_bytes("naam;café".encode("cp1252"))
        ...     export = readable(file, "a.csv", Path(place))
        ...     export.encoding, export.path.read_text(encoding="utf-8")
        ('cp1252', 'naam;café')
    """
    with path.open("rb") as file:
        head = file.read(4)
    if not head:
        raise SourceError(f"{name}: the file is empty", remedy="fetch the export again")
    export = Export(name=name, path=path, sha256=fingerprint(path))
    if head == PARQUET:
        return replace(export, encoding="parquet")
    packed = head.startswith(GZIP)
    plain = folder / f"{export.sha256[:16]}.txt" if packed else None
    seen = _look(_unpacked(path, name) if packed else _chunks(path), plain)
    if not seen.size:
        raise SourceError(f"{name}: the file is empty", remedy="fetch the export again")
    source = plain or path
    with source.open("rb") as file:
        wide = file.read(2) in UTF16
    lines = seen.newlines + (seen.last != b"\n")
    if seen.utf8 and not wide:
        return replace(export, path=source, newlines=lines)
    encoding = "utf-16" if wide else "cp1252"
    recoded = folder / f"{export.sha256[:16]}.utf8"
    _recode(source, recoded, encoding)
    return replace(export, path=recoded, encoding=encoding, newlines=lines)

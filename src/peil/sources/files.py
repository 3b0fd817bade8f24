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
# Files that look like an export and are another thing, by their first bytes.
OTHERS = {
    b"PK\x03\x04": "a zip file or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
}


@dataclass(slots=True)
class _Seen:
    """What one pass over the bytes found.

    Parameters:
        newlines: ends of lines, of whatever kind.
        size: bytes.
        odd: what UTF-8 does not know.
        wide: bytes by which characters of more than one byte exceed one.
        last: the last byte.
    """

    newlines: int = 0
    size: int = 0
    odd: int = 0
    wide: int = 0
    last: bytes = b""

    def take(self, chunk: bytes, text: str) -> None:
        """Count a stretch of bytes and the text it is in UTF-8."""
        carriage = self.last == b"\r" and chunk.startswith(b"\n")
        self.newlines += chunk.count(b"\n") + chunk.count(b"\r") - chunk.count(b"\r\n") - carriage
        self.size += len(chunk)
        self.odd += text.count("\ufffd")
        self.wide += len(chunk) - len(text)
        self.last = chunk[-1:] or self.last

    @property
    def lines(self) -> int:
        """Physical lines, the last of which may have no end."""
        return self.newlines + (self.last not in b"\r\n")


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
                if unpack.eof:
                    # another member, or the zeros that tape and some writers pad with
                    data = data.lstrip(b"\0")
                    if not data:
                        break
                    unpack = zlib.decompressobj(wbits=31)
                out = unpack.decompress(data)
                lines += out.count(b"\n")
                yield out
                data = unpack.unused_data
    except zlib.error:
        raise SourceError(
            f"{name}: the gzip file is damaged after line {lines}",
            remedy="fetch the export again; nothing of it was loaded",
        ) from None
    if not unpack.eof:
        raise SourceError(
            f"{name}: the gzip file is cut off after line {lines}",
            remedy="fetch the export again; nothing of it was loaded",
        )


def _look(chunks: Iterator[bytes], into: Path | None = None) -> _Seen:
    seen = _Seen()
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    out = into.open("wb") if into else None
    try:
        for chunk in chunks:
            seen.take(chunk, decoder.decode(chunk))
            if out:
                out.write(chunk)
    finally:
        if out:
            out.close()
    seen.take(b"", decoder.decode(b"", final=True))
    return seen


def _recode(path: Path, into: Path, encoding: str) -> _Seen:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    with into.open("w", encoding="utf-8", newline="") as out:
        for chunk in _chunks(path):
            out.write(decoder.decode(chunk))
        out.write(decoder.decode(b"", final=True))
    return _look(_chunks(into))


def _encoding(path: Path, seen: _Seen) -> str:
    """One damaged byte does not make another encoding of a file that is UTF-8 otherwise."""
    with path.open("rb") as file:
        head = file.read(2_048)
    if head[:2] in UTF16:
        return "utf-16"
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 4 > len(head) and min(even, odd) * 8 < max(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    return "utf-8" if not seen.odd or seen.wide > seen.odd else "cp1252"


def readable(path: Path, name: str, folder: Path, *, magic: tuple[bytes, ...] = ()) -> Export:
    """Return ``path`` as an export whose bytes are plain UTF-8 or Parquet, or what its source says it reads.

    Parameters:
        path: the delivered file: plain, gzip, UTF-8, UTF-16, Windows-1252 or Parquet.
        name: how to call it in messages.
        folder: where unpacked or recoded copies may be written.
        magic: first bytes of files that are no text and are handed on as they are.

    Raises:
        SourceError: the file is empty, a workbook, or a gzip file that is cut off or damaged.

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
    if any(head.startswith(each[: len(head)]) for each in magic):
        return replace(export, encoding="binary")
    if head == PARQUET:
        return replace(export, encoding="parquet")
    if head in OTHERS:
        raise SourceError(f"{name}: this is {OTHERS[head]}", remedy="export it as CSV, or unpack it first")
    packed = head.startswith(GZIP)
    plain = folder / f"{export.sha256[:16]}.txt" if packed else None
    seen = _look(_unpacked(path, name) if packed else _chunks(path), plain)
    if not seen.size:
        raise SourceError(f"{name}: the file is empty", remedy="fetch the export again")
    source = plain or path
    encoding = _encoding(source, seen)
    if encoding == "utf-8" and not seen.odd:
        return replace(export, path=source, newlines=seen.lines)
    recoded = folder / f"{export.sha256[:16]}.utf8"
    seen = _recode(source, recoded, encoding)
    return replace(export, path=recoded, encoding=encoding.removesuffix("-le").removesuffix("-be"), newlines=seen.lines)

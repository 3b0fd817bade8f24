"""Plain arrays made into typed batches, without a Python object for each row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from peil.engines.schema import Kind, Schema
from peil.sources.source import Draft

Integers = NDArray[np.int64]
NOTHING = -1
BATCH_ROWS = 50_000
_ARROW = {
    Kind.TEXT: pa.string(),
    Kind.CODE: pa.string(),
    Kind.JSON: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.INSTANT: pa.timestamp("ms"),
    Kind.DAY: pa.date32(),
    Kind.FLAG: pa.bool_(),
}


def ids(prefix: str, numbers: Integers, width: int) -> pa.StringArray:
    """Return identifiers such as ``c000123``; a negative number has none.

    Parameters:
        prefix: letters in front, plain ASCII.
        numbers: one a row.
        width: digits, enough for the largest number of any batch.

    Returns:
        One string a row.

    Raises:
        ValueError: a number has more digits.

    Example:
        >>> ids("a", np.array([17, -1, 4]), 3).to_pylist()
        ['a017', None, 'a004']
    """
    head = np.frombuffer(prefix.encode("ascii"), np.uint8)
    if numbers.max(initial=0) >= 10**width:
        raise ValueError(f"an identifier '{prefix}' needs more than {width} digits")
    letters = np.empty((len(numbers), len(head) + width), np.uint8)
    letters[:, : len(head)] = head
    rest = np.maximum(numbers, 0)
    for place in range(1, width + 1):
        rest, digit = np.divmod(rest, 10)
        letters[:, -place] = digit + ord("0")
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * np.int32(letters.shape[1])
    there = np.packbits(numbers >= 0, bitorder="little")
    return pa.StringArray.from_buffers(
        len(numbers), pa.py_buffer(offsets), pa.py_buffer(letters), pa.py_buffer(there), int((numbers < 0).sum())
    )


def words(codes: NDArray[np.integer], values: Sequence[str]) -> pa.StringArray:
    """Return the word each code stands for; a negative code has none.

    Example:
        >>> words(np.array([1, -1]), ("call", "chat")).to_pylist()
        ['chat', None]
    """
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(values, pa.string())).dictionary_decode()


def whole(values: Integers, times: int = 1) -> pa.Int64Array:
    """Return whole numbers times ``times``; a negative one is missing."""
    return pa.array(values * times, pa.int64(), mask=values < 0)


def instants(seconds: Integers) -> pa.TimestampArray:
    """Return instants from seconds since 1970 in UTC; a negative one is missing."""
    return whole(seconds, 1_000).view(pa.timestamp("ms"))


def flags(values: Integers) -> pa.BooleanArray:
    """Return truth values from 1 and 0; a negative one is missing."""
    return pa.array(values > 0, pa.bool_(), mask=values < 0)


def same(value: str | int | None, rows: int) -> pa.Array:
    """Return one value on every row."""
    return pa.repeat(pa.scalar(value, pa.int64() if isinstance(value, int) else pa.string()), rows)


def frame(schema: Schema, columns: Mapping[str, pa.Array]) -> pa.RecordBatch:
    """Return a batch with every column of ``schema`` but the source; what is not given is missing.

    The organisation is left out where it is not given, so that the door fills it in.
    """
    rows = len(next(iter(columns.values())))
    kinds = {
        each.name: _ARROW[each.kind]
        for each in schema.columns
        if each.name != "source" and (each.name != "organisation" or "organisation" in columns)
    }
    arrays = [columns[name] if name in columns else pa.nulls(rows, kind) for name, kind in kinds.items()]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(list(kinds.items())))


def numbered(batches: Iterable[tuple[Schema, pa.RecordBatch]]) -> Iterator[Draft]:
    """Gather small batches of one table into larger ones and number their rows from 1."""
    waiting: dict[str, list[pa.RecordBatch]] = {}
    schemas: dict[str, Schema] = {}
    line = 1
    for schema, batch in batches:
        schemas[schema.name] = schema
        parts = waiting.setdefault(schema.name, [])
        parts.append(batch)
        if sum(each.num_rows for each in parts) >= BATCH_ROWS:
            yield _draft(schema, parts, line)
            line += sum(each.num_rows for each in parts)
            parts.clear()
    for name, parts in waiting.items():
        if sum(each.num_rows for each in parts):
            yield _draft(schemas[name], parts, line)
            line += sum(each.num_rows for each in parts)


def _draft(schema: Schema, parts: list[pa.RecordBatch], line: int) -> Draft:
    batch = pa.concat_batches(parts)
    lines = pa.array(np.arange(line, line + batch.num_rows, dtype=np.int64))
    return Draft(schema=schema, rows=batch.append_column("line", lines))

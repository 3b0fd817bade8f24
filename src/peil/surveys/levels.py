"""The levels of a margin: values of any kind as a person writes them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from peil.engines.schema import Schema
from peil.engines.subset import columns_read
from peil.errors import DefinitionError, neighbours
from peil.methods.cells import Integers
from peil.methods.diagnosis import Floats

# Whole numbers that a double holds exactly.
WHOLE = 2**53


def levels_of(column: pa.ChunkedArray) -> tuple[Integers, tuple[str, ...]]:
    """Return the level of each row and the levels as texts, in order; nothing and '' are one level.

    Parameters:
        column: values of any kind.

    Example:
        >>> codes, texts = levels_of(pa.chunked_array([[2.0, None, 1.0]]))
        >>> codes.tolist(), texts
        ([2, 0, 1], ('', '1', '2'))
    """
    encoded = pc.dictionary_encode(column.combine_chunks(), null_encoding="encode")
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    rank, texts = ranked(encoded.dictionary.to_pylist())
    return rank[encoded.indices.to_numpy(zero_copy_only=False)], texts


def ranked(values: list[object]) -> tuple[Integers, tuple[str, ...]]:
    """Return the place of each value among the levels, and the levels as texts, in order."""
    texts = [written(each) for each in values]
    levels = tuple(sorted(set(texts)))
    place = {text: at for at, text in enumerate(levels)}
    return np.array([place[each] for each in texts], dtype=np.int64), levels


def written(value: object) -> str:
    """Return a level as a person writes it: a truth as SQL has it, a whole number without decimals, nothing as ''.

    Example:
        >>> written(True), written(3.0), written(None)
        ('true', '3', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < WHOLE:
        return str(int(value))
    return str(value)


def numbers_of(column: pa.ChunkedArray) -> Floats:
    """Return a column of any number type as doubles; nan where there is none.

    Raises:
        DefinitionError: it holds words.
    """
    if pa.types.is_string(column.type):
        raise DefinitionError(
            "a total is of a number, and what it is given for holds words, as fields of an export do",
            remedy="write 'targets' for levels, or turn words into numbers with case",
        )
    found: Floats = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
    return found


def readable(sql: str, schema: Schema) -> None:
    """Refuse SQL that reads a column that is not there, or is more than row-level."""
    for column in columns_read(sql, "weights"):
        if column not in schema.names:
            raise DefinitionError(
                f"'{sql}': '{column}' is no column of '{schema.name}'", remedy=neighbours(column, schema.names)
            )

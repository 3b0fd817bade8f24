"""What calibration went by, as numbers: the level of every row at every margin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import scipy

from peil.estimates.moments import numbers
from peil.estimates.places import codes
from peil.methods.moments import Integers
from peil.surveys.design import Calibration
from peil.surveys.levels import levels_of


class Auxiliaries:
    """Margins as columns: one for every level that has a target, and one for every number.

    Parameters:
        known: the margins.
    """

    def __init__(self, known: Calibration) -> None:
        self._known = known
        self._at = {sql: place for place, sql in enumerate(known.expressions)}
        self._first: list[Mapping[tuple[str, ...], int]] = []
        size = 0
        for margin in known.margins:
            self._first.append({level: size + place for place, level in enumerate(margin.targets)})
            size += len(margin.targets)
        self._size = size
        self._scale: dict[int, float] = {}

    def cells(self, rows: pa.Table) -> tuple[scipy.sparse.csr_matrix, Integers]:
        """Return the auxiliaries of each kind of row, and the kind of each row."""
        code = np.zeros(rows.num_rows, dtype=np.int64)
        for place in self._at.values():
            of = codes(rows.column(f"k{place}"))[1]
            code = np.unique(code * (int(of.max(initial=0)) + 1) + of, return_inverse=True)[1].astype(np.int64)
        first = np.unique(code, return_index=True)[1]
        return self.matrix(rows.take(pa.array(first))), code

    def matrix(self, rows: pa.Table) -> scipy.sparse.csr_matrix:
        """Return the auxiliaries of each row: 1 at its level of every margin that has a target for it."""
        at_row, at_column, values = [], [], []
        for place, (margin, columns) in enumerate(zip(self._known.margins, self._first, strict=True)):
            if () in margin.targets:
                amount = numbers(rows.column(f"k{self._at[margin.by[0]]}"))
                # numbers of any size stand beside levels of 0 and 1
                scale = self._scale.setdefault(place, float(np.abs(amount).max(initial=0)) or 1.0)
                at_row.append(np.arange(rows.num_rows))
                at_column.append(np.full(rows.num_rows, columns[()]))
                values.append(amount / scale)
                continue
            column = self._columns_of([levels_of(rows.column(f"k{self._at[sql]}")) for sql in margin.by], columns)
            here = np.flatnonzero(column >= 0)
            at_row.append(here)
            at_column.append(column[here])
            values.append(np.ones(here.size))
        flat = (np.concatenate(values), (np.concatenate(at_row), np.concatenate(at_column)))
        return scipy.sparse.csr_matrix(flat, shape=(rows.num_rows, self._size))

    @staticmethod
    def _columns_of(
        read: Sequence[tuple[Integers, tuple[str, ...]]], columns: Mapping[tuple[str, ...], int]
    ) -> Integers:
        # level by level over the targets, which are few, and not over the rows
        code = np.zeros(read[0][0].size, dtype=np.int64)
        for of, texts in read:
            code = code * len(texts) + of
        places = [{text: at for at, text in enumerate(texts)} for _, texts in read]
        sizes = [len(texts) for _, texts in read]
        known = np.full(int(np.prod(sizes)), -1, dtype=np.int64)
        for level, column in columns.items():
            parts = [place.get(text) for place, text in zip(places, level, strict=True)]
            at = 0
            for part, size in zip(parts, sizes, strict=True):
                at = at * size + (part if part is not None else 0)
            if None not in parts:
                known[at] = column
        return known[code]

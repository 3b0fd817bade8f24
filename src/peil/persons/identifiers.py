"""What a person is called from load to load: most of the records that bear a name keep it."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt


def identifiers(labels: npt.NDArray[np.int64], rows: Any, organisation: str) -> list[str]:  # noqa: ANN401  # an Arrow table
    """Return of each record the identifier of its person.

    Parameters:
        labels: of each record the lowest record of its person.
        rows: ``source``, ``customer_id``, and ``was``: the identifier that the record's person had before, or "".
        organisation: whose customers they are.

    Returns:
        Where persons merge, the one with most records keeps the name; where one is split, its larger part does. Ties
        go to the record that comes first. A new person is called after its first record.

    Example:
        >>> import numpy as np, pyarrow as pa
        >>> rows = pa.table({"source": ["crm"] * 4, "customer_id": list("abcd"), "was": ["p1", "p1", "p2", ""]})
        >>> named = identifiers(np.array([0, 0, 0, 3]), rows, "shop")
        >>> named[:3], named[3] not in ("p1", "p2")
        (['p1', 'p1', 'p1'], True)
        >>> identifiers(np.array([0, 0, 2, 3]), rows, "shop")[:3]
        ['p1', 'p1', 'p2']
    """
    lowest = labels.tolist()
    claims: dict[int, Counter[str]] = defaultdict(Counter)
    for label, was in zip(lowest, rows["was"].to_pylist(), strict=True):
        if was:
            claims[label][was] += 1
    wanted = sorted(((-n, label, was) for label, counts in claims.items() for was, n in counts.items()))
    named: dict[int, str] = {}
    taken: set[str] = set()
    for _, label, was in wanted:
        if label not in named and was not in taken:
            named[label] = was
            taken.add(was)
    # a retired name is not given out again in the round in which it retires
    gone = {was for counts in claims.values() for was in counts}
    first: dict[int, int] = {}
    for place, label in enumerate(lowest):
        first.setdefault(label, place)
    sources, customers = rows["source"], rows["customer_id"]
    for label, place in first.items():
        if label in named:
            continue
        told = f"{organisation}\x1f{sources[place].as_py()}\x1f{customers[place].as_py()}"
        turn = 0
        while (name := _name(told, turn)) in taken or name in gone:
            turn += 1
        named[label] = name
        taken.add(name)
    return [named[each] for each in lowest]


def _name(told: str, turn: int) -> str:
    return "p" + hashlib.sha256(f"{told}\x1f{turn}".encode()).hexdigest()[:23]

"""Fields that an export kept beside the columns: a name that no row has is a slip, and not a group."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from peil.engines.engine import Engine
from peil.errors import DefinitionError, neighbours

_PREFIX = "extra."
# Different combinations of fields and values that are looked at for names.
_LOOKED_AT = 1_000


def refuse_unknown_extras(engine: Engine, found: Mapping[str, Iterable[Sequence[object]]], by: Sequence[str]) -> None:
    """Refuse to group by a field that no row of anything asked has.

    Contacts may have a field that the queues' intervals lack: asked together, intervals are one group without it.

    Parameters:
        engine: where the rows are.
        found: the groups found in each table of rows; only where a field is empty in all of them are the rows looked at.
        by: what was grouped by.

    Raises:
        DefinitionError: no row has the field; names its neighbours.
    """
    groups = [each for here in found.values() for each in here]
    for place, name in enumerate(by):
        field = name.removeprefix(_PREFIX)
        if field == name or not groups or any(each[place] is not None for each in groups):
            continue
        known = {each for table in found for each in _names(engine, table)}
        if field not in known:
            raise DefinitionError(f"no row has a field '{field}'", remedy=_remedy(name, known))


def _names(engine: Engine, table: str) -> set[str]:
    rows = engine.rows(
        f"select extra from {table} as t where extra is not null group by extra order by extra limit {_LOOKED_AT}"
    )
    return {key for text in rows.column("extra").to_pylist() for key in json.loads(text)}


def _remedy(name: str, known: set[str]) -> str:
    if not known:
        return "keep the field where the export is loaded"
    return neighbours(name, sorted(f"{_PREFIX}{each}" for each in known))

"""Fields that an export kept beside the columns: a name that no row has is a slip."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from peil.engines.engine import Engine
from peil.engines.subset import fields_read
from peil.errors import DefinitionError, neighbours

_PREFIX = "extra."
# Different combinations of fields and values that are looked at for names.
_LOOKED_AT = 1_000


def refuse_unknown_extras(
    engine: Engine, found: Mapping[str, Iterable[Sequence[object]]], by: Sequence[str], where: str = "true"
) -> None:
    """Refuse to group or to filter by a field that no row of anything asked has.

    Contacts may have a field that the queues' intervals lack: asked together, intervals are one group without it.

    Parameters:
        engine: where the rows are.
        found: the groups with rows in each table.
        by: what was grouped by; only where a field is empty in all groups are the rows looked at.
        where: what was filtered by; only where no group is left are the rows looked at.

    Raises:
        DefinitionError: no row has the field; names its neighbours.
    """
    groups = [each for here in found.values() for each in here]
    empty = [name for place, name in enumerate(by) if groups and all(each[place] is None for each in groups)]
    fields = [each.removeprefix(_PREFIX) for each in empty if each.startswith(_PREFIX)]
    fields += () if groups else fields_read(where)
    if not fields:
        return
    known = {each for table in found for each in _names(engine, table)}
    for field in fields:
        if field not in known:
            raise DefinitionError(f"no row has a field '{field}'", remedy=_remedy(field, known))


def _names(engine: Engine, table: str) -> set[str]:
    rows = engine.rows(
        f"select extra from {table} as t where extra is not null group by extra order by extra limit {_LOOKED_AT}"
    )
    return {key for text in rows.column("extra").to_pylist() for key in json.loads(text)}


def _remedy(field: str, known: set[str]) -> str:
    if not known:
        return "keep the field where the export is loaded"
    return neighbours(_PREFIX + field, sorted(f"{_PREFIX}{each}" for each in known))

"""Fields that an export kept beside the columns: a name that no row has is a slip."""

from __future__ import annotations

import json
from collections.abc import Iterable

from peil.engines.engine import Engine
from peil.errors import DefinitionError, neighbours

PREFIX = "extra."
# Different combinations of fields and values that are looked at for names.
_LOOKED_AT = 1_000


def refuse_unknown_fields(engine: Engine, tables: Iterable[str], fields: Iterable[str], what: str = "") -> None:
    """Refuse a field that no row of any table has.

    Parameters:
        engine: where the rows are.
        tables: what to look at.
        fields: their names, as the export has them.
        what: whom the message is for, such as ``survey 'shop': ``.

    Raises:
        DefinitionError: no row has the field; names its neighbours.
    """
    wanted = tuple(fields)
    known = {each for table in tables for each in _names(engine, table)} if wanted else set()
    for field in wanted:
        if field not in known:
            raise DefinitionError(f"{what}no row has a field '{field}'", remedy=_remedy(field, known))


def _names(engine: Engine, table: str) -> set[str]:
    rows = engine.rows(
        f"select extra from {table} as t where extra is not null group by extra order by extra limit {_LOOKED_AT}"
    )
    return {key for text in rows.column("extra").to_pylist() for key in json.loads(text)}


def _remedy(field: str, known: set[str]) -> str:
    if not known:
        return "keep the field where the export is loaded"
    return neighbours(PREFIX + field, sorted(f"{PREFIX}{each}" for each in known))

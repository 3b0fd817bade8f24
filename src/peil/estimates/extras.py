"""Groups and filters by fields that an export kept: a name that no row has is a slip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from peil.engines.engine import Engine
from peil.engines.fields import PREFIX, refuse_unknown_fields
from peil.engines.subset import fields_read


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
    fields = [each.removeprefix(PREFIX) for each in empty if each.startswith(PREFIX)]
    fields += () if groups else fields_read(where)
    refuse_unknown_fields(engine, found, fields)

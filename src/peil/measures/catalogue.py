"""The catalogue: every measure by name, and every family of definitions that share a word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from peil.errors import DefinitionError, neighbours
from peil.measures.automation import AUTOMATION
from peil.measures.claims import CLAIMS
from peil.measures.effort_speed import EFFORT_SPEED
from peil.measures.journey import JOURNEY
from peil.measures.measure import Measure
from peil.measures.promise import PROMISE
from peil.measures.reach import REACH
from peil.measures.resolution import RESOLUTION
from peil.measures.response import RESPONSE
from peil.measures.speed import SPEED
from peil.measures.staff import STAFF
from peil.measures.voice import VOICE
from peil.measures.work import WORK

CATALOGUE: Mapping[str, Measure] = {
    each.name: each
    for each in (
        *SPEED,
        *WORK,
        *AUTOMATION,
        *CLAIMS,
        *REACH,
        *RESOLUTION,
        *JOURNEY,
        *PROMISE,
        *VOICE,
        *EFFORT_SPEED,
        *RESPONSE,
        *STAFF,
    )
}


def measure_named(name: str, catalogue: Mapping[str, Measure] = CATALOGUE) -> Measure:
    """Return the measure called ``name``.

    Raises:
        DefinitionError: there is none; names its neighbours.

    Example:
        >>> measure_named("npss")
        Traceback (most recent call last):
        ...
        peil.errors.DefinitionError: no measure is named 'npss'
          remedy: did you mean 'nps' or 'enps'?
    """
    if name not in catalogue:
        same = [each.name for each in catalogue.values() if each.family == name]
        if same:
            raise DefinitionError(
                f"'{name}' is a word with {len(same)} definitions, each a measure of its own",
                remedy=f"choose one, such as '{same[0]}', or see all on your contacts: peil variants {name}",
            )
        raise DefinitionError(f"no measure is named '{name}'", remedy=neighbours(name, catalogue))
    return catalogue[name]


def family_named(name: str, catalogue: Mapping[str, Measure] = CATALOGUE) -> tuple[Measure, ...]:
    """Return every definition of one word, in the catalogue's order.

    Example:
        >>> len(family_named("occupancy"))
        3
    """
    found = tuple(each for each in catalogue.values() if each.family == name)
    if not found:
        families = {each.family for each in catalogue.values() if each.family}
        raise DefinitionError(f"no family of measures is named '{name}'", remedy=neighbours(name, families))
    return found


def extended(own: Iterable[Measure]) -> Mapping[str, Measure]:
    """Return the catalogue with a project's own measures.

    Raises:
        DefinitionError: a project's measure takes a name of the catalogue.
    """
    made = dict(CATALOGUE)
    for each in own:
        if each.name in made:
            raise DefinitionError(
                f"'{each.name}' is already a measure of the catalogue",
                remedy="give the project's own measure another name: a changed definition is a new measure",
            )
        made[each.name] = each
    return made

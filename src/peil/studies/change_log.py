"""The change log: when a definition, a system or a way of counting changed, so that it is not taken for a change of customers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from peil.errors import DefinitionError, neighbours
from peil.measures.catalogue import CATALOGUE
from peil.terms import Label
from peil.yaml_file import text_of, tree_of

EVERYTHING = "everything"
_KNOWN = ("on", "measures", "what")
_LANGUAGES = ("en", "nl")


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionChange:
    """One entry of a change log.

    Parameters:
        on: the first day on which it held.
        what: what changed, such as another routing, another vendor's count, or other opening hours.
        measures: names of the measures that it touches, or of their families; none of them means everything.

    Example:
        >>> moved = DefinitionChange(on=date(2020, 6, 1), what=Label("new vendor", "nieuwe leverancier"), measures=("nps",))
        >>> moved.touches("nps"), moved.touches("abandonment"), moved.touches("promoter_share", family="nps")
        (True, False, True)
    """

    on: date
    what: Label
    measures: tuple[str, ...] = ()

    def touches(self, measure: str, family: str = "") -> bool:
        """Return whether a measure, by its name or its family, is touched."""
        return not self.measures or measure in self.measures or bool(family and family in self.measures)


def entries(told: Iterable[Mapping[str, Any]], *, known: Iterable[str] | None = None) -> tuple[DefinitionChange, ...]:
    """Return a change log from plain data, oldest entry first.

    Parameters:
        told: a mapping an entry: ``on`` a day, ``what`` a text or one in each language, ``measures`` a list of names, one
            name, or ``everything``.
        known: names of measures and families that there are; those of the catalogue, if left out.

    Raises:
        DefinitionError: an entry has no day or no text, or names what does not exist.

    Example:
        >>> made = entries([{"on": "2020-06-01", "what": "abandons under 5 s no longer count", "measures": ["abandonment"]}])
        >>> made[0].on.isoformat(), made[0].measures
        ('2020-06-01', ('abandonment',))
    """
    names = _names() if known is None else frozenset(known)
    return tuple(sorted((_entry(place, each, names) for place, each in enumerate(told, 1)), key=lambda one: one.on))


def read_changes(path: Path, *, known: Iterable[str] | None = None) -> tuple[DefinitionChange, ...]:
    """Return the change log kept in a YAML file: a list, or a setting ``changes`` that holds one.

    Parameters:
        path: the file.
        known: as in ``entries``.

    Raises:
        SourceError: the file is not there, or is not YAML.
        DefinitionError: as in ``entries``.
    """
    tree = tree_of(text_of(path, holds="changes"), path.name)
    listed = tree.get("changes", []) if isinstance(tree, CommentedMap) else tree
    if not isinstance(listed, CommentedSeq | list):
        raise DefinitionError(f"{path.name} holds no list of changes", remedy="write '- on: 2020-06-01' and 'what: …'")
    return entries(listed, known=known)


def touching(
    changes: Sequence[DefinitionChange], measure: str, begins: date, until: date, *, family: str = ""
) -> tuple[DefinitionChange, ...]:
    """Return the entries that touch a measure between two days: after the first, and before the second.

    Example:
        >>> log = entries([{"on": "2019-06-01", "what": "a"}, {"on": "2021-06-01", "what": "b"}])
        >>> [each.what.en for each in touching(log, "nps", date(2018, 1, 1), date(2020, 1, 1))]
        ['a']
    """
    return tuple(each for each in changes if begins < each.on < until and each.touches(measure, family))


def _names() -> frozenset[str]:
    return frozenset(CATALOGUE) | {each.family for each in CATALOGUE.values() if each.family}


def _entry(place: int, told: Mapping[str, Any], names: frozenset[str]) -> DefinitionChange:
    if not isinstance(told, Mapping):
        raise DefinitionError(f"entry {place} of the change log is no setting", remedy="write 'on', 'what', 'measures'")
    for key in told:
        if key not in _KNOWN:
            raise DefinitionError(
                f"entry {place} of the change log has no setting '{key}'", remedy=neighbours(str(key), _KNOWN)
            )
    measures = told.get("measures", EVERYTHING)
    listed = () if measures == EVERYTHING else (measures,) if isinstance(measures, str) else tuple(measures)
    for each in listed:
        if each not in names:
            raise DefinitionError(
                f"entry {place} of the change log: no measure or family is named '{each}'",
                remedy=neighbours(each, names),
            )
    return DefinitionChange(on=_day(place, told.get("on")), what=_what(place, told.get("what")), measures=listed)


def _day(place: int, told: object) -> date:
    if isinstance(told, date):
        return date(told.year, told.month, told.day)
    try:
        return date.fromisoformat(str(told))
    except ValueError:
        raise DefinitionError(
            f"entry {place} of the change log has no day", remedy="write it as 'on: 2020-06-01'"
        ) from None


def _what(place: int, told: object) -> Label:
    if isinstance(told, Label):
        return told
    texts = [str(told.get(each) or "") for each in _LANGUAGES] if isinstance(told, Mapping) else [str(told or "")] * 2
    if not any(texts):
        raise DefinitionError(
            f"entry {place} of the change log does not say what changed", remedy="write it as 'what: …'"
        )
    return Label(texts[0] or texts[1], texts[1] or texts[0])

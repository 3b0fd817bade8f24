"""Reading a register from YAML; every fault is told as file:line:column, with what to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from peil.errors import DefinitionError, SourceError, neighbours
from peil.measures.catalogue import CATALOGUE
from peil.measures.measure import Measure
from peil.studies.trend_register.entry import Evidence, Expected, Register, Rule, Source, Trend
from peil.yaml_file import Fault, faults_of, plain, text_of, told, tree_of

SHIPPED = "register.yaml"
_REMEDY = (
    "a claim is registered with a rule that settles it: 'measure' names a measure ('peil measures' lists them) with 'during', "
    "or 'figure' and 'publisher' say what somebody counts; 'holds' and 'than' say when it is so"
)
_PARTS: Mapping[str, type] = {"rule": Rule, "evidence": Evidence, "expects": Expected}
T = TypeVar("T", Source, Trend)


def shipped() -> Register:
    """Return the register that comes with Peil: what two Dutch trade articles and their follow-ups claim and forecast.

    Example:
        >>> found = shipped()
        >>> sorted({each.kind for each in found.trends})
        ['forecast', 'measured', 'perceived', 'recall', 'wave']
    """
    return read_text(files(__package__).joinpath(SHIPPED).read_text(encoding="utf-8"), SHIPPED)


def read(path: Path, *, catalogue: Mapping[str, Measure] = CATALOGUE) -> Register:
    """Return the register in a file.

    Parameters:
        path: of a YAML file with ``sources`` and ``trends``.
        catalogue: measures that rules may name.

    Raises:
        SourceError: it cannot be read.
        DefinitionError: it has faults; each is told as file:line:column.
    """
    return read_text(text_of(path, holds="trends"), path.name, catalogue=catalogue)


def read_text(text: str, name: str = "trends.yaml", *, catalogue: Mapping[str, Measure] = CATALOGUE) -> Register:
    r"""Return the register written in ``text``.

    Parameters:
        text: YAML 1.2.
        name: how to call it in messages.
        catalogue: measures that rules may name.

    Raises:
        SourceError: it is no YAML, or holds no list of trends.
        DefinitionError: it has faults; each is told as file:line:column.

    Example:
        >>> read_text("trends:\n- {id: a, claim: {en: a, nl: a}, kind: wave, source: s, made_on: 2020-01-01, due_on: 2021-01-01}")
        Traceback (most recent call last):
        ...
        peil.errors.DefinitionError: trends.yaml:2:3: rule: is needed here
          remedy: a claim is registered with a rule that settles it: 'measure' names a measure ('peil measures' lists them) with 'during', or 'figure' and 'publisher' say what somebody counts; 'holds' and 'than' say when it is so
    """
    tree = tree_of(text, name)
    if not isinstance(tree, CommentedMap) or not isinstance(tree.get("trends"), CommentedSeq):
        raise SourceError(f"{name}:1:1: there is no list of trends", remedy="write 'trends:' and a list under it")
    settings = ("sources", "trends")
    faults: list[Fault] = [
        (*tree.lc.key(key), f"{key}: there is no such setting; {neighbours(str(key), settings)}")
        for key in tree
        if key not in settings
    ]
    sources = _listed(tree, "sources", Source, faults)
    trends = _listed(tree, "trends", Trend, faults)
    faults += _names(sources, trends, catalogue)
    if faults:
        raise DefinitionError(told(faults, name), remedy=_REMEDY)
    return Register(trends=tuple(each for each, _ in trends), sources={each.id: each for each, _ in sources}, name=name)


def _names(
    sources: list[tuple[Source, CommentedMap]],
    trends: list[tuple[Trend, CommentedMap]],
    catalogue: Mapping[str, Measure],
) -> list[Fault]:
    """Return the names that nothing bears."""
    known = {each.id for each, _ in sources}
    asked = [(node, "cites", each, known) for source, node in sources for each in source.cites]
    for trend, node in trends:
        asked.append((node, "source", trend.source, known))
        asked += [(node["evidence"][place], "source", each.source, known) for place, each in enumerate(trend.evidence)]
    faults = [_unknown(node, key, each, names, "source") for node, key, each, names in asked if each not in names]
    measures = set(catalogue)
    for trend, node in trends:
        for key in ("measure", "against"):
            each = getattr(trend.rule, key)
            if each and each not in measures:
                faults.append(_unknown(node["rule"], key, each, measures, "measure"))
    return faults


def _unknown(node: CommentedMap, key: str, asked: str, known: Collection[str], what: str) -> Fault:
    line, column = node.lc.key(key)
    near = neighbours(asked, known) if known else "list it under 'sources'"
    return line, column, f"{key}: no {what} is named '{asked}'; {near}"


def _listed(tree: CommentedMap, key: str, of: type[T], faults: list[Fault]) -> list[tuple[T, CommentedMap]]:
    listed = tree.get(key, CommentedSeq())
    if not isinstance(listed, CommentedSeq):
        faults.append((*tree.lc.key(key), f"{key}: should be a list"))
        return []
    adapter: TypeAdapter[T] = TypeAdapter(of)
    found: list[tuple[T, CommentedMap]] = []
    names: set[str] = set()
    for place, node in enumerate(listed):
        start: tuple[int, int] = listed.lc.item(place)
        if not isinstance(node, CommentedMap):
            faults.append((*start, f"{key}: an entry is a list of settings such as 'id: …'"))
            continue
        try:
            made = adapter.validate_python(plain(node))
        except ValidationError as refused:
            faults += faults_of(refused.errors(include_url=False), node, partial(_known, of=of), start)
            continue
        if made.id in names:
            faults.append((*start, f"id: '{made.id}' is there twice"))
        names.add(made.id)
        found.append((made, node))
    return found


def _known(steps: Sequence[str | int], of: type) -> list[str]:
    """Return the settings that there are where a fault stands."""
    if "claim" in steps[:-1] or "figure" in steps[:-1]:
        return ["en", "nl"]
    part = next((_PARTS[str(each)] for each in reversed(steps[:-1]) if str(each) in _PARTS), of)
    return [each.name for each in fields(part)]

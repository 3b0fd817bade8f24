"""Reading a register from YAML; every fault is told as file:line:column, with what to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from peil.errors import DefinitionError, SourceError, neighbours
from peil.measures.catalogue import CATALOGUE
from peil.measures.measure import Measure
from peil.studies.trend_register.entry import Evidence, Expected, Register, Rule, Source, Trend

SHIPPED = "register.yaml"
_REMEDY = (
    "a claim is registered with a rule that settles it: 'measure' names a measure ('peil measures' lists them) with 'during', "
    "or 'figure' and 'publisher' say what somebody counts; 'holds' and 'than' say when it is so"
)
_PARTS: Mapping[str, type] = {"rule": Rule, "evidence": Evidence, "expects": Expected}
T = TypeVar("T", Source, Trend)
Fault = tuple[int, int, str]


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
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SourceError(f"there is no file {path.name}", remedy="give the path of a YAML file of trends") from None
    except UnicodeDecodeError:
        raise SourceError(f"{path.name}: the file is not UTF-8", remedy="save it as UTF-8") from None
    return read_text(text, path.name, catalogue=catalogue)


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
    tree = _tree(text, name)
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
        told = "\n".join(f"{name}:{line + 1}:{column + 1}: {says}" for line, column, says in sorted(set(faults)))
        raise DefinitionError(told, remedy=_REMEDY)
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


def _tree(text: str, name: str) -> CommentedMap:
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise SourceError(
            f"{where}: {fault.problem or 'this is not YAML'}", remedy="check indentation and quotes"
        ) from None
    except (YAMLError, ValueError):
        raise SourceError(f"{name}: this is not YAML", remedy="check indentation, quotes and days") from None
    if not isinstance(tree, CommentedMap) or not isinstance(tree.get("trends"), CommentedSeq):
        raise SourceError(f"{name}:1:1: there is no list of trends", remedy="write 'trends:' and a list under it")
    return tree


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
            made = adapter.validate_python(_plain(node))
        except ValidationError as fault:
            faults += [_told(each, node, of, start) for each in fault.errors(include_url=False)]
            continue
        if made.id in names:
            faults.append((*start, f"id: '{made.id}' is there twice"))
        names.add(made.id)
        found.append((made, node))
    return found


def _told(error: Mapping[str, Any], node: CommentedMap, of: type, start: tuple[int, int]) -> Fault:
    says = str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "should be")
    path = [each for each in error["loc"] if each != "[key]"]
    here: Any = node
    line, column = start
    for each in path:
        if isinstance(here, CommentedMap) and each in here:
            line, column = here.lc.key(each)
        elif isinstance(here, CommentedSeq) and isinstance(each, int) and each < len(here):
            line, column = here.lc.item(each)
        else:
            break
        here = here[each]
    if error["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        part = next((_PARTS[str(each)] for each in reversed(path[:-1]) if str(each) in _PARTS), of)
        known = ["en", "nl"] if "claim" in path[:-1] or "figure" in path[:-1] else [each.name for each in fields(part)]
        says = "there is no such setting; " + neighbours(str(path[-1]), known)
    elif error["type"] in {"missing", "missing_argument"}:
        says = "is needed here"
    name = ".".join(str(each) for each in path)
    return line, column, f"{name}: {says}" if name else says


def _plain(node: Any) -> Any:  # noqa: ANN401  # whatever YAML holds
    """Return YAML as plain data; editions are text, even where they look like years."""
    if isinstance(node, dict):
        plain = {(key if isinstance(key, float) else str(key)): _plain(value) for key, value in node.items()}
        if "edition" in plain:
            plain["edition"] = str(plain["edition"])
        return plain
    if isinstance(node, list):
        return [_plain(each) for each in node]
    return node

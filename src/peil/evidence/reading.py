"""Reading figures from a YAML file, with every fault told as file:line:column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from peil.errors import SourceError, neighbours
from peil.evidence.figure import Figure, Sample

ARTICLES = "articles.yaml"
SETTINGS = ("figures", "samples")
_REMEDY = "a figure has id, claim, about, audience, kind, sort and source; the rest makes it worth something"

T = TypeVar("T", Figure, Sample)


def articles() -> tuple[Figure, ...]:
    """Return the figures that come with Peil: two Dutch trade articles of 2019 and 2021, and the press about them.

    Example:
        >>> sorted({each.source for each in articles()})
        ['article_a', 'article_b', 'press']
    """
    return read_text(files("peil.evidence").joinpath(ARTICLES).read_text(encoding="utf-8"), ARTICLES)


def read(path: Path) -> tuple[Figure, ...]:
    """Return the figures in a file.

    Raises:
        SourceError: it cannot be read, or has faults; each is told as file:line:column.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SourceError(f"there is no file {path.name}", remedy="give the path of a YAML file of figures") from None
    except UnicodeDecodeError:
        raise SourceError(f"{path.name}: the file is not UTF-8", remedy="save it as UTF-8") from None
    return read_text(text, path.name)


def read_text(text: str, name: str = "figures.yaml") -> tuple[Figure, ...]:
    r"""Return the figures written in ``text``.

    Parameters:
        text: YAML 1.2, with ``samples`` and ``figures``.
        name: how to call it in messages.

    Raises:
        SourceError: it has faults; each is told as file:line:column.

    Example:
        >>> read_text("figures:\n- id: a\n  claims: b\n")
        Traceback (most recent call last):
        ...
        peil.errors.SourceError: figures.yaml:2:3: about: is needed here
        figures.yaml:2:3: audience: is needed here
        figures.yaml:2:3: claim: is needed here
        figures.yaml:2:3: kind: is needed here
        figures.yaml:2:3: sort: is needed here
        figures.yaml:2:3: source: is needed here
        figures.yaml:3:3: claims: there is no such setting; did you mean 'claim'?
          remedy: a figure has id, claim, about, audience, kind, sort and source; the rest makes it worth something
    """
    tree = _tree(text, name)
    faults: list[tuple[int, int, str]] = []
    for key in tree:
        if key not in SETTINGS:
            line, column = tree.lc.key(key)
            faults.append((line, column, f"{key}: there is no such setting; {neighbours(str(key), SETTINGS)}"))
    samples = {each.id: each for each in _listed(tree, "samples", Sample, {}, faults)}
    figures = _listed(tree, "figures", Figure, samples, faults)
    if not faults:
        known = {each.id for each in figures}
        for place, each in enumerate(figures):
            node = tree["figures"][place]
            for other in each.relates:
                if other not in known:
                    line, column = node.lc.key("relates")
                    faults.append((line, column, f"relates: no figure is named '{other}'; {neighbours(other, known)}"))
    if faults:
        told = "\n".join(f"{name}:{line + 1}:{column + 1}: {says}" for line, column, says in sorted(set(faults)))
        raise SourceError(told, remedy=_REMEDY)
    return tuple(figures)


def _tree(text: str, name: str) -> CommentedMap:
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise SourceError(
            f"{where}: {fault.problem or 'this is not YAML'}", remedy="check indentation and quotes"
        ) from None
    except YAMLError:
        raise SourceError(f"{name}: this is not YAML", remedy="check indentation and quotes") from None
    if not isinstance(tree, CommentedMap) or not isinstance(tree.get("figures"), CommentedSeq):
        raise SourceError(f"{name}:1:1: there is no list of figures", remedy="write 'figures:' and a list under it")
    return tree


def _listed(
    tree: CommentedMap, key: str, of: type[T], samples: Mapping[str, Sample], faults: list[tuple[int, int, str]]
) -> list[T]:
    listed = tree.get(key, ())
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        faults.append((*tree.lc.key(key), f"{key}: should be a list"))
        return []
    adapter: TypeAdapter[T] = TypeAdapter(of)
    found: list[T] = []
    names: set[str] = set()
    for place, node in enumerate(listed):
        start: tuple[int, int] = tree[key].lc.item(place)
        if not isinstance(node, CommentedMap):
            faults.append((*start, f"{key}: an entry is a list of settings such as 'id: …'"))
            continue
        plain = _plain(node)
        if of is Figure and "sample" in plain:
            asked = str(plain["sample"])
            if asked not in samples:
                line, column = node.lc.key("sample")
                faults.append((line, column, f"sample: no sample is named '{asked}'; {neighbours(asked, samples)}"))
                continue
            plain["sample"] = samples[asked]
        try:
            made = adapter.validate_python(plain)
        except ValidationError as fault:
            faults += [_told(each, node, of, start) for each in fault.errors(include_url=False)]
            continue
        if made.id in names:
            faults.append((*start, f"id: '{made.id}' is there twice"))
        names.add(made.id)
        found.append(made)
    return found


def _told(error: Mapping[str, Any], node: CommentedMap, of: type[T], start: tuple[int, int]) -> tuple[int, int, str]:
    says = str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "should be")
    path = [str(each) for each in error["loc"]]
    last = path[-1] if path else ""
    if error["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        known = [each.name for each in fields(of)] if len(path) == 1 else ["en", "nl"]
        says = "there is no such setting; " + neighbours(last, known)
    elif error["type"] in {"missing", "missing_argument"}:
        says = "is needed here"
    line, column = node.lc.key(path[0]) if path and path[0] in node else start
    return line, column, f"{'.'.join(path)}: {says}" if path else says


def _plain(node: Any) -> Any:  # noqa: ANN401  # whatever YAML holds
    """Return YAML as plain data; editions are text, even where they look like years."""
    if isinstance(node, dict):
        plain = {str(key): _plain(value) for key, value in node.items()}
        if "edition" in plain:
            plain["edition"] = str(plain["edition"])
        if "editions" in plain and isinstance(plain["editions"], list):
            plain["editions"] = [str(each) for each in plain["editions"]]
        return plain
    if isinstance(node, list):
        return [_plain(each) for each in node]
    return node

"""YAML files, read so that every fault in them can be told as file:line:column."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from peil.errors import PeilError, SourceError, neighbours

# line and column from nought, and what is wrong there
Fault = tuple[int, int, str]
_UNKNOWN = frozenset({"extra_forbidden", "unexpected_keyword_argument"})
_MISSING = frozenset({"missing", "missing_argument"})


def text_of(path: Path, *, holds: str, refused: type[PeilError] = SourceError) -> str:
    """Return the text of a file.

    Parameters:
        path: the file.
        holds: what should be in it, for the remedy.
        refused: the error to raise.

    Raises:
        PeilError: it is not there, or not in UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise refused(f"there is no file {path.name}", remedy=f"give the path of a YAML file of {holds}") from None
    except UnicodeDecodeError:
        raise refused(f"{path.name}: the file is not UTF-8", remedy="save it as UTF-8") from None


def tree_of(text: str, name: str, *, refused: type[PeilError] = SourceError) -> Any:  # noqa: ANN401  # whatever YAML holds
    r"""Return what is written in a text, with its places.

    Parameters:
        text: YAML 1.2.
        name: how to call it in messages.
        refused: the error to raise.

    Raises:
        PeilError: it is not YAML.

    Example:
        >>> tree_of("a: [1", "peil.yaml")
        Traceback (most recent call last):
        ...
        peil.errors.SourceError: peil.yaml:1:6: expected ',' or ']', but got '<stream end>'
          remedy: check indentation and quotes
    """
    try:
        return YAML(typ="rt").load(text)
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise refused(
            f"{where}: {fault.problem or 'this is not YAML'}", remedy="check indentation and quotes"
        ) from None
    except (YAMLError, ValueError):  # a ValueError is a day that does not exist
        raise refused(f"{name}: this is not YAML", remedy="check indentation, quotes and days") from None


def plain(node: Any) -> Any:  # noqa: ANN401  # whatever YAML holds
    """Return YAML as plain data: keys as text (a day may be one), dates and times as they were written."""
    if isinstance(node, Mapping):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(each) for each in node]
    return node if isinstance(node, (bool, int, float, type(None))) else str(node)


def place(node: CommentedMap, steps: Sequence[str | int], start: tuple[int, int] = (0, 0)) -> tuple[int, int, str]:
    """Return line and column of a setting, and its path as far as the file goes.

    Steps that only a model knows, such as a union's tag, are passed over; the last one may be a setting that is missing.

    Parameters:
        node: where to begin.
        steps: keys and places in lists.
        start: line and column of ``node``.
    """
    here: Any = node
    line, column = start
    path: list[str] = []
    for at, step in enumerate(steps):
        if isinstance(here, CommentedMap) and (key := _key(here, step)) is not None:
            line, column = here.lc.key(key)
            here = here[key]
        elif isinstance(here, CommentedSeq) and isinstance(step, int) and step < len(here):
            line, column = here.lc.item(step)
            here = here[step]
        elif at < len(steps) - 1 or not isinstance(here, CommentedMap):
            continue
        path.append(str(step))
    return line, column, ".".join(path)


def _key(node: CommentedMap, step: str | int) -> Any:  # noqa: ANN401  # a key may be a number or a day
    return step if step in node else next((key for key in node if str(key) == str(step)), None)


def fault(
    error: Mapping[str, Any],
    node: CommentedMap,
    known: Collection[str],
    start: tuple[int, int] = (0, 0),
) -> Fault:
    """Return a fault that pydantic found, with its place.

    Parameters:
        error: one of its ``errors()``.
        node: what was validated.
        known: the settings that there are where it stands.
        start: line and column of ``node``.
    """
    steps = [each for each in error["loc"] if each != "[key]"]
    line, column, path = place(node, steps, start)
    says = str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "should be")
    if error["type"] in _UNKNOWN:
        says = "there is no such setting; " + neighbours(str(steps[-1]), known)
    elif error["type"] in _MISSING:
        says = "is needed here"
    return line, column, f"{path}: {says}" if path else says


def told(faults: Iterable[Fault], name: str) -> str:
    """Return faults one a line, in the order of the file, each once.

    Parameters:
        faults: line, column and what is wrong.
        name: of the file.

    Example:
        >>> told([(4, 2, "b: should be a list"), (0, 0, "a: is needed here")], "peil.yaml").splitlines()
        ['peil.yaml:1:1: a: is needed here', 'peil.yaml:5:3: b: should be a list']
    """
    return "\n".join(f"{name}:{line + 1}:{column + 1}: {says}" for line, column, says in sorted(set(faults)))

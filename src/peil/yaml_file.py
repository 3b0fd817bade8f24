"""YAML files, read so that every fault in them can be told as file:line:column."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
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
# a list of which an entry is wrong is told to be too short as well
_OF_A_LIST = frozenset({"too_short"})
_SETTINGS, _LIST = "should be settings by name, as {name: value}", "should be a list, as [one, another]"
_PLAINLY = (
    ("string_type", "should be text"),
    ("int_", "should be a whole number"),
    ("float_", "should be a number"),
    ("bool_", "should be true or false"),
    ("date_from_", "should be a day, as 2024-05-31"),
    ("date_parsing", "should be a day, as 2024-05-31"),
    ("date_type", "should be a day, as 2024-05-31"),
    ("tuple_type", _LIST),
    ("list_type", _LIST),
    ("dict_type", _SETTINGS),
    ("mapping_type", _SETTINGS),
    ("dataclass_type", _SETTINGS),
    ("model_type", _SETTINGS),
    ("model_attributes_type", _SETTINGS),
)


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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a setting stands.

    Parameters:
        line, column: from nought.
        steps: keys and places in lists, as far as the file goes.
        whole: whether the last step that was asked for is in the file.
    """

    line: int
    column: int
    steps: tuple[str, ...]
    whole: bool

    @property
    def path(self) -> str:
        """The steps with points between them."""
        return ".".join(self.steps)


def place(node: CommentedMap, steps: Sequence[str | int], start: tuple[int, int] = (0, 0)) -> Place:
    r"""Return where a setting stands; steps that only a model knows, such as a union's tag, are passed over.

    Parameters:
        node: where to begin.
        steps: keys and places in lists.
        start: line and column of ``node``.

    Example:
        >>> tree = tree_of("sources:\n  - {kind: table, table: legs}\n", "peil.yaml")
        >>> place(tree, ("sources", 0, "table", "table")).steps
        ('sources', '0', 'table')
    """
    here: Any = node
    line, column = start
    path: list[str] = []
    whole = True
    before: str | int = ""
    for step in steps:
        whole = True
        if isinstance(here, CommentedMap) and isinstance(before, int) and str(here.get("kind")) == step:
            pass  # the tag of an entry, which may be the name of one of its settings too
        elif isinstance(here, CommentedMap) and (key := _key(here, step)) is not None:
            line, column = here.lc.key(key)
            here = here[key]
            path.append(str(step))
        elif isinstance(here, CommentedSeq) and isinstance(step, int) and step < len(here):
            line, column = here.lc.item(step)
            here = here[step]
            path.append(str(step))
        else:
            whole = False
        before = step
    return Place(line, column, tuple(path), whole)


def _key(node: CommentedMap, step: str | int) -> Any:  # noqa: ANN401  # a key may be a number or a day
    return step if step in node else next((key for key in node if str(key) == str(step)), None)


def faults_of(
    errors: Sequence[Mapping[str, Any]],
    node: CommentedMap,
    known: Callable[[Sequence[str | int]], Collection[str]],
    start: tuple[int, int] = (0, 0),
) -> list[Fault]:
    """Return the faults that pydantic found, with their places: where a setting may be several things, as one.

    Parameters:
        errors: its ``errors()``.
        node: what was validated.
        known: gives the settings that there are, from the steps to one that there is not.
        start: line and column of ``node``.
    """
    steps = [tuple(step for step in each["loc"] if step != "[key]") for each in errors]
    every = [(each, loc, place(node, loc, start)) for each, loc in zip(errors, steps, strict=True)]
    made: dict[tuple[int, int, str], list[str]] = {}
    for error, loc, at in every:
        missing = error["type"] in _MISSING
        # a setting that may be several things: what is wrong with the one that was meant says more
        choice = not at.whole and not missing
        beyond = loc[:-1] if choice else loc
        if (choice or error["type"] in _OF_A_LIST) and any(
            len(other) > len(loc) and other[: len(beyond)] == beyond for other in steps
        ):
            continue
        path = ".".join((*at.steps, str(loc[-1]))) if missing and loc else at.path
        made.setdefault((at.line, at.column, path), []).append(_says(error, loc, known))
    return [
        (line, column, ": ".join(filter(None, (path, _either(says))))) for (line, column, path), says in made.items()
    ]


def _says(
    error: Mapping[str, Any], loc: Sequence[str | int], known: Callable[[Sequence[str | int]], Collection[str]]
) -> str:
    kind = str(error["type"])
    if kind in _UNKNOWN:
        return "there is no such setting; " + neighbours(str(loc[-1]), known(loc))
    if kind in _MISSING:
        return "is needed here"
    plainly = next((says for start, says in _PLAINLY if kind.startswith(start)), None)
    return plainly or str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "should be")


def _either(says: Sequence[str]) -> str:
    first, *others = dict.fromkeys(says)
    return ", or ".join([first, *(each.removeprefix("should be ") for each in others)])


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

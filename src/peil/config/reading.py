"""Reading ``peil.yaml``: every fault told as file:line:column."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from peil.config.configuration import Configuration
from peil.errors import PeilError, SourceError, neighbours

FILE_NAME = "peil.yaml"


class ConfigurationError(PeilError):
    """The configuration is not right; carries every fault, one a line."""


def find(given: Path | None = None) -> Path:
    """Return the configuration to use: the one given, ``PEIL_CONFIG``, or the nearest ``peil.yaml`` upward.

    Raises:
        SourceError: there is none.
    """
    asked = given or (Path(os.environ["PEIL_CONFIG"]) if "PEIL_CONFIG" in os.environ else None)
    if asked:
        path = asked / FILE_NAME if asked.is_dir() else asked
        if not path.is_file():
            raise SourceError(f"there is no configuration at {path}", remedy="'peil init FOLDER' makes one")
        return path
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise SourceError(f"there is no {FILE_NAME} in this folder or above it", remedy="'peil init' makes one here")


def read(path: Path) -> Configuration:
    """Return the configuration in ``path``, checked.

    Raises:
        ConfigurationError: it has faults; each is told as file:line:column.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path.name}: the file is not UTF-8", remedy="save it as UTF-8") from None
    return read_text(text, path.name)


def read_text(text: str, name: str = FILE_NAME) -> Configuration:
    r"""Return the configuration written in ``text``.

    Parameters:
        text: YAML 1.2.
        name: how to call it in messages.

    Raises:
        ConfigurationError: it has faults; each is told as file:line:column.

    Example:
        >>> read_text("name: shop\ncountry: NO\n").country
        'NO'
        >>> read_text("name: shop\ncuntry: NL\n")
        Traceback (most recent call last):
        ...
        peil.config.reading.ConfigurationError: peil.yaml:2:1: cuntry: there is no such setting; did you mean 'country'?
    """
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise ConfigurationError(
            f"{where}: {fault.problem or 'this is not YAML'}", remedy="check indentation and quotes"
        ) from None
    except YAMLError:
        raise ConfigurationError(f"{name}: this is not YAML", remedy="check indentation and quotes") from None
    if not isinstance(tree, CommentedMap):
        raise ConfigurationError(f"{name}:1:1: a configuration is a list of settings such as 'name: shop'")
    _known_zones(tree, name)
    plain: dict[str, Any] = _plain(tree)
    for each in plain.get("sources") or []:
        if isinstance(each, dict):
            each.setdefault("organisation", plain.get("organisation", ""))
            each.setdefault("zone", plain.get("zone", "Europe/Amsterdam"))
    try:
        return Configuration.model_validate(plain)
    except ValidationError as fault:
        told = sorted(_told(each, tree, name) for each in fault.errors(include_url=False))  # type: ignore[arg-type]  # pydantic's own typed dict
        raise ConfigurationError("\n".join(text for _, text in told)) from None
    except PeilError as fault:
        raise ConfigurationError(f"{name}: {fault.what}", remedy=fault.remedy) from None


def _plain(node: Any) -> Any:  # noqa: ANN401  # whatever YAML holds
    """Return YAML as plain data: keys as text (a day may be one), dates and times as they were written."""
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(each) for each in node]
    return node if isinstance(node, (bool, int, float, type(None))) else str(node)


def _known_zones(tree: CommentedMap, name: str) -> None:
    """Refuse a time zone that does not exist, wherever one is named, before anything is made with it."""
    places: list[tuple[str, Any]] = [("", tree)]
    for key in ("sources", "calendars"):
        listed = tree.get(key)
        places += (
            [(f"{key}.{place}.", each) for place, each in enumerate(listed)] if isinstance(listed, CommentedSeq) else []
        )
    zones = available_timezones()
    told = []
    for path, node in places:
        if isinstance(node, CommentedMap) and "zone" in node and str(node["zone"]) not in zones:
            line, column = node.lc.key("zone")
            zone = str(node["zone"])
            told.append(
                f"{name}:{line + 1}:{column + 1}: {path}zone: '{zone}' is not a time zone; {neighbours(zone, zones)}"
            )
    if told:
        raise ConfigurationError("\n".join(told))


def _told(error: dict[str, Any], tree: CommentedMap, name: str) -> tuple[tuple[int, int], str]:
    line, column, path = _position(tree, error["loc"])
    says = str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "should be")
    last = str(error["loc"][-1]) if error["loc"] else ""
    if error["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        says = "there is no such setting; " + neighbours(last, _known(error["loc"][:-1]))
    elif error["type"] == "missing":
        says = "is needed here"
    elif error["type"] == "union_tag_invalid":
        context = error["ctx"]
        known = re.findall(r"'([^']+)'", str(context["expected_tags"]))
        path, says = (
            f"{path}.kind",
            f"'{context['tag']}' is no kind of source; " + neighbours(str(context["tag"]), known),
        )
    return (line, column), f"{name}:{line + 1}:{column + 1}: {path}: {says}"


def _position(tree: CommentedMap, loc: Sequence[str | int]) -> tuple[int, int, str]:
    """Walk as far as the file goes; steps that only the model knows (a union's tag) are passed over."""
    node: Any = tree
    line, column = 0, 0
    path: list[str] = []
    for place, step in enumerate(loc):
        if isinstance(node, CommentedMap) and step in node:
            line, column = node.lc.key(step)
            node = node[step]
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line, column = node.lc.item(step)
            node = node[step]
        elif place < len(loc) - 1:
            continue
        path.append(str(step))
    return line, column, ".".join(path)


def _known(loc: Sequence[str | int]) -> Iterator[str]:
    """Yield the settings that the model allows at ``loc``."""
    schema = json_schema()
    node: Any = schema
    for step in loc:
        node = _resolved(node, schema)
        if "oneOf" in node or "anyOf" in node:
            choices = [_resolved(each, schema) for each in node.get("oneOf", node.get("anyOf"))]
            tagged = [each for each in choices if each.get("properties", {}).get("kind", {}).get("const") == step]
            objects = [each for each in choices if each.get("type") == "object"]
            node = (tagged or objects or choices)[0]
            if tagged:
                continue
        if isinstance(step, int):
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(step, node.get("additionalProperties", node))
    choices = [_resolved(each, schema) for each in _resolved(node, schema).get("anyOf", [node])]
    for each in choices:
        yield from each.get("properties", {})


def _resolved(node: Any, schema: dict[str, Any]) -> Any:  # noqa: ANN401  # a JSON schema is untyped
    while isinstance(node, dict) and "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node if isinstance(node, dict) else {}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``peil.yaml``, for editors."""
    schema = TypeAdapter(Configuration).json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "peil.yaml"
    for each in schema["$defs"].values():
        if "kind" in each.get("properties", {}):
            # both fall back on the project's own
            each["required"] = [key for key in each.get("required", []) if key not in {"organisation", "zone"}]
    return schema

"""Reading ``peil.yaml``: every fault told as file:line:column."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from peil.config.configuration import Configuration
from peil.errors import PeilError, SourceError, neighbours
from peil.yaml_file import Fault, faults_of, place, plain, text_of, told, tree_of

FILE_NAME = "peil.yaml"
_TAGS = frozenset({"union_tag_invalid", "union_tag_not_found"})


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
    return read_text(text_of(path, holds="settings", refused=ConfigurationError), path.name)


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
    tree = tree_of(text, name, refused=ConfigurationError)
    if not isinstance(tree, CommentedMap):
        raise ConfigurationError(f"{name}:1:1: a configuration is a list of settings such as 'name: shop'")
    _known_zones(tree, name)
    settings: dict[str, Any] = plain(tree)
    for each in settings.get("sources") or []:
        if isinstance(each, dict):
            each.setdefault("organisation", settings.get("organisation", ""))
            each.setdefault("zone", settings.get("zone", "Europe/Amsterdam"))
    try:
        return Configuration.model_validate(settings)
    except ValidationError as refused:
        raise ConfigurationError(told(_faults(refused, tree), name)) from None
    except PeilError as refused:
        raise ConfigurationError(f"{name}: {refused.what}", remedy=refused.remedy) from None


def _known_zones(tree: CommentedMap, name: str) -> None:
    """Refuse a time zone that does not exist, wherever one is named, before anything is made with it."""
    places: list[tuple[str, Any]] = [("", tree)]
    for key in ("sources", "calendars"):
        listed = tree.get(key)
        places += (
            [(f"{key}.{place}.", each) for place, each in enumerate(listed)] if isinstance(listed, CommentedSeq) else []
        )
    zones = available_timezones()
    wrong: list[Fault] = []
    for path, node in places:
        if isinstance(node, CommentedMap) and "zone" in node and str(node["zone"]) not in zones:
            line, column = node.lc.key("zone")
            zone = str(node["zone"])
            wrong.append((line, column, f"{path}zone: '{zone}' is not a time zone; {neighbours(zone, zones)}"))
    if wrong:
        raise ConfigurationError(told(wrong, name))


def _faults(refused: ValidationError, tree: CommentedMap) -> list[Fault]:
    errors = refused.errors(include_url=False)
    found = faults_of([each for each in errors if each["type"] not in _TAGS], tree, lambda loc: tuple(_known(loc)))
    for each in errors:
        if each["type"] in _TAGS:
            at = place(tree, each["loc"])
            kind = str(each.get("ctx", {}).get("tag", ""))
            says = f"'{kind}' is no kind of source" if kind else "is needed here"
            found.append((at.line, at.column, f"{at.path}.kind: {says}; {neighbours(kind, _kinds())}"))
    return found


def _kinds() -> list[str]:
    properties = (each.get("properties", {}) for each in json_schema()["$defs"].values())
    return [each["kind"]["const"] for each in properties if "const" in each.get("kind", {})]


def _known(loc: Sequence[str | int]) -> Iterator[str]:
    """Yield the settings that the model allows beside the last step of ``loc``."""
    schema = json_schema()
    node: Any = schema
    for step in loc[:-1]:
        node = _resolved(node, schema)
        if "oneOf" in node or "anyOf" in node:
            choices = [_resolved(each, schema) for each in node.get("oneOf", node.get("anyOf"))]
            tagged = [
                each
                for each in choices
                if each.get("properties", {}).get("kind", {}).get("const", each.get("title")) == step
            ]
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

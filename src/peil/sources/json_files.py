"""JSON exports read object by object: JSON lines, objects one after another, or one array."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from peil.sources.source import Fault

DEEPEST = 100
_HEAD = 4_096
_REST = '{"":0'
_MARK = "\ufeff"
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_BETWEEN = re.compile(rf"[\s,\[\]{_MARK}]*")
_BETWEEN_WITHIN = re.compile(r"[\s,]*")
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
_PERSON = re.compile(
    r"(?:agent|user|participant|customer|caller|person|display|target|nick|remote|first|middle|last|full|given|family"
    r"|sur)[_ -]?names?(?:$|displayable)|mail|phone|mobile|birth|postcode|zip_?code",
    re.IGNORECASE,
)


class Part(Enum):
    """What is done with a plain value (text, number, flag or null) of an export."""

    TAKEN = "taken"
    KEPT = "kept"


TAKEN = Part.TAKEN
KEPT = Part.KEPT
Shape: TypeAlias = "Part | Mapping[str, Shape] | tuple[Shape]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One object of a JSON export.

    Parameters:
        line: physical line on which it begins (1-based).
        value: the object.
    """

    line: int
    value: dict[str, Any]


def read_objects(path: Path, *, within: str = "", containing: str = "") -> Iterator[Item | Fault]:
    r"""Yield the objects of a file as they come, holding no more than a few lines of it in memory.

    A physical line that holds several objects, and an object that spans several lines, are each read as
    a whole. What cannot be read is a fault; reading goes on with the next line that can begin an object.

    Parameters:
        path: UTF-8 text.
        within: an object with an array under this key stands for the objects in it.
        containing: pass over whole objects without this text, unread.

    Returns:
        Objects, and faults whose rule begins with ``json.``.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     export = Path(folder, "export.jsonl")
        ...     _ = export.write_text('{"id": 1}\n{"id": 2')
        ...     for each in read_objects(export):
        ...         print(each)
        Item(line=1, value={'id': 1})
        Fault(line=2, rule='json.cut_off', value='the object does not end', column='', table='')
    """
    nothing = True
    for block in _blocks(path):
        nothing = False
        if isinstance(block, Fault):
            yield block
            continue
        text = "".join(block.lines)
        if containing in text:
            yield from _walk(text, block.line, within)
    if nothing:
        yield Fault(line=1, rule="json.empty_file", value="the file is empty")


@dataclass(slots=True, kw_only=True)
class _Block:
    """Whole lines that together may hold whole objects."""

    line: int
    indent: int
    lines: list[str] = field(default_factory=list)
    depth: int = 0


def _blocks(path: Path) -> Iterator[_Block | Fault]:
    block: _Block | None = None
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, 1):
            line = _legible(raw, number)
            if isinstance(line, Fault):
                yield line
                continue
            bare = line.lstrip()
            if not bare:
                continue
            indent = len(line) - len(bare)
            if block and bare.startswith("{") and indent <= block.indent:
                yield block
                block = None
            block = block or _Block(line=number, indent=indent)
            block.lines.append(line)
            outside = _STRING.sub("", line)
            block.depth += _depth(outside)
            if block.depth <= 0 or '"' in outside:
                yield block
                block = None
    if block:
        yield block


def _legible(raw: bytes, line: int) -> str | Fault:
    if b"\0" in raw:
        return Fault(line=line, rule="json.nul_byte", value="the line holds a NUL byte")
    try:
        return raw.decode("utf-8").removeprefix(_MARK)
    except UnicodeDecodeError as wrong:
        return Fault(line=line, rule="json.not_utf8", value=f"byte {wrong.start + 1} of the line")


def _depth(outside: str) -> int:
    return outside.count("{") - outside.count("}")


def _walk(text: str, line: int, within: str) -> Iterator[Item | Fault]:
    """Read the values of a block one after another; commas and brackets are only what stands between them."""
    opening = re.compile(rf'"{re.escape(within)}"\s*:\s*\[') if within else None
    place = counted = 0
    inside = False
    try:
        while (place := _skipped(text, place, inside=inside)) < len(text):
            line += text.count("\n", counted, place)
            counted = place
            if inside and text[place] == "]":
                place += 1 + _DECODER.raw_decode(_REST + text[place + 1 :])[1] - len(_REST)
                inside = False
                continue
            found = opening.search(text, place, place + _HEAD) if opening and not inside else None
            if found and text[place] == "{" and _depth(_STRING.sub("", text[place : found.start()])) == 1:
                inside = True
                place = found.end()
                continue
            value, place = _DECODER.raw_decode(text, place)
            yield from _items(value, text[counted:place], line, within)
        if inside:
            yield Fault(line=line, rule="json.cut_off", value="the object does not end")
    except RecursionError:
        yield Fault(line=line, rule="json.too_deep", value="objects within objects without end")
    except json.JSONDecodeError as wrong:
        yield _unread(wrong, text, line)
    except ValueError:
        yield Fault(line=line, rule="json.not_a_number", value="a number that cannot be written down")


def _skipped(text: str, place: int, *, inside: bool) -> int:
    found = (_BETWEEN_WITHIN if inside else _BETWEEN).match(text, place)
    return found.end() if found else place


def _unread(wrong: json.JSONDecodeError, text: str, line: int) -> Fault:
    if wrong.msg.startswith("Unterminated string") or wrong.pos >= len(text.rstrip()):
        return Fault(line=line, rule="json.cut_off", value="the object does not end")
    return Fault(line=line, rule="json.not_json", value=f"{wrong.msg} (character {wrong.colno} of its line)")


def _items(value: object, text: str, line: int, within: str) -> Iterator[Item | Fault]:
    if not isinstance(value, dict):
        yield _wrong(line, "json.not_an_object", value, "")
    elif _HALF_PAIR.search(text) and not _encodes(value):
        yield Fault(line=line, rule="json.half_a_character", value="half of a surrogate pair")
    elif text.count("{") + text.count("[") > DEEPEST and _deep(value):
        yield Fault(line=line, rule="json.too_deep", value=f"more than {DEEPEST} levels")
    elif within and isinstance(value.get(within), list):
        for each in value[within]:
            yield (
                Item(line=line, value=each)
                if isinstance(each, dict)
                else _wrong(line, "json.not_an_object", each, within)
            )
    else:
        yield Item(line=line, value=value)


def _encodes(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _deep(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
        ]
        if not level:
            return False
    return True


def _finite(text: str) -> float:
    number = float(text)
    if number - number != 0:
        raise ValueError(text)
    return number


def _refused(text: str) -> NoReturn:
    raise ValueError(text)


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_refused, strict=False)


def misfit(value: object, shape: Shape, line: int, where: str = "") -> Fault | None:
    """Return the first place where a value is not of the kind that the source's layout gives it.

    Parameters:
        value: what was read; null fits everywhere.
        shape: ``TAKEN`` or ``KEPT`` for plain values, a mapping for objects, a one-tuple for arrays.
        line: where it stands.
        where: path to the value.

    Returns:
        A fault that names the kind found, never the value; None when everything fits.

    Example:
        >>> misfit({"Queue": 5}, {"Queue": {"Name": TAKEN}}, 3)
        Fault(line=3, rule='json.not_an_object', value='a number', column='Queue', table='')
    """
    if value is None or (isinstance(shape, Part) and not isinstance(value, dict | list)):
        return None
    if isinstance(shape, Part):
        return _wrong(line, "json.not_a_plain_value", value, where)
    if isinstance(shape, tuple):
        if not isinstance(value, list):
            return _wrong(line, "json.not_an_array", value, where)
        inner = [(each, shape[0], "[]") for each in value]
    elif isinstance(value, dict):
        inner = [(value[key], part, f".{key}") for key, part in shape.items() if key in value]
    else:
        return _wrong(line, "json.not_an_object", value, where)
    for each, part, step in inner:
        fault = misfit(each, part, line, where + step)
        if fault is not None:
            return replace(fault, column=fault.column.removeprefix("."))
    return None


def leftover(value: object, shape: Shape = KEPT) -> Any:  # noqa: ANN401  # JSON is untyped
    """Return what a layout does not take, without fields whose name says that they identify a person.

    Parameters:
        value: what was read, after :func:`misfit` found nothing.
        shape: the layout; where it is silent, everything is left over.

    Returns:
        A value of the same build with only the fields left over; None where nothing is.

    Example:
        >>> leftover({"id": 1, "score": 2, "userName": "J. Jansen"}, {"id": TAKEN})
        {'score': 2}
    """
    if shape is TAKEN:
        return None
    if isinstance(value, dict):
        parts: Mapping[str, Shape] = shape if isinstance(shape, Mapping) else {}
        kept = {}
        for key, each in value.items():
            part = parts.get(key)
            if part is TAKEN or each is None or (part is None and _PERSON.search(key)):
                continue
            left = leftover(each, part or KEPT) if isinstance(each, dict | list) else each
            if left is not None:
                kept[key] = left
        return kept or None
    if isinstance(value, list):
        every = [leftover(each, shape[0] if isinstance(shape, tuple) else KEPT) for each in value]
        return [each for each in every if each is not None] or None
    return value


def thousandths(value: object) -> object:
    """Return a number as whole thousandths; anything else as it stood, for the door to judge.

    Example:
        >>> thousandths("4"), thousandths(7.5), thousandths("good")
        (4000, 7500, 'good')
    """
    try:
        number = Decimal(str(value)) * 1000
    except InvalidOperation:
        return value
    small = number.is_finite() and abs(number) < 10**15
    return int(number) if small and number == int(number) else value


def _wrong(line: int, rule: str, value: object, where: str) -> Fault:
    kinds = {dict: "an object", list: "an array", str: "text", bool: "a flag", type(None): "null"}
    return Fault(line=line, rule=rule, value=kinds.get(type(value), "a number"), column=where)

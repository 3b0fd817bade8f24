"""The two files of a Triple-S survey, as they are written: the description, and one line a respondent."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lxml import etree

from peil.errors import DefinitionError

NARROW = "windows-1252"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
ONE_LINE = str.maketrans(dict.fromkeys("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))
_NAME = re.compile(r"[^A-Za-z0-9_.]+")
_FORBIDDEN = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable as it is written.

    Parameters:
        name: in the file.
        sort: type in the standard.
        use: serial or weight.
        texts: language to the question.
        codes: code to label.
        span: lowest and highest value that needs no label.
        literal: codes are texts.
        cells: one text a respondent; empty where nothing was answered.
    """

    name: str
    sort: str
    use: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    span: tuple[str, str] | None = None
    literal: bool = False
    cells: Sequence[str] = ()

    @property
    def width(self) -> int:
        """Columns that the widest answer takes."""
        return max([1, *(len(each) for each in self.cells), *(len(each) for each in self.codes)])


def write_files(variables: Sequence[Variable], survey: str, folder: Path, *, fixed: bool) -> Path:
    """Write a survey's description and its data file, and return the description.

    Parameters:
        variables: in order, each with one text a respondent.
        survey: its name, and so that of the files.
        folder: where they go; it is made if need be.
        fixed: write fixed columns (``.asc``), not CSV; both files are then in Windows-1252, where a letter is a byte.

    Raises:
        DefinitionError: fixed columns are asked for, and an answer has letters of more than one byte.
    """
    named = _distinct(variables)
    if fixed:
        _one_byte_each(named)
    folder.mkdir(parents=True, exist_ok=True)
    stem = _NAME.sub("_", survey) or "survey"
    (_write_fixed if fixed else _write_csv)(named, folder / f"{stem}{'.asc' if fixed else '.csv'}")
    target = folder / f"{stem}.sss"
    target.write_bytes(_described(named, survey, fixed=fixed))
    return target


def _one_byte_each(variables: Sequence[Variable]) -> None:
    """Refuse what has no place in fixed columns: some readers count letters and some bytes, and both must be right."""
    for each in variables:
        for cell in each.cells:
            try:
                cell.encode(NARROW)
            except UnicodeEncodeError:
                raise DefinitionError(
                    f"'{each.name}' holds letters that take more than one byte, and fixed columns are counted in bytes",
                    remedy="write CSV: leave out --fixed",
                ) from None


def _distinct(variables: Sequence[Variable]) -> tuple[Variable, ...]:
    """Give each variable a name that the standard allows and that no other has."""
    taken: set[str] = set()
    found = []
    for each in variables:
        plain = _NAME.sub("_", each.name) or "_"
        plain = plain if plain[0].isalpha() else f"v{plain}"
        name, place = plain, 1
        while name.lower() in taken:
            place += 1
            name = f"{plain}_{place}"
        taken.add(name.lower())
        found.append(replace(each, name=name))
    return tuple(found)


def _described(variables: Sequence[Variable], survey: str, *, fixed: bool) -> bytes:
    languages = sorted({language for each in variables for language in each.texts if language})
    root = etree.Element("sss", version="2.0", **({"languages": " ".join(languages)} if languages else {}))
    etree.SubElement(root, "origin").text = f"Peil {version('peil')}"
    told = etree.SubElement(root, "survey")
    etree.SubElement(told, "name").text = _legible(survey)
    record = etree.SubElement(told, "record", ident="A", **({} if fixed else {"format": "csv", "skip": "1"}))
    start = 1
    for place, each in enumerate(variables, 1):
        finish = start + each.width - 1 if fixed else start
        _describe(record, each, str(place), start, finish)
        start = finish + 1
    if not fixed:
        return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
    # the declaration is what readers go by for the data file; the description itself is written so that any can read it
    declared = f"<?xml version='1.0' encoding='{NARROW}'?>\n".encode()
    return declared + bytes(etree.tostring(root, encoding="ascii", xml_declaration=False, pretty_print=True))


def _describe(record: Any, variable: Variable, ident: str, start: int, finish: int) -> None:  # noqa: ANN401  # lxml is untyped
    options = {"use": variable.use} if variable.use else {}
    if variable.literal:
        options["format"] = "literal"
    made = etree.SubElement(record, "variable", ident=ident, type=variable.sort, **options)
    etree.SubElement(made, "name").text = variable.name
    label = etree.SubElement(made, "label")
    plain = [text for language, text in variable.texts.items() if not language]
    label.text = _legible(plain[0] if plain else "" if variable.texts else variable.name)
    for language, text in variable.texts.items():
        if language:
            etree.SubElement(label, "text", {LANGUAGE: language}).text = _legible(text)
    etree.SubElement(made, "position", start=str(start), finish=str(finish))
    if variable.sort == "character":
        etree.SubElement(made, "size").text = str(variable.width)
    if variable.codes or variable.span:
        values = etree.SubElement(made, "values")
        if variable.span:
            etree.SubElement(values, "range", {"from": variable.span[0], "to": variable.span[1]})
        for code, text in variable.codes.items():
            etree.SubElement(values, "value", code=_legible(code)).text = _legible(text)


def _legible(text: str) -> str:
    """Leave out what XML cannot hold."""
    return _FORBIDDEN.sub("", text)


def _write_csv(variables: Sequence[Variable], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC)
        rows.writerow([each.name for each in variables])
        rows.writerows(zip(*(each.cells for each in variables), strict=True))


def _write_fixed(variables: Sequence[Variable], path: Path) -> None:
    columns = [_aligned(each) for each in variables]
    with path.open("w", encoding=NARROW, newline="") as file:
        file.writelines("".join(row) + "\r\n" for row in zip(*columns, strict=True))


def _aligned(variable: Variable) -> list[str]:
    """Return the answers, each as wide as the widest; a line break within one would begin another respondent."""
    width = variable.width
    if variable.sort not in {"character", "multiple"}:
        return [each.rjust(width) for each in variable.cells]
    return [each.translate(ONE_LINE).ljust(width) for each in variable.cells]

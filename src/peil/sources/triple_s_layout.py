"""What a Triple-S description says: the variables of a survey and where each stands in its data file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from lxml import etree

from peil.errors import SourceError, neighbours
from peil.sources.source import Export

Sort = Literal["single", "multiple", "quantity", "character", "logical", "date", "time"]
SORTS: tuple[str, ...] = ("single", "multiple", "quantity", "character", "logical", "date", "time")
# Lengths of days (20240304) and times (090210), which need not be told.
LENGTHS: Mapping[str, int] = {"date": 8, "time": 6}
MOST_CODES = 10_000
OLD_FORM = re.compile(r"\s*SSS\b", re.IGNORECASE)
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of a Triple-S survey.

    Parameters:
        ident: tells variables of one file apart.
        name: what the survey calls it.
        sort: its type.
        use: ``serial`` numbers respondents, ``weight`` weighs them.
        start, finish: first and last column (or field, in a CSV file), from 1.
        subfields: how many codes a multiple answer holds at most; 0 where each code has its own 0 or 1.
        width: columns of a subfield.
        texts: language to the question as it was put; the language is empty where none is named.
        codes: code to label, in the order of the file.
        ranges: lowest and highest of the codes or amounts that need no label.
        literal: codes are texts, not numbers.
    """

    ident: str
    name: str
    sort: Sort
    use: str = ""
    start: int
    finish: int
    subfields: int = 0
    width: int = 0
    texts: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    ranges: tuple[tuple[str, str], ...] = ()
    literal: bool = False

    @property
    def highest(self) -> int:
        """The highest code: how many zeros and ones a multiple answer has."""
        numbers = [int(each) for each in self.codes if each.isdigit()]
        numbers += [int(each) for _, each in self.ranges if each.isdigit()]
        return max(numbers, default=0)

    def knows(self, code: str) -> bool:
        """Tell whether a code is in the list or in one of the ranges."""
        if code in self.codes:
            return True
        if self.literal:
            return False
        try:
            return any(float(low) <= float(code) <= float(high) for low, high in self.ranges)
        except ValueError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What stands where in the data file of one survey.

    Parameters:
        version: of the standard.
        survey: the survey's name or title; empty where the file has none.
        variables: in the order of the file.
        delimited: the data file is CSV; else its columns are fixed.
        skip: lines of the data file before the first respondent.
        origin: what wrote it.
    """

    version: str
    survey: str
    variables: tuple[Variable, ...]
    delimited: bool = False
    skip: int = 0
    origin: str = ""

    def used(self, use: str) -> Variable | None:
        """Return the variable that serves as ``serial`` or ``weight``, if there is one."""
        return next((each for each in self.variables if each.use == use), None)

    @property
    def questions(self) -> tuple[Variable, ...]:
        """The variables that are no serial number and no weight."""
        return tuple(each for each in self.variables if not each.use)


def read_layout(export: Export) -> Layout:
    """Return what a ``.sss`` file says.

    Nothing outside the file is read: no document type, no entity, no address.

    Parameters:
        export: the description, in UTF-8 whatever it says itself.

    Raises:
        SourceError: it is no Triple-S, or its variables cannot be placed.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> told = '''<sss version="2.0"><survey><record ident="A" format="csv" skip="1">
        ...   <variable ident="1" type="single"><name>q1</name><label>Satisfied?</label><position start="1"/>
        ...     <values><value code="1">Yes</value><value code="2">No</value></values></variable>
        ... </record></survey></sss>'''
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "a.sss")
        ...     _ = path.write_text(told, encoding="utf-8")
        ...     layout = read_layout(Export(name="a.sss", path=path, sha256=""))
        >>> [(each.name, dict(each.codes)) for each in layout.questions], layout.skip
        ([('q1', {'1': 'Yes', '2': 'No'})], 1)
    """
    root = _parsed(export)
    version = root.get("version", "")
    surveys = root.findall("survey")
    records = root.findall("survey/record")
    if root.find("hierarchy") is not None or len(surveys) != 1 or len(records) != 1:
        raise SourceError(
            f"{export.name}: {len(records)} records in {len(surveys)} surveys, and one is read",
            remedy="export each level of a hierarchical survey as a survey of its own",
        )
    record = records[0]
    delimited = record.get("format", "fixed").lower() == "csv"
    variables = tuple(_variable(each, export.name, delimited=delimited) for each in record.findall("variable"))
    if not variables:
        raise SourceError(f"{export.name}: it describes no variable", remedy="export the survey again")
    idents = [each.ident for each in variables]
    twice = sorted({each for each in idents if idents.count(each) > 1})
    if twice:
        raise SourceError(f"{export.name}: two variables have the ident '{twice[0]}'", remedy="export the survey again")
    names = [each.name for each in variables]
    variables = tuple(
        replace(each, name=f"{each.name}.{each.ident}") if names.count(each.name) > 1 else each for each in variables
    )
    return Layout(
        version=version,
        survey=_plain(surveys[0].find("name")) or _plain(surveys[0].find("title")),
        variables=variables,
        delimited=delimited,
        skip=_whole(record.get("skip", "0"), export.name, "skip") if delimited else 0,
        origin=_plain(root.find("origin")),
    )


def _parsed(export: Export) -> Any:  # noqa: ANN401  # lxml is untyped
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True, encoding="utf-8"
    )
    try:
        tree = etree.parse(str(export.path), parser)
    except etree.XMLSyntaxError as wrong:
        if OLD_FORM.match(export.path.read_text(encoding="utf-8-sig")[:200]):
            raise SourceError(
                f"{export.name}: this is Triple-S in its old form without XML, of version 1.0 or 1.1",
                remedy="export it as Triple-S XML",
            ) from None
        raise SourceError(
            f"{export.name}:{wrong.lineno or 1}: this is no whole XML file", remedy="fetch the export again"
        ) from None
    document = tree.docinfo.internalDTD
    if document is not None and any(True for _ in document.iterentities()):
        raise SourceError(
            f"{export.name}: it declares entities of its own, which are not read",
            remedy="export it without them; a Triple-S file needs none",
        )
    root = tree.getroot()
    if root.tag != "sss":
        raise SourceError(
            f"{export.name}: the file begins with <{str(root.tag)[:40]}>, not with <sss>",
            remedy="name the .sss file of a Triple-S export; its data file is found beside it",
        )
    return root


def _variable(element: Any, file: str, *, delimited: bool) -> Variable:  # noqa: ANN401  # lxml is untyped
    ident = element.get("ident", "")
    where = f"variable '{ident}'"
    sort = element.get("type", "")
    if sort not in SORTS:
        raise SourceError(f"{file}:{element.sourceline}: {where} is of type '{sort}'", remedy=neighbours(sort, SORTS))
    name = _plain(element.find("name")) or ident
    position = element.find("position")
    if position is None:
        raise SourceError(f"{file}:{element.sourceline}: {where} has no position", remedy="export the survey again")
    start = _whole(position.get("start", ""), file, where)
    finish = _whole(position.get("finish", "0"), file, where) or _finish(sort, start, delimited=delimited)
    if not 1 <= start <= finish:
        raise SourceError(
            f"{file}:{element.sourceline}: {where} stands from {start} to {finish}", remedy="positions count from 1"
        )
    spread = element.find("spread")
    codes, ranges = _values(element, file, where)
    made = Variable(
        ident=ident,
        name=name,
        sort=cast("Sort", sort),
        use=element.get("use", ""),
        start=start,
        finish=finish,
        subfields=_whole(spread.get("subfields", "0"), file, where) if spread is not None else 0,
        width=_whole(spread.get("width", "0"), file, where) if spread is not None else 0,
        texts=_texts(element.find("label")),
        codes=codes,
        ranges=ranges,
        literal=element.get("format", "") == "literal",
    )
    _placed(made, f"{file}:{element.sourceline}", delimited=delimited)
    return made


def _placed(variable: Variable, where: str, *, delimited: bool) -> None:
    """Refuse a multiple answer that has no room for its codes, and a list of codes without an end."""
    if variable.sort != "multiple":
        return
    if variable.highest > MOST_CODES:
        raise SourceError(
            f"{where}: variable '{variable.ident}' has codes up to {variable.highest}",
            remedy=f"at most {MOST_CODES} can be read",
        )
    if delimited:
        return
    room = variable.finish - variable.start + 1
    needs = variable.subfields * max(variable.width, 1) if variable.subfields else variable.highest
    if room < needs:
        raise SourceError(
            f"{where}: variable '{variable.ident}' has {room} columns and needs {needs}",
            remedy="export the survey again; its positions are wrong",
        )


def _finish(sort: str, start: int, *, delimited: bool) -> int:
    return start if delimited else start + LENGTHS.get(sort, 1) - 1


def _values(element: Any, file: str, where: str) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:  # noqa: ANN401  # lxml is untyped
    codes: dict[str, str] = {}
    ranges = []
    for each in element.findall("values/*"):
        if each.tag == "range":
            ranges.append((each.get("from", "").strip(), each.get("to", "").strip()))
        elif each.tag == "value":
            code = _code(each.get("code", ""))
            if code in codes:
                raise SourceError(
                    f"{file}:{each.sourceline}: {where} has the code '{code}' twice", remedy="export the survey again"
                )
            codes[code] = next(iter(_texts(each).values()), "")
    return codes, tuple(ranges)


def _code(text: str) -> str:
    """Return a code as it is compared: 01 and 1 are one."""
    bare = text.strip()
    return str(int(bare)) if bare.isascii() and bare.isdigit() else bare


def _whole(text: str, file: str, where: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):  # noqa: PLR2004  # no line is ten million columns wide
        raise SourceError(f"{file}: {where}: '{text[:20]}' is not a position", remedy="positions are whole numbers")
    return int(text)


def _plain(element: Any) -> str:  # noqa: ANN401  # lxml is untyped
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def _texts(element: Any) -> dict[str, str]:  # noqa: ANN401  # lxml is untyped
    """Return a label by language; of several texts in one language the one that the interviewer put."""
    if element is None:
        return {}
    found: dict[str, str] = {}
    for each in element.findall("text"):
        language = (each.get(_LANGUAGE) or "").split("-")[0].lower()
        if language not in found or each.get("mode") == "interview":
            found[language] = _plain(each)
    if not found and (plain := _plain(element)):
        found[""] = plain
    return found

"""What LimeSurvey's structure file (.lss) says: the questions of a survey, their texts and their codes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import IO, Any

from lxml import etree

from peil.errors import SourceError
from peil.sources.questions import Question, Sort

__all__ = ["LimeQuestion", "Structure", "rows_of", "structure"]

HEADING = re.compile(r"([A-Za-z][A-Za-z0-9_]*)((?:\[[^\]]*\])*)")
# Kinds of question, by LimeSurvey's letters.
BOXES, TEXTS, NUMBERS = frozenset("MP"), frozenset("STUQ;"), frozenset("NK:")
SILENT = frozenset("X|")
SCALES: Mapping[str, tuple[int, int]] = {"5": (1, 5), "A": (1, 5), "B": (1, 10)}
FIXED: Mapping[str, Mapping[str, str]] = {
    "Y": {"Y": "Yes", "N": "No"},
    "G": {"F": "Female", "M": "Male"},
    "C": {"Y": "Yes", "U": "Uncertain", "N": "No"},
    "E": {"I": "Increase", "S": "Same", "D": "Decrease"},
}
OTHER, DUAL = "-oth-", "1"


@dataclass(slots=True, kw_only=True)
class LimeQuestion:
    """A question as its designer made it.

    Parameters:
        qid: LimeSurvey's number of it.
        title: its code, as headings carry it.
        type: LimeSurvey's letter for its kind.
        other: a text of the respondent's own may be given.
        texts: language to text.
        parts: code to texts of its sub-questions, by axis.
        codes: code to label of its answers, by scale.
    """

    qid: str
    title: str
    type: str
    other: bool = False
    texts: dict[str, str] = field(default_factory=dict)
    parts: dict[tuple[int, str], dict[str, str]] = field(default_factory=dict)
    codes: dict[int, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A survey's questions, by code and by number, and its sub-questions' codes by number."""

    by_title: Mapping[str, LimeQuestion]
    by_qid: Mapping[str, LimeQuestion]
    part_codes: Mapping[str, str]

    def question(self, heading: str) -> Question | None:
        """Return the question that a column answers, or None where it is no question's.

        Parameters:
            heading: the column's heading, such as ``Q1[SQ001]``; or ``Q1_SQ001``, as exports for its expressions have it.
        """
        made = self._question(self._bracketed(heading))
        return replace(made, asked_as=heading) if made else None

    def _bracketed(self, heading: str) -> str:
        title, _, rest = heading.partition("_")
        lime = None if heading in self.by_title else self.by_title.get(title)
        if lime is None or not rest or "[" in heading:
            return heading
        if lime.type == DUAL:
            part, _, scale = rest.rpartition("_")
            return f"{title}[{part}][{int(scale) + 1}]" if scale.isdigit() else heading
        return f"{title}[{rest}]"

    def _question(self, heading: str) -> Question | None:
        parted = HEADING.fullmatch(heading)
        lime = self.by_title.get(parted[1]) if parted else None
        if parted is None or lime is None or lime.type in SILENT:
            return None
        parts = re.findall(r"\[([^\]]*)\]", parted[2])
        made = Question(name=heading, asked_as=heading, mode="web", text=_text(lime, parts))
        last = parts[-1] if parts else ""
        if last in {"other", "comment"} or last.endswith("comment"):
            return replace(made, sort="text")
        scale = int(last) - 1 if lime.type == DUAL and last.isdigit() else 0
        return replace(made, sort=_sort(lime.type), scale=SCALES.get(lime.type), codes=_codes(lime, scale))


def _sort(letter: str) -> Sort:
    if letter in BOXES:
        return "multiple"
    if letter in NUMBERS:
        return "number"
    if letter in TEXTS:
        return "text"
    return "date" if letter == "D" else "single"


def _codes(lime: LimeQuestion, scale: int) -> Mapping[str, str]:
    if _sort(lime.type) != "single":
        return {}
    codes = dict(FIXED.get(lime.type) or lime.codes.get(scale) or {})
    return {**codes, OTHER: "Other"} if lime.other and codes else codes


def _text(lime: LimeQuestion, parts: list[str]) -> dict[str, str]:
    axes = [axis for part in parts for axis in (part.split("_") if lime.type in ":;" else [part])]
    found = {}
    for language, text in lime.texts.items():
        told = [lime.parts.get((axis, code), {}).get(language, "") for axis, code in _axes(lime, axes)]
        found[language] = " – ".join(each for each in (text, *told) if each)
    return found


def _axes(lime: LimeQuestion, codes: list[str]) -> Iterator[tuple[int, str]]:
    for place, code in enumerate(codes):
        yield (place if lime.type in ":;" else 0), code


def _readable(text: str) -> str:
    """Return a text without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def rows_of(file: IO[bytes], wanted: Iterable[str], name: str) -> Iterator[tuple[str, int, dict[str, str]]]:
    """Yield the rows of a LimeSurvey document's tables: table, line, and column to text.

    Entities are not followed, nothing is fetched, and a document that declares any of its own is refused.

    Parameters:
        file: the document.
        wanted: the tables to read.
        name: how to call it in messages.

    Raises:
        SourceError: it is no XML, or not one of LimeSurvey's.
    """
    tables = frozenset(wanted)
    options: dict[str, Any] = {"resolve_entities": False, "load_dtd": False, "no_network": True, "huge_tree": False}
    known = False
    try:
        for event, element in etree.iterparse(file, events=("start", "end"), tag=("document", "row"), **options):
            if event == "start":
                known = known or (element.tag == "document" and not element.getroottree().docinfo.doctype)
                if not known:
                    raise _strange(name)
            elif element.tag == "row":
                table = element.getparent().getparent().tag
                if table in tables:
                    yield table, int(element.sourceline or 0), {each.tag: each.text or "" for each in element}
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as fault:
        raise SourceError(
            f"{name}: line {fault.lineno or 1} is not XML", remedy="export it again; nothing of it was loaded"
        ) from None
    if not known:
        raise _strange(name)


def _strange(name: str) -> SourceError:
    return SourceError(f"{name}: this is not a document of LimeSurvey", remedy="export it again as .lss or .lsa")


TABLES = ("surveys", "questions", "question_l10ns", "subquestions", "answers", "answer_l10ns")


def structure(file: IO[bytes], name: str) -> Structure:
    """Return the structure in a file, of any version since 2.

    Parameters:
        file: the .lss document.
        name: how to call it in messages.

    Raises:
        SourceError: it is not a structure of LimeSurvey.
    """
    tables: dict[str, list[dict[str, str]]] = {each: [] for each in TABLES}
    for table, _, row in rows_of(file, TABLES, name):
        tables[table].append(row)
    if not tables["questions"]:
        raise SourceError(f"{name}: no question is in it", remedy="export the survey's structure as .lss")
    base = next((row["language"] for row in tables["surveys"] if row.get("language")), "")
    texts: dict[str, dict[str, str]] = {}
    for row in (*tables["question_l10ns"], *tables["questions"], *tables["subquestions"]):
        if row.get("question"):
            texts.setdefault(row["qid"], {})[row.get("language") or base] = _readable(row["question"])
    found: dict[str, LimeQuestion] = {}
    for row in tables["questions"]:
        if row.get("parent_qid", "0") in {"", "0"}:
            found[row["qid"]] = LimeQuestion(
                qid=row["qid"],
                title=row["title"],
                type=row.get("type", ""),
                other=row.get("other") == "Y",
                texts=texts.get(row["qid"], {}),
            )
    part_codes: dict[str, str] = {}
    for row in (*tables["subquestions"], *tables["questions"]):
        parent = found.get(row.get("parent_qid", ""))
        if parent:
            part_codes[row["qid"]] = row["title"]
            parent.parts[int(row.get("scale_id") or 0), row["title"]] = texts.get(row["qid"], {})
    _give_codes(found, tables["answers"], tables["answer_l10ns"], base)
    return Structure(by_title={each.title: each for each in found.values()}, by_qid=found, part_codes=part_codes)


def _give_codes(
    found: Mapping[str, LimeQuestion], answers: list[dict[str, str]], texts: list[dict[str, str]], base: str
) -> None:
    labels = {row["aid"]: row.get("answer", "") for row in reversed(texts) if "aid" in row}
    labels |= {row["aid"]: row.get("answer", "") for row in texts if "aid" in row and row.get("language") == base}
    by_code = {(row["qid"], row["code"]): row.get("answer", "") for row in texts if "qid" in row and "code" in row}
    for row in answers:
        lime = found.get(row.get("qid", ""))
        if lime is None:
            continue
        label = row.get("answer") or labels.get(row.get("aid", "")) or by_code.get((lime.qid, row["code"]), "")
        codes = lime.codes.setdefault(int(row.get("scale_id") or 0), {})
        if row["code"] not in codes or row.get("language") == base:
            codes[row["code"]] = _readable(label)

"""What a survey's export holds, and a configuration that would read it: for a person to look through and correct."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from peil.errors import DefinitionError, SourceError, neighbours
from peil.sources.files import readable
from peil.sources.formbricks import Formbricks
from peil.sources.guesses import Guess, guessed
from peil.sources.limesurvey import ZIP, LimeSurvey
from peil.sources.qualtrics import Qualtrics
from peil.sources.questionnaires import Respondent
from peil.sources.questions import spoken
from peil.sources.source import Draft, Export, Source
from peil.sources.spss import Spss
from peil.sources.spss_file import MAGIC
from peil.sources.surveymonkey import SurveyMonkey
from peil.sources.triple_s import TripleS
from peil.sources.wide_columns import ID, columns
from peil.sources.wide_rows import Line, lines

__all__ = ["KINDS", "Found", "Proposal", "proposed"]

# What each kind calls the file that tells what was asked.
KINDS: Mapping[str, str] = {
    "survey": "",
    "qualtrics": "",
    "limesurvey": "structure",
    "surveymonkey": "details",
    "formbricks": "definition",
    "spss": "",
    "triple_s": "data",
}
NAMES: Mapping[str, str] = {
    "nps": "recommend",
    "csat": "satisfied",
    "ces_1": "effort",
    "ces_2": "easy",
    "fcr": "solved",
}
# Columns by which an export is known.
HEADINGS: tuple[tuple[str, frozenset[str]], ...] = (
    ("qualtrics", frozenset({"ResponseId"})),
    ("qualtrics", frozenset({"V1", "V10"})),
    ("surveymonkey", frozenset({"Respondent ID"})),
    ("formbricks", frozenset({"Response ID", "Survey ID"})),
    ("limesurvey", frozenset({"id", "submitdate"})),
    ("limesurvey", frozenset({"id", "lastpage"})),
)
SOME_DAY = date(2000, 1, 1)
# No date: a configuration with it is refused until somebody fills it in.
FILL_IN = "YYYY-MM-DD"
MONTH_FIRST = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One question of an export.

    Parameters:
        asked_as: what the configuration calls its column.
        text: the question as it was put.
        sort: what kind of answer it takes; ``words`` of a plain file's columns that are kept with the answers.
        answers: how many there are.
        low, high: the lowest and highest, of numbers.
        missing: what the system seems to write where there is no answer.
        guess: what it may measure.
    """

    asked_as: str
    text: str = ""
    sort: str = "single"
    answers: int = 0
    low: float | None = None
    high: float | None = None
    missing: tuple[str, ...] = ()
    guess: Guess | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What an export holds, and how it could be read.

    Parameters:
        file: its name.
        kind: of the source.
        responses: how many there are.
        questions: in order.
        respondent: what tells of the respondent.
        doubts: what a person has to look at, by the setting.
        left_out: columns that look like somebody's personal data.
    """

    file: str
    kind: str
    responses: int
    questions: tuple[Found, ...]
    respondent: Mapping[str, Any]
    doubts: Mapping[str, str]
    left_out: tuple[str, ...] = ()


@dataclass(slots=True)
class _Said:
    """The answers to one question: how many, how many of them numbers, and the lowest and highest of those."""

    count: int = 0
    numbers: int = 0
    low: float = 0.0
    high: float = 0.0

    def take(self, milli: str | None, words: str | None) -> None:
        """Count one answer; words that name their number are one."""
        self.count += 1
        value = spoken(words or "") if milli is None else int(milli) / 1_000
        if value is not None:
            self.low, self.high = (min(self.low, value), max(self.high, value)) if self.numbers else (value, value)
            self.numbers += 1

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """The lowest and highest answer, where every answer is a number."""
        return (self.low, self.high) if self.numbers and self.numbers == self.count else (None, None)


@dataclass(slots=True)
class _Took:
    """What one reading of an export gave."""

    questions: list[dict[str, Any]] = field(default_factory=list)
    responses: set[str] = field(default_factory=set)
    answers: dict[str, _Said] = field(default_factory=dict)
    numbered: dict[str, set[str]] = field(default_factory=dict)


def proposed(path: Path, *, kind: str = "", beside: Path | None = None) -> Proposal:
    """Return what an export holds.

    Parameters:
        path: the export.
        kind: of the source; found out if left out.
        beside: the file that tells what was asked, where the system has one and it is not found beside the export.

    Raises:
        SourceError: it is no survey that can be read.
        DefinitionError: there is no such kind.
    """
    if kind and kind not in KINDS:
        raise DefinitionError(f"no kind of survey is called '{kind}'", remedy=neighbours(kind, KINDS))
    if not path.is_file():
        raise SourceError(f"there is no file '{path}'", remedy="name the file that the survey system gave you")
    with tempfile.TemporaryDirectory(prefix="peil-proposal-") as folder:
        export = readable(path, path.name, Path(folder), magic=(*MAGIC, ZIP) if _archived(path) else MAGIC)
        chosen = kind or _kind(export)
        if chosen == "survey":
            return _plain(export)
        source = _source(chosen, path, beside)
        along = {name: each for name, each in source.along(path).items() if each.is_file()}
        return _read(source, replace(export, beside=along), chosen)


def _archived(path: Path) -> bool:
    return path.suffix.lower() in {".lsa", ".zip"}


def _kind(export: Export) -> str:
    """Return which system an export seems to come from."""
    if export.encoding == "parquet":
        raise SourceError(f"{export.name}: this is a Parquet file", remedy="see the how-to on mapping any table")
    if export.encoding == "binary":
        return "limesurvey" if _archived(Path(export.name)) else "spss"
    with export.path.open(encoding="utf-8-sig") as file:
        head = file.read(20_000)
    begins = head.lstrip()[:1]
    if begins == "<" or export.name.lower().endswith(".sss"):
        return "triple_s"
    if begins in {"{", "["}:
        return "formbricks" if '"surveyId"' in head else "surveymonkey"
    first = next(lines(export), None)
    fields = frozenset(each.strip() for each in first.fields) if isinstance(first, Line) else frozenset()
    if "ImportId" in head:
        return "qualtrics"
    return next((kind for kind, columns_ in HEADINGS if columns_ <= fields), "survey")


def _source(kind: str, path: Path, beside: Path | None) -> Any:  # noqa: ANN401  # one of the kinds that read along
    how: dict[str, Any] = {"name": path.stem, "files": (path.name,)}
    if beside and KINDS[kind]:
        how[KINDS[kind]] = str(beside.absolute())
    makes: Mapping[str, Any] = {
        "qualtrics": Qualtrics,
        "limesurvey": LimeSurvey,
        "surveymonkey": SurveyMonkey,
        "formbricks": Formbricks,
        "spss": Spss,
        "triple_s": TripleS,
    }
    return makes[kind](**how)


def _read(source: Any, export: Export, kind: str) -> Proposal:  # noqa: ANN401  # one of the kinds that read along
    """Read an export as its own structure says; what that leaves open is a doubt."""
    respondent: dict[str, Any] = {}
    doubts: dict[str, str] = {}
    if kind in {"spss", "triple_s"}:
        respondent["answered_on"], doubts["answered_on"] = SOME_DAY, "the file does not say when: fill in the day"
    try:
        took = _taken(replace(source, respondent=Respondent(**respondent)), export)
    except SourceError as fault:
        if "month/day" not in fault.what:
            raise
        respondent["parse"], doubts["parse"] = MONTH_FIRST, "month or day first? its dates do not tell"
        took = _taken(replace(source, respondent=Respondent(**respondent)), export)
    found = _questions(took, by_name=kind == "qualtrics")
    dates = [each.asked_as for each in found if each.sort == "date"]
    if "answered_on" in respondent and dates:
        respondent, doubts = {"answered_at": dates[0]}, {"answered_at": "guess: the first date in the file"}
    if "answered_on" in respondent:
        respondent["answered_on"] = FILL_IN
    if kind == "spss":
        told = [each for each, numbers in took.numbered.items() if len(numbers) == len(took.responses) > 1]
        respondent |= {"response_id": told[0]} if told else {}
        doubts |= {"response_id": "guess"} if told else {}
    return Proposal(
        file=export.name,
        kind=kind,
        responses=len(took.responses),
        questions=found,
        respondent=respondent,
        doubts=doubts,
    )


def _taken(source: Source, export: Export) -> _Took:
    took = _Took()
    for each in source.read(export):
        if not isinstance(each, Draft) or not isinstance(each.rows, pa.RecordBatch):
            continue
        match each.schema.name:
            case "questions":
                took.questions += each.rows.to_pylist()
            case "invitations":
                took.responses |= set(each.rows.column("response_id").to_pylist()) - {None}
            case "answers":
                told = (each.rows.column(name).to_pylist() for name in ("question", "value_milli", "value_text"))
                for question, milli, words in zip(*told, strict=True):
                    took.answers.setdefault(question, _Said()).take(milli, words)
                    if ID.fullmatch(question):
                        took.numbered.setdefault(question, set()).add(milli or words)
    return took


def _questions(took: _Took, *, by_name: bool) -> tuple[Found, ...]:
    """Return the questions by what a configuration calls their column; boxes of one column are one question."""
    found: dict[str, Found] = {}
    for row in took.questions:
        column = row["question"] if by_name else row["asked_as"]
        if column in found:
            continue
        said = took.answers.get(row["question"], _Said())
        several = row["sort"] == "multiple"
        text = " ".join((row["text"] or "").split())
        limits = _declared(row)
        low, high = said.limits
        words = f"{column} {text}"
        if several or row["sort"] == "date":
            guess = None
        else:
            guess = guessed(words, *limits, declared=True) if limits else guessed(words, low, high)
        found[column] = Found(
            asked_as=column,
            text=text.rpartition(" – ")[0] or text if several and not by_name else text,
            sort=row["sort"] or "single",
            answers=said.count,
            low=low,
            high=high,
            guess=guess,
        )
    return tuple(found.values())


def _declared(row: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the scale that the export itself gives: its own, or that of its codes where these are numbers."""
    if row["scale_low"] is not None:
        return float(row["scale_low"]), float(row["scale_high"])
    codes = [each for each in json.loads(row["codes"] or "{}") if each.lstrip("-").isdigit()]
    return (float(min(map(int, codes))), float(max(map(int, codes)))) if len(codes) > 1 else None


def _plain(export: Export) -> Proposal:
    """Guess what the columns of a file of no known system are."""
    seen = columns(export)
    respondent: dict[str, Any] = dict(seen.respondent)
    doubts = dict.fromkeys(respondent, "guess")
    if seen.parse:
        respondent["parse"] = seen.parse
        doubts |= {"parse": "day or month first? its dates do not tell"} if seen.doubtful else {}
    if "answered_at" not in respondent:
        respondent["answered_on"], doubts["answered_on"] = FILL_IN, "no column holds dates: fill in the day"
    asked = []
    for each in seen.asked:
        low, high = each.limits
        asked.append(
            Found(
                asked_as=each.name,
                answers=each.filled,
                low=low,
                high=high,
                missing=each.blanks,
                guess=guessed(each.name.replace("_", " "), low, high),
            )
        )
    words = [Found(asked_as=each.name, sort="words", answers=each.filled) for each in seen.words]
    return Proposal(
        file=export.name,
        kind="survey",
        responses=seen.rows,
        questions=(*asked, *words),
        respondent=respondent,
        doubts=doubts,
        left_out=seen.left_out,
    )

"""LimeSurvey's responses: a CSV export with its structure beside it, or an archive (.lsa) that holds both."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.errors import SchemaError, SourceError
from peil.sources.codebook import bridged
from peil.sources.limesurvey_structure import Structure, rows_of, structure
from peil.sources.questionnaires import Audience, Question, Questionnaire, Respondent, delivered, present
from peil.sources.questions import Word, overlaid
from peil.sources.respondents import Answered
from peil.sources.source import Draft, Export, Fault, Record, drafts
from peil.sources.tables import ANSWERS, INVITATIONS, QUESTIONS
from peil.sources.wide_rows import answered, lines, names

__all__ = ["LimeSurvey"]

ZIP = b"PK\x03\x04"
NEVER = frozenset({"ipaddr", "refurl", "firstname", "lastname", "email"})
KNOWN = re.compile(
    r"id|submitdate|lastpage|startlanguage|seed|token|startdate|datestamp|interviewtime|ipaddr|refurl|firstname|lastname"
    r"|email|attribute_\d+|(group|question)time.*|.*\[filecount\]",
    re.IGNORECASE,
)
DATED = ("submitdate", "datestamp", "startdate")
# What LimeSurvey writes as the moment of submission where it may not keep one.
UNDATED = "1980-01-01"
DISPOSITION, SENT = "disposition", "(invited)"
UNSENT = frozenset({"", "N"})
MOST_BYTES = 4 * 1024**3
COLUMN = re.compile(r"_?(\d+)X(\d+)X(\d+)(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimeSurvey:
    """Responses of one LimeSurvey survey, exported with question codes as headings and short answers.

    Parameters:
        name: how the source is called.
        organisation: whose survey it is.
        files: glob patterns, relative to the configuration.
        structure: the .lss file, relative to the configuration; found beside a CSV file of the same name.
        survey: the questionnaire's name; the source's if left out.
        audience: who was asked.
        wave: the round.
        respondent: columns that tell about the respondent; the rest is known.
        questions: what is to be known of a question besides its structure: its construct, its scale.
        bridge: a file that says what each wave's export calls its questions, relative to the configuration.
        zone: time zone of the server's clock.
        delimiter: left out, it is found.

    Example:
        >>> source = LimeSurvey(
        ...     name="after_contact", organisation="Acme", files=("results.csv",),
        ...     questions=(Question(name="recommend", asked_as="G01Q01", construct="nps"),),
        ... )
        >>> [each.name for each in source.provides]
        ['answers', 'invitations', 'questions']
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: Literal["limesurvey"] = "limesurvey"
    name: str
    organisation: str = ""
    files: tuple[str, ...]
    structure: str | None = None
    survey: str = ""
    audience: Audience = "customer"
    wave: Word | None = None
    respondent: Respondent = field(default_factory=Respondent)
    questions: tuple[Question, ...] = ()
    bridge: str | None = None
    zone: str = ""
    delimiter: str | None = None

    @property
    def provides(self) -> tuple[Schema, ...]:
        """Answers, who was asked, and what was asked."""
        return (ANSWERS, INVITATIONS, QUESTIONS)

    @property
    def magic(self) -> tuple[bytes, ...]:
        """An archive is a zip file."""
        return (ZIP,)

    def along(self, export: Path) -> Mapping[str, Path]:
        """Return the bridge, and the structure that belongs to a CSV file."""
        found = {"bridge": Path(self.bridge)} if self.bridge else {}
        beside = export.with_name(f"{export.name.partition('.')[0]}.lss").absolute()
        if self.structure:
            found["structure"] = Path(self.structure)
        elif beside.is_file():
            found["structure"] = beside
        return found

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the drafts of one export.

        Raises:
            SourceError: an archive or a structure is damaged.
            SchemaError: the file is not an export with question codes, or lacks what the configuration names.
        """
        if export.encoding == "binary":
            yield from drafts(self._archive(export))
            return
        shape = None
        if "structure" in export.beside:
            with export.beside["structure"].open("rb") as file:
                shape = structure(file, export.beside["structure"].name)
        found = lines(export, self.delimiter)
        columns = names(next(found, None), export)
        if "id" not in columns:
            raise SchemaError(
                f"{export.name}: there is no column 'id'",
                remedy="export the responses as CSV with question codes as headings, and short answers",
            )
        never = NEVER | _uploaded(columns)
        kept = [each for each in columns if each not in never]
        yield from drafts(self._delivered(kept, answered(columns, found, never=never), shape, export))

    def _delivered(
        self, columns: Sequence[str], rows: Iterator[Answered | Fault], shape: Structure | None, export: Export
    ) -> Iterator[Record | Fault]:
        told, respondent = bridged(
            export.beside, self.wave, source=self.name, questions=self.questions, respondent=self.respondent
        )
        found = [_question(each, shape) for each in columns if not (KNOWN.fullmatch(each) or _timed(each, columns))]
        if shape and not any(found):
            raise SchemaError(
                f"{export.name}: not one of its columns is a question of the structure",
                remedy="export with question codes as headings, or name this survey's own structure as 'structure:'",
            )
        questions = overlaid([each for each in found if each], told)
        respondent = respondent.over(_natural(columns))
        asked = Questionnaire(
            survey=self.survey or self.name, audience=self.audience, wave=self.wave, questions=questions
        )
        present([*columns, DISPOSITION, SENT], asked, respondent, file=export.name)
        yield from delivered(asked, respondent, (_ended(each) for each in rows))

    def _archive(self, export: Export) -> Iterator[Record | Fault]:
        try:
            with zipfile.ZipFile(export.path) as archive:
                yield from self._unpacked(archive, export)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
            raise SourceError(
                f"{export.name}: the archive is damaged or locked", remedy="export it again; nothing of it was loaded"
            ) from None

    def _unpacked(self, archive: zipfile.ZipFile, export: Export) -> Iterator[Record | Fault]:
        inside = {each.filename.rpartition(".")[2].lower(): each for each in archive.infolist()}
        if sum(each.file_size for each in inside.values()) > MOST_BYTES:
            raise SourceError(f"{export.name}: the archive unpacks to more than 4 GB", remedy="export the CSV instead")
        if not {"lss", "lsr"} <= inside.keys():
            raise SourceError(
                f"{export.name}: this is a zip file without a survey and its responses",
                remedy="export the survey as an archive (.lsa), or unpack it first",
            )
        with archive.open(inside["lss"]) as file:
            shape = structure(file, f"{export.name}/{inside['lss'].filename}")
        invited = _tokens(archive, inside["lst"], export) if "lst" in inside else {}
        with archive.open(inside["lsr"]) as file:
            columns = _fields(archive, inside["lsr"], export)
            headings = {each: _heading(each, shape) for each in columns}
            never = NEVER | _uploaded(tuple(headings.values()))
            headings = {each: heading for each, heading in headings.items() if heading not in never}
            rows = rows_of(file, ("responses",), f"{export.name}/{inside['lsr'].filename}")
            yield from self._delivered(
                tuple(headings.values()),
                _responses(rows, headings, invited),
                shape,
                export,
            )
        yield from self._silent(invited)

    def _silent(self, invited: Mapping[str, dict[str, str]]) -> Iterator[Record]:
        """Yield those who were asked and did not answer; who was never written to was not asked."""
        for token, row in invited.items():
            if row.get("answered") or row.get("sent", "") in UNSENT:
                continue
            yield Record(
                schema=INVITATIONS,
                line=int(row["line"]),
                values={
                    "invitation_id": f"participant {row.get('tid', '')}",
                    "survey": self.survey or self.name,
                    "audience": self.audience,
                    "wave": self.wave,
                    "customer_id": token,
                    "invited_at": row["sent"],
                    "disposition": "refused" if row.get("emailstatus", "").lower() == "optout" else "no_contact",
                },
            )


def _uploaded(columns: Sequence[str]) -> frozenset[str]:
    """Return the columns that list uploaded files: their names may tell who somebody is."""
    counted = [each for each in columns if re.search(r"[\[_]filecount\]?$", each)]
    return frozenset(re.sub(r"[\[_]filecount\]?$", "", each) for each in counted)


def _timed(heading: str, columns: Sequence[str]) -> bool:
    """Tell whether a column says how long another's question took."""
    title = heading.removesuffix("Time")
    return title != heading and any(each == title or each.startswith((f"{title}[", f"{title}_")) for each in columns)


def _question(heading: str, shape: Structure | None) -> Question | None:
    if shape:
        return shape.question(heading)
    last = heading.rpartition("[")[2].rstrip("]")
    return Question(
        name=heading,
        asked_as=heading,
        mode="web",
        sort="text" if last in {"other", "comment"} else "single",
    )


def _natural(columns: Sequence[str]) -> Respondent:
    there = set(columns)
    return Respondent(
        response_id="id",
        answered_at=tuple(each for each in DATED if each in there),
        invited_at=SENT,
        started_at="startdate" if "startdate" in there else None,
        duration="interviewtime" if "interviewtime" in there else None,
        customer_id="token" if "token" in there else None,
        language="startlanguage" if "startlanguage" in there else None,
        disposition=DISPOSITION,
    )


def _ended(row: Answered | Fault) -> Answered | Fault:
    """Say how a response ended, and forget a moment of submission that is none."""
    if isinstance(row, Fault):
        return row
    told = {
        name: None if name in DATED and (text or "").startswith(UNDATED) else text for name, text in row.values.items()
    }
    told[DISPOSITION] = "complete" if row.values.get("submitdate") else "partial"
    return Answered(line=row.line, values={SENT: None, **told})


def _fields(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, export: Export) -> list[str]:
    """Return the columns of every response; rows leave out what is empty."""
    found: dict[str, None] = {}
    with archive.open(entry) as file:
        for _, _, row in rows_of(file, ("responses",), f"{export.name}/{entry.filename}"):
            found |= dict.fromkeys(row)
    return list(found)


def _heading(column: str, shape: Structure) -> str:
    """Return what a CSV export calls a column of the archive.

    Example:
        >>> from peil.sources.limesurvey_structure import LimeQuestion
        >>> lime = LimeQuestion(qid="7", title="Q1", type="M")
        >>> _heading("_123X4X7SQ001", Structure(by_title={"Q1": lime}, by_qid={"7": lime}, part_codes={}))
        'Q1[SQ001]'
    """
    parted = COLUMN.fullmatch(column)
    if not parted:
        return column
    digits, rest = parted[3], parted[4]
    for length in range(len(digits), 0, -1):
        lime = shape.by_qid.get(digits[:length])
        if lime:
            part = f"{digits[length:]}{rest}"
            code, _, scale = part.partition("#")
            if part == "_filecount":
                code = "filecount"
            return lime.title + (f"[{code}]" if code else "") + (f"[{int(scale) + 1}]" if scale.isdigit() else "")
    return column


def _tokens(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, export: Export) -> dict[str, dict[str, str]]:
    kept = ("tid", "sent", "emailstatus")
    with archive.open(entry) as file:
        rows = rows_of(file, ("tokens",), f"{export.name}/{entry.filename}")
        return {
            row["token"]: {"line": str(line), **{each: row.get(each, "") for each in kept}}
            for _, line, row in rows
            if row.get("token")
        }


def _responses(
    rows: Iterator[tuple[str, int, dict[str, str]]], headings: Mapping[str, str], invited: Mapping[str, dict[str, str]]
) -> Iterator[Answered]:
    for _, line, row in rows:
        values: dict[str, str | None] = {
            heading: row.get(column, "").strip() or None for column, heading in headings.items()
        }
        told = invited.get(row.get("token", ""))
        if told:
            told["answered"] = "yes"
            values[SENT] = None if told["sent"] in UNSENT else told["sent"]
        yield Answered(line=line, values=values)

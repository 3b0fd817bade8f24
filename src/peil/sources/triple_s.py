"""Triple-S, the survey interchange standard: a .sss description with a data file in fixed columns or CSV beside it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.sources.codebook import bridged, expanded, listed, questionnaire
from peil.sources.files import readable
from peil.sources.questionnaires import Answered, Audience, Question, Respondent, delivered
from peil.sources.source import Draft, Export, Fault, drafts
from peil.sources.tables import ANSWERS, INVITATIONS, QUESTIONS
from peil.sources.triple_s_layout import Layout, Variable, read_layout
from peil.sources.triple_s_rows import read_rows

ENDINGS = (".asc", ".csv", ".dat", ".txt")
SORTS: Mapping[str, Literal["single", "multiple", "number", "text", "date"]] = {
    "single": "single",
    "multiple": "multiple",
    "quantity": "number",
    "character": "text",
    "logical": "single",
    "date": "date",
    "time": "text",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TripleS:
    """Surveys in Triple-S 1.1, 1.2 or 2.0.

    The serial number of a description is the response, its weight variable the weight. Variables that the
    configuration does not speak of are questions all the same.

    Parameters:
        name: how the source is called; part of every key.
        organisation: whose customers, organisation or staff were asked.
        files: glob patterns of the ``.sss`` files.
        data: the data file, relative to the configuration; without it the one beside the ``.sss`` with its name.
        survey: the questionnaire's name; the description's own if left out, else the file's.
        audience: who was asked.
        wave: the round.
        zone: IANA time zone of instants, which carry none.
        respondent: which variables tell of the respondent.
        bridge: a file that tells what each wave calls a question, relative to the configuration.
        questions: what is to be known of questions that the description does not say.

    Example:
        >>> asked = TripleS(name="panel", organisation="demo", files=("panel.sss",))
        >>> [schema.name for schema in asked.provides]
        ['answers', 'invitations', 'questions']
    """

    kind: Literal["triple_s"] = "triple_s"
    name: str
    organisation: str = ""
    files: tuple[str, ...]
    data: str = ""
    survey: str = ""
    audience: Audience = "customer"
    wave: str | None = None
    zone: str = ""
    bridge: str = ""
    respondent: Respondent = field(default_factory=Respondent)
    questions: tuple[Question, ...] = ()

    provides: ClassVar[tuple[Schema, ...]] = (ANSWERS, INVITATIONS, QUESTIONS)
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    def along(self, export: Path) -> Mapping[str, Path]:
        """Return the data file that belongs to a description, and the bridge."""
        bridge = {"bridge": Path(self.bridge)} if self.bridge else {}
        if self.data:
            return {"data": Path(self.data), **bridge}
        beside = [
            each
            for each in sorted(export.parent.glob(f"{_escaped(export.stem)}.*"))
            if each.suffix.lower() in ENDINGS and each != export
        ]
        order = {ending: place for place, ending in enumerate(ENDINGS)}
        beside.sort(key=lambda each: order[each.suffix.lower()])
        return {"data": beside[0] if beside else export.with_suffix(ENDINGS[0]), **bridge}

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the questions, invitations and answers of one survey.

        Raises:
            SourceError: the description is no Triple-S, or the data file belongs to another one.
        """
        layout = read_layout(export)
        told, respondent = bridged(
            export.beside, self.wave, source=self.name, questions=self.questions, respondent=self.respondent
        )
        respondent = respondent.over(_natural(layout))
        asked = questionnaire(
            tuple(_question(each, place) for place, each in enumerate(layout.variables, 1)),
            told,
            respondent,
            survey=self.survey or layout.survey or Path(export.name).stem,
            audience=self.audience,
            wave=self.wave,
            file=export.name,
        )
        with tempfile.TemporaryDirectory(prefix="peil-triple-s-") as folder:
            data = export.beside["data"]
            rows = _answered(layout, readable(data, data.name, Path(folder)))
            yield from drafts(delivered(asked, respondent, rows))


def _escaped(stem: str) -> str:
    return "".join(f"[{each}]" if each in "*?[" else each for each in stem)


def _natural(layout: Layout) -> Respondent:
    """Return what the description itself tells of respondents; Peil's own tells when they answered, and in which round."""
    serial, weight = layout.used("serial"), layout.used("weight")
    names = {each.name for each in layout.variables} if layout.origin.startswith("Peil ") else set()
    return Respondent(
        response_id=serial.name if serial else None,
        weight=weight.name if weight else None,
        answered_at="answered_at" if "answered_at" in names else (),
        wave="wave" if "wave" in names else None,
    )


def _question(variable: Variable, place: int) -> Question:
    codes = dict(variable.codes)
    if variable.sort in {"single", "multiple"}:
        spans = expanded(variable.ranges)
        codes = {**spans, **codes} if spans or not variable.ranges else {}
    elif variable.sort == "logical":
        codes = {"1": "true", "0": "false"}
    return Question(name=variable.name, text=variable.texts, sort=SORTS[variable.sort], codes=codes, place=place)


def _answered(layout: Layout, data: Export) -> Iterator[Answered | Fault]:
    for row in read_rows(layout, data.path, data.name):
        if isinstance(row, Fault):
            yield row
            continue
        values = {name: listed(each) if isinstance(each, tuple) else each for name, each in row.values.items()}
        yield Answered(line=row.line, values=values)

"""SPSS: .sav and .zsav files, with their labels, missing values, multiple-response sets and weight."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ConfigDict

from peil.engines.schema import Schema
from peil.sources.codebook import bridged, listed, questionnaire
from peil.sources.questionnaires import Answered, Audience, Question, Respondent, delivered
from peil.sources.source import Draft, Export, Fault, drafts
from peil.sources.spss_file import MAGIC, Contents, MultipleSet, Variable, contents, rows
from peil.sources.tables import ANSWERS, INVITATIONS, QUESTIONS

LABELLED_ENDS, SHORTEST_SCALE = 3, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Spss:
    """Surveys in SPSS files.

    The variable by which a file says that it is weighted is the weight. Variables that the configuration does not
    speak of are questions all the same. A line is a row of the file.

    Parameters:
        name: how the source is called; part of every key.
        organisation: whose customers, organisation or staff were asked.
        files: glob patterns of the ``.sav`` and ``.zsav`` files.
        survey: the questionnaire's name; the file's label if left out, else its name.
        audience: who was asked.
        wave: the round.
        zone: IANA time zone of instants, which carry none.
        encoding: of the file's texts, where its own word is wrong.
        bridge: a file that tells what each wave calls a question, relative to the configuration.
        respondent: which variables tell of the respondent.
        questions: what is to be known of questions that the file does not say.

    Example:
        >>> asked = Spss(name="panel", organisation="demo", files=("panel.sav",))
        >>> asked.magic
        (b'$FL2', b'$FL3')
    """

    kind: Literal["spss"] = "spss"
    name: str
    organisation: str = ""
    files: tuple[str, ...]
    survey: str = ""
    audience: Audience = "customer"
    wave: str | None = None
    zone: str = ""
    encoding: str | None = None
    bridge: str = ""
    respondent: Respondent = field(default_factory=Respondent)
    questions: tuple[Question, ...] = ()

    provides: ClassVar[tuple[Schema, ...]] = (ANSWERS, INVITATIONS, QUESTIONS)
    magic: ClassVar[tuple[bytes, ...]] = MAGIC
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    def along(self, export: Path) -> Mapping[str, Path]:  # noqa: ARG002  # every export has the same bridge
        """Return the bridge, if there is one."""
        return {"bridge": Path(self.bridge)} if self.bridge else {}

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the questions, invitations and answers of one file.

        Raises:
            SourceError: it is no SPSS file, or a damaged one.
        """
        inside = contents(export.path, export.name, encoding=self.encoding)
        told, respondent = bridged(
            export.beside, self.wave, source=self.name, questions=self.questions, respondent=self.respondent
        )
        respondent = respondent.over(Respondent(weight=inside.weight))
        asked = questionnaire(
            _questions(inside),
            told,
            respondent,
            survey=self.survey or inside.label or Path(export.name).stem,
            audience=self.audience,
            wave=self.wave,
            file=export.name,
        )
        yield from drafts(delivered(asked, respondent, _answered(inside, export)))


def _questions(inside: Contents) -> tuple[Question, ...]:
    """Return a question for each variable, and one for each set in the place of its variables."""
    named = {each.name: each for each in inside.variables}
    sets = {each.variables[0]: each for each in inside.sets if set(each.variables) <= set(named)}
    within = {name for each in sets.values() for name in each.variables}
    found: list[Question] = []
    for variable in inside.variables:
        if variable.name in sets:
            found.append(_set(sets[variable.name], named, place=len(found) + 1))
        elif variable.name not in within:
            found.append(_question(variable, place=len(found) + 1))
    return tuple(found)


def _question(variable: Variable, *, place: int) -> Question:
    return Question(
        name=variable.name,
        text={"": variable.label} if variable.label else {},
        sort=_sort(variable),
        codes=variable.labels,
        missing=variable.missing,
        place=place,
    )


def _sort(variable: Variable) -> Literal["single", "number", "text", "date"]:
    """Return what kind of answer a variable takes: a list of codes only where all of them have a label."""
    if variable.holds == "text":
        return "single" if variable.labels else "text"
    if variable.holds in {"day", "moment"}:
        return "date"
    if variable.holds == "time":
        return "text"
    if variable.measure == "scale" or not variable.labels:
        return "number"
    return "single" if _all_labelled(variable) else "number"


def _all_labelled(variable: Variable) -> bool:
    """Tell whether the labels are a list of codes, and not just words at the ends and in the middle of a scale."""
    codes = [each for each in variable.labels if each not in variable.missing]
    whole = sorted(int(each) for each in codes if each.lstrip("-").isdigit())
    steps = {after - before for before, after in itertools.pairwise(whole)}
    if whole and len(whole) == len(codes) and steps <= {1}:
        return True
    ends = len(whole) <= LABELLED_ENDS and len(steps) == 1 and whole[-1] - whole[0] >= SHORTEST_SCALE
    return variable.measure == "nominal" and not ends


def _set(told: MultipleSet, named: Mapping[str, Variable], *, place: int) -> Question:
    first = named[told.variables[0]]
    codes = {each: named[each].label for each in told.variables} if told.counted is not None else first.labels
    return Question(
        name=told.name, text={"": told.label} if told.label else {}, sort="multiple", codes=codes, place=place
    )


def _answered(inside: Contents, export: Export) -> Iterator[Answered]:
    for line, values in rows(export.path, export.name, inside):
        for each in inside.sets:
            values[each.name] = _chosen(each, values)
        yield Answered(line=line, values=values)


def _chosen(told: MultipleSet, values: dict[str, str | None]) -> str | None:
    """Return what was chosen of a set, and take its variables away."""
    found = {each: values.pop(each, None) for each in told.variables}
    if all(each is None for each in found.values()):
        return None
    if told.counted is None:
        return listed([each for each in found.values() if each is not None])
    return listed([name for name, each in found.items() if each == told.counted])

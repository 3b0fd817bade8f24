"""The bridge: what an instrument asked over the years, and what each year's export calls it, in one file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from ruamel.yaml.comments import CommentedMap

from peil.errors import DefinitionError, SchemaError, SourceError, neighbours
from peil.sources.questions import Mode, Question, Sort, Word
from peil.sources.respondents import Fact
from peil.yaml_file import faults_of, plain, text_of, told, tree_of

__all__ = ["Asked", "Bridge", "Bridged", "BridgedFact", "Known", "check_bridges", "read_bridge"]

_REMEDY = "see the how-to on bridging waves"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a question was put in one wave, where that differs from what the bridge says of it.

    Parameters:
        asked_as: the column or variable of that wave's export.
        text: the question as it was put, by language.
        scale: lowest and highest value.
        reversed: the scale ran the other way round.
        codes: code to label of the answers.
        values: code of the export to the value it stands for.
        missing: codes that mean that there is no answer.
        mode: how it was asked.
        place: where it stood in the questionnaire.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    asked_as: str
    text: Mapping[str, str] | None = None
    scale: tuple[int, int] | None = None
    reversed: bool | None = None
    codes: Mapping[str, str] | None = None
    values: Mapping[str, Word] | None = None
    missing: tuple[Word, ...] | None = None
    mode: Mode | None = None
    place: int | None = None

    def of(self, question: Question) -> Question:
        """Return the question as it was put in this wave."""
        own = {name: getattr(self, name) for name in self.__slots__}
        return replace(question, **{name: value for name, value in own.items() if value is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridged:
    """A question under the name that it has in every wave.

    Parameters:
        name: how answers carry it.
        text, construct, sort, scale, reversed, codes, values, missing, mode, place: as of a ``Question``.
        waves: for each wave in which it was asked, the export's name for it, or what else was other there.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    text: Mapping[str, str] = field(default_factory=dict)
    construct: str | None = None
    sort: Sort = "single"
    scale: tuple[int, int] | None = None
    reversed: bool = False
    codes: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Word] = field(default_factory=dict)
    missing: tuple[Word, ...] = ()
    mode: Mode | None = None
    place: int | None = None
    waves: Mapping[str, str | Asked]

    def asked(self, wave: str) -> Question | None:
        """Return the question as it was put in a wave, or None where it was not."""
        if wave not in self.waves:
            return None
        told = self.waves[wave]
        common = {each: getattr(self, each) for each in self.__slots__ if each != "waves"}
        return (Asked(asked_as=told) if isinstance(told, str) else told).of(Question(**common))


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgedFact:
    """Something of respondents that figures can be given by, under one name in every wave.

    Parameters:
        name: how it is kept: figures are given by ``extra.NAME``.
        values: code of the export to what is kept.
        waves: for each wave, the export's name for it, or that name with codes of its own.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    values: Mapping[str, Word] = field(default_factory=dict)
    waves: Mapping[str, str | Fact]

    def told(self, wave: str) -> Fact | None:
        """Return where a wave's export tells it, or None where it does not."""
        if wave not in self.waves:
            return None
        given = self.waves[wave]
        return Fact(asked_as=given, values=self.values) if isinstance(given, str) else given


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a bridge knows of one wave."""

    questions: tuple[Question, ...]
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """An instrument over its waves.

    Parameters:
        questions: what was asked, under one name each.
        facts: what is told of respondents.
        name: the file's name.

    Example:
        >>> bridge = Bridge(questions=(Bridged(name="overall", waves={"2016": "Q7ALL", "2010": "Q6N"}),))
        >>> bridge.wave("2010", source="airport").questions[0].asked_as
        'Q6N'
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    questions: tuple[Bridged, ...]
    facts: tuple[BridgedFact, ...] = ()
    name: str = "the bridge"

    def wave(self, wave: str | None, *, source: str) -> Known:
        """Return what was asked and told in a wave.

        Parameters:
            wave: the wave.
            source: whose export it is, for the message.

        Raises:
            SchemaError: the bridge does not know the wave.
        """
        waves = sorted({name for each in self.questions for name in each.waves})
        if wave is None:
            raise SchemaError(
                f"source '{source}' has a bridge and does not say which wave its exports are",
                remedy=f"add 'wave: …' to the source; {self.name} knows {', '.join(waves)}",
            )
        if wave not in waves:
            raise SchemaError(f"source '{source}': {self.name} knows no wave '{wave}'", remedy=neighbours(wave, waves))
        questions = [found for each in self.questions if (found := each.asked(wave))]
        facts = {each.name: told for each in self.facts if (told := each.told(wave))}
        return Known(questions=tuple(questions), facts=facts)


def read_bridge(path: Path) -> Bridge:
    """Return the bridge in a file, checked.

    Raises:
        SourceError: the file is not YAML.
        DefinitionError: it has faults; each is told as file:line:column.
    """
    tree = tree_of(text_of(path, holds="questions"), path.name)
    if not isinstance(tree, CommentedMap):
        raise DefinitionError(f"{path.name}:1:1: a bridge is a list of 'questions'", remedy=_REMEDY)
    try:
        made = TypeAdapter(Bridge).validate_python({**plain(tree), "name": path.name})
    except ValidationError as refused:
        known = sorted({*Bridge.__slots__, *Bridged.__slots__, *Asked.__slots__} - {"name"})
        found = faults_of(refused.errors(include_url=False), tree, lambda _: known)
        raise DefinitionError(told(found, path.name), remedy=_REMEDY) from None
    _told_once(made, tree, path.name)
    return made


def check_bridges(sources: Iterable[object], root: Path) -> None:
    """Read the bridge of every source that has one, so that its faults are told before any data are read.

    Parameters:
        sources: as configured.
        root: the folder that paths are relative to.

    Raises:
        SourceError: there is no such file, or it is not YAML.
        DefinitionError: it has faults; each is told as file:line:column.
        SchemaError: it does not know the source's wave.
    """
    read: dict[Path, Bridge] = {}
    for source in sources:
        told = getattr(source, "bridge", None)
        if not told:
            continue
        path, name = root / str(told), str(getattr(source, "name", ""))
        if not path.is_file():
            raise SourceError(
                f"source '{name}' names the bridge '{path.name}', and there is no such file",
                remedy="paths are relative to peil.yaml",
            )
        if path not in read:
            read[path] = read_bridge(path)
        read[path].wave(getattr(source, "wave", None), source=name)


def _told_once(bridge: Bridge, tree: CommentedMap, name: str) -> None:
    """Refuse two questions of one name, and two questions that one column of a wave would answer."""
    seen: dict[tuple[str, str], str] = {}
    for place, each in enumerate(bridge.questions):
        line, column = (at + 1 for at in tree["questions"].lc.item(place))
        where = f"{name}:{line}:{column}"
        if ("", each.name) in seen:
            raise DefinitionError(f"{where}: two questions are called '{each.name}'", remedy="give each its own name")
        seen["", each.name] = each.name
        for wave in each.waves:
            question = each.asked(wave)
            asked_as = question.column if question else ""
            other = seen.setdefault((wave or " ", asked_as), each.name)
            if other != each.name:
                raise DefinitionError(
                    f"{where}: '{each.name}' and '{other}' are both column '{asked_as}' of wave '{wave}'",
                    remedy="a column answers one question",
                )

"""The configuration: one ``peil.yaml`` (YAML 1.2), checked, with every fault told as file:line:column."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from peil.calendars.hours import BusinessCalendar
from peil.errors import DefinitionError, PeilError, SourceError, neighbours
from peil.sources.kinds import AnySource

FILE_NAME = "peil.yaml"


class ConfigurationError(PeilError):
    """The configuration is not right; carries every fault, one a line."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Part):
    """A text in both languages."""

    en: str
    nl: str


class EngineConfig(_Part):
    """Which engine counts, and what it may use."""

    name: Literal["duckdb", "spark"] = "duckdb"
    memory: str = Field(
        default="4GB", pattern=r"^\d+(\.\d+)?\s?(MB|GB|MiB|GiB)$", description="cap on memory, such as 4GB"
    )
    threads: int = Field(default=2, ge=1, le=256)


class MeasureConfig(_Part):
    """A measure of the project's own, beside the catalogue's."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: Text
    unit: Literal["share", "score", "points", "seconds", "minutes", "hours", "count", "euros"]
    better: Literal["higher", "lower", "neither"] = "neither"
    population: str = "contacts"
    where: str = "true"
    of: str
    per: str = "1"
    standard: str = "defined in the project"
    estimator: Literal["ratio", "quantile", "total"] = "ratio"
    quantile: float = Field(default=0.5, gt=0, lt=1)


class FigureConfig(_Part):
    """One figure of the report."""

    measure: str
    by: tuple[str, ...] = ()
    where: str = "true"
    title: Text | None = None


class CompareConfig(_Part):
    """Two groups of which the report says whether they differ."""

    measure: str
    by: str
    first: str
    second: str
    where: str = "true"
    against: str | None = Field(default=None, description="another measure for the second group, such as nps_believed")


class TrendBreakConfig(_Part):
    """A day on which a measure may have changed; the choices are made before looking."""

    measure: str
    broke_on: date = Field(default=date(2020, 3, 16), description="first day that counts as after")
    period: Literal["week", "month"] = Field(default="month", description="of the series")
    where: str = "true"
    matters: float = Field(default=0.0, ge=0, description="the smallest change that matters, in the measure's unit")


class ReportConfig(_Part):
    """What the report shows."""

    title: Text = Text(en="Customer contact", nl="Klantcontact")
    subtitle: Text | None = None
    headlines: tuple[str, ...] = ()
    figures: tuple[FigureConfig, ...] = ()
    compare: tuple[CompareConfig, ...] = ()
    trend_breaks: tuple[TrendBreakConfig, ...] | None = Field(
        default=None, description="days on which measures may have changed; chosen from the data, if left out"
    )
    variants: tuple[str, ...] = ("service_level",)
    minimum_n: int = Field(default=10, ge=1, description="groups with fewer rows are not shown")
    level: float = Field(default=0.95, gt=0.5, lt=1)


class MarginConfig(_Part):
    """What is known of the population that a survey is weighted to."""

    by: tuple[str, ...] = Field(min_length=1, description="columns or row-level SQL; several are crossed")
    targets: Literal["contacts"] | dict[str, float] | None = Field(
        default=None,
        description="counts, or shares that add up to 1, for each level (`call`, or `call, agent` where two are crossed); "
        "`contacts` counts the contacts themselves",
    )
    total: Literal["contacts"] | float | None = Field(
        default=None, description="instead of targets: the total of a number over the population, or over the contacts"
    )
    where: str | None = Field(
        default=None, description="which contacts are counted; those that are not ignored, if left out"
    )

    @model_validator(mode="after")
    def _told(self) -> Self:
        """Refuse a margin of which nothing is known, or twice."""
        if (self.targets is None) == (self.total is None):
            raise ValueError("give 'targets' for levels, or 'total' for a number: one of the two")
        if self.total is not None and len(self.by) > 1:
            raise ValueError("a total is of one number; give each its own entry")
        if self.where is not None and "contacts" not in (self.targets, self.total):
            raise ValueError("'where' chooses contacts, and nothing here counts them; write 'targets: contacts'")
        for level in self.levels or ():
            if len(level) != len(self.by):
                raise ValueError(f"'{', '.join(level)}' has {len(level)} parts where {len(self.by)} are crossed")
        return self

    @property
    def levels(self) -> dict[tuple[str, ...], float] | None:
        """The targets by level; None where contacts are counted."""
        if not isinstance(self.targets, dict):
            return None
        truths = {"True": "true", "False": "false"}
        return {
            tuple(
                truths.get(part, part)
                for part in ([each.strip() for each in level.split(",")] if len(self.by) > 1 else [level])
            ): n
            for level, n in self.targets.items()
        }


class WeightsConfig(_Part):
    """How the answers of a survey are weighted to its population."""

    method: Literal["cell", "rake", "linear", "bounded"] = Field(
        default="rake",
        description="cell weights on one margin; raking on several; linear (generalised regression); or bounded",
    )
    margins: tuple[MarginConfig, ...] = Field(min_length=1, description="what is known of the population")
    trim: float | None = Field(default=None, gt=1, description="most that a weight may be, in times the mean weight")
    bounds: tuple[float, float] | None = Field(
        default=None, description="least and most by which a weight is multiplied, for `bounded`"
    )

    @model_validator(mode="after")
    def _together(self) -> Self:
        """Refuse settings that contradict one another."""
        if self.method == "cell" and (len(self.margins) > 1 or self.margins[0].total is not None):
            raise ValueError("cell weights have one margin with targets; cross its columns, or rake")
        if self.method == "bounded" and self.bounds is None:
            raise ValueError("give 'bounds', such as [0.3, 3]")
        if self.method == "bounded" and self.trim is not None:
            raise ValueError("bounded weights are not trimmed as well; lower the upper bound instead")
        if self.bounds is not None and not 0 <= self.bounds[0] < 1 < self.bounds[1]:
            raise ValueError("bounds have 1 between them, such as [0.3, 3]")
        if self.trim is not None and any(each.total is not None for each in self.margins):
            raise ValueError("weights that meet a total are not trimmed; use 'bounded'")
        return self


class SurveyConfig(_Part):
    """One survey: who could be in it, and how its answers are weighted."""

    name: str = Field(min_length=1, description="the survey, as the column `survey` of its answers has it")
    panel: Literal["probability", "opt_in", "census"] = Field(
        default="probability", description="how people came to be asked: an opt-in panel has no response rate"
    )
    eligible_share: float | None = Field(
        default=None, ge=0, le=1, description="share of those of unknown eligibility who are eligible (AAPOR's e)"
    )
    weights: WeightsConfig | None = Field(default=None, description="weights; as the source gives them, if left out")


class Configuration(_Part):
    """A project: its sources, calendars, surveys, measures and report."""

    name: str = Field(min_length=1, max_length=120)
    organisation: str = ""
    zone: str = "Europe/Amsterdam"
    country: str = Field(default="NL", pattern=r"^[A-Z]{2}$")
    calendar: str | None = Field(default=None, description="business calendar of contacts that name none")
    change_log: str | None = Field(
        default=None, description="file that tells when definitions, routing or counting changed, beside this file"
    )
    store: str = "store"
    key_file: str | None = Field(
        default=None, description="file with the secret for pseudonyms; default: outside the project"
    )
    simulated: bool = False
    engine: EngineConfig = EngineConfig()
    calendars: tuple[BusinessCalendar, ...] = ()
    sources: tuple[Annotated[AnySource, Field(discriminator="kind")], ...] = ()
    surveys: tuple[SurveyConfig, ...] = Field(
        default=(), description="what is to be known of a survey: who could be in it, and how it is weighted"
    )
    measures: tuple[MeasureConfig, ...] = ()
    report: ReportConfig = ReportConfig()

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        """Refuse sources that cannot be told apart or placed in time, and a calendar that does not exist."""
        names = [each.name for each in self.sources]
        twice = sorted({each for each in names if names.count(each) > 1})
        if twice:
            raise ValueError(f"two sources are called '{twice[0]}'; give each its own name: it is part of every key")
        for place, each in enumerate(self.sources):
            if not each.organisation:
                raise ValueError(
                    f"sources.{place}: whose customer contact is '{each.name}'? add 'organisation: …' to the project"
                )
        surveys = [each.name for each in self.surveys]
        again = sorted({each for each in surveys if surveys.count(each) > 1})
        if again:
            raise ValueError(f"surveys: '{again[0]}' is there twice; put its settings together")
        if self.calendar and self.calendar not in {each.name for each in self.calendars}:
            known = [each.name for each in self.calendars]
            raise ValueError(f"calendar: no calendar is named '{self.calendar}'; {neighbours(self.calendar, known)}")
        return self

    def calendar_named(self, name: str) -> BusinessCalendar:
        """Return the business calendar called ``name``."""
        for each in self.calendars:
            if each.name == name:
                return each
        raise DefinitionError(
            f"no calendar is named '{name}'", remedy=neighbours(name, [each.name for each in self.calendars])
        )


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
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path.name}: the file is not UTF-8", remedy="save it as UTF-8") from None
    return read_text(text, path.name)


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
        peil.config.ConfigurationError: peil.yaml:2:1: cuntry: there is no such setting; did you mean 'country'?
    """
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise ConfigurationError(
            f"{where}: {fault.problem or 'this is not YAML'}", remedy="check indentation and quotes"
        ) from None
    except YAMLError:
        raise ConfigurationError(f"{name}: this is not YAML", remedy="check indentation and quotes") from None
    if not isinstance(tree, CommentedMap):
        raise ConfigurationError(f"{name}:1:1: a configuration is a list of settings such as 'name: shop'")
    _known_zones(tree, name)
    plain: dict[str, Any] = _plain(tree)
    for each in plain.get("sources") or []:
        if isinstance(each, dict):
            each.setdefault("organisation", plain.get("organisation", ""))
            each.setdefault("zone", plain.get("zone", "Europe/Amsterdam"))
    try:
        return Configuration.model_validate(plain)
    except ValidationError as fault:
        told = sorted(_told(each, tree, name) for each in fault.errors(include_url=False))  # type: ignore[arg-type]  # pydantic's own typed dict
        raise ConfigurationError("\n".join(text for _, text in told)) from None
    except PeilError as fault:
        raise ConfigurationError(f"{name}: {fault.what}", remedy=fault.remedy) from None


def _plain(node: Any) -> Any:  # noqa: ANN401  # whatever YAML holds
    """Return YAML as plain data: keys as text (a day may be one), dates and times as they were written."""
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(each) for each in node]
    return node if isinstance(node, (bool, int, float, type(None))) else str(node)


def _known_zones(tree: CommentedMap, name: str) -> None:
    """Refuse a time zone that does not exist, wherever one is named, before anything is made with it."""
    places: list[tuple[str, Any]] = [("", tree)]
    for key in ("sources", "calendars"):
        listed = tree.get(key)
        places += (
            [(f"{key}.{place}.", each) for place, each in enumerate(listed)] if isinstance(listed, CommentedSeq) else []
        )
    zones = available_timezones()
    told = []
    for path, node in places:
        if isinstance(node, CommentedMap) and "zone" in node and str(node["zone"]) not in zones:
            line, column = node.lc.key("zone")
            zone = str(node["zone"])
            told.append(
                f"{name}:{line + 1}:{column + 1}: {path}zone: '{zone}' is not a time zone; {neighbours(zone, zones)}"
            )
    if told:
        raise ConfigurationError("\n".join(told))


def _told(error: dict[str, Any], tree: CommentedMap, name: str) -> tuple[tuple[int, int], str]:
    line, column, path = _position(tree, error["loc"])
    says = str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "should be")
    last = str(error["loc"][-1]) if error["loc"] else ""
    if error["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        says = "there is no such setting; " + neighbours(last, _known(error["loc"][:-1]))
    elif error["type"] == "missing":
        says = "is needed here"
    elif error["type"] == "union_tag_invalid":
        context = error["ctx"]
        known = re.findall(r"'([^']+)'", str(context["expected_tags"]))
        path, says = (
            f"{path}.kind",
            f"'{context['tag']}' is no kind of source; " + neighbours(str(context["tag"]), known),
        )
    return (line, column), f"{name}:{line + 1}:{column + 1}: {path}: {says}"


def _position(tree: CommentedMap, loc: Sequence[str | int]) -> tuple[int, int, str]:
    """Walk as far as the file goes; steps that only the model knows (a union's tag) are passed over."""
    node: Any = tree
    line, column = 0, 0
    path: list[str] = []
    for place, step in enumerate(loc):
        if isinstance(node, CommentedMap) and step in node:
            line, column = node.lc.key(step)
            node = node[step]
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line, column = node.lc.item(step)
            node = node[step]
        elif place < len(loc) - 1:
            continue
        path.append(str(step))
    return line, column, ".".join(path)


def _known(loc: Sequence[str | int]) -> Iterator[str]:
    """Yield the settings that the model allows at ``loc``."""
    schema = json_schema()
    node: Any = schema
    for step in loc:
        node = _resolved(node, schema)
        if "oneOf" in node or "anyOf" in node:
            choices = [_resolved(each, schema) for each in node.get("oneOf", node.get("anyOf"))]
            tagged = [each for each in choices if each.get("properties", {}).get("kind", {}).get("const") == step]
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

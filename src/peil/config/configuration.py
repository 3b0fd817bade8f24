"""A project's settings: its sources, calendars, surveys, measures and report."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from peil.calendars.hours import BusinessCalendar
from peil.config.doubtful import DoubtfulConfig
from peil.config.journeys import JourneysConfig
from peil.config.part import Part, Text
from peil.config.persons import PersonsConfig
from peil.config.report import ReportConfig
from peil.config.survey import SurveyConfig
from peil.errors import DefinitionError, neighbours
from peil.sources.kinds import AnySource


class EngineConfig(Part):
    """Which engine counts, and what it may use."""

    name: Literal["duckdb", "spark"] = "duckdb"
    memory: str = Field(
        default="4GB", pattern=r"^\d+(\.\d+)?\s?(MB|GB|MiB|GiB)$", description="cap on memory, such as 4GB"
    )
    threads: int = Field(default=2, ge=1, le=256)


class MeasureConfig(Part):
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
    ends: tuple[int, int] | None = Field(
        default=None,
        description="lowest and highest that a row can be, so that the interval of a mean holds for few rows too",
    )


class Configuration(Part):
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
    doubtful: DoubtfulConfig = Field(
        default=DoubtfulConfig(), description="when a response is flagged as doubtful; none is left out for it"
    )
    persons: PersonsConfig = Field(
        default=PersonsConfig(), description="when records and contacts are taken to be of one person"
    )
    journeys: JourneysConfig = Field(default=JourneysConfig(), description="what makes contacts parts of one journey")
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

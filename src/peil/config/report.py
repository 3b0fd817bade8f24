"""What the report shows."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field

from peil.config.dose import ControlConfig, DoseConfig
from peil.config.growth import GrowthConfig, InvestmentConfig
from peil.config.part import Part, Text
from peil.config.small_cells import SmallCellsConfig
from peil.config.trials import TrialConfig


class FigureConfig(Part):
    """One figure of the report."""

    measure: str
    by: tuple[str, ...] = ()
    where: str = "true"
    title: Text | None = None


class CompareConfig(Part):
    """Two groups of which the report says whether they differ."""

    measure: str
    by: str
    first: str
    second: str
    where: str = "true"
    against: str | None = Field(default=None, description="another measure for the second group, such as nps_believed")


class TrendBreakConfig(Part):
    """A day on which a measure may have changed; the choices are made before looking."""

    measure: str
    broke_on: date = Field(default=date(2020, 3, 16), description="first day that counts as after")
    period: Literal["week", "month"] = Field(default="month", description="of the series")
    where: str = "true"
    matters: float = Field(default=0.0, ge=0, description="the smallest change that matters, in the measure's unit")
    controls: tuple[ControlConfig, ...] = Field(default=(), description="series that the event did not reach")
    dose: DoseConfig | None = Field(
        default=None, description="how much of the event there was, where it reached everybody"
    )


ChapterName = Literal["journeys", "time", "bots", "home_working", "staff_first"]


class BotsConfig(Part):
    """What a bot's bill and promises are held to."""

    price_cents: int | None = Field(default=None, ge=0, description="what the vendor bills for one resolution")
    promised: float = Field(
        default=0.9, gt=0, lt=1, description="share of those who ask for a person that ought to reach one"
    )


class ReportConfig(Part):
    """What the report shows."""

    title: Text = Text(en="Customer contact", nl="Klantcontact")
    subtitle: Text | None = None
    headlines: tuple[str, ...] = ()
    figures: tuple[FigureConfig, ...] = ()
    compare: tuple[CompareConfig, ...] = ()
    trend_breaks: tuple[TrendBreakConfig, ...] | None = Field(
        default=None, description="days on which measures may have changed; chosen from the data, if left out"
    )
    chapters: tuple[ChapterName, ...] | None = Field(
        default=None, description="subjects with a heading of their own; each that the data can answer, if left out"
    )
    bots: BotsConfig = Field(default=BotsConfig(), description="what a bot's bill and promises are held to")
    growth: tuple[GrowthConfig, ...] = Field(
        default=(), description="whether organisations with a better worked-out strategy grew more"
    )
    investments: tuple[InvestmentConfig, ...] = Field(
        default=(), description="investments in customer contact: business case, and what came of it"
    )
    trials: tuple[TrialConfig, ...] = Field(default=(), description="which length of trial brings in most per visitor")
    small_cells: tuple[SmallCellsConfig, ...] = Field(
        default=(), description="crossings of groups with few answers each, for which a model shares what there is"
    )
    variants: tuple[str, ...] = ("service_level",)
    minimum_n: int = Field(default=10, ge=1, description="groups with fewer rows are not shown")
    level: float = Field(default=0.95, gt=0.5, lt=1)

    def within(self, folder: Path) -> ReportConfig:
        """Return the same with the files that it names sought in a folder."""
        told: dict[str, object] = {"small_cells": tuple(each.within(folder) for each in self.small_cells)}
        if self.trend_breaks is not None:
            told["trend_breaks"] = tuple(
                each.model_copy(update={"dose": each.dose.within(folder)}) if each.dose else each
                for each in self.trend_breaks
            )
        return self.model_copy(update=told)

"""What a trend break is held against: controls, and how much of the event there was."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from peil.config.part import Part, Text


class ControlConfig(Part):
    """A series that the event is taken not to have reached."""

    measure: str = Field(description="what is measured, in the same unit")
    where: str = Field(default="true", description="row-level SQL that chooses its rows")
    exposure: float | None = Field(
        default=None,
        ge=0,
        description="how much of the event reached it all the same, from nought; left out, not known",
    )


class DoseRowConfig(Part):
    """How much of an event there was."""

    date: str = Field(description="a day, or a month as 2020-03, or a week as 2020-W12")
    dose: float = Field(ge=0, description="how much, from nought")
    unit: str = Field(default="", description="whose; for everybody, if left out")


class DoseConfig(Part):
    """How much of an event there was in each period, or in each period and unit."""

    label: Text = Field(default=Text(en="dose", nl="dosis"), description="what the dose is, such as strictness")
    file: str | None = Field(
        default=None, description="CSV or Parquet with the columns date, dose and, if they differ, unit"
    )
    rows: tuple[DoseRowConfig, ...] = Field(default=(), description="the same, in place")
    by: str = Field(default="organisation", description="what names the units, such as `queue` or `extra.site`")
    otherwise: float | None = Field(
        default=None, ge=0, description="the dose of periods without a row; a fault, if left out"
    )
    lags: int = Field(default=0, ge=0, le=26, description="the dose of up to so many periods before is tried as well")
    matters: float = Field(
        default=0.0, ge=0, description="the smallest effect per unit of dose that matters; of counts as a share"
    )

    @model_validator(mode="after")
    def _one_table(self) -> Self:
        """Refuse a dose that is told in no way, or in two."""
        if (self.file is None) == (not self.rows):
            raise ValueError("give one of 'file' and 'rows': where the dose is known from")
        return self

    def within(self, folder: Path) -> Self:
        """Return the same with its file sought in a folder."""
        return self if self.file is None else self.model_copy(update={"file": str(folder / self.file)})

"""Which crossings of few answers the report gives a model's values."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field

from peil.config.part import Part

CONTACTS = "contacts"


class SmallCellsConfig(Part):
    """A crossing of groups of which many have few answers."""

    measure: str = Field(description="a mean, share or score of rows")
    by: tuple[str, ...] = Field(
        min_length=1, max_length=3, description="what cells are crossed by, such as `extra.country` and `extra.sector`"
    )
    where: str = Field(default="true", description="row-level SQL that chooses rows")
    population: str | None = Field(
        default=None,
        description="what margins are weighted to: `contacts` counts them, else a CSV or Parquet with the columns of `by` "
        "and `population`; every cell counts alike, if left out",
    )

    def within(self, folder: Path) -> Self:
        """Return the same with its file sought in a folder."""
        if self.population in {None, CONTACTS}:
            return self
        return self.model_copy(update={"population": str(folder / str(self.population))})

"""What is to be known of a survey: who could be in it, and how it is weighted."""

from __future__ import annotations

import csv
from typing import Literal, Self

from pydantic import Field, model_validator

from peil.config.part import Part


def _parts(level: str) -> list[str]:
    """Return the levels of a crossing; one that has a comma stands in double quotes."""
    return [each.strip() for each in next(csv.reader([level], skipinitialspace=True), [])]


class MarginConfig(Part):
    """What is known of the population that a survey is weighted to."""

    by: tuple[str, ...] = Field(
        min_length=1, description="columns, facts such as `extra.age`, or row-level SQL; several are crossed"
    )
    targets: Literal["contacts"] | dict[str, float] | None = Field(
        default=None,
        description="counts, or shares that add up to 1, for each level (`call`, or `call, agent` where two are crossed, and "
        '`"Utrecht, city", agent` where a level has a comma); '
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
            tuple(truths.get(part, part) for part in (_parts(level) if len(self.by) > 1 else [level])): n
            for level, n in self.targets.items()
        }


class WeightsConfig(Part):
    """How the answers of a survey are weighted to its population."""

    method: Literal["cell", "rake", "linear", "bounded"] = Field(
        default="rake",
        description="cell weights on one margin; raking on several; linear (generalised regression); or bounded",
    )
    margins: tuple[MarginConfig, ...] = Field(min_length=1, description="what is known of the population")
    trim: float | None = Field(default=None, gt=1, description="most that a weight may be, in times the mean weight")
    per_round: bool = Field(
        default=False, description="weight each round by itself to the same targets, so that rounds can be compared"
    )
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
        if self.per_round and any(each.levels is None for each in self.margins):
            raise ValueError("'per_round' needs targets for levels: contacts and totals are not told by round")
        if self.trim is not None and any(each.total is not None for each in self.margins):
            raise ValueError("weights that meet a total are not trimmed; use 'bounded'")
        return self


class SurveyConfig(Part):
    """One survey: who could be in it, and how its answers are weighted."""

    name: str = Field(min_length=1, description="the survey, as the column `survey` of its answers has it")
    panel: Literal["probability", "opt_in", "census"] = Field(
        default="probability", description="how people came to be asked: an opt-in panel has no response rate"
    )
    eligible_share: float | None = Field(
        default=None, ge=0, le=1, description="share of those of unknown eligibility who are eligible (AAPOR's e)"
    )
    singleton: Literal["refuse", "certainty", "average", "grand_mean"] = Field(
        default="refuse",
        description="a stratum with one respondent: refused; as if certain to be asked; or with the spread of the others",
    )
    weights: WeightsConfig | None = Field(default=None, description="weights; as the source gives them, if left out")

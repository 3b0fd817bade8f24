"""What the report asks of organisations: whether strategy and growth go together, and what investments brought."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from peil.config.part import Part


class GrowthConfig(Part):
    """Whether organisations with a better worked-out strategy grew more."""

    strategy: str = Field(description="measure of how far the strategy is")
    said: str | None = Field(default=None, description="measure of growth as the organisation answers")
    seen: str | None = Field(default=None, description="measure whose rows show the growth, with `before` and `after`")
    before: str | None = Field(default=None, description="row-level SQL that chooses the rows of the earlier period")
    after: str | None = Field(default=None, description="row-level SQL that chooses the rows of the later period")
    booked: str | None = Field(default=None, description="field of the strategy's answers, such as `extra.revenue`")
    booked_by_respondent: bool = Field(
        default=False, description="whether whoever told the strategy filled the field in as well"
    )
    earlier: str | None = Field(
        default=None, description="field of the answers with growth before the strategy was asked about"
    )
    where: str = Field(default="true", description="which answers tell the strategy")
    by: str = Field(default="organisation", description="what names the organisation")
    held: tuple[str, ...] = Field(default=(), description="facts to hold constant, such as `extra.staff`")
    matters: float = Field(default=0.0, ge=0, description="smallest slope that matters, in growth per step of strategy")

    @model_validator(mode="after")
    def _one_growth(self) -> Self:
        """Refuse a growth that is told in no way, or in two."""
        if sum(each is not None for each in (self.said, self.seen, self.booked)) != 1:
            raise ValueError("give one of 'said', 'seen' and 'booked': where growth is known from")
        if (self.seen is not None) != (self.before is not None and self.after is not None):
            raise ValueError("'seen' goes with 'before' and 'after', which choose the rows of both periods")
        return self


class StatedConfig(Part):
    """A number with its range."""

    low: float
    likely: float
    high: float
    held: float = Field(default=0.8, gt=0, lt=1, description="how often it is to lie between low and high")


class CaseConfig(Part):
    """What an investment costs and brings."""

    cost: StatedConfig
    yearly: StatedConfig = Field(description="what comes in each year")
    years: int = Field(ge=1)
    discount: float = Field(default=0.08, gt=-1, description="interest a year")


class InvestmentConfig(Part):
    """One investment, as its business case had it and as it turned out."""

    name: str
    edition: str = Field(default="", description="survey round or year of the business case")
    before: CaseConfig
    after: CaseConfig | None = None
    known: Literal["retrospective", "measured"] = "retrospective"

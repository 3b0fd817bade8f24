"""What the report asks of trials: how long should people be allowed to try?"""

from __future__ import annotations

from pydantic import Field

from peil.config.part import Part


class TrialConfig(Part):
    """Which length of trial brings in most per visitor."""

    where: str = Field(default="true", description="which visitors, such as those of one product")
    by_lot: bool = Field(default=True, description="whether chance decided who was offered which length")
    decided: str = Field(
        default="extra.decided_days", description="field with the day of the trial on which it was kept for good"
    )
    segment: str = Field(default="", description="column that tells visitors apart before the trial")
    daily_cost: float = Field(default=0.0, ge=0, description="euros a day in which something is out")
    matters: float = Field(default=0.0, ge=0, description="euros a visitor below which a difference does not matter")
    later: str = Field(default="", description="measure of orders that says what visitors brought in afterwards")

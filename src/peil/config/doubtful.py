"""When a response to a survey is flagged as doubtful."""

from __future__ import annotations

from pydantic import Field

from peil.config.part import Part


class DoubtfulConfig(Part):
    """Thresholds of the flags; what is flagged is counted and stays in."""

    speeder_share: float = Field(
        default=1 / 3, gt=0, lt=1, description="too fast: below this share of the median time of its survey and wave"
    )
    speeder_least_n: int = Field(default=20, ge=1, description="times that are known before a median is trusted")
    straight_least_items: int = Field(default=5, ge=2, description="a straight line has so many items of one scale")
    duplicate_per_contact: bool = Field(
        default=True, description="whether answers of one person about different contacts are different answers"
    )
    same_least_items: int = Field(default=8, ge=2, description="two responses are alike from so many items")
    same_within_minutes: float = Field(
        default=10, ge=0, le=1_440, description="and where they came one after the other within this time"
    )

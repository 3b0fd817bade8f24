"""What makes contacts of one person parts of one journey."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from peil.config.part import Part


class JourneysConfig(Part):
    """What makes contacts of one person parts of one journey."""

    window_days: int = Field(
        default=7,
        ge=1,
        le=366,
        description="a contact that begins so many days or less after the one before goes on with its journey",
    )
    reason: Literal["any", "same", "same_or_unknown"] = Field(
        default="same_or_unknown",
        description="what they must be about: anything, the same reason, or the same with contacts without a reason taken along",
    )
    retell_seconds: int = Field(
        default=60,
        ge=0,
        description="how much of a conversation goes to telling again what somebody else was told before",
    )

"""What every part of the configuration is made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of the configuration: a setting that is not there is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Part):
    """A text in both languages."""

    en: str
    nl: str

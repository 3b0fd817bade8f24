"""Altair, imported when something is first drawn: most commands draw nothing, and it takes a quarter of a second."""

from __future__ import annotations

import importlib
from typing import Any


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever Altair has by that name
    return getattr(importlib.import_module("altair"), name)

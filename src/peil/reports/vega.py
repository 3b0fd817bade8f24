"""Altair, imported when something is first drawn: most commands draw nothing, and it takes a quarter of a second."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever Altair has by that name
    return getattr(importlib.import_module("altair"), name)


@contextmanager
def unchecked() -> Iterator[None]:
    """Leave out Altair's check of each part of a drawing, a fifth of a report's time; the renderer refuses what is wrong."""
    with importlib.import_module("altair.utils.schemapi").debug_mode(arg=False):
        yield

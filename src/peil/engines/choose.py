"""Open the engine that the configuration names."""

from __future__ import annotations

from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.engine import Engine


def open_engine(name: str, limits: Limits) -> Engine:
    """Return the engine called ``name``."""
    if name == "spark":
        from peil.engines.spark import SparkEngine

        return SparkEngine(limits)
    return DuckEngine(limits)

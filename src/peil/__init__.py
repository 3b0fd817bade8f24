"""Peil measures customer contact and says how sure it is.

Example:
    >>> import peil, tempfile
    >>> project = peil.demo_project(tempfile.mkdtemp(), contacts=2_000)
    >>> result = project.estimate("nps", by=["channel"])
    >>> sorted(result.to_frame()["channel"])
    ['bot', 'call', 'chat', 'mail', 'message']
"""

from __future__ import annotations

import importlib
from typing import Any

# Heavy libraries are imported when a name is first used, so that the command line starts quickly.
_HOMES = {
    "open": ("peil.project", "open_project"),
    "demo_project": ("peil.examples", "demo_project"),
    "Project": ("peil.project", "Project"),
    "Measure": ("peil.measures.measure", "Measure"),
    "Estimate": ("peil.estimates.estimate", "Estimate"),
    "Estimates": ("peil.estimates.estimate", "Estimates"),
    "sample": ("peil.estimates.sample", "sample"),
    "Sample": ("peil.estimates.sampled_rows", "Sample"),
    "Finding": ("peil.studies.finding", "Finding"),
    "PeilError": ("peil.errors", "PeilError"),
    "CATALOGUE": ("peil.measures.catalogue", "CATALOGUE"),
}
__all__ = [
    "CATALOGUE",
    "Estimate",
    "Estimates",
    "Finding",
    "Measure",
    "PeilError",
    "Project",
    "Sample",
    "demo_project",
    "open",
    "sample",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever the name stands for
    if name not in _HOMES:
        raise AttributeError(f"module 'peil' has no attribute '{name}'")
    module, attribute = _HOMES[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)

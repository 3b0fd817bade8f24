"""Which engine counts: one name in the configuration, and nothing else changes."""

from __future__ import annotations

from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.engine import Engine
from peil.errors import DefinitionError, neighbours

ENGINES = ("duckdb", "spark")


def open_engine(name: str, limits: Limits | None = None) -> Engine:
    """Return the engine called ``name``.

    Parameters:
        name: ``duckdb``, in this process; or ``spark``, which needs the extra of that name and Java 17.
        limits: memory, cores and spill folder.

    Raises:
        DefinitionError: no engine has that name.
        PeilError: Spark is asked for and not there.

    Example:
        >>> open_engine("duckdb").name
        'duckdb'
        >>> open_engine("sparc")
        Traceback (most recent call last):
        ...
        peil.errors.DefinitionError: no engine is named 'sparc'
          remedy: did you mean 'spark'?
    """
    if name == "duckdb":
        return DuckEngine(limits)
    if name == "spark":
        from peil.engines.spark import SparkEngine

        return SparkEngine(limits)
    raise DefinitionError(f"no engine is named '{name}'", remedy=neighbours(name, ENGINES))

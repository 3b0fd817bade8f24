"""The register of a project: its own file where it has one, the shipped register otherwise, with what was settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from peil.measures.catalogue import CATALOGUE
from peil.measures.measure import Measure
from peil.studies.trend_register.entry import Register
from peil.studies.trend_register.ledger import LEDGER, Resolution, resolutions
from peil.studies.trend_register.reading import read, shipped

FILE = "trends.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A register and its ledger.

    Parameters:
        register: the claims.
        ledger: the file of resolutions, which need not be there.
        lines: every resolution, oldest first.
    """

    register: Register
    ledger: Path
    lines: tuple[Resolution, ...]


def kept(folder: Path, *, file: Path | None = None, catalogue: Mapping[str, Measure] = CATALOGUE) -> Kept:
    """Return the register of a folder.

    Parameters:
        folder: the project's, where the ledger lies.
        file: a register elsewhere; ``trends.yaml`` in the folder if left out, and the shipped register without one.
        catalogue: measures that rules may name.

    Raises:
        SourceError: a file cannot be read, or the ledger was changed.
        DefinitionError: the register has faults.

    Example:
        >>> import tempfile
        >>> kept(Path(tempfile.mkdtemp())).register.name
        'register.yaml'
    """
    own = file or folder / FILE
    register = read(own, catalogue=catalogue) if file is not None or own.is_file() else shipped()
    ledger = folder / LEDGER
    return Kept(register=register, ledger=ledger, lines=resolutions(ledger))

"""Resolutions, kept beside the project in a file that only grows: each line seals the one before it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, Literal

from peil.errors import DefinitionError, SourceError
from peil.studies.trend_register.entry import Trend

LEDGER = "trends.jsonl"
Outcome = Literal["yes", "no", "undecided"]
OUTCOMES: tuple[Outcome, ...] = ("yes", "no", "undecided")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """How one claim turned out.

    Parameters:
        trend: its identifier.
        outcome: whether the rule held; undecided where the interval holds the threshold.
        resolved_on: the day on which it was settled.
        by: ``measure`` of the project, or ``hand``.
        value: what was measured or read; None where nothing was.
        low, high: its interval.
        level: of the interval.
        n: what it rests on.
        source: where the figure was read, or the measure's name.
        run: digest of the run that measured.
        probability: as it stood.
        claim: digest of the entry as it stood.
        because: why an earlier resolution is put right.
        before: seal of the line before this one; empty for the first.
        seal: hash of everything else in the line.
    """

    trend: str
    outcome: Outcome
    resolved_on: date
    by: Literal["measure", "hand"]
    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    n: int | None = None
    source: str = ""
    run: str = ""
    probability: float | None = None
    claim: str = ""
    because: str = ""
    before: str = ""
    seal: str = ""

    @property
    def came(self) -> float | None:
        """The outcome as a number: 1, 0, or None while it is undecided."""
        return {"yes": 1.0, "no": 0.0}.get(self.outcome)

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**asdict(self), "resolved_on": self.resolved_on.isoformat()}


def resolutions(path: Path) -> tuple[Resolution, ...]:
    """Return every resolution in a ledger, oldest first; none where there is no ledger.

    Parameters:
        path: of the file.

    Raises:
        SourceError: a line cannot be read, or does not follow from the one before it: somebody changed the past.
    """
    if not path.is_file():
        return ()
    found: list[Resolution] = []
    before = ""
    known = {each.name for each in fields(Resolution)}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            told = json.loads(line)
            seal = _seal(told)
            told["resolved_on"] = date.fromisoformat(told["resolved_on"])
            made = Resolution(**{key: value for key, value in told.items() if key in known})
        except (ValueError, KeyError, TypeError):
            raise SourceError(
                f"{path.name}:{number}: this line is no resolution",
                remedy="put the file back as it was; it is only added to",
            ) from None
        if made.outcome not in OUTCOMES or made.before != before or made.seal != seal:
            raise SourceError(
                f"{path.name}:{number}: this line, or the one before it, is not what was written: the past was changed",
                remedy="put the file back as it was; a mistake is put right by a new line, with 'because'",
            )
        found.append(made)
        before = seal
    return tuple(found)


def latest(found: Sequence[Resolution]) -> Mapping[str, Resolution]:
    """Return the last word on each claim."""
    return {each.trend: each for each in found}


def add(path: Path, trend: Trend, made: Resolution) -> Resolution:
    """Append a resolution to a ledger, and return it as it stands there.

    Parameters:
        path: of the file; made if it is not there.
        trend: the claim.
        made: how it turned out.

    Raises:
        DefinitionError: it is settled already and nothing says why that is put right.
    """
    held = resolutions(path)
    earlier = latest(held).get(trend.id)
    if earlier is not None and earlier.came is not None and not made.because.strip():
        raise DefinitionError(
            f"'{trend.id}' was settled on {earlier.resolved_on.isoformat()}: {earlier.outcome}",
            remedy="a settled claim is put right by a new line that says why: --because",
        )
    told = made.plain()
    told |= {
        "probability": trend.probability,
        "claim": trend.digest,
        "before": held[-1].seal if held else "",
    }
    told["seal"] = _seal(told)
    line = json.dumps(told, ensure_ascii=False, sort_keys=True)
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
    return resolutions(path)[-1]


def _seal(told: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in told.items() if name != "seal"}
    return hashlib.sha256(json.dumps(rest, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]

"""What a study finds: a verdict, an effect with its interval, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from peil.dataset import Run
from peil.estimates.difference import Difference
from peil.terms import Label, Unit

Verdict = Literal["yes", "no", "unclear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A number that answers a question, and is no difference of two estimates.

    Parameters:
        label: what it is.
        unit: what it is shown in.
        value: the number.
        low, high: its interval.
        level: how often such intervals hold the truth.
        n: what it rests on: rows, persons or periods, as the label says.
        relative: a share of what it is compared with: shown in per cent, not in percentage points.

    Example:
        >>> Effect(label=Label("gain", "winst"), unit=Unit.SHARE, value=0.1, low=0.02, high=0.18, level=0.95, n=300).clear
        True
    """

    label: Label
    unit: Unit
    value: float
    low: float
    high: float
    level: float
    n: int
    relative: bool = False

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out: only then may a claim word be used."""
        return bool(self.low > 0 or self.high < 0)


E_co = TypeVar("E_co", bound=Difference | Effect, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something that has to hold for a verdict to stand.

    Parameters:
        name: what is checked.
        passed: whether it holds.
        says: the sentence a person reads.
    """

    name: str
    passed: bool
    says: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Generic[E_co]):
    """The answer to one question.

    Parameters:
        study: which study gave it.
        question: what was asked.
        verdict: ``yes``, ``no`` or ``unclear``; the last is a full answer.
        says: the finding in one sentence; a claim word only where the interval of the difference leaves zero out.
        effect: the difference, or another number that answers it, with its interval.
        checks: what was checked.
        assumptions: what has to be taken for granted.
        settles: what would settle an ``unclear``.
        run: inputs, version, seed.
    """

    study: str
    question: Label
    verdict: Verdict
    says: Label
    effect: E_co
    checks: tuple[Check, ...]
    assumptions: tuple[Label, ...]
    settles: Label | None
    run: Run

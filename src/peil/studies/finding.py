"""What a study finds: a verdict, an effect with its interval, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from peil.dataset import Run
from peil.estimates.difference import Difference
from peil.terms import Label

Verdict = Literal["yes", "no", "unclear"]


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
class Finding:
    """The answer to one question.

    Parameters:
        study: which study gave it.
        question: what was asked.
        verdict: ``yes``, ``no`` or ``unclear``; the last is a full answer.
        says: the finding in one sentence; a claim word only where the interval of the difference leaves zero out.
        effect: the difference with its interval.
        checks: what was checked.
        assumptions: what has to be taken for granted.
        settles: what would settle an ``unclear``.
        run: inputs, version, seed.
    """

    study: str
    question: Label
    verdict: Verdict
    says: Label
    effect: Difference
    checks: tuple[Check, ...]
    assumptions: tuple[Label, ...]
    settles: Label | None
    run: Run

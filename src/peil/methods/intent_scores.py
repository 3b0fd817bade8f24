"""How well a bot's intents are recognised: accuracy, F-score and macro F, each with its interval.

F = 2 correct / (answered + asked), where what the engine gave no intent counts as asked and not as answered. Over all
utterances it is the micro F of van Rijsbergen (1979); macro F is the plain mean over intents (Sokolova & Lapalme 2009).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from peil.errors import EvidenceError
from peil.methods import interval
from peil.methods.moments import Floats

NO_INTENT = ("", "None")
FEWEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A score with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentScore:
    """How well one intent is recognised.

    Parameters:
        intent: its name.
        asked: utterances that mean it.
        answered: utterances that were taken for it.
        correct: utterances that mean it and were taken for it.
        f: its F-score; none where it was neither asked nor answered.
    """

    intent: str
    asked: int
    answered: int
    correct: int
    f: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentScores:
    """What an engine makes of a set of labelled utterances.

    Parameters:
        asked: utterances.
        answered: utterances that the engine gave an intent.
        correct: utterances that it gave the right one.
        accuracy: correct of asked: everything that got no intent is wrong.
        f: 2 correct / (answered + asked).
        macro_f: mean of the F-scores of the intents, so that a rare intent counts like a frequent one.
        per_intent: every intent, the one asked most often first.
        level: of the intervals.
    """

    asked: int
    answered: int
    correct: int
    accuracy: Scored
    f: Scored
    macro_f: float
    per_intent: tuple[IntentScore, ...]
    level: float


def intent_scores(
    expected: Sequence[str],
    predicted: Sequence[str | None],
    *,
    no_intent: Collection[str] = NO_INTENT,
    level: float = 0.95,
) -> IntentScores:
    """Return how well intents are recognised.

    Parameters:
        expected: the intent that each utterance means.
        predicted: the intent that the engine gave it; nothing, or one of ``no_intent``, where it fell back.
        no_intent: how an engine writes that it fell back.
        level: how often an interval is to hold the truth.

    Raises:
        EvidenceError: the two differ in length, or there are fewer than two utterances.

    Example:
        >>> found = intent_scores(["track", "track", "return", "return"], ["track", "return", "return", ""])
        >>> found.asked, found.answered, found.correct, round(found.f.value, 4), round(found.macro_f, 4)
        (4, 3, 2, 0.5714, 0.5833)
        >>> [round(each, 3) for each in (found.accuracy.low, found.accuracy.value, found.accuracy.high)]
        [0.15, 0.5, 0.85]
    """
    if len(expected) != len(predicted):
        raise EvidenceError(
            f"{len(expected)} utterances are labelled and {len(predicted)} were predicted",
            remedy="give one prediction an utterance, empty where the engine fell back",
        )
    if len(expected) < FEWEST:
        raise EvidenceError(
            "intents cannot be scored on fewer than two utterances", remedy="label more utterances and try again"
        )
    nothing = {*no_intent, "", None}
    answered = np.array([each not in nothing for each in predicted])
    correct = answered & np.array([one == other for one, other in zip(expected, predicted, strict=True)])
    low, high = interval.share([correct.mean()], [len(correct)], level=level)
    per_intent = _per_intent(expected, predicted, answered.tolist(), correct.tolist())
    return IntentScores(
        asked=len(expected),
        answered=int(answered.sum()),
        correct=int(correct.sum()),
        accuracy=Scored(value=float(correct.mean()), low=float(low[0]), high=float(high[0])),
        f=_f(answered.astype(np.float64), correct.astype(np.float64), level),
        macro_f=float(np.mean([each.f for each in per_intent])),
        per_intent=per_intent,
        level=level,
    )


def f_score(correct: int, answered: int, asked: int) -> float:
    """Return 2 correct / (answered + asked).

    Example:
        >>> round(f_score(20, 29, 30), 5)
        0.67797
    """
    return 2 * correct / (answered + asked) if answered + asked else float("nan")


def _f(answered: Floats, correct: Floats, level: float) -> Scored:
    """Return the F-score as the ratio that it is, with the linearised error of a ratio (Cochran 1977, 6.4)."""
    n, per = len(answered), 1 + answered
    value = 2 * correct.sum() / per.sum()
    residuals = 2 * correct - value * per
    se = float(np.sqrt(n / (n - 1) * (residuals**2).sum()) / per.sum())
    low, high = interval.mean([value], [se], [n - 1], level=level, least=0.0, most=1.0)
    return Scored(value=float(value), low=float(low[0]), high=float(high[0]))


def _per_intent(
    expected: Sequence[str], predicted: Sequence[str | None], answered: Sequence[bool], correct: Sequence[bool]
) -> tuple[IntentScore, ...]:
    given = [each for each, holds in zip(predicted, answered, strict=True) if holds and each is not None]
    right = [each for each, holds in zip(expected, correct, strict=True) if holds]
    found = [
        IntentScore(
            intent=intent,
            asked=expected.count(intent),
            answered=given.count(intent),
            correct=right.count(intent),
            f=f_score(right.count(intent), given.count(intent), expected.count(intent)),
        )
        for intent in {*expected, *given}
    ]
    return tuple(sorted(found, key=lambda each: (-each.asked, each.intent)))

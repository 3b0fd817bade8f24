"""A code book that comes with the data: what the export says of its questions, and what the configuration adds."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from peil.errors import SourceError
from peil.sources.bridge import read_bridge
from peil.sources.delimited import PERSONAL
from peil.sources.json_files import Shape, misfit
from peil.sources.questionnaires import Audience, Question, Questionnaire, Respondent, present
from peil.sources.questions import overlaid

__all__ = ["bridged", "expanded", "listed", "questionnaire", "read_definition", "tells_who", "unmarked"]

BORN = re.compile(r"birth|geboort|geburt|naissance|nacimiento|\bdob\b", re.IGNORECASE)
_WITHIN_WORDS = re.compile(r"</?(?:a|b|em|font|i|small|span|strong|sub|sup|u)\b[^>]*>", re.IGNORECASE)
_MARKS = re.compile(r"<[^>]*>")
NONE_CHOSEN = ","
"""A multiple answer of somebody who was asked and chose nothing; an empty one was never asked."""


def listed(codes: Sequence[str]) -> str:
    """Return the codes of a multiple answer as one text.

    Example:
        >>> listed(["1", "3"]), listed([])
        ('1,3', ',')
    """
    return ",".join(codes) or NONE_CHOSEN


def expanded(ranges: Sequence[tuple[str, str]], *, most: int = 10_000) -> dict[str, str]:
    """Return the codes in ranges of whole numbers, each as its own label.

    Example:
        >>> expanded([("0", "2"), ("9", "9")])
        {'0': '0', '1': '1', '2': '2', '9': '9'}
    """
    found: dict[str, str] = {}
    for low, high in ranges:
        if low.lstrip("-").isdigit() and high.lstrip("-").isdigit() and int(high) - int(low) < most:
            found |= {str(each): str(each) for each in range(int(low), int(high) + 1)}
    return found


def unmarked(text: object) -> str:
    """Return the words of a text with marks in it.

    Example:
        >>> unmarked("<p>How <b>easy</b>&nbsp;was it?</p>")
        'How easy was it?'
    """
    if not isinstance(text, str):
        return ""
    return " ".join(html.unescape(_MARKS.sub(" ", _WITHIN_WORDS.sub("", text))).split())


def read_definition(path: Path, holds: Sequence[str], shape: Shape) -> dict[str, Any]:
    """Return the object of a JSON file that tells what a survey asked.

    Parameters:
        path: the file; the object may stand under ``data``.
        holds: keys of which the right object has one, with an array.
        shape: how the object is built, as far as it is read.

    Raises:
        SourceError: the file is not JSON, or tells something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        raise SourceError(
            f"{path.name}: this is no whole JSON file", remedy="fetch the survey's definition again"
        ) from None
    inner = found.get("data") if isinstance(found, dict) else None
    for each in (found, inner):
        if isinstance(each, dict) and any(isinstance(each.get(key), list) for key in holds):
            fault = misfit(each, shape, 1)
            if fault is None:
                return each
            raise SourceError(
                f"{path.name}: '{fault.column}' of the survey is {fault.value}, which it never is",
                remedy="fetch the survey's definition again",
            )
    raise SourceError(
        f"{path.name}: the file has no '{holds[0]}' of a survey", remedy="name the file with the survey's definition"
    )


def bridged(
    beside: Mapping[str, Path], wave: str | None, *, source: str, questions: Sequence[Question], respondent: Respondent
) -> tuple[tuple[Question, ...], Respondent]:
    """Return the configuration's questions and respondent with those of the bridge that is read along, if there is one.

    Parameters:
        beside: the files read with an export; the bridge is called ``bridge``.
        wave: the round.
        source: whose export it is, for messages.
        questions, respondent: what the configuration itself says.
    """
    if "bridge" not in beside:
        return tuple(questions), respondent
    known = read_bridge(beside["bridge"]).wave(wave, source=source)
    return (*known.questions, *questions), replace(respondent, facts={**known.facts, **respondent.facts})


def tells_who(question: Question) -> bool:
    """Tell whether this is somebody's name, address or date of birth, which nobody asked Peil to keep."""
    if question.sort not in {"text", "date"}:
        return False
    words = " ".join((question.column, *question.text.values()))
    return bool(BORN.search(words) or (question.sort == "text" and PERSONAL.search(question.column)))


def questionnaire(  # a questionnaire is told by the export and by the configuration
    natural: Sequence[Question],
    told: Sequence[Question],
    respondent: Respondent,
    *,
    survey: str,
    audience: Audience,
    wave: str | None,
    file: str,
    besides: Iterable[str] = (),
) -> Questionnaire:
    """Return the questionnaire of an export, without the variables that tell of the respondent.

    Parameters:
        natural: the export's questions, and every other variable.
        told: what the configuration adds.
        respondent: which variables tell of the respondent.
        survey, audience, wave: what was asked of whom, and when.
        file: the export's name, for messages.
        besides: columns of the export that are no question.

    Raises:
        SourceError: nothing tells when it was answered.
        SchemaError: the configuration speaks of variables that the export does not have.
    """
    if not respondent.moments and respondent.answered_on is None:
        raise SourceError(
            f"{file}: nothing tells when it was answered",
            remedy="name the variable that does as respondent.answered_at, or give one day as respondent.answered_on",
        )
    asked = overlaid(natural, told)
    whole = Questionnaire(survey=survey, audience=audience, wave=wave, questions=asked)
    present([*(each.column for each in natural), *besides], whole, respondent, file=file)
    used = set(respondent.columns.values())
    wanted = {each.column for each in told}
    never = frozenset(each.column for each in asked if each.column not in wanted and tells_who(each)) - used
    kept = [each for each in asked if each.column in wanted or each.column not in used | never]
    return replace(whole, questions=tuple(kept), never=never)

"""What a SurveyMonkey survey asked: its details, turned into questions and the codes of their choices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from peil.sources.codebook import listed, unmarked
from peil.sources.json_files import TAKEN, Shape
from peil.sources.questionnaires import Question

# Names and addresses of people, words that ask nothing, and files.
LEFT_OUT = frozenset({"demographic", "presentation", "file_upload", "payment"})
NPS_WEIGHTS = frozenset({-100, 0, 100})
NPS_CHOICES = 11
OTHER, NOT_APPLICABLE = "other", "na"
_NUMBER = re.compile(r"\d+")
_NAMED: Shape = dict.fromkeys(("id", "text", "position", "weight", "is_na"), TAKEN)
SHAPE: Shape = {
    **dict.fromkeys(("id", "title", "language"), TAKEN),
    "custom_variables": {},
    "pages": (
        {
            "questions": (
                {
                    **dict.fromkeys(("id", "family", "subtype"), TAKEN),
                    "headings": ({"heading": TAKEN},),
                    "answers": {
                        "rows": (_NAMED,),
                        "choices": (_NAMED,),
                        "cols": ({"id": TAKEN, "text": TAKEN, "choices": (_NAMED,)},),
                        "other": {"id": TAKEN, "text": TAKEN, "is_answer_choice": TAKEN},
                    },
                },
            )
        },
    ),
}
"""The build of a survey's details, as far as they are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question of the survey, as responses speak of it.

    Parameters:
        id: of the question.
        rows: id of each line of a table to the column of the answer.
        choices: id of each choice to its code; in a table with menus, of each column's.
        several: more than one choice may be made.
        open: the answer is words or a number.
        left_out: answers are not kept.
    """

    id: str
    rows: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    several: bool = False
    open: bool = False
    left_out: bool = False

    def column(self, answer: Mapping[str, Any]) -> str:
        """Return the column that an answer belongs to."""
        row, menu = answer.get("row_id"), answer.get("col_id")
        return self.rows.get(f"{row}.{menu}", self.rows.get(str(row), self.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What a survey asked.

    Parameters:
        id: of the survey.
        title: of the survey.
        questions: in order.
        asked: by their id.
        custom: names of the custom variables.
    """

    id: str
    title: str
    questions: tuple[Question, ...]
    asked: Mapping[str, Asked]
    custom: tuple[str, ...] = ()

    def values(self, response: Mapping[str, Any]) -> tuple[dict[str, str], tuple[str, ...]]:
        """Return the answers of a response by column, and the questions or choices that the survey does not have."""
        values: dict[str, str] = {}
        chosen: dict[str, list[str]] = {}
        lost: list[str] = []
        for told in _within(response, "pages", "questions"):
            asked = self.asked.get(str(told.get("id")))
            if asked is None:
                lost.append(str(told.get("id")))
                continue
            for answer in [] if asked.left_out else _objects(told.get("answers")):
                lost += _take(asked, answer, values, chosen)
        for column, codes in chosen.items():
            values[column] = listed(codes)
        return values, tuple(lost)


def _take(
    asked: Asked, answer: Mapping[str, Any], values: dict[str, str], chosen: dict[str, list[str]]
) -> Iterator[str]:
    """Put one answer in its column; yield the choice that the survey does not have."""
    column = asked.column(answer)
    text = str(answer.get("text") or "").strip()
    choice = answer.get("choice_id")
    if choice is None and answer.get("col_id") is not None:
        choice = answer["col_id"]
    if answer.get("other_id") is not None:
        if text:
            values[f"{asked.id}.{OTHER}"] = text
        if OTHER not in asked.choices.values():
            return
        choice = answer["other_id"]
    if choice is None or asked.open:
        if text and asked.open:
            values[column] = text
        return
    code = asked.choices.get(str(choice))
    if code is None:
        yield str(choice)
    elif asked.several:
        chosen.setdefault(column, []).append(code)
    else:
        values[column] = code


def read_book(details: Mapping[str, Any]) -> Book:
    """Return what the details of a survey say.

    Example:
        >>> choices = [{"id": "7", "text": "Not at all - 0", "weight": -100, "position": 1}]
        >>> choices += [{"id": str(7 + n), "text": str(n), "weight": -100, "position": 1 + n} for n in range(1, 11)]
        >>> asked = {"id": "1", "family": "matrix", "headings": [{"heading": "Recommend?"}], "answers": {"choices": choices}}
        >>> book = read_book({"id": "5", "language": "en", "pages": [{"questions": [asked]}]})
        >>> book.questions[0].construct, book.asked["1"].choices["8"], book.questions[0].text
        ('nps', '1', {'en': 'Recommend?'})
    """
    language = str(details.get("language") or "")
    questions: list[Question] = []
    asked: dict[str, Asked] = {}
    for told in _within(details, "pages", "questions"):
        one, put = _question(told, language)
        asked[one.id] = one
        questions += put
    custom = details.get("custom_variables")
    return Book(
        id=str(details.get("id") or ""),
        title=unmarked(details.get("title")),
        questions=tuple(questions),
        asked=asked,
        custom=tuple(custom) if isinstance(custom, dict) else (),
    )


def _within(told: Mapping[str, Any], outer: str, inner: str) -> Iterator[Mapping[str, Any]]:
    for each in _objects(told.get(outer)):
        yield from _objects(each.get(inner))


def _objects(told: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401  # an array of JSON, or nothing
    return [each for each in told or () if each is not None]


def _question(told: Mapping[str, Any], language: str) -> tuple[Asked, list[Question]]:
    name, family, subtype = str(told.get("id")), told.get("family"), told.get("subtype")
    answers = told.get("answers") or {}
    if family in LEFT_OUT:
        return Asked(id=name, left_out=True), []
    heading = " ".join(unmarked(each.get("heading")) for each in _objects(told.get("headings")))
    several = family == "multiple_choice" or (family == "matrix" and subtype == "multi")
    open_ = family in {"open_ended", "datetime", "slider"}
    menus = [each for each in _objects(answers.get("cols")) if each.get("choices")]
    choices = [each for menu in menus for each in _objects(menu["choices"])] or _objects(answers.get("choices"))
    codes, labels, nps = _coded(choices)
    other = answers.get("other")
    other = answers.get("other") or {}
    if other.get("id") and other.get("is_answer_choice", True) and not open_:
        codes[str(other["id"])], labels[OTHER] = OTHER, unmarked(other.get("text"))
    lines = _lines(name, answers, menus)
    put = [
        Question(
            name=column,
            text={language: f"{heading} – {line}" if line else heading},
            construct="nps" if nps else None,
            scale=(0, NPS_CHOICES - 1) if nps else None,
            sort="multiple" if several else _open_sort(family, subtype) if open_ else "single",
            codes={} if open_ else labels,
            missing=(NOT_APPLICABLE,) if NOT_APPLICABLE in labels else (),
            mode="web",
        )
        for column, line in lines.values() or [(name, "")]
    ]
    if other.get("id"):
        said = {language: f"{heading} – {unmarked(other.get('text'))}"}
        put.append(Question(name=f"{name}.{OTHER}", text=said, sort="text", mode="web"))
    rows = {row: column for row, (column, _) in lines.items()}
    return Asked(id=name, rows=rows, choices=codes, several=several, open=open_), put


def _open_sort(family: object, subtype: object) -> Any:  # noqa: ANN401  # one of the sorts of a question
    if family == "datetime":
        return "date"
    return "number" if family == "slider" or subtype == "numerical" else "text"


def _lines(name: str, answers: Mapping[str, Any], menus: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """Return the lines of a table by id, each with its column and text; a single line is the question itself."""
    rows = _objects(answers.get("rows"))
    if menus:
        return {
            f"{row.get('id')}.{menu.get('id')}": (
                f"{name}.{row.get('id')}.{menu.get('id')}",
                f"{unmarked(row.get('text'))} – {unmarked(menu.get('text'))}",
            )
            for row in rows
            for menu in menus
        }
    if len(rows) == 1:
        return {str(rows[0].get("id")): (name, unmarked(rows[0].get("text")))}
    return {str(each.get("id")): (f"{name}.{each.get('id')}", unmarked(each.get("text"))) for each in rows}


def _coded(choices: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], dict[str, str], bool]:
    """Return the code of each choice, the label of each code, and whether this is the recommendation scale.

    A choice's code is its weight, where weights tell choices apart; else the number in its text; else its place. The
    weights of a recommendation are those of the net score, not the answer.
    """
    put = [each for each in choices if not each.get("is_na")]
    put.sort(key=lambda each: each["position"] if type(each.get("position")) is int else 0)
    weights = [each.get("weight") for each in put]
    numbers = [_NUMBER.findall(str(each.get("text") or "")) for each in put]
    nps = len(put) == NPS_CHOICES and set(weights) <= NPS_WEIGHTS
    if nps:
        found = [str(each) for each in range(NPS_CHOICES)]
    elif weights and all(type(each) is int for each in weights) and len(set(weights)) == len(weights):
        found = [str(each) for each in weights]
    elif all(len(each) == 1 for each in numbers) and len({each[0] for each in numbers}) == len(put):
        found = [str(int(each[0])) for each in numbers]
    else:
        found = [str(each) for each in range(1, len(put) + 1)]
    codes = {str(each.get("id")): code for each, code in zip(put, found, strict=True)}
    labels = {code: unmarked(each.get("text")) or code for each, code in zip(put, found, strict=True)}
    for each in choices:
        if each.get("is_na"):
            codes[str(each.get("id"))], labels[NOT_APPLICABLE] = NOT_APPLICABLE, unmarked(each.get("text"))
    return codes, labels, nps

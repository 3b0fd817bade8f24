"""What a Formbricks survey asked: its definition, or what its responses show of it, turned into questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from peil.sources.codebook import listed, unmarked
from peil.sources.json_files import KEPT, TAKEN, Shape
from peil.sources.questionnaires import Question
from peil.sources.questions import Sort

# Who somebody is, files, and words that ask nothing.
LEFT_OUT = frozenset({"address", "contactInfo", "fileUpload"})
PERSONAL_INPUT = frozenset({"email", "phone"})
DEFAULT, OTHER = "default", "other"
# What stands for yes and no where a question has no choices.
ASSENTED = frozenset({"consent", "cta", "cal"})
ASSENT: Mapping[str, str] = {"accepted": "1", "clicked": "1", "booked": "1", "dismissed": "0"}
_SEPARATORS = re.compile(r"[,;|\[\]]+")
_ELEMENT: Shape = {
    **dict.fromkeys(("id", "type", "inputType", "range"), TAKEN),
    "choices": ({"id": TAKEN},),
}
SHAPE: Shape = {
    **dict.fromkeys(("id", "name"), TAKEN),
    "questions": (_ELEMENT,),
    "blocks": ({"elements": (_ELEMENT,)},),
    "hiddenFields": {"fieldIds": (KEPT,)},
    "variables": ({"id": TAKEN, "name": TAKEN},),
    "languages": ({"default": TAKEN, "language": {"code": TAKEN}},),
}
"""The build of a survey's definition, as far as it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question of the survey, as responses speak of it.

    Parameters:
        id: of the question.
        choices: label in any language, or id, of each choice to its code.
        rows: label in any language of each line of a table to the column of the answer.
        several: more than one choice may be made.
        ranked: choices are put in order.
        other: words of one's own are an answer.
        left_out: answers are not kept.
    """

    id: str
    choices: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, str] = field(default_factory=dict)
    several: bool = False
    ranked: bool = False
    other: bool = False
    left_out: bool = False

    def values(self, said: Any) -> dict[str, str]:  # noqa: ANN401  # whatever JSON holds
        """Return what was answered, by column."""
        if self.left_out or said is None or said in ("", [], {}):
            return {}
        if isinstance(said, dict):
            return {
                self.rows.get(str(row), f"{self.id}.{row}"): self._code(value) for row, value in said.items() if value
            }
        given = [str(each) for each in said if each] if isinstance(said, list) else []
        if self.ranked:
            return {self.rows[each]: str(place) for place, each in enumerate(given, 1) if each in self.rows}
        if not self.several:
            text = ", ".join(given) if isinstance(said, list) else self._code(said)
            own = {f"{self.id}.{OTHER}": text} if self.other and text not in self.choices.values() else {}
            return {**own, self.id: OTHER if own else text}
        given = given or [str(said)]
        own_words = [each for each in given if each not in self.choices] if self.other else []
        codes = [OTHER if each in own_words else self._code(each) for each in given]
        told = {f"{self.id}.{OTHER}": ", ".join(own_words)} if own_words else {}
        return {**told, self.id: listed(list(dict.fromkeys(codes)))}

    def _code(self, said: object) -> str:
        text = ("true" if said else "false") if isinstance(said, bool) else str(said)
        return self.choices.get(text, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What a survey asked.

    Parameters:
        id: of the survey; empty where no definition was given.
        title: of the survey.
        questions: in order.
        asked: by their id.
        hidden: data that are no question.
        variables: id of each variable to its name.
        language: the one that responses call the default.
    """

    id: str = ""
    title: str = ""
    questions: tuple[Question, ...] = ()
    asked: Mapping[str, Asked] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    language: str = ""


def read_book(survey: Mapping[str, Any]) -> Book:
    """Return what the definition of a survey says.

    Example:
        >>> asked = {"id": "q1", "type": "nps", "headline": {"default": "Recommend us?", "nl": "Aanbevelen?"}}
        >>> book = read_book({"id": "s", "name": "Shop", "questions": [asked]})
        >>> book.questions[0].construct, book.questions[0].text
        ('nps', {'': 'Recommend us?', 'nl': 'Aanbevelen?'})
    """
    languages = [each for each in survey.get("languages") or () if each and each.get("default")]
    language = str((languages[0].get("language") or {}).get("code") or "") if languages else ""
    elements = [each for each in survey.get("questions") or () if each]
    elements += [each for block in survey.get("blocks") or () if block for each in block.get("elements") or () if each]
    made = [_question(each, language) for each in elements]
    return Book(
        id=str(survey.get("id") or ""),
        title=str(survey.get("name") or ""),
        questions=tuple(question for _, questions in made for question in questions),
        asked={asked.id: asked for asked, _ in made},
        hidden=tuple(str(each) for each in (survey.get("hiddenFields") or {}).get("fieldIds") or ()),
        variables={
            str(each["id"]): str(each.get("name") or each["id"]) for each in survey.get("variables") or () if each
        },
        language=language,
    )


def shown_book(responses: Iterable[Mapping[str, Any]], besides: Sequence[str]) -> Book:
    """Return what responses show of a survey of which nobody gave the definition.

    Parameters:
        responses: every response.
        besides: data that are no question.
    """
    sorts: dict[str, set[Sort]] = {}
    labels: dict[str, dict[str, str]] = {}
    hidden: set[str] = set()
    for response in responses:
        for column, value in _columns(response.get("data") or {}):
            if column in besides:
                hidden.add(column)
            if column in besides or value is None:
                continue
            sorts.setdefault(column, set()).add(_shown(value))
            for each in value if isinstance(value, list) else ():
                labels.setdefault(column, {})[str(each)] = " ".join(_SEPARATORS.sub(" ", str(each)).split())
    questions = []
    for name, found in sorts.items():
        sort: Sort = next(iter(found)) if len(found) == 1 else "text"
        codes = {code: label for label, code in sorted(labels.get(name, {}).items())} if sort == "multiple" else {}
        questions.append(Question(name=name, sort=sort, codes=codes, mode="web"))
    asked = {
        each.name: Asked(id=each.name, choices=labels.get(each.name, {}), several=each.sort == "multiple")
        for each in questions
    }
    return Book(questions=tuple(questions), asked=asked, hidden=tuple(hidden))


def _columns(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, said in data.items():
        if isinstance(said, dict):
            yield from ((f"{name}.{row}", each) for row, each in said.items())
        else:
            yield name, said


def _shown(value: object) -> Sort:
    if isinstance(value, list):
        return "multiple"
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else "text"


def _question(told: Mapping[str, Any], language: str) -> tuple[Asked, list[Question]]:
    name, sort = str(told.get("id")), str(told.get("type"))
    text = _texts(told.get("headline"), language)
    if sort in LEFT_OUT or told.get("inputType") in PERSONAL_INPUT:
        return Asked(id=name, left_out=True), []
    match sort:
        case "matrix":
            return _matrix(name, told, text, language)
        case "ranking":
            return _ranking(name, told, text, language)
        case "multipleChoiceSingle" | "multipleChoiceMulti" | "pictureSelection":
            return _choice(name, told, text, several=sort != "multipleChoiceSingle")
    return Asked(id=name, choices=ASSENT if sort in ASSENTED else {}), [_plain(name, told, text)]


def _plain(name: str, told: Mapping[str, Any], text: Mapping[str, str]) -> Question:
    match told.get("type"):
        case "nps":
            return Question(name=name, text=text, construct="nps", scale=(0, 10), mode="web")
        case "rating":
            highest = str(told.get("range"))
            return Question(name=name, text=text, scale=(1, int(highest)) if highest.isdigit() else None, mode="web")
        case "consent" | "cta" | "cal":
            return Question(name=name, text=text, codes={"1": "accepted", "0": "dismissed"}, mode="web")
        case "date":
            return Question(name=name, text=text, sort="date", mode="web")
    number = told.get("inputType") == "number"
    return Question(name=name, text=text, sort="number" if number else "text", mode="web")


def _ranking(
    name: str, told: Mapping[str, Any], text: Mapping[str, str], language: str
) -> tuple[Asked, list[Question]]:
    rows = [(f"{name}.{place}", _labels(each)) for place, each in enumerate(told.get("choices") or (), 1)]
    put = [
        Question(name=column, text=_joined(text, labels, language), sort="number", mode="web")
        for column, labels in rows
    ]
    return Asked(id=name, ranked=True, rows={each: column for column, labels in rows for each in labels.values()}), put


def _choice(
    name: str, told: Mapping[str, Any], text: Mapping[str, str], *, several: bool
) -> tuple[Asked, list[Question]]:
    codes: dict[str, str] = {}
    choices: dict[str, str] = {}
    other = False
    for place, each in enumerate([each for each in told.get("choices") or () if each], 1):
        labels = _labels(each)
        other = other or each.get("id") == OTHER
        code = OTHER if each.get("id") == OTHER else str(place)
        codes[code] = labels.get(DEFAULT) or next(iter(labels.values()), code)
        choices |= {str(each.get("id")): code, **dict.fromkeys(labels.values(), code)}
    put = [Question(name=name, text=text, sort="multiple" if several else "single", codes=codes, mode="web")]
    if other:
        put.append(Question(name=f"{name}.{OTHER}", text=text, sort="text", mode="web"))
    return Asked(id=name, choices=choices, several=several, other=other), put


def _matrix(name: str, told: Mapping[str, Any], text: Mapping[str, str], language: str) -> tuple[Asked, list[Question]]:
    columns = [_labels(each) for each in told.get("columns") or ()]
    codes = {
        str(place): labels.get(DEFAULT) or next(iter(labels.values()), "") for place, labels in enumerate(columns, 1)
    }
    rows = [(f"{name}.{place}", _labels(each)) for place, each in enumerate(told.get("rows") or (), 1)]
    put = [
        Question(name=column, text=_joined(text, labels, language), codes=codes, mode="web") for column, labels in rows
    ]
    return (
        Asked(
            id=name,
            choices={label: str(place) for place, labels in enumerate(columns, 1) for label in labels.values()},
            rows={label: column for column, labels in rows for label in labels.values()},
        ),
        put,
    )


def _labels(told: Any) -> dict[str, str]:  # noqa: ANN401  # a label, or an object that has one
    """Return a label by language, as it stands: responses repeat it letter by letter."""
    if isinstance(told, str):
        return {DEFAULT: told}
    if not isinstance(told, dict):
        return {}
    if "label" in told:
        return _labels(told["label"])
    return {
        str(language): each for language, each in told.items() if isinstance(each, str) and each and language != "id"
    }


def _texts(told: Any, language: str) -> dict[str, str]:  # noqa: ANN401  # a text, or one for each language
    return {
        language if name == DEFAULT else name: unmarked(each) for name, each in _labels(told).items() if unmarked(each)
    }


def _joined(text: Mapping[str, str], labels: Mapping[str, str], language: str) -> dict[str, str]:
    """Return the text of a question with that of one of its lines, in each language."""
    first = labels.get(DEFAULT, "")
    return {
        each: f"{whole} – {labels.get(DEFAULT if each == language else each, first)}" for each, whole in text.items()
    } or {language: first}


def held(book: Book, data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the answers among a response's data, and what else stands there, by column."""
    for name, said in data.items():
        asked = book.asked.get(name)
        if asked is not None:
            yield from asked.values(said).items()
            continue
        for column, value in _columns({name: said}):
            yield from book.asked.get(column, Asked(id=column)).values(value).items()

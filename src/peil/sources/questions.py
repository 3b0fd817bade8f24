"""A question of a questionnaire, and how one answer to it is read: a value, no answer, or a fault."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, WithJsonSchema

__all__ = [
    "SCALES",
    "Mode",
    "Outcome",
    "Question",
    "Reading",
    "Sort",
    "Word",
    "number",
    "overlaid",
    "scaled",
    "spoken",
    "weighed",
]

Sort = Literal["single", "multiple", "number", "text", "date"]
Mode = Literal["web", "mail", "phone", "ivr", "chat", "paper"]


def _word(given: object) -> object:
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


Word = Annotated[str, BeforeValidator(_word), WithJsonSchema({"type": ["string", "integer"]})]
"""A code or a wave: in a configuration 2017 is as good as '2017'."""

SCALES: Mapping[str, tuple[int, int]] = {
    "nps": (0, 10),
    "nps_believed": (0, 10),
    "enps": (0, 10),
    "csat": (1, 5),
    "ces_1": (1, 5),
    "ces_2": (1, 7),
}
"""The scales of the catalogue's measures, for a questionnaire that says nothing itself."""

UNTICKED = frozenset({"0", "n", "no", "false", "not selected", "unchecked", "nee", "nein", "non"})
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# One whole number at the beginning or the end of words that hold no other digit.
NAMED = re.compile(r"(?P<first>\d{1,3})(?:[^\d\w][^\d]*)?|[^\d]*[^\d\w-](?P<last>\d{1,3})\)?", re.ASCII)
PARTED = re.compile(r"\s*[,;|]\s*")
BILLION = 1_000_000_000
MOST = 9_000_000
REMEMBERED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question of a questionnaire, as it was put in one wave.

    Parameters:
        name: how answers carry it.
        asked_as: the column or variable of the export; ``name`` if left out.
        text: the question as it was put, by language ('' where nobody said which).
        construct: what it measures: nps, csat, ces_1, ces_2 …
        sort: what kind of answer it takes. ``multiple`` with codes holds a list of codes in one column and gives one
            question ``name[code]`` for each; without codes it is one box, called ``name[box]``.
        scale: lowest and highest value.
        reversed: the scale ran the other way round; values stay as answered.
        codes: code to label of the answers.
        values: code of the export to the value it stands for, where they differ.
        missing: codes that mean that there is no answer.
        mode: how it was asked, where the respondent does not tell.
        place: where it stands in the questionnaire, from 1.

    Example:
        >>> Question(name="recommend", asked_as="NETPRO", construct="nps", scale=(0, 10), missing=("11",)).sort
        'single'
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    asked_as: str = ""
    text: Mapping[str, str] = field(default_factory=dict)
    construct: str | None = None
    sort: Sort = "single"
    scale: tuple[int, int] | None = None
    reversed: bool = False
    codes: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Word] = field(default_factory=dict)
    missing: tuple[Word, ...] = ()
    mode: Mode | None = None
    place: int | None = None

    @property
    def column(self) -> str:
        """The column or variable of the export."""
        return self.asked_as or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one answer.

    Parameters:
        said: the columns of each answered question: none where there is no answer.
        rule: the rule that it breaks, if it does.
        ticked: of a box: somebody ticked it.
        blank: of a box: nothing stands there, which says no only where another box of the question is ticked.
    """

    said: tuple[Mapping[str, object], ...] = ()
    rule: str = ""
    ticked: bool = False
    blank: bool = False


NOTHING = Outcome()


def number(text: str, decimal: str = ".") -> float | None:
    """Return the number a text is written as, or None; 'inf' and 'nan' are no numbers.

    Example:
        >>> number("1,5", ","), number("inf"), number("7")
        (1.5, None, 7.0)
    """
    plain = text.replace(".", "").replace(",", ".") if decimal == "," and "," in text else text
    return float(plain) if NUMBER.fullmatch(plain) else None


def spoken(label: str) -> float | None:
    """Return the number that the words of a choice name, where they name one and begin or end with it.

    Example:
        >>> spoken("Not at all likely - 0"), spoken("10 = zeer waarschijnlijk"), spoken("1 to 2 days"), spoken("Q3b")
        (0.0, 10.0, None, None)
    """
    found = NAMED.fullmatch(label.strip())
    return float(found["first"] or found["last"]) if found else None


def weighed(text: str | None, decimal: str = ".") -> int | str:
    """Return a weight in billionths, or the rule that it breaks: no weight is ever taken for 1.

    Example:
        >>> weighed("1.013018"), weighed("0"), weighed(None), weighed("Infinity")
        (1013018000, 'weight_not_above_zero', 'weight_missing', 'weight_not_a_number')
    """
    if not text:
        return "weight_missing"
    value = number(text, decimal)
    if value is None:
        return "weight_not_a_number"
    if value > MOST:
        return "weight_too_large"
    billionths = round(value * BILLION)
    return billionths if billionths > 0 else "weight_not_above_zero"


def scaled(question: Question) -> tuple[int, int] | None:
    """Return a question's scale: its own, else that of its codes, else the one its construct always has.

    Example:
        >>> scaled(Question(name="q", construct="nps"))
        (0, 10)
        >>> scaled(Question(name="q", construct="nps", codes={"1": "no", "11": "yes"}))
        (1, 11)
    """
    if question.scale or question.construct is None:
        return question.scale
    listed = [each for each in question.codes if each not in question.missing] or list(question.values)
    found = [number(str(question.values.get(each, each))) for each in listed]
    whole = [int(each) for each in found if each is not None and each == int(each)]
    if len(whole) > 1:
        return min(whole), max(whole)
    return SCALES.get(question.construct)


def overlaid(
    found: Sequence[Question], told: Iterable[Question], aliases: Mapping[str, str] | None = None
) -> tuple[Question, ...]:
    """Return the questions of an export, with what a configuration or a bridge says of them over it.

    Parameters:
        found: what the export says.
        told: what is known besides; it wins wherever it says something.
        aliases: other names of the export's columns.

    Example:
        >>> found = [Question(name="QID1", asked_as="Q1", text={"": "Recommend us?"})]
        >>> [both] = overlaid(found, [Question(name="nps", asked_as="QID1", construct="nps")], {"QID1": "Q1"})
        >>> both.name, both.asked_as, both.text
        ('nps', 'Q1', {'': 'Recommend us?'})
    """
    open_ = Question(name="")
    made = {each.column: each for each in found}
    for each in told:
        column = (aliases or {}).get(each.column, each.column)
        own = {one.name: getattr(each, one.name) for one in fields(each)}
        said = {name: value for name, value in own.items() if value != getattr(open_, name)}
        base = made.get(column, Question(name=each.name))
        if base.sort == "text" and (each.construct in SCALES or each.scale):
            base = replace(base, sort="single")
        made[column] = replace(base, **{**said, "asked_as": column})
    return tuple(made.values())


class Reading:
    """Reads the answers to one question, remembering those it has read.

    Parameters:
        question: the question.
        constants: columns that are the same for every answer to it.
        decimal: decimal comma or point.

    Example:
        >>> reading = Reading(Question(name="nps", construct="nps", missing=("11",)))
        >>> reading.of("9").said, reading.of("11").said, reading.of("nine").rule
        (({'question': 'nps', 'value_milli': 9000, 'value_text': None},), (), 'answer_not_a_number')
    """

    def __init__(
        self, question: Question, *, constants: Mapping[str, object] | None = None, decimal: str = "."
    ) -> None:
        self.question = question
        self.constants = dict(constants or {})
        self.box = question.sort == "multiple" and not question.codes
        self._decimal = decimal
        self._scale = scaled(question)
        self._missing = frozenset(question.missing)
        self._labels = {label.casefold(): code for code, label in reversed(list(question.codes.items()))}
        self._listed = self._all_listed()
        self._known: dict[str | None, Outcome] = {}

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """The questions that answers carry, each with what tells it apart: more than one for a list of codes."""
        question = self.question
        if question.sort == "multiple" and question.codes:
            return tuple((f"{question.name}[{code}]", label) for code, label in question.codes.items())
        return ((question.name, ""),)

    def of(self, text: str | None) -> Outcome:
        """Return what became of an answer."""
        known = self._known.get(text)
        if known is None:
            known = self._read(text)
            if len(self._known) < REMEMBERED:
                self._known[text] = known
        return known

    def _all_listed(self) -> bool:
        """Tell whether the codes are all there are, and not just the labels at the ends of a scale."""
        if not self.question.codes:
            return False
        if self._scale is None:
            return True
        low, high = self._scale
        return all(str(each) in self.question.codes for each in range(low, high + 1))

    def _read(self, text: str | None) -> Outcome:
        if self.box and text not in self._missing:
            return self._ticked(text)
        if not text or text in self._missing:
            return NOTHING
        match self.question.sort:
            case "multiple":
                return self._several(text)
            case "text" | "date":
                return Outcome(said=(self._said(None, text),))
            case "number":
                value = number(text, self._decimal)
                return (
                    Outcome(rule="answer_not_a_number") if value is None else Outcome(said=(self._said(value, None),))
                )
        return self._single(text)

    def _single(self, text: str) -> Outcome:
        code = text if text in self.question.codes else self._labels.get(text.casefold(), text)
        if code in self._missing:
            return NOTHING
        value = number(str(self.question.values.get(code, code)), self._decimal)
        if value is None and self._scale is not None and code not in self.question.values:
            value = spoken(self.question.codes.get(code, code))
        on_scale = self._scale is None or value is None or self._scale[0] <= value <= self._scale[1]
        if self._listed and code not in self.question.codes and code not in self.question.values and on_scale:
            plain = value is not None and f"{value:g}" in self.question.codes
            return Outcome(said=(self._said(value, None),)) if plain else Outcome(rule="answer_not_on_the_code_list")
        if value is None and self._scale is not None:
            return Outcome(rule="answer_not_a_number")
        return Outcome(said=(self._said(value, None if value is not None else code),))

    def _several(self, text: str) -> Outcome:
        whole = self._labels.get(text.casefold())
        codes = self.question.codes
        given = [
            each if each in codes else self._labels.get(each.casefold(), each) for each in PARTED.split(text) if each
        ]
        given = [whole] if whole and not all(each in codes for each in given) else given
        if any(each in self._missing for each in given):
            return NOTHING
        if any(each not in self.question.codes for each in given):
            return Outcome(rule="answer_not_on_the_code_list")
        ticked = set(given)
        said = [
            self._said(float(code in ticked), None, name)
            for (name, _), code in zip(self.parts, self.question.codes, strict=True)
            if code not in self._missing
        ]
        return Outcome(said=tuple(said))

    def _ticked(self, text: str | None) -> Outcome:
        ticked = bool(text) and str(text).casefold() not in UNTICKED
        return Outcome(said=(self._said(float(ticked), None),), ticked=ticked, blank=not text)

    def _said(self, value: float | None, text: str | None, name: str = "") -> dict[str, object]:
        milli = None if value is None else round(value * 1_000)
        return {"question": name or self.question.name, "value_milli": milli, "value_text": text}

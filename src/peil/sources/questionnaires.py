"""What a survey's export is made of, whatever system wrote it: its questions, its respondents, and their answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from peil.errors import SchemaError, neighbours
from peil.sources.delimited import PERSONAL
from peil.sources.questions import SCALES, Question, Reading, scaled, weighed
from peil.sources.respondents import PLAIN, Answered, Fact, Respondent, milliseconds, moment
from peil.sources.source import Fault, Record
from peil.sources.tables import ANSWERS, INVITATIONS, QUESTIONS

__all__ = [
    "SCALES",
    "Answered",
    "Fact",
    "Question",
    "Questionnaire",
    "Respondent",
    "delivered",
    "present",
]

Audience = Literal["customer", "organisation", "staff"]
COMPLETE = frozenset(
    {
        "1",
        "true",
        "yes",
        "y",
        "complete",
        "completed",
        "finished",
        "wahr",
        "ja",
        "waar",
        "vrai",
        "oui",
        "verdadero",
        "verdadeiro",
        "vero",
    }
)
PARTIAL = frozenset(
    {"0", "false", "no", "n", "partial", "incomplete", "falsch", "nein", "onwaar", "nee", "faux", "non", "falso"}
)
# Kept with the answers as well, so that figures can be given without those who broke off.
KEPT_TOO = frozenset({"finished", "disposition"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    """What was asked of whom, in one round.

    Parameters:
        survey: the questionnaire's name.
        audience: who was asked.
        wave: the round.
        questions: in order.
        never: columns that are not kept with the answers either.
    """

    survey: str
    audience: Audience = "customer"
    wave: str | None = None
    questions: tuple[Question, ...] = ()
    never: frozenset[str] = frozenset()


def present(
    columns: Iterable[str],
    questionnaire: Questionnaire,
    respondent: Respondent,
    *,
    file: str,
    called: Iterable[str] = (),
) -> None:
    """Refuse an export that lacks what is asked of it.

    Parameters:
        columns: those of the export.
        questionnaire: its questions.
        respondent: its other columns.
        file: the export's name, for the message.
        called: other names of its columns, for the message.

    Raises:
        SchemaError: a question or a respondent's column is not there (every one is told), or a scale is to be read from
            a question with several answers.
    """
    for each in questionnaire.questions:
        if each.sort == "multiple" and each.construct in SCALES:
            raise SchemaError(
                f"{file}: question '{each.name}' takes several answers, and '{each.construct}' is measured with one",
                remedy="name the question with one answer; export a scale in one column, not with a column for each choice",
            )
    known = list(columns)
    there = set(known)
    wanted = {f"question '{each.name}'": each.column for each in questionnaire.questions}
    wanted |= {f"'{name}'": column for name, column in respondent.columns.items()}
    lost = {name: column for name, column in wanted.items() if column not in there}
    if not lost:
        return
    wave = f" of wave '{questionnaire.wave}'" if questionnaire.wave else ""
    told = [f"{name}{wave} is in column '{column}'" for name, column in lost.items()]
    near = {*known, *called}
    remedy = "; ".join(f"'{column}': {neighbours(column, near)}" for column in list(dict.fromkeys(lost.values()))[:3])
    remedy += f"; 'peil propose {file}' lists the columns"
    raise SchemaError(f"{file}: {', '.join(told)}, which the file does not have", remedy=remedy)


def delivered(
    questionnaire: Questionnaire, respondent: Respondent, rows: Iterable[Answered | Fault]
) -> Iterator[Record | Fault]:
    """Yield what respondents said, that they were asked, and what was asked.

    Parameters:
        questionnaire: the questions.
        respondent: where the rest of a row belongs.
        rows: the respondents, and what could not be read.

    Returns:
        For each respondent an invitation and one answer for each answered question; each question once for each wave
        and language; and a fault for whatever cannot be counted: a response delivered twice with another content, a
        weight that is none, an answer off its code list.

    Raises:
        SchemaError: there are respondents, and not one of them gave an answer that can be kept.

    Example:
        >>> asked = Questionnaire(survey="shop", questions=(Question(name="nps", construct="nps"),))
        >>> who = Respondent(response_id="id", answered_at="at")
        >>> [each.schema.name for each in delivered(asked, who, [Answered(line=2, values={"id": "1", "nps": "9"})])]
        ['questions', 'invitations', 'answers']
    """
    delivery = _Delivery(questionnaire, respondent)
    for each in rows:
        if isinstance(each, Fault):
            yield each
        else:
            yield from delivery.of(each)
    delivery.close()


class _Delivery:
    """Turns the respondents of one export into records, remembering what was said already."""

    def __init__(self, questionnaire: Questionnaire, respondent: Respondent) -> None:
        self._asked = questionnaire
        self._who = respondent
        self._plain = {to: getattr(respondent, name) for name, to in PLAIN.items() if getattr(respondent, name)}
        self._readings = tuple(
            Reading(each, constants=self._constants(each), decimal=respondent.decimal)
            for each in questionnaire.questions
        )
        self._sets = {each.name.partition("[")[0] for each in questionnaire.questions if each.sort == "multiple"}
        self._kept: tuple[str, ...] | None = None
        self._seen: dict[str, int] = {}
        self._waves: set[str] = set()
        self._answers = 0
        self._rules: dict[str, int] = {}

    def _constants(self, question: Question) -> dict[str, object]:
        low, high = scaled(question) or (None, None)
        return {
            "survey": self._asked.survey,
            "audience": self._asked.audience,
            "construct": question.construct,
            "scale_low": low,
            "scale_high": high,
            "reversed": question.reversed,
            "mode": question.mode,
        }

    def of(self, row: Answered) -> Iterator[Record | Fault]:
        """Yield the records and faults of one respondent."""
        told = row.values.get(self._who.response_id) if self._who.response_id else f"row {len(self._seen) + 1}"
        content = hash(tuple(row.values.items()))
        if told and self._seen.setdefault(told, content) != content:
            yield self._fault(row.line, "response_delivered_twice", "response_id", told)
            return
        wave = self._told(row, "wave") or self._asked.wave
        if (wave or "") not in self._waves:
            self._waves.add(wave or "")
            yield from self._questions(wave)
        yield self._invitation(row, told, wave)
        base, fault = self._base(row, told, wave)
        if fault:
            yield fault
            return
        yield from self._answered(row, base)

    def close(self) -> None:
        """Refuse an export of which no answer can be counted."""
        if not self._answers and self._rules:
            worst = ", ".join(f"{rule} ({times})" for rule, times in sorted(self._rules.items())[:3])
            raise SchemaError(
                f"not one answer can be counted: {worst}",
                remedy="check which columns hold the weight and the answers, and the code lists",
            )

    def _answered(self, row: Answered, base: Mapping[str, object]) -> Iterator[Record | Fault]:
        extra = self._extra(row)
        ticked = self._sets and self._ticked(row)
        for each in self._readings:
            raw = row.values.get(each.question.column)
            if not raw and not each.box:
                continue
            outcome = each.of(raw)
            if outcome.rule:
                yield self._fault(row.line, outcome.rule, each.question.column, raw or "")
                continue
            if outcome.blank and each.question.name.partition("[")[0] not in ticked:
                continue
            for said in outcome.said:
                self._answers += 1
                values = {**each.constants, **base, **said}
                if values["mode"] is None:
                    values["mode"] = each.question.mode
                yield Record(schema=ANSWERS, line=row.line, values=values, extra=extra)

    def _ticked(self, row: Answered) -> set[str]:
        """Return the questions of which a box is ticked, or something else was written beside the boxes."""
        found = set()
        for each in self._readings:
            told = each.question.name.partition("[")[0]
            raw = row.values.get(each.question.column)
            if raw and told in self._sets and (each.of(raw).ticked or not each.box):
                found.add(told)
        return found

    def _told(self, row: Answered, name: str) -> str | None:
        column = getattr(self._who, name)
        raw = row.values.get(column) if column else None
        return self._who.values.get(name, {}).get(raw, raw) if raw else None

    def _base(self, row: Answered, told: str | None, wave: str | None) -> tuple[dict[str, object], Fault | None]:
        who = self._who
        base: dict[str, object] = {to: row.values.get(column) for to, column in self._plain.items()}
        for name in who.values.keys() & PLAIN.keys():
            base[PLAIN[name]] = self._told(row, name)
        if who.weight:
            weight = weighed(row.values.get(who.weight), who.decimal)
            if isinstance(weight, str):
                return base, self._fault(row.line, weight, who.weight, row.values.get(who.weight) or "")
            base["weight_ppb"] = weight
        stratum = self._told(row, "stratum")
        base["stratum"] = f"{wave} {stratum}" if wave and stratum else stratum
        base["response_id"] = told
        base["wave"] = wave
        base["answered_at"] = base["updated_at"] = self._answered_at(row)
        base["mode"] = self._told(row, "mode")
        language = self._told(row, "language")
        base["language"] = language.lower() if language else None
        if who.duration:
            base["duration_ms"] = milliseconds(row.values.get(who.duration), who.duration_unit, who.decimal)
        return base, None

    def _answered_at(self, row: Answered) -> str | None:
        for column in self._who.moments:
            raw = row.values.get(column)
            if raw:
                return moment(raw, self._who)
        day = self._who.answered_on
        return f"{day.isoformat()}T12:00:00" if day else None

    def _extra(self, row: Answered) -> dict[str, object]:
        if self._kept is None:
            self._kept = self._columns_kept(row.values)
        values = row.values
        extra: dict[str, object] = {each: value for each in self._kept if (value := values.get(each))}
        for name, fact in self._who.facts.items():
            value = values.get(fact.asked_as)
            if value:
                extra[name] = fact.values.get(value, value)
        return extra

    def _columns_kept(self, columns: Iterable[str]) -> tuple[str, ...]:
        told = self._who.columns
        too = [told[each] for each in KEPT_TOO if each in told]
        if self._who.keep is not None:
            return (*self._who.keep, *too)
        used = {column for name, column in told.items() if name not in KEPT_TOO}
        used |= {each.question.column for each in self._readings} | self._asked.never
        return tuple(each for each in columns if each not in used and not PERSONAL.search(each))

    def _invitation(self, row: Answered, told: str | None, wave: str | None) -> Record:
        sent = self._told(row, "invited_at") or self._told(row, "started_at")
        answered = self._answered_at(row)
        return Record(
            schema=INVITATIONS,
            line=row.line,
            values={
                "invitation_id": told,
                "response_id": told,
                "survey": self._asked.survey,
                "audience": self._asked.audience,
                "wave": wave,
                "contact_id": self._told(row, "contact_id"),
                "customer_id": self._told(row, "customer_id"),
                "invited_at": moment(sent, self._who) if sent else answered,
                "updated_at": answered,
                "disposition": self._disposition(row),
            },
        )

    def _disposition(self, row: Answered) -> str:
        told = self._told(row, "disposition")
        if not told and self._who.finished:
            ended = (self._told(row, "finished") or "0").lower()
            told = "complete" if ended in COMPLETE else "partial" if ended in PARTIAL else ended
        # who opened it and answered nothing broke off: no part of an interview (AAPOR 2023)
        if told == "partial" and not any(row.values.get(each.question.column) for each in self._readings):
            return "refused"
        return told or "complete"

    def _questions(self, wave: str | None) -> Iterator[Record]:
        for place, each in enumerate(self._readings, 1):
            question, (low, high) = each.question, scaled(each.question) or (None, None)
            for name, label in each.parts:
                for language, text in (question.text or {"": ""}).items():
                    yield Record(
                        schema=QUESTIONS,
                        line=1,
                        values={
                            "survey": self._asked.survey,
                            "wave": wave,
                            "question": name,
                            "language": language.lower(),
                            "place": question.place or place,
                            "text": f"{text} – {label}" if text and label else text or label or None,
                            "construct": question.construct,
                            "sort": question.sort,
                            "scale_low": low,
                            "scale_high": high,
                            "reversed": question.reversed,
                            "codes": json.dumps(dict(question.codes), ensure_ascii=False) if question.codes else None,
                            "mode": question.mode,
                            "asked_as": question.column,
                        },
                    )

    def _fault(self, line: int, rule: str, column: str, value: str) -> Fault:
        self._rules[rule] = self._rules.get(rule, 0) + 1
        return Fault(line=line, rule=rule, value=value, column=column, table=ANSWERS.name)

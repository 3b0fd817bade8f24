"""A survey written as Triple-S 2.0, for every package that reads the standard: a .sss description and its data file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from peil.engines.engine import Engine
from peil.engines.quoting import quoted
from peil.engines.schema import Table
from peil.errors import DefinitionError, neighbours
from peil.surveys.triple_s_files import Variable, write_files

BILLION = 1_000_000_000
MOST_CODES = 10_000
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_SURVEYS = "select distinct survey from {responses}"
_QUESTIONS = """
select wave, question, language, place, text, sort, scale_low, scale_high, codes
from {questions}
where survey = {survey}
order by place, question, language, wave
"""
_ASKED = "select distinct question from {responses} where survey = {survey} order by question"
_ROWS = """
select source, response_id, max(wave) as wave, min(answered_at) as answered_at, max(weight_ppb) as weight_ppb{values}
from {responses}
where survey = {survey}
group by source, response_id
order by source, response_id
"""
_CHOSEN = """
select source, response_id, question, value_text
from {answers}
where survey = {survey} and value_text is not null
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A question, and the questions of which it is made where it takes several answers."""

    name: str
    sort: str
    texts: Mapping[str, str]
    codes: Mapping[str, str]
    scale: tuple[int, int] | None
    boxes: tuple[str, ...] = ()


def write_triple_s(
    engine: Engine,
    responses: Table,
    questions: Table,
    survey: str,
    folder: Path,
    *,
    fixed: bool = False,
    chosen: Table | None = None,
) -> Path:
    """Write one survey as Triple-S 2.0, with labels, multiple answers and weights.

    Who a response is about is left out. What was said in words is written only where ``responses`` holds it: the
    responses of a dataset do not, the answers of a store do.

    Parameters:
        engine: where the rows are.
        responses: responses or answers.
        questions: the questionnaires.
        survey: which one.
        folder: where the files go; it is made if need be.
        fixed: write fixed columns (``.asc``), not CSV.
        chosen: answers, of which words are written that stand on a question's list of codes, and no others.

    Returns:
        The ``.sss`` file; the data file stands beside it under the same name.

    Raises:
        DefinitionError: nobody answered a survey of that name, or an answer does not fit into fixed columns.

    Example:
        >>> import tempfile
        >>> from peil.made import made
        >>> data = made()
        >>> with tempfile.TemporaryDirectory() as place:
        ...     path = write_triple_s(
        ...         data.engine, data.tables["responses"], data.tables["questions"], "customer", Path(place)
        ...     )
        ...     sorted(each.name for each in path.parent.iterdir())
        ['customer.csv', 'customer.sss']
    """
    known = [str(each["survey"]) for each in engine.rows(_SURVEYS.format(responses=responses.name)).to_pylist()]
    if survey not in known:
        raise DefinitionError(f"nobody answered a survey named '{survey}'", remedy=neighbours(survey, known))
    asked = _asked(engine, responses, questions, survey)
    rows = _rows(engine, responses, survey, asked)
    if chosen:
        rows = {**_chosen(engine, chosen, survey, asked, rows), **rows}
    return write_files((*_own(rows), *_variables(asked, rows)), survey, folder, fixed=fixed)


def _asked(engine: Engine, responses: Table, questions: Table, survey: str) -> tuple[_Asked, ...]:
    """Return what was asked, boxes of one question put together, and what was answered without being described."""
    told = engine.rows(_QUESTIONS.format(questions=questions.name, survey=quoted(survey))).to_pylist()
    answered = engine.rows(_ASKED.format(responses=responses.name, survey=quoted(survey))).to_pylist()
    found: dict[str, _Asked] = {}
    for row in told:
        name, text = str(row["question"]), row["text"] or ""
        codes = json.loads(row["codes"]) if row["codes"] else {}
        whole, box = _parted(name) if row["sort"] == "multiple" else (name, "")
        if box and codes:
            text = text.removesuffix(f" – {codes.get(box, '')}")
        one = found.get(whole) or _Asked(
            name=whole,
            sort=row["sort"] or "",
            texts={},
            codes={},
            scale=(row["scale_low"], row["scale_high"]) if row["scale_low"] is not None else None,
        )
        if box and not codes:
            codes = {box: text or box}
            text = ""
        found[whole] = replace(
            one,
            texts={**({row["language"] or "": text} if text else {}), **one.texts},
            codes={**codes, **one.codes}
            if box
            else {**one.codes, **{k: v for k, v in codes.items() if k not in one.codes}},
            boxes=tuple(dict.fromkeys([*one.boxes, name])) if box else (),
        )
    described = {each.name for each in found.values()} | {box for each in found.values() for box in each.boxes}
    for row in answered:
        if row["question"] not in described:
            found[row["question"]] = _Asked(name=row["question"], sort="", texts={}, codes={}, scale=None)
    return tuple(found.values())


def _parted(name: str) -> tuple[str, str]:
    whole, _, box = name.removesuffix("]").partition("[")
    return whole, box


def _rows(engine: Engine, responses: Table, survey: str, asked: Sequence[_Asked]) -> dict[str, list[Any]]:
    """Return one row a respondent: the value of each question, and what was said where the table holds it."""
    columns = ["value_milli", "value_text"] if "value_text" in responses.schema.names else ["value_milli"]
    names = [name for each in asked for name in (each.boxes or (each.name,))]
    values = "".join(
        f",\n  max(case when question = {quoted(name)} then {column} end) as {column}_{place}"
        for place, name in enumerate(names)
        for column in columns
    )
    found = engine.rows(_ROWS.format(responses=responses.name, survey=quoted(survey), values=values)).to_pydict()
    made: dict[str, list[Any]] = {each: found[each] for each in ("source", "response_id", "wave", "answered_at")}
    made["weight"] = found["weight_ppb"]
    for place, name in enumerate(names):
        for column in columns:
            made[f"{column} {name}"] = found[f"{column}_{place}"]
    return made


def _chosen(
    engine: Engine, answers: Table, survey: str, asked: Sequence[_Asked], rows: Mapping[str, list[Any]]
) -> dict[str, list[Any]]:
    """Return the codes that were chosen of each question whose codes are words, one row a respondent."""
    codes = {each.name: each.codes for each in asked if each.codes and not each.boxes}
    who = {key: place for place, key in enumerate(zip(rows["source"], rows["response_id"], strict=True))}
    made: dict[str, list[Any]] = {f"value_text {name}": [None] * len(who) for name in codes}
    for row in engine.rows(_CHOSEN.format(answers=answers.name, survey=quoted(survey))).to_pylist():
        place = who.get((row["source"], row["response_id"]))
        if place is not None and row["value_text"] in codes.get(row["question"], {}):
            made[f"value_text {row['question']}"][place] = row["value_text"]
    return made


def _own(rows: Mapping[str, list[Any]]) -> Iterator[Variable]:
    """Yield what is told of respondents."""
    several = len(set(rows["source"])) > 1
    serial = [
        f"{source} {each}" if several else str(each)
        for source, each in zip(rows["source"], rows["response_id"], strict=True)
    ]
    yield Variable(name="response_id", sort="character", use="serial", texts={"en": "Response"}, cells=serial)
    weights = [_decimal(each, BILLION) for each in rows["weight"]]
    if any(weights):
        span = _span([each for each in rows["weight"] if each is not None], BILLION)
        yield Variable(
            name="weight", sort="quantity", use="weight", texts={"en": "Survey weight"}, span=span, cells=weights
        )
    if any(rows["wave"]):
        yield Variable(
            name="wave", sort="character", texts={"en": "Round"}, cells=[each or "" for each in rows["wave"]]
        )
    at = [each.isoformat() + "Z" if each else "" for each in rows["answered_at"]]
    yield Variable(name="answered_at", sort="character", texts={"en": "Answered at (UTC)"}, cells=at)


def _variables(asked: Sequence[_Asked], rows: Mapping[str, list[Any]]) -> Iterator[Variable]:
    for each in asked:
        made = _multiple(each, rows) if each.boxes else _plain(each, rows)
        if made:
            yield made


def _multiple(asked: _Asked, rows: Mapping[str, list[Any]]) -> Variable:
    """Return a question with several answers; its codes are numbered where they are no numbers."""
    boxes = {_parted(each)[1]: each for each in asked.boxes}
    plain = all(each.isdigit() and 0 < int(each) <= MOST_CODES for each in boxes)
    number = {box: int(box) if plain else place for place, box in enumerate(boxes, 1)}
    width = max(number.values())
    chosen = [(number[box], rows[f"value_milli {name}"]) for box, name in boxes.items()]
    cells = []
    for place in range(len(rows["response_id"])):
        told = {code: values[place] for code, values in chosen}
        if all(each is None for each in told.values()):
            cells.append("")
        else:
            cells.append("".join("1" if told.get(each) else "0" for each in range(1, width + 1)))
    codes = {str(number[box]): asked.codes.get(box) or box for box in sorted(boxes, key=lambda each: number[each])}
    return Variable(name=asked.name, sort="multiple", texts=asked.texts, codes=codes, cells=cells)


def _plain(asked: _Asked, rows: Mapping[str, list[Any]]) -> Variable | None:
    values, texts = rows[f"value_milli {asked.name}"], rows.get(f"value_text {asked.name}", [])
    found = [each for each in values if each is not None]
    said = [each for each in texts if each]
    if said and not found:
        return _worded(asked, [str(each or "") for each in texts])
    if not found and asked.sort != "number" and not (asked.codes or asked.scale):
        return None
    cells = [_decimal(each, 1_000) for each in values]
    whole = all(each >= 0 and each % 1_000 == 0 for each in found)
    listed = all(each.isdigit() for each in asked.codes) and (asked.codes or asked.scale)
    if asked.sort != "number" and whole and listed:
        low, high = asked.scale or (0, -1)
        codes = {each: label for each, label in asked.codes.items() if each.isdigit()}
        known = {int(each) for each in codes} | set(range(low, high + 1)) | {each // 1_000 for each in found}
        if min(known) >= 0 and max(known) <= MOST_CODES:
            codes = {str(each): codes.get(str(each)) or str(each) for each in sorted(known)}
            return Variable(name=asked.name, sort="single", texts=asked.texts, codes=codes, cells=cells)
    return Variable(
        name=asked.name, sort="quantity", texts=asked.texts, span=_span(found, 1_000) if found else None, cells=cells
    )


def _worded(asked: _Asked, said: list[str]) -> Variable:
    if asked.sort == "date" and all(not each or _DAY.fullmatch(each) for each in said):
        return Variable(name=asked.name, sort="date", texts=asked.texts, cells=[each.replace("-", "") for each in said])
    if asked.codes and all(not each or each in asked.codes for each in said):
        return Variable(name=asked.name, sort="single", literal=True, texts=asked.texts, codes=asked.codes, cells=said)
    return Variable(name=asked.name, sort="character", texts=asked.texts, cells=said)


def _decimal(value: int | None, per: int) -> str:
    """Return a whole number of parts as a decimal number, with no zeros that say nothing.

    Example:
        >>> _decimal(1_500, 1_000), _decimal(-2_000, 1_000), _decimal(None, 1_000)
        ('1.5', '-2', '')
    """
    if value is None:
        return ""
    units, parts = divmod(abs(value), per)
    tail = f"{parts:0{len(str(per)) - 1}d}".rstrip("0")
    return f"{'-' if value < 0 else ''}{units}{'.' if tail else ''}{tail}"


def _span(values: Sequence[int], per: int) -> tuple[str, str]:
    return _decimal(min(values), per), _decimal(max(values), per)

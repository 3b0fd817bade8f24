"""SPSS files keep their labels, missing values, multiple-response sets and weight; every known trap is a test.

Each file is written with pyreadstat while the test runs, and changed by hand where pyreadstat cannot write it.
"""

from __future__ import annotations

import json
import struct
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest

from delivered import Rows, delivered
from peil.engines.door import Limits
from peil.engines.store import Store
from peil.errors import SchemaError, SourceError
from peil.sources.load import load
from peil.sources.questionnaires import Question, Respondent
from peil.sources.source import Fault, ReadsBinary
from peil.sources.spss import Spss
from peil.sources.spss_file import contents, rows

WHO = Respondent(response_id="id", answered_on=date(2024, 3, 4))
PANEL = Spss(name="panel", organisation="demo", files=("*.sav",), zone="Europe/Amsterdam", respondent=WHO)
LIMITS = Limits(memory="500MB")
FRAME = {
    "id": [1.0, 2.0, 3.0, 4.0],
    "nps": [9.0, 99.0, None, 10.0],
    "agree": [1.0, 5.0, 3.0, 2.0],
    "age": [34.0, 999.0, 1000.0, 51.5],
    "city": ["Utrecht", "Den Haag", "", "n/a"],
    "why": ["écht snel", "", "  ", "ok"],
}
LABELS = {
    "nps": {0: "Not at all", 10: "Very", 99: "Refused"},
    "agree": {1: "no", 2: "rather not", 3: "either", 4: "rather", 5: "yes"},
}


def written(path: Path, frame: dict[str, list[Any]] | None = None, **how: Any) -> Path:
    told = {
        "column_labels": {"nps": "How likely are you to recommend us?", "agree": "It was easy"},
        "variable_value_labels": LABELS,
        "missing_ranges": {"nps": [99], "age": [{"lo": 999, "hi": 9999}], "city": ["n/a"]},
        "variable_measure": {"nps": "ordinal", "agree": "nominal", "age": "scale", "city": "nominal"},
        "file_label": "shop",
    }
    pyreadstat.write_sav(pd.DataFrame(frame or FRAME), path, **{**told, **how})
    return path


def told(path: Path, source: Spss = PANEL) -> tuple[Rows, list[Fault]]:
    return delivered(path, source, encoding="binary")


def answers(path: Path, source: Spss = PANEL) -> dict[tuple[str, str], str]:
    found = told(path, source)[0]["answers"]
    return {(row["response_id"], row["question"]): row["value_milli"] or row["value_text"] for row in found}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return written(tmp_path / "shop.sav")


def test_a_source_of_spss_files_is_read_as_it_was_delivered():
    assert isinstance(PANEL, ReadsBinary)
    assert PANEL.magic == (b"$FL2", b"$FL3")


def test_answers_are_values_and_words(shop: Path):
    found = answers(shop)
    assert found["1", "nps"] == "9000"
    assert found["2", "agree"] == "5000"
    assert found["4", "age"] == "51500"
    assert found["1", "city"] == "Utrecht"
    assert found["1", "why"] == "écht snel"


def test_what_the_file_calls_missing_is_no_answer(shop: Path):
    found = answers(shop)
    missing = {("2", "nps"), ("3", "nps"), ("2", "age"), ("3", "age"), ("3", "city"), ("4", "city"), ("3", "why")}
    assert not missing & set(found)


def test_labels_become_texts_and_codes(shop: Path):
    found = {row["question"]: row for row in told(shop)[0]["questions"]}
    assert found["nps"]["text"] == "How likely are you to recommend us?"
    assert json.loads(found["agree"]["codes"])["4"] == "rather"
    assert {name: row["sort"] for name, row in found.items()} == {
        "nps": "number", "agree": "single", "age": "number", "city": "text", "why": "text",
    }  # fmt: skip
    assert {row["survey"] for row in found.values()} == {"shop"}


def test_labels_at_the_ends_of_a_scale_do_not_make_a_list_of_codes(shop: Path):
    asked = Question(name="nps", construct="nps", scale=(0, 10))
    source = Spss(name="p", organisation="d", files=("*",), respondent=WHO, questions=(asked,))
    found, faults = told(shop, source)
    assert [row["value_milli"] for row in found["answers"] if row["construct"] == "nps"] == ["9000", "10000"]
    assert not faults


@pytest.mark.parametrize(
    ("labels", "sort"),
    [({0: "not", 10: "very", 99: "?"}, "number"), ({1: "no", 4: "so so", 7: "yes", 99: "?"}, "number"), ({1: "man", 3: "woman"}, "single")],
)  # fmt: skip
def test_a_nominal_scale_labelled_at_its_ends_keeps_the_answers_between(labels, sort, tmp_path: Path):
    told_too = {"variable_value_labels": {"nps": labels}, "variable_measure": {"nps": "nominal"}}
    frame = {**FRAME, "nps": [float(min(labels)), 99.0, None, 3.0]}
    found, faults = told(written(tmp_path / "a.sav", frame, **told_too))
    assert [row["sort"] for row in found["questions"] if row["question"] == "nps"] == [sort]
    assert ("4", "3000") in {(row["response_id"], row["value_milli"]) for row in found["answers"]}
    assert faults == []


def test_a_code_without_a_label_in_a_full_list_is_kept_aside(tmp_path: Path):
    path = written(tmp_path / "a.sav", {**FRAME, "agree": [1.0, 7.0, 3.0, 2.0]})
    found, faults = told(path)
    assert ("2", "agree") not in {(row["response_id"], row["question"]) for row in found["answers"]}
    assert [(each.line, each.rule, each.column) for each in faults] == [(2, "answer_not_on_the_code_list", "agree")]


def test_days_and_moments_are_read_on_the_clock_of_the_file(tmp_path: Path):
    frame = {
        "id": [1.0, 2.0],
        "day": [date(2024, 2, 29), None],
        "moment": [datetime(2024, 3, 4, 10, 11, 12), None],  # noqa: DTZ001  # as a file has it, in no zone
        "clock": [time(9, 2, 10), None],
        "score": [1.0, 2.0],
    }
    path = written(tmp_path / "a.sav", frame)
    when = Respondent(response_id="id", answered_at=("moment",), answered_on=date(2024, 1, 1))
    found, _ = told(path, Spss(name="p", organisation="d", files=("*",), respondent=when))
    rows_ = {(row["response_id"], row["question"]): row for row in found["answers"]}
    assert rows_["1", "day"]["value_text"] == "2024-02-29"
    assert rows_["1", "clock"]["value_text"] == "9:02:10"
    assert rows_["1", "score"]["answered_at"] == "2024-03-04T10:11:12"
    assert rows_["2", "score"]["answered_at"] == "2024-01-01T12:00:00"


def weighted_by(path: Path, element: int) -> None:
    """Write into the header which stretch of eight bytes begins the weight variable."""
    raw = bytearray(path.read_bytes())
    raw[76:80] = struct.pack("<i", element)
    path.write_bytes(raw)


WEIGHTED = {"who": ["x" * 300, "y"], "id": [1.0, 2.0], "score": [3.0, 4.0], "w": [1.5, 0.25]}


@pytest.mark.parametrize("compress", [False, True])
def test_the_weight_that_the_file_names_is_the_weight(tmp_path: Path, *, compress: bool):
    path = written(tmp_path / "a.sav", WEIGHTED, compress=compress)
    by = {each: contents(_at(path, each), "a.sav").weight for each in range(60)}
    assert set(by.values()) == {None, "id", "score", "w"}
    [element] = [each for each, name in by.items() if name == "w"]
    found, _ = told(_at(path, element))
    assert {row["response_id"]: row["weight_ppb"] for row in found["answers"]} == {"1": "1500000000", "2": "250000000"}
    assert "w" not in {row["question"] for row in found["questions"]}


def _at(path: Path, element: int) -> Path:
    made = path.with_name(f"weighted-{element}.sav")
    made.write_bytes(path.read_bytes())
    weighted_by(made, element)
    return made


def test_a_file_that_names_no_weight_has_none_unless_the_configuration_does(tmp_path: Path):
    path = written(tmp_path / "a.sav", WEIGHTED)
    assert {row["weight_ppb"] for row in told(path)[0]["answers"]} == {None}
    who = Respondent(response_id="id", answered_on=date(2024, 3, 4), weight="w")
    found, _ = told(path, Spss(name="p", organisation="d", files=("*",), respondent=who))
    assert {row["weight_ppb"] for row in found["answers"]} == {"1500000000", "250000000"}


@pytest.mark.parametrize(
    ("weight", "rule"), [(None, "weight_missing"), (0.0, "weight_not_above_zero"), (-2.0, "weight_not_above_zero")]
)
def test_a_respondent_without_a_usable_weight_is_kept_aside(tmp_path: Path, weight: float | None, rule: str):
    path = written(tmp_path / "a.sav", {**WEIGHTED, "w": [1.5, weight]})
    who = Respondent(response_id="id", answered_on=date(2024, 3, 4), weight="w")
    found, faults = told(path, Spss(name="p", organisation="d", files=("*",), respondent=who))
    assert {row["response_id"] for row in found["answers"]} == {"1"}
    assert [(each.line, each.rule) for each in faults] == [(2, rule)]


def with_set(path: Path, said: str) -> Path:
    """Put a multiple-response set into a file, as SPSS itself writes it."""
    raw = path.read_bytes()
    end = raw.index(struct.pack("<ii", 999, 0))
    text = said.encode() + b"\n"
    path.write_bytes(raw[:end] + struct.pack("<iiii", 7, 7, 1, len(text)) + text + raw[end:])
    return path


def test_ticked_boxes_of_a_set_are_one_question_with_several_answers(tmp_path: Path):
    frame = {"id": [1.0, 2.0, 3.0], "a": [1.0, 0.0, None], "b": [1.0, 0.0, None], "score": [1.0, 2.0, 3.0]}
    path = written(tmp_path / "a.sav", frame, column_labels={"a": "Phone", "b": "Mail"})
    found, _ = told(with_set(path, "$used=D1 1 12 Channel used a b"))
    assert {(row["response_id"], row["question"]): row["value_milli"] for row in found["answers"]} == {
        ("1", "used[a]"): "1000", ("1", "used[b]"): "1000", ("1", "score"): "1000",
        ("2", "used[a]"): "0", ("2", "used[b]"): "0", ("2", "score"): "2000",
        ("3", "score"): "3000",
    }  # fmt: skip
    assert {row["question"]: row["text"] for row in found["questions"] if row["sort"] == "multiple"} == {
        "used[a]": "Channel used – Phone",
        "used[b]": "Channel used – Mail",
    }


def test_codes_of_a_set_are_one_question_with_several_answers(tmp_path: Path):
    frame = {"id": [1.0, 2.0], "first": [2.0, 1.0], "second": [3.0, None]}
    labels = {each: {1: "Phone", 2: "Mail", 3: "Chat"} for each in ("first", "second")}
    path = written(tmp_path / "a.sav", frame, variable_value_labels=labels)
    found, _ = told(with_set(path, "$used=C 12 Channel used first second"))
    assert {(row["response_id"], row["question"]) for row in found["answers"] if row["value_milli"] == "1000"} == {
        ("1", "used[2]"),
        ("1", "used[3]"),
        ("2", "used[1]"),
    }


def test_rows_are_numbered_on_over_the_chunks(tmp_path: Path):
    n = 2_500
    path = written(
        tmp_path / "a.sav", {"id": [float(each) for each in range(n)], **{f"q{each}": [1.0] * n for each in range(3)}}
    )
    inside = contents(path, "a.sav")
    whole = list(rows(path, "a.sav", inside))
    parts = list(rows(path, "a.sav", inside, at_once=1_000))
    assert [line for line, _ in parts] == list(range(1, n + 1))
    assert parts == whole


def test_a_response_delivered_twice_counts_once_and_is_told(tmp_path: Path):
    path = written(tmp_path / "a.sav", {"id": [1.0, 1.0], "score": [3.0, 4.0]})
    found, faults = told(path)
    assert [row["value_milli"] for row in found["answers"]] == ["3000"]
    assert [each.rule for each in faults] == ["response_delivered_twice"]


def test_a_name_or_address_that_nobody_asked_for_is_left_out(tmp_path: Path):
    path = written(tmp_path / "a.sav", {"id": [1.0], "email": ["a@b.nl"], "achternaam": ["Jansen"], "score": [3.0]})
    found, _ = told(path)
    assert {row["question"] for row in found["questions"]} == {"score"}
    assert "Jansen" not in json.dumps(found)
    assert "a@b.nl" not in json.dumps(found)


def test_a_date_of_birth_is_kept_nowhere_unless_it_is_asked_for(tmp_path: Path):
    frame = {**FRAME, "bdate": [date(1950, 2, 3)] * 4}
    path = written(tmp_path / "a.sav", frame, column_labels={"bdate": "Date of Birth"})
    assert "1950" not in json.dumps(told(path)[0])
    asked = Question(name="born", asked_as="bdate")
    source = Spss(name="p", organisation="d", files=("*",), respondent=WHO, questions=(asked,))
    assert answers(path, source)["1", "born"] == "1950-02-03"


@pytest.mark.parametrize("keep", [3, 60, 170, 200, 900, -40, -4])
def test_a_file_that_is_cut_off_is_refused_in_words(shop: Path, keep: int):
    shop.write_bytes(shop.read_bytes()[:keep])
    with pytest.raises(SourceError, match=r"no SPSS file|damaged, cut off") as caught:
        told(shop)
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize("raw", [b"PK\x03\x04" + b"0" * 300, b"$FL2" + b"\xff" * 500, b"$FL3" + b"\0" * 500])
def test_a_file_that_is_no_spss_file_is_refused_in_words(tmp_path: Path, raw: bytes):
    path = tmp_path / "a.sav"
    path.write_bytes(raw)
    with pytest.raises(SourceError, match=r"no SPSS file|damaged, cut off"):
        told(path)


def test_a_text_file_called_sav_is_refused_when_it_is_loaded(tmp_path: Path):
    (tmp_path / "a.sav").write_text("id;nps\n1;9\n", encoding="utf-8")
    made = load((PANEL,), Store(tmp_path / "store"), root=tmp_path, limits=LIMITS, key=b"secret")
    assert ["this is no SPSS file" in each.says for each in made.refused] == [True]


def test_nothing_tells_when_it_was_answered(shop: Path):
    with pytest.raises(SourceError, match="nothing tells when it was answered"):
        told(shop, Spss(name="p", organisation="d", files=("*",)))


def test_a_variable_that_the_file_does_not_have_names_its_neighbour(shop: Path):
    who = Respondent(response_id="idd", answered_on=date(2024, 3, 4))
    with pytest.raises(SchemaError, match="did you mean 'id'"):
        told(shop, Spss(name="p", organisation="d", files=("*",), respondent=who))


def test_a_file_is_loaded_whole_and_loading_it_again_changes_nothing(tmp_path: Path):
    written(tmp_path / "shop.sav")
    store = Store(tmp_path / "store")
    made = load((PANEL,), store, root=tmp_path, limits=LIMITS, key=b"secret")
    assert [each.tables["answers"].good for each in made.new] == [len(answers(tmp_path / "shop.sav"))]
    assert load((PANEL,), store, root=tmp_path, limits=LIMITS, key=b"secret").unchanged == ("shop.sav",)

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peil.sources.json_files import KEPT, TAKEN, Item, leftover, misfit, read_objects
from peil.sources.source import Fault

ONE, TWO = {"id": 1, "in": {"a": [1, 2]}}, {"id": 2, "text": 'brace } and { and "quote"'}


def read(folder: Path, text: str | bytes, **how: str) -> list[Item | Fault]:
    path = folder / "export.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_objects(path, **how))


@pytest.mark.parametrize(
    "text",
    [
        f"{json.dumps(ONE)}\n{json.dumps(TWO)}\n",
        f"{json.dumps(ONE)}\r\n\r\n{json.dumps(TWO)}",
        f"\ufeff{json.dumps(ONE)}{json.dumps(TWO)}",
        json.dumps([ONE, TWO]),
        json.dumps([ONE, TWO], indent=2),
        f"{json.dumps(ONE, indent=4)}\n{json.dumps(TWO, indent=4)}",
        f"[\n{json.dumps(ONE)},\n{json.dumps(TWO)}\n]\n",
    ],
    ids=["lines", "dos lines", "one after another", "array", "pretty array", "pretty objects", "array by line"],
)
def test_every_way_of_writing_objects_down_reads_the_same(tmp_path, text):
    assert [each.value for each in read(tmp_path, text)] == [ONE, TWO]


def test_an_object_has_the_line_on_which_it_begins(tmp_path):
    pretty = json.dumps([ONE, TWO], indent=2)
    assert [each.line for each in read(tmp_path, pretty)] == [2, 11]
    assert pretty.splitlines()[10].strip() == "{"


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("late", [True, False], ids=["array last", "array first"])
def test_a_page_stands_for_the_conversations_on_it(tmp_path, indent, late):
    page = {"totalHits": 2, "conversations": [ONE, TWO]} if late else {"conversations": [ONE, TWO], "totalHits": 2}
    text = json.dumps(page, indent=indent) + "\n" + json.dumps({"conversations": []}, indent=indent)
    assert [each.value for each in read(tmp_path, text, within="conversations")] == [ONE, TWO]


def test_conversations_on_a_written_out_page_have_their_own_lines(tmp_path):
    text = json.dumps({"conversations": [{"id": 1}, {"id": 2}]}, indent=1)
    assert [each.line for each in read(tmp_path, text, within="conversations")] == [3, 6]


def test_a_page_that_is_cut_off_still_gives_what_came_before(tmp_path):
    found = read(tmp_path, '{"conversations": [{"id": 1}, {"id": 2', within="conversations")
    assert found[0].value == {"id": 1}
    assert found[1].rule == "json.cut_off"


@pytest.mark.parametrize("half", ['{"id": 1, "in": {"a": [', '{"id": 1, "text": "hal', '{"id": {"b": 1}', "{"])
def test_half_a_line_is_a_fault_and_the_next_line_is_read(tmp_path, half):
    first, second = read(tmp_path, f"{half}\n{json.dumps(TWO)}\n")
    assert (first.line, first.rule) == (1, "json.cut_off")
    assert (second.line, second.value) == (2, TWO)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("5", "json.not_an_object"),
        ('"text"', "json.not_an_object"),
        ("ContactId;Channel", "json.not_json"),
        ('{"id" 1}', "json.not_json"),
        ('{"id": 1}}', "json.not_json"),
        ('{"id": NaN}', "json.not_a_number"),
        ('{"id": 1e999}', "json.not_a_number"),
        ('{"id": ' + "9" * 5_000 + "}", "json.not_a_number"),
        ('{"id": "\\ud83d"}', "json.half_a_character"),
        ('{"a":' * 150 + "1" + "}" * 150, "json.too_deep"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "json.too_deep"),
        ('{"id": "\0"}', "json.nul_byte"),
    ],
)
def test_what_is_no_object_is_a_fault_with_its_line(tmp_path, line, rule):
    found = read(tmp_path, f"{json.dumps(ONE)}\n{line}\n{json.dumps(TWO)}\n")
    assert [(each.line, each.rule) for each in found if isinstance(each, Fault)] == [(2, rule)]
    assert [each.value for each in found if isinstance(each, Item)][-1] == TWO


def test_bytes_that_are_no_utf8_are_a_fault(tmp_path):
    first, second = read(tmp_path, b'{"id": "caf\xe9"}\n{"id": 2}\n')
    assert (first.line, first.rule, first.value) == (1, "json.not_utf8", "byte 12 of the line")
    assert second.value == {"id": 2}


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_file_is_a_fault(tmp_path, text):
    assert [each.rule for each in read(tmp_path, text)] == ["json.empty_file"]


def test_an_empty_array_is_no_fault(tmp_path):
    assert read(tmp_path, "[]") == []


def test_a_field_of_a_million_characters_and_an_escaped_nul_go_through(tmp_path):
    long = {"id": "x" * 1_000_000, "nul": "\0"}
    assert read(tmp_path, json.dumps(long))[0].value == long


def test_a_fault_shows_no_value_of_the_export(tmp_path):
    found = read(tmp_path, '{"phone": "+31201234567", "x" 1}\n{"phone": "+31201234567\n["+31201234567"]')
    assert [each.rule for each in found] == ["json.not_json", "json.cut_off", "json.not_an_object"]
    assert "+31" not in repr(found)


def test_a_large_file_is_never_in_memory_at_once(tmp_path):
    path = tmp_path / "export.jsonl"
    path.write_text((json.dumps({"id": 1, "text": "x" * 1_000}) + "\n") * 20_000)
    tracemalloc.start()
    n = sum(1 for _ in read_objects(path))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert n == 20_000
    assert most < 1_000_000 < path.stat().st_size / 20


def test_a_value_of_another_kind_is_named_by_its_path():
    shape = {"Agent": {"Groups": {"Level1": {"Name": TAKEN}}}, "list": ({"a": KEPT},)}
    assert misfit({"Agent": {"Groups": {"Level1": 5}}}, shape, 1).column == "Agent.Groups.Level1"
    assert misfit({"list": [{"a": 1}, "x"]}, shape, 1).rule == "json.not_an_object"
    assert misfit({"list": {}}, shape, 1).rule == "json.not_an_array"
    assert misfit({"list": [{"a": {}}]}, shape, 1).rule == "json.not_a_plain_value"
    assert misfit({"Agent": None, "list": [None], "new": {"x": []}}, shape, 1) is None


def test_what_is_left_over_keeps_its_build_and_names_nobody():
    stood = {"new": [{"a": 1, "displayName": "J. Jansen"}], "flowName": "Menu", "Email": "x@example.org", "id": 1}
    assert leftover(stood, {"id": TAKEN}) == {"new": [{"a": 1}], "flowName": "Menu"}


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_random_bytes_never_raise(tmp_path_factory, raw):
    path = tmp_path_factory.getbasetemp() / "random.json"
    path.write_bytes(raw)
    for each in read_objects(path, within="conversations"):
        assert each.line >= 1
        assert isinstance(each, Item) or each.rule.startswith("json.")


PLAIN = st.none() | st.integers() | st.text(max_size=9)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=5), PLAIN | st.lists(PLAIN, max_size=3), max_size=4), max_size=5)


@given(OBJECTS)
@settings(max_examples=200)
def test_whatever_json_writes_is_read_back(tmp_path_factory, objects):
    path = tmp_path_factory.getbasetemp() / "written.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in objects), encoding="utf-8")
    read_back = [each.value for each in read_objects(path) if isinstance(each, Item)]
    faults = [each.rule for each in read_objects(path) if isinstance(each, Fault)]
    assert faults == ([] if objects else ["json.empty_file"])
    assert read_back == objects

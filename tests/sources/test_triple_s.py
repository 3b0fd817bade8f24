"""Triple-S in and out: labels, multiple answers and weights survive, and every known trap is a test."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from delivered import Rows, delivered
from peil.dataset import build, current
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.schema import Table
from peil.engines.store import Store
from peil.errors import DefinitionError, SchemaError, SourceError
from peil.sources.limesurvey import LimeSurvey
from peil.sources.load import Loaded, load
from peil.sources.questionnaires import Question, Respondent
from peil.sources.source import Export, Fault
from peil.sources.tables import ANSWERS, QUESTIONS
from peil.sources.triple_s import TripleS
from peil.sources.triple_s_layout import read_layout
from peil.sources.triple_s_rows import Row, read_rows
from peil.surveys.triple_s import write_triple_s
from peil.surveys.triple_s_files import Variable, write_files

GOLDEN = Path(__file__).parent / "golden"
DAY = Respondent(answered_on=date(2024, 3, 4))
PANEL = TripleS(name="panel", organisation="demo", files=("*.sss",), zone="Europe/Amsterdam", respondent=DAY)
KEY = b"nobody's secret"
LIMITS = Limits(memory="500MB")
Told = dict[tuple[str, str], Any]


def told(source: TripleS, sss: Path) -> tuple[Rows, list[Fault]]:
    return delivered(sss, source, beside=source.along(sss))


def answers(source: TripleS, sss: Path) -> Told:
    """Response and question to the value in thousandths, or to what was said."""
    rows, _ = told(source, sss)
    return {(row["response_id"], row["question"]): row["value_milli"] or row["value_text"] for row in rows["answers"]}


def written(
    folder: Path, variables: str, data: str | bytes, *, record: str = "", name: str = "a", ending: str = "asc"
) -> Path:
    sss = folder / f"{name}.sss"
    sss.write_text(
        f'<sss version="2.0"><survey><name>shop</name><record ident="A" {record}>{variables}</record></survey></sss>',
        encoding="utf-8",
    )
    made = data if isinstance(data, bytes) else data.encode()
    (folder / f"{name}.{ending}").write_bytes(made)
    return sss


def variable(ident: int, sort: str, position: str, more: str = "", **options: str) -> str:
    said = "".join(f' {name}="{each}"' for name, each in options.items())
    start, _, finish = position.partition("-")
    where = f'start="{start}"' + (f' finish="{finish}"' if finish else "")
    return (
        f'<variable ident="{ident}" type="{sort}"{said}><name>q{ident}</name><label>Question {ident}</label>'
        f"<position {where}/>{more}</variable>"
    )


def values(*codes: int) -> str:
    return "<values>" + "".join(f'<value code="{each}">label {each}</value>' for each in codes) + "</values>"


SERIAL = variable(1, "quantity", "1-2", use="serial")
SCORE = variable(2, "single", "3-4", '<values><range from="0" to="10"/><value code="99">No idea</value></values>')


def test_the_golden_survey_gives_every_type_of_answer():
    found = answers(PANEL, GOLDEN / "triple_s_fixed.sss")
    assert found["1", "nps"] == "9000"
    assert found["1", "channels[1]"] == "1000"
    assert found["1", "channels[2]"] == "0"
    assert found["1", "spent"] == "12500"
    assert found["1", "why"] == "Snel geholpen, écht"
    assert found["1", "solved"] == "1000"
    assert found["1", "called_on"] == "2024-03-01"
    assert found["1", "called_at"] == "09:02:10"
    assert found["2", "brands[12]"] == "1000"
    assert found["2", "brands[1]"] == "0"
    assert ("2", "why") not in found


def test_fixed_columns_and_csv_hold_the_same_answers_weights_and_labels():
    fixed, _ = told(PANEL, GOLDEN / "triple_s_fixed.sss")
    delimited, _ = told(PANEL, GOLDEN / "triple_s_csv.sss")
    assert fixed["answers"]
    assert [{**row, "line": 0} for row in fixed["answers"]] == [{**row, "line": 0} for row in delimited["answers"]]
    assert [row["codes"] for row in fixed["questions"]] == [row["codes"] for row in delimited["questions"]]
    assert {row["weight_ppb"] for row in fixed["answers"]} == {"1250000000", "800000000", "1000000000"}


def test_a_question_is_kept_in_each_language_with_the_text_that_was_put():
    rows, _ = told(PANEL, GOLDEN / "triple_s_fixed.sss")
    texts = {row["language"]: row["text"] for row in rows["questions"] if row["question"] == "nps"}
    assert texts == {"en": "How likely are you to recommend us?", "nl": "Hoe waarschijnlijk is het dat u ons aanraadt?"}


def test_a_line_of_the_data_file_is_named_with_each_answer():
    rows, _ = told(PANEL, GOLDEN / "triple_s_csv.sss")
    assert {row["response_id"]: row["line"] for row in rows["answers"]} == {"1": 2, "2": 3, "3": 4}


def test_the_configuration_says_what_a_question_measures(tmp_path: Path):
    source = TripleS(
        name="panel", organisation="demo", files=("*",), respondent=DAY,
        questions=(Question(name="recommend", asked_as="q2", construct="nps", scale=(0, 10), missing=("99",)),),
    )  # fmt: skip
    rows, faults = told(source, written(tmp_path, SERIAL + SCORE, "01 9\n0299\n0310\n"))
    assert [(row["response_id"], row["question"], row["construct"], row["value_milli"]) for row in rows["answers"]] == [
        ("1", "recommend", "nps", "9000"),
        ("3", "recommend", "nps", "10000"),
    ]
    assert not faults


def test_a_code_that_is_in_no_list_is_kept_aside(tmp_path: Path):
    rows, faults = told(PANEL, written(tmp_path, SERIAL + SCORE, "01 9\n0211\n"))
    assert [row["response_id"] for row in rows["answers"]] == ["1"]
    assert [(each.line, each.rule, each.column) for each in faults] == [(2, "answer_not_on_the_code_list", "q2")]


@pytest.mark.parametrize(
    ("more", "cell", "chosen"),
    [
        (values(1, 2, 3), "101", {"1", "3"}),
        (values(1, 2, 3), "000", set()),
        (values(1, 3), "111", {"1", "3"}),
        ('<spread subfields="2" width="1"/>' + values(1, 2, 3), "31 ", {"1", "3"}),
        ('<spread subfields="2" width="1"/>' + values(1, 2, 3), "20 ", {"2"}),
        ('<spread subfields="3"/>' + values(1, 2, 3), "000", set()),
    ],
)
def test_a_multiple_answer_is_bits_or_codes(tmp_path: Path, more: str, cell: str, chosen: set[str]):
    rows, faults = told(PANEL, written(tmp_path, SERIAL + variable(2, "multiple", "3-5", more), f"01{cell}\n"))
    found = {row["question"]: row["value_milli"] for row in rows["answers"]}
    assert {name for name, value in found.items() if value == "1000"} == {f"q2[{each}]" for each in chosen}
    assert set(found.values()) <= {"0", "1000"}
    assert len(found) == more.count("<value ")
    assert not faults


def test_a_multiple_question_that_was_not_asked_has_no_answer(tmp_path: Path):
    data = "01101\n02   \n"
    rows, _ = told(PANEL, written(tmp_path, SERIAL + variable(2, "multiple", "3-5", values(1, 2, 3)), data))
    assert {row["response_id"] for row in rows["answers"]} == {"1"}


@pytest.mark.parametrize(
    ("fields", "chosen"),
    [('"0101"', {"2", "4"}), ('"1"', {"1"}), ('"0"', set())],
)
def test_bits_of_a_csv_file_are_one_field(tmp_path: Path, fields: str, chosen: set[str]):
    layout = variable(1, "character", "1", use="serial") + variable(2, "multiple", "2", values(1, 2, 3, 4))
    sss = written(tmp_path, layout, f"id,q2\n7,{fields}\n", record='format="csv" skip="1"', ending="csv")
    rows, _ = told(PANEL, sss)
    assert {row["question"] for row in rows["answers"] if row["value_milli"] == "1000"} == {
        f"q2[{each}]" for each in chosen
    }


def test_codes_spread_over_fields_of_a_csv_file(tmp_path: Path):
    spread = variable(2, "multiple", "2-3", '<spread subfields="2"/>' + values(1, 2, 12))
    layout = variable(1, "character", "1", use="serial") + spread + variable(3, "quantity", "4")
    rows, _ = told(PANEL, written(tmp_path, layout, "7,12,1,5\n", record='format="csv"', ending="csv"))
    assert {row["question"]: row["value_milli"] for row in rows["answers"]} == {
        "q2[1]": "1000", "q2[2]": "0", "q2[12]": "1000", "q3": "5000",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "rule"),
    [("01121", "triple_s.not_zero_or_one"), ("011", "triple_s.cut_off"), ("01 x1", "triple_s.not_zero_or_one")],
)
def test_a_respondent_whose_answer_cannot_be_read_is_kept_aside(tmp_path: Path, line: str, rule: str):
    sss = written(tmp_path, SERIAL + variable(2, "multiple", "3-5", values(1, 2, 3)), f"09101\n{line}\n")
    rows, faults = told(PANEL, sss)
    assert {row["response_id"] for row in rows["answers"]} == {"9"}
    assert [(each.line, each.rule, each.column) for each in faults] == [(2, rule, "q2")]


def test_blanks_trimmed_from_the_end_of_a_line_are_no_fault(tmp_path: Path):
    text = variable(3, "character", "5-9", "<size>5</size>")
    rows, faults = told(PANEL, written(tmp_path, SERIAL + SCORE + text, "01 9good\n02 8\n"))
    assert [(row["response_id"], row["question"]) for row in rows["answers"]] == [("1", "q2"), ("1", "q3"), ("2", "q2")]
    assert not faults


def test_a_number_outside_its_range_is_kept_aside(tmp_path: Path):
    amount = variable(2, "quantity", "3-7", '<values><range from="0.00" to="99.99"/></values>')
    rows, faults = told(PANEL, written(tmp_path, SERIAL + amount, "0112.50\n02123.5\n"))
    assert [row["value_milli"] for row in rows["answers"]] == ["12500"]
    assert [each.rule for each in faults] == ["triple_s.out_of_range"]


@pytest.mark.parametrize(
    ("weight", "rule"),
    [
        ("    ", "weight_missing"),
        (" 0.0", "weight_not_above_zero"),
        ("-1.5", "weight_not_above_zero"),
        ("  x ", "weight_not_a_number"),
    ],
)
def test_a_respondent_without_a_usable_weight_is_kept_aside(tmp_path: Path, weight: str, rule: str):
    layout = SERIAL + SCORE + variable(3, "quantity", "5-8", use="weight")
    rows, faults = told(PANEL, written(tmp_path, layout, f"01 9 1.5\n02 8{weight}\n"))
    assert [(row["response_id"], row["weight_ppb"]) for row in rows["answers"]] == [("1", "1500000000")]
    assert [each.rule for each in faults] == [rule]


def test_one_serial_number_for_two_respondents_counts_once_and_is_told(tmp_path: Path):
    rows, faults = told(PANEL, written(tmp_path, SERIAL + SCORE, "01 9\n01 3\n"))
    assert [row["value_milli"] for row in rows["answers"]] == ["9000"]
    assert [each.rule for each in faults] == ["response_delivered_twice"]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig", "utf-16"])
def test_texts_are_read_whatever_they_are_written_in(tmp_path: Path, encoding: str):
    text = variable(2, "character", "3-9")
    loaded, store = _loaded(tmp_path, text, "01sérieux\n02naïef  \n".encode(encoding))
    assert not loaded.refused
    engine = DuckEngine(LIMITS)
    table = current(engine, ANSWERS, store.loads())
    found = engine.rows(f"select value_text from {table.name} order by response_id").to_pydict()["value_text"]
    assert found == ["sérieux", "naïef"]


def test_a_description_in_latin_1_keeps_its_labels(tmp_path: Path):
    sss = written(tmp_path, SERIAL + SCORE.replace("No idea", "Geen idée"), "01 9\n")
    body = sss.read_text(encoding="utf-8")
    sss.write_bytes(f'<?xml version="1.0" encoding="ISO-8859-1"?>{body}'.encode("latin-1"))
    store = Store(tmp_path / "store")
    made = load((PANEL,), store, root=tmp_path, limits=LIMITS, key=KEY)
    assert not made.refused
    engine = DuckEngine(LIMITS)
    table = current(engine, QUESTIONS, store.loads())
    [codes] = engine.rows(f"select codes from {table.name} where question = 'q2'").to_pydict()["codes"]
    assert json.loads(codes)["99"] == "Geen idée"


def _loaded(folder: Path, variables: str, data: bytes) -> tuple[Loaded, Store]:
    written(folder, SERIAL + variables, data)
    store = Store(folder / "store")
    return load((PANEL,), store, root=folder, limits=LIMITS, key=KEY), store


def test_a_description_whose_data_file_is_missing_is_refused_by_name(tmp_path: Path):
    written(tmp_path, SERIAL + SCORE, "01 9\n")
    (tmp_path / "a.asc").unlink()
    made = load((PANEL,), Store(tmp_path / "store"), root=tmp_path, limits=LIMITS, key=KEY)
    assert [(each.file, "a.asc" in each.says) for each in made.refused] == [("a.sss", True)]


def test_a_changed_data_file_is_loaded_anew(tmp_path: Path):
    _, store = _loaded(tmp_path, SCORE, b"01 9\n")
    (tmp_path / "a.asc").write_bytes(b"01 9\n02 3\n")
    again = load((PANEL,), store, root=tmp_path, limits=LIMITS, key=KEY)
    assert [each.tables["answers"].good for each in again.new] == [2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<sss version='2.0'><survey>", "a.sss:1: this is no whole XML file"),
        ("not xml at all", "no whole XML"),
        ('SSS V1.1\nDATE "1996"\nBEGIN SURVEY\n', "old form without XML"),
        ("<html/>", "begins with <html>"),
        ("<sss version='2.0'><hierarchy/></sss>", "0 records in 0 surveys"),
        ("<sss version='2.0'><survey><record ident='A'/></survey></sss>", "describes no variable"),
        ('<!DOCTYPE sss [<!ENTITY x SYSTEM "file:///etc/hostname">]><sss version="2.0">&x;</sss>', "entities of its own"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_triple_s_is_refused_in_words(tmp_path: Path, text: str, says: str):
    sss = written(tmp_path, "", "01\n")
    sss.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=says):
        told(PANEL, sss)


def test_entities_are_never_expanded(tmp_path: Path):
    bomb = (
        '<!DOCTYPE sss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    )
    sss = written(tmp_path, SERIAL.replace("Question 1", "&c;"), "01\n")
    sss.write_text(bomb + sss.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(SourceError, match="entities of its own"):
        told(PANEL, sss)


def test_a_document_type_on_the_net_is_not_fetched(tmp_path: Path):
    sss = written(tmp_path, SERIAL + SCORE, "01 9\n")
    kind = '<!DOCTYPE sss PUBLIC "-//triple-s//DTD Survey Interchange v2.0//EN" "http://127.0.0.1:9/sss_v20.dtd">'
    sss.write_text(kind + sss.read_text(encoding="utf-8"), encoding="utf-8")
    assert answers(PANEL, sss) == {("1", "q2"): "9000"}


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        (SERIAL + variable(2, "sinlge", "3"), "did you mean 'single'"),
        (SERIAL + SERIAL, "two variables have the ident '1'"),
        (SERIAL + variable(2, "single", "9-3"), "stands from 9 to 3"),
        (SERIAL + variable(2, "single", "-1"), "'' is not a position"),
        (SERIAL + variable(2, "multiple", "3-4", values(1, 2, 3)), "has 2 columns and needs 3"),
        (SERIAL + variable(2, "multiple", "3-4", values(99999)), "codes up to 99999"),
        (SERIAL + variable(2, "single", "3", values(1, 1)), "the code '1' twice"),
        (SERIAL + SCORE.replace('<position start="3" finish="4"/>', ""), "has no position"),
    ],
)
def test_a_description_that_cannot_be_right_is_refused(tmp_path: Path, variables: str, says: str):
    with pytest.raises(SourceError) as caught:
        told(PANEL, written(tmp_path, variables, "01 9\n"))
    assert says in str(caught.value)


def test_a_position_that_no_line_reaches_tells_that_the_files_do_not_belong_together(tmp_path: Path):
    far = variable(3, "single", "80-81", values(1))
    with pytest.raises(SourceError, match="'q3' begins at 80, and no line has more than 4 columns"):
        told(PANEL, written(tmp_path, SERIAL + SCORE + far, "01 9\n"))


def test_an_empty_data_file_is_refused(tmp_path: Path):
    with pytest.raises(SourceError, match="there is no respondent in it"):
        told(PANEL, written(tmp_path, SERIAL + SCORE, "\r\n\x1a"))


def test_nothing_tells_when_it_was_answered(tmp_path: Path):
    source = TripleS(name="panel", organisation="demo", files=("*",))
    with pytest.raises(SourceError, match="nothing tells when it was answered"):
        told(source, written(tmp_path, SERIAL + SCORE, "01 9\n"))


def test_a_question_of_the_configuration_that_the_file_does_not_have_names_its_neighbour(tmp_path: Path):
    source = TripleS(name="p", organisation="d", files=("*",), respondent=DAY, questions=(Question(name="q22"),))
    with pytest.raises(SchemaError, match="did you mean 'q2'"):
        told(source, written(tmp_path, SERIAL + SCORE, "01 9\n"))


def test_two_questions_of_one_name_are_told_apart(tmp_path: Path):
    twice = variable(2, "single", "3", values(1)) + variable(3, "single", "4", values(1)).replace("q3", "q2")
    assert answers(PANEL, written(tmp_path, SERIAL + twice, "0111\n")) == {("1", "q2.2"): "1000", ("1", "q2.3"): "1000"}


# ---- out, and in again


def _stored(folder: Path, source: TripleS | LimeSurvey) -> tuple[DuckEngine, Store]:
    store = Store(folder / f"store-{source.name}")
    made = load((source,), store, root=folder, limits=LIMITS, key=KEY)
    assert not made.refused, made.refused
    return DuckEngine(LIMITS), store


def _answers(engine: DuckEngine, table: Table) -> list[tuple[Any, ...]]:
    columns = "response_id, question, value_milli, value_text, weight_ppb"
    rows = engine.rows(f"select {columns}, answered_at from {table.name} order by response_id, question").to_pylist()
    return [tuple(row.values()) for row in rows]


def _labels(engine: DuckEngine, table: Table) -> dict[tuple[str, str], Mapping[str, str]]:
    rows = engine.rows(f"select question, language, text, codes from {table.name}").to_pylist()
    return {(row["question"], row["language"], row["text"]): json.loads(row["codes"] or "{}") for row in rows}


@pytest.mark.parametrize("fixed", [False, True])
def test_a_survey_goes_out_and_comes_in_again_the_same(tmp_path: Path, *, fixed: bool):
    golden = TripleS(
        name="first", organisation="demo", files=(str(GOLDEN / "triple_s_fixed.sss"),), zone="UTC", respondent=DAY
    )
    engine, store = _stored(tmp_path, golden)
    before = current(engine, ANSWERS, store.loads()), current(engine, QUESTIONS, store.loads())
    sss = write_triple_s(engine, *before, "shop", tmp_path / "out", fixed=fixed)
    again = TripleS(name="second", organisation="demo", files=(str(sss),), zone="UTC")
    second, other = _stored(tmp_path, again)
    after = current(second, ANSWERS, other.loads()), current(second, QUESTIONS, other.loads())
    told_before = _answers(engine, before[0])
    assert len(told_before) == 29
    assert {row[4] for row in told_before} == {1_250_000_000, 800_000_000, 1_000_000_000}
    assert _answers(second, after[0]) == told_before
    assert _labels(second, after[1]) == _labels(engine, before[1])


def test_the_responses_of_a_dataset_go_out_without_what_was_said_in_words(tmp_path: Path):
    golden = TripleS(
        name="first", organisation="demo", files=(str(GOLDEN / "triple_s_fixed.sss"),), zone="UTC", respondent=DAY
    )
    engine, store = _stored(tmp_path, golden)
    data = build(store, engine)
    sss = write_triple_s(engine, data.tables["responses"], data.tables["questions"], "shop", tmp_path / "out")
    names = {each.text for each in etree.parse(str(sss)).findall(".//variable/name")}
    assert {"response_id", "weight", "nps", "channels", "brands", "spent"} <= names
    assert "why" not in names
    assert "geholpen" not in sss.with_suffix(".csv").read_text(encoding="utf-8")


def test_codes_that_are_words_go_out_as_codes_and_other_words_stay(tmp_path: Path):
    """LimeSurvey's codes are words (A1, -oth-), and what somebody wrote beside them is not for others."""
    for name in ("limesurvey.csv", "limesurvey.lss"):
        shutil.copy(GOLDEN / name, tmp_path)
    source = LimeSurvey(name="first", organisation="demo", files=("limesurvey.csv",), zone="UTC")
    engine, store = _stored(tmp_path, source)
    data = build(store, engine)
    answers = current(engine, ANSWERS, store.loads())
    tables = data.tables["responses"], data.tables["questions"]
    for fixed in (False, True):
        sss = write_triple_s(engine, *tables, "first", tmp_path / "out", fixed=fixed, chosen=answers)
        again = TripleS(name="again", organisation="demo", files=(str(sss),), zone="UTC")
        second, other = _stored(tmp_path / f"{fixed}", again)
        after = current(second, ANSWERS, other.loads())
        told = {(row[0], row[1]): row[3] for row in _answers(second, after) if row[1] == "Q02"}
        assert told == {("1", "Q02"): "A1", ("2", "Q02"): "-oth-"}
        written = "".join(
            each.read_text(encoding="utf-8") for each in (sss, sss.with_suffix(".asc" if fixed else ".csv"))
        )
        assert [each for each in ("By fax", "By post", "Prima") if each in written] == []
        assert "Q06" not in written


def test_a_survey_that_nobody_answered_is_not_written(tmp_path: Path):
    golden = TripleS(
        name="first", organisation="demo", files=(str(GOLDEN / "triple_s_fixed.sss"),), zone="UTC", respondent=DAY
    )
    engine, store = _stored(tmp_path, golden)
    tables = current(engine, ANSWERS, store.loads()), current(engine, QUESTIONS, store.loads())
    with pytest.raises(DefinitionError, match="nobody answered a survey named 'shoq'"):
        write_triple_s(engine, *tables, "shoq", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("counted", ["bytes", "letters"])
def test_columns_are_counted_in_bytes_or_letters_as_the_lines_themselves_tell(tmp_path: Path, counted: str):
    """Some packages count a column as a byte and some as a letter; in UTF-8 that differs after an é."""
    (tmp_path / "a.sss").write_text(
        """<sss version="2.0"><survey><record ident="A">
        <variable ident="1" type="character"><name>why</name><label>Why?</label><position start="1" finish="6"/></variable>
        <variable ident="2" type="quantity"><name>spent</name><label>Spent</label><position start="7" finish="9"/></variable>
        </record></survey></sss>""",
        encoding="utf-8",
    )
    lines = ("snel  123", "één  45" if counted == "bytes" else "één    45")
    (tmp_path / "a.asc").write_text("".join(f"{each}\r\n" for each in lines), encoding="utf-8", newline="")
    layout = read_layout(Export(name="a.sss", path=tmp_path / "a.sss", sha256=""))
    assert [each.values for each in read_rows(layout, tmp_path / "a.asc", "a.asc") if isinstance(each, Row)] == [
        {"why": "snel", "spent": "123"},
        {"why": "één", "spent": "45"},
    ]


@pytest.mark.parametrize(("said", "fits"), [("écht €5", True), ("日本", False)])
def test_a_letter_is_a_byte_in_fixed_columns_or_nothing_is_written(tmp_path: Path, said: str, *, fits: bool):
    told = (
        Variable(name="why", sort="character", cells=[said, "ok"]),
        Variable(name="spent", sort="quantity", cells=["1", "22"]),
    )
    if not fits:
        with pytest.raises(DefinitionError, match="fixed columns are counted in bytes"):
            write_files(told, "shop", tmp_path / "out", fixed=True)
        assert not (tmp_path / "out").exists()
        return
    sss = write_files(told, "shop", tmp_path / "out", fixed=True)
    assert {len(each) for each in sss.with_suffix(".asc").read_bytes().split(b"\r\n")[:-1]} == {len(said) + 2}
    assert etree.parse(str(sss)).docinfo.encoding.lower() == "windows-1252"


def positions(sss: Path) -> Sequence[tuple[int, int]]:
    found = etree.parse(str(sss)).findall(".//position")
    return [(int(each.get("start")), int(each.get("finish"))) for each in found]


def test_fixed_columns_follow_one_another_and_fill_each_line(tmp_path: Path):
    golden = TripleS(
        name="first", organisation="demo", files=(str(GOLDEN / "triple_s_fixed.sss"),), zone="UTC", respondent=DAY
    )
    engine, store = _stored(tmp_path, golden)
    tables = current(engine, ANSWERS, store.loads()), current(engine, QUESTIONS, store.loads())
    sss = write_triple_s(engine, *tables, "shop", tmp_path / "out", fixed=True)
    placed = positions(sss)
    assert [start for start, _ in placed[1:]] == [finish + 1 for _, finish in placed[:-1]]
    lines = sss.with_suffix(".asc").read_bytes().decode("windows-1252").split("\r\n")[:-1]
    assert {len(each) for each in lines} == {placed[-1][1]}

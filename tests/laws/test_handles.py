"""Handles are written one way: at the door, in Python and by the engine; and a comparison means the same in SQL."""

from __future__ import annotations

import string
from typing import Any

import duckdb
import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peil.engines import written
from peil.engines.door import Limits, connect
from peil.engines.handles import (
    FIELDS,
    SAID,
    e164,
    folded,
    mailbox,
    normalised,
    one,
    parted,
    pseudonym,
    sound_of,
    surname_of,
)
from peil.engines.keyed_handles import NEAR, SORTED, keyed_field, keyed_fields, near_parts
from peil.engines.schema import Column, Kind
from peil.errors import DefinitionError
from peil.persons.comparisons import STANDARD, keyed
from peil.persons.likeness import edits, likeness
from peil.persons.linking import evidence
from peil.persons.model import MISSING, LinkModel
from peil.persons.simulated import CustomerFile

WORDS = st.text(alphabet="abcdevn ", max_size=12)
NAMES = st.text(alphabet=string.ascii_letters + "éëüïĳ'’-. ", max_size=30)
KEY = b"a secret"


@settings(max_examples=30)
@given(st.lists(st.tuples(WORDS, WORDS), min_size=40, max_size=60))
def test_likeness_and_edits_are_those_of_the_engine(pairs: list[tuple[str, str]]) -> None:
    con = duckdb.connect()
    con.register("given", pa.table({"one": [one for one, _ in pairs], "two": [two for _, two in pairs]}))
    told = con.execute("select jaro_winkler_similarity(one, two), levenshtein(one, two) from given").fetchall()
    assert [likeness(*each) for each in pairs] == pytest.approx([alike for alike, _ in told], abs=1e-12)
    assert [edits(*each) for each in pairs] == [n for _, n in told]


@given(NAMES)
def test_a_name_written_one_way_is_already_written_that_way(name: str) -> None:
    assert folded(folded(name)) == folded(name)
    surname = surname_of(name)
    assert surname is None or (surname_of(surname) == surname and sound_of(surname))


@pytest.mark.parametrize(
    ("one_way", "another"),
    [
        ("van der Meer", "Meer, van der"),
        ("'t Hart", "t Hart"),
        ("’t Hart", "Hart, 't"),
        ("van Dĳk", "van Dyk"),
        ("van Dijk", "VAN DIJK"),
        ("Brontë", "Bronte"),
        ("Müller", "Muller"),
        ("Smit - de Boer", "Smit-de Boer"),
        ("de la Croix", "Croix"),
        ("Łukasz", "Lukasz"),
    ],
)
def test_dutch_surnames_are_the_same_however_a_system_writes_them(one_way: str, another: str) -> None:
    assert surname_of(one_way) == surname_of(another) != None  # noqa: E711  # both at once


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Jan de Vries", ("Jan", "de Vries")),
        ("Mevr. drs. A.B. van 't Hoff", ("A.B.", "van 't Hoff")),
        ("de heer Peters", ("", "Peters")),
        ("Vries, J. de", ("J. de", "Vries")),
        ("Anna Maria Jansen", ("Anna Maria", "Jansen")),
        ("Jan-Willem ter Horst", ("Jan-Willem", "ter Horst")),
    ],
)
def test_a_full_name_falls_into_given_names_and_surname(name: str, parts: tuple[str, str]) -> None:
    assert parted(name) == parts


@given(st.integers(min_value=100_000_000, max_value=999_999_999))
def test_the_short_way_through_dutch_numbers_agrees_with_the_library(digits: int) -> None:
    national = f"0{digits}"
    asked = phonenumbers.format_number(phonenumbers.parse(national, "NL"), phonenumbers.PhoneNumberFormat.E164)
    assert e164(national) in {asked, None}
    assert e164(national) == e164(f"0031{digits}") == e164(f"+31 (0){str(digits)[:2]}-{str(digits)[2:]}")


@pytest.mark.parametrize(
    "told",
    ["anonymous", "Withheld", "private", "", "unknown", "onbekend", "0000000000", "0", "+31000000000", "1111111111", "0123456789", "sip:anonymous@anonymous.invalid"],
)  # fmt: skip
def test_a_number_that_is_nobodys_is_no_number(told: str) -> None:
    assert e164(told) is None


@pytest.mark.parametrize(
    "told",
    ["test@test", "test@test.nl", "noreply@shop.nl", "geen", "geen@geen.nl", "n.v.t.", "@", "a@b", "jan@", "x@shop.nl", ""],
)  # fmt: skip
def test_a_mailbox_that_is_nobodys_is_no_mailbox(told: str) -> None:
    assert mailbox(told) is None


@pytest.mark.parametrize(
    "told",
    [
        "1900-01-01",
        "01-01-1900",
        "1/1/1900",
        "19000101",
        "1899-12-30",
        "1970-01-01",
        "31-12-9999",
        "unknown",
        "12-1980",
    ],
)
def test_a_birth_date_that_a_system_filled_in_is_no_birth_date(told: str) -> None:
    assert normalised(birth_date=told)["born"] is None


DELIVERED = (
    "06-12345679", "0612345679", "+31612345679", "0031612345679", "anonymous", "0000000000", "0123456789", "0666666666", "204", "tel:+4930123456",
    "a81f33b2c0", "Jan@KPN.nl", "jan.jansen+a@gmail.com", "test@test", "test@kpn.nl", "noreply@kpn.nl", "<j@kpn.nl>", "x", "j@googlemail.com", "jan@test.nl",
)  # fmt: skip


@pytest.mark.parametrize("column", ["phone", "mail", "customer_id"])
def test_the_door_and_python_give_one_handle_one_pseudonym(column: str) -> None:
    con = connect(Limits())
    written.prepare(con, KEY, "NL")
    con.register("given", pa.table({"told": list(DELIVERED)}))
    sql = written.pseudonym(Column(name=column, kind=Kind.TEXT, says="", handle=True), "told")
    found = [row[0] for row in con.execute(f"select {sql} from given").fetchall()]
    assert found == [pseudonym(column, each, KEY) for each in DELIVERED]


def test_fields_are_hashed_under_the_key_and_a_day_is_not_a_month() -> None:
    con = connect(Limits())
    written.prepare(con, KEY, "NL")
    con.execute("create temp table linked as select {'day': '07', 'month': '07', 'given': null} as f")
    day, month, given_name = (
        written.link_field(Column(name=f"link_{each}", kind=Kind.TEXT, says="", field=each), clear=False)
        for each in ("day", "month", "given")
    )
    found = con.execute(f"select {day}, {month}, {given_name} from linked").fetchall()[0]
    assert found[0] != found[1]
    assert [len(each or "") for each in found] == [16, 16, 0]


def test_the_door_and_python_hash_a_record_alike() -> None:
    con = connect(Limits())
    written.prepare(con, KEY, "NL")
    record = normalised(
        name="Jan-Willem Smit-de Boer", birth_date="3-12-1980", postcode="1234 AB", house_number="5", street="Kerkstr.",
        place="Ede", phone="06-12345679", mail="jan@kpn.nl", account="NL91ABNA0417164300",
    )  # fmt: skip
    con.register("said", pa.table({name: pa.array([value], pa.string()) for name, value in record.items()}))
    columns = [Column(name=f"link_{each}", kind=Kind.TEXT, says="", field=each) for each in FIELDS]
    packed = ", ".join(f"{each}: {each}" for each in FIELDS)
    listed = ", ".join(f"{written.link_field(each, clear=False)} as {each.field}" for each in columns)
    found = con.sql(f"select {listed} from (select {{{packed}}} as f from said)").to_arrow_table().to_pylist()[0]
    assert found == keyed_fields(record, KEY)
    assert None not in found.values()
    in_clear = [written.link_field(each, clear=True) for each in columns if each.field in {*NEAR, *SORTED}]
    assert in_clear == ["null"] * 4


@given(st.text(alphabet="abcde", min_size=4, max_size=9), st.data())
def test_a_name_meets_itself_with_one_slip_and_hashes_do_too(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    slips = (
        word[:place] + word[place + 1 :],
        word[:place] + "x" + word[place:],
        word[:place] + "x" + word[place + 1 :],
        word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
    )
    for each in slips:
        if len(each) >= 4:
            assert {*near_parts(word)} & {*near_parts(each)}
            near = [keyed_field("surname_near", told, KEY).split(" ") for told in (word, each)]
            assert set(near[0]) & set(near[1])
            assert [len(told) for told in near] == [10, 10]


def judged_by_splink(rows: list[dict[str, str | None]], model: LinkModel) -> list[dict[str, Any]]:
    from peil.persons.linking import _linker

    con = connect(Limits())
    columns = [*FIELDS, "family_phone", "family_mail", "rival"]
    table = {each: pa.array([row.get(each) for row in rows], pa.string()) for each in columns}
    con.register("given", pa.table({"record": list(range(len(rows))), **table}))
    con.execute("create table everything as select * from given")
    with _linker(con, model.settings() | {"retain_matching_columns": True}) as (linker, _):
        made = linker.inference.predict(threshold_match_weight=-1e9)
        return con.sql(f"select * from {made.physical_name}").to_arrow_table().to_pylist()


@pytest.mark.parametrize("model", [STANDARD, keyed()], ids=["clear", "keyed"])
def test_every_level_and_weight_is_the_same_in_python_and_in_splinks_sql(model: LinkModel) -> None:
    said, _ = CustomerFile(persons=500, typos=0.3, seed=4).drawn()
    plain = [one(each, "NL") for each in zip(*(said[column].to_pylist() for column in SAID), strict=True)]
    records = [dict(zip(FIELDS, each, strict=True)) for each in plain]
    if model != STANDARD:
        records = [keyed_fields(each, KEY) for each in records]
    table = pa.table({name: pa.array([row[name] for row in records], pa.string()) for name in FIELDS})
    rows = evidence(table).to_pylist()
    found = judged_by_splink(rows, model)
    met = set()
    for each in found:
        told = model.judge(rows[each["record_l"]], rows[each["record_r"]])
        assert told.weight == pytest.approx(each["match_weight"], abs=1e-9)
        for comparison, (name, label, _) in zip(model.comparisons, told.parts, strict=True):
            known = [level.label for level in comparison.levels if level.label != MISSING]
            assert each[f"gamma_{name}"] == (-1 if label == MISSING else len(known) - 1 - known.index(label))
            met.add((name, label))
    assert len(found) > 500
    assert len(met) > 25


def test_a_model_survives_being_written_down_and_one_that_is_no_model_is_refused() -> None:
    assert LinkModel.read(keyed().told()) == keyed()
    with pytest.raises(DefinitionError, match="the model for persons cannot be read"):
        LinkModel.read("{}")
    with pytest.raises(DefinitionError, match="not between 0 and 1"):
        LinkModel.read(STANDARD.told().replace('"prior": 1e-05', '"prior": 0.0'))


@settings(max_examples=50)
@given(st.sampled_from(STANDARD.comparisons), st.data())
def test_nothing_is_said_of_a_field_that_one_record_lacks(comparison: Any, data: st.DataObject) -> None:
    full = {each: data.draw(st.sampled_from(["a", "b"])) for each in STANDARD.columns}
    assert comparison.level(full, {}).label == comparison.level({}, full).label == MISSING
    assert comparison.level(full, {}).weight == 0

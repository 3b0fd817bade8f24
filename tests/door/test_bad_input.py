"""Bad input gets a clear word, loses nothing, and gives nobody's data away."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from peil.config import read_text
from peil.engines.door import Limits
from peil.engines.store import Load, Store
from peil.errors import DefinitionError, PeilError
from peil.sources.amazon_connect import AmazonConnect
from peil.sources.delimited import DelimitedTable, Mapped
from peil.sources.load import Loaded, Refused, load
from peil.sources.source import Source
from peil.sources.zendesk import Zendesk

PHONE, MAIL, PERSON, ACCOUNT = "+31612345678", "j.jansen@example.nl", "Willemijn Jansen", "NL91ABNA0417164300"
PLANTED = (PHONE, "612345678", MAIL, "j.jansen", PERSON, "Willemijn", ACCOUNT, "0417164300")
HEADER = ("id", "channel", "started", "ended", "wait", "phone", "mail", "queue")
ROW = {
    "id": "c0",
    "channel": "call",
    "started": "2024-03-04 09:00:00",
    "ended": "2024-03-04 09:05:00",
    "wait": "1000",
    "phone": PHONE,
    "mail": MAIL,
    "queue": "sales",
}
COLUMNS: dict[str, str | Mapped] = {
    "contact_id": "id",
    "leg_id": "'1'",
    "channel": "channel",
    "started_at": "started",
    "ended_at": "ended",
    "wait_ms": "wait",
    "phone": "phone",
    "mail": "mail",
    "queue": "queue",
}
GOOD = {"id": "good"}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a round of loading left behind."""

    loaded: Loaded
    store: Store

    @property
    def load(self) -> Load:
        assert not self.loaded.refused
        (only,) = self.loaded.new
        return only

    @property
    def refused(self) -> Refused:
        assert not self.loaded.new
        (only,) = self.loaded.refused
        return only

    @property
    def rules(self) -> dict[str, int]:
        return dict(self.load.tables["legs"].rules)

    def rows(self, table: str = "legs") -> list[dict[str, Any]]:
        return pq.read_table(self.load.folder / f"{table}.parquet").to_pylist()

    def kept_aside(self) -> list[dict[str, Any]]:
        return pq.read_table(self.load.folder / "rejected.parquet").to_pylist()

    def row(self, contact: str) -> dict[str, Any]:
        (only,) = [row for row in self.rows() if row["contact_id"] == contact]
        return only


def line(delimiter: str = ",", **cells: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerow({**ROW, **cells}.values())
    return out.getvalue().removesuffix("\r\n")


def text(*rows: dict[str, str], delimiter: str = ",") -> str:
    return "\n".join([delimiter.join(HEADER), *(line(delimiter, **row) for row in rows)]) + "\n"


def took(
    folder: Path,
    data: str | bytes,
    *,
    columns: dict[str, str | Mapped] | None = None,
    name: str = "calls.csv",
    **settings: Any,
) -> Outcome:
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    settings = {"zone": "Europe/Amsterdam", "table": "legs", "organisation": "Acme", **settings}
    return taken(folder, DelimitedTable(name="acd", files=(name,), columns=columns or COLUMNS, **settings))


def taken(folder: Path, *sources: Source) -> Outcome:
    """Load, and hold every outcome to what must hold of any."""
    store = Store(folder / "store")
    loaded = load(sources, store, root=folder, limits=Limits(memory="400MB"), key=b"key")
    for each in loaded.new:
        kept = pq.read_table(each.folder / "rejected.parquet")
        assert kept.column_names == ["table", "line", "rule", "column", "value"]
        assert all(row["line"] >= 1 and row["rule"] for row in kept.to_pylist())
        for table, told in each.tables.items():
            assert told.rows_in == told.good + told.rejected + told.delivered_again + told.superseded
            assert min(told.good, told.rejected, told.delivered_again, told.superseded) >= 0
            named = {(row["line"]) for row in kept.to_pylist() if row["table"] == table}
            assert len(named) == told.rejected
            if told.good:
                assert pq.read_metadata(each.folder / f"{table}.parquet").num_rows == told.good
    for each in loaded.refused:
        assert each.says
        assert each.remedy
    gave_away = json.dumps([(each.says, each.remedy) for each in loaded.refused])
    gave_away += (store.folder / "refused.json").read_text(encoding="utf-8")
    gave_away += "".join(
        str(row) for each in loaded.new for row in pq.read_table(each.folder / "rejected.parquet").to_pylist()
    )
    files = b"".join(
        path.read_bytes() for path in store.folder.rglob("*") if path.is_file() and path.suffix != ".parquet"
    )
    assert not [secret for secret in PLANTED if secret in gave_away or secret.encode() in files]
    assert not list(store.loads_folder.glob(".tmp-*"))
    assert not list(store.spill_folder.iterdir())
    return Outcome(loaded=loaded, store=store)


def zipped(data):
    """Packed with no moment in it: workers of one run, seconds apart, must see the same cases."""
    return gzip.compress(data, mtime=0)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("", "the file is empty"),
        (zipped(b""), "the file is empty"),
        (",".join(HEADER), "no usable row"),
        (",".join(HEADER) + "\n", "no usable row"),
        ("\n\n\n", "not a header"),
        (" , \n1,2\n", "not a header"),
        (zipped(text(GOOD).encode())[:-12], "cut off after line"),
        (zipped(text(GOOD).encode())[:12], "cut off after line 0"),
        (zipped(text(GOOD).encode())[:-8] + b"\0\0\0\0\0\0\0\0", "damaged after line"),
        (zipped(text(GOOD).encode()) + b"more than was packed", "damaged after line 2"),
        (b"PK\x03\x04" + b"\0" * 100, "a zip file or an Excel workbook"),
        (b"PAR1" + b"nothing of the kind" * 9, "the Parquet file is damaged"),
        (b"PAR1", "the Parquet file is damaged"),
        (text(GOOD).replace("id,", "id,id,", 1).replace("good", "1,good"), "the header has 'id' twice"),
        (text(GOOD).replace("id,", "ID,id,", 1).replace("good", "1,good"), "the header has 'id' twice"),
        (line(), "the first line holds values, not names"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(tmp_path, data, says):
    refused = took(tmp_path, data).refused
    assert says in refused.says
    assert refused.file == "calls.csv"


def test_a_header_that_is_no_header_is_not_repeated(tmp_path):
    says = took(tmp_path, f"{PERSON};{MAIL};{PHONE}\n" * 3).refused.says
    assert "holds values, not names" in says


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path, delimiter):
    assert (
        took(tmp_path, text(GOOD, {"queue": f"a{delimiter}b"}, delimiter=delimiter)).row("c0")["queue"]
        == f"a{delimiter}b"
    )


def test_a_wrong_delimiter_is_named(tmp_path):
    refused = took(tmp_path, text(GOOD), delimiter=";").refused
    assert "its 1 columns, split at ';'" in refused.says
    assert refused.remedy == "is the delimiter right?"


def test_a_delimiter_of_two_characters_is_refused_before_any_file_is_read():
    with pytest.raises(DefinitionError, match="the delimiter is '::'"):
        DelimitedTable(name="acd", files=("a.csv",), table="legs", columns=COLUMNS, delimiter="::")


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (text(GOOD).encode("utf-8-sig"), "utf-8"),
        (text(GOOD).encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + text(GOOD).encode("utf-16-be"), "utf-16"),
        (text(GOOD).encode("utf-16-le"), "utf-16"),
        (zipped(text(GOOD).encode("utf-16")), "utf-16"),
        (text(GOOD, {"queue": "café"}).encode("cp1252"), "cp1252"),
        (zipped(text(GOOD).encode()[:50]) + zipped(text(GOOD).encode()[50:]), "utf-8"),
        (zipped(text(GOOD).encode()) + b"\0" * 512, "utf-8"),
        (text(GOOD).encode().rstrip(b"\n"), "utf-8"),
        (text(GOOD).replace("\n", "\r\n").encode(), "utf-8"),
        (text(GOOD).replace("\n", "\r").encode(), "utf-8"),
    ],
)
def test_every_way_of_writing_a_file_is_read(tmp_path, data, encoding):
    outcome = took(tmp_path, data)
    assert outcome.load.encoding == encoding
    assert (outcome.row("good")["queue"], outcome.row("good")["_line"]) == ("sales", 2)


def test_one_damaged_byte_costs_one_row_and_not_the_accents_of_the_others(tmp_path):
    whole = text({"id": "a", "queue": "café"}, {"id": "b", "queue": "ronde"}, {"id": "c", "queue": "zoë"}).encode()
    outcome = took(tmp_path, whole.replace(b"ronde", b"r\xffnde"))
    assert [row["queue"] for row in outcome.rows()] == ["café", "zoë"]
    assert outcome.kept_aside()[0] == {
        "table": "legs", "line": 3, "rule": "queue.unreadable_bytes", "column": "queue", "value": "•••(5)",
    }  # fmt: skip


def test_bytes_that_windows_1252_does_not_know_are_kept_aside(tmp_path):
    data = text({"id": "a", "queue": "caf\xe9 \x81"}, {"id": "b", "queue": "caf\xe9"}).encode("latin-1")
    outcome = took(tmp_path, data)
    assert outcome.rules == {"queue.unreadable_bytes": 1}
    assert outcome.row("b")["queue"] == "café"


BAD_CELLS = [
    ({"queue": "a\0b"}, "queue.unreadable_bytes", "•••(3)"),
    ({"queue": "x" * 1_000_000}, "queue.too_long", "•••(1000000)"),
    ({"id": ""}, "contact_id.missing", None),
    ({"channel": "voice"}, "channel.not_on_the_list", "voice"),
    ({"channel": "=cmd|' /C calc'!A0"}, "channel.not_on_the_list", "'=cmd|' /C calc'!A0"),
    ({"channel": MAIL}, "channel.not_on_the_list", "•••(19)"),
    ({"channel": ACCOUNT}, "channel.not_on_the_list", "•••(18)"),
    ({"wait": "-5"}, "wait_ms.negative", "-5"),
    ({"wait": "12.7"}, "wait_ms.not_a_whole_number", "12.7"),
    ({"wait": "1,5"}, "wait_ms.not_a_whole_number", "1,5"),
    ({"wait": "0x10"}, "wait_ms.not_a_whole_number", "0x10"),
    ({"wait": "nan"}, "wait_ms.not_a_whole_number", "xxx"),
    ({"wait": PERSON}, "wait_ms.not_a_whole_number", "xxxxxxxxx xxxxxx"),
    ({"started": PHONE}, "started_at.not_an_instant", "•••(12)"),
    ({"wait": "9" * 30}, "wait_ms.not_a_whole_number", "•••(30)"),
    ({"started": "1899-12-31 09:00:00"}, "started_at.out_of_range", "1899-12-31 09:00:00"),
    ({"ended": "2150-03-04 09:00:00"}, "ended_at.out_of_range", "2150-03-04 09:00:00"),
    ({"started": "2024-02-30 09:00:00"}, "started_at.not_an_instant", "2024-02-30 09:00:00"),
    ({"started": "04-03-2024 09:00"}, "started_at.not_an_instant", "04-03-2024 09:00"),
    ({"started": "2024-03-04 9:00 PM"}, "started_at.not_an_instant", "2024-03-04 9:00 xx"),
    ({"started": "2024-03-04 09:00:00 Mars/Phobos"}, "started_at.not_an_instant", "2024-03-04 09:00:00 xxxx/xxxxxx"),
    ({"started": "2024-03-04 09:00:00+99:00"}, "started_at.not_an_instant", "2024-03-04 09:00:00+99:00"),
    ({"started": PERSON}, "started_at.not_an_instant", "xxxxxxxxx xxxxxx"),
    ({"started": "1709542930"}, "started_at.a_number_and_no_instant", "•••(10)"),
    ({"started": "1709542930123"}, "started_at.a_number_and_no_instant", "•••(13)"),
    ({"started": "45355,375"}, "started_at.a_number_and_no_instant", "•••(9)"),
    ({"started": "2024-03-31 02:30:00", "ended": ""}, "started_at.time_skipped_by_the_clock", "2024-03-31 02:30:00"),
    ({"started": "2024-03-31T02:59:59.999", "ended": ""}, "started_at.time_skipped_by_the_clock", "2024-03-31T02:59:59.999"),
    ({"ended": "2024-03-04 08:59:59"}, "ends_before_it_starts", "2024-03-04 08:59:59"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "rule", "value"), BAD_CELLS)
def test_a_bad_cell_keeps_its_row_aside_and_the_rest_is_loaded(tmp_path, cells, rule, value):
    outcome = took(tmp_path, text(GOOD, {"id": "bad", **cells}, {"id": "last"}))
    column = rule.partition(".")[0] if "." in rule else "ended_at"
    assert outcome.kept_aside() == [{"table": "legs", "line": 3, "rule": rule, "column": column, "value": value}]
    assert {row["contact_id"]: row["_line"] for row in outcome.rows()} == {"good": 2, "last": 4}


def test_answered_before_it_starts_is_kept_aside(tmp_path):
    columns = {**COLUMNS, "answered_at": "ended", "ended_at": "started"}
    outcome = took(tmp_path, text(GOOD, {"id": "bad", "ended": "2024-03-04 08:00:00"}), columns=columns)
    assert outcome.rules == {"answered_before_it_starts": 1}


@pytest.mark.parametrize(
    ("started", "utc"),
    [
        ("2024-03-04 24:00:00", "2024-03-04T23:00:00"),  # midnight at the end of the day, as ISO 8601:2019 has it again
        ("2024-03-04", "2024-03-03T23:00:00"),
        ("2024-03-04 9:00", "2024-03-04T08:00:00"),
        ("2024-03-04T09:00Z", "2024-03-04T09:00:00"),
        ("2024-03-04 9:00+01", "2024-03-04T08:00:00"),
        ("2024-03-04T09:00:00.123456+05:30", "2024-03-04T03:30:00.123"),
        ("2024-03-04T09:00:00-0500", "2024-03-04T14:00:00"),
        ("2024-03-04 09:00:00 America/New_York", "2024-03-04T14:00:00"),
        ("2024-03-31 01:59:59", "2024-03-31T00:59:59"),
        ("2024-03-31 03:00:00", "2024-03-31T01:00:00"),
        ("2024-10-27 01:59:59", "2024-10-26T23:59:59"),
        ("2024-10-27 02:00:00", "2024-10-27T00:00:00"),  # the first of two
        ("2024-10-27 02:59:59", "2024-10-27T00:59:59"),
        ("2024-10-27 03:00:00", "2024-10-27T02:00:00"),
        ("2024-10-27T02:30:00+01:00", "2024-10-27T01:30:00"),
    ],
)
def test_an_instant_is_what_it_says_and_a_local_time_is_the_first_of_two(tmp_path, started, utc):
    outcome = took(tmp_path, text({"started": started, "ended": ""}))
    assert outcome.row("c0")["started_at"] == datetime.fromisoformat(utc)


@pytest.mark.parametrize("zone", ["Australia/Lord_Howe", "America/New_York", "America/Sao_Paulo", "Europe/Dublin"])
def test_clocks_turn_as_the_time_zone_database_says(tmp_path, zone):
    """The zone's own rules, in Python, are the oracle: every half hour of 2010."""
    from datetime import UTC, timedelta
    from zoneinfo import ZoneInfo

    walls = [datetime(2010, 1, 1) + timedelta(minutes=30 * each) for each in range(2 * 24 * 365)]  # noqa: DTZ001  # wall times have no zone
    data = text(
        *({"id": str(place), "started": wall.isoformat(sep=" "), "ended": ""} for place, wall in enumerate(walls))
    )
    outcome = took(tmp_path, data, zone=zone)
    utc = {str(place): wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for place, wall in enumerate(walls)}
    skipped = {
        each
        for each, moment in utc.items()
        if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != walls[int(each)]
    }
    assert {row["contact_id"]: row["started_at"] for row in outcome.rows()} == {
        each: moment.replace(tzinfo=None) for each, moment in utc.items() if each not in skipped
    }
    assert outcome.rules == {"started_at.time_skipped_by_the_clock": len(skipped)}


def test_a_time_zone_that_does_not_exist_is_told_with_its_neighbours(tmp_path):
    refused = took(tmp_path, text(GOOD), zone="Europe/Amsterdm").refused
    assert "'Europe/Amsterdm' is not a time zone" in refused.says
    assert "Europe/Amsterdam" in refused.remedy


def test_the_configuration_refuses_a_time_zone_that_does_not_exist():
    with pytest.raises(PeilError, match=r"2:1: zone: 'Europe/Amsterdm' is not a time zone"):
        read_text("name: shop\nzone: Europe/Amsterdm\n")


def test_a_formula_is_text(tmp_path):
    assert took(tmp_path, text({"queue": "=1+1"})).row("c0")["queue"] == "=1+1"


@pytest.mark.parametrize(
    ("rows", "told", "left"),
    [
        ([{"wait": "1"}, {"wait": "1"}], (2, 1, 0, 1, 0), "1"),
        ([{"wait": "1"}, {"wait": "2"}], (2, 1, 1, 0, 0), None),
        ([{"wait": "1", "queue": "2024-03-05"}, {"wait": "2", "queue": "2024-03-06"}], (2, 1, 0, 0, 1), "2"),
        ([{"wait": "2", "queue": "2024-03-06"}, {"wait": "1", "queue": ""}], (2, 1, 0, 0, 1), "2"),
        ([{"wait": "2", "queue": "2024-03-06"}] * 2 + [{"wait": "1"}], (3, 1, 0, 1, 1), "2"),
    ],
)
def test_of_two_records_with_one_key_the_newer_counts_and_both_are_accounted_for(tmp_path, rows, told, left):
    columns: dict[str, str | Mapped] = {**COLUMNS, "queue": "'q'", "updated_at": "nullif(queue, 'sales')"}
    outcome = took(tmp_path, text(*rows), columns=columns)
    counts = outcome.load.tables["legs"]
    assert (counts.rows_in, counts.good, counts.rejected, counts.delivered_again, counts.superseded) == told
    assert outcome.rules == ({"same_key_other_content": 1} if told[2] else {})
    assert left is None or outcome.row("c0")["wait_ms"] == int(left)


def test_which_of_two_conflicting_records_is_kept_does_not_depend_on_their_order(tmp_path):
    rows = [{"wait": "1"}, {"wait": "2"}, {"wait": "3"}]
    for place in range(2):
        (tmp_path / str(place)).mkdir()
    first, second = (
        took(tmp_path / str(place), text(*order)).row("c0") for place, order in enumerate((rows, rows[::-1]))
    )
    assert first["wait_ms"] == second["wait_ms"]


def numbered(outcome: Outcome) -> tuple[dict[str, int], list[tuple[int, str]]]:
    return (
        {row["contact_id"]: row["_line"] for row in outcome.rows()},
        [(row["line"], row["rule"]) for row in outcome.kept_aside()],
    )


FEW, MANY, WORD = "line.too_few_fields", "line.too_many_fields", "wait_ms.not_a_whole_number"
UNPAIRED = "line.quotes_do_not_pair"
LAYOUTS = [
    (["{a}", "x,y", "{b},1,2,3", "{bad}", "{c}"], {"a": 2, "c": 6}, [(3, FEW), (4, MANY), (5, WORD)]),
    (["{a}", "", "{b}", "", "", "x", "{bad}", "{c}", ""], {"a": 2, "b": 4, "c": 9}, [(7, FEW), (8, WORD)]),
    (["{two}", "{bad}", "x", "{three}", "{bad2}", "{c}"], {"two": 2, "three": 6, "c": 10}, [(4, WORD), (5, FEW), (9, WORD)]),
    (["{a}", '{b}"x"', '{a2},"x"y', "{bad}", "{c}"], {"a": 2, "b": 3, "c": 6}, [(4, UNPAIRED), (5, WORD)]),
    (["{a}", "{open}", "{b}", "{c}"], {"a": 2, "b": 4, "c": 5}, [(3, UNPAIRED)]),
    (["{a}", "{open}", "{b}", '{c2}" more', "{bad}", "{c}"], {"a": 2, "b": 4, "c2": 5, "c": 7}, [(3, UNPAIRED), (6, WORD)]),
]  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("lines", "good", "aside"), LAYOUTS)
def test_every_row_is_told_with_its_physical_line(tmp_path, lines, good, aside, end):
    made = {
        **{each: line(id=each) for each in ("a", "a2", "b", "c", "c2")},
        "bad": line(id="bad", wait="long"),
        "bad2": line(id="bad2", wait="long"),
        "two": line(id="two", queue=f"two{end}lines"),
        "three": line(id="three", queue=f"three{end}li{end}nes"),
        "open": line(id="open")[: -len("sales")] + '"sales',
    }
    data = end.join([",".join(HEADER), *(each.format(**made) for each in lines)]) + end
    assert numbered(took(tmp_path, data)) == (good, aside)


@pytest.mark.parametrize("closed", [False, True])
def test_a_quote_left_open_costs_its_own_line_and_none_of_the_thousands_behind_it(tmp_path, closed):
    head = text(GOOD) + line(id="open")[: -len("sales")] + '"sales\n'
    rows = "".join(line(id=f"n{each}") + "\n" for each in range(4, 120_000))
    tail = [line(id="shut") + '" more', line(id="bad", wait="long"), line(id="last")] if closed else [line(id="last")]
    outcome = took(tmp_path, head + rows + "\n".join(tail) + "\n")
    good, aside = numbered(outcome)
    assert aside == [(3, UNPAIRED), (120_001, WORD)] if closed else [(3, UNPAIRED)]
    assert len(good) == 119_996 + 2 + closed
    assert all(at == int(contact[1:]) for contact, at in good.items() if contact.startswith("n"))


def test_fifty_quotes_left_open_cost_fifty_lines(tmp_path):
    rows = "".join(line(id=f"n{each}")[: -len("sales")] + f'"{each}\n' for each in range(50))
    good, aside = numbered(took(tmp_path, text(GOOD) + rows + line(id="last") + "\n"))
    assert good == {"good": 2, "last": 53}
    assert aside == [(each, UNPAIRED) for each in range(3, 53)]


def test_a_field_longer_than_the_reader_takes_costs_one_line(tmp_path):
    outcome = took(
        tmp_path, text(GOOD, {"id": "long", "queue": "x" * 5_000_000}, {"id": "bad", "wait": "x"}, {"id": "last"})
    )
    assert numbered(outcome) == ({"good": 2, "last": 5}, [(3, "line.too_long"), (4, WORD)])


@pytest.mark.parametrize(
    "ends", [("\r\n", "\n"), ("\n", "\r\n"), ("\n", "\r"), ("\r\n", "\r"), ("\r", "\n"), ("\r", "\r\n")]
)
def test_mixed_line_ends_are_read(tmp_path, ends):
    lines = [",".join(HEADER), *(line(id=str(each), wait="x" if each == 4 else "1") for each in range(7))]
    data = "".join(each + ends[place % 2] for place, each in enumerate(lines))
    good, aside = numbered(took(tmp_path, data))
    assert good == {str(each): each + 2 for each in range(7) if each != 4}
    assert aside == [(6, WORD)]


def test_headers_may_be_padded_or_blank(tmp_path):
    data = " , ".join(HEADER) + ",,\n" + line(id="a") + ",left,over\n" + line(id="b") + ",,\n"
    outcome = took(tmp_path, data)
    assert json.loads(outcome.row("a")["extra"]) == {"column_9": "left", "column_10": "over"}
    assert outcome.row("b")["extra"] is None


def test_four_hundred_columns_are_kept(tmp_path):
    more = [f"x{each}" for each in range(400)]
    outcome = took(tmp_path, ",".join([*HEADER, *more]) + "\n" + line() + "," + ",".join(more) + "\n")
    assert json.loads(outcome.row("c0")["extra"]) == dict(zip(more, more, strict=True))


def test_columns_that_nobody_mapped_and_that_tell_who_it_is_stay_out_of_the_store(tmp_path):
    more = {"customer_name": PERSON, "E-mail": MAIL, "Telefoonnummer": PHONE, "IBAN": ACCOUNT, "product": "sofa"}
    outcome = took(tmp_path, ",".join([*HEADER, *more]) + "\n" + line() + "," + ",".join(more.values()) + "\n")
    assert json.loads(outcome.row("c0")["extra"]) == {"product": "sofa"}
    stored = str(outcome.rows())
    assert not [secret for secret in PLANTED if secret in stored]


def test_a_mapped_column_that_is_not_there_is_told_with_its_neighbour(tmp_path):
    refused = took(tmp_path, text(GOOD), columns={**COLUMNS, "queue": "queu"}).refused
    assert "'queue' is mapped to a column 'queu' that the file does not have" in refused.says
    assert refused.remedy == "did you mean 'queue'?"


def test_a_canonical_column_that_does_not_exist_is_told_with_its_neighbour():
    with pytest.raises(PeilError, match="did you mean 'wait_ms'"):
        DelimitedTable(name="acd", files=("a.csv",), table="legs", columns={"wait_m": "wait"})


@pytest.mark.parametrize(
    "mapping",
    [
        "read_text('/etc/hostname')", "concat(id, read_blob(id))", "getenv('HOME')", "getvariable('inner_pad')",
        "current_setting('memory_limit')", "(select 1)", "id in (select 1)", "id; drop table x", "*", "columns('.*')",
        "count(*)", "row_number() over ()", "$1", "?", "[id]", "{'a': id}", "x -> id", "repeat(id, 999999999)",
        "id as x", "id collate nocase", "id from 'calls.csv'", "", "-- nothing",
    ],
)  # fmt: skip
def test_a_mapping_reads_the_row_and_nothing_else(mapping):
    with pytest.raises(DefinitionError, match=r"is not (allowed in a mapping|an expression)"):
        DelimitedTable(name="acd", files=("a.csv",), table="legs", columns={"contact_id": mapping})


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ("wait / 2", "the column mapping cannot be computed"),
        ("case when phone > 5 then 'a' else 'b' end", "the column mapping cannot be computed"),
    ],
)
def test_a_mapping_that_cannot_be_computed_is_told_without_the_values(tmp_path, mapping, says):
    assert says in took(tmp_path, text(GOOD, {"phone": PERSON}), columns={**COLUMNS, "reason": mapping}).refused.says


def test_a_cast_that_fails_keeps_the_row_aside_and_does_not_end_the_load(tmp_path):
    columns = {**COLUMNS, "wait_ms": "cast(wait as integer) * 1000"}
    outcome = took(
        tmp_path, text({"id": "a", "wait": "2"}, {"id": "b", "wait": PERSON}, {"id": "c", "wait": ""}), columns=columns
    )
    assert outcome.rules == {"wait_ms.not_a_whole_number": 1}
    assert [row["wait_ms"] for row in outcome.rows()] == [2_000, None]


def test_dutch_numbers_dates_and_durations_are_read(tmp_path):
    columns: dict[str, str | Mapped] = {
        **COLUMNS,
        "started_at": Mapped(of="started", parse=("%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M")),
        "ended_at": "''",
        "wait_ms": Mapped(of="wait", unit="s", decimal=","),
        "talk_ms": Mapped(of="queue", unit="clock"),
        "channel": Mapped(of="channel", values={"telefoon": "call"}),
    }
    del columns["queue"]
    rows = [
        {"id": "a", "started": "04-03-2024 09:00", "wait": "1.234,5", "queue": "1:02:03", "channel": "telefoon"},
        {"id": "b", "started": "30-02-2024 09:00", "wait": "x", "queue": "lang"},
    ]
    outcome = took(tmp_path, text(*rows, delimiter=";"), columns=columns)
    good = outcome.row("a")
    assert good["started_at"] == datetime.fromisoformat("2024-03-04T08:00:00")
    assert (good["wait_ms"], good["talk_ms"], good["channel"]) == (1_234_500, 3_723_000, "call")
    assert outcome.rules == {
        "started_at.not_an_instant": 1,
        "talk_ms.not_a_whole_number": 1,
        "wait_ms.not_a_whole_number": 1,
    }


def test_a_table_of_which_every_row_is_bad_is_refused_with_its_rules(tmp_path):
    refused = took(tmp_path, text(*({"id": str(each), "wait": "x", "channel": "fax"} for each in range(4)))).refused
    assert refused.says == (
        "every row for table 'legs' breaks a rule: channel.not_on_the_list (4), wait_ms.not_a_whole_number (4)"
    )
    assert refused.exit_code == 3


def test_one_bad_file_does_not_hold_up_the_others(tmp_path):
    (tmp_path / "a.csv").write_text(text({"id": "a"}))
    (tmp_path / "b.csv").write_bytes(zipped(text(GOOD).encode())[:-9])
    (tmp_path / "c.csv").write_text(text({"id": "c"}))
    source = DelimitedTable(name="acd", files=("*.csv",), table="legs", columns=COLUMNS)
    outcome = taken(tmp_path, source)
    assert [each.file for each in outcome.loaded.new] == ["a.csv", "c.csv"]
    assert [each.file for each in outcome.loaded.refused] == ["b.csv"]
    assert [each.file for each in outcome.store.loads()] == ["a.csv", "c.csv"]


def test_a_file_name_may_hold_what_a_pattern_holds(tmp_path):
    (tmp_path / "calls1.csv").write_text(text({"id": "other"}))
    (tmp_path / "calls[1].csv").write_text(text(GOOD))
    outcome = taken(tmp_path, DelimitedTable(name="acd", files=("calls[[]1].csv",), table="legs", columns=COLUMNS))
    assert [row["contact_id"] for row in outcome.rows()] == ["good"]


def test_parquet_is_read_with_its_own_types(tmp_path):
    rows = pa.table(
        {
            "id": ["a", "b"],
            "started": pa.array([datetime.fromisoformat("2024-07-01T09:00:00")] * 2, pa.timestamp("us")),
            "ended": pa.array([datetime.fromisoformat("2024-07-01T07:05:00+00:00")] * 2, pa.timestamp("us", tz="UTC")),
            "wait": [1_000, -1],
            "phone": [PHONE] * 2,
            "nested": [[1, 2], None],
        }
    )
    pq.write_table(rows, tmp_path / "calls.parquet")
    columns = {each: COLUMNS[each] for each in ("contact_id", "leg_id", "started_at", "ended_at", "wait_ms", "phone")}
    source = DelimitedTable(
        name="acd",
        files=("*.parquet",),
        table="legs",
        columns={**columns, "channel": "'call'"},
        zone="Europe/Amsterdam",
    )
    outcome = taken(tmp_path, source)
    assert outcome.row("a")["started_at"] == datetime.fromisoformat("2024-07-01T07:00:00")
    assert outcome.row("a")["ended_at"] == datetime.fromisoformat("2024-07-01T07:05:00")
    assert numbered(outcome) == ({"a": 1}, [(2, "wait_ms.negative")])


def test_a_parquet_file_of_something_else_names_the_columns_it_has(tmp_path):
    pq.write_table(pa.table({"naam": [PERSON], "ident": ["1"]}), tmp_path / "calls.csv")
    source = DelimitedTable(name="acd", files=("calls.csv",), table="legs", columns=COLUMNS)
    assert "the file does not have (its 2 columns" in taken(tmp_path, source).refused.says


CONNECT = AmazonConnect(name="connect", organisation="Acme", files=("ctr.jsonl",))
DESK = Zendesk(name="desk", organisation="Acme", files=("tickets.jsonl",))
RECORD = {
    "ContactId": "1",
    "Channel": "VOICE",
    "InitiationMethod": "INBOUND",
    "InitiationTimestamp": "2024-03-04T09:00:00Z",
    "DisconnectTimestamp": "2024-03-04T09:05:00Z",
    "LastUpdateTimestamp": "2024-03-04T09:06:00Z",
    "CustomerEndpoint": {"Address": PHONE, "Type": "TELEPHONE_NUMBER"},
}
TICKET = {
    "id": 1,
    "created_at": "2024-03-04T09:00:00Z",
    "updated_at": "2024-03-04T11:00:00Z",
    "status": "solved",
    "requester_id": 5,
    "via": {"channel": "email"},
}


@pytest.mark.parametrize(("source", "record"), [(CONNECT, RECORD), (DESK, TICKET)])
def test_half_a_json_line_is_kept_aside_and_the_rest_is_loaded(tmp_path, source, record):
    whole = json.dumps(record)
    half = json.dumps({**record, "note": f"{PERSON} {MAIL}"})[:-15]
    (tmp_path / source.files[0]).write_text(f"{whole}\n{half}\n")
    outcome = taken(tmp_path, source)
    assert outcome.load.tables["legs"].good == 1
    assert [(row["line"], row["rule"]) for row in outcome.kept_aside()] == [(2, "json.cut_off")]


@pytest.mark.parametrize(
    ("source", "record", "key", "value"),
    [
        (CONNECT, RECORD, "InitiationTimestamp", PERSON),
        (CONNECT, RECORD, "InitiationTimestamp", 1709542930),
        (DESK, TICKET, "created_at", MAIL),
        (DESK, TICKET, "created_at", "2024-02-30T09:00:00Z"),
    ],
)
def test_a_bad_value_in_a_json_record_is_kept_aside_masked(tmp_path, source, record, key, value):
    identity = "ContactId" if source is CONNECT else "id"
    records = [record, {**record, identity: 2, key: value}]
    (tmp_path / source.files[0]).write_text("".join(json.dumps(each) + "\n" for each in records))
    outcome = taken(tmp_path, source)
    assert outcome.load.tables["legs"].good == 1
    assert {row["line"] for row in outcome.kept_aside()} == {2}


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"\0\0\0\0", b"not json", b"\xff\xfe\xfd", b'{"a": 1}\n' * 3, b"<html>"]
)
@pytest.mark.parametrize("source", [CONNECT, DESK])
def test_a_json_export_of_something_else_is_refused(tmp_path, source, data):
    (tmp_path / source.files[0]).write_bytes(data)
    assert taken(tmp_path, source).refused.says


def test_the_ledger_tells_what_the_page_on_data_quality_shows(tmp_path):
    took(tmp_path, text(GOOD, {"id": "bad", "wait": "x"}, GOOD))
    (told,) = Store(tmp_path / "store").loads()
    assert (told.source, told.organisation, told.file, told.encoding) == ("acd", "Acme", "calls.csv", "utf-8")
    assert (len(told.sha256), told.sequence, told.loaded_at[:2]) == (64, 1, "20")
    counts = told.tables["legs"]
    assert (counts.rows_in, counts.good, counts.rejected, counts.delivered_again) == (3, 1, 1, 1)
    assert counts.rules == {"wait_ms.not_a_whole_number": 1}

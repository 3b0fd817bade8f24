"""Whatever the bytes are, a load ends in a count of every row or in one clear sentence."""

from __future__ import annotations

import csv
import io
import tempfile
import unicodedata
from pathlib import Path

import pyarrow.parquet as pq
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from peil.engines.door import Limits
from peil.engines.store import Load, Store
from peil.sources.amazon_connect import AmazonConnect
from peil.sources.delimited import DelimitedTable
from peil.sources.load import load
from peil.sources.source import Source

HEADER = ("id", "started", "wait", "queue", "reason", "odd")
TABLE = DelimitedTable(
    name="acd",
    files=("export",),
    table="legs",
    columns={
        "contact_id": "id", "leg_id": "'1'", "channel": "'call'", "started_at": "started", "wait_ms": "wait",
        "queue": "queue", "reason": "reason",
    },
)  # fmt: skip
CONNECT = AmazonConnect(name="connect", organisation="Acme", files=("export",))
BASE = "".join(
    f"{line}\n"
    for line in (
        ",".join(HEADER),
        *(f"c{each},2024-03-04 09:00:{each:02},{each},sales,café,x" for each in range(12)),
        'd1,2024-03-04 09:00:00,1,"two\nlines","a ""b"" c",x',
        'd2,2024-03-04 09:00:00,1,"sa,les",,',
    )
).encode()
# One export is a whole load, so few examples, each with much in it.
QUICK = settings(max_examples=40, suppress_health_check=list(HealthCheck))


def outcome(data: bytes, source: Source) -> tuple[Load | None, list[dict[str, object]]]:
    """Load one export; what is not told in a sentence comes out as an exception here."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "export").write_bytes(data)
        store = Store(folder / "store")
        loaded = load((source,), store, root=folder, limits=Limits(memory="400MB"), key=b"key")
        assert len(loaded.new) + len(loaded.refused) == 1
        assert all(each.says and each.remedy for each in loaded.refused)
        if not loaded.new:
            return None, []
        (made,) = loaded.new
        for told in made.tables.values():
            assert told.rows_in == told.good + told.rejected + told.delivered_again + told.superseded
        kept = pq.read_table(made.folder / "rejected.parquet").to_pylist()
        for table, told in made.tables.items():
            assert len({row["line"] for row in kept if row["table"] == table}) <= told.rejected
            assert bool(told.rejected) == any(row["table"] == table for row in kept)
        return made, pq.read_table(made.folder / "legs.parquet").to_pylist()


@QUICK
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)), st.sampled_from([TABLE, CONNECT]))
@example(b"\x1f\x8b", TABLE)
@example(b"\xff\xfe\x00", TABLE)
@example(b'"', TABLE)
def test_any_bytes_are_refused_in_a_sentence(data, source):
    assert outcome(data, source)[0] is None


CUTS = st.lists(
    st.tuples(
        st.integers(0, len(BASE)),
        st.integers(0, 3),
        st.one_of(st.sampled_from([b'"', b"\n", b"\r", b"\r\n", b",", b"", b"\0", b"\xff", b'""', b"\n\n"]), st.binary(max_size=4)),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


@QUICK
@given(CUTS)
@example([(45, 0, b'"')])
@example([(60, 1, b"\r")])
@example([(len(BASE) - 1, 1, b'"')])
def test_a_damaged_export_is_accounted_for_to_the_last_row(cuts):
    data = BASE
    for place, gone, put in cuts:
        data = data[:place] + put + data[place + gone :]
    made, rows = outcome(data, TABLE)
    if made is not None:
        ends = data.count(b"\n") + data.count(b"\r")
        assert made.tables["legs"].rows_in <= ends + 1
        assert all(2 <= int(str(row["_line"])) <= ends + 1 for row in rows)


CELL = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\ufffd"), max_size=12)
SPACES = "".join(each for each in map(chr, range(0x3100)) if unicodedata.category(each) == "Zs")
TRICKY = st.sampled_from(
    ['"', '""', ",", "\n", "\r\n", "\r", " x ", "'", "=1+1", "\\", '\\"', "\u2028", "ß", "İ", "NULL", "\ufeff"]
)


@QUICK
@given(
    st.lists(st.tuples(st.one_of(CELL, TRICKY), st.one_of(CELL, TRICKY)), min_size=1, max_size=40),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_cell_is_stored_as_it_was_written(cells, quoting, end):
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting, lineterminator="\r\n")
    writer.writerow(HEADER)
    starts = []
    for place, (queue, reason) in enumerate(cells):
        starts.append(1 + lines(out.getvalue()))
        writer.writerow([f"c{place}", "2024-03-04 09:00:00", place, queue, reason, ""])
    text = out.getvalue()
    if end == "\n" and "\r" not in "".join(queue + reason for queue, reason in cells):
        text = text.replace("\r\n", "\n")
    made, rows = outcome(text.encode(), TABLE)
    assert made is not None
    assert made.tables["legs"].rejected == 0
    found = {row["contact_id"]: (row["queue"], row["reason"], row["_line"]) for row in rows}
    assert found == {
        f"c{place}": (queue.strip(SPACES) or None, reason.strip(SPACES) or None, starts[place])
        for place, (queue, reason) in enumerate(cells)
    }


def lines(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")

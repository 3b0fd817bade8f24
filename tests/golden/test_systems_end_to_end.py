"""Each system's golden export, from the file to an estimate, delivered once or twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import peil

GOLDEN = Path(__file__).parents[1] / "sources" / "golden"
SYSTEMS = [
    ("amazon_connect", "amazon_connect.jsonl"),
    ("genesys", "genesys.jsonl"),
    ("asterisk", "queue_log"),
    ("zendesk", "zendesk.jsonl"),
]


def opened(folder: Path, kind: str, file: str) -> peil.Project:
    (folder / "peil.yaml").write_text(
        f"name: {kind}\norganisation: Example\nzone: Europe/Amsterdam\n"
        f"sources:\n  - {{kind: {kind}, name: system, files: ['exports/*']}}\n",
        encoding="utf-8",
    )
    exports = folder / "exports"
    exports.mkdir()
    (exports / f"1-{file}").write_bytes((GOLDEN / file).read_bytes())
    return peil.open(folder)


def rows(project: peil.Project, table: str) -> list[str]:
    found = project.data.engine.rows(f"select * from {table}").to_pylist()
    return sorted(str({key: value for key, value in row.items() if key != "person_key"}) for row in found)


@pytest.mark.parametrize(("kind", "file"), SYSTEMS)
def test_an_export_delivered_twice_gives_the_same_tables_as_once(kind: str, file: str, tmp_path: Path) -> None:
    project = opened(tmp_path, kind, file)
    first = project.load()
    assert len(first.new) == 1
    once = {table: rows(project, table) for table in project.data.tables}
    assert once["contacts"]
    # the same rows in another file: another blank line at the end, so that the bytes differ
    (tmp_path / "exports" / f"2-{file}").write_bytes((GOLDEN / file).read_bytes() + b"\n")
    again = project.load()
    assert len(again.new) == 1
    assert {table: rows(project, table) for table in project.data.tables} == once
    project.close()


@pytest.mark.parametrize(("kind", "file"), SYSTEMS)
def test_each_system_can_be_measured(kind: str, file: str, tmp_path: Path) -> None:
    project = opened(tmp_path, kind, file)
    project.load()
    volume = project.estimate("volume", by=["channel"])
    assert sum(each.value for each in volume) == len(rows(project, "contacts")) - sum(
        "'ignored': True" in row for row in rows(project, "contacts")
    )
    project.close()


def test_a_transfer_chain_of_three_records_is_one_contact_with_three_legs_and_its_seconds_add_up(
    tmp_path: Path,
) -> None:
    project = opened(tmp_path, "amazon_connect", "amazon_connect.jsonl")
    project.load()
    chain = project.data.engine.rows(
        "select contact_id, n_legs, n_transfers, talk_ms, hold_ms, wrap_ms, handle_ms from contacts where n_legs = 3"
    ).to_pylist()
    assert len(chain) == 1
    newest: dict[str, dict[str, object]] = {}
    for line in (GOLDEN / "amazon_connect.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        of_chain = chain[0]["contact_id"] in {record.get("InitialContactId"), record["ContactId"]}
        if of_chain and record.get("Agent") and record["InitiationMethod"] != "MONITOR":
            known = newest.get(record["ContactId"])
            if known is None or str(known["LastUpdateTimestamp"]) <= record["LastUpdateTimestamp"]:
                newest[record["ContactId"]] = record
    assert len(newest) == 3
    talked = sum(record["Agent"]["AgentInteractionDuration"] for record in newest.values())
    assert chain[0]["talk_ms"] == 1000 * talked
    assert chain[0]["handle_ms"] == chain[0]["talk_ms"] + (chain[0]["hold_ms"] or 0) + (chain[0]["wrap_ms"] or 0)
    project.close()

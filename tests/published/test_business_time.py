"""Business time of a ticket that changed its calendar, from the raw export to the estimate."""

from __future__ import annotations

from pathlib import Path

import pytest

import peil

GOLDEN = Path(__file__).parents[1] / "sources" / "golden" / "zendesk.jsonl"
CONFIG = """
name: tickets
organisation: Example
zone: UTC
calendars:
  - {name: Level 1 Chicago, zone: America/Chicago, hours: {daily: "07:00-21:00"}}
  - {name: Level 2 San Francisco, zone: America/Los_Angeles, hours: {mon-fri: "08:00-17:30"}}
sources:
  - {kind: zendesk, name: desk, files: ["zendesk.jsonl"]}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> peil.Project:
    folder = tmp_path_factory.mktemp("tickets")
    (folder / "peil.yaml").write_text(CONFIG, encoding="utf-8")
    (folder / "zendesk.jsonl").write_bytes(GOLDEN.read_bytes())
    made = peil.open(folder)
    made.load()
    return made


@pytest.mark.parametrize(
    ("measure", "minutes"), [("response_time_business", 960.13), ("response_time_business_last", 690.13)]
)
def test_ticket_941606_counts_every_calendar_or_the_last(project: peil.Project, measure: str, minutes: float) -> None:
    """dbt_zendesk, decision log, "Business Time Metrics": ticket 941606, worked out again to the second."""
    hours = project.estimate(measure, where="contact_id = '941606'").only().value
    assert round(60 * hours, 2) == minutes

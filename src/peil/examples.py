"""Projects to begin with: an empty one, and the demonstration."""

from __future__ import annotations

from pathlib import Path

from peil.errors import SourceError
from peil.project import Project, open_project

SCHEMA_FILE = "peil.schema.json"
_STARTER = """\
# yaml-language-server: $schema=peil.schema.json
name: {name}
organisation: {name}
zone: Europe/Amsterdam
country: NL

engine:
  name: duckdb
  memory: 4GB
  threads: 2

# Opening hours, for response times in business time.
calendars:
  - name: office
    zone: Europe/Amsterdam
    hours:
      mon-fri: "08:00-18:00"
    holidays: NL
calendar: office

sources:
{sources}
report:
  title: {{en: Customer contact at {name}, nl: Klantcontact bij {name}}}
"""
_SIMULATED = """\
  # A made contact centre. Put your own exports here: see the how-to pages.
  - kind: simulated
    name: centre
    contacts: 20000
    seed: 1
"""
_TABLE = """\
  # Any CSV: canonical column on the left, your column (or SQL over it) on the right.
  - kind: table
    name: calls
    table: legs
    files: ["exports/*.csv"]
    columns:
      contact_id: call_id
      leg_id: "'1'"
      channel: "'call'"
      queue: queue
      started_at: {of: started, parse: "%d-%m-%Y %H:%M:%S"}
      wait_ms: {of: wait_seconds, unit: s}
      talk_ms: {of: talk_seconds, unit: s}
      handler: "case when agent <> '' then 'agent' else 'none' end"
      ended_how: {of: outcome, values: {answered: completed, lost: abandoned}}
"""
_DEMO = """\
# yaml-language-server: $schema=peil.schema.json
# Simulated from beginning to end: no figure here is about a real organisation.
name: Peil demonstration (simulated)
organisation: Benchmark (simulated)
zone: Europe/Amsterdam
country: NL
simulated: true

sources:
  - kind: simulated_benchmark
    name: benchmark
    contacts: {contacts}
    mean_wait_s: 15
    seed: 7

report:
  title: {{en: Customer contact in a simulated country, nl: Klantcontact in een gesimuleerd land}}
  subtitle:
    en: What organisations think, what customers say, and what the records show.
    nl: Wat organisaties denken, wat klanten zeggen, en wat de cijfers laten zien.
  compare:
    - {{measure: nps, against: nps_believed, by: audience, first: customer, second: organisation}}
    - {{measure: nps, by: channel, first: call, second: bot}}
    - {{measure: repeat_7d, by: channel, first: call, second: bot}}
  figures:
    - {{measure: nps, by: [channel]}}
    - {{measure: digital_share, by: [month]}}
    - {{measure: service_level_20_answered_offered, by: [month]}}
    - {{measure: fcr_no_repeat_7d, by: [channel]}}
    - {{measure: nps, by: [organisation]}}
    - {{measure: waiting_median, by: [organisation]}}
  variants: [service_level, occupancy]
"""


def starter_project(folder: str | Path, *, name: str | None = None, simulated: bool = True) -> Path:
    """Write a first ``peil.yaml`` and the schema that editors check it with.

    Parameters:
        folder: where to; made when it is not there.
        name: the project's name; the folder's if left out.
        simulated: with a made contact centre as its source, else with a table to fill in.

    Returns:
        The configuration's path.

    Raises:
        SourceError: there is one already.
    """
    root = Path(folder)
    called = name or root.resolve().name
    return _write(root, _STARTER.format(name=called, sources=_SIMULATED if simulated else _TABLE))


def demo_project(folder: str | Path, *, contacts: int = 300_000) -> Project:
    """Write and load the demonstration: a simulated benchmark of eight organisations with planted truths.

    Parameters:
        folder: where to.
        contacts: how many contacts over three years.

    Returns:
        The project, loaded.
    """
    root = Path(folder)
    if not (root / "peil.yaml").is_file():
        _write(root, _DEMO.format(contacts=contacts))
    project = open_project(root)
    project.load()
    return project


def _write(root: Path, text: str) -> Path:
    import json

    from peil.config import json_schema

    root.mkdir(parents=True, exist_ok=True)
    path = root / "peil.yaml"
    if path.exists():
        raise SourceError(
            f"there is a peil.yaml in {root.resolve().name} already", remedy="choose another folder, or edit that one"
        )
    path.write_text(text, encoding="utf-8")
    (root / SCHEMA_FILE).write_text(json.dumps(json_schema(), indent=1) + "\n", encoding="utf-8")
    return path

"""Projects to begin with: an empty one, and the demonstration."""

from __future__ import annotations

from pathlib import Path

from peil.errors import SourceError
from peil.project import Project, open_project
from peil.sources.simulated.survey_exports import HEADS, write_exports

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

# Of its staff everybody answered. Say so where it is true: respondents alone do not tell how many were asked.
surveys:
  - name: staff
    panel: census
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
_SURVEY = """\
# yaml-language-server: $schema=peil.schema.json
# A survey of three rounds. The exports are made, so that everybody sees the same numbers; put yours in their place.
name: {name}
organisation: {name}
zone: Europe/Amsterdam
country: NL
simulated: true

sources:
{sources}
surveys:
  - name: customers
    # Known of all customers. Each round is weighted by itself, or a change of who answers looks like a change of opinion.
    weights:
      per_round: true
      margins:
        - by: [extra.age]
          targets: {{18-34: 0.35, 35-54: 0.40, 55+: 0.25}}

report:
  title: {{en: What customers of {name} say, nl: Wat klanten van {name} zeggen}}
  headlines: [nps, csat_top2, ces_2_easy]
  figures:
    - {{measure: nps, by: [wave]}}
    - {{measure: nps, by: [extra.segment]}}
"""
_ROUND = """\
  - kind: survey
    name: round_{wave}
    survey: customers
    wave: "{wave}"
    files: [exports/round-{wave}.csv]
    bridge: bridge.yaml
    respondent: &respondent
      response_id: number
      customer_id: number
      answered_at: finished_on
      invited_at: sent_on
      disposition: status
      language: lang
      parse: ["%Y-%m-%d %H:%M"]
      facts: {{age: {{asked_as: age}}, segment: {{asked_as: segment}}}}
"""
_BRIDGE = """\
# What each round's export calls a question, and what was not asked in the same way.
questions:
  - name: recommend
    construct: nps
    scale: [0, 10]
    missing: ["99"]
    text:
      en: How likely is it that you would recommend us to a friend or colleague?
      nl: Hoe waarschijnlijk is het dat u ons aanbeveelt aan een vriend of collega?
    waves: {"2022": Q3, "2023": Q4_NPS, "2024": Q4_NPS}
  - name: satisfied
    construct: csat
    scale: [1, 5]
    text:
      en: How satisfied are you with us?
      nl: Hoe tevreden bent u over ons?
    waves: {"2022": Q7, "2023": Q8, "2024": Q8}
  - name: easy
    construct: ces_2
    scale: [1, 7]
    text:
      en: They made it easy to solve my problem.
      nl: Zij maakten het makkelijk om mijn probleem op te lossen.
    waves:
      "2022": Q9
      "2023": Q10
      "2024":
        asked_as: Q11
        text: {en: They made it easy to get help., nl: Zij maakten het makkelijk om hulp te krijgen.}
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


def survey_project(folder: str | Path, *, name: str | None = None) -> Path:
    """Write a survey of three rounds to begin with: made exports, a bridge between them, and a ``peil.yaml``.

    Parameters:
        folder: where to; made when it is not there.
        name: the project's name; the folder's if left out.

    Returns:
        The configuration's path.

    Raises:
        SourceError: there is one already.
    """
    root = Path(folder)
    rounds = [_ROUND.format(wave=wave) for wave in HEADS]
    first, *rest = rounds
    begins = rest[0].index("    respondent:")
    again = [each[:begins] + "    respondent: *respondent\n" for each in rest]
    path = _write(root, _SURVEY.format(name=name or root.resolve().name, sources="".join([first, *again])))
    (root / "bridge.yaml").write_text(_BRIDGE, encoding="utf-8")
    write_exports(root / "exports")
    return path


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

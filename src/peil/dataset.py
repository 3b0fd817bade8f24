"""The hinge: everything left of it makes tables from exports, everything right of it counts them."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa

from peil.calendars.days import CALENDAR, days
from peil.calendars.hours import OPENINGS, BusinessCalendar, openings
from peil.calendars.working_days import WORKING_DAYS, working_days
from peil.config import SurveyConfig
from peil.contacts.fold import fold
from peil.engines.engine import Engine
from peil.engines.quoting import quoted
from peil.engines.schema import Schema, Table
from peil.engines.store import Load, Store, publish_file
from peil.errors import EvidenceError
from peil.journeys.journey import JOURNEYS, gather
from peil.journeys.ledger import lay, take_turns
from peil.journeys.orders import ORDERED, begun, follow
from peil.journeys.rule import JourneyRule
from peil.journeys.string import STRUNG, string
from peil.methods.diagnosis import Diagnosis
from peil.persons.people import People, has_customers, people
from peil.persons.register import PersonRules
from peil.persons.resolve import identify, resolve
from peil.sources.tables import (
    AGENT_STATES,
    ANSWERS,
    CANONICAL,
    CUSTOMERS,
    INTERVALS,
    INVITATIONS,
    LEGS,
    MESSAGES,
    ORDERS,
    QUESTIONS,
    ROSTER,
)
from peil.surveys.design import (
    AGENTS_IN_STATES,
    CUSTOMERS_IN_ORDERS,
    PERSONS_IN_CONTACTS,
    PERSONS_IN_INVITATIONS,
    PERSONS_IN_JOURNEYS,
    QUEUES_IN_INTERVALS,
    SURVEY,
    Design,
)
from peil.surveys.quality import Rules
from peil.surveys.responses import RESPONSES, respond
from peil.surveys.weigh import Weighting, design_of, remembered, singleton_of, weigh

# Raised when a stage's meaning changes, so that tables built by an older Peil are built again.
STAGES = 10
DESIGNS: Mapping[str, Design] = {
    "contacts": PERSONS_IN_CONTACTS,
    "responses": SURVEY,
    "agent_states": AGENTS_IN_STATES,
    "intervals": QUEUES_IN_INTERVALS,
    "invitations": PERSONS_IN_INVITATIONS,
    "journeys": PERSONS_IN_JOURNEYS,
    "orders": CUSTOMERS_IN_ORDERS,
}
DAY_COLUMN = {
    "contacts": "started_on",
    "responses": "answered_on",
    "agent_states": "started_on",
    "intervals": "started_on",
    "invitations": "invited_on",
    "journeys": "started_on",
    "orders": "ordered_on",
}
# Tables that only the building itself reads.
STEPPING_STONES = (
    "contacts_only",
    "contacts_identified",
    "persons",
    "ledger",
    "threads",
    "contacts_neighbours",
    "responses_drawn",
)
KEPT_AT_ONCE = ("contacts", "orders")
KEPT: tuple[Schema, ...] = (
    STRUNG,
    JOURNEYS,
    ORDERED,
    RESPONSES,
    AGENT_STATES,
    INTERVALS,
    INVITATIONS,
    QUESTIONS,
    ROSTER,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is printed under every published number.

    Parameters:
        inputs: export name to SHA-256.
        version: the Peil that counted.
        engine: what it counted with.
        seed: of anything drawn at random; 0 where nothing is.
        made_at: when, ISO 8601 in UTC.
        digest: hash of everything above but the moment: the same digest, the same numbers.
    """

    inputs: Mapping[str, str]
    version: str
    engine: str
    seed: int = 0
    made_at: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Tables that can be counted, and what they came from.

    Parameters:
        engine: where the rows are.
        tables: population name to table.
        designs: population name to design.
        run: inputs, version, engine, seed.
        period: first and last day with a contact or an answer.
        loads: the ledger entries of every load in it.
        weighting: what calibration did to the weights of each survey that has weights of its own.
        people: which customer record is of which person; None where no customer records were loaded.
        panels: how people came to be asked, survey by survey, where it is told: volunteers have no response rate.
        doubtful: when a response was flagged.
        named_clusters: whether answers name the clusters that were drawn, such as branches; else a respondent is one.
    """

    engine: Engine
    tables: Mapping[str, Table]
    run: Run
    period: tuple[date, date]
    loads: tuple[Load, ...] = ()
    designs: Mapping[str, Design] = field(default_factory=lambda: dict(DESIGNS))
    weighting: Mapping[str, Diagnosis] = field(default_factory=dict)
    people: People | None = None
    panels: Mapping[str, str] = field(default_factory=dict)
    doubtful: Rules = field(default_factory=Rules)
    named_clusters: bool = False


_CURRENT = """
select {columns} from {parts} as p
where not exists (select 1 from {losers} as l where l._sequence = p._sequence and l._row = p._row)
"""
_LOSERS = """
select _sequence, _row from (
  select _sequence, _row,
    row_number() over (partition by {key} order by {version}_sequence desc, _row desc) as place
  from {parts} as p
  where exists (select 1 from {twice} as t where {same})
) as placed
where place > 1
"""
_TWICE = "select {key} from {parts} where source in ({sources}) group by {key} having count(*) > 1"


def current(engine: Engine, schema: Schema, loads: Sequence[Load]) -> Table:
    """Return the newest row of every key over all loads.

    Of two deliveries of one row the one with the later version counts; without versions, the one loaded later.
    """
    having = [each for each in loads if each.tables.get(schema.name) and each.tables[schema.name].good]
    parts = engine.parts(schema, having)
    # within one load the door has seen to it, and the source is part of every key
    again = sorted({each.source for each in having if sum(one.source == each.source for one in having) > 1})
    if not again:
        return parts
    sources = ", ".join(quoted(each) for each in again)
    key = ", ".join(schema.key)
    twice = engine.step(f"{schema.name}_twice", _TWICE.format(key=key, parts=parts.name, sources=sources), schema)
    same = " and ".join(f"t.{each} = p.{each}" for each in schema.key)
    losers = engine.step(
        f"{schema.name}_losers",
        _LOSERS.format(
            key=key,
            parts=parts.name,
            twice=twice.name,
            same=same,
            version=f"{schema.version} desc, " if schema.version else "",
        ),
        schema,
    )
    columns = ", ".join(f"p.{each}" for each in schema.names)
    return engine.step(
        f"{schema.name}_current", _CURRENT.format(columns=columns, parts=parts.name, losers=losers.name), schema
    )


def build(  # noqa: PLR0913  # one setting for each stage that has some
    store: Store,
    engine: Engine,
    *,
    calendars: Sequence[BusinessCalendar] = (),
    calendar: str | None = None,
    country: str = "NL",
    sources: Collection[str] | None = None,
    surveys: Sequence[SurveyConfig] = (),
    journeys: JourneyRule | None = None,
    persons: PersonRules | None = None,
    doubtful: Rules | None = None,
) -> Dataset:
    """Return the tables that can be counted; built once per state of the store and kept beside it.

    Parameters:
        store: the loads.
        engine: what builds and counts.
        calendars: business calendars.
        calendar: the one for contacts that name none.
        country: whose public holidays the calendar knows.
        sources: only loads of these sources; every load if left out.
        surveys: how each survey is weighted.
        journeys: what makes contacts parts of one journey; the same reason within a week, if left out.
        persons: when records and contacts are taken to be of one person.
        doubtful: when a response is flagged.

    Raises:
        EvidenceError: nothing was loaded yet, or a survey cannot be weighted as asked.
        DefinitionError: a survey is weighted to levels that its answers do not have, or the other way round.
    """
    loads = tuple(each for each in store.loads() if sources is None or each.source in sources)
    if not loads:
        raise EvidenceError("there is nothing to count yet", remedy="run 'peil load' first")
    told: list[object] = [
        [each.load_id for each in loads],
        [repr(each) for each in calendars],
        calendar,
        country,
        STAGES,
        engine.name,
        repr(journeys or JourneyRule()),
    ]
    who, rules = None, persons or PersonRules()
    if has_customers(loads):
        who = people(store.folder, engine, current(engine, CUSTOMERS, loads), loads, rules)
        told.append(who.digest)
    told.append([rules.shared_by, rules.most_contacts, sorted(rules.own_handles)])
    flags = doubtful or Rules()
    if flags != Rules():
        told.append(repr(flags))
    weights = [(each.name, each.weights.model_dump(mode="json")) for each in surveys if each.weights]
    if weights:
        told.append(weights)
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:24]
    folder = store.built_folder / digest
    known = folder / "built.json"
    built = json.loads(known.read_text(encoding="utf-8")) if known.is_file() else None
    if built:
        first, last = (date.fromisoformat(each) for each in built["period"])
    else:
        first, last = _period(engine, loads)
    # beyond the data: followed waits and repeat windows run past the last contact
    engine.small(CALENDAR, days(first - timedelta(days=40), last + timedelta(days=400), country))
    kept_weights = folder / "weighting.json"
    if built:
        tables = {schema.name: engine.kept(schema, schema.name, folder) for schema in KEPT}
        weightings = remembered(kept_weights.read_text(encoding="utf-8")) if weights else ()
    else:
        rule = journeys or JourneyRule()
        tables = _stages(engine, loads, calendars, calendar, first, last, folder, rule, rules, who, flags)
        tables["responses"], weightings = _weighed(engine, tables, surveys, folder)
        tables = {
            schema.name: tables[schema.name]
            if schema.name in KEPT_AT_ONCE
            else engine.keep(tables[schema.name], folder)
            for schema in KEPT
        }
        for each in STEPPING_STONES:
            _gone(folder / f"{each}.parquet")
        if weights:
            kept_weights.write_text(json.dumps([each.plain() for each in weightings]), encoding="utf-8")
        units = engine.rows(f"select count(unit) as n from {tables['responses'].name}").to_pylist()[0]["n"]
        clusters = engine.rows(f"select count(cluster) as n from {current(engine, ANSWERS, loads).name}")
        built = {
            "told": told,
            "period": [first.isoformat(), last.isoformat()],
            "two_stages": bool(units),
            "named_clusters": bool(clusters.to_pylist()[0]["n"]),
        }
        made = folder / ".built.json"
        made.write_text(json.dumps(built), encoding="utf-8")
        publish_file(made, known)
    run = Run(
        inputs={f"{each.source}/{each.file}": each.sha256 for each in loads},
        version=version("peil"),
        engine=engine.name,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        digest=digest,
    )
    return Dataset(
        engine=engine,
        tables=tables,
        run=run,
        period=(first, last),
        loads=loads,
        designs={
            **DESIGNS,
            "responses": design_of(weightings, two_stages=built["two_stages"], singleton=singleton_of(surveys)),
        },
        weighting={each.survey: each.diagnosis for each in weightings},
        people=who,
        panels={each.name: each.panel for each in surveys},
        doubtful=flags,
        named_clusters=built.get("named_clusters", False),
    )


def _gone(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _stages(  # noqa: PLR0913, PLR0917  # the whole left half in one place
    engine: Engine,
    loads: Sequence[Load],
    calendars: Sequence[BusinessCalendar],
    calendar: str | None,
    first: date,
    last: date,
    folder: Path,
    rule: JourneyRule,
    rules: PersonRules,
    who: People | None,
    flags: Rules,
) -> dict[str, Table]:
    rows = [openings(each, first - timedelta(days=40), last + timedelta(days=400)) for each in calendars]
    hours = engine.small(OPENINGS, pa.concat_tables(rows) if rows else _no_openings(first))
    legs = current(engine, LEGS, loads)
    # kept: what follows reads them several times, and an engine would make them anew each time
    messages = current(engine, MESSAGES, loads)
    contacts = engine.keep(fold(engine, legs, messages, hours, calendar), folder)
    contacts = identify(engine, contacts, rules, who.table(engine) if who else None)
    contacts = engine.keep(contacts, folder) if who else contacts
    persons = engine.keep(resolve(engine, contacts), folder)
    ledger = engine.keep(lay(engine, legs, contacts, rule.retell_seconds * 1_000), folder)
    strung = engine.keep(string(engine, contacts, persons, ledger, take_turns(engine, messages), rule, folder), folder)
    engine.small(WORKING_DAYS, working_days(calendars, first, last))
    orders = engine.keep(follow(engine, current(engine, ORDERS, loads), strung, calendar, rule), folder)
    journeys = gather(engine, strung, begun(engine, orders), rule)
    responses = respond(engine, current(engine, ANSWERS, loads), strung, flags)
    made = {"contacts": strung, "journeys": journeys, "orders": orders, "responses": responses}
    for schema in (AGENT_STATES, INTERVALS, INVITATIONS, QUESTIONS, ROSTER):
        columns = ", ".join(schema.names)
        made[schema.name] = engine.step(
            schema.name, f"select {columns} from {current(engine, schema, loads).name}", schema
        )
    return made


def _weighed(
    engine: Engine, tables: Mapping[str, Table], surveys: Sequence[SurveyConfig], folder: Path
) -> tuple[Table, tuple[Weighting, ...]]:
    """Return the responses, weighted where a survey says how."""
    if not any(each.weights for each in surveys):
        return tables["responses"], ()
    # kept: they are counted before they are weighted, and may not be read under the name they are weighted into
    columns = ", ".join(RESPONSES.names)
    drawn = engine.step("responses_drawn", f"select {columns} from {tables['responses'].name}", RESPONSES)
    return weigh(engine, engine.keep(drawn, folder), tables["contacts"], surveys)


def _no_openings(first: date) -> pa.Table:
    always = BusinessCalendar(name="none", zone="UTC", hours={"daily": "00:00-24:00"})
    return openings(always, first, first + timedelta(days=1))


def _period(engine: Engine, loads: Sequence[Load]) -> tuple[date, date]:
    found: list[date] = []
    for schema in CANONICAL.values():
        for _, day in schema.local:
            having = [each for each in loads if schema.name in each.tables]
            if having:
                parts = engine.parts(schema, having)
                row = engine.rows(
                    f"select min({day}) as first_on, max({day}) as last_on from {parts.name}"
                ).to_pylist()[0]
                found += [each for each in row.values() if each]
    if not found:
        return date(2000, 1, 1), date(2000, 1, 1)
    return min(found), max(found)


def described(run: Run) -> dict[str, object]:
    """Return a run as plain data."""
    return asdict(run)

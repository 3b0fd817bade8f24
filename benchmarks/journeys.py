"""Journeys and their paths: Peil's portable stage beside hand-written DuckDB SQL that gives the same rows.

``python benchmarks/journeys.py`` strings 1 and 10 million contacts and writes ``results-journeys.md``; ``--small`` strings
100,000 and prints. The hand-written peers are given the same contacts, and no time is shown before their paths were found equal.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from measured import Clock, Cost, measured

RESULTS = Path(__file__).parent / "results-journeys.md"
CACHE = Path(os.environ.get("PEIL_BENCHMARK_CACHE") or Path(__file__).parent / ".cache")
WINDOW_MS = 3 * 86_400_000
PEERS = {
    "peil": "Peil, any reason",
    "sql": "hand-written DuckDB SQL, paths as whole numbers",
    "text": "hand-written DuckDB SQL, paths as text",
    "reasons": "Peil, the same reason, unknown reasons taken along",
    "table": "Peil, the whole table of journeys with the customer's time",
}
_MADE = """
copy (
  select 's' as source, 'o' as organisation, 'k' || i as contact_id, 1 + hash(i * 7 + 1) % {persons} as person_key,
    timestamp '2023-01-01' + to_milliseconds((hash(i * 7 + 2) % 31536000000)::bigint) as started_at,
    (['call','call','call','chat','mail','message','bot'])[1 + (hash(i * 7 + 3) % 7)::int] as channel,
    case when hash(i * 7 + 4) % 8 > 0 then 'r' || hash(i * 7 + 5) % 40 end as reason,
    'inbound' as direction, hash(i * 7 + 6) % 8 > 0 as answered,
    case when hash(i * 7 + 6) % 8 > 0 then 'completed' else 'abandoned' end as ended_how,
    false as called_back, false as self_served, false as ignored,
    case when hash(i * 7 + 6) % 8 > 0 then 'agent' else 'none' end as handler,
    (hash(i * 7 + 8) % 900000)::bigint as lasted_ms
  from range({contacts}) as t(i)
) to '{path}' (format parquet, row_group_size 100000)
"""
_BY_HAND = """
with near as (
  select person_key, started_at, contact_id, 2 * (list_position(['call','chat','mail','message','bot','form','desk','task','social',
      'video','callback','other'], channel) - 1) + 1 + case when ended_how = 'abandoned' and not answered then 1 else 0 end as code,
    case when epoch_ms(started_at) - lag(epoch_ms(started_at)) over w <= {window} then 0 else 1 end as begins
  from read_parquet('{path}') window w as (partition by person_key order by started_at, contact_id)
), numbered as (
  select *, sum(begins) over (partition by person_key order by started_at, contact_id rows unbounded preceding) as journey from near
), placed as (
  select person_key, journey, code, row_number() over (partition by person_key, journey order by started_at, contact_id) as place
  from numbered
), journeys as (select {path_of} as path, count(*) as n_contacts from placed group by person_key, journey)
select path, count(*) as n from journeys group by path
"""
_AS_NUMBER = "sum(case when place <= 11 then code::bigint << (5 * (place - 1)) else 0 end)::bigint"
_AS_TEXT = "string_agg(code::varchar, '>' order by place)"


def contacts_file(contacts: int) -> Path:
    """Return a file with so many contacts of a third as many persons, made once."""
    told = hashlib.sha256(_MADE.encode()).hexdigest()[:8]
    path = CACHE / f"journeys-{contacts}-{told}.parquet"
    if not path.exists():
        import duckdb

        CACHE.mkdir(parents=True, exist_ok=True)
        made = path.with_suffix(".part")
        duckdb.connect().execute(_MADE.format(contacts=contacts, persons=contacts // 3, path=made))
        made.rename(path)
    return path


def by_hand(contacts: int, clock: Clock, path_of: str) -> dict[object, int]:
    import duckdb

    con = duckdb.connect(config={"threads": 2, "memory_limit": "3GB", "temp_directory": str(CACHE / "spill")})
    con.execute("set preserve_insertion_order = false")
    query = _BY_HAND.format(path=contacts_file(contacts), window=WINDOW_MS, path_of=path_of)
    with clock.part("answer"):
        found = con.sql(query).to_arrow_table()
    return dict(zip(found.column("path").to_pylist(), found.column("n").to_pylist(), strict=True))


def by_peil(contacts: int, clock: Clock, reason: str) -> dict[object, int]:
    from peil.engines.door import Limits
    from peil.engines.duck import DuckEngine
    from peil.engines.schema import Column, Kind, Schema
    from peil.journeys.paths import path_sum
    from peil.journeys.rule import JourneyRule
    from peil.journeys.thread import thread

    engine = DuckEngine(Limits(memory="3GB", threads=2, folder=CACHE))
    rule = JourneyRule(window_days=3, reason=reason)  # type: ignore[arg-type]  # one of the rules
    file = Schema(name="file", one_row_is="a contact", key=(), columns=(Column(name="x", kind=Kind.TEXT, says=""),))
    lent = engine.lent(file, contacts_file(contacts))
    clocked = engine.step("clocked", f"select f.*, lasted_ms as customer_ms from {lent.name} as f", file)
    with clock.part("answer"):
        threads = thread(engine, clocked, rule)
        path = path_sum("step_code", "journey_place")
        found = engine.rows(
            f"select path, count(*) as n from (select cast({path} as bigint) as path from {threads.name} "
            "group by person_key, thread_key, journey_number) as j group by path"
        )
    engine.close()
    return dict(zip(found.column("path").to_pylist(), found.column("n").to_pylist(), strict=True))


def whole_table(contacts: int, clock: Clock) -> dict[object, int]:
    """Make the table of journeys from kept contacts, as a build does."""
    from peil.engines.door import Limits
    from peil.engines.duck import DuckEngine
    from peil.engines.schema import STORED, Schema
    from peil.journeys.journey import gather
    from peil.journeys.ledger import PARTS
    from peil.journeys.orders import ORDERED, begun
    from peil.journeys.rule import JourneyRule
    from peil.journeys.string import STRUNG
    from peil.journeys.thread import THREADED, thread

    engine = DuckEngine(Limits(memory="3GB", threads=2, folder=CACHE))
    file = Schema(name="file", one_row_is="a contact", key=(), columns=())
    lent = engine.lent(file, contacts_file(contacts))
    rule = JourneyRule(window_days=3)
    told = hashlib.sha256(repr(STRUNG.names).encode()).hexdigest()[:8]
    strung = CACHE / f"strung-{contacts}-{told}.parquet"
    if not strung.exists():
        clocked = engine.step("clocked", f"select f.*, lasted_ms as customer_ms from {lent.name} as f", file)
        threads = thread(engine, clocked, rule)
        have = {
            *(
                "source",
                "organisation",
                "contact_id",
                "person_key",
                "started_at",
                "channel",
                "reason",
                "direction",
                "answered",
            ),
            *("ended_how", "called_back", "self_served", "ignored", "handler", "lasted_ms", "customer_ms"),
        }
        made_up = {
            "started_on": "cast(c.started_at as date)", "talking_ms": "c.customer_ms", "followed_ms": "cast(1 as bigint) * 3000000000",
            "n_agent_legs": "cast(1 as bigint)", "n_transfers": "cast(0 as bigint)", "with_bot": "false",
        }  # fmt: skip
        named = {each.name for each in THREADED}
        columns = ", ".join(
            f"{made_up.get(each.name) or ('c.' + each.name if each.name in have else 't.' + each.name if each.name in named else 'cast(0 as bigint)' if each.name in PARTS else f'cast(null as {STORED[each.kind]})')} as {each.name}"
            for each in STRUNG.columns
        )
        joined = (
            f"{clocked.name} as c left join {threads.name} as t on c.source = t.source and c.contact_id = t.contact_id"
        )
        made = engine.step(f"strung-{contacts}".replace("-", "_"), f"select {columns} from {joined}", STRUNG)
        engine.keep(made, CACHE).name  # noqa: B018  # kept once, so that only the gathering is timed
        (CACHE / f"{made.name}.parquet").rename(strung)
    contacts_table = engine.lent(STRUNG, strung)
    no_orders = engine.step(
        "no_orders",
        "select "
        + ", ".join(f"cast(null as {STORED[each.kind]}) as {each.name}" for each in ORDERED.columns)
        + f" from {contacts_table.name} where false",
        ORDERED,
    )
    with clock.part("answer"):
        gather(engine, contacts_table, begun(engine, no_orders), rule)
        found = engine.rows(
            "select path, count(*) as n, sum(lasted_ms + attended_ms + between_ms) as s from journeys group by path"
        )
    engine.close()
    return dict(zip(found.column("path").to_pylist(), found.column("n").to_pylist(), strict=True))


ASKED: dict[str, Callable[[int, Clock], dict[object, int]]] = {
    "peil": lambda contacts, clock: by_peil(contacts, clock, "any"),
    "sql": lambda contacts, clock: by_hand(contacts, clock, _AS_NUMBER),
    "text": lambda contacts, clock: by_hand(contacts, clock, _AS_TEXT),
    "reasons": lambda contacts, clock: by_peil(contacts, clock, "same_or_unknown"),
    "table": whole_table,
}


def same_paths(contacts: int) -> None:
    """Refuse to time what gives other paths."""
    peil, sql = (ASKED[each](contacts, Clock()) for each in ("peil", "sql"))
    if peil != sql:
        raise AssertionError(f"paths differ: {len(peil)} by Peil, {len(sql)} by hand")


def page(sizes: list[int], repeats: int) -> str:
    """Return what was measured as Markdown."""
    processor = next(
        (each.split(":")[1].strip() for each in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in each),
        "?",
    )
    lines = [
        "# Journeys: what was measured\n",
        f"{datetime.now(UTC).date()}, {processor}, {os.cpu_count()} cores, two threads; Python {platform.python_version()},",
        f"DuckDB {version('duckdb')}; load average {os.getloadavg()[0]:.1f} at the start.",
        f"The least of {repeats} runs, each in a process of its own; processor seconds are the ones to trust on a shared machine.",
        "A third as many persons as contacts, a window of three days; paths of Peil and of the first peer were found equal first.",
        "The last two rows answer more than the hand-written SQL does: the ratio says what that costs.\n",
    ]
    for contacts in sizes:
        same_paths(contacts)
        costs: dict[str, Cost] = {}
        for peer in PEERS:
            runs = [measured(__file__, peer, contacts) for _ in range(repeats)]
            costs[peer] = min(runs, key=lambda each: each.cpu)
        lines += [
            f"## {contacts:,} contacts\n",
            "| | wall s | processor s | peak MB | processor time / hand-written |",
            "| --- | --: | --: | --: | --: |",
            *(
                f"| {name} | {costs[peer].wall:.2f} | {costs[peer].cpu:.2f} | {costs[peer].rss_mb:,} | {costs[peer].cpu / costs['sql'].cpu:.2f} |"
                for peer, name in PEERS.items()
            ),
            "",
        ]
    return "\n".join(lines)


def main() -> None:
    """Measure, and write the page; a small run only prints it."""
    if "--case" in sys.argv:
        peer, contacts = sys.argv[sys.argv.index("--case") + 1 :]
        clock = Clock()
        ASKED[peer](int(contacts), clock)
        clock.tell()
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--repeats", type=int, default=2)
    asked = parser.parse_args()
    told = page([100_000] if asked.small else asked.sizes, 1 if asked.small else asked.repeats)
    if asked.small:
        print(told)
    else:
        RESULTS.write_text(told, encoding="utf-8")
        print(f"wrote {RESULTS.parent.name}/{RESULTS.name}")


if __name__ == "__main__":
    main()

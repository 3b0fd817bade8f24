"""Every organisation's persons, brought up to date with the customer records that were loaded."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from peil.engines.door import Limits
from peil.engines.engine import Engine
from peil.engines.handles import FIELDS
from peil.engines.schema import Table
from peil.engines.store import Load, publish_file
from peil.persons.register import PersonRules, Register
from peil.persons.resolve import LINKED
from peil.sources.tables import CUSTOMERS

FOLDER = "persons"


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Which customer record is of which person.

    Parameters:
        linked: a Parquet file of schema ``LINKED``.
        digest: hash of it: the same digest, the same persons.
        rules: what decided; which numbers and mailboxes are nobody's own.
    """

    linked: Path
    digest: str
    rules: PersonRules = field(default_factory=PersonRules)

    def table(self, engine: Engine) -> Table:
        """Return the records and their persons as a table of an engine."""
        return engine.lent(LINKED, self.linked)


def has_customers(loads: Sequence[Load]) -> bool:
    """Return whether a load brought customer records."""
    return any(CUSTOMERS.name in each.tables and each.tables[CUSTOMERS.name].good for each in loads)


def registers(folder: Path, organisations: Sequence[str]) -> dict[str, Register]:
    """Return the register of each organisation that has customer records."""
    found = {each: Register(folder / FOLDER, each) for each in organisations}
    return {name: each for name, each in found.items() if each.state}


def people(  # records, what decides, and whether to start anew
    folder: Path, engine: Engine, customers: Table, loads: Sequence[Load], rules: PersonRules, *, relink: bool = False
) -> People:
    """Return which customer record is of which person, after linking what is new.

    Parameters:
        folder: the store; the registers lie in it.
        engine: where the records are.
        customers: the newest row of every customer record.
        loads: what they came with.
        rules: costs and limits.
        relink: compare everything anew.

    Returns:
        The records and their persons. Linking runs on DuckDB in this process whatever the engine: what it hands over
        is one small row a record.
    """
    home = folder / FOLDER
    state = home / "linked.json"
    told = [sorted(each.load_id for each in loads if has_customers([each])), repr(replace(rules, limits=Limits()))]
    told += [each.read_text(encoding="utf-8") for each in sorted(home.glob("*/overrides.json"))]
    asked = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    if state.is_file() and not relink:
        known = json.loads(state.read_text(encoding="utf-8"))
        kept = home / f"linked-{known['digest']}.parquet"
        if known["asked"] == asked and kept.is_file():
            return People(linked=kept, digest=known["digest"], rules=rules)
    columns = ", ".join([*LINKED.names[:-1], *(f"link_{each} as {each}_field" for each in FIELDS)])
    rows = engine.rows(f"select {columns} from {customers.name}")
    parts = []
    for organisation in sorted(pc.unique(rows["organisation"]).to_pylist()):
        own = rows.filter(pc.equal(rows["organisation"], organisation))
        fields = pa.table(
            {
                **{each: own[each] for each in ("source", "customer_id")},
                **{each: own[f"{each}_field"] for each in FIELDS},
            }
        )
        made = (
            Register(home, organisation)
            .update(fields, rules, relink=relink)
            .select(["source", "customer_id", "person_id"])
        )
        parts.append(own.select(list(LINKED.names[:-1])).join(made, ["source", "customer_id"]).sort_by("source"))
    linked = pa.concat_tables(parts).select(list(LINKED.names)).sort_by([(each, "ascending") for each in LINKED.key])
    digest = hashlib.sha256(
        repr(linked.select(["source", "customer_id", "person_id"]).to_pydict()).encode()
    ).hexdigest()[:24]
    before = list(home.glob("linked-*.parquet"))
    target = home / f"linked-{digest}.parquet"
    _publish(linked, target)
    made_state = home / f".linked.json-{uuid.uuid4().hex[:8]}"
    made_state.write_text(json.dumps({"asked": asked, "digest": digest}), encoding="utf-8")
    publish_file(made_state, state)
    for each in before:
        if each != target:
            each.unlink(missing_ok=True)
    return People(linked=target, digest=digest, rules=rules)


def _publish(table: pa.Table, target: Path) -> None:
    made = target.with_name(f".{target.name}-{uuid.uuid4().hex[:8]}")
    pq.write_table(table, made, compression="zstd")
    publish_file(made, target)

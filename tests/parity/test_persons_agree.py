"""Contacts are of the same persons on DuckDB and on Spark, and equally much in doubt, with customer records and without."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from peil.dataset import build
from peil.engines.choose import open_engine
from peil.engines.door import Limits
from peil.engines.store import Store
from peil.estimates.linked import linked_whole
from peil.measures.catalogue import measure_named
from peil.persons.register import PersonRules
from peil.sources.delimited import DelimitedTable
from peil.sources.load import load

pytestmark = [pytest.mark.spark, pytest.mark.slow]
REPEAT = measure_named("repeat_7d")
LIMITS = Limits(memory="2GB", threads=2)
CUSTOMERS = """id,name,born,tel,mail
1,Jan de Vries,12-3-1980,0201234567,fam@devries.nl
2,J. de Vries,1980-03-12,+31 20 1234567,
3,Marie Bakker,1-7-1982,0201234567,fam@devries.nl
4,Piet Bos,2-3-1970,0612345679,piet@kpn.nl
7,Piet Bos,2-3-1971,,
"""
CALLS = """id,started,tel,mail,customer
a,2024-03-01 10:00:00,+31612345679,,
b,2024-03-02 10:00:00,,Piet@KPN.nl,
c,2024-03-03 10:00:00,,,4
d,2024-03-04 10:00:00,0201234567,,
e,2024-03-05 10:00:00,0201234567,,1
f,2024-03-06 10:00:00,anonymous,,
g,2024-03-07 10:00:00,0699999998,,
h,2024-03-08 10:00:00,0699999998,,
i,2024-03-06 12:00:00,,,7
j,2024-03-20 12:00:00,,,7
"""


def loaded(folder: Path, *, customers: bool) -> Store:
    (folder / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    (folder / "calls.csv").write_text(CALLS, encoding="utf-8")
    people = DelimitedTable(
        name="crm",
        organisation="shop",
        files=("customers.csv",),
        table="customers",
        columns={"customer_id": "id", "name": "name", "birth_date": "born", "phone": "tel", "mail": "mail"},
    )
    calls = DelimitedTable(
        name="acd",
        organisation="shop",
        files=("calls.csv",),
        table="legs",
        zone="Europe/Amsterdam",
        columns={
            "contact_id": "id",
            "leg_id": "id",
            "channel": "'call'",
            "direction": "'inbound'",
            "handler": "'agent'",
            "started_at": "started",
            "answered_at": "started",
            "ended_at": "started",
            "phone": "tel",
            "mail": "mail",
            "customer_id": "customer",
        },
    )
    store = Store(folder / "store")
    load((people, calls) if customers else (calls,), store, root=folder, limits=LIMITS, key=b"simulated customers only")
    return store


@pytest.mark.parametrize("customers", [True, False], ids=["with records", "without"])
def test_contacts_are_of_the_same_persons_on_both_engines(tmp_path: Path, *, customers: bool) -> None:
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else shutil.which("java")
    if importlib.util.find_spec("pyspark") is None or java is None:
        pytest.skip("Spark is not here: it needs the extra 'spark' and Java 17")
    store = loaded(tmp_path, customers=customers)
    # a number with more contacts than one is nobody's: the second branch of the same question
    rules = PersonRules(most_contacts=1_000 if customers else 1, learn=False, limits=LIMITS)
    found, doubtful = [], []
    for name in ("duckdb", "spark"):
        engine = open_engine(name, LIMITS)
        data = build(store, engine, persons=rules)
        rows = data.engine.rows("select contact_id, person_key, previous_ms from contacts order by contact_id")
        found.append(rows.to_pylist())
        if customers:
            (told, doubt), *_ = linked_whole([REPEAT], data)
            doubtful.append((doubt, told.only()))
        engine.close()
    assert found[0] == found[1]
    if customers:
        (doubt, one), (other_doubt, other) = doubtful
        assert doubt > 0
        assert (one.n, one.clusters) == (other.n, other.clusters)
        assert (one.value, one.se, one.low, one.high, doubt) == pytest.approx(
            (other.value, other.se, other.low, other.high, other_doubt), rel=1e-12
        )
    keys = {row["contact_id"]: row["person_key"] for row in found[0]}
    assert (keys["a"] == keys["c"]) is customers
    assert (keys["g"] is None) is not customers

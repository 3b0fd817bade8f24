"""Data larger than the memory that Peil may use is loaded, built and counted: slower, but alive."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from peil.dataset import build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.sources.delimited import DelimitedTable
from peil.sources.load import load

ROWS = 700_000
CAP = 300
# What the engine's cap does not count: Python with Arrow and the libraries (110 MB before any row), DuckDB's own
# pages of code, and results on their way to numpy, a hundred and fifty measures at once. Measured: 250 to 320 MB.
ALLOWANCE = 400
EXPORT = """
copy (
  select 'c' || (i // 2) as id, 1 + i % 2 as leg, ['call', 'chat', 'mail'][1 + i // 2 % 3] as channel, 'q' || (i % 20) as queue,
    'agent' as handler, 'a' || (i % 200) as agent, 'team ' || (i % 10) as team,
    timestamp '2024-01-01' + interval (i * 31) second as started, timestamp '2024-01-01' + interval (i * 31 + 20) second as answered,
    timestamp '2024-01-01' + interval (i * 31 + 300) second as ended, 20 + i % 90 as wait, 280 as talk, i % 7 as hold, 60 as wrap,
    'reason ' || (i % 40) as reason, '+316' || (10000000 + (i // 2 * 7919) % 20000000) as phone, 'c' || (i // 2 % 90000) || '@x.nl' as mail,
    repeat(md5(i::varchar), 9) as address
  from range({rows}) as t(i)
) to '{path}' (header, delimiter ',')
"""
SCRIPT = """
import json, sys
from pathlib import Path
from peil.dataset import build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.estimates.estimate import estimate
from peil.measures.catalogue import CATALOGUE
from peil.sources.delimited import DelimitedTable, Mapped
from peil.sources.load import load

root, memory = Path(sys.argv[1]), sys.argv[2]
same = {"contact_id": "id", "leg_id": "leg", "agent_id": "agent", "started_at": "started", "answered_at": "answered", "ended_at": "ended",
        "responded_at": "answered", "resolved_at": "ended"}
plain = {each: each for each in ("channel", "queue", "handler", "team", "reason", "phone", "mail")}
times = {f"{each}_ms": Mapped(of=each, unit="s") for each in ("wait", "talk", "hold", "wrap")}
source = DelimitedTable(
    name="acd", organisation="Acme", files=("*.csv",), table="legs", zone="Europe/Amsterdam", columns={**same, **plain, **times}
)
store = Store(root / "store")

def most():
    # not ru_maxrss: that is inherited from whatever process began this one
    status = Path("/proc/self/status").read_text().split("VmHWM:")[1]
    return int(status.split()[0]) // 1024

told = {"at_first": most()}
loaded = load((source,), store, root=root, limits=Limits(memory=memory), key=b"key")
told |= {"refused": [each.says for each in loaded.refused], "load": most()}
told["rows"] = [each.tables["legs"].good + each.tables["legs"].rejected for each in loaded.new]
data = build(store, DuckEngine(Limits(memory=memory, folder=store.spill_folder)))
told["build"] = most()
asked = [each for each in CATALOGUE.values() if each.population == "contacts"]
told["contacts"] = max(int(n) for each in estimate(asked, data, by=["channel"]) for n in each.n)
told["estimate"] = most()
print(json.dumps(told))
"""


@pytest.mark.slow
def test_an_export_larger_than_the_cap_is_loaded_built_and_counted(tmp_path: Path, record_property):
    export = tmp_path / "legs.csv"
    with duckdb.connect() as con:
        con.execute(EXPORT.format(rows=ROWS, path=export))
    assert export.stat().st_size > CAP * 1_000_000
    child = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), f"{CAP}MB"], capture_output=True, text=True, check=False
    )
    assert child.returncode == 0, child.stderr
    told = json.loads(child.stdout)
    record_property("memory", told)
    assert told["refused"] == []
    assert told["rows"] == [ROWS]
    assert told["contacts"] > 0
    assert told["estimate"] < CAP + ALLOWANCE, told


@pytest.mark.slow
def test_rows_with_wide_fields_of_their_own_are_folded_under_the_cap(tmp_path: Path):
    """A field without a column is kept: 416 bytes a row here, in rows that the writer gathers before it writes them."""
    rows, limits = 500_000, Limits(memory=f"{CAP}MB", folder=tmp_path / "spill")
    with duckdb.connect() as con:
        con.execute(
            "copy (select 'c' || i as id, timestamp '2024-01-01' + interval (i) second as started, repeat(md5(i::varchar), 13) as remark "
            f"from range({rows}) as t(i)) to '{tmp_path / 'legs.csv'}' (header)"
        )
    columns = {"contact_id": "id", "leg_id": "'1'", "channel": "'call'", "started_at": "started"}
    source = DelimitedTable(
        name="acd", organisation="Acme", files=("*.csv",), table="legs", zone="UTC", columns=columns
    )
    store = Store(tmp_path / "store")
    assert not load((source,), store, root=tmp_path, limits=limits, key=b"key").refused
    engine = DuckEngine(limits)
    data = build(store, engine)
    found = engine.rows(f"select count(*) as n, count(extra) as kept from {data.tables['contacts'].name}").to_pylist()[
        0
    ]
    engine.close()
    assert found == {"n": rows, "kept": rows}

"""How well are persons found, and what does it cost beside plain Splink with the same model?

Run it with ``python benchmarks/linking.py``; it writes its tables into ``docs/explanation/persons.md``. Seconds are of
processor time, over both cores.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from page import put
from peil.engines import written
from peil.engines.door import Limits, connect
from peil.engines.handles import FIELDS, SAID, one
from peil.engines.schema import Column, Kind
from peil.persons.clusters import clusters
from peil.persons.comparisons import STANDARD
from peil.persons.linking import FLOOR, MOST_TO_LEARN, MOST_U_PAIRS, SURE, SURE_RECALL, evidence, link, threshold
from peil.persons.register import PersonRules, Register
from peil.persons.simulated import CustomerFile

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "persons.md"
BEGIN = "<!-- made by benchmarks/linking.py -->"
KEY = b"simulated customers only"
LIMITS = Limits(memory="6GB", threads=2)
JOIN_FROM = threshold(20, 1)
LEARNT_ON = (("born", "sound"), ("born", "initial"), ("given", "surname"), ("mail", "initial"), ("phone", "initial"))


@contextmanager
def timed(into: dict[str, float], name: str) -> Iterator[None]:
    begun = time.process_time()
    yield
    into[name] = round(time.process_time() - begun, 1)


def normal(said: pa.Table) -> pa.Table:
    rows = [one(each, "NL") for each in zip(*(said[name].to_pylist() for name in SAID), strict=True)]
    columns = zip(*rows, strict=True)
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(FIELDS, columns, strict=True)})


def hashed(rows: pa.Table) -> pa.Table:
    con = connect(LIMITS)
    written.prepare(con, KEY, "NL")
    con.register("rows", rows)
    packed = ", ".join(f"{each}: {each}" for each in FIELDS)
    values = [
        f"{written.link_field(Column(name=each, kind=Kind.TEXT, says='', field=each), clear=False)} as {each}"
        for each in FIELDS
    ]
    return con.sql(f"select {', '.join(values)} from (select {{{packed}}} as f from rows)").to_arrow_table()


def numbered(fields: pa.Table) -> pa.Table:
    customers = pa.array([f"{each:08}" for each in range(fields.num_rows)])
    return fields.append_column("customer_id", customers).append_column("source", pa.array(["crm"] * fields.num_rows))


def pairs_in(groups: Counter[object]) -> int:
    return sum(n * (n - 1) // 2 for n in groups.values())


def precision_and_recall(found: Sequence[object], truth: Sequence[object]) -> tuple[float, float]:
    right = pairs_in(Counter(zip(found, truth, strict=True)))
    return right / pairs_in(Counter(found)), right / pairs_in(Counter(truth))


def quality(persons: int, seed: int) -> list[list[str]]:
    """Return precision and recall over a made customer file, in clear and keyed, and of exact handles alone."""
    said, truth = CustomerFile(persons=persons, seed=seed).drawn()
    fields = normal(said)
    lines = []
    for name, rows in (("clear text", fields), ("keyed fields (the default)", hashed(fields))):
        with tempfile.TemporaryDirectory() as folder:
            made = Register(Path(folder), "shop").update(numbered(rows), PersonRules(limits=LIMITS))
        precision, recall = precision_and_recall(made.sort_by("customer_id")["person_id"].to_pylist(), truth)
        lines.append([name, f"{precision:.4f}", f"{recall:.4f}"])
    left, right = exact(fields)
    found = clusters(fields.num_rows, left, right, np.ones(len(left)))
    precision, recall = precision_and_recall(found.tolist(), truth)
    lines.append(["the same mailbox or number, and nothing else", f"{precision:.4f}", f"{recall:.4f}"])
    return lines


def exact(fields: pa.Table) -> tuple[Any, Any]:
    """Return neighbours in the list of those who have one mailbox, and of those who have one number."""
    ends: list[tuple[int, int]] = []
    for each in ("mail", "phone"):
        first: dict[str, int] = {}
        for place, value in enumerate(fields[each].to_pylist()):
            if value:
                ends.append((first.setdefault(value, place), place))
    return np.array([one for one, _ in ends]), np.array([two for _, two in ends])


def plain(path: Path) -> dict[str, float]:
    """Splink by itself: what anybody would write, with the same comparisons, rules, training and threshold."""
    from splink import DuckDBAPI, Linker

    logging.getLogger("splink").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    took: dict[str, float] = {}
    rows = evidence(pq.read_table(path), limits=LIMITS)
    con = connect(LIMITS)
    con.register("given", rows)
    with timed(took, "learn"):
        con.execute("create table everything as select row_number() over () - 1 as record, * from given")
        settings = STANDARD.settings()
        usable = [each for each in settings["blocking_rules_to_generate_predictions"] if each not in left_out(path)]
        settings["blocking_rules_to_generate_predictions"] = usable
        linker = Linker(DuckDBAPI(connection=con).register("everything"), settings, log_level=None)
        linker.training.estimate_u_using_random_sampling(max_pairs=MOST_U_PAIRS, seed=1)
        sure = [" and ".join(f"l.{each} = r.{each}" for each in rule) for rule in SURE if "account" not in rule]
        linker.training.estimate_probability_two_random_records_match(sure, recall=SURE_RECALL)
        for rule in LEARNT_ON:
            linker.training.estimate_parameters_using_expectation_maximisation(
                " and ".join(f"l.{each} = r.{each}" for each in rule)
            )
    with timed(took, "compare"):
        made = linker.inference.predict(threshold_match_probability=FLOOR)
    with timed(took, "cluster"):
        found = linker.clustering.cluster_pairwise_predictions_at_threshold(made, threshold_match_probability=JOIN_FROM)
        con.sql(f"select count(distinct cluster_id) from {found.physical_name}").fetchall()
    return took | {"memory_mb": memory()}


def left_out(path: Path) -> list[str]:
    """Return the blocking rules that Peil leaves out of this file, so that both look at the same pairs."""
    told = path.with_suffix(".json")
    return json.loads(told.read_text(encoding="utf-8")) if told.is_file() else []


def peil(path: Path) -> dict[str, float]:
    """Peil: the same, with shared lines set aside, vetoes, clusters that heed them, and names that stay."""
    took: dict[str, float] = {}
    rows = pq.read_table(path)
    with timed(took, "learn and compare"):
        found = link(rows, STANDARD, limits=LIMITS)
    rules = [" and ".join(f'l."{each}" = r."{each}"' for each in rule) for rule in found.left_out]
    path.with_suffix(".json").write_text(json.dumps(rules), encoding="utf-8")
    with timed(took, "cluster"):
        vetoed = np.asarray(pc.not_equal(found.pairs["veto"], ""))
        left, right, weight, likely = (
            np.asarray(found.pairs[each]) for each in ("left", "right", "weight", "probability")
        )
        ok = (likely >= JOIN_FROM) & ~vetoed
        apart = set(zip(left[vetoed].tolist(), right[vetoed].tolist(), strict=True))
        clusters(rows.num_rows, left[ok], right[ok], weight[ok], apart=apart)
    return took | {"memory_mb": memory(), "pairs": found.pairs.num_rows, "rules_left_out": len(found.left_out)}


def register(path: Path) -> dict[str, float]:
    """The whole register: linking, identifiers, files; then one record in a hundred that is new."""
    took: dict[str, float] = {}
    rows = numbered(pq.read_table(path))
    most = int(rows.num_rows * 0.99)
    rules = PersonRules(limits=LIMITS)
    with tempfile.TemporaryDirectory() as folder:
        made = Register(Path(folder), "shop")
        with timed(took, "all at once"):
            made.update(rows.slice(0, most), rules)
        with timed(took, "one in a hundred new"):
            made.update(rows, rules)
    return took | {"memory_mb": memory()}


def memory() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def apart(what: str, path: Path) -> dict[str, float]:
    """Run one contestant in a process of its own, so that memory is its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--only", what, "--file", str(path)], capture_output=True, text=True, check=True
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def speed(records: int) -> list[str]:
    took: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.parquet"
        with timed(took, "draw"):
            said, _ = CustomerFile(persons=int(records / 1.8), seed=9).drawn()
        with timed(took, "normalise"):
            fields = normal(said)
        pq.write_table(fields, path)
        n = fields.num_rows
        del said, fields
        ours, theirs, whole = apart("peil", path), apart("plain", path), apart("register", path)
    lines = ["| | plain Splink | Peil |", "|---|---:|---:|"]
    learn = ours["learn and compare"]
    lines += [
        f"| learn and compare (s) | {theirs['learn'] + theirs['compare']:.1f} | {learn:.1f} |",
        f"| join into persons (s) | {theirs['cluster']:.1f} | {ours['cluster']:.1f} |",
        f"| together (s) | {theirs['learn'] + theirs['compare'] + theirs['cluster']:.1f} | {learn + ours['cluster']:.1f} |",
        f"| most memory (MB) | {theirs['memory_mb']:.0f} | {ours['memory_mb']:.0f} |",
    ]
    said = [
        f"{n:,} records; {ours['pairs']:,} pairs kept; {ours['rules_left_out']:.0f} of {len(STANDARD.blocking)} blocking rules",
        f"look at too many pairs and are left out of both. Splink learns from all records, Peil from at most {MOST_TO_LEARN:,};",
        "only Peil finds shared lines and households in the time told. Writing every field one way takes",
        f"{took['normalise']:.1f} s more, at the door. The whole register, with identifiers and files: {whole['all at once']:.1f} s",
        f"for 99% of the records, then {whole['one in a hundred new']:.1f} s to join the other 1%; {whole['memory_mb']:.0f} MB.",
    ]
    return [*lines, "", *said]


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--persons", type=int, default=100_000, help="persons over which quality is measured")
    asked.add_argument("--records", type=int, default=1_000_000, help="records over which speed is measured")
    asked.add_argument("--only", choices=["plain", "peil", "register"])
    asked.add_argument("--file", type=Path)
    asked.add_argument("--part", choices=["quality", "speed"], help="print only this half")
    asked.add_argument("--dry", action="store_true", help="print, and write nothing")
    told = asked.parse_args()
    if told.only:
        print(json.dumps({"plain": plain, "peil": peil, "register": register}[told.only](told.file)))
        return
    lines = []
    if told.part != "speed":
        lines = [f"{told.persons:,} simulated persons:", "", "| linked on | precision | recall |", "|---|---:|---:|"]
        lines += [f"| {' | '.join(each)} |" for each in quality(told.persons, 7)]
        print("\n".join(lines), flush=True)
    if told.part != "quality":
        costs = speed(told.records)
        print("\n".join(costs))
        lines += ["", *costs]
    if not (told.dry or told.part):
        put(PAGE, BEGIN, lines)


if __name__ == "__main__":
    main()

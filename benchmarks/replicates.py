"""Replicates: 20 variables in 50 domains with standard errors from a jackknife and from 500 bootstrap replicates, in Peil and svy.

``python benchmarks/replicates.py --rows 100000 1000000`` asks the respondents of ``survey_statistics.py``. svy keeps a
weight for each row and replicate, so its jackknife of 2,000 clusters is asked of 20,000 rows, and beyond 100,000 rows it
is left out. No time is shown before the jackknives were found equal to nine digits, and the bootstraps' standard errors
equal but for chance.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Callable
from pathlib import Path

from measured import Clock, Cost, measured
from survey_statistics import MEANS, POINTS, SCORES, Answer, drawn, frame, same

REPLICATES = 500
JACKKNIFED = 20_000
BOOTSTRAPPED = 100_000
# Each standard error of 500 replicates is uncertain by 3 %: over a thousand, their mean ratio is not.
NEAR, SCATTER = 0.01, 0.06
NAMES = {
    "peil_jkn": "Peil, stratified jackknife, 2,000 replicates",
    "peil_boot": f"Peil, bootstrap, {REPLICATES} replicates",
    "peil_raked": f"Peil, bootstrap, {REPLICATES} replicates, each raked again to 50 domains and 4 x 3 levels",
    "svy_jkn": "svy, stratified jackknife, 2,000 replicates",
    "svy_boot": f"svy, bootstrap, {REPLICATES} replicates",
}


def by_peil(rows: int, kind: str, clock: Clock, *, raked: bool = False) -> Answer:
    import polars as pl

    from peil.estimates.sample import sample
    from peil.estimates.variables import NPS

    data = pl.read_parquet(drawn(rows))
    if raked:
        data = data.with_columns((pl.col("score_0") % 4).alias("age"), (pl.col("score_1") % 3).alias("size"))
    recoded = [NPS.format(v=each) for each in SCORES]
    first = sample(data.head(5_000), weight="weight", stratum="stratum", cluster="cluster", singleton="certainty")
    first.replicated(kind=kind, n=10).mean("mean_0", by="domain")
    with clock.part("answer"):
        respondents = sample(data, weight="weight", stratum="stratum", cluster="cluster")
        if raked:
            even = {
                name: {str(level): 1 / n for level in range(n)} for name, n in (("domain", 50), ("age", 4), ("size", 3))
            }
            respondents = respondents.rake(even)
        found = respondents.replicated(kind=kind, n=REPLICATES).mean([*recoded, *MEANS], by="domain")
    return {"value": [float(each) for each in found.value], "se": [float(each) for each in found.se]}


def by_svy(rows: int, kind: str, clock: Clock) -> Answer:
    import svy

    data = frame(rows)
    with clock.part("answer"):
        respondents = svy.Sample(data, svy.Design(stratum="stratum", psu="cluster", wgt="weight"))
        if kind == "jkn":
            respondents = respondents.weighting.create_jk_wgts()
        else:
            respondents = respondents.weighting.create_bs_wgts(REPLICATES, rstate=1)
        found = respondents.estimation.mean([*POINTS, *MEANS], by="domain", method="replication")
    answer: Answer = {"value": [], "se": []}
    for one in found:
        for each in sorted(one.estimates, key=lambda cell: int(cell.by_level[0])):
            answer["value"].append(float(each.est))
            answer["se"].append(float(each.se))
    return answer


CASES: dict[str, Callable[[int, Clock], Answer]] = {
    "peil_jkn": lambda rows, clock: by_peil(rows, "jkn", clock),
    "peil_boot": lambda rows, clock: by_peil(rows, "bootstrap", clock),
    "peil_raked": lambda rows, clock: by_peil(rows, "bootstrap", clock, raked=True),
    "svy_jkn": lambda rows, clock: by_svy(rows, "jkn", clock),
    "svy_boot": lambda rows, clock: by_svy(rows, "bootstrap", clock),
}


def compared(rows: int) -> dict[str, Cost]:
    """Return what each case took, once the answers that can be compared were found equal.

    Raises:
        RuntimeError: svy and Peil differ.
    """
    drawn(rows)
    cases = ["peil_jkn", "peil_boot", "peil_raked"]
    cases += ["svy_jkn"] if rows <= JACKKNIFED else []
    cases += ["svy_boot"] if rows <= BOOTSTRAPPED else []
    costs: dict[str, Cost] = {}
    answers: dict[str, Answer] = {}
    with tempfile.TemporaryDirectory() as folder:
        for each in cases:
            path = Path(folder) / each
            costs[each] = measured(__file__, rows, each, path)
            answers[each] = json.loads(path.read_text(encoding="utf-8"))
    if "svy_jkn" in answers and not same(answers["peil_jkn"], answers["svy_jkn"]):
        raise RuntimeError(f"svy's jackknife and Peil's differ for {rows:,} rows")
    if "svy_boot" in answers:
        alike(answers["peil_boot"], answers["svy_boot"])
    alike(answers["peil_boot"], answers["peil_jkn"])
    return costs


def alike(one: Answer, other: Answer) -> None:
    """Refuse standard errors that differ by more than chance.

    Raises:
        RuntimeError: they do.
    """
    logs = [math.log(a / b) for a, b in zip(one["se"], other["se"], strict=True)]
    mean = sum(logs) / len(logs)
    scatter = math.sqrt(sum((each - mean) ** 2 for each in logs) / len(logs))
    if abs(mean) > NEAR or scatter > SCATTER:
        raise RuntimeError(f"bootstraps differ: by {100 * mean:.1f} % on the whole and {100 * scatter:.1f} % each")


def report(sizes: list[int]) -> str:
    """Return the part of the page of results."""
    lines = [
        "## Replicates\n",
        "50 strata, 2,000 clusters, unequal weights; 20 variables (ten of them net promoter points) in 50 domains. Peil has no",
        "weights of rows and replicates; making the design, checking it and the query are in every time.\n",
        "| respondents | | wall s | processor s | peak MB |",
        "|--:|---|--:|--:|--:|",
    ]
    for rows in sizes:
        for case, cost in compared(rows).items():
            lines.append(f"| {rows:,} | {NAMES[case]} | {cost} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[20_000, 100_000, 1_000_000])
    parser.add_argument("--case", nargs=3, metavar=("ROWS", "CASE", "ANSWER"))
    asked = parser.parse_args()
    if asked.case:
        rows, name, answer = int(asked.case[0]), asked.case[1], Path(asked.case[2])
        clock = Clock()
        found = CASES[name](rows, clock)
        answer.write_text(json.dumps(found), encoding="utf-8")
        clock.tell()
    else:
        print(report(asked.rows))


if __name__ == "__main__":
    main()

"""Survey statistics: many variables by domain with the standard errors of a design, in Peil, svy and R's survey.

``python benchmarks/survey_statistics.py --rows 100000 1000000`` draws respondents in 50 strata and 2,000 clusters, asks
every peer for 20 variables (ten scores recoded to net promoter points, ten means) in 50 domains, and prints a table. No
time is shown before the values and standard errors were found equal. R takes part where ``Rscript`` and its package
``survey`` are there. Each peer has its rows in memory before the clock starts, as it likes them best.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from measured import Clock, Cost, measured

STRATA, CLUSTERS, DOMAINS, EACH = 50, 2_000, 50, 10
SCORES = [f"score_{each}" for each in range(EACH)]
MEANS = [f"mean_{each}" for each in range(EACH)]
POINTS = [f"points_{each}" for each in range(EACH)]
PROMOTER, DETRACTOR = 9, 6
NAMES = {
    "peil": "Peil",
    "full": "Peil, with design effects and intervals of scores for few rows",
    "svy": "svy",
    "r": "R survey",
}
# the sums of a million doubles in another order
DIGITS = 1e-9
Answer = dict[str, list[float]]


def drawn(rows: int) -> Path:
    """Return the file of the respondents, drawn once."""
    import numpy as np
    import polars as pl

    path = Path(tempfile.gettempdir()) / f"peil-survey-{rows}.parquet"
    if not path.exists():
        rng = np.random.default_rng(20)
        cluster = rng.integers(0, CLUSTERS, rows)
        columns = {
            "stratum": cluster // (CLUSTERS // STRATA),
            "cluster": cluster,
            "domain": rng.integers(0, DOMAINS, rows),
            "weight": rng.uniform(0.5, 3.0, rows),
        }
        shift = rng.normal(0, 1, CLUSTERS)[cluster]
        for name in SCORES:
            columns[name] = np.clip(np.rint(7.5 + shift + rng.normal(0, 2, rows)), 0, 10).astype(np.int64)
        columns |= {name: 5 + shift + rng.normal(0, 2, rows) for name in MEANS}
        made = path.with_suffix(".part")
        pl.DataFrame(columns).write_parquet(made)
        made.rename(path)
    return path


def frame(rows: int) -> object:
    """Return the respondents, scores recoded too: a peer without net promoter scores takes the mean of the points."""
    import polars as pl

    points = [
        pl.when(pl.col(a) >= PROMOTER).then(100.0).when(pl.col(a) <= DETRACTOR).then(-100.0).otherwise(0.0).alias(b)
        for a, b in zip(SCORES, POINTS, strict=True)
    ]
    return pl.read_parquet(drawn(rows)).with_columns(points)


def by_peil(rows: int, clock: Clock, *, full: bool = False) -> Answer:
    import polars as pl

    from peil.estimates.sample import sample
    from peil.estimates.variables import NPS

    data = pl.read_parquet(drawn(rows))
    # what is done once in a process: imports, the first query
    first = sample(data.head(5_000), weight="weight", stratum="stratum", cluster="cluster", singleton="certainty")
    first.mean("mean_0", by="domain")
    with clock.part("answer"):
        respondents = sample(data, weight="weight", stratum="stratum", cluster="cluster")
        if full:
            found = [respondents.nps(SCORES, by="domain"), respondents.mean(MEANS, by="domain")]
        else:
            recoded = [NPS.format(v=each) for each in SCORES]
            found = [respondents.mean([*recoded, *MEANS], by="domain", deff=False)]
    return {
        "value": [float(each) for one in found for each in one.value],
        "se": [float(each) for one in found for each in one.se],
    }


def by_svy(rows: int, clock: Clock) -> Answer:
    import svy

    data = frame(rows)
    with clock.part("answer"):
        respondents = svy.Sample(data, svy.Design(stratum="stratum", psu="cluster", wgt="weight"))
        found = respondents.estimation.mean([*POINTS, *MEANS], by="domain")
    answer: Answer = {"value": [], "se": []}
    for one in found:
        for each in sorted(one.estimates, key=lambda cell: int(cell.by_level[0])):
            answer["value"].append(float(each.est))
            answer["se"].append(float(each.se))
    return answer


R_PROGRAM = """
suppressMessages(library(survey))
given <- commandArgs(trailingOnly = TRUE)
d <- read.csv(given[1], colClasses = "numeric")
for (i in 0:9) d[[paste0("points_", i)]] <- ifelse(d[[paste0("score_", i)]] >= 9, 100, ifelse(d[[paste0("score_", i)]] <= 6, -100, 0))
took <- system.time({
  x <- svydesign(id = ~cluster, strata = ~stratum, weights = ~weight, data = d)
  f <- svyby(as.formula(paste("~", paste(c(paste0("points_", 0:9), paste0("mean_", 0:9)), collapse = "+"))), ~domain, x, svymean)
})
f <- f[order(f$domain), ]
names <- c(paste0("points_", 0:9), paste0("mean_", 0:9))
write.table(format(c(as.matrix(f[names])), digits = 17), paste0(given[2], ".value"), quote = FALSE, row.names = FALSE, col.names = FALSE)
write.table(format(c(as.matrix(SE(f))), digits = 17), paste0(given[2], ".se"), quote = FALSE, row.names = FALSE, col.names = FALSE)
peak <- grep("VmHWM", readLines("/proc/self/status"), value = TRUE)
cat(took[["elapsed"]], took[["user.self"]] + took[["sys.self"]], gsub("[^0-9]", "", peak), "\\n")
"""


def by_r(rows: int) -> tuple[Answer, Cost] | None:
    """Return what R's survey says and took; None where it is not there."""
    import polars as pl

    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        program, table, answer = (Path(folder) / each for each in ("p.R", "d.csv", "answer"))
        program.write_text(R_PROGRAM, encoding="utf-8")
        pl.read_parquet(drawn(rows)).write_csv(table)
        done = subprocess.run(["Rscript", program, table, answer], capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stderr[-500:], file=sys.stderr)
            return None
        wall, cpu, peak = done.stdout.split()[-3:]
        said = {
            each: [float(line) for line in answer.with_suffix(f".{each}").read_text(encoding="utf-8").split()]
            for each in ("value", "se")
        }
    parts = {"answer": (float(wall), float(cpu))}
    return said, Cost(wall=float(wall), cpu=float(cpu), rss_mb=int(peak) // 1024, parts=parts)


CASES: dict[str, Callable[[int, Clock], Answer]] = {
    "peil": by_peil,
    "full": lambda rows, clock: by_peil(rows, clock, full=True),
    "svy": by_svy,
}


def case(rows: int, peer: str, answer: Path) -> None:
    """Answer as one peer in this process, and tell what it took over the rows in memory."""
    clock = Clock()
    found = CASES[peer](rows, clock)
    answer.write_text(json.dumps(found), encoding="utf-8")
    clock.tell()


def idle(rows: int) -> None:
    """Hold the rows and ask nothing: what is in memory before the question."""
    import polars as pl

    from peil.estimates.sample import sample

    clock = Clock()
    data = pl.read_parquet(drawn(rows))
    sample(data.head(5_000), weight="weight", stratum="stratum", cluster="cluster", singleton="certainty").mean(
        "mean_0"
    )
    with clock.part("nothing"):
        del data
    clock.tell()


def same(one: Answer, other: Answer) -> bool:
    """Whether all values and standard errors agree to nine digits."""
    return all(
        len(one[each]) == len(other[each])
        and all(math.isclose(a, b, rel_tol=DIGITS, abs_tol=1e-9) for a, b in zip(one[each], other[each], strict=True))
        for each in ("value", "se")
    )


def compared(rows: int) -> dict[str, Cost]:
    """Return what each peer took, once all answers were found equal.

    Raises:
        RuntimeError: a peer says something else.
    """
    drawn(rows)
    costs: dict[str, Cost] = {"idle": measured(__file__, rows, "idle", "-")}
    answers: dict[str, Answer] = {}
    with tempfile.TemporaryDirectory() as folder:
        for peer in CASES:
            path = Path(folder) / peer
            costs[peer] = measured(__file__, rows, peer, path)
            answers[peer] = json.loads(path.read_text(encoding="utf-8"))
    by = by_r(rows)
    if by:
        answers["r"], costs["r"] = by
    for peer, answer in answers.items():
        if not same(answers["peil"], answer):
            raise RuntimeError(f"{peer} and Peil differ for {rows:,} rows")
    return costs


def table(rows: int, costs: dict[str, Cost]) -> list[str]:
    """Return the lines of one size."""
    idle_mb = costs["idle"].rss_mb
    lines = [
        f"### {rows:,} respondents, {2 * EACH} variables, {DOMAINS} domains\n",
        "| | wall s | processor s | peak MB | beyond the rows, MB | wall, times Peil's | processor, times Peil's |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for peer, name in NAMES.items():
        if peer not in costs:
            continue
        cost, peil = costs[peer], costs["peil"]
        beyond = f"{max(cost.rss_mb - idle_mb, 0):,}" if peer in {"peil", "full"} else ""
        times = f"{cost.wall / peil.wall:.1f} | {cost.cpu / peil.cpu:.1f}"
        lines.append(f"| {name} | {cost.wall:.2f} | {cost.cpu:.2f} | {cost.rss_mb:,} | {beyond} | {times} |")
    return [*lines, ""]


def report(sizes: list[int]) -> str:
    """Return the part of the page of results."""
    lines = [
        "## Survey statistics\n",
        f"{STRATA} strata, {CLUSTERS:,} clusters, unequal weights; {EACH} net promoter scores and {EACH} means with Taylor-linearised",
        "standard errors; values and standard errors of all peers equal to nine digits. Peil sums on one core, so that the same rows",
        "give the same digits; making the design and checking it is in every time.\n",
    ]
    for rows in sizes:
        lines += table(rows, compared(rows))
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--case", nargs=3, metavar=("ROWS", "PEER", "ANSWER"))
    asked = parser.parse_args()
    if asked.case:
        rows, peer, answer = int(asked.case[0]), asked.case[1], Path(asked.case[2])
        idle(rows) if peer == "idle" else case(rows, peer, answer)
    else:
        print(report(asked.rows))


if __name__ == "__main__":
    main()

"""A mixed model of 600,000 weeks of agents: Peil from one grouped query, beside lme4 and statsmodels on the same rows.

Run it with ``python benchmarks/mixed.py``; it writes its table into ``docs/explanation/home-working-study.md``. lme4 is
measured where ``Rscript`` with lme4 is on the path, and said to be absent elsewhere.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from measured import Clock, measured
from page import printed, put
from peil.engines.duck import DuckEngine
from peil.estimates.drawn import table_of
from peil.estimates.mixed import MixedEstimate, mixed

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "home-working-study.md"
BEGIN, END = "<!-- made by benchmarks/mixed.py -->", "<!-- end of mixed -->"
AGENTS, WEEKS, TEAMS = 10_000, 60, 500
# statsmodels stops some digits earlier in its variances
SAME, SAME_SPREADS, TIMES = 1e-5, 5e-4, 2.0
HALF = 0.5
FULL, PLAIN = "team, agent and slope", "agent alone"
R = """
suppressMessages(library(lme4)); d <- read.csv("{folder}/rows.csv")
took <- system.time(m <- lmer({formula}, d))
v <- as.data.frame(VarCorr(m)); f <- summary(m)$coefficients
cat("\\n", took[["elapsed"]], took[["user.self"]] + took[["sys.self"]], format(f["home", 1], digits=12), format(f["home", 2], digits=12),
    format(sigma(m), digits=12), paste(v$grp, ifelse(is.na(v$var1), "", v$var1), v$var2, format(v$sdcor, digits=9), sep=":", collapse=";"))
"""
FORMULAS = {FULL: "y ~ home + (1 | team) + (1 + home | agent)", PLAIN: "y ~ home + (1 | agent)"}


def made(folder: Path) -> None:
    """Write rows with a team, an agent, and an effect of home that varies by agent: 0.232, of which 0.3 is the spread."""
    rng = np.random.default_rng(5)
    agent, week = np.repeat(np.arange(AGENTS), WEEKS), np.tile(np.arange(WEEKS), AGENTS)
    team = np.arange(AGENTS) % TEAMS
    home = ((rng.random(AGENTS) < HALF)[agent] & (week >= WEEKS // 2)).astype(np.int64)
    y = rng.normal(0, 0.5, TEAMS)[team][agent] + rng.normal(0, 0.6, AGENTS)[agent]
    y = y + (0.232 + rng.normal(0, 0.3, AGENTS))[agent] * home + rng.normal(0, 1, len(agent))
    table = pa.table({"agent": agent, "team": team[agent], "home": home, "y": y})
    pq.write_table(table, folder / "rows.parquet")
    csv.write_csv(table, folder / "rows.csv")


def case(name: str, folder: Path) -> None:
    """Run one case and leave what it found beside the rows."""
    clock = Clock()
    library, model = name.split("/")
    if library == "Peil":
        engine = DuckEngine()
        table = table_of(engine, folder / "rows.parquet")
        with clock.part("fit"):
            found = fitted(engine, table, model)
        told = [float(found.model.beta[1]), float(found.model.se[1]), float(np.sqrt(found.model.residual))]
        spreads = [float(np.sqrt(found.model.team)), *np.sqrt(np.diag(found.model.agents)).tolist()]
    else:
        import statsmodels.formula.api as smf

        rows = pq.read_table(folder / "rows.parquet").to_pandas()
        with clock.part("fit"):
            other = smf.mixedlm("y ~ home", rows, groups=rows["agent"]).fit(reml=True)
        told = [float(other.params["home"]), float(other.bse["home"]), float(np.sqrt(other.scale))]
        spreads = [0.0, float(np.sqrt(other.cov_re.iloc[0, 0]))]
    (folder / f"{library}-{model}.json").write_text(json.dumps([*told, *spreads]), encoding="utf-8")
    clock.tell()


def fitted(engine: DuckEngine, table: object, model: str) -> MixedEstimate:
    full = model == FULL
    return mixed(
        engine, table, y="y", x=["home"], agent="agent", team="team" if full else None, varying=["home"] if full else []
    )  # type: ignore[arg-type]  # a table of the engine


def lme4(folder: Path, model: str) -> tuple[float, float, list[float]] | None:
    """Return wall and processor seconds and the figures of lme4; None where it is not there."""
    program = shutil.which("Rscript")
    if program is None:
        return None
    code = R.format(folder=folder, formula=FORMULAS[model])
    done = subprocess.run([program, "-e", code], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    wall, cpu, value, error, sigma, parts = done.stdout.strip().splitlines()[-1].split(maxsplit=5)
    spread = {each.rsplit(":", 1)[0]: float(each.rsplit(":", 1)[1]) for each in parts.split(";")}
    spreads = [spread.get("team:(Intercept):NA", 0.0), spread["agent:(Intercept):NA"]]
    spreads += [spread["agent:home:NA"]] if model == FULL else []
    return float(wall), float(cpu), [float(value), float(error), float(sigma), *spreads]


def tables(folder: Path) -> Iterator[str]:
    """Yield the lines of the page; stops where the same model gives other figures."""
    made(folder)
    yield f"{AGENTS * WEEKS:,} weeks of {AGENTS:,} agents in {TEAMS} teams, seconds of the fit alone, reading and query of Peil included:"
    yield ""
    yield "| model | library | wall | processor | effect of home | error | spread of teams, agents, effects | rest |"
    yield "|---|---|--:|--:|--:|--:|---|--:|"
    for model in (FULL, PLAIN):
        found: dict[str, tuple[float, float, list[float]]] = {}
        for library in ("Peil", "statsmodels")[: 1 if model == FULL else 2]:
            cost = measured(__file__, f"{library}/{model}", folder)
            figures = json.loads((folder / f"{library}-{model}.json").read_text(encoding="utf-8"))
            found[library] = (cost.wall, cost.cpu, figures)
        theirs = lme4(folder, model)
        if theirs:
            found["lme4"] = theirs
        own = found["Peil"]
        for library, (wall, cpu, figures) in found.items():
            spreads = ", ".join(f"{each:.5f}" for each in figures[3:] if each)
            yield (
                f"| {model} | {library} | {wall:.2f} | {cpu:.2f} | {figures[0]:.6f} | {figures[1]:.6f} | {spreads} | "
                f"{figures[2]:.5f} |"
            )
            for place, (mine, other) in enumerate(zip(own[2], figures, strict=True)):
                most = SAME_SPREADS if place > 1 else SAME
                if abs(mine - other) > most * max(abs(mine), 1e-9):
                    raise SystemExit(f"{library} gives another figure: {other} and not {mine}")
            if library != "Peil" and cpu < TIMES * own[1]:
                print(f"slower than aimed at: {library} {cpu:.2f}, Peil {own[1]:.2f}", file=sys.stderr)
    if theirs is None:
        yield ""
        yield "lme4 is not on this machine."


def main() -> None:
    """Measure, and write the page."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--case", nargs=2, metavar=("NAME", "FOLDER"))
    asked.add_argument("--no-page", action="store_true", help="only print")
    given = asked.parse_args()
    if given.case:
        case(given.case[0], Path(given.case[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        lines = printed(tables(Path(folder)))
    if not given.no_page:
        put(PAGE, BEGIN, lines, END)


if __name__ == "__main__":
    main()

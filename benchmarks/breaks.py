"""How often the break tests find a break that is not there, how often one that is, and what they cost.

Run it with ``python benchmarks/breaks.py``; it writes its tables into ``docs/explanation/trend-breaks.md``.
``--speed`` measures the costs only, and writes nothing; ``--ends`` writes the table on the last rows only.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import ruptures

from page import put
from peil.methods.autocorrelation import known_dates, unknown_dates
from peil.methods.breakpoints import many_partitions
from peil.methods.end_of_sample import end_of_sample
from peil.methods.moments import Floats

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "trend-breaks.md"
BEGIN, END = "<!-- {} begins -->", "<!-- {} ends -->"
SEED = 20_200_316
DRAWS = 10_000
RHOS = (0.0, 0.3, 0.6, 0.8, 0.9)
LENGTHS = {60: 12, 156: 52, 300: 52}  # months or weeks, and how many make a year
KINDS = (
    "AR(1)",
    "AR(2), second +0.25",
    "AR(2), second −0.25",
    "shares",
    "volumes",
    "shares of few contacts",
    "volumes of few contacts",
    "fat tails",
)
ENDS = ((60, 2, 12), (60, 3, 12), (104, 6, 52), (156, 10, 52))  # periods before, after, and how many make a year
CONTACTS = {"shares": 2_000, "shares of few contacts": 500}  # behind each share
VOLUMES = {"volumes": 3_000, "volumes of few contacts": 400}  # contacts a period
LEVEL = 0.05
SETTLING = 100  # rows before a series that forget how it began
SAMPLE = 20  # series for the slow peer
EQUAL = 1e-9


def beside(name: str) -> ModuleType:
    """Return another program of this folder."""
    found = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    if found is None or found.loader is None:
        raise FileNotFoundError(name)
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    found.loader.exec_module(module)
    return module


autoregression: Callable[[np.random.Generator, int, int, float, float], Floats] = beside("break_tables").autoregression


def regressors(n: int, year: int) -> Floats:
    """Return the constant, a trend and two waves of the year."""
    t = np.arange(n)
    waves = [wave(2 * np.pi * j * t / year) for j in (1, 2) for wave in (np.cos, np.sin)]
    return np.column_stack([np.ones(n), t, *waves])


def fat(rng: np.random.Generator, many: int, n: int, rho: float) -> Floats:
    """Return AR(1) series of variance 1 whose innovations have Student's t with 5 degrees of freedom."""
    shocks = rng.standard_t(5, size=(n + SETTLING, many)) * np.sqrt(3 / 5 * (1 - rho**2))
    for t in range(1, n + SETTLING):
        shocks[t] += rho * shocks[t - 1]
    return np.ascontiguousarray(shocks[SETTLING:].T)


def world(kind: str, rng: np.random.Generator, many: int, n: int, rho: float, step: float = 0.0) -> Floats:
    """Return series (many, n) with autocorrelation ``rho``, a trend, a season, and a step in standard deviations half way.

    Shares are binomial around log odds that vary, volumes Poisson around a log that varies and with more spread than
    Poisson's besides; both come as log odds and logs.
    """
    second = {"AR(2), second +0.25": 0.25, "AR(2), second −0.25": -0.25}.get(kind, 0.0)
    z = fat(rng, many, n, rho) if kind == "fat tails" else autoregression(rng, many, n, rho, second)
    z = z + step * (np.arange(n) >= n // 2)
    year = LENGTHS.get(n, 52)
    path = 0.3 * np.arange(n) / n + 0.2 * np.sin(2 * np.pi * np.arange(n) / year)
    if kind in CONTACTS:
        contacts = CONTACTS[kind]
        yes = rng.binomial(contacts, 1 / (1 + np.exp(0.4 - path - 0.25 * z)))
        return np.asarray(np.log((yes + 0.5) / (contacts - yes + 0.5)))
    if kind in VOLUMES:
        contacts = VOLUMES[kind]
        # Half as much variance again as Poisson's.
        mean = contacts * np.exp(path + 0.15 * z) * rng.gamma(2 * contacts, 0.5 / contacts, z.shape)
        return np.asarray(np.log(rng.poisson(mean) + 0.5))
    return np.asarray(path + 0.2 * z)


def found(kind: str, n: int, rho: float, *, step: float = 0.0, known: bool, draws: int = DRAWS) -> float:
    """Return the share of series in which a step is found at the level of 5 %."""
    rng = np.random.default_rng([SEED, n, round(100 * rho), round(10 * step), KINDS.index(kind)])
    y, x = world(kind, rng, draws, n, rho, step), regressors(n, LENGTHS[n])
    steps = known_dates(y, n // 2, x) if known else unknown_dates(y, x)
    return float((steps.p < LEVEL).mean())


def sizes(*, known: bool, draws: int = DRAWS) -> str:
    """Return the table of series without a step in which one is found."""
    lines = ["| series | n | " + " | ".join(f"{rho:g}" for rho in RHOS) + " |", "|---|--:|" + "--:|" * len(RHOS)]
    for kind in KINDS:
        for n in LENGTHS:
            cells = [f"{100 * found(kind, n, rho, known=known, draws=draws):.1f}" for rho in RHOS]
            lines.append(f"| {kind} | {n} | {' | '.join(cells)} |")
    return "\n".join(lines)


def powers(*, known: bool, draws: int = DRAWS // 4) -> str:
    """Return the table of series with a step in which it is found."""
    lines = ["| step, SD | n | " + " | ".join(f"{rho:g}" for rho in RHOS) + " |", "|---|--:|" + "--:|" * len(RHOS)]
    for step in (1.0, 2.0, 3.0):
        for n in LENGTHS:
            cells = [f"{100 * found('AR(1)', n, rho, step=step, known=known, draws=draws):.0f}" for rho in RHOS]
            lines.append(f"| {step:g} | {n} | {' | '.join(cells)} |")
    return "\n".join(lines)


def ends(draws: int = 400) -> str:
    """Return how often the last rows are called odd, without a change and with a step of three standard deviations."""
    told = ["| periods before | after | step | " + " | ".join(f"{rho:.1f}" for rho in RHOS) + " |"]
    told.append("|--:|--:|--:|" + "--:|" * len(RHOS))
    for n, last, year in ENDS:
        rows = n + last
        x = regressors(rows, year)
        for step in (0, 3):
            shares = []
            for rho in RHOS:
                rng = np.random.default_rng([SEED, n, last, round(100 * rho)])
                y = autoregression(rng, draws, rows, rho, 0.0) + step * (np.arange(rows) >= n)
                shares.append(float(np.mean([end_of_sample(each, n, x).p <= LEVEL for each in y])))
            told.append(f"| {n} | {last} | {step} | " + " | ".join(f"{100 * each:.1f}" for each in shares) + " |")
    return "\n".join(told)


def spent(do: Callable[[], object]) -> float:
    """Return the processor seconds that a call takes."""
    began = time.process_time()
    do()
    return time.process_time() - began


def compiled(module: str, function: str) -> float:
    """Return the processor seconds of a first call where nothing was compiled before."""
    program = (
        f"import time, numpy as np, numba\nfrom peil.methods.{module} import {function} as call\n"
        "y = np.random.default_rng(0).normal(size=(2, 100))\nbegan = time.process_time()\ncall(y)\n"
        "print(time.process_time() - began)"
    )
    with tempfile.TemporaryDirectory() as empty:
        told = subprocess.run(
            [sys.executable, "-P", "-c", program],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "NUMBA_CACHE_DIR": empty},
        )
    return float(told.stdout)


def speed(many: int = 10_000) -> str:
    """Return what many series cost, after equal answers are made sure of."""
    rng = np.random.default_rng(SEED)
    steps = np.cumsum(rng.normal(size=(many, 300)) * (rng.random((many, 300)) < 3 / 300) * 2, axis=1)
    y = steps + rng.normal(size=(many, 300))
    h = 30
    compiling = compiled("breakpoints", "many_partitions")
    many_partitions(y[:2], trimming=h)
    own = spent(lambda: many_partitions(y, trimming=h)) / many
    ours = many_partitions(y[:SAMPLE], trimming=h)
    peer = 0.0
    for at in range(SAMPLE):
        began = time.process_time()
        search = ruptures.Dynp(model="l2", min_size=h, jump=1).fit(y[at])
        theirs = [search.predict(n_bkps=number) for number in range(1, 6)]
        peer += time.process_time() - began
        for number, ends in enumerate(theirs, start=1):
            cost = search.cost.sum_of_costs(ends)
            if ours.breaks[at, number, :number].tolist() != ends[:-1]:
                raise AssertionError(f"series {at}: {number} breaks differ")
            if not math.isclose(cost, ours.rss[at, number], rel_tol=EQUAL):
                raise AssertionError(f"series {at}: the sums of squares with {number} breaks differ")
    peer /= SAMPLE
    x = regressors(156, 52)
    z = autoregression(rng, many, 156, 0.6, 0.0)
    compiling_steps = compiled("autocorrelation", "unknown_dates")
    unknown_dates(z[:2], x)
    known_dates(z[:2], 78, x)
    searched = spent(lambda: unknown_dates(z, x))
    dated = spent(lambda: known_dates(z, 78, x))
    return "\n".join([
        "| what | series of periods | processor seconds | compiling, once |",
        "|---|---|--:|--:|",
        f"| all partitions up to 5 breaks | {many:,} of 300 | {own * many:.2f} | {compiling:.1f} |",
        f"| the same by ruptures {ruptures.__version__.lstrip('v')} Dynp (jump=1), from {SAMPLE} series | {many:,} of 300 | {peer * many:,.0f} | |",
        f"| step at an unknown date, with p-values | {many:,} of 156 | {searched:.2f} | {compiling_steps:.1f} |",
        f"| step at a known date, with p-values | {many:,} of 156 | {dated:.2f} | |",
        "",
        f"Equal answers in all {SAMPLE} series; a series costs 1/{peer / own:,.0f} of what it costs ruptures.",
    ])  # fmt: skip


def main() -> None:
    """Write the tables between their marks."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--speed", action="store_true", help="measure the costs only, and write nothing")
    asked.add_argument("--ends", action="store_true", help="write the table on the last rows of a series only")
    told = asked.parse_args()
    if told.speed:
        print(speed())
        return
    made = {"ends": ends()}
    if not told.ends:
        made |= {
            "size": sizes(known=False),
            "known size": sizes(known=True),
            "power": powers(known=False),
            "known power": powers(known=True),
            "speed": speed(),
        }
    for name, table in made.items():
        put(PAGE, BEGIN.format(name), [table], END.format(name))
        print(f"{name}\n{table}\n")


if __name__ == "__main__":
    main()

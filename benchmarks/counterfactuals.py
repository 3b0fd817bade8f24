"""Do the shape of a change, its rank among placebos, a return to the old path and a survey wave mean what they say?

Simulates series whose truth is known. Run it with ``python benchmarks/counterfactuals.py``; it writes its tables into
``docs/explanation/trend-break-shapes.md``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal, stats

from page import put
from peil.methods.controls import difference_in_differences, synthetic_control, synthetic_difference
from peil.methods.discoveries import discoveries
from peil.methods.first_order import season
from peil.methods.placebo import in_time, without_each
from peil.methods.return_to_path import return_to_path
from peil.methods.shapes import SHAPES, fades, shapes, steps_back
from peil.methods.state_space import foretold, interrupted, specifications
from peil.methods.waves import History, borrow, wave_change

Floats = NDArray[np.float64]
PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "trend-break-shapes.md"
BEGIN = "<!-- made by benchmarks/counterfactuals.py -->"
DRAWS, SEED = 200, 0
RHOS = (0.0, 0.3, 0.6, 0.8, 0.9)
BURN = 300
YEAR = 52.18
CHANCE = 0.05
NAMES = {
    "none": "none",
    "level": "level",
    "slope": "slope",
    "both": "level and slope",
    "temporary": "temporary",
    "temporary_and_level": "temporary and level",
}


def noise(n: int, rho: float, rng: np.random.Generator) -> Floats:
    """Return autocorrelated noise with a standard deviation of 1."""
    drawn = signal.lfilter([1.0], [1.0, -rho], rng.standard_normal(n + BURN))[BURN:]
    return np.asarray(drawn * np.sqrt(1 - rho * rho))


def change(name: str, n: int, at: int, rng: np.random.Generator) -> Floats:
    """Return a change of 1 on average; what passes steps back after 26 rows, or halves every 13."""
    step = 1.0 * (np.arange(n) >= at)
    ramp = 2 * np.maximum(np.arange(n) - at + 1.0, 0) / (n - at)
    passing = steps_back(n, at, 26) if rng.random() < 0.5 else fades(n, at, 13)  # noqa: PLR2004  # either is as likely
    made = {
        "none": 0 * step,
        "level": step,
        "slope": ramp,
        "both": step + ramp,
        "temporary": passing,
        "temporary_and_level": step + passing,
    }
    return made[name]


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Return a table in Markdown."""
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {' | '.join(row)} |" for row in rows), ""]


def confusion(draws: int) -> list[str]:
    """Return which shape is found likeliest, for each that is there: 104 weeks before and 104 after, with a trend."""
    rng, lines = np.random.default_rng(SEED), []
    for size in (3.0, 1.5):
        for rho in (0.3, 0.6, 0.8):
            rows = []
            for truth in SHAPES:
                found = dict.fromkeys(SHAPES, 0)
                chance = 0.0
                for _ in range(draws):
                    y = noise(208, rho, rng) + 0.01 * np.arange(208) + size * change(truth, 208, 104, rng)
                    told = shapes(y, 104)
                    found[told.likeliest.name] += 1
                    chance += told[truth].probability / draws
                shares = [f"{100 * found[each] / draws:.0f}" for each in SHAPES]
                shares[SHAPES.index(truth)] = f"**{shares[SHAPES.index(truth)]}**"
                rows.append([NAMES[truth], *shares, f"{chance:.2f}"])
            lines += [f"### {size:g} standard deviations, autocorrelation {rho:g}", ""]
            lines += table(
                ["there is", *(f"found: {NAMES[each]}" for each in SHAPES), "mean probability of the truth"], rows
            )
    return lines


def ranks(draws: int) -> list[str]:
    """Return how often the rank's p-value lies at or below a chance: 156 weeks with trend and season in the model."""
    rng, rows = np.random.default_rng(SEED + 1), []
    waves = season(156, YEAR)
    chances = (0.05, 0.10, 0.20, 0.50, 0.80)
    for at in (78, 104, 130):
        for rho in RHOS:
            p, early = [], []
            for _ in range(3 * draws):
                found = in_time(noise(156, rho, rng), at, x=waves)
                p.append(found.p)
                fakes = np.abs(found.strength[found.clear])
                early.append((1 + np.sum(fakes >= abs(found.own))) / (1 + fakes.size))
            power = [
                np.mean(
                    [
                        in_time(noise(156, rho, rng) + size * (np.arange(156) >= at), at, x=waves).p <= CHANCE
                        for _ in range(draws // 2)
                    ]
                )
                for size in (2.0, 3.0)
            ]
            held = [f"{100 * np.mean(np.array(p) <= each):.1f}" for each in chances]
            alone = f"{100 * np.mean(np.array(early) <= CHANCE):.1f}"
            rows.append([str(at), f"{rho:g}", *held, alone, *(f"{100 * each:.0f}" for each in power)])
    head = [
        "event after",
        "autocorrelation",
        *(f"p at most {each:g}" for each in chances),
        "only earlier dates: p at most 0.05",
    ]
    return table([*head, "power at 2 SD", "power at 3 SD"], rows)


def returns(draws: int) -> list[str]:
    """Return how often a stretch that lies delta away is called back, and what delta could have been shown."""
    rng, rows = np.random.default_rng(SEED + 2), []
    for before, after in ((104, 26), (104, 52), (104, 104), (104, 156)):
        for rho in (0.0, 0.3, 0.6, 0.8, 0.9):
            held, wrong, least, inside = [], [], [], []
            for _ in range(2 * draws):
                y = noise(before + after, rho, rng)
                delta = return_to_path(y, before, delta=1.0, last=26).least_delta
                # as wide a margin as lets the claim be made at times
                margin = 1.3 * delta
                found = return_to_path(y + margin * (np.arange(y.size) >= before), before, delta=margin, last=26)
                wrong.append(found.back)
                held.append(found.low <= margin <= found.high)
                least.append(delta)
                inside.append(
                    np.mean((found.path.low + margin <= y[before:] + margin) & (y[before:] <= found.path.high))
                )
            rows.append(
                [
                    str(after),
                    f"{rho:g}",
                    f"{100 * np.mean(wrong):.1f}",
                    f"{100 * np.mean(held):.1f}",
                    f"{100 * np.mean(inside):.1f}",
                    f"{np.median(least):.2f}",
                ]
            )
    head = ["weeks after", "autocorrelation", "called back though delta away, %", "interval holds the truth, %"]
    return table([*head, "rows within the band, %", "least delta, in SD"], rows)


def history(waves: int, spread: float, se: float, rng: np.random.Generator) -> History:
    """Return the waves of a measure that takes a step each year."""
    errors = se * rng.uniform(0.8, 1.25, waves)
    true = 50 + np.concatenate([[0.0], np.cumsum(spread * rng.standard_normal(waves - 1))])
    return History(value=true + errors * rng.standard_normal(waves), se=errors, when=np.arange(waves))


def surveys(draws: int) -> list[str]:
    """Return how often the last wave lies where it was foretold, if it does what such measures do."""
    rng, rows = np.random.default_rng(SEED + 3), []
    for before in (2, 3, 4):
        for others in (6, 12, 30):
            for typical in (0.5, 1.0, 2.0):
                held, least = [], []
                for _ in range(3 * draws):
                    spreads = typical * np.exp(0.5 * rng.standard_normal(others + 1))
                    learnt = borrow([history(before + 1, each, 1.0, rng) for each in spreads[1:]])
                    own = history(before + 1, float(spreads[0]), 1.0, rng)
                    y, s, t = (np.asarray(each) for each in (own.value, own.se, own.when))
                    first = History(value=y[:-1], se=s[:-1], when=t[:-1])
                    found = wave_change(first, float(y[-1]), float(s[-1]), float(t[-1]), borrowed=learnt)
                    held.append(not found.outside)
                    least.append(found.least)
                rows.append(
                    [str(before), str(others), f"{typical:g}", f"{100 * np.mean(held):.1f}", f"{np.median(least):.1f}"]
                )
    head = ["waves before", "other measures", "what they change a wave, in standard errors", "inside, %"]
    return table([*head, "least change told, in standard errors"], rows)


def levels(draws: int) -> list[str]:
    """Return how often intervals around a level that wanders hold the truth: 104 weeks before and 52 after."""
    rng, rows = np.random.default_rng(SEED + 7), []
    for steps in (0.0, 0.1, 0.3, 1.0):
        held = []
        for _ in range(draws):
            y = np.cumsum(steps * rng.standard_normal(156)) + rng.standard_normal(156)
            told, still = foretold(y, 104), foretold(y, 104, model="static")
            narrow, averaged = (interrupted(y, 104, errors=each) for each in ("least_squares", "averaged"))
            held.append(
                [
                    told.low <= 0 <= told.high,
                    averaged.low[0] <= 0 <= averaged.high[0],
                    narrow.low[0] <= 0 <= narrow.high[0],
                    still.low <= 0 <= still.high,
                ]
            )
        rows.append([f"{steps:g}", *(f"{100 * each:.1f}" for each in np.mean(held, axis=0))])
    ways = (
        "forecast",
        "all rows fitted",
        "all rows fitted, variances taken for the truth",
        "forecast, level held still",
    )
    return table(["the level's steps, in SD of the noise", *(f"{each}, %" for each in ways)], rows)


def panels(draws: int) -> list[str]:
    """Return how often an interval against controls holds the truth, and its rank lies at or below one in ten."""
    rng, rows = np.random.default_rng(SEED + 6), []
    estimators = (difference_in_differences, synthetic_control, synthetic_difference)
    for many in (10, 20):
        held: dict[str, list[bool]] = {each.__name__: [] for each in estimators}
        first: dict[str, list[bool]] = {each.__name__: [] for each in estimators}
        for _ in range(draws):
            # two common wanderings, which every series follows in its own way
            common = np.cumsum(rng.standard_normal((2, 40)), axis=1)
            y = rng.standard_normal((many + 1, 2)) @ common + 0.5 * rng.standard_normal((many + 1, 40))
            for each in estimators:
                found = each(y[0], y[1:], 30)
                held[each.__name__].append(found.low <= 0 <= found.high)
                first[each.__name__].append(found.p <= 2 * CHANCE)
        rows += [
            [str(many), name.replace("_", " "), f"{100 * np.mean(each):.1f}", f"{100 * np.mean(first[name]):.1f}"]
            for name, each in held.items()
        ]
    return table(["controls", "estimator", "interval holds the truth, %", "p at most 0.1, %"], rows)


def rates(draws: int) -> list[str]:
    """Return what is found among 50 measures of which 10 changed, by 3 standard errors."""
    rng = np.random.default_rng(SEED + 4)
    real = np.arange(50) < 10  # noqa: PLR2004  # measures that changed
    false: dict[str, list[float]] = {"none": [], "Bonferroni": [], "false discovery rate": []}
    found: dict[str, list[float]] = {each: [] for each in false}
    for _ in range(5 * draws):
        p = 2 * stats.norm.sf(np.abs(rng.standard_normal(50) + 3 * real))
        ways = {"none": p <= CHANCE, "Bonferroni": p <= CHANCE / p.size, "false discovery rate": discoveries(p).found}
        for name, made in ways.items():
            false[name].append(float((made & ~real).sum() / max(made.sum(), 1)))
            found[name].append(float((made & real).sum() / real.sum()))
    rows = [[name, f"{100 * np.mean(false[name]):.1f}", f"{100 * np.mean(each):.0f}"] for name, each in found.items()]
    return table(["correction", "false among what is found, %", "changes found, %"], rows)


def timed(name: str, work: Callable[[], object], times: int) -> list[str]:
    """Return the processor milliseconds of one call, the first left out."""
    work()
    began = time.process_time()
    for _ in range(times):
        work()
    return [name, f"{1_000 * (time.process_time() - began) / times:.1f}"]


def speed() -> list[str]:
    """Return what one series of 156 weeks costs."""
    rng = np.random.default_rng(SEED + 5)
    at, waves = 104, season(156, YEAR)
    y = noise(156, 0.6, rng) + 2 * (np.arange(156) >= at)
    others = rng.standard_normal((20, 156))
    years = [row // 52 for row in range(156)]
    rows = [
        timed("shapes", lambda: shapes(y, at, x=waves), 20),
        timed("rank among 104 placebo dates", lambda: in_time(y, at, x=waves), 20),
        timed("each year left out", lambda: without_each(y, at, years, x=waves), 20),
        timed("return to the old path", lambda: return_to_path(y, at, delta=1.0, last=26, x=waves), 20),
        timed("three structural models", lambda: specifications(y, at, x=waves), 3),
        timed("difference in differences, 20 controls", lambda: difference_in_differences(y, others, at), 5),
        timed("synthetic control, 20 controls", lambda: synthetic_control(y, others, at), 5),
        timed("synthetic difference, 20 controls", lambda: synthetic_difference(y, others, at), 5),
    ]
    whole = sum(float(each[1]) for each in rows)
    return table(["of one series of 156 weeks", "processor ms"], [*rows, ["all of it", f"{whole:.1f}"]])


def page(draws: int = DRAWS) -> str:
    """Return everything between the marks."""
    parts = [
        ("## Shapes, in per cent", confusion(draws)),
        ("## Rank among placebos, without a change, in per cent", ranks(draws)),
        ("## Return to the old path", returns(draws)),
        ("## A wave after two to four others", surveys(draws)),
        ("## Around a level that wanders", levels(draws)),
        ("## Against series that the event did not reach", panels(draws)),
        ("## Many measures", rates(draws)),
        ("## What it costs", speed()),
    ]
    lines = [line for head, made in parts for line in (head, "", *made)]
    return "\n".join(lines).rstrip()


def main() -> None:
    """Write the tables between their marks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=DRAWS)
    asked = parser.parse_args()
    made = page(asked.draws)
    print(made)
    if asked.draws == DRAWS:
        put(PAGE, BEGIN, [made])


if __name__ == "__main__":
    main()

"""How often a dose is told right, and a contaminated control found: sizes, coverage and verdicts of worlds whose truth is known."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from page import put
from peil.dataset import Run
from peil.estimates.series import Series
from peil.methods.dose_in_time import dose_in_time
from peil.methods.dose_units import dose_units
from peil.methods.first_order import null_columns, season
from peil.studies.trend.dosed import Units, Wanted, dosed_series, dosed_units
from peil.studies.trend.judged import Known, judged
from peil.terms import Label, Unit

Floats = NDArray[np.float64]
PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "dose-and-contamination.md"
BEGIN = "<!-- made by benchmarks/dose.py -->"
DRAWS, SIZES, PANELS, SEED = 200, 1_000, 400, 0
BEGINS, WEEKS, BEFORE = date(2017, 11, 27), 208, 120
SWING, SEASON, LEVEL = 0.03, 0.05, 0.5
ALARM, LEAD_ALARM = 0.05, 0.01
SHOCK_WEEKS, TAIL_WEEKS = 6, 60
KNOWN = Known(run=Run(inputs={}, version="0", engine="none"))
WANTED = Wanted(label=Label("dose", "dosis"))


def path(weeks: int, at: int) -> Floats:
    """Return a dose that comes at once, sinks, comes back in a second wave and fades: as measures against a pandemic did."""
    since = np.arange(weeks) - at
    waves = (
        0.8 * np.exp(-(((since - 6) / 10.0) ** 2))
        + 0.6 * np.exp(-(((since - 40) / 8.0) ** 2))
        + 0.2 * (since < TAIL_WEEKS)
    )
    return np.where(since >= 0, np.where(since < SHOCK_WEEKS, 0.9, waves), 0.0)


def noise(rng: np.random.Generator, shape: tuple[int, ...], rho: float, second: float = 0.0) -> Floats:
    """Return swings of standard deviation 1 that linger, along the last axis: partial autocorrelations rho and second."""
    made: Floats = rng.normal(size=shape)
    made[..., 1] = rho * made[..., 0] + np.sqrt(1 - rho**2) * made[..., 1]
    scale = np.sqrt((1 - rho**2) * (1 - second**2))
    for week in range(2, shape[-1]):
        made[..., week] = (
            rho * (1 - second) * made[..., week - 1] + second * made[..., week - 2] + scale * made[..., week]
        )
    return made


def percent(part: float, whole: int) -> str:
    """Return a share as the page shows it."""
    return f"{100 * part / whole:.1f}%"


def in_time(draws: int, seed: int) -> list[str]:
    """Return sizes and coverage for one series."""
    n = 156
    columns, dose = null_columns(n, season(n, 52.18, 2), trend=True), path(n, 80)
    lines = [
        f"Series of {n} weeks, with trend and season taken out, and a dose that comes in two waves:",
        "",
        "| noise | lags tried | series | called without an effect | by rank | interval holds the slope | lead called at 1 % |",
        "|---|---|---|---|---|---|---|",
    ]
    worlds = [(0.0, 0.0, 0), (0.3, 0.0, 0), (0.6, 0.0, 0), (0.8, 0.0, 0), (0.6, 0.25, 0), (0.6, 0.0, 3)]
    for rho, second, lags in worlds:
        called = ranked = held = early = 0
        many = draws // (1 + lags)
        for place in range(many):
            y = noise(np.random.default_rng([seed, place]), (n,), rho, second)
            found = dose_in_time(y, dose, columns, lags=lags, lead=7)
            called, ranked = called + found.effect.clear, ranked + (found.placebo_p <= ALARM)
            held += all(each.effect.low <= 0 <= each.effect.high for each in found.lags)
            early += found.lead is not None and found.lead.p < LEAD_ALARM
        told = f"rho {rho}" + (f", second {second}" if second else "")
        shares = " | ".join(percent(each, many) for each in (called, ranked, held, early))
        lines.append(f"| {told} | {lags} | {many} | {shares} |")
        print(lines[-1], flush=True)
    return lines


def in_units(draws: int, seed: int) -> list[str]:
    """Return sizes and coverage for units with doses of their own."""
    n = 60
    lines = [
        f"{draws} panels in each line: {n} months, each unit with its own share of one path, common shocks, noise that lingers:",
        "",
        "| units | noise | called without an effect | by deals | interval holds the slope |",
        "|---|---|---|---|---|",
    ]
    for units in (5, 8, 12, 24):
        for rho, uneven in ((0.0, False), (0.6, False), (0.8, True)):
            called = ranked = held = 0
            for place in range(draws):
                rng = np.random.default_rng([seed, units, place])
                own = rng.uniform(0.5, 2.0, size=(units, 1)) if uneven else 1.0
                common = 0.3 * np.cumsum(rng.normal(size=n))
                dose = rng.uniform(0.1, 0.9, size=units)[:, None] * path(n, 30)
                found = dose_units(
                    noise(rng, (units, n), rho) * own + rng.normal(size=(units, 1)) + common, dose, with_checks=False
                )
                called, ranked = called + found.effect.clear, ranked + (found.placebo_p <= ALARM)
                held += found.effect.low <= 0 <= found.effect.high
            told = f"rho {rho}" + (", units swing unevenly" if uneven else "")
            lines.append(
                f"| {units} | {told} | {' | '.join(percent(each, draws) for each in (called, ranked, held))} |"
            )
            print(lines[-1], flush=True)
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A world with a dose.

    Parameters:
        name: what stands in the table.
        slope: what a unit of dose does, in swings; ``kind`` says what it does it to.
        kind: a dose in waves; on or off at one date; an effect that turns; another change before the dose; a step where the
            dose begins, however much of it there is.
        rho: autocorrelation.
        matters: the smallest effect that was said to matter, in swings.
        units: how many; 0 for one series.
    """

    name: str
    slope: float = 0.0
    kind: Literal["waves", "switch", "turns", "before", "step"] = "waves"
    rho: float = 0.6
    matters: float = 0.0
    units: int = 0


WORLDS = (
    World(name="4 swings per unit of dose, rho 0.6", slope=4),
    World(name="4 swings per unit of dose, rho 0.3", slope=4, rho=0.3),
    World(name="nothing, rho 0.3", rho=0.3),
    World(name="nothing, rho 0.8", rho=0.8),
    World(name="nothing, and 3 swings would matter, rho 0.3", rho=0.3, matters=3),
    World(name="on at one date and on ever since", slope=4, kind="switch"),
    World(name="up at low doses, down at high ones", slope=8, kind="turns", rho=0.3),
    World(name="it moved seven weeks before the dose", slope=4, kind="before", rho=0.3),
    World(name="12 units, 4 swings per unit of dose", slope=4, units=12),
    World(name="12 units, nothing", units=12),
    World(name="12 units, nothing, and 4 swings would matter", units=12, rho=0.3, matters=4),
    World(name="4 units, 4 swings per unit of dose", slope=4, units=4),
    World(name="a step of 4 swings when the dose begins, however much of it", slope=4, kind="step"),
    World(name="a step of 2 swings when the dose begins, however much of it", slope=2, kind="step"),
)


def series(value: Floats) -> Series:
    """Return a weekly series of shares."""
    n = value.size
    return Series(
        name=Label("Simulated", "Gesimuleerd"), unit=Unit.SHARE, period="week",
        starts=tuple(BEGINS + timedelta(days=7 * each) for each in range(n)), value=value, variance=np.zeros(n),
        n=np.full(n, 2_000.0),
    )  # fmt: skip


def verdict(world: World, rng: np.random.Generator) -> tuple[str, tuple[str, ...]]:
    """Return the verdict on one draw, and the checks that failed."""
    wanted = Wanted(label=WANTED.label, matters=world.matters * SWING)
    waves = path(WEEKS, BEFORE)
    if world.units:
        starts = tuple(date(2016 + month // 12, 1 + month % 12, 1) for month in range(60))
        dose = np.linspace(0.1, 0.9, world.units)[:, None] * path(60, 30)
        value = LEVEL + SWING * (noise(rng, dose.shape, world.rho) + world.slope * dose + rng.normal(size=(60,)))
        units = Units(
            name=Label("Simulated", "Gesimuleerd"), unit=Unit.SHARE, period="month", starts=starts,
            names=tuple(str(each) for each in range(world.units)), value=value,
        )  # fmt: skip
        found = dosed_units(units, dose, KNOWN, wanted)
    else:
        dose = np.where(np.arange(WEEKS) >= BEFORE, 1.0, 0.0) if world.kind == "switch" else waves
        step = (np.arange(WEEKS) >= BEFORE).astype(np.float64)
        other = {"turns": dose * (0.9 - dose) * 2, "before": np.roll(dose, -7), "step": step}
        acts = other.get(world.kind, dose)
        base = LEVEL + SEASON * np.cos(2 * np.pi * np.arange(WEEKS) / 52.18)
        found = dosed_series(
            series(base + SWING * (noise(rng, (WEEKS,), world.rho) + world.slope * acts)), dose, KNOWN, wanted
        )
    return found.finding.verdict, tuple(each.name for each in found.finding.checks if not each.passed)


def verdicts(draws: int, seed: int) -> list[str]:
    """Return what is said of each world."""
    lines = [
        f"{draws} draws of each world (one series of {WEEKS} weeks, or units over 60 months; a swing is one standard deviation of the noise):",
        "",
        "| world | yes | no | unclear | checks that failed most |",
        "|---|---|---|---|---|",
    ]
    for at, world in enumerate(WORLDS):
        told: Counter[str] = Counter()
        failed: Counter[str] = Counter()
        for place in range(draws):
            said, checks = verdict(world, np.random.default_rng([seed, at, place]))
            told[said] += 1
            failed.update(checks)
        most = ", ".join(f"{name} {percent(many, draws)}" for name, many in failed.most_common(3)) or "–"
        shares = " | ".join(percent(told[each], draws) for each in ("yes", "no", "unclear"))
        lines.append(f"| {world.name} | {shares} | {most} |")
        print(lines[-1], flush=True)
    return lines


def contamination(draws: int, seed: int) -> list[str]:
    """Return how often a contaminated control is found."""
    lines = [
        f"{draws} draws of each world: a step of 4 swings in the measure, three controls, of which the first moves as well:",
        "",
        "| the first control moves | rho | it is called contaminated | cannot tell | clean | another one is called contaminated | bias held | yes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    t = np.arange(WEEKS)
    base, step = LEVEL + SEASON * np.cos(2 * np.pi * t / 52.18), 1.0 * (t >= BEFORE)
    for rho in (0.3, 0.6):
        for size in (0.0, 0.5, 1.0, 2.0, 3.0):
            states: Counter[str] = Counter()
            falsely = held = yes = 0
            for place in range(draws):
                rng = np.random.default_rng([seed, int(10 * rho), int(10 * size), place])
                made = [
                    series(base + SWING * (noise(rng, (WEEKS,), rho) + move * step)) for move in (4.0, size, 0.0, 0.0)
                ]
                found = judged(made[0], made[0].starts[BEFORE], KNOWN, controls=made[1:], with_curve=False)
                if found.evidence is None:
                    continue
                first, *others = found.evidence.exposed
                states[first.state] += 1
                falsely += any(each.state == "contaminated" for each in others)
                held += first.bias.low <= first.weight * size * SWING <= first.bias.high
                yes += found.finding.verdict == "yes"
            shares = [states[each] for each in ("contaminated", "cannot_tell", "clean")]
            told = " | ".join(percent(each, draws) for each in (*shares, falsely, held, yes))
            lines.append(f"| {size:g} swings | {rho} | {told} |")
            print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Simulate all worlds and write the page."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draws", type=int, default=DRAWS)
    asked.add_argument("--sizes", type=int, default=SIZES)
    asked.add_argument("--panels", type=int, default=PANELS)
    asked.add_argument("--seed", type=int, default=SEED)
    chosen = asked.parse_args()
    parts: Sequence[list[str]] = (
        in_time(chosen.sizes, chosen.seed),
        in_units(chosen.panels, chosen.seed),
        verdicts(chosen.draws, chosen.seed),
        contamination(chosen.draws, chosen.seed),
    )
    lines = [each for part in parts for each in (*part, "")][:-1]
    put(PAGE, BEGIN, lines)


if __name__ == "__main__":
    main()

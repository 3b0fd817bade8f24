"""How often is a break called where there is one, and where there is none? Simulates weekly series in worlds that are known.

Run it with ``OPENBLAS_NUM_THREADS=1 python benchmarks/trend_break.py`` (small matrices gain nothing by threads); it writes
its tables into ``docs/explanation/trend-break-study.md``. Each draw goes through the whole study from the series on; some
go through exports and tables as well (``--exports``).
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from page import put
from peil.dataset import Run
from peil.estimates.series import Series
from peil.made import made
from peil.measures.catalogue import measure_named
from peil.sources.simulated import SimulatedCentre
from peil.studies.trend.judged import Judged, Known, judged
from peil.studies.trend_break import TrendBreak, trend_break
from peil.terms import Label, Unit

Floats = NDArray[np.float64]
Change = Literal["none", "step", "ramp", "dip", "earlier"]
PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "trend-break-study.md"
BEGIN = "<!-- made by benchmarks/trend_break.py -->"
DRAWS, EXPORTS, SEED = 200, 12, 0
BEGINS, WEEKS, BEFORE = date(2017, 11, 27), 208, 120
SWING, SEASON, LEVEL, CONTACTS = 0.03, 0.05, 0.5, 2_000.0
DIP_WEEKS, RAMP_WEEKS, EARLIER_WEEKS = 26, 80, 52


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A world of weekly series.

    Parameters:
        name: what stands in the table.
        right: the verdicts that would be right.
        change: what happens, and when: at the date; over 80 weeks around it; for 26 weeks; or a year before.
        size: of the change; as a share of the level for counts.
        rho: autocorrelation of the noise from one week to the next.
        trend: what a year adds.
        matters: the smallest change that was said to matter.
        counts: numbers of contacts rather than shares.
        weeks, before: how many there are, and how many before the date.
        controls: series that the event did not reach; with ``all_moved`` it reached them as well.
    """

    name: str
    right: tuple[str, ...]
    change: Change = "none"
    size: float = 0.0
    rho: float = 0.6
    trend: float = 0.0
    matters: float = 0.0
    counts: bool = False
    weeks: int = WEEKS
    before: int = BEFORE
    controls: int = 0
    all_moved: bool = False


WORLDS = (
    World(name="step of 2.7 swings, rho 0.6", right=("yes",), change="step", size=0.08),
    World(name="step of 2.7 swings, rho 0.3", right=("yes",), change="step", size=0.08, rho=0.3),
    World(name="step of 2 swings, rho 0.3", right=("yes",), change="step", size=0.06, rho=0.3),
    World(name="step in counts, -15 %", right=("yes",), change="step", size=-0.15, counts=True),
    World(name="step, three controls", right=("yes",), change="step", size=0.08, controls=3),
    World(name="nothing, rho 0", right=("no", "unclear"), rho=0.0),
    World(name="nothing, rho 0.6", right=("no", "unclear")),
    World(name="nothing, rho 0.8", right=("no", "unclear"), rho=0.8),
    World(name="nothing, and 6 points would matter, rho 0.3", right=("no", "unclear"), rho=0.3, matters=0.06),
    World(name="trend that was under way", right=("no", "unclear"), trend=0.08),
    World(name="slow rise around the date", right=("unclear",), change="ramp", size=0.12, rho=0.3),
    World(name="step a year before", right=("unclear",), change="earlier", size=0.12),
    World(name="dip of half a year", right=("yes",), change="dip", size=-0.12),
    World(name="the controls moved as well", right=("unclear",), change="step", size=0.08, controls=3, all_moved=True),
    World(name="a year before, half a year after", right=("unclear",), change="step", size=0.08, weeks=78, before=52),
)


@dataclass(slots=True, kw_only=True)
class Told:
    """What came of the draws of one world.

    Parameters:
        verdicts, kinds: how often each was given.
        failed: how often each check failed.
        held: intervals that held the truth, of ``sized`` that were made.
        temporary: draws whose likeliest shape is that of a change that passed, and left nothing or something.
        detectable: the least change that would have been found, one a draw.
        seconds: of the processor.
    """

    verdicts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    held: int = 0
    sized: int = 0
    temporary: int = 0
    detectable: list[float] = field(default_factory=list)
    seconds: float = 0.0


def noise(rng: np.random.Generator, n: int, rho: float) -> Floats:
    """Return a swing of standard deviation 1 that lingers."""
    made_: Floats = rng.normal(size=n)
    for week in range(1, n):
        made_[week] = rho * made_[week - 1] + np.sqrt(1 - rho * rho) * made_[week]
    return made_


def changed(world: World) -> Floats:
    """Return what the change adds to each week."""
    since = np.arange(world.weeks) - world.before
    shapes: dict[str, Floats] = {
        "none": np.zeros(world.weeks),
        "step": 1.0 * (since >= 0),
        "ramp": np.clip((since + RAMP_WEEKS / 2) / RAMP_WEEKS, 0, 1),
        "dip": 1.0 * ((since >= 0) & (since < DIP_WEEKS)),
        "earlier": 1.0 * (since >= -EARLIER_WEEKS),
    }
    return world.size * shapes[world.change]


def series(world: World, rng: np.random.Generator, *, moved: bool) -> Series:
    """Return one series of a world."""
    t = np.arange(world.weeks)
    season = SEASON * np.cos(2 * np.pi * t / 52.18)
    change = changed(world) if moved else np.zeros(world.weeks)
    own = season + world.trend * (t - world.weeks / 2) / 52.18 + SWING * noise(rng, world.weeks, world.rho)
    value = np.rint(CONTACTS * np.exp(own) * (1 + change)) if world.counts else LEVEL + own + change
    return Series(
        name=Label("Simulated", "Gesimuleerd"), unit=Unit.COUNT if world.counts else Unit.SHARE, period="week",
        starts=tuple(BEGINS + timedelta(days=7 * each) for each in range(world.weeks)), value=value,
        variance=np.zeros(world.weeks), n=np.full(world.weeks, CONTACTS), counted=world.counts,
    )  # fmt: skip


def truth(world: World, of: Series) -> float | None:
    """Return the true change of level at the date, in the measure's unit; None where there is no one such number."""
    if world.change in {"ramp", "earlier"}:
        return None
    if not world.counts:
        return world.size
    after = of.value[world.before :]
    return float(after.mean() * (1 - 1 / (1 + world.size)))


def told(world: World, draws: int, seed: int) -> Told:
    """Return what came of the draws of a world."""
    found, known = Told(), Known(run=Run(inputs={}, version="0", engine="none"))
    for place in range(draws):
        rng = np.random.default_rng([seed, WORLDS.index(world), place])
        of = series(world, rng, moved=True)
        controls = [series(world, rng, moved=world.all_moved) for _ in range(world.controls)]
        began = time.process_time()
        made_ = judged(of, of.starts[world.before], known, controls=controls, matters=world.matters)
        found.seconds += time.process_time() - began
        counted(found, made_, truth(world, of))
    return found


def counted(found: Told, made_: Judged, size: float | None) -> None:
    """Add one draw."""
    effect, evidence = made_.finding.effect, made_.evidence
    found.verdicts[made_.finding.verdict] += 1
    found.kinds[made_.kind] += 1
    found.failed.update(each.name for each in made_.finding.checks if not each.passed)
    if size is not None and np.isfinite(effect.value):
        found.sized += 1
        found.held += effect.low <= size <= effect.high
    if evidence is not None:
        found.detectable.append(evidence.detectable)
        if evidence.shapes is not None:
            found.temporary += evidence.shapes.likeliest.name.startswith("temporary")


def percent(part: int, whole: int) -> str:
    """Return a share as the page shows it."""
    return f"{100 * part / whole:.1f}%" if whole else "–"


def table(found: Sequence[tuple[World, Told]], draws: int) -> list[str]:
    """Return the tables of the simulated series."""
    lines = [
        (
            f"{draws} series of each world: {WEEKS} weeks, {BEFORE} of them before the date, with a yearly season of ±5 points "
            f"and noise with a standard deviation of {100 * SWING:.0f} points (one swing) that lingers with autocorrelation rho."
        ),
        "",
        "| world | yes | no | unclear | interval holds the change | would have been found, 4 in 5 | likeliest shape passes |",
        "|---|---|---|---|---|---|---|",
    ]
    for world, one in found:
        verdicts = [percent(one.verdicts[each], draws) for each in ("yes", "no", "unclear")]
        detectable = "–"
        if one.detectable:
            size = float(np.median(one.detectable))
            detectable = f"{100 * size / CONTACTS:.1f} %" if world.counts else f"{100 * size:.1f} points"
        rest = [percent(one.held, one.sized), detectable, percent(one.temporary, draws)]
        lines.append(f"| {world.name} | {' | '.join(verdicts + rest)} |")
    lines += [
        "",
        "Why a verdict is `unclear`, as the kind that is told:",
        "",
        "| world | kinds | checks that failed most |",
        "|---|---|---|",
    ]
    for world, one in found:
        kinds = ", ".join(f"{name} {percent(n, draws)}" for name, n in one.kinds.most_common())
        failed = ", ".join(f"{name} {percent(n, draws)}" for name, n in one.failed.most_common(4)) or "–"
        lines.append(f"| {world.name} | {kinds} | {failed} |")
    seconds = sum(one.seconds for _, one in found) / (draws * len(found))
    lines += ["", f"One series takes {seconds:.2f} s of one processor, all admissible models included."]
    return lines


def centre(name: str, seed: int, **told_: float) -> SimulatedCentre:
    """Return a made centre of five years."""
    settings: dict[str, float] = {"digital_before": 0.38, "digital_after": 0.55, **told_}
    return SimulatedCentre(name=name, seed=seed, contacts=40_000, months=60, begins=date(2017, 1, 1), **settings)  # type: ignore[arg-type]  # numbers all


def exported(draws: int, seed: int) -> list[str]:
    """Return the table of worlds that go the whole way from exports on."""
    digital, nps, abandonment = (measure_named(each) for each in ("digital_share", "nps", "abandonment"))
    asked = (
        ("channels shift at once", digital, {}, 0.0, 0.17),
        (
            "channels drift, nothing breaks",
            digital,
            {"digital_before": 0.25, "digital_after": 0.25, "drift": 0.06},
            0.0,
            0.0,
        ),
        ("nothing, and 5 points would matter", abandonment, {"digital_after": 0.38}, 0.05, 0.0),
        ("recommendation falls with the mix of channels", nps, {}, 0.0, None),
    )
    lines = [
        f"{draws} simulated centres of each world, from exports on (40,000 contacts in five years, by month):",
        "",
        "| world | yes | no | unclear | artefact not excluded | interval holds the change |",
        "|---|---|---|---|---|---|",
    ]
    for name, measure, settings, matters, size in asked:
        found: list[TrendBreak] = [
            trend_break(made(centre("centre", seed + each, **settings)), measure, period="month", matters=matters)
            for each in range(draws)
        ]
        verdicts = Counter(each.finding.verdict for each in found)
        artefacts = sum(each.kind == "artefact" for each in found)
        effects = [each.finding.effect for each in found]
        held = "–" if size is None else percent(sum(each.low <= size <= each.high for each in effects), draws)
        shown = [percent(verdicts[each], draws) for each in ("yes", "no", "unclear")]
        lines.append(f"| {name} | {' | '.join(shown)} | {percent(artefacts, draws)} | {held} |")
    return lines


def main() -> None:
    """Simulate all worlds and write the page."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draws", type=int, default=DRAWS)
    asked.add_argument("--exports", type=int, default=EXPORTS)
    asked.add_argument("--seed", type=int, default=SEED)
    chosen = asked.parse_args()
    found = []
    for world in WORLDS:
        one = told(world, chosen.draws, chosen.seed)
        found.append((world, one))
        print(
            world.name,
            dict(one.verdicts),
            dict(one.kinds),
            percent(one.held, one.sized),
            f"{one.seconds:.0f} s",
            flush=True,
        )
    lines = table(found, chosen.draws)
    if chosen.exports:
        lines += ["", *exported(chosen.exports, chosen.seed)]
    put(PAGE, BEGIN, lines)


if __name__ == "__main__":
    main()

"""How far off is the value of a small cell, and does its interval hold the truth? Simulates surveys of 34 countries by 14 sectors.

Run it with ``python benchmarks/small_cells.py``; it writes its tables into ``docs/explanation/small-cells.md``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special

from page import put
from peil.methods.moments import gather
from peil.methods.pooled import pooled
from peil.methods.small_cells import Modelled, share_out
from peil.methods.variance_grid import Cells

Floats = NDArray[np.float64]
PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "small-cells.md"
BEGIN, END = "<!-- made by benchmarks/small_cells.py -->", "<!-- end -->"
COUNTRIES, SECTORS, RESPONDENTS = 34, 14, 1_359
COUNTRY, SECTOR = np.divmod(np.arange(COUNTRIES * SECTORS), SECTORS)
SIZES = COUNTRIES, SECTORS
DRAWS, SEED = 100, 0
# How often each answer from 0 to 10 is given where nothing is out of the ordinary.
ANSWERS = np.array([0.04, 0.02, 0.03, 0.04, 0.05, 0.09, 0.09, 0.13, 0.20, 0.15, 0.16])
# With this spread of people's opinions beside the spread of cells, one mean for all is 23 points off.
PEOPLE = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How cells differ, and how answers come about.

    Parameters:
        name: what stands in the table.
        country, sector, cell: standard deviations of what countries, sectors and single cells think, on the scale of
            opinions.
        share: the share of 3 or more is measured (94 % or so), instead of the net promoter score.
        together: one to four colleagues answer, whose opinions correlate by 0.3, and answers are weighted.
    """

    name: str
    country: float = 0.18
    sector: float = 0.15
    cell: float = 0.10
    share: bool = False
    together: bool = False


WORLDS = (
    World(name="as in practice"),
    World(name="cells differ half as much", country=0.09, sector=0.075, cell=0.05),
    World(name="cells differ twice as much", country=0.36, sector=0.30, cell=0.20),
    World(name="countries and sectors add up", cell=0.0),
    World(name="weighted answers of colleagues", together=True),
    World(name="a share of some 94 %, in points", share=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of one draw, or of the mean over draws: squared errors, and shares of intervals that hold the truth."""

    filled: float
    median_n: float
    direct: float
    one_mean: float
    model: float
    model_empty: float
    country_direct: float
    country: float
    expected_direct: float
    expected_one: float
    expected_model: float
    expected_empty: float
    held_filled: float
    held_empty: float
    held_country: float
    held_sector: float
    held_rank: float
    seconds: float


def truths(world: World, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return what each cell thinks, and the true value of the measure there, in points."""
    opinion = (
        world.country * rng.standard_normal(COUNTRIES)[COUNTRY]
        + world.sector * rng.standard_normal(SECTORS)[SECTOR]
        + world.cell * rng.standard_normal(COUNTRY.size)
    )

    def above(answer: int) -> Floats:
        return np.asarray(special.ndtr((opinion - threshold(answer)) / PEOPLE))

    return opinion, 100 * above(3) if world.share else 100 * (above(9) - (1 - above(7)))


def threshold(answer: int) -> float:
    """Return the opinion from which on an answer is given."""
    return PEOPLE * float(special.ndtri(ANSWERS[:answer].sum()))


def answers(world: World, opinion: Floats, rng: np.random.Generator) -> tuple[Floats, Floats, Floats, Floats]:
    """Return value, weight, cell and cluster of every answer; countries and sectors are as unlike in size as they come."""
    size = np.outer(rng.dirichlet(np.full(COUNTRIES, 1.3)), rng.dirichlet(np.full(SECTORS, 4.0))).ravel()
    colleagues = rng.integers(1, 5, RESPONDENTS) if world.together else np.ones(RESPONDENTS, dtype=np.int64)
    cluster = np.repeat(np.arange(RESPONDENTS), colleagues)[:RESPONDENTS]
    cell = rng.choice(COUNTRY.size, RESPONDENTS, p=size)[cluster]
    shared = 0.3 if world.together else 0.0
    person = np.sqrt(shared) * rng.standard_normal(RESPONDENTS)[cluster]
    person += np.sqrt(1 - shared) * rng.standard_normal(RESPONDENTS)
    heard = opinion[cell] + PEOPLE * person
    value = (
        100.0 * (heard > threshold(3))
        if world.share
        else 100.0 * (heard > threshold(9)) - 100.0 * (heard < threshold(7))
    )
    weight = rng.uniform(0.3, 3.0, RESPONDENTS) if world.together else np.ones(RESPONDENTS)
    return value, weight, cell, cluster


def held(model: Modelled, truth: Floats, here: NDArray[np.bool_] | None = None) -> float:
    """Return the share of intervals that hold the truth."""
    inside = (model.low <= truth) & (truth <= model.high)
    return float(np.mean(inside if here is None else inside[here]))


def draw(world: World, seed: int) -> Told:
    """Simulate one survey and see how far off each way to give cells a value is."""
    rng = np.random.default_rng(seed)
    opinion, truth = truths(world, rng)
    value, weight, cell, cluster = answers(world, opinion, rng)
    began = time.thread_time()
    moments = gather(of=value, weight=weight, group=cell, cluster=cluster)
    squared = np.bincount(cell, weight**2, minlength=truth.size)[moments.group]
    seen = pooled(moments, truth.size, squared_weights=squared)
    cells = Cells(
        value=seen.value,
        n=seen.n_eff,
        squares=seen.squares,
        freedom=seen.freedom,
        codes=np.stack([COUNTRY, SECTOR]),
        sizes=SIZES,
        predictors=np.zeros((truth.size, 0)),
    )
    found = share_out(cells, margins=[COUNTRY, SECTOR], bounds=(0.0 if world.share else -100.0, 100.0))
    seconds = time.thread_time() - began
    here, grand = cells.filled, float(np.average(value, weights=weight))
    countries, sectors = (truth.reshape(SIZES).mean(axis=axis) for axis in (1, 0))
    asked = np.bincount(COUNTRY[cell], weight, minlength=COUNTRIES)
    own = np.bincount(COUNTRY[cell], weight * value, minlength=COUNTRIES)[asked > 0] / asked[asked > 0]
    place = np.argsort(np.argsort(-countries)) + 1
    return Told(
        filled=float(here.sum()),
        median_n=float(np.median(seen.n[here])),
        direct=float(np.mean((seen.value - truth)[here] ** 2)),
        one_mean=float(np.mean((grand - truth) ** 2)),
        model=float(np.mean((found.cells.value - truth)[here] ** 2)),
        model_empty=float(np.mean((found.cells.value - truth)[~here] ** 2)),
        country_direct=float(np.mean((own - countries[asked > 0]) ** 2)),
        country=float(np.mean((found.margins[0].value - countries) ** 2)),
        expected_direct=found.direct_error**2,
        expected_one=found.mean_error**2,
        expected_model=found.model_error**2,
        expected_empty=found.empty_error**2,
        held_filled=held(found.cells, truth, here),
        held_empty=held(found.cells, truth, ~here),
        held_country=held(found.margins[0], countries),
        held_sector=held(found.margins[1], sectors),
        held_rank=float(np.mean((found.ranks[0].low <= place) & (place <= found.ranks[0].high))),
        seconds=seconds,
    )


def told(world: World, draws: int, seed: int = SEED) -> Told:
    """Return the mean over draws; errors as root mean squares."""
    each = [draw(world, seed + place) for place in range(draws)]
    means = {field.name: float(np.mean([getattr(one, field.name) for one in each])) for field in fields(Told)}
    squared = [field.name for field in fields(Told)]
    squared = squared[squared.index("direct") : squared.index("held_filled")]
    return Told(**means | {name: float(np.sqrt(means[name])) for name in squared})


def tables(found: Sequence[tuple[World, Told]], draws: int) -> str:
    """Return what the page shows."""
    first = found[0][1]
    asked = f"{draws} draws of each world: {RESPONDENTS:,} answers, {COUNTRIES} countries, {SECTORS} sectors."
    cells = f"Of the {COUNTRY.size} cells {first.filled:.0f} are filled, half of those with {first.median_n:.1f} answers or fewer."
    lines = [
        f"{asked} {cells}",
        "",
        "Root mean square error, in points:",
        "",
        "| world | filled cells: own mean | one mean for all | filled cells: model | empty cells: model | countries: own mean | countries: model |",
        "|---|---|---|---|---|---|---|",
    ]
    for world, one in found:
        made = (one.direct, one.one_mean, one.model, one.model_empty, one.country_direct, one.country)
        lines.append(f"| {world.name} | {' | '.join(f'{each:.1f}' for each in made)} |")
    lines += [
        "",
        "The same as the model itself expects it, which is what a report shows:",
        "",
        "| world | filled cells: own mean | one mean for all | filled cells: model | empty cells: model |",
        "|---|---|---|---|---|",
    ]
    for world, one in found:
        errors = (one.expected_direct, one.expected_one, one.expected_model, one.expected_empty)
        lines.append(f"| {world.name} | {' | '.join(f'{each:.1f}' for each in errors)} |")
    lines += [
        "",
        "Share of 95 % intervals that hold the truth:",
        "",
        "| world | filled cells | empty cells | countries | sectors | places of countries |",
        "|---|---|---|---|---|---|",
    ]
    for world, one in found:
        shares = (one.held_filled, one.held_empty, one.held_country, one.held_sector, one.held_rank)
        lines.append(f"| {world.name} | {' | '.join(f'{each:.1%}' for each in shares)} |")
    lines += ["", f"One fit takes {np.mean([one.seconds for _, one in found]):.1f} s of one processor."]
    return "\n".join(lines)


def main() -> None:
    """Run the simulations and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=DRAWS)
    asked = parser.parse_args()
    made = tables([(world, told(world, asked.draws)) for world in WORLDS], asked.draws)
    put(PAGE, BEGIN, [made], END)
    print(made)


if __name__ == "__main__":
    main()

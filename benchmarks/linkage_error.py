"""Do intervals hold the truth where it is not sure who is who, and what do simpler ones do?

Run it with ``python benchmarks/linkage_error.py``; it writes its table into ``docs/explanation/link-uncertainty.md``.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import special, stats

from page import put
from peil.methods import interval
from peil.methods.link_scenarios import Scenarios, scenarios
from peil.methods.linkage_error import ScenarioSums, joined, linked_ratio
from peil.methods.moments import Moments, gather
from peil.methods.odds_calibration import Calibration, calibrate
from peil.methods.ratio import ratio

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "link-uncertainty.md"
BEGIN = "<!-- made by benchmarks/linkage_error.py -->"
WINDOW, DAYS = 7.0, 60.0
THRESHOLD = 0.5
DRAWS = 20  # of Rubin's rules
SURE = Calibration(intercept=0.0, slope=1.0, covariance=np.zeros((2, 2)))
METHODS = ("links known", "threshold", "Rubin", "as said", "audited")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Customers, some of whom have two or three records with an uncertain pair between them.

    Parameters:
        singles, twos, threes: components of one, two and three records.
        centre, spread: of the log odds that are said of the pairs.
        intercept, slope: what holds of them is ``intercept + slope`` times that.
        audit: pairs somebody checked.
        compared: share of the pairs, true or not, that stand in the table.
        known: pairs known to be one person, on which ``compared`` is estimated.
    """

    singles: int = 400
    twos: int = 1_000
    threes: int = 150
    centre: float = 0.0
    spread: float = 2.0
    intercept: float = 0.0
    slope: float = 1.0
    audit: int = 150
    compared: float = 1.0
    known: int = 200


WORLDS = {
    "merged too freely; probabilities right": World(centre=1.5),
    "merged too little; probabilities right": World(centre=-1.5),
    "merged too freely; probabilities too high": World(centre=1.5, intercept=-1.0),
    "merged too little; probabilities too low": World(centre=-1.5, intercept=1.0),
    "both; probabilities too sure of themselves": World(centre=1.0, spread=3.0, slope=0.5),
    "few persons; probabilities too low": World(singles=60, twos=80, threes=10, intercept=0.5, audit=60),
    "one true pair in four never compared": World(centre=1.5, compared=0.75),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One simulated centre: contacts, the records they carry, what was said of pairs, and the truth."""

    record: np.ndarray
    moment: np.ndarray
    person: np.ndarray  # of each record
    a: np.ndarray
    b: np.ndarray
    said: np.ndarray
    audit: tuple[np.ndarray, np.ndarray]
    compared: tuple[int, int] | None


def drawn(rng: np.random.Generator, world: World) -> Drawn:
    """Return a simulated centre."""
    n, two, three = world.singles, world.twos, world.threes
    first = n + 2 * np.arange(two)
    third = n + 2 * two + 3 * np.arange(three)
    a = np.concatenate([first, third, third + 1])
    b = np.concatenate([first + 1, third + 1, third + 2])
    said = rng.normal(world.centre, world.spread, a.size)
    same = rng.random(a.size) < special.expit(world.intercept + world.slope * said)
    n_records = n + 2 * two + 3 * three
    person = np.arange(n_records)
    # a chain: the second pair of three starts where the first ends
    person[b[same]] = person[a[same]]
    person[third + 2] = np.where(same[-three:], person[third + 1], person[third + 2]) if three else person[third + 2]
    record, moment = _contacts(rng, person)
    checked = rng.normal(world.centre, world.spread, world.audit)
    audit = special.expit(checked), rng.random(world.audit) < special.expit(world.intercept + world.slope * checked)
    compared = None
    keep = np.ones(a.size, dtype=bool)
    if world.compared < 1:
        keep = rng.random(a.size) < world.compared
        compared = int(rng.binomial(world.known, world.compared)), world.known
    return Drawn(record=record, moment=moment, person=person, a=a[keep], b=b[keep], said=special.expit(said[keep]),
                 audit=audit, compared=compared)  # fmt: skip


def _contacts(rng: np.random.Generator, person: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which record each contact carries, and when it was.

    Records are used as often whoever they belong to; some persons come back within days, by any of their records.
    """
    again = rng.beta(1.5, 2.5, person.size)[person]
    who = np.repeat(np.arange(person.size), rng.poisson(2.5 * rng.gamma(2.0, 0.5, person.size)))
    when = rng.random(who.size) * DAYS
    back = np.flatnonzero(rng.random(who.size) < again[who])
    more = who[back]
    order = np.argsort(person, kind="stable")
    begins, sizes = np.searchsorted(person[order], person), np.bincount(person)[person]
    other = order[begins[more] + (rng.random(more.size) * sizes[more]).astype(np.int64)]
    return np.concatenate([who, other]), np.concatenate([when, when[back] + rng.exponential(3.0, back.size)])


def repeats(person: np.ndarray, moment: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return of each contact whether it counts and whether the same person came again within the window."""
    order = np.lexsort((moment, person))
    later = np.full(person.size, np.inf)
    here, then = person[order], moment[order]
    gap = np.where(here[1:] == here[:-1], then[1:] - then[:-1], np.inf)
    later[order[:-1]] = gap
    counts = moment <= DAYS - WINDOW
    return counts, counts & (later <= WINDOW)


def counted(centre: Drawn, ways: Scenarios) -> tuple[Moments, ScenarioSums]:
    """Return what is counted of persons without an uncertain pair, and of every scenario."""
    touched = np.zeros(centre.person.size, dtype=bool)
    touched[ways.member_record] = True
    alone = ~touched[centre.record]
    counts, came = repeats(centre.record[alone], centre.moment[alone])
    certain = gather(of=came, group=np.where(counts, 0, -1), cluster=centre.record[alone])
    # contacts of every record, once for every scenario the record is in
    order = np.argsort(centre.record, kind="stable")
    begins = np.searchsorted(centre.record[order], np.arange(centre.person.size + 1))
    sizes = np.diff(begins)[ways.member_record]
    at = np.repeat(np.arange(ways.member_record.size), sizes)
    offset = np.arange(at.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    contact = order[begins[ways.member_record[at]] + offset]
    scenario = ways.member_scenario[at]
    counts, came = repeats(scenario * 8 + ways.member_block[at], centre.moment[contact])
    n = ways.component.size
    rows, y = (np.bincount(scenario, each, minlength=n).astype(np.float64) for each in (counts, came))
    here = np.flatnonzero(rows)
    rows, y = rows[here], y[here]
    return certain, ScenarioSums(scenario=here, group=np.zeros_like(here), rows=rows, x=rows, y=y, xx=rows, xy=y, yy=y)


def _plain(person: np.ndarray, centre: Drawn) -> tuple[float, float, float, float]:
    """Return share, variance and interval where ``person`` is taken as who is who."""
    counts, came = repeats(person[centre.record], centre.moment)
    made = ratio(gather(of=came, group=np.where(counts, 0, -1), cluster=person[centre.record]), 1)
    low, high = interval.share(made.value, made.n_eff)
    return float(made.value[0]), float(made.se[0] ** 2), float(low[0]), float(high[0])


def _by(persons: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    from scipy import sparse

    graph = sparse.coo_array((np.ones(a.size), (a, b)), shape=(persons, persons))
    return sparse.csgraph.connected_components(graph, directed=False)[1]


def _rubin(
    rng: np.random.Generator, certain: Moments, sums: ScenarioSums, ways: Scenarios
) -> tuple[float, float, float]:
    """Return share and interval of imputed links under Rubin's rules, the probabilities taken as they were said."""
    score, found = np.log(ways.likely() + 1e-300), []
    for _ in range(DRAWS):
        here = score + rng.gumbel(size=score.size)
        best = np.full(ways.n_components, -np.inf)
        np.maximum.at(best, ways.component, here)
        made = ratio(joined(certain, sums, ways, (here == best[ways.component]).astype(float)), 1)
        found.append((made.value[0], made.se[0] ** 2))
    values, variances = np.array(found).T
    within, between = variances.mean(), (1 + 1 / DRAWS) * values.var(ddof=1)
    df = (DRAWS - 1) * (1 + within / max(between, 1e-15)) ** 2
    value, reach = values.mean(), stats.t.ppf(0.975, df) * np.sqrt(within + between)
    return float(value), float(value - reach), float(value + reach)


def answers(rng: np.random.Generator, centre: Drawn, *, rubin: bool = True) -> np.ndarray:
    """Return value, low and high of each method; nan for Rubin's, which takes longest, where it is left out."""
    known = _plain(centre.person, centre)
    said = centre.said > THRESHOLD
    naive = _plain(_by(centre.person.size, centre.a[said], centre.b[said]), centre)
    ways = scenarios(centre.a, centre.b, centre.said)
    certain, sums = counted(centre, ways)
    imputed = _rubin(rng, certain, sums, ways) if rubin else (np.nan,) * 3
    found = [(known[0], *known[2:]), (naive[0], *naive[2:]), imputed]
    for calibration, compared in ((SURE, None), (calibrate(*centre.audit), centre.compared)):
        made = linked_ratio(certain, 1, sums, ways, calibration, compared=compared)
        low, high = interval.share(made.value, made.n_eff)
        found.append((float(made.value[0]), float(low[0]), float(high[0])))
    return np.array(found)


def truth(world: World, seed: int, draws: int = 400) -> float:
    """Return the share that repeats where everybody is known, in as good as endless data."""
    rng = np.random.default_rng([seed, 99])
    sums = np.zeros(2)
    for _ in range(draws):
        centre = drawn(rng, world)
        counts, came = repeats(centre.person[centre.record], centre.moment)
        sums += came.sum(), counts.sum()
    return float(sums[0] / sums[1])


def coverage(world: World, draws: int, seed: int, *, rubin: bool = True, long: int = 400) -> tuple[float, np.ndarray]:
    """Return the truth and, for each method: share of intervals that hold it, mean error and mean width, in points."""
    aim = truth(world, seed, long)
    rng = np.random.default_rng([seed, 1])
    found = np.stack([answers(rng, drawn(rng, world), rubin=rubin) for _ in range(draws)])
    held = (found[:, :, 1] <= aim) & (aim <= found[:, :, 2])
    error, width = found[:, :, 0] - aim, found[:, :, 2] - found[:, :, 1]
    return aim, 100 * np.stack([held.mean(axis=0), error.mean(axis=0), width.mean(axis=0)], axis=1)


def main() -> None:
    """Draw, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1_000)
    draws = parser.parse_args().draws
    began = time.process_time()
    told = [f"{draws:,} draws of each world; 95 in 100 is aimed at. In brackets: how far off on average, and how wide, in points.",
            "", f"| world | truth | {' | '.join(METHODS)} |", f"|---|--:|{'--:|' * len(METHODS)}"]  # fmt: skip
    for place, (name, world) in enumerate(WORLDS.items()):
        aim, found = coverage(world, draws, place)
        cells = " | ".join(f"{held:.1f}% ({error:+.1f}; {width:.1f})" for held, error, width in found)
        told.append(f"| {name} | {100 * aim:.1f}% | {cells} |")
        print(told[-1], f"{time.process_time() - began:.0f} s", flush=True)
    put(PAGE, BEGIN, told)


if __name__ == "__main__":
    main()

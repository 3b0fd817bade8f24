"""Do intervals of forecast scores hold the truth, do verdicts fit worlds of which it is known, and what does one voice cost?

Run it with ``python benchmarks/forecasts.py``; it writes its tables into ``docs/explanation/trend-register.md``.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
from scipy import special

from page import printed, put
from peil.dataset import Run
from peil.methods.forecast_calibration import calibrated
from peil.methods.meta import together
from peil.methods.meta_groups import grouped, log_odds, robust
from peil.methods.score import brier, compared, scored, skill
from peil.studies.trend_register.entry import Register, Rule, Source, Trend
from peil.studies.trend_register.ledger import Resolution
from peil.studies.trend_register.scoreboard import scoreboard
from peil.terms import Label

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "trend-register.md"
BEGIN = "<!-- made by benchmarks/forecasts.py -->"
RULE = Rule(holds="above", than=50, figure=Label("a figure", "een cijfer"), publisher="somebody")
RUN = Run(inputs={}, version="0", engine="none")
MATTERS = 0.1
SIZE, MEAN = 0.05, 0.5
# name: a and b of the beta distribution that chances come from
CHANCES = {"about even": (4, 4), "spread out": (1, 1), "mostly high": (8, 2)}
# name: forecasts, how far chances lie apart on the logit scale, how many times as far they are told
WORLDS = {
    "yes: knows, 120 forecasts": (120, 2.0, 1.0),
    "yes: knows, 40 forecasts": (40, 2.0, 1.0),
    "no: guesses, 400 forecasts": (400, 0.0, 1.0),
    "no: too sure, 200 forecasts": (200, 0.3, 12.0),
    "cannot tell: knows a little, 40 forecasts": (40, 0.5, 1.0),
    "cannot tell: knows, 19 forecasts": (19, 2.0, 1.0),
}
# vendors, figures of each, spread of vendors and spread of what a vendor's figures share by chance
VOICES = {
    "10 vendors, 1 figure each": ([1] * 10, 0.3),
    "10 vendors, one of which has 10 figures": ([10, *[1] * 9], 0.3),
    "5 vendors, 4 figures each": ([4] * 5, 0.3),
    "4 vendors, one of which has 12 figures": ([12, 1, 1, 1], 0.3),
}


def scores(n: int, chances: str, draws: int, *, group: int = 1, shared: float = 0.0) -> tuple[float, float, float]:
    """Return how often intervals hold the truth: of the expected Brier score by Student's t and as given, and of the skill.

    Forecasts of one group share the part ``shared`` of their luck.
    """
    a, b = CHANCES[chances]
    rng = np.random.default_rng([n, a, b, group, round(10 * shared)])
    expected, base = a * b / ((a + b) * (a + b + 1)), a / (a + b)
    truth = 1 - expected / (base * (1 - base))
    luck = np.repeat(np.arange(n // group), group)
    held, drawn = np.zeros(3), 0
    for _ in range(draws):
        p = rng.beta(a, b, n)
        lot = np.sqrt(shared) * rng.normal(size=n // group)[luck] + np.sqrt(1 - shared) * rng.normal(size=n)
        came = special.ndtr(lot) < p
        loss = brier(p, came)
        plain, given = scored(loss, blocks=luck), scored(loss, blocks=luck, ends=(0.0, 1.0))
        held[:2] += [plain.low <= expected <= plain.high, given.low <= expected <= given.high]
        if 0 < came.mean() < 1:
            found = skill(loss, brier(np.full(n, came.mean()), came), blocks=luck)
            held[2] += found.low <= truth <= found.high
            drawn += 1
    return float(held[0] / draws), float(held[1] / draws), float(held[2] / max(drawn, 1))


def refused(n: int, draws: int) -> tuple[float, float]:
    """Return how often the test of calibration refuses true chances, and how often like forecasters are told apart."""
    rng = np.random.default_rng([n, 7])
    off = differ = 0
    for _ in range(draws):
        logit = rng.normal(size=n)
        p = special.expit(logit)
        came = rng.random(n) < p
        off += calibrated(p, came).p < SIZE
        one, two = (brier(special.expit(logit + 0.7 * rng.normal(size=n)), came) for _ in range(2))
        differ += compared(one, two).p < SIZE
    return off / draws, differ / draws


def verdicts(world: str, draws: int) -> Counter[str]:
    """Return how often each verdict is given in a world."""
    n, sharp, sure = WORLDS[world]
    rng = np.random.default_rng(sum(map(ord, world)))
    told: Counter[str] = Counter()
    for _ in range(draws):
        logit = sharp * rng.normal(size=n)
        came = rng.random(n) < special.expit(logit)
        trends = tuple(
            Trend(
                id=f"t{place}", claim=Label("a", "a"), kind="forecast", source="us", made_on=date(2020, 1, 1),
                due_on=date(2021, 1, 1), rule=RULE, probability=float(each),
            )
            for place, each in enumerate(special.expit(sure * logit))
        )  # fmt: skip
        held = {
            each.id: Resolution(
                trend=each.id, outcome="yes" if y else "no", resolved_on=date(2021, 2, 1), by="hand",
                probability=each.probability, claim=each.digest,
            )
            for each, y in zip(trends, came, strict=True)
        }  # fmt: skip
        register = Register(trends=trends, sources={"us": Source(id="us", title="us", vendor="us")})
        found = scoreboard(register, held, RUN, today=date(2022, 1, 1), matters=MATTERS)
        told[found.finding.verdict] += 1
    return told


def voices(name: str, draws: int) -> tuple[float, float, float, float]:
    """Return how often intervals hold the mean, and the next vendor: as if independent, one voice a vendor, robust."""
    sizes, spread = VOICES[name]
    rng = np.random.default_rng(sum(map(ord, name)))
    vendor = np.repeat(np.arange(len(sizes)), sizes)
    held = np.zeros(4)
    for _ in range(draws):
        lean = spread * rng.normal(size=len(sizes))
        p = special.expit(MEAN + lean[vendor])
        n = rng.integers(200, 1500, size=vendor.size)
        y, v = log_odds(rng.binomial(n, p) / n, n)
        one = grouped(y, v, vendor)
        alone, apart = together(y, v), together(one.y, one.v)
        kept = robust(y, v, vendor, tau2=apart.tau2)
        coming = MEAN + spread * rng.normal()
        held += [
            alone.low <= MEAN <= alone.high,
            apart.low <= MEAN <= apart.high,
            kept.low <= MEAN <= kept.high,
            apart.predicted_low <= coming <= apart.predicted_high,
        ]
    found = held / draws
    return float(found[0]), float(found[1]), float(found[2]), float(found[3])


def tables(draws: int, worlds: int) -> Iterator[str]:
    """Yield the lines of the page."""
    yield f"Intervals of 95 %, {draws:,} draws of each:"
    yield ""
    yield "| forecasts | chances | Brier score, Student's t | Brier score, as given | skill against the base rate |"
    yield "|---|---|---|---|---|"
    for n in (5, 10, 20, 50, 200):
        for chances in CHANCES:
            told = " | ".join(f"{each:.1%}" for each in scores(n, chances, draws))
            yield f"| {n} | {chances} | {told} |"
    yield ""
    yield "Forecasts that share their luck in groups, lowest and highest of the three sorts of chances:"
    yield ""
    yield "| forecasts | in groups of | luck shared | Brier score, Student's t | Brier score, as given | skill |"
    yield "|---|---|---|---|---|---|"
    for n, group in ((20, 2), (20, 4), (50, 2), (50, 5), (200, 4), (200, 10)):
        for name, shared in (("half", 0.5), ("wholly", 1.0)):
            found = [scores(n, each, draws, group=group, shared=shared) for each in CHANCES]
            told = " | ".join(f"{min(each):.1%} to {max(each):.1%}" for each in zip(*found, strict=True))
            yield f"| {n} | {group} | {name} | {told} |"
    yield ""
    yield "Tests at 5 %: how often true chances are refused, and two forecasters told apart that are alike:"
    yield ""
    yield "| forecasts | calibration | two forecasters |"
    yield "|---|---|---|"
    for n in (20, 50, 200):
        off, differ = refused(n, draws)
        yield f"| {n} | {off:.1%} | {differ:.1%} |"
    yield ""
    yield f"Verdicts, {worlds} draws of each world, with a skill of {MATTERS} as the smallest that matters:"
    yield ""
    yield "| world | yes | no | unclear |"
    yield "|---|---|---|---|"
    for world in WORLDS:
        counted = verdicts(world, worlds)
        yield f"| {world} | " + " | ".join(f"{counted[each] / worlds:.1%}" for each in ("yes", "no", "unclear")) + " |"
    yield ""
    yield "Evidence of which each vendor leans its own way: how often an interval of 95 % holds the mean, and the next vendor:"
    yield ""
    yield "| evidence | each figure as if independent | one voice a vendor | every figure, spread of the vendors | the next vendor |"
    yield "|---|---|---|---|---|"
    for name in VOICES:
        yield f"| {name} | " + " | ".join(f"{each:.1%}" for each in voices(name, worlds * 2)) + " |"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draws", type=int, default=1_500)
    asked.add_argument("--worlds", type=int, default=300)
    asked.add_argument("--no-page", action="store_true", help="only print")
    given = asked.parse_args()
    lines = printed(tables(given.draws, given.worlds))
    if not given.no_page:
        put(PAGE, BEGIN, lines)


if __name__ == "__main__":
    main()

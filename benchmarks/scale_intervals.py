"""Do intervals of reliability and of a gain in R² hold the truth? Draws respondents of whom both are known.

Run it with ``python benchmarks/scale_intervals.py``; it writes its table into ``docs/explanation/scale-quality.md``.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from page import printed, put
from peil.methods.one_factor import FEWEST_ITEMS, omega, one_factor, standardised
from peil.methods.reliability import alpha, products, reliability, spearman_brown
from peil.methods.validity import gain, semipartial

Floats = NDArray[np.float64]
PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "scale-quality.md"
BEGIN = "<!-- made by benchmarks/scale_intervals.py -->"
HEAD = (
    "| items | answers | persons | coefficient | alpha | holds it | Feldt's holds it | omega | holds it | gain in R² | holds it |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
)
_MANY = 1_000_000
# Most tick the upper end, as customers do.
_CUTS = (-1.6, -1.0, -0.4, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Respondents who answer a scale, one question beside it, and the outcome.

    Parameters:
        items: how many questions the scale has.
        persons: how many answer.
        answers: how often each of them does.
        steps: whether answers are ticked on five steps, most at the upper end; else they are normal.
        counts: how much of the outcome rests on what the scale has of its own.
    """

    items: int = 4
    persons: int = 150
    answers: int = 1
    steps: bool = False
    counts: float = 0.4

    def draw(self, dice: np.random.Generator, persons: int, answers: int) -> tuple[Floats, NDArray[np.int64]]:
        """Return outcome, the one question and the items of each response, and whose it is."""
        who = np.repeat(np.arange(persons), answers)

        def lasting(share: float) -> Floats:
            own, now = dice.normal(size=persons)[who], dice.normal(size=who.size)
            return np.sqrt(share) * own + np.sqrt(1 - share) * now if answers > 1 else own

        ease, apart = lasting(0.6), lasting(0.6)
        speed = 0.6 * ease + 0.8 * apart
        strength = np.linspace(1.0, 0.6, self.items)
        items = speed[:, None] * strength + np.column_stack([lasting(0.3) for _ in range(self.items)])
        items /= np.sqrt(strength**2 + 1)
        one = 0.8 * ease + 0.6 * lasting(0.3)
        outcome = 0.5 * ease + self.counts * apart + 0.7 * lasting(0.3)
        rows = np.column_stack([outcome, one, items])
        return (np.searchsorted(_CUTS, rows).astype(np.float64) if self.steps else rows), who

    def truths(self) -> tuple[float, float, float]:
        """Return alpha, omega (of two items Spearman and Brown's) and the gain, of a million respondents."""
        rows, _ = self.draw(np.random.default_rng(99), _MANY, 1)
        items = np.cov(rows[:, 2:], rowvar=False)
        if self.items == FEWEST_ITEMS:
            shared = float(spearman_brown(standardised(items)[0, 1]))
        else:
            factor = one_factor(items)
            shared = float(omega(factor.loadings, factor.uniquenesses))
        three = np.corrcoef(np.column_stack([rows[:, :2], rows[:, 2:].mean(axis=1)]), rowvar=False)
        return float(alpha(items)), shared, float(semipartial(three) ** 2)


WORLDS = (
    World(persons=50),
    World(persons=150),
    *(World(persons=each, steps=True) for each in (50, 150, 500)),
    World(items=2, steps=True),
    World(items=3, persons=60, answers=5, steps=True),
    World(items=2, steps=True, counts=0.0, persons=300),
)


def row(of: World, draws: int, resamples: int) -> str:
    """Return how often the intervals hold what is true of the world."""
    truths, held = of.truths(), np.zeros(4)
    for seed in range(draws):
        rows, who = of.draw(np.random.default_rng([seed, of.items, of.persons]), of.persons, of.answers)
        made = reliability(products(rows[:, 2:], cluster=who), len(rows), draws=resamples, seed=seed)
        more = gain(
            products(np.column_stack([rows[:, :2], rows[:, 2:].mean(axis=1)]), cluster=who), draws=resamples, seed=seed
        )
        held += [
            made.alpha_low <= truths[0] <= made.alpha_high,
            made.feldt[0] <= truths[0] <= made.feldt[1],
            made.low <= truths[1] <= made.high,
            more.low <= truths[2] <= more.high,
        ]
    a, f, o, g = held / draws
    named = "Spearman-Brown" if of.items == FEWEST_ITEMS else "omega"
    return (
        f"| {of.items} | {'five steps' if of.steps else 'normal'} | {of.persons}{f', {of.answers} answers each' if of.answers > 1 else ''} | {named}"
        f" | {truths[0]:.2f} | {a:.1%} | {f:.1%} | {truths[1]:.2f} | {o:.1%} | {truths[2]:.3f} | {g:.1%} |"
    )


def main() -> None:
    """Run the proof and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--resamples", type=int, default=300)
    given = parser.parse_args()
    day = f"{date.today():%d %B %Y}"  # noqa: DTZ011  # a day on a page
    lines = [f"{given.draws} draws of each world, {given.resamples} resamples each, {day}.", "", *HEAD]
    put(PAGE, BEGIN, printed([*lines, *(row(each, given.draws, given.resamples) for each in WORLDS)]))


if __name__ == "__main__":
    main()

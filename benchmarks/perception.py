"""Do the intervals of a perception gap hold their truth, and is noise called noise?

Run it with ``python benchmarks/perception.py``; it writes its tables into ``docs/explanation/perception-gap.md``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy import special

from page import put
from peil.methods.agreement import agreement

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "perception-gap.md"
BEGIN = "<!-- made by benchmarks/perception.py -->"
MEAN = 8.0
# organisations, true spread of gaps, standard error of one gap
CASES = ((8, 15.0, 6.0), (12, 5.0, 10.0), (20, 15.0, 6.0), (40, 10.0, 10.0), (80, 10.0, 8.0))
# name: organisations, mean gap, spread, standard error, what matters
WORLDS = {
    "yes: overestimate of 15 points": (30, 15.0, 10.0, 8.0, 0.0),
    "no: nought on average, 8 points matter": (60, 0.0, 10.0, 8.0, 8.0),
    "cannot tell: 8 points, 8 organisations": (8, 8.0, 20.0, 10.0, 0.0),
}


def drawn(
    rng: np.random.Generator, n: int, mean: float, spread: float, error: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what customers say, what organisations believe, and the sampling variance of the gaps."""
    variance = error**2 * rng.uniform(0.5, 1.5, n)
    truth, gap = rng.normal(10, 20, n), rng.normal(mean, spread, n)
    voice = truth + rng.normal(0, np.sqrt(0.6 * variance))
    return voice, truth + gap + rng.normal(0, np.sqrt(0.4 * variance)), variance


def coverage(draws: int, seed: int) -> list[str]:
    """Return how often each interval holds its truth."""
    lines = ["| organisations | true spread | error of a gap | mean | spread | share above nought |",
             "|--:|--:|--:|--:|--:|--:|"]  # fmt: skip
    for n, spread, error in CASES:
        rng, held = np.random.default_rng([seed, n]), np.zeros(3)
        for _ in range(draws):
            found = agreement(*drawn(rng, n, MEAN, spread, error))
            aims = (MEAN, spread, float(special.ndtr(MEAN / spread)))
            held += [
                one.low <= aim <= one.high
                for one, aim in zip((found.mean, found.spread, found.above), aims, strict=True)
            ]
        shares = " | ".join(f"{100 * each / draws:.1f}%" for each in held)
        lines.append(f"| {n} | {spread:g} | {error:g} | {shares} |")
    return lines


def verdicts(draws: int, seed: int) -> list[str]:
    """Return what is said in each world."""
    lines = ["| world | yes | no | unclear |", "|---|--:|--:|--:|"]
    for place, (name, (n, mean, spread, error, matters)) in enumerate(WORLDS.items()):
        rng, said = np.random.default_rng([seed, 100 + place]), {"yes": 0, "no": 0, "unclear": 0}
        for _ in range(draws):
            found = agreement(*drawn(rng, n, mean, spread, error)).mean
            clear, within = found.low > 0 or found.high < 0, -matters < found.low and found.high < matters
            said["yes" if clear else "no" if within else "unclear"] += 1
        lines.append(f"| {name} | {' | '.join(f'{100 * each / draws:.1f}%' for each in said.values())} |")
    return lines


def main() -> None:
    """Draw, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1_000)
    draws = parser.parse_args().draws
    told = [f"{draws:,} draws of each row; 95 in 100 is aimed at.", "", *coverage(draws, 1), "", *verdicts(draws, 2)]
    put(PAGE, BEGIN, told)
    print("\n".join(told))


if __name__ == "__main__":
    main()

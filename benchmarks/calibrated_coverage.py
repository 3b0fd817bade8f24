"""How often intervals of raked samples hold the truth, and what the raking takes away of a known bias.

Run it with ``python benchmarks/calibrated_coverage.py``; it writes its table into ``docs/explanation/calibrated-weights.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from page import put
from peil.methods import interval
from peil.methods.calibrate import rake
from peil.methods.cells import cells, known, matrix
from peil.methods.explained import Explained, residuals
from peil.methods.moments import Moments, gather
from peil.methods.ratio import ratio

Floats = NDArray[np.float64]
PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "calibrated-weights.md"
BEGIN, END = "<!-- calibrated coverage begins -->", "<!-- calibrated coverage ends -->"
SIZES = (100, 300, 1_000)
DRAWS = 2_000
SEED = 20_200_316
CHANNELS, WAITS = 4, 3
# Chance to answer and net promoter score by channel and wait: those who waited answer more, and like it less.
ANSWERS = np.array([0.05, 0.10, 0.20, 0.40])[:, None] * np.array([0.6, 1.0, 1.6])
PROMOTERS = np.clip(np.array([0.60, 0.50, 0.40, 0.20])[:, None] - np.array([0.0, 0.1, 0.15]), 0.02, 0.9)
DETRACTORS = np.clip(np.array([0.10, 0.20, 0.30, 0.45])[:, None] + np.array([0.0, 0.1, 0.2]), 0.02, 0.9)
SHARES = np.outer([0.4, 0.3, 0.2, 0.1], [0.5, 0.3, 0.2])
TRUTH = 100 * float(np.sum(SHARES * (PROMOTERS - DETRACTORS)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What came of many draws: bias in points, and how often the interval held the truth.

    Parameters:
        plain_bias: of unweighted answers.
        plain: coverage of their interval.
        raked_bias: of raked answers.
        raked: coverage with the standard errors of residuals.
        ratio: mean standard error of residuals over the spread of the raked estimates.
        naive: mean standard error of the weights taken as given, over the same.
    """

    plain_bias: float
    plain: float
    raked_bias: float
    raked: float
    ratio: float
    naive: float


def drawn(n: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Return channel, wait and score of ``n`` respondents of a large population."""
    chance = (SHARES * ANSWERS / np.sum(SHARES * ANSWERS)).ravel()
    cell = rng.choice(chance.size, n, p=chance)
    u = rng.random(n)
    score = 100.0 * (u < PROMOTERS.ravel()[cell]) - 100.0 * (u > 1 - DETRACTORS.ravel()[cell])
    return cell // WAITS, cell % WAITS, score


def once(n: int, rng: np.random.Generator) -> tuple[Moments, Moments]:
    """Return the moments of one sample: unweighted, and raked to channel and wait with residuals."""
    channel, wait, score = drawn(n, rng)
    margins = [
        known("channel", channel.astype(str).tolist(), dict(zip("0123", SHARES.sum(1).tolist(), strict=True))),
        known("wait", wait.astype(str).tolist(), dict(zip("012", SHARES.sum(0).tolist(), strict=True))),
    ]
    g = rake(cells(np.ones(n)), margins).g
    x = matrix(margins, (), n)
    plain, weighted = gather(of=score), gather(of=score, weight=g)
    explained = Explained.of(
        x=x,
        drawn=np.ones(n),
        weight=sparse.diags(g).tocsr(),
        crossed=((np.asarray(x.sum(0)), (x.T @ score)[None, :]),),
    )
    rows = np.arange(n)
    found = residuals(
        explained,
        0,
        stratum=np.zeros(n, dtype=np.int64),
        n_strata=1,
        entries=(rows, np.zeros(n, dtype=np.int64), g, g * score),
        n_groups=1,
    )
    sums = {name: getattr(weighted, name) for name in Moments.__slots__ if name not in {"residuals", "within"}}
    return plain, Moments(**sums, residuals=found)


def held(n: int, draws: int, seed: int) -> Held:
    """Return what came of ``draws`` samples of ``n``."""
    rng = np.random.default_rng(seed)
    rows: list[list[float]] = []
    for _ in range(draws):
        plain, raked = once(n, rng)
        row: list[float] = []
        for moments in (plain, raked):
            made = ratio(moments, 1)
            extreme = float(moments.wyy[0] / moments.w[0] / 10_000)
            score = made.value[0] / 100
            low, high = interval.points([(extreme + score) / 2], [(extreme - score) / 2], made.n_eff)
            row += [float(made.value[0]), float(low[0] <= TRUTH <= high[0]), float(made.se[0])]
        given = Moments(
            **{name: getattr(raked, name) for name in Moments.__slots__ if name not in {"residuals", "within"}}
        )
        rows.append([*row, float(ratio(given, 1).se[0])])
    each = np.array(rows)
    spread = each[:, 3].std()
    return Held(
        plain_bias=float(each[:, 0].mean() - TRUTH),
        plain=float(each[:, 1].mean()),
        raked_bias=float(each[:, 3].mean() - TRUTH),
        raked=float(each[:, 4].mean()),
        ratio=float(each[:, 5].mean() / spread),
        naive=float(each[:, 6].mean() / spread),
    )


def table(draws: int = DRAWS) -> str:
    """Return the table in Markdown."""
    lines = [
        f"The true score is {TRUTH:.1f} points; {draws:,} samples of each size.",
        "",
        "| answers | unweighted: bias | interval holds | raked: bias | interval holds | standard error over true spread | the same, weights taken as given |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for n in SIZES:
        h = held(n, draws, SEED + n)
        lines.append(
            f"| {n:,} | {h.plain_bias:+.1f} | {h.plain:.1%} | {h.raked_bias:+.1f} | {h.raked:.1%} | {h.ratio:.2f} | {h.naive:.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Write the table between its marks."""
    made = table()
    put(PAGE, BEGIN, [made], END)
    print(made)


if __name__ == "__main__":
    main()

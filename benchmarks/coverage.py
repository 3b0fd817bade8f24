"""How often each interval holds the truth: exact for simple random samples, simulated for clustered ones.

Run it with ``python benchmarks/coverage.py``; it writes its table into ``docs/explanation/coverage.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special

from peil.methods import interval
from peil.methods.moments import Moments, Strata, gather
from peil.methods.ratio import Ratios, ratio

Floats = NDArray[np.float64]
PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "coverage.md"
BEGIN, END = "<!-- coverage begins -->", "<!-- coverage ends -->"
SHAPES = ((0.90, 0.02), (0.60, 0.10), (0.35, 0.25), (0.45, 0.45), (0.20, 0.50), (0.02, 0.90))
SIZES = (5, 10, 20, 50)
CLUSTERED = ((10, 0.1), (20, 0.1), (50, 0.1), (10, 0.4), (20, 0.4), (50, 0.4))
DRAWS = 4_000
SEED = 20_200_316
Z = float(special.ndtri(0.975))


def held(low: Floats, high: Floats, truth: float, chance: Floats) -> float:
    """Return the chance that the interval holds the truth, give or take rounding."""
    rounding = 1e-9
    return float(chance[(low <= truth + rounding) & (high >= truth - rounding)].sum())


def outcomes(n: int) -> tuple[Floats, Floats]:
    """Return every possible count of promoters and detractors among ``n``."""
    promoters, detractors = np.meshgrid(np.arange(n + 1.0), np.arange(n + 1.0))
    possible = promoters + detractors <= n
    return promoters[possible], detractors[possible]


def chances(n: int, promoters: Floats, detractors: Floats, shape: tuple[float, float]) -> Floats:
    """Return the trinomial chance of each outcome."""
    passives = n - promoters - detractors
    ways = special.gammaln(n + 1) - sum(special.gammaln(each + 1) for each in (promoters, detractors, passives))
    p, d = shape
    return np.exp(ways + promoters * np.log(p) + detractors * np.log(d) + passives * np.log(1 - p - d))


def compare(nps: Ratios, share: Ratios, detractors: Floats, shape: tuple[float, float], chance: Floats) -> list[float]:
    """Return the coverage of the six intervals, given both estimates of every outcome."""
    p, d = shape
    reach = Z * nps.se
    t = interval.mean(nps.value, nps.se, nps.df_here, least=-100, most=100)
    points = 100 * (p - d)
    return [
        held(nps.value - reach, nps.value + reach, points, chance),
        held(*t, points, chance),
        held(*interval.points(share.value, detractors, nps.n_eff), points, chance),
        held(*interval.points_score(share.value, detractors, nps.n_eff), points, chance),
        held(share.value - Z * share.se, share.value + Z * share.se, p, chance),
        held(*interval.share(share.value, share.n_eff), p, chance),
    ]


def simple(n: int, shape: tuple[float, float]) -> list[float]:
    """Return the exact coverage in a simple random sample of ``n``."""
    promoters, detractors = outcomes(n)
    estimates = []
    for value_promoter, value_detractor in ((100.0, -100.0), (1.0, 0.0)):
        y = value_promoter * promoters + value_detractor * detractors
        yy = value_promoter**2 * promoters + value_detractor**2 * detractors
        rows = np.full(y.size, float(n))
        moments = Moments(
            strata=Strata(clusters=np.array([float(n)])),
            group=np.arange(y.size),
            stratum=np.zeros(y.size, dtype=np.int64),
            rows=rows,
            clusters=rows,
            w=rows,
            x=rows,
            y=y,
            xx=rows,
            xy=y,
            yy=yy,
            wxx=rows,
            wxy=y,
            wyy=yy,
        )
        estimates.append(ratio(moments, y.size))
    return compare(*estimates, detractors / n, shape, chances(n, promoters, detractors, shape))


def clustered(clusters: int, rho: float, shape: tuple[float, float], draws: int, seed: int) -> list[float]:
    """Return the simulated coverage with 1 to 9 weighted answers a cluster, correlated ``rho`` within it."""
    rng = np.random.default_rng(seed)
    p, d = shape
    within = rng.dirichlet(np.array([p, d, 1 - p - d]) * (1 - rho) / rho, size=(draws, clusters))
    sizes = rng.integers(1, 10, size=(draws, clusters)).ravel()
    cluster = np.repeat(np.arange(draws * clusters), sizes)
    draw = cluster // clusters
    u = rng.random(cluster.size)
    chance = within.reshape(-1, 3)[cluster]
    promoter, detractor = u < chance[:, 0], u > 1 - chance[:, 1]
    weight = rng.uniform(0.5, 2.0, size=cluster.size)
    # Each draw is a group of a design of its own size: one stratum, the same number of clusters.
    estimates = []
    for of in (100.0 * promoter - 100.0 * detractor, 1.0 * promoter, 1.0 * detractor):
        moments = gather(of=of, weight=weight, group=draw, stratum=draw, cluster=cluster)
        estimates.append(ratio(moments, draws))
    nps, share, detractors = estimates
    return compare(nps, share, detractors.value, shape, np.full(draws, 1 / draws))


def line(name: str, cover: Callable[[tuple[float, float]], list[float]]) -> str:
    """Return one line of the table: the mean and the worst of the shapes for each interval."""
    each = np.array([cover(shape) for shape in SHAPES])
    cells = [f"{100 * mean:.1f} / {100 * worst:.1f}" for mean, worst in zip(each.mean(0), each.min(0), strict=True)]
    return f"| {name} | {' | '.join(cells)} |"


def table(draws: int = DRAWS) -> str:
    """Return the whole table in Markdown."""
    lines = [
        "| sample | NPS: plain Wald | NPS: Student | NPS: adjusted Wald | NPS: score | share: plain Wald | share: Wilson |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [line(f"{n} answers", lambda shape, n=n: simple(n, shape)) for n in SIZES]
    lines += [
        line(f"{k} clusters, correlation {rho}", lambda shape, k=k, rho=rho: clustered(k, rho, shape, draws, SEED + k))
        for k, rho in CLUSTERED
    ]
    return "\n".join(lines)


def main() -> None:
    """Write the table between its marks."""
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    made = table()
    PAGE.write_text(f"{before}{BEGIN}\n\n{made}\n\n{END}{after}", encoding="utf-8")
    print(made)


if __name__ == "__main__":
    main()

"""How often each interval holds the truth: exact for simple random samples, simulated for clustered and weighted ones.

Run it with ``python benchmarks/interval_coverage.py``; it writes its tables into ``docs/explanation/coverage.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special

from page import put
from peil.methods import interval
from peil.methods.moments import Moments, Strata, gather
from peil.methods.ratio import Ratios, ratio
from peil.methods.student import student

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "coverage.md"
BEGIN, END = "<!-- coverage begins -->", "<!-- coverage ends -->"
# promoters and detractors, from a score of 88 to one of -88
SHAPES = ((0.90, 0.02), (0.60, 0.10), (0.35, 0.25), (0.45, 0.45), (0.20, 0.50), (0.02, 0.90))
# answers from 1 to 5, and from 1 to 7: very good, good, in the middle, at both ends, poor, very poor
CSAT = (
    (0.02, 0.03, 0.05, 0.25, 0.65),
    (0.05, 0.05, 0.15, 0.45, 0.30),
    (0.10, 0.20, 0.40, 0.20, 0.10),
    (0.35, 0.10, 0.10, 0.10, 0.35),
    (0.30, 0.30, 0.20, 0.15, 0.05),
    (0.65, 0.20, 0.10, 0.03, 0.02),
)
CES = (
    (0.01, 0.01, 0.03, 0.05, 0.10, 0.25, 0.55),
    (0.03, 0.04, 0.06, 0.12, 0.20, 0.30, 0.25),
    (0.06, 0.10, 0.18, 0.32, 0.18, 0.10, 0.06),
    (0.25, 0.10, 0.08, 0.14, 0.08, 0.10, 0.25),
    (0.20, 0.22, 0.20, 0.16, 0.12, 0.06, 0.04),
    (0.50, 0.22, 0.12, 0.08, 0.04, 0.02, 0.02),
)
TOP = {5: 4, 7: 5}  # from which answer on a customer counts as satisfied, or found it easy
SIZES = (5, 10, 20, 50)
WEIGHTS = (0.5, 2.0)
DRAWS = 4_000
SEED = 20_200_316
Z = float(special.ndtri(0.975))
# What was tried and is not what Peil prints: told at the end, worst and best.
TRIED = "tried: "
ALIKE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How answers are drawn.

    Parameters:
        name: as it is shown.
        sizes: answers a cluster gives, each as likely.
        rho: correlation within a cluster.
        weighted: whether weights are uneven.
    """

    name: str
    sizes: tuple[int, ...]
    rho: float
    weighted: bool


SIMPLE = Design(name="each by itself", sizes=(1,), rho=0.0, weighted=False)
COMPLEX = (
    Design(name="1 to 3 a customer, weighted", sizes=(1, 1, 2, 3), rho=0.2, weighted=True),
    Design(name="2 to 4 a customer, weighted", sizes=(2, 3, 4), rho=0.2, weighted=True),
    Design(name="1 to 3 a customer, much alike, weighted", sizes=(1, 1, 2, 3), rho=0.5, weighted=True),
)
LARGE = (
    Design(name="10 a team, weighted", sizes=(10,), rho=0.05, weighted=True),
    Design(name="10 a team, much alike, weighted", sizes=(10,), rho=0.3, weighted=True),
)


def held(low: Floats, high: Floats, truth: float, chance: Floats) -> float:
    """Return the chance that the interval holds the truth, give or take rounding."""
    rounding = 1e-9
    return float(chance[(low <= truth + rounding) & (high >= truth - rounding)].sum())


def outcomes(n: int) -> tuple[Floats, Floats]:
    """Return every possible count of promoters and detractors among ``n``."""
    promoters, detractors = np.meshgrid(np.arange(n + 1.0), np.arange(n + 1.0))
    possible = promoters + detractors <= n
    return promoters[possible], detractors[possible]


def chances(n: int, promoters: Floats, detractors: Floats, shape: Sequence[float]) -> Floats:
    """Return the trinomial chance of each outcome."""
    passives = n - promoters - detractors
    ways = special.gammaln(n + 1) - sum(special.gammaln(each + 1) for each in (promoters, detractors, passives))
    p, d = shape
    return np.exp(ways + promoters * np.log(p) + detractors * np.log(d) + passives * np.log(1 - p - d))


def halfway(first: interval.Interval, second: interval.Interval) -> interval.Interval:
    """Return the interval whose ends lie halfway between those of two."""
    return (first[0] + second[0]) / 2, (first[1] + second[1]) / 2


def compare(
    nps: Ratios, share: Ratios, detractors: Floats, half: Floats, shape: Sequence[float], chance: Floats
) -> list[float]:
    """Return the coverage of the intervals of a net promoter score, given the estimates of every outcome."""
    p, d = shape
    reach, points = Z * nps.se, 100 * (p - d)
    wald, score = (each(share.value, detractors, nps.n_eff) for each in (interval.points, interval.points_score))
    told = [
        (nps.value - reach, nps.value + reach),
        interval.mean(nps.value, nps.se, nps.df_here, least=-100, most=100),
        wald,
        score,
        halfway(wald, score),
        interval.points(share.value, detractors, half),
    ]
    return [held(*each, points, chance) for each in told]


def simple(n: int, shape: Sequence[float]) -> list[float]:
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
    whole = np.full(promoters.size, float(n))
    return compare(*estimates, detractors / n, whole, shape, chances(n, promoters, detractors, shape))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Answers of many samples at once: each is a group of a design of its own."""

    sample: Integers
    cluster: Integers
    weight: Floats
    answer: Integers

    def ratio(self, of: Floats) -> Ratios:
        """Return the mean of ``of`` in every sample."""
        moments = gather(of=of, weight=self.weight, group=self.sample, stratum=self.sample, cluster=self.cluster)
        return ratio(moments, int(self.sample[-1]) + 1, singleton="certainty")

    def half_alike(self, found: Ratios) -> Floats:
        """Return effective answers that fall no further for few clusters than if answers of one correlated by a half."""
        samples = int(self.sample[-1]) + 1
        _, place = np.unique(self.cluster, return_inverse=True)
        whose = np.zeros(int(place.max()) + 1, dtype=np.int64)
        whose[place] = self.sample
        clusters = np.bincount(whose, np.bincount(place, self.weight) ** 2, samples)
        rows = np.bincount(self.sample, self.weight**2, samples)
        least = np.bincount(self.sample, self.weight, samples) ** 2 / (ALIKE * clusters + (1 - ALIKE) * rows)
        n = np.bincount(self.sample, minlength=samples).astype(np.float64)
        known = found.deff > 0
        plain = np.divide(n, found.deff, out=n.copy(), where=known)
        few = np.where(found.df_here > 0, student(n - 1, 0.95) / student(np.maximum(found.df_here, 1), 0.95), 1.0)
        return np.minimum(n, np.where(known, np.maximum(plain * few**2, np.minimum(plain, least)), least))


def drawn(design: Design, n: int, shape: Sequence[float], draws: int, seed: int) -> Drawn:
    """Draw samples of ``n`` answers, from 0 on; the last cluster may give fewer than it would."""
    rng = np.random.default_rng(seed)
    most = -(-n // min(design.sizes))
    ends = np.minimum(np.cumsum(rng.choice(design.sizes, size=(draws, most)), axis=1), n)
    # the cluster of each answer is the first that ends behind it
    place = (np.arange(n)[None, :, None] >= ends[:, None, :]).sum(axis=2)
    cluster = (np.arange(draws)[:, None] * most + place).ravel()
    chance = np.tile(shape, (draws * most, 1))
    if design.rho:
        chance = rng.dirichlet(np.array(shape) * (1 - design.rho) / design.rho, size=draws * most)
    until = np.cumsum(chance, axis=1)[cluster]
    answer = (rng.random(cluster.size)[:, None] > until[:, :-1]).sum(axis=1)
    weight = np.ones(cluster.size)
    if design.weighted:
        weight = np.exp(rng.uniform(*np.log(WEIGHTS), size=cluster.size))
    return Drawn(sample=np.repeat(np.arange(draws), n), cluster=cluster, weight=weight, answer=answer)


def points(design: Design, n: int, shape: Sequence[float], draws: int) -> list[float]:
    """Return the simulated coverage of the intervals of a net promoter score."""
    p, d = shape
    made = drawn(design, n, (d, 1 - p - d, p), draws, SEED + n)
    detractor, promoter = (1.0 * (made.answer == each) for each in (0, 2))
    nps, share, low = (made.ratio(of) for of in (100 * (promoter - detractor), promoter, detractor))
    return compare(nps, share, low.value, made.half_alike(nps), shape, np.full(draws, 1 / draws))


def scales(design: Design, n: int, shape: Sequence[float], draws: int) -> list[float]:
    """Return the simulated coverage of the intervals of a top box, and of a mean on a scale."""
    made = drawn(design, n, shape, draws, SEED + n)
    most, chance = len(shape), np.full(draws, 1 / draws)
    top = made.ratio(1.0 * (made.answer + 1 >= TOP[most]))
    truth = float(np.sum(shape[TOP[most] - 1 :]))
    mean = made.ratio(made.answer + 1.0)
    centre = float(np.dot(shape, np.arange(1, most + 1)))
    spread = np.nan_to_num(np.divide(mean.se**2, mean.deff, out=np.zeros(draws), where=mean.deff > 0)) * n
    reach, wilson = Z * top.se, interval.share(top.value, top.n_eff)
    exact = interval.share_beta(top.value, top.n_eff)
    tops = [(top.value - reach, top.value + reach), wilson, exact, jeffreys(top.value, top.n_eff)]
    tops += [halfway(wilson, exact), interval.share(top.value, made.half_alike(top))]
    means = [interval.mean(mean.value, mean.se, mean.df_here, least=1, most=most)]
    means += [
        interval.scale(mean.value, spread, each, least=1, most=most) for each in (mean.n_eff, made.half_alike(mean))
    ]
    return [held(*each, truth, chance) for each in tops] + [held(*each, centre, chance) for each in means]


def jeffreys(p: Floats, n: Floats) -> interval.Interval:
    """Return Jeffreys' interval of a share on effective rows (Brown, Cai and DasGupta 2001)."""
    low, high = (special.betaincinv(n * p + 0.5, n * (1 - p) + 0.5, each) for each in (0.025, 0.975))
    return np.where(p <= 0, 0.0, low), np.where(p >= 1, 1.0, high)


def covered(cover: Callable[[Sequence[float]], list[float]], shapes: Sequence[Sequence[float]]) -> Floats:
    """Return the mean, the lowest and the highest of the shapes for each interval, in per cent."""
    each = 100 * np.array([cover(shape) for shape in shapes])
    return np.stack([each.mean(0), each.min(0), each.max(0)], axis=1)


def line(name: str, figures: Floats) -> str:
    """Return one line of a table."""
    cells = [f"{mean:.1f} ({low:.1f}–{high:.1f})" for mean, low, high in figures]
    return f"| {name} | {' | '.join(cells)} |"


def head(*names: str) -> list[str]:
    """Return the head of a table."""
    return [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]


def table(draws: int = DRAWS) -> str:
    """Return the tables in Markdown, and first of all each interval at its best and worst."""
    cases = [(design, n) for design in COMPLEX for n in SIZES] + [(design, n) for design in LARGE for n in (50, 200)]
    ways: tuple[str, ...] = ("plain Wald", "Student", "adjusted Wald", "score")
    ways += (f"{TRIED}halfway between adjusted Wald and score", f"{TRIED}adjusted Wald, clusters half alike at most")
    rows = [(f"{n}, {SIMPLE.name} (exact)", covered(lambda shape, n=n: simple(n, shape), SHAPES)) for n in SIZES]
    rows += [
        (f"{n}, {design.name}", covered(lambda shape, d=design, n=n: points(d, n, shape, draws), SHAPES))
        for design, n in cases
    ]
    parts = [("Net promoter score", ways, rows)]
    for name, shapes, box in (("Satisfaction, 1 to 5", CSAT, "top two"), ("Effort, 1 to 7", CES, "top three")):
        ways = (
            *(f"{box}: {way}" for way in ("plain Wald", "Wilson", "Korn-Graubard")),
            f"{TRIED}{box}: Jeffreys",
            f"{TRIED}{box}: halfway between Wilson and Korn-Graubard",
            f"{TRIED}{box}: Wilson, clusters half alike at most",
            "mean: Student",
            "mean: two added",
            f"{TRIED}mean: two added, clusters half alike at most",
        )
        rows = [
            (f"{n}, {design.name}", covered(lambda shape, d=design, n=n: scales(d, n, shape, draws), shapes))
            for design, n in [(SIMPLE, n) for n in SIZES] + cases
        ]
        parts.append((name, ways, rows))
    lines: list[str] = []
    for title, tried in (("All in all", False), ("Tried, and not taken", True)):
        lines += [f"## {title}", "", *head("of", "interval", "lowest mean", "highest mean", "lowest of one kind")]
        lines += [told for part in parts for told in worst_and_best(*part, tried=tried)] + [""]
    for name, ways, rows in parts:
        shown = [place for place, way in enumerate(ways) if not way.startswith(TRIED)]
        lines += [f"## {name}", "", *head("answers", *(ways[place] for place in shown))]
        lines += [*(line(told, figures[shown]) for told, figures in rows), ""]
    return "\n".join(lines).rstrip()


def worst_and_best(name: str, ways: Sequence[str], rows: Sequence[tuple[str, Floats]], *, tried: bool) -> Iterator[str]:
    """Yield a line for each interval: its lowest and highest mean, and the lowest of one kind of customers."""
    every = np.stack([figures for _, figures in rows])
    for place, way in enumerate(ways):
        if way.startswith(TRIED) is tried:
            mean, low = every[:, place, 0], every[:, place, 1]
            where = rows[int(low.argmin())][0]
            told = way.removeprefix(TRIED)
            yield f"| {name} | {told} | {mean.min():.1f} | {mean.max():.1f} | {low.min():.1f}: {where} |"


def main() -> None:
    """Write the tables between their marks."""
    made = table()
    put(PAGE, BEGIN, [made], END)
    print(made)


if __name__ == "__main__":
    main()

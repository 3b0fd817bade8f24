"""Do the methods behind "staff first" keep their promises in worlds of which the truth is known?

Run it with ``python benchmarks/staff_methods.py``; it writes its tables into ``docs/explanation/staff-first-methods.md``.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy import special

from page import printed, put
from peil.errors import EvidenceError
from peil.methods.control_limits import control_limits
from peil.methods.lead_lag import lead_lag
from peil.methods.moments import Floats
from peil.methods.necessary import necessary

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "staff-first-methods.md"
# empty share: height where the ceiling begins, and x where it is at its highest
ALPHA, MISSING = 0.05, 0.1
CEILINGS = {0.2: (0.5, 0.8), 0.3: (0.4, 1.0)}


def normal(rng: np.random.Generator, n: int, r: float) -> tuple[Floats, Floats]:
    x = rng.normal(size=n)
    return x, r * x + np.sqrt(1 - r * r) * rng.normal(size=n)


def heavy(rng: np.random.Generator, n: int, r: float) -> tuple[Floats, Floats]:
    x = rng.normal(size=n)
    return x, r * x + np.sqrt((1 - r * r) / 2) * rng.standard_t(4, size=n)


def skewed(rng: np.random.Generator, n: int, r: float) -> tuple[Floats, Floats]:
    x = np.exp(0.6 * rng.normal(size=n))
    return x, r * (x - x.mean()) / x.std() + np.sqrt(1 - r * r) * rng.normal(size=n)


def items(rng: np.random.Generator, n: int, r: float) -> tuple[Floats, Floats]:
    """Return means of three items of 1 to 5 that crowd at the top."""
    latent = normal(rng, n, r)
    x, y = (np.clip(np.rint(3.8 + 0.6 * z[:, None] + 0.5 * rng.normal(size=(n, 3))), 1, 5).mean(axis=1) for z in latent)
    return x, y


def ceiling(rng: np.random.Generator, n: int, d: float) -> tuple[Floats, Floats]:
    begin, at = CEILINGS[d]
    x = rng.random(n)
    return x, rng.random(n) * np.minimum(1, begin + (1 - begin) * x / at)


def blurred(rng: np.random.Generator, n: int, d: float) -> tuple[Floats, Floats]:
    x, y = ceiling(rng, n, d)
    return x + 0.05 * rng.normal(size=n), y + 0.05 * rng.normal(size=n)


def cut(rng: np.random.Generator, n: int, d: float) -> tuple[Floats, Floats]:
    """Return a bell-shaped cloud of which what lies above the ceiling is left out."""
    begin, at = CEILINGS[d]
    x = np.clip(0.5 + 0.2 * rng.normal(size=20 * n), 0, 1)
    y = 0.5 + 0.4 * (x - 0.5) + 0.19 * rng.normal(size=20 * n)
    kept = np.flatnonzero((y >= 0) & (y <= np.minimum(1, begin + (1 - begin) * x / at)))[:n]
    return x[kept], y[kept]


World = Callable[[np.random.Generator, int, float], tuple[Floats, Floats]]
WORLDS: tuple[tuple[str, World, float], ...] = (
    ("no ceiling: normal, correlation 0", normal, 0.0),
    ("no ceiling: normal, 0.3", normal, 0.3),
    ("no ceiling: normal, 0.6", normal, 0.6),
    ("no ceiling: normal, 0.8", normal, 0.8),
    ("no ceiling: skewed x, 0.6", skewed, 0.6),
    ("no ceiling: heavy tails, 0.6", heavy, 0.6),
    ("no ceiling: means of three items, 0.6", items, 0.6),
    ("no ceiling: means of three items, 0.8", items, 0.8),
    ("ceiling: points spread evenly beneath it, d = 0.2", ceiling, 0.2),
    ("ceiling: the same, d = 0.3", ceiling, 0.3),
    ("ceiling: the same, d = 0.3, errors of 0.05 in both", blurred, 0.3),
    ("ceiling: a bell-shaped cloud cut off, d = 0.3", cut, 0.3),
)


def necessity(draws: int) -> Iterator[str]:
    """Yield how often a ceiling is claimed."""
    sizes = 30, 60, 150
    yield f"Share of {draws} draws in which necessity is claimed; in brackets, in which Dul's test alone would claim it:"
    yield ""
    yield "| world | " + " | ".join(f"{n} teams" for n in sizes) + " |"
    yield "|---|" + "---|" * len(sizes)
    for name, world, size in WORLDS:
        cells = []
        for n in sizes:
            rng = np.random.default_rng([n, *name.encode()])
            made = [necessary(*world(rng, n, size), permutations=199, seed=draw) for draw in range(draws)]
            alone = np.mean([each.p_independent <= ALPHA for each in made])
            cells.append(f"{np.mean([each.claimed for each in made]):.1%} ({alone:.0%})")
        yield f"| {name} | " + " | ".join(cells) + " |"


def stay(rng: np.random.Generator, teams: int, r: float, times: int = 6) -> tuple[Floats, Floats, Floats]:
    """Return teams that stay as they are for half: their means and their waves go together by r."""
    team = np.repeat(np.arange(teams), times)
    lasting, passing = normal(rng, teams, r), normal(rng, team.size, r)
    x, y = ((own[team] + wave) / np.sqrt(2) for own, wave in zip(lasting, passing, strict=True))
    return x, y, team


def stay_beneath(rng: np.random.Generator, teams: int, d: float) -> tuple[Floats, Floats, Floats]:
    """Return such teams beneath a ceiling."""
    begin, at = CEILINGS[d]
    x, _, team = stay(rng, teams, 0.0)
    y, _, _ = stay(rng, teams, 0.0)
    level, share = special.ndtr(x), special.ndtr(y)
    return level, share * np.minimum(1, begin + (1 - begin) * level / at), team


def repeated(draws: int) -> Iterator[str]:
    """Yield how often a ceiling is claimed where teams come back."""
    sizes = 10, 20, 40
    yield f"The same where each team is there six times ({draws} draws), `cluster` given:"
    yield ""
    yield "| world | " + " | ".join(f"{n} teams" for n in sizes) + " |"
    yield "|---|" + "---|" * len(sizes)
    for name, world, size in (
        ("no ceiling: correlation 0", stay, 0.0), ("no ceiling: 0.3", stay, 0.3), ("no ceiling: 0.6", stay, 0.6),
        ("ceiling: d = 0.3", stay_beneath, 0.3),
    ):  # fmt: skip
        cells = []
        for n in sizes:
            rng = np.random.default_rng([n, *name.encode()])
            claims = 0
            for draw in range(draws):
                x, y, team = world(rng, n, size)
                claims += necessary(x, y, permutations=99, seed=draw, cluster=team).claimed
            cells.append(f"{claims / draws:.1%}")
        yield f"| {name} | " + " | ".join(cells) + " |"


def waves(rng: np.random.Generator, n: int, between: float, phi: float = 0.0) -> tuple[Floats, Floats]:
    """Return a series without a change: sampling errors of about 1, and what is between waves."""
    se = np.exp(0.3 * rng.normal(size=n))
    own = rng.normal(size=n)
    for at in range(1, n):
        own[at] = phi * own[at - 1] + np.sqrt(1 - phi * phi) * own[at]
    return between * own + se * rng.normal(size=n), se


def charts(draws: int) -> Iterator[str]:
    """Yield how often a series has a signal."""
    yield f"Share of {draws} series that have a signal; a false alarm is promised in 5 %. The spread between waves is in"
    yield "sampling errors; told: what the chart says of Nelson's own widths and lengths, where the spread is 1."
    yield ""
    yield "| waves | baseline | no change, spread 0 | 1 | 2 | 1, hanging together by 0.6 | step of 3, spread 1 | Nelson's, told |"
    yield "|---|---|---|---|---|---|---|---|"
    for n, baseline in ((8, None), (12, None), (24, None), (16, 8), (24, 12)):
        cells = []
        for between, phi, step in ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (2.0, 0.0, 0.0), (1.0, 0.6, 0.0), (1.0, 0.0, 3.0)):
            rng = np.random.default_rng([n, baseline or 0, int(10 * between), int(10 * phi), int(step)])
            alarms = 0
            for _ in range(draws):
                value, se = waves(rng, n, between, phi)
                value[(baseline or n // 2) :] += step
                alarms += bool(control_limits(value, se=se, baseline=baseline).signals)
            cells.append(f"{alarms / draws:.1%}")
        rng = np.random.default_rng(n)
        told = []
        for _ in range(draws // 10):
            value, se = waves(rng, n, 1.0)
            told.append(control_limits(value, se=se, baseline=baseline, textbook=True).false_alarm)
        first = "all" if baseline is None else f"first {baseline}"
        yield f"| {n} | {first} | " + " | ".join(cells) + f" | {np.mean(told):.0%} |"


LED = {"neither leads": (0.0, 0.0), "x leads by 0.3": (0.3, 0.0), "both lead by 0.3": (0.3, 0.3)}


def teams(rng: np.random.Generator, units: int, periods: int, led: tuple[float, float], error: float) -> Floats:
    """Return x and y of teams over periods, each keeping 0.3 of itself, with what periods and teams have in common."""
    keep = np.array([[0.3, led[1]], [led[0], 0.3]])
    shape = np.linalg.cholesky([[1, 0.3], [0.3, 1]])
    now, made = np.zeros((units, 2)), np.zeros((units, periods, 2))
    for at in range(-20, periods):
        now = now @ keep.T + rng.normal(size=(units, 2)) @ shape.T
        if at >= 0:
            made[:, at] = now
    made += rng.normal(size=(units, 1, 2)) + rng.normal(size=(1, periods, 2))
    return np.asarray(made + error * rng.normal(size=made.shape), dtype=np.float64)


def leads(draws: int) -> Iterator[str]:
    """Yield how often intervals hold the truth, and which direction is found."""
    yield f"{draws} draws of each. Sampling errors of 0.7 against shocks of 1; a tenth of the values is missing."
    yield ""
    yield "| teams | periods | truth | x to y held | y to x held | x to y: median | uncorrected | direction: x, y, both, neither, unclear |"
    yield "|---|---|---|---|---|---|---|---|"
    for units, periods, error in (
        (10, 12, 0.7),
        (10, 24, 0.7),
        (20, 12, 0.0),
        (20, 12, 0.7),
        (40, 8, 0.7),
        (60, 24, 0.7),
    ):
        for name, led in LED.items():
            rng = np.random.default_rng([units, periods, int(10 * error), *name.encode()])
            unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
            held, told, values = np.zeros(2), Counter[str](), []
            while sum(told.values()) < draws:
                x, y = teams(rng, units, periods, led, error).reshape(-1, 2).T
                x = np.where(rng.random(x.size) < MISSING, np.nan, x)
                se = np.full(x.size, error) if error else None
                try:
                    found = lead_lag(unit, period, x, y, x_se=se, y_se=se)
                except EvidenceError:
                    continue
                held += [lead.low <= b <= lead.high for lead, b in zip((found.x_to_y, found.y_to_x), led, strict=True)]
                values.append((found.x_to_y.value, found.x_to_y.uncorrected))
                told[found.direction] += 1
            middle = np.median(values, axis=0)
            shares = ", ".join(
                f"{told[each] / draws:.0%}" for each in ("x_leads", "y_leads", "both", "neither", "unclear")
            )
            where = f"| {units} | {periods} | {name}" + ("" if error else ", no sampling error")
            yield f"{where} | {held[0] / draws:.1%} | {held[1] / draws:.1%} | {middle[0]:.2f} | {middle[1]:.2f} | {shares} |"


TABLES = {"necessity": necessity, "repeated": repeated, "charts": charts, "leads": leads}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draws", type=int, default=200)
    asked.add_argument("--only", choices=tuple(TABLES), action="append")
    asked.add_argument("--no-page", action="store_true", help="only print")
    given = asked.parse_args()
    for name in given.only or TABLES:
        lines = printed(TABLES[name](given.draws))
        if given.no_page:
            continue
        begin, end = f"<!-- {name}: made by benchmarks/staff_methods.py -->", f"<!-- end of {name} -->"
        put(PAGE, begin, lines, end)


if __name__ == "__main__":
    main()

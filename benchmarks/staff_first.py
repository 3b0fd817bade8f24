"""Do intervals of staff and customers hold their truth, is no link called none, and is a ceiling told from a slope?

Run it with ``python benchmarks/staff_first.py``; it writes its tables into ``docs/explanation/staff-first-study.md``.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from page import printed, put
from peil.dataset import Run
from peil.estimates.team_months import StaffRows
from peil.sources.simulated import SimulatedStaffFirst
from peil.sources.simulated.staff_months import staff_months
from peil.studies.staff.links import links
from peil.studies.staff.needed import needed
from peil.studies.staff.pulse import pulse
from peil.studies.staff.staying import staying
from peil.studies.staff_first import of_rows

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "staff-first-study.md"
BEGIN = "<!-- made by benchmarks/staff_first.py -->"
RUN = Run(inputs={}, version="benchmark", engine="none")
MATTERS = 0.1
Parameters = dict[str, Any]
NONE: Parameters = {"staff_to_customer": 0.0}
LARGE: Parameters = {"teams": 40, "months": 36}
WORLDS: dict[str, Parameters] = {
    "yes: staff leads by 0.5": {},
    "yes: the same, 10 teams, 24 months": {"teams": 10, "months": 24},
    "yes, of the other sign: staff leads by −0.5": {"staff_to_customer": -0.5},
    "yes: both lead, 0.4 and 0.3": {"staff_to_customer": 0.4, "customer_to_staff": 0.3},
    "no: no link, 40 teams, 36 months": {**LARGE, **NONE},
    "cannot tell: no link, 20 teams, 18 months": NONE,
    "cannot tell: 7 teams, 6 months": {"teams": 7, "months": 6},
    "customers lead by 0.5": {"staff_to_customer": 0.0, "customer_to_staff": 0.5},
    "staff answers for customers too": {"common_method": True},
}
CEILINGS: dict[str, Parameters] = {
    "a ceiling": {"ceiling": True},
    "as strong a link, and no ceiling": {"staff_to_customer": 1.0, "month_spread": 0.25},
    "a weak link, and no ceiling": {},
    "no link": NONE,
}


def rows(parameters: Parameters, seed: int) -> StaffRows:
    world = SimulatedStaffFirst(**{**parameters, "seed": seed})
    return StaffRows.of(*staff_months(world), same_source=world.common_method)


def share(count: float, draws: int) -> str:
    return f"{100 * count / draws:.1f}%"


def verdicts(draws: int) -> Iterator[str]:
    """Yield verdicts, and how often the intervals of both directions hold what was planted."""
    yield "| world | yes | no | unclear | staff to customers held | customers to staff held | mean effect | mean width |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    for name, parameters in WORLDS.items():
        world = SimulatedStaffFirst(**parameters)
        told: Counter[str] = Counter()
        ahead = behind = 0
        value = width = 0.0
        for seed in range(draws):
            found = of_rows(rows(parameters, 10_000 + seed), run=RUN, matters=MATTERS, draws=50, beside=False)
            told[found.finding.verdict] += 1
            one, other = found.links[0].ahead, found.links[0].behind
            ahead += one.low <= world.staff_to_customer <= one.high
            behind += other.low <= world.customer_to_staff <= other.high
            value, width = value + one.value, width + one.high - one.low
        shares = [share(told[each], draws) for each in ("yes", "no", "unclear")] + [
            share(ahead, draws),
            share(behind, draws),
        ]
        if world.common_method:
            shares[3:] = "–", "–"
        mean = f"{round(value / draws, 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")
        yield f"| {name} | {' | '.join(shares)} | {mean} | {width / draws:.2f} |"


def ceilings(draws: int) -> Iterator[str]:
    yield "| world | needed: yes | no | unclear | were only chance ruled out |"
    yield "|---|--:|--:|--:|--:|"
    for name, parameters in CEILINGS.items():
        told: Counter[str] = Counter()
        by_chance = 0
        for seed in range(draws):
            panel = rows(parameters, 20_000 + seed).panel
            found = needed(panel, level=0.95, permutations=200, seed=seed, fewest=5)
            if found is not None:
                told[found.verdict] += 1
                by_chance += found.found.p_independent <= 0.05  # noqa: PLR2004  # the usual
        shares = [share(told[each], draws) for each in ("yes", "no", "unclear")]
        yield f"| {name} | {' | '.join(shares)} | {share(by_chance, draws)} |"


def unwelcome(draws: int) -> Iterator[str]:
    """Yield what is told of a mandate that does customers no good, and how often signs are told where there is nothing."""
    yield "| world | told of mandate | told of any scale |"
    yield "|---|--:|--:|"
    for name, parameters in {
        "more mandate, customers 0.5 less": {**NONE, "mandate_to_customer": -0.5},
        "no link": NONE,
    }.items():
        mandate = anything = 0
        for seed in range(draws):
            told = [each.name for each in links(rows(parameters, 30_000 + seed).panel, level=0.95) if each.unwelcome]
            mandate += "mandate" in told
            anything += bool(told)
        yield f"| {name} | {share(mandate, draws)} | {share(anything, draws)} |"


def others(draws: int) -> Iterator[str]:
    held = alarms = 0
    planted = float(SimulatedStaffFirst().truth()["hazard_ratio"].value)  # type: ignore[arg-type]  # a number here
    for seed in range(draws):
        every = rows({}, 40_000 + seed)
        stays, beat = staying(every, level=0.95, fewest=5), pulse(every.panel, level=0.95, fewest=5)
        held += stays is not None and stays.ratio is not None and stays.ratio.low <= planted <= stays.ratio.high
        alarms += beat is not None and bool(beat.chart.signals)
    yield f"The interval of the hazard ratio holds the planted {planted:.2f} in {share(held, draws)}. A pulse whose months hang"
    yield f"together by 0.3 (and which does not change otherwise) has a signal in {share(alarms, draws)}."


def tables(draws: int) -> Iterator[str]:
    yield f"Verdicts and intervals of 95 %, {draws} draws of each world, with {MATTERS} as the smallest effect that matters. Unless"
    yield "said otherwise a world has 20 teams of 20 seats, 18 months, and half of staff is asked each month:"
    yield ""
    yield from verdicts(draws)
    yield ""
    yield f"Whether customers need satisfied staff, {draws} draws of each world:"
    yield ""
    yield from ceilings(draws)
    yield ""
    yield f"Signs that nobody hopes for, {draws} draws:"
    yield ""
    yield from unwelcome(draws)
    yield ""
    yield from others(draws)


def main() -> None:
    """Draw, and write the page."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draws", type=int, default=200)
    asked.add_argument("--no-page", action="store_true", help="only print")
    given = asked.parse_args()
    lines = printed(tables(given.draws))
    print(f"{time.process_time():.0f} s of processor time")
    if not given.no_page:
        put(PAGE, BEGIN, lines)


if __name__ == "__main__":
    main()

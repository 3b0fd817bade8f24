"""Do intervals of working from home hold their truth, is noise called noise, and is who hangs up found out?

Run it with ``python benchmarks/home_working.py``; it writes its tables into ``docs/explanation/home-working-study.md``.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from page import printed, put
from peil.dataset import Run
from peil.estimates.agent_panel import Panel, panel_of
from peil.methods.imputation import Imputed, imputed
from peil.methods.standing import standing
from peil.sources.simulated import SimulatedHomeWorking
from peil.sources.simulated.home_weeks import home_weeks
from peil.studies.home.people import hanging_up
from peil.studies.home.teams import TeamEffect, team_effects
from peil.studies.home_working import HomeWorking, of_panel

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "home-working-study.md"
BEGIN = "<!-- made by benchmarks/home_working.py -->"
RUN = Run(inputs={}, version="benchmark", engine="none")
TRUTH = {"raw": -0.12, "treatment": -0.04, "selection": -0.08}
MATTERS = 0.03
COVERAGE = 5  # times as many draws: 200 tell 92 from 95 % no better than chance does
TEAM_SPREADS = (0.0, 0.03, 0.08)
Parameters = dict[str, Any]
BASE: Parameters = {"agents": 120, "teams": 12, "weeks": 40, "per_week": 150.0, "moves": "one_day"}
FLAT: Parameters = {
    "home_effect": 0.0, "tools_effect": 0.0, "selection": 0.0, "agent_spread": 0.0, "team_spread": 0.0, "effect_spread": 0.0
}  # fmt: skip
CASES: dict[str, Parameters] = {
    "20 agents, 24 weeks, spread moves": {**BASE, "agents": 20, "teams": 4, "weeks": 24, "moves": "staggered"},
    "40 agents, 16 weeks, one day": {**BASE, "agents": 40, "teams": 5, "weeks": 16, "per_week": 60.0},
    "120 agents, 40 weeks, one day": BASE,
    "40 agents, 24 weeks, spread moves": {**BASE, "agents": 40, "teams": 5, "weeks": 24, "moves": "staggered"},
    "120 agents, 40 weeks, spread moves": {**BASE, "moves": "staggered"},
    "the same, effects that vary by 10 %": {**BASE, "moves": "staggered", "effect_spread": 0.1},
}
WORLDS: dict[str, Parameters] = {
    "yes: home −4 %, who went −8 %": BASE,
    "yes: the same, moves spread over time": {**BASE, "moves": "staggered"},
    "no: home 0, who went −8 %": {**BASE, "home_effect": 0.0, "tools_effect": 0.0},
    "cannot tell: 24 agents, 12 weeks": {**BASE, "agents": 24, "teams": 4, "weeks": 12, "per_week": 30.0},
    "cannot tell: paths part by 0.3 % a week": {**BASE, "drift": -0.003},
    "cannot tell: everybody moved on one day": {**BASE, "moves": "everyone"},
}
NOISES: dict[str, Parameters] = {
    "60 agents, 24 weeks": {**BASE, **FLAT, "agents": 60, "teams": 6, "weeks": 24},
    "60 agents, 24 weeks, moves spread": {**BASE, **FLAT, "agents": 60, "teams": 6, "weeks": 24, "moves": "staggered"},
}


def panel(parameters: Parameters, seed: int) -> Panel:
    return panel_of(home_weeks(SimulatedHomeWorking(**{**parameters, "seed": seed})))


def study(parameters: Parameters, seed: int) -> HomeWorking:
    return of_panel(panel(parameters, seed), run=RUN, matters=MATTERS, beside=False)


def coverage(draws: int) -> Iterator[str]:
    """Yield how often each interval holds its truth; with spread moves some who are yet to go are among the others."""
    yield "| world | raw gap | working at home | who went | mean width, home |"
    yield "|---|--:|--:|--:|--:|"
    for name, parameters in CASES.items():
        held, width = np.zeros(3), 0.0
        for seed in range(draws):
            one = panel(parameters, seed)
            found = imputed(one.pace, one.agent, one.week, one.home)
            for place, (part, truth) in enumerate(TRUTH.items()):
                low, high = getattr(found, part).interval()
                held[place] += low <= truth <= high
            low, high = found.treatment.interval()
            width += high - low
        shares = [f"{100 * each / draws:.1f}%" for each in held]
        if parameters["moves"] == "staggered":
            shares[0] = shares[2] = "–"
        yield f"| {name} | {' | '.join(shares)} | {100 * width / draws:.1f}% |"


def verdicts(draws: int) -> Iterator[str]:
    yield "| world | yes | no | unclear |"
    yield "|---|--:|--:|--:|"
    for name, parameters in WORLDS.items():
        told = Counter(study(parameters, 10_000 + seed).finding.verdict for seed in range(draws))
        yield (
            f"| {name} | " + " | ".join(f"{100 * told[each] / draws:.1f}%" for each in ("yes", "no", "unclear")) + " |"
        )


def noise(draws: int) -> Iterator[str]:
    """Yield how often anybody at all is called truly low where nobody is, and how far a raw ranking spreads."""
    yield "| pure noise | anybody flagged | any team flagged | raw averages, lowest to highest | drawn in, lowest to highest |"
    yield "|---|--:|--:|--:|--:|"
    for name, parameters in NOISES.items():
        agents = teams = 0
        raw = drawn = 0.0
        for seed in range(draws):
            one = panel(parameters, 20_000 + seed)
            found = standing(one.pace, one.agent, one.week, one.home, one.team_of)
            agents += bool(found.agents.flagged.any())
            teams += found.teams is not None and bool(found.teams.flagged.any())
            means = np.bincount(one.agent, one.pace) / np.bincount(one.agent)
            raw += float(np.ptp(means))
            drawn += float(np.ptp(found.agents.value))
        shown = [f"{100 * each / draws:.1f}%" for each in (agents, teams, raw, drawn)]
        yield f"| {name} | {' | '.join(shown)} |"


def teams(draws: int) -> Iterator[str]:
    """Yield how often the effect of home in a team is held, how far teams lie apart, and how often any is named wrongly."""
    yield "| world | effect in a team | less the whole | teams apart | another team | any team named | off, drawn in | off, plain |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    for moves in ("one_day", "staggered"):
        for spread in TEAM_SPREADS:
            held, off = np.zeros(5), np.zeros(2)
            for seed in range(draws):
                one = panel({**BASE, "weeks": 24, "moves": moves}, 40_000 + seed)
                dice = np.random.default_rng(seed)
                shift = spread * dice.normal(size=len(one.teams))
                one = replace(one, work=one.work * np.exp(shift[one.team_of[one.agent]] * one.home))
                found = imputed(one.pace, one.agent, one.week, one.home)
                told = team_effects(one, found, level=0.95, matters=0.0, fewest=5)
                if told is None:
                    continue
                gone = np.bincount(one.team_of[one.first > 0], minlength=len(one.teams))
                whole = float(gone @ shift) / gone.sum()
                true = np.array([shift[one.teams.index(each.name)] for each in told.teams])
                coming = TRUTH["treatment"] + spread * dice.normal()
                held += [
                    np.mean(
                        [
                            each.low <= TRUTH["treatment"] + at <= each.high
                            for each, at in zip(told.teams, true, strict=True)
                        ]
                    ),
                    np.mean(
                        [
                            each.apart_low <= at - whole <= each.apart_high
                            for each, at in zip(told.teams, true, strict=True)
                        ]
                    ),
                    told.between.low <= spread <= told.between.high,
                    told.between.next_low <= coming <= told.between.next_high,
                    any(each.flagged for each in told.teams),
                ]
                plain = _plain(one, found, told.teams)
                off += [
                    np.mean((np.array([each.value for each in told.teams]) - TRUTH["treatment"] - true) ** 2),
                    np.mean((plain - TRUTH["treatment"] - true) ** 2),
                ]
            shares = [f"{100 * each / draws:.1f}%" for each in held]
            errors = [f"{100 * np.sqrt(each / draws):.1f}%" for each in off]
            name = f"{'one day' if moves == 'one_day' else 'moves spread'}, teams {100 * spread:.0f} % apart"
            yield f"| {name} | {' | '.join([*shares, *errors])} |"


def _plain(one: Panel, found: Imputed, shown: Sequence[TeamEffect]) -> np.ndarray:
    """Return the effect in each team without drawing it in."""
    told = np.isfinite(found.effects)
    team = one.team_of[one.agent]
    return np.array([found.effects[told & (team == one.teams.index(each.name))].mean() for each in shown])


def hangers(draws: int) -> Iterator[str]:
    yield "| agents who hang up | found out | others accused | gain in contacts an hour | in work an hour |"
    yield "|--:|--:|--:|--:|--:|"
    for count in (0, 1, 6, 15):
        caught, accused, calls, work = 0, 0, 0.0, 0.0
        for seed in range(draws):
            world = SimulatedHomeWorking(**{**BASE, "hanging_up": count, "seed": 30_000 + seed})
            one = panel_of(home_weeks(world))
            found = hanging_up(one, level=0.95, agents=True)
            guilty = {one.agents[each] for each in np.flatnonzero(np.bincount(one.agent, one.short) > 0)}
            caught += len(guilty & set(found.agents))
            accused += len(set(found.agents) - guilty)
            if found.n:
                calls, work = calls + found.calls, work + found.work
        rate = f"{100 * caught / (count * draws):.1f}%" if count else "–"
        told = (f"{100 * calls / draws:+.1f}%", f"{100 * work / draws:+.1f}%") if count else ("–", "–")
        yield f"| {count} | {rate} | {accused} | {told[0]} | {told[1]} |"


def tables(draws: int) -> Iterator[str]:
    yield f"Intervals of 95 %, {COVERAGE * draws:,} draws of each world. Planted are −4 % for working at home and −8 % for who went."
    yield ""
    yield from coverage(COVERAGE * draws)
    yield ""
    yield f"Verdicts, {draws} draws of each world, with {100 * MATTERS:.0f} % as the smallest change that matters:"
    yield ""
    yield from verdicts(draws)
    yield ""
    yield f"What home does in each of 12 teams of ten agents of whom half went, {draws} draws; 95 % is aimed at, and 5 % for naming any:"
    yield ""
    yield from teams(draws)
    yield ""
    yield f"Agents and teams that are all alike, {draws} draws; 5 % is aimed at:"
    yield ""
    yield from noise(draws)
    yield ""
    yield f"Agents who hang up on customers at home, 120 agents, {draws // 4} draws:"
    yield ""
    yield from hangers(draws // 4)


def main() -> None:
    """Draw, and write the page."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draws", type=int, default=200)
    asked.add_argument("--no-page", action="store_true", help="only print")
    given = asked.parse_args()
    lines = printed(tables(given.draws))
    if not given.no_page:
        put(PAGE, BEGIN, lines)


if __name__ == "__main__":
    main()

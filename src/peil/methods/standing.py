"""How far agents and teams lie from colleagues who work where they do, without taking chance for a difference.

Weeks of one agent resemble one another, so rows are first freed of that (Prais and Winsten 1954); then a mixed model
draws each agent and team towards the middle as far as chance asks for. Whether somebody is truly low is asked of all at
once: the chance that anybody is called low without being so is at most one less the level (Holm 1979).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr

from peil.methods.mixed import Groups, Mixed, fit, grouped
from peil.methods.mixed_predicted import predicted
from peil.methods.two_way import summed, two_way

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
FEWEST_TEAMS = 3
_MOST_ALIKE = 0.95
_VARIES = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """Where each of several agents or teams stands.

    Parameters:
        value, low, high: drawn towards the middle, with intervals.
        chance: that it is truly low: below nought by more than what matters.
        p: of a test that it is not, all of them taken together.
        flagged: truly low, with at most one less the level of a chance that anybody is called so wrongly.
    """

    value: Floats
    low: Floats
    high: Floats
    chance: Floats
    p: Floats
    flagged: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where agents and teams stand.

    Parameters:
        model: the mixed model.
        alike: correlation of one week with the next, of the same agent.
        agents: all agents.
        teams: all teams; None where they are too few to tell teams from agents.
        slopes: whether the effect of home was let to vary by agent.
    """

    model: Mixed
    alike: float
    agents: Standings
    teams: Standings | None
    slopes: bool


def standing(
    y: Floats,
    agent: Integers,
    week: Integers,
    home: Flags,
    team_of: Integers,
    *,
    level: float = 0.95,
    matters: float = 0.0,
) -> Standing:
    """Return where agents and teams stand.

    Parameters:
        y: the outcome of each row.
        agent, week: of each row, numbered from 0.
        home: whether the row is of a week at home.
        team_of: team of each agent, numbered from 0.
        level: of the intervals, and of the family of tests.
        matters: how far below nought counts as low.

    Raises:
        EvidenceError: there are too few agents or weeks.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> agent, week = np.repeat(np.arange(40), 20), np.tile(np.arange(20), 40)
        >>> found = standing(rng.normal(size=800), agent, week, np.zeros(800, bool), np.arange(40) % 4)
        >>> int(found.agents.flagged.sum()), float(np.abs(found.agents.value).max()) < 0.2
        (0, True)
    """
    agents = int(agent.max()) + 1
    equations = two_way(agent, week, agents, int(week.max()) + 1)
    y = y - equations.fitted(y, agent, week)[1][week]
    y = y - y.mean()
    count = np.bincount(agent, minlength=agents)
    share = summed(agent, home, agents) / count
    within = home - share[agent]
    columns = [np.ones(len(y))]
    slopes = bool((within**2).mean() > _VARIES)
    if slopes:
        columns.append(within)
    if np.ptp(share) > _VARIES:
        columns.append(share[agent])
    x = np.column_stack(columns)
    alike = _alike(y, x, agent, week)
    names, sizes = np.unique(team_of, return_counts=True)
    several = len(names) >= FEWEST_TEAMS and bool((sizes > 1).any())
    team = np.searchsorted(names, team_of) if several else None
    freed = _freed(np.column_stack([x, y]), agent, week, alike)
    groups = grouped(freed[:, -1], freed[:, :-1], agent, team)
    model = fit(groups, (0, 1) if slopes else (0,))
    made = predicted(groups, model)
    value, error = made.level()
    # weeks were taken out beforehand, and cost what they cost
    free = max(len(y) - agents - len(np.unique(week)) - x.shape[1] + 2, 1)
    return Standing(
        model=model,
        alike=alike,
        agents=_standings(value, error, *_plain(freed, groups, model, agent, free), free, level, matters),
        teams=_standings(
            made.teams,
            np.sqrt(made.team_variances),
            made.teams_plain,
            np.sqrt(made.team_plain_variances),
            max(agents - len(names), 1),
            level,
            matters,
        )
        if several
        else None,
        slopes=slopes,
    )


def _plain(freed: Floats, groups: Groups, model: Mixed, agent: Integers, free: int) -> tuple[Floats, Floats]:
    """Return each agent's mean departure without being drawn anywhere, and its standard error.

    The spread is that of weeks around their agent's mean: what home does to each agent is in it.
    """
    weight = groups.cross[:, 0, 0]
    mean = (groups.cross[:, 0, -1] - groups.cross[:, 0, :-1] @ model.beta) / weight
    left = freed[:, -1] - freed[:, :-1] @ model.beta - freed[:, 0] * mean[agent]
    return mean, np.sqrt(float(left @ left) / free / weight)


def _standings(
    value: Floats, error: Floats, plain: Floats, plain_error: Floats, free: int, level: float, matters: float
) -> Standings:
    error = np.maximum(error, np.finfo(float).tiny)
    reach = float(ndtri((1 + level) / 2)) * error
    p = holm(stdtr(free, (plain + matters) / plain_error))
    return Standings(
        value=value,
        low=value - reach,
        high=value + reach,
        chance=np.asarray(ndtr((-matters - value) / error), np.float64),
        p=p,
        flagged=p <= 1 - level,
    )


def holm(p: Floats) -> Floats:
    """Return probabilities that hold for all tests together (Holm 1979).

    Example:
        >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
        [0.03, 0.06, 0.06]
    """
    order = np.argsort(p)
    times = len(p) - np.arange(len(p))
    raised = np.minimum(np.maximum.accumulate(p[order] * times), 1.0)
    made = np.empty(len(p))
    made[order] = raised
    return made


def _next(agent: Integers, week: Integers) -> tuple[Integers, Flags]:
    """Return the rows in order of agent and week, and which of them follow the row before."""
    order = np.lexsort((week, agent))
    follows = np.zeros(len(order), bool)
    follows[1:] = (np.diff(agent[order]) == 0) & (np.diff(week[order]) == 1)
    return order, follows


def _alike(y: Floats, x: Floats, agent: Integers, week: Integers) -> float:
    """Return the correlation of successive weeks of one agent, with what taking out each agent's mean hides of it."""
    left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    count = np.bincount(agent)
    left = left - (summed(agent, left) / np.maximum(count, 1))[agent]
    order, follows = _next(agent, week)
    left, place = left[order], np.flatnonzero(follows)
    spread = float((left**2).mean())
    long = len(y) / max(int(np.count_nonzero(count)), 1)
    if not len(place) or spread <= 0 or long <= 2:  # noqa: PLR2004  # a mean and a correlation take two
        return 0.0
    seen = float((left[place] * left[place - 1]).mean()) / spread
    return float(min(max((seen * (long - 1) + 1) / (long - 2), 0.0), _MOST_ALIKE))


def _freed(columns: Floats, agent: Integers, week: Integers, alike: float) -> Floats:
    """Return rows freed of their likeness to the week before; the first of each stretch keeps its part."""
    if alike <= 0:
        return columns
    order, follows = _next(agent, week)
    placed = columns[order]
    made = placed * np.sqrt(1 - alike**2)
    later = np.flatnonzero(follows)
    made[later] = placed[later] - alike * placed[later - 1]
    back: Floats = np.empty_like(made)
    back[order] = made
    return back

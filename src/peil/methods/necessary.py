"""Is a condition necessary: a ceiling over the points of x and y, and whether it says more than that they go together.

Dul (2016) draws a ceiling over the points and takes the empty share of their scope as the effect d. His permutation test
(Dul, van der Laan and Kuik 2020) asks whether x and y have nothing to do with one another, and any correlation empties a
corner. So a claim needs a second test, which is ours: worlds with the same values and the same rank correlation but no
ceiling (a Gaussian copula) are drawn, and the empty corner has to be larger than theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import DefinitionError, EvidenceError
from peil.methods.ceilings import Scope, corners_of, effects, line_of
from peil.methods.moments import Floats, Integers

FEWEST = 10
_CELLS = 2_000_000  # of draws times points held at once
_ROUNDS, _NEAR, _STEEPEST = 4, 0.003, 0.995
_TIE = 1e-12
_PERCENT = np.arange(0, 101, 10)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ceiling:
    """A ceiling over the points.

    Parameters:
        name: ``ce_fdh``, the steps along the highest points, or ``cr_fdh``, the straight line through them.
        effect: d, the empty share of the scope; 0 to 1.
        zone: the empty area, in units of x times units of y.
        above: how many points lie above it; none can above the steps.
        without_one: the effect furthest from ``effect`` when any one point is left out.
        p_independent: chance of so large an effect when x and y have nothing to do with one another.
        p: chance of so empty a corner when ranks go together as they do and there is no ceiling.
        x, y: the corners of the line, from left to right, within the scope.
    """

    name: str
    effect: float
    zone: float
    above: int
    without_one: float
    p_independent: float
    p: float
    x: Floats
    y: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bottleneck:
    """How much x is needed for how much y.

    Parameters:
        percent: of the range of y, 0 to 100.
        y: the same in units of y.
        ce_fdh, cr_fdh: the x that each ceiling asks for; nan where nothing is asked. The line may ask for more than the
            highest x of the scope: then that x is given.
        short: how many points lie below the x that ``ce_fdh`` asks for.
    """

    percent: Floats
    y: Floats
    ce_fdh: Floats
    cr_fdh: Floats
    short: Integers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Necessity:
    """Whether x is necessary for y.

    Parameters:
        ce_fdh, cr_fdh: the two ceilings.
        bottleneck: how much x is needed for how much y.
        scope: lowest and highest x, lowest and highest y.
        correlation: of ranks.
        claimed: whether ``p_independent`` and ``p`` are both at most 1 - ``level``.
        p_independent, p: those of ``ce_fdh``, which the claim rests on.
        n: points.
        clusters: what they belong to; as many as points where each is alone.
        permutations: draws of each test.
        level: of the claim.
    """

    ce_fdh: Ceiling
    cr_fdh: Ceiling
    bottleneck: Bottleneck
    scope: Scope
    correlation: float
    claimed: bool
    p_independent: float
    p: float
    n: int
    clusters: int
    permutations: int
    level: float


def necessary(
    x: ArrayLike,
    y: ArrayLike,
    *,
    permutations: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    scope: Scope | None = None,
    cluster: ArrayLike | None = None,
) -> Necessity:
    """Return whether there is no high y without a high x.

    Parameters:
        x: the condition, one a unit (a team, a branch).
        y: what it is said to be needed for.
        permutations: draws of each test.
        seed: of the draws.
        level: a claim is false in at most 1 - ``level`` of worlds without a ceiling.
        scope: lowest and highest possible x, lowest and highest possible y; those that were seen if left out. The tests
            always take those that were seen.
        cluster: what points belong together, as the waves of a team; draws then hang together as much as the points do.

    Raises:
        DefinitionError: x and y do not fit or hold no number, or a point lies outside the scope.
        EvidenceError: there are fewer than ten points, or x or y does not vary.

    Example:
        >>> dice = np.random.default_rng(1)
        >>> x = dice.uniform(size=100)
        >>> found = necessary(x, dice.uniform(size=100) * (0.3 + 0.7 * x))
        >>> found.claimed, round(found.ce_fdh.effect, 2)
        (True, 0.41)
        >>> found = necessary(x, x + dice.normal(0, 0.3, size=100))
        >>> found.p_independent < 0.05, found.claimed
        (True, False)
    """
    points_x, points_y = (np.asarray(each, dtype=np.float64).ravel() for each in (x, y))
    group = np.arange(points_x.size) if cluster is None else np.asarray(cluster).ravel()
    box = _checked(points_x, points_y, group, scope)
    place = np.unique(group, return_inverse=True)[1]
    clusters = int(place.max()) + 1
    dice = np.random.default_rng(seed)
    ranked_x, ranked_y = _ranks(points_x), _ranks(points_y)
    correlation = float(_correlations(ranked_x, ranked_y[None, :])[0])
    alike = _alike(special.ndtri(ranked_x), special.ndtri(ranked_y), place, clusters)
    own, own_ranked = effects(points_x, points_y[None, :])[:, 0], effects(ranked_x, ranked_y[None, :])[:, 0]
    by_chance, without_ceiling, drawn = [], [], []
    steepness = _steepness(points_x, points_y, correlation, place, alike, dice)
    for many in _portions(permutations, points_x.size):
        if clusters == points_x.size:
            shuffled = dice.permuted(np.broadcast_to(points_y, (many, points_y.size)), axis=1)
        else:
            shuffled = _copula(points_x, points_y, 0.0, place, alike, many, dice)
        by_chance.append(effects(points_x, shuffled))
        made = scipy.stats.rankdata(_copula(points_x, points_y, steepness, place, alike, many, dice), axis=1)
        made /= points_y.size + 1
        without_ceiling.append(effects(ranked_x, made))
        drawn.append(_correlations(ranked_x, made))
    p_independent = _p(np.hstack(by_chance), own)
    p = _p(_at(np.hstack(without_ceiling), np.concatenate(drawn), correlation), own_ranked)
    ceilings = [
        _ceiling(each, points_x, points_y, box, float(p_independent[i]), float(p[i]))
        for i, each in enumerate(("ce_fdh", "cr_fdh"))
    ]
    return Necessity(
        ce_fdh=ceilings[0],
        cr_fdh=ceilings[1],
        bottleneck=_bottleneck(points_x, points_y, box),
        scope=box,
        correlation=correlation,
        claimed=bool(max(p_independent[0], p[0]) <= 1 - level + _TIE),
        p_independent=float(p_independent[0]),
        p=float(p[0]),
        n=int(points_x.size),
        clusters=clusters,
        permutations=permutations,
        level=level,
    )


def _checked(x: Floats, y: Floats, group: np.ndarray, scope: Scope | None) -> Scope:
    if not x.size == y.size == group.size or not np.all(np.isfinite(x) & np.isfinite(y)):
        raise DefinitionError("x and y do not fit, or a value is missing", remedy="give both of each unit")
    if x.size < FEWEST:
        raise EvidenceError(f"{x.size} points show no ceiling", remedy=f"{FEWEST} are needed, and 60 say something")
    seen = float(x.min()), float(x.max()), float(y.min()), float(y.max())
    if seen[0] == seen[1] or seen[2] == seen[3]:
        raise EvidenceError("x or y is the same everywhere, so nothing can be needed", remedy="give values that vary")
    if scope is None:
        return seen
    if scope[0] > seen[0] or scope[1] < seen[1] or scope[2] > seen[2] or scope[3] < seen[3]:
        raise DefinitionError("a point lies outside the scope", remedy="give the ends of the scales, or leave it out")
    return scope


def _ranks(values: Floats) -> Floats:
    return np.asarray(scipy.stats.rankdata(values) / (values.size + 1), dtype=np.float64)


def _correlations(x: Floats, y: Floats) -> Floats:
    """Return the correlation of ``x`` with each row of ``y``."""
    far, apart = x - x.mean(), y - y.mean(axis=1, keepdims=True)
    return np.asarray(apart @ far / np.sqrt((far @ far) * np.sum(apart * apart, axis=1)), dtype=np.float64)


def _alike(x: Floats, y: Floats, place: Integers, clusters: int) -> float:
    """Return the intraclass correlation of what a line leaves of y."""
    n = x.size
    if clusters == n:
        return 0.0
    line = np.polyfit(x, y, 1)
    left = y - np.polyval(line, x)
    count = np.bincount(place)
    mean = np.bincount(place, left) / count
    between = np.sum(count * mean**2) / max(clusters - 1, 1)
    within = np.sum((left - mean[place]) ** 2) / (n - clusters)
    typical = (n - np.sum(count**2) / n) / max(clusters - 1, 1)
    return float(np.clip((between - within) / (between + (typical - 1) * within), 0.0, 0.99))


def _copula(
    x: Floats, y: Floats, steepness: float, place: Integers, alike: float, draws: int, dice: np.random.Generator
) -> Floats:
    """Return draws of y with its own values, that go with x as a bivariate normal does, or with its ties broken at random."""
    n = x.size
    order = scipy.stats.rankdata(np.round(scipy.stats.rankdata(x), 3) + dice.uniform(0, 0.4, (draws, n)), axis=1)
    noise = dice.normal(size=(draws, n))
    if alike > 0:
        shared = dice.normal(size=(draws, int(place.max()) + 1))[:, place]
        noise = np.sqrt(alike) * shared + np.sqrt(1 - alike) * noise
    latent = steepness * special.ndtri(order / (n + 1)) + np.sqrt(1 - steepness**2) * noise
    return np.asarray(np.sort(y)[np.argsort(np.argsort(latent, axis=1), axis=1)], dtype=np.float64)


def _steepness(
    x: Floats, y: Floats, correlation: float, place: Integers, alike: float, dice: np.random.Generator
) -> float:
    """Return the correlation of the copula whose draws have, on average, the rank correlation of the points."""
    ranked, draws = _ranks(x), int(np.clip(_CELLS // (8 * x.size), 20, 200))
    steepness = float(np.clip(2 * np.sin(np.pi / 6 * correlation), -_STEEPEST, _STEEPEST))
    for _ in range(_ROUNDS):
        made = scipy.stats.rankdata(_copula(x, y, steepness, place, alike, draws, dice), axis=1)
        gap = correlation - float(_correlations(ranked, made).mean())
        if abs(gap) < _NEAR:
            break
        steepness = float(np.clip(steepness + gap, -_STEEPEST, _STEEPEST))
    return steepness


def _portions(draws: int, n: int) -> Iterator[int]:
    most = max(_CELLS // n, 1)
    while draws > 0:
        yield min(most, draws)
        draws -= most


def _p(draws: Floats, own: Floats) -> Floats:
    over = np.sum(draws >= own[:, None] - _TIE, axis=1)
    return np.asarray((1 + over) / (1 + draws.shape[1]), dtype=np.float64)


def _at(corners: Floats, drawn: Floats, correlation: float) -> Floats:
    """Return the draws' empty corners as they would be had each draw the correlation of the points."""
    off = drawn - drawn.mean()
    pull = (corners - corners.mean(axis=1, keepdims=True)) @ off / max(float(off @ off), _TIE)
    return np.asarray(corners - pull[:, None] * (drawn - correlation), dtype=np.float64)


def _ceiling(name: str, x: Floats, y: Floats, box: Scope, p_independent: float, p: float) -> Ceiling:
    which = 0 if name == "ce_fdh" else 1
    effect = float(effects(x, y[None, :], box)[which, 0])
    at, high = corners_of(x, y)
    above = 0
    if which == 0:
        line_x = np.append(np.repeat(at, 2)[1:] if at.size > 1 else at, box[1])
        line_y = np.append(np.repeat(high, 2)[:-1] if at.size > 1 else high, high[-1])
    else:
        begin, slope = line_of(at, high)
        if at.size == 1:
            line_x, line_y = np.array(box[:2]), np.full(2, box[3])
        else:
            above = int(np.sum(y > begin + slope * x + 1e-9 * (box[3] - box[2])))
            turns = [(each - begin) / slope for each in box[2:]]
            line_x = np.unique(np.clip([box[0], *turns, box[1]], box[0], box[1]))
            line_y = np.clip(begin + slope * line_x, box[2], box[3])
    # only a point that makes an end or a corner, and alone, can change the effect
    marks = [x == x.min(), x == x.max(), y == y.min(), y == y.max()]
    marks += [(x == one) & (y == other) for one, other in zip(at, high, strict=True)]
    alone = np.unique([np.argmax(each) for each in marks if np.sum(each) == 1]).astype(np.int64)
    others = []
    for each in alone:
        less_x, less_y = np.delete(x, each), np.delete(y, each)
        seen = box if box != (x.min(), x.max(), y.min(), y.max()) else None
        if np.ptp(less_x) > 0 and np.ptp(less_y) > 0:
            others.append(float(effects(less_x, less_y[None, :], seen)[which, 0]))
    furthest = max(others, key=lambda each: abs(each - effect), default=effect)
    return Ceiling(
        name=name,
        effect=effect,
        zone=effect * (box[1] - box[0]) * (box[3] - box[2]),
        above=above,
        without_one=furthest,
        p_independent=p_independent,
        p=p,
        x=line_x,
        y=line_y,
    )


def _bottleneck(x: Floats, y: Floats, box: Scope) -> Bottleneck:
    at, high = corners_of(x, y)
    begin, slope = line_of(at, high)
    level = box[2] + _PERCENT / 100 * (box[3] - box[2])
    place = np.searchsorted(high, level - _TIE * (box[3] - box[2]))
    steps = np.where(place == 0, np.nan, np.append(at, np.nan)[place])
    steps = np.where(place == at.size, box[1], steps)
    with np.errstate(invalid="ignore"):
        asked = (level - begin) / slope
        line = np.where(asked > box[0], np.minimum(asked, box[1]), np.nan)
    short = np.array([np.sum(x < each) if np.isfinite(each) else 0 for each in steps], dtype=np.int64)
    return Bottleneck(percent=_PERCENT.astype(np.float64), y=level, ce_fdh=steps, cr_fdh=line, short=short)

"""What is counted of persons when it is not sure who is who: expected over every way the records may belong together.

Records with an uncertain pair between them form a component. Its scenarios are the ways to part it into persons, each
as likely as the product of the odds of the pairs it holds to be one person: every pair is drawn by its probability, and
draws that contradict themselves (a is b, b is c, a is not c) are left out. What is counted of a component is expected
over its scenarios, as Scheuren and Winkler (1993) and Lahiri and Larsen (2005, *JASA* 100) do for regression with linked
files. That treats both errors: a pair that a threshold would merge is partly apart, and one that it would leave apart is
partly together.

What two records add when they are put together, chance alone gives too, but one person gives more. So among pairs that
are p likely to be one, Σ p·added is not what the true ones add: it is p times a mixture of both. Regressing what is added
on p tells them apart, as Lahiri and Larsen do, and what links add is multiplied by the ratio.

Three things leave it uncertain. Components are the independent units, so their expected totals spread as
clusters do. That ratio is estimated. And the probabilities themselves may be off, all in one direction, which no number of pairs averages out:
the odds are recalibrated on an audit, logit p' = a + b logit p (Cox 1958, *Biometrika* 45), and the spread of the result
over what is left unsure of a and b is added. It is the variance of Reiter (2008, *Biometrika* 95) for imputation from
other records than those analysed, U - W + B, without its noise; Rubin's rules (1987) would give U + B and are too wide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from peil.errors import EvidenceError
from peil.methods.link_scenarios import Scenarios
from peil.methods.moments import Floats, Integers, Moments, Strata
from peil.methods.odds_calibration import Calibration
from peil.methods.ratio import ratio

ORDER = 5
SHARE_ORDER = 15
SINGULAR = 1e8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScenarioSums:
    """What is counted of each component under each of its scenarios; one entry a scenario and group that have rows.

    Parameters:
        scenario: an index into ``Scenarios``.
        group: the group, from 0.
        rows: rows counted.
        x, y: sums of ``per`` and ``of``.
        xx, xy, yy: sums over rows of their products.
    """

    scenario: Integers
    group: Integers
    rows: Floats
    x: Floats
    y: Floats
    xx: Floats
    xy: Floats
    yy: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Linked:
    """One ratio a group, expected over who is who.

    Parameters:
        value: the ratio.
        se: its standard error, of both sources.
        links_se: the part that comes from not knowing how far the probabilities are right, and what true links add.
        n: rows counted, as expected.
        clusters: persons and components among them.
        df: degrees of freedom.
        n_eff: rows of a simple random sample that would say as much about a share.
    """

    value: Floats
    se: Floats
    links_se: Floats
    n: Floats
    clusters: Floats
    df: Floats
    n_eff: Floats


def linked_ratio(
    certain: Moments,
    n_groups: int,
    sums: ScenarioSums,
    scenarios: Scenarios,
    calibration: Calibration,
    *,
    compared: tuple[int, int] | None = None,
    level: float = 0.95,
) -> Linked:
    """Return ratios expected over who is who.

    Parameters:
        certain: moments of the persons without any uncertain pair, of one stratum.
        n_groups: groups to answer for.
        sums: what was counted of each scenario.
        scenarios: the components' scenarios.
        calibration: how far the probabilities are right.
        compared: of pairs known to be one person, how many stand in the table at all, and how many are known. What links
            add is then divided by that share, with its own uncertainty (a beta distribution, Jeffreys's prior).
        level: of the interval that ``n_eff`` is for.

    Raises:
        EvidenceError: of the known pairs none was compared.

    Example:
        >>> from peil.methods.link_scenarios import scenarios
        >>> from peil.methods.moments import gather
        >>> from peil.methods.odds_calibration import Calibration
        >>> two = scenarios([0], [1], [0.25])  # apart nobody came again, together one of two did
        >>> apart, together = (np.flatnonzero(two.apart == each)[0] for each in (True, False))
        >>> one = np.ones(2)
        >>> counted = ScenarioSums(scenario=np.array([apart, together]), group=np.zeros(2, dtype=np.int64), rows=2 * one,
        ...     x=2 * one, y=np.array([0.0, 1.0]), xx=2 * one, xy=np.array([0.0, 1.0]), yy=np.array([0.0, 1.0]))
        >>> sure = Calibration(intercept=0.0, slope=1.0, covariance=np.zeros((2, 2)))
        >>> linked_ratio(gather(of=[0, 1]), 1, counted, two, sure).value.round(3).tolist()  # between 0.25 and 0.5
        [0.366]
    """
    intercepts, slopes, weights = calibration.points()
    shares, share_weights = _shares(compared)
    pairs = _alone(sums, scenarios)

    def totals(held: Floats) -> Floats:
        return np.stack(
            [np.bincount(sums.group, held[sums.scenario] * each, minlength=n_groups) for each in (sums.y, sums.x)]
        )

    known = np.stack([np.bincount(certain.group, each, minlength=n_groups) for each in (certain.y, certain.x)])
    apart = totals(scenarios.apart.astype(np.float64))
    values = np.empty((weights.size, shares.size, n_groups))
    of_excess = np.empty_like(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        for place, (intercept, slope) in enumerate(zip(intercepts, slopes, strict=True)):
            likely = scenarios.likely(intercept, slope)
            times, variance = pairs.excess(likely)
            added = (totals(likely) - apart)[:, None] / shares[:, None]
            y, x = (known + apart)[:, None] + added * np.array([times, 1.0])[:, None, None]
            values[place], of_excess[place] = y / x, variance * np.square(added[0] / x)
    both = np.multiply.outer(weights, share_weights)[:, :, None]
    value = (both * values).sum(axis=(0, 1))
    of_links = (both * (np.square(values - value) + of_excess)).sum(axis=(0, 1))

    likely = scenarios.likely(calibration.intercept, calibration.slope)
    held = scenarios.scaled(likely, pairs.excess(likely)[0] / float(shares @ share_weights))
    made = ratio(joined(certain, sums, scenarios, held), n_groups, singleton="certainty", level=level)
    within = value * (1 - value)
    # where all or none did it the links change nothing either
    shown = np.divide(of_links, within, out=np.zeros_like(value), where=(within > 0) & (of_links > 0))
    return Linked(
        value=value,
        se=np.sqrt(made.se**2 + of_links),
        links_se=np.sqrt(of_links),
        n=made.n,
        clusters=made.clusters,
        df=made.df_here,
        n_eff=1 / (1 / made.n_eff + shown),
    )


def joined(certain: Moments, sums: ScenarioSums, scenarios: Scenarios, held: Floats) -> Moments:
    """Return the moments of everybody: each component is one cluster, with its expected totals.

    Parameters:
        certain: moments of the persons without any uncertain pair, of one stratum.
        sums: what was counted of each scenario.
        scenarios: the components' scenarios.
        held: the weight of each scenario.
    """
    weight = held[sums.scenario]
    component = scenarios.component[sums.scenario]
    n_components = scenarios.n_components
    cells, place = np.unique(sums.group * n_components + component, return_inverse=True)
    group = cells // max(n_components, 1)

    def of_cell(values: Floats) -> Floats:
        return np.bincount(place, weight * values, minlength=cells.size).astype(np.float64)

    x, y, rows = (of_cell(each) for each in (sums.x, sums.y, sums.rows))
    here = rows > 0
    totals = {
        "rows": (certain.rows, rows),
        "clusters": (certain.clusters, here.astype(np.float64)),
        "w": (certain.w, rows),
        "x": (certain.x, x),
        "y": (certain.y, y),
        "xx": (certain.xx, x * x),
        "xy": (certain.xy, x * y),
        "yy": (certain.yy, y * y),
        "wxx": (certain.wxx, of_cell(sums.xx)),
        "wxy": (certain.wxy, of_cell(sums.xy)),
        "wyy": (certain.wyy, of_cell(sums.yy)),
    }
    found, entry = np.unique(np.concatenate([certain.group, group]), return_inverse=True)

    def added(name: str) -> Floats:
        return np.bincount(entry, np.concatenate(totals[name]), minlength=found.size).astype(np.float64)

    return Moments(
        strata=Strata(clusters=certain.strata.clusters + np.unique(component).size),
        group=found.astype(np.int64),
        stratum=np.zeros(found.size, dtype=np.int64),
        rows=added("rows"),
        clusters=added("clusters"),
        w=added("w"),
        x=added("x"),
        y=added("y"),
        xx=added("xx"),
        xy=added("xy"),
        yy=added("yy"),
        wxx=added("wxx"),
        wxy=added("wxy"),
        wyy=added("wyy"),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pairs:
    """Components of two records: the scenario that joins them, the rows they have, and what joining them adds."""

    scenario: Integers
    rows: Floats
    added: Floats

    def excess(self, likely: Floats) -> tuple[float, float]:
        """Return how many times more true links add than links of the same probabilities do, and its variance.

        Least squares of what is added on rows·p and rows·(1-p), drawn towards what is thinkable: that a pair of two
        persons adds anything between nothing and as much as a pair of one.
        """
        p, n = likely[self.scenario], self.rows
        linked, squared = float(n @ p), float(n @ (p * p))
        if linked <= 0:
            return 1.0, 0.0
        nodes, weights = np.polynomial.legendre.leggauss(ORDER)
        thinkable = linked / (squared + (nodes + 1) / 2 * (linked - squared))
        centre = float(thinkable @ weights) / 2
        doubt = float(np.square(thinkable - centre) @ weights) / 2
        by = np.stack([p, 1 - p])
        cross, plain = (by * n) @ by.T, float(p @ self.added)
        if plain <= 0 or np.linalg.cond(cross) > SINGULAR:
            return centre, doubt
        inverse = np.linalg.inv(cross)
        true, chance = inverse @ (by @ self.added)
        left = self.added - n * (p * true + (1 - p) * chance)
        found = linked * true / plain
        variance = float(np.square((linked * (inverse @ by)[0] - found * p) * left).sum()) / plain**2
        weight = doubt / (doubt + variance) if doubt + variance > 0 else 0.0
        return centre + weight * (found - centre), weight * variance


def _alone(sums: ScenarioSums, scenarios: Scenarios) -> _Pairs:
    """Return what the components of two records say of what links add."""
    n = scenarios.component.size
    y, x = (np.bincount(sums.scenario, each, minlength=n) for each in (sums.y, sums.x))
    two = scenarios.records == 2  # noqa: PLR2004  # records
    joining, not_joining = (np.flatnonzero(two & each) for each in (~scenarios.apart, scenarios.apart))
    apart = np.full(scenarios.n_components, -1)
    apart[scenarios.component[not_joining]] = not_joining
    without = apart[scenarios.component[joining]]
    rows = x[without]
    here = rows > 0
    return _Pairs(scenario=joining[here], rows=rows[here], added=(y[joining] - y[without])[here])


def _shares(compared: tuple[int, int] | None) -> tuple[Floats, Floats]:
    """Return points and weights that stand for the share of true pairs that were compared."""
    if compared is None:
        return np.ones(1), np.ones(1)
    found, known = compared
    if not 0 < found <= known:
        raise EvidenceError(
            f"of {known} known pairs {found} were compared", remedy="check some pairs that are known to be one person"
        )
    nodes, weights = np.polynomial.legendre.leggauss(SHARE_ORDER)
    quantiles = special.betaincinv(found + 0.5, known - found + 0.5, (nodes + 1) / 2)
    return quantiles, weights / 2


def audited_share(
    value: float,
    n_eff: float,
    sensitivity: tuple[int, int],
    specificity: tuple[int, int],
    *,
    level: float = 0.95,
) -> tuple[float, float, float]:
    """Return a share put right for what was missed and what was wrongly seen, with its interval.

    For repeats that somebody checked by hand, where there is no table of pairs: with o the share seen, s the sensitivity
    and c the specificity, (o + c - 1) / (s + c - 1) (Rogan and Gladen 1978), and the interval of Lang and Reiczigel
    (2014, *Preventive Veterinary Medicine* 113), who add answers to all three before the spread is reckoned.

    Parameters:
        value: the share seen.
        n_eff: effective rows it rests on.
        sensitivity: of contacts that were repeated, how many were seen to be, and how many were checked.
        specificity: of contacts that were not repeated, how many were seen not to be, and how many were checked.
        level: how often the interval is to hold the truth.

    Returns:
        Share, low, high; nan where the checks say no more than chance would.

    Example:
        >>> [round(each, 3) for each in audited_share(0.2, 1000, (90, 100), (98, 100))]
        [0.205, 0.155, 0.243]
    """
    s, c = (found / of for found, of in (sensitivity, specificity))
    if s + c <= 1:
        return float("nan"), float("nan"), float("nan")
    z = float(special.ndtri((1 + level) / 2))
    n = n_eff + z * z
    o_added = (n_eff * value + z * z / 2) / n
    (s_added, n_s), (c_added, n_c) = (((found + 1) / (of + 2), of + 2) for found, of in (sensitivity, specificity))
    youden = s_added + c_added - 1
    p = (o_added + c_added - 1) / youden
    spread = o_added * (1 - o_added) / n + p * p * s_added * (1 - s_added) / n_s
    spread = (spread + (1 - p) ** 2 * c_added * (1 - c_added) / n_c) / youden**2
    shift = 2 * z * z * (p * s_added * (1 - s_added) / n_s - (1 - p) * c_added * (1 - c_added) / n_c)
    low, high = (p + shift + side * z * np.sqrt(spread) for side in (-1, 1))
    value = (value + c - 1) / (s + c - 1)
    return tuple(float(np.clip(each, 0.0, 1.0)) for each in (value, low, high))  # type: ignore[return-value]  # three of them

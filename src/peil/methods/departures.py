"""How far groups of a few depart from all together, drawn in as far as chance asks for, the spread between groups unknown.

Values of a group share one departure; y = mean + departure + rest. The prior of the departures' standard deviation over the
rest's is half a Cauchy distribution (Gelman 2006); given that ratio all is in closed form, and the ratio is integrated over a
grid, so that intervals know that it is not known. How far groups lie apart is told by restricted likelihood, with the
interval of the generalised Q (Viechtbauer 2007).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from peil.errors import EvidenceError
from peil.methods.meta import together
from peil.methods.standing import holm
from peil.methods.variance_grid import BEND, LARGEST, mixture_quantile

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
FEWEST_GROUPS = 3
# Half of the prior lies below this. As wide as it is, groups are drawn in no further than intervals of 93 % bear.
_PRIOR = 2.0
_POINTS = 80
_NOUGHT = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Departures:
    """Groups beside all together.

    Parameters:
        value, low, high: of each group, its mean less the mean of all, drawn in.
        sd: standard deviation of what is not known of it.
        below, above: chance that it truly lies more than what matters below, and above.
        flagged: truly apart, with at most one less the level of a chance that any group is called so wrongly.
        spread, spread_low, spread_high: standard deviation between groups, beyond what chance makes of it.
        next_low, next_high: where the departure of another group would lie.
        rest: standard deviation of values in a group.
        n: values in each group.
        df: degrees of freedom.
    """

    value: Floats
    low: Floats
    high: Floats
    sd: Floats
    below: Floats
    above: Floats
    flagged: NDArray[np.bool_]
    spread: float
    spread_low: float
    spread_high: float
    next_low: float
    next_high: float
    rest: float
    n: Integers
    df: float


def departures(values: Floats, group: Integers, *, level: float = 0.95, matters: float = 0.0) -> Departures:
    """Return how far groups depart from all together.

    Parameters:
        values: one a member.
        group: of each member, numbered from 0, none of them empty.
        level: of the intervals, and of the family of tests.
        matters: how far from the whole counts as apart.

    Raises:
        EvidenceError: there are fewer than three groups, or none has two members who differ.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> group = np.repeat(np.arange(6), 20)
        >>> found = departures(rng.normal(size=120) - 3.0 * (group == 2), group)
        >>> bool(found.flagged[2]), bool(found.below[2] > 0.99), bool(found.low[2] < -2.5 < found.high[2])
        (True, True, True)
    """
    n = np.bincount(group)
    groups, members = n.size, values.size
    if groups < FEWEST_GROUPS:
        raise EvidenceError(
            f"{groups} groups do not show how groups differ", remedy="three are needed, and five say something"
        )
    mean = np.bincount(group, values) / n
    within = float(((values - mean[group]) ** 2).sum())
    if members <= groups or not within > 0:
        raise EvidenceError("nobody in a group differs from the others", remedy="groups of two members and more")
    df = float(members - 1)
    weight, centre, scale, ahead = _grid(mean, n, within, df)
    low, high = (mixture_quantile(chance, centre, scale, weight, df) for chance in ((1 - level) / 2, (1 + level) / 2))
    value = weight @ centre
    stretch = df / (df - 2) if df > 2 else np.nan  # noqa: PLR2004  # a variance exists from here on
    below, above = (
        weight @ stdtr(df, sign * (centre - side) / scale) for sign, side in ((-1.0, -matters), (1.0, matters))
    )
    rest = within / (members - groups)
    plain = mean - float(values.mean())
    error = np.sqrt(rest * (1 / n - 1 / members))
    apart = together(mean, rest / n, level=level)
    reach = float(mixture_quantile((1 + level) / 2, 0 * ahead, ahead, weight, df)[0])
    return Departures(
        value=value,
        low=low,
        high=high,
        sd=np.sqrt(weight @ (stretch * scale**2 + (centre - value) ** 2)),
        below=below,
        above=above,
        flagged=holm(np.minimum(2 * stdtr(members - groups, (matters - np.abs(plain)) / error), 1.0)) <= 1 - level,
        spread=float(np.sqrt(apart.tau2)),
        spread_low=float(np.sqrt(apart.tau2_low)),
        spread_high=float(np.sqrt(apart.tau2_high)),
        next_low=-reach,
        next_high=reach,
        rest=float(np.sqrt(rest)),
        n=n.astype(np.int64),
        df=df,
    )


def _grid(mean: Floats, n: Integers, within: float, df: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the weight of each ratio, each group's departure and its scale there, and the scale of another group's."""
    ratio = BEND * np.sinh(np.linspace(0.0, float(np.arcsinh(LARGEST / BEND)), _POINTS))
    step = np.gradient(ratio)
    variance = 1 / n + ratio[:, None] ** 2
    share = 1 / variance
    known = share.sum(axis=1)
    middle = (share @ mean) / known
    squares = within + (share * (mean - middle[:, None]) ** 2).sum(axis=1)
    height = (
        -0.5 * np.log(variance).sum(axis=1) - 0.5 * np.log(known) - 0.5 * df * np.log(squares)
        - np.log1p((ratio / _PRIOR) ** 2)
    )  # fmt: skip
    weight = np.exp(height - height.max()) * step
    weight /= weight.sum()

    drawn = ratio[:, None] ** 2 / variance
    spread = squares / df
    theirs = middle[:, None] + drawn * (mean - middle[:, None])
    part = n / n.sum()
    centre = theirs - (theirs @ part)[:, None]
    # of group j less the whole: own errors are independent, and all share that of the middle
    own = drawn / n
    whole = (own * part**2).sum(axis=1)
    loose = 1 - drawn
    shared = loose - (loose @ part)[:, None]
    noise = own * (1 - 2 * part) + whole[:, None] + shared**2 / known[:, None]
    scale = np.sqrt(np.maximum(noise * spread[:, None], 0.0))
    scale += _NOUGHT * float(np.sqrt(spread.max()))  # at a ratio of nought nobody departs at all
    another = np.sqrt(spread * (ratio**2 + 1 / known))
    return weight, centre, scale, another[:, None]

"""What changes where a running variable crosses a threshold: local lines on either side, with an interval that knows its bias.

Local linear with a triangular kernel. Bandwidths are those of least mean squared error and the interval is that of the
bias-corrected estimate with its own spread (Calonico, Cattaneo and Titiunik 2014), the spread over clusters (CR1) as in
Calonico and others (2019); where coverage is the aim, residuals are grown by the leverage of their cluster instead (CR2, Bell and
McCaffrey 2002), for the rows nearest to the threshold pull the line towards themselves. Where crossing only raises the chance of treatment, the jump of the outcome is set against the
jump of the treatment.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import EvidenceError
from peil.methods.local_lines import inverse_of, iqr, powers_of, sd, triangle
from peil.methods.moments import Floats, Integers

FEWEST_VALUES = 10
_PILOT = 2.576  # of the first look, for the triangular kernel
_NORMAL_IQR = 1.349
_SHRINKS = -1 / 20  # of the bandwidth with the number of rows, for lines
_LINE, _CURVE = 1, 2
_TINY = 1e-10
_LEAST_LEFT = 0.05  # of a row that decides a line by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Discontinuity:
    """The jump at a threshold.

    Parameters:
        value: bias-corrected: the middle of the interval.
        plain: of the two lines, without the correction.
        se: of ``value``.
        low, high: its interval.
        first_stage: jump of the chance to be treated; 1 where crossing decides.
        first_low, first_high: its interval; both 1 where crossing decides.
        bandwidth: how far from the threshold rows count.
        bias_bandwidth: how far those count that the bias is judged by.
        n_below, n_above: rows within the bandwidth.
        values_below, values_above: different values of the running variable within it.
        clusters: independent units within reach.
    """

    value: float
    plain: float
    se: float
    low: float
    high: float
    first_stage: float
    first_low: float
    first_high: float
    bandwidth: float
    bias_bandwidth: float
    n_below: int
    n_above: int
    values_below: int
    values_above: int
    clusters: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Side:
    """Rows of one side: distance to the threshold, how many they are, sums of what was seen, cluster."""

    u: Floats
    n: Floats
    sums: Floats
    cluster: Integers

    def within(self, reach: float) -> _Side:
        near = np.abs(self.u) <= reach
        return _Side(u=self.u[near], n=self.n[near], sums=self.sums[near], cluster=self.cluster[near])

    @property
    def values(self) -> int:
        return int(np.unique(self.u).size)


def discontinuity(  # noqa: PLR0913  # a jump is asked for in this many terms
    x: ArrayLike,
    y: ArrayLike,
    *,
    n: ArrayLike | None = None,
    treated: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    cutoff: float = 0.0,
    bandwidths: tuple[float, float] | None = None,
    aim: Literal["error", "coverage"] = "error",
    level: float = 0.95,
) -> Discontinuity:
    """Return the jump of ``y`` where ``x`` reaches ``cutoff``.

    Parameters:
        x: the running variable; rows at the threshold are above it.
        y: the outcome, or its sum over ``n`` rows of one cluster at the same ``x``.
        n: rows that each entry stands for; 1 if left out.
        treated: how many of them were treated; if left out, all above and none below.
        cluster: which entries are of one independent unit; each by itself if left out.
        cutoff: the threshold.
        bandwidths: for the lines and for their bias; chosen by ``aim`` if left out.
        aim: bandwidths of least mean squared ``error``, or for the lines a smaller one with which intervals hold the truth
            more nearly as often as they say (Calonico, Cattaneo and Farrell 2020), and residuals grown by their leverage.
        level: of the interval.

    Raises:
        EvidenceError: one side has too few different values, or crossing does not change the treatment.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> x = rng.uniform(-1, 1, 4_000)
        >>> found = discontinuity(x, x + 0.5 * (x >= 0) + 0.2 * rng.normal(size=x.size))
        >>> found.low < 0.5 < found.high, found.first_stage
        (True, 1.0)
    """
    running, outcome = (np.asarray(each, dtype=np.float64) for each in (x, y))
    size = np.ones_like(running) if n is None else np.asarray(n, dtype=np.float64)
    crossed = running >= cutoff
    fuzzy = treated is not None
    took = np.asarray(treated, dtype=np.float64) if fuzzy else crossed * size
    units = np.arange(running.size) if cluster is None else np.unique(np.asarray(cluster), return_inverse=True)[1]
    sides = tuple(
        _Side(
            u=running[here] - cutoff,
            n=size[here],
            sums=np.stack([outcome[here], took[here]], axis=1),
            cluster=np.asarray(units[here], dtype=np.int64),
        )
        for here in (~crossed, crossed)
    )
    for name, side in zip(("below", "above"), sides, strict=True):
        if side.values < FEWEST_VALUES:
            raise EvidenceError(
                f"there are {side.values} different values {name} the threshold, of {FEWEST_VALUES} needed",
                remedy="choose a running variable with more values, or a longer period",
            )
    h, b = bandwidths or _bandwidths(sides)
    if aim == "coverage" and bandwidths is None:
        h *= float(size.sum()) ** _SHRINKS
    grown = aim == "coverage"
    of_outcome = _jumps(sides, h, b, np.array([1.0, 0.0]), grown=grown)
    of_treated = _jumps(sides, h, b, np.array([0.0, 1.0]), grown=grown)
    reach = float(special.ndtri((1 + level) / 2))
    first = of_treated.corrected if fuzzy else 1.0
    first_reach = reach * of_treated.se if fuzzy else 0.0
    if fuzzy and abs(of_treated.plain) <= max(reach * of_treated.se_plain, _TINY):
        raise EvidenceError(
            "crossing the threshold does not visibly change who is treated",
            remedy="check the threshold and what counts as treated",
        )
    plain = of_outcome.plain / of_treated.plain
    pulls = np.array([1.0, -plain]) / of_treated.plain
    both = _jumps(sides, h, b, pulls, grown=grown)
    moved = np.array([of_outcome.corrected - of_outcome.plain, of_treated.corrected - of_treated.plain])
    value = plain + float(pulls @ moved)
    below, above = (side.within(h) for side in sides)
    used = [side.within(max(h, b)).cluster for side in sides]
    return Discontinuity(
        value=value,
        plain=plain,
        se=both.se,
        low=value - reach * both.se,
        high=value + reach * both.se,
        first_stage=first,
        first_low=first - first_reach,
        first_high=first + first_reach,
        bandwidth=h,
        bias_bandwidth=b,
        n_below=int(below.n.sum()),
        n_above=int(above.n.sum()),
        values_below=below.values,
        values_above=above.values,
        clusters=int(np.unique(np.concatenate(used)).size),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Jump:
    plain: float
    corrected: float
    se: float
    se_plain: float


def _jumps(sides: tuple[_Side, ...], h: float, b: float, pulls: Floats, *, grown: bool) -> _Jump:
    """Return the jump of a combination of the outcome and the treatment."""
    made = [_end(side.within(max(h, b)), h, b, pulls, grown=grown) for side in sides]
    below, above = made
    return _Jump(
        plain=above.plain - below.plain,
        corrected=above.corrected - below.corrected,
        se=float(np.sqrt(below.se**2 + above.se**2)),
        se_plain=float(np.sqrt(below.se_plain**2 + above.se_plain**2)),
    )


def _end(side: _Side, h: float, b: float, pulls: Floats, *, grown: bool) -> _Jump:
    """Return where the line of one side ends, before and after what a curve says of its bias is taken off."""
    seen = side.sums @ pulls
    line, curve = powers_of(side.u / h, _LINE), powers_of(side.u / b, _CURVE)
    near, wide = triangle(side.u / h), triangle(side.u / b)
    inverse, inverse_wide = (inverse_of(each, k * side.n) for each, k in ((line, near), (curve, wide)))
    slope, bend = inverse @ (line * near[:, None]).T, inverse_wide @ (curve * wide[:, None]).T
    # by how much a curve of one unit in (u / b) squared lifts the end of the line
    lift = float(slope[0] @ (side.n * (side.u / b) ** 2))
    weights = slope[0] - lift * bend[_CURVE]
    left = seen - side.n * (line @ (slope @ seen)), seen - side.n * (curve @ (bend @ seen))
    rows = float(side.n.sum())
    # how much of what is seen of a row goes into what is fitted to it
    own = [side.n * np.einsum("ij,ji->i", *each) if grown else None for each in ((line, slope), (curve, bend))]
    return _Jump(
        plain=float(slope[0] @ seen),
        corrected=float(weights @ seen),
        se=_spread(weights * left[1], side.cluster, rows, _CURVE + 1, own[1]),
        se_plain=_spread(slope[0] * left[0], side.cluster, rows, _LINE + 1, own[0]),
    )


def _spread(parts: Floats, cluster: Integers, rows: float, fitted: int, own: Floats | None = None) -> float:
    """Return the root of the sum of squares over clusters, with the correction for few (CR1), or for leverage (CR2)."""
    units = np.unique(cluster, return_inverse=True)[1]
    sums = np.bincount(units, parts)
    g = sums.size
    if g < fitted + 1 or rows <= fitted:
        return float("nan")
    if own is not None:
        left = np.maximum(1 - np.bincount(units, own), _LEAST_LEFT)
        return float(np.sqrt((sums / left) @ sums))
    return float(np.sqrt(sums @ sums * (rows - 1) / (rows - fitted) * g / (g - 1)))


def _bandwidths(sides: tuple[_Side, ...]) -> tuple[float, float]:
    """Return the bandwidths of least mean squared error, for the lines and for the curve that their bias is judged by."""
    u = np.concatenate([side.u for side in sides])
    n = np.concatenate([side.n for side in sides])
    total = float(n.sum())
    pilot = _PILOT * min(sd(u, n), iqr(u, n) / _NORMAL_IQR) * total**-0.2
    ends = [float(np.max(np.abs(side.u))) for side in sides]
    furthest = max(ends)
    pilot = min(pilot, furthest)
    found = [furthest, furthest]
    # a curve of the third order says how far a curve of the second may reach, and that how far a line may
    widest = [end * (1 + _TINY) for end in ends]
    third = [_errors(side, 3, 3, pilot, end, kept=0.0) for side, end in zip(sides, widest, strict=True)]
    reach = min(_best(third, 3), furthest)
    for place, (order, which) in enumerate(((_CURVE, _CURVE), (_LINE, 0))):
        parts = [_errors(side, order, which, pilot, reach, kept=1.0) for side in sides]
        reach = min(_best(parts, order), furthest)
        found[place] = reach
    b, h = found
    if not (isfinite(h) and isfinite(b) and min(h, b) > 0):
        raise EvidenceError(
            "too few different values lie near the threshold to choose how far to look",
            remedy="give the bandwidths, or choose a running variable with more values",
        )
    return h, b


def _best(parts: list[tuple[float, float, float]], order: int) -> float:
    variance = sum(each[0] for each in parts)
    bias = parts[1][1] - parts[0][1]
    square = bias * bias + sum(each[2] for each in parts)
    return float((variance / square) ** (1 / (2 * order + 3))) if square > 0 else float("inf")


def _errors(
    side: _Side, order: int, which: int, near: float, wide: float, *, kept: float
) -> tuple[float, float, float]:
    """Return variance, bias and what the bias may be off, of one coefficient of a polynomial at the threshold.

    Parameters:
        side: the rows.
        order: of the polynomial.
        which: its coefficient, as a power of the distance.
        near: bandwidth for the variance.
        wide: bandwidth for the next coefficient, of which the bias is made.
        kept: how much of the next coefficient's own variance is added, so that none of nearly nought widens without end.
    """
    seen = side.sums[:, 0]
    powers, next_powers = powers_of(side.u / near, order), powers_of(side.u / wide, order + 1)
    kernel, next_kernel = triangle(side.u / near), triangle(side.u / wide)
    here, there = kernel > 0, next_kernel > 0
    if np.unique(side.u[here]).size <= order + 1 or np.unique(side.u[there]).size <= order + 2:
        raise EvidenceError(
            "too few different values lie near the threshold to choose how far to look",
            remedy="give the bandwidths, or choose a running variable with more values",
        )
    fit = inverse_of(powers, kernel * side.n) @ (powers * kernel[:, None]).T
    next_fit = inverse_of(next_powers, next_kernel * side.n) @ (next_powers * next_kernel[:, None]).T
    left = seen - side.n * (powers @ (fit @ seen))
    spread = _spread((fit[which] * left)[here], side.cluster[here], float(side.n[here].sum()), order + 1) / near**which
    lift = float(fit[which] @ (side.n * (side.u / near) ** (order + 1)))
    coefficient = float(next_fit[order + 1] @ seen) / wide ** (order + 1)
    next_left = seen - side.n * (next_powers @ (next_fit @ seen))
    off = _spread(
        (next_fit[order + 1] * next_left)[there], side.cluster[there], float(side.n[there].sum()), order + 2
    ) / wide ** (order + 1)
    variance = (2 * which + 1) * near ** (2 * which + 1) * spread**2
    times = 2 * (order + 1 - which)
    return variance, float(np.sqrt(times)) * lift * coefficient, kept * times * 3 * lift**2 * off**2

"""Scores of forecasts: how far a probability or a spread of values lay from what came, and how sure that is.

Brier (1950) for probabilities, the logarithmic score, and the continuous ranked probability score (Gneiting & Raftery
2007) for quantities. All are losses: lower is better, and telling what one believes gives the least loss expected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import DefinitionError, EvidenceError
from peil.methods.block_bootstrap import FEWEST_GROUPS, MOST_GROUPS, studentised
from peil.methods.moments import Floats

# With fewer forecasts a score is shown with its interval, and nothing is concluded from it.
FEWEST = 20
_SEVERAL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A mean of losses, or of a contrast of losses, with its interval.

    Parameters:
        value: the mean; inf where a forecast ruled out what came.
        se: its standard error; nan where one loss is not finite.
        low, high: its interval; nan where there is none.
        level: how often such intervals hold the truth.
        n: forecasts.
        blocks: independent groups of them.
        infinite: forecasts that ruled out what came.
    """

    value: float
    se: float
    low: float
    high: float
    level: float
    n: int
    blocks: int
    infinite: int = 0

    @property
    def enough(self) -> bool:
        """Whether there are enough forecasts to conclude anything."""
        return self.n >= FEWEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Whether two forecasters differ (Diebold & Mariano 1995; small samples as Harvey, Leybourne & Newbold 1997).

    Parameters:
        value: mean loss of the first less that of the second; below nought the first is better.
        low, high: its interval.
        statistic: the corrected statistic.
        p: two-sided, from Student's t.
        n: pairs of forecasts.
        level: of the interval.
    """

    value: float
    low: float
    high: float
    statistic: float
    p: float
    n: int
    level: float


def brier(p: ArrayLike, y: ArrayLike) -> Floats:
    """Return the squared distance of each probability from what came.

    Parameters:
        p: probabilities, 0 to 1.
        y: what came: 1 or 0, or between them where it came in part (a draw is a half).

    Raises:
        DefinitionError: a number lies outside 0 and 1.

    Example:
        >>> brier([0.9, 0.8, 0.6], [1, 1, 1]).round(2).tolist()
        [0.01, 0.04, 0.16]
    """
    said, came = checked(p, y)
    return np.asarray((said - came) ** 2, dtype=np.float64)


def log_loss(p: ArrayLike, y: ArrayLike) -> Floats:
    """Return minus the logarithm of the probability that each forecast gave to what came.

    A forecast of nought for what came, or of one for what did not, has an infinite loss: it said *never* and was wrong.

    Example:
        >>> log_loss([0.9, 0.8, 0.0], [1, 1, 1]).round(5).tolist()
        [0.10536, 0.22314, inf]
    """
    said, came = checked(p, y)
    # xlogy is nought where the weight is, so a sure forecast that was right loses nothing
    return np.asarray(-special.xlogy(came, said) - special.xlog1py(1 - came, -said) + 0.0, dtype=np.float64)


def crps_gaussian(mean: ArrayLike, sd: ArrayLike, x: ArrayLike) -> Floats:
    """Return the continuous ranked probability score of normal forecasts (Gneiting & Raftery 2007, eq. 5 ff.).

    Parameters:
        mean: of the forecasts.
        sd: their standard deviations; nought makes it the distance from the mean.
        x: what came.

    Example:
        >>> crps_gaussian([0.0], [1.0], [0.3]).round(6).tolist()
        [0.269333]
    """
    centre, spread, came = _floats(mean, sd, x)
    if not np.all(spread >= 0):
        raise DefinitionError("a standard deviation is below nought", remedy="give how far values lie apart")
    far = came - centre
    z = np.divide(far, spread, out=np.zeros_like(far), where=spread > 0)
    normal = spread * (z * (2 * special.ndtr(z) - 1) + 2 * scipy.stats.norm.pdf(z) - 1 / np.sqrt(np.pi))
    return np.asarray(np.where(spread > 0, normal, np.abs(far)), dtype=np.float64)


def crps_ensemble(draws: ArrayLike, x: ArrayLike, *, fair: bool = False) -> Floats:
    """Return the continuous ranked probability score of forecasts that are told as draws.

    Parameters:
        draws: one row a forecast.
        x: what came.
        fair: score the distribution behind the draws instead of the draws themselves (Ferro 2014).

    Example:
        >>> crps_ensemble([[1.0, 3.0]], [2.0]).tolist(), crps_ensemble([[1.0, 3.0]], [2.0], fair=True).tolist()
        ([0.5], [0.0])
    """
    drawn, came = np.sort(np.atleast_2d(np.asarray(draws, dtype=np.float64)), axis=1), _floats(x)[0]
    m = drawn.shape[1]
    if m < 1 + fair:
        raise EvidenceError(f"{m} draws make no spread", remedy="draw two at least")
    _finite(drawn, came)
    # mean distance of two draws, from their order: each counts as often as it is the larger of two
    apart = drawn @ (2.0 * np.arange(1, m + 1) - m - 1)
    between = apart / (m * (m - 1) if fair else m * m)
    return np.asarray(np.abs(drawn - came[:, None]).mean(axis=1) - between, dtype=np.float64)


def crps_quantiles(levels: ArrayLike, values: ArrayLike, x: ArrayLike) -> Floats:
    """Return twice the mean pinball loss of forecasts told as quantiles, which nears the CRPS as there are more.

    Each quantile stands for the probabilities nearest to it.

    Parameters:
        levels: of the quantiles, rising, between 0 and 1.
        values: one row a forecast, rising along it.
        x: what came.

    Example:
        >>> levels = (np.arange(1000) + 0.5) / 1000
        >>> crps_quantiles(levels, scipy.stats.norm.ppf(levels)[None, :], [0.3]).round(3).tolist()
        [0.269]
    """
    tau = _floats(levels)[0]
    held, came = np.atleast_2d(np.asarray(values, dtype=np.float64)), _floats(x)[0]
    _finite(held, came)
    if not (np.all(np.diff(tau) > 0) and np.all((tau > 0) & (tau < 1)) and np.all(np.diff(held, axis=1) >= 0)):
        raise DefinitionError(
            "quantiles do not rise with their levels",
            remedy="give levels between 0 and 1, each with a value, both rising",
        )
    edges = np.concatenate([[0.0], (tau[1:] + tau[:-1]) / 2, [1.0]])
    gap = came[:, None] - held
    return np.asarray(2 * np.maximum(tau * gap, (tau - 1) * gap) @ np.diff(edges), dtype=np.float64)


def scored(
    losses: ArrayLike,
    *,
    blocks: ArrayLike | None = None,
    ends: tuple[float, float] | None = None,
    level: float = 0.95,
) -> Scored:
    """Return the mean loss with its interval: Student's t over independent groups (Liang & Zeger 1986).

    Losses have a long tail. Where their ends are given, the groups are drawn anew to find out how far it reaches. It may
    not have been seen: with fewer than ten groups, and while no forecast was on the wrong side. Half a forecast is then
    added at each end before the spread is reckoned, after Agresti & Coull (1998), and none counts for more than its group.

    Parameters:
        losses: one a forecast, or differences of losses.
        blocks: what each forecast shares its luck with, such as its source or the day it came due; each its own, if left
            out.
        ends: least and most that a loss can be, such as 0 and 1 for the Brier score; inf where there is no most.
        level: how often the interval is to hold the truth.

    Raises:
        EvidenceError: there is no forecast.

    Example:
        >>> found = scored([0.01, 0.04, 0.16, 0.25], ends=(0.0, 1.0))
        >>> round(found.value, 3), round(found.low, 3), round(found.high, 3), found.enough
        (0.115, 0.0, 0.645, False)
    """
    loss = _floats(losses)[0]
    n = loss.size
    if not n:
        raise EvidenceError("no forecast has come due", remedy="resolve one first")
    group = np.arange(n) if blocks is None else np.unique(np.asarray(blocks), return_inverse=True)[1].reshape(-1)
    g = int(group.max()) + 1
    infinite = int(np.sum(np.isposinf(loss)))
    value = np.inf if infinite else float(loss.mean())
    if infinite or g < _SEVERAL or not np.all(np.isfinite(loss)):
        return Scored(
            value=value, se=np.nan, low=np.nan, high=np.nan, level=level, n=n, blocks=g, infinite=infinite
        )  # fmt: skip
    totals = np.bincount(group, loss - value, minlength=g)
    se = float(np.sqrt(np.sum(totals**2) * g / (g - 1))) / n
    times = float(scipy.stats.t.ppf((1 + level) / 2, g - 1))
    low, high = value - times * se, value + times * se
    if ends is not None and FEWEST_GROUPS <= g <= MOST_GROUPS and _tail_seen(loss, ends):
        low, high = studentised(loss, group, level=level)
        low, high = max(low, ends[0]), min(high, ends[1])
    elif ends is not None and not np.isfinite(ends[1]):
        low = max(low, ends[0])
    elif ends is not None:
        low, high = _within(loss, se, g, ends, times)
    return Scored(value=value, se=se, low=low, high=high, level=level, n=n, blocks=g)


def _tail_seen(loss: Floats, ends: tuple[float, float]) -> bool:
    if np.isfinite(ends[1]):
        return bool(loss.max() > ends[0] + (ends[1] - ends[0]) / 4)  # the Brier score of a half
    return bool(np.ptp(loss) > np.finfo(float).eps * loss.size * abs(loss).max())


def _within(loss: Floats, se: float, g: int, ends: tuple[float, float], times: float) -> tuple[float, float]:
    least, most = ends
    value, spread = float(loss.mean()), float(loss.var(ddof=1))
    n = min(spread / se**2, g) if se > 0 else float(g)
    centre = (n * value + (least + most) / 2) / (n + 1)
    squares = max(n - 1, 0.0) * spread + n * (value - centre) ** 2
    squares += ((least - centre) ** 2 + (most - centre) ** 2) / 2
    reach = times * float(np.sqrt(squares / n / (n + 1)))
    return max(min(centre - reach, value), least), min(max(centre + reach, value), most)


def skill(losses: ArrayLike, reference: ArrayLike, *, blocks: ArrayLike | None = None, level: float = 0.95) -> Scored:
    """Return the share of a reference's loss that forecasts take away: 1 - mean loss / mean loss of the reference.

    One is perfect, nought as good as the reference, below nought worse. The interval takes both means as seen
    (linearised), so a reference made from the same outcomes is allowed for.

    Parameters:
        losses: of the forecasts.
        reference: of the reference, for the same outcomes.
        blocks: see ``scored``.
        level: of the interval.

    Raises:
        EvidenceError: the reference has no loss to take away.

    Example:
        >>> y = np.array([1, 1, 0, 1, 0, 0])
        >>> round(skill(brier([0.8, 0.7, 0.3, 0.9, 0.2, 0.4], y), brier(np.full(6, 0.5), y)).value, 3)
        0.713
    """
    loss, other = _floats(losses, reference)
    base = float(other.mean()) if other.size else 0.0
    if not base > 0:
        raise EvidenceError(
            "the reference makes no error, so nothing can be better", remedy="wait for outcomes of both sorts"
        )
    if not np.isfinite(base):
        raise EvidenceError("the reference's loss is infinite", remedy="compare by the Brier score")
    found = scored(loss, blocks=blocks, level=level)
    if found.infinite:
        return Scored(
            value=-np.inf, se=np.nan, low=np.nan, high=np.nan, level=level, n=found.n, blocks=found.blocks,
            infinite=found.infinite,
        )  # fmt: skip
    value = 1 - found.value / base
    moved = scored((loss - (1 - value) * other) / base, blocks=blocks, level=level)
    reach = (moved.high - moved.low) / 2
    return Scored(
        value=value, se=moved.se, low=value - reach, high=min(value + reach, 1.0), level=level, n=moved.n, blocks=moved.blocks
    )  # fmt: skip


def compared(first: ArrayLike, second: ArrayLike, *, horizon: int = 1, level: float = 0.95) -> Compared:
    """Return whether two forecasters of the same outcomes differ.

    Parameters:
        first, second: their losses, in the order in which outcomes came.
        horizon: steps ahead that were forecast; errors overlap over horizon - 1 steps.
        level: of the interval.

    Raises:
        DefinitionError: there are not as many of one as of the other, or a loss is not finite.
        EvidenceError: there are too few pairs for the horizon.

    Example:
        >>> found = compared([0.1, 0.2, 0.1, 0.3, 0.1], [0.3, 0.2, 0.4, 0.3, 0.5])
        >>> round(found.value, 2), found.p < 0.1
        (-0.18, True)
    """
    one, two = (np.asarray(each, dtype=np.float64) for each in (first, second))
    if one.shape != two.shape or not np.all(np.isfinite(one) & np.isfinite(two)):
        raise DefinitionError("two forecasters are compared on the same outcomes, by finite losses", remedy="pair them")
    gap = one - two
    n = gap.size
    if n < max(_SEVERAL, horizon + 1):
        raise EvidenceError(f"{n} pairs do not show a difference {horizon} ahead", remedy="wait for more to come due")
    value = float(gap.mean())
    around = gap - value
    variance = float(around @ around)
    variance += 2 * sum(float(around[lag:] @ around[:-lag]) for lag in range(1, horizon))
    variance /= n * n
    if variance <= 0:  # the overlap outweighs the spread: as Bartlett's weights would have it, the spread alone counts
        variance = float(around @ around) / (n * n)
    small = np.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    se = float(np.sqrt(variance)) / float(small)
    reach = float(scipy.stats.t.ppf((1 + level) / 2, n - 1)) * se
    statistic = value / se if se > 0 else (0.0 if value == 0 else float(np.copysign(np.inf, value)))
    return Compared(
        value=value, low=value - reach, high=value + reach, statistic=statistic,
        p=float(2 * scipy.stats.t.sf(abs(statistic), n - 1)), n=n, level=level,
    )  # fmt: skip


def checked(p: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Return forecasts and outcomes as arrays of one length.

    Raises:
        DefinitionError: one lies outside 0 and 1, or there are not as many of both.
    """
    said, came = (np.atleast_1d(np.asarray(each, dtype=np.float64)) for each in (p, y))
    if said.shape != came.shape:
        raise DefinitionError(f"{said.size} forecasts and {came.size} outcomes do not pair", remedy="give each its own")
    for name, each in (("a probability", said), ("an outcome", came)):
        if not np.all((each >= 0) & (each <= 1)):
            raise DefinitionError(f"{name} lies outside 0 and 1", remedy="write 70 % as 0.7")
    return said, came


def _floats(*each: ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.broadcast_arrays(*(np.atleast_1d(np.asarray(one, dtype=np.float64)) for one in each)))


def _finite(values: Floats, came: Floats) -> None:
    if values.shape[0] != came.size or not (np.all(np.isfinite(values)) and np.all(np.isfinite(came))):
        raise DefinitionError(
            "a forecast or an outcome is missing", remedy="give each forecast its row and its outcome"
        )

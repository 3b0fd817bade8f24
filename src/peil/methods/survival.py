"""How long people last until something happens, from counts of each length: curve, hazard, quantiles, restricted mean.

Each length of time has a count of those to whom it happened then (events) and of those who were last seen then (censored):
a caller who hung up, and one who was answered before the patience ran out. Counts of whole seconds say everything that the
rows say, so a million rows are a few hundred numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import EvidenceError
from peil.methods.moments import Floats, Integers

Kind = Literal["log", "log-log", "plain"]
# Two shares this near to each other are one: sums of logarithms end a few roundings beside what they stand for.
TIE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """The share still there after each length of time (Kaplan and Meier 1958).

    Parameters:
        time: the distinct lengths, rising.
        at_risk: how many lasted at least so long.
        events: to how many it happened then.
        censored: how many were last seen then; at equal times the events come first.
        survival: the share that lasts longer.
        log_variance: Greenwood's variance of the logarithm of ``survival``; infinite once nobody is left.
        entry: lengths at which people came under observation, and how many at each; None where all did from nought.
    """

    time: Floats
    at_risk: Floats
    events: Floats
    censored: Floats
    survival: Floats
    log_variance: Floats
    entry: tuple[Floats, Floats] | None = None

    @property
    def n(self) -> int:
        """Rows."""
        return int(self.at_risk[0] if self.entry is None else (self.events + self.censored).sum())

    @property
    def n_events(self) -> int:
        """To how many it happened."""
        return int(self.events.sum())

    @property
    def waited(self) -> float:
        """All lengths added up, as far as they were observed."""
        unseen = 0.0 if self.entry is None else float(self.entry[0] @ self.entry[1])
        return float(self.time @ (self.events + self.censored)) - unseen

    @property
    def se(self) -> Floats:
        """Greenwood's standard error of ``survival``; nan once nobody is left."""
        return self.survival * np.sqrt(np.where(self.survival > 0, self.log_variance, np.nan))

    @property
    def cumulative_hazard(self) -> Floats:
        """Nelson and Aalen's sum of hazards."""
        return np.cumsum(self.events / self.at_risk)

    @property
    def cumulative_hazard_se(self) -> Floats:
        """Its standard error (Aalen 1978): the root of the sum of d / n²."""
        return np.sqrt(np.cumsum(self.events / self.at_risk**2))

    def places(self, times: ArrayLike) -> Integers:
        """Return where each time stands: the last length that is no longer; -1 before the first."""
        return np.asarray(np.searchsorted(self.time, np.asarray(times, dtype=np.float64), side="right") - 1)

    def at(self, times: ArrayLike) -> Floats:
        """Return the share that lasts longer than each time; nan beyond the longest, unless nobody was left.

        Example:
            >>> kaplan_meier([1, 2, 3], [1, 0, 1], [0, 1, 2]).at([0, 1, 2.5, 9]).round(3).tolist()
            [1.0, 0.8, 0.8, nan]
        """
        asked = np.asarray(times, dtype=np.float64)
        found = stepped(self.survival, self.places(asked), before=1.0)
        return np.where((asked > self.time[-1]) & (self.survival[-1] > 0), np.nan, found)


def kaplan_meier(
    value: ArrayLike, events: ArrayLike, censored: ArrayLike, *, entered: ArrayLike | None = None
) -> Curve:
    """Return the curve of counted lengths.

    Parameters:
        value: lengths of time, none below nought, in any order; the same length may stand there more than once.
        events: to how many it happened at that length.
        censored: how many were last seen at that length without it.
        entered: how many had lasted so long when they came under observation: they are at risk at every greater length.
            Left out, all were observed from nought. Where hardly anybody is at risk at short lengths the whole curve rests
            on them.

    Raises:
        EvidenceError: there is nothing to count, a length or a count is negative or no number, or more went than had come.

    Example:
        >>> kaplan_meier([0, 2, 4, 6], [0, 1, 1, 1], [0, 0, 0, 1], entered=[2, 1, 1, 0]).at_risk.tolist()
        [2.0, 2.0, 2.0]
        >>> curve = kaplan_meier([6, 7, 9, 10], [3, 1, 0, 1], [1, 0, 1, 1])
        >>> curve.survival.round(4).tolist(), curve.se.round(4).tolist()
        ([0.625, 0.4688, 0.4688, 0.2344], [0.1712, 0.1865, 0.1865, 0.1902])
    """
    given = [np.asarray(each, dtype=np.float64).ravel() for each in (value, events, censored)]
    kept = given[1] + given[2] != 0
    times, happened, last_seen = (each[kept] for each in given)
    if not times.size:
        raise EvidenceError("nobody waited, so nothing is known of how long people last", remedy="widen the filter")
    if not all(np.isfinite(each).all() and each.min() >= 0 for each in (times, happened, last_seen)):
        raise EvidenceError("a length of time or a count is negative or no number", remedy="correct what was counted")
    if np.any(np.diff(times) <= 0):
        times, at = np.unique(times, return_inverse=True)
        happened, last_seen = (np.bincount(at, each) for each in (happened, last_seen))
    gone = happened + last_seen
    at_risk = gone[::-1].cumsum()[::-1]
    entry = None
    if entered is not None:
        entry = given[0], np.asarray(entered, dtype=np.float64).ravel()
        at_risk = at_risk - _still_to_come(*entry, times)
        if entry[1].sum() != gone.sum() or entry[1].min() < 0 or np.any(at_risk < gone):
            raise EvidenceError(
                "more went than had come", remedy="count everybody once when they come and once when they go"
            )
    left = at_risk - happened
    with np.errstate(divide="ignore"):
        survival = np.exp(np.cumsum(np.log(left) - np.log(at_risk)))
        log_variance = np.cumsum(happened / (at_risk * left)) if left[-1] > 0 else _greenwood(happened, at_risk, left)
    return Curve(
        time=times, at_risk=at_risk, events=happened, censored=last_seen, survival=survival, log_variance=log_variance,
        entry=entry,
    )  # fmt: skip


def _still_to_come(lengths: Floats, entered: Floats, times: Floats) -> Floats:
    """Return how many come under observation at each time or after it."""
    order = np.argsort(lengths)
    come = np.append(0.0, np.cumsum(entered[order]))
    return np.asarray(come[-1] - come[np.searchsorted(lengths[order], times, side="left")], dtype=np.float64)


def _greenwood(events: Floats, at_risk: Floats, left: Floats) -> Floats:
    return np.cumsum(np.divide(events, at_risk * left, out=np.full(left.size, np.inf), where=left > 0))


def stepped(values: Floats, places: Integers, *, before: float = 0.0) -> Floats:
    """Return the values of a step function at places of ``Curve.places``; ``before`` the first."""
    return np.where(places < 0, before, values[np.maximum(places, 0)])


def limits(
    survival: ArrayLike, log_variance: ArrayLike, *, level: float = 0.95, kind: Kind = "log"
) -> tuple[Floats, Floats]:
    """Return pointwise intervals of shares that last.

    Parameters:
        survival: the shares.
        log_variance: variances of their logarithms.
        level: how often the interval is to hold the truth.
        kind: on which scale it is symmetric: ``log`` (as R ``survfit`` has it), ``log-log`` (which stays within 0 and 1), or
            ``plain``.

    Returns:
        Both ends, within 0 and 1; nan once nobody is left.

    Example:
        >>> curve = kaplan_meier([6, 7, 9, 10], [3, 1, 0, 1], [1, 0, 1, 1])
        >>> low, high = limits(curve.survival, curve.log_variance, kind="log-log")
        >>> low.round(3).tolist(), high.round(3).tolist()
        ([0.229, 0.12, 0.12, 0.013], [0.861, 0.763, 0.763, 0.616])
    """
    share = np.asarray(survival, dtype=np.float64)
    known = share > 0
    inside = np.where(known, share, 0.5)
    reach = float(special.ndtri((1 + level) / 2)) * np.sqrt(np.where(known, np.asarray(log_variance), 0.0))
    if kind == "log":
        ends = inside * np.exp(-reach), inside * np.exp(reach)
    elif kind == "plain":
        ends = inside * (1 - reach), inside * (1 + reach)
    else:
        size = np.where(inside < 1, -np.log(np.minimum(inside, 1 - 1e-16)), 1.0)
        ends = np.power(inside, np.exp(reach / size)), np.power(inside, np.exp(-reach / size))
    low, high = (np.where(known, np.clip(each, 0.0, 1.0), np.nan) for each in ends)
    return low, high


def quantile(
    curve: Curve, q: float, *, level: float = 0.95, kind: Kind = "log", log_variance: Floats | None = None
) -> tuple[float, float, float]:
    """Return the length that a share ``q`` does not last, with its interval (Brookmeyer and Crowley 1982).

    Parameters:
        curve: of the lengths.
        q: the share, a half for the median.
        level: how often the interval is to hold the truth.
        kind: of the pointwise intervals that are turned over.
        log_variance: where Greenwood's is not the one to use, as with rows of one person.

    Returns:
        Value, low and high; nan where the curve or its limit does not come down so far.

    Example:
        >>> quantile(kaplan_meier([1, 2, 3, 4, 5], [2, 2, 2, 2, 1], [0, 0, 0, 0, 1]), 0.5)
        (3.0, 2.0, nan)
    """
    low, high = limits(
        curve.survival, curve.log_variance if log_variance is None else log_variance, level=level, kind=kind
    )
    value, least, most = (_crossed(curve, each, 1 - q) for each in (curve.survival, low, high))
    return value, least, most


def _crossed(curve: Curve, share: Floats, aim: float) -> float:
    """Return where a falling curve comes down to ``aim``; the middle of where it lies on it, if it does."""
    with np.errstate(invalid="ignore"):
        reached = share <= aim + TIE
        below = share < aim - TIE
    # a limit that is not known any more bounds nothing
    if not reached.any():
        return float("nan")
    first = int(np.argmax(reached))
    if below[first]:
        return float(curve.time[first])
    until = int(np.argmax(below)) if below.any() else curve.time.size - 1
    return float(curve.time[first] + curve.time[until]) / 2


def restricted_mean(curve: Curve, until: float) -> tuple[float, float]:
    """Return the mean length up to ``until``, and its standard error from Greenwood's variance.

    Parameters:
        curve: of the lengths.
        until: where every length is cut off; a mean without it is not known where some were never seen to end.

    Raises:
        EvidenceError: nobody was followed for so long.

    Example:
        >>> mean, se = restricted_mean(kaplan_meier([2, 4, 6], [1, 1, 0], [0, 0, 2]), 5)
        >>> mean, round(se, 4)
        (4.0, 0.6124)
    """
    mean, still = _areas(curve, until)
    left = curve.at_risk - curve.events
    used = (curve.time <= until) & (left > 0)
    share = np.divide(curve.events, curve.at_risk * left, out=np.zeros_like(left), where=used)
    return mean, float(np.sqrt(np.sum(still**2 * share)))


def _areas(curve: Curve, until: float) -> tuple[float, Floats]:
    """Return the area under the curve up to ``until``, and what of it lies beyond each length."""
    if not until > 0:
        raise EvidenceError(f"a mean up to {until:g} is no mean", remedy="cut off at a time above nought")
    if until > curve.time[-1] and curve.survival[-1] > 0:
        raise EvidenceError(
            f"nobody was followed for {until:g}: the longest is {curve.time[-1]:g}", remedy="cut off earlier"
        )
    ends = np.minimum(np.append(curve.time[1:], np.inf), until)
    strips = curve.survival * np.maximum(ends - np.minimum(curve.time, until), 0.0)
    strips = np.where(curve.survival > 0, strips, 0.0)
    still = strips[::-1].cumsum()[::-1]
    return float(min(curve.time[0], until) + still[0]), still


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scores:
    """What one row adds to an estimate, for each length and for each way to end: the infinitesimal jackknife.

    Parameters:
        event: (lengths, k) of a row to which it happened.
        censored: (lengths, k) of a row that was last seen.
    """

    event: Floats
    censored: Floats


def log_survival_scores(curve: Curve, times: ArrayLike) -> Scores:
    """Return what each row adds to the logarithm of the share that lasts longer than each of ``times``.

    Their squares over rows add up to Greenwood's variance; summed per person first, to one that holds where persons come
    back.

    Example:
        >>> curve = kaplan_meier([6, 7, 9, 10], [3, 1, 0, 1], [1, 0, 1, 1])
        >>> found = log_survival_scores(curve, [9])
        >>> squares = curve.events @ found.event**2 + curve.censored @ found.censored**2
        >>> bool(np.isclose(squares[0], curve.log_variance[2]))
        True
    """
    _all_from_nought(curve)
    asked = np.asarray(times, dtype=np.float64)
    left = curve.at_risk - curve.events
    step = np.divide(curve.events, curve.at_risk * left, out=np.zeros_like(left), where=left > 0)
    until = np.minimum(np.arange(curve.time.size)[:, None], curve.places(asked)[None, :])
    seen = stepped(np.cumsum(step), until)
    own = np.divide(1.0, left, out=np.zeros_like(left), where=left > 0)
    return Scores(event=seen - np.where(curve.time[:, None] <= asked, own[:, None], 0.0), censored=seen)


def restricted_mean_scores(curve: Curve, until: float) -> Scores:
    """Return what each row adds to the mean up to ``until``; as ``log_survival_scores``, one column.

    Example:
        >>> curve = kaplan_meier([2, 4, 6], [1, 1, 0], [0, 0, 2])
        >>> found = restricted_mean_scores(curve, 5)
        >>> squares = curve.events @ found.event**2 + curve.censored @ found.censored**2
        >>> bool(np.isclose(squares[0], restricted_mean(curve, 5)[1] ** 2))
        True
    """
    _all_from_nought(curve)
    _, still = _areas(curve, until)
    left = curve.at_risk - curve.events
    own = np.divide(still, left, out=np.zeros_like(left), where=left > 0)
    seen = np.cumsum(own * curve.events / curve.at_risk)
    return Scores(event=(seen - own)[:, None], censored=seen[:, None])


def _all_from_nought(curve: Curve) -> None:
    if curve.entry is not None:
        raise EvidenceError(
            "what one row adds hangs on when it came under observation, which this curve does not keep",
            remedy="take Greenwood's variance, or begin everybody at nought",
        )

"""Do groups last equally long? The log-rank test from counts, within strata, and with rows of one person together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from peil.errors import EvidenceError
from peil.methods.moments import Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogRank:
    """A test of whether groups have one curve (Mantel 1966; Peto and Peto 1972).

    Parameters:
        observed: events in each group.
        expected: events there would be if all groups were alike.
        covariance: of observed less expected.
        chi2: the test statistic.
        df: its degrees of freedom.
        p: chance of as large a statistic when all groups are alike.
    """

    observed: Floats
    expected: Floats
    covariance: Floats
    chi2: float
    df: int
    p: float

    def with_covariance(self, covariance: Floats) -> LogRank:
        """Return the test with another covariance, as of persons instead of rows."""
        return _tested(self.observed, self.expected, covariance)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RankScores:
    """What one row adds to observed less expected, for each entry of the counts it was made from.

    Parameters:
        event: (entries, groups) of a row to which it happened.
        censored: (entries, groups) of a row that was last seen.
    """

    event: Floats
    censored: Floats


def log_rank(
    value: ArrayLike, events: ArrayLike, censored: ArrayLike, group: ArrayLike, stratum: ArrayLike | None = None
) -> LogRank:
    """Test whether groups last equally long.

    Parameters:
        value: lengths of time.
        events: to how many of the group it happened at that length.
        censored: how many of it were last seen then.
        group: of each entry, from 0.
        stratum: of each entry, from 0; only those of one stratum are compared.

    Raises:
        EvidenceError: there are fewer than two groups, or nothing happened to anybody.

    Example:
        >>> found = log_rank([1, 3, 5, 2, 4, 6], [1, 1, 1, 1, 1, 1], [0] * 6, [0, 0, 0, 1, 1, 1])
        >>> round(found.chi2, 4), found.df, round(found.p, 4)
        (0.4849, 1, 0.4862)
    """
    grid = _gridded(value, events, censored, group, stratum)
    observed, expected = grid.events.sum(axis=0), (grid.hazard[:, None] * grid.at_risk).sum(axis=0)
    whole = grid.at_risk.sum(axis=1)
    share = grid.at_risk / whole[:, None]
    # of each time the variance of events spread over groups without putting back
    one = (
        grid.events.sum(axis=1)
        * (1 - grid.hazard)
        * np.divide(whole, whole - 1, out=np.zeros_like(whole), where=whole > 1)
    )
    covariance = np.diag(one @ share) - (share * one[:, None]).T @ share
    return _tested(observed, expected, covariance)


def rank_scores(
    value: ArrayLike, events: ArrayLike, censored: ArrayLike, group: ArrayLike, stratum: ArrayLike | None = None
) -> RankScores:
    """Return what rows of each entry add to observed less expected (Lin and Wei 1989).

    Summed per person, their products are the covariance where persons come back.

    Example:
        >>> counts = [1, 3, 5, 2, 4, 6], [1, 1, 1, 1, 1, 1], [0] * 6, [0, 0, 0, 1, 1, 1]
        >>> found, test = rank_scores(*counts), log_rank(*counts)
        >>> bool(np.allclose(found.event.sum(axis=0), test.observed - test.expected))
        True
    """
    grid = _gridded(value, events, censored, group, stratum)
    share = grid.at_risk / grid.at_risk.sum(axis=1, keepdims=True)
    groups = share.shape[1]
    # sums over the times of a stratum up to each: of the hazard, and of the hazard times each group's share
    seen, spread = (_within(each, grid.stratum) for each in (grid.hazard[:, None], grid.hazard[:, None] * share))
    own = np.eye(groups)[grid.group]
    censoring = spread[grid.at] - own * seen[grid.at]
    return RankScores(event=own - share[grid.at] + censoring, censored=censoring)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Grid:
    """Counts at each time of each stratum: events and those at risk per group, and where each entry stands."""

    events: Floats
    at_risk: Floats
    hazard: Floats
    stratum: Integers
    at: Integers
    group: Integers


def _gridded(
    value: ArrayLike, events: ArrayLike, censored: ArrayLike, group: ArrayLike, stratum: ArrayLike | None
) -> _Grid:
    times, happened, last_seen = (np.asarray(each, dtype=np.float64) for each in (value, events, censored))
    of = np.asarray(group, dtype=np.int64)
    within = np.zeros(of.size, dtype=np.int64) if stratum is None else np.asarray(stratum, dtype=np.int64)
    groups = int(of.max(initial=-1)) + 1
    if groups < 2:  # noqa: PLR2004  # a comparison
        raise EvidenceError("one group cannot be compared with itself", remedy="choose periods or groups that differ")
    if happened.sum() == 0:
        raise EvidenceError("it happened to nobody, so nothing tells the groups apart", remedy="widen the filter")
    _, moment = np.unique(times, return_inverse=True)
    n_times = int(moment.max()) + 1
    keys, at = np.unique(within * n_times + moment, return_inverse=True)
    size = keys.size * groups
    d, gone = (
        np.bincount(at * groups + of, each, minlength=size).reshape(-1, groups)
        for each in (happened, happened + last_seen)
    )
    which = keys // n_times
    at_risk = _within(gone[::-1], which[::-1])[::-1]
    return _Grid(
        events=d.astype(np.float64),
        at_risk=at_risk,
        hazard=d.sum(axis=1) / at_risk.sum(axis=1),
        stratum=which,
        at=at,
        group=of,
    )


def _within(values: NDArray[Any], stratum: Integers) -> Floats:
    """Return sums up to each row that begin anew with each stratum; rows of one stratum stand together."""
    whole = np.cumsum(values, axis=0)
    first = np.flatnonzero(np.r_[True, np.diff(stratum) != 0])
    before = np.vstack([np.zeros((1, values.shape[1])), whole])[first]
    lengths = np.diff(np.r_[first, stratum.size])
    return np.asarray(whole - np.repeat(before, lengths, axis=0), dtype=np.float64)


def _tested(observed: Floats, expected: Floats, covariance: Floats) -> LogRank:
    used = np.flatnonzero(expected > 0)[:-1]
    gap = (observed - expected)[used]
    part = covariance[np.ix_(used, used)]
    if not used.size or np.linalg.matrix_rank(part) < used.size:
        raise EvidenceError(
            "the groups were never there at the same time, so nothing compares them",
            remedy="join groups that are alike",
        )
    chi2 = float(gap @ np.linalg.solve(part, gap))
    return LogRank(
        observed=observed,
        expected=expected,
        covariance=covariance,
        chi2=chi2,
        df=used.size,
        p=float(special.chdtrc(used.size, chi2)),
    )

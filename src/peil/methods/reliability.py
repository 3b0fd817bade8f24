"""How reliably several items measure one thing: alpha, omega, item-rest correlations, with intervals.

Everything is reckoned from sums of products, clusters of respondents by clusters: with z = (1, items), one matrix
Σ w z z' a cluster. They are made once, and each resample of clusters is one weighted sum of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.methods.moments import Floats
from peil.methods.one_factor import (
    FEWEST_ITEMS,
    OneFactor,
    checked,
    component,
    likeliest,
    omega,
    one_factor,
    standardised,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reliability:
    """How reliably the sum of items measures what they share.

    Parameters:
        method: ``omega``; ``spearman_brown`` for two items, of which a factor cannot be known.
        value: omega of standardised items, as R's psych reports it; for two items Spearman and Brown's coefficient.
        low, high: its interval, from resampled clusters.
        raw: the same for items as they were answered.
        alpha: Cronbach's, of items as they were answered.
        alpha_low, alpha_high: its interval, from resampled clusters.
        feldt: its interval for normal, independent respondents (Feldt, Woodruff and Salih 1987).
        alpha_standardised: alpha of standardised items.
        item_rest: the correlation of each item with the sum of the others.
        alpha_without: alpha when an item is left out; nan with two items.
        factor: the model; None with two items.
        level: how often intervals hold the truth.
    """

    method: str
    value: float
    low: float
    high: float
    raw: float
    alpha: float
    alpha_low: float
    alpha_high: float
    feldt: tuple[float, float]
    alpha_standardised: float
    item_rest: Floats
    alpha_without: Floats
    factor: OneFactor | None
    level: float


def products(items: ArrayLike, *, cluster: ArrayLike | None = None, weight: ArrayLike = 1.0) -> Floats:
    """Return the sums of products of rows that are already in memory; an engine makes the same sums in SQL.

    Parameters:
        items: one row a respondent, one column an item.
        cluster: which respondents belong together, as whole numbers; each is alone if left out.
        weight: each respondent's weight.

    Returns:
        (clusters, items + 1, items + 1).

    Example:
        >>> products([[1, 2], [3, 5]]).sum(axis=0).tolist()
        [[2.0, 4.0, 7.0], [4.0, 10.0, 17.0], [7.0, 17.0, 29.0]]
    """
    rows = np.asarray(items, dtype=np.float64)
    z = np.column_stack([np.ones(len(rows)), rows])
    w = np.broadcast_to(np.asarray(weight, dtype=np.float64), len(rows))
    each = w[:, None, None] * z[:, :, None] * z[:, None, :]
    if cluster is None:
        return each
    at = np.unique(np.asarray(cluster), return_inverse=True)[1]
    made = np.zeros((at.max(initial=-1) + 1, *each.shape[1:]))
    np.add.at(made, at, each)
    return made


def covariances(sums: Floats, times: Floats | None = None) -> Floats:
    """Return the covariances of the items.

    Parameters:
        sums: what ``products`` returns.
        times: (draws, clusters), how often each resample holds each cluster; every cluster once if left out.

    Returns:
        One matrix, or one a draw; divided by the weight, which no coefficient here minds.

    Example:
        >>> covariances(products([[1, 2], [3, 5]])).tolist()
        [[1.0, 1.5], [1.5, 2.25]]
    """
    if times is None:
        whole = sums.sum(axis=0)
    else:
        whole = (times @ sums.reshape(len(sums), -1)).reshape(len(times), *sums.shape[1:])
    weight = whole[..., :1, :1]
    mean = whole[..., :1, 1:] / weight
    made: Floats = whole[..., 1:, 1:] / weight - np.swapaxes(mean, -1, -2) * mean
    return made


def resampled(clusters: int, draws: int, seed: int) -> Floats:
    """Return how often each resample holds each cluster (Efron 1979).

    Example:
        >>> resampled(4, 2, seed=1).sum(axis=1).tolist()
        [4.0, 4.0]
    """
    dice = np.random.default_rng(seed)
    return dice.multinomial(clusters, np.full(clusters, 1 / clusters), draws).astype(np.float64)


def alpha(covariance: Floats) -> Floats:
    """Return Cronbach's (1951) alpha: k/(k-1) times the share of the sum's variance that items share.

    Parameters:
        covariance: of the items, or correlations for the alpha of standardised items.

    Example:
        >>> float(alpha(np.array([[1.0, 0.5], [0.5, 1.0]])).round(4))
        0.6667
    """
    k = covariance.shape[-1]
    own = np.trace(covariance, axis1=-2, axis2=-1)
    return np.asarray(k / (k - 1) * (1 - own / covariance.sum(axis=(-2, -1))), dtype=np.float64)


def feldt(value: float, n: float, k: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of alpha for normal items and independent respondents (Feldt, Woodruff and Salih 1987).

    Parameters:
        value: alpha.
        n: respondents.
        k: items.
        level: how often the interval is to hold the truth.

    Example:
        >>> [round(each, 3) for each in feldt(0.8, 100, 5)]
        [0.731, 0.856]
    """
    if n <= 1:
        return float("nan"), float("nan")
    df = n - 1, (n - 1) * (k - 1)
    outer = [float(special.fdtri(*df, each)) for each in ((1 + level) / 2, (1 - level) / 2)]
    return 1 - (1 - value) * outer[0], 1 - (1 - value) * outer[1]


def spearman_brown(correlation: ArrayLike, times: float = 2) -> Floats:
    """Return the reliability of ``times`` parallel items of which two correlate so (Spearman 1910, Brown 1910).

    Example:
        >>> float(spearman_brown(0.5).round(4))
        0.6667
    """
    r = np.asarray(correlation, dtype=np.float64)
    return np.asarray(times * r / (1 + (times - 1) * r), dtype=np.float64)


def reliability(sums: Floats, n: float, *, level: float = 0.95, draws: int = 1_000, seed: int = 0) -> Reliability:
    """Return how reliable a scale is.

    Parameters:
        sums: what ``products`` returns.
        n: respondents.
        level: how often intervals are to hold the truth.
        draws: resamples of the clusters.
        seed: of the resamples.

    Raises:
        EvidenceError: there are fewer than two items, an item does not vary, or items cancel out.

    Example:
        >>> dice = np.random.default_rng(1)
        >>> rows = dice.normal(size=(300, 1)) + dice.normal(size=(300, 4))
        >>> found = reliability(products(rows), 300, draws=200)
        >>> found.low < found.value < found.high
        True
    """
    whole = covariances(sums)
    k = checked(whole)
    many = covariances(sums, resampled(len(sums), draws, seed))
    varies = np.all(np.diagonal(many, axis1=-2, axis2=-1) > 0, axis=-1)
    many = many[varies & (many.sum(axis=(-2, -1)) > 0)]
    cronbach, correlations = float(alpha(whole)), standardised(whole)
    if k == FEWEST_ITEMS:
        factor, method = None, "spearman_brown"
        value, raw = float(spearman_brown(correlations[0, 1])), cronbach
        spread = spearman_brown(standardised(many)[:, 0, 1])
    else:
        factor, method = one_factor(whole), "omega"
        scale = np.sqrt(np.diagonal(whole))
        value = float(omega(factor.loadings, factor.uniquenesses))
        raw = float(omega(factor.loadings * scale, factor.uniquenesses * scale**2))
        correlated = standardised(many)
        spread = omega(*likeliest(correlated, [factor.loadings, component(correlated)]))
    low, high = _between(spread, level)
    alpha_low, alpha_high = _between(alpha(many), level)
    rest = whole.sum(axis=1) - np.diagonal(whole)
    others = whole.sum() - 2 * whole.sum(axis=1) + np.diagonal(whole)
    return Reliability(
        method=method,
        value=value,
        low=low,
        high=high,
        raw=raw,
        alpha=cronbach,
        alpha_low=alpha_low,
        alpha_high=alpha_high,
        feldt=feldt(cronbach, n, k, level=level),
        alpha_standardised=float(alpha(correlations)),
        item_rest=rest / np.sqrt(np.diagonal(whole) * others),
        alpha_without=np.array([_without(whole, each) for each in range(k)]),
        factor=factor,
        level=level,
    )


def _without(covariance: Floats, item: int) -> float:
    left = np.delete(np.delete(covariance, item, axis=0), item, axis=1)
    return float(alpha(left)) if len(left) >= FEWEST_ITEMS else float("nan")


def _between(spread: Floats, level: float) -> tuple[float, float]:
    if not spread.size:
        return float("nan"), float("nan")
    low, high = np.quantile(spread, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)

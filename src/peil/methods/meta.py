"""Random effects: several estimates of one thing, each with its standard error, that truly differ by some amount.

Notation of Viechtbauer (2005): y_i are the estimates, v_i their sampling variances, tau² the variance of the true
values. The mean is weighted by 1 / (v_i + tau²).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import DefinitionError, EvidenceError
from peil.methods.moments import Floats

Estimator = Literal["reml", "ml", "dl", "pm", "fixed"]
Spread = Literal["knapp_hartung", "normal"]
TOLERANCE = 1e-12
WIDEST = 1e6  # times the spread seen: where the search for tau² ends


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Meta:
    """What the estimates say together.

    Parameters:
        value: the mean of the true values.
        se: its standard error.
        low, high: its interval.
        tau2: the variance of the true values.
        tau2_low, tau2_high: its interval (Q-profile, Viechtbauer 2007).
        predicted_low, predicted_high: where the true value of another one lies (Higgins, Thompson & Spiegelhalter 2009).
        q: Cochran's Q.
        q_p: chance of so large a Q if all true values were one.
        i2: share of the spread that is not sampling error.
        n: estimates.
        level: of the intervals.
    """

    value: float
    se: float
    low: float
    high: float
    tau2: float
    tau2_low: float
    tau2_high: float
    predicted_low: float
    predicted_high: float
    q: float
    q_p: float
    i2: float
    n: int
    level: float


def together(
    y: ArrayLike,
    v: ArrayLike,
    *,
    estimator: Estimator = "reml",
    spread: Spread = "knapp_hartung",
    level: float = 0.95,
) -> Meta:
    """Return what estimates say together, as random effects.

    Parameters:
        y: the estimates.
        v: their sampling variances.
        estimator: of tau²: restricted or full likelihood, DerSimonian and Laird (1986), Paule and Mandel (1982), or
            ``fixed``, which takes it as nought.
        spread: ``knapp_hartung`` takes the spread of the mean from the estimates and uses Student's t (Knapp & Hartung
            2003); ``normal`` takes it from the variances.
        level: of the intervals.

    Raises:
        EvidenceError: there are fewer than two estimates.
        DefinitionError: a variance is not above nought.

    Example:
        >>> found = together([0.1, 0.3, 0.5], [0.01, 0.01, 0.01])
        >>> round(found.value, 3), round(found.tau2, 3), found.predicted_low < found.low
        (0.3, 0.03, True)
    """
    values, variances = _checked(y, v)
    n = values.size
    tau2 = _tau2(values, variances, estimator)
    weight = 1 / (variances + tau2)
    mean = float(np.sum(weight * values) / weight.sum())
    se = float(np.sqrt(1 / weight.sum()))
    df = n - 1
    if spread == "knapp_hartung":
        se = float(np.sqrt(np.sum(weight * (values - mean) ** 2) / (df * weight.sum())))
    reach = scipy.stats.t.ppf((1 + level) / 2, df) if spread == "knapp_hartung" else special.ndtri((1 + level) / 2)
    ahead = float(reach * np.sqrt(tau2 + se * se))
    q, fixed = _q(values, variances, 0.0), 1 / variances
    typical = df * fixed.sum() / (fixed.sum() ** 2 - np.sum(fixed**2))
    low2, high2 = _profile(values, variances, level)
    return Meta(
        value=mean,
        se=se,
        low=mean - float(reach) * se,
        high=mean + float(reach) * se,
        tau2=tau2,
        tau2_low=low2,
        tau2_high=high2,
        predicted_low=mean - ahead,
        predicted_high=mean + ahead,
        q=q,
        q_p=float(scipy.stats.chi2.sf(q, df)),
        i2=float(tau2 / (tau2 + typical)),
        n=n,
        level=level,
    )


def _checked(y: ArrayLike, v: ArrayLike) -> tuple[Floats, Floats]:
    values, variances = (np.asarray(each, dtype=np.float64) for each in (y, v))
    if values.size < 2:  # noqa: PLR2004  # one estimate shows no spread
        raise EvidenceError(
            f"{values.size} estimate does not show how estimates differ",
            remedy="two are needed, and five say something",
        )
    if not np.all(np.isfinite(values)) or not np.all(np.isfinite(variances) & (variances > 0)):
        raise DefinitionError(
            "an estimate is missing, or its variance is not above nought",
            remedy="leave it out, or give its standard error",
        )
    return values, variances


def _q(y: Floats, v: Floats, tau2: float) -> float:
    w = 1 / (v + tau2)
    return float(np.sum(w * (y - np.sum(w * y) / w.sum()) ** 2))


def _tau2(y: Floats, v: Floats, estimator: Estimator) -> float:
    if estimator == "fixed":
        return 0.0
    if estimator == "dl":
        w = 1 / v
        return max(0.0, float((_q(y, v, 0.0) - (y.size - 1)) / (w.sum() - np.sum(w**2) / w.sum())))
    if estimator == "pm":
        return _root(lambda tau2: _q(y, v, tau2) - (y.size - 1), _most(y, v))
    restricted = estimator == "reml"

    def minus_log_likelihood(tau2: float) -> float:
        w = 1 / (v + tau2)
        whole = 0.5 * (np.sum(np.log(v + tau2)) + _q(y, v, tau2))
        return float(whole + (0.5 * np.log(w.sum()) if restricted else 0.0))

    def slope(tau2: float) -> float:
        w = 1 / (v + tau2)
        mean = np.sum(w * y) / w.sum()
        found = np.sum(w * w * (y - mean) ** 2) - w.sum()
        return float(found + (np.sum(w * w) / w.sum() if restricted else 0.0))

    # the likelihood may have several tops: look along a grid, then settle on the best by its slope
    most = _most(y, v)
    grid = np.concatenate([[0.0], np.geomspace(most * 1e-9, most, 200)])
    heights = [minus_log_likelihood(each) for each in grid]
    best = int(np.argmin(heights))
    if best == 0 and slope(0.0) <= 0:
        return 0.0
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    if slope(low) > 0 > slope(high):
        return float(scipy.optimize.brentq(slope, low, high, xtol=TOLERANCE * max(high, 1.0), rtol=8.9e-16))
    return float(scipy.optimize.minimize_scalar(minus_log_likelihood, bounds=(low, high), method="bounded").x)


def _most(y: Floats, v: Floats) -> float:
    return float(max(np.var(y), np.max(v)) * 100)


def _root(of: Callable[[float], float], most: float) -> float:
    """Return where a falling function of tau² is nought; nought where it begins below."""
    if of(0.0) <= 0:
        return 0.0
    while of(most) > 0 and most < WIDEST * WIDEST:
        most *= 10
    return float(scipy.optimize.brentq(of, 0.0, most, xtol=TOLERANCE * max(most, 1.0), rtol=8.9e-16))


def _profile(y: Floats, v: Floats, level: float) -> tuple[float, float]:
    """Return the values of tau² that the generalised Q does not refuse (Viechtbauer 2007)."""
    df = y.size - 1
    bounds = []
    for chance in ((1 + level) / 2, (1 - level) / 2):
        wanted = float(scipy.stats.chi2.ppf(chance, df))
        bounds.append(_root(lambda tau2, wanted=wanted: _q(y, v, tau2) - wanted, _most(y, v)))  # type: ignore[misc]  # a default binds the loop's value
    return bounds[0], bounds[1]

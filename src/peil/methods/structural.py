"""Fits of structural time series: the likelihood's maximum, and the covariance of all rows that follows from it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from peil.errors import EvidenceError
from peil.methods.moments import Floats

Level = Literal["static", "stochastic", "random_walk", "trend"]
LEVELS: dict[Level, str] = {
    "static": "dconstant",
    "stochastic": "llevel",
    "random_walk": "rwalk",
    "trend": "lltrend",
}
_ROUNDS = 500
_TINY = 1e-9  # of the variance of the series


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Structural:
    """A structural series at the likelihood's maximum.

    Parameters:
        coefficient: of each regressor, in units of the series over units of the regressor.
        outer_product: their standard errors from the outer product of the scores.
        log_likelihood: of the rows that were not used to start the filter.
        variance: of the level's steps, the season's and the noise, by name.
        settled: whether the search ended at a maximum.
        centre: means that were taken off: of the series and of each regressor.
        size: standard deviations that they were divided by; the rest is in these units.
        transition: (states, states) how the state moves on.
        design: (states,) what a row shows of it.
        shocks: (states, states) covariance of what is added to it each row.
        noise: variance of what is added to a row alone.
        foresee: the rows to come, given their regressors, at one scale.
    """

    coefficient: Floats
    outer_product: Floats
    log_likelihood: float
    variance: dict[str, float]
    settled: bool
    centre: Floats
    size: Floats
    transition: Floats
    design: Floats
    shocks: Floats
    noise: float
    foresee: Callable[[Floats], Floats]

    def even(self, columns: Floats) -> Floats:
        """Return regressors at the scale of the fit."""
        return np.asarray((columns - self.centre[1:]) / self.size[1:])

    def forecast(self, columns: Floats) -> Floats:
        """Return what is expected of the rows to come, of which these are the regressors."""
        return np.asarray(self.centre[0] + self.size[0] * self.foresee(self.even(columns)))

    def least_squares(self, columns: Floats) -> Floats:
        """Return the standard errors of the coefficients under the variances found, the columns being all rows'."""
        shared, unknown = self._system(self.even(columns))
        information = unknown.T @ np.linalg.solve(shared, unknown)
        spread = np.diag(np.linalg.pinv(information, hermitian=True))[unknown.shape[1] - columns.shape[1] :]
        return np.asarray(np.sqrt(spread) * self.size[0] / self.size[1:])

    def spread(self, before: Floats, future: Floats) -> Floats:
        """Return the covariance of the rows to come around their forecast, regressors' uncertainty included.

        Source: Rao 1973, 4a.11.
        """
        shared, unknown = self._system(self.even(np.concatenate([before, future])))
        n, h = len(before), len(future)
        solved = np.linalg.solve(shared[:n, :n], np.column_stack([shared[:n, n:], unknown[:n]]))
        gain, whitened = solved[:, :h], solved[:, h:]
        left = unknown[n:] - gain.T @ unknown[:n]
        inverse = np.linalg.pinv(unknown[:n].T @ whitened, hermitian=True)
        ahead = shared[n:, n:] - gain.T @ shared[:n, n:] + left @ inverse @ left.T
        return np.asarray(ahead * self.size[0] ** 2)

    def _system(self, even: Floats) -> tuple[Floats, Floats]:
        """Return the covariance of all rows given the first state and the coefficients, and how rows respond to these.

        A structural series is a linear function of its first state, its shocks and its coefficients.
        """
        rows, states = len(even), self.transition.shape[0]
        paths = np.empty((rows, states))
        paths[0] = self.design
        for t in range(1, rows):
            paths[t] = paths[t - 1] @ self.transition
        shared, state = np.zeros((rows, rows)), np.zeros((states, states))
        for t in range(rows):
            if t:
                state = self.transition @ state @ self.transition.T + self.shocks
            shared[t, t:] = paths[: rows - t] @ (state @ self.design)
        shared += np.triu(shared, 1).T
        # a random walk leaves nothing to the first row, which a little noise makes up for
        shared[np.diag_indices(rows)] += self.noise + _TINY
        return shared, np.column_stack([paths, even])


def structural(series: Floats, columns: Floats, model: Level, season: int | None, *, season_moves: bool) -> Structural:
    """Return the fit of a level, a season and regressors, everything at one scale.

    On its own scale the search may stop short of the likelihood's maximum.

    Parameters:
        series: (n,) one row a period.
        columns: (n, k) regressors; no constant.
        model: how the level moves.
        season: rows a season takes, of which each has its own effect.
        season_moves: whether these effects may change.

    Raises:
        EvidenceError: the series or a regressor does not vary.

    Example:
        >>> noise = np.random.default_rng(4).normal(size=60)
        >>> fit = structural(noise, np.zeros((60, 0)), "static", None, season_moves=False)
        >>> fit.settled, bool(abs(fit.variance["irregular"] - noise.var()) < 0.03)
        (True, True)
    """
    from statsmodels.tools.sm_exceptions import (  # type: ignore[import-untyped,unused-ignore]  # no types come with it
        ConvergenceWarning,
        SpecificationWarning,
    )
    from statsmodels.tsa.statespace.structural import (  # type: ignore[import-untyped,unused-ignore]  # no types come with it
        UnobservedComponents,
    )

    centre = np.concatenate([[series.mean()], columns.mean(axis=0)])
    size = np.concatenate([[series.std()], columns.std(axis=0)])
    if not np.all(size > 0):
        raise EvidenceError(
            "the series or a regressor does not vary before the event, so nothing can be learnt of it",
            remedy="leave the regressor out, or take a longer series",
        )
    even, k = (columns - centre[1:]) / size[1:], columns.shape[1]
    with warnings.catch_warnings():
        # a level that does not move is given noise, as is meant
        warnings.simplefilter("ignore", SpecificationWarning)
        # told by `settled`
        warnings.simplefilter("ignore", ConvergenceWarning)
        made = UnobservedComponents(
            (series - centre[0]) / size[0],
            LEVELS[model],
            seasonal=season,
            stochastic_seasonal=season_moves,
            exog=even if k else None,
        )
        fit = made.fit(disp=False, maxiter=_ROUNDS)
    ssm = fit.model.ssm
    found = np.asarray(fit.params, dtype=np.float64)
    scale = size[0] / size[1:]
    counted = series.size - int(fit.loglikelihood_burn)
    names = [each.removeprefix("sigma2.") for each in fit.param_names if each.startswith("sigma2.")]
    return Structural(
        coefficient=found[found.size - k :] * scale,
        outer_product=np.asarray(fit.bse, dtype=np.float64)[found.size - k :] * scale,
        log_likelihood=float(fit.llf) - counted * math.log(size[0]),
        variance={name: float(value) * float(size[0]) ** 2 for name, value in zip(names, found, strict=False)},
        settled=bool(fit.mle_retvals["converged"]),
        centre=centre,
        size=size,
        transition=np.array(ssm["transition"]),
        design=np.array(ssm["design"])[0],
        shocks=np.array(ssm["selection"] @ ssm["state_cov"] @ ssm["selection"].T),
        noise=float(ssm["obs_cov"][0, 0]),
        foresee=lambda rows: np.asarray(fit.get_forecast(len(rows), exog=rows if k else None).predicted_mean),
    )

"""How much one series moves for each unit of a dose that differs from period to period.

The series is whitened as in ``autocorrelation``: two partial autocorrelations beside the dose, set right for the bias that
they have beside this very dose. The limits come from repeating the whole procedure on series that the dose does not move.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from peil.errors import DefinitionError, EvidenceError
from peil.methods.breakpoints import checked_regressors, checked_series
from peil.methods.dose import AtLag, Bin, Response, Term, as_a_date, bin_of, checked_dose, told_apart
from peil.methods.first_order import fitted
from peil.methods.moments import Floats
from peil.methods.step_tables import FEWEST, FIRST, ROUNDS, SECOND

DRAWS = 1_999
_BIAS_DRAWS = 199
_POWER = 0.8
_SAME = 1e-9
_ALONE = 1e-3  # of the dose that trend and season leave: with less there is nothing to judge by
_SPARE = 8


def dose_in_time(
    y: ArrayLike,
    dose: ArrayLike,
    x: ArrayLike | None = None,
    *,
    lags: int = 0,
    lead: int = 4,
    level: float = 0.95,
) -> Response:
    """Return how much one series moves for each unit of dose.

    Parameters:
        y: (n,) the series, one row a period, without gaps; volumes as logs.
        dose: (n,) of each period; 0 or more.
        x: (n, k) what was under way anyhow, the constant among them; left out, the constant alone.
        lags: the dose of up to so many periods before is tried as well; chosen before looking. The first rows, whose earlier
            dose is unknown, are left out.
        lead: how many periods later the dose lies that must do nothing.
        level: of the intervals.

    Raises:
        EvidenceError: the series has gaps, does not vary or is too short; the dose has gaps, is the same throughout, or follows
            from trend and season.
        DefinitionError: a dose is below nought, or there is not one a period.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> dose = np.clip(rng.normal(size=120).cumsum(), 0, None)
        >>> found = dose_in_time(0.5 * dose + rng.normal(size=120), dose)
        >>> found.effect.low < 0.5 < found.effect.high, found.placebo_p < 0.05
        (True, True)
    """
    series, path = checked_series(y), checked_dose(dose)
    n = series.size
    if path.shape != (n,):
        raise DefinitionError(f"{path.size} doses do not fit {n} periods", remedy="give one dose a period")
    if not 0 <= lags < n:
        raise DefinitionError(f"{lags} is no number of lags", remedy="0 tries the dose of the same period only")
    columns = checked_regressors(x, n)
    columns = np.ones((n, 1)) if columns is None else columns
    paths = np.array([path[lags - lag : n - lag] for lag in range(lags + 1)])
    series, columns = series[lags:], columns[lags:]
    n = series.size
    if n < max(FEWEST, columns.shape[1] + lags + 2 + FEWEST // 2):
        raise EvidenceError(
            f"{n} periods are too few to tell a dose from what lingers", remedy=f"at least {FEWEST} are needed"
        )
    q = np.ascontiguousarray(np.linalg.qr(columns)[0].T)
    alone = _alone(paths[0], q)
    found, partial, draws = _whitened(series, q, paths)
    most = np.abs(draws).max(axis=0)
    reach = float(np.quantile(most, level))
    at_lags = tuple(
        AtLag(lag=lag, effect=_term(value, se, reach, most)) for lag, (_, value, se) in enumerate(found.tolist())
    )
    best = int(np.argmax(found[:, 0]))
    p, placebos = _turned(series, q, paths, partial)
    se = float(found[best, 2])
    curvature, ends = _curved(series, columns, paths[best], level)
    return Response(
        effect=at_lags[best].effect, se=se, lag=best, lags=at_lags, placebo_p=p, placebos=placebos,
        detectable=se * (reach + float(special.ndtri(_POWER))), curvature=curvature, ends=ends,
        lead=_lead(series, columns, paths, lead, level), bins=_bins(series, columns, paths[best], level),
        alone=alone, as_a_date=as_a_date(paths[0], q), partial=partial, n=n, units=1, steady=None, level=level,
    )  # fmt: skip


def _alone(dose: Floats, q: Floats) -> float:
    centred = dose - dose.mean()
    left = dose - (q @ dose) @ q
    share = float(left @ left) / float(centred @ centred)
    if share < _ALONE:
        raise EvidenceError(
            "trend and season explain the whole dose, so what it does cannot be told from them",
            remedy="take in periods in which the dose went another way than the trend",
        )
    return min(share, 1.0)


def _whitened(series: Floats, q: Floats, paths: Floats) -> tuple[Floats, tuple[float, float], Floats]:
    """Return (F, effect, standard error) of each lag, the autocorrelation, and (lags, draws) t of series without effect."""
    from peil.methods import step_kernels

    n = series.size
    beside = np.ascontiguousarray(_spanning(np.vstack([q, paths])))
    medians = _medians(beside.tobytes(), n)
    partial = step_kernels.unbiased(_left(series[None, :], beside), medians, FIRST, SECOND, ROUNDS)
    found = np.array([step_kernels.whitened_column(series[None, :], q, each, partial)[0] for each in paths])
    usual = _lingering(np.repeat(partial, DRAWS, axis=0), _noise(n, DRAWS))
    their = step_kernels.unbiased(_left(usual, beside), medians, FIRST, SECOND, ROUNDS)
    draws = [step_kernels.whitened_column(usual, q, each, their) for each in paths]
    return found, (float(partial[0, 0]), float(partial[0, 1])), np.array([each[:, 1] / each[:, 2] for each in draws])


def _term(value: float, se: float, reach: float, most: Floats) -> Term:
    p = float((1 + np.sum(most >= abs(value) / se)) / (1 + most.size)) if se > 0 else 0.0
    return Term(value=value, low=value - reach * se, high=value + reach * se, p=p)


def _spanning(rows: Floats) -> Floats:
    """Return orthonormal rows that span the same."""
    _, size, right = np.linalg.svd(rows / np.linalg.norm(rows, axis=1, keepdims=True), full_matrices=False)
    return np.asarray(right[size > _SAME * size[0]])


def _left(many: Floats, basis: Floats) -> Floats:
    """Return the partial autocorrelations of what the basis leaves of each series."""
    from peil.methods.step_kernels import burg

    rest = np.ascontiguousarray(many - (many @ basis.T) @ basis)
    ahead, behind, out = np.empty(rest.shape[1]), np.empty(rest.shape[1]), np.zeros((len(rest), 2))
    for row, each in zip(rest, out, strict=True):
        burg(row, ahead, behind, each)
    return out


@functools.lru_cache(maxsize=8)
def _medians(basis: bytes, n: int) -> Floats:
    """Return the median estimates beside this dose at each true pair of partial autocorrelations."""
    rows = np.frombuffer(basis, dtype=np.float64).reshape(-1, n)
    pairs = np.array([(one, two) for one in FIRST for two in SECOND])
    drawn = _lingering(np.repeat(pairs, _BIAS_DRAWS, axis=0), np.tile(_noise(n, _BIAS_DRAWS), (len(pairs), 1)))
    seen = _left(drawn, rows).reshape(FIRST.size, SECOND.size, _BIAS_DRAWS, 2)
    return np.ascontiguousarray(np.median(seen, axis=2))


@functools.lru_cache(maxsize=4)
def _noise(n: int, draws: int) -> Floats:
    made = np.random.default_rng([n, draws]).standard_normal((draws, n))
    made.setflags(write=False)
    return made


def _lingering(partial: Floats, noise: Floats) -> Floats:
    """Return series (many, n) with these partial autocorrelations, as they are in the long run from the first row on."""
    first, second = partial[:, 0], partial[:, 1]
    phi = first * (1 - second)
    made = np.empty(noise.shape[::-1])
    white = noise.T
    made[0] = white[0] / np.sqrt((1 - first**2) * (1 - second**2))
    made[1] = first * made[0] + white[1] / np.sqrt(1 - second**2)
    for t in range(2, len(made)):
        made[t] = phi * made[t - 1] + second * made[t - 2] + white[t]
    return np.ascontiguousarray(made.T)


def _turned(series: Floats, q: Floats, paths: Floats, partial: tuple[float, float]) -> tuple[float, int]:
    """Return the rank's p of the dose among the same path begun at every other period, and how many those are.

    As in ``placebo.in_time`` the rank is held against series without an effect and of the same autocorrelation.
    """
    n = series.size
    base = _spanning(_white(q, partial))
    own = _white(series[None, :], partial)[0]
    strength, usual = np.zeros(n), np.zeros((n, DRAWS))
    for path in paths:
        turned = _white(path[(np.arange(n)[None, :] - np.arange(n)[:, None]) % n], partial)
        turned -= (turned @ base.T) @ base
        size = np.linalg.norm(turned, axis=1, keepdims=True)
        turned = np.divide(turned, size, out=np.zeros_like(turned), where=size > _SAME * size.max())
        strength = np.maximum(strength, np.abs(turned @ own))
        usual = np.maximum(usual, np.abs(turned @ _noise(n, DRAWS).T))
    rank = int(np.sum(strength >= strength[0]))
    return float((1 + np.sum(np.sum(usual >= usual[0], axis=0) <= rank)) / (1 + DRAWS)), n - 1


def _white(rows: Floats, partial: tuple[float, float]) -> Floats:
    from peil.methods.step_kernels import whiten

    made = np.empty(rows.shape)
    for row, out in zip(np.ascontiguousarray(rows), made, strict=True):
        whiten(row, *partial, out)
    return made


def _beside(series: Floats, columns: Floats, extra: Floats, wanted: Floats, level: float) -> tuple[Term, ...]:
    """Return combinations (rows of ``wanted``) of the coefficients of further columns, with first-order errors."""
    fits = fitted(series, np.column_stack([columns, extra]))
    found = []
    for each in wanted:
        of = fits.of(np.concatenate([np.zeros(columns.shape[1]), each]))
        below = of.below(0.0)
        low, high = (of.quantile((1 + side * level) / 2) for side in (-1, 1))
        found.append(Term(value=of.mean, low=low, high=high, p=2 * min(below, 1 - below)))
    return tuple(found)


def _curved(
    series: Floats, columns: Floats, dose: Floats, level: float
) -> tuple[Term | None, tuple[Term, Term] | None]:
    """Return the coefficient of the squared dose, and the slope at either end of the doses that there were."""
    middle = float(dose.mean())
    square = (dose - middle) ** 2
    if not told_apart(square, np.column_stack([columns, dose])):
        return None, None
    ends = [[1.0, 2 * (float(end) - middle)] for end in (dose.min(), dose.max())]
    bend, first, last = _beside(series, columns, np.column_stack([dose, square]), np.array([[0.0, 1.0], *ends]), level)
    return bend, (first, last)


def _lead(series: Floats, columns: Floats, paths: Floats, lead: int, level: float) -> Term | None:
    """Return what the dose of so many periods later does beside the dose that was there; None where nothing tells it apart."""
    kept = series.size - lead
    if lead < 1 or kept < columns.shape[1] + len(paths) + _SPARE:
        return None
    later, here = paths[0][lead:], np.column_stack([columns[:kept], paths[:, :kept].T])
    if not told_apart(later, here) or np.linalg.matrix_rank(here) < here.shape[1]:
        return None
    extra = np.column_stack([paths[:, :kept].T, later])
    return _beside(series[:kept], columns[:kept], extra, np.eye(extra.shape[1])[-1:], level)[0]


def _bins(series: Floats, columns: Floats, dose: Floats, level: float) -> tuple[Bin, ...]:
    groups = bin_of(dose)
    many = int(groups.max()) + 1
    dummies = (groups[:, None] == np.arange(1, many)).astype(np.float64)
    both = np.column_stack([columns, dummies])
    if series.size < both.shape[1] + _SPARE or np.linalg.matrix_rank(both) < both.shape[1]:
        return ()
    nought = Term(value=0.0, low=0.0, high=0.0, p=1.0)
    terms = (nought, *_beside(series, columns, dummies, np.eye(many - 1), level))
    return tuple(
        Bin(dose=float(dose[groups == place].mean()), n=int(np.sum(groups == place)), effect=each)
        for place, each in enumerate(terms)
    )

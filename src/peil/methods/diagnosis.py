"""What calibration did to the weights: margins before and after, spread, and what it costs in precision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Level = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """One margin, level by level.

    Parameters:
        name: what is known.
        levels: its levels; the one level of an amount is ``()``.
        rows: respondents of each level.
        before: what the base weights come to, scaled to the population.
        after: what the calibrated weights come to.
        targets: what they had to come to.
    """

    name: str
    levels: tuple[Level, ...]
    rows: tuple[float, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]
    targets: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What calibration did to the weights.

    Parameters:
        method: how they were calibrated.
        fits: one a margin or amount.
        rounds: passes over the margins, or steps of Newton's method.
        largest: largest difference that is left at any level, as a share of the population.
        respondents: how many were weighted.
        population: what their weights add up to.
        least, quarter, middle, three_quarters, most: the weights' five numbers.
        cv: their standard deviation over their mean.
        deff: 1 + cv², the design effect of unequal weights (Kish 1965, 11.7).
        n_eff: respondents over ``deff``.
        cap: most that a weight was allowed to be; None where nothing was trimmed.
        trimmed: respondents whose weight is that.
    """

    method: str
    fits: tuple[Fit, ...]
    rounds: int
    largest: float
    respondents: float
    population: float
    least: float
    quarter: float
    middle: float
    three_quarters: float
    most: float
    cv: float
    deff: float
    n_eff: float
    cap: float | None = None
    trimmed: float = 0.0

    def plain(self) -> dict[str, Any]:
        """Return it as plain data, for JSON."""
        return asdict(self)


def recalled(plain: Mapping[str, Any]) -> Diagnosis:
    """Return a diagnosis from plain data.

    Parameters:
        plain: what ``Diagnosis.plain`` returned, also after JSON.

    Example:
        >>> import json
        >>> told = diagnosis("cell", (), weight=np.array([1.0, 3.0]), rows=np.array([2.0, 2.0]))
        >>> recalled(json.loads(json.dumps(told.plain()))) == told
        True
    """
    fits = tuple(
        Fit(
            name=each["name"],
            levels=tuple(tuple(level) for level in each["levels"]),
            **{name: tuple(each[name]) for name in ("rows", "before", "after", "targets")},
        )
        for each in plain["fits"]
    )
    return Diagnosis(**{**plain, "fits": fits})


def diagnosis(
    method: str,
    fits: tuple[Fit, ...],
    *,
    weight: Floats,
    rows: Floats,
    rounds: int = 1,
    largest: float = 0.0,
    cap: float | None = None,
) -> Diagnosis:
    """Return what is to be said of weights.

    Parameters:
        method: how they were made.
        fits: the margins.
        weight: the weight of each respondent of a cell.
        rows: respondents of each cell.
        rounds: passes it took.
        largest: largest difference that is left.
        cap: most that a weight was allowed to be.

    Example:
        >>> round(diagnosis("cell", (), weight=np.array([1.0, 3.0]), rows=np.array([2.0, 2.0])).deff, 2)
        1.25
    """
    n, total = float(rows.sum()), float(rows @ weight)
    order = np.argsort(weight, kind="stable")
    reached = np.cumsum(rows[order])
    places = np.searchsorted(reached, np.array([0.25, 0.5, 0.75]) * n).clip(max=weight.size - 1)
    quarter, middle, three_quarters = weight[order][places].tolist()
    deff = n * float(rows @ (weight * weight)) / (total * total)
    at_cap = float(rows[weight >= cap * (1 - NEAR)].sum()) if cap is not None else 0.0
    return Diagnosis(
        method=method,
        fits=fits,
        rounds=rounds,
        largest=largest,
        respondents=n,
        population=total,
        least=float(weight.min()),
        quarter=quarter,
        middle=middle,
        three_quarters=three_quarters,
        most=float(weight.max()),
        cv=float(np.sqrt(max(deff - 1, 0.0))),
        deff=deff,
        n_eff=n / deff,
        cap=cap,
        trimmed=at_cap,
    )


# Trimming goes on until no weight is further above its cap than this, as a share of it.
NEAR = 1e-6

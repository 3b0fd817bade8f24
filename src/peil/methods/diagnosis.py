"""What calibration did to the weights: margins before and after, spread, and what it costs in precision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
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

    Example:
        >>> sex = Fit(name="sex", levels=(("f",), ("m",)), rows=(3, 1), before=(3, 1), after=(2, 2), targets=(2, 2))
        >>> print(diagnosis("cell", (sex,), weight=np.array([2 / 3, 2]), rows=np.array([3.0, 1])))
        cell: 4 respondents stand for 4, after 1 round
        weights over their mean: 0.67, 0.67, 0.67, 0.67, 2.00 (least, quartiles, most)
        design effect 1.33: they say as much as 3 that count alike
             respondents  before  after  target
        sex
          f            3   75.0%  50.0%   50.0%
          m            1   25.0%  50.0%   50.0%
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

    def to_frame(self) -> Any:  # noqa: ANN401  # a pandas data frame, imported late
        """Return a pandas data frame, one row a level: respondents, weights before and after, and the target."""
        import pandas as pd

        return pd.DataFrame(
            [
                (fit.name, ", ".join(level), *numbers)
                for fit in self.fits
                for level, *numbers in zip(fit.levels, fit.rows, fit.before, fit.after, fit.targets, strict=True)
            ],
            columns=["margin", "level", "respondents", "before", "after", "target"],
        )

    def __str__(self) -> str:
        """Return what a person wants to know: how weights spread, what that costs, and every level before and after."""
        mean = self.population / self.respondents
        spread = [each / mean for each in (self.least, self.quarter, self.middle, self.three_quarters, self.most)]
        passes = "1 round" if self.rounds == 1 else f"{self.rounds} rounds"
        lines = [
            f"{self.method}: {self.respondents:,.0f} respondents stand for {self.population:,.0f}, after {passes}",
            "weights over their mean: " + ", ".join(f"{each:.2f}" for each in spread) + " (least, quartiles, most)",
            f"design effect {self.deff:.2f}: they say as much as {self.n_eff:,.0f} that count alike",
        ]
        if self.cap is not None:
            lines.append(f"{self.trimmed:,.0f} weights are at the cap of {self.cap / mean:.2f} times the mean")
        if not self.fits:
            return "\n".join(lines)
        rows: list[tuple[str, ...]] = [("", "respondents", "before", "after", "target")]
        for fit in self.fits:
            amount = fit.levels == ((),)
            rows.append((f"total of {fit.name}" if amount else fit.name,))
            for level, n, *numbers in zip(fit.levels, fit.rows, fit.before, fit.after, fit.targets, strict=True):
                shown = [f"{each:,.6g}" if amount else f"{each / self.population:.1%}" for each in numbers]
                rows.append((f"  {', '.join(level) or ('' if amount else 'missing')}", f"{n:,.0f}", *shown))
        full = [row for row in rows if len(row) > 1]
        wide = [max(len(row[place]) for row in full) for place in range(len(full[0]))]
        lines += [
            "  ".join([row[0].ljust(wide[0]), *(each.rjust(wide[at]) for at, each in enumerate(row[1:], 1))]).rstrip()
            for row in rows
        ]
        return "\n".join(lines)


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
    plain = Diagnosis(
        method=method,
        fits=fits,
        rounds=rounds,
        largest=largest,
        cap=cap,
        **dict.fromkeys(OF_WEIGHTS, 0.0),
    )
    return spread(plain, weight=weight, rows=rows)


def spread(told: Diagnosis, *, weight: Floats, rows: Floats) -> Diagnosis:
    """Return a diagnosis with the spread of other weights.

    Parameters:
        told: how they were made.
        weight: the weight of each respondent of a cell.
        rows: respondents of each cell.
    """
    n, total = float(rows.sum()), float(rows @ weight)
    order = np.argsort(weight, kind="stable")
    reached = np.cumsum(rows[order])
    places = np.searchsorted(reached, np.array([0.25, 0.5, 0.75]) * n).clip(max=weight.size - 1)
    quarter, middle, three_quarters = weight[order[places]].tolist()
    deff = n * float(rows @ (weight * weight)) / (total * total)
    cap = told.cap
    return replace(
        told,
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
        trimmed=float(rows[weight >= cap * (1 - NEAR)].sum()) if cap is not None else 0.0,
    )


OF_WEIGHTS = (
    "respondents",
    "population",
    "least",
    "quarter",
    "middle",
    "three_quarters",
    "most",
    "cv",
    "deff",
    "n_eff",
)
# Trimming goes on until no weight is further above its cap than this, as a share of it.
NEAR = 1e-6

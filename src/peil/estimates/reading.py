"""What a sample says: numbers with their uncertainty, one a variable and group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from peil.errors import DefinitionError, EvidenceError
from peil.methods.moments import Floats

NUMBERS = ("value", "se", "low", "high", "n", "n_eff", "deff", "df")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One number with its uncertainty.

    Parameters:
        statistic: what was reckoned: mean, total, ratio, share, nps, quantile, contrast …
        variable: of what.
        group: the group, as pairs of name and value.
        value: the estimate; nan where there is nothing to estimate from.
        se: its standard error.
        low: lower end of the interval.
        high: upper end.
        level: how often such intervals hold the truth.
        n: rows it rests on.
        n_eff: rows of a simple random sample that would say as much; nan where it was not asked for.
        deff: its variance over that of a simple random sample of as many rows; nan where it was not asked for.
        df: degrees of freedom.
        method: how value and interval were made.
    """

    statistic: str
    variable: str
    group: tuple[tuple[str, object], ...]
    value: float
    se: float
    low: float
    high: float
    level: float
    n: int
    n_eff: float
    deff: float
    df: float
    method: str

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out: only then may a claim word be used of a difference."""
        return bool(self.low > 0 or self.high < 0)

    def plain(self) -> dict[str, Any]:
        """Return it as plain data, for JSON and data frames; None where a number is not known."""
        shown = {name: getattr(self, name) for name in NUMBERS}
        return {
            "statistic": self.statistic,
            "variable": self.variable,
            **dict(self.group),
            **{name: None if np.isnan(number) else number for name, number in shown.items()},
            "level": self.level,
            "method": self.method,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Readings:
    """Numbers of several variables in several groups, as columns.

    Parameters:
        statistic: what was reckoned.
        by: the group columns' names.
        variables: the variable of each number.
        groups: the group of each number, one tuple each.
        value, se, low, high, n, n_eff, deff, df: one number each, as in ``Reading``.
        level: how often such intervals hold the truth.
        method: how they were made.
    """

    statistic: str
    by: tuple[str, ...]
    variables: tuple[str, ...]
    groups: tuple[tuple[object, ...], ...]
    value: Floats
    se: Floats
    low: Floats
    high: Floats
    n: Floats
    n_eff: Floats
    deff: Floats
    df: Floats
    level: float
    method: str

    def __len__(self) -> int:
        return len(self.variables)

    def __iter__(self) -> Iterator[Reading]:
        return (self._at(place) for place in range(len(self)))

    def _at(self, place: int) -> Reading:
        numbers: Mapping[str, Any] = {name: float(getattr(self, name)[place]) for name in NUMBERS if name != "n"}
        return Reading(
            statistic=self.statistic,
            variable=self.variables[place],
            group=tuple(zip(self.by, self.groups[place], strict=True)),
            level=self.level,
            n=int(np.nan_to_num(self.n[place])),
            method=self.method,
            **numbers,
        )

    def at(self, variable: str, *group: object) -> Reading:
        """Return the number of one variable in one group.

        Parameters:
            variable: the variable.
            group: a value for each group column.

        Raises:
            EvidenceError: there is none.
        """
        for place, found in enumerate(zip(self.variables, self.groups, strict=True)):
            if found == (variable, group):
                return self._at(place)
        raise EvidenceError(
            f"there is no {self.statistic} of '{variable}' for {', '.join(map(repr, group)) or 'the whole'}",
            remedy=f"it was asked by {', '.join(self.by) or 'nothing'}, of {', '.join(dict.fromkeys(self.variables))}",
        )

    def only(self) -> Reading:
        """Return the one number of a question of one variable without groups.

        Raises:
            DefinitionError: there are several, or none.
        """
        if len(self) != 1:
            raise DefinitionError(f"there are {len(self)} numbers, not one", remedy="use .at(variable, group)")
        return self._at(0)

    def plain(self) -> list[dict[str, Any]]:
        """Return them as plain data, one dictionary a number."""
        return [each.plain() for each in self]

    def to_frame(self) -> Any:  # noqa: ANN401  # a pandas data frame, imported late
        """Return a pandas data frame, one row a number."""
        import pandas as pd

        columns: dict[str, Any] = {"statistic": self.statistic, "variable": self.variables}
        columns |= {name: [group[place] for group in self.groups] for place, name in enumerate(self.by)}
        columns |= {name: getattr(self, name) for name in NUMBERS}
        return pd.DataFrame({**columns, "level": self.level, "method": self.method}, index=range(len(self)))


def joined(readings: list[Readings]) -> Readings:
    """Return the numbers of several variables, asked one by one, as one."""
    first = readings[0]
    return Readings(
        statistic=first.statistic,
        by=first.by,
        variables=tuple(each for one in readings for each in one.variables),
        groups=tuple(each for one in readings for each in one.groups),
        level=first.level,
        method=first.method,
        **{name: np.concatenate([getattr(one, name) for one in readings]) for name in NUMBERS},
    )

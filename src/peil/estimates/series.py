"""A measure as a regular series of weeks or months: each value with its sampling variance, and what the calendar says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np
from scipy import special

from peil.calendars.days import CALENDAR
from peil.dataset import DAY_COLUMN, Dataset
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.estimate import Estimates, estimate
from peil.estimates.groups import PERIODS, grouping, rows_from
from peil.measures.measure import POPULATIONS, Measure
from peil.methods.first_order import season
from peil.methods.moments import Floats
from peil.terms import Label, Unit

SeriesPeriod = Literal["week", "month"]
PER_YEAR: Mapping[SeriesPeriod, float] = {"week": 365.25 / 7, "month": 12.0}
_FRIDAY = 5
_VARIES = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """A measure over whole periods that follow one another.

    Parameters:
        name: what was measured.
        unit: of the values.
        period: ``week`` (from Monday) or ``month``.
        starts: first day of each period.
        value: one a period; nan where nothing was counted.
        variance: how much of each value is sampling error; nan where nothing was counted.
        n: rows under each value.
        counted: whether the values are counts, so that effects multiply rather than add.
        calendar: what the calendar says of each period: ``working`` days, public ``holidays`` from Monday to Friday, and
            ``school`` days, each Dutch region a third; one that is not known is left out.
        left_out: periods at the ends that the data cover in part.

    Example:
        >>> weekly = Series(name=Label("x", "x"), unit=Unit.SHARE, period="week", starts=(date(2020, 3, 9), date(2020, 3, 16)),
        ...                 value=np.array([0.4, 0.5]), variance=np.zeros(2), n=np.ones(2))
        >>> len(weekly), weekly.at(date(2020, 3, 16)), weekly.gaps
        (2, 1, ())
    """

    name: Label
    unit: Unit
    period: SeriesPeriod
    starts: tuple[date, ...]
    value: Floats
    variance: Floats
    n: Floats
    counted: bool = False
    calendar: Mapping[str, Floats] = field(default_factory=dict)
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def gaps(self) -> tuple[date, ...]:
        """First days of the periods in which nothing was counted."""
        return tuple(self.starts[place] for place in np.flatnonzero(~np.isfinite(self.value)))

    @property
    def ends(self) -> date:
        """The first day after the last period."""
        return following(self.starts[-1], self.period)

    def at(self, day: date) -> int:
        """Return how many periods end on or before ``day``; a period in which it falls counts as after, if it falls in its first half.

        Raises:
            EvidenceError: the day lies outside the series.

        Example:
            >>> monthly = Series(name=Label("x", "x"), unit=Unit.COUNT, period="month",
            ...                  starts=tuple(date(2020, month, 1) for month in range(1, 7)),
            ...                  value=np.arange(6.0), variance=np.zeros(6), n=np.ones(6))
            >>> monthly.at(date(2020, 3, 1)), monthly.at(date(2020, 3, 14)), monthly.at(date(2020, 3, 25))
            (2, 2, 3)
        """
        if not self.starts[0] < day < self.ends:
            raise EvidenceError(
                f"{day} lies outside the series, which runs from {self.starts[0]} until {self.ends}",
                remedy="choose a day within it, or load data that reach further",
            )
        place = max(index for index, start in enumerate(self.starts) if start <= day)
        start = self.starts[place]
        length = (following(start, self.period) - start).days
        return place if (day - start).days < length / 2 else place + 1

    def part(self, first: int, last: int) -> Series:
        """Return the periods from ``first`` up to ``last``."""
        here = slice(first, last)
        return replace(
            self, starts=self.starts[here], value=self.value[here], variance=self.variance[here], n=self.n[here],
            calendar={name: each[here] for name, each in self.calendar.items()}, left_out=0,
        )  # fmt: skip


def following(start: date, period: SeriesPeriod) -> date:
    """Return the first day of the next period.

    Example:
        >>> following(date(2020, 12, 1), "month").isoformat(), following(date(2020, 3, 9), "week").isoformat()
        ('2021-01-01', '2020-03-16')
    """
    if period == "week":
        return start + timedelta(days=7)
    return date(start.year + start.month // 12, start.month % 12 + 1, 1)


def series(
    data: Dataset, measure: Measure, *, period: SeriesPeriod = "week", where: str = "true", level: float = 0.95
) -> Series:
    """Estimate a measure in every week or month that the data cover as a whole.

    A period is whole if no working day of it lies before the first or after the last day of the data. Data that stand on
    the first day of each period, as monthly reports do, are whole periods already.

    Parameters:
        data: the tables.
        measure: what to measure.
        period: how long the periods are.
        where: row-level SQL that chooses rows.
        level: of the intervals from which a variance is read where a sample shows none, as ten answers that agree do.

    Raises:
        DefinitionError: the period is neither a week nor a month.
        EvidenceError: nothing is left to count, or the data do not cover one whole period.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> monthly = series(made(), measure_named("digital_share"), period="month")
        >>> len(monthly), monthly.gaps, monthly.starts[0].isoformat(), sorted(monthly.calendar)
        (36, (), '2018-01-01', ['holidays', 'school', 'working'])
    """
    if period not in PER_YEAR:
        raise DefinitionError(f"a series is of weeks or months, not of '{period}'", remedy="choose 'week' or 'month'")
    found = estimate(measure, data, by=[period], where=where, level=level)[0]
    held = {group[0]: place for place, group in enumerate(found.groups) if isinstance(group[0], date)}
    if not held:
        raise EvidenceError(f"'{measure.name}' has no rows that fall on a day", remedy="widen the filter")
    days = _calendar(data, period)
    begins, until = _covered(data, measure, period, where)
    whole = [each for each in sorted(days) if _is_whole(each, period, begins, until)]
    kept = [each for each in whole if min(held) <= each <= max(held)]
    if not kept:
        raise EvidenceError(
            f"the data of '{measure.name}' do not cover one whole {period}", remedy="load more, or take shorter periods"
        )
    at = [held.get(each) for each in kept]
    variance = _variances(found)
    return Series(
        name=measure.label,
        unit=measure.unit,
        period=period,
        starts=tuple(kept),
        value=_placed(found.value, at),
        variance=_placed(variance, at),
        n=np.nan_to_num(_placed(found.n, at)),
        counted=measure.estimator == "total",
        calendar=_known({name: np.array([days[each][name] for each in kept]) for name in next(iter(days.values()))}),
        left_out=sum(each not in kept for each in held),
    )


def regressors(of: Series, *, harmonics: int = 2, calendar: bool = True) -> tuple[tuple[str, ...], Floats]:
    """Return what moves a series each year whether anything changed or not: names and (n, k) columns without a constant.

    Parameters:
        of: the series.
        harmonics: pairs of yearly waves.
        calendar: whether working days and school holidays count. Public holidays are left out where working days tell
            the same, and so is whatever does not vary.

    Example:
        >>> starts = tuple(date(2019, 1, 7) + timedelta(days=7 * week) for week in range(120))
        >>> flat = np.ones(120)
        >>> weekly = Series(name=Label("x", "x"), unit=Unit.SHARE, period="week", starts=starts, value=flat, variance=flat, n=flat)
        >>> regressors(weekly, harmonics=1)[0]
        ('wave 1 cosine', 'wave 1 sine')
    """
    n = len(of)
    names: list[str] = []
    columns: list[Floats] = []
    if harmonics:
        waves = season(n, PER_YEAR[of.period], harmonics)
        columns += list(waves.T)
        names += [f"wave {pair} {kind}" for kind in ("cosine", "sine") for pair in range(1, harmonics + 1)]
    if calendar:
        for name in ("working", "holidays", "school"):
            column = of.calendar.get(name)
            if column is None or np.ptp(column) == 0:
                continue
            own = (column - column.mean()) / column.std()
            base = np.column_stack([np.ones(n), *columns])
            left = own - base @ np.linalg.lstsq(base, own, rcond=None)[0]
            if left @ left > _VARIES * n:
                columns.append(own)
                names.append(name)
    order = sorted(range(len(names)), key=lambda place: _wave(names[place]))
    made = np.column_stack([columns[place] for place in order]) if columns else np.empty((n, 0))
    return tuple(names[place] for place in order), made


def _wave(name: str) -> tuple[int, str]:
    return (int(name.split()[1]), name) if name.startswith("wave ") else (99, "")


def _placed(values: Floats, at: list[int | None]) -> Floats:
    return np.array([np.nan if place is None else values[place] for place in at], dtype=np.float64)


def _variances(found: Estimates) -> Floats:
    """Return squared standard errors; where a sample shows no spread, what its interval stands for."""
    z = float(special.ndtri((1 + found.level) / 2))
    reach = (found.high - found.low) / 2 / z
    variance = np.where(found.se > 0, found.se**2, reach**2)
    known = np.isfinite(variance)
    return np.where(known, variance, variance[known].max() if known.any() else 0.0)


def _known(columns: Mapping[str, Floats]) -> dict[str, Floats]:
    return {name: each for name, each in columns.items() if np.isfinite(each).all()}


_DAYS = """
select {column} as begins_on,
  sum(case when working then 1 else 0 end) as working,
  sum(case when holiday is not null and not working and weekday <= {friday} then 1 else 0 end) as holidays,
  sum(school_regions) as regions,
  sum(case when school_regions is null then 1 else 0 end) as unknown
from {calendar}
group by {column}
"""


def _calendar(data: Dataset, period: SeriesPeriod) -> dict[date, dict[str, float]]:
    column = PERIODS[period][0].removeprefix("calendar.")
    rows = data.engine.rows(_DAYS.format(column=column, friday=_FRIDAY, calendar=CALENDAR.name)).to_pylist()
    return {
        row["begins_on"]: {
            "working": float(row["working"]),
            "holidays": float(row["holidays"]),
            "school": np.nan if row["unknown"] else float(row["regions"]) / 3,
        }
        for row in rows
    }


def _covered(data: Dataset, measure: Measure, period: SeriesPeriod, where: str) -> tuple[date, date]:
    """Return the first day that the data cover and the last; reports of whole periods cover the last of them as a whole."""
    schema = POPULATIONS[measure.population]
    day, column = DAY_COLUMN[measure.population], PERIODS[period][0]
    source = rows_from(data.tables[measure.population].name, schema, grouping([period], schema), where)
    row = data.engine.rows(
        f"select sum(case when t.{day} = {column} then 0 else 1 end) as within_it, max(t.{day}) as last_on {source}"
    ).to_pylist()[0]
    first, last = data.period
    if row["last_on"] is not None and not row["within_it"]:
        last = max(last, following(row["last_on"], period) - timedelta(days=1))
    return first, last


def _is_whole(start: date, period: SeriesPeriod, begins: date, until: date) -> bool:
    """Whether no day from Monday to Friday of a period lies outside what the data cover."""
    end = following(start, period)
    if end <= begins or start > until:
        return False
    outside = [start + timedelta(days=each) for each in range((begins - start).days)]
    outside += [until + timedelta(days=each) for each in range(1, (end - until).days)]
    return not any(each.isoweekday() <= _FRIDAY for each in outside)

"""What a minute of waiting costs in answers, before and since a day: one query of sums per person, period and wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from peil.dataset import DAY_COLUMN, Dataset
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.association import whole_clusters
from peil.estimates.cluster_totals import ClusterTotals, cluster_totals
from peil.estimates.groups import PERIODS, Grouping, grouping, rows_from
from peil.estimates.lasting import Bounded
from peil.estimates.moments import Quantity
from peil.measures.measure import POPULATIONS, Measure
from peil.methods.moments import Floats, Integers
from peil.methods.slopes import Slopes, Sums, means, slopes
from peil.methods.student import student

MINUTE_MS = 60_000.0
# Ends of the waits that are shown together, in seconds.
BINS = (15, 30, 60, 120, 180, 300, 600)
_PARTS = ("1", "x", "y", "xx", "xy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a minute of waiting costs in one period.

    Parameters:
        starts: the first day of the period; None of a side of the day that is asked about.
        slope: what an answer gains for each minute more; below nought where waiting costs.
        n: answers.
        persons: who gave them.
        wait: mean waiting in seconds.
    """

    starts: date | None
    slope: Bounded
    n: int
    persons: int
    wait: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """Answers after waits of about the same length, on one side of the day.

    Parameters:
        since: on or after the day.
        above, until: seconds; the last has no end.
        mean: of the answers.
        n: answers.
        seconds: mean waiting.
    """

    since: bool
    above: int
    until: int | None
    mean: Bounded
    n: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaitingSlopes:
    """Slopes on both sides of a day.

    Parameters:
        before, since: of the two sides.
        change: the slope since less the slope before.
        same_waits: the same, each side weighted to the waits of both together.
        periods: period by period.
        alike: F, degrees of freedom and p of whether all periods have one slope; None of fewer than two.
        waited: answers by wait, for both sides.
        method: how intervals were made.
    """

    before: Price
    since: Price
    change: Bounded
    same_waits: float
    periods: tuple[Price, ...]
    alike: tuple[float, int, float] | None
    waited: tuple[Waited, ...]
    method: str = "least squares within cells; sandwich variance over persons, each against the line without it; Student's interval"


def waiting_slopes(  # a question has this many sides
    data: Dataset,
    measure: Measure,
    split_on: date,
    *,
    period: str = "year",
    within: Sequence[str] = ("channel",),
    where: str = "true",
    level: float = 0.95,
) -> WaitingSlopes:
    """Return what a minute of waiting costs in a measure of answers, before and since a day.

    Parameters:
        data: the tables.
        measure: of answers: a mean, a share or a net score.
        split_on: the first day that counts as since.
        period: of the series of slopes: ``week``, ``month``, ``quarter`` or ``year``.
        within: columns within which answers are compared; every period has a level of its own too.
        where: row-level SQL that chooses answers.
        level: how often intervals are to hold the truth.

    Raises:
        DefinitionError: the measure is not of answers, or a column is unknown.
        EvidenceError: a side has no answers with a wait, or all waits of one are alike.

    Example:
        >>> from datetime import date
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> found = waiting_slopes(made(), measure_named("csat_mean"), date(2020, 3, 16), within=())
        >>> found.change.low < found.change.value < found.change.high
        True
    """
    if measure.population != "responses" or measure.estimator != "ratio" or measure.per != "1":
        raise DefinitionError(
            f"'{measure.name}' is no score of single answers", remedy="choose one such as csat_mean, nps or ces_2_mean"
        )
    if period not in PERIODS:
        raise DefinitionError(f"'{period}' is no period", remedy=f"choose one of: {', '.join(PERIODS)}")
    schema, design = POPULATIONS["responses"], data.designs["responses"]
    whole_clusters(design, "slopes of waiting")
    day = DAY_COLUMN["responses"]
    groups = grouping([period, *within], schema)
    bins = " ".join(f"when wait_ms <= {end * 1000} then {place}" for place, end in enumerate(BINS))
    groups = replace(
        groups,
        names=("since", "bin", *groups.names),
        columns=(
            f"case when t.{day} >= date '{split_on.isoformat()}' then 1 else 0 end",
            f"case {bins} else {len(BINS)} end",
            *groups.columns,
        ),
    )
    source = rows_from(data.tables["responses"].name, schema, groups, where)
    found = cluster_totals(
        data.engine, _quantities(measure), design, groups, f"{_source(source, measure)} and t.{day} is not null"
    )
    return _Answers.of(found, groups).read(level)


def _source(source: str, measure: Measure) -> str:
    head, tail = source.split(" where ", maxsplit=1)
    return f"{head} where ({tail} and ({measure.where}) and wait_ms is not null)"


def _quantities(measure: Measure) -> list[Quantity]:
    wait = "cast(wait_ms as double)"  # a double, so that squares of milliseconds do not run out of digits
    of = {"1": "1", "x": "wait_ms", "y": measure.of, "xx": f"{wait} * wait_ms", "xy": f"{wait} * ({measure.of})"}
    return [Quantity(where="true", of=of[part]) for part in _PARTS]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Answers:
    """Sums of every person at every side, wait, period and cell."""

    totals: ClusterTotals
    since: Integers
    bins: Integers
    starts: tuple[date, ...]
    period: Integers
    cell: Integers
    cells: tuple[tuple[int, int], ...]
    sums: Floats

    @classmethod
    def of(cls, found: ClusterTotals, groups: Grouping) -> _Answers:
        starts = sorted({group[2] for group in found.groups})  # type: ignore[type-var]  # days
        # side, period and the columns within: what has a level of its own
        cells = {key: place for place, key in enumerate(dict.fromkeys((g[0], *g[2:]) for g in found.groups))}
        del groups
        sums = np.stack([found.of("y", place) for place in range(len(_PARTS))])
        sums[1] /= MINUTE_MS
        sums[3] /= MINUTE_MS**2
        sums[4] /= MINUTE_MS
        at = found.group
        return cls(
            totals=found,
            since=np.array([int(str(each[0])) for each in found.groups])[at],
            bins=np.array([int(str(each[1])) for each in found.groups])[at],
            starts=tuple(each for each in starts if isinstance(each, date)),
            period=np.array([starts.index(each[2]) for each in found.groups])[at],
            cell=np.array([cells[each[0], *each[2:]] for each in found.groups])[at],
            cells=tuple((int(str(key[0])), starts.index(key[1])) for key in cells),
            sums=sums,
        )

    def slopes(self, *, by_period: bool = False, factor: Floats | None = None) -> Slopes:
        """Return the slopes of both sides, or of every period, each entry multiplied by ``factor``."""
        w, x, y, xx, xy = self.sums if factor is None else self.sums * factor
        return slopes(
            Sums(
                w=w, x=x, y=y, xx=xx, xy=xy, cluster=self.totals.cluster, cell=self.cell,
                side=np.array([each[1 if by_period else 0] for each in self.cells]),
                stratum=self.totals.stratum, strata=self.totals.strata,
            )
        )  # fmt: skip

    def read(self, level: float) -> WaitingSlopes:
        """Return everything that is told."""
        both = self.slopes() if set(self.since) == {0, 1} else None
        if both is None or not np.isfinite(both.slope).all():
            raise EvidenceError(
                "on one side of the day there are no answers, or none that tell waits apart",
                remedy="choose a day within the data, or load answers to contacts that waited",
            )
        reach = float(student(both.freedom_between(0, 1), level))
        change = float(both.slope[1] - both.slope[0])
        spread = np.array([-1.0, 1.0])
        around = reach * float(np.sqrt(spread @ both.covariance @ spread))
        every = self.slopes(by_period=True)
        before, since = self._prices(both, self.since, (None, None), level)
        again = self.slopes(factor=self._to_same_waits())
        try:
            alike = every.alike()
        except EvidenceError:
            alike = None
        return WaitingSlopes(
            before=before,
            since=since,
            change=Bounded(value=change, low=change - around, high=change + around),
            same_waits=float(again.slope[1] - again.slope[0]),
            periods=tuple(
                each
                for each in self._prices(every, self.period, self.starts, level)
                if np.isfinite(each.slope.value) and np.isfinite(each.slope.low)
            ),
            alike=alike,
            waited=self._waited(level),
        )

    def _prices(self, found: Slopes, side: Integers, starts: Sequence[date | None], level: float) -> list[Price]:
        reach = student(found.freedom, level) * found.se
        n = np.bincount(side, self.totals.of("n", 0), minlength=len(starts))
        w, x = (np.bincount(side, self.sums[place], minlength=len(starts)) for place in (0, 1))
        return [
            Price(
                starts=start,
                slope=Bounded(
                    value=float(found.slope[place]),
                    low=float(found.slope[place] - reach[place]),
                    high=float(found.slope[place] + reach[place]),
                ),
                n=int(n[place]),
                persons=int(found.clusters[place]),
                wait=float(x[place] / w[place] * 60),
            )
            for place, start in enumerate(starts)
        ]

    def _to_same_waits(self) -> Floats:
        """Return what turns the waits of each side into those of both together; nought where a side has none so long."""
        size = len(BINS) + 1
        weight = np.bincount(self.since * size + self.bins, self.sums[0], minlength=2 * size).reshape(2, size)
        share = weight / weight.sum(axis=1, keepdims=True)
        shared = (weight > 0).all(axis=0)
        aim = np.where(shared, share.sum(axis=0) / 2, 0.0)
        factor = np.divide(aim, share, out=np.zeros_like(share), where=share > 0)
        return np.asarray(factor[self.since, self.bins], dtype=np.float64)

    def _waited(self, level: float) -> tuple[Waited, ...]:
        size = len(BINS) + 1
        place, clusters = self.since * size + self.bins, self.totals.stratum
        mean, se = means(self.sums[0], self.sums[2], place, 2 * size, self.totals.cluster, clusters, self.totals.strata)
        persons = np.zeros(2 * size)
        distinct = np.unique(np.column_stack([place, self.totals.cluster]), axis=0)[:, 0]
        np.add.at(persons, distinct, 1)
        n = np.bincount(place, self.totals.of("n", 0), minlength=2 * size)
        seconds = np.bincount(place, self.sums[1], minlength=2 * size) * 60
        weight = np.bincount(place, self.sums[0], minlength=2 * size)
        reach = student(np.maximum(persons - 1, 0), level) * se
        return tuple(
            Waited(
                since=each >= size,
                above=(0, *BINS)[each % size],
                until=(*BINS, None)[each % size],
                mean=Bounded(
                    value=float(mean[each]), low=float(mean[each] - reach[each]), high=float(mean[each] + reach[each])
                ),
                n=int(n[each]),
                seconds=float(seconds[each] / weight[each]),
            )
            for each in range(2 * size)
            if persons[each] > 1
        )

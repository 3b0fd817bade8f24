"""What lasts until what happens, and one group's curve with its intervals."""

from __future__ import annotations

from dataclasses import dataclass

from peil.engines.subset import columns_read
from peil.errors import DefinitionError, neighbours
from peil.measures.measure import POPULATIONS
from peil.methods.incidence import Incidence
from peil.methods.log_rank import LogRank
from peil.methods.moments import Floats
from peil.methods.survival import Curve, Kind, limits, quantile, stepped
from peil.terms import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeTo:
    """How long it takes until something happens, as row-level SQL.

    Parameters:
        name: of what is measured.
        label: its name in both languages.
        where: rows that count at all.
        after: when the row was last seen, in ms since its beginning.
        event: whether it happened then; rows for which it is false or null were seen no longer.
        others: ends that rule it out, each with a name; for shares that met each end. In a curve they are rows that were
            seen no longer.
        population: the table whose rows it speaks of.

    Raises:
        DefinitionError: a column is unknown, or a construct is not on the allow-list.

    Example:
        >>> TimeTo(name="answer", label=Label("Until answered", "Tot beantwoord"), after="wait_ms", event="answered").others
        ()
    """

    name: str
    label: Label
    where: str = "true"
    after: str
    event: str
    others: tuple[tuple[str, str], ...] = ()
    population: str = "contacts"

    def __post_init__(self) -> None:
        """Check the definition where it is made."""
        schema = POPULATIONS.get(self.population)
        if schema is None:
            raise DefinitionError(
                f"{self.name}: there is no population '{self.population}'",
                remedy=neighbours(self.population, POPULATIONS),
            )
        parts = {"where": self.where, "after": self.after, "event": self.event, **dict(self.others)}
        for part, sql in parts.items():
            for column in columns_read(sql, f"{self.name}.{part}"):
                if column not in schema.names:
                    raise DefinitionError(
                        f"{self.name}.{part}: '{column}' is no column of '{self.population}'",
                        remedy=neighbours(column, schema.names),
                    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """A number with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lasting:
    """One group's curve, in seconds.

    Parameters:
        group: pairs of name and value, empty for everything.
        curve: the share that lasts longer, from counts of whole seconds.
        log_variance: of the curve's logarithm: Greenwood's, made larger or smaller by what persons who come back do to it.
        ends: the share that met each end, the event first; None where no other ends were named.
        until: where the mean is cut off.
        mean: the restricted mean; nan where nobody of the group was followed for so long.
        mean_se: its standard error.
        clusters: independent persons; rows where no persons were asked for.
        level, kind: of its intervals.
    """

    group: tuple[tuple[str, object], ...]
    curve: Curve
    log_variance: Floats
    ends: Incidence | None
    until: float
    mean: Bounded
    mean_se: float
    clusters: int
    level: float
    kind: Kind

    def share(self, seconds: float) -> Bounded:
        """Return the share that lasts longer; nan beyond the longest that was seen."""
        place = self.curve.places([seconds])
        value = self.curve.at([seconds])
        low, high = limits(value, stepped(self.log_variance, place), level=self.level, kind=self.kind)
        return Bounded(value=float(value[0]), low=float(low[0]), high=float(high[0]))

    def quantile(self, q: float = 0.5) -> Bounded:
        """Return the seconds that a share ``q`` does not last; nan where the curve does not come down so far."""
        value, low, high = quantile(self.curve, q, level=self.level, kind=self.kind, log_variance=self.log_variance)
        return Bounded(value=value, low=low, high=high)

    @property
    def band(self) -> tuple[Floats, Floats]:
        """Both ends of the interval at each second of the curve."""
        return limits(self.curve.survival, self.log_variance, level=self.level, kind=self.kind)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Survivals:
    """The curves of all groups, and whether they are one.

    Parameters:
        what: was measured.
        curves: one a group, in order.
        test: whether groups last equally long; None of one group, or where nothing can compare them.
        method: how the intervals were made.
        gap: the restricted mean of the second group less that of the first, where there are two; persons who are in both
            tie them together.
    """

    what: TimeTo
    curves: tuple[Lasting, ...]
    test: LogRank | None
    method: str
    gap: Bounded | None = None


def second_of(what: TimeTo) -> str:
    """Return SQL of the whole second by which a row was last seen."""
    return f"whole_div(({what.after} + 999), 1000)"  # bracketed: it is written out as it stands

"""What a measure is: a ratio of two row-level quantities, defined in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from peil.dataset import DAY_COLUMN, KEPT
from peil.engines.schema import Schema
from peil.engines.subset import columns_read, is_indicator, outcomes
from peil.errors import DefinitionError, neighbours
from peil.terms import Better, Label, Unit

POPULATIONS: dict[str, Schema] = {schema.name: schema for schema in KEPT if schema.name in DAY_COLUMN}
NPS_OF = "case when score >= 9 then 100 when score <= 6 then -100 else 0 end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A ratio of two row-level quantities over the rows of one population.

    It never aggregates: ``of`` and ``per`` speak of one row, so a mean, a share, a cost per contact and a net promoter
    score share one estimator, and each has a standard error by construction.

    Parameters:
        name: the quantity, with its window (``fcr_no_repeat_7d``).
        label: its name in both languages.
        unit: what it is shown in; durations are stored in ms and money in cents.
        better: which way it should go.
        population: the table whose rows it speaks of.
        where: rows that count at all; a missing answer leaves here, in sight.
        of: the numerator, a whole number.
        per: the denominator, a whole number.
        standard: who defines it so, and what is disputed.
        estimator: ``ratio``; ``quantile`` of ``of``; or ``total`` of ``of``.
        quantile: which one, for the quantile estimator.
        family: measures of one family are different definitions of one word.
        ends: lowest and highest that a row of a scale can be, as a quotient where ``per`` is not 1; the interval of its
            mean then holds for few rows too.
        note: a footnote in both languages: what the reader has to know.

    Raises:
        DefinitionError: a construct is not on the allow-list, or a column does not exist.

    Example:
        >>> Measure(name="long", label=Label("Long", "Lang"), unit=Unit.SHARE, better=Better.LOWER,
        ...         where="answered", of="case when talk_ms > 600000 then 1 else 0 end", standard="ours").reads
        ('answered', 'talk_ms')
    """

    name: str
    label: Label
    unit: Unit
    better: Better
    population: str = "contacts"
    where: str = "true"
    of: str
    per: str = "1"
    standard: str
    estimator: Literal["ratio", "quantile", "total"] = "ratio"
    quantile: float = 0.5
    family: str = ""
    ends: tuple[int, int] | None = None
    note: Label | None = None

    def __post_init__(self) -> None:
        """Check the definition where it is made."""
        schema = POPULATIONS.get(self.population)
        if schema is None:
            raise DefinitionError(
                f"{self.name}: there is no population '{self.population}'",
                remedy=neighbours(self.population, POPULATIONS),
            )
        for part, sql in (("where", self.where), ("of", self.of), ("per", self.per)):
            for column in columns_read(sql, f"{self.name}.{part}"):
                if column not in schema.names:
                    raise DefinitionError(
                        f"{self.name}.{part}: '{column}' is no column of '{self.population}'",
                        remedy=neighbours(column, schema.names),
                    )
        if self.ends and not self.ends[0] < self.ends[1]:
            raise DefinitionError(
                f"{self.name}: a scale cannot go from {self.ends[0]} to {self.ends[1]}",
                remedy="give the lowest answer first, such as [1, 5]",
            )
        if self.unit is Unit.POINTS and not (self.per == "1" and (outcomes(self.of) or {1}) <= {-100, 0, 100}):
            raise DefinitionError(
                f"{self.name}: points count 100, 0 or -100 a row, as a net promoter score does",
                remedy="use unit 'score' for another scale, or 'share' for one group",
            )

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns it reads, sorted."""
        parts = ((part, getattr(self, part)) for part in ("where", "of", "per"))
        return tuple(sorted({column for part, sql in parts for column in columns_read(sql, f"{self.name}.{part}")}))

    @property
    def is_share(self) -> bool:
        """Whether every row counts 0 or 1 out of 1."""
        return self.unit is Unit.SHARE and self.per == "1" and is_indicator(self.of)

    @property
    def is_net(self) -> bool:
        """Whether every row counts 100, 0 or -100 out of 1, as those of a net promoter score do."""
        return self.estimator == "ratio" and self.per == "1" and (outcomes(self.of) or {1}) <= {-100, 0, 100}

    @property
    def scale(self) -> float:
        """What to multiply a stored ratio by to get the unit shown."""
        return 1 / self.unit.stored_per_shown


def comparable(first: Measure, second: Measure) -> None:
    """Refuse a difference between two measures of different units.

    Raises:
        DefinitionError: one is a share and the other a score, say.

    Example:
        >>> from peil.measures.catalogue import measure_named
        >>> comparable(measure_named("promoter_share"), measure_named("nps"))
        Traceback (most recent call last):
        ...
        peil.errors.DefinitionError: 'promoter_share' is a share and 'nps' is points: their difference means nothing
          remedy: compare measures of one unit
    """
    if first.unit is not second.unit:
        one, other = (("points" if each.unit is Unit.POINTS else f"a {each.unit.value}") for each in (first, second))
        raise DefinitionError(
            f"'{first.name}' is {one} and '{second.name}' is {other}: their difference means nothing",
            remedy="compare measures of one unit",
        )

"""Small cells: groups of few or no answers get a value from a model, beside their own and labelled as what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from peil.dataset import Dataset, Run
from peil.errors import DefinitionError, neighbours
from peil.estimates.cell_table import CellTable, Predictor, cell_table
from peil.estimates.estimate import CLUSTERS
from peil.measures.measure import Measure
from peil.methods.moments import Floats, Integers
from peil.methods.small_cells import Modelled, Ranks, share_out
from peil.surveys.design import Design
from peil.terms import Better, Label

METHOD = (
    "model of cell means: effects of {effects}, variances integrated over a grid; one spread within cells, pooled over "
    "{cluster}; posterior interval; {counts}"
)
AVERAGE = Label("the average cell, not the population", "de gemiddelde cel, niet de populatie")
POPULATION = Label("the population given", "de opgegeven populatie")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallCell:
    """One cell, or one margin of cells: what its own answers say, and what the model says.

    Parameters:
        group: the values that name it, as pairs of name and value.
        direct: the mean of its own answers; nan where it has none.
        shown: whether it has enough answers to show ``direct``.
        n: its answers.
        n_eff: independent answers of equal weight that would say as much.
        value: what the model says.
        sd: its posterior standard deviation.
        low, high: its interval.
        share: its part of the population, or of the cells where no population was given.
        rank: place among the levels of a margin, 1 for the best; None for a cell of a crossing.
        rank_low, rank_high: the interval of the place.
    """

    group: tuple[tuple[str, object], ...]
    direct: float
    shown: bool
    n: int
    n_eff: float
    value: float
    sd: float
    low: float
    high: float
    share: float
    rank: int | None = None
    rank_low: int | None = None
    rank_high: int | None = None

    def plain(self) -> dict[str, Any]:
        """Return it as plain data; its own mean only where it has enough answers."""
        names = ("value", "sd", "low", "high", "n", "n_eff", "shown", "share", "rank", "rank_low", "rank_high")
        direct = self.direct if self.shown else None
        return {**dict(self.group), "direct": direct, **{each: getattr(self, each) for each in names}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How much something makes cells differ: a standard deviation with its interval, in the measure's unit.

    Parameters:
        of: a group column, or ``cell`` for what cells have of their own.
        value, low, high: the standard deviation.
    """

    of: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """The root mean square error to expect of each way to give cells a value, as the model sees it.

    Parameters:
        direct: of the filled cells' own means.
        model: of the model, in filled cells.
        empty: of the model, in empty cells; nan where there are none.
        one_mean: of the mean of all answers, given to every cell.
    """

    direct: float
    model: float
    empty: float
    one_mean: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SmallCells:
    """A model of every cell of a crossing, with its margins.

    Parameters:
        measure: what was measured.
        by: what cells are crossed by.
        cells: every combination of values, without answers too.
        margins: for each of ``by``, its values over all that it is crossed with.
        whole: all cells together.
        spread: how much each of ``by`` and the cells themselves make cells differ.
        answer_sd: standard deviation of answers within a cell.
        errors: how far off each way is expected to be.
        correlation: of two answers of one cluster in a cell.
        design_effect: answers over effective answers.
        level: how often the intervals are to hold the truth.
        minimum_n: answers that a cell needs for its own mean to be shown.
        left_out: answers without a value of one of ``by``; they are in no cell.
        method: how the values were made.
        speaks_of: what margins are averages of.
        run: what it all rests on.
    """

    measure: Measure
    by: tuple[str, ...]
    cells: tuple[SmallCell, ...]
    margins: Mapping[str, tuple[SmallCell, ...]]
    whole: SmallCell
    spread: tuple[Spread, ...]
    answer_sd: float
    errors: Errors
    correlation: float
    design_effect: float
    level: float
    minimum_n: int
    left_out: int
    method: str
    speaks_of: Label
    run: Run

    def __len__(self) -> int:
        return len(self.cells)

    def __iter__(self) -> Iterator[SmallCell]:
        return iter(self.cells)

    def margin(self, name: str) -> tuple[SmallCell, ...]:
        """Return the values of one group column over all that it is crossed with.

        Raises:
            DefinitionError: cells are not crossed by it.
        """
        if name not in self.margins:
            raise DefinitionError(f"cells are not crossed by '{name}'", remedy=neighbours(name, self.margins))
        return self.margins[name]

    def plain(self) -> dict[str, Any]:
        """Return everything as plain data, for JSON."""
        errors = {each: getattr(self.errors, each) for each in ("direct", "model", "empty", "one_mean")}
        return {
            "measure": self.measure.name,
            "unit": self.measure.unit.value,
            "by": list(self.by),
            "cells": [each.plain() for each in self.cells],
            "margins": {name: [each.plain() for each in margin] for name, margin in self.margins.items()},
            "whole": self.whole.plain(),
            "spread": [
                {"of": each.of, "value": each.value, "low": each.low, "high": each.high} for each in self.spread
            ],
            "answer_sd": self.answer_sd,
            "errors": {name: None if np.isnan(value) else value for name, value in errors.items()},
            "correlation": self.correlation,
            "design_effect": self.design_effect,
            "level": self.level,
            "minimum_n": self.minimum_n,
            "left_out": self.left_out,
            "method": self.method,
            "speaks_of": self.speaks_of.en,
        }

    def to_frame(self, margin: str | None = None) -> Any:  # noqa: ANN401  # a pandas data frame, imported late
        """Return a pandas data frame, one row a cell, or one a value of a margin."""
        import pandas as pd

        rows = self.cells if margin is None else self.margin(margin)
        return pd.DataFrame([each.plain() for each in rows])


def small_cells(  # noqa: PLR0913  # a question has this many sides
    measure: Measure,
    data: Dataset,
    *,
    by: Sequence[str],
    population: Mapping[tuple[object, ...], float] | None = None,
    predictors: Sequence[Predictor] = (),
    where: str = "true",
    design: Design | None = None,
    level: float = 0.95,
    minimum_n: int = 10,
    seed: int = 0,
) -> SmallCells:
    """Give every cell of a crossing a value: its own answers count for as much as they tell, the rest is shared.

    The model (``methods.small_cells``) shares among cells of one row and of one column, and with what predictors say.
    It is a model's value, not a measurement, and is labelled so; the cell's own mean stands beside it.

    Parameters:
        measure: a mean, share or score of rows.
        data: the tables.
        by: a row and a column, such as ``("extra.country", "extra.sector")``; one to three are possible.
        population: how many there are in each cell (a tuple of one value for each of ``by``), to weight margins to. A
            cell that it does not name has nobody. Without it every cell counts alike, and ``speaks_of`` says so.
        predictors: what is known of cells, rows or columns.
        where: row-level SQL: which rows.
        design: another sample design than the population's own; weights and clusters are read from it.
        level: how often the intervals are to hold the truth.
        minimum_n: answers that a cell needs for its own mean to be shown.
        seed: of the draws that ranks are made from.

    Raises:
        DefinitionError: the measure is no mean of rows, or population or predictors do not fit the cells.
        EvidenceError: fewer than three cells have answers, or all answers are the same.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> found = small_cells(measure_named("nps"), made(), by=("channel", "reason"))
        >>> found.errors.model < found.errors.direct
        True
        >>> found.speaks_of.en
        'the average cell, not the population'
    """
    table = cell_table(measure, data, by=by, where=where, design=design, population=population, predictors=predictors)
    made = share_out(
        table.cells,
        margins=list(table.codes),
        population=table.population,
        level=level,
        bounds=table.bounds,
        lowest_first=measure.better is Better.LOWER,
        seed=seed,
    )
    counts = np.ones(len(table.groups)) if table.population is None else table.population
    rows = _Rows(table=table, share=counts / counts.sum(), minimum_n=minimum_n)
    crossed = [name for name, each in zip(table.by, table.levels, strict=True) if len(each) > 1]
    factors = crossed if len(crossed) > 1 else []
    effects = " and ".join([*factors, "each cell"]) if factors else "each cell"
    cluster = CLUSTERS[measure.population] if design is None else "the design's clusters"
    weighted = "weighted to the population given" if table.population is not None else "every cell counts alike"
    return SmallCells(
        measure=measure,
        by=table.by,
        cells=rows.named(table.by, table.groups, np.arange(len(table.groups)), made.cells),
        margins={
            name: rows.named((name,), [(each,) for each in levels], codes, margin, ranks)
            for name, levels, codes, margin, ranks in zip(
                table.by, table.levels, table.codes, made.margins, made.ranks, strict=True
            )
        },
        whole=rows.named((), ((),), np.zeros(len(table.groups), dtype=np.int64), made.whole)[0],
        spread=tuple(
            Spread(of=of, value=float(value), low=float(low), high=float(high))
            for of, value, low, high in zip(
                [*factors, "cell"], made.spread.value, made.spread.low, made.spread.high, strict=True
            )
        ),
        answer_sd=made.answer_sd,
        errors=Errors(
            direct=made.direct_error, model=made.model_error, empty=made.empty_error, one_mean=made.mean_error
        ),
        correlation=table.sums.correlation,
        design_effect=table.sums.design_effect,
        level=level,
        minimum_n=minimum_n,
        left_out=table.left_out,
        method=METHOD.format(effects=effects, cluster=cluster, counts=weighted),
        speaks_of=AVERAGE if table.population is None else POPULATION,
        run=replace(data.run, seed=seed),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rows:
    """Cells put together, with their own means."""

    table: CellTable
    share: Floats
    minimum_n: int

    def named(
        self,
        by: Sequence[str],
        groups: Sequence[tuple[object, ...]],
        codes: Integers,
        model: Modelled,
        ranks: Ranks | None = None,
    ) -> tuple[SmallCell, ...]:
        """Return a row for each group of cells, ``codes`` telling the group of each cell."""
        sums, count = self.table.sums, len(groups)
        n, n_eff, weight, share, total = (
            np.bincount(codes, each, minlength=count)
            for each in (
                sums.n,
                sums.n_eff,
                self.table.weight,
                self.share,
                self.table.weight * np.nan_to_num(sums.value),
            )
        )
        direct = np.divide(total, weight, out=np.full(count, np.nan), where=weight > 0)
        places = (
            [(None, None, None)] * count if ranks is None else zip(ranks.likely, ranks.low, ranks.high, strict=True)
        )
        return tuple(
            SmallCell(
                group=tuple(zip(by, groups[at], strict=True)),
                direct=float(direct[at]),
                shown=bool(n[at] >= self.minimum_n),
                n=int(n[at]),
                n_eff=float(n_eff[at]),
                value=float(model.value[at]),
                sd=float(model.sd[at]),
                low=float(model.low[at]),
                high=float(model.high[at]),
                share=float(share[at]),
                **dict(
                    zip(("rank", "rank_low", "rank_high"), (None if x is None else int(x) for x in place), strict=True)
                ),
            )
            for at, place in enumerate(places)
        )

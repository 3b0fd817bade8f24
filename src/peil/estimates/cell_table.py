"""The cells of a crossing, those without an answer too: one query, and what is known of each cell from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product

import numpy as np

from peil.dataset import Dataset
from peil.engines.subset import outcomes
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.extras import refuse_unknown_extras
from peil.estimates.groups import grouping, rows_from
from peil.estimates.moments import BILLION, Quantity, counted
from peil.estimates.population import counts_of, fitted, listed
from peil.measures.measure import POPULATIONS, Measure
from peil.methods.moments import Floats, Integers, Moments
from peil.methods.pooled import Pooled, pooled
from peil.methods.variance_grid import Cells
from peil.surveys.design import Design
from peil.terms import Unit

Levels = tuple[tuple[object, ...], ...]
MOST_CELLS = 10_000
MOST_FACTORS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """Something known of every cell that may explain how cells differ, such as the wealth of a country.

    Parameters:
        name: what it is called.
        by: the group columns that it is told by, among those that cells are crossed by.
        values: a number for each combination of their values.

    Example:
        >>> Predictor(name="wealth", by=("country",), values={("NL",): 57.8, ("BE",): 53.4}).by
        ('country',)
    """

    name: str
    by: tuple[str, ...]
    values: Mapping[tuple[object, ...], float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellTable:
    """Every cell of a crossing.

    Parameters:
        by: the names of what cells are crossed by.
        levels: the values of each.
        codes: (F, M), place of each cell's value among them.
        sums: what the answers in the cells say, in the measure's unit.
        weight: sum of the weights of each cell.
        population: how much each cell counts; None where none was given.
        predictors: (M, p).
        bounds: the ends of the measure's scale, in its unit.
        left_out: answers without a value of one of ``by``: they are in no cell.
    """

    by: tuple[str, ...]
    levels: Levels
    codes: Integers
    sums: Pooled
    weight: Floats
    population: Floats | None
    predictors: Floats
    bounds: tuple[float, float]
    left_out: int

    @property
    def groups(self) -> tuple[tuple[object, ...], ...]:
        """The values that name each cell."""
        return tuple(product(*self.levels))

    @property
    def cells(self) -> Cells:
        """What a model is told: one level tells nothing, and of one factor the cells are the levels."""
        crossed = [place for place, each in enumerate(self.levels) if len(each) > 1]
        crossed = crossed if len(crossed) > 1 else []
        return Cells(
            value=np.nan_to_num(self.sums.value),
            n=self.sums.n_eff,
            squares=self.sums.squares,
            freedom=self.sums.freedom,
            codes=self.codes[crossed],
            sizes=tuple(len(self.levels[each]) for each in crossed),
            predictors=self.predictors,
        )


def cell_table(
    measure: Measure,
    data: Dataset,
    *,
    by: Sequence[str],
    where: str = "true",
    design: Design | None = None,
    population: Mapping[tuple[object, ...], float] | None = None,
    predictors: Sequence[Predictor] = (),
) -> CellTable:
    """Count the cells of a crossing in one query.

    Parameters:
        measure: a mean, share or score of rows.
        data: the tables.
        by: one to three things to cross (see ``estimates.groups``).
        where: row-level SQL: which rows.
        design: another sample design than the population's own. Weights and clusters are read from it; strata and
            finite populations are not, as a model speaks of what the rows are drawn from.
        population: how many there are in each cell; cells that it does not name have nobody.
        predictors: what is known of each cell.

    Raises:
        DefinitionError: the measure is no mean of rows, or what is told does not fit the cells.
        EvidenceError: no row is left.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> table = cell_table(measure_named("nps"), made(), by=("channel", "team"))
        >>> len(table.groups) == len(table.levels[0]) * len(table.levels[1])
        True
    """
    if measure.estimator != "ratio" or measure.per != "1":
        raise DefinitionError(
            f"'{measure.name}' is no mean of rows: small cells have no model for it",
            remedy="choose a mean, a share or a score",
        )
    if not 1 <= len(by) <= MOST_FACTORS or len(set(by)) < len(by):
        raise DefinitionError(
            f"cells are crossed by one to three different things, not by {', '.join(by) or 'nothing'}",
            remedy="name a row and a column, such as country and sector",
        )
    schema, drawn = POPULATIONS[measure.population], design or data.designs[measure.population]
    plain = replace(drawn, population=None, unit=None, unit_population=None, calibration=None)
    groups = grouping(by, schema)
    source = rows_from(data.tables[measure.population].name, schema, groups, where)
    asked = [Quantity(where=measure.where, of=measure.of)]
    if drawn.weight:
        # the sum of the weights' own weight is that of their squares
        asked.append(Quantity(where=measure.where, of="0", per=drawn.weight))
    answered = [each for each in ("scale_low", "scale_high") if measure.of == "score" and each in schema.names]
    asked += [Quantity(where=measure.where, of=each) for each in answered]
    found = list(counted(data.engine, asked, plain, groups, source))
    # the query has the groups of every row; those of other questions are no cells of this measure
    rows = np.bincount(found[0].moments.group, found[0].moments.rows, minlength=len(found[0].groups))
    seen = [group for group, n in zip(found[0].groups, rows, strict=True) if n > 0]
    refuse_unknown_extras(data.engine, {data.tables[measure.population].name: seen}, by)
    told = None if population is None else fitted(population, by, seen)
    levels = _levels(by, seen, told)
    at = {group: place for place, group in enumerate(product(*levels))}
    place = np.array([at.get(group, -1) for group in found[0].groups], dtype=np.int64)
    sums = _placed(found[0].moments, place)
    if not sums.rows.sum():
        raise EvidenceError(f"no row of '{measure.name}' is left to count", remedy="widen the period or the filter")
    squared = _placed(found[1].moments, place).x * BILLION if drawn.weight else sums.rows
    shown = pooled(sums, len(at), squared_weights=squared / BILLION**2 if drawn.weight else squared)
    codes = np.stack([each.ravel() for each in np.indices(tuple(len(each) for each in levels))])
    return CellTable(
        by=tuple(by),
        levels=levels,
        codes=codes,
        sums=replace(shown, value=shown.value * measure.scale, squares=shown.squares * measure.scale**2),
        weight=np.bincount(sums.group, sums.w, minlength=len(at)).astype(np.float64),
        population=None if told is None else counts_of(told, by, levels, list(at), shown.n),
        predictors=_known(by, list(at), predictors),
        bounds=_bounds(measure, [each.moments for each in found[len(found) - len(answered) :]]),
        left_out=int(found[0].moments.rows.sum() - sums.rows.sum()),
    )


def _levels(
    by: Sequence[str], groups: Sequence[tuple[object, ...]], population: Mapping[tuple[object, ...], float] | None
) -> Levels:
    """Return the values of each factor, in order: those that answers have, and those that the population names."""
    whole = [each for each in groups if None not in each] + list(population or ())
    found = tuple(tuple(sorted({each[factor] for each in whole}, key=_in_order)) for factor in range(len(by)))
    cells = int(np.prod([len(each) for each in found]))
    if cells > MOST_CELLS:
        raise DefinitionError(f"{', '.join(by)} make {cells} cells", remedy=f"cross to at most {MOST_CELLS}")
    return found


def _in_order(value: object) -> tuple[bool, object]:
    numeric = isinstance(value, int | float)
    return (not numeric, value if numeric else str(value))


def _placed(moments: Moments, place: Integers) -> Moments:
    """Return the sums of the groups that have a cell, by the place of their cell."""
    cell = place[moments.group]
    here = cell >= 0
    arrays = {
        each.name: getattr(moments, each.name)[here]
        for each in fields(moments)
        if isinstance(getattr(moments, each.name), np.ndarray)
    }
    return replace(moments, **arrays | {"group": cell[here]})


def _known(by: Sequence[str], cells: Sequence[tuple[object, ...]], predictors: Sequence[Predictor]) -> Floats:
    columns = [np.zeros((len(cells), 0))]
    for each in predictors:
        if not set(each.by) <= set(by) or not each.by:
            raise DefinitionError(
                f"predictor '{each.name}' is told by {', '.join(each.by) or 'nothing'}, and cells by {', '.join(by)}",
                remedy="tell it by what cells are crossed by",
            )
        places = [list(by).index(name) for name in each.by]
        keys = [tuple(cell[place] for place in places) for cell in cells]
        values = np.array([each.values.get(key, np.nan) for key in keys], dtype=np.float64)
        missing = list(dict.fromkeys(key for key, value in zip(keys, values, strict=True) if not np.isfinite(value)))
        if missing:
            raise DefinitionError(
                f"predictor '{each.name}' has no number for {listed(missing)}", remedy="give one for every cell"
            )
        columns.append(values[:, None])
    return np.concatenate(columns, axis=1)


def _bounds(measure: Measure, scale: Sequence[Moments]) -> tuple[float, float]:
    """Return the ends of the scale: those of what a row can count for, or those that all questions have alike."""
    written = outcomes(measure.of)
    if written:
        return min(written) * measure.scale, max(written) * measure.scale
    if scale:
        ends = []
        for each in scale:
            mean = float(each.y.sum() / each.w.sum())
            alike = each.wyy.sum() - mean * each.y.sum() <= 1e-9 * each.wyy.sum()
            ends.append(mean if alike else np.nan)
        if np.isfinite(ends).all():
            return ends[0], ends[1]
    least = 0.0 if measure.unit.stored_per_shown > 1 or measure.unit is Unit.COUNT else -np.inf
    return least, np.inf

"""How many there are in each cell of a crossing: counted from contacts, read from a file, or given; and fit to the cells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from peil.config.small_cells import CONTACTS
from peil.dataset import Dataset
from peil.errors import DefinitionError, SourceError, neighbours
from peil.estimates.estimate import estimate
from peil.measures.catalogue import measure_named
from peil.methods.moments import Floats

Group = tuple[object, ...]
Levels = tuple[tuple[object, ...], ...]
COUNT = "population"
NAMED = 5


def population_told(
    told: Mapping[Group, float] | str | None, data: Dataset, by: Sequence[str], *, folder: Path = Path()
) -> Mapping[Group, float] | None:
    """Return a population however it is told.

    Parameters:
        told: counts by cell, ``contacts`` to count those, or a file.
        data: the tables.
        by: what cells are crossed by.
        folder: where a file is sought.

    Raises:
        SourceError: the file cannot be read.
        DefinitionError: what it says does not fit.

    Example:
        >>> population_told({("NL",): 3.0}, None, ["country"])
        {('NL',): 3.0}
    """
    if not isinstance(told, str):
        return told
    return population_of_contacts(data, by) if told == CONTACTS else read_population(folder / told, by)


def population_of_contacts(data: Dataset, by: Sequence[str]) -> dict[Group, float]:
    """Return how many contacts there are in each cell; those without a value of one of ``by`` are in none.

    Parameters:
        data: the tables.
        by: what cells are crossed by.

    Raises:
        DefinitionError: contacts do not know one of ``by``.

    Example:
        >>> from peil.made import made
        >>> found = population_of_contacts(made(), ["channel", "reason"])
        >>> found["call", "invoice"] > found["bot", "invoice"]
        True
    """
    counted = estimate(measure_named("volume"), data, by=by)[0]
    groups = (tuple(value for _, value in each.group) for each in counted)
    return {group: float(n) for group, n in zip(groups, counted.n, strict=True) if None not in group}


def read_population(path: Path, by: Sequence[str]) -> dict[Group, float]:
    """Return how many there are in each cell, from a CSV or Parquet file with a row for each.

    Parameters:
        path: the file; beside ``population`` it has a column for each of ``by`` (``extra.country`` may be ``country``).
        by: what cells are crossed by.

    Raises:
        SourceError: the file is not there, or is no such table.
        DefinitionError: a column is missing, or a row has no value, no count, or says again what another said.
    """
    table = _table(path)
    known = table.column_names
    columns = [next((each for each in (name, name.removeprefix("extra.")) if each in known), None) for name in by]
    for name, column in zip([*by, COUNT], [*columns, COUNT if COUNT in known else None], strict=True):
        if column is None:
            raise DefinitionError(
                f"{path.name} has no column '{name.removeprefix('extra.')}'",
                remedy=f"give it one for each of {', '.join(by)}, and '{COUNT}'; it has: {', '.join(known)}",
            )
    found: dict[Group, float] = {}
    for place, row in enumerate(table.select([*map(str, columns), COUNT]).to_pylist(), start=1):
        group = tuple(row[str(each)] for each in columns)
        group = tuple(each.strip() if isinstance(each, str) else each for each in group)
        if any(each is None or each == "" for each in group):
            raise DefinitionError(
                f"{path.name}, row {place}: a cell has no name", remedy="fill every column, and leave totals out"
            )
        if group in found:
            raise DefinitionError(
                f"{path.name}, row {place}: {listed([group])} is there twice", remedy="give each cell one row"
            )
        found[group] = _number(row[COUNT], f"{path.name}, row {place}")
    if not found:
        raise SourceError(f"{path.name} has no rows", remedy="give each cell a row with how many there are")
    return found


def _table(path: Path) -> pa.Table:
    try:
        if path.suffix == ".parquet":
            return pq.read_table(path)
        kept = path.read_bytes().decode("utf-8-sig")
        names = [each.strip().strip('"') for each in kept.partition("\n")[0].split(",")]
        # text as it stands: '007' is a name, and so may 'true' be
        options = pc.ConvertOptions(column_types={each: pa.string() for each in names}, strings_can_be_null=True)
        return pc.read_csv(pa.py_buffer(kept.encode()), convert_options=options)
    except FileNotFoundError:
        raise SourceError(f"there is no population table {path.name}", remedy="make one, or leave it out") from None
    except (pa.ArrowInvalid, UnicodeDecodeError, OSError):
        raise SourceError(
            f"{path.name} is no table of a population",
            remedy=f"write a CSV in UTF-8, with commas and a head: what cells are crossed by, and '{COUNT}'",
        ) from None


def _number(told: Any, where: str) -> float:  # noqa: ANN401  # whatever somebody wrote for a count
    try:
        count = math.nan if told is None or isinstance(told, bool) else float(told)
    except (TypeError, ValueError):
        count = math.nan
    if not 0 <= count < math.inf:
        raise DefinitionError(
            f"{where}: the population of a cell is negative or no number",
            remedy="write how many there are as digits alone, 0 for nobody",
        )
    return count


def fitted(population: Mapping[Group, float], by: Sequence[str], seen: Sequence[Group]) -> dict[Group, float]:
    """Return a population whose cells are named as the rows name them.

    Parameters:
        population: how many there are in each cell; a name may be the text of what rows have (``"3"`` for 3).
        by: what cells are crossed by.
        seen: the groups that rows have.

    Raises:
        DefinitionError: a cell is not told by one value for each of ``by``, is there twice, or has no count.

    Example:
        >>> fitted({("2024", "call"): 3}, ["year", "channel"], [(2024, "call")])
        {(2024, 'call'): 3.0}
    """
    if not isinstance(population, Mapping):
        raise DefinitionError(
            f"a population is a mapping of cells to counts, not a {type(population).__name__}",
            remedy="write {('NL', 'retail'): 1200, …}",
        )
    written = [
        {_text(group[place]): group[place] for group in seen if group[place] is not None} for place in range(len(by))
    ]
    found: dict[Group, float] = {}
    for cell, told in population.items():
        if not isinstance(cell, tuple) or len(cell) != len(by) or None in cell:
            raise DefinitionError(
                f"the population names {cell!r}, where cells are told by {', '.join(by)}",
                remedy=f"write each cell as a tuple of {len(by)}",
            )
        group = tuple(known.get(_text(each), each) for known, each in zip(written, cell, strict=True))
        if group in found:
            raise DefinitionError(f"the population names {listed([group])} twice", remedy="give each cell one count")
        found[group] = _number(told, listed([group]))
    return found


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def counts_of(
    population: Mapping[Group, float], by: Sequence[str], levels: Levels, cells: Sequence[Group], n: Floats
) -> Floats:
    """Return the population of each cell; one that it does not name has nobody.

    Parameters:
        population: as ``fitted`` returns it.
        by: what cells are crossed by.
        levels: the values of each.
        cells: every combination of them.
        n: rows of each cell.

    Raises:
        DefinitionError: a cell with rows is not named, or a level has nobody.
    """
    counts = np.array([population.get(each, 0.0) for each in cells], dtype=np.float64)
    unnamed = [each for each, rows in zip(cells, n, strict=True) if rows > 0 and each not in population]
    if unnamed:
        raise DefinitionError(
            f"{len(unnamed)} cells have answers and are not in the population: {listed(unnamed)}",
            remedy=_spelt_otherwise(by, levels, cells, population, n)
            or "name every cell that has answers, with 0 where there is nobody",
        )
    shape = counts.reshape([len(each) for each in levels])
    for factor, name in enumerate(by):
        other = tuple(each for each in range(len(by)) if each != factor)
        nobody = np.flatnonzero(shape.sum(axis=other) <= 0)
        if nobody.size:
            raise DefinitionError(
                f"the population has nobody in {name} {listed([levels[factor][each] for each in nobody])}",
                remedy="leave their rows out with a filter",
            )
    return counts


def _spelt_otherwise(
    by: Sequence[str], levels: Levels, cells: Sequence[Group], population: Mapping[Group, float], n: Floats
) -> str:
    """Return what to do about a value that only rows have while another is in the population alone."""
    rows = [each for each, count in zip(cells, n, strict=True) if count > 0]
    for factor, name in enumerate(by):
        answered, told = ({each[factor] for each in these} for these in (rows, population))
        alone = [each for each in levels[factor] if each in told - answered]
        missing = [each for each in levels[factor] if each in answered - told]
        if alone and missing:
            near = neighbours(str(missing[0]), map(str, alone))
            return f"the population has no {name} {listed(missing)}, and answers none of {listed(alone)}: {near}"
    return ""


def listed(names: Sequence[object]) -> str:
    """Return the first few of several names, and how many more there are."""
    said = ", ".join(" ".join(map(str, each)) if isinstance(each, tuple) else str(each) for each in names[:NAMED])
    return said + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")

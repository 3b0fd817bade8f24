"""Margins as a person writes them, and the calibration that they make of a sample."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Literal

from peil.engines.engine import Engine
from peil.engines.schema import Schema, Table
from peil.errors import DefinitionError
from peil.estimates.variables import expression
from peil.surveys.calibrated import Weighed, weighted
from peil.surveys.design import Calibration, Design, Margin

Method = Literal["cell", "rake", "linear", "bounded"]
By = str | tuple[str, ...]
Targets = Mapping[By, Mapping[object, float]]


def margins_of(targets: Targets, totals: Mapping[str, float], schema: Schema) -> tuple[Margin, ...]:
    """Return margins in SQL.

    Parameters:
        targets: for each column or row-level SQL, or several that are crossed, counts or shares by level.
        totals: for each number its total over the population.
        schema: the table.

    Raises:
        DefinitionError: there is nothing to weight to; a column is unknown; or a level has too many or too few parts.

    Example:
        >>> from peil.surveys.responses import RESPONSES
        >>> margins_of({"answered": {True: 0.9, False: 0.1}}, {}, RESPONSES)[0].targets
        {('true',): 0.9, ('false',): 0.1}
    """
    if not targets and not totals:
        raise DefinitionError("there is nothing to weight to", remedy="give targets by level, or totals of numbers")
    found = []
    for by, levels in targets.items():
        names = (by,) if isinstance(by, str) else by
        told = {_level(level): float(n) for level, n in levels.items()}
        wrong = [each for each in told if len(each) != len(names)]
        if wrong:
            raise DefinitionError(
                f"'{', '.join(wrong[0])}' has {len(wrong[0])} parts where {', '.join(names)} has {len(names)}",
                remedy="write each level as one value, or as many as there are columns",
            )
        found.append(Margin(by=tuple(expression(each, schema, "margin") for each in names), targets=told))
    found += [
        Margin(by=(expression(number, schema, "total"),), targets={(): float(total)})
        for number, total in totals.items()
    ]
    return tuple(found)


def _level(level: object) -> tuple[str, ...]:
    parts: Sequence[object] = level if isinstance(level, tuple) else (level,)
    return tuple("" if each is None else str(each).lower() if isinstance(each, bool) else str(each) for each in parts)


def weighted_to(engine: Engine, table: Table, design: Design, known: Calibration, *, one: float) -> Weighed:
    """Return a sample's rows with calibrated weights.

    Parameters:
        engine: where the rows are.
        table: the rows, one a respondent.
        design: how they were drawn.
        known: what is known of the population, and how to meet it.
        one: what a weight of 1 is stored as.

    Raises:
        DefinitionError: a level has respondents and no target, or a target and no respondents; or the design has two
            stages.
        EvidenceError: the targets cannot be met together.
    """
    if design.unit:
        raise DefinitionError(
            "a sample with units drawn within clusters cannot be calibrated here",
            remedy="leave 'unit' out: clusters alone give a standard error that is a little too large",
        )
    return weighted(engine, table, design, known, name=f"calibrated_{uuid.uuid4().hex[:8]}", one=one)

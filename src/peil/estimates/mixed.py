"""A mixed model of rows that stay in the engine: one grouped query gives each agent's cross-products, numpy does the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from peil.engines.engine import Engine
from peil.engines.quoting import name as identifier
from peil.engines.schema import Kind, Table
from peil.errors import DefinitionError, EvidenceError, neighbours
from peil.methods.mixed import Groups, Mixed, fit
from peil.methods.mixed_predicted import Predicted, predicted

_NUMERIC = {Kind.INTEGER, Kind.NUMBER}


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedEstimate:
    """A mixed model with the names of what it speaks of.

    Parameters:
        model: coefficients, variances, criterion.
        predicted: each agent's and team's departure, drawn towards the middle.
        regressors: names, the constant first.
        agents: the agents, in the order of the predictions.
        teams: the teams; empty without.
    """

    model: Mixed
    predicted: Predicted
    regressors: tuple[str, ...]
    agents: tuple[object, ...]
    teams: tuple[object, ...]


def mixed(
    engine: Engine,
    table: Table,
    *,
    y: str,
    x: Sequence[str] = (),
    agent: str,
    team: str | None = None,
    varying: Sequence[str] = (),
    restricted: bool = True,
) -> MixedEstimate:
    """Fit a mixed model to the rows of a table.

    Parameters:
        engine: where the rows are.
        table: the rows; those with anything missing are left out.
        y: column of the outcome.
        x: columns of the regressors; a constant comes of itself.
        agent: column that says whose row it is: each has a level of its own.
        team: column that says to which team the agent belongs; an agent with rows in two teams counts in each.
        varying: those of ``x`` whose coefficient differs by agent.
        restricted: restricted likelihood; without it, plain maximum likelihood.

    Raises:
        DefinitionError: a column is unknown or holds no numbers.
        EvidenceError: there are too few agents or rows.

    Example:
        >>> from peil.engines.duck import DuckEngine
        >>> from peil.estimates.drawn import table_of
        >>> engine = DuckEngine()
        >>> rows = {"who": ["a", "a", "b", "b", "c", "c"], "done": [9.0, 11.0, 14.0, 16.0, 4.0, 6.0]}
        >>> found = mixed(engine, table_of(engine, rows), y="done", agent="who")
        >>> found.agents, round(float(found.model.beta[0]), 3), found.predicted.level()[0].round(2).tolist()
        (('a', 'b', 'c'), 10.0, [-0.0, 4.8, -4.8])
    """
    _checked(table, (y, *x), [agent, *([team] if team else [])])
    if not set(varying) <= set(x):
        raise DefinitionError("what varies by agent is no regressor", remedy="name it in x as well")
    columns = [*(identifier(each) for each in x), identifier(y)]
    sums = ["count(*) as n", *(f"sum(cast({each} as double)) as s{place}" for place, each in enumerate(columns))]
    sums += [
        f"sum(cast({one} as double) * cast({other} as double)) as c{i}_{j}"
        for i, one in enumerate(columns)
        for j, other in enumerate(columns[: i + 1])
    ]
    keys = [identifier(team) if team else "''", identifier(agent)]
    told = " and ".join(f"{each} is not null" for each in [*columns, *keys])
    sql = (
        f"select {keys[0]} as of_team, {keys[1]} as of_agent, {', '.join(sums)} from {table.name} where {told} "
        f"group by {keys[0]}, {keys[1]} order by of_team, of_agent"
    )
    rows = engine.rows(sql, steady=True)
    if not rows.num_rows:
        raise EvidenceError("no row has everything that the mixed model needs", remedy="check for missing values")
    size = len(columns) + 1
    cross = np.empty((rows.num_rows, size, size))
    cross[:, 0, 0] = rows.column("n").to_numpy()
    for i in range(len(columns)):
        cross[:, 0, i + 1] = cross[:, i + 1, 0] = rows.column(f"s{i}").to_numpy()
        for j in range(i + 1):
            cross[:, i + 1, j + 1] = cross[:, j + 1, i + 1] = rows.column(f"c{i}_{j}").to_numpy()
    teams = rows.column("of_team").to_pylist()
    names = sorted(set(teams))
    number = {each: place for place, each in enumerate(names)}
    groups = Groups(
        cross=cross,
        rows=rows.column("n").to_numpy().astype(np.int64),
        team=np.array([number[each] for each in teams], np.int64) if team else None,
    )
    model = fit(groups, (0, *(1 + list(x).index(each) for each in varying)), restricted=restricted)
    return MixedEstimate(
        model=model,
        predicted=predicted(groups, model),
        regressors=("constant", *x),
        agents=tuple(rows.column("of_agent").to_pylist()),
        teams=tuple(names) if team else (),
    )


def _checked(table: Table, numeric: Sequence[str], names: Sequence[str]) -> None:
    known = table.schema.names
    for each in (*numeric, *names):
        if each not in known:
            raise DefinitionError(f"there is no column '{each}'", remedy=neighbours(each, known))
    for each in numeric:
        if table.schema.column(each).kind not in _NUMERIC:
            raise DefinitionError(f"'{each}' holds no numbers", remedy="give a column of numbers")

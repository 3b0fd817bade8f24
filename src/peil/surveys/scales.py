"""Answers of one response side by side, gathered into sums of products: all that is needed to judge a scale."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from peil.engines.engine import Engine
from peil.engines.quoting import quoted
from peil.engines.schema import Table
from peil.engines.subset import columns_read
from peil.errors import DefinitionError, EvidenceError, neighbours
from peil.surveys.design import SURVEY, Design

Floats = NDArray[np.float64]
# Persons are gathered into at most so many groups: enough for the spread, and few rows whatever the survey.
GROUPS = 1_000
DAY_MS = 86_400_000
_BILLION = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One column of what is put side by side.

    Parameters:
        name: what it is called in messages.
        sql: row-level SQL that is the value on the row that holds it, and null on every other.
        low, high: the ends of its scale; values are counted from 0 to 1 between them.
    """

    name: str
    sql: str
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SideBySide:
    """Responses that answered everything, as sums of products.

    Parameters:
        sums: (groups of persons, columns + 1, columns + 1): sums of w z z' with z = (1, columns), each column from 0 to 1.
        n: responses that answered everything.
        persons: independent persons among them.
        incomplete: responses that answered some of it, and are left out.
    """

    sums: Floats
    n: int
    persons: int
    incomplete: int


def question(
    engine: Engine, responses: Table, name: str, where: str = "true", *, by: str = "question", setting: str = ""
) -> Asked:
    """Return one question as a column, by its identifier or by what it measures.

    Parameters:
        engine: where the rows are.
        responses: the responses.
        name: the question, or the construct.
        where: row-level SQL that chooses rows.
        by: ``question`` or ``construct``.
        setting: by which another is named, for the message.

    Raises:
        DefinitionError: there is no such question, or several, or it was put on several scales or on none.

    Example:
        >>> from peil.made import made
        >>> data = made()
        >>> question(data.engine, data.tables["responses"], "ces_2", by="construct").high
        7
    """
    _known(responses, where)
    rows = engine.rows(
        f"select distinct question, scale_low, scale_high from {responses.name} where {by} = {quoted(name)} and ({where})"
    ).to_pylist()
    if not rows:
        known = engine.rows(f"select distinct {by} as name from {responses.name} where {by} is not null").to_pylist()
        found = neighbours(name, [each["name"] for each in known])
        raise DefinitionError(
            f"no answer in these rows is to {by} '{name}'",
            remedy=f"name another {by} as '{setting}'; {found}" if setting else found,
        )
    if len(rows) > 1:
        raise DefinitionError(
            f"{by} '{name}' was put as {len(rows)} questions or on as many scales",
            remedy="choose one survey and wave with 'where'",
        )
    low, high = rows[0]["scale_low"], rows[0]["scale_high"]
    if low is None or high is None or high <= low:
        raise DefinitionError(f"{by} '{name}' has no scale", remedy="say scale_low and scale_high where it is loaded")
    return Asked(name=name, sql=f"case when {by} = {quoted(name)} then score end", low=int(low), high=int(high))


def repeated(days: int, last: date) -> Asked:
    """Return as a column whether the person came back after the contact that the response is about.

    Parameters:
        days: within so many days.
        last: responses up to here have all those days in the data.

    Example:
        >>> repeated(7, date(2024, 5, 1)).name
        'repeat_7d'
    """
    told = f"first_answer and person_key is not null and contact_id is not null and answered_on <= date '{last.isoformat()}'"
    back = f"case when next_ms <= {days * DAY_MS} then 1 else 0 end"
    return Asked(name=f"repeat_{days}d", sql=f"case when {told} then {back} end", low=0, high=1)


def side_by_side(
    engine: Engine, responses: Table, asked: Sequence[Asked], *, where: str = "true", design: Design = SURVEY
) -> SideBySide:
    """Put answers of one response side by side and add up their products, in one query.

    Parameters:
        engine: where the rows are.
        responses: the responses.
        asked: the columns.
        where: row-level SQL that chooses rows.
        design: weights and clusters.

    Raises:
        EvidenceError: no response answered everything.

    Example:
        >>> from peil.made import made
        >>> data = made()
        >>> table = data.tables["responses"]
        >>> asked = [question(data.engine, table, each, by="construct") for each in ("csat", "ces_2")]
        >>> found = side_by_side(data.engine, table, asked)
        >>> found.sums.shape[1:], found.persons <= found.n
        ((3, 3), True)
    """
    _known(responses, where)
    names = [f"x{place}" for place in range(len(asked))]
    pivoted = ", ".join(f"max({each.sql}) as {name}" for name, each in zip(names, asked, strict=True))
    weight = f"min({design.weight})" if design.weight else f"cast({int(_BILLION)} as bigint)"
    some = " or ".join(f"{name} is not null" for name in names)
    every = " and ".join(f"{name} is not null" for name in names)
    z = ["1", *names]
    pairs = list(itertools.combinations_with_replacement(range(len(z)), 2))
    wide = ", ".join(f"sum(cast(w as decimal(38, 0)) * {z[a]} * {z[b]}) as p{a}_{b}" for a, b in pairs)
    sums = ", ".join(f"cast(sum(p{a}_{b}) as double) as p{a}_{b}" for a, b in pairs)
    sql = (
        f"with pivoted as (select min({design.clusters}) as c, {weight} as w, {pivoted} from {responses.name} as t where ({where}) "
        f"group by source, response_id), "
        f"persons as (select c, count(*) as n, {wide} from pivoted where {every} group by c), "
        f"numbered as (select *, row_number() over (order by c) as place from persons), "
        f"gathered as (select place - whole_div(place, {GROUPS}) * {GROUPS} as g, count(*) as persons, sum(n) as n, {sums} "
        f"from numbered group by place - whole_div(place, {GROUPS}) * {GROUPS}), "
        f"missed as (select count(*) as incomplete from pivoted where ({some}) and not ({every})) "
        "select * from gathered join missed on true order by g"
    )
    rows = engine.rows(sql).to_pylist()
    if not rows:
        raise EvidenceError(
            f"no response answered all of {', '.join(each.name for each in asked)}",
            remedy="choose questions that were put to the same people, or widen the filter",
        )
    raw = np.zeros((len(rows), len(z), len(z)))
    for a, b in pairs:
        raw[:, a, b] = raw[:, b, a] = [row[f"p{a}_{b}"] / _BILLION for row in rows]
    turn = np.eye(len(z))
    for place, each in enumerate(asked, start=1):
        turn[place, 0], turn[place, place] = -each.low / (each.high - each.low), 1 / (each.high - each.low)
    return SideBySide(
        sums=turn @ raw @ turn.T,
        n=int(sum(row["n"] for row in rows)),
        persons=int(sum(row["persons"] for row in rows)),
        incomplete=int(rows[0]["incomplete"]),
    )


def _known(responses: Table, where: str) -> None:
    for column in columns_read(where, "where"):
        if column not in responses.schema.names:
            raise DefinitionError(
                f"where: '{column}' is no column of 'responses'", remedy=neighbours(column, responses.schema.names)
            )

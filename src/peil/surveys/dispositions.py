"""How invitations ended, counted person by person."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peil.engines.engine import Engine
from peil.engines.schema import Table
from peil.engines.subset import columns_read
from peil.errors import DefinitionError, neighbours
from peil.surveys.design import PERSONS_IN_INVITATIONS, Design

Floats = NDArray[np.float64]
# The letters of the Standard Definitions. An offer without an answer went to somebody who had a contact and is known to
# be eligible; nothing shows that it was seen: a non-contact.
LETTERS: Mapping[str, str] = {
    "complete": "I",
    "partial": "P",
    "refused": "R",
    "no_contact": "NC",
    "offered": "NC",
    "other": "O",
    "unknown_household": "UH",
    "unknown_other": "UO",
    "not_eligible": "NE",
}
DISPOSITIONS = tuple(LETTERS)
# Where no row of a survey is one of these, its export holds respondents only, whether they finished, broke off or were
# screened out. A list of everybody asked may number its rows as responses: nobody who was never reached gave one.
SILENT = (
    "((response_id is null and disposition not in ('complete', 'partial', 'not_eligible')) "
    "or disposition in ('no_contact', 'offered', 'unknown_household', 'unknown_other'))"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dispositions:
    """How many invitations ended how.

    Parameters:
        counts: disposition to invitations.
        group: the group, as pairs of name and value.
        clusters: independent persons among them; None where every invitation is taken to be independent.
        products: sums over the persons of the products of their counts, in the order of ``DISPOSITIONS``.
    """

    counts: Mapping[str, float]
    group: tuple[tuple[str, object], ...] = ()
    clusters: int | None = None
    products: Floats | None = None


def dispositions(
    engine: Engine,
    invitations: Table,
    *,
    by: Sequence[str] = (),
    where: str = "true",
    design: Design = PERSONS_IN_INVITATIONS,
) -> tuple[Dispositions, ...]:
    """Count invitations by how they ended, person by person, in one query.

    Parameters:
        engine: where the rows are.
        invitations: the table.
        by: its columns to group by.
        where: row-level SQL that chooses rows.
        design: what are independent of one another; persons if left out.

    Raises:
        DefinitionError: a column does not exist.

    Example:
        >>> from peil.made import made
        >>> data = made()
        >>> found = dispositions(data.engine, data.tables["invitations"], by=["survey"])
        >>> [dict(each.group)["survey"] for each in found]
        ['customer', 'staff']
    """
    known = invitations.schema.names
    for column in (*by, *columns_read(where, "where")):
        if column not in known:
            raise DefinitionError(f"'{column}' is no column of 'invitations'", remedy=neighbours(column, known))
    keys = {f"g{place}": each for place, each in enumerate(by)}
    numbers = [f"n{place}" for place in range(len(DISPOSITIONS))]
    pairs = list(itertools.combinations_with_replacement(range(len(DISPOSITIONS)), 2))
    ended = ", ".join(
        f"count(case when disposition = '{each}' then 1 end) as {name}"
        for name, each in zip(numbers, DISPOSITIONS, strict=True)
    )
    named = "".join(f"{sql} as {name}, " for name, sql in keys.items())
    inner = (
        f"select {named}{design.clusters} as c, {ended} from {invitations.name} as t where ({where}) "
        f"group by {''.join(f'{each}, ' for each in keys.values())}{design.clusters}"
    )
    sums = [f"sum({each}) as {each}" for each in numbers]
    sums += [f"sum({numbers[one]} * {numbers[other]}) as p{one}_{other}" for one, other in pairs]
    grouped = f" group by {', '.join(keys)}" if keys else ""
    sql = f"select {''.join(f'{each}, ' for each in keys)}count(*) as k, {', '.join(sums)} from ({inner}) as persons{grouped}"
    found = []
    for row in engine.rows(sql).to_pylist():
        if not row["k"]:
            continue
        products = np.zeros((len(numbers), len(numbers)))
        for one, other in pairs:
            products[one, other] = products[other, one] = float(row[f"p{one}_{other}"])
        found.append(
            Dispositions(
                counts={each: float(row[name]) for name, each in zip(numbers, DISPOSITIONS, strict=True)},
                group=tuple((name, row[key]) for key, name in keys.items()),
                clusters=int(row["k"]),
                products=products,
            )
        )
    return tuple(sorted(found, key=lambda each: [(value is None, str(value)) for _, value in each.group]))

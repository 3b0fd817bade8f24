"""How long contacts last until something happens: one query of counts per whole second, and a curve for each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from scipy import special

from peil.dataset import DAY_COLUMN, Dataset
from peil.errors import DefinitionError
from peil.estimates.groups import grouping, rows_from
from peil.estimates.lasting import Bounded, Lasting, Survivals, TimeTo, second_of
from peil.estimates.moments import NothingCountedError
from peil.estimates.survival_counts import SecondCounts, counts, together
from peil.estimates.survival_persons import PAIR, by_persons, cut_off, mean_until
from peil.estimates.survival_scores import Scored
from peil.measures.measure import POPULATIONS
from peil.methods.survival import Kind

METHODS = {
    True: "Kaplan-Meier in whole seconds; infinitesimal jackknife over persons",
    False: "Kaplan-Meier in whole seconds; Greenwood",
}


def survival(  # noqa: PLR0913  # a question has this many sides
    data: Dataset,
    what: TimeTo,
    *,
    by: Sequence[str] = (),
    within: Sequence[str] = (),
    split_on: date | None = None,
    where: str = "true",
    times: Sequence[float] = (60.0,),
    until: float | None = None,
    clustered: bool = True,
    level: float = 0.95,
    kind: Kind = "log",
) -> Survivals:
    """Return how long the rows of each group last until it happens.

    The engine counts how often each whole second occurs (a second begun is a second waited), and everything else is made
    from those counts. Rows of one person are kept together in a second pass over persons who come back: what each second
    adds to the curve is added up per person, at ``times`` and a dozen moments more; between them Greenwood's variance is
    multiplied by what the nearest say. What persons with one row add is in the counts.

    Parameters:
        data: the tables.
        what: until what.
        by: groups, as ``estimate`` has them.
        within: columns within which groups are compared by the test.
        split_on: a day; rows from it on are another group (``since``) than those before.
        where: row-level SQL that chooses rows.
        times: seconds at which the variance is made in full.
        until: where the mean is cut off; if left out, the last second at which 50 are left, or a tenth of a smaller group,
            in every group of 50 or more.
        clustered: whether rows of one person are kept together.
        level: how often intervals are to hold the truth.
        kind: on which scale they are symmetric: ``log``, ``log-log`` or ``plain``.

    Raises:
        DefinitionError: a name is unknown, or the rows have weights.
        EvidenceError: no row is left.

    Example:
        >>> from peil.estimates.patience import PATIENCE
        >>> from peil.made import made
        >>> found = survival(made(), PATIENCE, by=["channel"], where="channel in ('call', 'chat')")
        >>> [each.group[0][1] for each in found.curves], 0 < found.curves[0].share(60).value < 1
        (['call', 'chat'], True)
    """
    schema, design = POPULATIONS[what.population], data.designs[what.population]
    if design.weight:
        raise DefinitionError(
            f"rows of '{what.population}' have weights, and curves count every row as one",
            remedy="take a population without weights, such as contacts",
        )
    groups = grouping([*by, *within], schema)
    if split_on is not None:
        by = ["since", *by]
        columns = (f"t.{DAY_COLUMN[schema.name]} >= date '{split_on.isoformat()}'", *groups.columns)
        groups = replace(groups, names=("since", *groups.names), columns=columns)
    source = rows_from(data.tables[what.population].name, schema, groups, where)
    source = f"{source} and ({what.where}) and ({what.after}) is not null"
    several = together(design) if clustered else "true"
    rows = data.engine.rows(counts(what, groups, source, several))
    if not rows.num_rows:
        raise NothingCountedError
    counted = SecondCounts.of(rows, len(by), len(within), len(what.others))
    made = counted.curves()
    cut = cut_off(made) if until is None else float(until)
    test = counted.tested()
    known = None
    if clustered:
        scored = Scored(
            event=what.event,
            groups=groups,
            source=source,
            design=design,
            second_of=second_of(what),
            several=several,
            entries=counted.entries,
        )
        known = by_persons(data.engine, scored, counted, made, times=times, until=cut)
        if test is not None and known.ranked is not None:
            test = test.with_covariance(known.ranked)
    lasting = []
    for place, label in enumerate(counted.labels):
        mean, se = mean_until(made[place], cut)
        se = se if known is None or not np.isfinite(mean) else known.mean_se[place]
        reach = float(special.ndtri((1 + level) / 2)) * se
        lasting.append(
            Lasting(
                group=tuple(zip(by, label, strict=True)),
                curve=made[place],
                log_variance=made[place].log_variance if known is None else known.log_variance[place],
                ends=counted.incidence(place) if what.others else None,
                until=cut,
                mean=Bounded(value=mean, low=max(mean - reach, 0.0), high=min(mean + reach, cut)),
                mean_se=se,
                clusters=made[place].n if known is None else known.persons[place],
                level=level,
                kind=kind,
            )
        )
    gap = _gap(lasting, None if known is None else known.gap_se, level) if len(lasting) == PAIR else None
    return Survivals(what=what, curves=tuple(lasting), test=test, method=METHODS[clustered], gap=gap)


def _gap(pair: Sequence[Lasting], spread: float | None, level: float) -> Bounded:
    value = pair[1].mean.value - pair[0].mean.value
    se = float(np.hypot(pair[0].mean_se, pair[1].mean_se)) if spread is None else spread
    reach = float(special.ndtri((1 + level) / 2)) * (se if np.isfinite(value) else float("nan"))
    return Bounded(value=value, low=value - reach, high=value + reach)

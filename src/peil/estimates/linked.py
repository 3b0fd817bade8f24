"""Measures of persons, such as repeat contact, where it is not sure who is who."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from peil.contacts.fold import CONTACTS
from peil.dataset import Dataset, Run
from peil.engines.engine import Engine
from peil.engines.schema import Column, Kind, Schema, Table
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.estimate import Estimates
from peil.estimates.groups import Grouping, grouping, rows_from
from peil.estimates.moments import Counted, NothingCountedError, Quantity, counted
from peil.journeys.string import began_next
from peil.measures.measure import POPULATIONS, Measure
from peil.methods import interval
from peil.methods.link_scenarios import Scenarios, scenarios
from peil.methods.linkage_error import Linked, ScenarioSums, linked_ratio
from peil.methods.moments import Floats, Integers, Moments, gather
from peil.methods.odds_calibration import DOUBT, Calibration, calibrate
from peil.persons.doubt import doubts
from peil.persons.resolve import LINKED_RECORDS, records_of
from peil.surveys.design import Design
from peil.terms import Unit

Audit = tuple[Sequence[float], Sequence[bool]]
METHOD = "ratio of totals, expected over who is who; Taylor-linearised over persons, with the doubt about match probabilities; "
PAIRS = ("a", "b", "probability")
_RECORD = "link_record"
# gaps to the same person's next contact, and what else the two must share
_GAPS = {
    "next_ms": (),
    "next_same_reason_ms": ("reason",),
    "next_same_channel_ms": ("channel",),
    "next_same_reason_channel_ms": ("reason", "channel"),
}
_RECKONED = ("previous_ms", "next_any_ms", *_GAPS)
_FREE = frozenset([*CONTACTS.names, "person_key", "followed_ms", *_RECKONED])
_SCENARIO = Column(name="scenario", kind=Kind.INTEGER, says="the way in which records are put together")
_MEMBERS = Schema(
    name="link_members",
    one_row_is="a record in one scenario",
    key=("record", "scenario"),
    columns=(
        Column(name="record", kind=Kind.TEXT, says="what tells records apart", personal=True),
        _SCENARIO,
        Column(name="block", kind=Kind.INTEGER, says="the person within the scenario"),
    ),
)
_TOUCHED = Schema(
    name="link_records", one_row_is="a record with an uncertain pair", key=("record",), columns=_MEMBERS.columns[:1]
)


def linked(  # noqa: PLR0913  # a question has this many sides
    measures: Measure | Sequence[Measure],
    data: Dataset,
    pairs: Any = None,  # noqa: ANN401  # whatever holds columns
    *,
    by: Sequence[str] = (),
    where: str = "true",
    identity: str = "person_key",
    audit: Audit = ((), ()),
    compared: tuple[int, int] | None = None,
    doubt: tuple[float, float] = DOUBT,
    level: float = 0.95,
) -> list[Estimates]:
    """Estimate measures of contacts where some persons may be one, or one may be several.

    The method stands in ``methods.linkage_error``.

    Parameters:
        measures: ratios over contacts, such as ``repeat_7d`` or ``fcr_no_repeat_7d``.
        data: the tables.
        pairs: columns ``a``, ``b`` and ``probability``: two values of ``identity``, and how likely they are one person.
            An Arrow, polars or pandas table, or names with lists. If left out, what the linking of customer records was
            not sure about: persons come apart again into the records they were made of (``persons.doubt``).
        by: what to group by, as in ``estimate``.
        where: which rows are in a group at all, as in ``estimate``.
        identity: what tells records apart, as SQL over a contact. Where persons were already put together by doubtful
            links, name what is finer, and give those links as pairs: only then can a wrong one come apart.
        audit: probabilities of pairs that were checked, and whether each was one person.
        compared: of pairs known to be one person, how many stand in ``pairs``, and how many are known.
        doubt: how far the log odds may be off before any audit: standard deviations of intercept and slope.
        level: how often the intervals are to hold the truth.

    Returns:
        One ``Estimates`` a measure, in the order asked.

    Raises:
        DefinitionError: a measure is no ratio over contacts, or reads what depends on persons in another way.
        EvidenceError: pairs are missing a column or a probability, name nobody, or leave out a record of their persons; or
            none are given, and no customer records were linked.

    Example:
        >>> from peil.made import made
        >>> from peil.estimates.estimate import estimate
        >>> from peil.measures.catalogue import measure_named
        >>> repeat = measure_named("repeat_7d")
        >>> sure = estimate(repeat, made())[0].only()
        >>> found = linked(repeat, made(), {"a": [1, 3, 5], "b": [2, 4, 6], "probability": [0.3, 0.5, 0.9]})[0].only()
        >>> found.n == sure.n, found.se > sure.se
        (True, True)
    """
    asked = [measures] if isinstance(measures, Measure) else list(measures)
    calibration = calibrate(*audit, doubt=doubt)
    made = _weighed(asked, data, pairs, by, where, identity, calibration, compared, level)
    return [_estimates(each, one, labels, by, level, data.run) for each, (one, labels) in zip(asked, made, strict=True)]


def linked_whole(
    measures: Sequence[Measure], data: Dataset, *, where: str = "true", level: float = 0.95
) -> list[tuple[Estimates, float]]:
    """Estimate measures over all rows, with what the linking of customer records was not sure about.

    Parameters:
        measures, data, where, level: as in ``linked``.

    Returns:
        For each measure its estimate, and the part of the standard error that comes from not knowing who is who: nought where
        there are no rows.
    """
    made = _weighed(measures, data, None, (), where, "", calibrate(), None, level)
    return [
        (_estimates(each, one, labels, (), level, data.run), float(one.links_se.sum()) * each.scale)
        for each, (one, labels) in zip(measures, made, strict=True)
    ]


def _weighed(  # noqa: PLR0913, PLR0917  # a question has this many sides
    asked: Sequence[Measure],
    data: Dataset,
    pairs: Any,  # noqa: ANN401  # whatever holds columns
    by: Sequence[str],
    where: str,
    identity: str,
    calibration: Calibration,
    compared: tuple[int, int] | None,
    level: float,
) -> list[tuple[Linked, tuple[tuple[object, ...], ...]]]:
    """Return for each measure what was found in each group, and the groups."""
    for each in asked:
        _checked(each)
    schema, table = POPULATIONS["contacts"], data.tables["contacts"]
    own = pairs is None
    if own:
        pairs, table = _recorded(data, schema)
    records, ways = _read(pairs)
    groups = grouping(by, schema)
    sure, doubtful = _parted(data.engine, schema, table, _RECORD if own else identity, records, ways)
    quantities = [Quantity(where=each.where, of=each.of, per=each.per) for each in asked]
    design = replace(data.designs["contacts"], alone=None, first=None)
    known = _counted(data.engine, quantities, design, groups, rows_from(sure.name, schema, groups, where))
    stamped = replace(groups, names=(*groups.names, "scenario"), columns=(*groups.columns, "t.scenario"), span_ms=None)
    per_scenario = Design(cluster="t.scenario")
    sums = _counted(data.engine, quantities, per_scenario, stamped, rows_from(doubtful.name, schema, groups, where))
    found = []
    for one, other in zip(known, sums, strict=True):
        certain, counts, labels = _gathered(one, other)
        made = linked_ratio(certain, len(labels), counts, ways, calibration, compared=compared, level=level)
        found.append((made, labels))
    return found


def _recorded(data: Dataset, schema: Schema) -> tuple[pa.Table, Table]:
    """Return the pairs that the linking of customer records was not sure about, and contacts with the record of each."""
    if data.people is None:
        raise EvidenceError(
            "no customer records were linked, so nothing is known of who may be who",
            remedy="load a 'customers' table, or give pairs of persons with a probability",
        )
    found = doubts(data.people)
    lent = data.engine.lent(LINKED_RECORDS, found.records)
    told = records_of(data.engine, data.tables["contacts"], data.people.rules, lent)
    columns = ", ".join(f"t.{each}" for each in schema.names)
    sql = f"select {columns}, r.record as {_RECORD} from {data.tables['contacts'].name} as t "
    sql += f"left join {told.name} as r on t.source = r.source and t.contact_id = r.contact_id"
    column = Column(name=_RECORD, kind=Kind.TEXT, says="the record by which it is known whose it is", personal=True)
    return found.pairs, data.engine.step(
        "contacts_of_records", sql, schema.extended("contacts_of_records", "a contact and a customer record", column)
    )


def _checked(measure: Measure) -> None:
    if measure.population != "contacts" or measure.estimator != "ratio" or measure.unit is Unit.POINTS:
        raise DefinitionError(
            f"'{measure.name}' is no share or mean over contacts",
            remedy="choose a measure such as repeat_7d or fcr_no_repeat_7d",
        )
    beyond = sorted(set(measure.reads) - _FREE)
    if beyond:
        raise DefinitionError(
            f"'{measure.name}' reads '{beyond[0]}', which cannot be reckoned anew for other persons",
            remedy=f"what depends on persons may be: {', '.join(_RECKONED)}",
        )


def _read(pairs: Any) -> tuple[list[str], Scenarios]:  # noqa: ANN401  # whatever holds columns
    """Return what records are called, and their scenarios."""
    try:
        rows = pairs if isinstance(pairs, pa.Table) else pa.table(pairs)
    except (TypeError, pa.ArrowInvalid):
        raise EvidenceError("the pairs cannot be read as a table", remedy=f"give columns {', '.join(PAIRS)}") from None
    missing = [each for each in PAIRS if each not in rows.column_names]
    if missing:
        raise EvidenceError(f"the pairs have no column '{missing[0]}'", remedy=f"give columns {', '.join(PAIRS)}")
    a, b = (rows.column(each).cast(pa.string()) for each in PAIRS[:2])
    if a.null_count or b.null_count:
        raise EvidenceError(
            f"{a.null_count + b.null_count} pairs name only one record", remedy="leave them out of the table"
        )
    names = pa.concat_arrays([*a.chunks, *b.chunks]).dictionary_encode() if rows.num_rows else None
    if names is None:
        return [], scenarios([], [], [])
    place = names.indices.to_numpy().astype(np.int64)
    n = rows.num_rows
    probability = rows.column("probability").cast(pa.float64()).to_numpy().astype(np.float64)
    return names.dictionary.to_pylist(), scenarios(place[:n], place[n:], probability)


def _parted(
    engine: Engine, schema: Schema, table: Table, identity: str, records: list[str], ways: Scenarios
) -> tuple[Table, Table]:
    """Return the contacts whose person is sure, and the others, once for every scenario."""
    names = pa.array(records, pa.string())
    engine.small(_TOUCHED, pa.table({"record": names}))
    members = {
        "record": names.take(pa.array(ways.member_record)) if records else names,
        "scenario": pa.array(ways.member_scenario),
        "block": pa.array(ways.member_block),
    }
    engine.small(_MEMBERS, pa.table(members))
    columns = ", ".join(f"t.{each}" for each in schema.names)
    record = f"cast({identity} as varchar)"
    touched = f"select {columns}, r.record from {table.name} as t left join link_records as r on {record} = r.record"
    whole = engine.step("contacts_by_record", touched, schema)
    if identity != _RECORD:
        # customers of whom no contact is in the data are no mistake
        _somebody(engine, whole, len(records))
    _complete(engine, whole)
    sure = engine.step("contacts_sure", f"select {columns} from {whole.name} as t where t.record is null", schema)
    person, order = "m.scenario, m.block", "order by t.started_at, t.source, t.contact_id"
    made = {
        "previous_ms": f"ms_between(lag(t.started_at) over (partition by {person} {order}), t.started_at)",
        "next_any_ms": f"ms_between(t.started_at, lead(t.started_at) over (partition by {person} {order}))",
    }
    for gap, alike in _GAPS.items():
        found = began_next(person, *alike, row="t.")
        made[gap] = f"case when t.reason is not null then {found} end" if "reason" in alike else found
    listed = ", ".join(f"{made[each]} as {each}" if each in made else f"t.{each}" for each in schema.names)
    doubtful = engine.step(
        "contacts_doubtful",
        f"select {listed}, m.scenario from {whole.name} as t join link_members as m on t.record = m.record "
        "where not t.ignored",
        schema.extended("contacts_doubtful", "a contact in one scenario", _SCENARIO),
    )
    return sure, doubtful


def _somebody(engine: Engine, whole: Table, n: int) -> None:
    """Refuse pairs that name nobody."""
    found = engine.rows(
        f"select count(distinct record) as known from {whole.name} as t where record is not null"
    ).to_pylist()[0]["known"]
    if n and not found:
        raise EvidenceError(
            "none of the records in the pairs has a contact", remedy="check which column 'identity' should be"
        )


def _complete(engine: Engine, whole: Table) -> None:
    """Refuse pairs that name a part of a person only."""
    split = engine.rows(
        f"select count(*) as n from (select person_key from {whole.name} as t where person_key is not null "
        "group by person_key having count(record) > 0 and count(record) < count(*)) as partly"
    ).to_pylist()[0]["n"]
    if split:
        raise EvidenceError(
            f"{split} persons have records in the pairs and others that are not",
            remedy="give every pair of those persons, with probability 1 where it is sure",
        )


def _counted(
    engine: Engine,
    quantities: Sequence[Quantity],
    design: Design,
    groups: Grouping,
    source: str,
) -> list[Counted]:
    try:
        return list(counted(engine, quantities, design, groups, source))
    except NothingCountedError:
        nothing = gather(of=np.zeros(0))
        return [Counted(moments=nothing, groups=()) for _ in quantities]


def _gathered(known: Counted, sums: Counted) -> tuple[Moments, ScenarioSums, tuple[tuple[object, ...], ...]]:
    """Return what was counted of sure and of doubtful persons, by the same groups, and the groups."""
    here = {known.groups[each] for each in np.unique(known.moments.group).tolist()}
    here |= {sums.groups[each][:-1] for each in np.unique(sums.moments.group).tolist()}
    groups = sorted(here, key=lambda told: [(each is None, each if each is not None else 0) for each in told])
    place = {group: nth for nth, group in enumerate(groups)}
    m = sums.moments
    scenario = np.array([int(str(each[-1])) for each in sums.groups], dtype=np.int64)
    counts = ScenarioSums(
        scenario=scenario[m.group] if m.group.size else m.group,
        group=_placed(m.group, place, [each[:-1] for each in sums.groups]),
        rows=m.rows,
        x=m.x,
        y=m.y,
        xx=m.wxx,
        xy=m.wxy,
        yy=m.wyy,
    )
    return replace(known.moments, group=_placed(known.moments.group, place, known.groups)), counts, tuple(groups)


def _estimates(
    measure: Measure, made: Linked, groups: tuple[tuple[object, ...], ...], by: Sequence[str], level: float, run: Run
) -> Estimates:
    low, high, method = _interval(measure, made, level)
    scale = measure.scale
    return Estimates(
        measure=measure,
        by=tuple(by),
        groups=groups,
        value=made.value * scale,
        se=made.se * scale,
        low=low * scale,
        high=high * scale,
        n=made.n.round(),
        clusters=made.clusters,
        n_eff=made.n_eff,
        df=made.df,
        level=level,
        method=METHOD + method,
        run=run,
    )


def _placed(group: Integers, place: Mapping[tuple[object, ...], int], names: Sequence[tuple[object, ...]]) -> Integers:
    known = np.array([place.get(each, -1) for each in names], dtype=np.int64)
    return known[group] if group.size else group


def _interval(measure: Measure, made: Linked, level: float) -> tuple[Floats, Floats, str]:
    if measure.is_share:
        low, high = interval.share(np.clip(made.value, 0.0, 1.0), made.n_eff, level=level)
        return low, high, "Wilson score interval on the effective n"
    low, high = interval.mean(made.value, made.se, made.df, level=level)
    return low, high, "Student's interval"

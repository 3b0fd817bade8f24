"""Which records are of one person: pairs that Splink finds and weighs, in a database of their own."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from peil.engines.door import Limits, connect
from peil.engines.handles import FIELDS
from peil.engines.quoting import name, quoted
from peil.persons.model import MISSING, LinkModel, Veto

# Fewer records teach nothing that the standard values do not say better.
LEAST_TO_LEARN = 500
# More teach the same, and cost more.
MOST_TO_LEARN = 250_000
_SPREAD, _TURN = 2_654_435_761, 1 << 32
# Pairs less likely than this are not kept; those between it and the threshold are what is not sure.
FLOOR = 0.01
# A rule that looks at more pairs than this for each record finds lines and placeholders, not persons.
MOST_PAIRS_A_RECORD = 10
FEW_PAIRS = 200_000
# Of the true pairs, those that agree on one of these outright; the prior is read from it.
SURE = (
    ("account", "initial"),
    ("mail", "given"),
    ("phone", "given", "surname"),
    ("born", "surname", "given"),
    ("born", "postcode", "initial"),
)
SURE_RECALL = 0.7
MOST_U_PAIRS = 1_000_000

# First names that clash, unless one birth date says that one of them is a slip of the pen.
_TWO_PEOPLE = "(count(distinct initial) > 1 or count(distinct given_sound) > 1) and count(distinct born) <> 1"

PAIRS = pa.schema(
    [
        pa.field("left", pa.int64()),
        pa.field("right", pa.int64()),
        pa.field("weight", pa.float64()),
        pa.field("probability", pa.float64()),
        pa.field("veto", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Pairs of records that may be of one person.

    Parameters:
        pairs: columns ``left``, ``right`` (places in the records), ``weight`` in bits, ``probability`` and ``veto``.
        model: what weighed them.
        left_out: blocking rules that looked at too many pairs.
        aside: mailboxes and numbers that too many persons share, by field: how many.
    """

    pairs: pa.Table
    model: LinkModel
    left_out: tuple[tuple[str, ...], ...] = ()
    aside: dict[str, int] = field(default_factory=dict)


def threshold(wrong_merge: float, missed_merge: float) -> float:
    """Return the probability from which a merge costs less than leaving it.

    Parameters:
        wrong_merge: what it costs to take two persons for one.
        missed_merge: what it costs to take one person for two.

    Example:
        >>> round(threshold(20, 1), 4)
        0.9524
    """
    return wrong_merge / (wrong_merge + missed_merge)


def link(  # records, what weighs them, what is new, and what may be used
    records: pa.Table,
    model: LinkModel,
    *,
    learn: bool = True,
    new: Sequence[bool] | None = None,
    shared_by: int = 8,
    limits: Limits | None = None,
    seed: int = 1,
) -> Links:
    """Return the pairs of records that may be of one person.

    Parameters:
        records: ``engines.handles.FIELDS`` as text columns, in clear or as keyed hashes; a column may be left out.
        model: what is compared, and what it is worth until it is learned.
        learn: whether Splink learns the values from these records.
        new: of each record whether it is new: only pairs with a new one are looked at.
        shared_by: a mailbox or number of more persons than this is no evidence.
        limits: memory and cores.
        seed: of the sample from which chance agreement is learned.
    """
    con = connect(limits or Limits())
    try:
        con.register("given_records", records)
        aside = _take(con, records, shared_by, new)
        usable, left_out = _rules(con, model)
        model_used = replace(model, blocking=usable)
        if learn and records.num_rows >= LEAST_TO_LEARN:
            model_used = _learned(con, model_used, seed)
        pairs = _scored(con, model_used, new) if usable else PAIRS.empty_table()
    finally:
        con.close()
    return Links(pairs=pairs, model=replace(model_used, blocking=model.blocking), left_out=left_out, aside=aside)


def evidence(records: pa.Table, *, shared_by: int = 8, limits: Limits | None = None) -> pa.Table:
    """Return the records as they are compared: shared lines set aside, lines and initials of a household marked.

    Parameters:
        records: ``engines.handles.FIELDS`` as text columns.
        shared_by: a mailbox or number of more persons than this is no evidence.
        limits: memory and cores.

    Returns:
        One row a record, in the same order: ``FIELDS`` and ``family_phone``, ``family_mail`` and ``rival``.

    Example:
        >>> two = pa.table({"given_sound": ["jn", "mr"], "initial": ["j", "m"], "mail": ["fam@x.nl", "fam@x.nl"]})
        >>> evidence(two)["family_mail"].to_pylist()
        ['y', 'y']
    """
    con = connect(limits or Limits())
    try:
        con.register("given_records", records)
        _take(con, records, shared_by, None)
        return con.sql("select * exclude (record) from everything order by record").to_arrow_table()
    finally:
        con.close()


def _take(con: Any, records: pa.Table, shared_by: int, new: Sequence[bool] | None) -> dict[str, int]:  # noqa: ANN401  # a DuckDB connection, of which only engines/ knows the type
    """Make the table of records, without the lines that too many persons share; return how many there are of each."""
    have = [each for each in FIELDS if each in records.column_names]
    told = ", ".join(f"{name(each)}" if each in have else f"cast(null as varchar) as {name(each)}" for each in FIELDS)
    con.execute(f"create temp table taken as select row_number() over () - 1 as record, {told} from given_records")
    aside = {}
    for each in ("phone", "mail"):
        con.execute(
            f"create temp table shared_{each} as select {each} as line from taken where {each} is not null group by 1 "
            f"having count(*) > {shared_by} and count(distinct coalesce(initial, '') || '|' || coalesce(sound, '') || '|' || "
            f"coalesce(born, record::varchar)) > {shared_by}"
        )
        aside[each] = con.execute(f"select count(*) from shared_{each}").fetchall()[0][0]
    known = ", ".join(
        f"case when {each} in (select line from shared_{each}) then null else {each} end as {each}"
        for each in ("phone", "mail")
    )
    local = "case when mail in (select line from shared_mail) then null else local end as local"
    for each in ("phone", "mail"):
        con.execute(
            f"create temp table family_{each} as select {each} as line from taken where {each} is not null group by 1 "
            f"having {_TWO_PEOPLE}"
        )
    family = ", ".join(
        f"case when {each} in (select line from family_{each}) then 'y' end as family_{each}"
        for each in ("phone", "mail")
    )
    con.execute(
        "create temp table rivals as select postcode, house, initial as first from taken "
        f"where postcode is not null and house is not null and initial is not null group by all having {_TWO_PEOPLE}"
    )
    rival = (
        "case when (postcode, house, initial) in (select (postcode, house, first) from rivals) then 'y' end as rival"
    )
    con.execute(f"create table everything as select * replace ({known}, {local}), {family}, {rival} from taken")
    con.execute("drop table taken")
    if new is not None:
        con.register("given_new", pa.table({"record": range(len(new)), "is_new": list(new)}))
        con.execute(
            "create table arrived as select e.* from everything e join given_new n using (record) where n.is_new"
        )
        con.execute(
            "create table known as select e.* from everything e join given_new n using (record) where not n.is_new"
        )
    return aside


def _rules(con: Any, model: LinkModel) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:  # noqa: ANN401  # a DuckDB connection
    """Return the blocking rules to use, and those that look at too many pairs."""
    (records,) = con.execute("select count(*) from everything").fetchall()[0]
    usable, left_out = [], []
    for rule in model.blocking:
        known = " and ".join(f"{name(each)} is not null" for each in rule)
        listed = ", ".join(name(each) for each in rule)
        (pairs,) = con.execute(
            f"select coalesce(sum(n * (n - 1) / 2), 0) from (select count(*) as n from everything where {known} group by {listed})"
        ).fetchall()[0]
        if pairs <= max(MOST_PAIRS_A_RECORD * records, FEW_PAIRS):
            usable += [rule] if pairs else []
        else:
            left_out.append(rule)
    return tuple(usable), tuple(left_out)


@contextlib.contextmanager
def _linker(con: Any, settings: dict[str, Any], table: str = "everything") -> Iterator[Any]:  # noqa: ANN401  # Splink and DuckDB, imported late
    """A linker that tells nobody what it does; its messages may hold values."""
    from splink import DuckDBAPI, Linker

    log = logging.getLogger("splink")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        api = DuckDBAPI(connection=con)
        yield Linker(api.register(table, dataset_display_name="records"), settings, log_level=None), api
    finally:
        log.setLevel(before)


def _learned(con: Any, model: LinkModel, seed: int) -> LinkModel:  # noqa: ANN401  # a DuckDB connection
    """Return the model with the values that these records teach."""
    from splink.internals.exceptions import EMTrainingException

    filled = _filled(con)
    asked = tuple(
        one for one in model.comparisons if any(each in filled for level in one.levels[:1] for test in level.tests for each in test.columns)
    )  # fmt: skip
    if len(asked) < 2:  # noqa: PLR2004  # each is learned while another is held
        return model
    small = replace(model, comparisons=asked, vetoes=())
    with _linker(con, small.settings(), _some(con)) as (linker, _):
        linker.training.estimate_u_using_random_sampling(max_pairs=MOST_U_PAIRS, seed=seed)
        sure = [_sql(each) for each in SURE if filled.issuperset(each)]
        if sure:
            linker.training.estimate_probability_two_random_records_match(sure, recall=SURE_RECALL)
        for each in (
            ("born", "sound"),
            ("born", "initial"),
            ("given", "surname"),
            ("mail", "initial"),
            ("phone", "initial"),
            ("account",),
        ):
            if filled.issuperset(each):
                with contextlib.suppress(EMTrainingException):  # no two records agree on these: nothing to learn
                    linker.training.estimate_parameters_using_expectation_maximisation(_sql(each))
        told = small.trained(linker.misc.save_model_to_json())
    learned = {each.name: each for each in told.comparisons}
    return replace(
        model, prior=told.prior, comparisons=tuple(learned.get(each.name, each) for each in model.comparisons)
    )


def _some(con: Any) -> str:  # noqa: ANN401  # a DuckDB connection
    """Return the name of a table of the records that are learned from: all, or as many as teach enough."""
    (records,) = con.execute("select count(*) from everything").fetchall()[0]
    if records <= MOST_TO_LEARN:
        return "everything"
    # spread over the file (Knuth's multiplicative hash): records that stand together may be of one person
    kept = f"record * {_SPREAD} % {_TURN} < {_TURN * MOST_TO_LEARN // records}"
    con.execute(f"create or replace table learned_from as select * from everything where {kept}")
    return "learned_from"


def _filled(con: Any) -> frozenset[str]:  # noqa: ANN401  # a DuckDB connection
    """Return the fields that at least one record in twenty has."""
    counts = con.execute(
        f"select count(*), {', '.join(f'count({name(each)})' for each in FIELDS)} from everything"
    ).fetchall()[0]
    return frozenset(each for each, n in zip(FIELDS, counts[1:], strict=True) if n * 20 >= counts[0])


def _sql(columns: Sequence[str]) -> str:
    return " and ".join(f'l."{each}" = r."{each}"' for each in columns)


def _scored(con: Any, model: LinkModel, new: Sequence[bool] | None) -> pa.Table:  # noqa: ANN401  # a DuckDB connection
    settings = model.settings() | {
        "retain_matching_columns": True
    }  # without it Splink drops the levels, and vetoes speak of levels
    with _linker(con, settings) as (linker, api):
        if new is None:
            found = [linker.inference.predict(threshold_match_probability=FLOOR)]
        else:
            arrived = api.register("arrived", dataset_display_name="arrived")
            known = api.register("known", dataset_display_name="known")
            found = [
                linker.inference.predict_within(arrived, threshold_match_probability=FLOOR),
                linker.inference.predict_between(arrived, known, threshold_match_probability=FLOOR),
            ]
        listed = " union all ".join(f"select * from {each.physical_name}" for each in found)
        vetoes = " ".join(f"when {_veto(each, model)} then {quoted(each.name)}" for each in model.vetoes)
        veto = f"case {vetoes} else '' end" if vetoes else "''"
        return con.sql(
            'select least(record_l, record_r) as "left", greatest(record_l, record_r) as "right", '
            f"match_weight as weight, match_probability as probability, {veto} as veto from ({listed}) order by 1, 2"
        ).to_arrow_table()


def _veto(veto: Veto, model: LinkModel) -> str:
    """Return a veto over the levels as Splink numbers them: from 0 for the last, -1 where a field is missing."""
    told = []
    for comparison, among in veto.when:
        levels = [each.label for one in model.comparisons if one.name == comparison for each in one.levels]
        known = [each for each in levels if each != MISSING]
        places = [-1 if each == MISSING else len(known) - 1 - known.index(each) for each in among if each in levels]
        told.append(f"gamma_{comparison} in ({', '.join(map(str, places))})")
    return " and ".join(told)

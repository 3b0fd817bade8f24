"""The whole catalogue by channel, queue and week: Peil with its intervals, beside plain sums in SQL, pandas and Polars.

Run it with ``python benchmarks/catalogue.py``; the peers give the same counts and values without standard errors, and no
time is shown before the answers were found equal.
"""

from __future__ import annotations

import operator
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from measured import Clock, Cost, measured

BY = ("channel", "queue", "week")
KINDS = ("sums", "quantiles")
PEERS = ("peil", "sql", "polars", "pandas")
ROUNDING = 1e-12


def asked(kind: str) -> list[object]:
    """Return the measures of contacts: ratios and totals, or quantiles."""
    from peil.measures.catalogue import CATALOGUE

    return [
        each
        for each in CATALOGUE.values()
        if each.population == "contacts" and (each.estimator == "quantile") == (kind == "quantiles")
    ]


def summed(measures: Sequence[object]) -> dict[tuple[str, str], str]:
    """Return every distinct sum of the measures, by base and quantity: what is written by hand is written once."""
    found: dict[tuple[str, str], str] = {}
    for each in measures:
        for sql in ("1", each.of, each.per):
            found.setdefault((each.where, sql), f"s{len(found)}")
    return found


def contacts_file(contacts: int) -> str:
    """Return the Parquet file that every peer reads."""
    from world import stored

    return str(next(stored(contacts).built_folder.glob("*/contacts.parquet")))


def by_peil(contacts: int, kind: str, clock: Clock) -> dict[str, object]:
    from peil.estimates.estimate import estimate
    from world import opened, stored

    data = opened(stored(contacts))
    measures = asked(kind)
    with clock.part("answer"):
        found = estimate(measures, data, by=BY)
    groups = sorted({group for each in found for group in each.groups}, key=repr)
    place = {group: row for row, group in enumerate(groups)}
    columns: dict[str, object] = {name: [str(group[each]) for group in groups] for each, name in enumerate(BY)}
    for each in found:
        values: list[float | None] = [None] * len(groups)
        for group, value in zip(each.groups, each.value.tolist(), strict=True):
            values[place[group]] = None if value != value else value  # noqa: PLR0124  # nan is how Peil says nothing
        columns[each.measure.name] = values
    return columns


def _written(sql: str, where: str) -> str:
    if sql == "1":
        return f"count(case when {where} then 1 end)"
    if sql.startswith("case") and sql.endswith("then 1 else 0 end"):
        return f"count(case when ({where}) and ({sql.removeprefix('case when ').removesuffix(' then 1 else 0 end')}) then 1 end)"
    return f"sum(case when {where} then {sql} end)"


def by_sql(contacts: int, kind: str, clock: Clock) -> dict[str, object]:
    import duckdb

    con = duckdb.connect()
    con.execute("set threads = 2")
    con.execute("set preserve_insertion_order = false")
    measures = asked(kind)
    sums = summed(measures)
    if kind == "sums":
        columns = [f"{_written(sql, where)} as {name}" for (where, sql), name in sums.items()]
    else:
        columns = [
            f"quantile_cont(case when {each.where} then {each.of} end, {each.quantile}) as {each.name}"
            for each in measures
        ]
    query = (
        f"select channel, queue, cast(date_trunc('week', started_on) as date) as week, {', '.join(columns)} "
        f"from read_parquet('{contacts_file(contacts)}') group by all"
    )
    with clock.part("answer"):
        found = con.sql(query).to_arrow_table()
    return finished({name: found.column(name).to_pylist() for name in found.column_names}, measures, sums, kind)


def by_polars(contacts: int, kind: str, clock: Clock) -> dict[str, object]:
    import os

    os.environ["POLARS_MAX_THREADS"] = "2"
    import polars as pl

    measures = asked(kind)
    sums = summed(measures)
    with clock.part("answer"):
        week = pl.col("started_on").dt.truncate("1w").alias("week")
        if kind == "sums":
            columns = [
                pl.when(pl.sql_expr(where)).then(pl.sql_expr(sql).cast(pl.Int64)).otherwise(0).sum().alias(name)
                for (where, sql), name in sums.items()
            ]
        else:
            columns = [
                pl.sql_expr(each.of).filter(pl.sql_expr(each.where)).quantile(each.quantile, "linear").alias(each.name)
                for each in measures
            ]
        rows = pl.scan_parquet(contacts_file(contacts)).group_by("channel", "queue", week).agg(columns)
        found = rows.collect(engine="streaming")
    return finished({name: found[name].to_list() for name in found.columns}, measures, sums, kind)


def by_pandas(contacts: int, kind: str, clock: Clock) -> dict[str, object]:
    import pandas as pd

    measures = asked(kind)
    sums = summed(measures)
    needed = sorted({column for each in measures for column in each.reads} | {"channel", "queue", "started_on"})
    with clock.part("answer"):
        frame = pd.read_parquet(contacts_file(contacts), columns=needed, dtype_backend="pyarrow")
        for each in needed:
            if pd.api.types.is_string_dtype(frame[each].dtype):
                frame[each] = frame[each].astype("category")
        day = frame["started_on"].astype("datetime64[s]")
        frame["week"] = day - pd.to_timedelta(day.dt.dayofweek, unit="D")
        frame = frame.astype(
            {each: "float64" for each in needed if each.endswith(("_ms", "_key")) or each.startswith("n_")}
        )
        frame = frame.astype({each: "bool" for each in needed if str(frame[each].dtype).startswith("bool")})
        groups = frame.groupby(["channel", "queue", "week"], dropna=False, observed=True)
        code = groups.ngroup().to_numpy()
        found = groups.size().reset_index()[["channel", "queue", "week"]]
        if kind == "sums":
            for (where, sql), name in sums.items():
                value = read(sql, frame)
                found[name] = (
                    pd.Series(value if where == "true" else value * read(where, frame))
                    .where(read(where, frame), 0)
                    .groupby(code)
                    .sum()
                )
        else:
            for each in measures:
                here = read(each.where, frame)
                found[each.name] = frame.loc[here, each.of].groupby(code[here]).quantile(each.quantile)
    found["week"] = found["week"].dt.date
    found = found.astype(object).where(found.notna(), None)
    return finished({name: found[name].tolist() for name in found.columns}, measures, sums, kind)


def read(sql: str, frame: object) -> object:  # noqa: C901  # one branch a construct of the catalogue
    """Return a row-level expression of the catalogue as a pandas column; a comparison with nothing is false."""
    import pandas as pd
    import sqlglot
    from sqlglot import exp

    compared: dict[type, Callable[[object, object], object]] = {
        exp.EQ: operator.eq, exp.NEQ: operator.ne, exp.GT: operator.gt, exp.GTE: operator.ge, exp.LT: operator.lt, exp.LTE: operator.le,
        exp.And: operator.and_, exp.Or: operator.or_,
    }  # fmt: skip

    def of(node: object) -> object:  # noqa: PLR0911  # one return for each kind of node
        if type(node) in compared:
            return compared[type(node)](of(node.this), of(node.expression))
        if isinstance(node, exp.Paren):
            return of(node.this)
        if isinstance(node, exp.Not):
            return ~of(node.this)
        if isinstance(node, exp.Is):
            return of(node.this).isna()
        if isinstance(node, exp.In):
            return of(node.this).isin([of(each) for each in node.expressions])
        if isinstance(node, exp.Column):
            return frame[node.name]
        if isinstance(node, exp.Literal):
            return node.this if node.is_string else int(node.this)
        if isinstance(node, exp.Case):
            found = of(node.args["default"])
            for each in reversed(node.args["ifs"]):
                chosen = of(each.this)
                found = pd.Series(found, index=frame.index).where(~chosen, of(each.args["true"]))
            return found
        raise NotImplementedError(node.sql())

    made = of(sqlglot.parse_one(sql, dialect="duckdb"))
    return made if isinstance(made, pd.Series) else pd.Series(made, index=frame.index)


def finished(
    found: dict[str, list[object]], measures: Sequence[object], sums: dict[tuple[str, str], str], kind: str
) -> dict[str, object]:
    """Return group names as text, and each measure in the unit it is shown in."""
    columns: dict[str, object] = {name: [str(each) for each in found[name]] for name in BY}
    for each in measures:
        if kind == "quantiles":
            columns[each.name] = [None if value is None else float(value) * each.scale for value in found[each.name]]
            continue
        n, of, per = (found[sums[each.where, sql]] for sql in ("1", each.of, each.per))
        if each.estimator == "total":
            columns[each.name] = [float(a) * each.scale if rows else None for rows, a in zip(n, of, strict=True)]
        else:
            columns[each.name] = [
                float(a or 0) / float(b) * each.scale if rows and b else None
                for rows, a, b in zip(n, of, per, strict=True)
            ]
    return columns


def keep(columns: dict[str, object], target: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), target)


def differ(one: Path, other: Path) -> list[str]:
    """Return the measures in which two answers differ by more than rounding, or that only one gives."""
    import duckdb

    con = duckdb.connect()
    a, b = (f"'{each}'" for each in (one, other))
    names = [
        row[0]
        for row in con.execute(f"select column_name from (describe select * from {a})").fetchall()
        if row[0] not in BY
    ]
    same = [
        f"count(case when (x.{each} is null) <> (y.{each} is null) or abs(x.{each} - y.{each}) > {ROUNDING} * (1 + abs(y.{each})) then 1 end)"
        for each in names
    ]
    told = con.execute(
        f"select {', '.join(same)}, count(y.week) from {a} x full join {b} y using ({', '.join(BY)})"
    ).fetchall()[0]
    return [f"{name} in {wrong:,} groups" for name, wrong in zip(names, told, strict=False) if wrong]


def compared(contacts: int, peers: Sequence[str] = PEERS) -> dict[tuple[str, str], Cost]:
    """Return what every peer took, once all gave the same answers.

    Raises:
        RuntimeError: an answer differs.
    """
    found: dict[tuple[str, str], Cost] = {}
    measured(__file__, "prepare", contacts, "-", "-")
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            for peer in peers:
                target = Path(folder) / f"{peer}-{kind}.parquet"
                found[kind, peer] = measured(__file__, peer, contacts, kind, target)
                wrong = differ(Path(folder) / f"peil-{kind}.parquet", target)
                if wrong:
                    raise RuntimeError(f"{peer} answers otherwise than Peil: {'; '.join(wrong)}")
                print(
                    f"{contacts:>12,} contacts, {kind}, {peer}: {found[kind, peer]} (wall s | processor s | peak MB)",
                    flush=True,
                )
        found["one", "peil"] = measured(__file__, "one", contacts, "sums", "-")
    return found


def one_question(contacts: int, clock: Clock) -> None:
    from peil.estimates.estimate import estimate
    from peil.measures.catalogue import measure_named
    from world import opened, stored

    data = opened(stored(contacts))
    with clock.part("answer"):
        estimate(measure_named("abandonment"), data, by=["channel"])


def case(peer: str, contacts: int, kind: str, target: str) -> None:
    clock = Clock()
    if peer == "prepare":
        from world import opened, stored

        opened(stored(contacts), memory="2GB")
    elif peer == "one":
        one_question(contacts, clock)
    else:
        ways = {"peil": by_peil, "sql": by_sql, "polars": by_polars, "pandas": by_pandas}
        keep(ways[peer](contacts, kind, clock), target)
    clock.tell()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--case"]:
        case(sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5])
    else:
        for size in [int(each) for each in sys.argv[1:]] or [1_000_000]:
            compared(size)
